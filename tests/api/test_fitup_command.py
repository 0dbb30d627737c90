"""``qtems fitup``: from a file to tables, JSON and a page."""

import json
from pathlib import Path

import pytest

from api.cli import main

FITUP = """\
fitup: 1
name: Splice <1>
parts:
  lower: {grid: {rows: 2, columns: 2, pitch: [100, 80], diameter: 22, sd: 0.1}}
  upper: {grid: {rows: 2, columns: 2, pitch: [100, 80], diameter: 22, sd: 0.1}}
  wide: {grid: {rows: 2, columns: 2, pitch: [104.8, 80], diameter: 22}}
joints:
  - {fixed: lower, moving: upper, bolt: 20}
WIDE
pairing: {places: [lower, wide], parts: [upper, wide], bolt: 20}
"""


@pytest.mark.parametrize(
    ("asked", "told"),
    [("limits: [0, 2]", "0 … 2 mm"), ("at_least: 0.5", "≥ 0.5 mm"), ("at_most: 2", "≤ 2 mm")],
)
def test_a_gap_says_what_is_allowed(asked: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gap.yaml"
    part = (
        "{holes: [{name: a, at: [0, 0, 0], diameter: 22}], faces: [{name: f, at: [9, 0, HEIGHT], normal: [0, 0, 1]}]}"
    )
    path.write_text(
        f"fitup: 1\nname: Gap\nparts:\n  low: {part.replace('HEIGHT', '0')}\n  high: {part.replace('HEIGHT', '1.2')}\n"
        f"joints:\n  - {{fixed: low, moving: high, bolt: 20, gaps: [{{fixed: f, moving: f, {asked}}}]}}\n", "utf-8",
    )  # fmt: skip
    assert main(["fitup", str(path), "--samples", "200"]) in (0, 1)
    assert told in capsys.readouterr().out


def test_tables_json_and_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "splice.yaml", tmp_path / "out"
    path.write_text(FITUP.replace("WIDE", ""), "utf-8")
    base = ["fitup", str(path), "--out", str(out), "--samples", "2000"]
    assert main([*base, "--lang", "zh"]) == 0
    told = capsys.readouterr().out
    assert "可装配" in told
    page = (out / "fitup.html").read_text("utf-8")
    assert "Splice &lt;1&gt;" in page
    assert "<script" not in page
    path.write_text(FITUP.replace("WIDE", "  - {fixed: lower, moving: wide, bolt: 20, ream_to: 26}"), "utf-8")
    assert main(base) == 1
    first = (out / "fitup.json").read_bytes()
    document = json.loads(first)
    assert document["schema"] == "qtems.fitup/1"
    good, bad = document["joints"]
    assert (good["decision"], bad["decision"]) == ("fit", "no_fit")
    assert bad["slack"] == pytest.approx(-0.4, abs=1e-5)  # 4.8 mm too wide, 2.4 mm off each
    assert bad["rework"]["works"] is True
    chosen = {pair["place"]: pair["part"] for pair in document["pairing"]["chosen"]}
    assert chosen == {"lower": "upper", "wide": "wide"}
    assert main(base) == 1
    assert (out / "fitup.json").read_bytes() == first


@pytest.mark.parametrize(
    ("content", "told"),
    [("fitup: 2\n", "version 2"), ("stackup: 1\n", "'fitup: 1' is missing"), ("fitup: 1\n", "nothing is asked")],
)
def test_bad_files_are_one_line(content: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(content, "utf-8")
    assert main(["fitup", str(path)]) == 2
    line = capsys.readouterr().err
    assert told in line
    assert line.count("\n") == 1
    assert main(["fitup", "/dev/zero"]) == 2
    assert "it is no file" in capsys.readouterr().err
