"""Where units come in: arrivals, endless supply, or one for each that leaves."""

from collections import deque
from typing import TYPE_CHECKING

from simpy.events import NORMAL

from simulation.flow.alarm import reused
from simulation.flow.model import Source
from simulation.flow.parts import Place, Unit, wait_at, wait_no_more
from simulation.flow.routes import Target, Way

if TYPE_CHECKING:
    from simpy.events import Event

    from simulation.flow.engine import Engine


class Door:
    """A source at work, with those who wait outside for a place."""

    def __init__(self, engine: "Engine", source: Source, index: int) -> None:
        """Find the way from here; a station with endless supply is told of it."""
        self.engine, self.source, self.index = engine, source, index
        self.way = Way(source.to, engine.targets, engine.draws.chance(f"{source.name}/route"))
        self.out: deque[tuple[Unit, Target]] = deque()
        self.listed: Place | None = None
        self.left = source.count
        self.draw = engine.draws.times(f"{source.name}/arrivals", source.every) if source.every else None
        self.calls = [self._arrive]
        self.alarm: Event = reused(engine.env, self.calls)
        self.one = source.size == 1
        if source.endless:
            place = self.way.by_kind[""][0][1].place_for(source.kind)
            if place is not None:
                place.endless = index

    @property
    def coming(self) -> bool:
        """Return whether more will come by itself."""
        return self.source.endless or (self.draw is not None and (self.left is None or self.left > 0))

    @property
    def waiting(self) -> list[Unit]:
        """Return the units at the door."""
        return [unit for unit, _ in self.out]

    def open(self) -> None:
        """Begin."""
        if self.source.in_line:
            for _ in range(self.source.in_line):
                self._come()
            self.leave()
        elif self.draw is not None:
            self._next(self.source.first_at)

    def one_left(self) -> None:
        """Send another unit in for one that has left."""
        if self.left is None or self.left > 0:
            self._come()
            self.leave()

    def _next(self, after: float | None = None) -> None:
        if self.draw is None or (self.left is not None and self.left <= 0):
            return
        alarm = self.alarm
        alarm.callbacks = self.calls
        env = self.engine.env
        env.put((env.now + (self.draw() if after is None else after), NORMAL, env.turn(), alarm))

    def _arrive(self, _: "Event") -> None:
        engine = self.engine
        if self.one and not self.out:
            if self.left is not None:
                self.left -= 1
            self._next()
            self._straight_in()
        else:
            for _number in range(self.source.size):
                self._come(again=False)
            if self.left is not None:
                self.left -= 1
            self._next()
            self.leave()
        if engine.pending:
            engine.drain()

    def _straight_in(self) -> None:
        engine, way = self.engine, self.way
        unit = engine.enter(self.index)
        target = way.only or way.choose(unit)
        place = target.place or target.place_for(unit.kind)
        if place is None or place.has_room():
            target.take(unit, place)
        else:
            self.out.append((unit, target))
            self.leave()

    def _come(self, again: bool = True) -> None:
        unit = self.engine.enter(self.index)
        self.out.append((unit, self.way.choose(unit)))
        if again and self.left is not None:
            self.left -= 1

    def leave(self) -> None:
        """Let those at the door in, while there is a place; who finds none may be lost."""
        while self.out:
            unit, target = self.out[0]
            place = target.place_for(unit.kind)
            if place is not None and not place.has_room():
                if self.source.lost_when_full:
                    self.out.popleft()
                    self.engine.turn_away(unit)
                    continue
                wait_at(self, place)
                return
            wait_no_more(self)
            self.out.popleft()
            target.take(unit, place)
