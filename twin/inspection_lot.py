"""The lot that an inspection is about: how many of it to look at, which ones, and what became of its quantity."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal

from twin.errors import Invalid, Refused
from twin.record import positive

SAMPLE_SOURCE = "GB 50300-2013, table 3.0.9"
"""Least sample per inspection lot. Known from practice and equal to ISO 2859-1, level I; compare with your edition."""
_LEAST_SAMPLE = (
    (1, 1), (15, 2), (25, 3), (90, 5), (150, 8), (280, 13), (500, 20), (1200, 32), (3200, 50),
)  # fmt: skip
"""(up to this lot size, least sample)."""
COUNT_SOURCE = "GB 50300-2013, table D.0.1-1"
"""Counting in one stage. Known from practice and equal to ISO 2859-1 at AQL 10; compare with your edition."""
_COUNT_PLANS = {5: 1, 8: 2, 13: 3, 20: 5, 32: 7, 50: 10, 80: 14, 125: 21}
"""Sample -> how many nonconforming still accept the lot; one more rejects it."""


def minimum_sample(lot_size: int) -> int:
    """Return the least number to inspect of a lot (GB 50300-2013, table 3.0.9).

    Raises
    ------
    Invalid
        If there is no such lot: none in it, or more than the table reaches.

    Examples
    --------
    >>> minimum_sample(1), minimum_sample(90), minimum_sample(91)
    (1, 5, 8)
    """
    if lot_size < 1:
        raise Invalid(f"a lot holds at least one, not {lot_size}")
    for up_to, sample in _LEAST_SAMPLE:
        if lot_size <= up_to:
            return sample
    raise Invalid(f"a lot of {lot_size} is beyond {SAMPLE_SOURCE} (3200): divide it")


def acceptance_number(sample: int) -> int:
    """Return how many nonconforming of a ``sample`` still accept a general item by count (GB 50300-2013, D.0.1).

    Raises
    ------
    Invalid
        If the table has no such sample.
    """
    if sample not in _COUNT_PLANS:
        known = ", ".join(map(str, _COUNT_PLANS))
        raise Invalid(f"{COUNT_SOURCE} has no sample of {sample}: take one of {known}")
    return _COUNT_PLANS[sample]


@dataclass(frozen=True, slots=True)
class Sample:
    """Which of a lot are inspected, and how they were chosen: the same lot, size and seed give the same ones."""

    global_ids: tuple[str, ...]
    lot_size: int
    seed: int
    source: str
    """By which rule so many: ``100 %``, ``GB 50300-2013, table 3.0.9`` ..."""

    @property
    def complete(self) -> bool:
        """Whether everything in the lot is inspected."""
        return len(self.global_ids) == self.lot_size


def whole_lot(global_ids: Collection[str]) -> Sample:
    """Return the sample that leaves nothing out."""
    ids = _distinct(global_ids)
    return Sample(ids, len(ids), 0, "100 %")


def draw_sample(global_ids: Collection[str], size: int, *, seed: int, source: str = SAMPLE_SOURCE) -> Sample:
    """Draw ``size`` of a lot: by the order of SHA-256 of seed and GlobalId, so that everybody can draw them again.

    Which ones are drawn does not depend on the order of the list, on the machine or on a library's version, and a
    larger sample of the same seed holds the smaller one.

    Raises
    ------
    Invalid
        If the lot does not hold so many.
    """
    ids = _distinct(global_ids)
    if not 1 <= size <= len(ids):
        raise Invalid(f"a sample of {size} cannot be drawn from a lot of {len(ids)}")
    ranked = sorted(ids, key=lambda global_id: hashlib.sha256(f"{seed}:{global_id}".encode()).digest())
    return Sample(tuple(sorted(ranked[:size])), len(ids), seed, source)


def _distinct(global_ids: Collection[str]) -> tuple[str, ...]:
    ids = tuple(sorted(set(global_ids)))
    if not ids:
        raise Invalid("a lot holds at least one element")
    if len(ids) < len(global_ids):
        raise Invalid("a lot names each element once")
    return ids


_MOST = Decimal("1e12")
_FINEST = -6
"""Quantities have at most so many decimals, so that sums of them are exact."""


@dataclass(frozen=True, slots=True)
class QuantityLedger:
    """What became of a lot's quantity; accepted, rejected and pending always sum to the lot.

    ``inspected`` is how much of it was looked at; with sampling more may be accepted than was inspected.
    """

    lot: Decimal
    unit: str
    inspected: Decimal = Decimal(0)
    accepted: Decimal = Decimal(0)
    rejected: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        """Refuse a ledger that does not sum."""
        positive(self.lot, "the quantity of a lot")
        if not self.unit.strip():
            raise Invalid("a quantity needs its unit")
        parts = (self.inspected, self.accepted, self.rejected)
        if not all(_is_exact(part) and part >= 0 for part in (self.lot, *parts)):
            raise Invalid(f"quantities are zero or more, below {_MOST:f}, with at most 6 decimals")
        if self.inspected > self.lot or self.accepted + self.rejected > self.lot:
            raise Invalid(f"more than the {self.lot} {self.unit} of the lot were inspected or decided")

    @property
    def pending(self) -> Decimal:
        """What nobody has decided on yet."""
        return self.lot - self.accepted - self.rejected


def count_inspected(ledger: QuantityLedger, quantity: Decimal) -> QuantityLedger:
    """Return the ledger after looking at some more."""
    _within(quantity, ledger.lot - ledger.inspected, ledger, "left to inspect")
    return replace(ledger, inspected=ledger.inspected + quantity)


def accept(ledger: QuantityLedger, quantity: Decimal) -> QuantityLedger:
    """Return the ledger after accepting some of what is pending."""
    _within(quantity, ledger.pending, ledger, "pending")
    return replace(ledger, accepted=ledger.accepted + quantity)


def reject(ledger: QuantityLedger, quantity: Decimal) -> QuantityLedger:
    """Return the ledger after rejecting some of what is pending."""
    _within(quantity, ledger.pending, ledger, "pending")
    return replace(ledger, rejected=ledger.rejected + quantity)


def restore(ledger: QuantityLedger, quantity: Decimal) -> QuantityLedger:
    """Return the ledger after making some of what was rejected pending again: it was reworked."""
    _within(quantity, ledger.rejected, ledger, "rejected")
    return replace(ledger, rejected=ledger.rejected - quantity)


def _is_exact(quantity: Decimal) -> bool:
    exponent = quantity.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= _FINEST and abs(quantity) < _MOST


def _within(quantity: Decimal, available: Decimal, ledger: QuantityLedger, said: str) -> None:
    positive(quantity, "a quantity")
    if not _is_exact(quantity):
        raise Invalid(f"a quantity is below {_MOST:f} with at most 6 decimals, not {quantity}")
    if quantity > available:
        raise Refused(f"{quantity} {ledger.unit} are more than the {available} {ledger.unit} that are {said}")
