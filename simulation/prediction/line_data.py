"""A line with known causes of defects, to learn and to test on: what is recorded of each unit, and what decides."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray

VARIABLES = ("coating", "humidity", "pressure", "wear", "speed", "idle")
"""What is recorded of a unit; ``speed`` and ``idle`` decide nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class LineData:
    """Units in the order in which they were made."""

    recorded: FloatArray
    """(n, 6) with the gauges' own spread, columns as ``VARIABLES``."""
    defective: BoolArray
    """(n,)."""
    probability: FloatArray
    """(n,) the truth that no record shows."""


def line_data(count: int, rng: np.random.Generator, *, shifted_from: int | None = None) -> LineData:
    """Return units of a line on which about one in twelve is defective.

    Coating thickness is best in the middle; humidity wanders (an autoregression); a tool wears and is changed every
    400 units, and pressure matters the more the more it is worn. From unit ``shifted_from`` on the coating is off by
    one standard deviation.
    """
    coating = rng.standard_normal(count)
    if shifted_from is not None:
        coating[shifted_from:] += 1.0
    noise, humidity = rng.standard_normal(count), np.empty(count)
    level = 0.0
    for index in range(count):
        level = 0.97 * level + 0.24 * float(noise[index])
        humidity[index] = level
    wear = (np.arange(count) % 400) / 400.0
    pressure = rng.standard_normal(count)
    logit = -4.1 + 0.8 * coating**2 + 0.9 * humidity + 1.6 * wear * pressure
    probability = 1.0 / (1.0 + np.exp(-logit))
    true = np.column_stack([coating, humidity, pressure, wear, rng.standard_normal(count), rng.random(count)])
    recorded = true + np.array([0.1, 0.1, 0.1, 0.0, 0.1, 0.0]) * rng.standard_normal(true.shape)
    return LineData(recorded, rng.random(count) < probability, probability)
