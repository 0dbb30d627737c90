"""Lines in slots of time: published answers, random families, a run by hand, refusals."""

from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.distribution import Fixed
from simulation.errors import AuditFailed, BadDocument, NoSolution
from simulation.experiment.streams import stream, uniforms
from simulation.flow.document import LineDocument, read_line
from simulation.flow.exact.lines import bernoulli_line, gershwin_pair
from simulation.flow.exact.recognise import exact_answer
from simulation.flow.exact.slots import slotted_line
from simulation.flow.machine import STATES
from simulation.flow.slots import run_slots
from tests.simulation.flow_lines import run, within


def row(machines: list[dict[str, float]], buffers: list[int], slots: int, slot: str = "2 min") -> LineDocument:
    """Return the document of a line of machines with these chances and buffers between them."""
    names = [f"m{k}" for k in range(len(machines))]
    stations: dict[str, Any] = {
        name: {**machine, "to": after} | ({"buffer": buffers[k - 1]} if k else {})
        for k, (name, machine, after) in enumerate(zip(names, machines, [*names[1:], "ship"], strict=True))
    }
    whole = {
        "simulate": 1, "time": "min", "slot": slot, "run": {"length": f"{2 * slots} min"},
        "sources": {"in": {"endless": True, "to": "m0"}}, "stations": stations,
    }  # fmt: skip
    return read_line(yaml.safe_dump(whole).encode())


@pytest.mark.parametrize(
    ("chances", "buffers", "rate"),
    [
        ([0.9, 0.9], [1], 0.818182), ([0.9, 0.9], [2], 0.857143), ([0.9, 0.7], [2], 0.688968),
        ([0.7, 0.9], [2], 0.688968), ([0.8, 0.9], [3], 0.791536), ([0.9] * 3, [2, 2], 0.831887),
        ([0.9] * 5, [2] * 4, 0.803611), ([0.8] * 4, [1] * 3, 0.535948), ([0.9, 0.8, 0.7, 0.6], [2] * 3, 0.536445),
        ([0.8, 0.85, 0.9], [2, 3], 0.752974),
    ],
)  # fmt: skip
def test_bernoulli_lines_of_the_book(chances: list[float], buffers: list[int], rate: float) -> None:
    """Li & Meerkov 2009, chapter 4; the slot is 2 min, so half as much a minute."""
    found = row([{"up": p} for p in chances], buffers, 30_000)
    exact = exact_answer(found.line)
    assert exact is not None
    assert exact.figures["throughput"] == pytest.approx(rate / 2, abs=6e-7)
    study = run(found, 10, warm_up=2000.0)
    for figure in ("throughput", "wip", "m1.queue", "m0.blocked", "m1.starved", "lead_time"):
        assert within(study, figure, exact.figures[figure], 0.999), figure


@pytest.mark.parametrize(
    ("fails", "repaired", "buffer", "rate", "stock"),
    [
        ((0.01, 0.01), (0.1, 0.1), 10, 0.856175, 5.0), ((0.01, 0.01), (0.1, 0.1), 4, 0.840936, 2.0),
        ((0.1, 0.1), (0.14, 0.1), 10, 0.436542, 5.8612), ((0.1, 0.1), (0.1, 0.1), 10, 0.397727, 5.0),
    ],
)  # fmt: skip
def test_gershwins_pairs(
    fails: tuple[float, float], repaired: tuple[float, float], buffer: int, rate: float, stock: float
) -> None:
    found = row([{"fails": p, "repaired": r} for p, r in zip(fails, repaired, strict=True)], [buffer], 100_000)
    exact = exact_answer(found.line)
    assert exact is not None
    assert exact.figures["throughput"] == pytest.approx(rate / 2, abs=6e-7)
    assert exact.figures["m1.queue"] == pytest.approx(stock, abs=1e-4)
    study = run(found, 10, warm_up=5000.0)
    for figure in ("throughput", "m1.queue", "m0.down", "m0.blocked", "m1.starved"):
        assert within(study, figure, exact.figures[figure], 0.999), figure


CHANCE = st.floats(0.05, 1.0)


@settings(max_examples=25)
@given(st.lists(CHANCE, min_size=2, max_size=4), st.lists(st.integers(1, 3), min_size=3, max_size=3))
def test_the_chain_is_that_of_bernoulli_lines(chances: list[float], buffers: list[int]) -> None:
    inner = [min(p, 0.98) for p in chances]
    sizes = buffers[: len(inner) - 1]
    found = slotted_line(np.array([[p, 0.0, 0.0] for p in inner]), np.array(sizes))
    rate, stock = bernoulli_line(np.array(inner), tuple(sizes))
    assert found.throughput == pytest.approx(rate, rel=1e-9)
    assert found.stock == pytest.approx(stock, abs=1e-9)
    assert found.throughput + found.starved + found.blocked + found.down == pytest.approx(1.0)


