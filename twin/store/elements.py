"""Element states in the database: thousands of rows per check, written together and read page by page."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select

from twin.check_record import ElementRow
from twin.element_state import ElementState
from twin.errors import Invalid, NotFound
from twin.record import Id, Json, timestamp
from twin.store.codec import from_json, to_json
from twin.store.repository import Unit
from twin.store.schema import CHECK_RUN, ELEMENT_STATE, SCAN_EPOCH

STATES_KEPT = "element_states_kept"
"""The event that tells of them: how many, and their digest."""
_AT_ONCE = 1000
FILTERS = ("ifc_class", "storey", "state", "verdict", "check_run", "global_id")


@dataclass(frozen=True, slots=True)
class ElementPage:
    """Some elements by GlobalId."""

    items: tuple[ElementRow, ...]
    next: str | None
    """Give it as ``after`` for the next page; None at the end."""


def keep_states(unit: Unit, rows: Sequence[ElementRow], *, reason: str = "") -> None:
    """Keep the states of one check in place of those that it left before, and their digest in the trail."""
    if not rows:
        return
    state, table = rows[0].state, ELEMENT_STATE
    check = state.epoch.check
    unit.connection.execute(delete(table).where(table.c.check_run == check))
    digests: list[str] = []
    for start in range(0, len(rows), _AT_ONCE):
        values = [_values(row) for row in rows[start : start + _AT_ONCE]]
        unit.connection.execute(insert(table), values)
        digests += [one["digest"] for one in values]
    kept: dict[str, Json] = {"count": len(rows), "states_sha256": digest_of_states(digests)}
    unit.note(STATES_KEPT, f"check_run:{check}", kept, project=state.project, reason=reason)


def latest_states(connection: Connection, project: Id, *, before: datetime) -> dict[str, ElementState]:
    """Return the last state of each element that was captured before a time, by GlobalId, by the checks that count."""
    table = ELEMENT_STATE
    mine = (table.c.project == project) & (table.c.captured_at < before) & _counting(project)
    newest = (
        select(table.c.global_id, func.max(table.c.captured_at).label("at")).where(mine).group_by(table.c.global_id)
    )
    last = newest.subquery()
    query = select(table).join(
        last, (table.c.global_id == last.c.global_id) & (table.c.captured_at == last.c.at) & mine
    )
    return {row["global_id"]: _row(row).state for row in connection.execute(query).mappings()}


def states_of(connection: Connection, check: Id) -> list[ElementRow]:
    """Return all that a check left, by GlobalId."""
    query = select(ELEMENT_STATE).where(ELEMENT_STATE.c.check_run == check)
    rows = [_row(row) for row in connection.execute(query).mappings()]
    return sorted(rows, key=lambda row: row.state.global_id)


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
        Column (one of ``FILTERS``) to value, or to a tuple of values; without ``check_run`` by the check that counts.
    only
        GlobalIds to which the answer is confined: what an outside organisation may see.
    text
        How the GlobalId begins, or a part of the name.
    """
    table, filters = ELEMENT_STATE, dict(where or {})
    filters.setdefault("check_run", _counting_check(epoch))
    query = select(table).where(table.c.project == project, table.c.scan_epoch == epoch, table.c.global_id > after)
    for name, value in filters.items():
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


def element_in(
    connection: Connection, project: Id, epoch: Id, global_id: str, *, check: Id | None = None
) -> ElementRow:
    """Return one element in one epoch, by the check that counts or another; :class:`NotFound` when it knows none."""
    table = ELEMENT_STATE
    mine = (table.c.project == project) & (table.c.scan_epoch == epoch) & (table.c.global_id == global_id)
    row = connection.execute(select(table).where(mine, _by(check, epoch))).mappings().first()
    if row is None:
        raise NotFound(f"there is no element {global_id} in this epoch")
    return _row(row)


def history_of(connection: Connection, project: Id, global_id: str) -> list[tuple[ElementRow, bool]]:
    """Return an element's states by every check of every epoch, the earliest capture first, and whether each counts.

    Of the checks of one epoch the one that counts comes last: what stands there is what is known.
    """
    table = ELEMENT_STATE
    mine = (table.c.project == project) & (table.c.global_id == global_id)
    known = select(table, CHECK_RUN.c.counts, CHECK_RUN.c.created_at.label("checked_at")).join(
        CHECK_RUN, CHECK_RUN.c.id == table.c.check_run
    )
    query = known.where(mine).order_by(table.c.captured_at, CHECK_RUN.c.counts, CHECK_RUN.c.created_at)
    return [(_row(row), bool(row["counts"])) for row in connection.execute(query).mappings()]


