"""Two parts that are to be joined: what each has, where it was made or measured, and what has to be kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from geometry.arrays import FloatArray

SHARED = 4
"""Deviates that features of scanned parts have in common: two of how far rims recede, two of how far holes shift."""


@dataclass(frozen=True, slots=True, eq=False)
class Hole:
    """A round hole of a part."""

    name: str
    at: FloatArray
    """(3,) of its centre, metres."""
    axis: FloatArray
    """(3,) of length one."""
    diameter: float
    """Metres."""
    covariance: FloatArray
    """(3, 3) of the centre, by what differs from hole to hole, m²."""
    diameter_sd: float = 0.0
    """By what differs from hole to hole, metres."""
    shared: FloatArray = field(default_factory=lambda: np.zeros((4, SHARED)))
    """(4, SHARED) by how much x, y, z and the diameter change with one unit of each common deviate, metres."""
    reamed: float = 0.0
    """Diameter to which it is opened where it is narrower, metres."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A place on a plane or an edge of a part, and the direction in which its distance counts."""

    name: str
    at: FloatArray
    """(3,) metres."""
    normal: FloatArray
    """(3,) of length one, out of the material."""
    sd: float
    """Along the normal, by what differs from face to face, metres."""
    shared: FloatArray = field(default_factory=lambda: np.zeros(SHARED))
    """(SHARED,) by how much it changes along its normal with one unit of each common deviate, metres."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part as it was made, measured or drawn."""

    name: str
    holes: Mapping[str, Hole]
    faces: Mapping[str, Face]


@dataclass(frozen=True, slots=True)
class Bolt:
    """A bolt through a hole of each part."""

    hole: str
    """Its name in both parts."""
    diameter: float
    ream_to: float | None = None
    """Largest diameter that both holes may be reamed to, metres; None: not at all."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A distance between a face of each part, along the normal of the fixed one."""

    name: str
    fixed: str
    moving: str
    low: float
    high: float
    """Metres; infinite where nothing is asked."""
    shim_step: float | None = None
    """Shims come in multiples of this, metres; None: none may be put in."""
    shim_most: float = 0.0
    """The thickest pack, metres."""


class Freedom(StrEnum):
    """How the moving part may be set before the bolts go in."""

    NONE = "none"
    """It sits where its datums put it."""
    PLANE = "plane"
    """Shifted along x and y, turned about z."""
    SPACE = "space"
    """Shifted and turned any way."""


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """Two parts and what has to be kept between them."""

    name: str
    fixed: Part
    moving: Part
    bolts: tuple[Bolt, ...]
    gaps: tuple[Gap, ...]
    freedom: Freedom

    @property
    def shares(self) -> bool:
        """Whether features of it have something uncertain in common."""
        holes = [part.holes[bolt.hole] for bolt in self.bolts for part in (self.fixed, self.moving)]
        faces = [face for gap in self.gaps for face in (self.fixed.faces[gap.fixed], self.moving.faces[gap.moving])]
        return any(one.shared.any() for one in (*holes, *faces))

    def gap_sd(self, gap: Gap) -> float:
        """Return the standard uncertainty of a gap by its two faces, metres."""
        fixed, moving = self.fixed.faces[gap.fixed], self.moving.faces[gap.moving]
        return float(np.sqrt(fixed.sd**2 + moving.sd**2 + ((fixed.shared + moving.shared) ** 2).sum()))
