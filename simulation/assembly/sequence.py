"""In which order parts go together: taking the whole apart, backwards.

With less there nothing becomes blocked that was free. So whatever may leave can be taken away without loss, and where
nothing can leave by itself no order of single parts exists: then the smallest group that only blocks itself leaves as
one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from simulation.assembly.blocking import Blocking
from simulation.assembly.components import smallest_group
from simulation.assembly.insertion_path import Path
from simulation.assembly.moves import Freed, Looked, motion_of
from simulation.assembly.order import USUAL_COST, Due, Order, OrderCost, Step
from simulation.assembly.precedence import Before, count_orders
from simulation.assembly.stability import Support

CARRIED = Support(lambda part, present: 1.0, {})
"""Every part stays where it is put."""


@dataclass(frozen=True, slots=True)
class Further:
    """What is tried where no part can leave by one move; each is given what still stands (n,), and what stays."""

    finer: Callable[[Blocking, BoolArray], Blocking | None] = lambda blocking, remaining: None
    """The blocking along more directions; None where there are no more."""
    legs: "Winding" = lambda blocking, remaining, base: None
    """A part that can leave by several straight moves, and its way in."""
    moves: "Moving" = lambda blocking, remaining, base: None
    """Where no group can leave either: moves of several parts, in turn, some of the way."""
    turning: "Winding" = lambda blocking, remaining, base: None
    """At last: a part that can leave with turns, and its way in."""


Winding = Callable[[Blocking, BoolArray, frozenset[int]], tuple[int, Path] | None]
Moving = Callable[[Blocking, BoolArray, frozenset[int]], Freed | tuple[int, Path] | Looked | None]
NOTHING_FURTHER = Further()


@dataclass(slots=True, eq=False)
class _State:
    """What is left of the whole, and what taking the rest away cost."""

    remaining: BoolArray
    counts: IntArray
    """(d, n) how many of those remaining stand in the way."""
    hanging: FloatArray
    """(n,) what it costs at least that each part is not carried."""
    loosening: FloatArray
    """(n,) by how much that rises for others when a part is taken away."""
    last: int
    cost: float
    taken: tuple[Step, ...] = ()

    @property
    def least(self) -> float:
        """What the whole order costs at least: a part's hold only becomes worse with less around it."""
        return self.cost + float(self.hanging[self.remaining].sum())


