"""The texts: complete in both languages, machine words readable."""

import re
import string
from pathlib import Path

import pytest

from geometry.verdict import Outcome, State
from twin.report.palette import Mark
from twin.report.words import LANGUAGES, UnknownLanguage, Words, catalogue, clean

ROOT = Path(__file__).parents[3]


def placeholders(text: str) -> set[str]:
    """Return the names that a text wants filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_exists_in_both_languages_with_the_same_placeholders() -> None:
    """A missing translation or a lost value would show up as a hole in a report."""
    for key, entry in catalogue().items():
        wanted = {"zh"} if key.startswith("class.") else set(LANGUAGES)
        assert wanted <= set(entry), key
        assert len({frozenset(placeholders(text)) for text in entry.values()}) == 1, key
    assert [k for k, e in catalogue().items() if not all(isinstance(t, str) for t in e.values())] == []


def test_chinese_texts_are_chinese() -> None:
    """No English text was left in the Chinese column, names and signs apart."""
    same = {key for key, entry in catalogue().items() if entry.get("en") and entry["en"] == entry["zh"]}
    assert same <= {"product", "global_id", "coverage_factor", "bcf.author", "column.u", "provenance.sha256"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_state_verdict_and_mark_has_a_word(lang: str) -> None:
    """The closed vocabularies are complete."""
    words = Words(lang)
    for kind, values in (("state", State), ("verdict", Outcome), ("mark", Mark)):
        for value in values:
            assert f"{kind}.{value.value}" in catalogue()
            assert words.term(kind, value.value)


def test_reasons_of_the_pipeline_are_translated() -> None:
    """Words that the deciding modules put into ``reasons`` are known here."""
    presence = (ROOT / "geometry" / "presence.py").read_text("utf-8")
    emitted = set(re.findall(r'\(f?"([a-z_]+)[:"]', presence.split("def decide_state")[1]))
    assert len(emitted) >= 5
    assert {word for word in emitted if f"reason.{word}" not in catalogue()} == set()


def test_an_unknown_word_passes_through_readable() -> None:
    """A newer pipeline must not break an older report."""
    words = Words("zh")
    assert words.explain("sun_glare:12 deg") == "Sun glare: 12 deg"
    assert words.characteristic("wobble_index") == "Wobble index"
    assert words.characteristic("flatness_2m") == "平整度 2 m"
    assert words.ifc_class("IfcNeverHeardOf") == "Never heard of"
    assert words.ifc_class("part") == "part"


def test_a_reason_without_its_value_has_no_empty_braces() -> None:
    """``few_points`` alone reads as a sentence."""
    assert Words("en").explain("few_points") == "Too few points"
    assert Words("zh").explain("few_points") == "点数太少"


def test_another_language_is_refused_with_what_there_is() -> None:
    """One line that names the languages."""
    with pytest.raises(UnknownLanguage, match="en or zh, not 'fr'"):
        Words("fr")


def test_clean_drops_what_no_format_can_carry() -> None:
    """Control characters end XML and Excel files; half surrogate pairs end UTF-8."""
    assert clean("a\x00b\x1f\ud800\ufffe\nc") == "ab c"
