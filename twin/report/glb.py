"""The model coloured by verdict as binary glTF 2.0: one node per element, named by its GlobalId."""

import json
import struct
from typing import Any

import numpy as np

from twin.report.palette import LOOKS, Mark, mark_of, rgb
from twin.report.words import clean
from twin.result import CheckResult

_Z_UP_TO_Y_UP = [1, 0, 0, 0, 0, 0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1]
_FLOAT, _UINT32 = 5126, 5125
_VERTICES, _INDICES = 34962, 34963


def glb_model(result: CheckResult) -> bytes:
    """Return the model as GLB bytes.

    Positions are float32 relative to the middle of each element, which is the translation of its node: rounding stays
    below a micrometre for elements of ten metres. The root node turns the design's z-up to glTF's y-up; its ``extras``
    hold ``origin_m``, what must be added to get the design file's coordinates.
    """
    nodes: list[dict[str, Any]] = [{"name": "qtems", "matrix": _Z_UP_TO_Y_UP, "children": []}]
    meshes: list[dict[str, Any]] = []
    accessors: list[dict[str, Any]] = []
    views: list[dict[str, Any]] = []
    chunks: list[bytes] = []
    materials = {mark: place for place, mark in enumerate(Mark)}
    offset = 0
    for element in result.elements:
        mesh = result.design.elements[element.global_id].mesh
        node: dict[str, Any] = {
            "name": clean(element.global_id),
            "extras": {
                "ifc_class": clean(element.ifc_class),
                "name": clean(element.name),
                "storey": clean(element.storey),
                "verdict": element.verdict.value,
                "state": element.state.value,
            },
        }
        if len(mesh.faces):
            middle = mesh.bounds().mean(axis=0)
            positions = np.ascontiguousarray(mesh.vertices - middle, "<f4")
            indices = np.ascontiguousarray(mesh.faces, "<u4")
            node |= {"translation": middle.tolist(), "mesh": len(meshes)}
            primitive = {
                "attributes": {"POSITION": len(accessors)},
                "indices": len(accessors) + 1,
                "material": materials[mark_of(element)],
            }
            meshes.append({"primitives": [primitive]})
            for array, target in ((positions, _VERTICES), (indices, _INDICES)):
                views.append({"buffer": 0, "byteOffset": offset, "byteLength": array.nbytes, "target": target})
                chunks.append(array.tobytes())
                offset += array.nbytes
            accessors += [
                {
                    "bufferView": len(views) - 2, "componentType": _FLOAT, "count": len(positions), "type": "VEC3",
                    "min": positions.min(axis=0).tolist(), "max": positions.max(axis=0).tolist(),
                },
                {"bufferView": len(views) - 1, "componentType": _UINT32, "count": indices.size, "type": "SCALAR"},
            ]  # fmt: skip
        nodes[0]["children"].append(len(nodes))
        nodes.append(node)
    nodes[0]["extras"] = {"origin_m": result.design.origin.tolist(), "schema": "qtems.model/1"}
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "qtems"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": nodes,
        "materials": [_material(mark) for mark in Mark],
    }
    if not nodes[0]["children"]:
        del nodes[0]["children"]
    if meshes:
        document |= {
            "meshes": meshes,
            "accessors": accessors,
            "bufferViews": views,
            "buffers": [{"byteLength": offset}],
        }
    return _container(document, b"".join(chunks))


def _material(mark: Mark) -> dict[str, Any]:
    colour = np.array(rgb(LOOKS[mark].colour)) / 255.0
    # glTF colour factors are linear (IEC 61966-2-1 transfer)
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    missing = mark is Mark.MISSING
    factor = [*(round(float(value), 6) for value in linear), 0.45 if missing else 1.0]
    material: dict[str, Any] = {
        "name": mark.value,
        "doubleSided": True,
        "pbrMetallicRoughness": {"baseColorFactor": factor, "metallicFactor": 0.0, "roughnessFactor": 0.9},
    }
    return material | ({"alphaMode": "BLEND"} if missing else {})


def _container(document: dict[str, Any], binary: bytes) -> bytes:
    """Return the GLB file: header, JSON chunk padded with spaces, binary chunk padded with zeros."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    if binary:
        chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks
