"""Which scan point belongs to which element, and how each element lies: the two are solved together.

A point of a badly built element is often nearer to a neighbour's designed face. So poses are fitted to the points that
no other element explains, the elements are moved there, the points are assigned to the nearest *built* surface, and the
poses are fitted again to what each element then owns.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray, Int32Array, IntArray
from geometry.element_pose import PoseFit, PoseProblem, fit_pose
from geometry.triangle_tree import ClosestElements, TriangleTree, build_tree, closest_elements

_PASSES = 3
_FORM_BAND = 0.05
"""How far (m) from the rigidly placed element its own surface may bow or bulge and still be assigned to it."""
_FIT_POINTS = 1000
"""Points used for one pose fit; more do not make it better than the element's form allows."""
_TIE_TRUST = 0.1
"""Weight of a point that two elements explain equally well (coincident faces)."""
_MIN_FIT = 10


@dataclass(frozen=True, slots=True, eq=False)
class ElementShape:
    """The triangles of one element in the frame of the check."""

    triangles: FloatArray
    """(t, 3, 3) metres."""
    centre: FloatArray
    """(3,) centre of the box."""
    size: float
    """Half the box diagonal, metres."""

    @staticmethod
    def of(triangles: FloatArray) -> "ElementShape":
        """Return the shape of triangles (t, 3, 3)."""
        lower, upper = triangles.min(axis=(0, 1)), triangles.max(axis=(0, 1))
        return ElementShape(triangles, 0.5 * (lower + upper), max(float(np.linalg.norm(upper - lower)) / 2.0, 1e-3))


@dataclass(frozen=True, slots=True, eq=False)
class SeenPoints:
    """Scan points in the design frame with what gates their assignment."""

    points: FloatArray
    """(n, 3) metres."""
    gates: FloatArray
    """(n, 3): the point's normal, or a scaled direction to the station where the normal is not reliable."""
    min_cosine: float
    sigma: float
    """Standard deviation of a point about a surface, metres."""


@dataclass(frozen=True, slots=True, eq=False)
class AsBuilt:
    """The joint solution."""

    fits: tuple[PoseFit | None, ...]
    """Per element; None where too few points for a fit."""
    element: Int32Array
    """(n,) owning element of each point, -1 = none."""
    deviation: FloatArray
    """(n,) signed distance to the owner's designed face, metres, + = outside; NaN where there is no owner."""
    residual: FloatArray
    """(n,) signed distance to the owner's built face, metres; NaN where there is no owner."""
    normal: FloatArray
    """(n, 3) outward normal of the owner's designed face; zero where there is no owner."""
    shared: BoolArray
    """(n,) True where another element explains the point as well."""


def solve_as_built(
    shapes: tuple[ElementShape, ...],
    seen: SeenPoints,
    band: float,
    *,
    progress: Callable[[float], None] | None = None,
) -> AsBuilt:
    """Assign points to elements and fit every element's as-built pose.

    Parameters
    ----------
    shapes
        One per element.
    seen
        The scan in the design frame.
    band
        How far (m) a built surface may lie from its designed place.
    """
    trees = [build_tree(shape.triangles) for shape in shapes]
    owner = np.concatenate([np.full(len(s.triangles), i, np.int32) for i, s in enumerate(shapes)])
    designed = np.concatenate([s.triangles for s in shapes])
    candidates = _near(build_tree(designed, owner), seen, band)
    built, fits = candidates, tuple[PoseFit | None, ...](None for _ in shapes)
    members: list[IntArray] = [np.empty(0, np.int64)] * len(shapes)
    for number in range(_PASSES):
        new_members, tied = _members(candidates, built, len(shapes), seen.sigma)
        fitted: list[PoseFit | None] = []
        for i, shape in enumerate(shapes):
            if number > 0 and np.array_equal(new_members[i], members[i]):
                fitted.append(fits[i])
                continue
            fitted.append(_fit(trees[i], shape, seen, new_members[i], tied, band))
        fits, members = tuple(fitted), new_members
        placed = np.concatenate([_placed(s, f) for s, f in zip(shapes, fits, strict=True)])
        built = _near(build_tree(placed, owner), seen, _FORM_BAND)
        if progress is not None:
            progress((number + 1) / _PASSES)
    return _conclude(designed, seen, fits, built)


def _near(tree: TriangleTree, seen: SeenPoints, reach: float) -> ClosestElements:
    return closest_elements(tree, seen.points, reach, normals=seen.gates, min_cosine=seen.min_cosine, k=4)


