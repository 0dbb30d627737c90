"""Which of two poses is right: only the places where they disagree can tell, and each place counts once.

Where a design is symmetric, both poses explain exactly the same points, however badly it is built: no place tells them
apart. A place of about a quarter of a square metre that one pose explains and the other does not is a site. Points of
one site are one observation, not many. Rays that run through design solids are sites too, against the pose that puts
the solid there; alone they never decide, for a solid may just not be built.
"""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray, Int32Array, IntArray
from geometry.pose import Pose
from geometry.registration.matching import match
from geometry.registration.occupancy import direction_classes
from geometry.registration.surfaces import DesignSurface, ScanSample
from geometry.triangle_tree import cast

_SCALE = 0.06
"""Well beyond usual building errors, so that a badly built slab does not speak for the pose that happens to fit it."""
_RAYS = 4_000
_RAYS_PER_SITE = 5.0
_MARGIN = 0.15
_SITE_AREA = 0.25
_BLOCK = 1.0
_LEAST_SURFACE_SITES = 3.0
_LEAST_SITES = 4.0
"""Chance makes a wrong pose explain a face by accident about one time in twenty; 3 to 4 unopposed faces leave odds of
about 19^4 = 130,000 : 1."""
_MOST_OPPOSED = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """How the scan looks from one pose."""

    T_design_scan: Pose
    closeness: FloatArray
    """(n,) 0..1: how well each sample point is explained."""
    blocked: BoolArray
    """(r,) rays that run through a design solid on their way."""
    through: IntArray
    """(r,) which place of which element each blocked ray runs through."""

    @property
    def score(self) -> float:
        """Share of the scan explained."""
        return float(self.closeness.mean())


@dataclass(frozen=True, slots=True)
class Evidence:
    """Sites where one pose explains what the other does not, and the reverse."""

    surface_for: float
    surface_against: float
    space_for: float
    space_against: float

    @property
    def net(self) -> float:
        """Sites for less sites against."""
        return self.surface_for - self.surface_against + self.space_for - self.space_against

    @property
    def decides(self) -> bool:
        """True when the sites speak clearly for the first pose."""
        surface = self.surface_for - self.surface_against
        opposed = self.surface_against / max(self.surface_for + self.surface_against, 1e-9)
        return surface >= _LEAST_SURFACE_SITES and self.net >= _LEAST_SITES and opposed <= _MOST_OPPOSED


def view(surface: DesignSurface, sample: ScanSample, T_design_scan: Pose, size: float) -> View:
    """Return how the scan looks from a pose."""
    matches = match(surface, sample, T_design_scan, 0.2 * size)
    near = np.zeros(len(sample.points))
    near[matches.index] = 1.0 / (1.0 + (matches.distance / (_SCALE * size)) ** 4)
    if sample.stations is None:
        return View(T_design_scan, near, np.zeros(0, np.bool_), np.zeros(0, np.int64))
    blocked, through = _blocked(surface, sample.first(_RAYS), sample.stations[:_RAYS], T_design_scan, size)
    return View(T_design_scan, near, blocked, through)


def _blocked(
    surface: DesignSurface, sample: ScanSample, stations: FloatArray, T_design_scan: Pose, size: float
) -> tuple[BoolArray, IntArray]:
    origins, ends = T_design_scan.apply(stations), T_design_scan.apply(sample.points)
    length = np.linalg.norm(ends - origins, axis=1)
    directions = (ends - origins) / np.maximum(length, 1e-9)[:, None]
    hits = cast(surface.tree, origins, directions, np.maximum(length - _MARGIN * size, 0.0))
    blocked = hits.triangle >= 0
    at = origins + np.where(blocked, hits.range, 0.0)[:, None] * directions
    return blocked, _place(at, surface.lower, _BLOCK * size, hits.element)


def _place(points: FloatArray, corner: FloatArray, block: float, kind: Int32Array | IntArray) -> IntArray:
    """Return a number (n,) for block and kind of each point (n, 3)."""
    cell = np.floor((points - corner) / block).astype(np.int64) & 0xFFFF
    return ((cell[:, 0] << 16 | cell[:, 1]) << 16 | cell[:, 2]) + (np.asarray(kind, np.int64) << 48)


def compare(a: View, b: View, sample: ScanSample, size: float) -> Evidence:
    """Return the evidence for pose ``a`` against pose ``b``, both views of the same sample."""
    gain = a.closeness - b.closeness
    facing = np.argmax(sample.normals @ direction_classes().T, axis=1).astype(np.int64)
    place = _place(sample.points, sample.points.min(axis=0), _BLOCK * size, facing)
    points_per_site = max(4.0, _SITE_AREA * size**2 / sample.area_per_point)
    surface_for, surface_against = _sites(place, np.where(np.abs(gain) > 0.5, np.sign(gain), 0.0), points_per_site)
    only_b, only_a = b.blocked & ~a.blocked, a.blocked & ~b.blocked
    space_for, _ = _sites(b.through, only_b.astype(np.float64), _RAYS_PER_SITE)
    space_against, _ = _sites(a.through, only_a.astype(np.float64), _RAYS_PER_SITE)
    return Evidence(surface_for, surface_against, space_for, space_against)


def _sites(place: IntArray, vote: FloatArray, full: float) -> tuple[float, float]:
    """Return the sites for and against: the net votes (n,) at each place, at most one site each."""
    voting = vote != 0
    if not voting.any():
        return 0.0, 0.0
    _, index = np.unique(place[voting], return_inverse=True)
    site = np.clip(np.bincount(index, vote[voting]) / full, -1.0, 1.0)
    return float(site[site > 0].sum()), float(-site[site < 0].sum())
