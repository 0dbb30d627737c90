"""Primavera P6: its own XML and its XER mean the same plan; calendars, lags and constraints as P6 counts them."""

# pyright: basic

from datetime import date, timedelta
from xml.sax.saxutils import escape

import numpy as np
import pytest

from geometry.errors import ReadError
from geometry.readers.plan_pmxml import plan_from_pmxml
from geometry.readers.plan_xer import plan_from_xer
from geometry.work_plan import WorkPlan

START = date(2026, 3, 2)
NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
RELATIONS = {"FS": "Finish to Start", "SS": "Start to Start", "FF": "Finish to Finish", "SF": "Start to Finish"}
KINDS = {
    "TT_Task": "Task Dependent", "TT_Mile": "Start Milestone", "TT_FinMile": "Finish Milestone",
    "TT_LOE": "Level of Effort", "TT_WBS": "WBS Summary", "TT_Rsrc": "Resource Dependent",
}  # fmt: skip
CONSTRAINTS = {
    "": "", "CS_MSOA": "Start On or After", "CS_MSO": "Start On", "CS_MEOB": "Finish On or Before",
    "CS_ALAP": "As Late As Possible", "CS_MANDFIN": "Mandatory Finish",
}  # fmt: skip
LAGS = {
    "rcal_Predecessor": "Predecessor Activity Calendar", "rcal_Successor": "Successor Activity Calendar",
    "rcal_ProjDefault": "Project Default Calendar", "rcal_24Hour": "24 Hour Calendar",
}  # fmt: skip


def clock(minute: int) -> str:
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"


def random_project(seed: int) -> dict:
    rng = np.random.default_rng(seed)

    def day_hours() -> list[tuple[int, int]]:
        begin = 60 * int(rng.integers(6, 9))
        if rng.random() < 0.5:
            return [(begin, begin + 60 * int(rng.integers(4, 11)))]
        return [(begin, 720), (780, 780 + 60 * int(rng.integers(2, 6)))]

    calendars = {}
    for key in ("11", "12", "13"):
        usual = day_hours()
        week = [usual if day < 5 or rng.random() < 0.3 else [] for day in range(7)]
        off = {START + timedelta(days=int(d)): [] for d in rng.integers(0, 60, 3)}
        off |= {START + timedelta(days=int(d)): day_hours() for d in rng.integers(0, 60, 2)}
        calendars[key] = (float(rng.choice([8.0, 7.5, 10.0])), week, off, "11" if key == "13" else "")
    tasks = [
        {
            "id": str(100 + k), "code": f"A{k}", "name": f"Task <{k}> & more",
            "calendar": str(rng.choice(["11", "12", "13"])),
            "hours": float(rng.choice([0, 8, 20, 37.5, 80])), "kind": str(rng.choice([*KINDS, "TT_Task", "TT_Task"])),
            "constraint": str(rng.choice([*CONSTRAINTS])), "second": str(rng.choice(["", "", "CS_MSOA", "CS_MEOB"])),
            "day": START + timedelta(days=int(rng.integers(0, 30))), "left": float(rng.choice([0.0, 4.0, 8.0])),
            "physical": float(rng.choice([0.0, 0.25, 1.0])), "by": bool(rng.random() < 0.5),
            "done": bool(rng.random() < 0.2),
        }
        for k in range(12)
    ]  # fmt: skip
    links = [
        (
            str(100 + int(rng.integers(0, k))),
            str(100 + k),
            str(rng.choice([*RELATIONS])),
            float(rng.choice([0, 8, -4, 37.5])),
        )
        for k in range(1, 12)
    ]
    return {"calendars": calendars, "tasks": tasks, "links": links, "lags": str(rng.choice([*LAGS]))}


