"""Moving a CAPA on: one function per event of :data:`twin.capa.TRANSITIONS`, each with its guard."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from twin.access import Capacity
from twin.capa import TRANSITIONS, Cancellation, Capa, CapaEvent, CapaState
from twin.capa_guards import allowed_events, missing_for
from twin.effectiveness import Effect, EffectivenessCheck, effect_of
from twin.errors import IllegalTransition, Invalid, Refused
from twin.record import Actor, Evidence, Signature, SignatureMeaning, content_sha256
from twin.signed_content import digest_of, require_signature
from twin.step import Step


def investigate(capa: Capa, *, actor: Actor, now: datetime) -> Capa:
    """Begin to look for the cause: the team is named (D1) and the problem described (D0, D2)."""
    return _step(capa, CapaEvent.INVESTIGATE, actor, now)


def analysis_digest(capa: Capa) -> str:
    """Return the digest that who approves the root cause signs."""
    if capa.analysis is None:
        raise Refused(f"{capa.number} has no analysis to sign yet", missing=("the analysis",))
    return digest_of(capa.analysis)


def approve_root_cause(capa: Capa, signature: Signature, *, actor: Actor, now: datetime) -> Capa:
    """Approve the verified root causes (D4), signed by a quality manager who did not lead the work."""
    after = _step(capa, CapaEvent.APPROVE_ROOT_CAUSE, actor, now)
    involved = {capa.owner: "owns this CAPA"}
    if capa.team is not None:
        involved[capa.team.leader] = "leads the team"
    require_signature(
        signature, analysis_digest(capa), role=Capacity.QUALITY_MANAGER, not_by=involved,
        meaning=SignatureMeaning.APPROVAL,
    )  # fmt: skip
    return replace(after, root_cause_signature=signature)


def plan_actions(capa: Capa, *, actor: Actor, now: datetime) -> Capa:
    """Begin to plan what removes the cause (D5)."""
    return _step(capa, CapaEvent.PLAN_ACTIONS, actor, now)


def implement(capa: Capa, *, actor: Actor, now: datetime) -> Capa:
    """Begin to carry out the plan (D6); from here on the criterion stands."""
    return _step(capa, CapaEvent.IMPLEMENT, actor, now)


def verify_implementation(capa: Capa, *, actor: Actor, now: datetime) -> Capa:
    """Begin to verify what was carried out."""
    return _step(capa, CapaEvent.VERIFY, actor, now)


def plan_again(capa: Capa, reason: str, *, actor: Actor, now: datetime) -> Capa:
    """Return to planning: what was planned does not do, or cannot be done."""
    if not reason.strip():
        raise Invalid("say why it has to be planned again")
    return _step(capa, CapaEvent.PLAN_AGAIN, actor, now, reason)


def monitor(capa: Capa, *, actor: Actor, now: datetime) -> Capa:
    """Begin to watch the effect: all is in place and verified, containment ended (D6), recurrence prevented (D7)."""
    return replace(_step(capa, CapaEvent.MONITOR, actor, now), monitored_since=now)


def evaluate(
    capa: Capa, value: Decimal, *, actor: Actor, now: datetime, evidence: tuple[Evidence, ...], lots: int = 0
) -> Capa:
    """Judge the effect by the criterion: effective closes (D8), anything less begins the investigation anew.

    What is not effective enough may be said as soon as it shows; effective only once the whole window was observed.

    Raises
    ------
    Refused
        If somebody else was to evaluate it, nothing shows the value, or it would close too early.
    """
    if capa.state is not CapaState.EFFECTIVENESS_MONITORING or capa.criterion is None:
        raise _illegal(capa, CapaEvent.CONFIRM_EFFECTIVE)
    criterion = capa.criterion
    if actor.id != criterion.evaluator:
        raise Refused(
            f"{capa.number} is to be evaluated by the one its criterion names, not by {actor.name}",
            missing=("the named evaluator",),
        )
    if not evidence:
        raise Refused(f"{capa.number}: attach what shows the value", missing=("evidence of the value",))
    effect = effect_of(criterion, value)
    check = EffectivenessCheck(criterion, capa.cycle, value, effect, actor.id, now, lots, evidence)
    checked = replace(capa, checks=(*capa.checks, check))
    if effect is not Effect.EFFECTIVE:
        again = _step(checked, CapaEvent.FIND_INEFFECTIVE, actor, now)
        return replace(
            again, cycle=capa.cycle + 1, criterion=None, monitored_since=None, root_cause_signature=None,
            containment_not_needed="", recognition="",
        )  # fmt: skip
    if lots < criterion.window_lots:
        raise Refused(
            f"{capa.number}: {lots} of {criterion.window_lots} lots were observed",
            missing=(f"{criterion.window_lots - lots} more lots",),
        )
    return _step(checked, CapaEvent.CONFIRM_EFFECTIVE, actor, now)


def cancellation_digest(capa: Capa, reason: str) -> str:
    """Return the digest that who approves giving it up signs: the CAPA as it is, and the reason."""
    return content_sha256({"capa": digest_of(capa), "reason": reason})


def cancel(capa: Capa, reason: str, signature: Signature, *, actor: Actor, now: datetime) -> Capa:
    """Give it up, with a reason, approved by a quality manager other than who asks for it."""
    after = _step(capa, CapaEvent.CANCEL, actor, now, reason)
    if not reason.strip():
        raise Invalid("say why the CAPA is given up")
    require_signature(
        signature, cancellation_digest(capa, reason), role=Capacity.QUALITY_MANAGER,
        not_by={actor.id: "asks for it", capa.owner: "owns this CAPA"}, meaning=SignatureMeaning.APPROVAL,
    )  # fmt: skip
    return replace(after, cancellation=Cancellation(reason, signature))


def _step(capa: Capa, event: CapaEvent, actor: Actor, now: datetime, reason: str = "") -> Capa:
    """Return the CAPA in the next state if the event exists and nothing is missing."""
    after = TRANSITIONS.get((capa.state, event))
    if after is None:
        raise _illegal(capa, event)
    missing = missing_for(capa, event, now=now)
    if missing:
        said = event.value.replace("_", " ")
        raise Refused(f"{capa.number} cannot {said} yet: {missing[0]} is missing", missing=missing)
    return replace(capa, state=after, steps=(*capa.steps, Step(event, after, actor, now, reason.strip())))


def _illegal(capa: Capa, event: CapaEvent) -> IllegalTransition:
    possible = ", ".join(e.value.replace("_", " ") for e in allowed_events(capa)) or "nothing any more"
    return IllegalTransition(f"{capa.number} is in {capa.state} and cannot {event.value.replace('_', ' ')}: {possible}")
