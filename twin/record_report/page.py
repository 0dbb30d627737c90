"""What a printed record is made of: sections of blocks, ready to be laid out, with the words and names in them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from twin.audit import ChainedEvent
from twin.record import Id
from twin.report.words import Words, clean
from twin.texts import Texts

_IDENTIFIER = re.compile(r"\b[0-9a-f]{32}\b")
Cell: TypeAlias = "str | dict[str, str]"
Block: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a record."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a record when it is printed: who people are, what it refers to, its trail, its pictures."""

    language: str
    project: str
    exported_by: str
    exported_at: datetime
    version: int
    record_sha256: str
    names: Mapping[Id, str]
    """Of people, and numbers of records, by identifier."""
    trail: tuple[ChainedEvent, ...]
    elements: Mapping[str, str] = field(default_factory=dict[str, str])
    """What elements are called, by GlobalId."""
    pictures: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """By the SHA-256 of the evidence: JPEGs, ready to be placed."""

    @property
    def say(self) -> Texts:
        """The words of printed records."""
        return Texts("twin.record_report", "words.yaml", self.language)

    @property
    def words(self) -> Words:
        """The words of checks: characteristics, verdicts."""
        return Words(self.language)

    def name(self, identifier: Id | None) -> str:
        """Return who or what an identifier is; nobody is a dash."""
        if not identifier:
            return "–"
        return tidy(self.names.get(identifier, identifier))

    def element(self, global_id: str) -> str:
        """Return what an element is called, with its GlobalId behind; the GlobalId alone where it has no name."""
        name = tidy(self.elements.get(global_id, ""))
        return f"{name} ({tidy(global_id)})" if name else tidy(global_id)

    def reason(self, said: str) -> str:
        """Return why something was done, with names instead of identifiers: of what has none, its first letters."""
        return _IDENTIFIER.sub(lambda found: self.names.get(found[0], found[0][:8]), tidy(said))


@dataclass(frozen=True, slots=True)
class Pages:
    """A record to be typeset."""

    report: str
    number: str
    heading: str
    state: str
    tone: str
    sections: tuple[Section, ...]
    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """Drawings and pictures that blocks name."""


def tidy(text: str) -> str:
    """Return lines of text that can be set: no control characters within them."""
    return "\n".join(clean(line) for line in text.replace("\r\n", "\n").split("\n")).strip()


def at(moment: datetime | None) -> str:
    """Return a time with its zone, to the second as signatures ask, broken after its day; a dash when there is none."""
    return moment.strftime("%Y-%m-%d %H:%M:%S\u00a0UTC") if moment else "–"


def day(value: date | None) -> str:
    """Return a day; a dash when there is none."""
    return value.isoformat() if value else "–"


def number(value: Decimal) -> str:
    """Return a number as it is written by hand: no exponent, no zeros behind, a real minus."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "\N{MINUS SIGN}")


def measured(value: Decimal) -> str:
    """Return a measured number with the digits that it was given with: those behind say how finely it was read."""
    return f"{value:f}".replace("-", "\N{MINUS SIGN}")


def digest(text: str) -> Cell:
    """Return a digest, which may break in the middle."""
    return {"mono": f"{text[:32]}\u200b{text[32:]}"}


def facts(rows: Sequence[tuple[str, str]]) -> Block:
    """Return short facts in two columns; what is empty is left out."""
    return {"kind": "facts", "rows": [[label, tidy(value)] for label, value in rows if value.strip()]}


def wide(rows: Sequence[tuple[str, str]]) -> Block:
    """Return facts whose values are long; what is empty is left out."""
    return {"kind": "wide", "rows": [[label, tidy(value)] for label, value in rows if value.strip()]}


def text(body: str) -> Block:
    """Return a paragraph."""
    return {"kind": "text", "body": tidy(body)}


def note(body: str) -> Block:
    """Return small print."""
    return {"kind": "note", "body": tidy(body)}


def heading(body: str) -> Block:
    """Return a heading within a section."""
    return {"kind": "heading", "body": body}


def table(
    head: Sequence[str], rows: Sequence[Sequence[Cell]], widths: Sequence[float], *, right: Sequence[int] = (),
    size: float = 8.4,
) -> Block:  # fmt: skip
    """Return a table; a width of 0 is as wide as what is in it."""
    set_rows = [[tidy(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    return {"kind": "table", "head": list(head), "rows": set_rows, "widths": list(widths), "right": list(right),
            "size": size}  # fmt: skip
