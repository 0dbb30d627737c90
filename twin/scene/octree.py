"""Tiles from points: cells are divided until they are small, then each takes a sample out of its children.

A point goes up as long as it is chosen and is written where it stays, so that each is in exactly one tile, and a level
is made from the samples below it, not from all points.
"""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import FloatArray
from twin.scene.cells import Cell, morton, sample
from twin.scene.deviation_points import STEP_M
from twin.scene.partition import Task
from twin.scene.tile_glb import tile_content


@dataclass(frozen=True, slots=True)
class TileSettings:
    """What all tiles of a tileset share."""

    folder: Path
    elements: int
    most: int
    """Points per tile."""
    finest: int
    """As of ``cells.finest_bits``."""
    gzip_level: int


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """A tile that is written."""

    path: str
    box: FloatArray
    """(2, 3) metres, around its own points and those of all tiles below."""
    error: float
    """Metres between neighbouring points of this tile; 0 when there is nothing below."""
    points: int
    size: int
    """Bytes; 0 when all points went up and there is no file."""
    packed_size: int
    """Bytes of the file's gzip."""
    children: tuple["Tile", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """A cell whose points may still go up: it is written when its parent has chosen."""

    cell: Cell
    records: NDArray[Any]
    """In the cell's Morton order."""
    error: float
    children: tuple[Tile, ...]


def build_subtree(task: Task, settings: TileSettings) -> Pending:
    """Make all tiles below a cell and return the cell itself."""
    records = task.records.all()
    codes = morton(records["steps"], task.cell, settings.finest)
    order = np.argsort(codes, kind="stable")
    return _grow(records[order], codes[order], task.cell, settings)


def _grow(records: NDArray[Any], codes: NDArray[np.uint64], cell: Cell, settings: TileSettings) -> Pending:
    levels = cell.bits - settings.finest
    if len(records) <= settings.most or levels <= 0:
        return Pending(cell, records, 0.0, ())
    width = 1 << (3 * (levels - 1))
    first = int(codes[0]) & ~(8 * width - 1)
    edges = np.searchsorted(codes, np.array([first + width * octant for octant in range(8)], np.uint64))
    ends = np.append(edges[1:], len(codes))
    children = [
        _grow(records[start:end], codes[start:end], cell.child(octant), settings)
        for octant, (start, end) in enumerate(zip(edges, ends, strict=True))
        if end > start
    ]
    return take_sample(cell, children, settings)


def take_sample(cell: Cell, children: Sequence[Pending], settings: TileSettings) -> Pending:
    """Take a cell's sample out of its children, in octant order, and write the children with what is left."""
    pool = np.concatenate([child.records for child in children])
    chosen, bits = sample(pool["steps"], cell, finest=settings.finest, most=settings.most)
    left = np.split(~chosen, np.cumsum([len(child.records) for child in children])[:-1])
    written = [write_tile(child, child.records[kept], settings) for child, kept in zip(children, left, strict=True)]
    tiles = tuple(tile for tile in written if tile is not None)
    return Pending(cell, pool[chosen], STEP_M * (1 << bits), tiles)


def write_tile(pending: Pending, records: NDArray[Any], settings: TileSettings) -> Tile | None:
    """Write a cell's file and its gzip beside it; None when neither a point nor a child is left."""
    boxes = [tile.box for tile in pending.children]
    size, packed_size = 0, 0
    if len(records):
        content = tile_content(records, settings.elements)
        size, packed_size = write_packed(settings.folder / f"{pending.cell.path}.glb", content.glb, settings.gzip_level)
        boxes.append(content.box)
    if not boxes:
        return None
    box = np.stack([np.min([b[0] for b in boxes], axis=0), np.max([b[1] for b in boxes], axis=0)])
    return Tile(pending.cell.path, box, pending.error, len(records), size, packed_size, pending.children)


def write_packed(path: Path, content: bytes, gzip_level: int) -> tuple[int, int]:
    """Write a file and ``.gz`` beside it, which a server sends as it is; return both sizes."""
    packed = gzip.compress(content, gzip_level, mtime=0)
    path.write_bytes(content)
    path.with_name(f"{path.name}.gz").write_bytes(packed)
    return len(content), len(packed)
