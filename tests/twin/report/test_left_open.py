"""What was left open says why in every report, and never shows a value that passes in its place."""

import dataclasses
import io
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import load_workbook

from geometry.verdict import Measurement, Outcome
from twin.report.content import Content, make_content
from twin.report.html import html_report
from twin.report.pictures import Pictures
from twin.report.provenance import Provenance
from twin.report.words import LANGUAGES, Words
from twin.report.xlsx import xlsx_workbook
from twin.result import CheckResult

ProvenanceOf = Callable[[CheckResult], Provenance]
FLAT = Measurement("flatness", 0.001, 0.0, 0.008, 0.001, Outcome.PASS, "user")
FEW = Measurement("section_size", 0.0, -0.005, 0.010, 0.002, Outcome.INDETERMINATE, "user", note="few_points")


@pytest.fixture
def left_open(building: CheckResult) -> CheckResult:
    """Return the building with A2 (a value well inside, of too few points) and D2 (its place not known)."""
    told = {"A2": ((FLAT, FEW), ("few_points",)), "D2": ((FLAT,), ("axis_position_unknown",))}
    elements = list(building.elements)
    for index, (name, (measurements, reasons)) in enumerate(told.items()):
        elements[index] = dataclasses.replace(
            elements[index], name=name, verdict=Outcome.INDETERMINATE, measurements=measurements, reasons=reasons
        )
    return dataclasses.replace(building, elements=tuple(elements))


def content_of(result: CheckResult, lang: str, provenance_of: ProvenanceOf) -> Content:
    return make_content(result, provenance_of(result), Words(lang))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_table_says_why_beside_the_value(lang: str, left_open: CheckResult, provenance_of: ProvenanceOf) -> None:
    words = Words(lang)
    rows = {row.name: row for row in content_of(left_open, lang, provenance_of).rows}
    assert rows["A2"].worst == "0.0 ± 2.0 mm"
    assert rows["A2"].why == words.explain("few_points")
    assert rows["D2"].why == words.explain("axis_position_unknown")
    assert rows["D2"].worst == words("verdict.not_measured")
    assert rows["D2"].characteristic == words.characteristic("axis_position")
    assert (rows["D2"].limits, rows["D2"].used) == ("", "")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_shows_it(lang: str, left_open: CheckResult, provenance_of: ProvenanceOf) -> None:
    page = html_report(content_of(left_open, lang, provenance_of), Pictures(), Words(lang)).decode("utf-8")
    rows = {name: part for part in page.split("<tr data-mark=")[1:] for name in ("A2", "D2") if f">{name}<" in part}
    assert Words(lang).explain("few_points") in rows["A2"]
    assert Words(lang).explain("axis_position_unknown") in rows["D2"]
    assert Words(lang).characteristic("flatness") not in rows["D2"]


def test_the_spreadsheet_names_what_is_not_known(left_open: CheckResult, provenance_of: ProvenanceOf) -> None:
    words, provenance = Words("en"), provenance_of(left_open)
    book: Any = load_workbook(
        io.BytesIO(xlsx_workbook(left_open, make_content(left_open, provenance, words), provenance, words))
    )
    head, *rows = book.worksheets[0].iter_rows(values_only=True)
    told = {row[2]: dict(zip(head, row, strict=True)) for row in rows}
    assert told["D2"]["Characteristic"] == "Axis position"
    assert told["D2"]["Actual (mm)"] is None
    assert told["A2"]["Characteristic"] == "Section size"


def test_every_element_left_open_has_a_reason(left_open: CheckResult, provenance_of: ProvenanceOf) -> None:
    rows = content_of(left_open, "en", provenance_of).rows
    named = [row for row in rows if row.mark == "indeterminate" and row.name in ("A2", "D2")]
    assert len(named) == 2
    assert all(row.why for row in named)
