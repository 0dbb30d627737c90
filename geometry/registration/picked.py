"""Registration from pairs that a person picked: they say which pose it is, and the surfaces how exactly.

A pick is good to a centimetre and the corner that it names is built to a centimetre or two, so the pairs only start the
refinement and bound where it may end. What the pairs exclude is no rival any more and no direction to slide in; every
other rule of the automatic registration stays: a pose that is not precise enough, that too few elements agree with, or
beside which about as many elements agree on another one, is refused. So is one that another pose clearly beats:
then the pairs are wrong, however well they fit one another.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import DesignModel
from geometry.note import Note
from geometry.pose import Pose, pose_difference
from geometry.registration.automatic import (
    ENOUGH_RIVALS,
    VIEW_POINTS,
    Contest,
    Scene,
    candidates,
    loose_directions,
    registration_of,
    same_pose,
    scene_of,
    verdict,
)
from geometry.registration.descent import FREE, descend
from geometry.registration.evidence import View, compare
from geometry.registration.pair_fit import PairFit, fit_pairs
from geometry.registration.quality import quality_of_refined
from geometry.registration.refinement import Refined
from geometry.registration.request import PICKED_SIGMA, RegistrationRequest
from geometry.registration.result import PickedPair, Registration, RegistrationStatus, Rival
from geometry.registration.surfaces import DesignSurface, ScanSample
from geometry.scan import Scan

_WIDEST_START = 0.3
"""Metres that the scan's points may be uncertain by for the surfaces to find the right valley."""
_CLOSE, _WIDE = (0.1, 0.08, 0.06), (0.3, 0.25, 0.2, 0.15, 0.12, 0.1)
_METHOD = "picked"


def register_picked(
    scan: Scan,
    design: DesignModel,
    request: RegistrationRequest,
    surface: DesignSurface,
    sample: ScanSample,
    *,
    seed: int,
    report: Callable[[float], None],
) -> Registration:
    """Return the pose that the surfaces fix near where the pairs put the scan, or the refusal.

    Raises
    ------
    ControlPointError
        If the pairs are too few or in a line.
    """
    points = request.control_points
    here = np.array([p.scan for p in points], np.float64) - scan.origin
    there = np.array([p.design for p in points], np.float64) - design.origin
    sigma = np.array([PICKED_SIGMA if p.sigma_m is None else p.sigma_m for p in points], np.float64)
    fit = fit_pairs(here, there, sigma, tuple(p.name for p in points), levelled=request.levelled)
    found = _from_fit(scene_of(surface, sample, seed), fit, report)
    T = fit.T_design_scan if found.T_design_scan is None else found.T_design_scan
    left = np.linalg.norm(T.apply(here) - there, axis=1)
    pairs = tuple(
        PickedPair(p.name, p.scan, p.design, float(s), float(r), float(o), bool(w))
        for p, s, r, o, w in zip(points, sigma, left, fit.left_out, fit.outlier, strict=True)
    )
    return replace(
        found, pairs=pairs, control_residuals_m=tuple(float(r) for r in left), notes=_notes(request, left, found)
    )


def _from_fit(scene: Scene, fit: PairFit, report: Callable[[float], None]) -> Registration:
    placed = fit.T_design_scan.apply(scene.fitted.first(500).points)
    if fit.fault:
        return _refused(fit, "residual", fit.fault)
    if fit.spread(placed) > _WIDEST_START * scene.size:
        said = "the pairs leave the scan uncertain by {away} m: pick them farther apart, around what was scanned"
        return _refused(fit, "degenerate", Note("pairs_too_close", said, away=f"{fit.spread(placed):.2f}"))
    refined = _refined(scene, fit)
    report(0.5)
    if refined is None:
        said = "the surfaces about where the pairs put the scan do not fit it: check that they name the same corners"
        return _refused(fit, "residual", Note("pairs_off", said))
    contest, better = _contest(scene, fit, refined)
    report(0.9)
    quality = quality_of_refined(scene.surface, scene.fitted, refined, scene.size)
    near = tuple(v for v in contest.rivals if not fit.excludes(v.T_design_scan))
    loose = loose_directions(scene, contest, fit.excludes)
    reason, detail = verdict(scene, replace(contest, rivals=near), quality, loose)
    if better is not None:
        reason, detail = "ambiguous", _beaten(scene, contest.view, better)
        contest = replace(contest, rivals=(better, *contest.rivals))
    return replace(registration_of(scene, contest, quality, loose, reason, detail), method=_METHOD)


