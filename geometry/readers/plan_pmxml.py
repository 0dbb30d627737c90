"""Primavera P6's own XML (PMXML, ``APIBusinessObjects``): projects, activities, relationships, calendars.

Element names as in Oracle's schema ``p6apibo.xsd``. Durations and lags are hours, shares run from 0 to 1, and a working
time ends with its last minute: 08:00 to 15:59 are eight hours.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from xml.etree.ElementTree import Element

from geometry.errors import ReadError
from geometry.readers.plan_p6 import P6Calendar, P6File, Placed, plan_of
from geometry.readers.plan_values import day_of, hours_a_day, minute_of, number_of, whole_day
from geometry.safe_xml import is_true, parse_xml, text_of
from geometry.work_plan import WorkPlan

ROOT = "BusinessObjects"
"""With what the name of its root ends."""
_KINDS = {
    "Task Dependent": "TT_Task", "Resource Dependent": "TT_Rsrc", "Level of Effort": "TT_LOE",
    "Start Milestone": "TT_Mile", "Finish Milestone": "TT_FinMile", "WBS Summary": "TT_WBS",
}  # fmt: skip
_RELATIONS = {"Finish to Start": "FS", "Finish to Finish": "FF", "Start to Start": "SS", "Start to Finish": "SF"}
_CONSTRAINTS = {
    "Start On": "CS_MSO", "Start On or Before": "CS_MSOB", "Start On or After": "CS_MSOA", "Finish On": "CS_MEO",
    "Finish On or Before": "CS_MEOB", "Finish On or After": "CS_MEOA", "As Late As Possible": "CS_ALAP",
    "Mandatory Start": "CS_MANDSTART", "Mandatory Finish": "CS_MANDFIN",
}  # fmt: skip
_PERCENTS = {"Physical": "CP_Phys", "Duration": "CP_Drtn", "Units": "CP_Units"}
_LAGS = {
    "Predecessor Activity Calendar": "rcal_Predecessor", "Successor Activity Calendar": "rcal_Successor",
    "Project Default Calendar": "rcal_ProjDefault", "24 Hour Calendar": "rcal_24Hour",
}  # fmt: skip
_WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FIELDS = {
    "task_id": "ObjectId", "task_code": "Id", "task_name": "Name", "clndr_id": "CalendarObjectId",
    "target_drtn_hr_cnt": "PlannedDuration", "remain_drtn_hr_cnt": "RemainingDuration",
    "target_start_date": "PlannedStartDate", "target_end_date": "PlannedFinishDate",
    "act_start_date": "ActualStartDate", "act_end_date": "ActualFinishDate",
    "cstr_date": "PrimaryConstraintDate", "cstr_date2": "SecondaryConstraintDate",
}  # fmt: skip


def plan_from_pmxml(content: bytes) -> WorkPlan:
    """Return the plan of a file of P6's own XML.

    Raises
    ------
    ReadError
        If it is no XML that can be read, or has no activities; without file name.
    """
    return plan_in_pmxml(*parse_xml(content))


def plan_in_pmxml(root: Element, lines: Mapping[int, int]) -> WorkPlan:
    """Return the plan that an element ``APIBusinessObjects`` holds; ``lines`` are those of elements by their id.

    Raises
    ------
    ReadError
        If it has no activities.
    """
    homes = [*root.iterfind("Project"), root]
    tasks = [_activity(node, home, lines) for home in homes for node in home.iterfind("Activity")]
    if not tasks:
        raise ReadError("it has no Activity: there is no schedule in it; export the project from P6 again")
    calendars = {text_of(node, "ObjectId"): _calendar(node, lines) for node in root.iter("Calendar")}
    return plan_of(
        P6File(
            [_project(node) for node in root.iterfind("Project")],
            tasks,
            [_relationship(node, lines) for home in homes for node in home.iterfind("Relationship")],
            calendars,
            next((text_of(node, "ObjectId") for node in root.iter("Calendar") if is_true(node, "IsDefault")), ""),
            next((_LAGS.get(said, said) for said in _lags_said(root)), ""),
            "RelationshipLagCalendar",
        )
    )


def _lags_said(root: Element) -> Iterator[str]:
    """Give what projects say of the calendar of lags; newer files say it among their options."""
    for home in (*root.iterfind("Project"), root):
        for node in home.iter("RelationshipLagCalendar"):
            if said := (node.text or "").strip():
                yield said


def _project(node: Element) -> dict[str, str]:
    fields = {
        "proj_id": "ObjectId", "clndr_id": "ActivityDefaultCalendarObjectId", "proj_short_name": "Id",
        "plan_start_date": "PlannedStartDate", "last_recalc_date": "DataDate",
    }  # fmt: skip
    return {name: text_of(node, field) for name, field in fields.items()}


def _activity(node: Element, home: Element, lines: Mapping[int, int]) -> Placed:
    row = {name: text_of(node, field) for name, field in _FIELDS.items()}
    kind, said = text_of(node, "Type"), text_of(node, "PhysicalPercentComplete")
    done = number_of(said)
    row |= {
        "proj_id": text_of(home, "ObjectId"),
        "task_type": _KINDS.get(kind, kind),
        "status_code": "TK_Complete" if text_of(node, "Status") == "Completed" else "",
        "complete_pct_type": _PERCENTS.get(by := text_of(node, "PercentCompleteType"), by),
        "phys_complete_pct": said if done is None else str(100.0 * done),
    }
    for word, field in (("cstr_type", "PrimaryConstraintType"), ("cstr_type2", "SecondaryConstraintType")):
        said = text_of(node, field)
        row[word] = _CONSTRAINTS.get(said, said)
    return Placed(f"line {lines[id(node)]}, Activity {row['task_code'] or row['task_id']}", row)


def _relationship(node: Element, lines: Mapping[int, int]) -> Placed:
    said = text_of(node, "Type")
    row = {
        "pred_task_id": text_of(node, "PredecessorActivityObjectId"),
        "task_id": text_of(node, "SuccessorActivityObjectId"),
        "pred_type": _RELATIONS.get(said, said),
        "lag_hr_cnt": text_of(node, "Lag"),
    }
    return Placed(f"line {lines[id(node)]}, Relationship", row)


def _calendar(node: Element, lines: Mapping[int, int]) -> P6Calendar:
    hours, faults = hours_a_day(text_of(node, "HoursPerDay"))
    week = list[float]()
    for day in node.iterfind("StandardWorkWeek/StandardWorkHours"):
        week = week or [hours] * 5 + [0.0] * 2
        if (name := text_of(day, "DayOfWeek")) in _WEEK:
            week[_WEEK.index(name)] = _hours(day, faults)
        else:
            faults.append(f"'{name[:40]}' is no day of the week")
    exceptions = dict[date, float]()
    for one in node.iterfind("HolidayOrExceptions/HolidayOrException"):
        worked, said = _hours(one, faults), text_of(one, "Date")
        if (off := day_of(said)) is None:
            faults.append(f"its holiday '{said[:40]}' is no day such as 2026-03-02")
        else:
            exceptions[off] = worked
    name = text_of(node, "Name")
    return P6Calendar(
        name, hours, tuple(week) or None, exceptions, text_of(node, "BaseCalendarObjectId"),
        f"line {lines[id(node)]}, Calendar {name}", tuple(faults),
    )  # fmt: skip


def _hours(day: Element, faults: list[str]) -> float:
    """Return the hours of a day's working times; what cannot be read goes to ``faults``."""
    minutes = 0
    for time in day.iterfind("WorkTime"):
        said = text_of(time, "Start"), text_of(time, "Finish")
        begin, end = _minute(said[0]), _minute(said[1])
        if begin is None or end is None:
            if any(said):
                faults.append(f"its working time '{' – '.join(said)[:40]}' cannot be read")
            continue
        end += end % 10 == 9  # the last minute of work; programs other than P6 write the end itself
        minutes += (end - begin) % 1440 or 1440
    return whole_day(minutes / 60.0, faults)


def _minute(said: str) -> int | None:
    """Return the minute of the day of a time such as 07:30:00."""
    hour, _, rest = said.rpartition("T")[2].partition(":")
    return minute_of(hour, rest[:2])
