"""Rehearsals over the wire."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from api.paging import PageQuery
from api.schemas.base import RECORD_EXAMPLE, OptionalLine, RecordOut, RecordRef, Schema, example, stamp
from api.schemas.check import CheckFileOut
from twin.operations.rehearsal_orders import ScannedFile
from twin.operations.rehearsals import RehearsalOrder
from twin.record import Id
from twin.rehearsal_record import Rehearsal, RehearsalKind, RehearsalOutcome
from twin.store.view import Stored

_ID = "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
_HASH = "c6f6f97a3f4b0af52cb6b3ba232fd27730338f5a6ca70e7314dcb80d4f0c6928"
Length = Annotated[Decimal, Field(ge=0, le=10_000, max_digits=12)]
Noise = Annotated[Decimal, Field(ge=0, le=1000, max_digits=12)]
ElementName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Cost = Annotated[Decimal, Field(ge=0, le=10**12, max_digits=18)]
StakeCost = Annotated[Decimal, Field(ge=0, le=10**9, max_digits=18)]
StakeMinutes = Annotated[Decimal, Field(ge=0, le=100_000, max_digits=12)]
Share = Annotated[Decimal, Field(gt=0, le=1, max_digits=9)]
Figure = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Worth = Annotated[Decimal, Field(gt=0, le=10**12, max_digits=18)]
Chance = Annotated[Decimal, Field(gt=Decimal("0.5"), lt=1, max_digits=9)]
ColumnName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Samples = Annotated[int, Field(ge=100, le=10_000_000, description="How many times it is played through")]


class RehearsalOut(RecordOut):
    """A rehearsal: what it depends on, what came out, the files that say so."""

    model_config = example(
        **RECORD_EXAMPLE, project=_ID, kind="assembly", title="house.ifc", revision=_ID, source=None, qtems="0.1.0",
        seed=0, parameters={"clearance_mm": "50"}, asked_by=_ID, started_at="2026-11-22T08:00:00Z",
        finished_at="2026-11-22T08:00:09Z", outcome="action_needed",
        files=[{"name": "assembly.json", "media_type": "application/json", "sha256": _HASH}],
    )  # fmt: skip

    project: Id
    kind: RehearsalKind
    title: str
    revision: Id | None = Field(description="The model that it is of")
    source: str | None = Field(description="The file that it is of, when it is of no model")
    qtems: str = Field(description="Version that ran it")
    seed: int
    parameters: Mapping[str, str]
    asked_by: str = Field(description="The user who asked for it; empty where that was not kept")
    started_at: datetime
    finished_at: datetime
    outcome: RehearsalOutcome
    files: list[CheckFileOut] = Field(description="The result in full first; each under `.../files/NAME`")


def rehearsal_out(stored: Stored[Rehearsal]) -> RehearsalOut:
    """Return a rehearsal as it is sent."""
    one = stored.record
    return RehearsalOut(
        **stamp(stored), project=one.project, kind=one.kind, title=one.title, revision=one.revision,
        source=one.source.description if one.source else None, qtems=one.version, seed=one.seed,
        parameters=one.parameters, asked_by=one.asked_by, started_at=one.started_at,
        finished_at=one.finished_at, outcome=one.outcome,
        files=[
            CheckFileOut(name=file.description, media_type=file.media_type, sha256=file.sha256) for file in one.files
        ],
    )  # fmt: skip


class RehearsalQuery(PageQuery):
    """Filters of rehearsals."""

    kind: RehearsalKind | None = None
    outcome: RehearsalOutcome | None = None
    model_revision: RecordRef | None = None


class _Asked(Schema):
    """What every rehearsal takes."""

    title: OptionalLine = Field(default="", description="Empty: the file's name")
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="Start of the random numbers")
    lang: Literal["en", "zh"] = Field(default="en", description="Language of its pages")

    def _order(self, kind: RehearsalKind, revision: Id | None, **parameters: object) -> RehearsalOrder:
        told = {name: str(value) for name, value in parameters.items() if value is not None}
        return RehearsalOrder(
            "", "", kind, self.title, revision, parameters=told, seed=self.seed, lang=self.lang
        )  # fmt: skip


class ShapeAsked(Schema):
    """A part by the shape that a scan has of it."""

    model_config = example(global_id="2O2Fr$t4X7Zf8NOew3FLOH", upload=_ID, noise_mm="2")

    global_id: ElementName = Field(description="The element")
    upload: RecordRef = Field(description="Its points or its mesh, in the design frame: .ply, .stl, .e57, .laz ...")
    noise_mm: Noise | None = Field(default=None, description="Of a point; default: `shape_noise_mm`")


class AssemblyAsked(_Asked):
    """Asks whether the parts of a model are in each other's way."""

    model_config = example(kind="assembly", revision=_ID, clearance_mm="50")

    kind: Literal["assembly"]
    revision: RecordRef
    touch_mm: Length = Field(default=Decimal("0.1"), description="Overlaps no deeper are touching")
    clearance_mm: Length = Field(default=Decimal(0), description="Parts have to stay apart by it")
    sequence: Literal["none", "found", "model_tasks"] = Field(
        default="none", description="Whether an order of assembly is looked for, or that of the model's tasks judged"
    )
    in_time: bool = Field(
        default=False, description="Only among what the model's tasks have there at the same time: 4D"
    )
    at: date | None = Field(default=None, description="The same on one day")
    as_built: bool = Field(
        default=False,
        description="Measured places, of the newest check of this model that counts, replace designed ones: P(clash)",
    )
    position_mm: Length | None = Field(default=None, description="Standard deviation of where other elements are")
    access: RecordRef | None = Field(
        default=None, description="Space that has to be free on a side of elements, a YAML file (docs/assembly.md)"
    )
    shapes: list[ShapeAsked] = Field(
        default_factory=list[ShapeAsked], max_length=200, description="Parts as scanned, in place of their design"
    )
    shape_noise_mm: Noise | None = Field(
        default=None, description="Standard deviation of a point of those (default 0: exact)"
    )

    @model_validator(mode="after")
    def _shapes_fit(self) -> Self:
        if self.shape_noise_mm is not None and not self.shapes:
            raise ValueError("shape_noise_mm is about scanned parts: give shapes")
        names = [one.global_id for one in self.shapes]
        if again := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"{again}: it has a shape already; give one file of it")
        return self

    @property
    def scanned(self) -> tuple[ScannedFile, ...]:
        """Return the parts that a scan has."""
        usual = self.shape_noise_mm or Decimal(0)
        return tuple(
            ScannedFile(one.global_id, one.upload, usual if one.noise_mm is None else one.noise_mm)
            for one in self.shapes
        )

    def order(self) -> RehearsalOrder:
        """Return it as it is ordered."""
        return self._order(
            RehearsalKind.ASSEMBLY, self.revision, touch_mm=self.touch_mm, clearance_mm=self.clearance_mm,
            sequence=self.sequence, in_time=self.in_time or self.at is not None or None, at=self.at,
            as_built=self.as_built or None, position_mm=self.position_mm,
        )  # fmt: skip


