"""The records held against the trail: whoever changed, removed or added a row without the software shows here.

A stream is read once, from its first event to its last. What its events leave of each record (version, time, digest) is
put down in a temporary file, so that the memory needed does not grow with the project; then every row is held against
that, by pages: the body by its digest, and the columns beside it by what they have to be for that body.
"""

import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from twin.audit import Anchor, AuditEvent, ChainedEvent, RecordFault, Tampering, Verification, verify
from twin.errors import Invalid
from twin.record import Id, content_sha256, timestamp
from twin.store import accounts, records
from twin.store.codec import from_json
from twin.store.elements import STATES_KEPT, digest_of_row, digest_of_states
from twin.store.kinds import Kind
from twin.store.schema import ELEMENT_STATE, RECORD_ELEMENT, SHARE
from twin.store.trail import SYSTEM, anchors, events, first_events, streams

KINDS: tuple[Kind[Any], ...] = (
    accounts.USER,
    *sorted((one for one in vars(records).values() if isinstance(one, Kind)), key=lambda kind: kind.name),
)
"""Every kind of record that the trail tells of."""
MOST_NAMED = 100
"""Faults that are named; the others are only counted."""
_AT_ONCE = 500
_TABLES = """
CREATE TABLE record (
    entity TEXT PRIMARY KEY, version INT, first TEXT, last TEXT, digest TEXT, seq INT, seen INT
) WITHOUT ROWID;
CREATE TABLE share (record TEXT, organisation TEXT, kind TEXT, PRIMARY KEY (record, organisation)) WITHOUT ROWID;
CREATE TABLE states (check_run TEXT PRIMARY KEY, count INT, digest TEXT, seen INT) WITHOUT ROWID;
"""


def verify_stream_and_records(
    connection: Connection,
    stream: str,
    kept: Iterable[Anchor] = (),
    *,
    watch: Callable[[int, int], None] = lambda events, rows: None,
) -> Verification:
    """Go through a stream, hold it against its anchors, and hold every record of its project against it.

    Parameters
    ----------
    kept
        Heads that were kept elsewhere, besides those that the database remembers.
    watch
        Told now and then how many events and how many rows have been looked at; what it raises ends the work.
    """
    heads = {anchor.seq: anchor for anchor in anchors(connection, stream)} | {anchor.seq: anchor for anchor in kept}
    with _ledger() as ledger:
        told = ledger.noting(_watched(events(connection, stream), watch))
        found = verify(stream, told, anchors=heads.values())
        for _ in told:  # what follows a break still says how the records should be
            pass
        tally = _Tally(watch=lambda rows: watch(found.events, rows))
        for fault in _faults(connection, None if stream == SYSTEM else stream, ledger, tally):
            tally.note(fault)
    return replace(found, records=tally.looked_at, faulty=tally.faulty, faults=tuple(tally.faults))


def verify_newest(connection: Connection, stream: str, after: tuple[int, bytes]) -> Verification:
    """Go through a stream from the event after a known one, and hold the records that it changed since against it.

    Element states, shares, and records that nothing changed since are not looked at.
    """
    heads = [anchor for anchor in anchors(connection, stream) if anchor.seq > after[0]]
    with _ledger() as ledger:
        told = ledger.noting(events(connection, stream, after=after[0]))
        found = verify(stream, told, anchors=heads, after=after)
        for _ in told:
            pass
        tally = _Tally()
        for kind in KINDS:
            changed = ledger.named(kind.name)
            for start in range(0, len(changed), _AT_ONCE):
                for fault in _changed_faults(connection, kind, changed[start : start + _AT_ONCE], ledger, tally):
                    tally.note(fault)
    return replace(found, records=tally.looked_at, faulty=tally.faulty, faults=tuple(tally.faults))


def rows_to_verify(connection: Connection, stream: str) -> tuple[int, int]:
    """Return how many records, and how many element states, a whole verification of a stream looks at."""
    project = None if stream == SYSTEM else stream
    found = 0
    for table in {kind.table for kind in KINDS}:
        mine = table.c.project.is_(None) if project is None else table.c.project == project
        found += connection.execute(select(func.count()).select_from(table).where(mine)).scalar_one()
    counted = select(func.count()).select_from(ELEMENT_STATE).where(ELEMENT_STATE.c.project == project)
    return found, connection.execute(counted).scalar_one() if project is not None else 0


