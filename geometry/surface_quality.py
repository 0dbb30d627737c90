"""What the seen surface of an element is like: its worst deviation, the size of its section, its flatness."""

from dataclasses import replace

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from geometry.deviation.surface import Patches
from geometry.element_pose import unit_normals
from geometry.measured import FEW, Measured, governing_size, judged
from geometry.straightedge import largest_gap
from geometry.tolerance import Limits, Rule
from geometry.uncertainty import COVERAGE_FACTOR
from geometry.verdict import Measurement, Outcome

_PROOF = 150
"""Points beyond the limit that prove a surface nonconforming when most of the element conforms."""
_CONSENSUS = 0.75
"""Share of the points of one face direction, no other element's, that must lie beyond the limit to prove it together
with points that a neighbour explains as well."""
_HANDFUL = 8
"""Points beyond the limit that keep a face from passing on which no more points conform: fewer may be split beams."""
_ALIKE = 0.94
"""Cosine between normals of faces that tell of the same displacement."""
_CANDIDATES = 64
"""Face directions tried per element."""


def surface(element: Measured, rule: Rule) -> list[Measurement]:
    """Worst deviation of the element's own surface; what stands on it unexplained keeps it from passing."""
    patches = element.patches
    own = patches.own
    size = governing_size(element, rule, element.longest)
    limits = rule.limits(size)
    if limits is None or not own.any():
        return []
    expanded_each = COVERAGE_FACTOR * element.budget.combined(patches.position, patches.normal, patches.uncertainty)
    outside = np.maximum(patches.deviation - limits.upper, limits.lower - patches.deviation)
    total = int(patches.points[own].sum())
    beyond = own & (outside > expanded_each)
    strays = np.zeros_like(beyond)
    # a handful of strays among many proves nothing
    if patches.points[beyond].sum() < FEW <= patches.points[own & ~beyond].sum():
        own, beyond, strays = own & ~beyond, strays, beyond
    contested = beyond & element.refutes(patches.normal)
    beyond = beyond & ~contested
    proven = _proves(patches, beyond, total)
    # a proven failure is stated by the surest patch that is no stray, anything else by what comes nearest to failing
    worst = (
        _surest(beyond, outside - expanded_each, patches.points)
        if proven
        else int(np.argmax(np.where(own, outside + expanded_each, -np.inf)))
    )
    [result] = judged(
        rule, size, float(patches.deviation[worst]), 0.5 * float(expanded_each[worst]), n=total, method="patches"
    )
    if result.outcome is Outcome.FAIL and not proven and contested.any():
        return [replace(result, outcome=Outcome.INDETERMINATE, note="contested")]
    if result.outcome is Outcome.FAIL and not proven:
        note = "few_points" if patches.points[beyond].sum() < _PROOF else "coincident_surface"
        return [replace(result, outcome=Outcome.INDETERMINATE, note=note)]
    if result.outcome is Outcome.PASS and (_outvoted(patches, own, strays) or _elsewhere(element, limits)):
        return [replace(result, outcome=Outcome.INDETERMINATE, note="few_points")]
    if result.outcome is Outcome.PASS and _stands_out(patches, outside, expanded_each):
        return [replace(result, outcome=Outcome.INDETERMINATE, note="attached")]
    return [result]


def _proves(patches: Patches, beyond: BoolArray, total: int) -> bool:
    """Say whether the patches ``beyond`` the limit prove the surface nonconforming, of ``total`` points of its own.

    What a neighbour explains as well proves nothing by itself. It does where the rest of the faces of its direction,
    which nobody else explains, say the same: a wall that stands 3 cm low has the heads of its openings in the linings
    of the windows there, and its top as low. All of them are asked, also what does not join on to the element as it was
    fitted: a fit that follows a neighbour leaves the element's own points behind.
    """
    support = int(patches.alone[beyond].sum())
    if support >= _PROOF or (support >= FEW and 2 * support >= total):
        return True
    if support < FEW or patches.points[beyond].sum() < _PROOF:
        return False
    alike = _alike(patches, int(np.argmax(np.where(beyond, patches.alone, -1))))
    against, all_of_it = int(patches.alone[beyond & alike].sum()), int(patches.alone[alike].sum())
    return against >= FEW and against >= _CONSENSUS * all_of_it and patches.points[beyond & alike].sum() >= _PROOF


def _outvoted(patches: Patches, own: BoolArray, strays: BoolArray) -> bool:
    """Say whether on faces of some direction more points lie beyond the limit than within it.

    They are too few to prove anything, but nothing says that these faces conform: a column that stands 2 cm to the
    side, of which the side that shows it has 19 points, must not pass by its front.
    """
    for one in np.flatnonzero(strays):
        alike = _alike(patches, int(one))
        against = int(patches.alone[strays & alike].sum())
        if against >= _HANDFUL and against > int(patches.alone[own & alike].sum()):
            return True
    return False


