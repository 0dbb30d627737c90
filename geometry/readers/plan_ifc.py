"""The schedule of an IFC file as a network: tasks, sequences with lags, calendars, nesting and what each task builds.

The parser may crash on a broken file: it runs in a process of its own, which answers with one JSON document.
"""

# pyright: reportUnknownMemberType=false

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

from geometry.errors import ReadError
from geometry.note import restored, stored
from geometry.readers.ifc_attributes import attribute
from geometry.readers.ifc_container import model_file
from geometry.readers.plan_values import Stated, day_of
from geometry.work_plan import BY_CLOCK, CLOCK, RELATIONS, Flaw, Flaws, Workdays, WorkLink, WorkPlan, WorkTask, told_of

_ENTRY = "from geometry.readers.plan_ifc import main; main()"
_LIMIT_S, _BYTES_PER_LIMIT = 120.0, 50_000_000
_PART = r"(?:(\d+(?:\.\d+)?){})?"
_DURATION = re.compile("P" + "".join(map(_PART.format, "YMWD")) + "(?:T" + "".join(map(_PART.format, "HMS")) + ")?")
_RELATIONS = {"FINISH_START": "FS", "START_START": "SS", "FINISH_FINISH": "FF", "START_FINISH": "SF"}
_YEARS = 12
"""For how many years yearly holidays are counted."""


def plan_from_ifc(path: Path) -> WorkPlan:
    """Return the plan of an IFC file: .ifc, .ifczip or .ifcxml.

    Raises
    ------
    ReadError
        If the file is no IFC, beyond parsing, has no task, or says what cannot be; with the file's name.
    """
    with model_file(path) as file:
        limit = _LIMIT_S * (1.0 + file.stat().st_size / _BYTES_PER_LIMIT)
        command = [sys.executable, "-c", f"import sys; sys.path[:0] = {list(sys.path)!r}; {_ENTRY}", str(file)]
        try:
            done = subprocess.run(
                command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=limit, check=False
            )
        except subprocess.TimeoutExpired:
            raise ReadError(f"{path}: opening it took longer than {limit:.0f} s; export it again") from None
    try:
        told = json.loads(done.stdout)
    except ValueError:
        raise ReadError(f"{path}: the parser ended in it (status {done.returncode}); export it again") from None
    if "unreadable" in told:
        raise ReadError(f"{path}: {told['unreadable']}; export it again")
    return _plan(path, told)


def main() -> None:
    """Read the model that the command line names and write its plan as JSON on standard output."""
    from geometry.readers.ifc_worker import Unreadable, open_model

    with os.fdopen(os.dup(1), "w", encoding="utf-8") as channel:
        os.dup2(2, 1)  # kernels and parsers print there on their own
        try:
            model, _ = open_model(sys.argv[1])
        except Unreadable as error:
            json.dump({"unreadable": str(error)}, channel)
            return
        json.dump(plan_in(model), channel)


def plan_in(model: Any) -> dict[str, Any]:
    """Return the plan of an open model as JSON values (see :func:`plan_from_ifc`)."""
    return _Plan(model).told()


