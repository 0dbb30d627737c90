"""A scanner's position is believed when the points show it: in rooms seen by a plain ray caster, and on real cases."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
import os
from pathlib import Path

import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.pose import Pose
from geometry.readers import read_scan
from geometry.readers.chunk import Chunk, Evidence, Setup
from geometry.readers.cloud import CloudAssembler
from geometry.readers.station_evidence import evenness
from geometry.scan import Scan

DATA = Path(os.environ.get("QTEMS_SHARED_DATA", Path(__file__).parents[3].parent / "shared" / "data"))
ROOM = np.array([[-6.0, -4.0, -1.5], [7.0, 5.0, 2.0]])
BOXES = np.array(
    [
        [[1.0, 1.0, -1.5], [1.5, 1.5, 2.0]],
        [[-3.0, -2.0, -1.5], [-2.0, -1.0, -0.5]],
        [[3.0, -3.0, -1.5], [3.4, 2.0, 1.0]],
    ]
)


def directions(kind: str, count: int) -> FloatArray:
    """Rays of a raster of azimuth and elevation, or even over the sphere; never straight down, as on a tripod."""
    if kind == "raster":
        rows = int(np.sqrt(count / 2))
        elevation = np.linspace(-1.0, np.pi / 2 - 0.001, rows)
        azimuth = np.linspace(-np.pi, np.pi, 2 * rows, endpoint=False) + 0.001
        e, a = (grid.ravel() for grid in np.meshgrid(elevation, azimuth))
    else:
        e = np.arcsin(np.linspace(-0.85, 0.9999, count))
        a = (np.arange(count) + 0.1) * np.pi * (3.0 - np.sqrt(5.0))
    return np.column_stack([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])


def scan_room(place: tuple[float, float, float], kind: str = "raster", count: int = 40_000) -> FloatArray:
    """Return the points of a furnished room as seen from ``place``, in the room's frame."""
    position = np.array(place)
    rays = directions(kind, count)
    wall: FloatArray = np.where(rays > 0, ROOM[1], ROOM[0])
    reach = (wall - position) / rays
    distance: FloatArray = np.min(reach, axis=1)
    for low, high in BOXES:
        a, b = (low - position) / rays, (high - position) / rays
        enter, leave = np.max(np.minimum(a, b), axis=1), np.min(np.maximum(a, b), axis=1)
        distance = np.where((enter < leave) & (enter > 0) & (enter < distance), enter, distance)
    return position + rays * distance[:, None]


def assembled(*scans: tuple[Setup, np.ndarray], max_points: int = 10**9) -> Scan:
    cloud = CloudAssembler(max_points)
    for setup, points in scans:
        cloud.add(Chunk(setup, points, declared=len(points)), 0, Path("a.e57"))
    return cloud.finish((), ("a",))


def identity(name: str = "s") -> Setup:
    return Setup(name, "E57", position=np.zeros(3), evidence=Evidence.DEFAULT)


def stated(translation: tuple[float, float, float], yaw: float = 0.0) -> Setup:
    pose = Pose.from_yaw(yaw, translation)
    return Setup("s", "E57", T_scan_local=pose, position=pose.translation, evidence=Evidence.STATED)


A, B = (0.5, 0.3, 0.0), (-4.0, 2.0, 0.1)


@pytest.mark.parametrize("kind", ["raster", "even"])
@pytest.mark.parametrize("place", [A, B, (5.0, -3.0, 0.4)])
def test_evenness_tells_the_true_place_from_one_beside_it(kind: str, place: tuple[float, float, float]) -> None:
    points = scan_room(place, kind)
    true = evenness(points, np.array(place))
    assert true is not None
    assert true > 0.9
    for beside in ([1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0], [20.0, 0.0, 0.0]):
        value = evenness(points, np.array(place) + beside)
        assert value is None or value < 0.7


