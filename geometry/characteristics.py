"""The characteristics an element is judged by, measured from its as-built pose and its surface patches."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from geometry.deviation.surface import Patches
from geometry.element_pose import PoseFit
from geometry.straightedge import largest_gap
from geometry.tolerance import Rule, ToleranceSet
from geometry.uncertainty import COVERAGE_FACTOR, Budget, expanded
from geometry.verdict import Measurement, Outcome, judge

_FEW = 20
"""Points below which nothing is claimed against or for an element."""
_LEAST_SEEN = 0.02
"""Share of an element's surface that must have been measured before its surface can pass."""
_PROOF = 150
"""Points beyond the limit that prove a surface nonconforming when most of the element conforms."""
_FORM = ("flatness",)
_CANDIDATES = 64
"""Face directions tried per element."""
_OBSERVED = 0.005
"""Standard deviation (m) beyond which a displacement counts as not measured."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Everything known of one element, in the frame of the check."""

    ifc_class: str
    materials: tuple[str, ...]
    lower: FloatArray
    """(3,) corner of the designed box, metres."""
    upper: FloatArray
    seen_lower: FloatArray
    """(3,) corner of the box of the element's points."""
    seen_upper: FloatArray
    fit: PoseFit | None
    patches: Patches
    budget: Budget
    area: float = 0.0
    """Area of the designed surface, m²; 0 when it does not matter."""

    @property
    def size(self) -> FloatArray:
        """Designed box, (3,) metres."""
        return self.upper - self.lower


def measure(element: Measured, tolerances: ToleranceSet) -> tuple[Measurement, ...]:
    """Measure and judge every characteristic that a rule names for this element."""
    found: list[Measurement] = []
    for rule in tolerances.rules_for(element.ifc_class, element.materials):
        found += _MEASURES[rule.characteristic](element, rule)
    return tuple(found)


def overall(measurements: tuple[Measurement, ...]) -> Outcome:
    """Return the verdict over all measurements: one failure fails, one doubt leaves it open, nothing is not a pass.

    Examples
    --------
    >>> overall(()).value
    'not_measured'
    """
    outcomes = {m.outcome for m in measurements}
    for outcome in (Outcome.FAIL, Outcome.INDETERMINATE, Outcome.PASS):
        if outcome in outcomes:
            return outcome
    return Outcome.NOT_MEASURED


def _judged(rule: Rule, size: float, actual: float, standard: float, *, n: int, method: str) -> list[Measurement]:
    """Judge one value; says ``capability`` when U alone exceeds the tolerance."""
    limits = rule.limits(size)
    if limits is None:
        return []
    uncertainty = expanded(standard)
    # a form error cannot be below zero: its lower limit needs no guard band
    lower = -np.inf if rule.characteristic in _FORM else limits.lower
    outcome, note = judge(actual, lower, limits.upper, uncertainty), ""
    if n < _FEW and outcome in (Outcome.PASS, Outcome.FAIL):
        outcome, note = Outcome.INDETERMINATE, "few_points"
    elif outcome is Outcome.INDETERMINATE and 2.0 * uncertainty > limits.upper - limits.lower:
        note = "capability"
    return [
        Measurement(
            characteristic=rule.characteristic,
            actual=actual,
            lower=limits.lower,
            upper=limits.upper,
            expanded_uncertainty=uncertainty,
            outcome=outcome,
            source=rule.source,
            coverage_factor=COVERAGE_FACTOR,
            n=n,
            method=method,
            note=note,
        )
    ]


def _surface(element: Measured, rule: Rule) -> list[Measurement]:
    """Worst deviation of the element's own surface; what stands on it unexplained keeps it from passing."""
    patches = element.patches
    own = patches.own
    size = float(element.size.max())
    limits = rule.limits(size)
    if limits is None or not own.any():
        return []
    expanded_each = COVERAGE_FACTOR * element.budget.combined(patches.position, patches.normal, patches.uncertainty)
    outside = np.maximum(patches.deviation - limits.upper, limits.lower - patches.deviation)
    total = int(patches.points[own].sum())
    beyond = own & (outside > expanded_each)
    support = int(patches.points[beyond].sum())
    proven = support >= _PROOF or (support >= _FEW and 2 * support >= total)
    # a proven failure is stated by its surest patch, anything else by the patch that comes nearest to failing
    worst = int(np.argmax(np.where(beyond, outside - expanded_each, -np.inf) if proven else
                          np.where(own, outside + expanded_each, -np.inf)))  # fmt: skip
    [result] = _judged(
        rule, size, float(patches.deviation[worst]), 0.5 * float(expanded_each[worst]), n=total, method="patches"
    )
    if result.outcome is Outcome.FAIL and not proven:
        return [replace(result, outcome=Outcome.INDETERMINATE, note="few_points")]
    if result.outcome is Outcome.PASS and own.sum() * patches.cell**2 < _LEAST_SEEN * element.area:
        return [replace(result, outcome=Outcome.INDETERMINATE, note="few_points")]
    if result.outcome is Outcome.PASS and _stands_out(patches, outside, expanded_each):
        return [replace(result, outcome=Outcome.INDETERMINATE, note="attached")]
    return [result]


