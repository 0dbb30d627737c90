"""The few solids that the sample building is made of, in metres: profiles swept along a line or around an elbow."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from geometry.arrays import FloatArray

Point: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Centred on the profile's origin."""

    x: float
    y: float

    @property
    def area(self) -> float:
        """m²."""
        return self.x * self.y


@dataclass(frozen=True, slots=True)
class Disc:
    """Full circle around the profile's origin."""

    radius: float

    @property
    def area(self) -> float:
        """m²."""
        return float(np.pi) * self.radius**2


@dataclass(frozen=True, slots=True)
class Ring:
    """Circular pipe section around the profile's origin; ``radius`` is the outer one."""

    radius: float
    wall: float

    @property
    def area(self) -> float:
        """m²."""
        return float(np.pi) * (self.radius**2 - (self.radius - self.wall) ** 2)


@dataclass(frozen=True, slots=True)
class ISection:
    """Rolled steel section without fillets, centred; the web stands along y."""

    width: float
    depth: float
    web: float
    flange: float

    @property
    def area(self) -> float:
        """m²."""
        return 2 * self.width * self.flange + self.web * (self.depth - 2 * self.flange)


@dataclass(frozen=True, slots=True)
class Polygon:
    """Simple outline, counter-clockwise."""

    points: tuple[tuple[float, float], ...]

    @property
    def area(self) -> float:
        """m² (shoelace formula)."""
        x, y = np.array(self.points).T
        return float(0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


@dataclass(frozen=True, slots=True)
class Pierced:
    """An outline with round holes in it, each ``(x, y, radius)``."""

    outline: Polygon
    holes: tuple[Point, ...]

    @property
    def area(self) -> float:
        """m²."""
        return self.outline.area - float(np.pi) * sum(radius**2 for _, _, radius in self.holes)


Profile: TypeAlias = Rectangle | Disc | Ring | ISection | Polygon | Pierced


@dataclass(frozen=True, slots=True)
class Extrusion:
    """A profile at ``origin``, swept by ``depth`` along ``axis``; ``side`` is the profile's x axis."""

    profile: Profile
    origin: Point
    depth: float
    axis: Point = (0.0, 0.0, 1.0)
    side: Point = (1.0, 0.0, 0.0)

    @property
    def volume(self) -> float:
        """m³."""
        return self.profile.area * self.depth


@dataclass(frozen=True, slots=True)
class Elbow:
    """A profile at ``origin`` that sets out along ``axis`` and turns 90° towards ``side`` with radius ``bend``."""

    profile: Profile
    origin: Point
    bend: float
    axis: Point
    side: Point

    @property
    def volume(self) -> float:
        """m³ (Pappus)."""
        return self.profile.area * self.bend * float(np.pi) / 2


Solid: TypeAlias = Extrusion | Elbow


def block(low: Point, high: Point) -> Extrusion:
    """Return the axis-aligned box between two corners, metres, extruded upwards."""
    size = np.subtract(high, low)
    middle = ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2])
    return Extrusion(Rectangle(float(size[0]), float(size[1])), middle, float(size[2]))


def bar(profile: Profile, start: Point, end: Point) -> Extrusion:
    """Return a profile swept from start to end, metres; the profile's y axis points up, or north on a vertical bar."""
    line = np.subtract(end, start)
    length = float(np.linalg.norm(line))
    axis = line / length
    up = np.array([0.0, 1.0, 0.0]) if abs(axis[2]) > 0.9 else np.array([0.0, 0.0, 1.0])
    return Extrusion(profile, start, length, _point(axis), _point(np.cross(up, axis)))


def rectangle(x: float, y: float) -> Polygon:
    """Return a centred rectangle as an outline, metres."""
    return Polygon(((-x / 2, -y / 2), (x / 2, -y / 2), (x / 2, y / 2), (-x / 2, y / 2)))


def hexagon(across_flats: float) -> Polygon:
    """Return a centred hexagon as an outline, metres: a bolt's head, a nut."""
    corners = [np.radians(60.0 * k) for k in range(6)]
    radius = across_flats / float(np.sqrt(3.0))
    return Polygon(tuple((radius * float(np.cos(a)), radius * float(np.sin(a))) for a in corners))


def _point(vector: FloatArray) -> Point:
    x, y, z = (vector / np.linalg.norm(vector)).round(12) + 0.0
    return float(x), float(y), float(z)
