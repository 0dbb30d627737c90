"""Points that two elements claim: whose they are, and which element is only drawn along by its neighbour's."""

import numpy as np

from geometry.arrays import BoolArray
from geometry.element_pose import ElementShapes, PoseFit, unit_normals
from geometry.triangle_tree import ClosestElements

_REFUTED = 0.005
"""Standard deviation (m) along a face below which a fit that misses a disputed point there has refuted the claim."""


def tied(built: ClosestElements, sigma: float) -> BoolArray:
    """Say for which points the second element is as near as the first."""
    with np.errstate(invalid="ignore"):
        return (built.element[:, 1] >= 0) & (built.distance[:, 1] - built.distance[:, 0] < 2.0 * sigma)


def disputed_points(built: ClosestElements, edge: BoolArray, sigma: float) -> BoolArray:
    """Return which points (n,) two elements claim."""
    return (built.distance[:, 0] < 3.0 * sigma) & tied(built, sigma) & ~edge


def without_refuted(
    candidates: ClosestElements,
    disputed: BoolArray,
    fits: dict[int, PoseFit],
    built: ClosestElements,
    shapes: ElementShapes,
    sigma: float,
) -> ClosestElements:
    """Return the candidates without the claims on disputed points that the claimant's other points speak against.

    Disputed points hardly count, so an element with enough others is fitted to those. If it then lies elsewhere, the
    points are not its own; else both would take them up again, each in its turn, and neither would ever settle.
    """
    element = candidates.element.copy()
    at = np.flatnonzero(disputed)
    for rank in range(element.shape[1]):
        who = element[at, rank]
        reached = np.where(built.element[at] == who[:, None], built.distance[at], np.inf).min(axis=1)
        missed = (who >= 0) & (reached > 6.0 * sigma)
        rows, owner = at[missed], who[missed]
        normal = unit_normals(shapes.triangles[candidates.triangle[rows, rank]])
        spread = np.full(len(rows), np.inf)
        for e in np.unique(owner):
            fit, mine = fits.get(int(e)), owner == e
            if fit is not None:
                spread[mine] = np.einsum("ij,jk,ik->i", normal[mine], fit.covariance[:3, :3], normal[mine])
        element[rows[spread < _REFUTED**2], rank] = -1
    return ClosestElements(element, candidates.triangle, candidates.distance, candidates.signed)


def phantoms(fits: dict[int, PoseFit], built: ClosestElements, sigma: float) -> set[int]:
    """Return the elements moved onto points that a less displaced element explains as well.

    A sub-floor that nobody can see follows the tilted finish above it: of two that explain the same points, the one
    that had to move farther from its design is not there.
    """
    first, second = built.element[:, 0], built.element[:, 1]
    on = (first >= 0) & (built.distance[:, 0] < 3.0 * sigma)
    shared = on & tied(built, sigma)
    count = int(built.element.max(initial=-1)) + 1
    total = np.bincount(first[on], minlength=count) + np.bincount(second[shared], minlength=count)
    found: set[int] = set()
    pairs, number = np.unique(np.stack([first[shared], second[shared]], axis=1), axis=0, return_counts=True)
    both: dict[tuple[int, int], int] = {}
    for (a, b), n in zip(pairs.tolist(), number.tolist(), strict=True):
        both[min(a, b), max(a, b)] = both.get((min(a, b), max(a, b)), 0) + n
    for pair, n in both.items():
        far, near = sorted(pair, key=lambda e: _displacement(fits.get(e)), reverse=True)
        apart = _displacement(fits.get(far)) - _displacement(fits.get(near))
        if apart > 3.0 * sigma and n > 0.5 * total[far]:
            found.add(far)
    return found


def _displacement(fit: PoseFit | None) -> float:
    """Return how far (m) a fit moved the element's middle along what it could observe; 0 without a fit."""
    return 0.0 if fit is None else float(np.linalg.norm(fit.twist[:3]))


def without_phantoms(candidates: ClosestElements, drawn: set[int], sigma: float) -> ClosestElements:
    """Return the candidates without those that would move a phantom again; what lies where it was designed stays."""
    away = np.isin(candidates.element, list(drawn)) & ~(candidates.distance < 3.0 * sigma)
    return ClosestElements(
        np.where(away, -1, candidates.element), candidates.triangle, candidates.distance, candidates.signed
    )
