"""The model for the viewer: batched GLB with a feature id per vertex, and what the ids mean as columns in JSON.

A part is one GLB of at most two meshes, opaque and clear, whatever the number of its elements; colour, ghost and hide
are the viewer's, by feature id. No normals are stored: faces are flat.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import FloatArray, IntArray
from geometry.design import DesignModel, Element, Mesh
from twin.report.words import clean
from twin.result import ElementResult
from twin.scene.edges import crease_edges
from twin.scene.gltf import (
    LARGEST_STEP,
    LINES,
    TRIANGLES,
    GlbWriter,
    compact_json,
    feature_extension,
    feature_ids,
    up_matrix,
)
from twin.scene.layout import Part, SceneLayout, is_clear

FINEST_EXPONENT = -14
"""Positions are rounded to 2^-14 m = 0.06 mm, far below any tolerance; coarser where a part reaches beyond 512 m."""
_MATERIALS = (
    {"name": "opaque", "doubleSided": True, "pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 0.9}},
    {
        "name": "clear",
        "doubleSided": True,
        "alphaMode": "BLEND",
        "pbrMetallicRoughness": {
            "baseColorFactor": [0.7, 0.85, 0.95, 0.35],
            "metallicFactor": 0.0,
            "roughnessFactor": 0.9,
        },
    },
)


@dataclass(frozen=True, slots=True)
class SceneFile:
    """A file of the scene: its name in the scene's folder and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Positions (v, 3) in steps of 2^exponent metres, feature id (v,) and vertex numbers, ready to be written."""

    steps: IntArray
    exponent: int
    ids: IntArray
    indices: NDArray[np.uint32]


def model_files(design: DesignModel, layout: SceneLayout) -> Iterator[SceneFile]:
    """Yield the GLB of each part, one at a time, then ``model.json``, which lists them with their boxes and sizes."""
    listed: list[dict[str, Any]] = []
    for part in layout.parts:
        opaque, clear = _by_material(design, layout, part)
        exponent = _exponent(design, layout, part)
        batches = {0: _faces(design, layout, opaque, exponent), 1: _faces(design, layout, clear, exponent)}
        file = SceneFile(f"{part.name}.glb", _glb(layout, batches, TRIANGLES))
        listed.append(_described(part, file, batches))
        yield file
    yield SceneFile("model.json", _index(design, layout, listed, "qtems.scene.model/1"))


def edge_files(design: DesignModel, layout: SceneLayout) -> Iterator[SceneFile]:
    """Yield the crease edges of each part as GLB lines with the same feature ids, then ``edges.json``."""
    listed: list[dict[str, Any]] = []
    for part in layout.parts:
        batches = {0: _creases(design, layout, part.elements, _exponent(design, layout, part))}
        file = SceneFile(f"{part.name}.edges.glb", _glb(layout, batches, LINES))
        listed.append(_described(part, file, batches))
        yield file
    yield SceneFile("edges.json", _index(design, layout, listed, "qtems.scene.edges/1"))


def elements_file(
    design: DesignModel, layout: SceneLayout, results: Mapping[str, ElementResult] | None = None
) -> SceneFile:
    """Return ``elements.json``: what each feature id is, as one column per property.

    A text that repeats is a column ``{"values": [...], "index": [...]}``; materials stand one a line. ``box_mm`` holds
    six columns of whole millimetres relative to ``origin_m``, rounded outwards; null for an element without a shape.
    ``part`` is the place in ``model.json``, -1 for none; ``clear`` lists the ids in the clear mesh. Within a part and a
    mesh the triangles of an element lie together, ``triangles`` of them, in the order of the ids. With ``results`` (by
    GlobalId) there are ``verdict`` and ``state`` as well, null where an element has none.
    """
    elements = [design.elements.get(id_) or design.without_geometry[id_] for id_ in layout.global_ids]
    part_of = {i: place for place, part in enumerate(layout.parts) for i in part.elements}
    document: dict[str, Any] = {
        "schema": "qtems.scene.elements/1",
        "count": len(elements),
        "origin_m": layout.origin.tolist(),
        "global_id": list(layout.global_ids),
        "name": [clean(element.name) for element in elements],
        "ifc_class": _dictionary([clean(element.ifc_class) for element in elements]),
        "type_name": _dictionary([clean(element.type_name) for element in elements]),
        "storey": _dictionary([clean(element.storey) for element in elements]),
        "materials": _dictionary(["\n".join(clean(one) for one in element.materials) for element in elements]),
        "part": [part_of.get(i, -1) for i in range(len(elements))],
        "triangles": [len(element.mesh.faces) for element in elements],
        "clear": [i for i, element in enumerate(elements) if i in part_of and is_clear(element)],
        "box_mm": _boxes(elements, design.origin - layout.origin),
    }
    if results is not None:
        found = [results.get(id_) for id_ in layout.global_ids]
        document["verdict"] = _dictionary([None if one is None else one.verdict.value for one in found])
        document["state"] = _dictionary([None if one is None else one.state.value for one in found])
    return SceneFile("elements.json", compact_json(document))


def _by_material(design: DesignModel, layout: SceneLayout, part: Part) -> tuple[list[int], list[int]]:
    opaque: list[int] = []
    clear: list[int] = []
    for i in part.elements:
        (clear if is_clear(design.elements[layout.global_ids[i]]) else opaque).append(i)
    return opaque, clear


