"""What a nonconformance record is made of: requirement and value, containment, people, re-inspection, cost, history."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from geometry.verdict import Outcome
from twin.access import Capacity
from twin.disposition import DispositionLine, Proof
from twin.errors import Invalid
from twin.finding import CauseKind, Defect, Failure, MotionComponent
from twin.record import Actor, Id, Signature, require_utc
from twin.signed_content import LATER

_WORST_FIRST = (Outcome.FAIL, Outcome.INDETERMINATE, Outcome.NOT_MEASURED, Outcome.PASS)


def worst(outcomes: tuple[Outcome, ...]) -> Outcome:
    """Return the worst of several outcomes; of none, that nothing was measured."""
    return min(outcomes, key=_WORST_FIRST.index, default=Outcome.NOT_MEASURED)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What was required: characteristic, where that stands, and the limits."""

    characteristic: str
    clause: str
    """Standard, edition and clause, or drawing and revision."""
    lower: Decimal | None = None
    upper: Decimal | None = None
    unit: str = "mm"

    def __post_init__(self) -> None:
        """Refuse a requirement that nothing can violate."""
        if not self.characteristic.strip() or not self.clause.strip() or not self.unit.strip():
            raise Invalid("a requirement names its characteristic, its clause and its unit")
        if self.lower is None and self.upper is None:
            raise Invalid(f"{self.characteristic}, {self.clause}: a requirement has a lower or an upper limit")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise Invalid(f"{self.characteristic}: the limits {self.lower} .. {self.upper} are crossed")

    def allows(self, value: Decimal) -> bool:
        """Say whether a value lies within the limits."""
        return (self.lower is None or value >= self.lower) and (self.upper is None or value <= self.upper)


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured value with its expanded uncertainty, in the requirement's unit."""

    value: Decimal
    expanded_uncertainty: Decimal
    coverage_factor: Decimal = Decimal(2)

    def __post_init__(self) -> None:
        """Refuse what is no number, or known better than perfectly."""
        if not (self.value.is_finite() and self.expanded_uncertainty.is_finite() and self.expanded_uncertainty >= 0):
            raise Invalid(f"a measured value and its U >= 0 are needed, not {self.value} ± {self.expanded_uncertainty}")


@dataclass(frozen=True, slots=True)
class Violation:
    """One requirement that was not met, and the value that shows it."""

    requirement: Requirement
    measured: Measured | None = None
    global_id: str = ""
    part: str = field(default="", metadata=LATER)
    """What of the element it is about, an opening: its name, or its GlobalId where it has none."""
    part_id: str = field(default="", metadata=LATER)
    """GlobalId of that part."""
    direction: str = field(default="", metadata=LATER)
    """``width``, ``height``, ``length`` ... of that part, where one is meant."""

    def __post_init__(self) -> None:
        """Refuse a value that meets the requirement."""
        if self.measured is not None and self.requirement.allows(self.measured.value):
            raise Invalid(f"{self.measured.value} meets {self.requirement.characteristic}: that is no violation")


class ContainmentKind(StrEnum):
    """How unintended use is prevented (ISO 9001:2015 8.7.1 b)."""

    QUARANTINE = "quarantine"
    """Moved to a place set apart."""
    IN_PLACE_TAG = "in_place_tag"
    """Built work that cannot be moved: marked where it stands."""
    WORK_STOPPED = "work_stopped"


@dataclass(frozen=True, slots=True)
class Containment:
    """What was done at once, and what else was found to be affected."""

    kind: ContainmentKind
    place: str
    """Where it is now, or stands."""
    by: Actor
    at: datetime
    tag: str = ""
    """The text of the tag or label on it."""
    affected_query: str = ""
    """What was looked through for the same: same lot, same crew, same formwork, same type."""
    affected: tuple[str, ...] = ()
    """GlobalIds, lots or serial numbers that the query gave; none is an answer, too."""

    def __post_init__(self) -> None:
        """Refuse a time without its zone."""
        require_utc(self.at)


@dataclass(frozen=True, slots=True)
class Member:
    """Someone on the material review board, and in which capacity they sign."""

    person: Id
    name: str
    capacity: Capacity


class RecheckSource(StrEnum):
    """What kind of record re-inspected."""

    INSPECTION = "inspection"
    CHECK_RUN = "check_run"


class Criteria(StrEnum):
    """Against what was re-inspected."""

    ORIGINAL = "original"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One of the requirements that were violated, and what a re-inspection says of it."""

    requirement: Requirement
    verdict: Outcome


@dataclass(frozen=True, slots=True)
class RecheckOutcome:
    """What a re-inspection says of one corrected element, or of one line of material without elements."""

    about: str
    """GlobalId, or the identifier of the disposition line."""
    verdict: Outcome
    """Of all that was violated: what was not looked at is not measured."""
    criteria: tuple[Criterion, ...] = ()
    """The requirements that it judged; empty where it answers as a whole, as by the criteria of a repair."""


@dataclass(frozen=True, slots=True)
class Equivalence:
    """What a person says, with a reason: a question of an inspection asks for a requirement under other words."""

    question: Id
    """The characteristic of the inspection."""
    characteristic: str
    clause: str
    """The requirement's as the nonconformance record has them; of a repair its criteria."""


