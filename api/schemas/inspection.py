"""Inspections over the wire."""

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
    Prose,
    RecordOut,
    RecordRef,
    Schema,
    Secret,
    example,
    stamp,
)  # fmt: skip
from api.schemas.record import ID, Body, Files, GlobalId, GlobalIds, Number, Possible, possible
from geometry.verdict import Outcome
from twin.access import Capacity
from twin.characteristic import CharacteristicKind, InspectionCharacteristic, Reading
from twin.finding import Severity
from twin.inspection import Basis, GeneralRule, Inspection, InspectionState
from twin.inspection_duties import barred, signing_capacities
from twin.inspection_lot import whole_lot
from twin.inspection_quantity import Extent
from twin.inspection_steps import AnswerVerdict, allowed_events, judged_answers, missing_for
from twin.inspection_verdict import InspectionVerdict, outcomes_by_element, verdict
from twin.instrument import Instrument
from twin.operations.inspections import Pinned, Sampling
from twin.project import Member
from twin.record import Actor, Id, require_past
from twin.store.codec import to_json
from twin.store.view import Stored

_ELEMENT = "2O2Fr$t4X7Zf8NOew3FLKr"
_QUESTION = InspectionCharacteristic(
    "c1", "axis position", CharacteristicKind.NUMERIC, source="GB 50204-2015, 8.3.2", lower=Decimal(-8),
    upper=Decimal(8), unit="mm", resolution=Decimal(1),
)  # fmt: skip
_RECORD = Inspection(
    ID, ID, "TOWER-INS-0001", "Columns of axis 1", (_ELEMENT,), Decimal(1), "pcs", whole_lot([_ELEMENT]), (_QUESTION,)
)
_VERDICT = {"outcome": "not_measured", "characteristics": []}
_ANSWER = {"characteristic": "c1", "global_id": _ELEMENT, "outcome": "pass", "missing": []}


class Quantities(Schema):
    """What became of the lot's quantity; accepted, rejected and pending sum to the lot."""

    model_config = example(lot="40", unit="pcs", inspected="5", accepted="0", rejected="0", pending="40")

    lot: Decimal
    unit: str
    inspected: Decimal
    accepted: Decimal
    rejected: Decimal
    pending: Decimal


_QUANTITIES = {"lot": "1", "unit": "pcs", "inspected": "0", "accepted": "0", "rejected": "0", "pending": "1"}


class AnswerOut(Schema):
    """What one answer says, by the rule by which the whole is judged."""

    model_config = example(**_ANSWER)

    characteristic: Id
    global_id: str
    outcome: Outcome | None = Field(description="Null for notes and pictures, which decide nothing")
    missing: list[str] = Field(description="What is lacking before it can be signed with this answer: a photo")


def answer_out(found: AnswerVerdict) -> AnswerOut:
    """Return what an answer says as it is sent."""
    return AnswerOut(
        characteristic=found.characteristic, global_id=found.global_id, outcome=found.outcome,
        missing=list(found.missing),
    )  # fmt: skip


class InspectionOut(RecordOut):
    """An inspection, its verdict, and what can be done with it now."""

    model_config = example(
        **RECORD_EXAMPLE, record=to_json(_RECORD), events=[{"event": "start", "missing": []}], verdict=_VERDICT,
        failed=[], answers=[_ANSWER], asked=1, answered=1, barred={"sign": "inspector"}, signs_as=["inspector"],
        quantities=_QUANTITIES, suggests_ncr=False,
    )  # fmt: skip

    record: Inspection
    events: list[Possible] = Field(description="What its state knows, and what each event still lacks")
    verdict: InspectionVerdict = Field(description="From the answers so far; it stands once it is signed")
    failed: list[str] = Field(description="Elements that fail")
    answers: list[AnswerOut] = Field(description="What each answer says, in the order in which they were given")
    asked: int = Field(description="Answers that are required: characteristics times the elements of the sample")
    answered: int = Field(description="Of those")
    barred: dict[str, str] = Field(
        description="Event, or `answer`, to why the caller cannot take it: `role`, `capacity`, `inspector` (another)"
    )
    signs_as: list[Capacity] = Field(description="Capacities of the caller in which this inspection is signed")
    quantities: Quantities
    suggests_ncr: bool = Field(description="It is signed and failed: `POST .../ncr` makes the draft")


