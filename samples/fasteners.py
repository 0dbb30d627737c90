"""Bolts, nuts and drilled plates of the samples, metres. Threads are not drawn: a nut's hole is wider than its bolt."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from samples.part import Opening, Part
from samples.solids import Disc, Extrusion, Pierced, Point, hexagon, rectangle

HEAD = {0.016: (0.024, 0.010), 0.020: (0.030, 0.0125), 0.024: (0.036, 0.015)}
"""Diameter -> width across flats and height of the head (ISO 4014)."""
NUT_HEIGHT = {0.016: 0.0148, 0.020: 0.018, 0.024: 0.0215}
"""ISO 4032."""
CLEARANCE = 0.002
"""Of a normal round hole for these diameters (EN 1090-2, table 11)."""
_THREAD = 0.001
"""By which a nut's hole is wider than the bolt: threads are not drawn."""


@dataclass(frozen=True, slots=True)
class BoltPlace:
    """Where a bolt goes: its head's seat, the way that its shank points, and how thick what it joins is, metres."""

    seat: Point
    way: Point
    grip: float
    diameter: float = 0.020


def bolt_and_nut(name: str, place: BoltPlace, storey: str, task: str) -> tuple[Part, Part]:
    """Return a hexagon bolt and its nut."""
    flats, height = HEAD[place.diameter]
    nut = NUT_HEIGHT[place.diameter]
    length = place.grip + nut + 0.005
    side = _across(place.way)
    head = Extrusion(hexagon(flats), _beyond(place.seat, place.way, -height), height, place.way, side)
    shank = Extrusion(Disc(place.diameter / 2), place.seat, length, place.way, side)
    kind = f"M{place.diameter * 1000:.0f}"
    sizes: dict[str, object] = {"NominalDiameter": place.diameter, "NominalLength": length}
    bolt = Part(
        f"Bolt {name}", "IfcMechanicalFastener", storey, f"Bolt {kind}x{length * 1000:.0f} 8.8", "Steel 8.8",
        (head, shank), task, "BOLT", attributes=sizes,
    )  # fmt: skip
    ring = Pierced(hexagon(flats), ((0.0, 0.0, (place.diameter + _THREAD) / 2),))
    seat = _beyond(place.seat, place.way, place.grip)
    return bolt, Part(
        f"Nut {name}", "IfcMechanicalFastener", storey, f"Nut {kind}", "Steel 8.8",
        (Extrusion(ring, seat, nut, place.way, side),), task, "NUT",
    )  # fmt: skip


def drilled(size: tuple[float, float], holes: Iterable[tuple[float, float]], diameter: float) -> Pierced:
    """Return the outline of a rectangular plate with round holes for bolts of one diameter."""
    return Pierced(rectangle(*size), tuple((x, y, (diameter + CLEARANCE) / 2) for x, y in holes))


def drilling(name: str, at: Point, way: Point, depth: float, diameter: float) -> Opening:
    """Return a round hole through a part, from ``at`` along ``way``, for a bolt."""
    radius = (diameter + CLEARANCE) / 2
    return Opening(name, Extrusion(Disc(radius), at, depth, way, _across(way)), float(np.pi) * radius**2)


def _beyond(place: Point, way: Point, by: float) -> Point:
    x, y, z = (p + by * w for p, w in zip(place, way, strict=True))
    return x, y, z


def _across(way: Point) -> Point:
    """Return a direction across another, the same for opposite ones."""
    helper = np.eye(3)[int(np.argmin(np.abs(way)))]
    x, y, z = (helper - (helper @ np.array(way)) * np.array(way)).round(12) + 0.0
    length = float(np.hypot(np.hypot(x, y), z))
    return x / length, y / length, z / length
