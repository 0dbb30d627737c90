from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from geometry.verdict import Outcome
from twin.characteristic import CharacteristicKind, InspectionCharacteristic, Reading, Weight
from twin.disposition import ChildLot, Concession, Decision, DispositionLine, Proof
from twin.errors import Invalid, Refused
from twin.finding import Severity
from twin.inspection import Basis, Inspection, InspectionState
from twin.inspection_lot import draw_sample, whole_lot
from twin.inspection_quantity import (
    Extent,
    accept_on_ncr,
    accept_on_reinspection,
    accept_on_verdict,
    count_quantity,
    inspect_again,
    reject_quantity,
    restore_quantity,
)
from twin.inspection_steps import record, sign, signing_digest, start
from twin.inspection_verdict import verdict
from twin.instrument import Instrument
from twin.ncr_parts import Measured, Requirement, Violation
from twin.ncr_record import Event, NonConformance, State, Step
from twin.record import Actor, Evidence, EvidenceKind, Signature, SignatureMeaning
from twin.store.codec import from_json, to_json

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
DAY = timedelta(days=1)
INSPECTOR, MANAGER = Actor("i", "Inspector"), Actor("m", "Manager")
PHOTO = (Evidence(EvidenceKind.PICTURE, "ab" * 32),)
LEVEL = Instrument("L1", "level", date(2026, 1, 1), date(2026, 12, 31), Decimal(2))
PLUMB = InspectionCharacteristic(
    "v", "verticality", CharacteristicKind.NUMERIC, Weight.MAIN, "GB 50204-2015, 8.3.2", Decimal(-10), Decimal(10),
    "mm", Decimal(1),
)  # fmt: skip
LOT = tuple(f"g{i}" for i in range(5))
REWORK = DispositionLine("l1", Decision.REWORK, Decimal(1), "straighten", ("g4",), instruction="WI-7")


def _carried_out(planned: Inspection, values: dict[str, str], at: datetime) -> Inspection:
    done = start(planned, (LEVEL,), actor=INSPECTOR, now=at)
    for g in planned.sample.global_ids:
        number = Decimal(values.get(g, "3"))
        photos = PHOTO if abs(number) > 12 else ()
        done = record(done, Reading("v", g, INSPECTOR.id, at, number, instrument="L1", photos=photos))
    signature = Signature(
        INSPECTOR.id, INSPECTOR.name, SignatureMeaning.AUTHORSHIP, "inspector", at, signing_digest(done)
    )
    return sign(done, signature, actor=INSPECTOR, now=at)


def _planned(lot: tuple[str, ...] = LOT, **fields: Any) -> Inspection:
    made = Inspection(
        "x" * 32, "p" * 32, "T-INS-0001", "columns", lot, Decimal(len(lot)), "pcs", whole_lot(lot), (PLUMB,)
    )
    return replace(made, **fields)


def _failed(**fields: Any) -> Inspection:
    return _carried_out(_planned(**fields), {"g4": "13"}, NOW)


def _passed() -> Inspection:
    general = replace(PLUMB, weight=Weight.GENERAL)
    return _carried_out(_planned(characteristics=(general,)), {"g4": "13"}, NOW)


def _ncr(*lines: DispositionLine, at: datetime = NOW + DAY, **fields: Any) -> NonConformance:
    made = NonConformance(
        "n" * 32, "p" * 32, "leans", Severity.MINOR, Decimal(1), "element", INSPECTOR, NOW, State.CLOSED, "T-NCR-0001",
        global_ids=("g4",), inspection="x" * 32, lines=lines or (REWORK,),
        steps=(Step(Event.CLOSE, State.CLOSED, MANAGER, at),),
    )  # fmt: skip
    return replace(made, **fields)


def _accept(
    inspection: Inspection, ncr: NonConformance, quantity: str = "1", basis: Basis = Basis.NCR_CLOSED
) -> Inspection:
    return accept_on_ncr(inspection, ncr, Decimal(quantity), basis, actor=MANAGER, now=NOW + 2 * DAY)


