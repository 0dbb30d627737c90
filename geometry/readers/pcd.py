"""PCD (Point Cloud Library): ascii, binary and binary_compressed.

``VIEWPOINT`` is taken as the scanner's position in the frame of the points, as PCL's normal estimation and CloudCompare
do; its quaternion is not applied. The default ``0 0 0 1 0 0 0`` says nothing (see :mod:`.station_evidence`).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import FloatArray, frozen
from geometry.errors import ReadError
from geometry.pose import quaternion_rotation
from geometry.readers.chunk import Chunk, Evidence, Setup
from geometry.readers.lzf import decompress
from geometry.readers.records import columns_of, intensity_of, record_runs, truncated
from geometry.readers.text_rows import parse_rows, text_blocks

_KINDS = {"F": "f", "I": "i", "U": "u"}
_SIZES = {"F": (4, 8), "I": (1, 2, 4, 8), "U": (1, 2, 4, 8)}
_XYZ = ("x", "y", "z")
_LONGEST_HEADER = 1 << 16
_BYTES_PER_LINE = 32
_MOST_BLOCK_BYTES = 1 << 24
_UNIT_QUATERNION = 1e-3
"""A quaternion written with few digits is off by up to this."""


@dataclass(frozen=True, slots=True, eq=False)
class _Header:
    version: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    """numpy types, such as ``<f4``."""
    counts: tuple[int, ...]
    points: int
    viewpoint: FloatArray
    """(7,) translation and quaternion."""
    data: str

    @property
    def intensity(self) -> str | None:
        return next((name for name in self.names if name in ("intensity", "reflectance")), None)

    def column(self, name: str) -> int:
        """Return where a field begins, counted in numbers."""
        return sum(self.counts[: self.names.index(name)])


def read_chunks(path: Path, *, chunk_points: int) -> Iterator[Chunk]:
    """Yield the points of a PCD file in runs of at most ``chunk_points``.

    Raises
    ------
    ReadError
        When the header is broken, there are no x, y, z, or the data are truncated or corrupt.
    """
    with path.open("rb") as stream:
        header = _header(stream, path)
        setup = _setup(header)
        if header.points == 0:
            yield Chunk(setup, np.empty((0, 3)))
            return
        readers = {"ascii": _ascii, "binary": _binary, "binary_compressed": _compressed}
        if header.data not in readers:
            raise ReadError(f"{path}: PCD data '{header.data[:40]}' are not known; export it as binary")
        read = 0
        for chunk in readers[header.data](stream, header, setup, path, chunk_points):
            read += chunk.declared
            yield Chunk(
                setup,
                chunk.points,
                chunk.intensity,
                declared=chunk.declared,
                expected=header.points,
                done=read / header.points,
            )


def _setup(header: _Header) -> Setup:
    says_nothing = header.viewpoint.tolist() == [0, 0, 0, 1, 0, 0, 0]
    return Setup(
        "",
        f"PCD {header.version} {header.data}",
        position=header.viewpoint[:3],
        evidence=Evidence.DEFAULT if says_nothing else Evidence.STATED,
        rotation=_rotation(header.viewpoint[3:]),
        single_precision=all(header.types[header.names.index(axis)] == "<f4" for axis in _XYZ),
    )


def _rotation(quaternion: FloatArray) -> FloatArray | None:
    """Return the rotation of a viewpoint's quaternion (w, x, y, z); None for the default, and for what is none."""
    length = float(np.linalg.norm(quaternion))
    if quaternion.tolist() == [1, 0, 0, 0] or not abs(length - 1.0) <= _UNIT_QUATERNION:
        return None
    w, x, y, z = quaternion / length
    return frozen(quaternion_rotation(w, x, y, z))


def _header(stream: BinaryIO, path: Path) -> _Header:
    """Read up to the DATA line; the stream then stands at the data."""
    entries: dict[str, list[str]] = {}
    while "DATA" not in entries:
        line = stream.readline(_LONGEST_HEADER)
        if not line or stream.tell() > _LONGEST_HEADER:
            raise ReadError(f"{path}: truncated inside the PCD header; copy the file again")
        words = line.decode("latin-1").split()
        if words and not words[0].startswith("#"):
            entries[words[0].upper()] = words[1:]
    try:
        return _parsed(entries)
    except (KeyError, ValueError, IndexError):
        raise ReadError(f"{path}: the PCD header is broken or has no x, y, z; export the file again") from None


