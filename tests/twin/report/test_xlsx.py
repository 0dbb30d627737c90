"""The Excel file."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import load_workbook

from twin.report.content import make_content
from twin.report.provenance import Provenance
from twin.report.words import Words
from twin.report.xlsx import xlsx_workbook
from twin.result import CheckResult

ProvenanceOf = Callable[[CheckResult], Provenance]


def workbook_bytes(result: CheckResult, lang: str, provenance_of: ProvenanceOf) -> bytes:
    """Return the file."""
    words, provenance = Words(lang), provenance_of(result)
    return xlsx_workbook(result, make_content(result, provenance, words), provenance, words)


def open_book(result: CheckResult, lang: str, provenance_of: ProvenanceOf) -> Any:
    """Return the workbook as openpyxl reads it."""
    return load_workbook(io.BytesIO(workbook_bytes(result, lang, provenance_of)))


def records(sheet: Any) -> list[dict[str, Any]]:
    """Return the rows by heading."""
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def book(building: CheckResult, provenance_of: ProvenanceOf) -> Any:
    """Return the English workbook."""
    return open_book(building, "en", provenance_of)


def test_one_row_per_element_and_one_per_measurement(book: Any, building: CheckResult) -> None:
    """Nothing is left out, whatever the other reports shorten."""
    assert book.sheetnames == ["Elements", "Measurements", "Registration", "Unmodelled", "Notes"]
    rows = records(book["Elements"])
    assert sorted(row["GlobalId"] for row in rows) == sorted(e.global_id for e in building.elements)
    count = sum(len(element.measurements) for element in building.elements)
    assert len(records(book["Measurements"])) == count


def test_numbers_are_numbers_and_the_unobservable_is_named(book: Any) -> None:
    """Millimetres and degrees with a format; no zero where nothing is known."""
    rows = {row["Name"]: row for row in records(book["Elements"])}
    wall = rows["Wall E Ground floor"]
    assert wall["Translation x (mm)"] == pytest.approx(-24.0)
    assert wall["Translation y (mm)"] == "not observable"
    assert wall["U translation y (mm)"] is None
    assert wall["Rotation y (°)"] == "not observable"
    column = rows["C2 Ground floor"]
    position = next(
        row
        for row in records(book["Measurements"])
        if row["GlobalId"] == column["GlobalId"] and row["Characteristic"] == "Position"
    )
    assert position["Actual (mm)"] == pytest.approx(18.4391, abs=1e-3)
    assert (position["Lower limit (mm)"], position["Upper limit (mm)"], position["U (mm)"]) == (-10.0, 10.0, 2.5)


def test_a_name_that_looks_like_a_formula_stays_a_name(book: Any) -> None:
    """Excel must not run what a model calls its window."""
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert any(cell.value == '=HYPERLINK("http://x","y")' for cell in cells)
    assert all(cell.hyperlink is None for cell in cells)


def test_tables_are_ready_to_work_with(book: Any) -> None:
    """Frozen header, filter, colours with text."""
    for name in ("Elements", "Measurements"):
        sheet = book[name]
        assert sheet.freeze_panes is not None
        assert sheet.auto_filter.ref is not None
        assert len(sheet.conditional_formatting) > 0


def test_chinese_workbook(building: CheckResult, provenance_of: ProvenanceOf) -> None:
    """Headings and words in Chinese, the same number of rows."""
    book = open_book(building, "zh", provenance_of)
    assert book.sheetnames == ["构件", "测量结果", "配准", "模型之外", "备注与来源"]
    rows = records(book["构件"])
    assert {row["判定"] for row in rows} == {"合格", "不合格", "无法判定", "未测量", "缺失"}


@pytest.mark.parametrize("name", ["building", "refused_check", "empty_check"])
def test_the_same_check_gives_the_same_bytes(
    name: str, request: pytest.FixtureRequest, provenance_of: ProvenanceOf
) -> None:
    """Also when there is nothing to list."""
    result: CheckResult = request.getfixturevalue(name)
    assert workbook_bytes(result, "en", provenance_of) == workbook_bytes(result, "en", provenance_of)


def test_provenance_is_in_it(book: Any, building: CheckResult) -> None:
    """Hashes of what was compared, and the pose that was used."""
    text = "\n".join(str(value) for row in book["Notes"].iter_rows(values_only=True) for value in row)
    assert building.design.source.sha256 in text
    assert building.scan.sources[0].sha256 in text
    registration = [row[0] for row in book["Registration"].iter_rows(values_only=True)]
    assert registration.count("T_design_scan") == 4


def test_numbers_have_no_more_digits_than_were_measured_and_counts_are_numbers(book: Any) -> None:
    """No ``6.868517115303504``, and nothing that looks like a number but is a text with thin spaces."""
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    numbers = [cell.value for cell in cells if isinstance(cell.value, float)]
    assert len(numbers) > 100
    assert [value for value in numbers if round(value, 6) != value] == []
    millimetres = [row["Actual (mm)"] for row in records(book["Measurements"]) if row["Actual (mm)"] is not None]
    assert millimetres == [round(value, 4) for value in millimetres]
    assert all(cell.data_type == "n" for cell in cells if str(cell.value).replace("\u202f", "").isdecimal())
    notes = dict(row[:2] for row in book["Notes"].iter_rows(values_only=True))
    assert notes["Points used"] > 1000
