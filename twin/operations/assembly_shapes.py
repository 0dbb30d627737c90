"""Parts of a model by the shape that a scan has of them (``qtems assemble --as-built-shape``)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import Invalid
from twin.operations.rehearsal_input import read_input

if TYPE_CHECKING:
    from geometry.arrays import FloatArray
    from geometry.design import DesignModel, Element, Mesh
    from simulation.assembly.built_shape import BuiltShape
    from simulation.assembly.place import Places
    from simulation.assembly.shape_files import ShapeFile
    from simulation.assembly.study import ClashStudy

_MOST_TEXT = 2**20
_MOST_POINTS = 2_000_000
_SPACING_M = 0.005
_MESHES = (".stl", ".obj", ".glb", ".ply")


@dataclass(frozen=True, slots=True, eq=False)
class ScannedShapes:
    """The parts that a scan shows, and the files that say so."""

    shapes: "tuple[BuiltShape, ...]"
    files: "Mapping[str, tuple[str, str]]"
    """GlobalId -> name and SHA-256 of its file."""


def read_shapes(said: "Sequence[str | ShapeFile]", noise: float, design: "DesignModel") -> ScannedShapes:
    """Return the shapes that are named: ``GLOBALID=FILE``, a folder of files named by GlobalIds, or a YAML file.

    Who knows element and file already gives a :class:`ShapeFile`.

    Raises
    ------
    GeometryError, Invalid
        A file cannot be read, or belongs to no element; the text is one line for the user.
    """
    found, files = dict[str, "BuiltShape"](), dict[str, tuple[str, str]]()
    for text in said:
        for one in _named(text, noise):
            where = f"{one.where}: " if one.where else ""
            if one.global_id not in design.elements:
                raise Invalid(f"{where}{one.global_id}: the model has no element of this GlobalId")
            if one.global_id in found:
                raise Invalid(f"{where}{one.global_id}: it has a shape already; give one file of it")
            path = Path(one.file)
            if not path.is_file():
                raise Invalid(f"{where}{path}: no such file; check the path")
            found[one.global_id] = _read(path, one.noise, design.elements[one.global_id], design.origin)
            files[one.global_id] = (path.name, hashlib.sha256(path.read_bytes()).hexdigest())
    return ScannedShapes(tuple(found[name] for name in sorted(found)), files)


def _named(text: "str | ShapeFile", noise: float) -> "list[ShapeFile]":
    from simulation.assembly.shape_files import ShapeFile, read_shape_files
    from simulation.errors import SimulationError

    if isinstance(text, ShapeFile):
        return [text]

    path = Path(text)
    if path.is_dir():
        files = sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
        if not files:
            raise Invalid(f"{path}: the folder is empty; put files named by GlobalIds there")
        return [ShapeFile(one.name.split(".")[0], str(one), noise, str(path)) for one in files]
    if path.suffix.lower() in (".yaml", ".yml") and "=" not in text:
        try:
            listed = read_shape_files(read_input(path, _MOST_TEXT))
        except SimulationError as error:
            raise Invalid(f"{path}: {error}") from error
        return [replace(one, file=str(path.parent / one.file), where=f"{path}: {one.where}") for one in listed]
    name, equals, file = text.partition("=")
    if not (name and equals and file):
        raise Invalid(f"--as-built-shape {text}: it is no GLOBALID=FILE, no folder and no .yaml that there is")
    return [ShapeFile(name, file, noise)]


def _read(path: Path, noise: float, element: "Element", origin: "FloatArray") -> "BuiltShape":
    """Return the shape in a file: a closed mesh, one that is not closed, or points."""
    import numpy as np

    from geometry.errors import EmptyInput
    from geometry.readers import read_scan
    from simulation.assembly.built_shape import BuiltShape, ShapeKind, surface_points
    from simulation.assembly.solid import make_body

    if path.suffix.lower() in _MESHES:
        try:
            mesh = _mesh(path, origin)
        except EmptyInput:
            if path.suffix.lower() != ".ply":
                raise
        else:
            if not isinstance(make_body(mesh), str):
                return BuiltShape(element, ShapeKind.SOLID, np.empty((0, 3)), 0.0, mesh)
            points = surface_points(mesh, _SPACING_M)
            return BuiltShape(element, ShapeKind.SURFACE, points, noise, mesh, _SPACING_M)
    scan = read_scan([path], max_points=_MOST_POINTS)
    if not len(scan.points):
        raise Invalid(f"{path}: it has no points; export the scan again")
    return BuiltShape(element, ShapeKind.POINTS, scan.points + (scan.origin - origin), noise)


def _mesh(path: Path, origin: "FloatArray") -> "Mesh":
    """Return all parts of a mesh file as one mesh, relative to the model's origin."""
    import numpy as np

    from geometry.design import Mesh
    from geometry.readers import read_design

    read = read_design(path)
    vertices, faces, count = list["FloatArray"](), list[Any](), 0
    for element in read.elements.values():
        vertices.append(element.mesh.vertices + (read.origin - origin))
        faces.append(element.mesh.faces + count)
        count += len(element.mesh.vertices)
    return Mesh(np.concatenate(vertices), np.concatenate(faces).astype(np.int32))


