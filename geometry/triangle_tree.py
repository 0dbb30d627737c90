# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportMissingParameterType=false
"""A bounding-volume tree over triangles in float64: closest surface and ray casting.

Float32 trees err by millimetres on the long thin triangles that building models are full of, so every distance that
decides a verdict comes from here: single precision only says, with slack, which boxes need not be opened. Results do
not depend on the number of threads or on the order of the points.
"""

from dataclasses import dataclass

import numba as nb
import numpy as np

from geometry.arrays import Float32Array, FloatArray, Int32Array, IntArray, as_points, frozen
from geometry.curve_kernels import cell_codes, code_order
from geometry.node_kernels import build_forest
from geometry.packet_kernels import closest_surface
from geometry.threads import in_parts
from geometry.triangle_kernels import cast_first, closest_compatible_elements, leaf_triangles, triangle_bounds

_WORTH_THREADS = 2048
"""Points or rays in one call from which waking the threads costs less than it gains."""
_WORTH_SORTING = 64
"""Points in one call from which sorting them does."""


@dataclass(frozen=True, slots=True, eq=False)
class TriangleTree:
    """Triangles in leaf order with their boxes. Built by :func:`build_tree`."""

    corners: FloatArray
    """(t, 9) corner, edge 1 and edge 2 of each triangle, in leaf order, metres."""
    normals: FloatArray
    """(t, 3) unit normals in leaf order; zero for a degenerate triangle."""
    order: Int32Array
    """(t,) original triangle index of each leaf slot."""
    element: Int32Array
    """(t,) element index of each leaf slot."""
    boxes: Float32Array
    """(m, 6, 8) lower and upper corners of each node's children, metres from the centre of ``frame``."""
    child: Int32Array
    """(m, 8) what is in each box: a node, -2 - slot for a triangle, or -1."""
    frame: FloatArray
    """(4,) centre of all triangles and how far they reach from it along an axis, metres."""

    @property
    def triangle_count(self) -> int:
        """How many triangles the tree holds."""
        return len(self.order)


@dataclass(frozen=True, slots=True, eq=False)
class Closest:
    """The closest surface point of each query point; distance inf and triangle -1 where none is near enough."""

    distance: FloatArray
    """(n,) metres, unsigned."""
    triangle: Int32Array
    """(n,) original triangle index."""
    element: Int32Array
    """(n,) element index."""
    foot: FloatArray
    """(n, 3) closest points, metres; NaN where there is none."""
    normal: FloatArray
    """(n, 3) unit normal of that triangle; zero where there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class ClosestElements:
    """Up to k different elements near each point, nearest first; -1 and inf where there are fewer."""

    element: Int32Array
    """(n, k) element index."""
    triangle: Int32Array
    """(n, k) original triangle index."""
    distance: FloatArray
    """(n, k) metres, unsigned."""
    signed: FloatArray
    """(n, k) metres along the triangle's normal, + = outside."""

    def copy(self) -> "ClosestElements":
        """Return the same in arrays of its own."""
        return ClosestElements(self.element.copy(), self.triangle.copy(), self.distance.copy(), self.signed.copy())


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """The first surface along each ray; range inf and triangle -1 where nothing was hit."""

    range: FloatArray
    """(n,) metres along the unit direction."""
    triangle: Int32Array
    """(n,) original triangle index."""
    element: Int32Array
    """(n,) element index."""
    normal: FloatArray
    """(n, 3) unit normal of the triangle; zero where nothing was hit."""


def build_tree(triangles: FloatArray, element_of_triangle: Int32Array | None = None) -> TriangleTree:
    """Build the tree over ``triangles`` (t, 3, 3) metres; ``element_of_triangle`` (t,) defaults to all 0.

    Raises
    ------
    ValueError
        If the shapes do not fit, a coordinate is not finite, or there is no triangle.

    References
    ----------
    Binned surface-area heuristic: Wald 2007, "On fast Construction of SAH-based Bounding Volume Hierarchies".

    Examples
    --------
    >>> tree = build_tree(np.array([[[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]]))
    >>> closest(tree, np.array([[0.25, 0.25, 2.0]]), 5.0).distance.tolist()
    [2.0]
    """
    triangles = np.ascontiguousarray(triangles, dtype=np.float64)
    if triangles.ndim != 3 or triangles.shape[1:] != (3, 3) or len(triangles) == 0:
        raise ValueError(f"triangles must have shape (t, 3, 3) with t > 0, not {triangles.shape}")
    if not np.isfinite(triangles).all():
        raise ValueError("triangles must be finite")
    element = np.zeros(len(triangles), np.int32) if element_of_triangle is None else element_of_triangle
    if element.shape != (len(triangles),):
        raise ValueError(f"element_of_triangle must have shape ({len(triangles)},), not {element.shape}")
    lower, upper = triangle_boxes(triangles)
    order, boxes, child, frame, _ = build_forest(lower, upper, np.array([0, len(triangles)]))
    corners, normals = leaf_triangles(frozen(triangles), order)
    element = np.ascontiguousarray(element[order], dtype=np.int32)
    return TriangleTree(
        frozen(corners), frozen(normals), frozen(order), frozen(element), frozen(boxes), frozen(child), frozen(frame)
    )


