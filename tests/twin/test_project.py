from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from twin.access import Capacity, Role
from twin.errors import Invalid, Refused
from twin.instrument import Instrument, require_calibrated
from twin.project import (
    CheckRun,
    MapConversion,
    Member,
    ModelRevision,
    Organisation,
    Project,
    RegistrationRecord,
    RegistrationStatus,
    Rotation,
    ScanEpoch,
    ScanFile,
    Station,
)
from twin.record import Evidence, EvidenceKind
from twin.revision_diff import RevisionDiff

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
SHA = "ab" * 32
PROJECT = "p" * 32
IDENTITY = tuple(Decimal(int(i % 5 == 0)) for i in range(16))
SCANNER = Instrument("S1", "laser scanner", date(2026, 1, 1), date(2026, 12, 31))
SCAN = ScanFile("a.e57", SHA, 10)
EPOCH = ScanEpoch("e", PROJECT, "week 9", NOW, (SCAN,), SCANNER)
REVISION = ModelRevision("m", PROJECT, 1, "a.ifc", SHA, "IFC4", Decimal("0.001"), NOW)
ACCEPTED = RegistrationRecord(RegistrationStatus.ACCEPTED, "auto", IDENTITY, Decimal("1.2"))
RUN = CheckRun(
    "r", PROJECT, "m", "e", SHA, (SHA,), "GB 50204-2015", "0.1.0", 0, NOW, NOW, ACCEPTED,
    Evidence(EvidenceKind.REPORT, SHA),
)  # fmt: skip


