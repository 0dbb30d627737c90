"""Use cases around what is carried out of a plan: begun, attended, inspected or checked by scan, released."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from twin.access import Capacity
from twin.errors import Refused
from twin.execution_record import Attendance, PlanExecution
from twin.granted import require_granted
from twin.inspection_plan import PlanItem
from twin.operations.ncr_steps import require_member
from twin.operations.plan_links import linked, open_against
from twin.operations.plans import approval
from twin.operations.projects import membership
from twin.operations.steps import begin, take_step
from twin.plan_execution import attend, link_check, link_inspection, link_ncr, start_execution
from twin.plan_release import release, release_digest
from twin.project import CheckRun, Member, RegistrationStatus
from twin.record import Id
from twin.store import records
from twin.store.elements import page_of
from twin.store.repository import Context, Store
from twin.store.view import EVERYTHING, Scope, Stored, View


def begin_execution(
    store: Store,
    context: Context,
    plan: Id,
    item: Id,
    *,
    global_ids: tuple[str, ...],
    model_revision: Id,
    zone: str = "",
    batch: str = "",
    began_at: datetime | None = None,
    scope: Scope = EVERYTHING,
) -> Stored[PlanExecution]:
    """Begin an item at a place, by the issue in force; who may see the plan may see it.

    Raises
    ------
    Refused
        If work still waits at an item before it; ``missing`` names for whom.
    """
    with store.write(context) as unit:
        found = unit.get(records.INSPECTION_PLAN, plan, scope).record
        unit.get(records.MODEL_REVISION, model_revision, Scope(frozenset({found.project})))
        others = [s.record for s in unit.all(records.PLAN_EXECUTION, project=found.project, plan_number=found.number)]
        execution = start_execution(
            found, item, unit.new_id(), global_ids=global_ids, model_revision=model_revision, others=others,
            actor=context.actor, now=context.now, zone=zone, batch=batch, began_at=began_at,
        )  # fmt: skip
        stored = begin(unit, records.PLAN_EXECUTION, execution)
        for organisation in unit.shared_with(plan):
            unit.share(records.PLAN_EXECUTION, execution.id, organisation)
        return stored


def record_attendance(
    store: Store,
    context: Context,
    execution: Id,
    attendance: Attendance,
    *,
    recorder: Member,
    expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[PlanExecution]:
    """Record that a party came, by somebody who acts for it; see :func:`twin.plan_execution.attend`.

    Raises
    ------
    Invalid
        If the person is no member of the project.
    """
    with store.read() as view:
        project = view.get(records.PLAN_EXECUTION, execution, scope).record.project
        require_member(view, project, attendance.person)
        person = membership(view, project, attendance.person)
    return take_step(
        store, context, records.PLAN_EXECUTION, execution,
        lambda e: attend(e, attendance, person=person, recorder=recorder, now=context.now), action="attend",
        expected=expected, scope=scope,
    )  # fmt: skip


def link_inspection_to(
    store: Store, context: Context, execution: Id, inspection: Id, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[PlanExecution]:
    """Let a signed inspection speak for its elements, where it asked for what the item asks."""
    with store.read() as view:
        begun = view.get(records.PLAN_EXECUTION, execution, scope).record
        found = view.get(records.INSPECTION, inspection, _only(begun)).record
        item = item_of(view, begun)
    return take_step(
        store, context, records.PLAN_EXECUTION, execution, lambda e: link_inspection(e, item, found),
        action="link_inspection", expected=expected, scope=scope,
    )  # fmt: skip


def link_check_to(
    store: Store, context: Context, execution: Id, check: Id, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[PlanExecution]:
    """Let a scan check speak for its elements, by what is kept of them, never by what whoever asks says.

    Raises
    ------
    Refused
        If nothing is kept of the check's elements: its registration was refused, or a later check of the same epoch
        took its place.
    """
    with store.read() as view:
        begun = view.get(records.PLAN_EXECUTION, execution, scope).record
        run = view.get(records.CHECK_RUN, check, _only(begun)).record
        epoch = view.get(records.SCAN_EPOCH, run.epoch, _only(begun)).record
        measured = _measured(view, run, begun.global_ids)
        item = item_of(view, begun)
    if run.registration.status is RegistrationStatus.ACCEPTED and not measured:
        raise Refused("nothing is kept of these elements in this check: link the latest check of its epoch")
    if epoch.instrument is not None and not epoch.calibrated:
        raise Refused(
            "the scanner's calibration did not hold on the day of the scan", missing=("a calibrated scanner",)
        )
    return take_step(
        store, context, records.PLAN_EXECUTION, execution,
        lambda e: link_check(e, item, run, measured, captured_at=epoch.captured_at, actor=context.actor),
        action="link_check", expected=expected, scope=scope,
    )  # fmt: skip


def link_ncr_to(
    store: Store, context: Context, execution: Id, ncr: Id, *, expected: int, scope: Scope = EVERYTHING
) -> Stored[PlanExecution]:
    """Link a nonconformance of some of the elements; from then on its answer is followed."""
    with store.read() as view:
        begun = view.get(records.PLAN_EXECUTION, execution, scope).record
        found = view.get(records.NCR, ncr, _only(begun)).record
        item = item_of(view, begun)
    return take_step(
        store, context, records.PLAN_EXECUTION, execution, lambda e: link_ncr(e, linked(found, e, item)),
        action="link_ncr", expected=expected, scope=scope,
    )  # fmt: skip


def release_execution(
    store: Store,
    context: Context,
    execution: Id,
    *,
    party: Capacity,
    member: Member,
    expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[PlanExecution]:
    """Release a hold by signature, for a party; who signs has proved again who they are (21 CFR 11.200).

    Raises
    ------
    Refused
        Also if an NCR is open on what the item looks at, linked or not.
    """
    require_granted(member, party)
    with store.read() as view:
        begun = view.get(records.PLAN_EXECUTION, execution, scope).record
        against = open_against(view, begun, item_of(view, begun))
    if against:
        raise Refused(f"'{begun.activity}' cannot be released yet: {against[0]}", missing=against)

    def released(record: PlanExecution) -> PlanExecution:
        return release(record, party, approval(context, party, release_digest(record, party)))

    return take_step(
        store, context, records.PLAN_EXECUTION, execution, released, action="release", expected=expected, scope=scope
    )


def item_of(view: View, execution: PlanExecution) -> PlanItem:
    """Return the item that is carried out, as the issue of the plan has it that it follows."""
    return view.get(records.INSPECTION_PLAN, execution.plan).record.item(execution.item)


def _measured(view: View, run: CheckRun, global_ids: tuple[str, ...]) -> dict[str, Sequence[Mapping[str, Any]]]:
    rows = page_of(
        view.connection, run.project, run.epoch, where={"check_run": run.id, "global_id": global_ids},
        limit=len(global_ids),
    ).items  # fmt: skip
    return {row.state.global_id: row.measured.get("measurements", ()) for row in rows}


def _only(execution: PlanExecution) -> Scope:
    return Scope(frozenset({execution.project}))
