"""What encloses the sample building: walls with their openings, doors, windows."""

from collections.abc import Iterator
from dataclasses import dataclass

from samples.part import GLASS, GROUND, GYPSUM, MASONRY, UPPER, WOOD, Opening, Part
from samples.plan_structure import BEAM_DEPTH, FLOOR, SOFFIT
from samples.solids import Extrusion, block

EXTERIOR, INTERIOR = 0.24, 0.115


@dataclass(frozen=True, slots=True)
class _Hole:
    """A door (sill 0) or window in a wall, placed by its start along the wall; all metres."""

    name: str
    start: float
    width: float
    height: float
    sill: float = 0.0


@dataclass(frozen=True, slots=True)
class _Wall:
    """A straight wall along x or y (``run``), from ``start`` to ``end``; ``face`` is where its lower side is."""

    name: str
    storey: str
    run: str
    start: float
    end: float
    face: float
    thickness: float = EXTERIOR
    holes: tuple[_Hole, ...] = ()
    under_beam: bool = True


def _window(name: str, start: float, width: float, height: float = 1.3, sill: float = 0.9) -> _Hole:
    return _Hole(f"Window {name}", start, width, height, sill)


def _door(name: str, start: float, width: float = 0.885, height: float = 2.1) -> _Hole:
    return _Hole(f"Door {name}", start, width, height)


G, U, I = GROUND, UPPER, INTERIOR  # noqa: E741 -- the table below is read as a table
WALLS = (
    _Wall("Wall S1 ground", G, "x", 0.30, 4.05, 0.0, holes=(_window("S1 ground", 1.10, 1.8),)),
    _Wall("Wall S2 ground", G, "x", 4.35, 8.10, 0.0, holes=(_Hole("Door terrace", 5.20, 2.0, 2.2),)),
    _Wall("Wall S3 ground", G, "x", 8.40, 11.70, 0.0, holes=(_window("S3 ground", 9.60, 1.2, 0.6, 1.6),)),
    _Wall("Wall N1 ground", G, "x", 0.30, 4.05, 8.76, holes=(_window("N1 ground", 2.10, 1.2),)),
    _Wall("Wall N2 ground", G, "x", 4.35, 8.10, 8.76, holes=(_window("N2 ground", 6.60, 0.9, 2.0, 0.3),)),
    _Wall("Wall W1 ground", G, "y", 0.30, 3.85, 0.0, holes=(_window("W1 ground", 1.30, 1.5),)),
    _Wall("Wall W2 ground", G, "y", 4.15, 8.70, 0.0),
    _Wall("Wall E1 ground", G, "y", 0.30, 3.85, 11.76, holes=(_window("E1 ground", 0.90, 2.1),)),
    _Wall("Wall P1 porch", G, "x", 8.40, 11.70, 3.88, holes=(_window("P1 porch", 9.90, 1.0),)),
    _Wall("Wall P2 porch", G, "y", 4.15, 8.70, 8.13, holes=(_Hole("Door entrance", 5.40, 1.1, 2.2),)),
    _Wall("Wall I1 ground", G, "y", 0.30, 3.825, 4.14, I, (_door("I1 ground", 2.50),), under_beam=False),
    _Wall("Wall I2 ground", G, "x", 0.30, 4.025, 3.94, I, (_door("I2 ground", 0.80),)),
    _Wall("Wall I3 ground", G, "y", 4.175, 8.70, 4.14, I, (_door("I3 ground", 4.60, 1.01),), under_beam=False),
    _Wall("Wall I4 ground", G, "y", 0.30, 3.85, 8.19, I, (_door("I4 ground", 2.20),)),
    _Wall("Wall S1 upper", U, "x", 0.30, 4.05, 0.0, holes=(_window("S1 upper", 1.50, 1.2),)),
    _Wall("Wall S2 upper", U, "x", 4.35, 8.10, 0.0, holes=(_window("S2 upper", 5.00, 2.4),)),
    _Wall("Wall N1 upper", U, "x", 0.30, 4.05, 8.76),
    _Wall("Wall N2 upper", U, "x", 4.35, 8.10, 8.76, holes=(_window("N2 upper", 6.40, 1.2),)),
    _Wall("Wall W1 upper", U, "y", 0.30, 3.85, 0.0),
    _Wall("Wall W2 upper", U, "y", 4.15, 8.70, 0.0, holes=(_window("W2 upper", 5.60, 1.8),)),
    _Wall("Wall E1 upper", U, "y", 0.30, 3.85, 8.16, holes=(_Hole("Door roof terrace", 1.20, 1.01, 2.1),)),
    _Wall("Wall E2 upper", U, "y", 4.15, 8.70, 8.16, holes=(_window("E2 upper", 5.20, 1.5),)),
    _Wall("Wall I1 upper", U, "y", 0.30, 3.85, 4.14, I, (_door("I1 upper", 1.30),), under_beam=False),
    _Wall("Wall I2 upper", U, "x", 0.30, 4.05, 3.94, I, (_door("I2 upper", 2.60),)),
    _Wall("Wall I3 upper", U, "x", 4.35, 8.10, 3.94, I, (_door("I3 upper", 6.90),)),
)


