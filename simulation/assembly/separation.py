"""How far two solids would have to move to be clear of each other."""

import numpy as np

from geometry.arrays import FloatArray
from simulation.assembly.solid import Solid


def signed_depth(first: Solid, second: Solid) -> tuple[float, FloatArray]:
    """Return the least way that brings two solids apart, metres (negative: they are), and its direction (3,).

    Along a face normal, an axis or the line of centres, by the extents of both: enough for every shape, and exact for
    boxes that overlap.
    """
    ours, theirs = first.corners, second.corners
    between = theirs.mean(axis=0) - ours.mean(axis=0)
    length = float(np.linalg.norm(between))
    centres = [between[None] / length] if length > 0.0 else []
    directions = np.vstack([first.normals, second.normals, np.eye(3), *centres])
    least = np.concatenate(
        [_least(ours, theirs, some) for some in (first.normals, second.normals, np.eye(3), *centres)]
    )
    best = int(np.argmin(least))
    return float(least[best]), directions[best]


def separation(first: Solid, second: Solid) -> float:
    """Return the least way that brings two solids apart, metres; 0 where they are."""
    return max(signed_depth(first, second)[0], 0.0)


def _least(ours: FloatArray, theirs: FloatArray, directions: FloatArray) -> FloatArray:
    a, b = ours @ directions.T, theirs @ directions.T
    return np.minimum(a.max(axis=0) - b.min(axis=0), b.max(axis=0) - a.min(axis=0))
