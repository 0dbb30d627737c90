"""Which scan point belongs to which element, and how each element lies: the two are solved together.

A point of a badly built element is often nearer to a neighbour's designed face. So poses are fitted to the points that
no other element explains, the elements are moved there, the points are assigned to the nearest *built* surface, and the
poses are fitted again to what each element then owns.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geometry.arrays import BoolArray, FloatArray, Int32Array, IntArray
from geometry.claims import disputed_points, phantoms, tied, without_phantoms, without_refuted
from geometry.element_pose import ElementShapes, PoseFit, PoseProblem, fit_poses, unit_normals
from geometry.self_hiding import fit_to_seen, layered
from geometry.slides import LoosePoints, Slide, find_slides
from geometry.thinning import voxel_thin
from geometry.triangle_tree import ClosestElements, TriangleTree, build_tree, closest, closest_elements

_PASSES = 3
_FORM_BAND = 0.05
"""How far (m) from the rigidly placed element its own surface may bow or bulge and still be assigned to it."""
_THIN = 0.02
"""Spacing (m) of the points that poses are fitted to."""
_FIT_POINTS = 180
"""Points used per element and face direction for a pose fit; more do not make it better than the form allows."""
_TIE_TRUST = 0.02
"""Weight of a point that two elements explain equally well (coincident faces)."""
_MIN_FIT = 10
_SLIDE = 0.06
"""How far (m) an element may have slid along the faces that are seen well."""
_BELIEVED = 0.3
"""Inlier share from which a fitted pose is used to place the element."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenPoints:
    """Scan points in the design frame with what gates their assignment."""

    points: FloatArray
    """(n, 3) metres."""
    gates: FloatArray
    """(n, 3): the point's normal, or a scaled direction to the station where the normal is not reliable."""
    facing: FloatArray
    """(n, 3): the scaled direction to the station; zero where that is not known."""
    min_cosine: float
    sigma: float
    """Standard deviation of a point about a surface, metres."""

    def at(self, index: IntArray) -> "SeenPoints":
        """Return the points at ``index``."""
        return SeenPoints(self.points[index], self.gates[index], self.facing[index], self.min_cosine, self.sigma)


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
    shapes: ElementShapes,
    seen: SeenPoints,
    band: float,
    *,
    progress: Callable[[float], None] | None = None,
) -> AsBuilt:
    """Assign points to elements and fit every element's as-built pose.

    ``band`` (m) is how far a built surface may lie from its designed place.
    """
    some = seen.at(voxel_thin(seen.points, _THIN))
    tree = build_tree(shapes.triangles, shapes.element)
    candidates = _near(tree, some, band)
    built = candidates.copy()
    edge = _give_edges(tree, some, built)
    fits = dict[int, PoseFit]()
    members: list[IntArray] = []
    trusted: list[FloatArray] = []
    disputes = disputed_points(built, edge, seen.sigma)
    slides = dict[int, Slide]()
    may_hide = layered(shapes)
    for number in range(_PASSES):
        new_members, trust = _members(shapes, candidates, built, edge, some, slides)
        begin = np.concatenate([[0], np.cumsum([len(m) for m in new_members])]).astype(np.int64)
        new_trusted = np.split(trust, begin[1:-1])
        pending = [
            i for i, index in enumerate(new_members)
            if len(index) >= _MIN_FIT
            and not (number and np.array_equal(index, members[i]) and np.array_equal(new_trusted[i], trusted[i]))
        ]  # fmt: skip
        slid = {i: slide.twist for i, slide in slides.items()}
        problem = _problem(some, np.concatenate(new_members), trust, begin, band=band, slid=slid)
        fits = {i: f for i, f in fits.items() if len(new_members[i]) >= _MIN_FIT}
        fitted = fit_poses(shapes, problem, np.array(pending, np.int64))
        fits |= fit_to_seen(shapes, problem, some.facing[np.concatenate(new_members)], fitted, may_hide)
        members, trusted = new_members, new_trusted
        tree = _built_tree(shapes, fits)
        built = _near(tree, some, _FORM_BAND)
        drawn = phantoms(fits, built, seen.sigma)
        if drawn:
            fits = {i: f for i, f in fits.items() if i not in drawn}
            members = [m if i not in drawn else m[:0] for i, m in enumerate(members)]
            candidates = without_phantoms(candidates, drawn, seen.sigma)
            tree = _built_tree(shapes, fits)
            built = _near(tree, some, _FORM_BAND)
        if number:
            candidates = without_refuted(candidates, disputes, fits, built, shapes, seen.sigma)
        edge = _give_edges(tree, some, built)
        disputes = disputed_points(built, edge, seen.sigma)
        if number + 1 < _PASSES:
            about = _loose_about(shapes, candidates, built, some)
            slides = find_slides(shapes, fits, about, slides, sigma=seen.sigma, band=_SLIDE)
            some = _freed(some, slides)
        if progress is not None:
            progress((number + 1) / _PASSES)
    built = _near(tree, seen, _FORM_BAND)
    _give_edges(tree, seen, built)
    return _conclude(shapes, seen, tuple(fits.get(i) for i in range(len(shapes))), built)


