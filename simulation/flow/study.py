"""A study of a line: replications with independent chance, their figures with intervals, and what decides the line."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from math import isfinite
from typing import TypeVar

import numpy as np

from geometry.arrays import FloatArray
from simulation.experiment.estimate import Paired, Rule, mean_of, paired, pooled, replicate
from simulation.experiment.streams import Streams
from simulation.experiment.warmup import mser
from simulation.experiment.workers import Batches, together
from simulation.flow.engine import Happening
from simulation.flow.load import expected_visits
from simulation.flow.measure import measures, weights
from simulation.flow.model import Line
from simulation.flow.record import Run, run_line
from simulation.flow.recurrence import is_fixed, run_fixed
from simulation.flow.slots import run_slots
from simulation.stackup.capability import Estimate

T = TypeVar("T")
_MOST_EVENTS = 50_000_000
_WORTH_WORKERS = 400_000
"""Expected visits to stations below which other processes would not pay."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a line is to be studied."""

    rule: Rule = field(default_factory=Rule)
    of: str = "throughput"
    """The figure that the rule looks at."""
    warm_up: float | None = None
    """Left out at the start of each run; None: what MSER-5 on the stock says."""
    seed: int = 0
    workers: int | None = None
    """Processes; None: as many as pay."""
    backend: str = "processes"
    """``processes`` or ``dask``."""


