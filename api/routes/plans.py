"""Inspection plans: drafted or generated, approved, carried out, released."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from fastapi import Response

from api.deps import ContextDep, MemberDep, NowDep, PagerDep, ProjectId, RowsDep, ServicesDep, StoreDep
from api.etag import Expected, tag
from api.held import ExecutionHeld, Held, PlanHeld
from api.paging import Filtered, Listed
from api.records import exported, history_of
from api.routes.jobs import accepted
from api.routing import Routes
from api.schemas import plan as wire
from api.schemas.inspection import InspectionOut, inspection_out
from api.schemas.job import JobOut
from api.schemas.plan import ExecutionOut, PlanLine, PlanOut, PlanQuery, execution_out, plan_line, plan_out
from api.schemas.record import ExportOut, Happening, Named, Reason, manifestation
from twin import plan_steps as steps
from twin.access import Action
from twin.execution_record import Attendance, Notification, PlanExecution
from twin.inspection_plan import InspectionPlan, PlanItem
from twin.operations import executions, plan_risks, plans
from twin.operations.inspections import plan_for_execution, unsigned_by_execution
from twin.operations.known_elements import require_known
from twin.operations.plan_orders import order_plan
from twin.operations.queue import Desk
from twin.plan_execution import notify
from twin.scan_sheet import stations_sheet
from twin.store.records import INSPECTION_PLAN, PLAN_EXECUTION
from twin.store.view import Stored

routes = Routes("plans")
ALL = "/projects/{project}/plans"
ONE = ALL + "/{plan}"
_CSV = "station,storey,x_m,y_m,z_m,adds,easting,northing,height,crs\r\nL1 S01,L1,4.500,3.625,1.600,0.41,,,,\r\n"
EXECUTIONS = "/projects/{project}/executions"
EXECUTION = EXECUTIONS + "/{execution}"


@routes.get(ALL, Action.PLAN_READ, "List inspection plans")
def list_plans(query: Filtered[PlanQuery], store: StoreDep, rows: RowsDep, pager: PagerDep) -> Listed[PlanLine]:
    """Return the issues of a project's plans."""
    with store.read() as view:
        return pager.records(view, INSPECTION_PLAN, query, rows, plan_line)


@routes.post(ALL, Action.PLAN_EDIT, "Draft a plan", status=201)
def create_plan(
    project: ProjectId, given: wire.NewPlan, context: ContextDep, services: ServicesDep, response: Response
) -> PlanOut:
    """Keep the draft of a plan under the project's next number."""
    require_known(services.store, services.blobs, project, _named(given.items))
    stored = plans.draft_plan(
        services.store, context, project, title=given.title, specification=given.specification,
        discipline=given.discipline, items=given.items,
    )  # fmt: skip
    tag(response, stored.version)
    return plan_out(stored, context.now, None)


@routes.post(ALL + "/from-model", Action.PLAN_EDIT, "Generate a plan from a model", status=202)
def generate_plan(
    project: ProjectId, given: wire.PlanFromModel, context: ContextDep, services: ServicesDep, rows: RowsDep,
    response: Response,
) -> JobOut:  # fmt: skip
    """Draft what to measure on a revision of the model, how, how many, where to scan, and where work waits.

    A job: `makes` is the plan's identifier. What no station sees well enough is measured by hand.
    """
    desk = Desk(services.store, context, project, services.wake)
    return accepted(response, project, order_plan(desk, given.value(), scope=rows))


@routes.get(ONE, Action.PLAN_READ, "Read a plan")
def read_plan(plan: PlanHeld) -> PlanOut:
    """Return one issue of a plan with what can be done with it."""
    return _shown(plan, plan.stored)


@routes.get(ONE + "/history", Action.PLAN_READ, "Read a plan's history")
def read_plan_history(plan: PlanHeld) -> Listed[Happening]:
    """Return every change of the issue, oldest first, as the audit trail has it."""
    return history_of(plan)


