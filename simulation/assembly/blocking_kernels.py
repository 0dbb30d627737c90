# pyright: reportMissingParameterType=false, reportUnknownParameterType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
"""Faces seen along a direction, compared two by two: who is in whose way, exactly, without a grid.

A part may leave along a direction past another iff on no line along it the first begins before the second ends. Both
are linear on the overlap of two faces in the plane across, so it is enough to look at that polygon's corners.
"""

import numpy as np

from geometry.compiled import kernel

FREE, BLOCKED, NARROW = 0, 1, 2
"""Nothing in the way; something, wider than the tolerance; something, whose width is not known yet."""
_THREE = np.int64(3)
"""A bare 3 is a type of its own for numba, for which what takes it would be compiled once more."""
_ROOM = 16
"""Corners that a polygon may have: two triangles and a half-plane give 7 at most."""


@kernel(nogil=True)
def clip(polygon, count, a, b, c, out):
    """Keep of a polygon (count, 2) what has a·u + b·v + c >= 0; return how many corners ``out`` has."""
    kept = 0
    for k in range(count):
        u, v = polygon[k, 0], polygon[k, 1]
        following = k + 1 if k + 1 < count else 0
        nu, nv = polygon[following, 0], polygon[following, 1]
        here, there = a * u + b * v + c, a * nu + b * nv + c
        if here >= 0.0:
            out[kept, 0], out[kept, 1] = u, v
            kept += 1
        if (here > 0.0 and there < 0.0) or (here < 0.0 and there > 0.0):
            share = here / (here - there)
            out[kept, 0], out[kept, 1] = u + share * (nu - u), v + share * (nv - v)
            kept += 1
    return kept


@kernel(nogil=True)
def overlap(first, second, one, two):
    """Write the polygon that two triangles (3, 2) share into ``one``, by way of ``two``; return its corners' count.

    Either may run around either way.
    """
    for k in range(3):
        one[k, 0], one[k, 1] = first[k, 0], first[k, 1]
    count = _THREE
    turn = (second[1, 0] - second[0, 0]) * (second[2, 1] - second[0, 1]) - (second[1, 1] - second[0, 1]) * (
        second[2, 0] - second[0, 0]
    )
    sign = 1.0 if turn > 0.0 else -1.0
    for k in range(3):
        following = k + 1 if k < 2 else 0
        du, dv = second[following, 0] - second[k, 0], second[following, 1] - second[k, 1]
        a, b = -sign * dv, sign * du
        count = clip(one, count, a, b, -(a * second[k, 0] + b * second[k, 1]), two)
        if count < 3:
            return 0
        for m in range(count):
            one[m, 0], one[m, 1] = two[m, 0], two[m, 1]
    return count


@kernel(nogil=True)
def area_and_rim(polygon, count):
    """Return area and circumference of a polygon."""
    area, rim = 0.0, 0.0
    for k in range(count):
        following = k + 1 if k + 1 < count else 0
        # about the first corner: far from the origin the products would swallow a small area
        u, v = polygon[k, 0] - polygon[0, 0], polygon[k, 1] - polygon[0, 1]
        nu, nv = polygon[following, 0] - polygon[0, 0], polygon[following, 1] - polygon[0, 1]
        area += 0.5 * (u * nv - v * nu)
        rim += np.sqrt((nu - u) ** 2 + (nv - v) ** 2)
    return abs(area), rim


@kernel(nogil=True)
def is_beside(box, shift, other):
    """Say whether a moved box shares no u or no v with another."""
    return (
        box[0] + shift[0] >= other[1]
        or box[1] + shift[0] <= other[0]
        or box[2] + shift[1] >= other[3]
        or box[3] + shift[1] <= other[2]
    )


@kernel(nogil=True)
def move_face(uv, plane, shift, moved):
    """Write a face's corners (3, 2), moved; return its depth p0 + p1 u + p2 v as moved."""
    for k in range(3):
        moved[k, 0], moved[k, 1] = uv[k, 0] + shift[0], uv[k, 1] + shift[1]
    p1, p2 = plane[1], plane[2]
    return plane[0] + shift[2] - p1 * shift[0] - p2 * shift[1], p1, p2


@kernel(nogil=True)
def deep_part(one, count, a, b, c, deep, out):
    """Keep of a polygon where a u + b v + c is ``deep`` at least; return its corners, area, rim and greatest depth."""
    count = clip(one, count, a, b, c - deep, out)
    if count < 3:
        return 0, 0.0, 0.0, 0.0
    area, rim = area_and_rim(out, count)
    highest = 0.0
    for k in range(count):
        highest = max(highest, a * out[k, 0] + b * out[k, 1] + c)
    return count, area, rim, highest


