"""Weighing closed records again when a check that they rest on counts no more, or as of another day."""

from collections.abc import Collection
from datetime import UTC, datetime

from twin.ncr_doubt import weigh
from twin.ncr_parts import RecheckSource
from twin.ncr_record import NonConformance, State
from twin.operations.notices import face_of, tell
from twin.operations.steps import advance
from twin.project import CheckRun
from twin.record import Id
from twin.store import records
from twin.store.repository import Unit
from twin.store.view import Stored, View

_EVER = datetime.min.replace(tzinfo=UTC)


def weigh_closed(unit: Unit, project: Id, checks: Collection[Id], reason: str) -> None:
    """Weigh every closed record that one of these checks re-inspected, and tell of those that come into doubt."""
    counting = {run.id: captured for captured, run in counting_since(unit, project, _EVER)}
    for stored in list(unit.all(records.NCR, project=project, state=State.CLOSED.value)):
        if not any(r.source is RecheckSource.CHECK_RUN and r.id in checks for r in stored.record.rechecks):
            continue
        after = weigh(stored.record, counting, reason=reason, now=unit.context.now)
        if after != stored.record:
            action = "doubt" if after.doubt else "trust"
            _tell(unit, advance(unit, records.NCR, stored, after, action=action, reason=reason))


def counting_since(view: View, project: Id, since: datetime) -> list[tuple[datetime, CheckRun]]:
    """Return the checks that count of what was captured since a time, the earliest capture first."""
    captured = {s.record.id: s.record.captured_at for s in view.all(records.SCAN_EPOCH, project=project)}
    runs = [stored.record for stored in view.all(records.CHECK_RUN, project=project, counts=True)]
    found = [(captured[run.epoch], run) for run in runs if captured[run.epoch] >= since]
    return sorted(found, key=lambda pair: (pair[0], pair[1].id))


def _tell(unit: Unit, stored: Stored[NonConformance]) -> None:
    """Tell who raised, decided and closed a record that it is in doubt."""
    ncr, face = stored.record, face_of(stored.record)
    if ncr.doubt is None or face is None:
        return
    signed = (*ncr.signatures, *((ncr.closing,) if ncr.closing else ()))
    people = (ncr.originator.id, *(signature.signer for signature in signed))
    tell(
        unit, face, "doubted", also=people,
        more={"reason": ncr.doubt.reason, "elements": list(ncr.global_ids), "suggests": "reopen the record"},
    )  # fmt: skip