@routes.get(ONE + "/export", Action.EXPORT_READ, "Export a plan")
def export_plan(plan: PlanHeld) -> ExportOut:
    """Return all of the issue with its trail and its approvals in words (21 CFR 11.10 b, 11.50)."""
    valid = steps.valid_approvals(plan.record)
    return exported(plan, [manifestation(s, "plan", holds=s in valid) for s in plan.record.approvals])


@routes.get(ONE + "/stations", Action.PLAN_READ, "Where to scan")
def read_plan_stations(plan: PlanHeld) -> wire.StationsOut:
    """Return the stations of a plan that was made from a model, storey by storey, in the order of their use."""
    return wire.stations_out(plan.record, plans.scanning_of(plan.record))


@routes.get(ONE + "/stations/list", Action.PLAN_READ, "Download the stations", answers="text/csv", example=_CSV)
def download_plan_stations(plan: PlanHeld) -> Response:
    """Return the stations as a table (CSV, UTF-8, metres) to take along or to set out with a total station."""
    with plan.store.read() as view:
        text = plans.stations_csv(view, plan.record)
    return _file(text, "text/csv; charset=utf-8", f"{plan.record.number}-stations.csv")


@routes.get(
    ONE + "/stations/sheet", Action.PLAN_READ, "Print where to scan", answers="text/html",
    example="<!doctype html><title>Where to scan</title>",
)  # fmt: skip
def print_plan_stations(plan: PlanHeld) -> Response:
    """Return a page to print: each storey from above with its stations, and their coordinates."""
    scene = plans.outlines_of(plan.services.store, plan.services.blobs, plan.record)
    return _file(stations_sheet(plan.record, scene), "text/html; charset=utf-8", f"{plan.record.number}-stations.html")


@routes.put(ONE + "/items", Action.PLAN_EDIT, "Set a draft's items")
def set_plan_items(plan: PlanHeld, expected: Expected, given: wire.ItemsIn) -> PlanOut:
    """Replace the items of a draft."""
    require_known(plan.store, plan.services.blobs, plan.record.project, _named(given.items))
    return _shown(plan, plan.step("set_items", lambda p: steps.set_items(p, given.items, actor=plan.actor), expected))


@routes.post(ONE + "/rank", Action.PLAN_READ, "Rank items by risk")
def rank_plan_items(plan: PlanHeld, given: wire.RiskIn) -> Listed[wire.RankedItem]:
    """Return the items by falling expected cost, with why and how often to look; nothing of the plan is changed.

    Risks come from earlier measurements, findings, nonconformances and open CAPAs of the project, by class, storey and
    characteristic; what is given goes before them.
    """
    services = plan.services
    found = plan_risks.assess_plan(services.store, services.blobs, plan.record, given.risk, scope=plan.scope)
    return Listed[wire.RankedItem](items=wire.ranked_items(found, given.most))


@routes.post(ONE + "/reorder", Action.PLAN_EDIT, "Put a draft in the order of its risk")
def reorder_plan_items(plan: PlanHeld, expected: Expected, given: wire.RiskIn) -> PlanOut:
    """Put the items of a draft in the order of their risk, as often as recommended; the plan keeps why.

    What waits for another item still comes after it, nothing is dropped, and whoever approves the plan sees it so.
    """
    services = plan.services
    stored = plan_risks.rank_plan(
        services.store, services.blobs, plan.context, plan.id, given.risk, expected=expected, scope=plan.scope
    )
    return _shown(plan, stored)


@routes.post(ONE + "/issue", Action.PLAN_EDIT, "Issue a plan for approval")
def issue_plan(plan: PlanHeld, expected: Expected) -> PlanOut:
    """Issue a draft for approval."""
    return _shown(plan, plan.act("issue", steps.issue, expected))


@routes.post(ONE + "/return", Action.PLAN_APPROVE, "Return a plan for correction")
def return_plan(plan: PlanHeld, expected: Expected, given: Reason) -> PlanOut:
    """Return a plan for correction; approvals given so far fall."""
    why, by, now = given.reason, plan.actor, plan.now
    step = plan.step("return", lambda p: steps.send_back(p, why, actor=by, now=now), expected, reason=why)
    return _shown(plan, step)


