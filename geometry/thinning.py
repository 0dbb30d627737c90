# pyright: basic, reportPrivateImportUsage=false
"""Thinning a cloud to one real point per voxel: evens out the density without inventing averaged points."""

import numpy as np

from geometry.arrays import FloatArray, IntArray, as_points, highest, lowest
from geometry.cell_kernels import cell_keys, first_of_each

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
    corner = lowest(points) - _ANCHOR * cell
    if not ((highest(points) - corner) / cell < _MAX_CELLS_PER_AXIS).all():
        raise ValueError(f"a cell of {cell} m is too small for a cloud of this size")
    return first_of_each(cell_keys(points, corner, cell))
