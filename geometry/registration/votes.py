# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
"""Who votes on the pose: faces of elements, each with a voice that does not grow with its number of points.

As-built deviations are shared by all points of an element, so a slab with a third of the points is still one thing that
may be badly built. Points are therefore grouped by element and axis of their face (both faces of a slab move together),
and the information of a group saturates.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from geometry.arrays import BoolArray, FloatArray, Int32Array, IntArray
from geometry.pose import Pose
from geometry.registration.matching import MIN_COSINE, Matches, jacobian
from geometry.registration.occupancy import direction_classes
from geometry.registration.surfaces import DesignSurface, ScanSample
from geometry.triangle_tree import ClosestElements, closest_elements

FULL_VOICE_POINTS = 30
"""A group of this many points has half the voice of an endless one: beyond it building errors outweigh noise."""
_FEWEST_POINTS = 6
_FEWEST_ELEMENTS = 12
_BLOCKS_PER_EXTENT = 6.0
_COMPARED = 9
"""How many of the nearest points on a face tell where it was built: their median holds against noise and strays."""


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """Linearised residuals ``residual + rows @ step`` in groups.

    ``rows`` (m, 6) are derivatives by (rotation vector, translation) about ``pivot``.
    """

    rows: FloatArray
    residual: FloatArray
    """(m,) metres."""
    group: IntArray
    """(m,) index into the groups, ascending."""
    voice: FloatArray
    """(g,) 0..1, how much each group counts."""
    cluster: IntArray
    """(g,) which independent unit the group belongs to: an element or, where there are few elements, a block of one."""
    element: IntArray
    """(g,) which element the group belongs to."""
    weight: FloatArray
    """(m,) the group's voice shared out over its rows."""
    sign: FloatArray
    """(m,) +1 or -1: which of the two faces of its axis a row is on; times the residual it is a move along the axis."""
    pivot: FloatArray
    """(3,) metres, design frame."""

    @property
    def cluster_count(self) -> int:
        """How many independent units there are."""
        return int(self.cluster.max()) + 1 if len(self.cluster) else 0


def collect_votes(matches: Matches, *, most_rows: int, owner: Int32Array | None = None) -> Votes:
    """Return the votes of matched points, at most ``most_rows`` rows per group (the first, which are spread evenly).

    ``owner`` (n,) names for every point of the sample the element it counts for (:func:`owners`), -1 for none; without
    it a point counts for the element of its nearest face.
    """
    if owner is not None:
        matches = matches.only(np.flatnonzero(owner[matches.index] >= 0))
    pivot = matches.points.mean(axis=0) if len(matches.index) else np.zeros(3)
    axis, sign = _axes(matches.normals)
    element = matches.element if owner is None else owner[matches.index]
    group, cluster, element_of = _groups(matches.points, element.astype(np.int64), axis)
    count = np.bincount(group)
    order = np.argsort(group, kind="stable")
    start = np.cumsum(count) - count
    rank = np.arange(len(order)) - np.repeat(start, count)
    kept = order[(rank < most_rows) & (count[group[order]] >= _FEWEST_POINTS)]
    used, local = np.unique(group[kept], return_inverse=True)
    voice = count[used] / (count[used] + FULL_VOICE_POINTS)
    weight = (voice / np.minimum(count[used], most_rows))[local]
    clusters = np.unique(cluster[used], return_inverse=True)[1]
    return Votes(
        jacobian(matches, pivot)[kept], matches.residual[kept], local.astype(np.int64), voice, clusters,
        element_of[used], weight, sign[kept], pivot,
    )  # fmt: skip


def moved(votes: Votes, step: FloatArray) -> Votes:
    """Return the votes as they are after a small ``step`` (6,)."""
    return replace(votes, residual=votes.residual + votes.rows @ step)


