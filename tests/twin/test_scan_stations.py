from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.arrays import BoolArray, FloatArray
from geometry.triangle_tree import build_tree
from twin.errors import Invalid
from twin.scan_stations import (
    ScannerLimits,
    StoreyToScan,
    SurfaceSamples,
    in_view,
    line_of_sight,
    station_grid,
    stations_by_storey,
    suggest_stations,
    unseen_elements,
)

LIMITS = ScannerLimits(max_range=10.0, max_incidence=float(np.radians(60.0)), min_range=0.5)


def _samples(points: Any, normals: Any, weights: Any = None) -> SurfaceSamples:
    at = np.array(points, np.float64)
    return SurfaceSamples(at, np.array(normals, np.float64), np.ones(len(at)) if weights is None else np.array(weights))


def _room(width: float, depth: float, step: float = 0.5) -> SurfaceSamples:
    """The four walls of a room, seen from within, at eye level."""
    along_x, along_y = np.arange(step / 2, width, step), np.arange(step / 2, depth, step)
    walls = [
        (np.stack([along_x, 0 * along_x], 1), (0, 1)), (np.stack([along_x, 0 * along_x + depth], 1), (0, -1)),
        (np.stack([0 * along_y, along_y], 1), (1, 0)), (np.stack([0 * along_y + width, along_y], 1), (-1, 0)),
    ]  # fmt: skip
    points = np.concatenate([np.column_stack([p, np.full(len(p), 1.6)]) for p, _ in walls])
    normals = np.concatenate([np.tile([*n, 0.0], (len(p), 1)) for p, n in walls])
    return SurfaceSamples(points, normals, np.full(len(points), step))


@pytest.mark.parametrize(("station", "seen"), [
    ((0, 0, 5), True), ((0, 0, 10), True), ((0, 0, 10.1), False), ((0, 0, 0.4), False), ((0, 0, -5), False),
    ((5 * np.sin(1.04), 0, 5 * np.cos(1.04)), True), ((5 * np.sin(1.06), 0, 5 * np.cos(1.06)), False),
])  # fmt: skip
def test_range_and_incidence_decide(station: tuple[float, float, float], seen: bool) -> None:
    assert bool(in_view(_samples([[0, 0, 0]], [[0, 0, 1]]), np.array(station), LIMITS)[0]) is seen


def test_the_grid_is_centred_and_no_wider_than_asked() -> None:
    grid = station_grid(np.array([0.0, 10.0]), np.array([6.0, 14.0]), floor=3.0, spacing=2.5)
    assert sorted(set(grid[:, 0])) == [1.0, 3.0, 5.0]
    assert sorted(set(grid[:, 1])) == [11.0, 13.0]
    assert set(grid[:, 2]) == {4.6}
    exact = station_grid(np.zeros(2), np.array([6.0, 4.0]), floor=0.0, spacing=2.0)
    assert len(exact) == 6
    for wrong in ((np.array([0.0, 0.0]), 1.0), (np.array([1.0, np.nan]), 1.0), (np.array([1.0, 1.0]), 0.0)):
        with pytest.raises(Invalid):
            station_grid(np.zeros(2), wrong[0], floor=0.0, spacing=wrong[1])


def test_one_station_sees_a_small_room_and_a_long_one_needs_more() -> None:
    small = suggest_stations(_room(4, 4), station_grid(np.zeros(2), np.array([4.0, 4.0]), floor=0, spacing=1.3), LIMITS)
    assert (len(small.stations), small.share) == (1, 1.0)
    room = _room(40, 4)
    grid = station_grid(np.zeros(2), np.array([40.0, 4.0]), floor=0.0, spacing=1.0)
    long = suggest_stations(room, grid, LIMITS)
    assert long.share == 1.0
    assert 5 <= len(long.stations) <= 10
    assert (np.diff(long.gains) <= 1e-9).all(), "each adds no more than the one before"
    assert np.isclose(long.gains.sum(), room.weights.sum())


def test_it_ends_when_enough_is_seen_or_after_the_most() -> None:
    room, grid = _room(40, 4), station_grid(np.zeros(2), np.array([40.0, 4.0]), floor=0.0, spacing=1.0)
    half = suggest_stations(room, grid, LIMITS, enough=0.5)
    assert 0.5 <= half.share < 0.8
    two = suggest_stations(room, grid, LIMITS, most=2)
    assert len(two.stations) == 2
    assert np.isclose(two.gains.sum(), room.weights[two.seen].sum())
    assert len(suggest_stations(room, grid, LIMITS, most=0).stations) == 0


def test_what_nobody_can_see_is_said_and_not_waited_for() -> None:
    samples = _samples([[0, 0, 0], [0, 0, 0]], [[0, 0, 1], [0, 0, -1]])
    plan = suggest_stations(samples, np.array([[0.0, 0, 5]]), LIMITS)
    assert (plan.seen.tolist(), plan.reachable.tolist(), plan.share) == ([True, False], [True, False], 0.5)


