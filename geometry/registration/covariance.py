"""How well the pose is known: elements are the independent units, not points."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray, IntArray
from geometry.registration.dissent import dissenting_modes, division
from geometry.registration.pair_fit import BUILT
from geometry.registration.votes import Votes

_PRIOR_SHIFT = 0.0015
"""How far (m) a well placed element lies off along an axis, before the scan has said anything."""
_PRIOR_WEIGHT = 2.0
_LEAST_SEEN = 0.02
"""Share of an element's voices along a direction from which its shift that way is seen."""
_ALONE = 0.85
_CONFIRMED = 0.6
_LEAST_CONSENT = 0.3
_FELT = 0.5


def pose_covariance(votes: Votes, consent: FloatArray, scale: float, size: float) -> FloatArray:
    """Return the covariance (6, 6) of (rotation vector rad, translation m) about ``votes.pivot``.

    Building deviations are shared by all points of an element. Two estimates take that into account, and the larger
    counts in each direction: the spread of the poses found without each element in turn (jackknife over clusters, one
    step each), and the spread that elements scattering as much as they do on average would cause. The first sees where
    elements scatter more than elsewhere, the second where too few elements are left to be left out. Neither sees that
    the only element to fix a direction is built elsewhere: there it may be, by :data:`BUILT` times ``size``. Where
    about as many elements disagree as agree, either may be right.
    """
    fit, weight = _weights(votes, consent, scale)
    information, pull = _sums_by_cluster(votes, weight)
    total, count = information.sum(axis=0), votes.cluster_count
    total = total + 1e-9 * np.diag(np.maximum(np.diag(total), 1e-9))
    without = np.linalg.solve(total - information, -(pull.sum(axis=0) - pull)[:, :, None])[:, :, 0]
    yielding = _yielding(weight, fit)
    spread = (without - without.mean(axis=0)) / yielding
    jackknife = (count - 1) / count * spread.T @ spread
    elements, owner = np.unique(votes.element, return_inverse=True)
    if len(elements) == 1:
        return jackknife  # a single element is its own datum: it counts as not shifted
    seen = _seen_shifts(votes, weight, owner)
    scattered = _scattered(seen, np.linalg.inv(total), yielding)
    found = _larger(scattered, jackknife) + _resting_on_one(votes, consent, seen.information, total, BUILT * size)
    for mode in dissenting_modes(votes, consent, scale):
        divided = division(votes, consent, mode)
        if divided.is_near_tie:
            # a mixture of two poses, by how many elements are for each
            share = divided.theirs / (divided.ours + divided.theirs)
            found = _larger(found, share * (1.0 - share) * np.outer(mode.step, mode.step))
    return found


def _weights(votes: Votes, consent: FloatArray, scale: float) -> tuple[FloatArray, FloatArray]:
    """Return how well each row fits, and the weight it has in the solution."""
    trust = np.clip((consent - _LEAST_CONSENT) / 0.2, 0.0, 1.0)
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


@dataclass(frozen=True, slots=True, eq=False)
class _SeenShifts:
    """How far elements lie off along the directions in which they are seen, and what a shift does to the pose."""

    off: FloatArray
    """(s,) metres, at the pose found."""
    weight: FloatArray
    """(s,) 0..1: how much of a whole observation it is."""
    felt: FloatArray
    """(s, 6) change of ``off`` by a step of the pose."""
    pull: FloatArray
    """(s, 6) pull on the pose by a shift of a metre."""
    information: FloatArray
    """(e, 6, 6) of each element."""


