from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.verdict import Outcome
from twin.characteristic import CharacteristicKind, InspectionCharacteristic, Reading, Weight
from twin.errors import Conflict, IllegalTransition, Invalid, NotFound, Refused
from twin.inspection import (
    TRANSITIONS,
    GeneralRule,
    Inspection,
    InspectionEvent,
    InspectionState,
    PlanPin,
)
from twin.inspection_lot import draw_sample, whole_lot
from twin.inspection_quantity import accept_on_verdict
from twin.inspection_steps import (
    add_instrument,
    allowed_events,
    cancel,
    correct,
    missing_for,
    record,
    sign,
    signing_digest,
    start,
)
from twin.inspection_verdict import verdict
from twin.instrument import Instrument
from twin.record import Actor, Evidence, EvidenceKind, Signature, SignatureMeaning
from twin.store.codec import from_json, to_json

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
INSPECTOR, MANAGER = Actor("i", "Inspector"), Actor("m", "Manager")
PHOTO = (Evidence(EvidenceKind.PICTURE, "ab" * 32),)
LEVEL = Instrument("L1", "level", date(2026, 1, 1), date(2026, 12, 31), Decimal(2))
PLUMB = InspectionCharacteristic(
    "v", "verticality", CharacteristicKind.NUMERIC, Weight.MAIN, "GB 50204-2015", Decimal(-10), Decimal(10), "mm",
    Decimal(1),
)  # fmt: skip
CLEAN = InspectionCharacteristic("b", "clean", CharacteristicKind.BOOLEAN, photo_on_fail=False)
NOTE = InspectionCharacteristic("t", "remark", CharacteristicKind.TEXT, required=False)
LOT = tuple(f"g{i}" for i in range(5))


def _planned(*characteristics: InspectionCharacteristic, lot: tuple[str, ...] = LOT) -> Inspection:
    asked = characteristics or (PLUMB, CLEAN, NOTE)
    size = Decimal(len(lot))
    return Inspection("x" * 32, "p" * 32, "T-INS-0001", "columns", lot, size, "pcs", whole_lot(lot), asked)


def _started(*characteristics: InspectionCharacteristic, lot: tuple[str, ...] = LOT) -> Inspection:
    return start(_planned(*characteristics, lot=lot), (LEVEL,), actor=INSPECTOR, now=NOW)


def _mm(global_id: str, number: str, **fields: Any) -> Reading:
    return replace(Reading("v", global_id, INSPECTOR.id, NOW, Decimal(number), instrument="L1"), **fields)


def _yes(global_id: str, flag: bool = True, **fields: Any) -> Reading:
    return replace(Reading("b", global_id, INSPECTOR.id, NOW, flag=flag), **fields)


def _read(readings: list[Reading], *characteristics: InspectionCharacteristic) -> Inspection:
    inspection = _started(*characteristics)
    for reading in readings:
        inspection = record(inspection, reading)
    return inspection


def _sign(inspection: Inspection, **changes: Any) -> Inspection:
    signature = Signature(
        INSPECTOR.id, INSPECTOR.name, SignatureMeaning.AUTHORSHIP, "inspector", NOW, signing_digest(inspection)
    )
    return sign(inspection, replace(signature, **changes), actor=INSPECTOR, now=NOW)


def _complete() -> Inspection:
    return _read([_mm(g, "3") for g in LOT] + [_yes(g) for g in LOT])


def _signed() -> Inspection:
    return _sign(_complete())


READY: dict[InspectionState, Callable[[], Inspection]] = {
    InspectionState.PLANNED: _planned,
    InspectionState.IN_PROGRESS: _complete,
    InspectionState.SIGNED: _signed,
    InspectionState.CANCELLED: lambda: cancel(_planned(), "poured elsewhere", actor=MANAGER, now=NOW),
}
DO: dict[InspectionEvent, Callable[[Inspection], Inspection]] = {
    InspectionEvent.START: lambda i: start(i, (LEVEL,), actor=INSPECTOR, now=NOW),
    InspectionEvent.SIGN: _sign,
    InspectionEvent.CANCEL: lambda i: cancel(i, "poured elsewhere", actor=MANAGER, now=NOW),
}


