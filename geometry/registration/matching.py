"""Scan points against the design's true triangles: exact closest points on faces that look the same way."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray, Int32Array, IntArray
from geometry.pose import Pose
from geometry.registration.surfaces import DesignSurface, ScanSample
from geometry.triangle_tree import closest

MIN_COSINE = 0.8
"""Normals may differ by 37 degrees: they are rough near edges, and a perpendicular face must not match."""


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Points that found a compatible face near, in the design frame."""

    index: IntArray
    """(m,) index into the sample."""
    points: FloatArray
    """(m, 3) metres."""
    normals: FloatArray
    """(m, 3) of the design's face."""
    residual: FloatArray
    """(m,) metres along that normal, + = outside."""
    distance: FloatArray
    """(m,) metres to the face, beyond its edge too."""
    element: Int32Array
    triangle: Int32Array

    def only(self, kept: IntArray) -> "Matches":
        """Return the matches ``kept`` (k,) names, in that order."""
        return Matches(
            self.index[kept], self.points[kept], self.normals[kept], self.residual[kept], self.distance[kept],
            self.element[kept], self.triangle[kept],
        )  # fmt: skip


def match(
    surface: DesignSurface, sample: ScanSample, T_design_scan: Pose, reach: float, *, past_edge: float = np.inf
) -> Matches:
    """Return the matches within ``reach`` metres and at most ``past_edge`` metres beyond the edge of their face."""
    points, facing = T_design_scan.apply(sample.points), T_design_scan.rotate(sample.normals)
    near = closest(surface.tree, points, reach, normals=facing, min_cosine=MIN_COSINE)
    index = np.flatnonzero(near.triangle >= 0)
    residual = np.einsum("ij,ij->i", near.normal[index], points[index] - near.foot[index])
    beyond = near.distance[index] ** 2 - residual**2
    keep = beyond <= past_edge**2
    index = index[keep]
    return Matches(
        index, points[index], near.normal[index], residual[keep], near.distance[index], near.element[index],
        near.triangle[index],
    )  # fmt: skip


def jacobian(matches: Matches, pivot: FloatArray) -> FloatArray:
    """Return d residual / d (rotation vector, translation) (m, 6) for a left perturbation about ``pivot`` (3,)."""
    return np.concatenate([np.cross(matches.points - pivot, matches.normals), matches.normals], axis=1)


def perturbed(T_design_scan: Pose, step: FloatArray, pivot: FloatArray) -> Pose:
    """Return the pose after turning by ``step[:3]`` radians about ``pivot`` and moving by ``step[3:]`` metres."""
    turn = Pose.from_rotation_vector(step[:3])
    move = Pose.from_parts(turn.rotation, pivot + step[3:] - turn.rotation @ pivot)
    # re-orthonormalise: hundreds of products must not drift out of the rotation group
    product = move @ T_design_scan
    u, _, vt = np.linalg.svd(product.rotation)
    return Pose.from_parts(u @ vt, product.translation)


def closeness(matches: Matches, count: int, scale: float) -> FloatArray:
    """Return how well each of ``count`` sample points is explained (count,): 1 on the surface, 1/2 at ``scale``."""
    value = np.zeros(count)
    value[matches.index] = 1.0 / (1.0 + (matches.distance / scale) ** 2)
    return value
