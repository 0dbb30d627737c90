# pyright: reportUntypedFunctionDecorator=false, reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportMissingParameterType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
"""The virtual scanner's own ray caster: a bounding volume hierarchy in float64.

It shares no code with the product's triangle tree on purpose: a fault in one must not be hidden by the same fault in
the other. Build: binned surface area heuristic (Wald 2007, "On fast construction of SAH-based bounding volume
hierarchies"); intersection: Möller & Trumbore 1997, both sides of a triangle count.
"""

from dataclasses import dataclass

import numba as nb
import numpy as np

from geometry.arrays import FloatArray, Int32Array

LEAF_SIZE = 4
BINS = 16
STACK = 96
WORTH_THREADS = 4096
"""Rays in one call from which waking the threads costs less than it gains."""
EDGE = 1e-9
"""How far outside a triangle, in barycentric units, still counts: rays must not slip between two triangles."""


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """First hits of n rays: ``distance`` (n,) metres, inf when nothing was hit; ``triangle`` (n,) index or -1."""

    distance: FloatArray
    triangle: Int32Array


@dataclass(frozen=True, slots=True, eq=False)
class RayScene:
    """Triangles (f, 3, 3) metres, ready to be hit by rays; make one with `ray_scene`."""

    triangles: FloatArray
    boxes: FloatArray
    """(m, 2, 3) metres, lower and upper corner of each node."""
    links: Int32Array
    """(m, 2): (right child, 0) for an inner node whose left child follows it, (first, count) for a leaf."""
    order: Int32Array

    def first_hits(self, origins: FloatArray, directions: FloatArray, reach: float = np.inf) -> Hits:
        """Return the first hit of every ray.

        Parameters
        ----------
        origins : (n, 3) or (3,) metres
        directions : (n, 3), unit length
        reach : metres, hits farther away are ignored

        Examples
        --------
        >>> scene = ray_scene(np.array([[[2.0, -1, -1], [2, 1, -1], [2, 0, 1]]]))
        >>> scene.first_hits(np.zeros(3), np.array([[1.0, 0, 0], [-1, 0, 0]])).distance.tolist()
        [2.0, inf]
        """
        directions = np.ascontiguousarray(directions, dtype=np.float64)
        origins = np.ascontiguousarray(np.broadcast_to(np.asarray(origins, np.float64), directions.shape))
        distance = np.full(len(directions), reach)
        triangle = np.full(len(directions), -1, dtype=np.int32)
        if len(self.order):
            cast = _cast if len(directions) >= WORTH_THREADS else _cast_few
            cast(origins, directions, self.triangles, self.boxes, self.links, self.order, distance, triangle)
        distance[triangle < 0] = np.inf
        return Hits(distance, triangle)


def ray_scene(triangles: FloatArray) -> RayScene:
    """Return the triangles (f, 3, 3) metres arranged for ray casting."""
    triangles = np.ascontiguousarray(triangles, dtype=np.float64).reshape(-1, 3, 3)
    if not np.isfinite(triangles).all():
        raise ValueError("triangles must be finite")
    if not len(triangles):
        return RayScene(triangles, np.zeros((0, 2, 3)), np.zeros((0, 2), np.int32), np.zeros(0, np.int32))
    boxes, links, order = _build(triangles)
    return RayScene(triangles, boxes, links, order)


@nb.njit(cache=True)
def _area(low: FloatArray, high: FloatArray) -> float:
    d = high - low
    return d[0] * d[1] + d[1] * d[2] + d[2] * d[0]


@nb.njit(cache=True)
def _best_split(centre: FloatArray, lows: FloatArray, highs: FloatArray, order: Int32Array, first: int, count: int):
    """Return axis, threshold and cost of the cheapest of the binned splits; axis -1 when nothing can be split."""
    best_axis, best_value, best_cost = -1, 0.0, np.inf
    for axis in range(3):
        low, high = np.inf, -np.inf
        for i in range(first, first + count):
            c = centre[order[i], axis]
            low, high = min(low, c), max(high, c)
        if high - low < 1e-9:
            continue
        n = np.zeros(BINS, np.int64)
        bin_low, bin_high = np.full((BINS, 3), np.inf), np.full((BINS, 3), -np.inf)
        for i in range(first, first + count):
            t = order[i]
            b = min(int((centre[t, axis] - low) / (high - low) * BINS), BINS - 1)
            n[b] += 1
            bin_low[b], bin_high[b] = np.minimum(bin_low[b], lows[t]), np.maximum(bin_high[b], highs[t])
        right_cost = np.full(BINS, np.inf)
        total, box_low, box_high = 0, np.full(3, np.inf), np.full(3, -np.inf)
        for b in range(BINS - 1, 0, -1):
            total += n[b]
            box_low, box_high = np.minimum(box_low, bin_low[b]), np.maximum(box_high, bin_high[b])
            if total:
                right_cost[b] = total * _area(box_low, box_high)
        total, box_low, box_high = 0, np.full(3, np.inf), np.full(3, -np.inf)
        for b in range(BINS - 1):
            total += n[b]
            box_low, box_high = np.minimum(box_low, bin_low[b]), np.maximum(box_high, bin_high[b])
            if total and right_cost[b + 1] < np.inf:
                cost = total * _area(box_low, box_high) + right_cost[b + 1]
                if cost < best_cost:
                    best_axis, best_cost = axis, cost
                    best_value = low + (b + 1) * (high - low) / BINS
    return best_axis, best_value, best_cost


