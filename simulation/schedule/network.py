"""A network of tasks: what has to be over before what, and the critical path method on it.

Times are working days from the start of the project, as numbers. All passes take one duration per task, or many
samples of all durations at once.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from simulation.errors import SimulationError
from simulation.schedule.own_clock import clock_of
from simulation.schedule.task import Link, Relation, Task

_Lags = Callable[[int, int], "FloatArray | float"]
"""Of a task and a position among its links: the lag as it counts in these runs."""
_SLACK = 1e-9
"""Days of float below which a task is critical."""


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """What the critical path method says, (n,) or (m, n) days each."""

    start: FloatArray
    finish: FloatArray
    late_start: FloatArray
    late_finish: FloatArray
    end: FloatArray
    """When the last task is over, () or (m,)."""

    @property
    def total_float(self) -> FloatArray:
        """Return how long each task may be late without making the project late."""
        return self.late_start - self.start

    @property
    def critical(self) -> BoolArray:
        """Return which tasks may not be late at all."""
        return self.total_float <= _SLACK


class Cycle(SimulationError):
    """Tasks wait for each other in a ring.

    Attributes
    ----------
    ring
        Indices of the tasks along it, the first one again at its end.
    """

    def __init__(self, tasks: Sequence["Task"], ring: Sequence[int]) -> None:
        super().__init__(f"these tasks wait for each other: {' → '.join(tasks[index].name for index in ring)}")
        self.ring = tuple(ring)


class Network:
    """Tasks in an order in which each comes after those it waits for."""

    def __init__(self, tasks: Sequence[Task], instead: "Network | None" = None) -> None:
        """Find the order.

        Parameters
        ----------
        tasks
            What there is to do.
        instead
            With it tasks may wait for each other in rings that leads leave time for: who hands a crane to the one whose
            end it may come before. Where durations leave no time, ``instead`` is done: the same tasks without rings.

        Raises
        ------
        Cycle
            With the names of the ring.
        """
        self.tasks, self.instead = tuple(tasks), instead
        self.order = _ordered(self.tasks) if instead is None else instead.order
        self.follows_own = any(task.own is not None for task in self.tasks)
        """Whether tasks follow calendars of their own: what they last then depends on when."""

    def changed(self, change: Callable[[int, Task], Task]) -> "Network":
        """Return the network with every task (index, task) changed, in what is done instead, too."""
        tasks = [change(index, task) for index, task in enumerate(self.tasks)]
        return Network(tasks, None if self.instead is None else self.instead.changed(change))

    def times(self, durations: FloatArray, earliest: FloatArray | None = None) -> Times:
        """Return start and finish of every task for durations (n,) or (m, n), days.

        A task starts as early as its links allow and never before its ``earliest``, which (m, n) days may say anew;
        late times are those that keep the end.
        """
        return self._worked_out(durations, earliest)[0]

    def _worked_out(self, durations: FloatArray, earliest: FloatArray | None = None) -> tuple[Times, FloatArray, _Lags]:
        """Return the times, and durations (n, m) and lags as they count in these runs."""
        single = durations.ndim == 1
        whole = np.ascontiguousarray(np.atleast_2d(durations).T)  # a task a row: rows are what is worked on
        floors = np.array([task.earliest for task in self.tasks]) if earliest is None else earliest
        start = np.array(np.broadcast_to(np.atleast_2d(floors).T, whole.shape), order="C")
        lags = self._lag
        if self.follows_own:
            passed = clock_of(self.tasks).forward(self.order, start, whole, self._passed)
            start, whole, settled = passed.start, passed.lasts, passed.settled
            lags = passed.lag
        else:
            settled = self._passed(lambda: self._forward(start, whole), start)
        finish = start + whole
        end = finish.max(axis=0) if len(whole) else np.zeros(whole.shape[1])
        late = end - whole
        self._passed(lambda: self._backward(late, whole, lags), late)
        found = Times(start.T, finish.T, late.T, (late + whole).T, end)
        if self.instead is not None and not settled.all():
            floors = np.broadcast_to(np.atleast_2d(floors), found.start.shape)[~settled]
            _put(found, ~settled, self.instead.times(whole.T[~settled], floors))
        if single:
            found = Times(found.start[0], found.finish[0], found.late_start[0], found.late_finish[0], end[0])
        return found, whole, lags

    def _lag(self, task: int, k: int) -> float:
        return self.tasks[task].links[k].lag

    def _forward(self, start: FloatArray, whole: FloatArray) -> None:
        for task in self.order:
            for link in self.tasks[task].links:
                np.maximum(start[task], _earliest(link, start, whole, task, link.lag), out=start[task])

    def _backward(self, late: FloatArray, whole: FloatArray, lags: _Lags) -> None:
        for task in reversed(self.order):
            for k, link in enumerate(self.tasks[task].links):
                np.minimum(late[link.before], _latest(link, late, whole, task, lags(task, k)), out=late[link.before])

    def _passed(self, once: Callable[[], None], values: FloatArray) -> BoolArray:
        """Go through all tasks, with rings until nothing changes (Bellman and Ford); return where it came to that."""
        once()
        if self.instead is None:
            return np.ones(values.shape[1], dtype=np.bool_)
        still = np.ones(values.shape[1], dtype=np.bool_)
        for _ in self.tasks:
            before = values.copy()
            once()
            still = np.abs(values - before).max(axis=0) > _SLACK
            if not still.any():
                break
        return ~still

    def free_float(self, durations: FloatArray) -> FloatArray:
        """Return how long each task (n,) may be late without moving the earliest start of any other, days."""
        found, whole, lags = self._worked_out(durations)
        free = found.end - found.finish
        for index, task in enumerate(self.tasks):
            for k, link in enumerate(task.links):
                earliest = _earliest(link, found.start, whole[:, 0], index, _of_one(lags(index, k)))
                free[link.before] = min(free[link.before], found.start[index] - earliest)
        return free

    def critical_path(self, durations: FloatArray) -> tuple[int, ...]:
        """Return one chain of tasks that decides the end, from first to last; of several the first by name."""
        return tuple(task for task, _ in self.driving_chain(durations))

    def driving_chain(self, durations: FloatArray) -> tuple[tuple[int, Relation | None], ...]:
        """Return the critical path, each task with how it waits for the one before; None: the first."""
        found, whole, lags = self._worked_out(durations)
        if not self.tasks:
            return ()
        last = min(np.flatnonzero(found.finish >= found.end - _SLACK), key=lambda k: self.tasks[k].name)
        chain, path, task = list[tuple[int, Relation | None]](), [int(last)], int(last)
        while True:
            driving = [
                link
                for k, link in enumerate(self.tasks[task].links)
                if abs(_earliest(link, found.start, whole[:, 0], task, _of_one(lags(task, k))) - found.start[task])
                <= _SLACK
                and link.before not in path
            ]
            if not driving or found.start[task] <= _SLACK:
                return ((task, None), *reversed(chain))
            link = min(driving, key=lambda one: self.tasks[one.before].name)
            chain.append((task, link.relation))
            task = link.before
            path.append(task)


def _put(times: Times, where: BoolArray, others: Times) -> None:
    """Put the times of some runs (k of m) in the place of what is there."""
    for name in ("start", "finish", "late_start", "late_finish", "end"):
        getattr(times, name)[where] = getattr(others, name)


def _of_one(lag: "FloatArray | float") -> float:
    """Return the lag of a single run."""
    return float(np.ravel(lag)[0])


def _earliest(link: Link, start: FloatArray, durations: FloatArray, task: int, lag: "FloatArray | float") -> FloatArray:
    """Return before when a task cannot start because of a link, () or (m,), of arrays (n,) or (n, m)."""
    before = start[link.before] + lag
    match link.relation:
        case Relation.FINISH_START:
            return before + durations[link.before]
        case Relation.START_START:
            return before
        case Relation.FINISH_FINISH:
            return before + durations[link.before] - durations[task]
        case Relation.START_FINISH:
            return before - durations[task]


def _latest(link: Link, late: FloatArray, durations: FloatArray, task: int, lag: "FloatArray | float") -> FloatArray:
    """Return when the task before has to start at the latest because of a link, (m,), of arrays (n, m)."""
    after = late[task] - lag
    match link.relation:
        case Relation.FINISH_START:
            return after - durations[link.before]
        case Relation.START_START:
            return after
        case Relation.FINISH_FINISH:
            return after + durations[task] - durations[link.before]
        case Relation.START_FINISH:
            return after + durations[task]


def _ordered(tasks: tuple[Task, ...]) -> tuple[int, ...]:
    """Return an order in which every task comes after those it waits for; of those that may come next, the first."""
    waiting = [len({link.before for link in task.links}) for task in tasks]
    after = [list[int]() for _ in tasks]
    for index, task in enumerate(tasks):
        for before in {link.before for link in task.links}:
            after[before].append(index)
    ready = deque(index for index, count in enumerate(waiting) if not count)
    order = list[int]()
    while ready:
        task = ready.popleft()
        order.append(task)
        for follower in after[task]:
            waiting[follower] -= 1
            if not waiting[follower]:
                ready.append(follower)
    if len(order) < len(tasks):
        raise Cycle(tasks, _ring(tasks, {*range(len(tasks))} - {*order}))
    return tuple(order)


def _ring(tasks: tuple[Task, ...], left: set[int]) -> list[int]:
    """Return the tasks along a ring among tasks that can never start, its first one again at its end."""
    path, task = list[int](), min(left)
    while task not in path:
        path.append(task)
        task = min(link.before for link in tasks[task].links if link.before in left)
    ring = path[path.index(task) :]
    return [*reversed(ring), ring[-1]]
