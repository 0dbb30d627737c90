"""States of nonconformance records as BCF's topic statuses, and which of them a BCF client may ask for.

A client asks for a state by writing the topic's status. Only moves that need nothing said with them can be asked for
so: what needs a reason (reject, void, reconsider, reopen), a signature (close) or is never called (fail) is done here,
and every guard of the domain holds as always.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from twin.access import Action
from twin.errors import IllegalTransition, Invalid
from twin.ncr import (
    allowed_events,
    contain,
    correct,
    dispose,
    missing_for,
    open_record,
    reinspect,
    review,
    verify,
)
from twin.ncr_record import TRANSITIONS, Event, NonConformance, State
from twin.record import Actor

NONCONFORMITY = "Nonconformity"
OBSERVATION = "Observation"
TYPES = (NONCONFORMITY, OBSERVATION)
"""Topic types: a nonconformance record, or something said from outside that nobody has decided about yet."""
RECEIVED = "Received"
"""The status of an observation that waits for a person."""
WORDS: Mapping[State, str] = MappingProxyType({s: s.value.replace("_", " ").capitalize() for s in State})
STATUSES = (RECEIVED, *WORDS.values())

ASKED: Mapping[Event, Action] = MappingProxyType(
    {
        Event.OPEN: Action.NCR_RAISE,
        Event.CONTAIN: Action.NCR_CONTAIN,
        Event.REVIEW: Action.NCR_REVIEW,
        Event.DISPOSE: Action.NCR_REVIEW,
        Event.CORRECT: Action.NCR_CORRECT,
        Event.VERIFY: Action.NCR_CORRECT,
        Event.REINSPECT: Action.NCR_CORRECT,
    }
)
"""What may be asked for by writing a status, and which action it needs."""


def is_status(word: str) -> bool:
    """Say whether a word is one of :data:`STATUSES`, however it is capitalised: also what observations have.

    Examples
    --------
    >>> is_status("received"), is_status("Under  review"), is_status("In Progress")
    (True, True, False)
    """
    return _plain(word) in map(str.lower, STATUSES)


def state_of(word: str) -> State | None:
    """Return the state that a status means, however it is capitalised; None for a word that is not ours."""
    plain = _plain(word)
    return next((state for state, said in WORDS.items() if said.lower() == plain), None)


def next_statuses(ncr: NonConformance, *, may: Callable[[Action], bool], now: datetime) -> tuple[str, ...]:
    """Return the statuses that somebody may write now, the present one first: nothing is missing for any of them."""
    ready = (e for e in allowed_events(ncr) if e in ASKED and may(ASKED[e]) and not missing_for(ncr, e, now=now))
    return tuple(dict.fromkeys((WORDS[ncr.state], *(WORDS[TRANSITIONS[ncr.state, event]] for event in ready))))


def event_to(ncr: NonConformance, word: str) -> Event | None:
    """Return the event that leads to a status; None when the record is there already.

    Raises
    ------
    Invalid
        If there is no such status.
    IllegalTransition
        If no move that BCF can ask for leads there from the present state.
    """
    state = state_of(word)
    if state is None:
        raise Invalid(f"there is no status {word[:60]!r}; choose one of {', '.join(WORDS.values())}")
    if state is ncr.state:
        return None
    for event in allowed_events(ncr):
        if event in ASKED and TRANSITIONS[ncr.state, event] is state:
            return event
    raise IllegalTransition(
        f"{ncr.number or 'the draft'} is {WORDS[ncr.state].lower()}: a BCF client cannot make it "
        f"{WORDS[state].lower()}; use the record itself"
    )


def asked_for(
    ncr: NonConformance, event: Event, *, number: Callable[[], str], actor: Actor, now: datetime
) -> NonConformance:
    """Return the record after a move that was asked for; all guards of the domain hold.

    Parameters
    ----------
    number
        Gives a new number when the record is opened, and only then.
    """
    if event is Event.OPEN:
        missing = missing_for(ncr, Event.OPEN, now=now)
        # a number is never given twice: none is taken for a draft that cannot be opened
        return open_record(ncr, number="unused" if missing else number(), actor=actor, now=now)
    if event is Event.REINSPECT:
        return reinspect(ncr, finished_at=now, actor=actor, now=now)
    moves = {
        Event.CONTAIN: contain,
        Event.REVIEW: review,
        Event.DISPOSE: dispose,
        Event.CORRECT: correct,
        Event.VERIFY: verify,
    }
    return moves[event](ncr, actor=actor, now=now)


def _plain(word: str) -> str:
    return " ".join(word.replace("_", " ").split()).lower()
