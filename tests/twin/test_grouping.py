"""Causes behind failing elements: planted ones are found whole, and what disagrees is never one."""

import random
from dataclasses import replace
from decimal import Decimal as D

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.pose import Pose
from geometry.registration.result import Registration, RegistrationStatus
from geometry.tolerance import surface_tolerance
from geometry.verdict import Outcome
from tests.reference.house import DESIGN, MOVED, T_SCAN_DESIGN, house_scan
from tests.reference.scenes import design_of
from twin.check import compare
from twin.errors import Invalid
from twin.finding import MISSING, Axis, CauseKind, Failure, Severity
from twin.grouping import Cause, FailedElement, Motion, Vector3, failed_elements, group_failures, suggested_severity
from twin.grouping_motion import GroupingRule, measured_motions, moved_alike

ALL = (True,) * 6
NOT_Z = (True, True, False, True, True, True)
ONLY_X = (True, False, False, False, False, True)
INF = float("inf")


def failed(
    global_id: str,
    at: Vector3,
    size: Vector3,
    *,
    shift: Vector3 = (0.0, 0.0, 0.0),
    turn: Vector3 = (0.0, 0.0, 0.0),
    observable: tuple[bool, ...] = ALL,
    storey: str = "L1",
    ifc_class: str = "IfcColumn",
    characteristic: str = "axis_position",
    sigma: float = 0.5,
) -> FailedElement:
    """Return an element whose box starts at ``at``; shift and turn (mm, mrad) are about the middle of the box."""
    diagonal = [sigma**2 if o else INF for o in observable]
    covariance = tuple(tuple(diagonal[i] if i == j else 0.0 for j in range(6)) for i in range(6))
    (a, b, c), (p, q, r) = at, size
    motion = Motion(shift, turn, covariance)
    failure = Failure(global_id, characteristic, "user", D(30), D(-8), D(8), D(1))
    return FailedElement(global_id, ifc_class, storey, at, (a + p, b + q, c + r), (failure,), motion)


def missing(global_id: str, at: Vector3, size: Vector3, storey: str = "L1") -> FailedElement:
    (a, b, c), (p, q, r) = at, size
    gone = (Failure(global_id, MISSING, "model"),)
    return FailedElement(global_id, "IfcWall", storey, at, (a + p, b + q, c + r), gone)


def vector(values: FloatArray) -> Vector3:
    x, y, z = (float(v) for v in values)
    return x, y, z


COLUMN: Vector3 = (0.4, 0.4, 3.0)


def groups(causes: tuple[Cause, ...]) -> list[tuple[str, ...]]:
    return [c.defect.global_ids for c in causes]


def storey_of_columns(shift: Vector3, scatter: float = 1.5, seed: int = 4) -> list[FailedElement]:
    rng = np.random.default_rng(seed)
    return [
        failed(
            f"C{i}{j}",
            (6.0 * i, 6.0 * j, 0.0),
            COLUMN,
            shift=vector(np.array(shift) + rng.normal(0, scatter, 3)),
        )
        for i in range(4)
        for j in range(3)
    ]


def test_a_storey_set_out_wrongly_is_one_cause() -> None:
    storey = storey_of_columns((30.0, -20.0, 0.0))
    (cause,) = group_failures(storey)
    assert len(cause.defect.global_ids) == 12
    assert cause.defect.kind is CauseKind.DISPLACED
    assert cause.defect.direction == "+x"
    by_axis = {c.axis: c for c in cause.defect.motion}
    for k, axis in enumerate((Axis.X, Axis.Y, Axis.Z)):
        mean = np.mean([e.motion.translation_mm[k] for e in storey if e.motion])
        assert abs(float(by_axis[axis].value) - mean) < 0.01
        assert by_axis[axis].expanded_uncertainty == 1  # U of each, k = 2: the registration is common to all
    assert (cause.location.x, cause.location.y, cause.location.z) == (D("9.200"), D("6.200"), D("1.500"))


def test_walls_that_show_one_direction_each_are_joined_by_the_column_between() -> None:
    across = (True, False, False, False, False, True)
    along = (False, True, False, False, False, True)
    wall_x = failed("WX", (0, 0, 0), (0.2, 5, 3), shift=(30, 0, 0), observable=across, ifc_class="IfcWall")
    wall_y = failed("WY", (0.3, 5, 0), (5, 0.2, 3), shift=(0, 28, 0), observable=along, ifc_class="IfcWall")
    column = failed("C", (0, 5, 0), COLUMN, shift=(30, 28, 0))
    assert groups(group_failures([wall_x, wall_y])) == [("WX",), ("WY",)]
    assert groups(group_failures([wall_x, wall_y, column])) == [("C", "WX", "WY")]


