"""Patches of a seen surface: planted form errors come back within U, what stands on a surface is not the surface."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.deviation.surface import (
    Patches,
    _median_by,  # pyright: ignore[reportPrivateUsage]
    adjacent_cells,
    numbered_rows,
    patch_surface,
)
from geometry.pose import Pose

SIGMA = 0.0025
UP = np.array([0.0, 0.0, 1.0])


def wall(rng: np.random.Generator, *, density: float = 1000.0, width: float = 4.0, height: float = 2.5) -> FloatArray:
    """Return points (n, 3) spread over a wall in the plane z = 0, so many per square metre."""
    count = int(density * width * height)
    return rng.uniform(0, 1, (count, 3)) * [width, height, 0.0]


def patched(points: FloatArray, form: FloatArray, rng: np.random.Generator, *, rigid: float = 0.0) -> Patches:
    """Return the patches of points whose surface lies ``form`` (n,) off a rigid pose that is ``rigid`` off design."""
    noisy = form + rng.normal(0.0, 0.002, len(points))
    normals = np.tile(UP, (len(points), 1))
    return patch_surface(points + noisy[:, None] * UP, normals, noisy + rigid, noisy, sigma=SIGMA)


@pytest.mark.parametrize("rigid", [-0.02, 0.0, 0.035])
def test_a_flat_wall_deviates_by_what_its_pose_says(rigid: float) -> None:
    rng = np.random.default_rng(1)
    points = wall(rng)
    patches = patched(points, np.zeros(len(points)), rng, rigid=rigid)
    assert patches.own.all()
    errors = (patches.deviation - rigid) / patches.uncertainty
    assert (np.abs(errors) < 2).mean() > 0.93
    assert np.abs(patches.deviation - rigid).max() < 0.0015
    assert patches.points.sum() > 0.99 * len(points)


@pytest.mark.parametrize("density", [300.0, 1500.0, 10_000.0])
def test_a_planted_bow_of_25_mm_is_recovered_within_u(density: float) -> None:
    """A rigid fit through a bow leaves -2/3 .. +1/3 of it; the patches must put it together again."""
    rng = np.random.default_rng(2)
    points = wall(rng, density=density)
    bow = 0.025 * (1 - (points[:, 0] / 2.0 - 1) ** 2)
    noisy = bow + rng.normal(0.0, 0.002, len(points))
    rigid = float(bow.mean())
    normals = np.tile(UP, (len(points), 1))
    patches = patch_surface(points, normals, noisy, noisy - rigid, sigma=SIGMA)
    assert patches.own.all()
    middle = np.abs(patches.position[:, 0] - 2.0) < 0.1
    # averaging over three cells cuts the crown of the bow by its sagitta over that length
    cut = 0.025 * (1.5 * patches.cell / 2.0) ** 2 / 3
    best = patches.deviation[middle].mean()
    assert best == pytest.approx(0.025 - cut, abs=float(2 * patches.uncertainty[middle].max()))
    assert patches.deviation.max() == pytest.approx(0.025, abs=0.0015)
    assert patches.deviation.min() < 0.004


def test_a_box_standing_on_a_slab_is_not_the_slab() -> None:
    rng = np.random.default_rng(3)
    points = wall(rng, density=2000.0)
    on_box = (np.abs(points[:, 0] - 2.0) < 0.4) & (np.abs(points[:, 1] - 1.2) < 0.4)
    patches = patched(points, np.where(on_box, 0.04, 0.0), rng)
    inside = (np.abs(patches.position[:, 0] - 2.0) < 0.3) & (np.abs(patches.position[:, 1] - 1.2) < 0.3)
    outside = (np.abs(patches.position[:, 0] - 2.0) > 0.55) | (np.abs(patches.position[:, 1] - 1.2) > 0.55)
    assert not patches.own[inside].any()
    assert patches.own[outside].all()
    assert np.abs(patches.deviation[outside]).max() < 0.0015
    assert patches.deviation[inside] == pytest.approx(0.04, abs=0.0015)


def test_a_face_far_from_the_rigid_pose_is_foreign() -> None:
    """Nothing of it lies where the pose says: it is not this element's surface, whatever its normal."""
    rng = np.random.default_rng(4)
    points = wall(rng)
    patches = patched(points, np.full(len(points), 0.03), rng)
    assert not patches.own.any()


