"""MS Project XML (MSPDI): tasks, links and calendars; element names as in Microsoft's schema ``mspdi_pj12.xsd``."""

import re
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from geometry.errors import ReadError
from geometry.readers.msp_calendars import calendars_of
from geometry.readers.plan_values import Stated, number_of
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
_NO_CALENDAR = ("", "-1")
_SHOWN = 40
_DURATION = re.compile(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d*)?)S)?")


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
        If it is no project of MS Project, or says what cannot be; without file name.
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
        self._says = Stated(self._flaws, "Project")
        minutes = self._says.number("MinutesPerDay", text_of(root, "MinutesPerDay"), high=1440.0)
        if minutes is not None and minutes <= 0.0:
            self._flaws.fault("Project", f"its MinutesPerDay is '{minutes:g}', which is not more than 0")
        self._hours = minutes / 60.0 if minutes and minutes > 0.0 else 8.0
        self._calendars = {CLOCK: BY_CLOCK, **calendars_of(root, self._hours, self._flaws, lines)}
        own = text_of(root, "CalendarUID")
        self._calendar = self._calendars.pop(own, None)
        if self._calendar is None and own not in _NO_CALENDAR:
            self._flaws.fault("Project", f"there is no calendar {own[:_SHOWN]!r} in the file")

    def plan(self) -> WorkPlan:
        start, known = (self._says.day(word, text_of(self._root, word)) for word in ("StartDate", "StatusDate"))
        named = {text_of(node, "PredecessorUID") for node in self._root.iterfind("Tasks/Task/PredecessorLink")}
        tasks, links, seen = list[WorkTask](), list[WorkLink](), set[str]()
        above = list[tuple[float, str]]()
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
                if key in named:
                    self._flaws.fault(place, f"{name}: another task has its number {key!r}, too, and links name it")
                key = f"{key}/{index}"
                self._flaws.note(
                    "twice", place, "{name}: its UID is missing or taken; links lead to the first.", name=name
                )
            seen.add(key)
            says = Stated(self._flaws, place, name)
            level = says.number("OutlineLevel", text_of(node, "OutlineLevel"), low=0.0, high=1e6) or 1.0
            while above and above[-1][0] >= level:
                above.pop()
            tasks.append(self._task(node, key, says, above[-1][1] if above else None))
            above.append((level, key))
            links.extend(self._links(node, key, name))
        self._flaws.stop()
        return WorkPlan(
            text_of(self._root, "Title") or text_of(self._root, "Name"), tuple(tasks), tuple(links),
            start, known, self._calendar, self._calendars, tuple(self._flaws.found), "after",
        )  # fmt: skip

    def _task(self, node: Element, key: str, says: Stated, parent: str | None) -> WorkTask:
        name, place = says.name, says.place
        said, form = text_of(node, "Duration"), text_of(node, "DurationFormat")
        hours = _hours(said)
        own, by_clock = text_of(node, "CalendarUID"), form in _ELAPSED
        days = None if hours is None else hours / (24.0 if by_clock else self._hours)
        if said and hours is None:
            says.no("Duration", said, "duration such as PT16H0M0S")
        if is_true(node, "Manual") and node.find("PredecessorLink") is not None:
            text = "{name} is scheduled by hand in the file: here its links decide."
            self._flaws.note("manual", place, text, name=name)
        if own not in (*_NO_CALENDAR, text_of(self._root, "CalendarUID"), *self._calendars):
            self._flaws.fault(place, f"{name}: there is no calendar {own[:_SHOWN]!r} in the file")
        says.one_of("ConstraintType", text_of(node, "ConstraintType"), ("0", *_CONSTRAINTS))
        calendar = CLOCK if by_clock else own if own in self._calendars else ""
        percent = says.number("PercentComplete", text_of(node, "PercentComplete"), low=0.0, high=100.0)
        start, finish, limit, begun, over = (
            says.day(word, text_of(node, word))
            for word in ("Start", "Finish", "ConstraintDate", "ActualStart", "ActualFinish")
        )
        return WorkTask(
            key, name, place, parent, days, start, finish, is_true(node, "Milestone"), calendar,
            _CONSTRAINTS.get(text_of(node, "ConstraintType"), ""), limit,
            None if percent is None else percent / 100.0, begun, over,
        )  # fmt: skip

    def _links(self, node: Element, key: str, name: str) -> Iterator[WorkLink]:
        for link in node.iterfind("PredecessorLink"):
            here = f"line {self._lines[id(link)]}, UID {key}"
            before, kind = text_of(link, "PredecessorUID"), text_of(link, "Type")
            if is_true(link, "CrossProject"):
                text = "{name} waits for a task of another file: left out."
                self._flaws.note("other_project", here, text, name=name)
                continue
            said, form = text_of(link, "LinkLag"), text_of(link, "LagFormat")
            lag, share, says = _lag(said) if said else 0.0, None, Stated(self._flaws, here, name)
            if lag is None:
                lag = says.no("LinkLag", said, "number of tenths of a minute") or 0.0
            if form in _PERCENT:
                lag, share = 0.0, lag / 100.0
            else:
                lag /= 600.0 * (24.0 if form in _ELAPSED else self._hours)  # tenths of a minute
            if not before:
                self._flaws.fault(here, f"{name}: its link does not say for which task it waits")
            says.one_of("link's Type", kind, _RELATIONS)
            relation = _RELATIONS.get(kind, "FS")
            yield WorkLink(before, key, relation, here, lag, share, form in _ELAPSED)


def _hours(said: str) -> float | None:
    found = _DURATION.fullmatch(said) if len(said) <= 60 else None
    if found is None or said in ("P", "PT", ""):
        return None
    days, hours, minutes, seconds = (float(part or 0.0) for part in found.groups())
    return 24.0 * days + hours + minutes / 60.0 + seconds / 3600.0


def _lag(said: str) -> float | None:
    """Return a lag in tenths of a minute; some programs write it as a duration."""
    number, hours = number_of(said), _hours(said.lstrip("-"))
    if number is not None or hours is None:
        return number
    return (-600.0 if said.startswith("-") else 600.0) * hours