def _parsed(entries: dict[str, list[str]]) -> _Header:
    names = tuple(name.lower() for name in entries["FIELDS"])
    kinds = [kind.upper() for kind in entries["TYPE"]]
    sizes = [int(size) for size in entries["SIZE"]]
    counts = tuple(int(count) for count in entries.get("COUNT", ["1"] * len(names)))
    points = int(entries["POINTS"][0]) if "POINTS" in entries else int(entries["WIDTH"][0]) * int(entries["HEIGHT"][0])
    viewpoint = np.array([float(v) for v in entries.get("VIEWPOINT", ["0", "0", "0", "1", "0", "0", "0"])])
    if not (len(names) == len(kinds) == len(sizes) == len(counts)) or not set(_XYZ) <= set(names):
        raise ValueError("fields do not match")
    if any(size not in _SIZES[kind] for kind, size in zip(kinds, sizes, strict=True)) or min(counts) < 0 or points < 0:
        raise ValueError("impossible type or count")
    if (
        any(counts[names.index(axis)] != 1 for axis in _XYZ)
        or viewpoint.shape != (7,)
        or not np.isfinite(viewpoint).all()
    ):
        raise ValueError("coordinates with a count, or no viewpoint")
    types = tuple(f"<{_KINDS[kind]}{size}" for kind, size in zip(kinds, sizes, strict=True))
    version, data = entries.get("VERSION", ["0.7"])[0], entries["DATA"][0].lower()
    return _Header(version, names, types, counts, points, viewpoint, data)


def _ascii(stream: BinaryIO, header: _Header, setup: Setup, path: Path, chunk_points: int) -> Iterator[Chunk]:
    columns = [header.column(axis) for axis in _XYZ]
    extra = None if header.intensity is None else header.column(header.intensity)
    width = max(*columns, -1 if extra is None else extra) + 1
    left = header.points
    for text in text_blocks(stream, min(chunk_points * _BYTES_PER_LINE, _MOST_BLOCK_BYTES)):
        rows = parse_rows(text, width, separators=b"")
        values, tokens = rows.values[:left], rows.tokens[:left]
        if (tokens < width).any():
            at = header.points - left + int(np.argmax(tokens < width))
            raise ReadError(f"{path}: point {at + 1:,} is no line of numbers; the file is truncated or corrupt")
        left -= len(values)
        if len(values):
            intensity = None if extra is None else values[:, extra].astype(np.float32)
            yield Chunk(setup, values[:, columns], intensity, declared=len(values))
        if left == 0:
            return
    raise truncated(path, header.points - left, header.points)


def _binary(stream: BinaryIO, header: _Header, setup: Setup, path: Path, chunk_points: int) -> Iterator[Chunk]:
    # numbered names, because padding fields are all called "_"
    record = np.dtype(
        [
            (f"{i}", kind, (count,) if count != 1 else ())
            for i, (kind, count) in enumerate(zip(header.types, header.counts, strict=True))
        ]
    )
    x, y, z = (str(header.names.index(axis)) for axis in _XYZ)
    intensity = None if header.intensity is None else str(header.names.index(header.intensity))
    for run in record_runs(stream, record, header.points, path, chunk_points=chunk_points):
        yield Chunk(setup, columns_of(run, (x, y, z)), intensity_of(run, intensity), declared=len(run))


def _compressed(stream: BinaryIO, header: _Header, setup: Setup, path: Path, chunk_points: int) -> Iterator[Chunk]:
    """Read the whole LZF block (the format cannot be cut): all fields of one kind lie together."""
    lengths = [header.points * count * int(kind[2]) for kind, count in zip(header.types, header.counts, strict=True)]
    sizes = stream.read(8)
    if len(sizes) < 8:
        raise ReadError(f"{path}: truncated in front of the compressed data; copy the file again")
    packed_size, size = struct.unpack("<II", sizes)
    packed = stream.read(packed_size)
    if len(packed) < packed_size:
        raise ReadError(
            f"{path}: truncated: {len(packed):,} of {packed_size:,} compressed bytes are there; copy it again"
        )
    if size != sum(lengths):
        raise ReadError(f"{path}: the PCD header contradicts the size of its data; export the file again")
    data = decompress(packed, size)
    if data is None:
        raise ReadError(f"{path}: its compressed data are corrupt; copy or export the file again")
    for start in range(0, header.points, chunk_points):
        here = slice(start, min(start + chunk_points, header.points))
        points = np.column_stack([_field(data, header, lengths, axis)[here] for axis in _XYZ]).astype(np.float64)
        intensity = None
        if header.intensity is not None:
            intensity = _field(data, header, lengths, header.intensity)[here].astype(np.float32)
        yield Chunk(setup, points, intensity, declared=len(points))


def _field(data: NDArray[np.uint8], header: _Header, lengths: list[int], name: str) -> NDArray[Any]:
    """Return a field of all points out of the decompressed block."""
    index = header.names.index(name)
    begin = sum(lengths[:index])
    return data[begin : begin + lengths[index]].view(header.types[index])[:: header.counts[index]]
