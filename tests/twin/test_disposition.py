"""Dispositions: every decision passes its own gates, and no quantity is lost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.verdict import Outcome
from twin.access import Capacity
from twin.disposition import (
    GATES,
    ChildLot,
    Concession,
    Decision,
    DispositionLine,
    Proof,
    concession_expired,
    missing_in_lines,
    missing_proof,
    missing_to_decide,
    require_lines,
    signed_as,
)
from twin.errors import Invalid
from twin.record import Actor, Evidence, EvidenceKind

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
ACTOR = Actor("a" * 32, "Ada")
PHOTO = Evidence(EvidenceKind.PICTURE, "0" * 64)
CONCESSION = Concession(D(2), NOW + timedelta(days=30), ("A", "B"))

COMPLETE: dict[Decision, DispositionLine] = {
    Decision.USE_AS_IS: DispositionLine("1", Decision.USE_AS_IS, D(2), "fits", ("A", "B"), concession=CONCESSION),
    Decision.REWORK: DispositionLine("1", Decision.REWORK, D(2), "plane off", ("A", "B"), instruction="WI-7"),
    Decision.REPAIR: DispositionLine(
        "1", Decision.REPAIR, D(2), "jacket it", ("A", "B"), instruction="RP-3", repair_criteria="RP-3 4.2, 20 mm"
    ),
    Decision.REPLACE: DispositionLine("1", Decision.REPLACE, D(2), "too thin", ("A", "B"), instruction="MS-9"),
    Decision.REGRADE: DispositionLine("1", Decision.REGRADE, D(2), "lower load", ("A", "B"), new_identity="C25/30"),
    Decision.SCRAP: DispositionLine("1", Decision.SCRAP, D(2), "cracked", ("A", "B")),
    Decision.RETURN_TO_SUPPLIER: DispositionLine(
        "1", Decision.RETURN_TO_SUPPLIER, D(2), "wrong steel", ("A", "B"), scar="SCAR-4"
    ),
    Decision.SORT: DispositionLine("1", Decision.SORT, D(2), "mixed", ("A", "B"), instruction="SI-1"),
}
LOTS = (ChildLot("g", D(1), Outcome.PASS, ("A",)), ChildLot("b", D(1), Outcome.FAIL, ("B",), ncr="n2"))
PROVEN = Proof(
    "1",
    Outcome.PASS,
    ACTOR,
    NOW,
    evidence=(PHOTO,),
    as_built_record="AB-12 rev C",
    new_identity="C25/30",
    traceability="delivery 88",
    marking="cut through",
    counted=D(2),
    shipping_record="CMR 5",
    debit_note="DN 1",
    lots=LOTS,
)


def missing(line: DispositionLine, *, contract_affected: bool = False, now: datetime = NOW) -> str:
    return "; ".join(missing_to_decide(line, contract_affected=contract_affected, now=now))


def test_every_decision_has_its_gate() -> None:
    assert set(GATES) == set(Decision) == set(COMPLETE)
    assert {d for d, g in GATES.items() if g.corrects} == {Decision.REWORK, Decision.REPAIR, Decision.REPLACE}


@pytest.mark.parametrize("decision", Decision)
def test_a_complete_line_lacks_nothing(decision: Decision) -> None:
    assert missing(COMPLETE[decision]) == ""
    assert missing_proof(COMPLETE[decision], [PROVEN], unit="element") == ()


@pytest.mark.parametrize(
    ("decision", "field", "said"),
    [
        (Decision.USE_AS_IS, "concession", "a concession with quantity"),
        (Decision.REWORK, "instruction", "a rework instruction"),
        (Decision.REPAIR, "instruction", "a repair procedure"),
        (Decision.REPAIR, "repair_criteria", "criteria"),
        (Decision.REPLACE, "instruction", "a method of replacement"),
        (Decision.REGRADE, "new_identity", "the item or grade"),
        (Decision.RETURN_TO_SUPPLIER, "scar", "SCAR"),
        (Decision.SORT, "instruction", "an instruction for sorting"),
    ],
)
def test_each_gate_before_a_decision(decision: Decision, field: str, said: str) -> None:
    empty = None if field == "concession" else "  "
    assert said in missing(replace(COMPLETE[decision], **{field: empty}))  # pyright: ignore[reportArgumentType]


def test_a_line_stays_within_its_concession() -> None:
    line = COMPLETE[Decision.USE_AS_IS]
    assert "a concession for 2, not 1" in missing(replace(line, concession=replace(CONCESSION, quantity=D(1))))
    assert "each of its elements" in missing(replace(line, concession=replace(CONCESSION, global_ids=("A",))))
    assert "expired" in missing(line, now=NOW + timedelta(days=30))
    assert missing(line, now=NOW + timedelta(days=29)) == ""


def test_a_concession_ends_at_its_very_end() -> None:
    assert not concession_expired(CONCESSION, CONCESSION.expires_at - timedelta(microseconds=1))
    assert concession_expired(CONCESSION, CONCESSION.expires_at)
    with pytest.raises(Invalid, match="UTC"):
        Concession(D(1), datetime(2026, 3, 1))


@pytest.mark.parametrize(
    ("decision", "contract_affected", "capacities"),
    [
        (Decision.USE_AS_IS, False, {Capacity.DESIGN_AUTHORITY}),
        (Decision.USE_AS_IS, True, {Capacity.DESIGN_AUTHORITY, Capacity.CUSTOMER}),
        (Decision.REPAIR, False, {Capacity.DESIGN_AUTHORITY, Capacity.CUSTOMER}),
        (Decision.REPAIR, True, {Capacity.DESIGN_AUTHORITY, Capacity.CUSTOMER}),
        (Decision.REWORK, True, set[Capacity]()),
        (Decision.REGRADE, True, {Capacity.CUSTOMER}),
        (Decision.SCRAP, True, set[Capacity]()),
    ],
)
def test_who_signs_what(decision: Decision, contract_affected: bool, capacities: set[Capacity]) -> None:
    assert set(signed_as(COMPLETE[decision], contract_affected=contract_affected)) == capacities


def test_the_customer_can_be_waived_for_a_repair_and_only_outside_the_contract() -> None:
    waived = replace(COMPLETE[Decision.REPAIR], customer_waiver="clause 12.3 leaves repairs to the engineer")
    assert signed_as(waived, contract_affected=False) == (Capacity.DESIGN_AUTHORITY,)
    assert missing(waived) == ""
    assert Capacity.CUSTOMER in signed_as(waived, contract_affected=True)
    assert "cannot be waived" in missing(waived, contract_affected=True)
    assert "cannot be waived" in missing(replace(COMPLETE[Decision.USE_AS_IS], customer_waiver="no"))


@pytest.mark.parametrize(
    ("decision", "field", "said"),
    [
        (Decision.USE_AS_IS, "as_built_record", "as-built record"),
        (Decision.REPLACE, "marking", "irreversible marking"),
        (Decision.REPLACE, "counted", "counted"),
        (Decision.REGRADE, "new_identity", "re-identification"),
        (Decision.REGRADE, "traceability", "traceability"),
        (Decision.SCRAP, "marking", "irreversible marking"),
        (Decision.SCRAP, "counted", "counted"),
        (Decision.SCRAP, "evidence", "evidence of the scrapping"),
        (Decision.RETURN_TO_SUPPLIER, "shipping_record", "shipping record"),
        (Decision.RETURN_TO_SUPPLIER, "debit_note", "debit note"),
        (Decision.SORT, "lots", "child lots"),
    ],
)
def test_each_gate_after_a_decision(decision: Decision, field: str, said: str) -> None:
    empty: object = {"counted": None, "evidence": (), "lots": ()}.get(field, "")
    given = replace(PROVEN, **{field: empty})  # pyright: ignore[reportArgumentType]
    assert said in "; ".join(missing_proof(COMPLETE[decision], [given], unit="element"))
    assert said in "; ".join(missing_proof(COMPLETE[decision], [], unit="element"))
    assert said in "; ".join(missing_proof(COMPLETE[decision], [replace(PROVEN, line="another")], unit="element"))


def test_scrap_is_reconciled_by_count() -> None:
    lost = replace(PROVEN, counted=D(1))
    assert missing_proof(COMPLETE[Decision.SCRAP], [lost], unit="element") == (
        "scrap of 2: reconciliation: 1 counted of 2",
    )
    assert missing_proof(COMPLETE[Decision.SCRAP], [lost, PROVEN], unit="element") == ()
    assert missing_proof(COMPLETE[Decision.SCRAP], [PROVEN, lost], unit="element") != ()


@pytest.mark.parametrize("verdict", [Outcome.FAIL, Outcome.INDETERMINATE, Outcome.NOT_MEASURED])
def test_only_a_passing_proof_proves(verdict: Outcome) -> None:
    assert (
        "that passes" in missing_proof(COMPLETE[Decision.SCRAP], [replace(PROVEN, verdict=verdict)], unit="element")[0]
    )


def test_sorting_loses_nothing_and_leaves_nothing_open() -> None:
    sort = COMPLETE[Decision.SORT]

    def left(*lots: ChildLot) -> str:
        return "; ".join(missing_proof(sort, [replace(PROVEN, lots=lots)], unit="element"))

    good, bad = LOTS
    assert left(good, bad) == ""
    assert "lots that sum to 2, not 1" in left(good)
    assert "exactly one lot" in left(good, replace(bad, global_ids=("A",)))
    assert "exactly one lot" in left(good, replace(bad, global_ids=()))
    assert "a verdict for lot b" in left(good, replace(bad, verdict=Outcome.INDETERMINATE))
    assert "a verdict for lot b" in left(good, replace(bad, verdict=Outcome.NOT_MEASURED))
    assert "a nonconformance record for lot b" in left(good, replace(bad, ncr=None))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(1, 40))
def test_lines_decide_about_exactly_what_there_is(parts: list[int], quantity: int) -> None:
    lines = tuple(DispositionLine(str(i), Decision.SCRAP, D(n), "cracked") for i, n in enumerate(parts))
    if sum(parts) > quantity:
        with pytest.raises(Invalid, match="more than"):
            require_lines(lines, D(quantity), (), unit="element")
    else:
        require_lines(lines, D(quantity), (), unit="element")
        left = quantity - sum(parts)
        expected = (f"a disposition for the remaining {left} of {quantity}",) if left else ()
        assert missing_in_lines(lines, D(quantity), ()) == expected


def test_every_element_is_decided_and_no_other() -> None:
    line = COMPLETE[Decision.REWORK]
    assert missing_in_lines([line], D(2), ("A", "B", "C")) == ("a disposition for element C",)
    with pytest.raises(Invalid, match="element B is not one"):
        require_lines([line], D(2), ("A",), unit="element")
    with pytest.raises(Invalid, match="own identifier"):
        require_lines([replace(line, quantity=D(1)), replace(line, quantity=D(1))], D(2), ("A", "B"), unit="element")


def test_a_number_of_elements_is_counted_each_element_in_one_line() -> None:
    rework = replace(COMPLETE[Decision.REWORK], quantity=D(1), global_ids=("A",))
    scrap = replace(COMPLETE[Decision.SCRAP], id="2", quantity=D(1), global_ids=("B",))
    require_lines([rework, scrap], D(2), ("A", "B"), unit="element")
    for bad in (replace(scrap, global_ids=("A",)), replace(scrap, global_ids=("A", "B"))):
        with pytest.raises(Invalid, match="element A is in 2 lines"):
            require_lines([rework, bad], D(2), ("A", "B"), unit="element")
    with pytest.raises(Invalid, match="its quantity is the number of its elements, 1"):
        require_lines([replace(rework, quantity=D("0.001"))], D(2), ("A", "B"), unit="Elements ")


def test_in_other_units_an_element_may_be_split_but_every_line_names_its_elements() -> None:
    patch = replace(COMPLETE[Decision.REPAIR], quantity=D("0.5"), global_ids=("A",))
    rest = replace(COMPLETE[Decision.USE_AS_IS], id="2", quantity=D("1.5"), global_ids=("A",))
    require_lines([patch, rest], D(2), ("A",), unit="m2")
    assert missing_in_lines([patch, rest], D(2), ("A",)) == ()
    bare = replace(rest, global_ids=())
    require_lines([patch, bare], D(2), ("A",), unit="m2")
    assert missing_in_lines([patch, bare], D(2), ("A",)) == ("use as is of 1.5: the elements that it is about",)
    assert missing_in_lines([bare, replace(patch, global_ids=())], D(2), ()) == (), "material without elements"


def test_a_lot_of_elements_counts_them() -> None:
    sort = COMPLETE[Decision.SORT]
    uneven = (replace(LOTS[0], quantity=D("0.5")), replace(LOTS[1], quantity=D("1.5")))
    given_ = [replace(PROVEN, lots=uneven)]
    assert "a quantity of 1, the number of its elements, for lot g" in "; ".join(
        missing_proof(sort, given_, unit="element")
    )
    assert missing_proof(sort, given_, unit="m3") == ()


def test_lines_make_sense() -> None:
    with pytest.raises(Invalid, match="above zero"):
        replace(COMPLETE[Decision.SCRAP], quantity=D(0))
    with pytest.raises(Invalid, match="justification"):
        replace(COMPLETE[Decision.SCRAP], justification=" ")
    with pytest.raises(Invalid, match="once"):
        replace(COMPLETE[Decision.SCRAP], global_ids=("A", "A"))
    with pytest.raises(Invalid, match="above zero"):
        ChildLot("x", D(-1), Outcome.PASS)
