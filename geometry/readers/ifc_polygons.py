"""Plane-faced bodies straight from the polygons in the file: a witness beside the geometry kernels, and a substitute.

Box and area of the polygons, and the volume where they are extruded, tell whether a kernel's mesh is complete. Where
all polygons are convex, triangles fanned out in them are the body itself, with no kernel's tolerance in between.
"""

# pyright: reportUnknownMemberType=false

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from geometry.arrays import FloatArray, IntArray
from geometry.design import Mesh
from geometry.mesh_health import cross, signed_volume, surface_area
from geometry.readers.ifc_attributes import attribute
from geometry.readers.ifc_extrusions import prism_of
from geometry.readers.ifc_frames import NotComparable, mapping_frame
from geometry.readers.ifc_products import items_of

_BOX_M = 1e-4
_AREA_SHARE = 1e-3
_VOLUME_SHARE = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Extent:
    """Box (2, 3) in metres and area in m² of a set of polygons; the volume in m³ where all of them are extruded."""

    box: FloatArray
    area: float
    volume: float | None = None

    def matches(self, mesh: Mesh) -> bool:
        """Return whether a mesh has this box within 0.1 mm and this area and volume within 0.1 %."""
        same_box = np.abs(mesh.bounds() - self.box).max() <= _BOX_M
        if not same_box or abs(surface_area(mesh) - self.area) > _AREA_SHARE * self.area:
            return False
        return self.volume is None or abs(abs(signed_volume(mesh)) - self.volume) <= _VOLUME_SHARE * self.volume


def declared_extent(body: Any, unit_m: float) -> Extent | None:
    """Return the extent of a representation of face sets, faceted breps and extruded polygons; None of any other."""
    low, high, area, volume = np.full(3, np.inf), np.full(3, -np.inf), 0.0, 0.0
    for item, frame in _framed_items(body, unit_m):
        prism = prism_of(item, unit_m)
        parts = _parts(item, unit_m) if prism is None else [(prism.corners, prism.area)]
        if parts is None:
            return None
        volume += np.nan if prism is None else prism.volume
        for points, part_area in parts:
            placed = points @ frame[:3, :3].T + frame[:3, 3]
            low, high = np.minimum(low, placed.min(axis=0)), np.maximum(high, placed.max(axis=0))
            area += part_area
    if not np.all(np.isfinite(low)):
        return None
    return Extent(np.stack([low, high]), area, None if np.isnan(volume) else volume)


def read_at_once(body: Any) -> bool:
    """Return whether the extent of a body takes few questions to the file: none for every corner of every face."""
    return not any(item.is_a("IfcManifoldSolidBrep") for item in items_of(body))


def polygon_mesh(body: Any, unit_m: float) -> Mesh | None:
    """Return the triangles of a representation whose polygons are all convex and without holes; else None."""
    vertices: list[FloatArray] = []
    faces: list[IntArray] = []
    count = 0
    for item, frame in _framed_items(body, unit_m):
        polygons = _outlines(item)
        if polygons is None:
            return None
        for corners in polygons:
            if corners is None or not _is_convex(corners):
                return None
            fan = np.arange(1, len(corners) - 1, dtype=np.int64)
            vertices.append(corners * unit_m @ frame[:3, :3].T + frame[:3, 3])
            faces.append(np.stack([np.zeros_like(fan), fan, fan + 1], axis=1) + count)
            count += len(corners)
    if not faces:
        return None
    return Mesh(np.concatenate(vertices), np.concatenate(faces).astype(np.int32))


def _framed_items(body: Any, unit_m: float) -> list[tuple[Any, FloatArray]]:
    """Return the items of a body with their frames, mapped items opened; empty where a mapping is no rigid motion."""
    try:
        return list(_opened(body, np.eye(4), unit_m))
    except NotComparable:
        return []


def _opened(body: Any, frame: FloatArray, unit_m: float) -> Iterator[tuple[Any, FloatArray]]:
    for item in attribute(body, "Items"):
        if item.is_a("IfcMappedItem"):
            yield from _opened(item.MappingSource.MappedRepresentation, frame @ mapping_frame(item, unit_m), unit_m)
        else:
            yield item, frame


def _outlines(item: Any) -> Iterator[FloatArray | None] | None:
    """Return the outlines of an item's faces, None for one with holes; None for an item of another kind."""
    shells = _shells(item)
    if shells is None:
        return None
    return (_outline(face) for shell in shells for face in shell.CfsFaces)


def _outline(face: Any) -> FloatArray | None:
    bounds = face.Bounds
    if len(bounds) != 1 or not bounds[0].Bound.is_a("IfcPolyLoop"):
        return None
    corners = np.array([point.Coordinates for point in bounds[0].Bound.Polygon], dtype=np.float64)
    return corners if bounds[0].Orientation else corners[::-1]


