from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.verdict import Outcome
from twin.access import Capacity
from twin.errors import Invalid, Refused
from twin.finding import Severity
from twin.inspection_plan import (
    Criterion,
    Frequency,
    FrequencyKind,
    InspectionPlan,
    Method,
    PlanItem,
    PlanPoint,
    PlanStatus,
    PointCode,
    Reference,
    Stage,
)
from twin.plan_generation import ItemRisk
from twin.plan_risk import AssessedItem, Earlier, Known, Observation, Place, apply_ranking, assess, recommended
from twin.record import Actor
from twin.store.codec import from_json, to_json

ANN = Actor("ann", "Ann")
DO = PlanPoint(Capacity.CONTRACTOR, PointCode.INSPECT)
HOLD = PlanPoint(Capacity.CONSULTANT, PointCode.HOLD, 24)
HAND = Frequency(FrequencyKind.SAMPLE, Decimal(3), "pcs", "GB 50300")
PLACES = {
    f"{letter}{i}": place
    for letter, place in (
        ("c", Place("IfcColumn", "L1")),
        ("d", Place("IfcColumn", "L2")),
        ("w", Place("IfcWall", "L1")),
    )
    for i in range(20)
}


def _item(ident: str, *ids: str, characteristic: str = "verticality", **fields: Any) -> PlanItem:
    item = PlanItem(
        ident, int(ident), f"step {ident}", Stage.AFTER, (characteristic,), Reference("GB"),
        Criterion(Decimal(-8), Decimal(8), "mm"), Method.PLUMB, (DO,), HAND, global_ids=ids or ("c0", "c1"),
    )  # fmt: skip
    return replace(item, **fields)


LOWER, UPPER, WALLS = _item("1", "c0", "c1"), _item("2", "d0", "d1"), _item("3", "w0", "w1")


def _seen(prefix: str, failed: int, passed: int, left_open: int = 0) -> tuple[Observation, ...]:
    outcomes = [Outcome.FAIL] * failed + [Outcome.PASS] * passed + [Outcome.INDETERMINATE] * left_open
    return tuple(Observation(f"{prefix}{i}", "verticality", outcome) for i, outcome in enumerate(outcomes))


def _risk(known: Known, *items: PlanItem) -> dict[str, AssessedItem]:
    return {one.item.id: one for one in assess(items or (LOWER, UPPER, WALLS), known, {})}


def test_of_what_nothing_is_known_five_per_cent_are_assumed() -> None:
    (one,) = assess((LOWER,), Known(), {})
    assert one.risk.probability == Decimal("0.05")
    assert one.why[0] == "nothing is known of verticality: 5 % assumed"
    assert (one.given, one.frequency) == (False, HAND)


def test_what_failed_before_by_class_and_storey_comes_first() -> None:
    known = Known(PLACES, (*_seen("c", 6, 14), *_seen("d", 0, 20), *_seen("w", 0, 20)))
    found = _risk(known)
    assert list(found) == ["1", "2", "3"], "the same storey, then the same class, then the rest"
    assert found["1"].risk.probability > Decimal("0.2") > found["2"].risk.probability > found["3"].risk.probability
    assert "6 of 20 failed in verticality, of IfcColumn in L1" in found["1"].why
    assert "6 of 40 failed in verticality, of IfcColumn" in found["2"].why
    assert found["1"].frequency.kind is FrequencyKind.EACH
    assert "expected to fail" in found["1"].frequency.source


def test_nonconformances_count_once_with_their_severity_and_open_capas() -> None:
    measured = _seen("c", 1, 19)
    ncr = Earlier("T-NCR-0001", Severity.MAJOR, (("c0", "Verticality"),))
    plain, with_ncr = _risk(Known(PLACES, measured))["1"], _risk(Known(PLACES, measured, (ncr,)))["1"]
    assert with_ncr.risk.probability == plain.risk.probability, "it is the failure that was measured"
    assert (plain.risk.cost, with_ncr.risk.cost) == (10, 30)
    assert "T-NCR-0001 (major)" in with_ncr.why
    capa = _risk(Known(PLACES, measured, (replace(ncr, open_capas=("T-CAPA-0001",)),)))["1"]
    assert capa.risk.probability == (plain.risk.probability * Decimal("1.5")).quantize(Decimal("0.0001"))
    by_hand = _risk(Known(PLACES, (), (replace(ncr, failed=(("c5", "verticality"), ("c6", "verticality"))),)))["1"]
    assert by_hand.risk.probability > Decimal("0.05")
    other = _risk(Known(PLACES, measured, (replace(ncr, failed=(("c0", "flatness"),)),)))["1"]
    assert other.why == plain.why


def test_what_measurements_left_open_is_noticed_less() -> None:
    sure, unsure = (_risk(Known(PLACES, _seen("c", 1, 9, n)))["1"] for n in (0, 10))
    assert (sure.risk.detection, unsure.risk.detection) == (Decimal("0.5"), Decimal("0.25"))
    assert unsure.risk.expected_cost > sure.risk.expected_cost
    assert "10 of 20 measurements left it open" in unsure.why


