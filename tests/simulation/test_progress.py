"""Progress: what scans and people say of tasks, what it says of a trade's pace, and when the rest is over."""

from datetime import date

import numpy as np
import pytest

from simulation.distribution import Fixed
from simulation.errors import SimulationError
from simulation.schedule.document import read_schedule
from simulation.schedule.network import Network
from simulation.schedule.observed import UNSEEN, Epoch, Observation, Stage, observe, out_of_sequence, told
from simulation.schedule.pace import BETWEEN, SITE, WITHIN, learn_paces
from simulation.schedule.plan import Reported
from simulation.schedule.progress import earned_value, progress
from simulation.schedule.risk import Draw, Risk, forecast
from simulation.schedule.status import read_status, status_in
from simulation.schedule.task import Link, Relation, Task


def chain(count: int, days: float = 10.0, trade: str = "") -> Network:
    links = [(Link(k - 1),) if k else () for k in range(count)]
    return Network([Task(f"t{k}", Fixed(days), links[k], days, trade=trade) for k in range(count)])


def done(start: float, finish: float) -> Observation:
    return Observation(Stage.DONE, (start, start), (finish, finish), 1.0)


def test_paces_of_exact_durations_are_those_of_the_model_by_brute_force() -> None:
    """Parameters drawn from the prior, each weighted by how probable it makes what was seen."""
    rng = np.random.default_rng(0)
    logs = {"concrete": [0.35, 0.5, 0.42, 0.3], "steel": [0.1, 0.3], "roof": []}
    seen = {trade: [(10.0, done(0.0, 10.0 * float(np.exp(x)))) for x in values] for trade, values in logs.items()}
    found = learn_paces(seen, 100.0)
    assert found is not None
    count = 400_000
    site, between = SITE * rng.standard_normal(count), np.abs(BETWEEN * rng.standard_normal(count))
    within = WITHIN * np.exp(0.6 * rng.standard_normal(count))
    trades = {trade: site + between * rng.standard_normal(count) for trade in logs}
    weight = np.zeros(count)
    for trade, values in logs.items():
        for value in values:
            weight += -0.5 * ((value - trades[trade]) / within) ** 2 - np.log(within)
    weight = np.exp(weight - weight.max())
    factors, scatter = found.sample(20_000, rng)
    for pace in found.trades:
        b = trades[pace.trade]
        mean = np.average(b, weights=weight)
        sd = np.sqrt(np.average((b - mean) ** 2, weights=weight))
        low, middle, high = np.log(pace.quantile(np.array([0.1, 0.5, 0.9])))
        assert middle == pytest.approx(mean, abs=0.03), pace.trade
        assert high - low == pytest.approx(2.5631 * sd, rel=0.2), pace.trade
        assert np.log(factors[pace.trade]).mean() == pytest.approx(mean, abs=0.03)
        assert np.log(factors[pace.trade]).std() == pytest.approx(sd, rel=0.15)
    assert np.log(scatter).mean() == pytest.approx(np.average(np.log(within), weights=weight), abs=0.15)
    drawn = np.corrcoef(np.log(factors["steel"]), np.log(factors["roof"]))[0, 1]
    assert 0.0 < drawn < 1.0, "trades of one site are quick or slow together"


def test_trades_learn_from_each_other_by_how_alike_they_are() -> None:
    alike = {name: [(10.0, done(0.0, 15.0))] * 6 for name in "abcd"} | {"unseen": []}
    unlike = {name: [(10.0, done(0.0, 10.0 * f))] * 6 for name, f in zip("abcd", (0.7, 1.1, 1.6, 2.2), strict=True)}
    one, other = (learn_paces(seen, 100.0) for seen in (alike, unlike | {"unseen": []}))
    assert one is not None
    assert other is not None
    low, middle, high = one.trades[-1].quantile(np.array([0.1, 0.5, 0.9]))
    assert one.trades[-1].evidence == 0
    assert 1.25 < low < middle < 1.5 < high
    wide = other.trades[-1].quantile(np.array([0.1, 0.9]))
    assert np.log(wide[1] / wide[0]) > 2.0 * np.log(high / low)