def _as_is(until: datetime = NOW + 9 * DAY, **fields: Any) -> DispositionLine:
    concession = Concession(Decimal(1), until, ("g4",), "C-1")
    line = DispositionLine("l1", Decision.USE_AS_IS, Decimal(1), "stands well", ("g4",), concession=concession)
    return replace(line, **fields)


def test_the_ledger_follows_the_moves_and_always_sums() -> None:
    inspection = count_quantity(_failed(), Decimal(5), actor=INSPECTOR, now=NOW)
    inspection = reject_quantity(inspection, Decimal(1), "leans", actor=MANAGER, now=NOW)
    book = inspection.ledger
    assert (book.inspected, book.accepted, book.rejected, book.pending) == (5, 0, 1, 4)
    inspection = restore_quantity(inspection, _ncr(), Decimal(1), actor=MANAGER, now=NOW + 2 * DAY)
    assert (inspection.ledger.rejected, inspection.ledger.pending) == (0, 5)
    with pytest.raises(Refused, match="more than"):
        reject_quantity(inspection, Decimal(6), "why", actor=MANAGER, now=NOW)
    with pytest.raises(Invalid, match="say why"):
        reject_quantity(inspection, Decimal(1), "", actor=MANAGER, now=NOW)
    assert from_json(to_json(inspection), Inspection) == inspection


def test_without_a_pass_nothing_is_accepted_on_the_verdict() -> None:
    with pytest.raises(Refused, match="is fail"):
        accept_on_verdict(_failed(), Decimal(4), actor=MANAGER, now=NOW)


def test_what_was_rejected_is_not_accepted_on_the_verdict_that_the_rest_passed() -> None:
    rejected = reject_quantity(_passed(), Decimal(1), "leans", actor=MANAGER, now=NOW)
    restored = restore_quantity(rejected, _ncr(), Decimal(1), actor=MANAGER, now=NOW + 2 * DAY)
    accepted = accept_on_verdict(restored, Decimal(4), actor=MANAGER, now=NOW)
    with pytest.raises(Refused, match="were rejected: the verdict bears 0 more"):
        accept_on_verdict(accepted, Decimal(1), actor=MANAGER, now=NOW)
    assert _accept(accepted, _ncr()).ledger.pending == 0


@pytest.mark.parametrize(("ncr", "text"), [
    (_ncr(inspection=None, global_ids=("zz",)), "about none of the lot"),
    (_ncr(project="q" * 32), "another project"),
    (_ncr(state=State.DRAFT, number=""), "the draft is not closed"),
    (_ncr(state=State.VOID), "is void: close it first"),
    (_ncr(state=State.REINSPECTION), "is reinspection: close it first"),
    (_ncr(at=NOW - DAY), "was closed before"),
    (_ncr(replace(REWORK, decision=Decision.SCRAP)), "no decision that leaves something to accept"),
    (_ncr(_as_is(NOW + DAY)), "no decision that leaves something to accept"),
    (_ncr(inspection=None), "says nothing of 'verticality'"),
    (_ncr(replace(REWORK, global_ids=("g3", "zz"), quantity=Decimal(2)), global_ids=("g3", "zz")), ""),
])  # fmt: skip
def test_an_ncr_bears_only_what_it_is_about(ncr: NonConformance, text: str) -> None:
    if not text:
        assert _accept(_failed(), ncr).ledger.accepted == 1
        with pytest.raises(Refused, match="covers 1 pcs of this lot"):
            _accept(_failed(), ncr, "2")
        return
    with pytest.raises(Refused, match=text):
        _accept(_failed(), ncr)


def test_an_ncr_of_the_same_element_and_characteristic_bears_it_however_it_was_raised() -> None:
    requirement = Requirement("Verticality", "drawing 4", Decimal(-10), Decimal(10))
    violation = Violation(requirement, Measured(Decimal(13), Decimal(1)), "g4")
    assert _accept(_failed(), _ncr(inspection=None, violations=(violation,))).ledger.accepted == 1
    clause = replace(violation, requirement=replace(requirement, characteristic="lean", clause="GB 50204-2015, 8.3.2"))
    assert _accept(_failed(), _ncr(inspection=None, violations=(clause,))).ledger.accepted == 1
    other = replace(violation, requirement=replace(requirement, characteristic="strength"))
    with pytest.raises(Refused, match="says nothing of 'verticality'"):
        _accept(_failed(), _ncr(inspection=None, violations=(other,)))


