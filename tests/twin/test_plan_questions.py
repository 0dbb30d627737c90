"""The inspection that an item of a plan asks for is one that the plan takes for it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.access import Capacity
from twin.characteristic import CharacteristicKind, Weight
from twin.errors import Refused
from twin.execution_record import PlanExecution
from twin.inspection_plan import (
    Criterion,
    Frequency,
    FrequencyKind,
    Method,
    PlanItem,
    PlanPoint,
    PointCode,
    Reference,
    Stage,
)
from twin.plan_coverage import answered_elements
from twin.plan_questions import inspection_for, questions_of

POINTS = (PlanPoint(Capacity.CONTRACTOR, PointCode.INSPECT),)
CRITERIA = (
    Criterion(Decimal(-8), Decimal(8), "mm"), Criterion(upper=Decimal("0.01"), unit="m"), Criterion(answers=("yes",)),
    Criterion(answers=("No",)), Criterion(answers=("yes", "no")), Criterion(answers=("C30/37", "C35/45")),
    Criterion(statement="free of honeycombs"),
)  # fmt: skip
FREQUENCIES = (
    Frequency(), Frequency(FrequencyKind.SAMPLE, Decimal(5)), Frequency(FrequencyKind.PERCENT, Decimal(20)),
    Frequency(FrequencyKind.PER_QUANTITY, Decimal(3), "pcs"),
)  # fmt: skip


def item(criterion: Criterion, frequency: Frequency = FREQUENCIES[0], names: tuple[str, ...] = ("a",)) -> PlanItem:
    return PlanItem(
        "1" * 32, 1, "columns", Stage.AFTER, names, Reference("GB 50204-2015", "8.3.2"), criterion, Method.TAPE, POINTS,
        frequency,
    )  # fmt: skip


def execution(lot: int, identifier: str = "e" * 32) -> PlanExecution:
    ids = tuple(f"E{n:021d}" for n in range(lot))
    return PlanExecution(identifier, "p" * 32, "2" * 32, "T-ITP-0001", 1, "1" * 32, "columns", POINTS, "3" * 32, ids)


@given(
    st.sampled_from(CRITERIA), st.sampled_from(FREQUENCIES), st.integers(1, 60),
    st.lists(st.sampled_from(("axis_position", "plumb", "clean")), min_size=1, max_size=3, unique=True),
)  # fmt: skip
def test_what_is_planned_for_an_item_speaks_for_it(
    criterion: Criterion, frequency: Frequency, lot: int, names: list[str]
) -> None:
    asked, begun = item(criterion, frequency, tuple(names)), execution(lot)
    made = inspection_for(begun, asked, "i" * 32, "T-INS-0001", quantity=None, unit="")
    answered = answered_elements(asked, made)
    assert answered == set(begun.global_ids)
    assert made.pin is not None
    assert (made.pin.plan, made.pin.item) == (begun.plan, begun.item)
    assert all(question.weight is Weight.MAIN and question.required for question in made.characteristics)


def test_each_kind_of_criterion_becomes_its_kind_of_question() -> None:
    found = [questions_of(item(criterion))[0] for criterion in CRITERIA]
    number, yes_no, choice = CharacteristicKind.NUMERIC, CharacteristicKind.BOOLEAN, CharacteristicKind.CHOICE
    assert [one.kind for one in found] == [number, number, yes_no, yes_no, choice, choice, yes_no]
    assert [found[2].expected, found[3].expected] == [True, False]
    assert (found[4].choices, found[4].conforming) == (("yes", "no", "something else"), ("yes", "no"))
    assert found[6].source == "GB 50204-2015, 8.3.2: free of honeycombs"


def test_the_sample_is_nobodys_choice_and_counts_as_the_plan_counts() -> None:
    few = item(CRITERIA[0], FREQUENCIES[1])
    drawn = [
        inspection_for(execution(40, name * 32), few, "i" * 32, "T-INS-0001", quantity=None, unit="").sample.global_ids
        for name in ("a", "a", "b")
    ]
    assert len(drawn[0]) == 5
    assert drawn[0] == drawn[1] != drawn[2]
    by_volume = item(CRITERIA[0], Frequency(FrequencyKind.PER_QUANTITY, Decimal(10), "m³"))
    with pytest.raises(Refused, match="counts m³"):
        inspection_for(execution(9), by_volume, "i" * 32, "T-INS-0001", quantity=None, unit="")
    made = inspection_for(execution(9), by_volume, "i" * 32, "T-INS-0001", quantity=Decimal(35), unit="m³")
    assert len(made.sample.global_ids) == 4
