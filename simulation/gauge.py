"""What a gauge makes of good and bad pieces: how often it rejects a good one and accepts a bad one.

Pieces vary as the process does, the gauge adds its own error, and a piece is accepted when what the gauge shows lies
within the limits, drawn in (or out) by a guard band.
"""

from dataclasses import dataclass
from math import inf, isfinite

import numpy as np

from geometry.arrays import FloatArray
from simulation.errors import SimulationError

_NODES = 16
"""Gauss-Legendre nodes per panel."""
_REACH = 9.0
"""Standard deviations of gauge and process that panels reach beyond a limit: 1e-19 of a normal distribution."""


@dataclass(frozen=True, slots=True)
class GaugeErrors:
    """What becomes of pieces that a gauge sorts."""

    conforming: float
    """P(piece within the limits)."""
    defective: float
    """P(piece outside the limits), also where it is too small to show in ``1 - conforming``."""
    accepted: float
    """P(gauge accepts a piece)."""
    false_reject: float | None
    """P(gauge rejects | piece conforms), the producer's risk; None where no piece can conform."""
    false_accept: float | None
    """P(gauge accepts | piece does not conform), the consumer's risk; None where every piece conforms."""

    @property
    def detection(self) -> float | None:
        """Return P(gauge rejects | piece does not conform)."""
        return None if self.false_accept is None else 1.0 - self.false_accept


def gauge_errors(
    *,
    mean: float,
    sd: float,
    lower: float | None,
    upper: float | None,
    u: float,
    guard: float = 0.0,
    bias: float = 0.0,
) -> GaugeErrors:
    """Return how often a gauge is wrong, by quadrature (global risks of JCGM 106:2012, clause 9.5, made conditional).

    Parameters
    ----------
    mean, sd
        Of the true values of the process, normally distributed; ``sd`` without the gauge's own spread.
    lower, upper
        Limits of the tolerance; None: there is none on that side.
    u
        Standard uncertainty of the gauge, in the same unit; its errors are normal.
    guard
        Width of the guard band: accepted is what shows between ``lower + guard`` and ``upper - guard``; a negative one
        accepts beyond the limits.
    bias
        What the gauge shows too much.

    Raises
    ------
    SimulationError
        No limit, limits that do not rise, a negative or endless number.

    Examples
    --------
    >>> found = gauge_errors(mean=0.0, sd=1.0, lower=-2.0, upper=2.0, u=0.2)
    >>> round(found.false_accept, 4), round(found.false_reject, 4)
    (0.1489, 0.0117)
    >>> gauge_errors(mean=0.0, sd=1.0, lower=-2.0, upper=2.0, u=0.2, guard=0.4).false_accept < 0.01
    True
    """
    low, high = -inf if lower is None else lower, inf if upper is None else upper
    _checked(low, high, (mean, sd, u, guard, bias), (sd, u))
    if sd == 0.0:
        inside = low <= mean <= high
        taken = float(_acceptance(np.array([mean + bias]), low + guard, high - guard, u)[0])
        wrong = (1.0 - taken, None) if inside else (None, taken)
        return GaugeErrors(float(inside), float(not inside), taken, *wrong)
    within, below, above = _share(mean, sd, low, high), _share(mean, sd, -inf, low), _share(mean, sd, high, inf)

    def accepted(start: float, stop: float) -> float:
        return _accepted(mean, sd, (start, stop), (low + guard - bias, high - guard - bias), u)

    bad, good = below + above, accepted(low, high) if within else None
    escaped = (below * accepted(-inf, low) if below else 0.0) + (above * accepted(high, inf) if above else 0.0)
    return GaugeErrors(
        conforming=within,
        defective=bad,
        accepted=min(1.0, within * (good or 0.0) + escaped),
        false_reject=None if good is None else max(0.0, 1.0 - good),
        false_accept=escaped / bad if bad else None,
    )


def _checked(low: float, high: float, finite: tuple[float, ...], positive: tuple[float, ...]) -> None:
    if not all(isfinite(value) for value in finite) or any(value < 0.0 for value in positive):
        raise SimulationError("a gauge needs finite numbers, and standard deviations that are not negative")
    if low == -inf and high == inf:
        raise SimulationError("without a limit there is nothing to accept or reject by")
    if not low < high:
        raise SimulationError(f"the lower limit {low:g} is not less than the upper one {high:g}")


def _share(mean: float, sd: float, low: float, high: float) -> float:
    """Return P(low < X < high), in a tail without loss of digits."""
    from scipy.special import ndtr

    a, b = (low - mean) / sd, (high - mean) / sd
    return float(ndtr(-a) - ndtr(-b)) if a > 0.0 else float(ndtr(b) - ndtr(a))


def _acceptance(true: FloatArray, low: float, high: float, u: float) -> FloatArray:
    """Return P(gauge shows a value between two limits) for true values (n,)."""
    from scipy.special import ndtr

    if not low < high:  # a guard band that leaves nothing
        return np.zeros_like(true)
    if u == 0.0:
        return ((true >= low) & (true <= high)).astype(np.float64)
    below, above = (low - true) / u, (high - true) / u
    return np.where(below > 0.0, ndtr(-below) - ndtr(-above), ndtr(above) - ndtr(below))


def _accepted(mean: float, sd: float, part: tuple[float, float], shown: tuple[float, float], u: float) -> float:
    """Return P(accepted | X within ``part``): panels break wherever density or acceptance changes quickly."""
    steps = np.linspace(-_REACH, _REACH, 25)
    # in a far tail the density falls as exp(-z (x - limit) / sd): panels follow that scale from the limit on
    nearest = min(max(mean, part[0]), part[1])
    scale = sd / max(1.0, abs(nearest - mean) / sd)
    breaks = [nearest + 5.0 * scale * steps, mean + sd * steps]
    breaks += [limit + u * steps for limit in shown if isfinite(limit)]
    breaks += [np.array([limit]) for limit in (*part, *shown) if isfinite(limit)]
    edges = np.unique(np.clip(np.concatenate(breaks), *part))
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    half, middle = 0.5 * np.diff(edges)[:, None], 0.5 * (edges[1:] + edges[:-1])[:, None]
    x, weight = (middle + half * nodes).ravel(), (half * weights).ravel()
    exponent = -0.5 * ((x - mean) / sd) ** 2
    mass = weight * np.exp(exponent - exponent.max())
    return float(mass @ _acceptance(x, *shown, u) / mass.sum())
