"""The edges that a drawing of an element would show: creases, borders, and where more than two faces meet."""

import numpy as np

from geometry.arrays import Int32Array, IntArray

CREASE_COSINE = float(np.cos(np.deg2rad(25.0)))
"""Faces that turn by less are one curved surface: the facets of a column are not drawn."""

_PACKABLE = 1 << 21
"""Three numbers below this fit an int64 together."""


def crease_edges(steps: IntArray, faces: Int32Array) -> tuple[IntArray, IntArray]:
    """Return corners (c, 3) and edges (e, 2) into them; corners (v, 3) at the same whole-number place count as one.

    Examples
    --------
    >>> square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    >>> corners, edges = crease_edges(square, np.array([[0, 1, 2], [0, 2, 3]], np.int32))
    >>> len(corners), len(edges)  # the diagonal is no edge
    (4, 4)
    """
    places, welded = _welded(steps)
    corners = welded[faces]
    corners = corners[(corners != np.roll(corners, 1, axis=1)).all(axis=1)]
    if len(corners) == 0:
        return np.empty((0, 3), np.int64), np.empty((0, 2), np.int64)
    a, b, c = (places[corners[:, k]].astype(np.float64) for k in range(3))
    normals = np.cross(b - a, c - a)
    normals /= np.maximum(np.linalg.norm(normals, axis=1), 1e-300)[:, None]
    ends = np.sort(corners[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    face = np.repeat(np.arange(len(corners)), 3)
    key = ends[:, 0] * len(places) + ends[:, 1]
    order = np.argsort(key, kind="stable")
    _, starts, counts = np.unique(key[order], return_index=True, return_counts=True)
    first = order[starts]
    second = order[starts + np.minimum(counts, 2) - 1]
    cosine = np.einsum("ij,ij->i", normals[face[first]], normals[face[second]])
    # which way a face looks is not to be trusted here: a flat fold is drawn as flat
    shown = ends[first[(counts != 2) | (np.abs(cosine) < CREASE_COSINE)]]
    used, edges = np.unique(shown, return_inverse=True)
    return places[used], edges.reshape(-1, 2)


def _welded(steps: IntArray) -> tuple[IntArray, IntArray]:
    """Return the different places (p, 3), in ascending order, and for each corner which one it is."""
    low = steps.min(axis=0)
    width = int((steps.max(axis=0) - low).max()) + 1
    if width >= _PACKABLE:
        places, welded = np.unique(steps, axis=0, return_inverse=True)
        return places, welded.reshape(-1)
    # one number per corner sorts about ten times as fast as rows of three
    offset = steps - low
    key = (offset[:, 0] * width + offset[:, 1]) * width + offset[:, 2]
    _, first, welded = np.unique(key, return_index=True, return_inverse=True)
    return steps[first], welded.reshape(-1)
