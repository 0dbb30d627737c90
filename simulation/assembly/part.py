"""What erection order asks of an element: its faces, whether they close, its weight and where that acts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from geometry.design import Element, Mesh
from geometry.note import Note
from simulation.assembly.solid import Solid, make_solid

_WELD = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One element that is put in its place as a whole."""

    global_id: str
    ifc_class: str
    name: str
    triangles: FloatArray
    """(f, 3, 3) metres; a superset of the element's space where ``doubt`` says so."""
    two_sided: bool
    """Which side of a face is inside is not known: each face counts as the first and as the last on a line."""
    body: Any
    """``manifold3d.Manifold``; None of what is no closed solid."""
    normals: FloatArray
    """(k, 3) unit normals of its faces."""
    bounds: FloatArray
    """(2, 3) metres."""
    volume: float
    """Cubic metres; of an open shape that of its hull."""
    centre: FloatArray
    """(3,) of gravity, density even, metres."""
    doubt: str
    """Why what is said of it is on the safe side only; empty where it is exact."""


def make_parts(elements: Mapping[str, Element]) -> tuple[Part, ...]:
    """Return elements as parts, by GlobalId; nothing is left out, what is doubtful says so."""
    return tuple(make_part(element) for _, element in sorted(elements.items()))


def make_part(element: Element) -> Part:
    """Return an element as a part.

    What is no closed solid is taken by its faces, each of them two-sided. Where they leave a gap, something could pass
    on paper that does not on site: the hull of each of its pieces stands for it instead.
    """
    made = make_solid(element)
    if isinstance(made, Solid):
        doubt = Note("order_suspect", "its geometry cannot be trusted: {why}", why=element.suspect)
        return _of_solid(made, doubt if element.suspect else "")
    if _edges_close(element.mesh):
        doubt = Note("order_faces", "it is no solid: judged by its faces")
        triangles = element.mesh.triangles()
    else:
        doubt = Note("order_hull", "its faces do not close: the hull of each of its pieces stands for it")
        triangles = _hulls(element.mesh)
    corners = triangles.reshape(-1, 3)
    bounds = np.stack([corners.min(axis=0), corners.max(axis=0)])
    volume = float(np.prod(np.ptp(bounds, axis=0)))
    return Part(
        element.global_id, element.ifc_class, element.name, triangles, True, None, _normals(triangles), bounds,
        volume, bounds.mean(axis=0), doubt,
    )  # fmt: skip


def _of_solid(solid: Solid, doubt: str) -> Part:
    triangles = triangles_of(solid.body)
    return Part(
        solid.global_id, solid.ifc_class, solid.name, triangles, False, solid.body, solid.normals, solid.bounds,
        solid.volume, _centroid(triangles), doubt,
    )  # fmt: skip


def triangles_of(body: Any) -> FloatArray:
    """Return the faces of a ``manifold3d.Manifold`` (f, 3, 3), outward."""
    mesh = body.to_mesh64()
    corners = np.asarray(mesh.vert_properties, dtype=np.float64)[:, :3]
    return corners[np.asarray(mesh.tri_verts).reshape(-1, 3)]


def _centroid(triangles: FloatArray) -> FloatArray:
    about = triangles.reshape(-1, 3).mean(axis=0)
    a, b, c = np.moveaxis(triangles - about, 1, 0)
    weight = np.einsum("ij,ij->i", a, np.cross(b, c))
    return about + weight @ (a + b + c) / (4.0 * weight.sum())


def _normals(triangles: FloatArray) -> FloatArray:
    cross = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    area = np.linalg.norm(cross, axis=1)
    order = np.argsort(-area, kind="stable")
    order = order[area[order] > 0.0]
    unit = cross[order] / area[order, None]
    return unit[np.sort(np.unique(np.round(unit, 4), axis=0, return_index=True)[1])]


def _welded(mesh: Mesh) -> tuple[IntArray, BoolArray]:
    """Return the faces by places instead of corners, and which of them have area."""
    cells = np.round(mesh.vertices / _WELD).astype(np.int64)
    faces = np.unique(cells, axis=0, return_inverse=True)[1].ravel()[mesh.faces]
    real = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    return faces.astype(np.int64), real


def _edges_close(mesh: Mesh) -> bool:
    """Return whether every edge has an even number of faces: no line can enter without leaving."""
    faces, real = _welded(mesh)
    edges = np.sort(faces[real][:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    return len(edges) > 0 and bool(np.all(np.unique(edges, axis=0, return_counts=True)[1] % 2 == 0))


def _hulls(mesh: Mesh) -> FloatArray:
    """Return the faces of the hulls of the connected pieces (f, 3, 3); of a flat piece its own faces."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import ConvexHull, QhullError

    faces, _ = _welded(mesh)
    size = int(faces.max()) + 1
    ones = np.ones(2 * len(faces), dtype=np.int8)
    linked = coo_array((ones, (faces[:, [0, 1]].ravel(), faces[:, [1, 2]].ravel())), shape=(size, size))
    label = connected_components(linked, directed=False)[1][faces[:, 0]]
    found = list[FloatArray]()
    for piece in np.unique(label):
        own = mesh.vertices[mesh.faces[label == piece]]
        points = own.reshape(-1, 3)
        try:
            found.append(points[ConvexHull(points).simplices])
        except (QhullError, ValueError):
            found.append(own)
    return np.concatenate(found)
