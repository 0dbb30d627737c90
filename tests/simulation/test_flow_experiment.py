"""Experiments: the same numbers however they are run, common random numbers, stop rules, intervals that cover."""

import numpy as np
import pytest

from simulation.experiment.estimate import Rule, mean_of, replicate
from simulation.experiment.streams import Streams, stream, stream_key, uniforms
from simulation.experiment.warmup import batch_means, mser
from simulation.flow.laws import Exponential, Gamma, LogNormal, Weibull, squared_variation
from simulation.flow.record import run_line
from simulation.flow.recurrence import is_fixed, lindley, run_fixed
from simulation.flow.study import Plan, Study, compare, study
from tests.simulation.flow_lines import document, run


@pytest.mark.parametrize("source", [{"every": {"exponential": 1.25}}, {"endless": True}])
@pytest.mark.parametrize("buffer", [{}, {"buffer": 2}, {"buffer": 0}])
def test_the_recurrence_gives_what_the_events_give(source: dict[str, object], buffer: dict[str, int]) -> None:
    stations = {
        f"s{k}": {
            "takes": {"lognormal": 1, "cv": 0.5},
            **(buffer if k or "every" in source else {}),
            "to": f"s{k + 1}" if k < 2 else "ship",
        }
        for k in range(3)
    }
    line = document(stations, {"in": {**source, "to": "s0"}}, run={"length": "500 min"}).line
    assert is_fixed(line)
    fast, slow = run_fixed(line, 3, 1), run_line(line, Streams(3, 1))
    assert fast.columns == slow.columns
    assert np.array_equal(fast.left_at, slow.left_at)
    assert np.allclose(fast.table, slow.table, rtol=1e-11, atol=1e-8)


def test_what_the_recurrence_does_not_hold_for_is_left_to_the_events() -> None:
    base = {"takes": 1, "to": "ship"}
    for more in ({"machines": 2}, {"order": "last"}, {"defects": {"burr": 0.1}}, {"shift": "day"}, {"batch": 2}):
        line = document(
            {"a": base | more},
            {"in": {"every": 2, "to": "a"}},
            run={"length": 50},
            shifts={"day": {"cycle": 9, "work": [[0, 5]]}},
        ).line
        assert not is_fixed(line)


def test_the_first_25_customers() -> None:
    rng = np.random.default_rng(1)
    arrivals = np.cumsum(rng.exponential(1.0, (40_000, 25)), axis=1)
    waits = lindley(arrivals, rng.exponential(0.9, (40_000, 25))).mean(axis=1)
    assert waits.mean() == pytest.approx(2.125, abs=2.6 * waits.std() / 200)
    line = document(
        {"bank": {"takes": {"exponential": 0.9}, "to": "ship"}},
        {"in": {"every": {"exponential": 1}, "to": "bank", "count": 25}},
    )
    found = run(line, 200).values("bank.wait")
    assert found.mean() == pytest.approx(2.125, abs=2.6 * found.std() / 200**0.5)


@pytest.mark.parametrize(("runs", "covers"), [(5, 0.836), (10, 0.855), (20, 0.877), (40, 0.890)])
def test_intervals_of_few_runs_cover_less_than_they_say(runs: int, covers: float) -> None:
    rng = np.random.default_rng(2)
    arrivals = np.cumsum(rng.exponential(1.0, (2000, runs, 25)), axis=2)
    waits = lindley(arrivals, rng.exponential(0.9, (2000, runs, 25))).mean(axis=2)
    found = [mean_of(row, 0.90).interval for row in waits]
    covered = np.mean([one.low <= 2.125 <= one.high for one in found])
    assert covered == pytest.approx(covers, abs=0.025)  # not 0.90: so few skewed values are no normal sample


def test_common_random_numbers_save_two_orders_of_magnitude() -> None:
    def bank(**station: object) -> Study:
        return run(
            document(
                {"bank": {"to": "ship", **station}}, {"in": {"every": {"exponential": 1}, "to": "bank", "count": 100}}
            ),
            100,
        )

    one, two = bank(takes={"exponential": 0.9}), bank(takes={"exponential": 1.8}, machines=2)
    pair = compare(two, one)["bank.wait"]
    assert pair.variance_ratio > 100
    assert pair.difference.interval.low < 0.434 < pair.difference.interval.high
    # one run of each chooses wrongly so often: 0.032 of a hundred, and 0.44 where they have nothing in common
    slow, fast = one.values("bank.wait"), two.values("bank.wait")
    assert (fast > slow).sum() <= 10
    assert (np.roll(fast, 1) > slow).sum() == pytest.approx(44, abs=16)
    assert np.var(fast - slow) == pytest.approx(0.056, rel=0.6)
    assert np.var(np.roll(fast, 1) - slow) == pytest.approx(16.77, rel=0.6)


