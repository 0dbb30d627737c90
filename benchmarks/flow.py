"""The process simulation against what is known, and its speed beside simpy, ciw and salabim.

    .venv/bin/python benchmarks/flow.py [--quick] [--speed] [--peers-python PYTHON]

First a table of lines whose answer is known (closed forms, Markov chains): the exact value, ours with its 99 %
interval, and whether that holds it. Then 1,000 runs of one line, whose errors in units of their own standard error
should have mean 0 and spread 1; the coverage of Student's intervals of few skewed runs; what common numbers save.
Then speed, in processor seconds, beside raw simpy in turns, and beside ciw and salabim where ``--peers-python`` names a
Python that has them.
"""

# pyright: basic
import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy.special import stdtrit

from simulation.experiment.estimate import Rule
from simulation.experiment.streams import Streams
from simulation.experiment.warmup import batch_means
from simulation.flow.document import LineDocument, read_line
from simulation.flow.engine import Engine
from simulation.flow.exact.inspection import rework_loop
from simulation.flow.exact.lines import exponential_pair, saturated_line
from simulation.flow.exact.queues import effective_time, erlang, limited, pollaczek, practical_worst, repair_shop
from simulation.flow.exact.recognise import exact_answer
from simulation.flow.laws import Exponential
from simulation.flow.model import Clock, Failure, Line
from simulation.flow.record import run_line
from simulation.flow.recurrence import lindley, run_fixed
from simulation.flow.study import Plan, compare, study


def document(stations: dict[str, Any], sources: dict[str, Any], length: float, **more: Any) -> LineDocument:
    """Return a line whose unit is minutes."""
    whole = {"simulate": 1, "time": "min", "run": {"length": length}, "sources": sources, "stations": stations} | more
    return read_line(yaml.safe_dump(whole).encode())


def queue(
    every: float, takes: Any, length: float, source: dict[str, Any] | None = None, **station: Any
) -> LineDocument:
    """Return one station."""
    arrivals = {"every": {"exponential": every}, "to": "mill"} | (source or {})
    return document({"mill": {"takes": takes, "to": "ship", **station}}, {"in": arrivals}, length)


def row(
    count: int, takes: Any, length: float, buffer: int | None = None, source: dict[str, Any] | None = None
) -> LineDocument:
    """Return stations in a row."""
    room = {} if buffer is None else {"buffer": buffer}
    stations = {
        f"s{k}": {"takes": takes, **(room if k else {}), "to": f"s{k + 1}" if k < count - 1 else "ship"}
        for k in range(count)
    }
    return document(stations, {"in": {**(source or {"endless": True}), "to": "s0"}}, length)


def failing_pair(rates: Any, failure: Any, repair: Any, buffer: int, length: float) -> LineDocument:
    """Return two machines that fail while they work, blocked before service."""
    machine = [
        {
            "takes": {"exponential": 1 / rates[k]},
            "failures": {
                "f": {
                    "after": {"exponential": 1 / failure[k]},
                    "repair": {"exponential": 1 / repair[k]},
                    "clock": "busy",
                }
            },
        }
        for k in (0, 1)
    ]
    stations = {
        "a": {**machine[0], "blocking": "before", "to": "b"}, "b": {**machine[1], "buffer": buffer - 1, "to": "ship"},
    }  # fmt: skip
    return document(stations, {"in": {"endless": True, "to": "a"}}, length)


