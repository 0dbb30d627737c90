"""What an element would cover if it stood: surfaces of its neighbours that were measured at its very contact with them.

A column stands on a floor. Where the scan has the floor under the middle of its foot no column stands, wherever the
scanner was: a surface is measured from its free side, and there the column would be. No ray has to be known for that.
What stands a little aside uncovers a strip of the contact only, and shows its own faces.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from geometry.arrays import BoolArray, FloatArray, Int32Array, IntArray
from geometry.as_built import AsBuilt, SeenPoints, placed_triangles
from geometry.design import Mesh
from geometry.deviation.surface import numbered_rows
from geometry.element_pose import ElementShapes, unit_normals
from geometry.mesh_health import winding_numbers
from geometry.thinning import voxel_thin
from geometry.triangle_tree import TriangleTree, build_tree, cast, closest, closest_elements, triangle_boxes

ASIDE = 0.06
"""How far (m) from its designed place an element may stand and is not called absent by what it no longer covers."""
MIN_BARE = 10
"""Cells of neighbours' faces, measured though the element would cover them, from which it is not there."""
_CLEAR = 0.03
"""How far (m) before a neighbour's surface the element's body is asked for."""
_CELL = 0.05
"""Edge (m) of the cells that uncovered surface is counted in."""
_SAMPLE = 0.025
"""Spacing (m) of the samples of a neighbour's surface."""
_THIN = 0.02
"""Spacing (m) of the points that are asked."""
_MOST = 0.5
"""Share of what the element would cover of a neighbour's surface that must have been measured for it to count."""
_ON_IT = 3.0
"""Times the noise within which a point is on a surface."""
_APART = 8.0
"""Times the noise within which a second face behind a surface leaves open which of the two was measured."""
_INSIDE = 0.9
"""Winding number from which a place is inside a body, also one that is not quite closed."""
_STANDS = 100
"""Points that a neighbour must have elsewhere, and no other element, to be known to stand."""
_STRAYS = 0.02
"""Share of the element's surface beside which, or in the element, there may be points that nothing else explains."""
_ASKED = 400
"""Cells that are asked whether a displaced element would cover them; more tell no more."""
_FINE = 3000
"""Faces from which a body is not asked: it is a tree or a tap, and every place asked costs all its faces."""
_SHIFTS = np.array([ASIDE * np.array(s) / np.linalg.norm(s) for s in product((-1.0, 0.0, 1.0), repeat=3) if any(s)])


class Contacts:
    """All elements and points, to ask about the contacts of one element after the other."""

    def __init__(self, shapes: ElementShapes, as_built: AsBuilt, seen: SeenPoints) -> None:
        """Place every element."""
        self._shapes, self._seen, self._element = shapes, seen, as_built.element
        self._triangles = placed_triangles(shapes, as_built.fits)
        self._lower, self._upper = triangle_boxes(self._triangles)
        with np.errstate(invalid="ignore"):
            on = (as_built.element >= 0) & ~as_built.shared & (np.abs(as_built.residual) <= _ON_IT * seen.sigma)
        self._on = on
        self._own = np.bincount(as_built.element[on], minlength=len(shapes))
        self._stands = (self._own >= _STANDS)[shapes.element]

    def bare(self, element: int) -> int:
        """Return how many cells of neighbours' faces were measured that this element would cover.

        It would cover them wherever it stood within ``ASIDE`` of its place. 0 where less than half of every such face
        was measured, or where something stands at its place that no other element explains.
        """
        design = self._shapes.triangles[self._shapes.start[element] : self._shapes.start[element + 1]]
        corners = design.reshape(-1, 3)
        low, high = corners.min(axis=0) - ASIDE, corners.max(axis=0) + ASIDE
        about = self._stands & (self._shapes.element != element)
        about &= ((self._lower <= high) & (self._upper >= low)).all(axis=1)
        at = self._within(low, high)
        if not about.any() or len(at) == 0 or len(design) > _FINE:
            return 0
        local, owner = np.ascontiguousarray(self._triangles[about]), self._shapes.element[about]
        body = Mesh(corners, np.arange(len(corners), dtype=np.int32).reshape(-1, 3))
        points = self._seen.points[at]
        others = build_tree(local, owner)
        any_way = np.zeros_like(points)
        near = closest_elements(others, points, _ON_IT * self._seen.sigma, normals=any_way, min_cosine=0.0, k=1)
        explained = near.element[:, 0] >= 0
        if self._stands_there(points[~explained], design, body):
            return 0
        thin = np.flatnonzero(explained & np.isin(near.element[:, 0], self._elsewhere(owner, at)))
        thin = thin[voxel_thin(points[thin], _THIN)] if len(thin) else thin
        points, normal = points[thin], unit_normals(local)[near.triangle[thin, 0]]
        held = _within_body(body, points + _CLEAR * normal)
        held[held] = self._single(others, points[held], normal[held])
        if not held.any():
            return 0
        faces = _Faces(points[held], normal[held], near.element[thin[held], 0])
        return _counted(body, faces, _covered(body, local, owner, low, high))

    @cached_property
    def _sorted(self) -> tuple[IntArray, FloatArray]:
        """The points' order along x, and that coordinate: only made where an element is asked about."""
        order = np.argsort(self._seen.points[:, 0], kind="stable")
        return order, self._seen.points[order, 0]

    def _within(self, low: FloatArray, high: FloatArray) -> IntArray:
        """Return the points (k,) in a box."""
        order, x = self._sorted
        part = order[slice(*np.searchsorted(x, [low[0], high[0]]))]
        points = self._seen.points[part]
        return part[((points >= low) & (points <= high)).all(axis=1)]

    def _elsewhere(self, neighbours: Int32Array, at: IntArray) -> Int32Array:
        """Return the neighbours that are known to stand by what was measured of them elsewhere than ``at`` (k,)."""
        here = np.bincount(self._element[at[self._on[at]]], minlength=len(self._own))
        return neighbours[(self._own - here)[neighbours] >= _STANDS]

    def _single(self, others: TriangleTree, points: FloatArray, normal: FloatArray) -> BoolArray:
        """Say of which points (k, 3) the surface has no second face right behind it, of which they might be."""
        reach = np.full(len(points), _APART * self._seen.sigma)
        behind = cast(others, points - _ON_IT * self._seen.sigma * normal, -normal, reach)
        return behind.element < 0

    def _stands_there(self, points: FloatArray, design: FloatArray, body: Mesh) -> bool:
        """Say whether points (k, 3) that nothing else explains lie in or at the body, over a share of its surface."""
        if len(points) == 0:
            return False
        cell, count = numbered_rows(np.floor(points / _CELL).astype(np.int64))
        middle = np.stack([np.bincount(cell, points[:, a], len(count)) / count for a in range(3)], axis=1)
        near = closest(build_tree(np.ascontiguousarray(design)), middle, ASIDE).triangle >= 0
        cross = np.cross(design[:, 1] - design[:, 0], design[:, 2] - design[:, 0])
        strays = _STRAYS * 0.5 * float(np.linalg.norm(cross, axis=1).sum()) / _CELL**2
        return near.sum() > strays or near.sum() + _within_body(body, middle[~near]).sum() > strays


