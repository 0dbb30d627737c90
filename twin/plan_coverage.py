"""Whether what was inspected, or checked by scan, is what a plan's item asks for: what, within which limits, how many.

A record that speaks for an item compares what both are about; what was not asked, or asked within wider limits, says
nothing.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from types import MappingProxyType
from typing import Any

from geometry.verdict import Outcome
from twin.characteristic import CharacteristicKind, InspectionCharacteristic
from twin.errors import Refused
from twin.execution_record import ElementOutcome
from twin.inspection import Inspection
from twin.inspection_lot import minimum_sample
from twin.inspection_plan import Criterion, Frequency, FrequencyKind, PlanItem

_METRES = MappingProxyType({"mm": Decimal("0.001"), "cm": Decimal("0.01"), "m": Decimal(1)})
_ROUNDING_MM = Decimal("0.0005")
"""Limits of a plan are written to the micrometre."""
_LARGEST_LOT = 3200
_WORST_FIRST = (Outcome.FAIL, Outcome.NOT_MEASURED, Outcome.INDETERMINATE, Outcome.PASS)


def answered_elements(item: PlanItem, inspection: Inspection) -> frozenset[str]:
    """Return the elements that an inspection answers for: its lot, or where each is asked for, what it looked at.

    Raises
    ------
    Refused
        If it does not ask for every characteristic of the item, within the item's limits, of as many.
    """
    for characteristic in item.characteristics:
        questions = [q for q in inspection.characteristics if q.judged and _is(q, characteristic)]
        if not questions:
            raise Refused(
                f"inspection {inspection.number} does not look at '{characteristic}', which '{item.activity}' asks for",
                missing=(f"an inspection of '{characteristic}'",),
            )
        if not any(question.required and _no_wider(question, item.criterion) for question in questions):
            raise Refused(
                f"'{questions[0].name}' of {inspection.number} accepts more than '{item.activity}' does: "
                f"inspect within {_said(item.criterion)}, as a required answer",
                missing=(f"an inspection of '{characteristic}' within {_said(item.criterion)}",),
            )
    if item.frequency.kind is FrequencyKind.EACH:
        return frozenset(inspection.sample.global_ids)
    least = least_sample(item, len(inspection.lot), inspection.quantity, inspection.unit)
    looked_at = len(inspection.sample.global_ids)
    if looked_at < least:
        raise Refused(
            f"inspection {inspection.number} looked at {looked_at} of {len(inspection.lot)}, "
            f"and '{item.activity}' asks for {least}",
            missing=(f"a sample of {least}",),
        )
    return frozenset(inspection.lot)


def checked_elements(item: PlanItem, measured: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[ElementOutcome, ...]:
    """Return what a check found of each element by the item's characteristics: the worst, and what is not there open.

    Parameters
    ----------
    measured
        GlobalId to the element's measurements, as in the check's ``report.json``.

    Raises
    ------
    Refused
        If the check measured the item's characteristics by another document or within wider limits only.
    """
    mine = [m for found in measured.values() for m in found if m["characteristic"] in item.characteristics]
    if mine and not any(_counts(item, m) for m in mine):
        raise Refused(
            f"the check judged by {mine[0]['source']} within {mine[0]['lower_mm']} .. {mine[0]['upper_mm']} mm, "
            f"and '{item.activity}' asks for {item.reference.document} within {_said(item.criterion)}: "
            "check by the same tolerances",
            missing=("a check by the same tolerances",),
        )
    return tuple(ElementOutcome(g, _outcome(item, found)) for g, found in sorted(measured.items()))


def _outcome(item: PlanItem, found: Sequence[Mapping[str, Any]]) -> Outcome:
    """Return the worst of what counts of an element; a characteristic that is not there was not measured."""
    outcomes: set[Outcome] = set()
    for characteristic in item.characteristics:
        mine = [m for m in found if m["characteristic"] == characteristic and _counts(item, m)]
        outcomes |= {Outcome(m["verdict"]) for m in mine} or {Outcome.NOT_MEASURED}
    return next(outcome for outcome in _WORST_FIRST if outcome in outcomes)


def _counts(item: PlanItem, measurement: Mapping[str, Any]) -> bool:
    """Say whether a measurement was judged by the item's document and within its limits."""
    source, limits = str(measurement["source"]), item.criterion
    if not _plain(source).startswith(_plain(item.reference.document)):
        return False
    scale = _METRES.get(limits.unit)
    if scale is None or (limits.lower is None and limits.upper is None):
        return False
    slack, to_mm = _ROUNDING_MM, scale * 1000
    lower, upper = measurement["lower_mm"], measurement["upper_mm"]
    low_enough = limits.upper is None or (upper is not None and Decimal(str(upper)) <= limits.upper * to_mm + slack)
    high_enough = limits.lower is None or (lower is not None and Decimal(str(lower)) >= limits.lower * to_mm - slack)
    return low_enough and high_enough


