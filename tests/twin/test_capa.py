from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

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
    Risk,
    SourceKind,
)
from twin.capa_edits import (
    add_action,
    add_prevention,
    complete_action,
    describe_problem,
    drop_action,
    link_source,
    recognise,
    remove_containment,
    request_cancellation,
    set_analysis,
    set_aside,
    set_criterion,
    set_team,
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
    evaluate,
    implement,
    investigate,
    monitor,
    plan_actions,
    plan_again,
    verify_implementation,
)
from twin.cause_analysis import CauseAnalysis
from twin.corrective_action import ActionKind, CapaAction
from twin.disciplines import disciplines
from twin.effectiveness import Better, Effect, EffectivenessCheck, EffectivenessCriterion, Metric, Seen, effect_of
from twin.eight_d import Prevention, PreventionKind, ProblemStatement, Team
from twin.errors import Conflict, IllegalTransition, Invalid, NotFound, Refused
from twin.record import Actor, Evidence, EvidenceKind, Signature, SignatureMeaning
from twin.root_cause import Branch, WhyNode, WhyTree
from twin.store.codec import from_json, to_json

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
OWNER, LEADER, CHAMPION, WORKER, CHECKER, EVALUATOR, MANAGER = (
    Actor(name, name.title()) for name in ("owner", "leader", "champion", "worker", "checker", "evaluator", "manager")
)
PROOF = (Evidence(EvidenceKind.PICTURE, "ab" * 32),)
NOTHING = Seen(compared=("n1",))
TWO = Seen(("n8", "n9"), ("n1",))
PROBLEM = ProblemStatement("columns lean", "storey 2", "March", "surveyor", "they carry", "scan", "3 of 40")
WHY = WhyTree(
    "columns lean",
    (
        WhyNode("o", Branch.OCCURRENCE, "one brace too few", evidence=PROOF, verified=True, is_root=True),
        WhyNode("e", Branch.ESCAPE, "plumb not measured", evidence=PROOF, verified=True, is_root=True),
    ),
)
CRITERION = EffectivenessCriterion(
    Metric.RECURRENCE, "NCRs F-12 on columns", Decimal(3), Decimal(0), Better.LOWER, 30, "NCR register",
    date(2026, 5, 1), EVALUATOR.id,
)  # fmt: skip
FRESH = Capa(
    "c" * 32, "p" * 32, "T-CAPA-0001", CapaKind.CORRECTIVE, "Columns lean", Risk.HIGH, OWNER.id, date(2026, 6, 1),
    OWNER.id, NOW, (CapaSource(SourceKind.NCR, "n1"),),
)  # fmt: skip


def _action(kind: ActionKind, ident: str) -> CapaAction:
    return CapaAction(ident, kind, f"do {ident}", WORKER.id, date(2026, 3, 10))


def _sign(digest: str, who: Actor = MANAGER, **changes: Any) -> Signature:
    signature = Signature(who.id, who.name, SignatureMeaning.APPROVAL, "quality_manager", NOW, digest)
    return replace(signature, **changes)


def _described() -> Capa:
    capa = set_team(FRESH, Team(CHAMPION.id, LEADER.id, (WORKER.id,)))
    return describe_problem(capa, PROBLEM, emergency="area closed")


def _contained(capa: Capa, ident: str = "contain") -> Capa:
    capa = add_action(capa, _action(ActionKind.CONTAINMENT, ident))
    capa = complete_action(capa, ident, PROOF, actor=WORKER, now=NOW)
    return verify_action(capa, ident, "no column beyond 10 mm", actor=CHECKER, now=NOW)


def _analysed() -> Capa:
    capa = _contained(investigate(_described(), actor=OWNER, now=NOW))
    return set_analysis(capa, CauseAnalysis(WHY, "F-12"), actor=WORKER)


def _approved() -> Capa:
    capa = _analysed()
    return approve_root_cause(capa, _sign(analysis_digest(capa)), actor=OWNER, now=NOW)


def _planned() -> Capa:
    capa = add_action(plan_actions(_approved(), actor=OWNER, now=NOW), _action(ActionKind.CORRECTIVE, "brace"))
    return set_criterion(capa, CRITERION)


def _done() -> Capa:
    return complete_action(implement(_planned(), actor=OWNER, now=NOW), "brace", PROOF, actor=WORKER, now=NOW)


def _verified() -> Capa:
    capa = verify_action(verify_implementation(_done(), actor=OWNER, now=NOW), "brace", "seen", actor=CHECKER, now=NOW)
    capa = remove_containment(capa, "contain", now=NOW)
    return add_prevention(capa, Prevention(PreventionKind.PROCEDURE, "bracing plan", "P-7 rev 2"))


