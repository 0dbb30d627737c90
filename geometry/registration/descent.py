"""From a coarse pose into the nearest valley: quick robust point-to-plane steps with a shrinking reach."""

import numpy as np

from geometry.arrays import FloatArray
from geometry.pose import Pose
from geometry.registration.matching import jacobian, match, perturbed
from geometry.registration.surfaces import DesignSurface, ScanSample

LEVELLED = (2, 3, 4, 5)
"""Yaw and translation: what may move while the scan is taken to be level."""
FREE = (0, 1, 2, 3, 4, 5)


def descend(
    surface: DesignSurface,
    sample: ScanSample,
    T_design_scan: Pose,
    reaches: tuple[float, ...],
    *,
    freedoms: tuple[int, ...] = FREE,
) -> Pose:
    """Return the pose after one Gauss-Newton step per reach (metres), weights after Geman and McClure 1987.

    Directions that the surfaces seen do not fix stay where they are.
    """
    axes = list(freedoms)
    for reach in reaches:
        matches = match(surface, sample, T_design_scan, reach, past_edge=0.5 * reach)
        if len(matches.index) < 20:
            return T_design_scan
        pivot = matches.points.mean(axis=0)
        weight = (1.0 / (1.0 + (3.0 * matches.residual / reach) ** 2)) ** 2
        step = np.zeros(6)
        step[axes] = damped_step(jacobian(matches, pivot)[:, axes], matches.residual, weight)
        T_design_scan = perturbed(T_design_scan, step, pivot)
    return T_design_scan


def damped_step(rows: FloatArray, residual: FloatArray, weight: FloatArray, share: float = 1e-3) -> FloatArray:
    """Return the weighted least-squares step (k,) against residuals (m,), held back where nothing pulls.

    ``share`` of the average information is added on the diagonal in units that make metres and radians comparable.
    """
    weighted = rows * weight[:, None]
    information = rows.T @ weighted
    reach = np.sqrt(np.maximum(np.mean(rows**2, axis=0), 1e-12))
    reach = np.maximum(reach, 0.1 * reach.max())
    information = information + np.diag(share * weight.sum() * reach**2)
    return np.negative(np.linalg.solve(information, weighted.T @ residual)).astype(np.float64)
