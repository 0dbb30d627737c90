"""``qtems assemble --schedule``: tasks of other programs say which clashes count, and in which order is built."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api.cli import main
from tests.api.results import read_result
from tests.geometry.readers.ifc_models import Model

NAMES = ("scaffold", "beam", "post", "post")
TASKS = (
    ("1", "A1", "Put up scaffold", "2026-03-02", "2026-03-04"),
    ("2", "A2", "Take away scaffold", "2026-03-05", "2026-03-06"),
    ("3", "A3", "beam", "2026-03-09", "2026-03-10"),
    ("4", "A4", "Paint", "2026-03-11", "2026-03-12"),
)
AWAY = """elements: 1
tasks:
  A1: {elements: [scaffold]}
  Take away scaffold: {elements: [scaffold], kind: REMOVAL}
  A3: {classes: [IfcBeam]}
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Model("mm")
    kinds = ("IfcColumn", "IfcBeam", "IfcColumn", "IfcColumn")
    places = ((0, 0, 0), (0.5, 0.5, 0.5), (9, 0, 0), (9, 5, 0))
    for name, kind, at in zip(NAMES, kinds, places, strict=True):
        made.add(kind, made.block((1.0, 1.0, 1.0)), at=at, name=name)
    return made.write(tmp_path_factory.mktemp("assemble-schedule") / "model.ifc")


def as_msp() -> str:
    tasks = "".join(
        f"<Task><UID>{key}</UID><Name>{code} {name}</Name><OutlineLevel>1</OutlineLevel><Start>{start}T08:00:00</Start>"
        f"<Finish>{finish}T17:00:00</Finish><Duration>PT16H0M0S</Duration></Task>"
        for key, code, name, start, finish in TASKS
    )
    return f"<Project><StartDate>2026-03-02T08:00:00</StartDate><Tasks>{tasks}</Tasks></Project>"


def as_xer() -> str:
    fields = "task_id\ttask_code\ttask_name\ttarget_start_date\ttarget_end_date\ttarget_drtn_hr_cnt"
    rows = [f"%R\t{key}\t{code}\t{name}\t{start} 08:00\t{finish} 17:00\t16" for key, code, name, start, finish in TASKS]
    return "\r\n".join(["ERMHDR\t20.12", "%T\tTASK", f"%F\t{fields}", *rows, "%E"])


def as_pmxml() -> str:
    tasks = "".join(
        f"<Activity><ObjectId>{key}</ObjectId><Id>{code}</Id><Name>{name}</Name><PlannedDuration>16</PlannedDuration>"
        f"<PlannedStartDate>{start}T08:00:00</PlannedStartDate>"
        f"<PlannedFinishDate>{finish}T17:00:00</PlannedFinishDate></Activity>"
        for key, code, name, start, finish in TASKS
    )
    return f"<APIBusinessObjects><Project><ObjectId>1</ObjectId>{tasks}</Project></APIBusinessObjects>"


def as_yaml() -> str:
    def days(start: str, finish: str) -> int:
        return (date.fromisoformat(finish) - date.fromisoformat(start)).days + 1

    tasks = "".join(
        f"  {code} {name}: {{days: {days(start, finish)}, not_before: {start}}}\n"
        for _, code, name, start, finish in TASKS
    )
    return f"schedule: 1\nstart: 2026-03-02\ntasks:\n{tasks}"


FORMATS = {"plan.xml": as_msp, "plan.xer": as_xer, "p6.xml": as_pmxml, "plan.yaml": as_yaml}


def study(model: Path, folder: Path, *asked: str) -> tuple[int, dict[str, Any]]:
    out = folder / "out"
    status = main(["assemble", str(model), "--out", str(out), "--quiet", "--report", "json", *asked])
    return status, read_result(out / "assembly.json") if status < 2 else {}


