"""The texts of the reports in English and Simplified Chinese, and machine words made readable."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import cast

from geometry.errors import GeometryError
from geometry.note import Note
from geometry.quick_yaml import load_yaml
from geometry.tolerance import standard_title
from geometry.verdict import Measurement
from twin.texts import filled

LANGUAGES = ("en", "zh")
_ONE_SOURCE = " [one source]"
"""How ``geometry.tolerance`` marks a limit that rests on one source."""


class UnknownLanguage(GeometryError):
    """A language that the reports are not written in."""


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Return key -> language -> text, as in ``words.yaml``."""
    text = files("twin.report").joinpath("words.yaml").read_text("utf-8")
    return cast("dict[str, dict[str, str]]", load_yaml(text))


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language.

    Examples
    --------
    >>> Words("en")("shown", shown=3, total=9), Words("zh").term("verdict", "fail")
    ('3 of 9 elements shown', '不合格')
    >>> Words("en").explain("few_points:12"), Words("en").explain("sun_glare:a b")
    ('Too few points: 12', 'Sun glare: a b')
    """

    lang: str

    def __post_init__(self) -> None:
        """Refuse a language that there are no texts for."""
        if self.lang not in LANGUAGES:
            raise UnknownLanguage(f"reports are written in {' or '.join(LANGUAGES)}, not {self.lang!r}; use --lang")

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of ``key`` with ``{name}`` filled in.

        Raises
        ------
        KeyError
            If there is no such text: a mistake of the writer, not of the user.
        """
        text = catalogue()[key][self.lang]
        return filled(text, values) if values else text

    def term(self, kind: str, word: str) -> str:
        """Return a machine word of a kind (``state``, ``verdict``, ``characteristic`` ...); unknown ones readable."""
        entry = catalogue().get(f"{kind}.{word}")
        return readable(word) if entry is None else entry.get(self.lang) or readable(word)

    def ifc_class(self, name: str) -> str:
        """Return an IFC class for people: ``IfcPipeSegment`` is "Pipe segment" or 管段."""
        known = catalogue().get(f"class.{name}", {}).get(self.lang)
        if known:
            return known
        bare = name.removeprefix("Ifc")
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", bare).capitalize() if name.startswith("Ifc") else name

    def characteristic(self, word: str) -> str:
        """Return what was measured; ``flatness_2m`` is a flatness over 2 m."""
        if f"characteristic.{word}" in catalogue():
            return self.term("characteristic", word)
        head, _, tail = word.rpartition("_")
        if re.fullmatch(r"[0-9.]+m|[xyz]|[0-9]+", tail) and f"characteristic.{head}" in catalogue():
            return f"{self.term('characteristic', head)} {re.sub(r'(?<=[0-9])m$', ' m', tail)}"
        return readable(word)

    def measured(self, one: Measurement) -> str:
        """Return what was measured, of which part of the element, and in which direction.

        Examples
        --------
        >>> from geometry.verdict import Outcome
        >>> one = ("opening_size", 0.0, -0.01, 0.01, 0.002, Outcome.PASS, "user")
        >>> Words("en").measured(Measurement(*one, part="Hatch", direction="width"))
        'Opening size, width: Hatch'
        >>> Words("zh").measured(Measurement(*one, part="Hatch"))
        '洞口尺寸：Hatch'
        """
        return self.about(one.characteristic, one.part, one.direction)

    def about(self, characteristic: str, part: str, direction: str) -> str:
        """Return a characteristic with the part of the element and the direction that it is about."""
        name = self.characteristic(characteristic)
        if direction:
            name = self("measured.direction", name=name, direction=self.term("direction", direction))
        return f"{name}{self('colon')}{part}" if part else name

    def say(self, text: str) -> str:
        """Return a note in this language; a bare text as it is.

        Examples
        --------
        >>> note = Note("no_points", "{name} has no points.", name="hall")
        >>> Words("en").say(note), Words("zh").say(note)
        ('hall has no points.', 'hall 没有点。')
        """
        if not isinstance(text, Note):
            return text
        template = catalogue().get(f"note.{text.word}", {}).get(self.lang) or text.template
        return filled(template, {name: self.say(value) for name, value in text.values.items()})

    def explain(self, reason: str) -> str:
        """Return a reason (``word`` or ``word:value``) as a sentence; an unknown one passes through readable."""
        word, _, value = reason.partition(":")
        if isinstance(reason, Note):
            value = self.say(reason.values.get("value", value))
        if value.isdecimal():
            value = f"{int(value):,}".replace(",", "\u202f")
        entry = catalogue().get(f"reason.{word}")
        if entry is None:
            return f"{readable(word)}: {value}" if value else readable(word)
        text = entry[self.lang]
        # a template with a value but none given loses the punctuation that led to it
        return filled(text if value else re.sub(r"[\s:：（(]*\{value\}[)）]?", "", text), {"value": value})

    def source(self, source: str) -> str:
        """Return where a limit comes from: the standard's name as it is, its clause in this language.

        Examples
        --------
        >>> Words("zh").source("GB 50204-2015, table 8.3.2, level within a storey")
        'GB 50204-2015，表 8.3.2 标高（层高）'
        """
        if source == "user":
            return self("source.user")
        bare = source.removesuffix(_ONE_SOURCE)
        standard, _, clause = bare.partition(", ")
        known = catalogue().get(f"clause.{clause}", {}).get(self.lang)
        text = f"{standard}{self('comma')}{known}" if known else bare
        return text if bare == source else text + self("space") + self("source.one")

    def tolerance(self, name: str) -> str:
        """Return what was judged against: a standard of the catalogue by its title and edition, a user's own by name.

        Examples
        --------
        >>> Words("en").tolerance("user ±10 mm"), Words("zh").tolerance("GB 50204-2015")
        ('±10 mm on every surface, given by the user', 'GB 50204-2015《混凝土结构工程施工质量验收规范》（现浇结构）')
        """
        title = standard_title(name, self.lang)
        if title:
            return title
        given = name.removeprefix("user ")
        return name if given == name else given + self("space") + self("tolerance.user")

    def measured_by(self, method: str) -> str:
        """Return how a characteristic was measured; ``straightedge 2 m`` keeps its length."""
        head, _, tail = method.partition(" ")
        if head in ("straightedge", "sample_lines"):
            return f"{self(f'measured_by.{head}')} {tail}".strip()
        return self.term("measured_by", method)

    def storey(self, name: str) -> str:
        """Return a storey's name, or that there is none."""
        return name or self("storey.none")


def readable(word: str) -> str:
    """Return a machine word as words: ``sun_glare`` is "Sun glare"."""
    text = word.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def clean(text: str) -> str:
    """Return text that every format can carry: no control characters, no half surrogate pairs.

    Examples
    --------
    >>> clean("a" + chr(7) + "b" + chr(10) + "c")
    'ab c'
    """
    spaced = re.sub(r"[\t\r\n]+", " ", text)
    return re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "", spaced)
