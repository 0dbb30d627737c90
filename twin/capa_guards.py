"""What a CAPA lacks: one function per discipline, and which of them each event asks."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from twin.capa import TRANSITIONS, Capa, CapaEvent, CapaKind
from twin.cause_analysis import missing_for_approval
from twin.corrective_action import ActionKind
from twin.effectiveness import Metric, window_ends
from twin.record import require_utc
from twin.root_cause import Branch

Guard = Callable[[Capa, datetime], tuple[str, ...]]


def allowed_events(capa: Capa) -> tuple[CapaEvent, ...]:
    """Return the events that exist in the present state; what each still lacks is :func:`missing_for`."""
    return tuple(event for event in CapaEvent if (capa.state, event) in TRANSITIONS)


def missing_for(capa: Capa, event: CapaEvent, *, now: datetime) -> tuple[str, ...]:
    """Return what has to be there before ``event``, one phrase each; what its own call brings is not counted."""
    require_utc(now)
    return tuple(phrase for guard in GUARDS.get(event, ()) for phrase in guard(capa, now))


def emergency(capa: Capa, _: datetime) -> tuple[str, ...]:
    """D0: the response at once."""
    return () if capa.emergency.strip() else ("what was done at once, or why nothing had to be",)


def team(capa: Capa, _: datetime) -> tuple[str, ...]:
    """D1: who works on it."""
    return () if capa.team else ("a team with champion and leader",)


def problem(capa: Capa, _: datetime) -> tuple[str, ...]:
    """D2: the problem, described."""
    return capa.problem.unanswered() if capa.problem else ("a description of the problem",)


def containment(capa: Capa, _: datetime) -> tuple[str, ...]:
    """D3: the effect is kept from whoever comes next, and that was found to work; anew in every cycle."""
    held = [
        action
        for action in capa.actions
        if action.kind is ActionKind.CONTAINMENT and (action.ended_at is None or action.cycle == capa.cycle)
    ]
    if not held and not capa.containment_not_needed:
        return ("a containment action, or why none is needed",)
    return tuple(f"verification of the containment '{a.description}'" for a in held if not a.verified)


def cause(capa: Capa, _: datetime) -> tuple[str, ...]:
    """D4: verified root causes of the occurrence and, where something escaped, of the escape."""
    if capa.analysis is None:
        return ("an analysis of the cause",)
    always = (Branch.OCCURRENCE, Branch.ESCAPE) if capa.kind is CapaKind.CORRECTIVE else (Branch.OCCURRENCE,)
    return missing_for_approval(capa.analysis, always)


def plan(capa: Capa, _: datetime) -> tuple[str, ...]:
    """D5: an action that removes the cause, and by what its effect will be judged."""
    wanted = (ActionKind.CORRECTIVE,) if capa.kind is CapaKind.CORRECTIVE else tuple(ActionKind)
    missing: list[str] = []
    if not any(action.kind in wanted for action in capa.current_actions):
        missing.append("a corrective action" if capa.kind is CapaKind.CORRECTIVE else "an action")
    if capa.criterion is None:
        missing.append("a criterion of effectiveness")
    return (*missing, *comparison(capa, _))


def comparison(capa: Capa, _: datetime) -> tuple[str, ...]:
    """D5: what recurs is counted by its likeness to a nonconformance that the CAPA answers."""
    counts = capa.criterion is not None and capa.criterion.metric is Metric.RECURRENCE
    return (
        ("a nonconformance that it answers, to count what recurs by; or another metric",)
        if counts and not capa.ncrs
        else ()
    )


def completion(capa: Capa, _: datetime) -> tuple[str, ...]:
    """D6: everything planned was done."""
    if not capa.current_actions:
        return ("an action to carry out",)
    return tuple(f"completion of '{action.description}'" for action in capa.current_actions if not action.done)


def validation(capa: Capa, _: datetime) -> tuple[str, ...]:
    """D6: everything done was verified by somebody else, and the containment is ended."""
    missing = [f"verification of '{action.description}'" for action in capa.current_actions if not action.verified]
    missing += [f"the end of the containment '{action.description}'" for action in capa.containments]
    return tuple(missing)


def prevention(capa: Capa, _: datetime) -> tuple[str, ...]:
    """D7: the way of working was changed."""
    return () if capa.prevention else ("what prevents recurrence, or why nothing has to be changed",)


def observation(capa: Capa, now: datetime) -> tuple[str, ...]:
    """D8: the effect was observed over the whole window."""
    if capa.criterion is None or capa.monitored_since is None:
        return ("the observation of the effect",)
    end = window_ends(capa.criterion, capa.monitored_since)
    return (f"the rest of the observation window, until {end:%Y-%m-%d %H:%M} UTC",) if now < end else ()


def recognition(capa: Capa, _: datetime) -> tuple[str, ...]:
    """D8: what was learned."""
    return () if capa.recognition.strip() else ("what was learned and what the team is thanked for",)


def request(capa: Capa, _: datetime) -> tuple[str, ...]:
    """To give it up: somebody asked for it, and why."""
    return () if capa.cancellation_request else ("somebody's request to give it up",)


GUARDS: Mapping[CapaEvent, tuple[Guard, ...]] = MappingProxyType(
    {
        CapaEvent.INVESTIGATE: (emergency, team, problem),
        CapaEvent.APPROVE_ROOT_CAUSE: (containment, cause),
        CapaEvent.IMPLEMENT: (plan,),
        CapaEvent.VERIFY: (completion,),
        CapaEvent.MONITOR: (validation, prevention, comparison),
        CapaEvent.CONFIRM_EFFECTIVE: (observation, recognition),
        CapaEvent.CANCEL: (request,),
    }
)
"""Event -> what it asks; an event that is not there asks nothing but its own arguments."""
