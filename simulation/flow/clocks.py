"""Clocks that belong to machines and crews: failures with their repairs, shifts, and work on the side."""

from typing import TYPE_CHECKING

from simulation.flow.alarm import Alarm, cancel
from simulation.flow.model import Clock, Ending, Failure, Need, Shift
from simulation.flow.pools import Grant

if TYPE_CHECKING:
    from simpy.events import Event

    from simulation.flow.engine import Engine
    from simulation.flow.machine import Machine


class FailureClock:
    """One way in which one machine fails; it runs for the machine, whatever job is on it."""

    def __init__(self, engine: "Engine", machine: "Machine", failure: Failure) -> None:
        """Wind the clock."""
        station = machine.workplace.station.name
        self.engine, self.machine, self.failure = engine, machine, failure
        name = f"{station}/{failure.name}/{machine.index}"
        self.times = engine.draws.times(f"{name}/after", failure.after)
        self.repairs = engine.draws.times(f"{name}/repair", failure.repair)
        self.left = self.times()
        self.alarm: Event | None = None
        self.grant: Grant | None = None
        if failure.clock is Clock.BUSY:
            machine.busy_clocks.append(self)
        else:
            Alarm(engine.env, self.left, self._rings)

    def rings_in_work(self) -> None:
        """Fail during the work that begins now: the clock is down to less than that takes."""
        self.alarm = Alarm(self.engine.env, self.left, self._rings)

    def work_ends(self, worked: float) -> None:
        """Stand still with the work."""
        self.left -= worked
        if self.alarm is not None:
            cancel(self.alarm)
            self.alarm = None

    def _rings(self, _: "Event") -> None:
        self.alarm = None
        if self.failure.clock is Clock.CALENDAR:
            Alarm(self.engine.env, self.times(), self._rings)
        if self.machine.down:  # of what happens to a broken machine it knows nothing
            if self.failure.clock is Clock.UP:
                Alarm(self.engine.env, self.times(), self._rings)
            return
        self.machine.fail(self.failure.part)
        self.engine.note(self.machine, "fail")
        crew = self.failure.crew
        if crew:
            need = Need(crew, 1, self.failure.priority, preempt=True)
            self.grant = self.engine.pools.grant((need,), self._repair, None)
            if self.engine.pools.ask(self.grant):
                self._repair()
        else:
            self._repair()
        self.engine.drain()

    def _repair(self) -> None:
        Alarm(self.engine.env, self.repairs(), self._repaired)

    def _repaired(self, _: "Event") -> None:
        if self.grant is not None:
            self.engine.pools.give_back(self.grant)
            self.grant = None
        if self.failure.clock is not Clock.CALENDAR:
            self.left = self.times()
            if self.failure.clock is Clock.UP:
                Alarm(self.engine.env, self.left, self._rings)
        self.engine.note(self.machine, "repaired")
        self.machine.down = False
        self.machine.back()
        self.engine.drain()


class ShiftClock:
    """Tells a station or a resource when it is on and off."""

    def __init__(self, engine: "Engine", shift: Shift) -> None:
        """Start at time 0 of the cycle."""
        self.engine, self.shift = engine, shift
        self.stations = [w for w in engine.workplaces if w.station.shift == shift.name]
        self.resources = [r for r in engine.line.resources if r.shift == shift.name]
        self.changes = [(start, True) for start, _ in shift.on] + [(end, False) for _, end in shift.on]
        self.changes.sort(key=lambda change: (change[0], change[1]))
        self.cycle = 0
        self.next = 0
        working = any(start <= 0.0 < end for start, end in shift.on)
        self.tell(working)
        while self.next < len(self.changes) and self.changes[self.next][0] <= 0.0:
            self.next += 1
        self._wind()

    def tell(self, working: bool) -> None:
        """Say that work is on or off."""
        for workplace in self.stations:
            workplace.shift_changes(working, self.shift.ending)
        for resource in self.resources:
            stops = self.shift.ending is not Ending.FINISH
            self.engine.pools.limit(resource.name, resource.count if working else 0, stops)

    def _wind(self) -> None:
        if self.next == len(self.changes):
            self.next, self.cycle = 0, self.cycle + 1
        at = self.cycle * self.shift.cycle + self.changes[self.next][0]
        # what is over at the very end of a shift is over: that comes first
        Alarm(self.engine.env, max(0.0, at - self.engine.env.now), self._changes, late=True)

    def _changes(self, _: "Event") -> None:
        at, working = self.changes[self.next]
        self.next += 1
        following = (
            self.changes[self.next][0] if self.next < len(self.changes) else self.shift.cycle + self.changes[0][0]
        )
        if following > at:  # an interval that ends where the next one begins is no break
            self.tell(working)
        self._wind()
        self.engine.drain()


class SideWork:
    """Jobs that one of a crew does when nothing else is asked, and takes up again where they stood."""

    def __init__(self, engine: "Engine", resource: str, length: float) -> None:
        """Begin the first job."""
        self.engine, self.length, self.left = engine, length, length
        self.need = (Need(resource, 1, float("-inf")),)
        self.began = 0.0
        self.alarm: Event | None = None
        self._ask()

    def _ask(self) -> None:
        self.grant = self.engine.pools.grant(self.need, self._go, self._stop)
        if self.engine.pools.ask(self.grant):
            self._go()

    def _go(self) -> None:
        self.began = self.engine.env.now
        self.alarm = Alarm(self.engine.env, self.left, self._over)

    def _stop(self) -> None:
        if self.alarm is not None:
            cancel(self.alarm)
        self.left -= self.engine.env.now - self.began
        self._ask()

    def _over(self, _: "Event") -> None:
        self.engine.pools.give_back(self.grant)
        self.left = self.length
        self._ask()
        self.engine.drain()
