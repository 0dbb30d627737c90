"""What Primavera P6 exports, whether as XER or as its own XML: the same project means the same plan.

Rows have the names of XER's fields, as in Oracle's XER data map guide.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import isfinite

from geometry.work_plan import RELATIONS, Flaws, LagCalendar, Workdays, WorkLink, WorkPlan, WorkTask

_CONSTRAINTS = {
    "CS_MSOA": "start_after", "CS_MSO": "start on", "CS_MSOB": "start on or before", "CS_MEO": "finish on",
    "CS_MEOA": "finish on or after", "CS_MEOB": "finish on or before", "CS_ALAP": "as late as possible",
    "CS_MANDSTART": "mandatory start", "CS_MANDFIN": "mandatory finish",
}  # fmt: skip
"""Words of P6 in capitals: files write TT_Mile and TT_MILE, rcal_24Hour and rcal_24hour."""
_MILESTONES, _SPANNING = ("TT_MILE", "TT_FINMILE"), ("TT_LOE", "TT_WBS")
_LAGS: Mapping[str, LagCalendar] = {
    "RCAL_PREDECESSOR": "before",
    "RCAL_SUCCESSOR": "after",
    "RCAL_PROJDEFAULT": "project",
    "RCAL_PROJECT": "project",
}
_BY_CLOCK = "RCAL_24HOUR"
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Placed:
    """A row and where it stands in the file, for people."""

    place: str
    row: Row


@dataclass(frozen=True, slots=True)
class P6Calendar:
    """A calendar of P6."""

    name: str
    hours: float = 8.0
    """Of a working day, by which hours become days."""
    week: tuple[float, ...] | None = None
    """Hours from Monday to Sunday; None where the calendar says nothing of its week."""
    exceptions: Mapping[date, float] = field(default_factory=dict[date, float])
    """Hours of days that are other than their week says."""
    base: str = ""
    """Key of the calendar whose exceptions hold here, too."""
    unread: tuple[tuple[str, str], ...] = ()
    """Holidays and working times that cannot be read: ``holiday`` or ``working_time``, and what stands there."""


@dataclass(frozen=True, slots=True, eq=False)
class P6File:
    """What a file holds."""

    projects: Sequence[Row]
    tasks: Sequence[Placed]
    links: Sequence[Placed]
    calendars: Mapping[str, P6Calendar]
    default: str
    """Key of the calendar of projects that name none."""
    lags_by: str
    """How the file says whose calendar lags are counted in: ``rcal_Predecessor`` ...; empty: nothing."""
    lags_place: str
    """Where it says so."""


def plan_of(file: P6File) -> WorkPlan:
    """Return the plan that a file of P6 holds."""
    flaws = Flaws()
    calendars = {key: _workdays(calendar, file.calendars) for key, calendar in file.calendars.items()}
    used = {one.row.get("proj_id", "") for one in file.tasks}
    own = [row for row in file.projects if row.get("proj_id", "") in used] or list(file.projects)
    main: Row = own[0] if own else {}
    key = main.get("clndr_id", "") if main.get("clndr_id", "") in calendars else file.default
    project = calendars.pop(key, None)
    if len(own) > 1:
        names = ", ".join(row.get("proj_short_name", "") for row in own[:8])
        flaws.note("several_projects", "PROJECT", "{names}: several projects, taken as one schedule.", names=names)
    _warn_of_calendars(file, flaws)
    _warn_of_lags(file, calendars, flaws)
    tasks = tuple(_tasks(file.tasks, calendars, project, flaws))
    days = {task.key: calendars.get(task.calendar) or project or Workdays("") for task in tasks}
    left_out = {one.row.get("task_id", "") for one in file.tasks} - set(days)
    links = tuple(_links(file, days, project or Workdays(""), left_out, flaws))
    return WorkPlan(
        main.get("proj_short_name", ""), tasks, links,
        min((day for row in own if (day := _day(row.get("plan_start_date", "")))), default=None),
        max((day for row in own if (day := _day(row.get("last_recalc_date", "")))), default=None),
        project, calendars, tuple(flaws.found), _LAGS.get(file.lags_by.upper(), "before"),
    )  # fmt: skip


def number_of(said: str) -> float | None:
    """Return a number, also one with a decimal comma, as P6 writes it in some countries."""
    try:
        value = float(said.strip().replace(",", ".")) if len(said) <= 40 else float("nan")
    except ValueError:
        return None
    return value if isfinite(value) else None


def _warn_of_calendars(file: P6File, flaws: Flaws) -> None:
    for calendar in file.calendars.values():
        place = f"Calendar {calendar.name}"
        for kind, said in calendar.unread:
            if kind == "holiday":
                text = "{name}: a holiday that cannot be read; it is not counted."
                flaws.note(kind, place, text, name=said or "–")
            else:
                flaws.note(kind, place, "The working time {said} cannot be read; it is left out.", said=said)


def _warn_of_lags(file: P6File, calendars: Mapping[str, Workdays], flaws: Flaws) -> None:
    """Say that the file does not tell which calendar lags are counted in, where that matters."""
    known = file.lags_by.upper() in {*_LAGS, _BY_CLOCK}
    if not known and calendars and any(number_of(one.row.get("lag_hr_cnt", "")) for one in file.links):
        text = "Lags are counted in days of the predecessor's calendar; the file says {said}."
        flaws.note("lag_calendar", file.lags_place, text, said=file.lags_by or "nothing")


def _tasks(
    rows: Sequence[Placed], calendars: Mapping[str, Workdays], project: Workdays | None, flaws: Flaws
) -> Iterator[WorkTask]:
    seen = set[str]()
    for index, (place, row) in enumerate((one.place, one.row) for one in rows):
        key, code = row.get("task_id", ""), row.get("task_code", "").strip()
        name = " ".join(part for part in (code, row.get("task_name", "").strip()) if part) or f"task {key}"
        if row.get("task_type", "").upper() in _SPANNING:
            flaws.note("spanning", place, "{name} spans other tasks and decides nothing: left out.", name=name)
            continue
        if not key or key in seen:
            key = f"{key}/{index}"
            flaws.note("twice", place, "{name}: its task_id is missing or taken; links lead to the first.", name=name)
        seen.add(key)
        yield _task(Placed(place, row), key, name, calendars, project, flaws)


def _task(
    one: Placed, key: str, name: str, calendars: Mapping[str, Workdays], project: Workdays | None, flaws: Flaws
) -> WorkTask:
    place, row = one.place, one.row
    own, said = row.get("clndr_id", ""), row.get("target_drtn_hr_cnt", "")
    calendar, hours = calendars.get(own) or project or Workdays(""), number_of(said)
    if hours is None and said.strip():
        flaws.note("bad_duration", place, "{name}: {said} is no duration.", name=name, said=said[:40])
    constraint, day = _constraint(one, name, flaws)
    return WorkTask(
        key, name, place, None, None if hours is None else hours / calendar.hours,
        _day(row.get("target_start_date", "")), _day(row.get("target_end_date", "")),
        row.get("task_type", "").upper() in _MILESTONES, own if own in calendars else "", constraint, day,
        _share(row, hours), _day(row.get("act_start_date", "")), _day(row.get("act_end_date", "")),
    )  # fmt: skip


def _constraint(one: Placed, name: str, flaws: Flaws) -> tuple[str, date | None]:
    """Return the constraint that counts of the two that an activity may have; another one is told."""
    both = [
        (_CONSTRAINTS.get(kind.upper(), kind), _day(one.row.get(day, "")))
        for word, day in (("cstr_type", "cstr_date"), ("cstr_type2", "cstr_date2"))
        if (kind := one.row.get(word, "").strip())
    ]
    both.sort(key=lambda found: found[0] != "start_after")
    for kind, _ in both[1:]:
        text = "{name}: its constraint ({constraint}) is not kept; links alone decide."
        flaws.note("constraint", one.place, text, name=name, constraint=kind)
    return both[0] if both else ("", None)


def _share(row: Row, hours: float | None) -> float | None:
    """Return the share that is done, as the file has it."""
    if row.get("status_code", "").upper() == "TK_COMPLETE":
        return 1.0
    percent = number_of(row.get("phys_complete_pct", ""))
    left = number_of(row.get("remain_drtn_hr_cnt", ""))
    if row.get("complete_pct_type", "").upper() != "CP_PHYS" and hours and left is not None:
        percent = 100.0 * (1.0 - min(left / hours, 1.0))
    return None if percent is None else min(max(percent / 100.0, 0.0), 1.0)


def _links(
    file: P6File, days: Mapping[str, Workdays], project: Workdays, left_out: set[str], flaws: Flaws
) -> Iterator[WorkLink]:
    by_clock, counted = file.lags_by.upper() == _BY_CLOCK, _LAGS.get(file.lags_by.upper(), "before")
    for place, row in ((one.place, one.row) for one in file.links):
        before, after, said = row.get("pred_task_id", ""), row.get("task_id", ""), row.get("lag_hr_cnt", "")
        if before in left_out or after in left_out:
            flaws.note("spanning_link", place, "A link of a task that was left out: left out, too.")
            continue
        lag = number_of(said) if said.strip() else 0.0
        whose = {"before": days.get(before, project), "after": days.get(after, project)}.get(counted, project)
        length = None if lag is None else lag / (24.0 if by_clock else whose.hours)
        told = row.get("pred_type", "").removeprefix("PR_")
        relation = told if (short := told.upper().removeprefix("PR_")) not in RELATIONS else short
        yield WorkLink(before, after, relation, place, length, None, said, by_clock)


def _workdays(calendar: P6Calendar, calendars: Mapping[str, P6Calendar]) -> Workdays:
    """Return the days of a calendar, with the exceptions of those that it stands on."""
    hours = calendar.hours
    week = calendar.week if calendar.week is not None and any(calendar.week) else (hours,) * 5 + (0.0,) * 2
    shares = tuple(said / hours if 0.0 < said <= 24.0 else 1.0 for said in week)
    days = _exceptions(calendar, calendars)
    uneven = {
        day: said / hours
        for day, said in days.items()
        if said and (not week[day.weekday()] or abs(said / hours - shares[day.weekday()]) > 1e-6)
    }
    return Workdays(
        calendar.name, "".join("1" if said else "0" for said in week),
        tuple(sorted(day for day, said in days.items() if not said)), hours, tuple(sorted(uneven.items())), shares,
    )  # fmt: skip


def _exceptions(calendar: P6Calendar, calendars: Mapping[str, P6Calendar]) -> Mapping[date, float]:
    """Return the exceptions of a calendar: its own before those of the one that it stands on, and so on."""
    days, seen = dict[date, float](), list[P6Calendar]()
    one: P6Calendar | None = calendar
    while one is not None and all(one is not other for other in seen):
        days = {**one.exceptions, **days}
        seen.append(one)
        one = calendars.get(one.base) if one.base else None
    return days


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said.strip()[:10])
    except ValueError:
        return None
