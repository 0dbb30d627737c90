"""A drilled plate scanned by beams that are as wide as they are: what instruments make of one that straddles a rim.

A beam is a bundle of parallel rays (Vogel's spiral). Each meets the face of the plate, the wall of a bore, the side
of the plate or the wall behind it, by closed form. Instruments then say one range, each in its own way (``Receiver``).
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from geometry.arrays import FloatArray
from samples.drilled_plate import DrilledPlate


class Says(StrEnum):
    """Which range an instrument says of what came back from several places."""

    NEAREST = "nearest"
    """The mean of the nearest return with at least a share of the energy; returns nearer than ``apart`` are one."""
    SHARE = "share"
    """The range within which a share of the energy came back: a threshold on the leading edge."""
    MEAN = "mean"
    """The mean of all: phase shift."""
    DROPPED = "dropped"
    """Nothing, where there is more than one return: a filter of mixed pixels; else the mean."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """How an instrument makes a range of what comes back of a beam."""

    says: Says = Says.NEAREST
    share: float = 0.5
    apart: float = 0.02
    """Metres between returns that are told apart."""
    rays: int = 48
    gaussian: bool = False
    """Whether the beam is brightest in its middle (the diameter is that of 1/e²), not even."""


def footprint_ranges(
    plate: DrilledPlate, origin: FloatArray, beams: FloatArray, beam: float, receiver: Receiver
) -> FloatArray:
    """Return what ranges (n,) of beams (n, 3) an instrument says, metres; NaN where it says none."""
    offsets, energy = _bundle(receiver, 0.5 * beam)
    middle = -origin / np.linalg.norm(origin)
    side = np.cross(middle, [0.3, 1.0, 0.1])
    side /= np.linalg.norm(side)
    up = np.cross(middle, side)
    ranges = np.stack([_met(plate, origin + a * side + b * up, beams) for a, b in offsets])
    match receiver.says:
        case Says.MEAN:
            return energy @ ranges
        case Says.SHARE:
            order = np.argsort(ranges, axis=0)
            back = np.cumsum(energy[order], axis=0)
            first = (back >= receiver.share - 1e-9).argmax(axis=0)
            return np.take_along_axis(np.take_along_axis(ranges, order, 0), first[None], 0)[0]
        case Says.DROPPED:
            return np.where(np.ptp(ranges, axis=0) > receiver.apart, np.nan, energy @ ranges)
        case Says.NEAREST:
            return _nearest(ranges, energy, receiver)


def _bundle(receiver: Receiver, radius: float) -> tuple[FloatArray, FloatArray]:
    """Return where the rays of a beam are (k, 2), metres, and their shares of its energy (k,)."""
    number = np.arange(receiver.rays) + 0.5
    reach = (1.5 if receiver.gaussian else 1.0) * radius
    away = reach * np.sqrt(number / receiver.rays)
    bearing = number * np.pi * (3.0 - np.sqrt(5.0))
    energy = np.exp(-2.0 * (away / radius) ** 2) if receiver.gaussian else np.ones(receiver.rays)
    return np.stack([away * np.cos(bearing), away * np.sin(bearing)], axis=1), energy / energy.sum()


def _nearest(ranges: FloatArray, energy: FloatArray, receiver: Receiver) -> FloatArray:
    """Return the mean range of the nearest return that is strong enough, of the strongest where none is."""
    order = np.argsort(ranges, axis=0)
    sorted_ranges, weight = np.take_along_axis(ranges, order, 0), energy[order]
    group = np.vstack([np.zeros(ranges.shape[1]), np.cumsum(np.diff(sorted_ranges, axis=0) > receiver.apart, axis=0)])
    best, said = np.full(ranges.shape[1], -1.0), np.full(ranges.shape[1], np.nan)
    for number in range(int(group.max()) + 1):
        own = weight * (group == number)
        held = own.sum(axis=0)
        mean = (own * sorted_ranges).sum(axis=0) / np.maximum(held, 1e-12)
        better = (held > best) & (best < receiver.share)
        said, best = np.where(better, mean, said), np.where(better, held, best)
    return said


def _met(plate: DrilledPlate, origin: FloatArray, beams: FloatArray) -> FloatArray:
    """Return where single rays (n, 3) from a place first meet plate, bore or wall behind, metres."""
    low, high = np.array([*plate.low, -plate.thickness]), np.array([*plate.high, 0.0])
    with np.errstate(divide="ignore", invalid="ignore"):
        first, last = (low - origin) / beams, (high - origin) / beams
        enters = np.minimum(first, last).max(axis=1)
        leaves = np.maximum(first, last).min(axis=1)
    met = np.where(enters < leaves, enters, np.inf)
    flat = (origin + np.where(np.isfinite(met), met, 0.0)[:, None] * beams)[:, :2]
    for x, y, radius in plate.holes:
        rows = np.flatnonzero(np.isfinite(met) & (np.hypot(flat[:, 0] - x, flat[:, 1] - y) < radius))
        met[rows] = _in_bore(origin - [x, y, 0.0], beams[rows], radius, plate.thickness)
    return np.minimum(met, (-plate.behind - origin[2]) / beams[:, 2])


def _in_bore(origin: FloatArray, beams: FloatArray, radius: float, thickness: float) -> FloatArray:
    """Return where rays that enter a bore about the origin meet its wall, infinite where they go through."""
    a, b = (beams[:, :2] ** 2).sum(axis=1), beams[:, :2] @ origin[:2]
    root = np.sqrt(np.maximum(b**2 - a * (origin[:2] @ origin[:2] - radius**2), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        wall = np.where(a > 1e-15, (root - b) / a, np.inf)
    return np.where(-(origin[2] + wall * beams[:, 2]) < thickness, wall, np.inf)
