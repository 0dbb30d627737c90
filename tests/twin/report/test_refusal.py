"""What the reports say when a registration was refused: why, what to do, and nothing that reassures."""

import dataclasses
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from geometry.note import Note
from geometry.readers.registration_file import read_request
from geometry.registration.control import fit_control
from geometry.registration.result import Registration, RegistrationStatus
from twin.report.content import make_content
from twin.report.html import html_report
from twin.report.pdf import pdf_report
from twin.report.pictures import Pictures
from twin.report.provenance import Provenance
from twin.report.refusal import cause_of, refusal_text
from twin.report.selection import shown_positions
from twin.report.words import LANGUAGES, Words
from twin.report.xlsx import xlsx_workbook
from twin.result import CheckResult

ProvenanceOf = Callable[[CheckResult], Provenance]
METHODS = ("auto", "given", "matrix", "control_points")
REASONS = ("ambiguous", "low_overlap", "degenerate", "residual", "no_geometry", "of_tomorrow")
NOTES = ("wrong_units", "scan_too_large", "scan_too_small", "near_tie", "few_agree", "pose_uncertain")


def refused_for(reason: str, method: str = "auto", detail: str = "") -> Registration:
    """Return a bare refusal."""
    return Registration(RegistrationStatus.REFUSED, None, method, reason, detail)


@pytest.fixture
def tempting(refused_check: CheckResult) -> CheckResult:
    """Return a refused check whose position fits closely: figures that must not be read as trust."""
    found = dataclasses.replace(
        refused_check.registration, rmse=0.00162, holdout_rmse=0.00163, supporters=127, judged=128, iterations=12,
        covariance=np.diag([1e-9, 1e-9, 4e-9, 1.6e-7, 1.6e-7, 2.5e-7]), converged=True,
    )  # fmt: skip
    return dataclasses.replace(refused_check, registration=found)


def texts_of(result: CheckResult, provenance_of: ProvenanceOf) -> dict[str, str]:
    """Return what HTML, PDF and workbook say of the registration."""
    words, provenance = Words("en"), provenance_of(result)
    content = make_content(result, provenance, words)
    pdf = PdfReader(io.BytesIO(pdf_report(content, Pictures(), provenance, words)))
    book = load_workbook(io.BytesIO(xlsx_workbook(result, content, provenance, words)))
    sheet = book["Registration"].iter_rows(values_only=True)
    return {
        "html": html_report(content, Pictures(), words).decode(),
        "pdf": "".join(page.extract_text() for page in pdf.pages),
        "xlsx": "\n".join(str(cell) for row in sheet for cell in row),
    }


def test_no_figure_of_a_refused_position_reassures(tempting: CheckResult, provenance_of: ProvenanceOf) -> None:
    accepted = dataclasses.replace(tempting.registration, status=RegistrationStatus.ACCEPTED)
    shown = texts_of(dataclasses.replace(tempting, registration=accepted), provenance_of)
    hidden = texts_of(tempting, provenance_of)
    for figure in ("1.62", "1.63", "127 of 128", "0.80"):
        assert all(figure in text for text in shown.values()), f"{figure} is what an accepted position shows"
        assert not any(figure in text for text in hidden.values()), figure


def test_the_cause_and_what_to_do_come_first(tempting: CheckResult, provenance_of: ProvenanceOf) -> None:
    for name, text in texts_of(tempting, provenance_of).items():
        flat = " ".join(text.split())
        cause = flat.index("looks the same from two or more sides")
        assert cause < flat.index("Give three or more control points") < flat.index("Position B"), name
        assert "P1,12.340" in flat, name
        assert "T_design_scan" not in flat, f"{name} would offer a position that was refused"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_refusal_has_a_cause_and_a_step(lang: str, refused_check: CheckResult) -> None:
    """Also for reasons that a newer registration may give."""
    details = ("", *(Note(word, word) for word in NOTES))
    said = {
        refusal_text(refused_for(reason, method, detail), refused_check.scan, Words(lang)).cause
        for reason in REASONS
        for method in METHODS
        for detail in details
    }
    assert len(said) == 12
    assert all(refusal_text(refused_for(r), refused_check.scan, Words(lang)).steps for r in REASONS)


@pytest.mark.parametrize(
    ("found", "cause"),
    [
        (refused_for("low_overlap"), "elsewhere"),
        (refused_for("low_overlap", "given"), "frame"),
        (refused_for("low_overlap", "auto", Note("wrong_units", "the units look wrong")), "units"),
        (refused_for("residual", "control_points"), "control"),
        (refused_for("residual", "auto", Note("few_agree", "only few")), "revision"),
        (refused_for("ambiguous"), "symmetric"),
    ],
)
def test_the_cause_is_the_one_most_likely(found: Registration, cause: str) -> None:
    assert cause_of(found) == cause


def test_who_gave_the_position_is_not_told_to_give_it(refused_check: CheckResult) -> None:
    steps = refusal_text(refused_for("low_overlap", "given"), refused_check.scan, Words("en")).steps
    assert not any("--register given" in step for step, _ in steps)


def test_the_example_of_control_points_can_be_read_and_fits(refused_check: CheckResult, tmp_path: Path) -> None:
    """Whoever copies it and changes the numbers has a file that works."""
    steps = refusal_text(refused_for("ambiguous"), refused_check.scan, Words("en")).steps
    [lines] = [lines for _, lines in steps if lines]
    path = tmp_path / "points.csv"
    path.write_text("\n".join(lines))
    points = read_request(str(path)).control_points
    fit = fit_control(np.array([p.scan for p in points]), np.array([p.design for p in points]), ("a", "b", "c"))
    assert not fit.fault
    assert np.abs(fit.residuals).max() < 1e-3


def test_runners_up_are_shown_only_where_they_compete(refused_check: CheckResult) -> None:
    found = refused_check.registration
    assert len(shown_positions(found)) == 3
    alone = refusal_text(dataclasses.replace(found, reason="low_overlap"), refused_check.scan, Words("en"))
    assert (alone.positions, len(alone.captions), alone.legend_use) == ((), 1, "")
    assert [key for key, _ in alone.legend] == ["model", "on", "off"]
    several = refusal_text(found, refused_check.scan, Words("en"))
    assert [row[0] for row in several.positions] == ["Position A", "Position B", "Position C"]
    assert several.captions[1] == "Position B: 7.40 m away from A, turned by 180.0°"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_given_position_has_no_line_for_what_was_not_measured(
    lang: str, building: CheckResult, provenance_of: ProvenanceOf
) -> None:
    found = dataclasses.replace(
        building.registration, method="given", holdout_rmse=float("nan"), rivals=(), iterations=0
    )
    words = Words(lang)
    content = make_content(dataclasses.replace(building, registration=found), provenance_of(building), words)
    labels = [label for label, _ in content.registration.rows]
    # a figure of all points near the model is not called what a search is measured by
    assert words("rmse.placed") in labels
    assert words("rmse") not in labels
    assert words("holdout") not in labels
    assert words("iterations") not in labels
    assert not any("–" in value for _, value in content.registration.rows)
