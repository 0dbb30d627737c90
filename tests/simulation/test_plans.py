"""Schedules of planning programs: one textbook project in three formats, IfcOpenShell's own answer, dirty files."""

# pyright: basic

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geometry.errors import ReadError
from geometry.note import in_file
from geometry.readers.plan_msp import plan_from_msp
from geometry.readers.plan_xer import plan_from_xer
from geometry.readers.plans import read_plan
from simulation.errors import SimulationError
from simulation.schedule.conditions import with_conditions
from simulation.schedule.document import read_schedule
from simulation.schedule.plan import ScheduleDocument
from simulation.schedule.repair import repaired
from tests.simulation.test_schedule import RELIABLE
from twin.rehearsal.said import Said

START = date(2026, 3, 2)
MEANS = {name: (low + 4 * mode + high) / 6 for name, (low, mode, high, _) in RELIABLE.items()}
LINKS = [(before, name) for name, (_, _, _, befores) in RELIABLE.items() for before in befores]


def ifc_model() -> tuple[Any, Any]:
    ifcopenshell = pytest.importorskip("ifcopenshell")
    from ifcopenshell.api import sequence

    model = ifcopenshell.file(schema="IFC4")
    model.create_entity("IfcProject", GlobalId=ifcopenshell.guid.new(), Name="Reliable")
    work = sequence.add_work_schedule(model, name="Reliable")
    tasks = {name: sequence.add_task(model, work_schedule=work, name=name) for name in RELIABLE}
    for name, task in tasks.items():
        time = sequence.add_task_time(model, task=task)
        time.ScheduleDuration, time.DurationType = f"P{MEANS[name]:.0f}D", "ELAPSEDTIME"
        if name == "A":
            time.ScheduleStart = f"{START}T09:00:00"
    for before, after in LINKS:
        sequence.assign_sequence(model, relating_process=tasks[before], related_process=tasks[after])
    return model, work


def msp(tasks: str) -> bytes:
    return f"""<?xml version="1.0"?><Project xmlns="http://schemas.microsoft.com/project">
<Title>Reliable</Title><StartDate>{START}T08:00:00</StartDate><MinutesPerDay>480</MinutesPerDay><CalendarUID>1</CalendarUID>
<Calendars><Calendar><UID>1</UID><Name>Standard</Name><WeekDays>
<WeekDay><DayType>1</DayType><DayWorking>0</DayWorking></WeekDay><WeekDay><DayType>7</DayType><DayWorking>0</DayWorking></WeekDay>
<WeekDay><DayType>0</DayType><DayWorking>0</DayWorking><TimePeriod><FromDate>2026-04-03T00:00:00</FromDate>
<ToDate>2026-04-06T23:59:00</ToDate></TimePeriod></WeekDay></WeekDays></Calendar>
<Calendar><UID>2</UID><Name>Round the clock</Name><WeekDays>
{"".join(f"<WeekDay><DayType>{k}</DayType><DayWorking>1</DayWorking></WeekDay>" for k in range(1, 8))}
</WeekDays></Calendar></Calendars>
<Tasks><Task><UID>0</UID><Name>Reliable</Name><OutlineLevel>0</OutlineLevel></Task>
{tasks}</Tasks></Project>""".encode()


def msp_task(uid: int, name: str, hours: float | None, more: str = "", links: str = "", level: int = 1) -> str:
    duration = "" if hours is None else f"<Duration>PT{hours:.0f}H0M0S</Duration><DurationFormat>7</DurationFormat>"
    return (
        f"<Task><UID>{uid}</UID><Name>{name}</Name><OutlineLevel>{level}</OutlineLevel>{duration}{more}{links}</Task>\n"
    )


def waits(uid: object, kind: int = 1, lag: object = 0, form: int = 7) -> str:
    return (
        f"<PredecessorLink><PredecessorUID>{uid}</PredecessorUID><Type>{kind}</Type><LinkLag>{lag}</LinkLag>"
        f"<LagFormat>{form}</LagFormat></PredecessorLink>"
    )


