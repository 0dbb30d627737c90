# pyright: basic, reportUntypedFunctionDecorator=false, reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportPrivateImportUsage=false
"""Closest surface of many points: eight neighbours walk through the tree together, where that is less work.

A packet of eight opens a box that any of its points has to look into, and measures a triangle for all eight at once.
The answers are those of one point alone (:func:`geometry.triangle_kernels.closest_one`) to the last byte: of all
triangles that can be nearest none is left out, and each distance is worked out by the same operations.

Numba counts references to arrays whenever a function is entered, in steps that threads have to agree on; so the walk
is one function, entered once for many packets.
"""

import numpy as np

from geometry.compiled import kernel
from geometry.lane_kernels import LANES, lowest_bit, slack_of
from geometry.point_lane_kernels import IS_LINE, boxes_near_box, enclose, facing, measure, points_near_box, tighten
from geometry.triangle_kernels import STACK, closest_one, foot_on_triangle, search_space

_BLOCK = 256
"""Packets whose points are fetched, and whose answers are put away, together: they stay near the processor."""
_MUCH = 256
"""Nodes and triangles that a packet may take before its points are taken to lie too far apart to go together."""
_APART = 16
"""Packets whose points go alone then, before the next one is tried."""
_FEW = 8
"""Packets from which some are tried: fewer points are in no order."""
_ALL, _NONE, _ONE = np.uint32(2**LANES - 1), np.uint32(0), np.uint32(1)
_NO_NUMBER = np.int64(2**62)
"""More than any triangle's number."""


@kernel()
def _measure_line(corners, s, number, allowed, at, best, place, packet):
    """As :func:`measure` for a triangle that is a line but for rounding, which no vector instructions are worth."""
    for j in range(LANES):
        if (allowed >> np.uint32(j)) & _ONE == _NONE:
            continue
        x, y, z = at[packet, 0, j], at[packet, 1, j], at[packet, 2, j]
        qx, qy, qz = foot_on_triangle(corners, s, x, y, z)
        d2 = (x - qx) ** 2 + (y - qy) ** 2 + (z - qz) ** 2
        if d2 < best[packet, 0, j] or (d2 == best[packet, 0, j] and number < place[packet, 0, j]):
            best[packet, 0, j], best[packet, 1, j], best[packet, 2, j], best[packet, 3, j] = d2, qx, qy, qz
            place[packet, 0, j], place[packet, 1, j] = number, s


@kernel()
def _together(
    packet, packets, at, near, slack, best, place, gated, min_cosine, corners, normals, order, boxes, child,
    stack, depth, lane, box,
):  # fmt: skip
    """Answer packets from ``packet`` on, up to and with the first that takes much; return the one after it.

    ``stack`` holds boxes: 8 times the node, and the lane. ``box`` (7,) is the box about the packet and the squared
    distance of the point that has to look furthest.
    """
    work = np.int64(0)
    while packet < packets and work <= _MUCH:
        work = np.int64(0)
        enclose(near, packet, box)
        tighten(best, slack, near, packet, box)
        # what the neighbours found is likely near: each triangle once
        for j in range(LANES if packet > 0 else 0):
            s = place[packet - 1, 1, j]
            if s < 0 or (j > 0 and s == place[packet - 1, 1, j - 1]):
                continue
            allowed = facing(normals, s, at, packet, min_cosine) if gated else _ALL
            if measure(corners, s, order[s], allowed, at, best, place, slack, near, packet, box) == IS_LINE:
                _measure_line(corners, s, np.int64(order[s]), allowed, at, best, place, packet)
                tighten(best, slack, near, packet, box)
        stack[0], depth[0], top = -1, np.float32(0.0), 1
        while top > 0:
            top -= 1
            code, bottom, node = stack[top], top, np.int64(0)
            if depth[top] > box[6]:
                continue
            if code >= 0:
                if points_near_box(boxes, code >> 3, code & 7, near, packet) == _NONE:
                    continue
                node = np.int64(child[code >> 3, code & 7])
            work += 1
            wanted = boxes_near_box(boxes, node, box, lane)
            while wanted != _NONE:
                j = lowest_bit(wanted)
                wanted &= wanted - _ONE
                below = child[node, j]
                if below >= 0:  # on top of the stack if it is nearer than what is there of this node
                    put = top
                    if top > bottom and depth[top - 1] < lane[j]:
                        stack[top], depth[top] = stack[top - 1], depth[top - 1]
                        put = top - 1
                    stack[put], depth[put] = 8 * node + j, lane[j]
                    top += 1
                    continue
                s = -2 - np.int64(below)
                allowed = points_near_box(boxes, node, j, near, packet)
                if gated and allowed != _NONE:
                    allowed &= facing(normals, s, at, packet, min_cosine)
                if allowed == _NONE:
                    continue
                work += 1
                if measure(corners, s, order[s], allowed, at, best, place, slack, near, packet, box) == IS_LINE:
                    _measure_line(corners, s, np.int64(order[s]), allowed, at, best, place, packet)
                    tighten(best, slack, near, packet, box)
        packet += 1
    return packet


