"""A plate with holes, as drawn."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DrilledPlate:
    """Rectangle (low, high) of a plate with holes (x, y, radius), metres."""

    low: tuple[float, float]
    high: tuple[float, float]
    holes: tuple[tuple[float, float, float], ...]
    thickness: float = 0.015
    behind: float = 0.5
    """How far behind it there is a wall."""
