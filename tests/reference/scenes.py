"""Boxes as designs, and scans of them by a ray caster of a few lines: truth that shares no code with the product."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from geometry.arrays import FloatArray, Int32Array
from geometry.design import DesignModel, Element, Mesh
from geometry.pose import Pose
from geometry.scan import Scan, Station
from geometry.source import SourceFile

_QUADS = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
_FACES: Int32Array = np.array([f for a, b, c, d in _QUADS for f in ((a, b, c), (a, c, d))], dtype=np.int32)


@dataclass(frozen=True, eq=False)
class Box:
    """A cuboid element: as designed between two corners, as built moved by ``built``; None = not built."""

    name: str
    lower: tuple[float, float, float]
    upper: tuple[float, float, float]
    ifc_class: str = "IfcWall"
    built: Pose | None = field(default_factory=Pose.identity)
    designed: bool = True
    """False for what stands there though nobody designed it."""

    @property
    def centre(self) -> FloatArray:
        """The middle, (3,) metres."""
        return (np.array(self.lower) + np.array(self.upper)) / 2

    def corners(self) -> FloatArray:
        """Return the corners (8, 3) as designed."""
        (x0, y0, z0), (x1, y1, z1) = self.lower, self.upper
        return np.array([[x, y, z] for x in (x0, x1) for y in (y0, y1) for z in (z0, z1)], dtype=np.float64)

    def triangles(self) -> FloatArray:
        """Return the designed triangles (12, 3, 3), normals outward."""
        return self.corners()[_FACES]

    def moved(self, translation: ArrayLike = (0.0, 0.0, 0.0), rotation_vector: ArrayLike = (0.0, 0.0, 0.0)) -> "Box":
        """Return the box built turned about its middle and shifted."""
        turn = Pose.from_rotation_vector(rotation_vector)
        shift = self.centre + np.asarray(translation, np.float64) - turn.rotation @ self.centre
        return Box(self.name, self.lower, self.upper, self.ifc_class, Pose.from_parts(turn.rotation, shift))

    def absent(self) -> "Box":
        """Return the box designed but not built."""
        return Box(self.name, self.lower, self.upper, self.ifc_class, None)

    def sample(self, spacing: float, *, faces: Sequence[str] = ("-x", "+x", "-y", "+y", "-z", "+z")) -> FloatArray:
        """Return points (n, 3) spread over the named faces as designed, on a grid of ``spacing`` metres."""
        found: list[FloatArray] = []
        lower, upper = np.array(self.lower), np.array(self.upper)
        for face in faces:
            axis = "xyz".index(face[1])
            u, v = (a for a in range(3) if a != axis)
            grid = np.meshgrid(*(np.arange(lower[a] + spacing / 2, upper[a], spacing) for a in (u, v)))
            points = np.empty((grid[0].size, 3))
            points[:, u], points[:, v] = grid[0].ravel(), grid[1].ravel()
            points[:, axis] = upper[axis] if face[0] == "+" else lower[axis]
            found.append(points)
        return np.concatenate(found)


def face_normal(face: str) -> FloatArray:
    """Return the outward normal (3,) of a face such as ``-x``."""
    normal = np.zeros(3)
    normal["xyz".index(face[1])] = 1.0 if face[0] == "+" else -1.0
    return normal


def element_of(
    parts: Sequence[Box], *, materials: tuple[str, ...] = (), suspect: str = "", at: ArrayLike = (0, 0, 0)
) -> Element:
    """Return boxes as one element with vertices less ``at``; the first gives the name."""
    vertices = np.concatenate([box.corners() for box in parts]) - np.asarray(at, np.float64)
    faces = np.concatenate([_FACES + 8 * i for i in range(len(parts))]).astype(np.int32)
    name, ifc_class = parts[0].name, parts[0].ifc_class
    return Element(name, ifc_class, name, "ground", Mesh(vertices, faces), materials=materials, suspect=suspect)


def design_of(
    boxes: Sequence[Box], *, origin: ArrayLike = (0, 0, 0), materials: tuple[str, ...] = (), suspect: str = ""
) -> DesignModel:
    """Return a design of the boxes; the same places in the design frame whatever the ``origin``.

    Boxes of one name are one element; ``suspect`` names the one whose geometry cannot be trusted.
    """
    origin = np.asarray(origin, np.float64)
    parts: dict[str, list[Box]] = {}
    for box in boxes:
        if box.designed:
            parts.setdefault(box.name, []).append(box)
    elements: Mapping[str, Element] = {
        name: element_of(parts[name], materials=materials, suspect="test" if name == suspect else "", at=origin)
        for name in sorted(parts)
    }
    return DesignModel(elements, origin, SourceFile("boxes.obj", "0" * 64, "OBJ"), 1.0)


def panorama(step: float) -> FloatArray:
    """Return unit directions (n, 3) all around, ``step`` radians apart."""
    elevation = np.arange(-np.pi / 2 + step / 2, np.pi / 2, step)
    rows = [
        np.stack([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.full_like(a, np.sin(e))], axis=1)
        for e in elevation
        for a in [np.arange(0, 2 * np.pi, step / max(np.cos(e), 0.05))]
    ]
    return np.concatenate(rows)


def ranges_to_boxes(boxes: Sequence[Box], origin: FloatArray, directions: FloatArray) -> FloatArray:
    """Return the range (n,) to the first built box along each ray (slab method in each box's frame); inf for none."""
    best = np.full(len(directions), np.inf)
    for box in boxes:
        if box.built is None:
            continue
        back = box.built.inverse()
        o, d = back.apply([origin])[0], back.rotate(directions)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.stack([(np.array(corner) - o) / d for corner in (box.lower, box.upper)])
        enter, leave = t.min(axis=0).max(axis=1), t.max(axis=0).min(axis=1)
        hit = (enter <= leave) & (enter > 0)
        best[hit] = np.minimum(best[hit], enter[hit])
    return best


def scan_of(
    boxes: Sequence[Box],
    stations: Sequence[tuple[float, float, float]],
    *,
    step: float = 0.02,
    noise: float = 0.002,
    seed: int = 0,
    T_scan_design: Pose | None = None,
    poses: bool = True,
) -> Scan:
    """Return a scan of what was built: points with range noise, in the frame of the scan, from every station."""
    rng = np.random.default_rng(seed)
    T = T_scan_design or Pose.identity()
    points: list[FloatArray] = []
    index: list[Int32Array] = []
    directions = panorama(step)
    for number, station in enumerate(stations):
        position = np.array(station)
        ranges = ranges_to_boxes(boxes, position, directions)
        back = np.isfinite(ranges)
        measured = ranges[back] + rng.normal(0.0, noise, int(back.sum()))
        points.append(T.apply(position + measured[:, None] * directions[back]))
        index.append(np.full(len(measured), number, np.int32))
    seen_from = T.apply(np.array(stations, np.float64))
    origin = seen_from[0] if poses else points[0][0].copy()
    return Scan(
        points=np.concatenate(points) - origin,
        station_index=np.concatenate(index),
        stations=tuple(Station(f"S{i}", p - origin if poses else None) for i, p in enumerate(seen_from)),
        origin=origin,
        sources=(SourceFile("boxes.e57", "1" * 64, "E57"),),
    )
