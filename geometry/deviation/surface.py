# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""The deviation of an element's seen surface, patch by patch, with its uncertainty.

Points are gathered into patches of one face direction. A patch's deviation is what the rigid as-built pose predicts
there plus the local residual, averaged over the neighbouring patches; a patch counts as the element's own surface only
when it joins on to it without a step, so that a box standing on a slab is not the slab.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from geometry.arrays import BoolArray, FloatArray, IntArray, highest, lowest
from geometry.cell_kernels import numbered_keys

_CELLS = (0.05, 0.1, 0.2, 0.4)
_MIN_PATCH = 4
_NEIGHBOURS = np.array([(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)])


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """Patches of one element's surface."""

    deviation: FloatArray
    """(p,) signed deviation from the designed surface, metres, + = outside."""
    uncertainty: FloatArray
    """(p,) standard uncertainty from noise and sampling, metres."""
    position: FloatArray
    """(p, 3) metres."""
    normal: FloatArray
    """(p, 3) designed outward normal."""
    points: IntArray
    """(p,) how many points lie in each."""
    alone: IntArray
    """(p,) how many of them no other element explains as well."""
    support: IntArray
    """(p,) how many points its value rests on, neighbours included."""
    area: FloatArray
    """(p,) square metres that its points cover, counted in cells a quarter as wide."""
    own: BoolArray
    """(p,) True where the patch joins on to the element's surface without a step."""
    cell: FloatArray
    """(p,) edge length of each patch, metres: that of its face direction, by how densely that was seen."""


def patch_surface(
    points: FloatArray,
    normals: FloatArray,
    deviation: FloatArray,
    residual: FloatArray,
    *,
    sigma: float,
    shared: BoolArray | None = None,
) -> Patches:
    """Gather an element's points (n, 3) into patches.

    Parameters
    ----------
    points, normals
        (n, 3) as-built points and the designed face normals they belong to.
    deviation, residual
        (n,) signed distances to the designed and to the rigidly placed face, metres.
    sigma
        Standard deviation of a point, metres.
    shared
        (n,) True where another element explains the point as well; default: none.
    """
    cell, key = _gridded(points, normals)
    patch, count = numbered_rows(key)
    cells = np.zeros(len(count))
    cells[patch] = cell
    # medians by sorting once: robust against strays at edges
    middle = _median_by(patch, residual, count)
    predicted = _mean_by(patch, deviation - residual, count)
    position = np.stack([_mean_by(patch, points[:, a], count) for a in range(3)], axis=1)
    normal = np.stack([_mean_by(patch, normals[:, a], count) for a in range(3)], axis=1)
    keys = np.zeros((len(count), key.shape[1]), np.int64)
    keys[patch] = key
    enough = count >= min(_MIN_PATCH, max(1, int(np.median(count))))
    area = _covered_area(points, normals, patch, cells)[enough]
    alone = (count if shared is None else np.bincount(patch[~shared], minlength=len(count)))[enough].astype(np.int64)
    keys, middle, predicted, count = keys[enough], middle[enough], predicted[enough], count[enough]
    position, normal = position[enough], normal[enough]
    pairs = adjacent_cells(keys)
    own = _joined(pairs, keys[:, 3], middle, count, sigma)
    smooth, support = _smoothed(pairs, middle, count, own)
    spread = np.maximum(sigma, 0.0005)
    return Patches(
        deviation=predicted + smooth,
        uncertainty=1.2533 * spread / np.sqrt(np.maximum(support, 1.0)),  # standard error of a median
        position=position,
        normal=normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12),
        points=count,
        alone=alone,
        support=support.astype(np.int64),
        area=area,
        own=own,
        cell=cells[enough],
    )