@dataclass(frozen=True, slots=True)
class Recheck:
    """A re-inspection: which record it is, what it re-inspects, and what it found."""

    id: Id
    """Of the inspection or check run."""
    source: RecheckSource
    reinspects: Id
    """The nonconformance record."""
    captured_at: datetime
    """When the evidence was taken, not when it was evaluated."""
    outcomes: tuple[RecheckOutcome, ...]
    by: Actor
    criteria: Criteria = Criteria.ORIGINAL
    equivalences: tuple[Equivalence, ...] = ()
    reason: str = ""
    """Why those are the same."""

    def __post_init__(self) -> None:
        """Refuse a re-inspection of nothing, or one that says two things of one."""
        require_utc(self.captured_at)
        if not self.outcomes or len({o.about for o in self.outcomes}) != len(self.outcomes):
            raise Invalid("a re-inspection says one thing of each element, and of at least one")
        if self.equivalences and not self.reason.strip():
            raise Invalid("say why a question asks for the same as the requirement that was violated")

    @property
    def verdict(self) -> Outcome:
        """The worst of its outcomes."""
        return worst(tuple(o.verdict for o in self.outcomes))


@dataclass(frozen=True, slots=True)
class Cost:
    """What it cost: the failure cost of the quality ledger (COPQ)."""

    labour: Decimal
    material: Decimal
    other: Decimal
    currency: str
    """ISO 4217, three letters."""

    def __post_init__(self) -> None:
        """Refuse negative costs and currencies that are none."""
        for name, value in (("labour", self.labour), ("material", self.material), ("other", self.other)):
            if not value.is_finite() or value < 0:
                raise Invalid(f"cost of {name} must be 0 or more, not {value}")
        if len(self.currency) != 3 or not (self.currency.isascii() and self.currency.isupper()):
            raise Invalid(f"a currency is three capital letters as in ISO 4217, not {self.currency!r}")

    @property
    def total(self) -> Decimal:
        """Labour, material and other."""
        return self.labour + self.material + self.other


@dataclass(frozen=True, slots=True)
class CapaDecision:
    """Whether the cause has to be eliminated, and why (ISO 9001:2015 10.2.1 b)."""

    needed: bool
    reason: str
    by: Actor
    at: datetime
    capas: tuple[Id, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a decision without its reason."""
        require_utc(self.at)
        if not self.reason.strip():
            raise Invalid("say why a CAPA is needed, or why not")


@dataclass(frozen=True, slots=True)
class CustomerNotice:
    """That the customer was told (ISO 9001:2015 8.7.1 c)."""

    reference: str
    by: Actor
    at: datetime

    def __post_init__(self) -> None:
        """Refuse a notice that cannot be found again."""
        require_utc(self.at)
        if not self.reference.strip():
            raise Invalid("name the letter or message by which the customer was informed")


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why what a record was closed on does not bear it any more."""

    since: datetime
    reason: str
    """What became of a check that re-inspected it."""
    missing: tuple[str, ...]
    """What closing it would take now, one phrase each."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """The same defect, seen again; or, with a reason, what a person decided about one that had changed."""

    finding: Id
    check_run: Id
    scan_epoch: Id
    noted_at: datetime
    failures: tuple[Failure, ...]
    unchanged: bool = True
    """Within uncertainty as it was when the record was raised, or as people took it up since."""
    captured_at: datetime | None = None
    """When the scan was taken; None for when it was noted."""
    kind: CauseKind | None = None
    motion: tuple[MotionComponent, ...] = ()
    reason: str = ""
    """Why it needs no other decision though it changed."""
    by: Actor | None = None
    """Who says so."""
    taken_up: bool = False
    """The record is about it as it is now: later checks are compared with it, too."""

    def __post_init__(self) -> None:
        """Refuse a time without its zone."""
        require_utc(self.noted_at)
        if self.captured_at is not None:
            require_utc(self.captured_at)

    @property
    def seen_at(self) -> datetime:
        """As of when it is known."""
        return self.captured_at or self.noted_at

    @property
    def defect(self) -> Defect | None:
        """What was seen; None where it was not kept."""
        if self.kind is None or not self.failures:
            return None
        return Defect(self.kind, tuple(sorted({f.global_id for f in self.failures})), self.failures, self.motion)


class CycleEnd(StrEnum):
    """Why a disposition did not last."""

    FAILED = "failed"
    """Re-inspection or verification failed."""
    RECONSIDERED = "reconsidered"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Cycle:
    """One round of disposition and correction that is over; kept as it was."""

    ended: CycleEnd
    reason: str
    by: Actor
    at: datetime
    lines: tuple[DispositionLine, ...] = ()
    signatures: tuple[Signature, ...] = ()
    rechecks: tuple[Recheck, ...] = ()
    proofs: tuple[Proof, ...] = ()
    containment: Containment | None = None
    capa: CapaDecision | None = None
    cost: Cost | None = None
    notice: CustomerNotice | None = None
    closing: Signature | None = None
    """By which it was closed, if this round ended by reopening."""
