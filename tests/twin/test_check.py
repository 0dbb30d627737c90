"""The whole check on a small building of boxes: defects are found, doubts are kept, nothing depends on the frame."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.design import DesignModel, Element, Mesh
from geometry.errors import EmptyInput
from geometry.note import Note
from geometry.pose import Pose, pose_difference
from geometry.registration.request import RegistrationRequest
from geometry.registration.result import Registration, RegistrationStatus
from geometry.scan import Scan
from geometry.tolerance import Limits, Rule, ToleranceSet, load_standard, surface_tolerance
from geometry.triangle_tree import set_workers
from geometry.verdict import Outcome, State
from tests.reference.house import CRATE, DESIGN, MISSING, MOVED, T_SCAN_DESIGN, house_scan, matrix_to_design
from tests.reference.scenes import Box, design_of, scan_of
from twin.check import check, compare
from twin.result import CheckResult, ElementResult

TEN_MM = surface_tolerance(0.010)
SURVEYED = np.diag([2e-5] * 3 + [2e-4] * 3) ** 2
"""Covariance of a good registration: 4 arc seconds and 0.2 mm."""


@pytest.fixture(autouse=True, scope="module")
def all_workers() -> Iterator[None]:
    """Leave the number of threads as it was."""
    yield
    set_workers(1000)


@pytest.fixture(scope="module")
def design() -> DesignModel:
    return design_of(DESIGN, materials=("concrete",))


@pytest.fixture(scope="module")
def checked(design: DesignModel) -> CheckResult:
    """Return the check of the house, registered by itself."""
    return check(design, house_scan(), TEN_MM, registration=RegistrationRequest.auto())


@pytest.fixture(scope="module")
def by_matrix(design: DesignModel) -> CheckResult:
    """Return the check of the house, registered by the surveyor's matrix."""
    return check(design, house_scan(), TEN_MM, registration=RegistrationRequest.from_matrix(matrix_to_design()))


@pytest.fixture(scope="module")
def compared(design: DesignModel) -> CheckResult:
    """Return the comparison at the true pose."""
    return compare(design, house_scan(), surveyed(house_scan(), design), TEN_MM)


@pytest.fixture(scope="module")
def without_poses(design: DesignModel) -> CheckResult:
    """Return the comparison at the true pose of a scan that does not say where it was taken from."""
    scan = house_scan(poses=False)
    return compare(design, scan, surveyed(scan, design), TEN_MM)


def true_pose(scan: Scan, design: DesignModel) -> Pose:
    """Return scan -> design between coordinates less the origins."""
    back = T_SCAN_DESIGN.inverse()
    return Pose.from_parts(back.rotation, back.apply([scan.origin])[0] - design.origin)


def surveyed(scan: Scan, design: DesignModel, covariance: FloatArray = SURVEYED) -> Registration:
    """Return the true registration with a stated covariance."""
    pivot = np.array([4.0, 3.0, 1.5]) - design.origin
    return Registration(
        RegistrationStatus.ACCEPTED, true_pose(scan, design), "matrix", covariance=covariance, pivot=pivot
    )


def by_name(result: CheckResult) -> dict[str, ElementResult]:
    return {e.global_id: e for e in result.elements}


def numbers(result: CheckResult) -> dict[str, list[float]]:
    """Return every number that is said of each element, millimetres and milliradians."""
    table: dict[str, list[float]] = {}
    for e in result.elements:
        values = [float(e.points), e.visible_fraction, e.coverage]
        for m in e.measurements:
            values += [1000 * m.actual, 1000 * m.expanded_uncertainty]
        if e.pose is not None:
            values += (1000 * np.concatenate([e.pose.translation, e.pose.rotation_vector])).tolist()
        if e.deviation is not None:
            values += [1000 * v for v in (e.deviation.mean, e.deviation.std, e.deviation.p95_abs)]
        table[e.global_id] = values
    return table


def words(result: CheckResult) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    return {e.global_id: (e.state.value, e.verdict.value, e.reasons) for e in result.elements}


def test_it_registers_by_itself_within_five_millimetres_and_a_twentieth_of_a_degree(
    checked: CheckResult, design: DesignModel
) -> None:
    assert checked.registration.status is RegistrationStatus.ACCEPTED
    assert checked.registration.T_design_scan is not None
    distance, angle = pose_difference(
        checked.registration.T_design_scan, true_pose(checked.scan, design), at=checked.scan.points.mean(axis=0)
    )
    assert distance < 0.005
    assert angle < np.radians(0.05)


