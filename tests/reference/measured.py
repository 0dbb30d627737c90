"""One box as measured: points on its faces as built, fitted and patched, ready for its characteristics."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from geometry.arrays import FloatArray
from geometry.deviation.surface import patch_surface
from geometry.element_pose import PoseProblem, element_shapes, fit_poses
from geometry.measured import Measured
from geometry.pose import Pose
from geometry.uncertainty import Budget
from geometry.witnesses import Witnesses
from tests.reference.scenes import Box, face_normal

SIGMA = 0.0025
Form = Callable[[FloatArray, FloatArray], FloatArray]
"""Points (n, 3) and normals (n, 3) as designed -> how far (n,) the surface bulges out of its rigid place, metres."""


def flat(points: FloatArray, normals: FloatArray) -> FloatArray:
    """Return no bulge."""
    return np.zeros(len(points))


def measured_box(
    box: Box,
    faces: Sequence[str],
    *,
    form: Form = flat,
    spacing: float = 0.04,
    noise: float = 0.002,
    seed: int = 0,
    keep: slice = slice(None),
    yaw: float = 0.0,
    registration: ArrayLike = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    instrument: float = 0.0005,
    materials: tuple[str, ...] = ("concrete",),
) -> Measured:
    """Return what is known of a box seen on some faces; ``registration`` (6,) standard deviations about its middle.

    With ``yaw`` (radians) the design and what was built are turned about the vertical through the origin.
    """
    assert box.built is not None
    rng = np.random.default_rng(seed)
    design = np.concatenate([box.sample(spacing, faces=[f]) for f in faces])[keep]
    normals = np.concatenate([np.tile(face_normal(f), (len(box.sample(spacing, faces=[f])), 1)) for f in faces])[keep]
    out = form(design, normals) + rng.normal(0.0, noise, len(design))
    turn = Pose.from_rotation_vector([0.0, 0.0, yaw])
    points = turn.apply(box.built.apply(design + out[:, None] * normals))
    built_normals = turn.rotate(box.built.rotate(normals))
    design, normals = turn.apply(design), turn.rotate(normals)
    corners = turn.apply(box.corners())
    shapes = element_shapes([turn.apply(box.triangles().reshape(-1, 3)).reshape(-1, 3, 3)])
    problem = PoseProblem(points, built_normals, np.ones(len(points)), np.array([0, len(points)]), SIGMA, 0.15, 0.77)
    fit = fit_poses(shapes, problem, np.array([0]))[0]
    back = fit.T_built_design.inverse().apply(points)
    deviation = np.einsum("ij,ij->i", points - design, normals)
    residual = np.einsum("ij,ij->i", back - design, normals)
    covariance = np.diag(np.asarray(registration, np.float64) ** 2)
    return Measured(
        ifc_class=box.ifc_class,
        materials=materials,
        lower=corners.min(axis=0),
        upper=corners.max(axis=0),
        seen_lower=points.min(axis=0),
        seen_upper=points.max(axis=0),
        fit=fit,
        patches=patch_surface(points, normals, deviation, residual, sigma=SIGMA),
        budget=Budget(covariance, turn.apply(box.centre[None])[0], instrument),
        vertices=shapes.triangles.reshape(-1, 3),
        area=shapes.area(0),
        points=points,
        normals=normals,
        witnesses=Witnesses(points, normals, np.ones(len(points), np.bool_), SIGMA),
    )
