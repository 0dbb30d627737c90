"""When each element is there, by the tasks that build and remove it, and which clashes are between two that ever meet.

On the safe side: an element may be there from the moment the task that builds it starts until the one that removes it
has finished. What no task builds or removes, or one without dates, is always there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from geometry.schedule import BUILDING, Task
from simulation.assembly.clash import Clash
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

    def of(self, global_id: str) -> tuple[Spell, ...]:
        """Return when an element is there."""
        return self.spells.get(global_id, ALWAYS)

    def together(self, clash: Clash) -> tuple[Spell, ...]:
        """Return when both sides of a clash are there; nothing: never, or not on the day that is asked about."""
        met = [one.meet(other) for one in self.of(clash.first) for other in self.of(clash.second)]
        found = tuple(spell for spell in met if spell is not None)
        if self.at is None:
            return found
        day = Spell(datetime.combine(self.at, time()), datetime.combine(self.at + timedelta(days=1), time()))
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
        Start and finish of tasks by GlobalId, to the minute, where the model says them so.
    at
        The day that is asked about.
    """
    events = dict[str, list[tuple[datetime, bool]]]()
    moved, undated = set[str](), set[str]()
    for task in tasks:
        kind = task.kind.upper()
        if kind == MOVING:
            moved.update(task.elements)
        removes = kind in REMOVING
        if not removes and kind not in BUILDING:
            continue
        start, finish = times.get(task.global_id) or (_from(task.start), _until(task.finish))
        when = finish if removes else start
        for element in task.elements:
            if when is None:
                undated.add(element)
            else:
                events.setdefault(element, []).append((when, removes))
    spells = {element: _spells(found) for element, found in events.items() if element not in undated}
    return InTime(dict(sorted(spells.items())), tuple(sorted(moved)), tuple(sorted(undated)), at)


def timed(study: ClashStudy, in_time: InTime) -> TimedClashes:
    """Return the clashes among what is there at the same time, and the others apart."""
    kept = tuple(clash for clash in study.clashes if in_time.together(clash))
    excluded = tuple(clash for clash in study.clashes if not in_time.together(clash))
    return TimedClashes(replace(study, clashes=kept), excluded, in_time)


def _spells(events: list[tuple[datetime, bool]]) -> tuple[Spell, ...]:
    """Return when something is there that is built and removed at some moments.

    What is removed first was there before; of several tasks that build it one after the other the first counts, of
    several that remove it the last.
    """
    found, begun, there = list[Spell](), None, False
    ordered = sorted(events)
    if ordered[0][1]:
        there = True
    for number, (when, removes) in enumerate(ordered):
        again = number + 1 < len(ordered) and ordered[number + 1][1]
        if removes and there and not again:
            found.append(Spell(begun, when))
            there = False
        elif not removes and not there:
            begun, there = when, True
    if there:
        found.append(Spell(begun, None))
    return tuple(found)


def _from(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time())


def _until(day: date | None) -> datetime | None:
    """Return the end of a day."""
    return None if day is None else datetime.combine(day + timedelta(days=1), time())