def as_xer(project: dict) -> bytes:
    def times(day: list[tuple[int, int]]) -> str:
        return "".join(f"(0||{k}(s|{clock(b)}|f|{clock(e)})())" for k, (b, e) in enumerate(day))

    def data(week: list, off: dict) -> str:
        days = "".join(f"(0||{(at + 1) % 7 + 1}()({times(week[at])}))" for at in range(7))
        ends = "".join(
            f"(0||{k}(d|{(day - date(1899, 12, 30)).days})({times(h)}))" for k, (day, h) in enumerate(off.items())
        )
        return f"(0||CalendarData()((0||DaysOfWeek()({days}))(0||Exceptions()({ends}))))"

    rows = [
        ["ERMHDR", "20.12"],
        ["%T", "PROJECT"], ["%F", "proj_id", "proj_short_name", "clndr_id", "plan_start_date", "last_recalc_date"],
        ["%R", "1", "Hall", "11", f"{START} 08:00", f"{START} 08:00"],
        ["%T", "SCHEDOPTIONS"], ["%F", "sched_calendar_on_relationship_lag"], ["%R", project["lags"]],
        ["%T", "CALENDAR"], ["%F", "clndr_id", "default_flag", "clndr_name", "day_hr_cnt", "clndr_data",
        "base_clndr_id"],
        *(["%R", k, "N", f"C{k}", f"{h:g}", data(w, off), base] for k, (h, w, off,
          base) in project["calendars"].items()),
        ["%T", "TASK"],
        ["%F", "task_id", "proj_id", "clndr_id", "task_code", "task_name", "task_type", "target_drtn_hr_cnt",
        "cstr_type",
         "cstr_date", "cstr_type2", "cstr_date2", "remain_drtn_hr_cnt", "phys_complete_pct", "complete_pct_type",
         "status_code", "target_start_date", "act_start_date"],
        *(["%R", t["id"], "1", t["calendar"], t["code"], t["name"], t["kind"], f"{t['hours']:g}", t["constraint"],
           f"{t['day']} 08:00", t["second"], f"{t['day']} 08:00", f"{t['left']:g}", f"{100 * t['physical']:g}",
           "CP_Phys" if t["by"] else "CP_Drtn", "TK_Complete" if t["done"] else "TK_NotStart", f"{t['day']} 08:00",
           f"{t['day']} 08:00" if t["done"] else ""] for t in project["tasks"]),
        ["%T", "TASKPRED"], ["%F", "task_id", "pred_task_id", "pred_type", "lag_hr_cnt"],
        *(["%R", after, before, f"PR_{kind}", f"{lag:g}"] for before, after, kind, lag in project["links"]),
    ]  # fmt: skip
    return "\r\n".join("\t".join(row) for row in rows).encode()


