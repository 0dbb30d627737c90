"""Makes a check case from any IFC model: stations, planted defects, scan.e57 and truth.json.

``python -m samples.case MODEL.ifc --out DIR --seed N --noise-mm 2 --stations 6 --resolution-deg 0.3``
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from geometry.arrays import FloatArray
from geometry.errors import GeometryError
from samples.clutter import ClutterSettings
from samples.defects import DefectMix, random_defects
from samples.raycast import RayScene, ray_scene
from samples.scanner import ScannerSettings, resolution_for, scan_design
from samples.stations import choose_stations, returning_share
from samples.tessellation import tessellate
from samples.truth import truth_of, write_truth
from samples.writers import WRITERS, formats_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    options = _parser().parse_args(arguments)
    started = time.perf_counter()
    try:
        text = make_case(options)
    except (GeometryError, ValueError, OSError) as error:
        sys.stderr.write(f"samples.case: {error}\n")
        return 2
    sys.stdout.write(f"{text}, {time.perf_counter() - started:.1f} s\n")
    return 0


def make_case(options: argparse.Namespace) -> str:
    """Make the case and return one line about it."""
    rng = np.random.default_rng(options.seed)
    elements = tessellate(options.model)
    scene = ray_scene(np.concatenate([e.mesh.triangles() for e in elements.values()]))
    owner = np.repeat(np.arange(len(elements)), [len(e.mesh.faces) for e in elements.values()]).astype(np.int32)
    stations = choose_stations(scene, owner, options.stations, rng)
    mix = DefectMix(options.shifted, options.tilted, options.missing)
    settings = _settings(options, scene, stations)
    scan = scan_design(elements, stations, settings, random_defects(tuple(elements), mix, rng), rng)
    truth = truth_of(scan, elements, options.name or options.model.name, options.seed, settings.noise_m)
    options.out.mkdir(parents=True, exist_ok=True)
    for kind in formats_of(options.format):
        WRITERS[kind](scan, options.out / f"scan.{kind}")
    write_truth(truth, options.out / "truth.json")
    return f"{options.out}: {len(elements)} elements, {len(stations)} stations, {scan.point_count} points"


def _settings(options: argparse.Namespace, scene: RayScene, stations: FloatArray) -> ScannerSettings:
    resolution = np.radians(options.resolution_deg)
    if options.points:
        resolution = resolution_for(options.points, len(stations), returning_share(scene, stations))
    return ScannerSettings(
        resolution_rad=float(resolution),
        noise_m=options.noise_mm / 1000,
        farthest_m=options.range_m,
        station_error_m=options.station_error_mm / 1000,
        station_error_rad=float(np.radians(options.station_error_deg)),
        site_tilt_rad=float(np.radians(options.site_tilt_deg)),
        clutter=ClutterSettings(per_station=options.clutter),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m samples.case", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("model", type=Path, help="IFC file")
    parser.add_argument("--out", type=Path, required=True, help="folder for scan.e57 and truth.json")
    parser.add_argument("--name", default="", help="what truth.json calls the model (default: the file's name)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stations", type=int, default=6)
    parser.add_argument("--resolution-deg", type=float, default=0.3)
    parser.add_argument("--points", type=int, default=0, help="aim at so many points instead of --resolution-deg")
    parser.add_argument("--noise-mm", type=float, default=2.0)
    parser.add_argument("--range-m", type=float, default=60.0)
    parser.add_argument("--clutter", type=int, default=5, help="pieces of clutter per station")
    parser.add_argument("--shifted", type=float, default=0.2, help="share of elements")
    parser.add_argument("--tilted", type=float, default=0.1)
    parser.add_argument("--missing", type=float, default=0.05)
    parser.add_argument("--station-error-mm", type=float, default=0.0)
    parser.add_argument("--station-error-deg", type=float, default=0.0)
    parser.add_argument("--site-tilt-deg", type=float, default=0.0)
    parser.add_argument("--format", default="e57", help="any of e57,laz,ply")
    return parser


if __name__ == "__main__":
    sys.exit(main())
