"""Features of a family with all that is left open: their means and spreads, and how means and spreads scatter.

    x_jk ~ N(mu_j, s_j^2),  mu_j ~ N(m, tau^2),  s_j^2 ~ scaled inverse chi^2 (nu, s0^2)

m has a flat prior, tau half-Cauchy's and s0 half a normal one, both on the scale of what was seen, nu is one of a few
(Gelman 2006). What a few measurements say is drawn from, not put into a formula: an interval that takes tau and the
spread for known holds the truth too seldom where features were measured once or twice. Drawn by Gibbs' steps in many
chains side by side.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray

CHAINS, BURN_IN, KEPT = 300, 50, 8
_ALIKE = np.array([3.0, 6.0, 12.0, 30.0, 100.0])
"""nu: how alike spreads are; one in a hundred is the same for all."""
_LEAST = 1e-9
_WIDE = 2.0
"""Scales of the priors, in standard deviations of everything that was measured."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Draws (d,) of what a family is like, and (d, j) of its features; variances with the gauge's."""

    centre: FloatArray
    between: FloatArray
    """Standard deviation of the features' means."""
    alike: FloatArray
    """nu."""
    within: FloatArray
    """s0^2."""
    means: FloatArray
    variances: FloatArray
    weights: FloatArray
    """(j,) how much of the mean is the feature's own."""

    def further(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Return draws (d,) of mean and variance of a feature of which nothing was measured."""
        means = self.centre + self.between * rng.standard_normal(len(self.centre))
        return means, self.alike * self.within / rng.chisquare(self.alike)


def draw(values: Sequence[FloatArray], rng: np.random.Generator) -> Drawn:
    """Return what measurements (j arrays) leave open, at least two in all and not all the same."""
    counts = np.array([len(one) for one in values], dtype=np.float64)
    every = np.concatenate(values)
    scale = float(every.std(ddof=1)) or _LEAST
    means = np.array([float(one.mean()) for one in values])
    squares = np.array([float(((one - one.mean()) ** 2).sum()) for one in values])
    state = _begin(means, squares, counts, scale, rng)
    kept = list[_State]()
    weights = np.zeros(len(values))
    for step in range(BURN_IN + KEPT * 3):
        state = _step(state, (means, squares, counts), scale, rng)
        if step >= BURN_IN and step % 3 == 0:
            kept.append(state)
            weights += (state.between[:, None] ** 2 / (state.between[:, None] ** 2 + state.variances / counts)).mean(0)
    return Drawn(
        np.concatenate([one.centre for one in kept]), np.concatenate([one.between for one in kept]),
        np.concatenate([one.alike for one in kept]), np.concatenate([one.within for one in kept]),
        np.concatenate([one.means for one in kept]), np.concatenate([one.variances for one in kept]),
        weights / len(kept),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    centre: FloatArray
    between: FloatArray
    helper: FloatArray
    """Of half-Cauchy's prior (Makalic and Schmidt 2016)."""
    alike: FloatArray
    within: FloatArray
    means: FloatArray
    variances: FloatArray


def _begin(
    means: FloatArray, squares: FloatArray, counts: FloatArray, scale: float, rng: np.random.Generator
) -> _State:
    """Return chains that start apart from each other."""
    features = len(means)
    split = rng.uniform(0.05, 0.95, CHAINS)
    freedom = counts - 1.0
    pooled = float(squares.sum() / freedom.sum()) if freedom.any() and squares.any() else scale**2
    within = pooled * np.exp(0.5 * rng.standard_normal(CHAINS)) if freedom.any() else split * scale**2
    between = scale * np.sqrt(1.0 - split)
    spread = np.broadcast_to(within[:, None], (CHAINS, features)).copy()
    centre = means.mean() + between * rng.standard_normal(CHAINS) / np.sqrt(features)
    alike = rng.choice(_ALIKE, CHAINS)
    return _State(centre, between, np.ones(CHAINS), alike, within, np.tile(means, (CHAINS, 1)), spread)


def _step(
    state: _State, data: tuple[FloatArray, FloatArray, FloatArray], scale: float, rng: np.random.Generator
) -> _State:
    seen, squares, counts = data
    features = len(seen)
    precision = counts / state.variances + 1.0 / state.between[:, None] ** 2
    middle = counts / state.variances * seen + (state.centre / state.between**2)[:, None]
    means = middle / precision + rng.standard_normal(middle.shape) / np.sqrt(precision)
    centre = means.mean(axis=1) + state.between * rng.standard_normal(CHAINS) / np.sqrt(features)
    apart = ((means - centre[:, None]) ** 2).sum(axis=1)
    rate = 0.5 * apart + 1.0 / state.helper
    between = np.sqrt(np.maximum(rate / rng.gamma(0.5 * (features + 1.0), 1.0, CHAINS), (_LEAST * scale) ** 2))
    helper = (1.0 / between**2 + 1.0 / (_WIDE * scale) ** 2) / rng.gamma(1.0, 1.0, CHAINS)
    off = squares + counts * (seen - means) ** 2
    nu = state.alike[:, None]
    variances = (nu * state.within[:, None] + off) / rng.chisquare(nu + counts)
    variances = np.maximum(variances, (_LEAST * scale) ** 2)
    inverse = (1.0 / variances).sum(axis=1)
    shape, hold = 0.5 * (features * state.alike + 1.0), 0.5 / (_WIDE * scale) ** 2
    within = rng.gamma(shape, 1.0, CHAINS) / (0.5 * state.alike * inverse + hold)
    return _State(centre, between, helper, _spreads(variances, within, rng), within, means, variances)


def _spreads(variances: FloatArray, within: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return nu (c,), drawn by how alike the spreads of a chain are."""
    from scipy.special import gammaln

    features = variances.shape[1]
    logs, inverse = np.log(variances).sum(axis=1), (1.0 / variances).sum(axis=1)
    half = 0.5 * _ALIKE[None]
    told = features * (half * np.log(half * within[:, None]) - gammaln(half))
    told = told - (half + 1.0) * logs[:, None] - half * within[:, None] * inverse[:, None]
    chance = np.exp(told - told.max(axis=1, keepdims=True))
    chance /= chance.sum(axis=1, keepdims=True)
    which = (rng.random((len(chance), 1)) > np.cumsum(chance, axis=1)).sum(axis=1)
    return _ALIKE[np.minimum(which, len(_ALIKE) - 1)]