def as_pmxml(project: dict) -> bytes:
    def times(day: list[tuple[int, int]]) -> str:
        one = "".join(
            f"<WorkTime><Start>{clock(b)}:00</Start><Finish>{clock(e - 1)}:00</Finish></WorkTime>" for b, e in day
        )
        return one or '<WorkTime xsi:nil="true"/>'

    def calendar(key: str, hours: float, week: list, off: dict, base: str) -> str:
        days = "".join(
            f"<StandardWorkHours><DayOfWeek>{NAMES[at]}</DayOfWeek>{times(week[at])}</StandardWorkHours>"
            for at in range(7)
        )
        ends = "".join(
            f"<HolidayOrException><Date>{day}T00:00:00</Date>{times(h)}</HolidayOrException>" for day, h in off.items()
        )
        stands_on = (
            f"<BaseCalendarObjectId>{base}</BaseCalendarObjectId>" if base else '<BaseCalendarObjectId xsi:nil="true"/>'
        )
        return (
            f"<Calendar>{stands_on}<HoursPerDay>{hours:g}</HoursPerDay><IsDefault>0</IsDefault><Name>C{key}</Name>"
            f"<ObjectId>{key}</ObjectId><StandardWorkWeek>{days}</StandardWorkWeek>"
            f"<HolidayOrExceptions>{ends}</HolidayOrExceptions></Calendar>"
        )

    def activity(t: dict) -> str:
        day = f"{t['day']}T08:00:00"
        fields = {
            "ActualStartDate": day if t["done"] else "", "CalendarObjectId": t["calendar"], "Id": t["code"],
            "Name": escape(t["name"]), "ObjectId": t["id"],
            "PercentCompleteType": "Physical" if t["by"] else "Duration",
            "PhysicalPercentComplete": f"{t['physical']:g}", "PlannedDuration": f"{t['hours']:g}",
            "PlannedStartDate": day, "PrimaryConstraintDate": day,
            "PrimaryConstraintType": CONSTRAINTS[t["constraint"]],
            "RemainingDuration": f"{t['left']:g}", "SecondaryConstraintDate": day,
            "SecondaryConstraintType": CONSTRAINTS[t["second"]], "Status": "Completed" if t["done"] else "Not Started",
            "Type": KINDS[t["kind"]],
        }  # fmt: skip
        return f"<Activity>{''.join(f'<{name}>{said}</{name}>' for name, said in fields.items())}</Activity>\n"

    calendars = "".join(calendar(key, *one) for key, one in project["calendars"].items() if key != "13")
    own = "".join(calendar(key, *one) for key, one in project["calendars"].items() if key == "13")
    links = "".join(
        f"<Relationship><Lag>{lag:g}</Lag><PredecessorActivityObjectId>{before}</PredecessorActivityObjectId>"
        f"<SuccessorActivityObjectId>{after}</SuccessorActivityObjectId><Type>{RELATIONS[kind]}</Type></Relationship>"
        for before, after, kind, lag in project["links"]
    )
    return f"""<?xml version="1.0" encoding="utf-8"?>
<APIBusinessObjects xmlns="http://xmlns.oracle.com/Primavera/P6/V20.12/API/BusinessObjects"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{calendars}<Project>
<ActivityDefaultCalendarObjectId>11</ActivityDefaultCalendarObjectId><DataDate>{START}T08:00:00</DataDate><Id>Hall</Id>
<Name>Hall of P6</Name><ObjectId>1</ObjectId><PlannedStartDate>{START}T08:00:00</PlannedStartDate>
<RelationshipLagCalendar>{LAGS[project["lags"]]}</RelationshipLagCalendar>{own}
{"".join(map(activity, project["tasks"]))}{links}</Project>
<BaselineProject><ObjectId>2</ObjectId><Activity><ObjectId>900</ObjectId></Activity></BaselineProject>
</APIBusinessObjects>""".encode()


def told(plan: WorkPlan) -> tuple:
    """Everything but the places."""
    tasks = [
        (
            t.key,
            t.name,
            t.days,
            t.start,
            t.milestone,
            t.calendar,
            t.constraint,
            t.constraint_day,
            t.percent,
            t.actual_start,
        )
        for t in plan.tasks
    ]
    links = [(k.before, k.after, k.relation, k.lag_days, k.by_clock) for k in plan.links]
    return (plan.name, tasks, links, plan.start, plan.status_day, plan.calendar, dict(plan.calendars), plan.lags_by,
            [(flaw.kind, flaw.text) for flaw in plan.flaws])  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_both_formats_of_one_project_mean_one_plan(seed: int) -> None:
    project = random_project(seed)
    own, other = plan_from_pmxml(as_pmxml(project)), plan_from_xer(as_xer(project))
    assert told(own) == told(other)
    assert len(own.tasks) >= 3
    calendars = {"11": own.calendar, **own.calendars}
    for key, (hours, week, _, base) in project["calendars"].items():
        days, offs = calendars[key], project["calendars"][base or key][2] | project["calendars"][key][2]
        assert days is not None
        uneven = dict(days.uneven)
        for at in range(90):  # hours of each day, counted from what was planted
            day = START + timedelta(days=at)
            planted = sum(end - begin for begin, end in offs.get(day, week[day.weekday()])) / 60.0
            worked = days.shares[day.weekday()] if days.week[day.weekday()] == "1" else 0.0
            share = 0.0 if day in days.holidays else uneven.get(day, worked)
            assert share * hours == pytest.approx(planted, abs=1e-9)


