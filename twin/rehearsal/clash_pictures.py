"""Pictures of clashes: both elements see-through, what they share in red before their faces, from a corner above."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from geometry.arrays import FloatArray, IntArray
from geometry.design import DesignModel, Element
from simulation.assembly.clash import Clash
from simulation.assembly.part import triangles_of
from simulation.assembly.place import Places, placed
from simulation.assembly.solid import make_body
from twin.report.camera import Camera, look_at
from twin.report.scene import outlines

WIDTH, HEIGHT = 900, 600
FIRST, SECOND, SHARED, SPACE, EDGE = "#c77c00", "#2364aa", "#d7191c", "#1b9e77", "#30343b"
_LEAST_M, _MOST_TIMES = 0.4, 6.0
_MOST_POINTS = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class ClashPicture:
    """A clash as it is seen."""

    camera: Camera
    picture: bytes
    """PNG; empty where nothing could be drawn."""


def picture_clashes(
    clashes: Sequence[Clash],
    design: DesignModel,
    places: Places | None,
    progress: Callable[[float], None] = lambda share: None,
    clouds: Mapping[str, FloatArray] | None = None,
) -> tuple[ClashPicture, ...]:
    """Return camera and picture of each clash; without a display library there are cameras and no pictures.

    ``clouds``: points (n, 3) of elements that a scan has as nothing else.
    """
    from twin.report.canvas import Canvas, png
    from twin.report.pictures import cannot_render

    elements = _where(clashes, design, places)
    cameras = [_camera(clash, elements) for clash in clashes]
    if not clashes or cannot_render():
        return tuple(ClashPicture(camera, b"") for camera in cameras)
    canvas, found = Canvas(WIDTH, HEIGHT, see_through=True), list[ClashPicture]()
    try:
        for done, (clash, camera) in enumerate(zip(clashes, cameras, strict=True)):
            progress(done / len(clashes))
            _draw(canvas, clash, elements, clouds or {})
            found.append(ClashPicture(camera, png(canvas.shoot(camera))))
    finally:
        canvas.close()
    return tuple(found)


def _where(clashes: Sequence[Clash], design: DesignModel, places: Places | None) -> Mapping[str, Element]:
    names = {name for clash in clashes for name in (clash.first, clash.second)}
    if places is None:
        return {name: design.elements[name] for name in names}
    return {name: placed(design.elements[name], places[name]) for name in names}


def _camera(clash: Clash, elements: Mapping[str, Element]) -> Camera:
    """Return a camera on the place of a clash, with enough around it to recognise both elements."""
    boxes = [elements[name].mesh.bounds() for name in (clash.first, clash.second)]
    if clash.intrusion is not None:
        # the space and whose it is: what stands in it may be a whole wall
        whole = np.concatenate([clash.intrusion.corners, boxes[0]])
        return look_at(np.stack([whole.min(axis=0), whole.max(axis=0)]), _azimuth(clash), np.radians(28.0), margin=1.25)
    half = max(
        _LEAST_M * _scale(boxes), 0.5 * _MOST_TIMES * float(np.median(clash.size)), 0.6 * float(clash.size.max())
    )
    low = np.maximum(clash.at - half, np.minimum(boxes[0][0], boxes[1][0]))
    high = np.minimum(clash.at + half, np.maximum(boxes[0][1], boxes[1][1]))
    seen = np.stack([np.minimum(low, clash.at), np.maximum(high, clash.at)])
    return look_at(seen, np.radians(-125.0), np.radians(28.0), margin=1.15)


def _azimuth(clash: Clash) -> float:
    """Return from where a space is looked into: from beyond it, a little from the side."""
    corners = np.zeros((8, 3)) if clash.intrusion is None else clash.intrusion.corners
    x, y, _ = corners[4] - corners[0]
    return float(np.arctan2(y, x) + np.radians(35.0)) if np.hypot(x, y) > 1e-9 else np.radians(-125.0)


def _scale(boxes: Sequence[FloatArray]) -> float:
    """Return the size of the smaller element, at most a metre: how much has to be seen of both."""
    return min(1.0, min(float(np.linalg.norm(box[1] - box[0])) for box in boxes))


def _draw(canvas: Any, clash: Clash, elements: Mapping[str, Element], clouds: Mapping[str, FloatArray]) -> None:
    import manifold3d

    canvas.clear()
    bodies = list[Any]()
    for name, colour in ((clash.first, FIRST), (clash.second, SECOND)):
        mesh = elements[name].mesh
        if name in clouds:
            cloud = clouds[name]
            canvas.points(cloud[:: len(cloud) // _MOST_POINTS + 1], colour, 3.0)
            bodies.append("")
            continue
        triangles = mesh.triangles()
        canvas.triangles(triangles, colour, 0.28)
        canvas.lines(_edges(triangles), EDGE, 1.4, 0.8)
        bodies.append(make_body(mesh))
    if clash.intrusion is not None:
        bodies[0] = manifold3d.Manifold.hull_points(clash.intrusion.corners)
        space = triangles_of(bodies[0])
        canvas.triangles(space, SPACE, 0.16)
        canvas.lines(_edges(space), SPACE, 2.4, 1.0)
    if not clash.volume or any(isinstance(body, str) for body in bodies):
        canvas.points(clash.at[None], SHARED, 14.0)
        return
    triangles = triangles_of(bodies[0] ^ bodies[1])
    canvas.triangles(triangles, SHARED, 1.0, lift=1.0)
    canvas.lines(_edges(triangles), SHARED, 3.0, 1.0, lift=1.0)


def _edges(triangles: FloatArray) -> FloatArray:
    owner: IntArray = np.zeros(len(triangles), dtype=np.int64)
    return outlines(triangles, owner)[0]
