"""Wavefront OBJ: vertices and polygons; every object or group with faces is a part."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from geometry.readers.mesh_parts import BadMesh, Part, fan


def read_parts(path: Path) -> list[Part]:
    """Return the parts of an OBJ file; polygons are fanned out, as every reader of the format does.

    Raises
    ------
    BadMesh
        If a line cannot be understood.
    """
    vertices: list[tuple[float, float, float]] = []
    faces: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
    key = ("", "")
    for number, line in enumerate(path.read_text("utf-8", "replace").replace("\\\n", " ").splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        try:
            if words[0] == "v":
                vertices.append((float(words[1]), float(words[2]), float(words[3])))
            elif words[0] == "f":
                faces.setdefault(key, []).extend(fan(_corners(words[1:], len(vertices))))
            elif words[0] == "o":
                key = (" ".join(words[1:]), "")
            elif words[0] == "g":
                key = (key[0], " ".join(words[1:]))
        except (ValueError, IndexError):
            raise BadMesh(f"line {number} is not OBJ: {line.strip()[:60]!r}") from None
    points = np.array(vertices, dtype=np.float64).reshape(-1, 3)
    parts: list[Part] = []
    for key, triangles in faces.items():
        corners = np.array(triangles, dtype=np.int64)
        if corners.min() < 0 or corners.max() >= len(points):
            raise BadMesh(f"a face names vertex {int(corners.max()) + 1} of {len(points)}")
        used, index = np.unique(corners, return_inverse=True)
        name = "/".join(word for word in key if word) or path.stem
        parts.append(Part(name, points[used], index.reshape(-1, 3).astype(np.int32)))
    return parts


def _corners(words: Sequence[str], known: int) -> list[int]:
    """Return zero-based vertex numbers of a face; negative ones count back from the last vertex so far."""
    numbers = [int(word.partition("/")[0]) for word in words]
    if len(numbers) < 3:
        raise ValueError
    return [number - 1 if number > 0 else known + number for number in numbers]
