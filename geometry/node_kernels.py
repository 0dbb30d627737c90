# pyright: basic, reportUntypedFunctionDecorator=false, reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportPrivateImportUsage=false
"""Building the nodes of a bounding-volume tree: binned surface-area heuristic (Wald 2007), then eight boxes to a node.

Eight boxes fill the processor's vector registers (Wald, Benthin & Boulos 2008, "Getting Rid of Packets"). Loops over
single numbers where numpy would take slices: assigning slices takes numba seconds to compile.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from geometry.compiled import kernel
from geometry.lane_kernels import LANES
from geometry.vector_kernels import Array, times

LEAF_SIZE = LANES
NO_CHILD = -1
_BINS = 16
_ZERO, _LAST_BIN = np.int64(0), np.int64(_BINS - 1)
"""A bare 0 is a type of its own for numba, and what it is handed to is compiled once more for it."""
_DEEPEST = 40
"""Nodes deeper than this are halved, so that no arrangement of triangles makes a tree deeper than a search's stack."""


def _grow(typing_context, box, i, more, j):
    """Make row ``i`` of boxes (?, 8) hold row ``j`` of others."""
    signature = types.void(box, types.int64, more, types.int64)

    def generate(context, builder, signature, arguments):
        grown = Array(context, builder, signature.args[0], arguments[0])
        row = times(builder, arguments[1], LANES)
        other = Array(context, builder, signature.args[2], arguments[2]).row(times(builder, arguments[3], LANES))
        grown.put(row, other.smaller(grown.row(row)))
        return context.get_dummy_value()

    return signature, generate


