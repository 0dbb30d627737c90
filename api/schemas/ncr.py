"""Nonconformance records over the wire."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import Field

from api.paging import PageQuery
from api.schemas.base import (
    RECORD_EXAMPLE,
    Line,
    Moment,
    OptionalLine,
    Prose,
    RecordOut,
    RecordRef,
    Schema,
    example,
    stamp,
)
from api.schemas.record import ID, Body, Files, GlobalId, GlobalIds, Number, Possible, possible
from geometry.verdict import Outcome
from twin.access import Capacity
from twin.disposition import ChildLot, Concession, Decision, DispositionLine, Proof
from twin.finding import Severity
from twin.ncr import Event, NonConformance, State, allowed_events, is_overdue, missing_for, total_cost, valid_signatures
from twin.ncr_draft import DraftChanges
from twin.ncr_duties import Bar, bars, next_steps
from twin.ncr_guards import required_signatures
from twin.ncr_parts import Containment, ContainmentKind, Cost, Criteria, Equivalence, Violation
from twin.ncr_record import concession_until
from twin.operations.ncr_steps import Seat
from twin.project import Member
from twin.record import Actor, Id
from twin.store.codec import to_json
from twin.store.view import Span, Stored

_INSTANT = timedelta(microseconds=1)
_AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
_RECORD = NonConformance(
    ID, ID, "Column 1 is 25 mm off its axis", Severity.MAJOR, Decimal(1), "element", Actor(ID, "Ann Wu"), _AT,
    state=State.OPEN, number="TOWER-NCR-0001",
)  # fmt: skip
_VIOLATION = {
    "requirement": {
        "characteristic": "axis_position", "clause": "GB 50204-2015, 8.3.2", "lower": "-8", "upper": "8", "unit": "mm",
    },
    "measured": {"value": "25.1", "expanded_uncertainty": "2.4", "coverage_factor": "2"},
    "global_id": "2O2Fr$t4X7Zf8NOew3FLKr",
}  # fmt: skip


class NcrOut(RecordOut):
    """A nonconformance record, and what can be done with it now."""

    model_config = example(
        **RECORD_EXAMPLE, record=to_json(_RECORD), events=[{"event": "contain", "missing": ["a containment"]}],
        barred={"reject": "raised"}, next=["record_containment"], signs_as=["quality_manager", "contractor"],
        signed_by=[], overdue=False, cost_total={"EUR": "120"}, concession_until=None, concession_expired=False,
        in_doubt=False,
    )  # fmt: skip

    record: NonConformance
    events: list[Possible] = Field(description="What its state knows, and what each event still lacks")
    barred: dict[Event, Bar] = Field(description="What of it is not the caller's to do, and why")
    next: list[Event] = Field(description="What the caller can do now that moves it on")
    signs_as: list[Capacity] = Field(
        description="In which capacities its disposition is signed, each by another person"
    )
    signed_by: list[Id] = Field(description="Whose signatures cover what is proposed now")
    overdue: bool
    concession_until: datetime | None = Field(description="When the first of its concessions ends")
    concession_expired: bool = Field(description="What was accepted is accepted no longer, and stands there still")
    in_doubt: bool = Field(description="It was closed on a check that counts no more: `record.doubt` says why")
    cost_total: dict[str, Decimal] = Field(description="What all its cycles cost so far, by currency")


def ncr_out(stored: Stored[NonConformance], now: datetime, member: Member) -> NcrOut:
    """Return a record as it is sent to a member."""
    record, events = stored.record, allowed_events(stored.record)
    lacks = {str(event): missing_for(record, event, now=now) for event in events}
    return NcrOut(
        **stamp(stored), record=record, events=possible(events, lacks), barred=bars(record, member),
        next=list(next_steps(record, member, now)), signs_as=list(required_signatures(record)),
        signed_by=[one.signer for one in valid_signatures(record)],
        overdue=is_overdue(record, now), cost_total=total_cost(record), concession_until=concession_until(record),
        concession_expired=_expired(record, now), in_doubt=record.doubt is not None,
    )  # fmt: skip


class NcrLine(RecordOut):
    """A nonconformance record in a list."""

    model_config = example(
        **RECORD_EXAMPLE, number="TOWER-NCR-0001", title="Column 1 is 25 mm off its axis", state="open",
        severity="major", quantity="1", unit="element", global_ids=["2O2Fr$t4X7Zf8NOew3FLKr"], assignee=None, due=None,
        containment_due="2026-11-23T08:00:00Z", cycle_count=0, overdue=False, concession_until=None,
        concession_expired=False, in_doubt=False, next=["record_containment"],
    )  # fmt: skip

    number: str
    title: str
    state: State
    severity: Severity
    quantity: Decimal
    unit: str
    global_ids: list[str]
    assignee: Id | None
    due: date | None
    containment_due: datetime | None
    cycle_count: int
    overdue: bool
    concession_until: datetime | None = Field(description="When the first of its concessions ends")
    concession_expired: bool = Field(description="What was accepted is accepted no longer, and stands there still")
    in_doubt: bool = Field(description="It was closed on a check that counts no more: `record.doubt` says why")
    next: list[Event] = Field(description="What the caller can do now that moves it on")


def ncr_line(stored: Stored[NonConformance], now: datetime, member: Member) -> NcrLine:
    """Return a record as it is listed to a member."""
    ncr = stored.record
    return NcrLine(
        **stamp(stored), number=ncr.number, title=ncr.title, state=ncr.state, severity=ncr.severity,
        quantity=ncr.quantity, unit=ncr.unit, global_ids=list(ncr.global_ids), assignee=ncr.assignee, due=ncr.due,
        containment_due=ncr.containment_due, cycle_count=ncr.cycle_count, overdue=is_overdue(ncr, now),
        concession_until=concession_until(ncr), concession_expired=_expired(ncr, now), in_doubt=ncr.doubt is not None,
        next=list(next_steps(ncr, member, now)),
    )  # fmt: skip


def _expired(ncr: NonConformance, now: datetime) -> bool:
    until = concession_until(ncr)
    return until is not None and until <= now


class NcrQuery(PageQuery):
    """Filters of nonconformance records."""

    state: State | None = None
    severity: Severity | None = None
    assignee: RecordRef | None = None
    number: OptionalLine | None = Field(default=None, examples=["TOWER-NCR-0001"])
    global_id: GlobalId | None = Field(default=None, description="Records about this element")
    concession_expired: bool | None = Field(
        default=None, description="Records whose concession has ended (true), or holds (false)"
    )

    in_doubt: bool | None = Field(default=None, description="Records that were closed on a check that counts no more")

    beside: ClassVar[frozenset[str]] = frozenset({"concession_expired"})

    def columns(self, now: datetime) -> dict[str, Span]:
        """Return what it asks of columns beyond their equality."""
        if self.concession_expired is None:
            return {}
        return {"concession_until": Span(end=now) if self.concession_expired else Span(start=now + _INSTANT)}


class NewNcr(Body):
    """A draft that a person raises; it gets its number when it is opened."""

    model_config = example(
        title="Column 1 is 25 mm off its axis", severity="major", quantity="1", unit="element",
        global_ids=["2O2Fr$t4X7Zf8NOew3FLKr"], violations=[_VIOLATION],
    )  # fmt: skip

    title: Line
    severity: Severity
    quantity: Number
    unit: Line
    description: Prose = ""
    global_ids: GlobalIds = ()
    lot: OptionalLine = ""
    violations: Annotated[tuple[Violation, ...], Field(max_length=1000)] = ()
    evidence: Files = ()
    contract_affected: bool = False
    customer_to_be_informed: bool = False


class NcrAmend(Body):
    """What changes of a draft; what is left out stays."""

    model_config = example(title="Column 1 is 25 mm off its axis", severity="major")

    title: Line | None = None
    severity: Severity | None = None
    quantity: Number | None = None
    unit: Line | None = None
    description: Prose | None = None
    global_ids: GlobalIds | None = None
    lot: OptionalLine | None = None
    violations: Annotated[tuple[Violation, ...], Field(max_length=1000)] | None = None
    contract_affected: bool | None = None
    customer_to_be_informed: bool | None = None

    def changes(self) -> DraftChanges:
        """Return them as the domain's."""
        given = {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}
        return DraftChanges(**given)  # pyright: ignore[reportArgumentType]


