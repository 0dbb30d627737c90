"""E57 (ASTM E2807): every scan with its pose, read through libE57Format in buffers of bounded size.

What the files in the field do and what is done about it:

- ``cartesianInvalidState`` / ``sphericalInvalidState``: 1 (only the direction is known) and 2 (nothing is) are dropped.
- Coordinates in any encoding (float, double, scaled integer, integer) come out as float64 metres.
- The pose's quaternion is taken by its names w, x, y, z; all zero means identity; not of length one is normalised.
- No pose: points stay as they are and the station's position is unknown, unless the records are ranges and angles.
- An identity pose at (0, 0, 0) is what exporters write when they know nothing; see :mod:`.station_evidence`.
- The checksum of every page is verified first (:mod:`.e57_pages`), so libE57 sees no damaged byte and need not do it.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportAttributeAccessIssue=false, reportMissingTypeStubs=false, reportUnknownParameterType=false, reportMissingParameterType=false
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import FloatArray, frozen
from geometry.errors import ReadError
from geometry.note import Note
from geometry.pose import Pose, quaternion_rotation
from geometry.readers.chunk import Chunk, Evidence, Setup
from geometry.readers.e57_pages import check_pages
from geometry.readers.plain_name import plain_name

_CARTESIAN = ("cartesianX", "cartesianY", "cartesianZ")
_SPHERICAL = ("sphericalRange", "sphericalAzimuth", "sphericalElevation")
_UNIT_QUATERNION = 1e-6
"""Single-precision rounding of a unit quaternion stays below this."""

_CAUSES = {
    "ErrorBadFileLength": "is truncated (shorter than its header says); copy it again",
    "ErrorBadFileSignature": "is not an E57 file",
    "ErrorReadFailed": "is truncated (it ends early); copy it again",
    "ErrorUnknownFileVersion": "has an E57 version that is not known; export it as E57 1.0",
    "ErrorOpenFailed": "cannot be opened; check its permissions",
}


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Which record fields of a scan are read."""

    coordinates: tuple[str, str, str]
    flags: tuple[str, ...]
    intensity: str | None


def read_chunks(path: Path, *, chunk_points: int) -> Iterator[Chunk]:
    """Yield every scan of an E57 file in runs of at most ``chunk_points`` records.

    Raises
    ------
    ReadError
        When the file is not E57, truncated, corrupt, or a scan has no usable coordinates or pose.
    """
    from pye57 import libe57

    check_pages(path)
    try:
        with plain_name(path) as named:
            image = libe57.ImageFile(str(named), "r", libe57.CHECKSUM_POLICY_NONE)
        try:
            root = image.root()
            scans: list[Any] = list(root["data3D"]) if root.isDefined("data3D") else []
            expected = sum(int(scan["points"].childCount()) for scan in scans if scan.isDefined("points"))
            read = 0
            for number, scan in enumerate(scans, 1):
                for chunk in _read_scan(image, scan, f"{path}: scan {number} of {len(scans)}", chunk_points):
                    read += chunk.declared
                    yield replace(chunk, expected=expected, done=read / max(expected, 1))
        finally:
            image.close()
    except libe57.E57Exception as error:
        raise ReadError(f"{path}: {_cause(str(error))}") from None
    except (UnicodeError, RuntimeError, IndexError, OverflowError, MemoryError):
        # what the binding makes of C++ exceptions, also when the text of libE57's own quotes damaged bytes
        raise ReadError(f"{path}: {_cause('')}") from None


def _read_scan(image: Any, scan: Any, where: str, chunk_points: int) -> Iterator[Chunk]:
    """Yield the runs of one scan; a scan without records yields one empty chunk, so that its station is kept."""
    from pye57 import libe57

    if not scan.isDefined("points"):
        raise ReadError(f"{where} has no points section; export it again")
    records = int(scan["points"].childCount())
    prototype = libe57.StructureNode(scan["points"].prototype())
    layout = _layout([prototype.get(i).elementName() for i in range(prototype.childCount())], where)
    setup, notes = _setup(scan, prototype, layout, where)
    if records == 0:
        yield Chunk(
            setup,
            np.empty((0, 3)),
            notes=(*notes, Note("no_points", "{name} has no points.", name=_called(setup.name, where))),
        )
        return
    size = min(chunk_points, records)
    block: FloatArray = np.empty((size, 3))
    names = layout.flags if layout.intensity is None else (*layout.flags, layout.intensity)
    extra = {name: np.empty(size, np.float32) for name in names}
    reader = scan["points"].reader(_buffers(image, layout, block, extra))
    try:
        left = records
        while left and (count := int(reader.read())):
            left -= count
            yield _chunk(setup, layout, block[:count], {k: v[:count] for k, v in extra.items()}, notes)
            notes = ()
        if left:
            raise ReadError(f"{where} is truncated: {left:,} of {records:,} records are missing; copy it again")
    finally:
        reader.close()


