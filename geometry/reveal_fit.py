"""Where a reveal was built: a plane through the points of a jamb, a sill or a head, with the uncertainty of its middle.

Only what begins at an edge of the host and goes on along most of the reveal is one: the frame of a door that stands
within the opening is parallel to it and is not meant.
"""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from geometry.cylinder_fit import FORM, patch_variance
from geometry.opening import Reveal
from geometry.witnesses import FEW

REACH = 0.15
"""How far (m) from its designed place a reveal is looked for."""
_CORNER = 0.03
"""Length (m) at both ends of a reveal that is left out: the next reveal may stand there."""
_ARRIS = 0.005
"""Depth (m), or three times the noise, that is left out at both edges: the host's faces are there."""
_TURNED = 0.94
"""Cosine (20 degrees) between a point's normal and the reveal's."""
_ONE_SURFACE, _ONE_NOISE = 0.006, 2.5
"""How far (m, times the noise) points of one reveal lie from its middle before a plane is fitted; the larger counts."""
_EDGE = 0.06
"""How far (m) within the host a reveal may begin: nearer to the edge points have no normal of their own."""
_LEAST_DEPTH = 0.02
"""Depth (m) of which points must be seen."""
_BINS = 16
"""Parts of a reveal's length, of which half must have been seen."""
_APART = 1.7
"""Surfaces this many times as far apart as one may be thick are two: nothing says which the opening is measured to."""
_RIVAL = 0.3
"""Points of a second surface per point of the first from which the two are rivals."""
_SKEW = np.array([0.005, 0.003])
"""Standard deviation (m) of a reveal's departure from square over half its length and half its depth."""
_TUKEY = 4.685


@dataclass(frozen=True, slots=True, eq=False)
class RevealFit:
    """A reveal as built."""

    surfaces: int
    """How many surfaces may be it: 0 where it was not seen; beyond 1 nothing says which, and the rest is not stated."""
    offset: float = np.nan
    """How far its middle lies inside the opening, metres."""
    variance: float = np.inf
    """Of the offset, m², from noise, form and what was not seen."""
    n: int = 0
    """Points that it rests on."""


def fit_reveal(reveal: Reveal, points: FloatArray, normals: FloatArray, noise: float) -> RevealFit:
    """Fit the plane of a reveal to points (m, 3) with unit normals (m, 3) about it, all in the frame of the host."""
    local = points - reveal.centre
    depth, along, through = local @ reveal.normal, local @ reveal.along, local @ reveal.through
    near = (np.abs(depth) < REACH) & (np.abs(along) < reveal.half[0] - min(_CORNER, 0.25 * reveal.half[0]))
    near &= (np.abs(through) < reveal.half[1] - max(_ARRIS, 3.0 * noise)) & (normals @ reveal.normal > _TURNED)
    depth, along, through = depth[near], along[near], through[near]
    thick = max(_ONE_SURFACE, _ONE_NOISE * noise)
    surfaces = _surfaces(depth, along, through, reveal.half, thick)
    if not surfaces:
        return RevealFit(0)
    if len(surfaces) > 1 and surfaces[1][1] > _RIVAL * surfaces[0][1]:
        return RevealFit(len(surfaces))
    on = np.abs(depth - surfaces[0][0]) < 2.0 * thick
    return _plane(depth[on], along[on], through[on], reveal.half, noise)


def _surfaces(
    depth: FloatArray, along: FloatArray, through: FloatArray, half: FloatArray, thick: float
) -> list[tuple[float, int]]:
    """Return place and points of the parallel surfaces that may be the reveal, the one with most points first."""
    left = np.ones(len(depth), np.bool_)
    found: list[tuple[float, int]] = []
    while left.sum() >= FEW:
        value = np.sort(depth[left])
        # the window that holds most points
        count = np.searchsorted(value, value + 2.0 * thick, side="right") - np.arange(len(value))
        first = int(np.argmax(count))
        middle = float(np.median(value[first : first + count[first]]))
        on = left & (np.abs(depth - middle) <= thick)
        if on.sum() < FEW:
            break
        if _is_reveal(along[on], through[on], half):
            found.append((middle, int(on.sum())))
        left &= np.abs(depth - middle) > _APART * thick
    return found


def _is_reveal(along: FloatArray, through: FloatArray, half: FloatArray) -> bool:
    """Say whether points cover half of the reveal's length and begin at an edge of the host."""
    low, high = np.quantile(through, [0.02, 0.98])
    begins = min(low + half[1], half[1] - high) < min(_EDGE, 0.8 * half[1])
    part = np.clip(((along / half[0] + 1.0) * 0.5 * _BINS).astype(np.int64), 0, _BINS - 1)
    seen: BoolArray = np.bincount(part, minlength=_BINS) > 0
    return bool(begins and high - low >= min(_LEAST_DEPTH, half[1]) and 2 * seen.sum() >= _BINS)


def _plane(depth: FloatArray, along: FloatArray, through: FloatArray, half: FloatArray, noise: float) -> RevealFit:
    """Fit offset and slopes; the slopes are held to square as far as the points do not tell."""
    variance = patch_variance(np.stack([along, through, np.zeros_like(along)], axis=1), noise, FORM)
    design = np.stack([np.ones_like(along), along / half[0], through / half[1]], axis=1)
    prior = np.diag([0.0, *(1.0 / _SKEW**2)])
    single = float(np.hypot(noise, FORM))
    state = np.array([float(np.median(depth)), 0.0, 0.0])
    for _ in range(8):
        residual = depth - design @ state
        scale = max(1.4826 * float(np.median(np.abs(residual))), single)
        weight = np.maximum(1.0 - (residual / (_TUKEY * scale)) ** 2, 0.0) ** 2 / variance
        weighted = design * weight[:, None]
        state = np.linalg.solve(weighted.T @ design + prior, weighted.T @ depth)
    residual = depth - design @ state
    kept = np.abs(residual) <= 3.0 * single
    if kept.sum() < FEW:
        return RevealFit(0)
    # residuals larger than foreseen count; smaller ones may be chance
    excess = max(1.0, float(np.mean(residual[kept] ** 2)) / single**2)
    normal = (design[kept] / variance[kept, None]).T @ design[kept]
    covariance = np.linalg.inv(normal / excess + prior)
    return RevealFit(1, float(state[0]), float(covariance[0, 0]), int(kept.sum()))
