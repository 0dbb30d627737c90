"""MS Project XML (MSPDI): tasks, links and calendars; element names as in Microsoft's schema ``mspdi_pj12.xsd``."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from xml.etree.ElementTree import Element

from geometry.errors import ReadError
from geometry.readers.msp_calendars import calendars_of
from geometry.safe_xml import is_false, is_true, parse_xml, text_of
from geometry.work_plan import BY_CLOCK, CLOCK, Flaws, WorkLink, WorkPlan, WorkTask

_RELATIONS = {"0": "FF", "1": "FS", "2": "SF", "3": "SS"}
_ELAPSED = frozenset({"4", "6", "8", "10", "12", "20", "36", "38", "40", "42", "44", "52"})
"""Duration formats that count hours of the clock, not of work; those from 35 on are the estimated ones."""
_PERCENT = frozenset({"19", "20", "51", "52"})
_CONSTRAINTS = {
    "1": "as late as possible", "2": "must start on", "3": "must finish on", "4": "start_after",
    "5": "start no later than", "6": "finish no earlier than", "7": "finish no later than",
}  # fmt: skip
_DURATION = re.compile(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?")


def plan_from_msp(content: bytes) -> WorkPlan:
    """Return the plan of an MS Project XML file.

    Raises
    ------
    ReadError
        If it is no XML that can be read, or no project; without file name.
    """
    return plan_in_msp(*parse_xml(content))


def plan_in_msp(root: Element, lines: Mapping[int, int]) -> WorkPlan:
    """Return the plan that an element ``Project`` holds; ``lines`` are those of elements by their id.

    Raises
    ------
    ReadError
        If it is no project of MS Project.
    """
    if root.tag != "Project" or root.find("Tasks") is None:
        raise ReadError(
            "its XML is no schedule of MS Project (no Project with Tasks) or P6; save it as XML from MS Project, or "
            "export it from P6 as XER or XML"
        )
    return _Reader(root, lines).plan()


class _Reader:
    def __init__(self, root: Element, lines: Mapping[int, int]) -> None:
        self._root, self._lines, self._flaws = root, lines, Flaws()
        minutes = _number(text_of(root, "MinutesPerDay"))
        self._hours = minutes / 60.0 if minutes and 0.0 < minutes <= 1440.0 else 8.0
        self._calendars = {CLOCK: BY_CLOCK, **calendars_of(root, self._hours, self._flaws)}
        self._calendar = self._calendars.pop(text_of(root, "CalendarUID"), None)

    def plan(self) -> WorkPlan:
        start = text_of(self._root, "StartDate")
        if start and _day(start) is None:
            text = "The project's start {said} is no day; the first start of a task counts."
            self._flaws.note("bad_start", "StartDate", text, said=start[:40])
        tasks, links, seen = list[WorkTask](), list[WorkLink](), set[str]()
        above = list[tuple[int, str]]()
        for index, node in enumerate(self._root.iterfind("Tasks/Task")):
            key = text_of(node, "UID")
            name = text_of(node, "Name") or f"task {key or index + 1}"
            place = f"line {self._lines[id(node)]}, UID {key or '–'}"
            if key == "0" or is_true(node, "IsNull"):  # the project itself; an empty row
                continue
            if is_false(node, "Active"):
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
            self._calendars, tuple(self._flaws.found), "after",
        )  # fmt: skip

    def _task(self, node: Element, key: str, name: str, place: str, parent: str | None) -> WorkTask:
        said, form = text_of(node, "Duration"), text_of(node, "DurationFormat")
        hours = _hours(said)
        own, by_clock = text_of(node, "CalendarUID"), form in _ELAPSED
        days = None if hours is None else hours / (24.0 if by_clock else self._hours)
        if said and hours is None:
            self._flaws.note("bad_duration", place, "{name}: {said} is no duration.", name=name, said=said[:40])
        if is_true(node, "Manual") and node.find("PredecessorLink") is not None:
            text = "{name} is scheduled by hand in the file: here its links decide."
            self._flaws.note("manual", place, text, name=name)
        calendar = CLOCK if by_clock else own if own in self._calendars else ""
        percent = _number(text_of(node, "PercentComplete"))
        return WorkTask(
            key, name, place, parent, days, _day(text_of(node, "Start")), _day(text_of(node, "Finish")),
            is_true(node, "Milestone"), calendar,
            _CONSTRAINTS.get(text_of(node, "ConstraintType"), ""), _day(text_of(node, "ConstraintDate")),
            None if percent is None else min(max(percent / 100.0, 0.0), 1.0), _day(text_of(node, "ActualStart")),
            _day(text_of(node, "ActualFinish")),
        )  # fmt: skip

    def _links(self, node: Element, key: str, name: str, place: str) -> Iterator[WorkLink]:
        for link in node.iterfind("PredecessorLink"):
            here = f"line {self._lines[id(link)]}, UID {key}"
            before, kind = text_of(link, "PredecessorUID"), text_of(link, "Type")
            if is_true(link, "CrossProject"):
                text = "{name} waits for a task of another file: left out."
                self._flaws.note("other_project", here, text, name=name)
                continue
            said, form = text_of(link, "LinkLag"), text_of(link, "LagFormat")
            lag, share = _lag(said) if said else 0.0, None
            if lag is not None and form in _PERCENT:
                lag, share = 0.0, lag / 100.0
            elif lag is not None:
                lag /= 600.0 * (24.0 if form in _ELAPSED else self._hours)  # tenths of a minute
            relation = _RELATIONS.get(kind, "FS") if kind else "FS"
            yield WorkLink(before, key, relation, here, lag, share, said, form in _ELAPSED)


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
