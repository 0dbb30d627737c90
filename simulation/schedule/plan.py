"""A schedule ready to be worked out, with what had to be mended in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from geometry.note import Note, in_file, listed
from simulation.schedule.calendar import WorkCalendar
from simulation.schedule.network import Network
from simulation.schedule.risk import Risk
from simulation.schedule.task import Task

_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Repair:
    """What a file did not say soundly, and what was made of it."""

    kind: str
    """Machine word, such as ``unknown_predecessor``."""
    place: str
    """Where in the file."""
    text: str
    """A note: what was wrong and what was done."""


@dataclass(slots=True)
class Mends:
    """A list of repairs that is being written."""

    found: list[Repair] = field(default_factory=list[Repair])

    def note(self, kind: str, place: str, template: str, **values: str) -> None:
        """Add a repair; ``template`` holds ``{name}`` for each value."""
        self.found.append(Repair(kind, place, Note(f"plan_{kind}", template, **values)))


@dataclass(frozen=True, slots=True)
class Reported:
    """What a file says of the progress of a task; None where nothing."""

    share: float | None
    start: date | None
    finish: date | None


@dataclass(frozen=True, slots=True, eq=False)
class ScheduleDocument:
    """What a file asks for."""

    name: str
    network: Network
    risks: tuple[Risk, ...]
    deadline: float | None
    """Working days."""
    calendar: WorkCalendar | None
    notes: tuple[str, ...]
    """What a planner may want to repair."""
    repairs: tuple[Repair, ...] = ()
    """What a file of another program did not say soundly, and what was made of it."""
    resources: Mapping[str, int] = field(default_factory=dict[str, int])
    """How much there is of what tasks need."""
    reported: tuple[Reported, ...] = ()
    """What the file itself says of the progress of each task; none where it says nothing."""
    status_day: date | None = None
    """Up to when it knows."""


def loose_ends(tasks: Sequence[Task], places: Sequence[str]) -> tuple[str, ...]:
    """Return notes on tasks that nothing waits for or that wait for nothing, where there are several.

    ``places`` are those of the tasks in the file.
    """
    waited = {link.before for task in tasks for link in task.links}
    told = [_with_place(task.name, place) for task, place in zip(tasks, places, strict=True)]
    first = [name for task, name in zip(tasks, told, strict=True) if not task.links]
    last = [name for index, name in enumerate(told) if index not in waited]
    notes = list[str]()
    if len(first) > 1:
        text = "{names}: these tasks wait for nothing; a link may be missing."
        notes.append(Note("schedule_first", text, names=named(first)))
    if len(last) > 1:
        text = "{names}: nothing waits for these tasks; a link may be missing."
        notes.append(Note("schedule_last", text, names=named(last)))
    return tuple(notes)


def named(names: Sequence[str]) -> str:
    """Return names one after the other, of many the first ones and how many more there are.

    Examples
    --------
    >>> named(["A", "B"]), named([str(k) for k in range(10)])
    ('A, B', '0, 1, 2, 3, 4, 5, 6, 7 (+2)')
    """
    left, shown = len(names) - _MOST_NAMED, listed(names[:_MOST_NAMED])
    return Note("and_more", "{names} (+{n})", names=shown, n=str(left)) if left > 0 else shown


def _with_place(name: str, place: str) -> str:
    return Note("with_place", "{name} ({place})", name=name, place=in_file(place)) if place else name
