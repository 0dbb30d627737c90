"""Something of all pairs of solids: here, or shared out to copies of this process where there is much to do.

Intersecting solids holds Python's lock, so threads would take turns.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from geometry.arrays import IntArray
from geometry.shared_out import shared_out
from simulation.assembly.solid import Solid

Pair = tuple[Solid, Solid]
T = TypeVar("T")

_MUCH, _PER_PAIR = 400_000, 100
"""Faces of all pairs from which on it is worth copying the process, and as many as a pair takes at least."""
_PORTIONS = 12
"""For each copy: enough that all end at about the same time."""


def of_all_pairs(
    work: Callable[[Pair], T], pairs: Sequence[Pair], *, workers: int, progress: Callable[[float], None]
) -> list[T]:
    """Return ``work(pair)`` of each pair, in order.

    Parameters
    ----------
    work
        Of one pair, and of nothing that was done before.
    workers
        How many pairs at a time, where there are many.
    progress
        Told the share done.
    """
    weights = np.array([len(first.faces) + len(second.faces) + _PER_PAIR for first, second in pairs], dtype=np.int64)
    portions = _portions(pairs, weights, _PORTIONS * workers)
    made, total = dict[int, list[T]](), max(int(weights.sum()), 1)
    done = 0

    def work_through(portion: int) -> list[T]:
        return [work(pairs[row]) for row in portions[portion]]

    def tell(portion: int) -> None:
        nonlocal done
        done += int(weights[portions[portion]].sum())
        progress(done / total)

    if workers > 1 and total >= _MUCH:
        made = shared_out(work_through, len(portions), workers, tell)
    for portion in range(len(portions)):
        if portion not in made:  # also what a copy died of: then it shows here
            made[portion] = work_through(portion)
            tell(portion)
    found: list[Any] = [None] * len(pairs)
    for portion, rows in enumerate(portions):
        for row, one in zip(rows, made[portion], strict=True):
            found[row] = one
    return found


def _portions(pairs: Sequence[Pair], weights: IntArray, count: int) -> list[IntArray]:
    """Return the rows of the pairs in portions of about the same weight, what is beside each other together."""
    if not pairs:
        return []
    middles = np.array([first.bounds[0] + second.bounds[1] for first, second in pairs])
    order = np.argsort(middles[:, int(np.argmax(np.ptp(middles, axis=0)))], kind="stable")
    gone = np.cumsum(weights[order])
    cuts = np.searchsorted(gone, gone[-1] * np.arange(1, count) / count)
    return [rows for rows in np.split(order, cuts) if len(rows)]
