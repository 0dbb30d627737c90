from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.verdict import Outcome, State
from twin.element_state import (
    STALE,
    TRANSITIONS,
    ElementState,
    Epoch,
    Seen,
    Status,
    observe,
    observe_all,
    on_revision,
    replay,
    seen_as,
)
from twin.errors import Invalid, Refused
from twin.revision_diff import Change

START = datetime(2026, 1, 1, 8, tzinfo=UTC)
PROJECT = "p" * 32


def _epoch(n: int, revision: str = "r1") -> Epoch:
    return Epoch(f"e{n}", START + timedelta(days=n), revision, f"c{n}")


def _state(status: Status) -> ElementState:
    check = None if status is Status.PLANNED else "c0"
    return ElementState(PROJECT, "g", _epoch(0), status, Seen.NOT_SEEN, False, START, check)


@pytest.mark.parametrize(("state", "verdict", "expected"), [
    (State.INSTALLED, Outcome.PASS, Seen.PASSED),
    (State.INSTALLED, Outcome.FAIL, Seen.FAILED),
    (State.INSTALLED, Outcome.INDETERMINATE, Seen.IN_DOUBT),
    (State.INSTALLED, Outcome.NOT_MEASURED, Seen.UNJUDGED),
    (State.MISSING, Outcome.FAIL, Seen.ABSENT),
    (State.OCCLUDED, Outcome.NOT_MEASURED, Seen.NOT_SEEN),
    (State.UNSEEN, Outcome.NOT_MEASURED, Seen.NOT_SEEN),
    (State.DESIGN_SUSPECT, Outcome.NOT_MEASURED, Seen.SUSPECT),
])  # fmt: skip
def test_what_a_check_says_of_an_element(state: State, verdict: Outcome, expected: Seen) -> None:
    assert seen_as(state, verdict) is expected


@pytest.mark.parametrize("state", [s for s in State if s is not State.INSTALLED])
@pytest.mark.parametrize("verdict", Outcome)
def test_only_what_is_installed_can_pass(state: State, verdict: Outcome) -> None:
    assert seen_as(state, verdict) is not Seen.PASSED


@pytest.mark.parametrize(("known", "seen"), list(TRANSITIONS))
def test_the_table_is_followed_and_staleness_says_so(known: Status, seen: Seen) -> None:
    after = observe(PROJECT, "g", _state(known), seen, epoch=_epoch(1))
    expected = TRANSITIONS[known, seen]
    assert after.status is (expected or known)
    assert after.stale is (expected is None)
    assert after.supported_by == (_state(known).supported_by if expected is None else "c1")
    assert after.since == (START if after.status is known else _epoch(1).captured_at)
    assert STALE.get((after.status, seen)) in (after.stale, None), "told without the history, where that is enough"


def test_the_table_is_complete() -> None:
    assert set(TRANSITIONS) == {(status, seen) for status in Status for seen in Seen}
    pairs = {(status or known, seen) for (known, seen), status in TRANSITIONS.items()}
    assert pairs - set(STALE) == {(Status.UNRESOLVED, Seen.SUSPECT)}, "of this alone the history decides"


def test_only_a_pass_verifies_and_only_a_pass_or_absence_clears_a_deviation() -> None:
    assert {seen for (_, seen), after in TRANSITIONS.items() if after is Status.VERIFIED} == {Seen.PASSED}
    clearing = {s for s in Seen if TRANSITIONS[Status.DEVIATING, s] not in (None, Status.DEVIATING)}
    assert clearing == {Seen.PASSED, Seen.ABSENT}
    assert Status.PLANNED not in TRANSITIONS.values()


def test_an_element_absent_before_it_is_due_stays_planned() -> None:
    early = observe(PROJECT, "g", None, Seen.ABSENT, epoch=_epoch(0), due=date(2026, 1, 3))
    assert (early.status, early.stale, early.supported_by) == (Status.PLANNED, False, "c0")
    assert observe(PROJECT, "g", early, Seen.ABSENT, epoch=_epoch(2), due=date(2026, 1, 3)).status is Status.MISSING


