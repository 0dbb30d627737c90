"""What slid along the faces that are seen well is found by its narrow ones, as trying every place finds it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.as_built import AsBuilt, solve_as_built
from geometry.element_pose import PoseFit, element_shapes, observable_components
from geometry.pose import Pose
from geometry.slides import LoosePoints, find_slide
from geometry.triangle_tree import build_tree, closest
from tests.reference.scenes import Box, face_normal, scan_of
from twin.sight import bring_into_sight

SIGMA, BAND, REACH = 0.0025, 0.15, 0.06
WALL = Box("wall", (0, 0, 0), (4, 0.2, 2.6))
LEAF = Box("door", (1.5, -0.02, 0.1), (2.5, 0.0, 2.1), "IfcDoor")
STATIONS = [(0.6, -2.0, 1.5), (3.3, -2.5, 1.3)]


def solved(boxes: list[Box], seed: int, noise: float) -> AsBuilt:
    scan = scan_of(boxes, STATIONS, step=0.01, noise=noise, seed=seed)
    designed = [box for box in boxes if box.name != "extra"]
    shapes = element_shapes([box.triangles() for box in designed])
    tree = build_tree(shapes.triangles, shapes.element)
    sight = bring_into_sight(scan, Pose.from_parts(np.eye(3), scan.origin), tree, band=BAND)
    return solve_as_built(shapes, sight.seen, BAND)


@pytest.mark.parametrize(
    ("shift", "seed", "noise"),
    [
        ((-0.050, 0, 0), 1, 0.002),
        ((0.024, 0, 0), 2, 0.001),
        ((0.041, 0, 0), 3, 0.003),
    ],
)
def test_a_leaf_2_cm_thick_that_stands_to_the_side_is_found_there(
    shift: tuple[float, float, float], seed: int, noise: float
) -> None:
    fit = solved([WALL, LEAF.moved(shift)], seed, noise).fits[1]
    assert fit is not None
    axis = int(np.argmax(np.abs(shift)))
    assert fit.observable[axis]
    assert fit.twist[axis] == pytest.approx(shift[axis], abs=0.002)
    assert np.abs(fit.twist[:3] - shift)[list(fit.observable[:3])].max() < 0.002


@pytest.mark.parametrize(("seed", "noise"), [(5, 0.001), (6, 0.003)])
def test_one_at_its_place_stays_there_whatever_leans_beside_it(seed: int, noise: float) -> None:
    extra = Box("extra", (2.53, -0.3, 0.0), (2.9, -0.03, 0.9))
    fit = solved([WALL, LEAF, extra], seed, noise).fits[1]
    assert fit is not None
    assert np.abs(fit.twist[:3]).max() < 0.002


def open_fit(free: FloatArray) -> PoseFit:
    """Return a fit at the designed place that knows nothing along a unit vector (3,), and the rest to 0.1 mm."""
    covariance = np.diag([1e-8] * 6)
    covariance[:3, :3] += 0.01 * np.outer(free, free)
    known = observable_components(covariance, np.full(3, 0.5))
    return PoseFit(Pose.identity(), np.zeros(6), covariance, known, 1.0, SIGMA, 100)


def loose_points(points: FloatArray) -> LoosePoints:
    """Return points of which nothing is known but where they are."""
    none = np.zeros_like(points)
    return LoosePoints(np.arange(len(points)), points, none, none, 0.77, np.zeros((0, 3)))


def explained(box: Box, points: FloatArray, shift: FloatArray, axis: int) -> int:
    """Count the points on faces across an axis of a box displaced by ``shift``: every triangle looked at."""
    across = np.abs(np.cross(*np.swapaxes(np.diff(box.triangles(), axis=1), 0, 1))[:, axis]) > 1e-9
    tree = build_tree(np.ascontiguousarray(box.triangles()[across] + shift))
    return int((closest(tree, points, 1.0).distance < 3.0 * SIGMA).sum())


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), axis=st.sampled_from([0, 2]), shift_mm=st.floats(16.0, 55.0), sign=st.booleans())
def test_it_is_where_trying_every_place_explains_most(seed: int, axis: int, shift_mm: float, sign: bool) -> None:
    rng = np.random.default_rng(seed)
    shift = (shift_mm if sign else -shift_mm) / 1000
    unit = np.eye(3)[axis]
    side = LEAF.sample(0.02, faces=["+x" if axis == 0 else "-z"])
    clutter = rng.uniform(LEAF.lower, LEAF.upper, (20, 3))
    noisy = side + shift * unit + rng.normal(0.0, 0.002, (len(side), 1)) * unit
    points = np.concatenate([noisy, clutter])
    slide = find_slide(
        element_shapes([LEAF.triangles()]), 0, open_fit(unit), loose_points(points), sigma=SIGMA, band=REACH
    )
    assert slide is not None
    places = np.arange(-REACH, REACH, 0.001)
    best = places[int(np.argmax([explained(LEAF, points, place * unit, axis) for place in places]))]
    assert slide.twist[axis] == pytest.approx(best, abs=3.0 * SIGMA)
    assert slide.twist[axis] == pytest.approx(shift, abs=0.002)
    assert np.isin(slide.index, np.arange(len(side))).mean() > 0.9


def test_points_all_over_the_place_are_no_other_place() -> None:
    rng = np.random.default_rng(7)
    points = rng.uniform(np.array(LEAF.lower) - 0.06, np.array(LEAF.upper) + 0.06, (400, 3))
    shapes = element_shapes([LEAF.triangles()])
    for axis in (0, 2):
        assert find_slide(shapes, 0, open_fit(np.eye(3)[axis]), loose_points(points), sigma=SIGMA, band=REACH) is None


def test_what_a_fit_rests_on_is_not_given_up_for_fewer_points() -> None:
    rng = np.random.default_rng(8)
    side = LEAF.sample(0.02, faces=["+x"])
    points = side + [0.03, 0, 0] + rng.normal(0.0, 0.002, (len(side), 1)) * np.array([1.0, 0, 0])
    shapes, fixed = element_shapes([LEAF.triangles()]), open_fit(np.zeros(3))
    for settled, found in ((len(side), False), (len(side) // 3, True)):
        normals = np.tile(face_normal("+x"), (settled, 1))
        loose = replace(loose_points(points), settled=normals)
        assert (find_slide(shapes, 0, fixed, loose, sigma=SIGMA, band=REACH) is not None) is found
