"""Flatness by straightedge over all pairs and all points between: what geometry.straightedge must agree with."""

import numpy as np

from geometry.arrays import FloatArray


def largest_gap_in_row(along: FloatArray, height: FloatArray, span: float) -> float:
    """Return the largest gap under an edge of at most ``span`` m resting on two points with none above it; NaN if none.

    An edge shorter than half the span is no straightedge of that length.
    """
    order = np.argsort(along, kind="stable")
    x, z = along[order], height[order]
    best = np.nan
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            reach = x[j] - x[i]
            if not 0.5 * span <= reach <= span:
                continue
            line = z[i] + (z[j] - z[i]) / reach * (x[i + 1 : j] - x[i])
            if len(line) and (z[i + 1 : j] <= line + 1e-15).all():
                best = float(np.fmax(best, (line - z[i + 1 : j]).max()))
    return best
