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


def test_the_page_and_a_planning_programs_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, conditions, out = tmp_path / "plan.xml", tmp_path / "risks.yaml", tmp_path / "out"
    tasks = (
        "<Task><UID>1</UID><Name>Dig &lt;b&gt;</Name><Duration>PT80H0M0S</Duration></Task>"
        "<Task><UID>2</UID><Name>Pour</Name><Duration>PT16H0M0S</Duration>"
        "<PredecessorLink><PredecessorUID>1</PredecessorUID></PredecessorLink>"
        "<PredecessorLink><PredecessorUID>9</PredecessorUID></PredecessorLink></Task>"
    )
    plan.write_text(f"<Project><StartDate>2026-03-02</StartDate><Tasks>{tasks}</Tasks></Project>", encoding="utf-8")
    conditions.write_text("conditions: 1\nspread: {optimistic: 0.9, pessimistic: 1.5}\n", encoding="utf-8")
    order = ["schedule", str(plan), "--conditions", str(conditions), "--out", str(out), "--samples", "2000"]
    assert main([*order, "--lang", "zh"]) == 0
    assert "UID 2: Pour：逻辑关系所指任务 9 不在文件中，去除。" in capsys.readouterr().out
    document = json.loads((out / "schedule.json").read_text("utf-8"))
    assert document["planned_days"] == 12.0
    assert [one["kind"] for one in document["repairs"]] == ["unknown_task"]
    page = (out / "schedule.html").read_text("utf-8")
    assert "Dig &lt;b&gt;" in page
    assert "<b>" not in page
    assert page.count("<svg") == 3
    assert main([*order, "--quiet"]) == 0
    assert capsys.readouterr().out.splitlines() == [str(out / "schedule.json"), str(out / "schedule.html")]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("2026-03-02", "9999-12-30", "working days from 9999-12-30: calendars end with the year 9999"),
        ("days: 4", "days: 1e300", "line 7: tasks.B.days: 1e+300 is more than 1e+06"),
    ],
)
def test_beyond_all_measure(old: str, new: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "hall.yaml", tmp_path / "out"
    path.write_text(SCHEDULE.replace(old, new), encoding="utf-8")
    assert main(["schedule", str(path), "--out", str(out), "--samples", "200"]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert not list(out.glob("*"))
