"""What the stations could see: rays decide between installed, missing, occluded and unseen.

Two kinds of evidence, both by ray casting against the designed surfaces in float64:

- *measured rays* (station to returned point): which element each would have met first as designed, and whether it came
  back from there, from nearer (something hides it) or from clearly farther (nothing is there);
- *surface samples*: which share of an element's outer surface some station could have seen at all.
"""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray, Int32Array, IntArray
from geometry.triangle_tree import TriangleTree, cast

MARGIN = 0.05
"""How far (m) behind a designed surface a return must lie before the surface counts as not there."""
_LAYERS = 6
"""How many surfaces one behind the other a ray is followed through."""
_SAMPLES = 96


@dataclass(frozen=True, slots=True, eq=False)
class RayEvidence:
    """Counts per element over all measured rays that were traced."""

    expected: IntArray
    """(e,) rays that meet the element first as designed."""
    confirmed: IntArray
    """(e,) of these, rays whose return belongs to the element."""
    near: IntArray
    """(e,) of these, rays that came back from about there but belong to another element."""
    blocked: IntArray
    """(e,) of these, rays that came back from nearer."""
    through: IntArray
    """(e,) of these, rays that came back from clearly behind."""
    through_any: IntArray
    """(e,) rays that crossed the element anywhere and came back from clearly behind it."""
    crossing_element: IntArray
    """(k,) every such crossing: the element crossed,"""
    crossing_ray: IntArray
    """(k,) and the ray, by its place among those given."""


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceVisibility:
    """Surface samples and what could be seen of them."""

    point: FloatArray
    """(m, 3) samples, metres."""
    element: Int32Array
    """(m,)."""
    in_reach: BoolArray
    """(m,) faces a station within its reach."""
    visible: BoolArray
    """(m,) and the design leaves the line of sight free."""


def trace_rays(
    tree: TriangleTree,
    element_count: int,
    origins: FloatArray,
    returns: FloatArray,
    owner: Int32Array,
) -> RayEvidence:
    """Trace measured rays from ``origins`` (n, 3) to ``returns`` (n, 3) through the design.

    ``owner`` (n,) is the element each return was assigned to, -1 for none.
    """
    direction = returns - origins
    measured = np.linalg.norm(direction, axis=1)
    usable = measured > 1e-6
    place = np.flatnonzero(usable)
    origins, direction, measured, owner = origins[usable], direction[usable], measured[usable], owner[usable]
    direction = direction / measured[:, None]
    hits = cast(tree, origins, direction, measured + 10.0)
    first = hits.element
    met = first >= 0
    confirmed = met & (owner == first)
    beyond = measured - np.where(met, hits.range, np.inf)
    through = met & ~confirmed & (beyond > MARGIN)
    blocked = met & ~confirmed & (beyond < -MARGIN)
    near = met & ~confirmed & ~through & ~blocked

    def count(mask: BoolArray) -> IntArray:
        return np.bincount(first[mask], minlength=element_count).astype(np.int64)

    crossed, by = _crossed(tree, element_count, origins, direction, measured, owner)
    return RayEvidence(
        expected=count(met),
        confirmed=count(confirmed),
        near=count(near),
        blocked=count(blocked),
        through=count(through),
        through_any=np.bincount(crossed, minlength=element_count).astype(np.int64),
        crossing_element=crossed,
        crossing_ray=place[by],
    )


