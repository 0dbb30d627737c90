"""What is there when, by tasks; and clashes only among what is there at the same time."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.schedule import Task, end_of_day
from simulation.assembly.clash import Clash, ClashKind
from simulation.assembly.presence import ALWAYS, Spell, in_time_of


def task(kind: str, first: int | None, last: int | None, *elements: str) -> Task:
    start, finish = (None if day is None else date(2026, 3, day) for day in (first, last))
    return Task(f"{kind}{first}{last}{elements}", kind, "", kind, start, finish, elements)


def spells(*tasks: Task) -> tuple[tuple[int | None, int | None], ...]:
    """Return the days of March when ``a`` is there."""
    found = in_time_of(tasks, {}).of("a")
    return tuple((one.start and one.start.day, one.end and one.end.day) for one in found)


UP_AND_DOWN = (task("CONSTRUCTION", 1, 2, "a"), task("REMOVAL", 5, 9, "a"))


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
        # built anew from the moment on at which the removal ends, or while it goes on
        ((*UP_AND_DOWN, task("CONSTRUCTION", 10, 11, "a")), ((1, None),)),
        ((*UP_AND_DOWN, task("CONSTRUCTION", 7, 8, "a")), ((1, None),)),
        ((*UP_AND_DOWN, task("CONSTRUCTION", 9, 12, "a")), ((1, None),)),
        ((*UP_AND_DOWN, task("CONSTRUCTION", 11, 12, "a")), ((1, 10), (11, None))),
        # one day, one start, or a construction that outlasts the removal: which came first cannot be told
        ((task("CONSTRUCTION", 4, 4, "a"), task("REMOVAL", 4, 4, "a")), ((None, None),)),
        ((task("CONSTRUCTION", 4, 5, "a"), task("REMOVAL", 4, 9, "a")), ((None, None),)),
        ((task("CONSTRUCTION", 1, 12, "a"), task("REMOVAL", 5, 9, "a")), ((None, None),)),
        ((task("CONSTRUCTION", 1, 6, "a"), task("REMOVAL", 5, 9, "a")), ((1, 10),)),
        ((task("CONSTRUCTION", 20, 1, "a"), task("REMOVAL", 15, 16, "a")), ((None, None),)),
        ((task("CONSTRUCTION", 1, 2, "a"), task("REMOVAL", None, 9, "a")), ((None, None),)),
        ((task("CONSTRUCTION", 1, None, "a"), task("REMOVAL", 5, 9, "a")), ((None, None),)),
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


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 5), st.booleans()), min_size=1, max_size=6))
def test_spells_are_those_of_asking_each_day_whether_it_is_surely_gone(told: list[tuple[int, int, bool]]) -> None:
    """Beside the rule in words: gone is what was built and surely removed since, or surely is yet to be built."""
    spans = [(datetime(2026, 3, day), datetime(2026, 3, day + lasts), removes) for day, lasts, removes in told]
    tasks = [Task(str(n), "", "", "REMOVAL" if one[2] else "", None, None, ("a",)) for n, one in enumerate(spans)]
    found = in_time_of(tasks, {str(n): one[:2] for n, one in enumerate(spans)}).of("a")
    builds = [one[:2] for one in spans if not one[2]]
    removals = [one[:2] for one in spans if one[2]]

    def first(build: tuple[datetime, datetime], removal: tuple[datetime, datetime]) -> bool:
        return build[0] < removal[0] and build[1] <= removal[1]

    for day in range(1, 20):
        at = datetime(2026, 3, day)
        gone_since = all(any(first(b, r) and r[1] <= at for r in removals) for b in builds if b[0] <= at)
        yet_to_come = all(any(first(b, r) and b[0] > at for b in builds) for r in removals if r[1] > at)
        moment = Spell(at, at + timedelta(hours=1))
        assert any(one.meet(moment) for one in found) == (not (gone_since and yet_to_come)), (spans, day)
    assert all(one.end and two.start and one.end < two.start for one, two in pairwise(found))


@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(0, 5)), min_size=2, max_size=2),
    st.tuples(st.integers(-12, 14), st.integers(-12, 14)),
)
def test_times_with_offsets_are_compared_as_instants(days: list[tuple[int, int]], hours: tuple[int, int]) -> None:
    """The same instants, told in whichever zones, give the same answer; one without a zone never makes a clash go."""
    at = [(datetime(2026, 3, day, tzinfo=UTC), datetime(2026, 3, day + lasts, tzinfo=UTC)) for day, lasts in days]
    tasks = (task("REMOVAL", 1, 1, "old"), task("CONSTRUCTION", 1, 1, "new"))
    zones = [timezone(timedelta(hours=one)) for one in hours]

    def meet(*times: tuple[datetime, datetime]) -> bool:
        found = in_time_of(tasks, {one.global_id: two for one, two in zip(tasks, times, strict=True)})
        return found.of("old")[0].meet(found.of("new")[0]) is not None

    placed = [(one.astimezone(zone), two.astimezone(zone)) for (one, two), zone in zip(at, zones, strict=True)]
    assert meet(*placed) == (at[0][1] > at[1][0])
    blind = placed[0][0].replace(tzinfo=None), placed[0][1].replace(tzinfo=None)
    assert meet(blind, placed[1]) or not meet(*placed)


def test_a_removal_and_a_construction_in_two_zones_meet() -> None:
    """Gone at 08:30 in London, there from 10:00 in Berlin, which is half an hour earlier."""
    tasks = (task("REMOVAL", 12, 12, "old"), task("CONSTRUCTION", 12, 12, "new"))
    gone, comes = (datetime.fromisoformat(f"2026-03-12T{at}") for at in ("08:30:00Z", "10:00:00+02:00"))
    for end, mixed in ((gone, False), (gone.replace(tzinfo=None), True)):
        found = in_time_of(tasks, {tasks[0].global_id: (None, end), tasks[1].global_id: (comes, None)})
        assert found.of("old")[0].meet(found.of("new")[0]) is not None
        assert found.clock.mixed == mixed


@pytest.mark.parametrize("zone", [None, UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))])
@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_first_and_the_last_day_there_are_can_be_asked_about(day: date, zone: timezone | None) -> None:
    tasks = (task("CONSTRUCTION", 1, 1, "a"), task("REMOVAL", 1, 1, "b"), task("REMOVAL", 1, 1, "c"))
    ends = (datetime.min.replace(tzinfo=zone), end_of_day(date.max).replace(tzinfo=zone))
    times = {tasks[0].global_id: ends, tasks[1].global_id: ends, tasks[2].global_id: (None, datetime(2026, 1, 1))}
    found = in_time_of(tasks, times, day)
    assert found.together(_clash("a", "b"))
    assert bool(found.together(_clash("a", "c"))) == (day == date.min)
    by_day = in_time_of([Task("r", "", "", "REMOVAL", date(2026, 1, 1), date.max, ("a",))], {}, day)
    assert by_day.together(_clash("a", "b"))


def _clash(first: str, second: str) -> Clash:
    return Clash(first, second, ClashKind.HARD, 1.0, 0.1, 0.1, 0.0, np.zeros(3), np.ones(3))
