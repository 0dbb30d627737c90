"""Units of an IFC file: how much of the SI unit each is, and whether the file contradicts its own declaration."""

# pyright: reportUnknownMemberType=false

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from geometry.errors import UnitContradiction
from geometry.note import Note
from geometry.readers.ifc_attributes import attribute

_PREFIX = {
    "EXA": 1e18, "PETA": 1e15, "TERA": 1e12, "GIGA": 1e9, "MEGA": 1e6, "KILO": 1e3, "HECTO": 1e2, "DECA": 1e1,
    "DECI": 1e-1, "CENTI": 1e-2, "MILLI": 1e-3, "MICRO": 1e-6, "NANO": 1e-9, "PICO": 1e-12, "FEMTO": 1e-15,
    "ATTO": 1e-18,
}  # fmt: skip
_POWER = {"SQUARE_METRE": 2, "CUBIC_METRE": 3}
_DEFAULT_POWER = {"LENGTHUNIT": 1, "AREAUNIT": 2, "VOLUMEUNIT": 3}

LARGEST_MODEL_M = 50_000.0
SMALLEST_MODEL_M = 0.01
PLAUSIBLE_UNITLESS_M = (0.1, 10_000.0)

SUSPICIOUS_FACTORS = (1000.0, 304.8, 100.0, 39.3700787, 25.4, 12.0, 10.0, 3.2808399)
"""Ratios of units that get confused: mm/m, ft/mm, cm/m, in/m, in/mm, in/ft, mm/cm, ft/m."""
_FACTOR_TOLERANCE = 0.04
_MIN_VOTES = 3
_MIN_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class IfcUnits:
    """SI value of the file's units, and whether a length unit was declared at all."""

    length_m: float
    length_declared: bool
    scales: Mapping[str, float]
    """``"AREAUNIT"`` and so on -> how many SI units one is (kilogram for mass)."""

    def scale(self, unit_type: str) -> float:
        """Return how many SI units the project's unit of a type is; areas and volumes follow the length unit."""
        if unit_type in self.scales:
            return self.scales[unit_type]
        return self.length_m ** _DEFAULT_POWER[unit_type] if unit_type in _DEFAULT_POWER else 1.0


def read_units(model: Any) -> IfcUnits:
    """Read the unit assignment of the project."""
    projects = model.by_type("IfcProject")
    assignment = projects[0].UnitsInContext if projects else None
    scales: dict[str, float] = {}
    for unit in assignment.Units if assignment is not None else ():
        unit_type = attribute(unit, "UnitType")
        if unit_type is not None:
            scales.setdefault(str(unit_type), si_scale(unit))
    return IfcUnits(scales.get("LENGTHUNIT", 1.0), "LENGTHUNIT" in scales, scales)


def si_scale(unit: Any) -> float:
    """Return how many SI units (kilogram for mass) one of a unit is: SI with prefix, conversion based or derived."""
    if unit.is_a("IfcSIUnit"):
        if unit.Name == "GRAM":
            return 1e-3 * _PREFIX.get(unit.Prefix or "", 1.0)
        return _PREFIX.get(unit.Prefix or "", 1.0) ** _POWER.get(unit.Name, 1)
    if unit.is_a("IfcConversionBasedUnit"):
        factor = unit.ConversionFactor
        return float(factor.ValueComponent.wrappedValue) * si_scale(factor.UnitComponent)
    if unit.is_a("IfcDerivedUnit"):
        return float(np.prod([si_scale(part.Unit) ** part.Exponent for part in unit.Elements]))
    return 1.0


def length_ratios(quantities: Mapping[str, float], size_m: Sequence[float]) -> list[float]:
    """Return declared / measured for an element's ``Height`` and ``Length``, with the sides (x, y, z) of its box."""
    measured = {"height": size_m[2], "length": max(size_m)}
    return [
        declared / measured[name]
        for key, declared in quantities.items()
        if (name := key.rpartition(".")[2].lower()) in measured and declared > 0.0 and measured[name] > 1e-6
    ]


def volume_ratios(quantities: Mapping[str, float], volume_m3: float) -> list[float]:
    """Return the cube root of declared / measured for an element's volumes; ``volume_m3`` 0 when it bounds no body."""
    if volume_m3 <= 1e-9:
        return []
    names = ("netvolume", "grossvolume", "volume")
    declared = [value for key, value in quantities.items() if key.rpartition(".")[2].lower() in names]
    return [(value / volume_m3) ** (1.0 / 3.0) for value in declared if value > 0.0]


def check_quantities(lengths: Sequence[float], volumes: Sequence[float], length_unit_m: float) -> list[str]:
    """Refuse a model whose own quantities are a unit's factor away from its geometry; return notes on the rest.

    Some exporters write volumes in a unit other than they declare while all lengths are right: the lengths decide, and
    wrong volumes beside right lengths are noted.

    Raises
    ------
    UnitContradiction
        If at least three quantities and seven in ten of all are off by the same confusable factor.
    """
    length_factor, volume_factor = _common_factor(lengths), _common_factor(volumes)
    factor = length_factor if length_factor is not None else volume_factor
    if factor is None:
        return []
    if length_factor is None and len(lengths) >= _MIN_VOTES:
        said = "Declared volumes are {factor} times what the geometry measures; its lengths agree. Ignored."
        return [Note("wrong_volumes", said, factor=f"{factor**3:.3g}")]
    of_what, count = ("lengths", len(lengths)) if length_factor is not None else ("volumes", len(volumes))
    raise UnitContradiction(
        f"{count} declared {of_what} are off by a factor of {factor:.6g} in length from the geometry in the declared "
        f"length unit ({length_unit_m:g} m); "
        "correct the file's length unit or its quantities"
    )


def _common_factor(ratios: Sequence[float]) -> float | None:
    """Return the confusable factor that most ratios share, or None."""
    values = np.log(np.asarray(ratios, dtype=np.float64))
    for factor in SUSPICIOUS_FACTORS:
        for signed in (factor, 1.0 / factor):
            votes = int(np.count_nonzero(abs(values - np.log(signed)) < np.log1p(_FACTOR_TOLERANCE)))
            if votes >= _MIN_VOTES and votes >= _MIN_SHARE * len(values):
                return signed
    return None


def check_size(size_m: Sequence[float], units: IfcUnits) -> list[str]:
    """Refuse a size that no building has; return notes on what was assumed.

    Raises
    ------
    UnitContradiction
        If the largest side is over 50 km or under 1 cm, or no unit is declared and metres are implausible.
    """
    largest = float(max(size_m))
    if largest > LARGEST_MODEL_M or largest < SMALLEST_MODEL_M:
        raise UnitContradiction(
            f"the model is {largest:.6g} m across in the declared length unit ({units.length_m:g} m); "
            "correct the length unit of the file"
        )
    if units.length_declared:
        return []
    low, high = PLAUSIBLE_UNITLESS_M
    if not low <= largest <= high:
        raise UnitContradiction(
            f"the file declares no length unit and would be {largest:.6g} m across in metres; declare its length unit"
        )
    said = "The file declares no length unit: metres were assumed, which makes the model {size} m across."
    return [Note("no_unit_declared", said, size=f"{largest:.3g}")]
