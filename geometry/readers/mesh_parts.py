"""What the mesh formats have in common: named parts with vertices and triangles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from geometry.arrays import FloatArray, Int32Array


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One named part of a mesh file, in the file's frame turned z up, in the file's unit."""

    name: str
    vertices: FloatArray
    faces: Int32Array
    extras: Mapping[str, object] = field(default_factory=dict[str, object])
    """What the file says about it beside its shape."""


class BadMesh(Exception):
    """The file is not what its suffix says or is damaged; the text says how."""


def fan(corners: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return the triangles of a convex polygon given by its corners.

    Examples
    --------
    >>> fan([4, 5, 6, 7])
    [(4, 5, 6), (4, 6, 7)]
    """
    return [(corners[0], corners[k], corners[k + 1]) for k in range(1, len(corners) - 1)]


def checked(part: Part) -> Part:
    """Return the part after looking at it.

    Raises
    ------
    BadMesh
        If a corner is not a finite number or a face names a vertex that is not there.
    """
    if len(part.faces) and (part.faces.min() < 0 or part.faces.max() >= len(part.vertices)):
        raise BadMesh(f"a face of {part.name or 'the mesh'} names a vertex that the file does not have")
    if not np.all(np.isfinite(part.vertices[np.unique(part.faces)])):
        raise BadMesh(f"a vertex of {part.name or 'the mesh'} is not a finite number")
    return part