class _Plan:
    def __init__(self, model: Any) -> None:
        self._model, self._flaws = model, Flaws()
        self._parents = {child: parent for parent, child in self._nested()}
        self._calendars, self._own = self._read_calendars()
        used = Counter(self._calendar_of(task) for task in model.by_type("IfcTask"))
        named = [(count, -key, key) for key, count in used.items() if key is not None]
        self._main = max(named)[2] if named else None
        if self._main is None:
            self._flaws.note("no_calendar", "", "The file has no calendar: every day is counted as worked.")

    def told(self) -> dict[str, Any]:
        from geometry.readers.ifc_tasks import tasks_of

        chosen = self._chosen()
        times, every = self._times_2x3(), self._model.by_type("IfcTask")
        tasks = [
            self._task(task, said, times)
            for task, said in zip(every, tasks_of(self._model), strict=True)
            if task.id() in chosen
        ]
        links = [link for link in self._links() if link["before"] in chosen or link["after"] in chosen]
        return {
            "name": self._name(),
            "tasks": tasks,
            "links": links,
            "calendars": {str(key): value for key, value in self._calendars.items() if key != self._main},
            "calendar": self._calendars.get(self._main) if self._main is not None else None,
            "faults": self._flaws.faults,
            "flaws": [[flaw.kind, flaw.place, stored(flaw.text)] for flaw in self._flaws.found],
        }

    def _name(self) -> str:
        schedules = self._model.by_type("IfcWorkSchedule")
        named = [str(attribute(one, "Name", "")) for one in (*schedules, *self._model.by_type("IfcProject"))]
        return next((name for name in named if name), "")

    def _nested(self) -> Iterator[tuple[int, int]]:
        for kind in ("IfcRelNests", "IfcRelAggregates"):
            for relation in self._model.by_type(kind):
                outer = attribute(relation, "RelatingObject")
                if outer is not None and outer.is_a("IfcTask"):
                    yield from ((outer.id(), inner.id()) for inner in relation.RelatedObjects if inner.is_a("IfcTask"))

    def _chosen(self) -> set[int]:
        """Return the tasks that are taken: of several schedules one, and what lies below its tasks."""
        tasks = [task.id() for task in self._model.by_type("IfcTask")]
        schedules = self._model.by_type("IfcWorkSchedule")
        tops = {one.id(): [task.id() for task in self._controlled(one) if task.is_a("IfcTask")] for one in schedules}
        filled = [one for one in schedules if tops[one.id()]]
        if len(filled) < 2:
            return set(tasks)
        planned = [one for one in filled if str(attribute(one, "PredefinedType", "")) == "PLANNED"]
        taken = (planned or filled)[0]
        others = ", ".join(str(attribute(one, "Name", "")) or f"#{one.id()}" for one in filled if one != taken)
        name = str(attribute(taken, "Name", "")) or f"#{taken.id()}"
        self._flaws.note(
            "schedules", f"#{taken.id()}", "{name} is taken; left out: {others}.", name=name, others=others
        )
        top = set(tops[taken.id()])
        return {task for task in tasks if top & set(self._upwards(task))}

    def _controlled(self, control: Any) -> Iterator[Any]:
        for relation in attribute(control, "Controls", ()) or ():
            yield from relation.RelatedObjects

    def _upwards(self, task: int) -> list[int]:
        """Return a task and those that it is nested in, innermost first."""
        chain = [task]
        while (above := self._parents.get(chain[-1])) is not None and above not in chain:
            chain.append(above)
        return chain

    def _calendar_of(self, task: Any) -> int | None:
        return next((self._own[one] for one in self._upwards(task.id()) if one in self._own), None)

    def _read_calendars(self) -> tuple[dict[int, dict[str, Any]], dict[int, int]]:
        """Return calendars by instance number, and which of them tasks have themselves."""
        if str(self._model.schema).upper().startswith("IFC2X3"):
            return {}, {}
        found, own = dict[int, dict[str, Any]](), dict[int, int]()
        for calendar in self._model.by_type("IfcWorkCalendar"):
            found[calendar.id()] = self._calendar(calendar)
            own |= {task.id(): calendar.id() for task in self._controlled(calendar) if task.is_a("IfcTask")}
        return found, own

    def _calendar(self, calendar: Any) -> dict[str, Any]:
        week, says = set[int](), Stated(self._flaws, f"#{calendar.id()}", str(attribute(calendar, "Name", "")))
        for time in attribute(calendar, "WorkingTimes", ()) or ():
            pattern = attribute(time, "RecurrencePattern")
            days = None if pattern is None else attribute(pattern, "WeekdayComponent")
            week |= set(range(1, 8)) if days is None else {int(day) for day in days}
        for day in sorted(week - set(range(1, 8))):
            says.no("WeekdayComponent", str(day), "number from 1 to 7")
        holidays = list[str]()
        for time in attribute(calendar, "ExceptionTimes", ()) or ():
            pattern = attribute(time, "RecurrencePattern")
            if pattern is not None:
                holidays += self._yearly(pattern, calendar)
                continue
            ends = (attribute(time, "Start") or attribute(time, "StartDate"),
                    attribute(time, "Finish") or attribute(time, "FinishDate"))  # fmt: skip
            first, last = (None if end is None else says.day("holiday", str(end)) for end in ends)
            last = last or first
            if first is not None and last is not None:
                holidays += [(first + timedelta(days=k)).isoformat() for k in range(min((last - first).days, 3660) + 1)]
        if not week:
            text = "{name} does not say which days of the week are worked: {count} are counted."
            self._flaws.note("no_week", says.place, text, name=says.name or "–", count="7")
        mask = "".join("1" if day in week else "0" for day in range(1, 8)) if week else "1111111"
        return {"name": says.name, "week": mask, "holidays": holidays}

    def _yearly(self, pattern: Any, calendar: Any) -> list[str]:
        """Return the days of a holiday that comes every year, from the first planned year on."""
        if str(attribute(pattern, "RecurrenceType", "")) != "YEARLY_BY_DAY_OF_MONTH":
            text = "{name}: a recurring holiday that is not understood is left out."
            self._flaws.note("holiday", f"#{calendar.id()}", text, name=str(attribute(calendar, "Name", "")))
            return []
        planned = [day_of(str(attribute(time, "ScheduleStart") or "")) for time in self._model.by_type("IfcTaskTime")]
        first = min((day.year for day in planned if day is not None), default=2000)
        days, months = attribute(pattern, "DayComponent", ()), attribute(pattern, "MonthComponent", ())
        found = list[str]()
        for month, day in ((int(m), int(d)) for m in months for d in days):
            dates = [_date_or_none(year, month, day) for year in range(first, first + _YEARS)]
            if not any(dates):
                self._flaws.fault(f"#{calendar.id()}", f"its holiday on day {day} of month {month} is in no year")
            found += [at.isoformat() for at in dates if at is not None]
        return found

    def _times_2x3(self) -> dict[int, Any]:
        if not str(self._model.schema).upper().startswith("IFC2X3"):
            return {}
        found: dict[int, Any] = {}
        for relation in self._model.by_type("IfcRelAssignsTasks"):
            for task in relation.RelatedObjects:
                found[task.id()] = attribute(relation, "TimeForTask")
        return found

    def _task(self, task: Any, said: Mapping[str, Any], times: Mapping[int, Any]) -> dict[str, Any]:
        time = times.get(task.id()) or attribute(task, "TaskTime")
        identification, name = said["identification"], said["name"] or f"#{task.id()}"
        says = Stated(self._flaws, f"#{task.id()}", name)
        for end, word in (("start", "ScheduleStart"), ("finish", "ScheduleFinish")):
            if said[end] is None and (told := None if time is None else attribute(time, word)):
                says.no(word, str(told), "day such as 2026-03-02")
        calendar = self._calendar_of(task)
        elements = [self._model.by_id(id_) for id_ in said["products"]]
        ends = ("ActualStart", "ActualFinish")
        actual = [None if time is None else says.day(end, str(attribute(time, end) or "")) for end in ends]
        own = "" if calendar in (None, self._main) else str(calendar)
        builds = said["kind"] in ("", "CONSTRUCTION", "INSTALLATION", "NOTDEFINED", "USERDEFINED")
        return {
            "key": task.id(), "name": f"{identification} {name}" if identification else name,
            "place": f"#{task.id()} {said['global_id']}", "parent": self._parents.get(task.id()),
            "days": self._days(time, task, says), "start": said["start"], "finish": said["finish"],
            "milestone": bool(attribute(task, "IsMilestone", False)),
            "calendar": CLOCK if time is not None and _by_clock(time) else own,
            "percent": None if time is None else _share(attribute(time, "Completion"), says),
            "actual": [None if day is None else day.isoformat() for day in actual],
            "trade": str(attribute(task, "ObjectType", "") or ""),
            "elements": sorted(str(one.GlobalId) for one in elements) if builds else [],
        }  # fmt: skip

    def _days(self, time: Any, task: Any, says: Stated) -> float | None:
        said = None if time is None else attribute(time, "ScheduleDuration")
        if said is None:
            return None
        if isinstance(said, (int, float)):  # IFC2X3: seconds
            seconds = says.number("ScheduleDuration", repr(said), low=0.0)
            return None if seconds is None else seconds / 28800.0
        days = self._worked(str(said), _by_clock(time), self._calendar_of(task))
        if days is None:
            says.no("ScheduleDuration", str(said), "duration in weeks, days and hours such as P5D")
        elif not attribute(time, "DurationType", "") and self._main is not None and days:
            text = "{name}: the file does not say if its days are working days: counted as such."
            self._flaws.note("duration_type", says.place, text, name=says.name)
        return days

    def _worked(self, said: str, by_clock: bool, calendar: int | None) -> float | None:
        """Return the days of an ISO 8601 duration, by the clock or of work; None for what is none."""
        found = _DURATION.fullmatch(said) if len(said) <= 80 else None
        if found is None or not any(found.groups()):
            return None
        years, months, weeks, days, hours, minutes, seconds = (float(part or 0.0) for part in found.groups())
        if years or months:
            return None
        told = self._calendars.get(calendar if calendar is not None else self._main or 0)
        week = Workdays("", told["week"]) if told else None
        clock = hours + minutes / 60.0 + seconds / 3600.0
        if by_clock:
            return 7.0 * weeks + days + clock / 24.0
        return weeks * (week.week.count("1") if week else 7.0) + days + clock / 8.0

    def _links(self) -> Iterator[dict[str, Any]]:
        for relation in self._model.by_type("IfcRelSequence"):
            before, after = attribute(relation, "RelatingProcess"), attribute(relation, "RelatedProcess")
            place = f"#{relation.id()}"
            if before is None or after is None or not before.is_a("IfcTask") or not after.is_a("IfcTask"):
                self._flaws.note("link_of_no_task", place, "A sequence that does not join two tasks: left out.")
                continue
            kind = str(attribute(relation, "SequenceType", "") or "FINISH_START")
            lag, says = attribute(relation, "TimeLag"), Stated(self._flaws, place)
            says.one_of("kind", _RELATIONS.get(kind, kind), RELATIONS)
            days, share = self._lag(lag, before, says)
            yield {
                "before": before.id(), "after": after.id(), "relation": _RELATIONS.get(kind, "FS"), "place": place,
                "days": days, "share": share, "by_clock": hasattr(lag, "DurationType") and _by_clock(lag),
            }  # fmt: skip

    def _lag(self, lag: Any, before: Any, says: Stated) -> tuple[float, float | None]:
        """Return the lag in days, or as a share of the duration of the task before."""
        if lag is None or isinstance(lag, (int, float)):  # IFC2X3: seconds
            return (says.number("TimeLag", repr(lag or 0.0)) or 0.0) / 28800.0, None
        value = attribute(lag, "LagValue")
        told = None if value is None else value.wrappedValue
        if isinstance(told, (int, float)):
            return 0.0, says.number("LagValue", repr(told))
        text = str(told or "")
        sign = -1.0 if text.startswith("-") else 1.0
        days = self._worked(text.lstrip("-"), _by_clock(lag), self._calendar_of(before))
        if days is None:
            says.no("LagValue", text, "duration in weeks, days and hours such as P5D")
        return sign * (days or 0.0), None


