"""Where a surveyor would set up: on floors, on flat roofs and around the building, where something new is seen."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray, Int32Array
from geometry.errors import EmptyInput
from samples.raycast import RayScene

CANDIDATES = 160
LEVEL = 0.95
"""A floor's normal has at least this vertical part."""


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """A place for the scanner and the (element, direction) pairs that a coarse panorama sees from it."""

    position: FloatArray
    seen: Int32Array


def choose_stations(
    scene: RayScene, owner: Int32Array, count: int, rng: np.random.Generator, height_m: float = 1.6
) -> FloatArray:
    """Return scanner positions (count, 3) in the design frame, metres.

    Candidates stand ``height_m`` above something flat that is seen from above, with headroom and elbow room, outside
    every solid, or on the ground around the building. They are taken greedily by how many pairs of element and viewing
    side they add, with some chance in it, as a surveyor who knows the building would.

    Parameters
    ----------
    scene, owner : the design's triangles and the index of the element (f,) that each belongs to

    Raises
    ------
    EmptyInput
        If no place was found at which the scanner sees anything.
    """
    views = _views(scene, owner, height_m, rng)
    if not views:
        raise EmptyInput("no place for a scanner was found: the model has no floor and nothing to see from around it")
    chosen: list[_View] = []
    known = np.zeros(0, dtype=np.int32)
    while len(chosen) < count and views:
        gains = [len(np.setdiff1d(v.seen, known, assume_unique=True)) * rng.uniform(0.6, 1.0) for v in views]
        if chosen:
            apart = [min(float(np.linalg.norm(v.position - c.position)) for c in chosen) for v in views]
            # keep stations apart, and walk on when everything has been seen once
            gains = [gain + min(d, 5.0) * 0.1 if d > 1.0 else -1.0 for gain, d in zip(gains, apart, strict=True)]
        best = views.pop(int(np.argmax(gains)))
        chosen.append(best)
        known = np.union1d(known, best.seen)
    return np.array([view.position for view in chosen])


def returning_share(scene: RayScene, stations: FloatArray, reach: float = 60.0) -> float:
    """Return the share of a panorama's rays that meet the design within ``reach`` metres, mean over the stations."""
    beams = _coarse_panorama()
    return float(np.mean([(scene.first_hits(station, beams, reach).triangle >= 0).mean() for station in stations]))


def _coarse_panorama() -> FloatArray:
    elevation, azimuth = np.meshgrid(np.radians(np.arange(-57.0, 88.0, 6.0)), np.radians(np.arange(0.0, 360.0, 4.0)))
    flat = np.cos(elevation)
    return np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)], axis=2).reshape(-1, 3)


def _views(scene: RayScene, owner: Int32Array, height: float, rng: np.random.Generator) -> list[_View]:
    low, high = scene.boxes[0]
    margin = min(max(0.6 * float((high - low).max()), 3.0), 12.0)
    views: list[_View] = []
    # by convention a building's ground is at 0; a foundation below it does not lower the ground
    ground = 0.0 if -6.0 < low[2] < 0.0 < high[2] else float(low[2])
    for attempt in range(10 * CANDIDATES):
        border = margin if attempt % 4 == 0 else 0.0
        place = low[:2] - border + (high - low + 2 * border)[:2] * rng.random(2)
        floors = _floors(scene, place, float(high[2]), height + 0.3)
        outside = bool((place < low[:2] - 1.5).any() or (place > high[:2] + 1.5).any())
        if outside and not floors:
            floors = [ground]
        for floor in floors:
            position = np.array([*place, floor + height + rng.uniform(-0.15, 0.15)])
            view = _look_around(scene, owner, position)
            if view is not None:
                views.append(view)
        if len(views) >= CANDIDATES:
            break
    return views


def _floors(scene: RayScene, place: FloatArray, top: float, headroom: float) -> list[float]:
    """Return the heights (m) of the flat surfaces at one place (2,), seen from above, with ``headroom`` over them."""
    heights: list[float] = []
    z, ceiling = top + 1.0, np.inf
    down = np.array([[0.0, 0.0, -1.0]])
    for _ in range(60):
        hits = scene.first_hits(np.array([*place, z]), down)
        if hits.triangle[0] < 0:
            break
        a, b, c = scene.triangles[hits.triangle[0]]
        normal = np.cross(b - a, c - a)
        z -= float(hits.distance[0])
        if normal[2] > LEVEL * np.linalg.norm(normal) and ceiling - z > headroom:
            heights.append(z)
        ceiling = z
        z -= 1e-4
    return heights


def _look_around(scene: RayScene, owner: Int32Array, position: FloatArray) -> _View | None:
    """Return what a coarse panorama sees, or None when the place is too tight, inside a solid, or sees too little."""
    beams = _coarse_panorama()
    hits = scene.first_hits(position, beams, 50.0)
    seen = hits.triangle >= 0
    if seen.mean() < 0.03 or hits.distance.min() < 0.5:
        return None
    if _inside_solid(scene, owner, position):
        return None
    corners = scene.triangles[hits.triangle[seen]]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    octant = (normals > 0) @ np.array([1, 2, 4])
    pairs, count = np.unique(owner[hits.triangle[seen]] * 8 + octant, return_counts=True)
    return _View(position, pairs[count >= 3].astype(np.int32))


def _inside_solid(scene: RayScene, owner: Int32Array, position: FloatArray) -> bool:
    """Return whether most of a few rays leave some element an odd number of times; normals may point either way."""
    beams = np.array(
        [[0.31, 0.17, 0.93], [-0.71, 0.43, 0.21], [0.67, 0.61, -0.37], [-0.23, -0.83, 0.11], [0.53, -0.79, -0.29]]
    )
    beams /= np.linalg.norm(beams, axis=1, keepdims=True)
    crossings = np.zeros((len(beams), int(owner.max()) + 1), dtype=np.int64)
    at = np.repeat(position[None], len(beams), axis=0)
    going = np.arange(len(beams))
    for _ in range(500):
        hits = scene.first_hits(at[going], beams[going])
        hit = hits.triangle >= 0
        going, distance, triangle = going[hit], hits.distance[hit], hits.triangle[hit]
        if not len(going):
            break
        crossings[going, owner[triangle]] += 1
        at[going] += (distance + 1e-6)[:, None] * beams[going]
    return bool(((crossings % 2).mean(axis=0) > 0.5).any())
