"""What the pose would be if an element that disagrees with it were the one that was built right.

Where few elements fix a direction, the largest wins it: its points pull the random starts of :mod:`consensus` back. So
whoever disagrees is believed here for once, and the others may follow or not.
"""

from dataclasses import dataclass, replace

import numpy as np

from geometry.arrays import BoolArray, FloatArray
from geometry.registration.consensus import Mode, anneal
from geometry.registration.votes import Votes

_DISSENTS = 0.5
_LEAST_VOICE = 0.3
_OUTVOTED = 4.0
"""With so many elements that fix the same direction one that disagrees cannot be half of those that count."""
_BELIEVED = 20.0
_HELD = 0.02
_NEAR_TIE = 0.6
_PARTY = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """How the elements divide between the present pose and another; only those that fit one of them alone count."""

    ours: float
    """How many elements fit the present pose."""
    theirs: float
    """How many fit the other."""
    apart: float
    """How far (m) the poses are apart at those elements: a floor may be the only one that sees its height."""

    @property
    def is_near_tie(self) -> bool:
        """True where about as many elements speak for the other pose.

        Two elements may be off by the same by chance; three are a party, unless hardly more speak for the present one.
        """
        enough = self.theirs >= _PARTY or self.ours < _PARTY
        return enough and self.theirs >= _NEAR_TIE * self.ours


def division(votes: Votes, consent: FloatArray, mode: Mode) -> Division:
    """Return how the elements divide between a step of zero, with ``consent`` (g,), and another mode."""
    _, element = np.unique(votes.element, return_inverse=True)
    by_group = votes.voice * (consent**2 - mode.consent**2)
    gain = np.clip(np.bincount(element, by_group), -1.0, 1.0)
    telling = np.abs(by_group)[votes.group] * votes.weight
    apart = float(np.sqrt(telling @ (votes.rows @ mode.step) ** 2 / max(float(telling.sum()), 1e-30)))
    return Division(float(gain[gain > 0].sum()), float(-gain[gain < 0].sum()), apart)


def dissenting_modes(votes: Votes, consent: FloatArray, scale: float) -> tuple[Mode, ...]:
    """Return the pose for each element that disagrees with the present one, as a step from where ``votes`` are.

    ``consent`` (g,) is that of the groups at a step of zero; ``scale`` (metres) as for :class:`Refined`. Elements that
    are outvoted anyway are left out.
    """
    _, element = np.unique(votes.element, return_inverse=True)
    normals = _normals(votes)
    modes: list[Mode] = []
    for k in range(int(element.max()) + 1 if len(element) else 0):
        against = (element == k) & (consent < _DISSENTS)
        if votes.voice[against].sum() < _LEAST_VOICE:
            continue
        loudest = normals[np.argmax(np.where(against, votes.voice, 0.0))]
        along = np.bincount(element, votes.voice * consent**2 * (normals @ loudest) ** 2)
        if np.minimum(along, 1.0).sum() <= _OUTVOTED:
            modes.append(_believed(votes, against, scale))
    return tuple(modes)


def _normals(votes: Votes) -> FloatArray:
    """Return the mean direction (g, 3) of each group's axis."""
    sums = [np.bincount(votes.group, votes.rows[:, 3 + k] * votes.sign, len(votes.voice)) for k in range(3)]
    normals = np.stack(sums, axis=1)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def _believed(votes: Votes, groups: BoolArray, scale: float) -> Mode:
    """Return the mode at which ``groups`` (g,) fit, from a shift alone that brings them where they belong."""
    rows = groups[votes.group]
    loud = _BELIEVED * votes.voice.sum() / votes.voice[groups].sum()
    believing = replace(votes, weight=np.where(rows, loud, 1.0) * votes.weight)
    normals, weight = votes.rows[rows, 3:], votes.weight[rows, None]
    information = (normals * weight).T @ normals
    start = np.zeros((1, 6))
    held = information + _HELD * np.trace(information) * np.eye(3)
    start[0, 3:] = -np.linalg.solve(held, (normals * weight).T @ votes.residual[rows])
    steps, _ = anneal(believing, start, np.array([2 * scale, 1.5 * scale, *[scale] * 4]))
    steps, consent = anneal(votes, steps, np.full(3, scale))
    return Mode(steps[0], float((votes.voice * consent[0] ** 2).sum()), consent[0])
