"""Bring a scan into the design's frame, or refuse and say why."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from geometry.arrays import FloatArray, highest, lowest
from geometry.design import DesignModel
from geometry.errors import EmptyInput
from geometry.note import Note
from geometry.pose import Pose
from geometry.registration.automatic import register_automatically
from geometry.registration.picked import register_picked
from geometry.registration.placed import Rounding, register_by_control, register_given
from geometry.registration.request import RegistrationRequest, RequestKind
from geometry.registration.result import Registration, RegistrationStatus
from geometry.registration.surfaces import FEWEST_POINTS, DesignSurface, design_surface, scan_sample
from geometry.registration.units import is_sane, size_ratio, unit_hint
from geometry.registration.written_matrix import rounding_covariance
from geometry.scan import Scan

Progress = Callable[[float], None]
_UNITS_MAY_BE_WRONG = 0.5
_WIDEST_SITE = 20_000.0
"""Metres. Nothing that is scanned together is wider, whatever part of it the model shows."""


def register(
    scan: Scan,
    design: DesignModel,
    request: RegistrationRequest,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Registration:
    """Return the scan -> design pose with its quality, or the refusal with its reason and the rival poses.

    Parameters
    ----------
    scan, design
        Coordinates relative to their origins, metres.
    request
        ``auto`` searches; ``given``, a matrix and control points are checked against the surfaces, never changed;
        picked pairs say which pose it is, and the surfaces refine it.
    seed
        For the shuffle of the sample and the random starts; the same seed gives the same bytes.
    progress
        Called with the share done, 0..1.

    Raises
    ------
    EmptyInput
        If the scan has too few points.
    ControlPointError
        If control points or picked pairs are too few or in a line.
    """
    report = progress or _silent
    try:
        surface = design_surface(design, signed=scan.has_poses)
    except EmptyInput as nothing:
        return Registration(RegistrationStatus.REFUSED, None, request.kind.value, "no_geometry", nothing.args[0])
    report(0.05)
    enough = len(scan.points) >= FEWEST_POINTS
    out_of_scale = enough and not is_sane(size_ratio(scan, surface))
    if (out_of_scale and request.kind is RequestKind.AUTO) or (enough and _is_wider_than_a_site(scan)):
        return _out_of_scale(scan, surface, request.kind, seed)
    try:
        sample = scan_sample(scan, seed)
    except EmptyInput:
        if out_of_scale:
            return _out_of_scale(scan, surface, request.kind, seed)
        raise
    report(0.2)
    if request.kind is RequestKind.AUTO:
        found = register_automatically(surface, sample, seed, report)
    elif request.kind is RequestKind.CONTROL_POINTS:
        found = register_by_control(scan, design, request, surface, sample)
    elif request.kind is RequestKind.PICKED:
        found = register_picked(scan, design, request, surface, sample, seed=seed, report=report)
    else:
        matrix = np.eye(4) if request.matrix is None else request.matrix
        T_design_scan = _relative(matrix, scan, design)
        found = register_given(T_design_scan, request, surface, sample, _rounding(matrix, scan, T_design_scan))
    found = _with_unit_hint(found, scan, surface, seed)
    report(1.0)
    return found


def _silent(share: float) -> None:
    """Report to nobody."""


def _is_wider_than_a_site(scan: Scan) -> bool:
    return bool((highest(scan.points) - lowest(scan.points)).max() > _WIDEST_SITE)


def _out_of_scale(scan: Scan, surface: DesignSurface, kind: RequestKind, seed: int) -> Registration:
    ratio = max(size_ratio(scan, surface), 1e-9)
    hint = unit_hint(scan, surface, seed, 0.0) or Note("check_units", "check the units of both files")
    if ratio > 1:
        said = "the scan is {ratio} times as large as the model; {hint}"
        detail = Note("scan_too_large", said, ratio=f"{ratio:.3g}", hint=hint)
    else:
        said = "the scan is {ratio} times smaller than the model; {hint}"
        detail = Note("scan_too_small", said, ratio=f"{1 / ratio:.3g}", hint=hint)
    return Registration(RegistrationStatus.REFUSED, None, kind.value, "low_overlap", detail)


def _with_unit_hint(found: Registration, scan: Scan, surface: DesignSurface, seed: int) -> Registration:
    """Return a refusal for lack of fit with the units named that would make it fit, if any do."""
    if found.status is RegistrationStatus.ACCEPTED or found.overlap > _UNITS_MAY_BE_WRONG:
        return found
    hint = unit_hint(scan, surface, seed, found.overlap)
    if not hint:
        return found
    return replace(found, reason="low_overlap", detail=Note("wrong_units", "the units look wrong: {hint}", hint=hint))


def _relative(matrix: FloatArray, scan: Scan, design: DesignModel) -> Pose:
    """Return a user's matrix between full coordinates as a pose between coordinates less the origins.

    The rotation is made exactly rigid about the scan's centre, so that rounding in the file does not move the scan.
    """
    centre = scan.points.mean(axis=0)
    u, _, vt = np.linalg.svd(matrix[:3, :3])
    rotation = u @ vt
    image = matrix[:3, :3] @ (scan.origin + centre) + (matrix[:3, 3] - design.origin)
    return Pose.from_parts(rotation, image - rotation @ centre)


def _rounding(matrix: FloatArray, scan: Scan, T_design_scan: Pose) -> Rounding | None:
    """Return what the digits of a user's matrix leave open about the image of the scan's centre, None if nothing."""
    centre = scan.points.mean(axis=0)
    covariance = rounding_covariance(matrix, scan.origin + centre)
    return None if covariance is None else Rounding(covariance, T_design_scan.apply(centre[None])[0])
