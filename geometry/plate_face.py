"""The face of a plate as scanned: which returns lie on it, where other beams crossed it, how sure its place is."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from geometry.boundary_fit import Beams
from geometry.cylinder import across
from geometry.rays import Rays

_FEWEST = 12
"""Returns from a face below which nothing is said of it."""
_GATE, _LEAST_GATE = 3.5, 2e-4
"""Standard deviations, and metres at least, from the face within which a return is from it."""
_STEEPEST = 0.17
"""Cosine of the incidence (80 degrees) from which beams along the face tell nothing."""
_TILT = 0.1
"""Slope against the designed face beyond which it is another."""


@dataclass(frozen=True, slots=True, eq=False)
class PlateFace:
    """A face seen from one side, and all beams that crossed it near a place."""

    place: FloatArray
    """(3,) the designed place, moved along the normal onto the face, metres."""
    normal: FloatArray
    """(3,) unit, towards the scanner."""
    basis: FloatArray
    """(2, 3) unit, along the face."""
    beams: Beams
    """Those that reached the face, or came back from behind it; metres from the place along ``basis``."""
    variance: float
    """Of the place along the normal, m²."""
    tilt_variance: float
    """Of the slope of the normal about any direction along the face, rad²."""


def see_face(
    rays: Rays, place: FloatArray, axis: FloatArray, *, clear: float, reach: float, deep: float
) -> PlateFace | None:
    """Return the face about a place, seen from the side from which more beams came back; None where there is none.

    Parameters
    ----------
    place, axis
        (3,) metres, and the unit normal of the designed face, either way.
    clear
        Nearer to the place than this the face may be cut away, metres.
    reach
        Farther from it nothing is looked at, metres.
    deep
        How far from the designed place along the axis the face may lie, metres.
    """
    near = rays.near(place, reach + deep)
    found = [_one_sided(near, place, sign * axis, clear, reach, deep) for sign in (1.0, -1.0)]
    seen = [face for face in found if face is not None]
    return max(seen, key=lambda face: int(face.beams.material.sum()), default=None)


def _one_sided(
    rays: Rays, place: FloatArray, normal: FloatArray, clear: float, reach: float, deep: float
) -> PlateFace | None:
    senders = rays.senders()
    beams = rays.points - senders
    cosine = -(beams @ normal) / np.maximum(np.linalg.norm(beams, axis=1), 1e-12)
    facing = ((senders - place) @ normal > 0.0) & (cosine > _STEEPEST)
    points, senders, beams = rays.points[facing], senders[facing], beams[facing]
    basis = across(normal)
    local = points - place
    depth, aside = local @ normal, np.linalg.norm(local @ basis.T, axis=1)
    ring = (aside > clear) & (aside < reach) & (np.abs(depth) < deep)
    fit = _plane(local[ring] @ basis.T, depth[ring])
    if fit is None:
        return None
    (level, slope_u, slope_v), sigma, covariance = fit
    turned = normal - slope_u * basis[0] - slope_v * basis[1]
    turned /= np.linalg.norm(turned)
    on, along = place + level * normal, across(turned)
    height = (points - on) @ turned
    gate = max(_GATE * sigma, _LEAST_GATE)
    share = ((on - senders) @ turned) / (beams @ turned)
    flat = (senders + share[:, None] * beams - on) @ along.T
    kept = (height <= gate) & (np.linalg.norm(flat, axis=1) < reach)
    material = kept & (np.abs(height) <= gate)
    if material.sum() < _FEWEST:
        return None
    slope = (beams @ along.T) / -(beams @ turned)[:, None]
    crossed = Beams(flat[kept], slope[kept], height[kept], sigma, gate, _step(flat[material]))
    tilt = float(np.linalg.eigvalsh(covariance[1:, 1:])[-1])
    return PlateFace(on, turned, along, crossed, float(covariance[0, 0]), tilt)


def _plane(flat: FloatArray, depth: FloatArray) -> tuple[FloatArray, float, FloatArray] | None:
    """Return level and slopes (3,) of the face nearest to the scanner, the scatter about it, and the covariance."""
    if len(depth) < _FEWEST:
        return None
    level, width = _outermost(depth)
    design = np.column_stack([np.ones(len(depth)), flat])
    state, sigma = np.array([level, 0.0, 0.0]), width
    on: BoolArray = np.abs(depth - level) < 3.0 * width
    for _ in range(12):
        if on.sum() < _FEWEST:
            return None
        state = np.linalg.lstsq(design[on], depth[on], rcond=None)[0]
        residual = depth - design @ state
        sigma = max(1.4826 * float(np.median(np.abs(residual[on]))), 1e-6)
        kept = np.abs(residual) < 3.0 * sigma
        if (kept == on).all():
            break
        on = kept
    if np.abs(state[1:]).max() > _TILT or on.sum() < _FEWEST or np.linalg.matrix_rank(design[on]) < 3:
        return None
    covariance = sigma**2 * np.linalg.inv(design[on].T @ design[on])
    return np.asarray(state, np.float64), sigma, np.asarray(covariance, np.float64)


def _outermost(depth: FloatArray) -> tuple[float, float]:
    """Return level and half width of the outermost layer that holds a good share of the returns."""
    width = 1e-3
    value = np.sort(depth)
    held = np.searchsorted(value, value + 2.0 * width, side="right") - np.arange(len(value))
    good = np.flatnonzero(held >= 0.5 * held.max())
    first = int(good[-1])
    # the layer that ends there: climb down to where it is fullest
    near = np.flatnonzero((value >= value[first] - 2.0 * width) & (value <= value[first]))
    best = int(near[np.argmax(held[near])])
    inside = value[best : best + int(held[best])]
    return float(np.median(inside)), width


def _step(flat: FloatArray) -> float:
    """Return how far neighbouring beams are from each other on the face, metres."""
    from scipy.spatial import KDTree

    distance = KDTree(flat).query(flat, k=2)[0][:, 1]
    return max(float(np.median(distance)), 1e-5)
