"""What the latest scan campaigns measured, element by element, without reading their states."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from twin.record import Id
from twin.store.schema import CHECK_RUN, ELEMENT_STATE


@dataclass(frozen=True, slots=True)
class MeasuredElement:
    """An element and its measurements by one check."""

    global_id: str
    ifc_class: str
    storey: str
    measurements: tuple[Mapping[str, Any], ...]
    """As in the check's ``report.json``."""


def latest_measured(connection: Connection, project: Id, *, epochs: int) -> Iterator[MeasuredElement]:
    """Yield the elements of the latest epochs by the checks that count there, the latest epoch first, by GlobalId."""
    table = ELEMENT_STATE
    counting = table.join(CHECK_RUN, CHECK_RUN.c.id == table.c.check_run)
    mine = (table.c.project == project) & CHECK_RUN.c.counts
    latest = (
        select(table.c.check_run, table.c.captured_at)
        .select_from(counting)
        .where(mine)
        .distinct()
        .order_by(table.c.captured_at.desc(), table.c.check_run)
        .limit(epochs)
    )
    for check in connection.execute(latest).all():
        query = select(table.c.global_id, table.c.ifc_class, table.c.storey, table.c.body).where(
            table.c.check_run == check.check_run
        )
        for row in connection.execute(query.order_by(table.c.global_id)):
            found = tuple(row.body["measured"].get("measurements", ()))
            yield MeasuredElement(row.global_id, row.ifc_class, row.storey, found)
