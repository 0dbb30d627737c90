"""How interlocked parts come apart: several of them are moved some of the way, in turn, until something is free.

A state is where each part is beside its designed place. A move takes some parts, as one, along a direction until they
meet another, or until a face of theirs is level with one of another (only there does what can pass change). States
are looked at breadth first, so what is found takes the fewest moves among those. Who has to come along is closed
under pushing (Wilson and Latombe 1994, with finite travel): a set may go as far as its nearest member to anything
outside. That nothing was found in so many states never says that there is no way.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf

import numpy as np

from geometry.arrays import FloatArray
from simulation.assembly.part import Part
from simulation.assembly.travel import Travels
from simulation.assembly.view import OrderRule

MOST_STATES, MOST_WORK = 20_000, 2_000_000_000
"""States; comparisons of two faces, or what takes as long: some ten nanoseconds each."""
_MOST_SETS, _TRY = 256, 2_000
"""Sets that are moved from a state along a direction; what trying one of them costs."""
_COARSE = 0.1
"""Share of the thinnest part that moves are not shorter than at first: play between parts is no way out."""


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """Parts that are moved as one."""

    parts: tuple[int, ...]
    shift: FloatArray
    """(3,) metres, from where they are."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Moves that put parts in place, first to last."""

    opening: tuple[Move, ...]
    """Of what stands already, away from where it belongs."""
    closing: tuple[Move, ...]
    """The first brings in what is placed; after the last everything is where it belongs."""

    def courses(self) -> dict[int, list[FloatArray]]:
        """Return for each part that is moved how far (3,) it is from its place at first, and after each move."""
        moves = (*self.opening, *self.closing)
        found = dict[int, list[FloatArray]]()
        for part in sorted({part for move in moves for part in move.parts}):
            steps = [move.shift if part in move.parts else np.zeros(3) for move in moves]
            found[part] = [np.zeros(3) - sum(steps[k:], np.zeros(3)) for k in range(len(steps) + 1)]
        return found

    def renumbered(self, members: Sequence[Sequence[int]]) -> "Motion":
        """Return the same of parts that have other numbers; each may stand for several."""

        def of(moves: tuple[Move, ...]) -> tuple[Move, ...]:
            return tuple(Move(tuple(one for k in move.parts for one in members[k]), move.shift) for move in moves)

        return Motion(of(self.opening), of(self.closing))


@dataclass(frozen=True, slots=True)
class Looked:
    """How much was looked at."""

    states: int
    complete: bool
    """Whether that is all that can be reached along the directions and stops tried; else a limit was met."""


@dataclass(frozen=True, slots=True, eq=False)
class Freed:
    """How something comes free."""

    leaving: tuple[int, ...]
    moves: tuple[Move, ...]
    """Outwards, from the designed places; the last one takes away what leaves."""
    looked: Looked

    def renumbered(self, numbers: Sequence[int]) -> "Freed":
        """Return the same of parts that have other numbers."""
        moves = tuple(Move(tuple(numbers[k] for k in move.parts), move.shift) for move in self.moves)
        return Freed(tuple(numbers[k] for k in self.leaving), moves, self.looked)


def motion_of(freed: Freed) -> Motion:
    """Return how what came free is put in place again.

    Without it the others can go where they went with it: those are the moves that open them; and all of it backwards
    closes them.
    """
    opening = [Move(tuple(k for k in move.parts if k not in freed.leaving), move.shift) for move in freed.moves[:-1]]
    closing = tuple(Move(move.parts, -move.shift) for move in freed.moves[::-1])
    return Motion(tuple(move for move in opening if move.parts), closing)


def free_by_moves(
    parts: Sequence[Part],
    directions: FloatArray,
    rule: OrderRule,
    *,
    fixed: frozenset[int] = frozenset(),
    ground: float | None = None,
    reach: FloatArray | None = None,
    most_states: int = MOST_STATES,
) -> Freed | Looked:
    """Return the fewest moves after which some of the parts are free of the others, or how much was looked at.

    Parameters
    ----------
    parts
        Those that are there, in their designed places.
    directions
        (d, 3) unit, along which moves are tried; each the other way, too.
    rule
        What counts as being in the way.
    fixed
        Parts that stay; the largest one where there are none.
    ground
        Metres, under which nothing is moved; None: there is none.
    reach
        (n,) metres that each part has to come to be free; ``rule.insertion`` for all where None.
    most_states
        After which the search gives up.
    """
    still = fixed or frozenset({max(range(len(parts)), key=lambda k: (parts[k].volume, -k))})
    travels = Travels(parts, directions, rule, ground, reach)
    thinnest = min(float(np.ptp(part.bounds, axis=0).min()) for part in parts)
    looked = Looked(0, False)
    finest = 2.0 * rule.touch
    for least in sorted({max(_COARSE * thinnest, finest), finest}, reverse=True):
        search = _Search(travels, still, least, finest, most_states - looked.states)
        found = search.run()
        if isinstance(found, Freed):
            return Freed(found.leaving, found.moves, Looked(looked.states + found.looked.states, False))
        looked = Looked(looked.states + found.states, found.complete)
        if not (found.complete and search.skipped):
            break
    return looked


