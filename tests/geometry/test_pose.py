"""Rigid transforms: group laws by hypothesis, and the refusal of everything that is not rigid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.pose import Pose, pose_difference

Triple = tuple[float, float, float]
vectors = st.tuples(*[st.floats(-3.0, 3.0)] * 3)
shifts = st.tuples(*[st.floats(-1e6, 1e6)] * 3)


@given(a=vectors, b=vectors, s=shifts, t=shifts, p=vectors)
def test_composing_is_applying_one_after_the_other(a: Triple, b: Triple, s: Triple, t: Triple, p: Triple) -> None:
    T_a_b, T_b_c = Pose.from_rotation_vector(a, s), Pose.from_rotation_vector(b, t)
    np.testing.assert_allclose((T_a_b @ T_b_c).apply([p]), T_a_b.apply(T_b_c.apply([p])), atol=1e-8)
    np.testing.assert_allclose((T_a_b @ T_b_c).rotate([p]), T_a_b.rotate(T_b_c.rotate([p])), atol=1e-12)


@given(a=vectors, s=shifts, p=vectors)
def test_the_inverse_undoes(a: Triple, s: Triple, p: Triple) -> None:
    T = Pose.from_rotation_vector(a, s)
    np.testing.assert_allclose(T.inverse().apply(T.apply([p])), [p], atol=1e-8)
    np.testing.assert_allclose((T @ T.inverse()).matrix, np.eye(4), atol=1e-8)


@given(a=vectors, s=vectors, p=vectors, q=vectors)
def test_distances_and_handedness_stay(a: Triple, s: Triple, p: Triple, q: Triple) -> None:
    T = Pose.from_rotation_vector(a, s)
    moved = T.apply([p, q])
    assert np.linalg.norm(moved[0] - moved[1]) == pytest.approx(np.linalg.norm(np.subtract(p, q)), abs=1e-12)
    assert np.linalg.det(T.rotation) == pytest.approx(1.0)


@given(a=vectors)
def test_a_rotation_vector_comes_back_the_short_way(a: Triple) -> None:
    T = Pose.from_rotation_vector(a)
    back = T.rotation_vector()
    assert np.linalg.norm(back) <= np.pi + 1e-12
    np.testing.assert_allclose(Pose.from_rotation_vector(back).rotation, T.rotation, atol=1e-9)


def test_a_yaw_turns_x_towards_y() -> None:
    T = Pose.from_yaw(np.pi / 2, [10.0, 20.0, 30.0])
    np.testing.assert_allclose(T.apply([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]), [[10, 21, 30], [9, 20, 30], [10, 20, 31]])
    np.testing.assert_allclose(T.rotation_vector(), [0, 0, np.pi / 2])
    np.testing.assert_allclose(T.translation, [10, 20, 30])


@pytest.mark.parametrize("angle", [1e-9, 1e-6, 0.001, 1.0, 3.1])
def test_the_difference_of_two_poses_is_exact_for_tiny_angles_too(angle: float) -> None:
    axis = np.array([2.0, -1.0, 2.0]) / 3.0
    T = Pose.from_rotation_vector([0.3, -1.0, 0.2], [5.0, 6.0, 7.0])
    turned = T @ Pose.from_rotation_vector(angle * axis)
    distance, found = pose_difference(T, turned)
    assert found == pytest.approx(angle, rel=1e-6)
    assert distance == pytest.approx(0.0, abs=1e-15)
    distance, _ = pose_difference(T, turned, at=10.0 * np.array([1.0, 2.0, 0.0]) / np.sqrt(5.0))  # across the axis
    assert distance == pytest.approx(2.0 * 10.0 * np.sin(angle / 2), rel=1e-6)


def test_the_difference_counts_where_it_is_asked_for() -> None:
    one, other = Pose.from_yaw(0.0), Pose.from_yaw(0.01, [1.0, 0.0, 0.0])
    assert pose_difference(one, other) == pytest.approx((1.0, 0.01))
    assert pose_difference(one, other, at=[0, 100.0, 0])[0] == pytest.approx(0.005, abs=1e-4)


@pytest.mark.parametrize(
    ("matrix", "reason"),
    [
        (np.diag([2.0, 2, 2, 1]), "not rigid"),
        (np.diag([1.0, 1, -1, 1]), "not rigid"),
        (np.array([[1.0, 0.1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]), "not rigid"),
        (np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [5, 6, 7, 1]]), "last row"),
        (np.eye(3), "4x4"),
        (np.full((4, 4), np.nan), "finite"),
    ],
)
def test_what_is_not_rigid_is_no_pose(matrix: FloatArray, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Pose(matrix)


def test_a_pose_cannot_be_changed_behind_its_back() -> None:
    matrix = np.eye(4)
    T = Pose(matrix)
    matrix[0, 3] = 9.0
    assert T.translation[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        T.matrix[0, 3] = 1.0
