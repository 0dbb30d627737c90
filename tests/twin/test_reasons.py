"""The codes that say why: what the code makes, what the reports explain and what the guides list are the same."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from twin.report.words import catalogue

ROOT = Path(__file__).parents[2]
MAKERS = (
    "geometry/presence.py", "geometry/measured.py", "geometry/placement.py", "geometry/surface_quality.py",
    "geometry/floor_number.py", "geometry/openings.py", "geometry/cylinders.py", "twin/judging.py", "twin/result.py",
)  # fmt: skip
PLACES = ("axis_position", "level", "surface")


def code(text: str) -> str:
    return text.partition(":")[0]


def texts(node: ast.AST | None) -> set[str]:
    """Return the beginnings of the texts in an expression that is a word, a tuple of them, or a choice between them."""
    match node:
        case ast.Constant(value=str(text)):
            return {code(text)} if text else set()
        case ast.JoinedStr(values=[first, *rest]):
            if isinstance(first, ast.FormattedValue):  # f"{c}_unknown": one for each characteristic of place
                ending = "".join(str(part.value) for part in rest if isinstance(part, ast.Constant))
                return {place + ending for place in PLACES}
            return texts(first)
        case ast.Tuple(elts=parts):
            return set().union(*map(texts, parts)) if parts else set()
        case ast.IfExp(body=one, orelse=other):
            return texts(one) | texts(other)
        case ast.BinOp(left=left):
            return texts(left)
        case ast.Call(func=ast.Name(id="Note"), args=[first, *_]):
            return texts(first)
        case ast.Call(func=ast.Name(id="tuple"), args=[ast.GeneratorExp(elt=made)]):
            return texts(made)
        case _:
            return set()


@cache
def made() -> set[str]:
    """Return every code that the source makes: what becomes a ``note`` or ``reasons``, or is returned with a state."""
    found: set[str] = set()
    for file in MAKERS:
        for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
            match node:
                case ast.keyword(arg="note" | "reasons", value=value):
                    found |= texts(value)
                case ast.Assign(targets=[ast.Name(id="note" | "reasons")], value=value):
                    found |= texts(value)
                case ast.Assign(targets=[ast.Tuple(elts=[_, ast.Name(id="note")])], value=ast.Tuple(elts=[_, value])):
                    found |= texts(value)
                case ast.AugAssign(target=ast.Name(id="reasons"), value=value):
                    found |= texts(value)
                case ast.Return(value=ast.Tuple(elts=[ast.Attribute(value=ast.Name(id="State")), value])):
                    found |= texts(value)
                case _:
                    pass
    return found


def test_the_codes_are_found_in_the_source() -> None:
    assert {
        "few_points",
        "one_direction",
        "axis_position_unknown",
        "little_seen",
        "hidden_in_scan",
        "no_shape",
    } <= made()


def test_the_reports_explain_every_code_that_is_made_and_no_other() -> None:
    explained = {key.removeprefix("reason.") for key in catalogue() if key.startswith("reason.")}
    assert explained == made()
    for word in explained:
        assert set(catalogue()[f"reason.{word}"]) == {"en", "zh"}


@pytest.mark.parametrize("guide", ["qa.md", "qa.zh.md"])
def test_the_guides_list_every_code_once(guide: str) -> None:
    listed = re.findall(r"^\| `([a-z_]+)` \|", (ROOT / "docs" / "guide" / guide).read_text("utf-8"), re.MULTILINE)
    codes = [word for word in listed if word in made() or f"reason.{word}" in catalogue()]
    assert sorted(codes) == sorted(made())
