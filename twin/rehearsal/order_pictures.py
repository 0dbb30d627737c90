"""Pictures of an order: what stands after so many steps, what came since the picture before, what cannot come."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray, IntArray
from geometry.design import DesignModel
from simulation.assembly.order_study import OrderStudy
from twin.rehearsal.order_shown import shown_steps
from twin.report.camera import Camera, look_at
from twin.report.scene import outlines

WIDTH, HEIGHT, MOST_STAGES = 720, 540, 6
STANDING, NEW, BLOCKED, EDGE = "#b9c2cc", "#0072b2", "#d55e00", "#30343b"


@dataclass(frozen=True, slots=True)
class OrderPicture:
    """What stands after a step."""

    step: int
    steps: int
    picture: bytes
    """PNG."""


def picture_order(
    study: OrderStudy, design: DesignModel, progress: Callable[[float], None] = lambda share: None
) -> tuple[OrderPicture, ...]:
    """Return pictures of at most six stages, evenly over the steps; none without a display library."""
    from twin.report.canvas import Canvas, png
    from twin.report.pictures import cannot_render

    steps = shown_steps(study)
    if not steps or cannot_render():
        return ()
    stages = np.unique(np.linspace(0, len(steps), MOST_STAGES + 1).round().astype(int))[1:]
    meshes = [design.elements[part.global_id].mesh.triangles() for part in study.parts]
    camera = _camera(meshes)
    canvas, found, before = Canvas(WIDTH, HEIGHT), list[OrderPicture](), 0
    colours = dict.fromkeys(study.base, STANDING)
    try:
        for done, stage in enumerate(stages):
            progress(done / len(stages))
            colours = dict.fromkeys(colours, STANDING)
            for step in steps[before:stage]:
                stuck = {one.part for one in step.judged.obstacles} if step.judged else set[int]()
                colours |= {part: BLOCKED if part in stuck else NEW for part in step.parts}
            canvas.clear()
            for colour in (STANDING, NEW, BLOCKED):
                of = [meshes[part] for part, one in sorted(colours.items()) if one == colour]
                if of:
                    triangles = np.concatenate(of)
                    canvas.triangles(triangles, colour, 1.0)
                    canvas.lines(_edges(triangles, of), EDGE, 1.0, 0.6)
            found.append(OrderPicture(int(stage), len(steps), png(canvas.shoot(camera))))
            before = stage
    finally:
        canvas.close()
    return tuple(found)


def _camera(meshes: list[FloatArray]) -> Camera:
    """Return a camera on all parts, from a corner above."""
    corners = np.array([[mesh.min(axis=(0, 1)), mesh.max(axis=(0, 1))] for mesh in meshes])
    low, high = corners[:, 0].min(axis=0), corners[:, 1].max(axis=0)
    return look_at(np.stack([low, high]), np.radians(-125.0), np.radians(28.0), margin=1.1)


def _edges(triangles: FloatArray, of: list[FloatArray]) -> FloatArray:
    owner: IntArray = np.repeat(np.arange(len(of)), [len(one) for one in of])
    return outlines(triangles, owner)[0]