def test_every_element_is_reported_once_in_the_designs_order(checked: CheckResult, design: DesignModel) -> None:
    assert [e.global_id for e in checked.elements] == list(design.elements)


@pytest.mark.parametrize("name", list(MOVED))
def test_what_is_built_wrong_fails(checked: CheckResult, name: str) -> None:
    found = by_name(checked)[name]
    assert found.state is State.INSTALLED
    assert found.verdict is Outcome.FAIL


@pytest.mark.parametrize("name", ["column 1", "wall east", "railing"])
def test_a_shift_comes_back_in_the_pose(checked: CheckResult, name: str) -> None:
    pose = by_name(checked)[name].pose
    assert pose is not None
    shift = np.array(MOVED[name][0])
    axis = int(np.argmax(np.abs(shift)))
    assert pose.observable[axis]
    assert pose.translation[axis] == pytest.approx(shift[axis], abs=0.001)
    assert np.sqrt(pose.covariance[axis, axis]) < 0.002


def test_a_tilt_comes_back_in_the_pose(checked: CheckResult) -> None:
    pose = by_name(checked)["column 2"].pose
    assert pose is not None
    np.testing.assert_allclose(pose.rotation_vector[:2], MOVED["column 2"][1][:2], atol=0.0007)
    assert np.degrees(0.0007) < 0.05


def test_what_is_built_right_does_not_fail(checked: CheckResult) -> None:
    right = {b.name for b in DESIGN} - set(MOVED) - set(MISSING)
    verdicts = {name: by_name(checked)[name].verdict for name in right}
    assert Outcome.FAIL not in verdicts.values()
    assert sum(v is Outcome.PASS for v in verdicts.values()) >= len(right) - 2


def test_the_missing_column_is_missing_and_the_hidden_one_is_not(checked: CheckResult) -> None:
    found = by_name(checked)
    assert found["column 3"].state is State.MISSING
    assert found["column 3"].verdict is Outcome.FAIL
    assert found["column 3"].pose is None
    hidden = found["column hidden"]
    assert hidden.state in (State.OCCLUDED, State.UNSEEN)
    assert hidden.verdict is Outcome.NOT_MEASURED
    assert {e.global_id for e in checked.elements if e.state is State.MISSING} == {"column 3"}


def test_a_thin_shifted_railing_is_not_missing(checked: CheckResult) -> None:
    """Most rays that would meet it pass between its bars; it fails for its place, not for its absence."""
    railing = by_name(checked)["railing"]
    assert railing.state is State.INSTALLED
    assert railing.visibility is not None
    assert railing.visibility.passed_through > 100


def test_what_stations_saw_adds_up_to_what_was_measured_and_seen_through(checked: CheckResult) -> None:
    names = [station.name for station in checked.scan.stations]
    for element in checked.elements:
        if element.visibility is None:
            continue
        told = element.visibility.stations
        assert sum(one.points for one in told) == element.points
        assert sum(one.passed_through for one in told) == element.visibility.passed_through
        assert [one.name for one in told] == [name for name in names if name in {one.name for one in told}]
    gone = by_name(checked)["column 3"].visibility
    assert gone is not None
    assert any(one.passed_through > 30 for one in gone.stations), "missing: some station saw through its place"


def test_a_wall_seen_from_inside_knows_three_of_six(checked: CheckResult) -> None:
    pose = by_name(checked)["wall north"].pose
    assert pose is not None
    assert pose.observable == (False, True, False, True, False, True)
    assert pose.translation[0] == pose.translation[2] == pose.rotation_vector[1] == 0.0
    assert np.isinf(np.diag(pose.covariance)[[0, 2, 4]]).all()


def test_what_nobody_designed_is_reported_where_it_stands(checked: CheckResult) -> None:
    [crate] = checked.unmodelled
    # its points within 0.1 m of the floor are not told from the floor's surroundings
    np.testing.assert_allclose(crate.centroid[:2], CRATE.centre[:2], atol=0.15)
    np.testing.assert_allclose(crate.size[:2], [0.6, 0.5], atol=0.03)
    assert crate.size[2] == pytest.approx(0.4, abs=0.03)
    assert crate.points > 100


