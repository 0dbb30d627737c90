"""Whose coordinates a camera is in: to the map and back, and brought home from wherever it came."""

import math
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twin.bcf.values_of_all import everything, vector
from twin.bcf.frame import Box, bring_home, from_map, moved, on_map
from twin.bcf.values import Camera, Vector, Viewpoint
from twin.project import MapConversion

OFFSET = MapConversion(
    "EPSG:25832", Decimal("367000.5"), Decimal("5432000.25"), Decimal("118.1"), Decimal("0.8"), Decimal("0.6")
)
BOX = Box(vector("0", "0", "0"), vector("40", "20", "12"))
VIEW = everything().topics[0].viewpoints[0]
AT = replace(
    VIEW, camera=Camera(vector("-15", "8", "30"), vector("0.6", "0", "-0.8"), vector("0.8", "0", "0.6"), Decimal(50))
)


def far(view: Viewpoint, other: Viewpoint) -> Decimal:
    """The largest difference of any coordinate."""
    assert view.camera is not None
    assert other.camera is not None
    pairs = [(view.camera.position, other.camera.position), (view.camera.direction, other.camera.direction)]
    pairs += [(a.location, b.location) for a, b in zip(view.clipping_planes, other.clipping_planes, strict=True)]
    pairs += [(a.end, b.end) for a, b in zip(view.lines, other.lines, strict=True)]
    pairs += [(a.location, b.location) for a, b in zip(view.bitmaps, other.bitmaps, strict=True)]
    return max(abs(getattr(a, axis) - getattr(b, axis)) for a, b in pairs for axis in "xyz")


def test_a_known_point_on_the_map() -> None:
    """IfcMapConversion: E = eastings + (a x - o y), N = northings + (o x + a y), with (a, o) = (0.8, 0.6)."""
    camera = on_map(AT, OFFSET).camera
    assert camera is not None
    x, y, z = -15.0, 8.0, 30.0
    assert float(camera.position.x) == pytest.approx(367000.5 + 0.8 * x - 0.6 * y, abs=1e-9)
    assert float(camera.position.y) == pytest.approx(5432000.25 + 0.6 * x + 0.8 * y, abs=1e-9)
    assert float(camera.position.z) == pytest.approx(118.1 + z, abs=1e-9)
    assert float(camera.direction.length) == pytest.approx(1.0, abs=1e-9)


@given(
    east=st.decimals(-500_000, 900_000, places=3), north=st.decimals(-9_000_000, 9_000_000, places=3),
    angle=st.floats(-math.pi, math.pi), scale=st.sampled_from(["1", "0.9996", "1.0004"]),
)  # fmt: skip
def test_there_and_back_is_where_it_was(east: Decimal, north: Decimal, angle: float, scale: str) -> None:
    turn = (Decimal(f"{math.cos(angle):.15f}"), Decimal(f"{math.sin(angle):.15f}"))
    conversion = MapConversion("EPSG:25832", east, north, Decimal("40"), *turn, Decimal(scale))
    assert far(from_map(on_map(AT, conversion), conversion), AT) < Decimal("1e-9")


def test_a_camera_near_the_model_stays_as_it_is() -> None:
    assert bring_home(AT, BOX, OFFSET).viewpoint is AT
    assert bring_home(AT, BOX, OFFSET).note == ""


def thousandfold(view: Viewpoint) -> Viewpoint:
    k = Decimal(1000)
    return moved(view, lambda p: Vector(p.x * k, p.y * k, p.z * k), lambda d: d, k)


ELSEWHERE: dict[str, Viewpoint] = {
    "map coordinates": on_map(AT, OFFSET),
    "millimetres": thousandfold(AT),
    "millimetres of the map": thousandfold(on_map(AT, OFFSET)),
}


@pytest.mark.parametrize("name", list(ELSEWHERE))
def test_a_camera_from_elsewhere_is_brought_home(name: str) -> None:
    brought = bring_home(ELSEWHERE[name], BOX, OFFSET)
    assert f"was in {name};" in brought.note
    assert far(brought.viewpoint, AT) < Decimal("1e-9")


def test_what_cannot_be_told_is_kept_and_said() -> None:
    lost = replace(AT, camera=replace(AT.camera, position=vector("77000000", "0", "0"))) if AT.camera else AT
    brought = bring_home(lost, BOX, None)
    assert brought.viewpoint is lost
    assert "far from the model" in brought.note
    assert bring_home(lost, None, None).note == ""
    without = replace(AT, camera=None)
    assert bring_home(without, BOX, OFFSET).viewpoint is without
