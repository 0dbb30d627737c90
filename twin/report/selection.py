"""What a report shows in full when there is too much of it: stated limits, most severe first."""

import math
from collections import Counter
from collections.abc import Iterable

from geometry.pose import Pose
from geometry.registration.result import Registration
from geometry.verdict import Measurement, Outcome
from twin.report.palette import Mark, mark_of, needs_action
from twin.result import CheckResult, ElementResult

CARD_LIMIT = 100
STOREY_LIMIT = 12
POSITION_LIMIT = 4
OUTCOME_RANK = {Outcome.FAIL: 3, Outcome.INDETERMINATE: 2, Outcome.PASS: 1, Outcome.NOT_MEASURED: 0}
"""Which outcome decides when there are several: the highest."""
_ORDER = {mark: rank for rank, mark in enumerate(Mark)}


def exceedance(measurement: Measurement) -> float:
    """Return how much of its limit a measurement uses: 1.0 = at the limit, 2.0 = twice; 0 when it was not measured.

    Examples
    --------
    >>> m = Measurement("position", 0.015, -0.010, 0.010, 0.002, Outcome.FAIL, "user")
    >>> round(exceedance(m), 3)
    1.5
    """
    return share_of_limit(measurement.actual, measurement.lower, measurement.upper)


def share_of_limit(actual: float, lower: float, upper: float) -> float:
    """Return how much of its limit a value uses, as :func:`exceedance`; infinite limits are none."""
    if not math.isfinite(actual):
        return 0.0
    middle, half = _zone(lower, upper)
    if half > 0:
        return abs(actual - middle) / half
    return math.inf if actual != middle else 0.0


def _zone(lower: float, upper: float) -> tuple[float, float]:
    """Return middle and half width of the limits; a one-sided or form limit counts from zero."""
    if not math.isfinite(lower) or (lower == 0.0 and math.isfinite(upper)):
        return 0.0, upper
    if not math.isfinite(upper):
        return 0.0, -lower
    return (lower + upper) / 2.0, (upper - lower) / 2.0


def worst(element: ElementResult) -> Measurement | None:
    """Return the measurement that decides an element, None where none does."""
    return deciding(element.verdict, element.measurements)


def deciding(verdict: Outcome, measurements: Iterable[Measurement]) -> Measurement | None:
    """Return the measurement that a verdict rests on: the most severe outcome, then the most of its limit used.

    None where every measurement passes and the verdict does not: what decides then is what was not measured, and a
    value that passes beside it would read as a pass.

    Examples
    --------
    >>> flat = Measurement("flatness", 0.001, 0.0, 0.008, 0.001, Outcome.PASS, "user")
    >>> deciding(Outcome.INDETERMINATE, [flat]) is None, deciding(Outcome.PASS, [flat]) is flat
    (True, True)
    """
    ordered = decisive_first(measurements)
    if not ordered or (verdict is not Outcome.PASS and ordered[0].outcome is Outcome.PASS):
        return None
    return ordered[0]


def unknown_characteristic(element: ElementResult) -> str:
    """Return the required characteristic that was not measured and keeps an element open, by its reason; else nothing.

    Examples
    --------
    >>> from geometry.verdict import State
    >>> left = ElementResult("id", "IfcColumn", "C", "", State.INSTALLED, Outcome.INDETERMINATE, 9, 1.0, 1.0,
    ...                      reasons=("axis_position_unknown",))
    >>> unknown_characteristic(left)
    'axis_position'
    """
    if worst(element) is not None:
        return ""
    return next((word.removesuffix("_unknown") for word in element.reasons if word.endswith("_unknown")), "")


def by_weight(element: ElementResult) -> list[Measurement]:
    """Return the measurements of an element, the one that decides first."""
    return decisive_first(element.measurements)


def decisive_first(measurements: Iterable[Measurement]) -> list[Measurement]:
    """Return measurements by the most severe outcome, then the most of their limit used."""
    return sorted(measurements, key=lambda m: (-OUTCOME_RANK[m.outcome], -exceedance(m)))


def severity(element: ElementResult) -> tuple[int, float, str]:
    """Return a sort key: missing, failing, indeterminate, not measured, passing; the farthest off first."""
    decisive = worst(element)
    return _ORDER[mark_of(element)], -(exceedance(decisive) if decisive else 0.0), element.global_id


def by_severity(result: CheckResult) -> list[int]:
    """Return the indices of all elements, most severe first."""
    return sorted(range(len(result.elements)), key=lambda i: severity(result.elements[i]))


def actionable(result: CheckResult) -> list[int]:
    """Return the indices of all failing or missing elements, most severe first."""
    return [i for i in by_severity(result) if needs_action(result.elements[i])]


def shown_cards(result: CheckResult) -> list[int]:
    """Return the indices of the elements that get a card.

    At most ``CARD_LIMIT``; missing elements take at most half of the places when failing ones need them.
    """
    rows = actionable(result)
    missing = [i for i in rows if mark_of(result.elements[i]) is Mark.MISSING]
    failing = [i for i in rows if mark_of(result.elements[i]) is not Mark.MISSING]
    places = max(CARD_LIMIT // 2, CARD_LIMIT - len(failing))
    missing = missing[:places]
    return [*missing, *failing[: CARD_LIMIT - len(missing)]]


def storeys(result: CheckResult) -> list[str]:
    """Return the storeys that have elements, by elevation, those without elevation last."""
    names = {element.storey for element in result.elements}
    return sorted(names, key=lambda name: (name == "", result.design.storeys.get(name, math.inf), name))


def shown_storeys(result: CheckResult) -> list[str]:
    """Return the storeys that get a picture: at most ``STOREY_LIMIT``, those with most to do, by elevation."""
    names = storeys(result)
    busy = Counter(element.storey for element in result.elements if needs_action(element))
    chosen = set(sorted(names, key=lambda name: (-busy[name], names.index(name)))[:STOREY_LIMIT])
    return [name for name in names if name in chosen]


def shown_positions(found: Registration) -> tuple[Pose, ...]:
    """Return the positions that a refused registration is shown in: the best, and its rivals when they compete with it.

    Where nothing fits well, the runners-up say nothing.
    """
    if found.T_design_scan is None:
        return ()
    rivals = found.rivals if found.reason == "ambiguous" else ()
    return (found.T_design_scan, *(rival.T_design_scan for rival in rivals))[:POSITION_LIMIT]
