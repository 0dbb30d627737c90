"""A machine at work: what it holds, in which state it is, and since when."""

from collections import deque
from typing import TYPE_CHECKING

from simpy.events import NORMAL

from simulation.flow.alarm import cancel, reused
from simulation.flow.parts import Place, Unit, wait_at, wait_no_more
from simulation.flow.pools import Grant

if TYPE_CHECKING:
    from simpy.events import Event

    from simulation.flow.clocks import FailureClock
    from simulation.flow.routes import Target
    from simulation.flow.workplace import Workplace

STARVED, SETUP, BUSY, BLOCKED, WAITING, DOWN, OFF = range(7)
STATES = ("starved", "setup", "busy", "blocked", "waiting", "down", "off")
"""What a machine may be doing; ``waiting``: for people, tools or a carrier."""


class Machine:
    """One machine of a station: starts, stops and goes on as failures, shifts, resources and places allow."""

    __slots__ = (
        "alarm", "began", "busy_clocks", "calls", "carrier", "down", "env", "grant", "index", "kind", "left", "listed",
        "off", "off_next", "out", "reserved", "runs", "setting_up", "since", "state", "targets", "times", "turn",
        "units", "workplace",
    )  # fmt: skip

    def __init__(self, workplace: "Workplace", index: int) -> None:
        """Be idle."""
        self.workplace, self.index = workplace, index
        self.env = workplace.engine.env
        self.state, self.since = STARVED, 0.0
        self.times = workplace.times
        self.units: list[Unit] = []
        """In work."""
        self.out: deque[tuple[Unit, Target]] = deque()
        """Worked on, not yet gone."""
        self.targets: list[Target] = []
        self.left, self.began, self.runs = -1.0, 0.0, False
        self.setting_up = False
        self.kind = ""
        self.grant: Grant | None = None
        self.turn = -1
        self.carrier: Grant | None = None
        self.reserved: Place | None = None
        self.down = self.off = self.off_next = False
        self.listed: Place | None = None
        """The place for room at which it waits."""
        self.busy_clocks: list[FailureClock] = []
        self.calls = [self.phase_over]
        self.alarm: Event = reused(self.env, self.calls)

    @property
    def has_begun(self) -> bool:
        """Return whether some of the work in hand is done."""
        return self.left >= 0.0 and not (self.runs and self.began >= self.env.now)

    def enter_state(self, state: int) -> None:
        """Note the time spent in the state until now."""
        now = self.env.now
        self.times[self.state] += now - self.since
        self.state, self.since = state, now

    def load(self, units: list[Unit]) -> None:
        """Take units to work on."""
        workplace = self.workplace
        self.units = units
        if workplace.plain:
            self.left = workplace.draw()
            if workplace.engine.log is not None:
                workplace.engine.note(self, "start")
            self._run(BUSY)
            return
        self.setting_up, self.left = False, -1.0
        kind = units[0].kind
        if workplace.setups and self.kind and self.kind != kind:
            self.setting_up = True
        self.kind = kind
        self.refresh()

    def refresh(self) -> None:
        """Do what may be done now: begin, go on, or stop."""
        if self.off or self.down:
            self.stop()
            self._release()
            self.enter_state(OFF if self.off else DOWN)
        elif not self.units:
            self.enter_state(BLOCKED if self.out else STARVED)
        elif not self.runs and self._may_reserve() and self._may_hold():
            if self.left < 0.0:
                self.left = self.workplace.setup(self.kind) if self.setting_up else self.workplace.work_time(self.kind)
                self.workplace.engine.note(self, "setup" if self.setting_up else "start")
            self._run(SETUP if self.setting_up else BUSY)

    def _may_reserve(self) -> bool:
        """Return whether the next place is sure, where that is needed before work starts."""
        workplace = self.workplace
        if not workplace.station.blocking_before or self.targets:
            return True
        target = workplace.way.choose(self.units[0])
        place = target.place_for(self.units[0].kind)
        if place is not None:
            if not place.has_room():
                wait_at(self, place)
                self.enter_state(BLOCKED)
                return False
            wait_no_more(self)
            place.reserved += 1
            self.reserved = place
        self.targets = [target]
        return True

    def _may_hold(self) -> bool:
        """Return whether the resources are there, and ask for them if need be."""
        needs = self.workplace.station.needs
        if not needs or (self.grant is not None and self.grant.held):
            return True
        if self.grant is None:
            pools = self.workplace.engine.pools
            self.grant = pools.grant(needs, self.refresh, self.lose, self.turn)
            self.turn = self.grant.serial
            if pools.ask(self.grant):
                return True
        self.enter_state(WAITING)
        return False

    def lose(self) -> None:
        """Stop, because something more urgent took a resource; go on when it is back."""
        self.stop()
        self.grant = None
        self.refresh()

    def _release(self) -> None:
        if self.grant is not None:
            grant, self.grant = self.grant, None
            self.workplace.engine.pools.give_back(grant)

    def _run(self, state: int) -> None:
        env = self.env
        now = env.now
        self.times[self.state] += now - self.since
        self.state = state
        self.since = self.began = now
        self.runs = True
        alarm = self.alarm
        alarm.callbacks = self.calls
        env.put((now + self.left, NORMAL, env.turn(), alarm))
        for clock in self.busy_clocks:
            if clock.left <= self.left:
                clock.rings_in_work()

    def stop(self) -> None:
        """Leave the work as it stands."""
        if not self.runs:
            return
        env = self.env
        worked = env.now - self.began
        self.left = max(0.0, self.left - worked)
        self.runs = False
        cancel(self.alarm)
        self.alarm = reused(env, self.calls)
        for clock in self.busy_clocks:
            clock.work_ends(worked)

    def phase_over(self, _: "Event") -> None:
        """End the set-up or the work."""
        self.runs = False
        for clock in self.busy_clocks:
            clock.work_ends(self.env.now - self.began)
        if self.setting_up:
            self.setting_up, self.left = False, -1.0
            self.refresh()
        else:
            self.workplace.finished(self)
        engine = self.workplace.engine
        if engine.pending or engine.serve_due:
            engine.drain()

    def work_over(self, _: "Event") -> None:
        """End the work of one unit that only has to go on: what :meth:`phase_over` comes to at a swift station."""
        workplace = self.workplace
        engine = workplace.engine
        self.runs = False
        for clock in self.busy_clocks:
            if clock.alarm is None:
                clock.left -= self.env.now - self.began
            else:
                clock.work_ends(self.env.now - self.began)
        workplace.done += 1
        unit = self.units[0]
        target = workplace.way.only or workplace.way.choose(unit)
        self.units, self.left = [], -1.0
        place = target.place or target.place_for(unit.kind)
        if place is None:
            target.take(unit, None)
            self._next()
        elif place.has_room():
            place.put(unit)
            self._next()
        else:
            self.out.append((unit, target))
            wait_at(self, place)
            self.enter_state(BLOCKED)
        if engine.pending or engine.serve_due:
            engine.drain()

    def _next(self) -> None:
        """Take up the next unit, or stand idle."""
        workplace = self.workplace
        place, idle = workplace.entry, workplace.idle
        if not idle and (place.units or place.endless >= 0):
            self.units = [place.pop()]
            self.left = workplace.draw()
            self._run(BUSY)
            return
        self.enter_state(STARVED)
        idle.append(self)
        if len(idle) > 1:
            workplace.feed()
        if place.waiters:
            workplace.make_room()

    def worked_off(self) -> None:
        """Give back what the work needed."""
        self.units, self.left, self.turn = [], -1.0, -1
        if self.grant is not None:
            self._release()
        if self.off_next:
            self.off_next, self.off = False, True

    def leave(self) -> None:
        """Try to get rid of what is held: what is done, or, before work, the need of a place."""
        if self.units:
            self.refresh()
            return
        if self.workplace.swift and self.out and not self.down:
            self._let_go()
            return
        transport = self.workplace.mover
        while self.out:
            unit, target = self.out[0]
            place = target.place or target.place_for(unit.kind)
            if self.reserved is None and place is not None and not place.has_room():
                wait_at(self, place)
                self._rest(BLOCKED)
                return
            wait_no_more(self)
            if transport is not None and not transport.ready(self):
                self._rest(WAITING)
                return
            self.out.popleft()
            if self.reserved is not None:
                self.reserved.reserved -= 1
                self.reserved = None
            if transport is None or place is None:
                target.take(unit, place)
            else:
                transport.carry(self, unit, target, place)
        self.targets = []
        self._rest(STARVED)
        if not (self.off or self.down):
            self.workplace.idle.append(self)
            self.workplace.feed()
            self.workplace.make_room()

    def _let_go(self) -> None:
        """Get rid of the one unit that is done at a swift station, if it can."""
        unit, target = self.out[0]
        place = target.place or target.place_for(unit.kind)
        if place is None or place.has_room():
            if self.listed is not None:
                wait_no_more(self)
            self.out.popleft()
            target.take(unit, place)
            self._next()
        else:
            wait_at(self, place)
            self._rest(BLOCKED)

    def _rest(self, state: int) -> None:
        """Do nothing, for this reason unless there is a stronger one."""
        state = OFF if self.off else DOWN if self.down else state
        if state != self.state:
            self.enter_state(state)

    def fail(self, part: str) -> None:
        """Break down."""
        workplace = self.workplace
        if self in workplace.idle:
            workplace.idle.remove(self)
        self.stop()
        self.down = True
        if self.units and part != "resume" and self.left >= 0.0:
            self.left, self.setting_up = -1.0, False
            if part == "scrap":
                units = self.units
                self.drop_targets()
                self.worked_off()
                for unit in units:
                    workplace.engine.exit(unit, shipped=False)
        self.refresh()

    def back(self) -> None:
        """Go on after a repair or a break, if nothing else is in the way."""
        if self.off or self.down:
            self.enter_state(OFF if self.off else DOWN)
        else:
            self.leave()

    def drop_targets(self) -> None:
        """Give up the place that was kept, or waited for, for what will not be finished now."""
        wait_no_more(self)
        if self.reserved is not None:
            self.reserved.reserved -= 1
            self.workplace.engine.settle_later(self.reserved)
            self.reserved = None
        self.targets = []