def small(lags: str, hours: float) -> dict:
    usual, week = [(480, 960)], {"11": 5, "12": 7}
    project = random_project(0)
    project["calendars"] = {key: (8.0, [usual if at < n else [] for at in range(7)], {}, "") for key, n in week.items()}
    plain = {
        "kind": "TT_Task",
        "constraint": "",
        "second": "",
        "day": START,
        "left": 40.0,
        "physical": 0.0,
        "by": False,
        "done": False,
    }
    project["tasks"] = [
        {"id": "1", "code": "A", "name": "first", "calendar": "11", "hours": 40.0, **plain},
        {"id": "2", "code": "B", "name": "second", "calendar": "12", "hours": 8.0, **plain},
    ]
    return project | {"links": [("1", "2", "FS", hours)], "lags": lags}


@pytest.mark.parametrize(
    ("lags", "ends"),
    [  # the first task ends on Friday, 6 March; then 24 hours of lag, then one day
        ("rcal_Predecessor", date(2026, 3, 12)),  # Monday, Tuesday, Wednesday
        ("rcal_Successor", date(2026, 3, 10)),  # Saturday, Sunday, Monday
        ("rcal_ProjDefault", date(2026, 3, 12)),
        ("rcal_24Hour", date(2026, 3, 8)),  # 24 hours are a day
    ],
)
@pytest.mark.parametrize("form", ["xer", "pmxml"])
def test_lags_count_by_the_calendar_that_the_file_says(lags: str, ends: date, form: str) -> None:
    from simulation.schedule.repair import repaired

    project = small(lags, 24.0)
    plan = plan_from_xer(as_xer(project)) if form == "xer" else plan_from_pmxml(as_pmxml(project))
    document = repaired(plan)
    assert document.calendar is not None
    times = document.network.times(np.array([task.planned for task in document.network.tasks]))
    assert document.calendar.day(float(times.finish[1])) == ends
    assert "lag_calendar" not in {one.kind for one in document.repairs}


@pytest.mark.parametrize("seed", range(4))
def test_words_in_other_letters_are_the_same_words(seed: int) -> None:
    text = as_xer(random_project(seed)).decode()
    loud = text
    for word in (
        "TT_Mile",
        "TT_FinMile",
        "TK_Complete",
        "CP_Phys",
        "rcal_24Hour",
        "rcal_Successor",
        "CS_ALAP",
        "PR_FF",
    ):
        loud = loud.replace(word, word.swapcase())
    assert told(plan_from_xer(loud.encode())) == told(plan_from_xer(text.encode()))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("<HolidayOrExceptions>", "<HolidayOrExceptions><HolidayOrException><Date>soon</Date></HolidayOrException>",
         "line 3, Calendar C11: its holiday 'soon' is no day"),
        ("<Start>08:00:00</Start>", "<Start>eight</Start>",
         "line 3, Calendar C11: its working time 'eight – 15:59:00' cannot be read"),
        ("<PlannedDuration>40<", "<PlannedDuration>long<",
         "line 7, Activity A: A first: its duration is 'long', which is no number"),
        (">Finish to Start<", ">After<", "line 9, Relationship: its kind is 'AFTER', which is none of FS, SS, FF, SF"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(old: str, new: str, says: str) -> None:
    text = as_pmxml(small("rcal_Predecessor", 0.0)).decode()
    assert old in text
    with pytest.raises(ReadError) as caught:
        plan_from_pmxml(text.replace(old, new, 1).encode())
    assert says in str(caught.value)


def test_written_by_others_times_end_when_they_end() -> None:
    text = (
        as_pmxml(small("rcal_Predecessor", 0.0))
        .decode()
        .replace("<Finish>15:59:00</Finish>", "<Finish>16:00:00</Finish>")
    )
    plan = plan_from_pmxml(text.encode())
    assert plan.calendar is not None
    assert plan.calendar.shares == (1.0,) * 7


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<APIBusinessObjects/>", "no Activity"),
        (b"<APIBusinessObjects><Project><Activity>", "no XML that can be read"),
        (b'<!DOCTYPE a><APIBusinessObjects/>', "DOCTYPE"),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(ReadError, match=says):
        plan_from_pmxml(content)
