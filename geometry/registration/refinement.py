"""From a pose good to centimetres to the one most elements agree on, good to the scatter of building."""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray, Int32Array
from geometry.pose import Pose
from geometry.registration.consensus import Mode, anneal, find_modes
from geometry.registration.matching import match, perturbed
from geometry.registration.surfaces import DesignSurface, ScanSample
from geometry.registration.votes import Votes, collect_votes, moved, owners

_REACH = 0.15
_PAST_EDGE = 0.03
_FIRST_SCALE = 0.015
_FINEST_SCALE = 0.004
_COARSEST_SCALE = 0.03
_SCALE_PER_SIGMA = 3.0
_WIDE = 0.05
_NARROW = 0.02
_ROWS_SEARCHING = 32
_ROWS_POLISHING = 200
_MOST_ITERATIONS = 12
_STILL = 1e-6
_FEWEST_ROWS = 50


@dataclass(frozen=True, slots=True, eq=False)
class Refined:
    """The pose most elements agree on, and how they voted."""

    T_design_scan: Pose
    votes: Votes
    """Linearised at the pose: the final step is zero."""
    consent: FloatArray
    """(g,) 0..1 per group of the votes."""
    scale: float
    """Where a deviation counts half, metres: about 3 standard deviations of noise and building scatter."""
    iterations: int
    converged: bool


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """All poses close by on which some elements agree, best first, as steps from where ``votes`` are linearised."""

    votes: Votes
    modes: tuple[Mode, ...]


def refine(
    surface: DesignSurface, sample: ScanSample, T_design_scan: Pose, size: float, rng: np.random.Generator
) -> Refined | None:
    """Return the refined pose, or None where too few points are near the design to refine anything.

    Parameters
    ----------
    surface, sample
        Design and the part of the scan that may be used.
    T_design_scan
        Good to about 5 cm and 0.5 degrees (times ``size``).
    size
        1 for a building, less for a small part.
    rng
        For the random starts of the consensus.
    """
    scale = _FIRST_SCALE * size
    for reach in (_WIDE, _NARROW, _NARROW):
        found = survey(surface, sample, T_design_scan, scale, size, rng, coarse_scale=reach * size)
        if found is None:
            return None
        step = found.modes[0].step
        T_design_scan = perturbed(T_design_scan, step, found.votes.pivot)
        before, scale = scale, natural_scale(found.votes, found.modes[0], size)
        settled = float(np.abs(found.votes.rows @ step).max()) < scale and scale > 0.7 * before
        if settled:
            break
    return _polished(surface, sample, T_design_scan, scale, size)


def survey(
    surface: DesignSurface,
    sample: ScanSample,
    T_design_scan: Pose,
    scale: float,
    size: float,
    rng: np.random.Generator,
    *,
    coarse_scale: float = 0.02,
) -> Survey | None:
    """Return the modes about a pose, or None where too few points are near the design.

    ``scale`` (metres) is how far points that match scatter about their surfaces, ``coarse_scale`` (metres) where the
    search for modes begins; ``size`` as for :func:`refine`.
    """
    owner = owners(surface, sample, T_design_scan, _REACH * size, scale)
    votes = _collect(surface, sample, T_design_scan, size, _ROWS_SEARCHING, owner)
    if len(votes.rows) < _FEWEST_ROWS:
        return None
    return Survey(votes, find_modes(votes, scale, rng, coarse_scale=coarse_scale))


def _polished(
    surface: DesignSurface, sample: ScanSample, T_design_scan: Pose, scale: float, size: float
) -> Refined | None:
    """Return the pose after matching and solving in turn until nothing moves, with all points having a say."""
    owner = owners(surface, sample, T_design_scan, _REACH * size, scale)
    votes, consent, largest, iterations = None, np.zeros(0), np.inf, 0
    while largest > _STILL and iterations < _MOST_ITERATIONS:
        votes = _collect(surface, sample, T_design_scan, size, _ROWS_POLISHING, owner)
        if len(votes.rows) < _FEWEST_ROWS:
            return None
        steps, consents = anneal(votes, np.zeros((1, 6)), np.full(5, scale))
        T_design_scan = perturbed(T_design_scan, steps[0], votes.pivot)
        largest = float(np.abs(votes.rows @ steps[0]).max())
        votes, consent, iterations = moved(votes, steps[0]), consents[0], iterations + 1
    if votes is None:
        return None
    return Refined(T_design_scan, votes, consent, scale, iterations, largest < 1e2 * _STILL)


def _collect(
    surface: DesignSurface, sample: ScanSample, T: Pose, size: float, most_rows: int, owner: Int32Array | None = None
) -> Votes:
    matches = match(surface, sample, T, _REACH * size, past_edge=_PAST_EDGE * size)
    return collect_votes(matches, most_rows=most_rows, owner=owner)


def natural_scale(votes: Votes, mode: Mode, size: float) -> float:
    """Return the scale (metres) that fits the scatter of the groups that agree, and the noise of their points.

    The scatter is taken from the 30 % of voices nearest to the mode: with up to 40 % badly built they are still half of
    those that agree, so the estimate errs by a factor of 1.8 at most.
    """
    residual = votes.sign * (votes.residual + votes.rows @ mode.step)
    order = np.lexsort((residual, votes.group))
    start = np.searchsorted(votes.group[order], np.arange(len(votes.voice)))
    count = np.bincount(votes.group, minlength=len(votes.voice))
    median = residual[order][start + count // 2]
    nearest = np.argsort(np.abs(median), kind="stable")
    reached = np.cumsum(votes.voice[nearest]) >= 0.3 * votes.voice.sum()
    scatter = float(np.abs(median[nearest[np.argmax(reached)]])) / 0.385
    agreeing = mode.consent[votes.group] > 0.5
    within = np.abs(residual - median[votes.group])[agreeing]
    noise = 1.4826 * float(np.median(within)) if len(within) else 0.0
    scale = _SCALE_PER_SIGMA * float(np.hypot(scatter, noise))
    return float(np.clip(scale, _FINEST_SCALE * min(size, 1.0), _COARSEST_SCALE * size))
