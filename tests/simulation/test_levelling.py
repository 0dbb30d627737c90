"""Resources: published optima, exhaustive search on small projects, and hand-overs that hold for any durations."""

from itertools import permutations

import numpy as np
import pytest

from geometry.arrays import FloatArray
from simulation.distribution import Fixed
from simulation.errors import NoSolution
from simulation.schedule.levelling import level
from simulation.schedule.line_balance import balance
from simulation.schedule.network import Network
from simulation.schedule.task import Link, Relation, Task

FT06 = (
    "2 1 0 3 1 6 3 7 5 3 4 6", "1 8 2 5 4 10 5 10 0 10 3 4", "2 5 3 4 5 8 0 9 1 1 4 7", "1 5 0 5 2 5 3 3 4 8 5 9",
    "2 9 1 3 4 5 5 4 0 3 3 1", "1 3 3 3 5 9 0 10 4 4 2 1",
)  # fmt: skip
"""Fisher and Thompson 1963: machine and time of each operation, a job a line."""
J301_1 = """0 0 0 0 0:2 3 4|8 4 0 0 0:6 11 15|4 10 0 0 0:7 8 13|6 0 0 0 3:5 9 10|3 3 0 0 0:20|8 0 0 0 8:30|5 4 0 0 0:27|
9 0 1 0 0:12 19 27|2 6 0 0 0:14|7 0 0 0 1:16 25|9 0 5 0 0:20 26|2 0 7 0 0:14|6 4 0 0 0:17 18|3 0 8 0 0:17|9 3 0 0 0:25|
10 0 0 0 5:21 22|6 0 0 0 8:22|5 0 0 0 7:20 22|3 0 1 0 0:24 29|7 0 10 0 0:23 25|2 0 0 0 6:28|7 2 0 0 0:23|2 3 0 0 0:24|
3 0 9 0 0:30|3 4 0 0 0:30|7 0 0 4 0:31|8 0 0 0 7:28|3 0 8 0 0:31|7 0 7 0 0:32|2 0 7 0 0:32|2 0 0 2 0:32|0 0 0 0 0:"""
"""Of each job its duration, what it takes of four resources, and who follows it, from 1."""


def test_a_job_shop_is_a_schedule_with_machines_as_resources() -> None:
    tasks = list[Task]()
    for job in FT06:
        said = [int(word) for word in job.split()]
        for k, (machine, days) in enumerate(zip(said[::2], said[1::2], strict=True)):
            links = (Link(len(tasks) - 1),) if k else ()
            tasks.append(Task(f"{job[:3]}{k}", Fixed(days), links, float(days), needs={f"m{machine}": 1}))
    found = level(Network(tasks), {f"m{machine}": 1 for machine in range(6)})
    assert (found.end, found.bound, found.optimal, found.rounded) == (55.0, 55.0, True, False)
    _keeps(found.network, np.array([task.planned for task in tasks]), {f"m{machine}": 1 for machine in range(6)})


@pytest.mark.parametrize("seed", range(6))
def test_against_all_orders_of_small_projects(seed: int) -> None:
    rng = np.random.default_rng(seed)
    supply, tasks = {"crew": 3, "crane": 1}, list[Task]()
    for index in range(5):
        before = [int(k) for k in range(index) if rng.random() < 0.3]
        links = tuple(Link(k, Relation.FINISH_START, float(rng.integers(0, 2))) for k in before)
        needs = {"crew": int(rng.integers(0, 4)), "crane": int(rng.integers(0, 2))}
        days = float(rng.integers(0, 9)) / 2.0
        tasks.append(Task(f"t{index}", Fixed(days), links, days, float(rng.integers(0, 3)), needs=needs))
    network = Network(tasks)
    found = level(network, supply)
    assert found.optimal
    best = min(_serial(tasks, supply, order) for order in permutations(range(5)))
    assert found.end == pytest.approx(best)
    assert found.bound == pytest.approx(best)
    for _ in range(5):
        _keeps(found.network, rng.uniform(0.1, 5.0, 5) * (np.array([task.planned for task in tasks]) > 0.0), supply)


