"""The whole analysis of a tolerance stack, one screen."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.note import Note
from geometry.verdict import Outcome
from simulation.errors import NoSolution
from simulation.stackup.extremes import Extremes, linear_extremes, searched_extremes
from simulation.stackup.model import Requirement, Stack
from simulation.stackup.moments import Moments, edgeworth_outside, independent, second_order_moments
from simulation.stackup.sampling import Simulated, simulate
from simulation.stackup.sensitivity import Derivatives, derivatives
from simulation.stackup.sobol import SobolIndices, sobol_indices

INFLATION = 1.5
"""What a root sum of squares is often multiplied with, for processes that are neither normal nor centred."""


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """What one requirement comes to."""

    requirement: Requirement
    nominal: float
    sensitivity: FloatArray
    """(n,) at the means."""
    contribution: FloatArray
    """(n,) shares of the variance by the sensitivities; they sum to 1."""
    extremes: Extremes
    root_sum_square: float
    """Half width: the root of the sum of (sensitivity x tolerance)^2."""
    moments: Moments | None
    """Of the second-order expansion; None where there is none (see the notes)."""
    predicted_outside: tuple[float, float] | None
    """Shares below and above the limits by those moments."""
    simulated: Simulated
    sobol: SobolIndices | None

    @property
    def outcome(self) -> Outcome:
        """Return whether the goal is met: not as long as the interval of the simulated share holds it."""
        goal, share = self.requirement.goal, self.simulated.conforming.interval
        if goal is None:
            return Outcome.NOT_MEASURED
        if share.low >= goal:
            return Outcome.PASS
        return Outcome.FAIL if share.high < goal else Outcome.INDETERMINATE


@dataclass(frozen=True, slots=True, eq=False)
class StackResult:
    """What a stack comes to, and on which assumptions."""

    stack: Stack
    analysed: tuple[Analysed, ...]
    notes: tuple[str, ...]
    """What the figures rest on, a sentence each."""


def analyse(stack: Stack, *, samples: int, method: str, rng: np.random.Generator, base: int = 4096) -> StackResult:
    """Return the worst case, the statistics and the contributors of every requirement.

    Parameters
    ----------
    stack
        The stack.
    samples
        How many assemblies to simulate.
    method
        ``monte_carlo`` or ``quasi_monte_carlo``.
    rng
        Where chance comes from: the same state gives the same result.
    base
        Points for the Sobol indices, a power of two.

    Raises
    ------
    NoSolution
        A requirement has no value where every dimension is nominal.
    """
    nominal = stack.evaluate(stack.nominal[None])[0]
    for requirement, value in zip(stack.requirements, nominal, strict=True):
        if not np.isfinite(value):
            raise NoSolution(f"requirements.{requirement.name}: no value with all dimensions nominal")
    means = np.array([dimension.distribution.mean for dimension in stack.dimensions])
    spreads = np.sqrt([dimension.distribution.central_moment(2) for dimension in stack.dimensions])
    tolerances = np.array([dimension.tolerance for dimension in stack.dimensions])
    reach = np.where(spreads > 0.0, spreads, np.where(tolerances > 0.0, tolerances / 3.0, 1e-6))
    near_means = derivatives(stack, means, reach)
    in_middle = derivatives(stack, np.array([d.middle for d in stack.dimensions]), reach)
    simulated = simulate(stack, samples, method, rng)
    sobol = sobol_indices(stack, base, rng) if stack.correlation is None else (None,) * len(stack.requirements)
    analysed = tuple(
        _analysed(stack, index, float(nominal[index]), near_means, in_middle, simulated[index], sobol[index])
        for index in range(len(stack.requirements))
    )
    return StackResult(stack, analysed, _notes(stack, analysed))


def _analysed(
    stack: Stack,
    index: int,
    nominal: float,
    near_means: Derivatives,
    in_middle: Derivatives,
    simulated: Simulated,
    sobol: SobolIndices | None,
) -> Analysed:
    requirement = stack.requirements[index]
    tolerances = np.array([dimension.tolerance for dimension in stack.dimensions])
    gradient, middle = near_means.gradient[index], in_middle.gradient[index]
    searched, complete = searched_extremes(stack, index, middle)
    moments = _moments(stack, near_means, index)
    linear = linear_extremes(float(in_middle.value[index]), middle, tolerances)
    return Analysed(
        requirement=requirement,
        nominal=nominal,
        sensitivity=gradient,
        contribution=_contribution(stack, gradient),
        extremes=Extremes(linear, searched, complete),
        root_sum_square=_root_sum_square(stack, middle * tolerances),
        moments=moments,
        predicted_outside=edgeworth_outside(moments, requirement.lower, requirement.upper) if moments else None,
        simulated=simulated,
        sobol=sobol,
    )


def _root_sum_square(stack: Stack, parts: FloatArray) -> float:
    """Return the root of the sum of squares of tolerances times sensitivities (n,); with correlation C, of p'C p."""
    together = parts if stack.correlation is None else stack.correlation @ parts
    return float(np.sqrt(max(parts @ together, 0.0)))


