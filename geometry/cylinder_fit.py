"""Where a cylinder was built and how thick: orthogonal distances, Gauss-Newton, with the covariance of what is found.

Robust weights (Tukey's biweight; Holland and Welsch 1977) leave clamps and strays out. How much of the circle was seen
is part of the result: from a thin arc a larger radius further away looks the same (ISO 10360-6 asks the same of
coordinate measuring machines).
"""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from geometry.cylinder import Cylinder
from geometry.deviation.surface import numbered_rows

FORM = 0.0015
"""Standard deviation (m) by which a patch of a built surface departs from its ideal form."""
_CELL = 0.05
"""Edge (m) of the patches within which a surface departs from its form alike."""
_STEPS = 40
_TUKEY = 4.685
_BIN = 5.0
"""Degrees of the circle that count as seen when they hold points."""
_MOST = 6000
"""Points that a fit uses: more do not make it better than the form allows."""


@dataclass(frozen=True, slots=True, eq=False)
class CylinderFit:
    """A cylinder as built, in the frame of the designed one: middle of its axis, two directions across it."""

    offset: FloatArray
    """(2,) where the built axis crosses the plane across the middle of the designed one, along ``basis``, metres."""
    tilt: FloatArray
    """(2,) its slope against the designed axis along ``basis``, metres per metre."""
    radius: float
    covariance: FloatArray
    """(5, 5) of offset, tilt and radius."""
    basis: FloatArray
    """(2, 3) unit vectors across the designed axis."""
    arc: float
    """Radians of the circle between the first and the last point seen, the largest gap left out."""
    reach: tuple[float, float]
    """From where to where along the designed axis points lie, metres from its middle."""
    n: int
    """Points that lie on it within the noise."""
    sigma: float
    """Standard deviation of their distances, metres."""

    def at(self, along: float) -> tuple[FloatArray, FloatArray]:
        """Return how far (2,) the axis lies off along ``basis`` at a place along it (m from its middle), and (2, 2)."""
        row = np.hstack([np.eye(2), along * np.eye(2)])
        return self.offset + along * self.tilt, row @ self.covariance[:4, :4] @ row.T


@dataclass(frozen=True, slots=True, eq=False)
class RoundBody:
    """A cylinder as designed, and as built as far as it was seen."""

    design: Cylinder
    fit: CylinderFit | None
    """None where too few points fix none."""


