# pyright: basic, reportUntypedFunctionDecorator=false, reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportPrivateImportUsage=false
"""Compiled kernels of :mod:`geometry.triangle_tree`: arrays in, arrays filled.

Every kernel has a brute-force twin in the tests.
"""

import numba as nb
import numpy as np

STACK = 96
_ROUNDING = 1e-12
"""Share of the coordinates by which a box may seem farther than a triangle in it: such a box is still opened."""
_SAME = 1e-13
"""Square metres by which squared distances may differ from rounding alone, as at an edge that two faces share."""


@nb.njit(cache=True, inline="always")
def _box_distance2(box, node, x, y, z):
    """Squared distance from a point to a node's box."""
    dx = max(box[node, 0] - x, 0.0, x - box[node, 3])
    dy = max(box[node, 1] - y, 0.0, y - box[node, 4])
    dz = max(box[node, 2] - z, 0.0, z - box[node, 5])
    return dx * dx + dy * dy + dz * dz


@nb.njit(cache=True)
def _foot_on_line(ax, ay, az, ux, uy, uz, vx, vy, vz, px, py, pz):
    """Closest point on a triangle whose corners are in line: on the longest of its edges from the first corner."""
    wx, wy, wz = vx - ux, vy - uy, vz - uz
    uu, vv, ww = ux * ux + uy * uy + uz * uz, vx * vx + vy * vy + vz * vz, wx * wx + wy * wy + wz * wz
    if ww > uu and ww > vv:
        ax, ay, az = ax + ux, ay + uy, az + uz
        px, py, pz = px - ux, py - uy, pz - uz
        ux, uy, uz, uu = wx, wy, wz, ww
    elif vv > uu:
        ux, uy, uz, uu = vx, vy, vz, vv
    if uu <= 0.0:
        return ax, ay, az
    w = min(1.0, max(0.0, (px * ux + py * uy + pz * uz) / uu))
    return ax + w * ux, ay + w * uy, az + w * uz


@nb.njit(cache=True)
def _foot(corners, s, x, y, z):
    """Closest point on triangle s (Ericson 2005, Real-Time Collision Detection, 5.1.5), robust for slivers."""
    ax, ay, az = corners[s, 0], corners[s, 1], corners[s, 2]
    ux, uy, uz = corners[s, 3], corners[s, 4], corners[s, 5]
    vx, vy, vz = corners[s, 6], corners[s, 7], corners[s, 8]
    px, py, pz = x - ax, y - ay, z - az
    d1 = ux * px + uy * py + uz * pz
    d2 = vx * px + vy * py + vz * pz
    if d1 <= 0.0 and d2 <= 0.0:
        return ax, ay, az
    uu = ux * ux + uy * uy + uz * uz
    uv = ux * vx + uy * vy + uz * vz
    vv = vx * vx + vy * vy + vz * vz
    d3, d4 = d1 - uu, d2 - uv
    if d3 >= 0.0 and d4 <= d3:
        return ax + ux, ay + uy, az + uz
    vc = d1 * d4 - d3 * d2
    if vc <= 0.0 and d1 >= 0.0 and d3 <= 0.0 and d1 - d3 > 0.0:
        w = d1 / (d1 - d3)
        return ax + w * ux, ay + w * uy, az + w * uz
    d5, d6 = d1 - uv, d2 - vv
    if d6 >= 0.0 and d5 <= d6:
        return ax + vx, ay + vy, az + vz
    vb = d5 * d2 - d1 * d6
    if vb <= 0.0 and d2 >= 0.0 and d6 <= 0.0 and d2 - d6 > 0.0:
        w = d2 / (d2 - d6)
        return ax + w * vx, ay + w * vy, az + w * vz
    va = d3 * d6 - d5 * d4
    if va <= 0.0 and (d4 - d3) >= 0.0 and (d5 - d6) >= 0.0 and (d4 - d3) + (d5 - d6) > 0.0:
        w = (d4 - d3) / ((d4 - d3) + (d5 - d6))
        return ax + ux + w * (vx - ux), ay + uy + w * (vy - uy), az + uz + w * (vz - uz)
    # inside: project along the normal, which keeps full precision on slivers where barycentrics cancel
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    nn = nx * nx + ny * ny + nz * nz
    if nn <= 1e-20 * uu * vv:  # a line but for rounding: its normal is noise
        return _foot_on_line(ax, ay, az, ux, uy, uz, vx, vy, vz, px, py, pz)
    h = (px * nx + py * ny + pz * nz) / nn
    return x - h * nx, y - h * ny, z - h * nz


