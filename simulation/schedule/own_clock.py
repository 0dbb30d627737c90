"""Tasks and lags that follow calendars of their own, wherever many runs put them: the forward pass on the clock.

:mod:`simulation.schedule.own_weeks` tells them in the schedule's days as they are where the plan has them. What
comes later meets other weekends and holidays: here every run counts each task by its own calendar from where it has it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geometry.arrays import BoolArray, FloatArray
from geometry.work_plan import Workdays
from simulation.schedule.calendar import WorkCalendar
from simulation.schedule.days import NEAR, Days
from simulation.schedule.task import Link, Relation, Task

_LONGEST = 100_000
Settle = Callable[[Callable[[], None], FloatArray], BoolArray]
"""Does a pass until nothing changes, and says in which runs it came to that."""


@dataclass(frozen=True, slots=True, eq=False)
class Passed:
    """What a forward pass says, in the schedule's days."""

    start: FloatArray
    """(n, m)."""
    lasts: FloatArray
    """(n, m): what passes of the schedule's days while a task lasts."""
    lags: Mapping[tuple[int, int], FloatArray]
    """(m,) of each link: task and position among its links; what passes of the schedule's days."""
    settled: BoolArray
    """(m,)."""

    def lag(self, task: int, k: int) -> FloatArray:
        """Return the lag of a link (m,)."""
        return self.lags[task, k]


def clock_of(tasks: Sequence[Task]) -> "OwnClock":
    """Return the clock of tasks of which one at least follows a calendar of its own."""
    return OwnClock(tasks, next(task.own.calendar for task in tasks if task.own is not None))


def from_start(link: Link) -> bool:
    """Return whether a link waits for the start of a task, not for its end."""
    return link.relation in (Relation.START_START, Relation.START_FINISH)


