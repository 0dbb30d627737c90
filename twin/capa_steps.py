"""Moving a CAPA on: one function per event of :data:`twin.capa.TRANSITIONS`, each with its guard."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from twin.access import Capacity
from twin.capa import TRANSITIONS, Cancellation, Capa, CapaEvent, CapaState
from twin.capa_guards import allowed_events, missing_for
from twin.effectiveness import (
    Effect,
    EffectivenessCheck,
    EffectivenessCriterion,
    Metric,
    Seen,
    effect_of,
    recurred,
)
from twin.errors import IllegalTransition, Invalid, Refused
from twin.record import Actor, Evidence, Signature, SignatureMeaning
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
    """Approve the verified root causes (D4), signed by a quality manager who neither led the work nor wrote it down."""
    after = _step(capa, CapaEvent.APPROVE_ROOT_CAUSE, actor, now)
    involved = {capa.owner: "owns this CAPA"}
    if capa.team is not None:
        involved[capa.team.leader] = "leads the team"
    involved |= dict.fromkeys(capa.analysed_by, "wrote the analysis")
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
    capa: Capa, value: Decimal | None, *, actor: Actor, now: datetime, evidence: tuple[Evidence, ...], seen: Seen
) -> Capa:
    """Judge the effect by the criterion: effective closes (D8), anything less begins the investigation anew.

    What is not effective enough may be said as soon as it shows; effective only once the whole window was observed.

    Parameters
    ----------
    value
        Of the criterion's metric. How much recurred is counted, so it may be left out (None): a person may know of
        more than the records show, never of less. What does not count is set aside first, with its reason.
    seen
        What the project's records show; also how many lots.

    Raises
    ------
    Refused
        If somebody else was to evaluate it, nothing shows the value, records say otherwise, or it would close too
        early.
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
    worth = _value(capa, criterion, value, seen)
    effect = effect_of(criterion, worth)
    check = EffectivenessCheck(criterion, capa.cycle, worth, effect, actor.id, now, seen, capa.set_aside, evidence)
    checked = replace(capa, checks=(*capa.checks, check))
    if effect is not Effect.EFFECTIVE:
        again = _step(checked, CapaEvent.FIND_INEFFECTIVE, actor, now)
        return replace(
            again, cycle=capa.cycle + 1, criterion=None, monitored_since=None, root_cause_signature=None,
            containment_not_needed="", recognition="", set_aside=(),
        )  # fmt: skip
    lots = len(seen.lots)
    if lots < criterion.window_lots:
        raise Refused(
            f"{capa.number}: {lots} of {criterion.window_lots} lots were observed since it is monitored",
            missing=(f"{criterion.window_lots - lots} more lots",),
        )
    return _step(checked, CapaEvent.CONFIRM_EFFECTIVE, actor, now)


def _value(capa: Capa, criterion: EffectivenessCriterion, value: Decimal | None, seen: Seen) -> Decimal:
    """Return the value that counts: of what recurs no fewer than were seen."""
    if criterion.metric is not Metric.RECURRENCE:
        if value is None:
            raise Invalid(f"{capa.number} is judged by {criterion.metric.value}: give its value")
        return value
    if not seen.compared:
        raise Refused(
            f"{capa.number}: no nonconformance that it answers stands, so nothing says what would be the same again",
            missing=("a nonconformance that it answers and that is neither draft, rejected nor void",),
        )
    counted = recurred(seen, capa.set_aside)
    if value is not None and not value.is_finite():
        raise Invalid(f"an effect is judged from a finite value, not {value}")
    if value is not None and value < len(counted):
        raise Refused(
            f"{capa.number}: {len(counted)} of the same were seen, not {value}; leave the value out, or let somebody "
            "without a part in it set aside what is not the same, with the reason",
            missing=tuple(f"a reason why {ncr} is not the same again" for ncr in counted),
        )
    return Decimal(len(counted)) if value is None else value


def cancellation_digest(capa: Capa) -> str:
    """Return the digest that who approves giving it up signs: the CAPA as it is, with the request and its reason."""
    return digest_of(capa)


def cancel(capa: Capa, signature: Signature, *, actor: Actor, now: datetime) -> Capa:
    """Give it up as was asked, approved by a quality manager other than who asked for it.

    Raises
    ------
    Refused
        If nobody asked for it, or who asked, or who owns it, would approve it.
    """
    after = _step(capa, CapaEvent.CANCEL, actor, now)
    request = capa.cancellation_request
    assert request is not None  # the event asks for it
    involved = {capa.owner: "owns this CAPA", request.by.id: "asks for it"}
    if request.by.on_behalf_of:
        involved[request.by.on_behalf_of] = "asks for it"
    require_signature(
        signature, cancellation_digest(capa), role=Capacity.QUALITY_MANAGER, not_by=involved,
        meaning=SignatureMeaning.APPROVAL,
    )  # fmt: skip
    steps = (*after.steps[:-1], replace(after.steps[-1], reason=request.reason))
    return replace(after, cancellation=Cancellation(request, signature), steps=steps)


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
