"""Registration without hints: search, refine, doubt, and only then accept."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.note import Note, listed
from geometry.pose import Pose, pose_difference
from geometry.registration.consensus import anneal
from geometry.registration.covariance import weak_directions
from geometry.registration.dissent import dissenting_modes, division
from geometry.registration.evidence import View, compare, view
from geometry.registration.gravity import levelling
from geometry.registration.matching import perturbed
from geometry.registration.quality import Quality, direction_name, holdout_rmse, quality_of_refined
from geometry.registration.refinement import Refined, refine, survey
from geometry.registration.result import Registration, RegistrationStatus, Rival
from geometry.registration.search import distinct, search
from geometry.registration.surfaces import DesignSurface, ScanSample, building_size, sample_surface

_HELD_OUT = 0.15
VIEW_POINTS = 30_000
_MOST_RIVALS = 8
ENOUGH_RIVALS = 3
"""With this many poses undecided the scan is ambiguous; the rest need no polish."""
_LEAST_OVERLAP = 0.15
_DOUBTFUL_OVERLAP = 0.4
_MOST_UNCERTAIN = 0.05
_FEWEST_SUPPORTERS = 0.35
_WRONG_POSE = 0.02
"""Metres from which two elements that disagree make a pose doubtful; by less, its uncertainty says so."""
_NOTICED = 0.15
_LARGEST_TURN = 0.35
_SLIDES = (-1.0, -0.3, 0.3, 1.0)
_METHOD = "auto"
_HELP = Note("tell_apart", "give control points with --register FILE, or scan what tells them apart")


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What all steps share: the design, the part of the scan that may be fitted, and the scale of lengths."""

    surface: DesignSurface
    fitted: ScanSample
    held_out: ScanSample
    size: float
    seed: int

    def look(self, T_design_scan: Pose) -> View:
        """Return the view of the fitted sample from a pose."""
        return view(self.surface, self.fitted.first(VIEW_POINTS), T_design_scan, self.size)

    def refined(self, T_design_scan: Pose) -> Refined | None:
        """Return the refined pose, with the same dice every time."""
        return refine(self.surface, self.fitted, T_design_scan, self.size, np.random.default_rng(self.seed))


@dataclass(frozen=True, slots=True, eq=False)
class Contest:
    """The winner of all candidates, and those it cannot be told from."""

    winner: Refined
    view: View
    rivals: tuple[View, ...]


def register_automatically(
    surface: DesignSurface, sample: ScanSample, seed: int, report: Callable[[float], None]
) -> Registration:
    """Return the accepted pose, or the refusal: see :func:`geometry.registration.register.register`."""
    scene = scene_of(surface, sample, seed)
    poses = candidates(scene)
    report(0.6)
    contest = hold_contest(scene, poses)
    report(0.8)
    if contest is None:
        return _nothing_found()
    quality = quality_of_refined(surface, scene.fitted, contest.winner, scene.size)
    loose = loose_directions(scene, contest)
    reason, detail = verdict(scene, contest, quality, loose)
    return registration_of(scene, contest, quality, loose, reason, detail)


def candidates(scene: Scene) -> list[Pose]:
    """Return the coarse poses that are worth a look, whichever way up is: they differ by 15 cm or a degree."""
    _, design_normals = sample_surface(scene.surface, 4_000)
    poses: list[Pose] = []
    for T_level_scan in levelling(scene.fitted.normals, design_normals):
        poses += [c.T_design_scan for c in search(scene.surface, scene.fitted, scene.size, T_level_scan)]
    return distinct(poses, scene.fitted.points.mean(axis=0), 0.15 * scene.size, np.radians(1.0))


def scene_of(surface: DesignSurface, sample: ScanSample, seed: int) -> Scene:
    """Return what all steps share; a part of the sample takes no part in any fit."""
    keep = int(len(sample.points) * (1 - _HELD_OUT))
    return Scene(surface, sample.first(keep), sample.after(keep), building_size(surface), seed)


