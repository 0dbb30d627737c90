# pyright: reportMissingParameterType=false, reportUnknownParameterType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
"""Corners at one place joined, whether the faces close, and the shells they make, each in one pass over a mesh."""

import numpy as np

from geometry.compiled import kernel

_ONE, _NONE = np.int64(1), np.int64(0)
"""A bare 1 is a type of its own for numba, and what it is handed to is compiled once more for it."""
OPEN, MANY, CLOSED = 0, 1, 2
"""An edge has more faces one way than the other; as many each way, but not one alone; one face each way, all edges."""


@kernel()
def key_table(count):
    """Return the slots of a hash table for so many keys, all of them empty."""
    size = 16
    while size < 2 * count:
        size *= 2
    return np.full(size, -1, dtype=np.int64)


@kernel()
def slot_of(a, b, c, size):
    """Return where in a table of a size three whole numbers are looked for first."""
    mixed = a * np.int64(73856093) ^ b * np.int64(19349663) ^ c * np.int64(83492791)
    mixed ^= (mixed >> 17) ^ (mixed >> 31)
    return mixed & (size - 1)


@kernel()
def weld(vertices, faces, cell):
    """Return the corners, one for each place, and the faces that have three of them.

    Parameters
    ----------
    vertices, faces
        (v, 3) metres and (f, 3).
    cell
        Corners in one cube of this width are one, metres.
    """
    cells = np.empty((len(vertices), 3), dtype=np.int64)
    for k in range(len(vertices)):
        for m in range(3):
            cells[k, m] = np.int64(np.rint(vertices[k, m] / cell))
    table = key_table(len(vertices))
    place = np.empty(len(vertices), dtype=np.int64)
    kept = np.empty(len(vertices), dtype=np.int64)
    count = 0
    for k in range(len(vertices)):
        slot = slot_of(cells[k, 0], cells[k, 1], cells[k, 2], len(table))
        while table[slot] >= 0:
            other = kept[table[slot]]
            if cells[other, 0] == cells[k, 0] and cells[other, 1] == cells[k, 1] and cells[other, 2] == cells[k, 2]:
                break
            slot = (slot + 1) & (len(table) - 1)
        if table[slot] < 0:
            table[slot] = count
            kept[count] = k
            count += 1
        place[k] = table[slot]
    real = np.empty((len(faces), 3), dtype=np.int64)
    used = 0
    for f in range(len(faces)):
        a, b, c = place[faces[f, 0]], place[faces[f, 1]], place[faces[f, 2]]
        if a != b and b != c and c != a:
            real[used, 0], real[used, 1], real[used, 2] = a, b, c
            used += 1
    corners = np.empty((count, 3))
    for k in range(count):
        for m in range(3):
            corners[k, m] = vertices[kept[k], m]
    return corners, real[:used].copy()


@kernel()
def shells(corners, faces):
    """Return how the edges close, and the volumes (s,), m³, and boxes (s, 2, 3) of the shells that faces make.

    Faces that share an edge are of one shell. A volume is negative where a shell is inside out. Where an edge has more
    than two faces all count as one shell, where it has more one way than the other none is told of.
    """
    none = np.empty(0), np.empty((0, 2, 3))
    table = key_table(3 * len(faces))
    ways = np.zeros((3 * len(faces), 2), dtype=np.int64)
    face = np.empty((3 * len(faces), 2), dtype=np.int64)
    for f in range(len(faces)):
        for k in range(3):
            a, b = faces[f, k], faces[f, (k + 1) % 3]
            way = 0 if a < b else 1
            low, high = min(a, b), max(a, b)
            slot = slot_of(low, high, np.int64(0), len(table))
            while table[slot] >= 0:
                g, m = table[slot] // 3, table[slot] % 3
                c, d = faces[g, m], faces[g, (m + 1) % 3]
                if min(c, d) == low and max(c, d) == high:
                    break
                slot = (slot + 1) & (len(table) - 1)
            if table[slot] < 0:
                table[slot] = 3 * f + k
            ways[table[slot], way] += 1
            face[table[slot], way] = f
    shell, closed = np.arange(len(faces)), CLOSED
    for slot in table:
        if slot >= 0:
            if ways[slot, 0] != ways[slot, 1]:
                return OPEN, none[0], none[1]
            if ways[slot, 0] > 1:
                closed = MANY
            one, other = root(shell, face[slot, 0]), root(shell, face[slot, 1])
            shell[max(one, other)] = min(one, other)
    if closed == MANY:
        volumes, boxes = _measured(corners, faces, np.zeros(len(faces), dtype=np.int64), _ONE)
        return MANY, volumes, boxes
    number = np.full(len(faces), -1, dtype=np.int64)
    count = _NONE
    for f in range(len(faces)):
        if root(shell, f) == f:
            number[f] = count
            count += 1
        number[f] = number[root(shell, f)]
    volumes, boxes = _measured(corners, faces, number, count)
    return CLOSED, volumes, boxes


