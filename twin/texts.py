"""Texts in English and Simplified Chinese, from a YAML file of the package that needs them: ``key: {en: …, zh: …}``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import cast

from geometry.quick_yaml import load_yaml
from twin.account import LANGUAGES
from twin.errors import Invalid


@cache
def catalogue(package: str, name: str) -> Mapping[str, Mapping[str, str]]:
    """Return key -> language -> text of a file."""
    text = files(package).joinpath(name).read_text("utf-8")
    return cast("dict[str, dict[str, str]]", load_yaml(text))


_NUMBER = re.compile(r"\{(\w+)\|((?:[^{}|]|\{\w+\})*)\|((?:[^{}|]|\{\w+\})*)\}")


def filled(text: str, values: Mapping[str, object]) -> str:
    """Return a text with each ``{name}`` filled in; ``{n|element|elements}`` is the word for so many.

    Examples
    --------
    >>> said = "{n} {n|element|elements} left"
    >>> filled(said, {"n": 1}), filled(said, {"n": "1,200"})
    ('1 element left', '1,200 elements left')
    """
    number = _NUMBER.sub(lambda found: found[2] if str(values[found[1]]) == "1" else found[3], text)
    return number.format(**values)


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one file in one language."""

    package: str
    name: str
    language: str

    def __post_init__(self) -> None:
        """Refuse a language that nobody wrote in."""
        if self.language not in LANGUAGES:
            raise Invalid(f"there are texts in {' and '.join(LANGUAGES)}, not in {self.language!r}")

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of ``key`` with ``{name}`` filled in; :class:`KeyError` for a key that there is not."""
        text = self.entries[key][self.language]
        return filled(text, values) if values else text

    def find(self, *keys: str, **values: object) -> str:
        """Return the text of the first key that there is; empty when there is none."""
        for key in keys:
            if key in self.entries:
                return self(key, **values)
        return ""

    def term(self, kind: str, word: str) -> str:
        """Return a machine word of a kind in words; one that nobody translated readable."""
        return self.find(f"{kind}.{word}") or word.replace("_", " ").strip()

    @property
    def entries(self) -> Mapping[str, Mapping[str, str]]:
        """All of the file."""
        return catalogue(self.package, self.name)
