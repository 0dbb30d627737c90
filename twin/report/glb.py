"""The model coloured by verdict as binary glTF 2.0: one node per element, named by its GlobalId."""

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import FloatArray
from geometry.design import Mesh
from twin.report.palette import LOOKS, Mark, mark_of, rgb
from twin.report.words import clean
from twin.result import CheckResult, ElementResult

_Z_UP_TO_Y_UP = [1, 0, 0, 0, 0, 0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1]
_FLOAT, _UINT32 = 5126, 5125
_VERTICES, _INDICES = 34962, 34963


def glb_model(result: CheckResult) -> bytes:
    """Return the model as GLB bytes.

    Positions are float32 relative to the middle of each element, which is the translation of its node: rounding stays
    below a micrometre for elements of ten metres. The root node turns the design's z-up to glTF's y-up; its ``extras``
    hold ``origin_m``, what must be added to get the design file's coordinates.
    """
    buffer = _Buffer()
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
        "matrix": _Z_UP_TO_Y_UP,
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
    return _container(document, b"".join(buffer.chunks))


class _Buffer:
    """The one binary buffer, filled mesh by mesh, with what describes it."""

    def __init__(self) -> None:
        self.accessors: list[dict[str, Any]] = []
        self.views: list[dict[str, Any]] = []
        self.chunks: list[bytes] = []
        self.length = 0

    def primitive(self, mesh: Mesh, middle: FloatArray, material: int) -> dict[str, Any]:
        """Add a mesh relative to ``middle`` (3,) and return its primitive."""
        positions = np.ascontiguousarray(mesh.vertices - middle, "<f4")
        indices = np.ascontiguousarray(mesh.faces, "<u4")
        low, high = positions.min(axis=0).tolist(), positions.max(axis=0).tolist()
        place = len(self.accessors)
        self._add(positions, _VERTICES, {"componentType": _FLOAT, "type": "VEC3", "min": low, "max": high})
        self._add(indices.reshape(-1), _INDICES, {"componentType": _UINT32, "type": "SCALAR"})
        return {"attributes": {"POSITION": place}, "indices": place + 1, "material": material}

    def _add(self, array: NDArray[Any], target: int, accessor: dict[str, Any]) -> None:
        self.accessors.append({"bufferView": len(self.views), "count": len(array), **accessor})
        self.views.append({"buffer": 0, "byteOffset": self.length, "byteLength": array.nbytes, "target": target})
        self.chunks.append(array.tobytes())
        self.length += array.nbytes


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
