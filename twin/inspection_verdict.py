"""The verdict of an inspection, from its answers alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from geometry.verdict import Outcome
from twin.characteristic import InspectionCharacteristic, Reading, Weight, judge_reading
from twin.inspection import GeneralRule, Inspection
from twin.inspection_lot import acceptance_number
from twin.record import Id

_WORST_FIRST = (Outcome.FAIL, Outcome.NOT_MEASURED, Outcome.INDETERMINATE, Outcome.PASS)


@dataclass(frozen=True, slots=True)
class CharacteristicVerdict:
    """How the sample did in one characteristic."""

    characteristic: Id
    weight: Weight
    outcome: Outcome
    passed: int
    failed: int
    indeterminate: int
    not_measured: int
    serious: int
    """Of any outcome, those marked as seriously defective."""

    @property
    def total(self) -> int:
        """How many elements it was asked of."""
        return self.passed + self.failed + self.indeterminate + self.not_measured


@dataclass(frozen=True, slots=True)
class InspectionVerdict:
    """The verdict and what it rests on."""

    outcome: Outcome
    characteristics: tuple[CharacteristicVerdict, ...]


def verdict(inspection: Inspection) -> InspectionVerdict:
    """Judge the lot: as bad as its worst characteristic.

    A characteristic that is not required counts only where it was answered at all.
    """
    answers = inspection.answers
    answered = {characteristic for characteristic, _ in answers}
    found = tuple(
        _judged(inspection, characteristic, answers)
        for characteristic in inspection.characteristics
        if characteristic.judged and (characteristic.required or characteristic.id in answered)
    )
    outcomes = {each.outcome for each in found}
    return InspectionVerdict(next((o for o in _WORST_FIRST if o in outcomes), Outcome.NOT_MEASURED), found)


def outcomes_by_element(inspection: Inspection) -> Mapping[str, Outcome]:
    """Return what was found of each element of the sample: as bad as its worst answer.

    A question that is not required counts only where it was answered.
    """
    answers = inspection.answers
    found: dict[str, Outcome] = {}
    for global_id in inspection.sample.global_ids:
        outcomes: set[Outcome] = set()
        for characteristic in inspection.characteristics:
            reading = answers.get((characteristic.id, global_id))
            if characteristic.judged and (characteristic.required or reading is not None):
                serious = reading is not None and reading.serious_defect
                outcomes.add(Outcome.FAIL if serious else answer_outcome(inspection, characteristic, reading))
        found[global_id] = next((o for o in _WORST_FIRST if o in outcomes), Outcome.NOT_MEASURED)
    return found


def answer_outcome(
    inspection: Inspection, characteristic: InspectionCharacteristic, reading: Reading | None
) -> Outcome:
    """Judge one answer, with the uncertainty of the instrument that was read."""
    own = inspection.instrument(reading.instrument) if reading and reading.instrument else None
    usable = own is not None and own.unit == characteristic.unit
    return judge_reading(characteristic, reading, own.expanded_uncertainty if own and usable else None)


def _judged(
    inspection: Inspection, characteristic: InspectionCharacteristic, answers: Mapping[tuple[Id, str], Reading]
) -> CharacteristicVerdict:
    readings = [answers.get((characteristic.id, global_id)) for global_id in inspection.sample.global_ids]
    outcomes = [answer_outcome(inspection, characteristic, reading) for reading in readings]
    counts = CharacteristicVerdict(
        characteristic=characteristic.id,
        weight=characteristic.weight,
        outcome=Outcome.NOT_MEASURED,
        passed=outcomes.count(Outcome.PASS),
        failed=outcomes.count(Outcome.FAIL),
        indeterminate=outcomes.count(Outcome.INDETERMINATE),
        not_measured=outcomes.count(Outcome.NOT_MEASURED),
        serious=sum(reading is not None and reading.serious_defect for reading in readings),
    )
    return _with_outcome(counts, _allowed_failures(inspection, characteristic, len(readings)))


def _allowed_failures(inspection: Inspection, characteristic: InspectionCharacteristic, asked: int) -> int:
    """Return how many may not conform."""
    if characteristic.weight is Weight.MAIN:
        return 0
    if inspection.general_rule is GeneralRule.COUNT:
        return acceptance_number(asked)
    return asked // 5  # at least 80 % conform


def _with_outcome(counts: CharacteristicVerdict, allowed: int) -> CharacteristicVerdict:
    """Return the counts with the outcome that they have whatever the open ones turn out to be, or else the open one."""
    if counts.serious or counts.failed > allowed:
        outcome = Outcome.FAIL
    elif counts.not_measured:
        outcome = Outcome.NOT_MEASURED
    elif counts.failed + counts.indeterminate > allowed:
        outcome = Outcome.INDETERMINATE
    else:
        outcome = Outcome.PASS
    return replace(counts, outcome=outcome)
