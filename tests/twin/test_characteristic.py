from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.verdict import Outcome, judge
from twin.characteristic import (
    CharacteristicKind,
    InspectionCharacteristic,
    Reading,
    judge_reading,
    judge_value,
)
from twin.errors import Invalid

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PLUMB = InspectionCharacteristic(
    "c", "verticality", CharacteristicKind.NUMERIC, lower=Decimal(-10), upper=Decimal(10), unit="mm",
    resolution=Decimal("0.5"),
)  # fmt: skip
CLEAN = InspectionCharacteristic("b", "formwork clean", CharacteristicKind.BOOLEAN)
COLOUR = InspectionCharacteristic(
    "k", "surface class", CharacteristicKind.CHOICE, choices=("SB1", "SB2", "SB3"), conforming=("SB2", "SB3")
)
READ = Reading("c", "g", "u", NOW)
_EIGHTHS = st.integers(-400, 400).map(lambda n: Decimal(n) / 8)


@given(_EIGHTHS, _EIGHTHS, _EIGHTHS, _EIGHTHS.map(abs))
def test_it_is_the_rule_of_the_check(actual: Decimal, one: Decimal, other: Decimal, uncertainty: Decimal) -> None:
    lower, upper = sorted((one, other))
    expected = judge(float(actual), float(lower), float(upper), float(uncertainty))
    assert judge_value(actual, lower, upper, uncertainty) is expected


@pytest.mark.parametrize(("actual", "outcome"), [("8", "pass"), ("8.1", "indeterminate"), ("12.1", "fail")])
def test_the_guard_band_counts_against_who_makes_the_claim(actual: str, outcome: str) -> None:
    assert judge_value(Decimal(actual), Decimal(-10), Decimal(10), Decimal(2)).value == outcome


def test_one_sided_limits_and_what_was_not_measured() -> None:
    assert judge_value(Decimal(9), None, Decimal(10), Decimal(1)) is Outcome.PASS
    assert judge_value(Decimal(-99), None, Decimal(10), Decimal(1)) is Outcome.PASS
    assert judge_value(Decimal(3), Decimal(5), None, Decimal(1)) is Outcome.FAIL
    assert judge_value(None, None, Decimal(10), Decimal(1)) is Outcome.NOT_MEASURED
    assert judge_value(Decimal(1), None, Decimal(10), None) is Outcome.NOT_MEASURED


@pytest.mark.parametrize(("characteristic", "fields", "outcome"), [
    (PLUMB, {"number": Decimal(8), "expanded_uncertainty": Decimal(2)}, Outcome.PASS),
    (PLUMB, {"number": Decimal(8)}, Outcome.NOT_MEASURED),
    (PLUMB, {"not_measured": "no access"}, Outcome.NOT_MEASURED),
    (PLUMB, {}, Outcome.NOT_MEASURED),
    (CLEAN, {"flag": True}, Outcome.PASS), (CLEAN, {"flag": False}, Outcome.FAIL), (CLEAN, {}, Outcome.NOT_MEASURED),
    (replace(CLEAN, expected=False), {"flag": False}, Outcome.PASS),
    (COLOUR, {"choice": "SB2"}, Outcome.PASS), (COLOUR, {"choice": "SB1"}, Outcome.FAIL),
    (COLOUR, {}, Outcome.NOT_MEASURED),
    (replace(CLEAN, kind=CharacteristicKind.TEXT), {"text": "pass"}, Outcome.NOT_MEASURED),
])  # fmt: skip
def test_each_kind_of_answer(
    characteristic: InspectionCharacteristic, fields: dict[str, Any], outcome: Outcome
) -> None:
    assert judge_reading(characteristic, replace(READ, **fields)) is outcome


def test_the_instruments_uncertainty_counts_where_the_reading_brings_none() -> None:
    eight = replace(READ, number=Decimal(8))
    assert judge_reading(PLUMB, eight, Decimal(2)) is Outcome.PASS
    assert judge_reading(PLUMB, replace(eight, expanded_uncertainty=Decimal(3)), Decimal(2)) is Outcome.INDETERMINATE
    assert judge_reading(PLUMB, None, Decimal(2)) is Outcome.NOT_MEASURED


@pytest.mark.parametrize(("characteristic", "fields"), [
    (PLUMB, {"name": " "}), (PLUMB, {"lower": None, "upper": None}), (PLUMB, {"lower": Decimal(10)}),
    (PLUMB, {"upper": Decimal("NaN")}), (PLUMB, {"unit": ""}), (PLUMB, {"resolution": None}),
    (PLUMB, {"resolution": Decimal(0)}), (PLUMB, {"resolution": Decimal("NaN")}),
    (COLOUR, {"choices": ("SB2",)}), (COLOUR, {"choices": ("SB2", "SB3", "SB3")}), (COLOUR, {"conforming": ()}),
    (COLOUR, {"conforming": ("SB9",)}),
])  # fmt: skip
def test_a_question_that_cannot_be_answered_or_judged_is_refused(
    characteristic: InspectionCharacteristic, fields: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        replace(characteristic, **fields)


@pytest.mark.parametrize("fields", [
    {"number": Decimal("NaN")}, {"number": Decimal("1e12")}, {"expanded_uncertainty": Decimal("Infinity")},
    {"expanded_uncertainty": Decimal(-1)}, {"number": Decimal(1), "flag": True}, {"flag": False, "choice": "x"},
    {"number": Decimal(1), "not_measured": "rain"}, {"taken_at": datetime(2026, 1, 1)},
])  # fmt: skip
def test_what_is_no_answer_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        replace(READ, **fields)


def test_notes_and_pictures_decide_nothing() -> None:
    assert [replace(CLEAN, kind=kind).judged for kind in (CharacteristicKind.TEXT, CharacteristicKind.PHOTO)] == [
        False, False,
    ]  # fmt: skip
    assert CLEAN.judged
