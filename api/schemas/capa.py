"""CAPAs over the wire."""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import Field

from api.paging import PageQuery
from api.schemas.base import (
    RECORD_EXAMPLE,
    Line,
    OptionalLine,
    Prose,
    RecordOut,
    RecordRef,
    Schema,
    example,
    stamp,
)
from api.schemas.record import ID, SHA256, Body, Files, Number, Possible, possible
from twin.capa import EDITABLE, OPEN_STATES, Capa, CapaKind, CapaSource, CapaState, Risk, SourceKind
from twin.capa_guards import allowed_events, missing_for
from twin.cause_analysis import CauseAnalysis
from twin.corrective_action import ActionKind
from twin.disciplines import disciplines
from twin.effectiveness import EffectivenessCriterion, SetAside
from twin.eight_d import Prevention, ProblemStatement, Team
from twin.operations.capas import Judgement
from twin.record import Id
from twin.recurrence import Alike, Recurrence, RecurrenceRule
from twin.store.codec import to_json
from twin.store.view import Stored

_RECORD = Capa(
    ID, ID, "TOWER-CAPA-0001", CapaKind.CORRECTIVE, "Columns off their axes", Risk.HIGH, ID, date(2026, 12, 31), ID,
    datetime(2026, 11, 22, 8, tzinfo=UTC), (CapaSource(SourceKind.NCR, ID),),
)  # fmt: skip
_WHY = {
    "id": "w1", "branch": "occurrence", "statement": "the formwork slid", "parent": None, "evidence": [],
    "verified": False, "is_root": False,
}  # fmt: skip


class DisciplineOut(Schema):
    """One of D0 to D8."""

    model_config = example(code="D1", title="Team", done=False, missing=["a team with champion and leader"])

    code: str
    title: str
    done: bool
    missing: list[str]


class CapaOut(RecordOut):
    """A CAPA, what can be done with it now, and how far it is as an 8D report."""

    model_config = example(
        **RECORD_EXAMPLE, record=to_json(_RECORD), events=[{"event": "investigate", "missing": ["a team"]}],
        editable=["team", "problem"], disciplines=[{"code": "D1", "title": "Team", "done": False, "missing": []}],
        overdue=False,
    )  # fmt: skip

    record: Capa
    events: list[Possible] = Field(description="What its state knows, and what each event still lacks")
    editable: list[str] = Field(description="What may be filled in now")
    disciplines: list[DisciplineOut]
    overdue: bool


def capa_out(stored: Stored[Capa], now: datetime) -> CapaOut:
    """Return a CAPA as it is sent."""
    capa, events = stored.record, allowed_events(stored.record)
    lacks = {str(event): missing_for(capa, event, now=now) for event in events}
    eight = [
        DisciplineOut(code=d.code, title=d.title, done=d.done, missing=list(d.missing))
        for d in disciplines(capa, now=now)
    ]
    return CapaOut(
        **stamp(stored), record=capa, events=possible(events, lacks), disciplines=eight,
        editable=[edit.value for edit, states in EDITABLE.items() if capa.state in states], overdue=_late(capa, now),
    )  # fmt: skip


class CapaLine(RecordOut):
    """A CAPA in a list."""

    model_config = example(
        **RECORD_EXAMPLE, number="TOWER-CAPA-0001", title="Columns off their axes", kind="corrective", risk="high",
        state="initiated", owner=ID, due="2026-12-31", cycle=0, ncrs=[ID], overdue=False,
    )  # fmt: skip

    number: str
    title: str
    kind: CapaKind
    risk: Risk
    state: CapaState
    owner: Id
    due: date
    cycle: int
    ncrs: list[Id]
    overdue: bool


def capa_line(stored: Stored[Capa], now: datetime) -> CapaLine:
    """Return a CAPA as it is listed."""
    capa = stored.record
    return CapaLine(
        **stamp(stored), number=capa.number, title=capa.title, kind=capa.kind, risk=capa.risk, state=capa.state,
        owner=capa.owner, due=capa.due, cycle=capa.cycle, ncrs=list(capa.ncrs), overdue=_late(capa, now),
    )  # fmt: skip


class CapaQuery(PageQuery):
    """Filters of CAPAs."""

    state: CapaState | None = None
    assignee: RecordRef | None = Field(default=None, description="Its owner")
    number: OptionalLine | None = Field(default=None, examples=["TOWER-CAPA-0001"])


class NewCapa(Body):
    """A CAPA, and the records that it answers."""

    model_config = example(
        kind="corrective", title="Columns off their axes", risk="high", owner=ID, due="2026-12-31",
        sources=[{"kind": "ncr", "id": ID}],
    )  # fmt: skip

    kind: CapaKind
    title: Line
    risk: Risk
    owner: RecordRef
    due: date
    sources: Annotated[tuple[CapaSource, ...], Field(min_length=1, max_length=100)]


class SourceIn(Body):
    """A record that it answers."""

    model_config = example(source={"kind": "ncr", "id": ID})

    source: CapaSource


class TeamIn(Body):
    """Who works on it (D1)."""

    model_config = example(team={"champion": ID, "leader": "6" * 32, "members": []})

    team: Team


