"""The days of a calendar, counted by the clock from a first day on."""

import numpy as np

from geometry.work_plan import Workdays
from simulation.schedule.calendar import WorkCalendar

NEAR = 1e-9
"""Days that two positions may lie apart and be the same."""


class Days:
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
        day = min(int(at + NEAR), len(self.worked) - 1)
        return at if self.worked[day] else float(np.searchsorted(self.count, self.count[day] + NEAR, "right") - 1)

    def after(self, at: float, days: float) -> float:
        """Return where so many of its days are over: at the end of the last one."""
        if days <= 0.0:
            return at
        over = self.done(at) + days
        day = min(int(np.searchsorted(self.count, over - NEAR)), len(self.worked)) - 1
        return day + min(1.0, (over - float(self.count[day])) / max(float(self.worked[day]), NEAR))

    def before(self, at: float, days: float) -> float:
        """Return where so many of its days begin that are over at a position."""
        left = self.done(at) - days
        if left < -NEAR:
            return left
        day = min(int(np.searchsorted(self.count, left + NEAR, "right")), len(self.worked)) - 1
        return day + max(0.0, left - float(self.count[day])) / max(float(self.worked[day]), NEAR)
