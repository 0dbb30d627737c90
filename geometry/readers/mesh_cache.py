"""Designs that were read before: one file per source file and way of reading it, in the user's cache folder.

A cached design equals a fresh one bit by bit. A cache file that is damaged, cut short or from another version is
treated as not there. Nothing in it is executed: arrays and JSON only.
"""

import contextlib
import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from geometry.design import DesignModel, Element, MapConversion, Mesh, Opening, OrientedBox
from geometry.note import restored, stored
from geometry.schedule import task_from_json, task_to_json
from geometry.source import SourceFile

SCHEMA_VERSION = 6
"""Raise it whenever the same file would be read differently."""


def default_cache_dir() -> Path:
    """Return the folder for cached designs: ``$XDG_CACHE_HOME/qtems``, else ``~/.cache/qtems``."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base else Path.home() / ".cache") / "qtems"


def cache_path(folder: Path, sha256: str, recipe: Mapping[str, object]) -> Path:
    """Return where the design of a file, read by a recipe (settings, versions), is kept."""
    said = json.dumps({"schema": SCHEMA_VERSION, "file": sha256, **recipe}, sort_keys=True)
    return folder / f"{hashlib.sha256(said.encode()).hexdigest()[:40]}.design.npz"


def load_design(path: Path, source_path: str) -> DesignModel | None:
    """Return the design in a cache file, or None where there is none to be trusted."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return _design(arrays, json.loads(arrays["text"].tobytes()), source_path)
    except (OSError, ValueError, KeyError, TypeError, EOFError, IndexError, zipfile.BadZipFile, MemoryError):
        return None


def store_design(path: Path, model: DesignModel) -> None:
    """Write a design beside its final name and move it there; a folder that cannot be written is passed over."""
    elements = [*model.elements.values(), *model.without_geometry.values()]
    meshes = [element.mesh for element in elements]
    text = {
        "elements": [_said(element) for element in elements],
        "with_geometry": len(model.elements),
        "source": asdict(model.source),
        "length_unit_m": model.length_unit_m,
        "storeys": list(model.storeys.items()),
        "map_conversion": None if model.map_conversion is None else asdict(model.map_conversion),
        "notes": [stored(note) for note in model.notes],
        "tasks": [task_to_json(task) for task in model.tasks],
    }
    buffer = io.BytesIO()
    np.savez(
        buffer,
        text=np.frombuffer(json.dumps(text, ensure_ascii=False).encode(), np.uint8),
        origin=model.origin,
        vertices=_stacked((mesh.vertices for mesh in meshes), np.float64),
        faces=_stacked((mesh.faces for mesh in meshes), np.int32),
        vertex_ends=np.cumsum([len(mesh.vertices) for mesh in meshes], dtype=np.int64),
        face_ends=np.cumsum([len(mesh.faces) for mesh in meshes], dtype=np.int64),
    )
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(buffer.getbuffer())
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)


def _said(element: Element) -> dict[str, Any]:
    return {
        "global_id": element.global_id,
        "ifc_class": element.ifc_class,
        "name": element.name,
        "storey": element.storey,
        "type_name": element.type_name,
        "predefined_type": element.predefined_type,
        "materials": element.materials,
        "properties": element.properties,
        "quantities": element.quantities,
        "openings": element.openings,
        "voids": [_said_of(opening) for opening in element.voids],
        "suspect": stored(element.suspect),
        "sheet": element.sheet,
    }


def _said_of(opening: Opening) -> list[Any]:
    box = opening.box
    numbers = None if box is None else [box.centre.tolist(), box.axes.tolist(), box.size.tolist()]
    return [opening.global_id, opening.name, opening.filled_by, numbers]


def _opening(global_id: str, name: str, filled_by: list[str], numbers: list[Any] | None) -> Opening:
    box = None if numbers is None else OrientedBox(*(np.array(part, np.float64) for part in numbers))
    return Opening(global_id, name, tuple(filled_by), box)


def _stacked(parts: Iterable[np.ndarray[Any, Any]], dtype: type[np.generic]) -> np.ndarray[Any, Any]:
    return np.concatenate([np.empty((0, 3), dtype), *parts]).astype(dtype, copy=False)


def _design(arrays: Mapping[str, np.ndarray[Any, Any]], text: dict[str, Any], source_path: str) -> DesignModel:
    ends = (arrays["vertex_ends"].tolist(), arrays["face_ends"].tolist())
    if not len(ends[0]) == len(ends[1]) == len(text["elements"]):
        raise ValueError("counts differ")
    elements: list[Element] = []
    for said, vertex_start, vertex_end, face_start, face_end in zip(
        text["elements"], [0, *ends[0]], ends[0], [0, *ends[1]], ends[1], strict=False
    ):
        mesh = Mesh(arrays["vertices"][vertex_start:vertex_end], arrays["faces"][face_start:face_end])
        tuples = {name: tuple(said.pop(name)) for name in ("materials", "openings")}
        said["suspect"] = restored(said["suspect"])
        said["voids"] = tuple(_opening(*told) for told in said["voids"])
        elements.append(Element(mesh=mesh, **tuples, **said))
    conversion, count = text["map_conversion"], text["with_geometry"]
    return DesignModel(
        elements={element.global_id: element for element in elements[:count]},
        origin=arrays["origin"],
        source=SourceFile(**{**text["source"], "path": source_path}),
        length_unit_m=text["length_unit_m"],
        storeys=dict(text["storeys"]),
        map_conversion=None if conversion is None else MapConversion(**conversion),
        notes=tuple(map(restored, text["notes"])),
        without_geometry={element.global_id: element for element in elements[count:]},
        tasks=tuple(map(task_from_json, text["tasks"])),
    )
