"""What is sorted by merging runs comes as numpy sorts it, and what is measured of a mesh as numpy measures it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geometry.shell_kernels import distinct_normals, middle_of, sorted_rows


@given(st.lists(st.one_of(st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1)), max_size=70))
def test_rows_are_sorted_as_numpy_sorts_them_and_equal_ones_stay_in_turn(keys: list[int]) -> None:
    given_keys = np.array(keys, dtype=np.int64)
    assert sorted_rows(given_keys).tolist() == np.argsort(given_keys, kind="stable").tolist()


def test_the_middle_of_corners_is_their_mean_and_of_none_it_is_zero() -> None:
    corners = np.random.default_rng(4).normal(size=(50, 3))
    np.testing.assert_allclose(middle_of(corners), corners.mean(axis=0), rtol=1e-13)
    assert middle_of(np.empty((0, 3))).tolist() == [0.0, 0.0, 0.0]


def test_normals_come_with_the_largest_faces_first_and_no_more_than_asked_for() -> None:
    # three walls of a corner, the one two faces, with 4, 9 and 1 m² twice
    corners = np.array(
        [[0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 0], [0, 9, 0], [0, 0, 1], [0, 0, 0], [0, 0, 1], [1, 0, 0]]
    )
    faces = np.array([[0, 1, 2], [3, 4, 5], [6, 7, 8]])
    found = distinct_normals(corners.astype(float), faces, 1e-4, 2)
    np.testing.assert_allclose(np.abs(found), [[1, 0, 0], [0, 0, 1]], atol=1e-15)