def _stands_out(patches: Patches, outside: FloatArray, expanded_each: FloatArray) -> bool:
    """Say whether a fair part of what lies on the element is out of tolerance but not joined to its surface."""
    foreign = ~patches.own & (outside > expanded_each)
    # what lies inside the material cannot stand on it: the surface is not where it should be, or it is a neighbour's
    inside = foreign & (patches.deviation < 0.0)
    share = patches.points[foreign].sum() / max(patches.points.sum(), 1)
    return bool(patches.points[inside].sum() >= _FEW or (foreign.sum() >= 3 and share > 0.1))


def _largest_observed(
    shift: FloatArray, covariance: FloatArray, limit: float
) -> tuple[float, float, FloatArray] | None:
    """Return the larger well-observed component of a plane shift (2,), its standard uncertainty and direction (2,)."""
    along_axes = np.sqrt(np.diag(covariance))
    if (along_axes < limit).all():
        pick = int(np.argmax(np.abs(shift)))
        return float(shift[pick]), float(along_axes[pick]), np.eye(2)[pick]
    # only some oblique direction is seen, as of a wall that runs across both axes
    values, vectors = np.linalg.eigh(covariance)
    seen = np.sqrt(np.maximum(values, 0.0)) < limit
    if not seen.any():
        return None
    parts = vectors.T @ shift
    pick = int(np.argmax(np.where(seen, np.abs(parts), -1.0)))
    # the sign is the one along the larger axis, so that + is the same way for every element
    direction = vectors[:, pick]
    if direction[int(np.argmax(np.abs(direction)))] < 0:
        direction = -direction
    return float(direction @ shift), float(np.sqrt(max(values[pick], 0.0))), direction


def _axis_position(element: Measured, rule: Rule) -> list[Measurement]:
    """Horizontal displacement of the element's middle, the larger of the observed directions."""
    fit = element.fit
    if fit is None:
        return []
    found = _largest_observed(fit.twist[:2], fit.covariance[:2, :2], _OBSERVED)
    if found is None:
        return []
    actual, standard, direction = found
    middle = 0.5 * (element.lower + element.upper)
    combined = element.budget.combined(middle[None], np.append(direction, 0.0)[None], np.array([standard]))
    return _judged(rule, float(element.size.max()), actual, float(combined[0]), n=fit.n, method="rigid fit")


def _lean(element: Measured, rule: Rule, length: float, seen: float) -> list[Measurement]:
    """Offset over ``length`` caused by rotation about horizontal axes."""
    fit = element.fit
    if fit is None or length <= 0 or seen < 0.5 * length:
        return []
    found = _largest_observed(fit.twist[3:5] * length, fit.covariance[3:5, 3:5] * length**2, _OBSERVED)
    if found is None:
        return []
    actual, standard, direction = found
    axis = np.append(direction, 0.0)
    turning = float(axis @ element.budget.tilt() @ axis) * length**2
    combined = float(np.sqrt(standard**2 + turning + 2.0 * element.budget.instrument**2))
    return _judged(rule, length, actual, combined, n=fit.n, method="rigid fit")


def _verticality(element: Measured, rule: Rule) -> list[Measurement]:
    """Out of plumb: how far the top stands out over the foot."""
    return _lean(element, rule, float(element.size[2]), float((element.seen_upper - element.seen_lower)[2]))


def _slope(element: Measured, rule: Rule) -> list[Measurement]:
    """Out of level: how far one end lies above the other, over the longer horizontal side."""
    side = int(np.argmax(element.size[:2]))
    return _lean(element, rule, float(element.size[side]), float((element.seen_upper - element.seen_lower)[side]))


