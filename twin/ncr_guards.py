"""What a nonconformance record lacks: one function per rule, and which of them each event asks."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from twin.access import Capacity
from twin.disposition import (
    Decision,
    concession_expired,
    is_counted,
    missing_in_lines,
    missing_proof,
    missing_to_decide,
    said,
    signed_as,
)
from twin.finding import Severity
from twin.ncr_evidence import occurrences, rechecks
from twin.ncr_parts import ContainmentKind
from twin.ncr_record import TRANSITIONS, Event, NonConformance, State, valid_signatures
from twin.record import require_utc

Guard = Callable[[NonConformance, datetime], tuple[str, ...]]

REVIEWED_BY: Mapping[Severity, tuple[Capacity, ...]] = MappingProxyType(
    {
        Severity.MINOR: (Capacity.QUALITY_MANAGER, Capacity.CONTRACTOR),
        Severity.MAJOR: (Capacity.QUALITY_MANAGER, Capacity.CONTRACTOR, Capacity.DESIGN_AUTHORITY),
        Severity.CRITICAL: (
            Capacity.QUALITY_MANAGER,
            Capacity.CONTRACTOR,
            Capacity.DESIGN_AUTHORITY,
            Capacity.CUSTOMER,
        ),
    }
)
"""Who sits on the material review board and signs, by severity: at least two (MRB practice of AS9100)."""


def allowed_events(ncr: NonConformance) -> tuple[Event, ...]:
    """Return the events that are possible in the present state; what each still lacks is :func:`missing_for`."""
    path = {Event.FAIL, Event.VERIFY if ncr.corrections else Event.CORRECT}
    return tuple(e for e in Event if (ncr.state, e) in TRANSITIONS and e not in path)


def missing_for(ncr: NonConformance, event: Event, *, now: datetime) -> tuple[str, ...]:
    """Return what has to be there before ``event``, one phrase each; what its own call brings is not counted."""
    require_utc(now)
    return tuple(phrase for guard in GUARDS.get(event, ()) for phrase in guard(ncr, now))


def required_signatures(ncr: NonConformance) -> tuple[Capacity, ...]:
    """Return in which capacities the disposition has to be signed: by severity, and by what is decided."""
    needed = dict.fromkeys(REVIEWED_BY[ncr.severity])
    for line in ncr.lines:
        needed |= dict.fromkeys(signed_as(line, contract_affected=ncr.contract_affected))
    return tuple(needed)


def accepted(ncr: NonConformance, now: datetime) -> frozenset[str]:
    """Return the elements of a closed record whose deviation stays and was accepted, and still is at ``now``."""
    if ncr.state is not State.CLOSED:
        return frozenset()
    staying = (line for line in ncr.lines if line.decision in (Decision.USE_AS_IS, Decision.REPAIR))
    holds = (ln for ln in staying if ln.concession is None or not concession_expired(ln.concession, now))
    return frozenset(g for line in holds for g in line.global_ids)


def subject(ncr: NonConformance, _: datetime) -> tuple[str, ...]:
    """Ask for an element or a lot; a quantity of elements is the number of those that are named."""
    if not ncr.global_ids:
        return () if ncr.lot.strip() else ("an element or a lot",)
    named = len(ncr.global_ids)
    if is_counted(ncr.unit) and ncr.quantity != named:
        return (f"a quantity of {named}, the number of the elements named, not {ncr.quantity}",)
    return ()


def requirement(ncr: NonConformance, _: datetime) -> tuple[str, ...]:
    """Ask what was required and what was measured instead."""
    if not ncr.violations:
        return ("a requirement with clause and limit",)
    unknown = dict.fromkeys(v.requirement.characteristic for v in ncr.violations if v.measured is None)
    return tuple(f"a measured value of {name} with its uncertainty" for name in unknown)


def evidence(ncr: NonConformance, _: datetime) -> tuple[str, ...]:
    """Ask what proves it, and who found it."""
    missing = () if ncr.evidence else ("evidence",)
    return missing if ncr.detector else (*missing, "who detected it")


def containment(ncr: NonConformance, _: datetime) -> tuple[str, ...]:
    """Ask how unintended use is prevented, and whether what else may be affected was looked for."""
    held = ncr.containment
    if held is None:
        return ("a containment", "a query of what else is affected")
    missing: list[str] = []
    if not held.place.strip():
        missing.append("the place where it is held")
    if held.kind is ContainmentKind.IN_PLACE_TAG and not held.tag.strip():
        missing.append("the tag on it")
    if not held.affected_query.strip():
        missing.append("a query of what else is affected")
    return tuple(missing)


def board(ncr: NonConformance, _: datetime) -> tuple[str, ...]:
    """Ask for the review board that the severity calls for."""
    seated = {member.capacity for member in ncr.roster}
    return tuple(f"a reviewer as {_called(c)}" for c in REVIEWED_BY[ncr.severity] if c not in seated)


def decision(ncr: NonConformance, now: datetime) -> tuple[str, ...]:
    """Ask that everything is decided, and every decision may be taken."""
    open_ends = missing_in_lines(ncr.lines, ncr.quantity, ncr.global_ids)
    gates = (missing_to_decide(line, contract_affected=ncr.contract_affected, now=now) for line in ncr.lines)
    return open_ends + tuple(phrase for gate in gates for phrase in gate)


def signatures(ncr: NonConformance, _: datetime) -> tuple[str, ...]:
    """Ask for signatures on what is decided now, each capacity by another person of the board, never the originator."""
    seats = {m.person: m.capacity for m in ncr.roster if m.person not in originators(ncr)}
    signed = {seats[s.signer] for s in valid_signatures(ncr) if s.signer in seats and s.role == seats[s.signer]}
    return tuple(f"a valid signature as {_called(c)}" for c in required_signatures(ncr) if c not in signed)


def correcting(ncr: NonConformance, _: datetime) -> tuple[str, ...]:
    """Ask for work that is to be done."""
    return () if ncr.corrections else ("rework, repair or replacement among what was decided: verify instead",)


def not_correcting(ncr: NonConformance, _: datetime) -> tuple[str, ...]:
    """Ask that no work is to be done."""
    return tuple(f"the work of {said(line)}: correct first" for line in ncr.corrections)


def proofs(ncr: NonConformance, _: datetime) -> tuple[str, ...]:
    """Ask for the proof that what was decided was done, seen by somebody who did not do it."""
    missing = [phrase for line in ncr.lines for phrase in missing_proof(line, ncr.proofs, unit=ncr.unit)]
    did = correctors(ncr)
    for line in ncr.lines:
        given = [proof for proof in ncr.proofs if proof.line == line.id]
        if given and {given[-1].verified_by.id, given[-1].verified_by.on_behalf_of} & did:
            missing.append(f"{said(line)}: a verification by somebody who did not correct")
    return tuple(missing)


def corrective_action(ncr: NonConformance, _: datetime) -> tuple[str, ...]:
    """Ask whether the cause has to be eliminated."""
    if ncr.capa is None:
        return ("a decision whether a CAPA is needed, with its reason",)
    return ("the CAPA that was found to be needed",) if ncr.capa.needed and not ncr.capa.capas else ()


def cost(ncr: NonConformance, _: datetime) -> tuple[str, ...]:
    """Ask what it cost."""
    return () if ncr.cost else ("its cost",)


def customer(ncr: NonConformance, _: datetime) -> tuple[str, ...]:
    """Ask that the customer knows, where the customer has to."""
    return ("the customer's information",) if ncr.customer_to_be_informed and not ncr.notice else ()


def recurring(ncr: NonConformance, now: datetime) -> tuple[str, ...]:
    """Ask of a closed record that it accepts what recurs."""
    if ncr.state is not State.CLOSED or accepted(ncr, now):
        return ()
    return ("an acceptance that still holds: reopen the record",)


def originators(ncr: NonConformance) -> frozenset[str]:
    """Return who raised the record, and on whose behalf."""
    return frozenset(p for p in (ncr.originator.id, ncr.originator.on_behalf_of) if p)


def correctors(ncr: NonConformance) -> frozenset[str]:
    """Return who began the work of the present cycle or reported it as finished, and on whose behalf."""
    people: set[str] = set()
    for step in reversed(ncr.steps):
        if step.event in _ENDS_CYCLE:
            break
        if step.event in (Event.CORRECT, Event.REINSPECT):
            people |= {p for p in (step.by.id, step.by.on_behalf_of) if p}
    return frozenset(people)


_ENDS_CYCLE = (Event.FAIL, Event.RECONSIDER, Event.REOPEN)
GUARDS: Mapping[Event, tuple[Guard, ...]] = MappingProxyType(
    {
        Event.OPEN: (subject, requirement, evidence),
        Event.CONTAIN: (containment,),
        Event.REVIEW: (board,),
        Event.SIGN: (decision,),
        Event.DISPOSE: (decision, signatures),
        Event.CORRECT: (correcting, decision, signatures),
        Event.VERIFY: (not_correcting, decision, signatures),
        Event.CLOSE: (decision, signatures, occurrences, rechecks, proofs, corrective_action, cost, customer),
        Event.NOTE_RECURRENCE: (recurring,),
    }
)


def _called(capacity: Capacity) -> str:
    return capacity.value.replace("_", " ")