def test_an_interval_says_less_than_a_day_and_an_unfinished_task_only_that_it_is_not_over() -> None:
    def width(one: Observation, now: float = 30.0) -> tuple[float, float]:
        found = learn_paces({"": [(10.0, one)]}, now)
        assert found is not None
        low, middle, high = np.log(found.trades[0].quantile(np.array([0.16, 0.5, 0.84])))
        return float(middle), float(high - low)

    exact, narrow = width(done(0.0, 20.0)), width(Observation(Stage.DONE, (0.0, 0.01), (19.99, 20.0), 1.0))
    assert narrow == pytest.approx(exact, abs=5e-3)
    wide = width(Observation(Stage.DONE, (0.0, 10.0), (15.0, 25.0), 1.0))
    assert wide[1] > exact[1]
    rng = np.random.default_rng(1)
    prior = SITE * rng.standard_normal(200_000) + BETWEEN * rng.standard_normal(200_000) * rng.standard_normal(200_000)
    blank = width(Observation(Stage.DONE, (0.0, 1e5), (0.0, 1e5), 1.0))
    low, high = np.quantile(prior, [0.16, 0.84])
    assert blank[1] == pytest.approx(high - low, rel=0.05), "it may have taken anything: the prior stays"
    early = width(Observation(Stage.RUNNING, (0.0, 0.0), share=None), 2.0)
    late = width(Observation(Stage.RUNNING, (0.0, 0.0), share=None), 30.0)
    assert abs(early[0]) < 0.02 < 0.3 < late[0]
    little, much = (width(Observation(Stage.RUNNING, (0.0, 0.0), share=s), 20.0 * s) for s in (0.05, 0.95))
    assert little[0] < much[0] < exact[0] + 1e-9
    assert learn_paces({"": [(10.0, UNSEEN), (0.0, done(0.0, 1.0))]}, 5.0) is None


def planted(seed: int) -> tuple[float, float, float]:
    """Return P10, P90 and the true end of a project whose site, trades and tasks have paces of their own."""
    rng, every = np.random.default_rng(seed), 10.0
    tasks = list[Task]()
    for index in range(24):
        before = {int(k) for k in rng.integers(max(0, index - 4), index, 2)} if index else set[int]()
        days = float(rng.integers(3, 13))
        links = tuple(Link(k) for k in sorted(before))
        tasks.append(Task(f"t{index}", Fixed(days), links, days, trade=str(rng.integers(4))))
    network, paces = Network(tasks), rng.normal(0.0, 0.2) + rng.normal(0.0, 0.15, 4)
    own = np.array([paces[int(task.trade)] for task in tasks]) + rng.choice([0.08, 0.15, 0.3]) * rng.standard_normal(24)
    truth = network.times(np.array([task.planned for task in tasks]) * np.exp(own))
    now = max(every, float(np.floor(0.45 * truth.end / every)) * every)
    scans, seen = np.arange(0.0, now + 1e-9, every), list[Observation]()
    for start, finish in zip(truth.start, truth.finish, strict=True):
        if start >= now:
            seen.append(UNSEEN)
            continue
        begun = (float(scans[scans <= start].max()), float(scans[scans > start].min()))
        if finish <= now:
            ended = (float(scans[scans < finish].max()), float(scans[scans >= finish].min()))
            seen.append(Observation(Stage.DONE, begun, ended, 1.0))
        else:
            seen.append(
                Observation(Stage.RUNNING, begun, share=float(np.clip((now - start) / (finish - start), 0.01, 1)))
            )
    found = progress(network, (), tuple(seen), now, Draw(1_500, rng)).forecast
    return found.quantile(0.1), found.quantile(0.9), float(truth.end)


def test_the_truth_lies_as_often_between_p10_and_p90_as_said_or_more() -> None:
    found = [planted(seed) for seed in range(50)]
    inside = sum(low <= end <= high for low, high, end in found)
    assert inside >= 36, "80 % of 50 less twice its standard deviation; before trades were pooled 72 % of 150 held it"


def test_scans_make_intervals() -> None:
    task = Task("walls", Fixed(5.0), (), 5.0, elements=("a", "b"))
    network = Network([task, Task("roof", Fixed(1.0), (Link(0),), 1.0, elements=("c",)), Task("paper", Fixed(1.0))])
    epochs = [
        Epoch(2.0, {"a": False, "b": False, "c": None}),
        Epoch(5.0, {"a": True, "b": False, "c": None}),
        Epoch(8.0, {"a": None, "b": True, "c": False}),
    ]
    first, second, third = (observe(network, epochs[:k]) for k in (1, 2, 3))
    assert first[0].stage is Stage.WAITING
    assert first[0].looked_at
    assert first[1:] == (UNSEEN, UNSEEN)
    assert second[0] == Observation(Stage.RUNNING, (2.0, 5.0), share=0.5)
    assert third[0] == Observation(Stage.DONE, (2.0, 5.0), (5.0, 8.0), 1.0), "a stood once: it stands on"
    assert third[1] == Observation(Stage.WAITING, share=0.0)
    assert out_of_sequence(network, (second[0], done(1.0, 4.0), UNSEEN)) == ((1, 0),)


