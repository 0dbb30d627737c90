"""Registration recovers planted poses from anywhere, and refuses what cannot be told apart."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geometry.arrays import FloatArray
from geometry.design import DesignModel, Element, Mesh
from geometry.errors import EmptyInput
from geometry.pose import Pose, pose_difference
from geometry.registration.register import register
from geometry.registration.request import RegistrationRequest
from geometry.registration.result import Registration
from geometry.scan import Scan, Station
from tests.geometry.registration.buildings import (
    HOUSE_STATIONS,
    SOURCE,
    Box,
    Scanned,
    house,
    model_of,
    of_boxes,
    room,
    scan_of,
    shifted,
)

AUTO = RegistrationRequest.auto()


def missed_by(found: Registration, scanned: Scanned) -> tuple[float, float]:
    """Return how far (m) and by what angle (deg) a pose misses the truth at the scan's centre."""
    assert found.T_design_scan is not None
    distance, angle = pose_difference(found.T_design_scan, scanned.T_design_scan, scanned.scan.points.mean(axis=0))
    return distance, float(np.degrees(angle))


def assert_right(found: Registration, scanned: Scanned, *, within: float = 0.002) -> None:
    assert found.status == "accepted", found.detail
    distance, angle = missed_by(found, scanned)
    assert distance < within
    assert angle < 0.05


@settings(max_examples=4, deadline=None)
@given(yaw=st.floats(-np.pi, np.pi), x=st.floats(-1e4, 1e4), y=st.floats(-1e4, 1e4), z=st.floats(-500, 500))
def test_the_pose_is_found_from_any_turn_and_any_place(yaw: float, x: float, y: float, z: float) -> None:
    scanned = scan_of(house(), HOUSE_STATIONS, yaw=yaw, shift=(x, y, z))
    assert_right(register(scanned.scan, house(), AUTO), scanned)


def test_walls_need_not_be_at_right_angles() -> None:
    turn = Pose.from_yaw(0.45)
    skew = [m for m in house().elements.values()]
    meshes = [m.mesh if i % 2 else Mesh(turn.apply(m.mesh.vertices), m.mesh.faces) for i, m in enumerate(skew)]
    design = model_of(meshes)
    scanned = scan_of(design, HOUSE_STATIONS)
    assert_right(register(scanned.scan, design, AUTO), scanned)


def test_without_station_poses_it_still_registers() -> None:
    scanned = scan_of(house(), HOUSE_STATIONS, poses_known=False)
    assert_right(register(scanned.scan, house(), AUTO), scanned)


@pytest.mark.parametrize("degrees", [1.0, 5.0])
def test_a_tilted_scan_is_levelled_by_its_own_floors_and_walls(degrees: float) -> None:
    level = scan_of(house(), HOUSE_STATIONS)
    tilt = Pose.from_rotation_vector(np.radians([0.6 * degrees, 0.8 * degrees, 0.0]))
    tilted = in_other_frame(level, tilt)
    assert_right(register(tilted.scan, house(), AUTO), tilted)


def in_other_frame(scanned: Scanned, T_new_old: Pose) -> Scanned:
    scan = scanned.scan
    stations = tuple(Station(s.name, T_new_old.apply([s.position])[0]) for s in scan.stations if s.position is not None)
    moved = dataclasses.replace(scan, points=T_new_old.apply(scan.points), stations=stations)
    return Scanned(moved, scanned.T_design_scan @ T_new_old.inverse())


def test_badly_built_slabs_do_not_pull_the_pose() -> None:
    """Both floors, a third of all points, sit 34 mm high; the pose must follow the many, not the large."""
    built = shifted(house(), {0: (0, 0, 0.034), 6: (0, 0, 0.034), 3: (0.05, 0, 0), 12: (0, 0.08, 0)})
    scanned = scan_of(built, HOUSE_STATIONS)
    found = register(scanned.scan, house(), AUTO)
    assert_right(found, scanned)
    assert 0 < found.supporters < found.judged


def beamed_room(*, raised: float) -> DesignModel:
    """Return a furnished room with twelve beams hidden in its ceiling, 4 cm deep, and the ceiling ``raised`` metres."""
    boxes = room(0.0, 0.0, 8.0, 6.0)
    x0, y0, z0, x1, y1, z1 = boxes[1]
    boxes[1] = (x0, y0, z0 + raised, x1, y1, z1 + raised)
    beams = [(0.3 + 0.62 * k, 0.1, 3.04, 0.7 + 0.62 * k, 5.9, 3.18) for k in range(12)]
    furniture = [
        (0.4, 0.3, 0.0, 1.6, 0.9, 0.8), (6.2, 0.2, 0.0, 7.1, 1.3, 0.5), (0.2, 4.6, 0.0, 1.1, 5.7, 1.1),
        (5.4, 4.7, 0.0, 7.6, 5.6, 0.7), (2.9, 5.1, 0.0, 4.2, 5.8, 0.4), (3.6, 0.1, 0.0, 4.9, 0.7, 0.9),
    ]  # fmt: skip
    return of_boxes(boxes + beams + furniture)


