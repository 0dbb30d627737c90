"""Element states written by the thousand and found again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from geometry.verdict import Outcome, State
from twin.check_record import ElementRow
from twin.element_state import ElementState, Epoch, observe_all, seen_as
from twin.errors import Conflict, Invalid, NotFound
from twin.project import CheckRun, RegistrationRecord, RegistrationStatus, ScanEpoch, ScanFile
from twin.record import Evidence, EvidenceKind, Id
from twin.store import records
from twin.store.elements import (
    basis_of,
    counts_of,
    element_in,
    history_of,
    keep_states,
    latest_states,
    page_of,
)
from twin.store.repository import Context, Store, Unit
from twin.store.trail import history

P = "1" * 32
SHA = "a" * 64
IDENTITY = tuple(Decimal(int(i % 5 == 0)) for i in range(16))
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


def checked(unit: Unit, number: int, rows: list[ElementRow], *, check: Id = "", counts: bool = True) -> Id:
    """Keep an epoch, a check of it and what the check left."""
    made, check = epoch(number), check or epoch(number).check
    if not unit.has(records.SCAN_EPOCH, made.id):
        scans = (ScanFile("a.e57", SHA, 10),)
        unit.add(records.SCAN_EPOCH, ScanEpoch(made.id, P, f"week {number}", made.captured_at, scans))
    unit.add(records.CHECK_RUN, CheckRun(
        check, P, made.revision, made.id, SHA, (SHA,), "GB 50204-2015", "0.1.0", 0, FIRST, FIRST,
        RegistrationRecord(RegistrationStatus.ACCEPTED, "given", IDENTITY), Evidence(EvidenceKind.REPORT, SHA),
        counts=counts,
    ))  # fmt: skip
    by_it = [replace(r, state=replace(r.state, epoch=replace(r.state.epoch, check=check))) for r in rows]
    keep_states(unit, by_it)
    return check


def test_pages_hold_every_element_once(store: Store, context: Context) -> None:
    rows = rows_of(2500, 1, {})
    with store.write(context) as unit:
        checked(unit, 1, rows)
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


def test_of_two_checks_of_an_epoch_the_one_that_counts_is_shown_and_both_are_kept(
    store: Store, context: Context
) -> None:
    first, second = rows_of(8, 1, {}), rows_of(6, 1, {}, shift=1)
    with store.write(context) as unit:
        checked(unit, 1, first)
        other = checked(unit, 1, second, check="f" * 32, counts=False)
    with store.read() as view:
        assert page_of(view.connection, P, epoch(1).id).items == tuple(first)
        assert sum(counts_of(view.connection, P, epoch(1).id).values()) == 8
        shown = page_of(view.connection, P, epoch(1).id, where={"check_run": other}).items
        assert [r.state.status for r in shown] == [r.state.status for r in second]
        assert counts_of(view.connection, P, epoch(1).id, check=other)["verified", "pass"] == 1
        assert element_in(view.connection, P, epoch(1).id, "G00003", check=other).state.epoch.check == other
        told = history_of(view.connection, P, "G00001")
        assert [(row.state.epoch.check, counts) for row, counts in told] == [(other, False), (epoch(1).check, True)]
        assert latest_states(view.connection, P, before=epoch(2).captured_at) == {
            r.state.global_id: r.state for r in first
        }
        shown_by = basis_of(view.connection, P)
        assert shown_by
        assert (shown_by.check, shown_by.counts) == (epoch(1).check, True)
        with pytest.raises(NotFound):
            basis_of(view.connection, P, epoch=epoch(2).id, check=other)


def test_only_one_check_of_an_epoch_counts(store: Store, context: Context) -> None:
    with store.write(context) as unit:
        checked(unit, 1, rows_of(2, 1, {}))
        with pytest.raises(Conflict):
            checked(unit, 1, rows_of(2, 1, {}), check="f" * 32)


def test_states_kept_anew_leave_the_digest_of_the_new_ones(store: Store, context: Context) -> None:
    with store.write(context) as unit:
        checked(unit, 1, rows_of(8, 1, {}))
        keep_states(unit, rows_of(6, 1, {}, shift=1), reason="derived anew")
    with store.read() as view:
        assert page_of(view.connection, P, epoch(1).id).items == tuple(rows_of(6, 1, {}, shift=1))
        told = [e.event for e in history(view.connection, f"check_run:{epoch(1).check}")]
    assert [(e.action, e.after.get("count"), e.reason) for e in told[1:]] == [
        ("element_states_kept", 8, ""), ("element_states_kept", 6, "derived anew"),
    ]  # fmt: skip
    assert told[1].after["states_sha256"] != told[2].after["states_sha256"]


def test_history_goes_by_capture_and_the_latest_before_a_time_is_found(store: Store, context: Context) -> None:
    one = rows_of(4, 1, {})
    two = rows_of(4, 3, {r.state.global_id: r.state for r in one}, shift=1)
    with store.write(context) as unit:
        checked(unit, 3, two)
        checked(unit, 1, one)
    with store.read() as view:
        assert history_of(view.connection, P, "G00002") == [(one[2], True), (two[2], True)]
        at = epoch(3).captured_at
        assert latest_states(view.connection, P, before=at) == {r.state.global_id: r.state for r in one}
        later = latest_states(view.connection, P, before=at + timedelta(seconds=1))
        assert later == {r.state.global_id: r.state for r in two}
        assert latest_states(view.connection, P, before=FIRST) == {}
