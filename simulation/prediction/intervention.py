"""What acting on predictions does to the yield, before anybody acts: yield, the recall that it takes, and alarms."""

from simulation.errors import SimulationError


def yield_after(defective: float, recall: float, effectiveness: float) -> float:
    """Return the share of good units when those that are recognised are saved with some effectiveness: 1 - p (1 - r e).

    Examples
    --------
    >>> round(yield_after(0.08, 0.85, 0.9), 4)
    0.9812
    """
    _shares(defective, recall, effectiveness)
    return 1.0 - defective * (1.0 - recall * effectiveness)


def recall_needed(defective: float, goal: float, effectiveness: float) -> float | None:
    """Return which share of defects has to be recognised for a yield; None where no recall is enough.

    Examples
    --------
    >>> round(recall_needed(0.08, 0.98, 0.9), 3), recall_needed(0.08, 0.98, 0.7)
    (0.833, None)
    """
    _shares(defective, goal, effectiveness)
    if 1.0 - goal >= defective:
        return 0.0
    product = 1.0 - (1.0 - goal) / defective
    return product / effectiveness if effectiveness > 0.0 and product <= effectiveness else None


def alarms(defective: float, recall: float, separation: float) -> tuple[float, float]:
    """Return P(alarm | good) and P(alarm) of a classifier whose scores are normal, d' standard deviations apart.

    Examples
    --------
    >>> [round(share, 4) for share in alarms(0.08, 0.85, 2.0)]
    [0.1676, 0.2222]
    """
    from scipy.special import ndtr, ndtri

    _shares(defective, recall)
    false = float(ndtr(ndtri(recall) - separation))
    return false, defective * recall + (1.0 - defective) * false


def _shares(*values: float) -> None:
    if not all(0.0 <= value <= 1.0 for value in values):
        raise SimulationError("a share lies outside 0 to 1")
