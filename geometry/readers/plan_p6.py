"""What Primavera P6 exports, whether as XER or as its own XML: the same project means the same plan.

Rows have the names of XER's fields, as in Oracle's XER data map guide.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from geometry.readers.plan_values import Stated, number_of
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
_PERCENTS = ("CP_PHYS", "CP_DRTN", "CP_UNITS")
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
    place: str = ""
    """Where in the file, for people."""
    faults: tuple[str, ...] = ()
    """What is said of it and cannot be."""


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
    """Return the plan that a file of P6 holds.

    Raises
    ------
    ReadError
        With the place of a value that cannot be; without file name.
    """
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
    _judge_calendars(file, key, flaws)
    _warn_of_lags(file, calendars, flaws)
    tasks = tuple(_tasks(file, {*calendars, key}, calendars, project, flaws))
    days = {task.key: calendars.get(task.calendar) or project or Workdays("") for task in tasks}
    left_out = {one.row.get("task_id", "") for one in file.tasks} - set(days)
    links = tuple(_links(file, days, project or Workdays(""), left_out, flaws))
    starts = [_of_project(row, "start", "plan_start_date", flaws) for row in own]
    known = [_of_project(row, "data date", "last_recalc_date", flaws) for row in own]
    flaws.stop()
    return WorkPlan(
        main.get("proj_short_name", ""), tasks, links,
        min((day for day in starts if day), default=None), max((day for day in known if day), default=None),
        project, calendars, tuple(flaws.found), _LAGS.get(file.lags_by.upper(), "before"),
    )  # fmt: skip


def _of_project(row: Row, what: str, field: str, flaws: Flaws) -> date | None:
    return Stated(flaws, "PROJECT", row.get("proj_short_name", "")).day(what, row.get(field, ""))


def _judge_calendars(file: P6File, main: str, flaws: Flaws) -> None:
    """Note what calendars say that cannot be; of those that work goes by also that they have no working time."""
    used = {main} | {one.row.get("clndr_id", "") for one in file.tasks}
    bases = {calendar.base for key, calendar in file.calendars.items() if key in used}
    for key, calendar in file.calendars.items():
        for fault in calendar.faults if key in used | bases else ():
            flaws.fault(calendar.place, fault)
        if key not in used or calendar.faults:
            continue
        if calendar.week is None:
            text = "{name} does not say which days of the week are worked: {count} are counted."
            flaws.note("no_week", calendar.place, text, name=calendar.name or "–", count="5")
        elif not any(calendar.week):
            flaws.fault(calendar.place, "no day is worked")


def _warn_of_lags(file: P6File, calendars: Mapping[str, Workdays], flaws: Flaws) -> None:
    """Say that the file does not tell which calendar lags are counted in, where that matters."""
    known = file.lags_by.upper() in {*_LAGS, _BY_CLOCK}
    if not known and calendars and any(number_of(one.row.get("lag_hr_cnt", "")) for one in file.links):
        text = "Lags are counted in days of the predecessor's calendar; the file says {said}."
        flaws.note("lag_calendar", file.lags_place, text, said=file.lags_by or "nothing")


def _tasks(
    file: P6File, known: set[str], calendars: Mapping[str, Workdays], project: Workdays | None, flaws: Flaws
) -> Iterator[WorkTask]:
    seen = set[str]()
    linked = {one.row.get(end, "") for one in file.links for end in ("pred_task_id", "task_id")}
    for index, (place, row) in enumerate((one.place, one.row) for one in file.tasks):
        key, code = row.get("task_id", ""), row.get("task_code", "").strip()
        name = " ".join(part for part in (code, row.get("task_name", "").strip()) if part) or f"task {key}"
        if row.get("task_type", "").upper() in _SPANNING:
            flaws.note("spanning", place, "{name} spans other tasks and decides nothing: left out.", name=name)
            continue
        if not key or key in seen:
            if key in linked:
                flaws.fault(place, f"{name}: another task has its number {key!r}, too, and links name it")
            key = f"{key}/{index}"
            flaws.note("twice", place, "{name}: its task_id is missing or taken; links lead to the first.", name=name)
        seen.add(key)
        if (own := row.get("clndr_id", "").strip()) and own not in known:
            flaws.fault(place, f"{name}: there is no calendar {own[:40]!r} in the file")
        yield _task(Placed(place, row), key, name, calendars, project, flaws)


def _task(
    one: Placed, key: str, name: str, calendars: Mapping[str, Workdays], project: Workdays | None, flaws: Flaws
) -> WorkTask:
    row, says = one.row, Stated(flaws, one.place, name)
    own = row.get("clndr_id", "")
    calendar = calendars.get(own) or project or Workdays("")
    hours = says.number("duration", row.get("target_drtn_hr_cnt", ""), low=0.0)
    constraint, day = _constraint(one, name, flaws)
    return WorkTask(
        key, name, one.place, None, None if hours is None else hours / calendar.hours,
        says.day("planned start", row.get("target_start_date", "")),
        says.day("planned finish", row.get("target_end_date", "")),
        row.get("task_type", "").upper() in _MILESTONES, own if own in calendars else "", constraint, day,
        _share(row, hours, says), says.day("actual start", row.get("act_start_date", "")),
        says.day("actual finish", row.get("act_end_date", "")),
    )  # fmt: skip


def _constraint(one: Placed, name: str, flaws: Flaws) -> tuple[str, date | None]:
    """Return the constraint that counts of the two that an activity may have; another one is told."""
    says = Stated(flaws, one.place, name)
    both = [
        (_CONSTRAINTS.get(kind.upper(), kind), says.day("constraint date", one.row.get(day, "")))
        for word, day in (("cstr_type", "cstr_date"), ("cstr_type2", "cstr_date2"))
        if (kind := one.row.get(word, "").strip())
    ]
    both.sort(key=lambda found: found[0] != "start_after")
    for kind, _ in both[1:]:
        text = "{name}: its constraint ({constraint}) is not kept; links alone decide."
        flaws.note("constraint", one.place, text, name=name, constraint=kind)
    return both[0] if both else ("", None)


def _share(row: Row, hours: float | None, says: Stated) -> float | None:
    """Return the share that is done, as the file has it."""
    percent = says.number("percent complete", row.get("phys_complete_pct", ""), low=0.0, high=100.0)
    left = says.number("remaining duration", row.get("remain_drtn_hr_cnt", ""), low=0.0)
    says.one_of("kind of percent complete", row.get("complete_pct_type", "").upper(), _PERCENTS)
    if row.get("status_code", "").upper() == "TK_COMPLETE":
        return 1.0
    if row.get("complete_pct_type", "").upper() != "CP_PHYS" and hours and left is not None:
        percent = 100.0 * (1.0 - min(left / hours, 1.0))
    return None if percent is None else percent / 100.0


def _links(
    file: P6File, days: Mapping[str, Workdays], project: Workdays, left_out: set[str], flaws: Flaws
) -> Iterator[WorkLink]:
    by_clock, counted = file.lags_by.upper() == _BY_CLOCK, _LAGS.get(file.lags_by.upper(), "before")
    for place, row in ((one.place, one.row) for one in file.links):
        before, after, said = row.get("pred_task_id", ""), row.get("task_id", ""), row.get("lag_hr_cnt", "")
        if before in left_out or after in left_out:
            flaws.note("spanning_link", place, "A link of a task that was left out: left out, too.")
            continue
        says = Stated(flaws, place)
        if not (before and after):
            flaws.fault(place, "it does not say which task waits for which")
        lag = says.number("lag", said) or 0.0
        whose = {"before": days.get(before, project), "after": days.get(after, project)}.get(counted, project)
        length = lag / (24.0 if by_clock else whose.hours)
        relation = row.get("pred_type", "").strip().upper().removeprefix("PR_")
        if relation not in RELATIONS:
            says.one_of("kind", relation or "–", RELATIONS)
        yield WorkLink(before, after, relation, place, length, None, by_clock)


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
