"""Cubes of an octree in whole steps, their Morton order, and the sample that stands for a cube's points."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import BoolArray, Int32Array, IntArray

MORTON_LEVELS = 21
"""Three times 21 bits fit 64."""
SAMPLE_LEVELS = 7
"""A tile shows at most one point per 1/128 of its width."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cube: its lowest corner in steps, its width 2^bits steps, and the octants that lead to it from the root."""

    corner: tuple[int, int, int]
    bits: int
    path: str = "r"

    def child(self, octant: int) -> "Cell":
        """Return the cube of an octant, 0 to 7: x counts 4, y 2, z 1."""
        half = 1 << (self.bits - 1)
        x, y, z = self.corner
        corner = (x + half * (octant >> 2 & 1), y + half * (octant >> 1 & 1), z + half * (octant & 1))
        return Cell(corner, self.bits - 1, f"{self.path}{octant}")


def root_cell(low: IntArray, high: IntArray) -> Cell:
    """Return the smallest cube of 2^k steps from ``low`` (3,) that holds ``high`` (3,)."""
    width = int((high - low).max())
    return Cell((int(low[0]), int(low[1]), int(low[2])), max(width.bit_length(), 1))


def finest_bits(root: Cell) -> int:
    """Return the width, as a power of two, of the smallest cell that the Morton order of a root tells apart."""
    return max(0, root.bits - MORTON_LEVELS)


def morton(steps: Int32Array, cell: Cell, finest: int) -> NDArray[np.uint64]:
    """Return the place of points (n, 3) of a cell along its Morton curve, in units of 2^finest steps."""
    code = np.zeros(len(steps), np.uint64)
    for axis in range(3):
        offset = (steps[:, axis].astype(np.int64) - cell.corner[axis]).astype(np.uint64) >> np.uint64(finest)
        code |= _spread(offset) << np.uint64(2 - axis)
    return code


def _spread(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Put two zero bits before each of 21 bits."""
    for shift, mask in (
        (32, 0x1F00000000FFFF), (16, 0x1F0000FF0000FF), (8, 0x100F00F00F00F00F),
        (4, 0x10C30C30C30C30C3), (2, 0x1249249249249249),
    ):  # fmt: skip
        values = (values | values << np.uint64(shift)) & np.uint64(mask)
    return values


def sample(steps: Int32Array, cell: Cell, *, finest: int, most: int) -> tuple[BoolArray, int]:
    """Choose the points that stand for a cell: in each cube of a grid the one nearest to the cube's middle.

    Parameters
    ----------
    steps:
        (n, 3), in the cell's Morton order.
    cell:
        The cell.
    finest:
        As of ``finest_bits``: no grid is finer.
    most:
        How many may be chosen; the grid is made coarser until it has no more occupied cubes.

    Returns
    -------
    chosen, bits:
        Which points (n,), and the width of the grid's cubes, 2^bits steps.
    """
    bits = max(cell.bits - SAMPLE_LEVELS, finest, 0)
    cubes = morton(steps, cell, bits)
    while True:
        starts = np.flatnonzero(np.concatenate([[True], cubes[1:] != cubes[:-1]]))
        if len(starts) <= most:
            break
        cubes >>= np.uint64(3)
        bits += 1
    offset = (steps.astype(np.int64) - np.array(cell.corner)) & ((1 << bits) - 1)
    from_middle = np.square((2 * offset + 1 - (1 << bits)).astype(np.float64)).sum(axis=1)
    counts = np.diff(np.append(starts, len(steps)))
    nearest = np.flatnonzero(from_middle == np.repeat(np.minimum.reduceat(from_middle, starts), counts))
    cube = np.repeat(np.arange(len(starts)), counts)[nearest]
    chosen = np.zeros(len(steps), np.bool_)
    chosen[nearest[np.concatenate([[True], cube[1:] != cube[:-1]])]] = True
    return chosen, bits
