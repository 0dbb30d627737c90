"""How fast and how exactly the closest surface is found, beside other libraries, on the same points and the same mesh.

Run ``python benchmarks/closest.py [--points 1000000 5000000] [--dense | --model FILE] [--peers-python PYTHON]``. The
mesh is the sample building set up again and again side by side (``--triangles`` in all), a scene of rooms and thousands
of pipes close together (``--dense``, as many triangles), or a model of yours as it is. ``--only PEER`` names the peers
that are asked. The points
lie on it with 3 mm of noise, 5 % of them anywhere; first in random order, then along a curve. Each contender runs in a
process of its own, in turn with the others, and counts building its tree and any sorting. Peers are looked for in
``--peers-python`` (``pip install open3d-cpu libigl point-cloud-utils trimesh rtree`` into an environment of its own;
they are not needed to use or to test anything here). Errors are against looking at every triangle in float64.
"""

# pyright: reportUntypedFunctionDecorator=false, reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numba as nb
import numpy as np

from benchmarks.dense import dense_scene
from benchmarks.peers import cloudcompare
from geometry.arrays import FloatArray

ROOT = Path(__file__).resolve().parent.parent
CONTENDER = Path(__file__).parent / "peers" / "contender.py"
PEERS = {
    "open3d": 10_000_000, "libigl": 1_000_000, "pcu": 1_000_000, "trimesh": 20_000, "cloudcompare": 10_000_000,
}  # fmt: skip
"""Peer and the most points it is asked about: the slow ones would take minutes."""
TARGETS = {"open3d": 1.5, "libigl": 5.0, "pcu": 5.0, "cloudcompare": 10.0}
"""How many times faster than the peer ours has to be."""
CHECKED = 1000
MOST_MB, MOST_MB_POINTS = 1000.0, 5_000_000
MOST_ERROR_MM = 1e-6


def main() -> None:
    """Print one table per number of points and order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--triangles", type=int, default=240_000)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--model", type=Path)
    which.add_argument("--dense", action="store_true", help="rooms and thousands of pipes, always the same")
    parser.add_argument("--only", nargs="+", choices=tuple(PEERS), default=list(PEERS), help="the peers to ask")
    parser.add_argument("--peers-python", default=sys.executable)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.dense:
        triangles = dense_scene(options.triangles, np.random.default_rng(0))
    else:
        triangles = load_triangles(options.model, options.triangles)
    size = " x ".join(f"{e:.0f}" for e in np.ptp(triangles.reshape(-1, 3), axis=0))
    named = "dense scene" if options.dense else options.model or "sample building, repeated"
    print(f"{named}: {len(triangles):,} triangles, {size} m")
    print(f"median of {options.rounds} runs in turn; speeds in million points or rays per second")
    for count in options.points:
        points = sample_points(triangles, count, np.random.default_rng(1))
        print(f"\n{count:,} points in random order")
        compare_closest(triangles, points, options)
        print(f"\n{count:,} points along a curve")
        compare_closest(triangles, points[curve_order(points)], options)
    if "open3d" not in options.only:
        return
    print("\n1,000,000 rays from one station")
    compare_rays(triangles, 1_000_000, options.peers_python, options.rounds)


def load_triangles(model: Path | None, wanted: int) -> FloatArray:
    """Return the triangles (t, 3, 3) of a model, or of the sample building repeated until there are ``wanted``."""
    from geometry.readers import read_design

    if model is None:
        made = ROOT / "out" / "sample" / "design.ifc"
        if not made.exists():
            command = [sys.executable, "-m", "samples", "--out", str(made.parent)]
            subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        with tempfile.TemporaryDirectory() as cache:
            design = read_design(made, workers=2, cache_dir=Path(cache))
    else:
        design = read_design(model, workers=2)
    one = np.concatenate([e.mesh.triangles() for e in design.elements.values() if len(e.mesh.faces)])
    if model is not None:
        return one
    side = max(1, round(float(np.sqrt(wanted / len(one)))))
    step = np.ptp(one.reshape(-1, 3), axis=0) + 1.0
    places = [np.array([i * step[0], j * step[1], 0.0]) for i in range(side) for j in range(side)]
    return np.concatenate([one + place for place in places])


def sample_points(triangles: FloatArray, count: int, rng: np.random.Generator) -> FloatArray:
    """Return points (n, 3) evenly by area with 3 mm of noise along the normal, 5 % of them anywhere in the box."""
    cross = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    area = np.linalg.norm(cross, axis=1)
    at = rng.choice(len(triangles), count, p=area / area.sum())
    u, v = rng.random(count), rng.random(count)
    over = u + v > 1.0
    u[over], v[over] = 1.0 - u[over], 1.0 - v[over]
    a, b, c = triangles[at, 0], triangles[at, 1], triangles[at, 2]
    points = a + u[:, None] * (b - a) + v[:, None] * (c - a)
    points += rng.normal(0.0, 0.003, (count, 1)) * cross[at] / np.maximum(area[at], 1e-300)[:, None]
    corners = triangles.reshape(-1, 3)
    stray = rng.random(count) < 0.05
    points[stray] = rng.uniform(corners.min(axis=0), corners.max(axis=0), (int(stray.sum()), 3))
    return points


def curve_order(points: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the order (n,) of the points along a Z-curve."""
    from geometry.curve_kernels import cell_codes

    low = points.min(axis=0)
    return np.argsort(cell_codes(points, low, 1023.0 / float(np.ptp(points, axis=0).max())))


def compare_closest(triangles: FloatArray, points: FloatArray, options: argparse.Namespace) -> None:
    """Run ours and each peer in turn and print how long both took and how far off they were."""
    print(f"{'peer':13} {'points':>9} {'ours':>6} {'peer':>6} {'ratio':>6} {'by cpu':>6} "
          f"{'ours MB':>8} {'peer MB':>8} {'ours err mm':>11} {'peer err mm':>11}  target")  # fmt: skip
    checked = np.random.default_rng(2).choice(min(len(points), PEERS["trimesh"]), CHECKED, replace=False)
    truth = brute_force(triangles, points[checked])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "triangles.npy", triangles)
        for peer in options.only:
            n = min(PEERS[peer], len(points))
            np.save(folder / "points.npy", points[:n])
            own: list[Run] = []
            other: list[Run] = []
            reason = ""
            for _ in range(options.rounds if n == len(points) else 1):
                own.append(run("qtems", folder, "closest", sys.executable))
                try:
                    other.append(_peer_run(peer, folder, triangles, points[:n], options.peers_python))
                except Missing as missing:
                    reason = str(missing)
                    break
            error_mm = [_error_mm(folder / f"{who}.npy", checked, truth) for who in ("qtems", peer)] if other else []
            print(_row(peer, own, other, error_mm) if other else f"{peer:13} {reason}", flush=True)
        np.save(folder / "points.npy", points)
        mine = run("qtems", folder, "closest", sys.executable)
        error = _error_mm(folder / "qtems.npy", checked, truth)
    print(f"ours: error {error:.1e} mm ({_met(error <= MOST_ERROR_MM)}: at most {MOST_ERROR_MM:.0e} mm)", end="")
    if len(points) == MOST_MB_POINTS:
        print(f"; peak {mine.peak_mb:.0f} MB ({_met(mine.peak_mb <= MOST_MB)}: at most {MOST_MB:.0f} MB)", end="")
    print(f"; tree {mine.build_s:.2f} s of {mine.total_s:.2f} s")


def compare_rays(triangles: FloatArray, count: int, peers_python: str, rounds: int) -> None:
    """Cast rays from one station in all directions, ours and Open3D's in turn."""
    corners = triangles.reshape(-1, 3)
    k = np.arange(count)
    azimuth, height = 2.0 * np.pi * ((k * 0.6180339887498949) % 1.0), 1.0 - (2.0 * k + 1.0) / count
    across = np.sqrt(1.0 - height**2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "triangles.npy", triangles)
        np.save(folder / "origin.npy", 0.5 * (corners.min(axis=0) + corners.max(axis=0)))
        np.save(
            folder / "directions.npy", np.stack([across * np.cos(azimuth), across * np.sin(azimuth), height], axis=1)
        )
        own: list[Run] = []
        other: list[Run] = []
        for _ in range(rounds):
            own.append(run("qtems", folder, "rays", sys.executable))
            try:
                other.append(run("open3d", folder, "rays", peers_python))
            except Missing as missing:
                print(f"open3d        {missing}")
                break
        print(f"ours {_speed(own):.2f} M/s" + (f", Open3D {_speed(other):.2f} M/s (float32)" if other else ""))


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one contender: building its tree and asking about ``n`` points or rays."""

    n: int
    build_s: float
    total_s: float
    cpu_s: float
    peak_mb: float


class Missing(Exception):
    """A peer that is not installed or gave up, and what to do."""


def run(contender: str, folder: Path, question: str, python: str) -> Run:
    """Run a contender on what lies in the folder, in a process of its own."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]) if python == sys.executable else ""
    environment = os.environ | ({"PYTHONPATH": path} if path else {})
    words = [python, str(CONTENDER), contender, str(folder), question]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        if "ModuleNotFoundError" in done.stderr:
            raise Missing("not installed; see --peers-python")
        last = done.stderr.strip().splitlines()[-1:] or [f"ended with status {done.returncode}"]
        raise Missing(last[0])
    return Run(**json.loads(done.stdout.strip().splitlines()[-1]))


