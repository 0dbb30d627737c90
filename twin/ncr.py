"""What can be done with a nonconformance record: one function per event, each returning the next record.

The workflow is ``TRANSITIONS``; what an event needs first is ``missing_for``. ISO 9001:2015 8.7 and 10.2; dispositions,
review board and forced re-inspection as in the MRB practice of AS9100.
"""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from twin.access import Capacity
from twin.disposition import DispositionLine, require_lines
from twin.errors import Invalid, Refused
from twin.finding import Severity
from twin.ncr_deadline import containment_due
from twin.ncr_draft import amend, draft_from_finding, draft_from_inspection
from twin.ncr_guards import allowed_events, missing_for, originators
from twin.ncr_moves import (
    move,
    new_cycle,
    require,
    require_not_corrector,
    require_other,
    stated,
    target,
)
from twin.ncr_occurrence import decide_on_change, note_recurrence
from twin.ncr_parts import (
    CapaDecision,
    Containment,
    Cost,
    CustomerNotice,
    CycleEnd,
    Member,
)
from twin.ncr_recheck import record_proof, record_recheck
from twin.ncr_record import (
    LIVE,
    TRANSITIONS,
    Event,
    NonConformance,
    State,
    Step,
    closing_sha256,
    decision_sha256,
    valid_signatures,
)
from twin.record import Actor, Evidence, Id, Signature, SignatureMeaning, require_utc
from twin.signed_content import require_signature

__all__ = [
    "CLOSES_AS",
    "TRANSITIONS",
    "Event",
    "NonConformance",
    "State",
    "add_evidence",
    "allowed_events",
    "amend",
    "assemble",
    "assign",
    "capture_cost",
    "close",
    "closing_sha256",
    "contain",
    "correct",
    "decide_capa",
    "decide_on_change",
    "decision_sha256",
    "dispose",
    "draft_from_finding",
    "draft_from_inspection",
    "inform_customer",
    "is_overdue",
    "missing_for",
    "note_recurrence",
    "open_record",
    "propose",
    "reclassify",
    "reconsider",
    "record_containment",
    "record_proof",
    "record_recheck",
    "reinspect",
    "reject",
    "reopen",
    "review",
    "sign",
    "total_cost",
    "valid_signatures",
    "verify",
    "void",
]


def open_record(ncr: NonConformance, *, number: str, actor: Actor, now: datetime) -> NonConformance:
    """Open a draft under its number: identified, with requirement, value and evidence; the clock to contain it runs."""
    if not number.strip():
        raise Invalid("a nonconformance record is opened under a number of its own")
    opened = move(ncr, Event.OPEN, actor, now)
    return replace(opened, number=number, containment_due=containment_due(ncr.severity, now))


def reclassify(
    ncr: NonConformance,
    *,
    severity: Severity,
    contract_affected: bool,
    customer_to_be_informed: bool,
    reason: str,
    actor: Actor,
    now: datetime,
) -> NonConformance:
    """Say anew how severe it is and whom it concerns; what was signed before is no longer valid."""
    state = target(ncr, Event.RECLASSIFY)
    clock = next((s.at for s in reversed(ncr.steps) if s.event in (Event.OPEN, Event.REOPEN)), now)
    return replace(
        ncr,
        severity=severity,
        contract_affected=contract_affected,
        customer_to_be_informed=customer_to_be_informed,
        containment_due=containment_due(severity, clock),
        steps=(*ncr.steps, Step(Event.RECLASSIFY, state, actor, require_utc(now), stated(reason))),
    )


def assign(ncr: NonConformance, *, assignee: Id | None, due: date | None) -> NonConformance:
    """Say who has to see to it next, and until when; nobody is an answer, too."""
    target(ncr, Event.ASSIGN)
    return replace(ncr, assignee=assignee, due=due)


def add_evidence(ncr: NonConformance, evidence: Evidence) -> NonConformance:
    """Add a piece of evidence; the same content is kept once."""
    target(ncr, Event.ADD_EVIDENCE)
    known = any(e.sha256 == evidence.sha256 for e in ncr.evidence)
    return ncr if known else replace(ncr, evidence=(*ncr.evidence, evidence))