def test_streams_belong_to_names_and_runs() -> None:
    law = Exponential(2.0)
    draw = Streams(5, 3).times("mill/service", law)
    values = [draw() for _ in range(300)]
    assert values == law.quantile(uniforms(stream(5, "mill/service", 3), 300)).tolist()
    assert stream_key("mill/service") == 12235574179462553561
    other = Streams(5, 4).times("mill/service", law)
    assert other() != values[0]


def test_one_worker_or_two_and_when_to_stop() -> None:
    line = document(
        {"mill": {"takes": {"exponential": 1}, "machines": 2, "to": "ship"}},
        {"in": {"every": {"exponential": 0.8}, "to": "mill"}},
        run={"length": "300 min"},
    ).line
    rule = Rule(5, 60, 0.02)
    alone = study(line, Plan(rule, warm_up=0.0, workers=1))
    together = study(line, Plan(rule, warm_up=0.0, workers=2))
    assert [one.measures for one in alone.replications] == [one.measures for one in together.replications]
    assert 5 < len(alone.replications) < 60
    found = alone.estimate("throughput")
    assert found.interval.high - found.interval.low <= 0.04 * found.value
    before = mean_of(alone.values("throughput")[:-1])
    assert before.interval.high - before.interval.low > 0.04 * before.value


@pytest.mark.nightly
def test_dask_gives_the_same_numbers() -> None:
    line = document(
        {"mill": {"takes": {"exponential": 1}, "machines": 2, "to": "ship"}},
        {"in": {"every": {"exponential": 0.8}, "to": "mill"}},
        run={"length": "300 min"},
    ).line
    alone = study(line, Plan(Rule(4, 4), workers=1))
    spread = study(line, Plan(Rule(4, 4), workers=2, backend="dask"))
    assert [one.measures for one in alone.replications] == [one.measures for one in spread.replications]


def test_the_rule_stops_at_the_same_run_whatever_is_made_at_once() -> None:
    values = np.random.default_rng(0).normal(10.0, 3.0, 400)
    rule = Rule(10, 400, 0.05)

    def one_by_one(numbers: range) -> list[float]:
        return [float(values[number]) for number in numbers]

    found = replicate(np.array, rule, one_by_one)
    assert found == values[: len(found)].tolist()
    assert 10 < len(found) < 400
    assert replicate(np.array, rule, one_by_one, values[:40].tolist())[: len(found)] == found[: len(found)]


def test_warm_up_and_batch_means() -> None:
    rng = np.random.default_rng(3)
    steady = rng.normal(5.0, 1.0, 400)
    assert mser(steady) < 100
    start = 20.0 * np.exp(-np.arange(400) / 20.0)
    assert 60 <= mser(steady + start) <= 160
    assert mser(np.arange(10.0)) == 0
    assert [mser(np.full(1000, level)) for level in (0.1, 0.3, 1 / 3)] == [0, 0, 0], "nothing changes: nothing to cut"
    assert mser(1e8 + 1e-2 * (steady + start)) == mser(1e-2 * (steady + start))
    means = batch_means(np.arange(103.0), 10)
    assert means.tolist() == [7.5 + 10 * k for k in range(10)]


@pytest.mark.parametrize(
    "law", [Exponential(2.0), Gamma(2.0, 0.25), Gamma(1.0, 2.0), LogNormal(3.0, 0.5), Weibull(2.0, 1.7)]
)
def test_laws_have_the_moments_of_their_quantiles(law: Exponential | Gamma | LogNormal | Weibull) -> None:
    values = law.quantile((np.arange(500_000) + 0.5) / 500_000)
    assert values.mean() == pytest.approx(law.mean, rel=1e-4)
    assert values.var() == pytest.approx(law.central_moment(2), rel=5e-3)
    assert squared_variation(law) == pytest.approx(values.var() / values.mean() ** 2, rel=5e-3)
    assert law.central_moment(3) == pytest.approx(((values - values.mean()) ** 3).mean(), rel=0.1)
