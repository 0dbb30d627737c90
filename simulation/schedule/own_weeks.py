"""Tasks that follow calendars of their own, told in working days of the project's calendar.

Durations and lags are counted day by day from where the plan has them, each by its own calendar, and become what passes
of the project's calendar meanwhile: the network of the project's days then has the same starts and finishes. What
starts or ends on a day that the project has off has no number there: the days are then those on which anybody works.
Tasks keep their calendars, so that runs in which they come later count them anew (:mod:`own_clock`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from geometry.work_plan import Workdays
from simulation.distribution import Fixed
from simulation.schedule.calendar import WorkCalendar
from simulation.schedule.days import NEAR, Days
from simulation.schedule.network import Network
from simulation.schedule.task import Link, OwnLag, OwnWeek, Relation, Task

_LONGEST = 100_000
"""Days looked ahead at most; longer plans are converted by the days of the weeks."""


@dataclass(frozen=True, slots=True)
class Own:
    """By which calendars a task's duration and the lags of its links count."""

    duration: Workdays
    lags: tuple[Workdays, ...]
    """One for each of its links to the tasks that it waits for."""


def in_project_days(tasks: Sequence[Task], own: Sequence[Own], calendar: WorkCalendar) -> list[Task]:
    """Return tasks whose durations and lags, told in days of their own calendars, are told in the project's.

    Parameters
    ----------
    tasks
        ``planned`` in days of the task's own calendar, lags of its links in those of their calendars; ``earliest`` in
        the project's.
    own
        The calendars of each task.
    calendar
        The project's.

    Raises
    ------
    SimulationError
        Tasks wait for each other.
    """
    clock = _Clock(tasks, own, calendar)
    base, found = clock.base, list(tasks)
    for index, task in enumerate(tasks):
        lasts = base.done(clock.finish[index]) - base.done(clock.start[index])
        links = tuple(
            replace(link, lag=_lag(link, base.done(at), lasts, *clock.passed(link.before)), own=OwnLag(week, link.lag))
            for link, at, week in zip(task.links, clock.waits[index], own[index].lags, strict=True)
        )
        earliest = max(0.0, base.done(clock.floor[index]))
        week, floor = own[index].duration, clock.floor[index] if task.planned else clock.at[index]
        follows = OwnWeek(week, task.planned / lasts if lasts else 1.0, earliest, floor, calendar)
        found[index] = replace(task, duration=Fixed(lasts), planned=lasts, links=links, earliest=earliest, own=follows)
    return found


def common_calendar(calendar: WorkCalendar, weeks: Iterable[Workdays]) -> WorkCalendar:
    """Return the calendar whose working days are those on which anybody works.

    Examples
    --------
    >>> common_calendar(WorkCalendar(date(2026, 3, 2), "1111100"), [Workdays("", "0000011")]).week
    '1111111'
    """
    everybody = {Workdays("", calendar.week, calendar.holidays), *weeks}
    week = list("0000000")
    for one in everybody:
        special = {day.weekday() for day, share in one.uneven if share}
        for letter in range(7):
            if one.week[letter] == "1" or letter in special:
                week[letter] = "1"
    off = {day for one in everybody for day in one.holidays}
    for one in everybody:
        off -= _worked_of(one, off)
    return WorkCalendar(calendar.start, "".join(week), tuple(sorted(off)))


def on_days_off(tasks: Sequence[Task], own: Sequence[Own], common: WorkCalendar, calendar: WorkCalendar) -> bool:
    """Return whether a task starts or ends on a day that the project's calendar has off, so that it cannot be told.

    Parameters
    ----------
    tasks, own
        As of :func:`in_project_days`; ``earliest`` in days of the common calendar.
    common, calendar
        That of the days on which anybody works, and the project's.
    """
    clock = _Clock(tasks, own, common)
    project = Days(Workdays("", calendar.week, calendar.holidays), common, clock.ahead)
    for task, start, finish in zip(tasks, clock.start, clock.finish, strict=True):
        first, last = int(start + NEAR), int(np.ceil(finish - NEAR)) - 1
        if task.planned and last < clock.ahead and not (project.worked[first] and project.worked[last]):
            return True
    return False


def _worked_of(week: Workdays, days: set[date]) -> set[date]:
    """Return which of some days are worked."""
    shares, holidays = dict(week.uneven), frozenset(week.holidays)
    return {
        day for day in days if shares.get(day, float(week.week[day.weekday()] == "1" and day not in holidays)) > 0.0
    }


class _Clock:
    """When tasks start and finish, days by the clock from the first day on."""

    def __init__(self, tasks: Sequence[Task], own: Sequence[Own], calendar: WorkCalendar) -> None:
        order = Network(tasks).order
        length = sum(task.planned + sum(abs(link.lag) for link in task.links) for task in tasks)
        self.ahead = min(400 + 8 * int(length + max(task.earliest for task in tasks)), _LONGEST)
        self._calendar, self._kept = calendar, dict[Workdays, Days]()
        self.base = base = self._days(Workdays("", calendar.week, calendar.holidays))
        self.start, self.finish, self.floor = [0.0] * len(tasks), [0.0] * len(tasks), [0.0] * len(tasks)
        self.at = [0.0] * len(tasks)
        self.waits: list[list[float]] = [[] for _ in tasks]
        for index in order:
            task, week = tasks[index], self._days(own[index].duration)
            at = self.at[index] = base.after(0.0, task.earliest)
            self.floor[index] = week.opens(base.opens(at))
            self.waits[index] = [
                _position(link, task, (self.start, self.finish), self._days(lags), week)
                for link, lags in zip(task.links, own[index].lags, strict=True)
            ]
            self.start[index] = max([self.floor[index] if task.planned else at, *self.waits[index]])
            self.finish[index] = week.after(self.start[index], task.planned)

    def passed(self, task: int) -> tuple[float, float]:
        """Return how many days of the calendar are over when a task starts and when it finishes."""
        return self.base.done(self.start[task]), self.base.done(self.finish[task])

    def _days(self, week: Workdays) -> Days:
        if week not in self._kept:
            self._kept[week] = Days(week, self._calendar, self.ahead)
        return self._kept[week]


def _position(link: Link, task: Task, times: tuple[list[float], list[float]], lags: Days, week: Days) -> float:
    """Return when a task may start because of a link, days by the clock."""
    start, finish = times
    from_start = link.relation in (Relation.START_START, Relation.START_FINISH)
    at = start[link.before] if from_start else finish[link.before]
    at = lags.after(at, link.lag) if link.lag > 0.0 else lags.before(at, -link.lag) if link.lag < 0.0 else at
    if link.relation in (Relation.FINISH_FINISH, Relation.START_FINISH):
        at = week.before(at, task.planned) if task.planned else at
    at = max(0.0, at)  # nothing is done before the first day
    return week.opens(at) if task.planned else at


def _lag(link: Link, at: float, lasts: float, start: float, finish: float) -> float:
    """Return the lag by which a task of so many project days starts at ``at``."""
    match link.relation:
        case Relation.FINISH_START:
            return at - finish
        case Relation.START_START:
            return at - start
        case Relation.FINISH_FINISH:
            return at + lasts - finish
        case Relation.START_FINISH:
            return at + lasts - start