def _level(element: Measured, rule: Rule) -> list[Measurement]:
    """Vertical displacement of the element's middle."""
    fit = element.fit
    if fit is None or not fit.observable[2]:
        return []
    middle = 0.5 * (element.lower + element.upper)
    standard = np.sqrt(fit.covariance[2, 2])
    combined = element.budget.combined(middle[None], np.array([[0.0, 0.0, 1.0]]), np.array([standard]))
    return _judged(
        rule, float(element.size.max()), float(fit.twist[2]), float(combined[0]), n=fit.n, method="rigid fit"
    )


def _faces(patches: Patches) -> list[tuple[FloatArray, BoolArray]]:
    """Return the element's main faces: outward normal (3,) and which patches lie on it."""
    # a curved surface has as many normals as patches: weigh candidate directions on a grid of a hundredth
    rough, member = np.unique(np.round(patches.normal, 2), axis=0, return_inverse=True)
    weight = np.bincount(member.reshape(-1), weights=np.where(patches.own, patches.points, 0), minlength=len(rough))
    candidates = rough[np.argsort(-weight, kind="stable")[:_CANDIDATES]]
    left = patches.own.copy()
    faces: list[tuple[FloatArray, BoolArray]] = []
    for _ in range(6):
        if left.sum() < 3:
            break
        close = patches.normal[left] @ candidates.T > 0.98
        support = patches.points[left] @ close
        if support.max(initial=0) <= 0:
            break
        axis = candidates[int(np.argmax(support))]
        axis = axis / np.linalg.norm(axis)
        on = left & (patches.normal @ axis > 0.98)
        faces.append((axis, on))
        left &= ~(patches.normal @ axis > 0.9)
    return faces


def _section_size(element: Measured, rule: Rule) -> list[Measurement]:
    """Distance between opposite faces less the designed one: the sum of the two faces' outward deviations."""
    patches = element.patches
    faces = _faces(patches)
    found: list[Measurement] = []
    for i, (axis, on) in enumerate(faces):
        for other_axis, other in faces[i + 1 :]:
            if axis @ other_axis > -0.98:
                continue
            n = int(min(patches.points[on].sum(), patches.points[other].sum()))
            actual = float(
                np.average(patches.deviation[on], weights=patches.points[on])
                + np.average(patches.deviation[other], weights=patches.points[other])
            )
            # registration moves both faces alike and drops out; noise averages over each face
            noise = np.hypot(_mean_uncertainty(patches, on), _mean_uncertainty(patches, other))
            standard = float(np.hypot(noise, np.sqrt(2.0) * element.budget.instrument))
            found += _judged(rule, float(element.size.max()), actual, standard, n=n, method="opposite faces")
    return found


def _mean_uncertainty(patches: Patches, on: BoolArray) -> float:
    return float(np.sqrt(np.mean(patches.uncertainty[on] ** 2) / max(on.sum() / 9.0, 1.0)))


def _flatness(element: Measured, rule: Rule) -> list[Measurement]:
    """Largest gap under a straightedge on any of the faces that the rule is about."""
    patches = element.patches
    gaps: list[float] = []
    noise: list[float] = []
    n = 0
    for axis, on in _faces(patches):
        if (rule.faces == "up" and axis[2] < 0.9) or (rule.faces == "down" and axis[2] > -0.9):
            continue
        gap = largest_gap(patches.position[on], axis, patches.deviation[on], span=rule.span, cell=patches.cell)
        if np.isfinite(gap):
            gaps.append(gap)
            noise.append(float(np.median(patches.uncertainty[on])))
            n += int(patches.points[on].sum())
    if not gaps or patches.cell * 4 > rule.span:
        return []
    worst = int(np.argmax(gaps))
    # the gap is one point against the line through two others: variance 1 + 1/2
    standard = float(np.hypot(np.sqrt(1.5) * noise[worst], element.budget.instrument))
    return _judged(rule, float(element.size.max()), gaps[worst], standard, n=n, method=f"straightedge {rule.span:g} m")


_MEASURES: dict[str, Callable[[Measured, Rule], list[Measurement]]] = {
    "surface": _surface,
    "axis_position": _axis_position,
    "verticality": _verticality,
    "level": _level,
    "slope": _slope,
    "section_size": _section_size,
    "flatness": _flatness,
}
