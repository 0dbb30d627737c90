"""The worst that can come out when every dimension stays within its limits."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from simulation.stackup.model import Stack

_MOST_CORNERS = 16
"""Dimensions up to which every corner of the limits is tried: 65,536."""


@dataclass(frozen=True, slots=True)
class Interval:
    """From ``low`` to ``high``."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Extremes:
    """What a requirement can come to at worst."""

    linear: Interval
    """By the derivatives in the middle of the limits: middle value plus and minus the sum of |sensitivity| t."""
    searched: Interval
    """By the function itself: over corners of the limits, then downhill from the best."""
    complete: bool
    """Every corner was tried; else a search from the corner that the derivatives point to."""


def linear_extremes(value: float, gradient: FloatArray, tolerance: FloatArray) -> Interval:
    """Return the worst case of a linear stack: value at the middle of the limits, gradient (n,), half widths (n,).

    Examples
    --------
    >>> linear_extremes(10.0, np.ones(5), np.full(5, 0.1))
    Interval(low=9.5, high=10.5)
    """
    reach = float(np.abs(gradient) @ tolerance)
    return Interval(value - reach, value + reach)


def searched_extremes(stack: Stack, index: int, gradient: FloatArray) -> tuple[Interval, bool]:
    """Return the least and the greatest value of a requirement within the limits, and whether all corners were tried.

    A place within the limits without a value makes the interval NaN: the stack has no worst case there.
    """
    limits = stack.limits
    complete = len(limits) <= _MOST_CORNERS
    if stack.coefficients(stack.requirements[index]) is not None:  # linear: the corner is known
        corners = np.array([np.where(gradient > 0.0, limits[:, side], limits[:, 1 - side]) for side in (0, 1)])
        low, high = stack.evaluate(corners)[:, index]
        return Interval(float(low), float(high)), True
    if complete:
        bits = (np.arange(2 ** len(limits))[:, None] >> np.arange(len(limits))) & 1
        starts = np.where(bits == 1, limits[:, 1], limits[:, 0])
    else:
        starts = np.array([np.where(gradient > 0.0, limits[:, side], limits[:, 1 - side]) for side in (0, 1)])
        starts = np.concatenate([starts, _flipped(starts, limits)])
    values = stack.evaluate(starts)[:, index]
    if np.isnan(values).any():
        return Interval(np.nan, np.nan), complete
    least = _downhill(stack, index, starts[np.argmin(values)], 1.0)
    greatest = _downhill(stack, index, starts[np.argmax(values)], -1.0)
    inside = _downhill(stack, index, limits.mean(axis=1), 1.0), _downhill(stack, index, limits.mean(axis=1), -1.0)
    return Interval(min(float(values.min()), least, inside[0]), max(float(values.max()), greatest, inside[1])), complete


def _flipped(starts: FloatArray, limits: FloatArray) -> FloatArray:
    """Return each corner with each dimension moved to its other limit."""
    out = np.repeat(starts, len(limits), axis=0)
    place = np.tile(np.arange(len(limits)), len(starts))
    rows = np.arange(len(out))
    out[rows, place] = limits[place].sum(axis=1) - out[rows, place]
    return out


def _downhill(stack: Stack, index: int, start: FloatArray, sign: float) -> float:
    """Return the least of ``sign`` times the value, times ``sign``, found from ``start`` within the limits."""
    from scipy.optimize import minimize

    low, width = stack.limits[:, 0], np.ptp(stack.limits, axis=1)
    moving = width > 0.0

    def places(shares: FloatArray) -> FloatArray:
        whole = np.tile(low, (len(shares), 1))
        whole[:, moving] += np.clip(shares, 0.0, 1.0) * width[moving]
        return whole

    def value(shares: FloatArray) -> tuple[float, FloatArray]:
        h = 1e-6
        room = np.where(shares > 0.5, -h, h)
        values = sign * stack.evaluate(places(np.vstack([shares, shares + np.diag(room)])))[:, index]
        return float(values[0]), (values[1:] - values[0]) / room

    shares = ((start - low) / np.where(moving, width, 1.0))[moving]
    if not len(shares):
        return float(stack.evaluate(start[None])[0, index])
    found = minimize(value, shares, jac=True, method="L-BFGS-B", bounds=[(0.0, 1.0)] * len(shares))
    return sign * float(found.fun)
