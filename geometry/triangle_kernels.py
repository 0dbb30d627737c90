# pyright: basic, reportUntypedFunctionDecorator=false, reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportPrivateImportUsage=false
"""Compiled kernels of :mod:`geometry.triangle_tree`: arrays in, arrays filled.

Every kernel has a brute-force twin in the tests.
"""

import numba as nb
import numpy as np

LEAF_SIZE = 4
_BINS = 16
STACK = 96


@nb.njit(cache=True)
def _split(centre, lower, upper, order, start, end):
    """Order slots start..end so that a cheap binned-SAH split falls at the returned index (start < index < end)."""
    c_lo = np.array([np.inf, np.inf, np.inf])
    c_hi = -c_lo
    for i in range(start, end):
        for a in range(3):
            v = centre[order[i], a]
            c_lo[a] = min(c_lo[a], v)
            c_hi[a] = max(c_hi[a], v)
    best_cost, best_axis, best_bin = np.inf, -1, 0
    count = np.empty(_BINS, np.int64)
    box = np.empty((_BINS, 6))
    right_area = np.empty(_BINS)
    for a in range(3):
        extent = c_hi[a] - c_lo[a]
        if extent <= 0.0:
            continue
        count[:] = 0
        box[:, :3] = np.inf
        box[:, 3:] = -np.inf
        for i in range(start, end):
            t = order[i]
            b = min(_BINS - 1, int((centre[t, a] - c_lo[a]) / extent * _BINS))
            count[b] += 1
            for d in range(3):
                box[b, d] = min(box[b, d], lower[t, d])
                box[b, 3 + d] = max(box[b, 3 + d], upper[t, d])
        lo = np.array([np.inf, np.inf, np.inf])
        hi = -lo
        n_right = 0
        for b in range(_BINS - 1, 0, -1):
            n_right += count[b]
            for d in range(3):
                lo[d] = min(lo[d], box[b, d])
                hi[d] = max(hi[d], box[b, 3 + d])
            s = hi - lo
            right_area[b] = n_right * (s[0] * s[1] + s[1] * s[2] + s[2] * s[0]) if n_right > 0 else 0.0
        lo[:] = np.inf
        hi[:] = -np.inf
        n_left = 0
        for b in range(_BINS - 1):
            n_left += count[b]
            if count[b] > 0:
                for d in range(3):
                    lo[d] = min(lo[d], box[b, d])
                    hi[d] = max(hi[d], box[b, 3 + d])
            if n_left == 0 or n_left == end - start:
                continue
            s = hi - lo
            cost = n_left * (s[0] * s[1] + s[1] * s[2] + s[2] * s[0]) + right_area[b + 1]
            if cost < best_cost:
                best_cost, best_axis, best_bin = cost, a, b
    if best_axis < 0:  # all centres coincide: halve
        return (start + end) // 2
    a = best_axis
    extent = c_hi[a] - c_lo[a]
    part = np.empty(end - start, order.dtype)
    left, right = 0, end - start
    for i in range(start, end):
        t = order[i]
        if min(_BINS - 1, int((centre[t, a] - c_lo[a]) / extent * _BINS)) <= best_bin:
            part[left] = t
            left += 1
        else:
            right -= 1
            part[right] = t
    part[left:] = part[left:][::-1].copy()
    order[start:end] = part
    return start + left


@nb.njit(cache=True)
def build_nodes(lower, upper, leaf_size):
    """Return leaf order (t,), node boxes (m, 6) and children (m, 2) over triangle boxes (t, 3), (t, 3)."""
    t = len(lower)
    order = np.arange(t).astype(np.int32)
    centre = 0.5 * (lower + upper)
    box = np.empty((2 * t, 6))
    child = np.zeros((2 * t, 2), np.int32)
    todo = np.empty((2 * t, 3), np.int64)
    todo[0] = (0, 0, t)
    n_todo, n_nodes = 1, 1
    while n_todo > 0:
        n_todo -= 1
        node, start, end = todo[n_todo]
        box[node, :3] = np.inf
        box[node, 3:] = -np.inf
        for i in range(start, end):
            for d in range(3):
                box[node, d] = min(box[node, d], lower[order[i], d])
                box[node, 3 + d] = max(box[node, 3 + d], upper[order[i], d])
        if end - start <= leaf_size:
            child[node] = (start, end - start)
            continue
        middle = _split(centre, lower, upper, order, start, end)
        child[node] = (n_nodes, 0)
        todo[n_todo] = (n_nodes, start, middle)
        todo[n_todo + 1] = (n_nodes + 1, middle, end)
        n_todo += 2
        n_nodes += 2
    return order, box[:n_nodes].copy(), child[:n_nodes].copy()