def _is(question: InspectionCharacteristic, characteristic: str) -> bool:
    return _plain(characteristic) in (_plain(question.name), _plain(question.id))


def _no_wider(question: InspectionCharacteristic, criterion: Criterion) -> bool:
    """Say whether a question accepts nothing that the criterion does not."""
    if criterion.lower is not None or criterion.upper is not None:
        scale = _scale(question.unit, criterion.unit)
        if question.kind is not CharacteristicKind.NUMERIC or scale is None:
            return False
        low = criterion.lower is None or (question.lower is not None and question.lower * scale >= criterion.lower)
        high = criterion.upper is None or (question.upper is not None and question.upper * scale <= criterion.upper)
        return low and high
    if criterion.answers:
        allowed = {_plain(answer) for answer in criterion.answers}
        if question.kind is CharacteristicKind.BOOLEAN:
            return ("yes" if question.expected else "no") in allowed
        return question.kind is CharacteristicKind.CHOICE and {_plain(c) for c in question.conforming} <= allowed
    return True


def _scale(unit: str, wanted: str) -> Decimal | None:
    """Return what turns ``unit`` into ``wanted``; None where they cannot be compared."""
    if unit == wanted:
        return Decimal(1)
    if unit in _METRES and wanted in _METRES:
        return _METRES[unit] / _METRES[wanted]
    return None


def least_sample(item: PlanItem, lot: int, quantity: Decimal, unit: str) -> int:
    """Return how many of a lot of ``lot`` elements, ``quantity`` in ``unit``, an item asks to look at.

    Raises
    ------
    Refused
        If the plan counts in another unit than the lot is given in.
    """
    frequency = item.frequency
    if frequency.kind is FrequencyKind.EACH:
        return lot
    if frequency.kind is FrequencyKind.PERCENT:
        return _up(frequency.amount * lot / 100)
    if frequency.kind is FrequencyKind.PER_QUANTITY:
        return min(lot, _up(_counted(frequency, quantity, unit) / frequency.amount))
    whole = len(item.global_ids)
    if not whole or lot >= whole:
        return min(lot, _up(frequency.amount))
    # a part of what the plan counted as one lot: its share, and never less than the table asks for a lot of that size
    return min(
        lot, _up(frequency.amount), max(minimum_sample(min(lot, _LARGEST_LOT)), _up(frequency.amount * lot / whole))
    )


def _counted(frequency: Frequency, quantity: Decimal, unit: str) -> Decimal:
    if unit.strip().lower() == frequency.unit.strip().lower():
        return quantity
    raise Refused(
        f"the plan counts {frequency.unit}, and the lot is counted in {unit}",
        missing=(f"the lot's quantity in {frequency.unit}",),
    )


def _up(number: Decimal) -> int:
    return max(1, int(number.to_integral_value(ROUND_CEILING)))


def _said(criterion: Criterion) -> str:
    if criterion.lower is not None or criterion.upper is not None:
        low, high = (("" if v is None else f"{v.normalize():f}") for v in (criterion.lower, criterion.upper))
        return f"{low} .. {high} {criterion.unit}".strip()
    return ", ".join(criterion.answers) or criterion.statement


def _plain(text: str) -> str:
    return " ".join(text.replace("_", " ").lower().split())
