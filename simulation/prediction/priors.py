"""How often a feature is out of tolerance, from measurements less the gauge's own spread, leaning on its family.

Features of a family (the columns' plumb of one storey, of all storeys' columns) have means that scatter about the
family's. A feature of which little was measured leans on the family, one of which much was measured on itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from geometry.arrays import FloatArray
from simulation.errors import SimulationError
from simulation.prediction.gross import gross
from simulation.prediction.hierarchy import Drawn, draw
from simulation.stackup.capability import Estimate
from simulation.stackup.extremes import Interval

_COUNTED_DRAWS = 4_000
_PIECES = np.array([1.0, 3.0, 10.0, 30.0, 100.0, 300.0])
"""As how many pieces the family's share of defects may count within one feature, where pieces are counted."""
_FEWEST_FOR_OWN_MIDDLE = 3
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
    weight: float
    """How much of the mean is the feature's own, 0 to 1."""
    defective: Estimate
    """Probability that the next piece is out of tolerance."""
    counted: Estimate
    """The same from pass and fail alone, leaning on the family's share."""
    normal: bool
    """False: the measurements of the feature or of its family are not normal, or some are defects far off all others.

    ``defective`` is ``counted`` then, and mean and spread are without what is far off.
    """


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """How features of a family scatter."""

    mean: float
    mean_sd: float
    between: float
    """Standard deviation of the features' means."""
    within: float
    """Of the process within a feature, without the gauge."""
    normal: bool
    """Nothing speaks against normal values within the features."""
    further_counted: FloatArray = field(repr=False)
    """(d,) what its share of defects may be, from pass and fail alone."""
    further_means: FloatArray = field(repr=False)
    """(d,) what the mean of a further feature may be."""
    further_variances: FloatArray = field(repr=False)
    """(d,) what its variance may be, with the gauge's."""


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

    Means lean on the family's and spreads on the others', as far as what was measured says that they are alike
    (``hierarchy``). The interval of the probability holds all that this leaves open. Where a family
    is not normal, as where a few pieces are far off and all others good, defects are counted instead, leaning on the
    family's share as far as the features' shares are alike. Mean and spread are those of the others then.

    Raises
    ------
    SimulationError
        Nothing was measured of a feature, or a number is none.
    """
    for one in features:
        if not len(one.values) or not (np.isfinite(one.values).all() and np.isfinite(one.u).all()):
            raise SimulationError(f"{one.name}: no measured value, or one that is no number")
    gauge = np.array([float(np.mean(one.u**2)) for one in features])
    by_counting = _counted(features, rng)
    calm, far_off = _calmed(features)
    drawn = _drawn(calm, rng)
    alike = not far_off and is_normal(_scatter(features, np.sqrt(np.median(drawn.variances, axis=0))))
    found = list[Prior]()
    for index, one in enumerate(features):
        mean, variance = drawn.means[:, index], np.maximum(drawn.variances[:, index] - gauge[index], 0.0)
        shares = outside(mean, np.sqrt(variance), one.lower, one.upper)
        counted = by_counting[index]
        normal = alike and is_normal(one.values)
        spread = float(np.sqrt(np.median(variance)))
        estimate, own = _spread(shares) if normal else counted, float(drawn.weights[index])
        found.append(
            Prior(
                one.name, len(one.values), float(mean.mean()), float(mean.std()), spread, own, estimate, counted, normal
            )
        )
    within = float(np.sqrt(np.median(np.maximum(drawn.variances - gauge, 0.0).mean(axis=1))))
    family = Family(
        float(drawn.centre.mean()), float(drawn.centre.std()), float(np.median(drawn.between)), within, alike,
        _shares(features, rng)[:, -1], *drawn.further(rng),
    )  # fmt: skip
    return family, tuple(found)


def unmeasured(family: Family, features: Sequence[Measured], rng: np.random.Generator) -> Prior:
    """Return what is to be expected of a further feature of a family, of which nothing was measured."""
    lower, upper = features[0].lower, features[0].upper
    gauge = float(np.mean([np.mean(one.u**2) for one in features]))
    variance = np.maximum(family.further_variances - gauge, 0.0)
    defective = _spread(outside(family.further_means, np.sqrt(variance), lower, upper))
    counted = _spread(family.further_counted)
    normal = family.normal
    low, high = np.quantile(family.further_means, (0.1587, 0.8413))  # of a normal one, a standard deviation each way
    return Prior(
        "", 0, family.mean, float(0.5 * (high - low)), float(np.sqrt(np.median(variance))), 0.0,
        defective if normal else counted, counted, normal,
    )  # fmt: skip


def _calmed(features: Sequence[Measured]) -> tuple[Sequence[Measured], bool]:
    """Return the features with defects that are far off all others put into the middle, and whether there are any."""
    middles = np.array([float(np.median(one.values)) for one in features])
    usual = float(np.median(middles))
    centres = [
        np.full(n, middle if n >= _FEWEST_FOR_OWN_MIDDLE else usual)
        for n, middle in zip(map(len, (one.values for one in features)), middles, strict=True)
    ]
    centre, u = np.concatenate(centres), np.concatenate([one.u for one in features])
    values = np.concatenate([one.values for one in features])
    defect = np.concatenate([(one.values < one.lower) | (one.values > one.upper) for one in features])
    far = gross(values - centre, u) & defect
    if not far.any():
        return features, False
    ends = np.cumsum([len(one.values) for one in features])[:-1]
    parts = np.split(np.where(far, centre, values), ends)
    return [replace(one, values=part) for one, part in zip(features, parts, strict=True)], True


def _scatter(features: Sequence[Measured], sds: FloatArray) -> FloatArray:
    """Return how far pieces are off the mean of their feature, in its own spread; of single pieces, off each other."""
    several = [(one.values, sd) for one, sd in zip(features, sds, strict=True) if len(one.values) > 1]
    if not several:
        return np.concatenate([one.values for one in features])
    return np.concatenate([(one - one.mean()) / sd * np.sqrt(len(one) / (len(one) - 1.0)) for one, sd in several])


def _defects(features: Sequence[Measured]) -> int:
    return sum(int(((one.values < one.lower) | (one.values > one.upper)).sum()) for one in features)


def _counted(features: Sequence[Measured], rng: np.random.Generator) -> list[Estimate]:
    """Return each feature's share of defects from pass and fail alone; a single one by Jeffreys' prior."""
    if len(features) == 1:
        return [beta_posterior(_defects(features), len(features[0].values))]
    drawn = _shares(features, rng)
    return [_spread(drawn[:, index]) for index in range(len(features))]


def _shares(features: Sequence[Measured], rng: np.random.Generator) -> FloatArray:
    """Return draws (d, j + 1) of shares of defects that scatter about the family's, the last of a further feature.

    Beta-binomial, by a grid over the family's share (Jeffreys' prior) and over how alike its features are.
    """
    from scipy.special import betaln, expit

    logits = np.linspace(-9.0, 4.0, 66)
    p, k = (one.ravel() for one in np.meshgrid(expit(logits), _PIECES, indexing="ij"))
    bad = np.array([_defects([one]) for one in features], dtype=np.float64)
    count = np.array([len(one.values) for one in features], dtype=np.float64)
    a, b = p * k, (1.0 - p) * k
    told = (betaln(a[:, None] + bad, b[:, None] + count - bad) - betaln(a, b)[:, None]).sum(axis=1)
    told += 0.5 * (np.log(p) + np.log1p(-p))
    chance = np.exp(told - told.max())
    which = rng.choice(len(p), _COUNTED_DRAWS, p=chance / chance.sum())
    bad, count = np.append(bad, 0.0), np.append(count, 0.0)
    return rng.beta(a[which, None] + bad, b[which, None] + count - bad)


def _drawn(features: Sequence[Measured], rng: np.random.Generator) -> Drawn:
    """Return draws of what a family leaves open; a single piece in all tells no spread: its distance stands for it."""
    values = [one.values for one in features]
    if sum(map(len, values)) == 1:
        alone = float(abs(values[0][0]) + features[0].u[0]) or 1.0
        values = [np.array([values[0][0] - alone, values[0][0] + alone])]
    return draw(values, rng)


def _spread(shares: FloatArray) -> Estimate:
    tail = 0.5 * (1.0 - _CONFIDENCE)
    low, high = np.quantile(shares, (tail, 1.0 - tail))
    value = float(shares.mean())
    return Estimate(value, Interval(min(float(low), value), max(float(high), value)))


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
    >>> prior = Prior("plumb", 9, 0.0, 0.0, 2.0, 1.0, sure, sure, True)
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
