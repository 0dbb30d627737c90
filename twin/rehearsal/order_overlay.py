"""An order as an overlay that the viewer plays (docs/file-formats.md)."""

import json

import numpy as np

from geometry.arrays import FloatArray
from simulation.assembly.order_study import OrderStudy
from twin.rehearsal.order_shown import ShownStep, shown_steps, vector

OVERLAY_SCHEMA = "qtems.overlay/1"
Json = dict[str, object]
_SECONDS, _MOVE_SECONDS = 2.0, 1.0
"""Of the animation, for each step, and for each move where several are needed."""
IN_PLACE_COLOUR, BLOCKED_COLOUR = "#0072b2", "#d55e00"


def order_overlay(study: OrderStudy, title: str) -> bytes:
    """Return the order as an overlay for the viewer, UTF-8."""
    document = order_document(study, title)
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode("utf-8", "replace")


def order_document(study: OrderStudy, title: str) -> Json:
    """Return the order as tracks in time: each part comes in along its way, what is blocked is coloured."""
    keys, time = dict[int, list[Json]](), 0.0
    for step in shown_steps(study):
        blocked = {one.part for one in step.judged.obstacles} if step.judged else set[int]()
        courses, entry, seconds = _courses(step, study)
        for part, course in courses.items():
            whens = [time + seconds * k / max(len(course) - 1, 1) for k in range(len(course))]
            shown: list[Json] = [{"t": when, "move_m": vector(at)} for when, at in zip(whens, course, strict=True)] or [
                {"t": time},
                {"t": time + seconds},
            ]
            if part in step.parts:
                shown = shown[entry:]
                state = "blocked" if part in blocked else "in place"
                shown[0] |= {"visible": True, "colour": BLOCKED_COLOUR if part in blocked else IN_PLACE_COLOUR}
                shown[-1] |= {"state": state}
                before: list[Json] = [{"t": 0.0, "visible": False}]
                shown = shown if shown[0]["t"] == 0.0 else before + shown
            keys.setdefault(part, []).extend(shown)
        time += seconds
    tracks = [{"element": study.parts[part].global_id, "keys": rows} for part, rows in keys.items()]
    return {"schema": OVERLAY_SCHEMA, "title": title, "duration_s": time, "tracks": tracks}


def _courses(step: ShownStep, study: OrderStudy) -> tuple[dict[int, list[FloatArray]], int, float]:
    """Return where each part is in the course of a step, evenly in time; the place at which new ones show; seconds.

    Empty for a part of which it is not known how it comes.
    """
    if step.found is not None and step.found.motion is not None:
        motion = step.found.motion
        count = len(motion.opening) + len(motion.closing)
        return motion.courses(), len(motion.opening), max(_SECONDS, _MOVE_SECONDS * count)
    if step.found is not None and step.found.path is not None:
        # the overlay moves parts without turning them: a turn is shown where it ends
        poses = step.found.path.poses
        return {part: [_moved(pose, study.parts[part].centre) for pose in poses] for part in step.parts}, 0, _SECONDS
    return {
        part: [] if way is None else [-step.travel * way, np.zeros(3)]
        for part, way in zip(step.parts, step.insertion, strict=True)
    }, 0, _SECONDS  # fmt: skip


def _moved(pose: FloatArray, centre: FloatArray) -> FloatArray:
    """Return how far a pose moves a part's centre of gravity (3,)."""
    return pose[:3, :3] @ centre + pose[:3, 3] - centre
