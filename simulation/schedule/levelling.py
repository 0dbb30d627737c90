"""The shortest schedule that limited resources allow (RCPSP), with the proof or the gap that is left.

Solved by constraint programming (OR-Tools CP-SAT, the extra ``plan``) on whole units of time. What the optimum decides,
namely who hands which crane to whom, becomes links of the network (a partial order schedule, Policella et al. 2007), so
that critical path, floats and runs by chance keep to the resources, too.
"""

# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, lcm
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from simulation.errors import NoSolution, SimulationError
from simulation.schedule.level_by_calendar import ClockPlaces, clock_model, one_after_another, places_of
from simulation.schedule.network import Cycle, Network
from simulation.schedule.task import Link, Relation, Task

EFFORT = 60.0
"""Deterministic seconds that the solver may take: the same result on every machine."""
_WORKERS, _SEED = 8, 1
_MOST_TASKS, _FINEST, _MOST_UNITS = 2_000, 1000, 10**9


class MissingSolver(SimulationError):
    """The solver is not installed."""


@dataclass(frozen=True, slots=True, eq=False)
class Levelled:
    """A schedule that keeps to its resources."""

    network: Network
    """The same tasks, with a link from each task that hands a resource on to the one that takes it. Where a lead lets a
    task be over before the one it waits for and hand on to it, that holds while durations leave the time; else no task
    starts before those it waits for."""
    start: FloatArray
    """(n,) days."""
    end: float
    bound: float
    """No schedule is over earlier, days; of rounded durations."""
    optimal: bool
    resolution: float
    """Days that durations and lags were rounded up to whole multiples of."""
    rounded: bool
    """Whether any was not a whole multiple."""


def level(network: Network, supply: Mapping[str, int], effort: float = EFFORT) -> Levelled:
    """Return the shortest schedule of the planned durations that never takes more of a resource than there is.

    Parameters
    ----------
    network
        Tasks with ``needs``; links and earliest starts are kept.
    supply
        How much there is of each resource, at any time.
    effort
        Deterministic seconds; when they are over, the best schedule found, with a bound.

    Raises
    ------
    MissingSolver
        OR-Tools is not installed.
    SimulationError
        More than 2,000 tasks, or no schedule was found in time.
    """
    if len(network.tasks) > _MOST_TASKS:
        raise SimulationError(f"{len(network.tasks)} tasks: resources are levelled for {_MOST_TASKS} at most")
    cp_model = solver_module()
    planned = np.array([task.planned for task in network.tasks])
    places = places_of(network) if network.follows_own else None
    scale, rounded = _scale(network) if places is None else (1, False)

    def solved(*, in_order: bool) -> _Found:
        if places is not None:
            return _solved_by_calendar(cp_model, network, supply, places, effort, in_order=in_order)
        return _solved(cp_model, network, supply, scale, effort, in_order=in_order)

    first = solved(in_order=False)
    tasks = _handed_on(network, first, supply)
    try:
        linked = Network(tasks)
    except Cycle:  # a lead lets a task be over first and hand its crane to the one that it waits for: a ring
        linked = Network(tasks, instead=Network(_handed_on(network, solved(in_order=True), supply)))
    times = linked.times(planned)
    proven, least = first.best <= first.bound + 1e-6, first.bound / scale
    if places is not None:
        least = max(places.days(np.ceil(first.bound - 1e-6)), float(network.times(planned).end))
        proven = proven and bool(times.end <= places.days(first.best) + 1e-6)
    elif network.follows_own:  # looked for with what tasks last where the plan has them; here they come elsewhere
        least = float(network.times(planned).end)
        proven = bool(times.end <= least + 1e-6)
    return Levelled(linked, times.start, float(times.end), least, proven, 1.0 / scale, rounded)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """The best schedule that was found."""

    best: float
    """Its end, units."""
    bound: float
    """No schedule is over earlier, units."""
    start: FloatArray
    """(n,) in any unit of time."""
    finish: FloatArray
    """(n,) in the same."""


