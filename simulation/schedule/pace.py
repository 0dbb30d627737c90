"""How fast a trade works against its plan, learnt from the tasks that it has done or is at.

Model: a task of trade g lasts planned x exp(b_g + e), e ~ N(0, SPREAD^2), b_g ~ N(0, PRIOR^2) before anything was seen.
A task that is over says that its duration lies in an interval (it was scanned on some days only); one that is under way
says how long so much of it took, the less the less of it is done. The posterior of b_g is computed on a grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from simulation.schedule.observed import Observation, Stage

PRIOR, SPREAD, UNEVEN = 0.3, 0.3, 0.3
"""Standard deviations of logarithms: of trades, of tasks within a trade, and of progress that does not run evenly."""
_GRID = np.linspace(-3.0, 3.0, 1201)
_SHORTEST = 0.25
"""Days: no task is known to have taken less."""


@dataclass(frozen=True, slots=True, eq=False)
class Pace:
    """The factor by which a trade's tasks last longer than planned."""

    trade: str
    evidence: int
    """Tasks that say something about it."""
    cumulative: FloatArray
    """Posterior of the factor's logarithm on the grid, summed up."""

    def quantile(self, share: FloatArray) -> FloatArray:
        """Return quantiles of the factor."""
        return np.exp(np.interp(share, self.cumulative, _GRID))

    @property
    def median(self) -> float:
        """Return the factor that is as likely too small as too large."""
        return float(self.quantile(np.array([0.5]))[0])


def learn_pace(trade: str, planned: Sequence[float], observed: Sequence[Observation], now: float) -> Pace | None:
    """Return what the tasks of one trade say about its pace; None where they say nothing.

    Examples
    --------
    >>> done = Observation(Stage.DONE, (0.0, 0.0), (20.0, 20.0), 1.0)
    >>> pace = learn_pace("concrete", [10.0], [done], 20.0)  # half way between plan and what was seen, by the variances
    >>> round(pace.median, 3)
    1.414
    """
    logarithm, evidence = -0.5 * (_GRID / PRIOR) ** 2, 0
    for days, one in zip(planned, observed, strict=True):
        said = _said(days, one, now)
        if said is not None:
            logarithm, evidence = logarithm + said, evidence + 1
    if not evidence:
        return None
    weight = np.exp(logarithm - logarithm.max())
    cumulative = np.cumsum(0.5 * (weight + np.concatenate([[0.0], weight[:-1]])))
    return Pace(trade, evidence, cumulative / cumulative[-1])


def _said(planned: float, one: Observation, now: float) -> FloatArray | None:
    """Return the log likelihood on the grid of what was seen of a task."""
    if planned <= 0.0 or one.stage is Stage.WAITING:
        return None
    if one.stage is Stage.DONE:
        shortest = max(one.finished[0] - one.started[1], _SHORTEST)
        longest = max(one.finished[1] - one.started[0], shortest)
        return _between(np.log(shortest / planned), np.log(longest / planned), SPREAD)
    least, most = max(now - one.started[1], 0.0), max(now - one.started[0], _SHORTEST)
    if not one.share:
        return _beyond(np.log(max(least, _SHORTEST) / planned), SPREAD)
    sd = float(np.hypot(SPREAD, uneven(one.share)))
    least = max(least, _SHORTEST)
    return _between(np.log(least / one.share / planned), np.log(max(most, least) / one.share / planned), sd)


def uneven(share: float) -> float:
    """Return the standard deviation of log(elapsed / share) about log(duration): large while little is done."""
    return UNEVEN * float(np.sqrt((1.0 - share) / share))


def _between(low: float, high: float, sd: float) -> FloatArray:
    from scipy.special import log_ndtr, ndtr

    if high - low < 1e-6 * sd:
        return -0.5 * ((0.5 * (low + high) - _GRID) / sd) ** 2
    a, b = (low - _GRID) / sd, (high - _GRID) / sd
    mass = np.where(a > 0.0, ndtr(-a) - ndtr(-b), ndtr(b) - ndtr(a))
    with np.errstate(divide="ignore"):
        far = np.where(a > 0.0, log_ndtr(-a), log_ndtr(b))
        return np.where(mass > 1e-300, np.log(mass), far)


def _beyond(low: float, sd: float) -> FloatArray:
    from scipy.special import log_ndtr

    return log_ndtr((_GRID - low) / sd)
