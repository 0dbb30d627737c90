"""Numbers and days that a file of a planning program says of its tasks: what cannot be is a fault, never a zero."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from math import isfinite

from geometry.work_plan import Flaws

_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Stated:
    """What is said of one thing in a file; where a value is impossible, that is noted and None is returned."""

    flaws: Flaws
    place: str
    name: str = ""
    """Of the task; empty for what has none."""

    def number(self, what: str, said: str, *, low: float | None = None, high: float | None = None) -> float | None:
        """Return a number from ``low`` to ``high``; None where nothing is said."""
        if not said.strip():
            return None
        value = number_of(said)
        if value is None:
            return self.no(what, said, "number")
        if low is not None and value < low:
            return self._fault(f"its {what} is {_shown(said)}, which is less than {low:g}")
        if high is not None and value > high:
            return self._fault(f"its {what} is {_shown(said)}, which is more than {high:g}")
        return value

    def day(self, what: str, said: str) -> date | None:
        """Return the day of an ISO text, with a time or without; None where nothing is said."""
        text = said.strip()
        if not text:
            return None
        if (day := day_of(text)) is None:
            return self.no(what, said, "day such as 2026-03-02")
        return day

    def one_of(self, what: str, said: str, known: Collection[str]) -> None:
        """Note a word that is none of the known ones; nothing said is none."""
        if said.strip() and said.strip() not in known:
            self._fault(f"its {what} is {_shown(said)}, which is none of {', '.join(known)}")

    def no(self, what: str, said: str, kind: str) -> None:
        """Note that what is said is none of its kind."""
        return self._fault(f"its {what} is {_shown(said)}, which is no {kind}")

    def _fault(self, text: str) -> None:
        self.flaws.fault(self.place, f"{self.name}: {text}" if self.name else text)


def number_of(said: str) -> float | None:
    """Return a finite number, also one with a decimal comma, as P6 writes it in some countries.

    Examples
    --------
    >>> number_of("-8,5"), number_of("nan"), number_of("soon")
    (-8.5, None, None)
    """
    try:
        value = float(said.strip().replace(",", ".")) if len(said) <= _LONGEST else float("nan")
    except ValueError:
        return None
    return value if isfinite(value) else None


def day_of(said: str) -> date | None:
    """Return the day that an ISO text begins with; None for what is none.

    Examples
    --------
    >>> day_of("2026-03-02T08:00:00"), day_of("2026-02-31")
    (datetime.date(2026, 3, 2), None)
    """
    try:
        return date.fromisoformat(said.strip()[:10])
    except ValueError:
        return None


def hours_a_day(said: str) -> tuple[float, list[str]]:
    """Return the hours of a calendar's working day, 8 where nothing is said, and what is wrong with them."""
    hours = number_of(said) if said.strip() else 8.0
    if hours is not None and 0.0 < hours <= 24.0:
        return hours, []
    return 8.0, [f"its hours a day are {_shown(said)}, which is no number up to 24"]


def minute_of(hour: str, minute: str) -> int | None:
    """Return the minute of the day of a time, 24:00 included; None for what is none.

    Examples
    --------
    >>> minute_of("07", "30"), minute_of("24", "00"), minute_of("25", "00")
    (450, 1440, None)
    """
    if not (hour.isdecimal() and minute.isdecimal() and len(hour) <= 2 and int(minute) < 60):
        return None
    found = 60 * int(hour) + int(minute)
    return found if found <= 1440 else None


def whole_day(hours: float, faults: list[str]) -> float:
    """Return the hours of a day's working times; more than there are is a fault."""
    if hours > 24.0 + 1e-9:
        faults.append(f"its working times of one day come to {hours:g} hours")
    return min(hours, 24.0)


def _shown(said: str) -> str:
    return f"'{said.strip()[:_LONGEST]}'"
