"""Pictures of storeys, elements and rival registrations, rendered off screen with one reused window."""

import ctypes.util
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import FloatArray
from geometry.registration.result import RegistrationStatus
from geometry.verdict import State
from twin.report.camera import Camera, element_camera, overview
from twin.report.canvas import Canvas, jpeg, png
from twin.report.palette import LOOKS, Mark, mark_of, needs_action, ramp_colours, ramp_limit, rgb
from twin.report.position_pictures import position_pictures
from twin.report.scene import Scene, make_scene
from twin.report.selection import shown_cards, shown_storeys
from twin.result import CheckResult

WIDTH, HEIGHT = 900, 600
GHOST = "#9aa3ae"
INK = "#20262e"
PAPER = "#e9ebee"
CARD_POINTS = 12_000
NEIGHBOURS = 250


@dataclass(frozen=True, slots=True)
class Pictures:
    """JPEG bytes by storey name, by GlobalId and by rank of registration; PNG bytes by GlobalId for BCF."""

    storeys: dict[str, bytes] = field(default_factory=dict[str, bytes])
    cards: dict[str, bytes] = field(default_factory=dict[str, bytes])
    snapshots: dict[str, bytes] = field(default_factory=dict[str, bytes])
    registrations: tuple[bytes, ...] = ()
    """The best position first, then its rivals."""
    cameras: dict[str, Camera] = field(default_factory=dict[str, Camera])
    """Of the cards, by GlobalId."""
    missing_reason: str = ""
    """Key of the text that says why there are no pictures; empty when there are."""


def cannot_render() -> str:
    """Return the key of the text that says why nothing can be rendered here, empty when it can."""
    # VTK ends the whole process when it finds no OpenGL, so this must be known before it is loaded
    if sys.platform == "linux" and not (ctypes.util.find_library("EGL") and ctypes.util.find_library("GL")):
        return "pictures.no_gl"
    return ""


def render_pictures(
    result: CheckResult, progress: Callable[[float], None] | None = None, *, scene: Scene | None = None
) -> Pictures:
    """Render what the report shows: each shown storey and card, or the positions of a refused registration.

    ``scene`` is that of the result, made when it is not given.
    """
    reason = cannot_render()
    if reason or not result.design.elements:
        return Pictures(missing_reason=reason)
    scene = scene or make_scene(result)
    canvas = Canvas(WIDTH, HEIGHT)
    try:
        if result.registration.status is RegistrationStatus.REFUSED:
            return Pictures(registrations=position_pictures(canvas, scene, result))
        studio = Studio(canvas, scene, ramp_limit(result))
        return _element_pictures(studio, result, progress or (lambda share: None))
    finally:
        canvas.close()


def element_cameras(
    result: CheckResult, scene: Scene | None = None, known: Mapping[str, Camera] | None = None
) -> dict[str, Camera]:
    """Return the camera of every failing or missing element by GlobalId.

    ``scene`` is that of the result, ``known`` are cameras that were found before.
    """
    scene, known = scene or make_scene(result), known or {}
    return {
        element.global_id: known.get(element.global_id) or element_camera(scene, index, near(scene, index))
        for index, element in enumerate(result.elements)
        if needs_action(element)
    }


def near(scene: Scene, element: int) -> list[int]:
    """Return the elements around one, nearest first, at most ``NEIGHBOURS``."""
    box = scene.boxes[element]
    reach = max(2.0, 0.75 * float(np.linalg.norm(box[1] - box[0])))
    gap = np.maximum(np.maximum(scene.boxes[:, 0] - box[1], box[0] - scene.boxes[:, 1]), 0.0)
    distance = np.linalg.norm(gap, axis=1)
    close = np.flatnonzero(distance < reach)
    return [int(i) for i in close[np.argsort(distance[close], kind="stable")][:NEIGHBOURS] if i != element]


