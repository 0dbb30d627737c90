# pyright: reportMissingParameterType=false, reportUnknownParameterType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
"""What two solids share, looked at as a closed mesh: its pieces, how thick they are, and how they lie in the two."""

import numpy as np

from geometry.compiled import kernel
from geometry.shell_kernels import distinct_normals, key_table, middle_of, root, slot_of
from geometry.triangle_gap_kernels import squared_distance

FIRST, SECOND, BOTH = 0, 1, 2
"""Whose surface a face of the shared volume lies on."""
_FLUSH, _SAME_WAY = 1e-7, 1.0 - 1e-6
"""Metres and cosine by which faces may differ and still be taken for one that both solids have."""
_SEAM = 1e-6
"""Share of a face that rounding may leave uncovered."""
_OFF_RIM = 1e-3
"""Share of a face or an edge that is left out beside its rim."""
_MOST_NORMALS = np.int64(200)
_CORNERS = 16
"""Of a triangle cut by a triangle: 6 at most, and some room."""


@kernel()
def pieces_of(corners, faces):
    """Return which piece each face belongs to, counted from 0, and how many there are."""
    parent = np.arange(len(corners))
    for f in range(len(faces)):
        for k in range(2):
            one, other = root(parent, faces[f, 0]), root(parent, faces[f, k + 1])
            parent[max(one, other)] = min(one, other)
    number = np.full(len(corners), -1, dtype=np.int64)
    piece = np.empty(len(faces), dtype=np.int64)
    count = 0
    for f in range(len(faces)):
        of = root(parent, faces[f, 0])
        if number[of] < 0:
            number[of] = count
            count += 1
        piece[f] = number[of]
    return piece, count


@kernel()
def own_mesh(corners, faces, piece, which):
    """Return the corners and faces of one piece."""
    row = np.full(len(corners), -1, dtype=np.int64)
    own, used = np.empty_like(faces), np.empty_like(corners)
    count, kept = 0, 0
    for f in range(len(faces)):
        if piece[f] == which:
            for k in range(3):
                c = faces[f, k]
                if row[c] < 0:
                    row[c] = count
                    for m in range(3):
                        used[count, m] = corners[c, m]
                    count += 1
                own[kept, k] = row[c]
            kept += 1
    return used[:count].copy(), own[:kept].copy()


@kernel()
def volume_and_centre(corners, faces):
    """Return the volume of a closed mesh, m³, and its centre of mass (3,)."""
    about = middle_of(corners)
    total, moment, tri = 0.0, np.zeros(3), np.empty((3, 3))
    for f in range(len(faces)):
        for k in range(3):
            for m in range(3):
                tri[k, m] = corners[faces[f, k], m] - about[m]
        a, b, c = tri[0], tri[1], tri[2]
        weight = (
            a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) + a[2] * (b[0] * c[1] - b[1] * c[0])
        )
        total += weight
        for m in range(3):
            moment[m] += weight * (a[m] + b[m] + c[m])
    if total != 0.0:
        for m in range(3):
            about[m] += moment[m] / (4.0 * total)
    return total / 6.0, about


@kernel()
def least_extent(corners, faces):
    """Return how far a mesh extends, metres, along that of its face normals and principal axes where that is least."""
    least = np.inf
    normals = distinct_normals(corners, faces, 1e-4, _MOST_NORMALS)
    for k in range(len(normals)):
        least = min(least, _extent(corners, normals[k], least))
    axes = _principal(corners)
    for k in range(3):
        least = min(least, _extent(corners, axes[k], least))
    return least


@kernel()
def _extent(corners, direction, least):
    low, high = np.inf, -np.inf
    for c in range(len(corners)):
        at = corners[c, 0] * direction[0] + corners[c, 1] * direction[1] + corners[c, 2] * direction[2]
        low, high = min(low, at), max(high, at)
        if high - low > least:
            break
    return high - low


