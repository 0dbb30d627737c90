"""The measurement that decides an element, read as reports have it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from geometry.verdict import Outcome
from twin.report.selection import OUTCOME_RANK, share_of_limit

_RANK = {outcome.value: rank for outcome, rank in OUTCOME_RANK.items()}


def worst_of(verdict: str, measurements: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the measurement that a verdict rests on, as reports do (:func:`twin.report.selection.deciding`).

    None where every measurement passes and the verdict does not: what decides then is what was not measured.

    Parameters
    ----------
    measurements
        As in ``report.json``. They are read as they are: making values of a hundred thousand elements' takes seconds.

    Examples
    --------
    >>> near = {"verdict": "pass", "actual_mm": 7.0, "lower_mm": -8.0, "upper_mm": 8.0, "characteristic": "position"}
    >>> far = near | {"verdict": "fail", "actual_mm": -14.0, "characteristic": "level"}
    >>> worst_of("fail", [near, far])["characteristic"]
    'level'
    >>> worst_of("indeterminate", [near]) is None
    True
    """
    if not measurements:
        return None
    rank = max(_RANK[one["verdict"]] for one in measurements)
    if rank == _RANK[Outcome.PASS] and verdict != Outcome.PASS:
        return None
    severest = [one for one in measurements if _RANK[one["verdict"]] == rank]
    return severest[0] if len(severest) == 1 else max(severest, key=_share)


def _share(told: Mapping[str, Any]) -> float:
    """Return how much of its limit a measurement uses; metres, so that it is to the last bit what a report says."""
    actual, lower, upper = told["actual_mm"], told["lower_mm"], told["upper_mm"]
    if actual is None:
        return 0.0
    return share_of_limit(
        actual / 1000.0, -math.inf if lower is None else lower / 1000.0, math.inf if upper is None else upper / 1000.0
    )