def cases(scale: float) -> list[tuple[str, LineDocument, float, str, float]]:
    """Return (name, line, warm-up, figure, exact value)."""
    length = 20_000 * scale
    one = queue(1.25, {"exponential": 1}, length)
    three = queue(0.5, {"exponential": 4 / 3}, length, machines=3)
    found = [
        ("T1 M/M/1 0.8: Wq", one, 2000.0, "mill.wait", erlang(0.8, 1).wait),
        ("T1 M/M/1 0.8: L", one, 2000.0, "wip", erlang(0.8, 1).in_system),
        ("T2 M/M/3: Lq", three, 2000.0, "mill.queue", erlang(2, 0.75, 3).waiting),
        ("T2 M/M/3: W", three, 2000.0, "lead_time", erlang(2, 0.75, 3).time),
    ]
    for scv, law in ((0, 1), (0.25, {"erlang": 1, "stages": 4}), (2, {"gamma": 1, "cv": 2**0.5})):
        found.append(
            (f"T3 M/G/1 c²={scv}: Wq", queue(1.25, law, length), 2000.0, "mill.wait", pollaczek(0.8, 1, scv).wait)
        )
    full = queue(1.25, {"exponential": 1}, length, {"full": "lose"}, buffer=4)
    found.append(("T4 M/M/1/5: lost", full, 200.0, "lost", limited(0.8, 1, 1, 5).lost))
    feedback = document(
        {
            "first": {"takes": {"exponential": 0.1}, "to": "second"},
            "second": {"takes": {"exponential": 0.125}, "to": {"ship": 0.75, "first": 0.25}},
        },
        {"in": {"every": {"exponential": 0.2}, "to": "first"}}, 0.1 * length,
    )  # fmt: skip
    found += [("T5 feedback: L", feedback, 100.0, "wip", 7.0), ("T5 feedback: W", feedback, 100.0, "lead_time", 1.4)]
    for count in (2, 3, 4, 5, 6):
        exact = saturated_line(np.ones(count))
        found.append(
            (f"T8 {count} saturated stations", row(count, {"exponential": 1}, length, 0), 200.0, "throughput", exact)
        )
    for rates, failure, repair, buffer in (
        ((1, 1), (0.01, 0.01), (0.1, 0.1), 5), ((1, 1), (0.01, 0.01), (0.1, 0.1), 10),
        ((1, 2), (0.01, 0.05), (0.1, 0.1), 10), ((2, 3), (0.08, 0.07), (0.06, 0.05), 4),
    ):  # fmt: skip
        exact = exponential_pair(rates, failure, repair, buffer)[0]
        line = failing_pair(rates, failure, repair, buffer, length)
        found.append((f"T12 failing pair {rates} N={buffer}", line, 500.0, "throughput", exact))
    wear = {"after": {"exponential": 744}, "repair": {"exponential": 248}, "clock": "busy"}
    worn = document(
        {"m": {"takes": {"gamma": 15, "cv": 0.05**0.5}, "to": "ship", "failures": {"f": wear}}},
        {"in": {"endless": True, "to": "m"}}, 20 * length,
    )  # fmt: skip
    found.append(("T13 effective time", worn, 0.0, "lead_time", effective_time(15, 0.05, 744, 248, 1)[0]))
    penny = row(4, {"exponential": 2}, length, source={"in_line": 4})
    found.append(("T13 practical worst case, w=4", penny, 200.0, "throughput", practical_worst(0.5, 8, 4)[0]))
    for machines, crews, fail, mend in ((5, 1, 0.1, 0.5), (10, 1, 1 / 300, 1 / 30), (5, 2, 0.1, 0.5)):
        breaks = {"f": {"after": {"exponential": 1 / fail}, "repair": {"exponential": 1 / mend}, "crew": "crew"}}
        shop = document(
            {"m": {"takes": 10, "machines": machines, "failures": breaks, "to": "ship"}},
            {"in": {"endless": True, "to": "m"}}, length, resources={"crew": crews},
        )  # fmt: skip
        found.append(
            (
                f"T14 {machines} machines, {crews} crews: down",
                shop,
                500.0,
                "m.down",
                1 - repair_shop(machines, crews, fail, mend)[1],
            )
        )
    look = {"finds": 0.9, "false_reject": 0.02, "reject": {"scrap": 0.3, "again": 0.7}}
    loop = document(
        {
            "work": {"takes": 1, "defects": {"burr": 0.08}, "to": "test"},
            "test": {"takes": 0.1, "inspect": look, "to": "ship"},
            "again": {"takes": 1, "repairs": 1.0, "defects": {"burr": 0.2}, "to": "test"},
        },
        {"in": {"endless": True, "to": "work"}}, length,
    )  # fmt: skip
    exact = rework_loop(0.08, 0.02, 0.10, scrap=0.3, rework_defect=0.2)
    for figure, value in (
        ("test.first_pass", exact.first_pass), ("defective", exact.escape_share), ("yield", exact.shipped),
        ("test.inspections", exact.inspections),
    ):  # fmt: skip
        found.append((f"T15 rework loop: {figure}", loop, 0.0, figure, value))
    return found


