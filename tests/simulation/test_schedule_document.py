"""Schedule files: what they say, and every mistake with its place."""

from datetime import date

import pytest

from simulation.errors import SimulationError
from simulation.schedule.calendar import WorkCalendar
from simulation.schedule.document import read_schedule
from simulation.schedule.task import Relation

GOOD = """\
schedule: 1
name: Hall
start: 2026-04-02
holidays: [2026-04-03, 2026-04-06]
tasks:
  ground: {optimistic: 6, likely: 8, pessimistic: 14}
  columns: {days: 4, after: ground}
  roof +1: {days: 5, after: ["columns SS+2", "ground FF - 1"]}
  end: {days: 1, after: ["roof +1", "columns +2"]}
risks:
  frost: {probability: 0.2, factor: 1.4, tasks: [ground]}
"""


def test_links_and_calendar() -> None:
    document = read_schedule(GOOD.encode())
    roof, end = document.network.tasks[2:]
    assert [(link.before, link.relation, link.lag) for link in roof.links] == [
        (1, Relation.START_START, 2.0),
        (0, Relation.FINISH_FINISH, -1.0),
    ]
    assert [(link.before, link.relation, link.lag) for link in end.links] == [
        (2, Relation.FINISH_START, 0.0),
        (1, Relation.FINISH_START, 2.0),
    ]
    assert document.calendar is not None
    assert [document.calendar.day(days) for days in (0, 1, 1.2, 2)] == [
        date(2026, 4, 2),
        date(2026, 4, 2),
        date(2026, 4, 7),
        date(2026, 4, 7),
    ]
    assert document.network.tasks[0].planned == pytest.approx((6 + 32 + 14) / 6)
    assert document.notes == ()


def test_a_week_of_six_days() -> None:
    assert WorkCalendar(date(2026, 3, 2), "1111110").day(6) == date(2026, 3, 7)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "columns SS+2",
            "colums SS+2",
            "line 8: tasks.roof +1.after: there is no task 'colums SS+2' (did you mean columns?)",
        ),
        (
            "after: ground",
            "after: end",
            "tasks.end.after: these tasks wait for each other: end → columns → end",
        ),
        ("days: 4", "days: -4", "tasks.columns.days: -4 is less than 0"),
        ("likely: 8", "likely: 5", "have to rise: 6, 5, 14 do not"),
        ('SS+2", "ground FF - 1', 'SS+2", "columns SS+1', "tasks.roof +1.after: it waits for 'columns' twice (SS)"),
        ("2026-04-06", "2026-02-31", "line 4: holidays[1]: '2026-02-31' cannot be read"),
        ("days: 4, ", "", "'optimistic' is missing"),
        ("days: 4, ", "day: 4, ", "tasks.columns.day: this word is not known here; did you mean days?"),
        ("columns SS+2", "columns SX+2", "tasks.roof +1.after: 'SX' is none of FS, SS, FF, SF"),
        ("columns SS+2", "columns SS+two", "'+two' is no number of days with its sign, such as +2"),
        ("probability: 0.2", "probability: 1.2", "1.2 is more than 1"),
        ("tasks: [ground]", "tasks: [grund]", "did you mean ground?"),
        ("days: 4", "days: 1e300", "tasks.columns.days: 1e+300 is more than 1e+06"),
        ("SS+2", "SS+99999999", "tasks.roof +1.after: 1e+08 days are more than 1e+06"),
        ("factor: 1.4", "factor: 1e300", "risks.frost.factor: 1e+300 is more than 1000"),
        ("days: 4", "days: 4, needs: {crane: 1}", "tasks.columns.needs: there is no resource 'crane'"),
        ("days: 4", "days: 4, not_before: soon", "tasks.columns.not_before: 'soon' is no number"),
        ("2026-04-02", "April", "'April' is no day"),
        ("name: Hall", "week: [mon, funday]", "'funday' is none of"),
        ("name: Hall", "durations: 3", "this word is not known here"),
    ],
)
def test_a_mistake_is_told_with_its_place(old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(SimulationError) as caught:
        read_schedule(GOOD.replace(old, new, 1).encode())
    assert says in str(caught.value)


def test_a_task_may_not_start_before_a_day() -> None:
    text = GOOD.replace("days: 4", "days: 4, not_before: 2026-04-14")
    columns = read_schedule(text.encode()).network.tasks[1]
    assert columns.earliest == 6.0, "of the days since 2 April, two are holidays"


def test_calendars_end_with_the_year_9999() -> None:
    for start, days in ((date(9999, 12, 30), 3.0), (date(2026, 3, 2), 1e300)):
        with pytest.raises(SimulationError, match="end with the year 9999"):
            WorkCalendar(start, "1111100").day(days)


def test_loose_ends_are_noted() -> None:
    notes = read_schedule(b"schedule: 1\ntasks: {a: {days: 1}, b: {days: 2}}").notes
    assert [note.partition(":")[0] for note in notes] == ["a (line 2), b (line 2)"] * 2


def test_what_starts_at_noon_starts_on_that_day() -> None:
    calendar = WorkCalendar(date(2026, 3, 2), "1111100")
    starts = [calendar.begin(number).day for number in (0.0, 0.5, 1.0, 1.5, 4.999, 5.0, 5.2)]
    assert starts == [2, 2, 3, 3, 6, 9, 9]
    assert all(calendar.begin(k / 8) <= calendar.day(k / 8 + 0.1) for k in range(100)), "none ends before it starts"
