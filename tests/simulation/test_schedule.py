"""Schedules: a textbook project, a slow reference, and rings."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from simulation.distribution import BetaPert, Fixed, Triangular
from simulation.schedule.network import Cycle, Network
from simulation.schedule.risk import Risk, forecast
from simulation.schedule.task import Link, Relation, Task

RELIABLE = {
    "A": (1, 2, 3, ""), "B": (2, 3.5, 8, "A"), "C": (6, 9, 18, "B"), "D": (4, 5.5, 10, "C"), "E": (1, 4.5, 5, "C"),
    "F": (4, 4, 10, "E"), "G": (5, 6.5, 11, "D"), "H": (5, 8, 17, "EG"), "I": (3, 7.5, 9, "C"), "J": (3, 9, 9, "FI"),
    "K": (4, 4, 4, "J"), "L": (1, 5.5, 7, "J"), "M": (1, 2, 3, "H"), "N": (5, 5.5, 9, "KL"),
}  # fmt: skip
"""Reliable Construction Co. (Hillier and Lieberman): optimistic, likely, pessimistic weeks, and what comes before."""


def reliable(shape: type[BetaPert] | type[Triangular]) -> Network:
    names = list(RELIABLE)
    tasks = list[Task]()
    for name, (low, mode, high, before) in RELIABLE.items():
        duration = shape(low, mode, high) if low < high else Fixed(low)
        links = tuple(Link(names.index(one)) for one in before)
        tasks.append(Task(name, duration, links, (low + 4 * mode + high) / 6))
    return Network(tasks)


def test_the_critical_path_of_a_textbook_project() -> None:
    network = reliable(BetaPert)
    planned = np.array([task.planned for task in network.tasks])
    times = network.times(planned)
    assert times.end == pytest.approx(44.0)
    assert [network.tasks[k].name for k in network.critical_path(planned)] == list("ABCEFJLN")
    slack = dict(zip(RELIABLE, times.total_float.round(9), strict=True))
    assert {name: days for name, days in slack.items() if days} == {"D": 4, "G": 4, "H": 4, "M": 4, "I": 2, "K": 1}
    free = dict(zip(RELIABLE, network.free_float(planned).round(9), strict=True))
    assert free["K"] == 1
    assert free["I"] == 2
    assert free["D"] == 0
    assert free["M"] == 4
    assert network.times(np.array([float(row[2]) for row in RELIABLE.values()])).end == pytest.approx(70.0)
    assert sum(task.duration.central_moment(2) for task in network.tasks) > 0


@pytest.mark.parametrize(
    ("shape", "mean", "sd", "within", "p80"),
    [(BetaPert, 44.327, 2.935, 0.816, 46.81), (Triangular, 46.234, 3.694, 0.594, None)],
)
def test_merging_paths_make_it_later_than_the_plan(
    shape: type[BetaPert], mean: float, sd: float, within: float, p80: float | None
) -> None:
    found = forecast(reliable(shape), (), 100_000, np.random.default_rng(0))
    assert found.mean.interval.low - 0.01 <= mean <= found.mean.interval.high + 0.01
    assert found.sd == pytest.approx(sd, rel=0.01)
    assert found.within(47.0).value == pytest.approx(within, abs=0.005)
    if p80 is not None:
        assert found.quantile(0.8) == pytest.approx(p80, abs=0.05)
    index = list(RELIABLE).index("C")
    assert found.criticality[index] == 1.0
    assert int(np.argmax(found.influence)) == index


def test_a_shared_risk_widens_the_end_more_than_single_ones() -> None:
    tasks = [Task(f"t{k}", Fixed(10.0), (Link(k - 1),) if k else (), 10.0) for k in range(10)]
    network = Network(tasks)
    factor = Fixed(1.5)
    together = forecast(network, (Risk("rain", 0.3, factor, tuple(range(10))),), 20_000, np.random.default_rng(1))
    alone = forecast(network, [Risk(f"r{k}", 0.3, factor, (k,)) for k in range(10)], 20_000, np.random.default_rng(1))
    assert together.mean.value == pytest.approx(115.0, rel=0.01)
    assert alone.mean.value == pytest.approx(115.0, rel=0.01)
    assert together.sd == pytest.approx(50.0 * 0.21**0.5, rel=0.02)
    assert alone.sd == pytest.approx(5.0 * (10 * 0.21) ** 0.5, rel=0.02)
    assert together.risk_influence[0] == pytest.approx(50.0, rel=1e-9)


RELATIONS = list(Relation)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 100_000), count=st.integers(1, 7))
def test_times_are_the_least_that_keep_every_link(seed: int, count: int) -> None:
    """Against fixed-point iteration; and no task can start later than its late start without moving the end."""
    rng = np.random.default_rng(seed)
    tasks = list[Task]()
    for index in range(count):
        before = rng.choice(index, min(index, int(rng.integers(0, 3))), replace=False) if index else []
        links = tuple(Link(int(b), RELATIONS[rng.integers(4)], float(rng.integers(-2, 4))) for b in before)
        tasks.append(Task(f"t{index}", Fixed(0.0), links))
    durations = rng.integers(0, 6, count).astype(np.float64)
    network = Network(tasks)
    found = network.times(durations)
    start = _slow(tasks, durations, np.zeros(count))
    assert found.start == pytest.approx(start)
    assert found.end == pytest.approx((start + durations).max())
    for index in range(count):
        for later, keeps in ((found.late_start[index], True), (found.late_start[index] + 1.0, False)):
            floor = np.zeros(count)
            floor[index] = later
            end = float((_slow(tasks, durations, floor) + durations).max())
            assert bool(end <= found.end + 1e-9) == keeps


def _slow(tasks: list[Task], durations: FloatArray, floor: FloatArray) -> FloatArray:
    """Return the earliest starts by going over the links until nothing moves."""
    start = floor.copy()
    for _, (index, task) in product(range(len(tasks) + 1), enumerate(tasks)):
        for link in task.links:
            begin, over = start[link.before], start[link.before] + durations[link.before]
            wanted = {"FS": over, "SS": begin, "FF": over - durations[index], "SF": begin - durations[index]}
            start[index] = max(start[index], wanted[link.relation.value] + link.lag)
    return start


def test_a_ring_is_named() -> None:
    with pytest.raises(Cycle, match="walls → roof → walls"):
        Network([
            Task("ground", Fixed(1.0)),
            Task("roof", Fixed(1.0), (Link(0), Link(2))),
            Task("walls", Fixed(1.0), (Link(1),)),
        ])  # fmt: skip
    with pytest.raises(Cycle, match="a → a"):
        Network([Task("a", Fixed(1.0), (Link(0),))])
