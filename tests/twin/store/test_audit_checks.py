"""A trail verified from the last whole verification on: what was tampered with where shows to whom."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update

from tests import servers
from twin.audit import GENESIS, AuditEvent, Tampering, Verification, chained
from twin.comment import Comment
from twin.errors import Conflict
from twin.jobs.progress import JobStopped, Pulse, StopReason
from twin.jobs.worker import Worker
from twin.operations import audit_checks
from twin.operations.audit_checks import TrailAnswer, verify_at_once
from twin.operations.audit_orders import order_verification
from twin.operations.job_kinds import job_kinds
from twin.operations.queue import Desk, cancel_job
from twin.project import Organisation, Project
from twin.record import Actor
from twin.store import jobs, records
from twin.store.blobs import open_blobs
from twin.store.database import Database, open_database
from twin.store.jobs import Job, JobState
from twin.store.reconcile import verify_stream_and_records
from twin.store.repository import Context, Store
from twin.store.schema import AUDIT_EVENT
from twin.store.trail import current_anchor, events, note_anchor

KEY, P, OWNER, QUIET = b"k" * 32, "1" * 32, "0" * 32, "2" * 32
ANN = Actor("a" * 32, "Ann Auditor")
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
EVENTS, WHOLE = 18, 13
"""How many events there are, and which of them tells that all before it were verified."""
Rows = list[dict[str, Any]]


def rename(store: Store, *versions: int) -> None:
    for version in versions:
        with store.write(Context(ANN, NOW + timedelta(hours=version))) as unit:
            unit.save(records.PROJECT, Project(P, OWNER, "TOWER", f"Tower {version}"), expected=version)


def ordered(store: Store) -> Job:
    return order_verification(Desk(store, Context(ANN, NOW), P))


def worked(store: Store, folder: Path, key: bytes = KEY) -> Job:
    clock = datetime.now(UTC)
    worker = Worker(store, open_blobs(f"file://{folder}/blobs"), job_kinds(None, key), clock=lambda: clock)
    done = worker.run_next()
    assert done is not None
    return done


def fill(store: Store, folder: Path) -> None:
    with store.write(Context(ANN, NOW)) as unit:
        unit.add(records.ORGANISATION, Organisation(OWNER, "Builder"))
        unit.add(records.PROJECT, Project(P, OWNER, "TOWER", "Tower"))
        unit.add(records.COMMENT, Comment(QUIET, P, f"project:{P}", ANN, NOW, "said once"))
    rename(store, *range(1, 10))
    ordered(store)
    done = worked(store, folder)
    assert (done.state, done.result) == (
        JobState.SUCCEEDED, {"holds": True, "events": 12, "records": 2, "faulty": 0, "first_bad": None},
    )  # fmt: skip
    rename(store, *range(10, 15))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(tmp_path_factory.mktemp("trail"))
    database = servers.opened_sqlite(folder / "qtems.db")
    fill(Store(database), folder)
    database.close()
    return folder / "qtems.db"


@pytest.fixture
def store(filled: Path, tmp_path: Path) -> Store:
    shutil.copy(filled, tmp_path / "qtems.db")
    return Store(open_database(f"sqlite:///{tmp_path / 'qtems.db'}"))


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this small trail be a large one."""
    monkeypatch.setattr(audit_checks, "WHOLE_AT_MOST", 0)


def asked(store: Store, key: bytes = KEY) -> TrailAnswer:
    with store.read() as view:
        return verify_at_once(view, P, key)


def whole(store: Store) -> Verification:
    with store.read() as view:
        return verify_stream_and_records(view.connection, P)


def tamper(database: Database, change: Callable[[Rows], Rows], *, linked_anew: bool = False) -> None:
    """Change the events in the database, as somebody can who rules it; perhaps with hashes that fit again."""
    table = AUDIT_EVENT
    with database.engine.begin() as connection:
        if database.is_sqlite:
            for verb in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS audit_event_no_{verb}"))
        else:
            connection.execute(text("ALTER TABLE audit_event DISABLE TRIGGER ALL"))
        mine = select(table).where(table.c.stream == P).order_by(table.c.seq)
        rows = change([dict(row) for row in connection.execute(mine).mappings()])
        connection.execute(delete(table).where(table.c.stream == P))
        connection.execute(insert(table), rows)
        previous = GENESIS
        for link in list(events(connection, P)) if linked_anew else []:
            again = chained(link.event, previous)
            here = (table.c.stream == P) & (table.c.seq == link.event.seq)
            connection.execute(update(table).where(here).values(previous=previous, hash=again.hash))
            previous = again.hash


