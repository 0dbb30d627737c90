"""The HTML report: one file that needs nothing else, on a desk and on a phone."""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import Any

from geometry.verdict import State
from twin.report.content import Content
from twin.report.palette import LOOKS, RAMP, Mark
from twin.report.pictures import Pictures
from twin.report.words import Words

_SECTIONS = ("summary", "registration", "storeys", "cards", "elements", "unmodelled", "notes", "glossary", "provenance")
_COLUMNS = (
    ("verdict", False),
    ("element", False),
    ("class", False),
    ("storey", False),
    ("state", False),
    ("worst", True),
    ("used", True),
    ("points", True),
)

_OPTION = re.compile(r"--[a-z]+(?: (?:auto|given|FILE|文件|[0-9]+mm))?")


def html_report(content: Content, pictures: Pictures, words: Words) -> bytes:
    """Return the report as one UTF-8 HTML file: styles, script and pictures inline, nothing requested from outside."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    template = environment.from_string(template_text("report.html.j2"))
    # safe: our own files, and numbers from the palette
    css = template_text("report.css").replace("RAMP", ", ".join(RAMP))
    js = template_text("report.js")
    digest = base64.b64encode(hashlib.sha256(js.encode()).digest()).decode()
    values: dict[str, Any] = {
        "c": content,
        "w": words,
        "css": _safe(css),
        "js": _safe(js),
        "script_hash": f"sha256-{digest}",
        "tolerance": content.tolerance,
        "signs": {mark.value: LOOKS[mark].sign for mark in Mark},
        "sections": _sections(content, pictures, words),
        "columns": [(words(key), numeric) for key, numeric in _COLUMNS],
        "mark_options": [(mark.value, words.term("mark", mark)) for mark in Mark],
        "state_options": [(state.value, words.term("state", state)) for state in State],
        "class_options": sorted({(row.ifc_class, row.class_label) for row in content.rows}, key=lambda pair: pair[1]),
        "storey_options": [(name, name) for name in dict.fromkeys(content.storey_names)],
        "storey_pictures": {name: data_uri(picture) for name, picture in pictures.storeys.items()},
        "card_pictures": {global_id: data_uri(picture) for global_id, picture in pictures.cards.items()},
        "refusal": content.registration.refusal,
        "with_commands": _with_commands,
        "registration_pictures": [data_uri(picture) for picture in pictures.registrations],
        "pictures_note": words("pictures.none", reason=words(pictures.missing_reason))
        if pictures.missing_reason
        else "",
    }
    return template.render(values).encode("utf-8", "replace")


@cache
def template_text(name: str) -> str:
    """Return a file of the templates folder."""
    return files("twin.report").joinpath("templates", name).read_text("utf-8")


def data_uri(picture: bytes) -> str:
    """Return a JPEG as an address that holds the picture itself."""
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"


def _with_commands(text: str) -> Any:
    """Return a text with the options in it set as code, which no line break splits."""
    from markupsafe import Markup, escape

    return Markup(_OPTION.sub(r"<code>\g<0></code>", str(escape(text))))


def _safe(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)


def _sections(content: Content, pictures: Pictures, words: Words) -> list[tuple[str, str]]:
    absent = set[str]()
    if not content.rows:
        absent |= {"elements", "cards", "unmodelled"}
    if content.registration.refusal is not None:
        # words for verdicts that nobody gave
        absent |= {"glossary"} if content.notes else {"glossary", "notes"}
    if not pictures.storeys:
        absent.add("storeys")
    return [(key, words(f"nav.{key}")) for key in _SECTIONS if key not in absent]
