"""What ifcclash, ifcopenshell's tree and Coal find in given cases: run by ``benchmarks/clash.py`` in its peers' Python.

    python clashes.py PEER FOLDER

``FOLDER/cases.json`` lists the cases: an IFC file, meshes (.npz), a clearance. What is found is written to standard
output as JSON. ifcclash is LGPL and imported here alone, in a process of its own.
"""

# pyright: basic, reportMissingImports=false

import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

TOLERANCE = 1e-4


def main() -> None:
    """Print what a peer finds in all cases."""
    peer, folder = sys.argv[1], Path(sys.argv[2])
    asked = {"tree": _tree, "ifcclash": _ifcclash, "coal": _coal}[peer]
    cases = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    print(json.dumps({case["name"]: asked(folder, case) for case in cases}))


def _tree(folder: Path, case: dict[str, Any]) -> dict[str, Any]:
    """Return pairs of ifcopenshell's tree: crossing faces, and where a clearance is asked for what is too near."""
    import ifcopenshell
    import ifcopenshell.geom as geom

    model = ifcopenshell.open(str(folder / case["ifc"]))
    wanted: Any = model.by_type("IfcElement")
    tree: Any = geom.tree(backend="opencascade.trianglebvh")
    iterator = geom.iterator(geom.settings(), model, 2, include=wanted, geometry_library=case["kernel"])
    if iterator.initialize():
        while True:
            tree.add_element(iterator.get())
            if not iterator.next():
                break
    start, wall = time.process_time(), time.perf_counter()
    found = tree.clash_intersection_many(wanted, wanted, tolerance=TOLERANCE, check_all=True)
    seconds, wall = time.process_time() - start, time.perf_counter() - wall
    pairs = {_pair(one.a.get_argument(2), one.b.get_argument(2)): abs(one.distance) for one in found}
    near = dict[str, float]()
    if case["clearance"]:
        for one in tree.clash_clearance_many(wanted, wanted, clearance=case["clearance"], check_all=True):
            near[_pair(one.a.get_argument(2), one.b.get_argument(2))] = abs(one.distance)
    return {"hard": pairs, "near": near, "seconds": seconds, "wall": wall}


def _ifcclash(folder: Path, case: dict[str, Any]) -> dict[str, Any]:
    from ifcclash.ifcclash import Clasher, ClashSettings

    settings = ClashSettings()
    settings.output, settings.logger = "", logging.getLogger("ifcclash")
    sets: dict[str, Any] = {"hard": {"mode": "intersection", "tolerance": TOLERANCE, "check_all": True}}
    if case["clearance"]:
        sets["near"] = {"mode": "clearance", "clearance": case["clearance"], "check_all": True}
    answer: dict[str, Any] = {"near": {}}
    start, wall = time.process_time(), time.perf_counter()
    for name, asked in sets.items():
        clasher = Clasher(settings)
        clasher.clash_sets = [{"name": name, "a": [{"file": str(folder / case["ifc"])}], **asked}]
        clasher.clash()
        found = clasher.clash_sets[0].get("clashes", {}).values()
        answer[name] = {_pair(one["a_name"], one["b_name"]): abs(one["distance"]) for one in found}
    return {**answer, "seconds": time.process_time() - start, "wall": time.perf_counter() - wall}


def _coal(folder: Path, case: dict[str, Any]) -> dict[str, Any]:
    """Return pairs whose meshes Coal says collide, with the depth it gives, and the distances of those that do not."""
    import coal

    with np.load(folder / case["meshes"]) as arrays:
        names = [str(name) for name in arrays["names"]]
        meshes = [(arrays[f"v{k}"], arrays[f"f{k}"]) for k in range(len(names))]
        pairs = arrays["pairs"]
    start, wall = time.process_time(), time.perf_counter()
    bodies = [_body(coal, *mesh) for mesh in meshes]
    still, hard, near = coal.Transform3s(), dict[str, float](), dict[str, float]()
    for i, j in pairs:
        # one contact is enough to tell that they collide: depths are wanted in the small cases alone
        request, result = coal.CollisionRequest(), coal.CollisionResult()
        request.enable_contact, request.num_max_contacts = True, 1 if case["clearance"] == 0.0 else 100_000
        if coal.collide(bodies[i], still, bodies[j], still, request, result):
            depths = [abs(result.getContact(k).penetration_depth) for k in range(result.numContacts())]
            hard[_pair(names[i], names[j])] = max(depths)
        elif case["clearance"]:
            request, result = coal.DistanceRequest(), coal.DistanceResult()
            apart = coal.distance(bodies[i], still, bodies[j], still, request, result)
            if apart < case["clearance"]:
                near[_pair(names[i], names[j])] = apart
    return {"hard": hard, "near": near, "seconds": time.process_time() - start, "wall": time.perf_counter() - wall}


def _body(coal: Any, vertices: Any, faces: Any) -> Any:
    body = coal.BVHModelOBBRSS()
    body.beginModel(len(faces), len(vertices))
    body.addVertices(np.asarray(vertices, dtype=np.float64))
    body.addTriangles(np.asarray(faces, dtype=np.int64))
    body.endModel()
    return body


def _pair(one: str, other: str) -> str:
    return "|".join(sorted((one, other)))


if __name__ == "__main__":
    main()
