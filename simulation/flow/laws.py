"""How times vary on a shop floor; beside these there are those of :mod:`simulation.distribution`."""

from dataclasses import dataclass
from math import gamma, log, sqrt

from geometry.arrays import FloatArray
from simulation.distribution import Distribution


@dataclass(frozen=True, slots=True)
class Exponential:
    """Without memory: what has lasted long is no nearer to its end."""

    mean: float

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Return quantiles; see :class:`simulation.distribution.Distribution`."""
        import numpy as np

        return -self.mean * np.log1p(-probability)

    def central_moment(self, order: int) -> float:
        """Return mean^order times the number of arrangements of ``order`` things none of which stays in place.

        Examples
        --------
        >>> Exponential(2.0).central_moment(2)
        4.0
        """
        last, now = 1, 0
        for n in range(2, order + 1):
            last, now = now, (n - 1) * (now + last)
        return self.mean**order * (now if order else 1)


@dataclass(frozen=True, slots=True)
class Gamma:
    """A gamma distribution by its mean and its squared coefficient of variation (1/k is Erlang's of k stages)."""

    mean: float
    scv: float

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Return quantiles; see :class:`simulation.distribution.Distribution`."""
        from scipy.special import gammaincinv

        return self.mean * self.scv * gammaincinv(1.0 / self.scv, probability)

    def central_moment(self, order: int) -> float:
        """Return the moment by the recursion m(k+1) = k θ (m(k) + mean m(k-1))."""
        scale, moments = self.mean * self.scv, [1.0, 0.0]
        for k in range(1, order):
            moments.append(k * scale * (moments[k] + self.mean * moments[k - 1]))
        return moments[order]


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Its logarithm is normal; given by its own mean and its squared coefficient of variation."""

    mean: float
    scv: float

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Return quantiles; see :class:`simulation.distribution.Distribution`."""
        import numpy as np
        from scipy.special import ndtri

        spread = log(1.0 + self.scv)
        return self.mean * np.exp(sqrt(spread) * ndtri(probability) - 0.5 * spread)

    def central_moment(self, order: int) -> float:
        """Return the moment from the raw ones, mean^k (1 + scv)^(k (k - 1) / 2)."""
        return _central([self.mean**k * (1.0 + self.scv) ** (0.5 * k * (k - 1)) for k in range(order + 1)], self.mean)


@dataclass(frozen=True, slots=True)
class Weibull:
    """Times to a failure: a shape above 1 wears out, below 1 dies young."""

    scale: float
    shape: float

    @property
    def mean(self) -> float:
        """Return the expected value."""
        return self.scale * gamma(1.0 + 1.0 / self.shape)

    def quantile(self, probability: FloatArray) -> FloatArray:
        """Return quantiles; see :class:`simulation.distribution.Distribution`."""
        import numpy as np

        return self.scale * (-np.log1p(-probability)) ** (1.0 / self.shape)

    def central_moment(self, order: int) -> float:
        """Return the moment from the raw ones, scale^k Γ(1 + k / shape)."""
        return _central([self.scale**k * gamma(1.0 + k / self.shape) for k in range(order + 1)], self.mean)


def squared_variation(law: Distribution) -> float:
    """Return the squared coefficient of variation, variance / mean²; 0 where the mean is 0.

    Examples
    --------
    >>> squared_variation(Exponential(3.0))
    1.0
    """
    return law.central_moment(2) / law.mean**2 if law.mean else 0.0


def _central(raw: list[float], mean: float) -> float:
    from math import comb

    order = len(raw) - 1
    return sum(comb(order, k) * raw[k] * (-mean) ** (order - k) for k in range(order + 1))
