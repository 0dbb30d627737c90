# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
"""F-numbers of a slab's top, floor flatness FF and floor levelness FL, or why there is none to be had.

An F-number that the scan is not good enough for, that the section is too small for or that has no meaning, because
the floor is designed to fall, is refused in words and never printed.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from geometry.arrays import FloatArray
from geometry.f_number import FOOT
from geometry.floor_lines import (
    LEAST_AREA,
    LEAST_WIDTH,
    FloorReadings,
    SampleLine,
    level_top,
    read_lines,
    sample_lines,
)
from geometry.floor_profile import CURVATURE, TEN_FEET, spread_of
from geometry.measured import Measured, judged
from geometry.plan import plan_rectangle
from geometry.tolerance import Rule
from geometry.uncertainty import COVERAGE_FACTOR
from geometry.verdict import Measurement, Outcome

_STEEPEST = 0.001
"""Slope from which a designed top is not level."""
_OFF_PLUMB = 0.02
"""Angle (rad) between the scan's vertical and the design's beyond which neither tells which is the real one."""
_ABOVE = 0.15
"""How far (m) from its designed height a floor is looked for."""


def floor_flatness(element: Measured, rule: Rule) -> list[Measurement]:
    """Spread of the profile curvatures over 24 in, from which FF is told."""
    return _measured(element, rule, CURVATURE, 0.0)


def floor_levelness(element: Measured, rule: Rule) -> list[Measurement]:
    """Spread of the elevation differences over 10 ft, from which FL is told; the vertical is known as the frame is."""
    if element.budget.off_plumb > _OFF_PLUMB:
        return _refused(element, rule, note=f"floor_no_vertical:{np.degrees(element.budget.off_plumb):.1f}°")
    tilt = float(np.linalg.eigvalsh(element.budget.tilt()[:2, :2])[-1])
    lean = np.hypot(np.sqrt(max(tilt, 0.0)), element.budget.off_plumb / np.sqrt(3.0))
    return _measured(element, rule, TEN_FEET, 10.0 * FOOT * float(lean))


def _measured(element: Measured, rule: Rule, formula: Sequence[tuple[int, float]], leaning: float) -> list[Measurement]:
    """Measure one spread; ``leaning`` (m) is what a wrong vertical adds to its uncertainty."""
    top = level_top(element.vertices.reshape(-1, 3, 3), _STEEPEST)
    if top is None or top.tilted_area > 0.05 * top.area:
        return _refused(element, rule, note="floor_not_level")
    if top.area < LEAST_AREA or plan_rectangle(top.triangles.reshape(-1, 2)).lengths[1] < LEAST_WIDTH:
        return _refused(element, rule, note=f"floor_too_small:{top.area:.1f} m²")
    lines = sample_lines(top)
    readings = read_lines(lines, _floor_points(element, lines, top.height))
    least, found = _least_differences(top.area), _ten_foot_differences(readings)
    if min(found) < (least + 1) // 2:
        return _refused(element, rule, note=f"floor_few_readings:{found[0]} + {found[1]} / {least}")
    spread = spread_of(readings.profiles, formula)
    if spread is None:
        return _refused(element, rule, note=f"floor_few_readings:{found[0]} + {found[1]} / {least}")
    method = f"sample_lines {readings.read}/{readings.laid}"
    if not spread.drowned:
        standard = float(np.hypot(spread.standard, leaning))
        return judged(rule, element.longest, spread.value, standard, n=readings.points, method=method)
    # noise makes a floor look worse, never better: what conforms with all of it conforms, and nothing else is known
    standard = float(np.hypot(spread.raw_standard, leaning))
    bound = judged(rule, element.longest, spread.raw, standard, n=readings.points, method=method)
    if all(m.outcome is Outcome.PASS for m in bound):
        return [replace(m, note="floor_at_least") for m in bound]
    return _refused(element, rule, note="floor_noise")


def _least_differences(area: float) -> int:
    """Return how many elevation differences over 10 ft a test section of this area (m²) needs.

    2 sqrt(A) and A / 30 with A in square feet, each for a range of areas; the larger of the two is on the safe side.
    """
    feet = area / FOOT**2
    return int(np.ceil(max(2.0 * np.sqrt(feet), feet / 30.0)))


def _ten_foot_differences(readings: FloorReadings) -> tuple[int, int]:
    """Return how many pairs of readings 10 ft apart there are in either direction."""
    found = [0, 0]
    for line in readings.profiles:
        there = np.isfinite(line.height)
        found[line.direction] += int((there[10:] & there[:-10]).sum())
    return found[0], found[1]


def _floor_points(element: Measured, lines: tuple[SampleLine, ...], height: float) -> FloatArray:
    """Return the points near the lines that lie on the element's own top: what stands on it is not the floor."""
    top = (element.normals[:, 2] > 0.9) & (np.abs(element.points[:, 2] - height) <= _ABOVE)
    points = element.points[top]
    patches = element.patches
    up = patches.normal[:, 2] > 0.9
    if not lines or len(points) == 0 or not up.any():
        return np.zeros((0, 3))
    owner = cKDTree(patches.position[up, :2]).query(points[:, :2])[1]
    return points[patches.own[up][owner]]


def _refused(element: Measured, rule: Rule, note: str) -> list[Measurement]:
    """Return that there is no number, with the machine word why, where the rule has a limit for the element."""
    limits = rule.limits(element.longest)
    if limits is None:
        return []
    return [
        Measurement(
            characteristic=rule.characteristic,
            actual=float("nan"),
            lower=limits.lower,
            upper=limits.upper,
            expanded_uncertainty=float("nan"),
            outcome=Outcome.NOT_MEASURED,
            source=rule.source,
            coverage_factor=COVERAGE_FACTOR,
            method="sample_lines",
            note=note,
        )
    ]