@pytest.mark.parametrize("name", list(FORMATS))
def test_tasks_of_any_program_say_what_is_there_when(name: str, model: Path, tmp_path: Path) -> None:
    plan, who = tmp_path / name, tmp_path / "who.yaml"
    plan.write_text(FORMATS[name](), "utf-8")
    who.write_text(AWAY, "utf-8")
    asked = ("--schedule", str(plan), "--elements", str(who))
    status, told = study(model, tmp_path, *asked, "--in-time")
    assert (status, told["clashes"]) == (0, [])
    (apart,) = told["in_time"]["excluded"]
    there = {apart[side]["name"]: apart[f"{side}_there"] for side in ("first", "second")}
    assert there == {
        "scaffold": [{"from": "2026-03-02T00:00:00", "to": "2026-03-07T00:00:00"}],
        "beam": [{"from": "2026-03-09T00:00:00", "to": None}],
    }
    assert told["in_time"]["tasks_without_elements"] == ["A4 Paint"]
    assert {told["provenance"][word]["file"] for word in ("schedule", "elements")} == {name, "who.yaml"}
    assert study(model, tmp_path, "--in-time")[0] == 2, "the model has no tasks of its own"
    status, told = study(model, tmp_path, *asked, "--tasks")
    assert [step["name"] for step in told["order"]["steps"]] == ["A3 beam"], "what is taken away is not put together"


def test_by_name_alone(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.xer"
    plan.write_text(as_xer(), "utf-8")
    status, told = study(model, tmp_path, "--schedule", str(plan), "--at", "2026-03-06")
    assert (status, told["in_time"]["with_dates"], len(told["in_time"]["excluded"])) == (0, 1, 1), (
        "only A3 is an element"
    )
    assert "3 tasks build or remove no element" in capsys.readouterr().out
    plan.write_text(as_xer().replace("\tbeam\t", "\tgirder\t"), "utf-8")
    assert study(model, tmp_path, "--schedule", str(plan), "--in-time")[0] == 2
    assert "say with --elements FILE who builds what" in capsys.readouterr().err


def test_a_table_that_a_spreadsheet_wrote(model: Path, tmp_path: Path) -> None:
    plan, who = tmp_path / "plan.xml", tmp_path / "who.csv"
    plan.write_text(as_msp(), "utf-8")
    rows = ["Task;Element;Kind", "A1;scaffold;", "2;scaffold;removal", "A3 beam;beam;", ";;", ""]
    who.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(rows).encode())
    status, told = study(model, tmp_path, "--schedule", str(plan), "--elements", str(who), "--in-time")
    assert (status, len(told["in_time"]["excluded"])) == (0, 1)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("A1:", "A9:", "line 3: tasks.A9: 'A9' is no task of the schedule"),
        ("[scaffold]}", "[scafold]}", "line 3: tasks.A1: 'scafold' is no element of the model"),
        ("[scaffold]}", "[post]}", "line 3: tasks.A1: several elements are called 'post'; give its GlobalId"),
        ("IfcBeam", "IfcDoor", "line 5: tasks.A3: no element of the model has the class 'IfcDoor'"),
        ("REMOVAL", "AWAY", "line 4: tasks.Take away scaffold.kind: 'AWAY' is none of"),
        ("{classes: [IfcBeam]}", "{}", "line 5: tasks.A3: it names no elements, classes or storeys"),
        ("elements: 1", "elements: 2", "line 1: elements: version 2 is not known"),
    ],
)
def test_a_mistake_is_told_with_its_place(
    old: str, new: str, says: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, who = tmp_path / "plan.xml", tmp_path / "who.yaml"
    plan.write_text(as_msp(), "utf-8")
    who.write_text(AWAY.replace(old, new, 1), "utf-8")
    assert study(model, tmp_path, "--schedule", str(plan), "--elements", str(who), "--in-time")[0] == 2
    assert f"{who}: {says}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("--elements", "who.yaml", "--in-time"), "add that"),
        (("--schedule", "plan.xml"), "add --in-time, --at DAY or --tasks"),
        (("--schedule", "plan.xml", "--in-time"), "plan.xml: no such file"),
    ],
)
def test_what_does_not_go_together_is_refused(
    asked: tuple[str, ...], says: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert study(model, tmp_path, *asked)[0] == 2
    assert says in capsys.readouterr().err
