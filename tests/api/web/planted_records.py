"""Quality records kept without going through the interface: something for every address that names one."""

from dataclasses import dataclass
from decimal import Decimal

from tests.api.web.planted import context
from tests.api.web.world import World
from twin.finding import Severity
from twin.operations.ncrs import raise_ncr
from twin.record import Id


@dataclass(frozen=True)
class PlantedRecords:
    """Identifiers as routes name them."""

    ncr: Id

    def in_addresses(self) -> dict[str, str]:
        return {"ncr": self.ncr}


def plant_records(world: World, project: Id) -> PlantedRecords:
    """Keep one record of each kind in a project."""
    store, now = world.services.store, context(world)
    ncr = raise_ncr(
        store, now, project, title="Column 1", severity=Severity.MINOR, quantity=Decimal(1), unit="element",
        global_ids=("A",),
    )  # fmt: skip
    return PlantedRecords(ncr.record.id)
