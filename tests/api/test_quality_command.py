"""``qtems quality``: from a table of units to JSON, a page, probabilities of new units; every trap told in a line."""

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.cli import main
from simulation.prediction.line_data import VARIABLES, line_data
from tests.api.results import as_documented
from twin.operations.quality import QualityRequest, run_quality
from twin.operations.unit_table import defects, moments, read_units

Row = dict[str, Any]
PLAN = """\
quality: 1
outcome: scrapped
time: made
id: serial
costs: {escape: 100, action: 15}
intervention: {effectiveness: 0.9, goal: 0.94}
"""


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """2,600 units; from the 2,200th on the coating is off."""
    data = line_data(2_600, np.random.default_rng(5), shifted_from=2_200)
    return [
        {"serial": f"U{k:05d}", "made": f"2026-11-{1 + k // 200:02d}T{k % 200 // 10:02d}:{k % 10:02d}",
         **{name: f"{value:.6g}" for name, value in zip(VARIABLES, data.recorded[k], strict=True)},
         "scrapped": "yes" if data.defective[k] else "no"}
        for k in range(2_600)
    ]  # fmt: skip


def written(path: Path, rows: Sequence[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path


def test_json_page_and_new_units(rows: list[Row], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mixed = [rows[k] for k in np.random.default_rng(0).permutation(2_000)]
    file, new = written(tmp_path / "line.csv", mixed), written(tmp_path / "new.csv", rows[2_000:])
    plan, out = tmp_path / "plan.yaml", tmp_path / "out"
    plan.write_text(PLAN, "utf-8")
    base = ["quality", str(file), "--plan", str(plan), "--score", str(new), "--out", str(out)]
    assert main([*base, "--lang", "zh"]) == 1, "the coating drifts"
    assert "漂移" in capsys.readouterr().out
    assert "预测性质量" in (out / "quality.html").read_text("utf-8")
    first = (out / "quality.json").read_bytes()
    assert main([*base, "--quiet"]) == 1
    printed = capsys.readouterr().out.split()
    assert [Path(one).name for one in printed] == ["quality.json", "quality.html", "quality-units.csv"]
    assert (out / "quality.json").read_bytes() == first, "the same bytes, in any order of the rows and language"
    told = as_documented(json.loads(first), "quality")
    assert told["schema"] == "qtems.quality/1"
    other = json.loads(first)
    other["tried_on"]["brier"]["value"] += 1e-3
    (tmp_path / "then.json").write_text(json.dumps(other), "utf-8")
    anew = run_quality(QualityRequest(file, plan=plan, as_before=tmp_path / "then.json")).result
    assert "not the one that was tried then" in anew.notes[0], "another model is told as one"
    assert told["learnt_from"]["variables"] == list(VARIABLES), "neither the time nor the name"
    assert told["tried_on"]["better_than_all_alike"]
    assert "accuracy" not in first.decode()
    assert told["threshold"]["probability"] == pytest.approx(15.0 / 90.0)
    goal, tried = told["acting"]["goal"], told["tried_on"]
    share = tried["defective"] / tried["units"]
    assert goal["recall_times_effectiveness_needed"] == pytest.approx(1.0 - (1.0 - 0.94) / share)
    recalls = [one["recall"]["value"] for one in told["acting"]["other_thresholds"]]
    assert recalls == sorted(recalls)
    assert told["new"]["score"]["count"] == 600
    drifting = {one["variable"] for one in told["new"]["drift"]["variables"]}
    assert "coating" in drifting
    assert told["importance"][0]["variable"] in ("coating", "pressure", "humidity")
    with (out / "quality-units.csv").open() as stream:
        scored = list(csv.DictReader(stream))
    assert [one["unit"] for one in scored] == [row["serial"] for row in rows[2_000:]]
    assert all(float(one["low"]) <= float(one["probability"]) <= float(one["high"]) for one in scored)
    acts = {one["unit"] for one in scored if one["act"] == "yes"}
    bad = {row["serial"] for row in rows[2_000:] if row["scrapped"] == "yes"}
    assert len(acts & bad) / max(len(acts), 1) > 2.0 * len(bad) / 600, "acts on those that are worth it"
    assert told["provenance"]["files"][2]["file"] == "new.csv"


def _same(rows: list[Row]) -> list[Row]:
    return rows


def _with(name: str, value: Callable[[int, Row], object]) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [row | {name: value(k, row)} for k, row in enumerate(rows)]


def _bad(row: Row) -> bool:
    return row["scrapped"] == "yes"


@pytest.mark.parametrize(
    ("change", "options", "says"),
    [
        (_same, ["--outcome", "scraped"], "no column 'scraped' for the outcome; did you mean 'scrapped'?"),
        (_same, [], "which column says whether a unit was defective? Give --outcome COLUMN"),
        (_same, ["--outcome", "serial"], "say which means defective (--defective)"),
        (_same, ["--outcome", "scrapped", "--defective", "maybe"], "no unit has 'maybe'"),
        (_same, ["--outcome", "scrapped", "--time", "coating2"], "no column 'coating2' for the time"),
        (_with("scrapped", lambda k, row: "no"), ["--outcome", "scrapped"], "is 'no' for all units"),
        (_with("scrapped", lambda k, row: "" if k == 7 else row["scrapped"]), ["--outcome", "scrapped"],
         "row 9: column 'scrapped': no outcome (1 of 800 units)"),
        (_with("scrapped", lambda k, row: "yes" if k % 100 == 0 else "no"), ["--outcome", "scrapped"],
         "8 defects are too few"),
        (_with("reject_code", lambda k, row: 7 if _bad(row) else 0), ["--outcome", "scrapped"],
         "column 'reject_code' tells the outcome by itself"),
        (_with("station", lambda k, row: "repair" if _bad(row) else "ABC"[k % 3]), ["--outcome", "scrapped"],
         "column 'station' tells the outcome by itself"),
        (_with("ship_date", lambda k, row: "" if _bad(row) else float(k * 7 % 31)), ["--outcome", "scrapped"],
         "column 'ship_date' tells the outcome by itself"),
        (_with("off", lambda k, row: (1 + k % 5) * (-1) ** k if _bad(row) else 0.1 * (k % 3)),
         ["--outcome", "scrapped"], "column 'off' tells the outcome by itself"),
        (_with("coating", lambda k, row: "n0ne" if k == 11 else row["coating"]), ["--outcome", "scrapped"],
         "row 13: column 'coating': 'n0ne' is no number"),
        (_with("coating", lambda k, row: "inf" if k == 11 else row["coating"]), ["--outcome", "scrapped"],
         "row 13: column 'coating'"),
        (_with("made", lambda k, row: "soon" if k == 4 else row["made"]), ["--outcome", "scrapped", "--time", "made"],
         "row 6: column 'made': 'soon' is no time"),
    ],
)  # fmt: skip
def test_traps_are_told(
    change: Callable[[list[Row]], list[Row]], options: list[str], says: str, rows: list[Row], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = written(tmp_path / "line.csv", change(rows[:800]))
    assert main(["quality", str(file), *options]) == 2
    line = capsys.readouterr().err
    assert says in line
    assert line.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("高度,合格\n1,是\n".encode("gbk"), "it is no text in UTF-8; save it as CSV UTF-8"),
        ("a,y\n" + "高,0\n低,1\n" * 300, "column 'a': it is no text in UTF-8; save it as CSV UTF-8"),
        ("a,y\n1,0\n".encode("utf-16"), "it is a text in UTF-16; save it as UTF-8"),
        (b"", "it is no table as CSV or Parquet"),
        (b"PAR1 and no more", "it is no table as CSV or Parquet"),
    ],
)
def test_what_is_no_table_is_told(
    content: bytes | str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "units.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode("gbk"))
    assert main(["quality", str(file), "--outcome", "y"]) == 2
    line = capsys.readouterr().err
    assert line.startswith(f"qtems: {file}: ")
    assert says in line
    assert line.count("\n") == 1


UNUSABLE: list[tuple[Callable[[list[Row]], list[Row]], str]] = [
    (lambda rows: rows[:1_000], "these are the units that were learnt from"),
    (lambda rows: [rows[3] | {"made": "2027-01-01"}], "row 2: this unit was learnt from (1 of 1 were)"),
    (lambda rows: [rows[1_100] | {"made": "2026-11-02"}], "what is known of it is its future"),
    (lambda rows: [{k: v for k, v in rows[1_100].items() if k != "wear"}], "column 'wear' is missing"),
    (lambda rows: [rows[1_100] | {"wear": "worn"}], "column 'wear' held numbers"),
]


@pytest.mark.parametrize(("new", "says"), UNUSABLE)
def test_new_units_that_cannot_be_scored(
    new: Callable[[list[Row]], list[Row]],
    says: str,
    rows: list[Row],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file, later = written(tmp_path / "line.csv", rows[:1_000]), written(tmp_path / "new.csv", new(rows))
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN, "utf-8")
    assert main(["quality", str(file), "--plan", str(plan), "--score", str(later)]) == 2
    line = capsys.readouterr().err
    assert says in line
    assert line.count("\n") == 1


def test_noise_is_not_sold_as_a_model(rows: list[Row], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance = np.random.default_rng(8)
    noise = [{"a": chance.normal(), "b": chance.normal(), "bad": int(chance.random() < 0.1)} for _ in range(1_200)]
    assert main(["quality", str(written(tmp_path / "noise.csv", noise)), "--outcome", "bad"]) == 1
    told = capsys.readouterr().out
    assert "not shown to be better" in told
    assert "No costs were given" in told
    assert "order in which the units were made" in told


def test_tables_as_people_have_them(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = "made;x;result\n3;1.5;-1\n1;;1\n2;NA;-1\n"
    (tmp_path / "a.csv").write_bytes(("\ufeff" + text).encode())
    table = read_units(tmp_path / "a.csv")
    assert defects(table, "result", "").tolist() == [False, True, False], "-1 and 1, as in SECOM"
    assert np.isnan(table.columns["x"]).tolist() == [False, True, True]  # type: ignore[arg-type]
    assert moments(table, "made").tolist() == [3.0, 1.0, 2.0]
    pq.write_table(pa.table({"ok": [True, False], "n": pa.array(["a", None])}), tmp_path / "b.parquet")
    read = read_units(tmp_path / "b.parquet")
    assert read.columns["n"] == ("a", None)
    assert defects(read, "ok", "false").tolist() == [False, True]
    for word in ("true", "yes", "No"):
        pq.write_table(pa.table({"out": [word, "unsure", word]}), tmp_path / "c.parquet")
        named = read_units(tmp_path / "c.parquet")
        assert defects(named, "out", word).tolist() == [True, False, True], "as it is written"


def test_acting_on_all_leaves_what_acting_does_not_prevent(rows: list[Row], tmp_path: Path) -> None:
    from twin.rehearsal.quality_rows import cost_rows
    from twin.rehearsal.said import Said

    plan = tmp_path / "plan.yaml"
    text = "quality: 1\noutcome: scrapped\ndefective: yes\ntime: made\nid: serial\ncosts: {escape: 100, action: 15}\n"
    plan.write_text(text + "intervention: {effectiveness: 0.9, goal: 0.98}\n", "utf-8")
    result = run_quality(QualityRequest(written(tmp_path / "said.csv", rows[:1_000]), plan=plan)).result
    before = result.study.model.trial.yield_before.value
    (none, every, _) = cost_rows(result, Said("en"))[1]
    assert none[3].startswith(f"{100 * before:.1f} %")
    assert every[3].startswith(f"{100 * (1 - 0.1 * (1 - before)):.1f} %")


def test_units_of_their_own_name_are_no_copies(rows: list[Row], tmp_path: Path) -> None:
    """Two units may have been made alike; a row that is there twice, with no name to tell, is one unit."""
    alike = [*rows[:600], {**rows[7], "serial": "U99999"}]
    named = written(tmp_path / "named.csv", alike)
    plan = tmp_path / "plan.yaml"
    plan.write_text("quality: 1\noutcome: scrapped\ntime: made\nid: serial\n", "utf-8")
    told = run_quality(QualityRequest(named, plan=plan)).result
    assert not any("are left out" in str(note) for note in told.notes)
    plan.write_text("quality: 1\noutcome: scrapped\ntime: made\nignore: [serial]\n", "utf-8")
    told = run_quality(QualityRequest(named, plan=plan)).result
    assert any("are left out: 1." in str(note) for note in told.notes)
