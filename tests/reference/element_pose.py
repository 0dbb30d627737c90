"""The rigid fit of one element at the noise scale, in plain numpy: what the compiled fit must agree with.

Iterated closest faces, point to plane, Geman-McClure weights, the scale halving from the search band to three sigma.
No other start than the designed place, and no choice of directions: what the points do not fix stays at zero.
"""

import numpy as np

from geometry.arrays import FloatArray
from geometry.pose import Pose
from tests.reference.triangles import compatible, feet, unit_normals


def about(centre: FloatArray, twist: FloatArray) -> Pose:
    """Return the pose that turns about ``centre`` (3,) by twist[3:] and shifts it by twist[:3]."""
    turn = Pose.from_rotation_vector(twist[3:])
    return Pose.from_parts(turn.rotation, centre + twist[:3] - turn.rotation @ centre)


def refine(
    triangles: FloatArray, points: FloatArray, gates: FloatArray, *, sigma: float, band: float, min_cosine: float
) -> FloatArray:
    """Return the twist (6,) about the centre of the box of triangles (t, 3, 3) that fits them to points (n, 3)."""
    corners = triangles.reshape(-1, 3)
    centre = (corners.min(axis=0) + corners.max(axis=0)) / 2
    normals, allowed = unit_normals(triangles), [compatible(triangles, g, min_cosine) for g in gates]
    twist, scale = np.zeros(6), band
    for _ in range(25):
        T = about(centre, twist)
        back = T.inverse().apply(points)
        rows, left = np.zeros((len(points), 6)), np.full(len(points), np.inf)
        for i, p in enumerate(back):
            foot = feet(triangles[allowed[i]], p)
            distance = np.linalg.norm(foot - p, axis=1)
            if len(foot) == 0 or distance.min() > 2 * scale + 3 * sigma:
                continue
            nearest = int(np.argmin(distance))
            normal = normals[allowed[i]][nearest]
            height = float((p - foot[nearest]) @ normal)
            if distance[nearest] ** 2 - height**2 <= (0.5 * abs(height) + 0.001) ** 2:  # not beyond an edge
                left[i], n = height, T.rotate([normal])[0]
                rows[i] = np.concatenate([n, np.cross(points[i] - centre - twist[:3], n)])
        step, found = np.zeros(6), np.isfinite(left)
        for _ in range(4):
            weight = (scale**2 / (scale**2 + (left[found] - rows[found] @ step) ** 2)) ** 2
            root = np.sqrt(weight)[:, None]
            step = np.linalg.lstsq(root * rows[found], root[:, 0] * left[found], rcond=0.05)[0]
        turned = Pose.from_rotation_vector(step[3:]) @ Pose.from_rotation_vector(twist[3:])
        twist = np.concatenate([twist[:3] + step[:3], turned.rotation_vector()])
        scale = max(scale / 2, 3 * sigma)
    return twist
