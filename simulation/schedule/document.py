"""A schedule as people write it (docs/schedule.md): the document becomes a network with risks, or a named fault."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from simulation.distribution import BetaPert, Distribution, Fixed, Triangular
from simulation.document import Section, read_document
from simulation.schedule.calendar import MOST_DAYS, WorkCalendar
from simulation.schedule.network import Cycle, Network
from simulation.schedule.plan import ScheduleDocument, loose_ends
from simulation.schedule.risk import Risk
from simulation.schedule.task import Link, Relation, Task

_LINK = re.compile(r"(?P<name>.+?)\s+(?P<relation>FS|SS|FF|SF)?\s*(?P<lag>[+-]\s*\d+(\.\d+)?)?")
SHAPES = ("pert", "triangular")
_MOST_OF_A_RESOURCE = 1_000_000
_MOST_TIMES = 1000.0
"""No risk makes a task longer than so many times its duration."""
_SPREAD = ("optimistic", "likely", "pessimistic")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def read_schedule(content: bytes) -> ScheduleDocument:
    """Return the schedule that a file describes.

    Raises
    ------
    SimulationError
        With line and place of what is wrong; a ring of tasks with their names.
    """
    top = read_document(content, "schedule")
    top.knows("name", "shape", "tasks", "risks", "deadline", "start", "week", "holidays", "resources")
    name, shape = top.text("name", "schedule"), top.choice("shape", SHAPES, "pert")
    sections = list(top.sections("tasks"))
    if not sections:
        top.misspelt()
        raise top.fault("tasks", "there is none")
    names, calendar = [task for task, _ in sections], _calendar(top)
    supply = resources_of(top)
    tasks = tuple(_task(task, section, names, shape, supply, calendar) for task, section in sections)
    risks, deadline = conditions_of(top, names, shape)
    top.close()
    loose = loose_ends(tasks, [f"line {section.lines[section.place]}" for _, section in sections])
    return ScheduleDocument(name, _network(tasks, sections), risks, deadline, calendar, loose, resources=supply)


def _network(tasks: tuple[Task, ...], sections: Sequence[tuple[str, Section]]) -> Network:
    try:
        return Network(tasks)
    except Cycle as error:
        raise sections[error.ring[0]][1].fault("after", str(error)) from None


def conditions_of(top: Section, names: list[str], shape: str) -> tuple[tuple[Risk, ...], float | None]:
    """Return the risks and the deadline, working days, that a document names for tasks of these names."""
    risks = tuple(_risk(risk, section, names, shape) for risk, section in top.sections("risks"))
    return risks, top.number("deadline", None, low=0.0, high=MOST_DAYS)


def _task(
    name: str, section: Section, names: list[str], shape: str, supply: Mapping[str, int], calendar: WorkCalendar | None
) -> Task:
    section.knows("days", *_SPREAD, "shape", "after", "not_before", "trade", "elements", "needs")
    duration, planned = duration_of(section, shape)
    links = _links(section, names)
    earliest = _not_before(section, calendar) if section.has("not_before") else 0.0
    needs = needs_of(section, supply)
    trade, elements = section.text("trade", ""), section.texts("elements", ())
    section.close()
    return Task(name, duration, links, planned, earliest, trade, elements, needs)


def resources_of(top: Section) -> Mapping[str, int]:
    """Return how much of which resource there is."""
    inner = top.section("resources")
    return {name: inner.whole(name, low=1, high=_MOST_OF_A_RESOURCE) for name in inner.content}


def needs_of(section: Section, supply: Mapping[str, int]) -> Mapping[str, int]:
    """Return how much of which resource a task takes."""
    inner, needs = section.section("needs"), dict[str, int]()
    for resource in inner.content:
        if resource not in supply:
            raise section.fault("needs", f"there is no resource {resource!r}{_near(resource, list(supply))}")
        needs[resource] = inner.whole(resource)
        if needs[resource] > supply[resource]:
            raise inner.fault(resource, f"{needs[resource]} are needed, of which there are {supply[resource]}")
    return needs


def task_named(section: Section, word: str, name: str, names: Sequence[str]) -> str:
    """Return the name of a task, refusing one that there is not."""
    if name not in names:
        raise section.fault(word, f"there is no task {name!r}{_near(name, names)}")
    return name


def _not_before(section: Section, calendar: WorkCalendar | None) -> float:
    """Return the working day, from 0, before which a task may not start; a date needs a calendar."""
    said = section.text("not_before")
    try:
        day = date.fromisoformat(said)
    except ValueError:
        return section.number("not_before", low=0.0, high=MOST_DAYS)
    if calendar is None:
        raise section.fault("not_before", "a date needs the schedule's start; without it, say a number of days")
    return max(0.0, calendar.number(day))


def duration_of(section: Section, shape: str) -> tuple[Distribution, float]:
    """Return the distribution of a task's duration and the days that the plan counts with."""
    if section.has("days"):
        days = section.number("days", low=0.0, high=MOST_DAYS)
        return Fixed(days), days
    low, mode, high = (section.number(word, low=0.0, high=MOST_DAYS) for word in _SPREAD)
    chosen = section.choice("shape", SHAPES, shape)
    return spread_of(section, low, mode, high, chosen), (low + 4.0 * mode + high) / 6.0


