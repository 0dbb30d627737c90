"""One step of a record through its workflow: what happened, who did it, when and why."""

from dataclasses import dataclass
from datetime import datetime

from twin.record import Actor, require_utc


@dataclass(frozen=True, slots=True)
class Step:
    """One step, as the record itself keeps it; the audit trail keeps what changed with it."""

    event: str
    state: str
    """The state that it led to."""
    actor: Actor
    at: datetime
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse a time without its zone."""
        require_utc(self.at)
