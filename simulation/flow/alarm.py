"""Events of simpy that call a function at their time, without a process around them: a third of the cost."""

from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from math import inf
from typing import Any, cast

from simpy import Environment
from simpy.core import EmptySchedule
from simpy.events import NORMAL, Event, EventPriority

Call = Callable[[Event], None]
_LATE = cast("EventPriority", 2)


class Timeline(Environment):
    """simpy's environment and order of events; the time is read, and events happen, without a call of their own.

    Its events are alarms: they call functions, and do not fail by themselves.
    """

    now: float = 0.0

    def __init__(self) -> None:
        """Begin at time 0."""
        super().__init__()
        self.turn = self._eid.__next__
        self.put = partial(heappush, self._queue)
        """With ``turn``, ``schedule`` without its call: put((time, NORMAL, turn(), event))."""

    def step(self) -> None:
        """Let the next event happen.

        Raises
        ------
        EmptySchedule
            There is none.
        """
        if not self._queue:
            raise EmptySchedule
        self.now = self._queue[0][0]
        super().step()

    def pass_to(self, until: float) -> None:
        """Let all happen that comes before ``until``, and make it that time; what comes then is left to come."""
        queue = self._queue
        while queue and queue[0][0] < until:
            self.now, _, _, event = heappop(queue)
            self._now = self.now
            calls, event.callbacks = event.callbacks, None  # pyright: ignore[reportAttributeAccessIssue]
            for call in calls:
                call(event)
        if until < inf:
            self.now = self._now = until  # pyright: ignore[reportIncompatibleMethodOverride]


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
