"""Lots that sorting found bad go on in records that exist, are open, and are about them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal as D

import pytest

from geometry.verdict import Outcome
from tests.reference.ncr_cases import DAY, NOW, draft, in_verification, opened
from twin.disposition import ChildLot, Decision, DispositionLine
from twin.ncr import NonConformance, State
from twin.sorting import missing_in_children

SORT = DispositionLine("so", Decision.SORT, D(2), "mixed", ("A", "B"), instruction="SI-1")
GOOD = ChildLot("g", D(1), Outcome.PASS, ("A",))
BAD = ChildLot("b", D(1), Outcome.FAIL, ("B",), ncr="c" * 32)
CHILD = replace(opened(), id="c" * 32, number="NCR-0002", global_ids=("B",), quantity=D(1))


def parent() -> NonConformance:
    return in_verification(SORT)


def lacks(*children: NonConformance, lot: ChildLot = BAD, of: NonConformance | None = None) -> str:
    return "; ".join(missing_in_children(of or parent(), (GOOD, lot), {child.id: child for child in children}))


def test_a_failed_lot_goes_on_in_an_open_record_about_it() -> None:
    assert lacks(CHILD) == ""
    assert lacks(replace(CHILD, global_ids=("B", "C"), quantity=D(2), state=State.UNDER_REVIEW)) == ""
    assert lacks(lot=replace(BAD, ncr=None)) == "", "that one is missing at all, the line's own gate says"
    assert missing_in_children(parent(), (replace(GOOD, ncr="x"),), {}) == (), "what passed goes on nowhere"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"state": State.VOID}, "not NCR-0002, which is void"),
        ({"state": State.REJECTED}, "which is rejected"),
        ({"state": State.DRAFT, "number": ""}, "not the draft, which is draft"),
        ({"global_ids": ("Z",)}, "element B in NCR-0002"),
        ({"unit": "m3"}, "a quantity in element in NCR-0002"),
        ({"quantity": D("0.5")}, "a quantity of 1 element in NCR-0002, not 0.5"),
        ({"project": "x" * 32}, "another nonconformance record of this project"),
    ],
)
def test_what_does_not_take_it_up_is_refused(change: dict[str, object], said: str) -> None:
    assert said in lacks(replace(CHILD, **change))  # pyright: ignore[reportArgumentType]


def test_one_that_does_not_exist_or_is_the_sorted_one_itself_is_none() -> None:
    assert "another nonconformance record of this project, not cccc" in lacks()
    own = replace(BAD, ncr=parent().id)
    assert "another nonconformance record" in lacks(parent(), lot=own)


def test_one_record_takes_up_no_more_than_it_is_about() -> None:
    lots = (BAD, replace(BAD, id="b2", global_ids=("A",)))
    child = replace(CHILD, global_ids=("A", "B"))
    missing = missing_in_children(parent(), lots, {child.id: child})
    assert missing == ("a quantity of 2 element in NCR-0002, not 1",)


def test_a_closed_one_counts_if_it_was_opened_for_this() -> None:
    shut = replace(CHILD, state=State.CLOSED)
    assert lacks(shut) == ""
    long_ago = replace(shut, steps=tuple(replace(step, at=NOW - 300 * DAY) for step in shut.steps))
    assert "which is closed" in lacks(long_ago)
    assert lacks(replace(long_ago, state=State.OPEN)) == "", "still open: it has not been settled"
    assert "which is closed" in lacks(replace(shut, steps=()))


def test_material_is_named_by_its_lot() -> None:
    delivery = replace(parent(), global_ids=(), lot="delivery 88", raised_at=NOW - timedelta(days=1))
    lot = replace(BAD, global_ids=())
    child = replace(CHILD, global_ids=(), lot="Delivery 88, cracked bars")
    assert lacks(child, lot=lot, of=delivery) == ""
    assert "'delivery 88' as the lot of NCR-0002" in lacks(replace(child, lot="delivery 9"), lot=lot, of=delivery)
    assert draft().unit == "element"
