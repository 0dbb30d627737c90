"""What each finding of a check looks like: a camera and a picture per cause, for the records that follow from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from twin.report.camera import Camera, element_camera, look_at
from twin.report.canvas import Canvas, jpeg
from twin.report.palette import ramp_limit
from twin.report.pictures import HEIGHT, WIDTH, Studio, cannot_render, near
from twin.report.scene import Scene, make_scene
from twin.result import CheckResult


@dataclass(frozen=True, slots=True, eq=False)
class CauseView:
    """One cause as it is seen."""

    camera: Camera
    picture: bytes
    """JPEG; empty when nothing could be drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class CauseViews:
    """Every cause in the order asked for."""

    views: tuple[CauseView, ...]
    missing_reason: str = ""
    """Machine word why there are no pictures; empty when there are."""


def view_causes(
    result: CheckResult, causes: Sequence[tuple[str, ...]], progress: Callable[[float], None] = lambda share: None
) -> CauseViews:
    """Return the camera and the picture of each cause, given as the GlobalIds of its elements, the worst one first.

    Cameras need no display library; without one there are cameras and no pictures.
    """
    if not causes:
        return CauseViews(())
    scene = make_scene(result)
    index = {element.global_id: i for i, element in enumerate(result.elements)}
    members = [[index[global_id] for global_id in cause] for cause in causes]
    cameras = [_camera(scene, elements) for elements in members]
    reason = cannot_render()
    if reason:
        return CauseViews(tuple(CauseView(camera, b"") for camera in cameras), reason.rpartition(".")[2])
    canvas = Canvas(WIDTH, HEIGHT)
    try:
        studio, views = Studio(canvas, scene, ramp_limit(result)), list[CauseView]()
        for done, (elements, camera) in enumerate(zip(members, cameras, strict=True)):
            progress(done / len(members))
            views.append(CauseView(camera, jpeg(studio.group(result, elements, camera))))
    finally:
        canvas.close()
    return CauseViews(tuple(views))


def _camera(scene: Scene, elements: Sequence[int]) -> Camera:
    """Return the camera that sees the first element best, drawn back until all of them are in the picture."""
    first = element_camera(scene, elements[0], near(scene, elements[0]))
    if len(elements) == 1:
        return first
    away = -first.direction
    boxes = scene.boxes[list(elements)]
    whole = np.stack([boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)])
    return look_at(
        whole, float(np.arctan2(away[1], away[0])), float(np.arcsin(np.clip(away[2], -1.0, 1.0))), margin=1.2
    )
