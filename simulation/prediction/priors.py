"""How often a feature is out of tolerance, from measurements less the gauge's own spread, leaning on its family.

Features of a family (the columns' plumb of one storey, of all storeys' columns) have means that scatter about the
family's. A feature of which little was measured leans on the family, one of which much was measured on itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from simulation.errors import SimulationError
from simulation.stackup.capability import Estimate
from simulation.stackup.extremes import Interval

DRAWS = 4_000
_FAMILY_DEGREES = 4.0
"""Degrees of freedom, at most, that the spread of the others of the family counts as within that of one feature."""
_LEAN = 5.0
"""Pieces that the family's share of defects counts as, where pieces are counted."""
_NOT_NORMAL = 0.752
"""Anderson-Darling's adjusted statistic beyond which normality is rejected at 5 % (Stephens 1974, case 3)."""
_FEWEST_TO_DOUBT = 8
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What was measured of one feature on several pieces."""

    name: str
    values: FloatArray
    """(n,) deviations from nominal."""
    u: FloatArray
    """(n,) standard uncertainties."""
    lower: float
    """Limit; minus infinity: none."""
    upper: float


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """What is to be expected of a feature on the next piece."""

    name: str
    count: int
    mean: float
    """Leaning on the family."""
    mean_sd: float
    sd: float
    """Of the process, without the gauge."""
    degrees: float
    """Of freedom behind ``sd``."""
    weight: float
    """How much of the mean is the feature's own, 0 to 1."""
    defective: Estimate
    """Probability that the next piece is out of tolerance."""
    counted: Estimate
    """The same from pass and fail alone, leaning on the family's share."""
    normal: bool
    """False: the measurements of the feature or of its family are not normal, and ``defective`` is ``counted``."""


@dataclass(frozen=True, slots=True)
class Family:
    """How features of a family scatter."""

    mean: float
    mean_sd: float
    between: float
    """Standard deviation of the features' means."""
    within: float
    """Of the process within a feature, without the gauge."""


def process_variance(values: FloatArray, u: FloatArray) -> float:
    """Return max(0, variance observed - mean variance of the gauge).

    Examples
    --------
    >>> process_variance(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
    1.75
    """
    return max(0.0, float(values.var(ddof=1)) - float(np.mean(u**2))) if len(values) > 1 else 0.0


def beta_posterior(defects: int, count: int, a: float = 0.5, b: float = 0.5) -> Estimate:
    """Return the mean and the 95 % interval of a share of which only pass and fail are known (Jeffreys' prior).

    Examples
    --------
    >>> round(beta_posterior(0, 0).value, 2), round(beta_posterior(2, 10).value, 4)
    (0.5, 0.2273)
    """
    from scipy.special import betaincinv

    if not 0 <= defects <= count:
        raise SimulationError(f"{defects} defects of {count} pieces")
    first, second, tail = a + defects, b + count - defects, 0.5 * (1.0 - _CONFIDENCE)
    low, high = (float(betaincinv(first, second, share)) for share in (tail, 1.0 - tail))
    return Estimate(first / (first + second), Interval(low, high))


