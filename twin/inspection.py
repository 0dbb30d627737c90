"""Inspections: what was looked at, what was read, and the verdict that follows from it by itself.

An inspection is about a lot of elements and a sample of it. Main items must all pass, general items by share or by
count (GB 50300-2013, 3.0.7, 5.0.1); what was not measured never passes. ``TRANSITIONS`` is the whole workflow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from types import MappingProxyType

from twin.characteristic import InspectionCharacteristic, Reading
from twin.errors import Invalid, NotFound
from twin.inspection_lot import (
    QuantityLedger,
    Sample,
    accept,
    acceptance_number,
    count_inspected,
    reject,
    restore,
)
from twin.instrument import Instrument
from twin.record import Evidence, Id, Signature, require_utc
from twin.step import Step


class InspectionState(StrEnum):
    """Where an inspection is."""

    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    SIGNED = "signed"
    CANCELLED = "cancelled"


class InspectionEvent(StrEnum):
    """What can happen to it."""

    START = "start"
    SIGN = "sign"
    CANCEL = "cancel"


_S, _E = InspectionState, InspectionEvent
TRANSITIONS: Mapping[tuple[InspectionState, InspectionEvent], InspectionState] = MappingProxyType(
    {
        (_S.PLANNED, _E.START): _S.IN_PROGRESS,
        (_S.PLANNED, _E.CANCEL): _S.CANCELLED,
        (_S.IN_PROGRESS, _E.SIGN): _S.SIGNED,
        (_S.IN_PROGRESS, _E.CANCEL): _S.CANCELLED,
    }
)


class GeneralRule(StrEnum):
    """When a general item of the sample passes."""

    SHARE = "share"
    """At least 80 % conform."""
    COUNT = "count"
    """No more than so many do not (GB 50300-2013, table D.0.1-1)."""


class MoveKind(StrEnum):
    """What happened to a part of the lot's quantity."""

    INSPECTED = "inspected"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    RESTORED = "restored"
    """Rejected before, reworked since, and pending again."""


class Basis(StrEnum):
    """What an acceptance rests on."""

    VERDICT = "verdict"
    """The inspection's own, and it is a pass."""
    REINSPECTION = "reinspection"
    CONCESSION = "concession"
    NCR_CLOSED = "ncr_closed"


@dataclass(frozen=True, slots=True)
class QuantityMove:
    """One entry of the ledger: nothing is ever overwritten."""

    kind: MoveKind
    quantity: Decimal
    by: Id
    at: datetime
    basis: Basis | None = None
    basis_id: Id = ""
    """Which inspection, concession or NCR."""
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse a time without its zone."""
        require_utc(self.at)


@dataclass(frozen=True, slots=True)
class PlanPin:
    """The issue of the plan and of the model that an inspection follows, whatever is issued later."""

    plan: Id
    plan_revision: int
    item: Id
    model_revision: Id


@dataclass(frozen=True, slots=True)
class Inspection:
    """One inspection of one lot."""

    id: Id
    project: Id
    number: str
    title: str
    lot: tuple[str, ...]
    """GlobalIds."""
    quantity: Decimal
    """Of the lot, in ``unit``: 40 pieces, 12.5 m³."""
    unit: str
    sample: Sample
    characteristics: tuple[InspectionCharacteristic, ...]
    pin: PlanPin | None = None
    general_rule: GeneralRule = GeneralRule.SHARE
    state: InspectionState = InspectionState.PLANNED
    inspector: Id | None = None
    instruments: tuple[Instrument, ...] = ()
    readings: tuple[Reading, ...] = ()
    photos: tuple[Evidence, ...] = ()
    """Of the whole; those of one answer are with its reading."""
    signature: Signature | None = None
    moves: tuple[QuantityMove, ...] = ()
    reinspects_id: Id | None = None
    steps: tuple[Step, ...] = ()
    """How it came to its state."""

    def __post_init__(self) -> None:
        """Refuse a sample of another lot, questions asked twice and moves that do not sum."""
        if not self.number.strip() or not self.title.strip():
            raise Invalid("an inspection needs a number and a title")
        if not self.lot or len(set(self.lot)) < len(self.lot):
            raise Invalid(f"inspection {self.number} names each element of its lot once")
        if self.sample.lot_size != len(self.lot) or not set(self.sample.global_ids) <= set(self.lot):
            raise Invalid(f"inspection {self.number}: the sample was not drawn from its lot")
        if not any(c.judged for c in self.characteristics):
            raise Invalid(f"inspection {self.number} asks nothing that can be judged")
        if len({c.id for c in self.characteristics}) < len(self.characteristics):
            raise Invalid(f"inspection {self.number} names each characteristic once")
        if len(self.answers) < len(self.readings):
            raise Invalid(f"inspection {self.number} holds one answer for each question and element")
        if len({i.serial for i in self.instruments}) < len(self.instruments):
            raise Invalid(f"inspection {self.number} names each instrument once")
        if self.general_rule is GeneralRule.COUNT:
            acceptance_number(len(self.sample.global_ids))
        _ = self.ledger

    @property
    def ledger(self) -> QuantityLedger:
        """What became of the lot's quantity so far."""
        return reduce(_moved, self.moves, QuantityLedger(self.quantity, self.unit))

    def characteristic(self, characteristic_id: Id) -> InspectionCharacteristic:
        """Return a characteristic; raise :class:`NotFound` when there is none of this id."""
        for characteristic in self.characteristics:
            if characteristic.id == characteristic_id:
                return characteristic
        raise NotFound(f"inspection {self.number} does not ask for {characteristic_id}")

    def instrument(self, serial: str) -> Instrument:
        """Return an instrument; raise :class:`NotFound` when there is none of this serial number."""
        for instrument in self.instruments:
            if instrument.serial == serial:
                return instrument
        raise NotFound(f"inspection {self.number} does not name an instrument {serial!r}: add it first")

    @property
    def answers(self) -> Mapping[tuple[Id, str], Reading]:
        """(characteristic, GlobalId) -> what was read."""
        return {(reading.characteristic, reading.global_id): reading for reading in self.readings}


def _moved(ledger: QuantityLedger, move: QuantityMove) -> QuantityLedger:
    if move.kind is MoveKind.INSPECTED:
        return count_inspected(ledger, move.quantity)
    if move.kind is MoveKind.ACCEPTED:
        return accept(ledger, move.quantity)
    if move.kind is MoveKind.REJECTED:
        return reject(ledger, move.quantity)
    return restore(ledger, move.quantity)