def hold_contest(scene: Scene, poses: list[Pose]) -> Contest | None:
    """Return the pose that beats the others, refined, and those that it does not clearly beat.

    A candidate that is not clearly beaten is refined itself and looked at again, so that no pose loses, or ties, for
    lack of polish.
    """
    views = [scene.look(T) for T in poses]
    views.sort(key=lambda v: -v.score)
    best: tuple[Refined, View] | None = None
    undecided: list[View] = []
    centre = scene.fitted.points.mean(axis=0)
    for candidate in views:
        if best is None:
            polished = scene.refined(candidate.T_design_scan)
            best = None if polished is None else (polished, scene.look(polished.T_design_scan))
            continue
        if compare(best[1], candidate, scene.fitted.first(VIEW_POINTS), scene.size).decides:
            continue
        if len(undecided) >= ENOUGH_RIVALS:
            undecided.append(candidate)
            continue
        polished = scene.refined(candidate.T_design_scan)
        if polished is None or same_pose(polished.T_design_scan, best[0].T_design_scan, centre, scene.size):
            continue
        seen = scene.look(polished.T_design_scan)
        if compare(seen, best[1], scene.fitted.first(VIEW_POINTS), scene.size).net > 0:
            undecided.append(best[1])
            best = (polished, seen)
        else:
            undecided.append(seen)
    if best is None:
        return None
    rivals = [
        v
        for v in undecided
        if not compare(best[1], v, scene.fitted.first(VIEW_POINTS), scene.size).decides
        and not same_pose(v.T_design_scan, best[0].T_design_scan, centre, scene.size)
    ]
    return Contest(best[0], best[1], tuple(rivals[:_MOST_RIVALS]))


def same_pose(a: Pose, b: Pose, centre: FloatArray, size: float) -> bool:
    """Say whether two poses end in the same valley."""
    moved, turned = pose_difference(a, b, centre)
    return moved < 0.1 * size and turned < np.radians(1.0)


def _nothing_excludes(T_design_scan: Pose) -> bool:
    """Say that nothing but the surfaces is known."""
    return False


def loose_directions(
    scene: Scene, contest: Contest, excluded: Callable[[Pose], bool] = _nothing_excludes
) -> tuple[str, ...]:
    """Return the directions in which the scan can slide along the design without anything speaking against it.

    ``excluded`` says which poses something else than the surfaces rules out.
    """
    refined = contest.winner
    _, vector, lever = weak_directions(refined.votes, refined.consent, refined.scale)
    found: list[str] = []
    for k in range(6):
        for slide in _SLIDES:
            step = slide * scene.size * vector[:, k] / np.array([lever] * 3 + [1.0] * 3)
            step = _noticeable(step, refined.votes.rows, lever, scene.size)
            T_slid = perturbed(refined.T_design_scan, step, refined.votes.pivot)
            if excluded(T_slid):
                continue
            slid = scene.look(T_slid)
            if not compare(contest.view, slid, scene.fitted.first(VIEW_POINTS), scene.size).decides:
                found.append(direction_name(vector[:, k]))
                break
        else:
            break  # the directions come weakest first
    return tuple(dict.fromkeys(found))


def _noticeable(step: FloatArray, rows: FloatArray, lever: float, size: float) -> FloatArray:
    """Return a step (6,), larger where it is a turn that moves the surfaces (m, 6) less than could be noticed.

    A corridor of 50 m that rolls by 2 degrees is moved by 3 cm: that is little, and tells nothing of how well it is
    held. A shift stays as it is, for a larger one may find the end of what repeats.
    """
    turn, moved = float(np.linalg.norm(step[:3])), float(np.sqrt(np.mean((rows @ step) ** 2)))
    if np.linalg.norm(step[3:]) > 0.3 * turn * lever or moved >= _NOTICED * size:
        return step
    return step * max(1.0, min(_NOTICED * size / max(moved, 1e-9), _LARGEST_TURN / turn))


def verdict(scene: Scene, contest: Contest, quality: Quality, loose: tuple[str, ...]) -> tuple[str, str]:
    """Return the machine word and the line for people; both empty when the pose is accepted."""
    doubtful = bool(loose or contest.rivals)
    if quality.overlap < (_DOUBTFUL_OVERLAP if doubtful else _LEAST_OVERLAP):
        return "low_overlap", Note(
            "little_overlap",
            "the best pose brings only {overlap} of the scan near the model: check that they show the same place, or "
            "give control points with --register FILE",
            overlap=f"{quality.overlap:.0%}",
        )
    if loose:
        return "degenerate", Note(
            "can_slide",
            "what was scanned does not fix the pose: it can slide ({directions}) unnoticed; scan surfaces that face "
            "other ways, or give control points with --register FILE",
            directions=listed(loose),
        )
    if contest.rivals:
        return "ambiguous", _rivals_detail(scene, contest)
    tie = near_tie(scene, contest.winner)
    if tie:
        return "ambiguous", tie
    return _misfit(quality)


