"""Rays as evidence, against following each ray through each triangle, and the cases that decide a missing element."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray, Int32Array
from geometry.pose import Pose
from geometry.triangle_tree import TriangleTree, build_tree
from geometry.visibility import MARGIN, RayEvidence, sample_surface, see_surface, trace_rays
from tests.reference.scenes import Box, panorama, ranges_to_boxes
from tests.reference.triangles import distance_table, unit_normals
from tests.reference.visibility import in_sight, ray_counts

WALL = Box("wall", (0.0, 3.0, 0.0), (6.0, 3.2, 3.0))
COLUMN = Box("column", (2.8, 1.5, 0.0), (3.2, 1.9, 3.0))
SCREEN = Box("screen", (0.0, 0.8, 0.0), (6.0, 0.9, 3.0))
EYE = (3.0, 0.0, 1.5)


def scene(boxes: list[Box]) -> tuple[TriangleTree, FloatArray, Int32Array]:
    triangles = np.concatenate([b.triangles() for b in boxes])
    element = np.repeat(np.arange(len(boxes), dtype=np.int32), 12)
    return build_tree(triangles, element), triangles, element


def evidence(designed: list[Box], built: list[Box], *, step: float = 0.03) -> RayEvidence:
    """Scan what was built from one place and trace the rays through the design; returns belong to nobody."""
    tree, _, _ = scene(designed)
    directions = panorama(step)
    ranges = ranges_to_boxes(built, np.array(EYE), directions)
    back = np.isfinite(ranges)
    returns = np.array(EYE) + ranges[back, None] * directions[back]
    origins = np.tile(EYE, (len(returns), 1))
    return trace_rays(tree, len(designed), origins, returns, np.full(len(returns), -1, np.int32))


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000))
def test_counts_equal_following_every_ray(seed: int) -> None:
    rng = np.random.default_rng(seed)
    boxes = [
        Box(str(i), (x, y, z), (x + dx, y + dy, z + dz))
        for i, (x, y, z, dx, dy, dz) in enumerate(
            np.column_stack([rng.uniform(-2, 2, (3, 3)), rng.uniform(0.1, 1, (3, 3))])
        )
    ]
    tree, triangles, element = scene(boxes)
    origins = rng.uniform(-4, -3, (60, 3))
    returns = rng.uniform(-2, 3, (60, 3))
    owner = rng.integers(-1, 3, 60).astype(np.int32)
    got = trace_rays(tree, 3, origins, returns, owner)
    want = ray_counts(triangles, element, origins, returns, owner, MARGIN)
    kinds = zip(want, (got.expected, got.confirmed, got.near, got.blocked, got.through, got.through_any), strict=True)
    for kind, counts in kinds:
        assert counts.tolist() == [want[kind].get(e, 0) for e in range(3)], kind
    odd = np.arange(1, 60, 2)
    alone = trace_rays(tree, 3, origins[odd], returns[odd], owner[odd]).through_any
    of_odd = got.crossing_element[got.crossing_ray % 2 == 1]
    assert np.bincount(of_odd, minlength=3).tolist() == alone.tolist(), "each crossing names its own ray"


def test_every_expected_ray_is_one_of_four_kinds() -> None:
    found = evidence([COLUMN, SCREEN, WALL], [WALL])
    parts = found.confirmed + found.near + found.blocked + found.through
    np.testing.assert_array_equal(parts, found.expected)


def test_a_missing_column_before_a_wall_lets_rays_through() -> None:
    found = evidence([COLUMN, WALL], [WALL])
    assert found.expected[0] > 100
    assert found.through[0] == found.expected[0]
    assert found.through_any[0] >= found.through[0]
    assert found.through_any[1] == 0


def test_a_column_that_stands_lets_none_through() -> None:
    found = evidence([COLUMN, WALL], [COLUMN, WALL])
    assert found.through_any.tolist() == [0, 0]


def test_a_missing_column_behind_a_screen_lets_none_through() -> None:
    found = evidence([COLUMN, SCREEN, WALL], [SCREEN, WALL])
    assert found.expected[0] == 0
    assert found.through_any[0] == 0


def test_what_hides_an_element_is_counted_against_nobody() -> None:
    clutter = Box("crate", (2.5, 0.5, 0.0), (3.5, 0.7, 3.0))
    found = evidence([COLUMN, WALL], [clutter, WALL])
    assert found.blocked[0] > 100
    assert found.through_any[0] == 0


def test_a_column_behind_another_missing_one_is_missing_too() -> None:
    """Rays cross both places: first-hit counting alone would never see the second."""
    second = Box("second", (2.85, 2.2, 0.0), (3.15, 2.5, 3.0))
    found = evidence([COLUMN, second, WALL], [WALL])
    assert found.expected[1] == 0
    assert found.through_any[1] > 50


def test_rays_that_graze_a_face_do_not_count_as_through() -> None:
    """A floor scanned far away lies a little low: rays reach it behind a slab's edge but hardly below its surface."""
    slab = Box("slab", (2.0, -5.0, -0.2), (12.0, 5.0, 0.0))
    tree, _, _ = scene([slab])
    x = np.linspace(4.0, 11.0, 400)
    returns = np.stack([x, np.zeros(400), np.full(400, -0.02)], axis=1)  # 20 mm below the designed top
    origins = np.tile([0.0, 0.0, 0.3], (400, 1))
    along = np.linalg.norm(returns - origins, axis=1) - 0.3 * np.linalg.norm(returns - origins, axis=1) / 0.32
    assert (along > MARGIN).mean() > 0.9  # along the ray it is well behind the surface
    assert trace_rays(tree, 1, origins, returns, np.full(400, -1, np.int32)).through_any.tolist() == [0]


