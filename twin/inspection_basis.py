"""What a nonconformance record bears of a lot: it is about what failed in it, is closed, and reaches so far.

ISO 9001:2015 8.7.1: what was nonconforming is released after correction and its verification, or under a concession.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from geometry.verdict import Outcome
from twin.characteristic import InspectionCharacteristic
from twin.disposition import Decision, DispositionLine, Proof, concession_expired
from twin.errors import Invalid, Refused
from twin.inspection import Basis, Inspection
from twin.inspection_verdict import answer_outcome
from twin.ncr_record import NonConformance, State
from twin.record import require_utc

_CORRECTED = (Decision.REWORK, Decision.REPAIR, Decision.REPLACE)
_PIECES = frozenset({"pcs", "pc", "piece", "pieces", "element", "elements", "ea", "each"})
"""Units in which one element is one."""


def require_about(inspection: Inspection, ncr: NonConformance) -> None:
    """Refuse a record that neither came from an inspection nor is about what failed in its lot.

    Raises
    ------
    Refused
        If it is another element, or another characteristic.
    """
    if ncr.project != inspection.project:
        raise Refused(f"{_name(ncr)} is of another project", missing=("an NCR of this lot",))
    if ncr.inspection in (inspection.id, inspection.reinspects_id) and ncr.inspection is not None:
        return
    if not set(ncr.global_ids) & set(inspection.lot):
        raise Refused(
            f"{_name(ncr)} is about none of the lot of {inspection.number}: raise one from the inspection",
            missing=("an NCR of this lot",),
        )
    named = {_plain(v.requirement.characteristic) for v in ncr.violations}
    clauses = {_plain(v.requirement.clause) for v in ncr.violations}
    asked = [question for question in inspection.characteristics if question.judged]
    known = [q for q in asked if named & {_plain(q.name), _plain(q.id)} or _plain(q.source) in clauses]
    lacking = [q for q in asked if q not in known and (not known or _fails(inspection, q, ncr.global_ids))]
    if lacking:
        raise Refused(
            f"{_name(ncr)} says nothing of '{lacking[0].name}': raise one from {inspection.number}",
            missing=(f"an NCR of '{lacking[0].name}'",),
        )


def require_bears(
    inspection: Inspection, ncr: NonConformance, quantity: Decimal, basis: Basis | None, *, used: Decimal, now: datetime
) -> None:
    """Refuse a record that does not bear ``quantity`` of a lot more than the ``used``.

    Parameters
    ----------
    basis
        On what it is to be accepted; None to make pending again what was reworked.

    Raises
    ------
    Refused
        If it is not closed, was closed before the inspection found anything, decided otherwise, or reaches less far.
    """
    require_about(inspection, ncr)
    closed_at = _closed_at(ncr)
    if closed_at is None:
        raise Refused(
            f"{_name(ncr)} is {ncr.state.value}: close it first" if ncr.number else "the draft is not closed",
            missing=("a closed NCR",),
        )
    if inspection.signature is not None and closed_at < inspection.signature.signed_at:
        raise Refused(
            f"{_name(ncr)} was closed before {inspection.number} was signed and does not know what it found: "
            "reopen it, or raise one from the inspection",
            missing=("an NCR closed since",),
        )
    lines = [line for line in ncr.lines if _usable(line, ncr.proofs, basis, require_utc(now))]
    reach = sum((_reach(inspection, ncr, line) for line in lines), Decimal(0))
    if not lines:
        raise Refused(f"{_name(ncr)} holds no {_said(basis)}", missing=(f"a {_said(basis)}",))
    if used + quantity > reach:
        raise Refused(
            f"{_name(ncr)} covers {reach.normalize():f} {inspection.unit} of this lot"
            + (f", of which {used} are used already" if used else "")
            + f": {quantity} are more"
        )


def _fails(inspection: Inspection, question: InspectionCharacteristic, global_ids: tuple[str, ...]) -> bool:
    """Say whether an answer about one of these elements does not pass."""
    mine = [r for r in inspection.readings if r.characteristic == question.id and r.global_id in global_ids]
    return any(r.serious_defect or answer_outcome(inspection, question, r) is not Outcome.PASS for r in mine)


def _closed_at(ncr: NonConformance) -> datetime | None:
    """Return since when a record is closed, None when it is not."""
    if ncr.state is not State.CLOSED:
        return None
    return next((step.at for step in reversed(ncr.steps) if step.state is State.CLOSED), ncr.raised_at)


def _usable(line: DispositionLine, proofs: Sequence[Proof], basis: Basis | None, now: datetime) -> bool:
    """Say whether what a line decides leaves something to accept, or to make pending again."""
    if line.decision is Decision.USE_AS_IS:
        valid = line.concession is not None and not concession_expired(line.concession, now)
        return valid and basis is not None
    if basis is Basis.CONCESSION:
        return False
    if line.decision in _CORRECTED:
        return True
    return line.decision is Decision.SORT and bool(_sorted_out(line, proofs))


def _reach(inspection: Inspection, ncr: NonConformance, line: DispositionLine) -> Decimal:
    """Return how much of a lot a line is about, in the lot's unit."""
    quantity, elements = line.quantity, set(line.global_ids)
    if line.concession is not None and line.decision is Decision.USE_AS_IS:
        quantity = min(quantity, line.concession.quantity)
        elements &= set(line.concession.global_ids) or elements
    if line.decision is Decision.SORT:
        good = _sorted_out(line, ncr.proofs)
        quantity, elements = sum((q for q, _ in good), Decimal(0)), {g for _, ids in good for g in ids}
    mine = elements & set(inspection.lot)
    share = inspection.quantity * len(mine) / len(inspection.lot)
    same = _unit(ncr.unit) == _unit(inspection.unit)
    if not elements:
        if not same:
            raise Invalid(f"{_name(ncr)} counts {ncr.unit}, the lot {inspection.unit}: name its elements")
        return quantity
    if not same:
        return share
    # pieces of a lot are its elements; of concrete or steel, only the record knows how much each is
    return quantity if mine == elements and _unit(ncr.unit) != "pcs" else min(share, quantity)


def _sorted_out(line: DispositionLine, proofs: Sequence[Proof]) -> list[tuple[Decimal, tuple[str, ...]]]:
    """Return the parts that sorting found good."""
    given = [proof for proof in proofs if proof.line == line.id]
    return [(lot.quantity, lot.global_ids) for lot in given[-1].lots if lot.verdict is Outcome.PASS] if given else []


def _unit(unit: str) -> str:
    plain = unit.strip().lower()
    return "pcs" if plain in _PIECES else plain


def _plain(text: str) -> str:
    return " ".join(text.replace("_", " ").lower().split())


def _said(basis: Basis | None) -> str:
    if basis is Basis.CONCESSION:
        return "valid concession (use as is)"
    return "correction of what was rejected" if basis is None else "decision that leaves something to accept"


def _name(ncr: NonConformance) -> str:
    return ncr.number or "the draft"
