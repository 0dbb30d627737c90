"""The scan before there is a pose: every point where its file puts it, thinned by the reader and not here."""

from pathlib import Path

import numpy as np
import pytest

from geometry.errors import EmptyInput
from geometry.scan import Scan, Station
from geometry.source import SourceFile
from tests.twin.scene.test_deviation_tiles import read_tileset
from twin.scene.scan_tiles import ScanPreview, shades

FAR = np.array([367_412.2, 5_432_100.7, 112.0])
SOURCE = (SourceFile("a", "a" * 64, "E57"),)


def wall(x: float, *, stray: bool = False) -> Scan:
    """A wall across x, seen from one station; with a return from beyond the horizon."""
    y, z = np.meshgrid(np.arange(0, 4, 0.05), np.arange(0, 3, 0.05))
    points = np.stack([np.full(y.size, x), y.ravel(), z.ravel()], axis=1)
    points = np.concatenate([points, [[90_000.0, 0, 0]]]) if stray else points
    station = Station("S1", np.array([0.0, 1.5, 1.6]))
    bright = np.linspace(0, 1, len(points)).astype(np.float32)
    return Scan(points, np.zeros(len(points), np.int32), (station,), FAR, SOURCE, bright)


def test_points_are_where_the_files_put_them_and_strays_are_counted(tmp_path: Path) -> None:
    with ScanPreview() as preview:
        preview.add(wall(3.0, stray=True))
        preview.add(wall(-2.0))
        preview.write(tmp_path / "scene")
    document, tiles = read_tileset(tmp_path / "scene")
    told = document["extras"]
    assert (told["schema"], told["points"], told["left_out"]) == ("qtems.scene.scan/1", 2 * 4800, 1)
    assert told["attributes"] == ["intensity", "colour"]
    assert told["stations"][0] == {"name": "S1", "position_m": [367_412.2, 5_432_102.2, 113.6]}
    back = np.concatenate([tile.points for tile in tiles]) + told["origin_m"] - FAR
    asked = np.concatenate([wall(3.0).points, wall(-2.0).points])
    order = [np.lexsort(np.round(points, 3).T) for points in (back, asked)]
    assert np.abs(back[order[0]] - asked[order[1]]).max() < 0.0005
    attributes = {
        name for tile in tiles if tile.glb for name in tile.glb.document["meshes"][0]["primitives"][0]["attributes"]
    }
    assert attributes == {"POSITION", "_INTENSITY", "COLOR_0"}


def test_the_shade_says_which_way_a_surface_faces() -> None:
    shade = shades(wall(3.0, stray=True).points)[:-1].astype(int)
    assert (np.abs(shade[:, 0] - 127.5) > 126).all(), "across x"
    assert (np.abs(shade[:, 1:] - 127.5) < 2).all()


def test_nothing_makes_no_tiles(tmp_path: Path) -> None:
    with ScanPreview() as preview, pytest.raises(EmptyInput):
        preview.write(tmp_path / "scene")
