"""Which elements an outside organisation sees: those of the records that are shared with it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, select

from twin.record import Id
from twin.store.schema import FINDING, NCR, SHARE
from twin.store.view import Scope, View

_NAMING: tuple[tuple[str, Table, tuple[str, ...]], ...] = (
    ("finding", FINDING, ("defect", "global_ids")),
    ("ncr", NCR, ("global_ids",)),
)
"""Kinds of records that name elements, and where in them."""


def visible_elements(view: View, project: Id, scope: Scope) -> frozenset[str] | None:
    """Return the GlobalIds within a scope; None when all elements of the project are."""
    organisation = scope.shared_with.get(project)
    if organisation is None:
        return None
    found: set[str] = set()
    for kind, table, place in _NAMING:
        shared = select(SHARE.c.record).where(SHARE.c.organisation == organisation, SHARE.c.kind == kind)
        bodies = select(table.c.body).where(table.c.project == project, table.c.id.in_(shared))
        for body in view.connection.execute(bodies).scalars():
            found.update(_at(body, place))
    return frozenset(found)


def _at(body: Mapping[str, Any], place: tuple[str, ...]) -> list[str]:
    value: Any = body
    for name in place:
        value = value[name]
    return value
