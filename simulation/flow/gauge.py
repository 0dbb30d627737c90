"""What a measurement gets wrong: false accepts and false rejects from its uncertainty, its guard band, the process."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

_NODES = 200


@dataclass(frozen=True, slots=True)
class Gauge:
    """A characteristic that is normal from unit to unit, measured with a normal error."""

    lower: float
    upper: float
    mean: float
    sd: float
    uncertainty: float
    """Standard uncertainty of one measurement."""
    guard_band: float = 0.0
    """The acceptance limits lie so far inside the tolerance limits; negative: outside."""


@dataclass(frozen=True, slots=True)
class Errors:
    """The shares of an inspection's wrong answers."""

    false_reject: float
    """P(rejected | good)."""
    false_accept: float
    """P(accepted | bad)."""
    defective: float
    """P(bad)."""


def gauge_errors(gauge: Gauge) -> Errors:
    """Return what a gauge gets wrong (JCGM 106:2012, 9.4, 9.5: specific risks over the process, by quadrature).

    Examples
    --------
    >>> found = gauge_errors(Gauge(-3.0, 3.0, 0.0, 1.0, 1e-6))
    >>> round(found.defective, 4), found.false_reject < 1e-5
    (0.0027, True)
    """
    from scipy.special import ndtr

    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    low, high = gauge.lower + gauge.guard_band, gauge.upper - gauge.guard_band

    def mass(start: float, end: float) -> tuple[float, float]:
        """Return P(start < X < end) and P(start < X < end, accepted)."""
        start, end = max(start, gauge.mean - 12.0 * gauge.sd), min(end, gauge.mean + 12.0 * gauge.sd)
        if start >= end:
            return 0.0, 0.0
        # where acceptance turns over within a few uncertainties the nodes are set apart
        turns = [at + side * 8.0 * gauge.uncertainty for at in (low, high) for side in (-1.0, 0.0, 1.0)]
        cuts = sorted({start, end, *(at for at in (*turns, gauge.mean) if start < at < end)})
        total = accepted = 0.0
        for one, other in pairwise(cuts):
            x = 0.5 * (one + other) + 0.5 * (other - one) * nodes
            density = np.exp(-0.5 * ((x - gauge.mean) / gauge.sd) ** 2) / (gauge.sd * np.sqrt(2.0 * np.pi))
            share = 0.5 * (other - one) * weights * density
            taken = ndtr((high - x) / gauge.uncertainty) - ndtr((low - x) / gauge.uncertainty)
            total += float(share.sum())
            accepted += float((share * taken).sum())
        return total, accepted

    good, good_taken = mass(gauge.lower, gauge.upper)
    parts = [mass(-np.inf, gauge.lower), mass(gauge.upper, np.inf)]
    bad, bad_taken = sum(one for one, _ in parts), sum(taken for _, taken in parts)
    return Errors(
        1.0 - good_taken / good if good > 0.0 else 0.0, bad_taken / bad if bad > 0.0 else 0.0, bad / (good + bad)
    )


def classifier(separation: float, recall: float) -> Errors:
    """Return what a classifier of normal scores gets wrong: d' apart, set so that it catches ``recall`` of the bad.

    Examples
    --------
    >>> round(classifier(2.0, 0.85).false_reject, 4)
    0.1676
    """
    from scipy.special import ndtr, ndtri

    return Errors(float(ndtr(float(ndtri(recall)) - separation)), 1.0 - recall, float("nan"))


def needed_recall(defective: float, goal: float, effectiveness: float) -> float:
    """Return the recall that brings first-pass yield to a goal: Y = 1 - p (1 - r e); more than 1: nothing can.

    Examples
    --------
    >>> round(needed_recall(0.08, 0.98, 0.9), 3)
    0.833
    """
    return (1.0 - (1.0 - goal) / defective) / effectiveness
