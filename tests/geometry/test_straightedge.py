"""Flatness by straightedge against all pairs of points, planted gaps and what spans mean."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.pose import Pose
from geometry.straightedge import largest_gap
from tests.reference.straightedge import largest_gap_in_row

UP = np.array([0.0, 0.0, 1.0])


def profile(x: FloatArray) -> FloatArray:
    """Return positions (p, 3) of patches in one row along x."""
    return np.stack([x, np.zeros_like(x), np.zeros_like(x)], axis=1)


def floor(length: float, width: float, cell: float) -> FloatArray:
    x, y = np.meshgrid(np.arange(cell / 2, length, cell), np.arange(cell / 2, width, cell))
    return np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)


@settings(max_examples=60)
@given(seed=st.integers(0, 100_000), count=st.integers(2, 60), span=st.sampled_from([0.4, 1.0, 2.0, 4.0]))
def test_one_row_equals_all_pairs(seed: int, count: int, span: float) -> None:
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(0, 5, count))
    height = rng.normal(0, 0.003, count) + rng.choice([0.0, 0.02]) * np.sin(x)
    got = largest_gap(profile(x), UP, height, span=span, cell=0.05)
    want = largest_gap_in_row(x, height, span)
    assert np.isnan(got) == np.isnan(want)
    assert np.isnan(want) or got == pytest.approx(want, abs=1e-15)


@pytest.mark.parametrize("depth", [0.002, 0.008, 0.025])
def test_a_planted_dip_between_two_high_points_is_recovered(depth: float) -> None:
    x = np.arange(0.0, 6.0, 0.05)
    height = -depth * np.clip(1 - np.abs(x - 3.0) / 0.8, 0, None)  # a V of 1.6 m: a 2 m edge rests on both its rims
    assert largest_gap(profile(x), UP, height, span=2.0, cell=0.05) == pytest.approx(depth, abs=1e-12)


def test_a_bow_gives_the_gap_of_a_circle_under_the_span() -> None:
    x = np.arange(0.0, 4.001, 0.05)
    height = 0.025 * ((x - 2.0) / 2.0) ** 2  # a hollow: 25 mm over 4 m
    for span in (1.0, 2.0, 4.0):
        want = 0.025 * (span / 4.0) ** 2  # sagitta of a parabola grows with the square of the span
        assert largest_gap(profile(x), UP, height, span=span, cell=0.05) == pytest.approx(want, abs=1e-12)


def test_a_hump_bears_the_edge_so_only_the_chord_to_its_top_counts() -> None:
    x = np.arange(0.0, 4.001, 0.05)
    height = -0.025 * ((x - 2.0) / 2.0) ** 2  # nothing can rest on two points with the middle above it
    assert np.isnan(largest_gap(profile(x), UP, height, span=2.0, cell=0.05))


def test_the_direction_across_counts_too() -> None:
    position = floor(3.0, 5.0, 0.1)
    height = -0.012 * np.clip(1 - np.abs(position[:, 1] - 2.5) / 0.8, 0, None)  # a groove along x, seen only along y
    assert largest_gap(position, UP, height, span=2.0, cell=0.1) == pytest.approx(0.012, abs=0.0008)


@pytest.mark.parametrize("slope", [0.001, 0.05, -0.3])
def test_a_slope_along_the_row_is_flat(slope: float) -> None:
    x = np.arange(0.05, 4.0, 0.1)
    assert largest_gap(profile(x), UP, slope * x, span=2.0, cell=0.1) == pytest.approx(0.0, abs=1e-12)


def test_a_leaning_flat_face_has_no_gap() -> None:
    """A wall 1 degree out of plumb is flat; its patches' middles are never exactly in line."""
    rng = np.random.default_rng(0)
    position = floor(4.0, 3.0, 0.2)
    position[:, :2] += rng.uniform(-0.05, 0.05, (len(position), 2))
    height = np.tan(np.radians(1.0)) * position[:, 1]
    assert largest_gap(position, UP, height, span=2.0, cell=0.2) < 0.0005


def test_a_face_shorter_than_half_the_edge_cannot_be_judged() -> None:
    assert np.isnan(largest_gap(profile(np.arange(0, 0.9, 0.1)), UP, np.zeros(9), span=2.0, cell=0.1))
    assert largest_gap(profile(np.arange(0, 1.2, 0.1)), UP, np.zeros(12), span=2.0, cell=0.1) == 0.0


def test_rows_are_not_mixed() -> None:
    """Two rows at different levels: an edge never lies across both."""
    x = np.arange(0.0, 3.0, 0.1)
    position = np.concatenate([profile(x), profile(x) + np.array([0, 0.25, 0])])
    height = np.concatenate([np.zeros(len(x)), np.full(len(x), 0.03)])
    assert largest_gap(position, UP, height, span=2.0, cell=0.1) == pytest.approx(0.0, abs=1e-12)


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), turn=st.tuples(*[st.floats(-3, 3)] * 3), shift=st.tuples(*[st.floats(-50, 50)] * 3))
def test_the_gap_under_one_row_does_not_depend_on_where_the_face_is(
    seed: int, turn: tuple[float, float, float], shift: tuple[float, float, float]
) -> None:
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(0, 3, 40))
    height = rng.normal(0, 0.004, 40)
    T = Pose.from_rotation_vector(turn, shift)
    want = largest_gap_in_row(x, height, 2.0)
    # the face's own axes are chosen from its normal; the row must stay a row, so it is laid along one of them
    normal = T.rotate([UP])[0]
    helper = np.eye(3)[int(np.argmin(np.abs(normal)))]
    along = np.cross(normal, helper) / np.linalg.norm(np.cross(normal, helper))
    got = largest_gap(T.translation + x[:, None] * along, normal, height, span=2.0, cell=0.05)
    assert got == pytest.approx(want, abs=1e-9, nan_ok=True)