def test_a_row_of_columns_leaning_alike_is_one_cause() -> None:
    row = [failed(f"C{i}", (6.0 * i, 0, 0), COLUMN, shift=(22.5, 0, 0), turn=(0, 15, 0)) for i in range(5)]
    upright = failed("D", (6.0, 5.0, 0), COLUMN, shift=(22.5, 0, 0))
    (lean, other) = group_failures([*row, upright])
    assert lean.defect.global_ids == tuple(f"C{i}" for i in range(5))
    assert lean.defect.kind is CauseKind.TILTED
    assert lean.defect.direction == "+ry"
    assert other.defect.kind is CauseKind.DISPLACED


def test_a_leaning_wall_takes_its_door_and_window_along() -> None:
    """Each turns by the same, and shifts as the wall does at its place: y moves with height above the foot."""
    turn = 10.0  # mrad about x: what is h above the foot moves by -turn * h in y
    wall = failed("W", (0, 0, 0), (8, 0.3, 6), shift=(0, -30, 0), turn=(turn, 0, 0), ifc_class="IfcWall")
    door = failed("D", (1, 0.1, 0), (0.9, 0.1, 2), shift=(0, -10, 0), turn=(turn, 0, 0), ifc_class="IfcDoor")
    high = failed("V", (4, 0.1, 4.5), (1, 0.1, 1), shift=(0, -50, 0), turn=(turn, 0, 0), ifc_class="IfcWindow")
    (cause,) = group_failures([wall, door, high])
    assert cause.defect.global_ids == ("D", "V", "W")
    assert cause.defect.kind is CauseKind.TILTED
    assert cause.defect.direction == "+rx"
    # a window that went the other way has its own cause
    wrong = replace(high, motion=replace(high.motion, translation_mm=(0.0, 20.0, 0.0)))  # pyright: ignore[reportArgumentType]
    assert groups(group_failures([wall, door, wrong])) == [("D", "W"), ("V",)]


def test_a_sloping_slab_takes_along_what_stands_on_it() -> None:
    """2 mrad over 20 m: +-20 mm in level at the ends, and every column leans with it, across storeys too."""
    slab = failed("S", (-10, -5, -0.3), (20, 10, 0.3), turn=(0, 2, 0), shift=(0.3, 0, 0), storey="L0", sigma=0.05)
    standing = [
        failed(f"C{i}", (x - 0.2, -0.2, 0), COLUMN, shift=(3.3, 0, -2.0 * x), turn=(0, 2, 0), sigma=0.3)
        for i, x in enumerate((-9.0, -6.0, 5.0, 9.0))
    ]
    (cause,) = group_failures([slab, *standing])
    assert cause.defect.kind is CauseKind.TILTED
    assert len(cause.defect.global_ids) == 5


def test_what_does_not_hang_together_is_no_body() -> None:
    """A row that slopes as if it stood on a tilted slab, though none is known: no single motion of each explains it."""
    row = [
        failed(f"C{i:02}", (1.5 * i, 0, 0), COLUMN, shift=(-3, 0, 20.0 + 3.0 * i), turn=(0, -2, 0), sigma=0.2)
        for i in range(13)
    ]
    found = group_failures(row)
    assert len(found) > 1
    for cause in found:
        levels = [3 * int(g[1:]) for g in cause.defect.global_ids]
        assert max(levels) - min(levels) <= 15
    assert len(group_failures(row, GroupingRule(touching_m=1.2))) == 1  # the same, hanging together: one body


def test_a_shift_with_a_slight_turn_is_a_shift() -> None:
    (cause,) = group_failures([failed("A", (0, 0, 0), COLUMN, shift=(40, 0, 0), turn=(0, 0, 8))])
    assert cause.defect.kind is CauseKind.DISPLACED
    turn = {c.axis: c for c in cause.defect.motion}[Axis.RZ]
    assert (turn.value, turn.expanded_uncertainty) == (8, 1)  # as measured: the scatter of placement is no part of U


