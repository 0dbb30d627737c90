"""Parts that are put in place as one: their blocking, and what they stand on, taken together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from simulation.assembly.blocking import Blocking
from simulation.assembly.contact import GROUND, Contact
from simulation.assembly.part import Part
from simulation.assembly.precedence import Before, Event
from simulation.assembly.stability import Standing


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """A model whose parts are taken together in units, most of them of one part."""

    members: tuple[tuple[int, ...], ...]
    """The parts of each unit."""
    blocking: Blocking
    """Between units."""
    standing: Standing
    base: frozenset[int]
    """Units that stand from the beginning."""
    rules: tuple[Before, ...]


def joined_groups(count: int, groups: Iterable[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """Return parts 0 .. count - 1 in units: those that a group names together, directly or through others, are one.

    Examples
    --------
    >>> joined_groups(5, [(0, 2), (2, 4)])
    ((0, 2, 4), (1,), (3,))
    """
    leader = list(range(count))

    def root(part: int) -> int:
        while leader[part] != part:
            part = leader[part]
        return part

    for group in groups:
        for part in group[1:]:
            first, second = sorted((root(group[0]), root(part)))
            leader[second] = first
    found = dict[int, list[int]]()
    for part in range(count):
        found.setdefault(root(part), []).append(part)
    return tuple(tuple(members) for members in found.values())


def pieces_of(parts: Sequence[Part], as_one: Iterable[Sequence[str]]) -> tuple[tuple[int, ...], ...]:
    """Return the numbers of the parts of what comes in one piece, given by GlobalIds; what has no shape is left out."""
    number = {part.global_id: k for k, part in enumerate(parts)}
    found = (tuple(number[one] for one in piece if one in number) for piece in as_one)
    return tuple(piece for piece in found if len(piece) > 1)


def moved_as_one(blocking: Blocking, pieces: Iterable[Sequence[int]]) -> Blocking:
    """Return the blocking where each part of a piece can go only where all of it can."""
    blocked, barred = blocking.blocked.copy(), blocking.barred.copy()
    for piece in pieces:
        rows = list(piece)
        in_way = np.logical_or.reduce(blocking.blocked[:, rows], axis=1)
        in_way[:, rows] = False
        blocked[:, rows] = in_way[:, None]
        barred[:, rows] = np.logical_or.reduce(blocking.barred[:, rows], axis=1)[:, None]
    return replace(blocking, blocked=blocked, barred=barred)


def united(
    blocking: Blocking, standing: Standing, members: Sequence[tuple[int, ...]], rules: Sequence[Before]
) -> Units:
    """Return a model with its parts taken together."""
    count = len(blocking.parts)
    unit = np.empty(count, dtype=np.int64)
    for number, some in enumerate(members):
        unit[list(some)] = number
    parts = tuple(_united_part([blocking.parts[k] for k in some]) for some in members)
    base = frozenset(int(unit[k]) for k in standing.fixed)
    told = Blocking(
        parts, blocking.rule, blocking.directions, _united_blocked(blocking, unit, len(members)), {}, blocking.narrow,
        np.stack([blocking.barred[:, list(some)].any(axis=1) for some in members], axis=1),
        np.array([blocking.reach[list(some)].max() for some in members]),
        _of_units(blocking.beyond, unit, len(members)),
    )  # fmt: skip
    stands = Standing(
        parts, tuple(_renumbered(standing.contacts, unit)),
        frozenset((a, b) for a, b in (sorted((int(unit[i]), int(unit[j]))) for i, j in standing.held) if a != b),
        base, standing.friction, standing.ground,
    )  # fmt: skip
    return Units(tuple(members), told, stands, base, tuple(_renumbered_rules(rules, unit)))


def _united_blocked(blocking: Blocking, unit: IntArray, count: int) -> BoolArray:
    blocked = _of_units(blocking.blocked, unit, count)
    far = np.zeros(count)
    np.maximum.at(far, unit, blocking.reach)
    # what goes farther with others than it would alone meets what it would not
    taken = np.flatnonzero(blocking.reach < far[unit])
    if len(taken):
        more = np.zeros_like(blocking.beyond)
        more[:, taken] = blocking.beyond[:, taken]
        blocked |= _of_units(more, unit, count)
    return blocked


def _of_units(pairs: BoolArray, unit: IntArray, count: int) -> BoolArray:
    """Return pairs of parts (d, n, n) as pairs of units."""
    found = np.zeros((len(pairs), count, count), dtype=np.bool_)
    direction, first, second = np.nonzero(pairs)
    found[direction, unit[first], unit[second]] = True
    found[:, np.arange(count), np.arange(count)] = False
    return found


def _united_part(parts: Sequence[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]
    weight = np.array([part.volume for part in parts])
    share: FloatArray = weight / weight.sum() if weight.sum() > 0.0 else np.full(len(parts), 1.0 / len(parts))
    bounds = np.array([part.bounds for part in parts])
    first = parts[int(np.argmax(weight))]
    return Part(
        first.global_id, first.ifc_class, first.name, np.concatenate([part.triangles for part in parts]),
        any(part.two_sided for part in parts), None, np.concatenate([part.normals for part in parts]),
        np.stack([bounds[:, 0].min(axis=0), bounds[:, 1].max(axis=0)]), float(weight.sum()),
        share @ np.array([part.centre for part in parts]), "",
    )  # fmt: skip


def _renumbered(contacts: Sequence[Contact], unit: IntArray) -> Iterable[Contact]:
    for contact in contacts:
        first = int(unit[contact.first])
        second = GROUND if contact.second == GROUND else int(unit[contact.second])
        if first != second:
            yield Contact(first, second, contact.normal, contact.points)


def _renumbered_rules(rules: Sequence[Before], unit: IntArray) -> Iterable[Before]:
    """Yield the rules between units; one within a unit is for those who put that together."""
    for rule in rules:
        earlier, later = (frozenset(int(unit[k]) for k in event.items) for event in (rule.earlier, rule.later))
        if not earlier & later:
            yield Before(Event(earlier, rule.earlier.last), Event(later, rule.later.last), rule.text)
