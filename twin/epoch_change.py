"""What became of one element from one scan to a later one: never from missing data, a movement only beyond its U.

Both scans say what they saw themselves; what is merely known from before is no ground for a change.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist
from typing import Any

from geometry.verdict import Outcome
from twin.element_state import Seen
from twin.revision_diff import Change

Requirement = tuple[str, str, str, str]
"""Characteristic, source, part and direction: what a measurement answers to."""
_THERE = frozenset({Seen.PASSED, Seen.FAILED, Seen.IN_DOUBT, Seen.UNJUDGED})
_DECIDED = frozenset({Seen.PASSED, Seen.FAILED})
_AS_DESIGNED = frozenset({Change.NONE, Change.PROPERTIES})
COVERAGE = 0.9545
"""Of a movement's expanded uncertainty: k = 2 along one axis."""
FACTORS = {axes: NormalDist().inv_cdf(1.0 - (1.0 - COVERAGE) / (2 * axes)) for axes in (1, 2, 3)}
"""Number of axes -> k, so that all together are covered."""


class EpochChange(StrEnum):
    """What became of an element."""

    BUILT = "built"
    """Seen to be absent before, and to be there now."""
    BUILT_FAILING = "built_failing"
    """Built, and out of tolerance."""
    NEWLY_FAILING = "newly_failing"
    """Something fails that passed before by the same limits."""
    REPAIRED = "repaired"
    """All that failed before passes by the same limits."""
    GONE = "gone"
    """There before, and seen to be absent now."""
    MOVED = "moved"
    """Beyond the expanded uncertainty of both measurements together; nothing of the above."""
    NONE = "none"
    """No change was found."""
    NOT_COMPARABLE = "not_comparable"
    """At least one of the scans does not tell."""


class Why(StrEnum):
    """Why two scans cannot be compared in an element."""

    UNSEEN_BEFORE = "unseen_before"
    UNSEEN_AFTER = "unseen_after"
    UNSEEN_BOTH = "unseen_both"
    DESIGN_SUSPECT = "design_suspect"
    """The design's own shape cannot be trusted."""
    DESIGN_CHANGED = "design_changed"
    """The shape that it was compared with is another one, or nobody knows that it is the same."""
    NOT_IN_DESIGN_BEFORE = "not_in_design_before"
    NOT_IN_DESIGN_AFTER = "not_in_design_after"
    UNDECIDED_BEFORE = "undecided_before"
    UNDECIDED_AFTER = "undecided_after"
    OTHER_REQUIREMENTS = "other_requirements"
    """What decides the one verdict was not judged by the same limits for the other."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one scan's check says of an element."""

    seen: Seen
    measurements: Sequence[Mapping[str, Any]]
    """As in ``report.json``."""
    pose: Mapping[str, Any] | None
    """As in ``report.json``; None where it has none, or its uncertainty lacks the registration's."""