def walls_and_fillings() -> Iterator[Part]:
    """Yield every wall, each followed by the doors and windows in it."""
    for wall in WALLS:
        yield _wall_part(wall)
        for hole in wall.holes:
            yield _door_part(wall, hole) if hole.sill == 0 else _window_part(wall, hole)


def _box(wall: _Wall, along: tuple[float, float], across: tuple[float, float], up: tuple[float, float]) -> Extrusion:
    """Return a box given along the wall, across it and above the storey's floor, metres."""
    z0, z1 = (FLOOR[wall.storey] + h for h in up)
    if wall.run == "x":
        return block((along[0], across[0], z0), (along[1], across[1], z1))
    return block((across[0], along[0], z0), (across[1], along[1], z1))


def _wall_part(wall: _Wall) -> Part:
    height = SOFFIT[wall.storey] - FLOOR[wall.storey] - (BEAM_DEPTH[wall.storey] if wall.under_beam else 0.0)
    length, sides = wall.end - wall.start, (wall.face, wall.face + wall.thickness)
    openings = tuple(
        Opening(
            f"Opening {hole.name}",
            _box(
                wall,
                (hole.start, hole.start + hole.width),
                (sides[0] - 0.1, sides[1] + 0.1),
                (hole.sill, hole.sill + hole.height),
            ),
            hole.width * hole.height,
        )
        for hole in wall.holes
    )
    gross = length * height
    net = gross - sum(opening.face_area for opening in openings)
    external = wall.thickness == EXTERIOR
    return Part(
        wall.name, "IfcWall", wall.storey,
        f"{'Exterior' if external else 'Partition'} wall {wall.thickness * 1000:.0f}",
        MASONRY if external else GYPSUM, (_box(wall, (wall.start, wall.end), sides, (0.0, height)),),
        f"{'Exterior' if external else 'Interior'} walls {wall.storey}", "SOLIDWALL" if external else "PARTITIONING",
        external=external, openings=openings,
        quantities={
            "Length": length, "Width": wall.thickness, "Height": height, "GrossSideArea": gross, "NetSideArea": net,
            "GrossVolume": gross * wall.thickness, "NetVolume": net * wall.thickness,
        },
    )  # fmt: skip


def _frame(wall: _Wall, hole: _Hole, bar: float, across: tuple[float, float]) -> list[Extrusion]:
    """Return the two jambs and the head of a frame that fills a hole to its edges."""
    left, right, low, top = hole.start, hole.start + hole.width, hole.sill, hole.sill + hole.height
    return [
        _box(wall, (left, left + bar), across, (low, top)),
        _box(wall, (right - bar, right), across, (low, top)),
        _box(wall, (left + bar, right - bar), across, (top - bar, top)),
    ]


def _door_part(wall: _Wall, hole: _Hole) -> Part:
    middle = wall.face + wall.thickness / 2
    solids = _frame(wall, hole, 0.06, (middle - 0.05, middle + 0.05))
    leaf = _box(
        wall,
        (hole.start + 0.06, hole.start + hole.width - 0.06),
        (middle - 0.05, middle - 0.005),
        (0.005, hole.height - 0.06),
    )
    size = {"Width": hole.width, "Height": hole.height, "Area": hole.width * hole.height}
    return Part(
        hole.name, "IfcDoor", wall.storey, f"Door {hole.width * 1000:.0f}x{hole.height * 1000:.0f}", WOOD,
        (*solids, leaf), f"Doors and windows {wall.storey}", "DOOR",
        external=wall.thickness == EXTERIOR, fills=f"Opening {hole.name}",
        attributes={"OverallHeight": hole.height, "OverallWidth": hole.width}, quantities=size,
    )  # fmt: skip


def _window_part(wall: _Wall, hole: _Hole) -> Part:
    middle = wall.face + wall.thickness / 2
    solids = _frame(wall, hole, 0.07, (middle - 0.04, middle + 0.04))
    inner = (hole.start + 0.07, hole.start + hole.width - 0.07)
    solids.append(_box(wall, inner, (middle - 0.04, middle + 0.04), (hole.sill, hole.sill + 0.07)))
    pane = _box(wall, inner, (middle - 0.012, middle + 0.012), (hole.sill + 0.07, hole.sill + hole.height - 0.07))
    size = {"Width": hole.width, "Height": hole.height, "Area": hole.width * hole.height}
    return Part(
        hole.name, "IfcWindow", wall.storey, f"Window {hole.width * 1000:.0f}x{hole.height * 1000:.0f}", GLASS,
        (*solids, pane), f"Doors and windows {wall.storey}", "WINDOW",
        external=True, fills=f"Opening {hole.name}",
        attributes={"OverallHeight": hole.height, "OverallWidth": hole.width}, quantities=size,
    )  # fmt: skip
