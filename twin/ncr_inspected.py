"""What a signed inspection says of what was corrected under a nonconformance record, question by question."""

from collections.abc import Iterable

from geometry.verdict import Outcome
from twin.characteristic import CharacteristicKind, InspectionCharacteristic, Reading
from twin.inspection import Inspection
from twin.inspection_verdict import answer_outcome, outcomes_by_element, verdict
from twin.ncr_criteria import CheckedCharacteristic, CheckedElement, words
from twin.ncr_parts import Equivalence
from twin.ncr_record import NonConformance

NO_SERIOUS_DEFECT = "{name}: no serious defect"
"""The requirement that a seriously defective element violated, whatever was read."""


def inspected_elements(
    ncr: NonConformance, inspection: Inspection, first: str = "", alike: Iterable[Equivalence] = ()
) -> dict[str, CheckedElement]:
    """Return what an inspection says of each element, and of each line of material without elements.

    Parameters
    ----------
    first
        Number of the inspection that the record was raised from; "" for none. Questions without a clause go by it.
    alike
        What people say that questions ask for under other words.
    """
    same = tuple(alike)
    made_for_it = inspection.reinspects_id in (ncr.id, ncr.inspection)
    unnamed = first if first and made_for_it else inspection.number
    found: dict[str, CheckedElement] = {}
    for global_id, outcome in outcomes_by_element(inspection).items():
        said: list[CheckedCharacteristic] = []
        for question in inspection.characteristics:
            reading = inspection.answers.get((question.id, global_id))
            if question.judged and reading is not None:
                said += _answered(inspection, question, reading, unnamed, same)
        found[global_id] = CheckedElement(global_id, outcome, tuple(said))
    lines = [line.id for line in ncr.corrections if not line.global_ids]
    return found | {line: _whole(line, inspection, unnamed, same) for line in lines}


def by_repair_criteria(
    inspection: Inspection, about: str, repair_criteria: str, alike: Iterable[Equivalence] = ()
) -> Outcome:
    """Return what an inspection says by the criteria of a repair: nothing unless a judged question names them.

    A question names them by its clause, as far as it goes: ``RP-3`` of ``RP-3 4.2``; or a person says that it does.
    """
    asked = words(repair_criteria)
    called = {e.question for e in alike if words(e.clause) == asked}
    named = [q for q in inspection.characteristics if q.judged and (q.id in called or _within(words(q.source), asked))]
    if not named:
        return Outcome.NOT_MEASURED
    return outcomes_by_element(inspection).get(about, verdict(inspection).outcome)


def _answered(
    inspection: Inspection,
    question: InspectionCharacteristic,
    reading: Reading,
    unnamed: str,
    alike: tuple[Equivalence, ...],
) -> list[CheckedCharacteristic]:
    outcome = answer_outcome(inspection, question, reading)
    numeric = question.kind is CharacteristicKind.NUMERIC
    own = inspection.instrument(reading.instrument) if reading.instrument else None
    instrument = own.expanded_uncertainty if own is not None and own.unit == question.unit else None
    uncertainty = reading.expanded_uncertainty if reading.expanded_uncertainty is not None else instrument
    names = _names(question, unnamed, alike)
    said = [
        CheckedCharacteristic(
            characteristic, clause, outcome, reading.number, question.lower, question.upper, uncertainty, question.unit
        )
        for characteristic, clause in names
        if numeric
    ]
    if not numeric:
        # who says that a question asks whether an element is there answers in that requirement's unit
        said = [CheckedCharacteristic(n, c, outcome, unit=unit) for n, c in names for unit in ("conforming", "element")]
    sound = Outcome.FAIL if reading.serious_defect else Outcome.PASS
    if outcome is not Outcome.NOT_MEASURED or reading.serious_defect:
        said += [CheckedCharacteristic(NO_SERIOUS_DEFECT.format(name=n), c, sound, unit="yes") for n, c in names]
    return said


def _whole(line: str, inspection: Inspection, unnamed: str, alike: tuple[Equivalence, ...]) -> CheckedElement:
    """Return what an inspection says of a lot as a whole."""
    judged = verdict(inspection)
    said: list[CheckedCharacteristic] = []
    for one in judged.characteristics:
        question = inspection.characteristic(one.characteristic)
        unit = question.unit if question.kind is CharacteristicKind.NUMERIC else "conforming"
        for name, clause in _names(question, unnamed, alike):
            limits = (question.lower, question.upper)
            said.append(CheckedCharacteristic(name, clause, one.outcome, None, *limits, unit=unit))
            sound = Outcome.FAIL if one.serious else Outcome.PASS
            said.append(CheckedCharacteristic(NO_SERIOUS_DEFECT.format(name=name), clause, sound, unit="yes"))
    return CheckedElement(line, judged.outcome, tuple(said))


def _names(question: InspectionCharacteristic, unnamed: str, alike: tuple[Equivalence, ...]) -> list[tuple[str, str]]:
    said = [(e.characteristic, e.clause) for e in alike if e.question == question.id]
    return [(question.name, question.source or unnamed), *said]


def _within(part: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    """Say whether some words stand within others, one after the other."""
    return bool(part) and any(whole[i : i + len(part)] == part for i in range(len(whole)))
