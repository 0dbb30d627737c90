"""Where units go: out of the line, to a station, and how they get there."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from simulation.flow.alarm import Alarm
from simulation.flow.model import Need, Route, Transport
from simulation.flow.parts import Place, Unit

if TYPE_CHECKING:
    from simpy.events import Event

    from simulation.experiment.streams import Draw
    from simulation.flow.engine import Engine
    from simulation.flow.machine import Machine
    from simulation.flow.workplace import Workplace


class Target:
    """A station as a place to go to."""

    def __init__(self, workplace: "Workplace") -> None:
        """Stand for a station."""
        self.workplace = workplace
        self.place: Place | None = None if workplace.station.join else workplace.entry
        """Where every unit waits, of whatever kind; None: that depends, or nowhere."""

    def place_for(self, kind: str) -> Place | None:
        """Return where units of a kind wait; None: they leave the line."""
        return self.workplace.place_for(kind)

    def take(self, unit: Unit, place: Place | None) -> None:
        """Let a unit in."""
        if place is not None:
            place.put(unit)

    def load(self) -> int:
        """Return how many units are there, at work and waiting."""
        waiting = sum(len(place.units) + place.reserved for place in self.workplace.places.values())
        return waiting + len(self.workplace.in_hand())


class Exit(Target):
    """The way out."""

    def __init__(self, engine: "Engine", shipped: bool) -> None:
        """Lead to the customer, or to the bin."""
        self.place = None
        self.engine, self.shipped = engine, shipped

    def place_for(self, kind: str) -> Place | None:
        """Return None: there is always room."""
        return None

    def take(self, unit: Unit, place: Place | None) -> None:
        """Let a unit out."""
        self.engine.exit(unit, self.shipped)

    def load(self) -> int:
        """Return 0."""
        return 0


class Way:
    """A route at work."""

    def __init__(self, route: Route, targets: Mapping[str, Target], draw: "Draw") -> None:
        """Take the route, the targets by name, and chance."""
        self.draw = draw
        self.shortest = [targets[leg.target] for leg in route.legs] if route.shortest else []
        self.kinds = {leg.kind for leg in route.legs if leg.kind}
        self.by_kind = {kind: _shares(route, targets, kind) for kind in (*self.kinds, "")}
        only = self.by_kind[""]
        self.only = only[0][1] if len(only) == 1 and not self.kinds and not route.shortest else None

    def choose(self, unit: Unit) -> Target:
        """Return where a unit goes."""
        if self.only is not None:
            return self.only
        if self.shortest:
            return min(self.shortest, key=lambda target: target.load())
        legs = self.by_kind[unit.kind if unit.kind in self.kinds else ""]
        if len(legs) == 1:
            return legs[0][1]
        number = self.draw()
        for upto, target in legs:
            if number < upto:
                return target
        return legs[-1][1]


def _shares(route: Route, targets: Mapping[str, Target], kind: str) -> list[tuple[float, Target]]:
    """Return cumulative share and target of the legs for a kind."""
    legs = [leg for leg in route.legs if leg.kind == kind]
    total, found, upto = sum(leg.share for leg in legs), list[tuple[float, Target]](), 0.0
    for leg in legs:
        upto += leg.share / total
        found.append((upto, targets[leg.target]))
    return found


class Mover:
    """Brings units from a station to the next, with carriers if there are too few."""

    def __init__(self, engine: "Engine", transport: Transport, station: str) -> None:
        """Stand ready."""
        self.engine, self.carrier = engine, transport.carrier
        self.takes = engine.draws.times(f"{station}/transport", transport.takes)
        self.back = engine.draws.times(f"{station}/transport back", transport.back)
        self.moving: list[Unit] = []
        self.turns = (Need(transport.carrier),) if transport.carrier else ()

    def ready(self, machine: "Machine") -> bool:
        """Return whether a carrier stands at the machine; else one is called."""
        if not self.carrier:
            return True
        if machine.carrier is None:
            machine.carrier = self.engine.pools.grant(self.turns, machine.leave, None)
            return self.engine.pools.ask(machine.carrier)
        return machine.carrier.held

    def carry(self, machine: "Machine", unit: Unit, target: Target, place: Place) -> None:
        """Take a unit to where a place is kept for it."""
        grant, machine.carrier = machine.carrier, None
        place.reserved += 1
        self.moving.append(unit)

        def arrived(_: "Event") -> None:
            self.moving.remove(unit)
            place.reserved -= 1
            target.take(unit, place)
            self.engine.drain()

        def returned(_: "Event") -> None:
            if grant is not None:
                self.engine.pools.give_back(grant)
                self.engine.drain()

        takes = self.takes()
        Alarm(self.engine.env, takes, arrived)
        if grant is not None:
            Alarm(self.engine.env, takes + self.back(), returned)
