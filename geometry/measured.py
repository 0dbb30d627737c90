"""What is known of one element before it is judged, and the judging of one value."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from geometry.cylinder_fit import RoundBody
from geometry.deviation.surface import Patches
from geometry.element_pose import PoseFit
from geometry.opening_fit import SeenOpening
from geometry.plan import plan_rectangle
from geometry.slides import ALIKE
from geometry.tolerance import Rule
from geometry.uncertainty import COVERAGE_FACTOR, Budget, expanded
from geometry.verdict import Measurement, Outcome, judge
from geometry.witnesses import FEW, Witnesses

UNSIGNED = ("flatness", "floor_flatness", "floor_levelness", "cylinder_axis")
"""Characteristics whose value has no sign."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Everything known of one element, in the frame of the check."""

    ifc_class: str
    materials: tuple[str, ...]
    lower: FloatArray
    """(3,) corner of the designed box along the axes of the frame, metres."""
    upper: FloatArray
    seen_lower: FloatArray
    """(3,) corner of the box of the element's points."""
    seen_upper: FloatArray
    fit: PoseFit | None
    patches: Patches
    budget: Budget
    vertices: FloatArray
    """(m, 3) of the designed mesh, metres."""
    area: float
    """Area of the designed surface, m²."""
    witnesses: Witnesses
    points: FloatArray
    """(n, 3) as built, metres: all that were assigned to the element, on its surface or beside it."""
    normals: FloatArray
    """(n, 3) of the designed faces that the points belong to, outward."""
    predefined_type: str = ""
    openings: tuple[SeenOpening, ...] = ()
    """Its openings, where a rule is about them."""
    cylinder: RoundBody | None = None
    """What it is as a cylinder, where it is one and a rule is about that."""
    refuted: tuple[FloatArray, ...] = ()
    """(3,) normals along which its other faces say that it was not displaced, see :mod:`geometry.left_behind`."""

    @property
    def size(self) -> FloatArray:
        """Designed box, (3,) metres."""
        return self.upper - self.lower

    @property
    def longest(self) -> float:
        """Longest of the element's own sides, metres: of the smallest rectangle around its plan, or its height."""
        return max(float(plan_rectangle(self.vertices).lengths[0]), float(self.size[2]))

    def thickness(self, axis: FloatArray) -> float:
        """Return how far the designed element reaches along a unit vector (3,), metres."""
        return float(np.ptp(self.vertices @ axis))

    def refutes(self, normals: FloatArray) -> BoolArray:
        """Say along which unit vectors (n, 3) the element's other faces speak against its displacement."""
        found = np.zeros(len(normals), np.bool_)
        for direction in self.refuted:
            found |= np.abs(normals @ direction) > ALIKE
        return found

    @property
    def seen_share(self) -> float:
        """Share of the designed surface that has points on it which no other element explains as well, 0..1."""
        patches = self.patches
        seen = float((patches.area * patches.alone / np.maximum(patches.points, 1))[patches.own].sum())
        return min(1.0, seen / self.area) if self.area > 0 else 0.0


def judged(rule: Rule, size: float, actual: float, standard: float, *, n: int, method: str) -> list[Measurement]:
    """Judge one value; if open it says why: ``capability`` when U alone exceeds the tolerance, else ``near_limit``."""
    limits = rule.limits(size)
    if limits is None:
        return []
    uncertainty = expanded(standard)
    # neither a form error nor a distance can be below zero: its lower limit needs no guard band
    lower = -np.inf if rule.characteristic in UNSIGNED else limits.lower
    outcome, note = judge(actual, lower, limits.upper, uncertainty), ""
    if n < FEW and outcome in (Outcome.PASS, Outcome.FAIL):
        outcome, note = Outcome.INDETERMINATE, "few_points"
    elif outcome is Outcome.INDETERMINATE and 2.0 * uncertainty > limits.upper - limits.lower:
        note = "capability"
    elif outcome is Outcome.INDETERMINATE:
        note = "near_limit"
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


def not_measured(rule: Rule, size: float, *, note: str) -> list[Measurement]:
    """Say of a value that a rule asks for why it is not known; nothing where the rule does not reach so far."""
    limits = rule.limits(size)
    if limits is None:
        return []
    unknown = float("nan")
    return [
        Measurement(
            rule.characteristic, unknown, limits.lower, limits.upper, unknown, Outcome.NOT_MEASURED, rule.source,
            coverage_factor=COVERAGE_FACTOR, note=note,
        )
    ]  # fmt: skip


def governing_size(element: Measured, rule: Rule, own: float) -> float:
    """Return the size (m) that selects the rule's limits: what it says, else the characteristic's ``own``."""
    if rule.by == "height":
        return float(element.size[2])
    if rule.by == "length":
        return float(plan_rectangle(element.vertices).lengths[0])
    return own
