"""Carrying out an inspection: start, read, correct, sign; its lot's quantity is :mod:`twin.inspection_quantity`."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from geometry.verdict import Outcome
from twin.access import INSPECTED_AS, REINSPECTED_AS
from twin.characteristic import CharacteristicKind, InspectionCharacteristic, Reading
from twin.errors import Conflict, IllegalTransition, Invalid, NotFound, Refused
from twin.inspection import (
    TRANSITIONS,
    Inspection,
    InspectionEvent,
    InspectionState,
)
from twin.inspection_verdict import answer_outcome
from twin.instrument import Instrument, require_calibrated
from twin.record import Actor, Id, Signature, SignatureMeaning, require_utc
from twin.signed_content import digest_of, require_covers
from twin.step import Step


@dataclass(frozen=True, slots=True)
class AnswerVerdict:
    """What one answer says, by the rule by which the whole is judged."""

    characteristic: Id
    global_id: str
    outcome: Outcome | None
    """None for notes and pictures, which decide nothing."""
    missing: tuple[str, ...] = ()
    """What is lacking before the inspection can be signed with this answer, one phrase each."""


def allowed_events(inspection: Inspection) -> tuple[InspectionEvent, ...]:
    """Return the events that exist in the present state; what each still lacks is :func:`missing_for`."""
    return tuple(event for event in InspectionEvent if (inspection.state, event) in TRANSITIONS)


def missing_for(inspection: Inspection, event: InspectionEvent, *, now: datetime) -> tuple[str, ...]:
    """Return what has to be there before ``event``, one phrase each; what its own call brings is not counted."""
    require_utc(now)
    if event is not InspectionEvent.SIGN:
        return ()
    answers = inspection.answers
    return tuple(
        phrase
        for characteristic in inspection.characteristics
        for global_id in inspection.sample.global_ids
        for phrase in _missing_answer(
            inspection, characteristic, global_id, reading=answers.get((characteristic.id, global_id))
        )
    )


def start(inspection: Inspection, instruments: tuple[Instrument, ...], *, actor: Actor, now: datetime) -> Inspection:
    """Begin, with the instruments that will be read; more can be added.

    Raises
    ------
    Refused
        If the calibration of one of them has expired.
    """
    after = _step(inspection, InspectionEvent.START, actor, now)
    for instrument in instruments:
        require_calibrated(instrument, now.date())
    return replace(after, inspector=actor.id, instruments=instruments)


def add_instrument(inspection: Inspection, instrument: Instrument, *, now: datetime) -> Inspection:
    """Add an instrument that will be read, too; an expired calibration is refused."""
    _expect_in_progress(inspection)
    require_calibrated(instrument, require_utc(now).date())
    return replace(inspection, instruments=(*inspection.instruments, instrument))


def record(inspection: Inspection, reading: Reading) -> Inspection:
    """Record an answer.

    Raises
    ------
    Conflict
        If there is one already: then it is to be corrected, with a reason.
    Refused
        If the inspection is not in progress or the instrument's calibration did not hold.
    Invalid
        If it answers another question than was asked, or about an element outside the sample.
    """
    _expect_in_progress(inspection)
    _check_reading(inspection, reading)
    if (reading.characteristic, reading.global_id) in inspection.answers:
        raise Conflict(f"{reading.global_id} has an answer already: correct it and say why")
    return replace(inspection, readings=(*inspection.readings, reading))


def correct(inspection: Inspection, reading: Reading, reason: str) -> Inspection:
    """Replace an answer before signing; ``reason`` goes to the audit trail, which keeps the old one."""
    _expect_in_progress(inspection)
    _check_reading(inspection, reading)
    old = inspection.answers.get((reading.characteristic, reading.global_id))
    if old is None:
        raise NotFound(f"{reading.global_id} has no answer yet to correct")
    if not reason.strip():
        raise Invalid("say why the answer is corrected")
    return replace(inspection, readings=tuple(reading if r is old else r for r in inspection.readings))


def judge_answer(inspection: Inspection, reading: Reading) -> AnswerVerdict:
    """Judge an answer as it would be judged if it were recorded; nothing is recorded.

    Raises
    ------
    Refused, Invalid
        As :func:`record` would, except that there may be an answer already.
    """
    _expect_in_progress(inspection)
    _check_reading(inspection, reading)
    return _said_by(inspection, reading)


def judged_answers(inspection: Inspection) -> tuple[AnswerVerdict, ...]:
    """Judge every answer there is, in the order in which they were given."""
    return tuple(_said_by(inspection, reading) for reading in inspection.readings)


def signing_digest(inspection: Inspection) -> str:
    """Return the digest that the inspector signs: everything but the state and what comes after."""
    return digest_of(inspection, without=("state", "signature", "moves", "steps"))


def sign(inspection: Inspection, signature: Signature, *, actor: Actor, now: datetime) -> Inspection:
    """Sign what was found: from here on nothing is changed any more, only inspected again.

    Raises
    ------
    Refused
        If an answer is missing without a reason, or somebody else than the inspector signs.
    """
    after = _step(inspection, InspectionEvent.SIGN, actor, now)
    require_covers(signature, signing_digest(inspection))
    if signature.signer != inspection.inspector:
        raise Refused(
            f"inspection {inspection.number} is signed by who carried it out, not by {signature.signer_name}",
            missing=("the inspector's signature",),
        )
    if signature.meaning is not SignatureMeaning.AUTHORSHIP:
        raise Refused("an inspector signs as author of the readings", missing=("authorship by signature",))
    require_suitable(inspection, signature)
    return replace(after, signature=signature)


def require_suitable(inspection: Inspection, signature: Signature, *, again: bool = False) -> None:
    """Raise :class:`Refused` for a capacity that does not inspect, or does not inspect one's own work again.

    Parameters
    ----------
    again
        It is taken as a re-inspection, though it was not planned as one.
    """
    again = again or inspection.reinspects_id is not None
    able = REINSPECTED_AS if again else INSPECTED_AS
    if signature.role not in able:
        said = "a re-inspection" if again else "an inspection"
        names = ", ".join(sorted(capacity.value.replace("_", " ") for capacity in able))
        raise Refused(
            f"{inspection.number}: {said} is not signed as {signature.role.replace('_', ' ')}, but as one of {names}",
            missing=(f"a signature on {said} in a suitable capacity",),
        )


def cancel(inspection: Inspection, reason: str, *, actor: Actor, now: datetime) -> Inspection:
    """Give it up before it is signed."""
    after = _step(inspection, InspectionEvent.CANCEL, actor, now, reason)
    if not reason.strip():
        raise Invalid("say why the inspection is cancelled")
    return after


def _step(inspection: Inspection, event: InspectionEvent, actor: Actor, now: datetime, reason: str = "") -> Inspection:
    after = TRANSITIONS.get((inspection.state, event))
    if after is None:
        possible = ", ".join(allowed_events(inspection)) or "nothing any more"
        raise IllegalTransition(f"{inspection.number} is {inspection.state} and cannot {event}: {possible}")
    missing = missing_for(inspection, event, now=now)
    if missing:
        raise Refused(f"{inspection.number} cannot {event} yet: {missing[0]} is missing", missing=missing)
    return replace(inspection, state=after, steps=(*inspection.steps, Step(event, after, actor, now, reason.strip())))


def _expect_in_progress(inspection: Inspection) -> None:
    if inspection.state is not InspectionState.IN_PROGRESS:
        raise Refused(f"{inspection.number} is {inspection.state}: answers are recorded while it is in progress")


def _said_by(inspection: Inspection, reading: Reading) -> AnswerVerdict:
    asked = inspection.characteristic(reading.characteristic)
    outcome = None
    if asked.judged:
        outcome = Outcome.FAIL if reading.serious_defect else answer_outcome(inspection, asked, reading)
    missing = _missing_answer(inspection, asked, reading.global_id, reading=reading)
    return AnswerVerdict(reading.characteristic, reading.global_id, outcome, tuple(missing))


def _missing_answer(
    inspection: Inspection, characteristic: InspectionCharacteristic, global_id: str, *, reading: Reading | None
) -> list[str]:
    if reading is None:
        return (
            [f"'{characteristic.name}' of {global_id}, or why it was not measured"] if characteristic.required else []
        )
    if characteristic.photo_on_fail and not reading.photos and characteristic.judged:
        failed = reading.serious_defect or answer_outcome(inspection, characteristic, reading) is Outcome.FAIL
        return [f"a photo of what fails in '{characteristic.name}' of {global_id}"] if failed else []
    return []


def _check_reading(inspection: Inspection, reading: Reading) -> None:
    """Refuse an answer that does not answer what was asked."""
    characteristic = inspection.characteristic(reading.characteristic)
    if reading.global_id not in inspection.sample.global_ids:
        raise Invalid(f"{reading.global_id} is not in the sample of {inspection.number}")
    if reading.instrument:
        require_calibrated(inspection.instrument(reading.instrument), reading.taken_at.date())
    given = {
        CharacteristicKind.NUMERIC: reading.number is not None,
        CharacteristicKind.BOOLEAN: reading.flag is not None,
        CharacteristicKind.CHOICE: bool(reading.choice),
        CharacteristicKind.TEXT: bool(reading.text.strip()),
        CharacteristicKind.PHOTO: bool(reading.photos),
    }
    if not given[characteristic.kind] and not reading.not_measured.strip():
        raise Invalid(
            f"'{characteristic.name}' asks for {characteristic.kind}: answer it, or say why it was not measured"
        )
    other = [k for k in (CharacteristicKind.NUMERIC, CharacteristicKind.BOOLEAN, CharacteristicKind.CHOICE) if given[k]]
    if any(kind is not characteristic.kind for kind in other):
        raise Invalid(f"'{characteristic.name}' asks for {characteristic.kind}, and this answers with {other[0]}")
    if characteristic.kind is CharacteristicKind.CHOICE and reading.choice not in ("", *characteristic.choices):
        raise Invalid(f"'{reading.choice}' is none of {', '.join(characteristic.choices)}")
    if characteristic.kind is CharacteristicKind.NUMERIC and reading.number is not None:
        _check_number(inspection, characteristic, reading, reading.number)


def _check_number(
    inspection: Inspection, characteristic: InspectionCharacteristic, reading: Reading, number: Decimal
) -> None:
    """Refuse a number without instrument or uncertainty, or finer than it can be read."""
    if not reading.instrument:
        raise Refused(f"name the instrument that '{characteristic.name}' was read from", missing=("the instrument",))
    if characteristic.resolution is not None and number % characteristic.resolution != 0:
        raise Invalid(
            f"{number} is finer than '{characteristic.name}' is read: "
            f"in steps of {characteristic.resolution} {characteristic.unit}"
        )
    instrument = inspection.instrument(reading.instrument)
    known = reading.expanded_uncertainty is not None or (
        instrument.expanded_uncertainty is not None and instrument.unit == characteristic.unit
    )
    if not known:
        raise Refused(
            f"say how uncertain '{characteristic.name}' is: {instrument} does not bring U in {characteristic.unit}",
            missing=("the expanded uncertainty",),
        )
