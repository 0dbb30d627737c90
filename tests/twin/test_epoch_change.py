"""What became of an element between two scans: nothing is claimed from what was not seen, nor within U."""

import json
from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.web.planted_epochs import Sight, sight
from twin.element_state import Seen
from twin.epoch_change import EpochChange, Look, Why, difference, moved
from twin.epoch_differences import Looks, differences
from twin.revision_diff import Change


def look(one: Sight) -> Look:
    told = one.measured("E")
    return Look(one.seen, told["measurements"], told["pose"])


def change(before: Sight, after: Sight, design: Change | None = Change.NONE) -> str:
    found = difference(look(before), look(after), design)
    return str(found.why or found.change)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (sight("absent"), sight("passed", 1), "built"),
        (sight("absent"), sight("unjudged"), "built"),
        (sight("absent"), sight("failed", 20), "built_failing"),
        (sight("passed", 1), sight("absent"), "gone"),
        (sight("absent"), sight("absent"), "none"),
        (sight("passed", 1), sight("failed", 20), "newly_failing"),
        (sight("failed", 20), sight("passed", 1), "repaired"),
        (sight("failed", 20), sight("passed", 1, limit=30.0), "other_requirements"),
        (sight("passed", 1), sight("failed", 5, limit=2.0), "other_requirements"),
        (sight("failed", 20), sight("passed", 1, characteristic="level"), "other_requirements"),
        (sight("failed", 20), sight("passed"), "other_requirements"),
        (sight("failed", 20), sight("failed", 20, characteristic="level"), "none"),
        (sight("failed", 20), sight("in_doubt", 9), "undecided_after"),
        (sight("unjudged"), sight("failed", 20), "undecided_before"),
        (sight("passed", 1, 0.0), sight("passed", 5, 6.5), "moved"),
        (sight("passed", 1, 0.0), sight("passed", 2, 3.1), "none"),
        (sight("in_doubt", 7, 0.0), sight("passed", 1, 9.0), "moved"),
        (sight("passed", 1, 0.0), sight("failed", 20, 19.0), "newly_failing"),
        (sight("passed", 1), sight("suspect"), "design_suspect"),
    ],
)
def test_what_became_of_an_element(before: Sight, after: Sight, expected: str) -> None:
    assert change(before, after) == expected


def test_something_else_that_fails_now_is_newly_failing_also_where_something_failed_before() -> None:
    failing, sound = sight("failed", 20), sight("passed", 1, characteristic="level")
    before = Look(Seen.FAILED, [look(failing).measurements[0], look(sound).measurements[0]], None)
    level = sight("failed", 20, characteristic="level")
    after = Look(Seen.FAILED, [look(sight("passed", 1)).measurements[0], look(level).measurements[0]], None)
    assert difference(before, after).change is EpochChange.NEWLY_FAILING


def test_no_change_is_ever_claimed_from_what_was_not_seen() -> None:
    for one, other, design in product(Seen, Seen, [*Change, None]):
        before, after = look(Sight(one, 1.0, (0.0, 0.0, 0.0))), look(Sight(other, 99.0, (900.0, 0.0, 0.0)))
        found = difference(before, after, design)
        if {Seen.NOT_SEEN, Seen.SUSPECT} & {one, other} or design not in (Change.NONE, Change.PROPERTIES):
            assert (found.change, found.move) == (EpochChange.NOT_COMPARABLE, None)
        assert (found.why is None) == (found.change is not EpochChange.NOT_COMPARABLE)
        missing = difference(None, after, design), difference(before, None, design)
        assert [m.why for m in missing] == [Why.NOT_IN_DESIGN_BEFORE, Why.NOT_IN_DESIGN_AFTER]


def pose(place: Any, spread: Any) -> Mapping[str, Any]:
    return {"translation_mm": list(place), "uncertainty_mm": list(spread), "coverage_factor": 2.0}


