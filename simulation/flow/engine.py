"""The event engine of a line, on simpy: one run, its records and its audits."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from math import inf
from typing import TYPE_CHECKING, Protocol

from simpy.core import EmptySchedule

from simulation.distribution import Distribution
from simulation.errors import SimulationError
from simulation.flow.alarm import Alarm, Timeline
from simulation.flow.clocks import FailureClock, ShiftClock, SideWork
from simulation.flow.machine import Machine
from simulation.flow.model import SCRAP, SHIP, Line, Station
from simulation.flow.parts import Defect, Place, Unit
from simulation.flow.pools import Pools
from simulation.flow.quality import Quality, has_quality
from simulation.flow.routes import Exit, Mover, Target, Way
from simulation.flow.sources import Door
from simulation.flow.workplace import Workplace

if TYPE_CHECKING:
    from simpy.events import Event

    from simulation.experiment.streams import Draw


class Draws(Protocol):
    """Where random numbers come from."""

    def times(self, name: str, law: Distribution) -> "Draw":
        """Return what draws times for a purpose."""
        ...

    def chance(self, name: str) -> "Draw":
        """Return what draws numbers within (0, 1) for a purpose."""
        ...


class TooLong(SimulationError):
    """A run does not come to its end."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the event log."""

    time: float
    activity: str
    unit: int
    kind: str
    station: str
    machine: int


