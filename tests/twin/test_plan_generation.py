from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.measured import Measured, governing_size
from geometry.part_sizes import PART_CHARACTERISTICS
from geometry.tolerance import load_standard, surface_tolerance
from twin.access import Capacity
from twin.errors import Invalid
from twin.inspection_plan import BLOCKING, FrequencyKind, InspectionPlan, Method, PlanItem, before
from twin.plan_generation import (
    Consequence,
    ElementDescription,
    GeneratedItems,
    ItemRisk,
    generate_items,
    rerank,
)

GB, PROFILE = load_standard("gb-50204-2015"), load_standard("default")
ALL = {"surface": 0.002, "axis_position": 0.002, "verticality": 0.002, "level": 0.002, "section_size": 0.002,
       "flatness": 0.002}  # fmt: skip
COLUMN = ElementDescription("c1", "IfcColumn", "L1", (0.4, 0.4, 3.0), "structure", ("concrete C30",))
SLAB = ElementDescription("s1", "IfcSlab", "L1", (8.0, 6.0, 0.2), "structure", ("concrete C30",))


def _made(*elements: ElementDescription, **fields: Any) -> GeneratedItems:
    given: dict[str, Any] = {"storeys": ("L1", "L2"), "scan_uncertainty": ALL}
    return generate_items(elements, GB, **(given | fields))


def _by_characteristic(made: GeneratedItems) -> dict[str, PlanItem]:
    return {item.characteristics[0]: item for item in made.items}


def test_a_column_is_measured_by_what_the_standard_limits_with_its_clauses() -> None:
    items = _by_characteristic(_made(COLUMN))
    assert set(items) == {"axis_position", "verticality", "section_size", "flatness"}
    plumb = items["verticality"]
    assert (plumb.criterion.lower, plumb.criterion.upper, plumb.criterion.unit) == (-10, 10, "mm")
    assert (plumb.reference.document, plumb.reference.clause) == (
        "GB 50204-2015", "table 8.3.2, verticality within a storey",
    )  # fmt: skip
    assert (items["section_size"].criterion.lower, items["section_size"].criterion.upper) == (-5, 10)
    assert (items["flatness"].criterion.lower, items["flatness"].criterion.upper) == (None, 8)
    assert "flatness, 2000 mm straightedge" in items["flatness"].activity


def test_the_height_decides_the_limit_of_verticality() -> None:
    tall = replace(COLUMN, global_id="c2", size=(0.4, 0.4, 7.0))
    made = _made(COLUMN, tall)
    limits = {i.criterion.upper: i.global_ids for i in made.items if i.characteristics == ("verticality",)}
    assert limits == {Decimal(10): ("c1",), Decimal(12): ("c2",)}


@pytest.mark.parametrize(("uncertainty", "method"), [
    (0.002, Method.SCAN_VS_BIM), (0.0099, Method.SCAN_VS_BIM), (0.010, Method.PLUMB), (0.05, Method.PLUMB),
    (None, Method.PLUMB),
])  # fmt: skip
def test_a_scan_that_could_never_judge_it_does_not_measure_it(uncertainty: float | None, method: Method) -> None:
    known = {} if uncertainty is None else {"verticality": uncertainty}
    assert _by_characteristic(_made(COLUMN, scan_uncertainty=known))["verticality"].method is method


@pytest.mark.parametrize(("characteristic", "method"), [
    ("axis_position", Method.SURVEY), ("verticality", Method.PLUMB), ("section_size", Method.TAPE),
    ("flatness", Method.STRAIGHTEDGE),
])  # fmt: skip
def test_by_hand_each_has_its_tool_and_a_sample(characteristic: str, method: Method) -> None:
    columns = [replace(COLUMN, global_id=f"c{i}") for i in range(91)]
    item = _by_characteristic(_made(*columns, scan_uncertainty={}))[characteristic]
    assert item.method is method
    assert (item.frequency.kind, item.frequency.amount) == (FrequencyKind.SAMPLE, 8)
    assert "GB 50300" in item.frequency.source


def test_a_lot_beyond_the_table_is_divided() -> None:
    columns = [replace(COLUMN, global_id=f"c{i:04}") for i in range(3210)]
    item = _by_characteristic(_made(*columns, scan_uncertainty={}))["verticality"]
    assert item.frequency.amount == 50 + 2


def test_what_is_scanned_is_scanned_wholly_and_what_is_unseen_is_measured_by_hand() -> None:
    made = _made(COLUMN, replace(COLUMN, global_id="c2"), unseen=["c2"])
    plumb = {i.method: i for i in made.items if i.characteristics == ("verticality",)}
    assert plumb[Method.SCAN_VS_BIM].global_ids == ("c1",)
    assert plumb[Method.SCAN_VS_BIM].frequency.kind is FrequencyKind.EACH
    assert plumb[Method.PLUMB].global_ids == ("c2",)


