"""The shortest schedule under limited resources of tasks that follow calendars of their own: searched on the clock.

What a task lasts depends on when it starts: start and end are places in a list of positions of the clock, tied by a
table for each task. The list holds all that can be reached from where tasks may begin: ends, waits and openings of each
other. The best schedule is among them, for one in which nothing waits without need starts only there.
"""

# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import FloatArray
from simulation.schedule.network import Network
from simulation.schedule.own_clock import OwnClock, clock_of, from_start
from simulation.schedule.task import Link, Relation

_MOST_CELLS, _MOST_PLACES = 3_000_000, 20_000
_CLOSE = 6
"""Decimals of a day by which positions are told apart: a tenth of a second."""
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class ClockPlaces:
    """When tasks may start, by the clock, and what follows of it; all in places in a list of positions."""

    at: FloatArray
    """(p,) positions, rising, days by the clock."""
    starts: tuple[Places, ...]
    """Of each task where it may start."""
    ends: tuple[Places, ...]
    """Of each task (p,) where it ends; p where that is beyond the last position."""
    waits: tuple[tuple[Places, ...], ...]
    """Of each task and link (p,) before where it does not start, for every place of the task waited for."""
    lasts: tuple[bool, ...]
    """Which tasks take any time."""
    clock: OwnClock

    def days(self, place: float) -> float:
        """Return how many of the schedule's days are over at a place."""
        return float(self.clock.over(self.at[[min(max(int(place), 0), len(self.at) - 1)]])[0])


def places_of(network: Network) -> ClockPlaces | None:
    """Return all positions that can be reached; None where there are too many."""
    clock = clock_of(network.tasks)
    planned = np.array([[task.planned] for task in network.tasks])
    days, floors = clock.floors(np.array([[task.earliest] for task in network.tasks]), planned)
    reach = _Reach(network, clock, days[:, 0], floors[:, 0])
    at = reach.closed()
    if at is None or len(at) * sum(1 + len(task.links) for task in network.tasks) > _MOST_CELLS:
        return None
    starts, ends, waits = list[Places](), list[Places](), list[tuple[Places, ...]]()
    for index, task in enumerate(network.tasks):
        may = reach.opened(index, at) <= at + 10.0**-_CLOSE
        starts.append(np.flatnonzero(may & (at >= floors[index, 0] - 10.0**-_CLOSE)))
        ends.append(_place(at, reach.end(index, at)))
        waits.append(tuple(_place(at, reach.wait(index, link, at)) for link in task.links))
    return ClockPlaces(at, tuple(starts), tuple(ends), tuple(waits), tuple(bool(one > 0.0) for one in days), clock)


class _Reach:
    """What follows of positions of the clock."""

    def __init__(self, network: Network, clock: OwnClock, days: FloatArray, floors: FloatArray) -> None:
        self._network, self._clock, self._days, self._floors = network, clock, days, floors

    def opened(self, index: int, at: FloatArray) -> FloatArray:
        """Return where a task goes on that is to start at positions (m,)."""
        return self._clock.opens(index, at) if self._days[index] > 0.0 else at

    def end(self, index: int, at: FloatArray) -> FloatArray:
        """Return where a task ends that starts at positions (m,)."""
        return self._clock.ends(index, at, np.full(len(at), self._days[index]))

    def wait(self, index: int, link: Link, at: FloatArray) -> FloatArray:
        """Return before where a task does not start because of a link (m,), for positions of the one before."""
        return self._clock.waits(link, index, at, np.full(len(at), self._days[index]))

    def closed(self) -> FloatArray | None:
        """Return all positions up to a last one that is late enough; None where there are too many.

        A round comes to what one more task in a chain makes of the positions before, and no task is in a chain twice.
        """
        last = self._one_by_one()
        known = new = _told_apart(self._floors)
        for _ in self._network.tasks:
            found = [new]
            for index, task in enumerate(self._network.tasks):
                opened = self.opened(
                    index, np.concatenate([new, *(self.wait(index, link, new) for link in task.links)])
                )
                found += [opened, self.end(index, opened)]
            reached = _told_apart(np.concatenate([known, *found]))
            reached = reached[reached <= last + 10.0**-_CLOSE]
            new = reached[~np.isin(np.round(reached, _CLOSE), np.round(known, _CLOSE))]
            known = reached
            if len(known) > _MOST_PLACES:
                return None
            if not len(new):
                break
        return known

    def _one_by_one(self) -> float:
        """Return where the last task ends when those that need anything come one after the other."""
        tasks, busy = self._network.tasks, 0.0
        start, finish = np.zeros(len(tasks)), np.zeros(len(tasks))
        for index in self._network.order:
            at = [float(self._floors[index]), busy if tasks[index].needs else 0.0]
            for link in tasks[index].links:
                place = (start if from_start(link) else finish)[[link.before]]
                at.append(float(self.wait(index, link, place)[0]))
            opened = self.opened(index, np.array([max(at)]))
            start[index], finish[index] = opened[0], self.end(index, opened)[0]
            if tasks[index].needs:
                busy = max(busy, float(finish[index]))
        return float(finish.max())


