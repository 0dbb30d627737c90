"""Inspections: planned, read, signed, and what becomes of the lot."""

from fastapi import Request, Response

from api.deps import ContextDep, MemberDep, PagerDep, ProjectId, RowsDep, ServicesDep, StoreDep
from api.download import STATUSES
from api.etag import Expected, tag
from api.held import Held, InspectionHeld
from api.paging import Filtered, Listed
from api.records import DigestPath, evidence_file, exported, history_of
from api.routing import Routes
from api.schemas import inspection as wire
from api.schemas.inspection import InspectionLine, InspectionOut, InspectionQuery, inspection_line, inspection_out
from api.schemas.ncr import NcrOut, ncr_out
from api.schemas.record import ExportOut, Happening, Reason, manifestation
from twin import inspection_quantity as quantities
from twin import inspection_steps as steps
from twin.access import Action
from twin.inspection import Inspection
from twin.operations import inspections
from twin.operations.known_elements import require_known
from twin.store.records import INSPECTION
from twin.store.view import Stored

routes = Routes("inspections")
ALL = "/projects/{project}/inspections"
ONE = ALL + "/{inspection}"


@routes.get(ALL, Action.INSPECTION_READ, "List inspections")
def list_inspections(
    query: Filtered[InspectionQuery], store: StoreDep, rows: RowsDep, pager: PagerDep
) -> Listed[InspectionLine]:
    """Return the inspections of a project."""
    with store.read() as view:
        return pager.records(view, INSPECTION, query, rows, inspection_line)


@routes.post(ALL, Action.INSPECTION_PERFORM, "Plan an inspection", status=201)
def create_inspection(
    project: ProjectId, given: wire.NewInspection, context: ContextDep, services: ServicesDep, member: MemberDep,
    response: Response,
) -> InspectionOut:  # fmt: skip
    """Plan an inspection of a lot under the project's next number; the sample can be drawn again by everybody."""
    require_known(services.store, services.blobs, project, given.lot)
    stored = inspections.plan_inspection(
        services.store, context, project, title=given.title, lot=given.lot, quantity=given.quantity, unit=given.unit,
        sampling=given.sampling.value(), characteristics=given.characteristics, general_rule=given.general_rule,
        pinned=given.pin.value() if given.pin else None, reinspects_ncr=given.reinspects_ncr,
    )  # fmt: skip
    tag(response, stored.version)
    return inspection_out(stored, context.now, member)


@routes.get(ONE, Action.INSPECTION_READ, "Read an inspection")
def read_inspection(inspection: InspectionHeld) -> InspectionOut:
    """Return an inspection with its verdict and what can be done with it."""
    return _shown(inspection, inspection.stored)


@routes.get(ONE + "/history", Action.INSPECTION_READ, "Read an inspection's history")
def read_inspection_history(inspection: InspectionHeld) -> Listed[Happening]:
    """Return every change of the inspection, oldest first, as the audit trail has it."""
    return history_of(inspection)


@routes.get(ONE + "/export", Action.EXPORT_READ, "Export an inspection")
def export_inspection(inspection: InspectionHeld) -> ExportOut:
    """Return all of the inspection with its trail and its signature in words (21 CFR 11.10 b, 11.50)."""
    signature = inspection.record.signature
    if signature is None:
        return exported(inspection, [])
    holds = signature.content_sha256 == steps.signing_digest(inspection.record)
    return exported(inspection, [manifestation(signature, "readings", holds=holds)])


@routes.get(ONE + "/files/{digest}", Action.INSPECTION_READ, "Download evidence", answers="*/*", also=STATUSES)
def download_inspection_file(inspection: InspectionHeld, digest: DigestPath, request: Request) -> Response:
    """Return a file that the record names as evidence."""
    return evidence_file(inspection, digest, request)


@routes.post(ONE + "/again", Action.INSPECTION_PERFORM, "Plan a re-inspection", status=201)
def plan_inspection_again(inspection: InspectionHeld, given: wire.AgainIn) -> InspectionOut:
    """Plan to inspect some elements of a signed inspection again, by its own criteria: each, or a new sample of them.

    It frees the share of the lot that its elements are; whoever plans it does not choose the sample.
    """
    stored = inspections.plan_reinspection(
        inspection.store, inspection.context, inspection.id, given.global_ids, given.quantity, extent=given.extent,
        scope=inspection.scope,
    )  # fmt: skip
    return _shown(inspection, stored)


@routes.post(ONE + "/ncr", Action.NCR_RAISE, "Raise what an inspection suggests", status=201)
def raise_inspection_ncr(inspection: InspectionHeld, given: wire.SuggestedNcr) -> NcrOut:
    """Keep the draft of a nonconformance that a signed, failed inspection suggests: its elements, values, pictures."""
    stored = inspections.raise_from_inspection(
        inspection.store, inspection.context, inspection.id, title=given.title, severity=given.severity,
        scope=inspection.scope,
    )  # fmt: skip
    tag(inspection.response, stored.version)
    return ncr_out(stored, inspection.now, inspection.member)


@routes.post(ONE + "/start", Action.INSPECTION_CARRY_OUT, "Start an inspection")
def start_inspection(inspection: InspectionHeld, expected: Expected, given: wire.Instruments) -> InspectionOut:
    """Begin, with the instruments that will be read; who starts it signs it."""
    by, now = inspection.actor, inspection.now
    step = inspection.step("start", lambda i: steps.start(i, given.instruments, actor=by, now=now), expected)
    return _shown(inspection, step)


