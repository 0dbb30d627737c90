"""The elements of two checks side by side, one row at a time: a hundred thousand are never in memory at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.sql.selectable import FromClause

from twin.record import Id
from twin.store.schema import ELEMENT_STATE

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Told:
    """What one check says of an element."""

    seen: str
    pose: Mapping[str, Any] | None
    measurements: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class PairLine:
    """One element by both checks; None where the design that a check is of does not have it."""

    global_id: str
    ifc_class: str
    name: str
    storey: str
    before: Told | None
    after: Told | None


def pairs_of(connection: Connection, before: Id, after: Id) -> Iterator[PairLine]:
    """Yield every element of two checks: those of the later by GlobalId, then those that only the earlier one has."""
    earlier, later = ELEMENT_STATE.alias("earlier"), ELEMENT_STATE.alias("later")
    both = later.outerjoin(earlier, (earlier.c.check_run == before) & (earlier.c.global_id == later.c.global_id))
    query = select(*_names(later), *_told(later), *_told(earlier)).select_from(both)
    query = query.where(later.c.check_run == after).order_by(later.c.global_id)
    for row in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
        yield _line(tuple(row))
    left = earlier.outerjoin(later, (later.c.check_run == after) & (later.c.global_id == earlier.c.global_id))
    gone = select(*_names(earlier), *_told(later), *_told(earlier)).select_from(left)
    gone = gone.where(earlier.c.check_run == before, later.c.global_id.is_(None)).order_by(earlier.c.global_id)
    for row in connection.execute(gone, execution_options={"yield_per": _AT_ONCE}):
        yield _line(tuple(row))


def _line(row: tuple[Any, ...]) -> PairLine:
    after, before = (None if row[k] is None else Told(row[k], row[k + 1], row[k + 2]) for k in (4, 7))
    return PairLine(row[0], row[1], row[2], row[3], before=before, after=after)


def _names(table: FromClause) -> list[ColumnElement[Any]]:
    return [table.c.global_id, table.c.ifc_class, table.c.name, table.c.storey]


def _told(table: FromClause) -> list[ColumnElement[Any]]:
    body = table.c.body
    return [body["state", "seen"].as_string(), body["measured", "pose"], body["measured", "measurements"]]


@dataclass(frozen=True, slots=True)
class SeenLine:
    """One element by one check: what it saw, and what is known then."""

    global_id: str
    ifc_class: str
    name: str
    storey: str
    status: str
    seen: str


def seen_of(connection: Connection, check: Id) -> Iterator[SeenLine]:
    """Yield every element of a check by GlobalId."""
    table = ELEMENT_STATE
    query = select(*_names(table), table.c.state, table.c.body["state", "seen"].as_string())
    query = query.where(table.c.check_run == check).order_by(table.c.global_id)
    for row in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
        yield SeenLine(*tuple(row))
