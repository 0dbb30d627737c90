"""A schedule as a planning program wrote it: tasks, links and calendars, before anybody judged if they are sound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from geometry.errors import ReadError
from geometry.note import Note

RELATIONS = ("FS", "SS", "FF", "SF")

LagCalendar = Literal["project", "before", "after"]


@dataclass(frozen=True, slots=True)
class Workdays:
    """A calendar: which days are worked."""

    name: str
    week: str = "1111111"
    """Seven letters from Monday: 1 worked, 0 not."""
    holidays: tuple[date, ...] = ()
    hours: float = 8.0
    """Of a working day."""
    uneven: tuple[tuple[date, float], ...] = ()
    """Days on which another share of a day's work is done than else: short ones, worked weekends."""
    shares: tuple[float, ...] = (1.0,) * 7
    """Of a day's work that is done on each day of the week from Monday, where it is worked."""


BY_CLOCK = Workdays("24 h", "1111111", hours=24.0)
"""Every day, all day: what hardens or dries does not stop at weekends."""
CLOCK = "by the clock"
"""Its key among the calendars of a plan."""


@dataclass(frozen=True, slots=True)
class WorkTask:
    """One task of a file; None where the file says nothing."""

    key: str
    """What the file knows it by."""
    name: str
    place: str
    """Where in the file, for people."""
    parent: str | None = None
    days: float | None = None
    """Working days."""
    start: date | None = None
    finish: date | None = None
    """When the file has it, planned."""
    milestone: bool = False
    calendar: str = ""
    """Key of its own calendar; empty: the project's."""
    constraint: str = ""
    """``start_after`` is kept; another word is what the file calls a constraint that is not."""
    constraint_day: date | None = None
    percent: float | None = None
    """Share done, 0 to 1, as the file has it."""
    actual_start: date | None = None
    actual_finish: date | None = None
    trade: str = ""
    elements: tuple[str, ...] = ()
    """GlobalIds of what it builds."""


@dataclass(frozen=True, slots=True)
class WorkLink:
    """One link between two tasks of a file."""

    before: str
    after: str
    """Keys."""
    relation: str
    """One of ``RELATIONS``."""
    place: str
    lag_days: float = 0.0
    """Working days."""
    lag_share: float | None = None
    """Lag as a share of the duration of the task before, in place of days."""
    by_clock: bool = False
    """The lag is in days of 24 hours, worked or not."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What a reader found and left out or guessed."""

    kind: str
    place: str
    text: Note


@dataclass(frozen=True, slots=True, eq=False)
class WorkPlan:
    """What a file holds."""

    name: str
    tasks: tuple[WorkTask, ...]
    links: tuple[WorkLink, ...]
    start: date | None = None
    """Of the project, where the file says one."""
    status_day: date | None = None
    """Up to when the file knows what was done."""
    calendar: Workdays | None = None
    """Of the project."""
    calendars: Mapping[str, Workdays] = field(default_factory=dict[str, Workdays])
    """All others, by key."""
    flaws: tuple[Flaw, ...] = ()
    lags_by: LagCalendar = "project"
    """By whose calendar lags count: the project's, that of the task waited for or of the task that waits."""


_MOST_NAMED = 5


@dataclass(slots=True)
class Flaws:
    """A list that is being written: of flaws, and of what makes a file useless."""

    found: list[Flaw] = field(default_factory=list[Flaw])
    faults: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Place and text of what stands in the file and cannot be: nothing is computed from it."""

    def fault(self, place: str, text: str) -> None:
        """Add what makes the file useless."""
        self.faults.append((place, text))

    def stop(self) -> None:
        """Refuse the file where there is a fault.

        Raises
        ------
        ReadError
            With the first fault, and the places of the others; without file name.
        """
        if self.faults:
            raise ReadError(told_of(self.faults))

    def note(self, kind: str, place: str, template: str, **values: str) -> None:
        """Add a flaw; ``template`` holds ``{name}`` for each value."""
        self.found.append(Flaw(kind, place, Note(f"plan_{kind}", template, **values)))


def told_of(faults: Sequence[tuple[str, str]]) -> str:
    """Return one line on faults (place, text): the first, and where the others are.

    Examples
    --------
    >>> told_of([("line 4", "its lag is no number"), ("line 9", "its lag is no number")])
    'line 4: its lag is no number; more is wrong in line 9'
    """
    place, text = faults[0]
    first = f"{place}: {text}" if place else text
    others = list(dict.fromkeys(other for other, _ in faults[1:] if other and other != place))
    left = len(others) - _MOST_NAMED
    told = ", ".join(others[:_MOST_NAMED]) + (f" (+{left})" if left > 0 else "")
    return f"{first}; more is wrong in {told}" if others else first
