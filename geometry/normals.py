# pyright: basic, reportPrivateImportUsage=false
"""Surface normals of a scan, whatever its density: from 1 mm to 100 mm between neighbours."""

import numba as nb
import numpy as np

from geometry.arrays import FloatArray, IntArray, as_points
from geometry.thinning import cell_keys, hash_slot, pack, voxel_thin

_SUPPORT_PER_RADIUS = 3.5
"""The support is thinned to this many points per radius: enough for a plane, few enough to be quick."""
_MIN_NEIGHBOURS = 8
_MIN_SPREAD = 0.2
"""Smallest standard deviation across the neighbourhood, as a share of the radius: below it the points form a line."""


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
    corner = points.min(axis=0) - max_radius if len(points) else np.zeros(3)
    support = points = np.subtract(points, corner)
    while len(open_points) and radius <= max_radius * (1 + 1e-9):
        support = support[voxel_thin(support, radius / _SUPPORT_PER_RADIUS)]
        order, keys, start = _by_cell(support, radius)
        support = support[order]
        query, _, first = _by_cell(points[open_points], radius)
        done = _fit(
            points, open_points[query], first, support, keys, start, _table(keys), radius, normals, planarity
        )  # fmt: skip
        open_points = np.sort(open_points[query[~done]])
        radius *= 2
    if stations is not None:
        _orient(points, np.broadcast_to(as_points(stations) - corner, points.shape), normals)
    return (normals, planarity) if at is None else (normals[at], planarity[at])


def _by_cell(points: FloatArray, cell: float) -> tuple[IntArray, IntArray, IntArray]:
    """Return the order that sorts points by cell, the occupied cells' keys (c,) and where each begins (c + 1,)."""
    key = cell_keys(points, np.zeros(3), cell)
    order = np.argsort(key, kind="stable")
    keys, start = np.unique(key[order], return_index=True)
    return order, keys, np.append(start, len(order))


@nb.njit(cache=True)
def _table(keys):
    """Return a hash table of the cells' numbers, a power of two long."""
    capacity = 16
    while capacity < 2 * len(keys):
        capacity *= 2
    table = np.full(capacity, -1, np.int64)
    for i in range(len(keys)):
        h = hash_slot(keys[i], capacity)
        while table[h] >= 0:
            h = (h + 1) & (capacity - 1)
        table[h] = i
    return table


@nb.njit(cache=True, parallel=True)
def _fit(points, chosen, first, support, keys, start, table, radius, normals, planarity):
    """Fit a plane at each point of ``chosen``, which is sorted by cell; ``first`` says where each cell begins."""
    done = np.zeros(len(chosen), np.bool_)
    for c in nb.prange(len(first) - 1):
        near = _gather(points[chosen[first[c]]], support, keys, start, table, radius)
        for q in range(first[c], first[c + 1]):
            i = chosen[q]
            done[q] = _plane(points[i], near, radius, normals[i], planarity[i : i + 1])
    return done


