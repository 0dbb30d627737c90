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
    pick: FloatArray | None = None
    """(3,) where loads are picked up, metres; None: not known, so only their places are asked of."""


@dataclass(frozen=True, slots=True)
class Lift:
    """One step's lift."""

    mass: float
    """Kilograms, by volume and density; of an open shape that of its box."""
    radius: float
    """Metres, from the slewing axis to the centre of gravity in its place."""
    capacity: float
    """Kilograms at that radius, or that of picking up where it is larger, by the next larger one of the table."""
    hook: float
    """Metres above the foot that the hook has to reach to carry the load over what stands on its way."""
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
    there, found = [parts[k].bounds for k in base], list[Lift]()
    for placed, way in steps:
        found.append(_lift([parts[k] for k in placed], crane, way, there))
        there += [parts[k].bounds for k in placed]
    return tuple(found)


def _lift(parts: Sequence[Part], crane: Crane, way: FloatArray | None, there: Sequence[FloatArray]) -> Lift:
    if not parts:
        return Lift(0.0, 0.0, 0.0, 0.0, ())
    masses = np.array([part.volume * crane.density.get(part.ifc_class, crane.density[""]) for part in parts])
    mass = float(masses.sum())
    centre = masses @ np.array([part.centre for part in parts]) / max(mass, 1e-300)
    radius = float(np.linalg.norm((centre - crane.at)[:2]))
    picked = radius if crane.pick is None else float(np.linalg.norm((crane.pick - crane.at)[:2]))
    reach = int(np.searchsorted(crane.radii, max(radius, picked) - 1e-9))
    capacity = float(crane.loads[reach]) if reach < len(crane.radii) else 0.0
    bounds = np.array([part.bounds for part in parts])
    top = _highest(crane, centre, bounds, there)
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


def _highest(crane: Crane, centre: FloatArray, load: FloatArray, there: Sequence[FloatArray]) -> float:
    """Return how high what stands on a load's way reaches, metres: anywhere, or between where it is picked up and put.

    The load is slewed and luffed in any order within the sector between both, the way round that is lower.
    """
    foot = float(crane.at[2])
    if crane.pick is None:
        return max((float(box[1, 2]) for box in there), default=foot)
    half = 0.5 * float(np.linalg.norm(np.ptp(load.reshape(-1, 3), axis=0)[:2])) + crane.clearance
    ends = [(end - crane.at)[:2] for end in (crane.pick, centre)]
    radii = sorted(float(np.linalg.norm(end)) for end in ends)
    start, turn = float(np.arctan2(*ends[0][::-1])), float(np.arctan2(*ends[1][::-1]) - np.arctan2(*ends[0][::-1]))
    ways = [turn % (2.0 * np.pi), turn % (2.0 * np.pi) - 2.0 * np.pi]
    low_high = (radii[0] - half, radii[1] + half)
    return min(
        max(
            (float(box[1, 2]) for box in there if _meets(box[:, :2] - crane.at[:2], start, way, low_high, half)),
            default=foot,
        )
        for way in ways
    )


def _meets(box: FloatArray, start: float, turn: float, radii: tuple[float, float], half: float) -> bool:
    """Return whether a box (2, 2) about the crane comes into the sector from ``start`` on by ``turn``, or so near.

    On the safe side: the sector is widened by ``half`` at its outer radius, or all around where that reaches its axis.
    """
    nearest = np.clip(0.0, box[0], box[1])
    corners = np.array([[x, y] for x in box[:, 0] for y in box[:, 1]])
    if np.linalg.norm(nearest) > radii[1] or np.linalg.norm(corners, axis=1).max() < radii[0]:
        return False
    inner = max(radii[0] + half, 1e-9)
    if half >= inner or not np.any(nearest):
        return True
    more = float(np.arcsin(half / inner))
    low, high = min(start, start + turn) - more, max(start, start + turn) + more
    # a box that does not hold the axis is seen from it under less than half a turn, between two of its corners
    middle = box.mean(axis=0)
    about = float(np.arctan2(middle[1], middle[0]))
    seen = (np.arctan2(corners[:, 1], corners[:, 0]) - about + np.pi) % (2.0 * np.pi) - np.pi
    first, last = about + float(seen.min()), about + float(seen.max())
    return any(first + k * 2.0 * np.pi <= high and last + k * 2.0 * np.pi >= low for k in range(-3, 4))
