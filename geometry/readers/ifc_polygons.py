"""Box and area of a faceted body, straight from the polygons in the file: a witness beside the geometry kernels."""

# pyright: reportUnknownMemberType=false

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import Mesh
from geometry.mesh_health import surface_area
from geometry.readers.ifc_attributes import attribute

_BOX_M = 1e-4
_AREA_SHARE = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Extent:
    """Box (2, 3) in metres and area in m² of a set of polygons."""

    box: FloatArray
    area: float

    def matches(self, mesh: Mesh) -> bool:
        """Return whether a mesh has this box within 0.1 mm and this area within 0.1 %."""
        same_box = np.abs(mesh.bounds() - self.box).max() <= _BOX_M
        return bool(same_box) and abs(surface_area(mesh) - self.area) <= _AREA_SHARE * self.area


def declared_extent(body: Any, unit_m: float) -> Extent | None:
    """Return the extent of a representation of face sets and faceted breps, or None where it has anything else."""
    low, high, area = np.full(3, np.inf), np.full(3, -np.inf), 0.0
    for item in body.Items:
        parts = _parts(item)
        if parts is None:
            return None
        for points, part_area in parts:
            low, high = np.minimum(low, points.min(axis=0)), np.maximum(high, points.max(axis=0))
            area += part_area
    if not np.all(np.isfinite(low)):
        return None
    return Extent(np.stack([low, high]) * unit_m, area * unit_m**2)


def polygon_area(corners: FloatArray) -> float:
    """Return the area of a plane polygon (k, 3) by its vector area (Newell)."""
    (ux, uy, uz), (vx, vy, vz) = (corners[1:-1] - corners[0]).T, (corners[2:] - corners[0]).T
    x, y, z = (uy * vz - uz * vy).sum(), (uz * vx - ux * vz).sum(), (ux * vy - uy * vx).sum()
    return 0.5 * float(np.sqrt(x * x + y * y + z * z))


_Part: TypeAlias = tuple[FloatArray, float]
"""Points and the area of the faces on them, in the file's unit."""


def _parts(item: Any) -> Iterator[_Part] | None:
    if item.is_a("IfcTriangulatedFaceSet"):
        return _triangles(item)
    if item.is_a("IfcPolygonalFaceSet") and not item.PnIndex:
        return _indexed(item)
    if item.is_a("IfcFacetedBrep"):
        return _faces([item.Outer, *(item.Voids if item.is_a("IfcFacetedBrepWithVoids") else ())])
    if item.is_a("IfcFaceBasedSurfaceModel"):
        return _faces(item.FbsmFaces)
    if item.is_a("IfcShellBasedSurfaceModel"):
        return _faces(item.SbsmBoundary)
    return None


def _triangles(item: Any) -> Iterator[_Part]:
    points = np.asarray(item.Coordinates.CoordList, dtype=np.float64)
    index = attribute(item, "PnIndex")
    corners = np.asarray(item.CoordIndex, dtype=np.int64) - 1
    if index is not None:
        corners = np.asarray(index, dtype=np.int64)[corners] - 1
    mesh = Mesh(points, corners.astype(np.int32))
    yield points[np.unique(corners)], surface_area(mesh)


def _indexed(item: Any) -> Iterator[_Part]:
    points = np.asarray(item.Coordinates.CoordList, dtype=np.float64)
    for face in item.Faces:
        outer = points[np.asarray(face.CoordIndex) - 1]
        inner = face.InnerCoordIndices if face.is_a("IfcIndexedPolygonalFaceWithVoids") else ()
        yield outer, polygon_area(outer) - sum(polygon_area(points[np.asarray(hole) - 1]) for hole in inner)


def _faces(shells: Sequence[Any]) -> Iterator[_Part]:
    for shell in shells:
        for face in shell.CfsFaces:
            loops = [np.array([p.Coordinates for p in bound.Bound.Polygon], dtype=np.float64) for bound in face.Bounds]
            areas = [polygon_area(loop) for loop in loops]
            yield loops[int(np.argmax(areas))], 2.0 * max(areas) - sum(areas)