@kernel()
def _measured(corners, faces, shell, count):
    """Return the volumes (s,) and boxes (s, 2, 3) of shells, each face being of one."""
    volumes, boxes = np.zeros(count), np.empty((count, 2, 3))
    for k in range(count):
        for m in range(3):
            boxes[k, 0, m], boxes[k, 1, m] = np.inf, -np.inf
    about = middle_of(corners)
    for f in range(len(faces)):
        a, b, c = corners[faces[f, 0]], corners[faces[f, 1]], corners[faces[f, 2]]
        ax, ay, az = a[0] - about[0], a[1] - about[1], a[2] - about[2]
        bx, by, bz = b[0] - about[0], b[1] - about[1], b[2] - about[2]
        cx, cy, cz = c[0] - about[0], c[1] - about[1], c[2] - about[2]
        volumes[shell[f]] += (ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)) / 6.0
        for k in range(3):
            for m in range(3):
                boxes[shell[f], 0, m] = min(boxes[shell[f], 0, m], corners[faces[f, k], m])
                boxes[shell[f], 1, m] = max(boxes[shell[f], 1, m], corners[faces[f, k], m])
    return volumes, boxes


@kernel()
def middle_of(corners):
    """Return the mean (3,) of corners; zeros of none."""
    about = np.zeros(3)
    for k in range(len(corners)):
        for m in range(3):
            about[m] += corners[k, m]
    for m in range(3):
        about[m] /= max(len(corners), 1)
    return about


@kernel()
def root(parent, k):
    """Return the one that stands for all that ``k`` is joined with, and shorten the way to it."""
    while parent[k] != k:
        parent[k] = parent[parent[k]]
        k = parent[k]
    return k


@kernel()
def distinct_normals(corners, faces, same, most):
    """Return the unit normals (k, 3) of faces, each once up to its sign, those with most area first.

    Directions that differ by no more than about ``same`` are one; ``most`` is how many there are at most.
    """
    normals, area = np.empty((len(faces), 3)), np.empty(len(faces))
    keys = np.empty(len(faces), dtype=np.int64)
    count = 0
    for f in range(len(faces)):
        a, b, c = corners[faces[f, 0]], corners[faces[f, 1]], corners[faces[f, 2]]
        ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
        vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        length = np.sqrt(x * x + y * y + z * z)
        if not length > 0.0:
            continue
        x, y, z = x / length, y / length, z / length
        lead = x if abs(x) >= abs(y) and abs(x) >= abs(z) else y if abs(y) >= abs(z) else z
        if lead < 0.0:
            x, y, z = -x, -y, -z
        normals[count, 0], normals[count, 1], normals[count, 2], area[count] = x, y, z, length
        keys[count] = (
            np.int64(np.rint(x / same)) * (1 << 42)
            + np.int64(np.rint(y / same)) * (1 << 21)
            + np.int64(np.rint(z / same))
        )
        count += 1
    order = sorted_rows(keys[:count])
    first, weight = np.empty(count, dtype=np.int64), np.zeros(count)
    found = 0
    for k in range(count):
        if k == 0 or keys[order[k]] != keys[order[k - 1]]:
            first[found] = order[k]
            found += 1
        weight[found - 1] += area[order[k]]
    # of numbers above 0 the bits rise as the numbers do
    largest = sorted_rows(-weight[:found].view(np.int64))
    kept = min(found, most)
    chosen = np.empty((kept, 3))
    for k in range(kept):
        for m in range(3):
            chosen[k, m] = normals[first[largest[k]], m]
    return chosen


@kernel()
def sorted_rows(keys):
    """Return the rows of whole numbers (n,) from the least to the largest, equal ones as they come: by merging runs.

    numpy's own takes numba seconds to compile.
    """
    order, spare = np.arange(len(keys)), np.empty(len(keys), dtype=np.int64)
    run = 1
    while run < len(keys):
        for begin in range(0, len(keys), 2 * run):
            middle, end = min(begin + run, len(keys)), min(begin + 2 * run, len(keys))
            one, other = begin, middle
            for k in range(begin, end):
                if other >= end or (one < middle and keys[order[one]] <= keys[order[other]]):
                    spare[k] = order[one]
                    one += 1
                else:
                    spare[k] = order[other]
                    other += 1
        order, spare = spare, order
        run *= 2
    return order