@routes.post(ONE + "/sign", Action.PLAN_SIGN, "Sign a plan", secret=True)
def sign_issued_plan(plan: PlanHeld, expected: Expected, given: wire.PlanSigning) -> PlanOut:
    """Approve by signature in one of one's capacities, with one's password; not what one wrote oneself."""
    plan.confirm(given.password)
    stored = plans.sign_plan(
        plan.store, plan.context, plan.id, capacity=given.capacity, member=plan.member, expected=expected,
        scope=plan.scope,
    )  # fmt: skip
    return _shown(plan, stored)


@routes.post(ONE + "/approve", Action.PLAN_APPROVE, "Put a plan into force")
def approve_issued_plan(plan: PlanHeld, expected: Expected) -> PlanOut:
    """Put an issue into force; the one before is superseded at the same moment."""
    stored = plans.approve_plan(plan.store, plan.context, plan.id, expected=expected, scope=plan.scope)
    return _shown(plan, stored)


@routes.post(ONE + "/revise", Action.PLAN_EDIT, "Revise a plan", status=201)
def revise_approved_plan(plan: PlanHeld) -> PlanOut:
    """Keep the draft of the next revision of the issue in force."""
    return _shown(plan, plans.revise_plan(plan.store, plan.context, plan.id, scope=plan.scope))


@routes.post(ONE + "/executions", Action.POINT_NOTIFY, "Begin an item", status=201)
def begin_plan_item(plan: PlanHeld, given: wire.NewExecution) -> ExecutionOut:
    """Begin an item at a place; refused while work waits at an item before it, and `missing` says for whom."""
    require_known(plan.store, plan.services.blobs, plan.record.project, given.global_ids)
    stored = executions.begin_execution(
        plan.store, plan.context, plan.id, given.item, global_ids=given.global_ids,
        model_revision=given.model_revision, zone=given.zone, batch=given.batch, began_at=given.began_at,
        scope=plan.scope,
    )  # fmt: skip
    tag(plan.response, stored.version)
    return execution_out(stored, plan.now, (), plan.member)


@routes.get(EXECUTIONS, Action.PLAN_READ, "List what is carried out")
def list_executions(
    query: Filtered[wire.ExecutionQuery],
    store: StoreDep,
    rows: RowsDep,
    pager: PagerDep,
    now: NowDep,
    member: MemberDep,
) -> Listed[ExecutionOut]:
    """Return items that were begun, with what work past them waits for."""
    with store.read() as view:
        page = pager.page(view, PLAN_EXECUTION, query, rows)
        going = unsigned_by_execution(view, [stored.record for stored in page.items], rows)
    items = [execution_out(stored, now, going[stored.record.id], member) for stored in page.items]
    return pager.listed(query, page, items)


@routes.get(EXECUTION, Action.PLAN_READ, "Read what is carried out")
def read_execution(execution: ExecutionHeld) -> ExecutionOut:
    """Return an item that was begun."""
    return _executed(execution, execution.stored)


@routes.get(EXECUTION + "/history", Action.PLAN_READ, "Read its history")
def read_execution_history(execution: ExecutionHeld) -> Listed[Happening]:
    """Return every change, oldest first, as the audit trail has it."""
    return history_of(execution)


@routes.post(EXECUTION + "/notify", Action.POINT_NOTIFY, "Record a notice")
def notify_party(execution: ExecutionHeld, expected: Expected, given: wire.NotificationIn) -> ExecutionOut:
    """Record that a party was asked to come, with the proof that it knows."""
    proof = given.proof.value() if given.proof else None
    told = Notification(given.party, given.sent_at or execution.now, given.invited_for, proof)
    step = execution.step("notify", lambda e: notify(e, told, now=execution.now), expected)
    return _executed(execution, step)


@routes.post(EXECUTION + "/attend", Action.POINT_ATTEND, "Record an attendance")
def attend_point(execution: ExecutionHeld, expected: Expected, given: wire.AttendanceIn) -> ExecutionOut:
    """Record that a party came: by whoever came and acts for it, or by a quality manager with written proof."""
    proof = given.proof.value() if given.proof else None
    came = Attendance(given.party, given.person, given.at or execution.now, proof=proof)
    stored = executions.record_attendance(
        execution.store, execution.context, execution.id, came, recorder=execution.member, expected=expected,
        scope=execution.scope,
    )  # fmt: skip
    return _executed(execution, stored)


