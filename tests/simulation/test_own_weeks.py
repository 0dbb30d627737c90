"""Tasks with calendars of their own: against counting day by day, and against a file's own dates."""

from datetime import date, timedelta

import numpy as np
import pytest

from geometry.readers.plan_xer import plan_from_xer
from geometry.work_plan import LagCalendar, Workdays, WorkLink, WorkPlan, WorkTask
from simulation.distribution import Fixed
from simulation.schedule.calendar import WorkCalendar
from simulation.schedule.network import Network
from simulation.schedule.own_weeks import Own, in_project_days
from simulation.schedule.repair import repaired
from simulation.schedule.task import Link, Relation, Task

START = date(2026, 3, 2)
OFFICE = Workdays("office", "1111100", (date(2026, 3, 18), date(2026, 4, 3)))
SITE = Workdays("site", "1111110", (date(2026, 3, 18),))
ALWAYS = Workdays("always", "1111111")
SOUTH = Workdays("south", "1111001")


def worked(week: Workdays, day: int) -> bool:
    at = START + timedelta(days=day)
    return week.week[at.weekday()] == "1" and at not in week.holidays


def forward(week: Workdays, at: int, days: int) -> int:
    """Return the morning after so many worked days from the morning of day ``at`` on, counted one by one."""
    while days:
        days -= worked(week, at)
        at += 1
    return at


def backward(week: Workdays, at: int, days: int) -> int:
    while days:
        at -= 1
        days -= worked(week, at)
    return at


def opens(week: Workdays, at: int) -> int:
    while not worked(week, at):
        at += 1
    return at


