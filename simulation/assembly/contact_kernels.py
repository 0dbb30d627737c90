# pyright: reportMissingParameterType=false, reportUnknownParameterType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
"""Where faces of two parts lie on each other."""

import numpy as np

from geometry.compiled import kernel

_ROOM, _THREE = 16, np.int64(3)
_FACING = -0.995
"""Cosine between the normals of two faces in contact, at most: 5.7 degrees."""


@kernel(nogil=True)
def clip3(polygon, count, normal, level, out):
    """Keep of a flat polygon in space what has normal·p >= level; return how many corners ``out`` has."""
    kept = 0
    for k in range(count):
        following = k + 1 if k + 1 < count else 0
        here = polygon[k, 0] * normal[0] + polygon[k, 1] * normal[1] + polygon[k, 2] * normal[2] - level
        there = (
            polygon[following, 0] * normal[0]
            + polygon[following, 1] * normal[1]
            + polygon[following, 2] * normal[2]
            - level
        )
        if here >= 0.0:
            for m in range(3):
                out[kept, m] = polygon[k, m]
            kept += 1
        if (here > 0.0 and there < 0.0) or (here < 0.0 and there > 0.0):
            share = here / (here - there)
            for m in range(3):
                out[kept, m] = polygon[k, m] + share * (polygon[following, m] - polygon[k, m])
            kept += 1
    return kept


@kernel(nogil=True)
def is_apart(face, low, high):
    """Say whether a triangle's box shares no point with another box."""
    for m in range(3):
        if max(face[0, m], face[1, m], face[2, m]) < low[m] or min(face[0, m], face[1, m], face[2, m]) > high[m]:
            return True
    return False


@kernel(nogil=True)
def within_prism(face, other, normal, side, one, two):
    """Write into ``one`` what of a triangle lies over or under another; return how many corners."""
    for k in range(3):
        for m in range(3):
            one[k, m] = face[k, m]
    count = _THREE
    for k in range(3):
        following = k + 1 if k < 2 else 0
        e0, e1, e2 = (
            other[following, 0] - other[k, 0],
            other[following, 1] - other[k, 1],
            other[following, 2] - other[k, 2],
        )
        side[0], side[1] = normal[1] * e2 - normal[2] * e1, normal[2] * e0 - normal[0] * e2
        side[2] = normal[0] * e1 - normal[1] * e0
        level = side[0] * other[k, 0] + side[1] * other[k, 1] + side[2] * other[k, 2]
        count = clip3(one, count, side, level, two)
        if count < 3:
            return 0
        for m in range(count):
            for axis in range(3):
                one[m, axis] = two[m, axis]
    return count


@kernel(nogil=True)
def is_near(polygon, count, point, normal, reach):
    """Say whether every corner is within reach of a plane, on either side: faces may stand in each other a little."""
    for k in range(count):
        gap = 0.0
        for m in range(3):
            gap += (polygon[k, m] - point[m]) * normal[m]
        if abs(gap) > reach:
            return False
    return True


@kernel(nogil=True)
def faces_in_contact(ours, normals, theirs, onormals, reach, corners, of):
    """Write the corners of the polygons in which our triangles (f, 3, 3) lie on theirs; return how many corners.

    Parameters
    ----------
    reach
        Metres that two faces may be apart.
    corners, of
        Room for (k, 3) corners, on our faces, and for the row of our face that each is on.
    """
    one, two = np.empty((_ROOM, 3)), np.empty((_ROOM, 3))
    low, high = np.empty((len(theirs), 3)), np.empty((len(theirs), 3))
    for k in range(len(theirs)):
        for m in range(3):
            low[k, m] = min(theirs[k, 0, m], theirs[k, 1, m], theirs[k, 2, m]) - reach
            high[k, m] = max(theirs[k, 0, m], theirs[k, 1, m], theirs[k, 2, m]) + reach
    side = np.empty(3)
    kept = 0
    for row in range(len(ours)):
        for other in range(len(theirs)):
            if is_apart(ours[row], low[other], high[other]):
                continue
            n, o = normals[row], onormals[other]
            if n[0] * o[0] + n[1] * o[1] + n[2] * o[2] > _FACING:
                continue
            count = within_prism(ours[row], theirs[other], o, side, one, two)
            if count < 3 or not is_near(one, count, theirs[other, 0], o, reach):
                continue
            for k in range(count):
                if kept < len(corners):
                    for m in range(3):
                        corners[kept, m] = one[k, m]
                    of[kept] = row
                kept += 1
    return kept
