"""Who can take which step of an inspection, and as what: what a screen offers, while the steps themselves refuse."""

from collections.abc import Mapping

from twin.access import INSPECTED_AS, REINSPECTED_AS, Action, Capacity, may
from twin.inspection import Inspection, InspectionEvent
from twin.inspection_steps import allowed_events
from twin.project import Member

ANSWER = "answer"
"""What is barred beside the events: recording answers."""
_NEEDS = {
    InspectionEvent.START: Action.INSPECTION_CARRY_OUT,
    InspectionEvent.SIGN: Action.INSPECTION_CARRY_OUT,
    InspectionEvent.CANCEL: Action.INSPECTION_PERFORM,
}


def signing_capacities(inspection: Inspection, member: Member) -> tuple[Capacity, ...]:
    """Return the member's capacities in which this inspection is signed: fewer for a re-inspection."""
    able = INSPECTED_AS if inspection.reinspects_id is None else REINSPECTED_AS
    return tuple(sorted(able & set(member.capacities)))


def barred(inspection: Inspection, member: Member) -> Mapping[str, str]:
    """Return why a member cannot take a step that the state knows: one machine word for each.

    ``role``: the role does not have it; ``capacity``: the membership grants none in which this is signed;
    ``inspector``: somebody else carries it out, and signs it.
    """
    found: dict[str, str] = {}
    if not may(member.role, Action.INSPECTION_CARRY_OUT):
        found[ANSWER] = "role"
    for event in allowed_events(inspection):
        if not may(member.role, _NEEDS[event]):
            found[event.value] = "role"
        elif event is InspectionEvent.CANCEL:
            continue
        elif event is InspectionEvent.SIGN and inspection.inspector != member.user:
            found[event.value] = "inspector"
        elif not signing_capacities(inspection, member):
            found[event.value] = "capacity"
    return found
