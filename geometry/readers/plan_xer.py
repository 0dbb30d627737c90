"""Primavera P6 XER: tab-separated tables (%T name, %F fields, %R row), fields as in Oracle's XER data map guide."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from geometry.errors import ReadError
from geometry.readers.plan_p6 import P6Calendar, P6File, Placed, Row, plan_of
from geometry.readers.plan_values import hours_a_day, minute_of, whole_day
from geometry.work_plan import WorkPlan

_DAY_OF_WEEK = re.compile(r"\(0\|\|([1-7])\(\)\s*\(")
_INTERVAL = re.compile(r"s\|([^|()]*)\|f\|([^|()]*)")
_BEGUN = re.compile(r"\(\s*s\|")
_EXCEPTION = re.compile(r"\(0\|\|\d+\(d\|([^|()]*)\)\s*\(")
_DATED = re.compile(r"\(d\|")
_LAST_DAY = 999_999
_CHINESE = re.compile(rb"[\xa1-\xf7][\xa1-\xfe]")
"""A character as GB 2312 writes it; of the letters of western code pages two rarely follow each other."""
_DAY_ZERO = date(1899, 12, 30)
"""From which exceptions of a calendar count their days."""
_WANTED = ("PROJECT", "CALENDAR", "TASK", "TASKPRED", "SCHEDOPTIONS")
_LONGEST_LINE, _MOST_ROWS = 4_000_000, 2_000_000


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
    tables = _tables(_text(content))
    if "TASK" not in tables or not tables["TASK"].rows:
        raise ReadError("it has no table TASK with a row: there is no schedule in it")
    return plan_of(_file(tables))


def _text(content: bytes) -> str:
    """Return the text of a file: newer P6 writes UTF-8, older ones the code page of the machine, which none names."""
    with suppress(UnicodeDecodeError):
        return content.decode("utf-8-sig")
    beyond_ascii = sum(byte > 0x7F for byte in content)
    if 2 * len(_CHINESE.findall(content)) >= 0.8 * beyond_ascii:
        with suppress(UnicodeDecodeError):
            return content.decode("gb18030")
    return content.decode("cp1252", "replace")


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


def _file(tables: Mapping[str, _Table]) -> P6File:
    calendars = _rows(tables, "CALENDAR")
    chosen = (row.get("sched_calendar_on_relationship_lag", "") for _, row in _rows(tables, "SCHEDOPTIONS"))
    return P6File(
        [row for _, row in _rows(tables, "PROJECT")],
        [
            Placed(f"line {line}, TASK {row.get('task_code', '').strip() or row.get('task_id', '')}", row)
            for line, row in _rows(tables, "TASK")
        ],
        [Placed(f"line {line}, TASKPRED", row) for line, row in _rows(tables, "TASKPRED")],
        {row.get("clndr_id", ""): _calendar(row, line) for line, row in calendars},
        next((row.get("clndr_id", "") for _, row in calendars if row.get("default_flag") == "Y"), ""),
        next(chosen, ""),
        "SCHEDOPTIONS",
    )


def _calendar(row: Row, line: int) -> P6Calendar:
    (hours, faults), data = hours_a_day(row.get("day_hr_cnt", "")), row.get("clndr_data", "")
    week, exceptions = list[float](), dict[date, float]()
    start = data.find("DaysOfWeek")
    if start >= 0:
        end = min(
            (at for at in (data.find("Exceptions", start), data.find("VIEW", start)) if at > 0), default=len(data)
        )
        parts, week = _DAY_OF_WEEK.split(data[start:end]), [hours] * 5 + [0.0] * 2
        for day, times in zip(parts[1::2], parts[2::2], strict=False):
            week[(int(day) - 2) % 7] = _hours_of(times, faults)
    if (begin := data.find("Exceptions")) >= 0:
        parts = _EXCEPTION.split(data[begin:])
        if len(parts[1::2]) < len(_DATED.findall(data[begin:])):
            faults.append("one of its exceptions cannot be read")
        for number, times in zip(parts[1::2], parts[2::2], strict=False):
            worked = _hours_of(times, faults)
            if number.isdecimal() and int(number) <= _LAST_DAY:
                exceptions[_DAY_ZERO + timedelta(days=int(number))] = worked
            else:
                faults.append(f"its exception '{number[:40]}' is no number of a day")
    base, name = row.get("base_clndr_id", "").strip(), row.get("clndr_name", "")
    place = f"line {line}, CALENDAR {name}"
    return P6Calendar(name, hours, tuple(week) or None, exceptions, base, place, tuple(faults))


def _hours_of(said: str, faults: list[str]) -> float:
    """Return the hours of the intervals of a day, such as (s|07:00|f|12:00); from 00:00 to 00:00 is all day."""
    total, found = 0.0, _INTERVAL.findall(said)
    if len(found) < len(_BEGUN.findall(said)):
        faults.append("one of its working times cannot be read")
    for told in found:
        begin, end = (minute_of(*(part.strip() for part in one.partition(":")[::2])) for one in told)
        if begin is None or end is None:
            faults.append(f"its working time '{' – '.join(told)[:40]}' cannot be read")
        else:
            total += ((end - begin) % 1440 or 1440) / 60.0
    return whole_day(total, faults)


def _rows(tables: Mapping[str, _Table], name: str) -> list[tuple[int, dict[str, str]]]:
    return tables[name].rows if name in tables else []
