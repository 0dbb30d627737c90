"""Who can take which step of an inspection, and as what: what a screen offers, while the steps themselves refuse."""

from collections.abc import Mapping

from twin.access import INSPECTED_AS, REINSPECTED_AS, Action, Capacity, may
from twin.execution_record import PlanExecution
from twin.inspection import Inspection, InspectionEvent
from twin.inspection_plan import BLOCKING
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


def releasing_parties(execution: PlanExecution, member: Member) -> tuple[Capacity, ...]:
    """Return for which parties of an item's holds a member may sign: not one who found what it rests on."""
    found_by = {linked.linked_by for linked in execution.checks} | {one.inspector for one in execution.inspections}
    if not may(member.role, Action.POINT_RELEASE) or member.user in found_by:
        return ()
    holding = {point.party for point in execution.points if point.code in BLOCKING}
    return tuple(sorted(holding & set(member.capacities)))


def barred_of(execution: PlanExecution, member: Member) -> Mapping[str, str]:
    """Return why a member cannot have an item inspected, link what was found, or release it: a machine word each."""
    found: dict[str, str] = {}
    if not may(member.role, Action.INSPECTION_CARRY_OUT):
        found["inspect"] = "role"
    if not may(member.role, Action.INSPECTION_PERFORM):
        found["link"] = "role"
    if not releasing_parties(execution, member):
        found["release"] = "capacity"
    return found
