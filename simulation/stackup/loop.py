"""Two-dimensional vector loops: links, each with a length and a direction, that have to close.

The unknowns of an assembly (a gap, an angle that comes about) are those for which every loop closes; they are solved
by Newton's method for all samples at once (Chase, Gao, Magleby: General 2-D tolerance analysis of mechanical
assemblies with small kinematic adjustments, J. Design and Manufacturing 5, 1995: there linearised, here not).
"""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray, IntArray
from simulation.errors import NoSolution
from simulation.formula import Formula
from simulation.newton import solve


@dataclass(frozen=True, slots=True)
class Link:
    """One vector of a loop."""

    length: Formula
    direction: Formula
    """Radians from the x axis, counter-clockwise."""


@dataclass(frozen=True, slots=True)
class Loops:
    """Loops that close together, and the unknowns that make them close: two for each loop."""

    loops: tuple[tuple[Link, ...], ...]
    unknowns: tuple[str, ...]
    start: tuple[float, ...]
    """A first guess: which of several ways to close is meant."""
    scale: float
    """A typical length of the loops."""

    def __post_init__(self) -> None:
        """Refuse what cannot have one answer."""
        if len(self.unknowns) != 2 * len(self.loops):
            raise NoSolution(
                f"{len(self.loops)} loop(s) fix {2 * len(self.loops)} unknowns, not {len(self.unknowns)}: "
                f"{', '.join(self.unknowns) or 'none'}"
            )

    @property
    def gives(self) -> tuple[str, ...]:
        """Return the unknowns."""
        return self.unknowns

    def extend(self, values: dict[str, FloatArray]) -> None:
        """Add the unknowns; NaN for a sample whose loops do not close."""
        size = len(next(iter(values.values())))
        first = np.tile(np.asarray(self.start), (size, 1))

        def gaps(unknowns: FloatArray, rows: IntArray) -> FloatArray:
            picked = {name: column[rows] for name, column in values.items()}
            return self._gaps(picked | dict(zip(self.unknowns, unknowns.T, strict=True)), len(unknowns)) / self.scale

        solved = solve(gaps, first)
        for index, name in enumerate(self.unknowns):
            values[name] = solved[:, index]

    def _gaps(self, values: dict[str, FloatArray], size: int) -> FloatArray:
        """Return how far each loop is from closing, (m, 2 l)."""
        out = np.zeros((size, 2 * len(self.loops)))
        for index, loop in enumerate(self.loops):
            for link in loop:
                length, direction = link.length(values), link.direction(values)
                out[:, 2 * index] += length * np.cos(direction)
                out[:, 2 * index + 1] += length * np.sin(direction)
        return out
