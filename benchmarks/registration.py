"""How often, how exactly and how fast a scan is registered from anywhere, beside other libraries in the same run.

Run ``python -m benchmarks.registration CASE [CASE ...] [--starts 10] [--stations 0] [--models FOLDER]``. A case is a
folder with ``scan.e57`` and ``truth.json`` as ``python -m samples.case`` writes them; its model is ``design.ifc`` in
the folder or the path that ``truth.json`` names, below ``--models``. Each start turns the scan by any angle and shifts
it by up to 50 m; with ``--stations k`` each start sees k stations drawn by chance only. Right means within 20 mm and
0.1 degrees of the truth at the scan's centre.

``--made k`` takes k buildings of each kind made by chance (``benchmarks/registration_buildings.py``): a third of every
other one is badly built, of four one leans by 3 and one by 5 degrees. Only a refusal is right of those that fit twice.

Peers run when they are installed (``pip install small-gicp kiss-matcher``): KISS-Matcher from the same starts, and
small_gicp from 0.2 m and 1.5 degrees beside the truth, both against the model sampled every 0.1 m, as they have no
meshes.
"""

# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportAttributeAccessIssue=false
import argparse
import dataclasses
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.registration_buildings import KINDS
from geometry.design import DesignModel
from geometry.pose import Pose, pose_difference
from geometry.readers import read_design, read_scan
from geometry.registration.register import register
from geometry.registration.request import RegistrationRequest
from geometry.registration.surfaces import DesignSurface, design_surface, sample_surface
from geometry.scan import Scan, Station
from geometry.source import SourceFile
from geometry.thinning import voxel_thin
from samples.clutter import ClutterSettings
from samples.defects import DefectMix, random_defects
from samples.scanner import ScannerSettings, scan_design

RIGHT_M, RIGHT_DEG = 0.02, 0.1
PEER_SPACING = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """A scan in a frame of its own, and the pose that is wanted."""

    scan: Scan
    T_design_scan: Pose


@dataclass(frozen=True, slots=True)
class Run:
    """How one registration ended: ``right``, ``wrong`` (accepted all the same) or ``refused``."""

    outcome: str
    error_mm: float
    error_deg: float
    seconds: float


def main() -> None:
    """Print one table per case and one over all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path, nargs="*")
    parser.add_argument("--made", type=int, default=0, metavar="K", help="buildings made by chance, of each kind")
    parser.add_argument("--seed", type=int, default=0, help="of the first of them")
    parser.add_argument("--starts", type=int, default=10)
    parser.add_argument("--stations", type=int, default=0)
    parser.add_argument("--models", type=Path, default=Path(os.environ.get("QTEMS_SHARED_DATA", "../shared/data")))
    options = parser.parse_args()
    for kind in KINDS if options.made else ():
        runs = [made(kind, seed) for seed in range(options.seed, options.seed + options.made)]
        print_row(kind, runs)
    everything: dict[str, list[Run]] = {}
    for folder in options.cases:
        design, scan, truth = load_case(folder, options.models)
        starts = [start(scan, truth, options.stations, seed) for seed in range(options.starts)]
        print(f"\n{folder.name}: {len(design.elements)} elements, {len(scan.points):,} points, {options.starts} starts")
        for name, contender in contenders(design).items():
            runs = [timed(contender, one) for one in starts]
            print_row(name, runs)
            everything.setdefault(name, []).extend(runs)
    if everything:
        print("\nall cases")
    for name, runs in everything.items():
        print_row(name, runs)


def made(kind: str, seed: int) -> Run:
    """Return how the registration of a building made by chance ended."""
    rng = np.random.default_rng(seed)
    building = KINDS[kind](rng)
    bad = (0.2, 0.1, 0.05) if seed % 2 else (0.0, 0.0, 0.0)
    settings = ScannerSettings(
        resolution_rad=float(np.radians(0.6)), noise_m=float(rng.choice([0.001, 0.002, 0.003])),
        site_tilt_rad=float(np.radians((0.0, 0.0, 3.0, 5.0)[seed % 4])), clutter=ClutterSettings(per_station=2),
    )  # fmt: skip
    defects = random_defects(tuple(building.elements), DefectMix(*bad), rng)
    shots = scan_design(building.elements, building.stations, settings, defects, rng)
    points = [s.T_site_station.apply(s.points.astype(np.float64)) for s in shots.stations]
    index = np.repeat(np.arange(len(points)), [len(p) for p in points]).astype(np.int32)
    places = tuple(Station(s.name, s.T_site_station.translation) for s in shots.stations)
    nowhere = SourceFile("made up", "0" * 64, "IFC4")
    design = DesignModel(building.elements, np.zeros(3), nowhere, 1.0)
    scan = Scan(np.concatenate(points), index, places, np.zeros(3), (nowhere,))
    run = timed(lambda one: ours(design, one), Start(scan, shots.T_design_site))
    if building.symmetric:
        return dataclasses.replace(run, outcome="right" if run.outcome == "refused" else "wrong")
    return run


def load_case(folder: Path, models: Path) -> tuple[DesignModel, Scan, Pose]:
    """Return design, scan and the true pose between their coordinates less the origins."""
    truth = json.loads((folder / "truth.json").read_text())
    own = folder / "design.ifc"
    design = read_design(own if own.exists() else models / truth["model"])
    scan = read_scan([folder / "scan.e57"])
    matrix = np.array(truth["scan_to_model"], np.float64)
    u, _, vt = np.linalg.svd(matrix[:3, :3])
    moved = matrix[:3, :3] @ scan.origin + matrix[:3, 3] - design.origin
    return design, scan, Pose.from_parts(u @ vt, moved)


def start(scan: Scan, T_design_scan: Pose, stations: int, seed: int) -> Start:
    """Return the scan turned and shifted by chance, with all or some of its stations."""
    rng = np.random.default_rng(seed)
    T_new_old = Pose.from_yaw(rng.uniform(-np.pi, np.pi), rng.uniform(-50, 50, 3))
    kept = np.ones(len(scan.points), np.bool_)
    if stations:
        drawn = rng.choice(len(scan.stations), min(stations, len(scan.stations)), replace=False)
        kept = np.isin(scan.station_index, drawn)
    places = tuple(
        Station(s.name, None if s.position is None else T_new_old.apply([s.position])[0]) for s in scan.stations
    )
    points = T_new_old.apply(scan.points[kept])
    turned = dataclasses.replace(
        scan, points=points, station_index=scan.station_index[kept], stations=places, intensity=None
    )
    return Start(turned, T_design_scan @ T_new_old.inverse())


def contenders(design: DesignModel) -> dict[str, Callable[[Start], Pose | None]]:
    """Return what is compared: ours, and the peers that are installed."""
    found: dict[str, Callable[[Start], Pose | None]] = {"qtems, auto": lambda one: ours(design, one)}
    surface = design_surface(design)
    if find_spec("kiss_matcher"):
        found["KISS-Matcher (quatro)"] = lambda one: kiss(surface, one)
    if find_spec("small_gicp"):
        for kind in ("PLANE_ICP", "GICP"):
            found[f"small_gicp {kind}, good start"] = lambda one, kind=kind: gicp(surface, one, kind)
    return found


def ours(design: DesignModel, one: Start) -> Pose | None:
    """Return the accepted pose, None when it was refused."""
    registration = register(one.scan, design, RegistrationRequest.auto())
    return registration.T_design_scan if registration.status == "accepted" else None


def kiss(surface: DesignSurface, one: Start) -> Pose | None:
    """Return KISS-Matcher's pose with its solver for levelled scans and voxels of 0.3 m."""
    import kiss_matcher

    target, _ = sample_surface(surface, int(surface.areas.sum() / PEER_SPACING**2))
    source = one.scan.points[voxel_thin(one.scan.points, PEER_SPACING)]
    centre = source.mean(axis=0)
    matcher = kiss_matcher.KISSMatcher(kiss_matcher.KISSMatcherConfig(0.3, use_quatro=True))
    solution = matcher.estimate((source - centre).astype(np.float32), target.astype(np.float32))
    u, _, vt = np.linalg.svd(np.asarray(solution.rotation, np.float64))
    if not solution.valid or np.linalg.det(u @ vt) < 0:
        return None
    rotation = u @ vt
    return Pose.from_parts(rotation, np.asarray(solution.translation, np.float64).ravel() - rotation @ centre)


