"""What one person may lift: the revised NIOSH lifting equation.

Waters, Putz-Anderson, Garg and Fine (1993), Ergonomics 36(7); Applications Manual for the Revised NIOSH Lifting
Equation, DHHS (NIOSH) Publication 94-110 (1994), with its metric multipliers. It holds for lifting with two hands,
standing.
"""

from dataclasses import dataclass

LOAD_CONSTANT = 23.0
"""Kilograms."""
COUPLINGS = ("good", "fair", "poor")
DURATIONS = (1, 2, 8)
"""Hours of lifting at most: with as much, 0.3 times as much, or the usual rest."""
_FARTHEST, _HIGHEST, _WIDEST, _LEAST = 0.63, 1.75, 135.0, 0.25
_KNEE_TO_CHEST = 0.75
_PER_MINUTE = (0.2, 0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
_LOW = {
    1: (1.00, 0.97, 0.94, 0.91, 0.88, 0.84, 0.80, 0.75, 0.70, 0.60, 0.52, 0.45, 0.41, 0.37),
    2: (0.95, 0.92, 0.88, 0.84, 0.79, 0.72, 0.60, 0.50, 0.42, 0.35, 0.30, 0.26),
    8: (0.85, 0.81, 0.75, 0.65, 0.55, 0.45, 0.35, 0.27, 0.22, 0.18),
}
"""Table 5 of the manual, hands below 75 cm; beyond its end it is 0."""
_HIGH = {
    1: (*_LOW[1], 0.34, 0.31, 0.28),
    2: (*_LOW[2], 0.23, 0.21),
    8: (*_LOW[8], 0.15, 0.13),
}
_COUPLED = {"good": (1.0, 1.0), "fair": (0.95, 1.0), "poor": (0.9, 0.9)}


@dataclass(frozen=True, slots=True)
class Lifting:
    """How often and how something is lifted."""

    per_minute: float = 0.2
    duration: int = 1
    """Hours: one of ``DURATIONS``."""
    coupling: str = "fair"
    asymmetry: float = 0.0
    """Degrees by which the body turns."""


def recommended_weight(horizontal: float, vertical: float, travel: float, lifting: Lifting) -> float:
    """Return the recommended weight limit, kg: RWL = LC·HM·VM·DM·AM·FM·CM; 0 where nobody should lift.

    Parameters
    ----------
    horizontal
        Metres from the middle between the ankles to the middle of the hands; less than 0.25 counts as that.
    vertical
        Metres of the hands above where the person stands.
    travel
        Metres that the hands go up or down; less than 0.25 counts as that.

    Examples
    --------
    >>> recommended_weight(0.25, 0.75, 0.25, Lifting(coupling="good"))
    23.0
    """
    if horizontal > _FARTHEST or not 0.0 <= vertical <= _HIGHEST or abs(travel) > _HIGHEST:
        return 0.0
    if not 0.0 <= lifting.asymmetry <= _WIDEST:
        return 0.0
    across = _LEAST / max(horizontal, _LEAST)
    height = 1.0 - 0.3 * abs(vertical - _KNEE_TO_CHEST)
    distance = 0.82 + 0.045 / max(abs(travel), _LEAST)
    turned = 1.0 - 0.0032 * lifting.asymmetry
    held = _COUPLED[lifting.coupling][vertical >= _KNEE_TO_CHEST]
    return LOAD_CONSTANT * across * height * min(distance, 1.0) * turned * _frequency(vertical, lifting) * held


def _frequency(vertical: float, lifting: Lifting) -> float:
    """Return the frequency multiplier: between the table's rows the one for more often."""
    table = (_HIGH if vertical >= _KNEE_TO_CHEST else _LOW)[lifting.duration]
    row = next((k for k, often in enumerate(_PER_MINUTE) if lifting.per_minute <= often), len(_PER_MINUTE))
    return table[row] if row < len(table) else 0.0


def picked_from(height: float, width: float) -> float:
    """Return how far the hands are from the ankles where a load of a width is held close, metres (manual, 1.3.1.2)."""
    return (0.20 if height >= 0.25 else 0.25) + 0.5 * width
