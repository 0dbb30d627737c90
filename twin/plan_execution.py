"""Carrying out an item of an inspection plan at a place: begin, notify, attend, link what was found.

What was begun follows the issues of plan and model that it began with; an item begins only where nobody is waited for
any more at those before it (:mod:`twin.plan_release`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from geometry.verdict import Outcome
from twin.access import Capacity
from twin.access_words import joined, roles_signing_as
from twin.errors import Invalid, NotAllowed, Refused
from twin.execution_record import Attendance, LinkedCheck, LinkedInspection, LinkedNcr, Notification, PlanExecution
from twin.inspection import Inspection, InspectionState
from twin.inspection_plan import BLOCKING, InspectionPlan, Method, PlanItem, PlanStatus, PointCode, before
from twin.inspection_verdict import verdict
from twin.plan_coverage import answered_elements, checked_elements
from twin.plan_release import missing_to_proceed
from twin.project import CheckRun, Member, RegistrationStatus
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
    began_at: datetime | None = None,
) -> PlanExecution:
    """Begin an item at a place, by the issue of the plan that is in force; ``others`` are the plan's executions.

    ``began_at`` is when it began where that is written down later: only what is found from then on counts.

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
    since = _began(plan, began_at, now)
    return PlanExecution(
        execution_id, plan.project, plan.id, plan.number, plan.revision, item.id, item.activity, item.points,
        model_revision, global_ids, zone, batch, actor.id, since,
    )  # fmt: skip


def _began(plan: InspectionPlan, began_at: datetime | None, now: datetime) -> datetime:
    """Return when it began: not after now, nor before the plan was in force."""
    if began_at is None:
        return require_utc(now)
    approved = max((step.at for step in plan.steps if step.state == PlanStatus.APPROVED), default=began_at)
    if not approved <= require_utc(began_at) <= now:
        raise Invalid(f"work by {plan.number} rev {plan.revision} began since {approved:%Y-%m-%d %H:%M} UTC and by now")
    return began_at


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

    Every item before it at which somebody is waited for must have been carried out there and be free to proceed: on
    these very elements where it says none of its own or they are among its own; on all of its own where what begins is
    something else, unless a zone says which of them stand before it. An execution without a zone counts everywhere.
    """
    by_id = {item.id: item for item in plan.items}
    mine = [e for e in executions if e.plan_number == plan.number]
    wanted = set(global_ids)
    missing: list[str] = []
    for each in before(plan.item(item_id), by_id):
        item = by_id[each]
        there = [e for e in mine if e.item == each and (not zone or e.zone in ("", zone))]
        waited_for = any(p.code in BLOCKING or p.code is PointCode.WITNESS for p in item.points)
        if not there:
            if waited_for:
                missing.append(f"'{item.activity}'" + (f" in {zone}" if zone else ""))
            continue
        own = set(item.global_ids)
        others = wanted - own if own else set[str]()
        left = (own if others and not zone else wanted & own if own else wanted) - {
            g for e in there for g in e.global_ids
        }
        if waited_for and left:
            missing.append(f"'{item.activity}' of {min(left)}")
        # where only these elements are asked of, what goes on beside them is not waited for
        held = there if others else [e for e in there if wanted & set(e.global_ids)]
        missing += [phrase for e in held for phrase in missing_to_proceed(e, now=now)]
    return tuple(dict.fromkeys(missing))


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


def attend(
    execution: PlanExecution, attendance: Attendance, *, person: Member, recorder: Member, now: datetime
) -> PlanExecution:
    """Record that a party came: somebody who acts for it, written down by themselves or by a quality manager.

    Raises
    ------
    NotAllowed
        If the person does not act for the party in the project, or the recorder is neither of the two.
    Refused
        If the party has no point here, or a quality manager has no written proof.
    Invalid
        If it was before the work began, or is yet to be.
    """
    execution.point(attendance.party, PointCode)
    said = attendance.party.value.replace("_", " ")
    if person.user != attendance.person or not person.active or attendance.party not in person.capacities:
        able = joined(roles_signing_as([attendance.party]))
        raise NotAllowed(
            f"this person does not act as {said} in the project; an owner can grant it to a member whose role is {able}"
        )
    if recorder.user != person.user:
        if Capacity.QUALITY_MANAGER not in recorder.capacities:
            raise NotAllowed(f"that the {said} came is recorded by themselves, or by a quality manager with proof")
        if attendance.proof is None:
            raise Refused(f"show in writing that the {said} came", missing=("the written proof",))
    begun = execution.started_at or attendance.at
    if not begun <= attendance.at <= require_utc(now):
        raise Invalid(f"the {said} came between the beginning of the work and now: correct the time")
    came = replace(attendance, recorded_by=recorder.user)
    return replace(execution, attendances=(*execution.attendances, came))


def redate_checks(execution: PlanExecution, checks: Collection[Id], captured_at: datetime) -> PlanExecution:
    """Return an execution with some of its checks as of another time; what was released by signature stays so."""
    if execution.releases:
        return execution
    dated = tuple(replace(c, captured_at=captured_at) if c.check in checks else c for c in execution.checks)
    return replace(execution, checks=dated)


def unlink_check(execution: PlanExecution, check: Id) -> PlanExecution:
    """Return an execution without a check that counts no more; what was released by signature stays so."""
    if execution.releases:
        return execution
    return replace(execution, checks=tuple(c for c in execution.checks if c.check != check))


def link_inspection(execution: PlanExecution, item: PlanItem, inspection: Inspection) -> PlanExecution:
    """Let a signed inspection speak for its elements; ``item`` is the execution's, of its issue of the plan.

    Raises
    ------
    Refused
        If it is not signed, followed another issue of plan or model, asked for less than the item (its
        characteristics, limits, frequency), is from before the work began, or is linked already.
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
    _since(execution, signature.signed_at, f"inspection {inspection.number}")
    answered = answered_elements(item, inspection)
    covered = tuple(sorted(answered & set(execution.global_ids)))
    if not covered:
        raise Invalid(f"inspection {inspection.number} is about none of the elements of '{execution.activity}'")
    found = LinkedInspection(
        inspection.id, inspection.inspector, verdict(inspection).outcome, covered, signature.signed_at
    )
    return replace(execution, inspections=(*execution.inspections, found))


