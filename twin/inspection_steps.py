"""Carrying out an inspection: start, read, sign, decide on the quantity, inspect again."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from geometry.verdict import Outcome
from twin.characteristic import CharacteristicKind, InspectionCharacteristic, Reading
from twin.errors import Conflict, IllegalTransition, Invalid, NotFound, Refused
from twin.inspection import (
    TRANSITIONS,
    Basis,
    GeneralRule,
    Inspection,
    InspectionEvent,
    InspectionState,
    MoveKind,
    QuantityMove,
)
from twin.inspection_lot import whole_lot
from twin.inspection_verdict import answer_outcome, verdict
from twin.instrument import Instrument, require_calibrated
from twin.record import Actor, Id, Signature, SignatureMeaning, require_utc
from twin.signed_content import digest_of, require_covers
from twin.step import Step


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
    return replace(after, signature=signature)


def cancel(inspection: Inspection, reason: str, *, actor: Actor, now: datetime) -> Inspection:
    """Give it up before it is signed."""
    after = _step(inspection, InspectionEvent.CANCEL, actor, now, reason)
    if not reason.strip():
        raise Invalid("say why the inspection is cancelled")
    return after


def count_quantity(inspection: Inspection, quantity: Decimal, *, actor: Actor, now: datetime) -> Inspection:
    """Record how much more of the lot was looked at."""
    if inspection.state not in (InspectionState.IN_PROGRESS, InspectionState.SIGNED):
        raise _not_now(inspection, "looked at")
    return _move(inspection, QuantityMove(MoveKind.INSPECTED, quantity, actor.id, now))


def accept_quantity(
    inspection: Inspection, quantity: Decimal, basis: Basis, *, actor: Actor, now: datetime, basis_id: Id = ""
) -> Inspection:
    """Accept some of the lot, on the verdict, or on what made good for it.

    Only a quantity is ever held back, never the document (a delivery with rejects can still be booked).

    Raises
    ------
    Refused
        If the inspection is not signed, the verdict is no pass, or the other basis is not named.
    """
    _expect_signed(inspection, "accepted")
    if basis is Basis.VERDICT:
        found = verdict(inspection).outcome
        if found is not Outcome.PASS:
            raise Refused(
                f"the verdict of {inspection.number} is {found}: accept on a passing re-inspection, a concession "
                "or a closed NCR, or reject",
                missing=("a passing verdict",),
            )
    elif basis is Basis.REINSPECTION:
        raise Refused("accept on the re-inspection itself: it has to have passed", missing=("the re-inspection",))
    elif not basis_id:
        raise Refused(f"name the {basis.value.replace('_', ' ')} that it rests on", missing=(basis.value,))
    return _move(inspection, QuantityMove(MoveKind.ACCEPTED, quantity, actor.id, now, basis, basis_id))


def accept_on_reinspection(
    inspection: Inspection, again: Inspection, quantity: Decimal, *, actor: Actor, now: datetime
) -> Inspection:
    """Accept what passed when it was inspected again.

    Raises
    ------
    Refused
        If ``again`` is not a signed, passing re-inspection of this one, or covers less than ``quantity``.
    """
    _expect_signed(inspection, "accepted")
    if again.reinspects_id != inspection.id:
        raise Refused(f"{again.number} does not inspect {inspection.number} again", missing=("its re-inspection",))
    _expect_signed(again, "accepted")
    found = verdict(again).outcome
    if found is not Outcome.PASS:
        raise Refused(f"the re-inspection {again.number} is {found}", missing=("a passing re-inspection",))
    used = sum((m.quantity for m in inspection.moves if m.basis_id == again.id), Decimal(0))
    if used + quantity > again.quantity:
        raise Refused(f"{again.number} covers {again.quantity} {again.unit}, of which {used} are accepted already")
    move = QuantityMove(MoveKind.ACCEPTED, quantity, actor.id, now, Basis.REINSPECTION, again.id)
    return _move(inspection, move)


def reject_quantity(
    inspection: Inspection, quantity: Decimal, reason: str, *, actor: Actor, now: datetime
) -> Inspection:
    """Reject some of the lot."""
    _expect_signed(inspection, "rejected")
    if not reason.strip():
        raise Invalid("say why it is rejected")
    return _move(inspection, QuantityMove(MoveKind.REJECTED, quantity, actor.id, now, reason=reason))


def restore_quantity(inspection: Inspection, quantity: Decimal, ncr: Id, *, actor: Actor, now: datetime) -> Inspection:
    """Make some of what was rejected pending again, because it was reworked under an NCR."""
    _expect_signed(inspection, "pending again")
    if not ncr:
        raise Refused("name the NCR under which it was reworked", missing=("the NCR",))
    return _move(inspection, QuantityMove(MoveKind.RESTORED, quantity, actor.id, now, basis_id=ncr))


def inspect_again(
    inspection: Inspection, new_id: Id, number: str, global_ids: Collection[str], quantity: Decimal
) -> Inspection:
    """Return a new inspection of some elements of a signed one, by the original criteria, of every one of them.

    Raises
    ------
    Refused
        If the original is not signed.
    Invalid
        If an element is not of its lot, or the quantity is more than that of the lot.
    """
    _expect_signed(inspection, "inspected again")
    foreign = sorted(set(global_ids) - set(inspection.lot))
    if foreign:
        raise Invalid(f"{foreign[0]} is not in the lot of {inspection.number}")
    if quantity > inspection.quantity:
        raise Invalid(f"{quantity} {inspection.unit} are more than the lot of {inspection.number}")
    sample = whole_lot(global_ids)
    return Inspection(
        id=new_id,
        project=inspection.project,
        number=number,
        title=inspection.title,
        lot=sample.global_ids,
        quantity=quantity,
        unit=inspection.unit,
        sample=sample,
        characteristics=inspection.characteristics,
        pin=inspection.pin,
        general_rule=GeneralRule.SHARE,
        reinspects_id=inspection.id,
    )


def _step(inspection: Inspection, event: InspectionEvent, actor: Actor, now: datetime, reason: str = "") -> Inspection:
    after = TRANSITIONS.get((inspection.state, event))
    if after is None:
        possible = ", ".join(allowed_events(inspection)) or "nothing any more"
        raise IllegalTransition(f"{inspection.number} is {inspection.state} and cannot {event}: {possible}")
    missing = missing_for(inspection, event, now=now)
    if missing:
        raise Refused(f"{inspection.number} cannot {event} yet: {missing[0]} is missing", missing=missing)
    return replace(inspection, state=after, steps=(*inspection.steps, Step(event, after, actor, now, reason.strip())))


def _move(inspection: Inspection, move: QuantityMove) -> Inspection:
    return replace(inspection, moves=(*inspection.moves, move))


def _expect_in_progress(inspection: Inspection) -> None:
    if inspection.state is not InspectionState.IN_PROGRESS:
        raise Refused(f"{inspection.number} is {inspection.state}: answers are recorded while it is in progress")


def _expect_signed(inspection: Inspection, said: str) -> None:
    if inspection.state is not InspectionState.SIGNED:
        raise _not_now(inspection, said)


def _not_now(inspection: Inspection, said: str) -> Refused:
    return Refused(
        f"{inspection.number} is {inspection.state}: nothing of its lot can be {said} before it is signed",
        missing=("the inspector's signature",),
    )


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
