"""Where to inspect along a line of stages: the plan of the highest profit, exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from simulation.document import Section
from simulation.errors import NoSolution
from simulation.flow.words import share

_MOST_PLANS = 200_000


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the work, with an inspection that may follow it."""

    name: str
    cost: float
    """Of the work on a unit."""
    defect: float
    """Chance that it makes a good unit bad."""
    inspection: float
    """Cost of a look after it."""
    false_reject: float
    false_accept: float


@dataclass(frozen=True, slots=True)
class Economics:
    """What units are worth."""

    revenue: float
    """For a good unit shipped."""
    escape: float
    """What a bad one costs that is shipped; it brings nothing."""


@dataclass(frozen=True, slots=True)
class Placed:
    """What a plan comes to, per unit started."""

    inspected: tuple[bool, ...]
    """After which stages there is a look."""
    profit: float
    good: float
    """Share shipped good."""
    escaped: float
    """Share shipped bad."""
    cost: float


@dataclass(frozen=True, slots=True)
class _State:
    good: float
    bad: float
    cost: float
    plan: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class _Worth:
    """What a good and a bad unit are still worth before the remaining stages."""

    good: float
    bad: float
    plan: tuple[bool, ...]


def evaluate(stages: Sequence[Stage], economics: Economics, plan: Sequence[bool]) -> Placed:
    """Return what one plan comes to; what a look rejects is scrapped.

    Examples
    --------
    >>> every = [Stage("", 1.0, 0.03, 0.1, 0.0, 0.0)] * 20  # Groover: 20 operations, 3 % bad each, a look after each
    >>> found = evaluate(every, Economics(0.0, 0.0), [True] * 20)
    >>> round(100 * found.cost, 2), round(100 * found.good, 2)
    (1672.75, 54.38)
    """
    state = _State(1.0, 0.0, 0.0, ())
    for stage, look in zip(stages, plan, strict=True):
        state = _after(state, stage, look)
    return _placed(state, economics)


def every_plan(stages: Sequence[Stage], economics: Economics) -> list[Placed]:
    """Return all 2^n plans, the best first.

    Raises
    ------
    NoSolution
        There are more than 16 stages.
    """
    if len(stages) > 16:
        raise NoSolution(f"{len(stages)} stages have too many plans to list; 16 at most")
    plans = [evaluate(stages, economics, plan) for plan in product((False, True), repeat=len(stages))]
    return sorted(plans, key=lambda one: (-one.profit, one.inspected))


def best_plan(stages: Sequence[Stage], economics: Economics) -> Placed:
    """Return the plan of the highest profit, by dynamic programming from the last stage to the first.

    For each plan of the stages that remain, a good and a bad unit that come there have a worth. A plan by which both
    are worth no more than by another cannot be part of the best one, whatever goes before: it is dropped.
    """
    worths = [_Worth(economics.revenue, -economics.escape, ())]
    for stage in reversed(stages):
        worths = _undominated([_before(worth, stage, look) for worth in worths for look in (False, True)])
        if len(worths) > _MOST_PLANS:
            raise NoSolution(f"more than {_MOST_PLANS} plans are left to compare at {stage.name}")
    best = max(worths, key=lambda one: one.good)
    return evaluate(stages, economics, best.plan)


def _before(worth: _Worth, stage: Stage, look: bool) -> _Worth:
    good, bad = worth.good, worth.bad
    if look:
        good, bad = (1.0 - stage.false_reject) * good - stage.inspection, stage.false_accept * bad - stage.inspection
    good = (1.0 - stage.defect) * good + stage.defect * bad
    return _Worth(good - stage.cost, bad - stage.cost, (look, *worth.plan))


def _after(state: _State, stage: Stage, look: bool) -> _State:
    there = state.good + state.bad
    good = state.good * (1.0 - stage.defect)
    bad = there - good
    cost = state.cost + there * stage.cost
    if look:
        cost += there * stage.inspection
        good, bad = good * (1.0 - stage.false_reject), bad * stage.false_accept
    return _State(good, bad, cost, (*state.plan, look))


def _placed(state: _State, economics: Economics) -> Placed:
    profit = economics.revenue * state.good - economics.escape * state.bad - state.cost
    return Placed(state.plan, profit, state.good, state.bad, state.cost)


def _undominated(worths: list[_Worth]) -> list[_Worth]:
    kept = list[_Worth]()
    for worth in sorted(worths, key=lambda one: (-one.good, -one.bad)):
        if not kept or worth.bad > kept[-1].bad:
            kept.append(worth)
    return kept


def read_placement(top: Section) -> tuple[tuple[Stage, ...], Economics] | None:
    """Return the stages of a document's ``placement``; None where there is none."""
    if not top.has("placement"):
        return None
    section = top.section("placement").knows("revenue", "escape", "false_reject", "false_accept", "stages")
    economics = Economics(section.number("revenue", low=0.0), section.number("escape", low=0.0))
    reject, accept = share(section, "false_reject", 0.0), share(section, "false_accept", 0.0)
    stages = list[Stage]()
    for name, inner in section.sections("stages"):
        inner.knows("cost", "defect", "inspection", "false_reject", "false_accept")
        stages.append(
            Stage(
                name, inner.number("cost", low=0.0), share(inner, "defect"), inner.number("inspection", low=0.0),
                share(inner, "false_reject", reject), share(inner, "false_accept", accept),
            )
        )  # fmt: skip
        inner.close()
    if not 1 <= len(stages) <= 60:
        raise section.fault("stages", f"{len(stages)} stages; 1 to 60")
    section.close()
    return tuple(stages), economics
