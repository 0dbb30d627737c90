"""Setting a record's pages as PDF with typst and the fonts that the installation brings: the same bytes every time."""

import json
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

from twin.record_report.page import Around, Pages, at
from twin.report.pdf import FONTS, font_folder

_PLAIN_NAMES = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.")


def typeset(pages: Pages, around: Around) -> bytes:
    """Return pages as PDF.

    Raises
    ------
    PdfError
        If the font package is not installed.
    """
    import typst

    with tempfile.TemporaryDirectory(prefix="qtems-record-") as name:
        folder = Path(name)
        (folder / "data.json").write_text(json.dumps(_data(pages, around), ensure_ascii=False), "utf-8", "replace")
        (folder / "record.typ").write_text(
            files("twin.record_report").joinpath("record.typ").read_text("utf-8"), "utf-8"
        )
        for file, content in pages.files.items():
            assert not set(file) - _PLAIN_NAMES, file
            (folder / file).write_bytes(content)
        compiler: Any = typst.Compiler(
            str(folder / "record.typ"), root=name, font_paths=[font_folder()], ignore_system_fonts=True
        )
        return compiler.compile(format="pdf", timestamp=int(around.exported_at.timestamp()))


def _data(pages: Pages, around: Around) -> dict[str, Any]:
    say = around.say
    footer = say("exported", at=at(around.exported_at), by=around.exported_by, version=around.version)
    return {
        "lang": around.language, "title": f"{pages.number} {pages.heading}", "report": pages.report,
        "number": pages.number, "heading": pages.heading, "state": pages.state, "tone": pages.tone,
        "project": around.project, "running": f"{pages.report} {pages.number}", "footer": footer,
        "page": say("page", page="{page}", pages="{pages}"), "fonts": FONTS, "mono": ["DejaVu Sans Mono", *FONTS],
        "sections": [{"title": section.title, "blocks": list(section.blocks)} for section in pages.sections],
    }  # fmt: skip