def _chunk(
    setup: Setup, layout: _Layout, block: FloatArray, extra: dict[str, NDArray[np.float32]], notes: tuple[str, ...]
) -> Chunk:
    """Return the valid records of a filled buffer as Cartesian points."""
    declared = len(block)
    intensity = extra[layout.intensity] if layout.intensity else None
    flagged = [extra[name] != 0 for name in layout.flags if extra[name].any()]
    if flagged:
        valid = ~np.logical_or.reduce(flagged)
        block = block[valid]
        intensity = None if intensity is None else intensity[valid]
    points = _to_cartesian(block) if layout.coordinates == _SPHERICAL else block
    return Chunk(setup, points, intensity=intensity, declared=declared, invalid=declared - len(points), notes=notes)


def _to_cartesian(spherical: FloatArray) -> FloatArray:
    """Return x, y, z of range (m), azimuth and elevation (rad, from the xy plane) (n, 3) as in ASTM E2807."""
    distance, azimuth, elevation = spherical.T
    points = np.empty_like(spherical)
    flat = distance * np.cos(elevation)
    points[:, 0] = flat * np.cos(azimuth)
    points[:, 1] = flat * np.sin(azimuth)
    points[:, 2] = distance * np.sin(elevation)
    return points


def _buffers(image: Any, layout: _Layout, block: FloatArray, extra: dict[str, NDArray[np.float32]]) -> Any:
    """Return libE57 buffers that write the coordinates as columns of ``block`` and the other fields into ``extra``."""
    from pye57 import libe57

    buffers: Any = libe57.VectorSourceDestBuffer()
    for axis, name in enumerate(layout.coordinates):
        column = block[:, axis]
        buffers.append(libe57.SourceDestBuffer(image, name, column, len(block), True, True, block.strides[0]))
    for name, values in extra.items():
        buffers.append(libe57.SourceDestBuffer(image, name, values, len(values), True, True))
    return buffers


def _layout(fields: Sequence[str], where: str) -> _Layout:
    """Choose the coordinates (Cartesian before spherical), their invalid flags and the intensity."""
    for coordinates, own in ((_CARTESIAN, "cartesianInvalidState"), (_SPHERICAL, "sphericalInvalidState")):
        if set(coordinates) <= set(fields):
            flags = (own,) if own in fields else tuple(f for f in fields if f.endswith("InvalidState"))
            return _Layout(coordinates, flags, "intensity" if "intensity" in fields else None)
    raise ReadError(
        f"{where} has neither x, y, z nor range, azimuth, elevation but {', '.join(fields)}; export it again"
    )


def _setup(scan: Any, prototype: Any, layout: _Layout, where: str) -> tuple[Setup, tuple[str, ...]]:
    """Return the set-up of a scan, and what is to be said about its pose."""
    name = str(scan["name"].value()) if scan.isDefined("name") else ""
    spherical = layout.coordinates == _SPHERICAL
    pose, notes, evidence = _pose(scan, _called(name, where), where)
    turned = evidence is Evidence.STATED and _states_rotation(scan["pose"])
    if spherical:  # ranges and angles say where the scanner stood; how it was turned only a pose does
        evidence = Evidence.MEASURED
    x = prototype[layout.coordinates[0]]
    setup = Setup(
        name=name,
        format="E57 1.0",
        T_scan_local=pose,
        position=None if evidence is Evidence.NONE else pose.translation,
        evidence=evidence,
        rotation=frozen(np.array(pose.rotation)) if turned else None,
        intensity_limits=_intensity_limits(scan, prototype) if layout.intensity else None,
        zeros_may_be_misses=True,
        step=0.0 if spherical else _step(x),
        single_precision=not spherical and _is_single(x),
    )
    return setup, notes


