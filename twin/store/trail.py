"""The audit trail in the database: appended in the same transaction as the change it tells of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, false, insert, or_, select

from twin.audit import GENESIS, Anchor, AuditEvent, ChainedEvent, Verification, chained, verify
from twin.record import Actor, Id, Json, timestamp
from twin.store.database import Database
from twin.store.schema import AUDIT_ANCHOR, AUDIT_EVENT

SYSTEM = "system"
"""The stream of what belongs to no project."""
_AT_ONCE = 1000


def head(connection: Connection, stream: str) -> tuple[int, bytes]:
    """Return number and hash of the newest event of a stream: 0 and the genesis when there is none."""
    table = AUDIT_EVENT
    query = select(table.c.seq, table.c.hash).where(table.c.stream == stream).order_by(table.c.seq.desc()).limit(1)
    row = connection.execute(query).first()
    return (int(row.seq), bytes(row.hash)) if row else (0, GENESIS)


def append(database: Database, connection: Connection, event: AuditEvent) -> ChainedEvent:
    """Append an event (its ``seq`` is set here) to its stream and return it with its hash."""
    database.lock(connection, f"audit:{event.stream}")
    seq, previous = head(connection, event.stream)
    link = chained(replace(event, seq=seq + 1), previous)
    connection.execute(insert(AUDIT_EVENT).values(_row(link)))
    return link


def events(
    connection: Connection, stream: str, *, after: int = 0, limit: int | None = None, about: tuple[str, ...] = ()
) -> Iterator[ChainedEvent]:
    """Yield a stream's events in order, from number ``after`` + 1 on; with ``about`` only those of such records."""
    table, given = AUDIT_EVENT, 0
    kinds = [or_(*(table.c.entity.startswith(f"{kind}:", autoescape=True) for kind in about))] if about else []
    while limit is None or given < limit:
        most = _AT_ONCE if limit is None else min(_AT_ONCE, limit - given)
        query = (
            select(table).where(table.c.stream == stream, table.c.seq > after, *kinds).order_by(table.c.seq).limit(most)
        )
        rows = connection.execute(query).mappings().all()
        for row in rows:
            yield _event(row)
        if len(rows) < most:
            return
        given += len(rows)
        after = int(rows[-1]["seq"])


@dataclass(frozen=True, slots=True)
class EventBounds:
    """What events have to be at least; None where that is not asked. Whoever asks for more looks at each of them."""

    since: datetime | None = None
    until: datetime | None = None
    """Both inclusive."""
    actors: frozenset[Id] | None = None
    """By one of these, or by somebody of one of ``names``."""
    names: frozenset[str] = frozenset()
    records: frozenset[Id] | None = None


def events_within(
    connection: Connection,
    stream: str,
    kinds: tuple[str, ...],
    bounds: EventBounds,
    order: Literal["written", "oldest", "newest"] = "written",
) -> Iterator[ChainedEvent]:
    """Yield the events about records of some kinds within bounds; only as many are read as are asked for.

    Parameters
    ----------
    order
        As they were written, or by their time: of equal ones the one that was written first comes first.
    """
    table = AUDIT_EVENT
    query = select(table).where(table.c.stream == stream, *_within(kinds, bounds)).limit(_AT_ONCE)
    by_time = {"oldest": table.c.at.asc(), "newest": table.c.at.desc()}
    query = query.order_by(*([] if order == "written" else [by_time[order]]), table.c.seq)
    last: RowMapping | None = None
    while True:
        rows = connection.execute(query if last is None else query.where(_after(last, order))).mappings().all()
        yield from map(_event, rows)
        if len(rows) < _AT_ONCE:
            return
        last = rows[-1]


def _after(last: RowMapping, order: str) -> ColumnElement[bool]:
    """Return which events come after one in an order."""
    table = AUDIT_EVENT
    if order == "written":
        return table.c.seq > last["seq"]
    beyond = table.c.at > last["at"] if order == "oldest" else table.c.at < last["at"]
    return or_(beyond, and_(table.c.at == last["at"], table.c.seq > last["seq"]))


def _within(kinds: tuple[str, ...], bounds: EventBounds) -> list[ColumnElement[bool]]:
    table = AUDIT_EVENT
    if bounds.records is None:
        found: list[ColumnElement[bool]] = [
            or_(false(), *(table.c.entity.startswith(f"{kind}:", autoescape=True) for kind in kinds))
        ]
    else:
        found = [table.c.entity.in_([f"{kind}:{one}" for kind in kinds for one in sorted(bounds.records)])]
    if bounds.since is not None:
        found.append(table.c.at >= bounds.since)
    if bounds.until is not None:
        found.append(table.c.at <= bounds.until)
    if bounds.actors is not None:
        found.append(or_(table.c.actor.in_(sorted(bounds.actors)), table.c.actor_name.in_(sorted(bounds.names))))
    return found


