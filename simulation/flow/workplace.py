"""A station at work: its places, its machines, and what happens to units there."""

from math import inf
from typing import TYPE_CHECKING

from simulation.flow.alarm import Alarm
from simulation.flow.machine import STATES, Machine
from simulation.flow.model import SCRAP, Ending, Station
from simulation.flow.parts import Place, Unit

if TYPE_CHECKING:
    from simpy.events import Event

    from simulation.experiment.streams import Draw
    from simulation.flow.engine import Engine
    from simulation.flow.quality import Quality
    from simulation.flow.routes import Mover, Target, Way


class Workplace:
    """A station at work: its places, its machines, and what happens to units there."""

    def __init__(self, engine: "Engine", station: Station, number: int) -> None:
        """Set up a station."""
        self.engine, self.station, self.number = engine, station, number
        self.places = {
            kind: Place(engine, self, station.name, kind, station.capacity) for kind in station.join or ("",)
        }
        self.entry = next(iter(self.places.values()))
        """Where units wait, if not by kinds."""
        self.gathers = bool(station.join) or station.batch is not None
        self.times = [0.0] * len(STATES)
        """In each state, all machines together, up to the last change of each."""
        self.machines = [Machine(self, index) for index in range(station.servers)]
        self.idle = list(reversed(self.machines))
        self.paused: list[tuple[list[Unit], float, bool]] = []
        """Work that was interrupted by more urgent units."""
        self.laws: dict[str, Draw] = {
            kind: engine.draws.times(f"{station.name}/service/{kind}".rstrip("/"), law)
            for kind, law in station.service.items()
        }
        self.setups: dict[str, Draw] = {
            kind: engine.draws.times(f"{station.name}/setup/{kind}".rstrip("/"), law)
            for kind, law in station.setups.items()
        }
        self.plain = not (
            self.setups or station.needs or station.blocking_before or station.shift
            or station.preempt or len(station.service) > 1 or "" not in station.service
        )  # fmt: skip
        self.draw: Draw = self.laws.get("", next(iter(self.laws.values())))
        self.way: Way
        self.quality: Quality | None = None
        self.mover: Mover | None = None
        self.single = not self.gathers and not station.makes
        self.swift = False
        """Whether its machines do nothing but work on a unit and let it go on."""
        self.done = 0
        self.expired = 0
        self.batch_alarm = -1.0

    def find_pace(self) -> None:
        """See, once the line is connected, whether the short way through a visit will do."""
        engine = self.engine
        self.swift = (
            self.plain and self.single and self.quality is None and self.mover is None
            and self.number not in engine.stamped and engine.log is None
        )  # fmt: skip
        for machine in self.machines if self.swift else ():
            machine.calls = [machine.work_over]

    def work_time(self, kind: str) -> float:
        """Return how long the work on the next unit of a kind takes."""
        return (self.laws.get(kind) or self.laws[""])()

    def setup(self, kind: str) -> float:
        """Return how long it takes to get ready for a kind; nothing where no set-up is told for it."""
        draw = self.setups.get(kind) or self.setups.get("")
        return draw() if draw else 0.0

    def free(self) -> int:
        """Return on how many machines a unit could be put at once."""
        return len(self.idle)

    def make_room(self) -> None:
        """Let those in who wait for a machine that is free now, where units go straight onto machines."""
        if self.idle:
            for place in self.places.values():
                if place.waiters:
                    self.engine.settle_later(place)

    def place_for(self, kind: str) -> Place:
        """Return where units of a kind wait."""
        return self.places[kind] if self.station.join else self.places[""]

    def feed(self) -> None:
        """Give work to machines that have none, while there is any."""
        idle = self.idle
        if self.single and not self.paused:
            place = self.entry
            units = place.units
            while idle and (units or place.endless >= 0):
                machine = idle.pop()
                machine.load([place.pop()])
            return
        while idle and (work := self._next_work()):
            machine = idle.pop()
            units, left, setting_up = work
            if left < 0.0:
                machine.load(units)
            else:
                machine.units, machine.left, machine.setting_up, machine.kind = units, left, setting_up, units[0].kind
                machine.refresh()

    def _next_work(self) -> tuple[list[Unit], float, bool] | None:
        if self.paused:
            best = max(range(len(self.paused)), key=lambda k: (self.paused[k][0][0].priority, -k))
            waiting = self.places[""].units
            if not waiting or waiting[0].priority <= self.paused[best][0][0].priority:
                return self.paused.pop(best)
        units = self._gathered()
        return (units, -1.0, False) if units else None

    def _gathered(self) -> list[Unit]:
        """Return the units of the next operation, taken out of their places; none if they are not all there."""
        station = self.station
        if station.join:
            if any(self.places[kind].count() < count for kind, count in station.join.items()):
                return []
            return [self.places[kind].pop() for kind, count in station.join.items() for _ in range(count)]
        place, batch = self.places[""], station.batch
        if batch is None:
            return [place.pop()] if place.count() else []
        count = min(place.count(), batch.size)
        if count < batch.size and not (count and self._waited_enough(place)):
            return []
        return [place.pop() for _ in range(int(count))]

    def _waited_enough(self, place: Place) -> bool:
        """Return whether the oldest has waited for company long enough, and be woken when it will have."""
        batch = self.station.batch
        if batch is None or batch.wait == inf:
            return False
        engine = self.engine
        due = place.units[0].arrived + batch.wait
        if due <= engine.env.now:
            return True
        if self.batch_alarm != due:
            self.batch_alarm = due
            Alarm(engine.env, due - engine.env.now, self._woken)
        return False

    def _woken(self, _: "Event") -> None:
        self.feed()
        self.engine.drain()

    def finished(self, machine: Machine) -> None:
        """See what has become of the units, and send them on."""
        self.engine.note(machine, "finish")
        units = machine.units
        count = len(units)
        self.done += count
        if self.single and self.quality is None:
            unit = units[0]
            if self.engine.stamped:
                self.stamp(unit)
            machine.out.append((unit, machine.targets[0] if machine.targets else self.way.choose(unit)))
        else:
            machine.out.extend(self._outcome(units, machine.targets))
        if self.plain:
            machine.units = []
        else:
            machine.worked_off()
        machine.leave()

    def _outcome(self, units: list[Unit], targets: "list[Target]") -> "list[tuple[Unit, Target]]":
        engine, station = self.engine, self.station
        if station.join:
            units = engine.joined(units, station)
        elif station.makes:
            units = engine.divided(units, station)
        for unit in units:
            self.stamp(unit)
        if self.quality is not None:
            return self.quality.outcome(units, targets)
        return [(unit, targets[0] if targets else self.way.choose(unit)) for unit in units]

    def stamp(self, unit: Unit) -> None:
        """Write down when the unit was done here, where something asks for it later."""
        if self.number in self.engine.stamped:
            if unit.stamps is None:
                unit.stamps = {}
            unit.stamps[self.station.name] = self.engine.env.now

    def interrupt_for(self, unit: Unit) -> None:
        """Let a unit take the place of a less urgent one in work."""
        working = [
            m for m in self.machines
            if m.units and not (m.off or m.down or m.off_next) and m.units[0].priority < unit.priority
        ]  # fmt: skip
        if not working or unit.place is None:
            return
        machine = min(working, key=lambda m: (m.units[0].priority, -m.began))
        machine.stop()
        left = machine.left if machine.left >= 0.0 else -1.0
        self.paused.append((machine.units, left, machine.setting_up))
        machine.worked_off()
        place = unit.place
        place.remove(unit)
        place.taken += 1
        machine.load([unit])

    def lose_patience(self, unit: Unit, place: Place) -> None:
        """See to it that a unit does not wait too long."""
        patience = self.station.patience
        if patience is None:
            return
        engine = self.engine
        since = (unit.stamps or {}).get(patience.since, engine.env.now) if patience.since else engine.env.now
        left = since + patience.most - engine.env.now

        def over(_: "Event", arrived: float = unit.arrived) -> None:
            if unit.place is place and unit.arrived == arrived:
                self._expired(unit, place)
                engine.drain()

        if left <= 0.0:
            self._expired(unit, place)
        else:
            Alarm(engine.env, left, over)

    def _expired(self, unit: Unit, place: Place) -> None:
        patience = self.station.patience
        if patience is None:
            return
        self.expired += 1
        if patience.defect:
            self.engine.give_defect(unit, patience.defect, self.station.name)
        if patience.then == SCRAP:
            place.remove(unit)
            self.engine.exit(unit, shipped=False)
        elif patience.then:
            place.remove(unit)
            target = self.engine.target(patience.then)
            target.take(unit, target.place_for(unit.kind))

    def shift_changes(self, working: bool, ending: Ending) -> None:
        """Begin or end a shift or a break."""
        for machine in self.machines:
            if working:
                machine.off_next = False
                if machine.off:
                    machine.off = False
                    machine.back()
            elif machine.units and ending is Ending.FINISH and machine.has_begun:
                machine.off_next = True
            else:
                self._switch_off(machine, ending)

    def _switch_off(self, machine: Machine, ending: Ending) -> None:
        if machine in self.idle:
            self.idle.remove(machine)
        machine.stop()
        if machine.units and ending is Ending.DROP:
            units = machine.units
            machine.drop_targets()
            machine.worked_off()
            for unit in reversed(units):
                self.put_back(unit)
        machine.off = True
        machine.refresh()

    def put_back(self, unit: Unit) -> None:
        """Let a unit wait again, before its equals."""
        place = self.place_for(unit.kind)
        now = self.engine.env.now
        place.level_time += len(place.units) * (now - place.last)
        place.last = now
        unit.arrived, unit.place = now, place
        place.enqueue(unit, ahead=True)

    def in_hand(self) -> list[Unit]:
        """Return the units at the station that do not wait in its places."""
        held = [unit for units, _, _ in self.paused for unit in units]
        for machine in self.machines:
            held += machine.units
            held += [unit for unit, _ in machine.out]
        return held
