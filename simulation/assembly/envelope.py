"""The space before a side of an element: the face that bounds it, swept; and what of something else lies in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from geometry.arrays import FloatArray

HalfSpace = tuple[FloatArray, float]
"""What lies at or beyond ``offset`` along a unit normal (3,): normal · x >= offset."""


@dataclass(frozen=True, eq=False)
class Envelope:
    """A box of any direction that begins at the face of an element."""

    axes: FloatArray
    """(3, 3) rows: towards where it is swept, and two sides of the face, a right-handed frame."""
    low: FloatArray
    """(3,) along ``axes``, metres; the first is where the face lies."""
    high: FloatArray

    @cached_property
    def corners(self) -> FloatArray:
        """(8, 3) metres: those at the face first."""
        steps = np.array([[(k >> 2) & 1, (k >> 1) & 1, k & 1] for k in range(8)])
        return np.where(steps == 1, self.high, self.low) @ self.axes

    @cached_property
    def bounds(self) -> FloatArray:
        """(2, 3) metres."""
        return np.stack([self.corners.min(axis=0), self.corners.max(axis=0)])

    @cached_property
    def body(self) -> Any:
        """``manifold3d.Manifold``."""
        import manifold3d

        size = self.high - self.low
        frame = np.column_stack([self.axes.T, self.low @ self.axes])
        return manifold3d.Manifold.cube(tuple(size)).transform(frame)

    def half_spaces(self, inside: float) -> list[HalfSpace]:
        """Return the six that it is made of, each moved ``inside`` by so many metres."""
        starts = [(self.axes[k], float(self.low[k]) + inside) for k in range(3)]
        return starts + [(-self.axes[k], inside - float(self.high[k])) for k in range(3)]


@dataclass(frozen=True, slots=True)
class Sides:
    """Along which axes a space lies before an element, and by how much it is wider than the face."""

    towards: FloatArray
    """(3,) unit vector."""
    across: FloatArray
    """(2, 3) unit vectors along the face, right-handed with ``towards``."""
    grow: FloatArray
    """(2, 2) metres, 0 at least: low and high end along each of ``across``."""


def envelope_of(vertices: FloatArray, sides: Sides, distance: float) -> Envelope:
    """Return the space before the outermost face of a shape.

    Parameters
    ----------
    vertices
        (v, 3) of the element, metres.
    sides
        Where it lies.
    distance
        How far it goes, metres.
    """
    axes = np.vstack([sides.towards, sides.across])
    along = vertices @ axes.T
    low, high = along.min(axis=0), along.max(axis=0)
    low[1:] -= sides.grow[:, 0]
    high[1:] += sides.grow[:, 1]
    low[0], high[0] = high[0], high[0] + distance
    return Envelope(axes, low, high)


def clipped(triangles: FloatArray, half_spaces: Iterable[HalfSpace]) -> FloatArray:
    """Return the corners (k, 3) of what of triangles (f, 3, 3) lies in all half-spaces (Sutherland, Hodgman 1974)."""
    planes = list(half_spaces)
    found = list[FloatArray]()
    for triangle in triangles[_may_reach(triangles, planes)]:
        polygon = triangle
        for normal, offset in planes:
            polygon = _cut(polygon, normal, offset)
            if len(polygon) < 3:
                break
        else:
            found.append(polygon)
    return np.concatenate(found) if found else np.empty((0, 3))


def trimmed(triangles: FloatArray, half_spaces: Iterable[HalfSpace]) -> FloatArray:
    """Return what of triangles (f, 3, 3) lies in all half-spaces, as triangles (k, 3, 3)."""
    planes, found = list(half_spaces), list[FloatArray]()
    for triangle in triangles[_may_reach(triangles, planes)]:
        polygon = triangle
        for normal, offset in planes:
            polygon = _cut(polygon, normal, offset)
        found += [polygon[[0, k, k + 1]] for k in range(1, len(polygon) - 1)]
    return np.array(found).reshape(-1, 3, 3)


def _may_reach(triangles: FloatArray, planes: Sequence[HalfSpace]) -> Any:
    keep = np.ones(len(triangles), dtype=np.bool_)
    for normal, offset in planes:
        keep &= (triangles @ normal).max(axis=1) >= offset
    return keep


def _cut(polygon: FloatArray, normal: FloatArray, offset: float) -> FloatArray:
    above = polygon @ normal - offset
    kept = list[FloatArray]()
    for k in range(len(polygon)):
        here, there = above[k - 1], above[k]
        if (here >= 0.0) != (there >= 0.0):
            share = here / (here - there)
            kept.append(polygon[k - 1] + share * (polygon[k] - polygon[k - 1]))
        if there >= 0.0:
            kept.append(polygon[k])
    return np.array(kept).reshape(-1, 3)
