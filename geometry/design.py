"""The as-designed side: meshes per element, keyed by GlobalId."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from geometry.arrays import FloatArray, Int32Array, frozen
from geometry.schedule import Task
from geometry.source import SourceFile


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Triangles: ``vertices`` (v, 3) metres relative to the model's origin, ``faces`` (f, 3) outward."""

    vertices: FloatArray
    faces: Int32Array

    def __post_init__(self) -> None:
        """Check shapes and freeze."""
        if self.vertices.ndim != 2 or self.vertices.shape[1] != 3 or self.faces.ndim != 2 or self.faces.shape[1] != 3:
            raise ValueError(
                f"a mesh needs (v, 3) vertices and (f, 3) faces, not {self.vertices.shape}, {self.faces.shape}"
            )
        object.__setattr__(self, "vertices", frozen(self.vertices))
        object.__setattr__(self, "faces", frozen(self.faces))

    def triangles(self) -> FloatArray:
        """Return the corner coordinates (f, 3, 3), metres."""
        return self.vertices[self.faces]

    def bounds(self) -> FloatArray:
        """Return the axis-aligned box (2, 3), metres."""
        return np.stack([self.vertices.min(axis=0), self.vertices.max(axis=0)])


@dataclass(frozen=True, slots=True, eq=False)
class OrientedBox:
    """A rectangular box of any direction."""

    centre: FloatArray
    """(3,) metres."""
    axes: FloatArray
    """(3, 3) rows: unit vectors along its edges."""
    size: FloatArray
    """(3,) length of its edges along ``axes``, metres."""


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """What the model cuts out of an element."""

    global_id: str
    name: str
    filled_by: tuple[str, ...] = ()
    """GlobalIds of the doors and windows that sit in it."""
    box: OrientedBox | None = None
    """What is cut away, in the frame of the element's mesh; None where it is no single rectangular box."""


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """One designed thing that can be built, seen and judged."""

    global_id: str
    ifc_class: str
    name: str
    storey: str
    mesh: Mesh
    type_name: str = ""
    predefined_type: str = ""
    """``PAD_FOOTING``, ``BASESLAB`` ...; of a user-defined type what it is called; empty where nothing is said."""
    materials: tuple[str, ...] = ()
    properties: Mapping[str, object] = field(default_factory=dict[str, object])
    """Flat ``"Pset.Property" -> value``."""
    quantities: Mapping[str, float] = field(default_factory=dict[str, float])
    """Flat ``"Qto.Quantity" -> value`` in SI units."""
    openings: tuple[str, ...] = ()
    """GlobalIds of the openings that void this element."""
    voids: tuple[Opening, ...] = ()
    """The same openings with what is known of their shape."""
    suspect: str = ""
    """Why the geometry cannot be trusted (failed boolean, not manifold ...); empty when it can."""
    sheet: bool = False
    """Some of the mesh bounds no body (a pane drawn as one face): seen from both sides, its sign a convention."""


@dataclass(frozen=True, slots=True)
class MapConversion:
    """IfcMapConversion: the map coordinates of the model's local origin, as declared."""

    crs: str
    eastings: float
    northings: float
    orthogonal_height: float
    x_axis_abscissa: float = 1.0
    x_axis_ordinate: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class DesignModel:
    """All elements of a design, in the design frame less ``origin``.

    A point of a mesh is at ``origin + vertex`` in the design frame (metres).
    """

    elements: Mapping[str, Element]
    """By GlobalId, sorted by GlobalId."""
    origin: FloatArray
    """(3,) metres, float64."""
    source: SourceFile
    length_unit_m: float
    """How many metres the file's length unit is: 0.001, 1, 0.3048 ..."""
    storeys: Mapping[str, float] = field(default_factory=dict[str, float])
    """Storey name -> elevation in metres."""
    map_conversion: MapConversion | None = None
    notes: tuple[str, ...] = ()
    """What a person should know about how the file was read: one line each, English."""
    without_geometry: Mapping[str, Element] = field(default_factory=dict[str, Element])
    """Elements that have a shape in the file of which no mesh could be made: to report, never to judge.

    Their mesh is empty and ``suspect`` says why; none of them is in ``elements``.
    """
    tasks: tuple[Task, ...] = ()
    """The schedule that the file brings along, in its order."""
