"""Which calendars the tasks and the lags of a plan follow, and the schedule's own that tells them all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from geometry.work_plan import BY_CLOCK, CLOCK, Workdays, WorkLink, WorkPlan, WorkTask
from simulation.schedule.calendar import WorkCalendar
from simulation.schedule.own_weeks import Own, common_calendar, in_project_days, on_days_off
from simulation.schedule.plan import Mends
from simulation.schedule.task import Task

_A_MONDAY = date(2000, 1, 3)
"""Where a plan says no date, only the weeks count."""


class PlanWeeks:
    """The calendars of the tasks of a plan.

    Parameters
    ----------
    plan
        As read.
    leaves
        Its tasks that last, in the order of the network's.
    links
        Those of each task by its key, in the order of its links in the network.
    """

    def __init__(self, plan: WorkPlan, leaves: Sequence[WorkTask], links: Mapping[str, Sequence[WorkLink]]) -> None:
        self._leaves, self._project = leaves, plan.calendar or Workdays("")
        weeks = {leaf.key: self._week(leaf, plan) for leaf in leaves}
        self._weeks = [weeks[leaf.key] for leaf in leaves]

        def lags(link: WorkLink) -> Workdays:
            if link.by_clock:
                return BY_CLOCK
            return {"before": weeks[link.before], "after": weeks[link.after]}.get(plan.lags_by, self._project)

        self._own = [Own(weeks[leaf.key], tuple(map(lags, links.get(leaf.key, ())))) for leaf in leaves]
        by_clock = any(link.by_clock and link.lag_days for found in links.values() for link in found)
        self._differs = [not self._is_project(week) for week in self._weeks]
        self._any = any(self._differs) or (by_clock and not self._is_project(BY_CLOCK))

    def _week(self, leaf: WorkTask, plan: WorkPlan) -> Workdays:
        return plan.calendars.get(leaf.calendar, self._project) if leaf.days is not None else self._project

    def _is_project(self, week: Workdays) -> bool:
        """Return whether a calendar counts as the project's days do, all of one length."""
        even = Workdays("", self._project.week, self._project.holidays)
        return replace(week, name="", hours=even.hours) == even

    def calendar(
        self, tasks_by: Callable[[WorkCalendar], Sequence[Task]], project: WorkCalendar | None, mends: Mends
    ) -> WorkCalendar | None:
        """Return the project's calendar; where tasks start or end on its days off, that of the days anybody works.

        ``tasks_by`` returns the tasks as planned, the earliest days told in a calendar.
        """
        if project is None or not self._any:
            return project
        common = common_calendar(project, self._weeks)
        if common == project or not on_days_off(tasks_by(common), self._own, common, project):
            return project
        text = "Tasks work on days off of the project's calendar: the schedule counts all days on which anybody works."
        mends.note("common_calendar", "", text)
        return common

    def counted(self, tasks: Sequence[Task], calendar: WorkCalendar | None, mends: Mends) -> tuple[Task, ...]:
        """Return the tasks in days of the schedule's calendar."""
        if not self._any:
            return tuple(tasks)
        start = calendar or WorkCalendar(_A_MONDAY, self._project.week)
        found = tuple(in_project_days(tasks, self._own, start))
        for task, before, leaf, week, differs in zip(
            found, tasks, self._leaves, self._weeks, self._differs, strict=True
        ):
            if differs and before.planned and (week.week != self._project.week or task.planned != before.planned):
                _tell(leaf, week, before.planned, task.planned, mends)
        return found


def _tell(leaf: WorkTask, week: Workdays, days: float, worked: float, mends: Mends) -> None:
    values = {"name": leaf.name, "days": f"{days:g}", "worked": f"{worked:g}"}
    if leaf.calendar == CLOCK:
        text = "{name} lasts {days} days by the clock: counted as {worked} days of the schedule's calendar."
        mends.note("elapsed", leaf.place, text, **values)
        return
    text = "{name} follows the calendar {own}: its {days} days are counted as {worked} days of the schedule's calendar."
    mends.note("own_calendar", leaf.place, text, own=week.name or "–", **values)
