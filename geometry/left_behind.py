"""Displacements that an element's own faces speak against: points that it would have left behind.

A wall whose end was found 11 cm along itself, by points of something else, would have taken its front with it. If the
front goes on to where the end was designed, on nothing else, the wall did not move that way.
"""

from collections.abc import Callable

import numpy as np

from geometry.arrays import FloatArray
from geometry.element_pose import PoseFit, built_pose
from geometry.pose_kernels import SHOWS
from geometry.slides import ALIKE, face_directions
from geometry.triangle_tree import build_tree, closest
from geometry.witnesses import FEW, Witnesses

_ON_IT = 3.0
"""Times the noise within which a point is on a surface."""
_BESIDE = 0.3
"""Cosine between a face's normal and a direction up to which the face lies along it."""
_AGAINST = 0.5
"""Points left behind per point that shows the displacement, from which it proves nothing."""


def refuted_directions(
    triangles: FloatArray,
    fit: PoseFit,
    centre: FloatArray,
    witnesses: Witnesses,
    loose: Callable[[FloatArray], FloatArray],
) -> tuple[FloatArray, ...]:
    """Return the face normals (3,) along which an element was fitted elsewhere, and its other faces say it was not.

    Parameters
    ----------
    triangles
        (t, 3, 3) metres, the element as designed.
    centre
        (3,) metres, what the fit turns about.
    witnesses
        The points on it as built that no other element explains.
    loose
        Gives, for triangles (t, 3, 3) of a place, the points (k, 3) about it that lie on nothing as built.
    """
    found: list[FloatArray] = []
    for direction in face_directions(triangles):
        moved = float(fit.twist[:3] @ direction)
        if abs(moved) < SHOWS * witnesses.sigma:
            continue
        twist = fit.twist - np.concatenate([moved * direction, np.zeros(3)])
        back = built_pose(twist, centre).apply(triangles.reshape(-1, 3)).reshape(-1, 3, 3)
        points = loose(back)
        any_way = np.zeros_like(points)
        near = closest(build_tree(back), points, _ON_IT * witnesses.sigma, normals=any_way, min_cosine=0.0)
        left = int(((near.triangle >= 0) & (np.abs(near.normal @ direction) < _BESIDE)).sum())
        shown = int((np.abs(witnesses.normals @ direction) > ALIKE).sum())
        if left >= max(FEW, _AGAINST * shown):
            found.append(direction)
    return tuple(found)
