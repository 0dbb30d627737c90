"""The PDF report."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pypdf import PdfReader

from twin.report.content import make_content
from twin.report.pdf import PdfError, font_folder, pdf_report
from twin.report.pictures import Pictures
from twin.report.provenance import Provenance
from twin.report.words import Words
from twin.result import CheckResult

ProvenanceOf = Callable[[CheckResult], Provenance]


def pdf_of(result: CheckResult, lang: str, provenance_of: ProvenanceOf) -> bytes:
    """Return the report without pictures."""
    words = Words(lang)
    provenance = provenance_of(result)
    return pdf_report(make_content(result, provenance, words), Pictures(), provenance, words)


def text_of(content: bytes) -> str:
    """Return the text of all pages without line breaks."""
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).replace("\n", "")


def fonts_of(content: bytes) -> set[str]:
    """Return the names of the fonts that the pages use."""
    names: set[str] = set()
    for page in PdfReader(io.BytesIO(content)).pages:
        resources: Any = page["/Resources"]
        names |= {str(font.get_object()["/BaseFont"]) for font in resources["/Font"].values()}
    return names


@pytest.mark.parametrize(
    ("lang", "wanted"),
    [
        ("en", ["7 of 28 elements do not conform", "+18.4 ± 2.5 mm", "not observable", '<script>alert("x")</script>']),
        ("zh", ["28 个构件中有 7 个不合格", "+18.4 ± 2.5 mm", "不可观测", "消防管道 DN100 & 'quoted'"]),
    ],
)
def test_says_what_the_check_found(
    lang: str, wanted: list[str], building: CheckResult, provenance_of: ProvenanceOf
) -> None:
    """Selectable text in both languages, in the font that the installation brings."""
    content = pdf_of(building, lang, provenance_of)
    text = text_of(content).replace("\u202f", " ")
    for phrase in wanted:
        assert phrase.replace(" ", "") in text.replace(" ", ""), phrase
    for element in building.elements:
        assert element.global_id in text
    assert {name.split("+")[1].split("-")[0] for name in fonts_of(content)} <= {"NotoSansCJKsc", "DejaVuSansMono"}


def test_the_same_check_gives_the_same_bytes(building: CheckResult, provenance_of: ProvenanceOf) -> None:
    """Fixed dates and fonts, nothing from the system."""
    assert pdf_of(building, "zh", provenance_of) == pdf_of(building, "zh", provenance_of)


def test_refused_and_empty_checks_have_their_pages(
    refused_check: CheckResult, empty_check: CheckResult, provenance_of: ProvenanceOf
) -> None:
    """Why, rivals and what to do; or that there was nothing to check."""
    refused = text_of(pdf_of(refused_check, "en", provenance_of))
    assert "could not be registered" in refused
    assert "92 %" in refused
    assert "ISO 14253-1" not in refused, "no verdict, no rule of decision"
    assert "no element to check" in text_of(pdf_of(empty_check, "en", provenance_of))


def test_limits_are_stated(building: CheckResult, provenance_of: ProvenanceOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PDF of too many elements shows the worst and says how many it leaves out."""
    monkeypatch.setattr("twin.report.pdf.CARD_LIMIT", 3)
    monkeypatch.setattr("twin.report.pdf.ROW_LIMIT", 10)
    text = text_of(pdf_of(building, "en", provenance_of))
    assert "Cards are shown for 3 of 7" in text
    assert "lists the first 10 of 28 elements" in text
    assert building.elements[0].global_id not in text


def test_a_missing_font_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that says what to install."""
    font_folder.cache_clear()
    monkeypatch.setattr("twin.report.pdf.FONT_PACKAGE", "no_such_font_package")
    with pytest.raises(PdfError, match="manimgx-fonts-cjk"):
        font_folder()
    font_folder.cache_clear()


def test_two_cards_of_many_measurements_share_a_page(building: CheckResult, provenance_of: ProvenanceOf) -> None:
    """Cards are not broken in two, and hold ten measurements in less than half of a page: none is left half empty."""
    from PIL import Image

    words, provenance = Words("en"), provenance_of(building)
    content = make_content(building, provenance, words)
    card = max((one for one in content.cards if not one.missing), key=lambda one: len(one.measurements))
    fails = card.measurements[0]
    passes = replace(fails, mark="pass", sign="✓", verdict="Pass", note="straightedge 2 m")
    long = replace(card, measurements=(fails,) * 2 + (passes,) * 8, name="A column")
    picture = io.BytesIO()
    Image.new("RGB", (600, 400), "white").save(picture, "JPEG")
    cards = tuple(replace(long, number=n + 1, global_id=f"card-{n}") for n in range(8))
    pictures = Pictures(cards={one.global_id: picture.getvalue() for one in cards})
    reader = PdfReader(io.BytesIO(pdf_report(replace(content, cards=cards), pictures, provenance, words)))
    held = [page.extract_text().count("A column") for page in reader.pages]
    assert sum(held) == 8
    assert [n for n in held if n][1:-1] == [2] * (len([n for n in held if n]) - 2)
