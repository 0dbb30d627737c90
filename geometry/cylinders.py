"""Round pipes, ducts, columns and piles as built: where the axis lies and how thick they are."""

from dataclasses import replace

import numpy as np

from geometry.cylinder import Cylinder
from geometry.cylinder_fit import CylinderFit
from geometry.measured import Measured, governing_size, judged, not_measured
from geometry.tolerance import Rule
from geometry.verdict import Measurement
from geometry.witnesses import FEW

_METHOD = "cylinder fit"
_LEAST_ARC = np.radians(90.0)
"""Arc that must have been seen: from less of it a larger radius further away looks the same."""
_CLEAR = 3.0
"""Standard deviations from which a distance from the axis has a direction."""
_OF_TWO_ENDS = 1.4
"""Twice so many standard deviations hold 96 % of the larger of two distances in the plane (each Rayleigh)."""
_STANDING = 0.5
"""Cosine between axis and plumb line from which a cylinder stands."""
_LEAST_LENGTH = 0.5
"""Share of the length that must have been seen before its ends are stated."""


def diameter(element: Measured, rule: Rule) -> list[Measurement]:
    """Outer diameter less the designed one."""
    body = element.cylinder
    if body is None:
        return []
    nominal = 2.0 * body.design.radius
    size = governing_size(element, rule, nominal)
    fit = body.fit
    if fit is None or fit.n < FEW:
        found = not_measured(rule, size, note="few_points")
    elif fit.arc < _LEAST_ARC:
        found = not_measured(rule, size, note="thin_arc")
    else:
        # as two opposite faces: each may be read wrong by the instrument
        variance = 4.0 * float(fit.covariance[4, 4]) + 2.0 * element.budget.apart**2
        actual = 2.0 * fit.radius - nominal
        found = judged(rule, size, actual, float(np.sqrt(variance)), n=fit.n, method=_METHOD)
    return [replace(m, nominal=nominal, method=_METHOD) for m in found]


def cylinder_axis(element: Measured, rule: Rule) -> list[Measurement]:
    """Distance of the built axis from the designed one, across it, at the end where that is more."""
    body = element.cylinder
    if body is None:
        return []
    size = governing_size(element, rule, body.design.length)
    fit = body.fit
    if fit is None or fit.n < FEW:
        found = not_measured(rule, size, note="few_points")
    elif fit.arc < _LEAST_ARC:
        found = not_measured(rule, size, note="thin_arc")
    elif fit.reach[1] - fit.reach[0] < _LEAST_LENGTH * body.design.length:
        found = not_measured(rule, size, note="short_part")
    else:
        ends = [_at_end(element, body.design, fit, sign) for sign in (-1.0, 1.0)]
        actual, standard = max(ends, key=lambda end: end[0] + 2.0 * end[1])
        found = judged(rule, size, actual, standard, n=fit.n, method=_METHOD)
    return [replace(m, method=_METHOD) for m in found]


def _at_end(element: Measured, design: Cylinder, fit: CylinderFit, sign: float) -> tuple[float, float]:
    """Return how far the axis lies off at one end of it, and with which standard uncertainty, metres."""
    along = sign * 0.5 * design.length
    offset, covariance = fit.at(along)
    frame = element.budget.pose_at(design.centre + along * design.axis)[:3, :3]
    covariance = covariance + fit.basis @ frame @ fit.basis.T
    length = float(np.linalg.norm(offset))
    worst = float(np.linalg.eigvalsh(covariance)[-1])
    if length > _CLEAR * np.sqrt(worst):
        return length, float(np.sqrt(offset @ covariance @ offset)) / length
    # a distance of nearly nothing has no direction, and of two ends the one that noise has moved farther is stated
    return length, _OF_TWO_ENDS * float(np.sqrt(worst))


def is_standing(design: Cylinder) -> bool:
    """Say whether a cylinder stands rather than lies: it is plumb or not, and has no slope."""
    return bool(abs(design.axis[2]) > _STANDING)


def axis_rise(element: Measured) -> tuple[float, float, int, float] | None:
    """Return how far the upper end of a lying cylinder's axis rises more than designed, with its variance.

    Returns
    -------
    tuple of float, float, int, float, or None
        Metres from end to end along the axis, variance (m²) of the fit and of the frame, points, length (m) in plan;
        None for a standing cylinder, or one that was not seen well enough.
    """
    body = element.cylinder
    if body is None or body.fit is None or body.fit.n < FEW or body.fit.arc < _LEAST_ARC:
        return None
    design, fit = body.design, body.fit
    plan = float(np.linalg.norm(design.axis[:2])) * design.length
    if is_standing(design) or fit.reach[1] - fit.reach[0] < _LEAST_LENGTH * design.length:
        return None
    up = fit.basis[:, 2] * design.length
    turn = np.array([design.axis[1], -design.axis[0]]) * design.length
    frame = float(turn @ element.budget.tilt()[:2, :2] @ turn)
    variance = float(up @ fit.covariance[2:4, 2:4] @ up) + frame + 2.0 * element.budget.apart**2
    return float(up @ fit.tilt), variance, fit.n, plan
