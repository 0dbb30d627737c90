"""How noisy a scan is, measured from the scan itself."""

import numpy as np

from geometry.arrays import FloatArray, lowest
from geometry.deviation.surface import numbered_rows

_CELL = 0.06
_MIN_POINTS = 12
_DEFAULT = 0.002
_KEEP = 16
"""One cell in this many is looked at."""


def estimate_noise(points: FloatArray) -> float:
    """Return the standard deviation (m) of points (n, 3) about the local plane, as the median over small cells.

    Cells at edges are not planar; the median over many cells passes them over. Returns 2 mm when no cell holds enough
    points to tell.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> flat = rng.uniform(0, 1, (40_000, 3)) * [1, 1, 0] + rng.normal(0, 0.002, (40_000, 1)) * [0, 0, 1]
    >>> bool(0.0015 < estimate_noise(flat) < 0.0025)
    True
    """
    if len(points) == 0:
        return _DEFAULT
    cell = np.floor((points - lowest(points)) / _CELL).astype(np.int64)
    code = (cell[:, 0] * 73856093) ^ (cell[:, 1] * 19349663) ^ (cell[:, 2] * 83492791)
    chosen = np.flatnonzero((code * 2654435761 >> 16) % _KEEP == 0)
    label, count = numbered_rows(cell[chosen])
    enough = count >= _MIN_POINTS
    if enough.sum() < 20:
        return _DEFAULT
    kept = enough[label]
    chosen, label = chosen[kept], (np.cumsum(enough) - 1)[label[kept]]
    count = count[enough]
    mean = np.stack([np.bincount(label, points[chosen, a]) / count for a in range(3)], axis=1)
    centred = points[chosen] - mean[label]
    moment = np.empty((len(count), 3, 3))
    for a in range(3):
        for b in range(a, 3):
            moment[:, a, b] = moment[:, b, a] = np.bincount(label, centred[:, a] * centred[:, b])
    values = np.linalg.eigvalsh(moment)
    planar = values[:, 1] > 0.1 * values[:, 2]  # a line of points says nothing about its own noise
    if planar.sum() < 20:
        return _DEFAULT
    return float(np.median(np.sqrt(np.maximum(values[planar, 0], 0.0) / (count[planar] - 3))))