def test_every_point_has_an_owner_and_a_deviation_or_neither(checked: CheckResult) -> None:
    points = checked.point_deviations
    assert points is not None
    assert len(points.element_index) == len(checked.scan.points)
    owned = points.element_index >= 0
    assert 0.95 < owned.mean() < 1.0
    assert np.isfinite(points.signed_distance[owned]).all()
    assert np.isnan(points.signed_distance[~owned]).all()
    counts = np.bincount(points.element_index[owned], minlength=len(checked.elements))
    assert counts.tolist() == [e.points for e in checked.elements]


def test_no_number_is_nan_and_shares_are_shares(checked: CheckResult) -> None:
    for name, values in numbers(checked).items():
        assert np.isfinite(values).all(), name
    for e in checked.elements:
        assert 0.0 <= e.coverage <= 1.0
        assert 0.0 <= e.visible_fraction <= 1.0
        for m in e.measurements:
            assert m.expanded_uncertainty > 0.0


def test_the_same_input_gives_the_same_values_with_one_worker_or_two(checked: CheckResult, design: DesignModel) -> None:
    again = check(design, house_scan(), TEN_MM, registration=RegistrationRequest.auto(), workers=1)
    assert numbers(again) == numbers(checked)
    assert words(again) == words(checked)
    assert again.registration.T_design_scan is not None
    assert checked.registration.T_design_scan is not None
    assert again.registration.T_design_scan.matrix.tobytes() == checked.registration.T_design_scan.matrix.tobytes()
    assert again.point_deviations is not None
    assert checked.point_deviations is not None
    assert again.point_deviations.signed_distance.tobytes() == checked.point_deviations.signed_distance.tobytes()


FAR = [[500_000.0, 0.0, 0.0], [3_000_000.0, -4_000_000.0, 800.0]]


@pytest.mark.parametrize("far", FAR, ids=["500 km", "5000 km"])
def test_a_scan_far_away_gives_the_same_verdicts_and_numbers(
    far: list[float], design: DesignModel, by_matrix: CheckResult
) -> None:
    """The surveyor's matrix between the far frame and the design: float64 in, the same within 0.01 mm out."""
    scan = house_scan()
    there = matrix_to_design().copy()
    there[:3, 3] -= there[:3, :3] @ far
    moved = replace(scan, origin=scan.origin + far)
    result = check(design, moved, TEN_MM, registration=RegistrationRequest.from_matrix(there))
    assert words(result) == words(by_matrix)
    for name, values in numbers(by_matrix).items():
        np.testing.assert_allclose(numbers(result)[name], values, rtol=0, atol=0.01, err_msg=name)


def test_where_the_designs_origin_lies_changes_nothing(compared: CheckResult) -> None:
    scan, here = house_scan(), compared
    other = design_of(DESIGN, origin=[500_000.0, 4_000_000.0, 100.0], materials=("concrete",))
    there = compare(other, scan, surveyed(scan, other), TEN_MM)
    assert words(there) == words(here)
    for name, values in numbers(here).items():
        np.testing.assert_allclose(numbers(there)[name], values, rtol=0, atol=0.01, err_msg=name)
    for one, two in zip(here.unmodelled, there.unmodelled, strict=True):
        np.testing.assert_allclose(two.centroid, one.centroid, atol=1e-5)


def test_a_building_turned_with_its_scan_keeps_its_verdicts(design: DesignModel, compared: CheckResult) -> None:
    scan = house_scan()
    T = Pose.from_yaw(0.5, [20.0, -10.0, 3.0])
    turned = {
        name: replace(e, mesh=Mesh(T.apply(e.mesh.vertices), e.mesh.faces)) for name, e in design.elements.items()
    }
    moved = replace(
        surveyed(scan, design), T_design_scan=T @ true_pose(scan, design), pivot=T.apply([[4.0, 3, 1.5]])[0]
    )
    there = compare(replace(design, elements=turned), scan, moved, TEN_MM)
    for name, (state, verdict, _) in words(compared).items():
        assert words(there)[name][:2] == (state, verdict), name


def test_without_station_poses_only_a_bare_contact_is_called_missing(without_poses: CheckResult) -> None:
    result = without_poses
    gone = {e.global_id: e.reasons[0].split(":")[0] for e in result.elements if e.state is State.MISSING}
    assert gone == {"column 3": "bare_contact"}
    assert by_name(result)["column hidden"].state is State.UNSEEN
    assert by_name(result)["column hidden"].verdict is Outcome.NOT_MEASURED
    assert "no_positions" in [note.word for note in result.notes if isinstance(note, Note)]
    for name in ("column 1", "wall east"):
        assert by_name(result)[name].verdict is Outcome.FAIL


