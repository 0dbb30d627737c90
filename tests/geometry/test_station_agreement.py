"""Stations that were registered beside each other: by how much comes back, who is aside is named, noise is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.scan import Scan, Station
from geometry.shared_planes import shared_planes
from geometry.source import SourceFile
from geometry.station_agreement import station_agreement

ROOM = np.array([8.0, 6.0, 3.0])
STOOD = np.array(
    [[2, 2, 1.5], [6, 2, 1.6], [6, 4, 1.4], [2, 4, 1.5], [4, 3, 1.7], [3, 5, 1.5], [5, 1, 1.5]], np.float64
)
SOURCE = (SourceFile("room.e57", "0" * 64, "E57"),)


def on_walls(rng: np.random.Generator, count: int) -> FloatArray:
    """Return points spread over the six faces of a room, of which each station sees its own."""
    points = rng.random((count, 3)) * ROOM
    axis, side = rng.integers(0, 3, count), rng.integers(0, 2, count)
    points[np.arange(count), axis] = side * ROOM[axis]
    return points


def room_scan(moves: FloatArray, *, noise: float = 0.002, points: int = 20_000, seed: int = 1) -> Scan:
    """Return a scan of a room of which the stations are recorded ``moves`` (s, 3) metres beside where they stood."""
    rng = np.random.default_rng(seed)
    clouds = [on_walls(rng, points) + rng.normal(0, noise, (points, 3)) + move for move in moves]
    return scan_of(clouds, STOOD[: len(moves)] + moves)


def scan_of(clouds: list[FloatArray], stood: FloatArray) -> Scan:
    index = np.repeat(np.arange(len(clouds)), [len(cloud) for cloud in clouds]).astype(np.int32)
    stations = tuple(Station(f"S{k}", at) for k, at in enumerate(stood))
    return Scan(np.concatenate(clouds), index, stations, np.zeros(3), SOURCE)


def test_stations_that_lie_right_agree_whatever_the_noise() -> None:
    for noise in (0.0005, 0.002, 0.004):
        found = station_agreement(room_scan(np.zeros((5, 3)), noise=noise))
        assert found.known
        assert found.scatter < 0.1 * noise
        assert not found.aside.any()


@pytest.mark.parametrize("scatter", [0.001, 0.003])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_stations_scatter_by_is_what_was_planted(scatter: float, seed: int) -> None:
    """Of n stations about their mean: the planted moves' standard deviation along each axis, by how much faces it."""
    moves = np.random.default_rng(seed).normal(0, scatter, (7, 3))
    found = station_agreement(room_scan(moves, seed=seed))
    faces = ROOM.prod() / ROOM
    planted = float(np.sqrt(moves.var(axis=0, ddof=1) @ faces / faces.sum()))
    assert not found.aside.any()
    assert found.scatter == pytest.approx(planted, rel=0.05)


@pytest.mark.parametrize("odd", [0, 3])
@pytest.mark.parametrize("stations", [3, 7])
def test_the_one_that_lies_aside_is_named_with_its_shift(odd: int, stations: int) -> None:
    moves = np.random.default_rng(5).normal(0, 0.0005, (stations, 3))
    odd = odd % stations
    moves[odd] += [0.012, -0.009, 0.008]
    found = station_agreement(room_scan(moves))
    assert np.flatnonzero(found.aside).tolist() == [odd]
    assert found.shift[odd] == pytest.approx([0.012, -0.009, 0.008], abs=0.002)
    assert found.scatter < 0.0015


def test_of_two_stations_nobody_knows_who_is_right() -> None:
    found = station_agreement(room_scan(np.array([[0, 0, 0], [0.012, -0.009, 0.008]])))
    assert not found.aside.any()
    assert found.uncertainty == pytest.approx(np.full(2, np.sqrt((0.012**2 + 0.009**2 + 0.008**2) / 6)), rel=0.1)


def test_where_as_many_lie_aside_as_do_not_none_is_left_out() -> None:
    moves = np.zeros((6, 3))
    moves[3:] = [0.01, 0.01, 0.01]
    found = station_agreement(room_scan(moves))
    assert not found.aside.any()
    assert (found.uncertainty > 0.004).all()


def test_what_was_moved_between_two_stations_is_not_their_registration() -> None:
    """A cupboard of 2 m that a later station saw 3 cm aside: its planes do not fit, and lose their weight."""
    scan = room_scan(np.zeros((4, 3)))
    points = scan.points.copy()
    moved = (scan.station_index == 2) & (points[:, 0] < 0.1) & (points[:, 1] < 2.0)
    points[moved] += [0.03, 0.0, 0.0]
    found = station_agreement(scan_of([points[scan.station_index == k] for k in range(4)], STOOD[:4]))
    assert not found.aside.any()
    assert found.scatter < 0.001


def test_the_two_sides_of_a_thin_wall_are_not_one_plane() -> None:
    rng = np.random.default_rng(3)
    sides = []
    for x in (0.0, 0.04):  # a wall of 4 cm between two stations
        at = rng.random((20_000, 3)) * [0.0, 6.0, 3.0]
        sides.append(at + [x, 0, 0] + rng.normal(0, 0.001, at.shape) * [1, 0, 0])
    scan = scan_of(sides, np.array([[-3.0, 3, 1.5], [3.0, 3, 1.5]]))
    assert len(shared_planes(scan).plane) == 0
    assert not station_agreement(scan).known


def test_without_positions_or_with_one_station_nothing_is_known() -> None:
    scan = room_scan(np.zeros((2, 3)))
    unknown = Scan(scan.points, scan.station_index, (Station("a", None), Station("b", None)), scan.origin, SOURCE)
    one = Scan(scan.points, np.zeros_like(scan.station_index), scan.stations[:1], scan.origin, SOURCE)
    for some in (unknown, one):
        found = station_agreement(some)
        assert not found.known
        assert not found.uncertainty.any()
        assert not found.aside.any()


@settings(max_examples=5, deadline=None)
@given(yaw=st.floats(-np.pi, np.pi), x=st.floats(-50, 50), y=st.floats(-50, 50))
def test_a_scan_that_is_turned_and_moved_as_a_whole_agrees_alike(yaw: float, x: float, y: float) -> None:
    scan = room_scan(np.random.default_rng(4).normal(0, 0.002, (4, 3)))
    turn = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    stood = scan.station_positions() @ turn.T + [x, y, 0]
    clouds = [scan.points[scan.station_index == k] @ turn.T + [x, y, 0] for k in range(4)]
    here, there = station_agreement(scan), station_agreement(scan_of(clouds, stood))
    assert there.off == pytest.approx(here.off, abs=0.0003)  # other cubes hold other points


def test_what_is_left_out_is_gone_and_the_rest_is_as_it_was() -> None:
    scan = room_scan(np.zeros((3, 3)), points=100)
    left = scan.without(np.array([False, True, False]))
    assert left.points == pytest.approx(scan.points[scan.station_index != 1])
    assert left.stations == scan.stations
    assert scan.without(np.zeros(3, np.bool_)) is scan