def _gridded(points: FloatArray, normals: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return the edge (n,) of the cell that each point is in, and its key (n, 4): the cell and the face direction.

    Every face direction has the smallest cells whose patches hold enough of its own points: a reveal seen at a slant
    has a point where the wall beside it has a hundred, and is judged all the same.
    """
    first = lowest(points)
    axis = np.argmax(np.abs(normals), axis=1)
    sign = normals[np.arange(len(normals)), axis] > 0
    face = (axis * 2 + sign).astype(np.int64)
    key = np.zeros((len(points), 4), np.int64)
    cell = np.zeros(len(points))
    for number in range(6):
        these = np.flatnonzero(face == number)
        for size in _CELLS if len(these) else ():
            key[these, :3] = np.floor((points[these] - first) / size)
            key[these, 3], cell[these] = number, size
            if np.median(numbered_rows(key[these])[1]) >= 2 * _MIN_PATCH:
                break
    return cell, key


def _covered_area(points: FloatArray, normals: FloatArray, patch: IntArray, cell: FloatArray) -> FloatArray:
    """Return the area (m²) of the quarter cells of each patch that hold a point, seen along its main axis.

    Sparse points leave quarter cells empty, so that it is rather too small: a line of points is not a surface.
    ``cell`` is the edge of every patch's cell, metres.
    """
    axis = np.argmax(np.abs(normals), axis=1)
    each = np.arange(len(points))
    quarter = np.floor(points / (0.25 * cell[patch])[:, None]).astype(np.int64)
    plane = np.stack([quarter[each, (axis + 1) % 3], quarter[each, (axis + 2) % 3]], axis=1)
    held, count = numbered_rows(np.concatenate([patch[:, None], plane], axis=1))
    of_patch, cosine = np.empty(len(count), np.int64), np.empty(len(count))
    of_patch[held], cosine[held] = patch, np.abs(normals[each, axis])
    each_area = (0.25 * cell[of_patch]) ** 2 / np.maximum(cosine, 0.5)
    return np.bincount(of_patch, weights=each_area, minlength=len(cell)).astype(np.float64)


def numbered_rows(rows: IntArray) -> tuple[IntArray, IntArray]:
    """Return the number (n,) of each row's value, in rising order of the rows (n, k), and how often each occurs.

    The same as :func:`numpy.unique` over rows, many times as fast: rows become single numbers first.
    """
    if len(rows) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    low = lowest(rows)
    extent = highest(rows) - low + 1
    if np.prod(extent.astype(np.float64)) >= 2.0**62:
        _, number, count = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
        return number.reshape(-1).astype(np.int64), count.astype(np.int64)
    code = np.zeros(len(rows), np.int64)
    for column in range(rows.shape[1]):
        code = code * extent[column] + (rows[:, column] - low[column])
    met, first = numbered_keys(code)
    order = np.argsort(code[first])  # of the different ones only
    rising = np.empty(len(first), np.int64)
    rising[order] = np.arange(len(first))
    number = rising[met]
    return number, np.bincount(number).astype(np.int64)


def _mean_by(group: IntArray, values: FloatArray, count: IntArray) -> FloatArray:
    return np.bincount(group, weights=values, minlength=len(count)) / count


def _median_by(group: IntArray, values: FloatArray, count: IntArray) -> FloatArray:
    """Return the median of values per group (all groups non-empty)."""
    order = np.argsort(values)
    # few groups fit 16 bits, which numpy sorts by radix
    order = order[np.argsort(group[order].astype(np.min_scalar_type(len(count))), kind="stable")]
    start = np.concatenate([[0], np.cumsum(count)[:-1]])
    low, high = start + (count - 1) // 2, start + count // 2
    return 0.5 * (values[order[low]] + values[order[high]])


def adjacent_cells(keys: IntArray) -> tuple[IntArray, IntArray]:
    """Return index pairs (including each patch with itself) of patches of one face direction in touching cells.

    ``keys`` (n, 4) are whole numbers from 0: the cell of each patch along x, y and z, and its face direction.
    """
    shape = keys.max(axis=0) + 3 if len(keys) else np.ones(4, np.int64)

    def flat(k: IntArray) -> IntArray:
        return ((k[:, 3] * shape[2] + k[:, 2] + 1) * shape[1] + k[:, 1] + 1) * shape[0] + k[:, 0] + 1

    code = flat(keys)
    order = np.argsort(code)
    left: list[IntArray] = []
    right: list[IntArray] = []
    for step in _NEIGHBOURS:
        wanted = flat(keys + np.append(step, 0))
        at = np.searchsorted(code[order], wanted)
        at[at == len(order)] = 0
        hit = code[order[at]] == wanted
        left.append(np.flatnonzero(hit))
        right.append(order[at[hit]])
    return np.concatenate(left), np.concatenate(right)


def _joined(
    pairs: tuple[IntArray, IntArray], face: IntArray, middle: FloatArray, count: IntArray, sigma: float
) -> BoolArray:
    """Say which patches are reached from the surface at the fitted pose without a step larger than the noise allows."""
    if len(middle) == 0:
        return np.zeros(0, bool)
    noise = 1.2533 * sigma / np.sqrt(count)
    left, right = pairs
    smooth = np.abs(middle[left] - middle[right]) <= 0.003 + 3.0 * np.hypot(noise[left], noise[right])
    graph = coo_matrix((np.ones(smooth.sum()), (left[smooth], right[smooth])), shape=(len(middle), len(middle)))
    label = connected_components(graph, directed=False)[1]
    seed = np.abs(middle) <= 0.003 + 3.0 * noise
    share = np.bincount(label, weights=seed * count) / np.bincount(label, weights=count)
    # a component is the element's own surface when a fair part of it lies where the rigid pose says
    own = share[label] >= 0.1
    if count[own].sum() >= 0.5 * count.sum():
        return own
    # nothing lies where the pose says: an element cast too thin or thick is off on all sides; its largest parts count
    size = np.bincount(label, weights=count)
    large = size[label] >= 0.5 * np.bincount(face, weights=count)[face]
    # a single face cannot say that: the rigid pose would have followed it
    return own | large if len(np.unique(face[large])) > 1 else own


def _smoothed(
    pairs: tuple[IntArray, IntArray], middle: FloatArray, count: IntArray, own: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Average the residual over adjacent patches of one kind, weighted by points; return it and the points used."""
    left, right = pairs
    same = own[left] == own[right]
    left, right = left[same], right[same]
    weight = np.bincount(left, weights=count[right].astype(np.float64), minlength=len(middle))
    total = np.bincount(left, weights=count[right] * middle[right], minlength=len(middle))
    return total / np.maximum(weight, 1.0), weight.astype(np.float64)
