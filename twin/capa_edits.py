"""Filling in a CAPA: what may be changed when is :data:`twin.capa.EDITABLE`; nothing here moves it on."""

from dataclasses import replace
from datetime import datetime

from twin.capa import CancellationRequest, Capa, CapaSource, CapaState, Edit, editable
from twin.cause_analysis import CauseAnalysis
from twin.corrective_action import ActionKind, CapaAction, complete, end_containment, verify
from twin.effectiveness import EffectivenessCriterion, Seen, SetAside
from twin.eight_d import Prevention, ProblemStatement, Team
from twin.errors import Conflict, Invalid, NotFound, Refused
from twin.record import Actor, Evidence, Id


def link_source(capa: Capa, source: CapaSource) -> Capa:
    """Let the CAPA answer one more record."""
    editable(capa, Edit.SOURCES)
    if source in capa.sources:
        raise Conflict(f"{capa.number} answers {source.kind} {source.id} already")
    return replace(capa, sources=(*capa.sources, source))


def unlink_source(capa: Capa, source: CapaSource) -> Capa:
    """Let the CAPA no longer answer a record; the last one stays, and all of them while its effect is monitored."""
    editable(capa, Edit.SOURCES)
    if capa.state is CapaState.EFFECTIVENESS_MONITORING:
        raise Refused(f"{capa.number} is monitored by what it answers: that stands until the effect is evaluated")
    if source not in capa.sources:
        raise NotFound(f"{capa.number} does not answer {source.kind} {source.id}")
    if len(capa.sources) == 1:
        raise Refused(f"{capa.number} would answer nothing any more: cancel it instead")
    return replace(capa, sources=tuple(s for s in capa.sources if s != source))


def set_team(capa: Capa, team: Team) -> Capa:
    """Name who works on it (D1); :class:`~twin.errors.Refused` once that cannot be changed any more."""
    return replace(editable(capa, Edit.TEAM), team=team)


def describe_problem(capa: Capa, problem: ProblemStatement, *, emergency: str) -> Capa:
    """Say what the problem is (D2) and what was done at once, or why nothing had to be (D0)."""
    return replace(editable(capa, Edit.PROBLEM), problem=problem, emergency=emergency)


def set_analysis(capa: Capa, analysis: CauseAnalysis, *, actor: Actor) -> Capa:
    """Set why tree, diagram and cause code (D4); who writes it does not sign it."""
    editable(capa, Edit.ANALYSIS)
    return replace(capa, analysis=analysis, analysed_by=tuple(dict.fromkeys((*capa.analysed_by, actor.id))))


def waive_containment(capa: Capa, reason: str) -> Capa:
    """Say why nothing has to be contained (D3)."""
    if not reason.strip():
        raise Invalid("say why nothing has to be contained")
    return replace(editable(capa, Edit.CONTAINMENT), containment_not_needed=reason)


def add_action(capa: Capa, action: CapaAction) -> Capa:
    """Plan an action (D3, D5).

    Raises
    ------
    Refused
        If actions cannot be planned now, or the one who will evaluate the effect would carry it out.
    """
    editable(capa, Edit.CONTAINMENT if action.kind is ActionKind.CONTAINMENT else Edit.ACTIONS)
    if action.done or action.ended_at is not None:
        raise Invalid(f"'{action.description}' is planned first and completed afterwards")
    if capa.criterion is not None and action.responsible == capa.criterion.evaluator:
        raise _evaluator_implements(capa)
    return replace(capa, actions=(*capa.actions, replace(action, cycle=capa.cycle)))


def drop_action(capa: Capa, action_id: Id) -> Capa:
    """Take back a planned action that was not carried out."""
    action = capa.action(action_id)
    editable(capa, Edit.CONTAINMENT if action.kind is ActionKind.CONTAINMENT else Edit.ACTIONS)
    if action.done:
        raise Refused(f"'{action.description}' is done and stays on record")
    return replace(capa, actions=tuple(a for a in capa.actions if a.id != action_id))


