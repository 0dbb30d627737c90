"""What applies to an element: its own report's limits, else what all of its like have in common."""

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.prediction.applicable import applicable
from simulation.prediction.checked import Asked, Checked, Reading
from simulation.prediction.elements import Prediction, learn_families, predict
from simulation.prediction.gross import gross


def reading(name: str, actual: float, limit: float, source: str = "table 1", u: float = 0.5) -> Reading:
    lower = -inf if name == "flatness" else -limit
    verdict = "pass" if lower <= actual <= limit else "fail"
    return Reading(name, actual, u, lower, limit, verdict, source)


def beam(name: str, *readings: Reading, asked: tuple[Asked, ...] = (), **more: object) -> Checked:
    return Checked(name, name, "IfcBeam", "L1", False, readings, "BEAM", asked, **more)  # pyright: ignore[reportArgumentType]


def predicted(elements: list[Checked]) -> dict[str, Prediction]:
    learnt = learn_families(elements, np.random.default_rng(0))
    return {one.element.name: one for one in predict(elements, learnt)}


def test_an_element_is_held_against_its_own_limits_only() -> None:
    own = beam("short", reading("slope", -0.95, 12.0, "table 2"))
    others = [beam(f"long{k}", reading("slope", 40.0 * (k % 2), 16.0, "table 2")) for k in range(6)]
    found = predicted([own, *others])["short"]
    assert [one.family for one in found.expected] == [("slope", -12.0, 12.0)]
    assert found.probability < 1e-6, "what is measured well inside is not told by others"


def test_what_was_not_measured_is_told_under_the_elements_own_limits() -> None:
    others = [beam(f"b{k}", reading("level", float(k), 10.0)) for k in range(6)]
    asked = beam("asked", asked=(Asked("level", -10.0, 10.0, "table 1"), Asked("level", -7.0, 7.0, "other")))
    found = predicted([*others, asked])["asked"]
    assert [one.family for one in found.expected] == [("level", -10.0, 10.0)], "of ±7 nothing was measured"
    named = predicted([*others, beam("named", reading("flatness", 1.0, 8.0), unknown=("level",))])["named"]
    assert {one.family[0] for one in named.expected} == {"flatness", "level"}


def test_what_its_like_do_not_all_have_is_not_predicted_of_what_was_not_seen() -> None:
    common = [beam(f"b{k}", reading("level", 0.1 * k, 10.0), reading("axis_position", 1.0, 8.0)) for k in range(4)]
    odd = beam(
        "odd", reading("level", 0.0, 10.0), reading("axis_position", 1.0, 8.0), reading("section_size", 30.0, 5.0)
    )
    every = applicable([*common, odd])
    assert [kind[0] for kind in every.to(beam("hidden"))] == ["axis_position", "level"]
    assert every.to(beam("free", exempt=True)) == ()
    assert every.to(Checked("c", "c", "IfcColumn", "L1", False, ())) == (), "nothing of its kind was judged"
    holes = [beam(f"h{k}", reading("opening_size width", 1.0, 10.0)) for k in range(4)]
    assert applicable(holes).to(beam("hidden")) == (), "whether it has an opening is the design's to say"


@pytest.mark.parametrize("class_of_the_other", ["IfcBeam", "IfcWall"])
def test_limits_that_go_by_size_are_not_guessed(class_of_the_other: str) -> None:
    """Also where the like of the element are all of one size, and only another class shows that it matters."""
    same = [beam(f"b{k}", reading("slope", 0.1, 12.0, "table 2"), reading("level", 0.1, 9.0)) for k in range(3)]
    sizes = (8.0, 16.0)
    other = [
        Checked(f"w{size}", "", class_of_the_other, "L1", False, (reading("slope", 0.1, size, "table 2"),
        reading("level", 0.1, 9.0)), "BEAM")
        for size in sizes
    ]  # fmt: skip
    assert [kind[0] for kind in applicable([*same, *other]).to(beam("hidden"))] == ["level"]


def test_one_value_under_two_pairs_of_limits_counts_once() -> None:
    two = beam("two", reading("level", 9.5, 10.0, "a", 1.0), reading("level", 9.5, 10.5, "b", 1.0))
    found = predicted([two])["two"]
    assert found.probability == pytest.approx(max(one.probability for one in found.expected))


@pytest.mark.parametrize("others", [5, 8, 30])
def test_one_gross_outlier_neither_condemns_what_was_measured_nor_all_others(others: int) -> None:
    rng = np.random.default_rng(others)
    elements = [
        beam(f"b{k}", reading("slope", value, 16.0)) for k, value in enumerate(0.3 * rng.standard_normal(others))
    ]
    hidden = beam("hidden")
    learnt = learn_families([*elements, beam("bad", reading("slope", 153.8, 16.0)), hidden], rng)
    found = {one.element.name: one for one in predict([*elements, hidden], learnt)}
    assert max(found[one.name].probability for one in elements) < 1e-6
    share = 1.0 / (others + 1)
    assert 0.5 * share < found["hidden"].probability < 2.0 * share, "as many as were seen, not what a wide normal says"
    low, high = found["hidden"].interval
    assert low < share < high
    (prior,) = learnt.features.values()
    assert abs(prior.mean) < 1.0
    assert prior.sd < 1.0


def test_far_off_values_do_not_hide_each_other_and_normal_ones_are_not_far_off() -> None:
    rng, called = np.random.default_rng(0), 0
    for _ in range(300):
        called += gross(rng.standard_normal(int(rng.integers(3, 40))), np.zeros(40)).any()
    assert called <= 1
    values = np.append(rng.standard_normal(20), [60.0, 61.0, -70.0])
    assert np.flatnonzero(gross(values, np.full(23, 0.1))).tolist() == [20, 21, 22]
    assert not gross(np.array([5.0]), np.array([0.1])).any()


@given(st.lists(st.floats(-5.0, 5.0), min_size=3, max_size=12), st.floats(0.1, 10.0))
def test_what_is_far_off_does_not_go_by_the_unit(values: list[float], unit: float) -> None:
    deviations = np.array(values)
    u = np.full(len(values), 0.1)
    assert gross(deviations, u).tolist() == gross(-unit * deviations, unit * u).tolist()
