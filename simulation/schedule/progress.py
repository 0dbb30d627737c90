"""The rest of a schedule, run again from what is known on a day: when it is over now, and what made it later."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from simulation.distribution import Fixed
from simulation.schedule.network import Network
from simulation.schedule.observed import Observation, Stage, in_sequence
from simulation.schedule.pace import Pace, Paces, learn_paces, uneven
from simulation.schedule.risk import Draw, Forecast, Risk, drawn, forecast_of, stretch
from simulation.schedule.task import Task

_LEFT_AT_LEAST = 0.1
"""Of a task that runs longer than it was to, and nobody knows how far it is, at least so much of it is left."""
_SMALLEST_DRIVER = 0.05


@dataclass(frozen=True, slots=True)
class EarnedValue:
    """Planned days of work: what was to be done by now, what is done, and when that was to be done."""

    planned: float
    earned: float
    total: float
    earned_schedule: float
    """The day on which the plan would have had so much done."""

    @property
    def index(self) -> float | None:
        """Return earned by planned; None before anything was to be done."""
        return self.earned / self.planned if self.planned > 0.0 else None


@dataclass(frozen=True, slots=True, eq=False)
class Driver:
    """How much later a task is, and how much of that it added itself."""

    task: int
    slip: float
    """Days by which its mean finish is later than planned."""
    added: float
    """Of those, days that no task before it was late already."""
    weight: float
    """Days that it adds to the end: ``added`` times the share of the runs in which it decided; of a task that is over,
    what ``added`` exceeds its planned float by."""


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """Where a schedule stands on a day."""

    now: float
    observed: tuple[Observation, ...]
    paces: tuple[Pace, ...]
    forecast: Forecast
    earned: EarnedValue
    drivers: tuple[Driver, ...]


def progress(
    network: Network, risks: Sequence[Risk], observed: Sequence[Observation], now: float, draw: Draw
) -> Progress:
    """Return where a schedule stands and when it is over, with what was seen taken in.

    What is over is over. What runs goes on from ``now``. What waits starts not before ``now``, as its links say, and
    lasts as planned times its trade's pace; risks still threaten it. So does what is left of a task that was begun
    before what it waits for was over (retained logic); how long it has been standing there says nothing of the pace.
    """
    seen, observed = observed, in_sequence(network, observed)
    seen_of = {trade: list[tuple[float, Observation]]() for trade in sorted({task.trade for task in network.tasks})}
    for task, one in zip(network.tasks, observed, strict=True):
        seen_of[task.trade].append((task.planned, one))
    paces = learn_paces(seen_of, now)
    begun = [one.stage is not Stage.WAITING for one in observed]

    def left(index: int, task: Task) -> Task:
        if begun[index]:  # when it is over is drawn in the schedule's own days
            return replace(task, links=(), own=None)
        return replace(task, earliest=max(task.earliest, now))

    rest = network.changed(left)
    source = _Rest(rest, risks, observed, now, paces)
    found = forecast_of(rest, len(risks), source.sample, draw)
    over = np.array([one.stage is Stage.DONE for one in observed], dtype=np.bool_)
    found = replace(found, criticality=np.where(over, 0.0, found.criticality))
    earned = earned_value(network, seen, now)
    return Progress(now, tuple(seen), paces.trades if paces else (), found, earned, _drivers(network, found, observed))


class _Rest:
    """Draws of the durations that are left."""

    def __init__(
        self, rest: Network, risks: Sequence[Risk], observed: Sequence[Observation], now: float, paces: Paces | None
    ) -> None:
        self._rest, self._observed, self._now, self._paces = rest, observed, now, paces
        waiting = {index for index, one in enumerate(observed) if one.stage is Stage.WAITING}
        self._risks = [replace(risk, tasks=tuple(k for k in risk.tasks if k in waiting)) for risk in risks]

    def sample(self, size: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray | None, BoolArray]:
        """Return durations (m, n), earliest starts (m, n), and which risk happened (m, k)."""
        tasks = self._rest.tasks
        factors, scatter = self._paces.sample(size, rng) if self._paces else (dict[str, FloatArray](), np.zeros(size))
        durations, earliest = np.empty((size, len(tasks))), np.empty((size, len(tasks)))
        for index, (task, one) in enumerate(zip(tasks, self._observed, strict=True)):
            whole = drawn(task.duration, size, rng) * factors.get(task.trade, 1.0)
            if isinstance(task.duration, Fixed):  # that the plan names one number does not mean that it will be so
                whole = whole * np.exp(scatter * rng.standard_normal(size))
            if one.stage is Stage.WAITING:
                left = 1.0 - (one.share or 0.0)
                durations[:, index], earliest[:, index] = left * whole, task.earliest
                continue
            start = one.started[0] + (one.started[1] - one.started[0]) * rng.random(size)
            if one.stage is Stage.DONE:
                first = np.maximum(one.finished[0], start)
                over = first + np.maximum(one.finished[1] - first, 0.0) * rng.random(size)
            else:
                over = self._now + self._left(whole, start, one, scatter, rng)
            durations[:, index], earliest[:, index] = over - start, start
        happened = stretch(durations, self._risks, rng)
        return durations, earliest, happened

    def _left(
        self, whole: FloatArray, start: FloatArray, one: Observation, scatter: FloatArray, rng: np.random.Generator
    ) -> FloatArray:
        """Return the days left of a task that runs: its own pace so far counts by how much of it is done."""
        elapsed = np.maximum(self._now - start, 0.0)
        if not one.share:
            return np.maximum(whole - elapsed, _LEFT_AT_LEAST * whole)
        share = np.clip(one.share + one.doubt * (2.0 * rng.random(len(whole)) - 1.0), 1e-3, 1.0)
        weight = scatter**2 / np.maximum(scatter**2 + uneven(one.share) ** 2, 1e-12)
        pace = np.log(np.maximum(elapsed, 0.25) / share)
        return (1.0 - share) * np.exp((1.0 - weight) * np.log(np.maximum(whole, 1e-9)) + weight * pace)


def earned_value(network: Network, observed: Sequence[Observation], now: float) -> EarnedValue:
    """Return planned and earned days of work (Lipke 2003 for the earned schedule); what was not seen earns nothing."""
    planned = np.array([task.planned for task in network.tasks])
    times = network.times(planned)

    def due(day: float) -> float:
        elapsed = np.clip(day - times.start, 0.0, planned)
        return float(elapsed.sum())

    shares_done = np.array([1.0 if one.stage is Stage.DONE else (one.share or 0.0) - one.doubt for one in observed])
    earned, low, high = float(planned @ shares_done), 0.0, float(times.end)
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if due(middle) < earned else (low, middle)
    return EarnedValue(due(now), earned, float(planned.sum()), high if earned > 0.0 else 0.0)


def _drivers(network: Network, found: Forecast, observed: Sequence[Observation]) -> tuple[Driver, ...]:
    """Return the tasks that are known to have made or to make it later, what moves the end most first.

    Of what was seen on some days only, counts what is sure: a finished task was not over before its interval, one that
    runs was not begun after its own. None is said to have cost more than the whole is late.
    """
    times = network.times(np.array([task.planned for task in network.tasks]))
    over = [
        one.finished[0] if one.stage is Stage.DONE else float(f) for one, f in zip(observed, found.finish, strict=True)
    ]
    slip, rows = np.array(over) - times.finish, list[Driver]()
    late = max(0.0, float(found.end.mean()) - float(times.end))
    for index, task in enumerate(network.tasks):
        before = max([0.0, *(float(slip[link.before]) for link in task.links)])
        added = float(slip[index]) - before
        if observed[index].stage is Stage.RUNNING:
            added = min(added, over[index] - observed[index].started[1] - task.planned)
        if added <= _SMALLEST_DRIVER:
            continue
        if observed[index].stage is Stage.DONE:
            weight = max(0.0, added - float(times.total_float[index]))
        else:
            weight = added * float(found.criticality[index])
        rows.append(Driver(index, float(slip[index]), added, min(weight, late)))
    return tuple(sorted(rows, key=lambda row: (-row.weight, -row.added, row.task)))