@kernel()
def _alone(
    packet, packets, at, best, place, min_cosine, limit2, corners, normals, order, boxes, child, frame, space
):  # fmt: skip
    """Answer packets point by point; return ``packets``."""
    last = np.int64(-1)
    for p in range(packet, packets):
        for j in range(LANES):
            slot, d2, fx, fy, fz = closest_one(
                at[p, 0, j], at[p, 1, j], at[p, 2, j], at[p, 3, j], at[p, 4, j], at[p, 5, j], min_cosine, limit2,
                last, np.int64(0), corners, normals, order, boxes, child, frame, space,
            )  # fmt: skip
            best[p, 0, j], best[p, 1, j], best[p, 2, j], best[p, 3, j] = d2, fx, fy, fz
            place[p, 1, j] = slot
            last = slot if slot >= 0 else last
    return packets


@kernel()
def _fetch(begin, end, visit, points, gate, limit2, frame, at, near, slack, best, place):
    """Fill packets with the points visit[begin..end], the last one again where the last packet has room.

    Returns how many packets there are.
    """
    gated, packets = len(gate) > 0, -(-(end - begin) // LANES)
    for v in range(packets * LANES):
        i, p, j = visit[min(begin + v, end - 1)], v // LANES, v % LANES
        for d in range(3):
            at[p, d, j] = points[i, d]
            at[p, 3 + d, j] = gate[i, d] if gated else 0.0
    for p in range(packets):
        for j in range(LANES):
            x, y, z = at[p, 0, j] - frame[0], at[p, 1, j] - frame[1], at[p, 2, j] - frame[2]
            near[p, 0, j], near[p, 1, j], near[p, 2, j] = x, y, z
            slack[p, j] = slack_of(frame, x, y, z)
            near[p, 3, j] = 1e36 if x + y + z == x + y + z else -1.0  # what is no number looks into no box
            best[p, 0, j], best[p, 1, j], best[p, 2, j], best[p, 3, j] = limit2, np.nan, np.nan, np.nan
            place[p, 0, j], place[p, 1, j] = _NO_NUMBER, -1
    return packets


@kernel(nogil=True)
def closest_surface(
    begin, end, visit, points, gate, min_cosine, max_distance, corners, normals, order, element_of, boxes, child, frame,
    distance, triangle, element, foot, normal,
):  # fmt: skip
    """Fill the closest (normal-compatible) triangle of the points visit[begin..end].

    The points of a block are fetched first and its answers put away last: where the points are in no order, each is a
    line of memory to wait for, and loops that do nothing else wait for many at a time.
    """
    most = max(1, min(_BLOCK, -(-(end - begin) // LANES)))
    at, slack = np.empty((most, 6, LANES)), np.empty((most, LANES), np.float32)
    near, best = np.empty((most, 4, LANES), np.float32), np.empty((most, 4, LANES))
    place, space = np.empty((most, 2, LANES), np.int64), search_space()
    stack, box = np.empty(STACK, np.int64), np.empty(7, np.float32)
    limit2 = max_distance * max_distance
    for b in range(begin, end, most * LANES):
        n = min(most * LANES, end - b)
        packets = _fetch(b, b + n, visit, points, gate, limit2, frame, at, near, slack, best, place)
        p = np.int64(0)
        while p < packets:
            if packets >= _FEW:
                p = _together(
                    p, packets, at, near, slack, best, place, len(gate) > 0, min_cosine, corners, normals, order, boxes,
                    child, stack, space[1], space[2], box,
                )  # fmt: skip
            p = _alone(
                p, min(p + _APART, packets), at, best, place, min_cosine, limit2, corners, normals, order, boxes, child,
                frame, space,
            )  # fmt: skip
        for v in range(n):
            i, p, j = visit[b + v], v // LANES, v % LANES
            slot = place[p, 1, j]
            found = slot >= 0
            distance[i] = np.sqrt(best[p, 0, j]) if found else np.inf
            triangle[i] = order[slot] if found else -1
            element[i] = element_of[slot] if found else -1
            for d in range(3):
                foot[i, d] = best[p, 1 + d, j]
                normal[i, d] = normals[slot, d] if found else 0.0
