"""The sample's building site: where the scanner stood, what went wrong, and what stands there undesigned."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import numpy as np

from geometry.arrays import FloatArray
from samples.building import part_id
from samples.clutter import box
from samples.defects import BuiltPart, Defect, DefectMix, OpeningDefect, PlantedDefects, small_offset
from samples.part import Opening, Part
from samples.solids import Extrusion, Point, Rectangle, Solid

STATIONS = np.array(
    [
        # ground floor, room by room, then the porch
        (1.40, 1.50, 1.60), (6.30, 2.60, 1.55), (10.00, 1.30, 1.65), (2.10, 6.90, 1.60),
        (7.00, 6.10, 1.60), (10.30, 6.30, 1.60),
        # upper floor, then the terrace
        (2.30, 2.10, 4.80), (6.30, 2.00, 4.75), (2.20, 6.30, 4.85), (7.20, 6.60, 4.80), (10.20, 2.60, 4.80),
        # around the building
        (-5.00, -4.20, 1.40), (17.20, -3.60, 1.35), (16.40, 12.60, 1.40), (-4.40, 13.20, 1.40),
    ]
)  # fmt: skip
"""Scanner positions (s, 3), metres, design frame."""

DEFECTS: dict[str, Defect] = {
    "Column A2 upper": Defect("shifted", offset_m=(0.035, 0.0, 0.0)),
    "Wall I3 ground": Defect("shifted", offset_m=(-0.028, 0.0, 0.0)),
    "Beam B2-C2 ground": Defect("shifted", offset_m=(0.0, 0.0, -0.030)),
    "Window W2 upper": Defect("shifted", offset_m=(0.025, 0.0, 0.0)),
    "Duct 3 ground": Defect("shifted", offset_m=(0.0, 0.0, -0.045)),
    "Wall P1 porch": Defect("tilted", tilt_rad=(float(np.radians(1.0)), 0.0, 0.0)),
    "Column C2 upper": Defect("tilted", tilt_rad=(0.0, float(np.radians(0.9)), 0.0)),
    "Beam D2-D3 porch": Defect("bowed", bow_m=(0.0, 0.0, -0.025), bow_along=(1,)),
    "Wall N1 upper": Defect("bowed", bow_m=(0.0, 0.022, 0.0), bow_along=(0, 2)),
    "Column D2 ground": Defect("undersized", size_change_m=(-0.036, -0.036, 0.0)),
    "Wall W1 ground": Defect(
        "opening", openings=(OpeningDefect("Opening Window W1 ground", size_change_m=(0, 0, -0.03)),)
    ),
    "Floor slab": Defect("opening", openings=(OpeningDefect("Stair opening", offset_m=(0.03, 0, 0)),)),
    "Heating pipe 1": Defect("tilted", tilt_rad=(0.0, 0.0, float(np.radians(0.4)))),
    "Sprinkler pipe": Defect("tilted", tilt_rad=(0.0, float(np.radians(0.6)), 0.0)),
    "Wall I2 upper": Defect("missing"),
    "Door I2 upper": Defect("missing"),
    "Drain pipe upper": Defect("missing"),
}
"""By part name; everything else is built within a millimetre or so."""

WELL_BUILT = DefectMix(shifted=0.0, tilted=0.0, missing=0.0, ok_sigma_m=0.0005, ok_limit_m=0.0015)


def planted(
    parts: Iterable[Part],
    rng: np.random.Generator,
    *,
    right: Collection[str] = frozenset(),
    unbuilt: Collection[str] = frozenset(),
) -> PlantedDefects:
    """Return the sample's defects by GlobalId, with small random offsets for what is right.

    Parameters
    ----------
    right
        Names of parts that have no defect (any more): put right, or drawn as they stand.
    unbuilt
        Names of parts that do not stand yet.

    Raises
    ------
    ValueError
        If a defect names a part that does not exist.
    """
    drawn = {part.name: part for part in parts}
    named = {name: part_id(part) for name, part in drawn.items()}
    if unknown := sorted(set(DEFECTS) - set(named)):
        raise ValueError(f"no part is called {unknown[0]!r}, so it cannot have a defect")
    wrong = DEFECTS.keys() - set(right)
    # drawn for every part, so that what is right stays where it is whatever else is wrong, or put right
    offsets = {name: small_offset(WELL_BUILT, rng) for name in sorted(named)}
    defects = {
        guid: Defect("missing")
        if name in unbuilt
        else _located(DEFECTS[name], drawn[name].openings)
        if name in wrong
        else Defect("ok", offsets[name])
        for name, guid in sorted(named.items())
    }
    extras = {
        "temporary wall": _undesigned(box((1.6, 0.115, 1.4), 0.3), (1.9, 5.6, 0.0)),
        "pallet of blocks": _undesigned(box((1.2, 0.8, 1.0), -0.2), (10.3, 5.4, 3.2)),
        "ground around the building": _undesigned(_terrain(), (0.0, 0.0, 0.0)),
    }
    return PlantedDefects(defects, extras)


def _located(defect: Defect, openings: Sequence[Opening]) -> Defect:
    """Return a defect that knows where the openings lie that it names."""
    solids = {opening.name: opening.solid for opening in openings}
    return replace(defect, openings=tuple(_boxed(one, solids[one.name]) for one in defect.openings))


def _boxed(opening: OpeningDefect, solid: Solid) -> OpeningDefect:
    """Return an opening's defect with its box.

    Raises
    ------
    ValueError
        If what is cut away is no upright box: only the reveals of such a one can be moved.
    """
    if not isinstance(solid, Extrusion) or not isinstance(solid.profile, Rectangle) or solid.axis != (0.0, 0.0, 1.0):
        raise ValueError(f"{opening.name!r} is no upright box, so it cannot have a defect")
    (x, y, z), half = solid.origin, (solid.profile.x / 2, solid.profile.y / 2)
    low, high = (x - half[0], y - half[1], z), (x + half[0], y + half[1], z + solid.depth)
    return replace(opening, low_m=low, high_m=high)


def drawn_as_built(parts: Iterable[Part], names: Collection[str]) -> tuple[Part, ...]:
    """Return the parts with some of them where they stand: the next revision of the design.

    Raises
    ------
    ValueError
        If one of them is not shifted: only that can be drawn.
    """
    for name in names:
        if name not in DEFECTS or DEFECTS[name].kind != "shifted":
            raise ValueError(f"{name!r} is no part that is shifted; those are {', '.join(_shifted())}")
    return tuple(_moved(part, DEFECTS[part.name].offset_m) if part.name in names else part for part in parts)


def _shifted() -> list[str]:
    return [name for name, defect in DEFECTS.items() if defect.kind == "shifted"]


def _moved(part: Part, by: Point) -> Part:
    openings = tuple(replace(hole, solid=_moved_solid(hole.solid, by)) for hole in part.openings)
    return replace(part, solids=tuple(_moved_solid(solid, by) for solid in part.solids), openings=openings)


def _moved_solid(solid: Solid, by: Point) -> Solid:
    x, y, z = (at + step for at, step in zip(solid.origin, by, strict=True))
    return replace(solid, origin=(x, y, z))


def _undesigned(triangles: FloatArray, place: Point) -> BuiltPart:
    vertices = triangles.reshape(-1, 3) + np.array(place)
    return BuiltPart(vertices, vertices, np.arange(len(vertices), dtype=np.int32).reshape(-1, 3))


def _terrain() -> FloatArray:
    """Return the ground (8, 3, 3): it touches the slab's sides 5 cm below its top and falls away by 30 cm."""
    inner = np.array([(0.0, 0.0, -0.05), (12.0, 0.0, -0.05), (12.0, 9.0, -0.05), (0.0, 9.0, -0.05)])
    outer = inner + np.array([(-14.0, -14.0, -0.3), (14.0, -14.0, -0.3), (14.0, 14.0, -0.3), (-14.0, 14.0, -0.3)])
    faces = [
        corner
        for i in range(4)
        for corner in ((outer[i], outer[(i + 1) % 4], inner[(i + 1) % 4]), (outer[i], inner[(i + 1) % 4], inner[i]))
    ]
    return np.array(faces)
