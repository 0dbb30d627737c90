"""The texts: complete in both languages, machine words readable."""

import ast
import re
import string
from pathlib import Path

import pytest
import yaml

from geometry.note import Note
from geometry.verdict import Outcome, State
from twin.report.palette import Mark
from twin.report.words import LANGUAGES, UnknownLanguage, Words, catalogue, clean

ROOT = Path(__file__).parents[3]
ONLY_CHINESE = ("class.", "clause.", "note.")
"""Whose English stands elsewhere: in the model's schema, in the tolerance catalogue, where the note is made."""


def placeholders(text: str) -> set[str]:
    """Return the names that a text wants filled in."""
    chosen = re.findall(r"\{(\w+)\|", text)
    plain = re.sub(r"\{\w+\|((?:[^{}|]|\{\w+\})*)\|((?:[^{}|]|\{\w+\})*)\}", r"\1\2", text)
    return {*chosen, *(name for _, name, _, _ in string.Formatter().parse(plain) if name)}


def test_every_text_exists_in_both_languages_with_the_same_placeholders() -> None:
    """A missing translation or a lost value would show up as a hole in a report."""
    for key, entry in catalogue().items():
        wanted = {"zh"} if key.startswith(ONLY_CHINESE) else set(LANGUAGES)
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


REHEARSALS = ROOT / "twin" / "rehearsal"
"""They have words of their own."""


def notes_made(*folders: str) -> dict[str, set[str]]:
    """Return word -> names of its values for every ``Note(...)`` in the source, those of rehearsals only when asked."""
    made: dict[str, set[str]] = {}
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            if REHEARSALS in path.parents and ROOT / folder != REHEARSALS:
                continue
            for call in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Note":
                    word = call.args[0] if call.args else None
                    if isinstance(word, ast.Constant) and not any(keyword.arg is None for keyword in call.keywords):
                        made[str(word.value)] = {str(keyword.arg) for keyword in call.keywords}
    return made


def test_every_note_has_its_chinese_with_the_same_values() -> None:
    """What a reader or the registration says in English, a Chinese report says in Chinese."""
    made = {
        word: names for word, names in notes_made("geometry", "twin").items() if f"reason.{word}" not in catalogue()
    }
    assert len(made) > 60
    said = {key[5:]: placeholders(entry["zh"]) for key, entry in catalogue().items() if key.startswith("note.")}
    assert said == made


def test_every_note_of_a_rehearsal_has_its_chinese_with_the_same_values() -> None:
    made = notes_made("simulation", "twin/rehearsal")
    assert len(made) > 40
    words: dict[str, dict[str, str]] = yaml.safe_load((REHEARSALS / "words.yaml").read_text("utf-8"))
    said = {key[5:]: placeholders(entry["zh"]) for key, entry in words.items() if key.startswith("note.")}
    assert {word: said.get(word) for word in made} == made


def test_a_note_within_a_note_is_said_in_one_language() -> None:
    empty = Note("no_points", "{name} has no points.", name=Note("scan_number", "scan {n}", n="3"))
    note = Note("in_file", "{file}: {note}", file="a.ptx", note=empty)
    assert Words("en").say(note) == "a.ptx: scan 3 has no points."
    assert Words("zh").say(note) == "a.ptx：第 3 个扫描 没有点。"
    assert Words("zh").say("as it is") == "as it is"
    assert Words("zh").say(Note("of_tomorrow", "{n} things", n="2")) == "2 things"


def test_a_suspect_shape_says_why_in_both_languages() -> None:
    reason = Note("no_shape", "no_shape:{value}", value=Note("no_area", "none of its faces has an area"))
    assert reason == "no_shape:none of its faces has an area"
    assert Words("en").explain(reason) == "The model gives it no shape to compare: none of its faces has an area"
    assert Words("zh").explain(reason) == "模型未给出可供比对的形体：所有面的面积均为零"


def test_every_clause_of_the_catalogue_has_its_chinese() -> None:
    clauses: set[str] = set()
    for path in (ROOT / "geometry" / "catalogue").glob("*.yaml"):
        content = yaml.safe_load(path.read_text("utf-8"))
        clauses |= {rule["clause"] for rule in content.get("rules", ()) if isinstance(rule, dict)}
    assert len(clauses) > 5
    assert {key[7:] for key in catalogue() if key.startswith("clause.")} == clauses


def test_limits_and_methods_in_words() -> None:
    zh, en = Words("zh"), Words("en")
    flagged = "DIN 18202:2013-04, table 2, angular deviation as offset [one source]"
    assert en.source(flagged) == flagged
    assert zh.source(flagged) == "DIN 18202:2013-04，表 2 角度偏差（以偏移量计）（单一出处）"
    assert zh.source("drawing A-12, detail 3") == "drawing A-12, detail 3"
    assert en.tolerance("user ±10 mm") == "±10 mm on every surface, given by the user"
    assert (zh.measured_by("straightedge 2 m"), zh.measured_by("rigid fit")) == ("靠尺 2 m", "刚体拟合")
    assert en.explain("rays_through:21260").startswith("21\u202f260 laser rays")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_was_judged_against_is_named_with_title_and_edition(lang: str) -> None:
    words = Words(lang)
    assert re.match(r"GB 50204-2015.{5,}", words.tolerance("GB 50204-2015"))
    assert re.match(r"DIN 18202:2013-04.{5,}", words.tolerance("DIN 18202"))
    assert all(name in words.tolerance("default") for name in ("GB 50204-2015", "DIN 18202:2013-04"))
    assert words.tolerance("project X, rev B") == "project X, rev B"