def test_an_ncr_bears_no_more_than_it_holds_and_no_quantity_twice() -> None:
    with pytest.raises(Refused, match="covers 1 pcs of this lot: 2 are more"):
        _accept(_failed(), _ncr(), "2")
    with pytest.raises(Refused, match="of which 1 are used already"):
        _accept(_accept(_failed(), _ncr()), _ncr())
    cubic = _failed(quantity=Decimal("12.5"), unit="m³")
    assert _accept(cubic, _ncr(), "2.5").ledger.accepted == Decimal("2.5")
    with pytest.raises(Refused, match=r"covers 2\.5 m³"):
        _accept(cubic, _ncr(), "2.6")
    known = _ncr(replace(REWORK, quantity=Decimal(4)), quantity=Decimal(4), unit="m³")
    assert _accept(cubic, known, "4").ledger.accepted == 4


def test_a_concession_is_a_valid_use_as_is() -> None:
    with pytest.raises(Refused, match="no valid concession"):
        _accept(_failed(), _ncr(), basis=Basis.CONCESSION)
    with pytest.raises(Refused, match="no valid concession"):
        _accept(_failed(), _ncr(_as_is(NOW + DAY)), basis=Basis.CONCESSION)
    assert _accept(_failed(), _ncr(_as_is()), basis=Basis.CONCESSION).moves[-1].basis is Basis.CONCESSION
    both = (_as_is(), replace(REWORK, id="l2", global_ids=("g3",)))
    wide = _ncr(*both, global_ids=("g3", "g4"), quantity=Decimal(2))
    with pytest.raises(Refused, match="covers 1 pcs"):
        _accept(_failed(), wide, "2", Basis.CONCESSION)
    assert _accept(_failed(), wide, "2").ledger.accepted == 2


def test_of_what_was_sorted_the_good_is_accepted() -> None:
    line = replace(REWORK, decision=Decision.SORT, quantity=Decimal(2), global_ids=("g3", "g4"))
    lots = (ChildLot("a", Decimal(1), Outcome.PASS, ("g3",)), ChildLot("b", Decimal(1), Outcome.FAIL, ("g4",), "k"))
    proof = Proof("l1", Outcome.PASS, MANAGER, NOW, lots=lots)
    sorted_ = _ncr(line, global_ids=("g3", "g4"), quantity=Decimal(2), proofs=(proof,))
    assert _accept(_failed(), sorted_).ledger.accepted == 1
    with pytest.raises(Refused, match="covers 1 pcs"):
        _accept(_failed(), sorted_, "2")
    with pytest.raises(Refused, match="no decision"):
        _accept(_failed(), replace(sorted_, proofs=()))


@pytest.mark.parametrize(("ncr", "text"), [
    (_ncr(state=State.DRAFT, number=""), "not closed"), (_ncr(state=State.VOID), "close it first"),
    (_ncr(_as_is()), "no correction"), (_ncr(inspection=None, global_ids=("zz",)), "none of the lot"),
])  # fmt: skip
def test_only_what_was_corrected_is_pending_again(ncr: NonConformance, text: str) -> None:
    rejected = reject_quantity(_failed(), Decimal(2), "leans", actor=MANAGER, now=NOW)
    with pytest.raises(Refused, match=text):
        restore_quantity(rejected, ncr, Decimal(1), actor=MANAGER, now=NOW + 2 * DAY)
    with pytest.raises(Refused, match="covers 1 pcs"):
        restore_quantity(rejected, _ncr(), Decimal(2), actor=MANAGER, now=NOW + 2 * DAY)
    once = restore_quantity(rejected, _ncr(), Decimal(1), actor=MANAGER, now=NOW + 2 * DAY)
    with pytest.raises(Refused, match="used already"):
        restore_quantity(once, _ncr(), Decimal(1), actor=MANAGER, now=NOW + 2 * DAY)


