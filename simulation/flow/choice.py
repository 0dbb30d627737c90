"""The best of several lines by one of their figures, with as many runs as the choice needs."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from geometry.arrays import FloatArray
from simulation.errors import SimulationError
from simulation.experiment.estimate import Rule
from simulation.experiment.selection import FIRST_RUNS, Selection, select_best
from simulation.flow.model import Line
from simulation.flow.study import Plan, Study, made, run_replication, study, workers_of

MOST_RUNS = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the best line is the best in."""

    figure: str
    """A figure of the lines, as :func:`simulation.flow.measure.measures` names them."""
    more: bool
    """Whether more of it is better."""
    worth: float
    """The smallest difference that matters, in the figure's unit."""
    confidence: float = 0.95
    most: int = MOST_RUNS
    """Runs of one line at most; the first ones are made in any case."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Which line is the best, and the first runs of each."""

    wanted: Wanted
    selection: Selection
    studies: tuple[Study, ...]

    def values(self, line: int) -> FloatArray:
        """Return the figure of all runs of a line, (n,)."""
        return self.selection.values[line] if self.wanted.more else -self.selection.values[line]


def choose(lines: Sequence[tuple[Line, Plan]], wanted: Wanted, progress: Callable[[int, int], None]) -> Choice:
    """Return the best line; run k of each line has the random numbers of run k of the others.

    ``progress`` is told the run and the most runs.

    Raises
    ------
    SimulationError
        A line has no such figure, or it has no value in some run.
    """
    sign = 1.0 if wanted.more else -1.0
    rule = Rule(FIRST_RUNS, FIRST_RUNS, None, wanted.confidence)
    studies = list[Study]()
    for line, plan in lines:
        studies.append(study(line, replace(plan, rule=rule, of="throughput")))
        if wanted.figure not in studies[-1].figures:
            known = ", ".join(studies[-1].figures)
            raise SimulationError(f"{line.name} has no figure {wanted.figure}; it has {known}")
    plans = [(one.line, one.plan) for one in studies]
    workers = max(workers_of(line, replace(plan, rule=replace(rule, most=wanted.most))) for line, plan in plans)
    with made(partial(_figure, plans, wanted.figure), workers, plans[0][1].backend) as several:

        def further(asked: Sequence[tuple[int, int]]) -> Iterable[float]:
            progress(min(number for _, number in asked), wanted.most)
            return [sign * value for value in several([number * len(plans) + system for system, number in asked])]

        first = [sign * one.values(wanted.figure) for one in studies]
        found = select_best(first, further, wanted.worth, wanted.confidence, wanted.most)
    return Choice(wanted, found, tuple(studies))


def _figure(plans: Sequence[tuple[Line, Plan]], figure: str, code: int) -> float:
    line, plan = plans[code % len(plans)]
    return run_replication(line, plan, code // len(plans)).measures[figure]
