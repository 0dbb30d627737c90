"""``assembly.gif``: the steps of an order as a film, each part coming in along its way, with number, names and a bar.

Pillow writes the GIF: no codec beside it is needed.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from geometry.arrays import FloatArray, IntArray
from geometry.design import DesignModel
from simulation.assembly.insertion_path import between
from simulation.assembly.order_study import OrderStudy
from twin.errors import Invalid
from twin.rehearsal.order_pictures import BLOCKED, EDGE, NEW, STANDING
from twin.rehearsal.order_shown import ShownStep, shown_steps
from twin.rehearsal.said import Said
from twin.report.camera import Camera, look_at
from twin.report.scene import outlines
from twin.report.words import clean

WIDTH, HEIGHT, CAPTION = 800, 600, 64
MOST_BYTES = 5_000_000
_MOST_FRAMES, _PER_STEP, _COLOURS = 150, 8, 64
_FRAME_MS, _STILL_MS, _LAST_MS = 90, 500, 2500
_DRAWN = 10.0
_NEAR, _FAR = 0.25, 0.6
"""Shares of the model's size from which a part comes: at least, where nothing limits its way, and at most."""
_WEIGHT = 500
_TEXT, _DONE, _TO_COME = "#1b1f24", "#0072b2", "#d5dae0"


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    triangles: FloatArray
    edges: FloatArray


def order_film(
    study: OrderStudy, design: DesignModel, say: Said, progress: Callable[[float], None] = lambda share: None
) -> bytes:
    """Return the film of the first order, or of the given one, as an animated GIF of 5 MB at most.

    Steps are drawn several at once where there are very many; pictures are made smaller where the file would be larger.

    Raises
    ------
    Invalid
        There is no step, no display library or no font to draw with, or even the smallest film is too large.
    """
    from twin.report.pictures import cannot_render

    steps = shown_steps(study)
    if not steps:
        raise Invalid("the order has no step to show; leave gif out of --report")
    if cannot_render():
        raise Invalid("pictures cannot be drawn here; install the display libraries, or leave gif out of --report")
    frames = list[tuple[Any, int]]()
    for done, frame in _frames(study, design, steps, say):
        frames.append(frame)
        progress(done)
    for width in (WIDTH, 600, 400):
        film = _gif(frames, width)
        if len(film) <= MOST_BYTES:
            return film
    raise Invalid("the film would be larger than 5 MB; leave gif out of --report, glb moves as well")


def _frames(
    study: OrderStudy, design: DesignModel, steps: Sequence[ShownStep], say: Said
) -> Iterator[tuple[float, tuple[Any, int]]]:
    """Yield the share that is done, and a frame with how long it stays, milliseconds."""
    from twin.report.canvas import Canvas

    meshes = [design.elements[part.global_id].mesh.triangles() for part in study.parts]
    box = _whole(meshes)
    size = max(float(np.linalg.norm(box[1] - box[0])), 1e-6)
    # cameras keep a distance that a small assembly would be lost at: all are drawn as large as a house
    scale = _DRAWN / size
    shapes = [_shape(scale * mesh) for mesh in meshes]
    camera = look_at(scale * box, np.radians(-125.0), np.radians(28.0), margin=1.35)
    moments, canvas = _moments(len(steps)), Canvas(WIDTH, HEIGHT - CAPTION)
    there = list(study.base)
    try:
        for number, step in enumerate(steps, 1):
            # once clear of all that stands a part stays so; what is only looked at as far as it is put in does not
            free = bool(np.isinf(study.blocking.reach[list(step.parts)]).all())
            away = min(max(step.travel, _NEAR * size if free else 0.0), _FAR * size)
            for moment in moments[number - 1]:
                poses = {part: _scaled(pose, scale) for part, pose in _poses(step, moment, away).items()}
                picture = _picture(canvas, camera, shapes, there, step, poses)
                still = (
                    _LAST_MS if number == len(steps) and moment == 1.0 else _STILL_MS if moment == 1.0 else _FRAME_MS
                )
                yield number / len(steps), (_captioned(picture, study, step, number, len(steps), say), still)
            there += step.parts
    finally:
        canvas.close()


