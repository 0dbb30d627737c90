"""Erection order: which known answers come out right, and seconds per direction, beside depth pictures by Open3D.

    .venv/bin/python benchmarks/sequence.py [--peer PYTHON]

The cases are made here (tests/simulation/assembly_cases.py); right is what is known of them. The peer, where a Python
with open3d is named or this one has it, draws a near and a far picture of every part along +z, 50 mm a pixel, with
``RaycastingScene`` (Embree) and compares the pictures two by two: the usual way to blocking graphs.
"""

# pyright: basic

import argparse
import itertools
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
PIXEL = 0.05


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", metavar="PYTHON", default=sys.executable, help="a Python that has open3d")
    parser.add_argument("--draw", metavar="FILE.npz", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.draw:
        _draw(Path(options.draw))
        return
    print(f"{'case':62} {'truth':>14} {'ours':>14}")
    wrong = 0
    for case, truth, found in _cases():
        wrong += str(truth) != str(found)
        print(f"{case:62} {truth!s:>14} {found!s:>14}{'' if str(truth) == str(found) else '   WRONG'}", flush=True)
    print(f"\n{wrong} wrong\n")
    _speed(options.peer)


def _cases():
    from simulation.assembly.blocking import block
    from simulation.assembly.components import layers
    from simulation.assembly.directions import axes, sphere
    from simulation.assembly.order_document import OrderDocument, part_names, read_order
    from simulation.assembly.order_study import study_order
    from simulation.assembly.part import make_parts
    from simulation.assembly.precedence import count_orders, read_rules
    from simulation.assembly.view import OrderRule
    from tests.simulation.assembly_cases import box_with_lid, cube, dovetail, elements, frame

    fine = OrderRule(touch=1e-5)

    def study(given, text):
        def said(parts):
            names = part_names([(part.global_id, part.name) for part in parts])
            return read_order(text.encode(), ".yaml", names) if text else OrderDocument()

        return study_order(given, fine, said)

    liaisons = {str(k + 1): k for k in range(5)}
    for rules, count in ((["4<5", "5<max(2,3)", "2<1"], 12), (["4<5", "5<max(2,3)"], 30), (["4<5<2<1"], 5)):
        yield f"pen of 5 liaisons, {'; '.join(rules)}: orders", count, count_orders(5, read_rules(rules, liaisons))
    lidded = study(box_with_lid(), "order: 1\nbase: [box]\n")
    from simulation.assembly.moves import free_by_moves
    from tests.reference.burr import level, six_piece_burr
    from tests.simulation.test_moves import L5_NOTCHABLE, moves_of, parts_of

    for length in (6, 8):
        burr = six_piece_burr(L5_NOTCHABLE, length)
        told = moves_of(free_by_moves(parts_of(burr), axes(), fine))
        yield f"Cutler's L5 Notchable burr, sticks of {length}: moves (trying all)", level(burr)[0], told
    names = [part.global_id for part in lidded.parts]
    yield "box, pin, lid, two bolts: orders with the box fixed", 2, lidded.count
    lid_only = np.array([not name.startswith("bolt") for name in names])
    yield (
        "the lid, bolts out: of 26 directions free",
        17,
        int(lidded.blocking.free(lid_only)[:, names.index("lid")].sum()),
    )
    yield "a bolt: of 26 directions free", 1, int(lidded.free[:, names.index("bolt 1")].sum())
    first = study(
        box_with_lid(), "order: 1\nbase: [box]\nsequence:\n- place: lid\n- place: pin\n- place: [bolt 1, bolt 2]\n"
    )
    yield "lid before pin: the first step that fails", 2, first.blocked_steps[0] + 1
    for name, root, mouth, count in (("dovetail", 28, 20, 2), ("wedge", 20, 28, 5)):
        parts = make_parts(elements(dovetail(root=root, mouth=mouth), 1e-3))
        free = block(parts, sphere(), fine).free(np.ones(2, dtype=bool))[:, 1]
        yield f"{name}, 28 and 20 mm wide: of 26 directions free", count, int(free.sum())
    tower = block(make_parts(frame()), axes()[:1], OrderRule())
    yield "frame of 324 parts, +z: blocking pairs", 2534, int(tower.blocked.sum())
    found = layers(tower.blocked[0])
    yield "the same: layers", 8, None if found is None else int(found.max()) + 1
    pair = study(
        elements({**dovetail(), "box": cube((70, 22, 50)).translate((-35, -11, -5))
                  - cube((61, 40, 41)).translate((-30.5, -10, -0.5))}, 1e-3), "order: 1\nbase: [box]\n")  # fmt: skip
    yield "dovetail in a box that fits: parts that leave as one", 2, len(pair.orders[0].steps[0].parts)


def _speed(peer: str) -> None:
    from simulation.assembly.blocking import block
    from simulation.assembly.directions import sphere
    from simulation.assembly.part import make_parts
    from simulation.assembly.view import OrderRule
    from tests.simulation.assembly_cases import frame

    parts = make_parts(frame())
    block(parts[:20], sphere(), OrderRule())
    print("324 parts, one direction                    wall s   processor s   blocking pairs")
    for name, along in (("ours, +z", sphere()[:1]), ("ours, slanted (1, 1, 1)", np.full((1, 3), 3**-0.5))):
        wall, own = time.perf_counter(), time.process_time()
        found = block(parts, along, OrderRule())
        _row(name, time.perf_counter() - wall, time.process_time() - own, int(found.blocked.sum()))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "parts.npz"
        np.savez(file, *(part.triangles for part in parts))
        done = subprocess.run([peer, __file__, "--draw", str(file)], capture_output=True, text=True, check=False)
    print(done.stdout.rstrip() or f"open3d: not here ({(done.stderr.strip().splitlines() or ['no answer'])[-1]})")


def _row(name: str, wall: float, own: float, pairs: int) -> None:
    print(f"{name:42} {wall:8.3f} {own:13.3f} {pairs:16}")


def _draw(file: Path) -> None:
    """Compare pictures of depth: what the peer's Python runs."""
    import open3d as o3d  # pyright: ignore[reportMissingImports]

    parts = list(np.load(file).values())
    wall, own = time.perf_counter(), time.process_time()
    corners = np.concatenate([part.reshape(-1, 3) for part in parts])
    low, high = corners.min(axis=0) - 1.0, corners.max(axis=0) + 1.0
    across = [np.arange(low[k], high[k], PIXEL) + 0.5 * PIXEL for k in range(2)]
    pictures = []
    for part in parts:
        scene = o3d.t.geometry.RaycastingScene()
        vertices = o3d.core.Tensor(part.reshape(-1, 3).astype(np.float32))
        scene.add_triangles(vertices, o3d.core.Tensor(np.arange(3 * len(part), dtype=np.uint32).reshape(-1, 3)))
        box = [
            slice(*np.searchsorted(across[k], [part[..., k].min() - PIXEL, part[..., k].max() + PIXEL]))
            for k in range(2)
        ]
        u, v = np.meshgrid(across[0][box[0]], across[1][box[1]], indexing="ij")
        depths = []
        for start, way in ((low[2], 1.0), (high[2], -1.0)):
            rays = np.stack([u, v, np.full(u.shape, start), 0 * u, 0 * u, np.full(u.shape, way)], -1).astype(np.float32)
            depths.append(start + way * scene.cast_rays(o3d.core.Tensor(rays))["t_hit"].numpy())
        pictures.append((box, depths[0], depths[1]))
    pairs = sum(_blocks(*pair) for pair in itertools.permutations(pictures, 2))
    _row(f"open3d, pictures of {1e3 * PIXEL:.0f} mm", time.perf_counter() - wall, time.process_time() - own, pairs)


def _blocks(moving, still) -> bool:
    """Return whether the near picture of one lies before the far one of the other, two pixels wide at least."""
    own, other = moving[0], still[0]
    shared = [slice(max(own[k].start, other[k].start), min(own[k].stop, other[k].stop)) for k in range(2)]
    if any(part.stop - part.start < 2 for part in shared):
        return False
    near = moving[1][tuple(slice(s.start - o.start, s.stop - o.start) for s, o in zip(shared, own, strict=True))]
    far = still[2][tuple(slice(s.start - o.start, s.stop - o.start) for s, o in zip(shared, other, strict=True))]
    with np.errstate(invalid="ignore"):
        before = near < far - 1e-3
    return bool((before[:-1, :-1] & before[1:, :-1] & before[:-1, 1:] & before[1:, 1:]).any())


if __name__ == "__main__":
    main()
