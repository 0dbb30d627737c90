"""XYZ-like text tables (.xyz .txt .csv .asc) and Leica PTS.

Columns may be separated by spaces, tabs, commas or semicolons (then a comma may be the decimal sign); comment and
header lines, extra columns and a leading point number are understood. PTS: a line with a count begins each section.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geometry.arrays import Float32Array, FloatArray
from geometry.errors import ReadError
from geometry.note import Note
from geometry.readers.chunk import Chunk, Setup
from geometry.readers.text_rows import Rows, parse_rows, quoted_line, text_blocks

_HEAD_BYTES = 1 << 16
_BYTES_PER_POINT = 32
_MOST_BLOCK_BYTES = 1 << 24
_MOST_COLUMNS = 32
_HEADER_LINES = 20
"""Lines before the first point that may be anything."""
_WORST_SHARE = 0.5
"""When more lines than this are no points, the file is no table of points."""
_X, _Y, _Z = (
    ("x", "easting", "east", "rechtswert"),
    ("y", "northing", "north", "hochwert"),
    ("z", "elevation", "height", "altitude"),
)
_INTENSITY = ("intensity", "i", "reflectance", "reflectivity", "scalar_intensity")
_DECIMAL_COMMA = re.compile(rb"\d,\d")


@dataclass(frozen=True, slots=True)
class _Table:
    """Where the coordinates are in a line."""

    columns: tuple[int, int, int]
    intensity: int | None
    decimal_comma: bool
    format: str
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Tally:
    """What went by so far."""

    setup: Setup
    line: int = 0
    rows: int = 0
    announced: int | None = None
    in_section: int = 0
    sections: int = 0
    bad: int = 0
    first_bad: int = 0
    bad_text: str = ""
    """The first line that is no point, as a message shows it."""
    before: str = ""
    """The first line before any point, its number and as a message shows it, where it is no count either."""


def read_chunks(path: Path, *, chunk_points: int) -> Iterator[Chunk]:
    """Yield the points of a text table in blocks of about ``chunk_points`` lines.

    Raises
    ------
    ReadError
        When the file is binary, holds no table of points, or a section has fewer points than its count line says.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        table = _table(stream.read(_HEAD_BYTES), path)
        stream.seek(0)
        tally = _Tally(Setup("", table.format))
        notes = table.notes
        for text in text_blocks(stream, min(chunk_points * _BYTES_PER_POINT, _MOST_BLOCK_BYTES)):
            if b"\0" in text:
                raise ReadError(f"{path}: binary data in a text file; copy or export the file again")
            for chunk in _chunks_of_block(text, table, tally, path):
                yield Chunk(
                    chunk.setup,
                    chunk.points,
                    chunk.intensity,
                    declared=chunk.declared,
                    notes=notes,
                    done=stream.tell() / size,
                )
                notes = ()
        _check_section(tally, path)
        yield Chunk(tally.setup, np.empty((0, 3)), notes=(*notes, *_closing_notes(tally, path)), done=1.0)


def _chunks_of_block(text: bytes, table: _Table, tally: _Tally, path: Path) -> Iterator[Chunk]:
    """Yield the points of one block, split where a count line begins a section."""
    if table.decimal_comma:
        rows = parse_rows(text.replace(b",", b"."), _width(table), separators=b";")
    else:
        rows = parse_rows(text, _width(table))
    good = rows.tokens > max(table.columns)
    counts = (rows.tokens == 1) & (rows.values[:, 0] >= 0) & (rows.values[:, 0] % 1 == 0)
    if table.format != "PTS":
        counts &= (rows.lines + tally.line) == 0
    _count_bad(rows, good, counts, tally, text)
    start = 0
    for stop in (*np.flatnonzero(counts), len(good)):
        here = slice(start, int(stop))
        kept = rows.values[here] if good[here].all() else rows.values[here][good[here]]
        tally.rows += len(kept)
        tally.in_section += len(kept)
        if len(kept):
            yield Chunk(tally.setup, _points(kept, table), _intensity(kept, table), declared=len(kept))
        if stop < len(good):
            _begin_section(tally, int(rows.values[stop, 0]), table, path)
        start = int(stop) + 1
    tally.line += rows.line_count


def _width(table: _Table) -> int:
    return 1 + max(*table.columns, -1 if table.intensity is None else table.intensity)


def _points(values: FloatArray, table: _Table) -> FloatArray:
    """Return x, y, z; a view when they are neighbours, as nearly always."""
    x, y, z = table.columns
    return values[:, x : x + 3] if (y, z) == (x + 1, x + 2) else values[:, [x, y, z]]


def _intensity(values: FloatArray, table: _Table) -> Float32Array | None:
    return None if table.intensity is None else values[:, table.intensity].astype(np.float32)


