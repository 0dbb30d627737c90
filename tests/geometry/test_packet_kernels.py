"""Eight neighbours answered together against each alone, to the last byte, and against looking at every triangle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry import packet_kernels
from geometry.arrays import FloatArray
from geometry.triangle_tree import Closest, TriangleTree, build_tree, closest
from tests.geometry.test_triangle_tree import random_directions, triangle_soup
from tests.reference.triangles import compatible, distance_table


def one_by_one(tree: TriangleTree, points: FloatArray, reach: float, gates: FloatArray, min_cosine: float) -> Closest:
    """Ask about so few points at a time that none goes together with others."""
    few = 50
    assert few < packet_kernels.LANES * packet_kernels._FEW  # pyright: ignore[reportPrivateUsage]
    parts = [
        closest(tree, points[i : i + few], reach, normals=gates[i : i + few], min_cosine=min_cosine)
        for i in range(0, len(points), few)
    ]
    return Closest(
        np.concatenate([p.distance for p in parts]),
        np.concatenate([p.triangle for p in parts]),
        np.concatenate([p.element for p in parts]),
        np.concatenate([p.foot for p in parts]),
        np.concatenate([p.normal for p in parts]),
    )


def assert_same_bytes(one: Closest, two: Closest) -> None:
    for name in ("triangle", "distance", "element", "foot", "normal"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes(), name


def close_together(rng: np.random.Generator, triangles: FloatArray, count: int) -> FloatArray:
    """Return points near the triangles, some exactly on their corners, edges and faces, some anywhere."""
    weights = rng.dirichlet(np.ones(3), count)
    weights[rng.random(count) < 0.2] = [1.0, 0.0, 0.0]
    weights[rng.random(count) < 0.2] = [0.25, 0.75, 0.0]
    points = np.einsum("nk,nkd->nd", weights, triangles[rng.integers(0, len(triangles), count)])
    points += rng.choice([0.0, 0.01, 0.3], (count, 1)) * rng.normal(size=(count, 3))
    return points


@settings(max_examples=12)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(64, 700),
    reach=st.sampled_from([np.inf, 0.4, 0.02]),
    offset=st.sampled_from([0.0, 500_000.0]),
)
def test_eight_together_answer_as_each_alone_to_the_last_byte(
    seed: int, count: int, reach: float, offset: float
) -> None:
    rng = np.random.default_rng(seed)
    triangles = triangle_soup(rng, int(rng.integers(1, 200))) + offset
    tree = build_tree(triangles, rng.integers(0, 9, len(triangles)).astype(np.int32))
    points = close_together(rng, triangles, count)
    gates = random_directions(rng, count)
    gates[rng.random(count) < 0.4] = 0.0
    together = closest(tree, points, reach, normals=gates, min_cosine=0.4)
    assert_same_bytes(together, one_by_one(tree, points, reach, gates, 0.4))
    free = closest(tree, points, reach)
    assert_same_bytes(free, one_by_one(tree, points, reach, np.zeros_like(points), 0.0))


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000), reach=st.sampled_from([np.inf, 0.4]))
def test_neighbours_together_find_what_looking_at_every_triangle_finds(seed: int, reach: float) -> None:
    rng = np.random.default_rng(seed)
    triangles = triangle_soup(rng, 60)
    points = close_together(rng, triangles, 300)
    gates = random_directions(rng, 300)
    gates[::3] = 0.0
    found = closest(build_tree(triangles), points, reach, normals=gates, min_cosine=0.5)
    table = distance_table(triangles, points)
    for i, gate in enumerate(gates):
        table[i, ~compatible(triangles, gate, 0.5)] = np.inf
    want = table.min(axis=1)
    hit = found.triangle >= 0
    edge = np.abs(want - reach) < 1e-12  # as far as is asked: either answer is right
    np.testing.assert_array_equal(hit | edge, (want <= reach) | edge)
    np.testing.assert_allclose(found.distance[hit], want[hit], atol=1e-12)
    np.testing.assert_allclose(table[hit, found.triangle[hit]], want[hit], atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(points[hit] - found.foot[hit], axis=1), want[hit], atol=1e-12)


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_towns_of_millimetres_a_hundred_kilometres_apart_are_found_together_too(seed: int) -> None:
    """Single precision resolves 8 mm there: without slack a box of a triangle of 1 mm would stay closed."""
    rng = np.random.default_rng(seed)
    towns = rng.uniform(-50_000, 50_000, (5, 1, 3))
    small = (rng.uniform(-0.004, 0.004, (5, 15, 1, 3)) + rng.uniform(-0.0005, 0.0005, (5, 15, 3, 3))).reshape(5, 45, 3)
    triangles = (towns + small).reshape(-1, 3, 3)
    points = (towns + rng.normal(0, 0.005, (5, 40, 3))).reshape(-1, 3)
    found = closest(build_tree(triangles), points, np.inf)
    np.testing.assert_allclose(found.distance, distance_table(triangles, points).min(axis=1), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("reach", [np.inf, 0.5])
def test_a_point_that_is_no_number_finds_nothing_and_leaves_its_neighbours_as_they_are(reach: float) -> None:
    rng = np.random.default_rng(7)
    triangles = triangle_soup(rng, 100)
    tree = build_tree(triangles)
    points = close_together(rng, triangles, 400)
    whole = closest(tree, points, reach)
    bad = rng.random(400) < 0.3
    bad[160:200] = True
    broken = points.copy()
    broken[bad, rng.integers(0, 3, int(bad.sum()))] = np.nan
    found = closest(tree, broken, reach)
    assert (found.triangle[bad] == -1).all()
    assert np.isinf(found.distance[bad]).all()
    np.testing.assert_array_equal(found.triangle[~bad], whole.triangle[~bad])
    assert found.foot[~bad].tobytes() == whole.foot[~bad].tobytes()


def test_points_too_far_apart_to_go_together_go_alone_and_find_the_same() -> None:
    """In the middle of a sphere all its triangles are about as near: a packet would look at hundreds of them."""
    rng = np.random.default_rng(8)
    triangles = random_directions(rng, 3000)[:, None] + rng.uniform(-0.02, 0.02, (3000, 3, 3))
    tree = build_tree(triangles)
    points = rng.uniform(-0.1, 0.1, (300, 3))
    gates = random_directions(rng, 300)
    assert_same_bytes(
        closest(tree, points, np.inf, normals=gates, min_cosine=0.3), one_by_one(tree, points, np.inf, gates, 0.3)
    )
    np.testing.assert_allclose(
        closest(tree, points, np.inf).distance, distance_table(triangles, points).min(axis=1), atol=1e-12
    )
