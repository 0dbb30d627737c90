"""The classical PERT figure, to be set beside the simulated one: one path, taken as normal."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np

from simulation.distribution import BetaPert, Distribution, Triangular
from simulation.schedule.network import Network
from simulation.schedule.task import Relation


@dataclass(frozen=True, slots=True)
class Classical:
    """The end by the path that is longest on average, normally distributed (Malcolm et al. 1959).

    It is too early by what merging paths add: the later of two ends is later on average than either.
    And it knows no risks.
    """

    mean: float
    """Days."""
    sd: float
    path: tuple[int, ...]

    def quantile(self, share: float) -> float:
        """Return the days within which it is over by this share."""
        return self.mean if self.sd == 0.0 else NormalDist(self.mean, self.sd).inv_cdf(share)

    def within(self, days: float) -> float:
        """Return the chance that it is over within so many days."""
        return float(days >= self.mean) if self.sd == 0.0 else NormalDist(self.mean, self.sd).cdf(days)


def classical(network: Network) -> Classical:
    """Return the PERT figure of a network: (low + 4 mode + high) / 6 and ((high - low) / 6)^2 of each task of one path.

    Distributions without three points count with their own mean and variance. A task that the next one only begins
    with, or that only ends with the one before, is on the path, but how long it takes does not move the end.
    """
    means = np.array([_mean(task.duration) for task in network.tasks])
    chain = network.driving_chain(means)
    variance = sum(
        _variance(network.tasks[index].duration) * times**2
        for (index, _), times in zip(chain, _times_on_path(chain), strict=True)
    )
    return Classical(float(network.times(means).end), sqrt(variance), tuple(index for index, _ in chain))


def _times_on_path(chain: Sequence[tuple[int, Relation | None]]) -> list[int]:
    """Return how often each task's duration counts in the length of a path: 1, 0, or -1 from its end to its start."""
    enters_at_end = [relation in (Relation.FINISH_FINISH, Relation.START_FINISH) for _, relation in chain]
    leaves_at_end = [relation in (Relation.FINISH_START, Relation.FINISH_FINISH) for _, relation in chain[1:]]
    return [int(out) - int(into) for out, into in zip([*leaves_at_end, True], enters_at_end, strict=True)]


def _mean(duration: Distribution) -> float:
    if isinstance(duration, BetaPert | Triangular):
        return (duration.low + 4.0 * duration.mode + duration.high) / 6.0
    return duration.mean


def _variance(duration: Distribution) -> float:
    if isinstance(duration, BetaPert | Triangular):
        return ((duration.high - duration.low) / 6.0) ** 2
    return duration.central_moment(2)
