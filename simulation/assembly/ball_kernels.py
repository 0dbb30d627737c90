# pyright: reportMissingParameterType=false, reportUnknownParameterType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
"""Balls inside a closed mesh that touch its surface."""

import numpy as np

from geometry.compiled import kernel
from geometry.triangle_kernels import foot_on_triangle

_ROOM, _MOST_FACES = 64, 6000
"""Faces that may wait, and that are found at most: slivers would have no end."""
_MOST_STEPS, _FITS = 60, 1.0 - 1e-6
_MORE = 1.0 + 1e-4
_ENOUGH = 1.0 - 1e-9
_SHEET = 1e-7
"""Share of how far a mesh extends from which on two faces are more than one sheet."""


@kernel()
def places_inside(corners, faces, count):
    """Return places (n, 3) all over a mesh, metres, ``count`` and some, and unit vectors (n, 3) from there into it.

    In the middles of its faces, cut in half until no edge is longer than such faces' would be if all were alike.
    """
    doubled = 0.0
    for f in range(len(faces)):
        x, y, z = _cross(corners[faces[f, 0]], corners[faces[f, 1]], corners[faces[f, 2]])
        doubled += np.sqrt(x * x + y * y + z * z)
    longest = np.sqrt(doubled / count)
    room, kept = 1024, 0
    stack, places, inward = np.empty((_ROOM, 3, 3)), np.empty((room, 3)), np.empty((room, 3))
    tri = np.empty((3, 3))
    for f in range(len(faces)):
        x, y, z = _cross(corners[faces[f, 0]], corners[faces[f, 1]], corners[faces[f, 2]])
        length = np.sqrt(x * x + y * y + z * z)
        if length == 0.0:
            continue
        for k in range(3):
            for m in range(3):
                stack[0, k, m] = corners[faces[f, k], m]
        waiting = 1
        while waiting > 0 and kept < _MOST_FACES:
            waiting -= 1
            for k in range(3):
                for m in range(3):
                    tri[k, m] = stack[waiting, k, m]
            ab, bc, ca = _square(tri[0], tri[1]), _square(tri[1], tri[2]), _square(tri[2], tri[0])
            most = max(ab, max(bc, ca))
            if most <= longest * longest or waiting + 2 > _ROOM:
                if kept == room:
                    places, inward, room = _twice(places), _twice(inward), 2 * room
                for m in range(3):
                    places[kept, m] = (tri[0, m] + tri[1, m] + tri[2, m]) / 3.0
                inward[kept, 0], inward[kept, 1], inward[kept, 2] = -x / length, -y / length, -z / length
                kept += 1
                continue
            first = 1 if most == bc else 2 if most == ca else 0
            second, third = (first + 1) % 3, (first + 2) % 3
            for m in range(3):
                a, b, c = tri[first, m], tri[second, m], tri[third, m]
                middle = 0.5 * (a + b)
                stack[waiting, 0, m], stack[waiting, 1, m], stack[waiting, 2, m] = a, middle, c
                stack[waiting + 1, 0, m], stack[waiting + 1, 1, m], stack[waiting + 1, 2, m] = middle, b, c
            waiting += 2
    return places[:kept].copy(), inward[:kept].copy()


@kernel()
def _cross(about, first, second):
    """Return the cross product of the ways from a place to two others."""
    ux, uy, uz = first[0] - about[0], first[1] - about[1], first[2] - about[2]
    vx, vy, vz = second[0] - about[0], second[1] - about[1], second[2] - about[2]
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx


@kernel()
def _twice(rows):
    """Return an array with room for twice as many rows."""
    more = np.empty((2 * len(rows), 3))
    for k in range(len(rows)):
        for m in range(3):
            more[k, m] = rows[k, m]
    return more


@kernel()
def _square(a, b):
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    return x * x + y * y + z * z


