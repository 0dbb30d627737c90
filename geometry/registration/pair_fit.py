"""The rigid fit to pairs that a person picked on scan and model: how far it can be trusted, and which pair is wrong."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from geometry.note import Note
from geometry.pose import Pose
from geometry.registration.control import ControlPointError, kabsch, unit_fault

BUILT = 0.015
"""Standard deviation (m) of a built corner from its designed place: a pick cannot be better than what was built."""
_TILT = 0.005
"""How far (rad) the frame of a levelled scan may lean."""
_FEWEST = 3
_LEAST_OUTLIER = 0.05
_OUTLIER = 3.5
_CERTAIN = 0.999
_IN_A_LINE = 0.02
_LEAST_WIDTH = 0.05
"""Metres between pairs below which nothing of the building can be placed by them."""


@dataclass(frozen=True, slots=True, eq=False)
class PairFit:
    """Where the pairs put the scan."""

    T_design_scan: Pose
    residuals: FloatArray
    """(n,) metres: distance left at each pair."""
    left_out: FloatArray
    """(n,) metres: how far each lies from where the others put it; NaN with fewer than 4."""
    outlier: BoolArray
    """(n,) it does not belong with the others."""
    covariance: FloatArray
    """(6, 6) of (rotation vector, translation) about ``pivot``: picking, building, and what the pairs show."""
    pivot: FloatArray
    """(3,) metres, design frame."""
    fault: str
    """Why the fit cannot be used, one line; empty when it can."""

    @property
    def rms(self) -> float:
        """Root mean square of what is left, metres."""
        return float(np.sqrt(np.mean(self.residuals**2)))

    def spread(self, points: FloatArray) -> float:
        """Return the standard uncertainty (m) of where points (n, 3) of the design frame are put, root mean square."""
        moves = np.concatenate([_rows(p - self.pivot) for p in points])
        return float(np.sqrt(np.einsum("ij,jk,ik->i", moves, self.covariance, moves).sum() / len(points)))

    def excludes(self, T_design_scan: Pose) -> bool:
        """Say whether the pairs rule a pose out: it differs by what chance brings less than once in a thousand."""
        from scipy.special import chdtri

        turned = T_design_scan @ self.T_design_scan.inverse()
        step = np.concatenate([turned.rotation_vector(), turned.apply(self.pivot[None])[0] - self.pivot])
        return bool(step @ np.linalg.solve(self.covariance, step) > float(chdtri(6, 1.0 - _CERTAIN)))


def fit_pairs(
    scan: FloatArray, design: FloatArray, sigma: FloatArray, names: tuple[str, ...], *, levelled: bool = False
) -> PairFit:
    """Fit the pose that maps ``scan`` (n, 3) onto ``design`` (n, 3), metres, each picked to ``sigma`` (n,) metres.

    Parameters
    ----------
    levelled
        The scan's z is up: only yaw and translation are fitted, and the frame may lean by 0.3 degrees at most.

    Raises
    ------
    ControlPointError
        With fewer than 3 pairs, or pairs in a line or in one place, which leave a turn open.

    References
    ----------
    Kabsch 1976, "A solution for the best rotation to relate two sets of vectors".
    """
    require_pairs(scan, design)
    weight = sigma**-2.0
    solve = _yaw_fit if levelled else kabsch
    T = solve(scan, design, weight)
    residuals = np.linalg.norm(T.apply(scan) - design, axis=1)
    accuracy = np.hypot(sigma, BUILT)
    pivot = design.mean(axis=0)
    freedom = 3 * len(scan) - (4 if levelled else 6)
    excess = max(1.0, float(np.sqrt(((residuals / accuracy) ** 2).sum() / freedom)))
    covariance = (np.linalg.inv(_information(design - pivot, accuracy, levelled)) * excess**2).astype(np.float64)
    left_out, outlier = _left_out(scan, design, accuracy, solve, levelled=levelled)
    fault = unit_fault(scan, design) or _fault(names, residuals / accuracy, left_out, outlier, freedom)
    return PairFit(T, residuals, left_out, outlier, covariance, pivot, fault)


def require_pairs(scan: FloatArray, design: FloatArray) -> None:
    """Raise :class:`ControlPointError` where pairs (n, 3) cannot fix a pose."""
    if len(scan) < _FEWEST:
        raise ControlPointError(f"{len(scan)} pairs cannot fix a pose: pick at least 3 that are not in a line")
    for frame, points in (("scan", scan), ("model", design)):
        spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
        if spread[0] < _LEAST_WIDTH:
            raise ControlPointError(f"the pairs lie in one place in the {frame}: pick them far apart")
        if spread[1] < _IN_A_LINE * spread[0]:
            raise ControlPointError(f"the pairs lie in a line in the {frame}: pick one well off it")


def _yaw_fit(scan: FloatArray, design: FloatArray, weight: FloatArray) -> Pose:
    """Return the turn about z and the translation with the least sum of weighted squares."""
    a, b = np.average(scan, axis=0, weights=weight), np.average(design, axis=0, weights=weight)
    p, q = scan - a, design - b
    across = weight @ (p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0])
    along = weight @ (p[:, 0] * q[:, 0] + p[:, 1] * q[:, 1])
    turn = Pose.from_yaw(float(np.arctan2(across, along)))
    return Pose.from_parts(turn.rotation, b - turn.rotation @ a)


def _rows(about: FloatArray) -> FloatArray:
    """Return d place / d (rotation vector, translation) (3, 6) of a point ``about`` the pivot."""
    x, y, z = about
    return np.array([[0, z, -y, 1, 0, 0], [-z, 0, x, 0, 1, 0], [y, -x, 0, 0, 0, 1]], np.float64)


def _information(about: FloatArray, accuracy: FloatArray, levelled: bool) -> FloatArray:
    rows = np.concatenate([_rows(p) / own for p, own in zip(about, accuracy, strict=True)])
    tilt = np.diag([_TILT**-2.0] * 2 + [0.0] * 4) if levelled else np.zeros((6, 6))
    return rows.T @ rows + tilt


Solve = Callable[[FloatArray, FloatArray, FloatArray], Pose]


def _left_out(
    scan: FloatArray, design: FloatArray, accuracy: FloatArray, solve: Solve, *, levelled: bool
) -> tuple[FloatArray, BoolArray]:
    """Return how far each pair lies from where the others that belong put it, and which do not belong.

    What is allowed grows with how badly the others fix the place. The worst is taken out first, then the rest is looked
    at again: one wrong pair makes all others look wrong.
    """

    def look(i: int, others: IntArray) -> tuple[float, float, float]:
        """Return how far a pair lies from where others put it, how far it may, and what is left at the others."""
        if len(others) < _FEWEST or _in_a_line(scan[others]):
            return np.nan, np.inf, np.inf
        T, pivot = solve(scan[others], design[others], accuracy[others] ** -2.0), design[others].mean(axis=0)
        open_by = np.linalg.inv(_information(design[others] - pivot, accuracy[others], levelled))
        rows = _rows(design[i] - pivot)
        expected = float(np.sqrt(np.trace(rows @ open_by @ rows.T) + 3.0 * accuracy[i] ** 2))
        away = float(np.linalg.norm(T.apply(scan[i : i + 1]) - design[i]))
        rest = np.linalg.norm(T.apply(scan[others]) - design[others], axis=1) / accuracy[others]
        return away, max(_LEAST_OUTLIER, _OUTLIER * expected), float(np.sqrt(np.mean(rest**2)))

    wrong = np.zeros(len(scan), np.bool_)
    while True:
        among = np.flatnonzero(~wrong)
        seen = {int(i): look(int(i), np.setdiff1d(among, [i])) for i in among}
        doubtful = [i for i, (away, allowed, _) in seen.items() if away > allowed]
        if not doubtful:
            break
        wrong[min(doubtful, key=lambda i: seen[i][2])] = True
    miss = [look(i, np.setdiff1d(np.flatnonzero(~wrong), [i]))[0] for i in range(len(scan))]
    return np.array(miss, np.float64), wrong


def _in_a_line(points: FloatArray) -> bool:
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return bool(spread[1] < _IN_A_LINE * spread[0])


def _fault(names: tuple[str, ...], relative: FloatArray, left_out: FloatArray, outlier: BoolArray, freedom: int) -> str:
    from scipy.special import chdtri

    if outlier.any():
        worst = int(np.flatnonzero(outlier)[np.argmax(left_out[outlier])])
        said = "pair {name} lies {away} m from where the others put it: pick it again, or leave it out"
        return Note("pair_outlier", said, name=names[worst], away=f"{left_out[worst]:.2f}")
    if float((relative**2).sum()) > float(chdtri(freedom, 1.0 - _CERTAIN)):
        said = "the pairs do not fit one another: check that each is the same corner in scan and model"
        return Note("pairs_misfit", said)
    return ""