def test_opposite_faces_are_not_mixed() -> None:
    """A door leaf of 40 mm: both faces fall into one cell of the grid."""
    rng = np.random.default_rng(5)
    front, back = wall(rng, width=0.9, height=2.0), wall(rng, width=0.9, height=2.0)
    back[:, 2] = -0.04
    points = np.concatenate([front, back])
    normals = np.concatenate([np.tile(UP, (len(front), 1)), np.tile(-UP, (len(back), 1))])
    deviation = np.concatenate([np.full(len(front), 0.005), np.full(len(back), -0.005)])
    patches = patch_surface(points, normals, deviation, np.zeros(len(points)), sigma=SIGMA)
    np.testing.assert_allclose(patches.deviation, 0.005 * patches.normal[:, 2], atol=1e-12)
    assert set(patches.normal[:, 2].tolist()) == {-1.0, 1.0}


@pytest.mark.parametrize("count", [1, 2, 5, 20])
def test_a_few_points_make_a_few_patches_with_a_large_uncertainty(count: int) -> None:
    rng = np.random.default_rng(6)
    points = wall(rng)[:count]
    patches = patched(points, np.zeros(count), rng, rigid=0.01)
    assert 0 < patches.points.sum() <= count
    assert np.isfinite(patches.deviation).all()
    assert (patches.uncertainty >= 1.2 * SIGMA / np.sqrt(count)).all()
    assert (patches.support <= count).all()


def test_sparse_points_take_larger_cells() -> None:
    rng = np.random.default_rng(7)
    densities = (10_000, 1000, 200, 50)
    cells = [patched(p, np.zeros(len(p)), rng).cell.max() for p in (wall(rng, density=d) for d in densities)]
    assert cells == sorted(cells)
    assert cells[0] < cells[-1]


@pytest.mark.parametrize("count", [60, 200, 600])
def test_a_face_seen_sparsely_is_judged_beside_one_seen_densely(count: int) -> None:
    """A door's side, 2 m by 6 cm, seen at a slant beside its front: no point of it is lost among the front's cells."""
    rng = np.random.default_rng(count)
    front = wall(rng, density=5000.0, width=1.0, height=2.0)
    side = np.column_stack([np.ones(count), *rng.uniform([0.0, -0.06], [2.0, 0.0], (count, 2)).T])
    points = np.concatenate([front, side])
    normals = np.concatenate([np.tile(UP, (len(front), 1)), np.tile([1.0, 0.0, 0.0], (count, 1))])
    noise = rng.normal(0.0, SIGMA, len(points))
    off = noise + np.where(normals[:, 0] > 0.5, 0.030, 0.0)
    patches = patch_surface(points, normals, off, noise, sigma=SIGMA)
    on_side = patches.normal[:, 0] > 0.5
    assert patches.points[on_side].sum() > 0.9 * count
    assert patches.own[on_side].all()
    assert np.abs(patches.deviation[on_side] - 0.030).max() < 4.0 * patches.uncertainty[on_side].max()
    assert patches.cell[~on_side].max() <= patches.cell[on_side].min()
    area = patches.area[on_side].sum()
    assert 0.2 * 2.0 * 0.06 < area < 3.0 * 2.0 * 0.06


