"""Which way is up in a scan that is not level: most of what is built is horizontal or vertical."""

import numpy as np

from geometry.arrays import FloatArray
from geometry.pose import Pose

_LARGEST_TILT = 8.0
_LEVEL_ENOUGH = 0.4
_NORMALS = 1_500
_GAIN = 1.15


def levelling(scan_normals: FloatArray, design_normals: FloatArray) -> tuple[Pose, ...]:
    """Return turns that may bring the scan upright, the likeliest first; level scans get the identity alone.

    ``scan_normals`` (n, 3) and ``design_normals`` (m, 3) are even samples. The scan's upright direction is where most
    of its surfaces are horizontal or vertical, within 8 degrees of z; it is turned onto the same direction of the
    design, which need not be z (a bridge on a slope). The untouched scan stays a candidate: the surfaces may mislead.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> box = np.repeat(np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0]]), 50, axis=0)
    >>> tilted = Pose.from_rotation_vector([0.05, 0, 0]).rotate(box)
    >>> np.degrees(levelling(tilted, box)[0].rotation_vector()).round(1).tolist()
    [-2.9, 0.0, 0.0]
    >>> len(levelling(box, box))
    1
    """
    scan, design = scan_normals[:_NORMALS], design_normals[:: max(1, len(design_normals) // _NORMALS)]
    up_scan, gain = _upright(scan)
    up_design, _ = _upright(design)
    axis = np.cross(up_scan, up_design)
    angle = float(np.arcsin(np.clip(np.linalg.norm(axis), 0.0, 1.0)))
    if np.degrees(angle) < _LEVEL_ENOUGH or gain < _GAIN:
        return (Pose.identity(),)
    turn = Pose.from_rotation_vector(axis / np.linalg.norm(axis) * angle)
    return (turn, Pose.identity())


def _upright(normals: FloatArray) -> tuple[FloatArray, float]:
    """Return the upright direction (3,) and how many times more surfaces it explains than z does."""
    best, step, width = np.zeros(2), 2.0, 2.0
    reach = _LARGEST_TILT
    while step > 0.05:
        offsets = np.arange(-reach, reach + step / 2, step)
        grid = best + np.stack(np.meshgrid(offsets, offsets, indexing="ij"), axis=-1).reshape(-1, 2)
        score = _regular(normals, grid, width)
        # the flattest of equally good directions: ties must not tilt a level scan
        best = grid[np.lexsort((np.linalg.norm(grid, axis=1), -score.round(6)))[0]]
        reach, step, width = 2 * step, step / 4, max(0.5, width / 2)
    gain = float(_regular(normals, best[None], 1.0)[0] / max(_regular(normals, np.zeros((1, 2)), 1.0)[0], 1e-9))
    return _direction(best[None])[0], gain


def _direction(tilt: FloatArray) -> FloatArray:
    """Return unit vectors (k, 3) tilted from z by ``tilt`` (k, 2) degrees towards x and y."""
    slope = np.tan(np.radians(tilt))
    vector = np.concatenate([slope, np.ones((len(slope), 1))], axis=1)
    return vector / np.linalg.norm(vector, axis=1, keepdims=True)


def _regular(normals: FloatArray, tilt: FloatArray, width: float) -> FloatArray:
    """Return the share (k,) of normals parallel or perpendicular to each direction, within ``width`` degrees."""
    cosine = np.abs(_direction(tilt) @ normals.T)
    off_wall = np.arcsin(np.minimum(cosine, 1.0))
    off = np.minimum(off_wall, np.pi / 2 - off_wall) / np.radians(width)
    return np.exp(-0.5 * off**2).mean(axis=1)