def _contribution(stack: Stack, gradient: FloatArray) -> FloatArray:
    """Return the share of each dimension in the variance; with correlation, g_i (C g)_i, which may be negative."""
    spread = np.sqrt([dimension.distribution.central_moment(2) for dimension in stack.dimensions])
    pull = gradient * spread
    parts = pull**2 if stack.correlation is None else pull * (stack.correlation @ pull)
    total = parts.sum()
    return parts / total if total > 0.0 else np.zeros_like(parts)


def _moments(stack: Stack, near: Derivatives, index: int) -> Moments | None:
    gradient, hessian = near.gradient[index], near.hessian[index]
    if not np.isfinite(gradient).all() or not np.isfinite(hessian).all():
        return None
    distributions = [dimension.distribution for dimension in stack.dimensions]
    if stack.correlation is not None:
        turned = independent(gradient, hessian, distributions, stack.correlation)
        if turned is None:
            return None
        gradient, hessian, distributions = turned
    return second_order_moments(float(near.value[index]), gradient, hessian, distributions)


def _notes(stack: Stack, analysed: tuple[Analysed, ...]) -> tuple[str, ...]:
    """Return what the figures rest on."""
    notes = [dimension.said for dimension in stack.dimensions if dimension.said]
    if stack.correlation is None:
        notes.append(Note("stack_independent", "The dimensions are independent of each other."))
    else:
        text = "Dimensions depend on each other by a Gaussian copula; Sobol indices are not defined for them."
        notes.append(Note("stack_correlated", text))
    notes.append(Note("stack_rigid", "Parts are rigid: nothing bends, wears or warms up."))
    if any(stack.coefficients(one.requirement) is None for one in analysed):
        text = (
            "Sensitivities, linear worst case and root sum of squares are tangents at one place; the searched extremes "
            "and the samples follow the function itself."
        )
        notes.append(Note("stack_tangent", text))
    for one in analysed:
        notes += _notes_on(one)
    return tuple(notes)


def _notes_on(one: Analysed) -> list[str]:
    notes, name = list[str](), one.requirement.name
    if one.simulated.without_value:
        text = "{name}: {n} of {count} assemblies have no value (parts that cannot meet); they count as not conforming."
        n, count = str(one.simulated.without_value), str(one.simulated.count)
        notes.append(Note("stack_without_value", text, name=name, n=n, count=count))
    if np.isnan(one.extremes.searched.low):
        text = (
            "{name}: within the limits of the dimensions there are places without a value, so there is no worst case."
        )
        notes.append(Note("stack_no_worst", text, name=name))
    elif not one.extremes.complete:
        text = "{name}: too many dimensions to try every corner of their limits; the worst case was searched for."
        notes.append(Note("stack_searched", text, name=name))
    if one.moments is None:
        notes.append(Note("stack_no_moments", "{name}: there are no moments without sampling here.", name=name))
    return notes
