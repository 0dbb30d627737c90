"""STL, ascii and binary: triangles without a unit, in binary as 32-bit numbers."""

import re
from pathlib import Path

import numpy as np

from geometry.readers.mesh_parts import BadMesh, Part

_HEADER, _RECORD = 84, 50
_VERTEX = re.compile(rb"vertex\s+(\S+)\s+(\S+)\s+(\S+)", re.IGNORECASE)
_SOLID = re.compile(
    rb"^[^\S\n]*solid\b([^\n]*)$(.*?)^[^\S\n]*endsolid\b[^\n]*$", re.IGNORECASE | re.MULTILINE | re.DOTALL
)


def read_parts(path: Path) -> list[Part]:
    """Return the solids of an STL file.

    Raises
    ------
    BadMesh
        If the file is cut short or is no STL.
    """
    data = path.read_bytes()
    count = int(np.frombuffer(data, "<u4", 1, 80)[0]) if len(data) >= _HEADER else -1
    if len(data) == _HEADER + _RECORD * count:
        return [_binary(data, count, path.stem)]
    if data.lstrip()[:5].lower() == b"solid" and b"facet" in data[:4096].lower():
        return _ascii(data, path.stem)
    if count < 0:
        raise BadMesh("too short for an STL file")
    raise BadMesh(f"an STL header that promises {count:,} triangles, but {len(data):,} bytes do not hold them")


def _binary(data: bytes, count: int, name: str) -> Part:
    records = np.frombuffer(data, [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("flags", "<u2")], count, _HEADER)
    vertices = records["corners"].reshape(-1, 3).astype(np.float64)
    return Part(name, vertices, np.arange(3 * count, dtype=np.int32).reshape(-1, 3), {"float32": True})


def _ascii(data: bytes, stem: str) -> list[Part]:
    solids = [(title.strip().decode("utf-8", "replace"), body) for title, body in _SOLID.findall(data)]
    if not solids or len(re.findall(rb"^\s*endsolid\b", data, re.IGNORECASE | re.MULTILINE)) != len(solids):
        raise BadMesh("an ascii STL without its last line (endsolid)")
    parts: list[Part] = []
    for title, body in solids:
        try:
            vertices = np.array(_VERTEX.findall(body), dtype="S32").astype(np.float64).reshape(-1, 3)
        except ValueError:
            raise BadMesh(f"a vertex of solid {title or stem} is not three numbers") from None
        if len(vertices) % 3:
            raise BadMesh(f"solid {title or stem} has {len(vertices)} vertices, which makes no whole triangles")
        faces = np.arange(len(vertices), dtype=np.int32).reshape(-1, 3)
        parts.append(Part(title or stem, vertices, faces))
    return parts
