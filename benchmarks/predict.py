"""How often the intervals of ``qtems predict`` hold the truth: planted families, measured once to ten times.

    .venv/bin/python benchmarks/predict.py [--runs 60] [--seed 0]

Each line is one kind of family: how many features, how far their means lie apart (in process sigmas), whether their
spreads differ (lognormal, 0.4), how values are distributed. Asked is the probability that the next piece of each
feature is out of tolerance, and how often the 95 % interval holds it, by how often the feature was measured.
"""

import argparse
from collections.abc import Callable

import numpy as np

from geometry.arrays import FloatArray
from simulation.prediction.priors import Measured, priors

COUNTS = (1, 2, 3, 5, 10)
FAMILIES = (
    (4, 0.5, False, "normal"), (4, 1.0, True, "normal"), (12, 0.3, False, "normal"), (12, 1.0, False, "normal"),
    (12, 1.0, True, "normal"), (40, 0.5, False, "normal"), (40, 1.0, True, "normal"),
    (12, 0.5, False, "skewed"), (40, 0.5, False, "skewed"), (40, 0.5, False, "heavy"),
)  # fmt: skip
GAUGE = 0.3
"""Standard uncertainty of the gauge, in process sigmas."""


def main() -> None:
    """Print how often intervals hold the truth, by family and by how often features were measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    print(f"{'family':44}" + "".join(f"{f'n = {n}':>9}" for n in COUNTS) + f"{'mixed':>9}   width at n = 1, 10")
    for index, (features, apart, spreads, shape) in enumerate(FAMILIES):
        cells, widths = list[str](), list[float]()
        for counts in (*((n,) for n in COUNTS), COUNTS):
            rng = np.random.default_rng([asked.seed, index, *counts])
            held, wide = coverage(rng, features, apart, counts, asked.runs, spreads=spreads, shape=shape)
            cells.append(f"{100 * held:8.1f}%")
            widths.append(wide)
        told = f"{features} features, means {apart:g} apart{', spreads differ' if spreads else ''}, {shape}"
        print(f"{told:44}" + "".join(cells) + f"   {widths[0]:.2f}, {widths[4]:.2f}", flush=True)


def coverage(
    rng: np.random.Generator, features: int, apart: float, counts: tuple[int, ...], runs: int, *,
    spreads: bool = False, shape: str = "normal",
) -> tuple[float, float]:  # fmt: skip
    """Return how often 95 % intervals hold the truth of a feature, and how wide they are on average."""
    held, wide = list[bool](), list[float]()
    draw, beyond = SHAPES[shape]
    for _ in range(runs):
        limit = rng.uniform(1.5, 3.0)
        centres = 0.5 * rng.standard_normal() + apart * rng.standard_normal(features)
        sds = np.exp(0.4 * rng.standard_normal(features)) if spreads else np.ones(features)
        measured = list[Measured]()
        for k in range(features):
            n = counts[k % len(counts)]
            values = centres[k] + sds[k] * draw(rng, n) + GAUGE * rng.standard_normal(n)
            measured.append(Measured(f"f{k}", values, np.full(n, GAUGE), -limit, limit))
        _, found = priors(measured, rng)
        for k, prior in enumerate(found):
            truth = beyond((-limit - centres[k]) / sds[k], (limit - centres[k]) / sds[k])
            between = prior.defective.interval
            held.append(between.low <= truth <= between.high)
            wide.append(between.high - between.low)
    return float(np.mean(held)), float(np.mean(wide))


def _normal(rng: np.random.Generator, n: int) -> FloatArray:
    return rng.standard_normal(n)


def _skewed(rng: np.random.Generator, n: int) -> FloatArray:
    return (rng.gamma(4.0, 1.0, n) - 4.0) / 2.0


def _heavy(rng: np.random.Generator, n: int) -> FloatArray:
    return rng.standard_t(5.0, n) / np.sqrt(5.0 / 3.0)


def _beyond(which: str) -> Callable[[float, float], float]:
    from scipy import stats

    kinds = {
        "normal": stats.norm(), "skewed": stats.gamma(4.0, loc=-2.0, scale=0.5),
        "heavy": stats.t(5.0, scale=1.0 / np.sqrt(5.0 / 3.0)),
    }  # fmt: skip
    one = kinds[which]
    return lambda low, high: float(one.cdf(low) + one.sf(high))


SHAPES = {"normal": (_normal, _beyond("normal")), "skewed": (_skewed, _beyond("skewed")),
          "heavy": (_heavy, _beyond("heavy"))}  # fmt: skip

if __name__ == "__main__":
    main()
