"""Whatever value of a planning program's file is spoilt: it is refused with its place, or told; never a silent 0."""

# pyright: basic

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from geometry.errors import ReadError
from geometry.readers.plan_msp import plan_from_msp
from geometry.readers.plan_pmxml import plan_from_pmxml
from geometry.readers.plan_xer import plan_from_xer
from geometry.readers.plans import read_plan
from geometry.work_plan import WorkPlan, WorkTask
from simulation.errors import SimulationError
from simulation.schedule.plan import ScheduleDocument
from simulation.schedule.repair import repaired

SPOILT = ("nan", "inf", "-inf", "abc", "1e308", "1e999", "-7.25", "2026-02-31T08:00:00", "25:00:00", "99", "0", "")
PLACE = re.compile(r"(line \d+|#\d+|Project|PROJECT)\b.*: ")
NAMES = {"Name", "Title", "Id", "ObjectId", "UID", "proj_short_name", "clndr_name", "task_code", "task_name"}

MSP = """<?xml version="1.0"?>
<Project xmlns="http://schemas.microsoft.com/project">
<Title>Hall</Title><StartDate>2026-03-02T08:00:00</StartDate><StatusDate>2026-03-09T08:00:00</StatusDate>
<MinutesPerDay>480</MinutesPerDay><CalendarUID>1</CalendarUID>
<Calendars><Calendar><UID>1</UID><Name>Standard</Name><WeekDays>
<WeekDay><DayType>2</DayType><DayWorking>1</DayWorking><WorkingTimes>
<WorkingTime><FromTime>08:00:00</FromTime><ToTime>12:00:00</ToTime></WorkingTime>
<WorkingTime><FromTime>13:00:00</FromTime><ToTime>17:00:00</ToTime></WorkingTime></WorkingTimes></WeekDay>
<WeekDay><DayType>7</DayType><DayWorking>0</DayWorking></WeekDay>
<WeekDay><DayType>0</DayType><DayWorking>0</DayWorking><TimePeriod><FromDate>2026-03-05T00:00:00</FromDate>
<ToDate>2026-03-06T23:59:00</ToDate></TimePeriod></WeekDay></WeekDays></Calendar></Calendars><Tasks>
<Task><UID>1</UID><Name>Dig</Name><OutlineLevel>1</OutlineLevel><Duration>PT40H0M0S</Duration>
<DurationFormat>7</DurationFormat><PercentComplete>40</PercentComplete><ActualStart>2026-03-02T08:00:00</ActualStart></Task>
<Task><UID>2</UID><Name>Pour</Name><OutlineLevel>1</OutlineLevel><Duration>PT16H0M0S</Duration>
<DurationFormat>7</DurationFormat><ConstraintType>4</ConstraintType><ConstraintDate>2026-03-20T08:00:00</ConstraintDate>
<CalendarUID>1</CalendarUID>
<PredecessorLink><PredecessorUID>1</PredecessorUID><Type>1</Type><LinkLag>4800</LinkLag><LagFormat>7</LagFormat>
</PredecessorLink></Task></Tasks></Project>"""

P6 = """<?xml version="1.0"?>
<APIBusinessObjects><Calendar><ObjectId>11</ObjectId><Name>Week</Name><HoursPerDay>8</HoursPerDay><IsDefault>1</IsDefault>
<StandardWorkWeek>
<StandardWorkHours><DayOfWeek>Monday</DayOfWeek><WorkTime><Start>08:00:00</Start><Finish>15:59:00</Finish></WorkTime></StandardWorkHours>
<StandardWorkHours><DayOfWeek>Tuesday</DayOfWeek><WorkTime><Start>08:00:00</Start><Finish>15:59:00</Finish></WorkTime></StandardWorkHours>
</StandardWorkWeek>
<HolidayOrExceptions><HolidayOrException><Date>2026-03-10T00:00:00</Date></HolidayOrException></HolidayOrExceptions></Calendar>
<Project><ObjectId>7</ObjectId><Id>Hall</Id><ActivityDefaultCalendarObjectId>11</ActivityDefaultCalendarObjectId>
<PlannedStartDate>2026-03-02T08:00:00</PlannedStartDate><DataDate>2026-03-02T08:00:00</DataDate>
<RelationshipLagCalendar>Predecessor Activity Calendar</RelationshipLagCalendar>
<Activity><ObjectId>1</ObjectId><Id>A1</Id><Name>Dig</Name><Type>Task Dependent</Type>
<CalendarObjectId>11</CalendarObjectId>
<PlannedDuration>40</PlannedDuration><RemainingDuration>40</RemainingDuration>
<PlannedStartDate>2026-03-02T08:00:00</PlannedStartDate>
<PhysicalPercentComplete>0.2</PhysicalPercentComplete><PercentCompleteType>Physical</PercentCompleteType></Activity>
<Activity><ObjectId>2</ObjectId><Id>A2</Id><Name>Pour</Name><Type>Task Dependent</Type>
<CalendarObjectId>11</CalendarObjectId>
<PlannedDuration>16</PlannedDuration><PrimaryConstraintType>Start On or After</PrimaryConstraintType>
<PrimaryConstraintDate>2026-04-20T08:00:00</PrimaryConstraintDate>
<ActualStartDate>2026-03-02T08:00:00</ActualStartDate></Activity>
<Relationship><PredecessorActivityObjectId>1</PredecessorActivityObjectId><SuccessorActivityObjectId>2</SuccessorActivityObjectId>
<Type>Finish to Start</Type><Lag>8</Lag></Relationship></Project></APIBusinessObjects>"""

