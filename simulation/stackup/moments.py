"""Mean, spread, skewness and kurtosis of a stack from its second-order expansion, without sampling.

The expansion f + g d + d'Hd/2 is a polynomial of the deviations; its moments follow exactly from theirs up to the
eighth (second-order tolerance analysis; Glancy and Chase 1999). Dimensions that no cross term joins are
independent parts of the sum: their cumulants add.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from simulation.distribution import Distribution, Normal

_MOST_JOINED = 12
"""Dimensions joined by cross terms whose moments are worked out together; of more, those that matter most."""
_NO_CROSS = 1e-9


@dataclass(frozen=True, slots=True)
class Moments:
    """The first four moments of a result."""

    mean: float
    sd: float
    skewness: float
    kurtosis: float
    """3 for a normal distribution."""


def second_order_moments(
    value: float, gradient: FloatArray, hessian: FloatArray, distributions: Sequence[Distribution]
) -> Moments:
    """Return the moments of the second-order expansion about the means of independent dimensions.

    Parameters
    ----------
    value
        What comes out at the means.
    gradient, hessian
        (n,) and (n, n) there.
    distributions
        One per dimension.

    Examples
    --------
    >>> one = second_order_moments(0.0, np.array([0.0]), np.array([[2.0]]), [Normal(0.0, 1.0)])  # a squared normal
    >>> round(one.mean, 9), round(one.sd**2, 9), round(one.kurtosis, 9)
    (1.0, 2.0, 15.0)
    """
    central = np.array([[d.central_moment(k) for k in range(9)] for d in distributions]).reshape(-1, 9)
    central[:, 0], central[:, 1] = 1.0, 0.0
    spread = np.sqrt(central[:, 2])
    joined = np.abs(hessian) * np.outer(spread, spread)
    most = max(float(np.abs(gradient * spread).max(initial=0.0)), float(joined.max(initial=0.0)))
    cumulants = np.zeros(4)
    for group in _joined_groups(joined > _NO_CROSS * most, np.abs(gradient * spread) + joined.sum(axis=1)):
        inner = np.array(group)
        cumulants += _cumulants(gradient[inner], hessian[np.ix_(inner, inner)], central[inner])
    mean, variance, third, fourth = value + cumulants[0], *cumulants[1:]
    if variance <= 0.0:
        return Moments(float(mean), 0.0, 0.0, 3.0)
    return Moments(float(mean), float(variance**0.5), float(third / variance**1.5), float(fourth / variance**2 + 3.0))


def independent(
    gradient: FloatArray, hessian: FloatArray, distributions: Sequence[Distribution], correlation: FloatArray
) -> tuple[FloatArray, FloatArray, list[Distribution]] | None:
    """Return gradient, Hessian and distributions in independent standard normals; None unless all are normal."""
    if not all(isinstance(distribution, Normal) for distribution in distributions):
        return None
    spread = np.array([d.central_moment(2) ** 0.5 for d in distributions])
    root = np.linalg.cholesky(correlation * np.outer(spread, spread) + 1e-300 * np.eye(len(spread)))
    return root.T @ gradient, root.T @ hessian @ root, [Normal(0.0, 1.0) for _ in distributions]


def edgeworth_outside(moments: Moments, lower: float | None, upper: float | None) -> tuple[float, float]:
    """Return the shares below and above the limits by Edgeworth's expansion, 0 at least.

    Source: Kendall and Stuart, The Advanced Theory of Statistics, vol. 1, 6.42: up to the square of the skewness.
    """
    from scipy.special import ndtr

    def below(limit: float) -> float:
        z = (limit - moments.mean) / moments.sd
        density = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
        skew, excess = moments.skewness, moments.kurtosis - 3.0
        he2, he3, he5 = z * z - 1.0, z**3 - 3.0 * z, z**5 - 10.0 * z**3 + 15.0 * z
        return float(np.clip(ndtr(z) - density * (skew / 6 * he2 + excess / 24 * he3 + skew**2 / 72 * he5), 0.0, 1.0))

    if moments.sd == 0.0:
        return (
            float(lower is not None and moments.mean < lower),
            float(upper is not None and moments.mean > upper),
        )
    return (0.0 if lower is None else below(lower)), (0.0 if upper is None else 1.0 - below(upper))


def _joined_groups(joined: BoolArray, weight: FloatArray) -> list[list[int]]:
    """Return the groups of dimensions that cross terms join, large ones cut into the heaviest and singles."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    count, label = connected_components(csr_matrix(joined), directed=False)
    groups = list[list[int]]()
    for index in range(count):
        members = np.flatnonzero(label == index)
        members = members[np.argsort(-weight[members], kind="stable")]
        groups.append([int(i) for i in members[:_MOST_JOINED]])
        groups += [[int(i)] for i in members[_MOST_JOINED:]]
    return groups


def _cumulants(gradient: FloatArray, hessian: FloatArray, central: FloatArray) -> FloatArray:
    """Return the first four cumulants of g d + d'Hd/2 for independent d with central moments (n, 9)."""
    count = len(gradient)
    rows, columns = np.triu_indices(count)
    eye = np.eye(count, dtype=np.int64)
    powers = np.concatenate([eye, eye[rows] + eye[columns]])
    factors = np.concatenate([gradient, hessian[rows, columns] * np.where(rows == columns, 0.5, 1.0)])
    squared_powers, squared = _product(powers, factors)
    m1 = _expectation(powers, factors, central)
    m2 = _expectation(squared_powers, squared, central)
    m3 = _pair_expectation(squared_powers, squared, powers, factors, central)
    m4 = _pair_expectation(squared_powers, squared, squared_powers, squared, central)
    variance = m2 - m1**2
    third = m3 - 3.0 * m1 * m2 + 2.0 * m1**3
    fourth = m4 - 4.0 * m1 * m3 + 6.0 * m1**2 * m2 - 3.0 * m1**4
    return np.array([m1, variance, third, fourth - 3.0 * variance**2])


def _product(powers: IntArray, factors: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the square of a polynomial, like terms collected."""
    all_powers = (powers[:, None] + powers[None]).reshape(-1, powers.shape[1])
    kept, place = np.unique(all_powers, axis=0, return_inverse=True)
    collected = np.bincount(place.ravel(), np.outer(factors, factors).ravel(), len(kept))
    return kept.astype(np.int64), collected.astype(np.float64)


def _expectation(powers: IntArray, factors: FloatArray, central: FloatArray) -> float:
    return float(factors @ _term_moments(powers, central))


def _pair_expectation(
    powers: IntArray, factors: FloatArray, others: IntArray, weights: FloatArray, central: FloatArray
) -> float:
    """Return E[P Q] of two polynomials, a row of P at a time."""
    total = 0.0
    for power, factor in zip(powers, factors, strict=True):
        if factor != 0.0:
            total += factor * float(weights @ _term_moments(others + power, central))
    return total


def _term_moments(powers: IntArray, central: FloatArray) -> FloatArray:
    return np.prod(central[np.arange(len(central)), powers], axis=1)
