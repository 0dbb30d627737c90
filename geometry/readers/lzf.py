"""LZF decompression (Marc Lehmann's LibLZF format), bounded: it never reads or writes outside."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUntypedFunctionDecorator=false
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geometry.compiled import kernel

_BEST_RATIO = 264
"""A back reference of three bytes yields at most 264; a larger promise is a damaged length."""


def decompress(packed: bytes, size: int) -> NDArray[np.uint8] | None:
    """Return the ``size`` bytes that ``packed`` holds, None when it is corrupt.

    Examples
    --------
    >>> decompress(bytes([1, 97, 98, 0x60, 1, 0, 99]), 8).tobytes()
    b'abababac'
    """
    if size > len(packed) * _BEST_RATIO:
        return None
    out = np.empty(size, np.uint8)
    return out if _decompress(np.frombuffer(packed, np.uint8), out) == size else None


@kernel()
def _decompress(packed: NDArray[np.uint8], out: NDArray[np.uint8]) -> Any:
    """Fill ``out``; return how many bytes were written, -1 when the data are corrupt."""
    at, to = 0, 0
    while at < len(packed):
        control = np.int64(packed[at])
        at += 1
        if control < 32:  # a run of literals
            length = control + 1
            if at + length > len(packed) or to + length > len(out):
                return -1
            for _ in range(length):
                out[to] = packed[at]
                at += 1
                to += 1
            continue
        length = control >> 5
        if length == 7:
            if at >= len(packed):
                return -1
            length += np.int64(packed[at])
            at += 1
        if at >= len(packed):
            return -1
        source = to - ((control & 31) << 8) - np.int64(packed[at]) - 1
        at += 1
        length += 2
        if source < 0 or to + length > len(out):
            return -1
        for _ in range(length):  # may overlap: byte by byte
            out[to] = out[source]
            source += 1
            to += 1
    return to
