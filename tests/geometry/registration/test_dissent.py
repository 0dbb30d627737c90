"""One element against one: neither the larger nor the better seen of the two is right for that."""

import numpy as np
import pytest

from geometry.registration.consensus import Mode, anneal
from geometry.registration.dissent import dissenting_modes, division
from geometry.registration.votes import Votes
from tests.geometry.registration.few_elements import Plate, room, votes_of

SCALE = 0.006


def settled(votes: Votes) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], tuple[Mode, ...]]:
    """Return the consent at the true pose, and what the dissenters want."""
    _, consent = anneal(votes, np.zeros((1, 6)), np.full(1, SCALE))
    return consent[0], dissenting_modes(votes, consent[0], SCALE)


@pytest.mark.parametrize("off", [0.022, 0.03, 0.05, -0.04])
def test_a_ceiling_that_disagrees_with_a_floor_six_times_as_large_is_heard(off: float) -> None:
    votes = votes_of(room(ceiling=off), np.random.default_rng(0))
    consent, modes = settled(votes)
    assert len(modes) == 1
    assert modes[0].step[5] == pytest.approx(-off, abs=0.002)  # the scan would have to go the other way
    divided = division(votes, consent, modes[0])
    assert divided.is_near_tie
    assert divided.apart == pytest.approx(abs(off), abs=0.003)


def test_one_against_three_is_outvoted() -> None:
    more = [Plate((2, 2, 0.8), (0, 0, 1), 2), Plate((-2, 1, 0.4), (0, 0, 1), 2)]
    votes = votes_of(room(ceiling=0.03) + more, np.random.default_rng(1))
    consent, modes = settled(votes)
    assert not any(division(votes, consent, mode).is_near_tie for mode in modes)


def test_where_all_agree_nobody_dissents() -> None:
    assert settled(votes_of(room(), np.random.default_rng(2)))[1] == ()
