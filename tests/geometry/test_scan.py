"""The scan's value type: shapes, frozen arrays, which stations are known."""

import numpy as np
import pytest

from geometry.scan import Scan, Station
from geometry.source import SourceFile

SOURCE = (SourceFile("a.e57", "0" * 64, "E57"),)


def scan_with(stations: tuple[Station, ...], index: list[int]) -> Scan:
    return Scan(np.zeros((len(index), 3)), np.array(index, np.int32), stations, np.zeros(3), SOURCE)


def test_poses_are_known_when_every_station_with_points_has_one() -> None:
    known, unknown = Station("A", np.array([1.0, 2, 3])), Station("B", None)
    assert scan_with((known, unknown), [0, 0]).has_poses
    assert not scan_with((known, unknown), [0, 1]).has_poses
    assert scan_with((unknown, known), [1, 1]).has_poses
    assert scan_with((unknown, known), []).has_poses
    assert scan_with((known, unknown), [0, 1]).station_positions().tolist() == [[1, 2, 3]]


def test_no_known_station_is_an_empty_table() -> None:
    scan = scan_with((Station("A", None),), [0])
    assert scan.station_positions().shape == (0, 3)
    assert not scan.has_poses


@pytest.mark.parametrize(("points", "index"), [((4, 2), 4), ((4, 3), 3), ((12,), 4)])
def test_wrong_shapes_are_refused(points: tuple[int, ...], index: int) -> None:
    with pytest.raises(ValueError, match="a scan needs"):
        Scan(np.zeros(points), np.zeros(index, np.int32), (Station("A", None),), np.zeros(3), SOURCE)


def test_a_scan_cannot_be_changed() -> None:
    scan = scan_with((Station("A", np.zeros(3)),), [0, 0])
    with pytest.raises(ValueError, match="read-only"):
        scan.points[0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        scan.station_index[0] = 1