def _is_convex(corners: FloatArray) -> bool:
    """Return whether a plane polygon turns one way at every corner."""
    if len(corners) == 3:
        return True
    edges = np.roll(corners, -1, axis=0) - corners
    turns: FloatArray = np.cross(edges, np.roll(edges, -1, axis=0))
    normal = turns.sum(axis=0)
    return bool(np.all(turns @ normal >= 0.0))


def polygon_area(corners: FloatArray) -> float:
    """Return the area of a plane polygon (k, 3) by its vector area (Newell)."""
    (ux, uy, uz), (vx, vy, vz) = (corners[1:-1] - corners[0]).T, (corners[2:] - corners[0]).T
    x, y, z = (uy * vz - uz * vy).sum(), (uz * vx - ux * vz).sum(), (ux * vy - uy * vx).sum()
    return 0.5 * float(np.sqrt(x * x + y * y + z * z))


_Part: TypeAlias = tuple[FloatArray, float]
"""Points in metres and the area of the faces on them in m²."""


def _parts(item: Any, unit_m: float) -> Iterator[_Part] | None:
    if item.is_a("IfcTriangulatedFaceSet"):
        return _triangles(item, unit_m)
    if item.is_a("IfcPolygonalFaceSet") and not item.PnIndex:
        return _indexed(item, unit_m)
    shells = _shells(item)
    return None if shells is None else _faces(shells, unit_m)


def _shells(item: Any) -> Sequence[Any] | None:
    if item.is_a("IfcFacetedBrep"):
        return [item.Outer, *(item.Voids if item.is_a("IfcFacetedBrepWithVoids") else ())]
    if item.is_a("IfcFaceBasedSurfaceModel"):
        return item.FbsmFaces
    if item.is_a("IfcShellBasedSurfaceModel"):
        return item.SbsmBoundary
    return None


def _triangles(item: Any, unit_m: float) -> Iterator[_Part]:
    points = np.asarray(item.Coordinates.CoordList, dtype=np.float64) * unit_m
    index = attribute(item, "PnIndex")
    corners = np.asarray(item.CoordIndex, dtype=np.int64) - 1
    if index is not None:
        corners = np.asarray(index, dtype=np.int64)[corners] - 1
    mesh = Mesh(points, corners.astype(np.int32))
    yield points[np.unique(corners)], surface_area(mesh)


def _indexed(item: Any, unit_m: float) -> Iterator[_Part]:
    points = np.asarray(item.Coordinates.CoordList, dtype=np.float64) * unit_m
    for face in item.Faces:
        outer = points[np.asarray(face.CoordIndex) - 1]
        inner = face.InnerCoordIndices if face.is_a("IfcIndexedPolygonalFaceWithVoids") else ()
        yield outer, polygon_area(outer) - sum(polygon_area(points[np.asarray(hole) - 1]) for hole in inner)


def _faces(shells: Sequence[Any], unit_m: float) -> Iterator[_Part]:
    """Yield the outlines of all faces, of each its largest loop, and the area within them that is no hole."""
    loops: list[list[Sequence[float]]] = []
    face: list[int] = []
    for number, drawn in enumerate(drawn for shell in shells for drawn in attribute(shell, "CfsFaces")):
        bounds = drawn.get_info(recursive=True, include_identifier=False)["Bounds"]  # all of it in one answer
        loops += [[point["Coordinates"] for point in bound["Bound"]["Polygon"]] for bound in bounds]
        face += [number] * len(bounds)
    if not loops:
        return
    corners = np.array([corner for loop in loops for corner in loop], dtype=np.float64) * unit_m
    starts = np.cumsum([0, *map(len, loops)])
    areas = polygon_areas(corners, starts)
    largest_first = np.lexsort((-areas, np.array(face)))
    outlines = largest_first[np.flatnonzero(np.diff(face, prepend=-1))]
    is_outline = np.zeros(len(loops), np.bool_)
    is_outline[outlines] = True
    yield corners[np.repeat(is_outline, np.diff(starts))], 2.0 * float(areas[outlines].sum()) - float(areas.sum())


def polygon_areas(corners: FloatArray, starts: IntArray) -> FloatArray:
    """Return the areas (p,) of plane polygons, of which the k-th has the corners from ``starts[k]`` to the next."""
    owner = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    local = corners - corners[starts[:-1]][owner]
    following = np.arange(1, len(corners) + 1)
    following[starts[1:] - 1] = starts[:-1]
    turned = cross(local, local[following])
    sums = [np.bincount(owner, weights=turned[:, axis], minlength=len(starts) - 1) for axis in range(3)]
    return 0.5 * np.sqrt(sums[0] ** 2 + sums[1] ** 2 + sums[2] ** 2)
