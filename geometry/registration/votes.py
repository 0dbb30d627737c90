"""Who votes on the pose: faces of elements, each with a voice that does not grow with its number of points.

As-built deviations are shared by all points of an element, so a slab with a third of the points is still one thing that
may be badly built. Points are therefore grouped by element and facing, and the information of a group saturates.
"""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray, IntArray
from geometry.registration.matching import Matches, jacobian
from geometry.registration.occupancy import direction_classes

FULL_VOICE_POINTS = 30
"""A group of this many points has half the voice of an endless one: beyond it building errors outweigh noise."""
_FEWEST_POINTS = 6
_FEWEST_ELEMENTS = 12
_BLOCKS_PER_EXTENT = 6.0


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
    weight: FloatArray
    """(m,) the group's voice shared out over its rows."""
    pivot: FloatArray
    """(3,) metres, design frame."""

    @property
    def cluster_count(self) -> int:
        """How many independent units there are."""
        return int(self.cluster.max()) + 1 if len(self.cluster) else 0


def collect_votes(matches: Matches, *, most_rows: int) -> Votes:
    """Return the votes of matched points, at most ``most_rows`` rows per group (the first, which are spread evenly)."""
    pivot = matches.points.mean(axis=0) if len(matches.index) else np.zeros(3)
    group, cluster = _groups(matches)
    count = np.bincount(group)
    order = np.argsort(group, kind="stable")
    start = np.concatenate([[0], np.cumsum(count)[:-1]])
    rank = np.arange(len(order)) - np.repeat(start, count)
    kept = order[(rank < most_rows) & (count[group[order]] >= _FEWEST_POINTS)]
    used, local = np.unique(group[kept], return_inverse=True)
    voice = count[used] / (count[used] + FULL_VOICE_POINTS)
    weight = (voice / np.minimum(count[used], most_rows))[local]
    clusters = np.unique(cluster[used], return_inverse=True)[1]
    return Votes(
        jacobian(matches, pivot)[kept], matches.residual[kept], local.astype(np.int64), voice, clusters, weight, pivot
    )  # fmt: skip


def _groups(matches: Matches) -> tuple[IntArray, IntArray]:
    """Return the group of each match and the cluster of each group."""
    facing = np.argmax(matches.normals @ direction_classes().T, axis=1).astype(np.int64)
    element = matches.element.astype(np.int64)
    seen, size = np.unique(element, return_counts=True)
    blocks = np.zeros(len(element), np.int64)
    if (size >= _FEWEST_POINTS).sum() < _FEWEST_ELEMENTS and len(element):
        lower = matches.points.min(axis=0)
        edge = max(0.5, float((matches.points.max(axis=0) - lower).max()) / _BLOCKS_PER_EXTENT)
        block = np.floor((matches.points - lower) / edge).astype(np.int64)
        blocks = (block[:, 0] * 64 + block[:, 1]) * 64 + block[:, 2]
    groups, group = np.unique((element * 64**3 + blocks) * 32 + facing, return_inverse=True)
    by = groups if blocks.any() else groups // (64**3 * 32)
    return group, np.unique(by, return_inverse=True)[1]
