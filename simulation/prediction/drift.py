"""Whether what is measured drifts away from what was predicted: EWMA and CUSUM charts with known run lengths."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from simulation.errors import SimulationError

_NODES = 60


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A chart of standardised residuals."""

    statistic: FloatArray
    """(n,) of EWMA; (n, 2) up and down of CUSUM."""
    limit: FloatArray
    """(n,) what it may reach on either side."""
    alarm: int | None
    """Index of the first residual at which it alarms; None: it does not."""


def ewma(residuals: FloatArray, weight: float = 0.2, width: float = 2.962) -> Chart:
    """Return the exponentially weighted moving average of standardised residuals (n,) (Roberts 1959).

    The defaults raise one false alarm in 500. Limits widen at the start as the variance does.

    Examples
    --------
    >>> ewma(np.full(20, 1.5)).alarm
    4
    """
    _checked(residuals, 0.0 < weight <= 1.0 and width > 0.0)
    values, level = np.empty(len(residuals)), 0.0
    for index, residual in enumerate(residuals):
        level = weight * float(residual) + (1.0 - weight) * level
        values[index] = level
    steps = np.arange(1, len(residuals) + 1)
    limit = width * np.sqrt(weight / (2.0 - weight) * (1.0 - (1.0 - weight) ** (2 * steps)))
    return Chart(values, limit, _first(np.abs(values) > limit))


def cusum(residuals: FloatArray, slack: float = 0.5, decision: float = 5.0) -> Chart:
    """Return the cumulative sums of standardised residuals (n,), up and down (Page 1954).

    The defaults raise one false alarm in 465 and notice a shift of one standard deviation after about ten.

    Examples
    --------
    >>> cusum(np.full(20, -1.5)).alarm
    5
    """
    _checked(residuals, slack >= 0.0 and decision > 0.0)
    values, up, down = np.empty((len(residuals), 2)), 0.0, 0.0
    for index, residual in enumerate(residuals):
        up = max(0.0, up + float(residual) - slack)
        down = max(0.0, down - float(residual) - slack)
        values[index] = up, down
    limit = np.full(len(residuals), decision)
    return Chart(values, limit, _first((values > decision).any(axis=1)))


def ewma_run_length(weight: float, width: float, shift: float = 0.0) -> float:
    """Return after how many residuals an EWMA chart alarms on average, from the start, limits as in the long run.

    Crowder's (1987) integral equation by Gauss-Legendre quadrature.

    Examples
    --------
    >>> round(ewma_run_length(0.2, 2.962)), round(ewma_run_length(0.2, 2.962, 1.0), 1)
    (500, 10.5)
    """
    if not (0.0 < weight <= 1.0 and width > 0.0):
        raise SimulationError("an EWMA chart needs a weight above 0, 1 at most, and limits apart")
    reach = width * float(np.sqrt(weight / (2.0 - weight)))
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    x = reach * nodes
    kernel = _density((x[None] - (1.0 - weight) * x[:, None]) / weight - shift) / weight * (reach * weights)[None]
    lengths = np.linalg.solve(np.eye(_NODES) - kernel, np.ones(_NODES))
    return 1.0 + float(_density(x / weight - shift) / weight * (reach * weights) @ lengths)


def cusum_run_length(slack: float, decision: float, shift: float = 0.0) -> float:
    """Return after how many residuals a two-sided CUSUM chart alarms on average, from the start.

    Examples
    --------
    >>> round(cusum_run_length(0.5, 5.0)), round(cusum_run_length(0.5, 5.0, 1.0), 1)
    (465, 10.4)
    """
    up, down = (_one_sided(slack, decision, side) for side in (shift, -shift))
    return 1.0 / (1.0 / up + 1.0 / down)  # Kemp 1961


def _one_sided(slack: float, decision: float, shift: float) -> float:
    """Return the run length of an upper CUSUM: an integral equation with an atom at zero (Page 1954)."""
    from scipy.special import ndtr

    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    x, w = 0.5 * decision * (nodes + 1.0), 0.5 * decision * weights
    from_ = np.concatenate([[0.0], x])
    matrix = np.empty((_NODES + 1, _NODES + 1))
    matrix[:, 0] = ndtr(slack - shift - from_)
    matrix[:, 1:] = _density(x[None] - from_[:, None] + slack - shift) * w[None]
    return float(np.linalg.solve(np.eye(_NODES + 1) - matrix, np.ones(_NODES + 1))[0])


def _density(z: FloatArray) -> FloatArray:
    return np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)


def _checked(residuals: FloatArray, sound: bool) -> None:
    if not sound:
        raise SimulationError("a chart's weight lies above 0 and is 1 at most; widths and limits are above 0")
    if not np.isfinite(residuals).all():
        raise SimulationError("a residual is no number")


def _first(alarms: Any) -> int | None:
    found = np.flatnonzero(alarms)
    return int(found[0]) if len(found) else None