def _refined(scene: Scene, fit: PairFit) -> Refined | None:
    """Return the refined pose that explains most, among those that the pairs allow."""
    coarse = scene.fitted.first(8_000)
    starts = [fit.T_design_scan]
    for reaches in (_CLOSE, _WIDE):
        starts.append(
            descend(scene.surface, coarse, fit.T_design_scan, tuple(scene.size * r for r in reaches), freedoms=FREE)
        )
    best: tuple[float, Refined] | None = None
    seen: list[Pose] = []
    for T in starts:
        polished = scene.refined(T)
        if polished is None or fit.excludes(polished.T_design_scan):
            continue
        if any(max(pose_difference(polished.T_design_scan, old)) < 1e-5 for old in seen):
            continue
        seen.append(polished.T_design_scan)
        score = scene.look(polished.T_design_scan).score
        if best is None or score > best[0]:
            best = score, polished
    return None if best is None else best[1]


def _contest(scene: Scene, fit: PairFit, refined: Refined) -> tuple[Contest, View | None]:
    """Return the picked pose with the poses that the surfaces cannot tell from it, and one that clearly beats it."""
    ours, few = scene.look(refined.T_design_scan), scene.fitted.first(VIEW_POINTS)
    centre = scene.fitted.points.mean(axis=0)
    rivals: list[View] = []
    better: View | None = None
    for view in sorted((scene.look(T) for T in candidates(scene)), key=lambda v: -v.score):
        if same_pose(view.T_design_scan, ours.T_design_scan, centre, scene.size):
            continue
        if compare(ours, view, few, scene.size).decides or len(rivals) >= ENOUGH_RIVALS:
            continue
        polished = scene.refined(view.T_design_scan)
        if polished is None or _known(polished.T_design_scan, [ours, *rivals], centre, scene.size):
            continue
        seen = scene.look(polished.T_design_scan)
        if compare(seen, ours, few, scene.size).decides:
            better = seen if better is None or seen.score > better.score else better
        elif not compare(ours, seen, few, scene.size).decides:
            rivals.append(seen)
    return Contest(refined, ours, tuple(rivals)), better


def _known(T: Pose, views: list[View], centre: FloatArray, size: float) -> bool:
    return any(same_pose(T, view.T_design_scan, centre, size) for view in views)


def _beaten(scene: Scene, ours: View, better: View) -> str:
    moved, turned = pose_difference(ours.T_design_scan, better.T_design_scan, scene.fitted.points.mean(axis=0))
    said = (
        "the pairs fit one another, but another pose explains the scan clearly better ({better} of it, not {ours}), "
        "{moved} m away and turned by {turned} degrees: check that the pairs name the same corners in scan and model"
    )
    return Note(
        "pairs_beaten", said, better=f"{better.score:.0%}", ours=f"{ours.score:.0%}", moved=f"{moved:.1f}",
        turned=f"{np.degrees(turned):.0f}",
    )  # fmt: skip


def _refused(fit: PairFit, reason: str, detail: str) -> Registration:
    rivals: tuple[Rival, ...] = ()
    return Registration(
        RegistrationStatus.REFUSED, fit.T_design_scan, _METHOD, reason, detail, covariance=fit.covariance,
        pivot=fit.pivot, rivals=rivals,
    )  # fmt: skip


def _notes(request: RegistrationRequest, left: FloatArray, found: Registration) -> tuple[str, ...]:
    """Return who placed the scan by what, and that the surfaces alone would not have told."""
    pairs, mm = str(len(left)), f"{1000 * float(np.sqrt(np.mean(left**2))):.0f}"
    if request.picked_by:
        said = "registered by hand by {who}: {pairs} pairs picked, {mm} mm (root mean square) left at them"
        notes = (Note("by_hand", said, who=request.picked_by, pairs=pairs, mm=mm),)
    else:
        said = "registered by hand: {pairs} pairs picked, {mm} mm (root mean square) left at them"
        notes = (Note("by_hand_unnamed", said, pairs=pairs, mm=mm),)
    if found.status is RegistrationStatus.ACCEPTED and found.rivals:
        said = "the surfaces alone do not tell the pose from {poses} others: which one it is rests on the pairs"
        notes += (Note("pairs_decide", said, poses=str(len(found.rivals))),)
    return notes
