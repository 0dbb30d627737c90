"""What is promised of a pose that a handful of elements fix."""

import numpy as np
import pytest

from geometry.arrays import BoolArray, FloatArray
from geometry.registration.consensus import anneal
from geometry.registration.covariance import pose_covariance
from geometry.registration.pair_fit import BUILT
from geometry.registration.votes import Votes, moved
from tests.geometry.registration.few_elements import Plate, room, votes_of

SCALE = 0.006


def found(votes: Votes, *, size: float = 1.0) -> tuple[FloatArray, FloatArray]:
    """Return the step from the true pose to the one found (6,), and its covariance (6, 6)."""
    steps, consent = anneal(votes, np.zeros((1, 6)), np.full(6, SCALE))
    return steps[0], pose_covariance(moved(votes, steps[0]), consent[0], SCALE, size)


@pytest.mark.parametrize("scatter", [0.0005, 0.001, 0.002])
def test_few_elements_of_many_patches_promise_no_more_than_they_hold(scatter: float) -> None:
    """The patches of a floor are built off together: counted one by one, they held 88 % where 95 were promised."""
    inside: list[BoolArray] = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        patches = (int(rng.integers(2, 16)), int(rng.integers(2, 16)))
        plates = [Plate(p.centre, p.facing, p.patches, float(rng.normal(0, scatter))) for p in room(patches=patches)]
        step, covariance = found(votes_of(plates, rng))
        inside.append(np.abs(step) <= 2 * np.sqrt(np.diag(covariance)))
    assert 0.93 <= np.mean(inside) <= 0.995


def test_a_height_that_one_element_tells_may_be_off_by_what_is_built_off() -> None:
    alone, confirmed = room()[:-1], room()
    _, of_one = found(votes_of(alone, np.random.default_rng(0)))
    _, of_two = found(votes_of(confirmed, np.random.default_rng(0)))
    assert np.sqrt(of_one[5, 5]) == pytest.approx(BUILT, rel=0.1)
    assert np.sqrt(of_two[5, 5]) < 0.003
    assert np.sqrt(np.diag(of_one)[3:5]).max() < 0.003  # the walls are as sure as before
    _, of_a_part = found(votes_of(alone, np.random.default_rng(0)), size=0.1)
    assert np.sqrt(of_a_part[5, 5]) == pytest.approx(0.1 * BUILT, rel=0.5)


def test_of_two_that_disagree_either_may_be_right() -> None:
    _, covariance = found(votes_of(room(ceiling=0.03), np.random.default_rng(0)))
    assert 0.03 <= 2 * np.sqrt(covariance[5, 5]) <= 0.045
    assert 2 * np.sqrt(np.diag(covariance)[3:5]).max() < 0.006
