"""``qtems schedule``: from a file to tables and JSON."""

import json
from pathlib import Path

import pytest

from api.cli import main
from tests.api.results import read_result

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
    assert "B（第 7 行）、C（第 8 行）：这些任务没有紧后任务" in told
    document = read_result(out / "schedule.json")
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
    assert capsys.readouterr().err == f"qtems: {path}: line 7: tasks.B.after: these tasks wait for each other: B → B\n"


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
    document = read_result(out / "schedule.json")
    assert document["planned_days"] == 12.0
    assert [one["kind"] for one in document["repairs"]] == ["unknown_task", "no_calendar"]
    page = (out / "schedule.html").read_text("utf-8")
    assert "Dig &lt;b&gt;" in page
    assert "<b>" not in page
    assert page.count("<svg") == 6, "three charts, each for a broad page and for a phone"
    assert page.count('viewBox="0 0 340') == 3
    assert main([*order, "--quiet"]) == 0
    assert capsys.readouterr().out.splitlines() == [str(out / "schedule.json"), str(out / "schedule.html")]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("2026-03-02", "9999-12-30", "calendars end with the year 9999; let it start earlier"),
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


def report(path: Path, **states: str) -> str:
    elements = [{"global_id": name, "state": state} for name, state in states.items()]
    path.write_text(json.dumps({"schema": "qtems.check/1", "elements": elements}), encoding="utf-8")
    return str(path)


def test_two_checks_say_how_far_things_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "hall.yaml", tmp_path / "out"
    plan = SCHEDULE.replace("days: 4,", "days: 4, elements: [w1, w2],").replace(
        "pessimistic: 14}", "pessimistic: 14, elements: [g]}"
    )
    path.write_text(plan, encoding="utf-8")
    one = report(tmp_path / "1.json", g="missing", w1="unseen")
    two = report(tmp_path / "2.json", g="installed", w1="installed", w2="occluded")
    order = ["schedule", str(path), "--out", str(out), "--samples", "2000"]
    assert main([*order, "--progress", f"2026-03-27={two}", "--progress", f"2026-03-06={one}", "--lang", "zh"]) == 0
    told = capsys.readouterr().out
    assert "1 项任务未被观测，按未开始计：C。" in told
    found = read_result(out / "schedule.json")["progress"]
    assert (found["day"], found["date"]) == (20.0, "2026-03-27")
    first, second, third = found["tasks"]
    assert (first["stage"], first["started_day"], first["finished_day"]) == ("done", [5.0, 20.0], [5.0, 20.0])
    assert (second["stage"], second["share"], second["elements_not_seen"]) == ("running", 0.75, 1)
    assert (third["stage"], third["looked_at"]) == ("waiting", False)
    assert found["baseline"]["P50"]["days"] < 20 < found["earned_value"]["total"] + 5
    page = (out / "schedule.html").read_text("utf-8")
    assert "工种" in page
    for wrong, says in (
        (one, "of which day is this check?"),
        (f"2026-13-01={one}", "is no day such as 2026-04-20"),
        (f"2026-03-06={path}", "it says its day itself"),
        (f"2026-03-06={report(tmp_path / '3.json', x='missing')}", "none of its tasks builds an element"),
        (f"2026-03-06={tmp_path / 'no.json'}", "no such file"),
        ("plan", "says nothing of the progress"),
    ):
        try:
            status: object = main([*order, "--progress", wrong])
        except SystemExit as ended:
            status = ended.code
        assert status == 2
        assert says in capsys.readouterr().err


def test_a_planning_programs_plan_learns_from_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tasks = "".join(
        f"<Task><UID>{uid}</UID><Name>{name}</Name><OutlineLevel>1</OutlineLevel><Duration>PT{8 * days}H0M0S</Duration>"
        f"<DurationFormat>7</DurationFormat>{link}</Task>"
        for uid, name, days, link in (
            (1, "Footings", 10, ""),
            (2, "Walls", 10, "<PredecessorLink><PredecessorUID>1</PredecessorUID><Type>1</Type></PredecessorLink>"),
        )
    )
    plan, who, out = tmp_path / "plan.xml", tmp_path / "who.yaml", tmp_path / "out"
    plan.write_text(
        f"<Project><StartDate>2026-03-02T08:00:00</StartDate><Tasks>{tasks}</Tasks></Project>", encoding="utf-8"
    )
    who.write_text("elements: 1\ntasks:\n  Footings: {elements: [f1, f2]}\n  Walls: {elements: [w1]}\n", "utf-8")
    seen = report(tmp_path / "1.json", f1="installed", f2="missing", w1="missing")
    order = ["schedule", str(plan), "--out", str(out), "--samples", "2000", "--elements", str(who)]
    assert main([*order, "--progress", f"2026-03-20={seen}"]) == 0
    found = read_result(out / "schedule.json")
    assert [one["stage"] for one in found["progress"]["tasks"]] == ["running", "waiting"]
    assert [one["elements"] for one in found["tasks"]] == [["f1", "f2"], ["w1"]]
    assert found["forecast"]["mean_days"]["value"] > found["planned_days"] + 3.0
    capsys.readouterr()
    assert main(order) == 2
    assert "give those: --progress" in capsys.readouterr().err
    who.write_text("elements: 1\ntasks:\n  Roof: {elements: [f1]}\n", "utf-8")
    assert main([*order, "--progress", f"2026-03-20={seen}"]) == 2
    assert f"{who}: line 3: tasks.Roof: 'Roof' is no task of the schedule" in capsys.readouterr().err


def test_resources_make_it_longer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "hall.yaml", tmp_path / "out"
    plan = SCHEDULE.replace("days: 4,", "days: 4, needs: {crane: 1},").replace(
        "days: 5,", "days: 5, needs: {crane: 1},"
    )
    path.write_text(plan + "resources: {crane: 1}\n", encoding="utf-8")
    assert main(["schedule", str(path), "--out", str(out), "--samples", "500"]) == 0
    assert "No schedule that keeps to them is shorter (proven)." in capsys.readouterr().out
    document = read_result(out / "schedule.json")
    assert document["resources"]["unlimited_days"] == pytest.approx(26 / 3 + 5)
    assert document["resources"]["days"] == pytest.approx(26 / 3 + 9)
    assert document["planned_days"] == pytest.approx(26 / 3 + 9)
    assert all(task["total_float_days"] == 0 for task in document["tasks"])


def test_a_milestone_has_one_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It falls on the evening of what it waits for, not on the Monday after."""
    path = tmp_path / "hall.yaml"
    path.write_text(
        "schedule: 1\nstart: 2026-03-02\ntasks:\n  A: {days: 5}\n  done: {days: 0, after: A}\n"
        "  B: {days: 1, after: done}\n"
    )
    assert main(["schedule", str(path), "--out", str(tmp_path), "--samples", "100"]) == 0
    capsys.readouterr()
    tasks = read_result(tmp_path / "schedule.json")["tasks"]
    assert [(task["start"], task["finish"]) for task in tasks] == [
        ("2026-03-02", "2026-03-06"), ("2026-03-06", "2026-03-06"), ("2026-03-09", "2026-03-09"),
    ]  # fmt: skip
