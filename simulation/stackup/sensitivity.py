"""First and second derivatives of what a stack comes to, by differences that cancel their own leading error."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from simulation.stackup.model import Stack

_FIRST, _SECOND = 2e-2, 0.1
"""Steps as shares of a dimension's own reach: far above rounding, with an error of the fourth order removed."""


@dataclass(frozen=True, slots=True, eq=False)
class Derivatives:
    """How each requirement follows the dimensions near one place."""

    at: FloatArray
    """(n,)"""
    value: FloatArray
    """(r,)"""
    gradient: FloatArray
    """(r, n)"""
    hessian: FloatArray
    """(r, n, n); NaN where a neighbour has no value."""


def derivatives(stack: Stack, at: FloatArray, reach: FloatArray) -> Derivatives:
    """Return first and second derivatives of all requirements.

    Parameters
    ----------
    stack
        The stack; what is linear in it gets its exact coefficients.
    at
        (n,) values of the dimensions.
    reach
        (n,) how far each dimension typically strays, above 0: the size that the steps are taken from.
    """
    value = stack.evaluate(at[None])[0]
    gradient = first(stack.evaluate, at, reach)
    hessian = second(stack.evaluate, at, reach)
    for row, requirement in enumerate(stack.requirements):
        exact = stack.coefficients(requirement)
        if exact is not None:
            gradient[row] = [exact.get(dimension.name, 0.0) for dimension in stack.dimensions]
            hessian[row] = 0.0
    return Derivatives(at, value, gradient, hessian)


def first(evaluate: Callable[[FloatArray], FloatArray], at: FloatArray, reach: FloatArray) -> FloatArray:
    """Return df/dx (r, n) with an error of the sixth order: weights 45, -9, 1 over 60 at one, two and three steps."""
    steps, weights = np.array([1.0, 2.0, 3.0]), np.array([45.0, -9.0, 1.0]) / 60.0
    h = _FIRST * reach
    moves = steps[:, None, None] * np.diag(h)
    samples = at + np.concatenate([moves, -moves]).reshape(-1, len(at))
    values = evaluate(samples).reshape(2, 3, len(at), -1)
    return np.einsum("s,snr->rn", weights, values[0] - values[1]) / h


def second(evaluate: Callable[[FloatArray], FloatArray], at: FloatArray, reach: FloatArray) -> FloatArray:
    """Return d2f/dxdy (r, n, n) with an error of the fourth order, from two step sizes (Richardson)."""
    coarse = _second_once(evaluate, at, _SECOND * reach)
    fine = _second_once(evaluate, at, 0.5 * _SECOND * reach)
    return (4.0 * fine - coarse) / 3.0


def _second_once(evaluate: Callable[[FloatArray], FloatArray], at: FloatArray, h: FloatArray) -> FloatArray:
    count = len(at)
    rows, columns = np.triu_indices(count, 1)
    single = np.diag(h)
    pairs = single[rows] + single[columns]
    across = single[rows] - single[columns]
    values = evaluate(at + np.concatenate([np.zeros((1, count)), single, -single, pairs, -pairs, across, -across]))
    middle, rest = values[0], values[1:]
    ahead, behind, rest = rest[:count], rest[count : 2 * count], rest[2 * count :]
    both = rest.reshape(4, len(rows), values.shape[1])
    out = np.empty((values.shape[1], count, count))
    out[:, np.arange(count), np.arange(count)] = ((ahead - 2.0 * middle + behind) / (h**2)[:, None]).T
    mixed = (both[0] + both[1] - both[2] - both[3]) / (4.0 * h[rows] * h[columns])[:, None]
    out[:, rows, columns] = out[:, columns, rows] = mixed.T
    return out
