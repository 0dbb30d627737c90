"""The scan brought into the design frame, with what is needed to assign its points: normals, stations, noise."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray, IntArray
from geometry.as_built import SeenPoints
from geometry.noise import estimate_noise
from geometry.normals import estimate_normals
from geometry.pose import Pose
from geometry.scan import Scan
from geometry.threads import both
from geometry.triangle_tree import TriangleTree, closest

_MIN_COSINE = 0.77
"""Cosine (about 40 degrees) that a point's normal and a triangle's must reach to be compatible."""
_FACING = 0.02
"""Cosine that a triangle's normal and the direction to the station must reach where the point's normal is unknown."""
_PLANAR = 0.9
"""Planarity from which a point's normal is trusted."""
_FORM = 0.0015
"""What a built surface departs from a plane anyway (m): points are never expected closer to their face than this."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """The scan in the design frame."""

    seen: SeenPoints
    origins: FloatArray | None
    """(n, 3) where each point was seen from; None when the files do not say."""
    stations: FloatArray
    """(s, 3) known station positions."""
    reach: FloatArray
    """(s,) metres: how far each station measured."""
    noise: float
    """Measured standard deviation of a point, metres."""


def bring_into_sight(scan: Scan, T_design_scan: Pose, tree: TriangleTree, *, band: float) -> Sight:
    """Map the scan into the design frame and find for each point what a surface there must face."""
    points = T_design_scan.apply(scan.points)
    if not scan.has_poses:
        (normals, planarity), noise = both(lambda: estimate_normals(points, None), lambda: estimate_noise(points))
        sigma = float(np.hypot(noise, _FORM))
        near = closest(tree, points, band)
        flip = np.einsum("ij,ij->i", normals, near.normal) < 0
        normals[flip] *= -1.0
        gates = np.where((planarity > _PLANAR)[:, None], normals, 0.0)
        seen = SeenPoints(points, gates, np.zeros_like(points), _MIN_COSINE, sigma)
        return Sight(seen, None, np.empty((0, 3)), np.empty(0), noise)
    positions = np.array([s.position if s.position is not None else np.full(3, np.nan) for s in scan.stations])
    positions = T_design_scan.apply(positions)
    origins = positions[scan.station_index]

    def seen_from() -> tuple[float, FloatArray, FloatArray, IntArray]:
        towards = origins - points
        distance = np.linalg.norm(towards, axis=1)
        # a gate is tested as gate . normal >= min_cosine: scaling it down loosens the test to facing the station at all
        facing = towards / np.maximum(distance, 1e-9)[:, None] * (_MIN_COSINE / _FACING)
        used = np.flatnonzero(np.bincount(scan.station_index))
        reach = np.array([np.quantile(distance[scan.station_index == s], 0.999) for s in used])
        return estimate_noise(points), facing, reach, used

    (normals, planarity), (noise, facing, reach, used) = both(lambda: estimate_normals(points, origins), seen_from)
    gates = np.where((planarity > _PLANAR)[:, None], normals, facing)
    sigma = float(np.hypot(noise, _FORM))
    return Sight(SeenPoints(points, gates, facing, _MIN_COSINE, sigma), origins, positions[used], reach, noise)
