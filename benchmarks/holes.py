"""Bolt holes from scans: how far off they are found, in standard deviations, for ways of scanning; planted truth.

    .venv/bin/python benchmarks/holes.py [--plates 200]

Each plate has its hole elsewhere (1 mm, sigma, along each axis) and is scanned from elsewhere, by closed form
(samples/plate_scan.py). Of what is found: the mean and the standard deviation of error / standard deviation over both
coordinates (0 and 1 if all is right), the share within 1.96 of them (0.95), the mean standard deviation, mm; the same
of diameters, whose standard deviation is largely how the instrument treats beams that straddle a rim: of one instrument
alone they lie closer together than that. ``lost``: how soon such a beam is lost (1: with the share of it that misses
the plate, as is assumed; 3: sooner; 0.5: later).
"""

# pyright: basic

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


@dataclass(frozen=True)
class Way:
    """One way of scanning; metres, degrees."""

    name: str
    step: float = 0.001
    noise: float = 0.0004
    beam: float = 0.0015
    tilt: float = 20.0
    lost: float = 1.0
    hidden: bool = False


WAYS = (
    Way("straight on", tilt=0.0), Way("20 degrees"), Way("40 degrees", tilt=40.0), Way("55 degrees", tilt=55.0),
    Way("2 mm apart", step=0.002), Way("3 mm apart", step=0.003), Way("noise 1 mm", noise=0.001),
    Way("beam 4 mm, noise 1 mm", beam=0.004, noise=0.001, step=0.002), Way("a third of the rim hidden", hidden=True),
    Way("straddlers lost sooner", lost=3.0), Way("straddlers lost later", lost=0.5),
)  # fmt: skip


def main() -> None:
    """Print the table."""
    from geometry.bolt_hole import DesignedHole, HoleFit, measure_hole
    from samples.plate_scan import CloseUp, DrilledPlate, scan_plate

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plates", type=int, default=200, help="of each way of scanning (default 200)")
    options = parser.parse_args()
    drawn = DesignedHole("a", np.zeros(3), np.array([0.0, 0.0, 1.0]), 0.022)
    print(f"{'way':27} {'found':>7}   {'centre: mean':>12} {'sd':>5} {'in 95 %':>8} {'sd, mm':>7}   "
          f"{'diameter: mean':>14} {'sd':>5} {'in 95 %':>8} {'sd, mm':>7} {'ms':>5}")  # fmt: skip
    for number, way in enumerate(WAYS):
        scores, wide, sds, began = [], [], [], time.perf_counter()
        for plate in range(options.plates):
            rng = np.random.default_rng([20261123, number, plate])
            x, y = rng.normal(0.0, 0.001, 2)
            around, far, tilt = rng.uniform(0, 2 * np.pi), rng.uniform(1.5, 3.0), np.radians(way.tilt)
            at = far * np.array([np.sin(tilt) * np.cos(around), np.sin(tilt) * np.sin(around), np.cos(tilt)])
            side = rng.uniform(0, 2 * np.pi)
            hidden = [(x + 0.014 * np.cos(side), y + 0.014 * np.sin(side), 0.0115)] if way.hidden else []
            made = DrilledPlate((-0.05, -0.05), (0.05, 0.05), ((x, y, 0.011),))
            rays = scan_plate(made, at[None], CloseUp(way.step, way.noise, way.beam, way.lost), rng, hidden)
            fit = measure_hole(drawn, rays, beam=way.beam)
            if isinstance(fit, HoleFit):
                sd = np.sqrt(np.diag(fit.covariance)[:2])
                scores += list((fit.centre[:2] - [x, y]) / sd)
                wide.append((fit.diameter - 0.022) / fit.diameter_sd)
                sds.append((sd.mean(), fit.diameter_sd))
        seconds = time.perf_counter() - began
        if not sds:
            print(f"{way.name:27} {0:3d}/{options.plates}")
            continue
        told, across = np.array(scores), np.array(wide)
        mean_sd, mean_wide = 1e3 * np.mean(sds, axis=0)
        print(
            f"{way.name:27} {len(sds):3d}/{options.plates:3d}   {told.mean():12.2f} {told.std():5.2f} "
            f"{(np.abs(told) < 1.96).mean():8.3f} {mean_sd:7.3f}   {across.mean():14.2f} {across.std():5.2f} "
            f"{(np.abs(across) < 1.96).mean():8.3f} {mean_wide:7.3f} {1e3 * seconds / options.plates:5.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
