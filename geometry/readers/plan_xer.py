"""Primavera P6 XER: tab-separated tables (%T name, %F fields, %R row), fields as in Oracle's XER data map guide."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite

from geometry.errors import ReadError
from geometry.work_plan import Flaws, Workdays, WorkLink, WorkPlan, WorkTask

_CONSTRAINTS = {
    "CS_MSOA": "start_after", "CS_MSO": "start on", "CS_MSOB": "start on or before", "CS_MEO": "finish on",
    "CS_MEOA": "finish on or after", "CS_MEOB": "finish on or before", "CS_ALAP": "as late as possible",
    "CS_MANDSTART": "mandatory start", "CS_MANDFIN": "mandatory finish",
}  # fmt: skip
_MILESTONES, _SPANNING = ("TT_Mile", "TT_FinMile"), ("TT_LOE", "TT_WBS")
_DAY_OF_WEEK = re.compile(r"\(0\|\|([1-7])\(\)\s*\(")
_INTERVAL = re.compile(r"s\|(\d{1,2}):(\d{2})\|f\|(\d{1,2}):(\d{2})")
_EXCEPTION = re.compile(r"\(0\|\|\d+\(d\|(\d{4,6})\)\s*\(")
_DAY_ZERO = date(1899, 12, 30)
"""From which exceptions of a calendar count their days."""
_WANTED = ("PROJECT", "CALENDAR", "TASK", "TASKPRED", "SCHEDOPTIONS")
_LONGEST_LINE, _MOST_ROWS = 4_000_000, 2_000_000
Row = Mapping[str, str]


@dataclass(slots=True)
class _Table:
    fields: list[str]
    rows: list[tuple[int, dict[str, str]]]
    """Line in the file and fields by name."""


def plan_from_xer(content: bytes) -> WorkPlan:
    """Return the plan of a Primavera P6 XER file.

    Raises
    ------
    ReadError
        If it is no XER file or has no tasks; without file name.
    """
    if not content.lstrip(b"\xef\xbb\xbf").startswith(b"ERMHDR"):
        raise ReadError("not a Primavera XER file: it does not begin with ERMHDR; export it from P6 as XER")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    tables = _tables(text)
    if "TASK" not in tables or not tables["TASK"].rows:
        raise ReadError("it has no table TASK with a row: there is no schedule in it")
    return _plan(tables)


def _tables(text: str) -> dict[str, _Table]:
    """Return the tables that are wanted; a line that begins with no mark goes on with the last field before it."""
    tables, current, count = dict[str, _Table](), None, 0
    last: dict[str, str] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > _LONGEST_LINE or count > _MOST_ROWS:
            raise ReadError(f"line {number}: longer than any schedule needs")
        mark, *cells = line.split("\t")
        if mark == "%T":
            name, last = cells[0].strip() if cells else "", None
            current = tables.setdefault(name, _Table([], [])) if name in _WANTED else None
        elif mark == "%F" and current is not None:
            current.fields = [cell.strip() for cell in cells]
        elif mark == "%R" and current is not None:
            if not current.fields:
                raise ReadError(f"line {number}: a row (%R) before the names of its fields (%F)")
            cells += [""] * (len(current.fields) - len(cells))
            last = dict(zip(current.fields, cells, strict=False))
            current.rows.append((number, last))
            count += 1
        elif mark in ("%E", "%F", "%R"):
            last = None
        elif last is not None:
            _go_on(last, [mark, *cells])
    return tables


def _go_on(row: dict[str, str], cells: list[str]) -> None:
    """Take a field that was broken over lines: its rest, and the fields that follow it."""
    names = list(row)
    filled = max((index for index, name in enumerate(names) if row[name]), default=0)
    row[names[filled]] += "\n" + cells[0]
    for name, cell in zip(names[filled + 1 :], cells[1:], strict=False):
        row[name] = cell


def _plan(tables: Mapping[str, _Table]) -> WorkPlan:
    flaws = Flaws()
    projects = [row for _, row in _rows(tables, "PROJECT")]
    calendars = {row.get("clndr_id", ""): _workdays(row) for _, row in _rows(tables, "CALENDAR")}
    default = next(
        (row.get("clndr_id", "") for _, row in _rows(tables, "CALENDAR") if row.get("default_flag") == "Y"), ""
    )
    used = {row.get("proj_id", "") for _, row in _rows(tables, "TASK")}
    own = [row for row in projects if row.get("proj_id", "") in used] or projects
    main = own[0] if own else {}
    key = main.get("clndr_id", "") if main.get("clndr_id", "") in calendars else default
    project = calendars.pop(key, None)
    if len(own) > 1:
        names = ", ".join(row.get("proj_short_name", "") for row in own[:8])
        flaws.note("several_projects", "PROJECT", "{names}: several projects, taken as one schedule.", names=names)
    _warn_of_lags(tables, calendars, flaws)
    tasks = tuple(_tasks(tables, calendars, project, flaws))
    hours = {task.key: (calendars.get(task.calendar) or project or Workdays("")).hours for task in tasks}
    start = min((day for row in own if (day := _day(row.get("plan_start_date", "")))), default=None)
    status = max((day for row in own if (day := _day(row.get("last_recalc_date", "")))), default=None)
    left_out = {row.get("task_id", "") for _, row in _rows(tables, "TASK")} - set(hours)
    links = tuple(_links(tables, hours, left_out, flaws))
    return WorkPlan(
        main.get("proj_short_name", ""), tasks, links, start, status, project, calendars,
        flaws=tuple(flaws.found), lags_by="before",
    )  # fmt: skip


def _warn_of_lags(tables: Mapping[str, _Table], calendars: Mapping[str, Workdays], flaws: Flaws) -> None:
    """Say which calendar lags are counted in where P6 was told of another one."""
    chosen = next((row.get("sched_calendar_on_relationship_lag", "") for _, row in _rows(tables, "SCHEDOPTIONS")), "")
    if calendars and any(_number(row.get("lag_hr_cnt", "")) for _, row in _rows(tables, "TASKPRED")):
        text = "Lags are counted in days of the predecessor's calendar; the file says {said}."
        said = chosen or "nothing"
        if chosen != "rcal_Predecessor":
            flaws.note("lag_calendar", "SCHEDOPTIONS", text, said=said)


def _tasks(
    tables: Mapping[str, _Table], calendars: Mapping[str, Workdays], project: Workdays | None, flaws: Flaws
) -> Iterator[WorkTask]:
    seen = set[str]()
    for line, row in _rows(tables, "TASK"):
        key, code = row.get("task_id", ""), row.get("task_code", "").strip()
        name = " ".join(part for part in (code, row.get("task_name", "").strip()) if part) or f"task {key}"
        place, kind = f"line {line}, TASK {code or key}", row.get("task_type", "")
        if kind in _SPANNING:
            flaws.note("spanning", place, "{name} spans other tasks and decides nothing: left out.", name=name)
            continue
        if not key or key in seen:
            key = f"{key}/{line}"
            flaws.note("twice", place, "{name}: its task_id is missing or taken; links lead to the first.", name=name)
        seen.add(key)
        own = row.get("clndr_id", "")
        calendar = calendars.get(own) or project or Workdays("")
        said = row.get("target_drtn_hr_cnt", "")
        hours = _number(said)
        if hours is None and said.strip():
            flaws.note("bad_duration", place, "{name}: {said} is no duration.", name=name, said=said[:40])
        done = row.get("status_code") == "TK_Complete"
        percent = _number(row.get("phys_complete_pct", ""))
        left = _number(row.get("remain_drtn_hr_cnt", ""))
        if row.get("complete_pct_type") != "CP_Phys" and hours and left is not None:
            percent = 100.0 * (1.0 - min(left / hours, 1.0))
        yield WorkTask(
            key, name, place, None, None if hours is None else hours / calendar.hours,
            _day(row.get("target_start_date", "")), _day(row.get("target_end_date", "")), kind in _MILESTONES,
            own if own in calendars else "", _CONSTRAINTS.get(row.get("cstr_type", ""), ""),
            _day(row.get("cstr_date", "")),
            1.0 if done else None if percent is None else min(max(percent / 100.0, 0.0), 1.0),
            _day(row.get("act_start_date", "")), _day(row.get("act_end_date", "")),
        )  # fmt: skip


def _links(
    tables: Mapping[str, _Table], hours: Mapping[str, float], left_out: set[str], flaws: Flaws
) -> Iterator[WorkLink]:
    for line, row in _rows(tables, "TASKPRED"):
        before, after, said = row.get("pred_task_id", ""), row.get("task_id", ""), row.get("lag_hr_cnt", "")
        place = f"line {line}, TASKPRED"
        if before in left_out or after in left_out:
            flaws.note("spanning_link", place, "A link of a task that was left out: left out, too.")
            continue
        lag = _number(said) if said.strip() else 0.0
        days = None if lag is None else lag / hours.get(before, 8.0)
        yield WorkLink(before, after, row.get("pred_type", "").removeprefix("PR_"), place, days, None, said)


def _workdays(row: Row) -> Workdays:
    hours = _number(row.get("day_hr_cnt", ""))
    data = row.get("clndr_data", "")
    hours = hours if hours is not None and 0.0 < hours <= 24.0 else 8.0
    week, holidays, uneven, shares = list("1111100"), list[date](), list[tuple[date, float]](), [1.0] * 7
    start = data.find("DaysOfWeek")
    if start >= 0:
        end = min(
            (at for at in (data.find("Exceptions", start), data.find("VIEW", start)) if at > 0), default=len(data)
        )
        parts = _DAY_OF_WEEK.split(data[start:end])
        for day, hours_said in zip(parts[1::2], parts[2::2], strict=False):
            at = (int(day) - 2) % 7
            week[at] = "1" if "s|" in hours_said else "0"
            if 0.0 < (worked := _hours_of(hours_said)) <= 24.0:
                shares[at] = worked / hours
    if (begin := data.find("Exceptions")) >= 0:
        parts = _EXCEPTION.split(data[begin:])
        for number, hours_said in zip(parts[1::2], parts[2::2], strict=False):
            day, worked = _DAY_ZERO + timedelta(days=int(number)), _hours_of(hours_said)
            if "s|" not in hours_said:
                holidays.append(day)
            elif 0.0 < worked <= 24.0 and (
                abs(worked / hours - shares[day.weekday()]) > 1e-6 or week[day.weekday()] == "0"
            ):
                uneven.append((day, worked / hours))
    mask = "".join(week)
    name, mask = row.get("clndr_name", ""), mask if "1" in mask else "1111100"
    return Workdays(name, mask, tuple(holidays), hours, tuple(uneven), tuple(shares))


def _hours_of(said: str) -> float:
    """Return the hours of the intervals of a day, such as (s|07:00|f|12:00)."""
    total = 0.0
    for begin, begun, end, ended in _INTERVAL.findall(said):
        total += (int(end) + int(ended) / 60.0 - int(begin) - int(begun) / 60.0) % 24.0
    return total


def _rows(tables: Mapping[str, _Table], name: str) -> list[tuple[int, dict[str, str]]]:
    return tables[name].rows if name in tables else []


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said.strip()[:10])
    except ValueError:
        return None


def _number(said: str) -> float | None:
    """Return a number, also one with a decimal comma, as P6 writes it in some countries."""
    try:
        value = float(said.strip().replace(",", ".")) if len(said) <= 40 else float("nan")
    except ValueError:
        return None
    return value if isfinite(value) else None
