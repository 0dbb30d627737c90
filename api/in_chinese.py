"""What went wrong and what is being done, in Chinese: found by the template that the English was made from.

Errors and steps of work are raised and kept in English: one line, made of a template and what is filled in. The
catalogue ``in_chinese.yaml`` has each template once with its Chinese. A line may be made of several by ``": "`` and
``"; "``, as ``hall.ifc: the file is empty (0 bytes); copy it again`` is of a place, a fault and a remedy.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import cast

from geometry.quick_yaml import load_yaml
from twin.report.words import catalogue

_LONGEST = 1000
"""Longer texts are not looked up: no template makes one, and nobody's input is to keep the server busy."""
_HOLE = re.compile(r"\{([a-z_]+)\}")
_LONGEST_PLACE = 120
_PLACE = re.compile(r"[^\s;]+|.*[./\\\[].*|(?:line|rule|scan|point|element) .+", re.DOTALL)
"""What may stand before a colon: a file, a place in one, or a single word; no sentence that nobody translated."""
_LINE = re.compile(r"line (\d+)(?:, (.+))?")
_TO_BE_TYPED = "word"
"""The hole of what people type as it stands."""
_FIELD = re.compile(r"((?:body|query|path|header)(?:\.[^\s]+)?) (.+)", re.DOTALL)
_LIST = re.compile(r"(, | or | and )")
_HAN = re.compile("[\u4e00-\u9fff]")
_BETWEEN = {", ": "、", " or ": "或", " and ": "和"}


@dataclass(frozen=True, slots=True)
class _Template:
    """A template in pieces: what stands before, between and after its holes."""

    pieces: tuple[str, ...]
    holes: tuple[str, ...]
    chinese: str

    def values(self, text: str) -> tuple[str, ...] | None:
        """Return what is filled in, each as short as it can be; None if the text is not made from this template."""
        first, last = self.pieces[0], self.pieces[-1]
        if not self.holes:
            return () if text == first else None
        if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
            return None
        at, end, found = len(first), len(text) - len(last), list[str]()
        for piece in self.pieces[1:-1]:
            place = text.find(piece, at, end)
            if place < 0:
                return None
            found.append(text[at:place])
            at = place + len(piece)
        return (*found, text[at:end])

    @property
    def size(self) -> int:
        """How many characters of it are fixed: of two that fit the larger says more."""
        return sum(map(len, self.pieces))


@dataclass(frozen=True, slots=True)
class _Said:
    chinese: str
    known: int
    """How many characters of the English were found in the catalogue."""


def in_chinese(text: str) -> str:
    """Return a line in Chinese; empty where the catalogue does not have it, and for an empty line.

    What was filled in stays as it is, unless it is a line of the catalogue itself or one of its words.

    Examples
    --------
    >>> in_chinese("hall.ifc: the file is empty (0 bytes); copy it again")
    'hall.ifc：文件为空（0 字节）；请重新复制'
    >>> in_chinese("colourless green ideas sleep furiously")
    ''
    """
    found = _said(text) if text and len(text) <= _LONGEST else None
    return found.chinese if found else ""


@lru_cache(maxsize=4096)
def _said(text: str) -> _Said | None:
    """Return the reading of a line of which the catalogue knows most."""
    return max(_readings(text), key=lambda one: one.known, default=None)


def _readings(text: str) -> Iterator[_Said]:
    for template in _templates():
        values = template.values(text)
        if values is not None:
            yield _filled(template, values)
    field = _FIELD.fullmatch(text)
    rest = _said(field[2]) if field else None
    if field and rest:
        yield _Said(f"{field[1]} {rest.chinese}", rest.known)
    yield from _after_place(text)
    yield from _in_two(text)


def _after_place(text: str) -> Iterator[_Said]:
    """Yield what a line says of a place that stands before a colon."""
    for match in re.finditer(": ", text[: _LONGEST_PLACE + 2]):
        place = text[: match.start()]
        rest = _said(text[match.end() :]) if _PLACE.fullmatch(place) else None
        if rest:
            yield _Said(f"{_placed(place)}：{rest.chinese}", rest.known + 2)


def _placed(place: str) -> str:
    line = _LINE.fullmatch(place)
    if line is None:
        return _value(place).chinese
    return f"第 {line[1]} 行" + (f"，{line[2]}" if line[2] else "")


def _in_two(text: str) -> Iterator[_Said]:
    """Yield a line whose two parts the catalogue knows: what is wrong, and what to do."""
    for match in re.finditer("; ", text):
        rest = _said(text[match.end() :])
        first = _said(text[: match.start()]) if rest else None
        if first and rest:
            yield _Said(f"{first.chinese}；{rest.chinese}", first.known + rest.known + 2)


def _filled(template: _Template, values: tuple[str, ...]) -> _Said:
    told = {name: _term(name, value) for name, value in zip(template.holes, values, strict=True)}
    chinese = ""
    for n, part in enumerate(_HOLE.split(template.chinese)):
        chinese = _joined(chinese, told[part].chinese if n % 2 else part)
    return _Said(chinese, template.size + sum(one.known for one in told.values()))


def _joined(left: str, right: str) -> str:
    """Put a piece after another: a space where Chinese meets a Latin word, and none between Chinese."""
    bare, rest = left.rstrip(" "), right.lstrip(" ")
    if not bare or not rest:
        return left + right
    sides = _HAN.match(bare[-1]), _HAN.match(rest[0])
    if all(sides):
        return bare + rest
    meets = any(sides) and all(side or one.isalnum() for side, one in zip(sides, (bare[-1], rest[0]), strict=True))
    return f"{bare} {rest}" if meets else left + right


def _term(hole: str, value: str) -> _Said:
    """Return what is filled into a hole: the reports' word where the hole's name says which kind of word it takes.

    `plumb` is a bob among instruments, and a characteristic in ``{characteristic}``.
    """
    if hole == _TO_BE_TYPED:
        return _Said(value, 0)
    if hole not in ("characteristic", "feature"):
        return _value(value)
    known = catalogue()
    head, gap, rest = value.partition(" · " if hole == "feature" else " ")
    entry = known.get(f"class.{head}" if hole == "feature" else f"characteristic.{head}")
    if entry is None:
        return _Said(value, 0)
    direction = known.get(f"direction.{rest}")
    return _Said(entry["zh"] + gap + (direction["zh"] if direction else rest), len(head))


def _value(value: str) -> _Said:
    """Return what is filled in: a word or a line of the catalogue, several words, else as it is."""
    words = _catalogue()["words"]
    plain = value.replace("_", " ")
    if plain in words:
        return _Said(words[plain], len(value))
    parts = _LIST.split(value)
    if len(parts) > 1 and all(part.replace("_", " ") in words for part in parts[::2]):
        said = (_BETWEEN.get(part) or words[part.replace("_", " ")] for part in parts)
        return _Said("".join(said), len(value))
    return _said(value) or _Said(value, 0)


@cache
def _catalogue() -> Mapping[str, Mapping[str, str]]:
    text = files("api").joinpath("in_chinese.yaml").read_text("utf-8")
    return cast("dict[str, dict[str, str]]", load_yaml(text))


@cache
def _templates() -> tuple[_Template, ...]:
    return tuple(
        _Template(tuple(_HOLE.split(english)[::2]), tuple(_HOLE.findall(english)), chinese)
        for english, chinese in _catalogue()["sentences"].items()
    )
