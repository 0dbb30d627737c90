"""How thick a solid is at its thickest place: the largest ball that fits inside."""

import numpy as np

from geometry.arrays import FloatArray, IntArray
from simulation.assembly.ball_kernels import places_inside, widest

_BALLS = 150


def largest_ball(corners: FloatArray, faces: IntArray, floor: float, most: float = np.inf) -> float:
    """Return the diameter of the largest ball found inside a closed mesh, metres; ``floor`` where none is larger.

    Balls that touch the surface from inside at some hundred places are shrunk until they fit (shrinking balls; Ma, Bae
    and Choi 2012), each to the nearest point of any face.

    Parameters
    ----------
    corners, faces
        (v, 3) metres and (f, 3), outward.
    floor
        Metres: what is no thicker is not looked for.
    most
        How thick it is known to be at most, metres: a ball that large ends the search.
    """
    corners = corners - corners.mean(axis=0)  # thin as it may be, far away it is lost in rounding
    starts, inward = places_inside(corners, faces, _BALLS)
    return float(widest(starts, inward, corners, faces, floor, most, _BALLS))
