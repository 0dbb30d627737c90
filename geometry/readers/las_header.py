"""The header and the variable length records of LAS 1.0 - 1.4 (ASPRS), checked against the size of the file.

Everything that a damaged header could blow up (counts, offsets, lengths) is compared with the bytes that are really
there before anything is allocated or looped over: other readers were seen to loop over four billion records of a
500-byte file.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from geometry.arrays import FloatArray
from geometry.errors import ReadError

_RECORD_BYTES = (20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67)
"""Least bytes of a point record of format 0..10."""
_VLR = struct.Struct("<H16sHH32s")
_EVLR = struct.Struct("<H16sHQ32s")
_LARGEST_KEPT_RECORD = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class LasHeader:
    """What is needed to read the points."""

    version: str
    point_format: int
    compressed: bool
    point_offset: int
    record_bytes: int
    count: int
    scale: FloatArray
    offset: FloatArray
    bounds: FloatArray
    """(2, 3): least and largest coordinates as the header gives them; never checked against the points."""
    wkt_preferred: bool
    records: dict[tuple[str, int], bytes]
    """Variable length records by (user id, record id)."""


def read_header(stream: BinaryIO, size: int, path: Path) -> LasHeader:
    """Return the header of a LAS file of ``size`` bytes.

    Raises
    ------
    ReadError
        When the header is cut off, of an unknown version, or contradicts the size of the file.
    """
    head = stream.read(375)
    if len(head) < 227:
        raise ReadError(f"{path}: truncated inside the LAS header ({len(head)} bytes); copy the file again")
    major, minor = head[24], head[25]
    header_bytes, point_offset, vlr_count, raw_format, record_bytes = struct.unpack_from("<HIIBH", head, 94)
    point_format = raw_format & 0x3F
    if major != 1 or minor > 4:
        raise ReadError(f"{path}: LAS version {major}.{minor} is not known; export it as LAS 1.2 or 1.4")
    if point_format >= len(_RECORD_BYTES):
        raise ReadError(f"{path}: LAS point format {point_format} is not known; export it as point format 0 to 10")
    if record_bytes < _RECORD_BYTES[point_format] or header_bytes < 227 or point_offset < header_bytes:
        raise ReadError(f"{path}: the LAS header contradicts itself; export the file again")
    if point_offset > size or header_bytes + vlr_count * _VLR.size > point_offset:
        raise ReadError(f"{path}: the LAS header points beyond the file (truncated or corrupt); copy the file again")
    scale, offset = np.array(struct.unpack_from("<3d", head, 131)), np.array(struct.unpack_from("<3d", head, 155))
    if not ((1e-12 < np.abs(scale)) & (np.abs(scale) < 1e6) & (np.abs(offset) < 1e15)).all():  # NaN compares false
        raise ReadError(f"{path}: the LAS header has an impossible scale or offset; export the file again")
    records = _vlrs(stream, header_bytes, vlr_count, point_offset)
    if minor >= 4 and len(head) == 375:
        records = _evlrs(stream, *struct.unpack_from("<QI", head, 235), size) | records
    return LasHeader(
        version=f"{major}.{minor}",
        point_format=point_format,
        compressed=bool(raw_format & 0xC0),
        point_offset=point_offset,
        record_bytes=record_bytes,
        count=_count(head, minor),
        scale=scale,
        offset=offset,
        bounds=np.array(struct.unpack_from("<6d", head, 179)).reshape(3, 2).T[::-1],
        wkt_preferred=bool(struct.unpack_from("<H", head, 6)[0] & 16),
        records=records,
    )


def _count(head: bytes, minor: int) -> int:
    """Return the number of points: the 64-bit field of LAS 1.4, else the 32-bit one."""
    legacy = int(struct.unpack_from("<I", head, 107)[0])
    if minor >= 4 and len(head) == 375:
        return int(struct.unpack_from("<Q", head, 247)[0]) or legacy
    return legacy


def _vlrs(stream: BinaryIO, start: int, count: int, end: int) -> dict[tuple[str, int], bytes]:
    """Return the variable length records between ``start`` and ``end``; a cut-off one ends the list."""
    records: dict[tuple[str, int], bytes] = {}
    at = start
    for _ in range(count):
        stream.seek(at)
        head = stream.read(_VLR.size)
        if len(head) < _VLR.size:
            break
        _, user, number, length, _ = _VLR.unpack(head)
        at += _VLR.size + length
        if at > end:
            break
        records.setdefault((_text(user), number), stream.read(length))
    return records


def _evlrs(stream: BinaryIO, start: int, count: int, size: int) -> dict[tuple[str, int], bytes]:
    """Return the extended records (a WKT may lie there); ones that do not fit into the file end the list."""
    records: dict[tuple[str, int], bytes] = {}
    at = start
    for _ in range(min(count, size // _EVLR.size)):
        if start == 0 or at + _EVLR.size > size:
            break
        stream.seek(at)
        _, user, number, length, _ = _EVLR.unpack(stream.read(_EVLR.size))
        at += _EVLR.size + length
        if at > size:
            break
        if length <= _LARGEST_KEPT_RECORD:
            records.setdefault((_text(user), number), stream.read(length))
    return records


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("latin-1")
