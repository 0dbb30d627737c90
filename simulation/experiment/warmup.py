"""Where the start of a run ends to be felt."""

import numpy as np

from geometry.arrays import FloatArray

_SAME = 1e-12
"""Share of a series below which its values are the same."""


def mser(series: FloatArray, batch: int = 5) -> int:
    """Return how many values of a series to leave out at its start, by MSER-5.

    The cut that makes the standard error of what is left smallest, among batches of ``batch`` and within the first half
    (White 1997, Simulation 69; White, Cobb & Spratt 2000).

    Examples
    --------
    >>> mser(np.array([9.0] * 10 + [0.0, 1.0] * 45))
    10
    """
    count = len(series) // batch
    if count < 4:
        return 0
    means = series[: count * batch].reshape(count, batch).mean(axis=1)
    if np.ptp(means) <= _SAME * np.abs(means).max():
        return 0  # what rounding alone makes differ has no start
    means = means - means.mean()  # squares of what is far from zero would leave no digits for the spread
    left = count - np.arange(count // 2)
    sums = means.sum() - np.concatenate([[0.0], np.cumsum(means)[: len(left) - 1]])
    squares = (means**2).sum() - np.concatenate([[0.0], np.cumsum(means**2)[: len(left) - 1]])
    spread = np.maximum(squares - sums**2 / left, 0.0) / left**2
    return int(np.argmin(spread)) * batch


def batch_means(series: FloatArray, batches: int = 20) -> FloatArray:
    """Return the means of ``batches`` equal stretches of a series; what is left over at its start is dropped."""
    size = len(series) // batches
    if size < 1:
        raise ValueError(f"{len(series)} values do not make {batches} batches")
    return series[len(series) - size * batches :].reshape(batches, size).mean(axis=1)