def orders(
    blocking: Blocking,
    *,
    base: frozenset[int] = frozenset(),
    rules: Sequence[Before] = (),
    support: Support = CARRIED,
    weights: FloatArray | None = None,
    cost: OrderCost = USUAL_COST,
    due: Due | None = None,
    further: Further = NOTHING_FURTHER,
    best: int = 1,
    width: int = 8,
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[Order, ...]:
    """Return the best orders found, cheapest first, all of them complete or locked at the same parts.

    Parameters
    ----------
    blocking
        Who stands in whose way.
    base
        Parts that stand from the beginning.
    rules
        What has to come before what.
    support
        How well parts are carried by what stands.
    weights
        (n,) of the parts, for the order of equally good ones; their volumes where None.
    due
        Whose turn is when; None: nothing is known of that.
    further
        What is tried where no part can leave by one move.
    best, width
        Orders wanted; partial orders kept at each step (beam search). A wider beam finds cheaper ones.
    progress
        Told the share of the parts placed.
    """
    weights = np.array([part.volume for part in blocking.parts]) if weights is None else weights
    price = _Price(blocking, weights / max(float(weights.max(initial=0.0)), 1e-300), support, cost, base, rules, due)
    states, looked = _taken_apart(price, further, base, max(width, best), progress)
    states.sort(key=lambda state: state.least)
    return tuple(_finished(state, base, looked) for state in states[:best])


def _taken_apart(
    price: "_Price", further: Further, base: frozenset[int], width: int, progress: Callable[[float], None]
) -> "tuple[list[_State], Looked | None]":
    """Return the cheapest ways to take everything apart, or as far as it goes; and how much was looked at then."""
    states, tried_finer = [price.whole()], False
    while True:
        states = _take_singles(states, price, width, progress)
        left = states[0].remaining.copy()
        left[list(base)] = False
        if left.sum() <= (0 if base else 1):
            return states, None
        group = smallest_group(price.blocking.blocked, states[0].remaining, price.blocking.barred, base)
        if group is None or len(group[1]) > 1:
            more = None if tried_finer else further.finer(price.blocking, states[0].remaining)
            tried_finer = True
            if more is not None:
                price.blocking = _joined(price.blocking, more)
                states = [price.recounted(state) for state in states]
                continue
            grown = _by_more_moves(states, price, further, base, can_leave=group is not None)
            if not isinstance(grown, Looked | None):
                states = grown
                continue
            if group is None:
                return states, grown
        states = [_without(state, group[0], group[1], price) for state in states]


def _by_more_moves(
    states: "list[_State]", price: "_Price", further: Further, base: frozenset[int], *, can_leave: bool
) -> "list[_State] | Looked | None":
    """Return states less what leaves by several moves, or how much was looked at in vain.

    ``can_leave``: a group could leave by one move; then a single part by several of its own is still better.
    """
    remaining, looked = states[0].remaining, None
    if not can_leave:
        found = further.moves(price.blocking, remaining, base)
        if isinstance(found, Freed):
            return [price.moved(state, found) for state in states]
        if isinstance(found, tuple):
            return [price.along(state, *found) for state in states]
        looked = found
    wound = further.legs(price.blocking, remaining, base)
    if wound is None and not can_leave:
        wound = further.turning(price.blocking, remaining, base)
    return looked if wound is None else [price.along(state, *wound) for state in states]


def count_sequences(
    blocking: Blocking, *, base: frozenset[int] = frozenset(), rules: Sequence[Before] = ()
) -> int | None:
    """Return in how many orders the parts can be placed one by one; None where that is too much to count."""
    directions, count = range(len(blocking.directions)), len(blocking.parts)
    waits = [{_mask(blocking.blocked[d, k]) for d in directions if not blocking.barred[d, k]} for k in range(count)]

    def may_place(part: int, placed: int) -> bool:
        return any(not waiting & placed for waiting in waits[part])

    return count_orders(len(blocking.parts), rules, may_place, sum(1 << part for part in base))


def _mask(row: BoolArray) -> int:
    return int.from_bytes(np.packbits(row, bitorder="little").tobytes(), "little")


@dataclass(slots=True, eq=False)
class _Price:
    """What taking a part away costs."""

    blocking: Blocking
    relative: FloatArray
    support: Support
    cost: OrderCost
    base: frozenset[int]
    rules: Sequence[Before]
    due: Due | None = None

    def whole(self) -> _State:
        """Return the state in which all parts stand."""
        count = len(self.blocking.parts)
        counts = self.blocking.blocked.sum(axis=2, dtype=np.int32)
        state = _State(np.ones(count, dtype=np.bool_), counts, np.zeros(count), np.zeros(count), -1, 0.0)
        self._weigh(state, range(count), range(count))
        return state

    def recounted(self, state: _State) -> _State:
        """Return a state for the present directions."""
        counts = (self.blocking.blocked & state.remaining).sum(axis=2, dtype=np.int32)
        return replace(state, counts=counts)

    def choices(self, state: _State, most: int) -> list[tuple[float, int, int]]:
        """Return the cheapest parts that may leave: cost of the whole at least, part, direction; ``most`` of them."""
        free = (state.counts == 0) & state.remaining & ~self.blocking.barred
        free[:, list(self.base)] = False
        rise = self.blocking.directions[:, 2]
        turn = (np.arange(len(rise)) != state.last) * float(state.last >= 0)
        along = np.where(free, (self.cost.sideways * (1.0 - rise) + self.cost.turn * turn)[:, None], np.inf)
        late = self.cost.heavy_late * float(state.remaining.mean())
        total = state.least + along.min(axis=0) + late * self.relative + state.loosening + self._ahead(state)
        top = np.array([part.bounds[1, 2] for part in self.blocking.parts])
        # of equally cheap ones the highest leaves first, then the lightest
        order = np.lexsort((self.relative, -top, np.round(total, 9)))
        found, placed = list[tuple[float, int, int]](), _mask(state.remaining) if self.rules else 0
        for part in order:
            one = int(part)
            if len(found) == most or not np.isfinite(total[one]):
                break
            if all(rule.allows(one, placed & ~(1 << one)) for rule in self.rules):
                found.append((float(total[one]), one, int(np.argmin(along[:, one]))))
        return found

    def _ahead(self, state: _State) -> FloatArray:
        """Return (n,) what it costs that turns later than a part's own have not left: it comes before others then."""
        if self.due is None:
            return np.zeros(len(state.remaining))
        level = self.due.level
        there = state.remaining.copy()
        there[list(self.base)] = False
        present = np.bincount(level[there & (level >= 0)], minlength=int(level.max(initial=0)) + 1) > 0
        later = np.append(np.cumsum(present[::-1])[::-1], 0)
        return self.cost.ahead * np.where(level >= 0, later[level + 1], 0).astype(np.float64)

    def without(self, state: _State, group: tuple[int, ...], direction: int, spent: float, step: Step) -> _State:
        """Return a state less a group."""
        rows, remaining = list(group), state.remaining.copy()
        remaining[rows] = False
        counts = state.counts - self.blocking.blocked[:, :, rows].sum(axis=2, dtype=np.int32)
        hold = float(state.hanging[rows].sum())
        following = _State(
            remaining, counts, state.hanging.copy(), state.loosening.copy(), direction,
            state.cost + spent + hold, (*state.taken, step),
        )  # fmt: skip
        around = self._around(group)
        self._weigh(following, around, around | self._around(around))
        return following

    def along(self, state: _State, part: int, path: Path) -> _State:
        """Return a state less a part that leaves along a path."""
        remaining = state.remaining.copy()
        remaining[part] = False
        first = path.poses[1] - path.poses[0]
        length = float(np.linalg.norm(first[:3, 3]))
        way = first[:3, 3] / length if length > 0.0 else np.array([0.0, 0.0, -1.0])
        step = Step((part,), way, self.carried(part, remaining), path=path)
        return self.without(state, (part,), -1, self.cost.turn * len(path.poses), step)

    def moved(self, state: _State, freed: Freed) -> _State:
        """Return a state less what leaves by moves of several parts."""
        remaining, group = state.remaining.copy(), freed.leaving
        remaining[list(group)] = False
        last = freed.moves[-1].shift
        inner = group_order(self.blocking, group)
        carried = any(self.carried(part, remaining) for part in group)
        step = Step(group, -last / float(np.linalg.norm(last)), carried, inner, motion=motion_of(freed))
        return self.without(state, group, -1, self.cost.turn * len(freed.moves), step)

    def carried(self, part: int, remaining: BoolArray) -> bool:
        """Return whether a part stays by itself on what remains."""
        return self.support.value(part, remaining) >= 1.0

    def _around(self, parts: Iterable[int]) -> set[int]:
        return {other for part in parts for other in self.support.near.get(part, ())}

    def _weigh(self, state: _State, hanging: Iterable[int], loosening: Iterable[int]) -> None:
        """Bring a state's costs of what is not carried up to date for some parts."""
        remaining = state.remaining
        for part in hanging:
            if remaining[part]:
                state.hanging[part] = self._hanging(part, remaining)
        for part in loosening:
            if remaining[part]:
                remaining[part] = False
                others = [k for k in self.support.near.get(part, ()) if remaining[k]]
                state.loosening[part] = sum(self._hanging(k, remaining) - state.hanging[k] for k in others)
                remaining[part] = True

    def _hanging(self, part: int, remaining: BoolArray) -> float:
        if self.due is not None and self.due.hangs[part]:
            return 0.0
        before = remaining[part]
        remaining[part] = False
        value = self.support.value(part, remaining)
        remaining[part] = before
        return self.cost.unsupported * (1.0 - value) ** self.cost.fastened


def _take_singles(states: list[_State], price: _Price, width: int, progress: Callable[[float], None]) -> list[_State]:
    """Take away single parts as long as there are any that may leave."""
    floor = 0 if price.base else 1
    while True:
        grown = [
            (total, state, part, direction)
            for state in states
            if state.remaining.sum() > floor
            for total, part, direction in price.choices(state, 4 * width)
        ]
        if not grown:
            return states
        grown.sort(key=lambda one: round(one[0], 9))
        kept, seen = list[_State](), dict[tuple[bytes, int], int]()
        for total, state, part, direction in grown:
            remaining = state.remaining.copy()
            remaining[part] = False
            key = (remaining.tobytes(), direction)
            if seen.get(key, 0) >= max(1, width // 8):
                continue
            seen[key] = seen.get(key, 0) + 1
            spent = total - state.least - float(state.loosening[part])
            step = Step((part,), -price.blocking.directions[direction], price.carried(part, remaining))
            kept.append(price.without(state, (part,), direction, spent, step))
            if len(kept) == width:
                break
        states = kept
        progress(1.0 - float(states[0].remaining.mean()))


def _without(state: _State, direction: int, group: tuple[int, ...], price: _Price) -> _State:
    """Take a group away as one, after finding how it goes together by itself."""
    remaining = state.remaining.copy()
    remaining[list(group)] = False
    carried = any(price.carried(part, remaining) for part in group)
    inner = group_order(price.blocking, group)
    step = Step(group, -price.blocking.directions[direction], carried, inner)
    return price.without(state, group, direction, price.cost.turn, step)


def group_order(blocking: Blocking, group: tuple[int, ...], further: Further = NOTHING_FURTHER) -> tuple[Step, ...]:
    """Return how a group goes together by itself; what cannot be told apart comes as one step without a direction."""
    if len(group) == 1:
        return ()
    order = orders(blocking.among(np.array(group)), width=1, further=further)[0]
    return tuple(_renumbered(step, group) for step in order.steps)


def _renumbered(step: Step, group: tuple[int, ...]) -> Step:
    inner = tuple(_renumbered(one, group) for one in step.inner)
    motion = None if step.motion is None else step.motion.renumbered([(one,) for one in group])
    return Step(tuple(group[k] for k in step.parts), step.insertion, step.supported, inner, step.path, motion)


def _finished(state: _State, base: frozenset[int], looked: Looked | None) -> Order:
    """Return the order that a state has taken apart, the other way round."""
    left = [int(k) for k in np.flatnonzero(state.remaining) if int(k) not in base]
    steps = state.taken[::-1]
    locked = tuple(left) if len(left) > 1 or (left and base) else ()
    if left:
        first = Step(tuple(left), None if locked else np.array([0.0, 0.0, -1.0]), True)
        steps = (first, *steps)
    return Order(steps, state.least, locked, looked)


def _joined(blocking: Blocking, more: Blocking) -> Blocking:
    return Blocking(
        blocking.parts, blocking.rule, np.vstack([blocking.directions, more.directions]),
        np.concatenate([blocking.blocked, more.blocked]), blocking.overlapping, blocking.narrow + more.narrow,
        np.concatenate([blocking.barred, more.barred]), blocking.reach,
        np.concatenate([blocking.beyond, more.beyond]),
    )  # fmt: skip
