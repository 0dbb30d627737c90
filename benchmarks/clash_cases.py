"""Small cases of clashes of which the answer is known, as IFC files and meshes: what each tool is asked about."""

# pyright: basic

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clash_scene import Scene, ball
from geometry.design import Element
from simulation.assembly.broad_phase import overlapping_pairs

CLEARANCE = 0.2
_WALL = (3.0, 0.2, 3.0)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Two things, and what they are."""

    name: str
    kind: str
    """As :class:`ClashKind`."""
    depth: float
    """Of what they share, metres; 0 where that is nothing."""
    gap: float
    """Metres."""
    shapes: tuple[tuple[Any, tuple[float, ...]], ...]
    """Of each a box's size or a ball's radius, metres, and where its lower corner or middle is."""


CASES = (
    Case("walls overlapping by 50 mm on one axis", "hard", 0.05, 0.0, ((_WALL, (0, 0, 0)), (_WALL, (2.95, 0, 0)))),
    Case("the same, 2 mm off the axis", "hard", 0.05, 0.0, ((_WALL, (0, 0, 0)), (_WALL, (2.95, 0.002, 0)))),
    Case("walls touching", "touching", 0.0, 0.0, ((_WALL, (0, 0, 0)), (_WALL, (3.0, 0, 0)))),
    Case("walls 10 mm apart", "clearance", 0.0, 0.01, ((_WALL, (0, 0, 0)), (_WALL, (3.01, 0, 0)))),
    Case("walls 190 mm apart", "clearance", 0.0, 0.19, ((_WALL, (0, 0, 0)), (_WALL, (3.19, 0, 0)))),
    Case("a wall drawn twice", "duplicate", 0.2, 0.0, ((_WALL, (0, 0, 0)), (_WALL, (0, 0, 0)))),
    Case("a block inside a wall", "enclosed", 0.1, 0.0, ((_WALL, (0, 0, 0)), ((0.1, 0.1, 0.1), (1.0, 0.05, 1.0)))),
    Case("balls of 1 m, 1.5 m apart", "hard", 0.5, 0.0, ((1.0, (0, 0, 0)), (1.0, (1.5, 0, 0)))),
    Case("balls of 1 m, 1.99 m apart", "hard", 0.01, 0.0, ((1.0, (0, 0, 0)), (1.0, (1.99, 0, 0)))),
    Case("balls of 1 m, 2.1 m apart", "clearance", 0.0, 0.1, ((1.0, (0, 0, 0)), (1.0, (2.1, 0, 0)))),
    Case("a ball of 0.3 m inside one of 1 m", "enclosed", 0.6, 0.0, ((1.0, (0, 0, 0)), (0.3, (0.1, 0, 0)))),
)


def write_cases(folder: Path) -> None:
    """Write the cases and their list, as ``benchmarks/peers/clashes.py`` reads it."""
    from geometry.readers import read_design

    listed = list[dict[str, Any]]()
    for number, case in enumerate(CASES):
        path = written(folder / f"{number}.ifc", [(f"{number}-{k}", *shape) for k, shape in enumerate(case.shapes)])
        write_meshes(folder / f"{number}.npz", {one.name: one for one in read_design(path).elements.values()}, [(0, 1)])
        row = {"name": case.name, "ifc": path.name, "meshes": f"{number}.npz", "clearance": CLEARANCE}
        listed.append({**row, "kernel": "opencascade"})
    (folder / "cases.json").write_text(json.dumps(listed), encoding="utf-8")


def write_scene(folder: Path, scene: Scene) -> None:
    """Write a whole scene as one case."""
    elements = scene.elements
    pairs = overlapping_pairs(np.array([one.mesh.bounds() for one in elements.values()]), 0.0)
    write_meshes(folder / "scene.npz", elements, pairs)
    shapes: list[Any] = [(name, (one.mesh.vertices, one.mesh.faces), (0, 0, 0)) for name, one in elements.items()]
    written(folder / "scene.ifc", shapes)
    row = {"name": "scene", "ifc": "scene.ifc", "meshes": "scene.npz", "clearance": 0.0, "kernel": "cgal-simple"}
    (folder / "cases.json").write_text(json.dumps([row]), encoding="utf-8")


def write_meshes(path: Path, elements: dict[str, Element], pairs: Any) -> None:
    """Write elements' meshes under their names, and which pairs are to be looked at."""
    arrays: dict[str, Any] = {"names": np.array(list(elements)), "pairs": np.asarray(pairs)}
    for k, element in enumerate(elements.values()):
        arrays[f"v{k}"], arrays[f"f{k}"] = element.mesh.vertices, element.mesh.faces
    np.savez(path, **arrays)


def written(path: Path, shapes: list[tuple[str, Any, tuple[float, ...]]]) -> Path:
    """Write shapes (name, size of a box, radius of a ball or mesh, place) as walls of an IFC4 file in metres."""
    import ifcopenshell
    import ifcopenshell.guid

    file = ifcopenshell.file(schema="IFC4")
    make = file.create_entity

    def frame(at: tuple[float, ...]):
        return make("IfcAxis2Placement3D", make("IfcCartesianPoint", [float(value) for value in at]))

    context = make("IfcGeometricRepresentationContext", None, "Model", 3, 1e-5, frame((0, 0, 0)), None)
    units = make("IfcUnitAssignment", [make("IfcSIUnit", None, "LENGTHUNIT", None, "METRE")])
    make("IfcProject", ifcopenshell.guid.new(), None, "p", None, None, None, None, [context], units)
    for name, solid, at in shapes:
        kind, body = (
            ("SweptSolid", _extruded(make, frame, solid)) if _is_size(solid) else ("Tessellation", _faces(make, solid))
        )
        shape = make("IfcShapeRepresentation", context, "Body", kind, [body])
        wall = make("IfcWall", ifcopenshell.guid.new(), Name=name)
        wall.ObjectPlacement = make("IfcLocalPlacement", None, frame(at))
        wall.Representation = make("IfcProductDefinitionShape", None, None, [shape])
    file.write(str(path))
    return path


def _is_size(solid: Any) -> bool:
    return isinstance(solid, tuple) and len(solid) == 3


def _extruded(make: Any, frame: Any, size: tuple[float, ...]) -> Any:
    middle = make("IfcAxis2Placement2D", make("IfcCartesianPoint", [size[0] / 2, size[1] / 2]))
    profile = make("IfcRectangleProfileDef", "AREA", None, middle, size[0], size[1])
    return make("IfcExtrudedAreaSolid", profile, frame((0, 0, 0)), make("IfcDirection", [0.0, 0.0, 1.0]), size[2])


def _faces(make: Any, solid: Any) -> Any:
    vertices, faces = ball(solid, 32, 64) if isinstance(solid, float) else solid
    points = make("IfcCartesianPointList3D", [[float(value) for value in one] for one in vertices])
    return make("IfcTriangulatedFaceSet", points, None, True, [[int(k) + 1 for k in face] for face in faces])
