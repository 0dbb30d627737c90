"""Inspection plans, and carrying them out, over the wire."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from api.paging import PageQuery
from api.schemas.base import (
    RECORD_EXAMPLE,
    Line,
    Moment,
    OptionalLine,
    RecordOut,
    RecordRef,
    Schema,
    Secret,
    example,
    stamp,
)  # fmt: skip
from api.schemas.record import ID, SHA256, Body, EvidenceIn, GlobalId, GlobalIds, Number, Possible, possible
from twin.access import Capacity
from twin.execution_record import PlanExecution
from twin.inspection import Inspection, InspectionState
from twin.inspection_duties import barred_of, releasing_parties
from twin.inspection_plan import (
    Criterion,
    Frequency,
    InspectionPlan,
    Method,
    PlanItem,
    PlanPoint,
    PlanStatus,
    PointCode,
    Reference,
    Stage,
)  # fmt: skip
from twin.operations.plan_drafts import PlanOrder
from twin.plan_generation import ItemRisk, rerank
from twin.plan_release import missing_to_proceed, missing_to_release
from twin.plan_risk import AssessedItem
from twin.plan_steps import allowed_events, missing_for
from twin.project import Member
from twin.record import Id
from twin.scan_plan import Scanner, ScanPlan, ScanStation, StoreyScan
from twin.store.codec import to_json
from twin.store.view import Stored

_ELEMENT = "2O2Fr$t4X7Zf8NOew3FLKr"
_POINTS = (
    PlanPoint(Capacity.CONTRACTOR, PointCode.INSPECT),
    PlanPoint(Capacity.CONSULTANT, PointCode.HOLD, 24),
)
_ITEM = PlanItem(
    ID, 1, "IfcColumn, L1: axis position", Stage.AFTER, ("axis_position",), Reference("GB 50204-2015", "8.3.2"),
    Criterion(Decimal(-8), Decimal(8), "mm"), Method.SCAN_VS_BIM, _POINTS, global_ids=(_ELEMENT,),
)  # fmt: skip
_RECORD = InspectionPlan(ID, ID, "TOWER-ITP-0001", "Columns", ID, items=(_ITEM,))
_EXECUTION = PlanExecution(
    ID, ID, ID, "TOWER-ITP-0001", 1, ID, "IfcColumn, L1: axis position", _POINTS, ID, (_ELEMENT,)
)
_GOING = {"id": ID, "number": "TOWER-INS-0001", "state": "planned", "inspector": None}
_STOREY = StoreyScan(
    "L1", (ScanStation("L1 S01", Decimal("4.5"), Decimal("3.625"), Decimal("1.6"), Decimal("0.41")),), Decimal("0.41")
)
Items = Annotated[tuple[PlanItem, ...], Field(max_length=5000)]


class PlanOut(RecordOut):
    """One issue of a plan, and what can be done with it now."""

    model_config = example(**RECORD_EXAMPLE, record=to_json(_RECORD), events=[{"event": "issue", "missing": []}])

    record: InspectionPlan
    events: list[Possible] = Field(description="What its status knows, and what each event still lacks")


def plan_out(stored: Stored[InspectionPlan], now: datetime, previous: InspectionPlan | None) -> PlanOut:
    """Return a plan as it is sent."""
    plan, events = stored.record, allowed_events(stored.record)
    lacks = {str(event): missing_for(plan, event, now=now, previous=previous) for event in events}
    return PlanOut(**stamp(stored), record=plan, events=possible(events, lacks))


class PlanLine(RecordOut):
    """One issue of a plan in a list."""

    model_config = example(
        **RECORD_EXAMPLE, number="TOWER-ITP-0001", revision=1, title="Columns", status="draft", items=1, author=ID
    )

    number: str
    revision: int
    title: str
    status: PlanStatus
    items: int
    author: Id


def plan_line(stored: Stored[InspectionPlan]) -> PlanLine:
    """Return a plan as it is listed."""
    plan = stored.record
    return PlanLine(
        **stamp(stored), number=plan.number, revision=plan.revision, title=plan.title, status=plan.status,
        items=len(plan.items), author=plan.author,
    )  # fmt: skip


class PlanQuery(PageQuery):
    """Filters of plans."""

    status: PlanStatus | None = None
    number: OptionalLine | None = Field(default=None, examples=["TOWER-ITP-0001"])


class NewPlan(Body):
    """The draft of a plan."""

    model_config = example(title="Columns", specification="", discipline="structure", items=[to_json(_ITEM)])

    title: Line
    specification: OptionalLine = ""
    discipline: OptionalLine = ""
    items: Items = ()


class ScannerIn(Schema):
    """How near and how steep a surface has to be seen, and where the scanner stands."""

    model_config = example(max_range_m="20", max_incidence_deg="65", min_range_m="0.6", height_m="1.6", spacing_m="1.5")

    max_range_m: Annotated[Number, Field(gt=0, le=500)] = Decimal(20)
    max_incidence_deg: Annotated[Number, Field(gt=0, lt=90)] = Decimal(65)
    min_range_m: Annotated[Number, Field(ge=0, le=500)] = Decimal("0.6")
    height_m: Annotated[Number, Field(gt=0, le=10)] = Decimal("1.6")
    spacing_m: Annotated[Number, Field(ge=Decimal("0.5"), le=100)] = Decimal("1.5")

    def value(self) -> Scanner:
        """Return it as the domain's."""
        return Scanner(self.max_range_m, self.max_incidence_deg, self.min_range_m, self.height_m, self.spacing_m)


