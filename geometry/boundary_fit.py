"""Where material ends in a plane: the line or circle between beams that came back from it and beams that went past.

Each beam crosses the plane at a place: in the material it comes back from the plane, beyond the boundary from behind
it, or from the wall that goes down from the boundary, as deep as the beam's slope says. The chance of material rises
from 0 to 1 across the boundary (a logistic curve whose width is found as well). The boundary is told by the mean and
the covariance of what is left possible, by adaptive importance sampling (Cappé et al. 2004; JCGM 102:2011, 7): where
beams are sparse it lies anywhere between the last on one side and the first on the other, which no normal distribution
about a best value tells.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtr

from geometry.arrays import BoolArray, FloatArray

_STRAY = 0.005
"""Chance of a beam that says the contrary wherever it is: dust, a reflection."""
_CLIMBS, _CLIMBERS, _KEPT = 14, 80, 10
_ROUNDS, _DRAWS, _LAST, _AGAIN = 7, 250, 1200, 4
_DEGREES = 5.0
"""Of freedom of the proposals: tails heavier than what is looked for."""
_NARROWEST, _WIDEST = 0.03, 4.0
"""Width of the transition, in steps between beams."""
_ENOUGH = 80.0
"""Effective draws that the last round has to leave."""
_DEEP = 1.0
"""Metres: a wall farther down than this is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Beams:
    """Beams that crossed a plane."""

    flat: FloatArray
    """(n, 2) where, metres."""
    slope: FloatArray
    """(n, 2) how far each goes along the plane for every metre that it goes down."""
    height: FloatArray
    """(n,) above the plane, where it came back from, metres."""
    sigma: float
    """Standard deviation of the height of what came back from the plane, metres."""
    gate: float
    """Height, either way, up to which it may be from the plane, metres."""
    step: float
    """Between neighbouring beams, metres."""

    @property
    def material(self) -> BoolArray:
        """(n,) it seems to have come back from the plane."""
        return np.abs(self.height) <= self.gate

    def some(self, rows: BoolArray) -> "Beams":
        """Return some of them."""
        return Beams(self.flat[rows], self.slope[rows], self.height[rows], self.sigma, self.gate, self.step)


Meets = Callable[[Beams, FloatArray], tuple[FloatArray, FloatArray]]
"""Beams (n) and states (m, k) of a boundary -> distances (m, n) of the beams from it, positive in the material, and how
deep (m, n) those that pass it meet the wall below it, metres."""


@dataclass(frozen=True, slots=True, eq=False)
class Boundary:
    """A boundary as the beams leave it possible."""

    state: FloatArray
    """(k,) mean."""
    covariance: FloatArray
    """(k, k)."""
    width: float
    """Scale of the transition, metres."""


