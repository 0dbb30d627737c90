"""``qtems fitup``: from a file to tables, JSON and a page."""

import json
from pathlib import Path

import numpy as np
import pytest

from api.cli import main
from samples.__main__ import main as make
from tests.api.results import as_documented, read_result

FITUP = """\
fitup: 1
name: Splice <1>
parts:
  lower: {grid: {rows: 2, columns: 2, pitch: [100, 80], diameter: 22, sd: 0.1}}
  upper: {grid: {rows: 2, columns: 2, pitch: [100, 80], diameter: 22, sd: 0.1}}
  wide: {grid: {rows: 2, columns: 2, pitch: [104.8, 80], diameter: 22}}
  broad: {grid: {rows: 2, columns: 2, pitch: [104.8, 80], diameter: 22}}
joints:
  - {fixed: lower, moving: upper, bolt: 20}
WIDE
pairing: {places: [lower, wide], parts: [upper, broad], bolt: 20}
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
    document = as_documented(json.loads(first), "fitup")
    assert document["schema"] == "qtems.fitup/1"
    good, bad = document["joints"]
    assert (good["decision"], bad["decision"]) == ("fit", "no_fit")
    assert bad["slack"] == pytest.approx(-0.4, abs=1e-5)  # 4.8 mm too wide, 2.4 mm off each
    assert bad["rework"]["works"] is True
    chosen = {pair["place"]: pair["part"] for pair in document["pairing"]["chosen"]}
    assert chosen == {"lower": "upper", "wide": "broad"}
    assert main(base) == 1
    assert (out / "fitup.json").read_bytes() == first


def test_scanned_plates_are_measured_and_what_is_off_is_reamed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One hole drilled 4.4 mm off is found so, in its scan, and named for reaming; the truth lies in the intervals."""
    assert make(["--kind", "splice", "--out", str(tmp_path)]) == 0
    truth = json.loads((tmp_path / "truth.json").read_text("utf-8"))
    base = ["fitup", str(tmp_path / "fitup.yaml"), "--out", str(tmp_path / "out"), "--samples", "1000"]
    assert main([*base, "--lang", "zh"]) == 1
    assert "扫描" in (tmp_path / "out" / "fitup.html").read_text("utf-8")
    document = read_result(tmp_path / "out" / "fitup.json")
    found = {scan["part"]: {f["name"]: f for f in scan["features"]} for scan in document["scans"]}
    squares, holes = 0.0, 0
    for part, places in truth.items():
        off = np.array([np.subtract(found[part][hole]["at"][:2], at) for hole, at in places.items()])
        sd = np.sqrt([found[part][hole]["covariance"][:2] for hole in places])
        assert (np.abs(off) < 3.0 * sd).all()
        # what the beam does is common to all holes of a part: the rest is what scatters
        scatter = np.array([found[part][hole]["covariance_type_a"][:2] for hole in places])
        squares += float(((off - off.mean(axis=0)) ** 2 / scatter).sum())
        holes += len(places)
    assert holes == 16
    assert 10.0 < squares < 57.0  # 99.8 % of the sums of 28 squares
    joint = document["joints"][0]
    assert joint["decision"] == "no_fit"
    assert [one["hole"] for one in joint["rework"]["ream"]] == ["1.4"]
    assert joint["rework"]["p_fit"]["value"] > 0.95
    # with the end of a plate hidden, what rests on it is not known: never fit
    lines = (tmp_path / "girder.xyz").read_text("utf-8").splitlines()
    kept = [line for line in lines if float(line.split()[1]) < 0.26]
    (tmp_path / "girder.xyz").write_text("\n".join(kept) + "\n", "utf-8")
    (tmp_path / "fitup.yaml").write_text((tmp_path / "fitup.yaml").read_text("utf-8").replace("6}", "30}"), "utf-8")
    capsys.readouterr()
    assert main(base) == 1
    document = read_result(tmp_path / "out" / "fitup.json")
    assert document["joints"][0]["decision"] == "undecided"
    missing = [f["name"] for f in document["scans"][0]["features"] if not f["measured"]]
    assert missing == ["1.4", "2.4"]
    assert [one["feature"] for one in document["joints"][0]["unknown"]] == missing
    assert document["joints"][0]["rework"] is None, "what is known of it goes together"
    told = capsys.readouterr().out
    assert "nothing that rests on it is called fit" in told
    assert "Nothing is known of 1.4 of girder, 2.4 of girder: measure" in told
    assert "may be reworked" not in told


def test_what_reaming_would_do_is_told_where_none_is_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wide.yaml"
    text = FITUP.replace("WIDE", "  - {fixed: lower, moving: wide, bolt: 20REAM}").split("pairing")[0]
    path.write_text(text.replace("REAM", ""), "utf-8")
    assert main(["fitup", str(path), "--samples", "500"]) == 1
    told = capsys.readouterr().out
    assert "Nothing may be reworked: the file names neither ream_to nor shim." in told
    assert "Reaming would make it fit" in told
    assert "Ream hole" in told
    path.write_text(text.replace("REAM", ", ream_to: 22.2"), "utf-8")
    assert main(["fitup", str(path), "--samples", "500"]) == 1
    told = capsys.readouterr().out
    assert "Nothing that may be reworked makes it fit." in told
    assert "Reaming would make it fit" in told


def test_a_part_is_not_paired_with_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(FITUP.replace("WIDE\n", "").replace("parts: [upper, broad]", "parts: [upper, wide]"), "utf-8")
    assert main(["fitup", str(path)]) == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "line 10: pairing.parts: 'wide' is one of the places, too" in line


@pytest.mark.parametrize(
    ("scan", "told"),
    [
        ("none.e57", "none.e57: no such file"),
        ("{file: points.xyz}", "does not say where the scanner stood"),
        ("{file: points.xyz, bean: 2}", "bean"),
        ("{file: points.xyz, search: 400}", "nothing is found as roughly"),
    ],
)
def test_bad_scans_are_one_line(scan: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.yaml"
    (tmp_path / "points.xyz").write_text("".join(f"{k} {k % 7} 0\n" for k in range(50)), "utf-8")
    text = FITUP.replace("WIDE", "").replace("  lower: {", f"  lower: {{scan: {scan}, ", 1)
    path.write_text(text, "utf-8")
    assert main(["fitup", str(path)]) == 2
    line = capsys.readouterr().err
    assert told in line
    assert line.count("\n") == 1


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


def test_a_hole_that_was_not_measured_leaves_a_joint_undecided(tmp_path: Path) -> None:
    (tmp_path / "one.xyz").write_text("5 5 0\n6 6 0\n", "utf-8")
    path, out = tmp_path / "x.yaml", tmp_path / "out"
    hole = "holes: [{name: a, at: [0, 0], diameter: "
    path.write_text(
        f"fitup: 1\nparts:\n  a: {{{hole}30}}]}}\n"
        f"  b: {{scan: {{file: one.xyz, station: [0, 0, 2000]}}, {hole}22}}]}}\n"
        "joints:\n  - {fixed: a, moving: b, bolt: 24}\n", "utf-8",
    )  # fmt: skip
    assert main(["fitup", str(path), "--out", str(out), "--samples", "100"]) == 1
    assert read_result(out / "fitup.json")["joints"][0]["decision"] == "undecided"


def test_a_part_is_not_joined_to_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(FITUP.replace("WIDE", "").replace("moving: upper", "moving: lower"), "utf-8")
    assert main(["fitup", str(path)]) == 2
    line = capsys.readouterr().err
    assert "line 9" in line
    assert "'lower' is the fixed part, too" in line
    assert line.count("\n") == 1
