"""Which way a levelled scan may be turned: correlation of where the walls face, over the full circle."""

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from geometry.arrays import FloatArray

_BINS = 720
_SMOOTH_BINS = 3.0
_MOST_PEAKS = 12
_SEPARATION_BINS = 8


def facing_histogram(normals: FloatArray, weights: FloatArray) -> FloatArray:
    """Return how much wall faces each half degree of azimuth (720,), summing to 1 where there is any wall.

    ``normals`` (n, 3) unit and ``weights`` (n,) any area measure; surfaces flatter than 60 degrees do not count.
    """
    steep = np.abs(normals[:, 2]) < 0.5
    azimuth = np.arctan2(normals[steep, 1], normals[steep, 0]) / (2 * np.pi) * _BINS
    low = np.floor(azimuth)
    share, weight = azimuth - low, weights[steep]
    index = low.astype(np.int64) % _BINS
    histogram = np.bincount(index, weight * (1 - share), _BINS)
    histogram += np.bincount((index + 1) % _BINS, weight * share, _BINS)
    return histogram / max(histogram.sum(), 1e-30)


def yaw_candidates(scan_facing: FloatArray, design_facing: FloatArray) -> FloatArray:
    """Return yaws (k,) in radians that bring the scan's wall directions onto the design's, most convincing first.

    Both histograms come from :func:`facing_histogram`. A design whose walls face everywhere (a rotunda) gives no
    sharp answer: then the whole circle is returned in steps of 3 degrees.

    Examples
    --------
    >>> walls = np.array([[1.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, -1, 0]])
    >>> turned = walls @ np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    >>> design, scan = facing_histogram(turned, np.ones(4)), facing_histogram(walls, np.ones(4))
    >>> np.degrees(yaw_candidates(scan, design))[0].round(1)
    np.float64(90.0)
    """
    scan_smooth, design_smooth = (gaussian_filter1d(h, _SMOOTH_BINS, mode="wrap") for h in (scan_facing, design_facing))
    agreement = np.fft.irfft(np.conj(np.fft.rfft(scan_smooth)) * np.fft.rfft(design_smooth), _BINS)
    sweep = np.arange(0.0, 360.0, 3.0)
    if agreement.max() < 2.0 * agreement.mean() or agreement.max() <= 0:
        return np.radians(sweep)
    peak = (agreement == maximum_filter1d(agreement, 2 * _SEPARATION_BINS + 1, mode="wrap")) & (
        agreement > agreement.mean() + 0.15 * (agreement.max() - agreement.mean())
    )
    best = np.flatnonzero(peak)
    best = best[np.argsort(-agreement[best], kind="stable")][:_MOST_PEAKS]
    left, mid, right = (agreement[(best + d) % _BINS] for d in (-1, 0, 1))
    bend = np.maximum(2 * mid - left - right, 1e-30)
    return (best + np.clip(0.5 * (right - left) / bend, -0.5, 0.5)) * (2 * np.pi / _BINS)
