"""Published and worked answers that no other test holds; each with where it comes from."""

import numpy as np
import pytest
from scipy.stats import norm

from geometry.arrays import FloatArray
from simulation.distribution import BetaPert, Triangular
from simulation.experiment.estimate import Rule, mean_of, pooled
from simulation.experiment.streams import Streams
from simulation.flow.exact.lines import bernoulli_line, bernoulli_pair, exponential_pair
from simulation.flow.exact.queues import birth_death, effective_time, erlang, practical_worst, repair_shop
from simulation.flow.exact.recognise import exact_answer
from simulation.flow.placement import Economics, Stage, evaluate
from simulation.flow.record import run_line
from simulation.flow.recurrence import lindley
from simulation.flow.study import Plan, study
from simulation.schedule.network import Network
from simulation.schedule.pert import classical
from simulation.schedule.task import Link, Relation, Task
from tests.simulation.flow_lines import document, run
from tests.simulation.test_schedule import RELIABLE, reliable


def test_one_fast_teller_or_two_slow_ones() -> None:
    """Law, Simulation Modeling and Analysis: mean delay of the first 100 customers 4.127 and 3.693."""
    rng = np.random.default_rng(4)
    arrivals = np.cumsum(rng.exponential(1.0, (20_000, 100)), axis=1)
    fast = lindley(arrivals, rng.exponential(0.9, (20_000, 100))).mean(axis=1)
    assert fast.mean() == pytest.approx(4.127, abs=2.6 * fast.std() / 20_000**0.5)
    slow = document(
        {"bank": {"takes": {"exponential": 1.8}, "machines": 2, "to": "ship"}},
        {"in": {"every": {"exponential": 1}, "to": "bank", "count": 100}},
    )
    found = run(slow, 300).values("bank.wait")
    assert found.mean() == pytest.approx(3.693, abs=2.6 * found.std() / 300**0.5)


def repair_shares(machines: int, failure: float, repair: float) -> FloatArray:
    """Return the shares of time with 0 … n machines down and one crew."""
    up: FloatArray = np.linspace(machines, 1, machines)
    return birth_death(failure * up, np.full(machines, repair))


def test_how_often_nobody_is_there() -> None:
    """Hillier and Lieberman's county hospital, one doctor or two; three servers; machines of which none is down."""
    one, two = erlang(2.0, 3.0), erlang(2.0, 3.0, 2)
    assert (one.waiting, one.wait, one.time, one.empty) == pytest.approx((4 / 3, 2 / 3, 1.0, 1 / 3))
    assert (two.waiting, two.wait, two.time, two.empty) == pytest.approx((1 / 12, 1 / 24, 3 / 8, 0.5))
    assert erlang(8.0, 3.0, 3).empty == pytest.approx(0.0280374, abs=1e-7)
    assert repair_shares(5, 0.1, 0.5)[0] == pytest.approx(0.284868, abs=1e-6)
    assert repair_shares(10, 1 / 300, 1 / 30)[0] == pytest.approx(0.214582, abs=1e-6)


def test_a_pair_of_bernoulli_machines_blocks_as_often_as_it_starves() -> None:
    rate, stock = bernoulli_line(np.array([0.9, 0.9]), (2,))
    assert rate == pytest.approx(6 / 7, abs=1e-9)
    assert stock == pytest.approx([1.4286], abs=1e-4)
    assert 0.9 - rate == pytest.approx(0.042857, abs=1e-6)  # what either of them could have made, and did not


def test_lines_of_bernoulli_machines() -> None:
    """Li and Meerkov, Production Systems Engineering, chapter 4: reversible, and longer lines with their stock."""
    assert bernoulli_pair(0.9, 0.7, 2) == pytest.approx(0.688968, abs=1e-6)
    assert bernoulli_pair(0.7, 0.9, 2) == pytest.approx(0.688968, abs=1e-6)
    rate, stock = bernoulli_line(np.array([0.9] * 3), (2, 2))
    assert rate == pytest.approx(0.831887, abs=1e-6)
    assert stock == pytest.approx([1.5219, 1.3100], abs=1e-4)
    assert bernoulli_line(np.array([0.9] * 5), (3,) * 4)[0] == pytest.approx(0.839467, abs=1e-6)


def test_machines_that_fail() -> None:
    """Gershwin and Berman's pair; Factory Physics: the same availability by long and by short failures."""
    assert exponential_pair((1, 1), (0.01, 0.01), (0.1, 0.1), 10)[0] == pytest.approx(0.785921, abs=1e-6)
    assert effective_time(15, 0.05, 744, 248, 1) == pytest.approx((20.0, 6.25))
    assert practical_worst(0.5, 8.0, 4) == pytest.approx((2 / 7, 14.0))
    down, available = repair_shop(5, 1, 0.1, 0.5)
    assert (down, available) == pytest.approx((1.424339, 0.715132), abs=1e-6)
    assert repair_shop(10, 1, 1 / 300, 1 / 30)[1] == pytest.approx(1.0 - 2.145823 / 10.0, abs=1e-6)


