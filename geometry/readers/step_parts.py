# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false, reportMissingModuleSource=false
"""The placed parts of a STEP file, by Open CASCADE (OCP): names, places, units, colours and triangles."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, fields
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from geometry.arrays import FloatArray, Int32Array, IntArray
from geometry.errors import ReadError
from geometry.forked import die_with_the_first
from geometry.readers.frames import read_frame, write_frame
from geometry.readers.worker_process import limit_memory, memory_share, worker_program

ENTRY = "from geometry.readers.step_parts import main; main()"
LIMIT_S, _LIMIT_BYTES = 300.0, 50_000_000
_ANGLE = 0.2
"""Radians between neighbouring facets of a curved face, at most."""
_MOST_PARTS = 200_000
_METRES = {
    "millimetre": 1e-3,
    "metre": 1.0,
    "inch": 0.0254,
    "foot": 0.3048,
    "centimetre": 1e-2,
    "micrometre": 1e-6,
    "mm": 1e-3,
}
_MM = 1e-3
_GENERIC = re.compile(r"|SOLID|COMPOUND|SHELL|Open CASCADE.*|=>.*", re.IGNORECASE)
"""What exporters call pieces of a part that have no name of their own: they are called as the part is."""


@dataclass(frozen=True, slots=True, eq=False)
class StepPart:
    """One placed part."""

    way: tuple[str, ...]
    """Names from the top assembly down to the part."""
    product: str
    """The name of what is placed."""
    vertices: FloatArray
    """(v, 3) metres, in the file's axes."""
    faces: Int32Array
    """(f, 3)."""
    colour: str
    """``#rrggbb``; empty where none is said."""
    solid: bool
    """Whether it bounds a volume."""
    volume: float
    """Exact, of its surfaces, m³."""
    area: float
    """Exact, m²."""
    bare: int
    """Faces of which no triangles could be made."""


def main() -> None:
    """Serve one order: the path of a file on standard input, frames of its parts on what was standard output."""
    die_with_the_first()
    with os.fdopen(os.dup(1), "wb") as channel:
        os.dup2(2, 1)  # the kernel prints there on its own
        order = json.loads(sys.stdin.readline())
        limit_memory(order.get("memory_bytes"))
        try:
            content = _content_of(Path(order["path"]))
        except ReadError as error:
            write_frame(channel, {"kind": "unreadable", "reason": str(error)})
            return
        for part in content.parts:
            told = {field.name: getattr(part, field.name) for field in fields(part)}
            arrays = told.pop("vertices"), told.pop("faces")
            write_frame(channel, {"kind": "part", **told}, *arrays)
        ends = {"unit": content.unit, "unit_m": content.unit_m, "outside": content.outside}
        write_frame(channel, {"kind": "end", **ends, "drawn_only": content.drawn_only})


@dataclass(frozen=True, slots=True, eq=False)
class StepContent:
    """What a STEP file holds."""

    parts: tuple[StepPart, ...]
    unit: str
    unit_m: float
    outside: tuple[str, ...]
    """Other files that it refers to."""
    drawn_only: int
    """Shapes of curves and points alone: they are left out."""


def chord(diagonal: float) -> float:
    """Return by how much triangles may be off a curved face, metres, in a part of this diagonal.

    Examples
    --------
    >>> chord(0.05), chord(1.0)
    (2e-05, 0.0002)
    """
    return max(2e-5, 2e-4 * diagonal)


