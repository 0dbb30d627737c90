"""Who stands in whose way along which direction: the directional blocking of a whole model."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from simulation.assembly.blocking_kernels import BLOCKED, NARROW, compare_pairs, near_pairs
from simulation.assembly.part import Part, triangles_of
from simulation.assembly.view import Faces, OrderRule, View, faces_of, is_narrow_free, seen_along, stands_in_way, way_of

_NOTHING_LEFT = 1e-6
"""Share of a part's volume below which nothing is left of it."""
_NO_SHARE = 1e-9
"""Share of a part's volume that rounding may find in another."""


@dataclass(frozen=True, slots=True, eq=False)
class Blocking:
    """Who stands in whose way."""

    parts: tuple[Part, ...]
    rule: OrderRule
    directions: FloatArray
    """(d, 3) unit."""
    blocked: BoolArray
    """(d, n, n): along direction d the second stands in the first's way."""
    overlapping: Mapping[tuple[int, int], bool]
    """Pairs that share space as drawn -> whether one lies wholly in the other.

    Where it does not, what they share is taken as cut out of one of them, whichever lets them part.
    """
    narrow: int
    """Comparisons that were nearer to the tolerance than one face tells, and were settled on the whole region."""
    barred: BoolArray
    """(d, n): along direction d the part would leave through the ground."""
    reach: FloatArray
    """(n,) metres that each part is moved before it counts as free; infinite: out of the whole model."""
    beyond: BoolArray
    """(d, n, n): what a part that is not moved out of everything would meet only after its ``reach``."""

    def free(self, standing: BoolArray) -> BoolArray:
        """Return (d, n): along direction d nothing of what stands (n,) is in the part's way."""
        return ~(self.blocked & standing).any(axis=2) & ~self.barred

    def among(self, rows: IntArray) -> "Blocking":
        """Return the same of some of the parts alone."""
        number = {int(row): k for k, row in enumerate(rows)}
        pairs = {
            (number[i], number[j]): inside for (i, j), inside in self.overlapping.items() if i in number and j in number
        }
        return Blocking(
            tuple(self.parts[int(row)] for row in rows), self.rule, self.directions,
            self.blocked[:, rows[:, None], rows[None]], pairs, self.narrow, self.barred[:, rows],
            self.reach[rows], self.beyond[:, rows[:, None], rows[None]],
        )  # fmt: skip


def block(
    parts: Sequence[Part],
    directions: FloatArray,
    rule: OrderRule,
    *,
    ground: float | None = None,
    reach: FloatArray | None = None,
    threads: int = 1,
    progress: Callable[[float], None] = lambda share: None,
) -> Blocking:
    """Return who stands in whose way along directions (d, 3).

    A part stands in another's way along d when on some line along d the other begins before it ends, by more than
    ``rule.touch``, over a region that a disc of that radius fits into. Nothing is sampled: faces are compared exactly.
    No part leaves through the ground (height, metres; None: there is none). ``reach`` (n,): metres that each part is
    moved before it counts as free; ``rule.insertion`` for all where None.
    """
    if reach is None:
        reach = np.full(len(parts), np.inf if rule.insertion is None else rule.insertion)
    faces = faces_of([(part.triangles, part.two_sided) for part in parts])
    count, narrow = len(parts), 0
    blocked = np.zeros((len(directions), count, count), dtype=np.bool_)
    met = list[tuple[IntArray, FloatArray]]()
    for index, direction in enumerate(directions):
        opposite = next((k for k in range(index) if np.allclose(directions[k], -direction, atol=1e-12)), None)
        if opposite is not None:
            # one moving away from the other is the other moving away from the one
            blocked[index] = blocked[opposite].T
            met.append((met[opposite][0][:, ::-1], met[opposite][1]))
        elif count > 1:
            view = seen_along(faces, direction)
            blocked[index], settled = _along(view, rule, threads)
            narrow += settled
            met.append(_met(blocked[index], view, rule, reach))
        else:
            met.append((np.zeros((0, 2), dtype=np.int64), np.zeros(0)))
        progress((index + 1) / len(directions))
    beyond = np.zeros_like(blocked) if np.isfinite(reach).any() else np.broadcast_to(np.False_, blocked.shape)
    for index, (pairs, ways) in enumerate(met):
        later = pairs[ways >= reach[pairs[:, 0]]]
        if len(later):
            blocked[index, later[:, 0], later[:, 1]] = False
            beyond[index, later[:, 0], later[:, 1]] = True
    overlapping = _overlapping(parts, blocked, rule)
    _part(parts, directions, blocked, overlapping, rule, reach)
    barred = _barred(parts, directions, rule, ground, reach)
    return Blocking(tuple(parts), rule, directions, blocked, overlapping, narrow, barred, reach, beyond)


