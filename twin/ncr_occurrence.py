"""What a nonconformance record notes of later checks that saw its defect again, and what people decide about that."""

from dataclasses import replace
from datetime import datetime

from twin.errors import Refused
from twin.ncr_guards import accepted
from twin.ncr_moves import name_of, require, stated, target
from twin.ncr_parts import Occurrence
from twin.ncr_record import Event, NonConformance, State
from twin.record import Actor, Id


def note_recurrence(ncr: NonConformance, occurrence: Occurrence, *, now: datetime) -> NonConformance:
    """Note that a later check saw the same defect; nothing else changes, and noting it twice changes nothing.

    A closed record takes it up only where it accepted just this deviation and the acceptance still holds.
    """
    target(ncr, Event.NOTE_RECURRENCE)
    key = (occurrence.finding, occurrence.check_run, occurrence.reason)
    if any((o.finding, o.check_run, o.reason) == key for o in ncr.occurrences):
        return ncr
    require(ncr, Event.NOTE_RECURRENCE, now)
    if ncr.state is State.CLOSED:
        beyond = {f.global_id for f in occurrence.failures} - accepted(ncr, now)
        if beyond or not occurrence.unchanged:
            raise Refused(f"{name_of(ncr)} is closed and did not accept this: reopen it, or raise another record")
    return replace(ncr, occurrences=(*ncr.occurrences, occurrence))


def decide_on_change(ncr: NonConformance, finding: Id, *, reason: str, actor: Actor, now: datetime) -> NonConformance:
    """Say why a defect that a later check saw changed needs no other disposition; what was noted stays as it is.

    Without such an occurrence nothing changes.
    """
    target(ncr, Event.NOTE_RECURRENCE)
    seen = [o for o in ncr.occurrences if o.finding == finding and not o.unchanged]
    if not seen or any(o.reason for o in seen):
        return ncr
    decided = replace(seen[-1], reason=stated(reason), by=actor, noted_at=now)
    return replace(ncr, occurrences=(*ncr.occurrences, decided))
