"""How far two solids would have to move to be clear of each other, and how far apart two are that share nothing."""

from collections.abc import Generator

import numpy as np

from geometry.arrays import FloatArray
from simulation.assembly.collar_kernels import only_meets
from simulation.assembly.gap_kernels import extents, gap_between, least_overlap, plainly_apart
from simulation.assembly.solid import Solid

_AXES = np.eye(3)


def signed_depth(first: Solid, second: Solid, enough: float = -np.inf) -> tuple[float, FloatArray]:
    """Return the least way that brings two solids apart, metres (negative: they are), and its direction (3,).

    Along a face normal, an axis or the line of centres, by the extents of both: enough for every shape, and exact for
    boxes that overlap. The first way of no more than ``enough`` metres ends the search.
    """
    least, direction = np.inf, _AXES[0]
    for directions, reach, corners in _ways(first, second):
        found, row = least_overlap(directions, reach, corners, least, enough)
        if row >= 0:
            least, direction = float(found), directions[row]
        if least <= enough:
            break
    return least, direction


def separation(first: Solid, second: Solid) -> float:
    """Return the least way that brings two solids apart, metres; 0 where they are."""
    return max(signed_depth(first, second)[0], 0.0)


def gap(first: Solid, second: Solid, reach: float) -> float:
    """Return the distance of two solids that share no volume, metres; ``reach`` where they are no nearer."""
    bounds = np.array((first.bounds, second.bounds))
    return float(gap_between(first.corners, first.faces, second.corners, second.faces, bounds, reach))


def plain_gap(first: Solid, second: Solid, reach: float) -> float | None:
    """Return the distance of two solids that a plane is between, as :func:`gap`; None where none along a face is."""
    ours, theirs = ((solid.corners, solid.faces, solid.normals, solid.reach) for solid in (first, second))
    apart, found = plainly_apart(*ours, *theirs, np.array((first.bounds, second.bounds)), reach)
    return float(found) if apart else None


def plainly_only_meet(first: Solid, second: Solid) -> bool:
    """Return whether it is plain from their surfaces that two solids share nothing; False: they may."""
    ours, theirs = (first.corners, first.faces), (second.corners, second.faces)
    return bool(only_meets(*ours, *theirs, np.array((first.bounds, second.bounds))))


def _ways(first: Solid, second: Solid) -> Generator[tuple[FloatArray, FloatArray, FloatArray]]:
    """Give directions (k, 3), how far one solid reaches along them (k, 2), and the corners of the other."""
    yield first.normals, first.reach, second.corners
    yield second.normals, second.reach, first.corners
    yield _AXES, np.ascontiguousarray(first.bounds.T), second.bounds
    between = second.middle - first.middle
    length = float(np.linalg.norm(between))
    if length > 0.0:
        line = between[None] / length
        yield line, extents(first.corners, line), second.corners
