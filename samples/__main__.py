"""Makes the sample: a building (design.ifc), its scan with planted defects (scan.e57) and the truth (truth.json).

``python -m samples --out DIR [--seed N] [--points 1700000] [--format e57,laz,ply]``; ``--repaired PART`` and
``--drawn PART`` (again for further ones) make what is found on a later visit: a defect put right, and the next revision
of the design, in which a part is drawn where it stands.

``--kind steel`` and ``--kind precast`` make a model to put together instead (design.ifc), with clashes planted
(truth.json) and, where an order has to keep more than the model says, order.yaml. ``--kind splice`` makes two scanned
plates to be bolted together (fitup.yaml).
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from geometry.errors import GeometryError
from samples.building import write_building
from samples.contract import TOLERANCES
from samples.frames import FRAMES, make_frame
from samples.plan import whole_building
from samples.raycast import ray_scene
from samples.scanner import ScannerSettings, SimulatedScan, resolution_for, scan_design
from samples.site import STATIONS, drawn_as_built, planted
from samples.splice import make_splice
from samples.stations import returning_share
from samples.tessellation import tessellate
from samples.truth import truth_of, write_truth
from samples.writers import WRITERS, formats_of

NOISE_M = 0.002
STATION_ERROR_M = 0.0003


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m samples", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for what is made")
    parser.add_argument("--kind", choices=("building", *FRAMES, "splice"), default="building", help="which sample")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--points", type=int, default=1_700_000, help="aim at so many points")
    parser.add_argument("--format", default="e57", help="any of e57,laz,ply")
    parser.add_argument("--repaired", metavar="PART", action="append", default=[], help="has no defect any more")
    parser.add_argument("--drawn", metavar="PART", action="append", default=[], help="is designed as it stands")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    try:
        if options.kind != "building":
            splice = options.kind == "splice"
            size = make_splice(options.out, options.seed) if splice else make_frame(options.out, options.kind)
            sys.stdout.write(f"{options.out}: {size}, {time.perf_counter() - started:.1f} s\n")
            return 0
        scan = make_sample(
            options.out, options.seed, options.points, formats_of(options.format), options.repaired, options.drawn
        )
    except (GeometryError, ValueError, OSError) as error:
        sys.stderr.write(f"samples: {error}\n")
        return 2
    size = f"{len(scan.global_ids)} elements, {len(scan.stations)} stations, {scan.point_count} points"
    sys.stdout.write(f"{options.out}: {size}, {time.perf_counter() - started:.1f} s\n")
    return 0


def make_sample(
    folder: Path,
    seed: int,
    points: int,
    formats: Sequence[str],
    repaired: Sequence[str] = (),
    drawn: Sequence[str] = (),
    unbuilt: Sequence[str] = (),
) -> SimulatedScan:
    """Write design.ifc, tolerances.yaml, the scan in the given formats and truth.json; return the scan.

    Parameters
    ----------
    unbuilt
        Names of parts that do not stand yet.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tolerances.yaml").write_text(TOLERANCES, encoding="utf-8")
    parts = drawn_as_built(whole_building(), drawn)
    write_building(folder / "design.ifc", parts)
    # what is scanned is what the file says, not what the plan meant
    elements = tessellate(folder / "design.ifc")
    rng = np.random.default_rng(seed)
    defects = planted(parts, rng, right={*repaired, *drawn}, unbuilt=unbuilt)
    extras = [part.built[part.faces] for part in defects.extras.values()]
    scene = ray_scene(np.concatenate([element.mesh.triangles() for element in elements.values()] + extras))
    resolution = resolution_for(points, len(STATIONS), returning_share(scene, STATIONS))
    settings = ScannerSettings(resolution_rad=resolution, noise_m=NOISE_M, station_error_m=STATION_ERROR_M)
    scan = scan_design(elements, STATIONS, settings, defects, rng)
    for kind in formats:
        WRITERS[kind](scan, folder / f"scan.{kind}")
    write_truth(truth_of(scan, elements, "design.ifc", seed, settings.noise_m), folder / "truth.json")
    return scan


if __name__ == "__main__":
    sys.exit(main())