@pytest.mark.parametrize("raised", [0.028, 0.034, 0.05])
def test_parts_hidden_in_a_badly_built_face_do_not_vote_for_it(raised: float) -> None:
    """The ceiling comes to lie near the faces of the beams in it: twelve names, and still one surface."""
    scanned = scan_of(beamed_room(raised=raised), ((2.4, 2.6, 1.7), (5.6, 3.2, 1.5)), rays=20_000)
    found = register(scanned.scan, beamed_room(raised=0.0), AUTO)
    assert_right(found, scanned)
    for part in np.diag(found.covariance)[3:] if found.covariance is not None else ():
        assert part < 0.003**2


def test_missing_elements_and_clutter_do_not_mislead() -> None:
    meshes = [e.mesh for i, e in enumerate(house().elements.values()) if i not in (12, 13)]
    clutter = of_boxes([(4.0, 0.8, 0, 4.9, 1.7, 1.1), (2.2, 3.1, 0, 3.1, 3.7, 1.8), (6.6, 0.3, 0, 7.0, 1.9, 2.2)])
    built = model_of(meshes + [e.mesh for e in clutter.elements.values()])
    scanned = scan_of(built, HOUSE_STATIONS)
    assert_right(register(scanned.scan, house(), AUTO), scanned)


def hall(bays: int) -> list[Box]:
    """Return a long hall with a frame every 5 m and no end walls."""
    length = 5.0 * bays
    boxes: list[Box] = [(0, -0.2, -0.2, length, 8.2, 0), (0, -0.2, 0, length, 0, 4), (0, 8, 0, length, 8.2, 4)]
    for k in range(bays + 1):
        boxes += [(5 * k - 0.15, 0, 0, 5 * k + 0.15, 0.3, 4), (5 * k - 0.15, 7.7, 0, 5 * k + 0.15, 8, 4)]
    return boxes


def cylinder() -> DesignModel:
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    ring = np.stack([3 * np.cos(angle), 3 * np.sin(angle)], axis=1)
    vertices = np.concatenate([np.column_stack([ring, np.full(96, z)]) for z in (0.0, 4.0)])
    vertices = np.concatenate([vertices, [[0, 0, 0], [0, 0, 4.0]]])
    i, j = np.arange(96), (np.arange(96) + 1) % 96
    side = np.concatenate([np.stack([i, j, j + 96], 1), np.stack([i, j + 96, i + 96], 1)])
    caps = np.concatenate([np.stack([j, i, np.full(96, 192)], 1), np.stack([i + 96, j + 96, np.full(96, 193)], 1)])
    return model_of([Mesh(vertices, np.concatenate([side, caps]).astype(np.int32))])


AROUND = tuple((float(5 * np.cos(a)), float(5 * np.sin(a)), 1.6) for a in (0.3, 2.4, 4.5))
SYMMETRIC: dict[str, tuple[DesignModel, tuple[tuple[float, float, float], ...], float]] = {
    "box room": (of_boxes(room(0, 0, 6, 4)), ((2.0, 1.5, 1.6),), 60.0),
    "square room": (of_boxes(room(0, 0, 5, 5)), ((2.0, 1.5, 1.6),), 60.0),
    "two identical storeys": (
        of_boxes([*room(0, 0, 6, 4), *room(0, 0, 6, 4, z=3.4), (1, 1, 0, 1.4, 1.6, 3), (1, 1, 3.4, 1.4, 1.6, 6.4)]),
        ((3.0, 2.5, 1.6),), 60.0,
    ),
    "repeated bays": (of_boxes(hall(12)), ((27.0, 3.0, 1.6), (33.0, 5.0, 1.6)), 14.0),
    "cylinder": (cylinder(), AROUND, 60.0),
    "single wall": (of_boxes([(0, 0, 0, 12, 0.3, 3)]), ((5.0, -2.5, 1.6),), 60.0),
    "corridor": (
        of_boxes([(0, -0.2, 0, 90, 0, 3), (0, 2, 0, 90, 2.2, 3), (0, -0.2, -0.2, 90, 2.2, 0)]),
        ((44.0, 1.0, 1.6),), 12.0,
    ),
    "slab": (of_boxes([(0, 0, -0.3, 60, 60, 0)]), ((30.0, 30.0, 1.6),), 15.0),
}  # fmt: skip


