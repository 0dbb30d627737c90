"""What registration works on: the design's triangles with sound normals, and an even sample of the scan."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray, Int32Array, IntArray
from geometry.design import DesignModel
from geometry.errors import EmptyInput
from geometry.normals import estimate_normals
from geometry.note import Note
from geometry.scan import Scan
from geometry.thinning import voxel_thin
from geometry.triangle_tree import TriangleTree, build_tree

FEWEST_POINTS = 100
_FINEST_CELL = 0.05
_MOST_POINTS = 60_000
_MIN_PLANARITY = 0.6
_WIDE_CELL = 0.25
_CELLS_PER_FACE = 1.3
"""A face cuts this many times as many cubes as its area holds squares, on average over its directions."""


@dataclass(frozen=True, slots=True, eq=False)
class DesignSurface:
    """The design as triangles whose normals point out of the material, or both ways where that is not known."""

    tree: TriangleTree
    triangles: FloatArray
    """(t, 3, 3) metres less the design's origin."""
    element: Int32Array
    """(t,) index into the elements in GlobalId order."""
    normals: FloatArray
    """(t, 3) unit."""
    areas: FloatArray
    """(t,) square metres."""
    facet: IntArray
    """(t,) number of the flat face of its element that the triangle belongs to."""
    element_count: int

    @property
    def lower(self) -> FloatArray:
        """Lower corner of the box (3,), metres."""
        return self.triangles.min(axis=(0, 1))

    @property
    def upper(self) -> FloatArray:
        """Upper corner of the box (3,), metres."""
        return self.triangles.max(axis=(0, 1))


@dataclass(frozen=True, slots=True, eq=False)
class ScanSample:
    """Scan points about evenly spread over the seen surfaces, in a fixed shuffled order: any prefix is even as well."""

    points: FloatArray
    """(n, 3) metres less the scan's origin."""
    normals: FloatArray
    """(n, 3) unit, towards the station; of arbitrary sign when ``signed`` is False."""
    stations: FloatArray | None
    """(n, 3) where each point was seen from; None when a station is not known."""
    area_per_point: float
    """Square metres of seen surface that one point stands for."""

    @property
    def signed(self) -> bool:
        """True when the normals tell the two faces of a wall apart."""
        return self.stations is not None

    def first(self, n: int) -> "ScanSample":
        """Return the first ``n`` points."""
        stations = None if self.stations is None else self.stations[:n]
        return ScanSample(
            self.points[:n], self.normals[:n], stations, self.area_per_point * max(1.0, len(self.points) / n)
        )

    def after(self, n: int) -> "ScanSample":
        """Return the points after the first ``n``."""
        stations = None if self.stations is None else self.stations[n:]
        share = max(1.0, len(self.points) / max(1, len(self.points) - n))
        return ScanSample(self.points[n:], self.normals[n:], stations, self.area_per_point * share)


def building_size(surface: DesignSurface) -> float:
    """Return 1 for anything from 10 m upwards, less for small parts: all lengths of the search shrink with it."""
    return float(np.clip(np.linalg.norm(surface.upper - surface.lower) / 10.0, 0.05, 1.0))


def design_surface(design: DesignModel, *, signed: bool = True) -> DesignSurface:
    """Return the triangles of all elements with their tree.

    A closed element whose faces point inwards is turned inside out; one that is not closed, or ``signed=False`` (the
    scan does not know which side it sees), counts with both faces.

    Raises
    ------
    EmptyInput
        If no element has a triangle with an area.
    """
    corners = [element.mesh.triangles() for element in design.elements.values()]
    parts: list[FloatArray] = []
    owner: list[Int32Array] = []
    for index, triangles in enumerate(corners):
        facing = _outward(np.asarray(triangles, np.float64), signed)
        parts.append(facing)
        owner.append(np.full(len(facing), index, np.int32))
    if not sum(map(len, parts)):
        said = "the model has no surfaces to register to: export it with the bodies of its elements, not axes alone"
        raise EmptyInput(Note("no_surfaces", said))
    triangles, element = np.concatenate(parts), np.concatenate(owner)
    cross = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    length = np.linalg.norm(cross, axis=1)
    normals = cross / length[:, None]
    facet = _facets(triangles, normals, element)
    return DesignSurface(build_tree(triangles, element), triangles, element, normals, length / 2, facet, len(corners))


def _facets(triangles: FloatArray, normals: FloatArray, element: Int32Array) -> IntArray:
    """Return which flat face each triangle is part of: same element, direction within 3 degrees, offset within 10 cm.

    A face whose values lie just on a border of the rounding may come out as two: that does no harm.
    """
    direction = np.floor(normals * 16 + 0.37).astype(np.int64) + 17
    offset = np.einsum("ij,ij->i", triangles[:, 0] - triangles.min(axis=(0, 1)), normals)
    place = np.floor(offset / 0.1 + 0.37).astype(np.int64) & 0xFFFFF
    key = ((direction[:, 0] << 6 | direction[:, 1]) << 6 | direction[:, 2]) << 20 | place
    return np.unique(element.astype(np.int64) << 40 | key, return_inverse=True)[1]


