"""The model coloured by verdict as binary glTF 2.0: one node per element, named by its GlobalId."""

from typing import Any

from twin.report.glb_parts import Z_UP_TO_Y_UP, GlbBuffer, container, material
from twin.report.palette import LOOKS, Mark, mark_of, rgb
from twin.report.words import clean
from twin.result import CheckResult, ElementResult


def glb_model(result: CheckResult) -> bytes:
    """Return the model as GLB bytes.

    Positions are float32 relative to the middle of each element, which is the translation of its node: rounding stays
    below a micrometre for elements of ten metres. The root node turns the design's z-up to glTF's y-up; its ``extras``
    hold ``origin_m``, what must be added to get the design file's coordinates.
    """
    buffer = GlbBuffer()
    materials = {mark: place for place, mark in enumerate(Mark)}
    meshes: list[dict[str, Any]] = []
    nodes: list[dict[str, Any]] = []
    for element in result.elements:
        node = _node(element)
        designed = result.design.elements.get(element.global_id)
        if designed is not None and len(designed.mesh.faces):
            middle = designed.mesh.bounds().mean(axis=0)
            node |= {"translation": middle.tolist(), "mesh": len(meshes)}
            meshes.append({"primitives": [buffer.primitive(designed.mesh, middle, materials[mark_of(element)])]})
        nodes.append(node)
    root: dict[str, Any] = {
        "name": "qtems",
        "matrix": Z_UP_TO_Y_UP,
        "extras": {"origin_m": result.design.origin.tolist(), "schema": "qtems.model/1"},
    }
    if nodes:
        root["children"] = list(range(1, len(nodes) + 1))
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "qtems"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [root, *nodes],
        "materials": [_material(mark) for mark in Mark],
    }
    if meshes:
        document |= {
            "meshes": meshes,
            "accessors": buffer.accessors,
            "bufferViews": buffer.views,
            "buffers": [{"byteLength": buffer.length}],
        }
    return container(document, b"".join(buffer.chunks))


def _node(element: ElementResult) -> dict[str, Any]:
    return {
        "name": clean(element.global_id),
        "extras": {
            "ifc_class": clean(element.ifc_class),
            "name": clean(element.name),
            "storey": clean(element.storey),
            "verdict": element.verdict.value,
            "state": element.state.value,
        },
    }


def _material(mark: Mark) -> dict[str, Any]:
    return material(mark.value, rgb(LOOKS[mark].colour), 0.45 if mark is Mark.MISSING else 1.0)
