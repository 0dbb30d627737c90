# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUntypedFunctionDecorator=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
"""The two encoders of EXT_meshopt_compression that the scene needs: attributes (bitstream 0) and indices.

Own code: of the Python packages of meshoptimizer one needs a C++ compiler to install, one does not run on Python 3.11
and one names no licence. It follows the bitstream that the extension specifies; any loader that knows it decodes this.

References
----------
.. [1] Khronos Group, "EXT_meshopt_compression", glTF 2.0 vendor extension, appendix A "Bitstream".
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geometry.compiled import kernel

_GROUP = 16
_BLOCK_BYTES, _BLOCK_ROWS = 8192, 256
_ATTRIBUTES, _INDICES = 0xA0, 0xD1
_TAIL_BYTES = 32


def encode_attributes(rows: NDArray[Any]) -> bytes:
    """Return an array compressed in mode ATTRIBUTES: one vertex per row, its size in bytes a multiple of 4.

    Raises
    ------
    ValueError
        If there is no row or a row is not 4, 8 ... 256 bytes long.
    """
    stride = rows.nbytes // max(len(rows), 1)
    if len(rows) == 0 or stride % 4 or not 4 <= stride <= 256:
        raise ValueError(f"attributes need rows of 4, 8 ... 256 bytes, not {len(rows)} rows of {stride}")
    data = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), stride)
    tail = np.zeros(max(stride, _TAIL_BYTES), np.uint8)
    tail[len(tail) - stride :] = data[0]
    return bytes([_ATTRIBUTES]) + _attribute_blocks(data).tobytes() + tail.tobytes()


def encode_indices(indices: NDArray[np.uint32]) -> bytes:
    """Return indices (n,) compressed in mode INDICES, which keeps their order and suits triangles and lines alike.

    Raises
    ------
    ValueError
        If an index does not fit the bitstream: 2^30 or more.
    """
    if len(indices) and int(indices.max()) >= 1 << 30:
        raise ValueError(f"indices must be below 2^30, not {int(indices.max())}")
    data = np.ascontiguousarray(indices, np.uint32).reshape(-1)
    return bytes([_INDICES]) + _index_deltas(data).tobytes() + bytes(4)


@kernel(nogil=True)
def _attribute_blocks(data: Any) -> Any:
    """Encode the rows (n, stride) block by block, in each block byte by byte of the row as differences."""
    n, stride = data.shape
    block = min((_BLOCK_BYTES // stride) & ~(_GROUP - 1), _BLOCK_ROWS)
    blocks = (n + block - 1) // block
    # no byte column of a block is larger than its raw groups and their headers
    out = np.empty(blocks * stride * (block + block // 64 + 1), np.uint8)
    deltas = np.zeros(_BLOCK_ROWS, np.uint8)
    place = 0
    for start in range(0, n, block):
        rows = min(block, n - start)
        for column in range(stride):
            last = data[max(start - 1, 0), column]
            for i in range(rows):
                value = data[start + i, column]
                difference = (np.int64(value) - np.int64(last)) & 255
                # zigzag: small differences of either sign become small bytes
                deltas[i] = ((difference << 1) ^ (255 if difference & 128 else 0)) & 255
                last = value
            groups = (rows + _GROUP - 1) // _GROUP
            deltas[rows : groups * _GROUP] = 0
            place = _column(deltas, groups, out, place)
    return out[:place].copy()


@kernel(nogil=True)
def _column(deltas: Any, groups: Any, out: Any, place: Any) -> Any:
    """Write two bits per group that say how many bits its bytes take (0, 2, 4 or 8), then the groups."""
    header = place
    place += (groups + 3) // 4
    out[header:place] = 0
    for group in range(groups):
        first = group * _GROUP
        beyond2, beyond4, largest = 0, 0, 0
        for i in range(first, first + _GROUP):
            beyond2 += deltas[i] >= 3
            beyond4 += deltas[i] >= 15
            largest = max(largest, deltas[i])
        size2, size4 = 4 + beyond2, 8 + beyond4
        mode = 3
        if largest == 0:
            mode = 0
        elif size2 <= size4 and size2 < _GROUP:
            mode = 1
        elif size4 < _GROUP:
            mode = 2
        out[header + group // 4] |= mode << (2 * (group % 4))
        place = _group(deltas, first, mode, out, place)
    return place


@kernel(nogil=True)
def _group(deltas: Any, first: Any, mode: Any, out: Any, place: Any) -> Any:
    """Write the 16 bytes of a group: packed, the largest value of the width says that the byte itself follows."""
    if mode == 3:
        out[place : place + _GROUP] = deltas[first : first + _GROUP]
        return place + _GROUP
    if mode == 0:
        return place
    bits = 2 * mode
    escape = (1 << bits) - 1
    per_byte = 8 // bits
    for i in range(first, first + _GROUP, per_byte):
        packed = 0
        for k in range(per_byte):
            packed = (packed << bits) | min(np.int64(deltas[i + k]), escape)
        out[place] = packed
        place += 1
    for i in range(first, first + _GROUP):
        if deltas[i] >= escape:
            out[place] = deltas[i]
            place += 1
    return place


@kernel(nogil=True)
def _index_deltas(indices: Any) -> Any:
    """Encode each index as its difference from one of two running values, zigzag, in 7-bit bytes."""
    out = np.empty(5 * len(indices), np.uint8)
    last = np.zeros(2, np.int64)
    current, place = 1, 0
    for i in range(len(indices)):
        index = np.int64(indices[i])
        if abs(index - last[current]) >= 30:
            current ^= 1
        # modulo 2^32 like the decoder's registers, then signed
        difference = (index - last[current] + (1 << 31)) % (1 << 32) - (1 << 31)
        value = (((difference << 1) ^ (difference >> 31)) & 0xFFFFFFFF) << 1 | current
        value &= 0xFFFFFFFF
        last[current] = index
        while value > 127:
            out[place] = (value & 127) | 128
            value >>= 7
            place += 1
        out[place] = value
        place += 1
    return out[:place].copy()