@pytest.mark.parametrize(("seen", "status"), [
    (Seen.PASSED, Status.VERIFIED), (Seen.FAILED, Status.DEVIATING), (Seen.UNJUDGED, Status.INSTALLED),
])  # fmt: skip
def test_what_is_there_before_it_is_due_counts_as_there(seen: Seen, status: Status) -> None:
    assert observe(PROJECT, "g", None, seen, epoch=_epoch(0), due=date(2027, 1, 1)).status is status


def test_what_was_there_and_is_gone_is_missing_even_before_its_date() -> None:
    gone = observe(PROJECT, "g", _state(Status.INSTALLED), Seen.ABSENT, epoch=_epoch(1), due=date(2027, 1, 1))
    assert gone.status is Status.MISSING


def test_epochs_out_of_order_are_refused_and_replayed_in_order() -> None:
    with pytest.raises(Refused, match="replay"):
        observe(PROJECT, "g", _state(Status.INSTALLED), Seen.PASSED, epoch=_epoch(0))
    mixed = [(_epoch(2), Seen.PASSED), (_epoch(0), Seen.UNJUDGED), (_epoch(1), Seen.FAILED)]
    assert [s.status for s in replay(PROJECT, "g", mixed)] == [Status.INSTALLED, Status.DEVIATING, Status.VERIFIED]


def test_all_designed_elements_get_a_state_and_a_foreign_one_is_refused() -> None:
    states = observe_all(PROJECT, ["b", "a"], {}, {"a": Seen.PASSED}, epoch=_epoch(0))
    assert [(s.global_id, s.status, s.stale) for s in states] == [
        ("a", Status.VERIFIED, False), ("b", Status.PLANNED, True),
    ]  # fmt: skip
    with pytest.raises(Invalid, match="does not have"):
        observe_all(PROJECT, ["a"], {}, {"z": Seen.PASSED}, epoch=_epoch(0))


def test_a_claim_without_a_check_is_refused() -> None:
    with pytest.raises(Invalid, match="without a check"):
        ElementState(PROJECT, "g", _epoch(0), Status.VERIFIED, Seen.PASSED, False, START, None)
    with pytest.raises(Invalid, match="GlobalId"):
        ElementState(PROJECT, "", _epoch(0), Status.PLANNED, Seen.PASSED, False, START, None)


def test_a_changed_shape_takes_the_verdict_back() -> None:
    verified = _state(Status.VERIFIED)
    assert on_revision(verified, Change.NONE) == verified
    assert on_revision(verified, Change.PROPERTIES) == verified
    assert on_revision(verified, Change.REMOVED) is None
    changed = on_revision(verified, Change.SHAPE)
    assert changed is not None
    assert (changed.status, changed.stale) == (Status.UNRESOLVED, True)
    missing = on_revision(_state(Status.MISSING), Change.SHAPE)
    assert missing is not None
    assert (missing.status, missing.supported_by) == (Status.PLANNED, None)
    with pytest.raises(Invalid, match="cannot be added"):
        on_revision(verified, Change.ADDED)


@given(st.lists(st.sampled_from(list(Seen)), min_size=1, max_size=12))
def test_any_history_claims_only_what_was_seen(seen: list[Seen]) -> None:
    history = replay(PROJECT, "g", [(_epoch(n), s) for n, s in enumerate(seen)])
    assert [s.epoch.id for s in history] == [f"e{n}" for n in range(len(seen))]
    for n, state in enumerate(history):
        if state.status is Status.VERIFIED:  # the last thing that said anything of it was a pass
            telling = [s for s in seen[: n + 1] if s not in (Seen.NOT_SEEN, Seen.SUSPECT, Seen.UNJUDGED)]
            assert telling[-1] is Seen.PASSED
        if seen[n] is Seen.NOT_SEEN:
            assert state.stale
    for before, after in pairwise(history):
        assert before.since <= after.since <= after.epoch.captured_at
