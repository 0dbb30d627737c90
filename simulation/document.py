"""YAML documents that people write, read strictly: every fault names its line and its place.

A document becomes a tree of :class:`Section`. Whoever reads it asks for what should be there, by kind, and closes each
section: a word that nobody asked for is a fault, with the word that may have been meant.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from math import isfinite
from typing import Any, Self, cast

import yaml

from simulation.errors import BadDocument
from simulation.formula import Formula, beyond_measure, read_formula

_MOST_BYTES, _MOST_NODES, _MOST_DEPTH = 16 * 2**20, 100_000, 40
_HAS_NUMBER = re.compile(r"(?<![\w.])\d+(\.\d+)?\s*[^\W\d]+$|^[^\W\d]+\d+(\.\d+)?$")
"""A number with a unit, or after letters: 20 mm, M20."""
_TWO_READINGS = re.compile(r"[-+]?0[0-9_]+|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
"""What YAML 1.1 takes for a number of base 8 (010 is 8) or 60 (1:30 is 90)."""
_WHOLE = "tag:yaml.org,2002:int"
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no YAML holds (its chapter 5.1)."""
_NOTHING = "nothing stands behind it; write a value, or leave the word out"
_REQUIRED = object()
Lines = Mapping[str, int]


class _Written(float):
    """A number with a point that knows how it is written: 1.10 may be the name of a hole, and is not 1.1 then."""

    __slots__ = ("_text",)

    def __new__(cls, value: float, text: str) -> Self:
        number = super().__new__(cls, value)
        number._text = text
        return number

    def __str__(self) -> str:
        return self._text


@dataclass(frozen=True, slots=True)
class _Switch:
    """What YAML takes for true or false, as it is written: yes, no, on and off may be names."""

    on: bool
    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text


