"""IFC models of known shape: units, placements, openings, wrong booleans, identity, refusals, the cache."""

# pyright: basic

import importlib.util
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from geometry.errors import EmptyInput, ReadError, UnitContradiction
from geometry.mesh_health import mesh_health
from geometry.opening import designed_opening
from geometry.readers import ifc_tessellation
from geometry.readers.global_id import is_global_id
from geometry.readers.ifc import read_ifc

_spec = importlib.util.spec_from_file_location("ifc_models", Path(__file__).with_name("ifc_models.py"))
assert _spec is not None
assert _spec.loader is not None
ifc_models = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ifc_models)
Model = ifc_models.Model


def house(model: Any) -> Any:
    """Add a wall with a door opening and a window niche, a round column, a sloping roof piece and a mapped pair."""
    wall = model.add("IfcWall", model.block((4.0, 0.3, 3.0)), at=(1.0, 2.0, 0.0), x=(0.6, 0.8, 0.0), name="wall")
    model.opening(wall, model.block((0.9, 0.5, 2.1), (0.0, -0.1, 0.0)), at=(1.0, 2.0, 0.0))
    model.add("IfcColumn", model.cylinder(0.2, 3.0), at=(6.0, 0.0, 0.0), name="column")
    plane = model.make("IfcPlane", model.frame((0, 0, 2.0), (0.0, -0.6, 0.8)))
    half = model.make("IfcHalfSpaceSolid", plane, False)
    clipped = model.make("IfcBooleanClippingResult", "DIFFERENCE", model.block((2.0, 2.0, 5.0)), half)
    model.add("IfcRoof", clipped, at=(8.0, 0.0, 0.0), name="roof")
    return wall


def by_name(model: Any) -> dict[str, Any]:
    return {element.name: element for element in model.elements.values()}


@pytest.fixture(scope="module")
def metres(tmp_path_factory: pytest.TempPathFactory) -> Any:
    model = Model("m")
    house(model)
    return read_ifc(model.write(tmp_path_factory.mktemp("ifc") / "house.ifc"), workers=1)


def test_shapes_have_their_analytic_volumes(metres: Any) -> None:
    parts = by_name(metres)
    assert mesh_health(parts["column"].mesh).volume == pytest.approx(np.pi * 0.04 * 3.0, rel=5e-3)
    # keeps 0.8 (z - 2) <= 0.6 y, on average z = 2.75
    assert mesh_health(parts["roof"].mesh).volume == pytest.approx(2.0 * 2.0 * 2.75, rel=1e-9)
    # the opening's block is not turned with the wall: it takes a corner off, whose area shapely knows
    wall = shapely.transform(shapely.box(0, 0, 4, 0.3), lambda p: p @ np.array([[0.6, 0.8], [-0.8, 0.6]]) + [1, 2])
    plan = wall.difference(shapely.box(1.0, 1.9, 1.9, 2.4)).area
    expected = plan * 2.1 + 4.0 * 0.3 * 0.9
    assert mesh_health(parts["wall"].mesh).volume == pytest.approx(expected, rel=1e-6)
    assert all(mesh_health(element.mesh).closed and not element.suspect for element in parts.values())


def test_a_cylinder_keeps_within_a_millimetre_of_its_chords(metres: Any) -> None:
    corners = by_name(metres)["column"].mesh.vertices + metres.origin - [6.0, 0.0, 0.0]
    radii = np.hypot(corners[:, 0], corners[:, 1])
    np.testing.assert_allclose(radii, 0.2, atol=1e-9)
    ring = np.unique(np.round(np.arctan2(corners[:, 1], corners[:, 0]), 9))
    assert 0.2 * (1 - np.cos(np.diff(ring).max() / 2)) <= 1e-3