def _element_pictures(studio: "Studio", result: CheckResult, progress: Callable[[float], None]) -> Pictures:
    pictures = Pictures()
    cards = shown_cards(result)
    storeys = shown_storeys(result)
    steps = max(1, len(cards) + len(storeys))
    numbers = {index: number for number, index in enumerate(cards, start=1)}
    drawn: list[tuple[dict[str, bytes], str, Future[bytes]]] = []
    with ThreadPoolExecutor(1) as packing:  # one picture is packed while the next is drawn
        for done, storey in enumerate(storeys):
            progress(done / steps)
            members = [i for i in range(len(studio.scene.boxes)) if result.elements[i].storey == storey]
            if members:
                image = studio.storey(result, members, numbers)
                drawn.append((pictures.storeys, storey, packing.submit(jpeg, image)))
        for done, index in enumerate(cards, start=len(storeys)):
            progress(done / steps)
            id_ = result.elements[index].global_id
            pictures.cameras[id_] = element_camera(studio.scene, index, near(studio.scene, index))
            image = studio.group(result, [index], pictures.cameras[id_])
            drawn.append((pictures.cards, id_, packing.submit(jpeg, image)))
            drawn.append((pictures.snapshots, id_, packing.submit(png, image)))
        for place, name, packed in drawn:
            place[name] = packed.result()
    return pictures


