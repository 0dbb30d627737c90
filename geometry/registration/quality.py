"""How well a pose fits, whoever found it."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.note import Note
from geometry.pose import Pose
from geometry.registration.covariance import pose_covariance, weak_directions
from geometry.registration.matching import match
from geometry.registration.refinement import Refined
from geometry.registration.surfaces import DesignSurface, ScanSample
from geometry.registration.votes import Votes, collect_votes, owners

_OVERLAP_REACH = 0.15
_NEAR_EDGE = 0.03
_GIVEN_SCALE = 0.03
_ON_THE_MODEL = 0.03
"""Distance (m) up to which a point counts as on the model at the most, however widely a pose is looked at."""
_LEAST_VOICES = 0.25
_AGREES = 0.5
_FEWEST_ROWS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """What is reported of a pose."""

    rmse: float
    inlier_fraction: float
    overlap: float
    covariance: FloatArray | None
    pivot: FloatArray | None
    unobservable: tuple[str, ...]
    supporters: int
    judged: int


def quality_of_refined(surface: DesignSurface, sample: ScanSample, refined: Refined, size: float) -> Quality:
    """Return the quality of a refined pose; inliers are points within twice its scale."""
    return _quality(surface, sample, refined.T_design_scan, size, refined.votes, refined.consent, refined.scale)


def quality_of_given(surface: DesignSurface, sample: ScanSample, T_design_scan: Pose, size: float) -> Quality:
    """Return the quality of a pose that is not to be changed."""
    reach, scale = _OVERLAP_REACH * size, _GIVEN_SCALE * size
    matches = match(surface, sample, T_design_scan, reach, past_edge=_NEAR_EDGE * size)
    owner = owners(surface, sample, T_design_scan, reach, scale)
    votes = collect_votes(matches, most_rows=200, owner=owner)
    consent = np.zeros(len(votes.voice))
    if len(votes.rows) >= _FEWEST_ROWS:
        fit = 1.0 / (1.0 + (votes.residual / scale) ** 2)
        consent = np.bincount(votes.group, fit, len(votes.voice)) / np.bincount(votes.group)
    return _quality(surface, sample, T_design_scan, size, votes, consent, scale)


def _quality(
    surface: DesignSurface,
    sample: ScanSample,
    T_design_scan: Pose,
    size: float,
    votes: Votes,
    consent: FloatArray,
    scale: float,
) -> Quality:
    matches = match(surface, sample, T_design_scan, _OVERLAP_REACH * size, past_edge=_NEAR_EDGE * size)
    # a given pose is looked at widely; what is badly built or clutter is not its residual
    inlier = matches.distance <= min(2 * scale, _ON_THE_MODEL)
    rmse = float(np.sqrt(np.mean(matches.residual[inlier] ** 2))) if inlier.any() else float("nan")
    share, overlap = float(inlier.sum()) / len(sample.points), len(matches.index) / len(sample.points)
    if len(votes.rows) < _FEWEST_ROWS or votes.cluster_count < 2:
        return Quality(rmse, share, overlap, None, None, (), 0, votes.cluster_count)
    voices = np.bincount(votes.cluster, votes.voice)
    agreeing = np.bincount(votes.cluster, votes.voice * consent) / voices
    judged = voices >= _LEAST_VOICES
    value, vector, _ = weak_directions(votes, consent, scale)
    loose = tuple(direction_name(vector[:, k]) for k in range(6) if value[k] < 1e-3 * votes.voice.sum())
    covariance = None if loose else pose_covariance(votes, consent, scale, size)
    if covariance is not None and not np.isfinite(covariance).all():
        covariance = None
    return Quality(
        rmse, share, overlap, covariance, votes.pivot, loose, int((agreeing[judged] >= _AGREES).sum()),
        int(judged.sum()),
    )  # fmt: skip


def holdout_rmse(surface: DesignSurface, sample: ScanSample, T_design_scan: Pose, scale: float, size: float) -> float:
    """Return the root mean square residual (m) of the inliers among points that took no part; NaN without any."""
    matches = match(surface, sample, T_design_scan, _OVERLAP_REACH * size, past_edge=_NEAR_EDGE * size)
    inlier = matches.distance <= 2 * scale
    return float(np.sqrt(np.mean(matches.residual[inlier] ** 2))) if inlier.any() else float("nan")


def direction_name(vector: FloatArray) -> str:
    """Return words for a direction (6,) of scaled rotations and translations.

    Examples
    --------
    >>> direction_name(np.array([0, 0, 0, 1.0, 0, 0])), direction_name(np.array([0, 0, 1.0, 0, 0, 0]))
    ('x', 'yaw')
    >>> direction_name(np.array([0, 0, 0, 0.7, 0.7, 0]))
    'horizontally at 45 degrees to x'
    """
    turn, move = vector[:3], vector[3:]
    if np.linalg.norm(turn) > np.linalg.norm(move):
        if abs(turn[2]) > 0.8 * np.linalg.norm(turn):
            return Note("yaw", "yaw")
        return Note("tilt", "tilt")
    for name, part in zip("xyz", np.abs(move), strict=True):
        if part > 0.95 * np.linalg.norm(move):
            return name
    if abs(move[2]) < 0.3 * np.linalg.norm(move):
        angle = f"{np.degrees(np.arctan2(move[1], move[0])) % 180:.0f}"
        return Note("askew", "horizontally at {angle} degrees to x", angle=angle)
    direction = "({:.2f}, {:.2f}, {:.2f})".format(*(move / np.linalg.norm(move)))
    return Note("along", "along {direction}", direction=direction)
