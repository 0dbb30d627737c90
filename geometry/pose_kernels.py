# pyright: basic, reportUntypedFunctionDecorator=false, reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportPrivateImportUsage=false
"""Compiled kernels of :mod:`geometry.element_pose`: one rigid fit per element, the elements in parallel.

``tests/reference/element_pose.py`` says the same in plain numpy. Loops over single numbers stand where numpy would take
slices: numba needs seconds to compile an assignment of slices, which somebody waits for after every installation.
"""

import numpy as np

from geometry.compiled import kernel
from geometry.start_kernels import hypotheses, leans
from geometry.triangle_kernels import closest_one, search_space

UNKNOWN = 0.1
"""Standard deviation (m, and at most rad) assumed for a displacement that nothing measures; it couples into others."""
LEAST_SPREAD = 0.05
"""Spread (m) across an axis below which points cannot tell a turn about it from noise."""
MIN_SUPPORT = 12.0
"""Points' worth of information that a direction needs before it counts as fixed."""
WEAK_SHARE = 0.005
"""The same as a share of the element's points."""
CREDIBLE = 0.5
"""Share of the points that could tell about a direction which must agree on it."""
MAJORITY = 0.6
"""Share of its points an element must explain at a place other than the designed one to be believed there."""
SHOWS = 6.0
"""Standard deviations of a point from which a displacement can be told from none, point by point."""
SOME = 0.05
"""Share of the points on an element below which those that say otherwise are strays."""
CLEAR_GAIN = 0.03
"""How much more of the points another place must explain than the designed one."""


@kernel()
def rotation_of(v):
    """Return the rotation matrix (3, 3) of a rotation vector (Rodrigues)."""
    angle = np.sqrt(v[0] ** 2 + v[1] ** 2 + v[2] ** 2)
    out = np.eye(3)
    if angle < 1e-14:
        return out
    x, y, z = v[0] / angle, v[1] / angle, v[2] / angle
    s, c = np.sin(angle), 1.0 - np.cos(angle)
    out[0, 0], out[0, 1], out[0, 2] = 1 - c * (y * y + z * z), c * x * y - s * z, c * x * z + s * y
    out[1, 0], out[1, 1], out[1, 2] = c * x * y + s * z, 1 - c * (x * x + z * z), c * y * z - s * x
    out[2, 0], out[2, 1], out[2, 2] = c * x * z - s * y, c * y * z + s * x, 1 - c * (x * x + y * y)
    return out


@kernel()
def vector_of(rotation):
    """Return the rotation vector of a rotation of less than half a turn."""
    x, y, z = rotation[2, 1] - rotation[1, 2], rotation[0, 2] - rotation[2, 0], rotation[1, 0] - rotation[0, 1]
    sine = 0.5 * np.sqrt(x * x + y * y + z * z)
    cosine = 0.5 * (rotation[0, 0] + rotation[1, 1] + rotation[2, 2] - 1.0)
    angle = np.arctan2(sine, cosine)
    factor = 0.5 if sine < 1e-12 else 0.5 * angle / sine
    return np.array([x * factor, y * factor, z * factor])


