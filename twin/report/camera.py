"""Where to look at an element from: one camera for the report's picture and the BCF viewpoint."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from twin.report.scene import Scene

FIELD_OF_VIEW_DEG = 50.0
"""Vertical. BCF 2.1 allows 45 to 60 only."""
ASPECT = 1.5
SMALLEST_RADIUS = 0.6
"""Metres: a small element is shown with at least this much around it."""


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """A perspective camera; metres relative to the design's origin, unit vectors (3,)."""

    position: FloatArray
    direction: FloatArray
    up: FloatArray
    distance: float
    """From the camera to what it looks at."""

    @property
    def target(self) -> FloatArray:
        """The point looked at, (3,)."""
        return self.position + self.distance * self.direction

    def project(self, points: FloatArray) -> FloatArray:
        """Return where points (n, 3) appear, (n, 2): right and down from the top left corner, 0..1 inside."""
        right = np.cross(self.direction, self.up)
        offset = points - self.position
        depth = offset @ self.direction
        half = np.tan(np.radians(FIELD_OF_VIEW_DEG) / 2.0)
        across = offset @ right / (depth * half * ASPECT)
        upward = offset @ self.up / (depth * half)
        return np.stack([0.5 + 0.5 * across, 0.5 - 0.5 * upward], axis=1)


def look_at(points: FloatArray, azimuth: float, elevation: float, margin: float = 1.15) -> Camera:
    """Return the camera that shows points (n, 3) as large as fits, in the middle, from ``azimuth``, ``elevation``.

    Azimuth is the direction from the points to the camera, counter-clockwise from x; elevation is above the horizon
    (radians). A box (2, 3), its lowest and highest corner, is shown whole.
    """
    flat = np.cos(elevation)
    away = np.array([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)])
    right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    up = np.cross(away, right)
    centre, corners = _about_centre(points)
    tangent = np.tan(np.radians(FIELD_OF_VIEW_DEG) / 2.0) / margin
    depth = corners @ away
    # a point is inside the pyramid of view when it is on the inner side of its four faces: the tightest point on either
    # of two opposite faces fixes how far off, and how far to the side, the tip must be
    span: list[float] = []
    aside: list[float] = []
    for axis, slope in ((right, tangent * ASPECT), (up, tangent)):
        across = corners @ axis
        high, low = float((across + slope * depth).max()), float((slope * depth - across).max())
        span.append((high + low) / (2.0 * slope))
        aside.append((high - low) / 2.0)
    distance = max(*span, 0.1)
    looked_at = centre + aside[0] * right + aside[1] * up
    return Camera(looked_at + distance * away, -away, up, distance)


def _about_centre(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the centre (3,) of points or of a box, and its points or corners about it; small ones with room around."""
    low, high = points.min(axis=0), points.max(axis=0)
    centre, half = (low + high) / 2.0, np.maximum((high - low) / 2.0, 1e-3)
    about = points - centre
    if len(points) == 2:
        about = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * half
    return centre, about * max(1.0, SMALLEST_RADIUS / float(np.linalg.norm(half)))


def overview(points: FloatArray) -> Camera:
    """Return the plan-like oblique camera of a storey, from the south-west."""
    return look_at(points, np.radians(-115.0), np.radians(52.0), margin=1.06)


def element_camera(scene: Scene, element: int, neighbours: Iterable[int]) -> Camera:
    """Return the camera that sees an element's scanned faces best, past as few neighbours as possible."""
    box = scene.boxes[element]
    others = scene.boxes[[i for i in neighbours if i != element]]
    points = scene.points[scene.points_of.rows([element])]
    samples = points[:: max(1, len(points) // 48)] if len(points) else _box_samples(box)
    outward = _nearest_face(samples, box)
    best, best_score = look_at(box, np.radians(-120.0), np.radians(25.0)), -np.inf
    for elevation in (22.0, 45.0, -20.0):
        for azimuth in np.arange(-157.5, 180.0, 45.0):
            camera = look_at(box, np.radians(azimuth), np.radians(elevation), margin=1.35)
            facing = np.clip(-(outward @ camera.direction), 0.0, 1.0)
            free = ~_hidden(samples, camera.position, others)
            # seen faces count most, as neighbours are drawn like glass; from below only when it shows much more, as
            # people read such pictures badly
            score = float((facing * (0.65 + 0.35 * free)).mean()) - (0.15 if elevation < 0 else 0.0)
            if score > best_score + 1e-9:
                best, best_score = camera, score
    return best


def _box_samples(box: FloatArray) -> FloatArray:
    """Return points on the faces of a box, (54, 3)."""
    grid = np.array([[u, v] for u in (0.15, 0.5, 0.85) for v in (0.15, 0.5, 0.85)])
    sides: list[FloatArray] = []
    for axis in range(3):
        for end in (0.0, 1.0):
            sides.append(np.insert(grid, axis, end, axis=1))
    return box[0] + np.concatenate(sides) * (box[1] - box[0])


def _nearest_face(points: FloatArray, box: FloatArray) -> FloatArray:
    """Return the outward normal (n, 3) of the box face that each point is nearest to."""
    gaps = np.concatenate([points - box[0], box[1] - points], axis=1)
    face = np.argmin(np.abs(gaps), axis=1)
    normals = np.concatenate([-np.eye(3), np.eye(3)])
    return normals[face]


def _hidden(points: FloatArray, eye: FloatArray, boxes: FloatArray) -> BoolArray:
    """Return for each point (n, 3) whether a box (k, 2, 3) stands between it and the eye."""
    ray = eye - points
    safe = np.where(np.abs(ray) < 1e-12, 1e-12, ray)
    low = (boxes[None, :, 0] - points[:, None]) / safe[:, None]
    high = (boxes[None, :, 1] - points[:, None]) / safe[:, None]
    near = np.minimum(low, high).max(axis=2)
    far = np.maximum(low, high).min(axis=2)
    # a neighbour that touches the element is no obstacle: leave out the first hundredth of the way
    return ((near < far) & (far > 0.01) & (near < 1.0)).any(axis=1)
