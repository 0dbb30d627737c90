"""Nonconformance records: every pair of state and event, ends and returns, and what is seen again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal as D

import pytest

from geometry.verdict import Outcome
from tests.reference.ncr_cases import (
    AS_IS,
    BOARD,
    CAPA,
    CONTAINED,
    COST,
    DAY,
    IN_STATE,
    LATER,
    NOW,
    OCCURRENCE,
    ORIGIN,
    OTHER,
    PHOTO,
    RAISER,
    REWORK,
    SCANNER,
    VIOLATION,
    WORKER,
    assert_refused,
    close,
    closed,
    closed_as_is,
    dispositioned,
    draft,
    in_reinspection,
    opened,
    proof,
    recheck,
    reject,
    signature,
    signed,
)
from twin import ncr as verbs
from twin.errors import IllegalTransition, Invalid, Refused
from twin.finding import MISSING, CauseKind, Defect, Failure, Finding, FindingStatus, Location, Severity
from twin.ncr import TRANSITIONS, Event, NonConformance, State, allowed_events
from twin.ncr_deadline import CONTAIN_WITHIN, containment_due
from twin.ncr_parts import (
    CapaDecision,
    Cost,
    CustomerNotice,
    Measured,
    Occurrence,
    Requirement,
    Violation,
)
from twin.record import Evidence, EvidenceKind, content_sha256
from twin.signed_content import digest_of
from twin.store.codec import from_json, to_json


def _sign(ncr: NonConformance) -> NonConformance:
    return verbs.sign(ncr, signature(ncr, BOARD[0]), now=NOW)


def _dispose(ncr: NonConformance) -> NonConformance:
    if ncr.state is State.UNDER_REVIEW:
        ncr = signed(REWORK, before=ncr)
    return verbs.dispose(ncr, actor=OTHER, now=NOW)


def _verify(ncr: NonConformance) -> NonConformance:
    if ncr.state is State.DISPOSITIONED:
        ncr = dispositioned(AS_IS)
    return verbs.verify(ncr, actor=OTHER, now=NOW)


def _fail(ncr: NonConformance) -> NonConformance:
    if ncr.state in (State.VERIFICATION, State.IN_CORRECTION):
        line = "ai" if ncr.state is State.VERIFICATION else "rw"
        return verbs.record_proof(ncr, proof(line, Outcome.FAIL), now=NOW)
    return verbs.record_recheck(ncr, recheck(("A", Outcome.FAIL), key="run7", at=LATER), actor=OTHER, now=LATER)


ACT: dict[Event, Callable[[NonConformance], NonConformance]] = {
    Event.OPEN: lambda n: verbs.open_record(n, number="NCR-0001", actor=RAISER, now=NOW),
    Event.CONTAIN: lambda n: verbs.contain(n, actor=OTHER, now=NOW),
    Event.REVIEW: lambda n: verbs.review(n, actor=OTHER, now=NOW),
    Event.DISPOSE: _dispose,
    Event.CORRECT: lambda n: verbs.correct(n, actor=WORKER, now=NOW),
    Event.VERIFY: _verify,
    Event.REINSPECT: lambda n: verbs.reinspect(n, finished_at=NOW, actor=OTHER, now=NOW),
    Event.FAIL: _fail,
    Event.CLOSE: close,
    Event.RECONSIDER: lambda n: verbs.reconsider(n, reason="no access", actor=OTHER, now=NOW),
    Event.REJECT: reject,
    Event.VOID: lambda n: verbs.void(n, reason="twice", actor=OTHER, now=NOW),
    Event.REOPEN: lambda n: verbs.reopen(n, reason="cracked again", actor=OTHER, now=NOW),
    Event.AMEND: lambda n: verbs.amend(n, title="Two columns"),
    Event.ASSIGN: lambda n: verbs.assign(n, assignee="c" * 32, due=NOW.date()),
    Event.RECLASSIFY: lambda n: verbs.reclassify(
        n, severity=Severity.MINOR, contract_affected=True, customer_to_be_informed=True, reason="r", actor=OTHER,
        now=NOW,
    ),
    Event.ADD_EVIDENCE: lambda n: verbs.add_evidence(n, Evidence(EvidenceKind.SCAN, "1" * 64)),
    Event.RECORD_CONTAINMENT: lambda n: verbs.record_containment(n, replace(CONTAINED, tag="another")),
    Event.ASSEMBLE: lambda n: verbs.assemble(n, BOARD[:2]),
    Event.PROPOSE: lambda n: verbs.propose(n, (AS_IS,)),
    Event.SIGN: _sign,
    Event.RECORD_RECHECK: lambda n: verbs.record_recheck(n, recheck(key="run9", at=LATER), actor=OTHER, now=LATER),
    Event.RECORD_PROOF: lambda n: verbs.record_proof(n, proof(n.lines[0].id if n.lines else "-"), now=NOW),
    Event.DECIDE_CAPA: lambda n: verbs.decide_capa(n, CAPA),
    Event.CAPTURE_COST: lambda n: verbs.capture_cost(n, COST),
    Event.INFORM_CUSTOMER: lambda n: verbs.inform_customer(n, CustomerNotice("letter 4", OTHER, NOW)),
    Event.NOTE_RECURRENCE: lambda n: verbs.note_recurrence(n, OCCURRENCE, now=NOW + 5 * DAY),
}  # fmt: skip


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_the_table_is_what_happens(state: State, event: Event) -> None:
    before = IN_STATE[state]()
    assert before.state is state
    if (state, event) in TRANSITIONS:
        after = ACT[event](before)
        assert after.state is TRANSITIONS[state, event]
        assert after.id == before.id
        assert after.number in (before.number, "NCR-0001")
        assert after.quantity == before.quantity
        assert len(after.history) >= len(before.history)
    else:
        assert event not in allowed_events(before)
        with pytest.raises(IllegalTransition, match="not possible now"):
            ACT[event](before)


def test_every_state_is_reached_and_only_void_is_without_a_way_on() -> None:
    assert {to for _, to in TRANSITIONS.items()} | {State.DRAFT} == set(State)
    stuck = {s for s in State if not any(a is s for a, _ in TRANSITIONS)}
    assert stuck == {State.VOID}


def test_what_is_offered_is_the_way_of_the_decision() -> None:
    assert Event.CORRECT in allowed_events(dispositioned(REWORK))
    assert Event.VERIFY not in allowed_events(dispositioned(REWORK))
    assert Event.VERIFY in allowed_events(dispositioned(AS_IS))
    assert Event.CORRECT not in allowed_events(dispositioned(AS_IS))
    assert Event.FAIL not in allowed_events(in_reinspection())
    with pytest.raises(Refused, match="verify instead"):
        verbs.correct(dispositioned(AS_IS), actor=OTHER, now=NOW)
    with pytest.raises(Refused, match="correct first"):
        verbs.verify(dispositioned(REWORK), actor=OTHER, now=NOW)


# ------------------------------------------------------------------------------------------------- ends and returns


def test_who_raised_it_neither_rejects_nor_voids_it_alone() -> None:
    with pytest.raises(Refused, match="ask somebody else"):
        verbs.reject(opened(), reason="no", actor=RAISER, now=NOW)
    with pytest.raises(Refused, match="ask somebody else"):
        verbs.void(opened(), reason="no", actor=replace(OTHER, on_behalf_of=RAISER.id), now=NOW)
    assert verbs.void(draft(), reason="twice", actor=RAISER, now=NOW).state is State.VOID


@pytest.mark.parametrize("reason", ["", " "])
def test_ends_and_returns_need_a_reason(reason: str) -> None:
    acts: list[Callable[[], NonConformance]] = [
        lambda: verbs.reject(opened(), reason=reason, actor=OTHER, now=NOW),
        lambda: verbs.void(opened(), reason=reason, actor=OTHER, now=NOW),
        lambda: verbs.reopen(closed(), reason=reason, actor=OTHER, now=NOW),
        lambda: verbs.reconsider(dispositioned(), reason=reason, actor=OTHER, now=NOW),
    ]
    for act in acts:
        with pytest.raises(Refused, match="say why"):
            act()


def test_reopening_keeps_everything_and_starts_anew() -> None:
    before = closed()
    ncr = verbs.reopen(before, reason="cracked again", actor=OTHER, now=LATER)
    assert ncr.history[-1].lines == before.lines
    assert ncr.history[-1].rechecks == before.rechecks
    assert ncr.history[-1].signatures == before.signatures
    assert (ncr.history[-1].cost, ncr.history[-1].capa) == (COST, CAPA)
    assert (ncr.history[-1].closing, ncr.closing) == (before.closing, None)
    assert before.closing is not None
    assert ncr.steps[: len(before.steps)] == before.steps
    assert (ncr.containment, ncr.lines, ncr.cost, ncr.capa, ncr.rechecks) == (None, (), None, None, ())
    assert ncr.containment_due == containment_due(Severity.MAJOR, LATER)
    assert_refused(ncr, Event.CONTAIN, "a containment")


# ------------------------------------------------------------------------------------------------- seen again


@pytest.mark.parametrize("state", [s for s in State if s not in (State.REJECTED, State.VOID)])
def test_seen_again_adds_an_occurrence_and_nothing_else(state: State) -> None:
    before = IN_STATE[state]()
    after = ACT[Event.NOTE_RECURRENCE](before)
    assert after == replace(before, occurrences=(*before.occurrences, OCCURRENCE))
    assert ACT[Event.NOTE_RECURRENCE](after) == after


def test_a_closed_record_takes_up_only_what_it_accepted() -> None:
    def seen(global_id: str, *, unchanged: bool = True) -> Occurrence:
        failure = Failure(global_id, "axis_position", "GB", D("34.8"), D(-8), D(8), D(1))
        return replace(OCCURRENCE, failures=(failure,), unchanged=unchanged)

    accepted = closed_as_is()
    assert verbs.note_recurrence(accepted, seen("A"), now=LATER).occurrences == (seen("A"),)
    with pytest.raises(Refused, match="did not accept this"):
        verbs.note_recurrence(accepted, seen("Z"), now=LATER)
    with pytest.raises(Refused, match="did not accept this"):
        verbs.note_recurrence(accepted, seen("A", unchanged=False), now=LATER)
    with pytest.raises(Refused, match="an acceptance that still holds"):
        verbs.note_recurrence(accepted, seen("A"), now=NOW + 90 * DAY)
    with pytest.raises(Refused, match="an acceptance that still holds"):
        verbs.note_recurrence(closed(), seen("A"), now=LATER)


# ------------------------------------------------------------------------------------------------- from a finding


def finding(*failures: Failure) -> Finding:
    defect = Defect(CauseKind.DISPLACED, tuple({f.global_id for f in failures}), failures)
    place = Location(D(0), D(0), D(0))
    return Finding("f" * 32, "p" * 32, ORIGIN, defect, Severity.MAJOR, place, SCANNER, NOW)


def test_a_finding_becomes_a_draft_that_can_be_opened() -> None:
    moved = Failure("A", "axis_position", "GB 50204-2015 T8.3.2", D("34.8"), D(-8), D(8), D("1.1"))
    gone = Failure("B", MISSING, "model")
    ncr = verbs.draft_from_finding(
        finding(moved, gone), identifier="n" * 32, title="A and B", evidence=(PHOTO,), actor=RAISER, now=NOW
    )
    assert ncr.quantity == 2
    assert ncr.detector == SCANNER
    assert ncr.violations[0] == VIOLATION
    assert ncr.violations[1].requirement == Requirement("presence", "model", D(1), D(1), "element")
    assert verbs.open_record(ncr, number="NCR-3", actor=RAISER, now=NOW).state is State.OPEN


def test_a_failure_of_an_opening_names_it_to_the_end() -> None:
    narrow = Failure("A", "opening_size", "DIN 18202", D(-30), D(-12), D(12), D(2), "Opening 3", "O3", "width")
    ncr = verbs.draft_from_finding(
        finding(narrow), identifier="n" * 32, title="A", evidence=(PHOTO,), actor=RAISER, now=NOW
    )
    [violation] = ncr.violations
    assert (violation.part, violation.part_id, violation.direction) == ("Opening 3", "O3", "width")
    # what was signed before there were parts keeps its digest
    assert digest_of(violation) != digest_of(replace(violation, part="", part_id="", direction=""))
    whole = replace(violation, part="", part_id="", direction="")
    as_before = {"requirement": to_json(whole.requirement), "measured": to_json(whole.measured), "global_id": "A"}
    assert digest_of(whole) == content_sha256(as_before)


@pytest.mark.parametrize("changes", [{"status": FindingStatus.DISMISSED}, {"verdict": Outcome.INDETERMINATE}])
def test_only_an_open_finding_that_fails_becomes_one(changes: dict[str, object]) -> None:
    found = finding(Failure("A", MISSING, "model"))
    with pytest.raises(Refused, match="only an open one that fails"):
        verbs.draft_from_finding(
            replace(found, **changes),
            identifier="n",
            title="A",
            evidence=(),
            actor=RAISER,
            now=NOW,  # pyright: ignore[reportArgumentType]
        )


# ------------------------------------------------------------------------------------------------- deadlines and values


@pytest.mark.parametrize("severity", Severity)
def test_the_clock_runs_from_opening_by_severity(severity: Severity) -> None:
    ncr = verbs.open_record(replace(draft(), severity=severity), number="NCR-1", actor=RAISER, now=NOW)
    due = NOW + CONTAIN_WITHIN[severity]
    assert ncr.containment_due == due
    assert not verbs.is_overdue(ncr, due)
    assert verbs.is_overdue(ncr, due + timedelta(seconds=1))
    held = verbs.contain(verbs.record_containment(ncr, CONTAINED), actor=OTHER, now=NOW)
    assert not verbs.is_overdue(held, due + DAY)


def test_the_graver_the_sooner() -> None:
    assert CONTAIN_WITHIN[Severity.CRITICAL] < CONTAIN_WITHIN[Severity.MAJOR] < CONTAIN_WITHIN[Severity.MINOR]
    graver = verbs.reclassify(
        opened(), severity=Severity.CRITICAL, contract_affected=False, customer_to_be_informed=False,
        reason="bears the transfer beam", actor=OTHER, now=LATER,
    )  # fmt: skip
    assert graver.containment_due == NOW + CONTAIN_WITHIN[Severity.CRITICAL]
    assert graver.steps[-1].reason == "bears the transfer beam"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Requirement("level", " ", D(0), D(1)), "clause"),
        (lambda: Requirement("level", "GB"), "limit"),
        (lambda: Requirement("level", "GB", D(2), D(1)), "crossed"),
        (lambda: Measured(D("NaN"), D(1)), "measured value"),
        (lambda: Measured(D(1), D(-1)), "U >= 0"),
        (lambda: Violation(Requirement("level", "GB", D(-8), D(8)), Measured(D(8), D(1))), "no violation"),
        (lambda: Cost(D(-1), D(0), D(0), "EUR"), "labour"),
        (lambda: Cost(D(1), D(0), D(0), "euro"), "currency"),
        (lambda: CapaDecision(False, "", OTHER, NOW), "say why"),
        (lambda: CustomerNotice("", OTHER, NOW), "letter"),
        (lambda: recheck(("A", Outcome.PASS), ("A", Outcome.FAIL)), "one thing of each"),
        (lambda: replace(draft(), quantity=D(0)), "above zero"),
        (lambda: replace(draft(), title=""), "title"),
        (lambda: replace(draft(), global_ids=("A", "A")), "once"),
    ],
)
def test_values_make_sense(make: Callable[[], object], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        make()


def test_costs_add_up_exactly() -> None:
    assert Cost(D("0.1"), D("0.2"), D("0.3"), "CNY").total == D("0.6")


@pytest.mark.parametrize("state", State)
def test_a_record_is_stored_and_read_back_whole(state: State) -> None:
    ncr = IN_STATE[state]()
    assert from_json(to_json(ncr), NonConformance) == ncr
