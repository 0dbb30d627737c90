"""A reader of its own for what twin.scene writes: GLB, EXT_meshopt_compression decoded as the extension specifies it.

It shares no code with the writer, is written for reading and not for speed, and checks on the way the rules of glTF 2.0
that need no validator.
"""

import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DTYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_MESHOPT = "EXT_meshopt_compression"


@dataclass(frozen=True)
class Glb:
    """The two chunks of a GLB file."""

    document: dict[str, Any]
    binary: bytes

    def accessor(self, index: int) -> NDArray[Any]:
        """Return the decoded values (n, k) of an accessor."""
        accessor = self.document["accessors"][index]
        view = self.document["bufferViews"][accessor["bufferView"]]
        dtype = np.dtype(_DTYPES[accessor["componentType"]])
        width = _WIDTHS[accessor["type"]]
        packed = view["extensions"][_MESHOPT]
        stride, count = packed["byteStride"], packed["count"]
        source = self.binary[packed["byteOffset"] : packed["byteOffset"] + packed["byteLength"]]
        if packed["mode"] == "ATTRIBUTES":
            rows = decode_attributes(source, count, stride)
            if packed.get("filter", "NONE") == "EXPONENTIAL":
                rows = _exponential(rows)
        else:
            rows = decode_indices(source, count).view(np.uint8).reshape(count, 4)
        return np.ascontiguousarray(rows[:, : dtype.itemsize * width]).view(dtype)[: accessor["count"]]


def read_glb(data: bytes) -> Glb:
    """Take a GLB apart and check its structure."""
    magic, version, length = struct.unpack_from("<4sII", data)
    assert (magic, version, length) == (b"glTF", 2, len(data))
    text_length, text_kind = struct.unpack_from("<I4s", data, 12)
    assert text_kind == b"JSON"
    assert text_length % 4 == 0
    document = json.loads(data[20 : 20 + text_length])
    place = 20 + text_length
    binary_length, binary_kind = struct.unpack_from("<I4s", data, place)
    assert binary_kind == b"BIN\0"
    assert binary_length % 4 == 0
    assert place + 8 + binary_length == len(data)
    glb = Glb(document, data[place + 8 :])
    check(glb)
    return glb


def check(glb: Glb) -> None:
    """Assert the rules of glTF 2.0 and EXT_meshopt_compression on buffers, views, accessors and primitives."""
    document = glb.document
    assert document["asset"]["version"] == "2.0"
    assert set(document["extensionsRequired"]) <= set(document["extensionsUsed"])
    used = set(_extensions(document))
    assert used - {_MESHOPT} <= set(document["extensionsUsed"])
    buffers = document["buffers"]
    assert len(glb.binary) - 3 <= buffers[0]["byteLength"] <= len(glb.binary)
    ends = [0, 0]
    for view in document["bufferViews"]:
        packed = view["extensions"][_MESHOPT]
        assert buffers[packed["buffer"]].get("extensions") is None
        assert buffers[view["buffer"]]["extensions"]
        for slot, part in ((0, packed), (1, view)):
            assert part["byteOffset"] % 4 == 0, "not aligned"
            assert part["byteOffset"] >= ends[slot], "views overlap"
            ends[slot] = part["byteOffset"] + part["byteLength"]
            assert ends[slot] <= buffers[part["buffer"]]["byteLength"]
        assert view["byteLength"] == packed["byteStride"] * packed["count"]
        if packed["mode"] == "ATTRIBUTES":
            assert packed["byteStride"] % 4 == 0
            assert view["byteStride"] == packed["byteStride"]
            assert view["target"] == 34962
        else:
            assert packed["byteStride"] == 4
            assert "byteStride" not in view
            assert view["target"] == 34963
    for index, accessor in enumerate(document["accessors"]):
        _check_accessor(glb, index, accessor)
    for mesh in document.get("meshes", []):
        for primitive in mesh["primitives"]:
            _check_primitive(glb, primitive)


