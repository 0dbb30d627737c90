"""Which of two poses is right: only the places where they disagree can tell, and each face counts once.

Where a design is symmetric, both poses explain exactly the same points, however badly it is built: no place tells them
apart. A quarter of a square metre that one pose explains and the other does not is a site. Sites of one flat face of
one element are hardly more than one observation, for they are built right or wrong together: a face adds three at most.
Rays that run through design solids are sites too, against the pose that puts the solid there; alone they never decide,
for a solid may just not be built.
"""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from geometry.pose import Pose
from geometry.registration.matching import match
from geometry.registration.surfaces import DesignSurface, ScanSample
from geometry.triangle_tree import cast

_SCALE = 0.06
"""Well beyond usual building errors, so that a badly built slab does not speak for the pose that happens to fit it."""
_RAYS = 4_000
_RAYS_PER_SITE = 5.0
_MARGIN = 0.15
_SITE_AREA = 0.25
_SITES_PER_FACE = 3.0
_LEAST_SURFACE_SITES = 3.0
_LEAST_SITES = 3.5
"""More than one face can bring: chance makes a wrong pose explain a face about one time in twenty, and a single face
may be built elsewhere, so a second one has to agree."""
_MOST_OPPOSED = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """How the scan looks from one pose."""

    T_design_scan: Pose
    closeness: FloatArray
    """(n,) 0..1: how well each sample point is explained."""
    face: IntArray
    """(n,) the flat face that explains each point, -1 where none is near."""
    blocked: BoolArray
    """(r,) rays that run through a design solid on their way."""
    through: IntArray
    """(r,) the first face each ray runs through, -1 where none."""

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
        against = self.surface_against + self.space_against
        opposed = against / max(self.surface_for + self.space_for + against, 1e-9)
        return surface >= _LEAST_SURFACE_SITES and self.net >= _LEAST_SITES and opposed <= _MOST_OPPOSED


def view(surface: DesignSurface, sample: ScanSample, T_design_scan: Pose, size: float) -> View:
    """Return how the scan looks from a pose."""
    matches = match(surface, sample, T_design_scan, 0.2 * size)
    near, face = np.zeros(len(sample.points)), np.full(len(sample.points), -1, np.int64)
    near[matches.index] = 1.0 / (1.0 + (matches.distance / (_SCALE * size)) ** 4)
    face[matches.index] = surface.facet[matches.triangle]
    if sample.stations is None:
        return View(T_design_scan, near, face, np.zeros(0, np.bool_), np.zeros(0, np.int64))
    through = _through(surface, sample.first(_RAYS), sample.stations[:_RAYS], T_design_scan, size)
    return View(T_design_scan, near, face, through >= 0, through)


def _through(
    surface: DesignSurface, sample: ScanSample, stations: FloatArray, T_design_scan: Pose, size: float
) -> IntArray:
    origins, ends = T_design_scan.apply(stations), T_design_scan.apply(sample.points)
    length = np.linalg.norm(ends - origins, axis=1)
    directions = (ends - origins) / np.maximum(length, 1e-9)[:, None]
    hits = cast(surface.tree, origins, directions, np.maximum(length - _MARGIN * size, 0.0))
    return np.where(hits.triangle >= 0, surface.facet[hits.triangle], -1)


def compare(a: View, b: View, sample: ScanSample, size: float) -> Evidence:
    """Return the evidence for pose ``a`` against pose ``b``, both views of the same sample."""
    gain = a.closeness - b.closeness
    points_per_site = max(4.0, _SITE_AREA * size**2 / sample.area_per_point)
    return Evidence(
        _sites(a.face[gain > 0.5], points_per_site),
        _sites(b.face[gain < -0.5], points_per_site),
        _sites(b.through[b.blocked & ~a.blocked], _RAYS_PER_SITE),
        _sites(a.through[a.blocked & ~b.blocked], _RAYS_PER_SITE),
    )


def _sites(face: IntArray, full: float) -> float:
    """Return how many sites the faces (m,) of single observations add up to, ``full`` of them making one site."""
    if len(face) == 0:
        return 0.0
    _, count = np.unique(face, return_counts=True)
    return float(np.minimum(count / full, _SITES_PER_FACE).sum())
