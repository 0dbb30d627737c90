# pyright: basic, reportUntypedFunctionDecorator=false, reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportPrivateImportUsage=false
"""Building the nodes of a bounding-volume tree: binned surface-area heuristic (Wald 2007), compiled.

Loops over single numbers where numpy would take slices: assigning slices takes numba seconds to compile.
"""

import numba as nb
import numpy as np

LEAF_SIZE = 4
_BINS = 16


@nb.njit(cache=True)
def _empty(box):
    """Make a box (6,) hold nothing."""
    for d in range(3):
        box[d] = np.inf
        box[3 + d] = -np.inf


@nb.njit(cache=True)
def _grow(box, more):
    """Make a box (6,) hold another one."""
    for d in range(3):
        box[d] = min(box[d], more[d])
        box[3 + d] = max(box[3 + d], more[3 + d])


@nb.njit(cache=True)
def _cost(box, n):
    """Return what a child of n boxes within these bounds (6,) costs: n times half the surface."""
    if n == 0:
        return 0.0
    x, y, z = box[3] - box[0], box[4] - box[1], box[5] - box[2]
    return n * (x * y + y * z + z * x)


@nb.njit(cache=True)
def _fill_bins(prim, start, end, low, per, count, bins):
    """Fill per axis and bin how many boxes start..end have their centre there (3, b) and their bounds (3, b, 6)."""
    for a in range(3):
        for k in range(_BINS):
            count[a, k] = 0
            _empty(bins[a, k])
    for i in range(start, end):
        for a in range(3):
            k = min(_BINS - 1, int((prim[i, a] + prim[i, 3 + a] - low[a]) * per[a]))
            count[a, k] += 1
            _grow(bins[a, k], prim[i])


@nb.njit(cache=True)
def _cheapest(count, bins, per, total, cost, bounds):
    """Return axis and last bin of the left part of the cheapest split; axis -1 when nothing can be split."""
    best_cost, best_axis, best_bin = np.inf, -1, 0
    for a in range(3):
        if per[a] == 0.0:
            continue
        n = 0
        _empty(bounds)
        for k in range(_BINS - 1, 0, -1):
            n += count[a, k]
            _grow(bounds, bins[a, k])
            cost[k] = _cost(bounds, n)
        n = 0
        _empty(bounds)
        for k in range(_BINS - 1):
            n += count[a, k]
            _grow(bounds, bins[a, k])
            both = _cost(bounds, n) + cost[k + 1]
            if 0 < n < total and both < best_cost:
                best_cost, best_axis, best_bin = both, a, k
    return best_axis, best_bin


@nb.njit(cache=True)
def _move(rows, numbers, source, target_rows, target_numbers, target):
    """Copy a box (6,) and its number to another place."""
    for d in range(6):
        target_rows[target, d] = rows[source, d]
    target_numbers[target] = numbers[source]


@nb.njit(cache=True)
def _split(prim, order, start, end, low, per, count, bins, cost, bounds, spare, spare_order):
    """Put boxes start..end in the order of a binned-SAH split and return where its right part starts.

    The rows themselves are moved, so that every level reads memory in order. All after ``end`` is scratch memory.
    """
    for a in range(3):
        low[a], high = np.inf, -np.inf
        for i in range(start, end):
            centre = prim[i, a] + prim[i, 3 + a]
            low[a] = min(low[a], centre)
            high = max(high, centre)
        per[a] = _BINS / (high - low[a]) if high > low[a] else 0.0
    _fill_bins(prim, start, end, low, per, count, bins)
    axis, last = _cheapest(count, bins, per, end - start, cost, bounds)
    if axis < 0:  # all centres coincide: halve
        return (start + end) // 2
    left, right = start, 0
    for i in range(start, end):
        if min(_BINS - 1, int((prim[i, axis] + prim[i, 3 + axis] - low[axis]) * per[axis])) <= last:
            _move(prim, order, i, prim, order, left)
            left += 1
        else:
            _move(prim, order, i, spare, spare_order, right)
            right += 1
    for i in range(right):
        _move(spare, spare_order, i, prim, order, left + i)
    return left


@nb.njit(cache=True)
def build_nodes(lower, upper):
    """Return leaf order (t,), node boxes (m, 6) and children (m, 2) over triangle boxes (t, 3), (t, 3)."""
    t = len(lower)
    order, spare_order = np.empty(t, np.int32), np.empty(t, np.int32)
    prim, spare = np.empty((t, 6)), np.empty((t, 6))
    for i in range(t):
        order[i] = i
        for d in range(3):
            prim[i, d], prim[i, 3 + d] = lower[i, d], upper[i, d]
    low, per, bounds, cost = np.empty(3), np.empty(3), np.empty(6), np.empty(_BINS)
    count, bins = np.empty((3, _BINS), np.int64), np.empty((3, _BINS, 6))
    box = np.empty((2 * t, 6))
    child = np.zeros((2 * t, 2), np.int32)
    begin, stop, todo = np.empty(2 * t, np.int64), np.empty(2 * t, np.int64), np.empty(2 * t, np.int64)
    begin[0], stop[0], todo[0] = 0, t, 0
    n_todo, n_nodes = 1, 1
    while n_todo > 0:
        n_todo -= 1
        node = todo[n_todo]
        start, end = begin[node], stop[node]
        _empty(box[node])
        for i in range(start, end):
            _grow(box[node], prim[i])
        if end - start <= LEAF_SIZE:
            child[node, 0], child[node, 1] = start, end - start
            continue
        middle = _split(prim, order, start, end, low, per, count, bins, cost, bounds, spare, spare_order)
        child[node, 0] = n_nodes
        begin[n_nodes], stop[n_nodes] = start, middle
        begin[n_nodes + 1], stop[n_nodes + 1] = middle, end
        todo[n_todo], todo[n_todo + 1] = n_nodes, n_nodes + 1
        n_todo += 2
        n_nodes += 2
    return order, box[:n_nodes].copy(), child[:n_nodes].copy()


@nb.njit(cache=True)
def build_forest(lower, upper, start):
    """Build one tree per element over triangle boxes (t, 3) of consecutive slots start[i]..start[i+1].

    Returns leaf order (t,), boxes, children and the root node of each element; leaf slots are global.
    """
    count = len(start) - 1
    order = np.empty(len(lower), np.int32)
    box = np.empty((2 * len(lower) + count, 6))
    child = np.empty((2 * len(lower) + count, 2), np.int32)
    root = np.zeros(count, np.int32)
    used = 0
    for e in range(count):
        a, b = start[e], start[e + 1]
        root[e] = used
        if b == a:
            continue
        local_order, local_box, local_child = build_nodes(lower[a:b], upper[a:b])
        m = len(local_box)
        for i in range(b - a):
            order[a + i] = local_order[i] + a
        for i in range(m):
            for d in range(6):
                box[used + i, d] = local_box[i, d]
            leaf = local_child[i, 1] > 0
            child[used + i, 0] = local_child[i, 0] + (a if leaf else used)
            child[used + i, 1] = local_child[i, 1]
        used += m
    return order, box[:used].copy(), child[:used].copy(), root
