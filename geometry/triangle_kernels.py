# pyright: basic, reportUntypedFunctionDecorator=false, reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportPrivateImportUsage=false
"""Compiled kernels of :mod:`geometry.triangle_tree`: arrays in, arrays filled.

Every kernel has a brute-force twin in the tests.
"""

import numpy as np

from geometry.compiled import kernel
from geometry.lane_kernels import LANES, entered_lanes, lowest_bit, near_lanes, slack_of, widened2

STACK = 640
"""Nodes that may wait in a search: seven per level, and no tree is deeper than 72 levels for 2^32 triangles."""
_SAME = 1e-13
"""Square metres by which squared distances may differ from rounding alone, as at an edge that two faces share."""


@kernel(nogil=True)
def triangle_bounds(begin, end, triangles, lower, upper):
    """Fill the lower and upper corners (t, 3), (t, 3) of the boxes about triangles (t, 3, 3)."""
    for t in range(begin, end):
        for d in range(3):
            a, b, c = triangles[t, 0, d], triangles[t, 1, d], triangles[t, 2, d]
            lower[t, d], upper[t, d] = min(a, b, c), max(a, b, c)


@kernel()
def leaf_triangles(triangles, order):
    """Return corner and both edges (t, 9) and the unit normal (t, 3) of triangles (t, 3, 3) in leaf order.

    The normal of a degenerate triangle is zero.
    """
    corners, normals = np.empty((len(order), 9)), np.zeros((len(order), 3))
    for s in range(len(order)):
        t = order[s]
        for d in range(3):
            corners[s, d] = triangles[t, 0, d]
            corners[s, 3 + d] = triangles[t, 1, d] - triangles[t, 0, d]
            corners[s, 6 + d] = triangles[t, 2, d] - triangles[t, 0, d]
        ux, uy, uz = corners[s, 3], corners[s, 4], corners[s, 5]
        vx, vy, vz = corners[s, 6], corners[s, 7], corners[s, 8]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        length = np.sqrt(nx * nx + ny * ny + nz * nz)
        if length > 0.0:
            normals[s, 0], normals[s, 1], normals[s, 2] = nx / length, ny / length, nz / length
    return corners, normals


@kernel()
def search_space():
    """Return scratch memory for one thread's searches: nodes to visit, how far they are, and one node's lanes."""
    return np.empty(STACK, np.int32), np.empty(STACK, np.float32), np.empty(LANES, np.float32)


@kernel(inline="always")
def _push(space, top, bottom, node, far):
    """Put a node on the stack, on top if it is nearer than the top one and above ``bottom``; return the new height."""
    stack, depth = space[0], space[1]
    if top > bottom and depth[top - 1] < far:
        stack[top], depth[top] = stack[top - 1], depth[top - 1]
        stack[top - 1], depth[top - 1] = node, far
    else:
        stack[top], depth[top] = node, far
    return top + 1


@kernel()
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


@kernel()
def foot_on_triangle(corners, s, x, y, z):
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


@kernel()
def closest_one(
    x, y, z, gx, gy, gz, min_cosine, limit2, last, root, corners, normals, order, boxes, child, frame, space
):
    """Return leaf slot (-1 for none), squared distance and foot of the closest compatible triangle of one point.

    ``last`` is a slot to try first (-1 for none), ``root`` the node to start from, ``space`` from
    :func:`search_space`.
    """
    open_gate = gx == 0.0 and gy == 0.0 and gz == 0.0
    best2, best, fx, fy, fz = limit2, -1, np.nan, np.nan, np.nan
    if last >= 0 and (open_gate or gx * normals[last, 0] + gy * normals[last, 1] + gz * normals[last, 2] >= min_cosine):
        qx, qy, qz = foot_on_triangle(corners, last, x, y, z)
        d2 = (x - qx) ** 2 + (y - qy) ** 2 + (z - qz) ** 2
        if d2 <= best2:
            best2, best, fx, fy, fz = d2, last, qx, qy, qz
    # of equally near triangles all must be looked at, or the answer would depend on which one was met first
    cx, cy, cz = x - frame[0], y - frame[1], z - frame[2]
    slack = slack_of(frame, cx, cy, cz)
    sx, sy, sz = np.float32(cx), np.float32(cy), np.float32(cz)
    open2 = widened2(best2, slack)
    stack, depth2, lane = space
    stack[0], depth2[0], top = root, np.float32(0.0), 1
    while top > 0:
        top -= 1
        if depth2[top] > open2:
            continue
        node, bottom = np.int64(stack[top]), top
        near = near_lanes(boxes, node, sx, sy, sz, open2, lane)
        while near != np.uint32(0):
            j = lowest_bit(near)
            near &= near - np.uint32(1)
            below = child[node, j]
            if below >= 0:
                top = _push(space, top, bottom, below, lane[j])
            elif below < -1 and lane[j] <= open2:
                s = -2 - np.int64(below)
                if not open_gate and gx * normals[s, 0] + gy * normals[s, 1] + gz * normals[s, 2] < min_cosine:
                    continue
                qx, qy, qz = foot_on_triangle(corners, s, x, y, z)
                d2 = (x - qx) ** 2 + (y - qy) ** 2 + (z - qz) ** 2
                if d2 < best2 or (d2 == best2 and (best < 0 or order[s] < order[best])):
                    best2, best, fx, fy, fz = d2, s, qx, qy, qz
                    open2 = widened2(best2, slack)
    return best, best2, fx, fy, fz


