"""Carrying out an item of an inspection plan at a place: begin, notify, attend, link what was found.

What was begun follows the issues of plan and model that it began with; an item begins only where nobody is waited for
any more at those before it (:mod:`twin.plan_release`).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from twin.errors import Invalid, Refused
from twin.execution_record import Attendance, LinkedInspection, LinkedNcr, Notification, PlanExecution
from twin.inspection import Inspection, InspectionState
from twin.inspection_plan import BLOCKING, InspectionPlan, PlanStatus, PointCode, before
from twin.inspection_verdict import verdict
from twin.plan_release import missing_to_proceed
from twin.record import Actor, Id, require_utc


def start_execution(
    plan: InspectionPlan,
    item_id: Id,
    execution_id: Id,
    *,
    global_ids: tuple[str, ...],
    model_revision: Id,
    others: Iterable[PlanExecution],
    actor: Actor,
    now: datetime,
    zone: str = "",
    batch: str = "",
) -> PlanExecution:
    """Begin an item at a place, by the issue of the plan that is in force; ``others`` are the plan's executions.

    Raises
    ------
    Refused
        If the plan is not in force, or an item before is not free to proceed there.
    Invalid
        If an element is not among those that the item is about.
    """
    if plan.status is not PlanStatus.APPROVED:
        raise Refused(f"{plan.number} rev {plan.revision} is {plan.status}: work follows the issue that is in force")
    item = plan.item(item_id)
    foreign = sorted(set(global_ids) - set(item.global_ids)) if item.global_ids else []
    if foreign:
        raise Invalid(f"'{item.activity}' is not about {foreign[0]}")
    missing = missing_to_start(plan, item_id, others, global_ids=global_ids, zone=zone, now=now)
    if missing:
        raise Refused(f"'{item.activity}' cannot begin yet: {missing[0]} is missing", missing=missing)
    return PlanExecution(
        execution_id, plan.project, plan.id, plan.number, plan.revision, item.id, item.activity, item.points,
        model_revision, global_ids, zone, batch, actor.id, require_utc(now),
    )  # fmt: skip


def missing_to_start(
    plan: InspectionPlan,
    item_id: Id,
    executions: Iterable[PlanExecution],
    *,
    global_ids: tuple[str, ...],
    zone: str,
    now: datetime,
) -> tuple[str, ...]:
    """Return what keeps an item from beginning at a place, one phrase each.

    Every item before it at which somebody is waited for must have been carried out there, on the same elements where
    it is about them, and be free to proceed. An execution without a zone counts everywhere.
    """
    by_id = {item.id: item for item in plan.items}
    mine = [e for e in executions if e.plan_number == plan.number]
    missing: list[str] = []
    for each in before(plan.item(item_id), by_id):
        item = by_id[each]
        there = [e for e in mine if e.item == each and (not zone or e.zone in ("", zone))]
        waited_for = any(p.code in BLOCKING or p.code is PointCode.WITNESS for p in item.points)
        if not there and not waited_for:
            continue
        done = {global_id for e in there for global_id in e.global_ids}
        left = sorted(set(global_ids) & set(item.global_ids) - done) if waited_for else []
        if not there:
            missing.append(f"'{item.activity}'" + (f" in {zone}" if zone else ""))
        elif left:
            missing.append(f"'{item.activity}' of {left[0]}")
        missing += [phrase for e in there for phrase in missing_to_proceed(e, now=now)]
    return tuple(missing)


def notify(execution: PlanExecution, notification: Notification, *, now: datetime) -> PlanExecution:
    """Record that a party was asked to come.

    Raises
    ------
    Refused
        If it has no point that it comes to, or is invited for a time within its notice.
    """
    point = execution.point(notification.party, (PointCode.WITNESS, PointCode.HOLD, PointCode.APPROVE))
    if notification.sent_at > require_utc(now):
        raise Invalid("a notice is recorded when it was sent, not before")
    earliest = notification.sent_at + timedelta(hours=point.notice_hours)
    if notification.invited_for < earliest:
        raise Refused(
            f"the {point.party} has {point.notice_hours} h notice: invite it from {earliest:%Y-%m-%d %H:%M} UTC on",
            missing=(f"{point.notice_hours} hours of notice",),
        )
    return replace(execution, notifications=(*execution.notifications, notification))


def attend(execution: PlanExecution, attendance: Attendance) -> PlanExecution:
    """Record that a party came."""
    execution.point(attendance.party, PointCode)
    return replace(execution, attendances=(*execution.attendances, attendance))


def link_inspection(execution: PlanExecution, inspection: Inspection) -> PlanExecution:
    """Let a signed inspection speak for its elements.

    Raises
    ------
    Refused
        If it is not signed, followed another issue of plan or model, or is linked already.
    Invalid
        If it is about none of the elements.
    """
    pin, signature = inspection.pin, inspection.signature
    if inspection.state is not InspectionState.SIGNED or signature is None or inspection.inspector is None:
        raise Refused(f"inspection {inspection.number} is not signed yet", missing=("the inspector's signature",))
    pinned = (execution.plan, execution.plan_revision, execution.item, execution.model_revision)
    if pin is None or (pin.plan, pin.plan_revision, pin.item, pin.model_revision) != pinned:
        raise Refused(
            f"inspection {inspection.number} followed another issue of the plan or the model: "
            f"inspect by {execution.plan_number} rev {execution.plan_revision}"
        )
    if any(linked.inspection == inspection.id for linked in execution.inspections):
        raise Refused(f"inspection {inspection.number} is linked already")
    covered = tuple(sorted(set(inspection.lot) & set(execution.global_ids)))
    if not covered:
        raise Invalid(f"inspection {inspection.number} is about none of the elements of '{execution.activity}'")
    found = LinkedInspection(
        inspection.id, inspection.inspector, verdict(inspection).outcome, covered, signature.signed_at
    )
    return replace(execution, inspections=(*execution.inspections, found))


def link_ncr(execution: PlanExecution, ncr: LinkedNcr) -> PlanExecution:
    """Link a nonconformance of some of the elements, or bring its answer up to date."""
    if not set(ncr.global_ids) & set(execution.global_ids):
        raise Invalid(f"the NCR is about none of the elements of '{execution.activity}'")
    return replace(execution, ncrs=(*(n for n in execution.ncrs if n.ncr != ncr.ncr), ncr))
