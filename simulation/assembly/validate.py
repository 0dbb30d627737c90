"""Can parts be put together in an order that somebody has given, and if not, what is in the way of what."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from simulation.assembly.blocking import Blocking
from simulation.assembly.precedence import Before
from simulation.assembly.view import faces_of, obstruction, seen_along

_MOST_NAMED = 8


@dataclass(frozen=True, slots=True, eq=False)
class GivenStep:
    """One step of a given order."""

    parts: tuple[int, ...]
    together: bool = False
    """They are moved as one; else one after the other, in any order that works."""
    insertion: FloatArray | None = None
    """(3,) unit, the way they have to come; None: any of the directions tried."""
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Blocker:
    """One part in the way of another."""

    part: int
    area: float
    """Of the region in which it is, across the direction, m²."""
    depth: float
    """How far its last face lies beyond the first face of what moves, metres."""
    at: FloatArray
    """(3,) where they would meet, metres."""
    way: float
    """How far the part could move until then, counted from its place outwards, metres."""


@dataclass(frozen=True, slots=True, eq=False)
class Obstacle:
    """Why a part cannot be put in place at a step."""

    part: int
    insertion: FloatArray
    """(3,) unit: the direction along which least is in the way, among those along which it once fitted, if any."""
    blockers: tuple[Blocker, ...]
    """Those with most area first, 8 at most."""
    others: int
    """Blockers beyond those."""
    fits_before: int | None
    """Number of the last step before which it would still fit; None: not even first."""
    rules: tuple[str, ...] = ()
    """Rules that this step breaks."""
    free_as_one: bool = False
    """It would go with the others of its step, moved as one."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One step of a given order, judged."""

    given: GivenStep
    insertion: tuple[FloatArray | None, ...]
    """For each part of the step, in the order in which they go in: the way it comes; None where it cannot."""
    parts: tuple[int, ...]
    """The parts in that order."""
    obstacles: tuple[Obstacle, ...]
    """Empty where the step can be done."""


def validate(
    blocking: Blocking, given: Sequence[GivenStep], *, base: frozenset[int] = frozenset(), rules: Sequence[Before] = ()
) -> tuple[Judged, ...]:
    """Return the judgement of each step of a given order; what a blocked step brings is then taken to stand.

    Parameters
    ----------
    blocking
        Who stands in whose way.
    given
        The steps; no part in two of them.
    base
        Parts that stand from the beginning.
    rules
        What has to come before what.
    """
    standing = np.zeros(len(blocking.parts), dtype=np.bool_)
    standing[list(base)] = True
    history, judged = [standing.copy()], list[Judged]()
    for step in given:
        judged.append(_judge(blocking, step, standing, history, rules))
        standing = standing.copy()
        standing[list(step.parts)] = True
        history.append(standing)
    return tuple(judged)


def _judge(
    blocking: Blocking, step: GivenStep, standing: BoolArray, history: Sequence[BoolArray], rules: Sequence[Before]
) -> Judged:
    chosen = _ways(blocking, step)
    if step.together:
        rows = list(step.parts)
        free = ~(blocking.blocked[:, rows] & standing).any(axis=(1, 2)) & ~blocking.barred[:, rows].any(axis=1) & chosen
        if free.any():
            way = -blocking.directions[_steepest(blocking, free)]
            return _ruled(Judged(step, (way,) * len(step.parts), step.parts, ()), standing, rules)
        obstacles = tuple(_obstacle(blocking, part, step, standing, history) for part in step.parts)
        return Judged(step, (None,) * len(step.parts), step.parts, tuple(one for one in obstacles if one.blockers))
    # taken apart again, backwards: what may leave what stands and the rest of its step
    left, taken = list(step.parts), list[tuple[int, FloatArray]]()
    while left:
        there = standing.copy()
        there[left] = True
        free = ~(blocking.blocked[:, left] & there).any(axis=2) & ~blocking.barred[:, left] & chosen[:, None]
        able = np.flatnonzero(free.any(axis=0))
        if not len(able):
            break
        for k in able[::-1]:
            taken.append((left[k], -blocking.directions[_steepest(blocking, free[:, k])]))
            del left[k]
    order = tuple(left) + tuple(part for part, _ in taken[::-1])
    ways = (None,) * len(left) + tuple(way for _, way in taken[::-1])
    there = standing.copy()
    there[left] = True
    found = tuple(_obstacle(blocking, part, step, there, history) for part in left)
    return _ruled(Judged(step, ways, order, found), standing, rules)


