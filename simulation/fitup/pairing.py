"""Which of several parts goes to which of several places: the best pairing, by the slack that each pair is left."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from geometry.arrays import FloatArray
from simulation.fitup.joint import Freedom, Joint, Part
from simulation.fitup.minimax import minimax
from simulation.fitup.problem import misfits_of, nominal, settled


@dataclass(frozen=True, slots=True, eq=False)
class Pairing:
    """Parts at places."""

    places: tuple[str, ...]
    parts: tuple[str, ...]
    slack: FloatArray
    """(places, parts) the least slack of every pair, metres."""
    chosen: tuple[tuple[int, int], ...]
    """Pairs (place, part): the least slack among them is as large as it can be, then their sum."""
    unknown: tuple[tuple[str, str], ...] = ()
    """Features (part, name) of chosen pairs that nothing is known of: their slack is that of the drawn ones."""

    @property
    def least(self) -> float:
        """The least slack among the chosen pairs, metres."""
        return min(float(self.slack[pair]) for pair in self.chosen)


def best_pairing(joint: Joint, places: Sequence[Part], parts: Sequence[Part]) -> Pairing:
    """Return the best pairing of parts with places, each used once; the joint says what has to be kept."""
    slack = np.array([[_slack(replace(joint, fixed=place, moving=part)) for part in parts] for place in places])
    return Pairing(tuple(place.name for place in places), tuple(part.name for part in parts), slack, best_pairs(slack))


def best_pairs(slack: FloatArray) -> tuple[tuple[int, int], ...]:
    """Return pairs (row, column) whose least slack is as large as possible, and then whose sum is.

    Examples
    --------
    >>> best_pairs(np.array([[5.0, 1.0], [4.0, -3.0]]))
    ((0, 1), (1, 0))
    """
    from scipy.optimize import linear_sum_assignment

    levels = np.unique(slack)
    count = min(slack.shape)
    low, high = 0, len(levels) - 1
    while low < high:  # the highest level at which as many pairs as there can be reach it
        middle = (low + high + 1) // 2
        rows, columns = linear_sum_assignment(slack >= levels[middle], maximize=True)
        enough = int((slack[rows, columns] >= levels[middle]).sum()) == count
        low, high = (middle, high) if enough else (low, middle - 1)
    span = float(np.ptp(slack)) + 1.0
    worth = np.where(slack >= levels[low], slack - slack.min(), -span * (count + 1))
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return tuple((int(row), int(column)) for row, column in zip(rows, columns, strict=True))


def _slack(joint: Joint) -> float:
    drawn = nominal(joint)
    start = settled(joint, drawn)
    misfits = misfits_of(joint, drawn, start)
    x = np.zeros((1, misfits.turning.shape[2])) if joint.freedom is Freedom.NONE else minimax(misfits)
    return -float(max(misfits.worst(x)[0], -drawn.room.min(initial=np.inf)))
