"""A check after the first: the same defect is known again, and nothing closes that was not seen to pass."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.verdict import Outcome
from tests.reference.ncr_cases import IN_STATE, LATER, NOW, ORIGIN, SCANNER, closed, closed_as_is
from twin.finding import (
    MISSING,
    Axis,
    CauseKind,
    Defect,
    Failure,
    Finding,
    Location,
    MotionComponent,
    Severity,
)
from twin.ncr import NonConformance, State
from twin.ncr_repeat import (
    CheckedCharacteristic,
    CheckedElement,
    KnownDefect,
    New,
    Repeated,
    Standing,
    is_unchanged,
    known_defect,
    match_repeat,
    same_cause,
)

GB = "GB 50204-2015 T8.3.2"
DIN = "DIN 18202 T1"
PASSED = (CheckedCharacteristic("axis_position", GB, Outcome.PASS),)


def moved(*global_ids: str, x: str = "30", y: str = "0", kind: CauseKind = CauseKind.DISPLACED) -> Defect:
    failures = tuple(Failure(g, "axis_position", GB, D(x), D(-8), D(8), D("1.2")) for g in global_ids)
    motion = (MotionComponent(Axis.X, D(x), D(1)), MotionComponent(Axis.Y, D(y), D(1)))
    return Defect(kind, global_ids, failures, motion)


def missing(*global_ids: str) -> Defect:
    return Defect(CauseKind.MISSING, global_ids, tuple(Failure(g, MISSING, "model") for g in global_ids))


def form(global_id: str, characteristic: str = "flatness", actual: str = "12") -> Defect:
    failure = Failure(global_id, characteristic, GB, D(actual), D(-8), D(8), D("1.2"))
    return Defect(CauseKind.FORM, (global_id,), (failure,))


def found(key: str, defect: Defect) -> Finding:
    return Finding(key, "p" * 32, ORIGIN, defect, Severity.MAJOR, Location(D(0), D(0), D(0)), SCANNER, NOW)


def element(
    global_id: str, verdict: Outcome = Outcome.PASS, measured: Sequence[CheckedCharacteristic] = PASSED
) -> CheckedElement:
    return CheckedElement(global_id, verdict, tuple(measured))


def seen(*elements: CheckedElement) -> dict[str, CheckedElement]:
    return {e.global_id: e for e in elements}


def standing(defect: Defect, *elements: CheckedElement) -> Standing:
    (record,) = match_repeat([], [KnownDefect("n1", defect)], seen(*elements)).records
    return record.standing


def test_the_same_unchanged_defect_is_repeated_and_not_new() -> None:
    match = match_repeat([found("f2", moved("A", "B", x="30.9"))], [KnownDefect("n1", moved("A", "B"))], {})
    assert match.repeated == (Repeated("f2", ("n1",), unchanged=True),)
    assert match.new == ()
    assert match.records[0].standing is Standing.REPEATED


def test_what_moved_on_is_the_same_defect_changed() -> None:
    match = match_repeat([found("f2", moved("A", x="33"))], [KnownDefect("n1", moved("A"))], {})
    assert match.repeated == (Repeated("f2", ("n1",), unchanged=False),)


def test_unchanged_means_within_the_uncertainty_of_both() -> None:
    """U of both motions is 1 mm: sqrt(2) = 1.414."""
    assert is_unchanged(moved("A"), moved("A", x="31.41"))
    assert not is_unchanged(moved("A"), moved("A", x="31.42"))
    assert not is_unchanged(form("A", "flatness"), form("A", "section_size"))
    assert is_unchanged(missing("A"), missing("A"))


def test_which_of_two_opposite_faces_is_the_farthest_out_does_not_matter() -> None:
    """A wall shifted by 30 mm is 30 mm out on one face and -30 mm on the other: noise decides which is reported."""
    one, other = moved("A"), moved("A")
    (failure,) = other.failures
    assert failure.actual_mm
    turned = replace(failure, actual_mm=-failure.actual_mm)
    assert is_unchanged(one, replace(other, failures=(turned,)))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (moved("A"), moved("A", "B"), True),
        (moved("A"), moved("B"), False),
        (moved("A"), moved("A", x="-30"), False),
        (moved("A", x="21", y="20"), moved("A", x="20", y="21"), True),
        (moved("A", x="30", y="9"), moved("A", x="9", y="30"), False),
        (moved("A"), moved("A", kind=CauseKind.TILTED), True),
        (moved("A"), missing("A"), False),
        (missing("A", "B"), missing("B", "C"), True),
        (form("A"), form("A", actual="15"), True),
        (form("A"), form("A", "section_size"), False),
        (form("A"), moved("A"), False),
    ],
)
def test_what_is_the_same_cause(one: Defect, other: Defect, same: bool) -> None:
    assert same_cause(one, other) is same
    assert same_cause(other, one) is same


def test_half_of_a_finding_makes_it_known_and_the_rest_is_named() -> None:
    known = [KnownDefect("n1", moved("A", "B"))]
    match = match_repeat([found("f2", moved("A", "B", "C"))], known, {})
    assert match.repeated == (Repeated("f2", ("n1",), unchanged=True, added=("C",)),)
    match = match_repeat([found("f2", moved("A", "B", "C", "D"))], known, {})
    assert match.repeated == (Repeated("f2", ("n1",), unchanged=True, added=("C", "D")),)
    match = match_repeat([found("f2", moved("A", "B", "C", "D", "E"))], known, {})
    assert match.new == (New("f2", ("n1",)),)
    assert match.repeated == ()


def test_a_finding_may_be_known_by_several_records_together() -> None:
    known = [KnownDefect(f"n{g}", moved(g)) for g in "ABC"]
    match = match_repeat([found("f2", moved("A", "B", "C", "D"))], known, {})
    assert match.repeated == (Repeated("f2", ("nA", "nB", "nC"), unchanged=True, added=("D",)),)
    assert {r.standing for r in match.records} == {Standing.REPEATED}


def test_what_passes_what_it_failed_may_close() -> None:
    assert standing(moved("A", "B"), element("A"), element("B")) is Standing.PASSES
    assert standing(missing("A"), element("A", measured=())) is Standing.PASSES


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        (None, Standing.NOT_MEASURED),
        (element("B", Outcome.NOT_MEASURED, ()), Standing.NOT_MEASURED),
        # passes, though by another standard only: not the criteria that it failed
        (element("B", measured=(CheckedCharacteristic("axis_position", DIN, Outcome.PASS),)), Standing.NOT_MEASURED),
        (element("B", measured=()), Standing.NOT_MEASURED),
        (element("B", Outcome.INDETERMINATE), Standing.IN_DOUBT),
        (element("B", measured=(*PASSED, replace(PASSED[0], verdict=Outcome.INDETERMINATE))), Standing.IN_DOUBT),
        (element("B", Outcome.FAIL), Standing.FAILS),
    ],
)
def test_what_was_not_seen_to_pass_does_not_close(again: CheckedElement | None, expected: Standing) -> None:
    elements = [element("A")] if again is None else [element("A"), again]
    assert standing(moved("A", "B"), *elements) is expected


def test_a_missing_element_that_is_there_and_out_of_place_has_not_passed() -> None:
    match = match_repeat(
        [found("f2", moved("A"))], [KnownDefect("n1", missing("A"))], seen(element("A", Outcome.FAIL, ()))
    )
    assert match.new == (New("f2"),)
    assert match.records[0].standing is Standing.FAILS


@pytest.mark.parametrize("state", State)
def test_which_records_know_their_defect(state: State) -> None:
    ncr = replace(IN_STATE[state](), defect=moved("A", "B"))
    over = state in (State.REJECTED, State.VOID)
    assert (known_defect(ncr, LATER) is None) is over


def test_a_closed_record_knows_what_it_accepted_while_it_accepts_it() -> None:
    def known(ncr: NonConformance, days: int) -> KnownDefect | None:
        return known_defect(replace(ncr, defect=moved("A", "B", "C")), NOW + timedelta(days=days))

    assert known(closed_as_is(), 89) == KnownDefect("n" * 32, moved("A", "B"))
    assert known(closed_as_is(), 90) is None
    assert known(closed(), 10) is None
    assert known_defect(closed_as_is(), LATER) is None  # no check saw it


IDS = "ABCDE"


@st.composite
def defects(draw: st.DrawFn) -> Defect:
    ids = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=4, unique=True))
    return missing(*ids) if draw(st.booleans()) else moved(*ids, x=draw(st.sampled_from(["-30", "30", "31", "60"])))


OUTCOMES = st.dictionaries(st.sampled_from(IDS), st.sampled_from(Outcome))


@given(st.lists(defects(), max_size=4), st.lists(defects(), max_size=4), OUTCOMES, st.randoms(use_true_random=False))
def test_nothing_is_lost_and_only_a_pass_passes(
    new: list[Defect], old: list[Defect], outcomes: dict[str, Outcome], shuffle: random.Random
) -> None:
    findings = [found(f"f{i}", d) for i, d in enumerate(new)]
    known = [KnownDefect(f"n{i}", d) for i, d in enumerate(old)]
    checked = seen(*(element(g, o, [replace(PASSED[0], verdict=o)]) for g, o in outcomes.items()))
    match = match_repeat(findings, known, checked)
    assert sorted([r.finding for r in match.repeated] + [n.finding for n in match.new]) == [f.id for f in findings]
    assert [r.record for r in match.records] == [k.record for k in known]
    for record, k in zip(match.records, known, strict=True):
        if record.standing is Standing.PASSES:
            assert all(outcomes.get(g) is Outcome.PASS for g in k.defect.global_ids)
    for one in (findings, known):
        shuffle.shuffle(one)
    assert match_repeat(findings, known, checked) == match