def _solved_by_calendar(
    cp_model: Any, network: Network, supply: Mapping[str, int], places: ClockPlaces, effort: float, *, in_order: bool
) -> _Found:
    """Return the shortest schedule on the clock; ``in_order`` as of :func:`_solved`."""
    try:  # the order that is good where the plan has the tasks is a good one to begin with
        rank = _solved(cp_model, network, supply, _scale(network)[0], 0.4 * effort, in_order=in_order).start
    except NoSolution:
        rank = np.zeros(len(network.tasks))
    known = one_after_another(places, network, supply, rank, in_order=in_order)
    model, end, bars = clock_model(cp_model, places, network, known, in_order=in_order)
    starts = [start for start, _, _ in bars]
    _take_turns(model, network, supply, [bar for _, _, bar in bars])
    over = max(int(ends[at]) if bar else at for at, ends, (*_, bar) in zip(known, places.ends, bars, strict=True))
    try:
        best, bound, found = _shortest(cp_model, model, (starts, end), 0.6 * effort)
    except NoSolution:  # it came to nothing of its own in the time given
        best, bound, found = over, 0.0, known
    if best > over:
        best, found = over, known
    lasts = [
        ends[at] if bar is not None else at for at, ends, (_, _, bar) in zip(found, places.ends, bars, strict=True)
    ]
    return _Found(best, bound, np.array(found, dtype=np.float64), np.array(lasts, dtype=np.float64))


def _solved(
    cp_model: Any, network: Network, supply: Mapping[str, int], scale: int, effort: float, *, in_order: bool
) -> _Found:
    """Return the shortest schedule of tasks that last as planned, in days; ``in_order``: with nothing put first.

    In order, no task starts before one that it waits for, as leads and links to a start otherwise allow.
    """
    lasts = [ceil(Fraction(task.planned) * scale - Fraction(1, 10**6)) for task in network.tasks]
    model = cp_model.CpModel()
    horizon = _horizon(network, lasts, scale)
    starts = [model.new_int_var(_units(task.earliest, scale), horizon, "") for task in network.tasks]
    end = model.new_int_var(0, horizon, "")
    for index, task in enumerate(network.tasks):
        model.add(end >= starts[index] + lasts[index])
        for link in task.links:
            if in_order:
                model.add(starts[index] >= starts[link.before])
            _keep_link(model, link, (starts[index], lasts[index]), (starts[link.before], lasts[link.before]), scale)
    bars = [
        model.new_fixed_size_interval_var(start, last, "") if last else None
        for start, last in zip(starts, lasts, strict=True)
    ]
    _take_turns(model, network, supply, bars)
    best, bound, found = _shortest(cp_model, model, (starts, end), effort)
    start = np.array(found, dtype=np.float64) / scale
    return _Found(best, bound, start, start + np.array([task.planned for task in network.tasks]))


def _take_turns(model: Any, network: Network, supply: Mapping[str, int], bars: Sequence[Any]) -> None:
    """Let tasks take no more of a resource at any time than there is; ``bars`` are None of those that take no time."""
    for resource, capacity in supply.items():
        takers = [k for k, task in enumerate(network.tasks) if task.needs.get(resource) and bars[k] is not None]
        if takers:
            demands = [network.tasks[k].needs[resource] for k in takers]
            model.add_cumulative([bars[k] for k in takers], demands, capacity)


def _shortest(
    cp_model: Any, model: Any, variables: tuple[list[Any], Any], effort: float
) -> tuple[float, float, list[int]]:
    """Return end, bound and starts of the shortest schedule that a model has, of starts and an end."""
    starts, end = variables
    model.minimize(end)
    solver = cp_model.CpSolver()
    deterministic(solver, effort)
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise NoSolution("no schedule that keeps to the resources was found in the time given")
    best, bound = int(solver.objective_value), float(solver.best_objective_bound)
    found = [solver.value(start) for start in starts]
    return best, bound, _pulled_forward(cp_model, model, (starts, end), best, found)


def _keep_link(model: Any, link: Link, own: tuple[Any, int], before: tuple[Any, int], scale: int) -> None:
    """Let a task (start, duration) wait as a link says for the one before it."""
    (start, last), (earlier, lasted), wait = own, before, _units(link.lag, scale)
    match link.relation:
        case Relation.FINISH_START:
            model.add(start >= earlier + lasted + wait)
        case Relation.START_START:
            model.add(start >= earlier + wait)
        case Relation.FINISH_FINISH:
            model.add(start + last >= earlier + lasted + wait)
        case Relation.START_FINISH:
            model.add(start + last >= earlier + wait)


