"""``assembly.glb``: the model with its clashes in colour, and its order as an animation that any glTF viewer plays."""

from typing import Any

import numpy as np

from geometry.design import DesignModel
from simulation.assembly.order_study import OrderStudy
from simulation.assembly.study import ClashStudy
from twin.rehearsal.assembly_json import matters
from twin.rehearsal.order_overlay import BLOCKED_COLOUR, IN_PLACE_COLOUR, order_document
from twin.report.glb_parts import Z_UP_TO_Y_UP, GlbBuffer, container, material
from twin.report.palette import rgb
from twin.report.words import clean

_PLAIN, _IN_PLACE, _CLASH, _BLOCKED = range(4)
_MATERIALS = (
    ("model", "#b4bcc6"),
    ("comes in", IN_PLACE_COLOUR),
    ("clash", "#cc79a7"),
    ("blocked", BLOCKED_COLOUR),
)
_APART = 1e-3
"""Seconds between two keys of a track: glTF wants rising times."""


def assembly_glb(design: DesignModel, study: ClashStudy, order: OrderStudy | None) -> bytes:
    """Return the model as GLB, a node per element named by its GlobalId.

    Elements that clash are coloured; with an order each part comes in along its way at its time, and what is blocked is
    coloured instead. The root's ``extras`` hold ``origin_m``, what must be added to get the design file's coordinates.
    """
    told: Any = {"tracks": [], "duration_s": 0.0} if order is None else order_document(order, "")
    tracks = {track["element"]: track["keys"] for track in told["tracks"]}
    colours = _colours(study, tracks)
    buffer, nodes, meshes = GlbBuffer(), list[dict[str, Any]](), list[dict[str, Any]]()
    channels, samplers = list[dict[str, Any]](), list[dict[str, Any]]()
    for key, element in design.elements.items():
        if not len(element.mesh.faces):
            continue
        middle = element.mesh.bounds().mean(axis=0)
        primitive = buffer.primitive(element.mesh, middle, colours.get(key, _PLAIN))
        node: dict[str, Any] = {"name": clean(key), "translation": middle.tolist(), "mesh": len(meshes)}
        node["extras"] = {"ifc_class": clean(element.ifc_class), "name": clean(element.name)}
        for path, (seconds, values, how) in _animated(tracks.get(key, ()), middle).items():
            samplers.append({"input": buffer.times(seconds), "output": buffer.vectors(values), "interpolation": how})
            channels.append({"sampler": len(samplers) - 1, "target": {"node": len(nodes) + 1, "path": path}})
        nodes.append(node)
        meshes.append({"primitives": [primitive]})
    root: dict[str, Any] = {"name": "qtems", "matrix": Z_UP_TO_Y_UP, "children": list(range(1, len(nodes) + 1))}
    root["extras"] = {"origin_m": design.origin.tolist(), "schema": "qtems.assembly/1"}
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "qtems"}, "scene": 0, "scenes": [{"nodes": [0]}],
        "nodes": [root, *nodes], "materials": [material(name, rgb(colour)) for name, colour in _MATERIALS],
        "meshes": meshes, "accessors": buffer.accessors, "bufferViews": buffer.views,
        "buffers": [{"byteLength": buffer.length}],
    }  # fmt: skip
    if channels:
        document["animations"] = [{"name": "order", "channels": channels, "samplers": samplers}]
    return container(document, b"".join(buffer.chunks))


def _colours(study: ClashStudy, tracks: dict[str, Any]) -> dict[str, int]:
    """Return the material of each element that is not as the others."""
    found = {key: _IN_PLACE for key in tracks}
    if not tracks:
        found = {key: _CLASH for clash in study.clashes if matters(clash) for key in (clash.first, clash.second)}
    blocked = {key for key, keys in tracks.items() if any(one.get("colour") == BLOCKED_COLOUR for one in keys)}
    return found | dict.fromkeys(blocked, _BLOCKED)


def _animated(keys: Any, middle: Any) -> dict[str, tuple[Any, Any, str]]:
    """Return the tracks of a node: where it is, and from when on it is there (a scale of 0 hides it)."""
    found = dict[str, tuple[Any, Any, str]]()
    moves = [(one["t"], one["move_m"]) for one in keys if "move_m" in one]
    if len(moves) > 1:
        seconds = np.array([when for when, _ in moves])
        seconds = np.maximum.accumulate(seconds + _APART * _repeats(seconds))
        found["translation"] = (seconds, middle + np.array([move for _, move in moves]), "LINEAR")
    shown = next((one["t"] for one in keys if one.get("visible")), 0.0)
    if shown > 0.0:
        found["scale"] = (np.array([0.0, shown]), np.array([[0.0] * 3, [1.0] * 3]), "STEP")
    return found


def _repeats(seconds: Any) -> Any:
    """Return for each time how many before it are the same."""
    new = np.concatenate([[True], np.diff(seconds) > _APART])
    places = np.arange(len(seconds))
    return places - np.maximum.accumulate(np.where(new, places, 0))
