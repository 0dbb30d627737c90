"""Assembling: several files, the origin, thinning within bounded memory, names and notes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.errors import EmptyInput, ReadError
from geometry.pose import Pose
from geometry.readers import read_scan
from geometry.readers.chunk import Chunk, Evidence, Setup
from geometry.readers.cloud import CloudAssembler
from geometry.readers.thinning import kept_of_records
from geometry.scan import Scan


def station(name: str, pose: Pose) -> Setup:
    return Setup(name, "X", T_scan_local=pose, position=pose.translation, evidence=Evidence.STATED)


def assemble(chunks: Iterator[Chunk] | list[Chunk], max_points: int = 10**9) -> Scan:
    cloud = CloudAssembler(max_points)
    for chunk in chunks:
        cloud.add(chunk, 0, Path("a.e57"))
    return cloud.finish((), ("a",))


def reference(stations: list[tuple[Pose, np.ndarray]], level: int) -> np.ndarray:
    """Return the absolute points the slow way: all at once, then thinned per station."""
    return np.vstack([T.apply(p)[kept_of_records(0, len(p), level)] for T, p in stations if len(p)])


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 300), min_size=1, max_size=5).filter(any),
    cut=st.integers(1, 120),
    max_points=st.integers(5, 700),
    seed=st.integers(0, 2**32 - 1),
)
def test_stations_chunks_and_thinning_agree_with_the_slow_way(
    sizes: list[int], cut: int, max_points: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    stations = [
        (Pose.from_rotation_vector(rng.normal(size=3), rng.normal(size=3) * 100.0), rng.normal(size=(n, 3)) * 10.0)
        for n in sizes
    ]
    chunks: list[Chunk] = []
    for number, (pose, points) in enumerate(stations):
        setup = station(str(number), pose)
        parts = [points[i : i + cut] for i in range(0, len(points), cut)] or [points]
        chunks += [Chunk(setup, part, declared=len(part)) for part in parts]
    scan = assemble(chunks, max_points)
    level = scan.stride.bit_length() - 1
    assert scan.stride == 1 << level
    assert len(scan.points) <= max(max_points, len(sizes))
    assert np.allclose(scan.points + scan.origin, reference(stations, level), atol=1e-11)
    assert level == 0 or len(reference(stations, level - 1)) > max_points  # not thinned more than needed
    assert scan.declared_points == sum(sizes)
    assert np.array_equal(scan.origin, stations[0][0].translation)


@settings(max_examples=30, deadline=None)
@given(shift=st.tuples(*[st.floats(-5e6, 5e6)] * 3), posed=st.booleans())
def test_a_moved_scan_has_the_same_relative_points(shift: tuple[float, float, float], posed: bool) -> None:
    rng = np.random.default_rng(8)
    local = rng.normal(size=(50, 3)) * 30.0
    T = Pose.from_yaw(0.4, [3.0, 4.0, 5.0])
    far = Pose.from_parts(np.eye(3), shift)
    if posed:
        here, there = (assemble([Chunk(station("a", pose), local)]) for pose in (T, far @ T))
    else:
        here, there = (assemble([Chunk(Setup("", "X"), points)]) for points in (local, local + np.array(shift)))
    assert np.abs(here.points - there.points).max() <= 2e-9
    assert np.allclose(there.origin - here.origin, shift, atol=2e-9)


def test_without_poses_the_origin_is_exactly_the_first_valid_point() -> None:
    points = np.array([[np.nan, 0, 0], [5e6 + 0.1, 2.0, 3.0], [5e6 + 1.1, 2.0, 3.0]])
    scan = assemble([Chunk(Setup("", "X"), points[:1]), Chunk(Setup("", "X"), points[1:])])
    assert scan.origin.tolist() == points[1].tolist()
    assert scan.points[0].tolist() == [0, 0, 0]
    assert scan.points[1, 0] == points[2, 0] - points[1, 0]


def test_a_later_known_station_does_not_move_the_origin() -> None:
    unknown = Chunk(Setup("a", "X"), np.array([[10.0, 0, 0], [11.0, 0, 0]]))
    known = Chunk(station("b", Pose.from_yaw(0.0, [1, 2, 3])), np.ones((2, 3)))
    scan = assemble([unknown, known])
    assert scan.origin.tolist() == [10, 0, 0]
    assert scan.stations[0].position is None
    assert scan.station_positions().tolist() == [[-9, 2, 3]]
    assert not scan.has_poses


def test_memory_stays_bounded_while_a_huge_cloud_passes() -> None:
    setup = Setup("", "X")
    block = np.random.default_rng(0).random((10_000, 3))

    def endless() -> Iterator[Chunk]:
        for _ in range(500):
            yield Chunk(setup, block, declared=len(block), expected=10**18)

    cloud = CloudAssembler(20_000)
    for chunk in endless():
        cloud.add(chunk, 0, Path("a.las"))
        assert len(cloud._points) <= 20_000 + (1 << 19)  # pyright: ignore[reportPrivateUsage]
        assert cloud._size <= 20_000  # pyright: ignore[reportPrivateUsage]
    scan = cloud.finish((), ("a",))
    assert scan.declared_points == 5_000_000
    assert scan.stride == 256
    assert len(scan.points) == pytest.approx(5_000_000 / 256, abs=1)
    assert any("one of every 256" in note for note in scan.notes)


def test_intensity_of_only_some_stations_is_left_out() -> None:
    a = Chunk(Setup("a", "X"), np.ones((2, 3)), intensity=np.ones(2, np.float32))
    scan = assemble([a, Chunk(Setup("b", "X"), np.ones((2, 3)))])
    assert scan.intensity is None
    assert any("no intensity" in note for note in scan.notes)


def test_names_are_never_the_same() -> None:
    chunks = [Chunk(Setup(name, "X"), np.ones((1, 3))) for name in ("one", "one", "one", "", "")]
    assert len({s.name for s in assemble(chunks).stations}) == 5


def test_a_scan_of_kilometres_is_noted() -> None:
    wide = assemble([Chunk(Setup("", "X"), np.array([[0.0, 0, 0], [30_000.0, 0, 0]]))])
    assert any("30 km wide" in note for note in wide.notes)
    narrow = assemble([Chunk(Setup("", "X"), np.random.default_rng(0).normal(size=(200, 3)) * 1000.0)])
    assert not any("wide" in note for note in narrow.notes)


def test_one_point_is_read() -> None:
    scan = assemble([Chunk(Setup("", "X"), np.array([[1.0, 2.0, 3.0]]))])
    assert scan.points.tolist() == [[0, 0, 0]]


def test_nothing_is_empty_input() -> None:
    with pytest.raises(EmptyInput, match="no points"):
        assemble([])


def test_several_files_of_several_formats_become_one_scan(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_text("100 200 300\n101 200 300\n")
    (tmp_path / "b.pts").write_text("1\n102 200 300 5\n")
    (tmp_path / "c.ply").write_text(
        "ply\nformat ascii 1.0\nelement vertex 1\nproperty double x\nproperty double y\nproperty double z\n"
        "end_header\n103 200 300\n"
    )
    seen: list[float] = []
    scan = read_scan([tmp_path / n for n in ("a.xyz", "b.pts", "c.ply")], progress=seen.append)
    assert (scan.points + scan.origin).tolist() == [[100 + i, 200, 300] for i in range(4)]
    assert [s.name for s in scan.stations] == ["a", "b", "c"]
    assert scan.station_index.tolist() == [0, 0, 1, 2]
    assert [s.format for s in scan.sources] == ["XYZ text", "PTS", "PLY ascii"]
    assert all(len(s.sha256) == 64 for s in scan.sources)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


@pytest.mark.parametrize(("max_points", "chunk_points"), [(0, 10), (10, 0)])
def test_impossible_limits_are_refused(tmp_path: Path, max_points: int, chunk_points: int) -> None:
    (tmp_path / "a.xyz").write_text("1 2 3\n")
    with pytest.raises(ValueError, match="above 0"):
        read_scan([tmp_path / "a.xyz"], max_points=max_points, chunk_points=chunk_points)
    with pytest.raises(ValueError, match="needs files"):
        read_scan([])


@pytest.mark.parametrize("far", [1e5, 1e8, 1e11])
def test_a_few_damaged_numbers_are_dropped_and_noted(far: float) -> None:
    points = np.random.default_rng(0).random((1000, 3)) * 20.0
    damaged = points.copy()
    damaged[[0, 400, 999], [0, 1, 2]] = far, -far, far
    scan = assemble([Chunk(Setup("a", "X"), damaged, declared=1000)])
    np.testing.assert_allclose(scan.points + scan.origin, np.delete(points, [0, 400, 999], axis=0), atol=1e-4)
    assert scan.invalid_points == 3
    assert any(note.startswith("3 points lie more than 10 km from the others") for note in scan.notes)


def test_a_scan_far_from_zero_or_in_millimetres_has_no_strays() -> None:
    points = np.random.default_rng(0).random((1000, 3)) * [200e3, 90e3, 20e3]
    for moved in (points, points + np.array([5e9, 6e9, 0.0])):
        scan = assemble([Chunk(Setup("a", "X"), moved, declared=1000)])
        assert len(scan.points) == 1000
        assert any("millimetres stored as metres" in note for note in scan.notes)


def test_points_all_at_one_place_are_no_scan() -> None:
    with pytest.raises(EmptyInput, match="all 500 points are at one place"):
        assemble([Chunk(Setup("a", "X"), np.full((500, 3), 7.0))])


def test_a_scan_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    one, two, link = (tmp_path / name for name in ("one.xyz", "two.xyz", "link.xyz"))
    one.write_text("1 2 3\n4 5 6\n", encoding="utf-8")
    two.write_text("1 2 3\n4 5 6\n", encoding="utf-8")
    link.symlink_to(one)
    for again in (one, two, link):
        with pytest.raises(ReadError, match=r"same scan as .*one\.xyz; give each scan once"):
            read_scan([one, again])
    two.write_text("1 2 3\n4 5 7\n", encoding="utf-8")
    assert len(read_scan([one, two]).points) == 4