def solver_module() -> Any:
    """Return OR-Tools' CP-SAT.

    Raises
    ------
    MissingSolver
        It is not installed.
    """
    try:
        from ortools.sat.python import cp_model
    except ImportError:
        raise MissingSolver("resources need a solver: pip install 'qtems[plan]'") from None
    return cp_model


def deterministic(solver: Any, effort: float) -> None:
    """Let a solver work for so many deterministic seconds, the same way on every machine."""
    solver.parameters.num_workers = _WORKERS
    solver.parameters.interleave_search = True  # several strategies in turn: the same on any number of cores
    solver.parameters.random_seed = _SEED
    solver.parameters.max_deterministic_time = effort


def _pulled_forward(cp_model: Any, model: Any, variables: tuple[Any, Any], best: int, found: list[int]) -> list[int]:
    """Return starts of a schedule as short, in which nothing waits without need."""
    starts, end = variables
    model.add(end <= best)
    model.clear_hints()
    for start, value in zip(starts, found, strict=True):
        model.add_hint(start, value)
    model.minimize(sum(starts))
    solver = cp_model.CpSolver()
    deterministic(solver, 5.0)
    status = solver.solve(model)
    return [solver.value(start) for start in starts] if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else found


def _scale(network: Network) -> tuple[int, bool]:
    """Return units per day that make all durations whole where there are few enough, else 100, rounding up."""
    values = [task.planned for task in network.tasks] + [task.earliest for task in network.tasks]
    values += [link.lag for task in network.tasks for link in task.links]
    scale = 1
    for value in values:
        near = Fraction(value).limit_denominator(_FINEST)
        scale = lcm(scale, near.denominator) if abs(float(near) - value) < 1e-9 else 10**9
        if scale > _FINEST:
            return 100, True
    return scale, False


def _units(days: float, scale: int) -> int:
    return ceil(days * scale - 1e-6)


def _horizon(network: Network, lasts: Sequence[int], scale: int) -> int:
    lags = sum(max(0, _units(link.lag, scale)) for task in network.tasks for link in task.links)
    first = max((_units(task.earliest, scale) for task in network.tasks), default=0)
    horizon = sum(lasts) + lags + first + 1
    if horizon > _MOST_UNITS:
        raise SimulationError(f"{horizon / scale:g} days in all are too many to level resources over")
    return horizon


def _handed_on(network: Network, found: _Found, supply: Mapping[str, int]) -> list[Task]:
    """Return the tasks with a link for every hand-over of a resource."""
    start, finish = found.start, found.finish
    planned = finish - start
    extra = dict[int, set[int]]()
    order = sorted(range(len(network.tasks)), key=lambda k: (start[k], planned[k], k))
    for resource, capacity in supply.items():
        holders: list[tuple[int, int]] = [(-1, capacity)]  # task that has it last, how much of it
        for task in order:
            left = network.tasks[task].needs.get(resource, 0) if planned[task] > 0.0 else 0
            if not left:
                continue
            before = {link.before for link in network.tasks[task].links} | extra.get(task, set())
            free = [(k, n) for k, n in holders if k < 0 or finish[k] <= start[task] + 1e-6]
            busy = [(k, n) for k, n in holders if not (k < 0 or finish[k] <= start[task] + 1e-6)]
            # rather from whom it waits for anyway, then from nobody, then from who was over last
            free.sort(key=lambda one: (one[0] not in before, one[0] >= 0, -start[one[0]] if one[0] >= 0 else 0.0))
            taken = list[tuple[int, int]]()
            for holder, amount in free:
                take = min(left, amount)
                if take and holder >= 0:
                    extra.setdefault(task, set()).add(holder)
                left -= take
                if amount > take:
                    taken.append((holder, amount - take))
            holders = [*busy, *taken, (task, network.tasks[task].needs[resource])]
    more = [sorted(extra.get(k, set()) - _finish_start(task.links)) for k, task in enumerate(network.tasks)]
    return [
        replace(task, links=(*task.links, *map(Link, before))) for task, before in zip(network.tasks, more, strict=True)
    ]


def _finish_start(links: Sequence[Link]) -> set[int]:
    return {link.before for link in links if link.relation is Relation.FINISH_START and link.lag >= 0.0}
