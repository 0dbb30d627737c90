"""A task, what it waits for, and the calendars that it follows. Times are working days, as numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from geometry.work_plan import Workdays
from simulation.distribution import Distribution
from simulation.schedule.calendar import WorkCalendar


class Relation(StrEnum):
    """Which end of a task waits for which end of the one before (as IfcRelSequence)."""

    FINISH_START = "FS"
    START_START = "SS"
    FINISH_FINISH = "FF"
    START_FINISH = "SF"


@dataclass(frozen=True, slots=True)
class OwnWeek:
    """The calendar that a task follows in a schedule that counts the days of another one."""

    week: Workdays
    days_a_day: float
    """Days of its own that the plan counts as one."""
    earliest: float
    """Of the task, as the plan counts it."""
    floor: float
    """The same in days by the clock from the schedule's first day on."""
    calendar: WorkCalendar
    """The schedule's."""


@dataclass(frozen=True, slots=True)
class OwnLag:
    """The calendar that a lag follows."""

    week: Workdays
    days: float
    """Of that calendar."""


@dataclass(frozen=True, slots=True)
class Link:
    """A task that another waits for."""

    before: int
    """Index of the task waited for."""
    relation: Relation = Relation.FINISH_START
    lag: float = 0.0
    """Days to wait beyond it; negative: a lead."""
    own: OwnLag | None = None
    """By which calendar it counts, where tasks follow their own; None: the schedule's."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task."""

    name: str
    duration: Distribution
    links: tuple[Link, ...] = ()
    planned: float = 0.0
    """The duration that the plan counts with, days."""
    earliest: float = 0.0
    """It does not start before, days."""
    trade: str = ""
    """Who does it: tasks of one trade are quick or slow together."""
    elements: tuple[str, ...] = ()
    """GlobalIds of what stands once it is done."""
    needs: Mapping[str, int] = field(default_factory=dict[str, int])
    """How much of which resource it takes while it runs."""
    own: OwnWeek | None = None
    """The calendar that it follows; None: the schedule's."""
