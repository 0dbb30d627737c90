"""Normals against known planes and spheres at every density, and against a brute-force fit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.normals import estimate_normals
from geometry.thinning import voxel_thin


def wall(spacing: float, noise: float, normal: FloatArray, size: float = 2.0) -> FloatArray:
    """Return a noisy square on a grid of ``spacing`` metres with its middle at the origin."""
    rng = np.random.default_rng(0)
    k = np.arange(-size / 2, size / 2, spacing)
    u = np.cross(normal, [0.31, 0.2, 0.93])
    u /= np.linalg.norm(u)
    grid = np.stack(np.meshgrid(k, k), axis=-1).reshape(-1, 2)
    return grid @ np.stack([u, np.cross(normal, u)]) + rng.normal(0, noise, (len(grid), 1)) * normal


def angles(normals: FloatArray, truth: FloatArray) -> FloatArray:
    return np.degrees(np.arccos(np.clip(normals @ truth, -1, 1)))


@pytest.mark.parametrize(("spacing", "noise"), [(0.004, 0.004), (0.02, 0.002), (0.1, 0.004)])
def test_a_noisy_plane_at_any_density(spacing: float, noise: float) -> None:
    truth = np.array([0.6, 0.64, 0.48])
    points = wall(spacing, noise, truth)
    normals, planarity = estimate_normals(points, 5 * truth[None])
    inside = np.linalg.norm(points, axis=1) < 0.7
    assert np.percentile(angles(normals[inside], truth), 95) < 5.0
    assert planarity[inside].min() > 0.9


def test_normals_look_at_the_station_of_each_point() -> None:
    points = wall(0.03, 0.001, np.array([0.0, 0, 1]))
    stations = np.where(points[:, :1] > 0, [[0, 0, 3.0]], [[0, 0, -3.0]])
    normals, _ = estimate_normals(points, stations)
    assert (np.sign(normals[:, 2]) == np.sign(stations[:, 2])).all()


def test_the_inside_of_a_sphere() -> None:
    k = np.arange(20_000)
    z = 1 - 2 * (k + 0.5) / len(k)
    ring = np.sqrt(1 - z**2)
    unit = np.stack([ring * np.cos(k * 2.399963), ring * np.sin(k * 2.399963), z], axis=1)
    normals, _ = estimate_normals(2 * unit, np.zeros((1, 3)))
    assert np.degrees(np.arccos(np.clip(-(normals * unit).sum(axis=1), -1, 1))).max() < 2.0


def test_each_normal_is_the_plane_of_its_thinned_neighbours() -> None:
    rng = np.random.default_rng(1)
    points = rng.uniform(0, 0.5, (600, 3)) * [1, 1, 0.05]
    normals, _ = estimate_normals(points, None, radius=0.15, max_radius=0.15)
    corner = points.min(axis=0) - 0.15
    support = (points - corner)[voxel_thin(points - corner, 0.15 / 3.5)]
    for i in range(0, 600, 37):
        near = support[np.linalg.norm(support - (points[i] - corner), axis=1) <= 0.15]
        _, vectors = np.linalg.eigh(np.cov(near.T))
        assert abs(vectors[:, 0] @ normals[i]) > 1 - 1e-9


def test_no_plane_no_normal() -> None:
    line = np.stack([np.linspace(0, 3, 500), np.zeros(500), np.zeros(500)], axis=1)
    for points in (line, np.zeros((3, 3)), np.array([[0.0, 0, 0], [50, 0, 0], [0, 70, 0]])):
        normals, planarity = estimate_normals(points, None)
        assert (normals == 0).all()
        assert (planarity == 0).all()


def test_edges_are_less_planar_than_faces() -> None:
    k = np.arange(-1, 1, 0.02)
    grid = np.stack(np.meshgrid(k, k), axis=-1).reshape(-1, 2)
    floor = np.column_stack([grid, np.zeros(len(grid))])
    side = np.column_stack([np.zeros(len(grid)), grid[:, 0], grid[:, 1] + 1.0])
    _, planarity = estimate_normals(np.concatenate([floor, side]), None)
    distance = np.abs(floor[:, 0])
    assert planarity[: len(floor)][distance < 0.01].max() < planarity[: len(floor)][distance > 0.2].min()


def test_asking_for_some_points_gives_what_asking_for_all_gives() -> None:
    points = wall(0.03, 0.002, np.array([0.0, 0.6, 0.8]))
    everything, planarity = estimate_normals(points, np.array([[0, 0, 9.0]]))
    at = np.array([900, 3, 77])
    some, some_planarity = estimate_normals(points, None, at=at)
    assert np.allclose(np.abs((some * everything[at]).sum(axis=1)), 1.0)
    assert np.array_equal(some_planarity, planarity[at])


def test_nothing_in_nothing_out_and_bad_radii() -> None:
    normals, planarity = estimate_normals(np.zeros((0, 3)), None)
    assert normals.shape == (0, 3)
    assert planarity.shape == (0,)
    with pytest.raises(ValueError, match="radius"):
        estimate_normals(np.zeros((5, 3)), None, radius=0.0)


@settings(max_examples=30, deadline=None)
@given(
    cell=st.floats(0.01, 2.0),
    seed=st.integers(0, 1000),
    shift=st.tuples(*[st.integers(-4, 4).map(float)] * 3),
)
def test_thinning_keeps_the_first_point_of_each_cube(cell: float, seed: int, shift: tuple[float, float, float]) -> None:
    rng = np.random.default_rng(seed)
    points = np.round(rng.uniform(0, 3, (200, 3)) * 64) / 64
    kept = voxel_thin(points, cell)
    cube = np.floor((points - (points.min(axis=0) - 0.3819660112501051 * cell)) / cell)
    first: dict[tuple[float, ...], int] = {}
    for i, c in enumerate(map(tuple, cube)):
        first.setdefault(c, i)
    assert kept.tolist() == sorted(first.values())
    assert np.array_equal(voxel_thin(points + shift, cell), kept)  # exact in binary: a moved cloud keeps its points


def test_thinning_refuses_senseless_cells() -> None:
    with pytest.raises(ValueError, match="positive"):
        voxel_thin(np.zeros((2, 3)), 0.0)
    with pytest.raises(ValueError, match="too small"):
        voxel_thin(np.array([[0.0, 0, 0], [1e7, 0, 0]]), 0.01)
    assert voxel_thin(np.zeros((0, 3)), 1.0).tolist() == []