def test_nothing_seen_on_day_0_leaves_the_forecast_as_it_was() -> None:
    text = b"schedule: 1\ntasks: {a: {optimistic: 4, likely: 6, pessimistic: 14}, b: {days: 5, after: [a]}}\n"
    network = read_schedule(text).network
    risks = (Risk("rain", 0.5, Fixed(2.0), (0,)),)
    before = forecast(network, risks, 40_000, np.random.default_rng(1))
    after = progress(network, risks, (UNSEEN, UNSEEN), 0.0, Draw(40_000, np.random.default_rng(2)))
    assert after.paces == ()
    assert after.forecast.mean.value == pytest.approx(before.mean.value, abs=0.1)
    assert after.forecast.sd == pytest.approx(before.sd, rel=0.03)
    assert after.forecast.risk_influence == pytest.approx(before.risk_influence, abs=0.2)


def test_what_is_over_is_over_and_the_rest_goes_at_the_pace_that_was_seen() -> None:
    network, now = chain(4), 40.0
    seen = (done(0.0, 20.0), done(20.0, 40.0), UNSEEN, UNSEEN)
    found = progress(network, (), seen, now, Draw(20_000, np.random.default_rng(3)))
    pace = found.paces[0]
    assert pace.evidence == 2
    assert 1.6 < pace.median < 2.0, "both took twice as long; what is usual still counts a little"
    assert found.forecast.quantile(0.5) == pytest.approx(40.0 + 20.0 * pace.median, rel=0.01)
    assert found.forecast.criticality.tolist() == [0.0, 0.0, 1.0, 1.0]
    assert found.earned.planned == pytest.approx(40.0)
    assert (found.earned.earned, found.earned.index) == (20.0, 0.5)
    assert found.earned.earned_schedule == pytest.approx(20.0)
    assert {driver.task: round(driver.added) for driver in found.drivers}[0] == 10
    whole = tuple(done(10.0 * k, 10.0 * k + 10.0) for k in range(4))
    over = progress(network, (), whole, 45.0, Draw(500, np.random.default_rng(4)))
    assert over.forecast.end.tolist() == [40.0] * 500
    assert over.forecast.risk_influence.shape == (0,)


def test_what_is_left_of_what_was_begun_too_early_waits_for_its_turn() -> None:
    network = chain(2)
    first = Observation(Stage.RUNNING, (0.0, 0.0), share=0.5)
    for begun in (4.0, 0.0):
        seen = (first, Observation(Stage.RUNNING, (begun, begun), share=0.1))
        found = progress(network, (), seen, 5.0, Draw(5_000, np.random.default_rng(5)))
        assert (found.forecast.end > 5.0).all()
        assert found.forecast.quantile(0.5) == pytest.approx(19.0, rel=0.1), "five days, then nine tenths of ten"
        assert found.paces[0].evidence == 1, "how long a first part has stood there says nothing of the pace"
        assert found.observed == seen


def test_what_nobody_saw_is_over_when_what_waits_for_its_end_was_begun() -> None:
    names = ("footings", "columns", "slab", "walls")
    tasks = [
        Task(name, Fixed(5.0), (Link(k - 1),) if k else (), 5.0, elements=tuple(f"{name}{i}" for i in range(3)))
        for k, name in enumerate(names)
    ]
    network = Network(tasks)

    def seen(**states: str) -> dict[str, bool | None]:
        told = {"+": True, "-": False, "?": None}
        return {f"{name}{i}": told[mark] for name, marks in states.items() for i, mark in enumerate(marks)}

    early = Epoch(6.0, seen(footings="-??", columns="---", slab="---", walls="---"))
    later = Epoch(16.0, seen(footings="???", columns="+?+", slab="++-", walls="+--"))
    footings, columns, slab, walls = observe(network, [early, later])
    assert (footings.stage, footings.finished) == (Stage.DONE, (6.0, 16.0)), "one lacked, and has been hidden since"
    assert (columns.stage, columns.inferred, columns.finished) == (Stage.DONE, True, (6.0, 16.0))
    assert slab.stage is Stage.RUNNING, "one of its elements is known to lack"
    assert (walls.stage, walls.inferred) == (Stage.RUNNING, False)
    footings = observe(network, [Epoch(6.0, seen(footings="???", columns="---")), later])[0]
    assert (footings.stage, footings.started, footings.finished) == (Stage.DONE, (0.0, 16.0), (0.0, 16.0))
    alone = Epoch(16.0, seen(footings="???", columns="+--", slab="---", walls="---"))
    assert observe(network, [alone])[0] == UNSEEN, "one element alone may be a mistake"
    none = observe(network, [Epoch(16.0, seen(footings="???", columns="---"))])
    assert none[0] == UNSEEN


