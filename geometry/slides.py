"""Elements displaced along the faces that are seen well, told by narrow faces whose points have no normal of their own.

A door that stands 3 cm to the side shows it at its edges only: strips that are narrower than the neighbourhood of which
a normal is made, so that their points seem to face as the front does, 1 cm beside. Here every point that nothing
explains votes for the displacements that would put it on a face of the element that is turned to the station (a Hough
transform; Ballard 1981, "Generalizing the Hough transform to detect arbitrary shapes"). One must gather most votes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from geometry.element_pose import ElementShapes, PoseFit, unit_normals
from geometry.pose_kernels import CREDIBLE, MIN_SUPPORT, SHOWS
from geometry.triangle_tree import TriangleTree, build_tree, cast

_FREE = 0.005
"""Standard deviation (m) along a face's normal from which a fit says nothing about displacements along it."""
ALIKE = 0.94
"""Cosine between normals of faces that tell of the same displacement."""
_DIRECTIONS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Slide:
    """Where an element may stand, displaced along a direction that its fit leaves open, and the points that say so."""

    twist: FloatArray
    """(6,) from the designed place: metres about the box's centre, rotation vector."""
    index: IntArray
    """(k,) those of the points that would lie on it there, rising, whose own normals would not let them."""


@dataclass(frozen=True, slots=True, eq=False)
class LoosePoints:
    """Points near an element's designed place that lie on nothing as built."""

    index: IntArray
    """(k,) their places among all points."""
    points: FloatArray
    """(k, 3) metres."""
    gates: FloatArray
    """(k, 3) the points' own normals where they have any, see :class:`geometry.as_built.SeenPoints`."""
    facing: FloatArray
    """(k, 3) the scaled direction to the station, see :class:`geometry.as_built.SeenPoints`."""
    min_cosine: float
    settled: FloatArray
    """(m, 3) normals of the element's faces on which other points lie already, as built."""


def find_slide(
    shapes: ElementShapes, i: int, fit: PoseFit, loose: LoosePoints, *, sigma: float, band: float
) -> Slide | None:
    """Return where element ``i`` would explain most of the loose points about it that could tell, or None.

    Displacements along normals of its faces are tried, up to ``band`` metres, and none of less than ``SHOWS`` times the
    noise ``sigma`` (m): points that a bent face leaves beside it are not the mode of another place. Where the fit fixes
    a direction, twice as many must speak against it as the points that it rests on. The best direction is returned.
    """
    part = slice(int(shapes.start[i]), int(shapes.start[i + 1]))
    triangles = fit.T_built_design.apply(shapes.triangles[part].reshape(-1, 3)).reshape(-1, 3, 3)
    tree = build_tree(np.ascontiguousarray(triangles))
    best: tuple[FloatArray, IntArray] | None = None
    for direction in face_directions(triangles):
        votes, voter = votes_along(tree, loose, direction, band)
        mode = _mode(votes, voter, sigma)
        if mode is None or len(mode[1]) <= 2 * _settled(fit, loose, direction):
            continue
        if best is None or len(mode[1]) > len(best[1]):
            best = mode[0] * direction, mode[1]
    if best is None:
        return None
    shift, voters = best
    misled = np.abs(loose.gates[voters] @ (shift / np.linalg.norm(shift))) < loose.min_cosine
    return Slide(np.concatenate([fit.twist[:3] + shift, fit.twist[3:]]), loose.index[voters[misled]])


def votes_along(
    tree: TriangleTree, loose: LoosePoints, direction: FloatArray, band: float
) -> tuple[FloatArray, IntArray]:
    """Return the displacements (v,) along a direction that put a point on a face across it, and whose they are (v,)."""
    votes: list[FloatArray] = []
    voter: list[IntArray] = []
    for sense in (1.0, -1.0):
        hits = cast(tree, loose.points, np.broadcast_to(sense * direction, loose.points.shape), band)
        found = (hits.element >= 0) & (np.abs(hits.normal @ direction) > ALIKE)
        found &= _may_face(loose, hits.normal)
        voter.append(np.flatnonzero(found))
        votes.append(-sense * hits.range[found])
    return np.concatenate(votes), np.concatenate(voter)


def face_directions(triangles: FloatArray) -> list[FloatArray]:
    """Return the unit normals (3,) of the largest faces that are no more alike than ``ALIKE``."""
    normals = unit_normals(triangles)
    cross = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    area = np.linalg.norm(cross, axis=1)
    found: list[FloatArray] = []
    while (area > 0.0).any() and len(found) < _DIRECTIONS:
        found.append(normals[int(np.argmax(area))])
        area[np.abs(normals @ found[-1]) >= ALIKE] = 0.0
    return found


def _settled(fit: PoseFit, loose: LoosePoints, direction: FloatArray) -> int:
    """Return on how many points it rests what the fit says along a direction; 0 if it says nothing."""
    if direction @ fit.covariance[:3, :3] @ direction > _FREE**2:
        return 0
    return int((np.abs(loose.settled @ direction) > ALIKE).sum())


def _may_face(loose: LoosePoints, normal: FloatArray) -> BoolArray:
    """Say for which points the face they would lie on is turned to where they were seen from, or that is not known."""
    cosine = np.einsum("ij,ij->i", loose.facing, normal)
    return (cosine >= loose.min_cosine) | ~loose.facing.any(axis=1)


def _mode(votes: FloatArray, voter: IntArray, sigma: float) -> tuple[float, IntArray] | None:
    """Return the displacement on which most voters agree within the noise, and who they are; None where none is.

    Examples
    --------
    >>> votes = np.concatenate([np.full(30, 0.030), np.linspace(-0.1, 0.1, 20)])
    >>> shift, who = _mode(votes, np.arange(50), 0.002)
    >>> round(shift, 3), len(who) >= 30
    (0.03, True)
    >>> _mode(np.linspace(-0.1, 0.1, 50), np.arange(50), 0.002) is None
    True
    """
    if len(votes) < MIN_SUPPORT:
        return None
    order = np.argsort(votes, kind="stable")
    ranked = votes[order]
    last = np.searchsorted(ranked, ranked + 6.0 * sigma, side="right")
    first = int(np.argmax(last - np.arange(len(ranked))))
    window = order[first : last[first]]
    shift, who = float(np.median(votes[window])), np.unique(voter[window])
    able = len(np.unique(voter))
    if len(who) < max(MIN_SUPPORT, CREDIBLE * able) or abs(shift) < SHOWS * sigma:
        return None
    return shift, who


def find_slides(
    shapes: ElementShapes,
    fits: Mapping[int, PoseFit],
    near: Mapping[int, LoosePoints],
    known: Mapping[int, Slide],
    *,
    sigma: float,
    band: float,
) -> dict[int, Slide]:
    """Return the ``known`` slides and those of fitted elements that enough loose points ``near`` each agree on.

    A slide that is found of an element slid before goes on from where that one was fitted.
    """
    found = dict(known)
    for i, loose in near.items():
        fit = fits.get(i)
        if fit is None or len(loose.index) < MIN_SUPPORT:
            continue
        slide = find_slide(shapes, i, fit, loose, sigma=sigma, band=band)
        if slide is not None:
            index = slide.index if i not in known else np.union1d(known[i].index, slide.index)
            found[i] = Slide(slide.twist, index)
    return found