def complete_action(capa: Capa, action_id: Id, evidence: tuple[Evidence, ...], *, actor: Actor, now: datetime) -> Capa:
    """Record that an action was carried out (D3, D6).

    Raises
    ------
    Refused
        If it may not be now, nothing shows it, or the one who will evaluate the effect did it.
    """
    action = capa.action(action_id)
    editable(capa, Edit.CONTAINMENT if action.kind is ActionKind.CONTAINMENT else Edit.COMPLETION)
    if capa.criterion is not None and actor.id == capa.criterion.evaluator:
        raise _evaluator_implements(capa)
    return _with_action(capa, complete(action, evidence, actor=actor, now=now))


def verify_action(capa: Capa, action_id: Id, verification: str, *, actor: Actor, now: datetime) -> Capa:
    """Record that somebody else found an action to work (D3, D6)."""
    action = capa.action(action_id)
    editable(capa, Edit.CONTAINMENT if action.kind is ActionKind.CONTAINMENT else Edit.ACTION_VERIFICATION)
    return _with_action(capa, verify(action, verification, actor=actor, now=now))


def remove_containment(capa: Capa, action_id: Id, *, now: datetime) -> Capa:
    """Take a containment away, now that the cause is gone (D6)."""
    editable(capa, Edit.CONTAINMENT)
    return _with_action(capa, end_containment(capa.action(action_id), now=now))


def set_criterion(capa: Capa, criterion: EffectivenessCriterion) -> Capa:
    """Fix by what the effect will be judged: before anything is carried out, never afterwards.

    Raises
    ------
    Refused
        If planning is over, or the evaluator is responsible for, or did, one of the actions.
    """
    editable(capa, Edit.CRITERION)
    if any(criterion.evaluator in (action.responsible, action.done_by) for action in capa.actions):
        raise _evaluator_implements(capa)
    return replace(capa, criterion=criterion)


def add_prevention(capa: Capa, prevention: Prevention) -> Capa:
    """Record a change of how work is done (D7)."""
    editable(capa, Edit.PREVENTION)
    return replace(capa, prevention=(*capa.prevention, prevention))


def recognise(capa: Capa, recognition: str) -> Capa:
    """Record what was learned and what the team is thanked for (D8)."""
    return replace(editable(capa, Edit.RECOGNITION), recognition=recognition)


def set_aside(capa: Capa, ncr: Id, reason: str, *, seen: Seen, actor: Actor, now: datetime) -> Capa:
    """Say why a nonconformance that was seen is not what was to be prevented; who has a part in the CAPA does not.

    Raises
    ------
    Refused
        If the actor owns it, leads it, carried out or evaluates any of it.
    Invalid
        If it was not seen, or no reason is given.
    """
    editable(capa, Edit.OBSERVATION)
    if ncr not in seen.recurred:
        raise Invalid(f"{ncr} is none of those that were seen since {capa.number} is monitored")
    part = {capa.owner, *(p for action in capa.actions for p in (action.responsible, action.done_by))}
    part |= {capa.team.leader} if capa.team else set()
    part |= {capa.criterion.evaluator} if capa.criterion else set()
    if actor.id in part:
        raise Refused(
            f"{actor.name} has a part in {capa.number} and does not say what counts: ask somebody who has none",
            missing=("somebody without a part in it",),
        )
    said = SetAside(ncr, reason.strip(), actor.id, now)
    return replace(capa, set_aside=(*(one for one in capa.set_aside if one.ncr != ncr), said))


def request_cancellation(capa: Capa, reason: str, *, actor: Actor, now: datetime) -> Capa:
    """Ask to give it up; it goes on until somebody else signs that."""
    editable(capa, Edit.CANCELLATION)
    if capa.cancellation_request is not None:
        raise Refused(f"{capa.cancellation_request.by.name} has asked to give {capa.number} up already")
    return replace(capa, cancellation_request=CancellationRequest(reason.strip(), actor, now))


def withdraw_cancellation(capa: Capa) -> Capa:
    """Take the request to give it up back."""
    editable(capa, Edit.CANCELLATION)
    if capa.cancellation_request is None:
        raise Refused(f"nobody has asked to give {capa.number} up")
    return replace(capa, cancellation_request=None)


def _with_action(capa: Capa, action: CapaAction) -> Capa:
    return replace(capa, actions=tuple(action if a.id == action.id else a for a in capa.actions))


def _evaluator_implements(capa: Capa) -> Refused:
    return Refused(
        f"{capa.number}: who evaluates the effect must not carry out an action: name somebody else for one of the two",
        missing=("an evaluator who implements nothing",),
    )