def _exponent(design: DesignModel, layout: SceneLayout, part: Part) -> int:
    """Return the finest step whose 24 bits reach every corner of a part."""
    boxes = np.array([design.elements[layout.global_ids[i]].mesh.bounds() for i in part.elements])
    reach = float(np.abs(boxes + (design.origin - layout.origin)).max())
    # half a step of rounding must still fit
    return max(FINEST_EXPONENT, math.ceil(math.log2(max(reach, 1.0) / (LARGEST_STEP - 1))))


def _steps(mesh: Mesh, shift: FloatArray, exponent: int) -> IntArray:
    return np.rint((mesh.vertices + shift) * 2.0**-exponent).astype(np.int64)


def _faces(design: DesignModel, layout: SceneLayout, chosen: Sequence[int], exponent: int) -> _Batch | None:
    shift = design.origin - layout.origin
    meshes = [design.elements[layout.global_ids[i]].mesh for i in chosen]
    pieces = [(_steps(mesh, shift, exponent), mesh.faces) for mesh in meshes]
    return _joined(chosen, pieces, exponent)


def _creases(design: DesignModel, layout: SceneLayout, chosen: Sequence[int], exponent: int) -> _Batch | None:
    shift = design.origin - layout.origin
    meshes = [design.elements[layout.global_ids[i]].mesh for i in chosen]
    pieces = [crease_edges(_steps(mesh, shift, exponent), mesh.faces) for mesh in meshes]
    return _joined(chosen, pieces, exponent)


def _joined(
    chosen: Sequence[int], pieces: Sequence[tuple[IntArray, NDArray[np.integer[Any]]]], exponent: int
) -> _Batch | None:
    """Put the corners and the faces or edges of several elements one after the other."""
    sizes = [len(steps) for steps, _ in pieces]
    if sum(sizes) == 0:
        return None
    starts = np.cumsum([0, *sizes[:-1]])
    indices = [(ends + start).astype(np.uint32).reshape(-1) for (_, ends), start in zip(pieces, starts, strict=True)]
    ids = np.repeat(np.asarray(chosen, np.int64), sizes)
    return _Batch(np.concatenate([steps for steps, _ in pieces]), exponent, ids, np.concatenate(indices))


def _glb(layout: SceneLayout, batches: Mapping[int, _Batch | None], mode: int) -> bytes:
    writer = GlbWriter()
    count = len(layout.global_ids)
    primitives: list[dict[str, Any]] = []
    for material, batch in batches.items():
        if batch is not None:
            position = writer.grid_positions(batch.steps, batch.exponent)
            feature = writer.attribute(feature_ids(batch.ids, count))
            primitives.append(
                {
                    "attributes": {"POSITION": position, "_FEATURE_ID_0": feature},
                    "indices": writer.indices(batch.indices),
                    "material": material,
                    "mode": mode,
                    **feature_extension(0, count, len(np.unique(batch.ids))),
                }
            )
    root: dict[str, Any] = {
        "name": "qtems",
        "matrix": up_matrix(),
        "extras": {"origin_m": layout.origin.tolist(), "elements": "elements.json"},
    }
    document: dict[str, Any] = {"nodes": [root], "materials": list(_MATERIALS)}
    if primitives:
        root["mesh"] = 0
        document["meshes"] = [{"primitives": primitives}]
    return writer.glb(document)


def _described(part: Part, file: SceneFile, batches: Mapping[int, _Batch | None]) -> dict[str, Any]:
    points = [batch.steps * 2.0**batch.exponent for batch in batches.values() if batch is not None]
    described: dict[str, Any] = {
        "uri": file.name,
        "storey": None if part.storey is None else clean(part.storey),
        "elements": len(part.elements),
        "triangles": part.triangles,
        "bytes": len(file.content),
    }
    if points:
        low = np.min([array.min(axis=0) for array in points], axis=0)
        high = np.max([array.max(axis=0) for array in points], axis=0)
        described["box_m"] = [*np.floor(low * 1e3) / 1e3, *np.ceil(high * 1e3) / 1e3]
    return described


def _index(design: DesignModel, layout: SceneLayout, listed: list[dict[str, Any]], schema: str) -> bytes:
    named = sorted(design.storeys.items(), key=lambda item: (item[1], item[0]))
    storeys = [{"name": clean(name), "elevation_m": round(elevation, 6) + 0.0} for name, elevation in named]
    return compact_json(
        {
            "schema": schema,
            "origin_m": layout.origin.tolist(),
            "count": len(layout.global_ids),
            "elements": "elements.json",
            "storeys": storeys,
            "parts": listed,
        }
    )


def _dictionary(column: Sequence[str | None]) -> dict[str, Any]:
    places: dict[str | None, int] = {}
    index = [places.setdefault(text, len(places)) for text in column]
    return {"values": list(places), "index": index}


def _boxes(elements: Sequence[Element], shift: FloatArray) -> dict[str, list[int | None]]:
    names = ("min_x", "min_y", "min_z", "max_x", "max_y", "max_z")
    columns: dict[str, list[int | None]] = {name: [] for name in names}
    for element in elements:
        if not len(element.mesh.faces):
            values: list[int | None] = [None] * 6
        else:
            low, high = (element.mesh.bounds() + shift) * 1000.0
            # a micrometre of slack: 3000.0000001 mm is 3000
            outwards = np.concatenate([np.floor(low + 1e-3), np.ceil(high - 1e-3)])
            values = [int(value) for value in outwards]
        for name, value in zip(names, values, strict=True):
            columns[name].append(value)
    return columns
