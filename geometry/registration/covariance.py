"""How well the pose is known: elements are the independent units, not points."""

import numpy as np

from geometry.arrays import FloatArray
from geometry.registration.votes import Votes


def pose_covariance(votes: Votes, consent: FloatArray, scale: float) -> FloatArray:
    """Return the covariance (6, 6) of (rotation vector rad, translation m) about ``votes.pivot``.

    Building deviations are shared by all points of an element, so the estimate is repeated without each element in turn
    (jackknife over clusters, one step each): the spread of these poses is the uncertainty, whatever the points' noise.
    """
    trust = np.clip((consent - 0.3) / 0.2, 0.0, 1.0)
    fit = 1.0 / (1.0 + (votes.residual / scale) ** 2)
    weight = votes.weight * fit**2 * trust[votes.group]
    cluster = votes.cluster[votes.group]
    count = votes.cluster_count
    information = np.zeros((count, 6, 6))
    pull = np.zeros((count, 6))
    for a in range(6):
        weighted = weight * votes.rows[:, a]
        pull[:, a] = np.bincount(cluster, weighted * votes.residual, count)
        for b in range(a, 6):
            information[:, a, b] = np.bincount(cluster, weighted * votes.rows[:, b], count)
            information[:, b, a] = information[:, a, b]
    total, total_pull = information.sum(axis=0), pull.sum(axis=0)
    total = total + 1e-9 * np.diag(np.maximum(np.diag(total), 1e-9))
    without = np.linalg.solve(total - information, -(total_pull - pull)[:, :, None])[:, :, 0]
    spread = (without - without.mean(axis=0)) / _yielding(votes, weight, fit)
    return (count - 1) / count * spread.T @ spread


def _yielding(votes: Votes, weight: FloatArray, fit: FloatArray) -> float:
    """Return how much the weights give way when a residual moves, as a share of the weights themselves (0.3..1).

    An estimate with redescending weights follows a pull more than its weights say: its sensitivity is that of the
    derivative psi' = fit^3 (1 - 3 u^2), u = residual / scale, not of the weight fit^2 (Huber 1981, M-estimators).
    """
    slope = weight * fit * (1.0 - 3.0 * (1.0 / fit - 1.0))
    return float(np.clip(slope.sum() / weight.sum(), 0.3, 1.0))


def weak_directions(votes: Votes, consent: FloatArray, scale: float) -> tuple[FloatArray, FloatArray, float]:
    """Return information (6,) in voices, ascending, its directions (6, 6) as columns, and the lever arm in metres.

    Rotations are scaled by the lever arm (root mean square distance from the pivot), so that all six are lengths.
    """
    trust = np.clip((consent - 0.3) / 0.2, 0.0, 1.0)
    fit = 1.0 / (1.0 + (votes.residual / scale) ** 2)
    weight = votes.weight * fit**2 * trust[votes.group]
    lever = lever_arm(votes)
    rows = votes.rows / np.array([lever] * 3 + [1.0] * 3)
    value, vector = np.linalg.eigh(rows.T @ (rows * weight[:, None]))
    return value, vector, lever


def lever_arm(votes: Votes) -> float:
    """Return the root mean square of the rows' rotation parts, metres."""
    return max(1e-3, float(np.sqrt((votes.rows[:, :3] ** 2).sum(axis=1).mean())))