@kernel()
def _principal(corners):
    """Return the axes (3, 3) along which corners scatter most and least, by Jacobi's rotations."""
    about = middle_of(corners)
    scatter, axes = np.zeros((3, 3)), np.zeros((3, 3))
    for k in range(3):
        axes[k, k] = 1.0
    for k in range(len(corners)):
        for i in range(3):
            for j in range(3):
                scatter[i, j] += (corners[k, i] - about[i]) * (corners[k, j] - about[j])
    for _ in range(30):
        off = abs(scatter[0, 1]) + abs(scatter[0, 2]) + abs(scatter[1, 2])
        if off <= 1e-15 * (scatter[0, 0] + scatter[1, 1] + scatter[2, 2]):
            break
        for i in range(2):
            for j in range(i + 1, 3):
                if scatter[i, j] != 0.0:
                    half = 0.5 * np.arctan2(2.0 * scatter[i, j], scatter[j, j] - scatter[i, i])
                    c, s = np.cos(half), np.sin(half)
                    for m in range(3):
                        p, q = scatter[m, i], scatter[m, j]
                        scatter[m, i], scatter[m, j] = c * p - s * q, s * p + c * q
                    for m in range(3):
                        p, q = scatter[i, m], scatter[j, m]
                        scatter[i, m], scatter[j, m] = c * p - s * q, s * p + c * q
                    for m in range(3):
                        p, q = axes[i, m], axes[j, m]
                        axes[i, m], axes[j, m] = c * p - s * q, s * p + c * q
    return axes


