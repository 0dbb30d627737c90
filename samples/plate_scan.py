"""A drilled plate scanned close up, by closed form: no mesh, so that a hole is as round as it is drawn.

The plate lies in z = 0, its holes go down through it, and behind it is a wall. Modelled: range noise, beams that
straddle a rim (lost to the plate with the share that misses it: a return from somewhere between plate and wall), a grid
of beams that lies anyhow on the plate, what hides a part of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from geometry.rays import Rays
from samples.drilled_plate import DrilledPlate
from samples.footprint import Receiver, footprint_ranges


@dataclass(frozen=True, slots=True)
class CloseUp:
    """How a plate is scanned."""

    step: float = 0.001
    """Metres between neighbouring beams on a plate that is seen straight on."""
    noise: float = 0.0004
    beam: float = 0.0015
    """Diameter of the beam, metres."""
    lost: float = 1.0
    """How soon a straddling beam is lost: with this power of the share that still hits the plate."""
    receiver: Receiver | None = None
    """How the instrument makes one range of a beam; None: as ``lost`` says, a return from somewhere between."""


def scan_plate(
    plate: DrilledPlate, stations: FloatArray, settings: CloseUp, rng: np.random.Generator,
    hidden: Sequence[tuple[float, float, float]] = (),
) -> Rays:  # fmt: skip
    """Return what a scanner at each of some stations (s, 3), z > 0, gets back from a plate.

    ``hidden`` are discs (x, y, radius) on the plate that something in front of it hides.
    """
    points, numbers = list[FloatArray](), list[FloatArray]()
    for number, origin in enumerate(np.asarray(stations, dtype=np.float64)):
        beams = _beams(plate, origin, settings.step, rng)
        if settings.receiver is None:
            found, kept = _returns(plate, origin, beams, settings, rng, hidden)
        else:
            found, kept = _received(plate, origin, beams, settings, rng, hidden)
        points.append(origin + found[kept, None] * beams[kept])
        numbers.append(np.full(int(kept.sum()), number))
    return Rays(np.concatenate(points), np.concatenate(numbers).astype(np.int64), np.asarray(stations, np.float64))


def _beams(plate: DrilledPlate, origin: FloatArray, step: float, rng: np.random.Generator) -> FloatArray:
    """Return the directions (n, 3) of a square grid of beams that covers the plate and is turned anyhow."""
    low, high = np.array(plate.low), np.array(plate.high)
    middle, reach = 0.5 * (low + high), 0.5 * float(np.linalg.norm(high - low))
    far = float(np.linalg.norm(np.append(middle, 0.0) - origin))
    count = int(np.ceil(1.3 * reach / step))
    grid = (np.stack(np.meshgrid(*2 * [np.arange(-count, count + 1.0)]), axis=-1).reshape(-1, 2) + rng.random(2)) * step
    turn = rng.uniform(0.0, np.pi)
    grid = grid @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    ahead = (np.append(middle, 0.0) - origin) / far
    side = np.cross(ahead, [0.0, 1.0, 0.1])
    side /= np.linalg.norm(side)
    beams = ahead + (grid[:, :1] * side + grid[:, 1:] * np.cross(side, ahead)) / far
    return beams / np.linalg.norm(beams, axis=1, keepdims=True)


def _inside(plate: DrilledPlate, flat: FloatArray) -> tuple[BoolArray, FloatArray]:
    """Return which places (n, 2) are on the plate, and how far each is from its nearest rim, metres."""
    on: BoolArray = np.logical_and.reduce((flat >= plate.low) & (flat <= plate.high), axis=1)
    away = np.minimum(flat - plate.low, np.array(plate.high) - flat).min(axis=1)
    for x, y, radius in plate.holes:
        from_hole = np.hypot(flat[:, 0] - x, flat[:, 1] - y) - radius
        on &= from_hole >= 0.0
        away = np.minimum(away, from_hole)
    return on, np.abs(away)


def _returns(
    plate: DrilledPlate, origin: FloatArray, beams: FloatArray, settings: CloseUp, rng: np.random.Generator,
    hidden: Sequence[tuple[float, float, float]],
) -> tuple[FloatArray, BoolArray]:  # fmt: skip
    """Return the range of each beam, metres, and which come back."""
    face = -origin[2] / beams[:, 2]
    flat = (origin + face[:, None] * beams)[:, :2]
    on, away = _inside(plate, flat)
    wall = (-plate.behind - origin[2]) / beams[:, 2]
    beyond = np.minimum(wall, _in_bore(plate, origin, beams, flat, on))
    # the share of a disc beyond a chord at a distance from its middle
    ratio = np.clip(away / (0.5 * settings.beam), 0.0, 1.0)
    share = (np.arccos(ratio) - ratio * np.sqrt(1.0 - ratio**2)) / np.pi
    straddles = on & (rng.random(len(on)) < 1.0 - (1.0 - share) ** settings.lost)
    between = face + rng.uniform(0.02, 1.0, len(face)) * (wall - face)
    ranges = np.where(on, np.where(straddles, between, face), beyond)
    ranges = ranges + settings.noise * rng.standard_normal(len(ranges))
    kept = np.ones(len(ranges), dtype=np.bool_)
    for x, y, radius in hidden:
        kept &= np.hypot(flat[:, 0] - x, flat[:, 1] - y) > radius
    return ranges, kept


def _received(
    plate: DrilledPlate, origin: FloatArray, beams: FloatArray, settings: CloseUp, rng: np.random.Generator,
    hidden: Sequence[tuple[float, float, float]],
) -> tuple[FloatArray, BoolArray]:  # fmt: skip
    """Return what an instrument makes of beams that are as wide as they are."""
    ranges = footprint_ranges(plate, origin, beams, settings.beam, settings.receiver or Receiver())
    ranges = ranges + settings.noise * rng.standard_normal(len(ranges))
    flat = (origin - (origin[2] / beams[:, 2])[:, None] * beams)[:, :2]
    kept = np.isfinite(ranges)
    for x, y, radius in hidden:
        kept &= np.hypot(flat[:, 0] - x, flat[:, 1] - y) > radius
    return ranges, kept


def _in_bore(plate: DrilledPlate, origin: FloatArray, beams: FloatArray, flat: FloatArray, on: BoolArray) -> FloatArray:
    """Return where beams that enter a hole meet its wall, infinite where they go through."""
    found = np.full(len(beams), np.inf)
    for x, y, radius in plate.holes:
        rows = np.flatnonzero(~on & (np.hypot(flat[:, 0] - x, flat[:, 1] - y) < radius))
        start, way = origin[:2] - [x, y], beams[rows, :2]
        a, b = (way**2).sum(axis=1), way @ start
        root = np.sqrt(np.maximum(b**2 - a * (start @ start - radius**2), 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            leaves = np.where(a > 1e-15, (root - b) / a, np.inf)
        depth = -(origin[2] + leaves * beams[rows, 2])
        found[rows] = np.where(depth < plate.thickness, leaves, np.inf)
    return found