def xer(tasks: list[str], links: list[str], more: str = "") -> bytes:
    week = "".join(f"(0||{day}()({'' if day in (1, 7) else '(0||0(s|08:00|f|16:00)())'}))" for day in range(1, 8))
    return "\r\n".join(
        [
            "ERMHDR\t19.12\t2026-03-01\tProject\tadmin\tadmin\tdb\tProject Management\tEUR",
            "%T\tCALENDAR", "%F\tclndr_id\tdefault_flag\tclndr_name\tday_hr_cnt\tclndr_data",
            f"%R\t1\tY\tStandard\t8\t(0||CalendarData()((0||DaysOfWeek()({week}))(0||Exceptions()((0||0(d|46115)()))))",
            "%T\tPROJECT", "%F\tproj_id\tproj_short_name\tclndr_id\tplan_start_date",
            f"%R\t7\tReliable\t1\t{START} 08:00",
            "%T\tTASK", "%F\ttask_id\tproj_id\tclndr_id\ttask_code\ttask_name\ttask_type\t"
            "target_drtn_hr_cnt\tcstr_type\tcstr_date",
            *tasks,
            "%T\tTASKPRED", "%F\ttask_pred_id\ttask_id\tpred_task_id\tpred_type\tlag_hr_cnt", *links, "%E", more,
        ]
    ).encode("cp1252")  # fmt: skip


def reliable_in(kind: str, folder: Path) -> ScheduleDocument:
    uids = {name: index + 1 for index, name in enumerate(RELIABLE)}
    path = folder / f"reliable.{kind}"
    if kind == "ifc":
        ifc_model()[0].write(str(path))
    elif kind == "xml":
        texts = [
            msp_task(uids[name], name, 8 * MEANS[name], links="".join(waits(uids[b]) for b in RELIABLE[name][3]))
            for name in RELIABLE
        ]
        path.write_bytes(msp("".join(texts)))
    else:
        tasks = [f"%R\t{uids[n]}\t7\t1\t\t{n}\tTT_Task\t{8 * MEANS[n]:g}\t\t" for n in RELIABLE]
        links = [f"%R\t{k}\t{uids[after]}\t{uids[before]}\tPR_FS\t0" for k, (before, after) in enumerate(LINKS)]
        path.write_bytes(xer(tasks, links))
    return repaired(read_plan(path))


@pytest.mark.parametrize("kind", ["ifc", "xml", "xer"])
def test_one_project_in_three_formats(kind: str, tmp_path: Path) -> None:
    document = reliable_in(kind, tmp_path)
    network = document.network
    assert document.name == "Reliable"
    assert [task.name for task in network.tasks] == list(RELIABLE)
    planned = np.array([task.planned for task in network.tasks])
    times = network.times(planned)
    assert times.end == 44.0
    assert [network.tasks[k].name for k in network.critical_path(planned)] == list("ABCEFJLN")
    slack = dict(zip(RELIABLE, times.total_float, strict=True))
    assert {name: days for name, days in slack.items() if days} == {"D": 4, "G": 4, "H": 4, "M": 4, "I": 2, "K": 1}
    assert document.calendar is not None
    assert document.calendar.start == START
    assert document.calendar.week == ("1111111" if kind == "ifc" else "1111100")
    # 44 working days end on 30 April without holidays; in one file there are two, in one there is one
    ends = {"ifc": date(2026, 4, 14), "xml": date(2026, 5, 4), "xer": date(2026, 5, 1)}
    assert document.calendar.day(44.0) == ends[kind]
    assert {one.kind for one in document.repairs} == ({"no_calendar"} if kind == "ifc" else set())


def test_critical_path_and_floats_are_those_of_ifcopenshell() -> None:
    from geometry.readers.plan_ifc import _plan, plan_in  # pyright: ignore[reportPrivateUsage]

    model, work = ifc_model()
    from ifcopenshell.api import sequence
    from ifcopenshell.util import date as ifc_date

    ifc2datetime: Any = ifc_date.ifc2datetime

    document = repaired(_plan(Path("reliable.ifc"), plan_in(model)))
    sequence.recalculate_schedule(model, work_schedule=work)
    times = document.network.times(np.array([task.planned for task in document.network.tasks]))
    for index, task in enumerate(document.network.tasks):
        said = next(one.TaskTime for one in model.by_type("IfcTask") if one.Name == task.name)
        assert times.total_float[index] == ifc2datetime(said.TotalFloat).days, task.name
        assert bool(times.critical[index]) == said.IsCritical
        assert document.calendar is not None
        assert document.calendar.day(times.start[index] + 1.0) == ifc2datetime(said.EarlyStart).date()
        assert document.calendar.day(times.finish[index]) == ifc2datetime(said.EarlyFinish).date()


def kinds(document: ScheduleDocument) -> dict[str, str]:
    return {one.kind: f"{one.place}: {one.text}" for one in document.repairs}


