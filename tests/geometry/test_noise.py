"""The scan's noise measured from the scan: planted noise comes back, shape and edges do not count as noise."""

import numpy as np
import pytest

from geometry.noise import estimate_noise
from geometry.pose import Pose
from tests.reference.scenes import Box, scan_of


def flat(
    rng: np.random.Generator, noise: float, count: int = 60_000
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    points = rng.uniform(0, 1.5, (count, 3)) * [1, 1, 0]
    points[:, 2] += rng.normal(0.0, noise, count)
    return points


@pytest.mark.parametrize("noise", [0.0003, 0.001, 0.002, 0.005])
def test_planted_noise_on_planes_comes_back_within_a_tenth(noise: float) -> None:
    rng = np.random.default_rng(1)
    points = Pose.from_rotation_vector([0.3, 1.2, -0.4], [40.0, -7.0, 2.0]).apply(flat(rng, noise))
    assert estimate_noise(points) == pytest.approx(noise, rel=0.10)


def test_edges_and_corners_do_not_count_as_noise() -> None:
    room = [Box("floor", (0, 0, -0.2), (4, 4, 0)), Box("wall", (0, 3.8, 0), (4, 4, 2.5)),
            Box("post", (1, 1, 0), (1.2, 1.2, 2.5))]  # fmt: skip
    scan = scan_of(room, [(2.2, 1.4, 1.5)], step=0.008, noise=0.001, seed=3)
    # noise is along the beam: across a slanted surface it shows less
    assert 0.0004 < estimate_noise(scan.points) < 0.0011


def test_a_slightly_curved_surface_is_not_noise() -> None:
    rng = np.random.default_rng(2)
    angle, height = rng.uniform(0, 1.0, 60_000), rng.uniform(0, 0.7, 60_000)
    radius = 1.5 + rng.normal(0.0, 0.001, 60_000)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)
    assert estimate_noise(points) == pytest.approx(0.001, rel=0.15)


@pytest.mark.parametrize("count", [0, 1, 30])
def test_too_few_points_to_tell_give_two_millimetres(count: int) -> None:
    points = np.random.default_rng(0).uniform(0, 10, (count, 3))
    assert estimate_noise(points) == 0.002


def test_points_in_one_line_tell_nothing_about_a_surface() -> None:
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(0, 60, 60_000))
    line = np.stack([x, np.zeros_like(x), np.zeros_like(x)], axis=1)
    assert estimate_noise(line) == 0.002


def test_the_estimate_does_not_depend_on_where_the_scan_lies() -> None:
    points = flat(np.random.default_rng(5), 0.002)
    assert estimate_noise(points + np.array([4096.0, -512.0, 64.0])) == pytest.approx(estimate_noise(points), rel=1e-6)
