"""Element states in the database: thousands of rows per check, written together and read page by page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select

from twin.check_record import ElementRow
from twin.element_state import ElementState
from twin.errors import Invalid, NotFound
from twin.record import Id
from twin.store.codec import from_json, to_json
from twin.store.schema import ELEMENT_STATE, SCAN_EPOCH

_AT_ONCE = 1000
FILTERS = ("ifc_class", "storey", "state", "verdict", "check_run", "global_id")


@dataclass(frozen=True, slots=True)
class ElementPage:
    """Some elements by GlobalId."""

    items: tuple[ElementRow, ...]
    next: str | None
    """Give it as ``after`` for the next page; None at the end."""


def write_states(connection: Connection, rows: Sequence[ElementRow]) -> None:
    """Keep the states of one epoch; those of an earlier check of the same epoch give way to them."""
    if not rows:
        return
    first = rows[0].state
    table = ELEMENT_STATE
    mine = (table.c.project == first.project) & (table.c.scan_epoch == first.epoch.id)
    connection.execute(delete(table).where(mine))
    for start in range(0, len(rows), _AT_ONCE):
        connection.execute(insert(table), [_values(row) for row in rows[start : start + _AT_ONCE]])


def latest_states(connection: Connection, project: Id, *, before: datetime) -> dict[str, ElementState]:
    """Return the last state of each element that was captured before a time, by GlobalId."""
    table = ELEMENT_STATE
    mine = (table.c.project == project) & (table.c.captured_at < before)
    newest = (
        select(table.c.global_id, func.max(table.c.captured_at).label("at")).where(mine).group_by(table.c.global_id)
    )
    last = newest.subquery()
    query = select(table).join(
        last,
        (table.c.global_id == last.c.global_id) & (table.c.captured_at == last.c.at) & (table.c.project == project),
    )
    return {row["global_id"]: _row(row).state for row in connection.execute(query).mappings()}


def page_of(
    connection: Connection,
    project: Id,
    epoch: Id,
    *,
    where: Mapping[str, Any] | None = None,
    after: str = "",
    limit: int = 100,
    only: Iterable[str] | None = None,
    text: str = "",
) -> ElementPage:
    """Return elements of an epoch in the order of their GlobalIds.

    Parameters
    ----------
    where
        Column (one of ``FILTERS``) to value, or to a tuple of values.
    only
        GlobalIds to which the answer is confined: what an outside organisation may see.
    text
        How the GlobalId begins, or a part of the name.
    """
    table = ELEMENT_STATE
    query = select(table).where(table.c.project == project, table.c.scan_epoch == epoch, table.c.global_id > after)
    for name, value in (where or {}).items():
        if name not in FILTERS:
            raise Invalid(f"elements cannot be filtered by {name!r}; choose from {', '.join(FILTERS)}")
        query = query.where(table.c[name].in_(value) if isinstance(value, tuple) else table.c[name] == value)
    if only is not None:
        query = query.where(table.c.global_id.in_(sorted(only)))
    if text:
        begins = func.substr(table.c.global_id, 1, len(text)) == text  # LIKE would not tell capitals apart in SQLite
        query = query.where(begins | func.lower(table.c.name).contains(text.lower(), autoescape=True))
    rows = connection.execute(query.order_by(table.c.global_id).limit(limit + 1)).mappings().all()
    more = rows[limit - 1]["global_id"] if len(rows) > limit else None
    return ElementPage(tuple(_row(row) for row in rows[:limit]), more)


def element_in(connection: Connection, project: Id, epoch: Id, global_id: str) -> ElementRow:
    """Return one element in one epoch; :class:`NotFound` when the epoch knows none."""
    table = ELEMENT_STATE
    mine = (table.c.project == project) & (table.c.scan_epoch == epoch) & (table.c.global_id == global_id)
    row = connection.execute(select(table).where(mine)).mappings().first()
    if row is None:
        raise NotFound(f"there is no element {global_id} in this epoch")
    return _row(row)


def history_of(connection: Connection, project: Id, global_id: str) -> list[ElementRow]:
    """Return an element's states over all epochs, the earliest capture first."""
    table = ELEMENT_STATE
    mine = (table.c.project == project) & (table.c.global_id == global_id)
    rows = connection.execute(select(table).where(mine).order_by(table.c.captured_at)).mappings()
    return [_row(row) for row in rows]


def latest_epoch(connection: Connection, project: Id) -> Id | None:
    """Return the epoch that was captured last of those whose elements are known; None when there is none."""
    table, epoch = ELEMENT_STATE, SCAN_EPOCH
    known = select(table.c.global_id).where(table.c.project == project, table.c.scan_epoch == epoch.c.id).exists()
    query = select(epoch.c.id).where(epoch.c.project == project, known)
    return connection.execute(query.order_by(epoch.c.captured_at.desc(), epoch.c.id).limit(1)).scalar()


def counts_of(
    connection: Connection, project: Id, epoch: Id, *, only: Iterable[str] | None = None
) -> dict[tuple[str, str], int]:
    """Return how many elements of an epoch are in each (state, verdict); ``only`` as in :func:`page_of`."""
    table = ELEMENT_STATE
    mine = (table.c.project == project) & (table.c.scan_epoch == epoch)
    if only is not None:
        mine &= table.c.global_id.in_(sorted(only))
    query = select(table.c.state, table.c.verdict, func.count()).where(mine).group_by(table.c.state, table.c.verdict)
    return {(state, verdict): int(count) for state, verdict, count in connection.execute(query)}


def _values(row: ElementRow) -> dict[str, Any]:
    state = row.state
    return {
        "project": state.project,
        "scan_epoch": state.epoch.id,
        "captured_at": state.epoch.captured_at,
        "global_id": state.global_id,
        "check_run": state.epoch.check,
        "model_revision": state.epoch.revision,
        "ifc_class": row.ifc_class,
        "name": row.name,
        "storey": row.storey,
        "state": state.status.value,
        "verdict": row.verdict,
        "body": {"state": to_json(state), "measured": dict(row.measured)},
    }


def _row(row: RowMapping) -> ElementRow:
    state = from_json(row["body"]["state"], ElementState)
    return ElementRow(state, row["ifc_class"], row["name"], row["storey"], row["verdict"], row["body"]["measured"])
