"""Binary glTF 2.0 with every buffer view compressed (EXT_meshopt_compression), for model and tiles."""

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.scene.meshopt_kernels import encode_attributes, encode_indices

COMPRESSION, FEATURES, QUANTIZATION = "EXT_meshopt_compression", "EXT_mesh_features", "KHR_mesh_quantization"
POINTS, LINES, TRIANGLES = 0, 1, 4
_VERTEX_TARGET, _INDEX_TARGET = 34962, 34963
_COMPONENTS = {"u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
_SHAPES = {1: "SCALAR", 3: "VEC3", 4: "VEC4"}
LARGEST_STEP = (1 << 23) - 1
LARGEST_FLOAT_ID = 1 << 24
"""Up to here float32 holds every integer; glTF allows no 32-bit integers as vertex attributes."""


def feature_ids(ids: NDArray[Any], count: int) -> NDArray[Any]:
    """Return feature ids in the narrowest type that glTF allows for 0 to ``count``, where ``count`` means none.

    Raises
    ------
    ValueError
        If there are more features than float32 can number: 16.7 million.

    Examples
    --------
    >>> feature_ids(np.array([0, 7]), 8).dtype, feature_ids(np.array([0, 7]), 70_000).dtype
    (dtype('uint16'), dtype('float32'))
    """
    if count >= LARGEST_FLOAT_ID:
        raise ValueError(f"at most {LARGEST_FLOAT_ID - 1} elements can be numbered, not {count}")
    return ids.astype("<u2" if count <= np.iinfo(np.uint16).max else "<f4")


def up_matrix(scale: float = 1.0, shift: NDArray[np.float64] | None = None) -> list[float]:
    """Return the node matrix, by columns, of ``shift + scale * p`` followed by the turn from z-up to glTF's y-up."""
    x, y, z = (0.0, 0.0, 0.0) if shift is None else (float(value) for value in shift)
    return [scale, 0.0, 0.0, 0.0, 0.0, 0.0, -scale, 0.0, 0.0, scale, 0.0, 0.0, x, z, -y, 1.0]


class GlbWriter:
    """Arrays that become compressed buffer views, and the document that describes them."""

    def __init__(self) -> None:
        self._accessors: list[dict[str, Any]] = []
        self._views: list[dict[str, Any]] = []
        self._packed: list[bytes] = []
        self._packed_bytes = 0
        self._plain_bytes = 0

    def attribute(self, values: NDArray[Any], *, normalized: bool = False) -> int:
        """Add one value or vector per vertex, (n,) or (n, k), and return its accessor; rows are padded to 4 bytes."""
        columns = np.ascontiguousarray(values).reshape(len(values), -1)
        width = columns.dtype.itemsize * columns.shape[1]
        stride = -(-width // 4) * 4
        rows = np.zeros((len(columns), stride), np.uint8)
        rows[:, :width] = columns.view(np.uint8).reshape(len(columns), width)
        accessor = {
            "componentType": _COMPONENTS[columns.dtype.str[1:]],
            "type": _SHAPES[columns.shape[1]],
            "min": columns.min(axis=0).tolist(),
            "max": columns.max(axis=0).tolist(),
        }
        view = {"byteStride": stride, "target": _VERTEX_TARGET}
        if normalized:
            accessor["normalized"] = True
        return self._add(encode_attributes(rows), "ATTRIBUTES", accessor, view, count=len(rows), stride=stride)

    def grid_positions(self, steps: NDArray[Any], exponent: int) -> int:
        """Add positions ``steps * 2^exponent`` (n, 3), which the reader decodes to float32 exactly.

        They travel as whole numbers with one exponent (filter EXPONENTIAL), half the bytes of their floats.

        Raises
        ------
        ValueError
            If a step does not fit 24 bits.
        """
        if int(np.abs(steps).max()) > LARGEST_STEP:
            raise ValueError(f"positions must be within {LARGEST_STEP} steps of the origin, not {np.abs(steps).max()}")
        rows = ((steps.astype(np.int64) & 0xFFFFFF) | ((exponent & 0xFF) << 24)).astype("<u4")
        bounds = np.stack([steps.min(axis=0), steps.max(axis=0)]).astype(np.float64) * 2.0**exponent
        accessor = {
            "componentType": _COMPONENTS["f4"],
            "type": "VEC3",
            "min": bounds[0].tolist(),
            "max": bounds[1].tolist(),
        }
        view = {"byteStride": 12, "target": _VERTEX_TARGET}
        packed = encode_attributes(rows)
        return self._add(packed, "ATTRIBUTES", accessor, view, count=len(rows), stride=12, filter_="EXPONENTIAL")

    def indices(self, values: NDArray[Any]) -> int:
        """Add vertex numbers (n,) and return their accessor."""
        flat = np.ascontiguousarray(values, "<u4").reshape(-1)
        accessor = {"componentType": _COMPONENTS["u4"], "type": "SCALAR"}
        view = {"target": _INDEX_TARGET}
        return self._add(encode_indices(flat), "INDICES", accessor, view, count=len(flat), stride=4)

    def _add(
        self,
        packed: bytes,
        mode: str,
        accessor: dict[str, Any],
        view: dict[str, Any],
        *,
        count: int,
        stride: int,
        filter_: str = "NONE",
    ) -> int:
        where: dict[str, Any] = {"buffer": 0, "byteOffset": self._packed_bytes, "byteLength": len(packed)}
        where |= {"byteStride": stride, "count": count, "mode": mode}
        if filter_ != "NONE":
            where["filter"] = filter_
        self._accessors.append({"bufferView": len(self._views), "count": count, **accessor})
        self._views.append(
            {
                "buffer": 1,
                "byteOffset": self._plain_bytes,
                "byteLength": count * stride,
                **view,
                "extensions": {COMPRESSION: where},
            }
        )
        padded = packed + bytes(-len(packed) % 4)
        self._packed.append(padded)
        self._packed_bytes += len(padded)
        self._plain_bytes += count * stride
        return len(self._accessors) - 1

    def glb(self, document: dict[str, Any], *extensions: str) -> bytes:
        """Return the file; ``document`` says meshes, nodes and materials, ``extensions`` what more a reader needs."""
        used = sorted({COMPRESSION, FEATURES, *extensions})
        whole: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": "qtems"},
            "extensionsUsed": used,
            "extensionsRequired": sorted({COMPRESSION, *extensions}),
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            **document,
            "accessors": self._accessors,
            "bufferViews": self._views,
            # the second buffer has no bytes: it only says how large the views are once they are decoded
            "buffers": [
                {"byteLength": self._packed_bytes},
                {"byteLength": self._plain_bytes, "extensions": {COMPRESSION: {"fallback": True}}},
            ],
        }
        return _container(whole, b"".join(self._packed))


def feature_extension(attribute: int, count: int, unique: int) -> dict[str, Any]:
    """Return the extensions of a primitive whose ``_FEATURE_ID_<attribute>`` numbers elements; ``count`` means none."""
    if unique == 0:
        return {}
    ids = {"featureCount": unique, "nullFeatureId": count, "label": "element", "attribute": attribute}
    return {"extensions": {FEATURES: {"featureIds": [ids]}}}


def compact_json(value: object) -> bytes:
    """Return JSON as UTF-8 without spaces; a NaN is an error."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _container(document: dict[str, Any], binary: bytes) -> bytes:
    text = compact_json(document)
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks
