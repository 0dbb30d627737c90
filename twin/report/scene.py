"""The check as drawable arrays: triangles, edges and scan points, by element, relative to the design's origin."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray, IntArray
from geometry.design import Element
from geometry.pose import Pose
from twin.result import CheckResult

EDGE_ANGLE_COS = float(np.cos(np.radians(20.0)))
POINT_LIMIT = 1_500_000
"""Pictures need no more scan points than this; a larger cloud is thinned evenly for drawing only."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Rows of an array sorted by the element they belong to: those of element i are ``start[i]:start[i + 1]``."""

    start: IntArray

    def rows(self, elements: Sequence[int]) -> IntArray:
        """Return the rows of some elements."""
        pieces = [np.arange(self.start[i], self.start[i + 1], dtype=np.int64) for i in elements]
        return np.concatenate(pieces) if pieces else np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Arrays to draw from; lengths in metres relative to the design's origin."""

    triangles: FloatArray
    """(f, 3, 3), by element."""
    faces_of: Groups
    edges: FloatArray
    """(e, 2, 3) outline segments, by element."""
    edges_of: Groups
    boxes: FloatArray
    """(n, 2, 3) lowest and highest corner per element."""
    points: FloatArray
    """(p, 3) scan points, by element; the last group belongs to none."""
    signed: FloatArray
    """(p,) signed deviation, NaN where none."""
    points_of: Groups

    @property
    def unassigned(self) -> int:
        """The group of the points that belong to no element."""
        return len(self.boxes)


def make_scene(result: CheckResult) -> Scene:
    """Return the scene of a check; elements are in the order of the result, or of the design when it was refused."""
    elements = drawn_elements(result)
    triangles = [element.mesh.triangles() for element in elements]
    counts = np.array([len(piece) for piece in triangles], np.int64)
    owner = np.repeat(np.arange(len(elements)), counts)
    corners = np.concatenate(triangles) if triangles else np.empty((0, 3, 3))
    edges, edge_owner = outlines(corners, owner)
    boxes = np.array([_box(piece) for piece in triangles]).reshape(-1, 2, 3)
    points, point_owner, signed = _points(result, len(elements))
    return Scene(
        corners,
        _groups(owner, len(elements)),
        edges,
        _groups(edge_owner, len(elements)),
        boxes,
        points,
        signed,
        _groups(point_owner, len(elements) + 1),
    )


def drawn_elements(result: CheckResult) -> list[Element]:
    """Return the designed elements in the order of the result, all of the design when nothing was judged.

    Elements without a shape come last in a result and are not drawn.
    """
    designed = result.design.elements
    if result.elements:
        return [designed[element.global_id] for element in result.elements if element.global_id in designed]
    return list(result.design.elements.values())


def outlines(triangles: FloatArray, owner: IntArray) -> tuple[FloatArray, IntArray]:
    """Return the edges worth drawing, (e, 2, 3), and the element of each, (e,), sorted by element.

    An edge is drawn where the surface ends or turns by more than 20 degrees; corners closer than 0.1 mm are one.

    Parameters
    ----------
    triangles
        (f, 3, 3) metres.
    owner
        (f,) element of each triangle.
    """
    if len(triangles) == 0:
        return np.empty((0, 2, 3)), np.empty(0, np.int64)
    keys = np.empty((len(triangles) * 3, 4), np.int64)
    keys[:, :3] = np.round(triangles.reshape(-1, 3) * 1e4)
    keys[:, 3] = np.repeat(owner, 3)
    _, first, corner = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    corner = corner.reshape(-1, 3)
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    ends = np.sort(np.concatenate([corner[:, [0, 1]], corner[:, [1, 2]], corner[:, [2, 0]]]), axis=1)
    of_face = np.tile(np.arange(len(triangles)), 3)
    order = np.lexsort((ends[:, 1], ends[:, 0]))
    ends, of_face = ends[order], of_face[order]
    new = np.r_[True, (ends[1:] != ends[:-1]).any(axis=1)]
    start = np.flatnonzero(new)
    shared_by = np.diff(np.r_[start, len(ends)])
    partner = np.minimum(start + 1, len(ends) - 1)
    bend = np.einsum("ij,ij->i", normals[of_face[start]], normals[of_face[partner]])
    drawn = (shared_by != 2) | (bend < EDGE_ANGLE_COS)
    drawn &= ends[start, 0] != ends[start, 1]
    positions = triangles.reshape(-1, 3)[first]
    segments = positions[ends[start[drawn]]]
    edge_owner = owner[of_face[start[drawn]]]
    by_element = np.argsort(edge_owner, kind="stable")
    return segments[by_element], edge_owner[by_element]


def _box(triangles: FloatArray) -> FloatArray:
    if len(triangles) == 0:
        return np.zeros((2, 3))
    return np.stack([triangles.min(axis=(0, 1)), triangles.max(axis=(0, 1))])


def _groups(owner: IntArray, count: int) -> Groups:
    return Groups(np.searchsorted(owner, np.arange(count + 1)).astype(np.int64))


def _points(result: CheckResult, count: int) -> tuple[FloatArray, IntArray, FloatArray]:
    """Return scan points in the design frame with owner (``count`` = none) and signed deviation, sorted by owner."""
    pose = result.registration.T_design_scan or Pose.identity()
    step = max(1, -(-len(result.scan.points) // POINT_LIMIT))
    points = pose.apply(result.scan.points[::step])
    found = result.point_deviations
    if found is None:
        return points, np.full(len(points), count, np.int64), np.full(len(points), np.nan)
    owner = found.element_index[::step].astype(np.int64)
    owner[owner < 0] = count
    order = np.argsort(owner, kind="stable")
    return points[order], owner[order], found.signed_distance[::step].astype(np.float64)[order]
