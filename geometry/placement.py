"""Where and how an element lies as a whole: axis position, verticality, slope, level, from its rigid as-built pose."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from geometry.arrays import FloatArray
from geometry.cylinders import axis_rise, is_standing
from geometry.measured import Measured, governing_size, judged
from geometry.plan import plan_rectangle
from geometry.tolerance import Rule
from geometry.verdict import Measurement, Outcome
from geometry.witnesses import FEW

_OBSERVED = 0.005
"""Standard deviation (m) beyond which a displacement counts as not measured."""
_UP = np.array([0.0, 0.0, 1.0])
_UPRIGHT = 0.7
"""Cosine to the vertical from which a displacement is one in height."""
_LONG = 3.0
"""Sides' ratio from which an element in plan is a line: where it lies along itself is not its axis position."""


@dataclass(frozen=True, slots=True, eq=False)
class _PlanOffset:
    """A horizontal displacement, as far as it was observed."""

    actual: float
    """The larger component along the sides of the element's plan, metres."""
    standard: float
    direction: FloatArray
    """(2,) unit vector of that component."""
    complete: bool
    """Whether every component that the element needs was observed."""
    n: int
    """How many points show that component."""


def _plan_offset(element: Measured, shift: FloatArray, covariance: FloatArray) -> _PlanOffset | None:
    """Resolve a horizontal ``shift`` (2,) along the sides of the element's plan.

    A wall or a beam needs the component across it; a column, alike in both directions, needs both.
    """
    plan = plan_rectangle(element.vertices)
    parts = plan.axes @ shift
    standard = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", plan.axes, covariance, plan.axes), 0.0))
    shown = np.array([element.witnesses.along(np.append(axis, 0.0)) for axis in plan.axes])
    seen = (standard < _OBSERVED) & (shown >= FEW)
    if not seen.any():
        return None
    needed = np.array([plan.lengths[0] < _LONG * plan.lengths[1], True])
    pick = int(np.argmax(np.where(seen, np.abs(parts), -1.0)))
    return _PlanOffset(
        float(parts[pick]), float(standard[pick]), plan.axes[pick], bool(seen[needed].all()), int(shown[pick])
    )


def _complete(found: list[Measurement], whole: bool) -> list[Measurement]:
    """Turn a pass in one direction into a doubt where the element needs both."""
    if whole:
        return found
    return [
        replace(m, outcome=Outcome.INDETERMINATE, note="one_direction") if m.outcome is Outcome.PASS else m
        for m in found
    ]


def axis_position(element: Measured, rule: Rule) -> list[Measurement]:
    """Horizontal displacement of the element's middle, the larger of the observed directions of its plan."""
    fit = element.fit
    offset = _plan_offset(element, fit.twist[:2], fit.covariance[:2, :2]) if fit is not None else None
    if fit is None or offset is None:
        return []
    middle = 0.5 * (element.lower + element.upper)
    direction = np.append(offset.direction, 0.0)
    combined = element.budget.combined(middle[None], direction[None], np.array([offset.standard]))
    size = governing_size(element, rule, element.longest)
    found = judged(rule, size, offset.actual, float(combined[0]), n=offset.n, method="rigid fit")
    return _complete(found, offset.complete)


def verticality(element: Measured, rule: Rule) -> list[Measurement]:
    """Out of plumb: how far the top stands out over the foot."""
    fit, height = element.fit, float(element.size[2])
    if fit is None or height <= 0 or float((element.seen_upper - element.seen_lower)[2]) < 0.5 * height:
        return []
    # turned by (a, b) about x and y, the top moves by height (b, -a)
    turned = height * np.array([[0.0, 1.0], [-1.0, 0.0]])
    offset = _plan_offset(element, turned @ fit.twist[3:5], turned @ fit.covariance[3:5, 3:5] @ turned.T)
    if offset is None:
        return []
    tilt = turned @ element.budget.tilt()[:2, :2] @ turned.T
    combined = _over_two_ends(element, offset.standard, float(offset.direction @ tilt @ offset.direction))
    found = judged(rule, governing_size(element, rule, height), offset.actual, combined, n=offset.n, method="rigid fit")
    return _complete(found, offset.complete)


def slope(element: Measured, rule: Rule) -> list[Measurement]:
    """Out of level: how far one end lies above the other, along the side of the plan where that is most.

    Of a pipe that lies it is what its axis rises more, or falls less, than designed.
    """
    of_axis = axis_rise(element)
    if of_axis is not None:
        actual, variance, n, length = of_axis
        size = governing_size(element, rule, length)
        return judged(rule, size, actual, float(np.sqrt(variance)), n=n, method="cylinder fit")
    fit = element.fit
    if fit is None or (element.cylinder is not None and is_standing(element.cylinder.design)):
        return []
    plan = plan_rectangle(element.vertices)
    seen = np.ptp(element.points[:, :2] @ plan.axes.T, axis=0)
    found: list[Measurement] = []
    for axis, length, reach in zip(plan.axes, plan.lengths, seen, strict=True):
        # a beam's turn about itself is no slope of it
        if length <= 0 or reach < 0.5 * length or _LONG * length < plan.lengths[0]:
            continue
        # turned by (a, b) about x and y, the end at (x, y) rises by a y - b x
        rise = length * np.array([axis[1], -axis[0]])
        standard = float(np.sqrt(max(rise @ fit.covariance[3:5, 3:5] @ rise, 0.0)))
        if standard >= _OBSERVED:
            continue
        combined = _over_two_ends(element, standard, float(rise @ element.budget.tilt()[:2, :2] @ rise))
        actual = float(rise @ fit.twist[3:5])
        size = governing_size(element, rule, float(length))
        found += judged(rule, size, actual, combined, n=element.witnesses.along(_UP), method="rigid fit")
    return sorted(found, key=_margin)[:1]


def _margin(found: Measurement) -> float:
    """Return how far inside the nearer limit a value lies, metres; negative outside."""
    return min(found.actual - found.lower, found.upper - found.actual)


def _over_two_ends(element: Measured, standard: float, turning: float) -> float:
    """Return the standard uncertainty of a difference between two ends: the fit, the frame's turn, both readings."""
    return float(np.sqrt(standard**2 + turning + 2.0 * element.budget.instrument**2))


def place_limit(element: Measured, measurements: Sequence[Measurement], direction: FloatArray) -> float:
    """Return how far (m) an element may be off along a unit vector (3,) by what was measured; infinite if that is free.

    A surface is limited in all directions, a level in height, an axis position across the sides of the plan.
    """
    plan = plan_rectangle(element.vertices)
    upright = abs(float(direction[2])) > _UPRIGHT
    needed = np.array([plan.lengths[0] < _LONG * plan.lengths[1], True])
    across = not upright and bool(needed[int(np.argmax(np.abs(plan.axes @ direction[:2])))])
    applies = {"surface": True, "level": upright, "axis_position": across}
    limits = [max(abs(m.lower), abs(m.upper)) for m in measurements if applies.get(m.characteristic, False)]
    return min(limits, default=np.inf)


def level(element: Measured, rule: Rule) -> list[Measurement]:
    """Vertical displacement of the element's middle."""
    fit = element.fit
    if fit is None or not fit.observable[2]:
        return []
    middle = 0.5 * (element.lower + element.upper)
    standard = np.sqrt(fit.covariance[2, 2])
    combined = element.budget.combined(middle[None], np.array([[0.0, 0.0, 1.0]]), np.array([standard]))
    size = governing_size(element, rule, element.longest)
    n = element.witnesses.along(_UP)
    return judged(rule, size, float(fit.twist[2]), float(combined[0]), n=n, method="rigid fit")