def history(connection: Connection, entity: str) -> list[ChainedEvent]:
    """Return all events of one record (``ncr:ID``), oldest first."""
    query = select(AUDIT_EVENT).where(AUDIT_EVENT.c.entity == entity).order_by(AUDIT_EVENT.c.seq)
    return [_event(row) for row in connection.execute(query).mappings()]


def event_at(connection: Connection, stream: str, seq: int) -> ChainedEvent | None:
    """Return one event of a stream; None when there is none of that number."""
    return next((link for link in events(connection, stream, after=seq - 1, limit=1) if link.event.seq == seq), None)


def newest_about(connection: Connection, stream: str, entity: str, limit: int) -> list[ChainedEvent]:
    """Return the last events about something, the newest first."""
    table = AUDIT_EVENT
    query = select(table).where(table.c.stream == stream, table.c.entity == entity)
    return [_event(row) for row in connection.execute(query.order_by(table.c.seq.desc()).limit(limit)).mappings()]


def first_events(connection: Connection, entities: list[str]) -> dict[str, str]:
    """Return when the first version of each of some records was written, as the trail writes times."""
    table = AUDIT_EVENT
    mine = table.c.entity.in_(entities) & (table.c.version == 1)
    rows = connection.execute(select(table.c.entity, table.c.at, table.c.seq).where(mine).order_by(table.c.seq.desc()))
    return {row.entity: timestamp(row.at) for row in rows}


def streams(connection: Connection) -> list[str]:
    """Return the names of all streams that have events."""
    return list(connection.execute(select(AUDIT_EVENT.c.stream).distinct().order_by(AUDIT_EVENT.c.stream)).scalars())


def verify_stream(connection: Connection, stream: str) -> Verification:
    """Go through a stream and hold it against the anchors that the database remembers."""
    return verify(stream, events(connection, stream), anchors=anchors(connection, stream))


def anchors(connection: Connection, stream: str) -> list[Anchor]:
    """Return the heads of a stream that were handed out."""
    query = select(AUDIT_ANCHOR).where(AUDIT_ANCHOR.c.stream == stream).order_by(AUDIT_ANCHOR.c.seq)
    return [Anchor(row.stream, int(row.seq), bytes(row.head), row.at) for row in connection.execute(query)]


def note_anchor(connection: Connection, anchor: Anchor, kept_at: str) -> None:
    """Remember that a head was handed out and where it is kept; the same head twice is remembered once."""
    known = {a.seq for a in anchors(connection, anchor.stream)}
    if anchor.seq not in known:
        values = {"stream": anchor.stream, "seq": anchor.seq, "head": anchor.head, "at": anchor.at, "kept_at": kept_at}
        connection.execute(insert(AUDIT_ANCHOR).values(values))


def current_anchor(connection: Connection, stream: str, now: datetime) -> Anchor:
    """Return the stream's head as it is now."""
    seq, newest = head(connection, stream)
    return Anchor(stream, seq, newest, now)


def _row(link: ChainedEvent) -> Mapping[str, Any]:
    event = link.event
    return {
        "stream": event.stream,
        "seq": event.seq,
        "at": event.at,
        "actor": event.actor.id,
        "actor_name": event.actor.name,
        "on_behalf_of": event.actor.on_behalf_of,
        "action": event.action,
        "entity": event.entity,
        "version": event.version,
        "before": dict(event.before),
        "after": dict(event.after),
        "record_sha256": event.record_sha256,
        "reason": event.reason,
        "request": event.request,
        "origin": event.origin,
        "previous": link.previous,
        "hash": link.hash,
    }


def _event(row: RowMapping) -> ChainedEvent:
    before: dict[str, Json] = ordered(row["before"])
    after: dict[str, Json] = ordered(row["after"])
    event = AuditEvent(
        stream=row["stream"],
        seq=int(row["seq"]),
        at=row["at"],
        actor=Actor(row["actor"], row["actor_name"], row["on_behalf_of"]),
        action=row["action"],
        entity=row["entity"],
        version=row["version"],
        before=before,
        after=after,
        record_sha256=row["record_sha256"],
        reason=row["reason"],
        request=row["request"],
        origin=row["origin"],
    )
    return ChainedEvent(event, bytes(row["previous"]), bytes(row["hash"]))


def ordered(value: Any) -> Any:
    """Return JSON with sorted keys: each database gives them in an order of its own."""
    if isinstance(value, dict):
        members: dict[str, Any] = value
        return {name: ordered(members[name]) for name in sorted(members)}
    return [ordered(part) for part in value] if isinstance(value, list) else value
