"""Control points, matrices and given poses: exact where they fit, refused with a name where they do not."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.pose import Pose, pose_difference
from geometry.registration.control import ControlPointError, fit_control, kabsch
from geometry.registration.register import register
from geometry.registration.request import ControlPoint, RegistrationRequest, StatedAccuracy
from geometry.uncertainty import Budget
from tests.geometry.registration.buildings import HOUSE_STATIONS, house, of_boxes, scan_of

NAMES = tuple("ABCDEFGH")


def figure(n: int, seed: int = 0) -> FloatArray:
    return np.random.default_rng(seed).uniform(-10, 10, (n, 3))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(3, 8))
def test_any_rigid_motion_is_recovered(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    truth = Pose.from_rotation_vector(rng.normal(0, 1.5, 3), rng.uniform(-100, 100, 3))
    points = figure(n, seed)
    fit = fit_control(points, truth.apply(points), NAMES[:n])
    assert pose_difference(fit.T_design_scan, truth)[0] < 1e-9
    assert fit.fault == ""
    assert fit.residuals.max() < 1e-9


def test_a_mirrored_figure_is_never_fitted_by_a_reflection() -> None:
    points = figure(5)
    T = kabsch(points, points * [-1, 1, 1])
    assert np.linalg.det(T.rotation) == pytest.approx(1.0)
    assert "do not fit" in fit_control(points, points * [-1, 1, 1], NAMES[:5]).fault


@pytest.mark.parametrize("n", [4, 5, 7])
@pytest.mark.parametrize("wrong", [0, 2])
def test_the_point_that_is_wrong_is_named(n: int, wrong: int) -> None:
    rng = np.random.default_rng(n)
    points = figure(n, n)
    moved = points + rng.normal(0, 0.003, points.shape)
    moved[wrong] += [0.4, -0.3, 0.1]
    fault = fit_control(points, moved, NAMES[:n]).fault
    assert f"control point {NAMES[wrong]} " in fault
    assert "correct it or leave it out" in fault


def test_small_residuals_are_no_blunder() -> None:
    rng = np.random.default_rng(3)
    points = figure(6)
    fit = fit_control(points, points + rng.normal(0, 0.004, points.shape), NAMES[:6])
    assert fit.fault == ""
    assert np.isfinite(fit.left_out).all()


@pytest.mark.parametrize(("factor", "word"), [(1000.0, "millimetres"), (1 / 0.3048, "feet"), (1 / 0.0254, "inches")])
def test_wrong_units_are_named(factor: float, word: str) -> None:
    points = figure(4)
    assert (
        f"scan coordinates of the control points look like {word}"
        in fit_control(points * factor, points, NAMES[:4]).fault
    )
    assert (
        f"design coordinates of the control points look like {word}"
        in fit_control(points, points * factor, NAMES[:4]).fault
    )


@pytest.mark.parametrize("n", [3, 4, 6])
@pytest.mark.parametrize("scale", [1.0004, 0.9996])
def test_a_scale_between_the_figures_is_named_and_not_applied(n: int, scale: float) -> None:
    points = 3.0 * figure(n, n)
    fit = fit_control(points, np.round(scale * points + 5.0, 4), NAMES[:n])
    assert fit.fault == ""
    assert "grid scale factor" in fit.scaled
    assert float(fit.scaled.split("points are ")[1].split(" ")[0]) == pytest.approx(scale, abs=2e-5)
    assert np.linalg.det(fit.T_design_scan.rotation) == pytest.approx(1.0, abs=1e-12)


def test_a_scale_is_named_from_stated_accuracies_too() -> None:
    points = 5.0 * figure(5, 1)
    noisy = points + np.random.default_rng(2).normal(0, 0.001, points.shape)
    assert "grid scale factor" in fit_control(noisy, 1.0006 * points, NAMES[:5], np.full(5, 0.001)).scaled
    assert fit_control(noisy, points, NAMES[:5], np.full(5, 0.001)).scaled == ""


def test_far_points_on_another_scale_are_refused_as_that() -> None:
    points = 60.0 * figure(6, 4)
    fault = fit_control(points, 1.0004 * points, NAMES[:6]).fault
    assert "grid scale factor" in fault
    assert "control point" not in fault.split("grid")[0].replace("the control points", "")


def test_noise_is_hardly_ever_called_a_scale() -> None:
    rng = np.random.default_rng(11)
    named = 0
    for k in range(400):
        corner = np.array([[0.0, 0, 0], [9, 1, 2], [2, 8, 1]])
        points = np.concatenate([corner, figure(k % 4, k)])
        named += bool(fit_control(points, points + rng.normal(0, 0.003, points.shape), NAMES[: len(points)]).scaled)
    assert named <= 6


def test_too_few_points_and_points_in_a_line_are_errors() -> None:
    with pytest.raises(ControlPointError, match="at least 3"):
        fit_control(figure(2), figure(2), NAMES[:2])
    line = np.arange(4.0)[:, None] * [1, 2, 0.5]
    with pytest.raises(ControlPointError, match="in a line"):
        fit_control(line, line, NAMES[:4])
    with pytest.raises(ControlPointError, match="in a line"):
        fit_control(np.zeros((3, 3)), np.zeros((3, 3)), NAMES[:3])


def test_the_covariance_of_control_points_is_honest() -> None:
    rng = np.random.default_rng(5)
    points, scaled = figure(8), []
    for _ in range(300):
        fit = fit_control(points, points + rng.normal(0, 0.005, points.shape), NAMES)
        error = fit.T_design_scan.apply([points.mean(axis=0)])[0] - points.mean(axis=0)
        turn = fit.T_design_scan.rotation_vector()
        scaled.append(np.concatenate([turn, error]) / np.sqrt(np.diag(fit.covariance)))
    inside = np.abs(np.array(scaled)) < 2
    assert 0.92 < inside.mean() < 0.98


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(3, 8), times=st.floats(1.5, 10.0))
def test_a_larger_stated_sigma_is_a_larger_covariance(seed: int, n: int, times: float) -> None:
    points = figure(n, seed)
    sigma = np.random.default_rng(seed).uniform(0.001, 0.01, n)
    less, more = (fit_control(points, points, NAMES[:n], s).covariance for s in (sigma, times * sigma))
    np.testing.assert_allclose(more, times**2 * less, rtol=1e-9)


def test_stated_sigmas_are_honest_and_weigh() -> None:
    """Four good points and four bad ones: the pose errs as its covariance says, and by less than with equal weights."""
    rng = np.random.default_rng(6)
    points, sigma = figure(8, 2), np.array([0.001] * 4 + [0.02] * 4)
    middle, scaled, plain, weighed = points.mean(axis=0), [], [], []
    for _ in range(300):
        moved = points + rng.normal(0, 1, points.shape) * sigma[:, None]
        fit = fit_control(points, moved, NAMES, sigma)
        error = np.concatenate([fit.T_design_scan.rotation_vector(), fit.T_design_scan.apply([middle])[0] - middle])
        scaled.append(error / np.sqrt(np.diag(fit.covariance)))
        weighed.append(np.linalg.norm(error[3:]))
        plain.append(np.linalg.norm(kabsch(points, moved).apply([middle])[0] - middle))
    inside = np.abs(np.array(scaled)) < 2
    assert 0.93 < inside.mean() < 0.98
    assert np.mean(weighed) < 0.5 * np.mean(plain)


def test_points_that_fit_worse_than_stated_raise_the_uncertainty() -> None:
    """Stated 1 mm, true 10 mm: over many draws the excess is 10, and the covariance follows it."""
    rng, points, stated = np.random.default_rng(1), figure(8, 3), np.full(8, 0.001)
    believed = fit_control(points, points, NAMES, stated)
    drawn = [fit_control(points, points + rng.normal(0, 0.010, points.shape), NAMES, stated) for _ in range(50)]
    assert believed.excess == 1.0
    assert np.sqrt(np.mean([fit.excess**2 for fit in drawn])) == pytest.approx(10.0, rel=0.05)
    for fit in drawn:
        np.testing.assert_allclose(np.diag(fit.covariance), fit.excess**2 * np.diag(believed.covariance), rtol=0.05)


@pytest.mark.parametrize("away", [0.0, 50.0, 200.0])
def test_control_points_far_off_leave_the_building_uncertain(away: float) -> None:
    """Three points 5 m apart, 2 mm each: what their turn does to a place ``away`` metres from them."""
    points = np.array([[0.0, 0, 0], [5, 0, 0], [0, 5, 1]])
    fit = fit_control(points, points, NAMES[:3], np.full(3, 0.002))
    budget = Budget(fit.covariance, fit.pivot, 0.0)
    place = fit.pivot[None] + np.array([[away, 0.0, 0.0]])
    u = float(budget.at(place, np.array([[0.0, 1, 0]]))[0])
    assert u == pytest.approx({0.0: 0.0012, 50.0: 0.0166, 200.0: 0.066}[away], rel=0.1)


def control_request(names: str = "ABCD", blunder: float = 0.0) -> tuple[RegistrationRequest, Pose]:
    scanned = scan_of(house(), HOUSE_STATIONS, shift=(4000.0, 5_000_000.0, 120.0), yaw=1.1)
    T_full = scanned.T_design_scan @ Pose.from_parts(np.eye(3), -scanned.scan.origin)
    there = np.array([[0, 0, 0], [9.7, 0, 0], [0, 4, 3], [9.7, 5.5, 0.0]])
    here = T_full.inverse().apply(there)
    here[1] += [blunder, 0, 0]
    rows = zip(names, here, there, strict=True)
    points = tuple(ControlPoint(n, (s[0], s[1], s[2]), (d[0], d[1], d[2])) for n, s, d in rows)
    return RegistrationRequest.from_control_points(points), scanned.T_design_scan


def test_control_points_fix_the_pose_and_the_surfaces_check_it() -> None:
    request, truth = control_request()
    scan = scan_of(house(), HOUSE_STATIONS, shift=(4000.0, 5_000_000.0, 120.0), yaw=1.1).scan
    found = register(scan, house(), request)
    assert found.status == "accepted"
    assert found.method == "control_points"
    assert found.T_design_scan is not None
    assert pose_difference(found.T_design_scan, truth, scan.points.mean(axis=0))[0] < 1e-6
    assert len(found.control_residuals_m) == 4
    assert found.inlier_fraction > 0.9
    assert found.covariance is not None


def test_a_blunder_refuses_the_registration() -> None:
    request, _ = control_request(blunder=0.7)
    scan = scan_of(house(), HOUSE_STATIONS, shift=(4000.0, 5_000_000.0, 120.0), yaw=1.1).scan
    found = register(scan, house(), request)
    assert found.status == "refused"
    assert found.reason == "residual"
    assert "control point B" in found.detail


def test_a_given_pose_is_kept_even_where_it_fits_a_little_badly() -> None:
    scan = scan_of(house(), HOUSE_STATIONS, yaw=0.0, shift=(0.02, 0.0, 0.0)).scan
    found = register(scan, house(), RegistrationRequest.given())
    assert found.status == "accepted"
    assert found.method == "given"
    assert found.T_design_scan is not None
    assert np.allclose(found.T_design_scan.matrix[:3, 3], scan.origin, atol=1e-12)
    assert 0.005 < found.rmse < 0.02
    assert "not a shift that all share" in found.notes[0]


def test_a_given_pose_far_off_is_refused_with_a_hint() -> None:
    scan = scan_of(house(), HOUSE_STATIONS, shift=(300.0, 0.0, 0.0)).scan
    found = register(scan, house(), RegistrationRequest.given())
    assert found.status == "refused"
    assert found.reason == "low_overlap"
    assert "--register auto" in found.detail


def test_a_matrix_between_full_coordinates_is_taken_exactly() -> None:
    scanned = scan_of(house(), HOUSE_STATIONS, shift=(500_000.0, 5_000_000.0, 80.0), yaw=-2.0)
    full = scanned.T_design_scan @ Pose.from_parts(np.eye(3), -scanned.scan.origin)
    found = register(scanned.scan, house(), RegistrationRequest.from_matrix(full.matrix))
    assert found.status == "accepted"
    assert found.T_design_scan is not None
    centre = scanned.scan.points.mean(axis=0)
    assert pose_difference(found.T_design_scan, scanned.T_design_scan, centre)[0] < 1e-6
    rounded = dataclasses.replace(full, matrix=np.eye(4)).matrix.copy()
    rounded[:3, :3] = np.round(full.rotation, 5)
    rounded[:3, 3] = full.apply([scanned.scan.origin])[0] - rounded[:3, :3] @ scanned.scan.origin
    again = register(scanned.scan, house(), RegistrationRequest.from_matrix(rounded))
    assert again.T_design_scan is not None
    assert pose_difference(again.T_design_scan, scanned.T_design_scan, centre)[0] < 1e-3


def test_a_matrix_that_is_not_rigid_is_an_error() -> None:
    for matrix, word in ((np.diag([2.0, 2, 2, 1]), "scales"), (np.diag([-1.0, 1, 1, 1]), "mirrors")):
        with pytest.raises(ValueError, match=word):
            RegistrationRequest.from_matrix(matrix)


def test_control_points_on_another_scale_leave_a_note() -> None:
    scanned = scan_of(house(), HOUSE_STATIONS)
    there = 2.0 * figure(6, 3)
    here = scanned.T_design_scan.inverse().apply(there / 1.0004) + scanned.scan.origin
    points = tuple(
        ControlPoint(NAMES[k], (h[0], h[1], h[2]), (t[0], t[1], t[2]))
        for k, (h, t) in enumerate(zip(here.tolist(), there.tolist(), strict=True))
    )
    found = register(scanned.scan, house(), RegistrationRequest.from_control_points(points))
    assert found.status == "accepted"
    assert [note for note in found.notes if "1.0004 times" in note]


def test_the_stated_accuracy_of_a_given_pose_is_its_covariance() -> None:
    scan = scan_of(house(), HOUSE_STATIONS, yaw=0.0, shift=(0.0, 0.0, 0.0)).scan
    found = [register(scan, house(), RegistrationRequest.given(StatedAccuracy(sigma))) for sigma in (0.002, 0.006)]
    for registration, sigma in zip(found, (0.002, 0.006), strict=True):
        assert registration.covariance is not None
        assert registration.pivot is not None
        spread = np.sqrt(np.diag(registration.covariance))
        np.testing.assert_allclose(spread[3:], sigma)
        arm = np.sqrt(((scan.points + scan.origin - registration.pivot) ** 2).sum(axis=1).mean())
        np.testing.assert_allclose(spread[:3], sigma / arm, rtol=0.2)  # of an even sample of the points
        assert [note for note in registration.notes if f"{1000 * sigma:g} mm" in note]
    assert "not measured" in found[0].notes[0]


def test_a_stated_rotation_is_taken_as_it_is() -> None:
    scan = scan_of(house(), HOUSE_STATIONS, yaw=0.0, shift=(0.0, 0.0, 0.0)).scan
    found = register(scan, house(), RegistrationRequest.from_matrix(np.eye(4), "", StatedAccuracy(0.002, 1e-5)))
    assert found.covariance is not None
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), [1e-5] * 3 + [0.002] * 3)


def test_a_given_pose_of_unknown_accuracy_is_used_with_a_note() -> None:
    """One wall shows nothing of how well the pose is known, and nobody says it."""
    wall = of_boxes([(0, 0, 0, 6, 0.2, 3)])
    scan = scan_of(wall, [(3.0, 4.0, 1.6)], yaw=0.0, shift=(0.0, 0.0, 0.0)).scan
    unknown = register(scan, wall, RegistrationRequest.given())
    assert unknown.status == "accepted"
    assert unknown.covariance is None
    assert "U leaves it out" in unknown.notes[0]
    stated = register(scan, wall, RegistrationRequest.given(StatedAccuracy(0.003)))
    assert stated.covariance is not None
    assert not [note for note in stated.notes if "U leaves it out" in note]


def test_control_points_that_fit_worse_than_stated_are_noted() -> None:
    scan = scan_of(house(), HOUSE_STATIONS, shift=(4000.0, 5_000_000.0, 120.0), yaw=1.1).scan
    fine, _ = control_request()
    off, _ = control_request(blunder=0.03)
    notes = {}
    for name, request in (("fine", fine), ("off", off)):
        points = tuple(dataclasses.replace(p, sigma_m=0.002) for p in request.control_points)
        notes[name] = register(scan, house(), RegistrationRequest.from_control_points(points)).notes
    assert notes["fine"] == ()
    assert "times worse than their stated accuracy" in notes["off"][0]


def test_an_accuracy_that_means_nothing_is_an_error() -> None:
    for bad in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="positive and finite"):
            StatedAccuracy(bad)
    points = (ControlPoint("A", (0, 0, 0), (0, 0, 0), 0.002), ControlPoint("B", (1, 0, 0), (1, 0, 0)))
    with pytest.raises(ValueError, match="or none has one"):
        RegistrationRequest.from_control_points(points)
