"""What one person may do with a nonconformance record, and what of it moves the record on: asked before, not tried.

The rules are those that the verbs enforce: the action of the role, the capacity of the membership, four eyes.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from twin import ncr_guards as guards
from twin.access import Action, may
from twin.finding import Severity
from twin.ncr import CLOSES_AS
from twin.ncr_record import Event, NonConformance, valid_signatures
from twin.project import Member


class Bar(StrEnum):
    """Why an event that the record's state knows is not this person's to bring about."""

    ROLE = "role"
    """Their role does not have the action."""
    CAPACITY = "capacity"
    """Their membership grants no capacity in which it is signed."""
    NOT_SEATED = "not_seated"
    """They do not sit on the review board."""
    RAISED = "raised"
    """They raised the record (four eyes)."""
    CORRECTED = "corrected"
    """They began or finished the work (four eyes)."""
    SIGNED = "signed"
    """They have signed already what is proposed now."""


_E = Event
ACTIONS: Mapping[Event, Action] = MappingProxyType(
    {
        _E.OPEN: Action.NCR_RAISE, _E.AMEND: Action.NCR_RAISE, _E.ASSIGN: Action.NCR_RAISE,
        _E.ADD_EVIDENCE: Action.ATTACHMENT_ADD,
        _E.RECORD_CONTAINMENT: Action.NCR_CONTAIN, _E.CONTAIN: Action.NCR_CONTAIN,
        _E.RECLASSIFY: Action.NCR_REVIEW, _E.ASSEMBLE: Action.NCR_REVIEW, _E.REVIEW: Action.NCR_REVIEW,
        _E.PROPOSE: Action.NCR_REVIEW, _E.DISPOSE: Action.NCR_REVIEW, _E.RECONSIDER: Action.NCR_REVIEW,
        _E.SIGN: Action.NCR_SIGN,
        _E.CORRECT: Action.NCR_CORRECT, _E.VERIFY: Action.NCR_CORRECT, _E.REINSPECT: Action.NCR_CORRECT,
        _E.RECORD_RECHECK: Action.INSPECTION_PERFORM, _E.RECORD_PROOF: Action.INSPECTION_PERFORM,
        _E.NOTE_RECURRENCE: Action.FINDING_TRIAGE,
        _E.DECIDE_CAPA: Action.NCR_CLOSE, _E.CAPTURE_COST: Action.NCR_CLOSE, _E.INFORM_CUSTOMER: Action.NCR_CLOSE,
        _E.CLOSE: Action.NCR_CLOSE, _E.REOPEN: Action.NCR_CLOSE,
        _E.REJECT: Action.NCR_VOID, _E.VOID: Action.NCR_VOID,
    }
)  # fmt: skip
"""The action that each event asks of a role; what a failed re-inspection brings is nobody's."""

_FORWARD = (_E.OPEN, _E.CONTAIN, _E.REVIEW, _E.DISPOSE, _E.CORRECT, _E.VERIFY, _E.REINSPECT, _E.CLOSE)
_BRINGS: Mapping[Event, tuple[guards.Guard, ...]] = MappingProxyType(
    {
        _E.AMEND: (guards.subject, guards.requirement),
        _E.ADD_EVIDENCE: (guards.evidence,),
        _E.RECORD_CONTAINMENT: (guards.containment,),
        _E.ASSEMBLE: (guards.board,),
        _E.PROPOSE: (guards.decision,),
        _E.SIGN: (guards.signatures,),
        _E.RECORD_RECHECK: (guards.rechecks,),
        _E.RECORD_PROOF: (guards.proofs,),
        _E.DECIDE_CAPA: (guards.corrective_action,),
        _E.CAPTURE_COST: (guards.cost,),
        _E.INFORM_CUSTOMER: (guards.customer,),
    }
)
"""What each addition brings that a later event asks for."""


def barred(ncr: NonConformance, event: Event, member: Member) -> Bar | None:
    """Return why a member may not bring an event about; None when it is theirs, whatever the record still lacks."""
    action = ACTIONS.get(event)
    if action is None or not member.active or not may(member.role, action):
        return Bar.ROLE
    rule = _RULES.get(event)
    return rule(ncr, member) if rule else None


def bars(ncr: NonConformance, member: Member) -> dict[Event, Bar]:
    """Return what of the events possible now is not a member's, and why."""
    found = {event: barred(ncr, event, member) for event in guards.allowed_events(ncr)}
    return {event: bar for event, bar in found.items() if bar is not None}


def next_steps(ncr: NonConformance, member: Member, now: datetime) -> tuple[Event, ...]:
    """Return what a member can do now that moves a record on: the move itself, or what it still lacks."""
    possible = guards.allowed_events(ncr)
    found: dict[Event, None] = {}
    for move in (event for event in possible if event in _FORWARD):
        missing = guards.missing_for(ncr, move, now=now)
        steps = [e for e, asks in _BRINGS.items() if e in possible and _brings(ncr, e, move, asks, now)]
        found |= dict.fromkeys(steps if missing else [move])
    return tuple(event for event in found if barred(ncr, event, member) is None)


def _brings(
    ncr: NonConformance, event: Event, move: Event, asks: tuple[guards.Guard, ...], now: datetime
) -> bool:  # fmt: skip
    wanted = guards.GUARDS.get(move, ())
    lacking = any(guard in wanted and guard(ncr, now) for guard in asks)
    return lacking and not guards.missing_for(ncr, event, now=now)


def _signing(ncr: NonConformance, member: Member) -> Bar | None:
    if member.user in guards.originators(ncr):
        return Bar.RAISED
    seat = next((one.capacity for one in ncr.roster if one.person == member.user), None)
    if seat is None:
        return Bar.NOT_SEATED
    if seat not in member.capacities:
        return Bar.CAPACITY
    return Bar.SIGNED if any(s.signer == member.user for s in valid_signatures(ncr)) else None


def _closing(ncr: NonConformance, member: Member) -> Bar | None:
    if not set(CLOSES_AS) & set(member.capacities):
        return Bar.CAPACITY
    if member.user in guards.correctors(ncr):
        return Bar.CORRECTED
    return Bar.RAISED if ncr.severity is not Severity.MINOR and member.user in guards.originators(ncr) else None


def _by_another(ncr: NonConformance, member: Member) -> Bar | None:
    return Bar.RAISED if member.user in guards.originators(ncr) else None


def _void(ncr: NonConformance, member: Member) -> Bar | None:
    return _by_another(ncr, member) if ncr.number else None


_RULES: Mapping[Event, Callable[[NonConformance, Member], Bar | None]] = MappingProxyType(
    {_E.SIGN: _signing, _E.CLOSE: _closing, _E.REJECT: _by_another, _E.VOID: _void}
)
