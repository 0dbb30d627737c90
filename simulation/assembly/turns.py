"""When a builder would put up what: structure storey by storey, then what closes it, services, finishes.

That is a preference, not a rule: what would be in the way of what, and what carries what, weighs more. Classes, storeys
and whether a wall is load-bearing are what the model says; what has an unknown class has no turn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from geometry.design import Element
from simulation.assembly.blocking import Blocking
from simulation.assembly.order import Step
from simulation.assembly.part import Part

BY_HAND, FASTENER = 2.0, 0.5
"""Metres of its way that are looked at of what is carried in through the building, and of a bolt or nut."""
_STRUCTURE, _CLOSING, _SERVICES, _FINISHES = range(4)
_FOUNDATION, _BASE, _UPRIGHT, _WALL, _BEAM, _ABOVE = range(6)
_STRUCTURAL = {
    "Footing": _FOUNDATION, "Pile": _FOUNDATION, "DeepFoundation": _FOUNDATION, "CaissonFoundation": _FOUNDATION,
    "Slab": _BASE, "Plate": _BEAM, "Column": _UPRIGHT, "Bearing": _UPRIGHT, "Wall": _WALL, "StairFlight": _WALL,
    "Stair": _WALL, "Ramp": _WALL, "RampFlight": _WALL, "Beam": _BEAM, "Member": _BEAM, "Roof": _ABOVE,
}  # fmt: skip
_CLOSES = {"CurtainWall": 1, "Window": 2, "Door": 3, "ShadingDevice": 4}
_FINISH = {
    "Covering": 0, "Railing": 1, "SanitaryTerminal": 2, "Furniture": 3, "FurnishingElement": 3,
    "SystemFurnitureElement": 3, "TransportElement": 4,
}  # fmt: skip
_SERVICE_ENDS = (
    "Segment", "Fitting", "Terminal", "Valve", "Damper", "Pump", "Fan", "Controller", "Sensor", "Alarm", "Actuator",
    "Meter", "Tank", "Boiler", "Coil", "Chiller", "Filter", "Compressor", "Device", "Appliance", "Outlet",
    "EnergyConversionDevice", "DistributionElement", "DistributionFlowElement", "DistributionControlElement", "Fixture",
)  # fmt: skip
_FASTENERS = ("IfcMechanicalFastener", "IfcFastener")
_PHASES = ("structure", "closing", "services", "finishes")


@dataclass(frozen=True, slots=True, eq=False)
class Turns:
    """When each part would come."""

    level: IntArray
    """(n,) rising; -1 of what has no turn."""
    phase: tuple[str, ...]
    """``structure``, ``closing``, ``services`` or ``finishes``; empty of what has no turn."""
    storey: tuple[str, ...]
    by_hand: BoolArray
    """(n,) what is carried in, not lifted."""
    reach: FloatArray
    """(n,) metres of its way that are looked at; infinite of what is lifted."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a step comes when it does."""

    phase: str
    storey: str
    before: tuple[int, ...]
    """Parts whose turn was earlier and that come later all the same: they would be in its way."""
    ahead: bool
    """Whether any part whose turn was earlier comes later."""


