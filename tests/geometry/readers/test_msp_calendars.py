"""Calendars of MS Project XML: exceptions that come again, as MS Project has them, short days, work weeks."""

from datetime import date, timedelta

import pytest

from geometry.readers.msp_calendars import calendars_of
from geometry.safe_xml import parse_xml
from geometry.work_plan import Flaws, Workdays

FLAWS = Flaws()
HOURS = "<WorkingTimes>{}</WorkingTimes>"
TIME = "<WorkingTime><FromTime>{}:00:00</FromTime><ToTime>{}:00:00</ToTime></WorkingTime>"


def times(*spans: tuple[str, str]) -> str:
    return HOURS.format("".join(TIME.format(*span) for span in spans))


FULL = times(("08", "12"), ("13", "17"))
WORKED = "".join(f"<WeekDay><DayType>{k}</DayType><DayWorking>1</DayWorking>{FULL}</WeekDay>" for k in range(2, 7))
WEEK = WORKED + "".join(f"<WeekDay><DayType>{k}</DayType><DayWorking>0</DayWorking></WeekDay>" for k in (1, 7))


def read(inside: str, week: str = WEEK, more: str = "") -> dict[str, Workdays]:
    text = f"""<Project><CalendarUID>1</CalendarUID><Calendars>
    <Calendar><UID>1</UID><Name>Standard</Name><BaseCalendarUID>-1</BaseCalendarUID>
    <WeekDays>{week}</WeekDays>{inside}</Calendar>{more}</Calendars></Project>"""
    root, lines = parse_xml(text.encode())
    return dict(calendars_of(root, 8.0, FLAWS, lines))


def exception(first: str, last: str, rule: str, inside: str = "<DayWorking>0</DayWorking>") -> str:
    period = f"<TimePeriod><FromDate>{first}T00:00:00</FromDate><ToDate>{last}T23:59:00</ToDate></TimePeriod>"
    return f"<Exceptions><Exception>{period}{rule}{inside}</Exception></Exceptions>"


@pytest.mark.parametrize(
    ("first", "last", "rule", "days"),
    [  # patterns and days of a file that MS Project 2016 wrote with both
        ("2000-01-01", "2000-01-03", "<Type>1</Type>", "2000-01-01 2000-01-02 2000-01-03"),
        (
            "2000-02-01", "2000-02-10", "<Type>7</Type><Period>3</Period>",
            "2000-02-01 2000-02-04 2000-02-07 2000-02-10",
        ),
        (
            "2001-01-01", "2001-02-13", "<Type>6</Type><Period>2</Period><DaysOfWeek>4</DaysOfWeek>",
            "2001-01-02 2001-01-16 2001-01-30 2001-02-13",
        ),
        (
            "2001-01-01", "2001-07-15", "<Type>6</Type><Period>7</Period><DaysOfWeek>1</DaysOfWeek>",
            "2001-02-18 2001-04-08 2001-05-27 2001-07-15",
        ),
        (
            "2002-01-01", "2004-02-26",
            "<Type>5</Type><Period>5</Period><MonthItem>7</MonthItem><MonthPosition>3</MonthPosition>",
            "2002-01-24 2002-06-27 2002-11-28 2003-04-24 2003-09-25 2004-02-26",
        ),
        (
            "2002-01-01", "2005-01-28",
            "<Type>5</Type><Period>6</Period><MonthItem>8</MonthItem><MonthPosition>4</MonthPosition>",
            "2002-01-25 2002-07-26 2003-01-31 2003-07-25 2004-01-30 2004-07-30 2005-01-28",
        ),
        (
            "2003-01-01", "2005-02-04", "<Type>4</Type><Period>5</Period><MonthDay>4</MonthDay>",
            "2003-01-04 2003-06-04 2003-11-04 2004-04-04 2004-09-04 2005-02-04",
        ),
        (
            "2004-01-01", "2007-03-06",
            "<Type>3</Type><Month>2</Month><MonthItem>5</MonthItem><MonthPosition>0</MonthPosition>",
            "2004-03-02 2005-03-01 2006-03-07 2007-03-06",
        ),
        (
            "2005-01-01", "2007-02-01", "<Type>2</Type><Month>1</Month><MonthDay>1</MonthDay>",
            "2005-02-01 2006-02-01 2007-02-01",
        ),
    ],
)  # fmt: skip
def test_exceptions_that_come_again(first: str, last: str, rule: str, days: str) -> None:
    found = read(exception(first, last, rule))["1"]
    assert [day.isoformat() for day in found.holidays] == days.split()


