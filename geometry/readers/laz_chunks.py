"""The chunk table and the layers of a LAZ file, checked before the decoder believes them.

A damaged length makes the decoder reserve (and clear) gigabytes before it finds that the file ends, so each length is
compared with the bytes that are there first. Layout: LASzip specification (compressors 2 and 3), COPC 1.0.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false, reportAttributeAccessIssue=false
import struct
from typing import Any, BinaryIO

from geometry.readers.las_header import LasHeader

_LAYERED = 3
_LAYERS_OF_ITEM = {10: 9, 11: 1, 12: 2, 13: 1}
"""Layers of the items Point14, RGB14, RGBNIR14, Wavepacket14; Byte14 (14) has one per byte."""


def chunks_add_up(stream: BinaryIO, header: LasHeader, vlr: bytes, size: int) -> bool:
    """Return True when the chunk table, the points it announces and every layer fit into a file of ``size`` bytes."""
    import lazrs

    described: Any = lazrs.LazVlr(vlr)
    table = _place_of_table(stream, header, size)
    if not header.point_offset + 8 <= table <= size - 8:
        return False
    stream.seek(table + 4)
    count = _integer(stream.read(4), "<I")
    if count <= 0 or count * header.record_bytes > size:  # each chunk holds its first point uncompressed
        return False
    stream.seek(header.point_offset)
    chunks = [(int(points), int(length)) for points, length in lazrs.read_chunk_table(stream, described)]
    if sum(length for _, length in chunks) > table - header.point_offset - 8:
        return False
    fixed = not described.uses_variable_size_chunks()
    points = count * int(described.chunk_size()) if fixed else sum(points for points, _ in chunks)
    return points >= header.count and _layers_fit(stream, header, vlr, chunks)


def _place_of_table(stream: BinaryIO, header: LasHeader, size: int) -> int:
    """Return where the chunk table starts; writers that could not seek back put that at the end of the file."""
    stream.seek(header.point_offset)
    table = _integer(stream.read(8), "<q")
    if table == -1:
        stream.seek(size - 8)
        table = _integer(stream.read(8), "<q")
    return table


def _layers_fit(stream: BinaryIO, header: LasHeader, vlr: bytes, chunks: list[tuple[int, int]]) -> bool:
    """Return True when in each chunk the announced layer lengths stay within the chunk."""
    layers = _layer_count(vlr)
    if layers == 0:
        return True
    at = header.point_offset + 8
    for _, length in chunks:
        stream.seek(at + header.record_bytes)
        raw = stream.read(4 + 4 * layers)
        if len(raw) < 4 + 4 * layers:
            return False
        if sum(struct.unpack_from(f"<{layers}I", raw, 4)) + len(raw) + header.record_bytes > length:
            return False
        at += length
    return True


def _layer_count(vlr: bytes) -> int:
    """Return how many layers each chunk has; 0 for compressors without layers."""
    if struct.unpack_from("<H", vlr)[0] != _LAYERED:
        return 0
    items = struct.unpack_from("<H", vlr, 32)[0]
    layers = 0
    for item in range(items):
        kind, width, _ = struct.unpack_from("<HHH", vlr, 34 + 6 * item)
        layers += width if kind == 14 else _LAYERS_OF_ITEM.get(kind, 0)
    return layers


def _integer(raw: bytes, form: str) -> int:
    """Return an integer, -2 (never a valid place or count) when the bytes are cut off."""
    return int(struct.unpack(form, raw)[0]) if len(raw) == struct.calcsize(form) else -2
