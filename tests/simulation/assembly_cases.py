"""Assemblies with known answers, loaded by path, for tests are no package; metres."""

from collections.abc import Mapping, Sequence
from typing import Any

import manifold3d
import numpy as np

from geometry.design import Element, Mesh

Body = Any
cube, cylinder = manifold3d.Manifold.cube, manifold3d.Manifold.cylinder


def element(name: str, body: Body, ifc_class: str = "IfcBuildingElementProxy") -> Element:
    mesh = body.to_mesh64()
    return Element(
        name,
        ifc_class,
        name,
        "",
        Mesh(np.array(mesh.vert_properties)[:, :3], np.array(mesh.tri_verts).astype(np.int32)),
    )


def elements(bodies: Mapping[str, Body], scale: float = 1.0) -> dict[str, Element]:
    return {name: element(name, body.scale((scale,) * 3)) for name, body in bodies.items()}


def prism(outline: Sequence[tuple[float, float]], low: float, high: float) -> Body:
    """Return an outline in x and y, extruded along z."""
    return manifold3d.CrossSection([np.array(outline, dtype=np.float64)]).extrude(high - low).translate((0, 0, low))


def frame(bays: int = 4, storeys: int = 4, bay: float = 6.0, height: float = 3.5) -> dict[str, Element]:
    """Return columns C, beams X and Y between them, and slabs S that reach to the middles of the columns."""
    bodies = dict[str, Body]()
    column, width, depth, slab = 0.4, 0.3, 0.5, 0.2
    for storey in range(storeys):
        top = (storey + 1) * height - slab
        for a in range(bays + 1):
            for b in range(bays + 1):
                post = cube((column, column, height - slab))
                at = (a * bay - column / 2, b * bay - column / 2, storey * height)
                bodies[f"C{storey}-{a}{b}"] = post.translate(at)
                if a < bays:
                    along = (a * bay + column / 2, b * bay - width / 2, top - depth)
                    bodies[f"X{storey}-{a}{b}"] = cube((bay - column, width, depth)).translate(along)
                    across = (along[1], along[0], along[2])
                    bodies[f"Y{storey}-{b}{a}"] = cube((width, bay - column, depth)).translate(across)
                if a < bays and b < bays:
                    bodies[f"S{storey}-{a}{b}"] = cube((bay, bay, slab)).translate((a * bay, b * bay, top))
    return elements(bodies)


def box_with_lid() -> dict[str, Element]:
    """Return a box, a pin inside it, a flat lid and two bolts, 0.05 to 0.5 mm of clearance."""
    places = [(5, 5), (95, 75)]
    box = cube((100, 80, 60)) - cube((80, 60, 51)).translate((10, 10, 10))
    lid = cube((100, 80, 8)).translate((0, 0, 60.05))
    bodies = {"pin": cylinder(40, 8, 8, 48).translate((50, 40, 10.05))}
    for number, (x, y) in enumerate(places, 1):
        box -= cylinder(31, 2.55, 2.55, 32).translate((x, y, 30))
        lid -= cylinder(30, 2.75, 2.75, 32).translate((x, y, 50))
        shank, head = cylinder(36, 2.5, 2.5, 32), cylinder(5, 4.5, 4.5, 32)
        bodies[f"bolt {number}"] = shank.translate((x, y, 32.2)) + head.translate((x, y, 68.1))
    return elements({"box": box, "lid": lid, **bodies}, 1e-3)


def dovetail(*, root: float = 28, mouth: float = 20, clearance: float = 0.15) -> dict[str, Body]:
    """Return a tail in a groove along z, open to +y; wide at the root it is held, wide at the mouth it is a wedge."""
    deep, c = 10.0, clearance
    tail = prism([(-root / 2, 0), (root / 2, 0), (mouth / 2, deep), (-mouth / 2, deep)], 0, 40)
    groove = [(-root / 2 - c, -c), (root / 2 + c, -c), (mouth / 2 + c, deep), (-mouth / 2 - c, deep)]
    block = prism([(-30, -10), (30, -10), (30, deep), (-30, deep)], 0, 40) - prism(groove, -1, 41)
    return {"tail": tail, "block": block}
