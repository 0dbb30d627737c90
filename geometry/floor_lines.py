# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false
"""Where on a slab's top the sample lines for F-numbers lie, and what elevations the points give along them.

References
----------
ASTM E1155, section 7: a test section of 320 square feet or more, 8 ft or wider; straight lines of 11 ft or longer, in
two directions across each other (at 45 degrees where the section is narrower than 25 ft), 4 ft apart, 2 ft from its
boundary and openings; readings every 12 in.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt

from geometry.arrays import BoolArray, FloatArray, IntArray
from geometry.f_number import FOOT
from geometry.floor_profile import LineProfile
from geometry.plan import plan_rectangle

LEAST_AREA = 320 * FOOT**2
LEAST_WIDTH = 8 * FOOT
_NARROW = 25 * FOOT
_APART = 4 * FOOT
_CLEAR = 2 * FOOT
_LEAST_READINGS = 12
FOOTPRINT = 0.05
"""Radius (m) of the disc whose points make a reading: short against the 2 ft over which a curvature is taken."""
_AROUND = 0.15
"""Radius (m) of the disc that must have points on all sides: a reading beside a gap hangs on its edge."""
_LEAST_POINTS = 8
_LOPSIDED = 0.5
"""Squared distance of the points' mean from the middle, in their own spread, from which they lie on one side."""
_STRAY = 5.0
"""Times the noise from which a point within a reading is not the floor."""
_CELL = 0.05
_MOST_CELLS = 2e7


@dataclass(frozen=True, slots=True, eq=False)
class LevelTop:
    """The largest level part of an element's designed top."""

    triangles: FloatArray
    """(t, 3, 2) in plan, metres."""
    height: float
    area: float
    """Square metres."""
    tilted_area: float
    """Of what faces up and is not level."""


@dataclass(frozen=True, slots=True, eq=False)
class SampleLine:
    """Readings a foot apart along a straight line in plan."""

    direction: int
    start: FloatArray
    """(2,) metres."""
    along: FloatArray
    """(2,) unit vector."""
    readings: int


@dataclass(frozen=True, slots=True, eq=False)
class FloorReadings:
    """What was read along all lines."""

    profiles: tuple[LineProfile, ...]
    laid: int
    """Readings that the lines have places for."""
    read: int
    points: int
    """That the readings rest on."""


def level_top(triangles: FloatArray, steepest: float) -> LevelTop | None:
    """Return the largest level part of what faces up; None when nothing does or is steeper than ``steepest`` (a slope).

    Parameters
    ----------
    triangles
        (t, 3, 3) outward, metres.
    """
    normal = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    size = np.linalg.norm(normal, axis=1)
    up = normal[:, 2] / np.maximum(size, 1e-12)
    plan_area = 0.5 * normal[:, 2]
    # a wall that leans is no floor
    tops = (up > 0.5) & (plan_area > 0.0)
    level = tops & (np.hypot(normal[:, 0], normal[:, 1]) <= steepest * normal[:, 2])
    if not level.any():
        return None
    z = triangles[level, :, 2].mean(axis=1)
    order = np.argsort(z, kind="stable")
    step = np.zeros(len(z), np.int64)
    step[order] = np.cumsum(np.diff(z[order], prepend=z[order[0]]) > 0.002)
    area = np.bincount(step, weights=plan_area[level])
    best = step == int(np.argmax(area))
    return LevelTop(
        triangles[level][best][:, :, :2],
        float(np.average(z[best], weights=plan_area[level][best])),
        float(area.max()),
        float(plan_area[tops & ~level].sum()),
    )


def sample_lines(top: LevelTop) -> tuple[SampleLine, ...]:
    """Return the sample lines on a level top: the same on the floor whichever way the model is turned."""
    plan = plan_rectangle(top.triangles.reshape(-1, 2))
    axes = plan.axes
    if plan.lengths[1] < _NARROW:
        axes = np.array([axes[0] + axes[1], axes[1] - axes[0]]) / np.sqrt(2.0)
    inside = _Inside(top.triangles @ axes.T)
    found: list[SampleLine] = []
    for direction in (0, 1):
        u, v = axes[direction], axes[1 - direction]
        along, across = (_places(inside, axis, step) for axis, step in ((direction, FOOT), (1 - direction, _APART)))
        for offset in across:
            here = np.empty((len(along), 2))
            here[:, direction], here[:, 1 - direction] = along, offset
            for start, stop in _runs(inside.clear(here)):
                if stop - start >= _LEAST_READINGS:
                    at = along[start] * u + offset * v
                    found.append(SampleLine(direction, at, u, int(stop - start)))
    return tuple(found)


def _places(inside: "_Inside", axis: int, step: float) -> FloatArray:
    """Return places ``step`` apart between the margins, as many as there is room for, in the middle."""
    lower, upper = inside.lower[axis] + _CLEAR, inside.upper[axis] - _CLEAR
    if upper < lower:
        return np.zeros(0)
    count = int(np.floor((upper - lower) / step + 1e-6)) + 1
    return 0.5 * (lower + upper) + step * (np.arange(count) - 0.5 * (count - 1))


def _runs(good: BoolArray) -> list[tuple[int, int]]:
    edge = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edge[::2], edge[1::2], strict=True)]


class _Inside:
    """Which places lie 2 ft within a set of triangles (t, 3, 2), on a raster."""

    def __init__(self, triangles: FloatArray) -> None:
        corners = triangles.reshape(-1, 2)
        self.lower, self.upper = corners.min(axis=0), corners.max(axis=0)
        size = self.upper - self.lower
        self._cell = max(_CELL, float(np.sqrt(size.prod() / _MOST_CELLS)))
        shape = np.ceil(size / self._cell).astype(np.int64) + 2
        mask = np.zeros((int(shape[0]), int(shape[1])), np.bool_)
        for triangle in triangles:
            self._fill(mask, triangle)
        self._clear = np.asarray(distance_transform_edt(mask)) * self._cell

    def _fill(self, mask: BoolArray, triangle: FloatArray) -> None:
        first = np.maximum(self._index(triangle.min(axis=0)), 0)
        last = np.minimum(self._index(triangle.max(axis=0)) + 1, mask.shape)
        x, y = (self.lower[a] + (np.arange(first[a], last[a]) - 0.5) * self._cell for a in (0, 1))
        within = np.ones((len(x), len(y)), np.bool_)
        (ax, ay), (bx, by) = triangle[1] - triangle[0], triangle[2] - triangle[0]
        turn = np.sign(ax * by - ay * bx)  # axes that are a mirror image turn all corners round
        for a, b in zip(triangle, np.roll(triangle, -1, axis=0), strict=True):
            edge = (b[0] - a[0]) * (y[None, :] - a[1]) - (b[1] - a[1]) * (x[:, None] - a[0])
            within &= turn * edge >= -1e-9
        mask[first[0] : last[0], first[1] : last[1]] |= within

    def _index(self, places: FloatArray) -> IntArray:
        # the raster has an empty cell around, so that its edge is a boundary
        return np.floor((places - self.lower) / self._cell).astype(np.int64) + 1

    def clear(self, places: FloatArray) -> BoolArray:
        """Say which places (n, 2) are 2 ft or more from the boundary, to a cell."""
        index = np.clip(self._index(places), 0, np.array(self._clear.shape) - 1)
        return self._clear[index[:, 0], index[:, 1]] >= _CLEAR - self._cell


def read_lines(lines: tuple[SampleLine, ...], points: FloatArray) -> FloorReadings:
    """Return the elevations along lines from points (n, 3) on the floor.

    A reading is the height, in its middle, of the plane through the points of a disc of 5 cm. Where there are too
    few, or the surroundings have points on one side only, there is none.
    """
    profiles: list[LineProfile] = []
    used = 0
    for direction in (0, 1):
        mine = [line for line in lines if line.direction == direction]
        if not mine:
            continue
        across = np.array([-mine[0].along[1], mine[0].along[0]])
        offset = points[:, :2] @ across
        order = np.argsort(offset, kind="stable")
        ordered = offset[order]
        for line in mine:
            at = float(line.start @ across)
            low, high = np.searchsorted(ordered, [at - _AROUND, at + _AROUND])
            near = points[np.sort(order[low:high])]
            profile, count = _profile(line, near[:, :2] - line.start, near[:, 2])
            profiles.append(profile)
            used += count
    laid = sum(line.readings for line in lines)
    read = int(sum(np.isfinite(profile.height).sum() for profile in profiles))
    return FloorReadings(tuple(profiles), laid, read, used)


