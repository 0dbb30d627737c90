"""A tileset, read back: each point once, where it was, with its deviation and its element, whatever the chunks."""

import dataclasses
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geometry.design import DesignModel
from geometry.errors import EmptyInput
from geometry.pose import Pose
from geometry.registration.result import Registration, RegistrationStatus
from geometry.scan import Scan
from geometry.source import SourceFile
from tests.twin.scene.reading import Glb, read_glb
from twin.errors import Invalid
from twin.result import CheckResult, PointDeviations
from twin.scene.deviation_points import STEP_M, DeviationPoints, points_of
from twin.scene.deviation_tiles import TilesetSummary, Tiling, write_deviation_tiles

IDS = [f"{i:022d}" for i in range(12)]
ORIGIN = np.array([367_412.0, 5_432_100.0, 112.0])
SMALL = Tiling(points_per_tile=700, points_per_cell=5000, workers=1)
Y_UP_TO_Z_UP = np.array([[1, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1.0]])


def cloud(count: int, seed: int = 1) -> DeviationPoints:
    """Walls and a floor of a room; the deviation is the point's own number, so that it can be told from all others."""
    rng = np.random.default_rng(seed)
    side = rng.integers(0, 5, count)
    points = rng.random((count, 3)) * [9.0, 6.0, 3.0] + [-4.0, 2.0, 0.0]
    for face, (axis, value) in enumerate([(0, -4.0), (0, 5.0), (1, 2.0), (1, 8.0), (2, 0.0)]):
        points[side == face, axis] = value
    deviation = ((np.arange(count) - count // 2) * 1e-4).astype(np.float32)
    element = rng.integers(-1, len(IDS), count).astype(np.int32)
    colour = rng.integers(0, 256, (count, 3), dtype=np.uint8)
    return DeviationPoints(points, deviation, element, rng.random(count).astype(np.float32), colour)


def chunked(whole: DeviationPoints, sizes: list[int]) -> Iterator[DeviationPoints]:
    start = 0
    for size in [*sizes, len(whole.points) - sum(sizes)]:
        yield DeviationPoints(
            *(getattr(whole, field.name)[start : start + size] for field in dataclasses.fields(whole))
        )
        start += size


@dataclass
class ReadTile:
    """A tile as a viewer sees it: its points z-up in metres, and half of what 16 bits leave out."""

    entry: dict[str, Any]
    glb: Glb | None
    points: np.ndarray
    half_step: float

    def attribute(self, name: str) -> np.ndarray:
        assert self.glb is not None
        return self.glb.accessor(self.glb.document["meshes"][0]["primitives"][0]["attributes"][name])


def read_tile(folder: Path, entry: dict[str, Any]) -> ReadTile:
    if "content" not in entry:
        return ReadTile(entry, None, np.empty((0, 3)), 0.0)
    path = folder / entry["content"]["uri"]
    data = path.read_bytes()
    assert gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes()) == data
    glb = read_glb(data)
    matrix = np.array(glb.document["nodes"][0]["matrix"]).reshape(4, 4).T
    tile = ReadTile(entry, glb, np.empty((0, 3)), matrix[0, 0] / 2)
    numbers = tile.attribute("POSITION").astype(np.float64)
    tile.points = (Y_UP_TO_Z_UP @ matrix @ np.c_[numbers, np.ones(len(numbers))].T).T[:, :3]
    return tile


def read_tileset(folder: Path) -> tuple[dict[str, Any], list[ReadTile]]:
    """Return tileset.json and all tiles, and check the tree on the way."""
    data = (folder / "tileset.json").read_bytes()
    assert gzip.decompress((folder / "tileset.json.gz").read_bytes()) == data
    document = json.loads(data)
    assert document["asset"]["version"] == "1.1"
    assert document["root"]["refine"] == "ADD"
    assert document["geometricError"] >= document["root"]["geometricError"]
    return document, list(_walk(folder, document["root"]))


def _walk(folder: Path, entry: dict[str, Any]) -> Iterator[ReadTile]:
    tile = read_tile(folder, entry)
    assert len(tile.points) or entry.get("children"), "an empty tile without children"
    assert (entry["geometricError"] == 0.0) is ("children" not in entry)
    inside(tile.points, entry)
    yield tile
    for child in entry.get("children", []):
        assert child["geometricError"] <= entry["geometricError"]
        for below in _walk(folder, child):
            inside(below.points, entry)
            yield below


def inside(points: np.ndarray, entry: dict[str, Any]) -> None:
    box = entry["boundingVolume"]["box"]
    assert len(box) == 12
    assert [box[i] for i in (4, 5, 6, 8, 9, 10)] == [0] * 6
    half = np.array([box[3], box[7], box[11]])
    assert (np.abs(points - box[:3]) <= half).all()


def write(folder: Path, whole: DeviationPoints, tiling: Tiling = SMALL) -> TilesetSummary:
    return write_deviation_tiles([whole], folder, IDS, origin=ORIGIN, tiling=tiling)


@pytest.fixture(scope="module")
def room() -> DeviationPoints:
    return cloud(20_000)


@pytest.fixture(scope="module")
def written(room: DeviationPoints, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiles") / "room"
    write(folder, room)
    return folder


def test_every_point_comes_back_exactly_once_with_all_it_carries(room: DeviationPoints, written: Path):
    _, tiles = read_tileset(written)
    full = [tile for tile in tiles if tile.glb is not None]
    steps = np.concatenate([tile.attribute("_DEVIATION")[:, 0] for tile in full])
    number = np.rint(steps + 10_000).astype(int)
    assert np.array_equal(np.sort(number), np.arange(20_000))
    assert np.abs(steps * 1e-4 - room.deviation[number]).max() <= 0.5e-4
    points = np.concatenate([tile.points for tile in full])
    allowed = np.repeat([tile.half_step for tile in full], [len(tile.points) for tile in full]) + 0.5 * STEP_M
    assert (np.abs(points - room.points[number]) <= allowed[:, None] + 1e-12).all()
    assert allowed.max() <= 9.0 / 65536 + STEP_M
    ids = np.concatenate([tile.attribute("_FEATURE_ID_0")[:, 0] for tile in full]).astype(int)
    assert np.array_equal(np.where(ids == len(IDS), -1, ids), room.element[number])
    assert room.intensity is not None
    intensity = np.concatenate([tile.attribute("_INTENSITY")[:, 0] for tile in full])
    assert np.abs(intensity / 255 - room.intensity[number]).max() <= 0.5 / 255 + 1e-6
    colour = np.concatenate([tile.attribute("COLOR_0") for tile in full])
    assert np.array_equal(colour, room.colour[number])  # pyright: ignore[reportOptionalSubscript]


def test_tiles_are_small_and_the_tileset_says_what_they_hold(written: Path):
    document, tiles = read_tileset(written)
    assert max(len(tile.points) for tile in tiles) <= 700
    assert len(tiles[0].points) > 300, "the root shows the whole cloud, thinned"
    assert np.ptp(tiles[0].points, axis=0) == pytest.approx([9.0, 6.0, 3.0], abs=0.8)
    said = document["extras"]
    assert said["origin_m"] == ORIGIN.tolist()
    assert said["points"] == 20_000
    assert said["deviation"] | {"range_m": None} == {
        "attribute": "_DEVIATION", "unit_m": 1e-4, "no_data": -32768, "clamped_at": [-32767, 32767],
        "clamped_points": 0, "assigned_points": 20_000, "range_m": None,
    }  # fmt: skip
    assert said["deviation"]["range_m"] == {"min": -1.0, "max": 0.9999, "p01": -0.9801, "p99": 0.9799}
    assert said["features"] == {"attribute": "_FEATURE_ID_0", "count": 12, "none": 12}
    assert said["attributes"] == ["intensity", "colour"]
    assert json.loads((written / said["elements"]).read_bytes())["global_id"] == IDS


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("sizes", [[1, 999], [5000] * 3, [0, 19_999]])
def test_the_bytes_do_not_depend_on_the_chunks(room: DeviationPoints, written: Path, tmp_path: Path, sizes: list[int]):
    write_deviation_tiles(chunked(room, sizes), tmp_path, IDS, origin=ORIGIN, tiling=SMALL)
    assert contents(tmp_path) == contents(written)


@pytest.mark.parametrize("change", [{"workers": 2}, {"points_per_cell": 10**6}, {"points_per_cell": 1}])
def test_the_bytes_do_not_depend_on_how_the_work_was_shared(
    room: DeviationPoints, written: Path, tmp_path: Path, change: dict[str, int]
):
    write(tmp_path, room, dataclasses.replace(SMALL, **change))
    assert contents(tmp_path) == contents(written)


def test_no_deviation_is_never_zero_and_a_large_one_is_flagged(tmp_path: Path):
    points = np.arange(18.0).reshape(6, 3)
    deviation = np.array([0.0, np.nan, 5.0, -40.0, 3.2767, -0.00004], np.float32)
    summary = write(tmp_path, DeviationPoints(points, deviation, np.full(6, -1, np.int32)))
    document, (tile,) = read_tileset(tmp_path)
    order = np.argsort(tile.points[:, 0])
    assert tile.attribute("_DEVIATION")[order, 0].tolist() == [0, -32768, 32767, -32767, 32767, 0]
    assert document["extras"]["deviation"]["assigned_points"] == summary.assigned == 5
    assert document["extras"]["deviation"]["clamped_points"] == summary.saturated == 3
    assert (tile.attribute("_FEATURE_ID_0") == 12).all()
    assert document["extras"]["attributes"] == []


def test_a_cloud_without_any_deviation_has_no_range(tmp_path: Path):
    write(tmp_path, DeviationPoints(np.eye(3), np.full(3, np.nan, np.float32), np.zeros(3, np.int32)))
    document, _ = read_tileset(tmp_path)
    assert "range_m" not in document["extras"]["deviation"]


def test_more_elements_than_16_bits_number(tmp_path: Path):
    ids = [f"{i:022d}" for i in range(70_000)]
    points = DeviationPoints(np.eye(3), np.zeros(3, np.float32), np.array([69_999, -1, 65_536], np.int32))
    write_deviation_tiles([points], tmp_path, ids, origin=ORIGIN)
    _, (tile,) = read_tileset(tmp_path)
    order = np.argsort(-tile.points @ [4, 2, 1])
    assert tile.attribute("_FEATURE_ID_0")[order, 0].tolist() == [69_999.0, 70_000.0, 65_536.0]


def test_a_stray_point_kilometres_away_costs_no_point_its_tile(tmp_path: Path):
    near = cloud(9_000, seed=3)
    points = near.points.copy()
    points[17] = [9000.0, -12_000.0, 400.0]
    write(tmp_path, dataclasses.replace(near, points=points), dataclasses.replace(SMALL, points_per_cell=1))
    _, tiles = read_tileset(tmp_path)
    steps = np.concatenate([tile.attribute("_DEVIATION")[:, 0] for tile in tiles if tile.glb is not None])
    assert np.array_equal(np.sort(steps), np.arange(9_000) - 4_500)
    assert max(len(tile.points) for tile in tiles) <= 700


def test_points_in_one_place_are_all_kept_or_refused_in_one_line(tmp_path: Path):
    same = DeviationPoints(
        np.full((3000, 3), 1.25), (np.arange(3000) * 1e-4).astype(np.float32), np.zeros(3000, np.int32)
    )
    write(tmp_path / "kept", same)
    _, tiles = read_tileset(tmp_path / "kept")
    steps = np.concatenate([tile.attribute("_DEVIATION")[:, 0] for tile in tiles if tile.glb is not None])
    assert np.array_equal(np.sort(steps), np.arange(3000))
    with pytest.raises(Invalid, match=r"3,000 points lie within 0\.015 mm: the scan repeats its points; thin it"):
        write(tmp_path / "refused", same, dataclasses.replace(SMALL, points_per_cell=1000))
    assert not any((tmp_path / "refused").iterdir())


def bad(**change: Any) -> DeviationPoints:
    return dataclasses.replace(cloud(10), **change)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (bad(points=np.full((10, 3), np.nan)), "not a number"),
        (bad(points=np.full((10, 3), 40_000.0)), "40,000 m from the tileset's origin"),
        (bad(deviation=np.full(10, np.inf, np.float32)), "infinite"),
        (bad(element=np.full(10, 12, np.int32)), "element 12, but there are 12"),
        (bad(element=np.full(10, -2, np.int32)), "element -2, but"),
        (bad(intensity=np.full(10, 1.5, np.float32)), "intensity"),
        (bad(intensity=np.full(10, np.nan, np.float32)), "intensity"),
        (bad(intensity=None), "either all points"),
    ],
)
def test_points_that_make_no_sense_are_refused_and_leave_nothing(points: DeviationPoints, said: str, tmp_path: Path):
    with pytest.raises(Invalid, match=said):
        write_deviation_tiles([cloud(5), points], tmp_path, IDS, origin=ORIGIN, tiling=SMALL)
    assert not any(tmp_path.iterdir())


