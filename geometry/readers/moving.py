"""One pass over many points each: what a chunk holds, its rigid motion, and the box around it all."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUntypedFunctionDecorator=false
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from geometry.compiled import kernel


@kernel()
def move_points(points: FloatArray, rotation: FloatArray, shift: FloatArray, out: FloatArray) -> None:
    """Write ``points @ rotation.T + shift`` (n, 3) into ``out`` (n, 3).

    A matrix product of numpy gives other last digits for other numbers of points (its BLAS picks other kernels).
    """
    for i in range(len(points)):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        for axis in range(3):
            out[i, axis] = rotation[axis, 0] * x + rotation[axis, 1] * y + rotation[axis, 2] * z + shift[axis]


@kernel()
def survey(points: FloatArray, farthest: float) -> Any:
    """Return the counts of points (n, 3) that are no places and that are exactly (0, 0, 0), and the largest coordinate.

    No place: NaN, infinite, or a coordinate not below ``farthest``.
    """
    nowhere, zeros, largest = 0, 0, 0.0
    for i in range(len(points)):
        x, y, z = abs(points[i, 0]), abs(points[i, 1]), abs(points[i, 2])
        if not (x < farthest and y < farthest and z < farthest):
            nowhere += 1
            continue
        if x == 0.0 and y == 0.0 and z == 0.0:
            zeros += 1
        largest = max(largest, x, y, z)
    return nowhere, zeros, largest


@kernel()
def longest_side(points: FloatArray) -> float:
    """Return the longest side of the box around points (n, 3), n > 0."""
    low, high = points[0].copy(), points[0].copy()
    for i in range(1, len(points)):
        for axis in range(3):
            value = points[i, axis]
            if value < low[axis]:
                low[axis] = value
            elif value > high[axis]:
                high[axis] = value
    return np.max(high - low)
