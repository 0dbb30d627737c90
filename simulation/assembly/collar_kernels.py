# pyright: reportMissingParameterType=false, reportUnknownParameterType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
"""Do two solids meet without sharing anything: what lies just under the faces of one, looked at face by face.

Under each face of one solid lies a thin prism. Where no face of the other comes into one of them, and none of them is
inside the other, the other's surface does not pass the first one's: each of its shells is inside it or outside. So when
none of the other's faces is inside either, nothing is shared.
"""

import numpy as np

from geometry.compiled import kernel

_THICK = 1e-6
"""Metres of what is looked at under a face."""
_FILM = 1e-10
"""Metres that are rounding, also far away."""
_MOST_PAIRS = 4_000_000
"""Of faces, from which on comparing them takes longer than intersecting the solids."""
_SHARP = 1e-9
"""Share of a face from its edge at which a ray is not to pass."""
_SIDE = 1e-6
"""Share of a face's width by which a ray that surely passes it is beside it at least."""
_WAY = (0.5773216, 0.7713841, 0.2677519)
"""Of the rays, about of length 1: along nothing that people draw."""


@kernel(nogil=True)
def only_meets(our_corners, our_faces, their_corners, their_faces, bounds):
    """Return whether it is plain that two solids share nothing; False: they may.

    Parameters
    ----------
    our_corners, our_faces, their_corners, their_faces
        (v, 3) metres and (f, 3) of each, outward.
    bounds
        (2, 2, 3) boxes of both, metres.
    """
    ours, theirs = _faces_in(our_corners, our_faces, bounds[1]), _faces_in(their_corners, their_faces, bounds[0])
    if len(ours) * len(theirs) > _MOST_PAIRS:
        return False
    boxes, seen = _boxes(theirs), _along_the_ray(their_corners, their_faces)
    prism, middle, box = np.empty((6, 3)), np.empty(3), np.empty((2, 3))
    for i in range(len(ours)):
        if not _fill_prism(ours[i], prism):
            return False
        _fill_box(prism, box)
        for j in range(len(theirs)):
            if _boxes_meet(box, boxes[j]) and not _is_beside(prism, theirs[j], _FILM):
                return False
        for m in range(3):
            total = 0.0
            for k in range(6):
                total += prism[k, m]
            middle[m] = total / 6.0
        if _inside(their_corners, their_faces, seen, bounds[1], middle) != 0:
            return False
    seen = _along_the_ray(our_corners, our_faces)
    for j in range(len(theirs)):
        for m in range(3):
            middle[m] = (theirs[j, 0, m] + theirs[j, 1, m] + theirs[j, 2, m]) / 3.0
        if _inside(our_corners, our_faces, seen, bounds[0], middle) > 0:
            return False
    return True


@kernel(nogil=True)
def _boxes(faces):
    """Return the boxes (n, 2, 3) of faces (n, 3, 3)."""
    boxes = np.empty((len(faces), 2, 3))
    for f in range(len(faces)):
        _fill_box(faces[f], boxes[f])
    return boxes


@kernel(nogil=True)
def _fill_box(places, box):
    """Set a box (2, 3) around places."""
    for m in range(3):
        low, high = places[0, m], places[0, m]
        for k in range(1, len(places)):
            low, high = min(low, places[k, m]), max(high, places[k, m])
        box[0, m], box[1, m] = low, high


@kernel(nogil=True)
def _boxes_meet(one, other):
    """Return whether two boxes overlap by more than rounding."""
    return (
        other[1, 0] > one[0, 0] + _FILM
        and other[0, 0] < one[1, 0] - _FILM
        and other[1, 1] > one[0, 1] + _FILM
        and other[0, 1] < one[1, 1] - _FILM
        and other[1, 2] > one[0, 2] + _FILM
        and other[0, 2] < one[1, 2] - _FILM
    )


@kernel(nogil=True)
def _across_the_ray(place):
    """Return where a ray through a place passes two planes that stand across the others' ways."""
    along = place[1] / _WAY[1]
    return place[0] - along * _WAY[0], place[2] - along * _WAY[2]


@kernel(nogil=True)
def _along_the_ray(corners, faces):
    """Return the boxes (f, 4) of faces as rays see them: low and high across, with room for rounding."""
    flat, boxes = np.empty((len(corners), 2)), np.empty((len(faces), 4))
    for c in range(len(corners)):
        flat[c, 0], flat[c, 1] = _across_the_ray(corners[c])
    for f in range(len(faces)):
        a, b, c = flat[faces[f, 0]], flat[faces[f, 1]], flat[faces[f, 2]]
        for m in range(2):
            low, high = min(a[m], min(b[m], c[m])), max(a[m], max(b[m], c[m]))
            room = _SIDE * (high - low) + _THICK
            boxes[f, m], boxes[f, 2 + m] = low - room, high + room
    return boxes


@kernel(nogil=True)
def _cross(a, b):
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@kernel(nogil=True)
def _minus(a, b):
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