def _alike(patches: Patches, one: int) -> BoolArray:
    """Return which patches face as one of them does, or the opposite way: they tell of the same displacement."""
    return np.abs(patches.normal @ patches.normal[one]) > _ALIKE


def _elsewhere(element: Measured, limits: Limits) -> bool:
    """Say whether the pose as built puts a face of the element, seen or not, beyond the limits by more than U.

    A door that stands 5 cm to the side has few points where that shows; its pose is known from them all the same.
    """
    fit = element.fit
    if fit is None:
        return False
    triangles = element.vertices.reshape(-1, 3, 3)
    normal, middle = unit_normals(triangles), triangles.mean(axis=1)
    arm = middle - 0.5 * (element.lower + element.upper)
    row = np.concatenate([normal, np.cross(arm, normal)], axis=1)
    standard = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", row, fit.covariance, row), 0.0))
    expanded_each = COVERAGE_FACTOR * element.budget.combined(middle, normal, standard)
    moved = row @ fit.twist
    return bool((np.maximum(moved - limits.upper, limits.lower - moved) > expanded_each).any())


def _surest(beyond: BoolArray, margin: FloatArray, points: IntArray) -> int:
    """Return the patch with the largest margin that a few points reach: fewer may be strays at an edge."""
    order = np.flatnonzero(beyond)[np.argsort(-margin[beyond], kind="stable")]
    reached = np.cumsum(points[order]) >= FEW
    return int(order[int(np.argmax(reached)) if reached.any() else -1])


def _stands_out(patches: Patches, outside: FloatArray, expanded_each: FloatArray) -> bool:
    """Say whether a fair part of what lies on the element is out of tolerance but not joined to its surface."""
    foreign = ~patches.own & (outside > expanded_each)
    # what lies inside the material cannot stand on it: the surface is not where it should be, or it is a neighbour's
    inside = foreign & (patches.deviation < 0.0)
    share = patches.points[foreign].sum() / max(patches.points.sum(), 1)
    return bool(patches.points[inside].sum() >= FEW or (foreign.sum() >= 3 and share > 0.1))


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


def section_size(element: Measured, rule: Rule) -> list[Measurement]:
    """Distance between opposite faces less the designed one: the sum of the two faces' outward deviations."""
    patches = element.patches
    faces = _faces(patches)
    found: list[Measurement] = []
    for i, (axis, on) in enumerate(faces):
        for other_axis, other in faces[i + 1 :]:
            if axis @ other_axis > -0.98:
                continue
            n = min(element.witnesses.facing(axis), element.witnesses.facing(other_axis))
            actual = float(
                np.average(patches.deviation[on], weights=patches.points[on])
                + np.average(patches.deviation[other], weights=patches.points[other])
            )
            # registration moves both faces alike and drops out; noise averages over each face
            noise = np.hypot(_mean_uncertainty(patches, on), _mean_uncertainty(patches, other))
            standard = float(np.hypot(noise, np.sqrt(2.0) * element.budget.apart))
            # the faces' directions are on a grid that is too coarse to measure a size along
            across = patches.points[on] @ patches.normal[on] - patches.points[other] @ patches.normal[other]
            size = governing_size(element, rule, element.thickness(across / np.linalg.norm(across)))
            found += judged(rule, size, actual, standard, n=n, method="opposite faces")
    return found


def _mean_uncertainty(patches: Patches, on: BoolArray) -> float:
    return float(np.sqrt(np.mean(patches.uncertainty[on] ** 2) / max(on.sum() / 9.0, 1.0)))


def flatness(element: Measured, rule: Rule) -> list[Measurement]:
    """Largest gap under a straightedge on any of the faces that the rule is about."""
    laid = rule.laid_on(element.longest)
    if laid is None:
        return []
    rule, patches = laid, element.patches
    gaps: list[float] = []
    noise: list[float] = []
    n = 0
    for axis, on in _faces(patches):
        if (rule.faces == "up" and axis[2] < 0.9) or (rule.faces == "down" and axis[2] > -0.9):
            continue
        cell = float(patches.cell[on].max())
        if cell * 4 > rule.span:
            continue
        gap = largest_gap(patches.position[on], axis, patches.deviation[on], span=rule.span, cell=cell)
        if np.isfinite(gap):
            gaps.append(gap)
            noise.append(float(np.median(patches.uncertainty[on])))
            n += int(patches.points[on].sum())
    if not gaps:
        return []
    worst = int(np.argmax(gaps))
    # the gap is one point against the line through two others: variance 1 + 1/2
    standard = float(np.hypot(np.sqrt(1.5) * noise[worst], element.budget.apart))
    size = governing_size(element, rule, element.longest)
    return judged(rule, size, gaps[worst], standard, n=n, method=f"straightedge {rule.span:g} m")
