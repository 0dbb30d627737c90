"""Clashes beside other tools: which of the easy cases each gets right, and how long a model takes.

    python benchmarks/clash.py [--peers-python PYTHON] [--tiled 2636] [MODEL.ifc ...]

The cases are walls and balls of which the answer is known. Found rightly is an overlap where there is one and none
where things only touch or are apart; right is also the depth to 5 % and the gap to 0.1 mm. Peers are
``ifcopenshell.geom.tree`` with the triangle backend, ifcclash (which calls it) and Coal, each asked for what crosses
with a tolerance of 0.1 mm and for a clearance of 0.2 m, in processes of their own by ``--peers-python`` (``pip install
ifcclash coal`` into an environment of its own; they are not needed to use or to test anything here).

Then the broad phase on 10,000 boxes; a building of 2,636 elements of which every clash is known, beside the peers and
beside manifold3d alone on each pair; and whole models beside ifcopenshell's tree; ``--tiled`` sets copies of each model
beside each other until there are so many elements (ours alone). Times are wall and processor seconds, after the
geometry has been made.
"""

# pyright: basic

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clash_cases import CASES, CLEARANCE, Case, write_cases, write_scene
from benchmarks.clash_scene import Scene, labelled_scene
from geometry.design import Element, Mesh
from geometry.readers import read_design
from geometry.readers.ifc_relations import read_meant_contacts
from simulation.assembly.broad_phase import overlapping_pairs
from simulation.assembly.clash import Clash, ClashRule
from simulation.assembly.solid import make_solids
from simulation.assembly.study import ClashStudy, study_clashes

CONTENDER = Path(__file__).parent / "peers" / "clashes.py"
PEERS = ("tree", "ifcclash", "coal")
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--peers-python", default=sys.executable)
    parser.add_argument("--tiled", type=int, default=0, metavar="N", help="elements to make of copies of each model")
    options = parser.parse_args()
    _cases(options.peers_python)
    _broad_phase()
    _scene(options.peers_python)
    if options.models:
        heads = ("elements", "triangles", "pairs", "ours wall", "cpu", "tree wall", "cpu", "ours found", "tree found")
        print(f"\n{'model':34} " + " ".join(f"{head:>10}" for head in heads))
    for path in options.models:
        _model(path)
        if options.tiled:
            _tiled(path, options.tiled)


