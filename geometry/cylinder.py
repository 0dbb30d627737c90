# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
"""Round pipes, ducts, columns and piles as designed: is a mesh a cylinder, and which.

A kernel draws a circle as a polygon whose corners lie on it: the radius is that of the corners, not of the facets,
which lie up to the sagitta ``radius (1 - cos(half a facet's angle))`` further in.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from geometry.arrays import FloatArray

_LATERAL = 0.02
"""Cosine between a facet's normal and the axis up to which the facet is of the cylinder's side."""
_ROUND_M = 0.0003
_ROUND_SHARE = 0.002
"""How far the corners may lie from one circle: metres, and as a share of the radius."""
_FACET = 31.0
"""Largest angle (degrees) between neighbouring corners: twelve facets are a circle, an octagon is not."""
_FEWEST, _MOST = 24, 20_000
"""Triangles: twelve facets have two each, and nothing plainly round is cut finer."""
_WHOLE = 0.8
"""Share of the side that must be there: a mitred end may lack some, half a pipe is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Cylinder:
    """A straight round body."""

    centre: FloatArray
    """(3,) the middle of its axis, metres."""
    axis: FloatArray
    """(3,) unit vector; its larger component is positive."""
    length: float
    radius: float

    def basis(self) -> FloatArray:
        """Return two unit vectors (2, 3) across the axis, at right angles to each other."""
        return across(self.axis)


def across(axis: FloatArray) -> FloatArray:
    """Return two unit vectors (2, 3) at right angles to a unit vector (3,) and to each other.

    Examples
    --------
    >>> across(np.array([0.0, 0.0, 1.0])).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    helper = np.eye(3)[int(np.argmin(np.abs(np.round(axis, 9))))]
    first = helper - float(helper @ axis) * axis
    first /= np.linalg.norm(first)
    (x, y, z), (u, v, w) = axis, first
    return np.stack([first, np.array([y * w - z * v, z * u - x * w, x * v - y * u])])


def designed_cylinder(triangles: FloatArray) -> Cylinder | None:
    """Return the cylinder that triangles (t, 3, 3) bound, or None where they bound something else.

    The outer side decides; a hollow pipe is one like a solid bar, whatever is inside. Cones, elbows, flanged pipes,
    half shells and prisms of fewer than twelve sides are not.
    """
    normal = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    area = 0.5 * np.linalg.norm(normal, axis=1)
    real = area > 0
    if not _FEWEST <= real.sum() <= _MOST:
        return None
    triangles, area = triangles[real], area[real]
    normal = normal[real] / (2.0 * area[:, None])
    moment = (normal * area[:, None]).T @ normal
    # where side and ends weigh alike the moment has no axis of its own: an end's normal is tried as well
    rough, number = np.unique(np.round(normal, 3), axis=0, return_inverse=True)
    end = rough[int(np.argmax(np.bincount(number.reshape(-1), weights=area)))]
    for axis in (*np.linalg.eigh(moment)[1].T, end / np.linalg.norm(end)):
        found = _about(axis, triangles, normal, area)
        if found is not None:
            return found
    return None


def _about(axis: FloatArray, triangles: FloatArray, normal: FloatArray, area: FloatArray) -> Cylinder | None:
    """Return the cylinder about an axis (3,) of unknown place, or None."""
    side = np.abs(normal @ axis) < _LATERAL
    if area[side].sum() < 0.3 * area.sum():
        return None
    axis = axis * (-1.0 if np.round(axis, 9)[int(np.argmax(np.abs(np.round(axis, 9))))] < 0 else 1.0)
    basis = across(axis)
    middle = triangles.reshape(-1, 3).mean(axis=0)
    flat = (triangles - middle) @ basis.T
    corners = flat.reshape(-1, 2)
    try:
        rim = corners[ConvexHull(corners).vertices]
    except (QhullError, ValueError):
        return None
    centre, radius = _circle(rim)
    allowed = _ROUND_M + _ROUND_SHARE * radius
    if len(rim) < 12 or np.abs(np.linalg.norm(rim - centre, axis=1) - radius).max() > allowed:
        return None
    angle = np.sort(np.arctan2(*(rim - centre).T[::-1]))
    if np.degrees(np.diff(np.append(angle, angle[0] + 2.0 * np.pi))).max() > _FACET:
        return None
    outer = side & (np.abs(np.linalg.norm(flat - centre, axis=2) - radius).max(axis=1) <= allowed)
    if not outer.any():
        return None
    along = (triangles[outer].reshape(-1, 3) - middle) @ axis
    low, high = float(along.min()), float(along.max())
    reach = (triangles.reshape(-1, 3) - middle) @ axis
    if reach.min() < low - allowed or reach.max() > high + allowed:
        return None  # only a part of it is round: a flange
    if high <= low or area[outer].sum() < _WHOLE * 2.0 * np.pi * radius * (high - low):
        return None
    return Cylinder(middle + basis.T @ centre + 0.5 * (low + high) * axis, axis, high - low, radius)


def _circle(points: FloatArray) -> tuple[FloatArray, float]:
    """Return centre (2,) and radius of the circle nearest to points (n, 2) that lie on one (Kasa 1976)."""
    shift = points.mean(axis=0)
    local = points - shift
    design = np.column_stack([2.0 * local, np.ones(len(local))])
    x, y, c = np.linalg.lstsq(design, (local**2).sum(axis=1), rcond=None)[0]
    return shift + np.array([x, y]), float(np.sqrt(max(c + x * x + y * y, 0.0)))
