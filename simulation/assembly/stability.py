"""Does what stands so far stay where it is: the centre of gravity over the support, else forces in equilibrium."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from simulation.assembly.contact import GROUND, Contact, hull_of
from simulation.assembly.directions import basis
from simulation.assembly.part import Part

_UPWARD = 0.7
"""Least rise of a contact's normal for it to carry from below."""
_UPRIGHT = 0.1
"""Rise of a contact's normal, up or down, below which its faces stand upright."""
_MOST_TOGETHER = 60
"""Parts whose equilibrium is worked out together; more are judged one by one."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What parts stand on."""

    parts: tuple[Part, ...]
    contacts: tuple[Contact, ...]
    held: frozenset[tuple[int, int]]
    """Pairs, low one first, that the model declares to be joined: once both are there, they hold each other."""
    fixed: frozenset[int]
    """Parts that stand by themselves."""
    friction: float
    """Coefficient of friction."""
    ground: float | None
    """Height of the ground, metres; None: there is none."""


def upward(standing: Standing) -> dict[int, list[tuple[int, FloatArray]]]:
    """Return for each part what carries it from below: the other, or ``GROUND``, and the points (k, 3)."""
    found = dict[int, list[tuple[int, FloatArray]]]()
    for contact in standing.contacts:
        if contact.normal[2] >= _UPWARD:
            found.setdefault(contact.first, []).append((contact.second, contact.points))
        elif contact.normal[2] <= -_UPWARD:
            found.setdefault(contact.second, []).append((contact.first, contact.points))
    return found


def is_over(centre: FloatArray, points: FloatArray, margin: float = 1e-9) -> bool:
    """Return whether a centre of gravity (3,) lies over the hull of support points (k, 3), its rim included.

    Examples
    --------
    >>> square = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    >>> is_over(np.array([0.5, 0.5, 2.0]), square), is_over(np.array([1.1, 0.5, 2.0]), square)
    (True, False)
    """
    if len(points) < 3:
        return False
    flat = points[:, :2] - centre[:2]
    ring = flat[hull_of(flat)]
    if len(ring) < 3:
        return False
    ahead = np.roll(ring, -1, axis=0)
    return bool(np.all(ring[:, 0] * ahead[:, 1] - ring[:, 1] * ahead[:, 0] >= -margin))


@dataclass(frozen=True, slots=True, eq=False)
class Support:
    """How well parts are carried by what stands, by their centres of gravity alone."""

    value: Callable[[int, BoolArray], float]
    """Of a part where (n,) stands: 1 where its centre of gravity is over what carries it, or where it is joined to
    something; else half the share of its contacts that are there to fasten it to."""
    near: Mapping[int, frozenset[int]]
    """The parts that it depends on or that depend on it; a part that is not named has none."""


def support_of(standing: Standing) -> Support:
    """Return how well parts are carried."""
    below = upward(standing)
    beside = dict[int, set[int]]()
    for contact in standing.contacts:
        # what lies on a part does not hold it
        if contact.normal[2] > -_UPWARD:
            beside.setdefault(contact.first, set()).add(contact.second)
        if contact.second != GROUND and contact.normal[2] < _UPWARD:
            beside.setdefault(contact.second, set()).add(contact.first)
    joined = dict[int, list[int]]()
    for first, second in standing.held:
        joined.setdefault(first, []).append(second)
        joined.setdefault(second, []).append(first)

    @cache
    def over(part: int, there: tuple[int, ...]) -> bool:
        points = [where for other, where in below[part] if other == GROUND or other in there]
        return bool(points) and is_over(standing.parts[part].centre, np.concatenate(points))

    def supported(part: int, present: BoolArray) -> float:
        if part in standing.fixed or any(present[other] for other in joined.get(part, ())):
            return 1.0
        if part in below and over(part, tuple(sorted({k for k, _ in below[part] if k >= 0 and present[k]}))):
            return 1.0
        touching = beside.get(part, set())
        return 0.5 * sum(k == GROUND or bool(present[k]) for k in touching) / max(len(touching), 1)

    near = {part: {*beside.get(part, ()), *joined.get(part, ())} - {GROUND} for part in range(len(standing.parts))}
    around = {part: set(others) for part, others in near.items()}
    for part, others in near.items():
        for other in others:
            around[other].add(part)
    return Support(supported, {part: frozenset(others) for part, others in around.items()})


@dataclass(frozen=True, slots=True)
class Balance:
    """Whether parts stay where they are."""

    stable: bool
    falling: tuple[int, ...]
    """Parts that need a temporary support; fewest by the sum of the forces that supports would have to give."""
    how: str
    """``forces`` (equilibrium with friction) or ``not computed``."""


def balance_of(standing: Standing, present: Sequence[int]) -> Balance:
    """Return whether parts in their places stay there under their own weight.

    Rigid bodies, unilateral contacts, friction by a pyramid with four edges on its cone: forces that keep all of them
    in equilibrium are looked for by linear programming (as compas-cra does; Whiting, Ochsendorf and Durand 2009). That
    such forces exist means that the parts can stand, for friction, not that they must: what friction gives is not
    determined by statics alone. Where there are none, supports are added where they have to give least.
    """
    free = [part for part in present if part not in standing.fixed]
    if len(free) > _MOST_TOGETHER:
        return Balance(False, (), "not computed")
    there = {*present, GROUND}
    weight = {part: max(standing.parts[part].volume, 1e-12) for part in free}
    mean = float(np.mean(list(weight.values()))) if free else 1.0
    length = max([float(np.ptp(standing.parts[part].bounds, axis=0).max()) for part in free], default=1.0)
    system = _System(standing, {part: k for k, part in enumerate(free)}, length)
    for contact in standing.contacts:
        if contact.first in there and contact.second in there:
            system.press(contact)
    for first, second in sorted(standing.held):
        if first in there and second in there:
            system.join(first, second)
    return _solve(free, system, np.array([weight[part] / mean for part in free]))