@dataclass(slots=True, eq=False)
class _Search:
    """Breadth first through the states, from the designed places."""

    travels: Travels
    still: frozenset[int]
    least: float
    """Metres that a move has at least; states that differ by less everywhere are one."""
    finest: float
    """Metres below which nothing counts as a way in any search."""
    most: int
    complete: bool = True
    skipped: bool = False
    """Whether there were ways between ``finest`` and ``least``."""
    marks: list[float] = field(default_factory=lambda: [0.0])
    """Places along an axis that were met; nearer ones than ``least`` share one."""

    def run(self) -> Freed | Looked:
        start: FloatArray = np.zeros((len(self.travels.parts), 3))
        states, came = [start], list[tuple[int, Move | None]]([(-1, None)])
        seen, queue = {self._key(start)}, deque([0])
        while queue:
            number = queue.popleft()
            ways = [self.travels.ways(states[number], k) for k in range(len(self.travels.directions))]
            out = self._leaving(states[number], ways)
            if out is not None:
                return Freed(out.parts, (*_trail(came, number), out), Looked(len(states), False))
            for move in self._moves(states[number], ways):
                self.travels.work += _TRY
                following = states[number].copy()
                following[list(move.parts)] = np.round(following[list(move.parts)] + move.shift, 10)
                key = self._key(following)
                if key in seen:
                    continue
                seen.add(key)
                states.append(following)
                came.append((number, move))
                queue.append(len(states) - 1)
                if len(states) >= self.most or self.travels.work > MOST_WORK:
                    return Looked(len(states), False)
        return Looked(len(states), self.complete)

    def _leaving(self, state: FloatArray, ways: Sequence[FloatArray]) -> Move | None:
        """Return the move that takes the fewest parts away for good; of several the one most upwards."""
        best: tuple[tuple[int, float, int], Move] | None = None
        for k, way in enumerate(ways):
            reach = self.travels.reach
            sets = _closed(way < reach[:, None], self._held(way[:, -1] < reach))
            for some in sets:
                members = _members(some)
                others = [j for j in range(len(way) + 1) if not some >> j & 1]
                # one that goes farther with others than it would alone may meet what it would not
                if way[np.ix_(members, others)].min() < reach[list(members)].max():
                    continue
                direction = self.travels.directions[k]
                rank = (len(members), -round(float(direction[2]), 6), k)
                if best is None or rank < best[0]:
                    far = self.travels.out(state, members, k)
                    best = (rank, Move(members, far * direction))
        return None if best is None else best[1]

    def _moves(self, state: FloatArray, ways: Sequence[FloatArray]) -> Iterator[Move]:
        """Yield all moves from a state, along each direction those until contact first."""
        for k, way in enumerate(ways):
            self.skipped = self.skipped or bool(((way > self.finest) & (way <= self.least)).any())
            sets = _unions(_closed(way <= self.least, self._held(way[:, -1] <= self.least)))
            self.complete = self.complete and len(sets) < _MOST_SETS
            for some in sets:
                members = _members(some)
                others = [j for j in range(len(way)) if not some >> j & 1]
                furthest = float(min(way[np.ix_(members, others)].min(), way[list(members), -1].min()))
                for far in self._stops(state, members, others, k, furthest):
                    yield Move(members, far * self.travels.directions[k])

    def _stops(
        self, state: FloatArray, members: tuple[int, ...], others: Sequence[int], k: int, furthest: float
    ) -> list[float]:
        """Return how far some parts may be moved: to where faces are level with others, and until contact."""
        levels, whole = self.travels.levels(state, members, others, k)
        self.complete = self.complete and whole
        found = list[float]()
        for value in levels:
            if (found[-1] if found else 0.0) + self.least < value < furthest - self.least:
                found.append(float(value))
            elif self.finest < value < furthest - self.finest and value - (found[-1] if found else 0.0) > self.finest:
                self.skipped = True
        return [furthest, *found] if furthest < inf else found

    def _held(self, barred: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> int:
        """Return the parts that may not be moved, as bits."""
        return sum(1 << part for part in self.still) | sum(1 << int(k) for k in np.flatnonzero(barred))

    def _key(self, state: FloatArray) -> bytes:
        return np.array([self._mark(float(value)) for value in state.ravel()]).tobytes()

    def _mark(self, value: float) -> float:
        """Return the place along an axis that stands for all that are this near."""
        from bisect import bisect_left

        at = bisect_left(self.marks, value)
        near = [one for one in self.marks[max(0, at - 1) : at + 1] if abs(one - value) < 0.5 * self.least]
        if near:
            return min(near, key=lambda one: abs(one - value))
        self.marks.insert(at, value)
        return value


def _closed(pushes: "np.ndarray[tuple[int, int], np.dtype[np.bool_]]", held: int) -> list[int]:
    """Return for each part what has to come along, as bits, each set once, small ones first; none with ``held``.

    ``pushes`` (n, n + 1): the second is met by the first; the last column is the ground.
    """
    count = len(pushes)
    reach = [1 << k | sum(1 << int(j) for j in np.flatnonzero(pushes[k, :count])) for k in range(count)]
    for middle in range(count):
        for k in range(count):
            if reach[k] >> middle & 1:
                reach[k] |= reach[middle]
    return sorted({one for one in reach if not one & held}, key=lambda one: (one.bit_count(), one))


def _unions(sets: Sequence[int]) -> list[int]:
    """Return all unions of sets, at most 256."""
    found = list[int]()
    seen = set[int]()
    for one in sets:
        for other in [0, *found]:
            both = one | other
            if both not in seen:
                seen.add(both)
                found.append(both)
                if len(found) == _MOST_SETS:
                    return found
    return found


def _members(some: int) -> tuple[int, ...]:
    return tuple(k for k in range(some.bit_length()) if some >> k & 1)


def _trail(came: Sequence[tuple[int, Move | None]], number: int) -> tuple[Move, ...]:
    """Return the moves that lead to a state."""
    found = list[Move]()
    while True:
        number, move = came[number]
        if move is None:
            return tuple(found[::-1])
        found.append(move)
