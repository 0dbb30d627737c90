"""Whose coordinates a viewpoint is in: the model file's own, or those of the map that it was placed on.

A viewpoint here is always in the model file's world coordinates, metres, as IFC readers see them. A tool that shows
georeferenced models may write map coordinates, or the file's own millimetres, without saying so; a camera kept as it
came would then stand kilometres away.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from twin.bcf.values import Bitmap, Camera, ClippingPlane, Line, Vector, Viewpoint
from twin.errors import Invalid
from twin.project import MapConversion

_ROOM = Decimal(10)
"""A camera of the model stands within so many diagonals of it ..."""
_LEAST_ROOM = Decimal(1000)
"""... and this many metres in any case."""
_MILLI = Decimal("0.001")

Move = Callable[[Vector], Vector]


@dataclass(frozen=True, slots=True)
class Box:
    """The lowest and highest corner of a model, metres, in its file's world coordinates."""

    low: Vector
    high: Vector

    def is_near(self, point: Vector) -> bool:
        """Say whether somebody who looks at the model may stand there."""
        size = Vector(self.high.x - self.low.x, self.high.y - self.low.y, self.high.z - self.low.z)
        room = max(_ROOM * size.length, _LEAST_ROOM)
        pairs = (
            (point.x, self.low.x, self.high.x),
            (point.y, self.low.y, self.high.y),
            (point.z, self.low.z, self.high.z),
        )
        return all(low - room <= value <= high + room for value, low, high in pairs)


@dataclass(frozen=True, slots=True)
class Brought:
    """A viewpoint in the model file's coordinates, and what had to be done for it."""

    viewpoint: Viewpoint
    note: str = ""
    """Empty when it came as it should."""


def on_map(viewpoint: Viewpoint, conversion: MapConversion) -> Viewpoint:
    """Return a viewpoint in map coordinates (IfcMapConversion), for tools that ask for them."""
    cosine, sine = _turn(conversion)
    scale = conversion.scale

    def point(p: Vector) -> Vector:
        return Vector(
            conversion.eastings + scale * (cosine * p.x - sine * p.y),
            conversion.northings + scale * (sine * p.x + cosine * p.y),
            conversion.orthogonal_height + scale * p.z,
        )

    def direction(d: Vector) -> Vector:
        return Vector(cosine * d.x - sine * d.y, sine * d.x + cosine * d.y, d.z)

    return moved(viewpoint, point, direction, scale)


def from_map(viewpoint: Viewpoint, conversion: MapConversion) -> Viewpoint:
    """Return a viewpoint that was in map coordinates in those of the model's file."""
    cosine, sine = _turn(conversion)
    scale = conversion.scale

    def point(p: Vector) -> Vector:
        east, north = (p.x - conversion.eastings) / scale, (p.y - conversion.northings) / scale
        height = (p.z - conversion.orthogonal_height) / scale
        return Vector(cosine * east + sine * north, cosine * north - sine * east, height)

    def direction(d: Vector) -> Vector:
        return Vector(cosine * d.x + sine * d.y, cosine * d.y - sine * d.x, d.z)

    return moved(viewpoint, point, direction, 1 / scale)


def bring_home(viewpoint: Viewpoint, box: Box | None, conversion: MapConversion | None) -> Brought:
    """Return a viewpoint from outside in the model file's coordinates, where that can be told.

    The first reading counts that puts the camera near the model: metres of the file, metres of the map, millimetres of
    the file, millimetres of the map. Without a camera or without knowing the model, it stays as it is.
    """
    if viewpoint.camera is None or box is None or box.is_near(viewpoint.camera.position):
        return Brought(viewpoint)
    for note, read in _readings(conversion):
        try:
            found = read(viewpoint)
        except Invalid:
            continue
        if found.camera is not None and box.is_near(found.camera.position):
            return Brought(found, f"viewpoint {viewpoint.guid} was in {note}; it was brought into the model's own")
    where = viewpoint.camera.position
    return Brought(
        viewpoint,
        f"viewpoint {viewpoint.guid} looks from ({where.x}, {where.y}, {where.z}), far from the model: "
        "it is kept as it came",
    )


def moved(viewpoint: Viewpoint, point: Move, direction: Move, scale: Decimal) -> Viewpoint:
    """Return a viewpoint with every place in it moved, every direction turned and every length scaled."""

    def camera(c: Camera) -> Camera:
        height = None if c.view_height is None else c.view_height * scale
        place, along, up = point(c.position), direction(c.direction), direction(c.up)
        return replace(c, position=place, direction=along, up=up, view_height=height)

    def bitmap(b: Bitmap) -> Bitmap:
        return replace(
            b, location=point(b.location), normal=direction(b.normal), up=direction(b.up), height=b.height * scale
        )

    return replace(
        viewpoint,
        camera=camera(viewpoint.camera) if viewpoint.camera else None,
        lines=tuple(Line(point(line.start), point(line.end)) for line in viewpoint.lines),
        clipping_planes=tuple(
            ClippingPlane(point(plane.location), direction(plane.direction)) for plane in viewpoint.clipping_planes
        ),
        bitmaps=tuple(bitmap(b) for b in viewpoint.bitmaps),
    )


def _readings(conversion: MapConversion | None) -> list[tuple[str, Callable[[Viewpoint], Viewpoint]]]:
    found: list[tuple[str, Callable[[Viewpoint], Viewpoint]]] = [("millimetres", _in_metres)]
    if conversion is not None:
        found.insert(0, ("map coordinates", lambda view: from_map(view, conversion)))
        found.append(("millimetres of the map", lambda view: from_map(_in_metres(view), conversion)))
    return found


def _in_metres(viewpoint: Viewpoint) -> Viewpoint:
    def point(p: Vector) -> Vector:
        return Vector(p.x * _MILLI, p.y * _MILLI, p.z * _MILLI)

    return moved(viewpoint, point, lambda d: d, _MILLI)


def _turn(conversion: MapConversion) -> tuple[Decimal, Decimal]:
    """Return cosine and sine from the file's x axis to the map's east."""
    x, y = conversion.x_axis_abscissa, conversion.x_axis_ordinate
    length = (x * x + y * y).sqrt()
    return x / length, y / length
