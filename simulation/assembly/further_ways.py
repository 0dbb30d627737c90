"""What is tried where no part can leave the others by one straight move along the directions tried so far."""

from collections.abc import Callable
from functools import partial

import numpy as np

from geometry.arrays import BoolArray
from simulation.assembly.blocking import Blocking, block
from simulation.assembly.directions import axes, distinct, own_directions
from simulation.assembly.insertion_path import Budget, Path, leg_path, turned_round, turning_path
from simulation.assembly.moves import Freed, Looked, free_by_moves
from simulation.assembly.sequence import Further

MOST_MOVING, MOST_WINDING, MOST_TURNING = 24, 16, 8
"""Parts among which moves of several in turn, legs of one, and turns of one are looked for at all."""
_MOST_STUCK, _MOST_OWN, _MOST_WAYS = 200, 60, 26


def further_ways(ground: float | None, threads: int) -> Further:
    """Return what is tried, with nothing below ``ground`` (metres; None: there is none)."""
    return Further(
        partial(_finer, ground=ground, threads=threads),
        partial(_wound, most=MOST_WINDING, find=leg_path),
        partial(_moved, ground=ground),
        partial(_wound, most=MOST_TURNING, find=turning_path),
    )


def _moved(
    blocking: Blocking, remaining: BoolArray, base: frozenset[int], *, ground: float | None
) -> Freed | tuple[int, Path] | Looked | None:
    """Return the fewest moves that free something of what still stands; None where there is too much of it.

    As its way in where one part makes all of them.
    """
    rows = [int(row) for row in np.flatnonzero(remaining)]
    if len(rows) > MOST_MOVING:
        return None
    parts = [blocking.parts[row] for row in rows]
    own = np.vstack([own_directions(part.normals, most=3) for part in parts])
    directions = distinct(np.vstack([axes(), own]))[:_MOST_WAYS]
    fixed = frozenset(k for k, row in enumerate(rows) if row in base)
    found = free_by_moves(parts, directions, blocking.rule, fixed=fixed, ground=ground, reach=blocking.reach[rows])
    if isinstance(found, Looked):
        return found
    if len(found.leaving) == 1 and all(move.parts == found.leaving for move in found.moves):
        trail = np.cumsum([np.zeros(3), *(move.shift for move in found.moves)], axis=0)
        others = [k for k in range(len(rows)) if k != found.leaving[0]]
        return rows[found.leaving[0]], turned_round(parts, found.leaving[0], others, list(trail))
    return found.renumbered(rows)


def _wound(
    blocking: Blocking, remaining: BoolArray, base: frozenset[int], *, most: int, find: Callable[..., Path | None]
) -> tuple[int, Path] | None:
    """Return a part that can leave what still stands by several moves, the smallest first; None where none was found.

    ``most``: parts among which that is looked for at all.
    """
    parts, rows = blocking.parts, [int(row) for row in np.flatnonzero(remaining)]
    if len(rows) > most:
        return None
    budget = Budget()
    for row in sorted((row for row in rows if row not in base), key=lambda row: parts[row].volume):
        directions = distinct(np.vstack([axes(), own_directions(parts[row].normals, most=3)]))
        found = find(parts, row, [other for other in rows if other != row], directions, blocking.rule, budget)
        if found is not None:
            return row, found
    return None


def _finer(blocking: Blocking, remaining: BoolArray, *, ground: float | None, threads: int) -> Blocking | None:
    """Return the blocking of what still stands along the directions that its own shapes offer; None of too many."""
    rows = np.flatnonzero(remaining)
    if len(rows) > _MOST_STUCK:
        return None
    stuck = [blocking.parts[int(row)] for row in rows]
    own = distinct(np.vstack([own_directions(part.normals, most=6) for part in stuck]))[:_MOST_OWN]
    more = distinct(np.vstack([blocking.directions, own]))[len(blocking.directions) :]
    if not len(more):
        return None
    part = block(stuck, more, blocking.rule, ground=ground, reach=blocking.reach[rows], threads=threads)
    count = len(blocking.parts)
    blocked, barred = np.zeros((len(more), count, count), dtype=np.bool_), np.zeros((len(more), count), dtype=np.bool_)
    beyond = np.zeros_like(blocked)
    blocked[:, rows[:, None], rows[None]], barred[:, rows] = part.blocked, part.barred
    beyond[:, rows[:, None], rows[None]] = part.beyond
    return Blocking(blocking.parts, blocking.rule, more, blocked, {}, part.narrow, barred, blocking.reach, beyond)