@dataclass(frozen=True, slots=True, eq=False)
class Replication:
    """What is kept of one run."""

    measures: dict[str, float]
    weights: dict[str, float]
    """How many units those figures are means of whose number is left to chance."""
    cut: float
    """The warm-up that was left out."""
    edges: FloatArray
    wip: FloatArray
    """(e,) units in the line at the edges."""
    output: FloatArray
    """(e - 1,) units shipped between them."""
    births: Counter[tuple[str, str]]
    fates: Counter[tuple[str, str, str]]
    log: tuple[Happening, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """What a study of a line says."""

    line: Line
    plan: Plan
    replications: tuple[Replication, ...]

    def values(self, name: str) -> FloatArray:
        """Return one figure of each replication by itself, (n,)."""
        return np.array([one.measures[name] for one in self.replications])

    def additions(self, name: str, count: int | None = None) -> FloatArray:
        """Return what each replication (the first ``count``) adds to a figure of all units together, (n,)."""
        return additions(self.replications[:count], name)

    def estimate(self, name: str) -> Estimate:
        """Return one figure with its interval."""
        return mean_of(self.additions(name), self.plan.rule.confidence)

    @property
    def figures(self) -> tuple[str, ...]:
        """Return the names of all figures."""
        return tuple(self.replications[0].measures)

    @property
    def births(self) -> Counter[tuple[str, str]]:
        """Return the defects of all replications: (origin, defect) -> how many were born."""
        return sum((one.births for one in self.replications), Counter[tuple[str, str]]())

    @property
    def fates(self) -> Counter[tuple[str, str, str]]:
        """Return the escape matrix of all replications: (origin, defect, where found, ``ship`` or ``scrap``)."""
        return sum((one.fates for one in self.replications), Counter[tuple[str, str, str]]())

    @property
    def stopped(self) -> bool:
        """Return whether the precision that was asked for is reached."""
        rule = self.plan.rule
        if rule.precision is None:
            return True
        found = self.estimate(self.plan.of)
        return found.interval.high - found.interval.low <= 2.0 * rule.precision * abs(found.value) * (1.0 + 1e-12)

    def bottleneck(self) -> tuple[str, float]:
        """Return the station whose machines are longest at work, set up or repaired, of the time that they are on."""
        shares = list[tuple[float, str]]()
        for station in self.line.stations:
            at_work = sum(self.estimate(f"{station.name}.{state}").value for state in ("busy", "setup", "down"))
            on = 1.0 - self.estimate(f"{station.name}.off").value
            shares.append((at_work / on if on > 0.0 else 0.0, station.name))
        share, name = max(shares, key=lambda one: one[0])
        return name, share


def additions(replications: Sequence[Replication], name: str) -> FloatArray:
    """Return what each replication adds to a figure of all units together, (n,)."""
    values = np.array([one.measures[name] for one in replications])
    if not replications or name not in replications[0].weights:
        return values
    return pooled(values, np.array([one.weights[name] for one in replications]))


def study(line: Line, plan: Plan, progress: Callable[[int, int], None] | None = None) -> Study:
    """Run a line again and again until the plan's rule says enough.

    The same numbers come out for one worker and for many: replication k of seed s draws from streams of its own.
    """
    workers = workers_of(line, plan)
    told = progress or _nobody

    with made(partial(_run, line, plan.seed), workers, plan.backend) as runs:
        pilot = [_told(told, plan, run, number) for number, run in enumerate(runs(range(_pilots(line, plan))))]
        warm_up = plan.warm_up or 0.0 if plan.warm_up is not None or not pilot else _warm_up(pilot)
        plan = replace(plan, warm_up=warm_up)
        first = [summed_up(line, warm_up, run) for run in pilot]
        del pilot
    with made(partial(run_replication, line, plan), workers, plan.backend) as several:

        def counted(numbers: range) -> Iterator[Replication]:
            for number, found in zip(numbers, several(numbers), strict=True):
                yield _told(told, plan, found, number)

        return Study(line, plan, tuple(replicate(partial(additions, name=plan.of), plan.rule, counted, first)))


def _nobody(done: int, most: int) -> None:
    pass


def made(one: Callable[[int], T], workers: int, backend: str) -> AbstractContextManager[Batches[T]]:
    """Return what makes several runs at once, here or in other processes."""
    if workers == 1 and backend == "processes":
        return nullcontext(lambda numbers: map(one, numbers))
    return together(one, workers, backend)


def _told(told: Callable[[int, int], None], plan: Plan, found: T, number: int) -> T:
    told(number + 1, plan.rule.most)
    return found


def _pilots(line: Line, plan: Plan) -> int:
    """Return how many runs are looked at first, to see how long the start of a run is felt."""
    return plan.rule.least if plan.warm_up is None and isfinite(line.horizon) else 0


def _warm_up(pilot: Sequence[Run]) -> float:
    """Return where MSER-5 cuts the stock of several runs averaged: in one run it would cut what is merely high."""
    stock = np.mean([np.diff(run.column("wip_time")) for run in pilot], axis=0)
    return float(pilot[0].edges[mser(stock)])


def _run(line: Line, seed: int, number: int) -> Run:
    if line.slot:
        return run_slots(line, seed, number)
    if is_fixed(line):
        return run_fixed(line, seed, number)
    return run_line(line, Streams(seed, number), most_events=_MOST_EVENTS)


def compare(first: Study, second: Study) -> dict[str, Paired]:
    """Return second less first for each figure that both have, on the same random numbers."""
    count = min(len(first.replications), len(second.replications))
    common = [name for name in first.figures if name in second.figures]
    return {
        name: paired(first.additions(name, count), second.additions(name, count), first.plan.rule.confidence)
        for name in common
    }


def run_replication(line: Line, plan: Plan, number: int, *, logged: bool = False) -> Replication:
    """Run a line once, with the random numbers of replication ``number``."""
    if not logged:
        return summed_up(line, plan.warm_up or 0.0, _run(line, plan.seed, number))
    if line.slot:
        run = run_slots(line, plan.seed, number, logged=True)
    else:
        run = run_line(line, Streams(plan.seed, number), logged=True, most_events=_MOST_EVENTS)
    return summed_up(line, plan.warm_up or 0.0, run)


def summed_up(line: Line, warm_up: float, run: Run) -> Replication:
    """Return what is kept of a run, its start left out."""
    begin = int(np.searchsorted(run.edges, warm_up * (1.0 - 1e-12))) if len(run.edges) > 2 else 0
    output = np.diff(run.column("shipped"))
    found = measures(line, run, begin)
    counts = weights(line, run, begin)
    return Replication(
        found, counts, float(run.edges[begin]), run.edges, run.wip, output, run.births, run.fates, run.log
    )


def workers_of(line: Line, plan: Plan) -> int:
    """Return how many processes pay for a study of the line."""
    if plan.workers is not None:
        return plan.workers
    if expected_visits(line) * plan.rule.least < _WORTH_WORKERS:
        return 1
    return max(1, min(len(os.sched_getaffinity(0)), plan.rule.most))
