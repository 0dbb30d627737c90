"""How far rims of a scan recede, as holes of known size in it tell; and which of those are not of that size.

Type B (``geometry.beam_rim``): within plus and minus the beam's radius, the same for all. Holes that were drawn with a
``diameter_sd`` were drilled to a known size: what they measure besides is the recession. Their drill may be worn, so
errors of drilling count as common to them (and as much again from hole to hole): many holes do not tell it better than
the drill is known. State: the two common deviates of the recession and one of the drill, all standard normal before.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.beam_rim import RECESSION
from geometry.bolt_hole import HoleFit

_CONTRARY = 3.0
"""Standard deviations between drawn and scanned diameter from which the drawn one is not believed."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A hole that was drilled to a known size, as scanned."""

    name: str
    fit: HoleFit
    drawn: float
    drawn_sd: float
    """Metres."""

    @property
    def row(self) -> FloatArray:
        """(3,) by how much its measured diameter is above the drawn one, with a unit of each deviate, metres."""
        return np.array([*_widened(self.fit), self.drawn_sd])

    @property
    def over(self) -> float:
        """By how much its measured diameter is above the drawn one, metres."""
        return self.fit.diameter - self.drawn

    @property
    def weight(self) -> float:
        """Of what it says, by what is its own alone, 1 / m²."""
        return 1.0 / (self.fit.diameter_scatter**2 + self.drawn_sd**2)


@dataclass(frozen=True, slots=True, eq=False)
class Rims:
    """What is known of the recession of a scan's rims."""

    mean: FloatArray
    """(2,) of its two deviates."""
    root: FloatArray
    """(2, 2) lower triangular: what one unit of common, standard normal deviates does to them."""
    contrary: frozenset[str]
    """Holes that are not of the size that they were drilled to."""

    def diameter(self, fit: HoleFit) -> tuple[float, FloatArray]:
        """Return a diameter without the recession, metres, and by how much (2,) it changes with each deviate."""
        row = _widened(fit)
        return fit.diameter - float(row @ self.mean), -row @ self.root

    def offset(self, shares: FloatArray, sd: float) -> tuple[float, FloatArray]:
        """Return what to add to the offset of an edge, metres, and how much (2,) it changes with each deviate.

        ``shares`` and ``sd`` are those of its ``BeamRim``.
        """
        return float(sd * shares @ self.mean), sd * shares @ self.root


def rims_of(known: Sequence[Known]) -> Rims:
    """Return what holes of known size tell, those left out, worst first, that contradict the others or the beam."""
    kept = list(known)
    while kept:
        apart = [_apart(one, [other for other in kept if other is not one]) for one in kept]
        worst = int(np.argmax(apart))
        if apart[worst] <= _CONTRARY:
            break
        kept.pop(worst)
    mean, covariance = _told(kept)
    names = frozenset(one.name for one in known) - {one.name for one in kept}
    return Rims(mean, np.asarray(np.linalg.cholesky(covariance), np.float64), names)


def _apart(one: Known, others: Sequence[Known]) -> float:
    """Return by how many standard deviations a hole contradicts the others, or what a beam can do at the most."""
    mean, covariance = _told(others)
    row, own = one.row[:2], float(np.hypot(one.fit.diameter_scatter, one.drawn_sd))
    by_others = abs(one.over - float(row @ mean)) / float(np.sqrt(row @ covariance @ row + own**2))
    most = 2.0 * one.fit.beam.recession_sd / RECESSION
    by_beam = max(0.0, abs(one.over) - most) / own
    return max(by_others, by_beam)


def _told(known: Sequence[Known]) -> tuple[FloatArray, FloatArray]:
    """Return mean (2,) and covariance (2, 2) of the recession's deviates."""
    rows = np.array([one.row for one in known]).reshape(-1, 3)
    weights = np.array([one.weight for one in known])
    covariance = np.asarray(np.linalg.inv(np.eye(3) + (rows.T * weights) @ rows), np.float64)
    mean = covariance @ (rows.T * weights) @ np.array([one.over for one in known])
    return mean[:2], covariance[:2, :2]


def _widened(fit: HoleFit) -> FloatArray:
    """Return by how much (2,) a measured diameter is larger with a unit of each deviate of the recession, metres."""
    return 2.0 * fit.beam.recession_sd * fit.beam.shares