def test_without_station_poses_a_missing_column_does_not_pass_on_its_neighbours_points(
    without_poses: CheckResult,
) -> None:
    """38 points of the beam's end and the floor's edge lie where its foot and head should be."""
    assert by_name(without_poses)["column 3"].verdict is not Outcome.PASS


def test_where_nothing_that_is_asked_for_can_be_measured_the_reason_says_so() -> None:
    """A slab seen from above has thousands of points, and no axis position."""
    floor = Box("floor", (0, 0, -0.2), (4, 3, 0), "IfcSlab")
    design, scan = design_of([floor]), scan_of([floor], [(2.0, 1.5, 1.5)], T_scan_design=T_SCAN_DESIGN)
    rule = Rule("axis_position", "clause", ((float("inf"), Limits(-0.01, 0.01)),))
    [found] = compare(design, scan, surveyed(scan, design), ToleranceSet("test", (rule,))).elements
    assert (found.state, found.verdict, found.measurements) == (State.INSTALLED, Outcome.NOT_MEASURED, ())
    assert found.reasons == ("not_measurable",)


def test_without_its_place_nothing_makes_an_element_pass() -> None:
    """A slab seen from above is flat; where it lies in plan, which is asked for too, nobody has seen."""
    floor = Box("floor", (0, 0, -0.2), (4, 3, 0), "IfcSlab")
    design, scan = design_of([floor]), scan_of([floor], [(2.0, 1.5, 1.5)], T_scan_design=T_SCAN_DESIGN)
    flat = Rule("flatness", "clause", ((float("inf"), Limits(0.0, 0.012)),), faces="up")
    placed = Rule("axis_position", "clause", ((float("inf"), Limits(-0.01, 0.01)),))
    [alone] = compare(design, scan, surveyed(scan, design), ToleranceSet("test", (flat,))).elements
    [both] = compare(design, scan, surveyed(scan, design), ToleranceSet("test", (flat, placed))).elements
    assert (alone.verdict, alone.reasons) == (Outcome.PASS, ())
    assert (both.verdict, both.reasons) == (Outcome.INDETERMINATE, ("axis_position_unknown",))


def test_what_stands_aside_where_nothing_limits_it_passes_and_says_so() -> None:
    """A floor 31 mm low of which only the flatness is limited: what the limits say is a pass."""
    floor = Box("floor", (0, 0, -0.2), (4, 3, 0), "IfcSlab").moved([0.0, 0.0, -0.031])
    design, scan = design_of([floor]), scan_of([floor], [(2.0, 1.5, 1.5)], T_scan_design=T_SCAN_DESIGN)
    flat = Rule("flatness", "clause", ((float("inf"), Limits(0.0, 0.012)),), faces="up")
    low = Rule("level", "clause", ((float("inf"), Limits(-0.04, 0.04)),))
    for rules, reasons in (((flat,), ("free_displacement:31 mm",)), ((flat, low), ())):
        [found] = compare(design, scan, surveyed(scan, design), ToleranceSet("test", rules)).elements
        assert (found.verdict, found.reasons) == (Outcome.PASS, reasons)


def test_a_number_that_is_asked_for_and_refused_is_never_passed_over() -> None:
    """A slab of 12 m² within 10 mm everywhere: no F-number, so that it is not known whether it conforms."""
    floor = Box("floor", (0, 0, -0.2), (4, 3, 0), "IfcSlab")
    design, scan = design_of([floor]), scan_of([floor], [(2.0, 1.5, 1.5)], T_scan_design=T_SCAN_DESIGN)
    flat = Rule("floor_flatness", "clause", ((float("inf"), Limits(0.0, 0.003)),))
    for rules, verdict in (((flat,), Outcome.NOT_MEASURED), ((*TEN_MM.rules, flat), Outcome.INDETERMINATE)):
        [found] = compare(design, scan, surveyed(scan, design), ToleranceSet("test", rules)).elements
        assert (found.verdict, found.reasons) == (verdict, ("floor_too_small:12.0 m²",))


def test_a_scan_that_leans_against_the_model_says_not_what_is_level() -> None:
    """Levelled scanners know the vertical; where the pose turns it by 50 mrad, nobody knows which one is right."""
    floor = Box("floor", (0, 0, -0.2), (8, 6, 0), "IfcSlab")
    leaning = Pose.from_rotation_vector([0.03, 0.04, 0.0])
    design, scan = design_of([floor]), scan_of([floor], [(4.0, 3.0, 1.5)], step=0.03, T_scan_design=leaning)
    back = leaning.inverse()
    back = Pose.from_parts(back.rotation, back.apply([scan.origin])[0] - design.origin)
    pose = replace(surveyed(scan, design), T_design_scan=back)
    level = Rule("floor_levelness", "clause", ((float("inf"), Limits(0.0, 0.0127)),))
    [found] = compare(design, scan, pose, ToleranceSet("test", (level,))).elements
    assert found.reasons == ("floor_no_vertical:2.9°",)


