# pyright: basic, reportPrivateImportUsage=false
"""Thinning a cloud to one real point per voxel: evens out the density without inventing averaged points."""

import numba as nb
import numpy as np

from geometry.arrays import FloatArray, IntArray, as_points

_ANCHOR = 0.3819660112501051
"""Share of a cell between the grid's corner and the lowest point, so that flat faces do not lie on cell borders."""
_MAX_CELLS_PER_AXIS = 1 << 21


def voxel_thin(points: FloatArray, cell: float) -> IntArray:
    """Return the indices (m,) of one point per occupied cube of edge ``cell`` metres, ascending.

    The first point of each cube in the order given is kept: a real point, chosen without looking at where in the cube
    it lies, so noise is neither averaged nor selected. The grid hangs on the cloud's own lowest corner, so a cloud
    that is moved keeps the same points.

    Raises
    ------
    ValueError
        If ``cell`` is not positive and finite, or so small that the cubes cannot be numbered.

    Examples
    --------
    >>> voxel_thin(np.array([[0.0, 0, 0], [0.01, 0, 0], [1, 0, 0]]), 0.1).tolist()
    [0, 2]
    """
    points = as_points(points)
    if not (np.isfinite(cell) and cell > 0):
        raise ValueError(f"the cell must be a positive length, not {cell}")
    if len(points) == 0:
        return np.zeros(0, np.int64)
    corner = points.min(axis=0) - _ANCHOR * cell
    if not ((points.max(axis=0) - corner) / cell < _MAX_CELLS_PER_AXIS).all():
        raise ValueError(f"a cell of {cell} m is too small for a cloud of this size")
    return _first_of_each(cell_keys(points, corner, cell))


@nb.njit(cache=True)
def cell_keys(points, corner, cell):
    """Return one int64 per point that numbers its cube, 21 bits per axis; cubes below the corner wrap."""
    keys = np.empty(len(points), np.int64)
    for i in range(len(points)):
        keys[i] = pack(
            np.floor((points[i, 0] - corner[0]) / cell),
            np.floor((points[i, 1] - corner[1]) / cell),
            np.floor((points[i, 2] - corner[2]) / cell),
        )
    return keys


@nb.njit(cache=True, inline="always")
def pack(x, y, z):
    """Return the key of the cube with whole coordinates x, y, z (floats): 21 bits each."""
    return ((np.int64(x) & 0x1FFFFF) << 42) | ((np.int64(y) & 0x1FFFFF) << 21) | (np.int64(z) & 0x1FFFFF)


@nb.njit(cache=True)
def _first_of_each(keys):
    capacity = 1024
    table = np.full(capacity, -1, np.int64)
    kept = np.empty(len(keys), np.int64)
    count = 0
    for i in range(len(keys)):
        h = hash_slot(keys[i], capacity)
        while table[h] >= 0 and keys[table[h]] != keys[i]:
            h = (h + 1) & (capacity - 1)
        if table[h] >= 0:
            continue
        table[h] = i
        kept[count] = i
        count += 1
        if 2 * count > capacity:
            capacity *= 4
            table = np.full(capacity, -1, np.int64)
            for j in range(count):
                h = hash_slot(keys[kept[j]], capacity)
                while table[h] >= 0:
                    h = (h + 1) & (capacity - 1)
                table[h] = kept[j]
    return kept[:count].copy()


@nb.njit(cache=True, inline="always")
def hash_slot(key, capacity):
    """Return where in a table of ``capacity`` (a power of two) a key is looked for first (Fibonacci hashing)."""
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    return np.int64((mixed >> np.uint64(20)) & np.uint64(capacity - 1))
