"""What a tolerance stack is: dimensions that vary, relations between them, and what has to come out.

Numbers stay in the units that the file names, since its formulas hold constants in them; angles are radians inside.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from simulation.distribution import Distribution
from simulation.formula import Formula

BOUND = 1e50
"""No result of an assembly is larger; beyond it fourth powers of results and slopes are no numbers any more."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What it costs to hold a tolerance t (half the zone): ``fixed + scale / t ** power``."""

    scale: float
    power: float = 1.0
    fixed: float = 0.0
    tightest: float = 0.0
    """The smallest t that the process can hold."""
    loosest: float = np.inf

    def at(self, tolerance: float) -> float:
        """Return the cost of a tolerance."""
        return self.fixed + self.scale / tolerance**self.power


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension of one part: what it should be, what it may be, and how it varies."""

    name: str
    nominal: float
    lower: float
    upper: float
    distribution: Distribution
    angle: bool = False
    cost: Cost | None = None
    said: str = ""
    """How its distribution was come by, for the list of assumptions."""

    @property
    def middle(self) -> float:
        """Return the middle of the limits."""
        return 0.5 * (self.lower + self.upper)

    @property
    def tolerance(self) -> float:
        """Return half the width of the limits."""
        return 0.5 * (self.upper - self.lower)


class Step(Protocol):
    """Something that computes further values from those there are."""

    @property
    def gives(self) -> tuple[str, ...]:
        """Return the names it adds."""
        ...

    def extend(self, values: dict[str, FloatArray]) -> None:
        """Add its values, one per sample; NaN where there is none for a sample."""
        ...


@dataclass(frozen=True, slots=True)
class Let:
    """A value with a name, by a formula."""

    name: str
    formula: Formula

    @property
    def gives(self) -> tuple[str, ...]:
        """Return its one name."""
        return (self.name,)

    def extend(self, values: dict[str, FloatArray]) -> None:
        """Add the value."""
        size = next(iter(values.values())).shape
        values[self.name] = np.broadcast_to(self.formula(values), size)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What has to come out: a formula of dimensions and of what the steps give, and its limits."""

    name: str
    formula: Formula
    lower: float | None = None
    upper: float | None = None
    angle: bool = False
    goal: float | None = None
    """The share of assemblies that has to conform at least."""

    def outside(self, values: FloatArray) -> BoolArray:
        """Return whether each value (m,) violates a limit; no value at all violates."""
        out = np.isnan(values)
        if self.lower is not None:
            out |= values < self.lower
        if self.upper is not None:
            out |= values > self.upper
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """A tolerance stack."""

    name: str
    unit: str
    dimensions: tuple[Dimension, ...]
    steps: tuple[Step, ...]
    requirements: tuple[Requirement, ...]
    correlation: FloatArray | None = None
    """(n, n) of normal scores, or None: independent."""

    @property
    def nominal(self) -> FloatArray:
        """Return the nominal values (n,)."""
        return np.array([dimension.nominal for dimension in self.dimensions])

    @property
    def limits(self) -> FloatArray:
        """Return the limits (n, 2)."""
        return np.array([(dimension.lower, dimension.upper) for dimension in self.dimensions]).reshape(-1, 2)

    def evaluate(self, samples: FloatArray) -> FloatArray:
        """Return what each requirement comes to, (m, r), for samples (m, n) of the dimensions; NaN: it has no value."""
        values = dict[str, FloatArray]()
        for column, dimension in zip(np.ascontiguousarray(samples.T), self.dimensions, strict=True):
            values[dimension.name] = column
        for step in self.steps:
            step.extend(values)
        results = [np.broadcast_to(requirement.formula(values), len(samples)) for requirement in self.requirements]
        found = np.stack(results, axis=1)
        with np.errstate(invalid="ignore"):
            return np.where(np.abs(found) <= BOUND, found, np.nan)  # a division by zero, an overflow

    def coefficients(self, requirement: Requirement) -> Mapping[str, float] | None:
        """Return exact coefficients by dimension where the requirement is linear in the dimensions, else None."""
        linear = requirement.formula.linear()
        own = {dimension.name for dimension in self.dimensions}
        lets = {step.name: step.formula.linear() for step in self.steps if isinstance(step, Let)}
        while linear is not None and (given := next((name for name in linear.coefficients if name not in own), None)):
            inner = lets.get(given)
            if inner is None:
                return None
            rest = {name: value for name, value in linear.coefficients.items() if name != given}
            linear = type(linear)(linear.constant, rest).plus(inner.scaled(linear.coefficients[given]))
        return None if linear is None else linear.coefficients
