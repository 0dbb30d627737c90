"""From elevations along sample lines to the spreads that F-numbers are made of, measurement noise taken out.

The noise of the readings adds to the scatter of their differences and makes a floor look worse than it is. What is
known of it, from how points scatter within each reading, is subtracted; what may be alike within a reading and
different from the next is not, but widens the uncertainty.

References
----------
ASTM E1155, sections 7 to 9: readings 12 in apart, curvatures q over 24 in and differences z over 10 ft, mean and
standard deviation of each sample line, composite of the lines weighted by their numbers of differences.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from geometry.arrays import FloatArray, IntArray
from geometry.uncertainty import COVERAGE_FACTOR

CURVATURE: tuple[tuple[int, float], ...] = ((0, 1.0), (1, -2.0), (2, 1.0))
"""Reading and factor of a profile curvature q: the difference of two differences over 12 in."""
TEN_FEET: tuple[tuple[int, float], ...] = ((0, -1.0), (10, 1.0))
"""Reading and factor of an elevation difference z over 10 ft."""
SYSTEMATIC = 0.0002
"""Standard uncertainty (m) of one reading against the next that averaging within it does not reduce: scanner against
precise level on one test slab (Bodóczi, Pintye and Kciuk 2025)."""
_NOISE_KNOWN = 0.25
"""How well a variance is known that is estimated from the scatter within readings, relative standard uncertainty."""
_MOST_NOISE = 0.5
"""Share of the squared spread that may be subtracted; beyond, there is no F-number to be told from what is left."""


@dataclass(frozen=True, slots=True, eq=False)
class LineProfile:
    """The readings along one sample line, a foot apart."""

    direction: int
    """0 or 1: which of the two directions across each other the line has."""
    height: FloatArray
    """(n,) elevations, metres; NaN where there is no reading."""
    variance: FloatArray
    """(n,) of the readings' noise, m²; NaN where there is none."""


@dataclass(frozen=True, slots=True)
class Spread:
    """3 s + |mean| of the differences along all lines of a floor."""

    value: float
    """Metres, noise taken out."""
    standard: float
    """Standard uncertainty, metres: other lines would give another spread, and the noise is not known exactly."""
    differences: tuple[int, int]
    """How many there are in either direction."""
    lines: tuple[int, int]
    raw: float
    """With the noise in it: the floor is no worse than this."""
    raw_standard: float
    """Standard uncertainty of the raw value as an upper bound, metres."""
    drowned: bool
    """Noise is too large a part of it for the value to be told."""


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    direction: IntArray
    count: FloatArray
    mean: FloatArray
    variance: FloatArray
    noise: FloatArray
    """What the readings' noise adds to the variance, m²."""
    systematic: FloatArray

    def squared(self, noise: float) -> FloatArray:
        """Return the squared spread of each line with a share ``noise`` of its variance taken out, m²."""
        kept = np.sqrt(np.maximum(1.0 - noise, 0.0) * self.variance)
        return (3.0 * kept + np.abs(self.mean)) ** 2

    def share(self, part: FloatArray) -> float:
        """Return which share of all lines' variances a part of them is, 0..1."""
        total = float(self.count @ self.variance)
        return min(1.0, float(self.count @ part) / total) if total > 0.0 else 0.0


def spread_of(profiles: Sequence[LineProfile], formula: Sequence[tuple[int, float]]) -> Spread | None:
    """Return the spread of one kind of difference; None unless two lines in each direction have two of them or more.

    Lines of one direction weigh by their numbers of differences, the two directions alike: E1155 wants equal numbers.

    Parameters
    ----------
    formula
        ``CURVATURE`` or ``TEN_FEET``.
    """
    lines = _statistics(profiles, formula)
    per_direction = [np.flatnonzero(lines.direction == d) for d in (0, 1)]
    if min(len(which) for which in per_direction) < 2:
        return None
    white = lines.share(lines.noise)
    all_noise = min(1.0, white + lines.share(lines.systematic))
    raw, value, least = (
        np.sqrt(np.mean([_weighted(lines.squared(n)[w], lines.count[w]) for w in per_direction]))
        for n in (0.0, white, all_noise)
    )
    sampling, raw_sampling = (
        _sampling([(lines.squared(n)[w], lines.count[w]) for w in per_direction], float(of))
        for n, of in ((white, value), (0.0, raw))
    )
    noise = np.hypot(_NOISE_KNOWN * (raw - value), (value - least) / np.sqrt(3.0))
    return Spread(
        value=float(value),
        standard=float(np.hypot(sampling, noise)),
        differences=(int(lines.count[per_direction[0]].sum()), int(lines.count[per_direction[1]].sum())),
        lines=(len(per_direction[0]), len(per_direction[1])),
        raw=float(raw),
        raw_standard=raw_sampling,
        drowned=bool(value**2 < (1.0 - _MOST_NOISE) * raw**2),
    )


def _statistics(profiles: Sequence[LineProfile], formula: Sequence[tuple[int, float]]) -> _Lines:
    rows: list[tuple[float, ...]] = []
    for line in profiles:
        matrix = _matrix(line.height, formula)
        if len(matrix) < 2:
            continue
        height, variance = np.nan_to_num(line.height), np.nan_to_num(line.variance)
        values = matrix @ height
        noise, systematic = (_expected_variance(matrix, v) for v in (variance, np.full(len(height), SYSTEMATIC**2)))
        rows.append(
            (line.direction, len(values), float(values.mean()), float(values.var(ddof=1)), noise, systematic)
        )  # fmt: skip
    table = np.array(rows, np.float64).reshape(-1, 6).T
    return _Lines(table[0].astype(np.int64), *table[1:])


def _matrix(height: FloatArray, formula: Sequence[tuple[int, float]]) -> FloatArray:
    """Return the differences as rows (k, n) over the readings; those that lack a reading are left out."""
    span = max(offset for offset, _ in formula)
    first = np.arange(max(len(height) - span, 0))
    matrix = np.zeros((len(first), len(height)))
    for offset, factor in formula:
        matrix[first, first + offset] = factor
    lacking = (matrix != 0.0) @ np.isnan(height).astype(np.float64) > 0
    return matrix[~lacking]


def _expected_variance(matrix: FloatArray, variance: FloatArray) -> float:
    """Return the expected sample variance of differences of readings that are nothing but noise of this variance."""
    total = float((matrix**2).sum(axis=0) @ variance)
    of_sum = float(matrix.sum(axis=0) ** 2 @ variance)
    return (total - of_sum / len(matrix)) / (len(matrix) - 1)


def _weighted(values: FloatArray, weight: FloatArray) -> float:
    return float(np.average(values, weights=weight))


def _sampling(strata: Sequence[tuple[FloatArray, FloatArray]], value: float) -> float:
    """Return the standard uncertainty (m) of a spread from how its squares differ between the lines of a direction.

    It is widened from few lines to what Student's t says for 95 %.
    """
    if value <= 0.0:
        return 0.0
    of_mean = 0.0
    for squared, weight in strata:
        lines = len(squared)
        off = weight / weight.sum() * (squared - _weighted(squared, weight))
        of_mean += 0.25 * float(off @ off) * lines / (lines - 1)
    degrees = sum(len(squared) - 1 for squared, _ in strata)
    wider = float(stdtrit(degrees, 0.975)) / COVERAGE_FACTOR
    return wider * np.sqrt(of_mean) / (2.0 * value)
