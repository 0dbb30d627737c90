"""Quality records kept without going through the interface: something for every address that names one."""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from tests.api.web.planted import MACHINE, Planted, context, given_up
from tests.api.web.world import World
from twin.access import Capacity
from twin.capa import CapaKind, CapaSource, Risk, SourceKind
from twin.cause_analysis import CauseAnalysis
from twin.characteristic import CharacteristicKind, InspectionCharacteristic
from twin.comment import Attachment
from twin.execution_record import PlanExecution
from twin.finding import Severity
from twin.inspection_plan import PlanPoint, PointCode
from twin.operations.capas import open_capa
from twin.operations.inspections import Sampling, plan_inspection
from twin.operations.ncrs import raise_ncr
from twin.operations.plans import draft_plan
from twin.prediction import Chance, Prediction, PredictionKind, Source
from twin.record import Id
from twin.rehearsal_record import Rehearsal, RehearsalKind, RehearsalOutcome
from twin.root_cause import Branch, WhyNode, WhyTree
from twin.saved_view import SavedView
from twin.store import records

QUESTION = InspectionCharacteristic("c1", "clean", CharacteristicKind.BOOLEAN)


@dataclass(frozen=True)
class PlantedRecords:
    """Identifiers as routes name them."""

    ncr: Id
    capa: Id
    plan: Id
    execution: Id
    inspection: Id
    attachment: Id
    view: Id
    rehearsal: Id
    prediction: Id
    action: Id = "0" * 32
    digest: str = ""
    letter: Id = ""

    def in_addresses(self) -> dict[str, str]:
        return asdict(self)


def plant_records(world: World, project: Id, planted: Planted) -> PlantedRecords:
    """Keep one record of each kind in a project."""
    store, now = world.services.store, context(world)
    content = world.services.blobs.put([b"a picture"])
    with store.write(now) as unit:
        run = unit.get(records.CHECK_RUN, planted.check).record
        owner = next(unit.all(records.MEMBER, project=project)).record.user
    ncr = raise_ncr(
        store, now, project, title="Column 1", severity=Severity.MINOR, quantity=Decimal(1), unit="element",
        global_ids=("A",), evidence=(run.report,),
    ).record.id  # fmt: skip
    capa = open_capa(
        store, now, project, kind=CapaKind.CORRECTIVE, title="Columns", risk=Risk.LOW, owner=owner,
        due=date(2027, 1, 1), sources=(CapaSource(SourceKind.NCR, ncr),),
    ).record.id  # fmt: skip
    plan = draft_plan(store, now, project, title="Columns").record
    inspection = plan_inspection(
        store, now, project, title="Columns", lot=("A",), quantity=Decimal(1), unit="pcs", sampling=Sampling(),
        characteristics=(QUESTION,),
    ).record.id  # fmt: skip
    points = (PlanPoint(Capacity.CONTRACTOR, PointCode.INSPECT),)
    why = WhyTree("columns", (WhyNode("w1", Branch.OCCURRENCE, "the formwork slid", evidence=(run.report,)),))
    with store.write(now) as unit:
        answered = unit.get(records.CAPA, capa)
        unit.save(records.CAPA, replace(answered.record, analysis=CauseAnalysis(why)), expected=answered.version)
        seen = unit.get(records.INSPECTION, inspection)
        unit.save(records.INSPECTION, replace(seen.record, photos=(run.report,)), expected=seen.version)
        execution = PlanExecution(
            unit.new_id(), project, plan.id, plan.number, 1, "1" * 32, "columns", points, planted.revision, ("A",)
        )
        unit.add(records.PLAN_EXECUTION, execution)
        attachment = Attachment(
            unit.new_id(),
            project,
            f"ncr:{ncr}",
            content.sha256,
            "tag.jpg",
            "image/jpeg",
            content.size,
            now.actor,
            now.now,
        )
        unit.add(records.ATTACHMENT, attachment)
        view = SavedView(unit.new_id(), project, MACHINE, world.clock(), "South", "cam=1,2,3,0,0,0", shared=True)
        unit.add(records.SAVED_VIEW, view)
        rehearsal = Rehearsal(
            unit.new_id(), project, RehearsalKind.ASSEMBLY, "hall.ifc", "0.1.0", 0, now.now, now.now,
            RehearsalOutcome.CLEAR, (run.report, *run.files), {}, planted.revision,
        )  # fmt: skip
        unit.add(records.REHEARSAL, rehearsal)
        prediction = unit.add(records.PREDICTION, predicted(unit.new_id(), rehearsal, now.now)).record
    return PlantedRecords(
        ncr,
        capa,
        plan.id,
        execution.id,
        inspection,
        attachment.id,
        view.id,
        rehearsal.id,
        prediction.id,
        digest=run.report.sha256,
        letter=given_up(world),
    )


def predicted(identifier: Id, rehearsal: Rehearsal, now: datetime) -> Prediction:
    """Return a clash that a rehearsal lets expect."""
    return Prediction(
        identifier, rehearsal.project, PredictionKind.CLASH, "a×b", "Column 1 × Duct 2", ("A",), "",
        Chance(Decimal("0.8"), Decimal("0.7"), Decimal("0.9")), True, "hard: 12 mm deep",
        Source(rehearsal.id, "0.1.0", 0, rehearsal.files[0].sha256), now,
    )  # fmt: skip
