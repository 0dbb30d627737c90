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
_ASKED_AT_ONCE = 500
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
    coverage_factor: FloatArray
    """(n,); NaN where not told."""
    measurements: Sequence[str | None]
    """JSON: most are never read, and what is not to be read may be left out."""


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
    known = np.array([np.nan if one is None else one for one in factors], np.float64)
    return Told(seen, _axes(places), _axes(spreads), known, measurements)


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


def measurements_of(connection: Connection, check: Id, global_ids: Sequence[str]) -> dict[str, str | None]:
    """Return the measurements of some elements of a check as JSON, by GlobalId."""
    table, found = ELEMENT_STATE, dict[str, str | None]()
    told = table.c.body["measured", "measurements"].as_string()
    for start in range(0, len(global_ids), _ASKED_AT_ONCE):
        asked = table.c.global_id.in_(global_ids[start : start + _ASKED_AT_ONCE])
        rows = connection.execute(select(table.c.global_id, told).where(table.c.check_run == check, asked))
        found |= {global_id: text for global_id, text in rows}
    return found


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
