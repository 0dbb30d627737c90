"""Edges along which a solid touches itself: four faces meet there, and which of them belong together is to be told."""

from math import atan2, sqrt

import numpy as np

from geometry.arrays import FloatArray, IntArray


def parted(vertices: FloatArray, faces: IntArray) -> tuple[FloatArray, IntArray] | None:
    """Return a mesh with its corners doubled where the solid only touches itself, so that two faces meet at each edge.

    Around an edge a face goes with the next one on its inner side: the same material is between them. None where
    edges do not close.

    Parameters
    ----------
    vertices
        (v, 3), one for each place.
    faces
        (f, 3), outward.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = _pairs(vertices, faces)
    if pairs is None:
        return None
    # corners 3 f + k of the faces that share a vertex by way of shared edges
    first, second = pairs
    ends = np.concatenate([first, _ahead(first)]), np.concatenate([_ahead(second), second])
    count = 3 * len(faces)
    linked = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(count, count))
    label = connected_components(linked, directed=False)[1]
    _, at = np.unique(label, return_index=True)
    return _halved(vertices[faces.ravel()[at]], label.reshape(-1, 3).astype(np.int64), first, second)


def _halved(vertices: FloatArray, faces: IntArray, first: IntArray, second: IntArray) -> tuple[FloatArray, IntArray]:
    """Return a mesh with an own corner put in the middle of each edge that shares both its ends with another edge."""
    ends = np.sort(np.stack([faces.ravel()[first], faces.ravel()[_ahead(first)]], axis=1), axis=1)
    _, place, count = np.unique(ends, axis=0, return_inverse=True, return_counts=True)
    rows = np.flatnonzero(count[place.ravel()] > 1)
    middle = {int(half): len(vertices) + k for k, row in enumerate(rows) for half in (first[row], second[row])}
    cut = sorted({half // 3 for half in middle})
    made = list[tuple[int, int, int]]()
    for face in cut:
        around = [one for k in range(3) for one in (int(faces[face, k]), middle.get(3 * face + k)) if one is not None]
        # a fan from a middle never lies along an edge
        start = next(k for k, one in enumerate(around) if one >= len(vertices))
        turned = around[start:] + around[:start]
        made += [(turned[0], turned[k], turned[k + 1]) for k in range(1, len(turned) - 1)]
    left = np.delete(faces, cut, axis=0)
    return (
        np.concatenate([vertices, vertices[ends[rows]].mean(axis=1).reshape(-1, 3)]),
        np.concatenate([left, np.array(made, dtype=np.int64).reshape(-1, 3)]),
    )


def _ahead(half: IntArray) -> IntArray:
    """Return the corner of the same face that a half-edge leads to."""
    return 3 * (half // 3) + (half + 1) % 3


def _pairs(vertices: FloatArray, faces: IntArray) -> tuple[IntArray, IntArray] | None:
    """Return the half-edges that belong together, those from the lower to the higher corner first; 3 f + k each."""
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    low, high = np.minimum(start, end), np.maximum(start, end)
    order = np.lexsort((start > end, high, low))
    edge = low[order] * (int(faces.max()) + 1) + high[order]
    begins = np.flatnonzero(np.concatenate([[True], edge[1:] != edge[:-1]]))
    sizes = np.diff(np.append(begins, len(edge)))
    if np.any(np.add.reduceat((start < end)[order].astype(np.int64), begins) * 2 != sizes):
        return None
    plain = begins[sizes == 2]
    first, second = list[int](order[plain]), list[int](order[plain + 1])
    for begin, size in zip(begins[sizes > 2], sizes[sizes > 2], strict=True):
        halves = order[begin : begin + size]
        angle = _angles(vertices, faces, halves, int(low[halves[0]]), int(high[halves[0]]))
        for row in range(size // 2):
            # inwards is where the angle falls; the next face there runs the other way
            turn = (angle[row] - angle[size // 2 :]) % (2.0 * np.pi)
            first.append(int(halves[row]))
            second.append(int(halves[size // 2 + int(np.argmin(turn))]))
    if len(set(second)) != len(second):
        return None
    return np.array(first), np.array(second)


def _angles(vertices: FloatArray, faces: IntArray, halves: IntArray, low: int, high: int) -> FloatArray:
    """Return the angles of faces around an edge from ``low`` to ``high``, against the first one, radians."""
    third = faces[halves // 3, (halves + 2) % 3]
    along, away = (vertices[high] - vertices[low]).tolist(), (vertices[third] - vertices[low]).tolist()
    # two directions across the edge, the first towards the first face; a few numbers each, quicker one by one
    towards, across = _across(along, away[0])
    return np.array([atan2(_dot(one, across), _dot(one, towards)) for one in away])


def _across(along: list[float], first: list[float]) -> tuple[list[float], list[float]]:
    """Return the part of a vector across another, and a vector as long across both, right-handed."""
    share = _dot(first, along) / _dot(along, along)
    towards = [one - share * other for one, other in zip(first, along, strict=True)]
    (x, y, z), (u, v, w), length = along, towards, sqrt(_dot(along, along))
    return towards, [(y * w - z * v) / length, (z * u - x * w) / length, (x * v - y * u) / length]


def _dot(first: list[float], second: list[float]) -> float:
    return first[0] * second[0] + first[1] * second[1] + first[2] * second[2]
