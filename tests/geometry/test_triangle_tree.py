"""The float64 tree against looking at every triangle, where trees usually go wrong: slivers, ties, edges, far away."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.curve_kernels import code_order
from geometry.pose import Pose
from geometry.triangle_tree import build_tree, cast, closest, closest_elements, set_workers
from tests.reference.scenes import Box
from tests.reference.triangles import compatible, distance_table, hit_ranges, nearest_per_element, unit_normals


def triangle_soup(rng: np.random.Generator, count: int) -> FloatArray:
    """Return random triangles: ordinary ones, slivers of 5 m x 2 mm, degenerate ones and exact copies."""
    kind = rng.integers(0, 8, count)
    triangles = rng.uniform(-2, 2, (count, 1, 3)) + rng.uniform(-0.5, 0.5, (count, 3, 3))
    for i in np.flatnonzero(kind == 0):
        along, across = np.linalg.qr(rng.normal(size=(3, 2)))[0].T
        triangles[i] = triangles[i, 0] + np.array([np.zeros(3), 5.0 * along, 2.5 * along + 0.002 * across])
    for i in np.flatnonzero(kind == 1):  # a line, exactly: on a grid of 1/64
        triangles[i, :2] = (triangles[i, :2] * 64).round() / 64
        triangles[i, 2] = triangles[i, 0] + 0.25 * rng.integers(0, 5) * (triangles[i, 1] - triangles[i, 0])
    for i in np.flatnonzero(kind == 2)[:2]:
        triangles[i] = triangles[i, 0]  # a point
    for i in np.flatnonzero(kind == 3):
        triangles[i] = triangles[rng.integers(0, count)]
    return triangles


def random_directions(rng: np.random.Generator, count: int) -> FloatArray:
    direction = rng.normal(size=(count, 3))
    return direction / np.linalg.norm(direction, axis=1, keepdims=True)


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 120), reach=st.sampled_from([np.inf, 0.4]))
def test_closest_equals_looking_at_every_triangle(seed: int, count: int, reach: float) -> None:
    rng = np.random.default_rng(seed)
    triangles = triangle_soup(rng, count)
    points = rng.uniform(-3, 3, (40, 3))
    gates = random_directions(rng, 40)
    gates[::3] = 0.0
    found = closest(build_tree(triangles), points, reach, normals=gates, min_cosine=0.5)
    table = distance_table(triangles, points)
    for i, gate in enumerate(gates):
        table[i, ~compatible(triangles, gate, 0.5)] = np.inf
    nearest = table.min(axis=1)
    nearest[nearest > reach] = np.inf
    np.testing.assert_allclose(found.distance, nearest, atol=1e-12)
    hit = found.triangle >= 0
    np.testing.assert_array_equal(hit, np.isfinite(nearest))
    np.testing.assert_allclose(np.linalg.norm(points[hit] - found.foot[hit], axis=1), nearest[hit], atol=1e-12)
    np.testing.assert_allclose(table[hit, found.triangle[hit]], nearest[hit], atol=1e-12)
    np.testing.assert_allclose(found.normal[hit], unit_normals(triangles)[found.triangle[hit]], atol=1e-12)
    assert np.isnan(found.foot[~hit]).all()
    assert (found.normal[~hit] == 0).all()
    assert (found.element[~hit] == -1).all()


def test_a_sliver_of_5_m_by_2_mm_is_exact_where_float32_errs_by_millimetres() -> None:
    sliver = np.array([[[0.0, 0, 0], [5.0, 0, 0], [2.5, 0.002, 0]]])
    rng = np.random.default_rng(1)
    x = rng.uniform(0.1, 4.9, 500)
    y = rng.uniform(0.0, 1.0, 500) * 0.002 * (1.0 - np.abs(x - 2.5) / 2.5)
    height = rng.uniform(-0.1, 0.1, 500)
    turn = Pose.from_rotation_vector([0.3, -0.7, 1.1], [10.0, -20.0, 5.0])
    tree = build_tree(turn.apply(sliver[0])[None])
    found = closest(tree, turn.apply(np.stack([x, y, height], axis=1)), 1.0)
    np.testing.assert_allclose(found.distance, np.abs(height), atol=1e-9)


@pytest.mark.parametrize("offset", [0.0, 500_000.0, 5_000_000.0])
def test_large_offsets_cost_no_more_than_the_coordinates_own_rounding(offset: float) -> None:
    rng = np.random.default_rng(2)
    triangles = triangle_soup(rng, 80) + offset
    points = rng.uniform(-3, 3, (60, 3)) + offset
    found = closest(build_tree(triangles), points, np.inf)
    # the reference works on the same rounded coordinates brought near: its own arithmetic is exact there
    want = distance_table(triangles - offset, points - offset).min(axis=1)
    np.testing.assert_allclose(found.distance, want, atol=1e-12 if offset == 0 else 1e-5)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), reach=st.sampled_from([np.inf, 40.0]))
def test_boxes_in_single_precision_hide_no_triangle_in_a_scene_of_a_hundred_kilometres(seed: int, reach: float) -> None:
    """There single precision resolves 8 mm: triangles of 1 mm vanish in it, and must be found all the same."""
    rng = np.random.default_rng(seed)
    towns = rng.uniform(-50_000, 50_000, (6, 1, 3))
    small = (rng.uniform(-0.004, 0.004, (6, 15, 1, 3)) + rng.uniform(-0.0005, 0.0005, (6, 15, 3, 3))).reshape(6, 45, 3)
    triangles = (towns + small).reshape(-1, 3, 3)
    points = np.concatenate([(towns + rng.normal(0, 0.005, (6, 8, 3))).reshape(-1, 3), rng.uniform(-1e6, 1e6, (10, 3))])
    found = closest(build_tree(triangles), points, reach)
    want = distance_table(triangles, points).min(axis=1)
    want[want > reach] = np.inf
    np.testing.assert_allclose(found.distance, want, rtol=1e-9, atol=1e-9)
    aim = triangles.mean(axis=1)
    origins = aim + rng.normal(0, 30.0, aim.shape)
    directions = (aim - origins) / np.linalg.norm(aim - origins, axis=1, keepdims=True)
    hits = cast(build_tree(triangles), origins, directions)
    for i in range(len(aim)):
        ranges = hit_ranges(triangles, origins[i], directions[i])
        assert hits.range[i] == pytest.approx(ranges.min(), abs=1e-6)


def test_no_arrangement_of_triangles_is_too_deep_to_search() -> None:
    """Each triangle twice as far as the last: a split by equal bins would take away one or two at a time."""
    at = np.concatenate([sign * 2.0 ** np.arange(-500, 500) for sign in (1.0, -1.0)])
    triangles = np.zeros((len(at), 3, 3))
    triangles[:, :, 0] = at[:, None] * np.array([1.0, 1.01, 1.0])
    triangles[:, 2, 1] = np.abs(at) * 1e-3
    some = np.abs(at) < 1e12
    tree = build_tree(triangles[some])
    found = closest(tree, triangles[some].mean(axis=1), np.inf)
    np.testing.assert_array_equal(found.triangle, np.arange(some.sum()))


def test_points_on_corners_edges_and_faces_have_distance_zero_on_the_right_triangle() -> None:
    rng = np.random.default_rng(3)
    triangles = rng.uniform(-1, 1, (30, 3, 3))
    tree = build_tree(triangles)
    for weights in ((1, 0, 0), (0, 0, 1), (0.5, 0.5, 0), (0, 0.25, 0.75), (0.2, 0.3, 0.5)):
        points = np.einsum("k,tkd->td", np.array(weights, np.float64), triangles)
        found = closest(tree, points, 1.0)
        np.testing.assert_allclose(found.distance, 0.0, atol=1e-15)
        np.testing.assert_allclose(found.foot, points, atol=1e-15)


def test_degenerate_triangles_are_found_as_the_line_or_point_that_they_are_and_never_pass_a_gate() -> None:
    line = [[0.0, 0, 0], [1, 0, 0], [0.25, 0, 0]]
    point = [[5.0, 0, 0]] * 3
    tree = build_tree(np.array([line, point]))
    at = np.array([[0.5, 0.3, 0.4], [-3.0, 4.0, 0.0], [5.0, 0, 2.0]])
    found = closest(tree, at, 9.0)
    np.testing.assert_allclose(found.distance, [0.5, 5.0, 2.0], atol=1e-15)
    assert found.triangle.tolist() == [0, 0, 1]
    assert (found.normal == 0).all()
    gated = closest(tree, at, 9.0, normals=np.tile([0.0, 0, 1], (3, 1)), min_cosine=0.1)
    assert gated.triangle.tolist() == [-1, -1, -1]


def test_a_triangle_that_is_a_line_but_for_rounding_is_found_as_a_line() -> None:
    """Tessellators leave such triangles at T-joints; the foot must lie on the line, not anywhere near it."""
    rng = np.random.default_rng(161)
    triangles = rng.uniform(-2, 2, (200, 3, 3))
    triangles[:, 2] = triangles[:, 0] + rng.uniform(0, 1, (200, 1)) * (triangles[:, 1] - triangles[:, 0])
    points = triangles.mean(axis=1) + rng.normal(0, 0.2, (200, 3))
    along = np.linspace(0, 1, 4001)[:, None]
    for triangle, point in zip(triangles, points, strict=True):
        line = triangle[0] + along * (triangle[1] - triangle[0])
        want = np.linalg.norm(line - point, axis=1).min()
        assert closest(build_tree(triangle[None]), point[None], np.inf).distance[0] == pytest.approx(want, abs=1e-5)


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), copies=st.integers(2, 12))
def test_of_coincident_faces_the_smallest_index_is_taken_whatever_the_order_of_the_points(
    seed: int, copies: int
) -> None:
    rng = np.random.default_rng(seed)
    single = rng.uniform(-1, 1, (7, 3, 3)) * rng.choice([0.0, 1.0], (7, 1, 3), p=[0.2, 0.8])  # some lie on axis planes
    shuffle = rng.permutation(7 * copies)
    triangles = np.tile(single, (copies, 1, 1))[shuffle]
    tree = build_tree(triangles)
    points = rng.uniform(-1.5, 1.5, (600, 3))
    found = closest(tree, points, np.inf)
    same = np.array([[i % 7 == j % 7 for j in shuffle] for i in shuffle])
    smallest = np.argmax(same, axis=1)
    np.testing.assert_array_equal(found.triangle, smallest[found.triangle])
    order = rng.permutation(len(points))
    again = closest(tree, points[order], np.inf)
    np.testing.assert_array_equal(again.triangle, found.triangle[order])
    np.testing.assert_array_equal(again.foot, found.foot[order])


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_the_answer_does_not_depend_on_the_order_of_the_points(seed: int) -> None:
    """Abutting walls share an edge with different triangulations: many ties, none of which may depend on neighbours."""
    rng = np.random.default_rng(seed)
    boxes = [Box(str(i), (float(i), 0.0, 0.0), (i + 1.0, 0.2, 3.0)) for i in range(6)]
    triangles = np.concatenate([b.triangles()[rng.permutation(12)] for b in boxes])
    element = np.repeat(np.arange(6, dtype=np.int32), 12)
    tree = build_tree(triangles, element)
    points = rng.uniform([-0.5, -0.5, -0.5], [6.5, 0.7, 3.5], (1500, 3))
    points[::2] = points[::2].round(1)  # on planes, edges and joints exactly
    order = rng.permutation(len(points))
    one, two = closest(tree, points, 0.5), closest(tree, points[order], 0.5)
    np.testing.assert_array_equal(two.triangle, one.triangle[order])
    np.testing.assert_array_equal(two.foot, one.foot[order])
    gates = random_directions(rng, len(points))
    a = closest_elements(tree, points, 0.5, normals=gates, min_cosine=0.3)
    b = closest_elements(tree, points[order], 0.5, normals=gates[order], min_cosine=0.3)
    np.testing.assert_array_equal(b.triangle, a.triangle[order])
    np.testing.assert_array_equal(b.signed, a.signed[order])


def test_one_thread_and_two_give_the_same_bytes() -> None:
    rng = np.random.default_rng(5)
    triangles = triangle_soup(rng, 300)
    element = rng.integers(0, 40, 300).astype(np.int32)
    tree = build_tree(triangles, element)
    points = rng.uniform(-3, 3, (5000, 3))
    gates = random_directions(rng, 5000)
    most = set_workers(1000)
    answers: list[bytes] = []
    try:
        for workers in (1, 2):
            assert set_workers(workers) == min(workers, most)
            near = closest(tree, points, 2.0, normals=gates, min_cosine=0.2)
            some = closest_elements(tree, points, 1.0, normals=gates, min_cosine=0.2)
            hits = cast(tree, points, gates, 10.0)
            parts = (near.distance, near.triangle, near.foot, some.element, some.signed, hits.range, hits.triangle)
            answers.append(b"".join(part.tobytes() for part in parts))
    finally:
        set_workers(most)
    assert answers[0] == answers[1]


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), k=st.sampled_from([1, 2, 4]))
def test_closest_elements_equals_looking_at_every_element(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    triangles = triangle_soup(rng, 90)
    element = rng.integers(0, 12, 90).astype(np.int32)
    points = rng.uniform(-3, 3, (30, 3))
    gates = random_directions(rng, 30)
    gates[::4] = 0.0
    found = closest_elements(build_tree(triangles, element), points, 1.5, normals=gates, min_cosine=0.3, k=k)
    table = distance_table(triangles, points)
    normals = unit_normals(triangles)
    for i, point in enumerate(points):
        row = np.where(compatible(triangles, gates[i], 0.3) & (table[i] <= 1.5), table[i], np.inf)
        want = nearest_per_element(row, element)
        nearest = sorted(want.values())[:k]
        n = len(nearest)
        np.testing.assert_allclose(found.distance[i, :n], nearest, atol=1e-12)
        assert np.isinf(found.distance[i, n:]).all()
        assert (found.element[i, n:] == -1).all()
        assert (found.triangle[i, n:] == -1).all()
        assert len(set(found.element[i, :n].tolist())) == n
        for e, t, d, s in zip(
            found.element[i, :n], found.triangle[i, :n], found.distance[i, :n], found.signed[i, :n], strict=True
        ):
            assert d == pytest.approx(want[int(e)], abs=1e-12)
            assert element[t] == e
            assert abs(s) == d
            height = float((point - triangles[t, 0]) @ normals[t])
            assert abs(height) < 1e-9 or np.sign(s) == np.sign(height)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 100), reach=st.sampled_from([50.0, 2.0]))
def test_rays_equal_looking_at_every_triangle(seed: int, count: int, reach: float) -> None:
    rng = np.random.default_rng(seed)
    triangles = triangle_soup(rng, count)
    directions = random_directions(rng, 25)
    origins = rng.uniform(-3, 3, (25, 3))
    found = cast(build_tree(triangles, np.arange(count, dtype=np.int32) // 3), origins, directions, reach)
    for i in range(25):
        ranges = hit_ranges(triangles, origins[i], directions[i])
        want = ranges.min()
        if want > reach:
            assert found.triangle[i] == -1
            assert np.isinf(found.range[i])
            assert found.element[i] == -1
            continue
        assert found.range[i] == pytest.approx(want, abs=1e-9)
        assert ranges[found.triangle[i]] == pytest.approx(want, abs=1e-9)
        assert found.triangle[i] == np.flatnonzero(ranges == ranges[found.triangle[i]])[0]  # smallest of copies
        assert found.element[i] == found.triangle[i] // 3


def test_no_ray_slips_between_the_triangles_of_a_closed_box() -> None:
    tree = build_tree(Box("b", (-1, -1, -1), (1, 1, 1)).triangles())
    elevation, azimuth = np.meshgrid(np.linspace(-np.pi / 2, np.pi / 2, 91), np.linspace(0, 2 * np.pi, 181))
    flat = np.cos(elevation)
    beams = np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)], axis=2).reshape(-1, 3)
    for direction in (beams, beams.round(1) / np.linalg.norm(beams.round(1), axis=1, keepdims=True)):
        hits = cast(tree, np.zeros(3), np.ascontiguousarray(direction))  # exactly along edges, diagonals and corners
        np.testing.assert_allclose(hits.range, 1.0 / np.abs(direction).max(axis=1), rtol=1e-9)


def test_both_sides_stop_a_ray_and_what_is_behind_the_start_does_not() -> None:
    tree = build_tree(np.array([[[2.0, -1, -1], [2, 1, -1], [2, 0, 1]]]))
    origins, directions = np.array([[0.0, 0, 0], [4, 0, 0], [4, 0, 0]]), np.array([[1.0, 0, 0], [-1, 0, 0], [1, 0, 0]])
    hits = cast(tree, origins, directions, 100.0)
    assert hits.range.tolist() == [2.0, 2.0, np.inf]
    assert hits.triangle.tolist() == [0, 0, -1]


def test_a_ray_that_hits_nothing_names_no_triangle_without_a_limit_either() -> None:
    tree = build_tree(np.array([[[2.0, -1, -1], [2, 1, -1], [2, 0, 1]]]))
    hits = cast(tree, np.array([[4.0, 0, 0]]), np.array([[1.0, 0, 0]]))
    assert np.isinf(hits.range[0])
    assert hits.triangle[0] == -1
    assert hits.element[0] == -1


def test_each_ray_has_its_own_reach() -> None:
    tree = build_tree(np.array([[[2.0, -1, -1], [2, 1, -1], [2, 0, 1]]]))
    hits = cast(tree, np.zeros((3, 3)), np.tile([1.0, 0, 0], (3, 1)), np.array([1.9, 2.1, np.inf]))
    assert hits.triangle.tolist() == [-1, 0, 0]


@settings(max_examples=30)
@given(
    turn=st.tuples(*[st.floats(-3, 3)] * 3),
    shift=st.tuples(*[st.floats(-1000, 1000)] * 3),
    seed=st.integers(0, 1000),
)
def test_results_move_along_with_triangles_and_points(
    turn: tuple[float, float, float], shift: tuple[float, float, float], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    triangles = rng.uniform(-1, 1, (60, 3, 3))
    points, gates = rng.uniform(-2, 2, (80, 3)), random_directions(rng, 80)
    T = Pose.from_rotation_vector(turn, shift)
    here = closest(build_tree(triangles), points, 5.0, normals=gates, min_cosine=-0.2)
    moved = build_tree(T.apply(triangles.reshape(-1, 3)).reshape(-1, 3, 3))
    there = closest(moved, T.apply(points), 5.0, normals=T.rotate(gates), min_cosine=-0.2)
    np.testing.assert_allclose(there.distance, here.distance, atol=1e-9)
    np.testing.assert_allclose(there.foot, T.apply(here.foot), atol=1e-7)
    np.testing.assert_allclose(there.normal, T.rotate(here.normal), atol=1e-9)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), axis=st.integers(0, 2))
def test_distances_are_the_same_in_a_mirror(seed: int, axis: int) -> None:
    rng = np.random.default_rng(seed)
    triangles, points = triangle_soup(rng, 60), rng.uniform(-3, 3, (50, 3))
    mirror = np.ones(3)
    mirror[axis] = -1.0
    here = closest(build_tree(triangles), points, np.inf)
    there = closest(build_tree(triangles * mirror), points * mirror, np.inf)
    np.testing.assert_allclose(there.distance, here.distance, rtol=1e-14, atol=1e-14)


def signs_about(triangles: FloatArray, points: FloatArray) -> FloatArray:
    """Return the signed distance (n,) of points to one element, no gate."""
    tree = build_tree(triangles)
    return closest_elements(tree, points, 10.0, normals=np.zeros_like(points), min_cosine=0.0, k=1).signed[:, 0]


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), thickness=st.sampled_from([0.01, 0.2, 1.0]))
def test_the_sign_is_right_all_around_a_box_and_a_thin_wall(seed: int, thickness: float) -> None:
    """Faces, edges and corners; CloudCompare #1976 gets a box of 12 triangles wrong."""
    rng = np.random.default_rng(seed)
    half = np.array([1.0, thickness / 2, 0.7])
    turn = Pose.from_rotation_vector(rng.normal(size=3), rng.uniform(-5, 5, 3))
    triangles = Box("b", (-half[0], -half[1], -half[2]), (half[0], half[1], half[2])).triangles()
    triangles = triangles[rng.permutation(12)]
    signs = rng.choice([-1.0, 1.0], (400, 3))
    near = signs * half * rng.choice([1.0, 1.0, 0.3], (400, 3)) + rng.normal(0, 0.3 * thickness, (400, 3))
    outside = (np.abs(near) - half).max(axis=1)  # > 0 outside, < 0 inside, by the box's own inequalities
    clear = np.abs(outside) > 1e-6
    got = signs_about(turn.apply(triangles.reshape(-1, 3)).reshape(-1, 3, 3), turn.apply(near))
    np.testing.assert_array_equal(np.sign(got[clear]), np.sign(outside[clear]))