@nb.njit(cache=True)
def closest_one(
    x, y, z, gx, gy, gz, min_cosine, limit2, last, root, corners, normals, order, box, child, stack, depth2
):
    """Return leaf slot (-1 for none), squared distance and foot of the closest compatible triangle of one point.

    ``last`` is a slot to try first (-1 for none), ``root`` the node to start from.
    """
    open_gate = gx == 0.0 and gy == 0.0 and gz == 0.0
    best2, best, fx, fy, fz = limit2, -1, np.nan, np.nan, np.nan
    if last >= 0 and (open_gate or gx * normals[last, 0] + gy * normals[last, 1] + gz * normals[last, 2] >= min_cosine):
        qx, qy, qz = _foot(corners, last, x, y, z)
        d2 = (x - qx) ** 2 + (y - qy) ** 2 + (z - qz) ** 2
        if d2 <= best2:
            best2, best, fx, fy, fz = d2, last, qx, qy, qz
    # of equally near triangles all must be looked at, or the answer would depend on which one was met first
    slack = _ROUNDING * (abs(x) + abs(y) + abs(z) + abs(box[root, 0]) + abs(box[root, 1]) + abs(box[root, 2]))
    open2 = best2 + slack * (2.0 * np.sqrt(best2) + slack)
    stack[0] = root
    depth2[0] = _box_distance2(box, root, x, y, z)
    top = 1
    while top > 0:
        top -= 1
        if depth2[top] > open2:
            continue
        node = stack[top]
        first, count = child[node, 0], child[node, 1]
        if count > 0:
            for s in range(first, first + count):
                if not open_gate and gx * normals[s, 0] + gy * normals[s, 1] + gz * normals[s, 2] < min_cosine:
                    continue
                qx, qy, qz = _foot(corners, s, x, y, z)
                d2 = (x - qx) ** 2 + (y - qy) ** 2 + (z - qz) ** 2
                if d2 < best2 or (d2 == best2 and (best < 0 or order[s] < order[best])):
                    best2, best, fx, fy, fz = d2, s, qx, qy, qz
                    open2 = best2 + slack * (2.0 * np.sqrt(best2) + slack)
            continue
        near2 = _box_distance2(box, first, x, y, z)
        far2 = _box_distance2(box, first + 1, x, y, z)
        near, far = first, first + 1
        if far2 < near2:
            near, far, near2, far2 = far, near, far2, near2
        if far2 <= open2:
            stack[top] = far
            depth2[top] = far2
            top += 1
        if near2 <= open2:
            stack[top] = near
            depth2[top] = near2
            top += 1
    return best, best2, fx, fy, fz


@nb.njit(cache=True)
def cell_codes(points, low, per_metre):
    """Return for each point (n, 3) the number of its cell along a Z-curve (Morton 1966), 10 bits per axis."""
    codes = np.empty(len(points), np.uint32)
    for i in range(len(points)):
        code = 0
        for a in range(3):
            c = int(min(max((points[i, a] - low[a]) * per_metre, 0.0), 1023.0))
            c = (c | c << 16) & 0x030000FF
            c = (c | c << 8) & 0x0300F00F
            c = (c | c << 4) & 0x030C30C3
            c = (c | c << 2) & 0x09249249
            code |= c << a
        codes[i] = code
    return codes