@dataclass(slots=True)
class Section:
    """A part of a document: words and what stands behind them."""

    content: Mapping[str, Any]
    place: str
    lines: Lines
    asked: set[str] = field(default_factory=set[str])
    known: set[str] = field(default_factory=set[str])
    """Words that may stand here, also those that nobody has asked for yet."""

    def knows(self, *words: str) -> "Section":
        """Return the section itself, knowing these words: another one like them is told as misspelt, not as missing."""
        self.known.update(words)
        return self

    def misspelt(self) -> None:
        """Refuse a word that is none of the known ones but much like one of them."""
        words = sorted(self.asked | self.known)
        for word in self.content:
            if word not in words and (meant := _meant(word, words)):
                raise self.fault(word, f"this word is not known here{meant}")

    def fault(self, word: str, message: str) -> BadDocument:
        """Return the fault that something is wrong with what stands behind ``word``; "" is the section itself."""
        return BadDocument(self.where(word), message)

    def where(self, word: str = "") -> str:
        """Return line and place of what stands behind ``word``; "" is the section itself."""
        place = _join(self.place, word)
        line = self.lines.get(place) or self.lines.get(self.place)
        return ": ".join(part for part in (f"line {line}" if line else "", place) if part)

    def has(self, word: str) -> bool:
        """Return whether ``word`` is there; one with nothing behind it is a fault."""
        self.asked.add(word)
        if word in self.content and self.content[word] is None:
            raise self.fault(word, _NOTHING)
        return word in self.content

    def number(
        self,
        word: str,
        default: Any = _REQUIRED,
        *,
        low: float | None = None,
        above: float | None = None,
        high: float | None = None,
    ) -> Any:
        """Return a finite number; ``low``: not less than it, ``above``: more than it, ``high``: not more than it."""
        value = self._get(word, default)
        if value is default:
            return default
        number = _number(value)
        if number is None:
            meant = "; write the bare number" if _HAS_NUMBER.search(str(value)) and isinstance(value, str) else ""
            raise self.fault(word, f"{_shown(value)} is no number{meant}")
        if low is not None and number < low:
            raise self.fault(word, f"{number:g} is less than {low:g}")
        if above is not None and number <= above:
            raise self.fault(word, f"{number:g} is not more than {above:g}")
        if high is not None and number > high:
            raise self.fault(word, f"{number:g} is more than {high:g}")
        if (told := beyond_measure(number)) is not None:
            raise self.fault(word, told)
        return number

    def whole(self, word: str, default: Any = _REQUIRED, *, low: int = 0, high: int | None = None) -> Any:
        """Return a whole number, ``low`` at least and ``high`` at most."""
        number = self.number(word, default, low=low, high=high)
        if number is default:
            return default
        if number != int(number):
            raise self.fault(word, f"{number:g} is no whole number")
        return int(number)

    def text(self, word: str, default: Any = _REQUIRED) -> Any:
        """Return a text; a number counts as the text that it is written with."""
        value = self._get(word, default)
        if value is default:
            return default
        if isinstance(value, (dict, list)) or not str(value).strip():
            raise self.fault(word, f"{_shown(value)} is no text")
        return str(value).strip()

    def choice(self, word: str, of: Sequence[str], default: Any = _REQUIRED) -> Any:
        """Return one of several words."""
        value = self.text(word, default)
        if value is not default and value not in of:
            raise self.fault(word, f"{value!r} is none of {', '.join(of)}{_meant(value, of)}")
        return value

    def flag(self, word: str, default: bool) -> bool:
        """Return yes or no."""
        value = self._get(word, default)
        if value is default:
            return default
        if not isinstance(value, _Switch):
            raise self.fault(word, f"{_shown(value)} is neither true nor false")
        return value.on

    def formula(self, word: str, default: Any = _REQUIRED) -> Any:
        """Return a formula; a number is one."""
        value = self._get(word, default)
        if value is default:
            return default
        try:
            return read_formula(value, "") if not isinstance(value, (dict, list)) else _no_formula(value)
        except BadDocument as error:
            raise self.fault(word, str(error)) from None

    def numbers(self, word: str, default: Any = _REQUIRED, *, count: int | None = None) -> Any:
        """Return a list of finite numbers, of ``count`` where it is given."""
        value = self._get(word, default)
        if value is default:
            return default
        found = [_number(one) for one in cast("list[Any]", value)] if isinstance(value, list) else [None]
        if any(one is None for one in found):
            raise self.fault(word, f"{_shown(value)} is no list of numbers")
        for one in cast("list[float]", found):
            if (told := beyond_measure(one)) is not None:
                raise self.fault(word, told)
        if count is not None and len(found) != count:
            raise self.fault(word, f"{len(found)} numbers, not {count}")
        return tuple(cast("list[float]", found))

    def texts(self, word: str, default: Any = _REQUIRED) -> Any:
        """Return a list of texts; a single text is a list of one."""
        value = self._get(word, default)
        if value is default:
            return default
        items = cast("list[Any]", value if isinstance(value, list) else [value])
        if any(isinstance(item, (dict, list)) or item is None for item in items):
            raise self.fault(word, f"{_shown(value)} is no list of names")
        return tuple(str(item).strip() for item in items)

    def vector(self, word: str, default: Any = _REQUIRED) -> Any:
        """Return three formulas: x, y, z."""
        value = self._get(word, default)
        if value is default:
            return default
        if not isinstance(value, list) or len(cast("list[Any]", value)) != 3:
            raise self.fault(word, f"{_shown(value)} is no [x, y, z]")
        return tuple(_formula_at(self, f"{word}[{k}]", one) for k, one in enumerate(cast("list[Any]", value)))

    def section(self, word: str) -> "Section":
        """Return the section behind ``word``; an absent one, or one with nothing in it, is empty."""
        self.asked.add(word)
        value = self.content.get(word)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise self.fault(word, f"{_shown(value)} should hold words with values, such as name: value")
        return Section(cast("Mapping[str, Any]", value), _join(self.place, word), self.lines)

    def sections(self, word: str) -> Iterator[tuple[str, "Section"]]:
        """Yield name and section of each entry of a mapping behind ``word``."""
        outer = self.section(word)
        for name in outer.content:
            yield name, outer.section(name)

    def listed(self, word: str) -> Iterator["Section"]:
        """Yield the sections of a list behind ``word``; an absent one, or one with nothing in it, is empty."""
        self.asked.add(word)
        value = self.content.get(word)
        items = cast("list[Any]", [] if value is None else value)
        if not isinstance(value, list) and value is not None:
            raise self.fault(word, f"{_shown(value)} is no list")
        for index, item in enumerate(items):
            inner = f"{word}[{index}]"
            if not isinstance(item, dict):
                raise self.fault(inner, f"{_shown(item)} should hold words with values, such as name: value")
            yield Section(cast("Mapping[str, Any]", item), _join(self.place, inner), self.lines)

    def close(self) -> None:
        """Refuse a word that was never asked for."""
        for word in self.content:
            if word not in self.asked:
                raise self.fault(word, f"this word is not known here{_meant(word, sorted(self.asked | self.known))}")

    def _get(self, word: str, default: Any) -> Any:
        if self.has(word):
            return self.content[word]
        if default is _REQUIRED:
            self.misspelt()
            raise self.fault("", f"{word!r} is missing")
        return default


