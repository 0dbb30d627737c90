"""Directions along which parts are tried: axes, an even spread over the sphere, what a part's own shape offers."""

from itertools import product

import numpy as np

from geometry.arrays import FloatArray

UP = (0.0, 0.0, 1.0)
_SAME = 1e-4
"""Unit vectors nearer to each other than this are one direction."""
_FLAT = 0.02
"""Largest share that faces along an axis may have of all faces of a cylinder about it."""
_EVEN, _UNEVEN, _ROUND = 0.02, 0.05, 1.25
"""How much the moments of normals may differ across an axis, have to differ along it; longest to shortest reach."""


def axes() -> FloatArray:
    """Return the six directions of the axes (6, 3), up and down first."""
    return np.array([[0, 0, 1], [0, 0, -1], [1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]], dtype=np.float64)


def sphere() -> FloatArray:
    """Return 26 directions (26, 3): the axes, then the middles between two and three of them.

    Examples
    --------
    >>> sphere().shape, bool(np.allclose(np.linalg.norm(sphere(), axis=1), 1.0))
    ((26, 3), True)
    """
    around = np.array([one for one in product((-1.0, 0.0, 1.0), repeat=3) if any(one)])
    count = np.abs(around).sum(axis=1)
    slanted = around[count > 1][np.argsort(count[count > 1], kind="stable")]
    return np.vstack([axes(), slanted / np.linalg.norm(slanted, axis=1)[:, None]])


def distinct(directions: FloatArray) -> FloatArray:
    """Return directions (k, 3) of unit length, each once, in their order.

    Examples
    --------
    >>> distinct(np.array([[0.0, 0, 2], [0, 0, 1], [0, 1e-9, 1]])).tolist()
    [[0.0, 0.0, 1.0]]
    """
    kept = np.empty((0, 3))
    for one in directions:
        length = float(np.linalg.norm(one))
        if length > 0.0 and (not len(kept) or np.linalg.norm(kept - one / length, axis=1).min() > _SAME):
            kept = np.vstack([kept, one / length])
    return kept


def own_directions(normals: FloatArray, *, most: int = 24) -> FloatArray:
    """Return the directions (k, 3) that a shape offers by itself: along its faces' normals, edges and cylinders' axes.

    Parameters
    ----------
    normals
        (f, 3) unit normals of its faces, those with most area first.
    most
        Normals that are looked at.
    """
    lead = normals[:most]
    found = [lead, -lead]
    # an edge between two faces runs along both: the way out of a groove
    first, second = np.triu_indices(len(lead), 1)
    edges = np.cross(lead[first], lead[second])
    edges = edges[np.linalg.norm(edges, axis=1) > 1e-3]
    if (axis := cylinder_axis(normals)) is not None:
        found += [axis[None], -axis[None]]
    return distinct(np.vstack([*found, edges, -edges]))


def cylinder_axis(normals: FloatArray) -> FloatArray | None:
    """Return the axis (3,) of a shape whose faces lie around one line or across it; None for another shape."""
    if len(normals) < 6:
        return None
    axis = np.linalg.svd(normals, full_matrices=False)[2][2]
    along = np.abs(normals @ axis)
    around = along < _FLAT
    if around.sum() >= 5 and np.all(around | (along > 1.0 - _FLAT)):
        return axis * np.sign(axis[np.abs(axis).argmax()])
    return None


def turning_axis(triangles: FloatArray, centre: FloatArray) -> FloatArray | None:
    """Return the axis (3,) of a shape that looks nearly alike all around it, such as a bolt; None for another shape.

    About such a shape the second moment of its faces' normals is the same in all directions across one (also for six
    sides of a head), and so is, within a quarter, how far it reaches from that line.

    Parameters
    ----------
    triangles
        (f, 3, 3) metres.
    centre
        (3,) of gravity.
    """
    cross = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    area = np.linalg.norm(cross, axis=1)
    unit = cross[area > 0.0] / area[area > 0.0, None]
    values, vectors = np.linalg.eigh((unit * (area[area > 0.0] / area.sum())[:, None]).T @ unit)
    low, high = values[1] - values[0], values[2] - values[1]
    if min(low, high) > _EVEN or max(low, high) < _UNEVEN:
        return None
    axis = vectors[:, 0] if low > high else vectors[:, 2]
    angle = np.arange(24) * (np.pi / 12.0)
    around = np.stack([np.cos(angle), np.sin(angle)], axis=1) @ basis(axis)
    reach = ((triangles.reshape(-1, 3) - centre) @ around.T).max(axis=0)
    if reach.max() > _ROUND * reach.min():
        return None
    return axis * np.sign(axis[np.abs(axis).argmax()])


def basis(direction: FloatArray) -> FloatArray:
    """Return (2, 3): two unit vectors across a direction and each other; right-handed with it.

    Examples
    --------
    >>> basis(np.array([0.0, 0.0, 1.0])).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    if abs(abs(direction[2]) - 1.0) < 1e-12:
        return np.array([[1.0, 0.0, 0.0], [0.0, np.sign(direction[2]), 0.0]])
    across = np.cross((0.0, 0.0, 1.0), direction)
    across /= np.linalg.norm(across)
    return np.stack([across, np.cross(direction, across)])
