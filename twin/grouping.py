"""From failing elements to causes: neighbours that moved together are one finding, what disagrees never is.

The rule
--------
1. *Missing* elements that touch are one cause: a wall and the doors that should stand in it, a part not yet built.
2. An element that fails a characteristic of form (section, flatness), or whose motion is not known, stands alone.
3. Elements that *moved* are one cause when they are connected as neighbours (same storey and near, or touching) and
   **one** motion explains **each** of them, either

   - the same motion of every element about its own centre: a storey set out wrongly, a row of columns leaning alike; or
   - for elements that hang together by touching, one rigid body: a wall with its doors, a slab with what stands on it.

   "Explains" is tested by leaving one out: the motion estimated from all the others (weighted by their covariances,
   the scatter of ordinary placement included) predicts the element's. The squared Mahalanobis distance between both, of
   the shift and of the turn, must be within the chi-square quantile of ``GroupingRule.confidence``; on some degree of
   freedom compared the element must itself have moved significantly, and at least half of its motion must lie in those
   compared. Degrees of freedom that the seen faces leave open are not compared and join nothing.

Groups grow by joining the best agreeing neighbours first (ties by GlobalId); a join happens only when the whole union
still has one motion, so that a slow drift over many elements is never chained into one cause. The outcome does not
depend on the order of the input. An error of the registration moves all elements alike and looks like a common cause:
its covariance is part of each element's, so that nothing within it is significant.

References: Mahalanobis (1936); complete-linkage clustering with connectivity constraint (Jain & Dubes 1988, 3.2).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, pairwise
from typing import TypeAlias

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from geometry.verdict import Outcome, State
from twin.errors import Invalid
from twin.finding import MISSING, Axis, CauseKind, Defect, Failure, Location, MotionComponent, Severity
from twin.grouping_motion import (
    GroupingRule,
    Motions,
    common_motion,
    is_significant,
    measured_motions,
    measured_sigma,
    moved_alike,
    moved_as_body,
)
from twin.result import CheckResult, ElementResult

Vector3: TypeAlias = tuple[float, float, float]

_FORM = frozenset({"section_size", "flatness", "floor_flatness", "floor_levelness", "opening_size", "diameter"})
"""Characteristics that no rigid motion makes fail."""
_OF_PARTS = frozenset({"opening_position"})
"""Characteristics that a motion makes fail, or a part wrong by itself: another failure must say that it moved."""
_LOAD_BEARING = frozenset({"IfcColumn", "IfcBeam", "IfcSlab", "IfcFooting", "IfcPile", "IfcMember", "IfcWall"})
_CHUNK = 4096
"""Pairs tested at a time: bounds the memory."""


@dataclass(frozen=True, slots=True)
class Motion:
    """Rigid motion of an element about the centre of its designed box, in the design frame's axes."""

    translation_mm: Vector3
    rotation_mrad: Vector3
    covariance: tuple[tuple[float, ...], ...]
    """6 x 6 of (translation mm, rotation mrad); an axis with infinite variance is not observable."""


@dataclass(frozen=True, slots=True)
class FailedElement:
    """One element that failed a check, with what grouping needs to know of it."""

    global_id: str
    ifc_class: str
    storey: str
    lower_m: Vector3
    upper_m: Vector3
    """Designed box, metres, design frame."""
    failures: tuple[Failure, ...]
    motion: Motion | None = None
    """None where it is not known: the element is missing, or too little of it was seen."""

    @property
    def missing(self) -> bool:
        """Whether it is not there at all."""
        return any(f.characteristic == MISSING for f in self.failures)


