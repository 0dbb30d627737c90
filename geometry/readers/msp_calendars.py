"""Calendars of MS Project XML: weeks with their hours, work weeks for a while, exceptions that come again.

Element names and meanings as in Microsoft's schema ``mspdi_pj12.xsd``. The period of an exception that comes again runs
from its first to its last day; between them only the days of its pattern count.
"""

import calendar
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from xml.etree.ElementTree import Element

from geometry.readers.plan_values import Stated, day_of, minute_of, whole_day
from geometry.safe_xml import is_true, text_of
from geometry.work_plan import Flaws, Workdays

_LONGEST = 366 * 60
"""Days looked through for an exception: 60 years."""
_EVERY_DAY = ("", "1", "9")
_USUAL_HOURS = 8.0
_SHOWN = 40


def calendars_of(root: Element, hours: float, flaws: Flaws, lines: Mapping[int, int]) -> Mapping[str, Workdays]:
    """Return the calendars of a file by their UID.

    Parameters
    ----------
    root
        The project.
    hours
        Those of a day's work.
    flaws
        Takes what cannot be read.
    lines
        Of elements, by their id.
    """
    nodes = {text_of(node, "UID"): node for node in root.iterfind("Calendars/Calendar")}
    used = {text_of(root, "CalendarUID")} | {text_of(node, "CalendarUID") for node in root.iterfind("Tasks/Task")}
    bases = {text_of(node, "BaseCalendarUID") for key, node in nodes.items() if key in used}
    for key, node in nodes.items():
        if key in used | bases:
            _judge(node, f"line {lines[id(node)]}, Calendar {text_of(node, 'Name') or key}", flaws)
    found = {key: _workdays(node, nodes.get(text_of(node, "BaseCalendarUID")), hours) for key, node in nodes.items()}
    for key in used & found.keys():
        if "1" not in found[key].week:
            node = nodes[key]
            flaws.fault(f"line {lines[id(node)]}, Calendar {found[key].name or key}", "no day is worked")
    return found


def _judge(calendar: Element, place: str, flaws: Flaws) -> None:
    """Note days and working times that are none, and exceptions that come on no day."""
    for exception in calendar.iterfind("Exceptions/Exception"):
        period = exception.find("TimePeriod")
        said = [text_of(period, word) for word in ("FromDate", "ToDate")]
        if None not in map(day_of, said) and next(_occurrences(exception), None) is None:
            name = text_of(exception, "Name") or "–"
            flaws.note("holiday", place, "{name}: a holiday that cannot be read; it is not counted.", name=name)
    says = Stated(flaws, place)
    for period in calendar.iter("TimePeriod"):
        for word in ("FromDate", "ToDate"):
            says.day(word, text_of(period, word))
    for day in calendar.iter("WeekDay"):
        says.one_of("DayType", text_of(day, "DayType") or "–", "01234567")
    for day in (*calendar.iter("WeekDay"), *calendar.iter("Exception")):
        says.one_of("DayWorking", text_of(day, "DayWorking").lower(), ("0", "1", "true", "false"))
    for times in calendar.iter("WorkingTimes"):
        _judge_times(times, place, flaws)


def _judge_times(times: Element, place: str, flaws: Flaws) -> None:
    total = 0.0
    for time in times.iterfind("WorkingTime"):
        said = text_of(time, "FromTime"), text_of(time, "ToTime")
        if not any(said):
            continue
        begin, end = map(_hour, said)
        if begin is None or end is None:
            flaws.fault(place, f"its working time '{' – '.join(said)[:_SHOWN]}' cannot be read")
        else:
            total += (end - begin) % 24.0 or 24.0
    faults = list[str]()
    whole_day(total, faults)
    for text in faults:
        flaws.fault(place, text)


def _workdays(node: Element, base: Element | None, hours: float) -> Workdays:
    """Return a calendar; days that it does not speak of are those of its base."""
    shares = _usual(node, _usual(base, [1.0] * 5 + [0.0] * 2, hours), hours)
    special = dict[date, float]()
    for source in (node, base) if base is not None else (node,):
        for day, share in (*_exceptions(source, hours), *_work_weeks(source, hours)):
            special.setdefault(day, share)
    week = "".join("1" if share else "0" for share in shares)
    return Workdays(
        text_of(node, "Name"), week, tuple(sorted(day for day, share in special.items() if not share)), hours,
        tuple(sorted((day, share) for day, share in special.items() if share and share != shares[day.weekday()])),
        tuple(share or 1.0 for share in shares),
    )  # fmt: skip


