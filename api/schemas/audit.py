"""The audit trail over the wire."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from api.paging import PageQuery
from api.schemas.base import OptionalLine, Schema, example
from twin.audit import ChainedEvent, Tampering
from twin.operations.audit_checks import TrailAnswer
from twin.record import Id

_ID = "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
_HASH = "c6f6f97a3f4b0af52cb6b3ba232fd27730338f5a6ca70e7314dcb80d4f0c6928"
_FAULT = {"kind": "ncr", "id": _ID, "fault": "changed", "reason": "its content is not what event 7 left"}
_CHANGED = {"name": "Harbour Tower"}


class EventOut(Schema):
    """One change: who, when, what, of which record, from what to what, and why."""

    model_config = example(
        stream=_ID, seq=7, at="2026-11-22T08:00:00Z", actor=_ID, actor_name="Ann Wu", on_behalf_of=None,
        action="update", entity=f"project:{_ID}", version=2, before={"name": "Tower"}, after=_CHANGED,
        record_sha256=_HASH, reason="", request="5f2c9a6f", origin="192.0.2.7", previous="00" * 32, hash=_HASH,
    )  # fmt: skip

    stream: str
    seq: int
    at: datetime
    actor: Id
    actor_name: str
    on_behalf_of: Id | None
    action: str
    entity: str
    version: int
    before: Mapping[str, object]
    after: Mapping[str, object]
    record_sha256: str
    reason: str
    request: str
    origin: str
    previous: str = Field(description="Hash of the event before, hexadecimal")
    hash: str


def event_out(link: ChainedEvent) -> EventOut:
    """Return an event as it is sent."""
    event = link.event
    return EventOut(
        stream=event.stream, seq=event.seq, at=event.at, actor=event.actor.id, actor_name=event.actor.name,
        on_behalf_of=event.actor.on_behalf_of, action=event.action, entity=event.entity, version=event.version,
        before=event.before, after=event.after, record_sha256=event.record_sha256, reason=event.reason,
        request=event.request, origin=event.origin, previous=link.previous.hex(), hash=link.hash.hex(),
    )  # fmt: skip


class EventQuery(PageQuery):
    """Filters of events."""

    entity: OptionalLine | None = Field(default=None, description="One record: `ncr:ID`", examples=[f"project:{_ID}"])


class RecordFaultOut(Schema):
    """A record that is not as its last event left it."""

    model_config = example(**_FAULT)

    kind: str
    id: str = Field(description="The record's; of a state `CHECK` or `CHECK/GLOBALID`; of a share both sides")
    fault: Tampering = Field(description="`extra`: no event tells of it")
    reason: str


class WholeOut(Schema):
    """What the last verification of a whole trail found; it is an event of the trail, signed by the server."""

    model_config = example(
        event=812, at="2026-11-22T08:00:00Z", events=811, holds=True, records=512, faulty=0, first_bad=None, faults=[],
    )  # fmt: skip

    event: int = Field(description="Its own number in the trail")
    at: datetime
    events: int = Field(description="It went through the events from the first to this one")
    holds: bool
    records: int
    faulty: int
    first_bad: int | None
    faults: list[RecordFaultOut] = Field(description="The first twenty")


class VerificationOut(Schema):
    """Whether a trail is the one that was written, and the records are as it says, as far as was looked."""

    model_config = example(
        stream=_ID, holds=False, whole=True, first=1, events=7, head=_HASH, first_bad=None, reason="", records=512,
        faulty=1, faults=[_FAULT], last_whole=None,
    )  # fmt: skip

    stream: str
    holds: bool = Field(description="False, too, where the last whole verification found something")
    whole: bool = Field(description="All events and all records; else only what is new was looked at")
    first: int = Field(description="The event at which it began; what stands before it was not looked at")
    events: int = Field(description="The event up to which the chain holds, from that one on")
    head: str = Field(description="Hash of the last that holds; keep it elsewhere to show later that none was cut off")
    first_bad: int | None
    reason: str
    records: int = Field(description="How many records, element states and shares were held against the trail")
    faulty: int = Field(description="How many of them are not as it says")
    faults: list[RecordFaultOut] = Field(description="The first hundred of those")
    last_whole: WholeOut | None = Field(description="None: no job has ever gone through all of it")


def verification_out(answer: TrailAnswer) -> VerificationOut:
    """Return what going through a stream found."""
    found, last = answer.found, answer.last
    faults = [RecordFaultOut.model_validate(fault, from_attributes=True) for fault in found.faults]
    return VerificationOut(
        stream=found.stream, holds=answer.holds, whole=answer.whole, first=found.first, events=found.events,
        head=found.head.hex(), first_bad=found.first_bad, reason=found.reason, records=found.records,
        faulty=found.faulty, faults=faults,
        last_whole=None if last is None else WholeOut.model_validate(last, from_attributes=True),
    )  # fmt: skip


class NewAuditPackage(Schema):
    """Which package is asked for."""

    model_config = example(largest_mib=64)

    largest_mib: int = Field(default=64, ge=0, le=1_000_000, description="Larger files are named, and not put in")
