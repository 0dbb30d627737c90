"""Meshes of cylinders, points on them, and a fit by a general minimiser that shares no code with the product's."""

import numpy as np
from scipy.optimize import least_squares

from geometry.arrays import FloatArray


def cylinder_mesh(radius: float, length: float, facets: int = 24, *, bore: float = 0.0) -> FloatArray:
    """Return the triangles (t, 3, 3) of a cylinder about z, its corners on the circle, hollow where there is a bore."""
    angle = np.arange(facets) * 2.0 * np.pi / facets
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    low, high = -length / 2, length / 2
    triangles: list[FloatArray] = []
    for a, b in zip(circle, np.roll(circle, -1, axis=0), strict=True):
        for r, turn in ((radius, 1), (bore, -1)):
            if r:
                p, q, s, t = ([*(r * a), low], [*(r * b), low], [*(r * b), high], [*(r * a), high])
                triangles += [np.array([p, q, s])[::turn], np.array([p, s, t])[::turn]]
        for z, turn in ((low, -1), (high, 1)):
            inner_a, inner_b = [*(bore * a), z], [*(bore * b), z]
            outer_a, outer_b = [*(radius * a), z], [*(radius * b), z]
            triangles.append(np.array([inner_a, outer_a, outer_b])[::turn])
            if bore:
                triangles.append(np.array([inner_a, outer_b, inner_b])[::turn])
    return np.array(triangles, np.float64)


def on_cylinder(
    radius: float, length: float, rng: np.random.Generator, *, count: int, noise: float, arc: float = 2.0 * np.pi
) -> FloatArray:
    """Return points (n, 3) about z on an arc (rad) that is centred on +x."""
    angle = rng.uniform(-arc / 2, arc / 2, count)
    out = radius + rng.normal(0.0, noise, count)
    return np.stack([out * np.cos(angle), out * np.sin(angle), rng.uniform(-length / 2, length / 2, count)], axis=1)


def brute_fit(points: FloatArray, radius: float) -> tuple[FloatArray, FloatArray, float]:
    """Return a point of the axis at z = 0, its direction per metre of z, and the radius, starting at the z axis."""

    def distances(state: FloatArray) -> FloatArray:
        axis = np.array([state[2], state[3], 1.0])
        axis /= np.linalg.norm(axis)
        away = np.cross(points - [state[0], state[1], 0.0], axis)
        return np.linalg.norm(away, axis=1) - state[4]

    state = least_squares(distances, [0.0, 0.0, 0.0, 0.0, radius], xtol=1e-15, ftol=1e-15, gtol=1e-15).x
    return state[:2], state[2:4], float(state[4])
