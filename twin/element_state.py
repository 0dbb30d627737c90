"""The state of each element at each scan epoch: what is known of it, since when, and on which evidence.

Evidence only ever comes from having seen something. An epoch that did not see an element keeps what was known and marks
it stale; nothing becomes verified by absence, and a deviation is only cleared by a pass.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from geometry.verdict import Outcome, State
from twin.errors import Invalid, Refused
from twin.record import Id, require_utc
from twin.revision_diff import Change


class Status(StrEnum):
    """What is known of an element."""

    PLANNED = "planned"
    INSTALLED = "installed"
    """Seen in its place; nothing was judged."""
    VERIFIED = "verified"
    DEVIATING = "deviating"
    MISSING = "missing"
    UNRESOLVED = "unresolved"
    """Seen, and whether it conforms is open."""


class Seen(StrEnum):
    """What one epoch says of an element, from the check's state and verdict."""

    PASSED = "passed"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    UNJUDGED = "unjudged"
    """There, but nothing could be or had to be judged."""
    ABSENT = "absent"
    NOT_SEEN = "not_seen"
    SUSPECT = "suspect"
    """The design's own shape cannot be trusted."""


_ORDER = (Seen.PASSED, Seen.FAILED, Seen.IN_DOUBT, Seen.UNJUDGED, Seen.ABSENT, Seen.NOT_SEEN, Seen.SUSPECT)
_ROWS: dict[Status, str] = {
    #                  passed   failed    in doubt   unjudged  absent  not seen suspect      "=": keep, stale
    Status.PLANNED:    "verified deviating unresolved installed missing =        unresolved",
    Status.INSTALLED:  "verified deviating unresolved installed missing =        =",
    Status.VERIFIED:   "verified deviating unresolved =         missing =        =",
    Status.DEVIATING:  "verified deviating =          =         missing =        =",
    Status.MISSING:    "verified deviating unresolved installed missing =        =",
    Status.UNRESOLVED: "verified deviating unresolved =         missing =        =",
}  # fmt: skip


def _transitions() -> Mapping[tuple[Status, Seen], Status | None]:
    table: dict[tuple[Status, Seen], Status | None] = {}
    for status, row in _ROWS.items():
        for seen, cell in zip(_ORDER, row.split(), strict=True):
            table[status, seen] = None if cell == "=" else Status(cell)
    return MappingProxyType(table)


TRANSITIONS = _transitions()
"""(what is known, what is seen) -> what is known then; None keeps what is known and marks it stale."""


def _staleness() -> Mapping[tuple[Status, Seen], bool]:
    found = dict[tuple[Status, Seen], set[bool]]()
    for (known, seen), status in TRANSITIONS.items():
        found.setdefault((known if status is None else status, seen), set()).add(status is None)
    found[Status.PLANNED, Seen.ABSENT] = {False}  # not due yet
    return MappingProxyType({pair: only for pair, told in found.items() if len(told) == 1 for only in told})


STALE = _staleness()
"""(what is known after an epoch, what it saw) -> whether it is stale; without those where that does not tell."""
_SEEN_BY_VERDICT = {
    Outcome.PASS: Seen.PASSED,
    Outcome.FAIL: Seen.FAILED,
    Outcome.INDETERMINATE: Seen.IN_DOUBT,
    Outcome.NOT_MEASURED: Seen.UNJUDGED,
}
_SEEN_BY_STATE = {
    State.MISSING: Seen.ABSENT,
    State.OCCLUDED: Seen.NOT_SEEN,
    State.UNSEEN: Seen.NOT_SEEN,
    State.DESIGN_SUSPECT: Seen.SUSPECT,
}


def seen_as(state: State, verdict: Outcome) -> Seen:
    """Return what a check's state and verdict of an element say about it.

    Examples
    --------
    >>> seen_as(State.INSTALLED, Outcome.PASS).value, seen_as(State.OCCLUDED, Outcome.PASS).value
    ('passed', 'not_seen')
    """
    return _SEEN_BY_VERDICT[verdict] if state is State.INSTALLED else _SEEN_BY_STATE[state]


@dataclass(frozen=True, slots=True)
class Epoch:
    """What element states need of a scan epoch and the check of it."""

    id: Id
    captured_at: datetime
    revision: Id
    """The model revision that it was compared with."""
    check: Id

    def __post_init__(self) -> None:
        """Refuse a time without its zone."""
        require_utc(self.captured_at)


