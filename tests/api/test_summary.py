import io
import re
from pathlib import Path
from typing import Any

import pytest

from api.summary import MOST_FAILING_SHOWN, print_summary, refusal_line
from api.words import WORDS
from geometry.note import Note
from geometry.registration.result import Registration, RegistrationStatus
from geometry.verdict import State
from twin.report.words import catalogue


def summary(outcome: Any, lang: str = "en") -> str:
    stream = io.StringIO()
    print_summary(outcome, stream, lang=lang)
    return stream.getvalue()


def test_counts_add_up(finished: Any, made: Any) -> None:
    missing = made(4, 0.0, state=State.MISSING)
    text = summary(finished([made(1, 0.001), made(2, 0.009), made(3, 0.03), missing]))
    rows = {
        cells[0]: cells[1:]
        for cells in (re.findall(r"[\w·]+", line) for line in text.splitlines() if "│" in line)
        if cells
    }
    assert rows["Installed"] == ["1", "1", "1", "·", "3"]  # pass, fail, indeterminate, not measured, total
    assert rows["Missing"] == ["·", "1", "·", "·", "1"]
    assert rows["Total"] == ["1", "2", "1", "·", "4"]


def test_worst_first_with_limits_uncertainty_and_source(finished: Any, made: Any) -> None:
    text = summary(finished([made(1, 0.02), made(2, -0.05), made(3, 0.0, state=State.MISSING)]))
    numbers = re.findall(r"element0+(\d)", text)
    assert numbers == ["3", "2", "1"]
    assert "-50.0 ± 2.0 mm, limits -10 to 10 mm, given by the user" in text
    assert "412" in text  # why it is missing


def test_at_most_twenty_are_listed_and_the_rest_counted(finished: Any, made: Any) -> None:
    text = summary(finished([made(i, 0.03) for i in range(30)]))
    assert len(re.findall(r"element0", text)) == MOST_FAILING_SHOWN
    assert "20 of 30" in text


def test_says_how_the_registration_went_and_what_limits_the_claims(finished: Any, made: Any) -> None:
    text = summary(finished([made(1, 0.001)], unmodelled=3))
    assert "2.1 mm" in text
    assert "93%" in text
    assert "Note: the scan says nothing about its range noise" in text
    assert "3 clusters" in text


@pytest.mark.parametrize(("lang", "says"), [("en", "held out"), ("zh", "留出点")])
def test_points_held_out_are_spoken_of_where_there_are_any(finished: Any, made: Any, lang: str, says: str) -> None:
    import dataclasses

    outcome = finished([made(1, 0.001)])
    placed = dataclasses.replace(outcome.result.registration, method="given", holdout_rmse=float("nan"))
    given = dataclasses.replace(outcome, result=dataclasses.replace(outcome.result, registration=placed))
    assert says in summary(outcome, lang)
    assert says not in summary(given, lang)
    line = next(line for line in summary(given, lang).splitlines() if "93%" in line)
    assert "2.1 mm" in line
    assert " -" not in line
    assert "nan" not in line


@pytest.mark.parametrize("lang", sorted(WORDS))
def test_speaks_every_language(finished: Any, made: Any, lang: str) -> None:
    text = summary(finished([made(1, 0.03)]), lang)
    assert ("不合格" in text) == (lang == "zh")


def test_every_language_has_the_same_words_with_the_same_places() -> None:
    def places(text: str) -> list[str]:
        return sorted(set(re.findall(r"\{(\w+)[|}]", text)))

    english = WORDS["en"]
    for words in WORDS.values():
        assert words.keys() == english.keys()
        assert all(places(words[key]) == places(english[key]) for key in english)


def test_hostile_names_stay_text(finished: Any, made: Any) -> None:
    import dataclasses

    name = "[red]x[/red]\x1b[2J\nnext"
    text = summary(finished([dataclasses.replace(made(1, 0.03), name=name)]))
    assert "[red]x[/red]" in text
    assert "\x1b" not in text


def test_reports_are_named_once_the_page_to_open_first(finished: Any, made: Any) -> None:
    import dataclasses

    outcome = finished([made(1, 0.001)])
    folder = outcome.files[0].parent
    files = tuple(folder / name for name in ("report.json", "report.html", "report.xlsx"))
    lines = summary(dataclasses.replace(outcome, files=files)).splitlines()
    assert lines[-2:] == [f"Report: {folder / 'report.html'}", "Beside it: report.json, report.xlsx"]


def test_notes_are_said_in_the_language_of_the_summary(finished: Any, made: Any) -> None:
    import dataclasses

    outcome = finished([made(1, 0.001)])
    note = Note("no_points", "{name} has no points.", name="hall")
    outcome = dataclasses.replace(outcome, result=dataclasses.replace(outcome.result, notes=(note,)))
    assert "Note: hall has no points." in summary(outcome)
    assert "备注：hall 没有点。" in summary(outcome, "zh")


REFUSALS = [
    ("auto", "low_overlap", "little_overlap", "another building, storey", "不是同一建筑"),
    ("auto", "low_overlap", "wrong_units", "correct the unit", "更正其中一个文件的单位"),
    ("given", "low_overlap", "pose_off", "leave --register out", "自动搜索位置"),
    ("control_points", "residual", "blunder", "check the control points", "核对控制点"),
    ("auto", "ambiguous", "rival_poses", "give three control points with --register FILE", "给出三个控制点"),
    ("auto", "degenerate", "can_slide", "scan a corner", "补扫墙角"),
    ("auto", "residual", "few_agree", "another revision", "版本"),
    ("auto", "no_geometry", "no_surfaces", "export the model", "导出含构件实体"),
    ("auto", "of_tomorrow", "of_tomorrow", "check that both files", "核对两个文件"),
]


@pytest.mark.parametrize(("method", "reason", "word", "english", "chinese"), REFUSALS)
def test_a_refusal_leads_with_what_to_do(method: str, reason: str, word: str, english: str, chinese: str) -> None:
    names = ("overlap", "hint", "name", "away", "agree", "poses", "best", "other", "moved", "turned", "directions")
    values = dict.fromkeys((*names, "supporters", "judged"), "7")
    seen = Note(word, "seen {poses}; {help}", **values, help="do this and that")
    found = Registration(RegistrationStatus.REFUSED, None, method, reason, seen)
    for lang, first in (("en", english), ("zh", chinese)):
        line = refusal_line(found, Path("o/report.json"), lang=lang)
        head, tail = re.split(r"\): |）：", line, maxsplit=1)
        assert head.endswith(reason)
        assert first in re.split(r"\. |。", tail)[0]
        assert "o/report.json" in line
        assert "do this and that" not in line  # said once, in the lead
        assert "\n" not in line


def test_every_cause_of_a_refusal_has_its_lead() -> None:
    causes = {key.removeprefix("cause.") for key in catalogue() if key.startswith("cause.")}
    assert len(causes) > 5
    for words in WORDS.values():
        assert {key.removeprefix("do.") for key in words if key.startswith("do.")} == causes