class StackupAsked(_Asked):
    """Asks how far off a result can be when every dimension varies within its own tolerance."""

    model_config = example(kind="stackup", upload=_ID, method="quasi_monte_carlo", samples=262144)

    kind: Literal["stackup"]
    upload: RecordRef = Field(description="The stack, a YAML file (docs/stackup.md)")
    method: Literal["monte_carlo", "quasi_monte_carlo"] = "monte_carlo"
    samples: Samples = 200_000

    def order(self) -> RehearsalOrder:
        """Return it as it is ordered."""
        return self._order(RehearsalKind.STACKUP, None, method=self.method, samples=self.samples)


class ScheduleAsked(_Asked):
    """Asks when a network of tasks is over, what decides that, and how sure it is."""

    model_config = example(kind="schedule", revision=_ID, progress=True, samples=50000)

    kind: Literal["schedule"]
    revision: RecordRef | None = Field(default=None, description="A model whose tasks they are")
    upload: RecordRef | None = Field(default=None, description="Or a file: YAML, MS Project XML, P6 XER or XML")
    progress: bool = Field(default=False, description="By what the checks that count saw to stand")
    samples: Samples = 50_000

    @model_validator(mode="after")
    def _of_one(self) -> Self:
        if (self.revision is None) == (self.upload is None):
            raise ValueError("give revision or upload, one of them")
        return self

    def order(self) -> RehearsalOrder:
        """Return it as it is ordered."""
        return self._order(RehearsalKind.SCHEDULE, self.revision, samples=self.samples, progress=self.progress)