@pytest.mark.parametrize("unit", ["mm", "foot", "inch"])
def test_the_unit_of_the_file_changes_nothing(unit: str, metres: Any, tmp_path: Path) -> None:
    model = Model(unit)
    house(model)
    other = read_ifc(model.write(tmp_path / f"{unit}.ifc"), workers=1)
    assert other.length_unit_m == pytest.approx(ifc_models.UNITS_M[unit])
    assert list(other.elements) == list(metres.elements)
    assert other.storeys == {"Ground": pytest.approx(1.5)}
    for id_, element in other.elements.items():
        twin = metres.elements[id_].mesh
        np.testing.assert_allclose(element.mesh.bounds(), twin.bounds(), atol=1e-9, rtol=1e-6)
        assert mesh_health(element.mesh).volume == pytest.approx(mesh_health(twin).volume, rel=1e-6)


def test_five_thousand_kilometres_away_nothing_changes(metres: Any, tmp_path: Path) -> None:
    shift = np.array([5_000_000.0, 4_000_000.0, 300.0])
    model = Model("m", origin=tuple(shift))
    house(model)
    far = read_ifc(model.write(tmp_path / "far.ifc"), workers=1)
    np.testing.assert_allclose(far.origin - metres.origin, shift, atol=1e-8)
    for id_, element in far.elements.items():
        np.testing.assert_allclose(element.mesh.vertices, metres.elements[id_].mesh.vertices, atol=1e-8)
        np.testing.assert_array_equal(element.mesh.faces, metres.elements[id_].mesh.faces)


def test_what_is_said_about_an_element_is_read(tmp_path: Path) -> None:
    model = Model("mm")
    wall = house(model)
    model.quantities(wall, Length=4.0, Height=3.0, NetVolume=2.9)
    label = model.make("IfcLabel", "R90")
    single = model.make("IfcPropertySingleValue", "FireRating", None, label, None)
    pset = model.make("IfcPropertySet", model.guid(), None, "Pset_WallCommon", None, [single])
    model.make("IfcRelDefinesByProperties", model.guid(), None, None, None, [wall], pset)
    kind = model.make("IfcWallType", model.guid(), None, "W30", PredefinedType="SOLIDWALL")
    inherited = model.make("IfcPropertySingleValue", "IsExternal", None, model.make("IfcBoolean", True), None)
    kind.HasPropertySets = [model.make("IfcPropertySet", model.guid(), None, "Pset_WallCommon", None, [inherited])]
    model.make("IfcRelDefinesByType", model.guid(), None, None, None, [wall], kind)
    layers = [
        model.make("IfcMaterialLayer", model.make("IfcMaterial", name), 100.0, None) for name in ("brick", "mortar")
    ]
    usage = model.make("IfcMaterialLayerSetUsage", model.make("IfcMaterialLayerSet", layers), "AXIS2", "POSITIVE", 0.0)
    model.make("IfcRelAssociatesMaterial", model.guid(), None, None, None, [wall], usage)
    door = model.add("IfcDoor", model.block((0.9, 0.1, 2.1)), at=(1.5, 3.0, 0.0), contained=False, name="door")
    opening = wall.HasOpenings[0].RelatedOpeningElement
    model.make("IfcRelFillsElement", model.guid(), None, None, None, opening, door)
    assembly = model.add("IfcElementAssembly", name="stair")
    flight = model.add("IfcStairFlight", model.block((1.0, 1.0, 1.0)), contained=False, name="flight")
    model.make("IfcRelAggregates", model.guid(), None, None, None, assembly, [flight])
    read = read_ifc(model.write(tmp_path / "said.ifc"), workers=1)
    parts = by_name(read)
    assert parts["wall"].type_name == "W30"
    assert parts["wall"].materials == ("brick", "mortar")
    assert parts["wall"].openings == (opening.GlobalId,)
    (void,) = parts["wall"].voids
    assert (void.global_id, void.name, void.filled_by) == (opening.GlobalId, opening.Name or "", (door.GlobalId,))
    assert parts["wall"].properties == {"Pset_WallCommon.FireRating": "R90", "Pset_WallCommon.IsExternal": True}
    declared = {"Qto_Base.Length": 4.0, "Qto_Base.Height": 3.0, "Qto_Base.NetVolume": 2.9}
    assert parts["wall"].quantities == pytest.approx(declared)
    assert {parts[name].storey for name in ("wall", "door", "flight")} == {"Ground"}
    assert "stair" not in parts
    assert all(element.ifc_class != "IfcOpeningElement" for element in parts.values())