class Reclassify(Body):
    """How severe it is and whom it concerns, said anew; what was signed before is no longer valid."""

    model_config = example(
        severity="critical", contract_affected=True, customer_to_be_informed=True, reason="carries the crane"
    )

    severity: Severity
    contract_affected: bool
    customer_to_be_informed: bool
    reason: Prose


class Assignment(Schema):
    """Who has to see to it next, and until when; null for nobody."""

    model_config = example(assignee=ID, due="2026-11-30")

    assignee: RecordRef | None
    due: date | None = None


class ContainmentIn(Body):
    """How unintended use is prevented, and what else was found to be affected."""

    model_config = example(
        kind="in_place_tag", place="axis 1, storey 2", tag="NCR", affected_query="columns of the same crew",
        affected=[],
    )  # fmt: skip

    kind: ContainmentKind
    place: Line
    tag: OptionalLine = ""
    affected_query: Prose = ""
    affected: GlobalIds = ()

    def value(self, actor: Actor, now: datetime) -> Containment:
        """Return it as the domain's."""
        return Containment(self.kind, self.place, actor, now, self.tag, self.affected_query, self.affected)


class SeatIn(Schema):
    """Somebody on the review board."""

    model_config = example(user=ID, capacity="design_authority")

    user: RecordRef
    capacity: Capacity

    def value(self) -> Seat:
        """Return it as the operation's."""
        return Seat(self.user, self.capacity)


class Board(Schema):
    """The material review board."""

    model_config = example(members=[{"user": ID, "capacity": "design_authority"}])

    members: Annotated[tuple[SeatIn, ...], Field(min_length=1, max_length=30)]