def _pose(scan: Any, name: str, where: str) -> tuple[Pose, tuple[str, ...], Evidence]:
    """Return the pose, notes, and whether it says anything about where the scanner stood."""
    if not scan.isDefined("pose"):
        return Pose.identity(), (Note("no_pose_of_scan", "{name} has no pose.", name=name),), Evidence.NONE
    pose, notes = scan["pose"], []
    translation = np.array([_number(pose, "translation", axis) for axis in "xyz"])
    quaternion = np.array([_number(pose, "rotation", axis) for axis in "wxyz"])
    if not (np.isfinite(translation).all() and np.isfinite(quaternion).all()):
        raise ReadError(f"{where} has a pose that is not a number; export it again with its registration")
    length = float(np.linalg.norm(quaternion))
    if not pose.isDefined("rotation"):
        quaternion = np.array([1.0, 0.0, 0.0, 0.0])
    elif length == 0.0:
        notes.append(Note("zero_rotation", "The rotation of {name} is all zero and is taken as none.", name=name))
        quaternion = np.array([1.0, 0.0, 0.0, 0.0])
    elif abs(length - 1.0) > _UNIT_QUATERNION:
        said = "The rotation of {name} is a quaternion of length {length} and was normalised."
        notes.append(Note("normalised", said, name=name, length=f"{length:.6g}"))
    if not pose.isDefined("translation"):
        notes.append(Note("no_translation", "The pose of {name} has no translation.", name=name))
        return Pose.from_parts(_rotation(quaternion), translation), tuple(notes), Evidence.NONE
    T_scan_local = Pose.from_parts(_rotation(quaternion), translation)
    says_nothing = np.array_equal(T_scan_local.matrix, np.eye(4))
    return T_scan_local, tuple(notes), Evidence.DEFAULT if says_nothing else Evidence.STATED


def _states_rotation(pose: Any) -> bool:
    """Say whether a pose says how the scanner was turned: a quaternion that is there and is not all zero."""
    return pose.isDefined("rotation") and any(_number(pose, "rotation", axis) for axis in "wxyz")


def _rotation(quaternion: FloatArray) -> FloatArray:
    """Return the rotation matrix of a quaternion (w, x, y, z) of any length but zero."""
    w, x, y, z = quaternion / np.linalg.norm(quaternion)
    return quaternion_rotation(w, x, y, z)


def _intensity_limits(scan: Any, prototype: Any) -> tuple[float, float] | None:
    """Return the scan's intensity limits, else the range of its integer encoding, else None."""
    from pye57 import libe57

    if scan.isDefined("intensityLimits"):
        limits = scan["intensityLimits"]
        low, high = _number(limits, "intensityMinimum"), _number(limits, "intensityMaximum")
        if np.isfinite(low) and np.isfinite(high) and low < high:
            return low, high
    node = prototype["intensity"]
    if isinstance(node, libe57.IntegerNode) and node.minimum() < node.maximum():
        return float(node.minimum()), float(node.maximum())
    return None


def _number(node: Any, *names: str, default: float = 0.0) -> float:
    """Return the number at ``names`` below ``node``, ``default`` where it is not written."""
    for name in names:
        if not node.isDefined(name):
            return default
        node = node[name]
    return float(node.scaledValue() if hasattr(node, "scaledValue") else node.value())


def _step(node: Any) -> float:
    """Return the grid (m) of an integer encoding, 0 for floating point."""
    from pye57 import libe57

    if isinstance(node, libe57.ScaledIntegerNode):
        return float(node.scale())
    return 1.0 if isinstance(node, libe57.IntegerNode) else 0.0


def _is_single(node: Any) -> bool:
    from pye57 import libe57

    return isinstance(node, libe57.FloatNode) and node.precision() == libe57.E57_SINGLE


def _called(name: str, where: str) -> str:
    """Return what to call a scan: its own name, else its number in the file."""
    number, scans = re.findall(r"[0-9]+", where)[-2:]
    return name or Note("scan_of", "scan {n} of {scans}", n=number, scans=scans)


def _cause(text: str) -> str:
    """Return what libE57's error means for a user."""
    code = re.search(r"\((Error\w+)\)", text)
    if code is None:
        return "is damaged; copy or export it again"
    return _CAUSES.get(code[1], f"is damaged ({code[1]}); copy or export it again")
