# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportAttributeAccessIssue=false, reportUnknownParameterType=false
"""Whether an element that seems right may stand elsewhere: its points lie as well on its other face.

A door leaf is 5 cm thick. One that stands 5 cm too far back has its front where the design has its back. Where the
scanner stood tells the two apart, if that is known; else what lies on the leaf's edges does, or what hides the side
from which the other face would have to be seen.
"""

from collections.abc import Callable
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from geometry.arrays import BoolArray, FloatArray
from geometry.as_built import AsBuilt, SeenPoints, placed_triangles
from geometry.element_pose import ElementShapes
from geometry.other_places import ON_IT, REACH
from geometry.slides import ALIKE, face_directions
from geometry.thinning import voxel_thin
from geometry.triangle_tree import TriangleTree, build_tree, cast, closest
from geometry.witnesses import FEW

_ALL = 0.95
"""Share of the points on the element that lie on it in the other place as well: nothing speaks against it."""
_SEEN = 0.2
"""Share of what is about a side that must have been measured, for the scanner to have been there."""
_MET = 0.1
"""Share of the directions that must meet something for that to tell."""
_MEASURED = 0.1
"""How far (m) from a place there may be the nearest point, for it to have been measured."""
_PLACES = 20
"""Places on a face from which it is asked what is about it."""
_GOLDEN = np.pi * (3.0 - np.sqrt(5.0))
_STEP = np.arange(24) + 0.5
_OUT = np.sqrt(1.0 - (_STEP / 24.0) ** 2)
_RAYS = np.stack([np.cos(_GOLDEN * _STEP) * _OUT, np.sin(_GOLDEN * _STEP) * _OUT, _STEP / 24.0], axis=1)
"""(24, 3) directions, spread over a half space (a Fibonacci lattice)."""


class Sides:
    """Elements as built and all points, to ask from which sides of a face it may have been seen."""

    def __init__(self, shapes: ElementShapes, as_built: AsBuilt, seen: SeenPoints) -> None:
        """Keep them; they are sorted when the first question comes."""
        self._shapes, self._as_built, self._seen = shapes, as_built, seen

    @cached_property
    def _surfaces(self) -> TriangleTree:
        return build_tree(placed_triangles(self._shapes, self._as_built.fits), self._shapes.element)

    @cached_property
    def _points(self) -> cKDTree:
        return cKDTree(self._seen.points[voxel_thin(self._seen.points, 0.5 * _MEASURED)])

    def seen_from(self, points: FloatArray, normal: FloatArray) -> bool:
        """Say whether a scanner may have been before places (k, 3) on a face with these normals (k, 3).

        What one sees from there must have been measured in part; where there is nothing, that cannot be known.
        """
        some = np.unique(np.linspace(0, len(points) - 1, _PLACES).astype(np.int64))
        rays = np.concatenate([_turned(n) for n in normal[some]])
        origins = np.repeat(points[some], len(_RAYS), axis=0)
        hits = cast(self._surfaces, origins, rays)
        met = hits.element >= 0
        if met.sum() < _MET * len(met):
            return True
        at = origins[met] + hits.range[met, None] * rays[met]
        near = self._points.query(at, distance_upper_bound=_MEASURED)[0]
        return bool(np.isfinite(near).mean() >= _SEEN)


def other_side(
    triangles: FloatArray,
    seen: SeenPoints,
    limit: Callable[[FloatArray], float],
    sides: Sides,
) -> FloatArray | None:
    """Return a displacement (3,) after which an element lies as well under the points on it, or None.

    A face that is turned away from where a point was seen from does not explain it.

    Parameters
    ----------
    triangles
        (t, 3, 3) metres, the element as built.
    seen
        The points on it that no other element explains.
    limit
        Displacement (m) along a unit vector (3,) from which it matters, infinite where it does not.
    sides
        Tells where the scanner may have been.
    """
    points = seen.points
    if len(points) < FEW:
        return None
    tree = build_tree(np.ascontiguousarray(triangles))

    def on(shift: FloatArray) -> tuple[BoolArray, FloatArray]:
        near = closest(tree, points - shift, ON_IT * seen.sigma, normals=seen.facing, min_cosine=seen.min_cosine)
        return near.triangle >= 0, near.normal

    held, normal = on(np.zeros(3))
    for direction in face_directions(triangles):
        across = held & (np.abs(normal @ direction) > ALIKE)
        least = limit(direction)
        if across.sum() < FEW or least >= REACH:
            continue
        for shift in _shifts(triangles, points[across], direction, least):
            again, turned = on(shift)
            front = across & again & (np.abs(turned @ direction) > ALIKE)
            if (held & again).sum() < _ALL * held.sum() or front.sum() < _ALL * across.sum():
                continue
            before = np.linalg.norm(shift) + ON_IT * seen.sigma  # beyond the element, where it seems to be
            if sides.seen_from(points[front] + before * turned[front], turned[front]):
                return shift
    return None


def _shifts(triangles: FloatArray, points: FloatArray, direction: FloatArray, least: float) -> list[FloatArray]:
    """Return the displacements along a direction that put other parallel faces, beyond ``least``, under most points."""
    tree, found = build_tree(np.ascontiguousarray(triangles)), list[FloatArray]()
    for sense in (1.0, -1.0):
        start = points + sense * least * direction
        hits = cast(tree, start, np.broadcast_to(sense * direction, points.shape), REACH)
        through = (hits.element >= 0) & (np.abs(hits.normal @ direction) > ALIKE)
        if through.sum() >= _ALL * len(points):
            found.append(-sense * (least + float(np.median(hits.range[through]))) * direction)
    return found


def _turned(normal: FloatArray) -> FloatArray:
    """Return directions (r, 3) into the half space before a plane."""
    return np.where((_RAYS @ normal)[:, None] < 0.0, -_RAYS, _RAYS)
