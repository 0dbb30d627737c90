"""``qtems schedule``: from a file to tables and JSON."""

import json
from pathlib import Path

import pytest

from api.cli import main

SCHEDULE = """\
schedule: 1
name: 厂房
start: 2026-03-02
deadline: 18
tasks:
  A: {optimistic: 6, likely: 8, pessimistic: 14}
  B: {days: 4, after: A}
  C: {days: 5, after: A}
risks:
  frost: {probability: 0.2, factor: {optimistic: 1.1, likely: 1.4, pessimistic: 2}, tasks: all}
"""


def test_tables_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "hall.yaml", tmp_path / "out"
    path.write_text(SCHEDULE, encoding="utf-8")
    assert main(["schedule", str(path), "--out", str(out), "--samples", "5000", "--lang", "zh"]) == 0
    told = capsys.readouterr().out
    assert "关键线路：A → C" in told
    assert "B, C：这些任务没有紧后任务" in told
    document = json.loads((out / "schedule.json").read_text("utf-8"))
    assert document["schema"] == "qtems.schedule/1"
    assert document["planned_days"] == pytest.approx(26 / 3 + 5)
    assert document["planned_end"] == "2026-03-19"
    assert {task["name"]: task["total_float_days"] for task in document["tasks"]} == {"A": 0, "B": 1, "C": 0}
    assert document["risks"][0]["later_days"] > 3
    quantiles = [one["days"] for one in document["forecast"]["quantiles"]]
    assert quantiles == sorted(quantiles)
    share = document["forecast"]["within_deadline"]
    assert 0 < share["low"] < share["value"] < share["high"] < 1
    first = (out / "schedule.json").read_bytes()
    main(["schedule", str(path), "--out", str(out), "--samples", "5000"])
    assert (out / "schedule.json").read_bytes() == first


def test_a_bad_file_is_one_line_and_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "hall.yaml"
    path.write_text(SCHEDULE.replace("after: A}", "after: B}", 1), encoding="utf-8")
    assert main(["schedule", str(path)]) == 2
    assert capsys.readouterr().err == f"qtems: {path}: these tasks wait for each other: B → B\n"