@kernel()
def widest(starts, inward, corners, faces, floor, most, tries):
    """Return the diameter of the largest ball inside a mesh, metres, that touches it at a start; or ``floor``.

    A ball shrinks until the point of the surface nearest to its middle is no nearer than the start. Starts on faces
    that lie on each other, as rounding leaves them, are passed over.

    Parameters
    ----------
    starts, inward
        (n, 3) places on the surface, metres, and unit vectors into the mesh.
    corners, faces
        The mesh, (v, 3) metres and (f, 3).
    floor, most
        Metres: no ball smaller than the one is asked for, and none larger than the other can be: that ends the search.
    tries
        How many starts are looked at; the first that will do.
    """
    flat, square = np.empty((len(faces), 15)), 0.0
    for f in range(len(faces)):
        for m in range(3):
            flat[f, m] = corners[faces[f, 0], m]
            flat[f, 3 + m] = corners[faces[f, 1], m] - flat[f, m]
            flat[f, 6 + m] = corners[faces[f, 2], m] - flat[f, m]
            flat[f, 9 + m] = flat[f, m] + min(0.0, min(flat[f, 3 + m], flat[f, 6 + m]))
            flat[f, 12 + m] = flat[f, m] + max(0.0, max(flat[f, 3 + m], flat[f, 6 + m]))
    for c in range(len(corners)):
        square = max(square, _square(corners[c], corners[0]))
    largest = 2.0 * np.sqrt(square)
    best, tiny, tried, middle, place = floor, _SHEET * largest, 0, np.zeros(3), np.empty(3)
    step = 1 + len(starts) // (2 * tries)
    for first in range(step):  # all over the surface before any place twice
        for k in range(first, len(starts), step):
            if tried == tries or best >= _ENOUGH * most:
                break
            # what is no larger than the best shows at once: that ball does not fit here
            least = max(best, tiny)
            diameter = _shrunk(starts[k], inward[k], flat, least)
            if diameter < least:
                tried += diameter >= tiny
                continue
            for m in range(3):
                place[m] = starts[k, m] + 0.5 * least * inward[k, m]
            if not _holds(flat, place):
                continue
            tried += 1
            diameter = largest
            for _ in range(_MOST_STEPS):
                smaller = _shrunk(starts[k], inward[k], flat, diameter)
                if smaller >= diameter:
                    break
                diameter = smaller
            if diameter > best:
                best = diameter
                for m in range(3):
                    middle[m] = starts[k, m] + 0.5 * diameter * inward[k, m]
    if best == floor or best >= _ENOUGH * most:
        return best
    return max(best, _grown(flat, middle, 0.5 * best))


@kernel()
def _grown(flat, middle, radius):
    """Return the diameter of a ball that has moved to where it has more room: along the axes, by less and less."""
    step = 0.5 * radius
    for _ in range(_MOST_STEPS):
        moved = False
        for k in range(6):
            tried = middle.copy()
            tried[k // 2] += step if k % 2 == 0 else -step
            room = _nearest(flat, tried[0], tried[1], tried[2])[0]
            if room > radius * radius * _MORE:
                middle, radius, moved = tried, np.sqrt(room), True
        if not moved:
            step *= 0.5
            if step < 1e-3 * radius:
                break
    return 2.0 * radius


@kernel()
def _holds(flat, place):
    """Return whether a place is inside, by the solid angles of the faces (van Oosterom and Strackee 1983)."""
    total = 0.0
    for f in range(len(flat)):
        ax, ay, az = flat[f, 0] - place[0], flat[f, 1] - place[1], flat[f, 2] - place[2]
        bx, by, bz = ax + flat[f, 3], ay + flat[f, 4], az + flat[f, 5]
        cx, cy, cz = ax + flat[f, 6], ay + flat[f, 7], az + flat[f, 8]
        a, b, c = (
            np.sqrt(ax * ax + ay * ay + az * az),
            np.sqrt(bx * bx + by * by + bz * bz),
            np.sqrt(cx * cx + cy * cy + cz * cz),
        )
        over = ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
        under = (
            a * b * c
            + (ax * bx + ay * by + az * bz) * c
            + (bx * cx + by * cy + bz * cz) * a
            + (cx * ax + cy * ay + cz * az) * b
        )
        total += 2.0 * np.arctan2(over, under)
    return total > 2.0 * np.pi


@kernel()
def _shrunk(start, inward, flat, diameter):
    """Return the diameter of the ball that touches at a start, and where the surface is nearest to a larger one."""
    half = 0.5 * diameter
    x, y, z = start[0] + half * inward[0], start[1] + half * inward[1], start[2] + half * inward[2]
    least, nx, ny, nz = _nearest(flat, x, y, z)
    if np.sqrt(least) >= half * _FITS:
        return diameter
    nx, ny, nz = nx - start[0], ny - start[1], nz - start[2]
    along = nx * inward[0] + ny * inward[1] + nz * inward[2]
    # at a start beside an edge nothing but the start itself may be near
    return min(diameter, (nx * nx + ny * ny + nz * nz) / along) if along > 0.0 else 0.0


@kernel()
def _nearest(flat, x, y, z):
    """Return the squared distance of the nearest point of the surface, m², and the point."""
    least, nx, ny, nz = np.inf, 0.0, 0.0, 0.0
    for f in range(len(flat)):
        # the box around it is no farther than the face
        ax = max(0.0, max(flat[f, 9] - x, x - flat[f, 12]))
        ay = max(0.0, max(flat[f, 10] - y, y - flat[f, 13]))
        az = max(0.0, max(flat[f, 11] - z, z - flat[f, 14]))
        if ax * ax + ay * ay + az * az > least * _MORE:
            continue
        px, py, pz = foot_on_triangle(flat, f, x, y, z)
        square = (px - x) ** 2 + (py - y) ** 2 + (pz - z) ** 2
        if square < least:
            least, nx, ny, nz = square, px, py, pz
    return least, nx, ny, nz
