# pyright: basic, reportPrivateImportUsage=false
"""Surface normals of a scan, whatever its density: from 1 mm to 100 mm between neighbours."""

from functools import partial

import numpy as np

from geometry.arrays import FloatArray, IntArray, as_points, lowest
from geometry.cell_kernels import cell_keys, cell_table, fit_planes
from geometry.thinning import voxel_thin
from geometry.threads import both, in_parts

_WORTH_THREADS = 500
_SUPPORT_PER_RADIUS = 3.5
"""The support is thinned to this many points per radius: enough for a plane, few enough to be quick."""


def estimate_normals(
    points: FloatArray,
    stations: FloatArray | None,
    *,
    radius: float = 0.06,
    max_radius: float = 0.5,
    at: IntArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Return unit normals (n, 3) and planarity (n,) of ``points`` (n, 3) metres, or of those ``at`` indices.

    A plane is fitted to the thinned neighbours within ``radius`` metres; where they are too few or all in a line the
    radius doubles, up to ``max_radius``. The default is 15 times a range noise of 4 mm. ``stations`` (n, 3) holds where
    each point was seen from (one row (1, 3) when all are seen from one place); normals point there. With None the
    sign is arbitrary. ``at`` (m,) indices asks for those points only; the neighbours still come from all.

    Planarity is 1 for points on a plane and 0 for points spread in all directions (1 - 3 x the surface variation of
    Pauly 2002). Where no plane could be fitted the normal is zero and the planarity 0.

    Raises
    ------
    ValueError
        If shapes do not fit or a radius is not positive.

    Examples
    --------
    >>> x, y = np.meshgrid(np.arange(0, 1, 0.02), np.arange(0, 1, 0.02))
    >>> floor = np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], axis=1)
    >>> normals, planarity = estimate_normals(floor, np.array([[0.5, 0.5, 1.5]]))
    >>> abs(normals[:, 2]).min().round(6), planarity.min().round(6)
    (np.float64(1.0), np.float64(1.0))
    """
    points = as_points(points)
    if not 0 < radius <= max_radius:
        raise ValueError(f"need 0 < radius <= max_radius, not {radius} and {max_radius}")
    normals, planarity = np.zeros_like(points), np.zeros(len(points))
    open_points = np.arange(len(points)) if at is None else np.unique(at)
    corner = lowest(points) - max_radius if len(points) else np.zeros(3)
    support = points = np.subtract(points, corner)
    while len(open_points) and radius <= max_radius * (1 + 1e-9):
        (support, keys, start), (query, _, first) = both(
            partial(_supported, support, radius), partial(_by_cell, points[open_points], radius)
        )
        done = np.zeros(len(query), np.bool_)
        grid = (np.ascontiguousarray(support.T), keys, start, cell_table(keys), radius)
        found = (normals, planarity, done)
        in_parts(
            fit_planes, len(first) - 1, points, open_points[query], first, *grid, *found, smallest=_WORTH_THREADS
        )  # fmt: skip
        open_points = np.sort(open_points[query[~done]])
        radius *= 2
    if stations is not None:
        towards = np.einsum("ij,ij->i", normals, np.subtract(as_points(stations) - corner, points))
        normals[towards < 0] *= -1.0
    return (normals, planarity) if at is None else (normals[at], planarity[at])


def _supported(points: FloatArray, radius: float) -> tuple[FloatArray, IntArray, IntArray]:
    """Return the thinned points (m, 3) sorted by cell, the occupied cells' keys (c,) and where each begins (c + 1,)."""
    kept = points[voxel_thin(points, radius / _SUPPORT_PER_RADIUS)]
    order, keys, start = _by_cell(kept, radius)
    return kept[order], keys, start


def _by_cell(points: FloatArray, cell: float) -> tuple[IntArray, IntArray, IntArray]:
    """Return the order that sorts points by cell, the occupied cells' keys (c,) and where each begins (c + 1,)."""
    key = cell_keys(points, np.zeros(3), cell)
    order = np.argsort(key, kind="stable")
    key = key[order]
    start = np.flatnonzero(np.diff(key, prepend=-1))
    return order, key[start], np.append(start, len(order))
