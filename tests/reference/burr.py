"""Puzzles of unit cubes taken apart by trying everything: the slow truth beside the search for moves.

A move takes any of the pieces some whole units along an axis, as one, past all the others. The level is the least
number of moves until something is free of the rest (Cutler, "A Computer Analysis of All 6-Piece Burrs", definitions).
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, product

Cell = tuple[int, int, int]
Piece = frozenset[Cell]
STEPS: tuple[Cell, ...] = ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))


def level(pieces: Sequence[Piece], most: int = 100_000) -> tuple[int | None, int]:
    """Return the least number of moves until something is free (None: nothing ever is), and the states looked at."""
    start = tuple((0, 0, 0) for _ in pieces)
    seen, frontier, depth = {start}, [start], 0
    while frontier:
        depth += 1
        following = list[tuple[Cell, ...]]()
        for state in frontier:
            for chosen, step in _choices(len(pieces)):
                for at in _along(pieces, state, chosen, step):
                    if at is None:
                        return depth, len(seen)
                    if at not in seen:
                        seen.add(at)
                        following.append(at)
            assert len(seen) <= most
        frontier = following
    return None, len(seen)


def _choices(count: int) -> Iterator[tuple[tuple[int, ...], Cell]]:
    """Yield what may be moved: any of the pieces but the first, which the others are looked at from."""
    for size in range(1, count):
        yield from product(combinations(range(1, count), size), STEPS)


def _along(
    pieces: Sequence[Piece], state: tuple[Cell, ...], chosen: tuple[int, ...], step: Cell
) -> Iterator[tuple[Cell, ...] | None]:
    """Yield the states on the way of some pieces, unit by unit until they meet another; None at last if they do not."""
    still = {cell for k, piece in enumerate(pieces) if k not in chosen for cell in _moved(piece, state[k])}
    low = [min(cell[axis] for cell in still) for axis in range(3)]
    high = [max(cell[axis] for cell in still) for axis in range(3)]
    moving = {cell for k in chosen for cell in _moved(pieces[k], state[k])}
    places = list(state)
    while True:
        moving = _moved(moving, step)
        if moving & still:
            return
        for k in chosen:
            x, y, z = places[k]
            places[k] = (x + step[0], y + step[1], z + step[2])
        yield tuple(places)
        if any(
            min(cell[axis] for cell in moving) > high[axis] or max(cell[axis] for cell in moving) < low[axis]
            for axis in range(3)
        ):
            yield None
            return


def _moved(cells: frozenset[Cell] | set[Cell], by: Cell) -> set[Cell]:
    return {(x + by[0], y + by[1], z + by[2]) for x, y, z in cells}


STICKS = ((None, -1, 0), (None, 1, 0), (-1, 0, None), (1, 0, None), (0, None, -1), (0, None, 1))
"""Two sticks along x beside each other in y, two along z beside each other in x, two along y one on the other."""


def inner_cells() -> list[Cell]:
    """Return the 32 cubes that more than one stick could have, in the order of z, y, x."""
    sticks = [stick_cells(stick, 6) for stick in STICKS]
    cells = {cell for stick in sticks for cell in stick}
    inner = [cell for cell in cells if sum(cell in stick for stick in sticks) > 1]
    return sorted(inner, key=lambda cell: (cell[2], cell[1], cell[0]))


def six_piece_burr(code: str, length: int = 6) -> tuple[Piece, ...]:
    """Return the pieces 1 .. 6 of a six-piece burr from whom each of its 32 inner cubes belongs to, 0 to none.

    That is how Cutler's LL format can be read: in the order of z, y, x every digit of his codes is one of the two or
    three sticks that pass there (``tests/simulation/test_moves.py`` shows that no other reading has that).
    """
    inner = inner_cells()
    pieces = [stick_cells(stick, length) - set(inner) for stick in STICKS]
    for cell, digit in zip(inner, code, strict=True):
        if digit != "0":
            assert cell in stick_cells(STICKS[int(digit) - 1], length), (cell, digit)
            pieces[int(digit) - 1].add(cell)
    return tuple(frozenset(piece) for piece in pieces)


def is_whole(piece: Piece) -> bool:
    """Return whether the cubes hang together by their faces."""
    left = set(piece)
    edge = [left.pop()]
    while edge:
        x, y, z = edge.pop()
        for dx, dy, dz in STEPS:
            if (cell := (x + dx, y + dy, z + dz)) in left:
                left.remove(cell)
                edge.append(cell)
    return not left


def stick_cells(stick: tuple[int | None, int | None, int | None], length: int) -> set[Cell]:
    """Return the cubes of a whole stick: -1 and 1 are on either side of the middle, 0 about it, None is its length."""
    spans = {None: range(-length // 2, length // 2), -1: range(-2, 0), 0: range(-1, 1), 1: range(2)}
    x, y, z = (spans[one] for one in stick)
    return set(product(x, y, z))
