"""How a dimension varies from piece to piece: its quantiles for sampling and its moments for analysis."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import comb, sqrt
from typing import Protocol

import numpy as np

from geometry.arrays import FloatArray

_NODES = 400
"""Gauss-Legendre nodes for the moments that have no closed form."""


class Distribution(Protocol):
    """What every distribution can say."""

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Return the values below which the given shares (0..1) of the pieces lie, shape kept."""
        ...

    @property
    def mean(self) -> float:
        """Return the expected value."""
        ...

    def central_moment(self, order: int) -> float:
        """Return E[(x - mean)^order]."""
        ...


@dataclass(frozen=True, slots=True)
class Normal:
    """The normal distribution."""

    mean: float
    sd: float

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Return quantiles; see :class:`Distribution`."""
        from scipy.special import ndtri

        return self.mean + self.sd * ndtri(probability)

    def central_moment(self, order: int) -> float:
        """Return (order - 1)!! sd^order for even orders, else 0.

        Examples
        --------
        >>> Normal(5.0, 2.0).central_moment(4)
        48.0
        """
        return 0.0 if order % 2 else float(np.prod(np.arange(order - 1, 0, -2))) * self.sd**order


@dataclass(frozen=True, slots=True)
class Uniform:
    """All values between two limits alike."""

    low: float
    high: float

    @property
    def mean(self) -> float:
        """Return the middle."""
        return 0.5 * (self.low + self.high)

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Return quantiles; see :class:`Distribution`."""
        return self.low + (self.high - self.low) * probability

    def central_moment(self, order: int) -> float:
        """Return (half width)^order / (order + 1) for even orders, else 0."""
        return 0.0 if order % 2 else (0.5 * (self.high - self.low)) ** order / (order + 1)


@dataclass(frozen=True, slots=True)
class Triangular:
    """Rising evenly from ``low`` to ``mode`` and falling evenly to ``high``."""

    low: float
    mode: float
    high: float

    @property
    def mean(self) -> float:
        """Return the expected value."""
        return (self.low + self.mode + self.high) / 3.0

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Return quantiles; see :class:`Distribution`."""
        width = self.high - self.low
        split = (self.mode - self.low) / width
        rising = self.low + np.sqrt(np.minimum(probability, split) * width * (self.mode - self.low))
        falling = self.high - np.sqrt((1.0 - np.maximum(probability, split)) * width * (self.high - self.mode))
        return np.where(probability < split, rising, falling)

    def central_moment(self, order: int) -> float:
        """Return the moment from E[x^k] = 2 S / ((k + 1)(k + 2)), S the symmetric sum of a, b, c of degree k."""
        a, c, b = self.low - self.mean, self.mode - self.mean, self.high - self.mean
        terms = [a**i * c**j * b ** (order - i - j) for i in range(order + 1) for j in range(order + 1 - i)]
        return 2.0 * sum(terms) / ((order + 1) * (order + 2))


@dataclass(frozen=True, slots=True)
class BetaPert:
    """The beta distribution of PERT: mean (low + 4 mode + high) / 6 (Malcolm et al. 1959; shape 4, Vose 2008)."""

    low: float
    mode: float
    high: float

    @property
    def shapes(self) -> tuple[float, float]:
        """Return alpha and beta; they sum to 6."""
        width = self.high - self.low
        return 1.0 + 4.0 * (self.mode - self.low) / width, 1.0 + 4.0 * (self.high - self.mode) / width

    @property
    def mean(self) -> float:
        """Return the expected value."""
        return (self.low + 4.0 * self.mode + self.high) / 6.0

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Return quantiles; see :class:`Distribution`."""
        from scipy.special import betaincinv

        return self.low + (self.high - self.low) * betaincinv(*self.shapes, probability)

    def central_moment(self, order: int) -> float:
        """Return the moment from the raw ones: E[u^k] is the product of (alpha + i) / (6 + i) for i below k."""
        alpha, width = self.shapes[0], self.high - self.low
        raw = [float(np.prod([(alpha + i) / (6.0 + i) for i in range(k)])) for k in range(order + 1)]
        centre = (self.mean - self.low) / width
        return width**order * sum(comb(order, k) * raw[k] * (-centre) ** (order - k) for k in range(order + 1))


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same."""

    value: float

    @property
    def mean(self) -> float:
        """Return the value."""
        return self.value

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Return the value for each share."""
        return np.full_like(probability, self.value)

    def central_moment(self, order: int) -> float:
        """Return 0; 1 for order 0."""
        return float(order == 0)


