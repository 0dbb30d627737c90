"""Messages between a reader and its worker process: a JSON header and arrays, with lengths in front."""

import json
import math
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

_LENGTHS = struct.Struct("<QQ")


def write_frame(stream: BinaryIO, header: Mapping[str, Any], *arrays: NDArray[Any]) -> None:
    """Write a header and arrays and flush, so that all of it has left before anything can crash."""
    described = [(array.dtype.str, array.shape) for array in arrays]
    text = json.dumps({**header, "arrays": described}).encode()
    payload = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)
    stream.write(_LENGTHS.pack(len(text), len(payload)) + text + payload)
    stream.flush()


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], list[NDArray[Any]]] | None:
    """Read one frame; None at the end of the stream or where the writer died inside a frame."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    text_length, payload_length = _LENGTHS.unpack(lengths)
    text, payload = stream.read(text_length), stream.read(payload_length)
    if len(text) < text_length or len(payload) < payload_length:
        return None
    header: dict[str, Any] = json.loads(text)
    arrays: list[NDArray[Any]] = []
    offset = 0
    for dtype, shape in header.pop("arrays"):
        array: NDArray[Any] = np.frombuffer(payload, np.dtype(dtype), math.prod(shape), offset).reshape(shape)
        offset += array.nbytes
        arrays.append(array)
    return header, arrays