def gicp(surface: DesignSurface, one: Start, kind: str) -> Pose | None:
    """Return small_gicp's pose from a start 0.2 m and 1.5 degrees beside the truth."""
    import small_gicp

    rng = np.random.default_rng(int(abs(one.T_design_scan.translation[0]) * 1000))
    target, _ = sample_surface(surface, int(surface.areas.sum() / PEER_SPACING**2))
    source = one.scan.points[voxel_thin(one.scan.points, PEER_SPACING)]
    centre = one.T_design_scan.apply(source).mean(axis=0)
    aside = Pose.from_yaw(np.radians(1.5))
    offset = rng.normal(size=3)
    offset *= 0.2 / np.linalg.norm(offset)
    wrong = Pose.from_parts(aside.rotation, centre - aside.rotation @ centre + offset) @ one.T_design_scan
    result = small_gicp.align(
        target, source, wrong.matrix, registration_type=kind, downsampling_resolution=PEER_SPACING,
        max_correspondence_distance=0.5, num_threads=2, max_iterations=60,
    )  # fmt: skip
    matrix = np.asarray(result.T_target_source, np.float64)
    u, _, vt = np.linalg.svd(matrix[:3, :3])
    return Pose.from_parts(u @ vt, matrix[:3, 3])


def timed(contender: Callable[[Start], Pose | None], one: Start) -> Run:
    """Return how a contender did."""
    began = time.perf_counter()
    pose = contender(one)
    seconds = time.perf_counter() - began
    if pose is None:
        return Run("refused", float("nan"), float("nan"), seconds)
    distance, angle = pose_difference(pose, one.T_design_scan, one.scan.points.mean(axis=0))
    degrees = float(np.degrees(angle))
    right = distance <= RIGHT_M and degrees <= RIGHT_DEG
    return Run("right" if right else "wrong", 1000 * distance, degrees, seconds)


def print_row(name: str, runs: list[Run]) -> None:
    """Print what happened in one line."""
    count = {o: sum(r.outcome == o for r in runs) for o in ("right", "wrong", "refused")}
    answered = [r for r in runs if r.outcome != "refused"]
    error = np.array([r.error_mm for r in answered] or [np.nan])
    angle = np.median([r.error_deg for r in answered] or [np.nan])
    seconds = np.median([r.seconds for r in runs])
    print(
        f"  {name:30s} right {count['right']:3d}  wrong {count['wrong']:3d}  refused {count['refused']:3d}   "
        f"error median {np.median(error):8.2f} max {error.max():9.2f} mm, {angle:6.3f} deg   {seconds:5.2f} s"
    )


if __name__ == "__main__":
    main()
