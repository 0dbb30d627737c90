"""A displacement is shown by points on a face across it; a line along an edge may be a neighbour's."""

import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.witnesses import FEW, Witnesses

SIGMA = 0.0025
X, Y, Z = np.eye(3)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def on_face(
    rng: np.random.Generator, *, width: float, count: int = 60, certain: int = 0, normal: FloatArray = X
) -> Witnesses:
    """Points on the face x = 0 of a column 2 m high, over a strip of it."""
    points = np.stack([np.zeros(count), rng.uniform(0, width, count), np.linspace(0, 2, count)], axis=1)
    points += rng.normal(0, 0.002, points.shape)
    return Witnesses(points, np.tile(normal, (count, 1)), np.arange(count) < certain, SIGMA)


def test_a_line_along_an_edge_shows_nothing_however_many_points_it_has(rng: np.random.Generator) -> None:
    assert on_face(rng, width=0.0, count=500).along(X) == 0
    assert on_face(rng, width=0.0, count=500, certain=7).along(X) == 7


def test_a_strip_shows_it_though_no_point_has_a_normal(rng: np.random.Generator) -> None:
    assert on_face(rng, width=0.06).along(X) == 60


def test_points_with_normals_need_no_width(rng: np.random.Generator) -> None:
    assert on_face(rng, width=0.0, certain=FEW).along(X) == 60


def test_few_points_are_few(rng: np.random.Generator) -> None:
    assert on_face(rng, width=0.06, count=FEW - 1, certain=FEW - 1).along(X) == FEW - 1


@pytest.mark.parametrize("direction", [Y, Z])
def test_a_face_shows_nothing_along_itself(rng: np.random.Generator, direction: FloatArray) -> None:
    assert on_face(rng, width=0.3, certain=60).along(direction) == 0


def test_a_sloping_face_shows_both_directions_across_it(rng: np.random.Generator) -> None:
    sloping = on_face(rng, width=0.3, certain=60, normal=(X + Z) / np.sqrt(2))
    assert sloping.along(X) == sloping.along(Z) == 60
    assert sloping.along(-X) == 60


def test_there_may_be_none() -> None:
    none = Witnesses(np.empty((0, 3)), np.empty((0, 3)), np.empty(0, np.bool_), SIGMA)
    assert none.along(X) == 0


def test_a_face_is_not_shown_by_the_one_opposite(rng: np.random.Generator) -> None:
    assert on_face(rng, width=0.06).facing(X) == 60
    assert on_face(rng, width=0.0).facing(X) == 0
    assert on_face(rng, width=0.06, certain=60).facing(-X) == 0
