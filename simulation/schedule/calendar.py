"""Working days: which there are, and which day comes after how many of them."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from simulation.errors import SimulationError

MOST_DAYS = 1e6
"""No duration, lag or schedule is longer: 4,000 years."""


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
        if number > MOST_DAYS:
            raise self._too_late(number)
        return self._within(max(0, int(np.ceil(number - 1e-6)) - 1), number)

    def begin(self, number: float) -> date:
        """Return the day on which starts what starts when so many working days are over.

        Examples
        --------
        >>> WorkCalendar(date(2026, 3, 2), "1111100").begin(1.5)  # noon of Tuesday
        datetime.date(2026, 3, 3)
        """
        if number > MOST_DAYS:
            raise self._too_late(number)
        return self._within(max(0, int(np.floor(number + 1e-6))), number)

    def _within(self, days: int, number: float) -> date:
        found = self._offset(days)
        if found > np.datetime64(date.max):
            raise self._too_late(number)
        return found.astype(object)

    def number(self, day: date) -> float:
        """Return how many working days are over when a day begins; negative before the start.

        Examples
        --------
        >>> WorkCalendar(date(2026, 3, 2), "1111100").number(date(2026, 3, 9))
        5.0
        """
        count = np.busday_count(self._offset(0), day, weekmask=self.week, holidays=list(self.holidays))
        return float(count)

    def after(self, day: date) -> float:
        """Return how many working days are over when a day ends.

        Examples
        --------
        >>> WorkCalendar(date(2026, 3, 2), "1111100").after(date(2026, 3, 6))
        5.0
        """
        return self.number(day) + float(np.is_busday(day, weekmask=self.week, holidays=list(self.holidays)))

    def _too_late(self, number: float) -> SimulationError:
        told = f"{number:g} working days from {self.start}: calendars end with the year 9999"
        return SimulationError(f"{told}; let it start earlier, or last less")

    def _offset(self, days: int) -> np.datetime64:
        return np.busday_offset(self.start, days, roll="forward", weekmask=self.week, holidays=list(self.holidays))
