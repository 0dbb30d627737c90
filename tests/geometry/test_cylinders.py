"""Round pipes and columns: what is one, and that planted axes and diameters come back within U or not at all."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.characteristics import measure, overall
from geometry.cylinder import Cylinder, designed_cylinder
from geometry.cylinder_fit import RoundBody, fit_cylinder
from geometry.measured import Measured
from geometry.pose import Pose
from geometry.tolerance import Limits, Rule, ToleranceSet
from geometry.verdict import Measurement, Outcome
from tests.reference.cylinder import brute_fit, cylinder_mesh, on_cylinder
from tests.reference.measured import measured_box
from tests.reference.scenes import Box

Z = np.array([0.0, 0.0, 1.0])
PIPE = Cylinder(np.zeros(3), Z, 3.0, 0.05)
HALF_TURN = float(np.radians(150.0))
HOST = measured_box(Box("pipe", (-0.05, -0.05, -1.5), (0.05, 0.05, 1.5), "IfcPipeSegment"), ["-x", "+x"])
LIMITS = ((float("inf"), Limits(-0.010, 0.010)),)
ROUND = ToleranceSet("test", tuple(Rule(name, "clause", LIMITS) for name in ("diameter", "cylinder_axis")))


def host(body: RoundBody) -> Measured:
    return replace(HOST, cylinder=body)


def told(body: RoundBody) -> dict[str, Measurement]:
    return {m.characteristic: m for m in measure(host(body), ROUND)}


turns = st.lists(st.floats(-3.0, 3.0), min_size=3, max_size=3)
shifts = st.lists(st.floats(-5e3, 5e3), min_size=3, max_size=3)


@settings(max_examples=25, deadline=None)
@given(turns, shifts, st.sampled_from([(0.021, 0.3, 0.018), (0.05, 3.0, 0.045), (0.3, 0.6, 0.0), (0.5, 12.0, 0.0)]))
def test_a_cylinder_is_known_whatever_its_direction(
    turn: list[float], shift: list[float], sizes: tuple[float, float, float]
) -> None:
    radius, length, bore = sizes
    T = Pose.from_rotation_vector(turn, shift)
    mesh = T.apply(cylinder_mesh(radius, length, bore=bore).reshape(-1, 3)).reshape(-1, 3, 3)
    found = designed_cylinder(mesh)
    assert found is not None
    assert (found.radius, found.length) == pytest.approx((radius, length), abs=1e-7)
    assert found.centre == pytest.approx(shift, abs=1e-7)
    assert abs(found.axis @ T.rotation[:, 2]) == pytest.approx(1.0, abs=1e-10)
    assert found.axis[np.argmax(np.abs(found.axis))] > 0
    basis = np.vstack([found.basis(), found.axis])
    assert basis @ basis.T == pytest.approx(np.eye(3), abs=1e-12)


def test_the_radius_is_that_of_the_corners_not_of_the_facets() -> None:
    """Of thirteen facets the middles lie 3 % further in."""
    found = designed_cylinder(cylinder_mesh(0.3, 3.0, 13))
    assert found is not None
    assert found.radius == pytest.approx(0.3, abs=1e-12)


def test_prisms_cones_halves_and_flanges_are_no_cylinders() -> None:
    whole = cylinder_mesh(0.1, 2.0)
    cone = whole * np.where(whole[..., 2:] > 0, [0.9, 0.9, 1.0], 1.0)
    flange = cylinder_mesh(0.2, 0.05) + np.array([0.0, 0.0, 0.9])
    assert designed_cylinder(whole) is not None
    for mesh in (
        cylinder_mesh(0.1, 2.0, 8), cone, whole[(whole[..., 0] >= -1e-9).all(axis=1)],
        np.concatenate([whole, flange]), whole * [1.0, 1.05, 1.0], Box("b", (0, 0, 0), (1, 1, 3)).triangles(),
    ):  # fmt: skip
        assert designed_cylinder(mesh) is None


@pytest.mark.parametrize("seed", range(5))
def test_the_fit_is_that_of_a_general_minimiser(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = on_cylinder(0.055, 3.0, rng, count=400, noise=0.001, arc=np.radians(200.0))
    T = Pose.from_rotation_vector([0.01, -0.006, 0.0], [0.02, -0.01, 0.0])
    points = T.apply(points)
    found = fit_cylinder(points, PIPE, noise=0.02, form=0.0)  # so loose that every point weighs alike
    assert found is not None
    offset, tilt, radius = brute_fit(points, PIPE.radius)
    assert found.offset == pytest.approx(offset, abs=2e-6)
    assert found.tilt == pytest.approx(tilt, abs=2e-6)
    assert found.radius == pytest.approx(radius, abs=2e-6)


def test_errors_are_within_u_as_often_as_it_says() -> None:
    """200 pipes seen on 110 to 180 degrees: the errors scatter as the covariance says, in all five parameters."""
    scores: list[np.ndarray] = []
    within: list[bool] = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        grown, offset, tilt = rng.uniform(-0.01, 0.01), rng.uniform(-0.03, 0.03, 2), rng.uniform(-0.01, 0.01, 2)
        arc = float(np.radians(rng.uniform(110, 180)))
        points = on_cylinder(0.05 + grown, 3.0, rng, count=800, noise=0.002, arc=arc)
        built = Pose.from_rotation_vector([-tilt[1], tilt[0], 0.0]).apply(points) + np.array([*offset, 0.0])
        found = fit_cylinder(built, PIPE, noise=0.002, form=0.0)
        assert found is not None
        error = np.array([*(found.offset - offset), *(found.tilt - tilt), found.radius - 0.05 - grown])
        scores.append(error / np.sqrt(np.diag(found.covariance)))
        place = told(RoundBody(PIPE, found))["cylinder_axis"]
        true = max(float(np.linalg.norm(offset + end * tilt)) for end in (-1.5, 1.5))
        within.append(abs(place.actual - true) <= place.expanded_uncertainty)
        assert found.arc == pytest.approx(arc, abs=np.radians(12.0))
    assert np.mean(within) > 0.94
    z = np.array(scores)
    assert (np.mean(np.abs(z) <= 2.0, axis=0) > 0.91).all()
    assert np.all((z.std(axis=0) > 0.8) & (z.std(axis=0) < 1.2))
    assert (np.abs(z.mean(axis=0)) < 0.25).all()


@pytest.mark.parametrize("noise", [0.0005, 0.002, 0.004])
@pytest.mark.parametrize("arc", [120.0, 180.0, 360.0])
@pytest.mark.parametrize(("grown", "shift"), [(0.0, 0.0), (0.016, 0.0), (-0.016, 0.01), (0.003, 0.03)])
def test_planted_diameters_and_shifts_come_back_within_u(noise: float, arc: float, grown: float, shift: float) -> None:
    rng = np.random.default_rng(1)
    points = on_cylinder(0.05 + grown / 2, 3.0, rng, count=1500, noise=noise, arc=float(np.radians(arc)))
    found = told(RoundBody(PIPE, fit_cylinder(points + np.array([0.0, shift, 0.0]), PIPE, noise=noise)))
    thick, place = found["diameter"], found["cylinder_axis"]
    assert thick.actual == pytest.approx(grown, abs=thick.expanded_uncertainty)
    assert place.actual == pytest.approx(shift, abs=place.expanded_uncertainty)
    assert thick.nominal == pytest.approx(0.1)
    assert thick.expanded_uncertainty < 0.006
    for m, true in ((thick, grown), (place, shift)):
        if m.outcome is not Outcome.INDETERMINATE:
            assert (m.outcome is Outcome.FAIL) == (abs(true) > 0.010)


@settings(max_examples=12, deadline=None)
@given(turns, shifts)
def test_where_a_pipe_lies_and_which_way_changes_nothing(turn: list[float], shift: list[float]) -> None:
    points = on_cylinder(0.053, 3.0, np.random.default_rng(2), count=600, noise=0.002, arc=HALF_TURN)
    points += np.array([0.0, 0.02, 0.0])
    T = Pose.from_rotation_vector(turn, shift)
    there = designed_cylinder(T.apply(cylinder_mesh(0.05, 3.0).reshape(-1, 3)).reshape(-1, 3, 3))
    assert there is not None
    one, other = (
        fit_cylinder(points, PIPE, noise=0.002, form=0.0),
        fit_cylinder(T.apply(points), there, noise=0.002, form=0.0),
    )
    assert one is not None
    assert other is not None
    assert other.radius == pytest.approx(one.radius, abs=1e-7)
    assert other.covariance[4, 4] == pytest.approx(one.covariance[4, 4], rel=1e-3)
    built = np.linalg.norm(one.offset), np.linalg.norm(other.offset)
    assert built[0] == pytest.approx(built[1], abs=1e-7)


def test_a_thin_arc_says_nothing() -> None:
    points = on_cylinder(0.05, 3.0, np.random.default_rng(0), count=3000, noise=0.002, arc=float(np.radians(70.0)))
    found = measure(host(RoundBody(PIPE, fit_cylinder(points, PIPE, noise=0.002))), ROUND)
    assert [(m.outcome, m.note) for m in found] == [(Outcome.NOT_MEASURED, "thin_arc")] * 2
    assert all(np.isnan(m.actual) for m in found)
    assert overall(found) is Outcome.NOT_MEASURED


def test_two_strips_on_opposite_sides_are_enough() -> None:
    rng = np.random.default_rng(0)
    strip = on_cylinder(0.053, 3.0, rng, count=800, noise=0.002, arc=float(np.radians(60.0)))
    points = np.concatenate([strip, strip * [-1.0, 1.0, 1.0]])
    thick = told(RoundBody(PIPE, fit_cylinder(points, PIPE, noise=0.002)))["diameter"]
    assert thick.actual == pytest.approx(0.006, abs=thick.expanded_uncertainty)


def test_few_points_and_a_short_part_say_nothing_of_the_ends() -> None:
    rng = np.random.default_rng(0)
    few = told(RoundBody(PIPE, fit_cylinder(on_cylinder(0.05, 3.0, rng, count=15, noise=0.001), PIPE, noise=0.001)))
    assert {m.note for m in few.values()} == {"few_points"}
    assert {m.note for m in told(RoundBody(PIPE, None)).values()} == {"few_points"}
    part = told(RoundBody(PIPE, fit_cylinder(on_cylinder(0.05, 1.2, rng, count=900, noise=0.002), PIPE, noise=0.002)))
    assert part["cylinder_axis"].note == "short_part"
    assert part["diameter"].outcome is Outcome.PASS


def test_clamps_and_strays_do_not_make_it_thicker() -> None:
    rng = np.random.default_rng(4)
    points = on_cylinder(0.05, 3.0, rng, count=1500, noise=0.002, arc=HALF_TURN)
    clamp = on_cylinder(0.065, 0.08, rng, count=80, noise=0.002, arc=HALF_TURN) + np.array([0.0, 0.0, 0.7])
    stray = points[::15] + rng.uniform(0.0, 0.08, (100, 1)) * [1.0, 0.0, 0.0]
    thick = told(RoundBody(PIPE, fit_cylinder(np.concatenate([points, clamp, stray]), PIPE, noise=0.002)))["diameter"]
    assert thick.actual == pytest.approx(0.0, abs=thick.expanded_uncertainty)


def test_the_axis_counts_with_the_registration_and_the_diameter_does_not() -> None:
    points = on_cylinder(0.05, 3.0, np.random.default_rng(0), count=1500, noise=0.002) + np.array([0.0, 0.02, 0.0])
    body = RoundBody(PIPE, fit_cylinder(points, PIPE, noise=0.002))
    box = Box("pipe", (-0.05, -0.05, -1.5), (0.05, 0.05, 1.5), "IfcPipeSegment")
    unsure = replace(measured_box(box, ["-x", "+x"], registration=[0, 0, 0, 0, 0.003, 0]), cylinder=body)
    found, sure = {m.characteristic: m for m in measure(unsure, ROUND)}, told(body)
    assert found["diameter"] == sure["diameter"]
    assert found["cylinder_axis"].expanded_uncertainty == pytest.approx(
        np.hypot(sure["cylinder_axis"].expanded_uncertainty, 0.006), rel=0.01
    )


@pytest.mark.parametrize("rise", [0.0, 0.012, -0.03])
def test_the_fall_of_a_lying_pipe_is_that_of_its_axis(rise: float) -> None:
    """A pipe along x, designed with a fall of 1 in 100: what counts is what it rises more than that."""
    fall = ToleranceSet("test", (Rule("slope", "clause", LIMITS),))
    lie = Pose.from_rotation_vector([0.0, np.pi / 2 + 0.01, 0.0])
    mesh = lie.apply(cylinder_mesh(0.05, 3.0).reshape(-1, 3)).reshape(-1, 3, 3)
    design = designed_cylinder(mesh)
    assert design is not None
    points = lie.apply(on_cylinder(0.05, 3.0, np.random.default_rng(0), count=1500, noise=0.002, arc=HALF_TURN))
    points = points + np.outer(points @ design.axis, [0.0, 0.0, rise / 3.0])
    [found] = measure(host(RoundBody(design, fit_cylinder(points, design, noise=0.002))), fall)
    assert found.actual == pytest.approx(rise, abs=found.expanded_uncertainty)
    assert found.method == "cylinder fit"
    assert measure(host(RoundBody(PIPE, None)), fall) == ()


def test_what_is_no_cylinder_is_not_asked_for_its_diameter() -> None:
    assert measure(HOST, ROUND) == ()
