"""What is hung and fixed last: pipes, ducts and railings of the sample building."""

from collections.abc import Iterator
from itertools import pairwise

from samples.part import GROUND, STEEL, UPPER, Part
from samples.plan_structure import STAIR_X, STAIR_Y
from samples.solids import Elbow, Extrusion, Point, Polygon, Rectangle, Ring, Solid, bar, block

HEATING = Ring(0.030, 0.003)
DRAIN = Ring(0.055, 0.005)
BEND = 0.12
DUCT = Rectangle(0.40, 0.25)


def services() -> Iterator[Part]:
    """Yield pipes, ducts and railings."""
    yield from _pipes()
    yield from _ducts()
    yield from _railings()


def _pipes() -> Iterator[Part]:
    x, z = 7.60, 2.40
    yield _pipe("Heating pipe 1", GROUND, HEATING, (x, 8.40, z), (x, 1.0 + BEND, z))
    yield _elbow("Heating elbow 1", (x, 1.0 + BEND, z), (0.0, -1, 0), (-1.0, 0, 0))
    yield _pipe("Heating pipe 2", GROUND, HEATING, (x - BEND, 1.0, z), (4.60 + BEND, 1.0, z))
    yield _elbow("Heating elbow 2", (4.60 + BEND, 1.0, z), (-1.0, 0, 0), (0.0, 0, -1))
    yield _pipe("Heating pipe 3", GROUND, HEATING, (4.60, 1.0, z - BEND), (4.60, 1.0, 0.15))
    yield _pipe("Drain pipe ground", GROUND, DRAIN, (3.85, 8.45, 0.0), (3.85, 8.45, 2.98))
    yield _pipe("Drain pipe upper", UPPER, DRAIN, (3.85, 8.45, 3.2), (3.85, 8.45, 6.08))
    yield _pipe("Sprinkler pipe", GROUND, Ring(0.021, 0.003), (8.60, 2.60, 2.70), (11.50, 2.60, 2.70))


def _pipe(name: str, storey: str, section: Ring, start: Point, end: Point) -> Part:
    solid = bar(section, start, end)
    size = {"Length": solid.depth, "GrossCrossSectionArea": section.area}
    return Part(
        name, "IfcPipeSegment", storey, f"Pipe {section.radius * 2000:.0f}", STEEL, (solid,), f"Services {storey}",
        "RIGIDSEGMENT", system="Drainage" if section is DRAIN else "Heating", quantities=size,
    )  # fmt: skip


def _elbow(name: str, origin: Point, axis: Point, side: Point) -> Part:
    solid = Elbow(HEATING, origin, BEND, axis, side)
    return Part(
        name, "IfcPipeFitting", GROUND, "Elbow 60", STEEL, (solid,), f"Services {GROUND}", "BEND", system="Heating",
        quantities={"Length": BEND * 1.5707963267948966},
    )  # fmt: skip


def _ducts() -> Iterator[Part]:
    z = 2.75
    yield _duct("Duct 1 ground", GROUND, bar(DUCT, (0.60, 2.20, z), (2.20, 2.20, z)))
    yield _duct("Duct 2 ground", GROUND, bar(DUCT, (2.20, 2.20, z), (3.40, 2.20, z)))
    corner = ((3.40, 2.00), (3.90, 2.00), (3.90, 2.60), (3.50, 2.60), (3.50, 2.40), (3.40, 2.40))
    yield _duct("Duct corner ground", GROUND, Extrusion(Polygon(corner), (0.0, 0.0, z - 0.125), 0.25))
    yield _duct("Duct 3 ground", GROUND, bar(DUCT, (3.70, 2.60, z), (3.70, 3.60, z)))
    yield _duct("Duct 1 upper", UPPER, bar(DUCT, (0.80, 6.20, 5.60), (3.80, 6.20, 5.60)))


def _duct(name: str, storey: str, solid: Extrusion) -> Part:
    corner = isinstance(solid.profile, Polygon)
    size = {"Length": 0.5 if corner else solid.depth}
    return Part(
        name, "IfcDuctFitting" if corner else "IfcDuctSegment", storey, "Duct corner" if corner else "Duct 400x250",
        STEEL, (solid,), f"Services {storey}", "BEND" if corner else "RIGIDSEGMENT", system="Ventilation",
        quantities=size,
    )  # fmt: skip


def _railings() -> Iterator[Part]:
    terrace = ((8.55, 0.08), (11.92, 0.08), (11.92, 8.92), (8.85, 8.92))
    yield _railing("Terrace railing", terrace)
    (x0, x1), (y0, y1) = STAIR_X, STAIR_Y
    yield _railing(
        "Stairwell railing",
        ((x0 - 0.10, y1 - 0.1), (x0 - 0.10, y0 - 0.1), (x1 + 0.10, y0 - 0.1), (x1 + 0.10, y1 - 0.1)),
    )


def _railing(name: str, path: tuple[tuple[float, float], ...], height: float = 1.0) -> Part:
    """Return posts of 40 x 40 mm at most 1.2 m apart, a handrail on top and a rail at half height between them."""
    floor, half = 3.2, 0.02
    solids: list[Solid] = []
    length = 0.0
    for k, (a, b) in enumerate(pairwise(path)):
        span = abs(b[0] - a[0]) + abs(b[1] - a[1])
        length += span
        fields = int(span / 1.2) + 1
        for i in range(fields + (k == len(path) - 2)):
            x, y = (a[0] + (b[0] - a[0]) * i / fields, a[1] + (b[1] - a[1]) * i / fields)
            solids.append(block((x - half, y - half, floor), (x + half, y + half, floor + height - 0.04)))
        along_x = a[1] == b[1]
        low, high = (min(a[0], b[0]), min(a[1], b[1])), (max(a[0], b[0]), max(a[1], b[1]))
        # the rails of neighbouring sides meet at the corner without overlapping
        reach = (half, half) if along_x else (half, -half)
        x_pad, y_pad = (reach[0], half) if along_x else (half, reach[1])
        for z in (height - 0.04, height / 2):
            solids.append(
                block((low[0] - x_pad, low[1] - y_pad, floor + z), (high[0] + x_pad, high[1] + y_pad, floor + z + 0.04))
            )
    return Part(
        name, "IfcRailing", UPPER, "Steel railing", STEEL, tuple(solids), "Railings", "GUARDRAIL",
        external="Terrace" in name, quantities={"Length": length},
    )  # fmt: skip
