"""What makes a joint go together that does not: the fewest holes to ream and shims to put in, and how much of each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice
from math import floor

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from geometry.pose import Pose
from simulation.fitup.joint import Bolt, Gap, Hole, Joint, Part
from simulation.fitup.minimax import Judged, Misfits, can_fit, judged, minimax
from simulation.fitup.problem import Drawn, gap_values, misfits_of, nominal

_MOST_TRIED, _AT_A_TIME = 20_000, 32
_HALVINGS = 14
_MOST_SURE = 60
_SIGMAS = 3.0
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Ream:
    """A hole to ream in both parts."""

    hole: str
    diameter: float
    """To which, at least, metres."""


@dataclass(frozen=True, slots=True)
class Shim:
    """A gap to fill."""

    gap: str
    thickness: float
    """Of the pack, metres; a multiple of the step."""


@dataclass(frozen=True, slots=True, eq=False)
class Rework:
    """What would make a joint go together."""

    works: bool
    """Whether what may be reworked is enough."""
    reams: tuple[Ream, ...]
    shims: tuple[Shim, ...]
    fewest: bool
    """Whether every smaller choice was tried and fails."""
    joint: Joint
    """The joint after it."""
    allowed: bool = True
    """Whether anything may be reworked at all."""


def fewest_reworked(joint: Joint, drawn: Drawn, start: Pose, sure: Callable[[Joint], bool]) -> Rework:
    """Return the fewest holes and gaps that, reworked, make a joint go together, and how little of it is enough.

    Every choice of one, then of two and so on is tried, up to 20,000; beyond, what is needed least is left out one by
    one, and nothing is said of fewest. The first choice that ``sure`` is content with is taken, and as little of it as
    it is still content with; where none is, the first, and as little as the most probable state needs.
    """
    able = [k for k, bolt in enumerate(joint.bolts) if bolt.ream_to is not None]
    shimmed = [k for k, gap in enumerate(joint.gaps) if gap.shim_step is not None]
    actions = [("ream", k) for k in able] + [("shim", k) for k in shimmed]
    nothing = Rework(False, (), (), False, joint, allowed=bool(actions))
    full = np.ones((1, len(actions)), dtype=np.bool_)
    if not actions:
        return nothing
    choices = _Choices(joint, drawn, start, actions)
    if not choices.judged(full)[0][0]:
        return nothing
    first, trials = None, 0
    for choice, fewest in _smallest(choices, _Refuted(joint, actions), len(actions)):
        chosen = [action for action, taken in zip(actions, choice, strict=True) if taken]
        first, trials = first or (chosen, fewest), trials + 1
        if sure((done := _as_little(joint, start, chosen, fewest, sure)).joint):
            return done
        if trials == _MOST_SURE:
            break
    assert first is not None  # all of them together were enough
    return _as_little(joint, start, *first, lambda _: True)


def reamable(joint: Joint) -> Joint:
    """Return a joint all of whose holes may be reamed, as wide as twice what is in them."""
    bolts = list[Bolt]()
    for bolt in joint.bolts:
        widest = max(bolt.diameter, *(part.holes[bolt.hole].diameter for part in (joint.fixed, joint.moving)))
        bolts.append(replace(bolt, ream_to=2.0 * widest))
    return replace(joint, bolts=tuple(bolts))


def _smallest(choices: "_Choices", refuted: "_Refuted", count: int) -> Iterator[tuple[BoolArray, bool]]:
    """Yield choices (a,) with which the most probable state fits, the smallest first, and whether that is sure."""
    tried = 0
    for size in range(1, count + 1):
        every = combinations(range(count), size)
        while block := list(islice(every, 1000)):
            masks = np.zeros((len(block), count), dtype=np.bool_)
            for row, choice in enumerate(block):
                masks[row, list(choice)] = True
            left = np.arange(len(block))
            while len(left := left[refuted.may_work(masks[left])]):
                some, left = left[:_AT_A_TIME], left[_AT_A_TIME:]
                works, found = choices.judged(masks[some])
                refuted.learn(masks[some], found.deciding)
                for row in some[works]:
                    yield masks[row], True
            tried += len(block)
            if tried >= _MOST_TRIED:
                yield _left_out(choices, count), False
                return


class _Refuted:
    """What was learnt of choices that do not work: holes that, reamed as far as in those, no motion keeps.

    A choice that reams none of these holes but what the refuted one did cannot work either.
    """

    def __init__(self, joint: Joint, actions: list[tuple[str, int]]) -> None:
        self._reams = np.array([k if kind == "ream" else -1 for kind, k in actions])
        self._bolts = max(1, len(joint.bolts))
        self._needed = np.empty((0, len(actions)), dtype=np.bool_)

    def may_work(self, masks: BoolArray) -> BoolArray:
        """Return which choices (n, a) nothing that is known refutes."""
        open_ = np.ones(len(masks), dtype=np.bool_)
        for needed in self._needed:
            open_ &= masks[:, needed].any(axis=1)
        return open_

    def learn(self, masks: BoolArray, deciding: Sequence[IntArray | None]) -> None:
        """Take in why choices (n, a) do not work."""
        found = [self._needed]
        for mask, holes in zip(masks, deciding, strict=True):
            if holes is not None:
                bolts = np.unique(holes % self._bolts)
                found.append(((self._reams < 0) | np.isin(self._reams, bolts)) & ~mask)
        self._needed = np.unique(np.concatenate([np.atleast_2d(row) for row in found]), axis=0)


def _left_out(choices: "_Choices", count: int) -> BoolArray:
    """Return what is left when whatever is not needed is left out, in order."""
    mask = np.ones((1, count), dtype=np.bool_)
    x = choices.judged(mask)[1].motions
    for k in range(count):
        mask[0, k] = False
        if choices.keeps(mask, x):  # nothing of it was needed
            continue
        works, found = choices.judged(mask)
        mask[0, k] = not works[0]
        x = found.motions if works[0] else x
    return mask[0]


class _Choices:
    """Choices (n, a) of actions, each taken as far as it may go."""

    def __init__(self, joint: Joint, drawn: Drawn, start: Pose, actions: list[tuple[str, int]]) -> None:
        everything = _reworked(joint, actions, 1.0)
        self._before, self._room = misfits_of(joint, drawn, start), drawn.room
        self._after = misfits_of(everything, nominal(everything), start)
        self._widened = nominal(everything).room[0]
        self._bolts = len(joint.bolts)
        self._reams = [(column, k) for column, (kind, k) in enumerate(actions) if kind == "ream"]
        uppers = [k for k, gap in enumerate(joint.gaps) if np.isfinite(gap.high)]
        self._shims = [(column, uppers.index(k)) for column, (kind, k) in enumerate(actions) if kind == "shim"]

    def judged(self, masks: BoolArray) -> tuple[BoolArray, Judged]:
        """Return which choices make the joint go together, and how, and why not."""
        misfits, passes = self._misfits(masks)
        found = judged(misfits)
        return passes & found.fits, found

    def keeps(self, mask: BoolArray, x: FloatArray) -> bool:
        """Return whether a motion (1, p) keeps all with a choice (1, a)."""
        misfits, passes = self._misfits(mask)
        return bool(passes[0] and misfits.worst(x)[0] <= 0.0)

    def _misfits(self, masks: BoolArray) -> tuple[Misfits, BoolArray]:
        before, after, count = self._before, self._after, len(masks)
        slack, over = np.repeat(before.slack, count, axis=0), np.repeat(before.over, count, axis=0)
        room = np.repeat(self._room, count, axis=0)
        if self._reams:
            columns, bolts = np.array(self._reams).T
            taken = masks[:, columns]
            room[:, bolts] = np.where(taken, self._widened[bolts], room[:, bolts])
            for end in range(0, slack.shape[1], max(1, self._bolts)):
                # as wide at both ends, as far as the first of them says
                slack[:, end + bolts] = np.where(taken, after.slack[0, bolts], slack[:, end + bolts])
        for column, row in self._shims:
            over[masks[:, column], row] = after.over[0, row]
        offset = np.repeat(before.offset, count, axis=0)
        passes = np.asarray(room.min(axis=1, initial=np.inf) >= 0.0)
        return Misfits(offset, before.turning, slack, over, before.tilting), passes


def _as_little(
    joint: Joint, start: Pose, actions: list[tuple[str, int]], fewest: bool, sure: Callable[[Joint], bool]
) -> Rework:
    """Return the actions taken no further than all of them have to go, shims in their steps."""
    everything = _reworked(joint, actions, 1.0)
    misfits = misfits_of(everything, nominal(everything), start)
    gaps = gap_values(everything, misfits, minimax(misfits))[0]
    packs = {k: _pack(joint, joint.gaps[k], float(gaps[k])) for kind, k in actions if kind == "shim"}
    filled = replace(joint, gaps=tuple(_filled(gap, packs.get(k, 0.0)) for k, gap in enumerate(joint.gaps)))
    reamed = [(kind, k) for kind, k in actions if kind == "ream"]

    def fits(share: float) -> bool:
        tried = _reworked(filled, reamed, share)
        drawn = nominal(tried)
        if not can_fit(misfits_of(tried, drawn, start))[0] or drawn.room.min(initial=np.inf) < 0.0:
            return False
        return sure(tried)

    low, high = 0.0, 1.0
    if reamed and fits(0.0):
        high = 0.0  # wide enough as drawn, if it is made sure that they are
    elif reamed and fits(1.0):
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if fits(middle) else (middle, high)
    least = _reworked(filled, reamed, min(1.0, high + _TINY) if reamed else 0.0)
    holes = [joint.bolts[k].hole for _, k in reamed]
    drawn = nominal(least)
    works = bool(can_fit(misfits_of(least, drawn, start))[0]) and float(drawn.room.min(initial=np.inf)) >= 0.0
    return Rework(
        works,
        tuple(Ream(hole, _opened(least, hole)) for hole in holes),
        tuple(Shim(joint.gaps[k].name, pack) for k, pack in packs.items()),
        fewest,
        least,
    )


def _pack(joint: Joint, gap: Gap, value: float) -> float:
    """Return the pack that leaves a gap in the middle of its limits, or as far below its only one as it may vary."""
    sd = joint.gap_sd(gap)
    aim = 0.5 * (gap.low + gap.high) if np.isfinite(gap.low) else gap.high - _SIGMAS * sd
    step = gap.shim_step or 1.0
    most = floor(gap.shim_most / step + 1e-6)
    return min(most, max(0, round((value - aim) / step))) * step


def _filled(gap: Gap, pack: float) -> Gap:
    """Return a gap whose limits are those of what is left beside a pack."""
    return replace(gap, low=gap.low + pack, high=gap.high + pack)


def _reworked(joint: Joint, actions: list[tuple[str, int]], share: float) -> Joint:
    """Return a joint with holes reamed and gaps filled to a share of what may be."""
    fixed, moving, gaps = joint.fixed, joint.moving, list(joint.gaps)
    for kind, k in actions:
        if kind == "ream":
            bolt = joint.bolts[k]
            fixed, moving = (_reamed(part, bolt.hole, bolt.ream_to or 0.0, share) for part in (fixed, moving))
        else:
            gaps[k] = replace(gaps[k], high=gaps[k].high + share * gaps[k].shim_most)
    return replace(joint, fixed=fixed, moving=moving, gaps=tuple(gaps))


def _reamed(part: Part, name: str, diameter: float, share: float) -> Part:
    hole: Hole = part.holes[name]
    wide = max(hole.diameter, hole.diameter + share * (diameter - hole.diameter))
    return replace(part, holes={**part.holes, name: replace(hole, reamed=wide)})


def _opened(joint: Joint, name: str) -> float:
    """Return the diameter that a hole is reamed to: the larger one where both parts' holes are opened."""
    holes = [part.holes[name] for part in (joint.fixed, joint.moving)]
    opened = [hole.reamed for hole in holes if hole.reamed > hole.diameter]
    return max(opened, default=min(hole.reamed for hole in holes))