def test_other_relations_and_uneven_durations_are_kept() -> None:
    tasks = [
        Task("a", Fixed(1.0), (), 1.0 / 3.0, needs={"crane": 1}),
        Task("b", Fixed(1.0), (Link(0, Relation.START_START, 2.0),), np.pi, needs={"crane": 1}),
        Task("c", Fixed(1.0), (Link(1, Relation.FINISH_FINISH, 1.0),), 1.0),
    ]
    found = level(Network(tasks), {"crane": 1})
    assert found.rounded
    assert found.resolution == 0.01
    assert found.end == pytest.approx(2.0 + np.pi + 1.0)
    assert found.bound >= found.end - 0.03
    again = level(Network(tasks), {"crane": 1})
    assert (again.start == found.start).all()


@pytest.mark.parametrize(
    ("link", "end", "stretched"),
    [
        (Link(1, Relation.FINISH_FINISH, -5.0), 7.0, 12.0),  # the roof first; no time for that if the frame takes 7
        (Link(1, Relation.START_FINISH, -3.0), 7.0, 10.0),
        (Link(1, Relation.START_START, -3.0), 7.0, 10.0),
        (Link(1), 8.0, 12.0),
    ],
)
def test_a_lead_that_lets_a_task_hand_on_to_what_it_waits_for(link: Link, end: float, stretched: float) -> None:
    tasks = [
        Task("dig", Fixed(4.0), (), 4.0),
        Task("frame", Fixed(3.0), (Link(0),), 3.0, needs={"crane": 1}),
        Task("roof", Fixed(1.0), (link,), 1.0, needs={"crane": 1}),
    ]
    found = level(Network(tasks), {"crane": 1})
    assert (found.end, found.bound, found.optimal) == (end, end, True)
    both = np.array([[4.0, 3.0, 1.0], [2.0, 7.0, 3.0]])
    assert found.network.times(both).end.tolist() == [end, stretched]
    for durations in ([4.0, 3.0, 1.0], [2.0, 5.0, 3.0], [2.0, 7.0, 3.0], [2.0, 5.0, 6.0]):
        _keeps(found.network, np.array(durations), {"crane": 1})
        _keeps_links(Network(tasks), found.network.times(np.array(durations)).start, np.array(durations))
    assert set(found.network.critical_path(np.array([4.0, 3.0, 1.0]))) >= {0, 1}


@pytest.mark.parametrize("seed", range(40))
def test_against_all_starts_of_small_projects_with_leads_and_all_relations(seed: int) -> None:
    """No schedule of whole days is shorter; leads and lags of all four relations hold for other durations, too."""
    rng = np.random.default_rng(100 + seed)
    supply, tasks = {"crew": 2, "crane": 1}, list[Task]()
    for index in range(4):
        links = tuple(
            Link(k, tuple(Relation)[int(rng.integers(4))], float(rng.integers(-5, 3)))
            for k in range(index) if rng.random() < 0.6
        )  # fmt: skip
        needs = {"crew": int(rng.integers(0, 3)), "crane": int(rng.integers(0, 2))}
        days = float(rng.integers(1, 5))
        tasks.append(Task(f"t{index}", Fixed(days), links, days, float(rng.integers(0, 2)), needs=needs))
    network = Network(tasks)
    found = level(network, supply)
    planned = np.array([task.planned for task in tasks])
    assert found.optimal
    assert (found.end, found.bound) == (best := _shortest(tasks, supply), best)
    _keeps_links(network, found.start, planned)
    samples = rng.uniform(0.3, 2.0, (30, 4)) * planned
    together = found.network.times(samples)
    for index, durations in enumerate(samples):
        _keeps(found.network, durations, supply)
        alone = found.network.times(durations)
        assert alone.start == pytest.approx(together.start[index])
        _keeps_links(network, alone.start, durations)
        assert (alone.total_float >= -1e-6).all()


def test_a_project_of_the_library() -> None:
    """PSPLIB j301_1 (Kolisch and Sprecher 1996): 43 days."""
    rows = [one.split(":") for one in J301_1.replace("\n", "").split("|")]
    links = [list[Link]() for _ in rows]
    for index, (_, after) in enumerate(rows):
        for follower in after.split():
            links[int(follower) - 1].append(Link(index))
    said = [[int(word) for word in one.split()] for one, _ in rows]
    tasks = [
        Task(str(k), Fixed(days), tuple(links[k]), float(days), needs={f"r{j}": n for j, n in enumerate(takes) if n})
        for k, (days, *takes) in enumerate(said)
    ]
    supply = {"r0": 12, "r1": 13, "r2": 4, "r3": 12}
    found = level(Network(tasks), supply)
    assert (found.end, found.bound, found.optimal) == (43.0, 43.0, True)
    _keeps(found.network, np.array([task.planned for task in tasks]), supply)


def test_jacksons_line() -> None:
    times = (6, 2, 5, 7, 1, 2, 3, 6, 5, 5, 4)
    arcs = "1-2 1-3 1-4 1-5 2-6 3-7 4-7 5-7 6-8 7-9 8-10 9-11 10-11"
    pairs = [(int(a) - 1, int(b) - 1) for a, b in (arc.split("-") for arc in arcs.split())]
    for cycle, count in zip((7, 9, 10, 13, 14, 21), (8, 6, 5, 4, 4, 3), strict=True):
        found = balance(times, pairs, cycle)
        assert (found.count, found.optimal) == (count, True)
        assert all(found.station[before] <= found.station[after] for before, after in pairs)
        loads = [sum(t for t, at in zip(times, found.station, strict=True) if at == k) for k in range(count)]
        assert max(loads) <= cycle
    assert balance((0.1, 0.2), (), 0.3).count == 1, "no rounding makes a station too full"
    with pytest.raises(NoSolution, match="task 4 takes 7, longer than the cycle of 6"):
        balance(times, pairs, 6)


def _serial(tasks: list[Task], supply: dict[str, int], order: tuple[int, ...]) -> float:
    """Return the end when tasks are put one after the other as early as links and resources allow; inf: wrong order."""
    start = dict[int, float]()
    for index in order:
        task = tasks[index]
        if any(link.before not in start for link in task.links):
            return np.inf
        ready = max([task.earliest, *(start[k.before] + tasks[k.before].planned + k.lag for k in task.links)])
        times = sorted({ready, *(at + tasks[k].planned for k, at in start.items() if at + tasks[k].planned > ready)})
        start[index] = next(at for at in times if _fits(tasks, supply, start, index, at))
    return max(at + tasks[k].planned for k, at in start.items())


def _fits(tasks: list[Task], supply: dict[str, int], start: dict[int, float], index: int, at: float) -> bool:
    last = at + tasks[index].planned
    if last == at:
        return True
    moments = [at, *(begin for begin in start.values() if at < begin < last)]
    for moment in moments:
        running = [k for k, begin in start.items() if begin <= moment < begin + tasks[k].planned]
        for name, capacity in supply.items():
            if sum(tasks[k].needs.get(name, 0) for k in (*running, index)) > capacity:
                return False
    return True


def _shortest(tasks: list[Task], supply: dict[str, int]) -> float:
    """Return the end of the shortest schedule of whole days: every start of every task is tried."""
    horizon = int(sum(task.planned for task in tasks) + sum(max(0.0, k.lag) for task in tasks for k in task.links)) + 3
    starts = np.stack([axis.ravel() for axis in np.indices((horizon,) * len(tasks), dtype=np.int16)]).astype(float)
    days = np.array([task.planned for task in tasks])
    good = np.ones(starts.shape[1], dtype=bool)
    for index, task in enumerate(tasks):
        good &= starts[index] >= task.earliest
        for link in task.links:
            ends = link.relation.value
            before = starts[link.before] + (days[link.before] if ends[0] == "F" else 0.0)
            good &= starts[index] + (days[index] if ends[1] == "F" else 0.0) >= before + link.lag
    starts = starts[:, good]
    fits = np.ones(starts.shape[1], dtype=bool)
    for moment in range(2 * horizon):
        running = (starts <= moment) & (moment < starts + days[:, None])
        for name, capacity in supply.items():
            fits &= np.array([task.needs.get(name, 0) for task in tasks]) @ running <= capacity
    return float((starts[:, fits] + days[:, None]).max(axis=0).min())


def _keeps_links(network: Network, start: FloatArray, durations: FloatArray) -> None:
    """Check that starts keep to every link."""
    for index, task in enumerate(network.tasks):
        for link in task.links:
            ends = link.relation.value
            before = start[link.before] + (durations[link.before] if ends[0] == "F" else 0.0)
            assert start[index] + (durations[index] if ends[1] == "F" else 0.0) >= before + link.lag - 1e-6


def _keeps(network: Network, durations: FloatArray, supply: dict[str, int]) -> None:
    """Check that links alone keep to the resources, whatever the durations."""
    times = network.times(durations)
    for moment in times.start:
        running = (times.start <= moment + 1e-9) & (moment + 1e-9 < times.finish)
        for name, capacity in supply.items():
            used = sum(task.needs.get(name, 0) for task, runs in zip(network.tasks, running, strict=True) if runs)
            assert used <= capacity
