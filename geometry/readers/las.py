"""LAS, LAZ and COPC (ASPRS LAS 1.0 - 1.4).

The header is parsed and checked here (:mod:`.las_header`); plain records are mapped from the file, compressed ones go
through lazrs, of which only the needed fields are decompressed. Coordinates are formed from the integers relative to
the first point, so that neither scale nor offset costs a digit. Points flagged as withheld are dropped. LAS knows no
station: the positions are unknown.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false, reportAttributeAccessIssue=false
import contextlib
import os
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import FloatArray
from geometry.errors import ReadError, UnitContradiction
from geometry.note import Note
from geometry.pose import Pose
from geometry.readers.chunk import Chunk, Setup
from geometry.readers.las_header import LasHeader, read_header
from geometry.readers.las_units import LasUnits, units_of
from geometry.readers.laz_chunks import chunks_add_up

_LASZIP = ("laszip encoded", 22204)
_stderr_lock = threading.Lock()


def read_chunks(path: Path, *, chunk_points: int) -> Iterator[Chunk]:
    """Yield the points of a LAS, LAZ or COPC file in runs of at most ``chunk_points``.

    Raises
    ------
    ReadError
        When the file is truncated, corrupt or of an unknown version.
    UnitContradiction
        When the coordinates are degrees.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        header = read_header(stream, size, path)
        units = units_of(header)
        if header.count == 0:
            setup = Setup("", _format(header))
            yield Chunk(setup, np.empty((0, 3)))
            return
        runs = (
            _compressed(stream, header, size, path, chunk_points)
            if header.compressed
            else _plain(stream, header, size, path, chunk_points)
        )
        yield from _chunks(runs, header, units, path)


def _chunks(runs: Iterator[NDArray[Any]], header: LasHeader, units: LasUnits, path: Path) -> Iterator[Chunk]:
    """Turn runs of raw records into chunks relative to the first record."""
    setup: Setup | None = None
    first = np.zeros(3, np.int64)
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    notes = (units.note,) if units.note else ()
    if units.degrees:
        notes = (*notes, _refuse_degrees(header, path))
    read = 0
    for records in runs:
        if setup is None:
            first = np.array([records[0][axis] for axis in "xyz"], dtype=np.int64)
            setup = _setup(header, units, first)
        valid = (records["flags"] & _withheld_bit(header)) == 0
        kept = records if valid.all() else records[valid]
        low = np.minimum(low, [kept[axis].min(initial=2**31 - 1) for axis in "xyz"])
        high = np.maximum(high, [kept[axis].max(initial=-(2**31)) for axis in "xyz"])
        read += len(records)
        if read == header.count:
            notes = (*notes, *_bounds_note(header, low, high))
        yield Chunk(
            setup,
            _points(kept, first, header.scale * units.metres),
            intensity=kept["intensity"].astype(np.float32),
            declared=len(records),
            invalid=len(records) - len(kept),
            expected=header.count,
            done=read / header.count,
            notes=notes,
        )
        notes = ()


def _points(records: NDArray[Any], first: NDArray[np.int64], scale: FloatArray) -> FloatArray:
    """Return points (n, 3) relative to the first record; exact but for the one product."""
    points: FloatArray = np.empty((len(records), 3))
    for axis, name in enumerate("xyz"):
        np.subtract(records[name], first[axis], out=points[:, axis], dtype=np.float64)
    points *= scale
    return points


def _bounds_note(header: LasHeader, low: FloatArray, high: FloatArray) -> tuple[str, ...]:
    """Return a note when points lie outside the header's bounds: LAZ data have no checksum, this is the only trace."""
    if (high < low).any():
        return ()
    ends = np.array([low, high]) * header.scale + header.offset
    margin = 0.01 * np.abs(header.bounds[1] - header.bounds[0]) + 2.0 * np.abs(header.scale)
    if (ends.min(axis=0) >= header.bounds[0] - margin).all() and (ends.max(axis=0) <= header.bounds[1] + margin).all():
        return ()
    said = "points lie outside the bounds in its header: the header is out of date, or the data are corrupt."
    return (Note("outside_bounds", said),)


def _setup(header: LasHeader, units: LasUnits, first: NDArray[np.int64]) -> Setup:
    """Return the one set-up of a LAS file; its frame's origin is the first record."""
    base = (first * header.scale + header.offset) * units.metres
    return Setup(
        "",
        _format(header),
        T_scan_local=Pose.from_parts(np.eye(3), base),
        intensity_limits=(0.0, 65535.0),
        step=float(np.abs(header.scale * units.metres).max()),
    )


