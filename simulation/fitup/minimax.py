"""The rigid motion that leaves the most slack where there is least: minimax, not least squares.

Least squares spreads the misfit over all holes; a bolt only asks that its own does not exceed its slack. So what is
minimised is the largest of "offset less slack" over all bolts and gaps, a convex function of a small motion. It is
smoothed by τ log Σ exp(g / τ) (Nesterov 2005), which is above it by no more than τ log n, and minimised by Newton's
method with τ falling; for many problems of one form at once. Of many holes only the few that bind are looked at, and
all of them after each step: one that sticks out joins those (cutting planes, Kelley 1960).
"""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray

_LEVELS, _FALL, _STEPS, _HALVINGS = 17, 0.3, 25, 12
_NOTHING = 1e-12
"""Metres that rounding may leave."""
_LAST_DIGITS = 8.0 * float(np.finfo(np.float64).eps)
"""Share of the size of the misfits by which one of them may seem to rise by rounding alone."""
_ROUND = 1e-9
"""Relative to the largest offset: how sharply the distance from a hole's centre turns at zero."""

_MANY, _ROUNDS, _HIDDEN = 48, 60, 1e-10
"""Holes from which on only those that bind are looked at; how often some may join them; what is no sticking out."""
_HARDLY = 3e-3
"""Share of the best seen motion (turns counted at the lever) below which holes do not say where to go."""


