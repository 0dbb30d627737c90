"""An element that the model gives no shape is listed everywhere, counted, drawn nowhere and never judged."""

import dataclasses
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import openpyxl
import pytest

from geometry.design import Element, Mesh
from geometry.note import Note
from geometry.verdict import Outcome, State
from twin.report.content import make_content
from twin.report.glb import glb_model
from twin.report.html import html_report
from twin.report.pictures import Pictures, cannot_render, render_pictures
from twin.report.provenance import Provenance
from twin.report.report_json import report_json
from twin.report.scene import make_scene
from twin.report.words import Words
from twin.report.xlsx import xlsx_workbook
from twin.result import CheckResult, shapeless_elements

ProvenanceOf = Callable[[CheckResult], Provenance]
SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "report.schema.json").read_text("utf-8"))
LOST = "0000shapelessreportfix"


@pytest.fixture(scope="module")
def lossy(building: CheckResult) -> CheckResult:
    """Return the building with one more element, alone on its storey, of which no mesh could be made."""
    nothing = Mesh(np.empty((0, 3)), np.empty((0, 3), np.int32))
    why = Note("no_kernel", "no geometry kernel could make its shape")
    element = Element(LOST, "IfcBeam", "Ghost beam", "Attic", nothing, suspect=why)
    design = dataclasses.replace(building.design, without_geometry={LOST: element})
    return dataclasses.replace(building, design=design, elements=building.elements + shapeless_elements(design))


def test_it_is_suspect_and_not_measured(lossy: CheckResult) -> None:
    lost = lossy.elements[-1]
    assert (lost.state, lost.verdict, lost.points) == (State.DESIGN_SUSPECT, Outcome.NOT_MEASURED, 0)
    assert lost.reasons == ("no_shape:no geometry kernel could make its shape",)
    assert lost.measurements == ()


def test_report_json_counts_it_and_matches_its_schema(lossy: CheckResult, provenance_of: ProvenanceOf) -> None:
    report = json.loads(report_json(lossy, provenance_of(lossy)))
    jsonschema.validate(report, SCHEMA)
    summary: Any = report["summary"]
    assert summary["elements"] == len(lossy.elements) == len(report["elements"])
    assert sum(summary["verdicts"].values()) == sum(summary["states"].values()) == summary["elements"]
    assert summary["without_shape"] == report["design"]["without_shape"] == 1
    assert report["elements"][-1]["global_id"] == LOST
    assert report["elements"][-1]["reasons"] == ["no_shape:no geometry kernel could make its shape"]


@pytest.mark.parametrize(
    ("lang", "said", "counted"),
    [
        ("en", "no geometry kernel could make its shape", "1 of those not measured has no shape in the model."),
        ("zh", "没有几何内核能生成其形体", "未测量的构件中有 1 个在模型中没有形体。"),
    ],
)
def test_the_page_and_the_workbook_say_so(
    lossy: CheckResult, provenance_of: ProvenanceOf, lang: str, said: str, counted: str
) -> None:
    words = Words(lang)
    content = make_content(lossy, provenance_of(lossy), words)
    assert content.sentence.endswith(counted)
    assert sum(share.count for share in content.marks) == len(lossy.elements)
    page = html_report(content, Pictures(), words).decode()
    [row] = [row for row in re.findall(r"<tr data-mark.*?</tr>", page, re.DOTALL) if LOST in row]
    assert said in row
    book = openpyxl.load_workbook(io.BytesIO(xlsx_workbook(lossy, content, provenance_of(lossy), words)))
    cells = [cell for line in book.worksheets[0].iter_rows(values_only=True) if LOST in line for cell in line]
    assert any(said in str(cell) for cell in cells)


def test_it_is_drawn_nowhere_and_a_node_without_mesh(lossy: CheckResult) -> None:
    assert len(make_scene(lossy).boxes) == len(lossy.elements) - 1
    content = glb_model(lossy)
    document = json.loads(content[20 : 20 + int.from_bytes(content[12:16], "little")])
    [node] = [node for node in document["nodes"] if node["name"] == LOST]
    assert "mesh" not in node
    assert node["extras"]["state"] == "design_suspect"


@pytest.mark.skipif(bool(cannot_render()), reason="needs libegl1 and libgl1 to render: make system")
def test_a_storey_of_nothing_but_shapeless_elements_has_no_picture(lossy: CheckResult) -> None:
    pictures = render_pictures(lossy)
    assert "Attic" not in pictures.storeys
    assert "Ground floor" in pictures.storeys