@kernel(nogil=True)
def _faces_in(corners, faces, box):
    """Return the faces (n, 3, 3) whose boxes meet a box."""
    chosen, count = np.empty((len(faces), 3, 3)), 0
    for f in range(len(faces)):
        near = True
        for m in range(3):
            a, b, c = corners[faces[f, 0], m], corners[faces[f, 1], m], corners[faces[f, 2], m]
            if min(a, min(b, c)) > box[1, m] + _THICK or max(a, max(b, c)) < box[0, m] - _THICK:
                near = False
                break
            chosen[count, 0, m], chosen[count, 1, m], chosen[count, 2, m] = a, b, c
        if near:
            count += 1
    return chosen[:count]


@kernel(nogil=True)
def _fill_prism(face, prism):
    """Set the corners (6, 3) of what lies under a face; False where it has no area."""
    x, y, z = _cross(_minus(face[1], face[0]), _minus(face[2], face[0]))
    length = np.sqrt(x * x + y * y + z * z)
    if not length > 0.0:
        return False
    for k in range(3):
        for m in range(3):
            prism[k, m] = face[k, m]
        prism[3 + k, 0] = face[k, 0] - _THICK * x / length
        prism[3 + k, 1] = face[k, 1] - _THICK * y / length
        prism[3 + k, 2] = face[k, 2] - _THICK * z / length
    return True


@kernel(nogil=True)
def _is_beside(prism, face, most):
    """Return whether some direction brings a prism and a face, whose boxes meet, apart by no more than ``most`` m."""
    # edges of the prism, the last of them through it; those of the face
    for i in range(4):
        one = _minus(prism[3], prism[0]) if i == 3 else _minus(prism[(i + 1) % 3], prism[i])
        if i == 3:
            one = one[0] / _THICK, one[1] / _THICK, one[2] / _THICK
        for j in range(3):
            if _parts(prism, face, _cross(one, _minus(face[(j + 1) % 3], face[j])), most):
                return True
        other = _minus(prism[1 if i == 3 else 3], prism[0])
        normal = _cross(other, _minus(prism[2], prism[0])) if i == 3 else _cross(one, other)
        if _parts(prism, face, normal, most):
            return True
    return _parts(prism, face, _cross(_minus(face[1], face[0]), _minus(face[2], face[0])), most)


@kernel(nogil=True)
def _parts(prism, face, direction, most):
    """Return whether a prism and a face overlap along a direction by no more than ``most`` metres."""
    x, y, z = direction
    length = np.sqrt(x * x + y * y + z * z)
    if not length > 1e-14:
        return False
    low, high, least, largest = np.inf, -np.inf, np.inf, -np.inf
    for k in range(6):
        at = (prism[k, 0] - prism[0, 0]) * x + (prism[k, 1] - prism[0, 1]) * y + (prism[k, 2] - prism[0, 2]) * z
        low, high = min(low, at), max(high, at)
    for k in range(3):
        at = (face[k, 0] - prism[0, 0]) * x + (face[k, 1] - prism[0, 1]) * y + (face[k, 2] - prism[0, 2]) * z
        least, largest = min(least, at), max(largest, at)
    return min(high - least, largest - low) <= most * length


@kernel(nogil=True)
def _inside(corners, faces, seen, box, place):
    """Return how often a solid is around a place: 0 is outside, -1 on its surface, 99 where that cannot be told."""
    for m in range(3):
        if place[m] < box[0, m] or place[m] > box[1, m]:
            return 0
    count, (x, y) = 0, _across_the_ray(place)
    for f in range(len(faces)):
        if x < seen[f, 0] or x > seen[f, 2] or y < seen[f, 1] or y > seen[f, 3]:
            continue
        a, b, c = corners[faces[f, 0]], corners[faces[f, 1]], corners[faces[f, 2]]
        ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
        vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
        px, py, pz = _WAY[1] * vz - _WAY[2] * vy, _WAY[2] * vx - _WAY[0] * vz, _WAY[0] * vy - _WAY[1] * vx
        scale = ux * px + uy * py + uz * pz  # Moeller and Trumbore 1997
        if scale == 0.0:
            continue
        wx, wy, wz = place[0] - a[0], place[1] - a[1], place[2] - a[2]
        one = (wx * px + wy * py + wz * pz) / scale
        if one < -_SHARP or one > 1.0 + _SHARP:
            continue
        qx, qy, qz = wy * uz - wz * uy, wz * ux - wx * uz, wx * uy - wy * ux
        other = (_WAY[0] * qx + _WAY[1] * qy + _WAY[2] * qz) / scale
        if other < -_SHARP or one + other > 1.0 + _SHARP:
            continue
        far = (vx * qx + vy * qy + vz * qz) / scale
        if abs(far) <= 0.1 * _THICK:
            return -1
        if far > 0.0:
            if one < _SHARP or other < _SHARP or one + other > 1.0 - _SHARP:
                return 99
            count += 1 if scale < 0.0 else -1
    return count
