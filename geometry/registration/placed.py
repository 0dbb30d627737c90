"""Poses that the user gives, as they are or by control points: the surfaces check them and never change them."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import DesignModel
from geometry.note import Note
from geometry.pose import Pose
from geometry.registration.control import ControlFit, fit_control
from geometry.registration.quality import Quality, quality_of_given
from geometry.registration.request import ControlPoint, RegistrationRequest, StatedAccuracy
from geometry.registration.result import Registration, RegistrationStatus
from geometry.registration.surfaces import DesignSurface, ScanSample, building_size
from geometry.scan import Scan

_LEAST_OVERLAP = 0.05
_WORSE_THAN_STATED = 2.0
"""How many times worse than stated control points must fit to be worth a note; by less, few points do it by chance."""
_LEAST_ROUNDING = 0.0001
"""Standard uncertainty (m) at the scan from which the rounding of a matrix is worth counting, and a note."""


@dataclass(frozen=True, slots=True, eq=False)
class Rounding:
    """What the digits of a written matrix leave open."""

    covariance: FloatArray
    """(6, 6) of (rotation vector rad, translation m) about ``pivot``."""
    pivot: FloatArray
    """(3,) metres, design frame less the design's origin."""

    def about(self, pivot: FloatArray) -> FloatArray:
        """Return the covariance about another pivot (3,): what lies off the first one moves with each turn."""
        x, y, z = pivot - self.pivot
        moves = np.eye(6)
        moves[3:, :3] = [[0, z, -y], [-z, 0, x], [y, -x, 0]]  # w -> w x arm
        return moves @ self.covariance @ moves.T

    def at(self, placed: FloatArray) -> float:
        """Return the standard uncertainty (m) along an axis, root mean square over points (n, 3)."""
        middle = placed.mean(axis=0)
        about, spread = self.about(middle), np.cov(placed.T, bias=True)
        # E |w x a|^2 over the points a about their middle
        turned = np.trace(spread) * np.trace(about[:3, :3]) - np.trace(spread @ about[:3, :3])
        return float(np.sqrt((np.trace(about[3:, 3:]) + turned) / 3.0))


def register_given(
    T: Pose,
    request: RegistrationRequest,
    surface: DesignSurface,
    sample: ScanSample,
    rounding: Rounding | None = None,
) -> Registration:
    """Return a given pose with its quality; refused only where the scan is nowhere near the design.

    Its uncertainty is the stated one. Where none is stated, it is how well the elements that were seen agree on a pose,
    which does not see a fault that all of them share, and what the digits of a written matrix leave open.
    """
    quality = quality_of_given(surface, sample, T, building_size(surface))
    covariance, pivot = quality.covariance, quality.pivot
    notes: tuple[str, ...] = ()
    if request.accuracy is not None:
        covariance, pivot = stated_covariance(T.apply(sample.points), request.accuracy)
    elif rounding is not None and (open_by := rounding.at(T.apply(sample.points))) >= _LEAST_ROUNDING:
        notes = (_rounded(open_by),)
        if covariance is None or pivot is None:
            covariance, pivot = rounding.covariance, rounding.pivot
        else:
            covariance = covariance + rounding.about(pivot)
    off = _off_the_model(quality)
    return Registration(
        RegistrationStatus.REFUSED if off else RegistrationStatus.ACCEPTED, T, request.kind.value,
        "low_overlap" if off else "", off, quality.rmse, float("nan"), quality.inlier_fraction, quality.overlap,
        covariance, pivot, () if request.accuracy else quality.unobservable, supporters=quality.supporters,
        judged=quality.judged, converged=True, notes=(_rests_on(request.accuracy, quality.covariance), *notes),
    )  # fmt: skip