class Studio:
    """What storeys and elements look like on a canvas."""

    def __init__(self, canvas: Canvas, scene: Scene, limit: float) -> None:
        """Draw ``scene`` on ``canvas``; the ramp of deviations ends at ``limit`` metres."""
        self.canvas, self.scene, self.limit = canvas, scene, limit

    def storey(self, result: CheckResult, members: Sequence[int], numbers: dict[int, int]) -> Any:
        """Return the picture of a storey, numbered like the cards."""
        self.canvas.clear()
        overhead = set(_overhead(self.scene, members))
        for mark, look in LOOKS.items():
            shown = [i for i in members if i not in overhead and mark_of(result.elements[i]) is mark]
            self._solid(shown, look.colour, 0.45 if mark is Mark.MISSING else 1.0)
        self._lines([i for i in members if i not in overhead], INK, 1.2, 0.55)
        for i in sorted(overhead):
            self._lines([i], LOOKS[mark_of(result.elements[i])].colour, 1.6, 0.8)
        camera = overview(self.scene.triangles[self.scene.faces_of.rows(members)].reshape(-1, 3))
        image = self.canvas.shoot(camera)
        return _numbered(image, camera, self.scene, result, members, numbers)

    def group(self, result: CheckResult, members: Sequence[int], camera: Camera) -> Any:
        """Return the picture of elements with one cause among their ghosted neighbours with their scan points."""
        self.canvas.clear()
        around = dict.fromkeys(i for member in members for i in near(self.scene, member))
        neighbours = [i for i in around if i not in set(members)][:NEIGHBOURS]
        self._solid(neighbours, GHOST, 0.10)
        self._lines(neighbours, GHOST, 1.0, 0.45)
        for index in members:
            look = LOOKS[mark_of(result.elements[index])]
            missing = result.elements[index].state is State.MISSING
            self._solid([index], look.colour if missing else PAPER, 0.38 if missing else 1.0)
            self._lines([index], look.colour, 3.0, 1.0)
        for index in members:
            self._scanned(result, index, neighbours, camera, max(1, CARD_POINTS // len(members)))
        return self.canvas.shoot(camera)

    def _scanned(self, result: CheckResult, index: int, neighbours: Sequence[int], camera: Camera, limit: int) -> None:
        """Draw the scan points of an element, or those about the place of a missing one."""
        box = self.scene.boxes[index]
        if result.elements[index].state is State.MISSING:
            points = _within(self.scene, [*neighbours, self.scene.unassigned], box, 0.8, limit)
            self.canvas.points(points, "#6b7480", 3.5)
            return
        rows = _thinned(self.scene.points_of.rows([index]), limit)
        colours = ramp_colours(self.scene.signed[rows], self.limit)
        self.canvas.points(_lifted(self.scene.points[rows], camera, box), colours, _dot(len(rows)))

    def _solid(self, elements: Sequence[int], colour: str, opacity: float) -> None:
        self.canvas.triangles(self.scene.triangles[self.scene.faces_of.rows(elements)], colour, opacity)

    def _lines(self, elements: Sequence[int], colour: str, width: float, opacity: float) -> None:
        self.canvas.lines(self.scene.edges[self.scene.edges_of.rows(elements)], colour, width, opacity)


def _dot(count: int) -> float:
    """Return the point size in pixels: sparse points are drawn larger."""
    return float(np.clip(9.0 - 1.4 * np.log10(max(count, 1)), 3.0, 7.0))


def _lifted(points: FloatArray, camera: Camera, box: FloatArray) -> FloatArray:
    """Return points moved toward the camera, where they appear at the same pixel.

    Points inside the material would be hidden by the element's face; those of the far side must stay hidden.
    """
    lift = float(np.clip(0.45 * (box[1] - box[0]).min(), 0.02, 0.10))
    ray = camera.position - points
    return points + lift * ray / np.linalg.norm(ray, axis=1, keepdims=True)


def _thinned(rows: NDArray[Any], limit: int) -> NDArray[Any]:
    return rows[:: max(1, -(-len(rows) // limit))]


def _within(scene: Scene, groups: Sequence[int], box: FloatArray, margin: float, limit: int) -> FloatArray:
    """Return at most ``limit`` points of some groups inside a box grown by ``margin`` metres."""
    points = scene.points[scene.points_of.rows(groups)]
    inside = ((points > box[0] - margin) & (points < box[1] + margin)).all(axis=1)
    return _thinned(points[inside], limit)


def _overhead(scene: Scene, members: Sequence[int]) -> list[int]:
    """Return large parts in the upper half of a storey (ceiling, roof), which would hide the others from above."""
    if len(members) < 2:
        return []
    low, high = scene.boxes[members, 0].min(axis=0), scene.boxes[members, 1].max(axis=0)
    area = float((high[0] - low[0]) * (high[1] - low[1]))
    above: list[int] = []
    for i in members:
        corners = scene.triangles[scene.faces_of.rows([i])]
        # twice the area that each triangle covers in plan; both sides of a part count, so a quarter is the part's own
        covers = np.abs(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2])
        total = float(covers.sum())
        if total / 4.0 <= 0.15 * area:
            continue
        height = float(covers @ corners[:, :, 2].mean(axis=1)) / total
        if height > low[2] + 0.45 * (high[2] - low[2]):
            above.append(i)
    return above


def _numbered(
    image: Any, camera: Camera, scene: Scene, result: CheckResult, members: Sequence[int], numbers: dict[int, int]
) -> Any:
    """Write the card numbers on a storey's picture: square = fails, diamond = missing."""
    from PIL import ImageDraw, ImageFont

    draw = ImageDraw.Draw(image)
    carded = [i for i in members if i in numbers]
    # a phone shows the picture at 0.4 of its size, and the numbers have to be read there
    size = 22 if len(carded) <= 12 else 17 if len(carded) <= 30 else 10
    font: Any = ImageFont.load_default(size + 9)
    # the most severe element comes last, on top
    for index in reversed(carded):
        mark = mark_of(result.elements[index])
        x, y = camera.project(scene.boxes[index].mean(axis=0)[None])[0] * (WIDTH, HEIGHT)
        text = str(numbers[index])
        r = size + (size // 2 - 1) * (len(text) - 1)
        shape = [(x, y - r - 3), (x + r + 3, y), (x, y + r + 3), (x - r - 3, y)]
        if mark is not Mark.MISSING:
            shape = [(x - r, y - size), (x + r, y - size), (x + r, y + size), (x - r, y + size)]
        draw.polygon(shape, fill=rgb(LOOKS[mark].colour), outline=(255, 255, 255), width=2)
        draw.text((x, y), text, fill=(255, 255, 255), font=font, anchor="mm")
    return image
