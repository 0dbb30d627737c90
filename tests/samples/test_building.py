# pyright: reportOptionalMemberAccess=false, reportUnknownMemberType=false
"""The sample building is valid IFC4, the same every time, and measures what its quantities say."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samples.building import part_id, write_building
from samples.part import STOREYS
from samples.plan import whole_building
from samples.solids import Disc, Elbow, Ring
from samples.tessellation import tessellate

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def model(building_file: Path) -> Any:
    """Return the file opened with ifcopenshell."""
    import ifcopenshell

    return ifcopenshell.open(str(building_file))


def test_the_file_is_valid_with_all_express_rules(model: Any) -> None:
    import ifcopenshell.validate

    log = ifcopenshell.validate.json_logger()
    ifcopenshell.validate.validate(model, log, express_rules=True)
    assert log.statements == []


def test_the_bytes_do_not_depend_on_the_process(building_file: Path, tmp_path: Path) -> None:
    other = tmp_path / building_file.name
    code = "import sys, pathlib; from samples.building import write_building; write_building(pathlib.Path(sys.argv[1]))"
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    subprocess.run([sys.executable, "-c", code, str(other)], check=True, cwd=ROOT, env=environment)
    assert other.read_bytes() == building_file.read_bytes()


def test_global_ids_are_unique_and_follow_the_names(model: Any) -> None:
    guids = [entity.GlobalId for entity in model.by_type("IfcRoot")]
    assert len(set(guids)) == len(guids)
    for part in whole_building():
        assert model.by_guid(part_id(part)).Name == part.name


def test_it_holds_what_a_building_holds(model: Any) -> None:
    import ifcopenshell.util.element as element
    import ifcopenshell.util.unit as unit

    assert unit.calculate_unit_scale(model) == pytest.approx(0.001)
    assert {s.Name: s.Elevation / 1000 for s in model.by_type("IfcBuildingStorey")} == pytest.approx(STOREYS)
    assert model.by_type("IfcMapConversion")[0].TargetCRS.Name == "EPSG:25832"
    grid = model.by_type("IfcGrid")[0]
    assert [axis.AxisTag for axis in (*grid.UAxes, *grid.VAxes)] == ["A", "B", "C", "D", "1", "2", "3"]
    tasks = model.by_type("IfcTask")
    assert len(tasks) == 14
    assert len(model.by_type("IfcRelSequence")) == 13
    for part in whole_building():
        product = model.by_guid(part_id(part))
        assert element.get_type(product).Name == part.type_name
        assert element.get_material(product).Name == part.material
        assert element.get_container(product).Name == part.storey
        sets = element.get_psets(product)
        assert any(name.startswith("Pset_") and name.endswith("Common") for name in sets)
        assert any(name.startswith("Qto_") for name in sets)
        assert [rel.RelatedObjects[0].Name for rel in product.ReferencedBy] == [part.task]


def test_every_door_and_window_fills_a_hole_in_a_wall(model: Any) -> None:
    fillings = {
        rel.RelatedBuildingElement.Name: rel.RelatingOpeningElement for rel in model.by_type("IfcRelFillsElement")
    }
    assert set(fillings) == {p.name for p in whole_building() if p.ifc_class in ("IfcDoor", "IfcWindow")}
    for opening in fillings.values():
        assert opening.VoidsElements[0].RelatingBuildingElement.is_a("IfcWall")


def test_volumes_equal_the_stated_quantities(building_file: Path) -> None:
    elements = tessellate(building_file)
    compared = 0
    for part in whole_building():
        corners = elements[part_id(part)].mesh.triangles()
        volume = np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
        want = part.quantities.get("NetVolume", sum(solid.volume for solid in part.solids))
        curved = any(isinstance(s, Elbow) or isinstance(s.profile, Disc | Ring) for s in part.solids)
        # chords of circles cut a little off
        assert volume == pytest.approx(want, rel=0.02 if curved else 1e-6), part.name
        compared += 1
    assert 90 <= compared <= 130


def test_no_two_parts_claim_the_same_place(building_file: Path) -> None:
    elements = list(tessellate(building_file).values())
    boxes = np.array([element.mesh.bounds() for element in elements])
    clashes = set[frozenset[str]]()
    for i in range(len(elements)):
        common = np.minimum(boxes[i, 1], boxes[:i, 1]) - np.maximum(boxes[i, 0], boxes[:i, 0])
        for j in np.flatnonzero((common > 1e-4).all(axis=1)):
            if not {elements[i].ifc_class, elements[j].ifc_class} & {"IfcDoor", "IfcWindow"}:
                clashes.add(frozenset((elements[i].name, elements[j].name)))
    # the flight's box reaches into the slab's, but there the slab has its opening
    assert clashes == {frozenset(("Stair flight", "Floor slab"))}


def test_the_plan_fits_itself_in_no_other_position(building_file: Path) -> None:
    """No quarter turn and no mirror image of the columns and walls in plan covers the original."""
    elements = tessellate(building_file).values()
    upright = [e.mesh.bounds()[:, :2] for e in elements if e.ifc_class in ("IfcWall", "IfcColumn")]
    centres = np.array([box.mean(axis=0) for box in upright])
    centres -= (centres.min(axis=0) + centres.max(axis=0)) / 2
    turn = np.array([[0.0, -1], [1, 0]])
    for moved in (centres @ turn, -centres, -centres @ turn, centres * [1, -1], centres * [-1, 1]):
        nearest = np.linalg.norm(moved[:, None] - centres, axis=2).min(axis=1)
        assert (nearest < 0.3).mean() < 0.75


def test_parts_can_be_written_alone(tmp_path: Path) -> None:
    few = tuple(p for p in whole_building() if p.name in ("Ground slab", "Column A1 ground", "Wall S1 ground"))
    write_building(tmp_path / "few.ifc", few)
    assert len(tessellate(tmp_path / "few.ifc")) == 3


def test_every_kind_of_part_is_there(model: Any) -> None:
    wanted = {
        "IfcColumn": 20, "IfcBeam": 20, "IfcSlab": 3, "IfcWall": 10, "IfcFooting": 10, "IfcStairFlight": 1,
        "IfcDoor": 3, "IfcWindow": 3, "IfcOpeningElement": 6, "IfcPipeSegment": 2, "IfcDuctSegment": 2,
        "IfcBuildingStorey": 2, "IfcGrid": 1, "IfcMapConversion": 1, "IfcTask": 10, "IfcWorkSchedule": 1,
        "IfcMaterial": 2, "IfcElementQuantity": 20, "IfcPropertySet": 20,
    }  # fmt: skip
    found = {name: len(model.by_type(name)) for name in wanted}
    assert {name: count for name, count in found.items() if count < wanted[name]} == {}