def register_by_control(
    scan: Scan, design: DesignModel, request: RegistrationRequest, surface: DesignSurface, sample: ScanSample
) -> Registration:
    """Return the pose that the control points fix; the surfaces only check it."""
    points = request.control_points
    here = np.array([p.scan for p in points], np.float64) - scan.origin
    there = np.array([p.design for p in points], np.float64) - design.origin
    fit = fit_control(here, there, tuple(p.name for p in points), _stated_sigma(points))
    quality = quality_of_given(surface, sample, fit.T_design_scan, building_size(surface))
    off = _off_the_model(quality)
    reason, detail = "", ""
    if fit.fault:
        reason, detail = "residual", fit.fault
    elif off:
        said = "the control points agree, but put the scan off the model: {detail}"
        reason, detail = "low_overlap", Note("control_off", said, detail=off)
    return Registration(
        RegistrationStatus.REFUSED if reason else RegistrationStatus.ACCEPTED, fit.T_design_scan, request.kind.value,
        reason, detail, quality.rmse, float("nan"), quality.inlier_fraction, quality.overlap, fit.covariance, fit.pivot,
        (), supporters=quality.supporters, judged=quality.judged, converged=True,
        control_residuals_m=tuple(float(r) for r in fit.residuals),
        notes=((fit.scaled,) if fit.scaled and not reason else ()) + _worse_than_stated(fit),
    )  # fmt: skip


def stated_covariance(placed: FloatArray, accuracy: StatedAccuracy) -> tuple[FloatArray, FloatArray]:
    """Return the covariance (6, 6) of (rotation vector rad, translation m) and the pivot (3,) of a stated accuracy.

    Parameters
    ----------
    placed
        (n, 3) metres: the scan's points in the design frame. Their middle is the pivot.
    accuracy
        As stated. Without a rotation of its own the pose may turn as much as moves the points by ``sigma_m``.

    Examples
    --------
    >>> ends = np.array([[-10.0, 0, 0], [10, 0, 0]])
    >>> covariance, pivot = stated_covariance(ends, StatedAccuracy(0.003))
    >>> np.sqrt(np.diag(covariance)).round(6).tolist()
    [0.0003, 0.0003, 0.0003, 0.003, 0.003, 0.003]
    """
    pivot = placed.mean(axis=0)
    turn = accuracy.sigma_rad
    if turn is None:
        turn = accuracy.sigma_m / max(1e-3, float(np.sqrt(((placed - pivot) ** 2).sum(axis=1).mean())))
    return np.diag([turn**2] * 3 + [accuracy.sigma_m**2] * 3), pivot


def _off_the_model(quality: Quality) -> str:
    """Return that hardly anything of the scan lies near the design; empty when enough does."""
    if quality.overlap >= _LEAST_OVERLAP:
        return ""
    return Note(
        "pose_off",
        "with this pose only {overlap} of the scan lies near the model: check the frame and the units, or use "
        "--register auto",
        overlap=f"{quality.overlap:.0%}",
    )


def _rests_on(accuracy: StatedAccuracy | None, covariance: FloatArray | None) -> str:
    """Return what the uncertainty of a given pose rests on, which no measurement of this check is."""
    if accuracy is not None:
        said = "how well the scan is placed is as stated, not measured: {mm} mm (one standard deviation)"
        return Note("pose_as_stated", said, mm=f"{1000 * accuracy.sigma_m:g}")
    if covariance is not None:
        said = (
            "how well the given pose is known is not stated: U counts how the elements scatter about it, not a shift "
            "that all share; state sigma_mm in a registration file"
        )
        return Note("pose_not_stated", said)
    said = (
        "how well the given pose is known is not stated, and the surfaces do not show it: U leaves it out; state "
        "sigma_mm in a registration file"
    )
    return Note("pose_not_known", said)


def _rounded(open_by: float) -> str:
    said = (
        "the numbers of the matrix are rounded: that leaves the scan uncertain by {mm} mm (one standard deviation), "
        "which U counts; write it with more digits, or state sigma_mm"
    )
    return Note("matrix_rounded", said, mm=f"{1000 * open_by:.2g}")


def _stated_sigma(points: tuple[ControlPoint, ...]) -> FloatArray | None:
    stated = [p.sigma_m for p in points if p.sigma_m is not None]
    return np.array(stated, np.float64) if stated else None


def _worse_than_stated(fit: ControlFit) -> tuple[str, ...]:
    if fit.excess < _WORSE_THAN_STATED:
        return ()
    said = "the control points fit {times} times worse than their stated accuracy: U counts what they show"
    return (Note("control_worse", said, times=f"{fit.excess:.1f}"),)
