# pyright: reportMissingParameterType=false, reportUnknownParameterType=false, reportUnknownVariableType=false
"""Do two convex bodies share a point, at each of many places: Gilbert, Johnson and Keerthi (1988)."""

import numba as nb
import numpy as np

from geometry.arrays import BoolArray, FloatArray

_MOST_STEPS = 100


def overlaps(
    ours: FloatArray, theirs: FloatArray, apart: FloatArray, our_twists: FloatArray, their_twists: FloatArray,
    found: BoolArray,
) -> None:  # fmt: skip
    """Set ``found`` (n,) at each of n places at which two convex bodies share volume; what is set stays set.

    Parameters
    ----------
    ours, theirs
        (v, 3) and (w, 3) corners, metres, each relative to what its body turns about.
    apart
        (3,) from where ours turns about to where theirs does, metres.
    our_twists, their_twists
        (n, 6) shifts, metres, and rotation vectors, radians.
    """
    _overlaps(
        np.ascontiguousarray(ours), np.ascontiguousarray(theirs), np.ascontiguousarray(apart, dtype=np.float64),
        np.ascontiguousarray(our_twists), np.ascontiguousarray(their_twists), found,
    )  # fmt: skip


@nb.njit(cache=True)
def _rotation(vector):
    x, y, z = vector[0], vector[1], vector[2]
    angle = np.sqrt(x * x + y * y + z * z)
    turn = np.eye(3)
    if angle < 1e-15:
        return turn
    x, y, z = x / angle, y / angle, z / angle
    s, c = np.sin(angle), 1.0 - np.cos(angle)
    turn[0, 0], turn[0, 1], turn[0, 2] = 1.0 - c * (y * y + z * z), c * x * y - s * z, c * x * z + s * y
    turn[1, 0], turn[1, 1], turn[1, 2] = c * x * y + s * z, 1.0 - c * (x * x + z * z), c * y * z - s * x
    turn[2, 0], turn[2, 1], turn[2, 2] = c * x * z - s * y, c * y * z + s * x, 1.0 - c * (x * x + y * y)
    return turn


@nb.njit(cache=True)
def _farthest(corners, turn, sign, d, out):
    """Add sign times the corner that is farthest along sign·d, turned, to ``out``."""
    dx = sign * (turn[0, 0] * d[0] + turn[1, 0] * d[1] + turn[2, 0] * d[2])
    dy = sign * (turn[0, 1] * d[0] + turn[1, 1] * d[1] + turn[2, 1] * d[2])
    dz = sign * (turn[0, 2] * d[0] + turn[1, 2] * d[1] + turn[2, 2] * d[2])
    best, at = -np.inf, 0
    for k in range(len(corners)):
        far = corners[k, 0] * dx + corners[k, 1] * dy + corners[k, 2] * dz
        if far > best:
            best, at = far, k
    for i in range(3):
        out[i] += sign * (turn[i, 0] * corners[at, 0] + turn[i, 1] * corners[at, 1] + turn[i, 2] * corners[at, 2])


@nb.njit(cache=True)
def _cross(a, b, out):
    x, y, z = a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
    out[0], out[1], out[2] = x, y, z


@nb.njit(cache=True)
def _dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@nb.njit(cache=True)
def _line(simplex, d, spare):
    """Keep of a line, newest point last, what is nearest to the origin; return how many points."""
    a, b = simplex[1], simplex[0]
    ab, t = b - a, 0.0
    if _dot(ab, a) < 0.0:
        _cross(ab, -a, spare)
        _cross(spare, ab, d)
        if _dot(d, d) <= 1e-30 * _dot(ab, ab):  # the origin is on the line: any way across it
            t = 1.0 if abs(ab[0]) < 0.6 * np.sqrt(_dot(ab, ab)) else 0.0
            spare[0], spare[1], spare[2] = t, 1.0 - t, 0.0
            _cross(ab, spare, d)
        return 2
    simplex[0] = a
    d[:] = -a
    return 1


@nb.njit(cache=True)
def _triangle(simplex, d, spare):
    a, b, c = simplex[2].copy(), simplex[1].copy(), simplex[0].copy()
    normal = np.empty(3)
    _cross(b - a, c - a, normal)
    _cross(normal, c - a, spare)
    if _dot(spare, a) < 0.0:
        if _dot(c - a, a) < 0.0:
            simplex[0], simplex[1] = c, a
            return _line(simplex, d, spare)
        simplex[0], simplex[1] = b, a
        return _line(simplex, d, spare)
    _cross(b - a, normal, spare)
    if _dot(spare, a) < 0.0:
        simplex[0], simplex[1] = b, a
        return _line(simplex, d, spare)
    if _dot(normal, a) < 0.0:
        d[:] = normal
    else:
        d[:] = -normal
        simplex[0], simplex[1] = b, c
    return 3


@nb.njit(cache=True)
def _tetrahedron(simplex, d, spare):
    """Return 4 when the origin is inside, else keep the face that it is before."""
    a, b, c, e = simplex[3].copy(), simplex[2].copy(), simplex[1].copy(), simplex[0].copy()
    normal = np.empty(3)
    faces = ((b, c, e), (c, e, b), (e, b, c))
    for face in faces:
        _cross(face[0] - a, face[1] - a, normal)
        if _dot(normal, face[2] - a) > 0.0:
            normal = -normal
        if _dot(normal, a) < 0.0:
            simplex[0], simplex[1], simplex[2] = face[1], face[0], a
            return _triangle(simplex, d, spare)
    return 4


@nb.njit(cache=True)
def _meet(ours, theirs, first, second, apart):
    """Return whether two bodies, turned and the second shifted by ``apart``, share a point."""
    simplex, d, point, spare = np.empty((4, 3)), np.empty(3), np.empty(3), np.empty(3)
    d[:] = apart
    if _dot(d, d) == 0.0:
        d[0] = 1.0
    count = 0
    for _ in range(_MOST_STEPS):
        point[:] = -apart
        _farthest(ours, first, 1.0, d, point)
        _farthest(theirs, second, -1.0, d, point)
        if _dot(point, d) <= 0.0:
            return False
        simplex[count] = point
        count += 1
        if count == 1:
            d[:] = -point
        elif count == 2:
            count = _line(simplex, d, spare)
        elif count == 3:
            count = _triangle(simplex, d, spare)
        else:
            count = _tetrahedron(simplex, d, spare)
            if count == 4:
                return True
        if _dot(d, d) == 0.0:
            return True
    return True


@nb.njit(cache=True)
def _overlaps(ours, theirs, apart, our_twists, their_twists, found):
    for k in range(len(found)):
        if not found[k]:
            between = apart + their_twists[k, :3] - our_twists[k, :3]
            first, second = _rotation(our_twists[k, 3:]), _rotation(their_twists[k, 3:])
            found[k] = _meet(ours, theirs, first, second, between)