def _crossed(
    tree: TriangleTree,
    element_count: int,
    origins: FloatArray,
    direction: FloatArray,
    measured: FloatArray,
    owner: Int32Array,
) -> tuple[IntArray, IntArray]:
    """Return element and ray of each crossing with a return from clearly behind, whatever the ray met before."""
    rays = np.arange(len(measured))
    start = np.zeros(len(measured))
    seen: list[IntArray] = []
    for _ in range(_LAYERS):
        rays = rays[measured[rays] - MARGIN - start[rays] > 0]
        if len(rays) == 0:
            break
        begin = origins[rays] + start[rays, None] * direction[rays]
        hits = cast(tree, begin, direction[rays], measured[rays] - MARGIN - start[rays])
        met = hits.element >= 0
        # depth along the surface's normal: a ray that merely grazes a face has not passed through the element
        behind = measured[rays] - start[rays] - np.where(met, hits.range, 0.0)
        depth = behind * np.abs(np.einsum("ij,ij->i", hits.normal, direction[rays]))
        crossed = met & (hits.element != owner[rays]) & (depth > 0.5 * MARGIN)
        seen.append(rays[crossed] * np.int64(element_count) + hits.element[crossed])
        start[rays[met]] += hits.range[met] + 1e-4
        rays = rays[met]
    if not seen:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    pairs = np.unique(np.concatenate(seen))  # entering and leaving an element counts once
    return pairs % element_count, pairs // element_count


def sample_surface(triangles: FloatArray, element: Int32Array, count: int) -> tuple[FloatArray, FloatArray, Int32Array]:
    """Spread about ``_SAMPLES`` samples evenly by area over each element's surface: points, normals, element.

    Deterministic: low-discrepancy numbers (R2 sequence, Roberts 2018) instead of dice.
    """
    cross = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    double_area = np.linalg.norm(cross, axis=1)
    points: list[FloatArray] = []
    normals: list[FloatArray] = []
    elements: list[Int32Array] = []
    order = np.argsort(element, kind="stable")
    bounds = np.searchsorted(element[order], np.arange(count + 1))
    k = np.arange(_SAMPLES)
    along = (k + 0.5) / _SAMPLES
    u, v = (0.5 + 0.7548776662466927 * k) % 1.0, (0.5 + 0.5698402909980532 * k) % 1.0
    flip = u + v > 1.0
    u, v = np.where(flip, 1.0 - u, u), np.where(flip, 1.0 - v, v)
    for e in range(count):
        mine = order[bounds[e] : bounds[e + 1]]
        mine = mine[double_area[mine] > 0]
        if len(mine) == 0:
            continue
        cumulative = np.cumsum(double_area[mine])
        pick = mine[np.searchsorted(cumulative, along * cumulative[-1])]
        a, b, c = triangles[pick, 0], triangles[pick, 1], triangles[pick, 2]
        points.append(a + u[:, None] * (b - a) + v[:, None] * (c - a))
        normals.append(cross[pick] / double_area[pick, None])
        elements.append(np.full(_SAMPLES, e, np.int32))
    if not points:
        return np.empty((0, 3)), np.empty((0, 3)), np.empty(0, np.int32)
    return np.concatenate(points), np.concatenate(normals), np.concatenate(elements)


def see_surface(
    tree: TriangleTree,
    triangles: FloatArray,
    element: Int32Array,
    count: int,
    stations: FloatArray,
    reach: FloatArray,
) -> SurfaceVisibility:
    """Say which surface samples of ``count`` elements the ``stations`` (s, 3) with ``reach`` (s,) metres could see."""
    point, normal, owner = sample_surface(triangles, element, count)
    in_reach, visible = np.zeros(len(point), bool), np.zeros(len(point), bool)
    for station, limit in zip(stations, reach, strict=True):
        ray = point - station
        distance = np.linalg.norm(ray, axis=1)
        direction = ray / np.maximum(distance, 1e-9)[:, None]
        facing = (np.einsum("ij,ij->i", normal, direction) < -0.05) & (distance < limit) & (distance > 1e-3)
        in_reach |= facing
        pending = np.flatnonzero(facing & ~visible)
        if len(pending) == 0:
            continue
        # coincident faces of two elements block neither: stop 5 mm short
        hits = cast(tree, np.broadcast_to(station, (len(pending), 3)), direction[pending], distance[pending] - 0.005)
        visible[pending[hits.element < 0]] = True
    return SurfaceVisibility(point, owner, in_reach, visible)