def _peer_run(peer: str, folder: Path, triangles: FloatArray, points: FloatArray, python: str) -> Run:
    if peer != "cloudcompare":
        return run(peer, folder, "closest", python)
    program = cloudcompare.find()
    found = cloudcompare.cloud_to_mesh(program, points, triangles) if program else None
    if found is None:
        raise Missing("gave up" if program else cloudcompare.HOW_TO_GET_IT)
    np.save(folder / "cloudcompare.npy", np.abs(found.distance))
    return Run(len(points), 0.0, found.own_s, found.cpu_s, float("nan"))


def _met(is_met: bool) -> str:
    return "met" if is_met else "NOT met"


def _row(peer: str, own: list[Run], other: list[Run], error_mm: list[float]) -> str:
    ratio = float(np.median([b.total_s / a.total_s for a, b in zip(own, other, strict=True)]))
    by_cpu = float(np.median([b.cpu_s / a.cpu_s for a, b in zip(own, other, strict=True)]))
    target = TARGETS.get(peer)
    said = f"{_met(ratio >= target)} (at least {target:g})" if target else ""
    return (
        f"{peer:13} {own[0].n:9,} {_speed(own):6.2f} {_speed(other):6.2f} {ratio:6.1f} {by_cpu:6.1f} {_peak(own):8.0f} "
        f"{_peak(other):8.0f} {error_mm[0]:11.1e} {error_mm[1]:11.1e}  {said}"
    )


def _speed(runs: list[Run]) -> float:
    return float(np.median([r.n / r.total_s for r in runs])) / 1e6


def _peak(runs: list[Run]) -> float:
    return max(r.peak_mb for r in runs)


def _error_mm(path: Path, checked: np.ndarray[tuple[int], np.dtype[np.int64]], truth: FloatArray) -> float:
    return 1e3 * float(np.abs(np.load(path)[checked] - truth).max())


def brute_force(triangles: FloatArray, points: FloatArray) -> FloatArray:
    """Return the distance (n,) of each point to the nearest of all triangles, looked at one by one in float64."""
    nearest = np.empty(len(points))
    _look_at_all(triangles, points, nearest)
    return nearest


@nb.njit(parallel=True)
def _look_at_all(triangles, points, nearest):
    """Say how near the nearest triangle is: over its plane the height, else the nearest of its three edges."""
    for i in nb.prange(len(points)):
        p = (points[i, 0], points[i, 1], points[i, 2])
        best = np.inf
        for t in range(len(triangles)):
            a = (triangles[t, 0, 0], triangles[t, 0, 1], triangles[t, 0, 2])
            b = (triangles[t, 1, 0], triangles[t, 1, 1], triangles[t, 1, 2])
            c = (triangles[t, 2, 0], triangles[t, 2, 1], triangles[t, 2, 2])
            n = _cross(_less(b, a), _less(c, a))
            if _left(a, b, p, n) and _left(b, c, p, n) and _left(c, a, p, n) and _dot(n, n) > 0.0:
                best = min(best, _dot(_less(p, a), n) ** 2 / _dot(n, n))
            else:
                best = min(best, _edge2(a, b, p), _edge2(b, c, p), _edge2(c, a, p))
        nearest[i] = np.sqrt(best)


@nb.njit
def _less(a, b):
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


@nb.njit
def _dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@nb.njit
def _cross(a, b):
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@nb.njit
def _left(a, b, p, n):
    """Say whether a point lies on the inner side of the edge from a to b of a triangle with normal n."""
    return _dot(_cross(_less(b, a), _less(p, a)), n) >= 0.0


@nb.njit
def _edge2(a, b, p):
    """Return the squared distance of a point from an edge."""
    e, q = _less(b, a), _less(p, a)
    length2 = _dot(e, e)
    share = min(1.0, max(0.0, _dot(e, q) / length2)) if length2 > 0.0 else 0.0
    d = (q[0] - share * e[0], q[1] - share * e[1], q[2] - share * e[2])
    return _dot(d, d)


if __name__ == "__main__":
    main()