def _told_apart(at: FloatArray) -> FloatArray:
    """Return positions in order, of those that are the same one."""
    _, first = np.unique(np.round(at, _CLOSE), return_index=True)
    return at[first]


def _place(at: FloatArray, wanted: FloatArray) -> Places:
    """Return the first places (m,) that are not before positions."""
    return np.searchsorted(at, wanted - 10.0**-_CLOSE)


def one_after_another(
    places: ClockPlaces, network: Network, supply: Mapping[str, int], rank: FloatArray, *, in_order: bool
) -> list[int]:
    """Return where tasks start if each in turn is put as early as links and supply allow.

    ``rank`` (n,) says which of those goes first that wait for nothing that is left; ``in_order``: none starts before
    one that it waits for.
    """
    start, finish = [0] * len(network.tasks), [0] * len(network.tasks)
    taken = {resource: np.zeros(len(places.at), dtype=np.int64) for resource in supply}
    for index in _in_turn(network, rank):
        task, at = network.tasks[index], 0
        for link, table in zip(task.links, places.waits[index], strict=True):
            at = max(at, int(table[(start if from_start(link) else finish)[link.before]]))
            at = max(at, start[link.before]) if in_order else at
        may, ends = places.starts[index], places.ends[index]
        while True:
            at = int(may[np.searchsorted(may, at)])
            end = int(ends[at]) if places.lasts[index] else at
            full = np.zeros(end - at, dtype=np.bool_)
            for resource, need in task.needs.items():
                full |= taken[resource][at:end] + need > supply[resource] if need else False
            if not full.any():
                break
            at += int(np.flatnonzero(full)[-1]) + 1
        start[index], finish[index] = at, end
        for resource, need in task.needs.items():
            taken[resource][at:end] += need
    return start


def _in_turn(network: Network, rank: FloatArray) -> Iterator[int]:
    """Yield the tasks, each after those that it waits for, the lowest rank first."""
    left = [{link.before for link in task.links} for task in network.tasks]
    after = [list[int]() for _ in network.tasks]
    for index, before in enumerate(left):
        for one in before:
            after[one].append(index)
    ready = [(float(rank[index]), index) for index, before in enumerate(left) if not before]
    heapify(ready)
    while ready:
        _, index = heappop(ready)
        yield index
        for one in after[index]:
            left[one].discard(index)
            if not left[one]:
                heappush(ready, (float(rank[one]), one))


def clock_model(
    cp_model: Any, places: ClockPlaces, network: Network, known: Sequence[int], *, in_order: bool
) -> tuple[Any, Any, list[tuple[Any, Any, Any]]]:
    """Return a model of the links and calendars: the model, its end, and (start, end, interval) of each task.

    It begins its search at the starts ``known``, places, of a schedule that keeps to all of them.
    """
    model, last = cp_model.CpModel(), len(places.at) - 1
    bars = list[tuple[Any, Any, Any]]()
    for starts, ends, lasts, at in zip(places.starts, places.ends, places.lasts, known, strict=True):
        may = starts[ends[starts] <= last]
        start = model.new_int_var_from_domain(cp_model.Domain.from_values(may.tolist()), "")
        model.add_hint(start, at)
        if not lasts:
            bars.append((start, start, None))
            continue
        passes = ends[may] - may
        finish, size = _looked_up(model, start, ends, last), model.new_int_var(int(passes.min()), int(passes.max()), "")
        model.add_hint(finish, int(ends[at]))
        model.add_hint(size, int(ends[at]) - at)
        bars.append((start, finish, model.new_interval_var(start, size, finish, "")))
    end = model.new_int_var(0, last, "")
    for index, task in enumerate(network.tasks):
        model.add(end >= bars[index][1])
        for link, table in zip(task.links, places.waits[index], strict=True):
            place = bars[link.before][0 if from_start(link) else 1]
            said = link.lag if link.own is None else link.own.days
            plain = said == 0.0 and link.relation is Relation.FINISH_START  # it starts where its calendar opens, anyway
            waits = place if plain else _looked_up(model, place, table, last + 1)
            model.add(bars[index][0] >= waits)
            if in_order:
                model.add(bars[index][0] >= bars[link.before][0])
    return model, end, bars


def _looked_up(model: Any, place: Any, table: Sequence[int] | Places, most: int) -> Any:
    """Return a variable that is what a table says at a place."""
    found = model.new_int_var(0, most, "")
    model.add_element(place, [min(int(value), most) for value in table], found)
    return found
