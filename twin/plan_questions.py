"""What an inspection asks because an item of an inspection plan asks for it: same characteristics, limits, as many."""

import hashlib
from decimal import Decimal

from twin.characteristic import CharacteristicKind, InspectionCharacteristic, Weight
from twin.execution_record import PlanExecution
from twin.inspection import Inspection, PlanPin
from twin.inspection_lot import Sample, draw_sample, whole_lot
from twin.inspection_plan import FrequencyKind, PlanItem
from twin.plan_coverage import least_sample
from twin.record import Id

_STEPS = {"mm": "0.1", "cm": "0.01", "m": "0.0001"}
"""Unit -> the step in which a number is read; 0.001 where it is none of these."""
OTHER = "something else"
"""The choice that does not conform, beside those that the plan allows."""


def questions_of(item: PlanItem) -> tuple[InspectionCharacteristic, ...]:
    """Return an item's characteristics as questions, each of which every element has to pass (``Weight.MAIN``).

    A plan does not say which items are general (80 % have to pass), so none is taken for one.
    """
    return tuple(_question(f"c{n}", name, item) for n, name in enumerate(item.characteristics, 1))


def inspection_for(
    execution: PlanExecution, item: PlanItem, identifier: Id, number: str, *, quantity: Decimal | None, unit: str
) -> Inspection:
    """Return the inspection that an item, begun at a place, asks for; pinned to the issues that it began with.

    Who plans it chooses neither questions nor limits nor sample: which of the elements are drawn follows from the
    execution's identifier.

    Parameters
    ----------
    quantity, unit
        Of the lot; None for as many pieces as it has elements.

    Raises
    ------
    Refused
        If the plan asks for one per so much of something, and the lot is not given in that.
    """
    lot = execution.global_ids
    much, of = (Decimal(len(lot)), "pcs") if quantity is None else (quantity, unit)
    pin = PlanPin(execution.plan, execution.plan_revision, execution.item, execution.model_revision)
    title = f"{execution.activity}, {execution.zone}" if execution.zone else execution.activity
    return Inspection(
        id=identifier, project=execution.project, number=number, title=title, lot=lot, quantity=much, unit=of,
        sample=_sample(execution, item, least_sample(item, len(lot), much, of)), characteristics=questions_of(item),
        pin=pin,
    )  # fmt: skip


def _sample(execution: PlanExecution, item: PlanItem, size: int) -> Sample:
    if item.frequency.kind is FrequencyKind.EACH or size >= len(execution.global_ids):
        return whole_lot(execution.global_ids)
    seed = int.from_bytes(hashlib.sha256(execution.id.encode()).digest()[:4]) >> 1
    source = item.frequency.source or f"{execution.plan_number} rev {execution.plan_revision}, '{execution.activity}'"
    return draw_sample(execution.global_ids, size, seed=seed, source=source)


def _question(identifier: Id, name: str, item: PlanItem) -> InspectionCharacteristic:
    limits, reference = item.criterion, item.reference
    source = ", ".join(part for part in (reference.document, reference.revision, reference.clause) if part)
    if limits.lower is not None or limits.upper is not None:
        return InspectionCharacteristic(
            identifier, name, CharacteristicKind.NUMERIC, Weight.MAIN, source, limits.lower, limits.upper, limits.unit,
            Decimal(_STEPS.get(limits.unit, "0.001")),
        )  # fmt: skip
    answers = tuple(dict.fromkeys(limits.answers))
    if [answer.strip().lower() for answer in answers] in (["yes"], ["no"]):
        wanted = answers[0].strip().lower() == "yes"
        return InspectionCharacteristic(
            identifier, name, CharacteristicKind.BOOLEAN, Weight.MAIN, source, expected=wanted
        )
    if answers:
        return InspectionCharacteristic(
            identifier, name, CharacteristicKind.CHOICE, Weight.MAIN, source, choices=(*answers, OTHER),
            conforming=answers,
        )  # fmt: skip
    said = f"{source}: {limits.statement.strip()}" if source else limits.statement.strip()
    return InspectionCharacteristic(identifier, name, CharacteristicKind.BOOLEAN, Weight.MAIN, said)
