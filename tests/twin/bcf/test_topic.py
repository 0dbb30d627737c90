"""Records as topics: what they say, which statuses are open, what comes back from the structured part."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from geometry.verdict import Outcome
from twin.access import Action
from twin.bcf.guid import guid_of, id_of
from twin.bcf.kept import TRANSITIONS as STANDINGS
from twin.bcf.kept import KeptTopic, Standing, StandingEvent, add_comment, confirm, dismiss, merged, observation, whole
from twin.bcf.match import By, Dictionary, match, unknown_in
from twin.bcf.status import ASKED, STATUSES, WORDS, asked_for, event_to, next_statuses, state_of
from twin.bcf.structured import read_structured, structured
from twin.bcf.topic import Surroundings, description_of, human_part, looking, snippet_of, topic_of, topic_of_finding
from twin.bcf.values import Comment, Component, Topic, Vector, Viewpoint
from twin.disposition import Decision, DispositionLine
from twin.errors import IllegalTransition, Invalid, NotFound, Refused
from twin.finding import MISSING, CauseKind, Defect, Failure, Finding, Location, Origin, Severity
from twin.finding import Viewpoint as Seen
from twin.ncr import missing_for
from twin.ncr_parts import Measured, Requirement, Violation
from twin.ncr_record import TRANSITIONS, Event, NonConformance, State
from twin.record import Actor, Evidence, EvidenceKind
from twin.record_report.titles import finding_title
from twin.store.codec import from_json, to_json

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ANN, BO = Actor("a" * 32, "Ann"), Actor("b" * 32, "Bo")
WALL = "2O2Fr$t4X7Zf8NOew3FNr2"
LIMITS = Requirement("verticality", "GB 50204-2015 8.3.2", Decimal("-5"), Decimal("5"))
NCR = NonConformance(
    id="5f2c9a6f1f0c4f6f8a3e0d1c2b3a4958", project="1" * 32, title="Wall leans", severity=Severity.MAJOR,
    quantity=Decimal("3"), unit="element", originator=ANN, raised_at=NOW, number="TOWER-NCR-0007",
    description="Seen by all", global_ids=(WALL,), contract_affected=True,
    violations=(Violation(LIMITS, Measured(Decimal("12.50"), Decimal("1.2")), WALL),),
    evidence=(Evidence(EvidenceKind.REPORT, "0" * 64),),
    lines=(DispositionLine("l" * 32, Decision.REWORK, Decimal("3"), "push it back", (WALL,)),),
)  # fmt: skip
DRAFT = replace(NCR, number="", lines=(), detector=ANN)
FINDING = Finding(
    "f" * 32, "1" * 32, Origin("c" * 32, "d" * 32, "e" * 32),
    Defect(CauseKind.MISSING, (WALL,), (Failure(WALL, MISSING, "model"),)), Severity.MINOR,
    Location(Decimal("367000.5"), Decimal("5432000"), Decimal("12")), ANN, NOW,
)  # fmt: skip


def everybody(_: Action) -> bool:
    return True


def test_a_topic_says_what_the_record_says() -> None:
    around = Surroundings({ANN.id: "ann@example.com"}, "https://q/ncrs/1", changed_at=NOW + timedelta(days=1))
    topic = topic_of(NCR, around)
    assert topic.guid == "5f2c9a6f-1f0c-4f6f-8a3e-0d1c2b3a4958"
    assert id_of(topic.guid) == NCR.id
    assert topic.server_assigned_id == "TOWER-NCR-0007"
    assert topic.labels == ("major", "verticality", "rework", "contract affected")
    assert topic.creation_author == "ann@example.com"
    assert topic.modified_date == NOW + timedelta(days=1)
    assert topic.reference_links == ("https://q/ncrs/1",)
    assert topic.description.splitlines() == [
        "Seen by all",
        "",
        "-- qtems --",
        "Number: TOWER-NCR-0007",
        "Quantity: 3 element",
        f"Verticality, {WALL}: 12.50 ± 1.2 mm (U, k = 2); limits -5 .. 5 mm (GB 50204-2015 8.3.2)",
        "Disposition: Rework (3): push it back",
    ]
    assert topic_of(NCR, around) == topic


def test_an_opening_is_named_in_title_text_and_structured_part() -> None:
    size = Failure(
        WALL, "opening_size", "DIN 18202", Decimal(-30), Decimal(-12), Decimal(12), Decimal(2), "Door 3", "O3", "width"
    )
    topic = topic_of_finding(replace(FINDING, defect=Defect(CauseKind.FORM, (WALL,), (size,))), Surroundings())
    assert topic.title == f"Form: {WALL}, Door 3 (Opening size)"
    said = f"Opening size, width: Door 3 (O3), {WALL}: -30 ± 2 mm (U, k = 2); limits -12 .. 12 mm (DIN 18202)"
    assert said in topic.description
    ncr = replace(NCR, violations=(replace(NCR.violations[0], part="Door 3", part_id="O3", direction="width"),))
    assert f"Verticality, width: Door 3 (O3), {WALL}: 12.50" in topic_of(ncr, Surroundings()).description
    assert read_structured(structured(ncr)).violations == ncr.violations
    before = json.loads(structured(NCR))
    for name in ("part", "part_id", "direction"):
        del before["violations"][0][name]
    assert read_structured(json.dumps(before).encode()).violations == NCR.violations


def test_a_topic_speaks_the_language_of_the_projects_records() -> None:
    around = Surroundings(language="zh", names={WALL: "墙 3"})
    assert topic_of(NCR, around).description.splitlines() == [
        "Seen by all",
        "",
        "-- qtems --",
        "编号：TOWER-NCR-0007",
        "数量：3 element",
        f"垂直度，{WALL}：12.50 ± 1.2 mm (U, k = 2)；允许范围 -5 .. 5 mm（GB 50204-2015 8.3.2）",
        "处置：返工 (3)：push it back",
    ]
    said = topic_of_finding(FINDING, around)
    assert said.title == finding_title(FINDING.defect, "墙 3", "zh")
    assert "Raised by" not in said.description
    assert human_part(topic_of(NCR, around).description) == "Seen by all"


@pytest.mark.parametrize("text", ["", "One line", "Two\nlines", "With -- qtems -- inside"])
def test_what_people_wrote_is_told_from_what_is_generated(text: str) -> None:
    assert human_part(description_of(replace(NCR, description=text))) == text


def test_the_structured_part_comes_back_exactly() -> None:
    found = read_structured(structured(NCR))
    assert found.violations == NCR.violations
    assert (found.ncr, found.number, found.quantity, found.global_ids) == (
        NCR.id, NCR.number, NCR.quantity, NCR.global_ids,
    )  # fmt: skip
    assert [(line.decision, line.quantity) for line in found.dispositions] == [("rework", Decimal(3))]
    assert structured(NCR) == structured(NCR)
    assert topic_of(NCR, Surroundings()).snippet == topic_of(NCR, Surroundings()).snippet
    assert snippet_of(NCR)[1] == structured(NCR)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b'{"schema":"other"}', b"\xff", b"[" * 100_000])
def test_what_is_no_structured_part_is_one_line(content: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        read_structured(content)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("viewpoint", [None, "given", "above"])
def test_a_finding_is_looked_at_where_it_is(viewpoint: str | None) -> None:
    target, finding = FINDING.location, FINDING
    if viewpoint:
        above = Location(target.x, target.y, target.z + 30)
        aside = Location(target.x + 3, target.y + 4, target.z)
        finding = replace(FINDING, viewpoint=Seen(above if viewpoint == "above" else aside, target))
    topic = topic_of_finding(finding, Surroundings())
    [view] = topic.viewpoints
    assert view.selection == (Component(WALL),)
    camera = view.camera
    assert camera is not None
    across = [getattr(target, a) - getattr(camera.position, a) for a in "xyz"]
    distance = sum((c * c for c in across), Decimal(0)).sqrt()
    for axis, wanted in zip("xyz", across, strict=True):
        assert abs(getattr(camera.direction, axis) * distance - wanted) < Decimal("1e-6")
    scalar = sum(getattr(camera.direction, a) * getattr(camera.up, a) for a in "xyz")
    assert abs(scalar) < Decimal("1e-8")
    assert abs(camera.up.length - 1) < Decimal("1e-8")
    assert topic.priority == "minor"


def test_a_camera_at_what_it_looks_at_still_looks_somewhere() -> None:
    here = Vector(Decimal(1), Decimal(2), Decimal(3))
    assert looking(here, here).direction.length == 1


# --- statuses


def test_every_state_has_a_word_of_its_own_and_back() -> None:
    assert len(set(STATUSES)) == len(State) + 1
    for state, word in WORDS.items():
        assert state_of(word) is state
        assert state_of(word.upper().replace(" ", "_")) is state
    assert state_of("Done") is None


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("wanted", list(State))
def test_only_moves_of_the_table_that_need_nothing_said_can_be_asked_for(state: State, wanted: State) -> None:
    ncr = replace(NCR, state=state)
    able = {TRANSITIONS[state, e]: e for e in ASKED if (state, e) in TRANSITIONS}
    if wanted is state:
        assert event_to(ncr, WORDS[wanted]) is None
    elif wanted in able and able[wanted] is not Event.VERIFY:
        assert event_to(ncr, WORDS[wanted]) is able[wanted]
    elif wanted not in able:
        with pytest.raises(IllegalTransition):
            event_to(ncr, WORDS[wanted])


@pytest.mark.parametrize("state", list(State))
def test_what_is_offered_lacks_nothing_and_is_reached(state: State) -> None:
    ncr = replace(NCR, state=state)
    offered = next_statuses(ncr, may=everybody, now=NOW)
    assert offered[0] == WORDS[state]
    for word in offered[1:]:
        event = event_to(ncr, word)
        assert event is not None
        assert missing_for(ncr, event, now=NOW) == ()
    assert next_statuses(ncr, may=lambda _: False, now=NOW) == (WORDS[state],)


def test_a_record_is_opened_under_a_number_that_is_taken_only_then() -> None:
    taken: list[str] = []

    def number() -> str:
        taken.append("TOWER-NCR-0008")
        return taken[-1]

    with pytest.raises(Refused, match="evidence"):
        asked_for(replace(DRAFT, evidence=()), Event.OPEN, number=number, actor=BO, now=NOW)
    assert taken == []
    whole = replace(DRAFT, quantity=Decimal(len(DRAFT.global_ids)))
    assert asked_for(whole, Event.OPEN, number=number, actor=BO, now=NOW).number == "TOWER-NCR-0008"


def test_closing_needs_a_signature_and_is_never_asked_for_by_bcf() -> None:
    waiting = replace(NCR, state=State.REINSPECTION)
    with pytest.raises(IllegalTransition, match="use the record itself"):
        event_to(waiting, "Closed")
    assert "Closed" not in next_statuses(waiting, may=everybody, now=NOW)


# --- matching and keeping


def topic_about(*global_ids: str, guid: str = guid_of("9" * 32)) -> Topic:
    view = Viewpoint(guid_of("8" * 32), selection=tuple(Component(g) for g in global_ids))
    return Topic(guid, "Leak", status="Done", creation_date=NOW, creation_author="Zoe", viewpoints=(view,))


def test_a_topic_is_about_the_record_of_its_guid_else_of_its_element_else_nobody_guesses() -> None:
    other = replace(NCR, id="7" * 32, state=State.OPEN)
    closed = replace(NCR, id="6" * 32, state=State.CLOSED)
    assert match(topic_about(guid=guid_of(NCR.id)), [other, NCR]).ncr == NCR.id
    assert match(topic_about(WALL), [other, closed]).by is By.ELEMENT
    assert match(topic_about(WALL), [other, closed]).ncr == other.id
    both = match(topic_about(WALL), [NCR, other])
    assert (both.ncr, both.candidates) == (None, (NCR.id, other.id))
    assert match(topic_about("x"), [NCR, other]).by is By.NOTHING
    assert match(topic_about(), [NCR]).by is By.NOTHING


@pytest.mark.parametrize("status", [*STATUSES, "received", "UNDER_REVIEW"])
def test_what_is_said_here_is_known_when_it_comes_back(status: str) -> None:
    assert unknown_in(replace(topic_about(), status=status), ["Zoe"], Dictionary()).statuses == ()


def test_strangers_are_named_unless_the_dictionary_knows_them() -> None:
    found = unknown_in(topic_about(), ["ann@x"], Dictionary())
    assert (found.people, found.statuses) == (("Zoe",), ("Done",))
    known = unknown_in(topic_about(), ["ann@x"], Dictionary({"Zoe": "ANN@x"}, {"Done": "closed"}))
    assert (known.people, known.statuses) == ((), ())


def ended(kept: KeptTopic, event: StandingEvent) -> KeptTopic:
    if event is StandingEvent.CONFIRM:
        return confirm(kept, ncr=NCR.id, actor=BO, now=NOW)
    return dismiss(kept, reason="old", actor=BO, now=NOW)


def test_an_observation_keeps_everything_and_is_ended_once() -> None:
    kept = observation("9" * 32, "1" * 32, topic_about(WALL))
    assert whole(kept) == topic_about(WALL)
    assert from_json(to_json(kept), KeptTopic) == kept
    for standing in Standing:
        for event in StandingEvent:
            one = replace(kept, standing=standing)
            if (standing, event) in STANDINGS:
                assert ended(one, event).standing is STANDINGS[standing, event]
            else:
                with pytest.raises(IllegalTransition):
                    ended(one, event)
    with pytest.raises(Refused, match="why"):
        dismiss(kept, reason=" ", actor=BO, now=NOW)


def test_what_comes_twice_is_kept_once_as_it_came_first() -> None:
    said = Comment(guid_of("7" * 32), NOW, "Zoe", "first")
    kept = observation("9" * 32, "1" * 32, replace(topic_about(WALL), comments=(said,)))
    again = merged(kept, replace(topic_about(WALL), comments=(replace(said, text="changed"),)))
    assert again == kept
    with pytest.raises(NotFound):
        add_comment(kept, Comment(guid_of("6" * 32), NOW, "Zoe", "x", viewpoint=guid_of("5" * 32)), by=BO.id)


def test_an_indeterminate_finding_says_so() -> None:
    assert (
        topic_of_finding(replace(FINDING, verdict=Outcome.INDETERMINATE), Surroundings()).labels[0] == "indeterminate"
    )
