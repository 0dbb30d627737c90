# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
"""Writes simulated scans as E57 (stations with poses), LAZ and PLY (one cloud in the site frame), deterministic."""

import datetime
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from unittest import mock

import numpy as np

from geometry.arrays import Float32Array, FloatArray, IntArray
from samples.scanner import SimulatedScan

NAMESPACE = uuid.UUID("6f2b1c52-6f0e-5d55-9a64-0d7c5b1e9a10")
LAZ_STEP_M = 0.0001


def write_e57(scan: SimulatedScan, path: Path) -> None:
    """Write one E57 scan per station, in the station's own frame (float32), with its recorded pose."""
    import pye57
    import pye57.e57

    identifiers = (uuid.uuid5(NAMESPACE, f"{path.name}/{i}") for i in range(len(scan.stations) + 1))
    # pye57 draws random identifiers, which would make every file different
    with mock.patch.object(pye57.e57.uuid, "uuid4", side_effect=identifiers):
        file = pye57.E57(str(path), mode="w")
        for station in scan.stations:
            if not len(station.points):
                continue
            x, y, z = station.points.astype(np.float64).T
            data = {"cartesianX": x, "cartesianY": y, "cartesianZ": z, "intensity": station.intensity}
            file.write_scan_raw(
                {key: np.ascontiguousarray(values) for key, values in data.items()},
                name=station.name,
                rotation=_quaternion(station.T_site_station.rotation),
                translation=np.array(station.T_site_station.translation),
            )
        file.close()


def write_laz(scan: SimulatedScan, path: Path) -> None:
    """Write one LAZ 1.4 in the site frame, 0.1 mm steps; the station is the point source id, from 1."""
    import laspy

    points, intensity, station = _merged(scan)
    header = laspy.LasHeader(version="1.4", point_format=6)
    header.creation_date = datetime.date(2025, 1, 1)
    header.offsets, header.scales = np.floor(points.min(axis=0)), np.full(3, LAZ_STEP_M)
    cloud = laspy.LasData(header)
    cloud.x, cloud.y, cloud.z = points.T
    cloud.intensity = (intensity * 65535).astype(np.uint16)
    cloud.point_source_id = (station + 1).astype(np.uint16)
    cloud.write(str(path))


def write_ply(scan: SimulatedScan, path: Path) -> None:
    """Write one binary PLY in the site frame: x y z as double, intensity as float, station from 0 as ushort."""
    points, intensity, station = _merged(scan)
    fields = [("x", "<f8"), ("y", "<f8"), ("z", "<f8"), ("intensity", "<f4"), ("station", "<u2")]
    rows = np.empty(len(points), dtype=fields)
    rows["x"], rows["y"], rows["z"] = points.T
    rows["intensity"], rows["station"] = intensity, station
    kinds = {"<f8": "double", "<f4": "float", "<u2": "ushort"}
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(points)}"]
    header += [f"property {kinds[kind]} {name}" for name, kind in fields] + ["end_header", ""]
    with path.open("wb") as stream:
        stream.write("\n".join(header).encode("ascii"))
        stream.write(rows.tobytes())


WRITERS: Mapping[str, Callable[[SimulatedScan, Path], None]] = {"e57": write_e57, "laz": write_laz, "ply": write_ply}


def formats_of(text: str) -> tuple[str, ...]:
    """Return the formats named in a comma-separated list.

    Raises
    ------
    ValueError
        If one is not known.
    """
    names = tuple(part.strip() for part in text.split(","))
    if unknown := [name for name in names if name not in WRITERS]:
        raise ValueError(f"unknown format {unknown[0]!r}; use any of {', '.join(WRITERS)}")
    return names


def _merged(scan: SimulatedScan) -> tuple[FloatArray, Float32Array, IntArray]:
    points = np.concatenate([s.T_site_station.apply(s.points) for s in scan.stations])
    intensity = np.concatenate([s.intensity for s in scan.stations])
    return points, intensity, np.repeat(np.arange(len(scan.stations)), [len(s.points) for s in scan.stations])


def _quaternion(rotation: FloatArray) -> FloatArray:
    """Return (w, x, y, z) with w >= 0."""
    from scipy.spatial.transform import Rotation

    x, y, z, w = Rotation.from_matrix(rotation).as_quat(canonical=True)
    return np.array([w, x, y, z])