def _ways(blocking: Blocking, step: GivenStep) -> BoolArray:
    """Return (d,) which of the directions the step may use."""
    if step.insertion is None:
        return np.ones(len(blocking.directions), dtype=np.bool_)
    return np.linalg.norm(blocking.directions + step.insertion, axis=1) < 1e-6


def _steepest(blocking: Blocking, free: BoolArray) -> int:
    """Return the free direction that comes most from above."""
    return int(np.argmax(np.where(free, blocking.directions[:, 2], -np.inf)))


def _obstacle(
    blocking: Blocking, part: int, step: GivenStep, standing: BoolArray, history: Sequence[BoolArray]
) -> Obstacle:
    """Return what is in a part's way along the direction in which least is.

    Where it would have fitted before an earlier step, only the directions are asked along which it would: what is in
    the way there has come since, and not a wall of what it goes into.
    """
    allowed = _ways(blocking, step) & ~blocking.barred[:, part]
    chosen = np.flatnonzero(allowed if allowed.any() else _ways(blocking, step))
    there = standing.copy()
    there[part] = False
    if step.together:
        there[list(step.parts)] = False
    count = (blocking.blocked[:, part] & there).sum(axis=1)
    fits = [number for number, past in enumerate(history) if _fits(blocking, part, past, chosen)]
    once = chosen[~(blocking.blocked[chosen, part] & history[max(fits)]).any(axis=1)] if fits else chosen
    order = once[np.lexsort((-blocking.directions[once, 2], count[once]))]
    best = min(
        (_blockers(blocking, part, int(k), there) for k in order[:4]),
        key=lambda one: sum(blocker.area for blocker in one[1]),
    )
    direction, blockers = best
    alone = there.copy()
    alone[list(step.parts)] = False
    as_one = not step.together and len(step.parts) > 1
    as_one = as_one and not (blocking.blocked[chosen][:, list(step.parts)] & alone).any(axis=(1, 2)).all()
    return Obstacle(
        part, -blocking.directions[direction], blockers[:_MOST_NAMED], max(0, len(blockers) - _MOST_NAMED),
        max(fits) + 1 if fits else None, free_as_one=as_one,
    )  # fmt: skip


def _fits(blocking: Blocking, part: int, past: BoolArray, chosen: IntArray) -> bool:
    return bool((~(blocking.blocked[chosen, part] & past).any(axis=1)).any())


def _blockers(blocking: Blocking, part: int, direction: int, standing: BoolArray) -> tuple[int, tuple[Blocker, ...]]:
    found = list[Blocker]()
    along = blocking.directions[direction]
    for other in np.flatnonzero(blocking.blocked[direction, part] & standing):
        moving, still = blocking.parts[part], blocking.parts[int(other)]
        faces = faces_of([(moving.triangles, moving.two_sided), (still.triangles, still.two_sided)])
        met = obstruction(seen_along(faces, along), 0, 1, blocking.rule)
        found.append(Blocker(int(other), met.area, met.depth, met.at, met.way))
    # of a part that comes in one piece with others, what is only in the way of those is told there
    found = [one for one in found if one.area > 0.0] or found
    found.sort(key=lambda one: (-one.area, one.part))
    return direction, tuple(found)


def _ruled(judged: Judged, standing: BoolArray, rules: Sequence[Before]) -> Judged:
    """Return the judgement with the rules that the step breaks."""
    if not rules:
        return judged
    placed = int.from_bytes(np.packbits(standing, bitorder="little").tobytes(), "little")
    broken = dict[int, list[str]]()
    for part in judged.parts:
        for rule in rules:
            if not rule.allows(part, placed):
                broken.setdefault(part, []).append(rule.text)
        placed |= 1 << part
    obstacles = list(judged.obstacles)
    for part, texts in broken.items():
        obstacles.append(Obstacle(part, np.array([0.0, 0.0, -1.0]), (), 0, None, tuple(texts)))
    return Judged(judged.given, judged.insertion, judged.parts, tuple(obstacles))
