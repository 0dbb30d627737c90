"""PTX: several scans, their registered transforms, misses, and broken headers."""

from pathlib import Path

import numpy as np
import pytest

from geometry.errors import EmptyInput, GeometryError, ReadError
from geometry.pose import Pose
from geometry.readers import read_scan

POINTS = [[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [-4.0, 5.0, 0.5], [2.5, 0.0, 1.0]]
HITS = np.array([POINTS[0], POINTS[2], POINTS[3]])


def block(
    T: Pose, points: list[list[float]] = POINTS, *, colour: bool = False, position: list[float] | None = None
) -> str:
    """One scan of two columns; the matrix is written for row vectors."""
    place = T.translation if position is None else position
    lines = ["2", str(len(points) // 2), " ".join(map(repr, map(float, place)))]
    lines += [" ".join(map(repr, map(float, axis))) for axis in T.rotation.T]
    lines += [" ".join(map(repr, map(float, row))) for row in T.matrix.T]
    lines += [f"{x} {y} {z} {0.25 * i}" + (" 10 20 30" if colour else "") for i, (x, y, z) in enumerate(points)]
    return "\n".join(lines) + "\n"


def write(path: Path, *blocks: str) -> Path:
    path.write_text("".join(blocks))
    return path


T_A = Pose.from_yaw(0.3, [100.0, 200.0, 10.0])
T_B = Pose.from_yaw(-2.0, [110.0, 205.0, 11.0])


@pytest.mark.parametrize("colour", [False, True])
def test_scans_are_transformed_and_their_places_kept(tmp_path: Path, colour: bool) -> None:
    scan = read_scan([write(tmp_path / "a.ptx", block(T_A, colour=colour), block(T_B, colour=colour))])
    expected = np.vstack([T_A.apply(HITS), T_B.apply(HITS)])
    assert np.allclose(scan.points + scan.origin, expected, atol=1e-10)
    assert scan.origin.tolist() == [100, 200, 10]
    assert np.allclose(scan.station_positions(), [[0, 0, 0], [10, 5, 1]])
    for station, T in zip(scan.stations, (T_A, T_B), strict=True):
        assert station.rotation is not None
        np.testing.assert_allclose(station.rotation, T.rotation, atol=1e-12)
    assert scan.station_index.tolist() == [0, 0, 0, 1, 1, 1]
    assert (scan.declared_points, scan.invalid_points) == (8, 2)
    assert scan.intensity is not None
    assert scan.intensity.tolist() == [0.0, 0.5, 0.75] * 2


@pytest.mark.parametrize("chunk_points", [1, 2, 5, 100])
def test_chunk_size_does_not_change_the_result(tmp_path: Path, chunk_points: int) -> None:
    points = np.random.default_rng(9).normal(size=(200, 3)).round(4).tolist()
    path = write(tmp_path / "a.ptx", block(T_A, points), block(T_B, points))
    whole, parts = (read_scan([path], max_points=120, chunk_points=n) for n in (10_000, chunk_points))
    assert np.array_equal(whole.points, parts.points)
    assert np.array_equal(whole.station_index, parts.station_index)
    assert whole.stride == parts.stride == 4


def test_truncation_at_any_byte_is_an_error_or_whole_scans(tmp_path: Path) -> None:
    text = block(T_A) + block(T_B)
    for size in range(len(text) - 1):
        try:
            scan = read_scan([write(tmp_path / "a.ptx", text[:size])])
        except GeometryError:
            continue
        assert len(scan.points) in (3, 6)
        assert np.allclose(scan.points[:2] + scan.origin, T_A.apply(HITS)[:2])


def test_moving_the_transforms_keeps_the_relative_points(tmp_path: Path) -> None:
    far = Pose.from_parts(np.eye(3), [5e6, -5e6, 0.0])
    near = read_scan([write(tmp_path / "near.ptx", block(T_A), block(T_B))])
    away = read_scan([write(tmp_path / "away.ptx", block(far @ T_A), block(far @ T_B))])
    assert np.abs(near.points - away.points).max() < 2e-9


def test_a_matrix_written_in_columns_is_turned(tmp_path: Path) -> None:
    lines = block(T_A).splitlines()
    lines[6:10] = [" ".join(map(repr, map(float, row))) for row in T_A.matrix]
    scan = read_scan([write(tmp_path / "a.ptx", "\n".join(lines))])
    assert np.allclose(scan.points + scan.origin, T_A.apply(HITS))
    assert any("was turned" in note for note in scan.notes)


def test_a_rounded_rotation_is_made_rigid(tmp_path: Path) -> None:
    lines = block(T_A).splitlines()
    lines[6:10] = [" ".join(f"{v:.4f}" for v in row) for row in T_A.matrix.T]
    scan = read_scan([write(tmp_path / "a.ptx", "\n".join(lines))])
    assert np.allclose(scan.points + scan.origin, T_A.apply(HITS), atol=1e-3)
    d = np.linalg.norm(scan.points[0] - scan.points[1])
    assert d == pytest.approx(np.linalg.norm(HITS[0] - HITS[1]), abs=1e-12)


@pytest.mark.parametrize(
    ("line", "text", "reason"),
    [
        (6, "2 0 0 0", "not rigid"),
        (6, "-1 0 0 0", "not rigid"),
        (9, "1 2 3 5", "not rigid"),
        (9, "1 2 3 nan", "no number"),
        (9, "1 2 3", 'line 10 should be line 10 of a PTX header with 4.* not "1 2 3"'),
        (1, "-2", "cannot have"),
        (1, "1.25", "cannot have"),
        (0, "99999999", "truncated"),
        (12, "hello", 'line 13 is no point of scan 1: "hello"'),
        (12, "1 2", 'line 13 is no point of scan 1: "1 2"'),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, line: int, text: str, reason: str) -> None:
    lines = block(Pose.from_yaw(0.0, [1, 2, 3])).splitlines()
    lines[line] = text
    with pytest.raises(ReadError, match=reason):
        read_scan([write(tmp_path / "a.ptx", "\n".join(lines))])


def test_two_different_places_are_noted(tmp_path: Path) -> None:
    scan = read_scan([write(tmp_path / "a.ptx", block(T_A, position=[1.0, 1.0, 1.0]))])
    assert scan.origin.tolist() == [100, 200, 10]
    assert any("two places" in note for note in scan.notes)


def test_only_misses_is_empty_input(tmp_path: Path) -> None:
    with pytest.raises(EmptyInput, match="none of its 2 points"):
        read_scan([write(tmp_path / "a.ptx", block(T_A, [[0.0, 0.0, 0.0]] * 2))])


def test_identity_transform_at_zero_is_not_believed_without_evidence(tmp_path: Path) -> None:
    scan = read_scan([write(tmp_path / "a.ptx", block(Pose.identity()))])
    assert not scan.has_poses
    assert np.allclose(scan.points + scan.origin, HITS)