@dataclass(frozen=True, slots=True, eq=False)
class _Faces:
    """Places on faces of neighbours."""

    points: FloatArray
    """(k, 3) metres."""
    normal: FloatArray
    """(k, 3) unit, away from the neighbour."""
    neighbour: Int32Array
    """(k,)."""

    def cells(self) -> IntArray:
        """Return the cell (k, 7) of each; where it lies across its face does not count."""
        across = np.einsum("ij,ij->i", self.points, self.normal)
        place = np.floor((self.points - across[:, None] * self.normal) / _CELL + 0.5)
        return np.concatenate([place, np.round(self.normal), self.neighbour[:, None]], axis=1).astype(np.int64)


def _within_body(body: Mesh, places: FloatArray) -> BoolArray:
    return winding_numbers(body, places) > _INSIDE


def _covered(body: Mesh, triangles: FloatArray, owner: Int32Array, low: FloatArray, high: FloatArray) -> _Faces:
    """Return samples of the faces of neighbours that the body covers."""
    normals, found = unit_normals(triangles), [np.empty((0, 3))]
    for triangle in triangles:
        found.append(_samples(triangle, low, high))
    which = np.repeat(np.arange(len(triangles)), [len(at) for at in found[1:]])
    points = np.concatenate(found)
    held = _within_body(body, points + _CLEAR * normals[which])
    return _Faces(points[held], normals[which[held]], owner[which[held]])


def _samples(triangle: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Return points (n, 3) of a triangle (3, 3) within a box, on a grid seen along the axis that it faces most."""
    a, b, c = triangle
    cross = np.cross(b - a, c - a)
    along = int(np.argmax(np.abs(cross)))
    u, v = [k for k in range(3) if k != along]
    first, last = np.maximum(triangle.min(axis=0), low), np.minimum(triangle.max(axis=0), high)
    if cross[along] == 0.0 or (last < first).any():
        return np.empty((0, 3))
    grids = [_SAMPLE * (np.arange(np.floor(first[k] / _SAMPLE), last[k] / _SAMPLE) + 0.5) for k in (u, v)]
    at = np.stack(np.meshgrid(*grids, indexing="ij"), axis=-1).reshape(-1, 2)
    edges = np.stack([(b - a)[[u, v]], (c - a)[[u, v]]], axis=1)
    weight = np.linalg.solve(edges, (at - a[[u, v]]).T).T
    inside = (weight >= 0.0).all(axis=1) & (weight.sum(axis=1) <= 1.0)
    return a + weight[inside] @ np.stack([b - a, c - a])


def _counted(body: Mesh, seen: _Faces, covered: _Faces) -> int:
    """Count, over the neighbours most of whose covered faces were measured, what every place of the body covers."""
    cells, first = np.unique(seen.cells(), axis=0, return_index=True)
    all_of_it = np.unique(covered.cells(), axis=0)[:, -1]
    measured, whole = np.unique(cells[:, -1], return_counts=True), np.unique(all_of_it, return_counts=True)
    number = dict(zip(whole[0].tolist(), whole[1].tolist(), strict=True))
    bare = [n for n, k in zip(measured[0].tolist(), measured[1].tolist(), strict=True) if k >= _MOST * number.get(n, 0)]
    kept = first[np.isin(cells[:, -1], bare)]
    return _held_anywhere(body, seen.points[kept], seen.normal[kept])


def _held_anywhere(body: Mesh, points: FloatArray, normal: FloatArray) -> int:
    """Return how many places before points (k, 3) of faces the body holds wherever it stands within ``ASIDE``.

    It is moved along each face only: what stands off a face lets little of it be seen, far from the rim, and shows
    itself.
    """
    some = np.unique(np.linspace(0, max(len(points) - 1, 0), min(_ASKED, len(points))).astype(np.int64))
    before, normal, fewest = points[some] + _CLEAR * normal[some], normal[some], len(some)
    for shift in _SHIFTS:
        sideways = shift - (normal @ shift)[:, None] * normal
        fewest = min(fewest, int(_within_body(body, before - sideways).sum()))
    return fewest