def test_a_holiday_that_comes_every_year_leaves_the_rest_of_the_years_worked() -> None:
    """Thanksgiving of Microsoft's own documentation: its period is 19 years long."""
    rule = "<Type>3</Type><Month>10</Month><MonthItem>7</MonthItem><MonthPosition>3</MonthPosition>"
    found = read(exception("2007-11-22", "2026-11-30", rule))["1"]
    assert len(found.holidays) == 20
    assert {day.month for day in found.holidays} == {11}


def test_days_of_other_lengths() -> None:
    week = WEEK.replace(
        f"<DayType>6</DayType><DayWorking>1</DayWorking>{FULL}",
        f"<DayType>6</DayType><DayWorking>1</DayWorking>{times(('08', '14'))}",
    )
    inside = exception("2026-03-07", "2026-03-07", "<Type>1</Type>", f"<DayWorking>1</DayWorking>{times(('08', '12'))}")
    found = read(inside, week)["1"]
    assert (found.week, found.shares[:5]) == ("1111100", (1.0, 1.0, 1.0, 1.0, 0.75))
    assert found.uneven == ((date(2026, 3, 7), 0.5),), "a Saturday of four hours"


def test_yes_and_no_may_be_words() -> None:
    words = WEEK.replace("<DayWorking>1<", "<DayWorking>true<").replace("<DayWorking>0<", "<DayWorking>false<")
    assert read("", words) == read("")


def test_round_the_clock_and_two_shifts() -> None:
    day = "<WeekDay><DayType>{}</DayType><DayWorking>1</DayWorking>{}</WeekDay>"
    always = "".join(day.format(k, times(("00", "00"))) for k in range(1, 8))
    night = "".join(day.format(k, times(("06", "14"), ("22", "02"))) for k in range(1, 8))
    assert read("", always)["1"].shares == (3.0,) * 7
    assert read("", night)["1"].shares == (1.5,) * 7


def test_a_week_that_differs_for_a_while_and_a_calendar_made_from_another() -> None:
    weeks = """<WorkWeeks><WorkWeek><TimePeriod><FromDate>2026-08-03T00:00:00</FromDate>
    <ToDate>2026-08-16T23:59:00</ToDate></TimePeriod>
    <WeekDays><WeekDay><DayType>6</DayType><DayWorking>0</DayWorking></WeekDay></WeekDays></WorkWeek></WorkWeeks>"""
    derived = """<Calendar><UID>2</UID><Name>Crew</Name><BaseCalendarUID>1</BaseCalendarUID><WeekDays>
    <WeekDay><DayType>2</DayType><DayWorking>0</DayWorking></WeekDay></WeekDays></Calendar>"""
    found = read(weeks, more=derived)
    fridays = tuple(date(2026, 8, 7) + timedelta(days=7 * k) for k in range(2))
    assert found["1"].holidays == fridays
    assert (found["2"].week, found["2"].holidays) == ("0111100", fridays)


@pytest.mark.parametrize(
    ("inside", "week", "says"),
    [
        (exception("2026-01-01", "2030-01-01", "<Type>2</Type><Month>17</Month>"), WEEK, "–: a holiday that"),
        (exception("2026-13-45", "2030-01-01", "<Name>Eid</Name><Type>1</Type>"), WEEK,
            "its FromDate is '2026-13-45T00:00:00', which is no day"),
        ("", WEEK.replace("<FromTime>13:00:00", "<FromTime>25:99:00", 1), "25:99:00 – 17:00:00' cannot be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(inside: str, week: str, says: str) -> None:
    FLAWS.found.clear()
    FLAWS.faults.clear()
    read(inside, week)
    told = [*(str(one.text) for one in FLAWS.found), *(text for _, text in FLAWS.faults)]
    assert [says in text for text in told] == [True]


def test_nothing_is_told_of_calendars_that_are_sound() -> None:
    FLAWS.found.clear()
    read(exception("2026-01-01", "2030-01-01", "<Type>2</Type><Month>0</Month><MonthDay>1</MonthDay>"))
    assert FLAWS.found == []
