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
from geometry.registration.request import ControlPoint, RegistrationRequest
from tests.geometry.registration.buildings import HOUSE_STATIONS, house, scan_of

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
