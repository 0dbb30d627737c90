"""Which dimension causes how much of the variance: Sobol's indices of independent dimensions.

First-order indices by Saltelli's 2010 estimator, total ones by Jansen's, both on one pair of point sets drawn from a
scrambled Sobol sequence (Saltelli et al. 2010, Comput. Phys. Commun. 181, table 2); intervals by bootstrap.
"""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray, IntArray
from simulation.stackup.model import Stack
from simulation.stackup.sampling import draw

_RESAMPLES = 200


@dataclass(frozen=True, slots=True, eq=False)
class SobolIndices:
    """Shares of the variance of one requirement, (n,) each."""

    first: FloatArray
    """What a dimension causes by itself."""
    total: FloatArray
    """What it causes alone and together with others."""
    first_interval: FloatArray
    """(n, 2) at 95 % confidence."""
    total_interval: FloatArray
    """(n, 2) at 95 % confidence."""


def sobol_indices(stack: Stack, base: int, rng: np.random.Generator) -> tuple[SobolIndices | None, ...]:
    """Return the indices of every requirement from ``base`` (a power of two) times n + 2 samples.

    None for a requirement that does not vary or has samples without a value. Correlated dimensions have no such
    indices: ask only of a stack without correlation.
    """
    from scipy.stats import qmc

    if stack.correlation is not None:
        raise ValueError("Sobol indices are those of independent dimensions")
    count = len(stack.dimensions)
    shares = np.clip(
        qmc.Sobol(2 * count, scramble=True, rng=rng).random_base2(int(np.log2(base))), 2.0**-54, 1 - 2.0**-53
    )
    a, b = draw(stack, shares[:, :count]), draw(stack, shares[:, count:])
    mixed = np.empty((count, len(a), len(stack.requirements)))
    for index in range(count):
        swapped = a.copy()
        swapped[:, index] = b[:, index]
        mixed[index] = stack.evaluate(swapped)
    of_a, of_b = stack.evaluate(a), stack.evaluate(b)
    picks = rng.integers(0, len(a), (_RESAMPLES, len(a)))
    return tuple(_indices(of_a[:, r], of_b[:, r], mixed[:, :, r], picks) for r in range(len(stack.requirements)))


def _indices(of_a: FloatArray, of_b: FloatArray, mixed: FloatArray, picks: IntArray) -> SobolIndices | None:
    whole = np.concatenate([of_a, of_b])
    variance = float(np.var(whole))
    if not np.isfinite(whole).all() or not np.isfinite(mixed).all() or variance <= (1e-13 * np.abs(whole).max()) ** 2:
        return None
    centre = whole.mean()
    of_a, of_b, mixed = of_a - centre, of_b - centre, mixed - centre
    first_terms, total_terms = of_b * (mixed - of_a), 0.5 * (of_a - mixed) ** 2
    spread = 0.5 * (of_a**2 + of_b**2)
    first, total = first_terms.mean(axis=1) / variance, total_terms.mean(axis=1) / variance
    resampled = spread[picks].mean(axis=1)
    bounds = [
        np.quantile(terms[:, picks].mean(axis=2) / resampled, [0.025, 0.975], axis=1).T
        for terms in (first_terms, total_terms)
    ]
    return SobolIndices(first, total, *bounds)