def _profile(line: SampleLine, offset: FloatArray, height: FloatArray) -> tuple[LineProfile, int]:
    """Return the readings of one line from points at ``offset`` (n, 2) from its start, and how many points they use."""
    along, across = offset @ line.along, offset @ np.array([-line.along[1], line.along[0]])
    reading = np.rint(along / FOOT).astype(np.int64)
    along = along - reading * FOOT
    away = np.hypot(along, across)
    there = (reading >= 0) & (reading < line.readings) & (away <= _AROUND)
    reading = reading[there]
    along, across, away, height = (a[there] for a in (along, across, away, height))
    n = line.readings
    surrounded = _surrounded(reading, along, across, n)
    near = (away <= FOOTPRINT) & surrounded[reading]
    disc = _Disc(reading[near], along[near], across[near], height[near], n)
    before = np.bincount(disc.reading, minlength=n)
    residual = disc.residual()
    noise = 1.4826 * float(np.median(np.abs(residual))) if len(residual) else 0.0
    disc = disc.only(np.abs(residual) <= _STRAY * noise + 1e-6)
    # what is crossed by a cable or a box is not a reading of the floor
    clean = disc.count >= 0.8 * before
    good = disc.solvable & clean
    middle, variance = np.where(good, disc.middle, np.nan), np.where(good, disc.variance(), np.nan)
    return LineProfile(line.direction, middle, variance), int(disc.count[good].sum())


def _surrounded(reading: IntArray, along: FloatArray, across: FloatArray, n: int) -> BoolArray:
    """Say which of n readings have points on all sides: on half a disc, the mean lies 2.6 squared spreads off."""
    count = np.bincount(reading, minlength=n)
    each = np.maximum(count, 1)
    x, y = (np.bincount(reading, weights=a, minlength=n) / each for a in (along, across))
    xx, yy, xy = (
        np.bincount(reading, weights=a, minlength=n) / each for a in (along**2, across**2, along * across)
    )  # fmt: skip
    xx, yy, xy = xx - x * x, yy - y * y, xy - x * y
    spread = xx * yy - xy * xy
    off = (yy * x * x - 2.0 * xy * x * y + xx * y * y) / np.maximum(spread, 1e-15)
    return (count >= _LEAST_POINTS) & (spread > 1e-9) & (off <= _LOPSIDED)


class _Disc:
    """Planes through the points of each of n readings, by least squares."""

    def __init__(self, reading: IntArray, along: FloatArray, across: FloatArray, height: FloatArray, n: int) -> None:
        self.reading, self._along, self._across, self._height, self._n = reading, along, across, height, n
        row = np.stack([np.ones(len(along)), along, across], axis=1)
        normal = np.stack([self._sum(row[:, i] * row[:, j]) for i in range(3) for j in range(3)], axis=1)
        right = np.stack([self._sum(row[:, i] * height) for i in range(3)], axis=1)
        self.count = np.bincount(reading, minlength=n)
        self._normal = normal.reshape(n, 3, 3)
        spread = np.linalg.det(self._normal) / np.maximum(self.count, 1) ** 3
        self.solvable: BoolArray = (self.count >= _LEAST_POINTS) & (spread > (0.1 * FOOTPRINT) ** 4)
        inverse = np.zeros((n, 3, 3))
        inverse[self.solvable] = np.linalg.inv(self._normal[self.solvable])
        self._leverage = inverse[:, 0, 0]
        self._plane = np.einsum("nij,nj->ni", inverse, right)
        self.solvable &= self._leverage * self.count <= 1.0 + 2.0 * _LOPSIDED

    @property
    def middle(self) -> FloatArray:
        """(n,) heights, metres."""
        return self._plane[:, 0]

    def _sum(self, values: FloatArray) -> FloatArray:
        return np.bincount(self.reading, weights=values, minlength=self._n).astype(np.float64)

    def residual(self) -> FloatArray:
        """Return how far each point lies above its plane, metres."""
        plane = self._plane[self.reading]
        return self._height - plane[:, 0] - plane[:, 1] * self._along - plane[:, 2] * self._across

    def only(self, kept: BoolArray) -> "_Disc":
        """Return the planes through some of the points."""
        return _Disc(self.reading[kept], self._along[kept], self._across[kept], self._height[kept], self._n)

    def variance(self) -> FloatArray:
        """Return the variance (n,) of the heights from how the points scatter about the planes, m²."""
        return self._leverage * self._sum(self.residual() ** 2) / np.maximum(self.count - 3, 1)
