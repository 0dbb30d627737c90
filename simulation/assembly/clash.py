"""Do two parts clash, how, and how deeply: by the volume they share and the gap between them, never by their surfaces.

A search for crossing surfaces misses what lies inside something else, what coincides and what overlaps along one axis;
the volume of the intersection does not (docs/decisions/0011).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from simulation.assembly.ball import largest_ball
from simulation.assembly.chance import Chance
from simulation.assembly.separation import separation
from simulation.assembly.solid import Solid, outside_of

_SAME = 0.999
"""Share of intersection in union from which two solids of one class are one thing drawn twice."""
_INSIDE = 1.0 - 1e-6
_CONVEX = 0.99
"""Share of its hull that a solid fills at least to count as convex."""
_NOTHING = 1e-12
"""Volume, m³, that rounding may leave between faces that touch."""


class ClashKind(StrEnum):
    """How two parts are in each other's way."""

    DUPLICATE = "duplicate"
    """One thing drawn twice."""
    ENCLOSED = "enclosed"
    """One lies wholly inside the other."""
    PIERCING = "piercing"
    """One goes through the other."""
    HARD = "hard"
    """One reaches into the other."""
    TOUCHING = "touching"
    """They meet; no volume is shared beyond the touching tolerance."""
    CLEARANCE = "clearance"
    """They are apart, but nearer than they should be."""
    POSSIBLE = "possible"
    """They are apart, but their places are less certain than that."""


@dataclass(frozen=True, slots=True)
class ClashRule:
    """What counts as a clash."""

    touch_tolerance: float = 1e-4
    """Metres: overlaps no deeper and gaps no wider are touching."""
    clearance: float = 0.0
    """Metres that parts have to stay apart; 0: nothing is asked."""


@dataclass(frozen=True, slots=True, eq=False)
class Clash:
    """Two parts in each other's way."""

    first: str
    """GlobalId, before ``second`` in order."""
    second: str
    kind: ClashKind
    volume: float
    """Shared, m³."""
    depth: float
    """How thick the shared volume is at its thickest piece, metres: what would have to be cut away; 0 without one."""
    separation: float
    """How far one would have to move along a face normal to be clear, metres: exact of convex parts, else enough."""
    gap: float
    """Between them, metres; 0 where they meet."""
    at: FloatArray
    """(3,) where, metres, relative to the model's origin."""
    size: FloatArray
    """(3,) of the box around the shared volume, metres."""
    chance: Chance | None = None
    """Of sharing volume, where their places are uncertain."""
    designed: "ClashKind | None" = None
    """How they are in each other's way as designed; None: they are not, or nothing but the design is known."""


def clash_of(first: Solid, second: Solid, rule: ClashRule) -> Clash | None:
    """Return how two solids are in each other's way; None where they are not."""
    shared = first.body ^ second.body
    volume = float(shared.volume())
    if volume <= _NOTHING:
        return _apart(first, second, rule)
    pieces = shared.decompose()
    depth = _thickest(pieces)
    box = np.array(shared.bounding_box(), dtype=np.float64).reshape(2, 3)
    kind = ClashKind.TOUCHING if depth <= rule.touch_tolerance else _kind(first, second, volume)
    return Clash(
        first=first.global_id,
        second=second.global_id,
        kind=kind,
        volume=volume,
        depth=depth,
        separation=separation(first, second),
        gap=0.0,
        at=_centre(max(pieces, key=lambda piece: piece.volume())),
        size=np.ptp(box, axis=0),
    )


def _apart(first: Solid, second: Solid, rule: ClashRule) -> Clash | None:
    reach = max(rule.touch_tolerance, rule.clearance)
    gap = float(first.body.min_gap(second.body, reach * (1.0 + 1e-9) + 1e-12))
    if gap <= rule.touch_tolerance:
        kind = ClashKind.TOUCHING
    elif gap < rule.clearance:
        kind = ClashKind.CLEARANCE
    else:
        return None
    return apart(first, second, kind, gap)


def apart(first: Solid, second: Solid, kind: ClashKind, gap: float) -> Clash:
    """Return a clash of two solids that share nothing, between their boxes."""
    low = np.maximum(first.bounds[0], second.bounds[0])
    high = np.minimum(first.bounds[1], second.bounds[1])
    middle, size = 0.5 * (low + high), np.maximum(high - low, 0.0)
    return Clash(first.global_id, second.global_id, kind, 0.0, 0.0, 0.0, gap, middle, size)


def _kind(first: Solid, second: Solid, volume: float) -> ClashKind:
    union = first.volume + second.volume - volume
    if volume >= _SAME * union and first.ifc_class == second.ifc_class:
        return ClashKind.DUPLICATE
    if volume >= _INSIDE * min(first.volume, second.volume):
        return ClashKind.ENCLOSED
    return ClashKind.PIERCING if _pierces(first, second) or _pierces(second, first) else ClashKind.HARD


def _pierces(tool: Solid, body: Solid) -> bool:
    """Return whether what ``tool`` leaves of ``body`` falls into more pieces or has more holes than before."""
    left = body.body - tool.body
    pieces, before = left.decompose(), body.body.decompose()
    real = [piece for piece in pieces if piece.volume() > _NOTHING]
    holes = sum(piece.genus() for piece in real)
    return len(real) > len(before) or holes > sum(piece.genus() for piece in before)


def _thickest(pieces: Sequence[Any]) -> float:
    """Return how thick the thickest of several solids is, metres; one that cannot be it is not looked into."""
    best = 0.0
    for piece in sorted(pieces, key=lambda piece: -piece.volume()):
        best = max(best, _thickness(piece, best))
    return best


def _thickness(piece: Any, floor: float) -> float:
    """Return how thick a solid is at its thickest place, metres; anything up to ``floor`` where it is no thicker.

    Of a convex one the least extent over its own face normals and its principal axes. A bent one, such as two roundings
    of one curve leave, is thinner than it extends: there it is also the largest ball that fits.
    """
    corners, normals = outside_of(piece)
    centred = corners - corners.mean(axis=0)
    principal = np.linalg.svd(centred, full_matrices=False)[2]
    extent = float(np.ptp(corners @ np.vstack([normals, principal]).T, axis=0).min())
    if extent <= floor or float(piece.volume()) > _CONVEX * float(piece.hull().volume()):
        return extent
    return min(extent, largest_ball(piece, floor))


def _centre(body: Any) -> FloatArray:
    """Return the centre of mass (3,)."""
    mesh = body.to_mesh64()
    corners = np.asarray(mesh.vert_properties, dtype=np.float64)[:, :3]
    about = corners.mean(axis=0)
    a, b, c = np.moveaxis((corners - about)[np.asarray(mesh.tri_verts)], 1, 0)
    weight = np.einsum("ij,ij->i", a, np.cross(b, c))
    return about + weight @ (a + b + c) / (4.0 * weight.sum())
