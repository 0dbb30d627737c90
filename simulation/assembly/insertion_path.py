"""Ways into place that are not one straight move: several straight legs, else moves with turns."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from simulation.assembly.part import Part
from simulation.assembly.view import OrderRule, View, faces_of, seen_along, shift_along, stands_in_way, way_of

_MOST_LEGS, _MOST_STATES, _MOST_STOPS = 4, 250, 6
_MOST_TESTS, _REACH, _TURNS = 800, 0.35, (90.0, 45.0, 30.0, 60.0, 180.0)
MOST_WORK = 1_000_000_000
"""Comparisons of two faces for the legs of one part after the other, and once more for those after a turn."""
_SHARE = 1e-6
"""Share of a part's volume that may lie in others while it is moved: what rounding leaves between faces that touch."""


@dataclass(slots=True)
class Budget:
    """What may still be looked at, by count and not by clock: the same is found on every machine."""

    left: int = MOST_WORK


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """How a part comes into its place."""

    poses: tuple[FloatArray, ...]
    """(4, 4) each, from outside to the designed place (the unit matrix): what moves the part away from it."""
    about: FloatArray
    """(3,) the point of the part that goes straight between two poses; it turns evenly about it, metres."""
    kind: str
    """``legs``: straight ones, exact; ``turning``: looked at in steps."""
    step: float
    """Metres between the places that were looked at; 0 of an exact one."""
    clearance: tuple[float, ...]
    """Metres to the nearest part at each pose and in the middle between, from outside; empty where it is no solid."""


def leg_path(
    parts: Sequence[Part],
    moving: int,
    standing: Sequence[int],
    directions: FloatArray,
    rule: OrderRule,
    budget: Budget | None = None,
) -> Path | None:
    """Return a way out of straight legs, as few as possible, turned round; None where four do not suffice.

    Each leg goes until contact, or until an edge of the part's box has passed one of another; what is met and when is
    exact (:mod:`.view`). The last leg leads out of everything. None, too, where the ``budget`` is spent.
    """
    budget = budget or Budget()
    faces = faces_of([(parts[k].triangles, parts[k].two_sided) for k in (moving, *standing)])
    views = [seen_along(faces, direction) for direction in directions]
    here: FloatArray = np.zeros(3)
    queue: deque[tuple[FloatArray, tuple[FloatArray, ...]]] = deque([(here, (here,))])
    seen = {here.tobytes()}
    states = 0
    while queue and states < _MOST_STATES and budget.left > 0:
        at, trail = queue.popleft()
        states += 1
        for direction, view in zip(directions, views, strict=True):
            budget.left -= _work(view)
            met = _met(view, at, rule, len(standing))
            if not met:
                end = at + direction * _out(view, at)
                return turned_round(parts, moving, standing, (*trail, end))
            if len(trail) == _MOST_LEGS:
                continue
            for way in _stops(view, at, min(met), rule):
                place = at + way * direction
                key = np.round(place / max(rule.touch, 1e-9)).tobytes()
                if key not in seen:
                    seen.add(key)
                    queue.append((place, (*trail, place)))
    return None


def _work(view: View) -> int:
    """Return how many pairs of faces of the first part and of all others are looked at along a view, about."""
    return int(view.last_starts[1] - view.last_starts[0]) * int(view.first_starts[-1] - view.first_starts[1])


def _met(view: View, at: FloatArray, rule: OrderRule, count: int) -> list[float]:
    """Return how far the part can go along a view until it meets each of those in its way."""
    shift = shift_along(view, at)
    blockers = [k for k in range(1, count + 1) if stands_in_way(view, 0, k, rule, shift)]
    return [max(way_of(view, 0, k, rule, shift), 0.0) for k in blockers]


def _out(view: View, at: FloatArray) -> float:
    """Return how far the part has to go until its box is beyond all the others."""
    depth = float(view.direction @ at)
    return max(float(view.reach[1:, 5].max()) - float(view.reach[0, 4]) - depth, 0.0) * 1.05