def _built_tree(shapes: ElementShapes, fits: Mapping[int, PoseFit]) -> TriangleTree:
    return build_tree(placed_triangles(shapes, tuple(fits.get(i) for i in range(len(shapes)))), shapes.element)


def _problem(
    seen: SeenPoints,
    index: IntArray,
    trust: FloatArray,
    begin: IntArray,
    *,
    band: float,
    slid: Mapping[int, FloatArray],
) -> PoseProblem:
    return PoseProblem(
        points=seen.points[index],
        gates=seen.gates[index],
        trust=trust,
        begin=begin,
        sigma=seen.sigma,
        band=band,
        min_cosine=seen.min_cosine,
        slid=slid,
    )


def _near(tree: TriangleTree, seen: SeenPoints, reach: float) -> ClosestElements:
    return closest_elements(tree, seen.points, reach, normals=seen.gates, min_cosine=seen.min_cosine, k=4)


def _give_edges(tree: TriangleTree, seen: SeenPoints, near: ClosestElements) -> BoolArray:
    """Give points in ``near`` that lie on a face turned to the station to it, whatever their normal; say which.

    Where two faces meet, a point's neighbours are on both and its normal is neither's. It must not be taken for a point
    of a parallel face farther away.
    """
    loose = np.flatnonzero(~(near.distance[:, 0] < 3.0 * seen.sigma))
    on = closest(tree, seen.points[loose], 3.0 * seen.sigma, normals=seen.facing[loose], min_cosine=seen.min_cosine)
    found = on.triangle >= 0
    at = loose[found]
    edge = np.zeros(len(seen.points), np.bool_)
    edge[at] = True
    near.element[at], near.triangle[at], near.distance[at], near.signed[at] = -1, -1, np.inf, np.nan
    near.element[at, 0], near.triangle[at, 0] = on.element[found], on.triangle[found]
    near.distance[at, 0] = on.distance[found]
    near.signed[at, 0] = np.einsum("ij,ij->i", seen.points[at] - on.foot[found], on.normal[found])
    return edge


def _members(
    shapes: ElementShapes,
    candidates: ClosestElements,
    built: ClosestElements,
    edge: BoolArray,
    seen: SeenPoints,
    slides: Mapping[int, Slide],
) -> tuple[list[IntArray], FloatArray]:
    """Return per element the points to fit it to, and the trust in each (concatenated).

    A point is a candidate for the elements near whose design it lies, unless another element alone explains it. Each
    face direction keeps a bounded number of points, evenly spread: a narrow edge face counts beside a wide floor.
    """
    first = built.element[:, 0]
    explained = (first >= 0) & (built.distance[:, 0] < 3.0 * seen.sigma)
    shared = explained & tied(built, seen.sigma)
    who: list[Int32Array] = []
    which: list[IntArray] = []
    face: list[Int32Array] = []
    for rank in range(candidates.element.shape[1]):
        element = candidates.element[:, rank]
        ok = (element >= 0) & ~edge & (~explained | (first == element) | (shared & (built.element[:, 1] == element)))
        who.append(element[ok])
        which.append(np.flatnonzero(ok))
        face.append(candidates.triangle[ok, rank])
    among = np.zeros(len(first), np.bool_)
    for rank in range(candidates.element.shape[1]):
        among |= candidates.element[:, rank] == first
    only_built = explained & ~edge & ~among
    who.append(first[only_built])
    which.append(np.flatnonzero(only_built))
    face.append(built.triangle[only_built, 0])
    element, index = np.concatenate(who), np.concatenate(which)
    normal = unit_normals(shapes.triangles)
    axis = np.argmax(np.abs(normal), axis=1)
    direction = 2 * axis + (normal[np.arange(len(normal)), axis] > 0)
    group = direction[np.concatenate(face)]
    for i, slide in slides.items():  # on a face of their own, where the element may have slid to
        group[(element == i) & np.isin(index, slide.index)] = 6
    kept = _evenly(element.astype(np.int64) * 7 + group, index)
    element, index = element[kept], index[kept]
    bounds = np.searchsorted(element, np.arange(len(shapes) + 1))
    trust = np.where(shared[index], _TIE_TRUST, 1.0)
    return [index[bounds[i] : bounds[i + 1]] for i in range(len(shapes))], trust


