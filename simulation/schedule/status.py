"""What people say of the progress of a schedule: a document of tasks, or the file's own statuses.

::

    progress: 1
    date: 2026-04-20              # or day: 35, working days that are over
    tasks:
      foundations: {started: 2026-03-02, done: 2026-03-12}
      columns: {started: 2026-03-13, share: 0.4}
"""

from collections.abc import Sequence
from datetime import date

from simulation.document import Section, read_document
from simulation.errors import BadDocument
from simulation.schedule.calendar import MOST_DAYS
from simulation.schedule.document import task_named
from simulation.schedule.observed import UNSEEN, Observation, told
from simulation.schedule.plan import ScheduleDocument

Status = tuple[float, tuple[Observation, ...]]
"""Working days that were over, and what is known of each task."""


def read_status(content: bytes, document: ScheduleDocument) -> Status:
    """Return what a progress document says; tasks that it does not name have not been looked at.

    Raises
    ------
    SimulationError
        With line and place of what is wrong.
    """
    top = read_document(content, "progress")
    top.knows("date", "day", "tasks")
    now = _day(top, "day", document, ends=True) if top.has("day") else _day(top, "date", document, ends=True)
    if now is None:
        raise top.fault("", "'date' is missing: up to which day is this known?")
    names = [task.name for task in document.network.tasks]
    found = dict[str, Observation]()
    for name, section in top.sections("tasks"):
        task_named(top, "tasks", name, names)
        section.knows("started", "done", "share")
        started, done = _day(section, "started", document), _day(section, "done", document, ends=True)
        share = section.number("share", None, low=0.0, high=1.0)
        section.close()
        try:
            found[name] = told(started, done, share, now, "")
        except BadDocument as error:
            raise section.fault("", str(error)) from None
    if not found:
        raise top.fault("tasks", "there is none")
    top.close()
    return now, tuple(found.get(name, UNSEEN) for name in names)


def status_in(document: ScheduleDocument, day: date | None) -> Status:
    """Return what a planning program's file itself says of its progress, up to ``day`` or its own status date.

    Raises
    ------
    BadDocument
        It says nothing, or not up to when.
    """
    if not document.reported or document.calendar is None:
        raise BadDocument("", "it says nothing of the progress of its tasks")
    until = day or document.status_day
    if until is None:
        raise BadDocument("", "it says no status date; give one, such as --progress 2026-04-20=plan")
    calendar, now = document.calendar, max(document.calendar.after(until), 0.0)
    found = list[Observation]()
    for task, one in zip(document.network.tasks, document.reported, strict=True):
        start = None if one.start is None else max(calendar.number(one.start), 0.0)
        finish = None if one.finish is None else max(calendar.after(one.finish), 0.0)
        found.append(told(start, finish, one.share, now, task.name))
    return now, tuple(found)


def merged(first: Sequence[Observation], second: Sequence[Observation]) -> tuple[Observation, ...]:
    """Return what is known of each task, of two sources the second where it says something."""
    return tuple(other if other.looked_at else one for one, other in zip(first, second, strict=True))


def _day(section: Section, word: str, document: ScheduleDocument, *, ends: bool = False) -> float | None:
    """Return a working day by its number or date; what ends on a date is over with it."""
    if not section.has(word):
        return None
    said = section.text(word)
    try:
        day = date.fromisoformat(said)
    except ValueError:
        return section.number(word, low=0.0, high=MOST_DAYS)
    if document.calendar is None:
        raise section.fault(word, "a date needs the schedule's start; without it, say a number of days")
    number = document.calendar.after(day) if ends else document.calendar.number(day)
    return max(number, 0.0)
