"""Scan epochs over the wire."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from api.paging import PageQuery
from api.schemas.base import RECORD_EXAMPLE, Line, Moment, Prose, RecordOut, RecordRef, Schema, example, stamp
from twin.instrument import Instrument
from twin.project import ScanEpoch
from twin.record import Id
from twin.store.view import Stored

_ID = "5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958"
_HASH = "c6f6f97a3f4b0af52cb6b3ba232fd27730338f5a6ca70e7314dcb80d4f0c6928"
_INSTRUMENT = {
    "serial": "1842077", "kind": "laser scanner", "calibrated_on": "2026-03-01", "calibrated_until": "2027-03-01",
    "expanded_uncertainty": "2.0", "unit": "mm",
}  # fmt: skip
_ROTATION = {"w": "0.7071068", "x": "0", "y": "0", "z": "0.7071068"}
_STATION = {"name": "Setup 1", "x": "1.2", "y": "1.2", "z": "1.6", "rotation": _ROTATION}
_FILE = {"file_name": "site.e57", "sha256": _HASH, "points": 48_211_907, "stations": [_STATION]}


class InstrumentIO(Schema):
    """The instrument as it was when it was used."""

    model_config = example(**_INSTRUMENT)

    serial: Line
    kind: Line
    calibrated_on: date
    calibrated_until: date
    expanded_uncertainty: Decimal | None = Field(default=None, ge=0, description="U (k = 2) of one reading")
    unit: Annotated[Line, Field(max_length=20)] = "mm"

    def record(self) -> Instrument:
        """Return it as it is kept."""
        return Instrument(**self.model_dump())


class RotationOut(Schema):
    """A unit quaternion."""

    model_config = example(**_ROTATION)

    w: Decimal
    x: Decimal
    y: Decimal
    z: Decimal


class StationOut(Schema):
    """Where a scanner stood, in the scan's own frame, metres."""

    model_config = example(**_STATION)

    name: str
    x: Decimal
    y: Decimal
    z: Decimal
    rotation: RotationOut | None = Field(
        description="From the scanner's frame to the scan's; null when the file does not say how it was turned"
    )


class ScanFileOut(Schema):
    """One file of a campaign."""

    model_config = example(**_FILE)

    file_name: str
    sha256: str
    points: int
    stations: list[StationOut]


class ScanOut(RecordOut):
    """A scan epoch: one capture campaign."""

    model_config = example(
        **RECORD_EXAMPLE, project=_ID, name="Week 47", captured_at="2026-11-20T06:30:00Z", scans=[_FILE],
        instrument=_INSTRUMENT, calibrated=True, redating_reason="", has_scene=True,
    )  # fmt: skip

    project: Id
    name: str
    captured_at: datetime
    scans: list[ScanFileOut]
    instrument: InstrumentIO | None
    calibrated: bool = Field(description="Whether the instrument is known to have been calibrated on that day")
    redating_reason: str = Field(description="Why `captured_at` was put right; empty where it is as it was given")
    has_scene: bool = Field(description="Whether there is a preview in the scan's own frame: `.../scene/tileset.json`")


def scan_out(stored: Stored[ScanEpoch]) -> ScanOut:
    """Return an epoch as it is sent."""
    epoch = stored.record
    files = [
        ScanFileOut(
            file_name=scan.file_name, sha256=scan.sha256, points=scan.points,
            stations=[StationOut.model_validate(s, from_attributes=True) for s in scan.stations],
        )
        for scan in epoch.scans
    ]  # fmt: skip
    used = epoch.instrument
    return ScanOut(
        **stamp(stored), project=epoch.project, name=epoch.name, captured_at=epoch.captured_at, scans=files,
        instrument=_instrument(used) if used else None, calibrated=epoch.calibrated,
        redating_reason=epoch.redating_reason, has_scene=bool(epoch.scene_sha256),
    )  # fmt: skip


def _instrument(used: Instrument) -> InstrumentIO:
    names = InstrumentIO.model_fields
    return InstrumentIO.model_construct(**{name: getattr(used, name) for name in names})


class ScanQuery(PageQuery):
    """Scan epochs have no filters."""


class NewScan(Schema):
    """Scans that were uploaded and become one epoch."""

    model_config = example(
        name="Week 47", captured_at="2026-11-20T14:30:00+08:00", uploads=[_ID], instrument=_INSTRUMENT
    )

    name: Line
    captured_at: Annotated[Moment, Field(description="Not yet to be: it decides which epoch is the last")]
    uploads: Annotated[tuple[RecordRef, ...], Field(min_length=1, max_length=200, description="Finished, one's own")]
    instrument: InstrumentIO | None = None


class Redating(Schema):
    """When a campaign was really captured, and why it was said otherwise."""

    model_config = example(captured_at="2025-11-20T14:30:00+08:00", reason="the scanner's clock was a year ahead")

    captured_at: Moment
    reason: Prose
