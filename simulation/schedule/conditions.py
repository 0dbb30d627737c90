"""What a planning program does not say: spreads, trades, risks, resources; for a schedule read from its file.

::

    conditions: 1
    shape: pert                                       # or triangular
    spread: {optimistic: 0.85, pessimistic: 1.4}      # times the planned duration, of every task
    trades: {concrete: {optimistic: 0.9, pessimistic: 1.6}}
    tasks: {Slab 1: {trade: concrete, optimistic: 4, likely: 5, pessimistic: 9, needs: {crane: 1}}}
    resources: {crane: 1}
    deadline: 120
    risks: {frost: {probability: 0.2, factor: 1.4, tasks: all}}
"""

from collections.abc import Mapping
from dataclasses import replace

from geometry.note import Note
from simulation.distribution import Distribution, Fixed
from simulation.document import Section, read_document
from simulation.schedule.document import (
    SHAPES,
    conditions_of,
    duration_of,
    needs_of,
    resources_of,
    spread_of,
    task_named,
)
from simulation.schedule.network import Network
from simulation.schedule.plan import ScheduleDocument
from simulation.schedule.task import Task

_TIMES = 100.0
Factors = tuple[float, float]


def with_conditions(document: ScheduleDocument, content: bytes | None) -> ScheduleDocument:
    """Return a schedule under the conditions that a file says; None: only what the schedule itself says.

    Raises
    ------
    SimulationError
        With line and place of what is wrong.
    """
    if content is None:
        text = "The file gives one duration for each task: without conditions (--conditions) nothing varies."
        return replace(document, notes=(*document.notes, Note("plan_no_spread", text)))
    top = read_document(content, "conditions")
    top.knows("shape", "spread", "trades", "tasks", "resources", "deadline", "risks")
    shape = top.choice("shape", SHAPES, "pert")
    names = [task.name for task in document.network.tasks]
    supply = resources_of(top)
    own = dict[str, Section]()
    for name, section in top.sections("tasks"):
        own[task_named(top, "tasks", name, names)] = section
    trades = {trade: _factors(section) for trade, section in top.sections("trades")}
    general = _factors(top.section("spread")) if top.has("spread") else None
    tasks = [_task(task, own.get(task.name), (general, trades), shape, supply) for task in document.network.tasks]
    known = {task.trade for task in tasks}
    for trade in trades:
        if trade not in known:
            raise top.section("trades").fault(trade, "no task is of this trade")
    risks, deadline = conditions_of(top, names, shape)
    top.close()
    return replace(document, network=Network(tasks), risks=risks, deadline=deadline, resources=supply)


def _factors(section: Section) -> Factors:
    low = section.knows("optimistic", "pessimistic").number("optimistic", low=0.0, high=1.0)
    high = section.number("pessimistic", low=1.0, high=_TIMES)
    section.close()
    return low, high


def _task(
    task: Task,
    own: Section | None,
    factors: tuple[Factors | None, Mapping[str, Factors]],
    shape: str,
    supply: Mapping[str, int],
) -> Task:
    general, trades = factors
    trade, needs, duration = task.trade, task.needs, None
    if own is not None:
        own.knows("trade", "needs", "days", "optimistic", "likely", "pessimistic", "shape")
        trade, needs = own.text("trade", task.trade), needs_of(own, supply)
        if own.has("days") or own.has("optimistic") or own.has("pessimistic"):
            duration, _ = duration_of(own, shape)
        own.close()
    spread = trades.get(trade, general)
    if duration is None:
        duration = _spread(task.planned, spread, shape)
    return replace(task, duration=duration, trade=trade, needs=needs)


def _spread(planned: float, factors: Factors | None, shape: str) -> Distribution:
    if factors is None or not planned:
        return Fixed(planned)
    return spread_of(None, factors[0] * planned, planned, factors[1] * planned, shape)