def _monitored() -> Capa:
    return recognise(monitor(_verified(), actor=OWNER, now=NOW), "thanks")


def _effective() -> Capa:
    return evaluate(_monitored(), Decimal(0), actor=EVALUATOR, now=LATER, evidence=PROOF, seen=NOTHING)


def _cancelled() -> Capa:
    asked = _asked(FRESH, "raised twice")
    return cancel(asked, _sign(cancellation_digest(asked)), actor=MANAGER, now=NOW)


def _asked(capa: Capa, reason: str = "why", who: Actor = CHECKER) -> Capa:
    """Ask to give it up, where that is possible."""
    known = capa.cancellation_request is not None or capa.state not in OPEN_STATES
    return capa if known else request_cancellation(capa, reason, actor=who, now=NOW)


READY: dict[CapaState, Callable[[], Capa]] = {
    CapaState.INITIATED: _described,
    CapaState.INVESTIGATION: _analysed,
    CapaState.ROOT_CAUSE_APPROVED: _approved,
    CapaState.ACTION_PLANNING: _planned,
    CapaState.IMPLEMENTATION: _done,
    CapaState.VERIFICATION: _verified,
    CapaState.EFFECTIVENESS_MONITORING: _monitored,
    CapaState.EFFECTIVE: _effective,
    CapaState.CANCELLED: _cancelled,
}
"""State -> a CAPA in it with everything that its next steps ask."""
DO: dict[CapaEvent, Callable[[Capa], Capa]] = {
    CapaEvent.INVESTIGATE: lambda c: investigate(c, actor=OWNER, now=LATER),
    CapaEvent.APPROVE_ROOT_CAUSE: lambda c: approve_root_cause(
        c, _sign(analysis_digest(c) if c.analysis else "0" * 64), actor=OWNER, now=LATER
    ),
    CapaEvent.PLAN_ACTIONS: lambda c: plan_actions(c, actor=OWNER, now=LATER),
    CapaEvent.IMPLEMENT: lambda c: implement(c, actor=OWNER, now=LATER),
    CapaEvent.VERIFY: lambda c: verify_implementation(c, actor=OWNER, now=LATER),
    CapaEvent.PLAN_AGAIN: lambda c: plan_again(c, "does not hold", actor=OWNER, now=LATER),
    CapaEvent.MONITOR: lambda c: monitor(c, actor=OWNER, now=LATER),
    CapaEvent.CONFIRM_EFFECTIVE: lambda c: evaluate(
        c, Decimal(0), actor=EVALUATOR, now=LATER, evidence=PROOF, seen=NOTHING
    ),
    CapaEvent.FIND_INEFFECTIVE: lambda c: evaluate(
        c, Decimal(2), actor=EVALUATOR, now=LATER, evidence=PROOF, seen=NOTHING
    ),
    CapaEvent.CANCEL: lambda c: cancel(c, _sign(cancellation_digest(c)), actor=MANAGER, now=LATER),
}


@pytest.mark.parametrize("state", CapaState)
@pytest.mark.parametrize("event", CapaEvent)
def test_every_pair_of_state_and_event(state: CapaState, event: CapaEvent) -> None:
    capa = READY[state]()
    if event is CapaEvent.CANCEL:
        capa = _asked(capa)
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
    (CapaEvent.INVESTIGATE, lambda: replace(_described(), emergency=" "), "done at once"),
    (CapaEvent.INVESTIGATE, lambda: replace(_described(), team=None), "team"),
    (CapaEvent.INVESTIGATE, lambda: replace(_described(), problem=None), "description"),
    (CapaEvent.INVESTIGATE, lambda: replace(_described(), problem=replace(PROBLEM, how_many="")), "how many"),
    (CapaEvent.APPROVE_ROOT_CAUSE, lambda: replace(_analysed(), actions=()), "containment action"),
    (CapaEvent.APPROVE_ROOT_CAUSE, lambda: add_action(_analysed(), _action(ActionKind.CONTAINMENT, "two")), "do two"),
    (CapaEvent.APPROVE_ROOT_CAUSE, lambda: replace(_analysed(), analysis=None), "analysis"),
    (
        CapaEvent.APPROVE_ROOT_CAUSE,
        lambda: set_analysis(_analysed(), CauseAnalysis(WhyTree("x", WHY.nodes[:1]), "F-12"), actor=WORKER),
        "root cause of the escape",
    ),
    (
        CapaEvent.APPROVE_ROOT_CAUSE,
        lambda: set_analysis(_analysed(), CauseAnalysis(WHY, ""), actor=WORKER),
        "cause code",
    ),
    (CapaEvent.CANCEL, _monitored, "request to give it up"),
    (CapaEvent.IMPLEMENT, lambda: drop_action(_planned(), "brace"), "corrective action"),
    (
        CapaEvent.IMPLEMENT,
        lambda: add_action(drop_action(_planned(), "brace"), _action(ActionKind.PREVENTIVE, "elsewhere")),
        "corrective action",
    ),
    (CapaEvent.IMPLEMENT, lambda: replace(_planned(), criterion=None), "criterion"),
    (CapaEvent.VERIFY, lambda: implement(_planned(), actor=OWNER, now=NOW), "completion of 'do brace'"),
    (
        CapaEvent.MONITOR,
        lambda: replace(_verified(), actions=(*_verified().actions[:1], *_done().actions[1:])),
        "verification of 'do brace'",
    ),
    (
        CapaEvent.MONITOR,
        lambda: replace(_verified(), actions=(replace(_verified().actions[0], ended_at=None), _verified().actions[1])),
        "end of the containment",
    ),
    (CapaEvent.MONITOR, lambda: replace(_verified(), prevention=()), "prevents recurrence"),
    (CapaEvent.CONFIRM_EFFECTIVE, lambda: replace(_monitored(), monitored_since=LATER), "observation window"),
    (CapaEvent.CONFIRM_EFFECTIVE, lambda: recognise(_monitored(), ""), "learned"),
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
    capa = replace(_analysed(), kind=CapaKind.PREVENTIVE, analysis=CauseAnalysis(WhyTree("x", WHY.nodes[:1]), "F-12"))
    assert missing_for(capa, CapaEvent.APPROVE_ROOT_CAUSE, now=NOW) == ()


