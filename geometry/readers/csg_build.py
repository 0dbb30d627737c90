"""The boolean result of a tree of plain solids, by Manifold: every result is a closed surface.

Faces of two operands that should be flush rarely are in floating point, and a film a nanometre thick would close an
opening for every ray. What is subtracted is therefore made to overshoot the faces it is flush with by a twentieth of a
millimetre, away from the material, where it changes nothing; and ``csg_check`` would see a film.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Sequence
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import Mesh
from geometry.mesh_health import WELD_TOLERANCE_M, cross, weld
from geometry.readers.csg_check import Body, Combined, HalfSpace, Solid, bodies_of

FLUSH_M = 1e-5
OVERSHOOT_M = 5e-5


def build(solids: Sequence[Solid]) -> Mesh | None:
    """Return the surfaces of solids, each by itself, as one mesh; None where an operand is no closed body.

    Solids that touch or overlap stay apart, as the items of a representation do in other readers.
    """
    bodies = [body for solid in solids for body in bodies_of(solid)]
    if not bodies:
        return None
    # numbers are densest near zero
    shift = np.round(bodies[0].mesh.bounds().mean(axis=0))
    try:
        results = [_Builder(shift).solid(solid).to_mesh64() for solid in solids]
    except _NotClosed:
        return None
    vertices = [np.asarray(result.vert_properties, dtype=np.float64)[:, :3] + shift for result in results]
    starts = np.cumsum([0, *(len(part) for part in vertices)])
    faces = [
        np.asarray(result.tri_verts).astype(np.int64) + start for result, start in zip(results, starts, strict=False)
    ]
    mesh = Mesh(np.concatenate(vertices), np.concatenate(faces).astype(np.int32))
    return mesh if len(mesh.faces) else None


class _NotClosed(Exception):
    """An operand does not bound a body."""


class _Builder:
    def __init__(self, shift: FloatArray) -> None:
        import manifold3d

        self._lib: Any = manifold3d
        self._shift = shift

    def solid(self, solid: Solid) -> Any:
        if isinstance(solid, Body):
            return self.body(solid.mesh)
        if isinstance(solid, HalfSpace):
            raise _NotClosed  # endless by itself
        first = self.solid(solid.first)
        faces = outward_planes(solid.first) if solid.operator == "DIFFERENCE" else None
        if isinstance(solid.second, HalfSpace):
            return self.cut(first, solid.operator, solid.second, faces)
        if faces is not None and isinstance(solid.second, Body):
            return first - self.body(overshot(solid.second.mesh, *faces))
        second = self.solid(solid.second)
        return {"UNION": first + second, "DIFFERENCE": first - second, "INTERSECTION": first ^ second}[solid.operator]

    def body(self, mesh: Mesh) -> Any:
        made = self.made(mesh)
        if made is None:
            made = self.made(weld(mesh, WELD_TOLERANCE_M))
        if made is None:
            raise _NotClosed
        return made

    def made(self, mesh: Mesh) -> Any | None:
        # copies: the binding takes no read-only arrays
        corners, faces = np.array(mesh.vertices - self._shift), np.array(mesh.faces, np.uint64)
        made = self._lib.Manifold(self._lib.Mesh64(corners, faces))
        return made if made.status() == self._lib.Error.NoError and not made.is_empty() else None

    def cut(self, first: Any, operator: str, space: HalfSpace, faces: tuple[FloatArray, FloatArray] | None) -> Any:
        if operator == "UNION":
            raise _NotClosed
        normal = space.normal
        offset = float(normal @ (space.point - self._shift))
        if len(space.prism) == 0:
            sign = 1.0 if operator == "DIFFERENCE" else -1.0
            return first.trim_by_plane(tuple(sign * normal), sign * offset)
        tool = self.prism(first, space).trim_by_plane(tuple(-normal), -offset)
        if faces is None:
            return first ^ tool
        made = tool.to_mesh64()
        corners = np.asarray(made.vert_properties, dtype=np.float64)[:, :3] + self._shift
        body = Mesh(corners, np.asarray(made.tri_verts).astype(np.int32))
        return first - self.body(overshot(body, *faces)) if len(body.faces) else first

    def prism(self, first: Any, space: HalfSpace) -> Any:
        """Return the prism, long enough to pass through the body whatever way it lies."""
        frame = space.frame.copy()
        frame[:3, 3] -= self._shift
        box = np.asarray(first.bounding_box(), dtype=np.float64)
        reach = float(np.linalg.norm(box) + np.linalg.norm(frame[:3, 3]) + 1.0)
        section = self._lib.CrossSection([space.prism], self._lib.FillRule.EvenOdd)
        tall = self._lib.Manifold.extrude(section, 2.0 * reach).translate((0.0, 0.0, -reach))
        return tall.transform(frame[:3])


def outward_planes(solid: Solid, sign: float = 1.0) -> tuple[FloatArray, FloatArray]:
    """Return normals (k, 3), out of the material, and offsets (k,) of the distinct planes that bound a solid."""
    if isinstance(solid, Combined):
        second = -sign if solid.operator == "DIFFERENCE" else sign
        parts = [outward_planes(solid.first, sign), outward_planes(solid.second, second)]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    if isinstance(solid, HalfSpace):
        return sign * solid.normal[None], sign * np.array([solid.normal @ solid.point])
    corners = solid.mesh.triangles()
    normals = cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    good = lengths > 1e-12
    normals = normals[good] / lengths[good, None]
    offsets = np.einsum("ij,ij->i", normals, corners[good, 0])
    rounded = np.round(np.column_stack([normals * 1e4, offsets / FLUSH_M]))
    first: dict[tuple[float, ...], int] = {}
    for index, row in enumerate(map(tuple, rounded.tolist())):
        first.setdefault(row, index)
    kept = [first[row] for row in sorted(first)]
    return sign * normals[kept], sign * offsets[kept]


def overshot(mesh: Mesh, normals: FloatArray, offsets: FloatArray) -> Mesh:
    """Return the mesh with the vertices that are flush with a plane moved past it, out of the material."""
    distance = mesh.vertices @ normals.T - offsets
    step = np.where(np.abs(distance) <= FLUSH_M, OVERSHOOT_M - distance, 0.0)
    # of planes that are nearly the same, whichever way they face, only the first moves a vertex: the host's own comes
    # before those of the openings that end in it
    for later in range(1, len(normals)):
        alike = np.abs(normals[:later] @ normals[later]) > 0.999
        step[:, later] = np.where(np.any(step[:, :later][:, alike] != 0.0, axis=1), 0.0, step[:, later])
    return Mesh(mesh.vertices + step @ normals, mesh.faces)
