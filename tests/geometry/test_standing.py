"""What stands at a place: not what a neighbour explains, not what is seen through the element itself."""

import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.as_built import AsBuilt, SeenPoints
from geometry.element_pose import element_shapes
from geometry.standing import NOTHING, BuiltSurfaces, Standing
from tests.reference.scenes import Box

STATION = np.array([0.0, -3.0, 0.0])
FRONT = Box("cabinet", (-0.5, 0.0, -0.5), (0.5, 0.02, 0.5))
BACK = Box("cabinet", (-0.5, 0.4, -0.5), (0.5, 0.42, 0.5))
PLATE = Box("plate", (-0.5, -0.02, -0.5), (0.5, 0.0, 0.5))


def grid(y: float) -> FloatArray:
    """Return 81 points (81, 3) on the plane at ``y``, one in each of as many cells."""
    x, z = (axis.ravel() for axis in np.meshgrid(*[np.arange(-8, 9, 2) * 0.05 + 0.025] * 2))
    points: FloatArray = np.stack([x, np.full_like(x, y), z], axis=1).astype(np.float64)
    return points


def standing(points: FloatArray, owner: list[int], through: FloatArray, *, plate_through: int = 0) -> Standing:
    """Return what stands of the cabinet (element 0); ``owner`` has the element of each point on a surface."""
    shapes = element_shapes([np.concatenate([FRONT.triangles(), BACK.triangles()]), PLATE.triangles()])
    everything = np.concatenate([points, through])
    n, zero = len(everything), np.zeros((len(everything), 3))
    element = np.array([*owner, *[-1] * len(through)], np.int32)
    seen = SeenPoints(everything, zero, zero, 0.77, 0.002)
    built = AsBuilt((None, None), element, np.zeros(n), np.zeros(n), zero, np.zeros(n, np.bool_))
    surfaces = BuiltSurfaces(shapes, built, seen, np.array([0, plate_through]))
    own = np.flatnonzero(element == 0)
    origins = np.broadcast_to(STATION, everything.shape)
    return surfaces.standing(0, own, origins, np.arange(len(points), n))


def test_points_on_it_stand() -> None:
    assert standing(grid(0.0), [0] * 81, np.empty((0, 3))) == Standing(81, 81, 0)


def test_points_seen_through_its_own_front_are_bare_places_of_the_front() -> None:
    assert standing(grid(0.4), [0] * 81, np.empty((0, 3))) == Standing(0, 0, 81)


@pytest.mark.parametrize(("plate_through", "left"), [(0, 0), (500, 81)])
def test_what_a_neighbour_explains_is_not_its_own_if_the_neighbour_is_there(plate_through: int, left: int) -> None:
    """The plate's own points show that it stands; with more rays through it than points it does not."""
    points = np.concatenate([grid(0.0), grid(-0.02)])
    owner = [0] * 81 + [1] * 81
    assert standing(points, owner, np.empty((0, 3)), plate_through=plate_through).points == left


def test_where_as_many_rays_passed_as_points_lie_it_is_bare() -> None:
    behind = STATION + (grid(0.0) - STATION) * 2.0
    assert standing(grid(0.0), [0] * 81, behind[:40]) == Standing(81, 41, 40)


def surfaces(points: FloatArray, owner: list[int], *, plate_through: int = 0) -> BuiltSurfaces:
    shapes = element_shapes([np.concatenate([FRONT.triangles(), BACK.triangles()]), PLATE.triangles()])
    n, zero = len(points), np.zeros((len(points), 3))
    seen = SeenPoints(points, zero, zero, 0.77, 0.002)
    built = AsBuilt((None, None), np.array(owner, np.int32), np.zeros(n), np.zeros(n), zero, np.zeros(n, np.bool_))
    return BuiltSurfaces(shapes, built, seen, np.array([0, plate_through]))


@pytest.mark.parametrize(
    ("off_plate", "plate_through", "another"),
    [(0.0, 0, True), (0.001, 0, True), (0.005, 0, False), (0.0, 500, False), (0.05, 0, False)],
)
def test_a_board_is_not_told_by_points_that_lie_as_well_on_the_wall_behind_it(
    off_plate: float, plate_through: int, another: bool
) -> None:
    """The cabinet's front was fitted to points on the plate: absent. Points 5 mm before the plate are its own."""
    points = np.concatenate([grid(off_plate), grid(-0.02)])
    found = surfaces(points, [0] * 81 + [1] * 81, plate_through=plate_through)
    assert found.is_another(0, np.arange(81), np.full(81, 0.0005)) is another
    if another:  # ten points that lie on nothing else are enough
        points = np.concatenate([grid(off_plate), grid(-0.02), grid(0.3)[:10]])
        some = np.concatenate([np.arange(81), np.arange(162, 172)])
        assert not surfaces(points, [0] * 81 + [1] * 81 + [0] * 10).is_another(0, some, np.full(91, 0.0005))
    assert not found.is_another(0, np.arange(0), np.zeros(0))
    alone = surfaces(np.concatenate([grid(0.3)[:5], grid(-0.02)]), [0] * 5 + [1] * 81)
    assert not alone.is_another(0, np.arange(5), np.zeros(5)), "too few to show it, but on nothing else"


def test_what_stands_beside_the_place_and_is_nobodys_is_counted() -> None:
    """The cabinet 6 cm too near to the scanner, and rays through its place; a plate's points are the plate's."""
    behind = STATION + (grid(0.0) - STATION) * 1.5
    points = np.concatenate([grid(-0.06), grid(-0.02), behind])
    found = surfaces(points, [0] * 81 + [1] * 81 + [-1] * 81)
    origins = np.broadcast_to(STATION, points.shape)
    told = found.standing(0, np.arange(0), origins, np.arange(162, 243), off=np.arange(81))
    assert (told.cells, told.bare, told.beside) == (0, 81, 81)
    told = found.standing(0, np.arange(0), origins, np.arange(162, 243), off=np.arange(81, 162))
    assert told.beside == 0


def test_nothing_speaks_for_nothing() -> None:
    assert standing(np.empty((0, 3)), [], np.empty((0, 3))) == NOTHING