@nb.njit(cache=True, inline="always")
def _box_distance2(box, node, x, y, z):
    """Squared distance from a point to a node's box."""
    dx = max(box[node, 0] - x, 0.0, x - box[node, 3])
    dy = max(box[node, 1] - y, 0.0, y - box[node, 4])
    dz = max(box[node, 2] - z, 0.0, z - box[node, 5])
    return dx * dx + dy * dy + dz * dz


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
    if nn <= 0.0:
        return ax, ay, az
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
    stack[0] = root
    depth2[0] = _box_distance2(box, root, x, y, z)
    top = 1
    while top > 0:
        top -= 1
        if depth2[top] > best2:
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
            continue
        near2 = _box_distance2(box, first, x, y, z)
        far2 = _box_distance2(box, first + 1, x, y, z)
        near, far = first, first + 1
        if far2 < near2:
            near, far, near2, far2 = far, near, far2, near2
        if far2 <= best2:
            stack[top] = far
            depth2[top] = far2
            top += 1
        if near2 <= best2:
            stack[top] = near
            depth2[top] = near2
            top += 1
    return best, best2, fx, fy, fz


@nb.njit(cache=True, parallel=True)
def closest_surface(
    points, gate, min_cosine, max_distance, chunk, corners, normals, order, box, child, distance, slot, foot
):
    """Fill distance, leaf slot and foot of the closest (normal-compatible) triangle of each point."""
    n = len(points)
    gated = len(gate) > 0
    for c in nb.prange((n + chunk - 1) // chunk):
        stack = np.empty(STACK, np.int32)
        depth2 = np.empty(STACK)
        last = -1
        for i in range(c * chunk, min(n, (c + 1) * chunk)):
            gx, gy, gz = 0.0, 0.0, 0.0
            if gated:
                gx, gy, gz = gate[i, 0], gate[i, 1], gate[i, 2]
            best, best2, fx, fy, fz = closest_one(
                points[i, 0], points[i, 1], points[i, 2], gx, gy, gz, min_cosine, max_distance * max_distance, last, 0,
                corners, normals, order, box, child, stack, depth2,
            )  # fmt: skip
            slot[i] = best
            distance[i] = np.sqrt(best2) if best >= 0 else np.inf
            foot[i, 0], foot[i, 1], foot[i, 2] = fx, fy, fz
            if best >= 0:
                last = best


@nb.njit(cache=True, parallel=True)
def closest_compatible_elements(
    points, gate, min_cosine, max_distance, chunk, corners, normals, order, element_of, box, child,
    element, slot, distance, signed,
):  # fmt: skip
    """Fill the k nearest different elements of each point, nearest first."""
    n, k = element.shape
    for c in nb.prange((n + chunk - 1) // chunk):
        stack = np.empty(STACK, np.int32)
        best2 = np.empty(k)
        for i in range(c * chunk, min(n, (c + 1) * chunk)):
            x, y, z = points[i, 0], points[i, 1], points[i, 2]
            gx, gy, gz = gate[i, 0], gate[i, 1], gate[i, 2]
            open_gate = gx == 0.0 and gy == 0.0 and gz == 0.0
            limit2 = max_distance * max_distance
            used = 0
            best2[:] = np.inf
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
                    e = element_of[s]
                    at = used
                    for j in range(used):
                        if element[i, j] == e:
                            at = j
                            break
                    if at < used:  # this element is listed already
                        if d2 > best2[at] or (d2 == best2[at] and order[s] >= order[slot[i, at]]):
                            continue
                    elif used < k:
                        used += 1
                    else:
                        at = k - 1
                        if d2 > best2[at] or (d2 == best2[at] and order[s] >= order[slot[i, at]]):
                            continue
                    # move up until the list is ordered again (ties: smaller triangle first)
                    while at > 0 and (
                        best2[at - 1] > d2 or (best2[at - 1] == d2 and order[slot[i, at - 1]] > order[s])
                    ):
                        best2[at] = best2[at - 1]
                        element[i, at] = element[i, at - 1]
                        slot[i, at] = slot[i, at - 1]
                        signed[i, at] = signed[i, at - 1]
                        at -= 1
                    best2[at] = d2
                    element[i, at] = e
                    slot[i, at] = s
                    h = (x - qx) * normals[s, 0] + (y - qy) * normals[s, 1] + (z - qz) * normals[s, 2]
                    signed[i, at] = np.sqrt(d2) if h >= 0.0 else -np.sqrt(d2)
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


@nb.njit(cache=True, parallel=True)
def cast_first(origins, directions, limit, chunk, corners, order, box, child, reach, slot):
    """Fill range and leaf slot of the first triangle along each ray."""
    n = len(directions)
    for c in nb.prange((n + chunk - 1) // chunk):
        stack = np.empty(STACK, np.int32)
        entry = np.empty(STACK)
        for i in range(c * chunk, min(n, (c + 1) * chunk)):
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
                        if t < best or (t == best and (at < 0 or order[s] < order[at])):
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