def test_a_limit_of_another_type_of_footing_is_not_taken() -> None:
    """A strip and a pad of one class under GB 50204: the strip is not judged by the pad's axis, and it is said."""
    footing = Box("footing", (0, 0, -0.5), (4, 1, 0), "IfcFooting")
    design, scan = design_of([footing], materials=("concrete",)), scan_of([footing], [(2.0, -1.5, 1.5)], step=0.01)
    for kind, word in (("STRIP_FOOTING", ("no_rule_for_type:STRIP_FOOTING",)), ("PAD_FOOTING", ())):
        typed = replace(design, elements={k: replace(e, predefined_type=kind) for k, e in design.elements.items()})
        given = RegistrationRequest.given()
        [found] = check(typed, scan, load_standard("GB 50204-2015"), registration=given).elements
        assert found.predefined_type == kind
        assert ("axis_position" in {m.characteristic for m in found.measurements}) == (kind == "PAD_FOOTING")
        assert tuple(r for r in found.reasons if r.startswith("no_rule")) == word


def test_a_suspect_design_is_never_judged() -> None:
    scan = house_scan()
    design = design_of(DESIGN, suspect="column 1")
    found = by_name(compare(design, scan, surveyed(scan, design), TEN_MM))["column 1"]
    assert found.state is State.DESIGN_SUSPECT
    assert found.verdict is Outcome.NOT_MEASURED
    assert found.reasons == ("design_suspect:test",)
    assert found.measurements == ()


def test_what_cannot_be_measured_well_enough_never_passes(design: DesignModel) -> None:
    """A registration good to 10 mm against a tolerance of 5 mm: doubt, and the reason is the capability."""
    scan = house_scan()
    poor = np.diag([1e-4] * 3 + [0.010] * 3) ** 2
    result = compare(design, scan, surveyed(scan, design, poor), surface_tolerance(0.005))
    assert not any(e.verdict is Outcome.PASS for e in result.elements)
    measured = [e for e in result.elements if e.measurements]
    assert len(measured) >= 10
    for e in measured:
        assert e.measurements[0].expanded_uncertainty >= 0.020
        assert e.verdict is not Outcome.INDETERMINATE or set(e.reasons) & {"capability", "few_points"}, e.global_id
    assert sum("capability" in e.reasons for e in measured) >= 8


def test_a_pose_is_known_no_better_than_the_frame_it_is_given_in(design: DesignModel) -> None:
    scan = house_scan()
    poor = np.diag([1e-4] * 3 + [0.003, 0.004, 0.005]) ** 2
    good, bad = (by_name(compare(design, scan, surveyed(scan, design, c), TEN_MM)) for c in (np.zeros((6, 6)), poor))
    compared = 0
    for name, element in bad.items():
        if element.pose is None:
            continue
        before = good[name].pose
        assert before is not None
        seen = np.flatnonzero(element.pose.observable[:3])
        grown = np.diag(element.pose.covariance)[seen] - np.diag(before.covariance)[seen]
        assert (grown >= np.array([0.003, 0.004, 0.005])[seen] ** 2 - 1e-12).all()
        compared += len(seen)
    assert compared >= 10


def test_noise_too_large_for_the_tolerance_never_passes() -> None:
    """20 mm of noise on few points against ± 2 mm."""
    wall = Box("wall", (0, 3, 0), (3, 3.2, 2.5))
    design = design_of([wall])
    scan = scan_of([wall], [(1.5, 0.0, 1.2)], step=0.04, noise=0.02, seed=2)
    pose = Registration(RegistrationStatus.ACCEPTED, Pose.from_parts(np.eye(3), scan.origin), "given")
    [found] = compare(design, scan, pose, surface_tolerance(0.002)).elements
    assert found.verdict in (Outcome.INDETERMINATE, Outcome.NOT_MEASURED)