def test_no_points_and_a_used_folder_are_refused(tmp_path: Path):
    with pytest.raises(EmptyInput, match="no point"):
        write_deviation_tiles([], tmp_path, IDS, origin=ORIGIN)
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(Invalid, match="not empty"):
        write(tmp_path, cloud(5))
    assert (tmp_path / "kept.txt").read_text() == "mine"
    with pytest.raises(ValueError, match="gzip level"):
        Tiling(gzip_level=0)
    with pytest.raises(ValueError, match=r"deviation must have shape \(5,\)"):
        dataclasses.replace(cloud(5), deviation=np.zeros(4, np.float32))


def test_work_can_be_stopped_and_tells_how_far_it_is(room: DeviationPoints, tmp_path: Path):
    told: list[float] = []

    class Stopped(Exception):
        pass

    def stop(share: float) -> None:
        told.append(share)
        if share > 0.5:
            raise Stopped

    with pytest.raises(Stopped):
        write_deviation_tiles([room], tmp_path, IDS, origin=ORIGIN, tiling=SMALL, progress=stop)
    assert not any(tmp_path.iterdir())
    assert told == sorted(told)
    assert 0.5 < told[-1] < 0.95


def check_result(scan_points: np.ndarray, found: PointDeviations | None, pose: Pose | None) -> CheckResult:
    source = SourceFile("s.e57", "0" * 64, "E57")
    count = len(scan_points)
    scan = Scan(scan_points, np.zeros(count, np.int32), (), np.zeros(3), (source,))
    status = RegistrationStatus.REFUSED if pose is None else RegistrationStatus.ACCEPTED
    design = DesignModel({}, ORIGIN + np.array([0.25, -0.5, 0.75]), source, 1.0)
    return CheckResult(design, scan, Registration(status, pose, "given"), (), (), found, "")


def test_the_scan_of_a_check_lies_in_the_frame_of_the_model():
    found = PointDeviations(np.array([0, -1], np.int32), np.array([0.01, np.nan], np.float32))
    pose = Pose.from_yaw(np.pi / 2, [10.0, 0.0, 0.0])
    (part,) = points_of(check_result(np.array([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]), found, pose), ORIGIN)
    assert part.points == pytest.approx(np.array([[10.25, 0.5, 0.75], [8.25, -0.5, 0.75]]))
    assert part.element.tolist() == [0, -1]
    assert part.intensity is None
    with pytest.raises(Invalid, match="registration was refused"):
        list(points_of(check_result(np.zeros((1, 3)), None, None), ORIGIN))