def streams_and_projects(connection: Connection) -> list[str]:
    """Return the names of all streams, and of those that should be there since a record names them."""
    found = set(streams(connection))
    for table in (*(kind.table for kind in KINDS), ELEMENT_STATE):
        projects = connection.execute(select(table.c.project).distinct()).scalars()
        found.update(str(project) if project is not None else SYSTEM for project in projects)
    return sorted(found)


@dataclass(slots=True)
class _Tally:
    """Counts while everything is looked at; mutable, and never handed out."""

    looked_at: int = 0
    faulty: int = 0
    faults: list[RecordFault] = field(default_factory=list[RecordFault])
    watch: Callable[[int], None] = lambda rows: None

    def look_at(self, count: int) -> None:
        """Count what is looked at."""
        self.looked_at += count
        self.watch(self.looked_at)

    def note(self, fault: RecordFault) -> None:
        """Count a fault, and remember it if it is one of the first."""
        self.faulty += 1
        if len(self.faults) < MOST_NAMED:
            self.faults.append(fault)


@dataclass(frozen=True, slots=True)
class _Told:
    """What the events leave of a record."""

    version: int
    first: str
    last: str
    digest: str
    seq: int


class _Ledger:
    """What the events of a stream leave, in a temporary file of its own."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self.file = file
        file.executescript(_TABLES)

    def noting(self, links: Iterable[ChainedEvent]) -> Iterator[ChainedEvent]:
        """Yield events on and note what each leaves."""
        for link in links:
            self._note(link.event)
            yield link

    def record(self, entity: str) -> _Told | None:
        """Return what is left of a record, and remember that it was asked for; None when no event tells of it."""
        query = "SELECT version, first, last, digest, seq FROM record WHERE entity = ?"
        row = self.file.execute(query, (entity,)).fetchone()
        if row is None:
            return None
        self.file.execute("UPDATE record SET seen = 1 WHERE entity = ?", (entity,))
        return _Told(*row)

    def named(self, kind: str) -> list[Id]:
        """Return the records of a kind that events tell of."""
        query = "SELECT substr(entity, ?) FROM record WHERE entity LIKE ? ESCAPE '!' ORDER BY entity"
        found = self.file.execute(query, (len(kind) + 2, kind.replace("_", "!_") + ":%"))
        return [str(row[0]) for row in found]

    def states(self, check: Id) -> tuple[int, str] | None:
        """Return how many element states a check left and their digest, and remember that it was asked for."""
        row = self.file.execute("SELECT count, digest FROM states WHERE check_run = ?", (check,)).fetchone()
        self.file.execute("UPDATE states SET seen = 1 WHERE check_run = ?", (check,))
        return row

    def unseen(self) -> Iterator[tuple[str, str, int]]:
        """Yield kind, identifier and last event of what nobody asked for."""
        for entity, seq in self.file.execute("SELECT entity, seq FROM record WHERE seen = 0 ORDER BY entity"):
            kind, _, identifier = entity.partition(":")
            yield kind, identifier, seq
        for check, count in self.file.execute("SELECT check_run, count FROM states WHERE seen = 0 AND count > 0"):
            yield "element_state", check, count

    def shares(self) -> set[tuple[str, str, str]]:
        """Return who may see which record, by the events."""
        return set(self.file.execute("SELECT record, organisation, kind FROM share"))

    def _note(self, event: AuditEvent) -> None:
        kind, _, identifier = event.entity.partition(":")
        if event.version > 0:
            at = timestamp(event.at)
            self.file.execute(
                "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, 0) ON CONFLICT (entity) DO UPDATE SET "
                "version = excluded.version, last = excluded.last, digest = excluded.digest, seq = excluded.seq",
                (event.entity, event.version, at, at, event.record_sha256, event.seq),
            )
        elif event.action == "share":
            values = (identifier, str(event.after.get("organisation")), kind)
            self.file.execute("INSERT OR REPLACE INTO share VALUES (?, ?, ?)", values)
        elif event.action == "unshare":
            mine = (identifier, str(event.after.get("organisation")))
            self.file.execute("DELETE FROM share WHERE record = ? AND organisation = ?", mine)
        elif event.action == STATES_KEPT:
            kept = (identifier, event.after.get("count"), event.after.get("states_sha256"))
            self.file.execute("INSERT OR REPLACE INTO states VALUES (?, ?, ?, 0)", kept)


@contextmanager
def _ledger() -> Generator[_Ledger]:
    file = sqlite3.connect("", isolation_level=None)  # a file that nobody else sees and that is gone when it is closed
    try:
        file.execute("PRAGMA journal_mode = OFF")
        file.execute("BEGIN")
        yield _Ledger(file)
    finally:
        file.close()


def _faults(connection: Connection, project: Id | None, ledger: _Ledger, tally: _Tally) -> Iterator[RecordFault]:
    for kind in KINDS:
        for page in _pages(connection, kind, project):
            tally.look_at(len(page))
            named = _named_elements(connection, kind, [row["id"] for row in page])
            for row in page:
                fault = _fault(kind, row, ledger.record(f"{kind.name}:{row['id']}"), named.get(row["id"], set()))
                if fault:
                    yield RecordFault(kind.name, str(row["id"]), *fault)
    if project is not None:
        yield from _state_faults(connection, project, ledger, tally)
        yield from _share_faults(connection, project, ledger, tally)
    for kind, identifier, last in ledger.unseen():
        what = f"{last} were kept" if kind == "element_state" else f"event {last} left it"
        yield RecordFault(kind, identifier, Tampering.MISSING, f"it is gone; {what}")


def _changed_faults(
    connection: Connection, kind: Kind[Any], ids: list[Id], ledger: _Ledger, tally: _Tally
) -> Iterator[RecordFault]:
    """Yield what is wrong with some records of a kind that the ledger knows the last event of."""
    rows = {row["id"]: row for row in connection.execute(select(kind.table).where(kind.table.c.id.in_(ids))).mappings()}
    named = _named_elements(connection, kind, ids)
    firsts = first_events(connection, [f"{kind.name}:{record}" for record in ids])
    tally.look_at(len(ids))
    for record in ids:
        told = ledger.record(f"{kind.name}:{record}")
        assert told is not None
        row = rows.get(record)
        if row is None:
            yield RecordFault(kind.name, record, Tampering.MISSING, f"it is gone; event {told.seq} left it")
            continue
        # an event before those that were read made it, perhaps
        made = replace(told, first=firsts.get(f"{kind.name}:{record}", told.first))
        if fault := _fault(kind, row, made, named.get(record, set())):
            yield RecordFault(kind.name, record, *fault)


def _watched(links: Iterable[ChainedEvent], watch: Callable[[int, int], None]) -> Iterator[ChainedEvent]:
    for count, link in enumerate(links):
        if count % _AT_ONCE == 0:
            watch(count, 0)
        yield link


def _pages(connection: Connection, kind: Kind[Any], project: Id | None) -> Iterator[list[RowMapping]]:
    table, after = kind.table, ""
    mine = table.c.project.is_(None) if project is None else table.c.project == project
    while True:
        query = select(table).where(mine, table.c.id > after).order_by(table.c.id).limit(_AT_ONCE)
        page = list(connection.execute(query).mappings())
        if page:
            yield page
        if len(page) < _AT_ONCE:
            return
        after = page[-1]["id"]


def records_of(connection: Connection, project: Id) -> Iterator[tuple[str, RowMapping]]:
    """Yield kind and row of every record of a project that its trail tells of."""
    for kind in KINDS:
        for page in _pages(connection, kind, project):
            for row in page:
                yield kind.name, row


def _named_elements(connection: Connection, kind: Kind[Any], ids: list[Id]) -> Mapping[Id, set[str]]:
    """Return the elements that records are found by."""
    found: dict[Id, set[str]] = {}
    if kind is records.BCF_TOPIC:
        return found  # it has its record's identifier, and is about no elements of its own
    query = select(RECORD_ELEMENT).where(RECORD_ELEMENT.c.record.in_(ids))
    for row in connection.execute(query):
        found.setdefault(row.record, set()).add(row.global_id)
    return found


def _fault(kind: Kind[Any], row: RowMapping, told: _Told | None, named: set[str]) -> tuple[Tampering, str] | None:
    if told is None:
        return Tampering.EXTRA, "no event of this stream tells of it"
    try:
        digest = content_sha256(row["body"])
    except (Invalid, TypeError, ValueError):
        digest = ""
    if digest != told.digest:
        return Tampering.CHANGED, f"its content is not what event {told.seq} left"
    beside = {
        "version": (row["version"], told.version),
        "created_at": (timestamp(row["created_at"]), told.first),
        "changed_at": (timestamp(row["changed_at"]), told.last),
    }
    wrong = next((name for name, (is_, should) in beside.items() if is_ != should), "") or _wrong_column(
        kind, row, named
    )
    return (Tampering.CHANGED, f"{wrong} is not what its content says") if wrong else None


def _wrong_column(kind: Kind[Any], row: RowMapping, named: set[str]) -> str:
    """Return the first column beside the body that does not follow from it, empty when all do."""
    try:
        record = from_json(row["body"], kind.type)
        columns = {"id": row["body"]["id"], "project": kind.project(record), **kind.columns(record)}
        elements = set(kind.elements(record))
    except (Invalid, KeyError, TypeError) as error:
        return f"a field ({str(error).splitlines()[0]})"
    wrong = next((name for name, value in columns.items() if row[name] != value), "")
    return f"column {wrong}" if wrong else "what it is found by (elements)" if elements != named else ""


def _state_faults(connection: Connection, project: Id, ledger: _Ledger, tally: _Tally) -> Iterator[RecordFault]:
    table = ELEMENT_STATE
    checks = connection.execute(
        select(table.c.check_run).where(table.c.project == project).distinct().order_by(table.c.check_run)
    )
    for check in list(checks.scalars()):
        digests: list[str] = []
        bent = 0
        rows = connection.execute(
            select(table).where(table.c.check_run == check, table.c.project == project),
            execution_options={"yield_per": _AT_ONCE},
        )
        for row in rows.mappings():
            digests.append(_digest(row))
            if len(digests) % _AT_ONCE == 0:
                tally.look_at(_AT_ONCE)
            if digests[-1] != row["digest"]:
                bent += 1
                which = f"{check}/{row['global_id']}"
                yield RecordFault("element_state", which, Tampering.CHANGED, "it is not what its digest is of")
        tally.look_at(len(digests) % _AT_ONCE)
        told = ledger.states(check)
        if told is None:
            yield RecordFault("element_state", check, Tampering.EXTRA, "no event of this stream tells of its states")
        elif told[0] != len(digests):
            fault = Tampering.MISSING if len(digests) < told[0] else Tampering.EXTRA
            yield RecordFault("element_state", check, fault, f"{told[0]} states were kept, {len(digests)} are there")
        elif told[1] != digest_of_states(digests) and not bent:
            yield RecordFault("element_state", check, Tampering.CHANGED, "its states are not those that were kept")


def _digest(row: RowMapping) -> str:
    try:
        return digest_of_row(dict(row))
    except (TypeError, ValueError, AttributeError):
        return ""


def _share_faults(connection: Connection, project: Id, ledger: _Ledger, tally: _Tally) -> Iterator[RecordFault]:
    told = ledger.shares()
    there: set[tuple[str, str, str]] = set()
    for kind in KINDS:
        query = select(SHARE).join(kind.table, kind.table.c.id == SHARE.c.record).where(kind.table.c.project == project)
        there |= {(row.record, row.organisation, row.kind) for row in connection.execute(query)}
    tally.look_at(len(there))
    for record, organisation, kind in sorted(there ^ told):
        fault = Tampering.EXTRA if (record, organisation, kind) in there else Tampering.MISSING
        said = "nobody shared it" if fault is Tampering.EXTRA else "it was shared, and never taken back"
        yield RecordFault("share", f"{kind}:{record}/{organisation}", fault, said)
