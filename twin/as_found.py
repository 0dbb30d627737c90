"""How an element was found: its as-built pose and the spread of its points, for the result."""

import numpy as np

from geometry.arrays import FloatArray, IntArray
from geometry.as_built import AsBuilt
from geometry.element_pose import PoseFit
from geometry.uncertainty import Budget
from twin.result import AsBuiltPose, DeviationSummary


def pose_of(fit: PoseFit | None, budget: Budget, centre: FloatArray) -> AsBuiltPose | None:
    """Return the as-built pose in the design frame; what is unobservable has zero and an infinite variance.

    The frame is known no better than the registration: its covariance and the instrument's are part of the pose's.
    """
    if fit is None:
        return None
    seen = np.array(fit.observable)
    twist = np.where(seen, fit.twist, 0.0)
    covariance = np.where(np.outer(seen, seen), fit.covariance + budget.pose_at(centre), 0.0)
    covariance[~seen, ~seen] = np.inf
    x, y, z, a, b, c = fit.observable
    return AsBuiltPose(twist[:3], twist[3:], covariance, (x, y, z, a, b, c))


def summary_of(built: AsBuilt, mine: IntArray, sigma: float) -> DeviationSummary | None:
    """Summarise the deviations of the points on the element's own surface, strays at its edges left out."""
    residual = np.abs(built.residual[mine])
    # a bowed element departs from its rigid place; what the bulk of its points shows beyond noise is its own form
    bow = max(0.0, float(np.quantile(residual, 0.9)) - 2.0 * sigma)
    kept = built.deviation[mine][residual <= 4.0 * sigma + bow]
    if len(kept) == 0:
        return None
    return DeviationSummary(
        mean=float(kept.mean()),
        std=float(kept.std()),
        p95_abs=float(np.quantile(np.abs(kept), 0.95)),
        min=float(kept.min()),
        max=float(kept.max()),
        n=len(kept),
    )
