"""The rigid motion that leaves the most slack where there is least: minimax, not least squares.

Least squares spreads the misfit over all holes; a bolt only asks that its own does not exceed its slack. So what is
minimised is the largest of "offset less slack" over all bolts and gaps, a convex function of a small motion. It is
smoothed by τ log Σ exp(g / τ) (Nesterov 2005), which is above it by no more than τ log n, and minimised by Newton's
method with τ falling; for many problems of one form at once.
"""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray

_LEVELS, _FALL, _STEPS, _HALVINGS = 17, 0.3, 25, 12
_NOTHING = 1e-12
"""Metres that rounding may leave."""
_ROUND = 1e-9
"""Relative to the largest offset: how sharply the distance from a hole's centre turns at zero."""

_HARDLY = 3e-3
"""Share of the best seen motion (turns counted at the lever) below which holes do not say where to go."""


@dataclass(frozen=True, slots=True, eq=False)
class Misfits:
    """s problems of one form, linear in a motion x (p,) whose components are all metres."""

    offset: FloatArray
    """(s, k, 2) from the fixed hole to the moving one, across its axis, at its centre or at both of its ends."""
    turning: FloatArray
    """(k, 2, p) how it changes with x."""
    slack: FloatArray
    """(s, k) how large it may be."""
    over: FloatArray
    """(s, m) by how much gaps exceed their limits, metres; negative: they are kept."""
    tilting: FloatArray
    """(m, p) how that changes with x."""

    def worst(self, x: FloatArray) -> FloatArray:
        """Return the largest misfit (s,) of each problem at motions (s, p); negative: all is kept."""
        values = np.concatenate([np.linalg.norm(self.offsets(x), axis=2) - self.slack, self.overs(x)], axis=1)
        worst: FloatArray = values.max(axis=1)
        worst[np.abs(worst) < _NOTHING] = 0.0
        return worst

    def offsets(self, x: FloatArray) -> FloatArray:
        """Return the offsets (s, k, 2) at motions (s, p)."""
        return self.offset + np.einsum("kdp,sp->skd", self.turning, x)

    def overs(self, x: FloatArray) -> FloatArray:
        """Return by how much gaps exceed their limits, (s, m), at motions (s, p)."""
        return self.over + x @ self.tilting.T

    @property
    def stuck(self) -> BoolArray:
        """(m,) which gaps no motion changes."""
        return np.asarray(~(np.abs(self.tilting) > 1e-12).any(axis=1), dtype=np.bool_)

    def movable(self) -> "Misfits":
        """Return the problems without the gaps that no motion changes."""
        kept = ~self.stuck
        return Misfits(self.offset, self.turning, self.slack, self.over[:, kept], self.tilting[kept])

    def some(self, which: BoolArray | IntArray) -> "Misfits":
        """Return some of the problems, by a mask or places."""
        return Misfits(self.offset[which], self.turning, self.slack[which], self.over[which], self.tilting)


def least_squares(misfits: Misfits) -> FloatArray:
    """Return the motions (s, p) that make the sum of squared offsets least; of gaps only where there are no holes."""
    count, _, p = misfits.turning.shape
    if p == 0:
        return np.zeros((len(misfits.offset), 0))
    if count == 0:
        return -misfits.over @ np.linalg.pinv(misfits.tilting).T
    rows = misfits.turning.reshape(-1, p)
    # what holes hardly see, such as a shift along axes that are all but parallel, is left to the gaps
    return -misfits.offset.reshape(len(misfits.offset), -1) @ np.linalg.pinv(rows, rcond=_HARDLY).T


def minimax(misfits: Misfits) -> FloatArray:
    """Return the motions (s, p) whose largest misfit is least, within 1e-6 of the size of the offsets."""
    x = least_squares(misfits)
    moving = misfits.movable()
    if x.size and moving.slack.shape[1] + moving.over.shape[1]:
        tau, size = _start(moving)
        for _ in range(_LEVELS):
            x = _descended(moving, x, tau, size)[0]
            tau = tau * _FALL
    return x


def can_fit(misfits: Misfits) -> BoolArray:
    """Return which of the problems (s,) have a motion that keeps all: told as soon as it is sure, either way.

    A motion that keeps all proves that there is one. The smoothed minimum less τ log n bounds the largest misfit from
    below wherever the motion: above zero it proves that there is none.
    """
    x = least_squares(misfits)
    found = misfits.worst(x) <= 0.0
    moving = misfits.movable()
    rows = moving.slack.shape[1] + moving.over.shape[1]
    if not x.shape[1] or not rows:
        return found
    tau, size = _start(moving)
    kept = (misfits.overs(x)[:, misfits.stuck] <= 0.0).all(axis=1)
    left = np.flatnonzero(~found & kept)
    for _ in range(_LEVELS):
        if len(left) == 0:
            break
        some = moving.some(left)
        x[left], below = _descended(some, x[left], tau[left], size[left])
        fits = some.worst(x[left]) <= 0.0
        found[left] = fits
        left = left[~fits & (below - tau[left] * np.log(rows) <= 0.0)]
        tau = tau * _FALL
    return found