def _usual(node: Element | None, before: list[float], hours: float) -> list[float]:
    """Return the share of a day's work that is done on each day of the week, from Monday."""
    found = list(before)
    for day in () if node is None else node.iterfind("WeekDays/WeekDay"):
        if (at := _weekday(day)) is not None:
            found[at] = _share(day, hours)
    return found


def _weekday(day: Element) -> int | None:
    kind = text_of(day, "DayType")
    return (int(kind) - 2) % 7 if kind in tuple("1234567") else None  # 1 is Sunday


def _share(day: Element, hours: float) -> float:
    """Return the share of a day's work of a day that is worked; working times from 00:00 to 00:00 are the whole day."""
    if not is_true(day, "DayWorking"):
        return 0.0
    times = list(day.iterfind("WorkingTimes/WorkingTime"))
    worked = [
        (ends - starts) % 24.0 or 24.0
        for time in times
        if (starts := _hour(text_of(time, "FromTime"))) is not None
        and (ends := _hour(text_of(time, "ToTime"))) is not None
    ]
    return min(sum(worked), 24.0) / hours if worked else _USUAL_HOURS / hours


def _exceptions(node: Element, hours: float) -> Iterator[tuple[date, float]]:
    for day in node.iterfind("WeekDays/WeekDay"):
        if _weekday(day) is None:
            share = _share(day, hours)
            yield from ((one, share) for one in _days(day.find("TimePeriod")))
    for exception in node.iterfind("Exceptions/Exception"):
        share = _share(exception, hours)
        yield from ((day, share) for day in _occurrences(exception))


def _work_weeks(node: Element, hours: float) -> Iterator[tuple[date, float]]:
    """Yield the days of the weeks that differ for a while."""
    for week in node.iterfind("WorkWeeks/WorkWeek"):
        shares = {
            at: _share(day, hours)
            for day in (*week.iterfind("WeekDays/WeekDay"), *week.iterfind("WeekDay"))
            if (at := _weekday(day)) is not None
        }
        yield from ((day, shares[day.weekday()]) for day in _days(week.find("TimePeriod")) if day.weekday() in shares)


def _occurrences(exception: Element) -> Iterator[date]:
    """Yield the days of an exception that may come again: daily, weekly, monthly or yearly."""
    days = list(_days(exception.find("TimePeriod")))
    kind, every = text_of(exception, "Type"), max(_whole(text_of(exception, "Period")), 1)
    if kind in _EVERY_DAY or not days:
        yield from days
        return
    first = days[0]
    sunday = first - timedelta(days=(first.weekday() + 1) % 7)
    weekdays = _whole(text_of(exception, "DaysOfWeek"))
    month, month_day = _whole(text_of(exception, "Month")) + 1, _whole(text_of(exception, "MonthDay"))
    item, position = text_of(exception, "MonthItem"), _whole(text_of(exception, "MonthPosition"))
    working = 0
    for day in days:
        months = 12 * (day.year - first.year) + day.month - first.month
        length = calendar.monthrange(day.year, day.month)[1]
        match kind:
            case "2" | "3" if day.month != month:
                comes = False
            case "4" | "5" if months % every:
                comes = False
            case "2" | "4":
                comes = day.day == min(month_day, length)
            case "3" | "5":
                comes = day == _nth(day, length, item, position)
            case "6":
                comes = weekdays >> ((day.weekday() + 1) % 7) & 1 == 1 and (day - sunday).days // 7 % every == 0
            case "7":
                comes = (day - first).days % every == 0
            case "8":
                comes = day.weekday() < 5 and working % every == 0
                working += day.weekday() < 5
            case _:
                comes = False
        if comes:
            yield day


def _nth(day: date, length: int, item: str, position: int) -> date | None:
    """Return the first to fourth or the last day of a kind in the month of a day."""
    wanted = {"0": range(7), "1": range(5), "2": (5, 6)} | {str(3 + k): ((k - 1) % 7,) for k in range(7)}
    found = [one for k in range(1, length + 1) if (one := day.replace(day=k)).weekday() in wanted.get(item, ())]
    return None if not found else found[-1] if position >= 4 else found[position]


def _days(period: Element | None) -> Iterator[date]:
    """Yield the days of a period, both ends included."""
    first, last = day_of(text_of(period, "FromDate")), day_of(text_of(period, "ToDate"))
    if first is None or last is None:
        return
    for shift in range(min((last - first).days, _LONGEST, (date.max - first).days) + 1):
        yield first + timedelta(days=shift)


def _hour(said: str) -> float | None:
    hour, _, rest = said.rpartition("T")[2].partition(":")
    minutes = minute_of(hour, rest[:2])
    return None if minutes is None else minutes / 60.0 % 24.0


def _whole(said: str) -> int:
    return int(said) if said.isdigit() and len(said) <= 6 else 0
