"""The plan of an element: the smallest rectangle around it, seen from above."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from geometry.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class PlanRectangle:
    """The rectangle of least area around an element's plan."""

    axes: FloatArray
    """(2, 2) rows: unit direction of the longer and of the shorter side."""
    lengths: FloatArray
    """(2,) metres, the longer first."""


def plan_rectangle(vertices: FloatArray) -> PlanRectangle:
    """Return the rectangle around vertices (n, 3) or (n, 2) as seen from above.

    One of its sides lies along a side of the convex hull (Freeman and Shapira 1975).

    Examples
    --------
    >>> plan_rectangle(np.array([[0.0, 0, 0], [4, 0, 0], [4, 0.2, 0], [0, 0.2, 3]])).lengths
    array([4. , 0.2])
    """
    plan = np.unique(np.round(vertices[:, :2], 6), axis=0)
    try:
        plan = plan[ConvexHull(plan).vertices]
        edges = np.roll(plan, -1, axis=0) - plan
    except (QhullError, ValueError):  # a line or a point: nothing to span a hull
        edges = (plan - plan[0])[1:]
    edges = edges[np.linalg.norm(edges, axis=1) > 1e-9]
    if len(edges) == 0:
        return PlanRectangle(np.eye(2), np.zeros(2))
    along = edges / np.linalg.norm(edges, axis=1, keepdims=True)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    sides = np.stack([np.ptp(plan @ along.T, axis=0), np.ptp(plan @ across.T, axis=0)], axis=1)
    best = int(np.argmin(np.round(sides.prod(axis=1), 9)))
    axes, lengths = np.stack([along[best], across[best]]), sides[best]
    order = [0, 1] if lengths[0] >= lengths[1] else [1, 0]
    return PlanRectangle(_pointing_forward(axes[order]), lengths[order])


def _pointing_forward(axes: FloatArray) -> FloatArray:
    """Turn each axis so that its larger component is positive: + is then the same way for every element."""
    larger = axes[np.arange(2), np.argmax(np.abs(np.round(axes, 9)), axis=1)]
    return axes * np.where(larger < 0, -1.0, 1.0)[:, None] + 0.0