def test_the_stated_uncertainty_is_honest() -> None:
    """Noise of exactly sigma: patch values scatter by what they say."""
    rng = np.random.default_rng(8)
    errors: list[FloatArray] = []
    for _ in range(20):
        points = wall(rng, width=2.0, height=2.0)
        noise = rng.normal(0.0, SIGMA, len(points))
        patches = patch_surface(points, np.tile(UP, (len(points), 1)), noise, noise, sigma=SIGMA)
        errors.append(patches.deviation / patches.uncertainty)
    together = np.concatenate(errors)
    assert 0.93 < (np.abs(together) < 2).mean() <= 1.0
    assert 0.4 < (together**2).mean() < 1.15


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), shift=st.tuples(*[st.floats(-1000, 1000)] * 3))
def test_patches_move_along_with_the_points(seed: int, shift: tuple[float, float, float]) -> None:
    rng = np.random.default_rng(seed)
    points = wall(rng, density=400.0, width=2.0)
    noise = rng.normal(0.0, 0.002, len(points))
    normals = np.tile(UP, (len(points), 1))
    here = patch_surface(points, normals, noise, noise, sigma=SIGMA)
    there = patch_surface(points + np.array(shift), normals, noise, noise, sigma=SIGMA)
    assert set(here.cell) == set(there.cell)
    # a point on a cell's border may change sides by rounding: nearly all patches are the same
    same = np.abs(np.sort(here.deviation)[:, None] - np.sort(there.deviation)[None]).min(axis=1) < 1e-9
    assert same.mean() > 0.9
    assert abs(len(here.points) - len(there.points)) <= 1


def test_mirroring_the_deviation_mirrors_the_patches() -> None:
    rng = np.random.default_rng(9)
    points = wall(rng)
    noise = rng.normal(0.001, 0.002, len(points))
    normals = np.tile(UP, (len(points), 1))
    one = patch_surface(points, normals, noise, noise, sigma=SIGMA)
    other = patch_surface(points, normals, -noise, -noise, sigma=SIGMA)
    np.testing.assert_allclose(other.deviation, -one.deviation, atol=1e-15)
    np.testing.assert_array_equal(other.own, one.own)


def test_a_skew_wall_is_patched_like_a_straight_one() -> None:
    rng = np.random.default_rng(10)
    points = wall(rng)
    noise = rng.normal(0.0, 0.002, len(points))
    T = Pose.from_rotation_vector([0.5, 0.3, 0.7])
    turned = T.apply(points + noise[:, None] * UP)
    patches = patch_surface(turned, T.rotate(np.tile(UP, (len(points), 1))), noise + 0.008, noise, sigma=SIGMA)
    assert patches.own.all()
    assert np.abs(patches.deviation - 0.008).max() < 0.002


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 60))
def test_touching_cells_equal_comparing_all_pairs(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    keys = np.unique(np.column_stack([rng.integers(0, 6, (count, 3)), rng.integers(0, 3, count)]), axis=0)
    left, right = adjacent_cells(keys)
    got = set(zip(left.tolist(), right.tolist(), strict=True))
    want = {
        (i, j)
        for i in range(len(keys))
        for j in range(len(keys))
        if keys[i, 3] == keys[j, 3] and np.abs(keys[i, :3] - keys[j, :3]).max() <= 1
    }
    assert got == want
    assert len(left) == len(got)


def test_no_cells_touch_nothing() -> None:
    left, right = adjacent_cells(np.empty((0, 4), np.int64))
    assert len(left) == len(right) == 0


@given(st.integers(0, 10_000), st.sampled_from([3, 1000, 2**40]))
def test_rows_are_numbered_as_numpy_does(seed: int, reach: int) -> None:
    """Against numpy.unique over rows, also where the rows are too wide for one number."""
    rows = np.random.default_rng(seed).integers(-reach, reach, (50, 4))
    rows = np.concatenate([rows, rows[:20]])
    _, number, count = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    found = numbered_rows(rows)
    np.testing.assert_array_equal(found[0], number.reshape(-1))
    np.testing.assert_array_equal(found[1], count)
    assert [len(part) for part in numbered_rows(rows[:0])] == [0, 0]


@given(seed=st.integers(0, 1000), groups=st.sampled_from([1, 40, 300, 70_000]))
@settings(max_examples=25, deadline=None)
def test_medians_of_many_groups_are_those_of_each(seed: int, groups: int) -> None:
    rng = np.random.default_rng(seed)
    _, group = np.unique(rng.integers(0, groups, 1500), return_inverse=True)
    values = rng.normal(0.0, 1.0, 1500).round(2)  # some of them equal
    medians = _median_by(group, values, np.bincount(group))
    np.testing.assert_array_equal(medians, [np.median(values[group == one]) for one in range(len(medians))])
