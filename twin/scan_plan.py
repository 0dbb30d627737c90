"""Where to scan: the stations that a plan suggests, storey by storey, and what no station sees well enough."""

from dataclasses import dataclass
from decimal import Decimal

from twin.errors import Invalid
from twin.record import Id


@dataclass(frozen=True, slots=True)
class Scanner:
    """How near and how steep a surface has to be seen to be measured well, and where the scanner stands."""

    max_range_m: Decimal = Decimal(20)
    max_incidence_deg: Decimal = Decimal(65)
    """Between the ray and the surface's normal."""
    min_range_m: Decimal = Decimal("0.6")
    height_m: Decimal = Decimal("1.6")
    """Of the scanner above the floor."""
    spacing_m: Decimal = Decimal("1.5")
    """Between places that are tried; wider where a storey would have more than are worth trying."""

    def __post_init__(self) -> None:
        """Refuse a scanner that measures nothing."""
        numbers = (self.max_range_m, self.max_incidence_deg, self.min_range_m, self.height_m, self.spacing_m)
        if not all(number.is_finite() and number >= 0 for number in numbers):
            raise Invalid("ranges, angles and heights of a scanner are numbers from zero on")
        if not self.min_range_m < self.max_range_m:
            raise Invalid(f"a scanner reaches from {self.min_range_m} m to {self.max_range_m} m? Give min < max")
        if not 0 < self.max_incidence_deg < 90 or self.spacing_m <= 0:
            raise Invalid("an incidence is between 0 and 90 degrees, and a spacing above zero")


@dataclass(frozen=True, slots=True)
class ScanStation:
    """A place for the scanner, in the model's coordinates."""

    name: str
    x_m: Decimal
    y_m: Decimal
    z_m: Decimal
    """Of the scanner, not of the floor."""
    adds: Decimal
    """Share of what is to be measured in its storey that it sees and none before it does, 0..1."""


@dataclass(frozen=True, slots=True)
class StoreyScan:
    """The stations of a storey, in the order of their use."""

    storey: str
    stations: tuple[ScanStation, ...]
    share: Decimal
    """Of the surface to measure in it, what the stations see, 0..1; faces in contact are never seen."""


@dataclass(frozen=True, slots=True)
class ScanPlan:
    """Where to scan, for which revision of the model."""

    revision: Id
    scanner: Scanner
    storeys: tuple[StoreyScan, ...]
    unseen: tuple[str, ...]
    """GlobalIds that no station sees well enough: the plan measures them by hand."""

    @property
    def stations(self) -> tuple[ScanStation, ...]:
        """All of them, storey by storey."""
        return tuple(station for storey in self.storeys for station in storey.stations)
