# pyright: basic, reportPrivateImportUsage=false, reportArgumentType=false
"""A quick vote on many poses: which voxels hold design surface, facing which way."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.registration.search_kernels import mark_surfaces, sweep_columns
from geometry.registration.surfaces import DesignSurface, sample_surface
from geometry.threads import in_parts

_MOST_VOXELS = 12_000_000
_COMPATIBLE_COSINE = 0.64
_SAMPLES_PER_VOXEL_EDGE = 2.5
_MOST_SAMPLES = 3_000_000


def direction_classes() -> FloatArray:
    """Return the 26 directions (26, 3) to the faces, edges and corners of a cube."""
    grid = np.stack(np.meshgrid(*[[-1.0, 0.0, 1.0]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    grid = grid[np.abs(grid).sum(axis=1) > 0]
    return grid / np.linalg.norm(grid, axis=1, keepdims=True)


@dataclass(frozen=True, slots=True, eq=False)
class OccupancyGrid:
    """For each voxel one bit per direction class that its surface may face."""

    bits: np.ndarray[tuple[int, int, int], np.dtype[np.uint32]]
    corner: FloatArray
    """(3,) metres."""
    voxel: float


def occupancy_grid(surface: DesignSurface, *, finest_voxel: float = 0.2) -> OccupancyGrid:
    """Return the grid of a design, about one voxel thick to both sides of each surface."""
    extent = surface.upper - surface.lower
    voxel = finest_voxel
    while np.prod(np.ceil(extent / voxel) + 4) > _MOST_VOXELS:
        voxel *= 1.1
    total = float(surface.areas.sum())
    count = int(min(_MOST_SAMPLES, max(10_000, total / (voxel / _SAMPLES_PER_VOXEL_EDGE) ** 2)))
    points, normals = sample_surface(surface, count)
    corner = surface.lower - 1.7 * voxel
    shape = tuple(int(n) for n in np.ceil((surface.upper - corner) / voxel) + 2)
    bits = np.zeros(shape, np.uint32)
    mark_surfaces(bits, points - corner, normals, voxel, direction_classes(), _COMPATIBLE_COSINE)
    return OccupancyGrid(bits, corner, voxel)


def class_bits(normals: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """Return for unit normals (n, 3) the bit (n,) of the nearest direction class."""
    return np.uint32(1) << np.argmax(normals @ direction_classes().T, axis=1).astype(np.uint32)


def sweep_heights(
    grid: OccupancyGrid, points: FloatArray, normals: FloatArray, shifts: FloatArray, keep: int
) -> tuple[FloatArray, FloatArray]:
    """Return for each plan shift (k, 2) the ``keep`` best heights (k, keep) metres and their scores.

    ``points`` (n, 3) and ``normals`` are levelled and turned already. The score is the share of points that fall on
    design surface facing their way.
    """
    low, high = points[:, 2].min(), points[:, 2].max()
    bottom = grid.corner[2] - high + min(1.0, high - low)
    top = grid.corner[2] + grid.bits.shape[2] * grid.voxel - low - min(1.0, high - low)
    heights = np.arange(bottom, top + grid.voxel, 0.75 * grid.voxel)
    moved = points - grid.corner
    score = np.zeros((len(shifts), len(heights)))
    asked = (grid.bits, np.ascontiguousarray(moved), class_bits(normals), grid.voxel, np.ascontiguousarray(shifts))
    in_parts(sweep_columns, len(shifts), *asked, heights, score)
    chosen = np.zeros((len(shifts), keep), np.int64)
    value = np.zeros((len(shifts), keep))
    rest = score.copy()
    near = int(np.ceil(0.6 / (0.75 * grid.voxel)))
    rows = np.arange(len(shifts))
    for k in range(keep):
        chosen[:, k] = rest.argmax(axis=1)
        value[:, k] = rest[rows, chosen[:, k]]
        for d in range(-near, near + 1):
            rest[rows, np.clip(chosen[:, k] + d, 0, len(heights) - 1)] = -1.0
    return heights[chosen], value
