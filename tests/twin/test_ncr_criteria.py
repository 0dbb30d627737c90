"""Another record is proof only of what it judged itself: of the same element, by the same requirement."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.verdict import Outcome
from tests.reference.ncr_cases import (
    AS_IS,
    DAY,
    LATER,
    NOW,
    OTHER,
    SCANNER,
    assert_refused,
    close,
    in_correction,
    in_reinspection,
    in_verification,
    proof,
    recheck,
    rechecked,
    settled,
)
from twin import ncr as verbs
from twin.characteristic import CharacteristicKind, InspectionCharacteristic, Reading, judge_value
from twin.disposition import Decision, DispositionLine
from twin.errors import Invalid, Refused
from twin.finding import CauseKind, Failure
from twin.inspection import Inspection, InspectionState
from twin.inspection_lot import whole_lot
from twin.ncr import Event, NonConformance, State, missing_for
from twin.ncr_criteria import (
    CheckedCharacteristic,
    CheckedElement,
    outcomes_of,
    presence_of,
    requirements_of,
    verdict_on,
)
from twin.ncr_evidence import changed
from twin.ncr_inspected import by_repair_criteria, inspected_elements
from twin.ncr_parts import (
    Equivalence,
    Measured,
    Occurrence,
    Recheck,
    RecheckOutcome,
    RecheckSource,
    Requirement,
    Violation,
)
from twin.record import Signature, SignatureMeaning

GB = "GB 50204-2015 T8.3.2"
ASKED = Requirement("axis_position", GB, D(-8), D(8))
PASS, FAIL, DOUBT, NOTHING = Outcome.PASS, Outcome.FAIL, Outcome.INDETERMINATE, Outcome.NOT_MEASURED


def checked(
    value: str, limit: str = "8", u: str = "1.2", source: str = GB, name: str = "axis_position"
) -> CheckedElement:
    """Return an element A as a check with ± ``limit`` judges it."""
    verdict = judge_value(D(value), -D(limit), D(limit), D(u))
    one = CheckedCharacteristic(name, source, verdict, D(value), -D(limit), D(limit), D(u))
    return CheckedElement("A", verdict, (one, presence_of(verdict)))


def with_flatness(element: CheckedElement, verdict: Outcome) -> CheckedElement:
    flat = CheckedCharacteristic("flatness", GB, verdict, D(9), D(0), D(5), D(1))
    whole = FAIL if FAIL in (element.verdict, verdict) else verdict
    return CheckedElement("A", whole, (element.characteristics[0], flat, presence_of(whole)))


def outcome(ncr: NonConformance, element: CheckedElement) -> Outcome:
    told = outcomes_of(ncr, {"A": element})
    return told[0].verdict if told else NOTHING


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        (checked("2"), PASS),
        (checked("40", "500"), FAIL),  # passes there, by limits that were drawn too wide
        (checked("7.5", "500"), DOUBT),
        (checked("2", "500"), PASS),
        (checked("2", "5"), PASS),
        (checked("6.5", "5"), PASS),  # fails there, by narrower limits than it has to meet
        (checked("2", source="DIN 18202 T1"), NOTHING),
        (checked("2", name="flatness"), NOTHING),
        (checked("2", source="gb 50204-2015, T8.3.2", name="Axis position"), PASS),
        (replace(checked("2"), verdict=DOUBT), DOUBT),
        (replace(checked("2"), verdict=FAIL), FAIL),
        (with_flatness(checked("2"), FAIL), FAIL),  # the rework broke something else
        (with_flatness(checked("6.5", "5"), DOUBT), DOUBT),
        (CheckedElement("A", PASS), NOTHING),
        (CheckedElement("A", PASS, (CheckedCharacteristic("axis_position", GB, PASS),)), NOTHING),  # by which limits?
    ],
)
def test_what_a_check_says_of_what_was_violated(element: CheckedElement, expected: Outcome) -> None:
    assert outcome(in_reinspection(), element) is expected


def test_a_doubt_for_another_reason_than_the_limits_stays_one() -> None:
    few = CheckedCharacteristic("axis_position", GB, DOUBT, D(2), D(-5), D(5), D(1))
    assert verdict_on(ASKED, few) is DOUBT
    assert verdict_on(ASKED, replace(few, actual=D(40), lower=D(-500), upper=D(500))) is FAIL
    assert verdict_on(ASKED, replace(few, verdict=PASS, unit="cm")) is NOTHING


@given(
    st.decimals(-50, 50, places=1), st.decimals(0, 10, places=1), st.integers(1, 100), st.booleans(),
)  # fmt: skip
def test_no_limits_of_a_check_make_a_pass_of_what_fails_the_original(
    value: D, u: D, limit: int, two_sided: bool
) -> None:
    asked = ASKED if two_sided else replace(ASKED, lower=None)
    one = CheckedCharacteristic(
        "axis_position", GB, judge_value(value, D(-limit), D(limit), u), value, D(-limit), D(limit), u
    )
    if verdict_on(asked, one) is PASS:
        assert judge_value(value, asked.lower, asked.upper, u) is PASS


def test_an_element_without_a_violation_of_its_own_answers_to_all_of_them() -> None:
    ncr = in_reinspection()
    assert requirements_of(ncr, "A") == requirements_of(ncr, "B") == (ASKED,)
    flat = Violation(Requirement("flatness", GB, None, D(5)), Measured(D(9), D(1)), "B")
    both = replace(ncr, violations=(*ncr.violations, flat))
    assert requirements_of(both, "B") == (flat.requirement,)
    everywhere = replace(both, violations=(*both.violations, replace(flat, global_id="")))
    assert requirements_of(everywhere, "A") == (ASKED, flat.requirement)


# --------------------------------------------------------------------------------------------- several records together

STRENGTH = Requirement("concrete strength", "GB 50107", D(30), None, "MPa")


def two_requirements() -> NonConformance:
    ncr = in_reinspection(replace(REWORK_OF_A, global_ids=("A",)), replace(AS_IS_B, global_ids=("B",)))
    return replace(ncr, violations=(*ncr.violations, Violation(STRENGTH, Measured(D(21), D(1)), "A")))


REWORK_OF_A = DispositionLine("rw", Decision.REWORK, D(1), "j", ("A",), instruction="WI-7")
AS_IS_B = replace(AS_IS, id="ai", quantity=D(1), global_ids=("B",))


def by(key: str, days: int, *outcomes: RecheckOutcome, source: RecheckSource = RecheckSource.CHECK_RUN) -> Recheck:
    return Recheck(key, source, "n" * 32, NOW + days * DAY, outcomes, SCANNER)


def measured(value: str) -> RecheckOutcome:
    (told,) = outcomes_of(two_requirements(), {"A": checked(value)})
    return told


def strong(value: str) -> RecheckOutcome:
    one = CheckedCharacteristic("concrete strength", "GB 50107", judge_value(D(value), D(30), None, D(1)), D(value),
                                D(30), None, D(1), "MPa")  # fmt: skip
    (told,) = outcomes_of(two_requirements(), {"A": CheckedElement("A", one.verdict, (one,))})
    return told


def still_open(ncr: NonConformance) -> tuple[str, ...]:
    return tuple(m for m in missing_for(ncr, Event.CLOSE, now=LATER) if "re-inspection" in m)


def test_each_requirement_needs_a_record_that_judged_it() -> None:
    ncr = rechecked(two_requirements(), by("run2", 2, measured("1")))
    assert measured("1").verdict is NOTHING
    (missing,) = still_open(ncr)
    assert "concrete strength, GB 50107, from 30 MPa" in missing
    assert "axis_position" not in missing
    assert still_open(rechecked(ncr, by("lab", 3, strong("34")))) == ()
    assert rechecked(ncr, by("lab", 3, strong("22"))).state is State.UNDER_REVIEW


def test_what_was_captured_last_counts_for_each_requirement() -> None:
    ncr = rechecked(two_requirements(), by("lab", 2, strong("34")), by("run3", 4, measured("1")))
    late = by("run4", 3, measured("25"))  # scanned before run3, evaluated after it
    assert rechecked(ncr, late).state is State.REINSPECTION
    assert still_open(rechecked(ncr, late)) == ()
    assert rechecked(ncr, by("run5", 5, measured("25"))).state is State.UNDER_REVIEW
    doubt = rechecked(ncr, by("run5", 5, measured("7.5")))
    assert "not indeterminate (axis_position" in still_open(doubt)[0]


def test_a_reason_is_asked_where_a_person_says_that_words_mean_the_same() -> None:
    same = (Equivalence("c1", "axis_position", GB),)
    with pytest.raises(Invalid, match="say why"):
        replace(recheck(), equivalences=same)
    first = by("i1", 2, measured("1"))
    again = replace(by("i1", 2, strong("34")), equivalences=same, reason="the lab's words")
    assert still_open(rechecked(two_requirements(), first, again)) == ()
    with pytest.raises(Refused, match="says something else"):
        rechecked(two_requirements(), first, by("i1", 2, strong("34")))


# -------------------------------------------------------------------------------------------------------- by inspection

TAKEN = NOW + 2 * DAY


def inspection(
    *questions: InspectionCharacteristic, reinspects: str | None = "n" * 32, **readings: Reading
) -> Inspection:
    given = tuple(reading for reading in readings.values())
    signed = Signature("i" * 32, "Ines", SignatureMeaning.APPROVAL, "inspector", TAKEN, "0" * 64)
    return Inspection(
        "i" * 32, "p" * 32, "X-INS-0002", "again", ("A",), D(1), "pcs", whole_lot(("A",)), questions,
        state=InspectionState.SIGNED, readings=given, signature=signed, reinspects_id=reinspects,
    )  # fmt: skip


def number(
    name: str = "axis position", source: str = GB, limit: str = "8", unit: str = "mm"
) -> InspectionCharacteristic:
    return InspectionCharacteristic(
        "c1", name, CharacteristicKind.NUMERIC, source=source, lower=-D(limit), upper=D(limit), unit=unit,
        resolution=D(1),
    )  # fmt: skip


def read(value: str = "1", **more: object) -> Reading:
    return replace(Reading("c1", "A", "i" * 32, TAKEN, D(value), D(1)), **more)  # pyright: ignore[reportArgumentType]


PAINTED = InspectionCharacteristic("c1", "is it painted", CharacteristicKind.BOOLEAN)


@pytest.mark.parametrize(
    ("question", "reading", "expected"),
    [
        (number(), read(), PASS),
        (number(), read("25"), FAIL),
        (number(limit="500"), read("25"), FAIL),
        (number(limit="500"), read("2"), PASS),
        (number(name="plumb"), read(), NOTHING),
        (number(source="DIN 18202 T1"), read(), NOTHING),
        (number(source=""), read(), NOTHING),
        (number(unit="cm"), read(), NOTHING),
        (PAINTED, read(number=None, expanded_uncertainty=None, flag=True), NOTHING),
        (replace(PAINTED, name="axis position", source=GB), read(number=None, expanded_uncertainty=None, flag=True),
         NOTHING),
        (number(), read(serious_defect=True), FAIL),
        (number(), read(number=None, expanded_uncertainty=None, not_measured="behind a scaffold"), NOTHING),
    ],
)  # fmt: skip
def test_what_an_inspection_says_of_what_was_violated(
    question: InspectionCharacteristic, reading: Reading, expected: Outcome
) -> None:
    ncr = in_reinspection()
    found = inspected_elements(ncr, inspection(question, r=reading))
    assert outcome(ncr, found["A"]) is expected


def test_a_person_can_say_that_other_words_mean_the_same_though_the_limits_still_count() -> None:
    ncr = in_reinspection()
    same = (Equivalence("c1", "axis_position", GB),)
    plumb = number(name="plumb", source="site form 7")
    assert outcome(ncr, inspected_elements(ncr, inspection(plumb, r=read()), alike=same)["A"]) is PASS
    wide = replace(plumb, lower=D(-99), upper=D(99))
    assert outcome(ncr, inspected_elements(ncr, inspection(wide, r=read("25")), alike=same)["A"]) is FAIL
    asked = inspection(PAINTED, r=read(number=None, expanded_uncertainty=None, flag=True))
    assert outcome(ncr, inspected_elements(ncr, asked, alike=same)["A"]) is NOTHING  # a number was asked


def test_a_question_without_a_clause_goes_by_the_inspection_that_found_it() -> None:
    ncr = in_reinspection()
    own = Violation(replace(ASKED, characteristic="axis position", clause="X-INS-0001"), Measured(D(25), D(1)), "A")
    ncr = replace(ncr, violations=(own,), inspection="j" * 32)
    bare = number(source="")
    for reinspects, expected in (("j" * 32, PASS), (ncr.id, PASS), ("k" * 32, NOTHING)):
        found = inspected_elements(ncr, inspection(bare, reinspects=reinspects, r=read()), "X-INS-0001")
        assert outcome(ncr, found["A"]) is expected


def test_a_repair_is_inspected_by_a_question_that_names_its_criteria() -> None:
    jacket = number(name="jacket thickness", source="RP-3")
    assert by_repair_criteria(inspection(jacket, r=read()), "A", "RP-3 4.2") is PASS
    assert by_repair_criteria(inspection(jacket, r=read("20")), "A", "RP-3 4.2") is FAIL
    for other in (number(), number(source=""), number(source="RP-31")):
        assert by_repair_criteria(inspection(other, r=read()), "A", "RP-3 4.2") is NOTHING
    same = (Equivalence("c1", "", "RP-3 4.2"),)
    assert by_repair_criteria(inspection(number(source=""), r=read()), "A", "RP-3 4.2", same) is PASS


# ---------------------------------------------------------------------------------- what changed after the disposition


def seen(days: int, *global_ids: str, unchanged: bool = False, key: str = "f7", **more: object) -> Occurrence:
    failures = tuple(Failure(g, "axis_position", GB, D(60), D(-8), D(8), D("1.2")) for g in global_ids)
    at = NOW + days * DAY
    one = Occurrence(key, f"run{key}", "e7", at, failures, unchanged, at, CauseKind.FORM)
    return replace(one, **more)  # pyright: ignore[reportArgumentType]


def accepted() -> NonConformance:
    return settled(verbs.record_proof(in_verification(), proof("ai"), now=NOW))


def noted(ncr: NonConformance, *occurrences: Occurrence) -> NonConformance:
    for one in occurrences:
        ncr = verbs.note_recurrence(ncr, one, now=one.noted_at)
    return ncr


def test_what_got_worse_is_not_closed_on_the_old_concession() -> None:
    worse = noted(accepted(), seen(1, "A"))
    assert_refused(worse, Event.CLOSE, "a decision about A, which changed after the disposition")
    assert close(noted(accepted(), seen(1, "A", unchanged=True))).state is State.CLOSED
    decided = verbs.decide_on_change(worse, "f7", reason="the concession covers 70 mm", actor=OTHER, now=LATER)
    assert decided.occurrences[:1] == worse.occurrences
    assert decided.occurrences[-1].by == OTHER
    assert close(decided).state is State.CLOSED
    assert verbs.decide_on_change(decided, "f7", reason="again", actor=OTHER, now=LATER) == decided
    anew = verbs.reconsider(worse, reason="it moves", actor=OTHER, now=LATER)
    assert anew.state is State.UNDER_REVIEW


def test_of_what_changed_the_latest_scan_tells() -> None:
    assert changed(noted(accepted(), seen(1, "A"), seen(2, "A", unchanged=True, key="f8"))) == ()
    both = noted(accepted(), seen(1, "A", "B"), seen(2, "A", unchanged=True, key="f8"))
    assert [o.finding for o in changed(both)] == ["f7"]  # of B nothing is known since
    older = seen(3, "A", key="f8", captured_at=NOW - DAY)
    assert changed(noted(accepted(), seen(1, "A", unchanged=True), older)) == ()


def test_what_changed_before_the_disposition_was_before_the_board() -> None:
    before = replace(seen(0, "A"), noted_at=NOW - timedelta(hours=1))
    ncr = replace(accepted(), occurrences=(before,))
    assert missing_for(ncr, Event.CLOSE, now=LATER) == ()


def test_what_was_put_right_since_needs_no_decision() -> None:
    worse = noted(in_reinspection(), seen(1, "A", captured_at=NOW))
    assert missing_for(settled(rechecked(worse)), Event.CLOSE, now=LATER) == ()
    after = noted(settled(rechecked(in_reinspection())), seen(3, "A"))
    assert_refused(after, Event.CLOSE, "a decision about A", now=LATER)


def test_a_proof_that_fails_while_work_goes_on_is_not_lost() -> None:
    rework, as_is = replace(REWORK_OF_A, global_ids=("A",)), AS_IS_B
    ncr = verbs.record_proof(in_correction(rework, as_is), proof("ai", FAIL), now=NOW)
    assert (ncr.state, ncr.cycle_count, ncr.history[-1].proofs[-1].verdict) == (State.UNDER_REVIEW, 1, FAIL)