class Balances:
    """The balance of one set of parts after another, each connected piece worked out once."""

    def __init__(self, standing: Standing) -> None:
        self.standing = standing
        self.links = [
            pair
            for pair in [(contact.first, contact.second) for contact in standing.contacts] + sorted(standing.held)
            if pair[1] != GROUND and not standing.fixed.intersection(pair)
        ]
        self.known = dict[tuple[int, ...], Balance]()

    def of(self, present: Sequence[int]) -> Balance:
        """Return whether parts in their places stay there under their own weight."""
        there, falling, how = set(present), list[int](), "forces"
        leader = {part: part for part in there}

        def root(part: int) -> int:
            while leader[part] != part:
                part = leader[part]
            return part

        for first, second in self.links:
            if first in there and second in there:
                leader[root(second)] = root(first)
        pieces = dict[int, list[int]]()
        for part in sorted(there - self.standing.fixed):
            pieces.setdefault(root(part), []).append(part)
        for piece in pieces.values():
            key = tuple(piece)
            if key not in self.known:
                self.known[key] = balance_of(self.standing, [*piece, *(self.standing.fixed & there)])
            found = self.known[key]
            falling += found.falling
            how = found.how if found.how == "not computed" else how
        stable = not falling and how != "not computed"
        return Balance(stable, tuple(sorted(falling)), how)


class _System:
    """Forces between parts, each a column of what it does to every part: force and moment about its centre."""

    def __init__(self, standing: Standing, row: Mapping[int, int], length: float) -> None:
        self.standing, self.row, self.length, self.count = standing, row, length, 0
        self.rows, self.columns, self.values = list[IntArray](), list[IntArray](), list[FloatArray]()
        self.pushes = list[bool]()
        """Of each column: it can only push."""

    def press(self, contact: Contact) -> None:
        """Add the forces of a contact: at each of its points the four edges of a pyramid inside the friction cone.

        Upright faces give no friction: nothing is sure to press them together.
        """
        rough = abs(float(contact.normal[2])) > _UPRIGHT
        across = basis(contact.normal) * self.standing.friction
        edges = contact.normal + np.vstack([across, -across]) if rough else contact.normal[None]
        points = np.repeat(contact.points, len(edges), axis=0)
        self._add(contact, np.tile(edges, (len(contact.points), 1)), points, pushes=True)

    def join(self, first: int, second: int) -> None:
        """Add what a joint can give: any force, and any moment by forces beside it."""
        at = 0.5 * (self.standing.parts[first].centre + self.standing.parts[second].centre)
        axes = np.eye(3)
        points = np.vstack([np.tile(at, (3, 1)), at + self.length * np.roll(axes, 1, axis=1)])
        self._add(Contact(first, second, axes[2], points), np.vstack([axes, axes]), points, pushes=False)

    def _add(self, contact: Contact, forces: FloatArray, points: FloatArray, *, pushes: bool) -> None:
        numbers = self.count + np.arange(len(forces))
        for part, sign in ((contact.first, 1.0), (contact.second, -1.0)):
            if part in self.row:
                arms = (points - self.standing.parts[part].centre) / self.length
                self.rows.append(np.tile(6 * self.row[part] + np.arange(6), len(forces)))
                self.columns.append(np.repeat(numbers, 6))
                self.values.append(sign * np.hstack([forces, np.cross(arms, forces)]).ravel())
        self.pushes += [pushes] * len(forces)
        self.count += len(forces)


def _solve(free: Sequence[int], system: _System, weight: FloatArray) -> Balance:
    from scipy.optimize import linprog
    from scipy.sparse import coo_array, hstack

    size, count = 6 * len(free), len(system.pushes)
    pulled = np.zeros(size)
    pulled[2::6] = weight
    empty = np.empty(0)
    values, rows, columns = (np.concatenate([empty, *some]) for some in (system.values, system.rows, system.columns))
    forces = coo_array((values, (rows.astype(np.int64), columns.astype(np.int64))), (size, count))
    # supports may push any way: a pair of slacks for each force and moment
    spare_rows, spare = np.repeat(np.arange(size), 2), np.tile([1.0, -1.0], size)
    supports = coo_array((spare, (spare_rows, np.arange(2 * size))), (size, 2 * size))
    found = linprog(
        np.concatenate([np.zeros(count), np.ones(2 * size)]),
        A_eq=hstack([forces, supports]),
        b_eq=pulled,
        bounds=[(0.0 if one else None, None) for one in system.pushes] + [(0.0, None)] * (2 * size),
        method="highs",
    )
    if found.x is None:
        return Balance(False, (), "not computed")
    needed = found.x[count:].reshape(len(free), 12).sum(axis=1)
    falling = tuple(part for k, part in enumerate(free) if needed[k] > 1e-6 * max(weight[k], 1.0))
    return Balance(not falling, falling, "forces")
