"""Bolt holes from scans: how far off they are found, in standard uncertainties, for ways of scanning; planted truth.

    .venv/bin/python benchmarks/holes.py [--plates 200] [--only WORDS] [--seed N]

Each plate has its hole elsewhere (1 mm, sigma, along each axis) and is scanned from elsewhere, by closed form
(samples/plate_scan.py). Of what is found: the mean and the standard deviation of error / standard uncertainty over both
coordinates, the share within 1.96 of them (at least 0.95), the standard uncertainty, mm, of both types and of type A
alone (scatter); the same of diameters. The uncertainty holds for any instrument, so of one alone errors are
closer together than that, and all to one side.

The first ways lose a straddling beam by chance (``lost``: 1: with the share of it that misses the plate; 3: sooner;
0.5: later). The others are beams that are as wide as they are, and instruments that say one range of each
(samples/footprint.py): with a 1.5 mm beam, slanting by 20 degrees; and ``anyhow``: at 1 to 6 m, slanting by 0 to 60
degrees, with beams of 0.8 to 5 mm that lie 0.4 to 1 of their diameter apart.
"""

# pyright: basic

import argparse
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from samples.footprint import Receiver, Says


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
    receiver: Receiver | None = None
    anyhow: bool = False


WAYS = (
    Way("straight on", tilt=0.0), Way("20 degrees"), Way("40 degrees", tilt=40.0), Way("55 degrees", tilt=55.0),
    Way("2 mm apart", step=0.002), Way("3 mm apart", step=0.003), Way("noise 1 mm", noise=0.001),
    Way("beam 4 mm, noise 1 mm", beam=0.004, noise=0.001, step=0.002), Way("a third of the rim hidden", hidden=True),
    Way("straddlers lost sooner", lost=3.0), Way("straddlers lost later", lost=0.5),
)  # fmt: skip


RECEIVERS = {
    "a tenth of the beam": Receiver(Says.NEAREST, 0.1), "a third of the beam": Receiver(Says.NEAREST, 0.33),
    "half of the beam": Receiver(Says.NEAREST, 0.5),
    "the stronger, 3 mm told apart": Receiver(Says.NEAREST, 0.5, 0.003),
    "a third, bright in the middle": Receiver(Says.NEAREST, 0.33, gaussian=True),
    "leading edge at a third": Receiver(Says.SHARE, 0.33), "leading edge at two thirds": Receiver(Says.SHARE, 0.67),
    "the mean of all": Receiver(Says.MEAN), "mixed ones dropped": Receiver(Says.DROPPED),
}  # fmt: skip
WAYS += tuple(Way(name, receiver=receiver) for name, receiver in RECEIVERS.items())
WAYS += tuple(Way(f"{name}, anyhow", receiver=receiver, anyhow=True) for name, receiver in RECEIVERS.items())
HEADS = ("sd", "in 95 %", "mm", "type A")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plates", type=int, default=200, help="of each way of scanning (default 200)")
    parser.add_argument("--only", default="", help="ways whose name holds one of these words, with commas between them")
    parser.add_argument("--seed", type=int, default=20261123, help="start of random numbers")
    options = parser.parse_args()
    heads = " ".join(f"{head:>7}" for head in HEADS)
    print(f"{'way':38} {'found':>7}   centre: mean {heads}   diameter: mean {heads} {'ms':>5}")
    for number, way in enumerate(WAYS):
        if any(word in way.name for word in options.only.split(",")):
            _tell(way, np.random.SeedSequence([options.seed, number]), options.plates)


def _tell(way: Way, seeds: np.random.SeedSequence, plates: int) -> None:
    """Print the row of one way."""
    began = time.perf_counter()
    rows = [row for seed in seeds.spawn(plates) if (row := _tried(way, np.random.default_rng(seed))) is not None]
    milliseconds = 1e3 * (time.perf_counter() - began) / plates
    if not rows:
        print(f"{way.name:38} {0:3d}/{plates:3d}")
        return
    off, sd, scatter = (np.array(part) for part in zip(*rows, strict=True))
    told = f"{way.name:38} {len(rows):3d}/{plates:3d}   "
    for columns in (slice(0, 2), slice(2, 3)):
        score = (off / sd)[:, columns]
        told += f"{score.mean():{12 if columns.start == 0 else 14}.2f} {score.std():7.2f} "
        told += f"{(np.abs(score) < 1.96).mean():7.3f} "
        told += f"{1e3 * sd[:, columns].mean():7.3f} {1e3 * scatter[:, columns].mean():7.3f}   "
    print(f"{told[:-2]}{milliseconds:5.0f}", flush=True)


def _tried(way: Way, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return errors (3,) of x, y and diameter, standard uncertainties, and those of type A; None: refused."""
    from geometry.bolt_hole import DesignedHole, HoleFit, measure_hole
    from samples.drilled_plate import DrilledPlate
    from samples.plate_scan import CloseUp, scan_plate

    far = rng.uniform(1.5, 3.0)
    if way.anyhow:
        beam, far = rng.uniform(0.0008, 0.005), rng.uniform(1.0, 6.0)
        step, tilt = max(0.0007, beam * rng.uniform(0.4, 1.0)), rng.uniform(0.0, 60.0)
        way = replace(way, beam=beam, step=step, tilt=tilt, noise=rng.uniform(0.0002, 0.001))
    drawn = DesignedHole("a", np.zeros(3), np.array([0.0, 0.0, 1.0]), 0.022)
    x, y = rng.normal(0.0, 0.001, 2)
    around, tilt = rng.uniform(0, 2 * np.pi), np.radians(way.tilt)
    at = far * np.array([np.sin(tilt) * np.cos(around), np.sin(tilt) * np.sin(around), np.cos(tilt)])
    side = rng.uniform(0, 2 * np.pi)
    hidden = [(x + 0.014 * np.cos(side), y + 0.014 * np.sin(side), 0.0115)] if way.hidden else []
    made = DrilledPlate((-0.05, -0.05), (0.05, 0.05), ((x, y, 0.011),))
    settings = CloseUp(way.step, way.noise, way.beam, way.lost, way.receiver)
    fit = measure_hole(drawn, scan_plate(made, at[None], settings, rng, hidden), beam=way.beam)
    if not isinstance(fit, HoleFit):
        return None
    off = np.array([*(fit.centre[:2] - [x, y]), fit.diameter - 0.022])
    sd = np.array([*np.sqrt(np.diag(fit.covariance)[:2]), fit.diameter_sd])
    return off, sd, np.array([*np.sqrt(np.diag(fit.scatter)[:2]), fit.diameter_scatter])


if __name__ == "__main__":
    main()
