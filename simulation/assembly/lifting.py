"""Can a crane bring the parts to their places: mass, radius, capacity, height of the hook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from simulation.assembly.part import Part


@dataclass(frozen=True, slots=True, eq=False)
class Crane:
    """What a crane can do."""

    at: FloatArray
    """(3,) of its slewing axis at the foot, metres."""
    radii: FloatArray
    """(k,) metres, rising."""
    loads: FloatArray
    """(k,) kilograms that it lifts up to each radius."""
    hook_height: float | None
    """Metres above the foot that the hook reaches; None: not asked."""
    rigging: float
    """Metres from the hook to the top of the load."""
    clearance: float
    """Metres by which loads are carried over what stands."""
    density: Mapping[str, float]
    """kg/m³ by IFC class; "" for all others."""


@dataclass(frozen=True, slots=True)
class Lift:
    """One step's lift."""

    mass: float
    """Kilograms, by volume and density; of an open shape that of its box."""
    radius: float
    """Metres, from the slewing axis to the centre of gravity in its place."""
    capacity: float
    """Kilograms at that radius, by the next larger one of the table; 0 beyond it."""
    hook: float
    """Metres above the foot that the hook has to reach to carry the load over all that stands."""
    problems: tuple[str, ...]
    """Of ``too heavy``, ``out of reach``, ``too high``, ``not from above``; empty where it can be lifted."""


def lifts(
    parts: Sequence[Part], crane: Crane, steps: Sequence[tuple[Sequence[int], FloatArray | None]], base: Sequence[int]
) -> tuple[Lift, ...]:
    """Return the lift of each step.

    Parameters
    ----------
    parts
        In one frame, z up.
    crane
        What lifts them.
    steps
        The parts of each step, and the way they move into place (None: not known).
    base
        Parts that stand from the beginning.
    """
    top, found = max([float(parts[k].bounds[1, 2]) for k in base], default=float(crane.at[2])), list[Lift]()
    for placed, way in steps:
        found.append(_lift([parts[k] for k in placed], crane, way, top))
        top = max([top, *(float(parts[k].bounds[1, 2]) for k in placed)])
    return tuple(found)


def _lift(parts: Sequence[Part], crane: Crane, way: FloatArray | None, top: float) -> Lift:
    if not parts:
        return Lift(0.0, 0.0, 0.0, 0.0, ())
    masses = np.array([part.volume * crane.density.get(part.ifc_class, crane.density[""]) for part in parts])
    mass = float(masses.sum())
    centre = masses @ np.array([part.centre for part in parts]) / max(mass, 1e-300)
    radius = float(np.linalg.norm((centre - crane.at)[:2]))
    reach = int(np.searchsorted(crane.radii, radius - 1e-9))
    capacity = float(crane.loads[reach]) if reach < len(crane.radii) else 0.0
    bounds = np.array([part.bounds for part in parts])
    height = float(bounds[:, 1, 2].max() - bounds[:, 0, 2].min())
    hook = max(top + crane.clearance, float(bounds[:, 0, 2].min())) + height + crane.rigging - float(crane.at[2])
    problems = list[str]()
    if reach >= len(crane.radii):
        problems.append("out of reach")
    elif mass > capacity:
        problems.append("too heavy")
    if crane.hook_height is not None and hook > crane.hook_height:
        problems.append("too high")
    if way is None or way[2] > -0.5:
        problems.append("not from above")
    return Lift(mass, radius, capacity, hook, tuple(problems))