def priors(features: Sequence[Measured], rng: np.random.Generator) -> tuple[Family, tuple[Prior, ...]]:
    """Return what is to be expected of each feature of one family.

    Means lean on the family's by n / (n + s^2 / tau^2), tau by Paule and Mandel (1982); spreads lean on the others'
    as if those were four measurements more. The interval of the probability holds what both leave open. Where a family
    is not normal, as where a few pieces are far off and all others good, defects are counted instead, leaning on the
    family's share as if that were five pieces.

    Raises
    ------
    SimulationError
        Nothing was measured of a feature, or a number is none.
    """
    for one in features:
        if not len(one.values) or not (np.isfinite(one.values).all() and np.isfinite(one.u).all()):
            raise SimulationError(f"{one.name}: no measured value, or one that is no number")
    counts = np.array([len(one.values) for one in features], dtype=np.float64)
    means = np.array([one.values.mean() for one in features])
    observed, freedom = _leaning(features)
    variances = np.maximum(observed, 1e-300) / counts
    between = _paule_mandel(means, variances)
    weights = 1.0 / (variances + between)
    centre, centre_variance = float(weights @ means / weights.sum()), float(1.0 / weights.sum())
    gauge = np.array([float(np.mean(one.u**2)) for one in features])
    every = np.concatenate([one.values for one in features])
    base, alike = _defects(features) / len(every), is_normal(_scatter(features))
    found = list[Prior]()
    for index, one in enumerate(features):
        lean = between / (between + variances[index]) if between + variances[index] > 0.0 else 1.0
        mean = lean * means[index] + (1.0 - lean) * centre
        spread = float(np.sqrt(lean * variances[index] + (1.0 - lean) ** 2 * centre_variance))
        degrees = float(freedom[index])
        variance = max(0.0, float(observed[index]) - float(gauge[index]))
        estimate = _outside(one, (mean, spread), (float(observed[index]), float(gauge[index]), degrees), rng)
        start = (_LEAN * base + 0.5, _LEAN * (1.0 - base) + 0.5) if len(features) > 1 else (0.5, 0.5)
        counted = beta_posterior(_defects([one]), len(one.values), *start)
        normal = alike and is_normal(one.values)
        found.append(
            Prior(
                one.name,
                len(one.values),
                mean,
                spread,
                float(np.sqrt(variance)),
                degrees,
                lean,
                estimate if normal else counted,
                counted,
                normal,
            )
        )
    within = float(np.sqrt(max(0.0, float(counts @ (observed - gauge)) / float(counts.sum()))))
    return Family(centre, float(np.sqrt(centre_variance)), float(np.sqrt(between)), within), tuple(found)


def unmeasured(family: Family, features: Sequence[Measured], rng: np.random.Generator) -> Prior:
    """Return what is to be expected of a further feature of a family, of which nothing was measured."""
    lower, upper = features[0].lower, features[0].upper
    spread = float(np.hypot(family.between, family.mean_sd))
    freedom = max(1.0, float(sum(len(one.values) - 1 for one in features)))
    gauge = float(np.mean([np.mean(one.u**2) for one in features]))
    one = Measured("", np.zeros(0), np.zeros(0), lower, upper)
    defective = _outside(one, (family.mean, spread), (family.within**2 + gauge, gauge, freedom), rng)
    every = np.concatenate([feature.values for feature in features])
    counted = beta_posterior(_defects(features), len(every))
    normal = is_normal(_scatter(features))
    return Prior(
        "", 0, family.mean, spread, family.within, freedom, 0.0, defective if normal else counted, counted, normal
    )


def _scatter(features: Sequence[Measured]) -> FloatArray:
    """Return how far pieces are off the mean of their feature, as of one spread; of single pieces, off each other."""
    several = [one.values for one in features if len(one.values) > 1]
    if not several:
        return np.concatenate([one.values for one in features])
    return np.concatenate([(one - one.mean()) * np.sqrt(len(one) / (len(one) - 1.0)) for one in several])


def _defects(features: Sequence[Measured]) -> int:
    return sum(int(((one.values < one.lower) | (one.values > one.upper)).sum()) for one in features)


def _leaning(features: Sequence[Measured]) -> tuple[FloatArray, FloatArray]:
    """Return the variance of each feature, gauge included, leaning on those of the others, and degrees of freedom."""
    squares = np.array([float(((one.values - one.values.mean()) ** 2).sum()) for one in features])
    freedom = np.array([len(one.values) - 1.0 for one in features])
    if not freedom.any():  # single pieces: their scatter about each other is all there is
        every = np.concatenate([one.values for one in features])
        alone = float(every.var(ddof=1)) if len(every) > 1 else float(every[0] ** 2 + features[0].u[0] ** 2)
        return np.full(len(features), alone), np.full(len(features), max(len(every) - 1.0, 1.0))
    others, of_others = squares.sum() - squares, freedom.sum() - freedom
    borrowed = np.minimum(_FAMILY_DEGREES, of_others)
    theirs = others / np.maximum(of_others, 1.0)
    degrees = freedom + borrowed
    return (squares + borrowed * theirs) / np.maximum(degrees, 1.0), np.maximum(degrees, 1.0)