def test_containment_may_be_waived_with_a_reason() -> None:
    bare = replace(_analysed(), actions=())
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
    capa = _analysed()
    with pytest.raises(Refused, match=text):
        approve_root_cause(capa, _sign(analysis_digest(capa), who, **changes), actor=OWNER, now=NOW)


def test_a_signature_does_not_cover_an_analysis_changed_after_it() -> None:
    capa = _analysed()
    signature = _sign(analysis_digest(capa))
    changed = set_analysis(capa, CauseAnalysis(WHY, "F-13"), actor=WORKER)
    with pytest.raises(Refused, match="another version"):
        approve_root_cause(changed, signature, actor=OWNER, now=NOW)
    with pytest.raises(Refused, match="no analysis"):
        analysis_digest(FRESH)


def test_nobody_who_wrote_a_word_of_the_analysis_signs_it_even_after_others_wrote_more() -> None:
    capa = set_analysis(_analysed(), CauseAnalysis(WHY, "F-1"), actor=MANAGER)
    capa = set_analysis(capa, CauseAnalysis(WHY, "F-12"), actor=WORKER)
    assert capa.analysed_by == (WORKER.id, MANAGER.id)
    with pytest.raises(Refused, match="wrote the analysis"):
        approve_root_cause(capa, _sign(analysis_digest(capa)), actor=MANAGER, now=NOW)
    signed = approve_root_cause(capa, _sign(analysis_digest(capa), CHECKER), actor=CHECKER, now=NOW)
    assert signed.state is CapaState.ROOT_CAUSE_APPROVED


@pytest.mark.parametrize(("signer", "text"), [(OWNER, "owns"), (CHECKER, "asks for it")])
def test_cancelling_needs_another_persons_approval(signer: Actor, text: str) -> None:
    asked = _asked(FRESH)
    with pytest.raises(Refused, match=text):
        cancel(asked, _sign(cancellation_digest(asked), signer), actor=signer, now=NOW)
    behind = _asked(FRESH, who=replace(CHECKER, id="bot", on_behalf_of=signer.id))
    with pytest.raises(Refused, match="asks for it"):
        cancel(behind, _sign(cancellation_digest(behind), signer), actor=signer, now=NOW)


def test_a_cancellation_is_asked_for_by_who_acts_with_a_reason_once_and_can_be_taken_back() -> None:
    with pytest.raises(Refused, match="request to give it up"):
        cancel(FRESH, _sign(cancellation_digest(FRESH)), actor=MANAGER, now=NOW)
    with pytest.raises(Invalid, match="say why"):
        request_cancellation(FRESH, " ", actor=CHECKER, now=NOW)
    with pytest.raises(Refused, match="Checker has asked"):
        request_cancellation(_asked(FRESH), "again", actor=WORKER, now=NOW)
    assert withdraw_cancellation(_asked(FRESH)) == FRESH
    with pytest.raises(Refused, match="nobody has asked"):
        withdraw_cancellation(FRESH)
    with pytest.raises(Refused, match="can be changed in"):
        withdraw_cancellation(_effective())
    with pytest.raises(Refused, match="can be changed in"):
        request_cancellation(_effective(), "x", actor=CHECKER, now=NOW)


