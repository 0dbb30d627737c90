# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Clusters of points that belong to nothing in the design."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from geometry.arrays import FloatArray, lowest
from geometry.deviation.surface import adjacent_cells, numbered_rows

_CELL = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """Points near each other: ``centroid`` (3,) and axis-aligned ``size`` (3,) in metres, and how many."""

    centroid: FloatArray
    size: FloatArray
    points: int


def cluster_points(points: FloatArray, *, min_points: int = 50, cell: float = _CELL) -> tuple[Cluster, ...]:
    """Return clusters of points (n, 3) whose grid cells touch, largest first.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> two = np.concatenate([rng.uniform(0, 0.3, (200, 3)), rng.uniform(0, 0.3, (100, 3)) + 5.0])
    >>> [c.points for c in cluster_points(two)]
    [200, 100]
    """
    if len(points) == 0:
        return ()
    cells = np.floor((points - lowest(points)) / cell).astype(np.int64)
    label, occupied = numbered_rows(cells)
    key = np.empty((len(occupied), 3), np.int64)
    key[label] = cells
    left, right = adjacent_cells(np.concatenate([key, np.zeros((len(key), 1), np.int64)], axis=1))
    graph = coo_matrix((np.ones(len(left)), (left, right)), shape=(len(key), len(key)))
    cluster = connected_components(graph, directed=False)[1][label]
    count = np.bincount(cluster)
    order = np.argsort(cluster, kind="stable")
    start = np.concatenate([[0], np.cumsum(count)])
    found: list[Cluster] = []
    for c in np.argsort(-count, kind="stable"):
        if count[c] < min_points:
            break
        mine = points[order[start[c] : start[c + 1]]]
        found.append(Cluster(mine.mean(axis=0), mine.max(axis=0) - mine.min(axis=0), int(count[c])))
    return tuple(found)
