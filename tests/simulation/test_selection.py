"""Choosing the best of several systems: as often right as promised, on the same and on independent random numbers."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pytest
from scipy.stats import binom

from geometry.arrays import FloatArray
from simulation.errors import SimulationError
from simulation.experiment.selection import FIRST_RUNS, Selection, select_best

Draw = Callable[[int, int], float]


def choose(draw: Draw, count: int, worth: float, most: int = 100_000, confidence: float = 0.95) -> Selection:
    first = [np.array([draw(i, number) for number in range(FIRST_RUNS)]) for i in range(count)]

    def further(asked: Sequence[tuple[int, int]]) -> Iterable[float]:
        return [draw(i, number) for i, number in asked]

    return select_best(first, further, worth, confidence, most)


def table(rng: np.random.Generator, means: FloatArray, spread: FloatArray, shared: float) -> Draw:
    own = rng.standard_normal((len(means), 600))
    common = rng.standard_normal(600)
    values = means[:, None] + spread[:, None] * (np.sqrt(1.0 - shared) * own + np.sqrt(shared) * common)
    return lambda i, number: float(values[i, number])


@pytest.mark.parametrize(("count", "shared"), [(2, 0.0), (5, 0.0), (5, 0.8), (10, 0.0)])
def test_it_is_right_as_often_as_promised(count: int, shared: float) -> None:
    """The hardest case: all others are worse by just what matters."""
    rng, right, trials, worth = np.random.default_rng(count), 0, 300, 0.5
    for _ in range(trials):
        best = int(rng.integers(count))
        means = np.where(np.arange(count) == best, worth, 0.0)
        found = choose(table(rng, means, np.ones(count), shared), count, worth)
        assert found.settled
        right += found.best == best
    assert right >= binom.ppf(0.001, trials, 0.95)


def test_unequal_spreads_and_unequal_means() -> None:
    rng, right, trials = np.random.default_rng(1), 0, 200
    for _ in range(trials):
        means, spread = np.array([0.0, 0.2, 0.4, 1.0]), np.array([0.3, 2.0, 1.0, 1.5])
        right += choose(table(rng, means, spread, 0.3), 4, 0.6).best == 3
    assert right >= binom.ppf(0.001, trials, 0.95)


def test_common_random_numbers_need_fewer_runs_and_bad_ones_go_early() -> None:
    means = np.array([0.0, 0.4, 5.0])
    alone = choose(table(np.random.default_rng(0), means, np.ones(3), 0.0), 3, 0.3)
    assert len(alone.values[0]) < 20, "far behind"
    together, apart = (
        choose(table(np.random.default_rng(4), np.array([0.0, 0.3]), np.ones(2), shared), 2, 0.3)
        for shared in (0.95, 0.0)
    )
    assert len(together.values[0]) < len(apart.values[0]) / 3


def test_equals_are_settled_and_one_of_them_is_taken() -> None:
    found = choose(table(np.random.default_rng(2), np.zeros(3), np.ones(3), 0.0), 3, 1.0)
    assert found.settled
    assert found.best in found.left


def test_what_is_not_settled_in_time_is_said() -> None:
    found = choose(table(np.random.default_rng(2), np.array([0.0, 0.01]), np.ones(2), 0.0), 2, 0.02, most=30)
    assert not found.settled
    assert found.left == (0, 1)
    assert [len(values) for values in found.values] == [30, 30]


def test_no_scatter_at_all_decides_at_once() -> None:
    found = choose(lambda i, _: float(i), 3, 0.5)
    assert (found.best, found.settled, len(found.values[2])) == (2, True, FIRST_RUNS)


def test_no_value_is_no_choice() -> None:
    with pytest.raises(SimulationError, match="no value in some run"):
        choose(lambda i, number: float("nan") if number == 12 else float(i * number % 3), 2, 0.1)
