"""Which check of an epoch says what is known after it: the first one, until a person lets another one count.

Checks of one scan by other tolerances, another registration or another revision are made to look, and to put right
what went wrong. All of them are kept with their states; only the one that counts raises findings, re-inspects
nonconformances and carries what is known on to the epochs after it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from geometry.verdict import Outcome
from twin.element_state import observe
from twin.errors import Refused
from twin.finding import MISSING, Failure, Finding, FindingStatus, supersede
from twin.ncr_criteria import CheckedElement, verdict_on
from twin.ncr_parts import Requirement
from twin.operations.closed_records import counting_since, weigh_closed
from twin.operations.counting import require_counting
from twin.operations.design_changes import carried
from twin.operations.predictions import settle_by_checks
from twin.operations.repeats import record_findings
from twin.operations.steps import advance
from twin.plan_execution import unlink_check
from twin.project import CheckRun, RegistrationStatus
from twin.record import Id
from twin.store import records
from twin.store.blobs import BlobStore
from twin.store.codec import from_json
from twin.store.elements import keep_states, latest_states, states_of
from twin.store.repository import Context, Store, Unit
from twin.store.view import EVERYTHING, Scope, Stored, View

_DECIDED = (FindingStatus.OPEN, FindingStatus.CONFIRMED, FindingStatus.DISMISSED)


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found, kept with it until it is raised: candidates without identifiers, and what it says of each."""

    findings: tuple[Finding, ...]
    checked: tuple[CheckedElement, ...]


def count_check(
    store: Store,
    blobs: BlobStore,
    context: Context,
    check: Id,
    *,
    reason: str,
    expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[CheckRun]:
    """Let a check count for its epoch in place of the one that did; what is known is derived anew from there on.

    Raises
    ------
    Refused
        If it counts already, its registration was refused, or no reason is given.
    """
    with store.write(context) as unit:
        old = unit.take(records.CHECK_RUN, check, scope, expected=expected)
        if old.record.counts:
            raise Refused(f"check {check} counts for its epoch already")
        if old.record.registration.status is RegistrationStatus.REFUSED:
            raise Refused(
                f"check {check} cannot count: its registration was refused, so that it says nothing of any element",
                missing=("an accepted registration",),
            )
        before = retire_counting(unit, old.record.project, old.record.epoch, reason=reason)
        run = replace(old.record, counts=True, counting_reason=reason.strip())
        stored = unit.save(records.CHECK_RUN, run, expected=expected, action="count", reason=reason.strip())
        captured = unit.get(records.SCAN_EPOCH, run.epoch).record.captured_at
        derive_anew(unit, blobs, run.project, since=captured, reason=f"check {run.id} counts")
        raise_findings(unit, run, found_by(blobs, run), captured, instead_of=before)
        settle_by_checks(unit, run.project)
        changed = {run.id, *((before.id,) if before else ())}
        weigh_closed(
            unit, run.project, changed, f"check {run.id} counts{f' in place of {before.id}' if before else ''}"
        )
        return stored


def counting_check(view: View, project: Id, epoch: Id) -> Stored[CheckRun] | None:
    """Return the check that counts for an epoch; None when none does yet."""
    return view.find(records.CHECK_RUN, project=project, scan_epoch=epoch, counts=True)


def retire_counting(unit: Unit, project: Id, epoch: Id, *, reason: str) -> CheckRun | None:
    """Let the check that counts for an epoch count no more, and return it; it is kept for information.

    It speaks for no item of a plan any more whose hold is not released yet.

    Raises
    ------
    Refused
        If there is one and no reason is given.
    """
    stored = counting_check(unit, project, epoch)
    if stored is None:
        return None
    if not reason.strip():
        raise Refused(
            f"check {stored.record.id} counts for this epoch: say why another one is to count in its place",
            missing=("a reason",),
        )
    run = replace(stored.record, counts=False, counting_reason=reason.strip())
    unit.save(records.CHECK_RUN, run, expected=stored.version, action="stop_counting", reason=reason.strip())
    for execution in list(unit.all(records.PLAN_EXECUTION, project=project)):
        left = unlink_check(execution.record, run.id)
        if left != execution.record:
            advance(unit, records.PLAN_EXECUTION, execution, left, action="unlink_check", reason=reason.strip())
    return run


def raise_findings(
    unit: Unit, run: CheckRun, found: Found, captured_at: datetime, *, instead_of: CheckRun | None = None
) -> None:
    """Raise what a check found that counts; what it raised when it counted before and is not over is not raised twice.

    Of what the check in whose place it counts raised and nobody decided, that is over which passes the same criteria.
    """
    require_counting(run)
    mine = unit.all(records.FINDING, check_run=run.id)
    raised = {stored.record.cause_key for stored in mine if stored.record.status in _DECIDED}
    fresh = tuple(
        replace(finding, id=unit.new_id(), raised_by=unit.context.actor, raised_at=unit.context.now)
        for finding in found.findings
        if finding.cause_key not in raised
    )
    checked = {one.global_id: one for one in found.checked}
    record_findings(unit, run, fresh, checked, captured_at)
    if instead_of is None:
        return
    for stored in list(unit.all(records.FINDING, check_run=instead_of.id, status=FindingStatus.OPEN.value)):
        if is_over(stored.record, checked):
            over = supersede(stored.record, successor=run.id, actor=unit.context.actor, now=unit.context.now)
            said = f"check {run.id} counts in place of {instead_of.id}, and it passes there"
            unit.save(records.FINDING, over, expected=stored.version, action="supersede", reason=said)


def is_over(finding: Finding, checked: Mapping[str, CheckedElement]) -> bool:
    """Say whether everything that a finding names passes what it failed, by limits that are no wider."""
    return all(
        failure.global_id in checked
        and checked[failure.global_id].verdict is Outcome.PASS
        and _passes(failure, checked[failure.global_id])
        for failure in finding.defect.failures
    )


def _passes(failure: Failure, checked: CheckedElement) -> bool:
    if failure.characteristic == MISSING:
        return True  # what passes as a whole is there
    said = [
        one
        for one in checked.characteristics
        if (one.characteristic, one.source) == (failure.characteristic, failure.source)
    ]
    asked = Requirement(failure.characteristic, failure.source, failure.lower_mm, failure.upper_mm)
    return bool(said) and all(verdict_on(asked, one) is Outcome.PASS for one in said)


def found_by(blobs: BlobStore, run: CheckRun) -> Found:
    """Return what is kept of what a check found."""
    with blobs.open(run.findings_sha256) as stream:
        return from_json(json.loads(stream.read()), Found)


def derive_anew(unit: Unit, blobs: BlobStore, project: Id, *, since: datetime, reason: str) -> None:
    """Derive what is known after every epoch from ``since`` on, in the order of capture, from what each saw.

    What the checks measured and said stays as it is; only what follows from it is written again, with a new digest.
    """
    for captured, run in counting_since(unit, project, since):
        derive_check(unit, blobs, run, captured, reason=reason)


def derive_check(unit: Unit, blobs: BlobStore, run: CheckRun, captured: datetime, *, reason: str) -> None:
    """Derive what is known after one check from what it saw and what was known before its epoch."""
    rows = states_of(unit.connection, run.id)
    previous = latest_states(unit.connection, run.project, before=captured)
    known = carried(unit, blobs, previous, run.revision)
    anew = [
        replace(row, state=observe(
            run.project, row.state.global_id, known.get(row.state.global_id), row.state.seen, epoch=row.state.epoch,
        ))
        for row in rows
    ]  # fmt: skip
    if anew != rows:
        keep_states(unit, anew, reason=reason)
