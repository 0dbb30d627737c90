"""Use cases around nonconformance records: from findings to records, and what a later check says of them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from geometry.verdict import Outcome
from twin.errors import NotAllowed, Refused
from twin.finding import Finding, FindingStatus, Severity, confirm, supersede
from twin.ncr import (
    NonConformance,
    decision_sha256,
    draft_from_finding,
    note_recurrence,
    open_record,
    record_recheck,
    sign,
)
from twin.ncr_parts import Occurrence, Recheck, RecheckOutcome, RecheckSource, Violation
from twin.ncr_record import LIVE, State
from twin.ncr_repeat import CheckedElement, KnownDefect, RepeatMatch, known_defect, match_repeat
from twin.operations.steps import advance, begin, take_step
from twin.project import CheckRun, Member
from twin.record import Evidence, Id, Signature, SignatureMeaning
from twin.store import records
from twin.store.repository import Context, Store, Unit
from twin.store.view import EVERYTHING, Scope, Stored, View


def raise_ncr(
    store: Store,
    context: Context,
    project: Id,
    *,
    title: str,
    severity: Severity,
    quantity: Decimal,
    unit: str,
    description: str = "",
    global_ids: tuple[str, ...] = (),
    lot: str = "",
    violations: tuple[Violation, ...] = (),
    evidence: tuple[Evidence, ...] = (),
    contract_affected: bool = False,
    customer_to_be_informed: bool = False,
) -> Stored[NonConformance]:
    """Keep a draft that a person raises."""
    with store.write(context) as change_:
        change_.get(records.PROJECT, project)
        draft = NonConformance(
            id=change_.new_id(), project=project, title=title, severity=severity, quantity=quantity, unit=unit,
            originator=context.actor, raised_at=context.now, description=description, detector=context.actor,
            global_ids=global_ids, lot=lot, violations=violations, evidence=evidence,
            contract_affected=contract_affected, customer_to_be_informed=customer_to_be_informed,
        )  # fmt: skip
        return begin(change_, records.NCR, draft)


def confirm_finding(
    store: Store, context: Context, finding: Id, *, expected: int, title: str = "", scope: Scope = EVERYTHING
) -> Stored[NonConformance]:
    """Make a draft of a finding, with the check's report as its evidence; the finding names it from then on."""
    with store.write(context) as unit:
        found = unit.get(records.FINDING, finding, scope)
        run = unit.get(records.CHECK_RUN, found.record.origin.check_run).record
        identifier = unit.new_id()
        draft = draft_from_finding(
            found.record, identifier=identifier, title=title.strip() or _title(found.record), evidence=(run.report,),
            actor=context.actor, now=context.now,
        )  # fmt: skip
        confirmed = confirm(found.record, ncr=identifier, actor=context.actor, now=context.now)
        unit.save(records.FINDING, confirmed, expected=expected, action="confirm")
        return begin(unit, records.NCR, draft, reason=f"finding {finding}")


