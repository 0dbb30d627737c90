"""Where and how an element lies as a whole: axis position, verticality, slope, level, from its rigid as-built pose."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from geometry.arrays import FloatArray
from geometry.cylinders import axis_rise, is_standing
from geometry.measured import Measured, governing_size, judged
from geometry.plan import plan_rectangle
from geometry.tolerance import Rule
from geometry.uncertainty import expanded
from geometry.verdict import Measurement, Outcome
from geometry.witnesses import FEW

_OBSERVED = 0.005
"""Standard deviation (m) beyond which a displacement counts as not measured."""
_UP = np.array([0.0, 0.0, 1.0])
_UPRIGHT = 0.7
"""Cosine to the vertical from which a displacement is one in height."""
_PLACING = ("surface", "level", "axis_position", "cylinder_axis")
"""Characteristics that limit where an element is."""
_UNITLESS = ("floor_flatness", "floor_levelness")
"""Characteristics whose limits are no lengths."""
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
    """Horizontal displacement, the larger of the observed directions of the plan: of the middle, and a line's ends.

    A wall or a beam that is turned about its middle is out of place at its ends, whatever the middle says.
    """
    fit = element.fit
    offset = _plan_offset(element, fit.twist[:2], fit.covariance[:2, :2]) if fit is not None else None
    if fit is None or offset is None:
        return []
    plan = plan_rectangle(element.vertices)
    size = governing_size(element, rule, element.longest)
    at = np.zeros((1, 2))
    if plan.lengths[0] >= _LONG * plan.lengths[1] and abs(offset.direction @ plan.axes[1]) > _UPRIGHT:
        at = 0.5 * np.array([[0.0], [-1.0], [1.0]]) * plan.lengths[0] * plan.axes[0]
    direction = np.append(offset.direction, 0.0)
    found = _farthest_out(element, rule, size, at, direction, n=offset.n)
    return _complete(found, offset.complete)


def _farthest_out(
    element: Measured, rule: Rule, size: float, at: FloatArray, direction: FloatArray, *, n: int
) -> list[Measurement]:
    """Judge the displacement along a unit vector (3,) at places of the plan, and return what decides.

    Parameters
    ----------
    at
        (k, 2) metres from the middle of the element's box: the middle itself first.
    """
    fit = element.fit
    assert fit is not None
    arms = np.column_stack([at, np.zeros(len(at))])
    # turned by w, a place at r moves by w x r: along n that is w . (r x n)
    slopes = np.column_stack([np.broadcast_to(direction, arms.shape), np.cross(arms, direction)])
    standard = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", slopes, fit.covariance, slopes), 0.0))
    places = 0.5 * (element.lower + element.upper) + arms
    combined = element.budget.combined(places, np.broadcast_to(direction, arms.shape), standard)
    found = [
        m
        for actual, one in zip(slopes @ fit.twist, combined, strict=True)
        for m in judged(rule, size, float(actual), float(one), n=n, method="rigid fit")
    ]
    worst = sorted(found, key=_how_bad, reverse=True)[:1]
    if not element.refutes(direction[None]).any():
        return worst
    return [
        replace(m, outcome=Outcome.INDETERMINATE, note="contested") if m.outcome is Outcome.FAIL else m for m in worst
    ]


def _how_bad(found: Measurement) -> tuple[int, float]:
    """Return what ranks one rule's measurements at several places: a failure first, then how near the guarded limit."""
    failed = found.outcome is Outcome.FAIL
    return failed, (-1.0 if failed else 1.0) * found.expanded_uncertainty - _margin(found)


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
    return float(np.sqrt(standard**2 + turning + 2.0 * element.budget.apart**2))


def place_limit(measurements: Sequence[Measurement], direction: FloatArray) -> float:
    """Return how far (m) an element may be off along a unit vector (3,) by what was measured; infinite if that is free.

    A surface is limited in all directions, a level in height, an axis position in plan: a wall's along itself as well,
    where that is seen (:func:`axis_position`).
    """
    upright = abs(float(direction[2])) > _UPRIGHT
    applies = {"surface": True, "level": upright, "axis_position": not upright}
    limits = [max(abs(m.lower), abs(m.upper)) for m in measurements if applies.get(m.characteristic, False)]
    return min(limits, default=np.inf)


def free_displacement(element: Measured, measurements: Sequence[Measurement]) -> float | None:
    """Return how far (m) an element stands aside in a direction that nothing limits, where that is much; else None.

    It is much when it exceeds, by more than U, the largest limit that the element has on its place, or, where it has
    none, on anything else that is a length. The sides of the plan and the vertical are asked; of several the largest
    is told.
    """
    fit, plan = element.fit, plan_rectangle(element.vertices)
    lengths = [m for m in measurements if m.characteristic not in _UNITLESS and not m.part]
    placing = [m for m in lengths if m.characteristic in _PLACING]
    much = max((max(abs(m.lower), abs(m.upper)) for m in placing or lengths), default=np.inf)
    if fit is None or not np.isfinite(much):
        return None
    middle, told = 0.5 * (element.lower + element.upper)[None], list[float]()
    for direction in (*np.column_stack([plan.axes, np.zeros(2)]), _UP):
        standard = np.sqrt(max(float(direction @ fit.covariance[:3, :3] @ direction), 0.0))
        if np.isfinite(place_limit(measurements, direction)) or standard >= _OBSERVED:
            continue
        aside = abs(float(direction @ fit.twist[:3]))
        unsure = expanded(float(element.budget.combined(middle, direction[None], np.array([standard]))[0]))
        if aside - unsure > much and element.witnesses.along(direction) >= FEW:
            told.append(aside)
    return max(told, default=None)


def level(element: Measured, rule: Rule) -> list[Measurement]:
    """Vertical displacement: of the middle, and at both ends of a line or the four corners of any other plan."""
    fit = element.fit
    if fit is None or not fit.observable[2]:
        return []
    plan = plan_rectangle(element.vertices)
    sides = 0.5 * plan.lengths[:, None] * plan.axes
    across = np.array([0.0]) if plan.lengths[0] >= _LONG * plan.lengths[1] else np.array([-1.0, 1.0])
    ends = [along * sides[0] + over * sides[1] for along in (-1.0, 1.0) for over in across]
    size = governing_size(element, rule, element.longest)
    return _farthest_out(element, rule, size, np.array([np.zeros(2), *ends]), _UP, n=element.witnesses.along(_UP))
