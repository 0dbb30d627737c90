"""The global search: from any turn about the vertical and any place to a short list of poses worth a closer look."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.pose import Pose
from geometry.registration.correlation import plan_candidates, plan_raster
from geometry.registration.descent import FREE, LEVELLED, descend
from geometry.registration.matching import MIN_COSINE, closeness, match
from geometry.registration.occupancy import occupancy_grid, sweep_heights
from geometry.registration.surfaces import DesignSurface, ScanSample, sample_surface
from geometry.registration.yaw import facing_histogram, yaw_candidates
from geometry.triangle_tree import closest

_DESIGN_SAMPLES = 100_000
_PLAN_POINTS = 15_000
_VOTE_POINTS = 1_500
_HASTY_POINTS = 500
_CAREFUL_POINTS = 1_200
_SCORE_POINTS = 3_000
_PLACES_PER_CIRCLE = 240
_HEIGHTS_PER_PLACE = 3
_FIRST_ROUND = 64
_SECOND_ROUND = 24
_SCORE_SCALE = 0.05
_BESIDE, _BESIDE_STEP, _BESIDE_POINTS = 3, 0.1, 150
_VALLEYS = 3
_NO_WORSE = 0.9
_NEARLY_BEST = 0.7
_MOST_SEARCHED_BESIDE = 10
_WORTH_A_LOOK = 0.6
"""Poses with less than this share of the best one's votes are no rivals, even allowing for the coarse grid."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A pose that the search found, and the share of the scan it explains (0..1)."""

    T_design_scan: Pose
    score: float


def search(surface: DesignSurface, sample: ScanSample, size: float, T_level_scan: Pose) -> list[Candidate]:
    """Return distinct poses, best first, each at the bottom of its valley.

    Parameters
    ----------
    surface, sample
        Design and scan.
    size
        1 for a building; smaller for a small part: all lengths of the search are multiplied by it.
    T_level_scan
        Turns the scan upright: the search itself only turns about the vertical.
    """
    coarse = _places(surface, _turned(sample, T_level_scan), size)
    poses = [T @ T_level_scan for T in coarse]
    hasty, careful = sample.first(_HASTY_POINTS), sample.first(_CAREFUL_POINTS)
    first = _descended(surface, hasty, poses, tuple(size * r for r in (0.5, 0.4, 0.3)), LEVELLED)
    second = _best(surface, hasty, first, size)
    poses = [c.T_design_scan for c in second if c.score >= _WORTH_A_LOOK * second[0].score]
    reaches = tuple(size * r for r in (0.3, 0.25, 0.2, 0.15, 0.12, 0.1))
    final = _descended(surface, careful, poses[:_SECOND_ROUND], reaches, FREE)
    found = _best(surface, sample.first(_SCORE_POINTS), final, size)
    beside = [T for c in found[:_MOST_SEARCHED_BESIDE] if c.score >= _NEARLY_BEST * found[0].score
              for T in _beside(surface, sample, c.T_design_scan, size)]  # fmt: skip
    return _best(surface, sample.first(_SCORE_POINTS), final + beside, size)


