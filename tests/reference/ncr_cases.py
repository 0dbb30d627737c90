"""A nonconformance record in each of its states, and the parts that lead there."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest

from geometry.verdict import Outcome
from twin import ncr as verbs
from twin.access import Capacity
from twin.disposition import Concession, Decision, DispositionLine, Proof
from twin.errors import Refused
from twin.finding import Origin, Severity
from twin.ncr import Event, NonConformance, State, missing_for
from twin.ncr_parts import (
    CapaDecision,
    Containment,
    ContainmentKind,
    Cost,
    Measured,
    Member,
    Occurrence,
    Recheck,
    RecheckOutcome,
    RecheckSource,
    Requirement,
    Violation,
)
from twin.record import Actor, Evidence, EvidenceKind, Signature, SignatureMeaning

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
DAY = timedelta(days=1)
RAISER = Actor("r" * 32, "Rosa")
OTHER = Actor("o" * 32, "Otto")
WORKER = Actor("w" * 32, "Wen")
SCANNER = Actor("s" * 32, "checker")
PHOTO = Evidence(EvidenceKind.PICTURE, "0" * 64)
BOARD = (
    Member("q" * 32, "Quinn", Capacity.QUALITY_MANAGER),
    Member("c" * 32, "Chen", Capacity.CONTRACTOR),
    Member("d" * 32, "Dana", Capacity.DESIGN_AUTHORITY),
    Member("k" * 32, "Kim", Capacity.CUSTOMER),
)
CONTAINED = Containment(ContainmentKind.IN_PLACE_TAG, "axis B/2", OTHER, NOW, "NCR tag 12", "columns of the same day")
VIOLATION = Violation(
    Requirement("axis_position", "GB 50204-2015 T8.3.2", D(-8), D(8)), Measured(D("34.8"), D("1.1")), "A"
)
REWORK = DispositionLine("rw", Decision.REWORK, D(2), "can be moved", ("A", "B"), instruction="WI-7")
AS_IS = DispositionLine(
    "ai", Decision.USE_AS_IS, D(2), "no effect on the slab", ("A", "B"),
    concession=Concession(D(2), NOW + 90 * DAY, ("A", "B")),
)  # fmt: skip
COST = Cost(D(120), D(0), D("15.50"), "EUR")
CAPA = CapaDecision(False, "single event, formwork was replaced", OTHER, NOW)
ORIGIN = Origin("run1", "rev1", "epoch1")


def draft() -> NonConformance:
    return NonConformance(
        id="n" * 32,
        project="p" * 32,
        title="Columns B1, B2 out of position",
        severity=Severity.MAJOR,
        quantity=D(2),
        unit="element",
        originator=RAISER,
        raised_at=NOW,
        detector=SCANNER,
        global_ids=("A", "B"),
        violations=(VIOLATION,),
        evidence=(PHOTO,),
        origin=ORIGIN,
    )


def signature(ncr: NonConformance, member: Member, role: str | None = None) -> Signature:
    return Signature(
        member.person, member.name, SignatureMeaning.APPROVAL, role or member.capacity, NOW, verbs.decision_sha256(ncr)
    )


def opened() -> NonConformance:
    return verbs.open_record(draft(), number="NCR-0001", actor=RAISER, now=NOW)


def contained() -> NonConformance:
    return verbs.contain(verbs.record_containment(opened(), CONTAINED), actor=OTHER, now=NOW)


def under_review(before: NonConformance | None = None) -> NonConformance:
    return verbs.review(verbs.assemble(before or contained(), BOARD), actor=OTHER, now=NOW)


def signed(*lines: DispositionLine, before: NonConformance | None = None) -> NonConformance:
    ncr = verbs.propose(before or under_review(), lines)
    for member in BOARD:
        ncr = verbs.sign(ncr, signature(ncr, member), now=NOW)
    return ncr


def dispositioned(*lines: DispositionLine) -> NonConformance:
    return verbs.dispose(signed(*(lines or (REWORK,))), actor=OTHER, now=NOW)


def in_correction(*lines: DispositionLine) -> NonConformance:
    return verbs.correct(dispositioned(*(lines or (REWORK,))), actor=WORKER, now=NOW)


def in_reinspection(*lines: DispositionLine) -> NonConformance:
    before = in_correction(*(lines or (REWORK,)))
    return verbs.reinspect(before, finished_at=NOW + DAY, actor=WORKER, now=NOW + DAY)


def in_verification(*lines: DispositionLine) -> NonConformance:
    return verbs.verify(dispositioned(*(lines or (AS_IS,))), actor=OTHER, now=NOW)


def settled(ncr: NonConformance) -> NonConformance:
    return verbs.capture_cost(verbs.decide_capa(ncr, CAPA), COST)


def recheck(*outcomes: tuple[str, Outcome], key: str = "run2", at: datetime = NOW + 2 * DAY) -> Recheck:
    given = outcomes or (("A", Outcome.PASS), ("B", Outcome.PASS))
    found = tuple(RecheckOutcome(*o) for o in given)
    return Recheck(key, RecheckSource.CHECK_RUN, "n" * 32, at, found, SCANNER)


def rechecked(ncr: NonConformance, *checks: Recheck) -> NonConformance:
    for check in checks or (recheck(),):
        ncr = verbs.record_recheck(ncr, check, actor=OTHER, now=NOW + 9 * DAY)
    return ncr


def proof(line: str, verdict: Outcome = Outcome.PASS) -> Proof:
    return Proof(line, verdict, OTHER, NOW, (PHOTO,), as_built_record="AB-12 rev C", marking="cut", counted=D(1))


def closing(
    ncr: NonConformance, who: Actor = OTHER, now: datetime = NOW + 3 * DAY, role: str = "quality_manager"
) -> Signature:
    return Signature(who.id, who.name, SignatureMeaning.APPROVAL, role, now, verbs.closing_sha256(ncr))


def close(ncr: NonConformance, *, actor: Actor = OTHER, now: datetime = NOW + 3 * DAY) -> NonConformance:
    return verbs.close(ncr, closing(ncr, actor, now), actor=actor, now=now)


def closed() -> NonConformance:
    return close(settled(rechecked(in_reinspection())))


def closed_as_is() -> NonConformance:
    proven = verbs.record_proof(in_verification(), proof("ai"), now=NOW)
    return close(settled(proven), now=NOW + DAY)


def reject(ncr: NonConformance) -> NonConformance:
    return verbs.reject(ncr, reason="scaffold measured, not the column", actor=OTHER, now=NOW)


IN_STATE: dict[State, Callable[[], NonConformance]] = {
    State.DRAFT: draft,
    State.OPEN: lambda: verbs.record_containment(opened(), CONTAINED),
    State.CONTAINED: lambda: verbs.assemble(contained(), BOARD),
    State.UNDER_REVIEW: lambda: verbs.propose(under_review(), (REWORK,)),
    State.DISPOSITIONED: dispositioned,
    State.IN_CORRECTION: in_correction,
    State.REINSPECTION: lambda: settled(rechecked(in_reinspection())),
    State.VERIFICATION: lambda: settled(verbs.record_proof(in_verification(), proof("ai"), now=NOW)),
    State.CLOSED: closed_as_is,
    State.REJECTED: lambda: reject(opened()),
    State.VOID: lambda: verbs.void(opened(), reason="twice", actor=OTHER, now=NOW),
    State.REOPENED: lambda: verbs.record_containment(
        verbs.reopen(closed(), reason="cracked again", actor=OTHER, now=NOW), CONTAINED
    ),
}
Act = Callable[[NonConformance], NonConformance]
OCCURRENCE = Occurrence("f2", "run5", "epoch5", NOW + 5 * DAY, ())
LATER = NOW + 9 * DAY


def assert_refused(ncr: NonConformance, event: Event, phrase: str, now: datetime = NOW + 3 * DAY) -> None:
    """Both the list for the user and the refusal name what is missing."""
    missing = missing_for(ncr, event, now=now)
    assert any(phrase in m for m in missing), missing
    acts: dict[Event, Act] = {
        Event.OPEN: lambda n: verbs.open_record(n, number="NCR-0001", actor=RAISER, now=now),
        Event.CONTAIN: lambda n: verbs.contain(n, actor=OTHER, now=now),
        Event.REVIEW: lambda n: verbs.review(n, actor=OTHER, now=now),
        Event.SIGN: lambda n: verbs.sign(n, signature(n, BOARD[0]), now=now),
        Event.DISPOSE: lambda n: verbs.dispose(n, actor=OTHER, now=now),
        Event.CORRECT: lambda n: verbs.correct(n, actor=WORKER, now=now),
        Event.CLOSE: lambda n: close(n, now=now),
    }
    with pytest.raises(Refused) as refusal:
        acts[event](ncr)
    assert refusal.value.missing == missing
    assert "\n" not in str(refusal.value)
