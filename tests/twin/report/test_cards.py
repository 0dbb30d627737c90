"""What a card says of one element."""

import dataclasses

import pytest

from geometry.verdict import State
from twin.report.cards import Card, make_card
from twin.report.words import Words
from twin.result import CheckResult, ElementResult, Visibility


def card_of(building: CheckResult, state: State, seen: Visibility) -> Card:
    """Return the English card of an element of some state that was seen in some way."""
    index = next(i for i, element in enumerate(building.elements) if element.state is state)
    element = dataclasses.replace(building.elements[index], visibility=seen)
    elements: list[ElementResult] = list(building.elements)
    elements[index] = element
    return make_card(dataclasses.replace(building, elements=tuple(elements)), index, 1, Words("en"))


@pytest.fixture
def looked_through() -> Visibility:
    """Return the evidence of an element that is missing like its neighbour: more rays crossed it than met it first."""
    return Visibility(400, 320, 38, 0, rays_expected=527, passed_through=590, blocked=3)


def test_a_missing_element_never_has_more_rays_through_than_it_says_were_there(
    building: CheckResult, looked_through: Visibility
) -> None:
    card = card_of(building, State.MISSING, looked_through)
    assert [label for _, label, _ in card.visibility_shares] == [
        "590 rays went through its place",
        "3 stopped in front of it",
    ]
    assert sum(share for _, _, share in card.visibility_shares) == pytest.approx(100.0, abs=0.02)
    assert card.visibility == "Of 38 spots of its surface that the stations should see, 0 have scan points on them."
    assert not any("527" in text for text in (card.visibility, *(label for _, label, _ in card.visibility_shares)))


def test_points_about_a_missing_element_are_not_called_its_own(
    building: CheckResult, looked_through: Visibility
) -> None:
    assert [label for label, _ in card_of(building, State.MISSING, looked_through).facts] == ["Visible"]
    assert len(card_of(building, State.INSTALLED, looked_through).facts) == 3


def test_rays_at_an_installed_element_add_up_to_those_aimed_at_it(building: CheckResult) -> None:
    seen = Visibility(400, 320, 260, 240, rays_expected=5200, passed_through=17, blocked=380)
    card = card_of(building, State.INSTALLED, seen)
    assert [(key, label.split(" rays")[0].split(" stopped")[0]) for key, label, _ in card.visibility_shares] == [
        ("reached", "4\u202f820"),
        ("blocked", "380"),
    ]


def test_without_rays_there_is_no_bar(building: CheckResult) -> None:
    assert card_of(building, State.INSTALLED, Visibility(400, 0, 0, 0)).visibility_shares == ()


def test_points_that_the_deviation_leaves_out_are_accounted_for(building: CheckResult) -> None:
    index = next(i for i, element in enumerate(building.elements) if element.deviation is not None)
    whole = make_card(building, index, 1, Words("en"))
    assert whole.deviation_note == "1\u202f500 points; + = outside the material."
    elements = list(building.elements)
    elements[index] = dataclasses.replace(elements[index], points=1620)
    part = make_card(dataclasses.replace(building, elements=tuple(elements)), index, 1, Words("en"))
    assert part.deviation_note.startswith("1\u202f500 of the 1\u202f620 points: ")
