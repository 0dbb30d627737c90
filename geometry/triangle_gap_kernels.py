# pyright: reportMissingParameterType=false, reportUnknownParameterType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
"""How far apart two triangles are, exactly but for rounding."""

import numpy as np

from geometry.compiled import kernel


@kernel(nogil=True)
def _dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@kernel(nogil=True)
def _cross(a, b):
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@kernel(nogil=True)
def _minus(a, b):
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


@kernel(nogil=True)
def squared_distance(one, other, best):
    """Return the squared distance of two triangles (3, 3) that do not cross; anything from ``best`` up where not less.

    It is between a corner and a face, or between two edges.
    """
    least = min(best, _corners_to_face(one, other, best))
    if least < 0.0:
        return best
    least = min(least, _corners_to_face(other, one, best))
    if least < 0.0:
        return best
    for i in range(3):
        p, along = one[i], _minus(one[(i + 1) % 3], one[i])
        for j in range(3):
            least = min(least, _edges(p, along, other[j], _minus(other[(j + 1) % 3], other[j])))
    return least


@kernel(nogil=True)
def _corners_to_face(one, face, best):
    """Return the least squared distance of corners whose foot is in a face; negative: its plane is farther away."""
    u, v = _minus(face[1], face[0]), _minus(face[2], face[0])
    normal = _cross(u, v)
    square = _dot(normal, normal)
    if not square > 0.0:
        return best
    least, low, high = best, np.inf, -np.inf
    for k in range(3):
        away = _minus(one[k], face[0])
        height = _dot(normal, away)
        low, high = min(low, height), max(high, height)
        first, second = _dot(_cross(away, v), normal), _dot(_cross(u, away), normal)
        if first >= 0.0 and second >= 0.0 and first + second <= square:
            least = min(least, height * height / square)
    aside = max(low, -high)
    if aside > 0.0 and aside * aside >= best * square:
        return -1.0
    return least


@kernel(nogil=True)
def _edges(p, u, q, v):
    """Return the squared distance of two edges, from p along u and from q along v (Ericson 2005, 5.1.9).

    Ends are looked at on their own, so that edges that are parallel, or nearly, lose nothing.
    """
    w = _minus(p, q)
    a, b, e, d, f = _dot(u, u), _dot(u, v), _dot(v, v), _dot(u, w), _dot(v, w)
    least = min(_foot(w, v, f, e), _foot((w[0] + u[0], w[1] + u[1], w[2] + u[2]), v, f + b, e))
    least = min(least, _foot((-w[0], -w[1], -w[2]), u, -d, a))
    least = min(least, _foot((v[0] - w[0], v[1] - w[1], v[2] - w[2]), u, b - d, a))
    across = a * e - b * b
    s, t = b * f - d * e, a * f - b * d
    if across > 0.0 and 0.0 < s < across and 0.0 < t < across:
        s, t = s / across, t / across
        x, y, z = w[0] + s * u[0] - t * v[0], w[1] + s * u[1] - t * v[1], w[2] + s * u[2] - t * v[2]
        least = min(least, x * x + y * y + z * z)
    return least


@kernel(nogil=True)
def _foot(away, along, product, square):
    """Return the squared distance of a point to an edge from the origin; ``product`` is away·along."""
    t = 0.0 if product <= 0.0 or not square > 0.0 else 1.0 if product >= square else product / square
    x, y, z = away[0] - t * along[0], away[1] - t * along[1], away[2] - t * along[2]
    return x * x + y * y + z * z
