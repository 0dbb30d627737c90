"""Clashes beside ifcopenshell's own search: which of the easy cases each gets right, and how long a model takes.

    .venv/bin/python benchmarks/clash.py [--tiled 2636] [MODEL.ifc ...]

The cases are two walls of 3 x 0.2 x 3 m on one axis and spheres, as IFC files made here; the peer is
``ifcopenshell.geom.tree`` with the triangle backend (what ifcclash calls), asked for intersections with a tolerance of
0.1 mm. Right is what the closed form says. Then the broad phase on 10,000 boxes, and whole models beside the peer;
``--tiled`` sets copies of each model beside each other until there are so many elements (ours alone).
"""

# pyright: basic

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from geometry.design import Element, Mesh
from geometry.readers import read_design
from geometry.readers.ifc_relations import read_meant_contacts
from simulation.assembly.broad_phase import overlapping_pairs
from simulation.assembly.clash import ClashRule
from simulation.assembly.study import study_clashes

WALL = (3.0, 0.2, 3.0)
WALLS = {
    "overlap of 50 mm on one axis": ((2.95, 0.0, 0.0), "hard", 0.03, 50.0),
    "the same, 2 mm off the axis": ((2.95, 0.002, 0.0), "hard", 0.0297, 50.0),
    "touching": ((3.0, 0.0, 0.0), "touching", 0.0, 0.0),
    "10 mm apart": ((3.01, 0.0, 0.0), "clearance", 0.0, 0.0),
    "drawn twice": ((0.0, 0.0, 0.0), "duplicate", 1.8, 200.0),
    "190 mm apart": ((3.19, 0.0, 0.0), "clearance", 0.0, 0.0),
}
"""Case -> where the second wall is, what it is, shared volume m³, depth mm."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--tiled", type=int, default=0, metavar="N", help="elements to make of copies of each model")
    options = parser.parse_args()
    print(f"{'case':30} {'truth':>22}   {'ours':>22}   ifcopenshell's tree")
    with tempfile.TemporaryDirectory() as name:
        for number, (case, (at, kind, volume, depth)) in enumerate(WALLS.items()):
            path = _two_walls(Path(name) / f"{number}.ifc", at)
            print(f"{case:30} {_told(kind, volume, depth):>22}   {_ours(path):>22}   {_peer(path)}", flush=True)
        inside = _wall_in_wall(Path(name) / "inside.ifc")
        print(f"{'a small block inside a wall':30} {'enclosed, 0.001 m³':>22}   {_ours(inside):>22}   {_peer(inside)}")
    _broad_phase()
    if options.models:
        heads = ("elements", "pairs", "ours s", "peer s", "ours found", "peer found")
        print(f"\n{'model':34} " + " ".join(f"{head:>10}" for head in heads))
    for path in options.models:
        _model(path)
        if options.tiled:
            _tiled(path, options.tiled)


def _told(kind: str, volume: float, depth: float) -> str:
    return f"{kind}, {depth:.0f} mm" if volume else kind


def _ours(path: Path) -> str:
    design = read_design(path)
    study = study_clashes(design.elements, ClashRule(clearance=0.2), {})
    return "; ".join(_told(c.kind.value, c.volume, 1e3 * c.depth) for c in study.clashes) or "nothing"


def _peer(path: Path) -> str:
    tree, elements, _ = _peer_tree(path)
    found = tree.clash_intersection_many(elements, elements, tolerance=1e-4, check_all=True)
    deepest = {round(1e3 * abs(clash.distance), 1) for clash in found}
    return f"found, {max(deepest):.1f} mm" if found else "nothing"


def _peer_tree(path: Path) -> tuple[Any, Any, float]:
    import ifcopenshell
    import ifcopenshell.geom as geom

    model = ifcopenshell.open(str(path))
    not_built = ("IfcFeatureElement", "IfcVirtualElement")
    wanted: Any = [e for e in model.by_type("IfcElement") if e.Representation and not any(e.is_a(n) for n in not_built)]
    tree: Any = geom.tree()
    try:
        tree = geom.tree(backend="opencascade.trianglebvh")
    except TypeError:  # an older release has one backend alone
        pass
    iterator = geom.iterator(geom.settings(), model, 1, include=wanted)
    start = time.process_time()
    if iterator.initialize():
        while True:
            tree.add_element(iterator.get())
            if not iterator.next():
                break
    return tree, wanted, time.process_time() - start


def _broad_phase() -> None:
    rng = np.random.default_rng(0)
    low = rng.uniform(0, [60, 40, 30], (10_000, 3))
    bounds = np.stack([low, low + rng.uniform(0.1, 2.0, (10_000, 3))], axis=1)
    overlapping_pairs(bounds[:10], 0.0)
    start = time.process_time()
    pairs = overlapping_pairs(bounds, 0.0)
    print(f"\nbroad phase, 10,000 boxes: {len(pairs):,} pairs in {time.process_time() - start:.2f} s of processor time")


def _model(path: Path) -> None:
    design = read_design(path, workers=2)
    meant = read_meant_contacts(path)
    start = time.process_time()
    study = study_clashes(design.elements, ClashRule(), meant)
    ours = time.process_time() - start
    tree, elements, _ = _peer_tree(path)
    start = time.process_time()
    found = tree.clash_intersection_many(elements, elements, tolerance=1e-4, check_all=True)
    peer = time.process_time() - start
    hard = sum(clash.volume > 0.0 and clash.kind.value != "touching" for clash in study.clashes)
    counts = (len(design.elements), study.pairs, f"{ours:.2f}", f"{peer:.2f}", hard, len(found))
    print(f"{path.stem[:34]:34} " + " ".join(f"{count:>10}" for count in counts))


def _tiled(path: Path, least: int) -> None:
    design = read_design(path, workers=2)
    bounds = np.array([element.mesh.bounds() for element in design.elements.values()])
    apart = np.ptp(bounds.reshape(-1, 3), axis=0) + 1.0
    made, count = dict[str, Element](), -(-least // len(design.elements))
    side = int(np.ceil(np.sqrt(count)))
    for copy in range(count):
        shift = np.array([copy % side, copy // side, 0]) * apart
        for name, element in design.elements.items():
            mesh = Mesh(element.mesh.vertices + shift, element.mesh.faces)
            made[f"{name}-{copy}"] = replace(element, global_id=f"{name}-{copy}", mesh=mesh)
    start, wall = time.process_time(), time.perf_counter()
    study = study_clashes(made, ClashRule(), {})
    took, wall = time.process_time() - start, time.perf_counter() - wall
    print(f"  in copies: {len(made)} elements, {study.pairs} pairs: processor {took:.1f} s, wall {wall:.1f} s")


def _two_walls(path: Path, at: tuple[float, float, float]) -> Path:
    return _written(path, [(WALL, (0.0, 0.0, 0.0)), (WALL, at)])


def _wall_in_wall(path: Path) -> Path:
    return _written(path, [(WALL, (0.0, 0.0, 0.0)), ((0.1, 0.1, 0.1), (1.0, 0.05, 1.0))])


def _written(path: Path, blocks: list[tuple[tuple[float, ...], tuple[float, ...]]]) -> Path:
    """Write blocks (size, place) as walls of an IFC4 file in metres."""
    import ifcopenshell
    import ifcopenshell.guid

    file = ifcopenshell.file(schema="IFC4")
    make = file.create_entity

    def frame(at: tuple[float, ...]):
        return make("IfcAxis2Placement3D", make("IfcCartesianPoint", [float(value) for value in at]))

    context = make("IfcGeometricRepresentationContext", None, "Model", 3, 1e-5, frame((0, 0, 0)), None)
    units = make("IfcUnitAssignment", [make("IfcSIUnit", None, "LENGTHUNIT", None, "METRE")])
    make("IfcProject", ifcopenshell.guid.new(), None, "p", None, None, None, None, [context], units)
    for size, at in blocks:
        middle = make("IfcAxis2Placement2D", make("IfcCartesianPoint", [size[0] / 2, size[1] / 2]))
        profile = make("IfcRectangleProfileDef", "AREA", None, middle, size[0], size[1])
        up = make("IfcDirection", [0.0, 0.0, 1.0])
        body = make("IfcExtrudedAreaSolid", profile, frame((0, 0, 0)), up, size[2])
        shape = make("IfcShapeRepresentation", context, "Body", "SweptSolid", [body])
        product = make("IfcProductDefinitionShape", None, None, [shape])
        wall = make("IfcWall", ifcopenshell.guid.new())
        wall.ObjectPlacement = make("IfcLocalPlacement", None, frame(at))
        wall.Representation = product
    file.write(str(path))
    return path


if __name__ == "__main__":
    main()
