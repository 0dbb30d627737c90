"""The nonconformance record: a value, its states, and the table of what may happen when.

ISO 9001:2015 8.7 (control of nonconforming outputs) and 10.2 (nonconformity and corrective action).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from twin.disposition import GATES, DispositionLine, Proof
from twin.errors import Invalid
from twin.finding import Defect, Origin, Severity, Viewpoint
from twin.ncr_parts import (
    CapaDecision,
    Containment,
    Cost,
    CustomerNotice,
    Cycle,
    Doubt,
    Member,
    Occurrence,
    Recheck,
    Violation,
)
from twin.record import Actor, Evidence, Id, Signature, positive, require_utc
from twin.signed_content import digest_of


class State(StrEnum):
    """Where a nonconformance record is."""

    DRAFT = "draft"
    OPEN = "open"
    CONTAINED = "contained"
    UNDER_REVIEW = "under_review"
    DISPOSITIONED = "dispositioned"
    IN_CORRECTION = "in_correction"
    REINSPECTION = "reinspection"
    VERIFICATION = "verification"
    CLOSED = "closed"
    REJECTED = "rejected"
    """It turned out to be no nonconformance."""
    VOID = "void"
    """Raised by mistake."""
    REOPENED = "reopened"


class Event(StrEnum):
    """What can happen to a nonconformance record: first what moves it on, then what adds to it."""

    OPEN = "open"
    CONTAIN = "contain"
    REVIEW = "review"
    DISPOSE = "dispose"
    CORRECT = "correct"
    VERIFY = "verify"
    REINSPECT = "reinspect"
    FAIL = "fail"
    """Not called by itself: a re-inspection or proof that failed."""
    CLOSE = "close"
    RECONSIDER = "reconsider"
    REJECT = "reject"
    VOID = "void"
    REOPEN = "reopen"

    AMEND = "amend"
    ASSIGN = "assign"
    RECLASSIFY = "reclassify"
    ADD_EVIDENCE = "add_evidence"
    RECORD_CONTAINMENT = "record_containment"
    ASSEMBLE = "assemble"
    PROPOSE = "propose"
    SIGN = "sign"
    RECORD_RECHECK = "record_recheck"
    RECORD_PROOF = "record_proof"
    DECIDE_CAPA = "decide_capa"
    CAPTURE_COST = "capture_cost"
    INFORM_CUSTOMER = "inform_customer"
    NOTE_RECURRENCE = "note_recurrence"


_S, _E = State, Event
_MOVES: dict[tuple[State, Event], State] = {
    (_S.DRAFT, _E.OPEN): _S.OPEN,
    (_S.OPEN, _E.CONTAIN): _S.CONTAINED,
    (_S.REOPENED, _E.CONTAIN): _S.CONTAINED,
    (_S.CONTAINED, _E.REVIEW): _S.UNDER_REVIEW,
    (_S.UNDER_REVIEW, _E.DISPOSE): _S.DISPOSITIONED,
    (_S.DISPOSITIONED, _E.CORRECT): _S.IN_CORRECTION,
    (_S.DISPOSITIONED, _E.VERIFY): _S.VERIFICATION,
    (_S.IN_CORRECTION, _E.REINSPECT): _S.REINSPECTION,
    (_S.IN_CORRECTION, _E.FAIL): _S.UNDER_REVIEW,
    (_S.REINSPECTION, _E.FAIL): _S.UNDER_REVIEW,
    (_S.VERIFICATION, _E.FAIL): _S.UNDER_REVIEW,
    (_S.REINSPECTION, _E.CLOSE): _S.CLOSED,
    (_S.VERIFICATION, _E.CLOSE): _S.CLOSED,
    (_S.DISPOSITIONED, _E.RECONSIDER): _S.UNDER_REVIEW,
    (_S.IN_CORRECTION, _E.RECONSIDER): _S.UNDER_REVIEW,
    (_S.REINSPECTION, _E.RECONSIDER): _S.UNDER_REVIEW,
    (_S.VERIFICATION, _E.RECONSIDER): _S.UNDER_REVIEW,
    (_S.OPEN, _E.REJECT): _S.REJECTED,
    (_S.CONTAINED, _E.REJECT): _S.REJECTED,
    (_S.UNDER_REVIEW, _E.REJECT): _S.REJECTED,
    (_S.DRAFT, _E.VOID): _S.VOID,
    (_S.OPEN, _E.VOID): _S.VOID,
    (_S.CONTAINED, _E.VOID): _S.VOID,
    (_S.CLOSED, _E.REOPEN): _S.REOPENED,
    (_S.REJECTED, _E.REOPEN): _S.REOPENED,
}
LIVE = (
    _S.OPEN, _S.REOPENED, _S.CONTAINED, _S.UNDER_REVIEW, _S.DISPOSITIONED, _S.IN_CORRECTION, _S.REINSPECTION,
    _S.VERIFICATION,
)  # fmt: skip
"""States in which the record has its number and somebody has to do something."""
_ADDITIONS: dict[Event, tuple[State, ...]] = {
    _E.AMEND: (_S.DRAFT,),
    _E.ASSIGN: (_S.DRAFT, *LIVE),
    _E.RECLASSIFY: (_S.OPEN, _S.REOPENED, _S.CONTAINED, _S.UNDER_REVIEW),
    _E.ADD_EVIDENCE: (_S.DRAFT, *LIVE),
    _E.RECORD_CONTAINMENT: (_S.OPEN, _S.REOPENED, _S.CONTAINED, _S.UNDER_REVIEW),
    _E.ASSEMBLE: (_S.CONTAINED, _S.UNDER_REVIEW),
    _E.PROPOSE: (_S.UNDER_REVIEW,),
    _E.SIGN: (_S.UNDER_REVIEW,),
    _E.RECORD_RECHECK: (_S.REINSPECTION,),
    _E.RECORD_PROOF: (_S.IN_CORRECTION, _S.REINSPECTION, _S.VERIFICATION),
    _E.DECIDE_CAPA: LIVE,
    _E.CAPTURE_COST: LIVE,
    _E.INFORM_CUSTOMER: LIVE,
    _E.NOTE_RECURRENCE: (_S.DRAFT, *LIVE, _S.CLOSED),
}
TRANSITIONS: Mapping[tuple[State, Event], State] = MappingProxyType(
    _MOVES | {(state, event): state for event, states in _ADDITIONS.items() for state in states}
)
"""The whole workflow; what adds to a record leaves its state."""


@dataclass(frozen=True, slots=True)
class Step:
    """A move from one state to the next."""

    event: Event
    state: State
    by: Actor
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NonConformance:
    """A nonconformance record; ``twin.ncr`` has what can be done with it."""

    id: Id
    project: Id
    title: str
    severity: Severity
    quantity: Decimal
    unit: str
    originator: Actor
    """Who raised it; may not sign its disposition (four eyes)."""
    raised_at: datetime
    state: State = State.DRAFT
    number: str = ""
    """Given once, on opening, and never reused."""
    description: str = ""
    detector: Actor | None = None
    """Who or what found it."""
    global_ids: tuple[str, ...] = ()
    lot: str = ""
    """Lot, batch or delivery of material that has no GlobalIds."""
    violations: tuple[Violation, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    contract_affected: bool = False
    """Contract or specification are affected: the customer has a say."""
    customer_to_be_informed: bool = False
    defect: Defect | None = None
    """What a check saw; by it a repeat check recognises the defect."""
    origin: Origin | None = None
    viewpoint: Viewpoint | None = None
    """From where a check's picture of it is taken."""
    findings: tuple[Id, ...] = ()
    inspection: Id | None = None
    """The inspection that found it."""
    assignee: Id | None = None
    """Who has to see to it now."""
    due: date | None = None
    """Until when the assignee should have."""
    containment: Containment | None = None
    containment_due: datetime | None = None
    roster: tuple[Member, ...] = ()
    lines: tuple[DispositionLine, ...] = ()
    signatures: tuple[Signature, ...] = ()
    corrected_at: datetime | None = None
    """When the correction was reported as finished."""
    rechecks: tuple[Recheck, ...] = ()
    proofs: tuple[Proof, ...] = ()
    cycle_count: int = 0
    """How many times re-inspection or verification failed."""
    capa: CapaDecision | None = None
    cost: Cost | None = None
    notice: CustomerNotice | None = None
    closing: Signature | None = None
    """By which a person other than who corrected closed it."""
    doubt: Doubt | None = None
    """Of a closed record: a check that it was closed on counts no more (:mod:`twin.ncr_doubt`)."""
    occurrences: tuple[Occurrence, ...] = ()
    history: tuple[Cycle, ...] = ()
    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a record about nothing."""
        require_utc(self.raised_at)
        positive(self.quantity, "the nonconforming quantity")
        if not self.unit.strip() or not self.title.strip():
            raise Invalid("a nonconformance record has a title, and a unit for its quantity")
        if len(set(self.global_ids)) != len(self.global_ids):
            raise Invalid("a nonconformance record names each element once")

    @property
    def corrections(self) -> tuple[DispositionLine, ...]:
        """The lines that have work done and re-inspected."""
        return tuple(line for line in self.lines if GATES[line.decision].corrects)


def concession_until(ncr: NonConformance) -> datetime | None:
    """Return when the first concession of what is decided ends; None where nothing was accepted for a time."""
    if ncr.state in (State.DRAFT, State.REJECTED, State.VOID):
        return None
    return min((line.concession.expires_at for line in ncr.lines if line.concession), default=None)


@dataclass(frozen=True, slots=True)
class _Decided:
    """What a signature on the disposition covers."""

    ncr: Id
    project: Id
    number: str
    title: str
    severity: Severity
    quantity: Decimal
    unit: str
    global_ids: tuple[str, ...]
    lot: str
    violations: tuple[Violation, ...]
    contract_affected: bool
    lines: tuple[DispositionLine, ...]
    cycle: int


def decision_sha256(ncr: NonConformance) -> str:
    """Return the digest of what is decided and about what: a signature covers it (21 CFR 11.70).

    Evidence, occurrences and costs that are added later leave it; any change of the nonconformance itself, of a
    line, or a new cycle does not.
    """
    return digest_of(
        _Decided(
            ncr=ncr.id,
            project=ncr.project,
            number=ncr.number,
            title=ncr.title,
            severity=ncr.severity,
            quantity=ncr.quantity,
            unit=ncr.unit,
            global_ids=ncr.global_ids,
            lot=ncr.lot,
            violations=ncr.violations,
            contract_affected=ncr.contract_affected,
            lines=ncr.lines,
            cycle=len(ncr.history),
        )
    )


@dataclass(frozen=True, slots=True)
class _Concluded:
    """What the signature that closes a record covers."""

    decided: str
    corrected_at: datetime | None
    rechecks: tuple[Recheck, ...]
    proofs: tuple[Proof, ...]
    capa: CapaDecision | None
    cost: Cost | None
    notice: CustomerNotice | None
    evidence: tuple[Evidence, ...]


def closing_sha256(ncr: NonConformance) -> str:
    """Return the digest of what closing rests on: what was decided, what shows that it was done, what it cost."""
    return digest_of(
        _Concluded(
            decided=decision_sha256(ncr),
            corrected_at=ncr.corrected_at,
            rechecks=ncr.rechecks,
            proofs=ncr.proofs,
            capa=ncr.capa,
            cost=ncr.cost,
            notice=ncr.notice,
            evidence=ncr.evidence,
        )
    )


def valid_signatures(ncr: NonConformance) -> tuple[Signature, ...]:
    """Return the signatures that cover what the record says now."""
    digest = decision_sha256(ncr)
    return tuple(s for s in ncr.signatures if s.content_sha256 == digest)