@settings(max_examples=25)
@given(CHANCE, CHANCE, CHANCE, CHANCE, st.integers(1, 12))
def test_the_chain_is_that_of_gershwins_pair(p1: float, p2: float, r1: float, r2: float, buffer: int) -> None:
    fails, mends = (0.5 * p1, 0.5 * p2), (min(r1, 0.95), min(r2, 0.95))
    machines = np.array([[-1.0, p, r] for p, r in zip(fails, mends, strict=True)])
    found = slotted_line(machines, np.array([buffer]))
    rate, stock = gershwin_pair(fails, mends, buffer)
    assert found.throughput == pytest.approx(rate, rel=1e-8)
    assert found.stock[0] == pytest.approx(stock, abs=1e-6)


def test_random_families_lie_within_their_intervals() -> None:
    """Of 16 lines of both kinds two at the most may miss their 99 % intervals, and the errors' mean is about 0."""
    rng, scores = np.random.default_rng(11), list[float]()
    for number in range(16):
        count = int(rng.integers(2, 4 + number % 2))
        buffers = rng.integers(1, 4, count - 1).tolist()
        if number % 2:
            machines = [{"up": round(float(p), 3)} for p in rng.uniform(0.5, 1.0, count)]
        else:
            machines = [
                {"fails": round(float(p), 3), "repaired": round(float(r), 3)}
                for p, r in zip(rng.uniform(0.0, 0.2, count), rng.uniform(0.1, 0.9, count), strict=True)
            ]
        found = row(machines, buffers, 20_000)
        exact = exact_answer(found.line)
        assert exact is not None
        values = run(found, 10, warm_up=1000.0, seed=number).values("throughput")
        scores.append((values.mean() - exact.figures["throughput"]) / (values.std(ddof=1) / 10**0.5))
    assert sum(abs(score) > 3.25 for score in scores) <= 2
    assert abs(float(np.mean(scores))) < 0.8


def by_hand(found: LineDocument, slots: int, seed: int, number: int) -> dict[str, np.ndarray[Any, Any]]:
    """Return totals by stepping through the slots, machine by machine, as the books say it."""
    line = found.line
    draws = [uniforms(stream(seed, f"{one.name}/slots", number), slots) for one in line.stations]
    count = len(line.stations)
    levels, up, inside = [0] * (count + 1), [True] * count, list[int]()
    totals = {f"{one.name}.{word}": 0.0 for one in line.stations for word in (*STATES, "queue_time", "done")}
    totals |= {"wip_time": 0.0, "lead_time": 0.0, "shipped": 0.0}
    for slot in range(slots):
        works = [False] * (count + 1)
        for k in reversed(range(count)):
            step = line.stations[k].in_step
            assert step is not None
            empty = k > 0 and levels[k] == 0
            full = k < count - 1 and levels[k + 1] == line.stations[k + 1].capacity
            if step.up is not None:
                up[k], full = bool(draws[k][slot] < step.up), full and not works[k + 1]
            elif not up[k]:
                up[k] = bool(draws[k][slot] < step.repaired)
            elif not (empty or full):
                up[k] = bool(draws[k][slot] >= step.fails)
            works[k] = up[k] and not empty and not full
            state = "down" if not up[k] else "starved" if empty else "blocked" if full else "busy"
            totals[f"{line.stations[k].name}.{state}"] += line.slot
            totals[f"{line.stations[k].name}.done"] += works[k]
        for k in range(1, count):
            totals[f"{line.stations[k].name}.queue_time"] += levels[k] * line.slot
        totals["wip_time"] += (sum(levels) + works[0]) * line.slot
        inside += [slot] if works[0] else []
        for k in range(1, count):
            levels[k] += works[k - 1] - works[k]
        if works[count - 1]:
            totals["shipped"] += 1
            totals["lead_time"] += (slot + 1 - inside.pop(0)) * line.slot
    return {name: np.array(value) for name, value in totals.items()}


