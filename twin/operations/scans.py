"""Taking a scan campaign in: how many points, from which stations, with which instrument."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import PurePath
from typing import TYPE_CHECKING

from twin.instrument import Instrument
from twin.operations.scenes import keep_scan_scene, register_scene
from twin.operations.work import Upload, Work, fetched
from twin.project import Rotation, ScanEpoch, ScanFile, Station
from twin.record import Id, require_past
from twin.store import records
from twin.store.view import Stored

if TYPE_CHECKING:
    from geometry.arrays import FloatArray
    from geometry.scan import Scan
    from twin.scene.scan_tiles import ScanPreview


def import_scans(
    work: Work,
    *,
    identifier: Id,
    project: Id,
    name: str,
    captured_at: datetime,
    files: Sequence[Upload],
    instrument: Instrument | None = None,
) -> Stored[ScanEpoch]:
    """Keep scans that were uploaded as one epoch; done before under this identifier, it is done.

    Raises
    ------
    Invalid
        If they were captured in the future.
    GeometryError
        If a file is no scan that can be used; its text is one line for the user.
    """
    require_past(captured_at, work.now(), "captured_at")
    with work.store.read() as view:
        done = view.find(records.SCAN_EPOCH, id=identifier)
    if done:
        return done
    from twin.scene.scan_tiles import ScanPreview, preview_share

    with ScanPreview() as preview:
        scans = tuple(_look_at(work, file, preview, preview_share(files)) for file in files)
        scene = keep_scan_scene(work, preview)
    epoch = ScanEpoch(identifier, project, name, captured_at, scans, instrument, scene_sha256=scene)
    with work.store.write(work.context()) as unit:
        stored = unit.add(records.SCAN_EPOCH, epoch)
        register_scene(unit, work.blobs, scene)
        return stored


def _look_at(work: Work, file: Upload, preview: "ScanPreview", most: int) -> ScanFile:
    """Read a file once: what it holds, and what of it is seen before there is a pose."""
    from geometry.readers import read_scan

    work.progress(f"reading {file.file_name}", 0.0)
    with fetched(work, file) as path:
        scan = read_scan(
            [path], max_points=most, progress=lambda share: work.progress(f"reading {file.file_name}", share)
        )
    scan = _as_its_owner_calls_it(scan, path.name.partition(".")[0], file)
    preview.add(scan)
    return ScanFile(file.file_name, file.sha256, scan.declared_points - scan.invalid_points, stations_of(scan))


def _as_its_owner_calls_it(scan: "Scan", stem: str, file: Upload) -> "Scan":
    """Return the scan with stations that a reader named after the file it read named after the file that was sent."""
    own = PurePath(file.file_name).name.partition(".")[0]
    named = tuple(
        replace(s, name=own + s.name.removeprefix(stem)) if s.name.startswith(stem) else s for s in scan.stations
    )
    return replace(scan, stations=named)


def stations_of(scan: "Scan") -> tuple[Station, ...]:
    """Return where a scan was taken, and how the scanner was turned as far as its file says."""
    found: list[Station] = []
    for station in scan.stations:
        if station.position is not None:
            x, y, z = (Decimal(f"{v:.6f}") for v in station.position + scan.origin)
            found.append(Station(station.name, x, y, z, _rotation(station.rotation)))
    return tuple(found)


def _rotation(turn: "FloatArray | None") -> Rotation | None:
    """Return a rotation (3, 3) as a unit quaternion, whose first part is not negative; None stays unknown."""
    if turn is None:
        return None
    from scipy.spatial.transform import Rotation as Turn

    x, y, z, w = Turn.from_matrix(turn).as_quat(canonical=True)
    return Rotation(*(Decimal(f"{part:.12f}") for part in (w, x, y, z)))
