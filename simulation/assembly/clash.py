"""Do two parts clash, how, and how deeply: by the volume they share and the gap between them, never by their surfaces.

A search for crossing surfaces misses what lies inside something else, what coincides and what overlaps along one axis;
the volume of the intersection does not (docs/decisions/0011).
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from geometry.arrays import FloatArray
from simulation.assembly.chance import Chance
from simulation.assembly.separation import gap, plain_gap, plainly_only_meet, separation
from simulation.assembly.shared import Shared, pierces, shared_of
from simulation.assembly.solid import Solid

_SAME = 0.999
"""Share of intersection in union from which two solids of one class are one thing drawn twice."""
_INSIDE = 1.0 - 1e-6


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
    ACCESS = "access"
    """The second stands in space beside the first that has to be free."""


@dataclass(frozen=True, slots=True)
class ClashRule:
    """What counts as a clash."""

    touch_tolerance: float = 1e-4
    """Metres: overlaps no deeper and gaps no wider are touching."""
    clearance: float = 0.0
    """Metres that parts have to stay apart; 0: nothing is asked."""


@dataclass(frozen=True, slots=True, eq=False)
class Intrusion:
    """Something in a space that has to be free."""

    rule: str
    """Its name."""
    towards: str
    """On which side of the element the space is: a word of the rule."""
    distance: float
    """How far the space goes, metres."""
    free: float
    """Least way from the face of the element to what stands before it, metres."""
    corners: FloatArray
    """(8, 3) of the space, metres relative to the model's origin: those at the face first."""
    by_faces: bool = False
    """What stands there is no closed solid: its faces were looked at, and it has no volume."""


@dataclass(frozen=True, slots=True, eq=False)
class Clash:
    """Two parts in each other's way."""

    first: str
    """GlobalId, before ``second`` in order; of ``ACCESS`` the one whose space it is."""
    second: str
    kind: ClashKind
    volume: float | None
    """Shared, m³; None: nothing that has no volume can tell."""
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
    without_volume: str = ""
    """Why there is no volume, where there is none."""
    intrusion: Intrusion | None = None
    """Into which space, of ``ACCESS``: the depth is how far it reaches in from the far side, the gap is free."""


def clash_of(first: Solid, second: Solid, rule: ClashRule) -> Clash | None:
    """Return how two solids are in each other's way; None where they are not."""
    reach = max(rule.touch_tolerance, rule.clearance) * (1.0 + 1e-9) + 1e-12
    between = plain_gap(first, second, reach)
    apart = between is not None or plainly_only_meet(first, second)
    shared = None if apart else shared_of(first, second)
    if shared is None:
        return _apart(first, second, rule, gap(first, second, reach) if between is None else between)
    thickness, volume = shared.thickness(), float(shared.body.volume())
    return Clash(
        first=first.global_id,
        second=second.global_id,
        kind=ClashKind.TOUCHING if thickness <= rule.touch_tolerance else _kind(first, second, shared, volume),
        volume=volume,
        depth=thickness,
        separation=separation(first, second),
        gap=0.0,
        at=shared.pieces[0].centre,
        size=np.ptp(shared.corners, axis=0),
    )


def apart(first: Solid, second: Solid, kind: ClashKind, gap: float) -> Clash:
    """Return a clash of two solids that share nothing, between their boxes."""
    low = np.maximum(first.bounds[0], second.bounds[0])
    high = np.minimum(first.bounds[1], second.bounds[1])
    middle, size = 0.5 * (low + high), np.maximum(high - low, 0.0)
    return Clash(first.global_id, second.global_id, kind, 0.0, 0.0, 0.0, gap, middle, size)


def _apart(first: Solid, second: Solid, rule: ClashRule, between: float) -> Clash | None:
    if between <= rule.touch_tolerance:
        return apart(first, second, ClashKind.TOUCHING, between)
    return apart(first, second, ClashKind.CLEARANCE, between) if between < rule.clearance else None


def _kind(first: Solid, second: Solid, shared: Shared, volume: float) -> ClashKind:
    union = first.volume + second.volume - volume
    if volume >= _SAME * union and first.ifc_class == second.ifc_class:
        return ClashKind.DUPLICATE
    if volume >= _INSIDE * min(first.volume, second.volume):
        return ClashKind.ENCLOSED
    return ClashKind.PIERCING if pierces(first, second, shared) else ClashKind.HARD
