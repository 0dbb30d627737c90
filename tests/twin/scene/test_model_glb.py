"""The model's GLB, read back: every triangle where it was, every feature id the element it says, all of it bounded."""

import dataclasses
import json

import numpy as np
import pytest

from geometry.design import DesignModel, Element, Mesh
from geometry.errors import EmptyInput
from geometry.source import SourceFile
from geometry.verdict import Outcome, State
from tests.geometry.registration.buildings import BOX_FACES
from tests.twin.scene.reading import Glb, read_glb
from twin.errors import Invalid
from twin.result import ElementResult
from twin.scene.edges import crease_edges
from twin.scene.layout import is_clear, scene_layout
from twin.scene.model_glb import edge_files, elements_file, model_files

ORIGIN = np.array([367_412.53, 5_432_100.25, 112.01])
UNIT = np.array([[x, y, z] for z in (0, 1) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))], float)


def element(number: int, rng: np.random.Generator) -> Element:
    size, place = rng.uniform(0.05, 4.0, 3), rng.uniform(0.0, 60.0, 3)
    return Element(f"{number:022d}", "IfcWall", f"墙 {number}", f"L{number % 3}", Mesh(UNIT * size + place, BOX_FACES))


def design(elements: list[Element], lost: list[Element] | None = None) -> DesignModel:
    return DesignModel(
        {e.global_id: e for e in elements},
        ORIGIN,
        SourceFile("m.ifc", "0" * 64, "IFC4"),
        0.001,
        storeys={"L2": 6.0, "L0": 0.0, "L1": 3.0},
        without_geometry={e.global_id: e for e in lost or []},
    )


@pytest.fixture(scope="module")
def model() -> DesignModel:
    rng = np.random.default_rng(5)
    elements = [element(i, rng) for i in range(30)]
    elements[4] = dataclasses.replace(elements[4], ifc_class="IfcWindow")
    elements[9] = dataclasses.replace(elements[9], materials=("Float Glass 6 mm",))
    lost = dataclasses.replace(element(99, rng), mesh=Mesh(np.empty((0, 3)), np.empty((0, 3), np.int32)), suspect="no")
    return design(elements, [lost])


def primitives(glb: Glb) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return, per material, the corners (n, k, 3) in the design file's coordinates and their feature ids."""
    root = glb.document["nodes"][0]
    matrix = np.array(root["matrix"]).reshape(4, 4).T
    # glTF is y-up: this is what a loader sees, turned back
    back = np.array([[1, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1.0]])
    found = {}
    for primitive in glb.document["meshes"][0]["primitives"]:
        corners = glb.accessor(primitive["attributes"]["POSITION"]).astype(np.float64)
        ids = glb.accessor(primitive["attributes"]["_FEATURE_ID_0"])[:, 0].astype(int)
        order = glb.accessor(primitive["indices"])[:, 0].reshape(-1, {4: 3, 1: 2}[primitive["mode"]])
        world = (back @ matrix @ np.c_[corners, np.ones(len(corners))].T).T[:, :3] + root["extras"]["origin_m"]
        found[glb.document["materials"][primitive["material"]]["name"]] = world[order], ids[order]
    return found


def test_every_triangle_comes_back_in_its_place_with_its_element(model: DesignModel):
    layout = scene_layout(model)
    files = {file.name: file.content for file in model_files(model, layout)}
    found = primitives(read_glb(files["model.glb"]))
    assert set(found) == {"opaque", "clear"}
    seen: set[int] = set()
    for material, (triangles, ids) in found.items():
        assert (ids == ids[:, :1]).all()
        for number in np.unique(ids):
            expected = model.elements[layout.global_ids[number]]
            assert is_clear(expected) is (material == "clear")
            assert (
                np.abs(triangles[ids[:, 0] == number] - (expected.mesh.triangles() + ORIGIN)).max()
                <= 0.5 / 2**14 + 1e-9
            )
            seen.add(int(number))
    assert seen == set(range(30))


def test_the_triangles_of_an_element_lie_together_in_the_order_of_the_ids(model: DesignModel):
    layout = scene_layout(model)
    columns = json.loads(elements_file(model, layout).content)
    glb = read_glb(next(model_files(model, layout)).content)
    for material, (_, ids) in primitives(glb).items():
        chosen = [i for i in range(30) if (i in columns["clear"]) is (material == "clear")]
        assert ids[:, 0].tolist() == [i for i in chosen for _ in range(columns["triangles"][i])]


def test_the_columns_say_what_each_id_is(model: DesignModel):
    layout = scene_layout(model)
    wall = model.elements[layout.global_ids[7]]
    found = ElementResult(wall.global_id, "IfcWall", "", "", State.INSTALLED, Outcome.FAIL, 9, 1.0, 1.0)
    columns = json.loads(elements_file(model, layout, {wall.global_id: found}).content)
    assert columns["count"] == 31
    assert columns["origin_m"] == layout.origin.tolist()
    assert columns["global_id"] == [*model.elements, "0000000000000000000099"]
    assert columns["name"][7] == "墙 7"
    text = {
        name: [columns[name]["values"][i] for i in columns[name]["index"]] for name in ("storey", "verdict", "state")
    }
    assert text["storey"][7] == "L1"
    assert text["verdict"][7] == "fail"
    assert text["state"][7] == "installed"
    assert text["verdict"][6] is None
    assert columns["part"][7] == 0
    assert columns["part"][30] == -1
    assert columns["box_mm"]["min_x"][30] is None
    low = [columns["box_mm"][f"min_{axis}"][7] / 1000 for axis in "xyz"]
    high = [columns["box_mm"][f"max_{axis}"][7] / 1000 for axis in "xyz"]
    true = wall.mesh.bounds() + (ORIGIN - layout.origin)
    assert (low <= true[0] + 1e-5).all()
    assert (true[0] - low < 1.1e-3).all()
    assert (high >= true[1] - 1e-5).all()
    assert (high - true[1] < 1.1e-3).all()


