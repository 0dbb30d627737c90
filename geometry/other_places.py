"""Whether an element that seems right may stand elsewhere: told by points that lie on nothing, as built.

A door that stands 3 cm to the side lies right in the face that is seen squarely, and shows where it is at its edges
only. They may be too few to fit it to (:mod:`geometry.slides`), and still more than those that show it at its place.
Then nobody can say that it conforms.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray, IntArray
from geometry.as_built import AsBuilt, SeenPoints
from geometry.slides import ALIKE, LoosePoints, face_directions, votes_along
from geometry.triangle_tree import build_tree

REACH = 0.06
"""How far (m) from where it was fitted an element may stand: what slid farther is looked for by rays through."""
ON_IT = 3.0
"""Times the noise within which a point is on a surface."""
_AGREE = 8
"""Points that must agree on another place: a handful may be one edge's split beams."""
_SHARE = 0.3
"""Least share of them among the points that could tell of any place: points all over the place tell of none.

A window of 6 sigma holds an eighth of votes that are spread evenly over ``REACH`` either way, at 2.5 mm of noise.
"""


@dataclass(frozen=True, slots=True, eq=False)
class OtherPlace:
    """Where an element may stand instead."""

    shift: FloatArray
    """(3,) metres from where it was fitted, along a normal of its faces."""
    points: int
    """How many points would lie on it there."""


class Unexplained:
    """The points that lie on no element as built, to ask for those about one element after the other."""

    def __init__(self, as_built: AsBuilt, seen: SeenPoints) -> None:
        """Find them."""
        with np.errstate(invalid="ignore"):
            self._on = np.abs(as_built.residual) <= ON_IT * seen.sigma
        loose = np.flatnonzero(~self._on)
        self._index = loose[np.argsort(seen.points[loose, 0], kind="stable")]
        self._points = seen.points[self._index]
        self._seen, self._as_built = seen, as_built

    def about(self, triangles: FloatArray, mine: IntArray) -> LoosePoints:
        """Return those within ``REACH`` of an element's box.

        Parameters
        ----------
        triangles
            (t, 3, 3) metres, the element as built.
        mine
            (k,) indices of the points assigned to it.
        """
        corners = triangles.reshape(-1, 3)
        low, high = corners.min(axis=0) - REACH, corners.max(axis=0) + REACH
        part = slice(*np.searchsorted(self._points[:, 0], [low[0], high[0]]))
        near = self._points[part]
        at = np.sort(self._index[part][((near >= low) & (near <= high)).all(axis=1)])
        settled = mine[self._on[mine] & ~self._as_built.shared[mine]]
        seen = self._seen
        return LoosePoints(
            at, seen.points[at], seen.gates[at], seen.facing[at], seen.min_cosine, self._as_built.normal[settled]
        )


def other_place(
    triangles: FloatArray, loose: LoosePoints, limit: Callable[[FloatArray], float], *, sigma: float
) -> OtherPlace | None:
    """Return where else an element may stand, by the points about it that lie on nothing, or None.

    Every such point votes for the displacements, along a normal of the element's faces, that would put it on a face
    that is turned to the station. There must be a displacement on which ``_AGREE`` points and ``_SHARE`` of those
    that vote along the normal agree within the noise, and more than lie on faces across it where it was fitted.

    Parameters
    ----------
    triangles
        (t, 3, 3) metres, the element as built.
    loose
        The points, and the normals of the element's faces that others lie on.
    limit
        Displacement (m) along a unit vector (3,) from which it matters, infinite where it does not.
    sigma
        Standard deviation of a point about a surface, metres.
    """
    if len(loose.index) < _AGREE:
        return None
    tree = build_tree(np.ascontiguousarray(triangles))
    best: OtherPlace | None = None
    for direction in face_directions(triangles):
        least = limit(direction)
        if least >= REACH:
            continue
        shifts, voter = votes_along(tree, loose, direction, REACH)
        shift, number = _most_agree(shifts, voter, least, sigma)
        settled = int((np.abs(loose.settled @ direction) > ALIKE).sum())
        enough = number >= max(_AGREE, _SHARE * len(np.unique(voter))) and number > settled
        if enough and (best is None or number > best.points):
            best = OtherPlace(shift * direction, number)
    return best


def _most_agree(shifts: FloatArray, voter: IntArray, least: float, sigma: float) -> tuple[float, int]:
    """Return the displacement beyond ``least``, either way, on which most voters agree within the noise, and how many.

    Examples
    --------
    >>> _most_agree(np.array([0.0, 0.0, 0.0, 0.03, 0.031]), np.arange(5), 0.01, 0.002)
    (0.0305, 2)
    >>> _most_agree(np.array([0.001, 0.002]), np.arange(2), 0.01, 0.002)
    (0.0, 0)
    """
    order = np.argsort(shifts, kind="stable")
    ranked = shifts[order]
    last = np.searchsorted(ranked, ranked + 6.0 * sigma, side="right")
    held = np.where(np.abs(ranked + 3.0 * sigma) > least, last - np.arange(len(ranked)), 0)
    if not held.any():
        return 0.0, 0
    first = int(np.argmax(held))
    window = order[first : last[first]]
    return float(np.median(shifts[window])), len(np.unique(voter[window]))