def test_a_standard_judges_each_class_by_its_clauses(design: DesignModel) -> None:
    scan = house_scan()
    found = by_name(compare(design, scan, surveyed(scan, design), load_standard("default")))
    column = {m.characteristic for m in found["column 1"].measurements}
    assert {"axis_position", "verticality", "section_size", "flatness"} <= column
    assert all(m.source for e in found.values() for m in e.measurements)
    position = [m for m in found["column 1"].measurements if m.characteristic == "axis_position"]
    assert {m.outcome for m in position} == {Outcome.FAIL}
    assert position[0].source == "GB 50204-2015, table 8.3.2, axis position of column, wall, beam"
    tilt = [m for m in found["column 2"].measurements if m.characteristic == "verticality"]
    assert {m.outcome for m in tilt} == {Outcome.FAIL}
    assert abs(tilt[0].actual) == pytest.approx(3.0 * 0.018, abs=tilt[0].expanded_uncertainty)
    railing = found["railing"]
    assert railing.verdict is Outcome.NOT_MEASURED
    assert "no_tolerance" in railing.reasons


def test_a_refused_registration_says_nothing_about_any_element(design: DesignModel) -> None:
    nowhere = matrix_to_design().copy()
    nowhere[:3, 3] += [8.0, 0.0, 0.0]  # beside the building
    result = check(design, house_scan(), TEN_MM, registration=RegistrationRequest.from_matrix(nowhere))
    assert result.registration.status is RegistrationStatus.REFUSED
    assert result.elements == ()
    assert result.unmodelled == ()
    assert result.point_deviations is None
    assert result.registration.detail


@pytest.mark.parametrize("away", [30.0, 1000.0])
def test_a_scan_that_is_nowhere_near_is_refused(design: DesignModel, away: float) -> None:
    nowhere = matrix_to_design().copy()
    nowhere[:3, 3] += [away, 0.0, 0.0]
    result = check(design, house_scan(), TEN_MM, registration=RegistrationRequest.from_matrix(nowhere))
    assert result.registration.status is RegistrationStatus.REFUSED
    assert result.elements == ()


def test_comparing_without_a_pose_is_a_mistake(design: DesignModel) -> None:
    refused = Registration(RegistrationStatus.REFUSED, None, "auto", "no_geometry")
    with pytest.raises(ValueError, match="no pose"):
        compare(design, house_scan(), refused, TEN_MM)


def test_an_empty_scan_or_design_is_refused_in_one_line(design: DesignModel) -> None:
    scan = house_scan()
    empty = replace(scan, points=np.empty((0, 3)), station_index=np.empty(0, np.int32))
    nothing = Element("e", "IfcWall", "e", "", Mesh(np.empty((0, 3)), np.empty((0, 3), np.int32)))
    for model, cloud in (
        (design, empty), (replace(design, elements={}), scan), (replace(design, elements={"e": nothing}), scan),
    ):  # fmt: skip
        with pytest.raises(EmptyInput, match="nothing to compare") as raised:
            check(model, cloud, TEN_MM, registration=RegistrationRequest.auto())
        assert "\n" not in str(raised.value)


def test_progress_is_told_step_by_step(design: DesignModel) -> None:
    told: list[tuple[str, float]] = []
    check(
        design, house_scan(), TEN_MM, registration=RegistrationRequest.from_matrix(matrix_to_design()),
        progress=lambda step, share: told.append((step, share)),
    )  # fmt: skip
    assert [step for step, share in told if share == 1.0] == ["registering", "measuring"]
    for step in ("registering", "measuring"):
        shares = [share for name, share in told if name == step]
        assert shares == sorted(shares)


def test_settings_that_matter_are_recorded(checked: CheckResult) -> None:
    assert checked.tolerance_name == "user ±10 mm"
    assert checked.seed == 0
    assert {"search_band_m", "instrument_m", "noise_m", "seed"} <= set(checked.parameters)
    assert checked.parameters["noise_m"] == pytest.approx(0.002, rel=0.35)


@pytest.mark.parametrize("tolerance", [0.005, 0.02])
def test_a_wider_tolerance_never_fails_what_a_tighter_one_passed(
    checked: CheckResult, design: DesignModel, tolerance: float
) -> None:
    rank = {Outcome.FAIL: 0, Outcome.INDETERMINATE: 1, Outcome.PASS: 2}
    other = by_name(compare(design, checked.scan, checked.registration, surface_tolerance(tolerance)))
    for e in checked.elements:
        if e.state is State.INSTALLED:
            tight, wide = (e, other[e.global_id]) if tolerance > 0.01 else (other[e.global_id], e)
            assert rank[wide.verdict] >= rank[tight.verdict], e.global_id
