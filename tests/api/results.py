"""Results in JSON, held against what docs/schemas says of them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


@cache
def validator(word: str) -> Any:
    """Return what validates results of a kind, such as ``stackup``."""
    return jsonschema.Draft202012Validator(json.loads((SCHEMAS / f"{word}.schema.json").read_text("utf-8")))


def read_result(path: Path) -> Any:
    """Return a result that is as the docs say; the name of the file says which kind it is."""
    return as_documented(json.loads(path.read_text("utf-8")), path.stem)


def as_documented(document: Any, word: str) -> Any:
    """Return a result that is as the docs say."""
    wrong = [f"{'.'.join(map(str, one.absolute_path))}: {one.message}" for one in validator(word).iter_errors(document)]
    assert not wrong, "\n".join(wrong[:5])
    return document
