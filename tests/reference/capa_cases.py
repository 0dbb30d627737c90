"""CAPAs in each state with everything that their next steps ask, and the steps and edits themselves."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from twin.capa import (
    OPEN_STATES,
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
    link_source,
    recognise,
    remove_containment,
    request_cancellation,
    set_analysis,
    set_aside,
    set_criterion,
    set_team,
    verify_action,
)
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
from twin.effectiveness import Better, EffectivenessCriterion, Metric, Seen
from twin.eight_d import Prevention, PreventionKind, ProblemStatement, Team
from twin.record import Actor, Evidence, EvidenceKind, Signature, SignatureMeaning
from twin.root_cause import Branch, WhyNode, WhyTree

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


def action_of(kind: ActionKind, ident: str) -> CapaAction:
    return CapaAction(ident, kind, f"do {ident}", WORKER.id, date(2026, 3, 10))


def signature_of(digest: str, who: Actor = MANAGER, **changes: Any) -> Signature:
    signature = Signature(who.id, who.name, SignatureMeaning.APPROVAL, "quality_manager", NOW, digest)
    return replace(signature, **changes)


def described() -> Capa:
    capa = set_team(FRESH, Team(CHAMPION.id, LEADER.id, (WORKER.id,)))
    return describe_problem(capa, PROBLEM, emergency="area closed")


def contained(capa: Capa, ident: str = "contain") -> Capa:
    capa = add_action(capa, action_of(ActionKind.CONTAINMENT, ident))
    capa = complete_action(capa, ident, PROOF, actor=WORKER, now=NOW)
    return verify_action(capa, ident, "no column beyond 10 mm", actor=CHECKER, now=NOW)


def analysed() -> Capa:
    capa = contained(investigate(described(), actor=OWNER, now=NOW))
    return set_analysis(capa, CauseAnalysis(WHY, "F-12"), actor=WORKER)


def approved() -> Capa:
    capa = analysed()
    return approve_root_cause(capa, signature_of(analysis_digest(capa)), actor=OWNER, now=NOW)


def planned() -> Capa:
    capa = add_action(plan_actions(approved(), actor=OWNER, now=NOW), action_of(ActionKind.CORRECTIVE, "brace"))
    return set_criterion(capa, CRITERION)


def done() -> Capa:
    return complete_action(implement(planned(), actor=OWNER, now=NOW), "brace", PROOF, actor=WORKER, now=NOW)


def verified() -> Capa:
    capa = verify_action(verify_implementation(done(), actor=OWNER, now=NOW), "brace", "seen", actor=CHECKER, now=NOW)
    capa = remove_containment(capa, "contain", now=NOW)
    return add_prevention(capa, Prevention(PreventionKind.PROCEDURE, "bracing plan", "P-7 rev 2"))


def monitored() -> Capa:
    return recognise(monitor(verified(), actor=OWNER, now=NOW), "thanks")


def effective() -> Capa:
    return evaluate(monitored(), Decimal(0), actor=EVALUATOR, now=LATER, evidence=PROOF, seen=NOTHING)


def given_up() -> Capa:
    asked = asked_to_cancel(FRESH, "raised twice")
    return cancel(asked, signature_of(cancellation_digest(asked)), actor=MANAGER, now=NOW)


def asked_to_cancel(capa: Capa, reason: str = "why", who: Actor = CHECKER) -> Capa:
    """Ask to give it up, where that is possible."""
    known = capa.cancellation_request is not None or capa.state not in OPEN_STATES
    return capa if known else request_cancellation(capa, reason, actor=who, now=NOW)


READY: dict[CapaState, Callable[[], Capa]] = {
    CapaState.INITIATED: described,
    CapaState.INVESTIGATION: analysed,
    CapaState.ROOT_CAUSE_APPROVED: approved,
    CapaState.ACTION_PLANNING: planned,
    CapaState.IMPLEMENTATION: done,
    CapaState.VERIFICATION: verified,
    CapaState.EFFECTIVENESS_MONITORING: monitored,
    CapaState.EFFECTIVE: effective,
    CapaState.CANCELLED: given_up,
}
"""State -> a CAPA in it with everything that its next steps ask."""
DO: dict[CapaEvent, Callable[[Capa], Capa]] = {
    CapaEvent.INVESTIGATE: lambda c: investigate(c, actor=OWNER, now=LATER),
    CapaEvent.APPROVE_ROOT_CAUSE: lambda c: approve_root_cause(
        c, signature_of(analysis_digest(c) if c.analysis else "0" * 64), actor=OWNER, now=LATER
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
    CapaEvent.CANCEL: lambda c: cancel(c, signature_of(cancellation_digest(c)), actor=MANAGER, now=LATER),
}
EDITS: dict[Edit, Callable[[Capa], Capa]] = {
    Edit.SOURCES: lambda c: link_source(c, CapaSource(SourceKind.AUDIT, "x")),
    Edit.TEAM: lambda c: set_team(c, Team("a", "b")),
    Edit.PROBLEM: lambda c: describe_problem(c, PROBLEM, emergency="x"),
    Edit.ANALYSIS: lambda c: set_analysis(c, CauseAnalysis(WHY), actor=WORKER),
    Edit.CONTAINMENT: lambda c: add_action(c, action_of(ActionKind.CONTAINMENT, "new")),
    Edit.ACTIONS: lambda c: add_action(c, action_of(ActionKind.PREVENTIVE, "new")),
    Edit.COMPLETION: lambda c: complete_action(
        replace(c, actions=(action_of(ActionKind.CORRECTIVE, "z"),)), "z", PROOF, actor=WORKER, now=NOW
    ),
    Edit.ACTION_VERIFICATION: lambda c: verify_action(
        replace(c, actions=(replace(action_of(ActionKind.CORRECTIVE, "z"), done_at=NOW, done_by=WORKER.id),)),
        "z", "seen", actor=CHECKER, now=NOW,
    ),
    Edit.CRITERION: lambda c: set_criterion(c, CRITERION),
    Edit.PREVENTION: lambda c: add_prevention(c, Prevention(PreventionKind.FMEA, "row 7")),
    Edit.RECOGNITION: lambda c: recognise(c, "well done"),
    Edit.OBSERVATION: lambda c: set_aside(c, "n9", "a crane", seen=TWO, actor=CHECKER, now=NOW),
    Edit.CANCELLATION: lambda c: request_cancellation(c, "x", actor=CHECKER, now=NOW),
}  # fmt: skip