@kernel(nogil=True)
def in_the_way(faces, uv, plane, box, reach, others, ouv, oplane, obox, oreach, deep, wide, shift, found, depths):
    """Compare the first faces of a part with the last faces of another.

    Parameters
    ----------
    faces, others
        Rows of the first part's first faces and of the other's last faces, by their low u.
    uv, plane, box / ouv, oplane, obox
        Per face: corners (m, 3, 2); depth as p0 + p1 u + p2 v (m, 3); low and high u, v, depth (m, 6).
    reach, oreach
        (6,) the boxes around all of them.
    deep, wide
        Metres that depths have to differ by; radius of the disc that has to find room.
    shift
        (3,) by which the first part is moved: u, v, depth.
    found
        (k, 16, 2) room for the polygons in the way; with none the first that is wide enough ends the search.
    depths
        (k, 2) room for their counts of corners and greatest depths.

    Returns
    -------
    tuple
        What was found, the number of polygons, their area, and the greatest depth.
    """
    one, two = np.empty((_ROOM, 2)), np.empty((_ROOM, 2))
    moved = np.empty((3, 2))
    state, kept, total, deepest = FREE, 0, 0.0, 0.0
    for row in faces:
        if is_beside(box[row], shift, oreach) or box[row, 4] + shift[2] + deep >= oreach[5]:
            continue
        p0, p1, p2 = move_face(uv[row], plane[row], shift, moved)
        for other in others:
            if obox[other, 0] >= box[row, 1] + shift[0]:
                break
            if is_beside(box[row], shift, obox[other]) or obox[other, 5] <= box[row, 4] + shift[2] + deep:
                continue
            count = overlap(moved, ouv[other], one, two)
            if count < 3:
                continue
            a, b = oplane[other, 1] - p1, oplane[other, 2] - p2
            count, area, rim, highest = deep_part(one, count, a, b, oplane[other, 0] - p0, deep, two)
            if area <= 1e-16:
                continue
            highest = min(highest, obox[other, 5] - box[row, 4] - shift[2])
            deepest = max(deepest, highest)
            total += area
            # the disc that fits into a convex polygon has a radius of area / rim at least
            if area > wide * rim:
                state = BLOCKED
                if len(found) == 0:
                    return state, kept, total, deepest
            elif state == FREE:
                state = NARROW
            if kept < len(found):
                for k in range(count):
                    found[kept, k, 0], found[kept, k, 1] = two[k, 0], two[k, 1]
                depths[kept, 0], depths[kept, 1] = count, highest
            kept += 1
    return state, kept, total, deepest


@kernel(nogil=True)
def way_until_contact(faces, uv, plane, box, others, ouv, oplane, obox, deep, wide, shift):
    """Return how far a part can go until its last faces meet the other's first ones, metres; -1 where they never do.

    The polygons across have to be wider than ``wide``; faces that cross each other stand in contact.
    """
    one, two = np.empty((_ROOM, 2)), np.empty((_ROOM, 2))
    moved = np.empty((3, 2))
    least = np.inf
    for row in faces:
        p0, p1, p2 = move_face(uv[row], plane[row], shift, moved)
        for other in others:
            if obox[other, 0] >= box[row, 1] + shift[0]:
                break
            if (
                is_beside(box[row], shift, obox[other])
                or obox[other, 5] < box[row, 4] + shift[2] - deep
                or obox[other, 4] - box[row, 5] - shift[2] >= least
            ):
                continue
            count = overlap(moved, ouv[other], one, two)
            if count < 3:
                continue
            area, rim = area_and_rim(one, count)
            if area <= 0.1 * wide * rim or area <= 1e-16:
                continue
            low, high = np.inf, -np.inf
            for k in range(count):
                u, v = one[k, 0], one[k, 1]
                gap = oplane[other, 0] - p0 + (oplane[other, 1] - p1) * u + (oplane[other, 2] - p2) * v
                low, high = min(low, gap), max(high, gap)
            if high >= -deep:
                least = min(least, max(low, 0.0))
    return least if least < np.inf else -1.0


@kernel(nogil=True)
def compare_pairs(rows, pairs, firsts, fstarts, lasts, lstarts, uv, plane, box, reach, deep, wide, out):
    """Fill ``out[row]`` for each pair of parts ``pairs[row]`` in ``rows``: does the second stand in the first's way."""
    nothing, none = np.empty((0, _ROOM, 2)), np.empty((0, 2))
    still = np.zeros(3)
    for row in rows:
        i, j = pairs[row, 0], pairs[row, 1]
        out[row] = in_the_way(
            firsts[fstarts[i] : fstarts[i + 1]], uv, plane, box, reach[i],
            lasts[lstarts[j] : lstarts[j + 1]], uv, plane, box, reach[j], deep, wide, still, nothing, none,
        )[0]  # fmt: skip


@kernel(nogil=True)
def near_pairs(reach, deep, wide, out):
    """Write the pairs of parts whose boxes allow one to stand in the other's way; return how many there are."""
    count = 0
    for i in range(len(reach)):
        for j in range(len(reach)):
            if (
                i != j
                and reach[i, 0] + 2.0 * wide < reach[j, 1]
                and reach[j, 0] + 2.0 * wide < reach[i, 1]
                and reach[i, 2] + 2.0 * wide < reach[j, 3]
                and reach[j, 2] + 2.0 * wide < reach[i, 3]
                and reach[i, 4] + deep < reach[j, 5]
            ):
                if count < len(out):
                    out[count, 0], out[count, 1] = i, j
                count += 1
    return count
