"""The budget against drawing registrations from their covariance and looking what happens at the element."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.pose import Pose
from geometry.uncertainty import COVERAGE_FACTOR, Budget, expanded


def random_covariance(rng: np.random.Generator) -> FloatArray:
    """Return a registration covariance with correlations: 0.02 degrees and a millimetre or so."""
    root = rng.normal(size=(6, 6)) * np.array([3e-4] * 3 + [1e-3] * 3)[:, None]
    return root @ root.T / 6


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_registrations_share_equals_drawing_ten_thousand_registrations(seed: int) -> None:
    rng = np.random.default_rng(seed)
    covariance, pivot = random_covariance(rng), rng.uniform(-5, 5, 3)
    position = pivot + rng.uniform(-20, 20, (4, 3))
    direction = rng.normal(size=(4, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    draws = rng.multivariate_normal(np.zeros(6), covariance, 10_000)
    moved = np.array(
        [np.einsum("ij,ij->i", Pose.from_rotation_vector(d[:3]).rotate(position - pivot) + d[3:] + pivot - position,
                   direction) for d in draws]
    )  # fmt: skip
    got = Budget(covariance, pivot, 0.0).at(position, direction)
    np.testing.assert_allclose(got, moved.std(axis=0), rtol=0.03)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_pose_inherits_the_frames_covariance_at_its_place(seed: int) -> None:
    """Of ten thousand registrations: how an element at a place shifts and turns, correlations too."""
    rng = np.random.default_rng(seed)
    covariance, pivot = random_covariance(rng), rng.uniform(-5, 5, 3)
    position = pivot + rng.uniform(-20, 20, 3)
    draws = rng.multivariate_normal(np.zeros(6), covariance, 10_000)
    shift = np.array([Pose.from_rotation_vector(d[:3]).rotate([position - pivot])[0] + d[3:] for d in draws])
    drawn = np.cov(np.concatenate([shift, draws[:, :3]], axis=1).T)
    got = Budget(covariance, pivot, 0.0).pose_at(position)
    scale = np.sqrt(np.outer(np.diag(drawn), np.diag(drawn)))
    np.testing.assert_allclose(got / scale, drawn / scale, atol=0.05)


def test_the_instrument_adds_to_where_a_pose_is_and_not_to_how_it_is_turned() -> None:
    got = Budget(np.zeros((6, 6)), np.zeros(3), 0.002).pose_at(np.array([3.0, 4, 5]))
    np.testing.assert_allclose(got, np.diag([4e-6] * 3 + [0.0] * 3), atol=1e-18)


def test_parts_add_as_squares() -> None:
    budget = Budget(np.diag([0.0] * 3 + [0.003**2] * 3), np.zeros(3), 0.004)
    at, along = np.array([[7.0, 8, 9]]), np.array([[0.0, 1, 0]])
    assert budget.combined(at, along, np.array([0.012]))[0] == pytest.approx(0.013)
    assert budget.combined(at, along, np.array([0.0]))[0] == pytest.approx(0.005)


def test_a_yaw_error_grows_with_the_distance_from_the_pivot_and_only_across() -> None:
    budget = Budget(np.diag([0, 0, 1e-4, 0, 0, 0]) ** 2, np.array([1.0, 1.0, 0.0]), 0.0)
    at = np.array([[31.0, 1, 2]] * 3)
    np.testing.assert_allclose(budget.at(at, np.eye(3)), [0.0, 0.003, 0.0], atol=1e-12)
    np.testing.assert_allclose(budget.tilt(), np.diag([0, 0, 1e-8]))


@settings(max_examples=30)
@given(seed=st.integers(0, 1000), turn=st.tuples(*[st.floats(-3, 3)] * 3))
def test_the_budget_turns_with_the_frame(seed: int, turn: tuple[float, float, float]) -> None:
    rng = np.random.default_rng(seed)
    covariance, pivot = random_covariance(rng), rng.uniform(-5, 5, 3)
    position, direction = rng.uniform(-9, 9, (5, 3)), np.tile([0.6, 0.0, 0.8], (5, 1))
    T = Pose.from_rotation_vector(turn, [3.0, -2.0, 1.0])
    both = np.kron(np.eye(2), T.rotation)
    here = Budget(covariance, pivot, 0.0005).combined(position, direction, np.full(5, 0.001))
    turned = Budget(both @ covariance @ both.T, T.apply([pivot])[0], 0.0005)
    np.testing.assert_allclose(turned.combined(T.apply(position), T.rotate(direction), np.full(5, 0.001)), here)


def test_a_pose_taken_at_its_word_still_leaves_the_instrument() -> None:
    budget = Budget(np.zeros((6, 6)), np.zeros(3), 0.0005)
    got = budget.combined(np.zeros((1, 3)), np.array([[0.0, 0, 1]]), np.zeros(1))
    assert got.tolist() == [0.0005]


def test_expanded_is_k_times_the_standard_uncertainty() -> None:
    assert COVERAGE_FACTOR == 2.0  # GUM 6.3.3: about 95 %
    assert expanded(0.0013) == 0.0026