def _format(header: LasHeader) -> str:
    return f"{'LAZ' if header.compressed else 'LAS'} {header.version}"


def _withheld_bit(header: LasHeader) -> np.uint8:
    """Return the bit of byte 15 that marks a deleted point (formats 0-5: bit 7; 6-10: bit 2)."""
    return np.uint8(0x80 if header.point_format <= 5 else 0x04)


def _refuse_degrees(header: LasHeader, path: Path) -> str:
    """Refuse longitude and latitude; only note it when the header's bounds cannot be angles."""
    if np.abs(header.bounds[:, 0]).max() <= 180.0 and np.abs(header.bounds[:, 1]).max() <= 90.0:
        raise UnitContradiction(f"{path}: its coordinates are degrees; project it to a system in metres first")
    said = "its coordinate system says degrees, but the numbers are too large for that: metres are assumed."
    return Note("no_degrees", said)


def _record_type(header: LasHeader) -> np.dtype[Any]:
    """Return the fields that are read of a point record."""
    return np.dtype(
        {
            "names": ["x", "y", "z", "intensity", "flags"],
            "formats": ["<i4", "<i4", "<i4", "<u2", "u1"],
            "offsets": [0, 4, 8, 12, 15],
            "itemsize": header.record_bytes,
        }
    )


def _plain(stream: BinaryIO, header: LasHeader, size: int, path: Path, chunk_points: int) -> Iterator[NDArray[Any]]:
    """Yield runs of uncompressed records."""
    there = (size - header.point_offset) // header.record_bytes
    if there < header.count:
        raise ReadError(f"{path}: truncated: {there:,} of {header.count:,} points are there; copy the file again")
    stream.seek(header.point_offset)
    for start in range(0, header.count, chunk_points):
        count = min(chunk_points, header.count - start)
        raw = stream.read(count * header.record_bytes)
        if len(raw) < count * header.record_bytes:
            raise ReadError(f"{path}: truncated while it was read; copy the file again")
        yield np.frombuffer(raw, _record_type(header))


def _compressed(
    stream: BinaryIO, header: LasHeader, size: int, path: Path, chunk_points: int
) -> Iterator[NDArray[Any]]:
    """Yield runs of records decompressed by lazrs."""
    import lazrs

    vlr = header.records.get(_LASZIP)
    if vlr is None:
        raise ReadError(f"{path}: compressed, but its LASzip record is missing or cut off; export the file again")
    with _decoding(path):
        described = lazrs.LazVlr(vlr)
        if described.item_size() != header.record_bytes:
            raise ReadError(f"{path}: the LASzip record contradicts the header; export the file again")
        if not chunks_add_up(stream, header, vlr, size):
            raise ReadError(f"{path}: truncated or corrupt (its chunks do not add up); copy the file again")
        stream.seek(header.point_offset)
        wanted = (
            lazrs.SELECTIVE_DECOMPRESS_XY_RETURNS_CHANNEL
            | lazrs.SELECTIVE_DECOMPRESS_Z
            | lazrs.SELECTIVE_DECOMPRESS_CLASSIFICATION
            | lazrs.SELECTIVE_DECOMPRESS_FLAGS
            | lazrs.SELECTIVE_DECOMPRESS_INTENSITY
        )
        decoder = lazrs.ParLasZipDecompressor(stream, vlr, lazrs.DecompressionSelection(wanted))
    for start in range(0, header.count, chunk_points):
        raw = bytearray(min(chunk_points, header.count - start) * header.record_bytes)
        with _decoding(path):
            decoder.decompress_many(raw)
        yield np.frombuffer(raw, _record_type(header))


@contextlib.contextmanager
def _decoding(path: Path) -> Generator[None]:
    """Turn the decoder's failures into a read error, among them its panics, which are no Exceptions."""
    import lazrs

    try:
        with _quiet_stderr():
            yield
    except lazrs.LazrsError as error:
        raise ReadError(f"{path}: corrupt LAZ data ({_first_line(error)}); copy or export the file again") from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # pyo3 makes it from a Rust panic; it has no public class
            raise ReadError(f"{path}: corrupt LAZ data (the decoder gave up); copy or export the file again") from None
        raise


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0].strip() or type(error).__name__


@contextlib.contextmanager
def _quiet_stderr() -> Generator[None]:
    """Send file descriptor 2 to nowhere: a panic prints there from Rust, where Python cannot stop it."""
    with _stderr_lock:
        try:
            kept = os.dup(2)
        except OSError:  # no standard error at all: nothing to silence
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)
