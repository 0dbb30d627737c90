"""What replications say together: a mean with its interval, a difference by pairs, and when there are enough."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from geometry.arrays import FloatArray
from simulation.stackup.capability import Estimate, students
from simulation.stackup.extremes import Interval

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rule:
    """How many replications to make."""

    least: int = 10
    most: int = 10
    precision: float | None = None
    """Half the interval over the mean at which enough is known; None: ``most`` at once."""
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not 2 <= self.least <= self.most:
            raise ValueError(f"{self.least} to {self.most} replications; two at least, the most no fewer")

    def enough(self, values: FloatArray) -> bool:
        """Return whether these replications are enough."""
        if self.precision is None or len(values) < self.least:
            return len(values) >= self.most
        found = mean_of(values, self.confidence)
        half = 0.5 * (found.interval.high - found.interval.low)
        return half <= self.precision * abs(found.value) or len(values) >= self.most


def mean_of(values: FloatArray, confidence: float = 0.95) -> Estimate:
    """Return the mean of replications and Student's interval; what has no value (NaN) is left out.

    Fewer than two values have no interval: it is without ends.
    """
    known = values[~np.isnan(values)]
    if len(known) < 2:
        value = float(known[0]) if len(known) else float("nan")
        return Estimate(value, Interval(-np.inf, np.inf))
    return students(known, confidence)


def pooled(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return what each replication adds to a mean over all of them together, (n,); the mean of these is that mean.

    A mean over as many units as chance brought is, of several runs, sum over sum: the mean of the runs' own means is
    off by the covariance of both over the square of how many there are (Law 2015, Simulation Modeling and Analysis,
    9.3). Values are linearised (Cochran 1977, Sampling Techniques, 6.4); where all weights are alike, they stay.

    Parameters
    ----------
    values
        (n,) the mean of each run; NaN of a run without any unit.
    weights
        (n,) how many units it is of.

    Examples
    --------
    >>> float(pooled(np.array([1.0, 4.0]), np.array([3.0, 1.0])).mean())
    1.75
    """
    counted = (weights > 0.0) & ~np.isnan(values)
    if counted.sum() < 2:  # one run says nothing of how runs differ
        return values
    whole = float(np.average(values[counted], weights=weights[counted]))
    apart = np.where(counted, values - whole, 0.0)
    return whole + apart * weights / weights.mean()


@dataclass(frozen=True, slots=True)
class Paired:
    """The difference of two systems that were given the same random numbers."""

    difference: Estimate
    variance_ratio: float
    """Variance of a difference of independent runs over that of these: what the common numbers save."""


def paired(first: FloatArray, second: FloatArray, confidence: float = 0.95) -> Paired:
    """Return second less first, replication by replication."""
    keep = ~(np.isnan(first) | np.isnan(second))
    first, second = first[keep], second[keep]
    difference = second - first
    found = mean_of(difference, confidence)
    own = float(difference.var(ddof=1)) if len(difference) > 1 else 0.0
    both = float(first.var(ddof=1) + second.var(ddof=1)) if len(difference) > 1 else 0.0
    return Paired(found, both / own if own > 0.0 else float("inf") if both > 0.0 else 1.0)


def replicate(
    values: Callable[[Sequence[T]], FloatArray],
    rule: Rule,
    batches: Callable[[range], Iterable[T]],
    made: Sequence[T] = (),
) -> list[T]:
    """Return replications 0, 1, 2 … until the rule says enough, the same ones however many run at a time.

    Parameters
    ----------
    values
        The figure that the rule looks at, of each of them.
    rule
        When to stop.
    batches
        Makes the replications of these numbers, in order.
    made
        The first ones, where they are there already.
    """
    found = list[T]()
    for one in made:
        found.append(one)
        if rule.enough(values(found)):
            return found
    while True:
        begin = len(found)
        end = rule.most if rule.precision is None else min(rule.most, max(rule.least, begin + 10))
        for one in batches(range(begin, end)):
            found.append(one)
            if rule.enough(values(found)):
                return found
