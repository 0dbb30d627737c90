"""The steps of an order as they are told: of one that was found, or of a given one."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from simulation.assembly.order import Step
from simulation.assembly.order_study import OrderStudy, travel
from simulation.assembly.stability import Balance
from simulation.assembly.validate import Judged


@dataclass(frozen=True, slots=True, eq=False)
class ShownStep:
    """A step as it is told: of an order that was found, or of a given one."""

    parts: tuple[int, ...]
    insertion: tuple[FloatArray | None, ...]
    """For each part, the way it comes; None: it is not known how."""
    travel: float
    """Metres."""
    name: str = ""
    found: Step | None = None
    judged: Judged | None = None
    balance: Balance | None = None


def shown_steps(study: OrderStudy) -> tuple[ShownStep, ...]:
    """Return the steps of the first order, or of the given one, in the order in which they are done."""
    standing = np.zeros(len(study.parts), dtype=np.bool_)
    standing[list(study.base)] = True
    shown = list[ShownStep]()
    for number, (parts, came, name, found, judged) in enumerate(_steps(study)):
        ways = tuple(None if part in study.in_place else way for part, way in zip(parts, came, strict=True))
        known = next((way for way in ways if way is not None), None)
        far = 0.0 if known is None else travel(study.blocking, parts, standing, known)
        balance = study.balances[number] if study.balances else None
        shown.append(ShownStep(parts, ways, far, name, found, judged, balance))
        standing[list(parts)] = True
    return tuple(shown)


def _steps(
    study: OrderStudy,
) -> Iterator[tuple[tuple[int, ...], tuple[FloatArray | None, ...], str, Step | None, Judged | None]]:
    for step in study.orders[0].steps if study.orders else ():
        yield step.parts, (step.insertion,) * len(step.parts), "", step, None
    for judged in study.judged:
        yield judged.parts, judged.insertion, judged.given.name, None, judged


def vector(values: FloatArray) -> list[float]:
    """Return coordinates as JSON has them, to the nanometre."""
    return [round(float(value), 9) + 0.0 for value in values]


def figure(value: float) -> float:
    """Return a number as JSON has it, to nine digits."""
    return float(f"{value:.9g}") + 0.0
