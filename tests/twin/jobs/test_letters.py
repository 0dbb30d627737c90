"""Letters say in words what happened, who did it and what is asked of the reader, in their language, with a link."""

import re
from datetime import UTC, datetime
from itertools import product

import pytest

from twin.account import LANGUAGES
from twin.capa import CapaState
from twin.finding import FindingStatus
from twin.inspection import InspectionState
from twin.inspection_plan import PlanStatus
from twin.jobs.letters import Reader, Told, tell_reader
from twin.ncr_record import State
from twin.record import Json
from twin.texts import Texts, catalogue

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ANN, BOB, P, N = "a" * 32, "b" * 32, "1" * 32, "2" * 32
ALSO = ("opened", "assigned", "signed", "closed", "commented", "attached", "due", "overdue")
NCR_ALSO = ("concession_due", "concession_expired", "recurs", "doubted")
CAPA_ALSO = ("recurred", "cancellation_requested")
MORE_NCR = ("seated", "proposed", "changed", "extended", "concession_due", "concession_expired", "recurs",
            "doubted")  # fmt: skip
MORE_CAPA = ("action", "recurred", "cancellation_requested")
TOPICS = {
    "ncr": (*State, "seated", "proposed", "changed", "extended", *NCR_ALSO, *ALSO),
    "capa": (*CapaState, "action", *CAPA_ALSO, *ALSO),
    "plan": (*PlanStatus, *ALSO),
    "inspection": (*InspectionState, "failed", *ALSO),
    "finding": (*FindingStatus, *ALSO),
}
KINDS = {"plan": "inspection_plan"}
EVERY = [(f"{kind}.{what}", state) for kind, whats in TOPICS.items() for what, state in product(whats, ["open"])]


def payload(kind: str = "ncr", **more: Json) -> dict[str, Json]:
    return {
        "record": f"{kind}:{N}", "number": "TOWER-NCR-0001", "title": "Column 1 is 25 mm off its axis",
        "state": "under_review", "by": "Quinn Li", "to": [ANN], "assignee": "", "asked": [], **more,
    }  # fmt: skip


def told(topic: str, language: str, given: dict[str, Json], reader: str = ANN) -> Told:
    who = Reader(language, reader, "Ann Wu" if reader else "")
    return tell_reader(topic, given, who, project=P, at=AT, base_url="https://q.example", project_name="Tower")


def test_a_board_member_reads_everything_that_they_need() -> None:
    letter = told("ncr.under_review", "en", payload(asked=[ANN], due="2026-12-01"))
    assert letter.subject == "TOWER-NCR-0001: before the review board"
    assert letter.link == f"https://q.example/#/projects/{P}/ncrs/{N}"
    for said in ("Ann Wu,", "Nonconformance TOWER-NCR-0001", "Column 1 is 25 mm off its axis", "Project: Tower",
                 "Who did it: Quinn Li", "You sit on the review board", "Due: 2026-12-01", letter.link):  # fmt: skip
        assert said in letter.body, said


def test_the_same_in_chinese() -> None:
    letter = told("ncr.under_review", "zh", payload(asked=[ANN], due="2026-12-01"))
    assert letter.subject == "TOWER-NCR-0001：已提交评审委员会"
    for said in ("Ann Wu：", "不符合项 TOWER-NCR-0001", "您是评审委员会成员", "期限：2026-12-01", "操作人：Quinn Li"):
        assert said in letter.body, said


def test_what_is_asked_depends_on_who_reads() -> None:
    given = payload(asked=[ANN], assignee=BOB)
    assert "You sit on the review board" in told("ncr.under_review", "en", given).expected
    assert told("ncr.under_review", "en", given, BOB).expected == "You are to see to it."
    assert "for your information" in told("ncr.under_review", "en", given, "c" * 32).expected
    assert told("ncr.under_review", "en", given, "").expected == "", "a chat is nobody in particular"
    assert "information" in told("ncr.closed", "en", given, BOB).expected


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("topic", "state"), EVERY, ids=lambda value: str(value))
def test_every_topic_has_words_in_both_languages(topic: str, state: str, language: str) -> None:
    kind, what = topic.split(".")
    named = (*ALSO, *NCR_ALSO, *CAPA_ALSO, "seated", "proposed", "changed", "extended", "action", "failed")
    is_state = what not in named
    given = payload(KINDS.get(kind, kind), state=what if is_state else state, assignee=ANN)
    letter = told(topic, language, given)
    assert letter.headline
    words = catalogue("twin.jobs", "letters.yaml")
    assert {f"happened.{topic}", f"happened.{what}"} & words.keys() or (is_state and f"state.{what}" in words), (
        "no words"
    )
    assert letter.expected
    assert letter.link.startswith("https://q.example/#/projects/")
    text = letter.body.replace(letter.link, "")
    assert "_" not in text, "a machine word"
    assert not re.search(r"[0-9a-f]{32}", text), "an identifier"
    if language == "zh":
        chinese = text
        for foreign in (
            "TOWER-NCR-0001",
            "Column 1 is 25 mm off its axis",
            "Quinn Li",
            "Ann Wu",
            "Tower",
            "qtems",
            "UTC",
        ):
            chinese = chinese.replace(foreign, "")
        assert not re.search("[A-Za-z]{3,}", chinese.replace("CAPA", "")), chinese


def test_reminders_say_of_what_and_until_when() -> None:
    given = payload("capa", assignee=ANN, what="action", due="2026-12-01T00:00:00+00:00")
    letter = told("capa.overdue", "en", given)
    assert letter.headline == "overdue: an action"
    assert "Due: 2026-12-01 00:00 UTC" in letter.body
    assert told("capa.overdue", "zh", given).headline == "一项措施已逾期"


def test_what_somebody_wrote_stands_in_it_and_cannot_forge_the_rest() -> None:
    forged = payload(text="hello\r\nBcc: x@example.org", title="a\nb")
    letter = told("ncr.commented", "en", forged)
    assert "“hello Bcc: x@example.org”" in letter.body
    assert "\n" not in letter.subject
    evil = told("ncr.commented", "en", payload(number="X\r\nBcc: x@example.org"))
    assert "\n" not in evil.subject
    assert "\r" not in evil.subject


def test_what_is_about_no_record_is_listed() -> None:
    letter = tell_reader(
        "security.attempts_blocked", {"purpose": "sign-in", "entity": "login:x"}, Reader("en"), project=None, at=AT,
        base_url="https://q.example",
    )  # fmt: skip
    assert letter.subject == "security: attempts blocked"
    assert "purpose: sign-in" in letter.body


def test_the_catalogue_has_both_languages_and_no_word_twice() -> None:
    for key, entry in catalogue("twin.jobs", "letters.yaml").items():
        assert set(entry) == set(LANGUAGES), key
        assert all(text.strip() for text in entry.values()), key
    assert Texts("twin.jobs", "letters.yaml", "en").term("state", "never_heard") == "never heard"
