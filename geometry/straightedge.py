# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportMissingParameterType=false
"""Flatness by straightedge: the largest gap under an edge of a given length laid on two high points of a profile."""

import numpy as np

from geometry.arrays import FloatArray, IntArray
from geometry.compiled import kernel


def largest_gap(position: FloatArray, normal: FloatArray, height: FloatArray, *, span: float, cell: float) -> float:
    """Return the largest gap (m) under straightedges of length ``span`` (m) laid along rows of a face.

    Parameters
    ----------
    position
        (p, 3) patch positions on one face, metres.
    normal
        (3,) the face's normal.
    height
        (p,) deviation of the patches along the normal, metres.
    span, cell
        Length of the edge and width of a row, metres.

    Returns
    -------
    float
        NaN when no row is at least half as long as the edge.

    References
    ----------
    DIN 18202:2013-04, clause 6: distance of low points from an edge resting on two high points.
    """
    helper = np.eye(3)[int(np.argmin(np.abs(normal)))]
    u: FloatArray = np.cross(normal, helper).astype(np.float64)
    u = u / float(np.linalg.norm(u))
    v: FloatArray = np.cross(normal, u).astype(np.float64)
    # a leaning face is flat: take the plane out, or the patches of one row, a little aside of each other, show a gap
    plane = np.stack([np.ones(len(height)), position @ u, position @ v], axis=1)
    height = height - plane @ np.linalg.lstsq(plane, height, rcond=None)[0]
    gaps = [_gap_along(position @ a, position @ b, height, span, cell) for a, b in ((u, v), (v, u))]
    return float(np.nanmax(gaps)) if not np.isnan(gaps).all() else float("nan")


def _gap_along(along: FloatArray, across: FloatArray, height: FloatArray, span: float, cell: float) -> float:
    row = np.floor((across - across.min()) / cell).astype(np.int64)
    order = np.lexsort((along, row))
    return float(_row_gaps(along[order], height[order], row[order], span))


@kernel()
def _row_gaps(
    along: FloatArray, height: FloatArray, row: IntArray, span: float
) -> float:  # pragma: no cover - compiled
    """Return the largest gap over all pairs of contacts in one row that nothing between them overtops."""
    best = np.nan
    n = len(along)
    for i in range(n):
        steepest = -np.inf  # slope from i to the highest point between
        for j in range(i + 1, n):
            if row[j] != row[i] or along[j] - along[i] > span:
                break
            reach = along[j] - along[i]
            if reach < 1e-9:
                continue
            slope = (height[j] - height[i]) / reach
            # both ends are contacts only if no point between rises above the edge
            if slope >= steepest and reach >= 0.5 * span:
                for k in range(i + 1, j):
                    gap = height[i] + slope * (along[k] - along[i]) - height[k]
                    if np.isnan(best) or gap > best:
                        best = gap
            steepest = max(steepest, slope)
    return best