def test_the_cancellation_that_was_signed_is_the_one_that_counts() -> None:
    asked, other = _asked(FRESH), _asked(FRESH, "another reason")
    with pytest.raises(Refused, match="another version"):
        cancel(other, _sign(cancellation_digest(asked)), actor=MANAGER, now=NOW)
    cancelled = _cancelled()
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
    planning = plan_actions(_approved(), actor=OWNER, now=NOW)
    mine = replace(_action(ActionKind.CORRECTIVE, "mine"), responsible=EVALUATOR.id)
    with pytest.raises(Refused, match="must not carry out"):
        set_criterion(add_action(planning, mine), CRITERION)
    with pytest.raises(Refused, match="must not carry out"):
        add_action(set_criterion(planning, CRITERION), mine)
    with pytest.raises(Refused, match="must not carry out"):
        complete_action(implement(_planned(), actor=OWNER, now=NOW), "brace", PROOF, actor=EVALUATOR, now=NOW)
    with pytest.raises(Refused, match="must not carry out"):
        set_criterion(planning, replace(CRITERION, evaluator=WORKER.id))


@pytest.mark.parametrize("state", [s for s in CapaState if s is not CapaState.ACTION_PLANNING])
def test_the_criterion_stands_once_planning_is_over(state: CapaState) -> None:
    with pytest.raises(Refused, match="criterion can be changed in action_planning"):
        set_criterion(READY[state](), CRITERION)


_EDITS: dict[Edit, Callable[[Capa], Capa]] = {
    Edit.SOURCES: lambda c: link_source(c, CapaSource(SourceKind.AUDIT, "x")),
    Edit.TEAM: lambda c: set_team(c, Team("a", "b")),
    Edit.PROBLEM: lambda c: describe_problem(c, PROBLEM, emergency="x"),
    Edit.ANALYSIS: lambda c: set_analysis(c, CauseAnalysis(WHY), actor=WORKER),
    Edit.CONTAINMENT: lambda c: add_action(c, _action(ActionKind.CONTAINMENT, "new")),
    Edit.ACTIONS: lambda c: add_action(c, _action(ActionKind.PREVENTIVE, "new")),
    Edit.COMPLETION: lambda c: complete_action(
        replace(c, actions=(_action(ActionKind.CORRECTIVE, "z"),)), "z", PROOF, actor=WORKER, now=NOW
    ),
    Edit.ACTION_VERIFICATION: lambda c: verify_action(
        replace(c, actions=(replace(_action(ActionKind.CORRECTIVE, "z"), done_at=NOW, done_by=WORKER.id),)),
        "z", "seen", actor=CHECKER, now=NOW,
    ),
    Edit.CRITERION: lambda c: set_criterion(c, CRITERION),
    Edit.PREVENTION: lambda c: add_prevention(c, Prevention(PreventionKind.FMEA, "row 7")),
    Edit.RECOGNITION: lambda c: recognise(c, "well done"),
    Edit.OBSERVATION: lambda c: set_aside(c, "n9", "a crane", seen=TWO, actor=CHECKER, now=NOW),
    Edit.CANCELLATION: lambda c: request_cancellation(c, "x", actor=CHECKER, now=NOW),
}  # fmt: skip


@pytest.mark.parametrize("edit", Edit)
@pytest.mark.parametrize("state", CapaState)
def test_what_can_be_changed_when(edit: Edit, state: CapaState) -> None:
    capa = READY[state]()
    if state in EDITABLE[edit]:
        changed = _EDITS[edit](capa)
        assert changed.state is state
    else:
        with pytest.raises(Refused, match="can be changed in"):
            _EDITS[edit](capa)


@pytest.mark.parametrize(
    ("value", "effect"), [("0", Effect.EFFECTIVE), ("2", Effect.PARTLY), ("3", Effect.INEFFECTIVE)]
)
def test_the_value_decides_and_anything_less_than_the_target_begins_anew(value: str, effect: Effect) -> None:
    after = evaluate(_monitored(), Decimal(value), actor=EVALUATOR, now=LATER, evidence=PROOF, seen=NOTHING)
    assert after.checks[-1].effect is effect
    assert after.checks[-1].criterion == CRITERION
    assert (after.state is CapaState.EFFECTIVE) == (effect is Effect.EFFECTIVE)
    if effect is not Effect.EFFECTIVE:
        assert (after.state, after.cycle) == (CapaState.INVESTIGATION, 1)
        assert (after.criterion, after.root_cause_signature, after.monitored_since) == (None, None, None)


