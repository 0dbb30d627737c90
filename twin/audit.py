"""The audit trail: every change of a record is an event whose hash covers the event before it.

The chain shows editing, inserting and deleting of events. It does not show that the newest were cut off, nor that
everything was written anew by somebody who rules the database: for that its head is kept elsewhere
(:class:`Anchor`), where the same person cannot reach. Tamper-evident, never tamper-proof. 21 CFR 11.10 (e).

Each event names the digest of the record as it left it: by that the records themselves are held against the trail.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from twin.record import Actor, Id, Json, canonical_json, timestamp

GENESIS = bytes(32)
"""What stands before the first event of a stream."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One change: who, when, what, of which record, from what to what, and why."""

    stream: str
    """Events are numbered without gaps in each stream: one per project, and ``system``."""
    seq: int
    at: datetime
    actor: Actor
    action: str
    """A verb: ``create``, ``update``, or the domain's own (``disposition_approved``)."""
    entity: str
    """Kind and identifier: ``ncr:4f0c…``."""
    version: int
    """Version of the record after the change."""
    before: Mapping[str, Json]
    """What changed, as it was: only the fields that differ."""
    after: Mapping[str, Json]
    record_sha256: str
    """Digest of the whole record after the change."""
    reason: str = ""
    request: str = ""
    """Identifier of the request that caused it."""
    origin: str = ""
    """Where it came from: an address, a device."""

    def content(self) -> dict[str, Json]:
        """Return what the hash covers: every field that says something, by the names of the published vector."""
        content: dict[str, Json] = {
            "action": self.action,
            "actor": self.actor.id,
            "after": dict(self.after),
            "before": dict(self.before),
            "entity": self.entity,
            "seq": self.seq,
            "ts": timestamp(self.at),
            "actor_name": self.actor.name,
            "on_behalf_of": self.actor.on_behalf_of,
            "origin": self.origin,
            "reason": self.reason,
            "record_sha256": self.record_sha256,
            "request": self.request,
            "stream": self.stream,
            "version": self.version or None,
        }
        return {name: value for name, value in content.items() if value not in (None, "", {})}


@dataclass(frozen=True, slots=True)
class ChainedEvent:
    """An event and its place in the chain."""

    event: AuditEvent
    previous: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head of a stream at some time, to be kept where whoever rules the database cannot reach."""

    stream: str
    seq: int
    head: bytes
    at: datetime


class Tampering(StrEnum):
    """In which way what is kept is not what the trail says."""

    CHANGED = "changed"
    MISSING = "missing"
    EXTRA = "extra"
    """No event tells of it."""


@dataclass(frozen=True, slots=True)
class RecordFault:
    """A record that is not as its last event left it."""

    kind: str
    id: str
    """The record's; of an element's state that of the check and the GlobalId; of a share that of the organisation."""
    fault: Tampering
    reason: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What came out of going through a stream, and of holding what is kept against it."""

    stream: str
    events: int
    """The last event up to which the chain holds, from :attr:`first` on."""
    head: bytes
    first_bad: int | None = None
    """Sequence number at which the chain breaks; None when it holds."""
    reason: str = ""
    records: int = 0
    """How many records, element states and shares were held against the trail; 0 when that was not asked."""
    faulty: int = 0
    """How many of them are not as it says."""
    faults: tuple[RecordFault, ...] = ()
    """The first of those."""
    first: int = 1
    """The event at which it began: what stands before it was not looked at."""

    @property
    def holds(self) -> bool:
        """Whether every event is the one that was written, and every record as its last one left it."""
        return self.first_bad is None and self.faulty == 0


def event_hash(previous: bytes, content: Mapping[str, Json]) -> bytes:
    """Return SHA-256 (32 bytes) of the previous hash followed by the event's canonical JSON.

    Examples
    --------
    >>> event = {"action": "create", "actor": "u1", "after": {"state": "draft"}, "entity": "ncr:1", "seq": 1,
    ...          "ts": "2026-01-01T00:00:00.000000Z"}
    >>> event_hash(GENESIS, event).hex()[:16]
    'c6f6f97a3f4b0af5'
    """
    return hashlib.sha256(previous + canonical_json(content)).digest()


def chained(event: AuditEvent, previous: bytes) -> ChainedEvent:
    """Return ``event`` as the one that follows the event with the hash ``previous``."""
    return ChainedEvent(event, previous, event_hash(previous, event.content()))


def verify(
    stream: str,
    events: Iterable[ChainedEvent],
    *,
    anchors: Iterable[Anchor] = (),
    after: tuple[int, bytes] = (0, GENESIS),
) -> Verification:
    """Go through a stream's events in the order of their numbers and say where the chain breaks first.

    An anchor whose event is gone or has another hash shows what the chain alone cannot: a cut tail, a rewritten whole.

    Parameters
    ----------
    after
        Number and hash of the event before the first of ``events``; by default they begin with the stream's first.
    """
    kept = {anchor.seq: anchor for anchor in anchors if anchor.stream == stream}
    seq, previous = after
    first = seq + 1
    for link in events:
        seq += 1
        found = _fault(link, seq, previous, kept)
        if found:
            return Verification(stream, seq - 1, previous, seq, found, first=first)
        previous = link.hash
    lost = [s for s in sorted(kept) if s > seq]
    if lost:
        gone = f"an anchor was kept of event {lost[0]}, which is gone"
        return Verification(stream, seq, previous, seq + 1, gone, first=first)
    return Verification(stream, seq, previous, first=first)


def _fault(link: ChainedEvent, seq: int, previous: bytes, anchors: Mapping[int, Anchor]) -> str:
    if link.event.seq != seq:
        return f"event {seq} is missing: {link.event.seq} follows"
    if link.previous != previous:
        return "it does not follow from the event before it"
    if event_hash(previous, link.event.content()) != link.hash:
        return "its content is not what was written"
    if seq in anchors and anchors[seq].head != link.hash:
        return "it is not the event of which an anchor was kept"
    return ""


def changed_fields(
    before: Mapping[str, Json] | None, after: Mapping[str, Json]
) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return the fields that differ, as they were and as they are; all of them for a new record."""
    if before is None:
        return {}, dict(after)
    names = [name for name in after if name not in before or before[name] != after[name]]
    return {name: before[name] for name in names if name in before}, {name: after[name] for name in names}


def replay(events: Iterable[AuditEvent], entity: Id) -> dict[str, Json]:
    """Return a record as its events say it is: the fields that each changed, one after the other."""
    state: dict[str, Json] = {}
    for event in events:
        if event.entity == entity:
            state.update(event.after)
    return state