def inspection_out(stored: Stored[Inspection], now: datetime, member: Member) -> InspectionOut:
    """Return an inspection as it is sent to a member."""
    inspection, events, ledger = stored.record, allowed_events(stored.record), stored.record.ledger
    lacks = {str(event): missing_for(inspection, event, now=now) for event in events}
    failed = [g for g, outcome in outcomes_by_element(inspection).items() if outcome is Outcome.FAIL]
    found = verdict(inspection)
    return InspectionOut(
        **stamp(stored), record=inspection, events=possible(events, lacks), verdict=found, failed=failed,
        answers=[answer_out(one) for one in judged_answers(inspection)], asked=len(_required(inspection)),
        answered=_answered(inspection), barred=dict(barred(inspection, member)),
        signs_as=list(signing_capacities(inspection, member)),
        quantities=Quantities(
            lot=ledger.lot, unit=ledger.unit, inspected=ledger.inspected, accepted=ledger.accepted,
            rejected=ledger.rejected, pending=ledger.pending,
        ),
        suggests_ncr=inspection.state is InspectionState.SIGNED and bool(failed),
    )  # fmt: skip


def _required(inspection: Inspection) -> frozenset[tuple[Id, str]]:
    asked = [one.id for one in inspection.characteristics if one.required]
    return frozenset((one, global_id) for one in asked for global_id in inspection.sample.global_ids)


def _answered(inspection: Inspection) -> int:
    return len(_required(inspection) & inspection.answers.keys())


class InspectionLine(RecordOut):
    """An inspection in a list."""

    model_config = example(
        **RECORD_EXAMPLE, number="TOWER-INS-0001", title="Columns of axis 1", state="signed", verdict="pass",
        lot_size=40, sample_size=5, asked=5, answered=5, plan=None, item=None, inspector=ID, reinspects=None,
    )  # fmt: skip

    number: str
    title: str
    state: InspectionState
    verdict: Outcome | None = Field(description="Null until it is signed")
    lot_size: int
    sample_size: int
    asked: int = Field(description="Answers that are required")
    answered: int = Field(description="Of those")
    plan: Id | None
    item: Id | None
    inspector: Id | None
    reinspects: Id | None


def inspection_line(stored: Stored[Inspection]) -> InspectionLine:
    """Return an inspection as it is listed."""
    one = stored.record
    found = verdict(one).outcome if one.state is InspectionState.SIGNED else None
    return InspectionLine(
        **stamp(stored), number=one.number, title=one.title, state=one.state, verdict=found, lot_size=len(one.lot),
        sample_size=len(one.sample.global_ids), asked=len(_required(one)), answered=_answered(one),
        plan=one.pin.plan if one.pin else None, item=one.pin.item if one.pin else None, inspector=one.inspector,
        reinspects=one.reinspects_id,
    )  # fmt: skip


class InspectionQuery(PageQuery):
    """Filters of inspections."""

    status: InspectionState | None = None
    verdict: Outcome | None = None
    plan: RecordRef | None = None
    global_id: GlobalId | None = Field(default=None, description="Inspections about this element")


class SamplingIn(Schema):
    """How many of the lot are looked at; nothing said takes the table's least (GB 50300-2013, table 3.0.9)."""

    model_config = example(size=5, seed=1, everything=False)

    size: Annotated[int, Field(ge=1, le=10_000)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**31)] = 0
    everything: bool = False

    def value(self) -> Sampling:
        """Return it as the operation's."""
        return Sampling(self.size, self.seed, self.everything)


class PinIn(Schema):
    """Which item of which issue of a plan it follows, on which revision of the model."""

    model_config = example(plan=ID, item=ID, model_revision=ID)

    plan: RecordRef
    item: RecordRef
    model_revision: RecordRef

    def value(self) -> Pinned:
        """Return it as the operation's."""
        return Pinned(self.plan, self.item, self.model_revision)


