"""A plate seen on one face only: without station positions that face may be its other one, and it does not pass."""

import numpy as np
import pytest

from geometry.pose import Pose
from geometry.registration.result import Registration, RegistrationStatus
from geometry.tolerance import surface_tolerance
from geometry.verdict import Outcome, State
from tests.reference.scenes import Box, design_of, scan_of
from twin.check import compare
from twin.result import ElementResult

THICK = 0.05
ROOM = [
    Box("floor", (0, -3, -0.2), (4, 2, 0)),
    Box("left", (-0.2, -3, 0), (0, 2, 2.6)),
    Box("right", (4, -3, 0), (4.2, 2, 2.6)),
    Box("back", (0, 2, 0), (4, 2.2, 2.6)),
    Box("roof", (0, -3, 2.6), (4, 2, 2.8)),
]
SCREEN = Box("plate", (1.5, 0.5, 0), (2.5, 0.5 + THICK, 2.0), "IfcDoor")
LINING = Box("plate", (0, 0.5, 0), (4, 0.5 + THICK, 2.6), "IfcCovering")
IN_FRONT = [(2.0, -1.8, 1.5), (2.1, -1.2, 1.2)]


def judged(plate: Box, shift: float, *, poses: bool, seed: int = 0) -> ElementResult:
    """Return what is said of a plate that was built ``shift`` metres farther back."""
    built = [*ROOM, plate.moved((0.0, shift, 0.0))]
    scan = scan_of(built, IN_FRONT, step=0.02, noise=0.002, seed=seed, poses=poses)
    registration = Registration(
        RegistrationStatus.ACCEPTED, Pose.from_parts(np.eye(3), scan.origin), "test",
        covariance=np.diag([1e-5] * 3 + [2e-4] * 3) ** 2, pivot=np.zeros(3),
    )  # fmt: skip
    found = compare(design_of([*ROOM, plate]), scan, registration, surface_tolerance(0.010)).elements
    return next(e for e in found if e.global_id == "plate")


@pytest.mark.parametrize("shift", [-THICK, THICK - 0.003])
def test_a_plate_that_stands_aside_by_its_thickness_never_passes(shift: float) -> None:
    assert judged(SCREEN, shift, poses=True).verdict is Outcome.FAIL
    assert judged(SCREEN, shift, poses=False).verdict is not Outcome.PASS


def test_one_that_lies_with_its_front_where_its_back_should_be_says_so() -> None:
    plate = judged(SCREEN, THICK - 0.002, poses=False)
    assert plate.verdict is Outcome.INDETERMINATE
    assert plate.reasons == ("other_side:50 mm",)
    assert plate.state is State.INSTALLED


def test_where_the_stations_are_known_a_sound_one_passes() -> None:
    assert judged(SCREEN, 0.0, poses=True).verdict is Outcome.PASS
    assert judged(SCREEN, 0.0, poses=False).reasons == ("other_side:50 mm",)  # the same points as one 5 cm aside


def test_nobody_looked_from_behind_a_lining() -> None:
    """Behind it nothing was measured: the face that was seen is the one towards the room."""
    assert judged(LINING, 0.0, poses=False).verdict is Outcome.PASS


def test_a_plate_whose_edge_was_seen_has_one_place() -> None:
    beside = [(2.0, -1.8, 1.5), (0.5, 0.1, 1.2)]
    scan = scan_of([*ROOM, SCREEN], beside, step=0.015, noise=0.002, poses=False)
    registration = Registration(
        RegistrationStatus.ACCEPTED, Pose.from_parts(np.eye(3), scan.origin), "test",
        covariance=np.diag([1e-5] * 3 + [2e-4] * 3) ** 2, pivot=np.zeros(3),
    )  # fmt: skip
    found = compare(design_of([*ROOM, SCREEN]), scan, registration, surface_tolerance(0.010)).elements
    plate = next(e for e in found if e.global_id == "plate")
    assert not any(str(r).startswith("other_side") for r in plate.reasons)
