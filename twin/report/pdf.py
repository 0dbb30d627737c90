"""The PDF report, set by typst with fonts that the installation brings, so that every machine gives the same pages."""

import dataclasses
import json
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from geometry.errors import GeometryError
from twin.report.content import Content
from twin.report.html import template_text
from twin.report.palette import LOOKS, RAMP, Mark
from twin.report.pictures import Pictures
from twin.report.provenance import Provenance
from twin.report.words import Words, catalogue

FONT_PACKAGE = "manimgx_fonts_cjk"
"""Noto Sans CJK as a variable font (SIL Open Font License 1.1): Latin and Chinese in one face, every weight."""
FONTS = ["Noto Sans CJK SC", "DejaVu Sans Mono"]
"""The second one, which typst brings, has signs that the first lacks."""
ROW_LIMIT = 1500
CARD_LIMIT = 60
_SIGHT = {"reached": "#4d7f5c", "passed_through": "#6a1b6e", "blocked": "#77808b"}


class PdfError(GeometryError):
    """The PDF cannot be made; the text says what is missing."""


def pdf_report(content: Content, pictures: Pictures, provenance: Provenance, words: Words) -> bytes:
    """Return the report as PDF.

    Raises
    ------
    PdfError
        If the font package is not installed.
    """
    import typst

    with tempfile.TemporaryDirectory(prefix="qtems-pdf-") as name:
        folder = Path(name)
        data = _data(content, words) | _place_pictures(content, pictures, words, folder)
        (folder / "data.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8", "replace")
        (folder / "report.typ").write_text(template_text("report.typ"), "utf-8")
        compiler: Any = typst.Compiler(
            str(folder / "report.typ"), root=name, font_paths=[font_folder()], ignore_system_fonts=True
        )
        return compiler.compile(format="pdf", timestamp=provenance.timestamp)


@cache
def font_folder() -> str:
    """Return the folder of the font that the installation brings."""
    spec = find_spec(FONT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise PdfError(
            "the PDF needs the font package manimgx-fonts-cjk; install it with pip, or leave pdf out of --report"
        )
    return spec.submodule_search_locations[0]


def _data(content: Content, words: Words) -> dict[str, Any]:
    """Return the texts as plain values; the template reads nothing else."""
    data = dataclasses.asdict(content)
    signs = {mark.value: LOOKS[mark].sign for mark in Mark}
    rows = data["rows"]
    data["rows"] = [row | {"sign": signs[row["mark"]]} for row in rows[:ROW_LIMIT]]
    data["rows_note"] = words("rows.limited", shown=ROW_LIMIT, total=len(rows)) if len(rows) > ROW_LIMIT else ""
    if len(data["cards"]) > CARD_LIMIT:
        wanted = sum(row.mark in ("fail", "missing") for row in content.rows)
        data["cards_note"] = words("cards.limited", shown=CARD_LIMIT, total=wanted)
        data["cards"] = data["cards"][:CARD_LIMIT]
    glossary = [
        (mark.value, signs[mark.value], words.term("mark", mark), words(f"glossary.{mark.value}")) for mark in Mark
    ]
    glossary += [
        ("", "", words(f"state.{key}"), words(f"glossary.{key}")) for key in ("occluded", "unseen", "design_suspect")
    ]
    glossary.append(("", "", words("value_no"), words("glossary.observable")))
    glossary.append(("", "", words("source.one"), words("glossary.one_source")))
    return data | {
        "words": {key: entry.get(words.lang, "") for key, entry in catalogue().items()},
        "title": f"{words('title')}: {content.headline}",
        "version": content.facts[0][1],
        "fonts": FONTS,
        "mono": ["DejaVu Sans Mono", *FONTS],
        "colours": {mark.value: LOOKS[mark].colour for mark in Mark},
        "sight": _SIGHT,
        "ramp": RAMP,
        "ramp_inside": words("ramp.inside", mm=content.ramp_mm),
        "ramp_outside": words("ramp.outside", mm=content.ramp_mm),
        "glossary": glossary,
    }


def _place_pictures(content: Content, pictures: Pictures, words: Words, folder: Path) -> dict[str, Any]:
    """Write the pictures as files and return the parts of the data that name them."""

    def place(kind: str, number: int, picture: bytes | None) -> str:
        if picture is None:
            return ""
        name = f"{kind}-{number}.jpg"
        (folder / name).write_bytes(picture)
        return name

    storeys = [
        dataclasses.asdict(storey) | {"picture": place("storey", number, pictures.storeys[storey.key])}
        for number, storey in enumerate(content.storeys)
        if storey.key in pictures.storeys
    ]
    cards = [
        dataclasses.asdict(card) | {"picture": place("card", card.number, pictures.cards.get(card.global_id))}
        for card in content.cards[:CARD_LIMIT]
    ]
    note = words("pictures.none", reason=words(pictures.missing_reason)) if pictures.missing_reason else ""
    return {
        "storeys": storeys,
        "cards": cards,
        "registration_pictures": [
            place("registration", number, picture) for number, picture in enumerate(pictures.registrations)
        ],
        "pictures_note": note,
    }
