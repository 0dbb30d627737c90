from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.design import DesignModel, Element, Mesh
from geometry.source import SourceFile
from twin.errors import Invalid
from twin.inspection_plan import InspectionPlan
from twin.operations.plan_drafts import described
from twin.scan_layout import plan_scan
from twin.scan_plan import Scanner, ScanPlan
from twin.scan_sheet import stations_sheet

_CORNERS = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float64)
_FACES = np.array(
    [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4],
     [1, 5, 7], [1, 7, 3]], np.int32,
)  # fmt: skip
TURN = np.array([[np.cos(0.7), -np.sin(0.7), 0.0], [np.sin(0.7), np.cos(0.7), 0.0], [0.0, 0.0, 1.0]])


def _box(
    name: str, lower: tuple[float, ...], upper: tuple[float, ...], storey: str = "L1", ifc_class: str = "IfcWall"
) -> Element:
    low, high = np.array(lower), np.array(upper)
    return Element(name, ifc_class, name, storey, Mesh(low + _CORNERS * (high - low), _FACES))


def _design(*elements: Element, origin: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> DesignModel:
    return DesignModel(
        {e.global_id: e for e in sorted(elements, key=lambda e: e.global_id)}, np.array(origin),
        SourceFile("house.ifc", "ab" * 32, "IFC4"), 1.0, {"L1": origin[2], "L2": origin[2] + 3.2},
    )  # fmt: skip


def _room(z: float = 0.0, storey: str = "L1", size: float = 6.0) -> list[Element]:
    walls = [
        ("south", (0, 0), (size, 0.2)), ("north", (0, size - 0.2), (size, size)), ("west", (0, 0.2), (0.2, size - 0.2)),
        ("east", (size - 0.2, 0.2), (size, size - 0.2)),
    ]  # fmt: skip
    made = [_box(f"{storey} {name}", (*low, z), (*high, z + 3.0), storey) for name, low, high in walls]
    return [*made, _box(f"{storey} floor", (0, 0, z - 0.2), (size, size, z), storey, "IfcSlab")]


def _planned(design: DesignModel, *wanted: str, scanner: Scanner | None = None) -> ScanPlan:
    return plan_scan(design, wanted or list(design.elements), revision="r" * 32, scanner=scanner or Scanner())


def test_a_room_is_seen_from_within_and_what_is_buried_from_nowhere() -> None:
    buried = _box("pile", (2, 2, -3), (3, 3, -1), ifc_class="IfcPile")
    hidden = _box("core", (0.05, 2.0, 0.5), (0.15, 3.0, 2.5), ifc_class="IfcMember")
    plan = _planned(_design(*_room(), buried, hidden))
    assert plan.unseen == ("core", "pile")
    (storey,) = plan.storeys
    assert storey.stations
    assert sum(s.adds for s in storey.stations) == pytest.approx(storey.share, abs=Decimal("0.01"))
    heights = {s.z_m for s in storey.stations}
    assert heights <= {Decimal("1.600"), Decimal("1.550")}, "on the floor, or on the ground around the house"


def test_nobody_stands_in_a_wall_nor_in_the_air() -> None:
    thick = _box("block", (1.5, 1.5, 0), (4.5, 4.5, 3))
    plan = _planned(_design(*_room(), *_room(3.2, "L2"), thick), scanner=Scanner(spacing_m=Decimal("0.5")))
    assert [s.storey for s in plan.storeys] == ["L1", "L2"]
    for station in plan.storeys[1].stations:
        assert 0 < min(station.x_m, station.y_m), "the upper storey is surveyed from its floor"
        assert max(station.x_m, station.y_m) < 6
        assert station.z_m == Decimal("4.800")
    for s in plan.stations:
        assert not (Decimal("1.1") < s.x_m < Decimal("4.9") and Decimal("1.1") < s.y_m < Decimal("4.9") and s.z_m < 3)


def test_stations_are_given_in_the_models_coordinates_and_the_same_again() -> None:
    here, there = _planned(_design(*_room())), _planned(_design(*_room(), origin=(1000.0, 2000.0, 50.0)))
    assert here == _planned(_design(*_room()[::-1]))
    for a, b in zip(here.stations, there.stations, strict=True):
        assert (b.x_m - a.x_m, b.y_m - a.y_m, b.z_m - a.z_m) == (1000, 2000, 50)


def test_a_short_range_needs_more_stations_and_glass_hides_nothing() -> None:
    long = _design(*_room(size=30.0))
    near = _planned(long, scanner=Scanner(max_range_m=Decimal(5)))
    assert len(near.stations) > len(_planned(long).stations)
    column = _box("column", (2.8, 2.8, 0), (3.2, 3.2, 3), ifc_class="IfcColumn")
    shell = [
        _box(f"pane{i}", low, high, ifc_class="IfcWindow") for i, (low, high) in enumerate([
            ((2.5, 2.5, 0), (3.5, 2.52, 3)), ((2.5, 3.48, 0), (3.5, 3.5, 3)), ((2.5, 2.52, 0), (2.52, 3.48, 3)),
            ((3.48, 2.52, 0), (3.5, 3.48, 3)),
        ])
    ]  # fmt: skip
    assert _planned(_design(*_room(), column, *shell), "column").unseen == ()
    walls = [replace(pane, ifc_class="IfcWall") for pane in shell]
    assert _planned(_design(*_room(), column, *walls), "column").unseen == ("column",)


def test_a_sheet_is_seen_from_either_side() -> None:
    pane = Mesh(
        np.array([[5.8, 1, 0.5], [5.8, 5, 0.5], [5.8, 5, 2.5], [5.8, 1, 2.5]]),
        np.array([[0, 2, 1], [0, 3, 2]], np.int32),
    )
    one_way = Element("sheet", "IfcPlate", "sheet", "L1", pane)
    for faces in (pane.faces, np.ascontiguousarray(pane.faces[:, ::-1])):
        sheet = replace(one_way, mesh=Mesh(pane.vertices - [0.2, 0, 0], faces), sheet=True)
        assert _planned(_design(*_room(), sheet), "sheet").unseen == ()


def test_where_nothing_is_wanted_or_nobody_can_stand_there_are_no_stations() -> None:
    empty = plan_scan(_design(*_room()), (), revision="r", scanner=Scanner())
    assert (empty.storeys, empty.unseen) == ((), ())
    solid = _design(_box("rock", (-50, -50, -10), (50, 50, 10)))
    plan = _planned(solid, "rock", scanner=Scanner(max_range_m=Decimal(2)))
    assert plan.unseen == ("rock",)


def test_sizes_are_those_of_the_element_however_it_is_turned() -> None:
    straight = _box("w", (0, 0, 0), (6.5, 0.24, 2.8))
    turned = replace(straight, global_id="t", mesh=Mesh(straight.mesh.vertices @ TURN.T, _FACES))
    found, storeys = described(_design(straight, turned))
    sizes: list[FloatArray] = [np.round(one.size, 6) for one in found]
    assert storeys == ["L1"]
    assert np.allclose(sizes[0], sizes[1])
    assert sizes[0].tolist() == [6.5, 0.24, 2.8]


@pytest.mark.parametrize("wrong", [
    {"max_range_m": Decimal("0.5")}, {"max_incidence_deg": Decimal(90)}, {"spacing_m": Decimal(0)},
    {"height_m": Decimal("NaN")},
])  # fmt: skip
def test_what_is_no_scanner_is_refused(wrong: dict[str, Decimal]) -> None:
    with pytest.raises(Invalid):
        replace(Scanner(), **wrong)


def test_the_sheet_shows_every_station_and_no_markup_of_the_model() -> None:
    rooms = [replace(e, storey="<b>L1</b>") for e in _room()]
    plan = _planned(_design(*rooms))
    page = stations_sheet(
        InspectionPlan("v", "p", "T-ITP-0001", "Walls & <i>more</i>", "a", scanning=plan), {"<b>L1</b>": [(0, 0, 6, 6)]}
    )
    assert page.count("<circle") == len(plan.stations)
    assert "<b>L1" not in page
    assert "<i>more" not in page
    assert "<rect" in page