@kernel()
def _associate(points, gates, centre, twist, reach, min_cosine, tree, out):
    """Fill ``out`` (n, 8): Jacobian row (6), signed residual, 1 where a face is found. Return how many are."""
    rotation = rotation_of(twist[3:])
    root, corners, normals, order, boxes, child, frame = tree
    space = search_space()
    last, found = np.int64(-1), 0  # not a literal: that would be compiled apart
    for i in range(len(points)):
        out[i, 7] = 0.0
        ax = points[i, 0] - (centre[0] + twist[0])
        ay = points[i, 1] - (centre[1] + twist[1])
        az = points[i, 2] - (centre[2] + twist[2])
        # back into the designed place: the rotation's transpose
        x = rotation[0, 0] * ax + rotation[1, 0] * ay + rotation[2, 0] * az + centre[0]
        y = rotation[0, 1] * ax + rotation[1, 1] * ay + rotation[2, 1] * az + centre[1]
        z = rotation[0, 2] * ax + rotation[1, 2] * ay + rotation[2, 2] * az + centre[2]
        g = gates[i]
        gx = rotation[0, 0] * g[0] + rotation[1, 0] * g[1] + rotation[2, 0] * g[2]
        gy = rotation[0, 1] * g[0] + rotation[1, 1] * g[1] + rotation[2, 1] * g[2]
        gz = rotation[0, 2] * g[0] + rotation[1, 2] * g[1] + rotation[2, 2] * g[2]
        s, d2, fx, fy, fz = closest_one(
            x, y, z, gx, gy, gz, min_cosine, reach * reach, last, root, corners, normals, order, boxes, child, frame,
            space,
        )  # fmt: skip
        if s < 0:
            continue
        last = s
        n = normals[s]
        signed = (x - fx) * n[0] + (y - fy) * n[1] + (z - fz) * n[2]
        # beyond an edge the distance is not along the normal: such a point says nothing about the plane
        if d2 - signed * signed > (0.5 * abs(signed) + 1e-3) ** 2:
            continue
        nx = rotation[0, 0] * n[0] + rotation[0, 1] * n[1] + rotation[0, 2] * n[2]
        ny = rotation[1, 0] * n[0] + rotation[1, 1] * n[1] + rotation[1, 2] * n[2]
        nz = rotation[2, 0] * n[0] + rotation[2, 1] * n[1] + rotation[2, 2] * n[2]
        out[i, 0], out[i, 1], out[i, 2] = nx, ny, nz
        out[i, 3], out[i, 4], out[i, 5] = ay * nz - az * ny, az * nx - ax * nz, ax * ny - ay * nx
        out[i, 6], out[i, 7] = signed, 1.0
        found += 1
    return found


@kernel()
def _directions(rows, weight):
    """Return independent displacement directions (6, 6) as columns and the information about each (6,).

    Principal axes about the centroid of the seen points with each rotation scaled by their spread across its axis, so
    that the information reads as a number of points whatever part of the element was seen: a slender column's turn
    about itself as well as its lean.
    """
    total, middle, across = 1e-12, np.zeros(3), np.zeros(3)
    n = len(rows)
    for i in range(n):
        if weight[i] > 0.0:
            total += weight[i]
            arm = _arm(rows[i])
            for a in range(3):
                middle[a] += weight[i] * arm[a]
    for a in range(3):
        middle[a] /= total
    for i in range(n):
        if weight[i] > 0.0:
            arm = _arm(rows[i])
            x, y, z = arm[0] - middle[0], arm[1] - middle[1], arm[2] - middle[2]
            across[0] += weight[i] * (y**2 + z**2)
            across[1] += weight[i] * (x**2 + z**2)
            across[2] += weight[i] * (x**2 + y**2)
    spread = np.sqrt(np.maximum(across / total, LEAST_SPREAD**2))
    to_origin = np.eye(6)
    x, y, z = middle[0], middle[1], middle[2]
    to_origin[0, 4], to_origin[0, 5] = -z / spread[1], y / spread[2]
    to_origin[1, 3], to_origin[1, 5] = z / spread[0], -x / spread[2]
    to_origin[2, 3], to_origin[2, 4] = -y / spread[0], x / spread[1]
    for a in range(3):
        to_origin[3 + a, 3 + a] /= spread[a]
    information = np.zeros((6, 6))
    for i in range(n):
        if weight[i] > 0.0:
            for a in range(6):
                for b in range(a, 6):
                    information[a, b] += weight[i] * rows[i, a] * rows[i, b]
    for a in range(6):
        for b in range(a):
            information[a, b] = information[b, a]
    values, vectors = np.linalg.eigh(to_origin.T @ information @ to_origin)
    return to_origin @ vectors, values