def _plan(path: Path, told: Mapping[str, Any]) -> WorkPlan:
    if told["faults"]:
        raise ReadError(f"{path}: {told_of(told['faults'])}")
    tasks = tuple(_work_task(one) for one in told["tasks"])
    if not tasks:
        raise ReadError(f"{path}: the model has no task (IfcTask): there is no schedule in it")
    links = tuple(
        WorkLink(
            str(one["before"]),
            str(one["after"]),
            one["relation"],
            one["place"],
            one["days"],
            one["share"],
            one["by_clock"],
        )
        for one in told["links"]
    )
    flaws = tuple(Flaw(kind, place, cast("Any", restored(text))) for kind, place, text in told["flaws"])
    calendars = {CLOCK: BY_CLOCK} | {key: _workdays(one) for key, one in told["calendars"].items()}
    main = None if told["calendar"] is None else _workdays(told["calendar"])
    return WorkPlan(told["name"], tasks, links, None, None, main or Workdays(""), calendars, flaws)


def _work_task(one: Mapping[str, Any]) -> WorkTask:
    start, finish, actual_start, actual_finish = (
        None if said is None else day_of(said) for said in (one["start"], one["finish"], *one["actual"])
    )
    return WorkTask(
        str(one["key"]), one["name"], one["place"], None if one["parent"] is None else str(one["parent"]), one["days"],
        start, finish, one["milestone"], one["calendar"], "", None, one["percent"], actual_start, actual_finish,
        one["trade"], tuple(one["elements"]),
    )  # fmt: skip


def _by_clock(time: Any) -> bool:
    """Return whether a duration counts hours of the clock, not of work."""
    return str(attribute(time, "DurationType", "") or "") == "ELAPSEDTIME"


def _workdays(told: Mapping[str, Any]) -> Workdays:
    return Workdays(told["name"], told["week"], tuple(map(date.fromisoformat, told["holidays"])))


def _share(value: Any, says: Stated) -> float | None:
    """Return a completion as a share; files give 0.4, and some 40."""
    number = None if value is None else says.number("Completion", str(value), low=0.0, high=100.0)
    return number if number is None or number <= 1.0 else number / 100.0


def _date_or_none(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
