"""Which records stay when a cloud is too large: one of every 2**level, chosen without a pattern.

Taking every k-th record would alias with the scan lines (a stride equal to the line length keeps one column). So the
records are paired, of each pair a fixed hash keeps one, the survivors are paired again, and so on: one record stays of
each run of ``2**level``, the choice depends on nothing but the record's number, and what a higher level keeps is a
part of what a lower one keeps. Therefore the result does not depend on how the file is cut into chunks, and a cloud of
unknown length can be thinned while it is read.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import IntArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # Knuth's multiplicative hash, 64 bit
_MIX = np.uint64(0xD6E8FEB86659FD93)


def kept_of_pairs(count: int, level: int) -> IntArray:
    """Return which of ``count`` survivors of ``level - 1`` survive ``level``: indices, ascending.

    Examples
    --------
    >>> kept_of_pairs(6, 1).tolist()
    [0, 2, 5]
    """
    pair = np.arange((count + 1) // 2, dtype=np.int64)
    kept = 2 * pair + _coin(pair, level)
    return kept[kept < count]


def kept_of_records(first: int, count: int, level: int) -> IntArray:
    """Return which of the records ``first .. first + count`` survive all levels up to ``level``, relative to ``first``.

    Examples
    --------
    >>> kept_of_records(0, 6, 1).tolist()
    [0, 2, 5]
    >>> kept_of_records(3, 3, 1).tolist()
    [2]
    """
    kept = np.arange(first >> level, ((first + count - 1) >> level) + 1, dtype=np.int64)
    for finer in range(level, 0, -1):
        kept = 2 * kept + _coin(kept, finer)
    return kept[(kept >= first) & (kept < first + count)] - first


def _coin(pair: NDArray[Any], level: int) -> IntArray:
    """Return 0 or 1 per pair; always 0 for the first pair, so that a station never loses its first record."""
    mixed = pair.astype(np.uint64) * _GOLDEN
    mixed ^= mixed >> np.uint64(29)
    mixed *= _MIX + np.uint64(2 * level)
    coin = (mixed >> np.uint64(63)).astype(np.int64)
    return coin
