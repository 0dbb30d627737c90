"""Closest points and ray hits by looking at every triangle: what geometry.triangle_tree must agree with."""

import numpy as np

from geometry.arrays import BoolArray, FloatArray, Int32Array, IntArray


def feet(triangles: FloatArray, point: FloatArray) -> FloatArray:
    """Return the closest point (t, 3) of every triangle (t, 3, 3): the nearest of the plane's foot and three edges."""
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    candidates = [_on_segment(a, b, point), _on_segment(b, c, point), _on_segment(c, a, point)]
    normal = np.cross(b - a, c - a)
    square = np.einsum("ij,ij->i", normal, normal)
    height = np.einsum("ij,ij->i", point - a, normal) / np.where(square > 0, square, 1.0)
    plane = point - height[:, None] * normal
    inside = square > 0
    for p, q in ((a, b), (b, c), (c, a)):
        inside &= np.einsum("ij,ij->i", normal, np.cross(q - p, plane - p)) >= 0
    candidates.append(np.where(inside[:, None], plane, candidates[0]))
    distances = np.stack([np.linalg.norm(point - foot, axis=1) for foot in candidates])
    return np.stack(candidates)[np.argmin(distances, axis=0), np.arange(len(triangles))]


def _on_segment(p: FloatArray, q: FloatArray, point: FloatArray) -> FloatArray:
    edge = q - p
    square = np.einsum("ij,ij->i", edge, edge)
    along = np.einsum("ij,ij->i", point - p, edge) / np.where(square > 0, square, 1.0)
    return p + np.clip(along, 0.0, 1.0)[:, None] * edge


def unit_normals(triangles: FloatArray) -> FloatArray:
    """Return unit normals (t, 3), zero where there is no area."""
    cross = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    length = np.linalg.norm(cross, axis=1)
    return cross / np.where(length > 0, length, 1.0)[:, None]


def compatible(triangles: FloatArray, gate: FloatArray, min_cosine: float) -> BoolArray:
    """Say which triangles (t,) a gate vector (3,) lets through; a zero gate lets all."""
    return (unit_normals(triangles) @ gate >= min_cosine) | (not gate.any())


def distance_table(triangles: FloatArray, points: FloatArray) -> FloatArray:
    """Return the distance (n, t) of every point to every triangle."""
    return np.stack([np.linalg.norm(feet(triangles, p) - p, axis=1) for p in points])


def nearest_per_element(distance: FloatArray, element: IntArray | Int32Array) -> dict[int, float]:
    """Return the smallest finite distance (t,) of each element."""
    found: dict[int, float] = {}
    for d, e in zip(distance.tolist(), element.tolist(), strict=True):
        if np.isfinite(d):
            found[e] = min(d, found.get(e, np.inf))
    return found


def hit_ranges(triangles: FloatArray, origin: FloatArray, direction: FloatArray) -> FloatArray:
    """Return the range (t,) at which a ray meets each triangle, inf where it does not: one 3 x 3 system each."""
    ranges = np.full(len(triangles), np.inf)
    for i, (a, b, c) in enumerate(triangles):
        system: FloatArray = np.column_stack([b - a, c - a, -direction])
        if abs(np.linalg.det(system)) < 1e-18:
            continue
        solution = np.asarray(np.linalg.solve(system, origin - a), np.float64)
        u, v, t = float(solution[0]), float(solution[1]), float(solution[2])
        if u >= 0 and v >= 0 and u + v <= 1 and t > 0:
            ranges[i] = t
    return ranges