def triangle_boxes(triangles: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the lower and upper corners (t, 3), (t, 3) of the boxes about triangles (t, 3, 3)."""
    lower, upper = np.empty((len(triangles), 3)), np.empty((len(triangles), 3))
    in_parts(triangle_bounds, len(triangles), frozen(triangles), lower, upper, smallest=_WORTH_THREADS)
    return frozen(lower), frozen(upper)


def closest(
    tree: TriangleTree,
    points: FloatArray,
    max_distance: float,
    *,
    normals: FloatArray | None = None,
    min_cosine: float = 0.0,
) -> Closest:
    """Return the closest surface point of each of ``points`` (n, 3) within ``max_distance`` metres (may be inf).

    With ``normals`` (n, 3), only triangles whose own normal has a cosine of at least ``min_cosine`` with it are
    considered: the far face of a thin wall is never taken for the near one. A zero row switches the gate off for
    that point. Of equally near triangles (coincident faces) the one with the smallest index is taken.
    """
    points = as_points(points)
    gate = np.zeros((0, 3)) if normals is None else as_points(normals)
    if normals is not None and gate.shape != points.shape:
        raise ValueError(f"normals must have the shape of points {points.shape}, not {gate.shape}")
    n = len(points)
    found = Closest(np.empty(n), np.empty(n, np.int32), np.empty(n, np.int32), np.empty((n, 3)), np.empty((n, 3)))
    # read-only whatever the caller holds: the kernels are compiled once, not once for each kind of array
    points, gate = frozen(points), frozen(gate)
    visit = _along_curve(tree, points)
    asked = (visit, points, gate, float(min_cosine), float(max_distance))
    shape = (tree.corners, tree.normals, tree.order, tree.element, tree.boxes, tree.child, tree.frame)
    filled = (found.distance, found.triangle, found.element, found.foot, found.normal)
    in_parts(closest_surface, n, *asked, *shape, *filled, smallest=_WORTH_THREADS)
    return found


def _along_curve(tree: TriangleTree, points: FloatArray) -> IntArray:
    """Return an order (n,) in which neighbours in space follow each other: the next answer lies near the last.

    Only the time a search takes depends on it: neighbours walk through the tree together.
    """
    if len(points) < _WORTH_SORTING:
        return np.arange(len(points))
    low, extent = tree.frame[:3] - tree.frame[3], 2.0 * float(tree.frame[3])
    return code_order(cell_codes(points, low, 1023.0 / max(extent, 1e-9)))


def closest_elements(
    tree: TriangleTree,
    points: FloatArray,
    max_distance: float,
    *,
    normals: FloatArray,
    min_cosine: float,
    k: int = 4,
) -> ClosestElements:
    """Return the ``k`` nearest different elements of each point (n, 3) with a normal-compatible triangle in reach.

    Parameters as in :func:`closest`; ``max_distance`` metres must be finite.
    """
    points, gate = frozen(as_points(points)), frozen(as_points(normals))
    n = len(points)
    found = ClosestElements(np.empty((n, k), np.int32), np.empty((n, k), np.int32), np.empty((n, k)), np.empty((n, k)))
    asked = (points, gate, float(min_cosine), float(max_distance))
    shape = (tree.corners, tree.normals, tree.order, tree.element, tree.boxes, tree.child, tree.frame)
    filled = (found.element, found.triangle, found.distance, found.signed)
    in_parts(closest_compatible_elements, n, *asked, *shape, *filled, smallest=_WORTH_THREADS)
    return found


def cast(
    tree: TriangleTree, origins: FloatArray, directions: FloatArray, max_range: float | FloatArray = np.inf
) -> Hits:
    """Return the first triangle along each ray from ``origins`` (n, 3) along unit ``directions`` (n, 3).

    Both faces of a triangle stop a ray. ``max_range`` metres, one value or (n,).
    """
    origins = frozen(as_points(np.broadcast_to(origins, np.shape(directions))))
    directions = frozen(as_points(directions))
    n = len(directions)
    limit = frozen(np.ascontiguousarray(np.broadcast_to(np.asarray(max_range, np.float64), (n,))))
    reach, slot = np.empty(n), np.empty(n, np.int32)
    asked = (origins, directions, limit, tree.corners, tree.order, tree.boxes, tree.child, tree.frame)
    in_parts(cast_first, n, *asked, reach, slot, smallest=_WORTH_THREADS)
    found = slot >= 0
    return Hits(
        reach,
        np.where(found, tree.order[slot], -1).astype(np.int32),
        np.where(found, tree.element[slot], -1).astype(np.int32),
        np.where(found[:, None], tree.normals[slot], 0.0),
    )


def set_workers(workers: int) -> int:
    """Use at most ``workers`` threads in this process's kernels from now on; return how many will be used."""
    available = int(nb.config.NUMBA_NUM_THREADS)  # pyright: ignore[reportPrivateImportUsage, reportAttributeAccessIssue]
    used = max(1, min(workers, available))
    nb.set_num_threads(used)
    return used
