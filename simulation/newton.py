"""Newton's method for many small systems of equations at once."""

from collections.abc import Callable

import numpy as np

from geometry.arrays import FloatArray, IntArray

Residual = Callable[[FloatArray, IntArray], FloatArray]
"""(unknowns (k, u), rows (k,) of the samples) -> what should be zero, (k, e) with e = u, about 1 in size."""

_MOST_STEPS, _HALVINGS, _PRECISE, _DONE, _STEP = 60, 12, 1e-13, 1e-9, 1e-6
_SINGULAR = 1e-12
"""Determinant, relative to the lengths of the rows, below which there is no step."""


def solve(residual: Residual, start: FloatArray) -> FloatArray:
    """Return the unknowns (m, u) for which the residuals vanish, from a first guess (m, u).

    The first sample's answer is where the others start, since samples differ little; one that does not get on from
    there starts at its own guess. Steps are halved where they would not help. A sample that finds no answer gets NaN:
    it is for the caller to count those.

    Examples
    --------
    >>> float(solve(lambda x, rows: x**2 - 2.0, np.array([[1.0]]))[0, 0])
    1.4142135623730951
    """
    if len(start) < 2:
        return _solved(residual, start.astype(np.float64), np.arange(len(start)))
    first = _solved(residual, start[:1].astype(np.float64), np.arange(1))
    x = _solved(residual, np.where(np.isfinite(first), first, start), np.arange(len(start)))
    lost = np.flatnonzero(np.isnan(x).any(axis=1))
    if len(lost):
        x[lost] = _solved(residual, start[lost].astype(np.float64), lost)
    return x


def _solved(residual: Residual, x: FloatArray, rows: IntArray) -> FloatArray:
    """Return the answers of samples ``rows`` from first guesses (k, u); NaN where there is none."""
    off = residual(x, rows)
    size = _size(off)
    for _ in range(_MOST_STEPS):
        active = np.flatnonzero(size > _PRECISE)
        step = _newton_step(residual, x[active], rows[active], off[active])
        moved, now, there = _shortened(residual, x[active], step, rows[active], size[active])
        gained = now < size[active]
        if not gained.any():
            break
        places = active[gained]
        x[places], size[places], off[places] = moved[gained], now[gained], there[gained]
    x[~(size < _DONE)] = np.nan
    return x


def _size(off: FloatArray) -> FloatArray:
    largest = np.abs(off).max(axis=1)
    return np.where(np.isfinite(largest), largest, np.inf)


def _newton_step(residual: Residual, x: FloatArray, rows: IntArray, off: FloatArray) -> FloatArray:
    """Return -J^-1 r with J by central differences; no step where J is singular."""
    count = x.shape[1]
    jacobian = np.empty((len(x), off.shape[1], count))
    for index in range(count):
        h = _STEP * np.maximum(1.0, np.abs(x[:, index]))
        ahead, behind = x.copy(), x.copy()
        ahead[:, index] += h
        behind[:, index] -= h
        jacobian[:, :, index] = (residual(ahead, rows) - residual(behind, rows)) / (2.0 * h)[:, None]
    finite = np.flatnonzero(np.isfinite(jacobian).all(axis=(1, 2)) & np.isfinite(off).all(axis=1))
    sizes = np.prod(np.linalg.norm(jacobian[finite], axis=2), axis=1)
    usable = finite[np.abs(np.linalg.det(jacobian[finite])) > _SINGULAR * sizes]
    step = np.zeros_like(x)
    if len(usable):
        step[usable] = -np.linalg.solve(jacobian[usable], off[usable][:, :, None])[:, :, 0]
    return step


def _shortened(
    residual: Residual, x: FloatArray, step: FloatArray, rows: IntArray, size: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return where each sample gets to, its size and residuals there, steps halved as often as it takes to help."""
    best, at = x.copy(), size.copy()
    there = np.full((len(x), x.shape[1]), np.nan)
    left, factor = np.arange(len(x)), 1.0
    for _ in range(_HALVINGS):
        tried = x[left] + factor * step[left]
        off = residual(tried, rows[left])
        now = _size(off)
        helps = now < size[left]
        places = left[helps]
        best[places], at[places], there[places] = tried[helps], now[helps], off[helps]
        left, factor = left[~helps & (size[left] > _DONE)], 0.5 * factor
        if not len(left):
            break
    return best, at, there
