"""Parts that hold each other along a direction: they move together, or not at all."""

import numpy as np

from geometry.arrays import BoolArray, IntArray


def held_together(blocked: BoolArray) -> IntArray:
    """Return for each part the number of its strongly connected group; ``blocked`` (n, n): who waits for whom.

    Examples
    --------
    >>> ring = np.array([[0, 1, 0], [1, 0, 0], [1, 0, 0]], dtype=bool)
    >>> label = held_together(ring)
    >>> bool(label[0] == label[1] != label[2])
    True
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    return connected_components(csr_array(blocked), directed=True, connection="strong")[1]


def layers(blocked: BoolArray) -> IntArray | None:
    """Return for each part after how many others at least it can leave (n,); None where parts wait for each other.

    0 are those that can leave at once, 1 those that wait for these alone, and so on.
    """
    waiting, layer = blocked.copy(), np.full(len(blocked), -1, dtype=np.int64)
    for number in range(len(blocked)):
        ready = (layer < 0) & ~waiting.any(axis=1)
        if not ready.any():
            break
        layer[ready] = number
        waiting[:, ready] = False
    return None if (layer < 0).any() else layer


def smallest_group(
    blocked: BoolArray, remaining: BoolArray, barred: BoolArray, base: frozenset[int] = frozenset()
) -> tuple[int, tuple[int, ...]] | None:
    """Return the direction and the parts of the smallest group that can leave the others as one; None without any.

    Parameters
    ----------
    blocked
        (d, n, n) who stands in whose way.
    remaining
        (n,) what still stands.
    barred
        (d, n) directions that a part may not use.
    base
        Parts that stay.
    """
    rows = np.flatnonzero(remaining)
    best: tuple[int, tuple[int, ...]] | None = None
    for direction, along in enumerate(blocked):
        inside = along[np.ix_(rows, rows)]
        label = held_together(inside)
        waits = label[:, None] != label[None]
        stuck = np.zeros(int(label.max()) + 1, dtype=np.bool_)
        stuck[label[np.flatnonzero((inside & waits).any(axis=1))]] = True
        sizes = np.bincount(label)
        for group in np.flatnonzero(~stuck):
            if sizes[group] == len(rows) or (best is not None and sizes[group] >= len(best[1])):
                continue
            members = tuple(int(one) for one in rows[label == group])
            if not base.intersection(members) and not barred[direction, list(members)].any():
                best = (direction, members)
    return best