@dataclass(frozen=True, slots=True)
class ElementState:
    """What was known of one element after one epoch; (project, global_id, epoch) is its key."""

    project: Id
    global_id: str
    epoch: Epoch
    status: Status
    seen: Seen
    """What this epoch said of it."""
    stale: bool
    """This epoch does not support the status: it is what was known before."""
    since: datetime
    """When the scan was taken from which the element has had this status."""
    supported_by: Id | None
    """The check that supports the status; None when none does yet."""

    def __post_init__(self) -> None:
        """Refuse a state that claims something without evidence."""
        require_utc(self.since)
        if not self.global_id:
            raise Invalid("an element state needs the element's GlobalId")
        if self.supported_by is None and self.status is not Status.PLANNED:
            raise Invalid(f"element {self.global_id} cannot be {self.status} without a check that supports it")


def observe(
    project: Id,
    global_id: str,
    previous: ElementState | None,
    seen: Seen,
    *,
    epoch: Epoch,
    due: date | None = None,
) -> ElementState:
    """Return the element's state after ``epoch``; ``previous`` is None when there was none.

    An element that is not there before it is ``due`` stays planned: that is not missing.

    Raises
    ------
    Refused
        If the epoch is not later than the previous one: replay the history in order of capture instead.
    """
    known = previous.status if previous else Status.PLANNED
    if previous and epoch.captured_at <= previous.epoch.captured_at:
        raise Refused(
            f"epoch {epoch.id} was captured before the last known state of {global_id}: replay its epochs in order",
            missing=("epochs in order of capture",),
        )
    found = TRANSITIONS[known, seen]
    if seen is Seen.ABSENT and known is Status.PLANNED and due is not None and epoch.captured_at.date() < due:
        found = Status.PLANNED
    status = known if found is None else found
    kept = previous is not None and previous.status is status
    supported_by = epoch.check if found is not None else previous.supported_by if previous else None
    return ElementState(
        project=project,
        global_id=global_id,
        epoch=epoch,
        status=status,
        seen=seen,
        stale=found is None,
        since=previous.since if previous and kept else epoch.captured_at,
        supported_by=supported_by,
    )


def observe_all(
    project: Id,
    designed: Iterable[str],
    previous: Mapping[str, ElementState],
    seen: Mapping[str, Seen],
    *,
    epoch: Epoch,
    due: Mapping[str, date] | None = None,
) -> tuple[ElementState, ...]:
    """Return the states of all ``designed`` elements after an epoch, by GlobalId; what it does not name is unseen.

    Raises
    ------
    Invalid
        If the check speaks of an element that the design does not have: then they are not of the same revision.
    """
    ids = sorted(set(designed))
    foreign = sorted(seen.keys() - set(ids))
    if foreign:
        raise Invalid(f"the check speaks of {foreign[0]}, which revision {epoch.revision} does not have")
    dates = due or {}
    return tuple(
        observe(project, i, previous.get(i), seen.get(i, Seen.NOT_SEEN), epoch=epoch, due=dates.get(i)) for i in ids
    )


def replay(
    project: Id, global_id: str, observations: Sequence[tuple[Epoch, Seen]], *, due: date | None = None
) -> tuple[ElementState, ...]:
    """Return an element's history from its observations in any order: one state per epoch, the earliest first."""
    history: list[ElementState] = []
    for epoch, seen in sorted(observations, key=lambda pair: pair[0].captured_at):
        previous = history[-1] if history else None
        history.append(observe(project, global_id, previous, seen, epoch=epoch, due=due))
    return tuple(history)


def on_revision(state: ElementState, change: Change) -> ElementState | None:
    """Return what is known of an element once a new revision is in force; None when it is no longer designed.

    A changed shape takes verdicts back: what was built is there, and whether it conforms to the new design is open.
    """
    if change is Change.REMOVED:
        return None
    if change in (Change.NONE, Change.PROPERTIES):
        return state
    if change is Change.ADDED:
        raise Invalid(f"element {state.global_id} has a state and cannot be added by a revision: compare the right two")
    if state.status in (Status.PLANNED, Status.MISSING):
        return replace(state, status=Status.PLANNED, stale=True, supported_by=None)
    return replace(state, status=Status.UNRESOLVED, stale=True)
