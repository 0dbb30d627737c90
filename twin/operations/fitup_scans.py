"""Reads the scans that a fit-up names, and measures the parts in them."""

from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import Invalid

if TYPE_CHECKING:
    from geometry.arrays import FloatArray, Int32Array
    from geometry.rays import Rays
    from geometry.scan import Scan
    from simulation.fitup.document import FitupDocument
    from simulation.fitup.joint import Part
    from simulation.fitup.scanned import ScanOrder
    from twin.rehearsal.fitup_json import ScannedFile


def scanned_parts(document: "FitupDocument", folder: Path) -> "tuple[ScannedFile, ...]":
    """Return the parts of a fit-up that have scans, measured; files are looked for beside the fit-up's own.

    Raises
    ------
    Invalid
        A scan is not there, or does not say where the scanner stood.
    GeometryError
        A scan cannot be read.
    """
    from geometry.readers import read_scan
    from simulation.fitup.scanned import scanned_part
    from twin.rehearsal.fitup_json import ScannedFile

    found, drawn = list[ScannedFile](), _drawn(document)
    for name, order in document.scans.items():
        if name not in drawn:
            continue  # no joint asks for it
        path = folder / order.file
        if not path.is_file():
            raise Invalid(f"{path}: no such file; part {name!r} names it as its scan")
        scan = read_scan([path])
        if order.station is None and not scan.has_poses:
            text = "it does not say where the scanner stood; add station: [x, y, z] to scan"
            raise Invalid(f"{path}: {text} of part {name!r}")
        if scan.stride > 1:
            raise Invalid(f"{path}: {scan.declared_points} points, more than are read whole; cut out part {name!r}")
        rays = _rays(scan.points + scan.origin, scan.station_index, scan, order)
        measured = scanned_part(drawn[name], rays, order)
        found.append(ScannedFile(measured, path.name, scan.sources[0].sha256, len(scan.points)))
    return tuple(found)


def _drawn(document: "FitupDocument") -> "dict[str, Part]":
    parts = [part for joint in document.joints for part in (joint.fixed, joint.moving)]
    if document.pairing is not None:
        parts += [*document.pairing.places, *document.pairing.parts]
    return {part.name: part for part in parts}


def _rays(points: "FloatArray", station: "Int32Array", scan: "Scan", order: "ScanOrder") -> "Rays":
    """Return a scan's beams in the frame of the part."""
    import numpy as np

    from geometry.rays import Rays

    if order.station is not None:
        origins, numbers = order.station[None], np.zeros(len(points), np.int64)
    else:
        places = [one.position for one in scan.stations]
        origins = np.array([np.zeros(3) if place is None else place + scan.origin for place in places])
        numbers = station.astype(np.int64)
    return Rays(order.T_part_scan.apply(points), numbers, order.T_part_scan.apply(origins))