@dataclass(frozen=True, slots=True)
class Move:
    """How far an element is from where it was, millimetres."""

    by_mm: tuple[float | None, float | None, float | None]
    """Along the design's axes; None where one of the scans does not show it."""
    length_mm: float
    uncertainty_mm: float
    """U of the length along its direction, of both measurements together, 95 %."""

    @property
    def is_beyond(self) -> bool:
        """Whether it is more than its uncertainty."""
        return self.length_mm > self.uncertainty_mm


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one element."""

    change: EpochChange
    why: Why | None = None
    """Only of what is not comparable."""
    move: Move | None = None
    """Wherever both scans show its place."""


def difference(before: Look | None, after: Look | None, design: Change | None = Change.NONE) -> Difference:
    """Return what became of an element from one scan to a later one.

    Parameters
    ----------
    before, after
        None where the design that was checked does not have it.
    design
        What the design did to it between the revisions that the scans were checked against; None when not known.

    Examples
    --------
    >>> difference(Look(Seen.ABSENT, (), None), Look(Seen.PASSED, (), None)).change.value
    'built'
    >>> difference(Look(Seen.NOT_SEEN, (), None), Look(Seen.PASSED, (), None)).why.value
    'unseen_before'
    """
    if before is None or after is None:
        return _incomparable(Why.NOT_IN_DESIGN_BEFORE if before is None else Why.NOT_IN_DESIGN_AFTER)
    blind = _unseen(before.seen, after.seen)
    if blind is not None:
        return _incomparable(blind)
    if design not in _AS_DESIGNED:
        return _incomparable(Why.DESIGN_CHANGED)
    was, now = before.seen in _THERE, after.seen in _THERE
    if was and now:
        return standing(before, after, moved(before.pose, after.pose))
    if now:
        return Difference(EpochChange.BUILT_FAILING if after.seen is Seen.FAILED else EpochChange.BUILT)
    return Difference(EpochChange.GONE if was else EpochChange.NONE)


def _unseen(before: Seen, after: Seen) -> Why | None:
    if Seen.SUSPECT in (before, after):
        return Why.DESIGN_SUSPECT
    if before is Seen.NOT_SEEN:
        return Why.UNSEEN_BOTH if after is Seen.NOT_SEEN else Why.UNSEEN_BEFORE
    return Why.UNSEEN_AFTER if after is Seen.NOT_SEEN else None


def is_standing(before: Seen | None, after: Seen | None, design: Change | None) -> bool:
    """Say whether an element was there both times and its design is the same: then measurements and poses decide."""
    return before in _THERE and after in _THERE and design in _AS_DESIGNED


def standing(before: Look, after: Look, move: Move | None) -> Difference:
    """Return what became of an element that was there both times, and how far it moved.

    Measurements decide only where one fails now, or where all failed ones pass now.
    """
    was, now = _by_requirement(before.measurements), _by_requirement(after.measurements)
    if any(_turned(now[asked], was.get(asked)) for asked in now):
        return Difference(EpochChange.NEWLY_FAILING, move=move)
    failed = [asked for asked, told in was.items() if _worst(told) is Outcome.FAIL]
    if before.seen is Seen.FAILED and after.seen is Seen.PASSED and failed:
        if all(_turned(was[asked], now.get(asked)) for asked in failed):
            return Difference(EpochChange.REPAIRED, move=move)
    if move is not None and move.is_beyond:
        return Difference(EpochChange.MOVED, move=move)
    decided = before.seen in _DECIDED, after.seen in _DECIDED
    if decided == (True, True):
        same = before.seen is after.seen
        return Difference(EpochChange.NONE, move=move) if same else _incomparable(Why.OTHER_REQUIREMENTS, move)
    if any(decided):
        return _incomparable(Why.UNDECIDED_AFTER if decided[0] else Why.UNDECIDED_BEFORE, move)
    return Difference(EpochChange.NONE, move=move)


def _incomparable(why: Why, move: Move | None = None) -> Difference:
    return Difference(EpochChange.NOT_COMPARABLE, why, move)


Judged = tuple[Outcome, Any, Any]


def _by_requirement(measurements: Sequence[Mapping[str, Any]]) -> dict[Requirement, list[Judged]]:
    found: dict[Requirement, list[Judged]] = {}
    for one in measurements:
        asked = one["characteristic"], one["source"], one.get("part_id", ""), one.get("direction", "")
        found.setdefault(asked, []).append((Outcome(one["verdict"]), one["lower_mm"], one["upper_mm"]))
    return found


def _worst(told: Sequence[Judged]) -> Outcome:
    outcomes = {outcome for outcome, _, _ in told}
    return (
        Outcome.FAIL
        if Outcome.FAIL in outcomes
        else next(iter(outcomes))
        if len(outcomes) == 1
        else Outcome.NOT_MEASURED
    )


def _turned(failing: Sequence[Judged], passing: Sequence[Judged] | None) -> bool:
    """Say whether the one fails and the other passes, by the same limits."""
    if passing is None or _worst(failing) is not Outcome.FAIL or _worst(passing) is not Outcome.PASS:
        return False
    one, other = ([(lower, upper) for _, lower, upper in told] for told in (failing, passing))
    return one == other or sorted(one, key=repr) == sorted(other, key=repr)


def moved(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Move | None:
    """Return how far an element is from where it was; None where the scans show no direction in common.

    Only the axes that both show count. Variances of both add up. How the axes' errors go together is not kept, so the
    uncertainty along the movement is the largest that any correlation allows, k |n| . u, with k widened for the number
    of axes (Bonferroni): an element that did not move is said to have moved in at most 5 of 100 cases.

    Examples
    --------
    >>> pose = {"translation_mm": [0.0, 0.0, None], "uncertainty_mm": [3.0, 3.0, None], "coverage_factor": 2.0}
    >>> after = pose | {"translation_mm": [9.0, 0.0, None]}
    >>> move = moved(pose, after)
    >>> move.length_mm, round(move.uncertainty_mm, 2), move.is_beyond
    (9.0, 4.83, True)
    """
    if before is None or after is None:
        return None
    by = tuple(_along(before, after, axis) for axis in range(3))
    known = [one for one in by if one is not None]
    if not known:
        return None
    length = math.hypot(*(shift for shift, _ in known))
    k = FACTORS[len(known)]
    if length == 0.0:
        spread = max(u for _, u in known)
    else:
        spread = sum(abs(shift) / length * u for shift, u in known)
    x, y, z = (None if one is None else round(one[0], 3) for one in by)
    return Move((x, y, z), round(length, 3), round(k * spread, 3))


def _along(before: Mapping[str, Any], after: Mapping[str, Any], axis: int) -> tuple[float, float] | None:
    """Return shift and its standard uncertainty along an axis; None where either scan does not show it."""
    shifts, variance = [before["translation_mm"][axis], after["translation_mm"][axis]], 0.0
    for pose in (before, after):
        expanded = pose["uncertainty_mm"][axis]
        if expanded is None or not expanded > 0.0:
            return None  # nobody knows a place without any uncertainty
        variance += (expanded / pose.get("coverage_factor", 2.0)) ** 2
    if None in shifts:
        return None
    return shifts[1] - shifts[0], math.sqrt(variance)