_DECISIONS: list[Callable[[Inspection], Inspection]] = [
    lambda i: accept_on_verdict(i, Decimal(1), actor=MANAGER, now=NOW),
    lambda i: _accept(i, _ncr()),
    lambda i: reject_quantity(i, Decimal(1), "why", actor=MANAGER, now=NOW),
    lambda i: restore_quantity(i, _ncr(), Decimal(1), actor=MANAGER, now=NOW),
    lambda i: inspect_again(i, "y", "T-2", ["g0"], Decimal(1)),
]


@pytest.mark.parametrize("move", _DECISIONS)
def test_nothing_is_decided_before_signing(move: Callable[[Inspection], Inspection]) -> None:
    with pytest.raises(Refused, match="before it is signed"):
        move(start(_planned(), (LEVEL,), actor=INSPECTOR, now=NOW))
    with pytest.raises(Refused, match="before it is signed"):
        count_quantity(_planned(), Decimal(1), actor=INSPECTOR, now=NOW)


def _again(number: str = "2", at: datetime = NOW + DAY) -> Inspection:
    return _carried_out(inspect_again(_failed(), "y" * 32, "T-INS-0002", ["g4"], Decimal(1)), {"g4": number}, at)


def test_a_passing_reinspection_by_the_same_criteria_frees_its_quantity_once() -> None:
    failed, again = _failed(), _again()
    assert (again.reinspects_id, again.characteristics) == (failed.id, failed.characteristics)
    accepted = accept_on_reinspection(failed, again, Decimal(1), actor=MANAGER, now=NOW)
    assert accepted.ledger.accepted == 1
    with pytest.raises(Refused, match="accepted already"):
        accept_on_reinspection(accepted, again, Decimal(1), actor=MANAGER, now=NOW)


def test_a_reinspection_that_failed_is_unsigned_anothers_or_older_frees_nothing() -> None:
    failed = _failed()
    for again, text in (
        (_again("13"), "is fail"),
        (inspect_again(failed, "y", "T-2", ["g4"], Decimal(1)), "before it is signed"),
        (replace(_again(), reinspects_id="other"), "does not inspect"),
        (_again(at=NOW - DAY), "from before T-INS-0001 was signed"),
    ):
        with pytest.raises(Refused, match=text):
            accept_on_reinspection(failed, again, Decimal(1), actor=MANAGER, now=NOW)
    with pytest.raises(Invalid, match="not in the lot"):
        inspect_again(failed, "y", "T-2", ["zz"], Decimal(1))
    with pytest.raises(Invalid, match="more than the lot"):
        inspect_again(failed, "y", "T-2", ["g4"], Decimal(6))


LARGE = tuple(f"c{i:02}" for i in range(20))


def _large() -> Inspection:
    sample = draw_sample(LARGE, 5, seed=1)
    return _carried_out(_planned(LARGE, sample=sample), {sample.global_ids[0]: "13"}, NOW)


def test_one_of_twenty_frees_a_twentieth() -> None:
    with pytest.raises(Invalid, match="1 of the 20 elements of T-INS-0001 are 1 pcs, not 20"):
        inspect_again(_large(), "y", "T-2", LARGE[:1], Decimal(20))
    assert inspect_again(_large(), "y", "T-2", LARGE[:7], Decimal(7)).sample.source == "100 %"


def test_a_whole_lot_is_freed_by_a_new_sample_that_nobody_picks() -> None:
    large = _large()
    again = inspect_again(large, "ab" * 16, "T-2", LARGE, Decimal(20), extent=Extent.SAMPLE)
    other = inspect_again(large, "cd" * 16, "T-2", LARGE, Decimal(20), extent=Extent.SAMPLE)
    assert large.sample.global_ids[0] in again.sample.global_ids, "what failed is looked at again"
    assert 5 <= len(again.sample.global_ids) <= 6
    assert again.sample.global_ids != other.sample.global_ids
    assert "GB 50300" in again.sample.source
    passed = _carried_out(again, {}, NOW + DAY)
    assert verdict(passed).outcome is Outcome.PASS
    assert passed.state is InspectionState.SIGNED
    assert accept_on_reinspection(large, passed, Decimal(20), actor=MANAGER, now=NOW).ledger.pending == 0