@kernel(inline="always")
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


@kernel(nogil=True)
def closest_compatible_elements(
    begin, end, points, gate, min_cosine, max_distance, corners, normals, order, element_of, boxes, child, frame,
    element, slot, distance, signed,
):  # fmt: skip
    """Fill the k nearest different elements of the points begin..end, nearest first; ``slot`` with original triangles.

    Where there are fewer, the rest is -1, infinity and NaN.
    """
    k = element.shape[1]
    space, best2, facing = search_space(), np.empty(k), np.zeros(k)
    stack, depth2, lane = space
    for i in range(begin, end):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        gx, gy, gz = gate[i, 0], gate[i, 1], gate[i, 2]
        open_gate = gx == 0.0 and gy == 0.0 and gz == 0.0
        cx, cy, cz = x - frame[0], y - frame[1], z - frame[2]
        slack = slack_of(frame, cx, cy, cz)
        sx, sy, sz = np.float32(cx), np.float32(cy), np.float32(cz)
        limit2 = max_distance * max_distance
        open2 = widened2(limit2, slack)
        used = 0
        for j in range(k):
            best2[j] = np.inf
        stack[0], depth2[0], top = 0, np.float32(0.0), 1
        while top > 0:
            top -= 1
            if depth2[top] > open2:
                continue
            node, bottom = np.int64(stack[top]), top
            near = near_lanes(boxes, node, sx, sy, sz, open2, lane)
            while near != np.uint32(0):
                j = lowest_bit(near)
                near &= near - np.uint32(1)
                below = child[node, j]
                if below >= 0:
                    top = _push(space, top, bottom, below, lane[j])
                    continue
                if below == -1 or lane[j] > open2:
                    continue
                s = -2 - np.int64(below)
                if not open_gate and gx * normals[s, 0] + gy * normals[s, 1] + gz * normals[s, 2] < min_cosine:
                    continue
                qx, qy, qz = foot_on_triangle(corners, s, x, y, z)
                d2 = (x - qx) ** 2 + (y - qy) ** 2 + (z - qz) ** 2
                if d2 > limit2:
                    continue
                h = (x - qx) * normals[s, 0] + (y - qy) * normals[s, 1] + (z - qz) * normals[s, 2]
                used = _ranked(s, element_of[s], d2, h, used, order, element[i], slot[i], signed[i], best2, facing)
                if used == k and best2[k - 1] < limit2:
                    limit2 = best2[k - 1]
                    open2 = widened2(limit2, slack)
        for j in range(used):
            distance[i, j] = np.sqrt(best2[j])
            slot[i, j] = order[slot[i, j]]
        for j in range(used, k):
            element[i, j], slot[i, j], distance[i, j], signed[i, j] = -1, -1, np.inf, np.nan


@kernel(inline="always")
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


@kernel(inline="always")
def _inverse(d):
    """Return 1/d with a huge finite value for 0, so that 0 x inf never makes a NaN in the slab test."""
    if abs(d) < 1e-30:
        return np.float32(1e30)
    return np.float32(1.0 / d)


@kernel(nogil=True)
def cast_first(begin, end, origins, directions, limit, corners, order, boxes, child, frame, reach, slot):
    """Fill range and leaf slot of the first triangle along the rays begin..end."""
    space = search_space()
    stack, entry, lane = space
    start, inverse = np.empty(3, np.float32), np.empty(3, np.float32)
    for i in range(begin, end):
        ox, oy, oz = origins[i, 0], origins[i, 1], origins[i, 2]
        dx, dy, dz = directions[i, 0], directions[i, 1], directions[i, 2]
        cx, cy, cz = ox - frame[0], oy - frame[1], oz - frame[2]
        slack = np.float32(slack_of(frame, cx, cy, cz))
        start[0], start[1], start[2] = cx, cy, cz
        inverse[0], inverse[1], inverse[2] = _inverse(dx), _inverse(dy), _inverse(dz)
        best, at = limit[i], np.int64(-1)
        open_to = np.float32(min(best * (1.0 + 1e-6), 1e36))
        stack[0], entry[0], top = 0, np.float32(0.0), 1
        while top > 0:
            top -= 1
            if entry[top] > open_to:
                continue
            node, bottom = np.int64(stack[top]), top
            entered = entered_lanes(boxes, node, start, inverse, slack, open_to, lane)
            while entered != np.uint32(0):
                j = lowest_bit(entered)
                entered &= entered - np.uint32(1)
                below = child[node, j]
                if below >= 0:
                    top = _push(space, top, bottom, below, lane[j])
                elif below < -1 and lane[j] <= open_to:
                    s = -2 - np.int64(below)
                    t = ray_triangle(corners, s, ox, oy, oz, dx, dy, dz)
                    if t < best or (t == best and t != np.inf and (at < 0 or order[s] < order[at])):
                        best, at = t, s
                        open_to = np.float32(min(best * (1.0 + 1e-6), 1e36))
        slot[i] = at
        reach[i] = best if at >= 0 else np.inf