class LineIn(Body):
    """What is decided for a part of the nonconforming quantity."""

    model_config = example(
        decision="rework", quantity="1", justification="can be moved back", instruction="WI-7",
        global_ids=["2O2Fr$t4X7Zf8NOew3FLKr"],
    )  # fmt: skip

    decision: Decision
    quantity: Number
    justification: Prose
    global_ids: GlobalIds = ()
    instruction: OptionalLine = ""
    repair_criteria: Prose = ""
    concession: Concession | None = None
    customer_waiver: Prose = ""
    new_identity: OptionalLine = ""
    scar: OptionalLine = ""

    def value(self, identifier: Id) -> DispositionLine:
        """Return it as the domain's."""
        return DispositionLine(
            identifier, self.decision, self.quantity, self.justification, self.global_ids, self.instruction,
            self.repair_criteria, self.concession, self.customer_waiver, self.new_identity, self.scar,
        )  # fmt: skip


class Proposal(Body):
    """The disposition that is proposed; its lines take the place of those before."""

    model_config = example(
        lines=[{"decision": "rework", "quantity": "1", "justification": "can be moved back", "instruction": "WI-7"}]
    )

    lines: Annotated[tuple[LineIn, ...], Field(min_length=1, max_length=100)]


class Finished(Schema):
    """When the work was finished; only evidence from then on counts."""

    model_config = example(finished_at="2026-11-22T16:00:00Z")

    finished_at: Moment


class SameAsIn(Body):
    """What a question of an inspection asks for under other words than the record."""

    model_config = example(question="c1", characteristic="axis_position", clause="GB 50204-2015, 8.3.2")

    question: Line = Field(description="The characteristic of the inspection")
    characteristic: OptionalLine = Field(default="", description="As the record's requirement has it; none of a repair")
    clause: Line = Field(description="As the record's requirement has it; of a repair, its criteria")

    def value(self) -> Equivalence:
        """Return it as the domain's."""
        return Equivalence(self.question, self.characteristic, self.clause)


class RecheckIn(Schema):
    """What re-inspected: a check, or a signed inspection. What it says is taken from it."""

    model_config = example(check_run=None, inspection=ID, criteria="original", same_as=[], reason="")

    check_run: RecordRef | None = None
    inspection: RecordRef | None = None
    criteria: Criteria = Criteria.ORIGINAL
    same_as: Annotated[tuple[SameAsIn, ...], Field(max_length=100)] = Field(
        default=(), description="Questions that ask for a requirement of the record under other words"
    )
    reason: Prose = Field(default="", description="Why they are the same")


class NotedFinding(Schema):
    """A finding that a record takes up."""

    model_config = example(id=ID, reason="")

    id: RecordRef
    reason: Prose = Field(default="", description="Why what is decided still answers what has changed")


class LotIn(Body):
    """A part that sorting set apart."""

    model_config = example(quantity="1", verdict="pass", global_ids=[], ncr=None)

    quantity: Number
    verdict: Outcome
    global_ids: GlobalIds = ()
    ncr: RecordRef | None = None


class ProofIn(Body):
    """That what a line decides was done; each decision asks for its own fields."""

    model_config = example(line=ID, verdict="pass", evidence=[], as_built_record="A-101 rev C")

    line: RecordRef
    verdict: Outcome
    evidence: Files = ()
    as_built_record: OptionalLine = ""
    new_identity: OptionalLine = ""
    traceability: OptionalLine = ""
    marking: OptionalLine = ""
    counted: Number | None = None
    shipping_record: OptionalLine = ""
    debit_note: OptionalLine = ""
    lots: Annotated[tuple[LotIn, ...], Field(max_length=100)] = ()

    def value(self, actor: Actor, now: datetime, identifiers: list[Id]) -> Proof:
        """Return it as the domain's; each lot gets one of the identifiers."""
        lots = tuple(
            ChildLot(identifier, lot.quantity, lot.verdict, lot.global_ids, lot.ncr)
            for identifier, lot in zip(identifiers, self.lots, strict=True)
        )
        return Proof(
            self.line, self.verdict, actor, now, tuple(one.value() for one in self.evidence), self.as_built_record,
            self.new_identity, self.traceability, self.marking, self.counted, self.shipping_record, self.debit_note,
            lots,
        )  # fmt: skip


class CapaDecisionIn(Schema):
    """Whether the cause has to be eliminated, why, and by which CAPAs."""

    model_config = example(needed=False, reason="a single event", capas=[])

    needed: bool
    reason: Prose
    capas: Annotated[tuple[RecordRef, ...], Field(max_length=100)] = ()


class CostIn(Body):
    """What it cost, in one currency."""

    model_config = example(labour="120", material="0", other="0", currency="EUR")

    labour: Number
    material: Number
    other: Number
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]

    def value(self) -> Cost:
        """Return it as the domain's."""
        return Cost(self.labour, self.material, self.other, self.currency)


class NoticeIn(Schema):
    """The letter or message by which the customer was informed."""

    model_config = example(reference="letter of 22 November")

    reference: Line
