"""What may stand elsewhere is never passed: too few points to fit it there, and more than show it at its place."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import twin.check
from geometry.arrays import FloatArray
from geometry.as_built import AsBuilt
from geometry.other_places import REACH, other_place
from geometry.pose import Pose
from geometry.registration.result import Registration, RegistrationStatus
from geometry.slides import LoosePoints
from geometry.tolerance import surface_tolerance
from geometry.triangle_tree import build_tree, closest
from geometry.verdict import Outcome
from tests.reference.scenes import Box, design_of, face_normal, scan_of
from twin.check import compare
from twin.result import ElementResult

SIGMA = 0.0025
WALL = Box("wall", (0, 0, 0), (4, 0.2, 2.6))
LEAF = Box("door", (1.5, -0.04, 0.1), (2.5, 0.0, 2.1), "IfcDoor")
STATIONS = [(0.6, -2.0, 1.5), (3.3, -2.5, 1.3)]


def ten_mm(_: FloatArray) -> float:
    return 0.010


def points_about(points: FloatArray, settled: FloatArray | None = None) -> LoosePoints:
    """Return points of which nothing is known but where they are."""
    none = np.zeros_like(points)
    known = np.zeros((0, 3)) if settled is None else settled
    return LoosePoints(np.arange(len(points)), points, none, none, 0.77, known)


def edge_points(n: int, shift: float, seed: int) -> FloatArray:
    """Return ``n`` points (n, 3) on the leaf's +x side, displaced along x."""
    rng = np.random.default_rng(seed)
    side = LEAF.sample(0.02, faces=["+x"])
    picked = side[rng.choice(len(side), n, replace=False)]
    return picked + np.column_stack([shift + rng.normal(0.0, 0.002, n), np.zeros((n, 2))])


def agreeing(points: FloatArray, shift: FloatArray) -> int:
    """Count the points on any face across x of the displaced leaf, every triangle looked at."""
    across = np.abs(np.cross(*np.swapaxes(np.diff(LEAF.triangles(), axis=1), 0, 1))[:, 0]) > 1e-9
    tree = build_tree(np.ascontiguousarray(LEAF.triangles()[across] + shift))
    return int((closest(tree, points, 1.0).distance < 3.0 * SIGMA).sum())


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), shift_mm=st.floats(18.0, 52.0), sign=st.booleans(), n=st.integers(9, 40))
def test_it_is_where_trying_every_place_explains_most(seed: int, shift_mm: float, sign: bool, n: int) -> None:
    shift = (shift_mm if sign else -shift_mm) / 1000
    points = edge_points(n, shift, seed)
    found = other_place(LEAF.triangles(), points_about(points), ten_mm, sigma=SIGMA)
    assert found is not None
    places = [place for place in np.arange(-REACH, REACH, 0.001) if abs(place) > 0.010]
    counts = [agreeing(points, np.array([place, 0.0, 0.0])) for place in places]
    assert found.shift[0] == pytest.approx(shift, abs=0.002)
    assert found.shift[0] == pytest.approx(places[int(np.argmax(counts))], abs=3.0 * SIGMA)
    assert abs(found.points - max(counts)) <= 1
    assert np.abs(found.shift[1:]).max() < 1e-9


@pytest.mark.parametrize(("at_its_place", "found"), [(0, True), (11, True), (12, False), (40, False)])
def test_more_points_must_show_it_there_than_at_its_place(at_its_place: int, found: bool) -> None:
    points = edge_points(12, 0.03, 1)
    loose = points_about(points, np.tile(face_normal("+x"), (at_its_place, 1)))
    assert (other_place(LEAF.triangles(), loose, ten_mm, sigma=SIGMA) is not None) is found


def test_a_handful_of_points_or_points_all_over_the_place_are_no_other_place() -> None:
    assert other_place(LEAF.triangles(), points_about(edge_points(7, 0.03, 2)), ten_mm, sigma=SIGMA) is None
    rng = np.random.default_rng(3)
    spread = rng.uniform(np.array(LEAF.lower) - REACH, np.array(LEAF.upper) + REACH, (400, 3))
    assert other_place(LEAF.triangles(), points_about(spread), ten_mm, sigma=SIGMA) is None


def test_a_displacement_that_no_limit_is_about_is_no_doubt() -> None:
    loose = points_about(edge_points(30, 0.03, 4))
    assert other_place(LEAF.triangles(), loose, lambda d: np.inf if abs(d[0]) > 0.7 else 0.01, sigma=SIGMA) is None
    assert other_place(LEAF.triangles(), loose, lambda _: 0.040, sigma=SIGMA) is None


def judged_leaf(shift: tuple[float, float, float], seed: int) -> ElementResult:
    scan = scan_of([WALL, LEAF.moved(shift)], STATIONS, step=0.03, noise=0.002, seed=seed)
    registration = Registration(
        RegistrationStatus.ACCEPTED, Pose.from_parts(np.eye(3), scan.origin), "test",
        covariance=np.diag([1e-5] * 3 + [2e-4] * 3) ** 2, pivot=np.zeros(3),
    )  # fmt: skip
    found = compare(design_of([WALL, LEAF]), scan, registration, surface_tolerance(0.010)).elements
    return next(e for e in found if e.global_id == "door")


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("shift_mm", [-50.0, 40.0])
def test_a_door_that_shows_at_a_few_points_of_its_edge_that_it_stands_aside_does_not_pass(
    seed: int, shift_mm: float
) -> None:
    leaf = judged_leaf((shift_mm / 1000, 0, 0), seed)
    assert leaf.verdict is Outcome.INDETERMINATE
    [reason] = leaf.reasons
    assert reason == f"other_place:{abs(shift_mm):.0f} mm"
    assert judged_leaf((0, 0, 0), seed).verdict is Outcome.PASS


@pytest.mark.parametrize(("on_it", "verdict"), [(0.45, Outcome.INDETERMINATE), (0.55, Outcome.PASS)])
def test_nothing_passes_where_most_points_that_may_be_its_own_do_not_lie_on_it(
    monkeypatch: pytest.MonkeyPatch, on_it: float, verdict: Outcome
) -> None:
    """As a rafter beside the edge of a roof: whose the points are changes with half a millimetre of the pose."""
    solve = twin.check.solve_as_built

    def doubtful(*args: Any, **kwargs: Any) -> AsBuilt:
        found = solve(*args, **kwargs)
        return replace(found, fits=tuple(f and replace(f, inlier_fraction=on_it) for f in found.fits))

    monkeypatch.setattr(twin.check, "solve_as_built", doubtful)
    leaf = judged_leaf((0, 0, 0), 0)
    assert leaf.verdict is verdict
    assert leaf.reasons == (() if verdict is Outcome.PASS else ("place_unsure",))
