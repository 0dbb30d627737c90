"""Units of an IFC file: how much of the SI unit each is, and whether the file contradicts its own declaration."""

# pyright: reportUnknownMemberType=false

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from geometry.errors import UnitContradiction
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


def quantity_ratios(quantities: Mapping[str, float], size_m: Sequence[float], volume_m3: float) -> list[float]:
    """Return declared length / measured length for the quantities of one element that its mesh can confirm.

    ``size_m`` are the box's sides (x, y, z), ``volume_m3`` 0 when the mesh bounds no body. A volume counts as its cube
    root. A length is compared with the nearest side of the box (a wall's ``Length`` may run along x or y, a slab's
    ``Width`` is its thickness), and only where some factor of ``SUSPICIOUS_FACTORS`` or 1 explains it.
    """
    ratios: list[float] = []
    for name, declared in quantities.items():
        quantity = name.rpartition(".")[2].lower()
        if declared <= 0.0 or not np.isfinite(declared):
            continue
        if quantity in ("netvolume", "grossvolume", "volume") and volume_m3 > 1e-9:
            ratios.append((declared / volume_m3) ** (1.0 / 3.0))
        elif quantity == "height" and size_m[2] > 1e-6:
            ratios.append(declared / size_m[2])
        elif quantity == "length" and max(size_m) > 1e-6:
            ratios.append(declared / max(size_m))
    return ratios


def check_quantities(ratios: Iterable[float], length_unit_m: float) -> None:
    """Refuse a model whose own quantities are a unit's factor away from its geometry.

    Raises
    ------
    UnitContradiction
        If at least three quantities and seven in ten of all are off by the same confusable factor.
    """
    values = np.asarray(list(ratios), dtype=np.float64)
    if len(values) < _MIN_VOTES:
        return
    for factor in SUSPICIOUS_FACTORS:
        for signed in (factor, 1.0 / factor):
            votes = int(np.count_nonzero(abs(np.log(values / signed)) < np.log1p(_FACTOR_TOLERANCE)))
            if votes >= _MIN_VOTES and votes >= _MIN_SHARE * len(values):
                raise UnitContradiction(
                    f"{votes} of {len(values)} declared quantities are {signed:.6g} times what the geometry measures "
                    f"in the declared length unit ({length_unit_m:g} m); correct the file's units or its quantities"
                )


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
    return [f"The file declares no length unit: metres were assumed, which makes the model {largest:.3g} m across."]
