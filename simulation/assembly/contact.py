"""Where parts touch, and which way they press: what holds a part up."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from simulation.assembly.broad_phase import overlapping_pairs
from simulation.assembly.contact_kernels import faces_in_contact
from simulation.assembly.part import Part

GROUND = -1
FOUNDATIONS = frozenset({"IfcFooting", "IfcPile", "IfcDeepFoundation", "IfcCaissonFoundation"})
"""Classes that stand in the ground wherever they end."""
_ROOM, _MOST_POINTS = 2048, 8


@dataclass(frozen=True, slots=True, eq=False)
class Contact:
    """One flat contact between a part and another, or the ground."""

    first: int
    second: int
    """The other part, or ``GROUND``."""
    normal: FloatArray
    """(3,) unit, into ``first``: the way that ``second`` presses on it."""
    points: FloatArray
    """(k, 3) corners of the hull of the contact, at most 8, metres."""


def contacts_of(parts: Sequence[Part], *, reach: float, ground: float | None) -> tuple[Contact, ...]:
    """Return where parts touch each other and the ground.

    Parameters
    ----------
    parts
        In one frame, z up.
    reach
        Metres that two faces may be apart and still count as touching.
    ground
        Height of the ground, metres; None: there is none.
    """
    found = list[Contact]()
    if len(parts) > 1:
        for i, j in overlapping_pairs(np.array([part.bounds for part in parts]), 2.0 * reach):
            found += _between(parts, int(i), int(j), reach)
    if ground is not None:
        stand = [part.ifc_class in FOUNDATIONS or part.bounds[0, 2] <= ground + reach for part in parts]
        found += [_on_ground(part, k) for k, part in enumerate(parts) if stand[k]]
    return tuple(found)


def _between(parts: Sequence[Part], i: int, j: int, reach: float) -> list[Contact]:
    first, second = parts[i], parts[j]
    low = np.maximum(first.bounds[0], second.bounds[0]) - reach
    high = np.minimum(first.bounds[1], second.bounds[1]) + reach
    ours, theirs = _within(first.triangles, low, high), _within(second.triangles, low, high)
    if not len(ours) or not len(theirs):
        return []
    normals = unit_normals(ours)
    room = _ROOM
    while True:
        corners, of = np.empty((room, 3)), np.empty(room, dtype=np.int64)
        kept = int(faces_in_contact(ours, normals, theirs, unit_normals(theirs), reach, corners, of))
        if kept <= room:
            break
        room = kept
    if not kept:
        return []
    corners, of = corners[:kept], of[:kept]
    # one contact for each way that faces look
    _, way = np.unique(np.round(normals[of], 2) + 0.0, axis=0, return_inverse=True)
    found = list[Contact]()
    for one in range(int(way.max()) + 1):
        chosen = way.ravel() == one
        normal = -normals[of[chosen][0]]
        points = corners_around(corners[chosen], normal)
        if len(points) >= 1:
            found.append(Contact(i, j, normal, points))
    return found


def _on_ground(part: Part, index: int) -> Contact:
    corners = part.triangles.reshape(-1, 3)
    lowest = corners[corners[:, 2] <= part.bounds[0, 2] + 1e-3]
    return Contact(index, GROUND, np.array([0.0, 0.0, 1.0]), corners_around(lowest, np.array([0.0, 0.0, 1.0])))


def _within(triangles: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    near = np.all((triangles.min(axis=1) <= high) & (triangles.max(axis=1) >= low), axis=1)
    return np.ascontiguousarray(triangles[near])


def unit_normals(triangles: FloatArray) -> FloatArray:
    """Return the unit normals (f, 3) of triangles; zero of one without area."""
    cross = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    length = np.linalg.norm(cross, axis=1, keepdims=True)
    return cross / np.where(length > 0.0, length, 1.0)


def corners_around(points: FloatArray, normal: FloatArray) -> FloatArray:
    """Return the corners (k, 3) of the hull of points that lie in a plane: 8 at most, those farthest apart."""
    from simulation.assembly.directions import basis

    flat = (points - points[0]) @ basis(normal / np.linalg.norm(normal)).T
    hull = points[hull_of(flat)]
    if len(hull) <= _MOST_POINTS:
        return hull
    chosen = [0]
    away = np.linalg.norm(hull - hull[0], axis=1)
    while len(chosen) < _MOST_POINTS:
        chosen.append(int(np.argmax(away)))
        away = np.minimum(away, np.linalg.norm(hull - hull[chosen[-1]], axis=1))
    return hull[sorted(chosen)]


def hull_of(points: FloatArray) -> list[int]:
    """Return the rows of the corners of the convex hull of points (n, 2), anticlockwise (Andrew's chain).

    Examples
    --------
    >>> hull_of(np.array([[0.0, 0], [2, 0], [1, 0], [1, 1]]))
    [0, 1, 3]
    """
    order = [int(k) for k in np.lexsort((points[:, 1], points[:, 0]))]
    if len(order) < 3:
        return order

    def half(rows: Sequence[int]) -> list[int]:
        chain = list[int]()
        for row in rows:
            while len(chain) > 1 and _turn(points[chain[-2]], points[chain[-1]], points[row]) <= 1e-15:
                chain.pop()
            chain.append(row)
        return chain[:-1]

    return half(order) + half(order[::-1]) or order[:1]


def _turn(a: FloatArray, b: FloatArray, c: FloatArray) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
