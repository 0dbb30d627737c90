# pyright: reportMissingParameterType=false, reportUnknownParameterType=false, reportUnknownVariableType=false
"""How thick a solid is at its thickest place: the largest ball that fits inside."""

from typing import Any

import numba as nb
import numpy as np

from geometry.arrays import FloatArray

_BALLS, _MOST_CORNERS = 300, 1500


def largest_ball(piece: Any, floor: float) -> float:
    """Return the diameter of the largest ball found inside a solid, metres; ``floor`` where none is larger.

    Balls that touch the surface from inside at some hundred places are shrunk until no corner is in them, nor the far
    side between the corners (shrinking balls; Ma, Bae and Choi 2012).
    """
    fine = piece.refine_to_length(float(np.sqrt(piece.surface_area() / _BALLS)))
    mesh = fine.to_mesh64()
    corners = np.asarray(mesh.vert_properties, dtype=np.float64)[:, :3]
    triangles = corners[np.asarray(mesh.tri_verts)]
    cross = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    area = np.linalg.norm(cross, axis=1)
    order = np.argsort(-area, kind="stable")[:_BALLS]
    order = order[area[order] > 0.0]
    starts, inward = triangles[order].mean(axis=1), -cross[order] / area[order, None]
    reach, best = float(np.linalg.norm(np.ptp(corners, axis=0))), floor
    near = np.ascontiguousarray(corners[:: 1 + len(corners) // _MOST_CORNERS])
    diameters: FloatArray = _shrunk(starts, inward, near, floor, 1e-9 * reach)
    for index in np.argsort(-diameters, kind="stable"):
        diameter = float(diameters[index])
        if diameter <= best:
            break
        start, direction = starts[index] + 1e-9 * reach * inward[index], inward[index]
        if best > 0.0 and piece.ray_cast(tuple(start), tuple(start + best * direction)):
            continue  # the far side is nearer than the best so far
        hits = piece.ray_cast(tuple(start), tuple(starts[index] + reach * direction))
        best = max(best, min(diameter, hits[0].distance * reach) if hits else 0.0)
    return best


@nb.njit(cache=True)
def _shrunk(starts, inward, corners, floor, tiny):
    """Return the diameters of balls that hold no corner; of those no larger than ``floor``, 0."""
    diameters = np.empty(len(starts))
    for k in range(len(starts)):
        least = np.inf
        for c in range(len(corners)):
            x, y, z = corners[c, 0] - starts[k, 0], corners[c, 1] - starts[k, 1], corners[c, 2] - starts[k, 2]
            along = x * inward[k, 0] + y * inward[k, 1] + z * inward[k, 2]
            if along > tiny:
                least = min(least, (x * x + y * y + z * z) / along)
                if least <= floor:
                    least = 0.0
                    break
        diameters[k] = least
    return diameters