def link_check(
    execution: PlanExecution,
    item: PlanItem,
    run: CheckRun,
    measured: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    captured_at: datetime,
    actor: Actor,
) -> PlanExecution:
    """Let a scan check speak for its elements, by what it measured of the item's characteristics within its limits.

    Parameters
    ----------
    measured
        GlobalId to the element's measurements, as in the check's ``report.json``.

    Raises
    ------
    Refused
        If the item is not measured by scan, the registration was refused, the check is of another revision, from before
        the work began or by other tolerances, or is linked already.
    Invalid
        If it says nothing of the elements.
    """
    if item.method is not Method.SCAN_VS_BIM:
        raise Refused(
            f"'{item.activity}' is measured by {item.method.value}: link an inspection", missing=("an inspection",)
        )
    if run.registration.status is not RegistrationStatus.ACCEPTED:
        raise Refused("the check's registration was refused: it says nothing of any element")
    if (run.project, run.revision) != (execution.project, execution.model_revision):
        raise Refused("the check is of another revision of the model: check the scan against this one")
    if not run.counts:
        raise Refused(
            "this check is for information: link the one that counts for its epoch", missing=("the check that counts",)
        )
    if any(linked.check == run.id for linked in execution.checks):
        raise Refused("this check is linked already")
    _since(execution, captured_at, "the check's scan")
    outcomes = checked_elements(item, {g: measured[g] for g in execution.global_ids if g in measured})
    if not any(one.outcome is not Outcome.NOT_MEASURED for one in outcomes):
        raise Invalid(f"the check measured nothing of '{execution.activity}' on these elements")
    return replace(execution, checks=(*execution.checks, LinkedCheck(run.id, actor.id, captured_at, outcomes)))


def link_ncr(execution: PlanExecution, ncr: LinkedNcr) -> PlanExecution:
    """Link a nonconformance of some of the elements, or bring its answer up to date."""
    if not set(ncr.global_ids) & set(execution.global_ids):
        raise Invalid(f"the NCR is about none of the elements of '{execution.activity}'")
    return replace(execution, ncrs=(*(n for n in execution.ncrs if n.ncr != ncr.ncr), ncr))


def _since(execution: PlanExecution, at: datetime, said: str) -> None:
    if execution.started_at is not None and at < execution.started_at:
        raise Refused(
            f"{said} is from before '{execution.activity}' began ({execution.started_at:%Y-%m-%d %H:%M} UTC)",
            missing=("what was found since",),
        )