class OwnClock:
    """The calendars of a network's tasks, from the schedule's first day on; positions are days by the clock."""

    def __init__(self, tasks: Sequence[Task], calendar: WorkCalendar) -> None:
        self._tasks, self._calendar = tasks, calendar
        planned = sum(task.planned + sum(abs(link.lag) for link in task.links) for task in tasks)
        self._ahead = min(4000 + 4 * int(planned + max(task.earliest for task in tasks)), _LONGEST)
        self._kept = dict[Workdays, _Runs]()
        self._base = self._runs(Workdays("", calendar.week, calendar.holidays))
        self._weeks = [self._base if task.own is None else self._runs(task.own.week) for task in tasks]

    def forward(self, order: Sequence[int], floors: FloatArray, whole: FloatArray, settle: Settle) -> Passed:
        """Return when tasks start and what they last.

        Parameters
        ----------
        floors, whole
            (n, m) before when tasks do not start, and their durations as the plan counts them: days of the schedule.
        """
        days, at = self.floors(floors, whole)
        finish = np.array([week.ahead(*row) for week, *row in zip(self._weeks, at, days, strict=True)])

        def once() -> None:
            for index in order:
                for link in self._tasks[index].links:
                    waits = self.waits(link, index, (at if from_start(link) else finish)[link.before], days[index])
                    np.maximum(at[index], waits, out=at[index])
                finish[index] = self._weeks[index].ahead(at[index], days[index])

        settled = settle(once, at)
        start = np.array([self._base.over(row) for row in at])
        lasts = np.array([self._base.over(row) for row in finish]) - start
        lags = dict[tuple[int, int], FloatArray]()
        for index, task in enumerate(self._tasks):
            for k, link in enumerate(task.links):
                waits = self.waits(link, index, (at if from_start(link) else finish)[link.before], days[index])
                lags[index, k] = self._lag(link, self._base.over(waits), index, (start, lasts))
        return Passed(start, lasts, lags, settled)

    def floors(self, floors: FloatArray, whole: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return durations in days of each task's own calendar, and positions before which none starts, (n, m) each."""
        days, at = whole.copy(), np.empty_like(whole)
        for index, (task, week) in enumerate(zip(self._tasks, self._weeks, strict=True)):
            at[index] = self._base.begins(floors[index])
            if task.own is not None:
                days[index] *= task.own.days_a_day
                at[index] = np.where(floors[index] == task.own.earliest, task.own.floor, at[index])
            at[index] = np.where(days[index] > 0.0, week.opening(at[index]), at[index])
        return days, at

    def over(self, at: FloatArray) -> FloatArray:
        """Return how many of the schedule's days are over at positions (m,)."""
        return self._base.over(at)

    def opens(self, index: int, at: FloatArray) -> FloatArray:
        """Return where a task goes on that is to start at positions (m,): there, or on its next working day."""
        return self._weeks[index].opening(at)

    def ends(self, index: int, at: FloatArray, days: FloatArray) -> FloatArray:
        """Return where a task ends that starts at positions (m,) and lasts days (m,) of its own calendar."""
        return self._weeks[index].ahead(at, days)

    def waits(self, link: Link, index: int, at: FloatArray, lasts: FloatArray) -> FloatArray:
        """Return when a task may start because of a link (m,).

        Parameters
        ----------
        link, index
            The link, and the task that waits.
        at
            Where the task waited for starts (:func:`from_start`) or finishes.
        lasts
            Days of its own calendar that the task lasts.
        """
        week = self._weeks[index]
        lag = link.lag if link.own is None else link.own.days
        if lag:
            lags = self._base if link.own is None else self._runs(link.own.week)
            at = lags.ahead(at, np.full_like(at, lag)) if lag > 0.0 else lags.back(at, np.full_like(at, -lag))
        if link.relation in (Relation.FINISH_FINISH, Relation.START_FINISH):
            at = np.where(lasts > 0.0, week.back(at, lasts), at)
        at = np.maximum(at, 0.0)  # nothing is done before the first day
        return np.where(lasts > 0.0, week.opening(at), at)

    @staticmethod
    def _lag(link: Link, at: FloatArray, index: int, times: tuple[FloatArray, FloatArray]) -> FloatArray:
        """Return the lag by which a task starts at ``at``, all in the schedule's days."""
        start, lasts = times
        lag = at - start[link.before]
        if link.relation in (Relation.FINISH_START, Relation.FINISH_FINISH):
            lag = lag - lasts[link.before]
        return lag + lasts[index] if link.relation in (Relation.FINISH_FINISH, Relation.START_FINISH) else lag

    def _runs(self, week: Workdays) -> "_Runs":
        if week not in self._kept:
            self._kept[week] = _Runs(week, self._calendar, self._ahead)
        return self._kept[week]


class _Runs(Days):
    """A calendar for many positions at once; after its last day it goes on as on average."""

    def __init__(self, week: Workdays, calendar: WorkCalendar, ahead: int) -> None:
        super().__init__(week, calendar, ahead)
        self._share = max(float(self.worked.mean()), NEAR)
        self._last = float(len(self.worked))
        opens = np.searchsorted(self.count, self.count[:-1] + NEAR, "right") - 1
        self._opens = np.where(self.worked > 0.0, np.arange(ahead), opens).astype(np.float64)

    def over(self, at: FloatArray) -> FloatArray:
        """Return how many of its days are over at positions (m,); before the first day what lacks."""
        day = np.clip(at.astype(np.int64), 0, len(self.worked) - 1)
        inside = self.count[day] + self.worked[day] * (at - day)
        beyond = self.count[-1] + self._share * (at - self._last)
        return np.where(at < 0.0, at, np.where(at > self._last, beyond, inside))

    def opening(self, at: FloatArray) -> FloatArray:
        """Return the positions (m,), or the beginning of their next working day."""
        day = np.clip((at + NEAR).astype(np.int64), 0, len(self.worked) - 1)
        inside = (self.worked[day] > 0.0) | (at >= self._last)
        return np.where(inside, at, self._opens[day])

    def begins(self, number: FloatArray) -> FloatArray:
        """Return where the day begins or goes on at which so many of its days are over (m,)."""
        return self._where(number, np.searchsorted(self.count, number + NEAR, "right") - 1)

    def ahead(self, at: FloatArray, days: FloatArray) -> FloatArray:
        """Return where so many of its days (m,) are over: at the end of the last one."""
        number = self.over(at) + days
        day = np.searchsorted(self.count, number - NEAR) - 1
        return np.where(days > 0.0, self._where(number, day), at)

    def back(self, at: FloatArray, days: FloatArray) -> FloatArray:
        """Return where so many of its days (m,) begin that are over at positions."""
        left = self.over(at) - days
        found = self._where(left, np.searchsorted(self.count, left + NEAR, "right") - 1)
        return np.where(left < -NEAR, left, found)

    def _where(self, number: FloatArray, day: NDArray[np.intp]) -> FloatArray:
        """Return the positions within days (m,) at which so many days are over."""
        kept = np.clip(day, 0, len(self.worked) - 1)
        share = np.clip((number - self.count[kept]) / np.maximum(self.worked[kept], NEAR), 0.0, 1.0)
        beyond = self._last + (number - self.count[-1]) / self._share
        return np.where(number > self.count[-1], beyond, kept + share)
