"""Parts by the shape that a scan has of them: point sets and open surfaces against the solids of the others.

What encloses nothing has no volume to share. What it tells is where it is seen: points inside another solid reach into
it, as deep as they lie; points outside leave a gap. Where there are no points nothing is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from scipy.special import log_ndtr

from geometry.arrays import BoolArray, FloatArray
from geometry.design import Element, Mesh
from geometry.note import Note
from geometry.triangle_tree import TriangleTree, build_tree, closest
from simulation.assembly.chance import Chance, decide
from simulation.assembly.clash import Clash, ClashKind, ClashRule, clash_of
from simulation.assembly.place import Places, designed_place, spread_between
from simulation.assembly.solid import Solid, make_solid, make_solids
from simulation.assembly.winding import winding_numbers

_STRAIGHT = 1e-9
"""How far, as a share, a point may be off the normal of its closest face to be surely on the side that this says."""
_COMPETING = 6.0
"""Standard deviations of noise within which a point may be the deepest by chance."""
_SEEN = 0.95
"""Share of the near side of a part from which on it counts as seen."""
_STEP, _MOST_SAMPLES = 0.02, 20_000
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(41)


class ShapeKind(StrEnum):
    """What a scan gives of a part."""

    SOLID = "solid"
    """A closed mesh: it takes the place of the designed one."""
    SURFACE = "surface"
    """A mesh that is not closed."""
    POINTS = "points"


@dataclass(frozen=True, slots=True, eq=False)
class BuiltShape:
    """What a scan says of a part, in the frame of the model's meshes."""

    element: Element
    """As designed."""
    kind: ShapeKind
    points: FloatArray
    """(n, 3) metres: measured, or spread over the surface no farther apart than ``spacing``."""
    noise: float
    """Standard deviation of one point, metres; each has its own."""
    mesh: Mesh | None = None
    """Of a mesh."""
    spacing: float = 0.0
    """Metres; 0 of points."""


@dataclass(frozen=True, slots=True)
class NotSeen:
    """Two parts near each other of which the scan does not show enough to clear them."""

    first: str
    """GlobalId of the one that was scanned."""
    second: str
    seen: float | None
    """Share of its designed surface near the other that has points by it; None: the two cannot be compared."""
    gap: float | None
    """Least distance of what was seen, metres; None: nothing was."""
    designed: ClashKind | None
    because: str
    """``coverage``, or ``both_scanned``: two things without an inside cannot be told apart."""


@dataclass(frozen=True, slots=True, eq=False)
class ShapeStudy:
    """What the scanned shapes of parts have to do with the solids of the others."""

    clashes: tuple[Clash, ...]
    not_seen: tuple[NotSeen, ...]
    meant: Mapping[tuple[str, str], str]
    pairs: int


def surface_points(mesh: Mesh, spacing: float) -> FloatArray:
    """Return points (n, 3) on a mesh, metres: its corners and a grid on each face no wider than ``spacing``."""
    found = [np.asarray(mesh.vertices)[np.unique(mesh.faces)]]
    for a, b, c in mesh.triangles():
        longest = max(np.linalg.norm(b - a), np.linalg.norm(c - b), np.linalg.norm(a - c))
        n = int(np.ceil(longest / spacing))
        if n > 1:
            u, v = (grid.ravel() for grid in np.meshgrid(np.arange(n + 1) / n, np.arange(n + 1) / n))
            keep = u + v <= 1.0 + 1e-12
            found.append(a + u[keep, None] * (b - a) + v[keep, None] * (c - a))
    return np.unique(np.round(np.concatenate(found), 9), axis=0)


@dataclass(frozen=True, slots=True, eq=False)
class Depths:
    """Where points lie with respect to a solid."""

    signed: FloatArray
    """(n,) metres: negative inside."""
    nearest: FloatArray
    """(n, 3) on the solid's surface."""


def depths_of(points: FloatArray, solid: Solid, tree: TriangleTree | None = None) -> Depths:
    """Return how far points (n, 3) are from the surface of a solid, metres, negative inside.

    The side is that of the closest face where the point stands straight over it, else by the winding number.
    """
    corners, faces = solid.surface
    tree = build_tree(corners[faces]) if tree is None else tree
    near = closest(tree, points, np.inf)
    away = points - near.foot
    along = np.einsum("ij,ij->i", away, near.normal)
    sure = np.abs(along) >= near.distance * (1.0 - _STRAIGHT)
    inside = along < 0.0
    doubt = np.flatnonzero(~sure & (near.distance > 0.0))
    if len(doubt):
        inside[doubt] = winding_numbers(points[doubt], corners[faces]) > 0.5
    return Depths(np.where(inside, -near.distance, near.distance), near.foot)


