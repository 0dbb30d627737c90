"""A cloud of signed deviations as a 3D Tiles 1.1 tileset of GLB points, made with bounded memory.

Points come in chunks, are written to the disk as whole numbers, sorted there into cells of a few million, and each cell
becomes a subtree in a process of its own; the levels above are made from the subtrees' samples. Refinement adds: the
points of a tile are drawn together with those of its children, and each point is in exactly one tile. Nothing depends
on how the points were cut into chunks or on the number of processes.

References
----------
.. [1] OGC 22-025r4, "3D Tiles Specification" 1.1: additive refinement, geometric error, glTF content.
"""

import math
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from twin.errors import Invalid, TwinError
from twin.scene.cells import Cell, finest_bits, root_cell
from twin.scene.deviation_points import (
    DEVIATION_STEP_M,
    LARGEST_DEVIATION,
    NO_DEVIATION,
    DeviationPoints,
)
from twin.scene.gltf import compact_json
from twin.scene.octree import Pending, Tile, TileSettings, build_subtree, take_sample, write_packed, write_tile
from twin.scene.partition import Spooled, Task, partition, spool

_ROUND = 1e4


@dataclass(frozen=True, slots=True)
class Tiling:
    """How tiles are made; only ``points_per_tile`` and ``gzip_level`` show in the result."""

    points_per_tile: int = 50_000
    gzip_level: int = 6
    points_per_cell: int = 3_000_000
    """What one process works on at a time: each point takes about 200 bytes there."""
    workers: int = 2
    """Processes."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if min(self.points_per_tile, self.points_per_cell, self.workers) < 1 or not 1 <= self.gzip_level <= 9:
            raise ValueError(f"points and workers must be at least 1 and the gzip level 1 to 9, not {self}")


@dataclass(frozen=True, slots=True)
class TilesetSummary:
    """What was written."""

    points: int
    assigned: int
    """Points that have a deviation."""
    saturated: int
    """Points whose deviation is beyond ±3.2767 m and was clamped."""
    tiles: int
    content_bytes: int
    packed_bytes: int
    """The same as gzip."""


def write_deviation_tiles(
    chunks: Iterable[DeviationPoints],
    folder: Path,
    global_ids: Sequence[str],
    *,
    origin: FloatArray,
    tiling: Tiling | None = None,
    progress: Callable[[float], None] | None = None,
) -> TilesetSummary:
    """Write ``tileset.json``, ``elements.json`` and ``tiles/*.glb``, each with its ``.gz`` beside it.

    Parameters
    ----------
    chunks:
        The points, in any sizes; each is read once and not kept.
    folder:
        Where to; it must be empty or not there, and is emptied again when this fails. ``tileset.json`` is written last.
        The points lie there meanwhile, about 40 bytes each.
    global_ids:
        GlobalId of each feature id.
    origin:
        (3,) metres in the design file's coordinates: what the points are relative to. With ``SceneLayout.origin`` the
        tiles lie on the model without a shift.
    tiling:
        Sizes and processes.
    progress:
        Told the share done, 0 to 1; an exception that it raises ends the work.

    Raises
    ------
    Invalid
        If the folder is not empty or the points make no sense (see ``records_of``).
    EmptyInput
        If there is no point.
    """
    return write_tileset(
        chunks,
        folder,
        len(global_ids),
        lambda cloud: _described(cloud, global_ids, origin),
        beside={"elements.json": _elements(global_ids)},
        tiling=tiling,
        progress=progress,
    )


def write_tileset(
    chunks: Iterable[DeviationPoints],
    folder: Path,
    elements: int,
    described: Callable[[Spooled], dict[str, Any]],
    *,
    beside: Mapping[str, bytes] | None = None,
    tiling: Tiling | None = None,
    progress: Callable[[float], None] | None = None,
) -> TilesetSummary:
    """Write a tileset of points, and further files ``beside`` it; ``described`` says what stands in its ``extras``.

    Raises
    ------
    Invalid
        As :func:`write_deviation_tiles`.
    EmptyInput
        If there is no point.
    """
    if folder.exists() and any(folder.iterdir()):
        raise Invalid(f"{folder} is not empty; write each tileset into a folder of its own")
    how, report = tiling or Tiling(), progress or _silent
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="unsorted-", dir=folder) as scratch:
            cloud = spool(chunks, Path(scratch) / "points", elements)
            report(0.3)
            top = _write_tiles(cloud, folder / "tiles", Path(scratch), elements, how, report=report)
        for name, content in (beside or {}).items():
            write_packed(folder / name, content, how.gzip_level)
        write_packed(folder / "tileset.json", _tileset(top, described(cloud)), how.gzip_level)
        report(1.0)
    except BaseException:
        for left in folder.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        raise
    return _summary(top, cloud)


def _write_tiles(
    cloud: Spooled, folder: Path, scratch: Path, elements: int, how: Tiling, *, report: Callable[[float], None]
) -> Tile:
    """Write all contents and return the root."""
    folder.mkdir()
    root = root_cell(cloud.bounds[0], cloud.bounds[1])
    settings = TileSettings(folder, elements, how.points_per_tile, finest_bits(root), how.gzip_level)
    # a cell of fewer points than a tile would make a tile of its own where there is none
    most = max(how.points_per_cell, how.points_per_tile)
    tasks = partition(cloud.records, root, scratch, most=most, finest=settings.finest)
    report(0.4)
    built = _build(tasks, settings, how.workers, lambda share: report(0.4 + 0.55 * share))
    pending = _upper(root, {one.cell.path: one for one in built}, settings)
    top = write_tile(pending, pending.records, settings)
    assert top is not None  # it holds at least its sample
    return top


def _silent(share: float) -> None:
    """Tell nobody."""


def _build(
    tasks: Sequence[Task], settings: TileSettings, workers: int, report: Callable[[float], None]
) -> list[Pending]:
    """Build each task's subtree, in processes where there is more than one to build."""
    built: list[Pending] = []
    if min(workers, len(tasks)) <= 1:
        for task in tasks:
            built.append(build_subtree(task, settings))
            report(len(built) / len(tasks))
        return built
    pool = ProcessPoolExecutor(min(workers, len(tasks)), mp_context=get_context("spawn"))
    try:
        for pending in pool.map(build_subtree, tasks, [settings] * len(tasks)):
            built.append(pending)
            report(len(built) / len(tasks))
    except BrokenProcessPool:
        raise TwinError("a process that makes tiles was ended, perhaps for its memory; use fewer workers") from None
    finally:
        pool.shutdown(cancel_futures=True)
    return built


def _upper(cell: Cell, built: dict[str, Pending], settings: TileSettings) -> Pending:
    """Return the cell's tile, made from the subtrees below it."""
    if cell.path in built:
        return built[cell.path]
    below = [cell.child(octant) for octant in range(8)]
    used = [child for child in below if any(path.startswith(child.path) for path in built)]
    return take_sample(cell, [_upper(child, built, settings) for child in used], settings)


def _elements(global_ids: Sequence[str]) -> bytes:
    return compact_json({"schema": "qtems.scene.elements/1", "count": len(global_ids), "global_id": list(global_ids)})


def _tileset(top: Tile, extras: dict[str, Any]) -> bytes:
    size = float(np.linalg.norm(top.box[1] - top.box[0]))
    document: dict[str, Any] = {
        "asset": {"version": "1.1", "generator": "qtems"},
        "geometricError": _up(max(size, top.error)),
        "root": {**_tile(top, math.inf), "refine": "ADD"},
        "extras": extras,
    }
    return compact_json(document)


def _described(cloud: Spooled, global_ids: Sequence[str], origin: FloatArray) -> dict[str, Any]:
    return {
        "schema": "qtems.scene.deviations/1",
        "origin_m": [float(value) for value in origin],
        "points": cloud.records.count,
        "deviation": _deviations(cloud),
        "features": {"attribute": "_FEATURE_ID_0", "count": len(global_ids), "none": len(global_ids)},
        "elements": "elements.json",
        "attributes": [name for name in ("intensity", "colour") if name in (cloud.records.layout.names or ())],
    }


def _deviations(cloud: Spooled) -> dict[str, Any]:
    """Return what a viewer needs to know of ``_DEVIATION``; the ramp and the tolerance are the viewer's."""
    known = cloud.histogram[1:]
    described: dict[str, Any] = {
        "attribute": "_DEVIATION",
        "unit_m": DEVIATION_STEP_M,
        "no_data": NO_DEVIATION,
        "clamped_at": [-LARGEST_DEVIATION, LARGEST_DEVIATION],
        "clamped_points": int(known[0] + known[-1]),
        "assigned_points": int(known.sum()),
    }
    if known.any():
        shares = np.cumsum(known) / known.sum()
        steps = {"min": np.flatnonzero(known)[0], "max": np.flatnonzero(known)[-1]}
        steps |= {name: np.searchsorted(shares, share) for name, share in (("p01", 0.01), ("p99", 0.99))}
        described["range_m"] = {
            name: round((int(place) - LARGEST_DEVIATION) * DEVIATION_STEP_M, 4) for name, place in steps.items()
        }
    return described


def _tile(tile: Tile, limit: float) -> dict[str, Any]:
    """Return a tile as JSON; no error is larger than its parent's, as a renderer expects."""
    error = min(tile.error, limit)
    middle, half = (tile.box[0] + tile.box[1]) / 2.0, (tile.box[1] - tile.box[0]) / 2.0
    middle = np.round(middle * _ROUND) / _ROUND + 0.0
    # outwards by what the middle was rounded by
    x, y, z = (_up(value + 1.0 / _ROUND) for value in half)
    described: dict[str, Any] = {
        "boundingVolume": {"box": [*middle.tolist(), x, 0, 0, 0, y, 0, 0, 0, z]},
        "geometricError": round(error, 6),
    }
    if tile.size:
        described["content"] = {"uri": f"tiles/{tile.path}.glb"}
    if tile.children:
        described["children"] = [_tile(child, error) for child in tile.children]
    return described


def _up(value: float) -> float:
    return math.ceil(float(value) * _ROUND) / _ROUND


def _summary(top: Tile, cloud: Spooled) -> TilesetSummary:
    stack, files = [top], list[Tile]()
    while stack:
        tile = stack.pop()
        stack += tile.children
        files += [tile] if tile.size else []
    found = _deviations(cloud)
    return TilesetSummary(
        points=cloud.records.count,
        assigned=found["assigned_points"],
        saturated=found["clamped_points"],
        tiles=len(files),
        content_bytes=sum(tile.size for tile in files),
        packed_bytes=sum(tile.packed_size for tile in files),
    )
