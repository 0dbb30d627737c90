from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from twin.errors import Invalid, Refused
from twin.inspection_lot import (
    QuantityLedger,
    accept,
    acceptance_number,
    count_inspected,
    draw_sample,
    minimum_sample,
    reject,
    restore,
    whole_lot,
)

# GB 50300-2013, table 3.0.9: first and last lot size of each line
TABLE = [(2, 15, 2), (16, 25, 3), (26, 90, 5), (91, 150, 8), (151, 280, 13), (281, 500, 20), (501, 1200, 32),
         (1201, 3200, 50)]  # fmt: skip


@pytest.mark.parametrize(("first", "last", "sample"), TABLE)
def test_the_least_sample_of_every_line_at_both_ends(first: int, last: int, sample: int) -> None:
    assert minimum_sample(first) == minimum_sample(last) == sample


def test_a_lot_of_one_is_inspected_and_lots_outside_the_table_are_refused() -> None:
    assert minimum_sample(1) == 1
    for size in (0, -1, 3201):
        with pytest.raises(Invalid):
            minimum_sample(size)


@given(st.integers(1, 3200))
def test_a_sample_is_never_more_than_the_lot_and_never_shrinks(size: int) -> None:
    assert 1 <= minimum_sample(size) <= size
    assert minimum_sample(max(size - 1, 1)) <= minimum_sample(size)


@pytest.mark.parametrize(
    ("sample", "allowed"), [(5, 1), (8, 2), (13, 3), (20, 5), (32, 7), (50, 10), (80, 14), (125, 21)]
)
def test_counting_in_one_stage(sample: int, allowed: int) -> None:
    assert acceptance_number(sample) == allowed
    with pytest.raises(Invalid, match="take one of"):
        acceptance_number(sample + 1)


LOT = [f"g{i:03}" for i in range(90)]


def test_the_draw_can_be_repeated_whatever_the_order_of_the_list() -> None:
    drawn = draw_sample(LOT, 5, seed=7)
    assert drawn == draw_sample(LOT[::-1], 5, seed=7)
    assert drawn.global_ids == ("g004", "g008", "g047", "g048", "g069"), "as sha256sum and sort draw them"
    assert drawn != draw_sample(LOT, 5, seed=8)
    assert (drawn.lot_size, drawn.complete) == (90, False)
    assert set(drawn.global_ids) <= set(draw_sample(LOT, 8, seed=7).global_ids)


def test_every_element_is_drawn_about_equally_often() -> None:
    counts = Counter(g for seed in range(2000) for g in draw_sample(LOT, 9, seed=seed).global_ids)
    expected, sigma = 2000 * 0.1, (2000 * 0.1 * 0.9) ** 0.5
    assert set(counts) == set(LOT)
    assert max(abs(n - expected) for n in counts.values()) < 4.5 * sigma


@pytest.mark.parametrize("size", [0, 91])
def test_a_sample_that_the_lot_does_not_hold_is_refused(size: int) -> None:
    with pytest.raises(Invalid, match="cannot be drawn"):
        draw_sample(LOT, size, seed=0)


def test_a_lot_names_each_element_once() -> None:
    assert whole_lot(["b", "a"]).global_ids == ("a", "b")
    assert whole_lot(["a"]).complete
    for wrong in ([], ["a", "a"]):
        with pytest.raises(Invalid):
            whole_lot(wrong)


@pytest.mark.parametrize("fields", [
    {"lot": Decimal(0)}, {"lot": Decimal("NaN")}, {"unit": " "}, {"accepted": Decimal(-1)},
    {"accepted": Decimal(6), "rejected": Decimal(5)}, {"inspected": Decimal(11)}, {"rejected": Decimal("1e-7")},
    {"lot": Decimal("1e12")}, {"accepted": Decimal("Infinity")},
])  # fmt: skip
def test_a_ledger_that_does_not_sum_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        replace(QuantityLedger(Decimal(10), "m³"), **fields)


class LedgerMachine(RuleBasedStateMachine):
    """Any order of moves: whatever is refused changes nothing, and the parts always sum to the lot."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = QuantityLedger(Decimal("40.5"), "m³")

    @rule(
        move=st.sampled_from([accept, reject, restore, count_inspected]),
        quantity=st.decimals(-1, 30, places=3, allow_nan=False) | st.sampled_from([Decimal("NaN"), Decimal("1e-9")]),
    )
    def move(self, move: Any, quantity: Decimal) -> None:
        available = {
            accept: self.ledger.pending,
            reject: self.ledger.pending,
            restore: self.ledger.rejected,
            count_inspected: self.ledger.lot - self.ledger.inspected,
        }[move]
        if not quantity.is_finite() or quantity <= 0 or quantity == Decimal("1e-9"):
            with pytest.raises(Invalid):
                move(self.ledger, quantity)
        elif quantity > available:
            with pytest.raises(Refused):
                move(self.ledger, quantity)
        else:
            self.ledger = move(self.ledger, quantity)

    @invariant()
    def sums(self) -> None:
        book = self.ledger
        assert book.accepted + book.rejected + book.pending == book.lot == Decimal("40.5")
        assert min(book.accepted, book.rejected, book.pending, book.inspected) >= 0
        assert book.inspected <= book.lot


TestLedger = LedgerMachine.TestCase
