"""A check after the first: the same defect is known again, and nothing closes that was not seen to pass."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference.ncr_cases import (
    IN_STATE,
    LATER,
    NOW,
    ORIGIN,
    SCANNER,
    closed,
    closed_as_is,
    dispositioned,
    draft,
    under_review,
)
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
    confirm,
    dismiss,
    dismiss_as_before,
)
from twin.ncr import NonConformance, State
from twin.ncr_parts import Measured, Occurrence, Requirement, Violation
from twin.ncr_repeat import (
    KnownDefect,
    New,
    Repeated,
    Stance,
    is_unchanged,
    known_defect,
    known_finding,
    match_repeat,
    same_cause,
)

GB = "GB 50204-2015 T8.3.2"
DIN = "DIN 18202 T1"


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


def repeated(global_ids: str, *records: str, added: str = "", **more: object) -> Repeated:
    """Return the answer for a finding ``f2`` of which ``records`` know some elements."""
    held = tuple(g for g in global_ids if g not in added)
    known = Repeated("f2", records or ("n1",), unchanged=True, held=held, added=tuple(added))
    return replace(known, **more)  # pyright: ignore[reportArgumentType]


def test_the_same_unchanged_defect_is_repeated_and_not_new() -> None:
    match = match_repeat([found("f2", moved("A", "B", x="30.9"))], [KnownDefect("n1", moved("A", "B"))])
    assert match.repeated == (repeated("AB"),)
    assert match.new == ()


def test_what_moved_on_is_the_same_defect_changed() -> None:
    match = match_repeat([found("f2", moved("A", x="33"))], [KnownDefect("n1", moved("A"))])
    assert match.repeated == (repeated("A", unchanged=False, changed_in=("n1",)),)


def test_an_element_that_fails_something_else_besides_has_changed() -> None:
    before = moved("A")
    leaning = Failure("A", "verticality", GB, D(9), D(-5), D(5), D(1))
    now = replace(before, failures=(*before.failures, leaning))
    assert is_unchanged(now, before)
    (told,) = match_repeat([found("f2", now)], [KnownDefect("n1", before)]).repeated
    assert not told.unchanged
    (told,) = match_repeat([found("f2", before)], [KnownDefect("n1", now)]).repeated
    assert told.unchanged  # it fails less: the rest may be near its limit


def test_as_people_took_it_up_since_is_unchanged_too() -> None:
    known = KnownDefect("n1", moved("A"), since=(moved("A", x="60"),))
    for x, unchanged in (("30", True), ("60.5", True), ("45", False)):
        (told,) = match_repeat([found("f2", moved("A", x=x))], [known]).repeated
        assert told.unchanged is unchanged, x


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
    assert match_repeat([found("f2", moved(*"ABC"))], known).repeated == (repeated("ABC", added="C"),)
    assert match_repeat([found("f2", moved(*"ABCD"))], known).repeated == (repeated("ABCD", added="CD"),)
    match = match_repeat([found("f2", moved(*"ABCDE"))], known)
    assert match.new == (New("f2", ("n1",)),)
    assert match.repeated == ()


def test_a_finding_may_be_known_by_several_records_together() -> None:
    known = [KnownDefect(f"n{g}", moved(g)) for g in "ABC"]
    match = match_repeat([found("f2", moved("A", "B", "C", "D"))], known)
    assert match.repeated == (repeated("ABCD", "nA", "nB", "nC", added="D"),)


def test_a_finding_that_waits_decides_nothing_and_gives_way() -> None:
    waiting = KnownDefect("f1", moved("A", "B"), Stance.WAITING)
    assert match_repeat([found("f2", moved("A", "B"))], [waiting]).new == (New("f2", replaces=("f1",)),)
    both = [waiting, KnownDefect("n1", moved("A"))]
    match = match_repeat([found("f2", moved("A", "B"))], both)
    assert match.repeated == (repeated("AB", added="B", replaces=("f1",)),)


def test_what_a_person_overruled_is_known_only_while_nothing_has_changed() -> None:
    overruled = [KnownDefect("f1", form("A"), Stance.OVERRULED)]
    (told,) = match_repeat([found("f2", form("A", actual="12.9"))], overruled).repeated
    assert (told.records, told.overruled, told.follows) == ((), ("A",), "f1")
    worse = match_repeat([found("f2", form("A", actual="14"))], overruled)
    assert worse.new == (New("f2", ("f1",)),)
    tighter = form("A")
    tighter = replace(tighter, failures=(replace(tighter.failures[0], lower_mm=D(-5), upper_mm=D(5)),))
    assert match_repeat([found("f2", tighter)], overruled).new == (New("f2", ("f1",)),)


def test_who_knows_it_as_it_is_comes_before_who_knew_it_otherwise() -> None:
    old, new = KnownDefect("n1", form("A")), KnownDefect("n2", form("A", actual="30"))
    (told,) = match_repeat([found("f2", form("A", actual="30"))], [old, new]).repeated
    assert (told.records, told.unchanged, told.related) == (("n2",), True, ("n1",))
    (told,) = match_repeat([found("f2", form("A", actual="50"))], [old, new]).repeated
    assert (told.records, told.changed_in) == (("n1", "n2"), ("n1", "n2"))
    (told,) = match_repeat([found("f2", new.defect)], [old, replace(new, stance=Stance.OVERRULED)]).repeated
    assert (told.records, told.overruled, told.follows, told.related) == ((), ("A",), "n2", ("n1",))


def test_what_is_over_is_named_by_what_is_new() -> None:
    past = [KnownDefect("n1", moved("A"), Stance.PAST)]
    assert match_repeat([found("f2", moved("A"))], past).new == (New("f2", ("n1",)),)


def test_a_missing_element_that_is_there_and_out_of_place_is_another_defect() -> None:
    match = match_repeat([found("f2", moved("A"))], [KnownDefect("n1", missing("A"))])
    assert match.new == (New("f2"),)


def by_hand(value: str = "30.5", **change: str) -> NonConformance:
    asked = {"characteristic": "Axis position", "clause": GB, "unit": "mm"} | change
    violation = Violation(
        Requirement(asked["characteristic"], asked["clause"], D(-8), D(8), asked["unit"]),
        Measured(D(value), D("1.2")), "A",
    )  # fmt: skip
    return replace(draft(), defect=None, violations=(violation,))


def test_what_a_person_raised_is_known_by_element_characteristic_and_clause() -> None:
    def told(ncr: NonConformance) -> Sequence[Repeated]:
        known = known_defect(ncr, LATER)
        return match_repeat([found("f2", moved("A"))], [known] if known else []).repeated

    assert told(by_hand()) == (repeated("A", "n" * 32),)
    (changed,) = told(by_hand("40"))
    assert not changed.unchanged
    assert told(by_hand(clause=DIN)) == told(by_hand(characteristic="flatness")) == told(by_hand(unit="m")) == ()
    absent = Violation(Requirement("presence", "model", D(1), D(1), "element"), Measured(D(0), D(0)), "A")
    known = known_defect(replace(draft(), violations=(absent,)), LATER)
    assert known
    assert match_repeat([found("f2", missing("A"))], [known]).repeated[0].unchanged


@pytest.mark.parametrize("state", State)
def test_which_records_know_their_defect(state: State) -> None:
    known = known_defect(replace(IN_STATE[state](), defect=moved("A", "B")), LATER)
    assert known
    over = {State.REJECTED: Stance.OVERRULED, State.VOID: Stance.PAST}
    assert known.stance is over.get(state, Stance.RECORD)


def test_a_closed_record_knows_what_it_accepted_while_it_accepts_it() -> None:
    def known(ncr: NonConformance, days: int) -> KnownDefect:
        told = known_defect(replace(ncr, defect=moved("A", "B")), NOW + timedelta(days=days))
        assert told
        return told

    assert known(closed_as_is(), 89) == KnownDefect("n" * 32, moved("A", "B"))
    assert known(closed_as_is(), 90).stance is Stance.PAST
    assert known(closed(), 10).stance is Stance.PAST


def test_an_element_that_people_left_out_of_the_record_is_not_known() -> None:
    left = known_defect(replace(draft(), global_ids=("B",), defect=moved("A", "B")), LATER)
    assert left
    assert left.defect == moved("B")


def test_a_finding_that_was_dismissed_as_before_is_no_precedent() -> None:
    first = dismiss(found("f1", form("A")), reason="a board", actor=SCANNER, now=NOW)
    known = known_finding(first)
    assert known
    assert known.stance is Stance.OVERRULED
    again = dismiss_as_before(found("f2", form("A")), follows="f1", reason="unchanged", actor=SCANNER, now=NOW)
    assert known_finding(again) is None
    assert known_finding(confirm(found("f3", form("A")), ncr="n1", actor=SCANNER, now=NOW)) is None


def test_a_disposition_takes_up_what_had_changed_before_it() -> None:
    seen = Occurrence(
        "f7", "run7", "e7", NOW, moved("A", x="60").failures, unchanged=False, kind=CauseKind.DISPLACED,
        motion=moved("A", x="60").motion,
    )  # fmt: skip
    ncr = replace(under_review(), defect=moved("A"), occurrences=(seen,))
    known = known_defect(ncr, LATER)
    assert known
    assert known.since == ()
    known = known_defect(replace(dispositioned(), defect=moved("A"), occurrences=(seen,)), LATER)
    assert known
    assert known.since == (moved("A", x="60"),)


IDS = "ABCDE"


@st.composite
def defects(draw: st.DrawFn) -> Defect:
    ids = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=4, unique=True))
    return missing(*ids) if draw(st.booleans()) else moved(*ids, x=draw(st.sampled_from(["-30", "30", "31", "60"])))


STANCES = st.sampled_from(Stance)


@given(
    st.lists(defects(), max_size=4), st.lists(st.tuples(defects(), STANCES), max_size=4),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_no_finding_and_no_element_is_lost(
    new: list[Defect], old: list[tuple[Defect, Stance]], shuffle: random.Random
) -> None:
    findings = [found(f"f{i}", d) for i, d in enumerate(new)]
    known = [KnownDefect(f"n{i}", d, stance) for i, (d, stance) in enumerate(old)]
    match = match_repeat(findings, known)
    assert sorted([r.finding for r in match.repeated] + [n.finding for n in match.new]) == [f.id for f in findings]
    by_id = {f.id: f.defect for f in findings}
    stance_of = {k.record: k.stance for k in known}
    for one in match.repeated:
        assert sorted((*one.held, *one.overruled, *one.added)) == list(by_id[one.finding].global_ids)
        assert {stance_of[r] for r in one.records} <= {Stance.RECORD}
        assert {stance_of[r] for r in one.replaces} <= {Stance.WAITING}
        named = {g for k in known if k.record in one.records for g in k.defect.global_ids}
        assert set(one.held) <= named
        assert not set(one.added) & named
    for one in (findings, known):
        shuffle.shuffle(one)
    assert match_repeat(findings, known) == match