def spread_of(section: Section | None, low: float, mode: float, high: float, shape: str) -> Distribution:
    """Return the distribution of three durations that have to rise."""
    if section is not None and not low <= mode <= high:
        raise section.fault(
            "likely", f"optimistic, likely and pessimistic have to rise: {low:g}, {mode:g}, {high:g} do not"
        )
    if low == high:
        return Fixed(low)
    return BetaPert(low, mode, high) if shape == "pert" else Triangular(low, mode, high)


def _links(section: Section, names: list[str]) -> tuple[Link, ...]:
    links = tuple(_link(section, text, names) for text in section.texts("after", ()))
    seen = set[tuple[int, Relation]]()
    for link in links:
        if (link.before, link.relation) in seen:
            raise section.fault("after", f"it waits for {names[link.before]!r} twice ({link.relation})")
        seen.add((link.before, link.relation))
    return links


def _link(section: Section, text: str, names: list[str]) -> Link:
    if text in names:
        return Link(names.index(text))
    found = _LINK.fullmatch(text)
    if found is None or found["name"] not in names:
        _is_no_wait(section, text, names)
        near = _near(found["name"] if found else text, names)
        raise section.fault("after", f"there is no task {text!r}{near}; such as A, or A SS+2 (FS, SS, FF, SF and days)")
    lag = float((found["lag"] or "0").replace(" ", ""))
    if abs(lag) > MOST_DAYS:
        raise section.fault("after", f"{lag:g} days are more than {MOST_DAYS:g}")
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


def _near(name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, names, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _risk(name: str, section: Section, names: list[str], shape: str) -> Risk:
    probability = section.knows("probability", "factor", "tasks").number("probability", low=0.0)
    if probability > 1.0:
        raise section.fault("probability", f"{probability:g} is more than 1")
    if isinstance(section.content.get("factor"), dict):
        inner = section.section("factor")
        low, mode, high = (inner.knows(*_SPREAD).number(word, low=0.0, high=_MOST_TIMES) for word in _SPREAD)
        factor = spread_of(inner, low, mode, high, shape)
        inner.close()
    else:
        factor = Fixed(section.number("factor", low=0.0, high=_MOST_TIMES))
    told = section.texts("tasks")
    if told == ("all",) and "all" not in names:
        told = tuple(names)
    for one in told:
        task_named(section, "tasks", one, names)
    section.close()
    return Risk(name, probability, factor, tuple(names.index(one) for one in told))


def _calendar(top: Section) -> WorkCalendar | None:
    week = top.texts("week", _DAYS[:5])
    for day in week:
        if day not in _DAYS:
            raise top.fault("week", f"{day!r} is none of {', '.join(_DAYS)}")
    holidays = tuple(_date(top, "holidays", text) for text in top.texts("holidays", ()))
    mask = "".join("1" if day in week else "0" for day in _DAYS)
    if "1" not in mask:
        raise top.fault("week", "no day is worked")
    if not top.has("start"):
        return None
    return WorkCalendar(_date(top, "start", top.text("start")), mask, holidays)


def _date(section: Section, word: str, text: Any) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise section.fault(word, f"{text!r} is no day such as 2026-03-02") from None
