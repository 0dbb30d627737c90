"""Clusters of unexplained points against comparing every cell with every other."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.unmodelled import cluster_points


def clusters_by_flooding(points: FloatArray, cell: float) -> list[set[int]]:
    """Return sets of point indices whose grid cells touch, corners included, largest first."""
    key = np.floor((points - points.min(axis=0)) / cell).astype(int)
    left = set(range(len(points)))
    found: list[set[int]] = []
    while left:
        group, edge = set[int](), {min(left)}
        while edge:
            group |= edge
            left -= edge
            near = {i for i in left for j in edge if np.abs(key[i] - key[j]).max() <= 1}
            edge = near
        found.append(group)
    return sorted(found, key=len, reverse=True)


def row(values: FloatArray) -> tuple[float, ...]:
    return tuple(round(float(v), 9) for v in values)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 80), size=st.floats(0.3, 3.0))
def test_clusters_equal_flooding(seed: int, count: int, size: float) -> None:
    points = np.random.default_rng(seed).uniform(-size, size, (count, 3))
    want = clusters_by_flooding(points, 0.15)
    got = cluster_points(points, min_points=1)
    assert sorted(c.points for c in got) == sorted(len(g) for g in want)
    groups = [points[np.array(sorted(g))] for g in want]
    assert {row(c.centroid) for c in got} == {row(g.mean(axis=0)) for g in groups}
    assert sorted(row(c.size) for c in got) == sorted(row(g.max(axis=0) - g.min(axis=0)) for g in groups)


def test_clusters_come_largest_first_and_small_ones_are_left_out() -> None:
    rng = np.random.default_rng(1)
    heap = [rng.uniform(0, 0.4, (n, 3)) + at for n, at in ((49, 0.0), (50, 5.0), (300, 10.0))]
    assert [c.points for c in cluster_points(np.concatenate(heap))] == [300, 50]


def test_a_crate_has_its_place_and_size() -> None:
    rng = np.random.default_rng(2)
    crate = rng.uniform(0, 1, (2000, 3)) * [0.6, 0.4, 0.5] + [3.0, 2.0, 0.0]
    [found] = cluster_points(crate)
    np.testing.assert_allclose(found.centroid, [3.3, 2.2, 0.25], atol=0.02)
    np.testing.assert_allclose(found.size, [0.6, 0.4, 0.5], atol=0.01)


def test_nothing_has_no_clusters() -> None:
    assert cluster_points(np.empty((0, 3))) == ()
    assert cluster_points(np.random.default_rng(0).uniform(0, 100, (500, 3))) == ()