def test_a_scan_in_its_own_frame_is_believed_at_zero() -> None:
    scan = assembled((identity(), scan_room(A) - A))
    assert scan.has_poses
    assert scan.origin.tolist() == [0, 0, 0]
    assert scan.notes == ()


@pytest.mark.parametrize("far", [0.0, 5e6])
def test_an_export_in_a_project_frame_is_not_believed_at_zero(far: float) -> None:
    points = np.vstack([scan_room(A), scan_room(B)]) + far
    scan = assembled((identity(), points))
    assert not scan.has_poses
    assert scan.origin.tolist() == points[0].tolist()  # and not (0, 0, 0), millions of metres away
    assert np.abs(scan.points).max() < 20.0
    assert any("do not show" in note for note in scan.notes)


def test_one_scan_moved_into_a_project_frame_is_not_believed_at_zero() -> None:
    assert not assembled((identity(), scan_room(A) + np.array([2.0, 1.0, 0.0]))).has_poses


def test_too_few_points_show_nothing() -> None:
    points = (scan_room(A) - A)[::40]
    assert not assembled((identity(), points)).has_poses
    assert assembled((stated((1.0, 2.0, 3.0)), points)).has_poses


def test_a_global_shift_written_as_a_pose_is_not_believed() -> None:
    points = np.vstack([scan_room(A), scan_room(B)])
    scan = assembled((stated((500_000.0, 4_000_000.0, 100.0)), points))
    assert not scan.has_poses
    assert np.allclose(scan.points + scan.origin, points + np.array([500_000.0, 4_000_000.0, 100.0]), atol=1e-8)


def test_a_true_translation_is_believed() -> None:
    scan = assembled((stated((500_000.0, 4_000_000.0, 100.0)), scan_room(A) - A))
    assert scan.has_poses
    assert scan.origin.tolist() == [500_000.0, 4_000_000.0, 100.0]


def test_a_pose_with_a_rotation_is_believed_even_for_an_edited_cloud() -> None:
    points = scan_room(A) - A
    edited = points[np.unique(np.floor(points / 0.1), axis=0, return_index=True)[1]]
    assert (evenness(edited, np.zeros(3)) or 0.0) < 0.5
    assert assembled((stated((1.0, 2.0, 3.0), yaw=0.3), edited)).has_poses


def test_the_reference_scan_of_a_registered_file_is_believed() -> None:
    scan = assembled((identity("first"), scan_room(A) - A), (stated((4.0, 1.0, 0.0)), (scan_room(B) - B)[:50]))
    assert scan.has_poses
    assert np.allclose(scan.station_positions(), [[0, 0, 0], [4, 1, 0]])


def test_unregistered_scans_in_one_file_are_noted() -> None:
    scan = assembled((identity("1"), scan_room(A) - A), (identity("2"), scan_room(B) - B))
    assert any("may not have been registered" in note for note in scan.notes)


def test_thinning_does_not_change_what_is_believed() -> None:
    rooms = [scan_room(place, count=160_000) for place in (A, B)]
    for points, believed in ((rooms[0] - A, True), (np.vstack(rooms), False)):
        scan = assembled((identity(), points), max_points=90_000)
        assert scan.stride > 1
        assert scan.has_poses == believed


@pytest.mark.parametrize("case", ["fzk-haus", "infra-bridge"])
def test_simulated_sites(case: str) -> None:
    path = DATA / "check-cases" / case / "scan.e57"
    if not path.exists():
        pytest.skip(f"the shared {path} is not there (set QTEMS_SHARED_DATA)")
    scan = read_scan([path])
    for index, place in enumerate(scan.station_positions()):
        points = scan.points[scan.station_index == index]
        if len(points) > 30_000:
            assert (evenness(points, place) or 0.0) > 0.8
            for beside in ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, -1.8]):
                assert (evenness(points, place + beside) or 0.0) < 0.65
            assert (evenness(scan.points, place) or 0.0) < 0.25
