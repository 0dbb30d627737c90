"""F-numbers straight from their definition, line by line with nothing but the statistics module; inches and feet."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import mean, stdev

Surface = Callable[[float, float], float]
"""Place in plan (m) -> elevation (m)."""


def curvatures(h: Sequence[float]) -> list[float]:
    """Return q of elevations a foot apart: the difference of successive differences."""
    d = [b - a for a, b in pairwise(h)]
    return [b - a for a, b in pairwise(d)]


def falls(h: Sequence[float]) -> list[float]:
    """Return z of elevations a foot apart: the difference over 10 ft."""
    return [b - a for a, b in zip(h, h[10:], strict=False)]


def line_number(values: Sequence[float], constant: float) -> float:
    """Return constant / (3 s + |mean|) of one line, inches."""
    spread = 3.0 * stdev(values) + abs(mean(values))
    return constant / spread if spread else math.inf


def composite(numbers: Sequence[tuple[float, int]]) -> tuple[float, int]:
    """Combine (F, differences) of lines two at a time: F1 F2 sqrt((r1 + r2) / (r2 F1^2 + r1 F2^2))."""
    (total, r), *rest = numbers
    for f, n in rest:
        # each F stands for a mean square 1 / F^2 over its differences
        unevenness = r / total**2 + n / f**2
        total, r = math.sqrt((r + n) / unevenness) if unevenness else math.inf, r + n
    return total, r


def f_numbers(surface: Surface, length: float, width: float) -> tuple[float, float]:
    """Return FF and FL of a rectangular floor from (0, 0) to (length, width) m, 25 ft or wider, without any noise."""
    numbers: list[list[tuple[float, float]]] = []
    for along, across, swapped in ((length, width, False), (width, length, True)):
        places = _places(along, 0.3048)
        lines = [
            [(surface(t, s) if swapped else surface(s, t)) / 0.0254 for s in places] for t in _places(across, 1.2192)
        ]
        numbers.append(
            [
                composite([(line_number(v, c), len(v)) for v in map(kind, lines)])
                for kind, c in ((curvatures, 4.57), (falls, 12.5))
            ]
        )
    (qx, zx), (qy, zy) = numbers
    return composite([(qx[0], 1), (qy[0], 1)])[0], composite([(zx[0], 1), (zy[0], 1)])[0]


def _places(extent: float, step: float) -> list[float]:
    room = extent - 4 * 0.3048
    count = math.floor(room / step + 1e-6) + 1
    return [extent / 2 + step * (i - (count - 1) / 2) for i in range(count)]