def test_links_of_what_waits_are_kept_to_what_has_begun() -> None:
    tasks = [
        Task("a", Fixed(10.0), (), 10.0),
        Task("b", Fixed(4.0), (Link(0, Relation.START_START, 20.0),), 4.0, trade="b"),
        Task("c", Fixed(1.0), (Link(0, Relation.FINISH_START, 3.0),), 1.0, trade="c"),
    ]
    found = progress(Network(tasks), (), (done(2.0, 12.0), UNSEEN, UNSEEN), 13.0, Draw(100, np.random.default_rng(0)))
    assert found.forecast.finish == pytest.approx([12.0, 26.0, 16.0], rel=0.05), "give or take what tasks vary"


def test_earned_value_of_work_that_is_ahead() -> None:
    earned = earned_value(chain(3), (done(0.0, 5.0), Observation(Stage.RUNNING, (5.0, 5.0), share=0.5), UNSEEN), 10.0)
    assert (earned.planned, earned.earned, earned.total, earned.index) == (10.0, 15.0, 30.0, 1.5)
    assert earned.earned_schedule == pytest.approx(15.0)


STATUS = """\
progress: 1
date: 2026-03-13
tasks:
  a: {started: 2026-03-02, done: 2026-03-06}
  b: {started: 2026-03-09, share: 0.5}
"""
SCHEDULE = b"schedule: 1\nstart: 2026-03-02\ntasks: {a: {days: 5}, b: {days: 10, after: a}, c: {days: 1, after: b}}\n"


def test_what_was_not_seen_of_a_task_earns_nothing_and_widens_what_is_left() -> None:
    network = Network([Task("walls", Fixed(10.0), (), 10.0, elements=tuple("abcd"))])
    (half,) = observe(network, [Epoch(5.0, {"a": True, "b": True, "c": False, "d": False})])
    (open_one,) = observe(network, [Epoch(5.0, {"a": True, "b": None, "c": None, "d": False})])
    assert (half.share, half.doubt, open_one.share, open_one.doubt) == (0.5, 0.0, 0.5, 0.25)
    known, guessed = (
        progress(network, (), (one,), 5.0, Draw(4_000, np.random.default_rng(0))).forecast for one in (half, open_one)
    )
    assert guessed.sd > 1.2 * known.sd
    assert earned_value(network, (open_one,), 5.0).earned == 2.5


def test_people_say_how_far_things_are() -> None:
    document = read_schedule(SCHEDULE)
    now, seen = read_status(STATUS.encode(), document)
    assert now == 10.0
    assert seen == (done(0.0, 5.0), Observation(Stage.RUNNING, (5.0, 5.0), share=0.5), UNSEEN)
    for old, new, says in (
        ("  b:", "  bb:", "there is no task 'bb'"),
        ("share: 0.5", "share: 50", "line 5: tasks.b.share: 50 is more than 1"),
        ("done: 2026-03-06", "done: 2026-03-20", "line 4: tasks.a: it was begun or over after the day of the report"),
        ("started: 2026-03-02", "started: 2026-03-12", "it was over before it was begun"),
        ("date: 2026-03-13\n", "", "'date' is missing"),
        ("2026-03-09", "soon", "'soon' is no number"),
    ):
        with pytest.raises(SimulationError) as caught:
            read_status(STATUS.replace(old, new).encode(), document)
        assert says in str(caught.value)


def test_a_planning_programs_own_statuses() -> None:
    from dataclasses import replace

    document = read_schedule(SCHEDULE)
    with pytest.raises(SimulationError, match="says nothing of the progress"):
        status_in(document, None)
    reported = (
        Reported(1.0, date(2026, 3, 2), date(2026, 3, 9)),
        Reported(0.2, date(2026, 3, 10), None),
        Reported(0.0, None, None),
    )  # fmt: skip
    told_so = replace(document, reported=reported)
    with pytest.raises(SimulationError, match="no status date"):
        status_in(told_so, None)
    now, seen = status_in(told_so, date(2026, 3, 13))
    assert now == 10.0
    assert seen[0] == done(0.0, 6.0)
    assert seen[1] == Observation(Stage.RUNNING, (6.0, 6.0), share=0.2)
    assert seen[2] == told(None, None, 0.0, 10.0, "c")