def test_a_dirty_ms_project_file_is_mended_and_every_mend_is_told() -> None:
    dates = "<Start>2026-03-02T08:00:00</Start><Finish>2026-03-06T17:00:00</Finish>"
    milestone = "<Milestone>1</Milestone><ConstraintType>3</ConstraintType>"
    tasks = [
        msp_task(1, "Shell", 80, "<Summary>1</Summary>"),
        msp_task(2, "Walls", 40, level=2),
        msp_task(3, "Slab", 16, links=waits(2, 3, 9600), level=2),  # SS + 2 days
        msp_task(4, "Slab", None, dates, waits(1) + waits(99) + waits(3, 1, 4800) + waits(3)),
        msp_task(5, "Handed over", 8, milestone, waits(4, 1, 50, 19)),
        msp_task(6, "Cure", 56, "<CalendarUID>2</CalendarUID>", waits(4)),
        msp_task(7, "Paint", 0, links=waits(6, 1, 100800, 8)),  # seven elapsed days
        msp_task(10, "Off", 8, "<Active>0</Active>"),
        msp_task(9, "Mop", 8, "<Manual>1</Manual>", waits(2, 1, "-PT16H0M0S")),
        msp_task(8, "Twin", 8, links=waits(7)),
        msp_task(8, "Triplet", 8),
    ]  # fmt: skip
    document = repaired(plan_from_msp(msp("".join(tasks))))
    found = kinds(document)
    assert set(found) == {
        "same_name", "days_from_dates", "unknown_task", "double_link", "milestone_lasts", "constraint", "own_calendar",
        "common_calendar", "inactive", "twice", "manual",
    }  # fmt: skip
    assert found["unknown_task"].startswith("line 14, UID 4: Slab [4]: a link with the task 99")
    assert "must finish on" in found["constraint"]
    tasks = {task.name: task for task in document.network.tasks}
    assert "Shell" not in tasks
    assert {name: task.planned for name, task in tasks.items()} == {
        "Walls": 5, "Slab": 2, "Slab [4]": 5, "Handed over": 1, "Cure": 7, "Paint": 0, "Mop": 1, "Twin": 1,
        "Triplet": 1,
    }, "curing starts on a Saturday, so weekends count"  # fmt: skip
    names = list(tasks)
    links = {(names[link.before], link.relation.value, link.lag) for link in tasks["Slab [4]"].links}
    assert links == {("Walls", "FS", 2.0), ("Slab", "FS", 3.0)}, "the summary's ends, the longer of two lags, a weekend"
    assert tasks["Handed over"].links[0].lag == pytest.approx(4.5), "half of the five days before, and a weekend"
    assert tasks["Paint"].links[0].lag == pytest.approx(7.0)
    assert tasks["Mop"].links[0].lag == pytest.approx(-2.0), "written as a duration"


def test_a_dirty_p6_file_is_mended_and_every_mend_is_told() -> None:
    content = xer(
        [
            "%R\t1\t7\t1\tA1\tDig\tTT_Task\t40\tCS_MSOA\t2026-03-09 08:00",
            "%R\t2\t7\t1\tA2\tPour\tTT_Task\t16\tCS_MANDFIN\t2026-03-20 17:00",
            "%R\t3\t7\t1\tA3\tSite\tTT_LOE\t400\t\t",
            "%R\t4\t7\t1\tA4\tDone\tTT_FinMile\t0\t\t",
            "%R\t5\t7\t1\tA5\tLate\tTT_Task\t4,5\t\t",
        ],
        [
            "%R\t1\t2\t1\tPR_FF\t8", "%R\t2\t3\t1\tPR_SS\t0", "%R\t3\t4\t2\tPR_FS\t0", "%R\t4\t4\t77\tPR_FS\t0",
            "%R\t5\t5\t2\tPR_FS\t-8,0",
        ],
    )  # fmt: skip
    document = repaired(plan_from_xer(content))
    found = kinds(document)
    assert set(found) == {
        "constraint", "spanning", "spanning_link", "unknown_task",
    }  # fmt: skip
    assert found["spanning"].startswith("line 12, TASK A3: A3 Site spans other tasks")
    tasks = document.network.tasks
    assert (tasks[0].earliest, tasks[0].planned) == (5.0, 5.0)
    assert (tasks[1].links[0].relation.value, tasks[1].links[0].lag) == ("FF", 1.0)
    assert (tasks[3].planned, tasks[3].links[0].lag) == (4.5 / 8.0, -1.0), "decimal commas"


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("基础开挖", "gb18030"),
        ("镕基 beam", "gb18030"),
        ("Décoffrage été", "cp1252"),
        ("Träger Süd", "cp1252"),
        ("梁", "utf-8"),
    ],
)
def test_names_in_the_code_page_of_the_machine(name: str, encoding: str) -> None:
    text = (
        xer(["%R\t1\t7\t1\tA1\tNAME\tTT_Task\t40\t\t"], [])
        .decode()
        .replace("NAME", f"{name} 混凝土" if encoding == "gb18030" else name)
    )
    assert name in plan_from_xer(text.encode(encoding)).tasks[0].name