@nb.njit(cache=True)
def _gather(point, support, keys, start, table, cell):
    """Return the support points of the 27 cells about a point, by coordinate (3, m)."""
    capacity = len(table)
    found = np.empty(27, np.int64)
    count, total = 0, 0
    c0, c1, c2 = np.floor(point[0] / cell), np.floor(point[1] / cell), np.floor(point[2] / cell)
    for d in range(27):
        key = pack(c0 + d // 9 - 1, c1 + d // 3 % 3 - 1, c2 + d % 3 - 1)
        h = hash_slot(key, capacity)
        while table[h] >= 0 and keys[table[h]] != key:
            h = (h + 1) & (capacity - 1)
        if table[h] >= 0:
            found[count] = table[h]
            count += 1
            total += start[table[h] + 1] - start[table[h]]
    near = np.empty((3, total))
    k = 0
    for f in range(count):
        for j in range(start[found[f]], start[found[f] + 1]):
            near[0, k], near[1, k], near[2, k] = support[j, 0], support[j, 1], support[j, 2]
            k += 1
    return near


@nb.njit(cache=True, fastmath=True)
def _moments(point, near, radius):
    """Return count, first and second moments of the points within the radius, relative to the point."""
    n, sx, sy, sz = 0.0, 0.0, 0.0, 0.0
    xx, yy, zz, xy, xz, yz = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(near.shape[1]):
        x, y, z = near[0, j] - point[0], near[1, j] - point[1], near[2, j] - point[2]
        w = 1.0 if x * x + y * y + z * z <= radius * radius else 0.0
        n += w
        sx += w * x
        sy += w * y
        sz += w * z
        xx += w * x * x
        yy += w * y * y
        zz += w * z * z
        xy += w * x * y
        xz += w * x * z
        yz += w * y * z
    return n, sx, sy, sz, xx, yy, zz, xy, xz, yz


@nb.njit(cache=True)
def _plane(point, near, radius, normal, planarity):
    """Fit the plane of the neighbours, write its normal and planarity, and say whether there was one."""
    n, sx, sy, sz, xx, yy, zz, xy, xz, yz = _moments(point, near, radius)
    if n < _MIN_NEIGHBOURS:
        return False
    mx, my, mz = sx / n, sy / n, sz / n
    xx, yy, zz = xx / n - mx * mx, yy / n - my * my, zz / n - mz * mz
    xy, xz, yz = xy / n - mx * my, xz / n - mx * mz, yz / n - my * mz
    small, middle = _eigenvalues(xx, yy, zz, xy, xz, yz)
    if middle < (_MIN_SPREAD * radius) ** 2:
        return False
    normal[:] = _eigenvector(xx - small, yy - small, zz - small, xy, xz, yz)
    planarity[0] = max(0.0, 1.0 - 3.0 * small / (xx + yy + zz))
    return True


@nb.njit(cache=True)
def _eigenvalues(xx, yy, zz, xy, xz, yz):
    """Return the smallest and the middle eigenvalue of a symmetric matrix (trigonometric form, Smith 1961)."""
    q = (xx + yy + zz) / 3.0
    p2 = (xx - q) ** 2 + (yy - q) ** 2 + (zz - q) ** 2 + 2.0 * (xy * xy + xz * xz + yz * yz)
    if p2 <= 0.0:
        return q, q
    p = np.sqrt(p2 / 6.0)
    a, b, c, d, e, f = (xx - q) / p, (yy - q) / p, (zz - q) / p, xy / p, xz / p, yz / p
    half_det = 0.5 * (a * (b * c - f * f) - d * (d * c - f * e) + e * (d * f - b * e))
    phi = np.arccos(min(1.0, max(-1.0, half_det))) / 3.0
    largest = q + 2.0 * p * np.cos(phi)
    smallest = q + 2.0 * p * np.cos(phi + 2.0 * np.pi / 3.0)
    return max(0.0, smallest), 3.0 * q - largest - smallest


@nb.njit(cache=True)
def _eigenvector(xx, yy, zz, xy, xz, yz):
    """Return the unit null vector of a singular symmetric matrix: its longest cross product of two rows."""
    rows = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    best, longest = np.zeros(3), 0.0
    for a in range(3):
        u, v = rows[a], rows[(a + 1) % 3]
        w = np.array([u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]])
        length = w[0] * w[0] + w[1] * w[1] + w[2] * w[2]
        if length > longest:
            best, longest = w, length
    return best / np.sqrt(longest) if longest > 0.0 else best


@nb.njit(cache=True, parallel=True)
def _orient(points, stations, normals):
    for i in nb.prange(len(points)):
        towards = 0.0
        for a in range(3):
            towards += normals[i, a] * (stations[i, a] - points[i, a])
        if towards < 0.0:
            for a in range(3):
                normals[i, a] = -normals[i, a]
