"""Meshes as closed solids that volumes and gaps can be taken of, exactly to float64."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from geometry.arrays import FloatArray, IntArray
from geometry.design import Element, Mesh
from geometry.note import Note
from simulation.assembly.seams import parted

_MOST_NORMALS = 200
_WELD = 1e-7
"""Corners of a mesh nearer to each other than this are one, metres."""
_SAME_NORMAL = 1e-4
"""Directions that differ by no more are one, nearly."""
_SAME_VOLUME = 1e-6
"""Share by which a solid may differ from what its faces enclose: rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """One element as a closed solid."""

    global_id: str
    ifc_class: str
    name: str
    body: Any
    """``manifold3d.Manifold``, relative to the ``origin`` of its :class:`Solids`."""
    bounds: FloatArray
    """(2, 3) metres."""
    volume: float
    """Cubic metres."""
    corners: FloatArray
    """(v, 3) metres."""
    normals: FloatArray
    """(k, 3) unit normals of its faces, each once up to its sign, those with most area first and at most 200."""


@dataclass(frozen=True, slots=True, eq=False)
class Solids:
    """The elements that are closed solids, and why the others are not."""

    solids: tuple[Solid, ...]
    """By GlobalId."""
    refused: Mapping[str, str]
    """GlobalId -> why nothing can be computed of it."""


def make_solids(elements: Mapping[str, Element]) -> Solids:
    """Return elements as solids; what is no closed solid is named, with the reason, and takes no part in anything."""
    solids, refused = list[Solid](), dict[str, str]()
    for global_id, element in sorted(elements.items()):
        if element.suspect:
            text = "its geometry cannot be trusted: {why}"
            refused[global_id] = Note("clash_suspect", text, why=element.suspect)
            continue
        made = make_solid(element)
        if isinstance(made, Solid):
            solids.append(made)
        else:
            refused[global_id] = made
    return Solids(tuple(solids), refused)


def make_solid(element: Element) -> Solid | str:
    """Return an element as a solid, or why it is none."""
    body = make_body(element.mesh)
    if isinstance(body, str):
        return body
    volume = float(body.volume())
    if not volume > 0.0:
        return Note("clash_flat", "it encloses no volume")
    low_high = np.array(body.bounding_box(), dtype=np.float64).reshape(2, 3)
    corners, normals = outside_of(body)
    return Solid(element.global_id, element.ifc_class, element.name, body, low_high, volume, corners, normals)


def make_body(mesh: Mesh) -> Any:
    """Return a mesh as ``manifold3d.Manifold``, turned right side out, or why it is no closed solid.

    Shells that lie apart or overlap become one body, so that nothing is counted twice; a shell inside another that is
    turned inwards stays a cavity.
    """
    import manifold3d

    if len(mesh.faces) < 4:
        return Note("clash_open", "it is no closed solid")
    vertices, faces = _welded(mesh)
    signed = _signed_volume(vertices, faces)
    if signed < 0.0:
        faces, signed = np.ascontiguousarray(faces[:, ::-1]), -signed
    body = _closed(vertices, faces)
    # of four faces at one edge the library takes any two for neighbours, which may change the shape
    if body is None or abs(float(body.volume()) - signed) > _SAME_VOLUME * signed:
        apart = parted(vertices, faces)
        body = None if apart is None else _closed(*apart)
    if body is None or abs(float(body.volume()) - signed) > _SAME_VOLUME * signed:
        return Note("clash_open", "it is no closed solid")
    parts = body.decompose()
    if len(parts) > 1 and all(part.volume() > 0.0 for part in parts):
        body = manifold3d.Manifold.batch_boolean(parts, manifold3d.OpType.Add)
    return body


def _closed(vertices: FloatArray, faces: IntArray) -> Any:
    """Return ``manifold3d.Manifold`` of a mesh; None where its edges do not close."""
    import manifold3d

    mesh = manifold3d.Mesh64(np.ascontiguousarray(vertices), np.ascontiguousarray(faces, dtype=np.uint64))
    body = manifold3d.Manifold(mesh)
    return body if body.status() is manifold3d.Error.NoError else None


def _signed_volume(vertices: FloatArray, faces: IntArray) -> float:
    """Return what faces enclose, m³; negative where they are inside out."""
    a, b, c = np.moveaxis(vertices[faces] - vertices.mean(axis=0), 1, 0)
    return float(np.einsum("ij,ij->", a, _crossed(b, c))) / 6.0


def outside_of(body: Any) -> tuple[FloatArray, FloatArray]:
    """Return the corners (v, 3) of a solid, and the unit normals (k, 3) of its faces as :class:`Solid` has them."""
    mesh = body.to_mesh64()
    corners = np.asarray(mesh.vert_properties, dtype=np.float64)[:, :3]
    triangles = corners[np.asarray(mesh.tri_verts)]
    cross = _crossed(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    area = np.sqrt(np.einsum("ij,ij->i", cross, cross))
    real = area > 0.0
    normals = cross[real] / area[real, None]
    lead = normals[np.arange(len(normals)), np.abs(normals).argmax(axis=1)]
    normals = normals * np.sign(lead)[:, None]
    # one whole number for each direction: far quicker to sort than rows
    keys = np.round(normals / _SAME_NORMAL).astype(np.int64) @ np.array([1 << 42, 1 << 21, 1])
    _, first, place = np.unique(keys, return_index=True, return_inverse=True)
    weight = np.bincount(place, area[real], len(first))
    return corners, normals[first[np.argsort(-weight, kind="stable")[:_MOST_NORMALS]]]


def _crossed(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return cross products (n, 3), as ``np.cross`` does; of a few dozen vectors in a fifth of its time."""
    a, b, c = first.T
    d, e, f = second.T
    return np.stack([b * f - c * e, c * d - a * f, a * e - b * d], axis=1)


def _welded(mesh: Mesh) -> tuple[FloatArray, IntArray]:
    """Return the mesh with corners at one place joined and faces without area left out."""
    cells = np.round(mesh.vertices / _WELD).astype(np.int64)
    _, first, place = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    faces = place.ravel()[mesh.faces]
    real = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    return mesh.vertices[first], faces[real].astype(np.int64)