@routes.post(EXECUTION + "/inspect", Action.INSPECTION_CARRY_OUT, "Plan its inspection", status=201)
def plan_execution_inspection(execution: ExecutionHeld, given: wire.LotIn) -> InspectionOut:
    """Plan the inspection that the item asks for: its characteristics within its limits, of as many; once at a time.

    Whoever plans it chooses neither questions nor sample. Every element has to pass every question.
    """
    stored = plan_for_execution(
        execution.store, execution.context, execution.id, quantity=given.quantity, unit=given.unit,
        scope=execution.scope,
    )  # fmt: skip
    tag(execution.response, stored.version)
    return inspection_out(stored, execution.now, execution.member)


@routes.post(EXECUTION + "/inspections", Action.INSPECTION_PERFORM, "Link an inspection")
def link_execution_inspection(execution: ExecutionHeld, expected: Expected, given: Named) -> ExecutionOut:
    """Let a signed inspection speak for its elements: it asked for the item's characteristics, limits and frequency."""
    stored = executions.link_inspection_to(
        execution.store, execution.context, execution.id, given.id, expected=expected, scope=execution.scope
    )
    return _executed(execution, stored)


@routes.post(EXECUTION + "/checks", Action.INSPECTION_PERFORM, "Link a scan check")
def link_execution_check(execution: ExecutionHeld, expected: Expected, given: Named) -> ExecutionOut:
    """Let a scan check speak for its elements: an item measured by scan, the same tolerances, an accepted registration.

    What it found is read from what is kept of the elements; whoever links it does not release the hold.
    """
    stored = executions.link_check_to(
        execution.store, execution.context, execution.id, given.id, expected=expected, scope=execution.scope
    )
    return _executed(execution, stored)


@routes.post(EXECUTION + "/ncrs", Action.INSPECTION_PERFORM, "Link a nonconformance")
def link_execution_ncr(execution: ExecutionHeld, expected: Expected, given: Named) -> ExecutionOut:
    """Link a nonconformance of some of its elements; from then on its answer is followed."""
    stored = executions.link_ncr_to(
        execution.store, execution.context, execution.id, given.id, expected=expected, scope=execution.scope
    )
    return _executed(execution, stored)


@routes.post(EXECUTION + "/release", Action.POINT_RELEASE, "Release a hold", secret=True)
def release_hold(execution: ExecutionHeld, expected: Expected, given: wire.ReleaseIn) -> ExecutionOut:
    """Release a hold by signature for its party, with one's password; not by who inspected it."""
    execution.confirm(given.password)
    stored = executions.release_execution(
        execution.store, execution.context, execution.id, party=given.party, member=execution.member,
        expected=expected, scope=execution.scope,
    )  # fmt: skip
    return _executed(execution, stored)


def _file(text: str, media_type: str, name: str) -> Response:
    headers = {
        "Content-Disposition": f'inline; filename="{name}"',
        "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
        "Cache-Control": "private, no-cache",
    }
    return Response(text, media_type=media_type, headers=headers)


def _shown(plan: Held[InspectionPlan], stored: Stored[InspectionPlan]) -> PlanOut:
    with plan.store.read() as view:
        previous = plans.previous_of(view, stored.record)
    shown = plan.tagged(stored)
    if plan.record.project in plan.scope.shared_with:  # why it is ranked so tells of records that are not shared
        shown = replace(shown, record=replace(shown.record, ranking=()))
    return plan_out(shown, plan.now, previous)


def _executed(execution: Held[PlanExecution], stored: Stored[PlanExecution]) -> ExecutionOut:
    with execution.store.read() as view:
        going = unsigned_by_execution(view, [stored.record], execution.scope)
    return execution_out(execution.tagged(stored), execution.now, going[execution.id], execution.member)


def _named(items: Iterable[PlanItem]) -> Iterator[str]:
    """Yield the elements that items name."""
    for item in items:
        yield from item.global_ids
