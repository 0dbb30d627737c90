"""How large the viewer's files are, how long they take and how much memory: model as GLB, deviations as 3D Tiles.

Run ``python benchmarks/scene.py [--model FILE] [--copies K] [--points N] [--workers W]``: a model (default: the
sample), K copies of it beside each other (default 1), then N synthetic points (default 5 million) on the walls of a
building. Each case runs in a fresh process. Peak memory is that of the process plus, for tiles, W times the largest
worker: an upper bound of what all take together.
"""

import argparse
import dataclasses
import gzip
import multiprocessing
import multiprocessing.connection
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

SAMPLE = Path("out/sample/design.ifc")
_CHUNK = 1_000_000
_WALLS = 60


def model_case(path: Path, copies: int) -> dict[str, Any]:
    """Return sizes and times of a model's files."""
    from geometry.readers import read_design
    from twin.scene.layout import scene_layout
    from twin.scene.model_glb import edge_files, elements_file, model_files

    started = time.perf_counter()
    design = read_design(path)
    read = time.perf_counter() - started
    if copies > 1:
        design = copied(design, copies)
    before = peak()
    triangles = sum(len(element.mesh.faces) for element in design.elements.values())
    found: dict[str, Any] = {
        "size": f"{len(design.elements):,} elements, {triangles:,} triangles",
        "read_s": round(read, 1),
    }
    started = time.perf_counter()
    layout = scene_layout(design)
    found["layout_s"] = round(time.perf_counter() - started, 2)
    makers: tuple[tuple[str, Callable[[], Iterable[Any]]], ...] = (
        ("model", lambda: model_files(design, layout)),
        ("edges", lambda: edge_files(design, layout)),
        ("elements", lambda: [elements_file(design, layout)]),
    )
    for name, make in makers:
        started, size, packed, count, zipping = time.perf_counter(), 0, 0, 0, 0.0
        for file in make():
            before_zip = time.perf_counter()
            size, packed, count = size + len(file.content), packed + len(gzip.compress(file.content, 6)), count + 1
            zipping += time.perf_counter() - before_zip
        taken = time.perf_counter() - started - zipping
        found[name] = f"{count} files, {size / 1e6:.2f} MB, {packed / 1e6:.2f} MB gz, {taken:.2f} s"
    found["memory"] = f"{peak() / 1e6:.0f} MB, of which {before / 1e6:.0f} MB before it began"
    return found


def copied(design: Any, copies: int) -> Any:
    """Return the model several times beside itself, each element with an id of its own and a mesh of its own."""
    import numpy as np

    from geometry.design import Mesh
    from geometry.readers.global_id import derived_global_id

    boxes = np.array([element.mesh.bounds() for element in design.elements.values()])
    step = np.ptp(boxes.reshape(-1, 3), axis=0)[:2].max() + 5.0
    side = int(np.ceil(np.sqrt(copies)))
    elements: dict[str, Any] = {}
    for copy in range(copies):
        shift = np.array([step * (copy % side), step * (copy // side), 0.0])
        for id_, element in design.elements.items():
            new = derived_global_id(f"{copy}/{id_}")
            mesh = Mesh(element.mesh.vertices + shift, element.mesh.faces)
            elements[new] = dataclasses.replace(element, global_id=new, mesh=mesh)
    return dataclasses.replace(design, elements=dict(sorted(elements.items())))


def tiles_case(count: int, workers: int) -> dict[str, Any]:
    """Return sizes and times of a tileset of synthetic points."""
    import numpy as np

    from twin.scene.deviation_tiles import Tiling, write_deviation_tiles

    with tempfile.TemporaryDirectory(prefix="qtems-bench-") as name:
        started = time.perf_counter()
        steps: list[str] = []

        def note(share: float) -> None:
            if share in (0.3, 0.4, 1.0):
                steps.append(f"{time.perf_counter() - started:.1f}")

        ids = [f"{i:022d}" for i in range(_WALLS)]
        summary = write_deviation_tiles(
            building(count), Path(name), ids, origin=np.zeros(3), tiling=Tiling(workers=workers), progress=note
        )
        size = (Path(name) / "tileset.json").stat().st_size
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return {
        "points": f"{summary.points:,}",
        "tiles": summary.tiles,
        "seconds at: on the disk, sorted, done": ", ".join(steps),
        "content": f"{summary.content_bytes / 1e6:.1f} MB, {summary.packed_bytes / 1e6:.1f} MB gz",
        "bytes per point": f"{summary.content_bytes / count:.2f}, {summary.packed_bytes / count:.2f} gz",
        "tileset.json": f"{size / 1e6:.2f} MB",
        "memory": f"{(peak() + workers * child) / 1e6:.0f} MB ({peak() / 1e6:.0f} + {workers} x {child / 1e6:.0f})",
    }


def building(count: int) -> Iterator[Any]:
    """Yield points on the walls and floors of a building of 60 x 60 x 12 m, 2 mm noise, one in thirty unassigned."""
    import numpy as np

    from twin.scene.deviation_points import DeviationPoints

    for start in range(0, count, _CHUNK):
        rng = np.random.default_rng(start)
        n = min(_CHUNK, count - start)
        wall = rng.integers(0, _WALLS, n)
        along, up = rng.random(n) * 60.0, rng.random(n) * 3.0
        across, storey = wall // 3 * 3.0, wall % 3 * 4.0
        points = np.empty((n, 3))
        turned = wall % 2 == 0
        points[:, 0], points[:, 1] = np.where(turned, along, across), np.where(turned, across, along)
        points[:, 2] = up + storey
        points += rng.normal(0.0, 0.002, (n, 3))
        deviation = rng.normal(0.0, 0.004, n).astype(np.float32)
        deviation[rng.random(n) < 1 / 30] = np.nan
        yield DeviationPoints(points, deviation, wall.astype(np.int32))


def peak() -> int:
    """Return the most memory that this process has had, bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _run(pipe: multiprocessing.connection.Connection, case: Callable[..., dict[str, Any]], *arguments: Any) -> None:
    pipe.send(case(*arguments))


def in_fresh_process(title: str, case: Callable[..., dict[str, Any]], *arguments: Any) -> None:
    """Run a case in a process of its own and print what it found."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(theirs, case, *arguments))
    process.start()
    theirs.close()
    try:
        found = ours.recv()
    except EOFError:
        found = {"failed": "the process ended without a result; see above"}
    process.join()
    print(f"\n{title}")
    for name, value in found.items():
        print(f"  {name:40} {value}")


def main() -> None:
    """Run the cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, action="append", default=[])
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--points", type=int, default=5_000_000, help="0 = no tiles")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    for path in arguments.model or [SAMPLE]:
        if not path.is_file():
            print(f"{path}: no such file; make the sample with `make sample` or name a model with --model")
            continue
        in_fresh_process(f"{path.name} x {arguments.copies}", model_case, path, arguments.copies)
    if arguments.points:
        in_fresh_process(f"tiles, {arguments.workers} workers", tiles_case, arguments.points, arguments.workers)


if __name__ == "__main__":
    main()
