"""How many streams of events somebody listens to at once: each is looked after again and again as long as it lasts."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from api.problem import TOO_MANY, ProblemError
from twin.record import Id

MOST = 100
"""Of one account: windows, tabs and programs together."""


@dataclass(slots=True, eq=False)
class Listeners:
    """Who listens to how many; mutable, one per server."""

    _of: Counter[Id] = field(default_factory=Counter[Id])

    def require_room(self, user: Id) -> None:
        """Raise a problem (429) when somebody listens to as many as one may."""
        if self._of[user] >= MOST:
            raise ProblemError(
                TOO_MANY, f"this account listens to {MOST} streams already: end some, or ask for the job itself",
                {"Retry-After": "5"},
            )  # fmt: skip

    @contextmanager
    def listening(self, user: Id) -> Generator[None]:
        """Count somebody as listening within the block."""
        self._of[user] += 1
        try:
            yield
        finally:
            self._of[user] -= 1
            if not self._of[user]:
                del self._of[user]