def test_a_ring_is_refused_with_its_names_and_a_note_broken_over_lines_is_read() -> None:
    two = "".join([msp_task(1, "Walls", 8, links=waits(2)), msp_task(2, "Roof", 8, links=waits(1))])
    with pytest.raises(SimulationError, match=r"Walls → Roof → Walls|Roof → Walls → Roof"):
        repaired(plan_from_msp(msp(two)))
    task = "%R\t1\t7\t1\tA1\tDig\r\ndeep\tTT_Task\t16\t\t"
    assert repaired(plan_from_xer(xer([task], []))).network.tasks[0].planned == 2.0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Project>&b;</Project>', "DOCTYPE"),
        (b"<Project><Tasks>", "no XML that can be read"),
        (b"<Project><Tasks>" + 70 * b"<a>", "nests deeper"),
        (b"<html/>", "no schedule of MS Project"),
        (b"<APIBusinessObjects/>", "no Activity"),
        (b"", "empty"),
        (b"\0\1\2", "no XML that can be read"),
        (b"ERMHDR\t1\r\n%T\tTASK\r\n%R\t1\r\n", "line 3: a row"),
        (b"ERMHDR\t1\r\n%E\r\n", "no table TASK"),
    ],
)
def test_what_is_no_plan_is_refused_in_one_line(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.xml"
    path.write_bytes(content)
    with pytest.raises(ReadError) as caught:
        read_plan(path)
    assert says in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_beyond_all_measure_is_refused() -> None:
    with pytest.raises(SimulationError, match=r"UID 1: Dig: .* not between 0 and 1e\+06"):
        repaired(plan_from_msp(msp(msp_task(1, "Dig", 1e12))))


def test_conditions_give_a_plan_its_spread_trades_and_resources() -> None:
    plan = repaired(plan_from_msp(msp(msp_task(1, "Dig", 80) + msp_task(2, "Pour", 40, links=waits(1)))))
    text = (
        "conditions: 1\nspread: {optimistic: 0.9, pessimistic: 1.5}\n"
        "trades: {concrete: {optimistic: 0.5, pessimistic: 3}}\n"
        "tasks: {Pour: {trade: concrete, needs: {crane: 1}}}\nresources: {crane: 1}\n"
        "risks: {rain: {probability: 0.5, factor: 2, tasks: [Dig]}}\ndeadline: 17\n"
    )
    found = with_conditions(plan, text.encode())
    dig, pour = found.network.tasks
    ends = np.array([0.0, 1.0])
    assert dig.duration.quantile(ends).tolist() == [9.0, 15.0]
    assert pour.duration.quantile(ends).tolist() == [2.5, 15.0]
    assert (pour.trade, dict(pour.needs), found.deadline, found.risks[0].tasks) == (
        "concrete",
        {"crane": 1},
        17.0,
        (0,),
    )
    assert [task.planned for task in found.network.tasks] == [10.0, 5.0]
    for old, new, says in (
        ("Pour:", "Por:", "there is no task 'Por' (did you mean Pour?)"),
        ("optimistic: 0.9", "optimistic: 1.9", "1.9 is more than 1"),
        ("{crane: 1}\nrisks", "{}\nrisks", "there is no resource 'crane'"),
        ("trades: {concrete", "trades: {steel", "no task is of this trade"),
    ):
        with pytest.raises(SimulationError) as caught:
            with_conditions(plan, text.replace(old, new).encode())
        assert says in str(caught.value)
    assert "nothing varies" in with_conditions(plan, None).notes[-1]


def test_places_in_notes_are_said_in_both_languages_and_names_as_they_are_written() -> None:
    """A task called ``line 3`` keeps its name; the line of the file that it stands in is said in the reader's words."""
    tasks = "".join(f"  line {k}: {{days: 1}}\n" for k in range(3, 13))
    notes = read_schedule(f"schedule: 1\ntasks:\n{tasks}".encode()).notes
    first = next(note for note in notes if "wait for nothing" in note)
    assert str(first).startswith("line 3 (line 3), line 4 (line 4), ")
    assert " (+2): these tasks wait for nothing" in first
    chinese = Said("zh").note(first)
    assert chinese.startswith("line 3（第 3 行）、line 4（第 4 行）、")
    assert "（另有 2 项）：" in chinese
    assert Said("zh").note(in_file("line 4, TASK A1")) == "第 4 行，TASK A1"
    assert [in_file(place) for place in ("line 4, TASK A1", "line 1,204", "UID 7", "")] == [
        "line 4, TASK A1", "line 1,204", "UID 7", "",
    ]  # fmt: skip
