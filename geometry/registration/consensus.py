# pyright: basic, reportPrivateImportUsage=false
"""Which pose most elements agree on: many starts, each annealed to where the groups' consent is largest.

Random-sample starts after Fischler and Bolles 1981, local optimisation by graduated non-convexity with Geman-McClure
weights (Yang 2020) on two levels: a point counts when it fits, and a group counts when most of its points do.
"""

from dataclasses import dataclass

import numpy as np

from geometry.arrays import FloatArray
from geometry.registration.search_kernels import anneal_steps
from geometry.registration.votes import Votes
from geometry.threads import in_parts

_GROUPS_PER_START = 6
_HOLD = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Mode:
    """A pose on which some groups agree, as a step (6,) from where the votes were linearised."""

    step: FloatArray
    support: float
    """Sum of voices, each by its group's consent."""
    consent: FloatArray
    """(g,) 0..1: share of each group's points that fit, softly."""


def find_modes(
    votes: Votes, scale: float, rng: np.random.Generator, *, starts: int = 120, coarse_scale: float = 0.05
) -> tuple[Mode, ...]:
    """Return the distinct modes, best supported first.

    Parameters
    ----------
    votes
        Linearised residuals; see :class:`Votes`.
    scale
        Where a deviation counts half, metres; the annealing goes from ``coarse_scale`` down to it.
    rng
        Draws the groups of the starts.
    starts
        How many random starts besides the one that trusts every group.
    coarse_scale
        Metres.
    """
    chosen = _draw(votes.voice, starts, rng)
    hold = _hold(votes)
    first = np.zeros((len(chosen), 6))
    for k in range(1, len(chosen)):
        rows = chosen[k, votes.group]
        weight = votes.weight[rows] / votes.voice[votes.group[rows]]
        weighted = votes.rows[rows] * weight[:, None]
        information = weighted.T @ votes.rows[rows] + np.diag(100 * hold)
        first[k] = -np.linalg.solve(information, weighted.T @ votes.residual[rows])
    scales = np.append(np.geomspace(max(coarse_scale, scale), scale, 7), [scale] * 3)
    steps, consent = anneal(votes, first, scales)
    support = (votes.voice * consent**2).sum(axis=1)
    return _distinct(votes, steps, support, consent, scale)


def anneal(votes: Votes, steps: FloatArray, scales: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the steps (k, 6) after one reweighted solution per scale (metres), and the groups' consent (k, g).

    A group that mostly fits counts in full and one that mostly does not counts for nothing (``kernels.group_trust``).
    """
    steps = steps.copy()
    consent = np.zeros((len(steps), len(votes.voice)))
    size = np.bincount(votes.group, minlength=len(votes.voice)).astype(np.float64)
    asked = (votes.rows, votes.residual, votes.group, votes.weight, size, _hold(votes), scales)
    in_parts(anneal_steps, len(steps), *asked, steps, consent)
    return steps, consent


def _draw(voice: FloatArray, starts: int, rng: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Return which groups (starts + 1, g) each start trusts; the first trusts all."""
    chosen = np.zeros((starts + 1, len(voice)), np.bool_)
    chosen[0] = True
    count = min(_GROUPS_PER_START, len(voice))
    for k in range(1, starts + 1):
        chosen[k, rng.choice(len(voice), count, replace=False, p=voice / voice.sum())] = True
    return chosen


def _hold(votes: Votes) -> FloatArray:
    """Return the diagonal (6,) that keeps directions which nothing fixes where they are."""
    turn = float(np.sqrt((votes.rows[:, :3] ** 2).mean(axis=0).max()))
    return _HOLD * np.array([max(turn, 0.1) ** 2] * 3 + [1.0] * 3)


def _distinct(
    votes: Votes, steps: FloatArray, support: FloatArray, consent: FloatArray, scale: float
) -> tuple[Mode, ...]:
    """Return one mode per place: steps that move the rows by less than ``scale`` are the same."""
    probe = votes.rows[:: max(1, len(votes.rows) // 300)]
    modes: list[Mode] = []
    moved: list[FloatArray] = []
    for k in np.argsort(-support, kind="stable"):
        shift = probe @ steps[k]
        if all(np.sqrt(np.mean((shift - other) ** 2)) > 0.5 * scale for other in moved):
            modes.append(Mode(steps[k], float(support[k]), consent[k]))
            moved.append(shift)
    return tuple(modes)