@pytest.mark.parametrize("schema", ["IFC2X3", "IFC4", "IFC4X3"])
def test_the_predefined_type_is_read_of_the_element_or_its_type(schema: str, tmp_path: Path) -> None:
    """The type's own goes first, a user-defined one is what it is called, and NOTDEFINED says nothing."""
    model = Model(schema=schema)

    def add(name: str, kind: str, said: str, called: str | None = None) -> Any:
        product = model.add(kind, model.block((1, 1, 0.5)), name=name)
        product.PredefinedType, product.ObjectType = said, called
        return product

    add("pad", "IfcFooting", "PAD_FOOTING")
    add("raft", "IfcFooting", "USERDEFINED", "Raft")
    add("own", "IfcFooting", "USERDEFINED")
    add("open", "IfcFooting", "NOTDEFINED")
    add("base", "IfcSlab", "BASESLAB")
    typed, named = add("typed", "IfcSlab", "NOTDEFINED"), add("named", "IfcSlab", "FLOOR")
    model.add("IfcFurnishingElement", model.block((1, 1, 1)), name="none")
    for slab, said, word in ((typed, "BASESLAB", None), (named, "USERDEFINED", "Mat foundation")):
        kind = model.make("IfcSlabType", model.guid(), Name="S", PredefinedType=said, ElementType=word)
        model.make("IfcRelDefinesByType", model.guid(), None, None, None, [slab], kind)
    parts = by_name(read_ifc(model.write(tmp_path / "types.ifc"), workers=1))
    assert {name: part.predefined_type for name, part in parts.items()} == {
        "pad": "PAD_FOOTING", "raft": "Raft", "own": "USERDEFINED", "open": "", "base": "BASESLAB",
        "typed": "BASESLAB", "named": "Mat foundation", "none": "",
    }  # fmt: skip


@pytest.mark.parametrize("unit", ["mm", "foot"])
def test_the_box_of_an_opening_lies_where_it_was_cut(unit: str, tmp_path: Path) -> None:
    """Whatever the unit and however the wall is turned and moved; a round one has no box."""
    model = Model(unit)
    turned: dict[str, Any] = {"at": (1.0, 2.0, 0.0), "x": (0.6, 0.8, 0.0)}
    wall = model.add("IfcWall", model.block((4.0, 0.3, 3.0)), name="wall", **turned)
    model.add("IfcSlab", model.block((1.0, 1.0, 0.2)), at=(-7.0, 0.0, 0.0), name="elsewhere")
    square = model.add("IfcOpeningElement", model.block((0.9, 0.5, 1.2), (1.5, -0.1, 0.8)), contained=False, **turned)
    bore = model.add("IfcOpeningElement", model.cylinder(0.1, 2.0), at=(2.8, 4.6, 0.0), contained=False)
    for opening in (square, bore):
        model.make("IfcRelVoidsElement", model.guid(), None, None, None, wall, opening)
    read = read_ifc(model.write(tmp_path / "house.ifc"), workers=1)
    element = by_name(read)["wall"]
    voids = {void.global_id: void for void in element.voids}
    assert voids[bore.GlobalId].box is None
    found = designed_opening(voids[square.GlobalId], element.mesh.triangles())
    assert {span.direction: round(span.nominal, 6) for span in found.spans} == {"width": 0.9, "height": 1.2}
    along, middle = np.array([0.6, 0.8, 0.0]), np.array([1.0, 2.0, 1.4]) + 1.95 * np.array([0.6, 0.8, 0.0])
    for span in found.spans:
        local = span.centre + read.origin - middle - 0.15 * np.array([-0.8, 0.6, 0.0])
        assert np.abs(local).max() < 1e-6
        assert abs(span.axis @ (along if span.direction == "width" else [0, 0, 1])) == pytest.approx(1.0)


