"""Which points show where an element lies along a direction, and whether they are enough to say so."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray

FEW = 20
"""Points below which nothing is claimed against or for an element."""
_ACROSS = 0.7
"""Cosine between a face's normal and a direction from which its points tell of displacements along it."""
_SAME = 0.9
_WIDE = 3.0
"""Times the noise that points have to spread across a face, to be on it and not along its edge."""


@dataclass(frozen=True, slots=True, eq=False)
class Witnesses:
    """The points that lie on an element's built surface and on no other element's.

    A point beside a corner has no normal of its own that could tell on which of the two faces it lies. A line of such
    points along the edge of a column is as well on the wall behind, and a fit that hangs on it says nothing.
    """

    points: FloatArray
    """(w, 3) metres."""
    normals: FloatArray
    """(w, 3) outward normal of the designed face."""
    certain: BoolArray
    """(w,) True where the point has a normal of its own."""
    sigma: float
    """Standard deviation of a point about a surface, metres."""

    def along(self, direction: FloatArray) -> int:
        """Return how many points show where the element lies along a unit vector (3,).

        They are on faces across it, and either enough of them have normals of their own or they spread over a face in
        both of its directions; else only those with a normal count.
        """
        return self._counted(np.abs(self.normals @ direction) > _ACROSS, direction)

    def facing(self, normal: FloatArray) -> int:
        """Return how many points show where the face with this unit normal (3,) lies."""
        return self._counted(self.normals @ normal > _SAME, normal)

    def _counted(self, these: BoolArray, direction: FloatArray) -> int:
        certain, count = int((these & self.certain).sum()), int(these.sum())
        if certain >= FEW or count < FEW:
            return count
        points = self.points[these]
        flat = points - np.outer(points @ direction, direction)
        spread = np.linalg.svd(flat - flat.mean(axis=0), compute_uv=False)[1] / np.sqrt(count)
        return count if spread > _WIDE * self.sigma else certain
