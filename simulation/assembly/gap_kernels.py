# pyright: reportMissingParameterType=false, reportUnknownParameterType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
"""How far two solids overlap along directions, and how far apart two that share nothing are, face by face."""

import numpy as np

from geometry.compiled import kernel
from geometry.triangle_gap_kernels import squared_distance

NOTHING, FILM = 1e-12, 1e-10
"""What rounding may leave between faces that touch: cubic metres in all, and metres that it is thick, also far away."""
_TOUCHING = 1e-24
"""Square metres: nearer than this to each other is as near as they come."""


@kernel(nogil=True)
def extents(corners, directions):
    """Return how far corners reach along directions (k, 2): least and most, metres."""
    found = np.empty((len(directions), 2))
    for k in range(len(directions)):
        x, y, z = directions[k, 0], directions[k, 1], directions[k, 2]
        low, high = np.inf, -np.inf
        for c in range(len(corners)):
            at = corners[c, 0] * x + corners[c, 1] * y + corners[c, 2] * z
            low, high = min(low, at), max(high, at)
        found[k, 0], found[k, 1] = low, high
    return found


@kernel(nogil=True)
def least_overlap(directions, own, corners, least, enough):
    """Return the least overlap along directions, no more than ``least``, and the row that has it; -1: none is less.

    Parameters
    ----------
    directions, own
        (k, 3) unit vectors, and (k, 2) how far one body reaches along them, metres.
    corners
        (v, 3) of the other body, metres.
    least, enough
        Metres: what is known already, and at what the search may stop.
    """
    row = -1
    for k in range(len(directions)):
        x, y, z = directions[k, 0], directions[k, 1], directions[k, 2]
        floor, ceiling = own[k, 1] - least, own[k, 0] + least
        low, high = np.inf, -np.inf
        for c in range(len(corners)):
            at = corners[c, 0] * x + corners[c, 1] * y + corners[c, 2] * z
            low, high = min(low, at), max(high, at)
            if low < floor and high > ceiling:  # more than is known already, either way
                break
        overlap = min(own[k, 1] - low, high - own[k, 0])
        if overlap < least:
            least, row = overlap, k
            if least <= enough:
                break
    return least, row


@kernel(nogil=True)
def plainly_apart(
    our_corners,
    our_faces,
    our_normals,
    our_reach,
    their_corners,
    their_faces,
    their_normals,
    their_reach,
    bounds,
    reach,
):
    """Return whether a plane along a face or an axis is between two solids, and how far apart they are then, metres.

    ``bounds`` (2, 2, 3) are their boxes, metres; what is no nearer than ``reach`` metres is that far apart.
    """
    least = np.inf
    for m in range(3):
        least = min(least, min(bounds[0, 1, m] - bounds[1, 0, m], bounds[1, 1, m] - bounds[0, 0, m]))
    if least > FILM:
        least = min(least, least_overlap(our_normals, our_reach, their_corners, least, FILM)[0])
    if least > FILM:
        least = min(least, least_overlap(their_normals, their_reach, our_corners, least, FILM)[0])
    if least > FILM:
        return False, 0.0
    if -least > reach + FILM:
        return True, reach
    return True, gap_between(our_corners, our_faces, their_corners, their_faces, bounds, reach)


@kernel(nogil=True)
def gap_between(our_corners, our_faces, their_corners, their_faces, bounds, reach):
    """Return the distance of two surfaces, metres; ``reach`` where they are no nearer. They must not cross.

    Parameters
    ----------
    our_corners, our_faces, their_corners, their_faces
        (v, 3) metres and (f, 3) of each.
    bounds
        (2, 2, 3) boxes of both, metres.
    reach
        Metres, more than 0.
    """
    ours, boxes = _near_faces(our_corners, our_faces, bounds[1], reach)
    if len(ours) == 0:
        return reach
    theirs, their_boxes = _near_faces(their_corners, their_faces, bounds[0], reach)
    best = reach * reach
    for i in range(len(ours)):
        for j in range(len(theirs)):
            square = 0.0
            for m in range(3):
                aside = max(boxes[i, 0, m] - their_boxes[j, 1, m], their_boxes[j, 0, m] - boxes[i, 1, m])
                if aside > 0.0:
                    square += aside * aside
            if square < best:
                best = min(best, squared_distance(ours[i], theirs[j], best))
                if best <= _TOUCHING:
                    return np.sqrt(best)
    return np.sqrt(best)


@kernel(nogil=True)
def _near_faces(corners, faces, bounds, reach):
    """Return the faces (n, 3, 3) within reach of a box, and their own boxes (n, 2, 3)."""
    chosen, boxes = np.empty((len(faces), 3, 3)), np.empty((len(faces), 2, 3))
    count = 0
    for f in range(len(faces)):
        near = True
        for m in range(3):
            a, b, c = corners[faces[f, 0], m], corners[faces[f, 1], m], corners[faces[f, 2], m]
            low, high = min(a, min(b, c)), max(a, max(b, c))
            if low > bounds[1, m] + reach or high < bounds[0, m] - reach:
                near = False
                break
            boxes[count, 0, m], boxes[count, 1, m] = low, high
            chosen[count, 0, m], chosen[count, 1, m], chosen[count, 2, m] = a, b, c
        if near:
            count += 1
    return chosen[:count], boxes[:count]
