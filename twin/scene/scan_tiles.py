"""A scan in its own frame as a 3D Tiles tileset, thinned: what a person picks points on before there is a pose."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import FloatArray
from geometry.errors import EmptyInput
from geometry.scan import Scan
from twin.scene.deviation_points import CHUNK, REACH_M, DeviationPoints
from twin.scene.deviation_tiles import TilesetSummary, Tiling, write_tileset
from twin.scene.partition import Spooled

PREVIEW_POINTS = 2_000_000
"""Of an epoch: about a point every 2 to 4 cm on the surfaces of a storey."""
_NORMAL_CELL = 0.12
_MOST_NORMALS = 40_000
_ONE_SITE = 5_000.0
"""Metres from the middle; what lies farther is a stray and keeps no shade."""
_FIELDS = ("points", "intensity", "shade")


class ScanPreview:
    """The thinned files of an epoch on the disk, one after the other, until they are tiles.

    Use as a context: what it holds is gone after it.
    """

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._scratch = tempfile.TemporaryDirectory(prefix="qtems-preview-")
        self._files = 0
        self._origin: FloatArray | None = None
        self._far = 0
        self.stations: list[dict[str, Any]] = []

    def __enter__(self) -> "ScanPreview":
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what is on the disk."""
        self._scratch.cleanup()

    def add(self, scan: Scan) -> None:
        """Take the points of a file that was read; far strays (32 km) are left out and counted."""
        if self._origin is None:
            self._origin = np.round(scan.origin + np.median(scan.points, axis=0)) + 0.0
        points = scan.points + (scan.origin - self._origin)
        near = np.abs(points).max(axis=1) < REACH_M
        self._far += int((~near).sum())
        points = points[near]
        intensity = np.full(len(points), np.nan, np.float32) if scan.intensity is None else scan.intensity[near]
        for name, column in zip(_FIELDS, (points, intensity, shades(points)), strict=True):
            np.save(self._path(self._files, name), column)
        self._files += 1
        for station in scan.stations:
            if station.position is not None:
                place = [round(float(v), 6) for v in station.position + scan.origin]
                self.stations.append({"name": station.name, "position_m": place})

    def write(
        self, folder: Path, *, workers: int = 1, progress: Callable[[float], None] | None = None
    ) -> TilesetSummary:
        """Write the tileset; see :func:`twin.scene.deviation_tiles.write_tileset`.

        Raises
        ------
        EmptyInput
            If no point is left.
        """
        if self._origin is None:
            raise EmptyInput("there is no point to make tiles of")
        return write_tileset(
            self._chunks(), folder, 0, self._described, tiling=Tiling(workers=workers), progress=progress
        )

    def _path(self, file: int, name: str) -> Path:
        return Path(self._scratch.name) / f"{file}-{name}.npy"

    def _chunks(self) -> Iterator[DeviationPoints]:
        told = [np.load(self._path(n, "intensity"), mmap_mode="r") for n in range(self._files)]
        # a file without intensities among others that have them is drawn as if it were dark in the middle
        any_told = any(len(one) and np.isfinite(one[0]) for one in told)
        for file in range(self._files):
            points, intensity, shade = (np.load(self._path(file, name), mmap_mode="r") for name in _FIELDS)
            for start in range(0, len(points), CHUNK):
                run = slice(start, start + CHUNK)
                count = len(points[run])
                bright = np.clip(np.nan_to_num(intensity[run], nan=0.5), 0.0, 1.0) if any_told else None
                yield DeviationPoints(
                    np.asarray(points[run]), np.full(count, np.nan, np.float32), np.full(count, -1, np.int32), bright,
                    np.asarray(shade[run]),
                )  # fmt: skip

    def _described(self, cloud: Spooled) -> dict[str, Any]:
        assert self._origin is not None
        return {
            "schema": "qtems.scene.scan/1",
            "origin_m": [float(value) for value in self._origin],
            "points": cloud.records.count,
            "left_out": self._far,
            "attributes": [name for name in ("intensity", "colour") if name in (cloud.records.layout.names or ())],
            "colour": "normal",
            "stations": self.stations,
        }


def shades(points: FloatArray) -> NDArray[np.uint8]:
    """Return the direction of the surface at each point (n, 3) as a colour (n, 3): 0 to 255 for -1 to 1 along x, y, z.

    A normal every 12 cm is enough to see shapes by; 128, 128, 128 where none can be told. The sign means nothing.
    """
    from scipy.spatial import KDTree

    from geometry.normals import estimate_normals
    from geometry.thinning import voxel_thin

    shade = np.full(points.shape, 128, np.uint8)
    here = np.flatnonzero(np.abs(points - np.median(points, axis=0)).max(axis=1) < _ONE_SITE)
    near, cell = points[here], _NORMAL_CELL
    chosen = voxel_thin(near, cell)
    while len(chosen) > _MOST_NORMALS:
        cell *= max(1.2, float(np.sqrt(len(chosen) / _MOST_NORMALS)))
        chosen = chosen[voxel_thin(near[chosen], cell)]
    normals, _ = estimate_normals(near, None, at=chosen)
    nearest = KDTree(near[chosen]).query(near)[1]
    shade[here] = np.rint(127.5 + 127.5 * normals[nearest])
    return shade


def preview_share(files: Sequence[object]) -> int:
    """Return how many points of each file of an epoch the preview keeps.

    Examples
    --------
    >>> preview_share(["a.e57", "b.e57"])
    1000000
    """
    return max(1, PREVIEW_POINTS // max(1, len(files)))