@dataclass(frozen=True, slots=True, eq=False)
class Misfits:
    """s problems of one form, linear in a motion x (p,) whose components are all metres."""

    offset: FloatArray
    """(s, k, 2) from the fixed hole to the moving one, across its axis, at its centre or at both of its ends."""
    turning: FloatArray
    """(k, 2, p) how it changes with x, or (s, k, 2, p) where each problem has holes of its own."""
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
        return self.offset + np.einsum("kdp,sp->skd" if self.turning.ndim == 3 else "skdp,sp->skd", self.turning, x)

    def sticking_out(self, x: FloatArray) -> FloatArray:
        """Return by how much offsets exceed what they may be, (s, k), at motions (s, p)."""
        away = self.offsets(x)
        return np.sqrt(away[..., 0] ** 2 + away[..., 1] ** 2) - self.slack

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
        turning = self.turning if self.turning.ndim == 3 else self.turning[which]
        return Misfits(self.offset[which], turning, self.slack[which], self.over[which], self.tilting)

    def few(self, holes: IntArray) -> "Misfits":
        """Return the problems with some of their holes (s, w) each, and all gaps."""
        offset = np.take_along_axis(self.offset, holes[..., None], axis=1)
        slack = np.take_along_axis(self.slack, holes, axis=1)
        return Misfits(offset, self.turning[holes], slack, self.over, self.tilting)


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


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Which of some problems have a motion that keeps all, and why the others have none."""

    fits: BoolArray
    """(s,)"""
    motions: FloatArray
    """(s, p) that keep all where there are some."""
    deciding: tuple[IntArray | None, ...]
    """Of each problem holes that, with the gaps, no motion keeps; None: it fits, or nothing so small proves it."""


def minimax(misfits: Misfits) -> FloatArray:
    """Return the motions (s, p) whose largest misfit is least, within 1e-6 of the size of the offsets."""
    x = least_squares(misfits)
    moving = misfits.movable()
    if x.size and moving.slack.shape[1] + moving.over.shape[1]:
        return _solved(moving, x, early=False).motions
    return x


def can_fit(misfits: Misfits) -> BoolArray:
    """Return which of the problems (s,) have a motion that keeps all."""
    return judged(misfits).fits


def judged(misfits: Misfits) -> Judged:
    """Return which of the problems have a motion that keeps all: told as soon as it is sure, either way.

    A motion that keeps all proves that there is one. The smoothed minimum less τ log n bounds the largest misfit from
    below wherever the motion, also that of some of the holes alone: above zero it proves that there is none.
    """
    x = least_squares(misfits)
    fits, deciding = misfits.worst(x) <= 0.0, list[IntArray | None]([None] * len(x))
    moving = misfits.movable()
    kept = (misfits.overs(x)[:, misfits.stuck] <= 0.0).all(axis=1)
    left = np.flatnonzero(~fits & kept)
    if x.shape[1] and moving.slack.shape[1] + moving.over.shape[1] and len(left):
        found = _solved(moving.some(left), x[left], early=True)
        x[left], fits[left] = found.motions, found.fits
        for row, holes in zip(left, found.deciding, strict=True):
            deciding[row] = holes
    return Judged(fits, x, tuple(deciding))


def _solved(misfits: Misfits, x: FloatArray, *, early: bool) -> Judged:
    """Return the motions whose largest misfit is least; with ``early`` any as soon as it is sure whether one fits.

    Of some of the holes alone first, to the end; then with those that stick out there, until none does.
    """
    x, fits, deciding = x.copy(), np.zeros(len(x), dtype=np.bool_), list[IntArray | None]([None] * len(x))
    (start, size), left, holes = _start(misfits), np.arange(len(x)), _largest(misfits, x)
    every = holes.shape[1] == misfits.slack.shape[1]
    for _ in range(_ROUNDS):
        open_, tau = np.arange(len(left)), start[left]
        few = misfits.some(left) if every else misfits.some(left).few(holes)
        for _ in range(_LEVELS):
            own, some = left[open_], few.some(open_)
            x[own], below = _descended(some, x[own], tau[open_], size[own])
            if early:
                kept = some.worst(x[own]) <= 0.0
                fits[own[kept]] = misfits.some(own[kept]).worst(x[own[kept]]) <= 0.0
                cannot = ~kept & (below - tau[open_] * np.log(holes.shape[1] + misfits.over.shape[1]) > 0.0)
                for row in np.flatnonzero(cannot):
                    deciding[own[row]] = np.unique(holes[open_[row]])
                open_ = open_[~fits[own] & ~cannot]
            tau = tau * _FALL
        left, holes = left[open_], holes[open_]
        if every or len(left) == 0:
            break
        left, holes = _joined(misfits, x, size, left, holes)
    return Judged(fits, x, tuple(deciding))


def _largest(misfits: Misfits, x: FloatArray) -> IntArray:
    """Return the holes (s, w) to begin with: all where there are few, else those that stick out most."""
    count, wanted = misfits.slack.shape[1], 4 * (x.shape[1] + 1)
    if count <= max(_MANY, wanted):
        return np.broadcast_to(np.arange(count), (len(x), count))
    return np.argpartition(-misfits.sticking_out(x), wanted, axis=1)[:, :wanted]


def _joined(
    misfits: Misfits, x: FloatArray, size: FloatArray, left: IntArray, holes: IntArray
) -> tuple[IntArray, IntArray]:
    """Return which problems have a hole that sticks out farther than those looked at, and with it those (s, w)."""
    some, more = misfits.some(left), x.shape[1] + 1
    out = some.sticking_out(x[left])
    inside = np.take_along_axis(out, holes, axis=1).max(axis=1)
    inside = np.maximum(inside, some.overs(x[left]).max(axis=1, initial=-np.inf))
    farther = out.max(axis=1) > inside + _HIDDEN * size[left]
    added = np.argpartition(-out[farther], more, axis=1)[:, :more]
    return left[farther], np.concatenate([holes[farther], added], axis=1)


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
        open_ = ~(tried <= value + _LAST_DIGITS * size)
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
    own = "" if misfits.turning.ndim == 3 else "s"
    slopes = np.einsum(f"skd,{own}kdp->skp", unit, misfits.turning)
    gaps = np.broadcast_to(misfits.tilting, (len(x), *misfits.tilting.shape))
    every = np.concatenate([slopes, gaps], axis=1)
    slope = np.einsum("sk,skp->sp", weight, every)
    bend = (weight[..., None] * every).transpose(0, 2, 1) @ every - slope[:, :, None] * slope[:, None, :]
    bend = bend / tau[:, None, None]
    share = weight[:, :holes] / length
    squares = np.einsum(f"{own}kdp,{own}kdq->{own}kpq", misfits.turning, misfits.turning)
    bend += np.einsum(f"sk,{own}kpq->spq", share, squares)
    bend -= (share[..., None] * slopes).transpose(0, 2, 1) @ slopes
    return top + tau * np.log(total), slope, bend
