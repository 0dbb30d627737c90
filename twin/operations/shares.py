"""Use cases around sharing: which outside organisation may see which record."""

from collections.abc import Generator
from typing import Any

from twin.access import Action, Scope, scope_of
from twin.comment import Subject, subject
from twin.errors import Invalid
from twin.operations.comments import BESIDE, KINDS, show_beside
from twin.record import Id
from twin.store import records
from twin.store.kinds import Kind
from twin.store.repository import Context, Store, Unit
from twin.store.view import Scope as Rows
from twin.store.view import View


def share_record(store: Store, context: Context, project: Id, named: str, organisation: Id) -> tuple[Id, ...]:
    """Let an outside organisation see a record; return all that may. Twice is once.

    Raises
    ------
    Invalid
        If nobody of the organisation takes part in the project from outside: it would be shared with nobody.
    NotFound
        If there is no such record in the project.
    """
    with store.write(context) as unit:
        about, kind = _shareable(unit, project, named)
        if not any(_is_supplier(unit, project, organisation)):
            raise Invalid("nobody of this organisation is a supplier in this project: take somebody in first")
        unit.share(kind, about.id, organisation)
        show_beside(unit, about, project, organisation)
        return unit.shared_with(about.id)


def unshare_record(store: Store, context: Context, project: Id, named: str, organisation: Id) -> tuple[Id, ...]:
    """Let an outside organisation no longer see a record, nor what stands beside it; return who still may."""
    with store.write(context) as unit:
        about, kind = _shareable(unit, project, named)
        unit.unshare(kind, about.id, organisation)
        for beside in BESIDE:
            for stored in unit.all(beside, project=project, subject=str(about)):
                unit.unshare(beside, stored.record.id, organisation)
        return unit.shared_with(about.id)


def shares_of(view: View, project: Id, named: str) -> tuple[Id, ...]:
    """Return the outside organisations that may see a record."""
    return view.shared_with(_shareable(view, project, named)[0].id)


def _shareable(view: View, project: Id, named: str) -> tuple[Subject, Kind[Any]]:
    kind_name, _, identifier = named.partition(":")
    about = Subject(kind_name, identifier) if kind_name == "plan_execution" else subject(named)
    if about.kind == "project":
        raise Invalid("a project is not shared: take somebody of the organisation in as a supplier")
    kind = KINDS[about.kind][0]
    view.get(kind, about.id, Rows(frozenset({project})))
    return about, kind


def _is_supplier(unit: Unit, project: Id, organisation: Id) -> Generator[bool]:
    for stored in unit.all(records.MEMBER, project=project, organisation=organisation):
        role = stored.record.role
        yield stored.record.active and scope_of(role, Action.PROJECT_READ) is Scope.SHARED
