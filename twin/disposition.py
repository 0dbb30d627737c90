"""Dispositions: what is decided about nonconforming work, and what each decision needs before and after.

ISO 9001:2015 8.7.1 names the ways (correction; segregation, return; informing the customer; acceptance under
concession) and asks for conformity to be verified after correction; 8.7.2 for the authority who decided. ``GATES`` is
the whole rule, one row per decision.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from geometry.verdict import Outcome
from twin.access import Capacity
from twin.errors import Invalid
from twin.record import Actor, Evidence, Id, positive, require_utc


class Decision(StrEnum):
    """What happens to a quantity of nonconforming work."""

    USE_AS_IS = "use_as_is"
    """Accepted with its deviation, under a concession."""
    REWORK = "rework"
    """Returned to full conformity with the released design."""
    REPAIR = "repair"
    """Made fit for use without fully conforming."""
    REPLACE = "replace"
    """Demolished and built again."""
    REGRADE = "regrade"
    SCRAP = "scrap"
    RETURN_TO_SUPPLIER = "return_to_supplier"
    SORT = "sort"
    """Inspected piece by piece and split into lots, each with its own verdict."""


@dataclass(frozen=True, slots=True)
class Concession:
    """How far an acceptance reaches: so many, these elements, until then."""

    quantity: Decimal
    expires_at: datetime
    global_ids: tuple[str, ...] = ()
    reference: str = ""
    """The customer's or design authority's own number of it."""

    def __post_init__(self) -> None:
        """Refuse a concession of nothing, or until a time without its zone."""
        positive(self.quantity, "the quantity of a concession")
        require_utc(self.expires_at)


def concession_expired(concession: Concession, now: datetime) -> bool:
    """Say whether a concession no longer holds; at its very end it does not."""
    return require_utc(now) >= concession.expires_at


@dataclass(frozen=True, slots=True)
class DispositionLine:
    """What is decided for a part of the nonconforming quantity. All of it is signed."""

    id: Id
    decision: Decision
    quantity: Decimal
    justification: str
    global_ids: tuple[str, ...] = ()
    """The elements it is about; empty for a quantity of material without GlobalIds."""
    instruction: str = ""
    """The document that says how: rework instruction, repair procedure, method of replacement or of sorting."""
    repair_criteria: str = ""
    """What a repaired element is inspected against."""
    concession: Concession | None = None
    customer_waiver: str = ""
    """Why a repair needs no concession of the customer; no waiver where the contract is affected."""
    new_identity: str = ""
    """The item or grade that regraded work becomes."""
    scar: str = ""
    """The supplier corrective action request that goes with a return."""

    def __post_init__(self) -> None:
        """Refuse a line about nothing or without its reason."""
        positive(self.quantity, "the quantity of a disposition line")
        if not self.justification.strip():
            raise Invalid(f"say why the decision is {self.decision.value}: a disposition needs its justification")
        if len(set(self.global_ids)) != len(self.global_ids):
            raise Invalid("a disposition line names each element once")


@dataclass(frozen=True, slots=True)
class ChildLot:
    """A part that sorting set apart, with its own verdict."""

    id: Id
    quantity: Decimal
    verdict: Outcome
    global_ids: tuple[str, ...] = ()
    ncr: Id | None = None
    """The nonconformance record that goes on with a lot that failed."""

    def __post_init__(self) -> None:
        """Refuse an empty lot."""
        positive(self.quantity, "the quantity of a lot")


@dataclass(frozen=True, slots=True)
class Proof:
    """That what was decided in a line was done: what the line's gate asks for, seen by somebody."""

    line: Id
    verdict: Outcome
    """Pass: done as decided; fail: it turned out that it cannot be left at that."""
    verified_by: Actor
    verified_at: datetime
    evidence: tuple[Evidence, ...] = ()
    as_built_record: str = ""
    """Where the accepted deviation was entered into the as-built documents."""
    new_identity: str = ""
    """What regraded work is now marked as."""
    traceability: str = ""
    """How the regraded item is traced back."""
    marking: str = ""
    """How the scrapped item was made unusable for good."""
    counted: Decimal | None = None
    """The quantity found scrapped, or gone, when it was counted."""
    shipping_record: str = ""
    debit_note: str = ""
    lots: tuple[ChildLot, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a time without its zone."""
        require_utc(self.verified_at)


@dataclass(frozen=True, slots=True)
class Gate:
    """What a decision needs: fields of the line before, fields of the proof after, who signs, whether work follows."""

    before: Mapping[str, str]
    """Field of the line -> how it is called when it is missing."""
    after: Mapping[str, str]
    """Field of the proof -> how it is called when it is missing."""
    signed_as: tuple[Capacity, ...] = ()
    corrects: bool = False
    """Work is done and its result has to pass a re-inspection."""


_DESIGN = (Capacity.DESIGN_AUTHORITY,)
_SCRAPPED = {
    "marking": "irreversible marking of what was scrapped",
    "counted": "the quantity counted as scrapped",
    "evidence": "evidence of the scrapping",
}
GATES: Mapping[Decision, Gate] = MappingProxyType(
    {
        Decision.USE_AS_IS: Gate(
            {"concession": "a concession with quantity, elements and expiry"},
            {"as_built_record": "the as-built record that shows the deviation"},
            signed_as=_DESIGN,
        ),
        Decision.REWORK: Gate({"instruction": "a rework instruction"}, {}, corrects=True),
        Decision.REPAIR: Gate(
            {"instruction": "a repair procedure", "repair_criteria": "criteria that the repair is inspected against"},
            {},
            signed_as=_DESIGN,
            corrects=True,
        ),
        Decision.REPLACE: Gate({"instruction": "a method of replacement"}, _SCRAPPED, corrects=True),
        Decision.REGRADE: Gate(
            {"new_identity": "the item or grade it becomes"},
            {"new_identity": "re-identification of the item", "traceability": "traceability of the regraded item"},
        ),
        Decision.SCRAP: Gate({}, _SCRAPPED),
        Decision.RETURN_TO_SUPPLIER: Gate(
            {"scar": "a supplier corrective action request (SCAR)"},
            {"shipping_record": "a shipping record", "debit_note": "a debit note, or why there is none"},
        ),
        Decision.SORT: Gate(
            {"instruction": "an instruction for sorting"}, {"lots": "child lots, each with its own verdict"}
        ),
    }
)


def missing_to_decide(line: DispositionLine, *, contract_affected: bool, now: datetime) -> tuple[str, ...]:
    """Return what a line lacks before it can be decided."""
    missing = [phrase for field, phrase in GATES[line.decision].before.items() if not _given(getattr(line, field))]
    if line.concession is not None:
        missing += _beyond(line, line.concession, now)
    if line.customer_waiver and (contract_affected or line.decision is not Decision.REPAIR):
        missing.append("the customer's approval: it cannot be waived here")
    return tuple(f"{said(line)}: {phrase}" for phrase in missing)


def signed_as(line: DispositionLine, *, contract_affected: bool) -> tuple[Capacity, ...]:
    """Return in which capacities a line has to be signed, besides those of its severity.

    A deviation that stays needs the design authority, and the customer where contract or specification are affected; a
    repair the customer in any case, unless it is waived.
    """
    gate = GATES[line.decision]
    if line.decision is Decision.REPAIR:
        customer = contract_affected or not line.customer_waiver.strip()
    else:
        customer = contract_affected and line.decision in (Decision.USE_AS_IS, Decision.REGRADE)
    return gate.signed_as + ((Capacity.CUSTOMER,) if customer else ())


def missing_proof(line: DispositionLine, proofs: Sequence[Proof], *, unit: str) -> tuple[str, ...]:
    """Return what is missing of the proof that a line was carried out; the last proof given counts."""
    gate = GATES[line.decision]
    if not gate.after:
        return ()
    given = [p for p in proofs if p.line == line.id]
    if not given:
        return tuple(f"{said(line)}: {phrase}" for phrase in gate.after.values())
    proof = given[-1]
    missing = [phrase for field, phrase in gate.after.items() if not _given(getattr(proof, field))]
    if proof.counted is not None and "counted" in gate.after and proof.counted != line.quantity:
        missing.append(f"reconciliation: {proof.counted} counted of {line.quantity}")
    if proof.lots and "lots" in gate.after:
        missing += _unsorted(line, proof.lots, by_element=is_counted(unit))
    if not missing and proof.verdict is not Outcome.PASS:
        missing.append(f"a verification that passes, not {proof.verdict.value}")
    return tuple(f"{said(line)}: {phrase}" for phrase in missing)


def is_counted(unit: str) -> bool:
    """Say whether a quantity in this unit is a number of elements: then each belongs to one line, or one lot."""
    return unit.strip().casefold() in ("element", "elements")


def missing_in_lines(lines: Sequence[DispositionLine], quantity: Decimal, global_ids: Sequence[str]) -> tuple[str, ...]:
    """Return what the lines leave undecided: their quantities must sum to the whole, and name every element.

    Where the record names elements, every line does: else nobody could tell which of them it is about.
    """
    left = quantity - sum((line.quantity for line in lines), Decimal(0))
    missing = [f"a disposition for the remaining {left} of {quantity}"] if left else []
    missing += [f"{said(line)}: the elements that it is about" for line in lines if global_ids and not line.global_ids]
    undecided = sorted(set(global_ids) - {g for line in lines for g in line.global_ids})
    return (*missing, *(f"a disposition for element {g}" for g in undecided))


def require_lines(lines: Sequence[DispositionLine], quantity: Decimal, global_ids: Sequence[str], *, unit: str) -> None:
    """Raise :class:`Invalid` for lines that decide about more than there is, about something else, or one thing twice.

    A quantity of elements is counted: each element is in one line, and a line's quantity is the number of its elements.
    In any other unit an element may be in several lines, as when 2 m² of a wall are repaired and the rest is accepted.
    """
    total = sum((line.quantity for line in lines), Decimal(0))
    if total > quantity:
        raise Invalid(f"the lines decide about {total}, more than the {quantity} that do not conform")
    if len({line.id for line in lines}) != len(lines):
        raise Invalid("each disposition line has its own identifier")
    strange = sorted({g for line in lines for g in line.global_ids} - set(global_ids))
    if strange:
        raise Invalid(f"element {strange[0]} is not one of this nonconformance: leave it out of the disposition")
    if is_counted(unit) and global_ids:
        _require_counted(lines)


def said(line: DispositionLine) -> str:
    """Return how a line is called in a message: ``rework of 3``."""
    return f"{line.decision.value.replace('_', ' ')} of {line.quantity}"


def _given(value: object) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None and value != ()


def _require_counted(lines: Sequence[DispositionLine]) -> None:
    named = Counter(g for line in lines for g in line.global_ids)
    twice = sorted(g for g, count in named.items() if count > 1)
    if twice:
        raise Invalid(f"element {twice[0]} is in {named[twice[0]]} lines: decide about each element in one")
    for line in lines:
        if line.global_ids and line.quantity != len(line.global_ids):
            raise Invalid(f"{said(line)}: its quantity is the number of its elements, {len(line.global_ids)}")


def _beyond(line: DispositionLine, concession: Concession, now: datetime) -> list[str]:
    """Return in what a line goes beyond its concession."""
    checks = (
        (concession.quantity >= line.quantity, f"a concession for {line.quantity}, not {concession.quantity}"),
        (set(line.global_ids) <= set(concession.global_ids), "a concession for each of its elements"),
        (not concession_expired(concession, now), "a concession that has not expired"),
    )
    return [phrase for holds, phrase in checks if not holds]


def _unsorted(line: DispositionLine, lots: Sequence[ChildLot], *, by_element: bool) -> list[str]:
    """Return what sorting left open: nothing may be lost between the lots, and what failed must go on somewhere."""
    missing: list[str] = []
    total = sum((lot.quantity for lot in lots), Decimal(0))
    if total != line.quantity:
        missing.append(f"lots that sum to {line.quantity}, not {total}")
    named = sorted(g for lot in lots for g in lot.global_ids)
    if named != sorted(line.global_ids):
        missing.append("each of its elements in exactly one lot")
    for lot in lots:
        if by_element and lot.global_ids and lot.quantity != len(lot.global_ids):
            missing.append(f"a quantity of {len(lot.global_ids)}, the number of its elements, for lot {lot.id}")
        if lot.verdict not in (Outcome.PASS, Outcome.FAIL):
            missing.append(f"a verdict for lot {lot.id}: it is {lot.verdict.value}")
        if lot.verdict is Outcome.FAIL and lot.ncr is None:
            missing.append(f"a nonconformance record for lot {lot.id}, which failed")
    return missing