def test_a_movement_needs_an_axis_that_both_show_and_an_uncertainty() -> None:
    one, other = pose((0.0, None, 0.0), (2.0, None, 2.0)), pose((None, 50.0, 90.0), (None, 2.0, 0.0))
    assert moved(one, other) is None
    assert moved(one, None) is None
    shared = moved(one, pose((None, 70.0, 3.0), (None, 2.0, 2.0)))
    assert shared is not None
    assert (shared.by_mm, shared.length_mm, shared.is_beyond) == ((None, None, 3.0), 3.0, True)
    assert shared.uncertainty_mm == pytest.approx(np.hypot(2.0, 2.0), abs=1e-3)


@given(st.lists(st.floats(-50, 50), min_size=3, max_size=3), st.lists(st.floats(0.1, 20), min_size=6, max_size=6))
def test_a_movement_is_beyond_its_uncertainty_only_if_some_axis_is(shift: list[float], spread: list[float]) -> None:
    found = moved(pose((0.0, 0.0, 0.0), spread[:3]), pose(shift, spread[3:]))
    assert found is not None
    assert found.length_mm == pytest.approx(float(np.linalg.norm(shift)), abs=1e-3)
    if found.is_beyond:
        assert any(abs(s) > np.hypot(a, b) for s, a, b in zip(shift, spread[:3], spread[3:], strict=True))


@pytest.mark.parametrize("correlation", [-0.95, 0.0, 0.95])
def test_what_did_not_move_is_said_to_in_at_most_5_of_100_cases(correlation: float) -> None:
    rng = np.random.default_rng(3)
    sigma = np.array([1.0, 2.0, 0.5])
    both = np.full((3, 3), abs(correlation)) + (1 - abs(correlation)) * np.eye(3)
    signs = np.array([1.0, np.sign(correlation) or 1.0, 1.0])
    shake = rng.multivariate_normal(np.zeros(3), both * np.outer(sigma * signs, sigma * signs), size=(4000, 2))
    said = sum(moved(pose(a, 2 * sigma), pose(b, 2 * sigma)).is_beyond for a, b in shake)  # type: ignore[union-attr]
    assert said / 4000 <= 0.05


_PLACES = st.none() | st.sampled_from([0.0, 1.5, 3.0, 9.0, -40.0])
_SIGHTS = st.builds(
    Sight,
    st.sampled_from(Seen),
    st.none() | st.sampled_from([1.0, 7.5, 20.0]),
    st.none() | st.tuples(_PLACES, _PLACES, _PLACES),
    st.sampled_from([2.0, 8.0]),
    st.sampled_from(["position", "level"]),
)


def _columns(sights: list[Sight | None]) -> Looks:
    told = [None if one is None else one.measured("E") for one in sights]
    poses = [(one or {}).get("pose") for one in told]
    places = [(None,) * 3 if pose is None else pose["translation_mm"] for pose in poses]
    spreads = [(None,) * 3 if pose is None else pose["uncertainty_mm"] for pose in poses]
    return Looks(
        [None if one is None else one.seen for one in sights],
        np.array(places, float).reshape(-1, 3),
        np.array(spreads, float).reshape(-1, 3) / 2.0,
        [None if one is None else json.dumps(one["measurements"]) for one in told],
    )


@given(st.lists(st.tuples(st.none() | _SIGHTS, st.none() | _SIGHTS, st.none() | st.sampled_from(Change)), max_size=30))
def test_many_at_once_are_told_as_each_is(pairs: list[tuple[Sight | None, Sight | None, Change | None]]) -> None:
    before, after, design = [one for one, _, _ in pairs], [one for _, one, _ in pairs], [one for _, _, one in pairs]
    told = differences(_columns(before), _columns(after), design)
    for n, (was, now, became) in enumerate(pairs):
        one = difference(None if was is None else look(was), None if now is None else look(now), became)
        assert (told.change[n], told.why[n]) == (one.change, one.why)
        if one.move is None:
            assert told.moved_mm[n] is told.moved_uncertainty_mm[n] is None
        else:
            assert told.moved_mm[n] == pytest.approx(one.move.length_mm, abs=0.0011)
            assert told.moved_uncertainty_mm[n] == pytest.approx(one.move.uncertainty_mm, abs=0.0011)
