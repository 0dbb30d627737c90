"""What an extrusion of a straight-edged section must measure, from its definition: a witness beside the kernels."""

# pyright: reportUnknownMemberType=false

from dataclasses import dataclass
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from geometry.readers.ifc_attributes import attribute
from geometry.readers.ifc_frames import NotComparable, axes_frame


@dataclass(frozen=True, slots=True, eq=False)
class Prism:
    """Corners (n, 3) in metres, surface in m² and volume in m³ of an extruded section."""

    corners: FloatArray
    area: float
    volume: float


def prism_of(item: Any, unit_m: float) -> Prism | None:
    """Return what an IfcExtrudedAreaSolid of a polygon (holes allowed) or a rectangle must measure; None for others.

    A section that crosses itself, or whose holes do, measures something else than its polygons: then no mesh of it
    agrees with this, and other evidence decides.
    """
    if item.is_a() != "IfcExtrudedAreaSolid":
        return None
    loops = _loops(attribute(item, "SweptArea"), unit_m)
    if loops is None:
        return None
    ratios = np.zeros(3)
    direction = attribute(attribute(item, "ExtrudedDirection"), "DirectionRatios")
    ratios[: len(direction)] = direction
    length = float(np.linalg.norm(ratios))
    if length < 1e-12:
        return None
    sweep = ratios * (attribute(item, "Depth") * unit_m / length)
    areas = [_area(loop) for loop in loops]
    section = 2.0 * max(areas) - sum(areas)
    sides = sum(_sides(loop, sweep) for loop in loops)
    outline = np.concatenate(loops)
    low = np.column_stack([outline, np.zeros(len(outline))])
    frame = _frame(item, unit_m)
    if frame is None:
        return None
    corners = np.concatenate([low, low + sweep]) @ frame[:3, :3].T + frame[:3, 3]
    return Prism(corners, 2.0 * section + sides, section * abs(float(sweep[2])))


def _frame(placed: Any, unit_m: float) -> FloatArray | None:
    position = attribute(placed, "Position")
    if position is None:
        return np.eye(4)
    try:
        return axes_frame(position, unit_m)
    except NotComparable:
        return None


def _loops(profile: Any, unit_m: float) -> list[FloatArray] | None:
    """Return the outline and the holes (k, 2) of a section, metres; None for one that is not straight-edged."""
    kind = profile.is_a()
    if kind == "IfcRectangleProfileDef":
        frame = _frame(profile, unit_m)
        if frame is None:
            return None
        half = 0.5 * unit_m * np.array([attribute(profile, "XDim"), attribute(profile, "YDim")])
        return [np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half @ frame[:2, :2].T + frame[:2, 3]]
    if kind not in ("IfcArbitraryClosedProfileDef", "IfcArbitraryProfileDefWithVoids"):
        return None
    curves = (
        attribute(profile, "OuterCurve"),
        *(profile.InnerCurves if kind == "IfcArbitraryProfileDefWithVoids" else ()),
    )
    if any(curve.is_a() != "IfcPolyline" for curve in curves):
        return None
    loops = [
        np.array([attribute(point, "Coordinates")[:2] for point in attribute(curve, "Points")]) * unit_m
        for curve in curves
    ]
    return loops if all(len(loop) > 2 for loop in loops) else None


def _area(loop: FloatArray) -> float:
    """Return the area of a polygon (shoelace), about its first corner: far from the origin nothing cancels."""
    (x, y), (u, v) = (loop - loop[0]).T, (_following(loop) - loop[0]).T
    return 0.5 * abs(float((x * v - u * y).sum()))


def _sides(loop: FloatArray, sweep: FloatArray) -> float:
    """Return the area that the edges of a loop sweep: of each the length of its cross product with the sweep."""
    (x, y), (sx, sy, sz) = (_following(loop) - loop).T, sweep.tolist()
    return float(np.sqrt((y * sz) ** 2 + (x * sz) ** 2 + (x * sy - y * sx) ** 2).sum())


def _following(loop: FloatArray) -> FloatArray:
    """Return the corner after each; ``np.roll`` takes ten times as long for so few."""
    return np.concatenate([loop[1:], loop[:1]])
