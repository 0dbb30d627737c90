"""The smallest rectangle round a plan: known shapes, any turn, against a search over all angles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.plan import plan_rectangle


def turned(points: FloatArray, angle: float) -> FloatArray:
    c, s = np.cos(angle), np.sin(angle)
    return points @ np.array([[c, s], [-s, c]])


@given(st.floats(0, np.pi), st.floats(0.5, 20), st.floats(0.01, 0.99), st.floats(-100, 100), st.floats(-100, 100))
def test_the_sides_of_a_rectangle_however_it_lies(
    angle: float, length: float, ratio: float, x: float, y: float
) -> None:
    corners = np.array([[0, 0], [length, 0], [length, ratio * length], [0, ratio * length]])
    found = plan_rectangle(np.add(turned(corners, angle), (x, y)))
    np.testing.assert_allclose(found.lengths, [length, ratio * length], atol=2e-5)
    assert abs(found.axes[0] @ turned(np.array([[1.0, 0.0]]), angle)[0]) == pytest.approx(1.0, abs=1e-4)
    assert found.axes[0] @ found.axes[1] == pytest.approx(0.0, abs=1e-9)


@given(st.integers(0, 10_000))
def test_no_rectangle_at_any_angle_is_smaller(seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(12, 2)) * [3.0, 1.0]
    areas = [np.ptp(turned(points, a), axis=0).prod() for a in np.linspace(0, np.pi / 2, 181)]
    assert plan_rectangle(points).lengths.prod() <= min(areas) + 1e-4


@pytest.mark.parametrize(
    ("points", "lengths"),
    [
        (np.zeros((3, 3)), [0.0, 0.0]),
        (np.array([[0.0, 0, 0], [3, 4, 1]]), [5.0, 0.0]),
        (np.array([[0.0, 0, 0], [3, 4, 1], [6, 8, 2]]), [10.0, 0.0]),
    ],
)
def test_points_and_lines_have_a_plan_too(points: FloatArray, lengths: list[float]) -> None:
    np.testing.assert_allclose(plan_rectangle(points).lengths, lengths, atol=1e-9)


def test_the_axes_point_the_same_way_for_every_element() -> None:
    corners = np.array([[0.0, 0], [4, 0], [4, 1], [0, 1]])
    for angle in np.linspace(0.1, 6.2, 9):
        axes = plan_rectangle(turned(corners, angle)).axes
        assert (axes[np.arange(2), np.argmax(np.abs(axes), axis=1)] > 0).all()
