"""Ray by ray and triangle by triangle: what geometry.visibility must agree with."""

import numpy as np

from geometry.arrays import FloatArray, Int32Array
from tests.reference.triangles import hit_ranges, unit_normals


def ray_counts(
    triangles: FloatArray,
    element: Int32Array,
    origins: FloatArray,
    returns: FloatArray,
    owner: Int32Array,
    margin: float,
) -> dict[str, dict[int, int]]:
    """Return per kind of evidence how many rays each element has; owners -1 are nobody."""
    counts: dict[str, dict[int, int]] = {k: {} for k in ("expected", "confirmed", "near", "blocked", "through", "any")}
    normals = unit_normals(triangles)

    def add(kind: str, e: int) -> None:
        counts[kind][e] = counts[kind].get(e, 0) + 1

    for o, r, own in zip(origins, returns, owner.tolist(), strict=True):
        length = float(np.linalg.norm(r - o))
        direction = (r - o) / length
        ranges = hit_ranges(triangles, o, direction)
        first = int(np.argmin(ranges))
        if ranges[first] <= length + 10.0:
            e, beyond = int(element[first]), length - float(ranges[first])
            add("expected", e)
            kind = "through" if beyond > margin else "blocked" if beyond < -margin else "near"
            add("confirmed" if own == e else kind, e)
        behind = (length - ranges) * np.abs(normals @ direction)  # depth along the surface's normal
        crossed = (ranges < length - margin) & (behind > 0.5 * margin) & (element != own)
        for e in set(element[crossed].tolist()):
            add("any", e)
    return counts


def in_sight(
    triangles: FloatArray, point: FloatArray, normal: FloatArray, station: FloatArray, reach: float
) -> tuple[bool, bool]:
    """Say whether a surface sample faces a station within reach, and whether nothing stands between."""
    distance = float(np.linalg.norm(point - station))
    direction = (point - station) / distance
    facing = float(normal @ direction) < -0.05 and distance < reach
    return facing, facing and not (hit_ranges(triangles, station, direction) < distance - 0.005).any()
