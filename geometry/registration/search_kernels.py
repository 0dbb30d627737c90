# pyright: basic, reportUntypedFunctionDecorator=false, reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportPrivateImportUsage=false
"""Compiled kernels of the registration: arrays in, arrays filled. Each has a brute-force twin in the tests."""

import numpy as np

from geometry.compiled import kernel


@kernel()
def mark_surfaces(bits, points, normals, voxel, classes, min_cosine):
    """Set the direction bits of the voxels at each point and half a voxel to both sides of it.

    ``bits`` (x, y, z) unsigned, changed here; ``points`` and ``normals`` (n, 3) in metres from the first voxel's
    corner; ``voxel`` metres; ``classes`` (c, 3) the directions that the bits stand for.
    """
    for i in range(len(points)):
        mask = np.uint32(0)
        for c in range(len(classes)):
            cosine = normals[i, 0] * classes[c, 0] + normals[i, 1] * classes[c, 1] + normals[i, 2] * classes[c, 2]
            if cosine >= min_cosine:
                mask |= np.uint32(1) << np.uint32(c)
        for step in range(-1, 2):
            x = int((points[i, 0] + 0.5 * step * voxel * normals[i, 0]) / voxel)
            y = int((points[i, 1] + 0.5 * step * voxel * normals[i, 1]) / voxel)
            z = int((points[i, 2] + 0.5 * step * voxel * normals[i, 2]) / voxel)
            bits[x, y, z] |= mask


@kernel(nogil=True)
def sweep_columns(begin, end, bits, points, classes, voxel, shifts, heights, score):
    """Fill ``score`` (k, h): share of points on surface that faces their way, per plan shift and height.

    ``bits`` and ``voxel`` as :func:`mark_surfaces` leaves them; ``points`` (n, 3) metres with the direction bit of each
    in ``classes`` (n,); ``shifts`` (k, 2) and the evenly spaced ``heights`` (h,) in metres; shifts begin..end are done.
    """
    nx, ny, nz = bits.shape
    step = heights[1] - heights[0] if len(heights) > 1 else 0.0
    for k in range(begin, end):
        for i in range(len(points)):
            x = int(np.floor((points[i, 0] + shifts[k, 0]) / voxel))
            y = int(np.floor((points[i, 1] + shifts[k, 1]) / voxel))
            if x < 0 or y < 0 or x >= nx or y >= ny:
                continue
            z0 = points[i, 2] + heights[0]
            for h in range(len(heights)):
                z = (z0 + h * step) / voxel
                if z >= 0.0 and z < nz and bits[x, y, int(z)] & classes[i]:
                    score[k, h] += 1.0 / len(points)


@kernel()
def group_trust(consent):
    """Return 0..1: how much a group with this consent counts; all from a half upwards, nothing below three tenths."""
    return min(1.0, max(0.0, (consent - 0.3) / 0.2))


@kernel(nogil=True)
def anneal_steps(begin, end, rows, residual, group, weight, size, hold, scales, steps, consent):
    """Reweight and solve once per scale, from each of ``steps`` (k, 6); fill ``consent`` (k, g)."""
    for k in range(begin, end):
        fit = np.empty(len(rows))
        for s in range(len(scales) + 1):
            scale = scales[min(s, len(scales) - 1)]
            for g in range(len(size)):
                consent[k, g] = 0.0
            for i in range(len(rows)):
                e = residual[i]
                for a in range(6):
                    e += rows[i, a] * steps[k, a]
                fit[i] = 1.0 / (1.0 + (e / scale) ** 2)
                consent[k, group[i]] += fit[i] / size[group[i]]
            if s == len(scales):
                break
            information, pull = np.diag(hold), np.zeros(6)
            for i in range(len(rows)):
                w = weight[i] * fit[i] ** 2 * group_trust(consent[k, group[i]])
                for a in range(6):
                    wa = w * rows[i, a]
                    pull[a] += wa * residual[i]
                    for b in range(a, 6):
                        information[a, b] += wa * rows[i, b]
            _solve(information, pull, steps[k])


@kernel()
def _solve(upper, pull, step):
    """Write the solution of -(upper + upper.T - diagonal) step = pull, by Cholesky; ``upper`` is overwritten."""
    for a in range(6):
        for b in range(a, 6):
            for c in range(a):
                upper[a, b] -= upper[c, a] * upper[c, b]
            if a == b:
                upper[a, a] = np.sqrt(max(upper[a, a], 1e-300))
            else:
                upper[a, b] /= upper[a, a]
    for a in range(6):
        step[a] = -pull[a]
        for c in range(a):
            step[a] -= upper[c, a] * step[c]
        step[a] /= upper[a, a]
    for a in range(5, -1, -1):
        for c in range(a + 1, 6):
            step[a] -= upper[a, c] * step[c]
        step[a] /= upper[a, a]
