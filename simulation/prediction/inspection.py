"""Where to look with the minutes there are: risk = probability x (1 - detection) x cost, and what a look saves."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite

import numpy as np

from simulation.errors import SimulationError

_MOST_CELLS = 50_000_000
_STEPS = 20_000
"""Parts into which the budget is cut at most."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that could be inspected."""

    name: str
    probability: float
    """That it is defective."""
    cost: float
    """Of a defect that is not found."""
    minutes: float
    detected: float = 0.0
    """P(found | defective) by what is planned already."""
    detection: float = 1.0
    """P(found | defective) of the inspection in question."""
    false_alarm: float = 0.0
    """P(rejected | good) of it."""
    alarm_cost: float = 0.0
    """Of a good piece that is rejected."""

    @property
    def risk(self) -> float:
        """Return the cost that is to be expected as it is planned: q (1 - D) C."""
        return self.probability * (1.0 - self.detected) * self.cost

    @property
    def saving(self) -> float:
        """Return by how much the inspection lowers what is to be expected, false alarms counted."""
        return self.risk * self.detection - (1.0 - self.probability) * self.false_alarm * self.alarm_cost


@dataclass(frozen=True, slots=True)
class InspectionChoice:
    """What to inspect."""

    chosen: tuple[int, ...]
    """Indices, what saves most per minute first."""
    minutes: float
    saving: float
    bound: float
    """No choice within the budget saves more."""
    order: tuple[int, ...]
    """All candidates, what saves most per minute first."""

    @property
    def optimal(self) -> bool:
        """Return whether no choice saves more."""
        return self.saving >= self.bound - 1e-9 * max(1.0, abs(self.bound))


def choose(candidates: Sequence[Candidate], budget: float) -> InspectionChoice:
    """Return the inspections that save most within a budget of minutes: a knapsack, exact up to rounding of minutes.

    Minutes are rounded up to a 20,000th of the budget where they are no whole parts of it, so the budget is always
    kept; ``bound`` (minutes rounded down; of too many candidates the linear relaxation) says what rounding can cost.

    Raises
    ------
    SimulationError
        A probability outside 0..1, or a number that is negative or none.
    """
    for one in candidates:
        shares = (one.probability, one.detected, one.detection, one.false_alarm)
        if not all(0.0 <= share <= 1.0 for share in shares):
            raise SimulationError(f"{one.name}: a probability lies outside 0 to 1")
        if not all(isfinite(value) and value >= 0.0 for value in (one.cost, one.minutes, one.alarm_cost)):
            raise SimulationError(f"{one.name}: costs and minutes have to be finite and not negative")
    if not isfinite(budget) or budget < 0.0:
        raise SimulationError(f"a budget of {budget:g} minutes")
    order = sorted(range(len(candidates)), key=lambda k: (-_density(candidates[k]), k))
    useful = [k for k in order if candidates[k].saving > 0.0 and candidates[k].minutes <= budget]
    free = [k for k in useful if candidates[k].minutes == 0.0]
    paid = [k for k in useful if candidates[k].minutes > 0.0]
    gained = sum(candidates[k].saving for k in free)
    unit, steps = _unit([candidates[k].minutes for k in paid], budget)
    if len(paid) * (steps + 1) > _MOST_CELLS:
        taken, bound = _greedy(candidates, paid, budget)
    else:
        taken, _ = _knapsack(candidates, paid, [ceil(candidates[k].minutes / unit - 1e-9) for k in paid], steps)
        _, bound = _knapsack(candidates, paid, [floor(candidates[k].minutes / unit + 1e-9) for k in paid], steps)
    chosen = sorted([*free, *taken], key=order.index)
    return InspectionChoice(
        tuple(chosen), sum(candidates[k].minutes for k in chosen), sum(candidates[k].saving for k in chosen),
        gained + bound, tuple(order),
    )  # fmt: skip


def _density(one: Candidate) -> float:
    return one.saving / one.minutes if one.minutes > 0.0 else (np.inf if one.saving > 0.0 else one.saving)


def _unit(minutes: Sequence[float], budget: float) -> tuple[float, int]:
    """Return a unit of time of which all minutes are whole multiples if there is one, and how many the budget has."""
    for unit in (60.0, 30.0, 15.0, 10.0, 5.0, 1.0, 0.5, 0.25, 0.1):
        if budget / unit <= _STEPS and all(abs(m / unit - round(m / unit)) < 1e-9 for m in minutes):
            return unit, floor(budget / unit + 1e-9)
    return max(budget, 1e-9) / _STEPS, _STEPS


def _knapsack(
    candidates: Sequence[Candidate], paid: Sequence[int], sizes: Sequence[int], room: int
) -> tuple[list[int], float]:
    """Return the best choice and what it saves, by dynamic programming over the room."""
    best, taken = np.zeros(room + 1), np.zeros((len(paid), room + 1), dtype=np.bool_)
    for row, (index, size) in enumerate(zip(paid, sizes, strict=True)):
        with_it = best[: room + 1 - size] + candidates[index].saving
        better = with_it > best[size:] + 1e-15
        taken[row, size:] = better
        best[size:] = np.where(better, with_it, best[size:])
    left, chosen = room, list[int]()
    for row in range(len(paid) - 1, -1, -1):
        if taken[row, left]:
            chosen.append(paid[row])
            left -= sizes[row]
    return chosen, float(best[room])


def _greedy(candidates: Sequence[Candidate], paid: Sequence[int], budget: float) -> tuple[list[int], float]:
    """Return what saves most per minute while it fits, and the bound of the linear relaxation (Dantzig 1957)."""
    left, chosen, bound, whole = budget, list[int](), 0.0, budget
    for index in paid:
        one = candidates[index]
        bound += one.saving * min(1.0, whole / one.minutes)
        whole = max(0.0, whole - one.minutes)
        if one.minutes <= left:
            chosen.append(index)
            left -= one.minutes
    return chosen, bound
