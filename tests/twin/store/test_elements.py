"""Element states written by the thousand and found again."""

from datetime import UTC, datetime, timedelta

import pytest

from geometry.verdict import Outcome, State
from twin.check_record import ElementRow
from twin.element_state import ElementState, Epoch, observe_all, seen_as
from twin.errors import Invalid, NotFound
from twin.store.elements import (
    counts_of,
    element_in,
    history_of,
    latest_states,
    page_of,
    write_states,
)
from twin.store.repository import Context, Store

P = "1" * 32
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
SEEN = [
    (State.INSTALLED, Outcome.PASS),
    (State.INSTALLED, Outcome.FAIL),
    (State.MISSING, Outcome.FAIL),
    (State.UNSEEN, Outcome.NOT_MEASURED),
]


def epoch(number: int) -> Epoch:
    return Epoch(f"{number:032x}", FIRST + timedelta(days=number), "a" * 32, f"{100 + number:032x}")


def rows_of(count: int, number: int, previous: dict[str, ElementState], shift: int = 0) -> list[ElementRow]:
    ids = [f"G{i:05d}" for i in range(count)]
    said = {g: SEEN[(i + shift) % 4] for i, g in enumerate(ids)}
    seen = {g: seen_as(*what) for g, what in said.items()}
    states = observe_all(P, ids, previous, seen, epoch=epoch(number))
    return [
        ElementRow(s, "IfcWall", s.global_id.lower(), "EG", said[s.global_id][1].value, {"points": 12, "mean": 0.25})
        for s in states
    ]


def test_pages_hold_every_element_once(store: Store, context: Context) -> None:
    rows = rows_of(2500, 1, {})
    with store.write(context) as unit:
        write_states(unit.connection, rows)
    with store.read() as view:
        got, after = [], ""
        while True:
            page = page_of(view.connection, P, epoch(1).id, after=after, limit=400)
            got += page.items
            if page.next is None:
                break
            after = page.next
        assert got == rows
        failing = page_of(view.connection, P, epoch(1).id, where={"state": ("deviating", "missing")}, limit=2000)
        assert len(failing.items) == 1250
        only = page_of(view.connection, P, epoch(1).id, only=["G00003", "G00004", "never"])
        assert [r.state.global_id for r in only.items] == ["G00003", "G00004"]
        assert counts_of(view.connection, P, epoch(1).id)["verified", "pass"] == 625
        with pytest.raises(Invalid, match="choose from"):
            page_of(view.connection, P, epoch(1).id, where={"colour": "red"})
        assert element_in(view.connection, P, epoch(1).id, "G00001") == rows[1]
        with pytest.raises(NotFound):
            element_in(view.connection, P, epoch(2).id, "G00001")


def test_a_second_check_of_an_epoch_takes_the_place_of_the_first(store: Store, context: Context) -> None:
    with store.write(context) as unit:
        write_states(unit.connection, rows_of(8, 1, {}))
        write_states(unit.connection, rows_of(6, 1, {}, shift=1))
    with store.read() as view:
        assert page_of(view.connection, P, epoch(1).id).items == tuple(rows_of(6, 1, {}, shift=1))


def test_history_goes_by_capture_and_the_latest_before_a_time_is_found(store: Store, context: Context) -> None:
    one = rows_of(4, 1, {})
    two = rows_of(4, 3, {r.state.global_id: r.state for r in one}, shift=1)
    with store.write(context) as unit:
        write_states(unit.connection, two)
        write_states(unit.connection, one)
    with store.read() as view:
        assert history_of(view.connection, P, "G00002") == [one[2], two[2]]
        at = epoch(3).captured_at
        assert latest_states(view.connection, P, before=at) == {r.state.global_id: r.state for r in one}
        later = latest_states(view.connection, P, before=at + timedelta(seconds=1))
        assert later == {r.state.global_id: r.state for r in two}
        assert latest_states(view.connection, P, before=FIRST) == {}
