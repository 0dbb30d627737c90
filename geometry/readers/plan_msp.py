"""MS Project XML (MSPDI): tasks, links and calendars; element names as in Microsoft's schema ``mspdi_pj12.xsd``."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from xml.etree.ElementTree import Element

from geometry.errors import ReadError
from geometry.safe_xml import parse_xml, text_of
from geometry.work_plan import Flaws, Workdays, WorkLink, WorkPlan, WorkTask, elapsed_to_worked

_RELATIONS = {"0": "FF", "1": "FS", "2": "SF", "3": "SS"}
_ELAPSED = frozenset({"4", "6", "8", "10", "12", "20", "36", "38", "40", "42", "44", "52"})
"""Duration formats that count hours of the clock, not of work; those from 35 on are the estimated ones."""
_PERCENT = frozenset({"19", "20", "51", "52"})
_CONSTRAINTS = {
    "1": "as late as possible", "2": "must start on", "3": "must finish on", "4": "start_after",
    "5": "start no later than", "6": "finish no earlier than", "7": "finish no later than",
}  # fmt: skip
_DURATION = re.compile(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?")
_SUNDAY = 1
_LONGEST_HOLIDAY = 3660


def plan_from_msp(content: bytes) -> WorkPlan:
    """Return the plan of an MS Project XML file.

    Raises
    ------
    ReadError
        If it is no XML that can be read, or no project; without file name.
    """
    root, lines = parse_xml(content)
    if root.tag.endswith("APIBusinessObjects"):
        raise ReadError("this is Primavera's own XML, which is not read; export the project from P6 as XER")
    if root.tag != "Project" or root.find("Tasks") is None:
        raise ReadError("its XML is no MS Project file (no Project with Tasks); save it as XML from MS Project")
    return _Reader(root, lines).plan()


class _Reader:
    def __init__(self, root: Element, lines: dict[int, int]) -> None:
        self._root, self._lines, self._flaws = root, lines, Flaws()
        minutes = _number(text_of(root, "MinutesPerDay"))
        self._hours = minutes / 60.0 if minutes and 0.0 < minutes <= 1440.0 else 8.0
        self._calendars = dict(self._read_calendars())
        self._calendar = self._calendars.pop(text_of(root, "CalendarUID"), None)

    def plan(self) -> WorkPlan:
        tasks, links, seen = list[WorkTask](), list[WorkLink](), set[str]()
        above = list[tuple[int, str]]()
        for index, node in enumerate(self._root.iterfind("Tasks/Task")):
            key = text_of(node, "UID")
            name = text_of(node, "Name") or f"task {key or index + 1}"
            place = f"line {self._lines[id(node)]}, UID {key or '–'}"
            if key == "0" or text_of(node, "IsNull") == "1":  # the project itself; an empty row
                continue
            if text_of(node, "Active") == "0":
                self._flaws.note("inactive", place, "{name} is inactive: left out.", name=name)
                continue
            if not key or key in seen:
                key = f"{key}/{index}"
                self._flaws.note(
                    "twice", place, "{name}: its UID is missing or taken; links lead to the first.", name=name
                )
            seen.add(key)
            level = int(_number(text_of(node, "OutlineLevel")) or 1)
            while above and above[-1][0] >= level:
                above.pop()
            tasks.append(self._task(node, key, name, place, above[-1][1] if above else None))
            above.append((level, key))
            links.extend(self._links(node, key, name, place))
        return WorkPlan(
            text_of(self._root, "Title") or text_of(self._root, "Name"), tuple(tasks), tuple(links),
            _day(text_of(self._root, "StartDate")), _day(text_of(self._root, "StatusDate")), self._calendar,
            self._calendars, tuple(self._flaws.found),
        )  # fmt: skip

    def _task(self, node: Element, key: str, name: str, place: str, parent: str | None) -> WorkTask:
        said, form = text_of(node, "Duration"), text_of(node, "DurationFormat")
        hours = _hours(said)
        days = None if hours is None else hours / self._hours
        if hours and form in _ELAPSED:
            days = elapsed_to_worked(hours / 24.0, self._calendar)
            text = "{name}: {said} by the clock, counted as {days} working days."
            self._flaws.note("elapsed", place, text, name=name, said=said, days=f"{days:g}")
        if said and hours is None:
            self._flaws.note("bad_duration", place, "{name}: {said} is no duration.", name=name, said=said[:40])
        if text_of(node, "Manual") == "1" and node.find("PredecessorLink") is not None:
            text = "{name} is scheduled by hand in the file: here its links decide."
            self._flaws.note("manual", place, text, name=name)
        own = text_of(node, "CalendarUID")
        percent = _number(text_of(node, "PercentComplete"))
        return WorkTask(
            key, name, place, parent, days, _day(text_of(node, "Start")), _day(text_of(node, "Finish")),
            text_of(node, "Milestone") == "1", own if own in self._calendars else "",
            _CONSTRAINTS.get(text_of(node, "ConstraintType"), ""), _day(text_of(node, "ConstraintDate")),
            None if percent is None else min(max(percent / 100.0, 0.0), 1.0), _day(text_of(node, "ActualStart")),
            _day(text_of(node, "ActualFinish")),
        )  # fmt: skip

    def _links(self, node: Element, key: str, name: str, place: str) -> Iterator[WorkLink]:
        for link in node.iterfind("PredecessorLink"):
            here = f"line {self._lines[id(link)]}, UID {key}"
            before, kind = text_of(link, "PredecessorUID"), text_of(link, "Type")
            if text_of(link, "CrossProject") == "1":
                text = "{name} waits for a task of another file: left out."
                self._flaws.note("other_project", here, text, name=name)
                continue
            said, form = text_of(link, "LinkLag"), text_of(link, "LagFormat")
            lag, share = _lag(said) if said else 0.0, None
            if lag is not None and form in _PERCENT:
                lag, share = 0.0, lag / 100.0
            elif lag and form in _ELAPSED:
                lag = elapsed_to_worked(lag / 14400.0, self._calendar)  # tenths of a minute
                text = "{name}: a lag by the clock, counted as {days} working days."
                self._flaws.note("elapsed_lag", here, text, name=name, days=f"{lag:g}")
            elif lag is not None:
                lag /= 600.0 * self._hours
            yield WorkLink(before, key, _RELATIONS.get(kind, "FS") if kind else "FS", here, lag, share, said)

    def _read_calendars(self) -> Iterator[tuple[str, Workdays]]:
        for node in self._root.iterfind("Calendars/Calendar"):
            week, holidays = list("1111100"), list[date]()
            for day in node.iterfind("WeekDays/WeekDay"):
                kind, worked = text_of(day, "DayType"), text_of(day, "DayWorking") == "1"
                if kind in tuple("1234567"):
                    week[(int(kind) - _SUNDAY - 1) % 7] = "1" if worked else "0"
                elif not worked:
                    holidays.extend(_days(day.find("TimePeriod")))
            for exception in node.iterfind("Exceptions/Exception"):
                if text_of(exception, "DayWorking") != "1":
                    holidays.extend(_days(exception.find("TimePeriod")))
            name = text_of(node, "Name")
            mask = "".join(week)
            yield text_of(node, "UID"), Workdays(name, mask if "1" in mask else "1111100", tuple(holidays), self._hours)


def _days(period: Element | None) -> Iterator[date]:
    """Yield the days of a holiday, both ends included."""
    first, last = _day(text_of(period, "FromDate")), _day(text_of(period, "ToDate"))
    if first is None or last is None:
        return
    for shift in range(min((last - first).days, _LONGEST_HOLIDAY) + 1):
        yield first + timedelta(days=shift)


def _hours(said: str) -> float | None:
    found = _DURATION.fullmatch(said) if len(said) <= 60 else None
    if found is None or said in ("P", "PT", ""):
        return None
    days, hours, minutes, seconds = (float(part or 0.0) for part in found.groups())
    return 24.0 * days + hours + minutes / 60.0 + seconds / 3600.0


def _lag(said: str) -> float | None:
    """Return a lag in tenths of a minute; some programs write it as a duration."""
    number, hours = _number(said), _hours(said.lstrip("-"))
    if number is not None or hours is None:
        return number
    return (-600.0 if said.startswith("-") else 600.0) * hours


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said[:10])
    except ValueError:
        return None


def _number(said: str) -> float | None:
    from math import isfinite

    try:
        value = float(said) if len(said) <= 40 else float("nan")
    except ValueError:
        return None
    return value if isfinite(value) else None
