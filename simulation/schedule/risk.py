"""How sure the end of a schedule is: durations and risks drawn many times, the network computed for all at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from simulation.distribution import BetaPert, Distribution, Fixed
from simulation.schedule.network import Network
from simulation.stackup.capability import Estimate, wilson
from simulation.stackup.extremes import Interval

SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
_CHUNK, _CHUNK_VALUES = 50_000, 2**22
_KEPT_VALUES = 2**24
"""Durations that are kept for the rank correlations; of a long schedule, those of the first runs."""


@dataclass(frozen=True, slots=True)
class Risk:
    """Something that may happen and then stretches several tasks together: so their durations go up together."""

    name: str
    probability: float
    factor: Distribution
    """What the durations are multiplied with when it happens."""
    tasks: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """What many runs of a schedule say."""

    count: int
    mean: Estimate
    sd: float
    quantiles: FloatArray
    """Days at the shares ``SHARES``."""
    end: FloatArray
    """(m,) of every run, days."""
    finish: FloatArray
    """(n,) mean finish of each task, days."""
    criticality: FloatArray
    """(n,) the share of runs in which a task was critical."""
    influence: FloatArray
    """(n,) rank correlation of a task's duration with the end; 0 for what does not vary."""
    swing: FloatArray
    """(n, 2) days: the mean end of the tenth of the runs in which a task was shortest, and in which it was longest."""
    risk_influence: FloatArray
    """(k,) days by which the mean end is later when a risk happens than when it does not; NaN where one never was."""

    def quantile(self, share: float) -> float:
        """Return the days within which the project is over in this share of the runs: 0.8 is the P80."""
        return float(np.quantile(self.end, share))

    def within(self, days: float) -> Estimate:
        """Return the share of runs that were over within so many days."""
        return wilson(int((self.end <= days).sum()), self.count)


@dataclass(frozen=True, slots=True)
class Draw:
    """How often a schedule is run, and from which random numbers on."""

    count: int
    rng: np.random.Generator


Sample = Callable[[int, np.random.Generator], tuple[FloatArray, FloatArray | None, BoolArray]]
"""Of so many runs: durations (m, n), earliest starts (m, n) where they vary, and which risk happened (m, k)."""


def forecast(network: Network, risks: Sequence[Risk], count: int, rng: np.random.Generator) -> Forecast:
    """Run a schedule ``count`` times with durations and risks by chance; tasks that no risk joins are independent."""

    def sample(size: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray | None, BoolArray]:
        durations = np.empty((len(network.tasks), size))
        for row, task in zip(durations, network.tasks, strict=True):
            row[:] = drawn(task.duration, size, rng)
        return durations.T, None, stretch(durations.T, risks, rng)

    return forecast_of(network, len(risks), sample, Draw(count, rng))


def forecast_of(network: Network, risks: int, sample: Sample, draw: Draw) -> Forecast:
    """Run a schedule with durations from ``sample``, under so many risks."""
    tasks, count = network.tasks, draw.count
    ends, durations_of, happened_of = list[FloatArray](), list[FloatArray](), list[BoolArray]()
    critical, finish = np.zeros(len(tasks)), np.zeros(len(tasks))
    rows, kept = max(1, min(_CHUNK, _CHUNK_VALUES // max(1, len(tasks)))), 0
    for begin in range(0, count, rows):
        size = min(rows, count - begin)
        durations, earliest, happened = sample(size, draw.rng)
        happened_of.append(happened)
        times = network.times(durations, earliest)
        critical += times.critical.sum(axis=0)
        finish += times.finish.sum(axis=0)
        ends.append(times.end)
        if kept * len(tasks) < _KEPT_VALUES:
            durations_of.append(durations)
            kept += size
    end, durations, happened = np.concatenate(ends), np.concatenate(durations_of), np.concatenate(happened_of)
    mean, sd = float(end.mean()), float(end.std(ddof=1)) if count > 1 else 0.0
    half = 1.959963984540054 * sd / float(np.sqrt(count))
    return Forecast(
        count=count,
        mean=Estimate(mean, Interval(mean - half, mean + half)),
        sd=sd,
        quantiles=np.quantile(end, SHARES),
        end=end,
        finish=finish / count,
        criticality=critical / count,
        influence=_rank_correlations(durations, end[:kept]),
        swing=_swings(durations, end[:kept]),
        risk_influence=np.array([_later(end, happened[:, k]) for k in range(risks)]),
    )


def drawn(distribution: Distribution, size: int, rng: np.random.Generator) -> FloatArray:
    """Return so many values (m,) of a distribution; of beta ones by rejection, fifty times faster than by quantiles."""
    if isinstance(distribution, BetaPert):
        return distribution.low + (distribution.high - distribution.low) * rng.beta(*distribution.shapes, size)
    if isinstance(distribution, Fixed):
        return np.full(size, distribution.value)
    return distribution.quantile(shares(rng, size))


def shares(rng: np.random.Generator, size: int) -> FloatArray:
    """Return so many shares (m,) for quantiles: between 0 and 1, neither of them."""
    return np.clip(rng.random(size), 2.0**-54, 1.0 - 2.0**-53)


def stretch(durations: FloatArray, risks: Sequence[Risk], rng: np.random.Generator) -> BoolArray:
    """Multiply durations (m, n) in place where a risk happens, and return where each did (m, k)."""
    happened = np.zeros((len(durations), len(risks)), dtype=np.bool_)
    for index, risk in enumerate(risks):
        happened[:, index] = rng.random(len(durations)) < risk.probability
        factors = drawn(risk.factor, len(durations), rng)
        durations[:, list(risk.tasks)] *= np.where(happened[:, index], factors, 1.0)[:, None]
    return happened


def _rank_correlations(durations: FloatArray, end: FloatArray) -> FloatArray:
    """Return Spearman's correlation of each column with the end."""
    out = np.zeros(durations.shape[1])
    ranks = _ranks(end)
    for index, column in enumerate(durations.T):
        if np.ptp(column) > 0.0 and np.ptp(end) > 0.0:
            out[index] = float(np.corrcoef(_ranks(column), ranks)[0, 1])
    return out


def _swings(durations: FloatArray, end: FloatArray) -> FloatArray:
    out = np.full((durations.shape[1], 2), float(end.mean()))
    tenth = max(1, len(end) // 10)
    for index, column in enumerate(durations.T):
        if np.ptp(column) > 0.0:
            order = np.argpartition(column, (tenth - 1, len(column) - tenth)) if len(column) > 1 else np.arange(1)
            out[index] = end[order[:tenth]].mean(), end[order[-tenth:]].mean()
    return out


def _ranks(values: FloatArray) -> FloatArray:
    out = np.empty(len(values))
    out[np.argsort(values, kind="stable")] = np.arange(len(values))
    return out


def _later(end: FloatArray, happened: BoolArray) -> float:
    return float(end[happened].mean() - end[~happened].mean()) if 0 < happened.sum() < len(end) else np.nan
