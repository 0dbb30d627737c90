"""Registration by control points: the rigid fit, what is left at each point, and which point is wrong."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.errors import GeometryError
from geometry.note import Note
from geometry.pose import Pose

_MOST_RMS = 0.10
_FEWEST = 3
_BLUNDER = 0.05
_BLUNDER_RATIO = 5.0
_LEAST_SIGMA = 0.001
_LEAST_SCALE = 2e-5
"""Scale between the two figures from which it is worth a word: 1 mm over 50 m."""
_COORDINATE_STEP = 0.0003
"""Standard deviation (m) of a coordinate that was written to the millimetre: no fit is better than that."""
_SIGNIFICANT = 0.99
_EXPLAINED = 0.75
"""Share of the sum of squares that a scale must take away to be called the reason of what is left."""
_UNITS = {
    Note("millimetres", "millimetres"): 1000.0,
    Note("centimetres", "centimetres"): 100.0,
    Note("inches", "inches"): 1 / 0.0254,
    Note("feet", "feet"): 1 / 0.3048,
}


class ControlPointError(GeometryError):
    """Control points that cannot fix a pose: too few, in a line, or not the same points."""


@dataclass(frozen=True, slots=True, eq=False)
class ControlFit:
    """A rigid fit to control points."""

    T_design_scan: Pose
    residuals: FloatArray
    """(n,) metres: distance left at each point."""
    left_out: FloatArray
    """(n,) metres: how far each point lies from where the others put it; NaN with fewer than 4."""
    covariance: FloatArray
    """(6, 6) of (rotation vector, translation) about ``pivot``."""
    pivot: FloatArray
    """(3,) metres: centre of the points in the design frame."""
    fault: str
    """Why the fit cannot be used, one line; empty when it can."""
    excess: float
    """How many times worse the points fit than their stated accuracy, 1 when it was not stated."""
    scaled: str
    """That a scale between the two figures explains what is left at the points, one line; empty when it does not."""


def fit_control(
    scan: FloatArray, design: FloatArray, names: tuple[str, ...], sigma: FloatArray | None = None
) -> ControlFit:
    """Fit the pose that maps ``scan`` (n, 3) onto ``design`` (n, 3), metres.

    ``sigma`` (n,) metres is the stated standard uncertainty of each point along each axis: points count by it, and the
    covariance follows from it unless the points fit worse. Without it all count alike, and what is left at the points
    says how accurate they are.

    Raises
    ------
    ControlPointError
        With fewer than 3 points, or points in a line, which leave a turn about the line open.

    References
    ----------
    Kabsch 1976, "A solution for the best rotation to relate two sets of vectors".
    """
    if len(scan) < _FEWEST:
        raise ControlPointError(f"{len(scan)} control points cannot fix a pose: give at least 3 that are not in a line")
    for frame, points in (("scan", scan), ("design", design)):
        spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
        if spread[1] < 0.02 * spread[0] or spread[0] == 0:
            raise ControlPointError(
                f"the control points lie in a line in the {frame} frame: give one well off it, such as on another wall"
            )
    T = kabsch(scan, design, None if sigma is None else sigma**-2.0)
    residuals = np.linalg.norm(T.apply(scan) - design, axis=1)
    left_out = _left_out(scan, design)
    fault, scaled = unit_fault(scan, design), ""
    if not fault:
        fault, scaled = _blunder(scan, design, names, residuals, left_out), _scaled(scan, design, T, sigma)
        # points that all are where they should be, on another scale, are neither misread nor unfit
        fault = scaled if fault and scaled else fault
    pivot = design.mean(axis=0)
    each, excess = _uncertainty_of_points(residuals, sigma)
    return ControlFit(T, residuals, left_out, _covariance(design - pivot, each), pivot, fault, excess, scaled)


def kabsch(scan: FloatArray, design: FloatArray, weight: FloatArray | None = None) -> Pose:
    """Return the rotation and translation, no scale and no reflection, with the least sum of weighted squares."""
    w = np.ones(len(scan)) if weight is None else weight
    a, b = np.average(scan, axis=0, weights=w), np.average(design, axis=0, weights=w)
    u, _, vt = np.linalg.svd((w[:, None] * (design - b)).T @ (scan - a))
    rotation = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
    return Pose.from_parts(rotation, b - rotation @ a)


def _scaled(scan: FloatArray, design: FloatArray, T: Pose, sigma: FloatArray | None) -> str:
    """Return that a scale explains what the rigid fit ``T`` leaves; nothing is ever scaled.

    The rotation of the best similarity is that of the best rigid motion, so one more unknown is enough. It is
    significant by the F test of what it takes away against what stays, with what was stated, or the last millimetre of
    the coordinates, as the least that may stay.

    References
    ----------
    Umeyama 1991, "Least-squares estimation of transformation parameters between two point patterns".
    """
    from scipy.special import fdtri

    weight = np.ones(len(scan)) if sigma is None else sigma**-2.0
    a = T.rotate(scan - np.average(scan, axis=0, weights=weight))
    b = design - np.average(design, axis=0, weights=weight)
    scale = float((weight @ (a * b).sum(axis=1)) / (weight @ (a * a).sum(axis=1)))
    before, after = (float(weight @ ((b - s * a) ** 2).sum(axis=1)) for s in (1.0, scale))
    freedom = 3 * len(scan) - 7
    least = max(after / freedom, _COORDINATE_STEP**2 if sigma is None else 1.0)
    known = 1e6 if sigma is not None and least == 1.0 else freedom
    explains = after <= (1.0 - _EXPLAINED) * before and before - after > least * float(fdtri(1, known, _SIGNIFICANT))
    if not explains or abs(scale - 1.0) < _LEAST_SCALE:
        return ""
    rms = [float(np.sqrt(np.mean(((b - s * a) ** 2).sum(axis=1)))) for s in (1.0, scale)]
    return Note(
        "control_scaled",
        "the control points are {ratio} times as far apart in the design as in the scan, and that explains most of "
        "what is left at them ({left} mm, {without} mm without it): a grid scale factor? Nothing is scaled: give "
        "coordinates of true size on both sides",
        ratio=f"{scale:.6g}",
        left=f"{1000 * rms[0]:.1f}",
        without=f"{1000 * rms[1]:.1f}",
    )


def _left_out(scan: FloatArray, design: FloatArray) -> FloatArray:
    miss = np.full(len(scan), np.nan)
    for i in range(len(scan)) if len(scan) > _FEWEST else ():
        others = np.arange(len(scan)) != i
        spread = np.linalg.svd(scan[others] - scan[others].mean(axis=0), compute_uv=False)
        if spread[1] > 0.02 * spread[0]:
            T = kabsch(scan[others], design[others])
            miss[i] = np.linalg.norm(T.apply(scan[i : i + 1]) - design[i])
    return miss


def _blunder(
    scan: FloatArray, design: FloatArray, names: tuple[str, ...], residuals: FloatArray, left_out: FloatArray
) -> str:
    """Return which point does not belong with the others, or that they do not fit at all."""
    rms = float(np.sqrt(np.mean(residuals**2)))
    if np.isfinite(left_out).any():
        worst = int(
            np.nanargmax([_gain(scan, design, i, rms) if np.isfinite(m) else -1 for i, m in enumerate(left_out)])
        )
        others = np.arange(len(scan)) != worst
        rest = kabsch(scan[others], design[others])
        agree = float(np.sqrt(np.mean(np.sum((rest.apply(scan[others]) - design[others]) ** 2, axis=1))))
        if left_out[worst] > max(_BLUNDER, _BLUNDER_RATIO * agree) and agree <= _MOST_RMS:
            return Note(
                "blunder",
                "control point {name} lies {away} m from where the others put it, and they agree within {agree} m: "
                "correct it or leave it out",
                name=names[worst],
                away=f"{left_out[worst]:.3f}",
                agree=f"{agree:.3f}",
            )
    if rms > _MOST_RMS:
        return Note(
            "control_misfit",
            "the control points do not fit one another (rms {rms} m): check that each name is the same point in both "
            "frames, and x y z order and units",
            rms=f"{rms:.3f}",
        )
    return ""


def _gain(scan: FloatArray, design: FloatArray, index: int, rms: float) -> float:
    """Return how much better the rest fits without a point."""
    others = np.arange(len(scan)) != index
    rest = kabsch(scan[others], design[others])
    return rms - float(np.sqrt(np.mean(np.sum((rest.apply(scan[others]) - design[others]) ** 2, axis=1))))


def unit_fault(scan: FloatArray, design: FloatArray) -> str:
    """Return the units that the ratio of the two figures' sizes suggests, if it is far from 1."""
    size = [float(np.linalg.norm(p - p.mean(axis=0))) for p in (scan, design)]
    ratio = size[0] / size[1]
    if 0.9 < ratio < 1.1:
        return ""
    for unit, factor in _UNITS.items():
        if abs(ratio / factor - 1) < 0.03:
            said = "the scan coordinates of the control points look like {unit}: give metres"
            return Note("control_scan_unit", said, unit=unit)
        if abs(1 / ratio / factor - 1) < 0.03:
            said = "the design coordinates of the control points look like {unit}: give metres"
            return Note("control_design_unit", said, unit=unit)
    said = "the control points are {ratio} times as far apart in the scan as in the design: check the names and units"
    return Note("control_scale", said, ratio=f"{ratio:.3g}")


