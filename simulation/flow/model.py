"""What a line is: sources, stations with a buffer before each, resources, shifts. Times are in the line's own unit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

from simulation.distribution import Distribution, Fixed

SHIP, SCRAP = "ship", "scrap"
"""Where units leave the line: good, and for the bin."""
Laws = Mapping[str, Distribution]
"""A law per kind of unit; "" is every other kind."""


class Ending(StrEnum):
    """What happens to the work in hand when a shift or a break begins."""

    FINISH = "finish"
    PAUSE = "pause"
    DROP = "drop"


class Clock(StrEnum):
    """What wears a machine towards its next failure."""

    BUSY = "busy"
    """Its work only (operation-dependent)."""
    UP = "up"
    """All time that it is not down (time-dependent)."""
    CALENDAR = "calendar"
    """All time; what falls into a repair is nothing."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One of the ways that a unit may go on."""

    target: str
    share: float = 1.0
    kind: str = ""
    """Only units of this kind; "" is all."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where units go on to."""

    legs: tuple[Leg, ...]
    shortest: bool = False
    """To the leg with the fewest units, of several the first, instead of by chance."""

    @property
    def by_chance(self) -> bool:
        """Return whether the legs' shares say how many units go where: neither kinds nor queues decide it."""
        return not self.shortest and not any(leg.kind for leg in self.legs)


@dataclass(frozen=True, slots=True)
class Transport:
    """How units get from a station to the next."""

    takes: Distribution
    back: Distribution = field(default_factory=lambda: Fixed(0.0))
    """How long the carrier is then away."""
    carrier: str = ""
    """The resource that carries; "": enough of them."""


@dataclass(frozen=True, slots=True)
class Shift:
    """When is worked: intervals of a cycle that repeats."""

    name: str
    cycle: float
    on: tuple[tuple[float, float], ...]
    ending: Ending = Ending.PAUSE


@dataclass(frozen=True, slots=True)
class Failure:
    """One way in which a machine fails."""

    name: str
    after: Distribution
    repair: Distribution
    clock: Clock = Clock.UP
    crew: str = ""
    """The resource that repairs; "": nobody is waited for."""
    priority: float = 0.0
    part: str = "resume"
    """What happens to the unit in work: ``resume``, ``restart`` or ``scrap``."""


@dataclass(frozen=True, slots=True)
class Need:
    """A resource that work needs: all of it at once, from its start to its end."""

    resource: str
    count: int = 1
    priority: float = 0.0
    preempt: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """People with a skill, tools, carriers, a repair crew."""

    name: str
    count: int
    shift: str = ""
    other_work: float = 0.0
    """Each of them does jobs of this length when nothing else is asked of them, and leaves them for anything else."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Units that are worked on together."""

    size: int
    wait: float = inf
    """After so long the oldest one is waited with no longer: fewer will do."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a unit may wait before a station: the open time of glue, of concrete."""

    most: float
    since: str = ""
    """Counted from the end of its last visit to this station; "": from its arrival here."""
    then: str = SCRAP
    """``scrap``, a station, or "" where it stays and takes up ``defect``."""
    defect: str = ""


@dataclass(frozen=True, slots=True)
class Birth:
    """A defect that a station puts into units."""

    defect: str
    probability: float
    shows_after: str = ""
    """Latent until the unit has passed this station; "": can be found at once."""
    spreads_at: str = ""
    """At this station an undetected one makes another defect, ``spreads_as``, with ``spreads``."""
    spreads_as: str = ""
    spreads: float = 0.0


@dataclass(frozen=True, slots=True)
class Inspection:
    """A look for defects."""

    catches: Mapping[str, float]
    """Defect -> probability that the look finds it when it is there; what is not named is not looked for."""
    false_reject: float
    reject: Route
    every: int = 1
    """Every so many-th unit is looked at; 1 is all."""
    share: float = 1.0
    """Share of the units looked at, by chance."""
    most_rounds: int = 0
    """A unit rejected more often is scrapped; 0: no end."""
    sample: int = 0
    """Of a batch so many are looked at; 0: each by itself."""
    accept: int = 0
    """The batch goes on with so many rejected among its sample."""


@dataclass(frozen=True, slots=True)
class InStep:
    """Chances of a machine that works in step with the others, in slots of time."""

    up: float | None
    """Of being up in a slot, each slot by itself (Bernoulli); None: it fails and is repaired."""
    fails: float = 0.0
    """In a slot of work."""
    repaired: float = 0.0
    """In a slot in which it is down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Machines alike with one buffer before them."""

    name: str
    service: Laws
    servers: int = 1
    capacity: float = inf
    """Units that may wait before it; where it assembles, of each kind."""
    order: str = "first"
    """Who goes first: ``first``, ``last``, ``priority``."""
    preempt: bool = False
    """A unit of higher priority interrupts one of lower, which goes on later where it stood."""
    blocking_before: bool = False
    """Work starts only when the next buffer has a place; else it waits afterwards."""
    route: Route
    transport: Transport | None = None
    batch: Batch | None = None
    join: Mapping[str, int] = field(default_factory=dict[str, int])
    """Kind -> units of it that become one of ``makes``."""
    makes: Mapping[str, int] = field(default_factory=dict[str, int])
    """Kind -> units of it that come out for each one that goes in (or each assembly); empty: the same unit."""
    setups: Laws = field(default_factory=dict[str, Distribution])
    """Set-up before a unit of another kind than the last one."""
    failures: tuple[Failure, ...] = ()
    needs: tuple[Need, ...] = ()
    shift: str = ""
    births: tuple[Birth, ...] = ()
    repairs: Mapping[str, float] = field(default_factory=dict[str, float])
    """Defect -> probability that a known one is put right here; "" is every other."""
    inspection: Inspection | None = None
    patience: Patience | None = None
    cost: float = 0.0
    """Of one unit's work here."""
    in_step: InStep | None = None
    """Where the line works in slots of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where units come from."""

    name: str
    kind: str
    to: Route
    every: Distribution | None = None
    """Time between arrivals; None: there is always another one, or as many as ``in_line`` says."""
    size: int = 1
    """Units that arrive together."""
    count: int | None = None
    """Arrivals in all; None: no end."""
    in_line: int = 0
    """So many units are kept in the line (CONWIP); 0: no such rule."""
    priority: float = 0.0
    lost_when_full: bool = False
    """A unit that finds no place goes elsewhere; else it waits at the door."""
    first_at: float | None = None
    """When the first one arrives; None: after one time between arrivals."""

    @property
    def endless(self) -> bool:
        """Return whether the first station always finds another unit."""
        return self.every is None and not self.in_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A whole line."""

    name: str
    unit: str
    """Of all its times: ``s``, ``min``, ``h`` or ``day``."""
    sources: tuple[Source, ...]
    stations: tuple[Station, ...]
    resources: tuple[Resource, ...] = ()
    shifts: tuple[Shift, ...] = ()
    slot: float = 0.0
    """Length of the slots in which all machines work in step, a unit in each; 0: every machine has its own time."""
    horizon: float = inf
    """How long a run is; inf: until all units have left."""

    def station(self, name: str) -> Station:
        """Return a station by its name."""
        return next(station for station in self.stations if station.name == name)
