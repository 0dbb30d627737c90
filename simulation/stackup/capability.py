"""Shares outside limits and capability figures, each with the interval that its sample leaves open."""

from dataclasses import dataclass

import numpy as np

from simulation.stackup.extremes import Interval
from simulation.stackup.moments import Moments

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the interval that holds it with 95 % confidence."""

    value: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Capability:
    """Cp and Cpk; None where the limits do not define it."""

    cp: Estimate | None
    cpk: Estimate | None


def wilson(hits: int, of: int, confidence: float = CONFIDENCE) -> Estimate:
    """Return a share and Wilson's score interval (Wilson 1927, J. Am. Stat. Assoc. 22).

    Examples
    --------
    >>> wilson(0, 100).interval.high < 0.037
    True
    """
    z = _normal_quantile(confidence)
    share, extra = hits / of, z * z / of
    centre = (share + 0.5 * extra) / (1.0 + extra)
    half = z * float(np.sqrt(share * (1.0 - share) / of + 0.25 * extra / of)) / (1.0 + extra)
    low = 0.0 if hits == 0 else centre - half
    high = 1.0 if hits == of else centre + half
    return Estimate(share, Interval(max(low, 0.0), min(high, 1.0)))


def students(values: np.ndarray[tuple[int], np.dtype[np.float64]], confidence: float = CONFIDENCE) -> Estimate:
    """Return the mean of independent figures (k,), k >= 2, and Student's interval."""
    from scipy.special import stdtrit

    mean, spread = float(values.mean()), float(values.std(ddof=1))
    half = float(stdtrit(len(values) - 1, 0.5 + 0.5 * confidence)) * spread / float(np.sqrt(len(values)))
    return Estimate(mean, Interval(mean - half, mean + half))


def capability(moments: Moments, count: int, lower: float | None, upper: float | None) -> Capability:
    """Return Cp and Cpk of a sample of ``count`` values with these moments.

    The intervals follow from the delta method with the sample's own skewness and kurtosis; for a normal sample that of
    Cpk is Bissell's (1990, Applied Statistics 39).
    """
    if moments.sd == 0.0 or (lower is None and upper is None):
        return Capability(None, None)
    z = _normal_quantile(CONFIDENCE)
    tail = (moments.kurtosis - 1.0) / 4.0
    cp = None
    if lower is not None and upper is not None:
        value = (upper - lower) / (6.0 * moments.sd)
        half = z * value * float(np.sqrt(tail / count))
        cp = Estimate(value, Interval(value - half, value + half))
    sides = list[tuple[float, float]]()
    if lower is not None:
        sides.append(((moments.mean - lower) / (3.0 * moments.sd), -1.0))
    if upper is not None:
        sides.append(((upper - moments.mean) / (3.0 * moments.sd), 1.0))
    value, sign = min(sides)
    variance = (1.0 / 9.0 + tail * value**2 + sign * moments.skewness * value / 3.0) / count
    half = z * float(np.sqrt(max(variance, 0.0)))
    return Capability(cp, Estimate(value, Interval(value - half, value + half)))


def ppm_of_cpk(cpk: float) -> float:
    """Return the parts per million outside both limits of a centred normal process.

    Examples
    --------
    >>> [round(ppm_of_cpk(c), 1) for c in (1.0, 4 / 3)]
    [2699.8, 63.3]
    """
    from scipy.special import ndtr

    return 2e6 * float(ndtr(-3.0 * cpk))


def _normal_quantile(confidence: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + 0.5 * confidence))