def _grow_centre(typing_context, centre, i, prim, j):
    """Make row ``i`` of bounds (?, 8) hold (twice) the centre of box ``j``."""
    signature = types.void(centre, types.int64, prim, types.int64)

    def generate(context, builder, signature, arguments):
        grown = Array(context, builder, signature.args[0], arguments[0])
        row = times(builder, arguments[1], LANES)
        box = Array(context, builder, signature.args[2], arguments[2]).row(times(builder, arguments[3], LANES))
        grown.put(row, (box - box.turned(LANES // 2)).smaller(grown.row(row)))
        return context.get_dummy_value()

    return signature, generate


_grow_box: Callable[..., Any] = intrinsic(_grow)
_grow_bounds: Callable[..., Any] = intrinsic(_grow_centre)


@kernel(inline="always")
def _empty(box, i):
    """Make row ``i`` of boxes (?, 8) hold nothing."""
    for d in range(LANES):
        box[i, d] = np.inf


@kernel(inline="always")
def _half_surface(box, i):
    x, y, z = -box[i, 4] - box[i, 0], -box[i, 5] - box[i, 1], -box[i, 6] - box[i, 2]
    return x * y + y * z + z * x


@kernel(inline="always")
def _bin_of(prim, i, axis, low, per):
    """Return the bin that the centre of box ``i`` lies in; some bin where a number is too large to say."""
    return max(_ZERO, min(_LAST_BIN, np.int64((prim[i, axis] - prim[i, 4 + axis] - low) * per)))


@kernel()
def _fill_bins(prim, start, end, centre, node, per, count, bins):
    """Fill per axis and bin how many boxes start..end have their centre there (3 b,) and their bounds (3 b, 8)."""
    for k in range(3 * _BINS):
        count[k] = 0
        _empty(bins, k)
    for i in range(start, end):
        for a in range(3):
            k = a * _BINS + _bin_of(prim, i, a, centre[node, a], per[a])
            count[k] += 1
            _grow_box(bins, k, prim, i)


@kernel()
def _cheapest(count, bins, per, total, cost, bounds):
    """Return axis and last bin of the left part of the cheapest split; axis -1 when nothing can be split."""
    best_cost, best_axis, best_bin = np.inf, -1, 0
    for a in range(3):
        if per[a] == 0.0:
            continue
        n = 0
        _empty(bounds, 0)
        for k in range(_BINS - 1, 0, -1):
            n += count[a * _BINS + k]
            _grow_box(bounds, 0, bins, a * _BINS + k)
            cost[k] = n * _half_surface(bounds, 0) if n > 0 else 0.0
        n = 0
        _empty(bounds, 0)
        for k in range(_BINS - 1):
            n += count[a * _BINS + k]
            _grow_box(bounds, 0, bins, a * _BINS + k)
            if 0 < n < total:
                both = n * _half_surface(bounds, 0) + cost[k + 1]
                if both < best_cost:
                    best_cost, best_axis, best_bin = both, a, k
    return best_axis, best_bin


@kernel(inline="always")
def _move(rows, numbers, source, target_rows, target_numbers, target):
    """Copy a box (8,) and its number to another place."""
    for d in range(LANES):
        target_rows[target, d] = rows[source, d]
    target_numbers[target] = numbers[source]


@kernel()
def _part(prim, order, start, end, axis, last, low, per, spare, spare_order, box, centre, left, right):
    """Move the boxes up to bin ``last`` before the others, bound both parts in rows ``left`` and ``right``.

    Returns where the right part starts. The rows themselves are moved, so that every level reads memory in order.
    """
    for node in (left, right):
        _empty(box, node)
        _empty(centre, node)
    middle = (start + end) // 2
    kept, away = start, 0
    for i in range(start, end):
        if axis < 0:
            stays = i < middle
        else:
            stays = _bin_of(prim, i, axis, low, per) <= last
        side = left if stays else right
        _grow_box(box, side, prim, i)
        _grow_bounds(centre, side, prim, i)
        if stays:
            _move(prim, order, i, prim, order, kept)
            kept += 1
        else:
            _move(prim, order, i, spare, spare_order, away)
            away += 1
    for i in range(away):
        _move(spare, spare_order, i, prim, order, kept + i)
    return kept


@kernel()
def _pairs(lower, upper, frame):
    """Return leaf order (t,), boxes in leaf order (t, 8), node boxes (m, 8) and children (m, 2) of a binary tree.

    A box is in single precision relative to the frame's centre: lower corner, 0, the upper one's negative, 0; so the
    smaller of both, number by number, holds two of them. Children: number of the first (the second is next to it) and
    0, or the first slot and the count of a leaf.
    """
    t = len(lower)
    order, spare_order = np.empty(t, np.int32), np.empty(t, np.int32)
    prim, spare = np.zeros((t, LANES), np.float32), np.empty((t, LANES), np.float32)
    per, bounds, cost = np.empty(3, np.float32), np.empty((1, LANES), np.float32), np.empty(_BINS)
    count, bins = np.empty(3 * _BINS, np.int64), np.empty((3 * _BINS, LANES), np.float32)
    box, centre = np.empty((2 * t, LANES), np.float32), np.empty((2 * t, LANES), np.float32)
    child = np.zeros((2 * t, 2), np.int32)
    begin, stop, deep = np.empty(2 * t, np.int64), np.empty(2 * t, np.int64), np.zeros(2 * t, np.int64)
    pending = np.empty(2 * t, np.int64)
    _empty(box, 0)
    _empty(centre, 0)
    for i in range(t):
        order[i] = i
        for d in range(3):
            prim[i, d], prim[i, 4 + d] = lower[i, d] - frame[d], frame[d] - upper[i, d]
        _grow_box(box, 0, prim, i)
        _grow_bounds(centre, 0, prim, i)
    begin[0], stop[0], pending[0] = 0, t, 0
    n_pending, n_nodes = 1, 1
    while n_pending > 0:
        n_pending -= 1
        node = pending[n_pending]
        start, end = begin[node], stop[node]
        if end - start <= LEAF_SIZE:
            child[node, 0], child[node, 1] = start, end - start
            continue
        for a in range(3):
            extent = -centre[node, 4 + a] - centre[node, a]
            per[a] = _BINS / extent if 1e-36 < extent < 1e36 and deep[node] < _DEEPEST else 0.0
        axis, last = np.int64(-1), _ZERO
        if per[0] + per[1] + per[2] > 0.0:
            _fill_bins(prim, start, end, centre, node, per, count, bins)
            axis, last = _cheapest(count, bins, per, end - start, cost, bounds)
        left, right = n_nodes, n_nodes + 1
        middle = _part(
            prim, order, start, end, axis, last, centre[node, axis], per[axis], spare, spare_order,
            box, centre, left, right,
        )  # fmt: skip
        child[node, 0] = left
        begin[left], stop[left], begin[right], stop[right] = start, middle, middle, end
        deep[left] = deep[right] = deep[node] + 1
        pending[n_pending], pending[n_pending + 1] = left, right
        n_pending += 2
        n_nodes += 2
    return order, prim, box[:n_nodes], child[:n_nodes]


@kernel()
def _open(box, child, node, inside):
    """Fill ``inside`` (8,) with the binary nodes that stand in one wide node for ``node``; return their number."""
    inside[0], inside[1], n = child[node, 0], child[node, 0] + 1, 2
    while n < LANES:
        widest, at = -1.0, -1
        for j in range(n):
            if child[inside[j], 1] == 0 and _half_surface(box, inside[j]) > widest:
                widest, at = _half_surface(box, inside[j]), j
        if at < 0:
            break
        first = child[inside[at], 0]
        inside[at], inside[n] = first, first + 1
        n += 1
    return n


@kernel(inline="always")
def _put(wide, node, lane, box, i):
    """Write box ``i`` into a lane of a node."""
    for d in range(3):
        wide[node, d, lane] = box[i, d]
        wide[node, 3 + d, lane] = -box[i, 4 + d]


@kernel()
def _widen(prim, box, child, slot, wide, below, used):
    """Write a binary tree as wide nodes from row ``used`` on; return the next free row.

    ``slot`` is added to the leaf slots. A child is a node's number, -2 - slot for a triangle, or NO_CHILD.
    """
    pending, target, n_pending = np.empty(len(child), np.int64), np.empty(len(child), np.int64), 1
    pending[0], target[0] = 0, used
    used += 1
    inside = np.empty(LANES, np.int64)
    while n_pending > 0:
        n_pending -= 1
        node, at = pending[n_pending], target[n_pending]
        first, n = child[node, 0], child[node, 1]
        for j in range(n):
            below[at, j] = -2 - (slot + first + j)
            _put(wide, at, j, prim, first + j)
        if n == 0:
            n = _open(box, child, node, inside)
            for j in range(n):
                below[at, j] = used
                _put(wide, at, j, box, inside[j])
                pending[n_pending], target[n_pending] = inside[j], used
                used += 1
                n_pending += 1
        for j in range(n, LANES):
            below[at, j] = NO_CHILD
            for d in range(6):
                wide[at, d, j] = np.inf
    return used


@kernel()
def _frame(lower, upper):
    """Return the centre of all boxes and how far they reach from it, (4,)."""
    frame = np.zeros(4)
    for d in range(3):
        low, high = np.inf, -np.inf
        for i in range(len(lower)):
            low = min(low, lower[i, d])
            high = max(high, upper[i, d])
        frame[d] = 0.5 * (low + high)
        frame[3] = max(frame[3], 0.5 * (high - low))
    return frame


@kernel()
def build_forest(lower, upper, start):
    """Build one tree per element over triangle boxes (t, 3), (t, 3) of consecutive slots start[i]..start[i+1].

    Returns
    -------
    order
        (t,) number of the triangle in each leaf slot.
    boxes
        (m, 6, 8) single precision, of the children of each node, see :mod:`geometry.lane_kernels`.
    child
        (m, 8) what is in each box: a node, -2 - slot for a triangle, or NO_CHILD.
    frame
        (4,) centre that the boxes are relative to, and how far they reach.
    root
        The first node of each element.
    """
    count = len(start) - 1
    order, frame, root = np.empty(len(lower), np.int32), _frame(lower, upper), np.zeros(count, np.int32)
    most = 2 * len(lower) + count  # memory that is not written to is not taken
    wide, below = np.empty((most, 6, LANES), np.float32), np.empty((most, LANES), np.int32)
    used = _ZERO
    for e in range(count):
        a, b = start[e], start[e + 1]
        root[e] = used
        if b == a:
            continue
        leaves, prim, box, child = _pairs(lower[a:b], upper[a:b], frame)
        for i in range(b - a):
            order[a + i] = leaves[i] + a
        used = _widen(prim, box, child, a, wide, below, used)
    return order, wide[:used].copy(), below[:used].copy(), frame, root
