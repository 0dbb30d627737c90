"""A scan that was dated wrongly is put right, and a check is withdrawn: what is known then is as if it had been so."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import select

from geometry.verdict import Outcome
from tests.twin.store.test_check_standing import ANN, FIRST, P, check, known, revise
from twin.check_record import ElementRow
from twin.disposition import Decision, DispositionLine
from twin.element_state import Seen, Status
from twin.errors import Invalid, Refused
from twin.execution_record import NcrAnswer
from twin.finding import CauseKind, Defect, Failure, Finding, FindingStatus, Location, Origin, Severity
from twin.ncr import reopen
from twin.ncr_criteria import CheckedElement
from twin.ncr_doubt import weigh
from twin.ncr_parts import Recheck, RecheckOutcome, RecheckSource
from twin.ncr_record import NonConformance, State, closing_sha256
from twin.operations.check_corrections import redate_scan, withdraw_check
from twin.operations.check_standing import Found, count_check, raise_findings
from twin.operations.plan_links import answer_of
from twin.record import Id
from twin.store import records
from twin.store.blobs import BlobStore, open_blobs
from twin.store.codec import to_json
from twin.store.elements import basis_of, states_of
from twin.store.reconcile import verify_stream_and_records
from twin.store.repository import Context, Store, Unit
from twin.store.schema import OUTBOX

SEEN = {1: {"beam": Seen.FAILED, "wall": Seen.PASSED}, 2: {"beam": Seen.PASSED}, 3: {"wall": Seen.FAILED}}
WRONG = 400
"""A day more than a year after all others."""


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return open_blobs(f"file://{tmp_path}/blobs")


def at(day: int) -> datetime:
    return FIRST + timedelta(days=day)


def epoch(day: int) -> Id:
    return f"{100 + day:032x}"


def run_of(day: int) -> Id:
    return f"{200 + day:032x}"


def all_states(store: Store, days: Mapping[int, int]) -> dict[int, dict[str, tuple[Status, bool, datetime, datetime]]]:
    """Return what is known after each epoch, named by the day on which it was really captured."""
    found: dict[int, dict[str, tuple[Status, bool, datetime, datetime]]] = {}
    with store.read() as view:
        for day, kept in days.items():
            rows: list[ElementRow] = states_of(view.connection, run_of(kept))
            found[day] = {
                r.state.global_id: (r.state.status, r.state.stale, r.state.since, r.state.epoch.captured_at)
                for r in rows
            }
    return found


ORDERS = list(permutations((1, 2, 3)))


@pytest.mark.parametrize(
    ("database", "order"),
    [*(("sqlite", order) for order in ORDERS), *(("postgresql", order) for order in ORDERS[2:4])],
    indirect=["database"],
    ids=str,
)
def test_an_epoch_dated_anew_leaves_what_it_would_have_left_if_dated_so_from_the_start(
    store: Store, context: Context, blobs: BlobStore, order: tuple[int, int, int]
) -> None:
    """The reference: the same checks in a row, each dated right."""
    wrong, *others = order
    with store.write(context) as unit:
        revise(unit, blobs, 1)
        for day in sorted(others):
            check(unit, blobs, day, SEEN[day])
        check(unit, blobs, WRONG, SEEN[wrong])
        check(unit, blobs, WRONG, SEEN[wrong], name="e" * 32, counts=False)
    dated = replace(context, now=at(WRONG + 1))
    with store.read() as view:
        assert basis(view.connection) == epoch(WRONG)
    redate_scan(store, blobs, dated, epoch(WRONG), at(wrong), reason="a year ahead", expected=1)
    got = all_states(store, {day: WRONG if day == wrong else day for day in (1, 2, 3)})
    with store.read() as view:
        assert basis(view.connection) == epoch(WRONG if wrong == 3 else 3)
        loose = {r.state.global_id: r.state for r in states_of(view.connection, "e" * 32)}
        assert {s.epoch.captured_at for s in loose.values()} == {at(wrong)}
        assert {g: (s.status, s.stale) for g, s in loose.items()} == {g: s[:2] for g, s in got[wrong].items()}
        assert verify_stream_and_records(view.connection, P).holds
    # the same again from the start, under other names
    for day in (1, 2, 3):
        withdraw_check(
            store, blobs, dated, run_of(WRONG if day == wrong else day), reason="the reference comes", expected=1
        )
    with store.write(context) as unit:
        for day in (1, 2, 3):
            if day != wrong:
                again(unit, day)
            check(unit, blobs, 10 + day, SEEN[day])
    shift = timedelta(days=10)
    reference = all_states(store, {day: 10 + day for day in (1, 2, 3)})
    wanted = {
        day: {g: (*state[:2], state[2] - shift, state[3] - shift) for g, state in rows.items()}
        for day, rows in reference.items()
    }
    assert got == wanted


def again(unit: Unit, day: int) -> None:
    assert not unit.get(records.CHECK_RUN, run_of(day)).record.counts


def basis(connection: object) -> Id | None:
    found = basis_of(connection, P)  # pyright: ignore[reportArgumentType]
    return found.epoch if found else None


def test_a_date_is_put_right_only_with_a_reason_to_another_time_that_was(
    store: Store, context: Context, blobs: BlobStore
) -> None:
    with store.write(context) as unit:
        revise(unit, blobs, 1)
        check(unit, blobs, 1, {})
    for moment, why, error, text in (
        (at(2), " ", Refused, "say why"),
        (at(1), "wrong", Refused, "already"),
        (context.now + timedelta(minutes=6), "wrong", Invalid, "yet to be"),
    ):
        with pytest.raises(error, match=text):
            redate_scan(store, blobs, context, epoch(1), moment, reason=why, expected=1)
    stored = redate_scan(store, blobs, context, epoch(1), at(2), reason=" the clock ", expected=1)
    assert (stored.record.captured_at, stored.record.redating_reason) == (at(2), "the clock")


def finding(run: Id, of: Id, *ids: str) -> Finding:
    failures = tuple(Failure(g, "position", "user", Decimal(14), Decimal(-10), Decimal(10), Decimal(2)) for g in ids)
    return Finding(
        "", P, Origin(run, f"{1:032x}", of), Defect(CauseKind.FORM, ids, failures), Severity.MAJOR,
        Location(Decimal(0), Decimal(0), Decimal(0)), ANN, FIRST,
    )  # fmt: skip


def check_that_finds(unit: Unit, blobs: BlobStore, day: int, *ids: str) -> Id:
    """Keep a check of the epoch of a day that finds one thing wrong, as it would be kept when it is run."""
    run = check(unit, blobs, day, dict.fromkeys(ids, Seen.FAILED))
    found = Found((finding(run, epoch(day), *ids),), tuple(CheckedElement(g, Outcome.FAIL, ()) for g in ids))
    stored = unit.get(records.CHECK_RUN, run)
    kept = replace(stored.record, findings_sha256=blobs.put([json.dumps(to_json(found)).encode()]).sha256)
    unit.save(records.CHECK_RUN, kept, expected=1)
    raise_findings(unit, kept, found, at(day))
    return run


def statuses(store: Store, run: Id) -> list[str]:
    with store.read() as view:
        found = sorted(view.all(records.FINDING, check_run=run), key=lambda s: (s.created_at, s.record.status))
        return [stored.record.status.value for stored in found]


def test_findings_that_a_wrong_date_superseded_are_raised_again(
    store: Store, context: Context, blobs: BlobStore
) -> None:
    with store.write(context) as unit:
        revise(unit, blobs, 1)
        ahead = check_that_finds(unit, blobs, WRONG, "beam")
        real = check_that_finds(unit, blobs, 5, "beam")
    assert (statuses(store, ahead), statuses(store, real)) == (["open"], ["superseded"])
    later = replace(context, now=context.now + timedelta(hours=1))
    redate_scan(store, blobs, later, epoch(WRONG), at(2), reason="a year ahead", expected=1)
    assert statuses(store, real) == ["superseded", "open"]
    assert statuses(store, ahead) == ["superseded"]
    # and back: it was right after all
    redate_scan(
        store, blobs, replace(later, now=at(WRONG)), epoch(WRONG), at(WRONG - 1), reason="no, it was so", expected=2
    )
    assert sorted(statuses(store, ahead)) == ["open", "superseded"]
    assert set(statuses(store, real)) == {"superseded"}
    with store.read() as view:
        assert verify_stream_and_records(view.connection, P).holds


def test_a_withdrawn_check_says_nothing_any_more_until_it_counts_again(
    store: Store, context: Context, blobs: BlobStore
) -> None:
    with store.write(context) as unit:
        revise(unit, blobs, 1)
        real = check_that_finds(unit, blobs, 1, "beam")
        wrong = check_that_finds(unit, blobs, 2, "beam", "wall")
        check(unit, blobs, 3, {})
    assert known(store, 3)["wall"] == (Status.DEVIATING, True)
    assert (statuses(store, real), statuses(store, wrong)) == (["superseded"], ["open"])
    with pytest.raises(Refused, match="say why"):
        withdraw_check(store, blobs, context, wrong, reason=" ", expected=2)
    stored = withdraw_check(store, blobs, context, wrong, reason="another building", expected=2)
    assert (stored.record.counts, stored.record.counting_reason) == (False, "another building")
    assert known(store, 2) == {}, "no check of the epoch counts"
    assert (known(store, 3)["wall"], known(store, 3)["beam"]) == ((Status.PLANNED, True), (Status.DEVIATING, True))
    assert (statuses(store, wrong), sorted(statuses(store, real))) == (["superseded"], ["open", "superseded"])
    with pytest.raises(Refused, match="does not count"):
        withdraw_check(store, blobs, context, wrong, reason="again", expected=3)
    count_check(store, blobs, context, wrong, reason="it was this one", expected=3)
    assert known(store, 3)["wall"] == (Status.DEVIATING, True)
    assert sorted(statuses(store, wrong)) == ["open", "superseded"]
    with store.read() as view:
        open_ = list(view.all(records.FINDING, project=P, status=FindingStatus.OPEN.value))
        assert [one.record.origin.check_run for one in open_] == [wrong]
        assert verify_stream_and_records(view.connection, P).holds


def closed_on(run: Id, day: int) -> NonConformance:
    """A record about the beam that was put right on a day and closed on a check of the day after."""
    line = DispositionLine("1" * 32, Decision.REWORK, Decimal(1), "move it back", ("beam",))
    passed = (RecheckOutcome("beam", Outcome.PASS),)
    recheck = Recheck(run, RecheckSource.CHECK_RUN, "e" * 32, at(day + 1), passed, ANN)
    return NonConformance(
        "e" * 32, P, "Beam is 14 mm off", Severity.MAJOR, Decimal(1), "element", ANN, FIRST, State.CLOSED,
        "TOWER-NCR-0001", global_ids=("beam",), lines=(line,), corrected_at=at(day), rechecks=(recheck,),
    )  # fmt: skip


def test_a_record_that_was_closed_on_what_counts_no_more_is_in_doubt_until_it_counts_again(
    store: Store, context: Context, blobs: BlobStore
) -> None:
    with store.write(context) as unit:
        revise(unit, blobs, 1)
        other = check_that_finds(unit, blobs, 2, "wall")
        run = check_that_finds(unit, blobs, 9, "wall")
        unit.add(records.NCR, closed_on(run, 8))

    def doubted() -> tuple[str, ...]:
        with store.read() as view:
            (found,) = [stored.record for stored in view.all(records.NCR, project=P, number="TOWER-NCR-0001")]
            listed = list(view.all(records.NCR, project=P, in_doubt=True))
            assert found.state is State.CLOSED, "nothing reopens by itself"
            assert [stored.record for stored in listed] == ([found] if found.doubt else [])
            assert verify_stream_and_records(view.connection, P).holds
            return found.doubt.missing if found.doubt else ()

    withdraw_check(store, blobs, context, other, reason="another building", expected=2)
    assert doubted() == (), "it did not rest on that one"
    withdraw_check(store, blobs, context, run, reason="another building", expected=2)
    (asked,) = doubted()
    assert asked.endswith("a re-inspection of element beam that passes")
    with store.read() as view:
        told = list(view.connection.execute(select(OUTBOX).where(OUTBOX.c.topic == "ncr.doubted")).mappings())
    assert [m["payload"]["reason"] for m in told] == [f"check {run} was withdrawn: another building"]
    count_check(store, blobs, context, run, reason="it was this one", expected=3)
    assert doubted() == ()
    redate_scan(store, blobs, context, epoch(9), at(7), reason="the clock", expected=1)
    assert doubted() == (asked,), "it was scanned before the work"
    redate_scan(store, blobs, context, epoch(9), at(10), reason="no, it was right", expected=2)
    assert doubted() == ()


def test_who_reopens_a_record_answers_its_doubt_and_only_closed_ones_have_one() -> None:
    closed = closed_on("c" * 32, 8)
    doubtful = weigh(closed, {}, reason="withdrawn", now=at(20))
    assert doubtful.doubt is not None
    assert weigh(doubtful, {}, reason="again", now=at(21)) == doubtful, "told once"
    assert weigh(closed, {"c" * 32: at(9)}, reason="counts", now=at(20)) == closed
    assert closing_sha256(doubtful) == closing_sha256(closed), "what was signed stays signed"
    again = reopen(doubtful, reason="look again", actor=ANN, now=at(22))
    assert again.doubt is None
    assert weigh(again, {}, reason="withdrawn", now=at(23)) == again
    assert answer_of(closed) is NcrAnswer.CLOSED
    assert answer_of(doubtful) is NcrAnswer.OPEN, "nothing is released on it"
