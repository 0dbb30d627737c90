"""The life of a CAPA: its steps, its guards, and who may do what."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from tests.reference.capa_cases import (
    CHECKER,
    CRITERION,
    DO,
    EDITS,
    EVALUATOR,
    FRESH,
    LATER,
    LEADER,
    MANAGER,
    NOW,
    OWNER,
    PROBLEM,
    PROOF,
    READY,
    WHY,
    WORKER,
    action_of,
    analysed,
    approved,
    asked_to_cancel,
    described,
    done,
    effective,
    given_up,
    monitored,
    planned,
    signature_of,
    verified,
)
from twin.capa import (
    EDITABLE,
    OPEN_STATES,
    TRANSITIONS,
    Capa,
    CapaEvent,
    CapaKind,
    CapaSource,
    CapaState,
    Edit,
    SourceKind,
)
from twin.capa_edits import (
    add_action,
    complete_action,
    drop_action,
    link_source,
    recognise,
    remove_containment,
    request_cancellation,
    set_analysis,
    set_criterion,
    unlink_source,
    verify_action,
    waive_containment,
    withdraw_cancellation,
)
from twin.capa_guards import allowed_events, missing_for
from twin.capa_steps import (
    analysis_digest,
    approve_root_cause,
    cancel,
    cancellation_digest,
    implement,
    plan_actions,
    plan_again,
    verify_implementation,
)
from twin.cause_analysis import CauseAnalysis
from twin.corrective_action import ActionKind
from twin.disciplines import disciplines
from twin.eight_d import Prevention, PreventionKind, Team
from twin.errors import Conflict, IllegalTransition, Invalid, NotFound, Refused
from twin.record import Actor, SignatureMeaning
from twin.root_cause import WhyTree
from twin.store.codec import from_json, to_json


@pytest.mark.parametrize("state", CapaState)
@pytest.mark.parametrize("event", CapaEvent)
def test_every_pair_of_state_and_event(state: CapaState, event: CapaEvent) -> None:
    capa = READY[state]()
    if event is CapaEvent.CANCEL:
        capa = asked_to_cancel(capa)
    assert capa.state is state
    after = TRANSITIONS.get((state, event))
    if after is None:
        with pytest.raises(IllegalTransition) as caught:
            DO[event](capa)
        assert capa.number in str(caught.value)
    else:
        assert missing_for(capa, event, now=LATER) == ()
        moved = DO[event](capa)
        assert (moved.state, moved.steps[-1].event, moved.steps[-1].state) == (after, event, after)
    assert (event in allowed_events(capa)) == (after is not None)


@pytest.mark.parametrize("state", CapaState)
def test_every_state_is_stored_and_read_back(state: CapaState) -> None:
    capa = READY[state]()
    assert from_json(to_json(capa), Capa) == capa


def test_the_closed_states_have_no_way_out_and_each_state_is_reached() -> None:
    assert {state for state, _ in TRANSITIONS} == set(OPEN_STATES)
    assert set(TRANSITIONS.values()) | {CapaState.INITIATED} == set(CapaState)


_LACKING: list[tuple[CapaEvent, Callable[[], Capa], str]] = [
    (CapaEvent.INVESTIGATE, lambda: replace(described(), emergency=" "), "done at once"),
    (CapaEvent.INVESTIGATE, lambda: replace(described(), team=None), "team"),
    (CapaEvent.INVESTIGATE, lambda: replace(described(), problem=None), "description"),
    (CapaEvent.INVESTIGATE, lambda: replace(described(), problem=replace(PROBLEM, how_many="")), "how many"),
    (CapaEvent.APPROVE_ROOT_CAUSE, lambda: replace(analysed(), actions=()), "containment action"),
    (CapaEvent.APPROVE_ROOT_CAUSE, lambda: add_action(analysed(), action_of(ActionKind.CONTAINMENT, "two")), "do two"),
    (CapaEvent.APPROVE_ROOT_CAUSE, lambda: replace(analysed(), analysis=None), "analysis"),
    (
        CapaEvent.APPROVE_ROOT_CAUSE,
        lambda: set_analysis(analysed(), CauseAnalysis(WhyTree("x", WHY.nodes[:1]), "F-12"), actor=WORKER),
        "root cause of the escape",
    ),
    (
        CapaEvent.APPROVE_ROOT_CAUSE,
        lambda: set_analysis(analysed(), CauseAnalysis(WHY, ""), actor=WORKER),
        "cause code",
    ),
    (CapaEvent.CANCEL, monitored, "request to give it up"),
    (CapaEvent.IMPLEMENT, lambda: drop_action(planned(), "brace"), "corrective action"),
    (
        CapaEvent.IMPLEMENT,
        lambda: add_action(drop_action(planned(), "brace"), action_of(ActionKind.PREVENTIVE, "elsewhere")),
        "corrective action",
    ),
    (CapaEvent.IMPLEMENT, lambda: replace(planned(), criterion=None), "criterion"),
    (CapaEvent.VERIFY, lambda: implement(planned(), actor=OWNER, now=NOW), "completion of 'do brace'"),
    (
        CapaEvent.MONITOR,
        lambda: replace(verified(), actions=(*verified().actions[:1], *done().actions[1:])),
        "verification of 'do brace'",
    ),
    (
        CapaEvent.MONITOR,
        lambda: replace(verified(), actions=(replace(verified().actions[0], ended_at=None), verified().actions[1])),
        "end of the containment",
    ),
    (CapaEvent.MONITOR, lambda: replace(verified(), prevention=()), "prevents recurrence"),
    (CapaEvent.CONFIRM_EFFECTIVE, lambda: replace(monitored(), monitored_since=LATER), "observation window"),
    (CapaEvent.CONFIRM_EFFECTIVE, lambda: recognise(monitored(), ""), "learned"),
]


@pytest.mark.parametrize(("event", "make", "phrase"), _LACKING)
def test_every_guard_refuses_and_names_what_is_missing(event: CapaEvent, make: Callable[[], Capa], phrase: str) -> None:
    capa = make()
    with pytest.raises(Refused) as caught:
        DO[event](capa)
    assert not isinstance(caught.value, IllegalTransition)
    assert len(caught.value.missing) == 1
    assert phrase in caught.value.missing[0]
    assert missing_for(capa, event, now=LATER) == caught.value.missing


def test_where_nothing_escaped_only_the_occurrence_is_asked() -> None:
    capa = replace(analysed(), kind=CapaKind.PREVENTIVE, analysis=CauseAnalysis(WhyTree("x", WHY.nodes[:1]), "F-12"))
    assert missing_for(capa, CapaEvent.APPROVE_ROOT_CAUSE, now=NOW) == ()


def test_containment_may_be_waived_with_a_reason() -> None:
    bare = replace(analysed(), actions=())
    assert missing_for(waive_containment(bare, "nothing stands yet"), CapaEvent.APPROVE_ROOT_CAUSE, now=NOW) == ()
    with pytest.raises(Invalid):
        waive_containment(bare, " ")


@pytest.mark.parametrize(("who", "changes", "text"), [
    (LEADER, {}, "leads the team"), (OWNER, {}, "owns this CAPA"), (WORKER, {}, "wrote the analysis"),
    (MANAGER, {"role": "design_authority"}, "as quality manager"),
    (MANAGER, {"meaning": SignatureMeaning.REVIEW}, "must mean approval"),
    (MANAGER, {"content_sha256": "0" * 64}, "another version"),
])  # fmt: skip
def test_the_root_cause_is_approved_by_a_second_person_who_signs_what_it_says(
    who: Actor, changes: dict[str, Any], text: str
) -> None:
    capa = analysed()
    with pytest.raises(Refused, match=text):
        approve_root_cause(capa, signature_of(analysis_digest(capa), who, **changes), actor=OWNER, now=NOW)


def test_a_signature_does_not_cover_an_analysis_changed_after_it() -> None:
    capa = analysed()
    signature = signature_of(analysis_digest(capa))
    changed = set_analysis(capa, CauseAnalysis(WHY, "F-13"), actor=WORKER)
    with pytest.raises(Refused, match="another version"):
        approve_root_cause(changed, signature, actor=OWNER, now=NOW)
    with pytest.raises(Refused, match="no analysis"):
        analysis_digest(FRESH)


def test_nobody_who_wrote_a_word_of_the_analysis_signs_it_even_after_others_wrote_more() -> None:
    capa = set_analysis(analysed(), CauseAnalysis(WHY, "F-1"), actor=MANAGER)
    capa = set_analysis(capa, CauseAnalysis(WHY, "F-12"), actor=WORKER)
    assert capa.analysed_by == (WORKER.id, MANAGER.id)
    with pytest.raises(Refused, match="wrote the analysis"):
        approve_root_cause(capa, signature_of(analysis_digest(capa)), actor=MANAGER, now=NOW)
    signed = approve_root_cause(capa, signature_of(analysis_digest(capa), CHECKER), actor=CHECKER, now=NOW)
    assert signed.state is CapaState.ROOT_CAUSE_APPROVED


@pytest.mark.parametrize(("signer", "text"), [(OWNER, "owns"), (CHECKER, "asks for it")])
def test_cancelling_needs_another_persons_approval(signer: Actor, text: str) -> None:
    asked = asked_to_cancel(FRESH)
    with pytest.raises(Refused, match=text):
        cancel(asked, signature_of(cancellation_digest(asked), signer), actor=signer, now=NOW)
    behind = asked_to_cancel(FRESH, who=replace(CHECKER, id="bot", on_behalf_of=signer.id))
    with pytest.raises(Refused, match="asks for it"):
        cancel(behind, signature_of(cancellation_digest(behind), signer), actor=signer, now=NOW)


def test_a_cancellation_is_asked_for_by_who_acts_with_a_reason_once_and_can_be_taken_back() -> None:
    with pytest.raises(Refused, match="request to give it up"):
        cancel(FRESH, signature_of(cancellation_digest(FRESH)), actor=MANAGER, now=NOW)
    with pytest.raises(Invalid, match="say why"):
        request_cancellation(FRESH, " ", actor=CHECKER, now=NOW)
    with pytest.raises(Refused, match="Checker has asked"):
        request_cancellation(asked_to_cancel(FRESH), "again", actor=WORKER, now=NOW)
    assert withdraw_cancellation(asked_to_cancel(FRESH)) == FRESH
    with pytest.raises(Refused, match="nobody has asked"):
        withdraw_cancellation(FRESH)
    with pytest.raises(Refused, match="can be changed in"):
        withdraw_cancellation(effective())
    with pytest.raises(Refused, match="can be changed in"):
        request_cancellation(effective(), "x", actor=CHECKER, now=NOW)


def test_the_cancellation_that_was_signed_is_the_one_that_counts() -> None:
    asked, other = asked_to_cancel(FRESH), asked_to_cancel(FRESH, "another reason")
    with pytest.raises(Refused, match="another version"):
        cancel(other, signature_of(cancellation_digest(asked)), actor=MANAGER, now=NOW)
    cancelled = given_up()
    assert cancelled.cancellation is not None
    assert (cancelled.cancellation.request.reason, cancelled.cancellation.request.by) == ("raised twice", CHECKER)
    assert cancelled.steps[-1].reason == "raised twice"


def test_champion_and_leader_are_two_people() -> None:
    for champion, leader in (("a", "a"), ("", "a"), ("a", "")):
        with pytest.raises(Invalid):
            Team(champion, leader)
    with pytest.raises(Invalid, match="once"):
        Team("a", "b", ("c", "c"))


def test_who_evaluates_implements_nothing_whichever_is_named_first() -> None:
    planning = plan_actions(approved(), actor=OWNER, now=NOW)
    mine = replace(action_of(ActionKind.CORRECTIVE, "mine"), responsible=EVALUATOR.id)
    with pytest.raises(Refused, match="must not carry out"):
        set_criterion(add_action(planning, mine), CRITERION)
    with pytest.raises(Refused, match="must not carry out"):
        add_action(set_criterion(planning, CRITERION), mine)
    with pytest.raises(Refused, match="must not carry out"):
        complete_action(implement(planned(), actor=OWNER, now=NOW), "brace", PROOF, actor=EVALUATOR, now=NOW)
    with pytest.raises(Refused, match="must not carry out"):
        set_criterion(planning, replace(CRITERION, evaluator=WORKER.id))


@pytest.mark.parametrize("state", [s for s in CapaState if s is not CapaState.ACTION_PLANNING])
def test_the_criterion_stands_once_planning_is_over(state: CapaState) -> None:
    with pytest.raises(Refused, match="criterion can be changed in action_planning"):
        set_criterion(READY[state](), CRITERION)


@pytest.mark.parametrize("edit", Edit)
@pytest.mark.parametrize("state", CapaState)
def test_what_can_be_changed_when(edit: Edit, state: CapaState) -> None:
    capa = READY[state]()
    if state in EDITABLE[edit]:
        changed = EDITS[edit](capa)
        assert changed.state is state
    else:
        with pytest.raises(Refused, match="can be changed in"):
            EDITS[edit](capa)


def test_who_did_it_does_not_verify_it_and_evidence_is_asked() -> None:
    capa = verify_implementation(done(), actor=OWNER, now=NOW)
    for actor, how, text in ((WORKER, "seen", "may not verify"), (CHECKER, " ", "say how")):
        with pytest.raises(Refused, match=text):
            verify_action(capa, "brace", how, actor=actor, now=NOW)
    running = implement(planned(), actor=OWNER, now=NOW)
    with pytest.raises(Refused, match="needs evidence"):
        complete_action(running, "brace", (), actor=WORKER, now=NOW)
    by_other = complete_action(running, "brace", PROOF, actor=LEADER, now=NOW)
    with pytest.raises(Refused, match="done already"):
        complete_action(by_other, "brace", PROOF, actor=LEADER, now=NOW)
    for actor in (WORKER, LEADER):  # neither who was responsible nor who did it
        with pytest.raises(Refused, match="may not verify"):
            verify_action(verify_implementation(by_other, actor=OWNER, now=NOW), "brace", "seen", actor=actor, now=NOW)
    two = add_action(planned(), action_of(ActionKind.CORRECTIVE, "undone"))
    undone = replace(verify_implementation(done(), actor=OWNER, now=NOW), actions=two.actions)
    with pytest.raises(Refused, match="not done"):
        verify_action(undone, "undone", "seen", actor=CHECKER, now=NOW)


def test_planning_again_needs_a_reason() -> None:
    with pytest.raises(Invalid, match="say why"):
        plan_again(done(), "", actor=OWNER, now=NOW)


def test_done_actions_stay_and_only_containment_is_taken_away() -> None:
    with pytest.raises(Refused, match="stays on record"):
        drop_action(analysed(), "contain")
    with pytest.raises(Refused, match="only a containment"):
        remove_containment(done(), "brace", now=NOW)
    new = action_of(ActionKind.CONTAINMENT, "x")
    for begun in (replace(new, done_at=NOW), replace(new, ended_at=NOW)):
        with pytest.raises(Invalid, match="planned first"):
            add_action(analysed(), begun)
    with pytest.raises(Invalid, match="same id"):
        add_action(analysed(), action_of(ActionKind.CONTAINMENT, "contain"))
    with pytest.raises(NotFound):
        drop_action(analysed(), "zz")


def test_a_capa_answers_several_records_each_once_and_never_none() -> None:
    second = CapaSource(SourceKind.NCR, "n2")
    both = link_source(FRESH, second)
    assert both.ncrs == ("n1", "n2")
    with pytest.raises(Conflict):
        link_source(both, second)
    assert unlink_source(both, FRESH.sources[0]).ncrs == ("n2",)
    with pytest.raises(Refused, match="cancel it"):
        unlink_source(FRESH, FRESH.sources[0])
    with pytest.raises(NotFound):
        unlink_source(FRESH, second)


@pytest.mark.parametrize("changes", [
    {"title": ""}, {"number": " "}, {"owner": ""}, {"sources": ()}, {"sources": FRESH.sources * 2},
    {"opened_at": datetime(2026, 1, 1)},
])  # fmt: skip
def test_what_is_no_capa_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        replace(FRESH, **changes)


@pytest.mark.parametrize("changes", [
    {"description": ""}, {"responsible": ""}, {"verified_at": NOW}, {"done_at": datetime(2026, 1, 1)},
])  # fmt: skip
def test_what_is_no_action_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        replace(action_of(ActionKind.CORRECTIVE, "a"), **changes)


def test_a_prevention_says_something_and_an_action_knows_when_it_is_overdue() -> None:
    with pytest.raises(Invalid):
        Prevention(PreventionKind.FMEA, "")
    action = action_of(ActionKind.CORRECTIVE, "a")
    assert (action.is_overdue(date(2026, 3, 11)), action.is_overdue(date(2026, 3, 10))) == (True, False)
    assert not done().actions[1].is_overdue(date(2027, 1, 1))


def test_the_eight_disciplines_fill_up_in_order() -> None:
    def open_ones(capa: Capa) -> str:
        return " ".join(d.code for d in disciplines(capa, now=LATER) if not d.done)

    assert open_ones(FRESH) == "D0 D1 D2 D3 D4 D5 D6 D7 D8"
    assert open_ones(approved()) == "D5 D6 D7 D8"
    assert open_ones(done()) == "D6 D7 D8"
    assert open_ones(monitored()) == "D8"
    assert open_ones(effective()) == ""
