"""Predictions: settled once, by a signature or by a measurement; nothing that was learnt from says anything."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from geometry.verdict import Outcome
from twin.errors import IllegalTransition, Invalid, Refused
from twin.prediction import (
    Chance,
    Prediction,
    PredictionEvent,
    PredictionKind,
    PredictionState,
    Source,
    allowed_events,
    confirm,
    confirming_sha256,
    dismiss,
    expire,
    link_ncr,
    reopen,
    settle,
    told_by,
)
from twin.record import Actor, Signature, SignatureMeaning
from twin.rehearsal.predicted import expectations
from twin.rehearsal_record import RehearsalKind

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
ANN = Actor("1" * 32, "Ann Wu")
ONE = Prediction(
    "2" * 32, "3" * 32, PredictionKind.OUT_OF_TOLERANCE, "A", "Column", ("A",), "plumb",
    Chance(Decimal("0.6"), Decimal("0.4"), Decimal("0.8")), True, "of 12 alike",
    Source("4" * 32, "0.1.0", 0, "a" * 64), NOW,
)  # fmt: skip


def _signed(prediction: Prediction, reason: str) -> Signature:
    digest = confirming_sha256(prediction, reason)
    return Signature(ANN.id, ANN.name, SignatureMeaning.APPROVAL, "inspector", NOW, digest)


def test_a_person_confirms_by_signature_and_with_what_was_seen() -> None:
    done = confirm(ONE, _signed(ONE, "12 mm"), actor=ANN, reason="12 mm ", now=NOW)
    assert done.state is PredictionState.CONFIRMED
    assert done.settled is not None
    assert done.settled.signature is not None
    with pytest.raises(Refused, match="say what was seen"):
        confirm(ONE, _signed(ONE, ""), actor=ANN, reason=" ", now=NOW)
    with pytest.raises(Refused, match="covers another version"):
        confirm(ONE, _signed(ONE, "1 mm"), actor=ANN, reason="12 mm", now=NOW)
    with pytest.raises(IllegalTransition, match="this prediction is confirmed"):
        dismiss(done, actor=ANN, reason="no", now=NOW)


def test_every_way_is_taken_once_and_only_a_check_is_taken_back() -> None:
    ways = [
        dismiss(ONE, actor=ANN, reason="scaffold", now=NOW), expire(ONE, actor=ANN, reason="again", now=NOW),
        settle(ONE, Outcome.FAIL, "5" * 32, actor=ANN, now=NOW),
        settle(ONE, Outcome.PASS, "5" * 32, actor=ANN, now=NOW),
    ]  # fmt: skip
    states = [one.state.value for one in ways]
    assert states == ["dismissed", "expired", "confirmed", "refuted"]
    for one in ways:
        with pytest.raises(IllegalTransition):
            settle(one, Outcome.FAIL, "6" * 32, actor=ANN, now=NOW)
    assert [reopen(one) for one in ways[2:]] == [ONE, ONE]
    with pytest.raises(Refused):
        reopen(ways[0])
    with pytest.raises(Refused, match="say why"):
        dismiss(ONE, actor=ANN, reason="", now=NOW)
    with pytest.raises(Invalid):
        replace(ONE, state=PredictionState.CONFIRMED)
    with pytest.raises(Invalid, match="between 0 and 1"):
        Chance(Decimal("1.2"))


def test_a_draft_is_raised_once_and_only_of_what_is_probable_or_confirmed() -> None:
    raised = link_ncr(ONE, "7" * 32)
    assert raised.state is PredictionState.PREDICTED, "a draft confirms nothing"
    assert PredictionEvent.RAISE not in allowed_events(raised)
    with pytest.raises(Refused, match="already"):
        link_ncr(raised, "8" * 32)
    unlikely = replace(ONE, candidate=False)
    assert allowed_events(unlikely) == (PredictionEvent.CONFIRM, PredictionEvent.DISMISS)
    with pytest.raises(Refused, match="not probable enough"):
        link_ncr(unlikely, "8" * 32)
    assert link_ncr(settle(unlikely, Outcome.FAIL, "5" * 32, actor=ANN, now=NOW), "8" * 32).ncr
    with pytest.raises(IllegalTransition):
        link_ncr(settle(ONE, Outcome.PASS, "5" * 32, actor=ANN, now=NOW), "8" * 32)


@pytest.mark.parametrize(
    ("state", "verdict", "names", "told"),
    [
        ("installed", Outcome.FAIL, ("position x",), Outcome.FAIL),
        ("installed", Outcome.PASS, ("position x", "plumb"), Outcome.PASS),
        ("installed", Outcome.PASS, ("position x",), None),
        ("installed", Outcome.INDETERMINATE, ("plumb",), None),
        ("missing", Outcome.FAIL, (), None),
        ("occluded", Outcome.NOT_MEASURED, (), None),
    ],
)
def test_what_an_entry_of_a_report_tells(
    state: str, verdict: Outcome, names: tuple[str, ...], told: Outcome | None
) -> None:
    rows: list[dict[str, object]] = [
        {"characteristic": name.split()[0], "direction": "".join(name.split()[1:]), "actual_mm": 1.0} for name in names
    ]
    rows.append({"characteristic": "plumb", "direction": "", "actual_mm": None})
    assert told_by({"state": state, "measurements": rows}, verdict, "plumb") is told


def test_results_let_expect_clashes_steps_misfits_and_what_lies_outside() -> None:
    side = {"global_id": "A", "name": "Beam", "ifc_class": "IfcBeam", "storey": ""}
    clash = {"id": "c1", "kind": "hard", "first": side, "second": {**side, "global_id": "B"}, "depth_mm": 5.0,
             "gap_mm": 0.0, "probability": 0.97, "probability_interval": [0.9, 0.99], "decision": "clash"}  # fmt: skip
    order = {"steps": [
        {"number": 1, "elements": ["A"]},
        {"number": 2, "elements": ["B"], "blocked": [{"global_id": "B", "blockers": [{"global_id": "A"}]}]},
    ]}  # fmt: skip
    touching = {**clash, "id": "c2", "kind": "touching"}
    none = {**clash, "id": "c3", "decision": "no_clash"}
    found = expectations(RehearsalKind.ASSEMBLY, {"clashes": [clash, touching, none], "order": order})
    assert [(one.kind.value, str(one.chance.probability)) for one in found] == [
        ("blocked_step", "1.000000"), ("clash", "0.970000"),
    ]  # fmt: skip
    joint = {"name": "J", "decision": "undecided", "samples": 100, "slack": 0.1,
             "p_fit": {"value": 0.7, "low": 0.6, "high": 0.8}}  # fmt: skip
    fit = expectations(RehearsalKind.FIT_UP, {"unit": "mm", "joints": [joint, {**joint, "decision": "fit"}]})
    assert [(str(one.chance.probability), str(one.chance.low), str(one.chance.high)) for one in fit] == [
        ("0.300000", "0.200000", "0.400000")
    ]
    assert expectations(RehearsalKind.SCHEDULE, {}) == ()
