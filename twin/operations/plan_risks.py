"""What the project's records show of the risk of a plan's items: earlier measurements, findings, NCRs, open CAPAs."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from geometry.verdict import Outcome
from twin.capa import OPEN_STATES
from twin.finding import FindingStatus
from twin.inspection_plan import InspectionPlan
from twin.ncr_record import NonConformance, State
from twin.operations.plans import scene_document
from twin.operations.steps import take_step
from twin.plan_generation import ItemRisk
from twin.plan_risk import AssessedItem, Earlier, Known, Observation, Place, apply_ranking, assess
from twin.prediction import PredictionKind, PredictionState
from twin.record import Id
from twin.store import records
from twin.store.blobs import BlobStore
from twin.store.measured import latest_measured
from twin.store.repository import Context, Store
from twin.store.view import EVERYTHING, Scope, Stored, View

_EPOCHS = 2
"""How many of the latest scan campaigns are looked at: what failed before that stands in the NCRs."""


def assess_plan(
    store: Store, blobs: BlobStore, plan: InspectionPlan, given: Mapping[Id, ItemRisk], *, scope: Scope = EVERYTHING
) -> tuple[AssessedItem, ...]:
    """Return a plan's items by falling expected cost, with why; ``given`` goes before what the records show."""
    return assess(plan.items, known_of(store, blobs, plan, scope), given)


def rank_plan(
    store: Store,
    blobs: BlobStore,
    context: Context,
    plan: Id,
    given: Mapping[Id, ItemRisk],
    *,
    expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[InspectionPlan]:
    """Put a draft's items in the order of their risk, as often as recommended, and keep why with the plan."""
    with store.read() as view:
        draft = view.get(records.INSPECTION_PLAN, plan, scope).record
    found = assess_plan(store, blobs, draft, given, scope=scope)
    return take_step(
        store, context, records.INSPECTION_PLAN, plan, lambda p: apply_ranking(p, found, actor=context.actor),
        action="reorder", expected=expected, scope=scope,
    )  # fmt: skip


def known_of(store: Store, blobs: BlobStore, plan: InspectionPlan, scope: Scope = EVERYTHING) -> Known:
    """Return what the records of a plan's project show, to those who may see all of them."""
    if plan.project in scope.shared_with:
        return Known()
    scene = scene_document(store, blobs, plan) if plan.scanning else None
    places: dict[str, Place] = {}
    if scene is not None:
        classes, storeys = scene["ifc_class"], scene["storey"]
        for g, c, s in zip(scene["global_id"], classes["index"], storeys["index"], strict=True):
            places[g] = Place(classes["values"][c], storeys["values"][s])
    with store.read() as view:
        measured = tuple(_measured(view, plan.project, places))
        open_capas = {
            stored.record.id: stored.record.number
            for stored in view.all(records.CAPA, project=plan.project, state=tuple(s.value for s in OPEN_STATES))
        }
        earlier = (*_nonconformances(view, plan.project, open_capas), *_findings(view, plan.project))
        predicted = _predicted(view, plan.project)
    return Known(places, measured, earlier, predicted)


def _measured(view: View, project: Id, places: dict[str, Place]) -> Iterator[Observation]:
    """Yield what was found in the latest campaigns; note what and where each element is."""
    for element in latest_measured(view.connection, project, epochs=_EPOCHS):
        places.setdefault(element.global_id, Place(element.ifc_class, element.storey))
        for one in element.measurements:
            yield Observation(element.global_id, one["characteristic"], Outcome(one["verdict"]))


def _predicted(view: View, project: Id) -> dict[tuple[str, str], Decimal]:
    """Return what is predicted of elements and nobody settled."""
    state = PredictionState.PREDICTED.value
    found = (stored.record for stored in view.all(records.PREDICTION, project=project, state=state))
    return {
        (one.global_ids[0], one.characteristic): one.chance.probability
        for one in found
        if one.kind is PredictionKind.OUT_OF_TOLERANCE
    }


def _nonconformances(view: View, project: Id, open_capas: Mapping[Id, str]) -> Iterator[Earlier]:
    for stored in view.all(records.NCR, project=project):
        ncr = stored.record
        if ncr.number and ncr.state not in (State.REJECTED, State.VOID):
            capas = ncr.capa.capas if ncr.capa else ()
            names = tuple(open_capas[capa] for capa in capas if capa in open_capas)
            yield Earlier(ncr.number, ncr.severity, tuple(_failed(ncr)), names)


def _failed(ncr: NonConformance) -> Iterator[tuple[str, str]]:
    for violation in ncr.violations:
        for global_id in (violation.global_id,) if violation.global_id else ncr.global_ids:
            yield global_id, violation.requirement.characteristic


def _findings(view: View, project: Id) -> Iterator[Earlier]:
    """Yield the findings that nobody decided on yet; those confirmed are nonconformances."""
    for stored in view.all(records.FINDING, project=project, status=FindingStatus.OPEN.value):
        finding = stored.record
        failed = tuple((failure.global_id, failure.characteristic) for failure in finding.defect.failures)
        yield Earlier(f"finding {finding.id[:8]}", finding.severity, failed)