@pytest.mark.parametrize("name", SYMMETRIC)
def test_what_cannot_be_told_apart_is_refused(name: str) -> None:
    design, stations, reach = SYMMETRIC[name]
    for seed in range(1):
        scanned = scan_of(design, stations, reach=reach, seed=seed)
        found = register(scanned.scan, design, AUTO)
        assert found.status == "refused"
        assert found.reason in ("ambiguous", "degenerate", "low_overlap")
        assert "--register FILE" in found.detail
        assert found.rivals or found.unobservable


def test_a_symmetric_room_stays_ambiguous_when_badly_built_and_cluttered() -> None:
    built = shifted(of_boxes(room(0, 0, 6, 4)), {2: (0.04, 0, 0), 0: (0, 0, 0.03)})
    clutter = of_boxes([(4.0, 0.8, 0, 4.9, 1.7, 1.1), (2.2, 3.1, 0, 3.1, 3.7, 1.8)])
    built = model_of([e.mesh for m in (built, clutter) for e in m.elements.values()])
    scanned = scan_of(built, ((3.0, 2.0, 1.6),))
    found = register(scanned.scan, of_boxes(room(0, 0, 6, 4)), AUTO)
    assert found.status == "refused"
    assert found.reason == "ambiguous"
    assert any(abs(np.degrees(r.angle_rad) - 180) < 1 for r in found.rivals)


@pytest.mark.parametrize(
    ("symmetric", "feature", "station"),
    [
        (room(0, 0, 6, 4), (1.0, 2.6, 0, 1.4, 3.0, 3), (3.0, 1.5, 1.6)),
        (room(0, 0, 6, 4), (0, 1.2, 0, 0.6, 2.4, 2.0), (3.5, 1.5, 1.6)),
        ([*room(0, 0, 6, 4), *room(0, 0, 6, 4, z=3.4)], (2.0, 0, 0, 2.2, 2.5, 3), (3.4, 2.5, 1.6)),
    ],
)
def test_one_feature_that_is_clearly_seen_decides(
    symmetric: list[Box], feature: Box, station: tuple[float, float, float]
) -> None:
    design = of_boxes([*symmetric, feature, (5.2, 0.0, 0, 5.9, 0.5, 0.8)])
    scanned = scan_of(design, (station,))
    assert_right(register(scanned.scan, design, AUTO), scanned)


def test_a_feature_that_was_not_built_does_not_decide() -> None:
    """The column is designed and missing: the scan then fits both ways round, and must not be forced."""
    design = of_boxes([*room(0, 0, 6, 4), (1.0, 2.6, 0, 1.4, 3.0, 3)])
    scanned = scan_of(of_boxes(room(0, 0, 6, 4)), ((3.0, 2.0, 1.6),))
    found = register(scanned.scan, design, AUTO)
    assert found.status == "refused"
    assert found.reason == "ambiguous"


def test_another_building_is_refused() -> None:
    other = of_boxes([*room(0, 0, 9, 3), (2, 1, 0, 2.5, 1.5, 3), (7, 0, 0, 7.2, 2, 3)])
    scanned = scan_of(house(), HOUSE_STATIONS)
    assert register(scanned.scan, other, AUTO).status == "refused"


@pytest.mark.parametrize(("factor", "word"), [(1000.0, "millimetres"), (1 / 0.3048, "feet"), (0.001, "millimetres")])
def test_wrong_units_are_named(factor: float, word: str) -> None:
    scanned = scan_of(house(), HOUSE_STATIONS).scan
    stations = tuple(Station(s.name, s.position * factor) for s in scanned.stations if s.position is not None)
    found = register(dataclasses.replace(scanned, points=scanned.points * factor, stations=stations), house(), AUTO)
    assert found.status == "refused"
    assert word in found.detail


def written(scanned: Scanned, factor: float, shift: tuple[float, float, float]) -> Scan:
    """Return a scan in the design's frame, moved by ``shift`` (metres), in units of 1 / ``factor`` metres."""

    def units(places: FloatArray) -> FloatArray:
        return (scanned.T_design_scan.apply(places + scanned.scan.origin) + np.array(shift)) * factor

    known = [s for s in scanned.scan.stations if s.position is not None]
    stations = tuple(Station(s.name, units(np.array([s.position]))[0]) for s in known)
    return dataclasses.replace(scanned.scan, points=units(scanned.scan.points), origin=np.zeros(3), stations=stations)