def _brute_force(sees: BoolArray, weights: FloatArray, k: int) -> float:
    return max(float(weights[sees[list(pick)].any(axis=0)].sum()) for pick in combinations(range(len(sees)), k))


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_greedy_sees_at_least_its_guaranteed_share_of_the_best_choice(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    sees = rng.random((7, 24)) < rng.uniform(0.05, 0.5)
    samples = SurfaceSamples(rng.normal(size=(24, 3)), np.zeros((24, 3)), rng.integers(0, 5, 24).astype(float))
    if samples.weights.sum() == 0:
        return
    samples = _everywhere(samples)
    candidates = np.column_stack([np.arange(7.0), np.zeros(7), np.full(7, 100.0)])

    def visible(points: FloatArray, station: FloatArray) -> BoolArray:
        return sees[int(station[0])]

    far = ScannerLimits(max_range=1e4, max_incidence=1.5, min_range=0.0)
    plan = suggest_stations(samples, candidates, far, visible=visible, most=k)
    best = _brute_force(sees, samples.weights, k)
    got = float(samples.weights[plan.seen].sum())
    assert (1 - 1 / np.e) * best - 1e-9 <= got <= best + 1e-9
    complete = suggest_stations(samples, candidates, far, visible=visible)
    assert (complete.seen | (samples.weights == 0))[sees.any(axis=0)].all()


def _everywhere(samples: SurfaceSamples) -> SurfaceSamples:
    """The same samples, all facing up, so that only ``visible`` decides."""
    return SurfaceSamples(samples.points * 1e-3, np.tile([0.0, 0, 1], (len(samples.points), 1)), samples.weights)


def _box(lower: tuple[float, float, float], upper: tuple[float, float, float]) -> FloatArray:
    corner = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float64)
    at = np.array(lower) + corner * (np.array(upper) - np.array(lower))
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return np.array([at[[a, b, c]] for q in quads for a, b, c in ((q[0], q[1], q[2]), (q[0], q[2], q[3]))])


def test_a_pillar_hides_what_is_behind_it_and_a_second_station_sees_it() -> None:
    room = _room(8, 8, 0.25)
    visible = line_of_sight(build_tree(_box((3.5, 3.5, 0), (4.5, 4.5, 3))))
    station = np.array([1.0, 4.0, 1.6])
    seen = in_view(room, station, LIMITS, visible)
    behind = (room.points[:, 0] == 8.0) & (np.abs(room.points[:, 1] - 4.0) < 0.9)
    assert not seen[behind].any()
    assert in_view(room, station, LIMITS)[behind].all()
    grid = station_grid(np.zeros(2), np.array([8.0, 8.0]), floor=0.0, spacing=2.0)
    plan = suggest_stations(room, grid, LIMITS, visible=visible)
    assert plan.share == 1.0
    assert len(plan.stations) >= 2
    for station, _ in zip(plan.stations, plan.gains, strict=True):
        assert not ((station[:2] > 3.5) & (station[:2] < 4.5)).all(), "nobody stands in a pillar"


def test_a_ray_ends_before_the_surface_that_it_is_about() -> None:
    wall = _box((5, -5, 0), (5.2, 5, 3))
    visible = line_of_sight(build_tree(wall))
    assert visible(np.array([[5.0, 0, 1.5], [5.2, 0, 1.5]]), np.array([0.0, 0, 1.5])).tolist() == [True, False]


def test_each_storey_gets_its_own_stations() -> None:
    def storey(floor: float) -> StoreyToScan:
        room = _room(4, 4)
        lifted = SurfaceSamples(room.points + np.array([0.0, 0.0, floor]), room.normals, room.weights)
        return StoreyToScan(lifted, np.zeros(2), np.array([4.0, 4.0]), floor)

    plans = stations_by_storey({"L1": storey(0.0), "L2": storey(3.0)}, LIMITS, spacing=1.3)
    assert [p.stations[0, 2] for p in plans.values()] == pytest.approx([1.6, 4.6])


def test_the_same_question_has_the_same_answer_to_the_byte() -> None:
    room, grid = _room(40, 4), station_grid(np.zeros(2), np.array([40.0, 4.0]), floor=0.0, spacing=1.0)
    one, two = (suggest_stations(room, grid, LIMITS) for _ in range(2))
    assert one.stations.tobytes() == two.stations.tobytes()
    twins = suggest_stations(_room(4, 4), np.repeat([[2.0, 2.0, 1.6]], 3, axis=0), LIMITS)
    assert len(twins.stations) == 1


def test_elements_seen_too_little_are_named() -> None:
    seen = np.array([True, False, False, False, True, True])
    owner = np.array([0, 0, 0, 0, 1, 1])
    assert unseen_elements(seen, owner, ("a", "b", "c")) == ("a", "c")
    assert unseen_elements(seen, owner, ("a", "b", "c"), least_share=0.25) == ("c",)


def test_nothing_to_see_or_nowhere_to_stand_is_refused() -> None:
    one = _samples([[0, 0, 0]], [[0, 0, 1]])
    with pytest.raises(Invalid, match="nowhere"):
        suggest_stations(one, np.empty((0, 3)), LIMITS)
    for nothing in (_samples(np.empty((0, 3)), np.empty((0, 3))), _samples([[0, 0, 0]], [[0, 0, 1]], [0.0])):
        with pytest.raises(Invalid, match="no surface"):
            suggest_stations(nothing, np.zeros((1, 3)), LIMITS)


@pytest.mark.parametrize(
    "fields", [(0.5, 1.0, 0.6), (np.inf, 1.0, 0.0), (5.0, 0.0, 0.0), (5.0, 1.6, 0.0), (5.0, 1, -1)]
)
def test_limits_that_nothing_meets_are_refused(fields: tuple[float, float, float]) -> None:
    with pytest.raises(Invalid):
        ScannerLimits(*fields)


def test_samples_have_to_fit_each_other() -> None:
    with pytest.raises(ValueError, match="samples need"):
        SurfaceSamples(np.zeros((2, 3)), np.zeros((1, 3)), np.ones(2))
    with pytest.raises(ValueError, match="weights"):
        SurfaceSamples(np.zeros((1, 3)), np.zeros((1, 3)), np.array([-1.0]))
