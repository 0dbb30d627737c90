"""A precast hall on paper: columns in grouted pockets, beams on corbels with dowels, hollow-core slabs, double tees.

Metres. Everything is lifted in; only the grout in the pockets is made in place (IfcFastener, MORTAR).
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from samples.model_plan import Activity, Assembly, Connection, ModelPlan
from samples.part import Opening, Part
from samples.solids import Disc, Extrusion, Pierced, Polygon, Rectangle, block, rectangle

X_AXES, Y_AXES = {"A": 0.0, "B": 7.2, "C": 14.4}, {"1": 0.0, "2": 6.0}
FOOT, FLOOR = "Foundation", "Floor"
STOREYS = {FOOT: 0.0, FLOOR: 3.6}
CONCRETE, STEEL, RUBBER, MORTAR = "Concrete C50/60", "Steel B500", "Elastomer", "Grout C50/60"
START = datetime.datetime(2026, 5, 4, 7, 0)
ACTIVITIES = (
    Activity("Footings", 6), Activity("Columns", 2), Activity("Pocket grout", 1), Activity("Beams", 2),
    Activity("Floor units", 2), Activity("Services", 3, "INSTALLATION"),
)  # fmt: skip
COLUMN, POCKET, SUNK, COLUMN_TOP = 0.40, 0.50, 0.60, 4.4
SEAT, PAD = 2.8, 0.01
"""Top of the corbels, and how thick the pads on them are."""
CORBEL, BEAM_DEPTH, LEDGE, UPSTAND = 0.30, 0.60, 0.35, 0.25
"""How far a corbel reaches; depth of a beam, height of its ledge, and of what stands on it."""
STEM, WING = 0.30, 0.15
"""Width of a beam's stem and of each ledge."""
UNIT_WIDTH, UNITS = 1.2, 4
UP, EAST, NORTH = (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
PLANTED = (("Sprinkler pipe", "Double tee 1", "piercing"),)
"""What is in whose way, and how; nothing else is."""
ORDER = """\
# What an order of this hall has to keep: given with --sequence (docs/assembly.md)
order: 1
in_place: [IfcFooting, IfcFastener]     # footings and the grout in their pockets are cast where they stay
before:
"""


@dataclass(slots=True)
class _Hall:
    """What is being drawn."""

    parts: list[Part] = field(default_factory=list[Part])
    assemblies: list[Assembly] = field(default_factory=list[Assembly])
    connections: list[Connection] = field(default_factory=list[Connection])

    def add(
        self, name: str, ifc_class: str, type_name: str, solids: Sequence[Extrusion], task: str, **more: Any
    ) -> None:  # fmt: skip
        """Draw a part of concrete, or of what ``material`` says."""
        told: dict[str, Any] = {"material": CONCRETE, "storey": FOOT, **more}
        self.parts.append(Part(name, ifc_class, type_name=type_name, solids=tuple(solids), task=task, **told))


def precast_hall() -> ModelPlan:
    """Return the whole hall.

    Examples
    --------
    >>> plan = precast_hall()
    >>> len({part.name for part in plan.parts}) == len(plan.parts)
    True
    """
    hall = _Hall()
    for axis in X_AXES:
        for row in Y_AXES:
            _foundation(hall, axis, row)
            _column(hall, axis, row)
        _beam(hall, axis)
    _floor(hall)
    pipe = Extrusion(Disc(0.03), (10.8, 0.8, 3.30), 2.4, NORTH, EAST)
    hall.add(
        "Sprinkler pipe", "IfcPipeSegment", "Pipe DN50", [pipe], "Services", predefined="RIGIDSEGMENT", storey=FLOOR,
        material="Steel S235",
    )  # fmt: skip
    return ModelPlan(
        "Precast hall", "Precast concrete hall of the quality system", tuple(hall.parts), STOREYS, X_AXES, Y_AXES,
        ACTIVITIES, START, tuple(hall.assemblies), tuple(hall.connections),
    )  # fmt: skip


def order_file() -> str:
    """Return what an order has to keep, for ``--sequence``: columns on their pads, grout round them, then beams."""
    chains = ("Footing {0} < Levelling pad {0}", "Levelling pad {0} < Column {0}", "Column {0} < Grout {0}")
    lines = [f"  - {chain.format(axis + row)}" for axis in X_AXES for row in Y_AXES for chain in chains]
    lines += [f"  - Grout {axis}{row} < Beam {axis}" for axis in X_AXES for row in Y_AXES]
    return ORDER + "\n".join(lines) + "\n"


def _foundation(hall: _Hall, axis: str, row: str) -> None:
    """Draw a footing with its pocket, and the grout that fills what the column leaves of it."""
    (x, y), name = (X_AXES[axis], Y_AXES[row]), f"Footing {axis}{row}"
    pocket = Opening(f"Pocket {axis}{row}", Extrusion(Rectangle(POCKET, POCKET), (x, y, -SUNK - 0.05), 0.75), POCKET**2)
    solid = block((x - 0.8, y - 0.8, -1.0), (x + 0.8, y + 0.8, 0.0))
    hall.add(
        name, "IfcFooting", "Pocket footing 1600x1600x1000", [solid], "Footings", predefined="PAD_FOOTING",
        openings=(pocket,), load_bearing=True,
    )  # fmt: skip
    shim = Extrusion(Rectangle(0.1, 0.1), (x, y, -SUNK - 0.05), 0.05)
    hall.add(
        f"Levelling pad {axis}{row}", "IfcDiscreteAccessory", "Levelling pad", [shim], "Footings", predefined="PAD",
        material=STEEL,
    )  # fmt: skip
    ring = _ring(POCKET, COLUMN)
    grout = [Extrusion(piece, (x, y, -SUNK), SUNK) for piece in ring]
    hall.add(
        f"Grout {axis}{row}", "IfcFastener", "Pocket grout", grout, "Pocket grout", predefined="MORTAR", material=MORTAR
    )
    made = (f"Grout {axis}{row}", f"Levelling pad {axis}{row}")
    hall.connections.append(Connection(f"Pocket {axis}{row}", name, f"Column {axis}{row}", made, "GROUTED"))


def _ring(outer: float, inner: float) -> tuple[Polygon, ...]:
    """Return a square ring in two halves: each is an outline without a hole."""
    a, b = outer / 2, inner / 2
    west = Polygon(((0, -a), (0, -b), (-b, -b), (-b, b), (0, b), (0, a), (-a, a), (-a, -a)))
    east = Polygon(((0, -a), (a, -a), (a, a), (0, a), (0, b), (b, b), (b, -b), (0, -b)))
    return west, east


def _column(hall: _Hall, axis: str, row: str) -> None:
    """Draw a column with its corbel towards the other row, the dowel cast into it, and the pad on it."""
    x, y, inward = X_AXES[axis], Y_AXES[row], 1.0 if row == "1" else -1.0
    half, name = COLUMN / 2, f"Column {axis}{row}"
    shaft = Extrusion(Rectangle(COLUMN, COLUMN), (x, y, -SUNK), SUNK + COLUMN_TOP)
    # drawn looking along +x: the profile's x axis is north, its y axis is up; turned about for the other row
    corbel = Polygon(
        ((half - 0.05, -0.6), (half, -0.6), (half + CORBEL, -0.3), (half + CORBEL, 0.0), (half - 0.05, 0.0))
    )
    if inward < 0:
        corbel = Polygon(tuple((-u, v) for u, v in reversed(corbel.points)))
    bracket = Extrusion(corbel, (x - half, y, SEAT), COLUMN, EAST, NORTH)
    whole = f"{name} assembly"
    hall.assemblies.append(Assembly(whole, FOOT, "COLUMN"))
    hall.add(
        name, "IfcColumn", "Column 400x400", [shaft, bracket], "Columns", predefined="COLUMN", assembly=whole,
        load_bearing=True,
    )  # fmt: skip
    dowel = Extrusion(Disc(0.0125), (x, y + inward * (half + CORBEL / 2), SEAT - 0.25), 0.25 + 0.30)
    hall.add(
        f"Dowel {axis}{row}", "IfcMechanicalFastener", "Dowel 25x550", [dowel], "Columns", predefined="DOWEL",
        assembly=whole, material=STEEL, attributes={"NominalDiameter": 0.025, "NominalLength": 0.55},
    )  # fmt: skip
    pad = Extrusion(Pierced(rectangle(0.2, 0.2), ((0.0, 0.0, 0.03),)), (x, y + inward * (half + CORBEL / 2), SEAT), PAD)
    hall.add(
        f"Bearing {axis}{row}", "IfcDiscreteAccessory", "Bearing pad 200x200x10", [pad], "Beams", predefined="BEARING",
        material=RUBBER,
    )  # fmt: skip
    made = (f"Bearing {axis}{row}", f"Dowel {axis}{row}")
    hall.connections.append(Connection(f"Seat {axis}{row}", name, f"Beam {axis}", made, "DOWELLED"))


def _beam(hall: _Hall, axis: str) -> None:
    """Draw a beam from corbel to corbel: an inverted tee inside, an L at the ends of the hall, holes for the dowels."""
    x, foot, half = X_AXES[axis], SEAT + PAD, STEM / 2
    west = half + (WING if axis != "A" else 0.0)
    east = half + (WING if axis != "C" else 0.0)
    # drawn looking along +y: the profile's x axis is west, its y axis is up
    shape = [(-east, 0.0), (west, 0.0), (west, LEDGE), (half, LEDGE), (half, BEAM_DEPTH), (-half, BEAM_DEPTH)]
    outline = Polygon(tuple(dict.fromkeys([*shape, (-half, LEDGE), (-east, LEDGE)])))
    start, end = Y_AXES["1"] + COLUMN / 2 + 0.02, Y_AXES["2"] - COLUMN / 2 - 0.02
    solid = Extrusion(outline, (x, start, foot), end - start, NORTH, (-1.0, 0.0, 0.0))
    holes = [
        Opening(f"Sleeve {axis}{row}", Extrusion(Disc(0.03), (x, place, foot - 0.05), BEAM_DEPTH + 0.1), 0.0028)
        for row, place in (("1", COLUMN / 2 + CORBEL / 2), ("2", Y_AXES["2"] - COLUMN / 2 - CORBEL / 2))
    ]
    kind = "Inverted tee 600x600" if axis == "B" else "L beam 450x600"
    hall.add(
        f"Beam {axis}", "IfcBeam", kind, [solid], "Beams", predefined="BEAM", storey=FLOOR, openings=tuple(holes),
        load_bearing=True,
    )  # fmt: skip


def _floor(hall: _Hall) -> None:
    """Draw hollow-core slabs between A and B, double tees between B and C, on the ledges of the beams."""
    foot, first = SEAT + PAD + LEDGE, (Y_AXES["2"] - UNITS * UNIT_WIDTH) / 2
    for number in range(1, UNITS + 1):
        y = first + (number - 0.5) * UNIT_WIDTH
        cores = tuple((-0.475 + 0.19 * k, 0.0, 0.07) for k in range(6))
        start, end = X_AXES["A"] + STEM / 2 + 0.02, X_AXES["B"] - STEM / 2 - 0.02
        # drawn looking along +x: the profile's x axis is north, its y axis is up
        slab = Extrusion(
            Pierced(rectangle(UNIT_WIDTH - 0.01, 0.20), cores), (start, y, foot + 0.10), end - start, EAST, NORTH
        )
        _unit(hall, f"Hollow core {number}", "Hollow core 1200x200", slab, ("A", "B"))
    half = UNIT_WIDTH - 0.005
    for number in range(1, UNITS // 2 + 1):
        y = first + (2 * number - 1) * UNIT_WIDTH
        start, end = X_AXES["B"] + STEM / 2 + 0.02, X_AXES["C"] - STEM / 2 - 0.02
        tee = Extrusion(_double_tee(half), (start, y, foot), end - start, EAST, NORTH)
        _unit(hall, f"Double tee {number}", "Double tee 2400x300", tee, ("B", "C"))


def _double_tee(half: float) -> Polygon:
    """Return the section of a double tee, its stems standing on z = 0."""
    flange, stem, deep = 0.06, 0.12, 0.30
    points = [(-half, deep), (-half, deep - flange)]
    for middle in (-half / 2, half / 2):
        points += [
            (middle - stem / 2, deep - flange), (middle - stem / 2, 0.0), (middle + stem / 2, 0.0),
            (middle + stem / 2, deep - flange),
        ]  # fmt: skip
    return Polygon(tuple([*points, (half, deep - flange), (half, deep)]))


def _unit(hall: _Hall, name: str, kind: str, solid: Extrusion, beams: tuple[str, str]) -> None:
    """Draw a floor unit that bears on two beams."""
    hall.add(name, "IfcSlab", kind, [solid], "Floor units", predefined="FLOOR", storey=FLOOR, load_bearing=True)
    for beam in beams:
        hall.connections.append(Connection(f"{name} on {beam}", f"Beam {beam}", name))
