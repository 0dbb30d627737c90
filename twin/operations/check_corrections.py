"""What was wrong about a scan or its check and is put right: when it was captured, and whether any check of it counts.

Neither measures anything anew. What is known after the epoch and all later ones is derived again in the right order,
and findings over which a wrong scan had the last word are raised again.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime

from twin.errors import Refused
from twin.finding import Finding, FindingStatus, supersede
from twin.ncr_evidence import redated
from twin.ncr_record import State
from twin.operations.check_standing import (
    derive_anew,
    derive_check,
    found_by,
    retire_counting,
)
from twin.operations.closed_records import counting_since, weigh_closed
from twin.operations.predictions import settle_by_checks
from twin.operations.repeats import record_findings
from twin.operations.steps import advance
from twin.plan_execution import redate_checks
from twin.project import CheckRun, ScanEpoch
from twin.record import Id, require_past
from twin.store import records
from twin.store.blobs import BlobStore
from twin.store.elements import keep_states, states_of
from twin.store.repository import Context, Store, Unit
from twin.store.view import EVERYTHING, Scope, Stored

_ENDED = (State.CLOSED, State.REJECTED, State.VOID)
"""Records that stay as they were signed or ended."""
_EVER = datetime.min.replace(tzinfo=UTC)


def redate_scan(
    store: Store,
    blobs: BlobStore,
    context: Context,
    epoch: Id,
    captured_at: datetime,
    *,
    reason: str,
    expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[ScanEpoch]:
    """Put right when an epoch was captured; what is known after it and all later epochs is derived in the new order.

    Records that are not ended take the new time for what its checks said: what turns out to be older than the work
    speaks for nothing any more.

    Raises
    ------
    Invalid
        If that is yet to be.
    Refused
        If it has this time already, or no reason is given.
    """
    with store.write(context) as unit:
        old = unit.take(records.SCAN_EPOCH, epoch, scope, expected=expected)
        why = _reason(reason, "the time of capture is wrong")
        require_past(captured_at, context.now, "captured_at")
        if captured_at == old.record.captured_at:
            raise Refused(f"epoch {old.record.name} has this time of capture already")
        right = replace(old.record, captured_at=captured_at, redating_reason=why)
        stored = unit.save(records.SCAN_EPOCH, right, expected=expected, action="redate", reason=why)
        runs = [run.record for run in unit.all(records.CHECK_RUN, project=right.project, scan_epoch=epoch)]
        said = f"scan epoch {epoch} was dated anew"
        _redate_states(unit, runs, captured_at, said)
        derive_anew(unit, blobs, right.project, since=min(captured_at, old.record.captured_at), reason=said)
        for run in runs:
            if not run.counts:
                derive_check(unit, blobs, run, captured_at, reason=said)
        _redate_evidence(unit, right.project, {run.id for run in runs}, captured_at, why)
        _raise_again(unit, blobs, right.project, _out_of_order(unit, right))
        settle_by_checks(unit, right.project)
        weigh_closed(unit, right.project, {run.id for run in runs}, f"{said}: {why}")
        return stored


def withdraw_check(
    store: Store,
    blobs: BlobStore,
    context: Context,
    check: Id,
    *,
    reason: str,
    expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[CheckRun]:
    """Let a check count no more, with none in its place: its epoch says nothing of what is known any more.

    What it found and nobody decided is over; what its findings had taken the place of is raised again.

    Raises
    ------
    Refused
        If it does not count, or no reason is given.
    """
    with store.write(context) as unit:
        old = unit.take(records.CHECK_RUN, check, scope, expected=expected)
        if not old.record.counts:
            raise Refused(f"check {check} does not count: there is nothing to withdraw")
        why = _reason(reason, "this check is to count no more")
        run = retire_counting(unit, old.record.project, old.record.epoch, reason=why)
        captured = unit.get(records.SCAN_EPOCH, old.record.epoch).record.captured_at
        said = f"check {check} was withdrawn"
        derive_anew(unit, blobs, old.record.project, since=captured, reason=said)
        for stored in list(unit.all(records.FINDING, check_run=check, status=FindingStatus.OPEN.value)):
            over = supersede(stored.record, successor=check, actor=context.actor, now=context.now)
            unit.save(records.FINDING, over, expected=stored.version, action="supersede", reason=f"{said}: {why}")
        _raise_again(unit, blobs, old.record.project, lambda _, newer: newer.origin.check_run == check)
        settle_by_checks(unit, old.record.project)
        assert run is not None
        weigh_closed(unit, run.project, {run.id}, f"{said}: {why}")
        return unit.get(records.CHECK_RUN, run.id)


def _redate_states(unit: Unit, runs: list[CheckRun], captured_at: datetime, reason: str) -> None:
    """Give everything that the checks of an epoch left its new time, before anything is derived by the order."""
    for run in runs:
        rows = states_of(unit.connection, run.id)
        dated = [
            replace(row, state=replace(row.state, epoch=replace(row.state.epoch, captured_at=captured_at)))
            for row in rows
        ]  # fmt: skip
        keep_states(unit, dated, reason=reason)


def _redate_evidence(unit: Unit, project: Id, checks: Collection[Id], captured_at: datetime, reason: str) -> None:
    for ncr in list(unit.all(records.NCR, project=project)):
        if ncr.record.state not in _ENDED:
            dated = redated(ncr.record, checks, captured_at)
            if dated != ncr.record:
                advance(unit, records.NCR, ncr, dated, action="redate_evidence", reason=reason)
    for execution in list(unit.all(records.PLAN_EXECUTION, project=project)):
        again = redate_checks(execution.record, checks, captured_at)
        if again != execution.record:
            advance(unit, records.PLAN_EXECUTION, execution, again, action="redate_evidence", reason=reason)


def _out_of_order(unit: Unit, epoch: ScanEpoch) -> Callable[[Finding, Finding], bool]:
    """Return what says whether a finding of or against an epoch took the place of one that was scanned after it."""
    captured = {s.record.id: s.record.captured_at for s in unit.all(records.SCAN_EPOCH, project=epoch.project)}

    def is_void(finding: Finding, newer: Finding) -> bool:
        epochs = (finding.origin.scan_epoch, newer.origin.scan_epoch)
        return epoch.id in epochs and captured[newer.origin.scan_epoch] < captured[finding.origin.scan_epoch]

    return is_void


def _raise_again(unit: Unit, blobs: BlobStore, project: Id, is_void: Callable[[Finding, Finding], bool]) -> None:
    """Raise again, in the order of capture, what was superseded by a finding that has no word over it any more."""
    known = {stored.record.id: stored.record for stored in unit.all(records.FINDING, project=project)}
    stands = {(f.origin.check_run, f.cause_key) for f in known.values() if f.status is not FindingStatus.SUPERSEDED}
    lost: dict[Id, dict[str, Finding]] = {}
    for finding in known.values():
        newer = known.get((finding.decision.successor or "") if finding.decision else "")
        raised = finding.origin.check_run, finding.cause_key
        if finding.status is FindingStatus.SUPERSEDED and newer and raised not in stands and is_void(finding, newer):
            lost.setdefault(finding.origin.check_run, {})[finding.cause_key] = finding
    for captured, run in counting_since(unit, project, _EVER) if lost else ():
        again = tuple(_anew(unit, finding) for finding in lost.get(run.id, {}).values())
        if again:
            checked = {one.global_id: one for one in found_by(blobs, run).checked}
            record_findings(unit, run, again, checked, captured)


def _anew(unit: Unit, finding: Finding) -> Finding:
    by, now = unit.context.actor, unit.context.now
    return replace(
        finding, id=unit.new_id(), raised_by=by, raised_at=now, status=FindingStatus.OPEN, decision=None, related=()
    )


def _reason(reason: str, what: str) -> str:
    if not reason.strip():
        raise Refused(f"say why {what}", missing=("a reason",))
    return reason.strip()