@pytest.mark.parametrize("state", InspectionState)
@pytest.mark.parametrize("event", InspectionEvent)
def test_every_pair_of_state_and_event(state: InspectionState, event: InspectionEvent) -> None:
    inspection = READY[state]()
    assert inspection.state is state
    after = TRANSITIONS.get((state, event))
    assert (event in allowed_events(inspection)) == (after is not None)
    if after is None:
        with pytest.raises(IllegalTransition):
            DO[event](inspection)
    else:
        moved = DO[event](inspection)
        assert (moved.state, moved.steps[-1].event, moved.steps[-1].state) == (after, event, after)


@pytest.mark.parametrize("state", InspectionState)
def test_every_state_is_stored_and_read_back(state: InspectionState) -> None:
    inspection = replace(READY[state](), pin=PlanPin("q", 2, "i", "r"))
    assert from_json(to_json(inspection), Inspection) == inspection


def test_signing_needs_every_required_answer_or_why_it_is_missing() -> None:
    some = _read([_mm(g, "3") for g in LOT] + [_yes(g) for g in LOT[:4]])
    assert missing_for(some, InspectionEvent.SIGN, now=NOW) == ("'clean' of g4, or why it was not measured",)
    with pytest.raises(Refused) as caught:
        _sign(some)
    assert caught.value.missing == missing_for(some, InspectionEvent.SIGN, now=NOW)
    excused = record(some, Reading("b", "g4", INSPECTOR.id, NOW, not_measured="under formwork"))
    assert verdict(_sign(excused)).outcome is Outcome.NOT_MEASURED


def test_a_failure_and_a_serious_defect_need_a_photo() -> None:
    bare = _read([_mm(g, "13") for g in LOT], PLUMB)
    assert len(missing_for(bare, InspectionEvent.SIGN, now=NOW)) == 5
    shown = correct(bare, _mm("g0", "13", photos=PHOTO), "photo added")
    assert len(missing_for(shown, InspectionEvent.SIGN, now=NOW)) == 4
    serious = _read([_mm(g, "0", serious_defect=g == "g0") for g in LOT], PLUMB)
    assert missing_for(serious, InspectionEvent.SIGN, now=NOW) == ("a photo of what fails in 'verticality' of g0",)
    assert not missing_for(_read([_mm(g, "9") for g in LOT], PLUMB), InspectionEvent.SIGN, now=NOW), (
        "in doubt is no failure"
    )