def test_a_missing_wall_takes_its_missing_door_along_and_nothing_that_moved() -> None:
    wall, door = missing("W", (0, 0, 0), (5, 0.2, 3)), missing("D", (1, 0.05, 0), (1, 0.1, 2))
    far = missing("Z", (9, 0, 0), (1, 0.2, 3))
    beside = failed("C", (5.1, 0, 0), COLUMN, shift=(30, 0, 0))
    found = group_failures([wall, door, far, beside])
    assert groups(found) == [("C",), ("D", "W"), ("Z",)]
    assert [c.defect.kind for c in found] == [CauseKind.DISPLACED, CauseKind.MISSING, CauseKind.MISSING]


def test_a_failure_of_form_stands_alone_even_in_a_shifted_storey() -> None:
    storey = storey_of_columns((30.0, 0.0, 0.0))
    thin = Failure("C11", "section_size", "user", D(-20), D(-5), D(10), D(2))
    storey = [replace(e, failures=(*e.failures, thin)) if e.global_id == "C11" else e for e in storey]
    found = group_failures(storey)
    assert sorted(len(g) for g in groups(found)) == [1, 11]
    alone = next(c for c in found if c.defect.global_ids == ("C11",))
    assert alone.defect.kind is CauseKind.FORM
    assert len(alone.defect.failures) == 2


def test_a_surface_that_fails_without_motion_is_a_failure_of_form() -> None:
    bowed = failed("B", (0, 0, 0), COLUMN, shift=(1, 0, 0), characteristic="surface")
    unseen = replace(failed("U", (1, 0, 0), COLUMN, shift=(1, 0, 0), characteristic="surface"), motion=None)
    assert [c.defect.kind for c in group_failures([bowed, unseen])] == [CauseKind.FORM, CauseKind.FORM]


def test_opposite_shifts_side_by_side_are_two() -> None:
    one = failed("A", (0, 0, 0), COLUMN, shift=(30, 0, 0))
    other = failed("B", (1, 0, 0), COLUMN, shift=(-30, 0, 0))
    assert groups(group_failures([one, other])) == [("A",), ("B",)]


def test_the_same_shift_far_apart_or_a_storey_apart_is_two() -> None:
    one = failed("A", (0, 0, 0), COLUMN, shift=(30, 0, 0))
    far = failed("B", (12, 0, 0), COLUMN, shift=(30, 0, 0))
    above = failed("D", (0, 0, 4), COLUMN, shift=(30, 0, 0), storey="L2")
    assert groups(group_failures([one, far, above])) == [("A",), ("B",), ("D",)]
    assert groups(group_failures([one, failed("B", (7, 0, 0), COLUMN, shift=(30, 0, 0))])) == [("A", "B")]


def test_without_storeys_what_overlaps_in_height_is_beside() -> None:
    one = failed("A", (0, 0, 0), COLUMN, shift=(30, 0, 0), storey="")
    beside = failed("B", (5, 0, 1), COLUMN, shift=(30, 0, 0), storey="")
    above = failed("D", (5, 0, 5), COLUMN, shift=(30, 0, 0), storey="")
    assert groups(group_failures([one, beside, above])) == [("A", "B"), ("D",)]


def test_a_drift_is_not_chained_into_one_cause() -> None:
    row = [failed(f"C{i:02}", (3.0 * i, 0, 0), COLUMN, shift=(20.0 + 4 * i, 0, 0)) for i in range(12)]
    found = group_failures(row)
    assert len(found) > 1
    for cause in found:
        shifts = [20 + 4 * int(g[1:]) for g in cause.defect.global_ids]
        assert max(shifts) - min(shifts) <= 20


def test_what_is_not_known_of_a_motion_joins_nothing() -> None:
    only_z = (False, False, True, False, False, False)
    beam = failed("B", (0, 0, 2.6), (6, 0.3, 0.4), shift=(0, 0, -30), observable=only_z)
    column = failed("C", (0, 1, 0), COLUMN, shift=(30, 0, 0), observable=(True, True, False, True, True, True))
    vague = failed("V", (0, 2, 0), COLUMN, shift=(30, 0, 0), sigma=20.0)
    assert groups(group_failures([beam, column, vague])) == [("B",), ("C",), ("V",)]


def test_a_share_of_the_motion_is_not_the_motion() -> None:
    """Both moved 9 mm in x; what one did in z, five times as much, the other cannot say."""
    sunk = failed("A", (0, 0, 0), COLUMN, shift=(9, 0, -45))
    wall = failed("B", (0.5, 0, 0), (0.2, 4, 3), shift=(9, 0, 0), observable=(True, False, False, False, False, False))
    assert groups(group_failures([sunk, wall])) == [("A",), ("B",)]


