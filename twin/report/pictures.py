"""Pictures of storeys, elements and rival registrations, rendered off screen with one reused window."""

import ctypes.util
import io
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import FloatArray
from geometry.pose import Pose
from geometry.registration.result import RegistrationStatus
from geometry.verdict import State
from twin.report.camera import Camera, element_camera, look_at, overview
from twin.report.palette import LOOKS, Mark, mark_of, needs_action, ramp_colours, ramp_limit, rgb
from twin.report.scene import Scene, make_scene
from twin.report.selection import shown_cards, shown_storeys
from twin.result import CheckResult

WIDTH, HEIGHT = 900, 600
BACKGROUND = "#f6f7f9"
GHOST = "#9aa3ae"
INK = "#20262e"
PAPER = "#e9ebee"
CARD_POINTS = 12_000
NEIGHBOURS = 250
JPEG_QUALITY = 82


@dataclass(frozen=True, slots=True)
class Pictures:
    """JPEG bytes by storey name, by GlobalId and by rank of registration; PNG bytes by GlobalId for BCF."""

    storeys: dict[str, bytes] = field(default_factory=dict[str, bytes])
    cards: dict[str, bytes] = field(default_factory=dict[str, bytes])
    snapshots: dict[str, bytes] = field(default_factory=dict[str, bytes])
    registrations: tuple[bytes, ...] = ()
    """The best position first, then its rivals."""
    missing_reason: str = ""
    """Key of the text that says why there are no pictures; empty when there are."""


def cannot_render() -> str:
    """Return the key of the text that says why nothing can be rendered here, empty when it can."""
    # VTK ends the whole process when it finds no OpenGL, so this must be known before it is loaded
    if sys.platform == "linux" and not (ctypes.util.find_library("EGL") and ctypes.util.find_library("GL")):
        return "pictures.no_gl"
    return ""


def render_pictures(result: CheckResult, progress: Callable[[float], None] | None = None) -> Pictures:
    """Render what the report shows: each shown storey and card, or the rival positions of a refused registration."""
    reason = cannot_render()
    if reason or not result.design.elements:
        return Pictures(missing_reason=reason)
    studio = Studio(make_scene(result), ramp_limit(result))
    try:
        if result.registration.status is RegistrationStatus.REFUSED:
            return Pictures(registrations=_registrations(studio, result))
        return _element_pictures(studio, result, progress or (lambda share: None))
    finally:
        studio.close()