def oracle_table(scale: float) -> None:
    """Print each known answer beside ours."""
    print(f"{'line':38} {'exact':>10} {'ours':>10}   99 % interval         holds it")
    kept, missed = dict[int, Any](), 0
    for name, found, warm_up, figure, exact in cases(scale):
        if id(found) not in kept:
            kept[id(found)] = study(found.line, Plan(Rule(10, 10), warm_up=warm_up, seed=len(kept), workers=1))
        values = kept[id(found)].additions(figure)
        half = stdtrit(9, 0.995) * values.std(ddof=1) / 10**0.5
        holds = abs(values.mean() - exact) <= half
        missed += not holds
        interval = f"{values.mean() - half:.6f} … {values.mean() + half:.6f}"
        print(f"{name:38} {exact:10.6f} {values.mean():10.6f}   {interval:22} {'yes' if holds else 'NO'}", flush=True)
    print(f"{missed} missed; of so many 99 % intervals about one in a hundred would\n")
    slotted(int(200_000 * scale))


def slotted(slots: int) -> None:
    """Print lines in slots of time as the command runs them, beside their chains."""
    bernoulli = ((0.9,) * 2, (2,)), ((0.9,) * 5, (2,) * 4), ((0.9,) * 5, (3,) * 4), ((0.8, 0.85, 0.9), (2, 3))
    for p, sizes in bernoulli:
        _in_step(f"T9, T10 Bernoulli {p} N={sizes}", [{"up": one} for one in p], sizes, slots)
    for size in (4, 10, 20, 100):
        _in_step(f"T11 Gershwin's pair N={size}", [{"fails": 0.01, "repaired": 0.1}] * 2, (size,), slots)
    worse = [{"fails": 0.1, "repaired": 0.14}, {"fails": 0.1, "repaired": 0.1}]
    _in_step("T11 Gershwin's unequal pair N=10", worse, (10,), slots)


def _in_step(name: str, machines: list[dict[str, float]], sizes: tuple[int, ...], slots: int) -> None:
    stations: dict[str, Any] = {
        f"s{k}": {**one, **({"buffer": sizes[k - 1]} if k else {}), "to": f"s{k + 1}" if k < len(sizes) else "ship"}
        for k, one in enumerate(machines)
    }
    found = document(stations, {"in": {"endless": True, "to": "s0"}}, slots, slot="1 min")
    values = study(found.line, Plan(Rule(10, 10), warm_up=0.05 * slots, workers=1)).values("throughput")
    exact, half = exact_answer(found.line), stdtrit(9, 0.995) * values.std(ddof=1) / 10**0.5
    known = exact.figures["throughput"] if exact else float("nan")
    holds = "yes" if abs(values.mean() - known) <= half else "NO"
    interval = f"{values.mean() - half:.6f} … {values.mean() + half:.6f}"
    print(f"{name:44} {known:10.6f} {values.mean():10.6f}   {interval:22} {holds}")


def statistics(quick: bool) -> None:
    """Print bias, spread and coverage over many runs, and what common numbers save."""
    count = 100 if quick else 1000
    line, exact = row(3, {"exponential": 1}, 6000.0, 0).line, saturated_line(np.ones(3))
    scores = list[float]()
    for number in range(count):
        run = run_fixed(line, 21, number)
        rates = batch_means(np.diff(run.column("shipped"))[20:] / 25.0, 20)
        scores.append((rates.mean() - exact) / (rates.std(ddof=1) / 20**0.5))
    print(f"\nT19 {count} runs: mean of z {np.mean(scores):+.3f} (0 ± 0.1), sd {np.std(scores, ddof=1):.3f} (1 ± 0.1)")
    trials = 2_000 if quick else 20_000
    rng = np.random.default_rng(3)
    for runs, known in ((5, 0.836), (10, 0.855), (20, 0.877), (40, 0.890)):
        arrivals = np.cumsum(rng.exponential(1.0, (trials, runs, 25)), axis=2)
        waits = lindley(arrivals, rng.exponential(0.9, (trials, runs, 25))).mean(axis=2)
        half = stdtrit(runs - 1, 0.95) * waits.std(axis=1, ddof=1) / runs**0.5
        covered = np.mean(np.abs(waits.mean(axis=1) - 2.125) <= half)
        print(f"T20 90 % intervals of {runs} runs hold the truth in {covered:.3f} of {trials} trials (known: {known})")
    plan = Plan(Rule(200, 200), warm_up=0.0, workers=1)
    every = {"in": {"every": {"exponential": 1}, "to": "bank", "count": 100}}
    banks = [
        read_line(yaml.safe_dump({"simulate": 1, "time": "min", "sources": every, "stations": {"bank": one}}).encode())
        for one in (
            {"takes": {"exponential": 1.8}, "machines": 2, "to": "ship"}, {"takes": {"exponential": 0.9}, "to": "ship"},
        )
    ]  # fmt: skip
    pair = compare(study(banks[0].line, plan), study(banks[1].line, plan))["bank.wait"]
    value, ratio = pair.difference.value, pair.variance_ratio
    print(f"T7 one fast or two slow: {value:.3f} (known 0.434), variance {ratio:.0f} times less by common numbers")


