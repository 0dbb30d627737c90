"""A cloud larger than memory as records on the disk, sorted into cells small enough to work on."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import IntArray
from geometry.errors import EmptyInput
from twin.errors import Invalid
from twin.scene.cells import Cell, morton
from twin.scene.deviation_points import CHUNK, STEP_M, DeviationPoints, bounds, record_type, records_of

LEVELS = 7
"""How many levels one pass over the file tells apart: two million cells."""
_DEVIATIONS = 1 << 16


@dataclass(frozen=True, slots=True)
class Records:
    """A run of records in a file."""

    path: Path
    layout: np.dtype[Any]
    start: int
    count: int

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield the records in order, a million at a time."""
        for start in range(0, self.count, CHUNK):
            yield self._read(start, min(CHUNK, self.count - start))

    def all(self) -> NDArray[Any]:
        """Return the records as one array."""
        return self._read(0, self.count)

    def _read(self, start: int, count: int) -> NDArray[Any]:
        found = np.fromfile(self.path, self.layout, count, offset=(self.start + start) * self.layout.itemsize)
        if len(found) != count:
            raise OSError(f"{self.path.name}: {count:,} points were written and only {len(found):,} are there")
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Spooled:
    """A whole cloud on the disk, and what was counted while it was written."""

    records: Records
    bounds: IntArray
    """(2, 3) steps."""
    histogram: IntArray
    """(65536,) points per deviation step, from -32768 (no deviation) to 32767."""


@dataclass(frozen=True, slots=True)
class Task:
    """A cell and its points."""

    cell: Cell
    records: Records


def spool(chunks: Iterable[DeviationPoints], path: Path, elements: int) -> Spooled:
    """Write all points to a file.

    Raises
    ------
    EmptyInput
        If there is no point.
    Invalid
        As ``records_of``.
    """
    layout: np.dtype[Any] | None = None
    lows: list[IntArray] = []
    histogram = np.zeros(_DEVIATIONS, np.int64)
    count = 0
    with path.open("wb") as stream:
        for chunk in chunks:
            for part in chunk.slices():
                layout = layout or record_type(part)
                records = records_of(part, layout, elements)
                records.tofile(stream)
                lows = [_joined([*lows, bounds(records)])]
                histogram += np.bincount(
                    records["deviation"].astype(np.int64) + _DEVIATIONS // 2, minlength=_DEVIATIONS
                )
                count += len(records)
    if layout is None or count == 0:
        raise EmptyInput("there is no point to make tiles of")
    return Spooled(Records(path, layout, 0, count), lows[0], histogram)


def partition(records: Records, cell: Cell, folder: Path, *, most: int, finest: int) -> list[Task]:
    """Sort the records of a cell by cells of at most ``most`` points, in the order of the Morton curve.

    Points of a cell stay in the order in which they came, so that nothing depends on how they were cut into chunks.

    Raises
    ------
    Invalid
        If more than ``most`` points lie in a cell that the Morton order cannot divide.
    """
    if records.count <= most:
        return [Task(cell, records)]
    levels = min(LEVELS, cell.bits - finest)
    if levels == 0:
        width_mm = 1000.0 * STEP_M * (1 << cell.bits)
        raise Invalid(f"{records.count:,} points lie within {width_mm:.2g} mm: the scan repeats its points; thin it")
    smallest = cell.bits - levels
    counts = np.zeros(8**levels, np.int64)
    for block in records.blocks():
        counts += np.bincount(morton(block["steps"], cell, smallest).astype(np.int64), minlength=len(counts))
    chosen = list(_cells(cell, counts, levels, most))
    target = folder / f"{cell.path}.points"
    tasks = _sorted(records, cell, chosen, smallest, target)
    divided: list[Task] = []
    for task in tasks:
        divided += partition(task.records, task.cell, folder, most=most, finest=finest)
    return divided


def _cells(cell: Cell, counts: IntArray, levels: int, most: int) -> Iterator[tuple[Cell, int, int]]:
    """Yield the largest cells with at most ``most`` points, each with its range of smallest cells and its count."""
    totals = [counts]
    for _ in range(levels):
        totals.append(totals[-1].reshape(-1, 8).sum(axis=1))
    stack = [(cell, 0, levels)]
    while stack:
        here, place, height = stack.pop()
        total = int(totals[height][place])
        if total > most and height > 0:
            stack += [(here.child(octant), 8 * place + octant, height - 1) for octant in range(7, -1, -1)]
        elif total > 0:
            yield here, place << (3 * height), total


def _sorted(
    records: Records, cell: Cell, chosen: list[tuple[Cell, int, int]], smallest: int, target: Path
) -> list[Task]:
    """Write each block's records to the runs of their cells in one file."""
    firsts = np.array([first for _, first, _ in chosen], np.int64)
    counts = np.array([count for _, _, count in chosen], np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    cursor = starts.copy()
    size = records.layout.itemsize
    with target.open("wb") as stream:
        for block in records.blocks():
            codes = morton(block["steps"], cell, smallest).astype(np.int64)
            which = np.searchsorted(firsts, codes, side="right") - 1
            order = np.argsort(which, kind="stable")
            runs = np.bincount(which, minlength=len(chosen))
            data = block[order].tobytes()
            ends = np.cumsum(runs)
            for number in np.flatnonzero(runs):
                part = data[int(ends[number] - runs[number]) * size : int(ends[number]) * size]
                _write_at(stream.fileno(), part, int(cursor[number]) * size)
            cursor += runs
    return [
        Task(here, Records(target, records.layout, int(start), count))
        for (here, _, count), start in zip(chosen, starts, strict=True)
    ]


def _write_at(handle: int, data: bytes, place: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(handle, view, place)
        view, place = view[written:], place + written


def _joined(boxes: list[IntArray]) -> IntArray:
    return np.stack([np.min([box[0] for box in boxes], axis=0), np.max([box[1] for box in boxes], axis=0)])