DEFAULT_RULE = GroupingRule()


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that went wrong: what a finding is made of."""

    defect: Defect
    severity: Severity
    location: Location


def group_failures(elements: Iterable[FailedElement], rule: GroupingRule = DEFAULT_RULE) -> tuple[Cause, ...]:
    """Return the causes behind failing elements; each element is in exactly one of them.

    Returns
    -------
    tuple of Cause
        Sorted by the first GlobalId of each.

    Raises
    ------
    Invalid
        If an element is given twice or fails nothing.
    """
    ordered = sorted(elements, key=lambda e: e.global_id)
    for before, after in pairwise(ordered):
        if before.global_id == after.global_id:
            raise Invalid(f"element {after.global_id} is given twice")
    missing = [e for e in ordered if e.missing]
    moved = [e for e in ordered if not e.missing and _may_move(e)]
    alone = [e for e in ordered if not e.missing and not _may_move(e)]
    causes = [_cause([e], CauseKind.FORM, ()) for e in alone]
    causes += [_cause([missing[i] for i in group], CauseKind.MISSING, ()) for group in _touching(missing, rule)]
    if moved:
        motions = _motions(moved, rule)
        causes += [_moved_cause(moved, motions, group) for group in _together(moved, motions)]
    return tuple(sorted(causes, key=lambda c: c.defect.global_ids))


def failed_elements(result: CheckResult) -> tuple[FailedElement, ...]:
    """Return the failing elements of a check, ready to be grouped."""
    return tuple(_failed(result, e) for e in result.elements if e.verdict is Outcome.FAIL)


def _failed(result: CheckResult, element: ElementResult) -> FailedElement:
    lower, upper = result.design.elements[element.global_id].mesh.bounds() + result.design.origin
    if element.state is State.MISSING:
        failures = (Failure(element.global_id, MISSING, "model"),)
    else:
        failures = tuple(
            Failure(
                element.global_id,
                m.characteristic,
                m.source,
                *(millimetres(v) for v in (m.actual, m.lower, m.upper, m.expanded_uncertainty)),
                part=m.part,
                part_id=m.part_id,
                direction=m.direction,
            )
            for m in element.measurements
            if m.outcome is Outcome.FAIL
        )
    pose, motion = element.pose, None
    if pose is not None:
        covariance = tuple(tuple(float(v) for v in row) for row in pose.covariance * 1e6)
        motion = Motion(_vector(pose.translation * 1e3), _vector(pose.rotation_vector * 1e3), covariance)
    return FailedElement(
        element.global_id, element.ifc_class, element.storey, _vector(lower), _vector(upper), failures, motion
    )


def millimetres(metres: float) -> Decimal:
    """Return a length in millimetres, to a tenth of a micrometre.

    Examples
    --------
    >>> millimetres(0.0251), millimetres(-0.00000001)
    (Decimal('25.1000'), Decimal('0.0000'))
    """
    return _decimal(metres * 1e3, "0.0001")


def _decimal(value: float, step: str) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal(step)) + Decimal(0)  # + 0: no negative zero


def _vector(values: FloatArray) -> Vector3:
    x, y, z = (float(v) for v in values)
    return x, y, z


def _may_move(element: FailedElement) -> bool:
    if not element.failures:
        raise Invalid(f"element {element.global_id} fails nothing: give only failing elements")
    failed = {f.characteristic for f in element.failures}
    return element.motion is not None and not failed & _FORM and not failed <= _OF_PARTS


def _motions(elements: Sequence[FailedElement], rule: GroupingRule) -> Motions:
    known = [e.motion for e in elements if e.motion is not None]
    return measured_motions(
        np.array([(e.lower_m, e.upper_m) for e in elements]),
        np.array([m.translation_mm + m.rotation_mrad for m in known]),
        np.array([m.covariance for m in known]),
        rule,
    )


def _touching(elements: Sequence[FailedElement], rule: GroupingRule) -> list[list[int]]:
    """Return the groups of elements that hang together by touching."""
    clusters = _Clusters(len(elements))
    for i, later, gap, _ in _gaps(elements):
        for j in later[gap <= rule.touching_m]:
            clusters.join(i, int(j))
    return clusters.groups()


def _together(elements: Sequence[FailedElement], motions: Motions) -> list[list[int]]:
    """Return the groups of neighbours that one motion explains: the best agreeing are joined first.

    What is refused may fit later, when others have joined that show the rest of the motion: hence the rounds.
    """
    clusters = _Clusters(len(elements))
    pairs, touching = _neighbours(elements, motions)
    contacts = {(int(i), int(j)) for i, j in touching}
    refused: set[tuple[int, ...]] = set()
    joined = True
    while joined:
        joined = False
        for i, j in pairs:
            union = clusters.union(int(i), int(j))
            if union is None or union in refused:
                continue
            if _one_motion(motions, union, contacts):
                clusters.join(int(i), int(j))
                joined = True
            else:
                refused.add(union)
    return clusters.groups()


def _one_motion(motions: Motions, union: tuple[int, ...], contacts: set[tuple[int, int]]) -> bool:
    """Say whether one motion explains all: the same of each or, where they hang together, that of a rigid body."""
    if np.isfinite(moved_alike(motions, [union])[0]):
        return True
    body = _Clusters(max(union) + 1)
    for i, j in combinations(union, 2):
        if (i, j) in contacts:
            body.join(i, j)
    return body.hold_together(union) and bool(np.isfinite(moved_as_body(motions, [union])[0]))


def _neighbours(elements: Sequence[FailedElement], motions: Motions) -> tuple[IntArray, IntArray]:
    """Return the pairs (m, 2) of neighbours that agree as far as both are known, best first, and those that touch."""
    rule = motions.rule
    pairs: list[IntArray] = [np.empty((0, 2), dtype=np.int64)]
    touches: list[BoolArray] = [np.empty(0, dtype=np.bool_)]
    for i, later, gap, beside in _gaps(elements):
        near = (gap <= rule.touching_m) | (beside & (gap <= rule.near_m))
        pairs.append(np.column_stack([np.full(near.sum(), i), later[near]]))
        touches.append(gap[near] <= rule.touching_m)
    every, touching = np.concatenate(pairs), np.concatenate(touches)
    ratio = np.full(len(every), np.inf)
    for at in range(0, len(every), _CHUNK):
        part = every[at : at + _CHUNK]
        body = np.where(touching[at : at + _CHUNK], moved_as_body(motions, part, least=0.0), np.inf)
        ratio[at : at + _CHUNK] = np.minimum(moved_alike(motions, part, least=0.0), body)
    order = np.argsort(ratio, kind="stable")  # pairs are in the order of GlobalIds: ties stay in it
    return every[order[np.isfinite(ratio[order])]], every[touching]


def _gaps(elements: Sequence[FailedElement]) -> Iterator[tuple[int, IntArray, FloatArray, BoolArray]]:
    """Yield per element i the later ones, the gap (m) between their boxes and whether they are on one storey."""
    lower, upper = np.array([e.lower_m for e in elements]), np.array([e.upper_m for e in elements])
    storeys = np.array([e.storey for e in elements])
    for i in range(len(elements) - 1):
        apart = np.maximum(np.maximum(lower[i + 1 :] - upper[i], lower[i] - upper[i + 1 :]), 0.0)
        named = (storeys[i + 1 :] != "") & (storeys[i] != "")
        beside = np.where(named, storeys[i + 1 :] == storeys[i], apart[:, 2] == 0.0)
        yield i, np.arange(i + 1, len(elements)), np.linalg.norm(apart, axis=1), beside


class _Clusters:
    """Disjoint sets that know their members."""

    def __init__(self, n: int) -> None:
        self._root = list(range(n))
        self._members = {i: [i] for i in range(n)}

    def union(self, i: int, j: int) -> tuple[int, ...] | None:
        """Return who would be together if i and j were joined; None when they are already."""
        a, b = self._root[i], self._root[j]
        return None if a == b else tuple(sorted(self._members[a] + self._members[b]))

    def join(self, i: int, j: int) -> None:
        a, b = sorted((self._root[i], self._root[j]))
        if a != b:
            moved = self._members.pop(b)
            for k in moved:
                self._root[k] = a
            self._members[a] = sorted(self._members[a] + moved)

    def hold_together(self, members: Sequence[int]) -> bool:
        """Say whether all are in one set."""
        return len({self._root[i] for i in members}) == 1

    def groups(self) -> list[list[int]]:
        return [self._members[k] for k in sorted(self._members)]


def _moved_cause(elements: Sequence[FailedElement], motions: Motions, group: Sequence[int]) -> Cause:
    """Describe a group that moved; what did not move significantly fails by its form."""
    value, covariance = common_motion(motions, group)
    sigma = np.sqrt(np.diagonal(covariance))
    known = sigma <= motions.rule.known
    members = [elements[i] for i in group]
    if not is_significant(value, covariance, known, motions.rule.confidence):
        return _cause(members, CauseKind.FORM, ())
    moved = np.where(known, value, 0.0)
    turns = known & [False, False, False, True, True, True]
    tilted = is_significant(value, covariance, turns, motions.rule.confidence)
    # leaning about its foot, an element's ends move by the turn as much as its centre moves
    tilted &= np.linalg.norm(moved[3:]) * motions.reach[list(group)].max() >= 0.5 * np.linalg.norm(moved[:3])
    components = tuple(
        MotionComponent(axis, _decimal(v, "0.01"), _decimal(2.0 * s, "0.01"))
        for axis, v, s, k in zip(Axis, moved, measured_sigma(motions, group), known, strict=True)
        if k
    )
    return _cause(members, CauseKind.TILTED if tilted else CauseKind.DISPLACED, components)


def _cause(members: Sequence[FailedElement], kind: CauseKind, motion: tuple[MotionComponent, ...]) -> Cause:
    defect = Defect(kind, tuple(e.global_id for e in members), tuple(f for e in members for f in e.failures), motion)
    middle = np.mean([(e.lower_m, e.upper_m) for e in members], axis=(0, 1))
    x, y, z = (_decimal(v, "0.001") for v in middle)
    return Cause(defect, suggested_severity(members), Location(x, y, z))


def suggested_severity(elements: Sequence[FailedElement]) -> Severity:
    """Suggest a severity by how far beyond its limit an element is, in half widths of the tolerance zone.

    Minor up to half of one; critical beyond two where the element bears load; major otherwise. What is missing is
    major, and critical where it bears load. People decide; this only sorts the list.
    """
    worst = max(f.excess for e in elements for f in e.failures)
    grave = any((e.missing or max(f.excess for f in e.failures) > 2) and e.ifc_class in _LOAD_BEARING for e in elements)
    if grave:
        return Severity.CRITICAL
    missing = any(e.missing for e in elements)
    return Severity.MINOR if worst <= Decimal("0.5") and not missing else Severity.MAJOR
