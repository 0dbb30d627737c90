"""Findings: what they may say, how they end, and the key that recognises them."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.verdict import Outcome
from twin.errors import IllegalTransition, Invalid, Refused
from twin.finding import (
    MISSING,
    TRANSITIONS,
    Axis,
    CauseKind,
    Defect,
    Failure,
    Finding,
    FindingEvent,
    FindingStatus,
    Location,
    MotionComponent,
    Origin,
    Severity,
    allowed_events,
    confirm,
    dismiss,
    supersede,
)
from twin.record import Actor

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
ACTOR = Actor("a" * 32, "Ada")


def failure(global_id: str = "A", actual: str = "25", characteristic: str = "axis_position") -> Failure:
    return Failure(global_id, characteristic, "GB 50204-2015 T8.3.2", D(actual), D(-8), D(8), D("1.2"))


def shifted(*global_ids: str, x: str = "25") -> Defect:
    moved = (MotionComponent(Axis.X, D(x), D(1)), MotionComponent(Axis.RZ, D("0.1"), D(1)))
    return Defect(CauseKind.DISPLACED, global_ids, tuple(failure(g, x) for g in global_ids), moved)


def finding(**changes: object) -> Finding:
    base = Finding(
        id="f" * 32,
        project="p" * 32,
        origin=Origin("c" * 32, "m" * 32, "e" * 32),
        defect=shifted("A"),
        severity=Severity.MAJOR,
        location=Location(D(1), D(2), D(3)),
        raised_by=ACTOR,
        raised_at=NOW,
    )
    return replace(base, **changes)  # pyright: ignore[reportArgumentType]


def act(f: Finding, event: FindingEvent) -> Finding:
    if event is FindingEvent.CONFIRM:
        return confirm(f, ncr="n" * 32, actor=ACTOR, now=NOW)
    if event is FindingEvent.DISMISS:
        return dismiss(f, reason="scaffold, not the column", actor=ACTOR, now=NOW)
    return supersede(f, successor="2" * 32, actor=ACTOR, now=NOW)


@pytest.mark.parametrize("status", FindingStatus)
@pytest.mark.parametrize("event", FindingEvent)
def test_the_table_is_what_happens(status: FindingStatus, event: FindingEvent) -> None:
    before = finding(status=status)
    if (status, event) in TRANSITIONS:
        after = act(before, event)
        assert after.status is TRANSITIONS[status, event]
        assert after.decision is not None
        assert after.decision.by == ACTOR
        assert after.defect == before.defect
    else:
        with pytest.raises(IllegalTransition, match="only possible while it is open"):
            act(before, event)
    assert (event in allowed_events(before)) == ((status, event) in TRANSITIONS)


def test_every_end_is_reachable_and_none_is_left() -> None:
    ends = {to for _, to in TRANSITIONS.items()}
    assert ends == {FindingStatus.CONFIRMED, FindingStatus.DISMISSED, FindingStatus.SUPERSEDED}


def test_confirming_names_the_ncr_and_dismissing_the_reason() -> None:
    confirmed = confirm(finding(), ncr="n" * 32, actor=ACTOR, now=NOW)
    assert confirmed.decision is not None
    assert confirmed.decision.successor == "n" * 32
    with pytest.raises(Refused, match="say why") as refusal:
        dismiss(finding(), reason="  ", actor=ACTOR, now=NOW)
    assert refusal.value.missing == ("a reason",)
    with pytest.raises(Invalid, match="name the record"):
        confirm(finding(), ncr="", actor=ACTOR, now=NOW)
    with pytest.raises(Invalid, match="its own place"):
        supersede(finding(), successor="f" * 32, actor=ACTOR, now=NOW)


def test_what_is_indeterminate_becomes_no_nonconformance() -> None:
    with pytest.raises(Refused, match="measure again"):
        confirm(finding(verdict=Outcome.INDETERMINATE), ncr="n" * 32, actor=ACTOR, now=NOW)
    assert dismiss(finding(verdict=Outcome.INDETERMINATE), reason="re-measured", actor=ACTOR, now=NOW).decision


@pytest.mark.parametrize("verdict", [Outcome.PASS, Outcome.NOT_MEASURED])
def test_a_finding_found_something(verdict: Outcome) -> None:
    with pytest.raises(Invalid, match="fails or may fail"):
        finding(verdict=verdict)


def test_times_have_their_zone() -> None:
    with pytest.raises(Invalid, match="UTC"):
        dismiss(finding(), reason="x", actor=ACTOR, now=datetime(2026, 3, 1))
    with pytest.raises(Invalid, match="UTC"):
        finding(raised_at=datetime(2026, 3, 1))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((D(5), D(-8), D(8), D(1)), "within its limits"),
        ((None, D(-8), D(8), D(1)), "needs its measured value"),
        ((D(9), D(-8), D(8), None), "uncertainty"),
        ((D("NaN"), D(-8), D(8), D(1)), "finite"),
        ((D(9), D(-8), D(8), D(-1)), "negative"),
        ((D(99), D(8), D(-8), D(1)), "crossed"),
    ],
)
def test_a_failure_has_values_that_fail(values: tuple[D | None, D | None, D | None, D | None], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        Failure("A", "level", "user", *values)


def test_what_is_missing_has_no_value() -> None:
    assert Failure("A", MISSING, "model").excess == 0
    with pytest.raises(Invalid, match="missing"):
        Failure("A", MISSING, "model", D(3), D(0), D(1), D(0))


def test_excess_counts_half_widths_beyond_the_limit() -> None:
    assert failure(actual="24").excess == 2
    assert failure(actual="-12").excess == D("0.5")


def test_a_defect_is_about_its_own_elements() -> None:
    with pytest.raises(Invalid, match="failed characteristic"):
        Defect(CauseKind.DISPLACED, ("A", "B"), (failure("A"),))
    with pytest.raises(Invalid, match="once"):
        Defect(CauseKind.DISPLACED, ("A", "A"), (failure("A"),))
    with pytest.raises(Invalid, match="at least one"):
        Defect(CauseKind.DISPLACED, (), ())


@given(st.permutations(["A", "B", "C", "D"]))
def test_the_key_does_not_depend_on_the_order(global_ids: list[str]) -> None:
    assert shifted(*global_ids) == shifted("A", "B", "C", "D")
    assert shifted(*global_ids).cause_key == shifted("A", "B", "C", "D").cause_key


def test_the_key_tells_defects_apart_and_bears_measuring_again() -> None:
    key = shifted("A", "B").cause_key
    assert shifted("A", "B", x="26.1").cause_key == key
    assert shifted("A", "B", x="-25").cause_key != key
    assert shifted("A").cause_key != key
    missing = Defect(CauseKind.MISSING, ("A",), (Failure("A", MISSING, "model"),))
    assert missing.direction == ""
    assert missing.cause_key != shifted("A").cause_key


def test_direction_is_that_of_the_cause() -> None:
    assert shifted("A", x="-25").direction == "-x"
    leaning = (MotionComponent(Axis.X, D(22), D(1)), MotionComponent(Axis.RY, D(-15), D(1)))
    assert Defect(CauseKind.TILTED, ("A",), (failure("A"),), leaning).direction == "-ry"
    thin = Defect(CauseKind.FORM, ("A",), (failure("A", "-9", "section_size"), failure("A", "30", "flatness")))
    assert thin.direction == "+flatness"
    assert thin.lead.characteristic == "flatness"
