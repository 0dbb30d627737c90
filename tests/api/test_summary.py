import io
import re
from typing import Any

import pytest

from api.summary import MOST_FAILING_SHOWN, print_summary
from api.words import WORDS
from geometry.note import Note
from geometry.verdict import State


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
    assert rows["Total"] == ["1", "2", "1", "0", "4"]


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
        return sorted(re.findall(r"\{(\w+)\}", text))

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
