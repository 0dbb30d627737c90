"""What `qtems standards` says of the catalogue: against the catalogue's own files."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.cells import cell_len

from api import cli
from geometry.tolerance import load_standard, standard_names

Qtems = Callable[..., Any]
CATALOGUE = Path(__file__).parents[2] / "geometry" / "catalogue"


def content(name: str) -> dict[str, Any]:
    return yaml.safe_load((CATALOGUE / f"{name}.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_line_per_standard_with_its_edition_and_title_aligned(qtems: Qtems, lang: str) -> None:
    ended = qtems("standards", "--lang", lang)
    lines = ended.out.splitlines()
    assert ended.code == 0
    assert [line.split()[0] for line in lines] == list(standard_names())
    starts: set[int] = set()
    for line, name in zip(lines, standard_names(), strict=True):
        title, edition = content(name)["title"][lang], content(name).get("edition", "-")
        assert line.endswith(title)
        assert line.split()[1] == edition
        starts.add(cell_len(line) - cell_len(title))
    assert len(starts) == 1


def rows(text: str) -> list[list[str]]:
    """Return the cells of each row of the table, the lines of a cell joined."""
    found: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith("├"):
            found.append([])
        elif line.startswith("│"):
            cells = [cell.strip() for cell in line.strip("│").split("│")]
            found = found or [[]]
            found[-1] = [f"{a} {b}".strip() for a, b in zip(found[-1] or [""] * len(cells), cells, strict=True)]
    return found


def test_the_rules_of_a_standard_are_all_there(qtems: Qtems) -> None:
    ended = qtems("standards", "GB", "50204-2015")
    table = rows(ended.out)
    rules = content("gb-50204-2015")["rules"]
    assert ended.code == 0
    assert [row[3] for row in table] == [f"GB 50204-2015, {rule['clause']}" for rule in rules]
    assert table[0][0].startswith("Footing; type not STRIP_FOOTING, ")
    assert table[1][0].startswith("Footing, Slab; type BASESLAB, RAFT, ")
    assert table[1][2] == "± 15"
    assert table[2] == [
        "Column, Wall, Beam; concrete", "Axis position", "± 8",
        "GB 50204-2015, table 8.3.2, axis position of column, wall, beam", "2+",
    ]  # fmt: skip
    assert table[3][2] == "height up to 6 m: ± 10 above: ± 12"
    assert table[7][2] == "-5 / +10"
    assert table[8][2] == "straightedge 2 m: ≤ 8"
    assert "béton" in ended.out


def test_every_number_of_a_standard_is_printed_and_its_evidence(qtems: Qtems) -> None:
    table = rows(qtems("standards", "din-18202-2013").out)
    for row, rule in zip(table, content("din-18202-2013")["rules"], strict=True):
        limits = [abs(float(number)) for number in re.findall(r"[±≤] ([0-9.]+)", row[2])]
        for step in rule.get("limits", rule.get("spans")):
            assert step["value_mm"] in limits
            size = step.get("up_to_m", step.get("span_m"))
            assert size is None or f" {size:g} m: " in f" {row[2]} "
        assert row[4] == ("1" if rule["evidence"] == 1 else "2+")
    assert {row[4] for row in table} == {"1", "2+"}


def test_a_rule_of_the_catalogue_says_how_many_sources_it_has() -> None:
    """The table says 2+ of what is not marked: true as long as every rule states its evidence."""
    for name in standard_names():
        assert all(rule["evidence"] in range(1, 10) for rule in content(name).get("rules", []))


def test_a_profile_shows_the_rules_of_all_that_it_includes(qtems: Qtems) -> None:
    wanted = {rule.source.removesuffix(" [one source]") for rule in load_standard("default").rules}
    assert {row[3] for row in rows(qtems("standards", "default").out)} == wanted


def test_rules_in_chinese(qtems: Qtems) -> None:
    ended = qtems("standards", "din-18202-2013", "--lang", "zh")
    assert ["墙，柱", "垂直度"] in [row[:2] for row in rows(ended.out)]
    assert "高度不超过 3 m：± 8" in ended.out
    assert "（单一出处）" in ended.out
    assert "up to" not in ended.out


@pytest.mark.parametrize(
    ("name", "meant"),
    [("din-18203", "din-18202-2013"), ("GB50205", "gb-50204-2015"), ("gb-50204-2014", "gb-50204-2015")],
)  # fmt: skip
def test_an_unknown_name_is_one_line_with_the_nearest(qtems: Qtems, name: str, meant: str) -> None:
    ended = qtems("standards", name)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.count("\n") == 1
    assert f"no standard named '{name}'; did you mean {meant}?" in ended.err
    assert "[one source]" in qtems("standards", meant).out  # printed, not taken for markup


def test_a_reader_that_left_changes_no_status(monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments in (["standards"], ["standards", "default"]):
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "w") as stdout:
            monkeypatch.setattr("sys.stdout", stdout)
            assert cli.main(arguments) == 0


def test_a_name_like_no_other_gets_the_list(qtems: Qtems) -> None:
    ended = qtems("standards", "xyzzy")
    assert ended.code == 2
    assert "did you mean" not in ended.err
    assert ", ".join(standard_names()) in ended.err


OWN = """\
name: our house
rules:
  - {characteristic: surface, clause: page 3, classes: [IfcWall], limits: [{value_mm: 7}]}
"""


@pytest.mark.parametrize("name", ["limits.yaml", "limits.yml", "odd"])
def test_a_file_of_ones_own_is_printed_as_the_check_reads_it(
    qtems: Qtems, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).write_text(OWN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    ended = qtems("standards", name if "." in name else f"./{name}")
    assert ended.code == 0, ended.err
    assert ended.out.startswith("our house")
    assert rows(ended.out)[-1] == ["Wall", "Surface", "± 7", "our house, page 3"]
    assert "Sources" not in ended.out  # nobody has counted how many agree on it


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot read tolerances"),
        ("rules: [", "is not YAML"),
        ("rules: [{characteristic: surfaec, limits: [{value_mm: 7}]}]", "rule 1: 'surfaec' is not one of"),
    ],
)
def test_a_file_that_cannot_be_used_gets_the_line_that_the_check_would_say(
    qtems: Qtems, tmp_path: Path, content: str | None, says: str
) -> None:
    path = tmp_path / "limits.yaml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    (tmp_path / "some").write_text("something", encoding="utf-8")
    ended = qtems("standards", path)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err
    checked = qtems("check", hall(tmp_path), tmp_path / "some", "--out", tmp_path / "o", "--tolerances", path)
    assert (checked.code, checked.err) == (2, ended.err)


def hall(folder: Path) -> Path:
    """Return a model that is not read before its limits are."""
    path = folder / "hall.obj"
    path.write_text("o nothing\n", encoding="utf-8")
    return path
