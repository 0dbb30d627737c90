"""The engine against what is known of machines that fail, crews, shifts, priorities; and its audits."""

import random
from collections.abc import Callable

import numpy as np
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.distribution import Distribution, Fixed
from simulation.errors import AuditFailed
from simulation.experiment.streams import Streams
from simulation.flow.alarm import Alarm, Timeline
from simulation.flow.audit import audit
from simulation.flow.engine import Engine
from simulation.flow.exact.lines import bernoulli_line, bernoulli_pair, exponential_pair, gershwin_limits, gershwin_pair
from simulation.flow.exact.queues import effective_time, practical_worst, repair_shop
from simulation.flow.laws import Exponential
from simulation.flow.model import Clock, Failure, Leg, Line, Resource, Route, Source, Station
from simulation.flow.record import run_line
from tests.simulation.flow_lines import document, run, within


class OneDie:
    """All numbers from one sequence, in the order in which they are asked for."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def times(self, name: str, law: Distribution) -> Callable[[], float]:
        if "service" in name:
            return self._part
        return (lambda: self.random.expovariate(1 / 300.0)) if name.endswith("after") else (lambda: law.mean)

    def chance(self, name: str) -> Callable[[], float]:
        return self.random.random

    def _part(self) -> float:
        while True:
            time = self.random.normalvariate(10.0, 2.0)
            if time > 0.0:
                return time


def test_the_machine_shop_of_simpys_documents_is_replayed() -> None:
    failure = Failure("f", Exponential(300.0), Fixed(30.0), Clock.CALENDAR, "repairman", 1.0)
    stations = tuple(
        Station(name=f"m{k}", service={"": Fixed(10.0)}, route=Route((Leg("ship"),)), failures=(failure,))
        for k in range(10)
    )
    sources = tuple(Source(name=f"in{k}", kind="part", to=Route((Leg(f"m{k}"),))) for k in range(10))
    line = Line(
        name="shop", unit="min", sources=sources, stations=stations,
        resources=(Resource("repairman", 1, other_work=30.0),), horizon=4 * 7 * 24 * 60.0,
    )  # fmt: skip
    made = run_line(line, OneDie(42))
    assert [made.column(f"m{k}.done")[-1] for k in range(10)] == [
        3251, 3273, 3242, 3343, 3387, 3244, 3269, 3185, 3302, 3279,
    ]  # fmt: skip


def test_exact_references() -> None:
    assert [bernoulli_pair(0.9, 0.9, n) for n in (1, 2, 3, 5)] == pytest.approx(
        [0.818182, 0.857143, 0.870968, 0.882353], abs=1e-6
    )
    assert bernoulli_pair(0.9, 0.7, 2) == pytest.approx(bernoulli_pair(0.7, 0.9, 2))
    assert bernoulli_pair(0.8, 0.9, 3) == pytest.approx(0.791536, abs=1e-6)
    for p, sizes, rate in [
        ([0.9] * 2, (3,), 0.870968), ([0.9] * 3, (2, 2), 0.831887), ([0.9] * 5, (2,) * 4, 0.803611),
        ([0.9] * 4, (3,) * 3, 0.846049), ([0.8] * 4, (1,) * 3, 0.535948), ([0.9, 0.8, 0.7, 0.6], (2,) * 3, 0.536445),
        ([0.8, 0.85, 0.9], (2, 3), 0.752974),
    ]:  # fmt: skip
        assert bernoulli_line(np.array(p), sizes)[0] == pytest.approx(rate, abs=1e-6)
    for size, rate in {4: 0.840936, 10: 0.856175, 20: 0.870541, 100: 0.896937}.items():
        assert gershwin_pair((0.01, 0.01), (0.1, 0.1), size) == pytest.approx((rate, size / 2), abs=1e-6)
    assert gershwin_limits((0.01, 0.01), (0.1, 0.1)) == pytest.approx((0.833333, 0.909091), abs=1e-6)
    assert gershwin_pair((0.1, 0.1), (0.14, 0.1), 10) == pytest.approx((0.436542, 5.8612), abs=1e-4)
    assert gershwin_pair((0.1, 0.1), (0.1, 0.1), 10)[0] == pytest.approx(0.397727, abs=1e-6)
    assert exponential_pair((1, 1), (0.01, 0.01), (0.1, 0.1), 5)[0] == pytest.approx(0.722006, abs=1e-6)
    assert exponential_pair((1, 2), (0.01, 0.05), (0.1, 0.1), 10) == pytest.approx((0.807225, 2.6867), abs=1e-4)
    assert exponential_pair((2, 3), (0.08, 0.07), (0.06, 0.05), 4) == pytest.approx((0.611407, 1.5085), abs=1e-4)
    assert repair_shop(10, 1, 1 / 300, 1 / 30) == pytest.approx((2.145823, 0.785418), abs=1e-6)
    assert repair_shop(5, 2, 0.1, 0.5)[1] == pytest.approx(0.821866, abs=1e-6)
    assert effective_time(15, 0.05, 114, 38, 1) == pytest.approx((20.0, 1.0))
    assert practical_worst(0.5, 8.0, 10) == pytest.approx((0.384615, 26.0), abs=1e-6)


@pytest.mark.parametrize(
    ("rates", "failure", "repair", "buffer"),
    [((1, 1), (0.01, 0.01), (0.1, 0.1), 10), ((2, 3), (0.08, 0.07), (0.06, 0.05), 4)],
)
def test_two_machines_that_fail_while_they_work(
    rates: tuple[float, float], failure: tuple[float, float], repair: tuple[float, float], buffer: int
) -> None:
    def machine(k: int) -> dict[str, object]:
        breaks = {"after": {"exponential": 1 / failure[k]}, "repair": {"exponential": 1 / repair[k]}, "clock": "busy"}
        return {"takes": {"exponential": 1 / rates[k]}, "failures": {"f": breaks}}

    found = document(
        {
            "first": {**machine(0), "blocking": "before", "to": "second"},
            "second": {**machine(1), "buffer": buffer - 1, "to": "ship"},
        },
        {"in": {"endless": True, "to": "first"}},
        run={"length": "2500 min"},
    )
    study = run(found, 10, 200.0)
    exact, stock = exponential_pair(rates, failure, repair, buffer)
    assert within(study, "throughput", exact)
    there = study.values("second.queue") + 1.0 - study.values("second.starved")
    assert abs(there.mean() - stock) < 3.25 * there.std(ddof=1) / 10**0.5


def test_machines_under_repair_by_one_crew() -> None:
    breaks = {"f": {"after": {"exponential": 10}, "repair": {"exponential": 2}, "crew": "crew"}}
    found = document(
        {"shop": {"takes": 1, "machines": 5, "failures": breaks, "to": "ship"}},
        {"in": {"endless": True, "to": "shop"}},
        resources={"crew": 1},
        run={"length": "1000 min"},
    )
    assert within(run(found, 10, 50.0), "shop.down", 1.0 - repair_shop(5, 1, 0.1, 0.5)[1])


def test_failures_in_a_work_time() -> None:
    breaks = {"f": {"after": {"exponential": 114}, "repair": {"exponential": 38}, "clock": "busy"}}
    found = document(
        {"m": {"takes": {"gamma": 15, "cv": 0.05**0.5}, "failures": breaks, "to": "ship"}},
        {"in": {"endless": True, "to": "m"}},
        run={"length": "20000 min"},
    )
    study = run(found, 10)
    assert within(study, "lead_time", effective_time(15.0, 0.05, 114.0, 38.0, 1.0)[0])
    assert within(study, "throughput", 1 / 20)


@pytest.mark.parametrize(
    ("ending", "first_after_break", "made"),
    [("pause", 307.0, 42), ("drop", 310.0, 42), ("finish", 310.0, 43)],
)
def test_what_a_break_does_to_the_work_in_hand(ending: str, first_after_break: float, made: int) -> None:
    found = document(
        {"m": {"takes": 10, "shift": "day", "to": "ship"}},
        {"in": {"every": 10, "first_at": 0, "to": "m"}},
        run={"length": "1 day"},
        shifts={"day": {"cycle": "1 day", "work": [["0 h", "4.05 h"], ["5 h", "8 h"]], "ending": ending}},
    )
    made_by = run_line(found.line, Streams(0, 0))
    assert made_by.left_at[made_by.left_at > 260][0] == pytest.approx(first_after_break)
    assert len(made_by.left_at) == made
    off = made_by.column("m.off")[-1]
    assert off == pytest.approx(1440 - 423 - (7 if ending == "finish" else 0), abs=8)


def test_people_on_shift_hold_the_machine_up() -> None:
    found = document(
        {"m": {"takes": 10, "needs": "man", "to": "ship"}},
        {"in": {"every": 10, "first_at": 0, "to": "m"}},
        run={"length": "1 day"},
        resources={"man": {"count": 1, "shift": "day"}},
        shifts={"day": {"cycle": "1 day", "work": [["0 h", "4.05 h"], ["5 h", "8 h"]]}},
    )
    made_by = run_line(found.line, Streams(0, 0))
    assert made_by.left_at[made_by.left_at > 260][0] == pytest.approx(307.0)
    assert made_by.column("m.waiting")[-1] == pytest.approx(57 + 960)
    assert made_by.column("man.in_use")[-1] == pytest.approx(423)


def test_an_urgent_unit_interrupts_and_the_other_goes_on_where_it_stood() -> None:
    found = document(
        {"m": {"takes": {"kinds": {"slow": 10, "rush": 4}}, "order": "priority", "preempt": True, "to": "ship"}},
        {
            "slow": {"every": 100, "first_at": 0, "count": 2, "to": "m"},
            "rush": {"every": 1, "first_at": 7, "count": 2, "priority": 1, "to": "m"},
        },
    )
    assert run_line(found.line, Streams(0, 0)).left_at.tolist() == [11.0, 15.0, 18.0, 110.0]


def test_a_job_takes_a_tool_from_a_less_urgent_one() -> None:
    needs = {"tool": {"priority": 1, "preempt": True}}
    found = document(
        {
            "plain": {"takes": 10, "needs": {"tool": {"priority": 0}}, "to": "ship"},
            "rush": {"takes": 4, "needs": needs, "to": "ship"},
        },
        {
            "a": {"every": 1, "first_at": 0, "count": 1, "to": "plain"},
            "b": {"every": 1, "first_at": 3, "count": 1, "to": "rush"},
        },
        resources={"tool": 1},
    )
    made_by = run_line(found.line, Streams(0, 0))
    assert made_by.left_at.tolist() == [7.0, 14.0]
    assert made_by.column("plain.waiting")[-1] == pytest.approx(4.0)


def test_batches_setups_assembly_division_and_transport() -> None:
    batch = document(
        {"oven": {"takes": 60, "batch": {"size": 4, "wait": 30}, "to": "ship"}},
        {"in": {"every": 5, "first_at": 0, "count": 6, "to": "oven"}},
    )
    # four at 15; of the other two, 20 and 25, the older has waited 30 at 50, but the oven is busy until 75
    assert run_line(batch.line, Streams(0, 0)).left_at.tolist() == [75.0] * 4 + [135.0] * 2
    setup = document(
        {"m": {"takes": 5, "setup": 2, "to": "ship"}},
        {
            "a": {"every": 1, "first_at": 0, "count": 2, "to": "m"},
            "b": {"every": 1, "first_at": 0.5, "count": 1, "to": "m"},
        },
    )
    assert run_line(setup.line, Streams(0, 0)).left_at.tolist() == [5.0, 12.0, 19.0]
    bike = document(
        {
            "weld": {"takes": 10, "join": {"frame": 1, "wheel": 2}, "makes": "bike", "buffer": 2, "to": "cut"},
            "cut": {"takes": 1, "makes": {"half": 2}, "transport": 3, "to": {"kinds": {"half": "pack"}}},
            "pack": {"takes": 0, "to": "ship"},
        },
        {
            "frame": {"every": 10, "first_at": 0, "count": 2, "to": "weld"},
            "wheel": {"every": 4, "first_at": 0, "count": 4, "to": "weld"},
        },
    )
    made_by = run_line(bike.line, Streams(0, 0))
    assert made_by.left_at.tolist() == [18.0, 18.0, 28.0, 28.0]
    assert made_by.leads.tolist() == [18.0, 18.0, 20.0, 20.0]


@pytest.mark.parametrize(
    ("then", "shipped", "left_at"), [("scrap", 2, [10.0, 20.0]), ("again", 4, [10.0, 15.0, 16.0, 20.0])]
)
def test_who_waits_too_long_goes(then: str, shipped: int, left_at: list[float]) -> None:
    found = document(
        {
            "m": {"takes": 10, "patience": {"most": 12, "then": then}, "to": "ship"},
            "again": {"takes": 1, "to": "ship"},
        },
        {
            "in": {"every": 1, "first_at": 0, "count": 4, "to": "m"},
            "other": {"every": 1, "first_at": 1000, "count": 1, "to": "again"},
        },
    )
    made_by = run_line(found.line, Streams(0, 0))
    times = made_by.left_at[made_by.left_at < 500].tolist()
    assert len(times) == shipped
    # 0 at once; 1 waits until 10; 2 and 3 give up at 14 and 15
    assert times == left_at
    assert made_by.column("m.expired")[-1] == 2


def test_a_carrier_is_waited_for() -> None:
    found = document(
        {
            "a": {"takes": 2, "transport": {"takes": 5, "back": 5, "carrier": "cart"}, "to": "b"},
            "b": {"takes": 1, "to": "ship"},
        },
        {"in": {"every": 1, "first_at": 0, "count": 3, "to": "a"}},
        resources={"cart": 1},
    )
    made_by = run_line(found.line, Streams(0, 0))
    assert made_by.left_at.tolist() == [8.0, 18.0, 28.0]
    assert made_by.column("a.waiting")[-1] == pytest.approx(8.0 + 8.0)


@pytest.mark.parametrize("clock", ["up", "calendar"])
@pytest.mark.parametrize("blocking", ["after", "before"])
@pytest.mark.parametrize("part", ["resume", "scrap"])
def test_who_fails_while_it_waits_for_room_waits_once(clock: str, blocking: str, part: str) -> None:
    fails = {"f": {"after": {"exponential": 2}, "repair": {"exponential": 1}, "clock": clock, "part": part}}
    stations: dict[str, dict[str, object]] = {
        "a": {"takes": {"exponential": 1}, "machines": 2, "failures": fails, "blocking": blocking, "to": "b"},
        "b": {"takes": {"exponential": 4}, "buffer": 1, "to": "ship"},
    }
    found = document(stations, {"in": {"every": {"exponential": 3}, "to": "a"}}, run={"length": "9000 min"})
    made = run_line(found.line, Streams(1, 0))  # it put two units on one machine, and its audit said so
    assert made.column("b.busy")[-1] > 0.7 * 9000


def test_a_run_that_loses_a_unit_gives_no_result() -> None:
    found = document({"m": {"takes": 10, "to": "ship"}}, {"in": {"every": 1, "to": "m"}}, run={"length": "100 min"})
    engine = Engine(found.line, Streams(0, 0))
    engine.run(50.5)
    audit(engine)
    engine.workplaces[0].places[""].units.pop()
    with pytest.raises(AuditFailed, match="units came"):
        audit(engine)
    late = Engine(found.line, Streams(0, 0))
    late.run(50.5)
    late.stay += 1.0
    with pytest.raises(AuditFailed, match="times in the line"):
        audit(late)


STATION = st.fixed_dictionaries(
    {
        "machines": st.integers(1, 3),
        "takes": st.sampled_from([1, {"exponential": 2}, {"uniform": [0, 3]}]),
        "order": st.sampled_from(["first", "last"]),
    },
    optional={
        "buffer": st.integers(4, 6),
        "batch": st.sampled_from([3, {"size": 4, "wait": 5}]),
        "needs": st.sampled_from(["man", {"man": {"priority": 1, "preempt": True}}]),
        "shift": st.just("day"),
        "transport": st.sampled_from([2, {"takes": 1, "back": 1, "carrier": "cart"}]),
        "failures": st.sampled_from(
            [
                {
                    "f": {
                        "after": {"exponential": 20},
                        "repair": 3,
                        "clock": clock,
                        "crew": "man",
                        "priority": 2,
                        "part": part,
                    }
                }
                for clock, part in (("busy", "resume"), ("up", "restart"), ("calendar", "scrap"))
            ]
        ),
        "patience": st.sampled_from([{"most": 8}, {"most": 4, "defect": "late"}]),
        "defects": st.just({"burr": 0.2}),
    },
)


@settings(max_examples=20)
@given(
    st.lists(STATION, min_size=2, max_size=4),
    st.sampled_from(
        [{"every": {"exponential": 2}}, {"endless": True}, {"in_line": 5}, {"every": 3, "size": 2, "full": "lose"}]
    ),
    st.sampled_from(["pause", "drop", "finish"]),
)
def test_the_books_of_any_line_balance(
    stations: list[dict[str, object]], source: dict[str, object], ending: str
) -> None:
    names = [f"s{k}" for k in range(len(stations))]
    for after, station in zip([*names[1:], "test"], stations, strict=True):
        station["to"] = after if after == "test" else {after: 0.9, "test": 0.1}
    inspect = {"finds": {"burr": 0.9}, "false_reject": 0.1, "reject": {names[0]: 0.5, "scrap": 0.5}} | (
        {} if any("burr" in str(one.get("defects")) for one in stations) else {"finds": 0.5}
    )
    last = {"takes": 1, "inspect": inspect, "repairs": 1.0, "to": "ship"}
    found = document(
        dict(zip(names, stations, strict=True)) | {"test": last},
        {"in": {"to": names[0], **source}},
        resources={"man": {"count": 2, "shift": "day", "other_work": 7}, "cart": 1},
        shifts={"day": {"cycle": 60, "work": [[5, 20], [25, 55]], "ending": ending}},
        run={"length": "300 min"},
    )
    made = run_line(found.line, Streams(3, 0))  # audits itself
    assert made.edges[-1] == 300.0
    noted = run_line(found.line, Streams(3, 0), logged=True)
    assert np.array_equal(made.table, noted.table)
    assert np.array_equal(made.leads, noted.leads)


@pytest.mark.parametrize("clock", ["busy", "up", "calendar"])
@pytest.mark.parametrize("order", ["first", "last", "priority"])
@pytest.mark.parametrize("source", [{"endless": True}, {"every": {"exponential": 1.1}}, {"in_line": 7}])
def test_the_short_way_through_a_visit_is_the_long_one(clock: str, order: str, source: dict[str, object]) -> None:
    """A run that writes a log goes the long way, one that does not the short way where a station allows it."""
    fails = {"f": {"after": {"exponential": 15}, "repair": {"uniform": [1, 4]}, "clock": clock, "part": "restart"}}
    stations: dict[str, dict[str, object]] = {
        "a": {"takes": {"exponential": 2}, "machines": 2, "to": {"b": 0.6, "c": 0.4}, "order": order, "buffer": 4},
        "b": {"takes": {"kinds": {"in": 1.5, "other": 1}}, "buffer": 1, "to": "c", "failures": fails},
        "c": {"takes": {"exponential": 1}, "buffer": 2, "failures": fails, "to": {"ship": 0.9, "a": 0.1}},
    }
    other = {"every": 9, "to": "a", "priority": 2, "full": "lose"}
    found = document(stations, {"in": {"to": "a", **source}, "rush": other}, run={"length": "2000 min"})
    short, long = (run_line(found.line, Streams(5, 2), logged=logged) for logged in (False, True))
    assert long.log
    assert short.table.tobytes() == long.table.tobytes()
    assert short.left_at.tobytes() == long.left_at.tobytes()


def test_the_timeline_keeps_the_order_of_simpy() -> None:
    def told(env: simpy.Environment, run: Callable[[], object]) -> list[tuple[float, int]]:
        found = list[tuple[float, int]]()
        delays = np.random.default_rng(1).integers(0, 6, 60).tolist()

        def call(number: int, depth: int) -> None:
            found.append((env.now, number))
            for more in delays[number % 50 : number % 50 + 2] if depth else []:
                Alarm(env, more, lambda _: call(number + 61, depth - 1), late=more == 3)

        for number, delay in enumerate(delays):
            Alarm(env, delay, lambda _, number=number: call(number, 3), late=number % 7 == 0)
        run()
        return [*found, (env.now, -1)]

    ours, theirs = Timeline(), simpy.Environment()
    expected = told(theirs, lambda: theirs.run(until=9))
    assert told(ours, lambda: ours.pass_to(9.0)) == expected
    assert len(expected) > 200
