"""Small buildings made of boxes, and a scanner that sees them: known truth for registration."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import DesignModel, Element, Mesh
from geometry.pose import Pose
from geometry.scan import Scan, Station
from geometry.source import SourceFile
from geometry.triangle_tree import build_tree, cast

SOURCE = SourceFile("made-up", "0" * 64, "TEST")
BOX_FACES = np.array(
    [[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7], [0, 1, 5], [0, 5, 4],
     [1, 2, 6], [1, 6, 5], [2, 3, 7], [2, 7, 6], [3, 0, 4], [3, 4, 7]], np.int32,
)  # fmt: skip
Box = tuple[float, float, float, float, float, float]
"""Lower corner x y z and upper corner x y z, metres."""


def box_mesh(box: Box) -> Mesh:
    """Return a closed box, faces counter-clockwise outside."""
    x0, y0, z0, x1, y1, z1 = box
    low = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    corners = [(x, y, z0) for x, y in low] + [(x, y, z1) for x, y in low]
    return Mesh(np.array(corners, np.float64), BOX_FACES)


def model_of(meshes: Sequence[Mesh]) -> DesignModel:
    """Return a design with one element per mesh."""
    elements = {f"e{i:03d}": Element(f"e{i:03d}", "IfcWall", f"part {i}", "", m) for i, m in enumerate(meshes)}
    return DesignModel(elements, np.zeros(3), SOURCE, 1.0)


def room(x: float, y: float, width: float, depth: float, *, z: float = 0.0, height: float = 3.0) -> list[Box]:
    """Return floor, ceiling and four walls of a room whose inside starts at (x, y, z)."""
    t, w, d, top = 0.2, x + width, y + depth, z + height
    return [
        (x - t, y - t, z - t, w + t, d + t, z),
        (x - t, y - t, top, w + t, d + t, top + t),
        (x - t, y - t, z, x, d + t, top),
        (w, y - t, z, w + t, d + t, top),
        (x, y - t, z, w, y, top),
        (x, d, z, w, d + t, top),
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Scanned:
    """A scan in a frame of its own, and the pose that brings it back."""

    scan: Scan
    T_design_scan: Pose


def scan_of(
    built: DesignModel,
    stations: Sequence[tuple[float, float, float]],
    *,
    seed: int = 0,
    rays: int = 6_000,
    noise: float = 0.002,
    reach: float = 60.0,
    yaw: float | None = None,
    shift: Sequence[float] | None = None,
    poses_known: bool = True,
) -> Scanned:
    """Return what stations (in the design's frame) see of what was built, expressed in a turned and shifted frame."""
    rng = np.random.default_rng(seed)
    tree = build_tree(np.concatenate([e.mesh.triangles() for e in built.elements.values()]))
    k = np.arange(rays)
    z = 1 - 2 * (k + 0.5) / rays
    angle = k * np.pi * (3 - np.sqrt(5))
    directions = np.stack([np.sqrt(1 - z**2) * np.cos(angle), np.sqrt(1 - z**2) * np.sin(angle), z], axis=1)
    points: list[FloatArray] = []
    index: list[int] = []
    for number, station in enumerate(stations):
        hits = cast(tree, np.array(station), directions, reach)
        seen = hits.triangle >= 0
        distance = hits.range[seen] + rng.normal(0, noise, seen.sum())
        points.append(np.array(station) + distance[:, None] * directions[seen])
        index += [number] * int(seen.sum())
    turn = rng.uniform(-np.pi, np.pi) if yaw is None else yaw
    T_scan_design = Pose.from_yaw(turn, rng.uniform(-500, 500, 3) if shift is None else shift)
    places = T_scan_design.apply(np.array(stations, np.float64))
    origin = places[0]
    known = tuple(Station(f"s{i}", p - origin if poses_known else None) for i, p in enumerate(places))
    scan = Scan(
        T_scan_design.apply(np.concatenate(points)) - origin, np.array(index, np.int32), known, origin, (SOURCE,)
    )
    return Scanned(scan, T_scan_design.inverse() @ Pose.from_parts(np.eye(3), origin))


def shifted(model: DesignModel, moves: dict[int, tuple[float, float, float]]) -> DesignModel:
    """Return the model with some elements (by number) moved by metres."""
    meshes = [e.mesh for e in model.elements.values()]
    for i, move in moves.items():
        meshes[i] = Mesh(meshes[i].vertices + np.array(move), meshes[i].faces)
    return model_of(meshes)


def of_boxes(boxes: Sequence[Box]) -> DesignModel:
    """Return a design with one element per box."""
    return model_of([box_mesh(b) for b in boxes])


def house() -> DesignModel:
    """Return two unequal rooms with a column, a beam and a counter: nothing about it is symmetric."""
    boxes = room(0, 0, 6, 4) + room(6.2, 0, 3.5, 5.5)
    boxes += [(1.2, 2.6, 0, 1.6, 3.0, 3.0), (0, 1.0, 2.6, 6, 1.3, 3.0), (7.6, 3.9, 0, 9.7, 4.5, 0.9)]
    return of_boxes(boxes)


HOUSE_STATIONS = ((3.0, 2.0, 1.6), (7.5, 2.0, 1.6))