def changed(rows: Rows, place: int, **columns: Any) -> Rows:
    return [{**row, **columns} if row["seq"] == place else row for row in rows]


def deleted(rows: Rows, place: int) -> Rows:
    return [row for row in rows if row["seq"] != place]


def inserted(rows: Rows, place: int) -> Rows:
    moved = [{**row, "seq": row["seq"] + (row["seq"] >= place)} for row in rows]
    return [*moved, {**rows[place - 1], "seq": place, "reason": "made up"}]


def swapped(rows: Rows, place: int) -> Rows:
    return [{**row, "seq": {place: place + 1, place + 1: place}.get(row["seq"], row["seq"])} for row in rows]


TAMPERINGS: dict[str, Callable[[Rows, int], Rows]] = {
    "changed": lambda rows, place: changed(rows, place, reason="forged"),
    "deleted": deleted,
    "inserted": inserted,
    "swapped": swapped,
}


def test_a_request_goes_on_from_the_last_whole_verification(store: Store) -> None:
    answer = asked(store)
    assert answer.last is not None
    assert (answer.last.event, answer.last.events, answer.last.holds, answer.last.records) == (WHOLE, 12, True, 2)
    assert (answer.holds, answer.whole, answer.found.first, answer.found.events) == (True, False, 13, EVENTS)
    assert answer.found.records == 1  # the comment was not touched since
    assert answer.found.head == whole(store).head


def test_a_small_trail_is_verified_whole_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_checks, "WHOLE_AT_MOST", EVENTS + 20)
    answer = asked(store)
    assert (answer.whole, answer.found) == (True, whole(store))
    assert (answer.found.first, answer.found.records) == (1, 2)
    monkeypatch.setattr(audit_checks, "WHOLE_AT_MOST", EVENTS + 19)
    assert not asked(store).whole


@pytest.mark.parametrize("place", [2, 11, 15])
@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_with_events_shows(store: Store, what: str, place: int) -> None:
    tamper(store.database, lambda rows: TAMPERINGS[what](rows, place))
    found = whole(store)
    assert not found.holds
    assert found.first_bad == place
    answer = asked(store)
    assert answer.found.first > place or answer.found.first_bad == place
    if place > WHOLE:
        assert not answer.holds  # what is new is always looked at
    else:
        assert not answer.whole


def test_the_last_event_before_what_is_known_cannot_be_exchanged(store: Store) -> None:
    tamper(store.database, lambda rows: changed(rows, 12, hash=b"x" * 32))
    answer = asked(store)
    assert (answer.holds, answer.found.first_bad) == (False, 12)
    tamper(store.database, lambda rows: deleted(rows, 12))
    assert (asked(store).holds, asked(store).found.reason) == (False, "event 12 is missing")


def test_a_cut_tail_shows_by_an_anchor_whoever_asks(store: Store) -> None:
    with store.write(Context(ANN, NOW)) as unit:
        note_anchor(unit.connection, current_anchor(unit.connection, P, NOW), "elsewhere")
    tamper(store.database, lambda rows: rows[:-1])
    assert (asked(store).found.first_bad, whole(store).first_bad) == (EVENTS, EVENTS)


def test_records_show_at_once_where_events_are_new_and_else_by_the_whole(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_checks, "AT_ONCE", 8)
    with store.database.engine.begin() as connection:
        connection.execute(text("UPDATE comment SET created_at = '2026-01-01 00:00:00.000000'"))
    assert (asked(store).holds, whole(store).holds) == (True, False)
    ordered(store)
    assert (worked(store, tmp_path).result or {})["faulty"] == 1
    answer = asked(store)
    assert answer.last is not None
    assert (answer.found.holds, answer.holds) == (True, False)  # until a whole verification holds again
    assert [fault["id"] for fault in answer.last.faults] == [QUIET]
    with store.database.engine.begin() as connection:
        connection.execute(text("UPDATE project SET name = 'Palace'"))
    [fault] = asked(store).found.faults
    assert (fault.kind, fault.id) == ("project", P)
    with store.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM project"))
    [fault] = asked(store).found.faults
    assert fault.fault is Tampering.MISSING