def open_ncr(
    store: Store, context: Context, ncr: Id, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[NonConformance]:
    """Open a draft under the project's next number; a number is given only to what may be opened."""
    with store.write(context) as unit:
        old = unit.get(records.NCR, ncr, scope)
        if old.version != expected:
            return unit.save(records.NCR, old.record, expected=expected)  # raises, before the domain judges it
        project = unit.get(records.PROJECT, old.record.project).record
        open_record(old.record, number=f"{project.key}-NCR-0000", actor=context.actor, now=context.now)
        number = f"{project.key}-NCR-{unit.number(project.id, 'ncr'):04d}"
        opened = open_record(old.record, number=number, actor=context.actor, now=context.now)
        return advance(unit, records.NCR, old, opened, action="open")


def sign_ncr(
    store: Store, context: Context, ncr: Id, *, member: Member, expected: int, scope: Scope = EVERYTHING
) -> Stored[NonConformance]:
    """Sign the disposition as it stands, in the capacity in which the actor sits on the board.

    Who signs has proved again who they are before this is called (21 CFR 11.200).

    Raises
    ------
    NotAllowed
        If the membership does not grant the capacity.
    """

    def signed(record: NonConformance) -> NonConformance:
        seat = next((seat for seat in record.roster if seat.person == context.actor.id), None)
        if seat is not None and seat.capacity not in member.capacities:
            said = seat.capacity.value.replace("_", " ")
            raise NotAllowed(f"your membership does not let you sign as {said}; an owner can grant it")
        signature = Signature(
            context.actor.id, context.actor.name, SignatureMeaning.APPROVAL, seat.capacity.value if seat else "",
            context.now, decision_sha256(record),
        )  # fmt: skip
        return sign(record, signature, now=context.now)

    return take_step(store, context, records.NCR, ncr, signed, action="sign", expected=expected, scope=scope)


def record_findings(
    unit: Unit,
    run: CheckRun,
    findings: tuple[Finding, ...],
    checked: Mapping[str, CheckedElement],
    captured_at: datetime,
) -> RepeatMatch:
    """Keep what a check raises: what is on record is noted there, what nobody decided is seen again, the rest is new.

    Records whose correction waits for it are re-inspected by this check where it saw their elements; one that fails
    goes back to review, and none is closed by a machine.
    """
    kept = {stored.record.id: stored for stored in _undecided(unit, run)}
    ncrs = {stored.record.id: stored for stored in unit.all(records.NCR, project=run.project)}
    known = [known_defect(stored.record, unit.context.now) for stored in ncrs.values()]
    known += [KnownDefect(finding.record.id, finding.record.defect) for finding in kept.values()]
    match = match_repeat(findings, [k for k in known if k is not None], checked)
    for finding in findings:
        unit.add(records.FINDING, finding)
    by_id = {finding.id: finding for finding in findings}
    for repeated in match.repeated:
        finding = by_id[repeated.finding]
        _note(unit, [r for r in repeated.records if r in ncrs], finding, repeated.unchanged)
        _take_place(unit, [kept[r] for r in repeated.records if r in kept], finding)
    for standing in match.records:
        if standing.record in ncrs:
            outcomes = {element.global_id: element.verdict for element in standing.elements}
            _reinspect(unit, standing.record, run, outcomes, captured_at)
    return match


def _undecided(view: View, run: CheckRun) -> list[Stored[Finding]]:
    waiting = view.all(records.FINDING, project=run.project, status=FindingStatus.OPEN.value)
    return [stored for stored in waiting if stored.record.origin.check_run != run.id]


def _note(unit: Unit, ncrs: list[Id], finding: Finding, unchanged: bool) -> None:
    """Note a finding in the records that know its defect; it is confirmed as the first of them that takes it."""
    context, taken = unit.context, ""
    origin = finding.origin
    for ncr in ncrs:
        stored = unit.get(records.NCR, ncr)
        occurrence = Occurrence(
            finding.id, origin.check_run, origin.scan_epoch, context.now, finding.defect.failures, unchanged
        )
        try:
            noted = note_recurrence(stored.record, occurrence, now=context.now)
        except Refused:
            continue  # closed, and did not accept this: the finding stays open for a person
        advance(unit, records.NCR, stored, noted, action="note_recurrence")
        taken = taken or stored.record.id
    if taken and finding.verdict is Outcome.FAIL:
        confirmed = confirm(finding, ncr=taken, actor=context.actor, now=context.now)
        unit.save(records.FINDING, confirmed, expected=1, action="confirm", reason="the same defect is on record")


def _take_place(unit: Unit, old: list[Stored[Finding]], finding: Finding) -> None:
    for stored in old:
        ended = supersede(stored.record, successor=finding.id, actor=unit.context.actor, now=unit.context.now)
        unit.save(records.FINDING, ended, expected=stored.version, action="supersede")


def _reinspect(unit: Unit, ncr: Id, run: CheckRun, outcomes: Mapping[str, Outcome], captured_at: datetime) -> None:
    """Let a check re-inspect a record that waits for it; what it does not know of changes nothing."""
    stored = unit.get(records.NCR, ncr)
    record = stored.record
    if record.state is not State.REINSPECTION:
        return
    corrected = {g for line in record.corrections for g in line.global_ids}
    told = tuple(RecheckOutcome(g, outcomes[g]) for g in sorted(corrected & outcomes.keys()))
    if not told:
        return
    recheck = Recheck(run.id, RecheckSource.CHECK_RUN, record.id, captured_at, told, unit.context.actor)
    try:
        rechecked = record_recheck(record, recheck, actor=unit.context.actor, now=unit.context.now)
    except Refused:
        return  # captured before the work was finished, or judged by other criteria: it says nothing
    advance(unit, records.NCR, stored, rechecked, action="record_recheck", reason=f"check {run.id}")


def open_records(view: View, project: Id) -> list[Stored[NonConformance]]:
    """Return the records in which somebody has to do something, oldest first."""
    return list(view.all(records.NCR, project=project, state=tuple(state.value for state in LIVE)))


def _title(finding: Finding) -> str:
    lead = finding.defect.lead
    what = finding.defect.kind.value.replace("_", " ")
    more = len(finding.defect.global_ids) - 1
    return f"{what.capitalize()}: {lead.global_id}{f' and {more} more' if more else ''} ({lead.characteristic})"