def test_a_second_cycle_asks_for_its_own_containment_action_and_criterion() -> None:
    again = evaluate(_monitored(), Decimal(5), actor=EVALUATOR, now=LATER, evidence=PROOF, seen=NOTHING)
    assert missing_for(again, CapaEvent.APPROVE_ROOT_CAUSE, now=LATER) == (
        "a containment action, or why none is needed",
    )
    again = _contained(again, "contain again")
    again = plan_actions(
        approve_root_cause(again, _sign(analysis_digest(again)), actor=OWNER, now=LATER), actor=OWNER, now=LATER
    )
    assert missing_for(again, CapaEvent.IMPLEMENT, now=LATER) == (
        "a corrective action", "a criterion of effectiveness",
    )  # fmt: skip
    assert len(again.actions) == 3, "what was done before stays on record"


def test_bad_news_needs_no_full_window_but_good_news_does() -> None:
    early = NOW + timedelta(days=1)
    bad = evaluate(_monitored(), Decimal(4), actor=EVALUATOR, now=early, evidence=PROOF, seen=NOTHING)
    assert bad.state is CapaState.INVESTIGATION
    with pytest.raises(Refused, match="2026-03-31"):
        evaluate(
            _monitored(), Decimal(0), actor=EVALUATOR, now=LATER - timedelta(seconds=1), evidence=PROOF, seen=NOTHING
        )


def _judged(capa: Capa, value: int | None, seen: Seen) -> Capa:
    worth = None if value is None else Decimal(value)
    return evaluate(capa, worth, actor=EVALUATOR, now=LATER, evidence=PROOF, seen=seen)


def test_a_window_of_lots_counts_the_lots_that_were_seen() -> None:
    by_lots = replace(_monitored(), criterion=replace(CRITERION, window_days=0, window_lots=5))
    with pytest.raises(Refused, match="4 of 5 lots") as caught:
        _judged(by_lots, 0, replace(NOTHING, lots=("i1", "i2", "i3", "i4")))
    assert caught.value.missing == ("1 more lots",)
    done = _judged(
        by_lots, 0, replace(NOTHING, lots=("i1", "i2", "i3", "i4", "e1"), named=("e1",), reason="told as 'plumb'")
    )
    assert done.state is CapaState.EFFECTIVE
    assert done.checks[-1].seen.named == ("e1",)


def test_what_recurs_is_counted_and_nobody_says_less() -> None:
    for value in (0, 1):
        with pytest.raises(Refused, match="2 of the same were seen") as caught:
            _judged(_monitored(), value, TWO)
        assert len(caught.value.missing) == 2
    assert _judged(_monitored(), None, NOTHING).state is CapaState.EFFECTIVE
    counted = _judged(_monitored(), None, TWO)
    assert (counted.state, counted.checks[-1].value) == (CapaState.INVESTIGATION, Decimal(2))
    assert _judged(_monitored(), 3, TWO).checks[-1].effect is Effect.INEFFECTIVE, "a person may know of more"
    with pytest.raises(Invalid, match="leaves out"):
        EffectivenessCheck(CRITERION, 0, Decimal(0), Effect.EFFECTIVE, "e", NOW, TWO)


def test_without_a_nonconformance_to_compare_with_nothing_says_that_it_did_not_recur() -> None:
    for value in (None, 0):
        with pytest.raises(Refused, match="no nonconformance that it answers stands"):
            _judged(_monitored(), value, Seen())
    audit = (CapaSource(SourceKind.AUDIT, "a1"),)
    lack = ("a nonconformance that it answers, to count what recurs by; or another metric",)
    assert missing_for(replace(_planned(), sources=audit), CapaEvent.IMPLEMENT, now=NOW) == lack
    assert missing_for(replace(_verified(), sources=audit), CapaEvent.MONITOR, now=NOW) == lack
    other = replace(CRITERION, metric=Metric.OTHER)
    assert missing_for(replace(_planned(), sources=audit, criterion=other), CapaEvent.IMPLEMENT, now=NOW) == ()


def test_what_it_answers_stands_while_it_is_monitored() -> None:
    more = link_source(_monitored(), CapaSource(SourceKind.NCR, "n2"))
    with pytest.raises(Refused, match="until the effect is evaluated"):
        unlink_source(more, CapaSource(SourceKind.NCR, "n1"))


def test_what_is_measured_has_to_be_given() -> None:
    cpk = replace(CRITERION, metric=Metric.CPK, better=Better.HIGHER, baseline=Decimal(0), target=Decimal(1))
    with pytest.raises(Invalid, match="give its value"):
        _judged(replace(_monitored(), criterion=cpk), None, NOTHING)
    assert _judged(replace(_monitored(), criterion=cpk), 1, TWO).checks[-1].seen == TWO
    with pytest.raises(Invalid, match="lower is better"):
        replace(cpk, metric=Metric.RECURRENCE)