def forged(rows: Rows) -> Rows:
    """An event before is changed, and what was signed names the new head, as it would have been."""
    rows = changed(rows, 5, reason="forged")
    previous = GENESIS
    for row in rows[:12]:
        row["previous"] = previous
        previous = row["hash"] = hash_of(row, previous)
    return changed(rows, WHOLE, after={**rows[WHOLE - 1]["after"], "head": previous.hex()})


def hash_of(row: dict[str, Any], previous: bytes) -> bytes:
    columns = ("stream", "seq", "at", "action", "entity", "version", "before", "after", "record_sha256", "reason")
    actor = Actor(row["actor"], row["actor_name"], row["on_behalf_of"])
    event = AuditEvent(
        **{name: row[name] for name in columns}, actor=actor, request=row["request"], origin=row["origin"]
    )
    return chained(event, previous).hash


def replayed(rows: Rows) -> Rows:
    """What was signed once is said again of a later time, so that what was found since is forgotten."""
    return changed(rows, EVENTS, action="verify_trail", entity=f"trail:{P}", after=rows[WHOLE - 1]["after"])


@pytest.mark.parametrize("forge", [forged, replayed])
def test_what_was_verified_cannot_be_forged_by_who_rules_the_database(
    store: Store, forge: Callable[[Rows], Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    tamper(store.database, forge, linked_anew=True)
    monkeypatch.setattr(audit_checks, "AT_ONCE", 4)
    last = asked(store).last
    if forge is forged:
        assert last is None
        assert asked(store).found.first == EVENTS - 3  # the newest there are, and no word of what is before
    else:
        assert last is not None
        assert last.event == WHOLE


def test_another_installations_word_is_not_relied_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_checks, "AT_ONCE", 5)
    answer = asked(store, b"o" * 32)
    assert (answer.last, answer.found.first, answer.whole, answer.holds) == (None, EVENTS - 4, False, True)


def test_one_verification_at_a_time_and_a_cancelled_one_leaves_nothing(store: Store, tmp_path: Path) -> None:
    job = ordered(store)
    with pytest.raises(Conflict, match=job.id):
        ordered(store)
    before = asked(store).last
    cancel_job(store, Context(ANN, NOW), job.id)
    assert asked(store).last == before
    again = ordered(store)
    done = worked(store, tmp_path)
    assert (done.id, done.state) == (again.id, JobState.SUCCEEDED)
    assert asked(store).last != before


def test_a_running_one_stops_where_it_next_looks(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def say(pulse: Pulse, step: str, share: float) -> None:
        assert 0 <= share <= 1
        seen.append(step)
        if step.startswith("records"):
            raise JobStopped(StopReason.CANCELLED)

    job = ordered(store)
    with store.write(Context(ANN, NOW)) as unit:
        events_before = len(list(events(unit.connection, P)))
    monkeypatch.setattr(Pulse, "say", say)
    assert worked(store, tmp_path).state is JobState.CANCELLED
    assert seen == ["events of the trail", "records held against the trail"]
    with store.read() as view:
        assert len(list(events(view.connection, P))) == events_before
        assert jobs.get(view.connection, job.id).result is None


def test_on_postgresql_it_is_the_same(tmp_path: Path) -> None:
    with servers.postgres_database() as url:
        database = open_database(url)
        fill(Store(database), tmp_path)
        answer = asked(Store(database))
        assert (answer.holds, answer.found.first, answer.found.events, answer.found.records) == (True, 13, EVENTS, 1)
        tamper(database, lambda rows: changed(rows, 3, reason="forged"))
        assert (asked(Store(database)).holds, whole(Store(database)).first_bad) == (True, 3)
        tamper(database, lambda rows: changed(rows, 16, reason="forged"))
        assert asked(Store(database)).found.first_bad == 16
        database.close()
