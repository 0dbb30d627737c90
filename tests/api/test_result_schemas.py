"""The schemas of results: sound, closed, and named where their pages are."""

import json

import jsonschema
import pytest

from tests.api.results import SCHEMAS, as_documented

WORDS = sorted(path.name.removesuffix(".schema.json") for path in SCHEMAS.glob("*.schema.json"))
PAGES = {"choice": "simulate"}


@pytest.mark.parametrize("word", WORDS)
def test_a_schema_is_sound_and_its_page_names_it(word: str) -> None:
    schema = json.loads((SCHEMAS / f"{word}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    page = (SCHEMAS.parent / f"{PAGES.get(word, word)}.md").read_text("utf-8")
    assert f"schemas/{word}.schema.json" in page
    assert schema["properties"]["schema"]["const"] in page
    with pytest.raises(AssertionError, match=r"\w"):
        as_documented({"schema": schema["properties"]["schema"]["const"], "wibble": 1}, word)


def test_every_command_has_one() -> None:
    assert WORDS == ["assembly", "choice", "fitup", "predict", "quality", "schedule", "simulate", "stackup"]