def test_an_opening_that_is_cut_by_no_kernel_makes_its_wall_suspect(tmp_path: Path) -> None:
    """Every kernel is made to answer with the uncut wall, as they do when a subtraction fails: points give it away."""
    model = Model("m")
    wall = model.add("IfcWall", model.block((4.0, 0.3, 3.0)), name="wall")
    opening = model.opening(wall, model.block((0.9, 0.5, 2.1), (1.0, -0.1, 0.0)), at=(0.0, 0.0, 0.0))
    path = model.write(tmp_path / "uncut.ifc")
    blind = (
        "import geometry.readers.ifc_kernels as k; k.SETTINGS['disable-opening-subtractions'] = True; "
        "k.build = lambda solids: None; " + ifc_tessellation.ENTRY
    )
    raw = ifc_tessellation.tessellate(path, workers=1, entry=blind)
    (shape,) = raw.shapes.values()
    assert shape.suspect == f"boolean failed: 1 of 1 openings were not cut ({opening.GlobalId})"
    whole = ifc_tessellation.tessellate(path, workers=1)
    (shape,) = whole.shapes.values()
    assert shape.suspect == ""
    assert shape.mesh is not None
    assert mesh_health(shape.mesh).volume == pytest.approx(4.0 * 0.3 * 3.0 - 0.9 * 0.3 * 2.1, rel=1e-7)


def test_solids_and_sheets_with_holes_are_told_apart(tmp_path: Path) -> None:
    corners = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]]
    faces = [
        [0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7], [0, 1, 5], [0, 5, 4], [1, 2, 6], [1, 6, 5], [2, 3, 7], [2, 7, 6],
        [3, 0, 4], [3, 4, 7],
    ]  # fmt: skip
    model = Model("m")
    model.add("IfcWall", model.faces(corners, faces, True), name="sound")
    model.add("IfcWall", model.faces(corners, [face[::-1] for face in faces], True), at=(2.0, 0.0, 0.0), name="inward")
    model.add("IfcWall", model.faces(corners, faces[:6], True), at=(4.0, 0.0, 0.0), name="half a solid")
    model.add("IfcPlate", model.faces(corners, faces[:2]), at=(6.0, 0.0, 0.0), name="pane")
    parts = by_name(read_ifc(model.write(tmp_path / "kinds.ifc"), workers=1))
    assert {name: bool(element.suspect) for name, element in parts.items()} == {
        "sound": False, "inward": False, "half a solid": True, "pane": False
    }  # fmt: skip
    assert {name for name, element in parts.items() if element.sheet} == {"half a solid", "pane"}
    assert mesh_health(parts["inward"].mesh).volume == pytest.approx(1.0)


def test_doubled_and_missing_global_ids_are_noted_and_stay_apart(tmp_path: Path) -> None:
    model = Model("m")
    for number, guid in enumerate(["0000000000000000000abc", "0000000000000000000abc", "not a global id"]):
        model.add("IfcWall", model.block((1.0, 0.2, 1.0)), at=(2.0 * number, 0.0, 0.0), name=f"w{number}", guid=guid)
    path = model.write(tmp_path / "ids.ifc")
    read, again = read_ifc(path, workers=1), read_ifc(path, workers=1)
    assert len(read.elements) == 3
    assert by_name(read)["w0"].global_id == "0000000000000000000abc"
    assert all(is_global_id(id_) for id_ in read.elements)
    assert list(read.elements) == list(again.elements)
    assert any("share the GlobalId" in note for note in read.notes)
    assert any("no valid GlobalId" in note for note in read.notes)


