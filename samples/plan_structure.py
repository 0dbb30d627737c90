"""What carries the sample building: footings, columns, beams, slabs, the stair."""

from collections.abc import Iterator

from samples.part import CONCRETE, GROUND, ROOF, STEEL, UPPER, X_AXES, Y_AXES, Opening, Part, at
from samples.solids import Disc, Extrusion, ISection, Point, Polygon, Profile, Rectangle, bar, block

HALF = 0.15
SOFFIT = {GROUND: 2.98, UPPER: 6.08}
"""Underside of the slab above, m."""
BEAM_DEPTH = {GROUND: 0.40, UPPER: 0.35}
FLOOR = {GROUND: 0.0, UPPER: 3.2}
HEA200 = ISection(0.200, 0.190, 0.0065, 0.010)
IPE240 = ISection(0.120, 0.240, 0.0062, 0.0098)
STAIR_X, STAIR_Y = (5.0, 6.0), (4.3, 7.9)
RISERS = 16
GROUND_COLUMNS = ("A1", "B1", "C1", "D1", "A2", "B2", "C2", "D2", "A3", "B3", "C3")
UPPER_COLUMNS = ("A1", "B1", "C1", "A2", "B2", "C2", "A3", "B3", "C3")
PORCH_POST = (10.05, Y_AXES["3"])


def structure() -> Iterator[Part]:
    """Yield the load-bearing parts."""
    yield from _footings()
    yield from _columns()
    yield from _beams()
    yield from _slabs()
    yield _stair()


def _footings() -> Iterator[Part]:
    places = {grid: at(grid, 0.0)[:2] for grid in (*GROUND_COLUMNS, "D3")} | {"P3": PORCH_POST}
    for grid, (x, y) in places.items():
        solid = block((x - 0.6, y - 0.6, -0.75), (x + 0.6, y + 0.6, -0.25))
        size = {"Length": 1.2, "Width": 1.2, "Height": 0.5, "NetVolume": solid.volume}
        yield Part(
            f"Footing {grid}", "IfcFooting", GROUND, "Pad footing 1200x1200x500", CONCRETE, (solid,), "Foundations",
            "PAD_FOOTING", load_bearing=True, quantities=size,
        )  # fmt: skip


def _columns() -> Iterator[Part]:
    for grid in GROUND_COLUMNS:
        profile: Profile = Disc(0.175) if grid == "B2" else Rectangle(2 * HALF, 2 * HALF)
        yield _column(f"Column {grid} ground", GROUND, profile, at(grid, 0.0), CONCRETE)
    for grid in UPPER_COLUMNS:
        yield _column(f"Column {grid} upper", UPPER, Rectangle(2 * HALF, 2 * HALF), at(grid, FLOOR[UPPER]), CONCRETE)
    yield _column("Column D3 porch", GROUND, HEA200, at("D3", 0.0), STEEL)
    yield _column("Column P3 porch", GROUND, HEA200, (*PORCH_POST, 0.0), STEEL)


def _column(name: str, storey: str, profile: Profile, foot: Point, material: str) -> Part:
    length = SOFFIT[storey] - FLOOR[storey]
    kind = "HEA 200" if profile is HEA200 else "Round column 350" if isinstance(profile, Disc) else "Column 300x300"
    size = {"Length": length, "CrossSectionArea": profile.area, "NetVolume": profile.area * length}
    return Part(
        name, "IfcColumn", storey, kind, material, (Extrusion(profile, foot, length),),
        f"Columns {storey}", "COLUMN", load_bearing=True, quantities=size,
    )  # fmt: skip


def _beams() -> Iterator[Part]:
    spans = {
        GROUND: "A1B1 B1C1 C1D1 A2B2 B2C2 C2D2 A3B3 B3C3 A1A2 A2A3 C1C2 C2C3 D1D2".split(),
        UPPER: "A1B1 B1C1 A2B2 B2C2 A3B3 B3C3 A1A2 A2A3 C1C2 C2C3".split(),
    }
    for storey, names in spans.items():
        depth = BEAM_DEPTH[storey]
        for span in names:
            start, end = at(span[:2], SOFFIT[storey] - depth / 2), at(span[2:], SOFFIT[storey] - depth / 2)
            start, end = _between_columns(span, storey, start, end)
            yield _beam(
                f"Beam {span[:2]}-{span[2:]} {storey.split()[0].lower()}", storey, Rectangle(0.3, depth), start, end
            )
    z = SOFFIT[GROUND] - IPE240.depth / 2
    x, y = PORCH_POST
    yield _beam("Beam C3-P3 porch", GROUND, IPE240, (X_AXES["C"] + HALF, y, z), (x - 0.1, y, z))
    yield _beam("Beam P3-D3 porch", GROUND, IPE240, (x + 0.1, y, z), (X_AXES["D"] - 0.1, y, z))
    yield _beam("Beam D2-D3 porch", GROUND, IPE240, (X_AXES["D"], Y_AXES["2"] + HALF, z), (X_AXES["D"], y - 0.095, z))


