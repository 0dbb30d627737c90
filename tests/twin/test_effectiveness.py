"""Whether a CAPA did what it should: the value, what recurs, and who judges."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.reference.capa_cases import (
    CHECKER,
    CRITERION,
    EVALUATOR,
    LATER,
    LEADER,
    NOTHING,
    NOW,
    OWNER,
    PROOF,
    TWO,
    WORKER,
    contained,
    monitored,
    planned,
    signature_of,
    verified,
)
from twin.capa import (
    Capa,
    CapaEvent,
    CapaSource,
    CapaState,
    SourceKind,
)
from twin.capa_edits import (
    link_source,
    set_aside,
    unlink_source,
)
from twin.capa_guards import missing_for
from twin.capa_steps import (
    analysis_digest,
    approve_root_cause,
    evaluate,
    plan_actions,
)
from twin.effectiveness import Better, Effect, EffectivenessCheck, Metric, Seen, effect_of
from twin.errors import Invalid, Refused


@pytest.mark.parametrize(
    ("value", "effect"), [("0", Effect.EFFECTIVE), ("2", Effect.PARTLY), ("3", Effect.INEFFECTIVE)]
)
def test_the_value_decides_and_anything_less_than_the_target_begins_anew(value: str, effect: Effect) -> None:
    after = evaluate(monitored(), Decimal(value), actor=EVALUATOR, now=LATER, evidence=PROOF, seen=NOTHING)
    assert after.checks[-1].effect is effect
    assert after.checks[-1].criterion == CRITERION
    assert (after.state is CapaState.EFFECTIVE) == (effect is Effect.EFFECTIVE)
    if effect is not Effect.EFFECTIVE:
        assert (after.state, after.cycle) == (CapaState.INVESTIGATION, 1)
        assert (after.criterion, after.root_cause_signature, after.monitored_since) == (None, None, None)


def test_a_second_cycle_asks_for_its_own_containment_action_and_criterion() -> None:
    again = evaluate(monitored(), Decimal(5), actor=EVALUATOR, now=LATER, evidence=PROOF, seen=NOTHING)
    assert missing_for(again, CapaEvent.APPROVE_ROOT_CAUSE, now=LATER) == (
        "a containment action, or why none is needed",
    )
    again = contained(again, "contain again")
    again = plan_actions(
        approve_root_cause(again, signature_of(analysis_digest(again)), actor=OWNER, now=LATER), actor=OWNER, now=LATER
    )
    assert missing_for(again, CapaEvent.IMPLEMENT, now=LATER) == (
        "a corrective action", "a criterion of effectiveness",
    )  # fmt: skip
    assert len(again.actions) == 3, "what was done before stays on record"


def test_bad_news_needs_no_full_window_but_good_news_does() -> None:
    early = NOW + timedelta(days=1)
    bad = evaluate(monitored(), Decimal(4), actor=EVALUATOR, now=early, evidence=PROOF, seen=NOTHING)
    assert bad.state is CapaState.INVESTIGATION
    with pytest.raises(Refused, match="2026-03-31"):
        evaluate(
            monitored(), Decimal(0), actor=EVALUATOR, now=LATER - timedelta(seconds=1), evidence=PROOF, seen=NOTHING
        )


def _judged(capa: Capa, value: int | None, seen: Seen) -> Capa:
    worth = None if value is None else Decimal(value)
    return evaluate(capa, worth, actor=EVALUATOR, now=LATER, evidence=PROOF, seen=seen)


def test_a_window_of_lots_counts_the_lots_that_were_seen() -> None:
    by_lots = replace(monitored(), criterion=replace(CRITERION, window_days=0, window_lots=5))
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
            _judged(monitored(), value, TWO)
        assert len(caught.value.missing) == 2
    assert _judged(monitored(), None, NOTHING).state is CapaState.EFFECTIVE
    counted = _judged(monitored(), None, TWO)
    assert (counted.state, counted.checks[-1].value) == (CapaState.INVESTIGATION, Decimal(2))
    assert _judged(monitored(), 3, TWO).checks[-1].effect is Effect.INEFFECTIVE, "a person may know of more"
    with pytest.raises(Invalid, match="leaves out"):
        EffectivenessCheck(CRITERION, 0, Decimal(0), Effect.EFFECTIVE, "e", NOW, TWO)


def test_without_a_nonconformance_to_compare_with_nothing_says_that_it_did_not_recur() -> None:
    for value in (None, 0):
        with pytest.raises(Refused, match="no nonconformance that it answers stands"):
            _judged(monitored(), value, Seen())
    audit = (CapaSource(SourceKind.AUDIT, "a1"),)
    lack = ("a nonconformance that it answers, to count what recurs by; or another metric",)
    assert missing_for(replace(planned(), sources=audit), CapaEvent.IMPLEMENT, now=NOW) == lack
    assert missing_for(replace(verified(), sources=audit), CapaEvent.MONITOR, now=NOW) == lack
    other = replace(CRITERION, metric=Metric.OTHER)
    assert missing_for(replace(planned(), sources=audit, criterion=other), CapaEvent.IMPLEMENT, now=NOW) == ()


def test_what_it_answers_stands_while_it_is_monitored() -> None:
    more = link_source(monitored(), CapaSource(SourceKind.NCR, "n2"))
    with pytest.raises(Refused, match="until the effect is evaluated"):
        unlink_source(more, CapaSource(SourceKind.NCR, "n1"))


def test_what_is_measured_has_to_be_given() -> None:
    cpk = replace(CRITERION, metric=Metric.CPK, better=Better.HIGHER, baseline=Decimal(0), target=Decimal(1))
    with pytest.raises(Invalid, match="give its value"):
        _judged(replace(monitored(), criterion=cpk), None, NOTHING)
    assert _judged(replace(monitored(), criterion=cpk), 1, TWO).checks[-1].seen == TWO
    with pytest.raises(Invalid, match="lower is better"):
        replace(cpk, metric=Metric.RECURRENCE)


def test_what_is_not_the_same_again_is_set_aside_with_a_reason_by_who_has_no_part() -> None:
    capa = monitored()
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
        evaluate(monitored(), Decimal(0), actor=WORKER, now=LATER, evidence=PROOF, seen=NOTHING)
    with pytest.raises(Refused, match="attach"):
        evaluate(monitored(), Decimal(0), actor=EVALUATOR, now=LATER, evidence=(), seen=NOTHING)
    with pytest.raises(Invalid, match="finite"):
        evaluate(monitored(), Decimal("NaN"), actor=EVALUATOR, now=LATER, evidence=PROOF, seen=NOTHING)


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