def owners(surface: DesignSurface, sample: ScanSample, T_design_scan: Pose, reach: float, tie: float) -> Int32Array:
    """Return the element (n,) that each point counts for, -1 where none is within ``reach`` metres, or none to say.

    Where faces of two elements lie within ``tie`` metres of one another (a rafter in a roof slab, a lining on a wall),
    the points count for the one that owns more: strips of a large face must not vote again under other names. The same
    goes for a large face built elsewhere: what continues it on its neighbours' faces counts for none (:func:`_strips`).
    """
    near = closest_elements(
        surface.tree, T_design_scan.apply(sample.points), reach, normals=T_design_scan.rotate(sample.normals),
        min_cosine=MIN_COSINE, k=3,
    )  # fmt: skip
    size = np.bincount(near.element[near.element[:, 0] >= 0, 0], minlength=surface.element_count)
    rivals = (near.element >= 0) & (near.distance <= near.distance[:, :1] + tie)
    best = np.argmax(np.where(rivals, size[near.element], -1), axis=1)
    owner = near.element[np.arange(len(best)), best]
    owner[_strips(surface, T_design_scan.apply(sample.points), near, size, tie)] = -1
    return owner


def _strips(surface: DesignSurface, points: FloatArray, near: ClosestElements, size: IntArray, tie: float) -> BoolArray:
    """Return which points (n, 3) are part of a larger element's face that was built elsewhere.

    A roof that sits 3 cm low hides its rafters as designed, but its surface now lies near their faces: each would vote
    for it again, all for the same wrong pose. In the design the two faces lie further apart than ``tie``, in the scan
    they are one: most points near the smaller face lie as far from the larger as its own points nearby do.
    """
    facet = np.where(near.element >= 0, surface.facet[near.triangle], -1)
    strip = np.zeros(len(points), np.bool_)
    own = np.flatnonzero(near.element[:, 0] >= 0)
    if len(own) < _COMPARED:
        return strip
    apart = 10.0 * float(np.ptp(points, axis=0).max()) + 1.0  # faces are searched one by one: each is its own place
    index = cKDTree(np.column_stack([points[own], apart * facet[own, 0]]))
    for k in range(1, near.element.shape[1]):
        larger = (near.element[:, k] >= 0) & (size[near.element[:, k]] > size[near.element[:, 0]])
        asked = np.flatnonzero(larger & (np.abs(near.signed[:, k] - near.signed[:, 0]) > tie))
        place = np.column_stack([points[asked], apart * facet[asked, k]])
        reached, found = index.query(place, k=_COMPARED, distance_upper_bound=0.5 * apart)
        asked, found = asked[np.isfinite(reached).all(axis=1)], found[np.isfinite(reached).all(axis=1)]
        beside = np.median(near.signed[own, 0][found], axis=1)
        pair, of = np.unique(facet[asked, 0] * (facet.max() + 1) + facet[asked, k], return_inverse=True)
        level = np.abs(near.signed[asked, k] - beside) <= tie
        strip[asked[(np.bincount(of, level, len(pair)) > 0.5 * np.bincount(of, minlength=len(pair)))[of]]] = True
    return strip


def _axes(normals: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return for each normal (n, 3) its axis, 0 to 12, and which way along it."""
    classes = direction_classes()[:13]  # the other 13 are their opposites
    cosine = normals @ classes.T
    axis = np.argmax(np.abs(cosine), axis=1)
    return axis.astype(np.int64), np.sign(cosine[np.arange(len(axis)), axis])


def _groups(points: FloatArray, element: IntArray, axis: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return the group of each match, and the cluster and the element of each group."""
    _, size = np.unique(element, return_counts=True)
    blocks = np.zeros(len(element), np.int64)
    if (size >= _FEWEST_POINTS).sum() < _FEWEST_ELEMENTS and len(element):
        lower = points.min(axis=0)
        edge = max(0.5, float((points.max(axis=0) - lower).max()) / _BLOCKS_PER_EXTENT)
        block = np.floor((points - lower) / edge).astype(np.int64)
        blocks = (block[:, 0] * 64 + block[:, 1]) * 64 + block[:, 2]
    groups, group = np.unique((element * 64**3 + blocks) * 16 + axis, return_inverse=True)
    owner = groups // (64**3 * 16)
    return group, np.unique(groups if blocks.any() else owner, return_inverse=True)[1], owner
