# pyright: basic, reportUntypedFunctionDecorator=false, reportMissingParameterType=false, reportUnknownParameterType=false
# pyright: reportPrivateImportUsage=false
"""Compiled kernels of :mod:`geometry.pose_kernels`: places from which a fit is started beside the designed one."""

import numpy as np

from geometry.compiled import kernel


@kernel()
def _modes(values, weight, sigma, band, found):
    """Fill ``found`` (3,) with 0 and up to two modes of the displacement along one axis; return how many."""
    step = 2.0 * sigma
    bins = int(np.ceil(2.0 * band / step))
    count = np.zeros(bins)
    for i in range(len(values)):
        b = int((values[i] + band) / step)
        if 0 <= b < bins:
            count[b] += weight[i]
    total = count.sum()
    smooth = count.copy()
    for b in range(bins):
        if b > 0:
            smooth[b] += 0.5 * count[b - 1]
        if b < bins - 1:
            smooth[b] += 0.5 * count[b + 1]
    found[0] = 0.0
    used = 1
    for _ in range(2):
        top = int(np.argmax(smooth))
        if smooth[top] < 0.1 * total or smooth[top] <= 0.0:
            break
        value = (top + 0.5) * step - band
        if abs(value) > 2.0 * step:
            found[used] = value
            used += 1
        for b in range(max(0, top - 3), min(bins, top + 4)):
            smooth[b] = 0.0
    return used


@kernel()
def hypotheses(out, trust, sigma, band, starts):
    """Fill ``starts`` (27, 6) with twists that put modes of the signed distances, per face direction, on the faces.

    Return how many there are.
    """
    valid = np.flatnonzero(out[:, 7] > 0.0)
    axes = np.zeros((3, 3))
    modes = np.zeros((3, 3))
    counts = np.ones(3, np.int64)
    used = 0
    remaining = np.zeros(len(out))
    for i in valid:
        remaining[i] = trust[i]
    for _ in range(3):
        tried = np.flatnonzero(remaining > 0.0)
        if len(tried) < 5:
            break
        best, axis = -1.0, np.zeros(3)
        for j in range(0, len(tried), max(1, len(tried) // 24)):
            a = out[tried[j], :3]
            support = 0.0
            for i in tried:
                if abs(out[i, 0] * a[0] + out[i, 1] * a[1] + out[i, 2] * a[2]) > 0.94:
                    support += remaining[i]
            if support > best:
                best = support
                axis[0], axis[1], axis[2] = a[0], a[1], a[2]
        values = np.zeros(len(valid))
        weight = np.zeros(len(valid))
        m = 0
        for i in valid:
            cosine = out[i, 0] * axis[0] + out[i, 1] * axis[1] + out[i, 2] * axis[2]
            if abs(cosine) > 0.94:
                values[m] = out[i, 6] * (1.0 if cosine > 0 else -1.0)
                weight[m] = trust[i]
                m += 1
            if abs(cosine) > 0.77:
                remaining[i] = 0.0
        axes[used, 0], axes[used, 1], axes[used, 2] = axis[0], axis[1], axis[2]
        counts[used] = _modes(values[:m], weight[:m], sigma, band, modes[used])
        used += 1
    made = 0
    if used == 0:
        return made
    inverse = np.linalg.pinv(axes[:used].copy(), 0.1)
    for i in range(counts[0]):
        for j in range(counts[1]):
            for k in range(counts[2]):
                shift = np.array([modes[0, i], modes[1, j], modes[2, k]])[:used]
                start = inverse @ shift
                if start[0] ** 2 + start[1] ** 2 + start[2] ** 2 > sigma * sigma:
                    starts[made, 0], starts[made, 1], starts[made, 2] = start[0], start[1], start[2]
                    made += 1
    return made


@kernel()
def leans(half_height, starts):
    """Fill ``starts`` (8, 6) with twists of an element that leans about its foot, which modes cannot show."""
    i = 0
    for angle in (-0.03, -0.015, 0.015, 0.03):
        starts[i, 3] = angle
        starts[i, 1] = -angle * half_height
        starts[i + 1, 4] = angle
        starts[i + 1, 0] = angle * half_height
        i += 2
