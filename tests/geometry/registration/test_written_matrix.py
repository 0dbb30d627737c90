"""Matrices as files hold them: a scale is refused by name, rounding is tolerated and counted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.pose import Pose, pose_difference
from geometry.registration.placed import Rounding
from geometry.registration.register import register
from geometry.registration.request import RegistrationRequest, StatedAccuracy
from geometry.registration.written_matrix import matrix_fault, rotation_step, rounding_covariance
from tests.geometry.registration.buildings import HOUSE_STATIONS, house, scan_of

SCALES = (1.0004, 1.0008, 0.9996, 0.999, 1.00015)
BOUND = 1.001
"""Rounding of a number that was rounded to doubles once more."""


def rotated(seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    return Pose.from_rotation_vector(rng.normal(0, 1.5, 3), rng.uniform(-50, 50, 3)).matrix.copy()


def rounded(matrix: FloatArray, decimals: int) -> FloatArray:
    written = matrix.copy()
    written[:3, :3] = np.round(matrix[:3, :3], decimals)
    return written


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 100_000), decimals=st.integers(4, 9))
def test_rounding_of_a_rotation_is_never_a_fault(seed: int, decimals: int) -> None:
    matrix = rounded(rotated(seed), decimals)
    assert matrix_fault(matrix) == ""
    assert rotation_step(matrix[:3, :3]) <= 0.5 * 10.0**-decimals * BOUND or decimals == 4


@pytest.mark.parametrize("decimals", [4, 6, 15])
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("seed", range(5))
def test_a_scale_is_refused_by_its_name_however_few_digits_it_has(scale: float, decimals: int, seed: int) -> None:
    matrix = rotated(seed)
    matrix[:3, :3] *= scale
    fault = matrix_fault(rounded(matrix, decimals))
    assert "scales by" in fault, fault
    assert "grid scale factor" in fault
    assert "rigid transform (6 parameters, scale 1)" in fault
    said = float(fault.split("scales by ")[1].split(" ")[0])
    assert said == pytest.approx(scale, abs=1.2e-4)


def test_a_scale_of_a_yaw_only_matrix_is_refused() -> None:
    """The demo's case: z, written as 1.0004, tells as much as the rest."""
    matrix = Pose.from_yaw(2.55, [48.1, 47.7, 3.2]).matrix.copy()
    matrix[:3, :3] *= 1.0004
    assert "scales by 1.0004" in matrix_fault(matrix)
    assert "scales by 1.0004" in matrix_fault(np.diag([1.0004, 1.0004, 1.0004, 1.0]))


def test_other_units_and_shears_have_names_of_their_own() -> None:
    assert "in metres" in matrix_fault(np.diag([0.001, 0.001, 0.001, 1.0]))
    sheared = np.eye(4)
    sheared[0, 1] = 4e-4
    assert "shears" in matrix_fault(sheared)
    stretched = np.diag([1.0003, 1 / 1.0003, 1.0, 1.0])
    assert "shears" in matrix_fault(stretched)


def test_a_matrix_of_too_few_digits_says_so() -> None:
    matrix = rounded(rotated(3), 2)
    assert "write 6 decimals or more" in matrix_fault(matrix)
    single = rotated(3)
    single[:3, :3] = single[:3, :3].astype(np.float32)
    assert matrix_fault(single) == ""


def test_digits_are_those_of_the_large_entries() -> None:
    """A file with four significant digits writes small entries with more decimals; they say nothing of the others."""
    angle = np.radians(1.0)
    c, s = float(f"{np.cos(angle):.3e}"), float(f"{np.sin(angle):.3e}")
    turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    assert rotation_step(turn) == pytest.approx(0.5e-4)
    assert rotation_step(np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])) == 0.0
    assert rotation_step(Pose.from_yaw(0.7).rotation) == 0.0


@pytest.mark.parametrize("decimals", [4, 5])
def test_the_covariance_of_rounding_is_that_of_many_roundings(decimals: int) -> None:
    """Monte Carlo: many matrices, each rounded as a file does; the spread beside the scan's centre is as claimed."""
    rng, centre = np.random.default_rng(7), np.array([40.0, -25.0, 6.0])
    away = centre + np.array([12.0, 9.0, 3.0])
    claimed: list[float] = []
    errors: list[FloatArray] = []
    for _ in range(1500):
        true = Pose.from_rotation_vector(rng.normal(0, 1.5, 3), rng.uniform(-30, 30, 3))
        written = rounded(true.matrix, decimals)
        written[:3, 3] = np.round(true.translation, 3)
        covariance = rounding_covariance(written, centre)
        assert covariance is not None
        u, _, vt = np.linalg.svd(written[:3, :3])
        image = written[:3, :3] @ centre + written[:3, 3]
        used = Pose.from_parts(u @ vt, image - u @ vt @ centre)
        there = Rounding(covariance, image).about(used.apply(away[None])[0])
        claimed.append(float(np.trace(there[3:, 3:]) / 3))
        errors.append(used.apply(away[None])[0] - true.apply(away[None])[0])
    assert np.mean(np.square(errors)) == pytest.approx(np.median(claimed), rel=0.1)  # the odd one has zeros at its end


def test_a_coarse_matrix_is_used_and_its_uncertainty_says_so() -> None:
    scanned = scan_of(house(), HOUSE_STATIONS, shift=(30.0, -12.0, 1.0), yaw=-2.0)
    full = scanned.T_design_scan @ Pose.from_parts(np.eye(3), -scanned.scan.origin)
    exact = register(scanned.scan, house(), RegistrationRequest.from_matrix(full.matrix))
    coarse = register(scanned.scan, house(), RegistrationRequest.from_matrix(rounded(full.matrix, 4)))
    assert exact.status == coarse.status == "accepted"
    assert exact.covariance is not None
    assert coarse.covariance is not None
    assert coarse.T_design_scan is not None
    assert [note for note in coarse.notes if "rounded" in note]
    assert not [note for note in exact.notes if "rounded" in note]
    spread = [float(np.sqrt(np.diag(known)[3:].max())) for known in (exact.covariance, coarse.covariance)]
    centre = scanned.scan.points.mean(axis=0)
    off = pose_difference(coarse.T_design_scan, scanned.T_design_scan, centre)[0]
    assert 0.0 < off < 3.0 * np.sqrt(3.0) * spread[1]
    assert spread[1] > spread[0]
    stated = register(
        scanned.scan, house(), RegistrationRequest.from_matrix(rounded(full.matrix, 4), "", StatedAccuracy(0.002))
    )
    assert not [note for note in stated.notes if "rounded" in note]  # stated accuracy is taken at its word
