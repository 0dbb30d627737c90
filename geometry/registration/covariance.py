"""How well the pose is known: elements are the independent units, not points."""

import numpy as np

from geometry.arrays import FloatArray
from geometry.registration.votes import Votes

_PRIOR_SHIFT = 0.0015
"""How far (m) a well placed element lies off along an axis, before the scan has said anything."""
_PRIOR_WEIGHT = 4.0


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
    spread = (without - without.mean(axis=0)) / _yielding(weight, fit)
    jackknife = (count - 1) / count * spread.T @ spread
    return jackknife + _few_elements(votes, weight, total)


def _yielding(weight: FloatArray, fit: FloatArray) -> float:
    """Return how much the weights give way when a residual moves, as a share of the weights themselves (0.3..1).

    An estimate with redescending weights follows a pull more than its weights say: its sensitivity is that of the
    derivative psi' = fit^3 (1 - 3 u^2), u = residual / scale, not of the weight fit^2 (Huber 1981, M-estimators).
    """
    slope = weight * fit * (1.0 - 3.0 * (1.0 / fit - 1.0))
    return float(np.clip(slope.sum() / max(weight.sum(), 1e-30), 0.3, 1.0))


def _few_elements(votes: Votes, weight: FloatArray, information: FloatArray) -> FloatArray:
    """Return what the jackknife over blocks cannot see (6, 6): blocks of one element move together.

    Where the elements are too few to be left out one by one, each is given a shift of its own. How large is estimated
    from how far their faces disagree, together with a prior guess. A single element is its own datum: no shift.
    """
    elements, owner = np.unique(votes.element, return_inverse=True)
    if len(elements) == 1 or votes.cluster_count <= len(elements):
        return np.zeros((6, 6))
    owner = owner[votes.group]
    apart = np.bincount(votes.group, votes.sign * votes.residual * weight, len(votes.voice))
    apart /= np.maximum(np.bincount(votes.group, weight, len(votes.voice)), 1e-30)
    seen = np.bincount(votes.group, weight, len(votes.voice))
    variance = (np.sum(seen * apart**2) + _PRIOR_WEIGHT * _PRIOR_SHIFT**2) / (seen.sum() + _PRIOR_WEIGHT)
    middle = np.zeros((6, 6))
    for k in range(len(elements)):
        rows, w = votes.rows[owner == k], weight[owner == k]
        pull = (rows * w[:, None]).T @ rows[:, 3:]
        middle += pull @ pull.T
    inverse = np.linalg.inv(information)
    return variance * inverse @ middle @ inverse


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