def _paule_mandel(means: FloatArray, variances: FloatArray) -> float:
    """Return the variance between features with which their scatter is as large as it should be."""
    if len(means) < 2:
        return 0.0

    def excess(between: float) -> float:
        weights = 1.0 / (variances + between)
        centre = weights @ means / weights.sum()
        return float(weights @ (means - centre) ** 2) - (len(means) - 1)

    if excess(0.0) <= 0.0:
        return 0.0
    low, high = 0.0, float(np.ptp(means)) ** 2 + float(variances.max())
    while excess(high) > 0.0:
        high *= 2.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if excess(middle) > 0.0 else (low, middle)
    return high


def _outside(
    one: Measured, location: tuple[float, float], spread: tuple[float, float, float], rng: np.random.Generator
) -> Estimate:
    """Return the probability outside the limits, over what mean and variance leave open."""
    observed, gauge, degrees = spread
    means = location[0] + location[1] * rng.standard_normal(DRAWS)
    totals = observed * degrees / rng.chisquare(degrees, DRAWS)
    shares = outside(means, np.sqrt(np.maximum(totals - gauge, 0.0)), one.lower, one.upper)
    tail = 0.5 * (1.0 - _CONFIDENCE)
    low, high = np.quantile(shares, (tail, 1.0 - tail))
    return Estimate(float(shares.mean()), Interval(float(low), float(high)))


def outside(mean: FloatArray, sd: FloatArray, lower: float, upper: float) -> FloatArray:
    """Return P(X outside the limits) of normal X, elementwise; without spread 0 or 1."""
    from scipy.special import ndtr

    safe = np.where(sd > 0.0, sd, 1.0)
    spread = ndtr((lower - mean) / safe) + ndtr((mean - upper) / safe)
    return np.where(sd > 0.0, spread, ((mean < lower) | (mean > upper)).astype(np.float64))


def is_normal(values: FloatArray) -> bool:
    """Return whether nothing speaks against a normal distribution of values (n,): Anderson and Darling, 5 %."""
    from scipy.special import log_ndtr

    n = len(values)
    if n < _FEWEST_TO_DOUBT or values.std(ddof=1) == 0.0:
        return True
    z = np.sort((values - values.mean()) / values.std(ddof=1))
    odd = 2.0 * np.arange(1, n + 1) - 1.0
    statistic = -n - float((odd * (log_ndtr(z) + log_ndtr(-z[::-1]))).mean())
    return statistic * (1.0 + 0.75 / n + 2.25 / n**2) <= _NOT_NORMAL


def posterior_outside(prior: Prior, value: float, u: float, lower: float, upper: float) -> float:
    """Return the probability that a measured piece is out of tolerance: what was measured, weighed with the process.

    Examples
    --------
    >>> sure = Estimate(0.0, Interval(0.0, 0.0))
    >>> prior = Prior("plumb", 9, 0.0, 0.0, 2.0, 8.0, 1.0, sure, sure, True)
    >>> round(posterior_outside(prior, 10.0, 1e-9, -10.0, 10.0), 6)  # on the limit, without doubt
    0.5
    >>> posterior_outside(prior, 4.0, 1.0, -10.0, 10.0) < 1e-9
    True
    """
    process = prior.sd**2 + prior.mean_sd**2
    if not prior.normal or process == 0.0:
        mean, variance = value, u**2
    else:
        weight = process / (process + u**2)
        mean, variance = weight * value + (1.0 - weight) * prior.mean, weight * u**2
    return float(outside(np.array([mean]), np.array([np.sqrt(variance)]), lower, upper)[0])
