"""Parts seen along a direction: which faces are first and last on its lines, and how deep they lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from simulation.assembly.blocking_kernels import BLOCKED, FREE, in_the_way, way_until_contact
from simulation.assembly.directions import basis

_EDGE_ON = 1e-6
"""Cosine below which a face is seen from its edge: it covers nothing across the direction."""
_SLIT = 1e-6
"""Metres: gaps between the polygons of one region that rounding leaves."""
_MOST_POLYGONS = 200_000
_STILL = np.zeros(3)


@dataclass(frozen=True, slots=True)
class OrderRule:
    """What counts as being in the way."""

    touch: float = 1e-4
    """Metres: what is in the way less deeply, or only in a strip narrower than twice this, is taken for touching."""
    insertion: float | None = None
    """Metres that a part is moved before it counts as free; None: out of the whole model."""


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """The faces of several parts, one after the other."""

    triangles: FloatArray
    """(m, 3, 3) metres."""
    starts: IntArray
    """(n + 1,) first face of each part."""
    two_sided: BoolArray
    """(m,)"""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Faces seen along a direction."""

    direction: FloatArray
    """(3,) unit."""
    across: FloatArray
    """(2, 3) unit vectors of the plane across it."""
    uv: FloatArray
    """(m, 3, 2) corners in that plane."""
    plane: FloatArray
    """(m, 3): depth of a face is p0 + p1 u + p2 v."""
    box: FloatArray
    """(m, 6) low and high of u, v and depth of each face."""
    reach: FloatArray
    """(n, 6) the same of each part."""
    firsts: IntArray
    """Faces where a line along the direction enters a part, part by part, by their low u."""
    first_starts: IntArray
    lasts: IntArray
    """Faces where it leaves a part."""
    last_starts: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Obstruction:
    """What of one part stands in another's way along a direction."""

    blocked: bool
    area: float
    """Of the region across the direction where it does, m², each place once."""
    depth: float
    """How far its last face lies beyond the first face of what moves, metres, at most."""
    at: FloatArray
    """(3,) where it is met, metres."""
    way: float
    """How far the part can be moved until they meet, metres."""


def faces_of(parts: Sequence[tuple[FloatArray, bool]]) -> Faces:
    """Return triangles (f, 3, 3) of several parts, each with whether its faces are two-sided, as one."""
    counts = np.array([len(triangles) for triangles, _ in parts], dtype=np.int64)
    triangles = np.concatenate([np.empty((0, 3, 3)), *[one for one, _ in parts]])
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Faces(triangles, starts, np.repeat(np.array([both for _, both in parts], dtype=np.bool_), counts))


def seen_along(faces: Faces, direction: FloatArray) -> View:
    """Return faces as they are seen along a unit direction (3,)."""
    across = basis(direction)
    uv, depth = faces.triangles @ across.T, faces.triangles @ direction
    first, second = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    rise1, rise2 = depth[:, 1] - depth[:, 0], depth[:, 2] - depth[:, 0]
    turn = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    edges = faces.triangles[:, 1:] - faces.triangles[:, :1]
    full = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)
    seen = np.abs(turn) > _EDGE_ON * np.maximum(full, 1e-14)
    safe = np.where(seen, turn, 1.0)
    p1 = (rise1 * second[:, 1] - rise2 * first[:, 1]) / safe
    p2 = (rise2 * first[:, 0] - rise1 * second[:, 0]) / safe
    plane = np.stack([depth[:, 0] - p1 * uv[:, 0, 0] - p2 * uv[:, 0, 1], p1, p2], axis=1)
    low, high = (
        np.column_stack([uv.min(axis=1), depth.min(axis=1)]),
        np.column_stack([uv.max(axis=1), depth.max(axis=1)]),
    )
    box = np.stack([low, high], axis=2).reshape(-1, 6)
    leaves = seen & ((turn > 0.0) | faces.two_sided)
    enters = seen & ((turn < 0.0) | faces.two_sided)
    firsts, first_starts = _sorted(enters, box, faces.starts)
    lasts, last_starts = _sorted(leaves, box, faces.starts)
    inner = faces.starts[:-1]
    reach = np.stack([np.minimum.reduceat(low, inner), np.maximum.reduceat(high, inner)], axis=2).reshape(-1, 6)
    return View(direction, across, uv, plane, box, reach, firsts, first_starts, lasts, last_starts)


