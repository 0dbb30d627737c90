"""No element is fitted to faces of its own that it hides: found by the doors, not by the carcass behind them."""

from dataclasses import replace

import numpy as np
import pytest

from geometry.as_built import AsBuilt, solve_as_built
from geometry.element_pose import ElementShapes, PoseFit, PoseProblem, built_pose, element_shapes, fit_poses
from geometry.pose import Pose
from geometry.self_hiding import fit_to_seen, layered
from geometry.triangle_tree import build_tree
from tests.reference.scenes import Box, face_normal, scan_of
from twin.sight import bring_into_sight

SIGMA, BAND = 0.0025, 0.15
WALL = Box("wall", (-1, 0.6, 0), (3, 0.8, 2.6))
CARCASS = Box("cabinet", (0, 0.02, 0), (1, 0.58, 0.86), "IfcFurniture")
DOORS = Box("cabinet", (0.004, 0, 0.004), (0.996, 0.02, 0.856), "IfcFurniture")
STATIONS = [(0.2, -2.5, 1.5), (1.8, -2.0, 1.4)]


def solved(shift: tuple[float, float, float], turn: tuple[float, float, float], *, poses: bool = True) -> AsBuilt:
    """Return how wall and cabinet were found to be built, the cabinet displaced about its foot."""
    foot = Pose.from_parts(np.eye(3), [0.5, 0.3, 0.0])
    placed = Pose.from_parts(np.eye(3), shift) @ foot @ Pose.from_rotation_vector(turn) @ foot.inverse()
    boxes = [WALL, replace(CARCASS, built=placed), replace(DOORS, built=placed)]
    scan = scan_of(boxes, STATIONS, step=0.012, noise=0.002, seed=4, poses=poses)
    shapes = element_shapes([WALL.triangles(), np.concatenate([CARCASS.triangles(), DOORS.triangles()])])
    tree = build_tree(shapes.triangles, shapes.element)
    sight = bring_into_sight(scan, Pose.from_parts(np.eye(3), scan.origin), tree, band=BAND)
    return solve_as_built(shapes, sight.seen, BAND)


@pytest.mark.parametrize(
    ("shift", "turn"),
    [
        ((0, 0.0225, 0), (0, 0, 0)),
        ((0, 0.019, 0), (0, 0, 0)),
        ((0, -0.021, 0), (0, 0, 0)),
        ((0, 0, 0), (-0.022, 0, 0)),
        ((0, 0, 0), (0.028, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
    ],
)
def test_a_cabinet_is_found_by_its_doors(shift: tuple[float, float, float], turn: tuple[float, float, float]) -> None:
    fit = solved(shift, turn).fits[1]
    assert fit is not None
    front = np.array([[0.1, 0, 0.05], [0.9, 0, 0.05], [0.1, 0, 0.8], [0.9, 0, 0.8]])
    foot = Pose.from_parts(np.eye(3), [0.5, 0.3, 0.0])
    placed = Pose.from_parts(np.eye(3), shift) @ foot @ Pose.from_rotation_vector(turn) @ foot.inverse()
    assert fit.T_built_design.apply(front)[:, 1] == pytest.approx(placed.apply(front)[:, 1], abs=0.002)


def hidden_case() -> tuple[ElementShapes, PoseProblem, PoseFit]:
    """Return the cabinet, points of its doors 20 mm behind their place, and a fit that has them on the carcass."""
    shapes = element_shapes([np.concatenate([CARCASS.triangles(), DOORS.triangles()])])
    rng = np.random.default_rng(3)
    points = DOORS.sample(0.05, faces=["-y"]) + np.array([0, 0.02, 0])
    points = points + rng.normal(0.0, 0.001, (len(points), 1)) * np.array([0, 1.0, 0])
    gates = np.ascontiguousarray(np.broadcast_to(face_normal("-y"), points.shape))
    problem = PoseProblem(
        points, gates, np.ones(len(points)), np.array([0, len(points)]), sigma=SIGMA, band=BAND, min_cosine=0.77
    )
    return shapes, problem, fit_poses(shapes, problem, np.array([0]))[0]


def test_points_that_an_element_hides_itself_do_not_lie_on_it() -> None:
    shapes, problem, fit = hidden_case()
    assert np.abs(fit.twist[:3]).max() < 0.002  # on the carcass, which explains every point
    assert fit.inlier_fraction > 0.9
    towards = np.array(STATIONS[0]) - problem.points
    [anew] = fit_to_seen(shapes, problem, towards, {0: fit}, layered(shapes)).values()
    assert anew.twist[1] == pytest.approx(0.02, abs=0.001)
    assert anew.inlier_fraction > 0.9


def test_where_no_better_place_is_found_the_hidden_points_still_do_not_count() -> None:
    shapes, problem, fit = hidden_case()
    far = replace(fit, T_built_design=built_pose(np.zeros(6), shapes.centre[0]), twist=np.zeros(6))
    half = problem.points.copy()
    half[::2] += [0, 0.06, 0]  # and as many 8 cm behind: no place explains most of them
    mixed = replace(problem, points=half)
    towards = np.array(STATIONS[0]) - half
    [left] = fit_to_seen(shapes, mixed, towards, {0: far}, layered(shapes)).values()
    assert left.inlier_fraction < 0.1


def test_where_it_was_seen_from_must_be_known_and_a_box_hides_nothing() -> None:
    shapes, problem, fit = hidden_case()
    assert fit_to_seen(shapes, problem, np.zeros_like(problem.points), {0: fit}, layered(shapes)) == {0: fit}
    assert layered(shapes).tolist() == [True]
    assert layered(element_shapes([CARCASS.triangles(), WALL.triangles()])).tolist() == [False, False]
