# pyright: basic, reportArgumentType=false, reportOperatorIssue=false, reportCallIssue=false
# pyright: reportAttributeAccessIssue=false, reportReturnType=false
"""Where a scan turned by a known yaw may stand: FFT correlation of plan rasters that know which way walls face.

A cell holds the sums of 1, exp(i a) and exp(2 i a) over its points, a being the azimuth of the normal. Correlating the
three with weights 1/4, 1/2, 1/4 compares every pair of points by k(d) = cos d (1 + cos d) / 2 of the angle d between
their normals: 1 for parallel, 0 for perpendicular and 0 for opposite faces, whatever the direction of the walls.
"""

from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.ndimage import maximum_filter

from geometry.arrays import FloatArray

_HARMONIC_WEIGHTS = (0.25, 0.5, 0.25)
_LARGEST_RASTER = 1024
_WORKERS = 2


@dataclass(frozen=True, slots=True, eq=False)
class PlanRaster:
    """The design seen from above, Fourier transformed."""

    spectrum: tuple[FloatArray, ...]
    corner: FloatArray
    """(2,) metres."""
    cell: float
    size: tuple[int, int]


def plan_raster(
    points: FloatArray, normals: FloatArray, scan_radius: float, *, finest_cell: float = 0.25
) -> PlanRaster:
    """Return the raster of design samples (n, 3), large enough to slide a scan of ``scan_radius`` metres over it."""
    lower, upper = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    reach = upper - lower + 2 * scan_radius
    cell = max(finest_cell, float(reach.max()) / _LARGEST_RASTER)
    size = tuple(fft.next_fast_len(int(n)) for n in np.ceil(reach / cell) + 4)
    fields = _harmonics(points[:, :2] - lower, normals, cell, (size[0], size[1]))
    blur = _blur((size[0], size[1]))
    return PlanRaster(tuple(fft.fft2(f, workers=_WORKERS) * blur for f in fields), lower, cell, (size[0], size[1]))


def plan_candidates(
    raster: PlanRaster, points: FloatArray, normals: FloatArray, count: int
) -> tuple[FloatArray, FloatArray]:
    """Return translations (k, 2) metres for levelled scan points (n, 3), already turned, and their scores (k,)."""
    lower = points[:, :2].min(axis=0)
    fields = _harmonics(points[:, :2] - lower, normals, raster.cell, raster.size)
    product = sum(
        w * np.conj(fft.fft2(f, workers=_WORKERS)) * s
        for w, f, s in zip(_HARMONIC_WEIGHTS, fields, raster.spectrum, strict=True)
    )
    score = fft.ifft2(product, workers=_WORKERS).real
    apart = max(3, 2 * round(0.75 / raster.cell) + 1)
    peak = np.flatnonzero((score == maximum_filter(score, apart, mode="wrap")).ravel())
    best = peak[np.argsort(-score.ravel()[peak], kind="stable")][:count]
    shift = np.stack(np.unravel_index(best, score.shape), axis=1).astype(np.float64)
    size = np.array(raster.size, np.float64)
    # a circular shift of more than the design's own extent is a shift to the other side
    extent = points[:, :2].max(axis=0) - lower
    shift = np.where(shift * raster.cell > size * raster.cell - extent - raster.cell, shift - size, shift)
    return raster.corner + shift * raster.cell - lower, score.ravel()[best]


def _harmonics(xy: FloatArray, normals: FloatArray, cell: float, size: tuple[int, int]) -> list[FloatArray]:
    """Return the three fields (size) of points (n, 2) >= 0; tall walls count by the root of their height."""
    index = np.floor(xy / cell).astype(np.int64)
    flat = index[:, 0] * size[1] + index[:, 1]
    level = np.hypot(normals[:, 0], normals[:, 1])
    azimuth = np.arctan2(normals[:, 1], normals[:, 0])
    amount = np.bincount(flat, level, size[0] * size[1])
    damp = 1.0 / np.sqrt(np.maximum(amount, 1e-9))
    fields: list[FloatArray] = []
    for k in range(3):
        real = np.bincount(flat, level * np.cos(k * azimuth), size[0] * size[1])
        imaginary = np.bincount(flat, level * np.sin(k * azimuth), size[0] * size[1])
        fields.append(((real + 1j * imaginary) * damp).astype(np.complex64).reshape(size))
    return fields


def _blur(size: tuple[int, int]) -> FloatArray:
    """Return the spectrum of a Gaussian of one cell."""
    u, v = fft.fftfreq(size[0])[:, None], fft.fftfreq(size[1])[None, :]
    return np.exp(-2 * np.pi**2 * (u**2 + v**2)).astype(np.float32)
