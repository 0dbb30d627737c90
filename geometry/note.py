"""Lines for people that can be said in every language: a machine word, an English text and the values in it."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Self, cast

_AT_LINE = re.compile(r"line ([\d,]+)(?:(, |: )(.+))?", re.DOTALL)


class Note(str):
    """One line of English that knows its machine word and its values, so that a report can say it in its language.

    It is a ``str``: whatever prints, compares or joins it needs to know nothing of languages.

    Examples
    --------
    >>> note = Note("no_points", "{name} has no points.", name="hall")
    >>> str(note), note.word, dict(note.values)
    ('hall has no points.', 'no_points', {'name': 'hall'})
    """

    __slots__ = ("template", "values", "word")

    word: str
    """Machine word; ``twin/report/words.yaml`` has its text in the other languages as ``note.<word>``."""
    template: str
    """English, with ``{name}`` for each value."""
    values: Mapping[str, str]
    """What is filled in; a value may be a note itself."""

    def __new__(cls, word: str, template: str, **values: str) -> Self:
        """Return the note with its values filled in."""
        note = super().__new__(cls, template.format(**values))
        note.word, note.template, note.values = word, template, MappingProxyType(values)
        return note

    def __reduce__(self) -> tuple[Any, ...]:
        """Let pickles and copies be made of what ``stored`` says."""
        return restored, (stored(self),)


def listed(texts: Sequence[str]) -> str:
    """Return the texts one after the other, separated as each language does it.

    Examples
    --------
    >>> listed(["x", "yaw"]), listed([])
    ('x, yaw', '')
    """
    if len(texts) < 2:
        return texts[0] if texts else ""
    return Note("list", "{first}, {rest}", first=texts[0], rest=listed(texts[1:]))


def in_file(place: str) -> str:
    """Return a place in a file, such as ``line 4`` or ``line 4, TASK A1``, so that each language can say it.

    Examples
    --------
    >>> in_file("line 4, TASK A1").word, in_file("line 4: tasks.dig"), in_file("UID 3")
    ('at_line_in', 'line 4: tasks.dig', 'UID 3')
    """
    found = _AT_LINE.fullmatch(place)
    if found is None:
        return place
    line, between, rest = found[1], found[2], found[3]
    if not rest:
        return Note("at_line", "line {line}", line=line)
    return Note("at_line_in", f"line {{line}}{between}{{place}}", line=line, place=rest)


def stored(text: str) -> object:
    """Return a note, or a bare text, as JSON values.

    Examples
    --------
    >>> stored(Note("left", "{n} are left", n="3")), stored("as it is")
    (['left', '{n} are left', {'n': '3'}], 'as it is')
    """
    if not isinstance(text, Note):
        return text
    return [text.word, text.template, {name: stored(value) for name, value in text.values.items()}]


def restored(said: object) -> str:
    """Return what ``stored`` was given.

    Raises
    ------
    ValueError
        If it is neither a text nor a stored note.

    Examples
    --------
    >>> restored(["left", "{n} are left", {"n": "3"}]).word
    'left'
    """
    if isinstance(said, str):
        return said
    match said:
        case [str(word), str(template), dict(values)]:
            pairs = cast("dict[str, object]", values).items()
            return Note(word, template, **{name: restored(value) for name, value in pairs})
        case _:
            raise ValueError(f"{said!r} is no stored note")
