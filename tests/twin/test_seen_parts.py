"""A wall with a hatch and a round column, scanned and compared: what was built otherwise is found on the right part."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.design import DesignModel, Element, Mesh
from geometry.pose import Pose
from geometry.registration.result import Registration, RegistrationStatus
from geometry.scan import Scan, Station
from geometry.source import SourceFile
from geometry.tolerance import Limits, Rule, ToleranceSet
from geometry.verdict import Measurement, Outcome
from tests.reference.cylinder import cylinder_mesh
from tests.reference.openings import HoledWall
from tests.reference.scenes import Box, panorama, ranges_to_boxes
from twin.check import compare
from twin.result import ElementResult
from twin.seen_parts import _Cells  # pyright: ignore[reportPrivateUsage]

FLOOR = Box("floor", (-3, -4, -0.2), (6, 4, 0), "IfcSlab")
COLUMN_AT, RADIUS = np.array([0.5, -1.5, 1.4]), 0.15
HATCH_AT = np.array([2.1, 0.12, 1.55])
STATIONS = ((2.4, -2.4, 1.5), (1.6, 2.6, 1.6))
RULES = ToleranceSet("test", tuple(
    Rule(name, "clause", ((float("inf"), Limits(-0.010, 0.010)),), classes=classes)
    for name, *classes in (
        ("opening_size", "IfcWall"), ("opening_position", "IfcWall"), ("diameter", "IfcColumn"),
        ("cylinder_axis", "IfcColumn"), ("level", "IfcSlab"),
    )
    for classes in [tuple(classes)]
))  # fmt: skip


def element(name: str, ifc_class: str, triangles: FloatArray, wall: HoledWall | None = None) -> Element:
    faces = np.arange(3 * len(triangles), dtype=np.int32).reshape(-1, 3)
    voids = () if wall is None else (wall.opening,)
    return Element(name, ifc_class, name, "L0", Mesh(triangles.reshape(-1, 3), faces), voids=voids)


def design(wall: HoledWall) -> DesignModel:
    parts = [
        element("column", "IfcColumn", cylinder_mesh(RADIUS, 2.8) + COLUMN_AT),
        element("floor", "IfcSlab", FLOOR.triangles()),
        element("wall", "IfcWall", wall.triangles(), wall),
    ]
    return DesignModel({e.global_id: e for e in parts}, np.zeros(3), SourceFile("h.ifc", "0" * 64, "IFC4"), 1.0)


def scanned(wall: HoledWall, radius: float, noise: float = 0.002) -> Scan:
    """Return what two stations see of the floor, the wall as built in four pieces, and the column."""
    (length, t, height), (x0, z0, x1, z1) = wall.size, wall.hole
    x0, x1 = x0 + wall.offsets.get("left", 0.0), x1 - wall.offsets.get("right", 0.0)
    pieces = [
        FLOOR, Box("a", (0, 0, 0), (x0, t, height)), Box("b", (x1, 0, 0), (length, t, height)),
        Box("c", (x0, 0, 0), (x1, t, z0)), Box("d", (x0, 0, z1), (x1, t, height)),
    ]  # fmt: skip
    rng, around = np.random.default_rng(0), panorama(0.008)
    points: list[FloatArray] = []
    for position in np.array(STATIONS):
        aim = HATCH_AT - position
        directions = around[around @ aim > 0.42 * np.linalg.norm(aim)]
        ranges = np.minimum(ranges_to_boxes(pieces, position, directions), to_column(position, directions, radius))
        back = np.isfinite(ranges)
        points.append(position + (ranges[back] + rng.normal(0, noise, int(back.sum())))[:, None] * directions[back])
    return Scan(
        np.concatenate(points), np.repeat(np.arange(2, dtype=np.int32), [len(p) for p in points]),
        tuple(Station(f"S{i}", np.array(p)) for i, p in enumerate(STATIONS)), np.zeros(3),
        (SourceFile("h.e57", "1" * 64, "E57"),),
    )  # fmt: skip


def to_column(position: FloatArray, directions: FloatArray, radius: float) -> FloatArray:
    """Return the range (n,) to a standing round column along each ray; inf for none."""
    away = position[:2] - COLUMN_AT[:2]
    a = (directions[:, :2] ** 2).sum(axis=1)
    b = directions[:, :2] @ away
    root = b**2 - a * (away @ away - radius**2)
    reach = np.where(root > 0, (-b - np.sqrt(np.maximum(root, 0))) / a, np.inf)
    z = position[2] + np.where(np.isfinite(reach), reach, 0.0) * directions[:, 2]
    return np.where((reach > 0) & (z > 0) & (z < 2.8), reach, np.inf)


@cache
def compared(left: float, radius: float, filled: bool) -> dict[str, ElementResult]:
    wall = HoledWall(offsets={"left": left})
    model = design(replace(wall, filled_by=("door",) if filled else ()))
    known = Registration(
        RegistrationStatus.ACCEPTED, Pose.identity(), "matrix", covariance=np.diag([1e-5] * 3 + [2e-4] * 3) ** 2,
        pivot=np.zeros(3),
    )  # fmt: skip
    return {e.global_id: e for e in compare(model, scanned(wall, radius), known, RULES).elements}


def of(result: ElementResult) -> dict[tuple[str, str], Measurement]:
    return {(m.characteristic, m.direction): m for m in result.measurements}


@pytest.mark.parametrize(("left", "grown"), [(0.0, 0.0), (0.025, -0.012), (0.09, 0.0)])
def test_a_jamb_built_elsewhere_makes_the_opening_wrong(left: float, grown: float) -> None:
    wall = compared(left, RADIUS + grown, False)["wall"]
    width, place = of(wall)["opening_size", "width"], of(wall)["opening_position", "width"]
    assert width.actual == pytest.approx(-left, abs=width.expanded_uncertainty)
    assert place.actual == pytest.approx(left / 2, abs=place.expanded_uncertainty)
    assert width.part == "Hatch"
    height = of(wall)["opening_size", "height"]
    assert height.actual == pytest.approx(0.0, abs=height.expanded_uncertainty)
    assert wall.verdict is (Outcome.FAIL if left else Outcome.PASS)


def test_of_a_filled_opening_what_no_element_owns_may_be_its_frame() -> None:
    wall = compared(0.09, RADIUS, True)["wall"]
    m = of(wall)["opening_size", "width"]
    assert (m.outcome, m.note) == (Outcome.NOT_MEASURED, "opening_filled")
    assert of(wall)["opening_size", "height"].outcome is Outcome.PASS
    assert wall.verdict is Outcome.PASS
    assert "openings_not_measured:1" in wall.reasons


@pytest.mark.parametrize(("left", "grown"), [(0.0, 0.0), (0.025, -0.012)])
def test_a_column_of_another_diameter_is_found(left: float, grown: float) -> None:
    column = compared(left, RADIUS + grown, False)["column"]
    thick, place = of(column)["diameter", ""], of(column)["cylinder_axis", ""]
    assert thick.actual == pytest.approx(2 * grown, abs=thick.expanded_uncertainty)
    assert place.actual == pytest.approx(0.0, abs=place.expanded_uncertainty)
    assert column.verdict is (Outcome.FAIL if grown else Outcome.PASS)


def test_without_rules_about_parts_nothing_is_said_of_them() -> None:
    floor = compared(0.0, RADIUS, False)["floor"]
    assert {m.characteristic for m in floor.measurements} == {"level"}


def test_cells_find_what_a_box_meets() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(-3, 3, (2000, 3))
    index = np.sort(rng.choice(2000, 1500, replace=False))
    cells = _Cells(points, index)
    for _ in range(50):
        lower = rng.uniform(-4, 3.5, 3)
        upper = lower + rng.uniform(0, 3, 3)
        inside = index[((points[index] >= lower) & (points[index] <= upper)).all(axis=1)]
        found = cells.within(lower, upper)
        assert len(np.unique(found)) == len(found)
        assert set(inside) <= set(found)
        assert ((points[found] >= lower - 0.5) & (points[found] <= upper + 0.5)).all()
    assert len(_Cells(points, index[:0]).within(np.zeros(3), np.ones(3))) == 0