def record_containment(ncr: NonConformance, containment: Containment) -> NonConformance:
    """Record how unintended use is prevented and what else was found to be affected."""
    target(ncr, Event.RECORD_CONTAINMENT)
    return replace(ncr, containment=containment)


def contain(ncr: NonConformance, *, actor: Actor, now: datetime) -> NonConformance:
    """Go on to the review board's assembly: it is contained."""
    return move(ncr, Event.CONTAIN, actor, now)


def assemble(ncr: NonConformance, roster: tuple[Member, ...]) -> NonConformance:
    """Name the review board; who raised the record does not sit on it, and each member once (four eyes)."""
    target(ncr, Event.ASSEMBLE)
    for member in roster:
        if member.person in originators(ncr):
            raise Refused(f"{member.name} raised this record and may not review it: name somebody else")
    if len({m.person for m in roster}) != len(roster):
        raise Refused("each member of the review board sits on it once, in one capacity: name another person")
    return replace(ncr, roster=roster)


def review(ncr: NonConformance, *, actor: Actor, now: datetime) -> NonConformance:
    """Put it before the review board."""
    return move(ncr, Event.REVIEW, actor, now)


def propose(ncr: NonConformance, lines: tuple[DispositionLine, ...]) -> NonConformance:
    """Propose what is decided; whatever was signed before has to be signed again.

    Raises
    ------
    IllegalTransition
        If the record is in a state in which nothing is proposed.
    Invalid
        If the lines decide about more than there is, about something else, or one thing twice.
    """
    target(ncr, Event.PROPOSE)
    require_lines(lines, ncr.quantity, ncr.global_ids, unit=ncr.unit)
    return replace(ncr, lines=lines)


def sign(ncr: NonConformance, signature: Signature, *, now: datetime) -> NonConformance:
    """Add a signature on the disposition as it stands: by a member of the board, in their capacity, once."""
    target(ncr, Event.SIGN)
    require(ncr, Event.SIGN, now)
    seats = {m.person: m.capacity for m in ncr.roster}
    raised = dict.fromkeys(originators(ncr), "raised this record")
    capacity = seats.get(signature.signer)
    if capacity is None and signature.signer not in raised:
        raise Refused(f"{signature.signer_name} is not on the review board: name them first")
    require_signature(
        signature,
        decision_sha256(ncr),
        role=capacity or signature.role,
        not_by=raised,
        meaning=SignatureMeaning.APPROVAL,
    )
    if any(s.signer == signature.signer for s in valid_signatures(ncr)):
        raise Refused(f"{signature.signer_name} has signed this already: another person has to sign")
    return replace(ncr, signatures=(*ncr.signatures, signature))


def dispose(ncr: NonConformance, *, actor: Actor, now: datetime) -> NonConformance:
    """Put the signed disposition into force."""
    return move(ncr, Event.DISPOSE, actor, now)


def correct(ncr: NonConformance, *, actor: Actor, now: datetime) -> NonConformance:
    """Begin the work that was decided."""
    return move(ncr, Event.CORRECT, actor, now)


def verify(ncr: NonConformance, *, actor: Actor, now: datetime) -> NonConformance:
    """Go on to proving what was decided where no work is done."""
    return move(ncr, Event.VERIFY, actor, now)


def reinspect(ncr: NonConformance, *, finished_at: datetime, actor: Actor, now: datetime) -> NonConformance:
    """Report the work as finished, and when it was: only evidence from then on counts."""
    moved = move(ncr, Event.REINSPECT, actor, now)
    if not moved.steps[-2].at <= require_utc(finished_at) <= now:
        raise Invalid("the work was finished between its beginning and now: correct the time")
    return replace(moved, corrected_at=finished_at)


def decide_capa(ncr: NonConformance, decision: CapaDecision) -> NonConformance:
    """Record whether the cause has to be eliminated, and why."""
    target(ncr, Event.DECIDE_CAPA)
    return replace(ncr, capa=decision)