class Engine:
    """A line at work."""

    def __init__(self, line: Line, draws: Draws, log: list[Happening] | None = None, most_events: float = inf) -> None:
        """Build the line; ``log`` takes what happens."""
        self.line, self.draws, self.log, self.most_events = line, draws, log, most_events
        self.env = Timeline()
        self.pending: list[Place] = []
        self.serve_due = False
        self.numbers = count(1)
        self.wip = 0
        self.wip_time = self.wip_last = 0.0
        self.entered = self.made = self.joined_up = self.shipped = self.scrapped = self.lost = 0
        self.stay = 0.0
        """Time in the line of all units that have left it, or have become others."""
        self.lead_time = 0.0
        self.left_at: list[float] = []
        self.leads: list[float] = []
        self.shipped_defective = 0
        self.births: Counter[tuple[str, str]] = Counter()
        self.fates: Counter[tuple[str, str, str]] = Counter()
        """(origin, defect, where it was found, or ``ship`` or ``scrap``) -> how many."""
        self.pools = Pools(self, line.resources)
        self.workplaces = [Workplace(self, station, number) for number, station in enumerate(line.stations)]
        self.targets: dict[str, Target] = {w.station.name: Target(w) for w in self.workplaces}
        self.targets |= {SHIP: Exit(self, True), SCRAP: Exit(self, False)}
        since = {s.patience.since for s in line.stations if s.patience}
        self.stamped = {number for number, station in enumerate(line.stations) if station.name in since}
        self._connect()
        self.doors = [Door(self, source, index) for index, source in enumerate(line.sources)]
        self._start()

    def _connect(self) -> None:
        births = [birth for station in self.line.stations for birth in station.births]
        touched = {name for birth in births for name in (birth.shows_after, birth.spreads_at) if name}
        for workplace in self.workplaces:
            station = workplace.station
            workplace.way = Way(station.route, self.targets, self.draws.chance(f"{station.name}/route"))
            if has_quality(station) or station.name in touched:
                workplace.quality = Quality(self, workplace)
            if station.transport is not None:
                workplace.mover = Mover(self, station.transport, station.name)
            workplace.find_pace()

    def _start(self) -> None:
        for shift in self.line.shifts:
            ShiftClock(self, shift)
        for workplace in self.workplaces:
            workplace.feed()
            for machine in workplace.machines:
                for failure in workplace.station.failures:
                    FailureClock(self, machine, failure)
        for resource in self.line.resources:
            if resource.other_work:
                for _ in range(resource.count):
                    SideWork(self, resource.name, resource.other_work)
        for door in self.doors:
            door.open()
        self.drain()

    def run(self, until: float = inf) -> None:
        """Let time pass; what happens exactly at ``until`` is left to come.

        Raises
        ------
        TooLong
            There is no end of it.
        """
        if until < inf:
            self.env.pass_to(until)
            return
        steps = 0
        while self.wip or any(door.coming for door in self.doors):
            try:
                self.env.step()
            except EmptySchedule:
                return
            steps += 1
            if steps > self.most_events:
                raise TooLong(f"after {steps} events {self.wip} units are still in the line; give it a horizon")

    def drain(self) -> None:
        """Do what follows at once from what has just happened."""
        while self.pending or self.serve_due:
            while self.pending:
                place = self.pending.pop()
                place.settling = False
                place.settle()
            if self.serve_due:
                self.serve_due = False
                self.pools.serve()

    def settle_later(self, place: Place) -> None:
        """Let those who wait for a place in, after what happens now."""
        if not place.settling:
            place.settling = True
            self.pending.append(place)

    def serve_later(self) -> None:
        """Give out what resources are free, after what happens now."""
        self.serve_due = True

    def target(self, name: str) -> Target:
        """Return a station, ``ship`` or ``scrap`` to go to."""
        return self.targets[name]

    def _count(self, by: int) -> None:
        now = self.env.now
        self.wip_time += self.wip * (now - self.wip_last)
        self.wip_last = now
        self.wip += by

    def enter(self, index: int) -> Unit:
        """Return a new unit of a source."""
        source = self.line.sources[index]
        now = self.env.now
        self.wip_time += self.wip * (now - self.wip_last)
        self.wip_last = now
        self.wip += 1
        self.entered += 1
        unit = Unit(next(self.numbers), source.kind, source.priority, now, index)
        if self.log is not None:
            self.log.append(Happening(now, "enter", unit.number, unit.kind, "", 0))
        return unit

    def turn_away(self, unit: Unit) -> None:
        """Let a unit that found no place go as if it had never come."""
        self._count(-1)
        self.entered -= 1
        self.lost += 1
        if self.log is not None:
            self.log.append(Happening(self.env.now, "lost", unit.number, unit.kind, "", 0))

    def exit(self, unit: Unit, shipped: bool) -> None:
        """Let a unit out."""
        now = self.env.now
        self.wip_time += self.wip * (now - self.wip_last)
        self.wip_last = now
        self.wip -= 1
        lead = now - unit.entered
        self.stay += lead
        if shipped:
            self.shipped += 1
            self.lead_time += lead
            self.left_at.append(now)
            self.leads.append(lead)
        else:
            self.scrapped += 1
        if unit.defects:
            self.shipped_defective += shipped
            for defect in unit.defects:
                if not defect.found:
                    self.fates[defect.origin, defect.kind, SHIP if shipped else SCRAP] += 1
        if self.log is not None:
            self.log.append(Happening(now, SHIP if shipped else SCRAP, unit.number, unit.kind, "", 0))
        door = self.doors[unit.source]
        if door.source.in_line:
            door.one_left()

    def joined(self, units: list[Unit], station: Station) -> list[Unit]:
        """Return what units become when they are put together; it has been here since the first of them."""
        now = self.env.now
        for unit in units:
            self.stay += now - unit.entered
        self.joined_up += len(units)
        kinds = [kind for kind, many in station.makes.items() for _ in range(many)]
        self._count(len(kinds) - len(units))
        first = min(units, key=lambda unit: (unit.entered, unit.number))
        priority = max(unit.priority for unit in units)
        defects = [defect for unit in units for defect in unit.defects or ()]
        return self._made(kinds, first, priority, defects)

    def divided(self, units: list[Unit], station: Station) -> list[Unit]:
        """Return what units fall into; each piece has the defects of the whole."""
        made = list[Unit]()
        kinds = [kind for kind, many in station.makes.items() for _ in range(many)]
        for unit in units:
            self.stay += self.env.now - unit.entered
            self.joined_up += 1
            self._count(len(kinds) - 1)
            made += self._made(kinds, unit, unit.priority, unit.defects or [])
        return made

    def _made(self, kinds: Sequence[str], first: Unit, priority: float, defects: list[Defect]) -> list[Unit]:
        made = list[Unit]()
        for kind in kinds:
            unit = Unit(next(self.numbers), kind, priority, first.entered, first.source)
            # its stay up to now is counted with what it came from: here it begins
            self.stay -= self.env.now - first.entered
            self.made += 1
            if defects:
                unit.defects = [_copy(defect) for defect in defects]
            made.append(unit)
            if self.log is not None:
                self.log.append(Happening(self.env.now, "made", unit.number, kind, "", 0))
        return made

    def born(self, station: str, defect: str) -> None:
        """Count a defect that was put in."""
        self.births[station, defect] += 1

    def detected(self, origin: str, defect: str, where: str) -> None:
        """Count a defect that was found for the first time."""
        self.fates[origin, defect, where] += 1

    def give_defect(self, unit: Unit, defect: str, station: str) -> None:
        """Put a defect into a unit."""
        if unit.defects is None:
            unit.defects = []
        unit.defects.append(Defect(defect, station))
        self.born(station, defect)

    def note(self, machine: Machine, activity: str) -> None:
        """Write a happening at a machine into the log."""
        if self.log is None:
            return
        name, now = machine.workplace.station.name, self.env.now
        if not machine.units:
            self.log.append(Happening(now, activity, 0, "", name, machine.index))
        for unit in machine.units:
            self.log.append(Happening(now, activity, unit.number, unit.kind, name, machine.index))

    def arrives(self, unit: Unit, place: Place) -> None:
        """Write the arrival of a unit at a station into the log."""
        if self.log is not None:
            self.log.append(Happening(self.env.now, "arrive", unit.number, unit.kind, place.name, 0))

    def at(self, times: Sequence[float], call: "Snap") -> None:
        """Call at these times, before what else happens then."""
        for time in times:

            def snap(_: "Event", time: float = time) -> None:
                call(time)

            Alarm(self.env, time - self.env.now, snap)

    def units_found(self) -> list[Unit]:
        """Walk the line and return every unit that lies somewhere in it."""
        found = list[Unit]()
        for workplace in self.workplaces:
            for place in workplace.places.values():
                found += place.units
            found += workplace.in_hand()
            if workplace.mover is not None:
                found += workplace.mover.moving
        for door in self.doors:
            found += door.waiting
        return found


class Snap(Protocol):
    """Something that looks at the line at a time."""

    def __call__(self, time: float) -> None:
        """Look."""
        ...


def _copy(defect: Defect) -> Defect:
    copy = Defect(defect.kind, defect.origin, defect.latent, defect.spread)
    copy.found = defect.found
    return copy
