"""How a nonconformance record moves: by the table, past the guards, with every step kept."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from twin.errors import IllegalTransition, Refused
from twin.ncr_guards import allowed_events, correctors, missing_for, originators
from twin.ncr_parts import Cycle, CycleEnd
from twin.ncr_record import TRANSITIONS, Event, NonConformance, State, Step
from twin.record import Actor, require_utc


def fail(ncr: NonConformance, reason: str, actor: Actor, now: datetime) -> NonConformance:
    """Send the record back to review, one failed cycle more."""
    moved = replace(move(ncr, Event.FAIL, actor, now, reason), cycle_count=ncr.cycle_count + 1)
    return new_cycle(moved, CycleEnd.FAILED, reason, actor, now)


def new_cycle(ncr: NonConformance, ended: CycleEnd, reason: str, actor: Actor, now: datetime) -> NonConformance:
    """Lay down what was decided, found and spent so far in the history; the board decides anew."""
    past = Cycle(
        ended, reason.strip(), actor, now, ncr.lines, ncr.signatures, ncr.rechecks, ncr.proofs, ncr.containment,
        ncr.capa, ncr.cost, ncr.notice, ncr.closing,
    )  # fmt: skip
    history = (*ncr.history, past)
    return replace(
        ncr, history=history, lines=(), signatures=(), rechecks=(), proofs=(), corrected_at=None, cost=None,
        closing=None,
    )  # fmt: skip


def move(ncr: NonConformance, event: Event, actor: Actor, now: datetime, reason: str = "") -> NonConformance:
    """Return the record in the state that the table gives, with the step kept.

    Raises
    ------
    IllegalTransition
        If the event does not exist in the present state.
    Refused
        If something is missing; ``missing`` names it.
    """
    state = target(ncr, event)
    require(ncr, event, now)
    return replace(ncr, state=state, steps=(*ncr.steps, Step(event, state, actor, require_utc(now), reason)))


def target(ncr: NonConformance, event: Event) -> State:
    """Return the state that an event leads to; raise :class:`IllegalTransition` where there is none."""
    state = TRANSITIONS.get((ncr.state, event))
    if state is None:
        able = ", ".join(e.value.replace("_", " ") for e in allowed_events(ncr)) or "nothing"
        said = f"{name_of(ncr)} is {_word(ncr.state)}: {_word(event)} is not possible now; possible are {able}"
        raise IllegalTransition(said)
    return state


def require(ncr: NonConformance, event: Event, now: datetime) -> None:
    """Raise :class:`Refused` with everything that an event still needs."""
    missing = missing_for(ncr, event, now=now)
    if missing:
        raise Refused(f"to {_word(event)}, {name_of(ncr)} needs {'; '.join(missing)}", missing=missing)


def require_other(ncr: NonConformance, actor: Actor, what: str) -> None:
    """Raise :class:`Refused` if the actor raised the record, or acts for who did (four eyes)."""
    if {actor.id, actor.on_behalf_of} & originators(ncr):
        raise Refused(f"{actor.name} raised {name_of(ncr)} and may not {what}: ask somebody else")


def require_not_corrector(ncr: NonConformance, people: Collection[str | None], what: str) -> None:
    """Raise :class:`Refused` if one of them began or reported the work of this cycle (four eyes).

    There is no exemption: whoever raised the record, sat on its board or owns the project can do it instead.
    """
    if correctors(ncr) & set(people):
        raise Refused(
            f"who began or finished the work on {name_of(ncr)} may not {what}: ask somebody else",
            missing=("a second person, who did not correct",),
        )


def stated(reason: str) -> str:
    """Return a reason without blanks around; raise :class:`Refused` if there is none."""
    if not reason.strip():
        raise Refused("say why: a reason is kept with this", missing=("a reason",))
    return reason.strip()


def name_of(ncr: NonConformance) -> str:
    """Return how a record is called in messages."""
    return ncr.number or "the draft"


def _word(word: State | Event) -> str:
    return word.value.replace("_", " ")
