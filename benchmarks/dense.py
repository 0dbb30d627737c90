"""A dense scene without a model: the floors and walls of a building of 37 x 30 x 17 m and thousands of pipes in it."""

import numpy as np

from geometry.arrays import FloatArray

SIZE_M = (37.0, 30.0, 17.0)
STOREYS, ROOMS = 5, (8, 6)
SLAB_M, WALL_M = 0.25, 0.15
SIDES = 16
"""Facets around a pipe: 4 triangles each, those of its two ends included."""


def dense_scene(wanted: int, rng: np.random.Generator) -> FloatArray:
    """Return about so many triangles (t, 3, 3), metres: slabs, walls of rooms, and pipes along all three axes."""
    boxes = [_box(low, high) for low, high in _rooms()]
    count = max(1, (wanted - 12 * len(boxes)) // (4 * SIDES))
    start = rng.uniform(np.zeros(3), np.array(SIZE_M), (count, 3))
    axis = rng.choice(3, count, p=(0.45, 0.35, 0.2))
    length, radius = rng.uniform(0.5, 6.0, count), rng.uniform(0.01, 0.12, count)
    pipes = [_pipe(*of) for of in zip(start, axis.tolist(), length.tolist(), radius.tolist(), strict=True)]
    return np.concatenate([*boxes, *pipes])


def _rooms() -> list[tuple[FloatArray, FloatArray]]:
    """Return the corners (3,) of every slab and wall."""
    x, y, z = SIZE_M
    height = z / STOREYS
    found = [(0.0, 0.0, k * height, x, y, k * height + SLAB_M) for k in range(STOREYS)]
    for k in range(STOREYS):
        low, high = k * height + SLAB_M, (k + 1) * height
        found += [(i * x / ROOMS[0], 0.0, low, i * x / ROOMS[0] + WALL_M, y, high) for i in range(ROOMS[0] + 1)]
        found += [(0.0, i * y / ROOMS[1], low, x, i * y / ROOMS[1] + WALL_M, high) for i in range(ROOMS[1] + 1)]
    return [(np.array(box[:3]), np.array(box[3:])) for box in found]


def _box(low: FloatArray, high: FloatArray) -> FloatArray:
    corners = np.array([(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    quads = np.array([(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)])
    return corners[np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])]


def _pipe(start: FloatArray, axis: int, length: float, radius: float) -> FloatArray:
    """Return the triangles (4 * SIDES, 3, 3) of a closed cylinder along an axis, cut off where the scene ends."""
    angle = 2.0 * np.pi * np.arange(SIDES) / SIDES
    ring = np.zeros((SIDES, 3))
    ring[:, (axis + 1) % 3], ring[:, (axis + 2) % 3] = radius * np.cos(angle), radius * np.sin(angle)
    along = np.zeros(3)
    along[axis] = min(length, SIZE_M[axis] - float(start[axis]))
    low, high = start + ring, start + along + ring
    after_low, after_high = np.roll(low, -1, axis=0), np.roll(high, -1, axis=0)
    foot, top = np.broadcast_to(start, low.shape), np.broadcast_to(start + along, low.shape)
    faces = ((low, after_low, after_high), (low, after_high, high), (foot, after_low, low), (top, high, after_high))
    return np.concatenate([np.stack(corners, axis=1) for corners in faces])
