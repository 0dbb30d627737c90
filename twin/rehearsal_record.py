"""What was rehearsed before it was built: which question, of what, and the files that answer it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from twin.errors import Invalid
from twin.record import Evidence, Id, require_utc


class RehearsalKind(StrEnum):
    """Which question a rehearsal answers."""

    ASSEMBLY = "assembly"
    """Are the parts of a model in each other's way?"""
    STACKUP = "stackup"
    """How far off can a result be when every dimension varies within its own tolerance?"""
    SCHEDULE = "schedule"
    """When is it over, what decides that, and how sure is it?"""
    PROCESS = "process"
    """How much does a line make, where is it held up, which defects leave it?"""
    FIT_UP = "fit_up"
    """Do parts as made, or as measured, go together?"""
    QUALITY = "quality"
    """How probably is a unit defective, by what was recorded of it, and when does acting on that pay?"""
    PREDICTION = "prediction"
    """What is probably out of tolerance, by the checks so far, and where is it worth looking?"""


class RehearsalOutcome(StrEnum):
    """Whether somebody has to look."""

    CLEAR = "clear"
    """What was asked for was looked at, and nothing is in the way."""
    ACTION_NEEDED = "action_needed"
    """Something is in the way, a goal is missed or not shown, or not everything could be looked at."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One rehearsal: what it depends on, so that it can be repeated, and what it left."""

    id: Id
    project: Id
    kind: RehearsalKind
    title: str
    version: str
    """Of qtems."""
    seed: int
    started_at: datetime
    finished_at: datetime
    outcome: RehearsalOutcome
    files: tuple[Evidence, ...]
    """What it wrote, by name; the first is the result in full (JSON)."""
    parameters: Mapping[str, str]
    revision: Id | None = None
    """The model that it is of."""
    source: Evidence | None = None
    """The file that it is of, when it is no model."""
    asked_by: Id = ""
    """The user who asked for it; empty where that was not kept."""

    def __post_init__(self) -> None:
        """Refuse a rehearsal of nothing, one without an answer, and one that ended before it began."""
        require_utc(self.started_at)
        require_utc(self.finished_at)
        if self.finished_at < self.started_at:
            raise Invalid("a rehearsal ends after it began")
        if (self.revision is None) == (self.source is None):
            raise Invalid("a rehearsal is of a model or of a file: name one of them")
        if not self.files:
            raise Invalid("a rehearsal without a file has no answer")
