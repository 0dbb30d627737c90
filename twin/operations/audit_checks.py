"""Verifying a trail while a server serves: the newest events at once, all of it as a job, and how the two meet.

A whole verification takes seconds to minutes and is a job. What it found is itself an event of the trail, signed with
the installation's key, which the database does not hold: whoever rules the database alone can neither make one nor
move, change or remove it unseen. Where the newest such event says that all held, a request goes on from there; what is
changed *before* that is found by the next whole verification, and by ``qtems audit verify``.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from twin.audit import GENESIS, ChainedEvent, Verification
from twin.errors import Invalid
from twin.jobs.worker import JobContext
from twin.record import Json, canonical_json, timestamp
from twin.store.reconcile import rows_to_verify, verify_newest, verify_stream_and_records
from twin.store.trail import SYSTEM, event_at, head, newest_about
from twin.store.view import View

VERIFY_TRAIL = "verify_trail"
"""The kind of job that goes through all of a trail."""
VERIFIED = "verify_trail"
"""The event that tells what a whole verification found."""
AT_ONCE = 1000
"""Events that a request goes through at most."""
WHOLE_AT_MOST = 10_000
"""What a request takes on as a whole: an event and an element's state count one, a record ten."""
_LOOK_BACK = 20
_NAMED = 20


@dataclass(frozen=True, slots=True)
class WholeVerification:
    """What the last whole verification found."""

    event: int
    """Its own number in the trail."""
    at: datetime
    events: int
    """It went through this many, from the first on."""
    head: bytes
    holds: bool
    records: int
    faulty: int
    first_bad: int | None
    faults: tuple[Mapping[str, Json], ...]
    """The first twenty."""


@dataclass(frozen=True, slots=True)
class TrailAnswer:
    """What a request is told."""

    found: Verification
    whole: bool
    """Whether it was all of the trail, and every record."""
    last: WholeVerification | None
    """The last whole verification, by a job."""

    @property
    def holds(self) -> bool:
        """Whether nothing is known to be otherwise than it was written, by this or by the last whole verification."""
        return self.found.holds and (self.whole or self.last is None or self.last.holds)


def verify_at_once(view: View, stream: str, key: bytes) -> TrailAnswer:
    """Verify a stream as far as a request may take: all of a small one, else from the last whole verification on.

    Without one that is near enough it is the newest :data:`AT_ONCE` events.

    Parameters
    ----------
    key
        The installation's key, by which whole verifications are known.
    """
    newest, _ = head(view.connection, stream)
    last = last_whole(view, stream, key)
    if newest <= WHOLE_AT_MOST:
        rows, states = rows_to_verify(view.connection, stream)
        if newest + states + 10 * rows <= WHOLE_AT_MOST:
            return TrailAnswer(verify_stream_and_records(view.connection, stream), True, last)
    after = (last.events, last.head) if last is not None and last.holds else (0, GENESIS)
    if after[0] == 0 or newest - after[0] > AT_ONCE:
        before = event_at(view.connection, stream, newest - AT_ONCE)
        after = (newest - AT_ONCE, before.hash) if before is not None else (0, GENESIS)
        if newest > AT_ONCE and before is None:
            gone = f"event {newest - AT_ONCE} is missing"
            return TrailAnswer(Verification(stream, 0, GENESIS, newest - AT_ONCE, gone), False, last)
    elif (fault := _unlike(view, stream, after)) is not None:
        return TrailAnswer(fault, False, last)
    return TrailAnswer(verify_newest(view.connection, stream, after), False, last)


def last_whole(view: View, stream: str, key: bytes) -> WholeVerification | None:
    """Return the last whole verification that this installation signed."""
    for link in newest_about(view.connection, stream, f"trail:{stream}", _LOOK_BACK):
        if (found := _read(link, key)) is not None:
            return found
    return None


def verify_whole(job: JobContext, payload: Mapping[str, Json], key: bytes) -> Mapping[str, Json]:
    """Do such a job: verify everything, and keep what came out in the trail."""
    stream = str(payload["stream"])
    with job.store.read() as view:
        newest, _ = head(view.connection, stream)
        rows, states = rows_to_verify(view.connection, stream)
        total = max(1, newest + states + 10 * rows)

        def watch(seen: int, looked_at: int) -> None:
            share = (seen + looked_at * (states + 10 * rows) / max(1, states + rows)) / total
            job.progress("records held against the trail" if looked_at else "events of the trail", min(share, 1.0))

        found = verify_stream_and_records(view.connection, stream, watch=watch)
    result: dict[str, Json] = {
        "holds": found.holds, "events": found.events, "records": found.records, "faulty": found.faulty,
        "first_bad": found.first_bad,
    }  # fmt: skip
    with job.conclude(result) as unit:
        job.store.database.lock(unit.connection, f"audit:{stream}")  # so that the event gets the number that is signed
        number = head(unit.connection, stream)[0] + 1
        told = _content(found, number, unit.context.now, key)
        unit.note(VERIFIED, f"trail:{stream}", told, project=None if stream == SYSTEM else stream)
    return result


def _content(found: Verification, number: int, now: datetime, key: bytes) -> dict[str, Json]:
    told: dict[str, Json] = {
        "stream": found.stream, "event": number, "at": timestamp(now), "events": found.events,
        "head": found.head.hex(), "holds": found.holds, "records": found.records, "faulty": found.faulty,
        "first_bad": found.first_bad, "reason": found.reason,
        "faults": [
            {"kind": fault.kind, "id": fault.id, "fault": fault.fault.value, "reason": fault.reason}
            for fault in found.faults[:_NAMED]
        ],
    }  # fmt: skip
    return {**told, "signature": _signature(told, key)}


def _signature(told: Mapping[str, Any], key: bytes) -> str:
    own = hmac.new(key, b"qtems verification of a trail", hashlib.sha256).digest()
    return hmac.new(own, canonical_json(told), hashlib.sha256).hexdigest()


def _read(link: ChainedEvent, key: bytes) -> WholeVerification | None:
    """Return what an event says, if this installation wrote it there and then."""
    told = dict(link.event.after)
    signature = str(told.pop("signature", ""))
    try:
        if not hmac.compare_digest(_signature(told, key).encode(), signature.encode()):
            return None
    except Invalid:
        return None
    here = (told["stream"], told["event"], told["at"]) == (link.event.stream, link.event.seq, timestamp(link.event.at))
    if link.event.action != VERIFIED or not here:
        return None  # signed once, and brought here from another place
    plain: dict[str, Any] = json.loads(json.dumps(told))
    return WholeVerification(
        link.event.seq, link.event.at, plain["events"], bytes.fromhex(plain["head"]), plain["holds"], plain["records"],
        plain["faulty"], plain["first_bad"], tuple(plain["faults"]),
    )  # fmt: skip


def _unlike(view: View, stream: str, after: tuple[int, bytes]) -> Verification | None:
    """Return what is wrong where the event up to which all was verified is another one now."""
    seq, known = after
    link = event_at(view.connection, stream, seq) if seq else None
    if seq == 0 or (link is not None and link.hash == known):
        return None
    reason = "it is not the event up to which all was verified" if link is not None else f"event {seq} is missing"
    return Verification(stream, seq - 1, GENESIS, seq, reason, first=seq)
