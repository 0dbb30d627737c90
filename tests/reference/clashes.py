"""Clashes the slow way: every pair intersected and subtracted as solids, nothing told from the surfaces."""

from typing import Any

from simulation.assembly.clash import ClashKind, ClashRule
from simulation.assembly.solid import Solid

NOTHING = 1e-12


def shared_volume(first: Solid, second: Solid) -> float:
    """Return the volume that two solids share, m³."""
    return float((first.body ^ second.body).volume())


def pierces(tool: Any, body: Any) -> bool:
    """Return whether what ``tool`` leaves of ``body`` has more pieces or more holes."""
    left = [piece for piece in (body - tool).decompose() if piece.volume() > NOTHING]
    before = body.decompose()
    return len(left) > len(before) or sum(p.genus() for p in left) > sum(p.genus() for p in before)


def kind_of(first: Solid, second: Solid, rule: ClashRule) -> ClashKind | None:
    """Return how two solids are in each other's way, whatever the depth of what they share."""
    volume = shared_volume(first, second)
    if volume <= NOTHING:
        gap = float(first.body.min_gap(second.body, max(rule.touch_tolerance, rule.clearance) * (1.0 + 1e-9) + 1e-12))
        if gap <= rule.touch_tolerance:
            return ClashKind.TOUCHING
        return ClashKind.CLEARANCE if gap < rule.clearance else None
    sizes = float(first.body.volume()), float(second.body.volume())
    if volume >= 0.999 * (sum(sizes) - volume) and first.ifc_class == second.ifc_class:
        return ClashKind.DUPLICATE
    if volume >= (1.0 - 1e-6) * min(sizes):
        return ClashKind.ENCLOSED
    through = pierces(first.body, second.body) or pierces(second.body, first.body)
    return ClashKind.PIERCING if through else ClashKind.HARD
