"""Line balancing (SALBP-1): the fewest stations that keep a cycle time, every task after those that it needs."""

# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false, reportUnknownVariableType=false

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, lcm

from simulation.errors import NoSolution, SimulationError
from simulation.schedule.levelling import EFFORT, deterministic, solver_module

_MOST_UNITS = 10**12


@dataclass(frozen=True, slots=True)
class Balance:
    """Which task at which station."""

    station: tuple[int, ...]
    """Of each task, from 0."""
    count: int
    bound: int
    """No line has fewer stations."""

    @property
    def optimal(self) -> bool:
        """Return whether there is no line with fewer stations."""
        return self.count == self.bound


def balance(times: Sequence[float], pairs: Sequence[tuple[int, int]], cycle: float, effort: float = EFFORT) -> Balance:
    """Return a line with as few stations as possible.

    Parameters
    ----------
    times
        Of each task, not negative.
    pairs
        (before, after): the first is at the same station or an earlier one.
    cycle
        What the tasks of a station may take together, in the unit of ``times``.
    effort
        Deterministic seconds of the solver.

    Raises
    ------
    NoSolution
        A task takes longer than the cycle, or tasks need each other.
    """
    for index, time in enumerate(times):
        if time > cycle:
            raise NoSolution(f"task {index + 1} takes {time:g}, longer than the cycle of {cycle:g}")
    scale = 1
    for value in (*times, cycle):
        scale = lcm(scale, Fraction(value).limit_denominator(10_000).denominator)
    whole, room = [ceil(time * scale - 1e-6) for time in times], int(cycle * scale + 1e-6)
    if sum(whole) > _MOST_UNITS:
        raise SimulationError("these times differ by too much to be balanced together")
    cp_model = solver_module()
    model, count = cp_model.CpModel(), len(times)
    at = [[model.new_bool_var("") for _ in range(count)] for _ in range(count)]
    place = [model.new_int_var(0, max(count - 1, 0), "") for _ in range(count)]
    last = model.new_int_var(0, max(count - 1, 0), "")
    for task in range(count):
        model.add_exactly_one(at[task])
        model.add(place[task] == sum(station * at[task][station] for station in range(count)))
        model.add(place[task] <= last)
    for station in range(count):
        model.add(sum(whole[task] * at[task][station] for task in range(count)) <= room)
    for before, after in pairs:
        model.add(place[before] <= place[after])
    model.minimize(last)
    solver = cp_model.CpSolver()
    deterministic(solver, effort)
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise NoSolution("no line was found in the time given")
    least = ceil(float(solver.best_objective_bound) - 1e-6) + 1
    return Balance(tuple(solver.value(one) for one in place), int(solver.value(last)) + 1, least)