def as_scanned(design: "DesignModel", scanned: ScannedShapes) -> "dict[str, Element]":
    """Return the elements with closed meshes in the place of the designed ones, without those that have no inside."""
    from simulation.assembly.built_shape import ShapeKind

    elements = dict(design.elements)
    for shape in scanned.shapes:
        name = shape.element.global_id
        if shape.kind is ShapeKind.SOLID and shape.mesh is not None:
            elements[name] = replace(shape.element, mesh=shape.mesh, suspect="")
        else:
            del elements[name]
    return elements


def exactly_scanned(
    places: "Places | None", scanned: ScannedShapes, design: "DesignModel", confidence: float, seed: int
) -> "Places":
    """Return places with those of scanned parts where their files have them: in the design frame."""
    from simulation.assembly.place import Place, PlaceKind, Places, designed_place

    sure = designed_place(0.0)
    known = Places(sure, dict.fromkeys(design.elements, sure), confidence, seed=seed) if places is None else places
    exact = replace(designed_place(0.0), kind=PlaceKind.AS_BUILT)
    of: dict[str, Place] = {shape.element.global_id: exact for shape in scanned.shapes}
    return replace(known, of={**known.of, **of})


def as_shown(design: "DesignModel", scanned: ScannedShapes) -> "DesignModel":
    """Return the design with scanned meshes in it, closed or not: what pictures show."""
    meshes = {shape.element.global_id: shape.mesh for shape in scanned.shapes if shape.mesh is not None}
    elements = {
        name: replace(element, mesh=meshes[name]) if name in meshes else element
        for name, element in design.elements.items()
    }
    return replace(design, elements=elements)


def with_shapes(
    study: "ClashStudy", scanned: ScannedShapes, elements: "Mapping[str, Element]", design: "DesignModel",
    meant: Mapping[tuple[str, str], str], *, places: "Places", seen_within: float,
) -> "ClashStudy":  # fmt: skip
    """Return a study with what scanned shapes have to do with the others, and what the design has there."""
    from simulation.assembly.built_shape import ShapeKind, study_shapes
    from simulation.assembly.clash import clash_of
    from simulation.assembly.place import placed
    from simulation.assembly.solid import Solid, make_solid

    solid = {shape.element.global_id for shape in scanned.shapes if shape.kind is ShapeKind.SOLID}
    clashes = list(study.clashes)
    for row, clash in enumerate(clashes):
        if solid & {clash.first, clash.second}:
            first, second = (make_solid(design.elements[name]) for name in (clash.first, clash.second))
            before = None
            if isinstance(first, Solid) and isinstance(second, Solid):
                before = clash_of(first, second, study.rule)
            clashes[row] = replace(clash, designed=None if before is None else before.kind)
    standing = {name: placed(element, places[name]) for name, element in elements.items()}
    open_ones = [shape for shape in scanned.shapes if shape.kind is not ShapeKind.SOLID]
    found = study_shapes(open_ones, standing, study.rule, meant, places=places, seen_within=seen_within)
    clashes = sorted([*clashes, *found.clashes], key=lambda clash: (clash.first, clash.second))
    return replace(
        study, clashes=tuple(clashes), pairs=study.pairs + found.pairs, meant={**study.meant, **found.meant},
        not_seen=found.not_seen,
    )  # fmt: skip
