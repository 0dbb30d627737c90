"""F-numbers: how flat (FF) and how level (FL) a floor is, as plain numbers without a unit; the larger, the better.

An F-number is a constant length over the spread of differences between elevations along sample lines,
F = c / (3 s + |mean|). Within qtems that spread, a length in metres, is what is measured, limited and judged, so that
everything that knows lengths knows it, and its uncertainty is symmetrical; people read it as an F-number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

INCH = 0.0254
FOOT = 12 * INCH
_LARGEST = 999.0
"""What is flatter than this is not told apart."""


@dataclass(frozen=True, slots=True)
class FScale:
    """One of the two F-numbers."""

    symbol: str
    constant: float
    """The spread (m) of a floor with the number 1."""

    def spread(self, number: float) -> float:
        """Return the spread (m) of a floor with this F-number.

        Examples
        --------
        >>> round(F_SCALES["floor_flatness"].spread(35.0), 6)
        0.003317
        """
        return self.constant / number

    def number(self, spread: float) -> float:
        """Return the F-number of a spread (m), 999 at most.

        Examples
        --------
        >>> F_SCALES["floor_levelness"].number(0.0127), F_SCALES["floor_levelness"].number(0.0)
        (25.0, 999.0)
        """
        return min(self.constant / spread, _LARGEST) if spread > 0.0 else _LARGEST

    def interval(self, spread: float, expanded_uncertainty: float) -> tuple[float, float]:
        """Return the lowest and the highest F-number that a spread (m) with its U (m) is compatible with."""
        return self.number(spread + expanded_uncertainty), self.number(max(spread - expanded_uncertainty, 0.0))


F_SCALES: Mapping[str, FScale] = MappingProxyType(
    {"floor_flatness": FScale("FF", 4.57 * INCH), "floor_levelness": FScale("FL", 12.5 * INCH)}
)
"""Characteristic -> its F-number (ASTM E1155: FF = 4.57 / (3 s + |mean|) of curvatures, FL = 12.5 / (3 s + |mean|) of
elevation differences over 10 ft, inches)."""