def _cases(python: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_cases(folder)
        told = {"ours": _ours(folder), **{peer: _peer(peer, folder, python) for peer in PEERS}}
    print(f"{'case':40} {'truth':>16}" + "".join(f" {who:>22}" for who in told))
    right, seen = dict.fromkeys(told, 0), dict.fromkeys(told, 0)
    for case in CASES:
        cells = list[str]()
        for who, answers in told.items():
            if answers is None:
                cells.append("not installed")
                continue
            depth, gap = answers[case.name]
            good = _is_right(case, depth, gap)
            right[who] += good
            seen[who] += (depth is not None and depth > 1e-4) == (case.depth > 0.0)
            cells.append(f"{_said(depth, gap)} {'yes' if good else 'NO'}")
        truth = f"{case.kind}, {1e3 * (case.depth or case.gap):.0f} mm" if case.depth or case.gap else case.kind
        print(f"{case.name:40} {truth:>16}" + "".join(f" {cell:>22}" for cell in cells), flush=True)
    for name, counts in (("found rightly", seen), ("right, depth and gap included", right)):
        print(f"{name:57}" + "".join(f" {counts[who]:>17} / {len(CASES)}" for who in told))


def _is_right(case: Case, depth: float | None, gap: float | None) -> bool:
    if case.depth:
        return depth is not None and abs(depth - case.depth) <= 0.05 * case.depth
    apart = depth is None or depth <= 1e-4
    return apart and (case.gap == 0.0 or (gap is not None and abs(gap - case.gap) <= 1e-4))


def _said(depth: float | None, gap: float | None) -> str:
    if depth is not None:
        return f"{1e3 * depth:.1f} mm deep"
    return "nothing" if gap is None else f"{1e3 * gap:.1f} mm apart"


Answers = dict[str, tuple[float | None, float | None]]
"""Case -> depth of what is shared and gap, metres; None: not found."""


def _ours(folder: Path) -> Answers:
    found: Answers = {}
    for number, case in enumerate(CASES):
        design = read_design(folder / f"{number}.ifc")
        clash = next(iter(study_clashes(design.elements, ClashRule(clearance=CLEARANCE), {}).clashes), None)
        apart = clash is not None and clash.volume == 0.0
        found[case.name] = (None if clash is None or apart else clash.depth, clash.gap if clash and apart else None)
    return found


def _peer(peer: str, folder: Path, python: str) -> Answers | None:
    answers = _asked(peer, folder, python)
    if answers is None:
        return None
    return {
        name: (max(one["hard"].values(), default=None), min(one["near"].values(), default=None))
        for name, one in answers.items()
    }


def _asked(peer: str, folder: Path, python: str) -> dict[str, Any] | None:
    """Return what a peer says of the cases in a folder; None where it is not installed."""
    run = subprocess.run(
        [python, str(CONTENDER), peer, str(folder)], capture_output=True, text=True, check=False, timeout=900
    )
    if run.returncode:
        print(f"{peer}: {run.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(run.stdout.splitlines()[-1])


def _timed(work: Callable[[], ClashStudy]) -> tuple[ClashStudy, float, float]:
    """Return a result, and the wall and processor seconds that it took, those of copies of this process included."""
    before, start = os.times(), time.perf_counter()
    found = work()
    wall, after = time.perf_counter() - start, os.times()
    return found, wall, sum(after[:4]) - sum(before[:4])


def _broad_phase() -> None:
    rng = np.random.default_rng(0)
    low = rng.uniform(0, [60, 40, 30], (10_000, 3))
    bounds = np.stack([low, low + rng.uniform(0.1, 2.0, (10_000, 3))], axis=1)
    overlapping_pairs(bounds[:10], 0.0)
    start = time.process_time()
    pairs = overlapping_pairs(bounds, 0.0)
    print(f"\nbroad phase, 10,000 boxes: {len(pairs):,} pairs in {time.process_time() - start:.2f} s of processor time")


def _scene(python: str) -> None:
    """Look at the building of which every clash is known."""
    scene = labelled_scene(2636, 0)
    elements = scene.elements
    study_clashes(labelled_scene(60, 1).elements, ClashRule(), {})  # compiled and imported
    triangles = sum(len(element.mesh.faces) for element in elements.values())
    sharing = sum(volume > 0.0 for _, volume in scene.labels.values())
    bounds = np.array([element.mesh.bounds() for element in elements.values()])
    pairs = overlapping_pairs(bounds, 0.0)
    print(
        f"\nknown building: {len(elements):,} elements, {triangles:,} triangles, {len(pairs):,} pairs of boxes", end=""
    )
    print(f", {sharing:,} share volume")
    print(f"  {'':30} {'wall s':>8} {'cpu s':>8}   shares volume: missed, wrongly; kind or volume wrong")
    for workers in (1, CORES):
        study, wall, cpu = _timed(lambda workers=workers: study_clashes(elements, ClashRule(), {}, workers=workers))
        wrong = _wrong(scene, study.clashes)
        sharers = {(one.first, one.second) for one in study.clashes if (one.volume or 0.0) > 0.0}
        print(f"  ours, {workers} at a time {'':13} {wall:8.2f} {cpu:8.2f}   {_missed(scene, sharers)}; {wrong}")
    print(f"  {'manifold3d, each pair':30} {_manifold(scene, pairs)}")
    with tempfile.TemporaryDirectory() as name:
        write_scene(Path(name), scene)
        for peer in PEERS:
            answers = _asked(peer, Path(name), python)
            if answers is None:
                print(f"  {peer:30} not installed")
                continue
            one = answers["scene"]
            hard = {(pair.split("|")[0], pair.split("|")[1]) for pair, depth in one["hard"].items() if depth >= 0.0}
            called = f"{peer}, reading included" if peer == "ifcclash" else peer
            print(f"  {called:30} {one['wall']:8.2f} {one['seconds']:8.2f}   {_missed(scene, hard)}")


def _manifold(scene: Scene, pairs: Any) -> str:
    """Return how long intersecting every pair takes, one after the other, and nothing else."""
    names = sorted(scene.elements)
    solids = make_solids(scene.elements).solids
    row = {name: k for k, name in enumerate(scene.elements)}
    order = [row[name] for name in names]
    place = {of: k for k, of in enumerate(order)}
    start, wall = time.process_time(), time.perf_counter()
    found = set[tuple[str, str]]()
    for i, j in pairs:
        first, second = sorted((place[int(i)], place[int(j)]))
        if float((solids[first].body ^ solids[second].body).volume()) > 1e-12:
            found.add((solids[first].global_id, solids[second].global_id))
    return f"{time.perf_counter() - wall:8.2f} {time.process_time() - start:8.2f}   {_missed(scene, found)}"


def _missed(scene: Scene, found: set[tuple[str, str]]) -> str:
    known = {pair for pair, (_, volume) in scene.labels.items() if volume > 0.0}
    return f"{len(known - found)}, {len(found - known)}"


def _wrong(scene: Scene, clashes: tuple[Clash, ...]) -> int:
    """Return how many pairs have another kind, or a volume farther than 1e-9 of it, than they are known to have."""
    found = {(one.first, one.second): one for one in clashes}
    return sum(
        known is None
        or one is None
        or one.kind is not known[0]
        or abs((one.volume or 0.0) - known[1]) > 1e-9 * known[1] + 1e-12
        for pair in scene.labels.keys() | found.keys()
        for known, one in ((scene.labels.get(pair), found.get(pair)),)
    )


def _model(path: Path) -> None:
    design = read_design(path, workers=2)
    meant = read_meant_contacts(path)
    study, wall, cpu = _timed(lambda: study_clashes(design.elements, ClashRule(), meant, workers=CORES))
    tree, elements = _tree_of(path)
    start, began = time.process_time(), time.perf_counter()
    found = tree.clash_intersection_many(elements, elements, tolerance=1e-4, check_all=True)
    peer, peer_wall = time.process_time() - start, time.perf_counter() - began
    hard = sum((clash.volume or 0.0) > 0.0 and clash.kind.value != "touching" for clash in study.clashes)
    triangles = sum(len(element.mesh.faces) for element in design.elements.values())
    times = (f"{one:.2f}" for one in (wall, cpu, peer_wall, peer))
    counts = (len(design.elements), triangles, study.pairs, *times, hard, len(found))
    print(f"{path.stem[:34]:34} " + " ".join(f"{count:>10}" for count in counts), flush=True)


def _tree_of(path: Path) -> tuple[Any, Any]:
    import ifcopenshell
    import ifcopenshell.geom as geom

    model = ifcopenshell.open(str(path))
    not_built = ("IfcFeatureElement", "IfcVirtualElement")
    wanted: Any = [e for e in model.by_type("IfcElement") if e.Representation and not any(e.is_a(n) for n in not_built)]
    tree: Any = geom.tree(backend="opencascade.trianglebvh")
    iterator = geom.iterator(geom.settings(), model, 1, include=wanted)
    if iterator.initialize():
        while True:
            tree.add_element(iterator.get())
            if not iterator.next():
                break
    return tree, wanted


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
    study, wall, cpu = _timed(lambda: study_clashes(made, ClashRule(), {}, workers=CORES))
    hard = sum((clash.volume or 0.0) > 0.0 and clash.kind.value != "touching" for clash in study.clashes)
    triangles = sum(len(element.mesh.faces) for element in made.values())
    counts = (len(made), triangles, study.pairs, f"{wall:.2f}", f"{cpu:.2f}", "", "", hard)
    print(f"{'  in copies':34} " + " ".join(f"{count:>10}" for count in counts), flush=True)


if __name__ == "__main__":
    main()
