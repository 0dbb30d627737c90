# pyright: reportMissingParameterType=false, reportUnknownParameterType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
"""How often closed surfaces go around points: by the solid angles of their faces (van Oosterom, Strackee 1983)."""

import numpy as np

from geometry.arrays import FloatArray
from geometry.compiled import kernel


def winding_numbers(points: FloatArray, triangles: FloatArray) -> FloatArray:
    """Return the winding number (n,) of closed triangles (t, 3, 3), outward, about points (n, 3): 1 inside, 0 outside.

    Examples
    --------
    >>> corners = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    >>> faces = corners[[[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]]]
    >>> winding_numbers(np.array([[0.1, 0.1, 0.1], [1.0, 1, 1]]), faces).round(9).tolist()
    [1.0, 0.0]
    """
    return _winding(np.ascontiguousarray(points, np.float64), np.ascontiguousarray(triangles, np.float64))


@kernel(nogil=True)
def _winding(points, triangles):
    found = np.zeros(len(points))
    for k in range(len(points)):
        total = 0.0
        for t in range(len(triangles)):
            ax, ay, az = (
                triangles[t, 0, 0] - points[k, 0],
                triangles[t, 0, 1] - points[k, 1],
                triangles[t, 0, 2] - points[k, 2],
            )
            bx, by, bz = (
                triangles[t, 1, 0] - points[k, 0],
                triangles[t, 1, 1] - points[k, 1],
                triangles[t, 1, 2] - points[k, 2],
            )
            cx, cy, cz = (
                triangles[t, 2, 0] - points[k, 0],
                triangles[t, 2, 1] - points[k, 1],
                triangles[t, 2, 2] - points[k, 2],
            )
            a, b, c = (
                np.sqrt(ax * ax + ay * ay + az * az),
                np.sqrt(bx * bx + by * by + bz * bz),
                np.sqrt(cx * cx + cy * cy + cz * cz),
            )
            volume = ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
            ab, bc, ca = ax * bx + ay * by + az * bz, bx * cx + by * cy + bz * cz, cx * ax + cy * ay + cz * az
            total += np.arctan2(volume, a * b * c + ab * c + bc * a + ca * b)
        found[k] = total / (2.0 * np.pi)
    return found