def _sorted(chosen: BoolArray, box: FloatArray, starts: IntArray) -> tuple[IntArray, IntArray]:
    index = np.flatnonzero(chosen)
    part = np.searchsorted(starts, index, side="right") - 1
    index = index[np.lexsort((box[index, 0], part))]
    return index, np.searchsorted(part, np.arange(len(starts))).astype(np.int64)


def shift_along(view: View, move: FloatArray) -> FloatArray:
    """Return a move (3,) as the view has it: across u, across v, along."""
    return np.array([*(view.across @ move), view.direction @ move])


def obstruction(view: View, moving: int, standing: int, rule: OrderRule, shift: FloatArray = _STILL) -> Obstruction:
    """Return what of ``standing`` is in the way of ``moving``, measured; slower than only asking whether."""
    polygons, depths = _polygons(view, moving, standing, rule, shift)
    region = _region(polygons)
    blocked = float(_grown(region, -rule.touch - _SLIT).area()) > 0.0
    way = way_of(view, moving, standing, rule, shift)
    middle = polygons[int(np.argmax(depths))].mean(axis=0) if polygons else np.zeros(2)
    at = middle @ view.across + view.direction * (view.reach[moving, 5] + shift[2] + max(way, 0.0))
    return Obstruction(blocked, max(float(region.area()), 0.0), max(depths, default=0.0), at, max(way, 0.0))


def is_narrow_free(view: View, moving: int, standing: int, rule: OrderRule, shift: FloatArray = _STILL) -> bool:
    """Return whether what is in the way leaves no room for a disc of the tolerance anywhere: it only touches."""
    polygons, _ = _polygons(view, moving, standing, rule, shift)
    return float(_grown(_region(polygons), -rule.touch - _SLIT).area()) <= 0.0


def stands_in_way(view: View, moving: int, standing: int, rule: OrderRule, shift: FloatArray) -> bool:
    """Return whether ``standing`` is in the way of ``moving``, which has been moved by ``shift`` (u, v, depth)."""
    nothing, none = np.empty((0, 16, 2)), np.empty((0, 2))
    state = in_the_way(*_arrays(view, moving, standing), rule.touch, rule.touch, shift, nothing, none)[0]
    if state == FREE or state == BLOCKED:
        return bool(state == BLOCKED)
    return not is_narrow_free(view, moving, standing, rule, shift)


def way_of(view: View, moving: int, standing: int, rule: OrderRule, shift: FloatArray = _STILL) -> float:
    """Return how far ``moving`` can go until it meets ``standing``, metres; -1 where it never does."""
    lasts = view.lasts[view.last_starts[moving] : view.last_starts[moving + 1]]
    firsts = view.firsts[view.first_starts[standing] : view.first_starts[standing + 1]]
    arrays = (view.uv, view.plane, view.box)
    return float(way_until_contact(lasts, *arrays, firsts, *arrays, rule.touch, rule.touch, shift))


def _arrays(view: View, moving: int, standing: int) -> tuple[Any, ...]:
    firsts = view.firsts[view.first_starts[moving] : view.first_starts[moving + 1]]
    lasts = view.lasts[view.last_starts[standing] : view.last_starts[standing + 1]]
    arrays = (view.uv, view.plane, view.box)
    return firsts, *arrays, view.reach[moving], lasts, *arrays, view.reach[standing]


def _polygons(
    view: View, moving: int, standing: int, rule: OrderRule, shift: FloatArray
) -> tuple[list[FloatArray], list[float]]:
    """Return the polygons (k, 2) in the way, each with its greatest depth."""
    room = 64
    while True:
        found, depths = np.empty((room, 16, 2)), np.empty((room, 2))
        kept = in_the_way(*_arrays(view, moving, standing), rule.touch, rule.touch, shift, found, depths)[1]
        if kept <= room or room >= _MOST_POLYGONS:
            break
        room = min(int(kept), _MOST_POLYGONS)
    kept = min(kept, room)
    return [found[k, : int(depths[k, 0])].copy() for k in range(kept)], [float(depth) for depth in depths[:kept, 1]]


def _region(polygons: list[FloatArray]) -> Any:
    """Return the union of polygons as ``manifold3d.CrossSection``, the slits of rounding between them closed."""
    from manifold3d import CrossSection, FillRule

    if not polygons:
        return CrossSection()
    return _grown(CrossSection(polygons, FillRule.NonZero), _SLIT)


def _grown(region: Any, by: float) -> Any:
    from manifold3d import JoinType

    return region.offset(by, JoinType.Miter, 2.0)
