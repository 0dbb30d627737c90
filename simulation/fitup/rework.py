"""What makes a joint go together that does not: the fewest holes to ream and shims to put in, and how much of each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations, islice
from math import floor

import numpy as np

from geometry.arrays import BoolArray
from geometry.pose import Pose
from simulation.fitup.joint import Bolt, Gap, Hole, Joint, Part
from simulation.fitup.minimax import Misfits, can_fit, minimax
from simulation.fitup.problem import Drawn, gap_values, misfits_of, nominal

_MOST_TRIED = 20_000
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
    if not actions or not _works(joint, drawn, start, actions, full)[0]:
        return nothing
    first, trials = None, 0
    for choice, fewest in _smallest(joint, drawn, start, actions):
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


def _smallest(
    joint: Joint, drawn: Drawn, start: Pose, actions: list[tuple[str, int]]
) -> Iterator[tuple[BoolArray, bool]]:
    """Yield choices (a,) with which the most probable state fits, the smallest first, and whether that is sure."""
    count, tried = len(actions), 0
    for size in range(1, count + 1):
        choices = combinations(range(count), size)
        while block := list(islice(choices, 1000)):
            masks = np.zeros((len(block), count), dtype=np.bool_)
            for row, choice in enumerate(block):
                masks[row, list(choice)] = True
            for found in np.flatnonzero(_works(joint, drawn, start, actions, masks)):
                yield masks[found], True
            tried += len(block)
            if tried >= _MOST_TRIED:
                yield _left_out(joint, drawn, start, actions), False
                return


def _left_out(joint: Joint, drawn: Drawn, start: Pose, actions: list[tuple[str, int]]) -> BoolArray:
    """Return what is left when whatever is not needed is left out, in order."""
    mask = np.ones((1, len(actions)), dtype=np.bool_)
    for k in range(len(actions)):
        mask[0, k] = False
        mask[0, k] = not _works(joint, drawn, start, actions, mask)[0]
    return mask[0]


def _works(joint: Joint, drawn: Drawn, start: Pose, actions: list[tuple[str, int]], masks: BoolArray) -> BoolArray:
    """Return which choices (n, a) of actions, each taken as far as it may go, make the joint go together."""
    everything = _reworked(joint, actions, 1.0)
    before, after = misfits_of(joint, drawn, start), misfits_of(everything, nominal(everything), start)
    slack = np.repeat(before.slack, len(masks), axis=0)
    over = np.repeat(before.over, len(masks), axis=0)
    room = np.repeat(drawn.room, len(masks), axis=0)
    uppers = [k for k, gap in enumerate(joint.gaps) if np.isfinite(gap.high)]
    widened = nominal(everything).room[0]
    for column, (kind, k) in enumerate(actions):
        taken = masks[:, column]
        if kind == "ream":
            ends = slice(k, None, len(joint.bolts))
            slack[taken, ends], room[taken, k] = after.slack[0, k], widened[k]
        else:
            over[taken, uppers.index(k)] = after.over[0, uppers.index(k)]
    offset = np.repeat(before.offset, len(masks), axis=0)
    passes = room.min(axis=1, initial=np.inf) >= 0.0
    return passes & can_fit(Misfits(offset, before.turning, slack, over, before.tilting))


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
    elif reamed:
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
