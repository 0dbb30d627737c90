"""Binary glTF 2.0: parts placed by their nodes, turned from glTF's y-up to z-up; metres by the standard (3.4, 5.24)."""

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np

from geometry.arrays import FloatArray, IntArray
from geometry.pose import quaternion_rotation
from geometry.readers.mesh_parts import BadMesh, Part

_COMPONENT = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTH = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_Z_UP = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
_UNREADABLE = ("KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_meshopt_compression")


def read_parts(path: Path) -> list[Part]:
    """Return a part for every node with a mesh, in the order of the scene.

    Node transforms are applied in float64. A root whose ``extras`` give ``origin_m`` (qtems writes it) is moved by it.

    Raises
    ------
    BadMesh
        If the file is cut short, compressed or refers to what it does not have.
    """
    document, binary = _chunks(path.read_bytes())
    needed = [name for name in document.get("extensionsRequired", ()) if name in _UNREADABLE]
    if needed:
        raise BadMesh(f"compressed with {needed[0]}; export it uncompressed")
    try:
        return list(_parts(document, binary))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise BadMesh(f"its glTF document refers to what it does not have ({type(error).__name__}: {error})") from None


def _chunks(data: bytes) -> tuple[dict[str, Any], bytes]:
    if len(data) < 20 or data[:4] != b"glTF":
        raise BadMesh("not a binary glTF file")
    _, version, length = struct.unpack_from("<4sII", data)
    if version != 2:
        raise BadMesh(f"glTF version {version}; only version 2 can be read")
    if length > len(data):
        raise BadMesh(f"cut short: {len(data):,} of {length:,} bytes are there")
    document, binary, offset = b"", b"", 12
    while offset + 8 <= length:
        size, kind = struct.unpack_from("<I4s", data, offset)
        chunk = data[offset + 8 : offset + 8 + size]
        if kind == b"JSON" and not document:
            document = chunk
        elif kind == b"BIN\x00" and not binary:
            binary = chunk
        offset += 8 + size
    try:
        return json.loads(document), binary
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadMesh(f"its glTF document is no JSON ({error})") from None


def _parts(document: dict[str, Any], binary: bytes) -> Iterator[Part]:
    nodes = document.get("nodes", [])
    scenes = document.get("scenes", [])
    roots = scenes[document.get("scene", 0)].get("nodes", []) if scenes else range(len(nodes))
    stack: list[tuple[int, FloatArray, int]] = [(root, _Z_UP, 0) for root in reversed(list(roots))]
    while stack:
        number, parent, depth = stack.pop()
        if depth > len(nodes):
            raise ValueError("nodes that contain themselves")
        node = nodes[number]
        world = parent @ _matrix(node)
        origin = node.get("extras", {}).get("origin_m") if isinstance(node.get("extras"), dict) else None
        if origin is not None:
            shift = np.eye(4)
            shift[:3, 3] = np.asarray(origin, dtype=np.float64)
            world = shift @ world
        stack += [(child, world, depth + 1) for child in reversed(node.get("children", []))]
        if "mesh" in node:
            yield _part(document, binary, node, world)


def _part(document: dict[str, Any], binary: bytes, node: dict[str, Any], world: FloatArray) -> Part:
    mesh = document["meshes"][node["mesh"]]
    vertices: list[FloatArray] = [np.empty((0, 3))]
    faces: list[IntArray] = [np.empty((0, 3), np.int64)]
    count = 0
    for primitive in mesh["primitives"]:
        mode = primitive.get("mode", _TRIANGLES)
        if mode not in (_TRIANGLES, _STRIP, _FAN):
            continue  # points and lines bound no body
        corners = _accessor(document, binary, primitive["attributes"]["POSITION"]).astype(np.float64)
        index = np.arange(len(corners))
        if "indices" in primitive:
            index = _accessor(document, binary, primitive["indices"]).ravel()
        faces.append(_triangles(index.astype(np.int64), mode) + count)
        vertices.append(corners)
        count += len(corners)
    placed = np.concatenate(vertices) @ world[:3, :3].T + world[:3, 3]
    triangles = np.concatenate(faces)
    if np.linalg.det(world[:3, :3]) < 0.0:
        triangles = triangles[:, ::-1]  # glTF 3.7.4: a mirroring node turns the winding
    said: Any = node.get("extras")
    extras = cast("dict[str, object]", said) if isinstance(said, dict) else {}
    name = node.get("name") or mesh.get("name") or ""
    return Part(name, placed, np.ascontiguousarray(triangles, np.int32), extras)


def _triangles(index: IntArray, mode: int) -> IntArray:
    if mode == _TRIANGLES:
        return index[: len(index) // 3 * 3].reshape(-1, 3)
    if mode == _FAN:
        return np.stack([np.full(len(index) - 2, index[0]), index[1:-1], index[2:]], axis=1)
    strip = np.stack([index[:-2], index[1:-1], index[2:]], axis=1)
    strip[1::2] = strip[1::2][:, [1, 0, 2]]
    return strip


def _accessor(document: dict[str, Any], binary: bytes, number: int) -> np.ndarray[Any, Any]:
    accessor = document["accessors"][number]
    if "sparse" in accessor or "bufferView" not in accessor:
        raise ValueError("sparse accessors are not supported")
    view = document["bufferViews"][accessor["bufferView"]]
    if document["buffers"][view["buffer"]].get("uri"):
        raise ValueError("its data are in another file")
    dtype = np.dtype(_COMPONENT[accessor["componentType"]])
    width, count = _WIDTH[accessor["type"]], accessor["count"]
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    stride = view.get("byteStride") or width * dtype.itemsize
    if start + stride * (count - 1) + width * dtype.itemsize > len(binary):
        raise ValueError("an accessor beyond the end of the data")
    values = np.ndarray((count, width), dtype, binary, start, (stride, dtype.itemsize))
    if accessor.get("normalized") and dtype.kind in "iu":
        return np.maximum(values / np.iinfo(dtype).max, -1.0)
    return values


def _matrix(node: dict[str, Any]) -> FloatArray:
    if "matrix" in node:
        return np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
    matrix = np.eye(4)
    x, y, z, w = node.get("rotation", (0.0, 0.0, 0.0, 1.0))
    matrix[:3, :3] = quaternion_rotation(w, x, y, z) * np.asarray(node.get("scale", (1.0, 1.0, 1.0)), dtype=np.float64)
    matrix[:3, 3] = node.get("translation", (0.0, 0.0, 0.0))
    return matrix
