"""Whether the rim of a hole is round: by how much it departs from its circle, and how sure that is."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from geometry.arrays import BoolArray, FloatArray
from geometry.boundary_fit import Beams, Boundary, circle

_LOBES = (0, 1, 2, 3, 4)
"""Waves round the rim: radius (0) and place (1), which a circle has too; ovals and slots, three lobes, squares."""
_SAME = 3
"""Of the coefficients, those that a circle has too."""
_WAVE_SD = 0.2
"""Of the height of a wave, as a share of the radius, before anything is seen: keeps hidden parts of a rim in hand."""
_LEAST_WIDTH = 0.25
"""Of the transition, in steps between beams and in diameters of the beam."""
_STEPS, _MOST = 30, 0.05
"""Newton steps, and how far one may go, as a share of the radius."""


@dataclass(frozen=True, slots=True)
class Departure:
    """How far a rim is from round."""

    height: float
    """Largest distance from its circle, metres."""
    sd: float
    """Standard uncertainty of that, metres."""


def departure(beams: Beams, found: Boundary, beam: float) -> Departure:
    """Return by how much a rim departs from the circle that was found for it.

    Whether a beam came back from the plate is a logistic regression on how far it is out of a circle with waves
    (Newton's method; the covariance is the inverse of the information).

    Parameters
    ----------
    beams
        About the hole.
    found
        Its circle (x, y, radius).
    beam
        Diameter of the beam, metres.
    """
    radius = float(found.state[2])
    distance, deep = (rows[0] for rows in circle(beams, found.state[None]))
    # what is inside but as high as the plate may be the wall just below the rim: it tells nothing
    wall = beams.material & (distance < 0.0) & (deep < beams.gate + 3.0 * beams.sigma)
    kept = ~wall & (np.abs(distance) < 0.4 * radius)
    local = beams.flat[kept] - found.state[:2]
    waves = _waves(np.arctan2(local[:, 1], local[:, 0]))
    width = max(found.width, _LEAST_WIDTH * beams.step, _LEAST_WIDTH * beam)
    heights, covariance = _regressed(waves, distance[kept], beams.material[kept], width, radius)
    rim = _waves(np.linspace(0.0, 2.0 * np.pi, 180, endpoint=False))[:, _SAME:]
    out = rim @ heights[_SAME:]
    where = int(np.argmax(np.abs(out)))
    variance = rim[where] @ covariance[_SAME:, _SAME:] @ rim[where]
    return Departure(float(np.abs(out[where])), float(np.sqrt(variance)))


def _waves(bearing: FloatArray) -> FloatArray:
    """Return the waves (n, 9) at bearings (n,)."""
    rows = [np.ones_like(bearing)]
    for lobe in _LOBES[1:]:
        rows += [np.cos(lobe * bearing), np.sin(lobe * bearing)]
    return np.column_stack(rows)


def _regressed(
    waves: FloatArray, distance: FloatArray, material: BoolArray, width: float, radius: float
) -> tuple[FloatArray, FloatArray]:
    """Return the heights of waves (9,) and their covariance (9, 9), metres."""
    heights = np.zeros(waves.shape[1])
    prior = np.eye(len(heights)) / (_WAVE_SD * radius) ** 2
    information = prior
    for _ in range(_STEPS):
        chance = expit((distance - waves @ heights) / width)
        slope = waves.T @ (chance - material) / width - prior @ heights
        information = (waves * (chance * (1.0 - chance))[:, None]).T @ waves / width**2 + prior
        step = np.linalg.solve(information, slope)
        step *= min(1.0, _MOST * radius / max(float(np.abs(step).max()), 1e-12))
        heights = heights + step
        if float(np.abs(step).max()) < 1e-7:
            break
    return heights, np.asarray(np.linalg.inv(information), np.float64)
