"""What really stands at an element's place: told by points that nothing else explains, against rays that went through.

An absent door leaves the reveals of its opening, and their points lie on the door's own faces; a door that stands open
leaves its frame, and most rays go through. Numbers of points cannot tell the two apart. What can: a point of the frame
lies where no other element has a surface; a point of the reveal does not.
"""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from geometry.as_built import AsBuilt, SeenPoints, placed_triangles
from geometry.deviation.surface import numbered_rows
from geometry.element_pose import ElementShapes
from geometry.triangle_tree import TriangleTree, build_tree, cast, closest_elements
from geometry.visibility import MARGIN

CELL = 0.05
"""Edge (m) of the cells that points and rays are counted in: a near wall does not outvote a far one by its density."""
ON_IT = 4.0
"""Times the noise within which a point is on the element as built."""
_TELL = 10
"""Points that no other surface is near to, from which an element shows itself."""
_SAME_SURFACE = 3.0
"""Times the noise within which another element's surface explains a point as well."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What speaks for and against something standing at one element's place, in cells of its surface."""

    points: int
    """Points on the built element that no other element explains and that are not seen through the element itself."""
    cells: int
    """Cells with more such points than rays through."""
    bare: int
    """Cells where as many rays or more went through."""
    beside: int = 0
    """Cells beside its surface, within the band, with points that no element's surface explains."""


NOTHING = Standing(0, 0, 0)


class BuiltSurfaces:
    """All elements where they were built, to ask about one after the other."""

    def __init__(self, shapes: ElementShapes, as_built: AsBuilt, seen: SeenPoints, through: IntArray) -> None:
        """Place every element; only those with more points of their own than rays ``through`` (e,) explain others'."""
        self._shapes, self._seen = shapes, seen
        self._triangles = placed_triangles(shapes, as_built.fits)
        with np.errstate(invalid="ignore"):
            on = (as_built.element >= 0) & ~as_built.shared & (np.abs(as_built.residual) <= ON_IT * seen.sigma)
        own = np.bincount(as_built.element[on], minlength=len(shapes))
        part = (own > through)[shapes.element]
        self._tree = build_tree(self._triangles[part], shapes.element[part]) if part.any() else None

    def standing(
        self, element: int, own: IntArray, origins: FloatArray, through: IntArray, *, off: IntArray | None = None
    ) -> Standing:
        """Return what stands at an element's place.

        Parameters
        ----------
        element
            Which one.
        own
            (k,) indices of the points on it that no other element shares.
        origins
            (n, 3) metres, where each point was seen from.
        through
            (m,) indices of the points behind it whose rays crossed it.
        off
            (j,) indices of the points nearest to it, but not on it.
        """
        part = slice(int(self._shapes.start[element]), int(self._shapes.start[element + 1]))
        alone = build_tree(np.ascontiguousarray(self._triangles[part]))
        entered, past = _entered(alone, origins[own], self._seen.points[own])
        crossed, _ = _entered(alone, origins[through], self._seen.points[through])
        shows = own[~past & ~self.explained(element, own)]
        passed = np.concatenate([crossed[np.isfinite(crossed).all(axis=1)], entered[past]])
        cells, bare = _won(self._seen.points[shows], passed)
        beside = off[~self.explained(element, off)] if off is not None else own[:0]
        return Standing(len(shows), cells, bare, _won(self._seen.points[beside], passed[:0])[0])

    def is_another(self, element: int, own: IntArray, residual: FloatArray) -> bool:
        """Say whether points (k,) on an element lie on other elements that stand there just as well.

        Each of them may be near another surface by chance; all together tell a board from the wall behind it: to the
        wrong surface their squared distances are larger, by the noise squared at least, on average.

        Parameters
        ----------
        element, own
            As of :meth:`standing`.
        residual
            (k,) metres from the element's own built surface.
        """
        near = self._others(element, own)
        told = np.isfinite(near)
        if not told.any() or (~told).sum() >= _TELL:
            return False
        return bool((near[told] ** 2 - residual[told] ** 2).mean() <= self._seen.sigma**2)

    def explained(self, element: int, own: IntArray) -> BoolArray:
        """Say on which points (k,) another element's surface lies, whichever way it faces.

        At an edge a point has no normal of its own, and an absent door's neighbours are seen at theirs.
        """
        return np.isfinite(self._others(element, own))

    def _others(self, element: int, own: IntArray) -> FloatArray:
        """Return how far points (k,) are from the nearest other element that stands, infinite beyond the noise."""
        if self._tree is None or len(own) == 0:
            return np.full(len(own), np.inf)
        points = self._seen.points[own]
        any_way = np.zeros_like(points)
        reach = _SAME_SURFACE * self._seen.sigma
        near = closest_elements(self._tree, points, reach, normals=any_way, min_cosine=0.0, k=2)
        another = (near.element >= 0) & (near.element != element)
        return np.where(another, near.distance, np.inf).min(axis=1)


def _entered(surface: TriangleTree, origins: FloatArray, returns: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return where rays first meet a surface (n, 3), NaN where they do not, and which came back from clearly behind."""
    ray = returns - origins
    length = np.linalg.norm(ray, axis=1)
    direction = ray / np.maximum(length, 1e-9)[:, None]
    reach = cast(surface, origins, direction, length + MARGIN).range
    met = np.isfinite(reach)
    at = np.where(met[:, None], origins + np.where(met, reach, 0.0)[:, None] * direction, np.nan)
    return at, met & (reach < length - MARGIN)


def _won(points: FloatArray, passed: FloatArray) -> tuple[int, int]:
    """Return how many cells hold more points than places where rays passed, and how many of the others rays passed.

    Examples
    --------
    >>> _won(np.array([[0.01, 0, 0], [0.31, 0, 0]]), np.array([[0.32, 0, 0], [0.32, 0, 0], [0.62, 0, 0]]))
    (1, 2)
    """
    both = np.floor(np.concatenate([points, passed]) / CELL).astype(np.int64)
    if len(both) == 0:
        return 0, 0
    cell, held = numbered_rows(both)
    count = len(held)
    stands = np.bincount(cell[: len(points)], minlength=count)
    went = np.bincount(cell[len(points) :], minlength=count)
    return int((stands > went).sum()), int((went >= np.maximum(stands, 1)).sum())