def _barred(
    parts: Sequence[Part], directions: FloatArray, rule: OrderRule, ground: float | None, reach: FloatArray
) -> BoolArray:
    """Return (d, n): which parts would go below the ground, along each direction, on their way."""
    lowest = np.array([part.bounds[0, 2] for part in parts])
    if ground is None:
        return np.zeros((len(directions), len(parts)), dtype=np.bool_)
    drop = np.where(directions[:, 2] < -1e-9, directions[:, 2], 0.0)[:, None]
    with np.errstate(invalid="ignore"):
        below = np.where(drop < 0.0, lowest + reach * drop < ground - rule.touch, False)
    return below


def _along(view: View, rule: OrderRule, threads: int) -> tuple[BoolArray, int]:
    """Return (n, n) who stands in whose way along one direction, and how many pairs one face could not settle."""
    count = len(view.reach)
    pairs: IntArray = np.empty(
        (near_pairs(view.reach, rule.touch, rule.touch, np.empty((0, 2), np.int64)), 2), np.int64
    )
    near_pairs(view.reach, rule.touch, rule.touch, pairs)
    states = np.zeros(len(pairs), dtype=np.int8)
    given = (
        pairs, view.firsts, view.first_starts, view.lasts, view.last_starts, view.uv, view.plane,
        view.box, view.reach, rule.touch, rule.touch, states,
    )  # fmt: skip
    rows = [np.arange(k, len(pairs), threads) for k in range(threads)]
    if threads == 1:
        compare_pairs(rows[0], *given)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(partial(_compared, given), rows))
    unsettled = np.flatnonzero(states == NARROW)
    for row in unsettled:
        i, j = (int(one) for one in pairs[row])
        states[row] = 0 if is_narrow_free(view, i, j, rule) else BLOCKED
    blocked = np.zeros((count, count), dtype=np.bool_)
    found = pairs[states == BLOCKED]
    blocked[found[:, 0], found[:, 1]] = True
    return blocked, len(unsettled)


def _compared(given: tuple[Any, ...], rows: IntArray) -> None:
    compare_pairs(rows, *given)


def _met(blocked: BoolArray, view: View, rule: OrderRule, reach: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the pairs (k, 2) of which one is not moved out of everything; how far the first goes until they meet."""
    pairs = np.argwhere(blocked)
    pairs = pairs[np.isfinite(reach[pairs]).any(axis=1)]
    return pairs, np.array([way_of(view, int(i), int(j), rule) for i, j in pairs], dtype=np.float64)


def _overlapping(parts: Sequence[Part], blocked: BoolArray, rule: OrderRule) -> dict[tuple[int, int], bool]:
    """Return pairs of solids that share space as drawn -> whether nothing is left of one without the other."""
    both = np.all(blocked & blocked.transpose(0, 2, 1), axis=0)
    found = dict[tuple[int, int], bool]()
    for i, j in np.argwhere(np.triu(both, 1)):
        first, second = parts[i], parts[j]
        if first.body is None or second.body is None:
            continue
        shared = float((first.body ^ second.body).volume())
        if shared > _NO_SHARE * min(first.volume, second.volume):
            least = min(first.volume, second.volume)
            found[int(i), int(j)] = shared >= (1.0 - _NOTHING_LEFT) * least
    return found


def _part(
    parts: Sequence[Part], directions: FloatArray, blocked: BoolArray, overlapping: Mapping[tuple[int, int], bool],
    rule: OrderRule, reach: FloatArray,
) -> None:  # fmt: skip
    """Judge pairs that share space as if what they share were cut out of one of them."""
    for (i, j), inside in overlapping.items():
        if inside:
            continue
        first, second = parts[i], parts[j]
        views = _cut(first, second)
        for index, direction in enumerate(directions):
            seen = [seen_along(faces, direction) for faces in views]
            blocked[index, i, j] = all(_in_reach(view, 0, 1, rule, reach[i]) for view in seen)
            blocked[index, j, i] = all(_in_reach(view, 1, 0, rule, reach[j]) for view in seen)


def _cut(first: Part, second: Part) -> list[Faces]:
    """Return the faces of two parts with what they share cut out of the one, and out of the other.

    Only where that cuts nothing in two: a post through a slab leaves a hole in the slab, it does not end at it.
    """
    found = list[Faces]()
    for one, other in ((first, second), (second, first)):
        left = one.body - other.body
        pieces = sum(piece.volume() > _NO_SHARE * one.volume for piece in left.decompose())
        if pieces <= len(one.body.decompose()):
            less = triangles_of(left)
            pair = [(less, False), (other.triangles, False)]
            found.append(faces_of(pair if one is first else pair[::-1]))
    return found or [faces_of([(first.triangles, False), (second.triangles, False)])]


def _in_reach(view: View, moving: int, standing: int, rule: OrderRule, reach: float) -> bool:
    """Return whether ``standing`` is met by ``moving`` on the way that it is inserted."""
    met = stands_in_way(view, moving, standing, rule, np.zeros(3))
    return met and (not np.isfinite(reach) or way_of(view, moving, standing, rule) < reach)
