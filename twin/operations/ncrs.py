"""Use cases around nonconformance records: from findings to records, and what a later check says of them."""

from decimal import Decimal

from twin.check_record import evidence_of
from twin.disposition import Proof
from twin.errors import Refused
from twin.finding import Finding, Severity, confirm
from twin.granted import require_granted
from twin.ncr import (
    CLOSES_AS,
    NonConformance,
    close,
    closing_sha256,
    decision_sha256,
    draft_from_finding,
    open_record,
    record_proof,
    sign,
)
from twin.ncr_parts import Violation
from twin.operations.counting import require_counting_rechecks
from twin.operations.recurrences import announce
from twin.operations.repeats import settle
from twin.operations.steps import advance, begin, take_step
from twin.project import Member
from twin.record import Evidence, Id, Signature, SignatureMeaning
from twin.record_report.titles import finding_title
from twin.sorting import missing_in_children
from twin.store import records
from twin.store.lookups import name_of
from twin.store.repository import Context, Store
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
    """Make a draft of a finding, with what the check kept as its evidence; the finding names it from then on."""
    with store.write(context) as unit:
        found = unit.get(records.FINDING, finding, scope)
        run = unit.get(records.CHECK_RUN, found.record.origin.check_run).record
        revision = unit.get(records.MODEL_REVISION, run.revision).record
        epoch = unit.get(records.SCAN_EPOCH, run.epoch).record
        identifier = unit.new_id()
        draft = draft_from_finding(
            found.record, identifier=identifier, title=title.strip() or _title(unit, found.record),
            evidence=evidence_of(run, found.record, revision, epoch), actor=context.actor, now=context.now,
        )  # fmt: skip
        confirmed = confirm(found.record, ncr=identifier, actor=context.actor, now=context.now)
        unit.save(records.FINDING, confirmed, expected=expected, action="confirm")
        settle(unit, found.record, f"it goes on in another record, {identifier}")
        return begin(unit, records.NCR, draft, reason=f"finding {finding}")


def open_ncr(
    store: Store, context: Context, ncr: Id, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[NonConformance]:
    """Open a draft under the project's next number; a number is given only to what may be opened."""
    with store.write(context) as unit:
        old = unit.take(records.NCR, ncr, scope, expected=expected)
        project = unit.get(records.PROJECT, old.record.project).record
        open_record(old.record, number=f"{project.key}-NCR-0000", actor=context.actor, now=context.now)
        number = f"{project.key}-NCR-{unit.number(project.id, 'ncr'):04d}"
        opened = open_record(old.record, number=number, actor=context.actor, now=context.now)
        stored = advance(unit, records.NCR, old, opened, action="open")
        announce(unit, opened)
        return stored


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
        if seat is not None:
            require_granted(member, seat.capacity)
        signature = Signature(
            context.actor.id, context.actor.name, SignatureMeaning.APPROVAL, seat.capacity.value if seat else "",
            context.now, decision_sha256(record),
        )  # fmt: skip
        return sign(record, signature, now=context.now)

    return take_step(store, context, records.NCR, ncr, signed, action="sign", expected=expected, scope=scope)


def close_ncr(
    store: Store, context: Context, ncr: Id, *, member: Member, expected: int, scope: Scope = EVERYTHING
) -> Stored[NonConformance]:
    """Close a record by signature; who signs has proved again who they are before this is called (21 CFR 11.200).

    Raises
    ------
    NotAllowed
        If the membership grants no capacity in which records are closed.
    Refused
        Also if a record that sorting sent failed lots to was voided or rejected since.
    """
    able = require_granted(member, *CLOSES_AS)
    with store.write(context) as unit:
        old = unit.take(records.NCR, ncr, scope, expected=expected)
        signature = Signature(
            context.actor.id, context.actor.name, SignatureMeaning.APPROVAL, able.value, context.now,
            closing_sha256(old.record),
        )  # fmt: skip
        require_counting_rechecks(unit, old.record)
        closed = close(old.record, signature, actor=context.actor, now=context.now)
        for proof in {proof.line: proof for proof in old.record.proofs}.values():
            require_children(unit, old.record, proof)
        return advance(unit, records.NCR, old, closed, action="close")


def prove_line(
    store: Store, context: Context, ncr: Id, proof: Proof, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[NonConformance]:
    """Record that a line was carried out; lots that failed go on in records that there are, and that are about them.

    Raises
    ------
    Refused
        If a failed lot names a record that does not exist, was given up, or is about something else.
    """
    with store.write(context) as unit:
        old = unit.take(records.NCR, ncr, scope, expected=expected)
        proven = record_proof(old.record, proof, now=context.now)
        require_children(unit, old.record, proof)
        return advance(unit, records.NCR, old, proven, action="record_proof")


def require_children(view: View, ncr: NonConformance, proof: Proof) -> None:
    """Raise :class:`Refused` unless the records that failed lots name take them up."""
    project = Scope(frozenset({ncr.project}))
    named = {lot.ncr for lot in proof.lots if lot.ncr is not None}
    children = {key: view.get(records.NCR, key).record for key in named if view.has(records.NCR, key, project)}
    missing = missing_in_children(ncr, proof.lots, children)
    if missing:
        raise Refused(f"a lot that failed goes on in a record about it: {'; '.join(missing)}", missing=missing)


def language_of(view: View, project: Id) -> str:
    """Return the language in which a project keeps its records."""
    return view.get(records.PROJECT, project).record.language


def _title(view: View, finding: Finding) -> str:
    lead = finding.defect.lead
    name = name_of(view.connection, finding.project, finding.origin.check_run, lead.global_id) or lead.global_id
    return finding_title(finding.defect, name, language_of(view, finding.project))
