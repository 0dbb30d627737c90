"""Which pairs are near enough to be looked at: boxes that overlap, by sorting and sweeping along the longest axis."""

import numba as nb
import numpy as np

from geometry.arrays import FloatArray, IntArray


def overlapping_pairs(bounds: FloatArray, reach: float) -> IntArray:
    """Return the pairs (p, 2), first below second and in order, whose boxes come within ``reach`` of each other.

    Parameters
    ----------
    bounds
        (n, 2, 3) boxes, low and high corners, metres.
    reach
        Metres, 0 at least.
    """
    if len(bounds) < 2:
        return np.empty((0, 2), dtype=np.int64)
    axis = int(np.argmax(np.ptp(bounds.mean(axis=1), axis=0)))
    axes = np.array([axis, (axis + 1) % 3, (axis + 2) % 3])
    low, high = bounds[:, 0, axes] - 0.5 * reach, bounds[:, 1, axes] + 0.5 * reach
    order = np.argsort(low[:, 0], kind="stable")
    low, high = np.ascontiguousarray(low[order]), np.ascontiguousarray(high[order])
    pairs = np.empty((_sweep(low, high, np.empty((0, 2), dtype=np.int64)), 2), dtype=np.int64)
    _sweep(low, high, pairs)
    pairs = np.sort(order[pairs], axis=1)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


@nb.njit(cache=True)
def _sweep(low, high, pairs):  # pyright: ignore[reportMissingParameterType, reportUnknownParameterType]
    """Count the overlapping pairs and write as many as there is room for."""
    count = 0
    for i in range(len(low)):
        for j in range(i + 1, len(low)):
            if low[j, 0] > high[i, 0]:
                break
            if (
                low[j, 1] <= high[i, 1]
                and low[i, 1] <= high[j, 1]
                and low[j, 2] <= high[i, 2]
                and low[i, 2] <= high[j, 2]
            ):
                if count < len(pairs):
                    pairs[count, 0] = i
                    pairs[count, 1] = j
                count += 1
    return count
