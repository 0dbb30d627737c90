"""The words of printed records: both languages, and every machine word that a record can hold."""

import re
from decimal import Decimal
from importlib.resources import files

import pytest

from twin.access import Capacity
from twin.account import LANGUAGES
from twin.capa import CapaKind, CapaState, Risk, SourceKind
from twin.corrective_action import ActionKind
from twin.disposition import Decision
from twin.effectiveness import Better, Effect, Metric
from twin.eight_d import PreventionKind
from twin.finding import Severity
from twin.ishikawa import CATEGORY_SETS, CauseStatus
from twin.ncr_parts import ContainmentKind, Criteria, CycleEnd, RecheckSource, Requirement
from twin.ncr_record import Event, State
from twin.record import EvidenceKind, SignatureMeaning
from twin.record_report.ncr_pages import limits
from twin.record_report.page import measured, number, tidy
from twin.root_cause import Branch
from twin.texts import catalogue

WORDS = catalogue("twin.record_report", "words.yaml")
TERMS = {
    "state": (*State, *CapaState), "severity": Severity, "risk": Risk, "kind": (*CapaKind, *ActionKind),
    "source": (*SourceKind, *RecheckSource), "decision": Decision, "containment": ContainmentKind,
    "criteria": Criteria, "ended": CycleEnd, "capacity": Capacity, "meaning": SignatureMeaning,
    "evidence": EvidenceKind, "branch": Branch, "cause": CauseStatus, "metric": Metric, "better": Better,
    "effect": Effect, "prevention": PreventionKind, "action": Event,
    "category": tuple(name for names in CATEGORY_SETS.values() for name in names),
}  # fmt: skip


@pytest.mark.parametrize("kind", TERMS)
def test_every_machine_word_is_translated(kind: str) -> None:
    missing = [word for word in map(str, TERMS[kind]) if f"{kind}.{word}" not in WORDS]
    assert missing == []


def test_both_languages_say_everything_and_chinese_says_it_in_chinese() -> None:
    latin = re.compile(r"[A-Za-z0-9{}.:± =,()/-]+")
    for key, entry in WORDS.items():
        assert set(entry) == set(LANGUAGES), key
        assert set(re.findall(r"{\w+}", entry["en"])) == set(re.findall(r"{\w+}", entry["zh"])), key
        same = entry["en"] == entry["zh"]
        assert not same or latin.fullmatch(entry["en"]), key


def test_every_word_that_the_pages_ask_for_is_there() -> None:
    folder = files("twin.record_report")
    for name in ("ncr_pages.py", "capa_pages.py", "shared.py", "typeset.py"):
        for key in re.findall(r'say\(\s*"(\w+)"', folder.joinpath(name).read_text("utf-8")):
            assert key in WORDS, f"{name}: {key}"


def test_numbers_are_as_they_were_read() -> None:
    assert measured(Decimal("1.90")) == "1.90", "two digits were read"
    assert measured(Decimal("-13.0")) == "−13.0"
    assert (number(Decimal("1E+3")), number(Decimal("8.00")), number(Decimal("0"))) == ("1000", "8", "0")
    both = Requirement("level", "c", Decimal(-8), Decimal(8))
    assert limits(both) == "±8 mm"
    assert limits(Requirement("level", "c", Decimal(-5), Decimal(8))) == "−5 … 8 mm"
    assert limits(Requirement("level", "c", None, Decimal(8))) == "≤ 8 mm"
    assert limits(Requirement("level", "c", Decimal(3), None)) == "≥ 3 mm"


def test_texts_of_people_can_always_be_set() -> None:
    assert tidy("a\r\nb\x07c\ud800") == "a\nbc"