def _check_accessor(glb: Glb, index: int, accessor: dict[str, Any]) -> None:
    view = glb.document["bufferViews"][accessor["bufferView"]]
    width = np.dtype(_DTYPES[accessor["componentType"]]).itemsize * _WIDTHS[accessor["type"]]
    assert accessor["count"] >= 1
    assert view.get("byteStride", width) * (accessor["count"] - 1) + width <= view["byteLength"]
    if "min" in accessor:
        values = glb.accessor(index)
        assert np.isfinite(values).all()
        assert values.min(axis=0).astype(float).tolist() == accessor["min"]
        assert values.max(axis=0).astype(float).tolist() == accessor["max"]


def _check_primitive(glb: Glb, primitive: dict[str, Any]) -> None:
    accessors = glb.document["accessors"]
    counts = {accessors[place]["count"] for place in primitive["attributes"].values()}
    assert len(counts) == 1, "all attributes of a primitive have the same count"
    assert all(accessors[place]["componentType"] != 5125 for place in primitive["attributes"].values())
    position = accessors[primitive["attributes"]["POSITION"]]
    assert len(position["min"]) == len(position["max"]) == 3
    if position["componentType"] != 5126:
        assert "KHR_mesh_quantization" in glb.document["extensionsRequired"]
    if "indices" in primitive:
        indices = glb.accessor(primitive["indices"])
        assert indices.max() < counts.pop()
        assert len(indices) % {0: 1, 1: 2, 4: 3}[primitive["mode"]] == 0
    for ids in primitive.get("extensions", {}).get("EXT_mesh_features", {}).get("featureIds", []):
        values = glb.accessor(primitive["attributes"][f"_FEATURE_ID_{ids['attribute']}"])
        assert ids["featureCount"] == len(np.unique(values[values != ids["nullFeatureId"]]))


def _extensions(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value.get("extensions", {}), *(name for part in value.values() for name in _extensions(part))]
    return [name for part in value for name in _extensions(part)] if isinstance(value, list) else []


def decode_attributes(source: bytes, count: int, stride: int) -> NDArray[np.uint8]:
    """Decode mode ATTRIBUTES, bitstream 0."""
    assert source[0] == 0xA0
    tail = max(stride, 32)
    last = np.frombuffer(source[len(source) - stride :], np.uint8).copy()
    block = min((8192 // stride) & ~15, 256)
    out = np.empty((count, stride), np.uint8)
    place = 1
    for start in range(0, count, block):
        rows = min(block, count - start)
        groups = -(-rows // 16)
        for column in range(stride):
            header = source[place : place + -(-groups // 4)]
            place += len(header)
            deltas: list[int] = []
            for group in range(groups):
                mode = header[group // 4] >> (2 * (group % 4)) & 3
                values, place = _group(source, place, mode)
                deltas += values
            zigzag = np.array(deltas[:rows], np.int64)
            signed = (zigzag >> 1) ^ -(zigzag & 1)
            out[start : start + rows, column] = (last[column] + np.cumsum(signed)) & 255
        last = out[start + rows - 1]
    assert place == len(source) - tail
    return out


def _group(source: bytes, place: int, mode: int) -> tuple[list[int], int]:
    if mode == 0:
        return [0] * 16, place
    if mode == 3:
        return list(source[place : place + 16]), place + 16
    bits = 2 * mode
    packed = source[place : place + 2 * bits]
    place += 2 * bits
    values = [byte >> shift & ((1 << bits) - 1) for byte in packed for shift in range(8 - bits, -1, -bits)]
    for i, value in enumerate(values):
        if value == (1 << bits) - 1:
            values[i] = source[place]
            place += 1
    return values, place


def decode_indices(source: bytes, count: int) -> NDArray[np.uint32]:
    """Decode mode INDICES, bitstream 1."""
    assert source[0] == 0xD1
    out = np.empty(count, np.uint32)
    last, place = [0, 0], 1
    for i in range(count):
        value, shift = 0, 0
        while True:
            byte = source[place]
            place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        baseline, value = value & 1, value >> 1
        last[baseline] = (last[baseline] + ((value >> 1) ^ -(value & 1))) & 0xFFFFFFFF
        out[i] = last[baseline]
    assert place == len(source) - 4
    return out


def _exponential(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    words = np.ascontiguousarray(rows).view("<i4")
    mantissa = (words << 8) >> 8
    exponent = words >> 24
    return np.ldexp(mantissa.astype(np.float64), exponent).astype("<f4").view(np.uint8)
