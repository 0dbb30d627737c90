"""Meshes as closed solids that volumes and gaps can be taken of, exactly to float64."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from geometry.arrays import FloatArray, IntArray
from geometry.design import Element, Mesh
from geometry.note import Note
from geometry.shell_kernels import CLOSED, OPEN, distinct_normals, shells, weld
from simulation.assembly.gap_kernels import extents
from simulation.assembly.seams import parted

_MOST_NORMALS = 200
_WELD = 1e-7
"""Corners of a mesh nearer to each other than this are one, metres."""
_SAME_NORMAL = 1e-4
"""Directions that differ by no more are one, nearly."""
_SAME_VOLUME = 1e-6
"""Share by which a solid may differ from what its faces enclose: rounding."""
_THIN = 1e-9
"""Share of the whole that a shell holds at least to count as holding something."""


@dataclass(frozen=True, eq=False)
class Solid:
    """One element as a closed solid; what takes long to make is made when it is first asked for."""

    global_id: str
    ifc_class: str
    name: str
    bounds: FloatArray
    """(2, 3) metres."""
    corners: FloatArray
    """(v, 3) metres."""
    faces: IntArray
    """(f, 3) rows of ``corners``, outward; of shells that overlap also what lies inside another."""
    shells: int
    """Of how many the faces are."""
    number: int
    """Under which ``body`` names its faces in what is cut from it. Of two solids the one made first has the lower one,
    so that what they share is the same to the last digit whatever was cut before."""
    whole: Any = None
    """What ``body`` is made of, where more than the faces had to be looked at to tell that they close."""

    @cached_property
    def body(self) -> Any:
        """``manifold3d.Manifold``, relative to the ``origin`` of its :class:`Solids`."""
        return joined(_closed(self.corners, self.faces, self.number) if self.whole is None else self.whole)

    @cached_property
    def surface(self) -> tuple[FloatArray, IntArray]:
        """Corners (v, 3), metres, and faces (f, 3) of its outside alone."""
        return (self.corners, self.faces) if self.shells == 1 else surface_of(self.body)

    @cached_property
    def topology(self) -> tuple[int, int]:
        """How many pieces and how many holes it has."""
        pieces = self.body.decompose()
        return len(pieces), sum(piece.genus() for piece in pieces)

    @cached_property
    def volume(self) -> float:
        """Cubic metres."""
        return float(self.body.volume())

    @cached_property
    def normals(self) -> FloatArray:
        """(k, 3) unit normals of its faces, each once up to its sign, those with most area first and at most 200."""
        return distinct_normals(self.corners, self.faces, _SAME_NORMAL, _MOST_NORMALS)

    @cached_property
    def middle(self) -> FloatArray:
        """(3,) mean of its corners, metres."""
        return self.corners.mean(axis=0)

    @cached_property
    def reach(self) -> FloatArray:
        """(k, 2) how far it reaches along ``normals``, metres."""
        return extents(self.corners, self.normals)


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
    corners, faces = _welded(element.mesh)
    closed, volumes, boxes = shells(corners, faces)
    if closed == OPEN or len(faces) < 4:
        return Note("clash_open", "it is no closed solid")
    signed = float(volumes.sum())
    if signed < 0.0:
        faces, signed, volumes = np.ascontiguousarray(faces[:, ::-1]), -signed, -volumes
    whole, number = None, _number()
    # shells of which each holds something are a solid, whatever they have to do with each other
    if closed != CLOSED or not np.all(volumes > _THIN * signed):
        whole = _whole(corners, faces, signed, number)
        if isinstance(whole, str):
            return whole
    if not signed > 0.0:
        return Note("clash_flat", "it encloses no volume")
    bounds = np.stack([boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)])
    count = len(volumes) if whole is None else len(whole.decompose())
    return Solid(element.global_id, element.ifc_class, element.name, bounds, corners, faces, count, number, whole)


def make_body(mesh: Mesh) -> Any:
    """Return a mesh as ``manifold3d.Manifold``, turned right side out, or why it is no closed solid.

    Shells that lie apart or overlap become one body, so that nothing is counted twice; a shell inside another that is
    turned inwards stays a cavity.
    """
    corners, faces = _welded(mesh)
    closed, volumes, _ = shells(corners, faces)
    if closed == OPEN or len(faces) < 4:
        return Note("clash_open", "it is no closed solid")
    signed = float(volumes.sum())
    body = _whole(corners, faces if signed > 0.0 else np.ascontiguousarray(faces[:, ::-1]), abs(signed), _number())
    return body if isinstance(body, str) else joined(body)


def _whole(vertices: FloatArray, faces: IntArray, signed: float, number: int) -> Any:
    """Return a mesh as ``manifold3d.Manifold``, its shells as they are, or why it is none.

    ``signed`` is what its faces enclose, m³.
    """
    body = _closed(vertices, faces, number)
    # of four faces at one edge the library takes any two for neighbours, which may change the shape
    if body is None or abs(float(body.volume()) - signed) > _SAME_VOLUME * signed:
        apart = parted(vertices, faces)
        body = None if apart is None else _closed(*apart, number)
    if body is None or abs(float(body.volume()) - signed) > _SAME_VOLUME * signed:
        return Note("clash_open", "it is no closed solid")
    return body


def joined(body: Any) -> Any:
    """Return a ``manifold3d.Manifold`` with its shells as one body, unless one of them is a cavity."""
    import manifold3d

    parts = body.decompose()
    if len(parts) > 1 and all(part.volume() > 0.0 for part in parts):
        union = manifold3d.Manifold.batch_boolean(parts, manifold3d.OpType.Add)
        union.num_tri()  # joins them now: later it would go by what is asked first, in the last digits
        return union
    return body


def surface_of(body: Any) -> tuple[FloatArray, IntArray]:
    """Return the corners (v, 3) of a ``manifold3d.Manifold`` and its faces (f, 3), outward."""
    mesh = body.to_mesh64()
    # copies: what the library lends is read-only, for which each kernel would be compiled once more
    corners = np.array(np.asarray(mesh.vert_properties)[:, :3], dtype=np.float64, order="C")
    return corners, np.asarray(mesh.tri_verts).astype(np.int64).reshape(-1, 3)


def _closed(vertices: FloatArray, faces: IntArray, number: int) -> Any:
    """Return ``manifold3d.Manifold`` of a mesh; None where its edges do not close."""
    import manifold3d

    mesh = manifold3d.Mesh64(
        np.ascontiguousarray(vertices),
        np.ascontiguousarray(faces, dtype=np.uint64),
        run_index=np.array([0, 3 * len(faces)], dtype=np.uint64),
        run_original_id=np.array([number], dtype=np.uint32),
    )
    body = manifold3d.Manifold(mesh)
    return body if body.status() is manifold3d.Error.NoError else None


def _number() -> int:
    """Return a number that names no faces yet."""
    import manifold3d

    return int(manifold3d.Manifold.reserve_ids(1))


def _welded(mesh: Mesh) -> tuple[FloatArray, IntArray]:
    """Return the mesh with corners at one place joined and faces without area left out."""
    vertices, faces = np.array(mesh.vertices, dtype=np.float64), np.array(mesh.faces, dtype=np.int64)
    return weld(vertices, faces, _WELD)
