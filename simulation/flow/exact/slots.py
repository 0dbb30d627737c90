"""Lines of machines that work in step, a part in each slot: their Markov chain over stocks and machines, solved."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod

import numpy as np

from geometry.arrays import FloatArray, IntArray
from simulation.errors import NoSolution
from simulation.flow.exact.lines import stationary

_MOST_MOVES = 50_000
"""Moves between states; more would take longer than a moment."""
State = tuple[tuple[int, ...], tuple[bool, ...]]
"""Parts before each machine but the first, and which machines are up."""


@dataclass(frozen=True, slots=True, eq=False)
class SlottedAnswer:
    """What such a line comes to in the long run."""

    throughput: float
    """Parts a slot."""
    stock: FloatArray
    """(m - 1,) mean parts before each machine but the first."""
    starved: FloatArray
    """(m,) share of the slots in which a machine was up without a part."""
    blocked: FloatArray
    """(m,) up with a part, but without room."""
    down: FloatArray
    """(m,) not up."""


def slotted_line(chances: FloatArray, buffers: IntArray) -> SlottedAnswer:
    """Solve the chain of a line (Li & Meerkov 2009, ch. 4; Gershwin 1994, ch. 3.4; what works when: flow/slots.py).

    Parameters
    ----------
    chances
        (m, 3) of being up in a slot, each by itself; where that is negative, of failing in a slot of work and of being
        repaired in a slot down.
    buffers
        (m - 1,) places between the machines.

    Raises
    ------
    NoSolution
        The states are too many.

    Examples
    --------
    >>> answer = slotted_line(np.array([[0.9, 0, 0]] * 3), np.array([2, 2]))
    >>> round(answer.throughput, 6), answer.stock.round(4).tolist()
    (0.831887, [1.5219, 1.31])
    """
    return _solved(tuple(map(tuple, chances.tolist())), tuple(buffers.tolist()))


@lru_cache(maxsize=4)
def _solved(each: tuple[tuple[float, ...], ...], buffers: tuple[int, ...]) -> SlottedAnswer:
    chances = np.array(each)
    memory = chances[:, 0] < 0.0
    states = prod(size + 1 for size in buffers) * 2 ** int(memory.sum())
    if states * 2 ** len(chances) > _MOST_MOVES:
        raise NoSolution(f"{states} states are too many to be solved")
    start: State = ((0,) * len(buffers), (True,) * len(chances))
    index, left = {start: 0}, [start]
    moves, told = dict[tuple[int, int], float](), dict[int, FloatArray]()
    while left:
        state = left.pop()
        seen = np.zeros((4, len(chances)))
        for chance, after, did in _slot(state, each, buffers):
            if after not in index:
                index[after] = len(index)
                left.append(after)
            pair = (index[state], index[after])
            moves[pair] = moves.get(pair, 0.0) + chance
            for k, what in enumerate(did):
                seen[what, k] += chance
        told[index[state]] = seen
    shares = stationary(moves, len(index)) if len(index) > 1 else np.ones(1)
    mean = np.tensordot(shares, np.array([told[number] for number in range(len(index))]), 1)
    levels = np.array([state[0] for state in index], dtype=np.float64).reshape(len(index), -1)
    return SlottedAnswer(float(mean[0, -1]), shares @ levels, mean[1], mean[2], mean[3])


_WORKS, _STARVED, _BLOCKED, _DOWN = range(4)


def _slot(
    state: State, chances: tuple[tuple[float, ...], ...], buffers: tuple[int, ...]
) -> Iterator[tuple[float, State, list[int]]]:
    """Return what may happen in a slot: (chance, state after it, what each machine did)."""
    levels, ups = state
    last = len(chances) - 1
    empty = [k > 0 and levels[k - 1] == 0 for k in range(last + 1)]
    full = [k < last and levels[k] >= buffers[k] for k in range(last + 1)]
    odds = list[float]()
    for k, (up, fails, repaired) in enumerate(chances):
        idle = empty[k] or full[k]
        odds.append(up if up >= 0.0 else (1.0 if idle else 1.0 - fails) if ups[k] else repaired)
    for are_up in product((True, False), repeat=last + 1):
        chance = prod([p if up else 1.0 - p for p, up in zip(odds, are_up, strict=True)])
        if chance == 0.0:
            continue
        did = [_DOWN] * len(are_up)
        for k in range(last, -1, -1):
            room = not full[k] or (chances[k][0] >= 0.0 and did[k + 1] == _WORKS)
            if are_up[k]:
                did[k] = _STARVED if empty[k] else _WORKS if room else _BLOCKED
        after = tuple(level + (did[k] == _WORKS) - (did[k + 1] == _WORKS) for k, level in enumerate(levels))
        kept = tuple(up or chances[k][0] >= 0.0 for k, up in enumerate(are_up))
        yield chance, (after, kept), did
