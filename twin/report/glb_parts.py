"""What files of binary glTF 2.0 are made of: the buffer, its meshes and tracks, materials, the container."""

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import FloatArray
from geometry.design import Mesh

Z_UP_TO_Y_UP = [1, 0, 0, 0, 0, 0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1]
_FLOAT, _UINT32 = 5126, 5125
_VERTICES, _INDICES = 34962, 34963


class GlbBuffer:
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
        place = self._add(positions, _VERTICES, {"componentType": _FLOAT, "type": "VEC3", "min": low, "max": high})
        corners = self._add(indices.reshape(-1), _INDICES, {"componentType": _UINT32, "type": "SCALAR"})
        return {"attributes": {"POSITION": place}, "indices": corners, "material": material}

    def times(self, seconds: NDArray[Any]) -> int:
        """Add the times (n,) of a track, rising, and return the accessor."""
        values = np.ascontiguousarray(seconds, "<f4")
        ends = {"min": [float(values[0])], "max": [float(values[-1])]}
        return self._add(values, None, {"componentType": _FLOAT, "type": "SCALAR", **ends})

    def vectors(self, values: NDArray[Any]) -> int:
        """Add the vectors (n, 3) of a track and return the accessor."""
        return self._add(np.ascontiguousarray(values, "<f4"), None, {"componentType": _FLOAT, "type": "VEC3"})

    def _add(self, array: NDArray[Any], target: int | None, accessor: dict[str, Any]) -> int:
        self.accessors.append({"bufferView": len(self.views), "count": len(array), **accessor})
        view = {"buffer": 0, "byteOffset": self.length, "byteLength": array.nbytes}
        self.views.append(view if target is None else view | {"target": target})
        self.chunks.append(array.tobytes())
        self.length += array.nbytes
        return len(self.accessors) - 1


def material(name: str, colour: tuple[int, int, int], opacity: float = 1.0) -> dict[str, Any]:
    """Return a dull material, seen from both sides, of an sRGB colour (0 to 255)."""
    shares = np.array(colour) / 255.0
    # glTF colour factors are linear (IEC 61966-2-1 transfer)
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    factor = [*(round(float(value), 6) for value in linear), opacity]
    made: dict[str, Any] = {
        "name": name,
        "doubleSided": True,
        "pbrMetallicRoughness": {"baseColorFactor": factor, "metallicFactor": 0.0, "roughnessFactor": 0.9},
    }
    return made | ({"alphaMode": "BLEND"} if opacity < 1.0 else {})


def container(document: dict[str, Any], binary: bytes) -> bytes:
    """Return the GLB file: header, JSON chunk padded with spaces, binary chunk padded with zeros."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    if binary:
        chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks
