"""Levelling of tasks with calendars of their own, half days and short days included: against all orders of them."""

# pyright: basic

from dataclasses import replace
from datetime import date
from itertools import permutations

import numpy as np
import pytest

from geometry.work_plan import Workdays, WorkLink, WorkPlan, WorkTask
from simulation.schedule.levelling import level
from simulation.schedule.network import Network
from simulation.schedule.own_clock import clock_of, from_start
from simulation.schedule.repair import repaired

START = date(2026, 3, 2)
WEEKS = {
    "office": Workdays("office", "1111100", (date(2026, 3, 18),)),
    "short": Workdays("short", "1111110", shares=(1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 1.0)),
    "always": Workdays("always", "1111111"),
    "saturday": Workdays("saturday", "1111100", uneven=((date(2026, 3, 7), 0.5),)),
}
SUPPLY = {"crane": 1, "crew": 2}


def planned(rng: np.random.Generator, count: int, most: float) -> Network:
    keys = [list(WEEKS)[int(rng.integers(4))] for _ in range(count)]
    tasks = tuple(
        WorkTask(str(k), f"t{k}", "", None, float(rng.integers(1, int(2.0 * most))) / 2.0, calendar=keys[k])
        for k in range(count)
    )
    links = tuple(
        WorkLink(str(k), str(j), ("FS", "SS", "FF")[int(rng.integers(3))], "", float(rng.integers(-1, 4)) / 2.0)
        for j in range(count) for k in range(max(0, j - 6), j) if rng.random() < 0.25
    )  # fmt: skip
    document = repaired(WorkPlan("", tasks, links, START, None, WEEKS["office"], WEEKS))
    needs = [{"crane": int(rng.integers(0, 2)), "crew": int(rng.integers(0, 3))} for _ in range(count)]
    return document.network.changed(lambda k, task: replace(task, needs=needs[k]))


def in_order(network: Network, order: tuple[int, ...]) -> float | None:
    """Return when all is over if tasks are put in this order, each as early as it may; None against the links."""
    clock = clock_of(network.tasks)
    days, floors = clock.floors(
        np.array([[task.earliest] for task in network.tasks]), np.array([[task.planned] for task in network.tasks])
    )
    start, finish = dict[int, float](), dict[int, float]()
    for k in order:
        task, at = network.tasks[k], float(floors[k, 0])
        if any(link.before not in start for link in task.links):
            return None
        for link in task.links:
            place = (start if from_start(link) else finish)[link.before]
            at = max(at, float(clock.waits(link, k, np.array([place]), days[k])[0]))
        while True:
            at = float(clock.opens(k, np.array([at]))[0])
            end = float(clock.ends(k, np.array([at]), days[k])[0])
            times = [p for p in [at, *start.values()] if at <= p < end - 1e-9]
            clash = next((p for p in times if _taken(network, k, p, start, finish)), None)
            if clash is None:
                break
            at = min(over for over in finish.values() if over > clash + 1e-9)
        start[k], finish[k] = at, end
    return float(clock.over(np.array([max(finish.values())]))[0])


def _taken(network: Network, k: int, at: float, start: dict[int, float], finish: dict[int, float]) -> bool:
    running = [j for j in start if start[j] <= at + 1e-9 and finish[j] > at + 1e-9]
    needs = [network.tasks[j].needs for j in running]
    own = network.tasks[k].needs
    return any(own[one] and own[one] + sum(other[one] for other in needs) > most for one, most in SUPPLY.items())


@pytest.mark.parametrize("seed", range(8))
def test_it_is_the_best_of_all_orders(seed: int) -> None:
    pytest.importorskip("ortools")
    network = planned(np.random.default_rng(seed), 4, 4.0)
    found = level(network, SUPPLY, 10.0)
    ends = [end for order in permutations(range(4)) if (end := in_order(network, order)) is not None]
    assert (found.end, found.bound) == pytest.approx((min(ends), min(ends)))
    assert found.optimal
    assert not found.rounded


def test_a_plan_whose_places_are_too_many_is_levelled_as_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ortools")
    from simulation.schedule import level_by_calendar

    network = planned(np.random.default_rng(3), 4, 4.0)
    best = level(network, SUPPLY, 10.0).end
    monkeypatch.setattr(level_by_calendar, "_MOST_PLACES", 3)
    found = level(network, SUPPLY, 10.0)
    assert found.end >= best - 1e-9
    assert not found.optimal or found.end == pytest.approx(best)