def read_document(content: bytes, what: str) -> Section:
    """Return the top section of a YAML document.

    Parameters
    ----------
    content
        The file's bytes, UTF-8.
    what
        The word that says its kind and version, such as ``stackup``: it has to be there and be 1.

    Raises
    ------
    BadDocument
        It is no YAML, too large, or of another kind.
    """
    if len(content) > _MOST_BYTES:
        raise BadDocument("", f"{len(content)} bytes; {_MOST_BYTES} at most")
    root = _composed(text_in(content))
    if not isinstance(root, yaml.MappingNode):
        holds = "nothing" if root is None else "a list" if isinstance(root, yaml.SequenceNode) else "a single text"
        raise BadDocument("", f"it holds {holds}; its first line should be '{what}: 1'")
    lines = dict[str, int]()
    data = _constructed(root, "", lines, [0], 0)
    top = Section(data, "", lines)
    version = top.content.get(what)
    if version is None:
        raise BadDocument("line 1", f"'{what}: 1' is missing: this is not the kind of file that is asked for")
    if version != 1:
        raise top.fault(what, f"version {version} is not known; 1 is")
    top.asked.add(what)
    return top


def text_in(content: bytes) -> str:
    """Return the text of a file in UTF-8, with or without a byte order mark.

    Raises
    ------
    BadDocument
        It is in another encoding, or holds what is no text; with the line.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadDocument("", "it is a text in UTF-16; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadDocument(f"line {line}", "it is no text in UTF-8; save it as UTF-8") from None
    if unprintable := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, unprintable.start()) + 1
        raise BadDocument(f"line {line}", "a character that is no text stands here; is this the file that is meant?")
    return text


def _composed(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except RecursionError:
        raise BadDocument("", "the document is too large or nested too deeply") from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}" if mark else ""
        raise BadDocument(line, f"it is no YAML: {getattr(error, 'problem', None) or error}") from None


def _constructed(node: yaml.Node, place: str, lines: dict[str, int], count: list[int], depth: int) -> Any:
    """Return what a node holds, with the line of every place; repeated words and runaway aliases are refused."""
    count[0] += 1
    line = node.start_mark.line + 1 if node.start_mark else 1
    if count[0] > _MOST_NODES or depth > _MOST_DEPTH:
        raise BadDocument(f"line {line}", "the document is too large or nested too deeply")
    lines.setdefault(place, line)
    if isinstance(node, yaml.MappingNode):
        content = dict[str, Any]()
        for key, value in node.value:
            word = str(getattr(key, "value", "")) if isinstance(key, yaml.ScalarNode) else ""
            inner = _join(place, word)
            if not word:
                raise BadDocument(f"line {key.start_mark.line + 1}", "a word is expected before the colon")
            if word in content:
                raise BadDocument(f"line {key.start_mark.line + 1}: {inner}", "the same word stands here twice")
            lines[inner] = key.start_mark.line + 1
            content[word] = _constructed(value, inner, lines, count, depth + 1)
        return content
    if isinstance(node, yaml.SequenceNode):
        return [_constructed(item, f"{place}[{k}]", lines, count, depth + 1) for k, item in enumerate(node.value)]
    if _TWO_READINGS.fullmatch(str(node.value)) and node.tag == _WHOLE and isinstance(node, yaml.ScalarNode):
        told = f"{node.value} can be read in two ways"
        raise BadDocument(f"line {line}: {place}", f"{told}: write a plain number, or in quotes what is no number")
    try:
        value = _scalars().construct_object(node)
        if isinstance(value, bool):
            return _Switch(value, str(node.value))
        return _Written(value, str(node.value)) if isinstance(value, float) else value
    except (yaml.YAMLError, ValueError):
        raise BadDocument(f"line {line}: {place}", f"{_shown(node.value)} cannot be read") from None


@cache
def _scalars() -> Any:
    return yaml.SafeLoader("")


def _number(value: Any) -> float | None:
    """Return a finite number, also of what YAML 1.1 takes for a text, such as 1e-3."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def _formula_at(section: Section, word: str, value: Any) -> Formula:
    if isinstance(value, (dict, list)) or value is None:
        raise section.fault(word, f"{_shown(value)} is no number or formula")
    try:
        return read_formula(value, "")
    except BadDocument as error:
        raise section.fault(word, str(error)) from None


def _no_formula(value: Any) -> Formula:
    raise BadDocument("", f"{_shown(value)} is no number or formula")


def _join(place: str, word: str) -> str:
    return place if not word else f"{place}.{word}" if place else word


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _meant(word: str, words: Sequence[str]) -> str:
    near = get_close_matches(word, words, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
