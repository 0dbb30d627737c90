"""Queues whose answer is known (T1 to T8): closed forms, and simulations whose 99 % interval holds them."""

from collections.abc import Mapping

import numpy as np
import pytest

from simulation.flow.document import LineDocument
from simulation.flow.exact.lines import saturated_line
from simulation.flow.exact.queues import erlang, jackson, limited, pollaczek
from simulation.flow.exact.recognise import exact_answer
from simulation.flow.load import loads
from tests.simulation.flow_lines import document, run, within

RUN = {"length": "2500 min"}


def _queue(every: float, takes: object, **station: object) -> LineDocument:
    return document(
        {"mill": {"takes": takes, "to": "ship", **station}},
        {"in": {"every": {"exponential": every}, "to": "mill"}},
        run=RUN,
    )


def _known(found: LineDocument) -> Mapping[str, float]:
    known = exact_answer(found.line)
    assert known is not None
    return known.figures


def test_closed_forms() -> None:
    queue = erlang(0.8, 1.0)
    assert (queue.load, queue.wait, queue.time, queue.waiting, queue.in_system) == pytest.approx((0.8, 4, 5, 3.2, 4))
    assert (erlang(0.9, 1.0).wait, erlang(0.9, 1.0).in_system) == pytest.approx((9, 9))
    three = erlang(8.0, 3.0, 3)
    assert (three.must_wait, three.waiting, three.wait, three.time, three.in_system) == pytest.approx(
        (0.7975078, 6.380062, 0.7975078, 1.130841, 9.046729), rel=1e-6
    )
    two = erlang(2.0, 3.0, 2)
    assert (two.waiting, two.wait, two.time) == pytest.approx((1 / 12, 1 / 24, 3 / 8))
    assert [pollaczek(0.8, 1.0, scv).wait for scv in (0, 0.25, 1, 2)] == pytest.approx([2, 2.5, 4, 6])
    assert limited(0.8, 1.0, 1, 5).lost == pytest.approx(0.0888195, abs=1e-7)
    net = jackson(np.array([5.0, 0.0]), np.array([[0, 1], [0.25, 0]]), np.array([10.0, 8.0]), np.array([1.0, 1.0]))
    assert net.rates == pytest.approx([20 / 3, 20 / 3])
    assert (net.in_system, net.time) == pytest.approx((7.0, 1.4))
    found = [saturated_line(np.ones(n)) for n in (2, 3, 4, 5, 6)]
    assert found == pytest.approx([2 / 3, 22 / 39, 0.514775, 0.485798, 0.466713], abs=1e-6)


@pytest.mark.parametrize(
    ("every", "takes", "station", "figures"),
    [
        (1.25, {"exponential": 1}, {}, {"mill.wait": 4.0, "lead_time": 5.0, "mill.queue": 3.2, "wip": 4.0}),
        (0.5, {"exponential": 4 / 3}, {"machines": 3}, {"mill.wait": 4 * 0.7975078, "wip": 9.046729}),
        (1.25, 1, {}, {"mill.wait": 2.0}),
        (1.25, {"erlang": 1, "stages": 4}, {}, {"mill.wait": 2.5}),
        (1.25, {"gamma": 1, "cv": 2**0.5}, {}, {"mill.wait": 6.0}),
        (1.25, {"lognormal": 1, "cv": 0.5}, {}, {"mill.wait": 2.5}),
    ],
)
def test_a_queue_is_as_its_closed_form(
    every: float, takes: object, station: dict[str, object], figures: dict[str, float]
) -> None:
    found = _queue(every, takes, **station)
    known = _known(found)
    study = run(found, 8, 500.0)
    for name, value in figures.items():
        assert known[name] == pytest.approx(value, rel=1e-6)
        assert within(study, name, value), (name, study.estimate(name))