@pytest.mark.parametrize(("changes", "text"), [
    ({"signer": "m"}, "who carried it out"), ({"meaning": SignatureMeaning.APPROVAL}, "as author"),
    ({"content_sha256": "0" * 64}, "another version"),
])  # fmt: skip
def test_the_inspector_signs_what_was_read(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(Refused, match=text):
        _sign(_complete(), **changes)


def test_a_signature_does_not_cover_answers_corrected_after_it() -> None:
    before = _complete()
    digest = signing_digest(before)
    after = correct(before, _mm("g0", "4"), "misread")
    with pytest.raises(Refused, match="another version"):
        _sign(after, content_sha256=digest)


def test_nothing_is_read_or_corrected_after_signing_or_before_starting() -> None:
    for inspection in (_signed(), _planned(), READY[InspectionState.CANCELLED]()):
        with pytest.raises(Refused, match="in progress"):
            record(inspection, _mm("g0", "1"))
        with pytest.raises(Refused, match="in progress"):
            correct(inspection, _mm("g0", "1"), "why")
        with pytest.raises(Refused, match="in progress"):
            add_instrument(inspection, replace(LEVEL, serial="L2"), now=NOW)


def test_an_expired_calibration_refuses_at_the_start_and_at_each_reading() -> None:
    expired = replace(LEVEL, calibrated_until=date(2026, 2, 28))
    with pytest.raises(Refused, match="expired"):
        start(_planned(), (expired,), actor=INSPECTOR, now=NOW)
    with pytest.raises(Refused, match="expired"):
        add_instrument(_started(), replace(expired, serial="L2"), now=NOW)
    with pytest.raises(Refused, match="expired"):
        record(_started(), _mm("g0", "1", taken_at=datetime(2027, 1, 1, tzinfo=UTC)))
    both = add_instrument(_started(), replace(LEVEL, serial="L2"), now=NOW)
    assert len(record(both, _mm("g0", "1", instrument="L2")).readings) == 1


@pytest.mark.parametrize(("reading", "error", "text"), [
    (_mm("zz", "1"), Invalid, "not in the sample"),
    (_mm("g0", "1", characteristic="zz"), NotFound, "does not ask"),
    (_mm("g0", "1", instrument="L9"), NotFound, "add it first"),
    (_mm("g0", "1", instrument=""), Refused, "name the instrument"),
    (_mm("g0", "1.5"), Invalid, "finer"),
    (replace(_mm("g0", "1"), number=None), Invalid, "asks for numeric"),
    (replace(_mm("g0", "1"), number=None, flag=True), Invalid, "asks for numeric"),
    (replace(_yes("g0"), flag=None), Invalid, "asks for boolean"),
    (replace(_yes("g0"), flag=None, number=Decimal(1)), Invalid, "asks for boolean"),
    (replace(_yes("g0"), flag=None, not_measured="x", characteristic="k"), None, ""),
    (replace(_yes("g0"), characteristic="t"), Invalid, "asks for text"),
    (replace(_yes("g0"), characteristic="t", text="fine"), Invalid, "answers with boolean"),
    (replace(_yes("g0"), characteristic="f", flag=None), Invalid, "asks for photo"),
    (replace(_yes("g0"), characteristic="f", flag=None, photos=PHOTO), None, ""),
    (replace(_yes("g0"), characteristic="k", flag=None, choice="Yes"), Invalid, "none of yes, no"),
    (replace(_yes("g0"), characteristic="k", flag=None, choice="yes"), None, ""),
])  # fmt: skip
def test_an_answer_has_to_answer_what_was_asked(reading: Reading, error: type[Exception] | None, text: str) -> None:
    choice = InspectionCharacteristic("k", "ok", CharacteristicKind.CHOICE, choices=("yes", "no"), conforming=("yes",))
    photo = InspectionCharacteristic("f", "view", CharacteristicKind.PHOTO)
    inspection = _started(PLUMB, CLEAN, NOTE, choice, photo)
    if error is None:
        assert record(inspection, reading).readings == (reading,)
    else:
        with pytest.raises(error, match=text):
            record(inspection, reading)


def test_a_number_without_a_known_uncertainty_is_refused() -> None:
    vague = replace(LEVEL, serial="V", expanded_uncertainty=None)
    degrees = replace(LEVEL, serial="D", unit="°")
    inspection = add_instrument(add_instrument(_started(), vague, now=NOW), degrees, now=NOW)
    for serial in ("V", "D"):
        with pytest.raises(Refused, match="how uncertain"):
            record(inspection, _mm("g0", "1", instrument=serial))
        own = _mm("g0", "1", instrument=serial, expanded_uncertainty=Decimal(1))
        assert record(inspection, own).readings == (own,)


def test_an_answer_is_given_once_and_corrected_with_a_reason() -> None:
    one = record(_started(), _mm("g0", "1"))
    with pytest.raises(Conflict, match="correct it"):
        record(one, _mm("g0", "2"))
    with pytest.raises(Invalid, match="say why"):
        correct(one, _mm("g0", "2"), " ")
    with pytest.raises(NotFound):
        correct(one, _mm("g1", "2"), "why")
    assert correct(one, _mm("g0", "2"), "misread").answers["v", "g0"].number == 2


@pytest.mark.parametrize(("numbers", "outcome"), [
    ("3 3 3 3 3", Outcome.PASS), ("3 3 3 3 13", Outcome.FAIL), ("3 3 3 3 9", Outcome.INDETERMINATE),
    ("3 3 3 9 13", Outcome.FAIL), ("3 3 3 3", Outcome.NOT_MEASURED), ("3 3 3 13", Outcome.FAIL),
    ("3 3 3 9", Outcome.NOT_MEASURED),
])  # fmt: skip
def test_a_main_item_passes_only_when_every_one_does(numbers: str, outcome: Outcome) -> None:
    inspection = _read([_mm(g, n) for g, n in zip(LOT, numbers.split(), strict=False)], PLUMB)
    assert verdict(inspection).outcome is outcome


@pytest.mark.parametrize(("numbers", "outcome"), [
    ("3 3 3 3 13", Outcome.PASS), ("3 3 3 13 13", Outcome.FAIL), ("3 3 3 9 13", Outcome.INDETERMINATE),
    ("3 3 3 13", Outcome.NOT_MEASURED), ("13 13", Outcome.FAIL), ("3 3 3 9 9", Outcome.INDETERMINATE),
])  # fmt: skip
def test_a_general_item_passes_from_80_per_cent(numbers: str, outcome: Outcome) -> None:
    general = replace(PLUMB, weight=Weight.GENERAL)
    inspection = _read([_mm(g, n) for g, n in zip(LOT, numbers.split(), strict=False)], general)
    assert verdict(inspection).outcome is outcome


def test_one_serious_defect_fails_a_general_item() -> None:
    general = replace(PLUMB, weight=Weight.GENERAL)
    inspection = _read([_mm(g, "3", serious_defect=g == "g2") for g in LOT], general)
    found = verdict(inspection)
    assert (found.outcome, found.characteristics[0].serious, found.characteristics[0].passed) == (Outcome.FAIL, 1, 5)


def test_by_count_the_table_decides() -> None:
    lot = tuple(f"g{i}" for i in range(8))
    for bad, outcome in ((2, Outcome.PASS), (3, Outcome.FAIL)):
        inspection = replace(_started(CLEAN, lot=lot), general_rule=GeneralRule.COUNT)
        for i, g in enumerate(lot):
            inspection = record(inspection, _yes(g, i >= bad))
        assert verdict(inspection).outcome is outcome
    with pytest.raises(Invalid, match="take one of"):
        replace(_planned(CLEAN, lot=LOT[:4]), general_rule=GeneralRule.COUNT)


def test_what_is_not_required_counts_only_where_it_was_answered() -> None:
    extra = replace(CLEAN, required=False)
    inspection = _read([_mm(g, "3") for g in LOT], PLUMB, extra)
    assert verdict(inspection).outcome is Outcome.PASS
    assert verdict(record(inspection, _yes("g0", flag=False))).outcome is Outcome.NOT_MEASURED
    assert verdict(_started(extra)).outcome is Outcome.NOT_MEASURED


@given(st.lists(st.sampled_from(["pass", "fail", "doubt", "none"]), min_size=1, max_size=12))
def test_a_general_item_against_the_definition(answers: list[str]) -> None:
    lot = tuple(f"g{i:02}" for i in range(len(answers)))
    inspection = _started(replace(PLUMB, weight=Weight.GENERAL), lot=lot)
    for g, answer in zip(lot, answers, strict=True):
        if answer != "none":
            inspection = record(inspection, _mm(g, {"pass": "0", "fail": "20", "doubt": "10"}[answer]))
    outcome = verdict(inspection).outcome
    share = answers.count("pass") / len(answers)
    best = 1 - answers.count("fail") / len(answers)
    assert (outcome is Outcome.FAIL) == (best < 0.8 - 1e-9)
    assert (outcome is Outcome.PASS) == (share >= 0.8 - 1e-9 and "none" not in answers)
    if "none" in answers:
        assert outcome in (Outcome.FAIL, Outcome.NOT_MEASURED)


def test_a_sample_stands_for_its_lot() -> None:
    lot = tuple(f"g{i:02}" for i in range(90))
    sample = draw_sample(lot, 5, seed=3)
    inspection = replace(_planned(CLEAN, lot=lot), sample=sample)
    inspection = start(inspection, (), actor=INSPECTOR, now=NOW)
    for g in sample.global_ids:
        inspection = record(inspection, _yes(g))
    accepted = accept_on_verdict(_sign(inspection), Decimal(90), actor=MANAGER, now=NOW)
    assert (accepted.ledger.accepted, accepted.ledger.pending) == (90, 0)


@pytest.mark.parametrize("changes", [
    {"title": ""}, {"number": " "}, {"lot": ()}, {"lot": LOT[:4]}, {"lot": (*LOT[:4], "other")},
    {"lot": ("g0", "g0", "g1", "g2", "g3")}, {"characteristics": (NOTE,)}, {"characteristics": ()},
    {"characteristics": (PLUMB, PLUMB)}, {"instruments": (LEVEL, LEVEL)}, {"quantity": Decimal(0)}, {"unit": ""},
    {"readings": (_mm("g0", "1"), _mm("g0", "2"))},
])  # fmt: skip
def test_what_is_no_inspection_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        replace(_planned(), **changes)


def test_cancelling_needs_a_reason() -> None:
    with pytest.raises(Invalid, match="say why"):
        cancel(_planned(), "", actor=MANAGER, now=NOW)
