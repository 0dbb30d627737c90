"""Choosing the best of several systems by simulating them, with a promise of how often the choice is right.

Kim and Nelson's fully sequential procedure: S.-H. Kim, B. L. Nelson, "A fully sequential procedure for
indifference-zone selection in simulation", ACM TOMACS 11 (2001) 251-273, with c = 1. All systems may be given the same
random numbers: what counts is the variance of their differences.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from simulation.errors import SimulationError

FIRST_RUNS = 10
"""Runs of each system before any is left out."""
_AT_ONCE = 8


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Which system is the best."""

    best: int
    """The one with the largest mean among those that are left."""
    settled: bool
    """Whether the promise holds: False where the most runs were made and several were still left."""
    left: tuple[int, ...]
    """Those that were not left out."""
    values: tuple[FloatArray, ...]
    """What each system came to, run by run, until it was left out."""
    worth: float
    confidence: float


def select_best(
    first: Sequence[FloatArray],
    further: Callable[[Sequence[tuple[int, int]]], Iterable[float]],
    worth: float,
    confidence: float = 0.95,
    most: int = 1000,
) -> Selection:
    """Return the system with the largest mean, right with the confidence if it is better than the next by ``worth``.

    If others come nearer than ``worth``, one of these may be chosen: they are as good for who asks.

    Parameters
    ----------
    first
        The first runs of each system, (n,) each, n at least 2 and the same.
    further
        Makes runs of (system, run number), in order.
    worth
        The smallest difference that matters, of the figure's own unit.
    confidence
        Of choosing rightly.
    most
        Runs of one system at most.

    Raises
    ------
    SimulationError
        A figure has no value in some run, or there is nothing to choose.
    """
    count, runs = len(first), len(first[0])
    if count < 2 or runs < 2 or worth <= 0.0 or not 0.0 < confidence < 1.0:
        raise ValueError(f"{count} systems, {runs} first runs, {worth:g} worth, confidence {confidence:g}")
    table = np.array(first, np.float64)
    _check(table)
    reach = _reach(table, confidence)
    left, kept = list(range(count)), [list[float]() for _ in range(count)]
    sums = table.sum(axis=1)
    while True:
        left = _survivors(left, sums, reach, worth, runs)
        enough = all(runs > reach[i, j] / worth**2 for i in left for j in left if i != j)
        if len(left) == 1 or enough or runs >= most:
            values = tuple(np.concatenate([table[i], kept[i]]) for i in range(count))
            best = max(left, key=lambda i: sums[i])
            return Selection(best, len(left) == 1 or enough, tuple(left), values, worth, confidence)
        if not any(len(kept[i]) > runs - len(table[0]) for i in left):
            ahead = range(runs, min(runs + _AT_ONCE, most))
            asked = [(i, number) for number in ahead for i in left]
            for (i, _), value in zip(asked, further(asked), strict=True):
                kept[i].append(value)
            _check(np.array([value for i in left for value in kept[i]]))
        for i in left:
            sums[i] += kept[i][runs - len(table[0])]
        runs += 1


def _reach(first: FloatArray, confidence: float) -> FloatArray:
    """Return h² S² of each pair (k, k): how far sums may be apart by chance, times the number that matters."""
    count, runs = first.shape
    eta = 0.5 * ((2.0 * (1.0 - confidence) / (count - 1)) ** (-2.0 / (runs - 1)) - 1.0)
    spread = np.array([[float(np.var(one - other, ddof=1)) for other in first] for one in first])
    return 2.0 * eta * (runs - 1) * spread


def _survivors(left: Sequence[int], sums: FloatArray, reach: FloatArray, worth: float, runs: int) -> list[int]:
    """Return those that no other of them is ahead of by more than chance explains."""

    def ahead(i: int, j: int) -> bool:
        slack = max(0.0, 0.5 * worth / runs * (reach[i, j] / worth**2 - runs))
        return bool(sums[j] - sums[i] > slack * runs)

    return [i for i in left if not any(ahead(i, j) for j in left if j != i)]


def _check(values: FloatArray) -> None:
    if not np.isfinite(values).all():
        raise SimulationError("the figure has no value in some run (no unit came by): nothing can be chosen by it")