def _uncertainty_of_points(residuals: FloatArray, sigma: FloatArray | None) -> tuple[FloatArray, float]:
    """Return the standard uncertainty (n,) metres of each point along an axis, and how much the stated one was raised.

    What is left at the points has 3 n - 6 degrees of freedom. It speaks alone where nothing was stated, with 1 mm at
    least; otherwise it raises what was stated where that is not enough (the standard deviation of unit weight in least
    squares), and never lowers it: few points may fit by chance.
    """
    freedom = max(1, 3 * len(residuals) - 6)
    if sigma is None:
        alike = max(_LEAST_SIGMA, float(np.sqrt((residuals**2).sum() / freedom)))
        return np.full(len(residuals), alike), 1.0
    excess = max(1.0, float(np.sqrt(((residuals / sigma) ** 2).sum() / freedom)))
    return excess * sigma, excess


def _covariance(about: FloatArray, sigma: FloatArray) -> FloatArray:
    """Return (J^T W J)^-1 of the fit, W = 1 / sigma^2 of the points ``about`` (n, 3) the pivot."""
    information = np.zeros((6, 6))
    for (x, y, z), own in zip(about, sigma, strict=True):
        rows = np.array([[0, z, -y, 1, 0, 0], [-z, 0, x, 0, 1, 0], [y, -x, 0, 0, 0, 1]], np.float64) / own
        information += rows.T @ rows
    return np.linalg.inv(information).astype(np.float64)