@pytest.mark.parametrize("kind", ["up", "fails"])
def test_the_compiled_slots_are_those_by_hand(kind: str) -> None:
    rng = np.random.default_rng(5)
    for number in range(4):
        count = int(rng.integers(1, 5))
        chances = rng.uniform(0.2, 0.9, (count, 2)).round(3).tolist()
        machines = [{"up": p} if kind == "up" else {"fails": p / 3, "repaired": r} for p, r in chances]
        found = row(machines, rng.integers(1, 4, count - 1).tolist(), 700)
        made, noted = (run_slots(found.line, 9, number, logged=logged) for logged in (False, True))
        assert np.array_equal(made.table, noted.table)
        assert made.edges[-1] == 1400.0
        for name, value in by_hand(found, 700, 9, number).items():
            assert made.column(name)[-1] == pytest.approx(value, abs=1e-6), name
        assert [one.time for one in noted.log] == sorted(one.time for one in noted.log)
        assert made.column("wip_time")[-1] == pytest.approx(made.wip.mean() * 1400.0, rel=0.25)
        shipped = [one.unit for one in noted.log if one.activity == "ship"]
        assert shipped == list(range(1, int(made.column("shipped")[-1]) + 1))


def test_machines_that_never_fail_make_one_a_slot() -> None:
    found = row([{"up": 1}, {"up": 1.0}], [1], 100)
    exact = exact_answer(found.line)
    assert exact is not None
    assert exact.figures["throughput"] == pytest.approx(0.5)
    assert run_slots(found.line, 0, 0).column("shipped")[-1] == 99


def test_what_is_too_large_has_no_exact_answer() -> None:
    with pytest.raises(NoSolution, match="too many"):
        slotted_line(np.array([[0.9, 0.0, 0.0]] * 8), np.array([9] * 7))
    found = row([{"up": 0.9}] * 8, [9] * 7, 500)
    assert exact_answer(found.line) is None
    assert isinstance(found.line.stations[0].service[""], Fixed)


def test_a_run_that_loses_a_part_gives_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    import simulation.flow.slots_kernels as kernels

    honest = kernels.work_through

    def loses(*given: Any) -> Any:
        did = honest(*given)
        did[0, 0] = 1 if did[0, 0] != 1 else 2
        return did

    monkeypatch.setattr(kernels, "work_through", loses)
    with pytest.raises(AuditFailed):
        run_slots(row([{"up": 0.9}, {"up": 0.8}], [2], 500).line, 0, 0)


GOOD: dict[str, Any] = {
    "simulate": 1, "time": "min", "slot": "1 min", "run": {"length": 100},
    "sources": {"in": {"endless": True, "to": "a"}},
    "stations": {"a": {"up": 0.9, "to": "b"}, "b": {"up": 0.9, "buffer": 2, "to": "ship"}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("stations", "a", "up"), 1.2, "stations.a.up: 1.2 is more than 1"),
        (("stations", "a", "up"), 0, "stations.a.up: 0 is not more than 0"),
        (("stations", "a", "up"), None, "'up', or 'fails' and 'repaired'"),
        (("stations", "a", "takes"), 3, "stations.a.takes: in slots a station has only"),
        (("stations", "a", "fails"), 0.1, "stations.a.fails: 'up' holds for each slot"),
        (("stations", "a", "buffer"), 4, "before the first machine there is always a unit"),
        (("stations", "b", "buffer"), None, "stations.b.buffer: it is missing"),
        (("stations", "b", "buffer"), 0, "stations.b.buffer: 0 is less than 1"),
        (("stations", "b", "to"), {"ship": 0.5, "a": 0.5}, "stand in a row as listed: ship is next"),
        (("stations", "b"), {"fails": 0.1, "repaired": 0.2, "buffer": 1, "to": "ship"}, "all machines have 'up'"),
        (("stations", "b"), {"fails": 0.1, "repaired": 0, "buffer": 1, "to": "ship"}, "repaired: 0 is not more than 0"),
        (("sources", "in"), {"every": 2, "to": "a"}, "one source, 'endless: true'"),
        (("resources",), {"man": 1}, "resources: a line in slots has none"),
        (("run", "length"), 100.5, "run.length: 100.5 is no whole number of slots of 1"),
        (("run", "length"), 1e9, "events in a run"),
        (("slot",), 0, "slot: 0 is not more than 0"),
        (("slot",), None, "machines work in step where the line says how long a 'slot' is"),
    ],
)
def test_what_cannot_be(place: tuple[str, ...], value: object, said: str) -> None:
    whole = yaml.safe_load(yaml.safe_dump(GOOD))
    at = whole
    for word in place[:-1]:
        at = at[word]
    if value is None:
        del at[place[-1]]
    else:
        at[place[-1]] = value
    with pytest.raises(BadDocument) as told:
        read_line(yaml.safe_dump(whole).encode())
    assert said in str(told.value)
