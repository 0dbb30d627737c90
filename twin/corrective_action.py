"""One action of a CAPA: who does what by when, that it was done, that somebody else found it so (8D, D3, D5, D6)."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from twin.errors import Invalid, Refused
from twin.record import Actor, Evidence, Id, require_utc


class ActionKind(StrEnum):
    """What an action is for."""

    CONTAINMENT = "containment"
    """Keeps the effect from whoever comes next until the cause is gone; ended when it is (8D, D3)."""
    CORRECTIVE = "corrective"
    """Removes the cause."""
    PREVENTIVE = "preventive"
    """Keeps the same from happening elsewhere."""


@dataclass(frozen=True, slots=True)
class CapaAction:
    """Something to do."""

    id: Id
    kind: ActionKind
    description: str
    responsible: Id
    due: date
    cycle: int = 0
    """In which round of the CAPA it was planned."""
    done_by: Id | None = None
    done_at: datetime | None = None
    evidence: tuple[Evidence, ...] = ()
    verified_by: Id | None = None
    verified_at: datetime | None = None
    verification: str = ""
    """How it was found to work."""
    ended_at: datetime | None = None
    """When a containment was taken away."""

    def __post_init__(self) -> None:
        """Refuse an action that says nothing, or steps out of their order."""
        if not self.description.strip():
            raise Invalid("an action needs a description")
        if not self.responsible:
            raise Invalid(f"'{self.description}' needs somebody responsible")
        for moment in (self.done_at, self.verified_at, self.ended_at):
            if moment is not None:
                require_utc(moment)
        if self.verified_at is not None and self.done_at is None:
            raise Invalid(f"'{self.description}' cannot be verified before it is done")

    @property
    def done(self) -> bool:
        """Whether it was done."""
        return self.done_at is not None

    @property
    def verified(self) -> bool:
        """Whether somebody else found that it works."""
        return self.verified_at is not None

    def is_overdue(self, today: date) -> bool:
        """Say whether it should have been done before ``today``."""
        return not self.done and self.due < today


def complete(action: CapaAction, evidence: tuple[Evidence, ...], *, actor: Actor, now: datetime) -> CapaAction:
    """Return the action as done.

    Raises
    ------
    Refused
        If it was done before, or nothing shows that it was.
    """
    if action.done:
        raise Refused(f"'{action.description}' is done already: add an action for what is still to do")
    if not evidence:
        raise Refused(
            f"'{action.description}' needs evidence that it was done: attach a picture, a record or a measurement",
            missing=("evidence that it was done",),
        )
    return replace(action, evidence=action.evidence + evidence, done_by=actor.id, done_at=require_utc(now))


def verify(action: CapaAction, verification: str, *, actor: Actor, now: datetime) -> CapaAction:
    """Return the action as verified by somebody who neither did it nor was responsible for it.

    Raises
    ------
    Refused
        If it is not done, the verifier had a part in it, or how it was verified is not said.
    """
    if not action.done:
        raise Refused(f"'{action.description}' is not done: complete it first", missing=("its completion",))
    if actor.id in (action.responsible, action.done_by):
        raise Refused(
            f"{actor.name} did '{action.description}' and may not verify it as well: ask somebody else",
            missing=("a second person's verification",),
        )
    if not verification.strip():
        raise Refused(f"say how '{action.description}' was verified", missing=("how it was verified",))
    return replace(action, verification=verification, verified_by=actor.id, verified_at=require_utc(now))


def end_containment(action: CapaAction, *, now: datetime) -> CapaAction:
    """Return a containment as taken away (8D, D6).

    Raises
    ------
    Refused
        If it is no containment.
    """
    if action.kind is not ActionKind.CONTAINMENT:
        raise Refused(f"'{action.description}' is {action.kind}: only a containment is taken away again")
    return replace(action, ended_at=require_utc(now))
