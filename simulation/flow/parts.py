"""What moves through a line, and where it waits."""

from collections import deque
from math import inf
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from simulation.flow.engine import Engine
    from simulation.flow.workplace import Workplace


class Defect:
    """Something wrong with a unit, from the station where it was born to where it is found, if it is."""

    __slots__ = ("found", "kind", "latent", "origin", "spread")

    def __init__(self, kind: str, origin: str, latent: str = "", spread: tuple[str, str, float] | None = None) -> None:
        """Be born; ``latent`` until the unit has passed that station; ``spread`` at a station as a kind by chance."""
        self.kind, self.origin, self.latent, self.spread = kind, origin, latent, spread
        self.found = False


class Unit:
    """One piece of work."""

    __slots__ = (
        "arrived", "defects", "entered", "kind", "members", "number", "place", "priority", "rounds", "source", "stamps",
    )  # fmt: skip

    def __init__(self, number: int, kind: str, priority: float, entered: float, source: int) -> None:
        """Enter the line."""
        self.number, self.kind, self.priority, self.entered, self.source = number, kind, priority, entered, source
        self.arrived = entered
        self.place: Place | None = None
        self.defects: list[Defect] | None = None
        self.rounds: dict[str, int] | None = None
        """Station -> rejections there."""
        self.stamps: dict[str, float] | None = None
        """Station -> when its work there was last over."""


class Leaver(Protocol):
    """A machine or a source that holds units which have to go somewhere."""

    listed: "Place | None"
    """Where it waits for room."""

    def leave(self) -> None:
        """Try to get rid of what is held."""
        ...


class Place:
    """Where units wait before a station: a buffer with its own record."""

    __slots__ = (
        "called", "capacity", "endless", "engine", "env", "held", "in_turn", "kind", "last", "level_time", "name",
        "order", "reserved", "settling", "taken", "units", "waited", "waiters", "workplace",
    )  # fmt: skip

    def __init__(self, engine: "Engine", workplace: "Workplace", name: str, kind: str, capacity: float) -> None:
        """Be empty; ``kind`` is the only kind that waits here, "" all."""
        self.engine, self.workplace, self.name, self.kind, self.capacity = engine, workplace, name, kind, capacity
        self.env = engine.env
        station = workplace.station
        self.order = station.order
        self.in_turn = station.order == "first" and station.patience is None and not station.preempt
        """Whether who comes first goes first, and waits as long as it takes."""
        self.units: deque[Unit] = deque()
        self.reserved = 0
        """Places promised to what is on its way or has been started upstream."""
        self.waiters: deque[Leaver] = deque()
        self.endless = -1
        """Index of the source that always has another unit."""
        self.settling = False
        self.last = self.level_time = self.waited = 0.0
        self.taken = 0

    def has_room(self) -> bool:
        """Return whether another unit may come: to wait, or straight onto a machine that is free for it."""
        if self.capacity == inf:
            return True
        spare = self.capacity - len(self.units) - self.reserved
        return spare > 0 or (not self.workplace.gathers and spare + self.workplace.free() > 0)

    def put(self, unit: Unit) -> None:
        """Let a unit in; whoever is free takes it."""
        now = self.env.now
        workplace = self.workplace
        unit.arrived = now
        if self.engine.log is not None:
            self.engine.arrives(unit, self)
        units = self.units
        if workplace.idle and workplace.single and not units:
            self.taken += 1
            workplace.idle.pop().load([unit])
            return
        self.level_time += len(units) * (now - self.last)
        self.last = now
        unit.place = self
        if self.in_turn:
            units.append(unit)
            if workplace.idle:
                workplace.feed()
            return
        self.enqueue(unit)
        if workplace.station.patience is not None:
            workplace.lose_patience(unit, self)
        if workplace.idle:
            workplace.feed()
        if workplace.station.preempt and unit.place is self:
            workplace.interrupt_for(unit)

    def enqueue(self, unit: Unit, ahead: bool = False) -> None:
        """Put a unit where its turn is; ``ahead`` of its equals when it comes back."""
        if self.order == "first":
            self.units.appendleft(unit) if ahead else self.units.append(unit)
        elif self.order == "last":
            self.units.appendleft(unit)
        else:
            at = len(self.units)
            while at and (held := self.units[at - 1].priority) <= unit.priority and (ahead or held < unit.priority):
                at -= 1
            self.units.insert(at, unit)

    def pop(self) -> Unit:
        """Take the unit whose turn it is."""
        now = self.env.now
        units = self.units
        if not units and self.endless >= 0:
            self.taken += 1
            return self.engine.enter(self.endless)
        self.level_time += len(units) * (now - self.last)
        self.last = now
        unit = units.popleft()
        self.waited += now - unit.arrived
        self.taken += 1
        unit.place = None
        if self.waiters:
            self.engine.settle_later(self)
        return unit

    def remove(self, unit: Unit) -> None:
        """Take a certain unit out."""
        now = self.env.now
        self.level_time += len(self.units) * (now - self.last)
        self.last = now
        self.units.remove(unit)
        self.waited += now - unit.arrived
        unit.place = None
        if self.waiters:
            self.engine.settle_later(self)

    def count(self) -> float:
        """Return how many units could be taken."""
        return inf if self.endless >= 0 else len(self.units)

    def settle(self) -> None:
        """Let those in who have waited for a place, while there is one."""
        waiters = self.waiters
        while waiters and self.has_room():
            waiter = waiters.popleft()
            waiter.listed = None
            waiter.leave()

    def totals(self, now: float) -> tuple[float, float]:
        """Return the time integral of the level and the waiting time of all units so far, those still here included."""
        level = self.level_time + len(self.units) * (now - self.last)
        return level, self.waited + sum(now - unit.arrived for unit in self.units)


def wait_at(leaver: Leaver, place: Place) -> None:
    """Let one wait for room, in the turn that it has if it waits there already: it may have failed meanwhile."""
    if leaver.listed is not place:
        wait_no_more(leaver)
        leaver.listed = place
        place.waiters.append(leaver)


def wait_no_more(leaver: Leaver) -> None:
    """Strike one off the list on which it is, if it is on any."""
    if leaver.listed is not None:
        leaver.listed.waiters.remove(leaver)
        leaver.listed = None
