"""``assembly.glb``: the model with its clashes in colour, and its order as an animation that any glTF viewer plays."""

from typing import Any

import numpy as np

from geometry.design import DesignModel, Mesh
from simulation.assembly.order_study import OrderStudy
from simulation.assembly.study import ClashStudy
from twin.rehearsal.assembly_json import matters
from twin.rehearsal.order_overlay import BLOCKED_COLOUR, IN_PLACE_COLOUR, order_document
from twin.report.glb_parts import Z_UP_TO_Y_UP, GlbBuffer, container, material
from twin.report.palette import rgb
from twin.report.words import clean

_PLAIN, _IN_PLACE, _CLASH, _BLOCKED, _ROOM = range(5)
_MATERIALS = (
    ("model", "#b4bcc6"),
    ("comes in", IN_PLACE_COLOUR),
    ("clash", "#cc79a7"),
    ("blocked", BLOCKED_COLOUR),
)
_ROOM_COLOUR, _SEEN_THROUGH = "#1b9e77", 0.3
_SIDES = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
"""Corners around each side of a space that has to be free, outward."""
_APART = 1e-3
"""Seconds between two keys of a track: glTF wants rising times."""


def assembly_glb(design: DesignModel, study: ClashStudy, order: OrderStudy | None) -> bytes:
    """Return the model as GLB, a node per element named by its GlobalId.

    Elements that clash are coloured; with an order each part comes in along its way at its time, and what is blocked is
    coloured instead. Space that has to be free and is not is a see-through box, a node ``free space: RULE: NAME`` whose
    ``extras`` say side, distance and what stands there. The root's ``extras`` hold ``origin_m``, what must be
    added to get the design file's coordinates.
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
    for node, room in _rooms(study, design):
        middle = room.vertices.mean(axis=0)
        nodes.append({**node, "translation": middle.tolist(), "mesh": len(meshes)})
        meshes.append({"primitives": [buffer.primitive(room, middle, _ROOM)]})
    root: dict[str, Any] = {"name": "qtems", "matrix": Z_UP_TO_Y_UP, "children": list(range(1, len(nodes) + 1))}
    root["extras"] = {"origin_m": design.origin.tolist(), "schema": "qtems.assembly/1"}
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "qtems"}, "scene": 0, "scenes": [{"nodes": [0]}],
        "nodes": [root, *nodes], "materials": [
            *(material(name, rgb(colour)) for name, colour in _MATERIALS),
            material("free space", rgb(_ROOM_COLOUR), _SEEN_THROUGH),
        ],
        "meshes": meshes, "accessors": buffer.accessors, "bufferViews": buffer.views,
        "buffers": [{"byteLength": buffer.length}],
    }  # fmt: skip
    if channels:
        document["animations"] = [{"name": "order", "channels": channels, "samplers": samplers}]
    return container(document, b"".join(buffer.chunks))


def _rooms(study: ClashStudy, design: DesignModel) -> list[tuple[dict[str, Any], Mesh]]:
    """Return each space in which something stands that matters, once: what its node says, and its box."""
    found = dict[tuple[str, str, str], tuple[dict[str, Any], Mesh]]()
    for clash in study.clashes:
        said = clash.intrusion
        if said is None or not matters(clash):
            continue
        key, owner = (said.rule, said.towards, clash.first), design.elements[clash.first]
        if key not in found:
            faces = _SIDES[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3).astype(np.int32)
            told = {"rule": clean(said.rule), "towards": said.towards, "distance_mm": round(1e3 * said.distance, 3)}
            extras: dict[str, Any] = {**told, "element": clean(clash.first), "blocked_by": []}
            name = f"free space: {clean(said.rule)}: {clean(owner.name or clash.first)}"
            found[key] = ({"name": name, "extras": extras}, Mesh(said.corners, faces))
        one = {"element": clean(clash.second), "name": clean(design.elements[clash.second].name)}
        found[key][0]["extras"]["blocked_by"].append({**one, "free_mm": round(1e3 * said.free, 3)})
    return list(found.values())


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