def test_level_and_slab_flatness_by_hand() -> None:
    assert _by_characteristic(_made(SLAB, scan_uncertainty={}))["level"].method is Method.LEVEL


def test_nothing_gets_lost_what_no_rule_limits_is_listed() -> None:
    wood = replace(COLUMN, global_id="w", materials=("timber",))
    made = _made(COLUMN, wood, replace(COLUMN, global_id="d", ifc_class="IfcDoor"))
    assert made.without_limits == ("d", "w")
    assert {g for item in made.items for g in item.global_ids} == {"c1"}


def test_one_surface_tolerance_for_all() -> None:
    made = generate_items([COLUMN, SLAB], surface_tolerance(0.010), storeys=("L1",), scan_uncertainty=ALL)
    assert [(i.criterion.lower, i.criterion.upper, i.reference.document) for i in made.items] == [(-10, 10, "user")] * 2


@pytest.mark.parametrize(("consequence", "codes"), [
    (None, "IHW"), (Consequence.HIGH, "IHW"), (Consequence.MEDIUM, "IWR"), (Consequence.LOW, "IS"),
])  # fmt: skip
def test_consequence_decides_on_hold_and_witness(consequence: Consequence | None, codes: str) -> None:
    item = _made(replace(COLUMN, consequence=consequence)).items[0]
    assert "".join(p.code for p in item.points) == codes
    assert all(p.notice_hours >= 24 for p in item.points if p.code in (*BLOCKING, "W"))


def test_what_stands_on_a_hold_waits_for_it() -> None:
    upper = replace(COLUMN, global_id="c2", storey="L2")
    door = replace(COLUMN, global_id="d", ifc_class="IfcWall", storey="L2", consequence=Consequence.LOW)
    made = _made(upper, COLUMN, SLAB, door)
    plan = InspectionPlan("v", "p", "T", "Structure", "a", items=made.items)
    by_id = {i.id: i for i in plan.items}
    order = [item.global_ids[0] for item in sorted(plan.items, key=lambda i: i.sequence)]
    assert [g for n, g in enumerate(order) if order.index(g) == n] == ["c1", "s1", "c2", "d"]
    column, slab = (
        next(i for i in plan.items if g in i.global_ids and i.characteristics == ("flatness",)) for g in ("c1", "s1")
    )
    assert set(slab.follows) == {i.id for i in plan.items if "c1" in i.global_ids}
    for item in plan.items:
        if set(item.global_ids) & {"c2", "d"}:
            assert {column.id, slab.id} <= set(before(item, by_id))
    assert column.follows == ()


def test_the_same_model_gives_the_same_items_whatever_its_order() -> None:
    elements = [COLUMN, SLAB, replace(COLUMN, global_id="c2", storey="L2")]
    assert _made(*elements) == _made(*elements[::-1])
    more = _made(*elements, replace(COLUMN, global_id="c3"))
    assert {i.id for i in _made(*elements).items} == {i.id for i in more.items}


def test_a_double_id_and_an_unknown_storey_are_refused() -> None:
    with pytest.raises(Invalid, match="twice"):
        _made(COLUMN, COLUMN)
    with pytest.raises(Invalid, match="storey 'L9'"):
        _made(replace(COLUMN, storey="L9"))


@pytest.mark.parametrize(("ifc_class", "size"), [
    ("IfcWall", (6.5, 0.24, 2.8)), ("IfcColumn", (0.4, 0.4, 3.2)), ("IfcSlab", (12.0, 7.0, 0.2)),
    ("IfcBeam", (5.0, 0.3, 0.5)),
])  # fmt: skip
def test_the_limits_are_those_that_the_check_applies(ifc_class: str, size: tuple[float, float, float]) -> None:
    """For an upright box, the step of each rule is the one that the check takes."""
    length, width, height = size
    box = np.array([[x, y, z] for x in (0, length) for y in (0, width) for z in (0, height)])
    measured = cast(Measured, SimpleNamespace(size=np.array(size), vertices=box))
    element = ElementDescription("e", ifc_class, "L1", size, materials=("concrete",))
    made = generate_items([element], PROFILE, storeys=("L1",), scan_uncertainty=ALL)
    own = {"verticality": height, "slope": length, "section_size": min(size)}
    expected = set[tuple[str, str, float, float]]()
    for rule in PROFILE.rules_for(ifc_class, ("concrete",)):
        if rule.characteristic in PART_CHARACTERISTICS:
            continue  # a box has no opening and is no cylinder
        limits = rule.limits(governing_size(measured, rule, own.get(rule.characteristic, max(size))))
        if limits is not None:
            expected.add((rule.characteristic, rule.source, rule.span, round(limits.upper * 1000, 3)))
    found = {
        (i.characteristics[0], f"{i.reference.document}, {i.reference.clause}", float(i.criterion.upper or 0))
        for i in made.items
    }
    assert found == {(characteristic, source, upper) for characteristic, source, _, upper in expected}
    assert len(made.items) == len(expected)