def test_bad_input_is_named() -> None:
    one = failed("A", (0, 0, 0), COLUMN)
    with pytest.raises(Invalid, match="A is given twice"):
        group_failures([one, one])
    with pytest.raises(Invalid, match="fails nothing"):
        group_failures([replace(one, failures=())])
    assert group_failures([]) == ()


@pytest.mark.parametrize(
    ("actual", "ifc_class", "severity"),
    [
        ("11", "IfcColumn", Severity.MINOR),
        ("13", "IfcColumn", Severity.MAJOR),
        ("30", "IfcColumn", Severity.CRITICAL),
        ("30", "IfcDoor", Severity.MAJOR),
    ],
)
def test_severity_follows_the_excess(actual: str, ifc_class: str, severity: Severity) -> None:
    element = failed("A", (0, 0, 0), COLUMN, ifc_class=ifc_class)
    element = replace(element, failures=(Failure("A", "level", "user", D(actual), D(-8), D(8), D(1)),))
    assert suggested_severity([element]) is severity


def test_severity_of_what_is_missing() -> None:
    wall = missing("W", (0, 0, 0), (5, 0.2, 3))
    assert suggested_severity([wall]) is Severity.CRITICAL
    assert suggested_severity([replace(wall, ifc_class="IfcDoor")]) is Severity.MAJOR


# ------------------------------------------------------------------------------------------------- properties

VALUES = st.sampled_from([-40.0, -25.0, 0.0, 9.0, 25.0, 27.0, 40.0])
PLACES = st.tuples(st.integers(0, 6), st.integers(0, 6))


@st.composite
def sites(draw: st.DrawFn) -> list[FailedElement]:
    places = draw(st.lists(PLACES, min_size=1, max_size=9, unique=True))
    elements: list[FailedElement] = []
    for n, (i, j) in enumerate(places):
        at = (4.0 * i, 4.0 * j, 0.0)
        if draw(st.integers(0, 5)) == 0:
            elements.append(missing(f"E{n}", at, COLUMN))
            continue
        seen = draw(
            st.sampled_from([ALL, (True, True, False, True, True, True), (True, False, False, False, False, True)])
        )
        shift = (draw(VALUES), draw(VALUES), draw(VALUES))
        shown = vector(np.where(seen[:3], shift, 0.0))
        storey = draw(st.sampled_from(["L1", "L2", ""]))
        elements.append(failed(f"E{n}", at, COLUMN, shift=shown, observable=seen, storey=storey))
    return elements


@settings(max_examples=150)
@given(sites(), st.randoms(use_true_random=False))
def test_partition_and_permutation(elements: list[FailedElement], shuffle: random.Random) -> None:
    found = group_failures(elements)
    named = [g for c in found for g in c.defect.global_ids]
    assert sorted(named) == sorted(e.global_id for e in elements)
    mixed = list(elements)
    shuffle.shuffle(mixed)
    assert group_failures(mixed) == found


@settings(max_examples=150)
@given(sites())
def test_no_two_of_a_group_disagree(elements: list[FailedElement]) -> None:
    by_id = {e.global_id: e for e in elements}
    for cause in group_failures(elements):
        members = [by_id[g] for g in cause.defect.global_ids]
        assert len({e.missing for e in members}) == 1
        known = [(e.motion.translation_mm, e.motion.covariance) for e in members if e.motion is not None]
        for shift_a, seen_a in known:
            for shift_b, seen_b in known:
                both = [k for k in range(3) if seen_a[k][k] < INF and seen_b[k][k] < INF]
                assert all(abs(shift_a[k] - shift_b[k]) <= 12.0 for k in both)


@settings(max_examples=60)
@given(sites(), st.tuples(VALUES, VALUES), st.floats(10.0, 1e4))
def test_a_far_defect_changes_nothing(elements: list[FailedElement], shift: tuple[float, float], away: float) -> None:
    x, y = shift
    far = failed("F", (40.0 + away, 0.0, 0.0), COLUMN, shift=(x, y, 0.0))
    assert group_failures([*elements, far]) == tuple(
        sorted((*group_failures(elements), *group_failures([far])), key=lambda c: c.defect.global_ids)
    )