def test_an_owner_is_never_passed_through() -> None:
    tree, _, _ = scene([COLUMN])
    returns = np.tile([3.0, 1.8, 1.5], (50, 1))  # 0.3 m behind the designed front, but assigned to the column
    origins = np.tile(EYE, (50, 1))
    found = trace_rays(tree, 1, origins, returns, np.zeros(50, np.int32))
    assert found.through_any.tolist() == [0]
    assert found.confirmed.tolist() == [50]


@settings(max_examples=10)
@given(turn=st.tuples(*[st.floats(-3, 3)] * 3), shift=st.tuples(*[st.floats(-100, 100)] * 3))
def test_evidence_does_not_depend_on_the_frame(
    turn: tuple[float, float, float], shift: tuple[float, float, float]
) -> None:
    rng = np.random.default_rng(1)
    T = Pose.from_rotation_vector(turn, shift)
    _, triangles, element = scene([COLUMN, WALL])
    moved = build_tree(T.apply(triangles.reshape(-1, 3)).reshape(-1, 3, 3), element)
    returns = rng.uniform([1, 1, 0], [5, 5, 3], (300, 3))
    origins = np.tile(EYE, (300, 1))
    owner = np.full(300, -1, np.int32)
    here = trace_rays(build_tree(triangles, element), 2, origins, returns, owner)
    there = trace_rays(moved, 2, T.apply(origins), T.apply(returns), owner)
    assert there.through_any.tolist() == here.through_any.tolist()
    assert there.expected.tolist() == here.expected.tolist()


def test_samples_lie_on_the_surface_and_share_it_by_area() -> None:
    rng = np.random.default_rng(2)
    triangles = rng.uniform(-1, 1, (6, 3, 3))
    triangles[5] = triangles[5, 0]  # no area
    element = np.array([0, 1, 1, 1, 1, 1], np.int32)
    points, normals, owner = sample_surface(triangles, element, 2)
    assert np.bincount(owner).tolist() == [96, 96]
    table = distance_table(triangles, points)
    nearest = np.argmin(np.where(element == owner[:, None], table, np.inf), axis=1)
    assert table[np.arange(len(points)), nearest].max() < 1e-12
    np.testing.assert_allclose(normals, unit_normals(triangles)[nearest], atol=1e-12)
    area = np.linalg.norm(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), axis=1)
    share = np.bincount(nearest[owner == 1], minlength=6) / 96
    np.testing.assert_allclose(share[1:], area[1:] / area[1:].sum(), atol=0.011)


def test_samples_spread_evenly_over_a_wall() -> None:
    points, _, _ = sample_surface(WALL.triangles(), np.zeros(12, np.int32), 1)
    front = points[np.abs(points[:, 1] - 3.0) < 1e-9]
    counts = np.histogram2d(front[:, 0], front[:, 2], bins=[[0, 2, 4, 6], [0, 1.5, 3]])[0]
    assert counts.min() >= 0.6 * counts.mean()


def test_an_element_without_area_has_no_samples() -> None:
    points, _, _ = sample_surface(np.zeros((3, 3, 3)), np.zeros(3, np.int32), 1)
    assert points.shape == (0, 3)


@pytest.mark.parametrize("reach", [2.0, 30.0])
def test_what_a_station_can_see_equals_checking_every_triangle(reach: float) -> None:
    boxes = [COLUMN, SCREEN, WALL]
    tree, triangles, element = scene(boxes)
    stations = np.array([EYE, (-2.0, 2.0, 1.0)])
    found = see_surface(tree, triangles, element, 3, stations, np.array([reach, reach]))
    points, normals, _ = sample_surface(triangles, element, 3)
    want = [[in_sight(triangles, p, n, s, reach) for s in stations] for p, n in zip(points, normals, strict=True)]
    table = np.array(want)
    np.testing.assert_array_equal(found.in_reach, table[:, :, 0].any(axis=1))
    np.testing.assert_array_equal(found.visible, table[:, :, 1].any(axis=1))


def test_no_station_sees_nothing() -> None:
    tree, triangles, element = scene([WALL])
    found = see_surface(tree, triangles, element, 1, np.empty((0, 3)), np.empty(0))
    assert not found.in_reach.any()
    assert not found.visible.any()
    assert len(found.point) == 96


def test_coincident_faces_of_two_elements_hide_neither() -> None:
    twin = Box("twin", WALL.lower, WALL.upper)
    tree, triangles, element = scene([WALL, twin])
    found = see_surface(tree, triangles, element, 2, np.array([EYE]), np.array([30.0]))
    seen = [int(found.visible[found.element == e].sum()) for e in (0, 1)]
    assert seen[0] == seen[1] > 30