@nb.njit(cache=True, nogil=True)
def closest_surface(
    begin, end, visit, points, gate, min_cosine, max_distance, corners, normals, order, element_of, box, child,
    distance, triangle, element, foot, normal,
):  # fmt: skip
    """Fill the closest (normal-compatible) triangle of the points visit[begin..end], one after the other."""
    stack, depth2 = np.empty(STACK, np.int32), np.empty(STACK)
    last = np.int64(-1)  # not a literal: that would be compiled apart
    for v in range(begin, end):
        i = visit[v]
        gx, gy, gz = 0.0, 0.0, 0.0
        if len(gate) > 0:
            gx, gy, gz = gate[i, 0], gate[i, 1], gate[i, 2]
        best, best2, foot[i, 0], foot[i, 1], foot[i, 2] = closest_one(
            points[i, 0], points[i, 1], points[i, 2], gx, gy, gz, min_cosine, max_distance * max_distance, last,
            np.int64(0), corners, normals, order, box, child, stack, depth2,
        )  # fmt: skip
        if best < 0:
            distance[i], triangle[i], element[i] = np.inf, -1, -1
            normal[i, 0], normal[i, 1], normal[i, 2] = 0.0, 0.0, 0.0
            continue
        last = best
        distance[i], triangle[i], element[i] = np.sqrt(best2), order[best], element_of[best]
        normal[i, 0], normal[i, 1], normal[i, 2] = normals[best, 0], normals[best, 1], normals[best, 2]


@nb.njit(cache=True, inline="always")
def _ranked(s, e, d2, h, used, order, element, slot, signed, best2, facing):
    """Put triangle ``s`` of element ``e`` where it belongs in the lists (k,) of nearest elements; return their number.

    ``d2`` is its squared distance, ``h`` its height over the triangle's plane.
    """
    at = used
    for j in range(used):
        if element[j] == e:
            at = j
            break
    if at < used:  # this element is listed already
        if d2 > best2[at] + _SAME:
            return used
        if d2 >= best2[at] - _SAME:  # beyond a shared edge: the face that looks at the point
            was = abs(facing[at])
            if abs(h) < was or (abs(h) == was and order[s] >= order[slot[at]]):
                return used
            d2 = min(d2, best2[at])
    elif used < len(best2):
        used += 1
    else:
        at = len(best2) - 1
        if d2 > best2[at] or (d2 == best2[at] and order[s] >= order[slot[at]]):
            return used
    # move up until the list is ordered again (ties: smaller triangle first)
    while at > 0 and (best2[at - 1] > d2 or (best2[at - 1] == d2 and order[slot[at - 1]] > order[s])):
        best2[at], element[at], slot[at] = best2[at - 1], element[at - 1], slot[at - 1]
        signed[at], facing[at] = signed[at - 1], facing[at - 1]
        at -= 1
    best2[at], element[at], slot[at], facing[at] = d2, e, s, h
    signed[at] = np.sqrt(d2) if h >= 0.0 else -np.sqrt(d2)
    return used


@nb.njit(cache=True, nogil=True)
def closest_compatible_elements(
    begin, end, points, gate, min_cosine, max_distance, corners, normals, order, element_of, box, child,
    element, slot, distance, signed,
):  # fmt: skip
    """Fill the k nearest different elements of the points begin..end, nearest first."""
    k = element.shape[1]
    stack, best2, facing = np.empty(STACK, np.int32), np.empty(k), np.zeros(k)
    for i in range(begin, end):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        gx, gy, gz = gate[i, 0], gate[i, 1], gate[i, 2]
        open_gate = gx == 0.0 and gy == 0.0 and gz == 0.0
        limit2 = max_distance * max_distance
        used = 0
        for j in range(k):
            best2[j] = np.inf
        stack[0] = 0
        top = 1
        while top > 0:
            top -= 1
            node = stack[top]
            if _box_distance2(box, node, x, y, z) > limit2:
                continue
            first, count = child[node, 0], child[node, 1]
            if count == 0:
                near, far = first, first + 1
                if _box_distance2(box, far, x, y, z) < _box_distance2(box, near, x, y, z):
                    near, far = far, near
                stack[top] = far
                stack[top + 1] = near
                top += 2
                continue
            for s in range(first, first + count):
                if not open_gate and gx * normals[s, 0] + gy * normals[s, 1] + gz * normals[s, 2] < min_cosine:
                    continue
                qx, qy, qz = _foot(corners, s, x, y, z)
                d2 = (x - qx) ** 2 + (y - qy) ** 2 + (z - qz) ** 2
                if d2 > limit2:
                    continue
                h = (x - qx) * normals[s, 0] + (y - qy) * normals[s, 1] + (z - qz) * normals[s, 2]
                used = _ranked(s, element_of[s], d2, h, used, order, element[i], slot[i], signed[i], best2, facing)
                if used == k:
                    limit2 = min(limit2, best2[k - 1])
        for j in range(used):
            distance[i, j] = np.sqrt(best2[j])