@nb.njit(cache=True)
def _build(triangles: FloatArray):
    count = len(triangles)
    lows, highs = np.empty((count, 3)), np.empty((count, 3))
    for i in range(count):
        for k in range(3):
            lows[i, k] = min(triangles[i, 0, k], triangles[i, 1, k], triangles[i, 2, k])
            highs[i, k] = max(triangles[i, 0, k], triangles[i, 1, k], triangles[i, 2, k])
    centre = (lows + highs) / 2
    order = np.arange(count).astype(np.int32)
    boxes, links = np.empty((2 * count, 2, 3)), np.zeros((2 * count, 2), np.int32)
    stack = [(0, count, -1)]
    used = 0
    while len(stack):
        first, n, parent = stack.pop()
        node = used
        used += 1
        if parent >= 0:
            links[parent, 0] = node
        low, high = np.full(3, np.inf), np.full(3, -np.inf)
        for i in range(first, first + n):
            low, high = np.minimum(low, lows[order[i]]), np.maximum(high, highs[order[i]])
        boxes[node, 0], boxes[node, 1] = low - 1e-9, high + 1e-9
        axis, value, middle = -1, 0.0, first
        if n > LEAF_SIZE:
            axis, value, _ = _best_split(centre, lows, highs, order, first, n)
        if axis >= 0:
            for i in range(first, first + n):
                if centre[order[i], axis] < value:
                    order[i], order[middle] = order[middle], order[i]
                    middle += 1
        if middle == first or middle == first + n:
            links[node, 0], links[node, 1] = first, n
        else:
            # the left child must be made next, directly behind its parent: push it last
            stack.append((middle, first + n - middle, node))
            stack.append((first, middle - first, -1))
    return boxes[:used].copy(), links[:used].copy(), order


@nb.njit(cache=True, inline="always")
def _enter(box, o, inv, best):
    """Return where the ray enters a box, or inf when it misses it or enters beyond ``best``."""
    near, far = 0.0, best
    for k in range(3):
        a, b = (box[0, k] - o[k]) * inv[k], (box[1, k] - o[k]) * inv[k]
        if a > b:
            a, b = b, a
        near, far = max(near, a), min(far, b)
    return near if near <= far else np.inf


@nb.njit(cache=True, inline="always")
def _triangle(corners, o, d):
    """Return the distance at which the ray meets the triangle, or inf."""
    e1x, e1y, e1z = corners[1, 0] - corners[0, 0], corners[1, 1] - corners[0, 1], corners[1, 2] - corners[0, 2]
    e2x, e2y, e2z = corners[2, 0] - corners[0, 0], corners[2, 1] - corners[0, 1], corners[2, 2] - corners[0, 2]
    px, py, pz = d[1] * e2z - d[2] * e2y, d[2] * e2x - d[0] * e2z, d[0] * e2y - d[1] * e2x
    det = e1x * px + e1y * py + e1z * pz
    if abs(det) < 1e-18:
        return np.inf
    sx, sy, sz = o[0] - corners[0, 0], o[1] - corners[0, 1], o[2] - corners[0, 2]
    u = (sx * px + sy * py + sz * pz) / det
    if u < -EDGE or u > 1 + EDGE:
        return np.inf
    qx, qy, qz = sy * e1z - sz * e1y, sz * e1x - sx * e1z, sx * e1y - sy * e1x
    v = (d[0] * qx + d[1] * qy + d[2] * qz) / det
    if v < -EDGE or u + v > 1 + EDGE:
        return np.inf
    t = (e2x * qx + e2y * qy + e2z * qz) / det
    return t if t > 1e-9 else np.inf


@nb.njit(cache=True, parallel=True)
def _cast(origins, directions, triangles, boxes, links, order, distance, triangle):
    for r in nb.prange(len(directions)):
        o, d = origins[r], directions[r]
        inv = np.empty(3)
        for k in range(3):
            inv[k] = 1.0 / d[k] if abs(d[k]) > 1e-30 else 1e30
        stack, entry = np.empty(STACK, np.int32), np.empty(STACK)
        best, hit, top = distance[r], -1, 0
        start = _enter(boxes[0], o, inv, best)
        if start < np.inf:
            stack[0], entry[0], top = 0, start, 1
        while top > 0:
            top -= 1
            if entry[top] > best:
                continue
            node = stack[top]
            if links[node, 1] > 0:
                for i in range(links[node, 0], links[node, 0] + links[node, 1]):
                    t = _triangle(triangles[order[i]], o, d)
                    if t < best:
                        best, hit = t, order[i]
                continue
            left, right = node + 1, links[node, 0]
            a, b = _enter(boxes[left], o, inv, best), _enter(boxes[right], o, inv, best)
            if a > b:
                left, right, a, b = right, left, b, a
            if b < np.inf:
                stack[top], entry[top] = right, b
                top += 1
            if a < np.inf:
                stack[top], entry[top] = left, a
                top += 1
        distance[r], triangle[r] = best, hit


_cast_few = nb.njit(cache=True)(_cast.py_func)
