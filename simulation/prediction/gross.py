"""Values so far off all others that they tell nothing of how these scatter: a slip, a wrong part, another process."""

import numpy as np

from geometry.arrays import BoolArray, FloatArray

_ALPHA = 1e-4
"""Chance of calling a value of a normal sample far off."""
_LEAST = 6.0
"""Spreads of the others that it lies off at least: long tails alone are nothing odd."""
_MOST = 1.0 / 3.0
"""Share of the values that can be far off; of more, they are the rule."""


def gross(deviations: FloatArray, u: FloatArray) -> BoolArray:
    """Return which deviations (n,) from what is usual are far off all others, (n,).

    Generalised extreme studentised deviates (Rosner 1983), each value by the spread of those that are less far off, so
    that two far-off values do not hide each other; a spread is no less than the gauge's own, from u (n,).

    Examples
    --------
    >>> gross(np.array([153.8, 0.1, -0.3, 0.2, 0.4]), np.full(5, 0.5)).tolist()
    [True, False, False, False, False]
    >>> gross(np.array([1.5, 0.1, -0.3, 0.2, 0.4]), np.full(5, 0.5)).any()
    np.False_
    """
    from scipy.special import stdtrit

    n, found = len(deviations), np.zeros(len(deviations), dtype=np.bool_)
    order = np.argsort(-np.abs(deviations), kind="stable")
    floor = float(np.mean(u**2)) if n else 0.0
    for taken in range(1, int(n * _MOST) + 1):
        rest = deviations[order[taken:]]
        left = len(rest)
        if left < 2:
            break
        spread = np.sqrt(max(float(rest.var(ddof=1)), floor) * (1.0 + 1.0 / left))
        limit = max(_LEAST, float(stdtrit(left - 1, 1.0 - 0.5 * _ALPHA / (left + 1)))) * spread
        if abs(deviations[order[taken - 1]] - float(rest.mean())) > limit:
            found[order[:taken]] = True
    return found
