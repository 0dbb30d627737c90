"""Events of simpy that call a function at their time, without a process around them: a third of the cost."""

from collections.abc import Callable
from typing import Any, cast

from simpy import Environment
from simpy.events import NORMAL, Event, EventPriority

Call = Callable[[Event], None]
_LATE = cast("EventPriority", 2)


class Alarm(Event):
    """An event that calls one function after ``delay``; a ``late`` one after all else that happens at its time."""

    def __init__(self, env: Environment, delay: float, call: Call, late: bool = False) -> None:
        """Be set."""
        self.env = env
        self.callbacks: Any = [call]
        self._value = None
        self._ok = True
        env.schedule(self, _LATE if late else NORMAL, delay)


class _Unset(Event):
    def __init__(self, env: Environment, calls: list[Call]) -> None:
        self.env = env
        self.callbacks: Any = calls
        self._value = None
        self._ok = True


def reused(env: Environment, calls: list[Call]) -> Event:
    """Return an event that can be scheduled again and again, one time after the other: give it its calls each time."""
    return _Unset(env, calls)


def cancel(event: Event) -> None:
    """Let an event that is on its way call nothing; it can be used no more."""
    event.callbacks = []