def _start(misfits: Misfits) -> tuple[FloatArray, FloatArray]:
    """Return τ to begin with and the size of the misfits, (s,) each, metres."""
    size = np.linalg.norm(misfits.offset, axis=2).max(axis=1, initial=0.0)
    size = np.maximum(size, np.abs(misfits.over).max(axis=1, initial=0.0)) + 1e-9
    return 0.2 * size, size


def _descended(misfits: Misfits, x: FloatArray, tau: FloatArray, size: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the motions (s, p) where the smoothed largest misfit is least, and a bound (s,) that it stays above."""
    x, below = x.copy(), np.full(len(x), -np.inf)
    left = np.arange(len(x))
    for _ in range(_STEPS):
        some = misfits.some(left)
        value, slope, bend = _smoothed(some, x[left], tau[left], size[left])
        ridge = 1e-9 * np.einsum("spp->s", bend) / x.shape[1] + 1e-12 / size[left]
        step = -np.linalg.solve(bend + ridge[:, None, None] * np.eye(x.shape[1]), slope[..., None])[..., 0]
        fall = -np.einsum("sp,sp->s", slope, step)  # twice what a parabola would still fall by
        below[left] = value - 2.0 * fall
        x[left] += _halved(some, x[left], step, value, tau[left], size[left])
        left = left[fall > 1e-3 * tau[left]]
        if len(left) == 0:
            break
    return x, below


def _halved(
    misfits: Misfits, x: FloatArray, step: FloatArray, value: FloatArray, tau: FloatArray, size: FloatArray
) -> FloatArray:
    """Return the steps, each halved until it leads down; zero where none does."""
    length, open_ = np.ones(len(x)), np.ones(len(x), dtype=np.bool_)
    for _ in range(_HALVINGS):
        tried = _value(misfits, x + length[:, None] * step, tau, size)
        open_ = ~(tried <= value)
        if not open_.any():
            break
        length[open_] *= 0.5
    return np.where(open_, 0.0, length)[:, None] * step


def _misfit(misfits: Misfits, x: FloatArray, size: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return offsets (s, k, 2), their rounded lengths (s, k), and all misfits (s, k + m)."""
    offset = misfits.offsets(x)
    length = np.sqrt((offset**2).sum(axis=2) + (_ROUND * size[:, None]) ** 2)
    return offset, length, np.concatenate([length - misfits.slack, misfits.overs(x)], axis=1)


def _value(misfits: Misfits, x: FloatArray, tau: FloatArray, size: FloatArray) -> FloatArray:
    values = _misfit(misfits, x, size)[2]
    top = values.max(axis=1)
    return top + tau * np.log(np.exp((values - top[:, None]) / tau[:, None]).sum(axis=1))


def _smoothed(
    misfits: Misfits, x: FloatArray, tau: FloatArray, size: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the smoothed largest misfit (s,), its gradient (s, p) and its Hessian (s, p, p)."""
    offset, length, values = _misfit(misfits, x, size)
    top = values.max(axis=1)
    weight = np.exp((values - top[:, None]) / tau[:, None])
    total = weight.sum(axis=1)
    weight = weight / total[:, None]
    holes = misfits.slack.shape[1]
    unit = offset / length[..., None]
    slopes = np.einsum("skd,kdp->skp", unit, misfits.turning)
    gaps = np.broadcast_to(misfits.tilting, (len(x), *misfits.tilting.shape))
    every = np.concatenate([slopes, gaps], axis=1)
    slope = np.einsum("sk,skp->sp", weight, every)
    bend = np.einsum("sk,skp,skq->spq", weight, every, every, optimize=True) - slope[:, :, None] * slope[:, None, :]
    bend = bend / tau[:, None, None]
    share = weight[:, :holes] / length
    squares = np.einsum("kdp,kdq->kpq", misfits.turning, misfits.turning)
    bend += np.einsum("sk,kpq->spq", share, squares)
    bend -= np.einsum("sk,skp,skq->spq", share, slopes, slopes, optimize=True)
    return top + tau * np.log(total), slope, bend