def _between_columns(span: str, storey: str, start: Point, end: Point) -> tuple[Point, Point]:
    """Pull both ends back to the faces of the columns, 175 mm for the round one, 150 mm for the others."""
    back = [0.175 if (grid, storey) == ("B2", GROUND) else HALF for grid in (span[:2], span[2:])]
    if span[1] == span[3]:
        return (start[0] + back[0], start[1], start[2]), (end[0] - back[1], end[1], end[2])
    return (start[0], start[1] + back[0], start[2]), (end[0], end[1] - back[1], end[2])


def _beam(name: str, storey: str, profile: Profile, start: Point, end: Point) -> Part:
    solid = bar(profile, start, end)
    size = {"Length": solid.depth, "CrossSectionArea": profile.area, "NetVolume": solid.volume}
    kind = "IPE 240" if profile is IPE240 else f"Beam 300x{BEAM_DEPTH[storey] * 1000:.0f}"
    material = STEEL if profile is IPE240 else CONCRETE
    return Part(
        name, "IfcBeam", storey, kind, material, (solid,), f"Slab over {storey}", "BEAM",
        load_bearing=True, quantities=size,
    )  # fmt: skip


def _slabs() -> Iterator[Part]:
    yield _slab("Ground slab", GROUND, (0.0, 0.0, -0.25), (12.0, 9.0, 0.0), "BASESLAB", "Foundations")
    x, y = STAIR_X, STAIR_Y
    hole = block((x[0] - 0.05, y[0] - 0.05, 2.9), (x[1] + 0.05, y[1], 3.3))
    stairwell = Opening("Stair opening", hole, (x[1] - x[0] + 0.1) * (y[1] - y[0] + 0.05))
    yield _slab("Floor slab", UPPER, (0.0, 0.0, 2.98), (12.0, 9.0, 3.2), "FLOOR", f"Slab over {GROUND}", (stairwell,))
    yield _slab("Roof slab", ROOF, (-0.3, -0.3, 6.08), (8.7, 9.3, 6.3), "ROOF", f"Slab over {UPPER}")


def _slab(
    name: str, storey: str, low: Point, high: Point, predefined: str, task: str, openings: tuple[Opening, ...] = ()
) -> Part:
    thickness = high[2] - low[2]
    gross = (high[0] - low[0]) * (high[1] - low[1])
    net = gross - sum(opening.face_area for opening in openings)
    size = {
        "Depth": thickness,
        "GrossArea": gross,
        "NetArea": net,
        "GrossVolume": gross * thickness,
        "NetVolume": net * thickness,
    }
    return Part(
        name, "IfcSlab", storey, f"Slab {thickness * 1000:.0f}", CONCRETE, (block(low, high),), task, predefined,
        external=storey != UPPER, load_bearing=True, openings=openings, quantities=size,
    )  # fmt: skip


def _stair() -> Part:
    rise, going = FLOOR[UPPER] / RISERS, (STAIR_Y[1] - STAIR_Y[0]) / (RISERS - 1)
    run = going * (RISERS - 1)
    outline = [(0.0, 0.0), (going, 0.0), (run, rise * (RISERS - 2))]
    for step in range(RISERS - 1, 0, -1):
        outline += [(step * going, step * rise), ((step - 1) * going, step * rise)]
    # drawn in the (north, up) plane and swept east by the width of the flight
    width = STAIR_X[1] - STAIR_X[0]
    solid = Extrusion(Polygon(tuple(outline)), (STAIR_X[0], STAIR_Y[0], 0.0), width, (1.0, 0, 0), (0.0, 1, 0))
    return Part(
        "Stair flight", "IfcStairFlight", GROUND, f"Flight {RISERS} x 200/240", CONCRETE, (solid,),
        f"Slab over {GROUND}", "STRAIGHT", load_bearing=True,
        attributes={"NumberOfRisers": RISERS, "NumberOfTreads": RISERS - 1, "RiserHeight": rise, "TreadLength": going},
        quantities={"Length": float((run**2 + (rise * (RISERS - 1)) ** 2) ** 0.5), "NetVolume": solid.volume},
    )  # fmt: skip
