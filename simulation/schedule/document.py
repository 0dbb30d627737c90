"""A schedule as people write it (docs/schedule.md): the document becomes a network with risks, or a named fault."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from geometry.note import Note
from simulation.distribution import BetaPert, Distribution, Fixed, Triangular
from simulation.document import Section, read_document
from simulation.schedule.network import Link, Network, Relation, Task
from simulation.schedule.risk import Risk

_LINK = re.compile(r"(?P<name>.+?)\s+(?P<relation>FS|SS|FF|SF)?\s*(?P<lag>[+-]\s*\d+(\.\d+)?)?")
_SHAPES = ("pert", "triangular")
_SPREAD = ("optimistic", "likely", "pessimistic")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days are worked."""

    start: date
    """Day 0."""
    week: str
    """Seven letters from Monday: 1 worked, 0 not."""
    holidays: tuple[date, ...] = ()

    def day(self, number: float) -> date:
        """Return the day on which so many working days are over; what ends with a day's work ends on that day.

        Examples
        --------
        >>> WorkCalendar(date(2026, 3, 2), "1111100").day(5.0)  # a Monday, five days' work
        datetime.date(2026, 3, 6)
        """
        whole = max(0, int(np.ceil(number - 1e-9)) - 1)
        found = np.busday_offset(self.start, whole, roll="forward", weekmask=self.week, holidays=list(self.holidays))
        return found.astype(object)


@dataclass(frozen=True, slots=True, eq=False)
class ScheduleDocument:
    """What a file asks for."""

    name: str
    network: Network
    risks: tuple[Risk, ...]
    deadline: float | None
    """Working days."""
    calendar: WorkCalendar | None
    notes: tuple[str, ...]
    """What a planner may want to repair."""


def read_schedule(content: bytes) -> ScheduleDocument:
    """Return the schedule that a file describes.

    Raises
    ------
    SimulationError
        With line and place of what is wrong; a ring of tasks with their names.
    """
    top = read_document(content, "schedule")
    top.knows("name", "shape", "tasks", "risks", "deadline", "start", "week", "holidays")
    name, shape = top.text("name", "schedule"), top.choice("shape", _SHAPES, "pert")
    sections = list(top.sections("tasks"))
    if not sections:
        top.misspelt()
        raise top.fault("tasks", "there is none")
    names = [task for task, _ in sections]
    tasks = tuple(_task(task, section, names, shape) for task, section in sections)
    risks = tuple(_risk(risk, section, names, shape) for risk, section in top.sections("risks"))
    deadline = top.number("deadline", None, low=0.0)
    calendar = _calendar(top)
    top.close()
    return ScheduleDocument(name, Network(tasks), risks, deadline, calendar, _loose_ends(tasks))


def _task(name: str, section: Section, names: list[str], shape: str) -> Task:
    duration, planned = _duration(section.knows("days", *_SPREAD, "shape", "after"), shape)
    links = tuple(_link(section, text, names) for text in section.texts("after", ()))
    section.close()
    return Task(name, duration, links, planned)


def _duration(section: Section, shape: str) -> tuple[Distribution, float]:
    if section.has("days"):
        days = section.number("days", low=0.0)
        return Fixed(days), days
    low, mode, high = (section.number(word, low=0.0) for word in _SPREAD)
    return _spread(section, low, mode, high, section.choice("shape", _SHAPES, shape)), (low + 4.0 * mode + high) / 6.0


def _spread(section: Section, low: float, mode: float, high: float, shape: str) -> Distribution:
    if not low <= mode <= high:
        raise section.fault("likely", f"{low:g}, {mode:g}, {high:g} do not rise")
    if low == high:
        return Fixed(low)
    return BetaPert(low, mode, high) if shape == "pert" else Triangular(low, mode, high)


def _link(section: Section, text: str, names: list[str]) -> Link:
    if text in names:
        return Link(names.index(text))
    found = _LINK.fullmatch(text)
    if found is None or found["name"] not in names:
        _is_no_wait(section, text, names)
        near = _near(found["name"] if found else text, names)
        raise section.fault("after", f"there is no task {text!r}{near}; such as A, or A SS+2 (FS, SS, FF, SF and days)")
    lag = float((found["lag"] or "0").replace(" ", ""))
    return Link(names.index(found["name"]), Relation(found["relation"] or "FS"), lag)


def _is_no_wait(section: Section, text: str, names: list[str]) -> None:
    """Refuse what stands behind the name of a task and says neither which end waits nor how many days."""
    begun = max((name for name in names if text.startswith(f"{name} ")), key=len, default="")
    rest = text.removeprefix(begun).strip()
    relation = "" if rest[:1] in "+-0123456789" else re.split(r"[\s\d+-]", rest, maxsplit=1)[0]
    if not begun or not rest:
        return
    if relation and relation not in tuple(Relation):
        raise section.fault("after", f"{relation!r} is none of {', '.join(Relation)}")
    days = rest.removeprefix(relation).strip()
    raise section.fault("after", f"{days!r} is no number of days with its sign, such as +2")


def _near(name: str, names: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, names, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _risk(name: str, section: Section, names: list[str], shape: str) -> Risk:
    probability = section.knows("probability", "factor", "tasks").number("probability", low=0.0)
    if probability > 1.0:
        raise section.fault("probability", f"{probability:g} is more than 1")
    if isinstance(section.content.get("factor"), dict):
        inner = section.section("factor")
        low, mode, high = (inner.knows(*_SPREAD).number(word, low=0.0) for word in _SPREAD)
        factor = _spread(inner, low, mode, high, shape)
        inner.close()
    else:
        factor = Fixed(section.number("factor", low=0.0))
    told = section.texts("tasks")
    if told == ("all",) and "all" not in names:
        told = tuple(names)
    for one in told:
        if one not in names:
            raise section.fault("tasks", f"there is no task {one!r}{_near(one, names)}")
    section.close()
    return Risk(name, probability, factor, tuple(names.index(one) for one in told))


def _calendar(top: Section) -> WorkCalendar | None:
    if not top.has("start"):
        top.asked |= {"week", "holidays"}
        return None
    week = top.texts("week", _DAYS[:5])
    for day in week:
        if day not in _DAYS:
            raise top.fault("week", f"{day!r} is none of {', '.join(_DAYS)}")
    holidays = tuple(_date(top, "holidays", text) for text in top.texts("holidays", ()))
    mask = "".join("1" if day in week else "0" for day in _DAYS)
    if "1" not in mask:
        raise top.fault("week", "no day is worked")
    return WorkCalendar(_date(top, "start", top.text("start")), mask, holidays)


def _date(section: Section, word: str, text: Any) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise section.fault(word, f"{text!r} is no day such as 2026-03-02") from None


def _loose_ends(tasks: tuple[Task, ...]) -> tuple[str, ...]:
    """Return notes on tasks that nothing waits for or that wait for nothing, where there are several."""
    waited = {link.before for task in tasks for link in task.links}
    first = [task.name for task in tasks if not task.links]
    last = [task.name for index, task in enumerate(tasks) if index not in waited]
    notes = list[str]()
    if len(first) > 1:
        text = "{names}: these tasks wait for nothing; a link may be missing."
        notes.append(Note("schedule_first", text, names=", ".join(first)))
    if len(last) > 1:
        text = "{names}: nothing waits for these tasks; a link may be missing."
        notes.append(Note("schedule_last", text, names=", ".join(last)))
    return tuple(notes)
