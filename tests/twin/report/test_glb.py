# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
"""The coloured model."""

import dataclasses
import io
import json
import struct
from typing import Any

import numpy as np

from geometry.design import Mesh
from twin.report.glb import glb_model
from twin.report.palette import Mark, mark_of
from twin.result import CheckResult


def document_of(content: bytes) -> Any:
    """Return the JSON chunk, after checking the container."""
    magic, version, length = struct.unpack_from("<4sII", content)
    assert (magic, version, length) == (b"glTF", 2, len(content))
    size, kind = struct.unpack_from("<I4s", content, 12)
    assert kind == b"JSON"
    assert size % 4 == 0
    return json.loads(content[20 : 20 + size])


def test_every_element_is_a_node_with_its_verdict(building: CheckResult) -> None:
    """Named by GlobalId, so that a viewer can find it."""
    nodes = {node["name"]: node for node in document_of(glb_model(building))["nodes"]}
    for element in building.elements:
        extras = nodes[element.global_id]["extras"]
        assert (extras["verdict"], extras["state"]) == (element.verdict.value, element.state.value)
        assert (extras["ifc_class"], extras["storey"]) == (element.ifc_class, element.storey)


def test_materials_are_those_of_the_marks(building: CheckResult) -> None:
    """A failing element has the failing colour, a missing one is see-through."""
    document = document_of(glb_model(building))
    nodes = {node["name"]: node for node in document["nodes"]}
    for element in building.elements:
        primitive = document["meshes"][nodes[element.global_id]["mesh"]]["primitives"][0]
        assert document["materials"][primitive["material"]]["name"] == mark_of(element).value
    looks = {material["name"]: material for material in document["materials"]}
    assert looks[Mark.MISSING.value]["alphaMode"] == "BLEND"


def test_trimesh_reads_it_where_the_design_is(building: CheckResult) -> None:
    """Y is up; positions and origin together give the design's coordinates within a micrometre."""
    import trimesh

    scene: Any = trimesh.load(io.BytesIO(glb_model(building)), file_type="glb")
    assert len(scene.geometry) == len(building.elements)
    origin = document_of(glb_model(building))["nodes"][0]["extras"]["origin_m"]
    assert origin == building.design.origin.tolist()
    for element in building.elements:
        transform, name = scene.graph[element.global_id]
        got = trimesh.transform_points(scene.geometry[name].vertices, transform)
        z_up = np.stack([got[:, 0], -got[:, 2], got[:, 1]], axis=1)
        expected = building.design.elements[element.global_id].mesh.bounds()
        assert np.abs(np.stack([z_up.min(axis=0), z_up.max(axis=0)]) - expected).max() < 1e-6


def test_elements_without_triangles_and_empty_models(building: CheckResult, empty_check: CheckResult) -> None:
    """Nothing to draw is no reason to fail."""
    first = building.elements[0].global_id
    bare = dataclasses.replace(building.design.elements[first], mesh=Mesh(np.empty((0, 3)), np.empty((0, 3), np.int32)))
    design = dataclasses.replace(building.design, elements={**building.design.elements, first: bare})
    document = document_of(glb_model(dataclasses.replace(building, design=design)))
    assert len(document["meshes"]) == len(building.elements) - 1
    assert document_of(glb_model(empty_check))["nodes"][0]["name"] == "qtems"


def test_thousands_of_elements(many: CheckResult) -> None:
    """One node each."""
    assert len(document_of(glb_model(many))["nodes"]) == 3001
