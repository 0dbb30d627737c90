# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
"""The simulator's ray caster against a plain loop over all triangles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from samples.raycast import ray_scene


def first_hit_by_loop(triangles: FloatArray, origin: FloatArray, direction: FloatArray) -> float:
    """Return the smallest distance to any triangle by solving each 3 x 3 system; inf when none is hit."""
    best = np.inf
    for a, b, c in triangles:
        matrix = np.column_stack([b - a, c - a, -direction])
        if abs(np.linalg.det(matrix)) < 1e-15:
            continue
        u, v, t = np.linalg.solve(matrix, origin - a)
        if u >= 0 and v >= 0 and u + v <= 1 and 0 < t < best:
            best = float(t)
    return best


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 150), offset=st.sampled_from([0.0, 5_000_000.0]))
def test_first_hits_equal_the_loop(seed: int, count: int, offset: float) -> None:
    rng = np.random.default_rng(seed)
    triangles = rng.uniform(-1, 1, (count, 1, 3)) + rng.uniform(-0.5, 0.5, (count, 3, 3))
    directions = rng.normal(size=(12, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    origin = rng.uniform(-2, 2, 3)
    got = ray_scene(triangles + offset).first_hits(origin + offset, directions)
    want = np.array([first_hit_by_loop(triangles, origin, d) for d in directions])
    if offset == 0.0:
        np.testing.assert_allclose(got.distance, want, atol=1e-9)
    else:
        # at 5,000 km a coordinate has 1e-9 m: a ray along an edge may fall either way, a distance may not
        both = np.isfinite(got.distance) & np.isfinite(want)
        assert both.sum() >= np.isfinite(want).sum() - 1
        assert np.abs(got.distance[both] - want[both]).max(initial=0.0) < 1e-5


def test_the_named_triangle_is_the_one_that_was_hit() -> None:
    rng = np.random.default_rng(7)
    triangles = rng.uniform(-3, 3, (400, 3, 3))
    directions = rng.normal(size=(300, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    hits = ray_scene(triangles).first_hits(np.zeros(3), directions)
    seen = hits.triangle >= 0
    assert seen.mean() > 0.5
    a, b, c = (triangles[hits.triangle[seen], k] for k in range(3))
    normal = np.cross(b - a, c - a)
    away = np.einsum("ij,ij->i", directions[seen] * hits.distance[seen, None] - a, normal)
    assert np.abs(away / np.linalg.norm(normal, axis=1)).max() < 1e-9


def test_no_ray_slips_through_a_closed_box() -> None:
    from samples.clutter import box

    elevation, azimuth = np.meshgrid(np.linspace(-np.pi / 2, np.pi / 2, 91), np.linspace(0, 2 * np.pi, 181))
    flat = np.cos(elevation)
    beams = np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)], axis=2).reshape(-1, 3)
    # 2 degree steps from the centre run exactly along edges, diagonals and corners
    hits = ray_scene(box((2.0, 2.0, 2.0))).first_hits(np.array([0.0, 0.0, 1.0]), beams)
    assert np.isfinite(hits.distance).all()
    np.testing.assert_allclose(hits.distance, 1.0 / np.abs(beams).max(axis=1), rtol=1e-9)


def test_a_scene_without_triangles_is_never_hit() -> None:
    hits = ray_scene(np.zeros((0, 3, 3))).first_hits(np.zeros(3), np.eye(3))
    assert hits.triangle.tolist() == [-1, -1, -1]
    assert np.isinf(hits.distance).all()


def test_hits_beyond_the_reach_do_not_count() -> None:
    triangle = np.array([[[2.0, -1, -1], [2, 1, -1], [2, 0, 1]]])
    scene, ahead = ray_scene(triangle), np.array([[1.0, 0, 0]])
    assert scene.first_hits(np.zeros(3), ahead, 1.9).triangle[0] == -1
    assert scene.first_hits(np.zeros(3), ahead, 2.1).distance[0] == pytest.approx(2.0)


def test_triangles_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        ray_scene(np.full((1, 3, 3), np.nan))