@kernel()
def _arm(row):
    """Return the part of the lever arm across the normal: n x (a x n); what lies along the normal turns nothing."""
    n, t = row[:3], row[3:6]
    return np.array([n[1] * t[2] - n[2] * t[1], n[2] * t[0] - n[0] * t[2], n[0] * t[1] - n[1] * t[0]])


@kernel()
def _step(out, trust, scale, share):
    """Return the step (6,) by iteratively reweighted least squares with fixed associations (Geman-McClure)."""
    step = np.zeros(6)
    n = len(out)
    weight = np.zeros(n)
    for _ in range(4):
        total = 0.0
        right = np.zeros(6)
        for i in range(n):
            weight[i] = 0.0
            if out[i, 7] > 0.0:
                left = out[i, 6]
                for a in range(6):
                    left -= out[i, a] * step[a]
                weight[i] = trust[i] * (scale * scale / (scale * scale + left * left)) ** 2
                total += weight[i]
                for a in range(6):
                    right[a] += weight[i] * out[i, a] * out[i, 6]
        basis, values = _directions(out, weight)
        step = np.zeros(6)
        for k in range(6):
            if values[k] > max(MIN_SUPPORT, share * total):
                along = 0.0
                for a in range(6):
                    along += basis[a, k] * right[a]
                for a in range(6):
                    step[a] += basis[a, k] * along / values[k]
    return step


@kernel()
def _motion(twist, size):
    """Return how far a twist (6,) moves an element of this size at most, metres."""
    shift = np.sqrt(twist[0] ** 2 + twist[1] ** 2 + twist[2] ** 2)
    return shift + size * np.sqrt(twist[3] ** 2 + twist[4] ** 2 + twist[5] ** 2)


@kernel()
def _refine(points, gates, trust, centre, size, sigma, start, scale, share, min_cosine, tree, out):
    """Alternate association and robust least squares from ``start`` while the scale shrinks to 3 sigma."""
    twist = start.copy()
    end = 3.0 * sigma
    last = False
    for _ in range(14):
        found = _associate(points, gates, centre, twist, 2.0 * scale + end, min_cosine, tree, out)
        if found < 3:
            break
        step = _step(out, trust, max(scale, end), share)
        turned = vector_of(rotation_of(step[3:]) @ rotation_of(twist[3:]))
        for a in range(3):
            twist[a] += step[a]
            twist[3 + a] = turned[a]
        if scale <= end:
            moved = _motion(step, size)
            if last and moved < 0.1 * sigma:
                break
            last = True
        scale /= 2.0
    return twist


@kernel()
def _explained(points, gates, trust, centre, twist, reach, min_cosine, tree, out):
    """Return the trusted number of points with a face within ``reach`` of the element put at ``twist``."""
    _associate(points, gates, centre, twist, reach, min_cosine, tree, out)
    total = 0.0
    for i in range(len(out)):
        if out[i, 7] > 0.0 and abs(out[i, 6]) <= reach:
            total += trust[i]
    return total


@kernel()
def _share_on(points, gates, trust, centre, twist, sigma, min_cosine, tree, out):
    """Return the trusted share of all points that lie on the element at ``twist`` within 3 sigma."""
    total = trust.sum()
    on = _explained(points, gates, trust, centre, twist, 3.0 * sigma, min_cosine, tree, out)
    return on / total if total > 0.0 else 0.0