@pytest.mark.parametrize(
    ("factor", "shift", "word"),
    [
        (1000.0, (0.0, 0.0, 0.0), "scan is in millimetres"),
        (1 / 0.3048, (40.0, -20.0, 2.0), "scan is in feet"),
        (0.3048, (3.0, 1.0, 0.0), "model is in feet"),
    ],
)
def test_wrong_units_are_named_also_when_the_pose_is_given(
    factor: float, shift: tuple[float, float, float], word: str
) -> None:
    scan = written(scan_of(house(), HOUSE_STATIONS), factor, shift)
    found = register(scan, house(), RegistrationRequest.given())
    assert (found.status, found.reason, found.method) == ("refused", "low_overlap", "given")
    assert word in found.detail


@pytest.mark.parametrize(
    ("boxes", "stations", "shift"),
    [
        ([(0, 0, 0, 6, 0.3, 3)], ((2.0, -3.0, 1.5),), (3.0, 1.0, 0.0)),
        (room(0, 0, 5, 4), ((2.5, 2.0, 1.6),), (40.0, -20.0, 2.0)),
        (None, HOUSE_STATIONS, (40.0, -20.0, 2.0)),
    ],
)
def test_a_scan_in_another_place_is_not_told_that_its_units_are_wrong(
    boxes: list[Box] | None, stations: tuple[tuple[float, float, float], ...], shift: tuple[float, float, float]
) -> None:
    """A single wall made a third as large fits onto itself in many ways, and was said to be in feet."""
    design = house() if boxes is None else of_boxes(boxes)
    found = register(written(scan_of(design, stations), 1.0, shift), design, RegistrationRequest.given())
    assert (found.status, found.reason) == ("refused", "low_overlap")
    assert "scaled by" not in found.detail


def test_a_scan_wider_than_any_site_is_refused_not_an_accident() -> None:
    points = np.random.default_rng(0).random((5000, 3)) * [90e3, 80e3, 1e3]
    scan = Scan(points, np.zeros(5000, np.int32), (Station("a", None),), np.zeros(3), (SOURCE,))
    for request in (AUTO, RegistrationRequest.given()):
        found = register(scan, house(), request)
        assert (found.status, found.reason) == ("refused", "low_overlap")
        assert "times as large as the model" in found.detail


def test_the_same_bytes_twice_and_the_same_pose_far_away() -> None:
    here = scan_of(house(), HOUSE_STATIONS, yaw=0.7, shift=(0.0, 0.0, 0.0))
    first, again = (register(here.scan, house(), AUTO) for _ in range(2))
    assert first.T_design_scan is not None
    assert again.T_design_scan is not None
    assert first.T_design_scan.matrix.tobytes() == again.T_design_scan.matrix.tobytes()
    jittered = np.round(here.scan.points / 2.0**-30) * 2.0**-30  # what 5,000 km leave of a float64
    far = register(dataclasses.replace(here.scan, points=jittered), house(), AUTO)
    assert far.T_design_scan is not None
    assert pose_difference(first.T_design_scan, far.T_design_scan)[0] < 1e-6


def test_holdout_and_covariance_are_reported() -> None:
    scanned = scan_of(house(), HOUSE_STATIONS)
    found = register(scanned.scan, house(), AUTO)
    assert found.covariance is not None
    assert found.rmse == pytest.approx(0.002, abs=0.0015)
    assert found.holdout_rmse == pytest.approx(found.rmse, rel=0.3)
    assert np.sqrt(np.diag(found.covariance))[3:].max() < 0.003


def test_a_model_without_surfaces_is_refused_and_a_scan_without_points_is_an_error() -> None:
    scanned = scan_of(house(), HOUSE_STATIONS)
    nothing = Element("e", "IfcWall", "", "", Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32)))
    empty = dataclasses.replace(house(), elements={"e": nothing})
    assert register(scanned.scan, empty, AUTO).reason == "no_geometry"
    few = Scan(np.zeros((1, 3)), np.zeros(1, np.int32), (Station("s", np.zeros(3)),), np.zeros(3), (SOURCE,))
    with pytest.raises(EmptyInput, match="too few"):
        register(few, house(), AUTO)


def test_progress_rises_to_one() -> None:
    scanned = scan_of(house(), HOUSE_STATIONS)
    shares: list[float] = []
    register(scanned.scan, house(), AUTO, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