def test_a_look_at_the_end_or_after_each_operation() -> None:
    """Groover: 100 parts, 20 operations at 1.00, 3 % bad each; a look at the end costs 2.00, after each 0.10."""
    every = [Stage("", 1.0, 0.03, 0.1, 0.0, 0.0)] * 20
    last = [*[Stage("", 1.0, 0.03, 0.0, 0.0, 0.0)] * 19, Stage("", 1.0, 0.03, 2.0, 0.0, 0.0)]
    at_the_end = evaluate(last, Economics(0.0, 0.0), [False] * 19 + [True])
    after_each = evaluate(every, Economics(0.0, 0.0), [True] * 20)
    assert (100 * at_the_end.cost, 100 * after_each.cost) == pytest.approx((2200.0, 1672.75), abs=0.005)
    assert (100 * at_the_end.good, 100 * after_each.good) == pytest.approx((54.38, 54.38), abs=0.005)


@pytest.mark.parametrize("shape", [BetaPert, Triangular])
def test_pert_by_hand(shape: type[BetaPert] | type[Triangular]) -> None:
    """Hillier and Lieberman: mean 44, variance 9, over within 47 with 0.8413."""
    found = classical(reliable(shape))
    assert (found.mean, found.sd**2) == pytest.approx((44.0, 9.0))
    assert "".join(list(RELIABLE)[index] for index in found.path) == "ABCEFJLN"
    assert found.within(47.0) == pytest.approx(0.8413, abs=5e-5)
    assert found.quantile(0.8) == pytest.approx(44.0 + 3.0 * norm.ppf(0.8))
    certain = classical(Network([task for task in reliable(shape).tasks if task.name == "A"][:1]))
    assert certain.within(2.0) == pytest.approx(0.5)


@pytest.mark.parametrize("first", list(Relation))
@pytest.mark.parametrize("second", list(Relation))
def test_pert_counts_a_task_as_often_as_the_end_moves_with_it(first: Relation, second: Relation) -> None:
    """A task that the next one only begins with does not move the end: the slow reference lengthens each in turn."""
    shapes = [BetaPert(2.0, 3.0, 7.0), BetaPert(3.0, 5.0, 6.0), BetaPert(1.0, 4.0, 9.0)]
    links = ((), (Link(0, first, 20.0),), (Link(1, second, 20.0),))
    network = Network([Task(f"t{k}", shapes[k], links[k], shapes[k].mode) for k in range(3)])
    means = np.array([shape.mean for shape in shapes])
    moved = [float(network.times(means + 0.5 * one).end - network.times(means).end) / 0.5 for one in np.eye(3)]
    variance = sum(m**2 * ((s.high - s.low) / 6.0) ** 2 for m, s in zip(moved, shapes, strict=True))
    assert classical(network).sd ** 2 == pytest.approx(variance)


def test_simulated_means_are_unbiased_and_scatter_as_told() -> None:
    """Of 400 short runs of a queue that turns units away, by tens: means of z are 0, their standard deviations 1."""
    line = document(
        {"mill": {"takes": {"exponential": 1}, "machines": 2, "buffer": 3, "to": "ship"}},
        {"in": {"every": {"exponential": 0.45}, "to": "mill", "full": "lose"}},
        run={"length": "40 min"},
    )
    answer, found = exact_answer(line.line), run(line, 400, 30.0, 11)
    assert answer is not None
    for name in ("wip", "throughput"):
        tens = found.values(name).reshape(40, 10)
        z = (tens.mean(axis=1) - answer.figures[name]) / (tens.std(ddof=1) / 10**0.5)
        assert abs(z.mean()) < 3.0 / 40**0.5
        assert z.std(ddof=1) == pytest.approx(1.0, abs=0.35)
    for name in ("lost", "lead_time", "mill.wait"):
        off = found.additions(name) - answer.figures[name]
        assert abs(off.mean()) < 3.0 * off.std(ddof=1) / 400**0.5


def test_a_mean_of_units_is_that_of_the_units_of_all_runs() -> None:
    """Where more come more are lost and wait longer: the mean of the runs' own shares is low, that of waits high."""
    line = document(
        {"mill": {"takes": {"exponential": 1}, "machines": 2, "buffer": 3, "to": "ship"}},
        {"in": {"every": {"exponential": 0.45}, "to": "mill", "full": "lose"}},
        run={"length": "12 min"},
    ).line
    found = study(line, Plan(Rule(300, 300), warm_up=6.0, seed=1, workers=1))
    runs = [run_line(line, Streams(1, number)) for number in range(300)]
    begins = [int(np.searchsorted(one.edges, 6.0)) for one in runs]
    change = [
        dict(zip(one.columns, one.table[-1] - one.table[b], strict=True)) for one, b in zip(runs, begins, strict=True)
    ]
    leads = np.concatenate([one.leads[one.left_at >= one.edges[b]] for one, b in zip(runs, begins, strict=True)])
    lost = sum(one["lost"] for one in change)
    assert found.estimate("lost").value == pytest.approx(lost / (lost + sum(one["entered"] for one in change)))
    assert found.estimate("lead_time").value == pytest.approx(leads.mean())
    answer = exact_answer(line)
    assert answer is not None
    exact = answer.figures["lost"]
    told, by_runs = found.estimate("lost"), mean_of(found.values("lost"))
    assert told.interval.low < exact < told.interval.high
    assert by_runs.value < told.value
    assert (told.interval.high - told.interval.low) == pytest.approx(
        by_runs.interval.high - by_runs.interval.low, rel=0.2
    )
    alike = np.array([0.3, 0.1, 0.7])
    assert pooled(alike, np.full(3, 25.0)) == pytest.approx(alike, abs=1e-15)
    assert pooled(np.array([0.5, np.nan, 0.25]), np.array([2.0, 0.0, 4.0])).mean() == pytest.approx(2.0 / 6.0)