class ProblemIn(Body):
    """What the problem is (D2), and what was done at once (D0)."""

    model_config = example(
        problem={
            "what": "columns 25 mm off", "where": "axis 1", "when": "week 47", "who": "found by scan",
            "why_it_matters": "beams do not fit", "how": "shifted as a whole", "how_many": "3 of 24", "is_is_not": [],
        },
        emergency="next pour stopped",
    )  # fmt: skip

    problem: ProblemStatement
    emergency: Prose


class AnalysisIn(Body):
    """Why it happened and was not noticed (D4)."""

    model_config = example(
        analysis={"why": {"problem": "columns off their axes", "nodes": [_WHY]}, "cause_code": "FORMWORK"}
    )

    analysis: CauseAnalysis


class NewAction(Body):
    """An action to plan."""

    model_config = example(kind="corrective", description="brace the formwork", responsible=ID, due="2026-12-10")

    kind: ActionKind
    description: Prose
    responsible: RecordRef
    due: date


class Done(Body):
    """What shows that something was done."""

    model_config = example(evidence=[{"kind": "picture", "sha256": SHA256}])

    evidence: Files = ()


class Verified(Body):
    """How it was found to work."""

    model_config = example(verification="three pours watched")

    verification: Prose


class CriterionIn(Body):
    """By what the effect will be judged; fixed before anything is carried out."""

    model_config = example(
        criterion={
            "metric": "recurrence", "description": "columns off their axes by formwork", "baseline": "3",
            "target": "0", "better": "lower", "window_days": 60, "method": "NCRs of this project", "due": "2027-03-01",
            "evaluator": ID, "window_lots": 0,
        }
    )  # fmt: skip

    criterion: EffectivenessCriterion


class PreventionIn(Body):
    """A change of how work is done (D7)."""

    model_config = example(
        prevention={"kind": "procedure", "description": "bracing checked before each pour", "reference": "WI-12 rev B"}
    )

    prevention: Prevention


class Recognition(Body):
    """What was learned, and what the team is thanked for (D8)."""

    model_config = example(recognition="bracing by checklist; thanks to the night shift")

    recognition: Prose


class Evaluation(Body):
    """What the evaluator brings: the value of the criterion's metric where it is not counted, and what shows it."""

    model_config = example(value="0", lots=[], reason="", evidence=[{"kind": "report", "sha256": SHA256}])

    value: Number | None = Field(
        default=None,
        description="Left out, what recurred is counted; given, it may be more than was seen, never less",
    )
    lots: Annotated[tuple[RecordRef, ...], Field(max_length=1000)] = Field(
        default=(), description="Inspections and scan epochs that count besides those that are recognised"
    )
    reason: Prose = Field(default="", description="Why those count")
    evidence: Files = ()

    def judgement(self) -> Judgement:
        """Return it as the operation's."""
        return Judgement(self.value, tuple(one.value() for one in self.evidence), self.lots, self.reason)


class SetAsideIn(Schema):
    """A nonconformance that was seen and is not the same again, and why."""

    model_config = example(ncr=ID, reason="hit by a crane, not by the formwork")

    ncr: RecordRef
    reason: Prose


class RecurrenceQuery(Schema):
    """How many alike within how many days ask for a CAPA."""

    count: Annotated[int, Field(ge=2, le=1000)] = 3
    window_days: Annotated[int, Field(ge=1, le=3650)] = 90
    alike: Annotated[tuple[Alike, ...], Field(min_length=1, max_length=4)] = (
        Alike.ELEMENT_CLASS, Alike.CHARACTERISTIC,
    )  # fmt: skip

    def rule(self) -> RecurrenceRule:
        """Return it as the domain's."""
        return RecurrenceRule(self.count, self.window_days, self.alike)


class RecurrenceOut(Schema):
    """A CAPA that should be considered, with the numbers that say why."""

    model_config = example(
        cause_code="displaced", alike=["IfcColumn", "axis_position"], ncrs=[ID], first_at="2026-11-01T08:00:00Z",
        last_at="2026-11-22T08:00:00Z", total=3, capas=[],
    )  # fmt: skip

    cause_code: str = Field(description="Empty where nobody knows the cause of any of them")
    alike: list[str]
    ncrs: list[Id]
    first_at: datetime
    last_at: datetime
    total: int
    capas: list[Id] = Field(description="CAPAs that answer some of them: extend one of these rather than begin another")


def recurrence_out(found: Recurrence) -> RecurrenceOut:
    """Return a proposal as it is sent."""
    return RecurrenceOut(
        cause_code=found.cause_code, alike=list(found.alike), ncrs=list(found.ncrs), first_at=found.first_at,
        last_at=found.last_at, total=found.total, capas=list(found.capas),
    )  # fmt: skip


class Observation(Schema):
    """What was seen of the same since the effect is monitored."""

    model_config = example(
        count=1, ncrs=[ID, "6" * 32], lots=3, since="2026-12-01T08:00:00Z",
        set_aside=[{"ncr": ID, "reason": "hit by a crane", "by": ID, "at": "2026-12-09T08:00:00Z"}],
    )  # fmt: skip

    count: int = Field(description="Without those set aside: no evaluation may say fewer")
    ncrs: list[Id] = Field(description="All that look the same, as far as the caller may see them")
    set_aside: list[SetAside]
    lots: int = Field(description="Inspections and scans since, in which the same would have shown")
    since: datetime | None


def _late(capa: Capa, now: datetime) -> bool:
    today = now.date()
    return capa.state in OPEN_STATES and (capa.due < today or any(a.is_overdue(today) for a in capa.current_actions))