_WEEK = "".join(f"(0||{day}()({'' if day in (1, 7) else '(0||0(s|08:00|f|16:00)())'}))" for day in range(1, 8))
XER = "\r\n".join(
    [
        "ERMHDR\t19.12",
        "%T\tPROJECT", "%F\tproj_id\tproj_short_name\tclndr_id\tplan_start_date\tlast_recalc_date",
        "%R\t7\tHall\t1\t2026-03-02 08:00\t2026-03-02 08:00",
        "%T\tSCHEDOPTIONS", "%F\tsched_calendar_on_relationship_lag", "%R\trcal_Predecessor",
        "%T\tCALENDAR", "%F\tclndr_id\tdefault_flag\tclndr_name\tday_hr_cnt\tclndr_data",
        f"%R\t1\tY\tWeek\t8\t(0||CalendarData()((0||DaysOfWeek()({_WEEK}))(0||Exceptions()((0||0(d|46087)()))))",
        "%T\tTASK", "%F\ttask_id\tproj_id\tclndr_id\ttask_code\ttask_name\ttask_type\ttarget_drtn_hr_cnt\tcstr_type\t"
        "cstr_date\tremain_drtn_hr_cnt\tphys_complete_pct\tcomplete_pct_type\tact_start_date",
        "%R\t1\t7\t1\tA1\tDig\tTT_Task\t40\t\t\t40\t20\tCP_Phys\t",
        "%R\t2\t7\t1\tA2\tPour\tTT_Task\t16\tCS_MSOA\t2026-04-20 08:00\t16\t0\tCP_Drtn\t2026-03-02 08:00",
        "%T\tTASKPRED", "%F\ttask_id\tpred_task_id\tpred_type\tlag_hr_cnt", "%R\t2\t1\tPR_FS\t8", "%E",
    ]
)  # fmt: skip

IFC_TIMES = ("P5D", "P2D", "P1D", "2026-03-02T08:00:00", "2026-03-20T17:00:00", "0.25", "2026-04-03")


def leaves(text: str) -> Iterator[tuple[str, str]]:
    """Yield the name of every value of a file of XML, and the file with a hole in its place."""
    for found in re.finditer(r"<(\w+)>([^<>]+)</\1>", text):
        if found[1] not in NAMES:
            yield f"{found[1]} at {found.start()}", f"{text[: found.start(2)]}\0{text[found.end(2) :]}"


def cells(text: str) -> Iterator[tuple[str, str]]:
    """Yield every value of a file of XER: cells, and times and days within calendars."""
    heads, lines = [""], text.split("\r\n")
    for at, line in enumerate(lines):
        parts = line.split("\t")
        heads = parts if parts[0] == "%F" else heads
        for k, cell in enumerate(parts[1:], start=1) if parts[0] == "%R" else ():
            if heads[k] not in {*NAMES, "clndr_data", "task_id", "proj_id", "default_flag"} and cell:
                spoilt = "\t".join([*parts[:k], "\0", *parts[k + 1 :]])
                yield f"{heads[k]} in line {at + 1}", "\r\n".join([*lines[:at], spoilt, *lines[at + 1 :]])
    for found in re.finditer(r"(?<=s\|)08:00|(?<=f\|)16:00|(?<=\(d\|)46087", text):
        yield f"calendar at {found.start()}", f"{text[: found.start()]}\0{text[found.end() :]}"