@routes.post(ONE + "/instruments", Action.INSPECTION_CARRY_OUT, "Add instruments")
def add_inspection_instruments(
    inspection: InspectionHeld, expected: Expected, given: wire.Instruments
) -> InspectionOut:
    """Add instruments that will be read, too."""

    def added(record: Inspection) -> Inspection:
        for instrument in given.instruments:
            record = steps.add_instrument(record, instrument, now=inspection.now)
        return record

    return _shown(inspection, inspection.step("add_instrument", added, expected))


@routes.post(ONE + "/readings", Action.INSPECTION_CARRY_OUT, "Record an answer")
def record_inspection_reading(inspection: InspectionHeld, expected: Expected, given: wire.ReadingIn) -> InspectionOut:
    """Record an answer, or correct one with its reason; the trail keeps what was corrected."""
    reading, why = given.value(inspection.actor, inspection.now), given.correction
    if why:
        step = inspection.step("correct", lambda i: steps.correct(i, reading, why), expected, reason=why)
    else:
        step = inspection.step("record", lambda i: steps.record(i, reading), expected)
    return _shown(inspection, step)


@routes.post(ONE + "/judge", Action.INSPECTION_CARRY_OUT, "Judge a draft answer")
def judge_inspection_answer(inspection: InspectionHeld, given: wire.DraftAnswer) -> wire.AnswerOut:
    """Return what an answer would say, by the rule by which it is judged once recorded; nothing is kept."""
    reading = given.value(inspection.actor, inspection.now)
    return wire.answer_out(steps.judge_answer(inspection.record, reading))


@routes.post(ONE + "/sign", Action.INSPECTION_CARRY_OUT, "Sign an inspection", secret=True)
def sign_inspection_readings(inspection: InspectionHeld, expected: Expected, given: wire.SigningAs) -> InspectionOut:
    """Sign what was found, with one's password; a re-inspection is recorded on the nonconformance that waits for it."""
    inspection.confirm(given.password)
    stored = inspections.sign_inspection(
        inspection.store, inspection.context, inspection.id, capacity=given.capacity, member=inspection.member,
        expected=expected, scope=inspection.scope,
    )  # fmt: skip
    return _shown(inspection, stored)


@routes.post(ONE + "/cancel", Action.INSPECTION_PERFORM, "Cancel an inspection")
def cancel_inspection(inspection: InspectionHeld, expected: Expected, given: Reason) -> InspectionOut:
    """Give it up before it is signed."""
    why, by, now = given.reason, inspection.actor, inspection.now
    step = inspection.step("cancel", lambda i: steps.cancel(i, why, actor=by, now=now), expected, reason=why)
    return _shown(inspection, step)


@routes.post(ONE + "/count", Action.INSPECTION_PERFORM, "Count what was looked at")
def count_inspected_quantity(inspection: InspectionHeld, expected: Expected, given: wire.QuantityIn) -> InspectionOut:
    """Record how much more of the lot was looked at."""
    by, now, much = inspection.actor, inspection.now, given.quantity
    step = inspection.step("count", lambda i: quantities.count_quantity(i, much, actor=by, now=now), expected)
    return _shown(inspection, step)


@routes.post(ONE + "/accept", Action.INSPECTION_DECIDE, "Accept some of a lot")
def accept_inspected_quantity(inspection: InspectionHeld, expected: Expected, given: wire.AcceptIn) -> InspectionOut:
    """Accept some of the lot: on the verdict, a passing re-inspection, a closed nonconformance or its concession.

    The nonconformance was raised from the inspection, or shares elements and what failed; it was closed since.
    """
    stored = inspections.accept_lot(
        inspection.store, inspection.context, inspection.id, given.quantity, given.basis,
        basis_id=given.basis_id or "", expected=expected, scope=inspection.scope,
    )  # fmt: skip
    return _shown(inspection, stored)


@routes.post(ONE + "/reject", Action.INSPECTION_DECIDE, "Reject some of a lot")
def reject_inspected_quantity(inspection: InspectionHeld, expected: Expected, given: wire.RejectIn) -> InspectionOut:
    """Reject some of the lot."""
    by, now, much, why = inspection.actor, inspection.now, given.quantity, given.reason
    step = inspection.step(
        "reject", lambda i: quantities.reject_quantity(i, much, why, actor=by, now=now), expected, reason=why
    )
    return _shown(inspection, step)


@routes.post(ONE + "/restore", Action.INSPECTION_DECIDE, "Make rejected quantity pending again")
def restore_rejected_quantity(inspection: InspectionHeld, expected: Expected, given: wire.RestoreIn) -> InspectionOut:
    """Make some of what was rejected pending again: it was corrected under a nonconformance that is closed."""
    stored = inspections.restore_lot(
        inspection.store, inspection.context, inspection.id, given.quantity, given.ncr, expected=expected,
        scope=inspection.scope,
    )  # fmt: skip
    return _shown(inspection, stored)


def _shown(inspection: Held[Inspection], stored: Stored[Inspection]) -> InspectionOut:
    return inspection_out(inspection.tagged(stored), inspection.now, inspection.member)
