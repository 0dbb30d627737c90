"""How F-numbers are told: without a unit to people, as the lengths that they are made of where millimetres are said."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openpyxl import load_workbook

from geometry.f_number import F_SCALES
from geometry.verdict import Measurement, Outcome, State
from twin.grouping import failed_elements, group_failures
from twin.report.cards import make_card
from twin.report.content import make_content
from twin.report.provenance import Provenance
from twin.report.report_json import report_document
from twin.report.words import Words
from twin.report.xlsx import xlsx_workbook
from twin.result import CheckResult

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT / "docs" / "report.schema.json"
ProvenanceOf = Callable[[CheckResult], Provenance]
FLAT = Measurement(
    "floor_flatness", 0.00387, 0.0, 0.116078 / 35, 0.0003, Outcome.FAIL, "specification, FF 35", n=900,
    method="sample_lines 480/486",
)  # fmt: skip
LEVEL = replace(
    FLAT, characteristic="floor_levelness", actual=float("nan"), upper=0.0127, expanded_uncertainty=float("nan"),
    outcome=Outcome.NOT_MEASURED, note="floor_no_vertical:1.7°",
)  # fmt: skip


@pytest.fixture(scope="module")
def floor(building: CheckResult) -> CheckResult:
    """Return the small building with a floor for its first element."""
    first = replace(
        building.elements[0], state=State.INSTALLED, verdict=Outcome.FAIL, measurements=(FLAT, LEVEL), reasons=()
    )
    return replace(building, elements=(first, *building.elements[1:]))


def test_people_read_a_number_without_a_unit(floor: CheckResult) -> None:
    card = make_card(floor, 0, 1, Words("en"))
    assert card.headline == "Floor flatness FF: FF 30.0 (27.8 … 32.5), allowed FF ≥ 35"
    assert [(m.actual, m.limits) for m in card.measurements] == [
        ("FF 30.0 (27.8 … 32.5)", "FF ≥ 35"),
        ("–", "FL ≥ 25"),
    ]
    assert card.measurements[0].note == "sample lines (ASTM E1155), readings taken of those laid out: 480/486"
    assert card.measurements[1].note.endswith("differ too much to say what is level: 1.7°")
    assert "FF ≥ 35" in card.measurements[0].gauge
    assert "mm" not in card.headline + card.measurements[0].actual
    assert make_card(floor, 0, 1, Words("zh")).headline == "地面平整度 FF：FF 30.0 (27.8 … 32.5)，允许 FF ≥ 35"


def test_the_json_says_both(floor: CheckResult, provenance_of: ProvenanceOf) -> None:
    """Lengths are lengths where the name says millimetres; what was not measured is null, and the schema knows it."""
    document: Any = json.loads(json.dumps(report_document(floor, provenance_of(floor))))
    elements = document["elements"]
    flat, level = elements[0]["measurements"]
    assert (flat["actual_mm"], flat["upper_mm"]) == (3.87, 3.3165)
    assert flat["f_number"] == {"symbol": "FF", "value": 29.99, "low": 27.84, "high": 32.51, "required": 35.0}
    assert (level["actual_mm"], level["f_number"]["value"], level["f_number"]["required"]) == (None, None, 25.0)
    assert not list(Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).iter_errors(document))
    assert all("f_number" not in m for e in elements[1:] for m in e["measurements"])


def test_the_workbook_has_a_column_for_it(floor: CheckResult, provenance_of: ProvenanceOf) -> None:
    words, provenance = Words("en"), provenance_of(floor)
    book: Any = load_workbook(
        io.BytesIO(xlsx_workbook(floor, make_content(floor, provenance, words), provenance, words))
    )
    head, *rows = book["Measurements"].iter_rows(values_only=True)
    mine = [dict(zip(head, row, strict=True)) for row in rows if str(row[5]).startswith("Floor")]
    assert [(row["F-number"], row["F-number required"]) for row in mine] == [(29.99, 35), (None, 25)]
    first = next(row for row in book["Elements"].iter_rows(values_only=True) if str(row[7]).startswith("Floor"))
    assert first[7] == "Floor flatness FF: FF 30.0 (27.8 … 32.5), FF ≥ 35"


def test_a_floor_that_is_not_flat_is_a_fault_of_form(floor: CheckResult) -> None:
    first = floor.elements[0].global_id
    [cause] = [c for c in group_failures(failed_elements(floor)) if first in c.defect.global_ids]
    assert (cause.defect.kind.value, cause.defect.lead.characteristic) == ("form", "floor_flatness")


def test_the_viewer_counts_with_the_same_constants() -> None:
    text = (ROOT / "viewer" / "src" / "core" / "limits.ts").read_text("utf-8")
    found = re.findall(r'(\w+): \{ symbol: "(\w+)", constant_mm: ([0-9.]+) \}', text)
    assert {name: (symbol, float(mm)) for name, symbol, mm in found} == {
        name: (scale.symbol, pytest.approx(scale.constant * 1000.0)) for name, scale in F_SCALES.items()
    }