class PlanFromModel(Body):
    """From which revision of the model, under which tolerances, and what a scan is expected to reach."""

    model_config = example(
        title="Structure", revision=ID, standard="gb-50204-2015", scan_uncertainty_mm={"axis_position": "2.5"}
    )

    title: Line
    revision: RecordRef
    standard: OptionalLine = Field(default="", description="Of the catalogue; empty for the built-in profile")
    tolerance_mm: Annotated[Number, Field(gt=0)] | None = Field(
        default=None, description="One surface tolerance for everything instead"
    )
    scan_uncertainty_mm: dict[Line, Annotated[Number, Field(gt=0)]] = Field(
        description="Characteristic to U (k = 2) that a scan should reach; what is not named is measured by hand"
    )
    scanner: ScannerIn = ScannerIn()

    def value(self) -> PlanOrder:
        """Return it as the operation's."""
        return PlanOrder(
            "", "", self.revision, self.title, self.standard,
            "" if self.tolerance_mm is None else str(self.tolerance_mm), self.scan_uncertainty_mm,
            self.scanner.value(),
        )  # fmt: skip


class StationsOut(Schema):
    """Where to scan for a plan: stations in the model's coordinates, in the order of their use."""

    model_config = example(
        plan="TOWER-ITP-0001", plan_revision=1, model_revision=ID, scanner=to_json(Scanner()),
        storeys=[to_json(_STOREY)], unseen=[_ELEMENT],
    )  # fmt: skip

    plan: str
    plan_revision: int
    model_revision: Id
    scanner: Scanner
    storeys: list[StoreyScan]
    unseen: list[str] = Field(description="Elements that no station sees well enough: measured by hand")


def stations_out(plan: InspectionPlan, scanning: ScanPlan) -> StationsOut:
    """Return a plan's stations as they are sent."""
    return StationsOut(
        plan=plan.number, plan_revision=plan.revision, model_revision=scanning.revision, scanner=scanning.scanner,
        storeys=list(scanning.storeys), unseen=list(scanning.unseen),
    )  # fmt: skip


class ItemsIn(Body):
    """The items of a draft; they take the place of those before."""

    model_config = example(items=[to_json(_ITEM)])

    items: Items


class PlanSigning(Schema):
    """In which capacity it is approved, and the password again (21 CFR 11.200)."""

    model_config = example(capacity="quality_manager", password="four words not together")

    capacity: Capacity
    password: Secret


class RiskIn(Body):
    """What a person knows of items' risk; of all others the project's records say it."""

    model_config = example(risk={ID: {"probability": "0.1", "detection": "0.5", "cost": "100"}}, most=None)

    risk: dict[RecordRef, ItemRisk] = Field(
        default={}, max_length=5000, description="Costs from the records are relative: 10, 30 or 100"
    )
    most: Annotated[int, Field(ge=1, le=5000)] | None = Field(
        default=None, description="Keep only so many; holds and what others wait for are always kept"
    )


class RankedItem(Schema):
    """An item with the cost that is to be expected without it, why, and how often it should be looked at."""

    model_config = example(
        id=ID, activity="IfcColumn, L1: axis position", expected_cost="8.25", kept=True,
        risk={"probability": "0.165", "detection": "0.5", "cost": "100"}, given=False,
        why=["3 of 20 failed in axis position, of IfcColumn in L1", "TOWER-NCR-0001 (major)"],
        frequency={"kind": "sample", "amount": "10", "unit": "pcs", "source": "GB 50300-2013, table 3.0.9"},
        raised=True,
    )  # fmt: skip

    id: Id
    activity: str
    expected_cost: Decimal
    kept: bool
    risk: ItemRisk
    given: bool = Field(description="By a person, in this request")
    why: list[str]
    frequency: Frequency = Field(description="Recommended; never less than the plan says")
    raised: bool = Field(description="Whether it is more than the plan says")