def test_openings_and_cylinders_are_planned_where_there_are_some() -> None:
    """By their own sizes: an opening of 0.9 x 2 m has a limit for each, one of more than 6 m has none."""
    parts = {"opening_size": (0.9, 2.0, 7.0), "opening_position": (0.9,), "diameter": (0.35,)}
    wall = ElementDescription("w", "IfcWall", "L1", (6.5, 0.24, 2.8), materials=("concrete",), parts=parts)
    column = replace(COLUMN, parts={"diameter": (0.35,), "cylinder_axis": (3.0,)})
    made = generate_items([wall, column], PROFILE, storeys=("L1",), scan_uncertainty=ALL)
    asked = sorted(
        (i.characteristics[0], i.global_ids, float(i.criterion.upper or 0))
        for i in made.items if i.characteristics[0] in PART_CHARACTERISTICS
    )  # fmt: skip
    assert asked == [
        ("diameter", (column.global_id,), 10.0), ("opening_position", ("w",), 15.0), ("opening_size", ("w",), 10.0),
        ("opening_size", ("w",), 12.0),
    ]  # fmt: skip


RISK = {i.id: ItemRisk(Decimal("0.1"), Decimal("0.5"), Decimal(100)) for i in _made(COLUMN, SLAB).items}


def test_items_are_ranked_by_expected_cost_and_equals_stay_in_order() -> None:
    items = _made(COLUMN, SLAB).items
    assert rerank(items, RISK) == items
    worst = items[3]
    risk = RISK | {worst.id: ItemRisk(Decimal("0.1"), Decimal("0.4"), Decimal(100))}
    assert rerank(items, risk) == (worst, *(i for i in items if i is not worst))
    assert ItemRisk(Decimal("0.2"), Decimal("0.75"), Decimal(40)).expected_cost == 2


def test_a_hold_is_never_dropped_nor_what_others_wait_for() -> None:
    low = [replace(COLUMN, global_id=f"x{i}", ifc_class="IfcWall", consequence=Consequence.LOW) for i in range(2)]
    items = _made(COLUMN, *low).items
    holds = {i.id for i in items if any(p.code in BLOCKING for p in i.points)}
    free = [i for i in items if i.id not in holds]
    risk = {i.id: ItemRisk(Decimal(i.id in {f.id for f in free}), Decimal(0), Decimal(1)) for i in items}
    assert {i.id for i in rerank(items, risk, most=0)} == holds
    kept = rerank(items, risk, most=len(holds) + 1)
    assert [i for i in kept if i.id not in holds] == [free[0]]
    awaited = replace(items[0], follows=(free[-1].id,))
    assert free[-1] in rerank((awaited, *items[1:]), risk, most=0)


@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=9, max_size=9), st.integers(0, 12) | st.none())
def test_ranking_loses_no_hold_and_never_puts_a_smaller_risk_first(
    numbers: list[tuple[int, int, int]], most: int | None
) -> None:
    items = _made(COLUMN, SLAB, replace(COLUMN, global_id="l", consequence=Consequence.LOW)).items
    risk = {
        i.id: ItemRisk(Decimal(p) / 4, Decimal(d) / 4, Decimal(c))
        for i, (p, d, c) in zip(items, numbers * 2, strict=False)
    }
    ranked = rerank(items, risk, most=most)
    costs = [risk[i.id].expected_cost for i in ranked]
    assert costs == sorted(costs, reverse=True)
    place = {item.id: n for n, item in enumerate(items)}
    for one, two in pairwise(ranked):
        assert risk[one.id].expected_cost > risk[two.id].expected_cost or place[one.id] < place[two.id]
    holds = {i.id for i in items if any(p.code in BLOCKING for p in i.points)}
    assert holds <= {i.id for i in ranked} <= {i.id for i in items}
    if most is None:
        assert len(ranked) == len(items)


def test_an_unknown_risk_is_not_taken_for_small() -> None:
    items = _made(COLUMN).items
    with pytest.raises(Invalid, match="not given"):
        rerank(items, {})


@pytest.mark.parametrize("fields", [
    (Decimal("1.1"), Decimal(0), Decimal(1)), (Decimal(0), Decimal(-1), Decimal(1)),
    (Decimal(0), Decimal(0), Decimal(-1)),
    (Decimal("NaN"), Decimal(0), Decimal(1)), (Decimal(0), Decimal(0), Decimal("Infinity")),
])  # fmt: skip
def test_what_is_no_risk_is_refused(fields: tuple[Decimal, Decimal, Decimal]) -> None:
    with pytest.raises(Invalid):
        ItemRisk(*fields)


def test_the_consultant_holds_and_the_contractor_performs() -> None:
    points = {p.code.value: p.party for p in _made(COLUMN).items[0].points}
    assert (points["H"], points["I"]) == (Capacity.CONSULTANT, Capacity.CONTRACTOR)
