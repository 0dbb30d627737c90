"""How well the pose is known: elements are the independent units, not points."""

from collections.abc import Iterator

import numpy as np

from geometry.arrays import FloatArray, IntArray
from geometry.registration.votes import Votes

_PRIOR_SHIFT = 0.0015
"""How far (m) a well placed element lies off along an axis, before the scan has said anything."""
_PRIOR_WEIGHT = 2.0


def pose_covariance(votes: Votes, consent: FloatArray, scale: float) -> FloatArray:
    """Return the covariance (6, 6) of (rotation vector rad, translation m) about ``votes.pivot``.

    Building deviations are shared by all points of an element. Two estimates take that into account, and the larger
    counts in each direction: the spread of the poses found without each element in turn (jackknife over clusters, one
    step each), and the spread that elements scattering as much as they do on average would cause. The first sees where
    elements scatter more than elsewhere, the second where too few elements are left to be left out.
    """
    fit, weight = _weights(votes, consent, scale)
    information, pull = _sums_by_cluster(votes, weight)
    total, count = information.sum(axis=0), votes.cluster_count
    total = total + 1e-9 * np.diag(np.maximum(np.diag(total), 1e-9))
    without = np.linalg.solve(total - information, -(pull.sum(axis=0) - pull)[:, :, None])[:, :, 0]
    yielding = _yielding(weight, fit)
    spread = (without - without.mean(axis=0)) / yielding
    return _larger(_scattered(votes, weight, total * yielding), (count - 1) / count * spread.T @ spread)


def _weights(votes: Votes, consent: FloatArray, scale: float) -> tuple[FloatArray, FloatArray]:
    """Return how well each row fits, and the weight it has in the solution."""
    trust = np.clip((consent - 0.3) / 0.2, 0.0, 1.0)
    fit = 1.0 / (1.0 + (votes.residual / scale) ** 2)
    return fit, votes.weight * fit**2 * trust[votes.group]


def _sums_by_cluster(votes: Votes, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the information (c, 6, 6) and the pull (c, 6) of each cluster."""
    cluster, count = votes.cluster[votes.group], votes.cluster_count
    information, pull = np.zeros((count, 6, 6)), np.zeros((count, 6))
    for a in range(6):
        weighted = weight * votes.rows[:, a]
        pull[:, a] = np.bincount(cluster, weighted * votes.residual, count)
        for b in range(a, 6):
            information[:, a, b] = np.bincount(cluster, weighted * votes.rows[:, b], count)
            information[:, b, a] = information[:, a, b]
    return information, pull


def _yielding(weight: FloatArray, fit: FloatArray) -> float:
    """Return how much the weights give way when a residual moves, as a share of the weights themselves (0.3..1).

    An estimate with redescending weights follows a pull more than its weights say: its sensitivity is that of the
    derivative psi' = fit^3 (1 - 3 u^2), u = residual / scale, not of the weight fit^2 (Huber 1981, M-estimators).
    """
    slope = weight * fit * (1.0 - 3.0 * (1.0 / fit - 1.0))
    return float(np.clip(slope.sum() / max(weight.sum(), 1e-30), 0.3, 1.0))


def _scattered(votes: Votes, weight: FloatArray, information: FloatArray) -> FloatArray:
    """Return the covariance (6, 6) that elements cause which are each shifted by about as much as they are on average.

    How much that is comes from how far their faces lie off, together with a prior guess. A single element is its own
    datum: it counts as not shifted.
    """
    elements, owner = np.unique(votes.element, return_inverse=True)
    if len(elements) == 1:
        return np.zeros((6, 6))
    seen = np.bincount(votes.group, weight, len(votes.voice))
    off = np.bincount(votes.group, votes.sign * votes.residual * weight, len(seen)) / np.maximum(seen, 1e-30)
    freedom = max(0.0, float(seen.sum() - 6.0 * np.sum(seen**2) / max(seen.sum(), 1e-30)))
    variance = (np.sum(seen * off**2) + _PRIOR_WEIGHT * _PRIOR_SHIFT**2) / (freedom + _PRIOR_WEIGHT)
    middle = np.zeros((6, 6))
    for rows, w in _per_element(votes, weight, owner):
        pull = (rows * w[:, None]).T @ rows[:, 3:]
        middle += pull @ pull.T
    inverse = np.linalg.inv(information)
    return variance * inverse @ middle @ inverse


def _per_element(votes: Votes, weight: FloatArray, owner: IntArray) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield the rows and weights of each element."""
    of_row = owner[votes.group]
    order = np.argsort(of_row, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(of_row[order])) + 1):
        yield votes.rows[part], weight[part]


def _larger(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the smallest covariance that is at least ``a`` and at least ``b`` along the axes that diagonalise both."""
    total = a + b
    scale = 1.0 / np.sqrt(np.maximum(np.diag(total), 1e-300))
    value, vector = np.linalg.eigh(total * np.outer(scale, scale))
    root = vector * np.sqrt(np.maximum(value, 1e-12))
    inverse = (vector / np.sqrt(np.maximum(value, 1e-12))).T * scale[None, :]
    share, axes = np.linalg.eigh(inverse @ a @ inverse.T)
    mixed = (root / scale[:, None]) @ axes
    return mixed @ np.diag(np.maximum(share, 1.0 - share)) @ mixed.T


def weak_directions(votes: Votes, consent: FloatArray, scale: float) -> tuple[FloatArray, FloatArray, float]:
    """Return information (6,) in voices, ascending, its directions (6, 6) as columns, and the lever arm in metres.

    Rotations are scaled by the lever arm (root mean square distance from the pivot), so that all six are lengths.
    """
    _, weight = _weights(votes, consent, scale)
    lever = lever_arm(votes)
    rows = votes.rows / np.array([lever] * 3 + [1.0] * 3)
    value, vector = np.linalg.eigh(rows.T @ (rows * weight[:, None]))
    return value, vector, lever


def lever_arm(votes: Votes) -> float:
    """Return the root mean square of the rows' rotation parts, metres."""
    return max(1e-3, float(np.sqrt((votes.rows[:, :3] ** 2).sum(axis=1).mean())))
