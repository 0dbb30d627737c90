# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
"""The scan in the design's frame with its signed deviation per point, as LAZ or PLY, written in chunks."""

import errno
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from geometry.pose import Pose
from twin.report.palette import ramp_colours, ramp_limit
from twin.report.provenance import Provenance
from twin.result import CheckResult

CHUNK = 1_000_000
LAZ_SCALE = 0.0001
"""Metres per step of a LAZ coordinate: 0.1 mm, which reaches 214 km from the offset."""
NO_ELEMENT = 2**32 - 1
UNMEASURED = (120, 128, 138)
"""Grey of a point with no element near."""


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Some points: (n, 3) metres less the design's origin, signed deviation (n,) metres or NaN, element, colour."""

    points: FloatArray
    deviation: Any
    element: Any
    colour: Any
    intensity: Any
    station: Any


def write_laz(
    path: Path, result: CheckResult, provenance: Provenance, progress: Callable[[float], None] | None = None
) -> None:
    """Write the cloud as LAZ 1.2.

    Extra bytes: ``deviation_m`` (float32, + = outside, NaN = no element near) and ``element`` (uint32, the position of
    the element in report.json, 4294967295 = none). The point source id is the station's number, from 1.
    """
    import laspy
    import lazrs

    header: Any = laspy.LasHeader(point_format=2, version="1.2")
    header.scales = np.full(3, LAZ_SCALE)
    header.offsets = np.asarray(result.design.origin, np.float64)
    header.creation_date = provenance.timestamp.date()
    header.generating_software = "qtems"
    header.system_identifier = "MERGE"
    header.add_extra_dims(
        [
            laspy.ExtraBytesParams("deviation_m", "f4", description="signed, + = outside"),
            laspy.ExtraBytesParams("element", "u4", description="index in report.json"),
        ]
    )
    total = max(1, len(result.scan.points))
    try:
        with path.open("wb") as stream:
            with laspy.open(stream, mode="w", header=header, do_compress=True, closefd=False) as writer:
                done = 0
                for chunk in _chunks(result):
                    writer.write_points(_las_record(chunk, header))
                    done += len(chunk.points)
                    if progress is not None:
                        progress(done / total)
    except lazrs.LazrsError as error:  # pyright: ignore[reportAttributeAccessIssue]  # from a full disk, too
        raise OSError(errno.EIO, f"the point cloud could not be written ({error}); is the disk full?") from error


def write_ply(path: Path, result: CheckResult, progress: Callable[[float], None] | None = None) -> None:
    """Write the cloud as binary PLY: x y z in the design file's coordinates (float64), colour, the same extras."""
    layout = np.dtype(
        [
            ("x", "<f8"), ("y", "<f8"), ("z", "<f8"), ("red", "u1"), ("green", "u1"), ("blue", "u1"),
            ("deviation_m", "<f4"), ("element", "<u4"),
        ]
    )  # fmt: skip
    kinds = {"<f8": "double", "|u1": "uchar", "<f4": "float", "<u4": "uint"}
    fields: Any = layout.fields
    lines = ["ply", "format binary_little_endian 1.0", "comment qtems: metres; deviation_m + = outside, nan = none"]
    lines.append(f"element vertex {len(result.scan.points)}")
    lines += [f"property {kinds[fields[name][0].str]} {name}" for name in fields]
    with path.open("wb") as stream:
        stream.write(("\n".join([*lines, "end_header"]) + "\n").encode("ascii"))
        done = 0
        for chunk in _chunks(result):
            rows = np.empty(len(chunk.points), layout)
            for axis, name in enumerate("xyz"):
                rows[name] = chunk.points[:, axis] + result.design.origin[axis]
            for channel, name in enumerate(("red", "green", "blue")):
                rows[name] = chunk.colour[:, channel]
            rows["deviation_m"], rows["element"] = chunk.deviation, chunk.element
            stream.write(rows.tobytes())
            done += len(rows)
            if progress is not None:
                progress(done / len(result.scan.points))


def _chunks(result: CheckResult) -> Iterator[Chunk]:
    scan, found = result.scan, result.point_deviations
    pose = result.registration.T_design_scan or Pose.identity()
    limit = ramp_limit(result)
    for start in range(0, len(scan.points), CHUNK):
        part = slice(start, start + CHUNK)
        points = pose.apply(scan.points[part])
        count = len(points)
        deviation = np.full(count, np.nan, np.float32) if found is None else found.signed_distance[part]
        element = np.full(count, NO_ELEMENT, np.uint32)
        if found is not None:
            index = found.element_index[part]
            element = np.where(index < 0, NO_ELEMENT, index).astype(np.uint32)
        known = np.isfinite(deviation)
        colour = np.tile(np.array(UNMEASURED, np.uint8), (count, 1))
        colour[known] = np.round(ramp_colours(deviation[known].astype(np.float64), limit)).astype(np.uint8)
        intensity = None if scan.intensity is None else scan.intensity[part]
        yield Chunk(points, deviation, element, colour, intensity, scan.station_index[part])


def _las_record(chunk: Chunk, header: Any) -> Any:
    import laspy

    record: Any = laspy.ScaleAwarePointRecord.zeros(len(chunk.points), header=header)
    # the offset is the design's origin, so a coordinate in steps needs no large number at all
    steps = np.round(chunk.points / LAZ_SCALE).astype(np.int32)
    record["X"], record["Y"], record["Z"] = steps.T
    wide: Any = chunk.colour.astype(np.uint16) * 257
    record["red"], record["green"], record["blue"] = wide.T
    if chunk.intensity is not None:
        record["intensity"] = np.round(np.clip(chunk.intensity, 0.0, 1.0) * 65535.0).astype(np.uint16)
    record["point_source_id"] = np.minimum(chunk.station + 1, 65535).astype(np.uint16)
    record["deviation_m"], record["element"] = chunk.deviation, chunk.element
    return record