def _count_bad(rows: Rows, good: np.ndarray, counts: np.ndarray, tally: _Tally, text: bytes) -> None:
    """Count lines that are no points; the first lines before any point are a header and do not count."""
    lines = rows.lines + tally.line
    bad = ~good & ~counts
    if tally.rows == 0:
        if not tally.before and (head := np.flatnonzero(bad)).size:
            tally.before = f"{int(lines[head[0]]) + 1:,}, {quoted_line(text, int(rows.lines[head[0]]))}"
        first = int(np.argmax(good)) if good.any() else len(good)
        bad[:first] &= lines[:first] >= _HEADER_LINES
    if bad.any():
        if not tally.first_bad:
            first = int(np.argmax(bad))
            tally.first_bad, tally.bad_text = int(lines[first]) + 1, quoted_line(text, int(rows.lines[first]))
        tally.bad += int(np.count_nonzero(bad))


def _begin_section(tally: _Tally, announced: int, table: _Table, path: Path) -> None:
    """Close the section so far, and open the next; each section of a PTS file is a scan of its own."""
    _check_section(tally, path)
    if tally.rows:
        tally.setup = Setup("", table.format)
    tally.announced, tally.in_section = announced, 0


def _check_section(tally: _Tally, path: Path) -> None:
    if tally.announced is not None and tally.in_section < tally.announced:
        why = f", and line {tally.first_bad:,} is no point: {tally.bad_text}" if tally.bad else ""
        raise ReadError(
            f"{path}: truncated: {tally.in_section:,} of {tally.announced:,} points are there{why}; copy the file again"
        )


def _closing_notes(tally: _Tally, path: Path) -> tuple[str, ...]:
    """Return the note about skipped lines, or refuse when they are too many."""
    if tally.rows == 0 and tally.bad == 0 and tally.before:
        raise ReadError(
            f"{path}: not a table of points: no line begins with three numbers (first: line {tally.before}); "
            "export it as x y z"
        )
    if tally.bad == 0:
        return ()
    if tally.bad > _WORST_SHARE * (tally.bad + tally.rows) and tally.bad > 1:
        raise ReadError(
            f"{path}: not a table of points: {tally.bad:,} lines do not begin with three numbers "
            f"(first: line {tally.first_bad:,}, {tally.bad_text}); export it as x y z"
        )
    said = "{lines} lines are no points and were skipped (first: line {first}, {text})."
    return (Note("lines_skipped", said, lines=f"{tally.bad:,}", first=f"{tally.first_bad:,}", text=tally.bad_text),)


def _table(head: bytes, path: Path) -> _Table:
    """Find out from the first lines where the coordinates are."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    lines = [line for line in re.split(rb"[\r\n]+", head) if line.strip()]
    if len(head) == _HEAD_BYTES:
        lines = lines[:-1]
    decimal_comma = any(b";" in line and _DECIMAL_COMMA.search(line) for line in lines[:100])
    named = next((c for c in map(_named_columns, lines[:20]) if c is not None), None)
    sample = b"\n".join(lines[:1000])
    sample = sample.replace(b",", b".") if decimal_comma else sample
    rows = parse_rows(sample, _MOST_COLUMNS, separators=b";" if decimal_comma else b",;")
    is_pts = path.suffix.lower() == ".pts"
    format_name = "PTS" if is_pts else "XYZ text"
    if named is not None:
        return _Table(named[0], named[1], decimal_comma, format_name, ())
    first = 1 if _has_point_numbers(rows) else 0
    numbered = Note("point_numbers", "the first column is a point number; x y z are the next three.")
    note = (numbered,) if first else ()
    widths = rows.tokens[rows.tokens > 2]
    has_intensity = is_pts and len(widths) > 0 and int(np.median(widths)) in (4, 7)
    return _Table((first, first + 1, first + 2), first + 3 if has_intensity else None, decimal_comma, format_name, note)


def _named_columns(line: bytes) -> tuple[tuple[int, int, int], int | None] | None:
    """Return the columns that a header line names, None when it is not one."""
    separator = next((s for s in (b";", b",") if s in line), None)
    words = line.strip().strip(b"#/%!").strip().split(separator)
    names = [re.sub(r"\W*[\[(].*|\W", "", w.decode("latin-1")).lower() for w in words]
    places = [next((i for i, name in enumerate(names) if name in options), None) for options in (_X, _Y, _Z)]
    if any(place is None for place in places):
        return None
    x, y, z = (place for place in places if place is not None)
    return (x, y, z), next((i for i, name in enumerate(names) if name in _INTENSITY), None)


def _has_point_numbers(rows: Rows) -> bool:
    """Return True when the first of four or more columns just counts 0, 1, 2 ... or 1, 2, 3 ..."""
    numbers = rows.values[rows.tokens > 3, 0]
    return len(numbers) >= 3 and numbers[0] in (0.0, 1.0) and bool((np.diff(numbers) == 1.0).all())
