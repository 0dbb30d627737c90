"""The elements of two checks side by side, some at a time: a hundred thousand are never in memory at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.sql.selectable import FromClause

from geometry.arrays import FloatArray
from twin.record import Id
from twin.store.schema import ELEMENT_STATE

_AT_ONCE = 2000
_UNKNOWN = "nan,nan,nan"


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What one check says of some elements, column by column."""

    seen: Sequence[str | None]
    """None where its design does not have one."""
    translation_mm: FloatArray
    """(n, 3) along x, y and z; NaN where not known."""
    uncertainty_mm: FloatArray
    """(n, 3) expanded."""
    coverage_factor: Sequence[float | None]
    measurements: Sequence[str | None]
    """JSON: most are never read."""


@dataclass(frozen=True, slots=True, eq=False)
class PairBatch:
    """Some elements by both checks, column by column."""

    global_id: Sequence[str]
    ifc_class: Sequence[str]
    name: Sequence[str]
    storey: Sequence[str]
    before: Told
    after: Told


def pairs_of(connection: Connection, before: Id, after: Id) -> Iterator[PairBatch]:
    """Yield every element of two checks: those of the later by GlobalId, then those that only the earlier one has."""
    earlier, later = ELEMENT_STATE.alias("earlier"), ELEMENT_STATE.alias("later")
    both = later.outerjoin(earlier, (earlier.c.check_run == before) & (earlier.c.global_id == later.c.global_id))
    query = select(*_names(later), *_told(earlier), *_told(later)).select_from(both)
    query = query.where(later.c.check_run == after).order_by(later.c.global_id)
    left = earlier.outerjoin(later, (later.c.check_run == after) & (later.c.global_id == earlier.c.global_id))
    gone = select(*_names(earlier), *_told(earlier), *_told(later)).select_from(left)
    gone = gone.where(earlier.c.check_run == before, later.c.global_id.is_(None)).order_by(earlier.c.global_id)
    for asked in (query, gone):
        for some in connection.execute(asked, execution_options={"yield_per": _AT_ONCE}).partitions():
            ids, classes, names, storeys, *told = zip(*some, strict=True)
            yield PairBatch(ids, classes, names, storeys, _side(told[:5]), _side(told[5:]))


def _side(columns: Sequence[Sequence[Any]]) -> Told:
    seen, places, spreads, factors, measurements = columns
    return Told(seen, _axes(places), _axes(spreads), factors, measurements)


def _axes(texts: Sequence[str | None]) -> FloatArray:
    """Read lists of three numbers or ``null`` as one text: as values of their own that takes several times as long."""
    text = ",".join(one[1:-1] if one else _UNKNOWN for one in texts)
    return np.array(text.replace("null", "nan").split(","), dtype=np.float64).reshape(-1, 3)


def _names(table: FromClause) -> list[ColumnElement[Any]]:
    return [table.c.global_id, table.c.ifc_class, table.c.name, table.c.storey]


def _told(table: FromClause) -> list[ColumnElement[Any]]:
    body = table.c.body
    return [
        body["state", "seen"].as_string(), body["measured", "pose", "translation_mm"].as_string(),
        body["measured", "pose", "uncertainty_mm"].as_string(),
        body["measured", "pose", "coverage_factor"].as_float(), body["measured", "measurements"].as_string(),
    ]  # fmt: skip


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
