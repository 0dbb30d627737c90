"""Doors and windows that are absent, open or of glass: what is missing, what stands there, and what is never passed."""

from dataclasses import replace

import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.pose import Pose
from geometry.registration.result import Registration, RegistrationStatus
from geometry.tolerance import Limits, Rule, ToleranceSet
from geometry.verdict import Outcome, State
from tests.reference.scenes import Box, design_of, scan_of
from twin.check import compare
from twin.result import ElementResult

SURFACE = ToleranceSet("surface", (Rule("surface", "test", ((np.inf, Limits(-0.010, 0.010)),)),))
HINGE = (1.05, 3.02, 0.0)


def _wall(x0: float, x1: float, z0: float, z1: float) -> Box:
    return Box("wall", (x0, 3, z0), (x1, 3.2, z1))


def _door(x0: float, x1: float, z0: float, z1: float, *, y: tuple[float, float] = (3, 3.06)) -> Box:
    return Box("door", (x0, y[0], z0), (x1, y[1], z1), "IfcDoor")


def _window(x0: float, x1: float, z0: float, z1: float, *, y: tuple[float, float] = (3.05, 3.12)) -> Box:
    return Box("window", (x0, y[0], z0), (x1, y[1], z1), "IfcWindow")


ROOM = [
    Box("floor", (0, 0, -0.2), (4, 6, 0), "IfcSlab"),
    Box("back wall", (0, 6, 0), (4, 6.2, 2.6)),
    # the wall with a doorway from x = 1 to 2 and a window from 2.6 to 3.6
    *(_wall(0, 1, 0, 2.6), _wall(1, 2, 2.1, 2.6), _wall(2, 2.6, 0, 2.6)),
    *(_wall(2.6, 3.6, 0, 0.9), _wall(2.6, 3.6, 2.1, 2.6), _wall(3.6, 4, 0, 2.6)),
]
LINING = [_door(1, 1.05, 0, 2.1), _door(1.95, 2, 0, 2.1), _door(1.05, 1.95, 2.05, 2.1)]
LEAF = _door(1.05, 1.95, 0, 2.05, y=(3.02, 3.06))
FRAME = [
    *(_window(2.6, 2.66, 0.9, 2.1), _window(3.54, 3.6, 0.9, 2.1)),
    *(_window(2.66, 3.54, 0.9, 0.96), _window(2.66, 3.54, 2.04, 2.1)),
]
PANE = _window(2.66, 3.54, 0.96, 2.04, y=(3.08, 3.09))

STATIONS = [(1.2, 0.7, 1.5), (2.9, 1.4, 1.4), (2.0, 4.9, 1.6)]


def turned_about_hinge(box: Box, degrees: float) -> Box:
    """Return a door leaf that stands open."""
    turn = Pose.from_yaw(np.radians(degrees)).rotation
    hinge = np.array(HINGE)
    return replace(box, built=Pose.from_parts(turn, hinge - turn @ hinge))


def states(
    boxes: list[Box], noise: float, seed: int, stations: list[tuple[float, float, float]], *, known: bool = True
) -> dict[str, ElementResult]:
    """Return what a check says of each element, the scan's place known, and where it was taken from or not."""
    scan = scan_of(boxes, stations, step=0.02, noise=noise, seed=seed)
    if not known:
        scan = replace(scan, stations=tuple(replace(s, position=None) for s in scan.stations))
    covariance: FloatArray = np.diag([1e-10] * 3 + [1e-8] * 3)
    pose = Pose.from_parts(np.eye(3), scan.origin)
    placed = Registration(RegistrationStatus.ACCEPTED, pose, "given", covariance=covariance, pivot=np.zeros(3))
    return {e.global_id: e for e in compare(design_of(boxes), scan, placed, SURFACE).elements}


@pytest.mark.parametrize(
    ("noise", "seed", "stations"), [(0.001, 1, STATIONS), (0.004, 2, STATIONS), (0.002, 3, STATIONS[1:2])]
)
def test_absent_ones_are_missing_though_the_reveals_lie_on_their_faces(
    noise: float, seed: int, stations: list[tuple[float, float, float]]
) -> None:
    found = states([*ROOM, *(box.absent() for box in (*LINING, LEAF, *FRAME, PANE))], noise, seed, stations)
    assert {found["door"].state, found["window"].state} == {State.MISSING}
    assert found["wall"].state is State.INSTALLED


@pytest.mark.parametrize(
    ("noise", "seed", "degrees", "stations"),
    [(0.001, 4, -90.0, STATIONS[:1]), (0.004, 5, -80.0, STATIONS[:1]), (0.002, 6, -35.0, STATIONS)],
)
def test_an_open_door_and_glass_that_returns_nothing_are_not_missing_and_do_not_pass(
    noise: float, seed: int, degrees: float, stations: list[tuple[float, float, float]]
) -> None:
    boxes = [*ROOM, *LINING, turned_about_hinge(LEAF, degrees), *FRAME, PANE.absent()]
    found = states(boxes, noise, seed, stations)
    for name in ("door", "window"):
        assert found[name].state is State.INSTALLED
    assert found["door"].verdict is not Outcome.PASS
    assert any(str(reason).startswith("partly_absent") for reason in found["door"].reasons)


def test_what_is_there_as_designed_is_installed() -> None:
    found = states([*ROOM, *LINING, LEAF, *FRAME, PANE], 0.002, 7, STATIONS)
    assert {e.state for e in found.values()} == {State.INSTALLED}


@pytest.mark.parametrize(("noise", "seed", "stations"), [(0.001, 8, STATIONS), (0.004, 9, STATIONS[:2])])
def test_absent_ones_never_pass_though_nobody_says_where_the_scan_was_taken(
    noise: float, seed: int, stations: list[tuple[float, float, float]]
) -> None:
    boxes = [*ROOM, *(box.absent() for box in (*LINING, LEAF, *FRAME, PANE))]
    found = states(boxes, noise, seed, stations, known=False)
    for name in ("door", "window"):
        assert found[name].state is not State.MISSING, "no ray is known to have gone through"
        assert found[name].verdict is Outcome.NOT_MEASURED
    assert found["wall"].state is State.INSTALLED
