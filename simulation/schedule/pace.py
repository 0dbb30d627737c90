"""How fast trades work against their plan, learnt from the tasks that they have done or are at.

Model: a task of trade g lasts planned x exp(b_g + e), e ~ N(0, s^2) of the task, b_g ~ N(m, t^2) of the trade, m of the
whole site. None of m, t and s is known: m ~ N(0, SITE^2), t half normal about BETWEEN, s log-normal about WITHIN. So
trades learn from each other by how alike they turn out to be, those of which nothing was seen included, and how much
tasks scatter is learnt, too (partial pooling: Gelman et al. 2013, Bayesian Data Analysis, ch. 5). A task that is over
says that its duration lies in an interval (it was scanned on some days only); one that is under way says how long so
much of it took, the less the less of it is done. All is computed on a grid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from simulation.schedule.observed import Observation, Stage

SITE, BETWEEN, WITHIN, UNEVEN = 0.3, 0.2, 0.2, 0.3
"""Of logarithms, the standard deviation of the site's pace; the scale of that of trades about it; the middle of that of
tasks about their trade; and that of progress which does not run evenly."""
_GRID = np.linspace(-3.0, 3.0, 481)
_SITES = np.linspace(-1.2, 1.2, 49)
_BETWEENS = np.array([0.02, 0.06, 0.12, 0.2, 0.32, 0.5])
_WITHINS = np.array([0.05, 0.08, 0.13, 0.2, 0.32, 0.5])
_SHORTEST = 0.25
"""Days: no task is known to have taken less."""
Seen = Sequence[tuple[float, Observation]]
"""Planned days and what was seen, of each task of a trade."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Paces:
    """What is known of all trades together."""

    trades: tuple[Pace, ...]
    """Each by itself, those of which nothing was seen included."""
    cells: FloatArray
    """(w, t, s) posterior of the site's pace, of how trades and how tasks scatter."""
    likelihood: FloatArray
    """(g, w, b) of each trade's factor's logarithm by how tasks scatter, the largest 1."""

    def sample(self, size: int, rng: np.random.Generator) -> tuple[dict[str, FloatArray], FloatArray]:
        """Return factors (m,) of each trade, drawn together, and how tasks scatter about them (m,)."""
        drawn = np.sort(rng.choice(self.cells.size, size, p=self.cells.ravel()))
        cells, where, counts = np.unique(drawn, return_index=True, return_counts=True)
        factors = np.empty((len(self.trades), size))
        within, between, site = np.unravel_index(cells, self.cells.shape)
        for w, t, m, begin, count in zip(within, between, site, where, counts, strict=True):
            prior = _normal(_SITES[m], _BETWEENS[t])
            for index in range(len(self.trades)):
                summed = _summed(self.likelihood[index, w] * prior)
                factors[index, begin : begin + count] = np.interp(rng.random(count), summed, _GRID)
        order = rng.permutation(size)
        scatter = np.repeat(_WITHINS[within], counts)[order]
        return {pace.trade: np.exp(row[order]) for pace, row in zip(self.trades, factors, strict=True)}, scatter