@pytest.mark.parametrize(("value", "change", "text"), [
    (Organisation("o", "ACME"), {"name": " "}, "name"),
    (Project(PROJECT, "o", "TOWER", "Tower"), {"key": "tower"}, "capital"),
    (Project(PROJECT, "o", "TOWER", "Tower"), {"language": "xx"}, "choose en or zh"),
    (Project(PROJECT, "o", "TOWER", "Tower"), {"name": ""}, "name"),
    (Member("m", PROJECT, "u", "o", Role.VIEWER), {"capacities": (Capacity.CUSTOMER,)}, "cannot sign"),
    (Member("m", PROJECT, "u", "o", Role.OWNER), {"capacities": (Capacity.CUSTOMER,) * 2}, "twice"),
    (REVISION, {"sha256": "AB" * 32}, "SHA-256"),
    (REVISION, {"number": 0}, "numbered from 1"),
    (REVISION, {"number": 2}, "revision before it"),
    (REVISION, {"previous": "x"}, "revision before it"),
    (REVISION, {"diff": RevisionDiff()}, "nothing to differ"),
    (REVISION, {"metres_per_unit": Decimal(0)}, "length unit"),
    (REVISION, {"metres_per_unit": Decimal("NaN")}, "length unit"),
    (REVISION, {"imported_at": datetime(2026, 1, 1)}, "UTC"),
    (REVISION, {"imported_at": datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=8)))}, "UTC"),
    (REVISION, {"schema": ""}, "schema"),
    (REVISION, {"file_name": ""}, "file name"),
    (SCAN, {"points": 0}, "no point"),
    (SCAN, {"sha256": ""}, "SHA-256"),
    (SCAN, {"file_name": ""}, "file name"),
    (EPOCH, {"scans": ()}, "at least one scan"),
    (EPOCH, {"scans": (SCAN, replace(SCAN, file_name="b.e57"))}, "twice"),
    (EPOCH, {"name": ""}, "name"),
    (EPOCH, {"captured_at": datetime(2026, 1, 1)}, "UTC"),
    (RUN, {"scan_sha256": ()}, "names none"),
    (RUN, {"scan_sha256": ("x",)}, "SHA-256"),
    (RUN, {"model_sha256": "x"}, "SHA-256"),
    (RUN, {"finished_at": NOW - timedelta(seconds=1)}, "cannot have finished"),
    (RUN, {"version": ""}, "version"),
    (RUN, {"tolerance": ""}, "tolerance"),
    (ACCEPTED, {"T_design_scan": ()}, "rigid"),
    (ACCEPTED, {"T_design_scan": (*IDENTITY[:15], Decimal(2))}, "rigid"),
    (ACCEPTED, {"T_design_scan": (Decimal(2), *IDENTITY[1:])}, "rigid"),
    (ACCEPTED, {"T_design_scan": (Decimal(-1), *IDENTITY[1:])}, "rigid"),
    (ACCEPTED, {"T_design_scan": (Decimal("NaN"), *IDENTITY[1:])}, "rigid"),
    (ACCEPTED, {"status": RegistrationStatus.REFUSED}, "no pose"),
    (
        Station("s", Decimal(0), Decimal(0), Decimal(0)), {"rotation": Rotation(*map(Decimal, (1, 1, 0, 0)))},
        "unit quaternion",
    ),
    (
        Station("s", Decimal(0), Decimal(0), Decimal(0)), {"rotation": Rotation(*map(Decimal, ("NaN", 1, 0, 0)))},
        "finite",
    ),
    (RUN, {"registration": RegistrationRecord(RegistrationStatus.REFUSED, "auto")}, "cannot count"),
    (Station("s", Decimal(0), Decimal(0), Decimal(0)), {"x": Decimal("Infinity")}, "finite"),
    (MapConversion("EPSG:4547", Decimal(1), Decimal(2), Decimal(3)), {"scale": Decimal(0)}, "scale"),
    (MapConversion("EPSG:4547", Decimal(1), Decimal(2), Decimal(3)), {"x_axis_abscissa": Decimal(0)}, "direction"),
    (MapConversion("EPSG:4547", Decimal(1), Decimal(2), Decimal(3)), {"eastings": Decimal("NaN")}, "finite"),
    (MapConversion("EPSG:4547", Decimal(1), Decimal(2), Decimal(3)), {"crs": ""}, "coordinate system"),
    (SCANNER, {"serial": ""}, "serial"),
    (SCANNER, {"kind": " "}, "kind"),
    (SCANNER, {"calibrated_until": date(2025, 1, 1)}, "earlier"),
    (SCANNER, {"expanded_uncertainty": Decimal(-1)}, "uncertainty"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused_in_one_line(value: Any, change: dict[str, Any], text: str) -> None:
    with pytest.raises(Invalid, match=text) as caught:
        replace(value, **change)
    assert "\n" not in str(caught.value)


def test_a_later_revision_names_the_one_before_and_may_carry_the_difference() -> None:
    second = replace(REVISION, id="m2", number=2, previous="m", diff=RevisionDiff(added=("a",)))
    assert second.diff is not None
    assert second.diff.added == ("a",)


def test_a_turned_pose_is_rigid() -> None:
    turned = (0, -1, 0, 5, 1, 0, 0, 6, 0, 0, 1, 7, 0, 0, 0, 1)
    assert replace(ACCEPTED, T_design_scan=tuple(map(Decimal, turned))).status is RegistrationStatus.ACCEPTED


def test_an_epoch_knows_whether_its_instrument_was_calibrated() -> None:
    assert EPOCH.calibrated
    assert not replace(EPOCH, captured_at=datetime(2027, 1, 1, tzinfo=UTC)).calibrated
    assert not replace(EPOCH, instrument=None).calibrated


@pytest.mark.parametrize(("day", "text"), [
    (date(2027, 1, 1), "expired on 2026-12-31"), (date(2025, 12, 31), "calibrated on 2026-01-01, after"),
])  # fmt: skip
def test_an_expired_calibration_refuses(day: date, text: str) -> None:
    with pytest.raises(Refused, match=text) as caught:
        require_calibrated(SCANNER, day)
    assert caught.value.missing


def test_a_calibration_of_one_day_and_an_uncertainty_of_nought_are_possible() -> None:
    day = replace(SCANNER, calibrated_until=SCANNER.calibrated_on, expanded_uncertainty=Decimal(0))
    assert day.is_calibrated(date(2026, 1, 1))


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 12, 31)])
def test_a_calibration_holds_on_its_first_and_last_day(day: date) -> None:
    assert require_calibrated(SCANNER, day) is SCANNER
