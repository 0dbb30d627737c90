"""Which inspections and checks speak for an item of a plan, and for which of its elements."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.reference.plan_cases import (
    CLEAN,
    FOREMAN,
    HOUR,
    INSPECTOR,
    NOW,
    PLAN,
    PROOF,
    all_let_go,
    begun,
    inspected,
    left_of,
    let_go,
    linked_to,
)
from twin.characteristic import CharacteristicKind, InspectionCharacteristic
from twin.errors import Invalid, Refused
from twin.execution_record import LinkedNcr, NcrAnswer, PlanExecution
from twin.inspection import Inspection, InspectionState, PlanPin
from twin.inspection_lot import draw_sample, whole_lot
from twin.inspection_plan import (
    Criterion,
    Frequency,
    FrequencyKind,
    Method,
    Reference,
)
from twin.inspection_steps import signing_digest, start
from twin.plan_execution import (
    link_check,
    link_ncr,
    redate_checks,
    unlink_check,
)
from twin.plan_release import missing_to_proceed
from twin.project import CheckRun, RegistrationRecord, RegistrationStatus
from twin.record import Signature, SignatureMeaning
from twin.store.codec import from_json, to_json

AXIS = InspectionCharacteristic(
    "c1", "axis position", CharacteristicKind.NUMERIC, lower=Decimal(-8), upper=Decimal(8), unit="mm",
    resolution=Decimal("0.1"),
)  # fmt: skip
BY_AXIS: dict[str, Any] = {
    "characteristics": ("axis_position",), "criterion": Criterion(Decimal(-8), Decimal(8), "mm"),
    "reference": Reference("GB 50204-2015", "8.3.2"),
}  # fmt: skip


def _asked(*questions: InspectionCharacteristic, sample: int = 2, ids: tuple[str, ...] = ("a", "b")) -> Inspection:
    drawn = draw_sample(ids, sample, seed=0) if sample < len(ids) else whole_lot(ids)
    pin, size = PlanPin("plan", 1, "rebar", "m1"), Decimal(len(ids))
    made = Inspection("i", "p" * 32, "I-1", "rebar", ids, size, "pcs", drawn, questions, pin=pin)
    made = start(made, (), actor=INSPECTOR, now=NOW)
    signature = Signature(INSPECTOR.id, "I", SignatureMeaning.AUTHORSHIP, "inspector", NOW, signing_digest(made))
    return replace(made, state=InspectionState.SIGNED, signature=signature)


@pytest.mark.parametrize(("question", "text"), [
    (AXIS, ""), (replace(AXIS, name="Axis_Position "), ""), (replace(AXIS, lower=Decimal(-5)), ""),
    (replace(AXIS, lower=Decimal("-0.8"), upper=Decimal("0.8"), unit="cm"), ""),
    (replace(AXIS, name="painted"), "does not look at 'axis_position'"),
    (replace(AXIS, upper=Decimal(9)), "accepts more"), (replace(AXIS, lower=None), "accepts more"),
    (replace(AXIS, unit="cm"), "accepts more"), (replace(AXIS, required=False), "accepts more"),
    (replace(CLEAN, id="z", name="axis position"), "accepts more"),
])  # fmt: skip
def test_an_inspection_asks_for_the_items_characteristic_within_its_limits(
    question: InspectionCharacteristic, text: str
) -> None:
    if not text:
        assert linked_to(begun(), _asked(question), **BY_AXIS).inspections[0].global_ids == ("a", "b")
        return
    with pytest.raises(Refused, match=text) as caught:
        linked_to(begun(), _asked(question, CLEAN), **BY_AXIS)
    assert caught.value.missing[0].startswith("an inspection of 'axis_position'")


def test_answers_are_compared_as_well() -> None:
    choice = InspectionCharacteristic(
        "k", "clean", CharacteristicKind.CHOICE, choices=("good", "fair", "bad"), conforming=("good", "fair")
    )
    strict, wide = Criterion(answers=("Good",)), Criterion(answers=("good", "fair"))
    assert linked_to(begun(), _asked(choice), criterion=wide).inspections
    with pytest.raises(Refused, match="accepts more than 'look at rebar' does: inspect within Good"):
        linked_to(begun(), _asked(choice), criterion=strict)
    assert linked_to(begun(), _asked(CLEAN), criterion=Criterion(answers=("yes",))).inspections
    with pytest.raises(Refused, match="accepts more"):
        linked_to(begun(), _asked(CLEAN), criterion=Criterion(answers=("no",)))


TWENTY = tuple(f"c{i:02}" for i in range(20))


def test_where_each_is_asked_for_only_what_was_looked_at_counts() -> None:
    one = linked_to(begun(ids=TWENTY), _asked(CLEAN, sample=1, ids=TWENTY))
    assert len(one.inspections[0].global_ids) == 1
    assert len(left_of(one)) >= 19


@pytest.mark.parametrize(("frequency", "least"), [
    (Frequency(FrequencyKind.SAMPLE, Decimal(3), "pcs"), 3), (Frequency(FrequencyKind.SAMPLE, Decimal(50), "pcs"), 20),
    (Frequency(FrequencyKind.PERCENT, Decimal(21)), 5), (Frequency(FrequencyKind.PER_QUANTITY, Decimal(6), "pcs"), 4),
])  # fmt: skip
def test_a_sample_is_no_smaller_than_the_item_asks(frequency: Frequency, least: int) -> None:
    enough = linked_to(begun(ids=TWENTY), _asked(CLEAN, sample=least, ids=TWENTY), frequency=frequency)
    assert enough.inspections[0].global_ids == TWENTY
    with pytest.raises(Refused, match=f"asks for {least}"):
        linked_to(begun(ids=TWENTY), _asked(CLEAN, sample=least - 1, ids=TWENTY), frequency=frequency)


def test_a_part_of_the_plans_lot_takes_its_share_of_the_sample() -> None:
    item: dict[str, Any] = {
        "global_ids": (*TWENTY, *(f"d{i}" for i in range(71))),
        "frequency": Frequency(FrequencyKind.SAMPLE, Decimal(8), "pcs"),
    }
    assert linked_to(begun(ids=TWENTY), _asked(CLEAN, sample=3, ids=TWENTY), **item).inspections
    with pytest.raises(Refused, match="asks for 3"):
        linked_to(begun(ids=TWENTY), _asked(CLEAN, sample=2, ids=TWENTY), **item)
    cubic = Frequency(FrequencyKind.PER_QUANTITY, Decimal(6), "m³")
    with pytest.raises(Refused, match="counts m³"):
        linked_to(begun(ids=TWENTY), _asked(CLEAN, ids=TWENTY), frequency=cubic)


# rule 7: an item that is measured by scan is released on a check

BY_SCAN = BY_AXIS | {"method": Method.SCAN_VS_BIM}


def _run(**fields: Any) -> CheckRun:
    pose = tuple(Decimal(int(i % 5 == 0)) for i in range(16))
    run = CheckRun(
        "k", "p" * 32, "m1", "e", "ab" * 32, ("cd" * 32,), "GB 50204-2015", "0.1.0", 0, NOW, NOW,
        RegistrationRecord(RegistrationStatus.ACCEPTED, "icp", pose), PROOF,
    )  # fmt: skip
    return replace(run, **fields)


def _found(verdict: str = "pass", **fields: Any) -> dict[str, Any]:
    found = {
        "characteristic": "axis_position",
        "source": "GB 50204-2015, table 8.3.2",
        "lower_mm": -8.0,
        "upper_mm": 8.0,
    }
    return found | {"verdict": verdict} | fields


def _checked(run: CheckRun | None = None, at: datetime = NOW, **measured: dict[str, Any]) -> PlanExecution:
    item = replace(PLAN.item("rebar"), **BY_SCAN)
    rows = {g: [one] for g, one in (measured or {"a": _found(), "b": _found()}).items()}
    return link_check(begun(), item, run or _run(), rows, captured_at=at, actor=FOREMAN)


def test_a_hold_is_released_on_a_check_that_passed_by_somebody_else() -> None:
    checked = _checked()
    assert (checked.checks[0].check, left_of(checked)) == ("k", ())
    assert let_go(checked).releases[0].basis == ("k",)
    with pytest.raises(Refused, match="took the check for it"):
        let_go(checked, FOREMAN)
    assert from_json(to_json(let_go(checked)), PlanExecution) == let_go(checked)


@pytest.mark.parametrize("verdict", ["fail", "indeterminate", "not_measured"])
def test_what_a_check_did_not_pass_is_not_released(verdict: str) -> None:
    checked = _checked(a=_found(), b=_found(verdict))
    assert left_of(checked) == ("a passing inspection or check, a closed NCR or a concession for b",)
    by_hand = linked_to(checked, inspected(ids=("b",), at=NOW + HOUR))
    assert left_of(by_hand) == (), "what the scan left open is inspected by hand"
    again = _checked(a=_found())
    assert "for b" in left_of(again)[0], "what it does not name it says nothing of"


def test_what_a_check_does_not_see_leaves_what_was_inspected_before() -> None:
    item = replace(PLAN.item("rebar"), **BY_SCAN)
    seen = {"a": [_found()], "b": [_found("not_measured")]}
    later = link_check(
        linked_to(begun(), inspected()), item, _run(), seen, captured_at=NOW + HOUR, actor=FOREMAN
    )  # fmt: skip
    assert left_of(later) == ()
    failed = seen | {"b": [_found("fail")]}
    worse = link_check(
        linked_to(begun(), inspected()), item, _run(), failed, captured_at=NOW + HOUR, actor=FOREMAN
    )  # fmt: skip
    assert len(left_of(worse)) == 1


@pytest.mark.parametrize("other", [
    {"lower_mm": -20.0, "upper_mm": 20.0}, {"upper_mm": None}, {"source": "user"}, {"source": "DIN 18202"},
])  # fmt: skip
def test_a_check_by_other_tolerances_says_nothing(other: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="check by the same tolerances"):
        _checked(a=_found(**other), b=_found(**other))
    half = _checked(a=_found(), b=_found(**other))
    assert "for b" in left_of(half)[0]


@pytest.mark.parametrize(("run", "text"), [
    (_run(registration=RegistrationRecord(RegistrationStatus.REFUSED, "icp"), counts=False), "refused"),
    (_run(revision="m2"), "another revision"), (_run(project="q" * 32), "another revision"),
    (_run(counts=False), "for information"),
])  # fmt: skip
def test_a_check_that_does_not_fit_is_not_linked(run: CheckRun, text: str) -> None:
    with pytest.raises(Refused, match=text):
        _checked(run)


def test_a_check_is_of_the_items_method_its_time_and_linked_once() -> None:
    with pytest.raises(Refused, match="measured by visual"):
        link_check(begun(), PLAN.item("rebar"), _run(), {"a": [_found()]}, captured_at=NOW, actor=FOREMAN)
    with pytest.raises(Refused, match="is from before"):
        _checked(at=NOW - HOUR)
    item = replace(PLAN.item("rebar"), **BY_SCAN)
    with pytest.raises(Refused, match="linked already"):
        link_check(_checked(), item, _run(), {"a": [_found()]}, captured_at=NOW, actor=FOREMAN)
    with pytest.raises(Invalid, match="measured nothing"):
        _checked(z=_found())


def test_a_check_whose_scan_was_dated_anew_speaks_as_of_then_and_one_that_counts_no_more_not_at_all() -> None:
    checked = _checked(at=NOW + HOUR)
    assert redate_checks(checked, {"another"}, NOW - HOUR) == checked
    assert left_of(redate_checks(checked, {"k"}, NOW + 2 * HOUR)) == ()
    assert len(left_of(redate_checks(checked, {"k"}, NOW - HOUR))) == 2, "it is older than the work"
    assert len(left_of(unlink_check(checked, "k"))) == 2
    released = let_go(checked)
    assert redate_checks(released, {"k"}, NOW - HOUR) == unlink_check(released, "k") == released, "it is signed"


def test_a_concession_speaks_while_it_holds() -> None:
    asis = LinkedNcr("n1", NcrAnswer.CONCESSION, ("a", "b"), NOW, ("a", "b"), NOW + HOUR)
    execution = link_ncr(begun(), asis)
    assert left_of(execution, NOW) == ()
    assert len(left_of(execution, NOW + HOUR)) == 2
    withdrawn = link_ncr(all_let_go(), LinkedNcr("n2", NcrAnswer.WITHDRAWN, ("a",), NOW))
    assert missing_to_proceed(withdrawn, now=NOW) == ()