def test_what_is_not_the_same_again_is_set_aside_with_a_reason_by_who_has_no_part() -> None:
    capa = _monitored()
    for actor in (OWNER, LEADER, WORKER, EVALUATOR):
        with pytest.raises(Refused, match="has a part"):
            set_aside(capa, "n9", "a crane", seen=TWO, actor=actor, now=NOW)
    with pytest.raises(Invalid, match="none of those"):
        set_aside(capa, "n7", "a crane", seen=TWO, actor=CHECKER, now=NOW)
    with pytest.raises(Invalid, match="say why"):
        set_aside(capa, "n9", " ", seen=TWO, actor=CHECKER, now=NOW)
    one = set_aside(capa, "n9", "a crane", seen=TWO, actor=CHECKER, now=NOW)
    with pytest.raises(Refused, match="1 of the same were seen, not 0") as caught:
        _judged(one, 0, TWO)
    assert caught.value.missing == ("a reason why n8 is not the same again",)
    twice = set_aside(one, "n9", "a crane, see report", seen=TWO, actor=CHECKER, now=NOW)
    both = set_aside(twice, "n8", "measured twice", seen=TWO, actor=CHECKER, now=NOW)
    assert [s.reason for s in both.set_aside] == ["a crane, see report", "measured twice"]
    closed = _judged(both, None, TWO)
    assert (closed.state, closed.checks[-1].set_aside) == (CapaState.EFFECTIVE, both.set_aside)
    again = _judged(one, None, TWO)
    assert (again.set_aside, again.checks[-1].set_aside) == ((), one.set_aside)


def test_only_the_named_evaluator_judges_and_shows_why() -> None:
    with pytest.raises(Refused, match="not by Worker"):
        evaluate(_monitored(), Decimal(0), actor=WORKER, now=LATER, evidence=PROOF, seen=NOTHING)
    with pytest.raises(Refused, match="attach"):
        evaluate(_monitored(), Decimal(0), actor=EVALUATOR, now=LATER, evidence=(), seen=NOTHING)
    with pytest.raises(Invalid, match="finite"):
        evaluate(_monitored(), Decimal("NaN"), actor=EVALUATOR, now=LATER, evidence=PROOF, seen=NOTHING)


@pytest.mark.parametrize("changes", [
    {"target": Decimal(3)}, {"target": Decimal(4)}, {"better": Better.HIGHER}, {"window_days": 0},
    {"window_lots": 3}, {"window_days": -1}, {"evaluator": ""}, {"method": " "}, {"description": ""},
    {"baseline": Decimal("NaN")}, {"target": Decimal("Infinity")},
])  # fmt: skip
def test_a_criterion_that_could_not_be_failed_or_evaluated_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        replace(CRITERION, **changes)


def test_higher_is_better_for_capability() -> None:
    cpk = replace(CRITERION, metric=Metric.CPK, better=Better.HIGHER, baseline=Decimal("0.8"), target=Decimal("1.33"))
    assert [effect_of(cpk, Decimal(v)) for v in ("1.5", "1.33", "1.0", "0.8", "0.5")] == [
        Effect.EFFECTIVE, Effect.EFFECTIVE, Effect.PARTLY, Effect.INEFFECTIVE, Effect.INEFFECTIVE,
    ]  # fmt: skip
    with pytest.raises(Invalid, match="not effective"):
        EffectivenessCheck(cpk, 0, Decimal(1), Effect.EFFECTIVE, "e", NOW)


def test_who_did_it_does_not_verify_it_and_evidence_is_asked() -> None:
    capa = verify_implementation(_done(), actor=OWNER, now=NOW)
    for actor, how, text in ((WORKER, "seen", "may not verify"), (CHECKER, " ", "say how")):
        with pytest.raises(Refused, match=text):
            verify_action(capa, "brace", how, actor=actor, now=NOW)
    running = implement(_planned(), actor=OWNER, now=NOW)
    with pytest.raises(Refused, match="needs evidence"):
        complete_action(running, "brace", (), actor=WORKER, now=NOW)
    by_other = complete_action(running, "brace", PROOF, actor=LEADER, now=NOW)
    with pytest.raises(Refused, match="done already"):
        complete_action(by_other, "brace", PROOF, actor=LEADER, now=NOW)
    for actor in (WORKER, LEADER):  # neither who was responsible nor who did it
        with pytest.raises(Refused, match="may not verify"):
            verify_action(verify_implementation(by_other, actor=OWNER, now=NOW), "brace", "seen", actor=actor, now=NOW)
    two = add_action(_planned(), _action(ActionKind.CORRECTIVE, "undone"))
    undone = replace(verify_implementation(_done(), actor=OWNER, now=NOW), actions=two.actions)
    with pytest.raises(Refused, match="not done"):
        verify_action(undone, "undone", "seen", actor=CHECKER, now=NOW)