class NewInspection(Body):
    """An inspection of a lot."""

    model_config = example(
        title="Columns of axis 1", lot=[_ELEMENT], quantity="1", unit="pcs", sampling={"everything": True},
        characteristics=[to_json(_QUESTION)],
    )  # fmt: skip

    title: Line
    lot: Annotated[GlobalIds, Field(min_length=1)]
    quantity: Number
    unit: Line
    sampling: SamplingIn = SamplingIn()
    characteristics: Annotated[tuple[InspectionCharacteristic, ...], Field(min_length=1, max_length=200)]
    general_rule: GeneralRule = GeneralRule.SHARE
    pin: PinIn | None = None
    reinspects_ncr: RecordRef | None = Field(default=None, description="Nonconformance whose correction it re-inspects")


class AgainIn(Body):
    """Which elements of a signed inspection are inspected again."""

    model_config = example(global_ids=[_ELEMENT], quantity="1", extent="each")

    global_ids: Annotated[GlobalIds, Field(min_length=1)]
    quantity: Annotated[Number, Field(description="At most the share of the lot that these elements are")]
    extent: Extent = Field(
        default=Extent.EACH, description="`sample`: a new sample of them by the table, and all that failed before"
    )


class Instruments(Body):
    """What is read from."""

    model_config = example(
        instruments=[
            {"serial": "T-7", "kind": "tape", "calibrated_on": "2026-01-01", "calibrated_until": "2027-01-01",
             "expanded_uncertainty": "1", "unit": "mm", "certificate": None}
        ]
    )  # fmt: skip

    instruments: Annotated[tuple[Instrument, ...], Field(max_length=50)] = ()


class DraftAnswer(Body):
    """One answer for one element, as it stands in a form."""

    model_config = example(
        characteristic="c1", global_id=_ELEMENT, number="3", expanded_uncertainty=None, instrument="T-7", photos=[]
    )

    characteristic: Line
    global_id: GlobalId
    taken_at: Moment | None = Field(default=None, description="When it was taken; null: the moment it is sent")
    number: Number | None = None
    expanded_uncertainty: Number | None = None
    instrument: OptionalLine = ""
    flag: bool | None = None
    choice: OptionalLine = ""
    text: Prose = ""
    photos: Files = ()
    serious_defect: bool = False
    not_measured: Prose = ""

    def value(self, actor: Actor, now: datetime) -> Reading:
        """Return it as the domain's; :class:`Invalid` if it is yet to be taken."""
        taken_at = require_past(self.taken_at or now, now, "taken_at")
        return Reading(
            self.characteristic, self.global_id, actor.id, taken_at, self.number, self.expanded_uncertainty,
            self.instrument, self.flag, self.choice, self.text,
            tuple(one.value() for one in self.photos), self.serious_defect, self.not_measured,
        )  # fmt: skip


class ReadingIn(DraftAnswer):
    """One answer for one element."""

    correction: Prose = Field(default="", description="Why an answer that was given before is replaced")


class SigningAs(Schema):
    """In which capacity it is signed, and the password again (21 CFR 11.200)."""

    model_config = example(capacity="inspector", password="four words not together")

    capacity: Capacity
    password: Secret


class QuantityIn(Body):
    """So much of the lot."""

    model_config = example(quantity="5")

    quantity: Number


class AcceptIn(Body):
    """So much of the lot is accepted, and on what."""

    model_config = example(quantity="40", basis="verdict", basis_id=None)

    quantity: Number
    basis: Basis = Basis.VERDICT
    basis_id: RecordRef | None = Field(default=None, description="The re-inspection or the NCR")


class RejectIn(Body):
    """So much of the lot is rejected, and why."""

    model_config = example(quantity="2", reason="off their axes")

    quantity: Number
    reason: Prose


class RestoreIn(Body):
    """So much of what was rejected is pending again: it was reworked under an NCR."""

    model_config = example(quantity="2", ncr=ID)

    quantity: Number
    ncr: RecordRef


class SuggestedNcr(Schema):
    """The draft that a failed inspection suggests."""

    model_config = example(title="", severity="major")

    title: OptionalLine = ""
    severity: Severity