class ProcessAsked(_Asked):
    """Asks how much a line makes, where it is held up, and which defects leave it."""

    model_config = example(kind="process", upload=_ID)

    kind: Literal["process"]
    upload: RecordRef = Field(description="The line, a YAML file (docs/simulate.md)")
    replications: int | None = Field(
        default=None, ge=2, le=1000, description="Runs; without it, what the file says. Of `among`: the most of a line"
    )
    compare: RecordRef | None = Field(default=None, description="Another line beside it, on the same random numbers")
    among: list[RecordRef] = Field(default_factory=list, max_length=50, description="Other lines to choose among")
    figure: Figure | None = Field(default=None, description="What the best is best in, such as lead_time")
    better: Literal["more", "less"] = Field(default="more", description="Whether more or less of it is better")
    worth: Worth | None = Field(default=None, description="The smallest difference that matters")
    confidence: Chance = Field(default=Decimal("0.95"), description="That the choice is right")

    @model_validator(mode="after")
    def _a_choice_is_whole(self) -> Self:
        if bool(self.among) != (self.figure is not None and self.worth is not None):
            raise ValueError("give among, figure and worth, all or none of them")
        if self.among and self.compare is not None:
            raise ValueError("give compare or among, not both")
        return self

    @property
    def others(self) -> list[RecordRef]:
        """Return the uploads beside the line."""
        return [self.compare] if self.compare is not None else self.among

    def order(self) -> RehearsalOrder:
        """Return it as it is ordered."""
        choice = self.among or None
        return self._order(
            RehearsalKind.PROCESS, None, replications=self.replications, figure=choice and self.figure,
            better=choice and self.better, worth=choice and self.worth, confidence=choice and self.confidence,
        )  # fmt: skip


class FitUpAsked(_Asked):
    """Asks whether parts as made, or as measured, go together."""

    model_config = example(kind="fit_up", upload=_ID)

    kind: Literal["fit_up"]
    upload: RecordRef = Field(description="The joints, a YAML file (docs/fitup.md)")
    samples: Samples = 20_000

    def order(self) -> RehearsalOrder:
        """Return it as it is ordered."""
        return self._order(RehearsalKind.FIT_UP, None, samples=self.samples)


class QualityAsked(_Asked):
    """Asks how probably units are defective, by what was recorded of them, and when acting on that pays."""

    model_config = example(kind="quality", upload=_ID, outcome="scrapped", time="made_at", escape="100", action="15")

    kind: Literal["quality"]
    upload: RecordRef = Field(description="A row for each unit, .csv or .parquet (docs/quality.md)")
    outcome: ColumnName = Field(description="Column that says whether a unit was defective")
    defective: OptionalLine = Field(default="", description="What stands there when it was")
    time: OptionalLine = Field(
        default="", description="Column that says when it was made; empty: the order of the rows"
    )
    group: OptionalLine = Field(default="", description="Column of what belongs together, such as a batch")
    identifier: OptionalLine = Field(default="", description="Column of what units are called")
    ignore: list[ColumnName] = Field(default_factory=list, max_length=200, description="Columns not to learn from")
    score: RecordRef | None = Field(default=None, description="Units that came later, an upload: to be scored as well")
    escape: Cost | None = Field(default=None, description="Cost of a defect that nobody acted on")
    action: Cost | None = Field(default=None, description="Cost of acting on a unit")
    effectiveness: Share = Field(default=Decimal(1), description="Share of the defects that acting prevents")
    goal: Share | None = Field(default=None, description="Yield to be reached by acting")

    @model_validator(mode="after")
    def _costs_together(self) -> Self:
        if (self.escape is None) != (self.action is None):
            raise ValueError("give escape and action, both or neither")
        if self.escape is not None and self.escape <= 0:
            raise ValueError("an escaped defect costs more than nothing")
        return self

    def order(self) -> RehearsalOrder:
        """Return it as it is ordered."""
        return self._order(
            RehearsalKind.QUALITY, None, outcome=self.outcome, defective=self.defective, time=self.time,
            group=self.group, identifier=self.identifier, ignore="\n".join(self.ignore), escape=self.escape,
            action=self.action, effectiveness=self.effectiveness, goal=self.goal,
        )  # fmt: skip


