"""What is known of every element of a check at once, without reading the records whole: a view colours by it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from twin.finding import FindingStatus
from twin.ncr_record import LIVE
from twin.record import Id
from twin.store.schema import ELEMENT_STATE, FINDING, NCR, RECORD_ELEMENT, SCAN_EPOCH
from twin.store.view import Scope, scoped

_AT_ONCE = 2000
"""Rows in memory at a time: their measurements are most of what a check keeps."""
_ASKED_AT_ONCE = 500
"""Elements that are asked for by name in one query."""


@dataclass(frozen=True, slots=True, eq=False)
class ElementBatch:
    """Some elements by one check, column by column, with texts as they are kept; all columns are equally long."""

    global_id: Sequence[str]
    ifc_class: Sequence[str]
    name: Sequence[str]
    storey: Sequence[str]
    status: Sequence[str]
    """What is known after the epoch."""
    verdict: Sequence[str]
    state: Sequence[str]
    """What the check saw of it."""
    stale: Sequence[bool]
    measurements: Sequence[Sequence[Mapping[str, Any]]]
    """As in the check's ``report.json``."""


@dataclass(frozen=True, slots=True)
class NcrMark:
    """A nonconformance, as the elements it is about are marked with it."""

    id: Id
    number: str
    state: str


def batches_of(connection: Connection, check: Id) -> Iterator[ElementBatch]:
    """Yield every element of a check in the order of :func:`twin.store.elements.page_of`.

    The database cuts what is asked for out of the body: reading bodies whole takes up to twice as long, and holds up
    other requests for more of it. Only the check is asked for, in the order of the table's key: PostgreSQL would sort a
    hundred thousand of these rows on disk if it thought that the project says more. The measurements of a batch are
    read as one JSON text: one by one that takes as long again.
    """
    table = ELEMENT_STATE
    body = table.c.body
    query = select(
        table.c.global_id, table.c.ifc_class, table.c.name, table.c.storey, table.c.state, table.c.verdict,
        body["measured", "state"].as_string(), body["state", "stale"].as_boolean(),
        func.coalesce(body["measured", "measurements"].as_string(), "[]"),
    ).where(table.c.check_run == check)  # fmt: skip
    for some in _plain(connection, query.order_by(table.c.global_id)):
        *columns, kept_stale, measured = zip(*some, strict=True)
        ids, classes, names, storeys, status, verdicts, states = columns
        told: list[list[Mapping[str, Any]]] = json.loads(f"[{','.join(measured)}]")
        stale = tuple(map(bool, kept_stale))
        yield ElementBatch(ids, classes, names, storeys, status, verdicts, states, stale, told)


def standing_of(connection: Connection, check: Id) -> tuple[list[str], list[str], list[str]]:
    """Return GlobalId, status and verdict of every element of a check, by GlobalId; no report is read."""
    table = ELEMENT_STATE
    query = select(table.c.global_id, table.c.state, table.c.verdict).where(table.c.check_run == check)
    ids, status, verdicts = list[str](), list[str](), list[str]()
    for some in _plain(connection, query.order_by(table.c.global_id)):
        for column, values in zip((ids, status, verdicts), zip(*some, strict=True), strict=True):
            column.extend(values)
    return ids, status, verdicts


def stale_of(connection: Connection, check: Id, global_ids: Sequence[str]) -> list[bool]:
    """Return of some elements of a check whether it does not support their status, in their order."""
    table, found = ELEMENT_STATE, dict[str, bool]()
    stale = table.c.body["state", "stale"].as_boolean()
    for start in range(0, len(global_ids), _ASKED_AT_ONCE):
        asked = table.c.global_id.in_(global_ids[start : start + _ASKED_AT_ONCE])
        rows = connection.execute(select(table.c.global_id, stale).where(table.c.check_run == check, asked))
        found |= {global_id: bool(one) for global_id, one in rows}
    return [found[one] for one in global_ids]


def _plain(connection: Connection, query: Select[*tuple[Any, ...]]) -> Iterator[Sequence[Sequence[Any]]]:
    """Yield rows some at a time; SQLite's as its driver gives them: a row object of each costs more than reading it."""
    if connection.dialect.name != "sqlite":
        yield from connection.execute(query, execution_options={"yield_per": _AT_ONCE}).partitions()
        return
    result = connection.execute(query)
    cursor: Any = result.cursor
    try:
        while rows := cursor.fetchmany(_AT_ONCE):
            yield rows
    finally:
        result.close()


def captured_at(connection: Connection, epoch: Id) -> datetime:
    """Return when an epoch was scanned."""
    found: datetime = connection.execute(select(SCAN_EPOCH.c.captured_at).where(SCAN_EPOCH.c.id == epoch)).scalar_one()
    return found


def live_ncrs(connection: Connection, project: Id, scope: Scope) -> dict[str, NcrMark]:
    """Return GlobalId -> the live nonconformance about it within a scope, of several the one raised last."""
    about = RECORD_ELEMENT
    query = select(about.c.global_id, NCR.c.id, NCR.c.number, NCR.c.state).join(NCR, NCR.c.id == about.c.record)
    query = query.where(NCR.c.project == project, NCR.c.state.in_([state.value for state in LIVE]))
    rows = connection.execute(scoped(query, NCR, scope).order_by(NCR.c.created_at, NCR.c.id))
    return {row.global_id: NcrMark(row.id, row.number, row.state) for row in rows}


def found_open(connection: Connection, project: Id, scope: Scope) -> frozenset[str]:
    """Return the GlobalIds that open findings within a scope name, of whichever check."""
    about = RECORD_ELEMENT
    query = select(about.c.global_id).join(FINDING, FINDING.c.id == about.c.record)
    query = query.where(FINDING.c.project == project, FINDING.c.status == FindingStatus.OPEN.value)
    return frozenset(connection.execute(scoped(query, FINDING, scope)).scalars())
