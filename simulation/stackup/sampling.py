"""Samples of a stack's dimensions, by Monte Carlo or by scrambled Sobol points, and what they say."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from simulation.stackup.capability import Capability, Estimate, capability, students, wilson
from simulation.stackup.model import Requirement, Stack
from simulation.stackup.moments import Moments

MONTE_CARLO, QUASI = "monte_carlo", "quasi_monte_carlo"
_CHUNK = 65_536
_CHUNK_VALUES = 2**20
_SCRAMBLES = 16
_BINS = 60
QUANTILES = (0.00135, 0.01, 0.05, 0.5, 0.95, 0.99, 0.99865)


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """What a requirement came to in the samples."""

    method: str
    count: int
    moments: Moments
    quantiles: FloatArray
    """At the shares ``QUANTILES``."""
    below: Estimate
    """Share under the lower limit."""
    above: Estimate
    conforming: Estimate
    """Share within the limits: the yield. No value at all does not conform."""
    without_value: int
    """Samples for which there was no answer, such as a loop that could not close."""
    capability: Capability
    histogram: tuple[FloatArray, FloatArray]
    """Counts (b,) and edges (b + 1,)."""


def draw(stack: Stack, shares: FloatArray) -> FloatArray:
    """Return dimensions (m, n) for evenly spread shares (m, n) strictly within 0..1, correlated as the stack says."""
    if stack.correlation is not None:
        from scipy.special import ndtr, ndtri

        shares = ndtr(ndtri(shares) @ np.linalg.cholesky(stack.correlation).T)
    columns = [d.distribution.quantile(share) for d, share in zip(stack.dimensions, shares.T, strict=True)]
    return np.stack(columns, axis=1)


def simulate(stack: Stack, count: int, method: str, rng: np.random.Generator) -> tuple[Simulated, ...]:
    """Return what each requirement comes to in ``count`` samples.

    Quasi-Monte Carlo takes 16 independent scramblings of a Sobol sequence, each of a power of two of points not more
    than ``count`` / 16 allows (two at least), so that their scatter gives an honest interval (Owen 1997).
    """
    batches = _batches(len(stack.dimensions), count, method, rng)
    values = [np.concatenate([stack.evaluate(draw(stack, _inside(chunk))) for chunk in batch]) for batch in batches]
    return tuple(
        _described(requirement, [batch[:, index] for batch in values], method)
        for index, requirement in enumerate(stack.requirements)
    )


def _batches(dimensions: int, count: int, method: str, rng: np.random.Generator) -> Iterator[Iterator[FloatArray]]:
    """Yield batches of shares, each in chunks, so that memory does not grow with the number of dimensions."""
    rows = max(1, min(_CHUNK, _CHUNK_VALUES // max(1, dimensions)))
    if method == MONTE_CARLO:
        yield (rng.random((min(rows, count - start), dimensions)) for start in range(0, count, rows))
        return
    from scipy.stats import qmc

    power = max(1, int(np.log2(max(2, count // _SCRAMBLES))))
    for _ in range(_SCRAMBLES):
        sobol = qmc.Sobol(dimensions, scramble=True, rng=rng)
        yield (sobol.random(min(rows, 2**power - start)) for start in range(0, 2**power, rows))


def _inside(shares: FloatArray) -> FloatArray:
    """Return shares kept off 0 and 1, whose quantiles may be infinite."""
    return np.clip(shares, 2.0**-54, 1.0 - 2.0**-53)


def _described(requirement: Requirement, batches: list[FloatArray], method: str) -> Simulated:
    whole = np.concatenate(batches)
    there = whole[~np.isnan(whole)]
    lower, upper = requirement.lower, requirement.upper
    below = [batch < (-np.inf if lower is None else lower) for batch in batches]
    above = [batch > (np.inf if upper is None else upper) for batch in batches]
    conforming = [~requirement.outside(batch) for batch in batches]
    moments = sample_moments(there)
    return Simulated(
        method=method,
        count=len(whole),
        moments=moments,
        quantiles=np.quantile(there, QUANTILES) if len(there) else np.full(len(QUANTILES), np.nan),
        below=_share(below),
        above=_share(above),
        conforming=_share(conforming),
        without_value=len(whole) - len(there),
        capability=capability(moments, len(there), lower, upper) if len(there) > 1 else Capability(None, None),
        histogram=_histogram(there),
    )


def sample_moments(values: FloatArray) -> Moments:
    """Return the moments of values (m,); NaN of none."""
    if not len(values):
        return Moments(np.nan, np.nan, np.nan, np.nan)
    mean = float(values.mean())
    off = values - mean
    variance = float(np.mean(off**2))
    if variance <= (1e-13 * max(1.0, abs(mean))) ** 2:
        return Moments(mean, 0.0, 0.0, 3.0)
    return Moments(mean, variance**0.5, float(np.mean(off**3)) / variance**1.5, float(np.mean(off**4)) / variance**2)


def _share(hits: list[BoolArray]) -> Estimate:
    """Return the share of hits: of one batch with Wilson's interval, of several with Student's."""
    counts, sizes = [int(batch.sum()) for batch in hits], [len(batch) for batch in hits]
    pooled = wilson(sum(counts), sum(sizes))
    if len(hits) == 1 or min(sum(counts), sum(sizes) - sum(counts)) < 10:  # too few to scatter: the cautious one
        return pooled
    shares = students(np.array(counts) / np.array(sizes))
    low, high = max(0.0, shares.interval.low), min(1.0, shares.interval.high)
    return Estimate(shares.value, type(shares.interval)(low, high))


def _histogram(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    if not len(values):
        return np.zeros(1), np.array([0.0, 1.0])
    counts, edges = np.histogram(values, _BINS)
    return counts.astype(np.float64), edges