@kernel()
def _conclude(points, gates, trust, centre, twist, sigma, band, min_cosine, tree, out):
    """Return covariance (6, 6), a better start, robust spread, inlier share and inlier count at ``twist``.

    Where the points that could tell about a direction do not agree on it, it counts as not fixed, and the start (6,)
    has no displacement along it; otherwise the start is the twist itself.
    """
    _associate(points, gates, centre, twist, band, min_cosine, tree, out)
    n = len(out)
    weight = np.zeros(n)
    residual = np.zeros(n)
    m = 0
    total = 0.0
    for i in range(n):
        if out[i, 7] > 0.0 and abs(out[i, 6]) <= 3.0 * sigma:
            weight[i] = trust[i]
            total += trust[i]
            residual[m] = abs(out[i, 6])
            m += 1
    spread = 1.4826 * np.median(residual[:m]) if m > 5 else sigma
    noise = max(spread, 0.25 * sigma) ** 2
    basis, values = _directions(out, weight)
    along = np.linalg.solve(basis, twist)
    covariance = np.zeros((6, 6))
    for k in range(6):
        fixed = values[k] > max(MIN_SUPPORT, WEAK_SHARE * total)
        if fixed:
            agree, able = 0.0, 1e-12
            for i in range(n):
                if out[i, 7] > 0.0:
                    g = 0.0
                    for a in range(6):
                        g += out[i, a] * basis[a, k]
                    able += trust[i] * g * g
                    agree += weight[i] * g * g
            fixed = agree >= CREDIBLE * able
        if not fixed:
            along[k] = 0.0
        turn = np.sqrt(basis[3, k] ** 2 + basis[4, k] ** 2 + basis[5, k] ** 2)
        variance = noise / values[k] if fixed else (UNKNOWN / max(1.0, turn)) ** 2
        for a in range(6):
            for b in range(6):
                covariance[a, b] += variance * basis[a, k] * basis[b, k]
    everything = trust.sum()
    return covariance, basis @ along, spread, (total / everything if everything > 0.0 else 0.0), m


@kernel()
def _doubt(points, gates, trust, centre, size, twist, sigma, band, min_cosine, tree, out):
    """Return how many points speak for less displacement than ``twist`` per point that speaks for it, 0 or more.

    Less is: none along one, or all, of the directions that the points fix. A point speaks for the place whose face it
    lies on when it does not lie on one at the other.
    """
    n = len(points)
    there, weight = np.zeros(n), np.zeros(n)
    total = 0.0
    _associate(points, gates, centre, twist, band, min_cosine, tree, out)
    for i in range(n):
        if out[i, 7] > 0.0 and abs(out[i, 6]) <= 3.0 * sigma:
            there[i], weight[i] = 1.0, trust[i]
            total += trust[i]
    basis, values = _directions(out, weight)
    along = np.linalg.solve(basis, twist)
    worst = 0.0
    for k in range(7):
        less = twist.copy()
        for j in range(6):
            if (j == k or k == 6) and values[j] > max(MIN_SUPPORT, WEAK_SHARE * total):
                for a in range(6):
                    less[a] -= along[j] * basis[a, j]
        if _motion(twist - less, size) < SHOWS * sigma:
            continue
        _associate(points, gates, centre, less, band, min_cosine, tree, out)
        for_twist, for_less = 1e-9, 0.0
        for i in range(n):
            here = out[i, 7] > 0.0 and abs(out[i, 6]) <= 3.0 * sigma
            if here and there[i] == 0.0:
                for_less += trust[i]
            elif there[i] > 0.0 and not here:
                for_twist += trust[i]
        if for_less > max(MIN_SUPPORT, SOME * total):
            worst = max(worst, for_less / for_twist)
    return worst