def test_planning_again_needs_a_reason() -> None:
    with pytest.raises(Invalid, match="say why"):
        plan_again(_done(), "", actor=OWNER, now=NOW)


def test_done_actions_stay_and_only_containment_is_taken_away() -> None:
    with pytest.raises(Refused, match="stays on record"):
        drop_action(_analysed(), "contain")
    with pytest.raises(Refused, match="only a containment"):
        remove_containment(_done(), "brace", now=NOW)
    new = _action(ActionKind.CONTAINMENT, "x")
    for begun in (replace(new, done_at=NOW), replace(new, ended_at=NOW)):
        with pytest.raises(Invalid, match="planned first"):
            add_action(_analysed(), begun)
    with pytest.raises(Invalid, match="same id"):
        add_action(_analysed(), _action(ActionKind.CONTAINMENT, "contain"))
    with pytest.raises(NotFound):
        drop_action(_analysed(), "zz")


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
        replace(_action(ActionKind.CORRECTIVE, "a"), **changes)


def test_a_prevention_says_something_and_an_action_knows_when_it_is_overdue() -> None:
    with pytest.raises(Invalid):
        Prevention(PreventionKind.FMEA, "")
    action = _action(ActionKind.CORRECTIVE, "a")
    assert (action.is_overdue(date(2026, 3, 11)), action.is_overdue(date(2026, 3, 10))) == (True, False)
    assert not _done().actions[1].is_overdue(date(2027, 1, 1))


def test_the_eight_disciplines_fill_up_in_order() -> None:
    def open_ones(capa: Capa) -> str:
        return " ".join(d.code for d in disciplines(capa, now=LATER) if not d.done)

    assert open_ones(FRESH) == "D0 D1 D2 D3 D4 D5 D6 D7 D8"
    assert open_ones(_approved()) == "D5 D6 D7 D8"
    assert open_ones(_done()) == "D6 D7 D8"
    assert open_ones(_monitored()) == "D8"
    assert open_ones(_effective()) == ""