class QualityScoreAsked(Schema):
    """Asks how probably later units are defective, by the model that a run of the kind `quality` fitted."""

    model_config = example(kind="quality_score", fitted=_ID, score=_ID)

    kind: Literal["quality_score"]
    fitted: RecordRef = Field(description="The rehearsal that fitted it: learnt anew of its file, settings and seed")
    score: RecordRef = Field(description="A row for each later unit, .csv or .parquet, with the columns learnt from")
    title: OptionalLine = Field(default="", description="Empty: the file's name")
    lang: Literal["en", "zh"] = Field(default="en", description="Language of its pages")

    def order(self) -> RehearsalOrder:
        """Return it as it is ordered."""
        return RehearsalOrder("", "", RehearsalKind.QUALITY, self.title, lang=self.lang)


class ClassStake(Schema):
    """What hangs on an element of a class."""

    model_config = example(ifc_class="IfcColumn", cost="100", minutes="20")

    ifc_class: Annotated[str, Field(pattern=r"^Ifc[A-Za-z0-9]{1,60}$")]
    cost: StakeCost = Field(description="Of a defect that nobody finds, in any unit, the same for all")
    minutes: StakeMinutes = Field(description="Of an inspection")


class PredictionAsked(_Asked):
    """Asks what is probably out of tolerance, by the checks that count, and where it is worth looking."""

    model_config = example(
        kind="prediction", revision=_ID, budget_minutes=480, cost="10", minutes="10",
        classes=[{"ifc_class": "IfcColumn", "cost": "100", "minutes": "20"}],
    )  # fmt: skip

    kind: Literal["prediction"]
    revision: RecordRef = Field(description="The model that was checked")
    budget_minutes: Decimal = Field(
        default=Decimal(480), ge=0, le=100_000, max_digits=12, description="What inspections may take"
    )
    instrument_u_mm: Decimal = Field(
        default=Decimal(1), gt=0, le=1000, max_digits=12, description="Standard uncertainty of what they measure with"
    )
    candidate_from: Decimal = Field(
        default=Decimal("0.5"), gt=0, le=1, max_digits=6, description="Probability from which something is a candidate"
    )

    cost: StakeCost = Field(default=Decimal(1), description="Of a defect that nobody finds, in any unit")
    minutes: StakeMinutes = Field(default=Decimal(10), description="Of an inspection")
    classes: list[ClassStake] = Field(
        default_factory=list[ClassStake], max_length=200, description="Classes on which something else hangs"
    )

    @model_validator(mode="after")
    def _each_class_once(self) -> Self:
        names = [one.ifc_class for one in self.classes]
        if again := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"{again} is in classes twice; keep one of them")
        return self

    def order(self) -> RehearsalOrder:
        """Return it as it is ordered."""
        stakes = "\n".join(f"{one.ifc_class} {one.cost:f} {one.minutes:f}" for one in self.classes)
        return self._order(
            RehearsalKind.PREDICTION, self.revision, budget_minutes=self.budget_minutes,
            instrument_u_mm=self.instrument_u_mm, candidate_from=self.candidate_from, cost=self.cost,
            minutes=self.minutes, classes=stakes or None,
        )  # fmt: skip


NewRehearsal = Annotated[
    AssemblyAsked
    | StackupAsked
    | ScheduleAsked
    | ProcessAsked
    | FitUpAsked
    | QualityAsked
    | QualityScoreAsked
    | PredictionAsked,
    Field(discriminator="kind"),
]
"""Which rehearsal is asked for."""
