"""A monitor that tells good from bad by a score: its false alarms, and the recall that a yield asks for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Errors:
    """The shares of an inspection's wrong answers."""

    false_reject: float
    """P(rejected | good)."""
    false_accept: float
    """P(accepted | bad)."""


def classifier(separation: float, recall: float) -> Errors:
    """Return what a classifier of normal scores gets wrong: d' apart, set so that it catches ``recall`` of the bad.

    Examples
    --------
    >>> round(classifier(2.0, 0.85).false_reject, 4)
    0.1676
    """
    from scipy.special import ndtr, ndtri

    return Errors(float(ndtr(float(ndtri(recall)) - separation)), 1.0 - recall)


def needed_recall(defective: float, goal: float, effectiveness: float) -> float:
    """Return the recall that brings first-pass yield to a goal: Y = 1 - p (1 - r e); more than 1: nothing can.

    Examples
    --------
    >>> round(needed_recall(0.08, 0.98, 0.9), 3)
    0.833
    """
    return (1.0 - (1.0 - goal) / defective) / effectiveness