def turns_of(parts: Sequence[Part], elements: Mapping[str, Element]) -> Turns:
    """Return when each part would come, by its class, its storey, and what its wall says of loads."""
    told = [elements[part.global_id] for part in parts]
    bottoms = np.array([part.bounds[0, 2] for part in parts])
    middles = np.array([part.bounds[:, 2].mean() for part in parts])
    storeys = _storeys([one.storey for one in told], bottoms)
    kinds = [_kind(one) for one in told]
    keys = list[tuple[int, int, int] | None]()
    for k, kind in enumerate(kinds):
        if kind is None:
            keys.append(None)
            continue
        phase, place = kind
        if kind == (_STRUCTURE, _BASE):
            # a slab over the walls of its storey is its ceiling, whatever storey it is said to be in
            beside = [j for j, one in enumerate(kinds) if one in _RISING and storeys[j] == storeys[k]]
            place = _ABOVE if beside and middles[k] > float(np.median(middles[beside])) else _BASE
        keys.append((phase, storeys[k], place))
    known = sorted({key for key in keys if key is not None})
    level = np.array([-1 if key is None else known.index(key) for key in keys], dtype=np.int64)
    phases = tuple("" if key is None else _PHASES[key[0]] for key in keys)
    small = np.array([one.ifc_class in _FASTENERS for one in told], dtype=np.bool_)
    by_hand = small | np.array([key is not None and key[0] != _STRUCTURE for key in keys], dtype=np.bool_)
    reach = np.where(small, FASTENER, np.where(by_hand, BY_HAND, np.inf))
    return Turns(level, phases, tuple(one.storey for one in told), by_hand, reach)


_RISING = ((_STRUCTURE, _UPRIGHT), (_STRUCTURE, _WALL), (_CLOSING, 0))


def _kind(element: Element) -> tuple[int, int] | None:
    """Return the phase and the place in it of an element; None where its class says nothing."""
    word = element.ifc_class.removeprefix("Ifc")
    for suffix in ("StandardCase", "ElementedCase"):
        word = word.removesuffix(suffix)
    if word == "Wall" and element.properties.get("Pset_WallCommon.LoadBearing") is False:
        return _CLOSING, 0
    if word in _STRUCTURAL:
        return _STRUCTURE, _STRUCTURAL[word]
    if word in _CLOSES:
        return _CLOSING, _CLOSES[word]
    if word in _FINISH:
        return _FINISHES, _FINISH[word]
    return (_SERVICES, 0) if word.endswith(_SERVICE_ENDS) else None


def _storeys(names: Sequence[str], bottoms: FloatArray) -> list[int]:
    """Return the number of each part's storey from below; what is in none is in the one at its height."""
    heights = {
        name: float(np.median(bottoms[[k for k, one in enumerate(names) if one == name]]))
        for name in sorted({name for name in names if name})
    }
    rising = sorted(heights, key=lambda name: (heights[name], name))
    bases = np.array([heights[name] for name in rising])
    return [
        rising.index(name) if name else max(int(np.searchsorted(bases, bottom + 1e-6)) - 1, 0)
        for name, bottom in zip(names, bottoms, strict=True)
    ]


def reasons(blocking: Blocking, turns: Turns, steps: Sequence[Step], base: frozenset[int]) -> tuple[Reason, ...]:
    """Return why each step of an order comes when it does."""
    there = np.zeros(len(blocking.parts), dtype=np.bool_)
    there[list(base)] = True
    found = list[Reason]()
    for step in steps:
        lead = max(step.parts, key=lambda part: (blocking.parts[part].volume, -part))
        earlier = (turns.level >= 0) & (turns.level < turns.level[lead]) & ~there
        earlier[list(step.parts)] = False
        found.append(
            Reason(
                turns.phase[lead], turns.storey[lead], _in_the_way(blocking, step.parts, there, earlier),
                bool(earlier.any()),
            )
        )  # fmt: skip
        there[list(step.parts)] = True
    return tuple(found)


def _in_the_way(blocking: Blocking, parts: tuple[int, ...], there: BoolArray, earlier: BoolArray) -> tuple[int, ...]:
    """Return the fewest of ``earlier`` that would be in the way of parts along any way that they have now."""
    rows = list(parts)
    blocked: BoolArray = np.any(blocking.blocked[:, rows], axis=1)
    able = ~(blocked & there).any(axis=1) & ~blocking.barred[:, rows].any(axis=1)
    if not able.any():
        return ()
    met: BoolArray = np.array([along & earlier for along in blocked[able]], dtype=np.bool_)
    return tuple(int(k) for k in np.flatnonzero(met[int(met.sum(axis=1).argmin())]))
