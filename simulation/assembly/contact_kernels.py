# pyright: reportMissingParameterType=false, reportUnknownParameterType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
"""Where faces of two parts lie on each other."""

import numpy as np

from geometry.compiled import kernel

_ROOM = 16
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
            apart = False
            for m in range(3):
                if (
                    max(ours[row, 0, m], ours[row, 1, m], ours[row, 2, m]) < low[other, m]
                    or min(ours[row, 0, m], ours[row, 1, m], ours[row, 2, m]) > high[other, m]
                ):
                    apart = True
            if apart:
                continue
            n = normals[row]
            if n[0] * onormals[other, 0] + n[1] * onormals[other, 1] + n[2] * onormals[other, 2] > _FACING:
                continue
            for k in range(3):
                for m in range(3):
                    one[k, m] = ours[row, k, m]
            count = 3
            for k in range(3):
                following = k + 1 if k < 2 else 0
                e0 = theirs[other, following, 0] - theirs[other, k, 0]
                e1 = theirs[other, following, 1] - theirs[other, k, 1]
                e2 = theirs[other, following, 2] - theirs[other, k, 2]
                o = onormals[other]
                side[0], side[1], side[2] = o[1] * e2 - o[2] * e1, o[2] * e0 - o[0] * e2, o[0] * e1 - o[1] * e0
                level = side[0] * theirs[other, k, 0] + side[1] * theirs[other, k, 1] + side[2] * theirs[other, k, 2]
                count = clip3(one, count, side, level, two)
                if count < 3:
                    break
                for m in range(count):
                    for axis in range(3):
                        one[m, axis] = two[m, axis]
            if count < 3:
                continue
            # within reach at each corner, on either side: faces may stand in each other a little
            near = True
            for k in range(count):
                gap = 0.0
                for m in range(3):
                    gap += (one[k, m] - theirs[other, 0, m]) * onormals[other, m]
                if abs(gap) > reach:
                    near = False
            if not near:
                continue
            for k in range(count):
                if kept < len(corners):
                    for m in range(3):
                        corners[kept, m] = one[k, m]
                    of[kept] = row
                kept += 1
    return kept