def _rivals_detail(scene: Scene, contest: Contest) -> str:
    other = contest.rivals[0]
    centre = scene.fitted.points.mean(axis=0)
    moved, turned = pose_difference(contest.view.T_design_scan, other.T_design_scan, centre)
    return Note(
        "rival_poses",
        "{poses} poses explain the scan about equally well ({best} and {other} of it), {moved} m apart and turned by "
        "{turned} degrees; {help}",
        poses=str(len(contest.rivals) + 1),
        best=f"{contest.view.score:.0%}",
        other=f"{other.score:.0%}",
        moved=f"{moved:.1f}",
        turned=f"{np.degrees(turned):.0f}",
        help=_HELP,
    )


def near_tie(scene: Scene, refined: Refined) -> str:
    """Return how about as many elements agree on a pose a little beside; empty when the winner clearly has more.

    Only the elements that fit one pose and not the other count.
    """
    rng = np.random.default_rng(scene.seed)
    found = survey(scene.surface, scene.fitted, refined.T_design_scan, refined.scale, scene.size, rng)
    if found is None:
        return ""
    votes = found.votes
    _, at_pose = anneal(votes, np.zeros((1, 6)), np.full(1, refined.scale))
    nearest = 2 * refined.scale
    modes = [(mode, nearest) for mode in found.modes]
    far = max(nearest, _WRONG_POSE * scene.size)
    modes += [(mode, far) for mode in dissenting_modes(votes, at_pose[0], refined.scale)]
    for mode, beyond in modes:
        divided = division(votes, at_pose[0], mode)
        if divided.is_near_tie and divided.apart > beyond:
            return Note(
                "near_tie",
                "about as many elements fit a pose {apart} mm beside the best one: either may be the badly built half; "
                "give control points with --register FILE",
                apart=f"{1000 * divided.apart:.0f}",
            )
    return ""


def _misfit(quality: Quality) -> tuple[str, str]:
    """Return that the elements do not agree, or leave the pose too uncertain, even though nothing else fits better."""
    if quality.supporters < _FEWEST_SUPPORTERS * quality.judged:
        return "residual", Note(
            "few_agree",
            "only {supporters} of {judged} elements lie where the model says, even in the best pose: check the model's "
            "revision, or give control points with --register FILE",
            supporters=str(quality.supporters),
            judged=str(quality.judged),
        )
    if quality.covariance is None:
        return "degenerate", Note(
            "pose_not_fixed", "what was scanned does not fix the pose well enough; {help}", help=_HELP
        )
    worst = 2 * float(np.sqrt(np.linalg.eigvalsh(quality.covariance[3:, 3:]).max()))
    if worst > _MOST_UNCERTAIN:
        said = "the pose is uncertain by {worst} mm (k = 2); {help}"
        return "residual", Note("pose_uncertain", said, worst=f"{1000 * worst:.0f}", help=_HELP)
    return "", ""


def _nothing_found() -> Registration:
    return Registration(
        RegistrationStatus.REFUSED, None, _METHOD, "low_overlap",
        Note(
            "no_pose",
            "no pose brings the scan onto the model: check that they show the same place, and the units; {help}",
            help=_HELP,
        ),
    )  # fmt: skip


def registration_of(
    scene: Scene, contest: Contest, quality: Quality, loose: tuple[str, ...], reason: str, detail: str
) -> Registration:
    """Return the winner as a registration, refused where there is a reason."""
    refined = contest.winner
    T, centre = refined.T_design_scan, scene.fitted.points.mean(axis=0)
    rivals = tuple(
        Rival(v.T_design_scan, v.score, *pose_difference(T, v.T_design_scan, centre)) for v in contest.rivals
    )
    return Registration(
        RegistrationStatus.REFUSED if reason else RegistrationStatus.ACCEPTED, T, _METHOD, reason, detail,
        quality.rmse, holdout_rmse(scene.surface, scene.held_out, T, refined.scale, scene.size),
        quality.inlier_fraction, quality.overlap, quality.covariance, quality.pivot,
        tuple(dict.fromkeys(quality.unobservable + loose)), rivals, refined.iterations, refined.converged,
        quality.supporters, quality.judged, score=contest.view.score,
    )  # fmt: skip