def circle(beams: Beams, states: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how far beams are out of circles (x, y, radius), and how deep they meet the bore's wall."""
    apart = beams.flat[None] - states[:, None, :2]
    square = (apart**2).sum(axis=2)
    radius = states[:, 2:]
    # the beam leaves the circle where |apart + depth * slope| = radius
    a = np.maximum((beams.slope**2).sum(axis=1), 1e-12)
    b = (apart * beams.slope[None]).sum(axis=2)
    deep = (np.sqrt(b**2 + a * np.maximum(radius**2 - square, 0.0)) - b) / a
    return np.sqrt(square) - radius, np.minimum(deep, _DEEP)


def line(beams: Beams, states: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how far beams are within lines x = offset + turn * y, and how deep those beyond meet the plate's side."""
    inside = states[:, :1] + states[:, 1:2] * beams.flat[None, :, 1] - beams.flat[None, :, 0]
    back = np.maximum(-beams.slope[:, 0], 1e-9)
    return inside, np.minimum(np.maximum(-inside, 0.0) / back, _DEEP)


def fit_boundary(beams: Beams, meets: Meets, start: FloatArray, scale: FloatArray) -> Boundary | None:
    """Return where a boundary seems to lie, to beams of no width; None where the beams fix none.

    Parameters
    ----------
    beams
        At least one from the material and one from beyond it.
    meets
        The kind of boundary: ``circle`` or ``line``.
    start
        (k,) a first guess.
    scale
        (k,) by how much a parameter changes what is a step between beams away.
    """
    material = beams.material
    if material.all() or not material.any():
        return None
    units = np.array([*scale, 1.0])
    first = np.array([*start, np.log(beams.step)])
    best = _climbed(_likelihood(beams, meets), first, units)
    # what is far from the boundary says the same of all that are possible
    near = np.abs(meets(beams, best[None, :-1])[0][0]) < 6.0 * max(float(np.exp(best[-1])), beams.step)
    if material[near].all() or not material[near].any():
        return None
    return _sampled(_likelihood(beams.some(near), meets), best, units)


def _likelihood(beams: Beams, meets: Meets) -> Callable[[FloatArray], FloatArray]:
    """Return the logarithm of how probable states (m, k + 1) are: the boundary, and the logarithm of its width."""
    low, high = np.log(_NARROWEST * beams.step), np.log(_WIDEST * beams.step)
    face, past = np.flatnonzero(beams.material), np.flatnonzero(~beams.material)
    height = beams.height[face]

    def told(states: FloatArray) -> FloatArray:
        distance, deep = meets(beams, states[:, :-1])
        chance = expit(distance / np.exp(states[:, -1:]))
        chance = _STRAY + (1.0 - 2.0 * _STRAY) * chance
        inside = distance < 0.0
        # from the face; or, beyond the boundary, from the wall just below it
        wall = np.exp(np.minimum((height**2 - (height + deep[:, face]) ** 2) / (2.0 * beams.sigma**2), 30.0))
        from_wall = np.where(inside[:, face], (1.0 - chance[:, face]) * wall, 0.0)
        # lost at the boundary; or beyond it, where the wall is no higher than where they came back from
        below = _STRAY + (1.0 - _STRAY) * ndtr((deep[:, past] - beams.gate) / beams.sigma)
        beyond = np.where(inside[:, past], below, 1.0) * (1.0 - chance[:, past])
        found = np.log(chance[:, face] + from_wall).sum(axis=1) + np.log(beyond).sum(axis=1)
        return np.where((states[:, -1] >= low) & (states[:, -1] <= high), found, -np.inf)

    return told


def _climbed(told: Callable[[FloatArray], FloatArray], start: FloatArray, units: FloatArray) -> FloatArray:
    """Return a place near the top: the best of many drawn ever closer together (cross-entropy, Rubinstein 1999)."""
    rng = np.random.default_rng(0)
    spread = np.array([*np.full(len(units) - 1, 3.0), 0.7]) * units
    middle = start
    for _ in range(_CLIMBS):
        drawn = middle + spread * rng.standard_normal((_CLIMBERS, len(start)))
        drawn[0] = middle
        best = drawn[np.argsort(-told(drawn))[:_KEPT]]
        middle = best.mean(axis=0)
        spread = np.maximum(best.std(axis=0) * 1.3, 0.03 * units)
    return middle


def _sampled(told: Callable[[FloatArray], FloatArray], middle: FloatArray, units: FloatArray) -> Boundary | None:
    """Return mean and covariance by importance sampling whose proposals come ever closer to what is sampled."""
    rng = np.random.default_rng(1)
    covariance = np.diag((0.2 * units) ** 2)
    for number in range(_ROUNDS + _AGAIN):
        last = number >= _ROUNDS
        drawn, density = _proposed(middle, 1.2 * covariance, _LAST if last else _DRAWS, rng)
        worth = told(drawn) - density
        if not np.isfinite(worth).any():
            return None
        weight = _weights(worth, 0.0 if last and number == _ROUNDS + _AGAIN - 1 else 30.0)
        middle = weight @ drawn
        apart = drawn - middle
        covariance = (weight * apart.T) @ apart + np.diag((1e-3 * units) ** 2)
        if last and 1.0 / float(weight @ weight) >= _ENOUGH:
            return Boundary(middle[:-1], covariance[:-1, :-1], float(np.exp(middle[-1])))
    return None


def _weights(worth: FloatArray, least: float) -> FloatArray:
    """Return weights of a sum of one; flattened as far as it takes to leave ``least`` effective draws."""
    power = 1.0
    while True:
        weight = np.exp(power * (worth - worth.max()))
        weight /= weight.sum()
        if 1.0 / float(weight @ weight) >= least or power < 1e-3:
            return weight
        power *= 0.7


def _proposed(
    middle: FloatArray, covariance: FloatArray, count: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return draws of a Student distribution and the logarithm of its density, less a constant."""
    size = len(middle)
    root = np.linalg.cholesky(covariance)
    normal = rng.standard_normal((count, size))
    unit = normal * np.sqrt(_DEGREES / rng.chisquare(_DEGREES, count))[:, None]
    density = -0.5 * (_DEGREES + size) * np.log1p((unit**2).sum(axis=1) / _DEGREES)
    return middle + unit @ root.T, density