@pytest.mark.parametrize(
    "takes",
    [{"normal": 1, "sd": 0}, {"lognormal": 1, "cv": 0}, {"gamma": 1, "cv": 0}],
    ids=lambda takes: next(iter(takes)),
)
def test_a_law_without_spread_is_a_constant(takes: dict[str, object]) -> None:
    """Whoever varies a spread down to none in a study of it gets the queue of constant work, not a refusal."""
    assert _known(_queue(1.25, takes))["mill.wait"] == pytest.approx(2.0, rel=1e-12)


def test_who_finds_no_place_is_lost() -> None:
    found = document(
        {"mill": {"takes": {"exponential": 1}, "buffer": 4, "to": "ship"}},
        {"in": {"every": {"exponential": 1.25}, "to": "mill", "full": "lose"}},
        run=RUN,
    )
    assert _known(found)["lost"] == pytest.approx(0.0888195, abs=1e-7)
    assert within(run(found, 10, 100.0), "lost", 0.0888195)


def test_two_queues_with_feedback() -> None:
    found = document(
        {
            "first": {"takes": {"exponential": 0.1}, "to": "second"},
            "second": {"takes": {"exponential": 0.125}, "to": {"ship": 0.75, "first": 0.25}},
        },
        {"in": {"every": {"exponential": 0.2}, "to": "first"}},
        run={"length": "500 min"},
    )
    study = run(found, 10, 50.0)
    assert _known(found)["lead_time"] == pytest.approx(1.4)
    for name, value in {"wip": 7.0, "lead_time": 1.4, "first.busy": 2 / 3, "second.busy": 5 / 6}.items():
        assert within(study, name, value), (name, study.estimate(name))


@pytest.mark.parametrize("count", [2, 3, 5])
def test_saturated_stations_without_buffers(count: int) -> None:
    stations = {
        f"s{k}": {"takes": {"exponential": 1}, "buffer": 0, "to": f"s{k + 1}" if k < count - 1 else "ship"}
        for k in range(count)
    }
    found = document(stations, {"in": {"endless": True, "to": "s0"}}, run={"length": "2000 min"})
    exact = _known(found)["throughput"]
    assert within(run(found, 10, 100.0), "throughput", exact)


def test_a_constant_stock_is_the_practical_worst_case() -> None:
    stations = {f"p{k}": {"takes": {"exponential": "2 h"}, "to": f"p{k + 1}" if k < 3 else "ship"} for k in range(4)}
    found = document(stations, {"in": {"in_line": 4, "to": "p0"}}, run={"length": "8000 h"}, time="h")
    study = run(found, 10, 200.0)
    assert _known(found)["throughput"] == pytest.approx(2 / 7)
    assert within(study, "throughput", 2 / 7)
    assert within(study, "lead_time", 14.0)
    assert study.values("wip") == pytest.approx(np.full(10, 4.0))


@pytest.mark.parametrize(
    "to",
    [{"shortest": ["a", "b"]}, {"kinds": {"A": "a", "other": "b"}}],
)
def test_what_chooses_where_units_come_in_has_no_exact_answer(to: dict[str, object]) -> None:
    """Shares say nothing of it: A comes twice as often as B, or the shorter queue is chosen."""
    stations = {name: {"takes": {"exponential": 1}, "to": "ship"} for name in "ab"}
    sources = {kind: {"every": {"exponential": gap}, "to": to} for kind, gap in (("A", 1.25), ("B", 2.5))}
    found = document(stations, sources, run={"length": "100 min"})
    assert exact_answer(found.line) is None
    assert loads(found.line) == {}


@pytest.mark.parametrize("station", [{"takes": 1}, {"takes": {"exponential": 1}, "buffer": 3}])
def test_units_that_pass_the_only_station_by_do_not_count_as_its_own(station: dict[str, object]) -> None:
    source = {
        "every": {"exponential": 1.25},
        "to": {"a": 0.5, "ship": 0.5},
        "full": "lose" if "buffer" in station else "wait",
    }
    assert (
        exact_answer(document({"a": station | {"to": "ship"}}, {"in": source}, run={"length": "100 min"}).line) is None
    )
    source["to"] = "a"
    assert exact_answer(document({"a": station | {"to": "ship"}}, {"in": source}, run={"length": "100 min"}).line)
