"""From a design to where to scan it: surfaces are sampled, stations tried where one can stand, few of them chosen."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from geometry.design import DesignModel, Element
from geometry.triangle_tree import TriangleTree, build_tree, cast, closest
from twin.record import Id
from twin.scan_plan import Scanner, ScanPlan, ScanStation, StoreyScan
from twin.scan_stations import (
    ScannerLimits,
    StoreyToScan,
    SurfaceSamples,
    in_view,
    line_of_sight,
    stations_by_storey,
    unseen_elements,
)

_FEWEST, _MOST = 8, 96
"""Samples of an element's surface; in between by the square root of its area."""
_ENOUGH = 0.9
"""Share of what can be seen at all at which no further station is worth its set-up."""
_CANDIDATES = 500
"""Places that are tried in a storey; beyond, they lie further apart."""
_CLEARANCE = 0.4
"""How far (m) a scanner stands from anything."""
_BEHIND = 3
"""Of six ways, so many that end at the back of a face mean inside; coincident faces spoil one or two."""
_STEP = 1.0
"""How far (m) below its storey's level a floor may be."""
_GROUND = 200.0
"""How far (m) the ground reaches around the building: beyond any scanner's sight of it."""
_BELOW = 0.05
"""How far (m) the ground lies below the lowest level: no floor is hidden by it."""
_AROUND = 6.0
"""How far (m) around the lowest storey one can walk."""
_SEE_THROUGH = frozenset({"IfcWindow", "IfcSpace", "IfcOpeningElement", "IfcVirtualElement", "IfcDoor"})
"""Classes that hide nothing: not there, of glass, or open."""


@dataclass(frozen=True, slots=True, eq=False)
class _Sampled:
    """Surfaces of elements as points."""

    samples: SurfaceSamples
    owner: IntArray
    """(n,) place of each sample's element."""


def plan_scan(
    design: DesignModel,
    wanted: Collection[str],
    *,
    revision: Id,
    scanner: Scanner,
    progress: Callable[[float], None] = lambda _: None,
) -> ScanPlan:
    """Suggest where to scan so that the ``wanted`` elements (GlobalIds) are seen well enough.

    Everything that is designed is taken to be built and to hide what is behind it, save glass, doors and spaces. A
    station stands on a floor, clear of everything, or on the ground around the lowest storey, at that storey's level;
    what is below the ground is not seen. Deterministic.
    """
    elements = [
        design.elements[g] for g in sorted(wanted) if g in design.elements and len(design.elements[g].mesh.faces)
    ]
    limits = ScannerLimits(
        float(scanner.max_range_m), float(np.radians(float(scanner.max_incidence_deg))), float(scanner.min_range_m)
    )
    if not elements:
        return ScanPlan(revision, scanner, (), ())
    sampled = _sample(elements)
    names = _storeys_of(design, elements)
    tree = _hiding(design, elements, names[0])
    visible = line_of_sight(tree)
    storeys = {name: _storey(design, elements, sampled, name, lowest=i == 0) for i, name in enumerate(names)}
    tried = 0

    def stand(name: str, candidates: FloatArray) -> FloatArray:
        nonlocal tried
        progress(tried / len(names))
        tried += 1
        return _standing(candidates, tree, float(scanner.height_m))

    found = stations_by_storey(
        storeys, limits, spacing=float(scanner.spacing_m), height=float(scanner.height_m), most_candidates=_CANDIDATES,
        enough=_ENOUGH,
        visible=visible, stand=stand,
    )  # fmt: skip
    seen = np.zeros(len(sampled.owner), bool)
    for name, plan in found.items():
        seen[_samples_in(elements, sampled, name)] = plan.seen
    for station in (station for plan in found.values() for station in plan.stations):
        # a slab's underside is seen from the storey below, a facade from the ground
        near = np.abs(sampled.samples.points - station).max(axis=1) <= limits.max_range
        left = np.flatnonzero(~seen & near)
        seen[left[in_view(_part(sampled.samples, left), station, limits, visible)]] = True
    progress(1.0)
    hidden = unseen_elements(seen, sampled.owner, [element.global_id for element in elements])
    told = [_told(name, found[name].stations, found[name].gains, storeys[name], design.origin) for name in names]
    return ScanPlan(revision, scanner, tuple(told), hidden)


def _sample(elements: Sequence[Element]) -> _Sampled:
    """Spread samples evenly by area over each element, by low-discrepancy numbers (R2, Roberts 2018), without dice."""
    points: list[FloatArray] = []
    normals: list[FloatArray] = []
    weights: list[FloatArray] = []
    owner: list[IntArray] = []
    for place, element in enumerate(elements):
        corners = element.mesh.triangles()
        cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        double = np.linalg.norm(cross, axis=1)
        area = 0.5 * float(double.sum())
        if not area > 0.0:
            continue
        count = int(np.clip(round(2.0 + 4.0 * area**0.5), _FEWEST, _MOST))
        k = np.arange(count)
        cumulative = np.cumsum(double)
        pick = np.minimum(np.searchsorted(cumulative, (k + 0.5) / count * cumulative[-1]), len(double) - 1)
        u, v = (0.5 + 0.7548776662466927 * k) % 1.0, (0.5 + 0.5698402909980532 * k) % 1.0
        flip = u + v > 1.0
        u, v = np.where(flip, 1.0 - u, u)[:, None], np.where(flip, 1.0 - v, v)[:, None]
        a, b, c = corners[pick, 0], corners[pick, 1], corners[pick, 2]
        at, outward = a + u * (b - a) + v * (c - a), cross[pick] / double[pick, None]
        sides = (1.0, -1.0) if element.sheet else (1.0,)
        for side in sides:
            points.append(at)
            normals.append(side * outward)
            # each element counts by the square root of its surface: columns are not lost beside slabs
            weights.append(np.full(count, area**0.5 / count / len(sides)))
            owner.append(np.full(count, place))
    if not points:
        nothing = np.empty((0, 3))
        return _Sampled(SurfaceSamples(nothing, nothing, np.empty(0)), np.empty(0, np.int64))
    samples = SurfaceSamples(np.concatenate(points), np.concatenate(normals), np.concatenate(weights))
    return _Sampled(samples, np.concatenate(owner))


