"""Progress against a schedule: nothing is late that was not seen to be absent, after the last day of its tasks."""

from datetime import date, timedelta
from itertools import product

import pytest

from geometry.schedule import Task, task_from_json, task_to_json
from twin.element_state import Seen, Status
from twin.schedule_progress import Planned, Standing, is_built, plan_of, standing

START, FINISH = date(2026, 10, 1), date(2026, 10, 8)
DAY = timedelta(days=1)


def task(name: str, start: date | None, finish: date | None, *elements: str, kind: str = "CONSTRUCTION") -> Task:
    return Task(name, name, "", kind, start, finish, elements)


@pytest.mark.parametrize(
    ("day", "built", "absent", "unseen"),
    [
        (START - DAY, "early", "not_due", "not_due"),
        (START, "built", "not_due", "not_due"),
        (FINISH, "built", "not_due", "not_due"),
        (FINISH + DAY, "built", "late", "unknown"),
    ],
)
def test_how_an_element_stands_on_a_day(day: date, built: str, absent: str, unseen: str) -> None:
    planned = Planned(START, FINISH, "T")
    assert [standing(one, planned, day).value for one in (True, False, None)] == [built, absent, unseen]


def test_what_was_not_seen_is_never_late_and_what_is_not_planned_is_nothing() -> None:
    for status, seen, days in product(Status, Seen, range(-20, 20)):
        found = standing(is_built(status, seen), Planned(START, FINISH, "T"), START + days * DAY)
        if found is Standing.LATE:
            assert (seen, START + days * DAY > FINISH) == (Seen.ABSENT, True)
        if found in (Standing.BUILT, Standing.EARLY):
            assert seen is not Seen.ABSENT
            assert seen not in (Seen.NOT_SEEN, Seen.SUSPECT) or status not in (Status.PLANNED, Status.MISSING)
        assert standing(is_built(status, seen), None, START) is Standing.UNPLANNED
        assert standing(is_built(status, seen), Planned(START, None, "T"), FINISH) is Standing.UNPLANNED
    assert is_built(Status.UNRESOLVED, Seen.SUSPECT) is None, "a broken shape is no proof that something stands"


def test_an_element_is_due_once_the_last_task_that_builds_it_is() -> None:
    tasks = (
        task("form", START, START + DAY, "a", "b"), task("pour", START + DAY, FINISH, "a"),
        task("tear", START, FINISH + 30 * DAY, "a", kind="DEMOLITION"), task("open", START, None, "b"),
    )  # fmt: skip
    for order in (tasks, tasks[::-1]):
        plan = plan_of(order)
        assert plan["a"] == Planned(START, FINISH, "pour")
        assert plan["b"].finish is None, "nobody knows when its last task ends"
    assert [task_from_json(task_to_json(one)) for one in tasks] == list(tasks)