class Machine(RuleBasedStateMachine):
    """Any order of events, edits and answers by anybody: what is refused changes nothing, what is done stays done."""

    def __init__(self) -> None:
        super().__init__()
        self.capa = FRESH
        self.now = NOW
        self.evaluations = 0
        self.done: set[str] = set()
        self.numbered = 0

    def _try(self, change: Callable[[Capa], Capa]) -> bool:
        before = self.capa
        try:
            after = change(before)
        except (Refused, Invalid, Conflict, NotFound):
            return False
        if after.state is not before.state:
            assert after.state in {TRANSITIONS.get((before.state, event)) for event in CapaEvent}
        if before.state is CapaState.EFFECTIVENESS_MONITORING and after.state is before.state:
            assert after.criterion == before.criterion
        self.capa = after
        return True

    @initialize(state=st.sampled_from(OPEN_STATES))
    def begin_anywhere(self, state: CapaState) -> None:
        self.capa = READY[state]()
        self.done = {a.id for a in self.capa.actions if a.done}

    @rule()
    def make_ready(self) -> None:
        """Bring everything that the next step asks, so that late states are visited often."""
        if self.capa.cycle == 0 and self.capa.state in OPEN_STATES:
            self.begin_anywhere(self.capa.state)

    @rule(days=st.integers(0, 40))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(event=st.sampled_from([e for e in CapaEvent if e is not CapaEvent.CANCEL]))
    def move(self, event: CapaEvent) -> None:
        moved = self._try(DO[event])
        if moved and event in (CapaEvent.CONFIRM_EFFECTIVE, CapaEvent.FIND_INEFFECTIVE):
            self.evaluations += 1

    @rule()
    def advance(self) -> None:
        """Take the state's own step forward."""
        self.make_ready()
        for event in allowed_events(self.capa):
            if event not in (CapaEvent.CANCEL, CapaEvent.PLAN_AGAIN):
                self.move(event)
                return

    @rule(edit=st.sampled_from([Edit.PROBLEM, Edit.ANALYSIS, Edit.CRITERION, Edit.PREVENTION, Edit.RECOGNITION]))
    def fill_in(self, edit: Edit) -> None:
        self._try(_EDITS[edit])

    @rule()
    def name_the_team_and_the_code(self) -> None:
        self._try(lambda c: set_team(c, Team(CHAMPION.id, LEADER.id)))
        self._try(lambda c: set_analysis(c, CauseAnalysis(WHY, "F-12"), actor=WORKER))

    @rule(who=st.sampled_from([WORKER, MANAGER]), signer=st.sampled_from([WORKER, MANAGER, CHECKER]))
    def write_and_sign(self, who: Actor, signer: Actor) -> None:
        self._try(lambda c: set_analysis(c, CauseAnalysis(WHY, "F-12"), actor=who))
        self._try(lambda c: approve_root_cause(c, _sign(analysis_digest(c), signer), actor=signer, now=self.now))

    @rule(who=st.sampled_from([OWNER, CHECKER, MANAGER]), back=st.booleans())
    def ask_to_give_up(self, who: Actor, back: bool) -> None:
        self._try(lambda c: request_cancellation(c, "why", actor=who, now=self.now))
        if back:
            self._try(withdraw_cancellation)

    @rule(who=st.sampled_from([OWNER, CHECKER, MANAGER]), really=st.integers(0, 9))
    def give_up(self, who: Actor, really: int) -> None:
        if really == 0:
            self._try(lambda c: cancel(c, _sign(cancellation_digest(c), who), actor=who, now=self.now))

    @rule(seen=st.integers(0, 3), value=st.sampled_from([None, 0, 1, 2, 3]), aside=st.integers(0, 3))
    def judge(self, seen: int, value: int | None, aside: int) -> None:
        what = Seen(tuple(f"n{n}" for n in range(10, 10 + seen)), ("n1",))
        for ncr in what.recurred[:aside]:
            self._try(lambda c, ncr=ncr: set_aside(c, ncr, "other", seen=what, actor=CHECKER, now=self.now))
        worth = None if value is None else Decimal(value)
        self.evaluations += self._try(
            lambda c: evaluate(c, worth, actor=EVALUATOR, now=self.now, evidence=PROOF, seen=what)
        )

    @rule(kind=st.sampled_from(list(ActionKind)))
    def plan(self, kind: ActionKind) -> None:
        self.numbered += 1
        self._try(lambda c: add_action(c, _action(kind, f"a{self.numbered}")))

    @rule(data=st.data(), who=st.sampled_from([WORKER, CHECKER, EVALUATOR]))
    def work(self, data: st.DataObject, who: Actor) -> None:
        if not self.capa.actions:
            return
        ident = data.draw(st.sampled_from([a.id for a in self.capa.actions]))
        if self._try(lambda c: complete_action(c, ident, PROOF, actor=who, now=self.now)):
            self.done.add(ident)
        self._try(lambda c: verify_action(c, ident, "seen", actor=who, now=self.now))
        self._try(lambda c: remove_containment(c, ident, now=self.now))

    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        if self.capa.actions:
            ident = data.draw(st.sampled_from([a.id for a in self.capa.actions]))
            self._try(lambda c: drop_action(c, ident))

    @invariant()
    def nothing_done_is_lost(self) -> None:
        assert {a.id for a in self.capa.actions if a.done} == self.done
        assert len(self.capa.checks) == self.evaluations

    @invariant()
    def closed_means_proven(self) -> None:
        if self.capa.state is CapaState.EFFECTIVE:
            check = self.capa.checks[-1]
            assert check.effect is Effect.EFFECTIVE
            assert check.value >= len(set(check.seen.recurred) - {one.ncr for one in check.set_aside})
            assert self.capa.monitored_since is not None
            assert check.evaluated_at >= self.capa.monitored_since + timedelta(days=check.criterion.window_days)

    @invariant()
    def who_judges_does_not_do(self) -> None:
        if self.capa.criterion is not None:
            evaluator = self.capa.criterion.evaluator
            assert all(evaluator not in (a.responsible, a.done_by) for a in self.capa.actions)

    @invariant()
    def beyond_the_analysis_there_is_an_approval(self) -> None:
        before = (CapaState.INITIATED, CapaState.INVESTIGATION, CapaState.CANCELLED)
        if self.capa.state is not CapaState.CANCELLED:
            assert (self.capa.root_cause_signature is None) == (self.capa.state in before)
        if self.capa.root_cause_signature is not None:
            assert self.capa.root_cause_signature.signer not in (OWNER.id, *self.capa.analysed_by)

    @invariant()
    def given_up_means_two_people(self) -> None:
        gone = self.capa.cancellation
        assert (gone is None) == (self.capa.state is not CapaState.CANCELLED)
        if gone is not None:
            assert gone.signature.signer not in (OWNER.id, gone.request.by.id)


TestMachine = Machine.TestCase
