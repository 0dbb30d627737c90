"""What stands in a space the slow way: points on a fine grid of the space, asked one by one."""

from collections.abc import Callable

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from simulation.assembly.envelope import Envelope


def sampled(envelope: Envelope, inside: Callable[[FloatArray], BoolArray], steps: int) -> tuple[float, float]:
    """Return the volume that is taken, m³, and the least way from the face to it (the distance where nothing is)."""
    size = envelope.high - envelope.low
    ways = [envelope.low[k] + (np.arange(steps) + 0.5) * size[k] / steps for k in range(3)]
    grid = np.stack(np.meshgrid(*ways, indexing="ij"), axis=-1).reshape(-1, 3)
    taken = grid[inside(grid @ envelope.axes)]
    free = float(taken[:, 0].min() - envelope.low[0]) if len(taken) else float(size[0])
    return len(taken) / steps**3 * float(np.prod(size)), free
