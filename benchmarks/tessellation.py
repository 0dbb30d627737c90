"""IFC tessellation beside ifcopenshell's default kernel: time, and whether every element comes out equal.

    .venv/bin/python benchmarks/tessellation.py FILE.ifc [FILE.ifc ...] [--workers 2] [--rounds 3]

Both sides start from the file on disk in fresh processes that have numpy and, ours, the reader's own modules; in turns,
and the best of the rounds counts. Processor seconds of all processes stand beside the wall's,
for a machine that has other things to do. The peer is the plain geometry iterator with the default
kernel (opencascade) and default settings. Two meshes of an element are equal when their boxes agree within 1 mm and
their areas within 1 %.
"""

# pyright: basic

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from geometry.design import DesignModel, Mesh
from geometry.errors import GeometryError
from geometry.mesh_health import surface_area
from geometry.readers.ifc import read_ifc

_PEER = """
import json, sys, time, numpy as np
start, before = time.perf_counter(), time.process_time()
import ifcopenshell, ifcopenshell.geom as geom
model = ifcopenshell.open(sys.argv[1])
not_built = ("IfcFeatureElement", "IfcVirtualElement")
wanted = [e for e in model.by_type("IfcElement") if e.Representation and not any(e.is_a(n) for n in not_built)]
loaded = time.perf_counter()
out, iterator = {}, geom.iterator(geom.settings(), model, int(sys.argv[3]), include=wanted) if wanted else None
if iterator is not None and iterator.initialize():
    while True:
        shape = iterator.get()
        matrix = np.array(shape.transformation.matrix).reshape(4, 4).T
        vertices = np.array(shape.geometry.verts).reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]
        faces = np.array(shape.geometry.faces, dtype=np.int64).reshape(-1, 3)
        if len(faces):
            out[f"{shape.guid}|v"], out[f"{shape.guid}|f"] = vertices, faces
        if not iterator.next():
            break
done, cpu = time.perf_counter(), time.process_time() - before
np.savez(sys.argv[2], **out)
print(json.dumps({"load_s": loaded - start, "shapes_s": done - loaded, "cpu_s": cpu}))
"""


def main() -> None:
    """Measure and print one line per file and a total."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    heads = (
        f"{'elements':>8} {'peer s':>7} {'own s':>6} {'x':>5} {'peer cpu':>8} {'own cpu':>7} {'x':>5} {'cached':>8} "
        f"{'unequal':>7} {'lost':>4} {'suspect':>7}"
    )
    print(f"{'file':44} {heads}")
    for path in arguments.files:
        _one(path, arguments.workers, arguments.rounds)


def _one(path: Path, workers: int, rounds: int) -> None:
    peer_s = peer_cpu = own_s = own_cpu = cached_s = float("inf")
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            seconds, cpu, peer = _peer(path, Path(folder), workers)
            peer_s, peer_cpu = min(peer_s, seconds), min(peer_cpu, cpu)
            start, cpu = time.perf_counter(), _processor_s()
            try:
                model = read_ifc(path, workers=workers, cache_dir=Path(folder))
            except GeometryError as error:
                print(f"{path.stem[:44]:44} {error}")
                return
            own_s, own_cpu = min(own_s, time.perf_counter() - start), min(own_cpu, _processor_s() - cpu)
            start = time.perf_counter()
            read_ifc(path, cache_dir=Path(folder))
            cached_s = min(cached_s, time.perf_counter() - start)
    unequal = _unequal(model, peer)
    missing = sorted(set(peer) - set(model.elements))
    suspect = sum(bool(element.suspect) for element in model.elements.values())
    print(
        f"{path.stem[:44]:44} {len(model.elements):8} {peer_s:7.2f} {own_s:6.2f} {peer_s / own_s:5.1f} {peer_cpu:8.2f} "
        f"{own_cpu:7.2f} {peer_cpu / own_cpu:5.1f} {cached_s:8.3f} {len(unequal):7} {len(missing):4} {suspect:7}"
    )
    for line in [*unequal, *(f"lost {id_}" for id_ in missing)]:
        print("    " + line)


def _processor_s() -> float:
    """Return the processor seconds of this process and of its children that have ended."""
    return sum(
        u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _peer(path: Path, folder: Path, workers: int) -> tuple[float, float, dict[str, Mesh]]:
    """Return (seconds to import, open and tessellate, processor seconds, meshes by GlobalId); none after a crash."""
    target = folder / "peer.npz"
    command = [sys.executable, "-c", _PEER, str(path), str(target), str(workers)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        print(f"    the default kernel ended with status {run.returncode} on {path.name}")
        return float("nan"), float("nan"), {}
    times = json.loads(run.stdout.strip().splitlines()[-1])
    with np.load(target) as stored:
        ids = {name.rpartition("|")[0] for name in stored.files}
        meshes = {id_: Mesh(stored[f"{id_}|v"], stored[f"{id_}|f"].astype(np.int32)) for id_ in ids}
    return times["load_s"] + times["shapes_s"], times["cpu_s"], meshes


def _unequal(model: DesignModel, peer: dict[str, Mesh]) -> list[str]:
    lines: list[str] = []
    for id_, element in model.elements.items():
        if id_ not in peer:
            continue
        own_box, peer_box = element.mesh.bounds() + model.origin, peer[id_].bounds()
        box_mm = 1e3 * float(np.abs(own_box - peer_box).max())
        area, peer_area = surface_area(element.mesh), surface_area(peer[id_])
        percent = 100.0 * abs(area / peer_area - 1.0)
        if box_mm > 1.0 or percent > 1.0:
            suspect = f" suspect: {element.suspect}" if element.suspect else ""
            lines.append(f"{id_} {element.ifc_class} box {box_mm:.2f} mm, area {percent:.2f} %{suspect}")
    return lines


if __name__ == "__main__":
    main()
