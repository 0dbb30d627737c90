"""What is kept of where a scanner stood, from what a reader gives."""

from decimal import Decimal

import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.pose import Pose
from geometry.scan import Scan, Station
from geometry.source import SourceFile
from twin.operations.scans import stations_of
from twin.project import Rotation


def scan(rotation: FloatArray | None) -> Scan:
    stations = (Station("A", np.array([1.0, 2.0, 3.0]), rotation=rotation), Station("B", None))
    origin = np.array([100.0, 0.0, 0.0])
    return Scan(np.zeros((2, 3)), np.zeros(2, np.int32), stations, origin, (SourceFile("a", "a" * 64, "E57"),))


def test_a_rotation_that_nobody_measured_is_not_made_up() -> None:
    (kept,) = stations_of(scan(None))
    assert (kept.x, kept.y, kept.rotation) == (Decimal("101.000000"), Decimal("2.000000"), None)


@pytest.mark.parametrize("yaw", [0.0, 0.5, -2.0, np.pi])
def test_a_rotation_is_kept_as_the_quaternion_that_turns_the_same(yaw: float) -> None:
    turn = Pose.from_yaw(yaw, [0.0, 0.0, 0.0]).rotation
    (kept,) = stations_of(scan(np.array(turn)))
    assert isinstance(kept.rotation, Rotation)
    w, x, y, z = (float(part) for part in (kept.rotation.w, kept.rotation.x, kept.rotation.y, kept.rotation.z))
    back = [[1 - 2 * (y * y + z * z), 2 * (x * y - w * z)], [2 * (x * y + w * z), 1 - 2 * (x * x + z * z)]]
    assert np.allclose(back, turn[:2, :2], atol=1e-9)
    assert w >= 0
