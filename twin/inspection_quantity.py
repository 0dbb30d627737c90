"""What becomes of a lot's quantity after an inspection: accepted, rejected, pending again, inspected again."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from geometry.verdict import Outcome
from twin.errors import Invalid, Refused
from twin.inspection import Basis, GeneralRule, Inspection, InspectionState, MoveKind, QuantityMove
from twin.inspection_basis import require_bears
from twin.inspection_lot import SAMPLE_SOURCE, Sample, draw_sample, minimum_sample, whole_lot
from twin.inspection_verdict import outcomes_by_element, verdict
from twin.ncr_record import NonConformance
from twin.record import Actor, Id


class Extent(StrEnum):
    """How much of what is inspected again is looked at."""

    EACH = "each"
    """Every element that is named."""
    SAMPLE = "sample"
    """A new sample of those named, and every one of them that failed before."""


def count_quantity(inspection: Inspection, quantity: Decimal, *, actor: Actor, now: datetime) -> Inspection:
    """Record how much more of the lot was looked at."""
    if inspection.state not in (InspectionState.IN_PROGRESS, InspectionState.SIGNED):
        raise _not_now(inspection, "looked at")
    return _move(inspection, QuantityMove(MoveKind.INSPECTED, quantity, actor.id, now))


def accept_on_verdict(inspection: Inspection, quantity: Decimal, *, actor: Actor, now: datetime) -> Inspection:
    """Accept some of the lot because it passed; never what was once rejected, which is another lot's verdict.

    Only a quantity is ever held back, never the document (a delivery with rejects can still be booked).

    Raises
    ------
    Refused
        If the inspection is not signed, the verdict is no pass, or part of it was rejected and only reworked since.
    """
    _expect_signed(inspection, "accepted")
    found = verdict(inspection).outcome
    if found is not Outcome.PASS:
        raise Refused(
            f"the verdict of {inspection.number} is {found}: accept on a passing re-inspection, a concession "
            "or a closed NCR, or reject",
            missing=("a passing verdict",),
        )
    rejected = sum((m.quantity for m in inspection.moves if m.kind is MoveKind.REJECTED), Decimal(0))
    accepted = sum((m.quantity for m in inspection.moves if m.basis is Basis.VERDICT), Decimal(0))
    left = inspection.quantity - rejected - accepted
    if rejected and quantity > left:
        raise Refused(
            f"{rejected} {inspection.unit} of {inspection.number} were rejected: the verdict bears {left} more, "
            "accept the rest on a re-inspection or a closed NCR",
            missing=("a passing re-inspection",),
        )
    return _move(inspection, QuantityMove(MoveKind.ACCEPTED, quantity, actor.id, now, Basis.VERDICT))


def accept_on_ncr(
    inspection: Inspection, ncr: NonConformance, quantity: Decimal, basis: Basis, *, actor: Actor, now: datetime
) -> Inspection:
    """Accept what a nonconformance record made good for, or under its concession.

    Raises
    ------
    Refused
        If the record is not about this lot and what failed in it, is not closed, or does not reach so far.
    """
    _expect_signed(inspection, "accepted")
    used = _used(inspection, ncr.id, MoveKind.ACCEPTED)
    require_bears(inspection, ncr, quantity, basis, used=used, now=now)
    return _move(inspection, QuantityMove(MoveKind.ACCEPTED, quantity, actor.id, now, basis, ncr.id))


def accept_on_reinspection(
    inspection: Inspection, again: Inspection, quantity: Decimal, *, actor: Actor, now: datetime
) -> Inspection:
    """Accept what passed when it was inspected again.

    Raises
    ------
    Refused
        If ``again`` is not a signed, passing re-inspection of this one, looked before this one was signed, or covers
        less than ``quantity``.
    """
    _expect_signed(inspection, "accepted")
    if again.reinspects_id != inspection.id:
        raise Refused(f"{again.number} does not inspect {inspection.number} again", missing=("its re-inspection",))
    _expect_signed(again, "accepted")
    found = verdict(again).outcome
    if found is not Outcome.PASS:
        raise Refused(f"the re-inspection {again.number} is {found}", missing=("a passing re-inspection",))
    first = min((reading.taken_at for reading in again.readings), default=now)
    if inspection.signature is not None and first < inspection.signature.signed_at:
        raise Refused(
            f"{again.number} has answers from before {inspection.number} was signed: they inspect nothing again",
            missing=("answers taken since",),
        )
    used = _used(inspection, again.id, MoveKind.ACCEPTED)
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


def restore_quantity(
    inspection: Inspection, ncr: NonConformance, quantity: Decimal, *, actor: Actor, now: datetime
) -> Inspection:
    """Make some of what was rejected pending again, because it was reworked under an NCR that is closed.

    Raises
    ------
    Refused
        If the record is not about this lot and what failed in it, is not closed, or did not correct so much.
    """
    _expect_signed(inspection, "pending again")
    used = _used(inspection, ncr.id, MoveKind.RESTORED)
    require_bears(inspection, ncr, quantity, None, used=used, now=now)
    return _move(inspection, QuantityMove(MoveKind.RESTORED, quantity, actor.id, now, basis_id=ncr.id))


def inspect_again(
    inspection: Inspection,
    new_id: Id,
    number: str,
    global_ids: Collection[str],
    quantity: Decimal,
    *,
    extent: Extent = Extent.EACH,
) -> Inspection:
    """Return a new inspection of some elements of a signed one, by the original criteria.

    It is about as much of the lot as its elements are: one of twenty frees a twentieth. Which ones a new sample holds
    follows from ``new_id``, so that nobody picks them.

    Raises
    ------
    Refused
        If the original is not signed.
    Invalid
        If an element is not of its lot, or the quantity is more than the share of the lot that the elements are.
    """
    _expect_signed(inspection, "inspected again")
    foreign = sorted(set(global_ids) - set(inspection.lot))
    if foreign:
        raise Invalid(f"{foreign[0]} is not in the lot of {inspection.number}")
    if quantity > inspection.quantity:
        raise Invalid(f"{quantity} {inspection.unit} are more than the lot of {inspection.number}")
    lot = whole_lot(global_ids)
    if quantity * len(inspection.lot) > inspection.quantity * lot.lot_size:
        share = inspection.quantity * lot.lot_size / len(inspection.lot)
        raise Invalid(
            f"{lot.lot_size} of the {len(inspection.lot)} elements of {inspection.number} are {share:.6g} "
            f"{inspection.unit}, not {quantity}: name more elements, or take a sample of all"
        )
    return Inspection(
        id=new_id,
        project=inspection.project,
        number=number,
        title=inspection.title,
        lot=lot.global_ids,
        quantity=quantity,
        unit=inspection.unit,
        sample=lot if extent is Extent.EACH else _sample_again(inspection, lot.global_ids, new_id),
        characteristics=inspection.characteristics,
        pin=inspection.pin,
        general_rule=GeneralRule.SHARE,
        reinspects_id=inspection.id,
    )


def _sample_again(inspection: Inspection, lot: tuple[str, ...], new_id: Id) -> Sample:
    """Draw as many as the table asks, no fewer than were looked at before, and add what failed."""
    seed = int.from_bytes(new_id.encode()[:4], "big")
    before = len(inspection.sample.global_ids) * len(lot) // len(inspection.lot)
    size = min(len(lot), max(minimum_sample(len(lot)), before))
    drawn = draw_sample(lot, size, seed=seed)
    failed = {g for g, outcome in outcomes_by_element(inspection).items() if outcome is not Outcome.PASS}
    chosen = tuple(sorted({*drawn.global_ids, *(failed & set(lot))}))
    return Sample(chosen, len(lot), seed, f"{SAMPLE_SOURCE}, and what did not pass in {inspection.number}")


def _used(inspection: Inspection, basis: Id, kind: MoveKind) -> Decimal:
    return sum((m.quantity for m in inspection.moves if m.basis_id == basis and m.kind is kind), Decimal(0))


def _move(inspection: Inspection, move: QuantityMove) -> Inspection:
    return replace(inspection, moves=(*inspection.moves, move))


def _expect_signed(inspection: Inspection, said: str) -> None:
    if inspection.state is not InspectionState.SIGNED:
        raise _not_now(inspection, said)


def _not_now(inspection: Inspection, said: str) -> Refused:
    return Refused(
        f"{inspection.number} is {inspection.state}: nothing of its lot can be {said} before it is signed",
        missing=("the inspector's signature",),
    )
