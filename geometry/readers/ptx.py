"""Leica PTX: scans as grids of points in the scanner's own frame, each with its registered transform.

A scan begins with ten lines: columns, rows, the scanner's position, its three axes, and a 4x4 matrix in row-vector
form (``point @ matrix``, the translation in the last row). A point ``0 0 0`` is a ray without a return.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geometry.arrays import FloatArray, frozen
from geometry.errors import ReadError
from geometry.note import Note
from geometry.pose import Pose
from geometry.readers.chunk import Chunk, Evidence, Setup
from geometry.readers.text_rows import Rows, parse_rows, quoted_line, text_blocks

_HEADER_TOKENS = (1, 1, 3, 3, 3, 3, 4, 4, 4, 4)
_BYTES_PER_POINT = 40
_MOST_BLOCK_BYTES = 1 << 24
_MOST_POINTS = 1 << 40
_ROUNDED = 1e-3
"""A rotation matrix written with few digits is off by up to this; beyond it the matrix has scale or shear."""
_SAME_PLACE = 1e-3


@dataclass(slots=True)
class _State:
    """Where in the file the reader is."""

    header: list[FloatArray]
    setup: Setup | None = None
    left: int = 0
    declared: int = 0
    line: int = 0
    scans: int = 0
    notes: tuple[str, ...] = ()


def read_chunks(path: Path, *, chunk_points: int) -> Iterator[Chunk]:
    """Yield the scans of a PTX file in runs of about ``chunk_points`` points.

    Raises
    ------
    ReadError
        When a header is broken, its matrix is not rigid, a line is no point, or points are missing at the end.
    """
    size = path.stat().st_size
    state = _State(header=[])
    with path.open("rb") as stream:
        for text in text_blocks(stream, min(chunk_points * _BYTES_PER_POINT, _MOST_BLOCK_BYTES)):
            rows = parse_rows(text, 4)
            yield from _chunks_of_block(rows, text, state, path, stream.tell() / size)
            state.line += rows.line_count
    if state.left:
        raise ReadError(
            f"{path}: truncated: {state.left:,} of the {state.declared:,} points of scan {state.scans} are missing; "
            "copy the file again"
        )
    if state.header:
        raise ReadError(f"{path}: truncated inside the header of scan {state.scans + 1}; copy the file again")


def _chunks_of_block(rows: Rows, text: bytes, state: _State, path: Path, done: float) -> Iterator[Chunk]:
    at = 0
    while at < len(rows.tokens):
        if state.setup is None or state.left == 0:
            _take_header_line(rows, at, text, state, path)
            at += 1
            if state.setup is not None and state.left == 0 and not state.header:
                yield Chunk(state.setup, np.empty((0, 3)), notes=(*state.notes, _empty(state.scans)))
            continue
        end = min(at + state.left, len(rows.tokens))
        _check_points(rows, slice(at, end), text, state, path)
        yield _points(rows, slice(at, end), state, done)
        state.left -= end - at
        state.notes = ()
        at = end


def _take_header_line(rows: Rows, at: int, text: bytes, state: _State, path: Path) -> None:
    """Collect a header line; the tenth completes the set-up."""
    expected = _HEADER_TOKENS[len(state.header)]
    if rows.tokens[at] != expected:
        raise ReadError(
            f"{path}: line {state.line + rows.lines[at] + 1:,} should be line {len(state.header) + 1} of a PTX header "
            f"with {expected} number(s), not {quoted_line(text, int(rows.lines[at]))}; export the file again"
        )
    state.header.append(rows.values[at, :expected].copy())
    if len(state.header) < len(_HEADER_TOKENS):
        return
    grid = state.header[0][0] * state.header[1][0]
    if not 0 <= grid < _MOST_POINTS or grid % 1:
        raise ReadError(f"{path}: a PTX scan cannot have {grid:g} points; export the file again")
    state.scans += 1
    state.setup, state.notes = _setup(state.header, _name(state.scans), path)
    state.left = state.declared = int(grid)
    state.header = []


def _name(scan: int) -> Note:
    return Note("scan_number", "scan {n}", n=str(scan))


def _empty(scan: int) -> Note:
    return Note("no_points", "{name} has no points.", name=_name(scan))


def _check_points(rows: Rows, here: slice, text: bytes, state: _State, path: Path) -> None:
    """Refuse the first line that has fewer than three numbers, or something else."""
    bad = rows.tokens[here] < 3
    if bad.any():
        line = int(rows.lines[here][np.argmax(bad)])
        said = f"line {state.line + line + 1:,} is no point of scan {state.scans}: {quoted_line(text, line)}"
        raise ReadError(f"{path}: {said}; copy or export the file again")


def _points(rows: Rows, here: slice, state: _State, done: float) -> Chunk:
    assert state.setup is not None
    tokens, values = rows.tokens[here], rows.values[here]
    hit = (values[:, :3] != 0.0).any(axis=1)
    intensity = values[hit, 3].astype(np.float32) if (tokens > 3).all() else None
    return Chunk(
        state.setup,
        values[hit, :3],
        intensity,
        declared=len(values),
        invalid=int(len(hit) - np.count_nonzero(hit)),
        done=done,
        notes=state.notes,
    )


def _setup(header: list[FloatArray], name: str, path: Path) -> tuple[Setup, tuple[str, ...]]:
    """Return the set-up that ten header lines describe, and what is to be said about it."""
    if not all(np.isfinite(line).all() for line in header):
        raise ReadError(f"{path}: the header of {name} has a value that is no number; export the file again")
    matrix = np.array(header[6:10]).T
    notes: list[str] = []
    if not matrix[:3, 3].any() and matrix[3, :3].any():
        matrix = matrix.T
        notes.append(Note("matrix_turned", "the matrix of {name} is written in columns and was turned.", name=name))
    u, stretch, vt = np.linalg.svd(matrix[:3, :3])
    rotation = u @ vt
    if np.abs(stretch - 1.0).max() > _ROUNDED or np.linalg.det(rotation) < 0 or matrix[3].tolist() != [0, 0, 0, 1]:
        raise ReadError(
            f"{path}: the matrix of {name} is not rigid (scale, shear or mirror); export it registered, in metres"
        )
    if np.abs(rotation - matrix[:3, :3]).max() < 1e-12:
        rotation = matrix[:3, :3]
    T_scan_local = Pose.from_parts(rotation, matrix[:3, 3])
    position, evidence = T_scan_local.translation, Evidence.STATED
    if np.array_equal(T_scan_local.matrix, np.eye(4)):
        position = header[2]
        evidence = Evidence.STATED if position.any() else Evidence.DEFAULT
    elif np.linalg.norm(position - header[2]) > _SAME_PLACE:
        said = "{name} gives two places for its scanner; the one of its matrix is used."
        notes.append(Note("two_places", said, name=name))
    setup = Setup(
        "", "PTX", T_scan_local=T_scan_local, position=position, evidence=evidence, intensity_limits=(0.0, 1.0),
        rotation=None if np.array_equal(T_scan_local.matrix, np.eye(4)) else frozen(np.array(T_scan_local.rotation)),
    )  # fmt: skip
    return setup, tuple(notes)