def test_the_sign_is_right_in_the_inner_corner_of_an_l() -> None:
    """A step: inside the material at the reentrant edge, both faces agree."""
    profile = np.array([[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [0, 2]], np.float64)
    rng = np.random.default_rng(3)
    sides = [
        [[*profile[i], 0], [*profile[j], 0], [*profile[j], 1], [*profile[i], 1]]
        for i, j in zip(range(6), [1, 2, 3, 4, 5, 0], strict=True)
    ]
    walls = np.array([t for a, b, c, d in sides for t in ([a, b, c], [a, c, d])])
    points = np.column_stack([rng.uniform(0.6, 1.4, (500, 2)), np.full(500, 0.5)])
    inside = (points[:, 0] < 1) | (points[:, 1] < 1)
    np.testing.assert_array_equal(signs_about(walls, points) < 0, inside)


def test_the_sign_is_right_beyond_the_sharp_edge_of_a_wedge() -> None:
    """A wedge of 30 degrees (a roof's eaves, a stair's tread): beyond its edge is outside, whatever face is taken."""
    low, high = np.array([[-1.0, 0, -2], [-1, 0, 2]]), np.array([[-1.0, np.tan(np.pi / 6), -2], [-1, 0.57735, 2]])
    edge = np.array([[0.0, 0, -2], [0, 0, 2]])
    walls = np.array([[low[0], edge[0], edge[1]], [low[0], edge[1], low[1]],
                      [edge[0], high[0], high[1]], [edge[0], high[1], edge[1]]])  # fmt: skip
    angle = np.linspace(-1.48, 0.96, 50)  # outside as seen from the edge, past both faces' normals
    beyond = 0.1 * np.stack([np.cos(angle), np.sin(angle), np.zeros(50)], axis=1)
    for order in ([0, 1, 2, 3], [2, 3, 0, 1]):
        assert (signs_about(walls[order], beyond) > 0).all()


def test_a_gate_never_takes_the_far_face_of_a_thin_wall() -> None:
    wall = Box("w", (0, 0, 0), (4, 0.1, 3))
    points = wall.sample(0.25, faces=["+y"]) - [0, 0.08, 0]  # built 80 mm back: only 20 mm from the other face
    tree = build_tree(wall.triangles())
    free = closest(tree, points, 0.5)
    gated = closest(tree, points, 0.5, normals=np.tile([0.0, 1, 0], (len(points), 1)), min_cosine=0.7)
    np.testing.assert_allclose(free.distance, 0.02, atol=1e-12)
    np.testing.assert_allclose(gated.distance, 0.08, atol=1e-12)
    np.testing.assert_allclose(gated.normal, np.tile([0, 1, 0], (len(points), 1)), atol=1e-12)


@pytest.mark.parametrize(
    ("triangles", "reason"),
    [
        (np.zeros((0, 3, 3)), "shape"),
        (np.zeros((2, 3)), "shape"),
        (np.full((1, 3, 3), np.nan), "finite"),
        (np.full((1, 3, 3), np.inf), "finite"),
    ],
)
def test_triangles_that_make_no_sense_are_refused(triangles: FloatArray, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        build_tree(triangles)


def test_shapes_that_do_not_fit_are_refused() -> None:
    triangles = np.eye(3)[None]
    with pytest.raises(ValueError, match="element_of_triangle"):
        build_tree(triangles, np.zeros(2, np.int32))
    with pytest.raises(ValueError, match="normals"):
        closest(build_tree(triangles), np.zeros((2, 3)), 1.0, normals=np.zeros((3, 3)))
    with pytest.raises(ValueError, match="points"):
        closest(build_tree(triangles), np.zeros((2, 2)), 1.0)


def test_no_points_give_no_answers() -> None:
    tree = build_tree(np.eye(3)[None])
    assert tree.triangle_count == 1
    assert closest(tree, np.zeros((0, 3)), 1.0).distance.shape == (0,)
    assert cast(tree, np.zeros((0, 3)), np.zeros((0, 3))).range.shape == (0,)


@given(st.integers(0, 300), st.sampled_from([4, 2**10, 2**21, 2**30]), st.integers(0, 1000))
def test_codes_are_sorted_as_numpy_does(count: int, reach: int, seed: int) -> None:
    """Equal ones stay in their order."""
    codes = np.random.default_rng(seed).integers(0, reach, count).astype(np.uint32)
    np.testing.assert_array_equal(code_order(codes), np.argsort(codes, kind="stable"))
