"""Can people carry the parts to their places: mass, hands, reach, and room to stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from simulation.assembly.lifting_equation import Lifting, picked_from, recommended_weight
from simulation.assembly.part import Part

_STEP, _MOST_PLACES = 0.1, 20_000
_STEPPED_OVER = 0.05
"""Metres above where people stand that are not in the way of their feet."""
_APART = 1e-6


@dataclass(frozen=True, slots=True)
class Platform:
    """What people can stand on: level, free of itself."""

    low: tuple[float, float]
    high: tuple[float, float]
    """Metres, x and y; the ground has no ends."""
    height: float
    """Metres, of its top."""


@dataclass(frozen=True, slots=True)
class People:
    """Who carries what, and what is known about the parts."""

    carries: frozenset[int]
    persons: int
    """Who may carry one part together, at most."""
    limit: float
    """Of the lifting index, for each of them."""
    lifting: Lifting
    floors: tuple[Platform, ...]
    """What people stand on; without any nothing can be said."""
    masses: Mapping[int, float]
    """Kilograms of parts whose mass was said."""
    density: Mapping[str, float]
    """kg/m³ by IFC class; "" for all others, where that is known."""
    pick_height: float | None = None
    """Metres of the hands above the floor where a part is picked up; None: it lies on the floor."""
    pick_horizontal: float | None = None
    """Metres from the ankles to the hands there; None: held close, by the part's width."""
    arm: float = 0.75
    shoulder: float = 1.4
    room_diameter: float = 0.6
    room_height: float = 1.9
    """Metres."""


@dataclass(frozen=True, slots=True)
class Handling:
    """One load that people bring to its place."""

    parts: tuple[int, ...]
    step: int
    """From 0."""
    mass: float | None
    """Kilograms; None: not known."""
    persons: int
    """Who are enough, or all that there may be."""
    limits: tuple[float, float] | None
    """Recommended weight limit of each person where it is picked up and where it is put, kg; None: nobody can stand."""
    index: float | None
    """Lifting index: what each has to hold by the lesser limit; None: not known. Infinite: nobody should."""
    place: FloatArray | None
    """(3,) where the first of them stands, metres."""
    problems: tuple[str, ...]
    """Of ``mass not known``, ``too heavy``, ``too far or too high`` (nobody should lift so), ``beyond reach``,
    ``no room to stand``, ``no floor``."""


def handled(
    parts: Sequence[Part], people: People, loads: Sequence[Sequence[Sequence[int]]], base: Sequence[int]
) -> tuple[Handling, ...]:
    """Return how people bring their parts to their places.

    Parameters
    ----------
    parts
        In one frame, z up.
    people
        Who carries what.
    loads
        For each step the loads that are brought one after another, each of one part or several as one.
    base
        Parts that stand from the beginning.
    """
    there, found, ground = list(base), list[Handling](), _Floors(parts, people)
    for step, brought in enumerate(loads):
        for load in brought:
            there += load
            if carried := tuple(part for part in load if part in people.carries):
                found.append(_handling(parts, people, carried, step, ground, there))
    return tuple(found)


def _handling(
    parts: Sequence[Part], people: People, load: tuple[int, ...], step: int, floors: "_Floors", there: Sequence[int]
) -> Handling:
    """Return how few can do it; where not even all can, why."""
    mass = load_mass(parts, people, load)
    if not people.floors:
        return Handling(load, step, mass, people.persons, None, None, None, _unknown(mass, ("no floor",)))
    last: Handling | None = None
    for persons in range(1, people.persons + 1):
        last = _carried(parts, people, load, step, floors, there, mass, persons)
        if mass is None or not last.problems:
            return last
    assert last is not None
    return last


def _unknown(mass: float | None, problems: tuple[str, ...]) -> tuple[str, ...]:
    return (("mass not known",) if mass is None else ()) + problems


def _carried(
    parts: Sequence[Part], people: People, load: tuple[int, ...], step: int, floors: "_Floors", there: Sequence[int],
    mass: float | None, persons: int,
) -> Handling:  # fmt: skip
    bounds = np.array([parts[k].bounds for k in load])
    box = np.stack([bounds[:, 0].min(axis=0), bounds[:, 1].max(axis=0)])
    centre = _centre(parts, people, load)
    best, problem = None, "beyond reach"
    for floor in people.floors:
        places, hands = _reached(people, floor, box, centre, persons)
        if not len(places):
            continue
        free = floors.free(floor, places, there, load)
        if problem == "beyond reach":
            problem = "no room to stand"
        chosen = _chosen(places[free], hands[free], persons, people.room_diameter)
        if chosen is None:
            continue
        height = float(centre[2]) - floor.height
        picked = people.pick_height if people.pick_height is not None else 0.5 * float(box[1, 2] - box[0, 2])
        width = 0.0 if persons > 1 else float(np.min(box[1, :2] - box[0, :2]))
        near = people.pick_horizontal if people.pick_horizontal is not None else picked_from(picked, width)
        travel = height - picked
        limits = (
            recommended_weight(near, picked, travel, people.lifting),
            recommended_weight(chosen[1], height, travel, people.lifting),
        )
        if best is None or min(limits) > min(best[0]):
            best = limits, np.array([*chosen[0], floor.height])
    if best is None:
        return Handling(load, step, mass, persons, None, None, None, _unknown(mass, (problem,)))
    limits, place = best
    if mass is None:
        return Handling(load, step, None, persons, limits, None, place, ("mass not known",))
    index = mass / persons / min(limits) if min(limits) > 0.0 else inf
    problems = () if index <= people.limit else ("too heavy",) if index < inf else ("too far or too high",)
    return Handling(load, step, mass, persons, limits, index, place, problems)