def test_a_map_conversion_is_recorded_in_metres_and_its_scale_questioned(tmp_path: Path) -> None:
    model = Model("mm")
    model.add("IfcWall", model.block((1.0, 0.2, 1.0)))
    metre = model.make("IfcSIUnit", None, "LENGTHUNIT", None, "METRE")
    crs = model.make("IfcProjectedCRS", "EPSG:25832", MapUnit=metre)
    model.make("IfcMapConversion", model.parent, crs, 458657.3, 5438232.25, 113.7, 0.8, 0.6, None)
    read = read_ifc(model.write(tmp_path / "map.ifc"), workers=1)
    assert read.map_conversion is not None
    assert (read.map_conversion.crs, read.map_conversion.eastings) == ("EPSG:25832", 458657.3)
    assert any("Scale is omitted" in note and "should be 0.001" in note for note in read.notes)
    np.testing.assert_allclose(read.origin, 0.0, atol=1e-12)


@pytest.mark.parametrize(("factor", "word"), [(1000.0, "1000"), (1 / 3.2808399, "0.3048")])
def test_quantities_that_contradict_the_unit_are_refused(factor: float, word: str, tmp_path: Path) -> None:
    model = Model("m")
    for number in range(2):
        wall = model.add("IfcWall", model.block((4.0, 0.3, 3.0)), at=(5.0 * number, 0.0, 0.0))
        model.quantities(wall, Length=4.0 * factor, Height=3.0 * factor, NetVolume=3.6 * factor**3)
    with pytest.raises(UnitContradiction, match=word):
        read_ifc(model.write(tmp_path / "lie.ifc"), workers=1)


def test_wrong_volumes_beside_right_lengths_are_only_noted(tmp_path: Path) -> None:
    model = Model("m")
    for number in range(3):
        wall = model.add("IfcWall", model.block((4.0, 0.3, 3.0)), at=(5.0 * number, 0.0, 0.0))
        model.quantities(wall, Length=4.0, Height=3.0, NetVolume=3.6e9)
    read = read_ifc(model.write(tmp_path / "volumes.ifc"), workers=1)
    assert any("Declared volumes" in note for note in read.notes)


@pytest.mark.parametrize("size", [80_000.0, 0.001])
def test_an_impossible_size_is_refused(size: float, tmp_path: Path) -> None:
    model = Model("m")
    model.add("IfcWall", model.block((size, size / 10, size / 10)))
    with pytest.raises(UnitContradiction, match="m across"):
        read_ifc(model.write(tmp_path / "size.ifc"), workers=1)


def test_a_stray_element_far_away_is_noted_not_refused(tmp_path: Path) -> None:
    model = Model("m")
    for number in range(12):
        model.add("IfcWall", model.block((1.0, 0.2, 1.0)), at=(5e5 if number == 0 else 2.0 * number, 0.0, 0.0))
    read = read_ifc(model.write(tmp_path / "stray.ifc"), workers=1)
    assert any("more than 50 km" in note for note in read.notes)


def test_a_missing_length_unit_is_assumed_only_where_plausible(tmp_path: Path) -> None:
    model = Model(None)
    model.add("IfcWall", model.block((4.0, 0.3, 3.0)))
    assert any("no length unit" in note for note in read_ifc(model.write(tmp_path / "none.ifc"), workers=1).notes)
    model.add("IfcWall", model.block((4000.0, 300.0, 3000.0)), at=(12000.0, 0.0, 0.0))
    with pytest.raises(UnitContradiction, match="declares no length unit"):
        read_ifc(model.write(tmp_path / "mm.ifc"), workers=1)


def test_what_cannot_be_built_or_seen_is_no_element(tmp_path: Path) -> None:
    model = Model("m")
    model.add("IfcWall", model.block((4.0, 0.3, 3.0)), name="wall")
    for kind in ("IfcSpace", "IfcVirtualElement", "IfcAnnotation"):
        model.add(kind, model.block((1.0, 1.0, 1.0)), contained=False)
    bare = model.add("IfcBeam", name="axis only")
    line = model.make("IfcPolyline", [model.point(0, 0, 0), model.point(1, 0, 0)])
    bare.Representation = model.shape(line, kind="Curve3D", identifier="Axis")
    assert list(by_name(read_ifc(model.write(tmp_path / "kinds.ifc"), workers=1))) == ["wall"]