def _beside(surface: DesignSurface, sample: ScanSample, T_design_scan: Pose, size: float) -> list[Pose]:
    """Return the bottoms of the deepest valleys within a wall's thickness.

    Walls have two faces and several layers: a pose that puts the scan on the wrong ones is a valley of its own, which
    descending from a coarse start may end in.
    """
    probe = sample.first(_BESIDE_POINTS)
    offsets = np.arange(-_BESIDE, _BESIDE + 1) * _BESIDE_STEP * size
    shifts = np.stack(np.meshgrid(offsets, offsets, offsets, indexing="ij"), axis=-1).reshape(-1, 3)
    points, facing = T_design_scan.apply(probe.points), T_design_scan.rotate(probe.normals)
    tried = (points[None] + shifts[:, None]).reshape(-1, 3)
    near = closest(
        surface.tree, tried, 0.15 * size, normals=np.tile(facing, (len(shifts), 1)), min_cosine=MIN_COSINE
    )  # fmt: skip
    value = 1.0 / (1.0 + (near.distance / (_SCORE_SCALE * size)) ** 2)
    share = value.reshape(len(shifts), -1).mean(axis=1)
    elsewhere = np.abs(shifts).max(axis=1) > 1.5 * _BESIDE_STEP * size
    share[~(elsewhere & (share >= _NO_WORSE * share[len(shifts) // 2]))] = 0.0
    order = np.argsort(-share, kind="stable")[:_VALLEYS]
    best = [Pose.from_parts(np.eye(3), shifts[k]) @ T_design_scan for k in order if share[k] > 0]
    reaches = tuple(size * r for r in (0.15, 0.12, 0.1, 0.1))
    return _descended(surface, sample.first(_CAREFUL_POINTS), best, reaches, FREE)


def _turned(sample: ScanSample, T: Pose) -> ScanSample:
    stations = None if sample.stations is None else T.apply(sample.stations)
    return ScanSample(T.apply(sample.points), T.rotate(sample.normals), stations, sample.area_per_point)


def _places(surface: DesignSurface, sample: ScanSample, size: float) -> list[Pose]:
    """Return the poses with most votes: yaw by facing, plan by correlation, height by voxels."""
    design_points, design_normals = sample_surface(surface, _DESIGN_SAMPLES)
    yaws = yaw_candidates(
        facing_histogram(sample.normals, np.ones(len(sample.normals))),
        facing_histogram(design_normals, np.ones(len(design_normals))),
    )
    grid = occupancy_grid(surface, finest_voxel=0.2 * size)
    plan, few = sample.first(_PLAN_POINTS), sample.first(_VOTE_POINTS)
    radius = float(np.linalg.norm(plan.points[:, :2] - plan.points[:, :2].mean(axis=0), axis=1).max())
    raster = plan_raster(design_points, design_normals, 2 * radius, finest_cell=0.25 * size)
    per_yaw = max(6, _PLACES_PER_CIRCLE // len(yaws))
    found: list[FloatArray] = []
    for yaw in yaws:
        turn = Pose.from_yaw(float(yaw))
        shifts, _ = plan_candidates(raster, turn.apply(plan.points), turn.rotate(plan.normals), per_yaw)
        heights, votes = sweep_heights(
            grid, turn.apply(few.points), turn.rotate(few.normals), shifts, _HEIGHTS_PER_PLACE
        )  # fmt: skip
        for k in range(_HEIGHTS_PER_PLACE):
            found.append(np.column_stack([votes[:, k], np.full(len(shifts), yaw), shifts, heights[:, k]]))
    table = np.concatenate(found)
    table = table[np.argsort(-table[:, 0], kind="stable")]
    table = table[table[:, 0] >= _WORTH_A_LOOK * table[0, 0]]
    poses = [Pose.from_yaw(row[1], row[2:5]) for row in table[: 4 * _FIRST_ROUND]]
    return distinct(poses, sample.points.mean(axis=0), 0.4 * size, np.radians(3.0))[:_FIRST_ROUND]


def distinct(poses: list[Pose], centre: FloatArray, distance: float, angle: float) -> list[Pose]:
    """Return the poses that differ from every earlier one by more than ``distance`` metres or ``angle`` radians."""
    places = np.array([T.apply([centre])[0] for T in poses]).reshape(-1, 3)
    turns = np.array([T.rotation for T in poses]).reshape(-1, 9)
    kept: list[int] = []
    for i in range(len(poses)):
        near = np.linalg.norm(places[kept] - places[i], axis=1) <= distance
        # the trace of R.T @ S is the sum of the products of their entries
        alike = turns[kept] @ turns[i] >= 1.0 + 2.0 * np.cos(angle)
        if not (near & alike).any():
            kept.append(i)
    return [poses[i] for i in kept]


def _descended(
    surface: DesignSurface,
    sample: ScanSample,
    poses: list[Pose],
    reaches: tuple[float, ...],
    freedoms: tuple[int, ...],
) -> list[Pose]:
    return [descend(surface, sample, T, reaches, freedoms=freedoms) for T in poses]


def _best(surface: DesignSurface, probe: ScanSample, poses: list[Pose], size: float) -> list[Candidate]:
    """Return the distinct poses with their scores, best first."""
    scores = np.array([explained(surface, probe, T, size) for T in poses])
    order = np.argsort(-scores, kind="stable")
    score_of = {id(poses[i]): float(scores[i]) for i in order}
    kept = distinct([poses[i] for i in order], probe.points.mean(axis=0), 0.15 * size, np.radians(1.0))
    return [Candidate(T, score_of[id(T)]) for T in kept]


def explained(surface: DesignSurface, sample: ScanSample, T_design_scan: Pose, size: float) -> float:
    """Return the share of the sample that lies on design surface facing the same way (0..1, soft at 5 cm)."""
    matches = match(surface, sample, T_design_scan, 0.2 * size)
    return float(closeness(matches, len(sample.points), _SCORE_SCALE * size).mean())