def by_the_book(elements: list[FailedElement], rule: GroupingRule) -> bool:
    """Leave-one-out of fully observed, equally known elements, one by one."""
    from scipy.stats import chi2

    reach = 1.5
    for left in elements:
        others = [e.motion for e in elements if e is not left and e.motion is not None]
        assert left.motion is not None
        variance = np.diag(np.array(left.motion.covariance))[:3] + rule.scatter_mm**2
        turning = np.diag(np.array(left.motion.covariance))[3:] + (rule.scatter_mm / reach) ** 2
        shift = np.array(left.motion.translation_mm)
        turn = np.array(left.motion.rotation_mrad)
        of_shift = (shift - np.mean([m.translation_mm for m in others], axis=0)) ** 2
        of_turn = (turn - np.mean([m.rotation_mrad for m in others], axis=0)) ** 2
        wider = 1 + 1 / len(others)
        if np.sum(of_shift / (variance * wider)) > chi2.ppf(rule.confidence, 3):
            return False
        if np.sum(of_turn / (turning * wider)) > chi2.ppf(rule.confidence, 3):
            return False
        z = np.concatenate([shift**2 / variance, turn**2 / turning])
        if z.max() <= chi2.ppf(rule.confidence, 1):
            return False
    return True


SHIFTS = st.tuples(st.floats(0, 34), st.floats(-14, 14), st.floats(-6, 6))


@settings(max_examples=200)
@given(st.lists(SHIFTS, min_size=2, max_size=6))
def test_agreement_is_that_of_the_book(shifts: list[tuple[float, float, float]]) -> None:
    rule = GroupingRule()
    elements = [
        failed(f"E{i}", (0.5 * i, 0, 0), COLUMN, shift=(x, y, 0), turn=(0, r, 0)) for i, (x, y, r) in enumerate(shifts)
    ]
    known = [e.motion for e in elements if e.motion is not None]
    motions = measured_motions(
        np.array([(e.lower_m, e.upper_m) for e in elements]),
        np.array([m.translation_mm + m.rotation_mrad for m in known]),
        np.array([m.covariance for m in known]),
        rule,
    )
    assert bool(np.isfinite(moved_alike(motions, [range(len(elements))])[0])) == by_the_book(elements, rule)


def test_a_large_storey_is_one_cause() -> None:
    rng = np.random.default_rng(1)
    many = [
        failed(f"E{n:04}", (6.0 * (n % 20), 6.0 * (n // 20), 0.0), COLUMN, shift=(30 + rng.normal(0, 1.5), 0.0, 0.0))
        for n in range(400)
    ]
    found = group_failures(many)
    assert max(len(g) for g in groups(found)) > 390


# ------------------------------------------------------------------------------------------------- from a check


def test_a_checked_house_gives_its_planted_causes() -> None:
    design, scan = design_of(DESIGN, materials=("concrete",)), house_scan()
    back = T_SCAN_DESIGN.inverse()
    pose = Pose.from_parts(back.rotation, back.apply([scan.origin])[0] - design.origin)
    known = np.diag([2e-5] * 3 + [2e-4] * 3) ** 2
    registration = Registration(RegistrationStatus.ACCEPTED, pose, "matrix", covariance=known, pivot=np.zeros(3))
    result = compare(design, scan, registration, surface_tolerance(0.010))
    elements = failed_elements(result)
    assert {e.global_id for e in elements} == {e.global_id for e in result.elements if e.verdict is Outcome.FAIL}
    judged = next(e for e in result.elements if e.global_id == "column 1")
    of_part = tuple(replace(m, part="Hatch", part_id="H", direction="width") for m in judged.measurements)
    [named] = failed_elements(replace(result, elements=(replace(judged, measurements=of_part),)))
    assert {(f.part, f.part_id, f.direction) for f in named.failures} == {("Hatch", "H", "width")}
    causes = group_failures(elements)
    assert sorted(g for c in causes for g in c.defect.global_ids) == sorted(e.global_id for e in elements)
    by_id = {g: c.defect for c in causes for g in c.defect.global_ids}
    assert {name: by_id[name].kind for name in (*MOVED, "column 3")} == {
        "column 1": CauseKind.DISPLACED,
        "column 2": CauseKind.TILTED,
        "wall east": CauseKind.DISPLACED,
        "railing": CauseKind.DISPLACED,
        "column 3": CauseKind.MISSING,
    }
    assert all(len(c.defect.global_ids) == 1 for c in causes)
    gone = next(c for c in causes if c.defect.kind is CauseKind.MISSING)
    box = result.design.elements["column 3"].mesh.bounds() + result.design.origin
    assert np.allclose([float(gone.location.x), float(gone.location.y), float(gone.location.z)], box.mean(axis=0))
    assert [by_id[name].direction for name in ("column 1", "wall east", "railing")] == ["+x", "-x", "+y"]