def test_a_hold_costs_most() -> None:
    held = replace(WALLS, points=(DO, HOLD))
    assert next(iter(_risk(Known(), LOWER, held))) == "3"


def test_what_is_given_goes_before_the_records_and_is_about_an_item() -> None:
    mine = ItemRisk(Decimal("0.5"), Decimal(0), Decimal(1000))
    first = assess((LOWER, UPPER), Known(), {"2": mine})[0]
    assert (first.item.id, first.risk, first.given, first.why) == ("2", mine, True, ("given by hand",))
    with pytest.raises(Invalid, match="no item 9"):
        assess((LOWER,), Known(), {"9": mine})


@pytest.mark.parametrize(("now", "probability", "then"), [
    (HAND, "0.09", HAND.amount), (HAND, "0.1", Decimal(6)), (HAND, "0.3", None),
    (Frequency(FrequencyKind.PERCENT, Decimal(60)), "0.1", Decimal(100)),
    (Frequency(FrequencyKind.PER_QUANTITY, Decimal(10), "m³"), "0.1", Decimal(5)),
    (Frequency(), "0.9", Decimal(1)),
])  # fmt: skip
def test_more_is_looked_at_where_more_fails_and_never_less(
    now: Frequency, probability: str, then: Decimal | None
) -> None:
    item = _item("1", *(f"c{i}" for i in range(9)), frequency=now)
    found = recommended(item, Decimal(probability))
    assert found.kind is FrequencyKind.EACH if then is None else found.amount == then
    small = _item("1", "c0", "c1", frequency=replace(HAND, amount=Decimal(2)))
    assert recommended(small, Decimal("0.15")).amount == 2, "no more than there are"


def _plan(*items: PlanItem, **fields: Any) -> InspectionPlan:
    return replace(InspectionPlan("v", "p", "T-ITP-0001", "Structure", "a", items=items), **fields)


def test_a_draft_is_put_in_order_and_keeps_why() -> None:
    known = Known(PLACES, (*_seen("d", 6, 14), *_seen("c", 0, 20)))
    plan = _plan(LOWER, UPPER, WALLS)
    after = apply_ranking(plan, assess(plan.items, known, {}), actor=ANN)
    assert after.item("2").sequence == 1
    assert after.item("2").frequency.kind is FrequencyKind.EACH
    assert after.ranking[0].item == "2"
    assert after.ranking[0].why
    assert after.edited_by == (ANN.id,), "who decides the order does not approve it"
    assert from_json(to_json(after), InspectionPlan) == after
    with pytest.raises(Refused, match="revise it"):
        apply_ranking(replace(plan, status=PlanStatus.APPROVED), assess(plan.items, known, {}), actor=ANN)


@given(st.lists(st.integers(0, 100), min_size=5, max_size=5), st.lists(st.integers(0, 4), max_size=4))
def test_what_waits_comes_after_what_it_waits_for_whatever_the_risk(costs: list[int], waits: list[int]) -> None:
    items = [_item(str(n), f"c{n}", follows=(str(waits[n - 1] % n),) if 0 < n <= len(waits) else ()) for n in range(5)]
    plan = _plan(*items)
    risk = {str(n): ItemRisk(Decimal(1), Decimal(0), Decimal(cost)) for n, cost in enumerate(costs)}
    after = apply_ranking(plan, assess(plan.items, Known(), risk), actor=ANN)
    place = {item.id: item.sequence for item in after.items}
    assert {i.id for i in after.items} == {i.id for i in items}
    assert all(place[before] < place[item.id] for item in after.items for before in item.follows)
    free = [i for i in items if not i.follows]
    assert place[max(free, key=lambda i: (costs[int(i.id)], -int(i.id))).id] == 1


def test_what_is_predicted_of_its_elements_moves_an_item_up() -> None:
    measured = (*_seen("c", 0, 20), *_seen("d", 0, 20))
    plain = _risk(Known(PLACES, measured))
    predicted = {
        ("c1", "Verticality x"): Decimal("0.6"),
        ("d9", "verticality"): Decimal("0.9"),
        ("c0", "position"): Decimal(1),
    }
    found = assess((UPPER, LOWER), Known(PLACES, measured, predicted=predicted), {})
    by_id = {one.item.id: one for one in found}
    assert [one.item.id for one in found] == ["1", "2"], "the one of which something is predicted first"
    rest = plain["1"].risk.probability
    assert by_id["1"].risk.probability == ((Decimal("0.6") + rest) / 2).quantize(Decimal("0.0001"))
    assert by_id["2"].risk == plain["2"].risk, "d9 is not of this item, and a position is not asked for"
    assert "predicted of 1 of 2: up to 60 %" in by_id["1"].why
