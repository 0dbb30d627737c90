"""Views that somebody kept by name: what was looked at, from where, and what was hidden or cut away."""

from dataclasses import dataclass
from datetime import datetime

from twin.errors import Invalid
from twin.record import Actor, Id, require_utc

LONGEST_NAME = 120
LONGEST_PLACE = 60_000
"""Characters: a camera, planes and some thousand hidden elements."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """A place in a project's 3D view under a name, for oneself or for everybody who sees the model."""

    id: Id
    project: Id
    owner: Actor
    kept_at: datetime
    name: str
    place: str
    """What the viewer puts behind the ``?`` of its address; the viewer alone reads it."""
    shared: bool = False
    active: bool = True

    def __post_init__(self) -> None:
        """Refuse a view that nobody could find or that is none."""
        require_utc(self.kept_at)
        if not self.name.strip() or len(self.name) > LONGEST_NAME:
            raise Invalid(f"a view's name has 1 to {LONGEST_NAME} characters")
        if len(self.place) > LONGEST_PLACE:
            raise Invalid(f"a view is described by at most {LONGEST_PLACE} characters; show some hidden elements again")

    @property
    def audience(self) -> str | None:
        """Return who sees it: the owner's identifier, nothing for everybody, None for nobody any more."""
        if not self.active:
            return None
        return "" if self.shared else self.owner.id