def _moments(steps: int) -> list[tuple[float, ...]]:
    """Return at which shares of its way each step is shown: fewer where there are more steps, some none at all.

    Examples
    --------
    >>> _moments(1)[0][-1], len(_moments(1)[0]), [len(one) for one in _moments(300)][:4], len(_moments(300)[-1])
    (1.0, 8, [0, 1, 0, 1], 1)
    """
    each = max(1, min(_PER_STEP, _MOST_FRAMES // steps))
    shown = tuple(((np.arange(each) + 1.0) / each).tolist())
    every = -(-steps // _MOST_FRAMES)
    return [shown if (steps - 1 - k) % every == 0 else () for k in range(steps)]


def _shape(triangles: FloatArray) -> _Shape:
    owner: IntArray = np.zeros(len(triangles), dtype=np.int64)
    return _Shape(triangles, outlines(triangles, owner)[0])


def _whole(meshes: Sequence[FloatArray]) -> FloatArray:
    corners = np.array([[one.min(axis=(0, 1)), one.max(axis=(0, 1))] for one in meshes])
    return np.stack([corners[:, 0].min(axis=0), corners[:, 1].max(axis=0)])


def _poses(step: ShownStep, moment: float, away: float) -> Mapping[int, FloatArray]:
    """Return where parts are at a share of a step, as poses away from their places; others are in theirs."""
    if step.found is not None and step.found.motion is not None:
        courses = step.found.motion.courses()
        return {part: _shift(_along(course, moment)) for part, course in courses.items()}
    if step.found is not None and step.found.path is not None:
        path = step.found.path
        at = moment * (len(path.poses) - 1)
        k = min(int(at), len(path.poses) - 2)
        pose = between(path.poses[k], path.poses[k + 1], at - k, path.about)
        return dict.fromkeys(step.parts, pose)
    left = away * (1.0 - moment)
    ways = zip(step.parts, step.insertion, strict=True)
    return {part: _shift(-left * way) for part, way in ways if way is not None}


def _along(course: Sequence[FloatArray], moment: float) -> FloatArray:
    at = moment * (len(course) - 1)
    k = min(int(at), len(course) - 2)
    return course[k] + (at - k) * (course[k + 1] - course[k])


def _scaled(pose: FloatArray, scale: float) -> FloatArray:
    pose = pose.copy()
    pose[:3, 3] *= scale
    return pose


def _shift(by: FloatArray) -> FloatArray:
    pose = np.eye(4)
    pose[:3, 3] = by
    return pose


def _picture(
    canvas: Any, camera: Camera, shapes: Sequence[_Shape], there: Sequence[int], step: ShownStep,
    poses: Mapping[int, FloatArray],
) -> Any:  # fmt: skip
    """Return what stands and what comes in as a picture."""
    stuck = {one.part for one in step.judged.obstacles} if step.judged else set[int]()
    colours = dict.fromkeys(there, STANDING) | {part: BLOCKED if part in stuck else NEW for part in step.parts}
    canvas.clear()
    for colour in (STANDING, NEW, BLOCKED):
        of = [part for part, one in sorted(colours.items()) if one == colour]
        if of:
            canvas.triangles(np.concatenate([_moved(shapes[k].triangles, poses.get(k)) for k in of]), colour, 1.0)
            canvas.lines(np.concatenate([_moved(shapes[k].edges, poses.get(k)) for k in of]), EDGE, 1.0, 0.6)
    return canvas.shoot(camera)


def _moved(points: FloatArray, pose: FloatArray | None) -> FloatArray:
    return points if pose is None else points @ pose[:3, :3].T + pose[:3, 3]


def _captioned(picture: Any, study: OrderStudy, step: ShownStep, number: int, steps: int, say: Said) -> Any:
    """Return a frame: the picture, under it the step's number, what comes, and a bar of how far it is."""
    from PIL import Image, ImageDraw

    frame = Image.new("RGB", (WIDTH, HEIGHT), "#ffffff")
    frame.paste(picture, (0, 0))
    draw = ImageDraw.Draw(frame)
    names = ", ".join(clean(study.parts[k].name or study.parts[k].global_id) for k in step.parts[:3])
    more = len(step.parts) - 3
    names += " " + say("clash.and_more", n=more) if more > 0 else ""
    text = f"{say('order.film', step=number, steps=steps)}{f'{clean(step.name)}: ' if step.name else ''}{names}"
    draw.text((16, HEIGHT - CAPTION + 8), _fitting(draw, text, WIDTH - 32), fill=_TEXT, font=_font())
    top, end = HEIGHT - 18, WIDTH - 16
    draw.rectangle((16, top, end, top + 8), fill=_TO_COME)
    draw.rectangle((16, top, 16 + round((end - 16) * number / steps), top + 8), fill=_DONE)
    return frame


def _fitting(draw: Any, text: str, width: int) -> str:
    """Return a text, shortened until it is no wider."""
    if draw.textlength(text, font=_font()) <= width:
        return text
    while text and draw.textlength(text + "…", font=_font()) > width:
        text = text[:-1]
    return text + "…"


@cache
def _font() -> Any:
    """Return the font that the PDF reports are set in: Latin and Chinese."""
    from PIL import ImageFont

    from twin.report.pdf import PdfError, font_folder

    try:
        file = next(iter(sorted(Path(font_folder()).glob("*.ttc"))))
    except (PdfError, StopIteration):
        text = "the font package manimgx-fonts-cjk is missing; install it with pip, or leave gif out of --report"
        raise Invalid(text) from None
    faces = (ImageFont.truetype(str(file), 22, index=k) for k in range(10))
    face = next((face for face in faces if face.getname()[0] == "Noto Sans CJK SC"), ImageFont.truetype(str(file), 22))
    face.set_variation_by_axes([_WEIGHT])
    return face


def _gif(frames: Sequence[tuple[Any, int]], width: int) -> bytes:
    """Return frames as a GIF that goes round, all with the same colours, those that mean something among them."""
    from PIL import Image

    size = (width, HEIGHT * width // WIDTH)
    pictures = [one if width == WIDTH else one.resize(size, Image.Resampling.LANCZOS) for one, _ in frames]
    strip = size[1] // 10
    both = Image.new("RGB", (size[0], 2 * size[1] + 3 * strip))
    both.paste(pictures[len(pictures) // 2], (0, 0))
    both.paste(pictures[-1], (0, size[1]))
    for k, colour in enumerate((STANDING, NEW, BLOCKED)):
        both.paste(colour, (0, 2 * size[1] + k * strip, size[0], 2 * size[1] + (k + 1) * strip))
    colours = both.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT)
    drawn = [one.quantize(palette=colours, dither=Image.Dither.NONE) for one in pictures]
    out = io.BytesIO()
    drawn[0].save(
        out, "GIF", save_all=True, append_images=drawn[1:], duration=[ms for _, ms in frames], loop=0, optimize=False
    )
    return out.getvalue()
