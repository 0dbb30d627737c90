"""Joints with many holes: looking at the few that bind tells what looking at all of them tells."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest

from geometry.arrays import BoolArray
from geometry.pose import Pose
from simulation.fitup import minimax as solver
from simulation.fitup import rework
from simulation.fitup.joint import Bolt, Freedom, Hole, Joint, Part
from simulation.fitup.minimax import Misfits, can_fit, judged, minimax
from simulation.fitup.problem import misfits_of, nominal


def problems(seed: int, count: int, holes: int, gaps: int, p: int) -> Misfits:
    rng = np.random.default_rng(seed)
    turning = rng.normal(size=(holes, 2, p))
    size = rng.uniform(0.7, 1.6, (count, 1))
    return Misfits(
        size[..., None] * rng.normal(size=(count, holes, 2)) * 1e-3,
        turning,
        rng.uniform(2e-3, 4.5e-3, (count, holes)),
        rng.normal(-3e-3, 1e-3, (count, gaps)),
        rng.normal(size=(gaps, p)),
    )


@pytest.mark.parametrize(("holes", "gaps", "p"), [(200, 0, 3), (120, 5, 6), (90, 2, 3)])
def test_the_few_holes_that_bind_say_what_all_say(
    holes: int, gaps: int, p: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = problems(holes, 14, holes, gaps, p)
    few, told = minimax(many), judged(many)
    monkeypatch.setattr(solver, "_MANY", 10_000)
    every = minimax(many)
    size = np.abs(many.offset).max()
    # all at once may stop short of the least: the few never do worse
    assert (many.worst(few) <= many.worst(every) + 1e-8 * size).all()
    assert np.median(np.abs(many.worst(few) - many.worst(every))) < 1e-9 * size
    fits = can_fit(many)
    assert 0 < fits.sum() < 14
    assert (told.fits == fits).all()
    assert (many.worst(told.motions)[told.fits] <= 0.0).all()
    for row, holes_of in enumerate(told.deciding[:6]):
        if holes_of is not None:  # these alone, with the gaps, cannot be kept
            offset, slack = many.offset[row : row + 1, holes_of], many.slack[row : row + 1, holes_of]
            one = Misfits(offset, many.turning[holes_of], slack, many.over[row : row + 1], many.tilting)
            assert not told.fits[row]
            assert one.worst(minimax(one))[0] > 0.0
    assert sum(one is not None for one in told.deciding) > 0.8 * (~fits).sum()


def joint(seed: int, side: int, sd: float) -> Joint:
    rng, holes = np.random.default_rng(seed), (dict[str, Hole](), dict[str, Hole]())
    for k in range(side * side):
        at = np.array([0.1 * (k % side), 0.1 * (k // side), 0.0])
        for own in holes:
            off = np.append(rng.normal(0.0, sd, 2), 0.0)
            own[f"h{k}"] = Hole(f"h{k}", at + off, np.array([0.0, 0.0, 1.0]), 0.022, np.zeros((3, 3)))
    bolts = tuple(Bolt(name, 0.020, ream_to=0.026) for name in holes[0])
    return Joint("j", Part("f", holes[0], {}), Part("m", holes[1], {}), bolts, (), Freedom.PLANE)


@pytest.mark.parametrize("seed", [0, 1, 3, 4])
def test_choices_that_something_known_refutes_do_not_work(seed: int) -> None:
    """The fewest holes to ream, beside trying every choice of one, two and three of nine."""
    plates = joint(seed, 3, 1.4e-3)
    drawn, actions = nominal(plates), [("ream", k) for k in range(9)]
    choices = rework._Choices(plates, drawn, Pose.identity(), actions)  # pyright: ignore[reportPrivateUsage]
    expected = list[tuple[int, ...]]()
    for size in (1, 2, 3):
        every = list(combinations(range(9), size))
        masks = np.array([[k in one for k in range(9)] for one in every])
        expected += [one for one, works in zip(every, choices.judged(masks)[0], strict=True) if works]
    refuted = rework._Refuted(plates, actions)  # pyright: ignore[reportPrivateUsage]
    found = rework._smallest(choices, refuted, 9)  # pyright: ignore[reportPrivateUsage]
    assert first_of(found, len(expected)) == expected
    assert len(expected) > 0
    assert not can_fit(misfits_of(plates, drawn, Pose.identity()))[0]


def first_of(choices: Iterator[tuple[BoolArray, bool]], count: int) -> list[tuple[int, ...]]:
    return [tuple(int(k) for k in np.flatnonzero(mask)) for mask, _ in (next(choices) for _ in range(count))]


def test_what_is_needed_least_is_left_out_where_there_are_too_many_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rework, "_MOST_TRIED", 1)
    plates = joint(2, 8, 7e-4)
    done = rework.fewest_reworked(plates, nominal(plates), Pose.identity(), lambda tried: True)
    assert done.works
    assert 0 < len(done.reams) < 32
    kept = {ream.hole for ream in done.reams}
    for left in kept:  # none of them can be spared
        bolts = tuple(b if b.hole in kept - {left} else Bolt(b.hole, b.diameter) for b in plates.bolts)
        fewer = Joint("j", plates.fixed, plates.moving, bolts, (), plates.freedom)
        assert not rework.fewest_reworked(fewer, nominal(fewer), Pose.identity(), lambda tried: True).works