@dataclass(frozen=True)
class Timed:
    """What one program did in its best of several turns."""

    units: int
    events: int
    seconds: float

    def told(self, name: str) -> str:
        """Return a line of the table."""
        events = f"{self.events / self.seconds:11.0f}" if self.events else 11 * " "
        return f"{name:46} {self.units:9} {self.units / self.seconds:11.0f} {events}"


def speed(peers: str, scale: float) -> None:
    """Print units and events per processor second, ours and the peers', in turns, the best of three each."""
    alone, long = (
        queue(1.25, {"exponential": 1}, 100_000 * scale).line,
        row(10, {"exponential": 1}, 40_000 * scale, 3).line,
    )
    wears = Failure("wear", Exponential(60.0), Exponential(3.0), Clock.BUSY)
    frail = replace(long, stations=tuple(replace(one, failures=(wears,)) for one in long.stations))
    print(
        "\nAn event is what the loop takes from simpy's queue: an arrival, an end of work, a failure, a repair. Raw"
        "\nsimpy needs more of them for the same work (a request, a store's put and get, a process's start and end)."
    )
    print(f"{'':46} {'units':>9} {'a second':>11} {'events/s':>11}")
    turns = 1 if scale < 1 else 3
    rounds = [
        (
            _ours(alone), _ours(long), _ours(frail),
            _peer(peers, "simpy", alone.horizon), _peer(peers, "simpy-line", long.horizon),
        )
        for _ in range(turns)
    ]  # fmt: skip
    best = [min(found, key=lambda one: one.seconds) for found in zip(*rounds, strict=True)]
    names = ("M/M/1, states, levels, audits", "10 stations, buffers of 3, the same", "10 stations that fail, the same",
             "raw simpy, M/M/1, no statistics", "raw simpy, 10 stations, no statistics")  # fmt: skip
    for name, one in zip(names, best, strict=True):
        print(one.told(name))
    for ours, theirs, what in ((best[0], best[3], "customers"), (best[1], best[4], "visits")):
        ratio = ours.units / ours.seconds / (theirs.units / theirs.seconds)
        print(f"{ratio:.1f} times raw simpy's {what} a second")
    for line, name in ((alone, "recurrence, M/M/1"), (long, "recurrence, 10 stations")):
        run_fixed(line, 1, 0)
        began = time.process_time()
        run = run_fixed(line, 1, 1)
        print(Timed(_visits(run, line), 0, time.process_time() - began).told(name))
    for name in ("ciw", "salabim"):
        if found := _peer(peers, name, alone.horizon / 5):
            print(found.told(name + ", M/M/1"))


def _visits(run: Any, line: Line) -> int:
    return int(sum(run.column(f"{station.name}.done")[-1] for station in line.stations))


def _ours(line: Line) -> Timed:
    engine, events = Engine(line, Streams(1, 0)), 0
    while engine.env.peek() < line.horizon / 10:
        engine.env.step()
        events += 10
    began = time.process_time()
    run = run_line(line, Streams(1, 0))
    return Timed(_visits(run, line), events, time.process_time() - began)


def _peer(peers: str, name: str, until: float) -> Timed | None:
    script = Path(__file__).parent / "peers" / "queues.py"
    done = subprocess.run([peers, str(script), name, str(until)], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{name} not run: {done.stderr.strip().splitlines()[-1]}")
        return None
    told = json.loads(done.stdout.strip().splitlines()[-1])
    return Timed(told["customers"], told.get("events", 0), told["seconds"])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    parser.add_argument("--peers-python", metavar="PYTHON", default=sys.executable, help="has ciw, salabim")
    parser.add_argument("--speed", action="store_true", help="nothing but the speed")
    options = parser.parse_args()
    scale = 0.1 if options.quick else 1.0
    if not options.speed:
        oracle_table(max(scale, 0.2))
        statistics(options.quick)
    speed(options.peers_python, scale)


if __name__ == "__main__":
    sys.exit(main())
