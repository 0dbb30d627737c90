"""PLY point clouds (and the vertices of PLY meshes): ascii, binary little and big endian.

Properties may come in any order and type; extra ones are skipped, lists too, also in front of the coordinates.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from geometry.errors import ReadError
from geometry.note import Note
from geometry.readers.chunk import Chunk, Setup
from geometry.readers.records import columns_of, intensity_of, record_runs, truncated
from geometry.readers.text_rows import parse_rows, text_blocks

_TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_INTENSITY = ("intensity", "scalar_intensity", "reflectance", "scalar_reflectance")
_LONGEST_HEADER = 1 << 20
_BYTES_PER_LINE = 32
_MOST_BLOCK_BYTES = 1 << 24
_XYZ = ("x", "y", "z")


@dataclass(frozen=True, slots=True)
class _Property:
    name: str
    type: str
    count_type: str | None
    """Not None: a list, whose length has this type."""


@dataclass(frozen=True, slots=True)
class _Element:
    name: str
    count: int
    properties: tuple[_Property, ...]

    @property
    def has_lists(self) -> bool:
        return any(p.count_type for p in self.properties)

    def find(self, *names: str) -> _Property | None:
        return next((p for p in self.properties if p.name.lower() in names and not p.count_type), None)


@dataclass(frozen=True, slots=True)
class _Header:
    format: str
    elements: tuple[_Element, ...]

    @property
    def order(self) -> str:
        return _ORDERS[self.format]


def read_chunks(path: Path, *, chunk_points: int) -> Iterator[Chunk]:
    """Yield the vertices of a PLY file in runs of at most ``chunk_points``.

    Raises
    ------
    ReadError
        When the header is broken, there are no x, y, z, or the file ends before its last vertex.
    """
    with path.open("rb") as stream:
        header = _header(stream, path)
        before = list(itertools.takewhile(lambda e: e.name != "vertex", header.elements))
        if len(before) == len(header.elements):
            raise ReadError(f"{path}: a PLY file without vertices; export the points")
        vertex = header.elements[len(before)]
        found = [vertex.find(axis) for axis in _XYZ]
        if any(p is None for p in found):
            raise ReadError(f"{path}: its vertices have no x, y, z; export the points with their coordinates")
        setup = Setup("", f"PLY {header.format}", single_precision=all(p is not None and p.type == "f4" for p in found))
        notes = _mesh_notes(header)
        if vertex.count == 0:
            yield Chunk(setup, np.empty((0, 3)), notes=notes)
            return
        read = 0
        for chunk in (
            _ascii(stream, before, vertex, setup, path, chunk_points)
            if not header.order
            else _binary(stream, header.order, before, vertex, setup, path, chunk_points)
        ):
            read += chunk.declared
            yield Chunk(
                setup,
                chunk.points,
                chunk.intensity,
                declared=chunk.declared,
                expected=vertex.count,
                done=read / vertex.count,
                notes=notes,
            )
            notes = ()


def _mesh_notes(header: _Header) -> tuple[str, ...]:
    if any(e.name == "face" and e.count for e in header.elements):
        return (Note("mesh_as_scan", "a mesh: its vertices are taken as the scanned points."),)
    return ()


def _header(stream: BinaryIO, path: Path) -> _Header:
    """Read up to ``end_header``; the stream then stands at the data."""
    raw = bytearray()
    while not raw.rstrip().endswith(b"end_header") and len(raw) < _LONGEST_HEADER:
        line = _line(stream)
        if not line:
            raise ReadError(f"{path}: truncated inside the PLY header; copy the file again")
        raw += line
    format_name = ""
    elements: list[tuple[str, int, list[_Property]]] = []
    for words in (line.split() for line in raw.decode("latin-1").splitlines()):
        match words:
            case ["format", name, *_]:
                format_name = name
            case ["element", name, count] if count.isdecimal():
                elements.append((name, int(count), []))
            case ["property", "list", count_type, item_type, name] if elements and {count_type, item_type} <= set(
                _TYPES
            ):
                elements[-1][2].append(_Property(name, _TYPES[item_type], _TYPES[count_type]))
            case ["property", type_name, name] if elements and type_name in _TYPES:
                elements[-1][2].append(_Property(name, _TYPES[type_name], None))
            case ["element" | "property", *_]:
                raise ReadError(
                    f"{path}: the PLY header has a line that is not PLY: {' '.join(words)[:60]}; export it again"
                )
            case _:
                pass
    if format_name not in _ORDERS:
        raise ReadError(f"{path}: PLY format '{format_name[:40]}' is not known; export it as binary_little_endian")
    return _Header(format_name, tuple(_Element(name, count, tuple(p)) for name, count, p in elements))


def _line(stream: BinaryIO) -> bytes:
    """Return a header line; some writers end it with a lone carriage return."""
    line = bytearray()
    while byte := stream.read(1):
        line += byte
        if byte == b"\n":
            break
        if byte == b"\r":
            here = stream.tell()
            if stream.read(1) != b"\n":
                stream.seek(here)
            break
        if len(line) > _LONGEST_HEADER:
            break
    return bytes(line)


def _binary(
    stream: BinaryIO, order: str, before: list[_Element], vertex: _Element, setup: Setup, path: Path, chunk_points: int
) -> Iterator[Chunk]:
    for element in before:
        _skip(stream, order, element, path)
    if vertex.has_lists:
        yield from _binary_with_lists(stream, order, vertex, setup, path, chunk_points)
        return
    # numbered names, because nothing forbids two properties of one name
    record = np.dtype([(f"{i} {p.name.lower()}", order + p.type) for i, p in enumerate(vertex.properties)])
    names = [next(n for n in record.names or () if n.split(" ", 1)[1] == axis) for axis in _XYZ]
    intensity = next((n for n in record.names or () if n.split(" ", 1)[1] in _INTENSITY), None)
    for run in record_runs(stream, record, vertex.count, path, chunk_points=chunk_points):
        points = columns_of(run, (names[0], names[1], names[2]))
        yield Chunk(setup, points, intensity_of(run, intensity), declared=len(run))


def _skip(stream: BinaryIO, order: str, element: _Element, path: Path) -> None:
    """Pass over an element in front of the vertices."""
    if not element.has_lists:
        stream.seek(element.count * sum(int(p.type[1]) for p in element.properties), 1)
        return
    for _ in range(element.count):
        _record(stream, order, element, path)


def _record(stream: BinaryIO, order: str, element: _Element, path: Path) -> dict[str, float]:
    """Read one record with lists; return its scalars."""
    values: dict[str, float] = {}
    for prop in element.properties:
        if prop.count_type:
            count = int(_scalar(stream, order + prop.count_type, element, path))
            stream.seek(max(count, 0) * int(prop.type[1]), 1)
        else:
            values.setdefault(prop.name.lower(), float(_scalar(stream, order + prop.type, element, path)))
    return values


def _scalar(stream: BinaryIO, kind: str, element: _Element, path: Path) -> Any:
    raw = stream.read(int(kind[2]))
    if len(raw) < int(kind[2]):
        raise ReadError(f"{path}: truncated inside its {element.name} records; copy the file again")
    return np.frombuffer(raw, kind)[0]


def _binary_with_lists(
    stream: BinaryIO, order: str, vertex: _Element, setup: Setup, path: Path, chunk_points: int
) -> Iterator[Chunk]:
    """Read vertices that hold lists one by one: slow, and seen only in odd files."""
    for start in range(0, vertex.count, chunk_points):
        records = [_record(stream, order, vertex, path) for _ in range(min(chunk_points, vertex.count - start))]
        yield Chunk(setup, np.array([[r[a] for a in _XYZ] for r in records]), declared=len(records))


def _ascii(
    stream: BinaryIO, before: list[_Element], vertex: _Element, setup: Setup, path: Path, chunk_points: int
) -> Iterator[Chunk]:
    """Read vertices as lines of text."""
    skip = sum(e.count for e in before)
    left = vertex.count
    columns = _columns(vertex, path)
    for text in text_blocks(stream, min(chunk_points * _BYTES_PER_LINE, _MOST_BLOCK_BYTES)):
        rows = parse_rows(text, max(columns) + 1, separators=b"")
        begin = min(skip, len(rows.tokens))
        skip -= begin
        values = rows.values[begin : begin + left]
        tokens = rows.tokens[begin : begin + left]
        if (tokens <= max(columns[:3])).any():
            at = vertex.count - left + int(np.argmax(tokens <= max(columns[:3])))
            raise ReadError(f"{path}: vertex {at + 1:,} is no line of numbers; the file is truncated or corrupt")
        left -= len(values)
        if len(values):
            intensity = values[:, columns[3]].astype(np.float32) if len(columns) > 3 else None
            yield Chunk(setup, values[:, columns[:3]], intensity, declared=len(values))
        if left == 0:
            return
    raise truncated(path, vertex.count - left, vertex.count)


def _columns(vertex: _Element, path: Path) -> list[int]:
    """Return the columns of x, y, z and of the intensity when there is one in front of any list."""
    scalars = list(itertools.takewhile(lambda p: not p.count_type, vertex.properties))
    names = [p.name.lower() for p in scalars]
    if not set(_XYZ) <= set(names):
        raise ReadError(f"{path}: ascii vertices with a list in front of x, y, z; export it as binary_little_endian")
    return [names.index(axis) for axis in _XYZ] + [i for i, name in enumerate(names) if name in _INTENSITY][:1]