def _tied(built: ClosestElements, sigma: float) -> BoolArray:
    """Say for which points the second element is as near as the first."""
    with np.errstate(invalid="ignore"):
        return (built.element[:, 1] >= 0) & (built.distance[:, 1] - built.distance[:, 0] < 2.0 * sigma)


def _members(
    candidates: ClosestElements, built: ClosestElements, count: int, sigma: float
) -> tuple[list[IntArray], BoolArray]:
    """Return per element the points that may be its own: near its design, and not explained by another alone."""
    first = built.element[:, 0]
    explained = (first >= 0) & (built.distance[:, 0] < 3.0 * sigma)
    tied = explained & _tied(built, sigma)
    who: list[Int32Array] = []
    which: list[IntArray] = []
    for rank in range(candidates.element.shape[1]):
        element = candidates.element[:, rank]
        ok = (element >= 0) & (~explained | (first == element) | (tied & (built.element[:, 1] == element)))
        who.append(element[ok])
        which.append(np.flatnonzero(ok))
    only_built = explained & ~(candidates.element == first[:, None]).any(axis=1)
    who.append(first[only_built])
    which.append(np.flatnonzero(only_built))
    element, index = np.concatenate(who), np.concatenate(which)
    order = np.lexsort((index, element))
    bounds = np.searchsorted(element[order], np.arange(count + 1))
    index = index[order]
    return [index[bounds[i] : bounds[i + 1]] for i in range(count)], tied


def _fit(
    tree: TriangleTree, shape: ElementShape, seen: SeenPoints, index: IntArray, tied: BoolArray, band: float
) -> PoseFit | None:
    if len(index) < _MIN_FIT:
        return None
    index = spread_out(seen.points[index], _FIT_POINTS, index)
    return fit_pose(
        PoseProblem(
            tree=tree,
            points=seen.points[index],
            gates=seen.gates[index],
            trust=np.where(tied[index], _TIE_TRUST, 1.0),
            centre=shape.centre,
            size=shape.size,
            sigma=seen.sigma,
            band=band,
            min_cosine=seen.min_cosine,
        )
    )


def spread_out(points: FloatArray, limit: int, index: IntArray) -> IntArray:
    """Return at most about ``limit`` of ``index``, evenly in space, so that what is near a station does not outvote the rest.

    The first point of each cell of a grid is kept; the cell grows until few enough are left.
    """
    if len(points) <= limit:
        return index
    relative = points - points.min(axis=0)
    cell = 0.01
    while True:
        key = np.floor(relative / cell).astype(np.int64) @ np.array([1, 2_000_003, 4_000_037_000_011])
        kept = np.unique(key, return_index=True)[1]
        if len(kept) <= limit:
            return index[np.sort(kept)]
        cell *= max(1.1, min(4.0, (len(kept) / limit) ** 0.5))


def _placed(shape: ElementShape, fit: PoseFit | None) -> FloatArray:
    """Return the triangles where they were built; where that is not known, where they were designed."""
    if fit is None or not fit.moved or fit.inlier_fraction < 0.3:
        return shape.triangles
    return fit.T_built_design.apply(shape.triangles.reshape(-1, 3)).reshape(-1, 3, 3)


def _conclude(
    designed: FloatArray, seen: SeenPoints, fits: tuple[PoseFit | None, ...], built: ClosestElements
) -> AsBuilt:
    """Read the final assignment: deviations are along the designed face that the built face came from."""
    triangle = built.triangle[:, 0]
    owned = triangle >= 0
    corner = designed[triangle[owned], 0]
    normal_owned = np.cross(designed[triangle[owned], 1] - corner, designed[triangle[owned], 2] - corner)
    length = np.linalg.norm(normal_owned, axis=1, keepdims=True)
    normal_owned = np.divide(normal_owned, length, out=np.zeros_like(normal_owned), where=length > 0)
    normal = np.zeros_like(seen.points)
    normal[owned] = normal_owned
    deviation = np.full(len(triangle), np.nan)
    deviation[owned] = np.einsum("ij,ij->i", seen.points[owned] - corner, normal_owned)
    return AsBuilt(
        fits=fits,
        element=built.element[:, 0],
        deviation=deviation,
        residual=np.where(owned, built.signed[:, 0], np.nan),
        normal=normal,
        shared=_tied(built, seen.sigma),
    )
