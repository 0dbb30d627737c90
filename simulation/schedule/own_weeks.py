"""Tasks that follow calendars of their own, told in working days of the project's calendar.

Durations and lags are counted day by day from where the plan has them, each by its own calendar, and become what passes
of the project's calendar meanwhile: the network of the project's days then has the same starts and finishes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from geometry.work_plan import Workdays
from simulation.distribution import Fixed
from simulation.schedule.calendar import WorkCalendar
from simulation.schedule.network import Link, Network, Relation, Task

_LONGEST = 100_000
"""Days looked ahead at most; longer plans are converted by the days of the weeks."""
_NEAR = 1e-9


@dataclass(frozen=True, slots=True)
class Own:
    """By which calendars a task's duration and the lags after it count."""

    duration: Workdays
    lags: Workdays


def in_project_days(tasks: Sequence[Task], own: Sequence[Own], calendar: WorkCalendar) -> list[Task]:
    """Return tasks whose durations and lags, told in days of their own calendars, are told in the project's.

    Parameters
    ----------
    tasks
        ``planned`` in days of the task's own calendar, lags of its links in those of the task waited for; ``earliest``
        in the project's.
    own
        The calendars of each task.
    calendar
        The project's.

    Raises
    ------
    SimulationError
        Tasks wait for each other.
    """
    order = Network(tasks).order
    length = sum(task.planned + sum(abs(link.lag) for link in task.links) for task in tasks)
    ahead = 400 + 8 * int(length + max(task.earliest for task in tasks))
    ahead = min(ahead, _LONGEST)
    kept = dict[object, _Days]()

    def days_of(week: Workdays) -> _Days:
        key = (week.week, week.holidays, week.uneven, week.shares)
        if key not in kept:
            kept[key] = _Days(week, calendar, ahead)
        return kept[key]

    base = _Days(Workdays("", calendar.week, calendar.holidays), calendar, ahead)
    start, finish = [0.0] * len(tasks), [0.0] * len(tasks)
    found = list(tasks)
    for index in order:
        task, week = tasks[index], days_of(own[index].duration)
        floor = week.opens(base.opens(base.after(0.0, task.earliest)))
        waits = [_position(link, task, (start, finish), days_of(own[link.before].lags), week) for link in task.links]
        start[index] = max([floor if task.planned else base.after(0.0, task.earliest), *waits])
        finish[index] = week.after(start[index], task.planned)
        lasts = base.done(finish[index]) - base.done(start[index])
        links = tuple(
            replace(
                link,
                lag=_lag(link, base.done(at), lasts, base.done(start[link.before]), base.done(finish[link.before])),
            )
            for link, at in zip(task.links, waits, strict=True)
        )
        found[index] = replace(
            task, duration=Fixed(lasts), planned=lasts, links=links, earliest=max(0.0, base.done(floor))
        )
    return found


def _position(link: Link, task: Task, times: tuple[list[float], list[float]], lags: "_Days", week: "_Days") -> float:
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


class _Days:
    """A calendar from the project's first day on; positions are days by the clock: 2.5 is half of the third day's."""

    def __init__(self, week: Workdays, calendar: WorkCalendar, ahead: int) -> None:
        days = np.datetime64(calendar.start, "D") + np.arange(ahead)
        self.worked = np.is_busday(days, weekmask=week.week, holidays=list(week.holidays)).astype(np.float64)
        """Share of a day's work that is done on each day."""
        self.worked *= np.array(week.shares)[(calendar.start.weekday() + np.arange(ahead)) % 7]
        for day, share in week.uneven:
            if 0 <= (at := (day - calendar.start).days) < ahead:
                self.worked[at] = share
        self.count = np.concatenate([[0.0], np.cumsum(self.worked)])

    def done(self, at: float) -> float:
        """Return how many of its days are over at a position; before the first day what lacks."""
        if at < 0.0:
            return at
        day = min(int(at), len(self.worked) - 1)
        return float(self.count[day]) + float(self.worked[day]) * (at - day)

    def opens(self, at: float) -> float:
        """Return the position, or the beginning of its next working day."""
        day = min(int(at + _NEAR), len(self.worked) - 1)
        return at if self.worked[day] else float(np.searchsorted(self.count, self.count[day] + _NEAR, "right") - 1)

    def after(self, at: float, days: float) -> float:
        """Return where so many of its days are over: at the end of the last one."""
        if days <= 0.0:
            return at
        over = self.done(at) + days
        day = min(int(np.searchsorted(self.count, over - _NEAR)), len(self.worked)) - 1
        return day + min(1.0, (over - float(self.count[day])) / max(float(self.worked[day]), _NEAR))

    def before(self, at: float, days: float) -> float:
        """Return where so many of its days begin that are over at a position."""
        left = self.done(at) - days
        if left < -_NEAR:
            return left
        day = min(int(np.searchsorted(self.count, left + _NEAR, "right")), len(self.worked)) - 1
        return day + max(0.0, left - float(self.count[day])) / max(float(self.worked[day]), _NEAR)
