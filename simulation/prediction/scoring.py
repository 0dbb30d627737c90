"""Whether predictions came true: Brier score and what it is made of, log score, calibration."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from simulation.errors import SimulationError
from simulation.stackup.capability import Estimate, wilson

_CLOSEST = 1e-6
"""A prediction counts as no surer in the log score: one that was sure and wrong would cost infinitely much."""


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Predictions of about the same probability."""

    predicted: float
    """Their mean."""
    count: int
    happened: Estimate
    """The share that came true, with Wilson's interval."""

    @property
    def agrees(self) -> bool:
        """Return whether what was predicted lies in the interval of what happened."""
        return self.happened.interval.low <= self.predicted <= self.happened.interval.high


@dataclass(frozen=True, slots=True)
class Score:
    """How good predictions were."""

    count: int
    brier: float
    reliability: float
    """Smaller is better: how far predictions were from what happened among alike ones."""
    resolution: float
    """Larger is better: how well they told cases apart."""
    uncertainty: float
    """The Brier score of always predicting the average."""
    within: float
    """What unlike predictions in one bin make: brier = reliability - resolution + uncertainty + within."""
    log: float
    """Mean of -ln(probability of what happened)."""
    skill: float | None
    """1 - brier / uncertainty; None where everything or nothing happened."""
    calibration_z: float | None
    """Spiegelhalter's (1986) statistic: beyond +-1.96 predictions are not calibrated (5 %)."""
    bins: tuple[CalibrationBin, ...]


def score(predicted: FloatArray, happened: BoolArray, bins: int = 10) -> Score:
    """Return how good predictions (n,) of what happened (n,) were.

    The decomposition is Murphy's (1973) with the term within bins of Stephenson et al. (2008); bins are of equal width.

    Raises
    ------
    SimulationError
        There are none, their numbers differ, or one is no probability.

    Examples
    --------
    >>> found = score(np.array([0.0, 0.0, 1.0, 1.0]), np.array([False, False, True, True]))
    >>> found.brier, found.reliability, found.resolution
    (0.0, 0.0, 0.25)
    """
    if not len(predicted) or len(predicted) != len(happened):
        raise SimulationError(f"{len(predicted)} predictions of {len(happened)} outcomes cannot be scored")
    if not (np.isfinite(predicted).all() and (predicted >= 0.0).all() and (predicted <= 1.0).all()):
        raise SimulationError("a prediction is no probability")
    y, count = happened.astype(np.float64), len(predicted)
    which = np.minimum((predicted * bins).astype(np.intp), bins - 1)
    base, rows = float(y.mean()), list[CalibrationBin]()
    reliability = resolution = within = 0.0
    for index in range(bins):
        inside = which == index
        size = int(inside.sum())
        if not size:
            continue
        mean, share = float(predicted[inside].mean()), float(y[inside].mean())
        reliability += size / count * (mean - share) ** 2
        resolution += size / count * (share - base) ** 2
        off = predicted[inside] - mean
        within += float((off**2).sum() - 2.0 * (off * (y[inside] - share)).sum()) / count
        rows.append(CalibrationBin(mean, size, wilson(int(y[inside].sum()), size)))
    brier, uncertainty = float(((predicted - y) ** 2).mean()), base * (1.0 - base)
    safe = np.clip(predicted, _CLOSEST, 1.0 - _CLOSEST)
    spread = float(((1.0 - 2.0 * predicted) ** 2 * predicted * (1.0 - predicted)).sum())
    z = float(((y - predicted) * (1.0 - 2.0 * predicted)).sum()) / float(np.sqrt(spread)) if spread > 0.0 else None
    return Score(
        count, brier, reliability, resolution, uncertainty, within,
        float(-np.where(happened, np.log(safe), np.log1p(-safe)).mean()),
        1.0 - brier / uncertainty if uncertainty > 0.0 else None, z, tuple(rows),
    )  # fmt: skip


def average_precision(said: FloatArray, happened: BoolArray) -> float:
    """Return the area under precision by recall, by steps; the share of defects where nothing is told apart.

    Examples
    --------
    >>> average_precision(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])).__round__(4)
    0.8333
    """
    order = np.argsort(-said, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(said[order])), len(said) - 1)
    hits = np.cumsum(happened[order])[ends]
    total = max(int(happened.sum()), 1)
    return float((np.diff(np.concatenate([[0], hits])) / total) @ (hits / (ends + 1.0)))


def area_under_curve(said: FloatArray, happened: BoolArray) -> float:
    """Return P(a bad unit's score exceeds a good one's), ties halved (Mann and Whitney 1947); 0.5 without both.

    Examples
    --------
    >>> area_under_curve(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    from scipy.stats import rankdata

    bad = int(happened.sum())
    good = len(happened) - bad
    if not bad or not good:
        return 0.5
    return float((rankdata(said)[happened].sum() - 0.5 * bad * (bad + 1)) / (bad * good))