@dataclass(frozen=True, slots=True)
class Basis:
    """The check by which elements are looked at."""

    check: Id
    epoch: Id
    revision: Id
    counts: bool


def basis_of(connection: Connection, project: Id, *, epoch: Id | None = None, check: Id | None = None) -> Basis | None:
    """Return the check that was named, or that counts for an epoch, or for the one that was captured last.

    None when no check counts; :class:`NotFound` when the project has no such check, or it is of another epoch.
    """
    run, captured = CHECK_RUN, SCAN_EPOCH.c.captured_at
    query = select(run.c.id, run.c.scan_epoch, run.c.model_revision, run.c.counts).where(run.c.project == project)
    query = query.where(run.c.scan_epoch == epoch) if epoch else query
    if check:
        query = query.where(run.c.id == check)
    else:
        query = query.where(run.c.counts.is_(True)).join(SCAN_EPOCH, SCAN_EPOCH.c.id == run.c.scan_epoch)
        query = query.order_by(captured.desc(), run.c.id).limit(1)
    row = connection.execute(query).first()
    if row is None and check:
        raise NotFound(f"there is no check {check}{f' of epoch {epoch}' if epoch else ''}")
    return None if row is None else Basis(row.id, row.scan_epoch, row.model_revision, bool(row.counts))


def counts_of(
    connection: Connection, project: Id, epoch: Id, *, check: Id | None = None, only: Iterable[str] | None = None
) -> dict[tuple[str, str], int]:
    """Return how many elements of an epoch are in each (state, verdict); ``only`` as in :func:`page_of`."""
    table = ELEMENT_STATE
    mine = (table.c.project == project) & (table.c.scan_epoch == epoch) & _by(check, epoch)
    if only is not None:
        mine &= table.c.global_id.in_(sorted(only))
    query = select(table.c.state, table.c.verdict, func.count()).where(mine).group_by(table.c.state, table.c.verdict)
    return {(state, verdict): int(count) for state, verdict, count in connection.execute(query)}


def ids_of(
    connection: Connection, project: Id, epoch: Id, *, check: Id | None = None, only: Iterable[str] | None = None
) -> set[str]:
    """Return the GlobalIds of the elements that an epoch knows; ``only`` as in :func:`page_of`."""
    table = ELEMENT_STATE
    mine = (table.c.project == project) & (table.c.scan_epoch == epoch) & _by(check, epoch)
    if only is not None:
        mine &= table.c.global_id.in_(sorted(only))
    return set(connection.execute(select(table.c.global_id).where(mine)).scalars())


def digest_of_states(digests: Iterable[str]) -> str:
    """Return the one digest of many states from that of each, whatever their order."""
    return hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()


def digest_of_row(row: Mapping[str, Any]) -> str:
    """Return the digest of all that a row of the table says.

    A float is its shortest text, and a whole one an integer: databases write 2.0 and 2 as they like.
    """
    said = {name: value for name, value in row.items() if name != "digest"}
    said["captured_at"] = timestamp(said["captured_at"])
    text = json.dumps(_exact(said), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _exact(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {name: _exact(part) for name, part in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, (list, tuple)):
        return [_exact(part) for part in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def _counting(project: Id) -> Any:
    run = CHECK_RUN
    return ELEMENT_STATE.c.check_run.in_(select(run.c.id).where(run.c.project == project, run.c.counts.is_(True)))


def _counting_check(epoch: Id) -> Any:
    run = CHECK_RUN
    return select(run.c.id).where(run.c.scan_epoch == epoch, run.c.counts.is_(True)).scalar_subquery()


def _by(check: Id | None, epoch: Id) -> Any:
    return ELEMENT_STATE.c.check_run == (check or _counting_check(epoch))


def _values(row: ElementRow) -> dict[str, Any]:
    state = row.state
    values = {
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
    return {**values, "digest": digest_of_row(values)}


def _row(row: RowMapping) -> ElementRow:
    state = from_json(row["body"]["state"], ElementState)
    return ElementRow(state, row["ifc_class"], row["name"], row["storey"], row["verdict"], row["body"]["measured"])