@kernel()
def _searched(points, gates, trust, centre, size, half_height, sigma, band, min_cosine, tree, slid, out):
    """Return the place (6,) that explains most: near the designed one, at ``slid``, or where modes and leans start."""
    here, beside = np.zeros(6), slid.copy()  # not to be compiled once more for what is read only
    best = _refine(points, gates, trust, centre, size, sigma, here, band, WEAK_SHARE, min_cosine, tree, out)
    share = _share_on(points, gates, trust, centre, best, sigma, min_cosine, tree, out)
    if share <= MAJORITY:
        best = here
        share = _share_on(points, gates, trust, centre, best, sigma, min_cosine, tree, out)
    if share <= 0.9:
        _associate(points, gates, centre, here, band, min_cosine, tree, out)
        starts = np.zeros((27 + 8, 6))
        made = hypotheses(out, trust, sigma, band, starts)
        leans(half_height, starts[made:])
        scores = np.zeros(made + 8)
        for h in range(len(scores)):
            scores[h] = _explained(points, gates, trust, centre, starts[h], 6.0 * sigma, min_cosine, tree, out)
        for _ in range(2):
            h = np.argmax(scores)
            scores[h] = -1.0
            other = _refine(
                points, gates, trust, centre, size, sigma, starts[h], 4.0 * sigma + 0.02, WEAK_SHARE, min_cosine,
                tree, out,
            )  # fmt: skip
            there = _share_on(points, gates, trust, centre, other, sigma, min_cosine, tree, out)
            if there > share + CLEAR_GAIN and there > MAJORITY:
                best, share = other, there
    if _motion(beside, size) > 0.0:
        band = 3.0 * sigma
        other = _refine(points, gates, trust, centre, size, sigma, beside, band, WEAK_SHARE, min_cosine, tree, out)
        there = _share_on(points, gates, trust, centre, other, sigma, min_cosine, tree, out)
        if there > share + CLEAR_GAIN and there > MAJORITY:
            best, share = other, there
    return best


@kernel()
def fit_one(points, gates, trust, centre, size, half_height, sigma, band, min_cosine, tree, slid, only):
    """Fit one element; return twist (6,), covariance (6, 6), spread, inlier share, inlier count and doubt.

    ``slid`` (6,) is a place that something else speaks for, zero where nothing does; ``only`` looks about it alone.
    """
    out = np.zeros((len(points), 8))
    if only:
        best = _refine(
            points, gates, trust, centre, size, sigma, slid, 4.0 * sigma + 0.02, WEAK_SHARE, min_cosine, tree, out
        )
    else:
        best = _searched(points, gates, trust, centre, size, half_height, sigma, band, min_cosine, tree, slid, out)
    covariance, start, spread, share, m = _conclude(
        points, gates, trust, centre, best, sigma, band, min_cosine, tree, out
    )
    for attempt in range(2):
        if _motion(start - best, size) < 0.5 * sigma:
            break
        # a face that does not agree with itself pulled the element along: start again without that, and if it is
        # pulled there again, leave it where it is without it
        best = start
        if attempt == 0:
            best = _refine(
                points, gates, trust, centre, size, sigma, start, 3.0 * sigma, WEAK_SHARE, min_cosine, tree, out
            )
        covariance, start, spread, share, m = _conclude(
            points, gates, trust, centre, best, sigma, band, min_cosine, tree, out
        )
    doubt = _doubt(points, gates, trust, centre, size, best, sigma, band, min_cosine, tree, out)
    return best, covariance, spread, share, m, doubt


@kernel(nogil=True)
def fit_many(
    first, last, pending, points, gates, trust, begin, centre, size, half_height, sigma, band, min_cosine, root,
    corners, normals, order, boxes, child, frame, slid, only, twist, covariance, spread, share, count, doubt,
):  # fmt: skip
    """Fit the elements pending[first..last] into the last six arrays; element i owns points begin[i]..begin[i+1]."""
    for number in range(first, last):
        i = pending[number]
        a, b = begin[i], begin[i + 1]
        tree = (np.int64(root[i]), corners, normals, order, boxes, child, frame)
        t, c, spread[i], share[i], count[i], doubt[i] = fit_one(
            points[a:b], gates[a:b], trust[a:b], centre[i], size[i], half_height[i], sigma, band, min_cosine, tree,
            slid[i], only[i],
        )  # fmt: skip
        for j in range(6):
            twist[i, j] = t[j]
            for k in range(6):
                covariance[i, j, k] = c[j, k]