def fit_cylinder(points: FloatArray, design: Cylinder, *, noise: float, form: float = FORM) -> CylinderFit | None:
    """Fit a cylinder to points (n, 3) near a designed one, both in one frame; None where they fix none.

    Parameters
    ----------
    noise
        Standard deviation of a point across the surface, metres.
    form
        Standard deviation of a patch of the surface about a true cylinder, metres.
    """
    points = points[:: max(1, -(-len(points) // _MOST))]
    basis, half = design.basis(), max(0.5 * design.length, 1e-6)
    local = points - design.centre
    x, y, s = local @ basis[0], local @ basis[1], local @ design.axis
    if len(points) < 6 or np.ptp(s) <= 0:
        return None
    variance = patch_variance(np.stack([x, y, s], axis=1), noise, form)
    state = np.array([*_start(x, y, design.radius), 0.0, 0.0, design.radius])
    scale = floor = float(np.sqrt(np.median(variance)))
    for step in range(_STEPS):
        residual, jacobian = _distances(x, y, s / half, state, half)
        scale = max(1.4826 * float(np.median(np.abs(residual - np.median(residual)))), floor)
        ratio = residual / (_TUKEY * scale)
        # the start may be wrong by more than the noise: first only the far tail is held back
        weight = np.maximum(1.0 - ratio**2, 0.0) ** 2 if step >= 8 else 1.0 / np.maximum(1.0, np.abs(ratio) * _TUKEY)
        weighted = jacobian * (weight / variance)[:, None]
        normal = weighted.T @ jacobian
        if np.linalg.cond(normal * np.outer(*2 * [1.0 / np.sqrt(np.maximum(np.diag(normal), 1e-12))])) > 1e10:
            return None
        change = np.linalg.solve(normal, weighted.T @ residual)
        state -= change
        if step > 8 and np.abs(change).max() < 1e-8:
            break
    if not (np.isfinite(state).all() and 0.2 * design.radius < state[4] < 5.0 * design.radius):
        return None
    residual, jacobian = _distances(x, y, s / half, state, half)
    kept = np.abs(residual) <= 3.0 * max(scale, floor)
    if kept.sum() < 6:
        return None
    normal = (jacobian[kept] / variance[kept, None]).T @ jacobian[kept]
    # residuals larger than foreseen count; smaller ones may be chance
    excess = max(1.0, float(np.mean(residual[kept] ** 2)) / float(np.mean(noise**2 + form**2)))
    units = np.array([1.0, 1.0, 1.0 / half, 1.0 / half, 1.0])
    covariance = excess * np.linalg.inv(normal).astype(np.float64) * np.outer(units, units)
    return CylinderFit(
        offset=state[:2],
        tilt=state[2:4] / half,
        radius=float(state[4]),
        covariance=covariance,
        basis=basis,
        arc=_arc(x[kept] - state[0] - state[2] * s[kept] / half, y[kept] - state[1] - state[3] * s[kept] / half),
        reach=(float(s[kept].min()), float(s[kept].max())),
        n=int(kept.sum()),
        sigma=float(np.sqrt(np.mean(residual[kept] ** 2))),
    )


def patch_variance(points: FloatArray, noise: float, form: float) -> FloatArray:
    """Return the variance (n,) to weigh points (n, 3) with, so that many points of one patch do not outvote its form.

    A patch of m points is known to noise²/m + form²: each of them counts as one of variance noise² + m form².

    Examples
    --------
    >>> patch_variance(np.array([[0.0, 0, 0], [0.01, 0, 0], [1, 0, 0]]), 0.002, 0.001).round(9).tolist()
    [6e-06, 6e-06, 5e-06]
    """
    cells: IntArray = np.floor(points / _CELL).astype(np.int64)
    number, count = numbered_rows(cells)
    variance: FloatArray = noise**2 + count[number].astype(np.float64) * form**2
    return variance


def _start(x: FloatArray, y: FloatArray, radius: float) -> tuple[float, float]:
    """Return a first offset across the axis: what brings the points, in the median, to the designed radius."""
    at = np.zeros(2)
    for _ in range(10):
        away = np.stack([x - at[0], y - at[1]], axis=1)
        distance = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
        outward = away / distance
        step = np.linalg.lstsq(outward, (distance[:, 0] - radius), rcond=1e-3)[0]
        at = at + np.clip(step, -radius, radius)
    return float(at[0]), float(at[1])


def _distances(
    x: FloatArray, y: FloatArray, s: FloatArray, state: FloatArray, half: float
) -> tuple[FloatArray, FloatArray]:
    """Return the distances (n,) from the surface and their derivatives (n, 5); along the axis in half lengths."""
    u, v = x - state[0] - state[2] * s, y - state[1] - state[3] * s
    # distance from the axis line, not from where it crosses the plane: across a direction (a, b, 1)
    a, b = state[2] / half, state[3] / half
    # w = (u, v, 0) less its part along the axis
    part = (u * a + v * b) / (1.0 + a * a + b * b)
    across_u, across_v, across_s = u - part * a, v - part * b, -part
    distance = np.maximum(np.sqrt(across_u**2 + across_v**2 + across_s**2), 1e-9)
    cosine, sine = across_u / distance, across_v / distance
    jacobian = np.stack([-cosine, -sine, -cosine * s, -sine * s, -np.ones_like(s)], axis=1)
    return distance - state[4], jacobian


def _arc(x: FloatArray, y: FloatArray) -> float:
    """Return the radians of the circle that were seen: the whole less the largest gap."""
    number = np.floor(np.degrees(np.arctan2(y, x)) / _BIN).astype(np.int64) % int(360.0 / _BIN)
    count = np.bincount(number, minlength=int(360.0 / _BIN))
    held: BoolArray = count >= max(2, 0.1 * float(np.median(count[count > 0])))
    at = np.flatnonzero(held)
    if len(at) == 0:
        return 0.0
    gaps = np.diff(np.append(at, at[0] + len(count))) - 1
    return float(np.radians(_BIN * (len(count) - gaps.max())))
