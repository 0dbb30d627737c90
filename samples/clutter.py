# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false
"""What stands about on a site and hides the building: boxes, balls, poles, people, scaffold pipes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from samples.raycast import RayScene


@dataclass(frozen=True, slots=True)
class ClutterSettings:
    """How much clutter stands around each station."""

    per_station: int = 5
    nearest_m: float = 1.2
    """Nothing is put closer to a station than this: the surveyor would have moved it."""
    farthest_m: float = 7.0


def clutter_triangles(
    design: RayScene, stations: FloatArray, settings: ClutterSettings, rng: np.random.Generator
) -> FloatArray:
    """Return clutter (f, 3, 3) metres standing on the floors that the stations (s, 3) see, under their ceilings."""
    pieces: list[FloatArray] = []
    for station in stations:
        for _ in range(settings.per_station):
            make = MAKERS[int(rng.integers(len(MAKERS)))]
            azimuth, reach = rng.uniform(-np.pi, np.pi), rng.uniform(settings.nearest_m, settings.farthest_m)
            child = np.random.default_rng(rng.integers(2**63))
            place = _free_place(design, station, azimuth, reach, settings.nearest_m)
            if place is None:
                continue
            floor, headroom = place
            triangles = make(headroom, child) + floor
            if np.linalg.norm(triangles.reshape(-1, 3)[:, None, :2] - stations[None, :, :2], axis=2).min() > 0.7:
                pieces.append(triangles)
    return np.concatenate(pieces) if pieces else np.zeros((0, 3, 3))


def _free_place(
    design: RayScene, station: FloatArray, azimuth: float, reach: float, nearest: float
) -> tuple[FloatArray, float] | None:
    """Return a floor point (3,) in sight of the station and the height free above it, or None."""
    out = np.array([[np.cos(azimuth), np.sin(azimuth), 0.0]])
    reach = min(reach, float(design.first_hits(station, out).distance[0]) - 0.6)
    if reach < nearest:
        return None
    above = station + reach * out[0]
    down, up = design.first_hits(above, np.array([[0.0, 0, -1], [0, 0, 1]])).distance
    if not 0.5 < down < 3.0:
        return None
    return above - [0.0, 0.0, down], float(min(down + up, 6.0)) - 0.1


def box(size: tuple[float, float, float], yaw: float = 0.0) -> FloatArray:
    """Return a box (12, 3, 3) standing on the origin, metres."""
    return prism(np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]]) * np.array(size[:2]) / 2, size[2], yaw)


def prism(outline: FloatArray, height: float, yaw: float = 0.0) -> FloatArray:
    """Return a convex outline (k, 2), counter-clockwise, drawn up from the origin by ``height``: (4k - 4, 3, 3)."""
    c, s = np.cos(yaw), np.sin(yaw)
    flat = outline @ np.array([[c, s], [-s, c]])
    low = np.column_stack([flat, np.zeros(len(flat))])
    high = np.column_stack([flat, np.full(len(flat), height)])
    faces: list[list[FloatArray]] = []
    for i in range(len(flat)):
        k = (i + 1) % len(flat)
        faces += [[low[i], low[k], high[k]], [low[i], high[k], high[i]]]
        if 0 < i < len(flat) - 1:
            faces += [[low[0], low[k], low[i]], [high[0], high[i], high[k]]]
    return np.array(faces)


def ball(radius: float, centre: tuple[float, float, float]) -> FloatArray:
    """Return a sphere as (f, 3, 3), metres."""
    from scipy.spatial import ConvexHull

    i = np.arange(240) + 0.5
    polar, turn = np.arccos(1 - 2 * i / len(i)), np.pi * (1 + np.sqrt(5)) * i
    points = np.stack([np.cos(turn) * np.sin(polar), np.sin(turn) * np.sin(polar), np.cos(polar)], axis=1)
    return points[ConvexHull(points).simplices] * radius + np.array(centre)


def pipe(start: tuple[float, float, float], end: tuple[float, float, float], radius: float) -> FloatArray:
    """Return a round bar from start to end (3,) metres as (f, 3, 3)."""
    a, b = np.array(start), np.array(end)
    axis = (b - a) / np.linalg.norm(b - a)
    side = np.cross(axis, [1.0, 0, 0] if abs(axis[0]) < 0.9 else [0, 1.0, 0])
    side /= np.linalg.norm(side)
    frame = np.stack([side, np.cross(axis, side), axis])
    return prism(circle(radius), float(np.linalg.norm(b - a))) @ frame + a


def circle(radius: float, corners: int = 16) -> FloatArray:
    """Return a regular outline (corners, 2), counter-clockwise."""
    turn = np.arange(corners) * 2 * np.pi / corners
    return radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)


def _some_box(headroom: float, rng: np.random.Generator) -> FloatArray:
    x, y, z = rng.uniform([0.3, 0.3, 0.2], [1.2, 0.9, 1.1])
    return box((x, y, min(z, headroom)), rng.uniform(0, np.pi))


def _some_ball(headroom: float, rng: np.random.Generator) -> FloatArray:
    radius = min(rng.uniform(0.1, 0.35), headroom / 2)
    return ball(radius, (0.0, 0.0, radius))


def _some_pole(headroom: float, rng: np.random.Generator) -> FloatArray:
    return prism(circle(rng.uniform(0.02, 0.06)), min(rng.uniform(1.0, 3.0), headroom))


def _somebody(headroom: float, rng: np.random.Generator) -> FloatArray:
    height = min(rng.uniform(1.55, 1.95), headroom)
    return np.concatenate([prism(circle(rng.uniform(0.18, 0.27)), height - 0.26), ball(0.12, (0, 0, height - 0.12))])


def _some_scaffold(headroom: float, rng: np.random.Generator) -> FloatArray:
    height, width, radius = min(rng.uniform(2.0, 4.0), headroom), rng.uniform(0.8, 1.6), 0.024
    bars = [pipe((x, 0, 0), (x, 0, height), radius) for x in (-width / 2, width / 2)]
    bars += [pipe((-width / 2, 0, z), (width / 2, 0, z), radius) for z in (0.3 * height, 0.8 * height)]
    bars.append(pipe((-width / 2, 0.06, 0.05), (width / 2, 0.06, 0.8 * height), radius))
    c, s = np.cos(yaw := rng.uniform(0, np.pi)), np.sin(yaw)
    return np.concatenate(bars) @ np.array([[c, s, 0.0], [-s, c, 0], [0, 0, 1]])


MAKERS: tuple[Callable[[float, np.random.Generator], FloatArray], ...] = (
    _some_box,
    _some_ball,
    _some_pole,
    _somebody,
    _some_scaffold,
)