def _seen_shifts(votes: Votes, weight: FloatArray, owner: IntArray) -> _SeenShifts:
    """Return the shifts of the elements along the main axes of their faces; ``owner`` (g,) counts elements from 0."""
    information = np.zeros((int(owner.max()) + 1, 6, 6))
    found: list[tuple[float, float, FloatArray, FloatArray]] = []
    of_row = owner[votes.group]
    order = np.argsort(of_row, kind="stable")
    for element, part in enumerate(np.split(order, np.flatnonzero(np.diff(of_row[order])) + 1)):
        rows, w = votes.rows[part], weight[part]
        information[element] = (rows * w[:, None]).T @ rows
        amount, axes = np.linalg.eigh(information[element, 3:, 3:])
        for k in np.flatnonzero(amount > _LEAST_SEEN * w.sum()):
            moved = w * (rows[:, 3:] @ axes[:, k])
            pull = moved @ rows
            off = float(moved @ votes.residual[part]) / amount[k]
            found.append((off, min(1.0, float(amount[k])), pull / amount[k], pull))
    off, share, felt, pull = zip(*found, strict=True)
    return _SeenShifts(np.array(off), np.array(share), np.array(felt), np.array(pull), information)


def _scattered(seen: _SeenShifts, inverse: FloatArray, yielding: float) -> FloatArray:
    """Return the covariance (6, 6) that elements cause which are each shifted by about as much as they are on average.

    How much that is comes from how far they lie off, together with a prior guess. The pose follows the elements, so
    that what they lie off is less than their shift: of shifts s with variance v the pose leaves (I - H) s, and the
    expected sum of squares is v tr((I - H)' W (I - H)), here with H = felt inverse pull' and weights W.
    """
    follows = np.einsum("si,ij,sj->s", seen.felt, inverse, seen.pull)
    back = inverse @ ((seen.felt * seen.weight[:, None]).T @ seen.felt) @ inverse
    freedom = float(seen.weight @ (1 - 2 * follows)) + float(np.einsum("si,ij,sj->", seen.pull, back, seen.pull))
    squares = float(seen.weight @ seen.off**2) + _PRIOR_WEIGHT * _PRIOR_SHIFT**2
    variance = squares / (max(0.0, freedom) + _PRIOR_WEIGHT)
    middle = seen.pull.T @ seen.pull
    return variance / yielding**2 * inverse @ middle @ inverse


def _resting_on_one(
    votes: Votes, consent: FloatArray, information: FloatArray, total: FloatArray, built: float
) -> FloatArray:
    """Return the covariance (6, 6) of directions that hardly anything but one element fixes.

    ``information`` (e, 6, 6) of the elements that agree adds up to ``total``. Whether such an element is built off
    nobody can tell, unless ``_CONFIRMED`` voices of others along that direction say that it is not: it may be by
    ``built`` metres, or by as much as those say that disagree with it, each by its voice.
    """
    lever = lever_arm(votes)
    to_length = np.array([1 / lever] * 3 + [1.0] * 3)
    alone, everyone = (i * np.outer(to_length, to_length) for i in (information, total))
    disagree = consent < _LEAST_CONSENT
    count = np.bincount(votes.group, minlength=len(consent))
    off = np.bincount(votes.group, votes.residual, len(consent)) / count
    felt = np.stack([np.bincount(votes.group, row, len(consent)) / count for row in votes.rows.T], axis=1) * to_length
    root = np.linalg.inv(np.linalg.cholesky(everyone))
    share, axes = np.linalg.eigh(root @ alone @ root.T)
    found = np.zeros((6, 6))
    for element, k in zip(*np.nonzero(share > _ALONE), strict=True):
        direction = root.T @ axes[element, :, k]
        direction /= np.linalg.norm(direction)
        others = float(direction @ (everyone - alone[element]) @ direction)
        agreed, along = float(direction @ everyone @ direction), felt @ direction
        voice = np.where(disagree & (np.abs(along) > _FELT), votes.voice, 0.0)
        variance = (agreed * built**2 + float(voice @ off**2)) / (agreed + float(voice @ along**2))
        found += max(0.0, 1.0 - others / _CONFIRMED) * variance * np.outer(direction, direction)
    return found * np.outer(to_length, to_length)


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