def ranked_items(assessed: tuple[AssessedItem, ...], most: int | None) -> list[RankedItem]:
    """Return assessed items as they are sent."""
    risk = {one.item.id: one.risk for one in assessed}
    kept = {item.id for item in rerank([one.item for one in assessed], risk, most=most)}
    return [
        RankedItem(
            id=one.item.id, activity=one.item.activity, expected_cost=one.risk.expected_cost,
            kept=one.item.id in kept, risk=one.risk, given=one.given, why=list(one.why), frequency=one.frequency,
            raised=one.frequency != one.item.frequency,
        )
        for one in assessed
    ]  # fmt: skip


class GoingInspection(Schema):
    """An inspection that is planned or going on."""

    model_config = example(**_GOING)

    id: Id
    number: str
    state: InspectionState
    inspector: Id | None


class ExecutionOut(RecordOut):
    """An item carried out at a place, and what work past it waits for."""

    model_config = example(
        **RECORD_EXAMPLE, record=to_json(_EXECUTION), missing_to_proceed=["release by the consultant"],
        missing_to_release=["a passing inspection"], inspections=[_GOING],
        barred={"link": "role"}, releases_as=["contractor"],
    )  # fmt: skip

    record: PlanExecution
    missing_to_proceed: list[str] = Field(description="What keeps work from going on; empty when it may")
    missing_to_release: list[str] = Field(description="Elements for which nothing speaks yet")
    inspections: list[GoingInspection] = Field(description="Planned for it or going on, not signed yet")
    barred: dict[str, str] = Field(
        description="`inspect`, `link`, `release` to why the caller cannot do it: `role`, `capacity`"
    )
    releases_as: list[Capacity] = Field(description="Parties that hold it for which the caller may sign a release")


def execution_out(
    stored: Stored[PlanExecution], now: datetime, going: Iterable[Inspection], member: Member
) -> ExecutionOut:
    """Return an execution as it is sent to a member, with the inspections that go on for it."""
    one = stored.record
    return ExecutionOut(
        **stamp(stored), record=one, missing_to_proceed=list(missing_to_proceed(one, now=now)),
        missing_to_release=list(missing_to_release(one, now=now)),
        inspections=[
            GoingInspection(id=each.id, number=each.number, state=each.state, inspector=each.inspector)
            for each in going
        ],
        barred=dict(barred_of(one, member)), releases_as=list(releasing_parties(one, member)),
    )  # fmt: skip


class ExecutionQuery(PageQuery):
    """Filters of executions."""

    plan: RecordRef | None = None
    plan_number: OptionalLine | None = Field(default=None, examples=["TOWER-ITP-0001"])
    item: RecordRef | None = None
    global_id: GlobalId | None = None


class NewExecution(Body):
    """Where an item begins, on which elements of which revision of the model."""

    model_config = example(item=ID, global_ids=[_ELEMENT], model_revision=ID, zone="axis 1", batch="", began_at=None)

    item: RecordRef
    global_ids: Annotated[GlobalIds, Field(min_length=1)]
    model_revision: RecordRef
    zone: OptionalLine = ""
    batch: OptionalLine = ""
    began_at: Moment | None = Field(
        default=None,
        description="When it began; null: the moment it is sent. Only what is found from then on speaks for it",
    )


class LotIn(Body):
    """How much the elements of an execution are, where the plan counts something else than pieces."""

    model_config = example(quantity="12.5", unit="m³")

    quantity: Annotated[Number, Field(gt=0)] | None = Field(default=None, description="Null for one piece each")
    unit: OptionalLine = ""


class NotificationIn(Body):
    """A party is asked to come."""

    model_config = example(
        party="consultant",
        sent_at=None,
        invited_for="2026-11-24T08:00:00Z",
        proof={"kind": "document", "sha256": SHA256},
    )

    party: Capacity
    sent_at: Moment | None = Field(default=None, description="When it was sent; null: the moment this is sent")
    invited_for: Moment
    proof: EvidenceIn | None = Field(default=None, description="That it arrived; without it the notice does not run")


class AttendanceIn(Body):
    """A party came: somebody whose membership grants its capacity."""

    model_config = example(party="consultant", person=ID, at=None, proof=None)

    party: Capacity
    person: RecordRef
    at: Moment | None = Field(default=None, description="When the person came; null: the moment this is sent")
    proof: EvidenceIn | None = Field(
        default=None, description="In writing, that the person came; needed where a quality manager records it"
    )


class ReleaseIn(Schema):
    """For which party it is released, and the password again (21 CFR 11.200)."""

    model_config = example(party="consultant", password="four words not together")

    party: Capacity
    password: Secret