def learn_paces(seen: Mapping[str, Seen], now: float) -> Paces | None:
    """Return what the tasks of all trades say about their paces; None where they say nothing.

    Examples
    --------
    >>> done = Observation(Stage.DONE, (0.0, 0.0), (20.0, 20.0), 1.0)
    >>> found = learn_paces({"concrete": [(10.0, done)] * 6, "steel": []}, 20.0)
    >>> [round(pace.median, 1) for pace in found.trades]  # all took twice as long: nor will steel keep its plan
    [2.0, 1.7]
    """
    said = {
        trade: [one for one in (_said(days, what, now) for days, what in tasks) if one is not None]
        for trade, tasks in seen.items()
    }
    if not any(said.values()):
        return None
    logs = np.zeros((len(said), len(_WITHINS), len(_GRID)))
    for index, tasks in enumerate(said.values()):
        for task in tasks:
            logs[index] += task
    top = logs.max(axis=2, keepdims=True)
    likelihood = np.exp(logs - top)
    priors = _normal(_SITES[None, :, None], _BETWEENS[:, None, None])  # (t, m, b)
    evidence = np.einsum("gwb,tmb->gwtm", likelihood, priors)
    cells = np.log(np.maximum(evidence, 1e-300)).sum(axis=0) + top.sum(axis=0)[:, None] + _hyperprior()
    cells = np.exp(cells - cells.max())
    cells /= cells.sum()
    paces = list[Pace]()
    for index, (trade, tasks) in enumerate(said.items()):
        share = cells / np.maximum(evidence[index], 1e-300)
        each = np.einsum("wtm,tmb->wb", share, priors) * likelihood[index]
        paces.append(Pace(trade, len(tasks), _summed(each.sum(axis=0))))
    return Paces(tuple(paces), cells, likelihood)


def _hyperprior() -> FloatArray:
    """Return the logarithm of the prior of the cells, (w, t, m)."""
    site = -0.5 * (_SITES / SITE) ** 2
    between = -0.5 * (_BETWEENS / BETWEEN) ** 2 + np.log(np.gradient(_BETWEENS))
    within = -0.5 * (np.log(_WITHINS / WITHIN) / 0.6) ** 2
    return within[:, None, None] + between[:, None] + site


def _normal(mean: FloatArray, sd: FloatArray) -> FloatArray:
    """Return the density on the grid, as shares that sum to 1."""
    found = np.exp(-0.5 * ((_GRID - mean) / sd) ** 2)
    return found / found.sum(axis=-1, keepdims=True)


def _summed(weight: FloatArray) -> FloatArray:
    cumulative = np.cumsum(0.5 * (weight + np.concatenate([[0.0], weight[:-1]])))
    return cumulative / cumulative[-1]


def _said(planned: float, one: Observation, now: float) -> FloatArray | None:
    """Return the log likelihood (w, b) on the grids of what was seen of a task."""
    if planned <= 0.0 or one.stage is Stage.WAITING:
        return None
    if one.stage is Stage.DONE:
        shortest = max(one.finished[0] - one.started[1], _SHORTEST)
        longest = max(one.finished[1] - one.started[0], shortest)
        return _between(np.log(shortest / planned), np.log(longest / planned), _WITHINS)
    least, most = max(now - one.started[1], 0.0), max(now - one.started[0], _SHORTEST)
    if not one.share:
        return _beyond(np.log(max(least, _SHORTEST) / planned))
    sd = np.hypot(_WITHINS, uneven(one.share))
    least = max(least, _SHORTEST)
    return _between(np.log(least / one.share / planned), np.log(max(most, least) / one.share / planned), sd)


def uneven(share: float) -> float:
    """Return the standard deviation of log(elapsed / share) about log(duration): large while little is done."""
    return UNEVEN * float(np.sqrt((1.0 - share) / share))


def _between(low: float, high: float, scatter: FloatArray) -> FloatArray:
    """Return log P(low <= x <= high), x ~ N(b, scatter^2), (w, b); a density where the interval is a point."""
    from scipy.special import log_ndtr, ndtr

    sd = scatter[:, None]
    if high - low < 1e-3 * float(scatter.min()):
        return -0.5 * ((0.5 * (low + high) - _GRID) / sd) ** 2 - np.log(sd)
    a, b = (low - _GRID) / sd, (high - _GRID) / sd
    mass = np.where(a > 0.0, ndtr(-a) - ndtr(-b), ndtr(b) - ndtr(a))
    with np.errstate(divide="ignore"):
        far = np.where(a > 0.0, log_ndtr(-a), log_ndtr(b))
        return np.where(mass > 1e-300, np.log(mass), far)


def _beyond(low: float) -> FloatArray:
    from scipy.special import log_ndtr

    return log_ndtr((_GRID - low) / _WITHINS[:, None])
