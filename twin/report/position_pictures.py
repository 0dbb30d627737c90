"""Pictures of the positions that a refused registration leaves open: one view, one scan, each time in another place."""

from typing import Any

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from geometry.pose import Pose
from geometry.triangle_tree import build_tree, closest
from twin.report.camera import Camera, look_at
from twin.report.canvas import Canvas, jpeg
from twin.report.palette import LOOKS, Mark, rgb
from twin.report.scene import Scene
from twin.report.selection import shown_positions
from twin.result import CheckResult

ON_MODEL = 0.05
"""Metres: a scan point so near to a surface of the model is drawn as lying on it."""
ON_COLOUR, OFF_COLOUR = LOOKS[Mark.PASS].colour, LOOKS[Mark.FAIL].colour
MODEL_COLOUR = "#6b7480"
_POINTS = 60_000
_STATIONS = 30


def position_pictures(canvas: Canvas, scene: Scene, result: CheckResult) -> tuple[bytes, ...]:
    """Return a JPEG of each shown position: the model in grey, the scan in blue where it lies on the model.

    Where several compete, numbers stand where the scanner stood and an arrow shows the scan's own x axis: without them
    a building that looks the same from two sides would give two equal pictures.
    """
    poses = shown_positions(result.registration)
    if not poses or not len(scene.triangles):
        return ()
    points = result.scan.points[:: max(1, len(result.scan.points) // _POINTS)]
    placed = [pose.apply(points) for pose in poses]
    tree = build_tree(scene.triangles)
    camera = _common_camera(scene, placed)
    images = [
        _picture(canvas, scene, camera, points, closest(tree, points, ON_MODEL).triangle >= 0) for points in placed
    ]
    if len(poses) > 1:
        images = [_oriented(image, camera, pose, result) for image, pose in zip(images, poses, strict=True)]
    return tuple(jpeg(image) for image in images)


def _common_camera(scene: Scene, placed: list[FloatArray]) -> Camera:
    """Return one camera for all positions, so that they can be compared."""
    spread = np.stack([np.quantile(points, (0.01, 0.99), axis=0) for points in placed])
    low = np.minimum(scene.boxes[:, 0].min(axis=0), spread[:, 0].min(axis=0))
    high = np.maximum(scene.boxes[:, 1].max(axis=0), spread[:, 1].max(axis=0))
    return look_at(np.stack([low, high]), np.radians(-90.0), np.radians(70.0), margin=1.06)


def _picture(canvas: Canvas, scene: Scene, camera: Camera, points: FloatArray, on_model: BoolArray) -> Any:
    canvas.clear()
    canvas.triangles(scene.triangles, MODEL_COLOUR, 0.10)
    canvas.lines(scene.edges, MODEL_COLOUR, 1.2, 0.8)
    canvas.points(points[~on_model], OFF_COLOUR, 2.0)
    canvas.points(points[on_model], ON_COLOUR, 2.0)
    return canvas.shoot(camera)


def _oriented(image: Any, camera: Camera, T_design_scan: Pose, result: CheckResult) -> Any:
    """Return the picture with what tells one placing of the scan from another."""
    middle = np.median(result.scan.points, axis=0)
    reach = 0.35 * float(np.ptp(np.quantile(result.scan.points, (0.05, 0.95), axis=0), axis=0)[:2].max())
    arrow = T_design_scan.apply(middle + np.array([[0.0, 0.0, 0.0], [reach, 0.0, 0.0]]))
    stood = T_design_scan.apply(result.scan.station_positions()[:_STATIONS])
    return _marked(image, camera.project(arrow), camera.project(stood))


def _marked(image: Any, arrow: FloatArray, stations: FloatArray) -> Any:
    """Write the arrow (2, 2) and the numbers of the stations (s, 2), shares of the picture, on a picture."""
    from PIL import ImageDraw, ImageFont

    draw = ImageDraw.Draw(image)
    ink, paper = (27, 33, 40), (255, 255, 255)
    tail, tip = arrow * image.size
    along = tip - tail
    along /= max(float(np.linalg.norm(along)), 1e-9)
    aside = np.array([-along[1], along[0]])
    head = [tuple(tip + 7 * along), tuple(tip - 9 * along + 9 * aside), tuple(tip - 9 * along - 9 * aside)]
    draw.line([tuple(tail), tuple(tip)], fill=paper, width=9)
    draw.polygon(head, fill=ink, outline=paper, width=2)
    draw.line([tuple(tail), tuple(tip - 6 * along)], fill=ink, width=5)
    font: Any = ImageFont.load_default(13)
    for number, (x, y) in enumerate(stations * image.size, start=1):
        draw.ellipse((x - 10, y - 10, x + 10, y + 10), fill=rgb(MODEL_COLOUR), outline=paper, width=2)
        draw.text((x, y), str(number), fill=paper, font=font, anchor="mm")
    return image