@pytest.mark.parametrize("seed", range(12))
def test_against_counting_day_by_day(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weeks = (OFFICE, SITE, ALWAYS, SOUTH)
    own = [weeks[int(rng.integers(4))] for _ in range(12)]
    tasks, start, finish = list[Task](), list[int](), list[int]()
    for index in range(12):
        days = int(rng.integers(1, 9))
        links = tuple(
            Link(int(k), tuple(Relation)[int(rng.integers(4))], float(rng.integers(-2, 5)))
            for k in {int(k) for k in rng.integers(0, index, 2)}
        ) if index else ()  # fmt: skip
        tasks.append(Task(f"t{index}", Fixed(float(days)), links, float(days)))
        begins = [opens(own[index], 0)]
        for link in links:
            at = (start if link.relation.value[0] == "S" else finish)[link.before]
            lag = int(link.lag)
            at = forward(own[link.before], at, lag) if lag > 0 else backward(own[link.before], at, -lag)
            at = backward(own[index], at, days) if link.relation.value[1] == "F" else at
            begins.append(opens(own[index], max(0, at)))
        start.append(max(begins))
        finish.append(forward(own[index], start[index], days))
    found = in_project_days(
        tasks,
        [Own(week, tuple(own[link.before] for link in task.links)) for week, task in zip(own, tasks, strict=True)],
        WorkCalendar(START, "1111111"),
    )
    times = Network(found).times(np.array([task.planned for task in found]))
    assert times.start.tolist() == pytest.approx(start)
    assert times.finish.tolist() == pytest.approx(finish)


def counted(
    tasks: list[tuple[Workdays, int, list[tuple[int, Relation, int, Workdays]]]],
) -> tuple[list[int], list[int]]:
    """Return mornings of starts and after finishes, counted one day after the other."""
    start, finish = list[int](), list[int]()
    for week, days, links in tasks:
        begins = [opens(week, 0)]
        for before, relation, lag, lags in links:
            at = (start if relation.value[0] == "S" else finish)[before]
            at = forward(lags, at, lag) if lag > 0 else backward(lags, at, -lag)
            at = backward(week, at, days) if relation.value[1] == "F" else at
            begins.append(opens(week, max(0, at)))
        start.append(max(begins))
        finish.append(forward(week, start[-1], days))
    return start, finish


@pytest.mark.parametrize("seed", range(10))
def test_runs_that_come_later_meet_other_days_off(seed: int) -> None:
    """Durations by chance, each counted by its task's own calendar from where that run has it."""
    rng = np.random.default_rng(seed)
    shut = Workdays("shut", "1111100", tuple(date(2026, 4, 6) + timedelta(days=k) for k in range(14)))
    weeks = (OFFICE, SITE, ALWAYS, SOUTH, shut)
    own = [weeks[int(rng.integers(5))] for _ in range(10)]
    days = rng.integers(1, 9, 10)
    links = [
        [
            (int(k), tuple(Relation)[int(rng.integers(4))], int(rng.integers(-2, 5)), weeks[int(rng.integers(5))])
            for k in sorted({int(k) for k in rng.integers(0, index, 2)})
        ] if index else []
        for index in range(10)
    ]  # fmt: skip
    tasks = [
        Task(f"t{k}", Fixed(float(days[k])), tuple(Link(b, r, float(lag)) for b, r, lag, _ in links[k]), float(days[k]))
        for k in range(10)
    ]
    found = in_project_days(
        tasks,
        [Own(week, tuple(lags for *_, lags in of)) for week, of in zip(own, links, strict=True)],
        WorkCalendar(START, "1111111"),
    )
    drawn = rng.integers(1, 25, (20, 10))
    ratio = np.array([1.0 if task.own is None else task.own.days_a_day for task in found])
    times = Network(found).times(drawn / ratio)
    for run, whole in enumerate(drawn):
        start, finish = counted([(own[k], int(whole[k]), links[k]) for k in range(10)])
        assert times.start[run].tolist() == pytest.approx(start)
        assert times.finish[run].tolist() == pytest.approx(finish)
        last = max(range(10), key=lambda k: finish[k])
        assert times.critical[run, last], "what ends last decides"
        assert times.total_float[run].min() > -1e-6


def test_a_shutdown_that_a_delay_runs_into_counts() -> None:
    """A week's work before a closure of two: two days later it is over two weeks later."""
    shut = Workdays("shut", "1111100", tuple(date(2026, 3, 16) + timedelta(days=k) for k in range(14)))
    plan = WorkPlan(
        "",
        (
            WorkTask("1", "steel", "", None, 5.0),
            WorkTask("2", "glass", "", None, 5.0, calendar="shut"),
        ),
        (WorkLink("1", "2", "FS", ""),), START, None, Workdays("project", "1111100"), {"shut": shut},
    )  # fmt: skip
    document = repaired(plan)
    calendar, network = document.calendar, document.network
    assert calendar is not None
    ends = network.times(np.array([[5.0, 5.0], [7.0, 5.0]])).end
    assert [calendar.day(float(end)) for end in ends] == [date(2026, 3, 13), date(2026, 3, 31)]


def test_a_levelled_plan_keeps_to_the_calendars() -> None:
    """Two tasks of one crane: the second comes into the closure of its own calendar and waits for its end."""
    pytest.importorskip("ortools")
    from dataclasses import replace

    from simulation.schedule.levelling import level

    shut = Workdays("shut", "1111100", tuple(date(2026, 3, 9) + timedelta(days=k) for k in range(14)))
    plan = WorkPlan(
        "",
        (WorkTask("1", "first", "", None, 5.0), WorkTask("2", "second", "", None, 5.0, calendar="shut")),
        (), START, None, Workdays("project", "1111100"), {"shut": shut},
    )  # fmt: skip
    document = repaired(plan)
    assert document.calendar is not None
    network = document.network.changed(lambda _, task: replace(task, needs={"crane": 1}))
    found = level(network, {"crane": 1}, 5.0)
    times = found.network.times(np.array([task.planned for task in found.network.tasks]))
    (before, after) = np.argsort(times.start)
    assert times.finish[before] <= times.start[after], "one crane"
    for task, week in enumerate((Workdays("project", "1111100"), shut)):
        first = (document.calendar.begin(float(times.start[task])) - START).days
        last = (document.calendar.day(float(times.finish[task])) - START).days
        assert [worked(week, first), worked(week, last)] == [True, True]
        assert sum(worked(week, day) for day in range(first, last + 1)) == 5
    assert found.end == times.end
    assert (found.end, found.optimal) == (10.0, True), "the one that its calendar shuts out goes first"


@pytest.mark.parametrize("seed", range(24))
def test_a_levelled_plan_is_the_shortest_of_all_where_it_says_so(seed: int) -> None:
    """Every day on which each of four tasks may start, tried; who holds a crane holds it over days off, too."""
    pytest.importorskip("ortools")
    from dataclasses import replace

    from simulation.schedule.levelling import level

    rng = np.random.default_rng(700 + seed)
    weeks = {"office": OFFICE, "site": SITE, "always": ALWAYS, "south": SOUTH}
    keys = [list(weeks)[int(rng.integers(4))] for _ in range(4)]
    days = [int(rng.integers(1, 6)) for _ in range(4)]
    needs = [{"crane": int(rng.integers(0, 2)), "crew": int(rng.integers(0, 3))} for _ in range(4)]
    links = [
        WorkLink(str(k), str(j), "FS" if rng.random() < 0.7 else "SS", "", float(rng.integers(0, 3)))
        for j in range(4) for k in range(j) if rng.random() < 0.3
    ]  # fmt: skip
    tasks = tuple(WorkTask(str(k), f"t{k}", "", None, float(days[k]), calendar=keys[k]) for k in range(4))
    document = repaired(WorkPlan("", tasks, tuple(links), START, None, OFFICE, weeks))
    network = document.network.changed(lambda k, task: replace(task, needs=needs[k]))
    supply = {"crane": 1, "crew": 2}
    found = level(network, supply, 10.0)
    assert document.calendar is not None
    best = _shortest_of_all([weeks[key] for key in keys], days, needs, links, supply)
    assert document.calendar.day(found.end) == START + timedelta(days=best - 1)
    assert found.optimal
    assert found.bound == pytest.approx(found.end)


def _shortest_of_all(
    weeks: list[Workdays], days: list[int], needs: list[dict[str, int]], links: list[WorkLink], supply: dict[str, int]
) -> int:
    """Return the morning after the last task of the shortest plan, by trying every start of every task."""
    best, chosen = 10**6, list[tuple[int, int]]()

    def fits(k: int, start: int, end: int) -> bool:
        for link in links:
            if link.after == str(k):
                begun, over = chosen[int(link.before)]
                if start < forward(OFFICE, over if link.relation == "FS" else begun, int(link.lag_days)):
                    return False
        return all(
            sum(needs[j][one] for j, (begun, over) in enumerate(chosen) if begun <= at < over) + needs[k][one] <= most
            for one, most in supply.items() if needs[k][one] for at in range(start, end)
        )  # fmt: skip

    def tried(k: int) -> None:
        nonlocal best
        if k == len(days):
            best = max(over for _, over in chosen)
            return
        start = 0
        while (end := forward(weeks[k], opens(weeks[k], start), days[k])) < best and start < 60:
            if worked(weeks[k], start) and fits(k, start, end):
                chosen.append((start, end))
                tried(k + 1)
                chosen.pop()
            start += 1

    tried(0)
    return best


def test_a_projects_own_calendar_changes_nothing() -> None:
    tasks = [Task("a", Fixed(3.5), (), 3.5), Task("b", Fixed(2.0), (Link(0, Relation.FINISH_START, 1.0),), 2.0)]
    project = WorkCalendar(START, OFFICE.week, OFFICE.holidays)
    found = in_project_days(tasks, [Own(OFFICE, ()), Own(OFFICE, (OFFICE,))], project)
    for one, other in zip(found, tasks, strict=True):
        assert (one.planned, one.earliest) == pytest.approx((other.planned, other.earliest))
        assert [link.lag for link in one.links] == pytest.approx([link.lag for link in other.links])


@pytest.mark.parametrize("seed", range(16))
def test_dates_are_those_of_counting_day_by_day(seed: int) -> None:
    """Whatever the project's calendar has off, and whenever tasks of other calendars start and end."""
    rng = np.random.default_rng(seed)
    weeks = {"office": OFFICE, "site": SITE, "always": ALWAYS, "south": SOUTH}
    keys = [list(weeks)[int(rng.integers(4))] for _ in range(10)]
    project = weeks[keys[0]]
    tasks, links, starts, ends = list[WorkTask](), list[WorkLink](), list[date](), list[date]()
    finish = list[int]()
    for index, key in enumerate(keys):
        days = int(rng.integers(1, 9))
        before = sorted({int(k) for k in rng.integers(0, index, 2)}) if index else []
        floor = opens(project, int(rng.integers(0, 15))) if rng.random() < 0.3 else 0
        constraint = ("start_after", START + timedelta(days=floor)) if floor else ("", None)
        tasks.append(WorkTask(str(index), f"t{index}", "", None, float(days), None, None, False, key, *constraint))
        links += [WorkLink(str(k), str(index), "FS", "") for k in before]
        start = opens(weeks[key], max([floor, *(finish[k] for k in before)]))
        finish.append(forward(weeks[key], start, days))
        starts.append(START + timedelta(days=start))
        ends.append(START + timedelta(days=finish[-1] - 1))
    plan = WorkPlan("", tuple(tasks), tuple(links), START, None, project, weeks)
    document = repaired(plan)
    calendar = document.calendar
    assert calendar is not None
    times = document.network.times(np.array([task.planned for task in document.network.tasks]))
    assert [calendar.begin(float(start)) for start in times.start] == starts
    assert [calendar.day(float(finish)) for finish in times.finish] == ends
    off = any(not worked(project, (day - START).days) for day in starts + ends)
    assert ("common_calendar" in {one.kind for one in document.repairs}) == off
    assert (calendar.week == project.week) or off


def test_a_files_own_dates_with_two_calendars() -> None:
    """P6 counts a task by its own calendar and a lag by that of the task before: 10 days' lag are two weeks."""
    text = "\n".join(
        "\t".join(row) for row in (
            ("ERMHDR", "20.12"),
            ("%T", "PROJECT"), ("%F", "proj_id", "clndr_id", "plan_start_date"), ("%R", "1", "7", "2026-03-02 00:00"),
            ("%T", "CALENDAR"), ("%F", "clndr_id", "default_flag", "day_hr_cnt", "clndr_name", "clndr_data"),
            ("%R", "7", "Y", "8", "Seven", _days("1234567")), ("%R", "5", "N", "8", "Five", _days("23456")),
            ("%T", "TASK"), ("%F", "task_id", "task_code", "task_name", "clndr_id", "target_drtn_hr_cnt", "task_type"),
            ("%R", "1", "A", "", "5", "80", "TT_Task"), ("%R", "2", "B", "", "7", "40", "TT_Task"),
            ("%R", "3", "C", "", "5", "24", "TT_Task"),
            ("%T", "TASKPRED"), ("%F", "task_id", "pred_task_id", "pred_type", "lag_hr_cnt"),
            ("%R", "2", "1", "PR_FS", "80"), ("%R", "3", "2", "PR_FS", "0"),
        )
    )  # fmt: skip
    document = repaired(plan_from_xer(text.encode()))
    calendar = document.calendar
    assert calendar is not None
    times = document.network.times(np.array([task.planned for task in document.network.tasks]))
    assert [calendar.day(float(finish)).isoformat() for finish in times.finish] == [
        "2026-03-13",  # two weeks of five days
        "2026-04-01",  # ten days of five a week later it is Saturday 28 March: five days of seven a week
        "2026-04-06",  # Thursday, Friday, Monday
    ]
    assert {one.kind for one in document.repairs} == {"own_calendar", "lag_calendar"}


def _days(worked: str) -> str:
    days = "".join(f"(0||{day}()({'(0||0(s|08:00|f|16:00)())' if day in worked else ''}))" for day in "1234567")
    return f"(0||CalendarData()((0||DaysOfWeek()({days}))(0||Exceptions()())))"


def test_short_days_and_worked_weekends_count_by_their_hours() -> None:
    exceptions = (
        "(0||0(d|46084)((0||0(s|08:00|f|12:00)())))(0||1(d|46088)((0||0(s|08:00|f|12:00)())(0||1(s|13:00|f|17:00)())))"
    )
    text = "\n".join(
        "\t".join(row) for row in (
            ("ERMHDR", "20.12"),
            ("%T", "PROJECT"), ("%F", "proj_id", "clndr_id", "plan_start_date"), ("%R", "1", "5", "2026-03-02 00:00"),
            ("%T", "CALENDAR"), ("%F", "clndr_id", "default_flag", "day_hr_cnt", "clndr_name", "clndr_data"),
            ("%R", "5", "Y", "8", "Five", _days("23456").replace("Exceptions()()", f"Exceptions()({exceptions})")),
            ("%T", "TASK"), ("%F", "task_id", "task_code", "task_name", "clndr_id", "target_drtn_hr_cnt", "task_type"),
            ("%R", "1", "A", "", "5", "36", "TT_Task"), ("%R", "2", "B", "", "5", "16", "TT_Task"),
            ("%T", "TASKPRED"), ("%F", "task_id", "pred_task_id", "pred_type", "lag_hr_cnt"),
            ("%R", "2", "1", "PR_FS", "0"),
        )
    )  # fmt: skip
    plan = plan_from_xer(text.encode())
    assert plan.calendar is not None
    assert plan.calendar.uneven == ((date(2026, 3, 3), 0.5), (date(2026, 3, 7), 1.0))
    document = repaired(plan)
    times = document.network.times(np.array([task.planned for task in document.network.tasks]))
    assert document.calendar is not None
    assert document.calendar.day(float(times.finish[0])) == date(2026, 3, 6), "Tuesday counts half, Friday makes it up"
    assert document.calendar.begin(float(times.start[1])) == date(2026, 3, 7), "Saturday is worked"
    assert document.calendar.day(float(times.finish[1])) == date(2026, 3, 9), "and Monday"


def test_a_short_day_of_each_week_counts_by_its_hours() -> None:
    """Monday to Friday 8 h, Saturday 4 h: 44 h a week, so 440 h end on the tenth Saturday."""
    short = _days("234567").replace("(0||7()((0||0(s|08:00|f|16:00)())))", "(0||7()((0||0(s|08:00|f|12:00)())))")
    text = "\n".join(
        "\t".join(row) for row in (
            ("ERMHDR", "20.12"),
            ("%T", "PROJECT"), ("%F", "proj_id", "clndr_id", "plan_start_date"), ("%R", "1", "5", "2026-03-02 00:00"),
            ("%T", "CALENDAR"), ("%F", "clndr_id", "default_flag", "day_hr_cnt", "clndr_name", "clndr_data"),
            ("%R", "5", "Y", "8", "Six", short),
            ("%T", "TASK"), ("%F", "task_id", "task_code", "task_name", "clndr_id", "target_drtn_hr_cnt", "task_type"),
            ("%R", "1", "A", "", "5", "440", "TT_Task"),
        )
    )  # fmt: skip
    document = repaired(plan_from_xer(text.encode()))
    assert document.calendar is not None
    times = document.network.times(np.array([task.planned for task in document.network.tasks]))
    assert document.calendar.day(float(times.finish[0])) == date(2026, 5, 9)
    assert [one.kind for one in document.repairs] == ["own_calendar"]


@pytest.mark.parametrize(("days", "starts"), [(1, date(2026, 3, 9)), (2, date(2026, 3, 9)), (3, date(2026, 3, 10))])
def test_concrete_hardens_at_weekends(days: int, starts: date) -> None:
    """Poured on Friday 6 March: three days by the clock later it is Monday evening, and the next day work starts."""
    tasks = tuple(WorkTask(name, name, "", None, 5.0) for name in ("pour", "strip"))
    link = WorkLink("pour", "strip", "FS", "", float(days), by_clock=True)
    document = repaired(WorkPlan("", tasks, (link,), START, None, OFFICE))
    assert document.calendar is not None
    assert document.calendar.week == OFFICE.week
    times = document.network.times(np.array([task.planned for task in document.network.tasks]))
    assert document.calendar.begin(float(times.start[1])) == starts


@pytest.mark.parametrize(("lags_by", "starts"), [("project", 11), ("before", 8), ("after", 10)])
def test_lags_count_by_the_calendar_that_the_file_means(lags_by: LagCalendar, starts: int) -> None:
    """A ends on Wednesday 4 March; two days' lag; B opens at the earliest on the 8th, as its calendar does."""
    project = Workdays("project", "1111111", (date(2026, 3, 5), date(2026, 3, 6), date(2026, 3, 7), date(2026, 3, 8)))
    after = Workdays("after", "1111111", (date(2026, 3, 5), date(2026, 3, 6), date(2026, 3, 7)))
    tasks = (WorkTask("A", "A", "", None, 3.0, calendar="A"), WorkTask("B", "B", "", None, 1.0, calendar="B"))
    before = Workdays("before", "1111111", (date(2026, 3, 7),))
    plan = WorkPlan(
        "", tasks, (WorkLink("A", "B", "FS", "", 2.0),), START, None, project, {"A": before, "B": after}, (), lags_by
    )
    document = repaired(plan)
    assert document.calendar is not None
    times = document.network.times(np.array([task.planned for task in document.network.tasks]))
    assert document.calendar.begin(float(times.start[1])) == date(2026, 3, starts)