def test_an_element_that_is_placed_relative_to_itself_is_left_out_with_the_reason(tmp_path: Path) -> None:
    """No kernel returns from such a placement; the wall beside it, and one on a storey of that kind, are read."""
    model = Model("m")
    model.add("IfcWall", model.block((4.0, 0.3, 3.0)), name="sound")
    lost = model.add("IfcBeam", model.block((1.0, 1.0, 1.0)), name="lost")
    between = model.place()
    between.PlacementRelTo, lost.ObjectPlacement.PlacementRelTo = lost.ObjectPlacement, between
    for storey in model.file.by_type("IfcBuildingStorey"):
        storey.Elevation, storey.ObjectPlacement = None, between
    read = read_ifc(model.write(tmp_path / "cycle.ifc"), workers=1)
    assert list(by_name(read)) == ["sound"]
    [reason] = [str(said) for said in read.without_geometry.values()]
    assert "relative to itself" in reason


def test_a_model_without_any_shape_is_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyInput, match="no element"):
        read_ifc(Model("m").write(tmp_path / "bare.ifc"), workers=1)


def test_the_cache_gives_the_same_design_and_survives_damage(tmp_path: Path) -> None:
    model = Model("mm")
    model.quantities(house(model), Length=4.0)
    path = model.write(tmp_path / "house.ifc")
    cache = tmp_path / "cache"
    fresh = read_ifc(path, workers=1)
    stored = read_ifc(path, workers=2, cache_dir=cache)
    (file,) = cache.iterdir()
    cached = read_ifc(path, cache_dir=cache)
    good = file.read_bytes()
    for damaged in (good[: len(good) // 2], b"", good[:200] + bytes(len(good) - 200), b"PK" + good[2:-30]):
        file.write_bytes(damaged)
        assert_same(read_ifc(path, workers=1, cache_dir=cache), fresh)
        assert file.read_bytes() == good
        break_at = good.index(b"vertices.npy")
        file.write_bytes(good[:break_at] + b"VERTICES" + good[break_at + 8 :])
    assert_same(stored, fresh)
    assert_same(cached, fresh)


def assert_same(one: Any, other: Any) -> None:
    assert list(one.elements) == list(other.elements)
    assert one.origin.tobytes() == other.origin.tobytes()
    for name in ("source", "length_unit_m", "storeys", "map_conversion", "notes"):
        assert getattr(one, name) == getattr(other, name), name
    for id_, element in one.elements.items():
        twin = other.elements[id_]
        assert element.mesh.vertices.tobytes() == twin.mesh.vertices.tobytes()
        assert element.mesh.faces.tobytes() == twin.mesh.faces.tobytes()
        for name in (
            "ifc_class",
            "name",
            "storey",
            "type_name",
            "predefined_type",
            "materials",
            "properties",
            "quantities",
            "openings",
        ):
            assert getattr(element, name) == getattr(twin, name), name
        assert (element.suspect, element.sheet) == (twin.suspect, twin.sheet)
        for void, again in zip(element.voids, twin.voids, strict=True):
            assert (void.global_id, void.name, void.filled_by) == (again.global_id, again.name, again.filled_by)
            assert void.box is not None
            assert again.box is not None
            for part in ("centre", "axes", "size"):
                assert getattr(void.box, part).tobytes() == getattr(again.box, part).tobytes()


def test_a_second_reading_starts_no_process_and_no_ifcopenshell(tmp_path: Path, monkeypatch: Any) -> None:
    model = Model("m")
    house(model)
    path = model.write(tmp_path / "house.ifc")
    read_ifc(path, workers=1, cache_dir=tmp_path)
    monkeypatch.setattr("subprocess.Popen", None)
    assert len(read_ifc(path, cache_dir=tmp_path).elements) == 3


def test_zipped_models_are_read_and_odd_archives_refused(tmp_path: Path) -> None:
    model = Model("m")
    house(model)
    plain = model.write(tmp_path / "house.ifc")
    with zipfile.ZipFile(tmp_path / "house.ifczip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(plain, "house.ifc")
        archive.writestr("readme.txt", "hello")
    assert len(read_ifc(tmp_path / "house.ifczip", workers=1).elements) == 3
    members = {"two": ["a.ifc", "b.ifc"], "none": ["a.txt"]}
    for name, names in members.items():
        with zipfile.ZipFile(tmp_path / f"{name}.ifczip", "w") as archive:
            for member in names:
                archive.write(plain, member)
        with pytest.raises(ReadError, match="exactly one"):
            read_ifc(tmp_path / f"{name}.ifczip")
    with zipfile.ZipFile(tmp_path / "bomb.ifczip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.ifc", b"ISO-10303-21;" + bytes(64 << 20))
    with pytest.raises(ReadError, match="would unpack"):
        read_ifc(tmp_path / "bomb.ifczip")
    good = (tmp_path / "house.ifczip").read_bytes()
    (tmp_path / "cut.ifczip").write_bytes(good[: len(good) // 2])
    (tmp_path / "rotten.ifczip").write_bytes(good[:60] + bytes(200) + good[260:])
    for name in ("cut", "rotten"):
        with pytest.raises(ReadError, match="damaged"):
            read_ifc(tmp_path / f"{name}.ifczip")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.ifc", b""),
        ("text.ifc", b"hello\n"),
        ("picture.ifc", bytes(range(256)) * 20),
        ("header.ifc", b"ISO-10303-21;"),
    ],
)
def test_what_is_no_ifc_gets_one_clear_line(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ReadError) as caught:
        read_ifc(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_half_a_model_is_not_taken_for_the_whole(tmp_path: Path) -> None:
    model = Model("m")
    house(model)
    data = model.write(tmp_path / "house.ifc").read_bytes()
    (tmp_path / "cut.ifc").write_bytes(data[: 2 * len(data) // 3])
    with pytest.raises(ReadError, match="truncated"):
        read_ifc(tmp_path / "cut.ifc")
    with pytest.raises(ReadError, match="no such file"):
        read_ifc(tmp_path / "gone.ifc")


def test_errors_name_the_whole_path_that_was_given_also_of_an_archive(tmp_path: Path) -> None:
    model = Model("m")
    house(model)
    data = model.write(tmp_path / "house.ifc").read_bytes()
    (tmp_path / "cut.ifc").write_bytes(data[: 2 * len(data) // 3])
    with zipfile.ZipFile(tmp_path / "cut.ifczip", "w") as archive:
        archive.write(tmp_path / "cut.ifc", "inside.ifc")
    for path in (tmp_path / "cut.ifc", tmp_path / "cut.ifczip"):
        with pytest.raises(ReadError) as caught:
            read_ifc(path)
        assert str(caught.value).startswith(f"{path}: the file is truncated")


@pytest.mark.parametrize(
    ("count", "says"), [(1, "the instance name #1 is used twice"), (2, "2 instance names are used")]
)
def test_names_used_twice_are_counted_in_good_english(tmp_path: Path, count: int, says: str) -> None:
    model = Model("m")
    house(model)
    lines = model.write(tmp_path / "house.ifc").read_text(encoding="utf-8").splitlines()
    twice = [line for line in lines if line.startswith(("#1=", "#2="))][:count]
    end = max(number for number, line in enumerate(lines) if line.startswith("ENDSEC"))
    (tmp_path / "twice.ifc").write_text("\n".join([*lines[:end], *twice, *lines[end:]]), encoding="utf-8")
    with pytest.raises(ReadError) as caught:
        read_ifc(tmp_path / "twice.ifc", workers=1)
    assert says in str(caught.value)
