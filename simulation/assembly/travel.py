"""How far parts can go until they meet each other, wherever they are; each relative place is looked at once."""

from collections.abc import Sequence

import numpy as np

from geometry.arrays import FloatArray
from simulation.assembly.directions import distinct
from simulation.assembly.part import Part
from simulation.assembly.view import OrderRule, View, faces_of, seen_along, shift_along, stands_in_way, way_of

_MOST_LEVELS = 48
"""Depths of flat faces that a part is looked at with; more say that it is round, then its ends stand for it."""
_FLAT = 1e-6
_SAME = 1e-8
"""Metres within which depths are one."""
_LOOK, _KNOWN = 10_000, 200
"""Comparisons of faces that take as long as looking at a pair beside that, and as finding it known."""


class Travels:
    """How far each part can go along each direction until it meets each other one, for any place of all of them."""

    def __init__(
        self,
        parts: Sequence[Part],
        directions: FloatArray,
        rule: OrderRule,
        ground: float | None,
        reach: FloatArray | None = None,
    ) -> None:
        self.parts, self.rule, self.ground = tuple(parts), rule, ground
        far = np.inf if rule.insertion is None else rule.insertion
        self.reach = np.full(len(parts), far) if reach is None else reach
        both = distinct(np.stack([directions, -directions], axis=1).reshape(-1, 3))
        half = [k for k, way in enumerate(both) if not any(np.allclose(way, -both[j]) for j in range(k))]
        faces = faces_of([(part.triangles, part.two_sided) for part in parts])
        self._views = [seen_along(faces, both[k]) for k in half]
        self.directions = np.concatenate([both[half], -both[half]])
        """(2h, 3) unit; the second half are the first ones the other way."""
        self.work = 0
        """Comparisons of two faces done so far, about."""
        self._known = dict[tuple[int, int, int, int, int, int], float]()
        self._depths = [[_depths(view, k) for k in range(len(parts))] for view in self._views]
        self._apart = dict[tuple[int, int, int], FloatArray]()

    def ways(self, state: FloatArray, k: int) -> FloatArray:
        """Return (n, n + 1) metres that each part can go along direction ``k`` until it meets each other one.

        ``state`` (n, 3): where the parts are beside their designed places. The last column: until it meets the ground.
        Infinite where it never does.
        """
        count, half = len(self.parts), len(self._views)
        found = np.full((count, count + 1), np.inf)
        self.work += _KNOWN * count**2
        for i in range(count):
            for j in range(count):
                if i != j:
                    # the other way the second meets the first
                    moving, other = (i, j) if k < half else (j, i)
                    found[i, j] = self._way(k % half, moving, other, state[moving] - state[other])
        drop = float(self.directions[k, 2])
        if self.ground is not None and drop < -1e-9:
            lowest = np.array([part.bounds[0, 2] for part in self.parts]) + state[:, 2]
            found[:, -1] = np.maximum(lowest - self.ground + self.rule.touch, 0.0) / -drop
        return found

    def _way(self, half: int, moving: int, other: int, beside: FloatArray) -> float:
        x, y, z = (round(float(value) * 1e8) for value in beside)
        key = (half, moving, other, x, y, z)
        if key not in self._known:
            self._known[key] = self._looked(self._views[half], moving, other, beside)
        return self._known[key]

    def _looked(self, view: View, moving: int, other: int, beside: FloatArray) -> float:
        shift = shift_along(view, beside)
        ours = int(view.first_starts[moving + 1] - view.first_starts[moving])
        self.work += ours * int(view.last_starts[other + 1] - view.last_starts[other]) + _LOOK
        if not stands_in_way(view, moving, other, self.rule, shift):
            return np.inf
        return max(way_of(view, moving, other, self.rule, shift), 0.0)

    def levels(
        self, state: FloatArray, members: Sequence[int], others: Sequence[int], k: int
    ) -> tuple[FloatArray, bool]:
        """Return how far some parts go along direction ``k`` until a face is level with one of others, rising.

        Also whether those are all; round parts have too many.
        """
        half, sign = k % len(self._views), 1.0 if k < len(self._views) else -1.0
        along = state @ self.directions[half]
        gaps = [sign * (self._gaps(half, i, j) - along[i] + along[j]) for i in members for j in others]
        found: FloatArray = np.concatenate(gaps)
        whole = all(self._depths[half][one][1] for one in (*members, *others))
        rising: FloatArray = np.unique(np.round(found[found > 0.0], 9))
        return rising, whole

    def _gaps(self, half: int, moving: int, other: int) -> FloatArray:
        """Return all differences of depth between two parts' faces as designed."""
        key = (half, moving, other)
        if key not in self._apart:
            ours, theirs = self._depths[half][moving][0], self._depths[half][other][0]
            self._apart[key] = np.unique(np.round((theirs[:, None] - ours).ravel() / _SAME)) * _SAME
        return self._apart[key]

    def out(self, state: FloatArray, members: Sequence[int], k: int) -> float:
        """Return how far some parts are taken to be out of all others, metres."""
        far = float(self.reach[list(members)].max())
        if far < np.inf:
            return far
        half, sign = k % len(self._views), 1.0 if k < len(self._views) else -1.0
        reach = sign * (self._views[half].reach[:, 4:] + (state @ self.directions[half])[:, None])
        own = list(members)
        others = [j for j in range(len(self.parts)) if j not in own]
        return 1.05 * max(float(reach[others].max() - reach[own].min()), 0.0)


def _depths(view: View, part: int) -> tuple[FloatArray, bool]:
    """Return the depths of a part's ends and of its faces across a direction; and whether those are all it has."""
    ends = view.reach[part, 4:]
    lasts = view.lasts[view.last_starts[part] : view.last_starts[part + 1]]
    firsts = view.firsts[view.first_starts[part] : view.first_starts[part + 1]]
    faces = np.concatenate([lasts, firsts])
    flat = np.ptp(view.box[faces, 4:], axis=1) < _FLAT
    depths = np.unique(np.round(np.concatenate([ends, view.box[faces[flat], 4]]) / _SAME)) * _SAME
    return (depths, bool(flat.all())) if len(depths) <= _MOST_LEVELS else (ends, False)
