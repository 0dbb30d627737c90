"""Read STEP (AP203, AP214, AP242) as designs: every placed part of an assembly is an element. Needs the extra ``cad``.

The file's own axes are kept and its unit is turned into metres. Curved faces become triangles that are off by no more
than :func:`geometry.readers.step_parts.chord`; the volume of each part is compared with the exact one of its surfaces.
"""

import importlib.util
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geometry.design import DesignModel, Element, Mesh
from geometry.errors import EmptyInput, ReadError, UnitContradiction
from geometry.mesh_health import cleaned, oriented_outward, signed_volume
from geometry.note import Note
from geometry.readers.global_id import derived_global_id
from geometry.source import SourceFile, sha256_of

if TYPE_CHECKING:
    from geometry.readers.step_parts import StepPart

CLASS = "Part"
_LARGEST_M = 10_000.0
_ENDS = 1 << 12


def read_step(path: Path) -> DesignModel:
    """Read a STEP file as a design of one element per placed part.

    An element's GlobalId is derived from its place in the assembly: the names on the way to it, and which of several
    alike it is.

    Raises
    ------
    ReadError
        If the file is damaged, is an IFC model, or the extra ``cad`` is not installed.
    UnitContradiction
        If the model is larger than 10 km.
    EmptyInput
        If it has no surfaces.
    """
    _expect_step(path)
    if importlib.util.find_spec("OCP") is None:
        raise ReadError(f"{path}: reading STEP needs the extra 'cad': pip install 'qtems[cad]'")
    from geometry.readers.step_parts import read_parts

    content = read_parts(path)
    missing = [name for name in content.outside if not (path.parent / name).is_file()]
    made = [part for part in content.parts if len(part.faces)]
    if not made:
        hint = f"put {', '.join(missing[:5])} beside it" if missing else "export the model again, with its geometry"
        raise EmptyInput(f"{path}: no part has a surface; {hint}")
    origin = np.min([part.vertices.min(axis=0) for part in made], axis=0)
    size = float((np.max([part.vertices.max(axis=0) for part in made], axis=0) - origin).max())
    if not size <= _LARGEST_M:
        raise UnitContradiction(f"{path}: the model is {size:.6g} m across; check its unit, {content.unit}")
    ids = _global_ids(content.parts)
    pairs = sorted(zip(ids, content.parts, strict=True), key=lambda pair: pair[0])
    elements = {name: _element(part, name, origin) for name, part in pairs}
    lost = {name: element for name, element in elements.items() if len(element.mesh.faces) == 0}
    notes = list[str]()
    if content.outside:
        said = "Parts were also read from {files} beside the file."
        there = [name for name in content.outside if name not in missing]
        notes.append(Note("step_outside", said, files=", ".join(there[:9]) or "-"))
    if missing:
        said = "What the file takes from {files} is missing: those are not beside it."
        notes.append(Note("step_missing", said, files=", ".join(missing[:9])))
    if content.drawn_only:
        said = "{count} shapes of curves and points alone were left out."
        notes.append(Note("step_drawn_only", said, count=str(content.drawn_only)))
    return DesignModel(
        elements={name: element for name, element in elements.items() if name not in lost},
        without_geometry=lost,
        origin=origin,
        source=SourceFile(str(path), sha256_of(path), "STEP"),
        length_unit_m=content.unit_m,
        notes=tuple(notes),
    )


def _expect_step(path: Path) -> None:
    """Refuse what is no STEP file, breaks off, or is an IFC model."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_ENDS)
            stream.seek(max(0, path.stat().st_size - _ENDS))
            tail = stream.read(_ENDS)
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror}); check its permissions") from None
    if b"ISO-10303-21" not in head[:256]:
        raise ReadError(f"{path}: no STEP file: it does not begin with ISO-10303-21; export it again")
    if b"END-ISO-10303-21" not in tail:
        raise ReadError(f"{path}: the STEP file breaks off (END-ISO-10303-21 is missing); copy or export it again")
    schema = head[head.find(b"FILE_SCHEMA") :][:80].upper()
    if schema.startswith(b"FILE_SCHEMA") and b"IFC" in schema:
        raise ReadError(f"{path}: it is an IFC model; name it {path.stem}.ifc")


def _global_ids(parts: "Sequence[StepPart]") -> list[str]:
    met, ids = Counter[str](), list[str]()
    for part in parts:
        way = "/".join(part.way)
        ids.append(derived_global_id(f"{way}/{met[way]}"))
        met[way] += 1
    return ids


def _element(part: "StepPart", global_id: str, origin: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Element:
    mesh, kind = oriented_outward(cleaned(Mesh(part.vertices - origin, part.faces)))
    properties: dict[str, object] = {"Step.Assembly": " / ".join(part.way[:-1])}
    if part.colour:
        properties["Step.Colour"] = part.colour
    return Element(
        global_id=global_id,
        ifc_class=CLASS,
        name=part.way[-1],
        storey="",
        mesh=mesh,
        type_name=part.product,
        properties=properties,
        quantities={"Step.Volume": part.volume} if part.solid else {},
        sheet=kind == "sheet",
        suspect=_doubt(part, mesh, kind == "empty"),
    )


def _doubt(part: "StepPart", mesh: Mesh, empty: bool) -> str:
    """Return why the triangles of a part cannot be trusted; nothing where they can."""
    if empty:
        return Note("step_empty", "it has no shape; a file that it is in may be missing beside the model")
    if part.bare:
        return Note("step_bare", "{count} of its faces could not be made into triangles", count=str(part.bare))
    if not part.solid:
        return ""
    made = signed_volume(mesh)
    if not abs(made - part.volume) <= volume_bound(part):
        text = "its triangles hold {made} m³, its surfaces {exact} m³"
        return Note("step_volume", text, made=f"{made:.4g}", exact=f"{part.volume:.4g}")
    return ""


def volume_bound(part: "StepPart") -> float:
    """Return how far the volume of a part's triangles may be from the exact one, m³: its surface times the chord."""
    from geometry.readers.step_parts import chord

    diagonal = float(np.linalg.norm(np.ptp(part.vertices, axis=0)))
    return chord(diagonal) * part.area + 1e-6 * abs(part.volume)