def read_parts(path: Path, *, entry: str = ENTRY, limit_s: float = LIMIT_S) -> StepContent:
    """Return the parts of a STEP file, read in a process of its own: the kernel crashes on some damaged files.

    Parameters
    ----------
    path
        The file.
    entry
        The worker's program; tests put one there that crashes on purpose.
    limit_s
        Seconds that it may take, and as much again for each 50 MB.

    Raises
    ------
    ReadError
        The file cannot be understood, or the kernel dies on it.
    """
    limit = limit_s * (1.0 + path.stat().st_size / _LIMIT_BYTES)
    order = json.dumps({"path": str(path), "memory_bytes": memory_share(1)}) + "\n"
    command = [sys.executable, "-c", worker_program(entry)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            answer = process.communicate(order.encode(), timeout=limit)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            raise ReadError(f"{path}: reading it took more than {limit:.0f} s; give it in pieces") from None
        finally:
            process.kill()
    return _answered(path, BytesIO(answer))


def _answered(path: Path, stream: BytesIO) -> StepContent:
    parts = list[StepPart]()
    while (frame := read_frame(stream)) is not None:
        header, arrays = frame
        kind = header.pop("kind")
        if kind == "unreadable":
            raise ReadError(header["reason"])
        if kind == "end":
            header["outside"] = tuple(header["outside"])
            return StepContent(parts=tuple(parts), **header)
        header["way"] = tuple(header["way"])
        parts.append(StepPart(vertices=arrays[0], faces=arrays[1], **header))
    raise ReadError(f"{path}: the STEP file cannot be understood (its geometry crashes the kernel); export it again")


def _content_of(path: Path) -> StepContent:
    """Return the parts of a STEP file.

    Raises
    ------
    ReadError
        It cannot be understood.
    """
    from OCP.STEPCAFControl import STEPCAFControl_Reader
    from OCP.TCollection import TCollection_ExtendedString
    from OCP.TDocStd import TDocStd_Document

    _quiet()
    reader: Any = STEPCAFControl_Reader()
    reader.SetNameMode(True)
    reader.SetColorMode(True)
    document: Any = TDocStd_Document(TCollection_ExtendedString("qtems"))
    try:
        status = reader.ReadFile(str(path))
        understood = status.name == "IFSelect_RetDone" and reader.Transfer(document)
        if not understood:
            raise ReadError(f"{path}: the STEP file cannot be understood; export it again")
        unit = _unit(reader)
        walk = _Walk(document, path)
        parts = walk.parts()
        return StepContent(tuple(parts), *unit, _outside(path), walk.drawn_only)
    except (RuntimeError, ValueError) as error:  # what OCP raises of whatever its kernel stumbles over
        said = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ReadError(f"{path}: the STEP file cannot be understood ({said}); export it again") from None


class _Walk:
    """A way through the assembly, part by part in the file's order."""

    def __init__(self, document: Any, path: Path) -> None:
        from OCP.XCAFDoc import XCAFDoc_DocumentTool

        self._path = path
        self._shapes: Any = XCAFDoc_DocumentTool.ShapeTool_s(document.Main())
        self._colours: Any = XCAFDoc_DocumentTool.ColorTool_s(document.Main())
        self.drawn_only = 0
        """Shapes of curves and points alone, which are no parts."""
        self._meshed: dict[str, tuple[FloatArray, Int32Array, int, tuple[bool, float, float]]] = {}

    def parts(self) -> list[StepPart]:
        found = list[StepPart]()
        for label in _children(self._shapes.Label()):
            if self._shapes.IsShape_s(label) and self._shapes.IsFree_s(label):
                self._descend(label, (_name(label),), self._shapes.GetLocation_s(label), "", found)
        return found

    def _descend(self, label: Any, way: tuple[str, ...], place: Any, colour: str, found: list[StepPart]) -> None:
        if len(found) > _MOST_PARTS or len(way) > 200:
            raise ReadError(f"{self._path}: more than {_MOST_PARTS} parts, or nested too deeply; give it in pieces")
        colour = self._colour(label) or colour
        if self._shapes.IsAssembly_s(label):
            for child in _children(label):
                if self._shapes.IsComponent_s(child):
                    self._placed(child, way, place, colour, found)
            return
        part = self._part(label, way, place, colour)
        if part is None:
            self.drawn_only += 1
        else:
            found.append(part)

    def _placed(self, child: Any, way: tuple[str, ...], place: Any, colour: str, found: list[StepPart]) -> None:
        from OCP.TDF import TDF_Label

        target: Any = TDF_Label()
        self._shapes.GetReferredShape_s(child, target)
        there = place.Multiplied(self._shapes.GetLocation_s(child))
        own = self._colour(child) or colour
        name = _name(target) or _name(child)
        further = way if _GENERIC.fullmatch(name) and way else (*way, name)
        self._descend(target, further, there, own, found)

    def _part(self, label: Any, way: tuple[str, ...], place: Any, colour: str) -> StepPart | None:
        shape: Any = self._shapes.GetShape_s(label)
        if not shape.IsNull() and _has(shape, "VERTEX") and not _has(shape, "FACE"):
            return None
        key = _entry(label)
        if key not in self._meshed:
            self._meshed[key] = (*_triangles(shape), _exact(shape))
        vertices, faces, bare, (solid, volume, area) = self._meshed[key]
        matrix = _matrix(place)
        moved = (vertices @ matrix[:, :3].T + matrix[:, 3]) * _MM
        flipped = faces[:, ::-1] if np.linalg.det(matrix[:, :3]) < 0.0 else faces
        name = way[-1] or "part"
        return StepPart(
            (*way[:-1], name), name, moved, np.ascontiguousarray(flipped, dtype=np.int32), colour, solid,
            volume * _MM**3, area * _MM**2, bare,
        )  # fmt: skip

    def _colour(self, label: Any) -> str:
        """Return the colour of a label as ``#rrggbb``; empty where it has none."""
        from OCP.Quantity import Quantity_Color
        from OCP.XCAFDoc import XCAFDoc_ColorType

        colour: Any = Quantity_Color()
        for kind in (XCAFDoc_ColorType.XCAFDoc_ColorSurf, XCAFDoc_ColorType.XCAFDoc_ColorGen):
            if self._colours.GetColor_s(label, kind, colour):
                kinds = (colour.Red(), colour.Green(), colour.Blue())
                linear = np.clip(np.array(kinds), 0.0, 1.0)
                srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
                return "#" + "".join(f"{round(255 * float(value)):02x}" for value in srgb)
        return ""


def _has(shape: Any, kind: str) -> bool:
    """Return whether a shape has a ``FACE``, a ``VERTEX``, a ``SOLID``."""
    from OCP.TopAbs import TopAbs_ShapeEnum
    from OCP.TopExp import TopExp_Explorer

    return bool(TopExp_Explorer(shape, getattr(TopAbs_ShapeEnum, f"TopAbs_{kind}")).More())


def _children(label: Any) -> list[Any]:
    from OCP.TDF import TDF_ChildIterator

    iterator, found = TDF_ChildIterator(label, False), list[Any]()
    while iterator.More():
        found.append(iterator.Value())
        iterator.Next()
    return found


def _entry(label: Any) -> str:
    from OCP.TCollection import TCollection_AsciiString
    from OCP.TDF import TDF_Tool

    text: Any = TCollection_AsciiString()
    TDF_Tool.Entry_s(label, text)
    return str(text.ToCString())


def _name(label: Any) -> str:
    from OCP.TDataStd import TDataStd_Name

    name: Any = TDataStd_Name()
    return str(name.Get().ToExtString()).strip() if label.FindAttribute(TDataStd_Name.GetID_s(), name) else ""


def _matrix(place: Any) -> FloatArray:
    move: Any = place.Transformation()
    return np.array([[move.Value(i, j) for j in range(1, 5)] for i in range(1, 4)], dtype=np.float64)


def _triangles(shape: Any) -> tuple[FloatArray, Int32Array, int]:
    """Return vertices (v, 3) mm and faces (f, 3) of a shape, and how many of its faces have none."""
    from OCP.BRep import BRep_Tool
    from OCP.BRepMesh import BRepMesh_IncrementalMesh
    from OCP.TopAbs import TopAbs_Orientation, TopAbs_ShapeEnum
    from OCP.TopExp import TopExp_Explorer
    from OCP.TopLoc import TopLoc_Location

    if shape.IsNull():
        return np.empty((0, 3)), np.empty((0, 3), dtype=np.int32), 0
    BRepMesh_IncrementalMesh(shape, chord(_diagonal(shape) * _MM) / _MM, False, _ANGLE, False)
    corners, triangles, bare, before = list[FloatArray](), list[IntArray](), 0, 0
    explorer: Any = TopExp_Explorer(shape, TopAbs_ShapeEnum.TopAbs_FACE)
    while explorer.More():
        face: Any = _face(explorer.Current())
        place: Any = TopLoc_Location()
        mesh: Any = BRep_Tool.Triangulation_s(face, place)
        explorer.Next()
        if mesh is None:
            bare += 1
            continue
        matrix = _matrix(place)
        nodes = np.array([_xyz(mesh.Node(k)) for k in range(1, mesh.NbNodes() + 1)], dtype=np.float64)
        some = np.array([mesh.Triangle(k).Get() for k in range(1, mesh.NbTriangles() + 1)], dtype=np.int64) - 1
        if face.Orientation() == TopAbs_Orientation.TopAbs_REVERSED:
            some = some[:, ::-1]
        corners.append(nodes @ matrix[:, :3].T + matrix[:, 3])
        triangles.append(some + before)
        before += len(nodes)
    if not corners:
        return np.empty((0, 3)), np.empty((0, 3), dtype=np.int32), bare
    return np.concatenate(corners), np.concatenate(triangles).astype(np.int32), bare


def _xyz(point: Any) -> tuple[float, float, float]:
    return point.X(), point.Y(), point.Z()


def _diagonal(shape: Any) -> float:
    """Return the diagonal of a shape's box, mm."""
    from OCP.Bnd import Bnd_Box
    from OCP.BRepBndLib import BRepBndLib

    box: Any = Bnd_Box()
    BRepBndLib.AddOptimal_s(shape, box, False, False)
    return 0.0 if box.IsVoid() else float(np.sqrt(box.SquareExtent()))


def _exact(shape: Any) -> tuple[bool, float, float]:
    """Return whether a shape has solids, their volume, mm³, and the area of its surfaces, mm²."""
    from OCP.BRepGProp import BRepGProp
    from OCP.GProp import GProp_GProps

    inside, outside = GProp_GProps(), GProp_GProps()
    if shape.IsNull():
        return False, 0.0, 0.0
    solid = _has(shape, "SOLID")
    BRepGProp.SurfaceProperties_s(shape, outside)
    if solid:
        BRepGProp.VolumeProperties_s(shape, inside)
    return solid, abs(float(inside.Mass())) if solid else 0.0, float(outside.Mass())


def _unit(reader: Any) -> tuple[str, float]:
    """Return the file's length unit and its metres; of one that is not known, or none, those of the millimetre."""
    try:
        from OCP.collections import Sequence_TCollection_AsciiString as Names
    except ImportError:  # releases before 8 call it so
        from OCP.TColStd import TColStd_SequenceOfAsciiString as Names
    lengths: Any = Names()
    reader.Reader().FileUnits(lengths, Names(), Names())
    name = str(lengths.Value(1).ToCString()).strip().lower() if lengths.Length() else "millimetre"
    return name, _METRES.get(name, _MM)


def _outside(path: Path) -> tuple[str, ...]:
    """Return the files that a STEP file takes parts from."""
    found = re.findall(rb"DOCUMENT_FILE\s*\(\s*'([^']+)'", path.read_bytes())
    return tuple(sorted({name.decode("utf-8", "replace") for name in found}))


def _quiet() -> None:
    """Let Open CASCADE print nothing: what is wrong is said in one line."""
    from OCP.Message import Message

    for printer in list(Message.DefaultMessenger_s().Printers()):
        Message.DefaultMessenger_s().RemovePrinter(printer)


def _face(shape: Any) -> Any:
    """Return a shape that is a face as one, whatever the release calls the cast."""
    from OCP.TopoDS import TopoDS

    cast: Any = getattr(TopoDS, "Face_s", None) or TopoDS.Face
    return cast(shape)
