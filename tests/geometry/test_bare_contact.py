"""Absent without a ray: the floor under a column's foot was measured. What stands, even 5 cm aside, is never absent."""

import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.as_built import SeenPoints, solve_as_built
from geometry.bare_contact import ASIDE, MIN_BARE, Contacts
from geometry.element_pose import element_shapes
from geometry.pose import Pose
from tests.reference.scenes import Box

FLOOR = Box("floor", (-1.0, -1.0, -0.2), (1.0, 1.0, 0.0))
WALL = Box("wall", (-1.0, 1.0, -0.2), (1.0, 1.3, 1.2))
THIRD = {
    "column": Box("column", (-0.2, -0.2, 0.0), (0.2, 0.2, 1.1)),
    "cabinet": Box("cabinet", (0.2, 0.5, 0.0), (0.9, 1.0, 0.9)),
    "partition": Box("partition", (-0.6, 0.0, 0.0), (-0.48, 1.0, 1.1)),
    "board": Box("board", (-0.5, -0.5, 0.0), (0.5, 0.5, 0.02)),
}
"""What stands on the floor, in a room's corner with the wall; the board is too thin to be asked."""
ABSENT = ("column", "cabinet", "partition")


def scanned(boxes: list[Box], *, noise: float, step: float = 0.03) -> FloatArray:
    """Return points (n, 3) on the faces of boxes as built that lie in no other box, nor on the face of one."""
    rng, found = np.random.default_rng(4), list[FloatArray]()
    for box in boxes:
        low, high = np.array(box.lower), np.array(box.upper)
        for axis in range(3):
            u, v = [k for k in range(3) if k != axis]
            grid = np.stack(
                [a.ravel() for a in np.meshgrid(*[np.arange(low[k] + step / 2, high[k], step) for k in (u, v)])], axis=1
            )
            for side in (low[axis], high[axis]):
                face = np.empty((len(grid), 3))
                face[:, [u, v]], face[:, axis] = grid, side
                found.append((box.built or Pose.identity()).apply(face - box.centre) + box.centre)
    points = np.concatenate(found)
    owner = np.repeat(np.arange(len(boxes)), [sum(map(len, found[6 * i : 6 * i + 6])) for i in range(len(boxes))])
    free = np.ones(len(points), bool)
    for i, box in enumerate(boxes):
        at = (box.built or Pose.identity()).inverse().apply(points - box.centre) + box.centre
        free &= (owner == i) | ~((at > np.array(box.lower) - 1e-9) & (at < np.array(box.upper) + 1e-9)).all(axis=1)
    return points[free] + rng.normal(0.0, noise, (int(free.sum()), 3))


def bare(name: str, points: FloatArray, noise: float) -> int:
    """Return the cells bare of the third element, after the points were given to the three."""
    shapes = element_shapes([b.triangles() for b in (FLOOR, WALL, THIRD[name])])
    zero = np.zeros_like(points)
    seen = SeenPoints(points, zero, zero, 0.77, float(np.hypot(noise, 0.0015)))
    return Contacts(shapes, solve_as_built(shapes, seen, 0.15), seen).bare(2)


@pytest.mark.parametrize("noise", [0.001, 0.004])
@pytest.mark.parametrize("name", ABSENT)
def test_what_is_absent_leaves_its_contact_bare(name: str, noise: float) -> None:
    points = scanned([FLOOR, WALL], noise=noise)
    assert bare(name, points, noise) >= MIN_BARE
    registered = points + np.array([0.004, -0.003, 0.003])
    assert bare(name, registered, noise) >= MIN_BARE


@pytest.mark.parametrize("shift", [(0, 0, 0), (0.05, 0, 0), (0, -0.05, 0), (0, 0, 0.05), (-0.035, -0.035, 0.01)])
@pytest.mark.parametrize("name", THIRD)
def test_what_stands_is_never_absent(name: str, shift: tuple[float, float, float]) -> None:
    points = scanned([FLOOR, WALL, THIRD[name].moved(shift)], noise=0.002)
    assert bare(name, points, 0.002) == 0
    assert bare(name, points + np.array([-0.004, 0.003, 0.004]), 0.002) == 0


@pytest.mark.parametrize("turn", [(0.03, 0, 0), (0, 0.03, 0), (0, 0, 0.1)])
def test_what_leans_or_is_turned_is_never_absent(turn: tuple[float, float, float]) -> None:
    assert bare("column", scanned([FLOOR, WALL, THIRD["column"].moved((0, 0, 0), turn)], noise=0.002), 0.002) == 0


def test_a_strip_that_a_displaced_body_would_uncover_proves_nothing() -> None:
    """The body itself is not seen at all: it may stand just beside."""
    points = scanned([FLOOR, WALL], noise=0.002)
    column = THIRD["column"]
    low, high = np.array(column.lower), np.array(column.upper)
    aside = points[:, :2] - [ASIDE, 0.0]
    hidden = ((aside > low[:2]) & (aside < high[:2])).all(axis=1)
    assert bare("column", points[~hidden], 0.002) == 0


def test_a_thin_board_is_never_said_to_be_absent() -> None:
    assert bare("board", scanned([FLOOR, WALL], noise=0.002), 0.002) == 0


def test_a_neighbour_that_is_seen_there_only_proves_nothing() -> None:
    points = scanned([FLOOR, WALL], noise=0.002)
    only_there = (np.abs(points[:, :2]) < 0.26).all(axis=1) & (points[:, 2] > -0.1)
    assert bare("column", points[only_there], 0.002) == 0


def test_another_thing_at_its_place_leaves_it_open() -> None:
    crate = Box("crate", (-0.15, -0.15, 0.3), (0.15, 0.15, 0.9))
    assert bare("column", scanned([FLOOR, WALL, crate], noise=0.002), 0.002) == 0
