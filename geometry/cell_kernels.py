# pyright: basic, reportUntypedFunctionDecorator=false, reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportPrivateImportUsage=false
"""Compiled kernels of :mod:`geometry.thinning` and :mod:`geometry.normals`: points in cells of a grid."""

import numpy as np

from geometry.compiled import kernel

_MIN_NEIGHBOURS = 8
_MIN_SPREAD = 0.2
"""Smallest standard deviation across the neighbourhood, as a share of the radius: below it the points form a line."""


@kernel(inline="always")
def hash_slot(key, capacity):
    """Return where in a table of ``capacity`` (a power of two) a key is looked for first.

    Fibonacci hashing, the upper half folded down: all three coordinates reach every bit that counts.
    """
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    return np.int64((mixed ^ (mixed >> np.uint64(32))) & np.uint64(capacity - 1))


@kernel(inline="always")
def pack(x, y, z):
    """Return the key of the cube with whole coordinates x, y, z (floats): 21 bits each."""
    return ((np.int64(x) & 0x1FFFFF) << 42) | ((np.int64(y) & 0x1FFFFF) << 21) | (np.int64(z) & 0x1FFFFF)


@kernel()
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


@kernel()
def first_of_each(keys):
    """Return the indices of the first occurrence of each key, ascending."""
    capacity = 1024
    table = np.full(capacity, -1, np.int64)
    kept = np.empty(len(keys), np.int64)
    count, last = 0, np.int64(-1)
    for i in range(len(keys)):
        if keys[i] == last:  # scanners go over a surface row by row
            continue
        last = keys[i]
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


@kernel()
def numbered_keys(keys):
    """Return the number (n,) of each key, in the order of their first occurrence, and where each occurs first (c,)."""
    capacity = 64
    while capacity < 2 * len(keys):
        capacity *= 2
    table = np.full(capacity, -1, np.int64)
    number, first = np.empty(len(keys), np.int64), np.empty(len(keys), np.int64)
    count = 0
    for i in range(len(keys)):
        if i > 0 and keys[i] == keys[i - 1]:
            number[i] = number[i - 1]
            continue
        h = hash_slot(keys[i], capacity)
        while table[h] >= 0 and keys[first[table[h]]] != keys[i]:
            h = (h + 1) & (capacity - 1)
        if table[h] < 0:
            table[h] = count
            first[count] = i
            count += 1
        number[i] = table[h]
    return number, first[:count].copy()


@kernel()
def cell_table(keys):
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


@kernel()
def _plane(point, near_x, near_y, near_z, radius, normal, planarity):
    """Fit the plane of the neighbours, write its normal and planarity, and say whether there was one."""
    n, sx, sy, sz, xx, yy, zz, xy, xz, yz = _moments(point, near_x, near_y, near_z, radius)
    if n < _MIN_NEIGHBOURS:
        return False
    mx, my, mz = sx / n, sy / n, sz / n
    xx, yy, zz = xx / n - mx * mx, yy / n - my * my, zz / n - mz * mz
    xy, xz, yz = xy / n - mx * my, xz / n - mx * mz, yz / n - my * mz
    small, middle = _eigenvalues(xx, yy, zz, xy, xz, yz)
    if middle < (_MIN_SPREAD * radius) ** 2:
        return False
    normal[0], normal[1], normal[2] = _eigenvector(xx - small, yy - small, zz - small, xy, xz, yz)
    planarity[0] = max(0.0, 1.0 - 3.0 * small / (xx + yy + zz))
    return True


@kernel()
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


@kernel()
def _eigenvector(xx, yy, zz, xy, xz, yz):
    """Return the unit null vector of a singular symmetric matrix: its longest cross product of two rows."""
    ax, ay, az = xy * yz - xz * yy, xz * xy - xx * yz, xx * yy - xy * xy  # of the first row and the second
    bx, by, bz = yy * zz - yz * yz, yz * xz - xy * zz, xy * yz - yy * xz  # of the second and the third
    cx, cy, cz = yz * xz - zz * xy, zz * xx - xz * xz, xz * xy - yz * xx  # of the third and the first
    a, b, c = ax * ax + ay * ay + az * az, bx * bx + by * by + bz * bz, cx * cx + cy * cy + cz * cz
    if b > a:
        a, ax, ay, az = b, bx, by, bz
    if c > a:
        a, ax, ay, az = c, cx, cy, cz
    if a <= 0.0:
        return 0.0, 0.0, 0.0
    length = np.sqrt(a)
    return ax / length, ay / length, az / length


@kernel(fastmath=True)
def _moments(point, near_x, near_y, near_z, radius):
    """Return count, first and second moments of the points within the radius, relative to the point."""
    n, sx, sy, sz = 0.0, 0.0, 0.0, 0.0
    xx, yy, zz, xy, xz, yz = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(len(near_x)):
        x, y, z = near_x[j] - point[0], near_y[j] - point[1], near_z[j] - point[2]
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


@kernel()
def _around(point, keys, start, table, cell, begin, end):
    """Write where the support of the 27 cells about a point begins and ends; return of how many cells, how many points.

    Cells that follow each other along z follow each other in the support, too, and are given as one.
    """
    capacity = len(table)
    count, total = 0, 0
    c0, c1, c2 = np.floor(point[0] / cell), np.floor(point[1] / cell), np.floor(point[2] / cell)
    for d in range(27):
        key = pack(c0 + d // 9 - 1, c1 + d // 3 % 3 - 1, c2 + d % 3 - 1)
        h = hash_slot(key, capacity)
        while table[h] >= 0 and keys[table[h]] != key:
            h = (h + 1) & (capacity - 1)
        if table[h] < 0:
            continue
        first, last = start[table[h]], start[table[h] + 1]
        total += last - first
        if count > 0 and end[count - 1] == first:
            end[count - 1] = last
        else:
            begin[count], end[count] = first, last
            count += 1
    return count, total


@kernel(nogil=True)
def fit_planes(begin, end, points, chosen, first, support, keys, start, table, radius, normals, planarity, done):
    """Fit a plane at each point of ``chosen``, which is sorted by cell; ``first`` says where each cell begins.

    ``support`` (3, m) is by coordinate. Cells ``begin`` to ``end`` are done; ``done`` says which points of ``chosen``
    got a plane.
    """
    starts, ends = np.empty(27, np.int64), np.empty(27, np.int64)
    room = 1024
    near_x, near_y, near_z = np.empty(room), np.empty(room), np.empty(room)
    for c in range(begin, end):
        pieces, total = _around(points[chosen[first[c]]], keys, start, table, radius, starts, ends)
        if total > room:
            room = 2 * total
            near_x, near_y, near_z = np.empty(room), np.empty(room), np.empty(room)
        k = 0
        for piece in range(pieces):
            for j in range(starts[piece], ends[piece]):
                near_x[k], near_y[k], near_z[k] = support[0, j], support[1, j], support[2, j]
                k += 1
        for q in range(first[c], first[c + 1]):
            i = chosen[q]
            done[q] = _plane(points[i], near_x[:k], near_y[:k], near_z[:k], radius, normals[i], planarity[i : i + 1])
