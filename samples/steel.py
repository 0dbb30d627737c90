"""A steel frame on paper: two-part columns with bolted splices, beams on end plates and on fin plates, a brace. Metres.

Every joint is drawn as it is made: plates drilled 2 mm wider than their bolts, bolts with heads, nuts. Columns and
beams come from the shop with their plates welded on (one IfcElementAssembly each, made in the factory).
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from samples.fasteners import BoltPlace, bolt_and_nut, drilled, drilling
from samples.model_plan import Activity, Assembly, Connection, ModelPlan
from samples.part import Opening, Part
from samples.solids import Disc, Extrusion, ISection, Point, Rectangle, bar, block

X_AXES, Y_AXES = {"A": 0.0, "B": 6.0}, {"1": 0.0, "2": 5.0}
BASE, LEVEL_1, LEVEL_2 = "Base", "Level 1", "Level 2"
STOREYS = {BASE: 0.0, LEVEL_1: 3.4, LEVEL_2: 6.8}
"""Top of steel."""
SPLICE = 4.0
LIFTS = ("lower", "upper")
HEB200, IPE300 = ISection(0.200, 0.200, 0.009, 0.015), ISection(0.150, 0.300, 0.0071, 0.0107)
IPE240 = ISection(0.120, 0.240, 0.0062, 0.0098)
STEEL, CONCRETE = "Steel S355", "Concrete C30/37"
START = datetime.datetime(2026, 3, 2, 7, 0)
ACTIVITIES = (
    Activity("Footings", 5), Activity("Columns lower", 2), Activity("Scaffold up", 1), Activity("Beams level 1", 3),
    Activity("Bracing", 1), Activity("Columns upper", 2), Activity("Beams level 2", 3),
    Activity("Scaffold down", 1, "REMOVAL"), Activity("Services", 2, "INSTALLATION"),
)  # fmt: skip
M20, M24 = 0.020, 0.024
END_PLATE, FIN, SPLICE_PLATE, BASE_PLATE = 0.015, 0.010, 0.020, 0.025
END_HOLES = ((-0.05, -0.10), (0.05, -0.10), (-0.05, 0.10), (0.05, 0.10))
"""Across and up from the middle of an end plate."""
SPLICE_HOLES = tuple((x, y) for x in (-0.05, 0.05) for y in (-0.055, 0.055))
ANCHORS = tuple((x, y) for x in (-0.13, 0.13) for y in (-0.13, 0.13))
UP, EAST, NORTH = (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
PLANTED = (
    ("Drain pipe", "Beam A1-B1 level 1", "piercing"),
    ("Scaffold", "Beam mid level 1", "piercing"),
    ("Scaffold", "Air duct", "piercing"),
)
"""What is in whose way, and how; nothing else is."""
NEVER_TOGETHER = (("Scaffold", "Air duct"),)
"""Of those: the scaffold is gone when the duct comes."""

ORDER = """\
# What an order of this frame has to keep: given with --sequence (docs/assembly.md)
order: 1
in_place: [IfcFooting, {anchors}]
before:
"""


@dataclass(slots=True)
class _Frame:
    """What is being drawn."""

    parts: list[Part] = field(default_factory=list[Part])
    assemblies: list[Assembly] = field(default_factory=list[Assembly])
    connections: list[Connection] = field(default_factory=list[Connection])
    drilled: dict[str, list[Opening]] = field(default_factory=dict[str, list[Opening]])
    """Holes by the part that they are drilled into."""

    def add(self, name: str, ifc_class: str, type_name: str, solids: Sequence[Extrusion], **more: str) -> Part:
        """Draw a part of steel, or of what ``material`` says."""
        told: dict[str, Any] = {"material": STEEL, "storey": BASE, "task": "", **more}
        part = Part(name, ifc_class, type_name=type_name, solids=tuple(solids), **told)
        self.parts.append(part)
        return part

    def bolts(self, joint: str, ends: tuple[str, str], places: Sequence[BoltPlace], storey: str, task: str) -> None:
        """Draw the bolts of a joint, drill the second part, and say what joins what."""
        made = list[str]()
        for number, place in enumerate(places, 1):
            pair = bolt_and_nut(f"{joint.removeprefix('Joint ')} {number}", place, storey, task)
            self.parts.extend(pair)
            made += [part.name for part in pair]
        self.connections.append(Connection(joint, *ends, tuple(made)))

    def drill(self, part: str, name: str, at: Point, way: Point, depth: float) -> None:
        """Drill a hole into a rolled section, from ``at`` along ``way``."""
        self.drilled.setdefault(part, []).append(drilling(name, at, way, depth, M20))


def steel_frame(*, rows: Sequence[str] = ("1", "2"), lifts: Sequence[str] = LIFTS) -> ModelPlan:
    """Return the whole frame, or the plane frame of one row, ``rows=("1",)``, or what is below the splices.

    Examples
    --------
    >>> plan = steel_frame()
    >>> len({part.name for part in plan.parts}) == len(plan.parts)
    True
    """
    frame, levels = _Frame(), (LEVEL_1, LEVEL_2)[: len(lifts)]
    for row in rows:
        for axis in X_AXES:
            _footing(frame, axis + row)
            for lift in lifts:
                _column(frame, axis + row, lift)
        for level in levels:
            _main_beam(frame, row, level)
    if len(rows) == len(Y_AXES):
        for level in levels:
            for axis in X_AXES:
                _fin_beam(frame, f"Beam {axis}1-{axis}2", X_AXES[axis], level, HEB200.web / 2, 0.11, 0.145, axis)
            _fin_beam(frame, "Beam mid", 3.0, level, IPE300.web / 2, 0.085, 0.115, "")
        _brace(frame)
        _scaffold(frame)
    pipe = Extrusion(Disc(0.057), (4.4, -0.8, 3.25), 2.2, NORTH, EAST)
    frame.add(
        "Drain pipe", "IfcPipeSegment", "Pipe DN100", [pipe], predefined="RIGIDSEGMENT", material="Steel S235",
        storey=LEVEL_1, task="Services",
    )  # fmt: skip
    parts = tuple(replace(p, openings=tuple(frame.drilled.get(p.name, ()))) for p in frame.parts)
    y_axes = {name: at for name, at in Y_AXES.items() if name in rows}
    return ModelPlan(
        "Steel frame", "Bolted steel frame of the quality system", parts, STOREYS, X_AXES, y_axes, ACTIVITIES, START,
        tuple(frame.assemblies), tuple(frame.connections),
    )  # fmt: skip


def order_file() -> str:
    """Return what an order has to keep, for ``--sequence``: from below upwards."""
    grids, levels = [axis + row for axis in X_AXES for row in Y_AXES], (LEVEL_1.lower(), LEVEL_2.lower())
    rules = [f"Footing {grid} < Column {grid} lower < Column {grid} upper" for grid in grids]
    for row in Y_AXES:
        for level, lift in zip(levels, ("lower", "upper"), strict=True):
            beam = f"Beam A{row}-B{row} {level}"
            rules += [f"Column A{row} {lift} < {beam}", f"Column B{row} {lift} < {beam}", f"{beam} < Beam mid {level}"]
        rules += [f"Beam A{row}-B{row} level 1 < Column {axis}{row} upper" for axis in X_AXES]
    rules += [
        f"Column {axis}{row} {lift} < Beam {axis}1-{axis}2 {level}"
        for level, lift in zip(levels, ("lower", "upper"), strict=True) for axis in X_AXES for row in Y_AXES
    ]  # fmt: skip
    rules += [f"Anchor {grid} {number} < Column {grid} lower" for grid in grids for number in range(1, 5)]
    anchors = ", ".join(f"Anchor {grid} {number}" for grid in grids for number in range(1, len(ANCHORS) + 1))
    return ORDER.format(anchors=anchors) + "\n".join(f"  - {rule}" for rule in rules) + "\n"


def at(grid: str) -> tuple[float, float]:
    """Return the grid crossing such as ``"B2"``."""
    return X_AXES[grid[0]], Y_AXES[grid[1]]


def _footing(frame: _Frame, grid: str) -> None:
    x, y = at(grid)
    solid = block((x - 0.5, y - 0.5, -0.5), (x + 0.5, y + 0.5, 0.0))
    frame.add(
        f"Footing {grid}", "IfcFooting", "Pad footing 1000x1000x500", [solid], predefined="PAD_FOOTING",
        material=CONCRETE, task="Footings",
    )  # fmt: skip


def _column(frame: _Frame, grid: str, lift: str) -> None:
    """Draw one lift of a column with the plates at its ends and the joint at its foot."""
    (x, y), name, task = at(grid), f"Column {grid} {lift}", f"Columns {lift}"
    storey, whole = (BASE if lift == "lower" else LEVEL_1), f"Column {grid} {lift} assembly"
    frame.assemblies.append(Assembly(whole, storey, "COLUMN"))
    foot = BASE_PLATE if lift == "lower" else SPLICE + SPLICE_PLATE
    head = SPLICE - SPLICE_PLATE if lift == "lower" else STOREYS[LEVEL_2]
    shaft = Extrusion(HEB200, (x, y, foot), head - foot, UP, (0.0, -1.0, 0.0))
    told = {"storey": storey, "task": task, "assembly": whole}
    frame.add(name, "IfcColumn", "HEB 200", [shaft], predefined="COLUMN", **told)
    splice = drilled((0.24, 0.24), SPLICE_HOLES, M20)
    if lift == "lower":
        plate = Extrusion(drilled((0.35, 0.35), ANCHORS, M24), (x, y, 0.0), BASE_PLATE)
        frame.add(f"{name} base plate", "IfcPlate", "Plate 25", [plate], predefined="SHEET", **told)
        cap = Extrusion(splice, (x, y, SPLICE - SPLICE_PLATE), SPLICE_PLATE)
        frame.add(f"{name} cap plate", "IfcPlate", "Plate 20", [cap], predefined="SHEET", **told)
        _anchors(frame, grid, f"{name} base plate")
        return
    plate = Extrusion(splice, (x, y, SPLICE), SPLICE_PLATE)
    frame.add(f"{name} foot plate", "IfcPlate", "Plate 20", [plate], predefined="SHEET", **told)
    seats = [(x + dx, y + dy, SPLICE - SPLICE_PLATE) for dx, dy in SPLICE_HOLES]
    places = [BoltPlace(seat, UP, 2 * SPLICE_PLATE, M20) for seat in seats]
    frame.bolts(f"Splice {grid}", (f"Column {grid} lower cap plate", f"{name} foot plate"), places, storey, task)


def _anchors(frame: _Frame, grid: str, plate: str) -> None:
    """Draw what holds a column on its footing: anchors cast in with it, nuts put on with the column."""
    (x, y), made = at(grid), list[str]()
    for number, (dx, dy) in enumerate(ANCHORS, 1):
        place = BoltPlace((x + dx, y + dy, -0.4), UP, 0.4 + BASE_PLATE, M24)
        anchor, nut = bolt_and_nut(f"anchor {grid} {number}", place, BASE, "Footings")
        frame.parts += [
            replace(anchor, name=f"Anchor {grid} {number}", predefined="ANCHORBOLT", type_name="Anchor M24"),
            replace(nut, task="Columns lower"),
        ]
        made += [f"Anchor {grid} {number}", nut.name]
    frame.connections.append(Connection(f"Base {grid}", f"Footing {grid}", plate, tuple(made)))


def _main_beam(frame: _Frame, row: str, level: str) -> None:
    """Draw a beam between the flanges of two columns, bolted to them through its end plates."""
    name, y, top = f"Beam A{row}-B{row} {level.lower()}", Y_AXES[row], STOREYS[level]
    z, task, whole = top - IPE300.depth / 2, f"Beams {level.lower()}", f"Beam A{row}-B{row} {level.lower()} assembly"
    told = {"storey": level, "task": task, "assembly": whole}
    frame.assemblies.append(Assembly(whole, level, "BEAM"))
    half = HEB200.depth / 2
    ends = {"A": X_AXES["A"] + half, "B": X_AXES["B"] - half}
    inner = [ends["A"] + END_PLATE, ends["B"] - END_PLATE]
    frame.add(name, "IfcBeam", "IPE 300", [bar(IPE300, (inner[0], y, z), (inner[1], y, z))], predefined="BEAM", **told)
    for axis, sign in (("A", 1.0), ("B", -1.0)):
        plate = f"{name} end plate {axis}"
        foot = min(ends[axis], ends[axis] + sign * END_PLATE)
        # drawn looking along +x: the profile's x axis is north, its y axis is up
        shape = Extrusion(drilled((0.16, 0.34), END_HOLES, M20), (foot, y, z), END_PLATE, EAST, NORTH)
        frame.add(plate, "IfcPlate", "Plate 15", [shape], predefined="SHEET", **told)
        lift = "lower" if level == LEVEL_1 else "upper"
        column, places = f"Column {axis}{row} {lift}", list[BoltPlace]()
        for number, (across, up) in enumerate(END_HOLES, 1):
            seat = (ends[axis] + sign * END_PLATE, y + across, z + up)
            places.append(BoltPlace(seat, (-sign, 0.0, 0.0), END_PLATE + HEB200.flange, M20))
            start = (ends[axis] + sign * 0.005, y + across, z + up)
            frame.drill(column, f"Hole {plate} {number}", start, (-sign, 0.0, 0.0), HEB200.flange + 0.01)
        frame.bolts(f"Joint {name} {axis}", (column, plate), places, level, task)


def _fin_beam(
    frame: _Frame, name: str, x: float, level: str, web: float, gap: float, bolt: float, axis: str
) -> None:  # fmt: skip
    """Draw a beam from row 1 to row 2, bolted through its web to fin plates on what carries it.

    ``web`` is half of that one's web, ``gap`` and ``bolt`` how far from its axis the beam begins and the bolts are.
    """
    name, top = f"{name} {level.lower()}", STOREYS[level]
    z, task, reach, half = top - IPE240.depth / 2, f"Beams {level.lower()}", bolt + 0.04, IPE240.web / 2
    line = bar(IPE240, (x, Y_AXES["1"] + gap, z), (x, Y_AXES["2"] - gap, z))
    frame.add(name, "IfcBeam", "IPE 240", [line], predefined="BEAM", storey=level, task=task)
    lift = "lower" if level == LEVEL_1 else "upper"
    for row, sign in (("1", 1.0), ("2", -1.0)):
        carrier = f"Column {axis}{row} {lift}" if axis else f"Beam A{row}-B{row} {level.lower()}"
        near, far = Y_AXES[row] + sign * web, Y_AXES[row] + sign * reach
        middle, width = (near + far) / 2, abs(far - near)
        holes = [(Y_AXES[row] + sign * bolt - middle, up) for up in (-0.035, 0.035)]
        fin = Extrusion(drilled((width, 0.15), holes, M20), (x + half, middle, z), FIN, EAST, NORTH)
        owner = next(part for part in frame.parts if part.name == carrier)
        frame.add(
            f"Fin plate {name} {row}", "IfcPlate", "Plate 10", [fin], predefined="SHEET", storey=owner.storey,
            task=owner.task, assembly=owner.assembly,
        )  # fmt: skip
        places = list[BoltPlace]()
        for number, (_, up) in enumerate(holes, 1):
            seat = (x + half + FIN, Y_AXES[row] + sign * bolt, z + up)
            places.append(BoltPlace(seat, (-1.0, 0.0, 0.0), FIN + IPE240.web, M20))
            start = (x + half + 0.005, seat[1], seat[2])
            frame.drill(name, f"Hole {name} {row} {number}", start, (-1.0, 0.0, 0.0), IPE240.web + 0.01)
        frame.bolts(f"Joint {name} {row}", (f"Fin plate {name} {row}", name), places, level, task)


def _brace(frame: _Frame) -> None:
    """Draw a flat diagonal between two gussets in row 2, below level 1."""
    y, thick, name = Y_AXES["2"], 0.010, "Brace A2-B2"
    ends = {"A": np.array([0.24, y, 0.24]), "B": np.array([X_AXES["B"] - 0.24, y, 2.80])}
    along = (ends["B"] - ends["A"]) / np.linalg.norm(ends["B"] - ends["A"])
    lift = np.array([0.0, thick, 0.0])
    start, end = _point(ends["A"] - 0.07 * along + lift), _point(ends["B"] + 0.07 * along + lift)
    told = {"storey": BASE, "task": "Bracing"}
    frame.add(name, "IfcMember", "Flat 80x10", [bar(Rectangle(thick, 0.08), start, end)], predefined="BRACE", **told)
    for axis, sign in (("A", 1.0), ("B", -1.0)):
        near = X_AXES[axis] + sign * HEB200.depth / 2
        middle = np.array([near + sign * 0.14, y, float(ends[axis][2])])
        bolts = [ends[axis] + step * along for step in (-0.035, 0.035)]
        # drawn looking along +y: the profile's x axis is west, its y axis is up
        holes = [(float(middle[0] - one[0]), float(one[2] - middle[2])) for one in bolts]
        foot = (float(middle[0]), y - thick / 2, float(middle[2]))
        shape = Extrusion(drilled((0.28, 0.28), holes, M20), foot, thick, NORTH, (-1.0, 0.0, 0.0))
        gusset, column = f"Gusset {axis}2", f"Column {axis}2 lower"
        frame.add(
            gusset, "IfcPlate", "Plate 10", [shape], predefined="SHEET", storey=BASE, task="Columns lower",
            assembly=f"{column} assembly",
        )  # fmt: skip
        seats = [_point(one + np.array([0.0, 1.5 * thick, 0.0])) for one in bolts]
        places = [BoltPlace(seat, (0.0, -1.0, 0.0), 2 * thick, M20) for seat in seats]
        for number, seat in enumerate(seats, 1):
            frame.drill(name, f"Hole {gusset} {number}", (seat[0], seat[1] + 0.005, seat[2]), (0.0, -1.0, 0.0), 0.02)
        frame.bolts(f"Joint brace {axis}2", (gusset, name), places, BASE, "Bracing")


def _scaffold(frame: _Frame) -> None:
    """Draw a tower that stands while beams are bolted, and a duct that later goes where it stood."""
    posts = [(x, y) for x in (2.2, 2.99) for y in (2.0, 3.0)]
    solids = [block((x - 0.025, y - 0.025, 0.0), (x + 0.025, y + 0.025, 3.2)) for x, y in posts]
    solids.append(block((2.175, 1.975, 1.4), (3.015, 3.025, 1.45)))
    tower = frame.add(
        "Scaffold", "IfcBuildingElementProxy", "Scaffold tower", solids, predefined="SCAFFOLD", task="Scaffold up",
        removed_by="Scaffold down",
    )  # fmt: skip
    duct = block((0.6, 1.85, 2.3), (5.4, 2.15, 2.6))
    frame.add(
        "Air duct", "IfcDuctSegment", "Duct 300x300", [duct], predefined="RIGIDSEGMENT", material="Steel S235",
        storey=tower.storey, task="Services",
    )  # fmt: skip


def _point(vector: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Point:
    x, y, z = (round(float(value), 9) + 0.0 for value in vector)
    return x, y, z