@dataclass(frozen=True, slots=True, eq=False)
class _Coverage:
    """Points on the designed surface of a part, and by which of them it was scanned."""

    samples: FloatArray
    covered: BoolArray

    def near(self, tree: TriangleTree, reach: float) -> float | None:
        """Return of which share of the surface within reach of a solid points were taken; None: none of it is."""
        facing = closest(tree, self.samples, np.inf).distance <= reach
        return float(self.covered[facing].mean()) if facing.any() else None


def _coverage(shape: BuiltShape, within: float) -> _Coverage:
    from scipy.spatial import KDTree

    samples = surface_points(shape.element.mesh, _STEP)
    samples = samples[:: len(samples) // _MOST_SAMPLES + 1]
    return _Coverage(samples, KDTree(shape.points).query(samples)[0] <= within)


def study_shapes(
    shapes: Sequence[BuiltShape], elements: Mapping[str, Element], rule: ClashRule,
    meant: Mapping[tuple[str, str], str], *, places: Places, seen_within: float,
) -> ShapeStudy:  # fmt: skip
    """Return what scanned shapes have to do with the solids of other elements.

    Parameters
    ----------
    shapes
        Point sets and surfaces; none of their elements is among ``elements``.
    elements
        The others, where they are.
    rule, meant
        As of :func:`simulation.assembly.study.study_clashes`.
    places
        How sure it is where the others are.
    seen_within
        Metres from the designed surface within which a point shows that it was seen, and within which of another
        element its surface has to be seen to clear it.
    """
    solids = make_solids(elements).solids
    boxes = np.array([solid.bounds for solid in solids]).reshape(-1, 2, 3)
    clashes, not_seen, left, pairs = list[Clash](), list[NotSeen](), dict[tuple[str, str], str](), 0
    for shape in shapes:
        name, own = shape.element.global_id, _box(shape)
        reach = max(rule.clearance, rule.touch_tolerance, seen_within, _COMPETING * shape.noise)
        near = np.all((boxes[:, 0] <= own[1] + reach) & (boxes[:, 1] >= own[0] - reach), axis=1)
        coverage = _coverage(shape, seen_within)
        for solid in (solids[row] for row in np.flatnonzero(near)):
            pairs += 1
            pair = (min(name, solid.global_id), max(name, solid.global_id))
            if pair in meant:
                left[pair] = meant[pair]
                continue
            clash, unseen = _of_pair(shape, solid, rule, places, seen_within, coverage)
            clashes += [] if clash is None else [clash]
            not_seen += [] if unseen is None else [unseen]
    not_seen += list(_of_scans(shapes, rule, meant, seen_within))
    return ShapeStudy(tuple(clashes), tuple(not_seen), left, pairs)


def _of_scans(
    shapes: Sequence[BuiltShape], rule: ClashRule, meant: Mapping[tuple[str, str], str], seen_within: float
) -> Iterator[NotSeen]:
    """Yield pairs of scanned shapes that are near each other: neither has an inside."""
    reach = max(rule.clearance, rule.touch_tolerance, seen_within)
    for k, one in enumerate(shapes):
        for other in shapes[k + 1 :]:
            first, second = sorted((one.element.global_id, other.element.global_id))
            a, b = _box(one), _box(other)
            if (first, second) not in meant and np.all((a[0] <= b[1] + reach) & (b[0] <= a[1] + reach)):
                yield NotSeen(first, second, None, None, None, "both_scanned")


def _box(shape: BuiltShape) -> FloatArray:
    """Return the box (2, 3) of what was scanned and what was designed."""
    whole = np.vstack([shape.points, shape.element.mesh.vertices])
    return np.stack([whole.min(axis=0), whole.max(axis=0)])


def _of_pair(
    shape: BuiltShape, solid: Solid, rule: ClashRule, places: Places, seen_within: float, coverage: _Coverage
) -> tuple[Clash | None, NotSeen | None]:
    tree = build_tree(solid.surface[0][solid.surface[1]])
    found = depths_of(shape.points, solid, tree)
    at = int(np.argmin(found.signed))
    made = make_solid(shape.element)
    before = clash_of(made, solid, rule) if isinstance(made, Solid) else None
    designed = None if before is None else before.kind
    clash = _clash(shape, solid, rule, found, at)
    chance = _chance(shape, solid, found, at, places)
    if chance is not None:
        if clash is None and chance.high > 1.0 - places.confidence:
            clash = _told(shape, solid, ClashKind.POSSIBLE, found, at)
        clash = None if clash is None else replace(clash, chance=chance)
    clash = None if clash is None else replace(clash, designed=designed)
    if clash is not None and clash.kind not in (ClashKind.TOUCHING, ClashKind.POSSIBLE):
        return clash, None
    seen = coverage.near(tree, max(seen_within, rule.clearance))
    if seen is None or seen >= _SEEN:
        return clash, None
    gap = max(float(found.signed[at]), 0.0)
    return clash, NotSeen(shape.element.global_id, solid.global_id, seen, gap, designed, "coverage")


def _clash(shape: BuiltShape, solid: Solid, rule: ClashRule, found: Depths, at: int) -> Clash | None:
    least = float(found.signed[at])
    if least < -rule.touch_tolerance:
        inside = bool(np.all(found.signed < 0.0))
        return _told(shape, solid, ClashKind.ENCLOSED if inside else ClashKind.HARD, found, at)
    if least <= rule.touch_tolerance:
        return _told(shape, solid, ClashKind.TOUCHING, found, at)
    return _told(shape, solid, ClashKind.CLEARANCE, found, at) if least < rule.clearance else None


def _told(shape: BuiltShape, solid: Solid, kind: ClashKind, found: Depths, at: int) -> Clash:
    least = float(found.signed[at])
    inside = shape.points[found.signed < 0.0]
    where = shape.points[at] if least < 0.0 else 0.5 * (shape.points[at] + found.nearest[at])
    first, second = sorted((shape.element.global_id, solid.global_id))
    size = np.ptp(inside, axis=0) if len(inside) else np.zeros(3)
    depth = max(-least, 0.0)
    return Clash(
        first, second, kind, None, depth, depth, max(least, 0.0), where, size, without_volume=_reason(shape.kind)
    )


def _reason(kind: ShapeKind) -> Note:
    if kind is ShapeKind.POINTS:
        return Note("shape_points", "a point set encloses no volume")
    return Note("shape_surface", "a mesh that is not closed encloses no volume")


def _chance(shape: BuiltShape, solid: Solid, found: Depths, at: int, places: Places) -> Chance | None:
    """Return how probable it is that a part reaches into a solid, given the noise of its points.

    Between two bounds, with x the signed depths of the n points that noise may have made the deepest: low, that all of
    them show one depth, Φ(x_max / σ)ⁿ (the chance that noise alone does not explain the deepest of n); high, that each
    shows its own, 1 - Π Φ(-x / σ). What the place of the other is unsure by shifts all of them together.
    """
    away = found.nearest[at] - shape.points[at]
    length = float(np.linalg.norm(away))
    direction = away / length if length > 0.0 else np.array([0.0, 0.0, 1.0])
    centres = np.stack([solid.bounds.mean(axis=0), shape.points[at]])
    pair = (places[solid.global_id], designed_place(0.0))
    shift = spread_between(pair, direction, shape.points[at], centres)
    if shape.noise <= 0.0 and shift <= 0.0:
        return None
    depth = -found.signed
    low, high, count = _bounds(depth, shape.noise, shift)
    sd = float(np.hypot(shape.noise, shift))
    return Chance(low, low, high, decide(low, high, places.confidence), float(depth[at]), sd, count)


def _bounds(depth: FloatArray, noise: float, shift: float) -> tuple[float, float, int]:
    deepest = float(depth.max())
    if noise <= 0.0:
        share = float(np.exp(log_ndtr(deepest / shift)))
        return share, share, 1
    rivals = depth[depth >= deepest - _COMPETING * noise]
    nodes, weights = (_NODES * shift, _WEIGHTS / _WEIGHTS.sum()) if shift > 0.0 else (np.zeros(1), np.ones(1))
    low = np.exp(len(rivals) * log_ndtr((deepest + nodes) / noise))
    none = np.array([log_ndtr(-(rivals + node) / noise).sum() for node in nodes])
    return float(weights @ low), float(weights @ -np.expm1(none)), len(rivals)