@kernel()
def twins_of(faces):
    """Return the half-edge (3 f + k) that runs against each; empty where one has not exactly one such."""
    table = key_table(3 * len(faces))
    twin = np.full(3 * len(faces), -1, dtype=np.int64)
    for half in range(3 * len(faces)):
        a, b = faces[half // 3, half % 3], faces[half // 3, (half % 3 + 1) % 3]
        slot = slot_of(a, b, np.int64(0), len(table))
        while table[slot] >= 0:
            other = table[slot]
            if faces[other // 3, other % 3] == a and faces[other // 3, (other % 3 + 1) % 3] == b:
                return twin[:0].copy()
            slot = (slot + 1) & (len(table) - 1)
        table[slot] = half
    for half in range(3 * len(faces)):
        a, b = faces[half // 3, half % 3], faces[half // 3, (half % 3 + 1) % 3]
        slot = slot_of(b, a, np.int64(0), len(table))
        while table[slot] >= 0:
            other = table[slot]
            if faces[other // 3, other % 3] == b and faces[other // 3, (other % 3 + 1) % 3] == a:
                twin[half] = other
                break
            slot = (slot + 1) & (len(table) - 1)
        if twin[half] < 0:
            return twin[:0].copy()
    return twin


@kernel()
def is_convex(corners, faces, twin, flat):
    """Return whether a closed mesh of one piece is convex: no corner is more than ``flat`` metres above a next face."""
    if len(twin) == 0 or 2 * len(corners) - 4 != len(faces):  # Euler: only what is like a ball can be
        return False
    for f in range(len(faces)):
        a, b, c = corners[faces[f, 0]], corners[faces[f, 1]], corners[faces[f, 2]]
        ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
        vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        length = np.sqrt(x * x + y * y + z * z)
        for k in range(3):
            other = twin[3 * f + k]
            far = corners[faces[other // 3, (other % 3 + 2) % 3]]
            if (far[0] - a[0]) * x + (far[1] - a[1]) * y + (far[2] - a[2]) * z > flat * length:
                return False
    return True


@kernel()
def flush_sides(corners, faces, side, first_corners, first_faces, second_corners, second_faces):
    """Return whose surface each face lies on where faces that lie in one of the other solid count as both's.

    Empty where that cannot be told: a face lies in one of the other solid in part. ``side`` says of which solid each
    face is.
    """
    found = side.copy()
    for s in range(2):
        theirs, of = (second_corners, second_faces) if s == FIRST else (first_corners, first_faces)
        near = _near(corners, theirs, of)
        for f in range(len(faces)):
            if side[f] == s:
                lies = _lies_in(corners, faces[f], theirs, of, near)
                if lies < 0:
                    return found[:0].copy()
                if lies > 0:
                    found[f] = BOTH
    return found


@kernel()
def _near(corners, theirs, of):
    """Return the faces whose boxes meet that of the shared volume."""
    chosen, count = np.empty(len(of), dtype=np.int64), 0
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for c in range(len(corners)):
        for m in range(3):
            low[m], high[m] = min(low[m], corners[c, m]), max(high[m], corners[c, m])
    for g in range(len(of)):
        near = True
        for m in range(3):
            a, b, c = theirs[of[g, 0], m], theirs[of[g, 1], m], theirs[of[g, 2], m]
            if min(a, min(b, c)) > high[m] + _FLUSH or max(a, max(b, c)) < low[m] - _FLUSH:
                near = False
        if near:
            chosen[count] = g
            count += 1
    return chosen[:count]


@kernel()
def _lies_in(corners, face, theirs, of, near):
    """Return 1 where a face lies in faces that look the same way, 0 where in none, -1 where in part or not for sure."""
    own = np.empty((3, 3))
    for k in range(3):
        for m in range(3):
            own[k, m] = corners[face[k], m]
    normal, area = _normal(own[0], own[1], own[2])
    if area == 0.0:
        return -1
    covered, one, two = 0.0, np.empty((_CORNERS, 3)), np.empty((_CORNERS, 3))
    for g in near:
        n, size = _normal(theirs[of[g, 0]], theirs[of[g, 1]], theirs[of[g, 2]])
        if size == 0.0 or n[0] * normal[0] + n[1] * normal[1] + n[2] * normal[2] < _SAME_WAY:
            continue
        aside = 0.0
        for k in range(3):
            p = theirs[of[g, 0]]
            height = n[0] * (own[k, 0] - p[0]) + n[1] * (own[k, 1] - p[1]) + n[2] * (own[k, 2] - p[2])
            aside = max(aside, abs(height))
        if aside <= _FLUSH:
            covered += _common_area(own, theirs, of[g], normal, one, two)
    if covered <= _SEAM * area:
        return 0
    return 1 if abs(covered - area) <= _SEAM * area else -1


@kernel()
def _normal(a, b, c):
    """Return the unit normal of a triangle, and its area twice, m²."""
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    length = np.sqrt(x * x + y * y + z * z)
    return ((0.0, 0.0, 0.0) if length == 0.0 else (x / length, y / length, z / length)), length


@kernel()
def _common_area(own, theirs, other, normal, one, two):
    """Return the area twice, m², that a triangle (3, 3) has in common with another in its plane; the last are room."""
    count = 3
    for k in range(3):
        for m in range(3):
            one[k, m] = own[k, m]
    for k in range(3):
        p, q = theirs[other[k]], theirs[other[(k + 1) % 3]]
        ex, ey, ez = q[0] - p[0], q[1] - p[1], q[2] - p[2]
        # inwards from the edge, in the plane
        x, y, z = normal[1] * ez - normal[2] * ey, normal[2] * ex - normal[0] * ez, normal[0] * ey - normal[1] * ex
        kept = 0
        for i in range(count):
            j = (i + 1) % count
            here = (one[i, 0] - p[0]) * x + (one[i, 1] - p[1]) * y + (one[i, 2] - p[2]) * z
            there = (one[j, 0] - p[0]) * x + (one[j, 1] - p[1]) * y + (one[j, 2] - p[2]) * z
            if here >= 0.0:
                for m in range(3):
                    two[kept, m] = one[i, m]
                kept += 1
            if (here > 0.0 and there < 0.0) or (here < 0.0 and there > 0.0):
                share = here / (here - there)
                for m in range(3):
                    two[kept, m] = one[i, m] + share * (one[j, m] - one[i, m])
                kept += 1
        one, two, count = two, one, kept
        if count < 3:
            return 0.0
    area = 0.0
    for i in range(1, count - 1):
        area += _normal(one[0], one[i], one[i + 1])[1]
    return area


@kernel()
def meets_at_rim(corners, faces, twin, side, own, theirs, of):
    """Return whether what one solid cuts into the other meets that one's surface along its rim alone.

    A cut that touches the surface elsewhere may leave pieces that hang together at an edge or a corner only.

    Parameters
    ----------
    corners, faces, twin, side
        What is shared, as of :func:`twins_of` and :func:`flush_sides`.
    own
        Whose faces do the cutting.
    theirs, of
        (v, 3) metres and (f, 3) of the other solid.
    """
    near = _near(corners, theirs, of)
    one, other, inner = np.empty((3, 3)), np.empty((3, 3)), np.ones(len(corners), dtype=np.bool_)
    for f in range(len(faces)):
        for k in range(3):
            inner[faces[f, k]] &= side[f] == own
    for f in range(len(faces)):
        if side[f] != own:
            continue
        for part in range(7):
            if _off_rim(corners, faces, twin, side, inner, f, part, one) and _touches(one, theirs, of, near, other):
                return False
    return True


@kernel()
def _off_rim(corners, faces, twin, side, inner, face, part, to):
    """Write a part of a face without the rim to `to`, (3, 3), and return whether it is off the rim.

    Its parts are the face less its edges (0), its edges less their ends (1 to 3), its corners (4 to 6).
    """
    if part == 0:
        for m in range(3):
            a, b, c = corners[faces[face, 0], m], corners[faces[face, 1], m], corners[faces[face, 2], m]
            middle = (a + b + c) / 3.0
            to[0, m] = a + _OFF_RIM * (middle - a)
            to[1, m] = b + _OFF_RIM * (middle - b)
            to[2, m] = c + _OFF_RIM * (middle - c)
        return True
    if part < 4:
        k = part - 1
        if side[twin[3 * face + k] // 3] != side[face]:
            return False
        begin, end = corners[faces[face, k]], corners[faces[face, (k + 1) % 3]]
        for m in range(3):
            to[0, m] = begin[m] + _OFF_RIM * (end[m] - begin[m])
            to[1, m] = end[m] + _OFF_RIM * (begin[m] - end[m])
            to[2, m] = to[1, m]
        return True
    if not inner[faces[face, part - 4]]:
        return False
    for k in range(3):
        for m in range(3):
            to[k, m] = corners[faces[face, part - 4], m]
    return True


@kernel()
def _touches(one, theirs, of, near, other):
    """Return whether a triangle (3, 3) is flush with one of the faces `near`; `other` is room for one of them."""
    for g in near:
        beside = False
        for m in range(3):
            a, b, c = theirs[of[g, 0], m], theirs[of[g, 1], m], theirs[of[g, 2], m]
            low, high = min(one[0, m], min(one[1, m], one[2, m])), max(one[0, m], max(one[1, m], one[2, m]))
            if min(a, min(b, c)) > high + _FLUSH or max(a, max(b, c)) < low - _FLUSH:
                beside = True
                break
        if beside:
            continue
        for k in range(3):
            for m in range(3):
                other[k, m] = theirs[of[g, k], m]
        if squared_distance(one, other, _FLUSH * _FLUSH) < _FLUSH * _FLUSH:
            return True
    return False


@kernel()
def is_bite(corners, faces, twin, side, piece, pieces):
    """Return whether taking what is shared from either solid leaves its pieces and holes as they were.

    It does where each piece is like a ball, and what cuts into the solid, as well as the rest of the piece's surface,
    hangs together: the solid without the piece is then the solid pushed in. False: it may not.
    """
    if len(twin) == 0:
        return False
    for own in (FIRST, SECOND):
        parent = np.arange(len(faces))
        for half in range(3 * len(faces)):
            f, g = half // 3, twin[half] // 3
            if (side[f] == own) == (side[g] == own):
                one, other = root(parent, f), root(parent, g)
                parent[max(one, other)] = min(one, other)
        parts = np.zeros((pieces, 2), dtype=np.int64)
        for f in range(len(faces)):
            if root(parent, f) == f:
                parts[piece[f], 1 if side[f] == own else 0] += 1
        for k in range(pieces):
            if parts[k, 0] != 1 or parts[k, 1] != 1:
                return False
    seen = np.zeros(len(corners), dtype=np.int64)
    excess = np.zeros(pieces, dtype=np.int64)  # corners less half the faces: 2 of what is like a ball
    for f in range(len(faces)):
        excess[piece[f]] -= 1
        for k in range(3):
            if seen[faces[f, k]] == 0:
                seen[faces[f, k]] = 1
                excess[piece[f]] += 2
    for k in range(pieces):
        if excess[k] != 4:
            return False
    return True
