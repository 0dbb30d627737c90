"""Numbers as reports print them: rounded above numerical noise, None instead of NaN and infinity.

Coordinates of 5,000 km leave float64 noise of about 1e-9 m; 1e-4 mm and 1e-6 degrees are a hundred times coarser and
still far below what any scanner resolves, so the same building gives the same digits wherever it stands.
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

MM_DIGITS = 4
DEG_DIGITS = 6
M_DIGITS = 6


def finite(value: float | None, digits: int) -> float | None:
    """Return ``value`` rounded to ``digits`` decimals, None for None, NaN and infinities; never -0.0.

    Examples
    --------
    >>> finite(1.23456, 2), finite(float("nan"), 2), finite(-1e-9, 3)
    (1.23, None, 0.0)
    """
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), digits) + 0.0


def millimetres(value: float | None) -> float | None:
    """Return metres as rounded millimetres."""
    return None if value is None else finite(value * 1000.0, MM_DIGITS)


def degrees(value: float | None) -> float | None:
    """Return radians as rounded degrees."""
    return None if value is None else finite(math.degrees(value), DEG_DIGITS)


def metres(values: Iterable[float]) -> list[float | None]:
    """Return metres rounded to a micrometre."""
    return [finite(float(value), M_DIGITS) for value in values]


def significant(value: float, digits: int = 9) -> float | None:
    """Return ``value`` with ``digits`` significant digits, None when it is not finite.

    Examples
    --------
    >>> significant(1.23456789012e-7, 3), significant(float("inf"))
    (1.23e-07, None)
    """
    return float(f"{value:.{digits - 1}e}") + 0.0 if math.isfinite(value) else None


def matrix(values: ArrayLike, digits: int = 9) -> list[list[float | None]]:
    """Return a matrix (n, m) as lists of numbers with ``digits`` significant digits."""
    return [[significant(float(value), digits) for value in row] for row in np.asarray(values, np.float64)]
