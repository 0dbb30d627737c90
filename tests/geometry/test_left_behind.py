"""A wall found 11 cm along itself would have taken its front with it: what is left behind refutes the displacement."""

import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.element_pose import PoseFit, built_pose
from geometry.left_behind import refuted_directions
from geometry.witnesses import Witnesses
from tests.reference.scenes import Box

WALL = Box("wall", (0.0, 0.0, 0.0), (3.0, 0.2, 2.0))
MOVE = 0.11
RNG = np.random.default_rng(6)


def fitted(x: float, y: float) -> PoseFit:
    twist = np.array([x, y, 0.0, 0.0, 0.0, 0.0])
    known = (True, True, True, True, True, True)
    return PoseFit(built_pose(twist, WALL.centre), twist, np.eye(6) * 1e-8, known, 1.0, 0.002, 300)


def on_the_front(low: float, high: float, count: int, y: float = 0.0) -> FloatArray:
    """Return points (count, 3) of the wall's front between two places along it, with 1 mm of noise."""
    x, z = RNG.uniform(low, high, count), RNG.uniform(0.1, 1.9, count)
    return np.stack([x, y + RNG.normal(0.0, 0.001, count), z], axis=1)


def shown(count: int) -> Witnesses:
    """Return so many points of the far end of the wall as fitted, and as many of its front."""
    end = np.stack([np.full(count, 3.0 + MOVE), RNG.uniform(0, 0.2, count), RNG.uniform(0, 2, count)], axis=1)
    normals = np.repeat([[1.0, 0, 0], [0, -1.0, 0]], count, axis=0)
    return Witnesses(np.concatenate([end, on_the_front(0.2, 2.9, count)]), normals, np.ones(2 * count, bool), 0.002)


@pytest.mark.parametrize(
    ("left", "count", "refuted"),
    [(200, 300, True), (100, 300, False), (19, 20, False), (20, 30, True), (0, 300, False)],
)
def test_half_as_many_points_left_behind_refute_a_displacement(left: int, count: int, refuted: bool) -> None:
    strip = on_the_front(0.0, MOVE - 0.02, left)
    found = refuted_directions(WALL.triangles(), fitted(MOVE, 0.0), WALL.centre, shown(count), lambda _: strip)
    assert [np.abs(d).round(6).tolist() for d in found] == ([[1.0, 0.0, 0.0]] if refuted else [])


def test_only_the_direction_along_the_face_is_refuted() -> None:
    """The wall stands 4 cm forward, too: the strip that was left lies there, and says nothing against that."""
    strip = on_the_front(0.0, MOVE - 0.02, 400, y=-0.04)
    found = refuted_directions(WALL.triangles(), fitted(MOVE, -0.04), WALL.centre, shown(300), lambda _: strip)
    assert [np.abs(d).round(6).tolist() for d in found] == [[1.0, 0.0, 0.0]]


def test_points_before_the_face_are_not_left_behind() -> None:
    strip = on_the_front(0.0, MOVE - 0.02, 400, y=-0.02)
    assert not refuted_directions(WALL.triangles(), fitted(MOVE, 0.0), WALL.centre, shown(300), lambda _: strip)


def test_what_was_not_displaced_is_not_asked() -> None:
    def never(triangles: FloatArray) -> FloatArray:
        raise AssertionError(triangles)

    assert not refuted_directions(WALL.triangles(), fitted(0.002, 0.001), WALL.centre, shown(300), never)
