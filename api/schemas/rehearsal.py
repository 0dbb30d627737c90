"""Rehearsals over the wire."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from api.paging import PageQuery
from api.schemas.base import RECORD_EXAMPLE, OptionalLine, RecordOut, RecordRef, Schema, example, stamp
from api.schemas.check import CheckFileOut
from twin.operations.rehearsals import RehearsalOrder
from twin.record import Id
from twin.rehearsal_record import Rehearsal, RehearsalKind, RehearsalOutcome
from twin.store.view import Stored

_ID = "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
_HASH = "c6f6f97a3f4b0af52cb6b3ba232fd27730338f5a6ca70e7314dcb80d4f0c6928"
Length = Annotated[Decimal, Field(ge=0, le=10_000, max_digits=12)]
Samples = Annotated[int, Field(ge=100, le=10_000_000, description="How many times it is played through")]


class RehearsalOut(RecordOut):
    """A rehearsal: what it depends on, what came out, the files that say so."""

    model_config = example(
        **RECORD_EXAMPLE, project=_ID, kind="assembly", title="house.ifc", revision=_ID, source=None, qtems="0.1.0",
        seed=0, parameters={"clearance_mm": "50"}, started_at="2026-11-22T08:00:00Z",
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
        parameters=one.parameters, started_at=one.started_at, finished_at=one.finished_at, outcome=one.outcome,
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

    def order(self) -> RehearsalOrder:
        """Return it as it is ordered."""
        return self._order(
            RehearsalKind.ASSEMBLY, self.revision, touch_mm=self.touch_mm, clearance_mm=self.clearance_mm,
            sequence=self.sequence,
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

    model_config = example(kind="schedule", upload=_ID, samples=50000)

    kind: Literal["schedule"]
    upload: RecordRef = Field(description="The schedule, a YAML file (docs/schedule.md)")
    samples: Samples = 50_000

    def order(self) -> RehearsalOrder:
        """Return it as it is ordered."""
        return self._order(RehearsalKind.SCHEDULE, None, samples=self.samples)


NewRehearsal = Annotated[AssemblyAsked | StackupAsked | ScheduleAsked, Field(discriminator="kind")]
"""Which rehearsal is asked for."""
