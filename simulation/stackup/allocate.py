"""The cheapest tolerances that keep a requirement: wide where that is cheap and matters little, tight where it pays.

With costs ``fixed + scale / t^power`` and the spread of the result by the sensitivities, the cheapest choice under a
given spread has one multiplier L for all: power * scale / t^power = L (s t)^2 (Lagrange; Chase and Greenwood 1988,
Manufacturing Review 1; within bounds the Karush-Kuhn-Tucker conditions). How much spread is allowed is then set by
simulating the stack itself, always with the same points, until the upper end of the 95 % interval of the share outside
meets the target (where the target is below what so many points can show: the tail of a normal distribution); what is
told of the choice comes from other points, since it was fitted to these.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from geometry.arrays import FloatArray
from simulation.distribution import Distribution, Normal, Triangular, TruncatedNormal, Uniform
from simulation.errors import NoSolution
from simulation.stackup.capability import wilson
from simulation.stackup.model import Dimension, Requirement, Stack
from simulation.stackup.sampling import draw
from simulation.stackup.sensitivity import derivatives

_POINTS = 19
"""Points of the simulation, as a power of two: tens of hits for a share of 100 ppm."""
_PRECISION = 3e-3
"""Of the multiplier, relative: tolerances come out to a thousandth."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the tolerances have to achieve."""

    requirement: int
    """Index among the stack's requirements."""
    share_outside: float
    """Of the assemblies, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Allocation:
    """The cheapest tolerances and what they achieve."""

    target: Target
    tolerance: FloatArray
    """(n,) half widths; those without a cost stay as they were."""
    cost: float
    cost_before: float
    share_outside: float
    """As simulated with the new tolerances, on points that they were not chosen by."""
    share_outside_before: float
    stack: Stack
    """The stack with the new tolerances."""


def allocate(stack: Stack, target: Target, rng: np.random.Generator) -> Allocation:
    """Return the tolerances of least cost that keep the target.

    Parameters
    ----------
    stack
        Dimensions with a :class:`Cost` may change; their distributions keep their shape and scale with the tolerance.
    target
        The requirement and the share of assemblies that may violate it.
    rng
        Where the points of the simulation come from.

    Raises
    ------
    NoSolution
        Even the tightest tolerances do not achieve it.
    """
    from scipy.stats import qmc

    shares, others = (
        np.clip(qmc.Sobol(len(stack.dimensions), scramble=True, rng=one).random_base2(_POINTS), 2.0**-54, 1 - 2.0**-53)
        for one in rng.spawn(2)
    )
    reach = np.array([max(d.tolerance / 3.0, 1e-9) for d in stack.dimensions])
    middles = np.array([dimension.middle for dimension in stack.dimensions])
    gradient = derivatives(stack, middles, reach).gradient[target.requirement]

    requirement = stack.requirements[target.requirement]

    def results(tolerances: FloatArray, points: FloatArray) -> FloatArray:
        changed = with_tolerances(stack, tolerances)
        return changed.evaluate(draw(changed, points))[:, target.requirement]

    def share(tolerances: FloatArray) -> float:
        return float(requirement.outside(results(tolerances, others)).mean())

    def outside(tolerances: FloatArray) -> float:
        values = results(tolerances, shares)
        hits = int(requirement.outside(values).sum())
        bound = wilson(hits, len(values)).interval.high
        return bound if hits or bound <= target.share_outside else _tail(values, requirement)

    before = np.array([dimension.tolerance for dimension in stack.dimensions])
    tightest = cheapest(stack.dimensions, gradient, np.inf)
    if outside(tightest) > target.share_outside:
        raise NoSolution(
            f"allocate: with the tightest tolerances {1e6 * outside(tightest):.0f} ppm are still outside; "
            "allow more ppm, wider limits, or tighter processes"
        )
    chosen = _cheapest_within(stack, gradient, outside, target.share_outside)
    return Allocation(
        target, chosen, _cost(stack, chosen), _cost(stack, before), share(chosen), share(before),
        with_tolerances(stack, chosen),
    )  # fmt: skip


def _cheapest_within(
    stack: Stack, gradient: FloatArray, outside: Callable[[FloatArray], float], most: float
) -> FloatArray:
    """Return the tolerances of least cost with which no more than a share is outside; the tightest ones keep it."""
    loosest = cheapest(stack.dimensions, gradient, 0.0)
    if outside(loosest) <= most:
        return loosest
    low, high = _bracket(stack, gradient)
    while high - low > _PRECISION:
        middle = 0.5 * (low + high)
        passes = outside(cheapest(stack.dimensions, gradient, float(np.exp(middle)))) <= most
        low, high = (low, middle) if passes else (middle, high)
    return cheapest(stack.dimensions, gradient, float(np.exp(high)))


def _tail(values: FloatArray, requirement: Requirement) -> float:
    """Return the share outside by a normal distribution: for shares that no simulation of this size can show."""
    from scipy.special import ndtr

    mean, sd = float(values.mean()), max(float(values.std()), 1e-300)
    below = 0.0 if requirement.lower is None else float(ndtr((requirement.lower - mean) / sd))
    above = 0.0 if requirement.upper is None else float(ndtr((mean - requirement.upper) / sd))
    return below + above


def cheapest(dimensions: tuple[Dimension, ...], gradient: FloatArray, multiplier: float) -> FloatArray:
    """Return the tolerances (n,) of least cost for a multiplier: inf gives the tightest that there are, 0 the loosest.

    A dimension that the requirement does not depend on gets the loosest; one without a cost keeps its own.
    """
    out = np.array([dimension.tolerance for dimension in dimensions])
    for index, dimension in enumerate(dimensions):
        cost, pull = dimension.cost, float(gradient[index]) ** 2
        if cost is None:
            continue
        widest = cost.loosest if np.isfinite(cost.loosest) else 1e3 * max(dimension.tolerance, cost.tightest, 1e-9)
        narrowest = cost.tightest if cost.tightest > 0.0 else 1e-3 * max(dimension.tolerance, 1e-9)
        if multiplier == 0.0 or pull == 0.0:
            out[index] = widest
        elif np.isinf(multiplier):
            out[index] = narrowest
        else:
            best = (cost.power * cost.scale / (2.0 * multiplier * pull)) ** (1.0 / (cost.power + 2.0))
            out[index] = min(max(best, narrowest), widest)
    return out


def _bracket(stack: Stack, gradient: FloatArray) -> tuple[float, float]:
    """Return log L at which every tolerance is at its loosest, and one at which every tolerance is at its tightest."""
    lows, highs = list[float](), list[float]()
    loosest, tightest = cheapest(stack.dimensions, gradient, 0.0), cheapest(stack.dimensions, gradient, np.inf)
    for dimension, pull, wide, narrow in zip(stack.dimensions, gradient, loosest, tightest, strict=True):
        if dimension.cost is not None and pull != 0.0:
            top = np.log(dimension.cost.power * dimension.cost.scale / (2.0 * float(pull) ** 2))
            lows.append(top - (dimension.cost.power + 2.0) * float(np.log(wide)))
            highs.append(top - (dimension.cost.power + 2.0) * float(np.log(narrow)))
    if not lows:
        raise NoSolution("allocate: no dimension with a cost has any effect on the requirement")
    return min(lows), max(highs)


def with_tolerances(stack: Stack, tolerances: FloatArray) -> Stack:
    """Return the stack with other half widths (n,): limits and distributions scale about the middle of the limits."""
    dimensions = list[Dimension]()
    for dimension, tolerance in zip(stack.dimensions, tolerances, strict=True):
        if dimension.cost is None or dimension.tolerance == 0.0:
            dimensions.append(dimension)
            continue
        factor, middle = float(tolerance) / dimension.tolerance, dimension.middle
        scaled = _scaled(dimension.distribution, middle, factor)
        lower, upper = middle - float(tolerance), middle + float(tolerance)
        dimensions.append(replace(dimension, lower=lower, upper=upper, distribution=scaled))
    return replace(stack, dimensions=tuple(dimensions))


def _scaled(distribution: Distribution, middle: float, factor: float) -> Distribution:
    def moved(value: float) -> float:
        return middle + factor * (value - middle)

    match distribution:
        case Normal(mean, sd):
            return Normal(moved(mean), factor * sd)
        case Uniform(low, high):
            return Uniform(moved(low), moved(high))
        case Triangular(low, mode, high):
            return Triangular(moved(low), moved(mode), moved(high))
        case TruncatedNormal(location, spread, low, high):
            return TruncatedNormal(moved(location), factor * spread, moved(low), moved(high))
        case _:
            return distribution


def _cost(stack: Stack, tolerances: FloatArray) -> float:
    pairs = zip(stack.dimensions, tolerances, strict=True)
    return sum(dimension.cost.at(float(tolerance)) for dimension, tolerance in pairs if dimension.cost)
