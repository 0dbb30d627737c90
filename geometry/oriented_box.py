"""Is a mesh a rectangular box, and which: the plain case of an opening."""

from collections.abc import Sequence

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import Mesh, OrientedBox

_PARALLEL = 1e-6
_AREA_SHARE = 1e-3
_FLUSH_M = 1e-4


def box_of(mesh: Mesh) -> OrientedBox | None:
    """Return the rectangular box that a closed mesh is, or None where it is anything else.

    Every face is across one of three directions at right angles, and the area is that of the box around them.
    """
    triangles = mesh.triangles()
    normal: FloatArray = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    doubled = np.linalg.norm(normal, axis=1)
    real = doubled > 1e-12
    if real.sum() < 12:
        return None
    normal, area = normal[real] / doubled[real, None], 0.5 * doubled[real]
    first = normal[int(np.argmax(area))]
    square = np.abs(normal @ first) < _PARALLEL
    if not square.any():
        return None
    second = normal[int(np.argmax(np.where(square, area, -1.0)))]
    second = second - (second @ first) * first
    second /= np.linalg.norm(second)
    axes = np.stack([first, second, np.cross(first, second)])
    if not (np.abs(normal @ axes.T).max(axis=1) > 1.0 - _PARALLEL).all():
        return None
    along = triangles[real].reshape(-1, 3) @ axes.T
    low, high = along.min(axis=0), along.max(axis=0)
    x, y, z = high - low
    if abs(area.sum() - 2.0 * (x * y + y * z + z * x)) > _AREA_SHARE * area.sum():
        return None
    return OrientedBox(axes.T @ (0.5 * (low + high)), axes, high - low)


def union_of(boxes: Sequence[OrientedBox]) -> OrientedBox | None:
    """Return the one box that boxes are together, or None where they are none.

    Some programs write an opening as two boxes, one behind the other or both the same.
    """
    first = boxes[0]
    low, high = -0.5 * first.size, 0.5 * first.size
    for box in boxes[1:]:
        turned = np.abs(box.axes @ first.axes.T)
        if not np.all((turned < _PARALLEL) | (turned > 1.0 - _PARALLEL)):
            return None
        centre, half = first.axes @ (box.centre - first.centre), 0.5 * turned.T @ box.size
        apart = np.maximum(np.abs(centre - half - low), np.abs(centre + half - high)) > _FLUSH_M
        touching = np.all((centre - half <= high + _FLUSH_M) & (centre + half >= low - _FLUSH_M))
        if apart.sum() > 1 or not touching:
            return None
        low, high = np.minimum(low, centre - half), np.maximum(high, centre + half)
    return OrientedBox(first.centre + first.axes.T @ (0.5 * (low + high)), first.axes, high - low)