def _hiding(design: DesignModel, elements: Sequence[Element], lowest: str) -> TriangleTree:
    """Return what hides what is behind it: the design but glass, doors and spaces, and the ground around it."""
    shapes = [e.mesh.triangles() for e in design.elements.values() if e.ifc_class not in _SEE_THROUGH]
    boxes = np.stack([element.mesh.bounds() for element in elements])
    low, high = boxes[:, 0].min(axis=0) - _GROUND, boxes[:, 1].max(axis=0) + _GROUND
    bottom = min(float(e.mesh.vertices[:, 2].min()) for e in elements if e.storey == lowest)
    z = _level(design, lowest, bottom) - _BELOW
    a, b, c, d = ([low[0], low[1], z], [high[0], low[1], z], [high[0], high[1], z], [low[0], high[1], z])
    return build_tree(np.concatenate([*shapes, np.array([[a, b, c], [a, c, d]])]))


def _storeys_of(design: DesignModel, elements: Sequence[Element]) -> list[str]:
    """Return the storeys that hold elements, from the bottom up."""
    lowest: dict[str, float] = {}
    for element in elements:
        lowest[element.storey] = min(lowest.get(element.storey, np.inf), float(element.mesh.vertices[:, 2].min()))
    return sorted(lowest, key=lambda name: (_level(design, name, lowest[name]), name))


def _level(design: DesignModel, storey: str, lowest: float) -> float:
    """Return a storey's level in the meshes' coordinates: what the model says where its elements bear that out."""
    said = design.storeys.get(storey)
    if said is None:
        return lowest
    level = said - float(design.origin[2])
    return level if lowest - 4.0 <= level <= lowest + 4.0 else lowest


def _storey(
    design: DesignModel, elements: Sequence[Element], sampled: _Sampled, name: str, *, lowest: bool
) -> StoreyToScan:
    places = [i for i, element in enumerate(elements) if element.storey == name]
    mine = _samples_in(elements, sampled, name)
    boxes = np.stack([elements[i].mesh.bounds() for i in places])
    lower, upper = boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)
    margin = _AROUND if lowest else 1.0
    floor = _level(design, name, float(lower[2]))
    return StoreyToScan(_part(sampled.samples, mine), lower[:2] - margin, upper[:2] + margin, floor)


def _samples_in(elements: Sequence[Element], sampled: _Sampled, storey: str) -> IntArray:
    return np.flatnonzero(np.array([element.storey == storey for element in elements])[sampled.owner])


def _part(samples: SurfaceSamples, chosen: IntArray) -> SurfaceSamples:
    return SurfaceSamples(samples.points[chosen], samples.normals[chosen], samples.weights[chosen])


def _standing(candidates: FloatArray, tree: TriangleTree, height: float) -> FloatArray:
    """Return where one can stand of ``candidates`` (s, 3), each at the scanner's height above the floor under it."""
    down = np.broadcast_to(np.array([0.0, 0.0, -1.0]), candidates.shape)
    hits = cast(tree, candidates, down, height + _STEP)
    met = hits.triangle >= 0
    placed = candidates.copy()
    placed[met, 2] += height - hits.range[met]
    placed = placed[met]
    placed = placed[closest(tree, placed, _CLEARANCE).triangle < 0]
    return placed[~_within(placed, tree)]


def _within(places: FloatArray, tree: TriangleTree) -> BoolArray:
    """Say which places are inside something: most ways lead to a face that is seen from behind."""
    behind = np.zeros(len(places), int)
    for direction in (*np.eye(3), *-np.eye(3)):
        hits = cast(tree, places, np.broadcast_to(direction, places.shape))
        behind += (hits.triangle >= 0) & (hits.normal @ direction > 0.0)
    return behind >= _BEHIND


def _told(name: str, stations: FloatArray, gains: FloatArray, storey: StoreyToScan, origin: FloatArray) -> StoreyScan:
    whole = float(storey.samples.weights.sum())
    label = name or "all"
    told = tuple(
        ScanStation(f"{label} S{i:02d}", _rounded(at[0]), _rounded(at[1]), _rounded(at[2]), _rounded(gain / whole))
        for i, (at, gain) in enumerate(zip((stations + origin).tolist(), gains.tolist(), strict=True), start=1)
    )
    return StoreyScan(name, told, _rounded(float(gains.sum()) / whole if whole > 0 else 0.0))


def _rounded(number: float) -> Decimal:
    return Decimal(f"{number:.3f}")