def capture_cost(ncr: NonConformance, cost: Cost) -> NonConformance:
    """Record what it cost in this cycle."""
    target(ncr, Event.CAPTURE_COST)
    return replace(ncr, cost=cost)


def inform_customer(ncr: NonConformance, notice: CustomerNotice) -> NonConformance:
    """Record that the customer was informed."""
    target(ncr, Event.INFORM_CUSTOMER)
    return replace(ncr, notice=notice)


CLOSES_AS = (Capacity.QUALITY_MANAGER, Capacity.CUSTOMER)
"""In which capacities a record is closed: not in that of who builds."""


def close(ncr: NonConformance, signature: Signature, *, actor: Actor, now: datetime) -> NonConformance:
    """Close it by signature: everything decided is done, and everything corrected passed its re-inspection.

    Closed by somebody else than who corrected; a major or critical one also by somebody else than who raised it. That
    goes with the severity as the board does: of a minor one, who raised it is the one who wants it put right.

    Raises
    ------
    Refused
        If something is missing, or this person may not sign that it is done.
    """
    moved = move(ncr, Event.CLOSE, actor, now)
    require_not_corrector(ncr, (actor.id, actor.on_behalf_of, signature.signer), "close it")
    raised = dict.fromkeys(originators(ncr), f"raised this {ncr.severity.value} record")
    if signature.signer != actor.id:
        raise Refused("a record is closed by who signs that: sign it yourself", missing=("the closer's signature",))
    role = signature.role if signature.role in CLOSES_AS else CLOSES_AS[0]
    require_signature(
        signature,
        closing_sha256(ncr),
        role=role,
        not_by={} if ncr.severity is Severity.MINOR else raised,
        meaning=SignatureMeaning.APPROVAL,
    )
    return replace(moved, closing=signature)


def reconsider(ncr: NonConformance, *, reason: str, actor: Actor, now: datetime) -> NonConformance:
    """Put a disposition before the board again: a concession ran out, the work cannot be done as decided."""
    moved = move(ncr, Event.RECONSIDER, actor, now, stated(reason))
    return new_cycle(moved, CycleEnd.RECONSIDERED, reason, actor, now)


def reject(ncr: NonConformance, *, reason: str, actor: Actor, now: datetime) -> NonConformance:
    """Find that it is no nonconformance; who raised it does not decide that alone."""
    require_other(ncr, actor, "find it to be no nonconformance")
    return move(ncr, Event.REJECT, actor, now, stated(reason))


def void(ncr: NonConformance, *, reason: str, actor: Actor, now: datetime) -> NonConformance:
    """Void what was raised by mistake; once it has a number, somebody else than who raised it does."""
    if ncr.number:
        require_other(ncr, actor, "void it")
    return move(ncr, Event.VOID, actor, now, stated(reason))


def reopen(ncr: NonConformance, *, reason: str, actor: Actor, now: datetime) -> NonConformance:
    """Open a closed record again under its number; all that was decided and proven is kept as a past cycle."""
    moved = move(ncr, Event.REOPEN, actor, now, stated(reason))
    again = new_cycle(moved, CycleEnd.REOPENED, reason, actor, now)
    return replace(
        again, containment=None, containment_due=containment_due(ncr.severity, now), capa=None, cost=None, notice=None,
        doubt=None,
    )  # fmt: skip


def total_cost(ncr: NonConformance) -> dict[str, Decimal]:
    """Return what all its cycles cost so far, by currency: each cycle's cost counts once."""
    costs = [cycle.cost for cycle in ncr.history if cycle.cost] + ([ncr.cost] if ncr.cost else [])
    total: dict[str, Decimal] = {}
    for one in costs:
        total[one.currency] = total.get(one.currency, Decimal(0)) + one.total
    return dict(sorted(total.items()))


def is_overdue(ncr: NonConformance, now: datetime) -> bool:
    """Say whether it should be contained by now and is not, or its assignee should have seen to it."""
    waiting = ncr.state in (State.OPEN, State.REOPENED)
    late = ncr.state in LIVE and ncr.due is not None and require_utc(now).date() > ncr.due
    return late or (waiting and ncr.containment_due is not None and require_utc(now) > ncr.containment_due)