@nb.njit(cache=True, inline="always")
def _box_entry(box, node, ox, oy, oz, ix, iy, iz, limit):
    """Range at which a ray enters a node's box, or inf. ``i*`` are inverse direction components."""
    t1, t2 = (box[node, 0] - ox) * ix, (box[node, 3] - ox) * ix
    lo, hi = min(t1, t2), max(t1, t2)
    t1, t2 = (box[node, 1] - oy) * iy, (box[node, 4] - oy) * iy
    lo, hi = max(lo, min(t1, t2)), min(hi, max(t1, t2))
    t1, t2 = (box[node, 2] - oz) * iz, (box[node, 5] - oz) * iz
    lo, hi = max(lo, min(t1, t2)), min(hi, max(t1, t2))
    lo = max(lo, 0.0)
    # a box may be flat: widen by rounding so that a face in it is not missed
    if lo <= hi + 1e-12 * (1.0 + abs(hi)) and lo <= limit:
        return lo
    return np.inf


@nb.njit(cache=True, inline="always")
def ray_triangle(corners, s, ox, oy, oz, dx, dy, dz):
    """Range of the ray's hit on triangle s, or inf (Moeller & Trumbore 1997, both faces)."""
    ux, uy, uz = corners[s, 3], corners[s, 4], corners[s, 5]
    vx, vy, vz = corners[s, 6], corners[s, 7], corners[s, 8]
    hx, hy, hz = dy * vz - dz * vy, dz * vx - dx * vz, dx * vy - dy * vx
    det = ux * hx + uy * hy + uz * hz
    if det == 0.0:
        return np.inf
    sx, sy, sz = ox - corners[s, 0], oy - corners[s, 1], oz - corners[s, 2]
    b1 = (sx * hx + sy * hy + sz * hz) / det
    if b1 < -1e-9 or b1 > 1.0 + 1e-9:
        return np.inf
    qx, qy, qz = sy * uz - sz * uy, sz * ux - sx * uz, sx * uy - sy * ux
    b2 = (dx * qx + dy * qy + dz * qz) / det
    if b2 < -1e-9 or b1 + b2 > 1.0 + 1e-9:
        return np.inf
    t = (vx * qx + vy * qy + vz * qz) / det
    return t if t > 0.0 else np.inf


@nb.njit(cache=True, inline="always")
def inverse_component(d):
    """Return 1/d with a huge finite value for 0, so that 0 x inf never makes a NaN in the slab test."""
    if abs(d) < 1e-300:
        return 1e300
    return 1.0 / d


@nb.njit(cache=True, nogil=True)
def cast_first(begin, end, origins, directions, limit, corners, order, box, child, reach, slot):
    """Fill range and leaf slot of the first triangle along the rays begin..end."""
    stack, entry = np.empty(STACK, np.int32), np.empty(STACK)
    for i in range(begin, end):
        ox, oy, oz = origins[i, 0], origins[i, 1], origins[i, 2]
        dx, dy, dz = directions[i, 0], directions[i, 1], directions[i, 2]
        ix, iy, iz = inverse_component(dx), inverse_component(dy), inverse_component(dz)
        best, at = limit[i], -1
        stack[0] = 0
        entry[0] = _box_entry(box, 0, ox, oy, oz, ix, iy, iz, best)
        top = 1
        while top > 0:
            top -= 1
            if entry[top] > best:
                continue
            node = stack[top]
            first, count = child[node, 0], child[node, 1]
            if count > 0:
                for s in range(first, first + count):
                    t = ray_triangle(corners, s, ox, oy, oz, dx, dy, dz)
                    if t < best or (t == best and t != np.inf and (at < 0 or order[s] < order[at])):
                        best, at = t, s
                continue
            near, far = first, first + 1
            near_t = _box_entry(box, near, ox, oy, oz, ix, iy, iz, best)
            far_t = _box_entry(box, far, ox, oy, oz, ix, iy, iz, best)
            if far_t < near_t:
                near, far, near_t, far_t = far, near, far_t, near_t
            if far_t <= best and far_t != np.inf:
                stack[top] = far
                entry[top] = far_t
                top += 1
            if near_t <= best and near_t != np.inf:
                stack[top] = near
                entry[top] = near_t
                top += 1
        slot[i] = at
        reach[i] = best if at >= 0 else np.inf