def means(document: ScheduleDocument) -> tuple:
    """Return what is computed from a document."""
    tasks = [(task.planned, task.links, task.earliest, task.own) for task in document.network.tasks]
    return tasks, document.calendar, document.reported, document.status_day


def judge(read, spoilt: bytes, sound: ScheduleDocument, what: str) -> str:
    """Return how a spoilt file ends: refused, told, the same, or in silence."""
    try:
        found = repaired(read(spoilt))
    except (ReadError, SimulationError) as error:
        text = str(error)
        return "refused" if PLACE.search(text) and "\n" not in text else f"{what}: no place: {error}"
    if means(found) == means(sound):
        return "same"
    return "told" if set(found.repairs) - set(sound.repairs) or set(found.notes) - set(sound.notes) else "silent"


SOUND = {  # a value that may be: these are other plans, not spoilt ones
    "0": "Lag|LinkLag|MinutesPerDay|PlannedDuration|RemainingDuration|DataDate|drtn|lag|pct|Percent|DayType|"
    "DayWorking|OutlineLevel|Type|LagFormat|DurationFormat|IsDefault|calendar",
    "99": "Duration|Lag|LinkLag|drtn|lag|pct|Percent|MinutesPerDay|OutlineLevel|LagFormat|DurationFormat|calendar",
    "-7.25": "Lag|LinkLag|lag", "1e308": "", "": "",
}  # fmt: skip
ABSENT = re.compile(
    "Lag|Type|Percent|Date|date|Status|Actual|Default|lag_|pct|cstr|remain|Remaining|Working|HoursPerDay|day_hr|Outline"
    "|MinutesPerDay|Format|sched|CalendarUID|CalendarObjectId|clndr_id|DayOfWeek|Time|Start|Finish|calendar|Constraint|act_"
)
"""What a file need not say."""


@pytest.mark.parametrize(
    ("read", "text", "values"),
    [(plan_from_msp, MSP, leaves), (plan_from_pmxml, P6, leaves), (plan_from_xer, XER, cells)],
    ids=["msp", "pmxml", "xer"],
)
def test_every_spoilt_value_is_refused_with_its_place_or_told(read, text: str, values) -> None:
    sound, refused, silent = repaired(read(text.encode())), 0, []
    assert sound.network.times(_planned(sound)).end > 7.0
    for what, hole in values(text):
        for spoilt in SPOILT:
            if (spoilt == "" and ABSENT.search(what)) or re.search(SOUND.get(spoilt) or "^$", what):
                continue
            how = judge(read, hole.replace("\0", spoilt).encode(), sound, f"{what} = {spoilt!r}")
            refused += how == "refused"
            if how not in ("refused", "same", "told"):
                silent.append(f"{what} = {spoilt!r}: {how}")
    assert not silent, "\n".join(silent)
    assert refused > 100


def _planned(document: ScheduleDocument):
    import numpy as np

    return np.array([task.planned for task in document.network.tasks])


@pytest.mark.parametrize("said", ["nan", "-8", "inf", "abc", "", "1e308"])
def test_a_duration_that_is_none_is_refused_in_every_format(said: str, tmp_path: Path) -> None:
    hours = f"PT{said}H0M0S" if said else ""
    files = {
        "a.xml": MSP.replace("<Duration>PT16H0M0S</Duration>", f"<Duration>{hours}</Duration>"),
        "b.xml": P6.replace("<PlannedDuration>16<", f"<PlannedDuration>{said}<"),
        "c.xer": XER.replace("TT_Task\t16\t", f"TT_Task\t{said}\t"),
        "d.ifc": ifc_text().replace("'P2D'", f"'P{said}D'" if said else "$"),
    }
    for name, content in files.items():
        path = tmp_path / name
        path.write_text(content)
        with pytest.raises((ReadError, SimulationError), match=r"(line \d+|#\d+).*Pour"):
            repaired(read_plan(path))