def _outward(triangles: FloatArray, signed: bool) -> FloatArray:
    """Return the triangles that have an area, facing out of the material where that can be told, else both ways."""
    cross = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    area = np.linalg.norm(cross, axis=1)
    keep = area > 1e-10
    triangles, cross, area = triangles[keep], cross[keep], area[keep]
    if len(triangles) == 0:
        return triangles
    turned = triangles[:, ::-1]
    # the area vectors of a closed surface add up to nothing (divergence theorem)
    if not signed or np.linalg.norm(cross.sum(axis=0)) > 1e-4 * area.sum():
        return np.concatenate([triangles, turned])
    about = triangles[:, 0] - triangles.mean(axis=(0, 1))
    return triangles if np.einsum("ij,ij->", about, cross) >= 0 else turned


def sample_surface(surface: DesignSurface, count: int) -> tuple[FloatArray, FloatArray]:
    """Return about ``count`` points (m, 3) spread evenly over the design's area, and their normals (m, 3)."""
    edges = np.concatenate([[0.0], np.cumsum(surface.areas)])
    at = (np.arange(count) + 0.5) * (edges[-1] / count)
    triangle = np.minimum(np.searchsorted(edges, at, side="right") - 1, len(surface.areas) - 1)
    # additive recurrence of the plastic number: even in the unit square without any dice (Roberts 2018, R2)
    u, v = (np.arange(count) * 0.7548776662466927) % 1.0, (np.arange(count) * 0.5698402909980532) % 1.0
    fold = u + v > 1.0
    u, v = np.where(fold, 1 - u, u)[:, None], np.where(fold, 1 - v, v)[:, None]
    a, b, c = (surface.triangles[triangle, k] for k in range(3))
    return a + u * (b - a) + v * (c - a), surface.normals[triangle]


def scan_sample(scan: Scan, seed: int) -> ScanSample:
    """Return an even sample of at most about 60,000 surface points with normals.

    Raises
    ------
    EmptyInput
        If the scan has fewer than 100 points, or no surface can be told in it.
    """
    if len(scan.points) < FEWEST_POINTS:
        points = "1 usable point" if len(scan.points) == 1 else f"{len(scan.points):,} usable points"
        raise EmptyInput(
            f"the scan has {points}, too few to register (at least {FEWEST_POINTS:,}): "
            f"export it whole, less thinned{_or_use_more(scan)}"
        )
    cell = _FINEST_CELL
    chosen = voxel_thin(scan.points, cell)
    while len(chosen) > _MOST_POINTS:
        cell *= max(1.1, float(np.sqrt(len(chosen) / _MOST_POINTS)))
        chosen = chosen[voxel_thin(scan.points[chosen], cell)]
    chosen = np.random.default_rng(seed).permutation(chosen)
    stations = _station_of(scan, chosen)
    normals, planarity = estimate_normals(scan.points, None, at=chosen)
    if stations is not None:
        towards = np.einsum("ij,ij->i", normals, stations - scan.points[chosen])
        normals = np.where(towards[:, None] < 0, -normals, normals)
    flat = planarity > _MIN_PLANARITY
    if flat.sum() < FEWEST_POINTS:
        raise EmptyInput(
            "no surfaces can be made out in the scan: it is too sparse or only noise. Export it less thinned (a point "
            f"every 1 to 5 cm), unfiltered, in metres{_or_use_more(scan)}"
        )
    seen_from = None if stations is None else stations[flat]
    return ScanSample(
        scan.points[chosen[flat]], normals[flat], seen_from, _area_per_point(scan.points[chosen[flat]], cell)
    )


def _or_use_more(scan: Scan) -> str:
    """Return the advice that helps only where the reader left points out."""
    return ", or raise --max-points" if scan.stride > 1 else ""


def _area_per_point(points: FloatArray, cell: float) -> float:
    """Return the area (square metres) one point stands for: more than its cell where the scan itself is sparse."""
    wide = max(_WIDE_CELL, 2 * cell)
    return max(cell**2, len(voxel_thin(points, wide)) * wide**2 / _CELLS_PER_FACE / len(points))


def _station_of(scan: Scan, chosen: IntArray) -> FloatArray | None:
    """Return where each chosen point was seen from (m, 3), or None when a station is not known."""
    if not scan.has_poses:
        return None
    nowhere = np.full(3, np.nan)
    table = np.array([nowhere if s.position is None else s.position for s in scan.stations])
    return table[scan.station_index[chosen]]