def element_cameras(result: CheckResult) -> dict[str, Camera]:
    """Return the camera of every failing or missing element by GlobalId."""
    scene = make_scene(result)
    return {
        element.global_id: element_camera(scene, index, near(scene, index))
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
    for done, storey in enumerate(storeys):
        progress(done / steps)
        members = [i for i in range(len(studio.scene.boxes)) if result.elements[i].storey == storey]
        if members:
            pictures.storeys[storey] = jpeg(studio.storey(result, members, numbers))
    for done, index in enumerate(cards, start=len(storeys)):
        progress(done / steps)
        image = studio.card(result, index)
        pictures.cards[result.elements[index].global_id] = jpeg(image)
        pictures.snapshots[result.elements[index].global_id] = png(image)
    return pictures


def _registrations(studio: "Studio", result: CheckResult) -> tuple[bytes, ...]:
    best = result.registration.T_design_scan
    if best is None:
        return ()
    poses = [best, *(rival.T_design_scan for rival in result.registration.rivals[:3])]
    step = max(1, len(result.scan.points) // 60_000)
    points = result.scan.points[::step]
    box = studio.model_box()
    spread = np.stack([np.quantile(pose.apply(points), (0.01, 0.99), axis=0) for pose in poses])
    box = np.stack([np.minimum(box[0], spread[:, 0].min(axis=0)), np.maximum(box[1], spread[:, 1].max(axis=0))])
    # one camera for all, so that the positions can be compared
    camera = look_at(box, np.radians(-90.0), np.radians(75.0))
    return tuple(jpeg(studio.registration(pose, points, camera)) for pose in poses)


class Studio:
    """One off-screen window for all pictures: making a window costs more than drawing in it."""

    def __init__(self, scene: Scene, limit: float) -> None:
        """Open the window."""
        if sys.platform == "linux":
            # VTK would ask for an X server first and complain when there is none
            os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
        import pyvista

        self.scene, self.limit = scene, limit
        self.plotter: Any = pyvista.Plotter(off_screen=True, window_size=[WIDTH, HEIGHT])
        self.plotter.set_background(BACKGROUND)
        self.plotter.enable_anti_aliasing("msaa", multi_samples=4)

    def close(self) -> None:
        """Close the window."""
        self.plotter.close()

    def storey(self, result: CheckResult, members: Sequence[int], numbers: dict[int, int]) -> Any:
        """Return the picture of a storey, numbered like the cards."""
        self.plotter.clear_actors()
        overhead = set(_overhead(self.scene, members))
        for mark, look in LOOKS.items():
            shown = [i for i in members if i not in overhead and mark_of(result.elements[i]) is mark]
            self._solid(shown, look.colour, 0.45 if mark is Mark.MISSING else 1.0)
        self._lines([i for i in members if i not in overhead], INK, 1.2, 0.55)
        for i in sorted(overhead):
            self._lines([i], LOOKS[mark_of(result.elements[i])].colour, 1.6, 0.8)
        camera = overview(self.scene.triangles[self.scene.faces_of.rows(members)].reshape(-1, 3))
        image = self._shoot(camera)
        return _numbered(image, camera, self.scene, result, members, numbers)

    def card(self, result: CheckResult, index: int) -> Any:
        """Return the picture of one element among its ghosted neighbours with its scan points."""
        self.plotter.clear_actors()
        element = result.elements[index]
        neighbours = near(self.scene, index)
        camera = element_camera(self.scene, index, neighbours)
        look = LOOKS[mark_of(element)]
        missing = element.state is State.MISSING
        self._solid(neighbours, GHOST, 0.10)
        self._lines(neighbours, GHOST, 1.0, 0.45)
        self._solid([index], look.colour if missing else PAPER, 0.38 if missing else 1.0)
        self._lines([index], look.colour, 3.0, 1.0)
        if missing:
            around = [*neighbours, self.scene.unassigned]
            self._cloud(_within(self.scene, around, self.scene.boxes[index], 0.8), None, "#6b7480")
        else:
            rows = _thinned(self.scene.points_of.rows([index]), CARD_POINTS)
            colours = ramp_colours(self.scene.signed[rows], self.limit)
            self._cloud(
                _lifted(self.scene.points[rows], camera, self.scene.boxes[index]), colours, INK, _dot(len(rows))
            )
        return self._shoot(camera)

    def registration(self, T_design_scan: Pose, points_scan: FloatArray, camera: Camera) -> Any:
        """Return the scan over the model, seen steeply from above, in one position."""
        self.plotter.clear_actors()
        everything = range(len(self.scene.boxes))
        self._solid(everything, GHOST, 0.12)
        self._lines(everything, GHOST, 1.0, 0.7)
        self._cloud(T_design_scan.apply(points_scan), None, LOOKS[Mark.FAIL].colour, size=2.0)
        return self._shoot(camera)

    def model_box(self) -> FloatArray:
        """Return the box (2, 3) of the whole model."""
        return np.stack([self.scene.boxes[:, 0].min(axis=0), self.scene.boxes[:, 1].max(axis=0)])

    def _solid(self, elements: Sequence[int], colour: str, opacity: float) -> None:
        import pyvista

        corners = self.scene.triangles[self.scene.faces_of.rows(elements)].reshape(-1, 3)
        if len(corners) == 0:
            return
        # no shared corners: every face keeps its own shade
        cells = np.insert(np.arange(len(corners)).reshape(-1, 3), 0, 3, axis=1)
        mesh: Any = pyvista.PolyData(corners, faces=cells.ravel())
        self.plotter.add_mesh(
            mesh, color=colour, opacity=opacity, ambient=0.55, diffuse=0.5, specular=0.0, smooth_shading=False,
            reset_camera=False, render=False,
        )  # fmt: skip

    def _lines(self, elements: Sequence[int], colour: str, width: float, opacity: float) -> None:
        import pyvista

        segments = self.scene.edges[self.scene.edges_of.rows(elements)].reshape(-1, 3)
        if len(segments) == 0:
            return
        cells = np.insert(np.arange(len(segments)).reshape(-1, 2), 0, 2, axis=1)
        mesh: Any = pyvista.PolyData(segments, lines=cells.ravel())
        self.plotter.add_mesh(
            mesh, color=colour, line_width=width, opacity=opacity, lighting=False, reset_camera=False, render=False
        )

    def _cloud(self, points: FloatArray, colours: FloatArray | None, colour: str, size: float = 3.5) -> None:
        import pyvista

        if len(points) == 0:
            return
        cloud: Any = pyvista.PolyData(points)
        options: dict[str, Any] = {"color": colour}
        if colours is not None:
            cloud["rgb"] = colours.astype(np.uint8)
            options = {"scalars": "rgb", "rgb": True}
        self.plotter.add_mesh(
            cloud, style="points", point_size=size, lighting=False, reset_camera=False, render=False, **options
        )

    def _shoot(self, camera: Camera) -> Any:
        from PIL import Image

        from twin.report.camera import FIELD_OF_VIEW_DEG

        view: Any = self.plotter.camera
        view.position = tuple(camera.position)
        view.focal_point = tuple(camera.target)
        view.up = tuple(camera.up)
        view.view_angle = FIELD_OF_VIEW_DEG
        self.plotter.renderer.ResetCameraClippingRange()
        self.plotter.render()
        shot: Any = self.plotter.screenshot(return_img=True)
        return Image.fromarray(shot[..., :3])


def jpeg(image: Any) -> bytes:
    """Return the picture as JPEG without metadata."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return out.getvalue()


def png(image: Any) -> bytes:
    """Return the picture as a PNG of at most 256 colours without metadata."""
    from PIL import Image

    out = io.BytesIO()
    image.quantize(160, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


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


def _within(scene: Scene, groups: Sequence[int], box: FloatArray, margin: float) -> FloatArray:
    """Return at most ``CARD_POINTS`` points of some groups inside a box grown by ``margin`` metres."""
    points = scene.points[scene.points_of.rows(groups)]
    inside = ((points > box[0] - margin) & (points < box[1] + margin)).all(axis=1)
    return _thinned(points[inside], CARD_POINTS)


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
    size = 11 if len(carded) <= 30 else 8
    font: Any = ImageFont.load_default(size + 6)
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