def load_mass(parts: Sequence[Part], people: People, load: Sequence[int]) -> float | None:
    """Return the mass of what is carried as one, kg; None where that of a part is not known.

    Of an open shape the volume is not known, so neither is its mass, unless it was said.
    """
    masses = [_mass(parts[k], people, k) for k in load]
    known = [one for one in masses if one is not None]
    return sum(known) if len(known) == len(masses) else None


def _mass(part: Part, people: People, number: int) -> float | None:
    if number in people.masses:
        return people.masses[number]
    density = people.density.get(part.ifc_class, people.density.get(""))
    return None if density is None or part.body is None or part.doubt else density * part.volume


def _centre(parts: Sequence[Part], people: People, load: Sequence[int]) -> FloatArray:
    """Return the centre of gravity (3,); by volume where a mass is not known."""
    masses = [_mass(parts[k], people, k) for k in load]
    known = all(one is not None for one in masses)
    weights = np.array(
        [one if known and one is not None else parts[k].volume for one, k in zip(masses, load, strict=True)]
    )
    return weights @ np.array([parts[k].centre for k in load]) / max(float(weights.sum()), 1e-300)


def _reached(
    people: People, floor: Platform, box: FloatArray, centre: FloatArray, persons: int
) -> tuple[FloatArray, FloatArray]:
    """Return places (n, 2) from which the hands reach a load, and how far (n,) they are before the body then, metres.

    One person holds it at its centre of gravity, several at the nearest point of its box. Up to the shoulders people
    bend down to what they hold, above them it is as far from the shoulder as the arm is long.
    """
    low, high = np.maximum(box[0, :2] - people.arm, floor.low), np.minimum(box[1, :2] + people.arm, floor.high)
    if np.any(low > high):
        return np.empty((0, 2)), np.empty(0)
    step = max(_STEP, float(np.sqrt(np.prod(high - low + _STEP) / _MOST_PLACES)))
    # counted from the load's middle, so that the places beside it do not depend on where the frame begins
    axes = [
        centre[m] + step * np.arange(np.ceil((low[m] - centre[m]) / step), np.floor((high[m] - centre[m]) / step) + 1)
        for m in range(2)
    ]
    places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    held = np.broadcast_to(centre[:2], places.shape) if persons == 1 else np.clip(places, box[0, :2], box[1, :2])
    hands = np.linalg.norm(places - held, axis=1)
    above = float(centre[2]) - floor.height - people.shoulder
    arm = people.arm**2 - max(above, 0.0) ** 2
    near = (hands**2 <= arm) & (above > -people.shoulder - _APART)
    return places[near], hands[near]


def _chosen(places: FloatArray, hands: FloatArray, persons: int, apart: float) -> tuple[FloatArray, float] | None:
    """Return where the first of so many stands, and how far the hands of the last are; None where not all find room."""
    order = np.lexsort((places[:, 1], places[:, 0], np.round(hands, 9)))
    taken = list[int]()
    for k in order:
        if all(np.linalg.norm(places[k] - places[other]) >= apart for other in taken):
            taken.append(int(k))
        if len(taken) == persons:
            return places[taken[0]], float(hands[taken[-1]])
    return None


class _Floors:
    """Where what stands leaves room for a body: what reaches into the height of one, seen from above, made wider."""

    def __init__(self, parts: Sequence[Part], people: People) -> None:
        self._parts, self._people = parts, people
        self._seen = dict[tuple[int, float, float], Any]()

    def free(self, floor: Platform, places: FloatArray, there: Sequence[int], load: Sequence[int]) -> BoolArray:
        """Return whether a body finds room at each place (n, 2), by what is there; nobody stands on the load."""
        import shapely

        free, half = np.ones(len(places), dtype=np.bool_), 0.5 * self._people.room_diameter
        points = shapely.points(places)
        low, high = places.min(axis=0) - half, places.max(axis=0) + half
        for number in there:
            box = self._parts[number].bounds
            if np.all(box[1, :2] >= low) and np.all(box[0, :2] <= high):
                outline = self._outline(number, floor.height, 0.0 if number in load else _STEPPED_OVER)
                if not outline.is_empty:
                    free &= shapely.distance(points, outline) >= half - _APART
        return free

    def _outline(self, number: int, height: float, over: float) -> Any:
        """Return what of a part is between the feet and the head, seen from above; nothing: an empty shape."""
        if (number, height, over) not in self._seen:
            part, top = self._parts[number], height + self._people.room_height
            self._seen[number, height, over] = _shadow(part, height + over, top)
        return self._seen[number, height, over]


def _shadow(part: Part, low: float, high: float) -> Any:
    """Return the outline of what of a part is between two heights; of what is no solid, its hull's."""
    import manifold3d
    import shapely

    corners: Any = part.triangles.reshape(-1, 3)
    body = part.body if part.body is not None else manifold3d.Manifold.hull_points(corners)
    if part.bounds[1, 2] <= low or part.bounds[0, 2] >= high:
        return shapely.Point()
    between = body.trim_by_plane((0.0, 0.0, 1.0), low).trim_by_plane((0.0, 0.0, -1.0), -high)
    shape: Any = shapely.Polygon()
    for ring in between.project().to_polygons():
        shape = shape.symmetric_difference(shapely.Polygon(ring).buffer(0.0))
    return shape