def _stops(view: View, at: FloatArray, furthest: float, rule: OrderRule) -> list[float]:
    """Return where it may be worth to turn off: in contact, and where the boxes' edges pass each other."""
    if furthest <= rule.touch:
        return []
    depth = float(view.direction @ at)
    own, theirs = view.reach[0, 4:] + depth, view.reach[1:, 4:].ravel()
    edges = np.unique(np.round(np.concatenate([theirs - own[0], theirs - own[1]]), 9))
    inside = edges[(edges > rule.touch) & (edges < furthest - rule.touch)]
    inside = inside[:: max(1, -(-len(inside) // _MOST_STOPS))]
    return [furthest, *(float(value) for value in inside)]


def turned_round(parts: Sequence[Part], moving: int, standing: Sequence[int], trail: Sequence[FloatArray]) -> Path:
    """Return the way in of a part that leaves by straight legs through the places of ``trail`` (3,), outwards."""
    poses = list[FloatArray]()
    for at in trail[::-1]:
        pose = np.eye(4)
        pose[:3, 3] = at
        poses.append(pose)
    return Path(tuple(poses), parts[moving].centre, "legs", 0.0, clearance_along(parts, moving, standing, poses))


def clearance_along(
    parts: Sequence[Part], moving: int, standing: Sequence[int], poses: Sequence[FloatArray]
) -> tuple[float, ...]:
    """Return the distance to the nearest part, metres, at each pose and in the middle between two."""
    body, others = parts[moving].body, [parts[k].body for k in standing]
    if body is None or any(other is None for other in others):
        return ()
    shown = list[FloatArray]()
    for pose, following in pairwise(poses):
        shown += [pose, between(pose, following, 0.5, parts[moving].centre)]
    shown.append(poses[-1])
    size = float(np.linalg.norm(np.ptp(parts[moving].bounds, axis=0)))
    gaps = list[float]()
    for pose in shown:
        moved = body.transform(pose[:3])
        gaps.append(min(float(moved.min_gap(other, size)) for other in others))
    return tuple(gaps)


def between(first: FloatArray, second: FloatArray, share: float, about: FloatArray) -> FloatArray:
    """Return the pose a share of the way from one to another: the point ``about`` goes straight, the turn is even."""
    from scipy.spatial.transform import Rotation

    turn = Rotation.from_matrix(first[:3, :3].T @ second[:3, :3]).as_rotvec()
    ends = [one[:3, :3] @ about + one[:3, 3] for one in (first, second)]
    pose = np.eye(4)
    pose[:3, :3] = first[:3, :3] @ Rotation.from_rotvec(share * turn).as_matrix()
    pose[:3, 3] = (1.0 - share) * ends[0] + share * ends[1] - pose[:3, :3] @ about
    return pose


def turning_path(
    parts: Sequence[Part],
    moving: int,
    standing: Sequence[int],
    directions: FloatArray,
    rule: OrderRule,
    budget: Budget | None = None,
    *,
    seed: int = 0,
) -> Path | None:
    """Return a way with turns: one turn in place and straight legs, else a way of any turns.

    The latter is found by growing trees from both ends (RRT-connect, Kuffner and LaValle 2000).

    The same seed gives the same way. Places are looked at in steps of a twentieth of the part's size or less: what is
    thinner than a step could be passed through unseen, so steps are never longer than half the thinnest extent there.
    None where none is found in 800 looks, which does not mean that there is none.
    """
    part = parts[moving]
    if part.body is None or any(parts[k].body is None for k in standing):
        return None
    search = _Search(parts, moving, standing, np.random.default_rng(seed))
    poses = _turn_then_legs(parts, moving, standing, search, directions, rule, budget or Budget()) or search.run()
    if poses is None:
        return None
    poses = _shortened(poses, search.is_way)
    return Path(tuple(poses), part.centre, "turning", search.step, clearance_along(parts, moving, standing, poses))


def _turn_then_legs(
    parts: Sequence[Part], moving: int, standing: Sequence[int], search: "_Search", directions: FloatArray,
    rule: OrderRule, budget: Budget,
) -> list[FloatArray] | None:  # fmt: skip
    """Return a way that turns the part in its place about one axis and then goes straight; None without any."""
    from scipy.spatial.transform import Rotation

    part = parts[moving]
    for angle, axis, sign in product(_TURNS, np.eye(3)[::-1], (1.0, -1.0)):
        turned = np.eye(4)
        turned[:3, :3] = Rotation.from_rotvec(sign * np.radians(angle) * axis).as_matrix()
        turned[:3, 3] = part.centre - turned[:3, :3] @ part.centre
        if budget.left <= 0:
            return None
        if not search.is_way(np.eye(4), turned):
            continue
        triangles = part.triangles @ turned[:3, :3].T + turned[:3, 3]
        moved = replace(part, triangles=triangles, body=None)
        others = [parts[k] for k in standing]
        legs = leg_path([moved, *others], 0, range(1, len(others) + 1), directions, rule, budget)
        if legs is not None:
            return [*(pose @ turned for pose in legs.poses), np.eye(4)]
    return None


class _Search:
    """Two trees of poses that grow towards each other; poses turn about the part's centre of gravity."""

    def __init__(self, parts: Sequence[Part], moving: int, standing: Sequence[int], rng: np.random.Generator) -> None:
        import manifold3d

        part = parts[moving]
        self.body, self.centre, self.rng, self.tests = part.body, part.centre, rng, 0
        self.still: Any = manifold3d.Manifold.batch_boolean([parts[k].body for k in standing], manifold3d.OpType.Add)
        boxes = np.array([parts[k].bounds for k in standing])
        self.low, self.high = boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)
        self.size = float(np.linalg.norm(np.ptp(part.bounds, axis=0)))
        thinnest = min(float(np.ptp(parts[k].bounds, axis=0).min()) for k in (moving, *standing))
        self.step = min(0.05 * self.size, 0.5 * thinnest)
        self.allowed = _SHARE * part.volume

    def run(self) -> list[FloatArray] | None:
        """Return the poses from outside to the place; None where none was found."""
        goal = np.eye(4)
        goal[2, 3] = float(self.high[2] - self.low[2]) + self.size
        inner: list[tuple[FloatArray, int]] = [(np.eye(4), -1)]
        outer: list[tuple[FloatArray, int]] = [(goal, -1)]
        swapped = False
        while self.tests < _MOST_TESTS:
            grown, other = (outer, inner) if swapped else (inner, outer)
            new = self._extend(grown, self._sample(), greedy=False)
            if new is not None:
                met = self._extend(other, grown[new][0], greedy=True)
                if met is not None and self._apart(other[met][0], grown[new][0]) < 1e-9:
                    ours, theirs = _trail(grown, new), _trail(other, met)
                    inside, outside = (theirs, ours) if swapped else (ours, theirs)
                    return [*outside, *inside[-2::-1]]
            swapped = not swapped
        return None

    def is_way(self, first: FloatArray, second: FloatArray) -> bool:
        """Return whether the part can go from one pose to another."""
        count = int(np.ceil(self._apart(first, second) / self.step))
        return all(self._is_free(between(first, second, (k + 1) / count, self.centre)) for k in range(count))

    def _extend(self, tree: list[tuple[FloatArray, int]], target: FloatArray, *, greedy: bool) -> int | None:
        """Grow a tree towards a pose, as far as it goes or one reach; return the new end, None where it cannot."""
        apart = [self._apart(pose, target) for pose, _ in tree]
        near = int(np.argmin(apart))
        start, length = tree[near][0], apart[near]
        far = length if greedy else min(length, _REACH * self.size)
        count, reached = int(np.ceil(far / self.step)), start
        for k in range(count):
            pose = (
                target
                if far == length and k == count - 1
                else between(start, target, (k + 1) * far / count / length, self.centre)
            )
            if not self._is_free(pose):
                break
            reached = pose
        if reached is start:
            return None if length > 1e-9 else near
        tree.append((reached, near))
        return len(tree) - 1

    def _is_free(self, pose: FloatArray) -> bool:
        self.tests += 1
        return float((self.body.transform(pose[:3]) ^ self.still).volume()) <= self.allowed

    def _sample(self) -> FloatArray:
        """Return a pose to grow towards: anywhere around, turned not at all, about an axis, or in any way."""
        from scipy.spatial.transform import Rotation

        kind = self.rng.integers(3)
        if kind == 0:
            turn = Rotation.identity()
        elif kind == 1:
            turn = Rotation.from_rotvec(np.eye(3)[self.rng.integers(3)] * np.pi / 2 * self.rng.integers(-1, 3))
        else:
            turn = Rotation.random(rng=self.rng)
        middle = self.rng.uniform(self.low - 0.5 * self.size, self.high + 0.5 * self.size)
        pose = np.eye(4)
        pose[:3, :3] = turn.as_matrix()
        pose[:3, 3] = middle - pose[:3, :3] @ self.centre
        return pose

    def _apart(self, first: FloatArray, second: FloatArray) -> float:
        """Return how far any point of the part goes at most between two poses, metres."""
        cosine = 0.5 * (float(np.trace(first[:3, :3].T @ second[:3, :3])) - 1.0)
        turn = float(np.arccos(np.clip(cosine, -1.0, 1.0)))
        ends = [one[:3, :3] @ self.centre + one[:3, 3] for one in (first, second)]
        return float(np.linalg.norm(ends[1] - ends[0])) + 0.5 * self.size * turn


def _trail(tree: Sequence[tuple[FloatArray, int]], end: int) -> list[FloatArray]:
    """Return the poses from a tree's root to one of its ends."""
    found = list[FloatArray]()
    while end >= 0:
        found.append(tree[end][0])
        end = tree[end][1]
    return found[::-1]


def _shortened(poses: list[FloatArray], is_way: Callable[[FloatArray, FloatArray], bool]) -> list[FloatArray]:
    """Return a way less the poses that can be left out."""
    kept, place = [poses[0]], 0
    while place < len(poses) - 1:
        following = next(
            k for k in range(len(poses) - 1, place, -1) if k == place + 1 or is_way(poses[place], poses[k])
        )
        kept.append(poses[following])
        place = following
    return kept