@dataclass(frozen=True, slots=True)
class TruncatedNormal:
    """A normal distribution whose pieces outside ``low``..``high`` were sorted out."""

    location: float
    spread: float
    low: float
    high: float

    @property
    def mean(self) -> float:
        """Return the expected value after the sorting."""
        return _quantile_mean(self)

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Return quantiles; see :class:`Distribution`."""
        from scipy.special import ndtr, ndtri

        below, above = ndtr((self.low - self.location) / self.spread), ndtr((self.high - self.location) / self.spread)
        values = self.location + self.spread * ndtri(below + probability * (above - below))
        return np.clip(values, self.low, self.high)

    def central_moment(self, order: int) -> float:
        """Return the moment by Gauss-Legendre quadrature over the kept interval."""
        return _quantile_moment(self, order)


@dataclass(frozen=True, slots=True)
class Empirical:
    """What was measured on pieces made before, evenly likely and interpolated between."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> "Empirical":
        """Return the distribution of measured ``values``, two or more."""
        if len(values) < 2:
            raise ValueError(f"{len(values)} measured values: two or more make a distribution")
        return cls(tuple(sorted(float(value) for value in values)))

    @property
    def mean(self) -> float:
        """Return the mean of the interpolated values."""
        return self._raw(1, 0.0)

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Return quantiles; see :class:`Distribution`."""
        return np.interp(probability, np.linspace(0.0, 1.0, len(self.values)), np.asarray(self.values))

    def central_moment(self, order: int) -> float:
        """Return the moment of the piecewise linear quantile, exactly."""
        return self._raw(order, self.mean)

    def _raw(self, order: int, about: float) -> float:
        """Return the mean over the straight pieces of E[(x - about)^order], each uniform between its ends."""
        low, high = np.asarray(self.values[:-1]) - about, np.asarray(self.values[1:]) - about
        powers = [low**k * high ** (order - k) for k in range(order + 1)]
        return float(np.mean(np.sum(powers, axis=0))) / (order + 1)


def standard_deviation(distribution: Distribution) -> float:
    """Return the standard deviation."""
    return sqrt(distribution.central_moment(2))


def moment_about(distribution: Distribution, centre: float, order: int) -> float:
    """Return E[(x - centre)^order] from the central moments.

    Examples
    --------
    >>> moment_about(Normal(1.0, 2.0), 0.0, 2)
    5.0
    """
    shift = distribution.mean - centre
    central = [1.0, 0.0, *(distribution.central_moment(k) for k in range(2, order + 1))]
    return sum(comb(order, k) * central[k] * shift ** (order - k) for k in range(order + 1))


@lru_cache(maxsize=1)
def _legendre() -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return nodes, weights


def _density(distribution: TruncatedNormal) -> tuple[FloatArray, FloatArray]:
    """Return nodes within the kept interval and their weights, which sum to 1."""
    reach = 12.0 * distribution.spread
    low = max(distribution.low, distribution.location - reach)
    high = min(distribution.high, distribution.location + reach)
    if not low < high:  # the kept interval lies in the far tail: take it whole
        low, high = distribution.low, distribution.high
    nodes, weights = _legendre()
    x = 0.5 * (low + high) + 0.5 * (high - low) * nodes
    exponent = -0.5 * ((x - distribution.location) / distribution.spread) ** 2
    mass = weights * np.exp(exponent - exponent.max())
    return x, mass / mass.sum()


@lru_cache(maxsize=256)
def _quantile_mean(distribution: TruncatedNormal) -> float:
    x, mass = _density(distribution)
    return float(mass @ x)


def _quantile_moment(distribution: TruncatedNormal, order: int) -> float:
    x, mass = _density(distribution)
    return float(mass @ (x - _quantile_mean(distribution)) ** order)