def test_the_order_of_a_check_gives_the_ids(model: DesignModel):
    chosen = list(model.elements)[::-1]
    layout = scene_layout(model, chosen)
    assert list(layout.global_ids) == chosen
    assert json.loads(elements_file(model, layout).content)["name"][0] == "墙 29"


def test_a_large_model_is_cut_by_storey_and_a_large_storey_into_parts(model: DesignModel):
    layout = scene_layout(model, part_triangles=100)
    *parts, index = model_files(model, layout)
    listed = json.loads(index.content)["parts"]
    assert [entry["uri"] for entry in listed] == [file.name for file in parts]
    assert [entry["storey"] for entry in listed] == ["L0", "L0", "L1", "L1", "L2", "L2"]
    assert sum(entry["triangles"] for entry in listed) == 360
    assert all(entry["triangles"] <= 100 for entry in listed)
    ids: list[int] = []
    for entry, file in zip(listed, parts, strict=True):
        assert entry["bytes"] == len(file.content)
        for triangles, numbers in primitives(read_glb(file.content)).values():
            ids += np.unique(numbers).tolist()
            inside = triangles.reshape(-1, 3) - layout.origin
            assert (inside >= np.array(entry["box_m"][:3]) - 1e-6).all()
            assert (inside <= np.array(entry["box_m"][3:]) + 1e-6).all()
    assert sorted(ids) == list(range(30))
    columns = json.loads(elements_file(model, layout).content)
    assert [listed[columns["part"][i]]["storey"] for i in range(30)] == [f"L{i % 3}" for i in range(30)]


def test_a_box_has_twelve_edges(model: DesignModel):
    layout = scene_layout(model)
    files = [file for file in edge_files(model, layout) if file.name.endswith(".glb")]
    lines, ids = primitives(read_glb(files[0].content))["opaque"]
    assert np.bincount(ids[:, 0]).tolist() == [12] * 30
    long = np.linalg.norm(lines[:, 0] - lines[:, 1], axis=1)[ids[:, 0] == 3]
    size = np.ptp(model.elements[layout.global_ids[3]].mesh.bounds(), axis=0)
    assert np.allclose(np.sort(long), np.sort(np.repeat(size, 4)), atol=2e-4)


@pytest.mark.parametrize("scale", [1, 1 << 22])
def test_the_edges_of_any_size_are_those_of_a_search_over_all_pairs_of_faces(scale: int):
    rng = np.random.default_rng(3)
    steps = rng.integers(0, 3, (30, 3)) * scale
    faces = rng.integers(0, 30, (25, 3)).astype(np.int32)
    corners, edges = crease_edges(steps, faces)
    found = {frozenset(map(tuple, corners[pair].tolist())) for pair in edges}
    uses: dict[frozenset[tuple[int, ...]], list[np.ndarray]] = {}
    for face in faces:
        a, b, c = (tuple(map(int, steps[i])) for i in face)
        if len({a, b, c}) == 3:
            normal = np.cross(np.subtract(b, a) / scale, np.subtract(c, a) / scale)
            for ends in ((a, b), (b, c), (c, a)):
                uses.setdefault(frozenset(ends), []).append(normal / max(float(np.linalg.norm(normal)), 1e-300))
    smooth = np.cos(np.deg2rad(25.0))
    expected = {ends for ends, found in uses.items() if len(found) != 2 or abs(found[0] @ found[1]) < smooth}
    assert found == expected
    assert len(edges) == len(found) > 20


def test_more_elements_than_16_bits_number(model: DesignModel):
    wall = next(iter(model.elements.values()))
    many = {f"{i:022d}": wall for i in range(70_000)}
    layout = dataclasses.replace(scene_layout(model), global_ids=tuple(many), parts=())
    part = dataclasses.replace(scene_layout(model).parts[0], elements=(0, 65_535, 69_999), triangles=36)
    large = dataclasses.replace(model, elements=many)
    glb = read_glb(next(model_files(large, dataclasses.replace(layout, parts=(part,)))).content)
    _, ids = primitives(glb)["opaque"]
    assert np.unique(ids).tolist() == [0, 65_535, 69_999]


def test_a_model_of_kilometres_keeps_float32_accuracy():
    rng = np.random.default_rng(8)
    far = element(1, rng)
    near = element(0, rng)
    moved = dataclasses.replace(far, mesh=Mesh(far.mesh.vertices + np.array([4000.0, 0.0, 0.0]), far.mesh.faces))
    model = design([near, moved])
    layout = scene_layout(model)
    triangles, ids = primitives(read_glb(next(model_files(model, layout)).content))["opaque"]
    assert np.abs(triangles[ids[:, 0] == 1] - (moved.mesh.triangles() + ORIGIN)).max() < 2.0**-12


def test_the_same_model_gives_the_same_bytes(model: DesignModel):
    layout = scene_layout(model)
    again = scene_layout(dataclasses.replace(model))
    assert list(model_files(model, layout)) == list(model_files(model, again))
    assert list(edge_files(model, layout)) == list(edge_files(model, again))
    assert elements_file(model, layout) == elements_file(model, again)


def test_what_cannot_be_laid_out_is_refused_in_one_line(model: DesignModel):
    first = next(iter(model.elements))
    with pytest.raises(Invalid, match="must differ"):
        scene_layout(model, [first, first])
    with pytest.raises(Invalid, match="no element 2nope"):
        scene_layout(model, [first, "2nope"])
    with pytest.raises(EmptyInput, match="no element with a shape"):
        scene_layout(dataclasses.replace(model, elements={}))
