"""When each element is there, by the tasks that build and remove it, and which clashes are between two that ever meet.

On the safe side: an element may be there from the moment the task that builds it starts until the one that removes it
has finished. A removal takes away only what surely was built before it. What no task builds or removes, or one
without dates, is always there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from geometry.schedule import BUILDING, Task, end_of_day
from simulation.assembly.clash import Clash
from simulation.assembly.clock import Clock, clock_of, shifted
from simulation.assembly.study import ClashStudy

REMOVING = frozenset({"DEMOLITION", "DISMANTLE", "REMOVAL", "DISPOSAL"})
"""Kinds of tasks after which something is gone."""
MOVING = "MOVE"
"""Where to is not in the model: what is moved is taken to be where it is drawn, before and after."""


@dataclass(frozen=True, slots=True)
class Spell:
    """A time in which something is there, from ``start`` up to, not including, ``end``; None: open."""

    start: datetime | None = None
    end: datetime | None = None

    def meet(self, other: "Spell") -> "Spell | None":
        """Return when both are; None: never.

        Examples
        --------
        >>> Spell(end=datetime(2026, 3, 1)).meet(Spell(datetime(2026, 3, 1))) is None
        True
        """
        starts = [one for one in (self.start, other.start) if one is not None]
        ends = [one for one in (self.end, other.end) if one is not None]
        start, end = max(starts, default=None), min(ends, default=None)
        return None if start is not None and end is not None and start >= end else Spell(start, end)


ALWAYS = (Spell(),)

_Ends = tuple[datetime | None, datetime | None]
"""Start and finish of a task."""


@dataclass(frozen=True, slots=True, eq=False)
class InTime:
    """What is there when."""

    spells: Mapping[str, tuple[Spell, ...]]
    """By GlobalId, of what tasks with dates build or remove; everything else is always there."""
    moved: tuple[str, ...]
    """What a task moves."""
    undated: tuple[str, ...]
    """What tasks without dates build or remove."""
    at: date | None = None
    """The day that is asked about; None: all days."""
    clock: Clock = field(default_factory=Clock)
    """On which the spells are."""

    def of(self, global_id: str) -> tuple[Spell, ...]:
        """Return when an element is there."""
        return self.spells.get(global_id, ALWAYS)

    def together(self, clash: Clash) -> tuple[Spell, ...]:
        """Return when both sides of a clash are there; nothing: never, or not on the day that is asked about."""
        met = [one.meet(other) for one in self.of(clash.first) for other in self.of(clash.second)]
        found = tuple(spell for spell in met if spell is not None)
        if self.at is None:
            return found
        day = Spell(*self.clock.day(self.at))
        return found if any(spell.meet(day) is not None for spell in found) else ()

    def ever(self, clash: Clash) -> bool:
        """Return whether both sides of a clash are ever there together, on whichever day."""
        return any(one.meet(other) is not None for one in self.of(clash.first) for other in self.of(clash.second))


@dataclass(frozen=True, slots=True, eq=False)
class TimedClashes:
    """Clashes among what is there at the same time."""

    study: ClashStudy
    """With those alone."""
    excluded: tuple[Clash, ...]
    """The others."""
    in_time: InTime


def in_time_of(
    tasks: Iterable[Task], times: Mapping[str, tuple[datetime | None, datetime | None]], at: date | None = None
) -> InTime:
    """Return what is there when.

    Parameters
    ----------
    tasks
        Of the model.
    times
        Start and finish of tasks by GlobalId, to the minute, where the model says them so; with a zone or without.
    at
        The day that is asked about.
    """
    moved, planned = set[str](), list[tuple[Task, _Ends]]()
    for task in tasks:
        kind = task.kind.upper()
        if kind == MOVING:
            moved.update(task.elements)
        elif kind in REMOVING or kind in BUILDING:
            planned.append((task, times.get(task.global_id) or (_from(task.start), _until(task.finish))))
    clock = clock_of(end for task, ends in planned for end in ends if end is not None and task.elements)
    builds, removals = dict[str, list[_Ends]](), dict[str, list[_Ends]]()
    for task, ends in planned:
        side = removals if task.kind.upper() in REMOVING else builds
        for element in task.elements:
            side.setdefault(element, []).append(ends)
    found = {
        element: _spells(builds.get(element, []), removals.get(element, []), clock)
        for element in sorted(builds.keys() | removals.keys())
    }
    undated = tuple(element for element, spells in found.items() if spells is None)
    dated = {element: spells for element, spells in found.items() if spells is not None}
    return InTime(dated, tuple(sorted(moved)), undated, at, clock)


def timed(study: ClashStudy, in_time: InTime) -> TimedClashes:
    """Return the clashes among what is there at the same time, and the others apart."""
    kept = tuple(clash for clash in study.clashes if in_time.together(clash))
    excluded = tuple(clash for clash in study.clashes if not in_time.together(clash))
    return TimedClashes(replace(study, clashes=kept), excluded, in_time)


def _spells(builds: Sequence[_Ends], removals: Sequence[_Ends], clock: Clock) -> tuple[Spell, ...] | None:
    """Return when something may be there that tasks build and remove; None where dates for that are missing.

    What is built stays up to the first removal that surely comes after it. What is removed was there from the last time
    it surely was built before, or from the beginning. So of several tasks that build it one after the other the first
    counts, of several that remove it the last.
    """
    if any(start is None for start, _ in builds) or any(finish is None for _, finish in removals):
        return None
    if builds and removals and any(end is None for ends in (*builds, *removals) for end in ends):
        return None  # which came first cannot be told
    built, removed = ([_span(ends, clock) for ends in side] for side in (builds, removals))
    found = list[Spell]()
    for one in built:
        found.append(Spell(one.start, min((gone.finish for gone in removed if one.precedes(gone)), default=None)))
    for gone in removed:
        found.append(Spell(max((one.start for one in built if one.precedes(gone)), default=None), gone.finish))
    return _joined(found)


@dataclass(frozen=True, slots=True)
class _Span:
    """A task from its earliest start to its latest finish."""

    start: datetime
    finish: datetime
    doubt: timedelta
    """So much later it may start, so much earlier finish."""

    def precedes(self, removal: "_Span") -> bool:
        """Return whether what this builds is surely there to be removed: it starts and finishes before the removal.

        One that starts together with the removal or during it may build anew what is removed, as may one that goes on
        after it.
        """
        starts = shifted(self.start, self.doubt) < removal.start
        return starts and self.finish <= shifted(removal.finish, -removal.doubt)


def _span(ends: _Ends, clock: Clock) -> _Span:
    """Return from when to when a task may be under way; one that finishes before it starts, the other way round."""
    told = [end for end in ends if end is not None]
    doubt = clock.doubt if any(end.utcoffset() is None for end in told) else timedelta(0)
    return _Span(min(clock.earliest(end) for end in told), max(clock.latest(end) for end in told), doubt)


def _joined(spells: Sequence[Spell]) -> tuple[Spell, ...]:
    """Return spells in order, those that touch or overlap as one."""
    found = list[Spell]()
    for one in sorted(spells, key=lambda spell: (spell.start is not None, spell.start or datetime.min)):
        last = found[-1] if found else None
        if last is None or (last.end is not None and one.start is not None and one.start > last.end):
            found.append(one)
        else:
            ends = (last.end, one.end)
            found[-1] = Spell(last.start, None if None in ends else max(end for end in ends if end is not None))
    return tuple(found)


def _from(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time())


def _until(day: date | None) -> datetime | None:
    return None if day is None else end_of_day(day)
