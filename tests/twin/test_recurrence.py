from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import Invalid
from twin.recurrence import Alike, NcrFact, RecurrenceRule, recurrences

START = datetime(2026, 1, 1, tzinfo=UTC)
RULE = RecurrenceRule(3, 30)


def _fact(n: int, day: int, *, code: str = "F1", kind: str = "IfcColumn", capas: tuple[str, ...] = ()) -> NcrFact:
    return NcrFact(f"n{n:02}", START + timedelta(days=day), code, kind, "verticality", "ACME", capas)


def test_three_alike_within_the_window_propose_a_capa_with_the_numbers() -> None:
    facts = [_fact(1, 0), _fact(2, 10), _fact(3, 30), _fact(4, 200)]
    (found,) = recurrences(facts, RULE)
    assert (found.cause_code, found.alike) == ("F1", ("IfcColumn", "verticality"))
    assert (found.ncrs, found.total) == (("n01", "n02", "n03"), 4)
    assert (found.first_at, found.last_at) == (START, START + timedelta(days=30))


@pytest.mark.parametrize("facts", [
    [_fact(1, 0), _fact(2, 10), _fact(3, 31)],
    [_fact(1, 0), _fact(2, 10), _fact(3, 20, code="F2")],
    [_fact(1, 0), _fact(2, 10), _fact(3, 20, kind="IfcBeam")],
    [_fact(n, n, code="") for n in range(5)],
    [_fact(n, n, kind="") for n in range(5)],
])  # fmt: skip
def test_what_is_late_other_or_without_a_code_is_no_recurrence(facts: list[NcrFact]) -> None:
    assert recurrences(facts, RULE) == ()


def test_what_has_to_be_alike_is_data() -> None:
    facts = [_fact(1, 0), _fact(2, 1, kind="IfcBeam"), _fact(3, 2, kind="IfcWall")]
    assert recurrences(facts, RULE) == ()
    assert recurrences(facts, RecurrenceRule(3, 30, (Alike.SUPPLIER,)))[0].alike == ("ACME",)


def test_what_one_capa_covers_has_been_answered_but_a_new_wave_has_not() -> None:
    old = [_fact(n, n, capas=("c1",)) for n in range(5)]
    assert recurrences(old, RULE) == ()
    wave = [_fact(10 + n, 200 + n) for n in range(3)]
    (found,) = recurrences(old + wave, RULE)
    assert (found.ncrs, found.capas) == (("n10", "n11", "n12"), ())
    (extended,) = recurrences([*old, _fact(9, 9)], RULE)
    assert extended.capas == ("c1",)


@pytest.mark.parametrize("fields", [(1, 30), (2, 0), (2, 30, ()), (2, 30, (Alike.SUPPLIER,) * 2)])
def test_a_rule_that_means_nothing_is_refused(fields: tuple[int, int]) -> None:
    with pytest.raises(Invalid):
        RecurrenceRule(*fields)


def _slowly(facts: Sequence[NcrFact], rule: RecurrenceRule) -> dict[str, int]:
    """Most unanswered alike per code, from every window that begins at a fact."""
    best: dict[str, int] = {}
    for first in facts:
        end = first.opened_at + timedelta(days=rule.window_days)
        within = [f for f in facts if f.cause_code == first.cause_code and first.opened_at <= f.opened_at <= end]
        if not any(all(capa in f.capas for f in within) for capa in ("c1", "c2")):
            best[first.cause_code] = max(best.get(first.cause_code, 0), len(within))
    return {code: n for code, n in best.items() if n >= rule.count}


@given(
    st.lists(
        st.tuples(
            st.integers(0, 60), st.sampled_from(["A", "B"]), st.sampled_from([(), ("c1",), ("c2",), ("c1", "c2")])
        ),
        max_size=14,
    )
)
def test_it_agrees_with_trying_every_window(rows: list[tuple[int, str, tuple[str, ...]]]) -> None:
    facts = [_fact(n, day, code=code, capas=capas) for n, (day, code, capas) in enumerate(rows)]
    rule = RecurrenceRule(2, 14)
    found = recurrences(facts, rule)
    assert {r.cause_code: len(r.ncrs) for r in found} == _slowly(facts, rule)
    assert found == recurrences(facts[::-1], rule), "the order of the list says nothing"
