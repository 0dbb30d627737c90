"""Read triangle meshes as designs: STL, OBJ and PLY without a unit, GLB in metres; every part is an element.

The file's own axes are kept, except that GLB is turned from y-up, which glTF prescribes, to z-up:
(x, y, z) becomes (x, -z, y). STL, OBJ and PLY carry no unit; metres are assumed, and noted.
"""

# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false

import importlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import DesignModel, Element, Mesh
from geometry.errors import EmptyInput, ReadError, UnitContradiction
from geometry.mesh_health import cleaned, oriented_outward
from geometry.note import Note
from geometry.readers.global_id import derived_global_id, is_global_id
from geometry.readers.mesh_parts import BadMesh, Part, checked
from geometry.source import SourceFile, sha256_of

_MODULES = {".stl": "mesh_stl", ".obj": "mesh_obj", ".glb": "mesh_glb"}
_LARGEST_M, _SMALLEST_M = 10_000.0, 0.01
_COARSE_STEP_M = 1e-4


def read_mesh(path: Path) -> DesignModel:
    """Read a mesh file as a design of one element per part.

    A part whose name is a GlobalId keeps it (so do the models that qtems writes); other parts get one derived from
    their name and number.

    Raises
    ------
    ReadError
        If the file is missing, damaged or of another kind.
    UnitContradiction
        If the model is larger than 10 km or smaller than 1 cm.
    EmptyInput
        If it has no triangles.
    """
    if not path.is_file():
        raise ReadError(f"{path}: no such file")
    suffix = path.suffix.lower()
    try:
        parts = [checked(part) for part in _read_parts(path, suffix) if len(part.faces)]
    except BadMesh as error:
        raise ReadError(f"{path}: {error}; export it again") from None
    if not parts:
        what = (
            "points but no faces: give it as a scan, not as the model"
            if suffix == ".ply"
            else "no triangles; export it again"
        )
        raise EmptyInput(f"{path}: {what}")
    origin = np.min([_corners(part).min(axis=0) for part in parts], axis=0)
    size = np.max([_corners(part).max(axis=0) for part in parts], axis=0) - origin
    ids = _global_ids(parts)
    elements = {id_: _element(part, id_, origin) for id_, part in sorted(zip(ids, parts, strict=True), key=_first)}
    lost = {id_: element for id_, element in elements.items() if len(element.mesh.faces) == 0}
    return DesignModel(
        elements={id_: element for id_, element in elements.items() if id_ not in lost},
        without_geometry=lost,
        origin=origin,
        source=SourceFile(str(path), sha256_of(path), suffix[1:].upper()),
        length_unit_m=1.0,
        notes=tuple(_notes(path, suffix, parts, float(size.max()))),
    )


def _read_parts(path: Path, suffix: str) -> Sequence[Part]:
    if suffix in _MODULES:
        return importlib.import_module(f"geometry.readers.{_MODULES[suffix]}").read_parts(path)
    if suffix == ".ply":
        return [_ply(path)]
    raise ReadError(f"{path}: not a mesh that can be read ({' '.join([*_MODULES, '.ply'])})")


def _ply(path: Path) -> Part:
    trimesh: Any = importlib.import_module("trimesh")
    try:
        loaded: Any = trimesh.load(path, file_type="ply", process=False)
    except Exception as error:  # the library raises whatever its parser stumbles over
        raise BadMesh(f"the PLY cannot be understood ({error})".partition("\n")[0]) from None
    faces = getattr(loaded, "faces", None)
    if faces is None or len(faces) == 0:
        return Part(path.stem, np.empty((0, 3)), np.empty((0, 3), np.int32))
    return Part(path.stem, np.array(loaded.vertices, dtype=np.float64), np.array(faces, dtype=np.int32))


def _corners(part: Part) -> FloatArray:
    return part.vertices[np.unique(part.faces)]


def _first(pair: tuple[str, Part]) -> str:
    return pair[0]


def _global_ids(parts: Sequence[Part]) -> list[str]:
    """Return a GlobalId per part: its name when that is one, else one derived from it.

    Of several with the same name it matters which one it is: a part of another name that comes or goes changes none.
    """
    ids: list[str] = []
    met = Counter[str]()
    for part in parts:
        own = is_global_id(part.name) and part.name not in ids
        ids.append(part.name if own else derived_global_id(f"{part.name}/{met[part.name]}"))
        met[part.name] += 1
    return ids


def _element(part: Part, global_id: str, origin: FloatArray) -> Element:
    mesh, kind = oriented_outward(cleaned(Mesh(part.vertices - origin, part.faces)))
    said = {key: value for key, value in part.extras.items() if isinstance(value, str)}
    return Element(
        global_id=global_id,
        ifc_class=said.get("ifc_class", "Mesh"),
        name=said.get("name", part.name),
        storey=said.get("storey", ""),
        mesh=mesh,
        sheet=kind == "sheet",
        suspect=Note("no_area", "none of its faces has an area") if kind == "empty" else "",
    )


def _notes(path: Path, suffix: str, parts: Sequence[Part], size_m: float) -> list[str]:
    if not _SMALLEST_M <= size_m <= _LARGEST_M:
        hint = "" if suffix == ".glb" else f"; {suffix} has no unit: scale it to metres, or export IFC or GLB"
        raise UnitContradiction(f"{path}: the model is {size_m:.6g} m across if its unit is the metre{hint}")
    notes: list[str] = []
    if suffix != ".glb":
        said = "{suffix} carries no unit: metres were assumed, which makes the model {size} m across."
        notes.append(Note("format_without_unit", said, suffix=suffix, size=f"{size_m:.3g}"))
    largest = max(float(np.abs(_corners(part)).max()) for part in parts)
    step = float(np.spacing(np.float32(largest)))
    if step > _COARSE_STEP_M and any(part.extras.get("float32") for part in parts):
        said = "Its 32-bit coordinates are {step} mm apart this far from zero: export it nearer to zero."
        notes.append(Note("coarse_model", said, step=f"{1e3 * step:.2g}"))
    return notes