def _freed(seen: SeenPoints, slides: Mapping[int, Slide]) -> SeenPoints:
    """Return the points with those that speak for a slide free to lie on any face turned to the station."""
    if not slides:
        return seen
    at = np.concatenate([slide.index for slide in slides.values()])
    gates = seen.gates.copy()
    gates[at] = seen.facing[at]
    return replace(seen, gates=gates)


def _loose_about(
    shapes: ElementShapes, candidates: ClosestElements, built: ClosestElements, seen: SeenPoints
) -> dict[int, LoosePoints]:
    """Return, per element, the points near its designed place that lie on no element as built."""
    on_it = built.distance[:, 0] < 3.0 * seen.sigma
    normal = unit_normals(shapes.triangles)
    owner, face = built.element[on_it, 0], built.triangle[on_it, 0]
    settled = np.argsort(owner, kind="stable")
    ends = np.searchsorted(owner[settled], np.arange(len(shapes) + 1))
    loose = np.flatnonzero(~on_it)
    row, rank = np.nonzero(candidates.element[loose] >= 0)
    who = candidates.element[loose][row, rank]
    order = np.lexsort((row, who))
    begin = np.searchsorted(who[order], np.arange(len(shapes) + 1))
    found: dict[int, LoosePoints] = {}
    for i in np.flatnonzero(np.diff(begin)).tolist():
        at = loose[row[order[begin[i] : begin[i + 1]]]]
        faces = face[settled[ends[i] : ends[i + 1]]]
        found[i] = LoosePoints(at, seen.points[at], seen.gates[at], seen.facing[at], seen.min_cosine, normal[faces])
    return found


def _evenly(group: IntArray, index: IntArray) -> IntArray:
    """Return positions, ordered by group and index, of at most about ``_FIT_POINTS`` of each group.

    The points are in the order of the grid they were thinned with, so taking every k-th spreads them out.
    """
    order = np.argsort(group * (int(index.max(initial=0)) + 1) + index)  # one key: no element has a point twice
    group = group[order]
    start = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]]))
    size = np.diff(np.append(start, len(group)))
    rank = np.arange(len(group)) - np.repeat(start, size)
    stride = np.maximum(1, np.ceil(size / _FIT_POINTS)).astype(np.int64)
    return order[rank % np.repeat(stride, size) == 0]


def placed_triangles(shapes: ElementShapes, fits: Sequence[PoseFit | None]) -> FloatArray:
    """Return the triangles (t, 3, 3) where they were built; where that is not known, where they were designed."""
    triangles = shapes.triangles.copy()
    for i, fit in enumerate(fits):
        if fit is not None and fit.moved and fit.inlier_fraction >= _BELIEVED:
            part = slice(int(shapes.start[i]), int(shapes.start[i + 1]))
            triangles[part] = fit.T_built_design.apply(triangles[part].reshape(-1, 3)).reshape(-1, 3, 3)
    return triangles


def _conclude(
    shapes: ElementShapes, seen: SeenPoints, fits: tuple[PoseFit | None, ...], built: ClosestElements
) -> AsBuilt:
    """Read the final assignment: deviations are along the designed face that the built face came from."""
    triangle = built.triangle[:, 0]
    owned = triangle >= 0
    normal = np.zeros_like(seen.points)
    normal[owned] = unit_normals(shapes.triangles)[triangle[owned]]
    deviation = np.full(len(triangle), np.nan)
    corner = shapes.triangles[triangle[owned], 0]
    deviation[owned] = np.einsum("ij,ij->i", seen.points[owned] - corner, normal[owned])
    return AsBuilt(
        fits=fits,
        element=built.element[:, 0],
        deviation=deviation,
        residual=np.where(owned, built.signed[:, 0], np.nan),
        normal=normal,
        shared=tied(built, seen.sigma),
    )
