"""Lines with buffers in closed form or as Markov chains: the references that no simulation is needed for."""

from itertools import product

import numpy as np

from geometry.arrays import FloatArray
from simulation.errors import NoSolution

_MOST_STATES = 20_000


def stationary(rates: dict[tuple[int, int], float], states: int) -> FloatArray:
    """Return the long-run shares of a continuous chain from its rates {(from, to): rate}, (states,)."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.linalg import spsolve

    pairs = np.array([pair for pair in rates if pair[0] != pair[1]])
    values = np.array([rate for pair, rate in rates.items() if pair[0] != pair[1]])
    rows = np.concatenate([pairs[:, 1], pairs[:, 0]])
    columns = np.concatenate([pairs[:, 0], pairs[:, 0]])
    matrix = coo_matrix((np.concatenate([values, -values]), (rows, columns)), shape=(states, states)).tolil()
    matrix[0, :] = 1.0
    right = np.zeros(states)
    right[0] = 1.0
    return np.asarray(spsolve(matrix.tocsc(), right))


def saturated_line(rates: FloatArray) -> float:
    """Return the throughput of exponential stations in a row without buffers, never starved, blocked after service.

    A Markov chain on the state of each station: working, blocked, empty (Hunt 1956, Operations Research 4).

    Examples
    --------
    >>> round(saturated_line(np.ones(3)), 6)  # 22/39
    0.564103
    """
    count = len(rates)
    working, blocked, empty = range(3)
    start: tuple[int, ...] = (working, *[empty] * (count - 1))
    index: dict[tuple[int, ...], int] = {start: 0}
    left: list[tuple[int, ...]] = [start]
    moves = dict[tuple[int, int], float]()
    shipped = dict[int, float]()
    while left:
        state = left.pop()
        for station in range(count):
            if state[station] != working:
                continue
            after = list(state)
            after[station] = blocked  # done; goes on below if it can
            for k in range(count - 1, -1, -1):
                if after[k] == blocked and (k == count - 1 or after[k + 1] == empty):
                    after[k] = empty if k else working
                    if k < count - 1:
                        after[k + 1] = working
            following = tuple(after)
            if following not in index:
                if len(index) >= _MOST_STATES:
                    raise NoSolution(f"{count} stations have more than {_MOST_STATES} states")
                index[following] = len(index)
                left.append(following)
            pair = (index[state], index[following])
            moves[pair] = moves.get(pair, 0.0) + float(rates[station])
            if station == count - 1:
                shipped[index[state]] = float(rates[station])
    shares = stationary(moves, len(index))
    return float(sum(shares[state] * rate for state, rate in shipped.items()))


def bernoulli_pair(first: float, second: float, buffer: int) -> float:
    """Return the throughput of two Bernoulli machines, blocked before service (Li & Meerkov 2009, ch. 4).

    Examples
    --------
    >>> round(bernoulli_pair(0.9, 0.9, 2), 6), round(bernoulli_pair(0.9, 0.7, 2), 6)
    (0.857143, 0.688968)
    """
    if first == second:
        empty = (1.0 - first) / (buffer + 1.0 - first)
    else:
        a = first * (1.0 - second) / (second * (1.0 - first))
        empty = (1.0 - first) * (1.0 - a) / (1.0 - first / second * a**buffer)
    return second * (1.0 - empty)


def bernoulli_line(chances: FloatArray, buffers: tuple[int, ...]) -> tuple[float, FloatArray]:
    """Return throughput and the mean stock of each buffer of a Bernoulli line: its chain over all slots, solved.

    In a slot every machine is up with its own chance; it works if it is up, has a part (as the slot began) and the next
    buffer is not full, where a full buffer whose own machine works in this slot has room.

    Examples
    --------
    >>> rate, stock = bernoulli_line(np.full(3, 0.9), (2, 2))
    >>> round(rate, 6), [round(float(level), 4) for level in stock]
    (0.831887, [1.5219, 1.31])
    """
    states = list(product(*(range(size + 1) for size in buffers)))
    if len(states) * 2 ** len(chances) > 50 * _MOST_STATES:
        raise NoSolution(f"{len(states)} states are too many to be solved")
    index = {state: number for number, state in enumerate(states)}
    moves = dict[tuple[int, int], float]()
    rate_of = np.zeros(len(states))
    for state in states:
        for ups in product((True, False), repeat=len(chances)):
            chance = float(np.prod([p if up else 1.0 - p for p, up in zip(chances, ups, strict=True)]))
            works = works_in_slot(state, ups, buffers)
            after = tuple(level + works[k] - works[k + 1] for k, level in enumerate(state))
            pair = (index[state], index[after])
            moves[pair] = moves.get(pair, 0.0) + chance
            rate_of[index[state]] += chance * works[-1]
    shares = stationary(moves, len(states))
    return float(shares @ rate_of), shares @ np.array(states, dtype=np.float64)


def works_in_slot(levels: tuple[int, ...], ups: tuple[bool, ...], buffers: tuple[int, ...]) -> list[int]:
    """Return which machines of a Bernoulli line make a part in a slot, 1 or 0 each."""
    works = [0] * len(ups)
    for k in range(len(ups) - 1, -1, -1):
        has_part = k == 0 or levels[k - 1] > 0
        has_room = k == len(ups) - 1 or levels[k] < buffers[k] or works[k + 1]
        works[k] = int(ups[k] and has_part and bool(has_room))
    return works


def gershwin_pair(failure: tuple[float, float], repair: tuple[float, float], buffer: int) -> tuple[float, float]:
    """Return throughput and mean stock of two deterministic machines with geometric failures (Gershwin 1994, ch. 3.4).

    Per slot first the machines fail (only while they work) and are repaired, then the buffer changes. The chain is
    solved as it stands.

    Examples
    --------
    >>> rate, stock = gershwin_pair((0.01, 0.01), (0.1, 0.1), 10)
    >>> round(rate, 6), round(stock, 4)
    (0.856175, 5.0)
    """
    states = [(n, a, b) for n in range(buffer + 1) for a in (0, 1) for b in (0, 1)]
    index = {state: number for number, state in enumerate(states)}
    moves, rate_of = dict[tuple[int, int], float](), np.zeros(len(states))
    for state in states:
        level, up_first, up_second = state
        fails = (failure[0] if level < buffer else 0.0, failure[1] if level > 0 else 0.0)
        for first in (0, 1):
            for second in (0, 1):
                chance = _step(up_first, first, fails[0], repair[0]) * _step(up_second, second, fails[1], repair[1])
                if chance == 0.0:
                    continue
                in_, out = first and level < buffer, second and level > 0
                after = level + int(bool(in_)) - int(bool(out))
                pair = (index[state], index[after, first, second])
                moves[pair] = moves.get(pair, 0.0) + chance
                rate_of[index[state]] += chance * bool(out)
    reached = _reached(moves, index[1 if buffer > 1 else 0, 1, 1])
    numbers = {state: k for k, state in enumerate(reached)}
    inner = {(numbers[i], numbers[j]): rate for (i, j), rate in moves.items() if i in numbers and j in numbers}
    shares = stationary(inner, len(reached))
    stock = np.array([states[state][0] for state in reached], dtype=np.float64)
    return float(shares @ rate_of[reached]), float(shares @ stock)


def gershwin_limits(failure: tuple[float, float], repair: tuple[float, float]) -> tuple[float, float]:
    """Return the throughput without any buffer (Buzacott 1967) and with an endless one."""
    without = 1.0 / (1.0 + failure[0] / repair[0] + failure[1] / repair[1])
    return without, min(r / (r + p) for p, r in zip(failure, repair, strict=True))


def exponential_pair(
    rates: tuple[float, float], failure: tuple[float, float], repair: tuple[float, float], buffer: int
) -> tuple[float, float]:
    """Return throughput and mean stock of two exponential machines that fail while working (Gershwin & Berman 1981).

    The stock, up to ``buffer``, counts the part in the second machine; blocked before service.

    Examples
    --------
    >>> rate, _ = exponential_pair((1.0, 1.0), (0.01, 0.01), (0.1, 0.1), 10)
    >>> round(rate, 6)
    0.785921
    """
    states = [(n, a, b) for n in range(buffer + 1) for a in (0, 1) for b in (0, 1)]
    index = {state: number for number, state in enumerate(states)}
    moves = dict[tuple[int, int], float]()

    def move(state: tuple[int, int, int], after: tuple[int, int, int], rate: float) -> None:
        if rate > 0.0:
            pair = (index[state], index[after])
            moves[pair] = moves.get(pair, 0.0) + rate

    for state in states:
        level, up_first, up_second = state
        if up_first and level < buffer:
            move(state, (level + 1, 1, up_second), rates[0])
            move(state, (level, 0, up_second), failure[0])
        if up_second and level > 0:
            move(state, (level - 1, up_first, 1), rates[1])
            move(state, (level, up_first, 0), failure[1])
        if not up_first:
            move(state, (level, 1, up_second), repair[0])
        if not up_second:
            move(state, (level, up_first, 1), repair[1])
    reached = _reached(moves, index[0, 1, 1])
    numbers = {state: k for k, state in enumerate(reached)}
    inner = {(numbers[i], numbers[j]): rate for (i, j), rate in moves.items() if i in numbers and j in numbers}
    shares = stationary(inner, len(reached))
    made = np.array([rates[1] * (states[k][2] and states[k][0] > 0) for k in reached])
    stock = np.array([states[state][0] for state in reached], dtype=np.float64)
    return float(shares @ made), float(shares @ stock)


def _step(before: int, after: int, failure: float, repair: float) -> float:
    up = 1.0 - failure if before else repair
    return up if after else 1.0 - up


def _reached(moves: dict[tuple[int, int], float], start: int) -> list[int]:
    following = dict[int, set[int]]()
    for i, j in moves:
        following.setdefault(i, set()).add(j)
    seen, left = {start}, [start]
    while left:
        for state in following.get(left.pop(), ()):
            if state not in seen:
                seen.add(state)
                left.append(state)
    return sorted(seen)