def ifc_text() -> str:
    ifcopenshell = pytest.importorskip("ifcopenshell")
    from ifcopenshell.api import sequence

    model = ifcopenshell.file(schema="IFC4")
    model.create_entity("IfcProject", GlobalId=ifcopenshell.guid.new(), Name="Hall")
    work = sequence.add_work_schedule(model, name="Hall")
    calendar = sequence.add_work_calendar(model, name="Week")
    pattern = model.create_entity("IfcRecurrencePattern", "WEEKLY", None, [1, 2, 3, 4, 5])
    calendar.WorkingTimes = [model.create_entity("IfcWorkTime", None, None, None, pattern)]
    off = model.create_entity("IfcWorkTime")
    off[4], off[5] = "2026-04-03", "2026-04-03"
    calendar.ExceptionTimes = [off]
    tasks = [sequence.add_task(model, work_schedule=work, name=name) for name in ("Dig", "Pour")]
    for task, days in zip(tasks, ("P5D", "P2D"), strict=True):
        model.create_entity("IfcRelAssignsToControl", ifcopenshell.guid.new(), None, None, None, [task], None, calendar)
        time = sequence.add_task_time(model, task=task)
        time.ScheduleDuration, time.DurationType = days, "WORKTIME"
    tasks[0].TaskTime.ScheduleStart, tasks[0].TaskTime.Completion = "2026-03-02T08:00:00", 0.25
    tasks[1].TaskTime.ActualStart = "2026-03-20T17:00:00"
    link = sequence.assign_sequence(model, relating_process=tasks[0], related_process=tasks[1])
    lag = model.create_entity("IfcDuration", "P1D")
    link.TimeLag = model.create_entity("IfcLagTime", None, None, None, lag, "WORKTIME")
    return model.to_string()


def test_every_spoilt_value_of_an_ifc_is_refused_with_its_place(tmp_path: Path) -> None:
    from geometry.readers.plan_ifc import _plan, plan_in

    ifcopenshell, text = pytest.importorskip("ifcopenshell"), ifc_text()

    def read(content: bytes) -> WorkPlan:
        return _plan(Path("hall.ifc"), plan_in(ifcopenshell.file.from_string(content.decode())))

    sound = repaired(read(text.encode()))
    assert sound.calendar is not None
    assert (sound.calendar.week, sound.calendar.holidays) == ("1111100", (date(2026, 4, 3),))
    assert sound.network.tasks[1].links[0].lag == 1.0
    for value in IFC_TIMES:
        quoted = value == "0.25"
        assert (value if quoted else f"'{value}'") in text, value
        for spoilt in (
            ("7.5", "-7.25", "1e308", "101.") if quoted else ("nan", "abc", "P1M", "-P", "2026-02-31", "P1e9D")
        ):
            written = text.replace(value, spoilt) if quoted else text.replace(f"'{value}'", f"'{spoilt}'")
            how = judge(read, written.encode(), sound, f"{value} = {spoilt}")
            assert how == "refused" or spoilt == "7.5", f"{value} = {spoilt}: {how}"


def test_where_several_are_wrong_the_others_are_named() -> None:
    spoilt = MSP.replace("PT40H0M0S", "long").replace("<LinkLag>4800", "<LinkLag>soon").replace("PT16H0M0S", "longer")
    with pytest.raises(ReadError) as caught:
        plan_from_msp(spoilt.encode())
    assert str(caught.value) == (
        "line 12, UID 1: Dig: its Duration is 'long', which is no duration such as PT16H0M0S; "
        "more is wrong in line 14, UID 2, line 17, UID 2"
    )


def test_a_number_that_two_tasks_have_is_refused_only_where_a_link_names_it() -> None:
    twice = MSP.replace("<UID>2</UID><Name>Pour", "<UID>1</UID><Name>Pour")
    with pytest.raises(ReadError, match=r"line 14, UID 1: Pour: another task has its number '1', too"):
        plan_from_msp(twice.encode())
    unlinked = re.sub("<PredecessorLink>.*</PredecessorLink>", "", twice, flags=re.DOTALL)
    assert "twice" in {one.kind for one in repaired(plan_from_msp(unlinked.encode())).repairs}


def test_a_ring_is_told_with_its_place() -> None:
    tasks = (WorkTask("1", "Dig", "line 3", days=1.0),)
    from geometry.work_plan import WorkLink

    with pytest.raises(SimulationError, match=r"^line 3: these tasks wait for each other: Dig → Dig$"):
        repaired(WorkPlan("", tasks, (WorkLink("1", "1", "FS", "line 4"),)))


def test_a_calendar_without_working_time_is_refused_where_work_goes_by_it() -> None:
    idle = re.sub(r"\(s\|08:00\|f\|16:00\)", "", XER)
    with pytest.raises(ReadError, match="line 10, CALENDAR Week: no day is worked"):
        plan_from_xer(idle.encode())
    days = "".join(f"<WeekDay><DayType>{k}</DayType><DayWorking>0</DayWorking></WeekDay>" for k in range(1, 8))
    with pytest.raises(ReadError, match="Calendar Standard: no day is worked"):
        plan_from_msp(re.sub("<WeekDays>.*</WeekDays>", f"<WeekDays>{days}</WeekDays>", MSP, flags=re.DOTALL).encode())
