"""What is there when, by tasks; and clashes only among what is there at the same time."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.schedule import Task
from simulation.assembly.presence import ALWAYS, Spell, in_time_of


def task(kind: str, first: int | None, last: int | None, *elements: str) -> Task:
    start, finish = (None if day is None else date(2026, 3, day) for day in (first, last))
    return Task(f"{kind}{first}{last}{elements}", kind, "", kind, start, finish, elements)


def spells(*tasks: Task) -> tuple[tuple[int | None, int | None], ...]:
    """Return the days of March when ``a`` is there."""
    found = in_time_of(tasks, {}).of("a")
    return tuple((one.start and one.start.day, one.end and one.end.day) for one in found)


@pytest.mark.parametrize(
    ("tasks", "days"),
    [
        ((), ((None, None),)),
        ((task("CONSTRUCTION", 3, 5, "a"),), ((3, None),)),
        ((task("", 3, 5, "a"),), ((3, None),)),
        ((task("REMOVAL", 7, 9, "a"),), ((None, 10),)),
        ((task("CONSTRUCTION", 3, 5, "a"), task("DISMANTLE", 7, 9, "a")), ((3, 10),)),
        ((task("REMOVAL", 2, 3, "a"), task("INSTALLATION", 8, 9, "a")), ((None, 4), (8, None))),
        (
            (
                task("CONSTRUCTION", 1, 1, "a"), task("REMOVAL", 4, 4, "a"), task("CONSTRUCTION", 9, 9, "a"),
                task("REMOVAL", 12, 12, "a"),
            ),
            ((1, 5), (9, 13)),
        ),
        ((task("CONSTRUCTION", 3, 3, "a"), task("CONSTRUCTION", 6, 6, "a")), ((3, None),)),
        ((task("CONSTRUCTION", 3, 3, "a"), task("REMOVAL", 5, 5, "a"), task("REMOVAL", 8, 8, "a")), ((3, 9),)),
        ((task("CONSTRUCTION", None, None, "a"), task("REMOVAL", 5, 5, "a")), ((None, None),)),
        ((task("MOVE", 3, 5, "a"), task("LOGISTIC", 1, 2, "a"), task("MAINTENANCE", 8, 8, "a")), ((None, None),)),
    ],
)  # fmt: skip
def test_when_something_is_there(tasks: tuple[Task, ...], days: tuple[tuple[int | None, int | None], ...]) -> None:
    assert spells(*tasks) == days


def test_minutes_decide_where_the_model_says_them() -> None:
    """What is gone at seven and what comes at seven do not meet; days alone would have them meet, on the safe side."""
    tasks = (task("REMOVAL", 8, 9, "old"), task("CONSTRUCTION", 9, 12, "new"))
    at = datetime(2026, 3, 9, 7)
    by_day, by_hour = (
        in_time_of(tasks, {}),
        in_time_of(tasks, {tasks[0].global_id: (None, at), tasks[1].global_id: (at, None)}),
    )
    assert by_day.of("old")[0].meet(by_day.of("new")[0]) == Spell(datetime(2026, 3, 9), datetime(2026, 3, 10))
    assert by_hour.of("old")[0].meet(by_hour.of("new")[0]) is None


def test_what_has_no_dates_or_moves_is_told() -> None:
    found = in_time_of([task("MOVE", 1, 2, "m"), task("CONSTRUCTION", None, 2, "u"), task("REMOVAL", 1, None, "u")], {})
    assert (found.moved, found.undated) == (("m",), ("u",))
    assert found.of("m") == found.of("u") == found.of("nobody") == ALWAYS


@given(st.lists(st.tuples(st.integers(1, 28), st.booleans()), min_size=1, max_size=6, unique_by=lambda one: one[0]))
def test_spells_are_those_of_going_through_the_days(events: list[tuple[int, bool]]) -> None:
    """Beside a walk through the month, an hour after each midnight."""
    tasks = [task("REMOVAL" if removes else "CONSTRUCTION", day, day, "a") for day, removes in events]
    hours = {
        one.global_id: (datetime(2026, 3, day), datetime(2026, 3, day))
        for one, (day, _) in zip(tasks, events, strict=True)
    }
    found = in_time_of(tasks, hours).of("a")
    ordered = sorted(events)
    for day in range(1, 29):
        past = [removes for at, removes in ordered if at <= day]
        later = [removes for at, removes in ordered if at > day]
        # there: built, or not yet removed for the last time in a row of removals
        there = (past and not past[-1]) or (bool(later) and later[0])
        noon = Spell(datetime(2026, 3, day, 1), datetime(2026, 3, day, 2))
        assert any(one.meet(noon) for one in found) == bool(there), (ordered, day)
